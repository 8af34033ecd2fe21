"""Serve: a night that goes on by the wall clock, or one that is shown again.

Both are Shows; the clock is here and nowhere else in the room.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skyaccord.agreement import Act, Agreement, Charter, add_act, charter
from skyaccord.earth.places import Place
from skyaccord.errors import IllegalMove, Refused
from skyaccord.node.house import CLOSED
from skyaccord.node.night import SPOTS_S, Night, spots
from skyaccord.node.scene import scene, told
from skyaccord.node.show import Clock, Frame, Outcome, Show
from skyaccord.record import Entry, Recording, standing
from skyaccord.tasks import Decision, Task, advance

FASTEST = 60.0


@dataclass(frozen=True)
class Playbill:
    """What a window says of a night besides the night itself."""

    title: str
    kind: str  # "live", "recording" (of a feed), "exercise", "replay"
    sensors: Sequence[Mapping[str, Any]] = ()
    captions: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


class Live(Show):
    """A night that goes on, `speed` seconds of it a second of the wall, until `end_s`.

    With `now_s`, a clock that tells UTC, each turn comes at its own time: a live feed neither waits nor hurries.
    """

    def __init__(
        self,
        night: Night,
        playbill: Playbill,
        end_s: float = np.inf,
        speed: float = 1.0,
        now_s: Callable[[], float] | None = None,
    ) -> None:
        self.night, self.playbill, self.end_s = night, playbill, end_s
        self._base = night.houses[night.parties[0]].agreement
        self._speed, self._paused, self._utc_s = speed, False, now_s
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="night", daemon=True)
        self._frames: dict[str, Frame] = {}
        self.fault: BaseException | None = None

    def start(self) -> None:
        """Let it begin."""
        self._thread.start()

    def stop(self) -> None:
        """Let it end after the turn that is under way. Raises what went wrong in a turn, if anything did."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        if self.fault is not None:
            raise self.fault

    def _go_on(self) -> None:
        due_s = time.monotonic()
        try:
            while not self._over.is_set() and self.night.time_s < self.end_s:
                wait_s = due_s - time.monotonic()
                if self._utc_s is not None:
                    wait_s = self.night.time_s + self.night.step_s - self._utc_s()
                if self._paused or wait_s > 0:
                    self._over.wait(0.05 if self._paused else min(wait_s, 0.05))
                    due_s = max(due_s, time.monotonic()) if self._paused else due_s
                    continue
                # what could not be kept up with is not made up for
                due_s = max(due_s, time.monotonic() - 0.5) + self.night.step_s / self._speed
                with self._lock:
                    self.night.turn()
                    self._frames = {}
        except BaseException as error:
            self.fault = error

    @property
    def parties(self) -> tuple[str, ...]:
        return self.night.parties

    def scene(self, party: str) -> dict[str, Any]:
        with self._lock:
            return _scene(self.night.logs[party].entries(), self._base, party, self.playbill, self.night.time_s)

    def scene_version(self, party: str) -> int:
        return self.night.tally[party].scene_changes

    def frame(self, party: str) -> Frame:
        with self._lock:
            if party not in self._frames or self._frames[party].entries != len(self.night.logs[party]):
                self._frames[party] = self.night.frame(party)
            return self._frames[party]

    def log(self, party: str, since: int) -> list[dict[str, Any]]:
        with self._lock:
            return [told(entry) for entry in self.night.logs[party].entries(since)]

    def clock(self) -> Clock:
        now_s = self.night.time_s
        return Clock(
            self.night.start_s,
            now_s,
            now_s,
            self._speed,
            self._paused,
            can_seek=False,
            can_decide=True,
            finished=now_s >= self.end_s or self.fault is not None,
        )

    def may(self, post: str, move: str, task: str) -> Outcome:
        with self._lock:
            try:
                house = self.night.houses[self.night.party_of(post)]
            except KeyError:
                return Outcome(False, f"{post} is no post of a party here")
            law = charter(house.agreement, self.night.time_s)
            found = house.tasks.get(task)
            if found is None:
                return Outcome(False, f"no open task {task} at {house.party}")
            return verdict(found, post, move, law, house.places[task], self.night.time_s)

    def decide(self, post: str, move: str, task: str, reason: str, responder: str = "") -> Outcome:
        with self._lock:
            before = self.may(post, move, task)
            try:
                obstacle = self.night.decide(Decision(task, move, post, self.night.time_s, reason, responder))
            except KeyError:
                return before
            self._frames = {}
            if obstacle is None:
                return Outcome(True, before.reason, before.clauses)
            return refused(obstacle)

    def steer(self, *, speed: float | None = None, paused: bool | None = None, seek_s: float | None = None) -> None:
        if self._utc_s is not None:
            return
        if speed is not None:
            self._speed = min(max(speed, 0.1), FASTEST)
        if paused is not None:
            self._paused = paused


class Replay(Show):
    """A recording shown again: the same frames for the same moments, to be stopped, sped up and sought through."""

    def __init__(self, recording: Recording, agreement: Agreement, playbill: Playbill, speed: float = 1.0) -> None:
        self.recording, self.playbill = recording, playbill
        self._base = agreement
        self._sites = {
            party: recording.manifest.sites.take(recording.manifest.sites.party == party.encode())
            for party in recording.parties
        }
        self._steps = {party: recording.steps(party) for party in recording.parties}
        ends = [steps[-1] for steps in self._steps.values() if len(steps)]
        self._start_s = recording.manifest.start_s
        self._end_s = float(max(ends)) if ends else self._start_s
        self._now_s, self._speed, self._paused, self._wall_s = self._start_s, speed, False, time.monotonic()

    @property
    def parties(self) -> tuple[str, ...]:
        return self.recording.parties

    def scene(self, party: str) -> dict[str, Any]:
        return _scene(self._entries(party), self._base, party, self.playbill, self._moment(party))

    def scene_version(self, party: str) -> int:
        return sum(entry.kind in ("act", "link") for entry in self._entries(party))

    def frame(self, party: str) -> Frame:
        return self.frame_at(party, self._moment(party))

    def frame_at(self, party: str, time_s: float) -> Frame:
        """The party's frame of the step at `time_s`."""
        entries = self._entries(party, time_s)
        alerts, tasks = standing(entries)
        plots = self.recording.plots(party, time_s - SPOTS_S, time_s)
        return Frame(
            party,
            time_s,
            self.recording.picture(party, time_s),
            spots(plots, self._sites[party], time_s),
            alerts,
            tasks,
            len(entries),
        )

    def log(self, party: str, since: int) -> list[dict[str, Any]]:
        return [told(entry) for entry in self._entries(party)[since:]]

    def clock(self) -> Clock:
        now_s = self._run()
        return Clock(
            self._start_s,
            self._end_s,
            now_s,
            self._speed,
            self._paused,
            can_seek=True,
            can_decide=False,
            finished=now_s >= self._end_s,
        )

    def may(self, post: str, move: str, task: str) -> Outcome:
        for party in self.parties:
            frame = self.frame(party)
            found = next((t for t in frame.tasks if t.id == task and t.party == party), None)
            if found is not None:
                law = _law(self._entries(party), self._base, frame.time_s)
                row = np.flatnonzero(frame.picture.number == found.track)
                if not len(row):
                    return Outcome(False, f"the target of {task} is not in {party}'s picture at this moment")
                picture = frame.picture.take(row)
                place = Place(float(picture.lat_rad[0]), float(picture.lon_rad[0]), float(picture.height_m[0]))
                return verdict(found, post, move, law, place, frame.time_s)
        return Outcome(False, f"no task {task} at this moment")

    def decide(self, post: str, move: str, task: str, reason: str, responder: str = "") -> Outcome:
        return Outcome(False, "this is a recording: what was decided then stands in its log")

    def steer(self, *, speed: float | None = None, paused: bool | None = None, seek_s: float | None = None) -> None:
        self._run()
        if speed is not None:
            self._speed = min(max(speed, 0.1), FASTEST)
        if paused is not None:
            self._paused = paused
        if seek_s is not None:
            self._now_s = min(max(seek_s, self._start_s), self._end_s)

    def _run(self) -> float:
        wall_s = time.monotonic()
        if not self._paused:
            self._now_s = min(self._now_s + (wall_s - self._wall_s) * self._speed, self._end_s)
        self._wall_s = wall_s
        return self._now_s

    def _moment(self, party: str) -> float:
        """The step that is shown now."""
        steps = self._steps[party]
        row = int(np.searchsorted(steps, self._run(), side="right")) - 1
        return float(steps[row]) if row >= 0 else self._start_s

    def _entries(self, party: str, time_s: float | None = None) -> tuple[Entry, ...]:
        until_s = self._moment(party) if time_s is None else time_s
        return tuple(entry for entry in self.recording.log(party) if entry.time_s <= until_s)


def run_headless(night: Night, end_s: float, told_s: Callable[[float], None]) -> None:
    """All turns until `end_s`, as fast as they go; `told_s` hears the time of each."""
    while night.time_s < end_s:
        night.turn()
        told_s(night.time_s)


def verdict(task: Task, post: str, move: str, law: Charter, place: Place, time_s: float) -> Outcome:
    """What the agreement and the life cycle would say to a move; nothing is changed."""
    try:
        moved = advance(task, Decision(task.id, move, post, time_s), law, place, time_s)
    except (Refused, IllegalMove) as no:
        return refused(no)
    return Outcome(True, f"{post} may {move} {task.verb}", moved.clauses)


def refused(no: Refused | IllegalMove) -> Outcome:
    """A no as a window tells it."""
    return Outcome(False, no.reason, no.clauses) if isinstance(no, Refused) else Outcome(False, str(no))


def _law(entries: Sequence[Entry], base: Agreement, time_s: float) -> Charter:
    """The charter in force after the acts that a log holds."""
    agreement = base
    for entry in entries:
        if entry.kind == "act":
            agreement = add_act(agreement, Act(**entry.body))
    return charter(agreement, time_s)


def _scene(entries: Sequence[Entry], base: Agreement, party: str, playbill: Playbill, time_s: float) -> dict[str, Any]:
    links: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if entry.kind == "link":
            state = "withdrawn" if entry.body["state"] == CLOSED else entry.body["state"]
            links[entry.body["party"]] = {**entry.body, "state": state, "since_s": entry.time_s}
    return scene(
        _law(entries, base, time_s),
        party,
        title=playbill.title,
        kind=playbill.kind,
        sensors=playbill.sensors,
        links=list(links.values()),
        captions=playbill.captions,
    )
