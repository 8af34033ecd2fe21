"""Scene and Findings: what a rule looks at, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from skyaccord.agreement import Charter
from skyaccord.columns import F8, I4, Columns, column
from skyaccord.earth.areas import Area
from skyaccord.picture.picture import Picture
from skyaccord.threats.alert import Alert

NO_AREA = -1


@dataclass(frozen=True, eq=False)
class Territory:
    """A party's own ground and air."""

    party: str
    area: Area
    title: str  # as people call it


@dataclass(frozen=True, eq=False)
class Scene:
    """What a party's picture has new, and the territories that are its concern."""

    picture: Picture  # the rows with new plots
    alive: I4  # numbers of all rows
    territories: tuple[Territory, ...]
    party: str
    time_s: float


@dataclass(frozen=True, eq=False)
class Findings(Columns):
    """What a rule found in a scene: one row a track and area that it has anything to say about."""

    row: I4 = column("i4")  # of the picture
    area: I4 = column("i4")  # of Scene.territories; NO_AREA: none
    probability: F8 = column("f8")  # that the event comes, or has come in our sight
    happened: F8 = column("f8")  # that it has come, and goes on
    holds: F8 = column("f8")  # that what was found before, if anything was, still holds
    event_time_s: F8 = column("f8")  # NaN: not known
    event_lat_rad: F8 = column("f8")
    event_lon_rad: F8 = column("f8")
    event_sigma_s: F8 = column("f8")


@dataclass(frozen=True)
class Rule:
    """A rule as table.py lists it, with its patience: `needed` of `looks` to raise, `drops` in a row to close."""

    name: str
    look: Callable[[Scene, Any], tuple[Any, Findings]]  # (scene, its own memory or None) -> (memory, findings)
    severity: Callable[[float, bool], str]  # (seconds until the event, has it happened) -> severity
    sentence: Callable[[Alert, str], str]  # (alert, title of its area or "") -> one factual sentence
    by_area: bool  # one alert a track and area, else one a track
    raise_at: float = 0.8  # probability
    keep_at: float = 0.3
    needed: int = 2
    looks: int = 3
    drops: int = 3


def territories(charter: Charter, party: str) -> tuple[Territory, ...]:
    """The party's own territory always; that of others while the agreement binds both."""
    mutual = charter.in_force(party)
    return tuple(
        Territory(zone.territory_of, zone.area, zone.title)
        for zone in charter.zones
        if zone.territory_of == party or (mutual and zone.territory_of and charter.in_force(zone.territory_of))
    )


def clock(time_s: float) -> str:
    """UTC as people read it: 18:03:21Z."""
    return datetime.fromtimestamp(round(time_s), UTC).strftime("%H:%M:%SZ")
