"""A night that goes on by the wall clock, and one that is shown again."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from houses import NOON_S, Eyes, state, three

from skyaccord.console.frames import encode
from skyaccord.node.night import Night
from skyaccord.node.serve import Live, Playbill, Replay, run_headless
from skyaccord.node.sources import Feed, Listening
from skyaccord.record import Manifest, Recorder, Recording
from skyaccord.sensors import Plots

PLAYBILL = Playbill("a night", "exercise")


def night(source: Any = None, recorder: Recorder | None = None, start_s: float = NOON_S) -> Night:
    """Three neighbours; B sees a drone on its way into B."""
    made = Night(three(), {}, source or Feed({}), start_s, recorder=recorder)
    for party, flights in (("A", {}), ("B", {5: state(38.9, 69.0, 3000.0, 60.0)}), ("C", {})):
        made.houses[party] = dataclasses.replace(made.houses[party], tracker=Eyes(flights))  # type: ignore[arg-type]
    return made


def until(so: Callable[[], bool], most_s: float = 60.0) -> None:
    end_s = time.monotonic() + most_s
    while not so():
        assert time.monotonic() < end_s, "it does not come"
        time.sleep(0.01)


def test_a_night_is_paused_decided_upon_sped_up_and_finished() -> None:
    live = Live(night(), PLAYBILL, NOON_S + 40, speed=20.0)
    live.start()
    until(lambda: live.night.turns >= 5)
    live.steer(paused=True)
    turns = [live.night.turns]
    while (
        len(turns) < 4 or len(set(turns[-4:])) > 1
    ):  # the turn that was under way ends; at this speed others would come
        assert len(turns) < 40, f"it goes on: {turns}"
        time.sleep(0.1)
        turns.append(live.night.turns)
    assert live.clock().paused
    assert not live.clock().finished
    # a person decides in the stillness, and it stands at once
    assert live.may("B.air", "approve", "B-T1").allowed is False
    refused = live.decide("B.air", "approve", "B-T1", "")
    assert (refused.allowed, "2" in refused.clauses) == (False, True)
    assert live.may("B.duty", "approve", "B-T9").reason == "no open task B-T9 at B"
    assert not live.decide("Z.air", "approve", "B-T1", "").allowed
    entries = len(live.log("A", 0))
    assert live.may("A.air", "approve", "B-T1").allowed
    assert live.decide("A.air", "approve", "B-T1", "seen").allowed
    assert len(live.log("A", 0)) == entries  # B's task: it is done in B's house, next turn
    live.steer(paused=False, speed=1000.0)
    assert live.clock().speed == 60.0
    until(lambda: live.clock().finished)
    live.stop()
    assert live.night.turns == 40
    (task,) = live.frame("B").tasks
    assert (task.state, task.reason) == ("approved", "seen")
    assert live.frame("B") is live.frame("B")
    live.stop()


def test_a_fault_in_a_turn_ends_the_night_and_surfaces_at_stop() -> None:
    class Broken(Feed):
        def plots(self, party: str, from_s: float, to_s: float) -> Plots:
            if from_s >= NOON_S + 3:
                raise ZeroDivisionError("the sky is falling")
            return Plots.empty()

    live = Live(night(Broken({})), PLAYBILL, speed=60.0)
    live.start()
    until(lambda: live.clock().finished)
    assert live.night.turns == 3
    with pytest.raises(ZeroDivisionError, match="the sky"):
        live.stop()


def test_a_night_that_never_began_can_be_stopped() -> None:
    Live(night(), PLAYBILL).stop()


def test_a_live_feed_keeps_to_the_clock_and_is_not_steered() -> None:
    clock = [NOON_S]
    live = Live(night(), PLAYBILL, now_s=lambda: clock[0])
    live.start()
    time.sleep(0.2)
    assert live.night.turns == 0  # its first second is not over
    clock[0] = NOON_S + 30.5  # a long turn, a machine that slept
    until(lambda: live.night.turns == 30)
    live.steer(paused=True, speed=50.0)
    assert (live.clock().paused, live.clock().speed) == (False, 1.0)
    time.sleep(0.2)
    assert live.night.turns == 30
    live.stop()


def test_a_listening_source_gives_each_plot_once_and_to_its_party() -> None:
    heard: list[dict[str, Plots]] = [{"B": Plots.empty(2)}, {"B": Plots.empty(1)}, {}, {}]
    source = Listening(lambda: heard.pop(0), ["A", "B"])
    assert [len(source.plots(party, 0, 1)) for party in ("A", "B", "A", "B")] == [0, 3, 0, 0]


def test_a_feed_hands_out_each_interval_without_its_end() -> None:
    plots = Plots.empty(4).replace(time_s=np.array([2.0, 1.0, np.nan, 1.5]))
    source = Feed({"B": plots})
    assert source.plots("B", 0.0, 1.5).time_s.tolist() == [1.0]
    assert source.plots("B", 1.5, 2.5).time_s.tolist() == [1.5, 2.0]
    assert len(source.plots("A", 0.0, 9.0)) == 0


def test_a_listening_night_far_from_the_radars_clock_keeps_no_heap_of_plots() -> None:
    class Ahead(Feed):
        def plots(self, party: str, from_s: float, to_s: float) -> Plots:
            return Plots.empty(10).replace(time_s=np.full(10, to_s + 20_000.0))

    made = night(Ahead({}))
    run_headless(made, NOON_S + 30, lambda _: None)
    assert len(made._recent["B"]) <= 10


def test_a_recording_is_shown_again_sought_through_and_never_decided(tmp_path: Path) -> None:
    manifest = Manifest("a night", 0, ("A", "B", "C"), NOON_S, 1.0)
    frames: dict[tuple[str, float], bytes] = {}
    with Recorder(tmp_path / "out", manifest) as recorder:
        made = night(recorder=recorder)

        def keep(time_s: float) -> None:
            frames.update({(party, time_s): encode(made.frame(party)) for party in "ABC"})

        run_headless(made, NOON_S + 25, keep)
    replay = Replay(Recording(tmp_path / "out"), three(), PLAYBILL)
    replay.steer(paused=True)
    steps: Sequence[int] = (25, 3, 1, 14, 24)
    for second in steps:
        replay.steer(seek_s=NOON_S + second + 0.4)
        for party in "ABC":
            assert encode(replay.frame(party)) == frames[party, NOON_S + second]
    assert replay.clock().now_s == NOON_S + 24.4
    assert replay.may("A.air", "approve", "B-T1").allowed
    assert not replay.may("B.air", "approve", "B-T1").allowed
    assert not replay.decide("A.air", "approve", "B-T1", "").allowed
    replay.steer(seek_s=0.0)
    assert replay.clock().now_s == NOON_S
    assert (len(replay.frame("B").picture), replay.log("B", 0)) == (0, [])
    replay.steer(seek_s=NOON_S + 1e9)
    assert replay.clock().finished
    replay.steer(seek_s=NOON_S, speed=60.0, paused=False)
    until(lambda: replay.clock().finished)


def test_a_clock_that_counts_as_numpy_does_goes_over_the_wire() -> None:
    made = night(start_s=np.float64(NOON_S))
    made.turn()
    made.turn()
    assert len(made.houses["A"].picture) == 1
