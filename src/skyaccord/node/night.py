"""Night: every party's house in one process, turn by turn, with their logs and their recording.

The houses speak only through the memory link, in the bytes that a network would carry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from skyaccord.agreement import Act, Agreement, charter
from skyaccord.columns import F8
from skyaccord.earth.wgs84 import geodetic
from skyaccord.errors import IllegalMove, Refused
from skyaccord.node.house import House, Inbox, Outbox
from skyaccord.node.show import Frame, Spots
from skyaccord.node.step import ask, declare, step
from skyaccord.record import Log, Recorder, Standing
from skyaccord.sensors import Plots, Sites
from skyaccord.sensors.where import where
from skyaccord.tasks import Decision, Task
from skyaccord.tracks import CONFIRMED, Registration, Tracker, TrackerConfig
from skyaccord.wire.announce import system_tracks
from skyaccord.wire.formats.asterix import encode_cat062
from skyaccord.wire.formats.message import from_bytes, to_bytes
from skyaccord.wire.links.memory import MemoryLink
from skyaccord.wire.reports import SIMULATED

SPOTS_S = 12.0  # plots stay on the map for so long
ANNOUNCE_TURNS = 4  # how often the picture goes out as CAT062
ANNOUNCED = "system-tracks"  # name of that feed in a recording


class Source(Protocol):
    """Where a night comes from: a feed, a link or an exercise. Intervals are [from_s, to_s)."""

    def plots(self, party: str, from_s: float, to_s: float) -> Plots:
        """What the party's sensors reported."""

    def acts(self, from_s: float, to_s: float) -> Sequence[Act]:
        """Acts under the agreement that fall into the interval."""

    def decisions(self, tasks: Sequence[Task], rules: Mapping[str, str], time_s: float) -> Sequence[Decision]:
        """What scripted officers say now; nobody, outside an exercise."""


@dataclass
class Tally:
    """What a night came to, for one party."""

    plots: int = 0
    tracks: set[int] = field(default_factory=set)
    most_tracks: int = 0
    joint_most: int = 0
    scene_changes: int = 0  # acts and links that a window should show anew
    counts: dict[str, int] = field(default_factory=dict)  # log entries by kind
    alerts: set[str] = field(default_factory=set)
    tasks: set[str] = field(default_factory=set)


class Night:
    """Houses, links, logs and, if wanted, a recording, advanced together by `turn`."""

    def __init__(
        self,
        agreement: Agreement,
        sites: Mapping[str, Sites],
        source: Source,
        start_s: float,
        step_s: float = 1.0,
        *,
        config: TrackerConfig | None = None,
        recorder: Recorder | None = None,
        register: bool = True,
    ) -> None:
        """`sites` gives each party's sensors; parties are the agreement's, in its order.

        `register`: each house learns what its sensors' ranges, azimuths, times and heights are wrong by, and corrects.
        """
        self.parties = tuple(party.id for party in agreement.terms.parties)
        self.sites = {party: sites.get(party, Sites.empty()) for party in self.parties}
        self.source, self.start_s, self.step_s = source, float(start_s), float(step_s)
        self.turns = 0
        self.recorder = recorder
        self.logs = {p: recorder.log(p) if recorder else Log(p) for p in self.parties}
        self.standing = {party: Standing() for party in self.parties}
        self.tally = {party: Tally() for party in self.parties}
        self.houses = {
            party: House(
                party,
                agreement,
                Tracker(own, config),
                start_s,
                # one sensor alone tells nothing of itself
                registration=Registration(own) if register and len(own) > 1 else None,
            )
            for party, own in self.sites.items()
        }
        self._link = MemoryLink(self.parties)
        self._recent = {party: Plots.empty() for party in self.parties}
        self._newest = dict(self._recent)

    @property
    def time_s(self) -> float:
        """UTC time of the last turn."""
        return self.start_s + self.turns * self.step_s

    def turn(self) -> None:
        """One step of the night, for everyone."""
        from_s, to_s = self.time_s, self.start_s + (self.turns + 1) * self.step_s
        for act in self.source.acts(from_s, to_s):
            self.act(act, to_s)
        outboxes = {}
        for party in self.parties:
            plots = self.source.plots(party, from_s, to_s)
            messages = tuple(from_bytes(data) for data in self._link.drain(party))
            inbox = Inbox(plots, messages, decisions=self._scripted(party, to_s))
            self.houses[party], outboxes[party] = step(self.houses[party], inbox, to_s)
            self._remember(party, plots, to_s)
        self.turns += 1
        for party, outbox in outboxes.items():
            self._post(party, outbox, to_s)
            house, tally = self.houses[party], self.tally[party]
            real = house.own.number[house.own.status >= CONFIRMED]
            tally.tracks.update(real.tolist())
            tally.most_tracks = max(tally.most_tracks, len(real))
            tally.joint_most = max(tally.joint_most, len(house.picture))
            if self.recorder:
                self.recorder.step(party, to_s, house.picture, self._newest[party])
                if self.turns % ANNOUNCE_TURNS == 0:
                    self._announce(self.recorder, party)

    def act(self, act: Act, noted_s: float) -> None:
        """An act of a party, by one of its posts, noted at `noted_s`: others know before they see anything more."""
        house = self.houses[act.party]
        self.houses[act.party], outbox = declare(house, act)
        self._post(act.party, outbox, noted_s)

    def decide(self, decision: Decision) -> Refused | IllegalMove | None:
        """A person's move between turns; what stood in its way, if anything. Raises KeyError on an unknown post."""
        party = self.party_of(decision.post)
        self.houses[party], outbox, obstacle = ask(self.houses[party], decision)
        self._post(party, outbox, decision.time_s)
        return obstacle

    def party_of(self, post: str) -> str:
        """The party that a post belongs to. Raises KeyError."""
        found = charter(self.houses[self.parties[0]].agreement, self.time_s).post(post)
        if found is None or found.party not in self.houses:
            raise KeyError(post)
        return found.party

    def frame(self, party: str) -> Frame:
        """What the party sees now."""
        standing = self.standing[party]
        return Frame(
            party,
            self.time_s,
            self.houses[party].picture,
            spots(self._recent[party], self.sites[party], self.time_s),
            standing.alerts,
            standing.tasks,
            len(self.logs[party]),
        )

    def _scripted(self, party: str, time_s: float) -> tuple[Decision, ...]:
        """What this party's scripted officers say to the tasks that lie with them."""
        tasks = tuple(task for task in self.houses[party].tasks.values() if task.party == party)
        rules = {alert.id: alert.rule for alert in self.houses[party].alerts.values()}
        return tuple(self.source.decisions(tasks, rules, time_s))

    def _post(self, party: str, outbox: Outbox, time_s: float) -> None:
        """Notes into the log, messages onto the link."""
        tally = self.tally[party]
        for note in outbox.notes:
            entry = self.logs[party].append(note.kind, note.body, time_s)
            self.standing[party].take(entry)
            tally.counts[note.kind] = tally.counts.get(note.kind, 0) + 1
            tally.scene_changes += note.kind in ("act", "link")
            if note.kind in ("alert", "task") and entry.body.get("party") == party:
                getattr(tally, f"{note.kind}s").add(entry.body["id"])
        for message in outbox.messages:
            self._link.send(message.to, to_bytes(message))

    def _announce(self, recorder: Recorder, party: str) -> None:
        """The party's picture as other systems read it: CAT062, from SAC 0 and the party's place in the agreement."""
        tracks = system_tracks(self.houses[party].picture, self.parties.index(party) + 1)
        if self.houses[party].tracker.config.exercise:
            tracks = tracks.replace(flags=tracks.flags | np.uint16(SIMULATED))
        recorder.feed(party, ANNOUNCED, b"".join(encode_cat062(tracks)))

    def _remember(self, party: str, plots: Plots, time_s: float) -> None:
        self.tally[party].plots += len(plots)
        recent = self._recent[party]
        lately = np.abs(recent.time_s - time_s) < SPOTS_S  # a wrong clock's plots do not pile up
        self._recent[party] = Plots.concat([recent.take(lately), plots])
        self._newest[party] = plots


def spots(plots: Plots, sites: Sites, time_s: float) -> Spots:
    """Plots of the last seconds as the map shows them."""
    recent = plots.take((plots.time_s > time_s - SPOTS_S) & (plots.time_s <= time_s))
    position = where(recent, sites)
    placed = np.isfinite(position).all(axis=1)
    lat, lon, _ = geodetic(position[placed])
    age: F8 = time_s - recent.time_s[placed]
    return Spots(lat, lon, age, recent.kind[placed])
