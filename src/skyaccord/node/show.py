"""Show: what a window may see of a night and ask of it, be it live, an exercise or a replay.

The console knows only this. A live house and a recording both are Shows, and give the same frames for the same moments.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

from skyaccord.columns import F8, U1, Columns, column
from skyaccord.picture.picture import Picture
from skyaccord.tasks.task import Task
from skyaccord.threats.alert import Alert


@dataclass(frozen=True, eq=False)
class Spots(Columns):
    """Plots as a map needs them: where, and how old at the frame's time."""

    lat_rad: F8 = column("f8")
    lon_rad: F8 = column("f8")
    age_s: F8 = column("f8")
    kind: U1 = column("u1")  # as Plots.kind


@dataclass(frozen=True)
class Frame:
    """What one party sees at one moment."""

    party: str
    time_s: float
    picture: Picture
    spots: Spots
    alerts: tuple[Alert, ...]
    tasks: tuple[Task, ...]
    entries: int  # length of this party's decision log at this moment


@dataclass(frozen=True)
class Clock:
    """Where the night stands."""

    start_s: float
    end_s: float  # of what can be shown now (live: the newest moment)
    now_s: float
    speed: float  # seconds of the night a second of the wall
    paused: bool
    can_seek: bool  # a replay
    can_decide: bool  # live or an exercise
    finished: bool


@dataclass(frozen=True)
class Outcome:
    """The answer to a person's move: done, or refused with the clauses."""

    allowed: bool
    reason: str
    clauses: tuple[str, ...] = field(default_factory=tuple)


class Show(ABC):
    """A night to look at. Methods are quick and are called from the server's one event loop."""

    @property
    @abstractmethod
    def parties(self) -> tuple[str, ...]:
        """Ids of the parties, in the charter's order; bit k of Picture.sources is parties[k]."""

    @abstractmethod
    def scene(self, party: str) -> dict[str, Any]:
        """What changes rarely, as plain JSON; its keys are listed in docs/console.md."""

    @abstractmethod
    def scene_version(self, party: str) -> int:
        """Grows whenever `scene` changes."""

    @abstractmethod
    def frame(self, party: str) -> Frame:
        """The party's newest frame at the clock's time."""

    @abstractmethod
    def log(self, party: str, since: int) -> list[dict[str, Any]]:
        """Entries of the party's decision log from number `since` to the clock's time, plain JSON."""

    @abstractmethod
    def clock(self) -> Clock:
        """Where the night stands now."""

    @abstractmethod
    def may(self, post: str, move: str, task: str) -> Outcome:
        """Would this post be allowed this move on this task, here and now, and by which clauses? Changes nothing."""

    @abstractmethod
    def decide(self, post: str, move: str, task: str, reason: str, responder: str = "") -> Outcome:
        """A person at `post` makes a move on a task; recorded either way. `responder`: to whom it is assigned."""

    @abstractmethod
    def steer(self, *, speed: float | None = None, paused: bool | None = None, seek_s: float | None = None) -> None:
        """Time control; what the show cannot do is ignored."""
