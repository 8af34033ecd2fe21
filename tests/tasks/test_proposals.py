"""Who proposes what, and whose authority it is where the target is."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from two_states import NOON_S, after_withdrawal, at, law, picture

from skyaccord.agreement.words import TASK_VERBS
from skyaccord.errors import IllegalMove
from skyaccord.tasks import Decision, Memory, advance, lapse, propose, reauthorise
from skyaccord.tasks.propose import VERBS
from skyaccord.threats import RULES, Alert

CHARTER = law()


def alert(party: str = "S", number: int = 1, **more) -> Alert:
    """A predicted crossing of the 37th parallel into the South at 69.5 E."""
    base = Alert(
        id=f"{party}-A{number}",
        rule="border_violation",
        party=party,
        time_s=NOON_S,
        severity="advisory",
        track=7,
        lat_rad=math.radians(36.9),
        lon_rad=math.radians(69.5),
        height_m=3000.0,
        speed_mps=200.0,
        area="south",
        event_time_s=NOON_S + 55.0,
        event_lat_rad=math.radians(37.0),
        event_lon_rad=math.radians(69.5),
        event_sigma_s=3.0,
        state="open",
        text="Track 7 is on course to enter 'The South'.",
    )
    return replace(base, **more)


def proposed(party: str, *alerts: Alert, lat_deg: float = 36.9, memory: Memory = Memory(), charter=CHARTER):  # noqa: B008
    return propose(alerts, picture(lat_deg, 69.5), charter, party, memory, NOON_S)


def test_only_the_party_whose_post_decides_there_proposes() -> None:
    _, ours = proposed("S", alert("S"))
    _, theirs = proposed("N", alert("N"))
    assert [t.id for t in ours] == ["S-T1"]
    assert theirs == ()
    assert (ours[0].verb, ours[0].alert, ours[0].track, ours[0].state) == ("identify", "S-A1", 7, "proposed")
    assert "drone" in ours[0].text


@pytest.mark.parametrize("off_deg", [-1e-7, 0.0, 1e-7])
@pytest.mark.parametrize("lon_deg", [68.2, 69.3, 70.8])
def test_one_task_whatever_the_crossing_point(lon_deg: float, off_deg: float) -> None:
    """On the common border of South and North both houses have an alert on each side's area; each proposes its own."""
    tasks = []
    for area in ("south", "north"):
        event = {"area": area, "event_lat_rad": math.radians(39.0 + off_deg), "event_lon_rad": math.radians(lon_deg)}
        course_deg = 180.0 if area == "south" else 0.0
        for party in ("N", "S"):
            sky = picture(39.1 if area == "south" else 38.9, lon_deg, course_deg)
            tasks += propose((alert(party, **event),), sky, CHARTER, party, Memory(), NOON_S)[1]
    assert [t.id for t in tasks] == ["S-T1", "N-T1"]


def test_once_an_alert() -> None:
    memory, first = proposed("S", alert())
    memory, again = proposed("S", alert(), alert(number=2), memory=memory)
    assert [t.id for t in first + again] == ["S-T1", "S-T2"]
    memory, none = proposed("S", memory=memory)
    assert (none, memory.proposed, memory.serial) == ((), frozenset(), 2)


@pytest.mark.parametrize("change", [{"state": "closed"}, {"track": 8}, {"rule": "unheard_of"}, {"party": "N"}])
def test_no_task_for(change: dict) -> None:
    assert proposed("S", alert(**change))[1] == ()


def test_the_authority_is_asked_where_the_target_is() -> None:
    """Still over the strip that is nobody's: proposed, but nobody can approve it yet."""
    _, (task,) = proposed("S", alert())
    assert task.authority == ""
    assert "nobody" in task.reason
    assert task.clauses
    over = reauthorise(task, at(37.1), CHARTER, NOON_S + 60)
    assert (over.authority, over.changed_s) == ("S.defence", NOON_S + 60)


def test_a_crossing_target_changes_the_authority_and_says_so() -> None:
    _, (task,) = proposed("S", alert(state="observed"), lat_deg=37.5)
    assert task.authority == "S.defence"
    assert reauthorise(task, at(38.9), CHARTER, NOON_S + 1) is task
    crossed = reauthorise(task, at(39.1), CHARTER, NOON_S + 2)
    assert crossed.authority == "N.leader"
    assert "from S.defence to N.leader" in crossed.reason
    assert crossed.state == "proposed"
    with pytest.raises(Exception, match=r"S\.defence"):
        advance(crossed, Decision(task.id, "approve", "S.defence", NOON_S + 3), CHARTER, at(39.1), NOON_S + 3)


def test_where_a_post_is_empty_the_gap_is_seen() -> None:
    """The strip's only approver is vacant; a fast mover that falls there, in nobody's territory, has no proposer."""
    falling = {"rule": "fast_mover", "area": "", "event_lat_rad": math.radians(36.5)}
    assert proposed("S", alert(**falling))[1] == ()
    _, (task,) = proposed("S", alert(rule="fast_mover", severity="attack", event_lat_rad=math.radians(37.5)))
    assert task.verb == "warn"
    assert task.authority == ""  # the target itself is still over the strip
    assert "N.empty" in task.reason


def test_after_withdrawal_each_decides_at_home_and_the_rest_is_void() -> None:
    late = after_withdrawal()
    _, (task,) = proposed("S", alert(state="observed"), lat_deg=37.5)
    assert reauthorise(task, at(37.5), late, NOON_S).state == "proposed"
    gone = reauthorise(task, at(39.5), late, NOON_S + 5)
    assert (gone.state, gone.authority) == ("void", "")
    assert gone.clauses
    assert "no longer" in gone.reason
    assert reauthorise(gone, at(37.5), CHARTER, NOON_S + 6) is gone


def test_a_helper_whose_party_has_left_is_released() -> None:
    _, (task,) = proposed("S", alert(state="observed"), lat_deg=37.5)
    helped = replace(task, state="assigned", responder="N.leader")
    assert reauthorise(helped, at(37.5), CHARTER, NOON_S).state == "assigned"
    assert reauthorise(helped, at(37.5), after_withdrawal(), NOON_S).state == "void"


def test_a_proposal_whose_cause_is_over_lapses() -> None:
    _, (task,) = proposed("S", alert())
    lapsed = lapse(task, "the alert is closed", NOON_S + 9)
    assert (lapsed.state, lapsed.changed_s, lapsed.reason) == ("lapsed", NOON_S + 9, "the alert is closed")
    with pytest.raises(IllegalMove, match="lapsed"):
        lapse(lapsed, "", NOON_S)


def test_a_height_is_told_only_where_it_is_known() -> None:
    sky = picture(36.9, 69.5)
    known, unknown = (
        propose((alert(),), sky.replace(covariance=np.eye(6)[None] * sigma_m**2), CHARTER, "S", Memory(), NOON_S)[1][0]
        for sigma_m in (100.0, 3000.0)
    )
    assert "at 3000 m" in known.text
    assert "height not known" in unknown.text


def test_every_rule_has_a_verb_that_people_know() -> None:
    assert set(VERBS) == set(RULES)
    assert set(VERBS.values()) <= set(TASK_VERBS)


def test_a_task_is_a_sentence() -> None:
    for rule, state in (("border_violation", "open"), ("border_violation", "observed"), ("fast_mover", "open")):
        for each in proposed("S", alert(rule=rule, state=state))[1]:
            assert each.text.endswith(".")
            assert "nan" not in each.text
