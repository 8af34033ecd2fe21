"""The life of a task, walked at random by people with and without authority, over a target that moves."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from two_states import EVERYBODY, NOON_S, after_withdrawal, at, deciders, law

from skyaccord.errors import IllegalMove, Refused
from skyaccord.tasks import LIFE, MOVES, OVER, STATES, Decision, Task, advance, lapse, reauthorise

CHARTER, LATE = law(), after_withdrawal()


def task(state: str = "proposed", responder: str = "") -> Task:
    return Task("S-T1", "identify", "S-A1", 7, "S", NOON_S, state, "", (), responder, NOON_S, "Identify track 7.")


def say(move: str, post: str, **more) -> Decision:
    return Decision("S-T1", move, post, NOON_S, **more)


class Life(RuleBasedStateMachine):
    """A task under moves, events and places; beside it the plainest account of what must be so."""

    @initialize()
    def begin(self) -> None:
        self.task, self.lat_deg, self.lon_deg = task(), 37.5, 69.5
        self.approved_by = ""
        self.trail = ["proposed"]

    @rule(lat_deg=st.floats(34.0, 42.0), lon_deg=st.floats(67.0, 72.0))
    def move_target(self, lat_deg: float, lon_deg: float) -> None:
        """Kept a little off the borders themselves, where the by-hand account does not look."""
        if min(abs(lat_deg - edge) for edge in (35, 37, 39, 41)) > 1e-6:
            self.lat_deg, self.lon_deg = lat_deg, lon_deg
            self.task = reauthorise(self.task, at(lat_deg, lon_deg), CHARTER, NOON_S)

    @rule(
        move=st.sampled_from([*MOVES, "lapse", "void", "launch"]),
        post=st.sampled_from(EVERYBODY),
        responder=st.sampled_from(EVERYBODY),
    )
    def decide(self, move: str, post: str, responder: str) -> None:
        before = self.task
        allowed = post in deciders(self.lat_deg, self.lon_deg)
        allowed |= move in ("acknowledge", "close") and post == before.responder != ""
        if move == "assign":
            allowed &= responder in ("", *EVERYBODY[:-2]) and responder != "N.empty"
        possible = move in MOVES and move in LIFE[before.state]
        said = say(move, post, responder=responder)
        try:
            self.task = advance(before, said, CHARTER, at(self.lat_deg, self.lon_deg), NOON_S)
        except IllegalMove:
            assert not possible
            return
        except Refused as refused:
            why = refused.clauses
        else:
            why = ()
        if why:
            assert possible
            assert not allowed
            return
        assert possible
        assert allowed
        if move == "approve":
            self.approved_by = post
        self.trail.append(self.task.state)

    @rule()
    def end_cause(self) -> None:
        if self.task.state == "proposed":
            self.task = lapse(self.task, "over", NOON_S)
            self.trail.append("lapsed")

    @invariant()
    def nothing_is_done_that_no_person_approved(self) -> None:
        if self.task.state in ("approved", "assigned", "acknowledged", "closed", "recalled"):
            assert self.approved_by
            assert self.approved_by != "N.empty"
            assert self.trail[1] == "approved"

    @invariant()
    def the_authority_holds_here(self) -> None:
        if self.task.authority and self.task.state not in OVER:
            assert self.task.authority in deciders(self.lat_deg, self.lon_deg)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_the_whole_way() -> None:
    now = task()
    for move, post, responder, state in (
        ("approve", "S.defence", "", "approved"),
        ("assign", "S.defence", "S.duty", "assigned"),
        ("acknowledge", "S.duty", "", "acknowledged"),
        ("close", "S.duty", "", "closed"),
    ):
        now = advance(now, say(move, post, responder=responder, reason=f"so: {move}"), CHARTER, at(37.5), NOON_S + 1)
        assert (now.state, now.reason, now.changed_s) == (state, f"so: {move}", NOON_S + 1)
    assert now.responder == "S.duty"


def test_who_assigns_to_nobody_does_it_himself() -> None:
    assert advance(task("approved"), say("assign", "S.defence"), CHARTER, at(37.5), NOON_S).responder == "S.defence"


@pytest.mark.parametrize("nobody", ["N.empty", "N.nobody"])
def test_nothing_is_assigned_to_nobody(nobody: str) -> None:
    with pytest.raises(Refused, match=nobody):
        advance(task("approved"), say("assign", "S.defence", responder=nobody), CHARTER, at(37.5), NOON_S)


def test_a_refusal_names_its_clause_and_who_may() -> None:
    with pytest.raises(Refused) as no:
        advance(task(), say("approve", "N.leader"), CHARTER, at(37.5), NOON_S)
    assert "Art. 1" in no.value.clauses
    assert "S.defence" in no.value.reason


def test_without_a_place_nobody_decides() -> None:
    with pytest.raises(Refused, match="place"):
        advance(task(), say("approve", "S.defence"), CHARTER, None, NOON_S)


def test_a_vacant_post_never() -> None:
    for lat_deg in (36.0, 38.0, 40.0):
        with pytest.raises(Refused):
            advance(task(), say("approve", "N.empty"), CHARTER, at(lat_deg), NOON_S)
    with pytest.raises(Refused, match=r"nobody holds N\.empty"):
        advance(task("assigned", "N.empty"), say("acknowledge", "N.empty"), CHARTER, at(38.0), NOON_S)


def test_the_law_is_that_of_the_moment() -> None:
    """The North has left: at home in the South the South decides on, over the North it never did."""
    assert advance(task(), say("approve", "S.defence"), LATE, at(38.0), NOON_S).state == "approved"
    with pytest.raises(Refused):
        advance(task(), say("approve", "S.defence"), LATE, at(40.0), NOON_S)


@pytest.mark.parametrize("state", sorted(OVER))
@pytest.mark.parametrize("move", list(MOVES))
def test_nothing_leaves_the_end(state: str, move: str) -> None:
    with pytest.raises(IllegalMove, match=f"{move} by S.defence: task S-T1 is {state}"):
        advance(task(state), say(move, "S.defence"), CHARTER, at(38.0), NOON_S)


def test_a_decision_moves_only_its_own_task() -> None:
    with pytest.raises(IllegalMove, match="S-T2"):
        advance(task(), replace(say("approve", "S.defence"), task="S-T2"), CHARTER, at(38.0), NOON_S)


def test_the_table_is_closed_and_all_of_it_is_reached() -> None:
    reached, open_ = {"proposed"}, ["proposed"]
    while open_:
        for state in LIFE[open_.pop()].values():
            if state not in reached:
                reached.add(state)
                open_.append(state)
    assert reached == set(STATES)
    assert {move for steps in LIFE.values() for move in steps} == {*MOVES, "lapse", "void"}
    assert [s for s, steps in LIFE.items() if "approved" in steps.values()] == ["proposed"]
