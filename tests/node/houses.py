"""Houses for the tests: what a party sees is said by hand, so that what it does with it can be expected by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from skyaccord.agreement import Agreement, parse
from skyaccord.columns import F8
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.node.house import House, Inbox, Note, Outbox
from skyaccord.node.step import step
from skyaccord.picture import Shared
from skyaccord.sensors import Plots
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.tracks import CONFIRMED, TrackerConfig, Tracks
from skyaccord.wire import Message
from skyaccord.wire.formats.message import Kind, columns_to_bytes

NOON_S = 1_700_049_600.0
ROOT = Path(__file__).resolve().parents[2]

# A in the south, B in the north of it, C in the east; the sea is nobody's. All show each other all but in the sea.
#
#      40 +-----+-----+
#         |  B  |     |
#      39 +-----+  C  |
#         |  A  |     |
#      38 +-----+-----+
#         |    sea    |
#      37 +-----------+
#        68    70    72
THREE = """
name = "three"
title = "Three neighbours"
[clauses]
"1" = "Territories."
"2" = "Powers."
"3" = "Releases."
"4" = "Life."
[term]
duration = "unlimited"
clause = "4"
[entry]
clause = "4"
[withdrawal]
shared_data = "purge"
clause = "4"
[accession]
clause = "4"
"""
SQUARES = {
    "a": ("A", 38, 39, 68, 70),
    "b": ("B", 39, 40, 68, 70),
    "c": ("C", 38, 40, 70, 72),
    "sea": ("", 37, 38, 68, 72),
}


@lru_cache
def central_asia() -> Agreement:
    """The agreement that comes with Skyaccord."""
    path = ROOT / "agreements" / "central-asia-2021.toml"
    return parse(path.read_text(encoding="utf-8"), path.name)


@lru_cache
def three(third: bool = True) -> Agreement:
    """The three neighbours; `third` False: C has not acceded."""
    lines = [THREE]
    for party in "ABC":
        founding = "founding = false" if party == "C" and not third else ""
        lines.append(f'[[party]]\nid = "{party}"\nname = "{party}-land"\ngovernment = "{party}.gov"\n{founding}')
        lines += [
            f'[[post]]\nid = "{party}.{post}"\nparty = "{party}"\ntitle = "{post}"' for post in ("gov", "air", "duty")
        ]
    for name, (owner, low, high, west, east) in SQUARES.items():
        of = f'territory_of = "{owner}"' if owner else ""
        ring = [[low, west], [low, east], [high, east], [high, west]]
        lines.append(f'[[area]]\nid = "{name}"\n{of}\nclause = "1"\npolygon = {ring}')
        if owner:
            grant = f'[[grant]]\npost = "{owner}.air"\nareas = "{name}"\nclause = "2"\n'
            lines += [f'{grant}power = "{power}"' for power in ("approve", "manage")]
    for owner in "ABC":
        others = [party for party in "ABC" if party != owner]
        for kinds in ("tracks", "alerts", "tasks"):
            lines.append(
                f'[[release]]\nowner = "{owner}"\nto = {others}\nkinds = "{kinds}"\nclause = "3"\n'
                'areas = ["a", "b", "c"]'
            )
    acts = [
        ("propose", "A"),
        ("sign", "A"),
        ("sign", "B"),
        *([("sign", "C")] if third else []),
        ("enter_into_force", "A"),
    ]
    lines += [
        f'[[act]]\nkind = "{kind}"\nparty = "{party}"\nat = 2021-01-{k + 1:02}' for k, (kind, party) in enumerate(acts)
    ]
    return parse("\n".join(lines), "three.toml")


def state(
    lat_deg: float, lon_deg: float, height_m: float = 3000.0, north_mps: float = 0.0, east_mps: float = 0.0
) -> F8:
    """(6,) ECEF position and velocity."""
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    return np.concatenate([ecef(lat, lon, height_m), enu_axes(lat, lon).T @ np.array([east_mps, north_mps, 0.0])])


@dataclass
class Eyes:
    """Stands where a tracker would: sees what it is told to, number -> state at noon, in a straight line from there."""

    flights: dict[int, F8] = field(default_factory=dict)
    codes: dict[int, int] = field(default_factory=dict)  # Mode A
    rejected: dict[str, int] = field(default_factory=dict)
    config: TrackerConfig = field(default_factory=TrackerConfig)

    def copy(self) -> Eyes:
        return Eyes(dict(self.flights), dict(self.codes), dict(self.rejected))

    def update(self, plots: Plots, time_s: float) -> None:
        pass

    def snapshot(self, time_s: float) -> Tracks:
        count = len(self.flights)
        now = np.array(list(self.flights.values())).reshape(count, 6)
        now[:, :3] += now[:, 3:] * (time_s - NOON_S)
        return Tracks.empty(count).replace(**estimates(np.array(list(self.flights), np.int32), now, time_s, self.codes))


def estimates(number: Any, now: F8, time_s: float, codes: Mapping[int, int] | None = None) -> dict[str, Any]:
    """What tracks of one's own and of others have in common."""
    count = len(number)
    return {
        "number": number,
        "time_s": np.full(count, time_s),
        "state": now,
        "covariance": np.tile(np.diag([100.0**2] * 3 + [3.0**2] * 3), (count, 1, 1)),
        "status": np.full(count, CONFIRMED),
        "updated_s": np.full(count, time_s - 0.5),
        "pressure_alt_m": np.full(count, np.nan),
        "mode_a": np.array([(codes or {}).get(int(n), NO_MODE_A) for n in number], np.uint16),
        "address": np.full(count, NO_ADDRESS),
    }


def shared(time_s: float, flights: Mapping[int, F8], **columns: Any) -> Shared:
    """Tracks as another sends them, states at `time_s`; clause as it may claim."""
    count = len(flights)
    claimed = {"identity": np.ones(count), "air_class": np.full(count, 2), "clause": np.full(count, b"trust me", "S32")}
    numbers = np.array(list(flights), np.int32)
    rows = estimates(numbers, np.array(list(flights.values())).reshape(count, 6), time_s)
    return Shared.empty(count).replace(**{**rows, **claimed, **columns})


def house(party: str, agreement: Agreement, flights: Mapping[int, F8] | None = None) -> House:
    return House(party, agreement, Eyes(dict(flights or {})), NOON_S)  # type: ignore[arg-type]


def word(kind: Kind, sender: str, to: str, time_s: float, body: bytes | Shared = b"") -> Message:
    return Message(kind, sender, to, 1, time_s, columns_to_bytes(body) if isinstance(body, Shared) else body)


def turn(of: House, *messages: Message, second: float = 1.0, **inbox: Any) -> tuple[House, Outbox]:
    """One step, to so many seconds after noon."""
    return step(of, Inbox(messages=messages, **inbox), NOON_S + second)


def noted(out: Outbox, kind: str) -> list[Any]:
    """Bodies of the notes of a kind."""
    return [note.body for note in out.notes if note.kind == kind]


def sent(out: Outbox, kind: str, to: str) -> list[Message]:
    return [message for message in out.messages if message.kind == kind and message.to == to]


class Town:
    """Several houses that hear each other's words a turn later."""

    def __init__(self, **houses: House) -> None:
        self.houses = houses
        self.waiting: list[Message] = []
        self.notes: dict[str, list[Note]] = {party: [] for party in houses}
        self.words: list[Message] = []
        self.second = 0

    def turn(self, times: int = 1) -> None:
        for _ in range(times):
            self.second += 1
            arriving, self.waiting = self.waiting, []
            for party, each in self.houses.items():
                messages = tuple(m for m in arriving if m.to == party)
                self.houses[party], out = turn(each, *messages, second=self.second)
                self.take(party, out)

    def take(self, party: str, out: Outbox) -> None:
        self.notes[party] += out.notes
        self.words += out.messages
        self.waiting += out.messages

    def bodies(self, party: str, kind: str) -> list[Any]:
        return [note.body for note in self.notes[party] if note.kind == kind]

    def eyes(self, party: str) -> Eyes:
        return self.houses[party].tracker  # type: ignore[return-value]
