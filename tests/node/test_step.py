"""A party's house, turn by turn: two doors, withdrawal, silence, tasks and decisions, against expectations by hand."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from houses import NOON_S, Eyes, Town, central_asia, house, noted, sent, shared, state, three, turn, word

from skyaccord.agreement import Act
from skyaccord.agreement.words import Identity
from skyaccord.earth.places import Place
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.errors import IllegalMove, Refused
from skyaccord.node.house import AlertSaid, House, Inbox, TaskSaid
from skyaccord.node.step import STALE_S, ask, declare, step
from skyaccord.picture import Shared
from skyaccord.sensors import Plots, parse_sites
from skyaccord.tasks import Decision, Task
from skyaccord.threats import Alert
from skyaccord.tracks import CONFIRMED, TENTATIVE, Tracker
from skyaccord.wire import Message
from skyaccord.wire.formats.message import columns_from_bytes, columns_to_bytes

INSIDE = state(38.5, 69.0)  # of the region of collective security
APPROACH = state(36.6, 69.0)
ELSEWHERE = state(35.0, 69.0)
LOW = state(38.5, 69.2, height_m=390.0)
NORTH = state(40.4, 69.7)
REGION = Place(math.radians(38.5), math.radians(69.0), 3000.0)


def duty(party: str = "TJ", flights: dict[int, Any] | None = None) -> House:
    return house(party, central_asia(), flights)


def delivery(body: bytes | Shared, sender: str = "RU", to: str = "TJ", second: float = 1.0) -> Message:
    return word("tracks", sender, to, NOON_S + second, body)


def an_alert(**change: Any) -> Alert:
    alert = Alert(
        id="RU-A1",
        rule="border_violation",
        party="RU",
        time_s=NOON_S,
        severity="warning",
        track=7,
        lat_rad=REGION.lat_rad,
        lon_rad=REGION.lon_rad,
        height_m=REGION.height_m,
        speed_mps=60.0,
        area="region",
        event_time_s=NOON_S,
        event_lat_rad=REGION.lat_rad,
        event_lon_rad=REGION.lon_rad,
        event_sigma_s=3.0,
        state="observed",
        text="A target.",
    )
    return dataclasses.replace(alert, **change)


def a_task(**change: Any) -> Task:
    task = Task(
        id="RU-T1",
        verb="identify",
        alert="RU-A1",
        track=7,
        party="RU",
        proposed_s=NOON_S,
        state="proposed",
        authority="TJ.air-defence",
        clauses=("Art. 3(2)",),
        responder="",
        changed_s=NOON_S,
        text="Identify it.",
    )
    return dataclasses.replace(task, **change)


def told_alert(known_as: tuple[tuple[str, int], ...] = (), **change: Any) -> bytes:
    return msgspec.msgpack.encode(AlertSaid(an_alert(**change), known_as))


def told_task(place: Place = REGION, known_as: tuple[tuple[str, int], ...] = (), **change: Any) -> bytes:
    return msgspec.msgpack.encode(TaskSaid(a_task(**change), place, known_as))


# --- the receiver's door: tracks


def test_tracks_outside_the_release_are_dropped_counted_and_noted_once() -> None:
    many = shared(NOON_S + 1, {1: INSIDE, 2: APPROACH, 3: ELSEWHERE, 4: state(34.0, 60.0)})
    tj, out = turn(duty(), delivery(many))
    assert tj.picture.shared_number.tolist() == [1, 2]
    assert tj.picture.clause.tolist() == [b"Annex B(1)", b"Annex B(1)"]  # what our charter finds, not what they claim
    assert tj.refused == {"RU tracks": 2}
    (refusal,) = noted(out, "refusal")
    assert (refusal["who"], refusal["what"], refusal["count"]) == ("RU", "tracks", 2)
    tj, out = turn(tj, delivery(shared(NOON_S + 2, {3: ELSEWHERE}), second=2), second=2)
    assert (tj.refused, noted(out, "refusal"), len(tj.picture)) == ({"RU tracks": 3}, [], 0)


def test_a_floor_and_a_withholding_hold_at_the_receiver_too() -> None:
    friend = np.full(4, Identity.FRIEND)
    theirs = shared(NOON_S + 1, {1: INSIDE, 2: LOW, 3: NORTH, 4: state(36.6, 69, 100.0)}, identity=friend)
    ru, _ = turn(duty("RU"), delivery(theirs, "TJ", "RU"))
    assert dict(zip(ru.picture.shared_number.tolist(), ru.picture.clause.tolist(), strict=True)) == {
        1: b"Annex B(2)",
        4: b"Annex B(3)",
    }


def spoiled(column: str, value: float, *at: int) -> Callable[[Shared], Shared]:
    def spoil(fine: Shared) -> Shared:
        values = getattr(fine, column).copy()
        values[(0, *at)] = value
        return fine.replace(**{column: values})

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        *(spoiled("state", value, k) for value in (np.nan, np.inf, 1e200) for k in (0, 4)),
        *(spoiled("covariance", value, 0, 0) for value in (np.nan, np.inf, 0.0, -1e4, 1e300)),
        *(spoiled("covariance", value, 4, 4) for value in (0.0, -9.0)),
        spoiled("covariance", 5e3, 0, 1),  # not symmetric
        *(spoiled("time_s", value) for value in (np.nan, np.inf, 0.0, NOON_S + 1e6)),
        *(spoiled("updated_s", value) for value in (np.nan, np.inf, NOON_S + 1e6)),
        spoiled("number", -1),
        spoiled("status", TENTATIVE),
        spoiled("status", 77),
        spoiled("identity", 200),
        spoiled("air_class", 200),
    ],
)
def test_a_row_that_is_no_estimate_is_dropped_and_its_neighbour_kept(spoil: Callable[[Shared], Shared]) -> None:
    theirs = spoil(shared(NOON_S + 1, {1: INSIDE, 2: INSIDE}))
    tj, _ = turn(duty(flights={9: INSIDE}), delivery(theirs))
    assert tj.refused == {"RU tracks": 1}
    assert (tj.picture.shared_number.tolist(), tj.picture.own_number.tolist()) == ([int(theirs.number[1])], [9])
    assert np.isfinite(tj.picture.state).all()


def test_every_row_broken_leaves_a_house_that_goes_on() -> None:
    theirs = spoiled("covariance", np.nan, 2, 2)(shared(NOON_S + 1, {1: INSIDE}))
    tj, _ = turn(duty(flights={9: INSIDE}), delivery(theirs))
    assert tj.picture.own_number.tolist() == [9]


@pytest.mark.parametrize("column", ["number", "state", "covariance", "clause", "callsign", "time_s"])
def test_columns_of_another_type_are_turned_away_whole(column: str) -> None:
    fine = shared(NOON_S + 1, {1: INSIDE})
    table = fine.to_arrow().cast(Shared.schema())
    wrong = pa.array(["x"]) if column != "callsign" else pa.array([1])
    table = table.set_column(table.column_names.index(column), column, wrong)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    tj, out = turn(duty(), delivery(sink.getvalue().to_pybytes()))
    assert (tj.refused, len(tj.picture)) == ({"RU broken tracks": 1}, 0)
    assert f"column '{column}'" in noted(out, "refusal")[0]["reason"]


# --- the receiver's door: everything else


@pytest.mark.parametrize("kind", ["tracks", "alert", "task", "decision"])
def test_a_corrupted_body_is_noted_once_and_changes_nothing(kind: Any) -> None:
    whole = {
        "tracks": columns_to_bytes(shared(NOON_S + 1, {1: INSIDE})),
        "alert": told_alert(),
        "task": told_task(),
        "decision": msgspec.msgpack.encode(Decision("TJ-T1", "approve", "RU.duty", NOON_S)),
    }[kind]
    bodies = [b"", b"\xff", b"\x80", whole[: len(whole) // 2], whole[:-1] + b"\xc1\xc1", b"\x93\x01\x02\x03"]
    tj, out = turn(duty(flights={9: INSIDE}), *(word(kind, "RU", "TJ", NOON_S + 1, body) for body in bodies))
    assert tj.refused == {f"RU broken {kind}": len(bodies)}
    assert len(noted(out, "refusal")) == 1
    assert (tj.alerts, tj.tasks, tj.deliveries) == ({}, {}, {})
    assert tj.picture.own_number.tolist() == [9]


def test_a_corrupted_act_changes_nothing() -> None:
    tj, out = turn(duty(), word("act", "RU", "TJ", NOON_S + 1, b"\xff"))
    assert len(noted(out, "refusal")) == 1
    assert tj.agreement == central_asia()


def test_words_for_another_party_and_from_nobody_are_turned_away() -> None:
    theirs = shared(NOON_S + 1, {1: INSIDE})
    leave = msgspec.msgpack.encode(Act("withdraw", "RU", "RU.government", NOON_S + 0.5))
    tj, out = turn(
        duty(),
        delivery(theirs, "RU", "RU"),
        word("alert", "KZ", "TJ", NOON_S, told_alert(party="KZ", id="KZ-A1")),
        word("alert", "UZ", "TJ", NOON_S, told_alert(party="UZ", id="UZ-A1")),
        word("act", "RU", "XX", NOON_S, leave),
    )
    assert tj.refused == {"RU tracks": 1, "no party alert": 2, "RU act": 1}
    assert (len(tj.picture), tj.alerts, tj.agreement) == (0, {}, central_asia())
    assert len(noted(out, "refusal")) == 3


def test_a_released_alert_and_task_come_in_known_by_our_own_numbers() -> None:
    tj, _ = turn(duty(flights={9: INSIDE}), delivery(shared(NOON_S + 1, {1: NORTH})))
    joint = dict(zip(tj.picture.own_number.tolist(), tj.picture.number.tolist(), strict=True))
    words = (
        word("alert", "RU", "TJ", NOON_S, told_alert((("KZ", 5), ("TJ", 9)))),
        word("task", "RU", "TJ", NOON_S, told_task(REGION, (("RU", 1),))),
    )
    tj, _ = turn(tj, *words, delivery(shared(NOON_S + 2, {1: NORTH}), second=2), second=2)
    assert tj.alerts["RU-A1"].track == joint[9]
    assert tj.tasks["RU-T1"].track == joint[-1]
    tj, _ = turn(tj, word("alert", "RU", "TJ", NOON_S, told_alert((("RU", 12345),))), second=3)
    assert tj.alerts["RU-A1"].track == -1


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("alert", told_alert(party="TJ")),
        ("alert", told_alert(id="TJ-A1")),
        ("alert", told_alert(id="A1")),
        ("alert", told_alert(state="imagined")),
        ("alert", told_alert(lat_rad=math.radians(35.0))),
        ("alert", told_alert(lat_rad=math.nan)),
        ("task", told_task(party="TJ")),
        ("task", told_task(id="TJ-T1")),
        ("task", told_task(state="sunk")),
        ("task", told_task(verb="engage")),
        ("task", told_task(Place(math.radians(35.0), math.radians(69.0), 3000.0))),
    ],
)
def test_an_alert_or_task_that_is_not_the_senders_or_not_released_stays_out(kind: Any, body: bytes) -> None:
    tj, out = turn(duty(), word(kind, "RU", "TJ", NOON_S + 1, body))
    assert tj.refused == {f"RU {kind}": 1}
    assert (tj.alerts, tj.tasks, tj.places) == ({}, {}, {})
    assert (noted(out, "alert"), noted(out, "task")) == ([], [])


# --- three neighbours: a drone over A flies north into B, and B sees it


def drone(lat_deg: float = 38.9) -> Any:
    return state(lat_deg, 69.0, 3000.0, north_mps=60.0)


@pytest.fixture
def town() -> Town:
    """B has proposed a task, A's post has the authority: the target is still over A."""
    town = Town(A=house("A", three()), B=house("B", three(), {5: drone()}), C=house("C", three()))
    town.turn(3)
    assert town.houses["B"].tasks["B-T1"].authority == "A.air"
    assert town.houses["A"].tasks["B-T1"] == dataclasses.replace(town.houses["B"].tasks["B-T1"], track=1)
    return town


def test_another_party_cannot_move_our_task_by_its_own_words(town: Town) -> None:
    before = town.houses["B"].tasks["B-T1"]
    words = [
        word("task", "A", "B", NOON_S + 4, told_task(id="B-T1", party="A", state="closed")),
        word("decision", "A", "B", NOON_S, msgspec.msgpack.encode(Decision("B-T1", "refuse", "B.air", NOON_S))),
        word("decision", "C", "B", NOON_S, msgspec.msgpack.encode(Decision("B-T1", "refuse", "A.air", NOON_S))),
        word("decision", "C", "B", NOON_S, msgspec.msgpack.encode(Decision("B-T1", "refuse", "X.ghost", NOON_S))),
    ]
    b, out = turn(town.houses["B"], *words, second=4)
    assert b.tasks["B-T1"] == before
    assert b.refused == {"A task": 1, "A decision": 1, "C decision": 2}
    assert (noted(out, "task"), noted(out, "decision")) == ([], [])


def test_a_decision_on_a_task_that_is_not_ours_is_not_passed_on(town: Town) -> None:
    said = msgspec.msgpack.encode(Decision("B-T1", "approve", "C.air", NOON_S))
    a, out = turn(town.houses["A"], word("decision", "C", "A", NOON_S, said), second=4)
    assert a.refused == {"C decision": 1}
    assert not [m for m in out.messages if m.kind == "decision"]


def test_a_refused_decision_is_noted_with_its_clauses(town: Town) -> None:
    b, out, no = ask(town.houses["B"], Decision("B-T1", "approve", "B.air", NOON_S + 3))
    assert isinstance(no, Refused)
    (refusal,) = noted(out, "refusal")
    assert (refusal["who"], refusal["move"], refusal["what"]) == ("B.air", "approve", "B-T1")
    assert refusal["clauses"] == list(no.clauses)
    assert "2" in no.clauses
    assert b.tasks["B-T1"].state == "proposed"
    assert not out.messages


def test_a_decision_on_anothers_task_is_sent_on_and_done_there(town: Town) -> None:
    town.houses["A"], out, no = ask(town.houses["A"], Decision("B-T1", "approve", "A.air", NOON_S + 3))
    assert no is None
    assert town.houses["A"].tasks["B-T1"].state == "proposed"  # until its own house says so
    (message,) = sent(out, "decision", "B")
    assert msgspec.msgpack.decode(message.body, type=Decision).post == "A.air"
    town.take("A", out)
    town.turn()
    (done,) = town.bodies("B", "decision")
    assert (done.post, done.move) == ("A.air", "approve")
    assert town.houses["B"].tasks["B-T1"].state == "approved"
    town.turn()
    assert town.houses["A"].tasks["B-T1"].state == "approved"
    assert town.houses["C"].tasks["B-T1"].state == "approved"
    # a second one comes too late
    b, out, no = ask(town.houses["B"], Decision("B-T1", "refuse", "A.air", NOON_S + 5))
    assert isinstance(no, IllegalMove)
    assert "approved" in noted(out, "refusal")[0]["reason"]
    assert b.tasks["B-T1"].state == "approved"
    _, out, no = ask(b, Decision("B-T9", "approve", "B.air", NOON_S + 5))
    assert isinstance(no, IllegalMove)
    assert "B-T9" in noted(out, "refusal")[0]["reason"]


def test_two_houses_decide_at_once_and_the_first_to_arrive_holds(town: Town) -> None:
    a = town.houses["A"]
    a, out, _ = ask(a, Decision("B-T1", "approve", "A.air", NOON_S + 3))
    town.take("A", out)
    town.houses["A"], out, no = ask(a, Decision("B-T1", "refuse", "A.gov", NOON_S + 3))
    assert no is None
    town.take("A", out)
    town.turn()
    assert town.houses["B"].tasks["B-T1"].state == "approved"
    (late,) = town.bodies("B", "refusal")
    assert (late["who"], late["move"]) == ("A.gov", "refuse")


def test_the_authority_passes_where_the_target_crosses_and_the_log_says_so(town: Town) -> None:
    town.eyes("B").flights[5] = state(39.0, 69.0, 3000.0, north_mps=60.0)
    town.eyes("B").flights[5][:3] -= town.eyes("B").flights[5][3:] * 4.5  # over the border between two turns
    town.turn()
    assert town.houses["B"].tasks["B-T1"].authority == "A.air"
    town.turn()
    task = town.houses["B"].tasks["B-T1"]
    assert task.authority == "B.air"
    assert "authority passes from A.air to B.air" in task.reason
    assert town.bodies("B", "task")[-1] == task
    _, _, no = ask(town.houses["B"], Decision("B-T1", "approve", "B.air", NOON_S + 5))
    assert no is None
    _, _, no = ask(town.houses["B"], Decision("B-T1", "approve", "A.air", NOON_S + 5))
    assert isinstance(no, Refused)


def test_a_proposal_lapses_when_its_alert_closes(town: Town) -> None:
    town.eyes("B").flights.clear()
    town.turn(2)
    assert town.bodies("B", "alert")[-1].state == "closed"
    assert [task.state for task in town.bodies("B", "task")] == ["proposed", "lapsed"]
    town.turn(2)
    b, a = town.houses["B"], town.houses["A"]
    assert (b.tasks, b.alerts, b.places, b.told) == ({}, {}, {}, {})
    assert not [id_ for id_ in (*a.tasks, *a.alerts) if id_.startswith("B")]


def test_an_end_over_the_sea_is_told_as_it_was_known() -> None:
    town = Town(A=house("A", three()), B=house("B", three(), {5: drone()}))
    town.turn(3)
    known = town.houses["A"].alerts["B-A1"]
    town.eyes("B").flights[5] = state(37.5, 69.0, 3000.0, north_mps=-60.0)  # over the sea, and away
    town.turn(6)
    town.eyes("B").flights.clear()
    town.turn(2)
    assert "B-A1" not in town.houses["B"].alerts
    assert "B-A1" not in town.houses["A"].alerts
    assert "B-T1" not in town.houses["A"].tasks
    (closed,) = [a for a in town.bodies("A", "alert") if a.id == "B-A1" and a.state == "closed"]
    assert (closed.lat_rad, closed.lon_rad) == (known.lat_rad, known.lon_rad)
    assert all(math.degrees(p.lat_rad) > 38 for p in town.houses["A"].places.values())
    for message in town.words:
        if message.kind == "task":
            assert math.degrees(msgspec.msgpack.decode(message.body, type=TaskSaid).place.lat_rad) > 38


def test_what_only_a_third_party_shows_us_is_not_ours_to_tell() -> None:
    town = Town(A=house("A", three()), B=house("B", three()), C=house("C", three(), {5: drone()}))
    town.turn(6)
    assert town.houses["B"].tasks["B-T1"].party == "B"  # by C's eyes, B sees it come
    tellers = {(m.sender, m.to) for m in town.words if m.kind in ("alert", "task")}
    assert ("B", "C") in tellers
    assert ("C", "A") in tellers
    assert ("B", "A") not in tellers
    assert ("A", "B") not in tellers


# --- the sender's door


def test_only_released_tracks_leave_and_each_under_its_clause() -> None:
    flights = {1: INSIDE, 2: LOW, 3: APPROACH, 4: ELSEWHERE}
    _, out = turn(duty("TJ", flights))
    (message,) = out.messages
    gone = columns_from_bytes(Shared, message.body)
    assert (message.kind, message.to, gone.number.tolist()) == ("tracks", "RU", [1, 3])
    assert gone.clause.tolist() == [b"Annex B(2)", b"Annex B(3)"]
    _, out = turn(duty("RU", flights))
    assert columns_from_bytes(Shared, out.messages[0].body).number.tolist() == [1, 2, 3]


def test_what_others_showed_us_is_never_sent_on() -> None:
    town = Town(A=house("A", three()), B=house("B", three()), C=house("C", three(), {5: state(38.5, 69.0)}))
    town.turn(3)
    assert town.houses["B"].picture.shared_number.tolist() == [5]
    assert {m.kind for m in town.words if m.sender in ("A", "B")} == {"heartbeat"}


def test_nothing_goes_to_or_comes_from_a_party_that_is_not_in_force() -> None:
    law = three(third=False)
    town = Town(A=house("A", law, {1: state(38.5, 69)}), B=house("B", law), C=house("C", law, {5: state(39.5, 71)}))
    town.turn(3)
    assert {(m.sender, m.to) for m in town.words} == {("A", "B"), ("B", "A")}
    forged = word("tracks", "C", "A", NOON_S + 4, shared(NOON_S + 4, {5: state(38.5, 69.0)}))
    a, _ = turn(town.houses["A"], forged, second=4)
    assert a.refused == {"C tracks": 1}
    town.houses["C"], out = declare(town.houses["C"], Act("accede", "C", "C.gov", NOON_S + 3.5))
    town.take("C", out)
    town.turn(2)
    assert ("C", "A") in {(m.sender, m.to) for m in town.words}
    assert town.houses["B"].links == {"A": "up", "C": "silent"}
    town.turn()
    assert town.houses["B"].links == {"A": "up", "C": "up"}
    assert 5 in town.houses["A"].picture.shared_number


def test_our_tentative_tracks_stay_at_home() -> None:
    class Unsure(Eyes):
        def copy(self) -> Unsure:
            return self

        def snapshot(self, time_s: float) -> Any:
            tracks = super().snapshot(time_s)
            return tracks.replace(status=np.full(len(tracks), TENTATIVE))

    tj = dataclasses.replace(duty(), tracker=Unsure({1: INSIDE}))  # type: ignore[arg-type]
    tj, out = turn(tj)
    assert (len(tj.picture), [m.kind for m in out.messages]) == (0, ["heartbeat"])


# --- acts and withdrawal


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (Act("withdraw", "TJ", "TJ.government", NOON_S), "RU cannot act for TJ"),
        (Act("withdraw", "RU", "RU.central-district", NOON_S), "bound only by the acts of RU.government"),
        (Act("suspend", "RU", "RU.government", NOON_S + 1e6), "from now"),
        (Act("suspend", "RU", "RU.government", 0.0), "never go back"),
        (Act("sign", "RU", "RU.government", NOON_S), "no such step"),
        (Act("conquer", "RU", "RU.government", NOON_S), "no act"),
    ],
)
def test_an_act_that_cannot_be_is_refused_and_noted(act: Act, says: str) -> None:
    tj, out = turn(duty(), word("act", "RU", "TJ", NOON_S, msgspec.msgpack.encode(act)))
    (refusal,) = noted(out, "refusal")
    assert says in refusal["reason"]
    assert tj.agreement == central_asia()
    assert tj.links["RU"] == "silent"


def test_an_act_dated_ahead_does_not_bar_our_own_withdrawal() -> None:
    ahead = Act("suspend", "RU", "RU.government", NOON_S + 1e6)
    tj, _ = turn(duty(), word("act", "RU", "TJ", NOON_S, msgspec.msgpack.encode(ahead)))
    tj, out = declare(tj, Act("withdraw", "TJ", "TJ.government", NOON_S + 2))
    assert [act.kind for act in noted(out, "act")] == ["withdraw"]
    assert [m.to for m in out.messages] == ["RU"]


def test_a_house_does_no_act_for_another() -> None:
    tj, out = declare(duty(), Act("withdraw", "RU", "RU.government", NOON_S + 1))
    assert len(noted(out, "refusal")) == 1
    assert (out.messages, tj.agreement) == ((), central_asia())


def test_from_the_instant_of_withdrawal_nothing_goes_nothing_comes_and_all_of_theirs_is_gone() -> None:
    words = (
        delivery(shared(NOON_S + 1, {1: INSIDE, 2: NORTH})),
        word("alert", "RU", "TJ", NOON_S, told_alert()),
        word("task", "RU", "TJ", NOON_S, told_task()),
    )
    tj, _ = turn(duty(flights={9: APPROACH}), *words)
    tj, _ = turn(tj, second=2)
    assert (len(tj.picture), [*tj.alerts], [*tj.tasks], tj.links) == (3, ["RU-A1"], ["RU-T1"], {"RU": "up"})
    leave = word(
        "act", "RU", "TJ", NOON_S, msgspec.msgpack.encode(Act("withdraw", "RU", "RU.government", NOON_S + 2.5))
    )
    tj, out = turn(tj, leave, *words, second=3)  # with it, in the same turn, what was still on the way
    assert out.messages == ()
    assert tj.picture.own_number.tolist() == [9]
    assert tj.picture.sources.tolist() == [2]
    assert (tj.alerts, tj.tasks, tj.deliveries, tj.links) == ({}, {}, {}, {"RU": "closed"})
    assert noted(out, "link") == [{"party": "RU", "state": "closed"}]
    assert [alert.state for alert in noted(out, "alert")] == ["closed"]
    assert [task.state for task in noted(out, "task")] == ["void"]
    assert tj.refused == {"RU tracks": 1, "RU alert": 1, "RU task": 1}
    tj, out = turn(tj, *words, second=4)
    assert (out.messages, noted(out, "refusal")) == ((), [])
    assert tj.refused == {"RU tracks": 2, "RU alert": 2, "RU task": 2}
    assert len(tj.picture) == 1


def test_who_withdraws_is_in_the_dark_at_once_itself() -> None:
    tj, _ = turn(duty(flights={9: INSIDE}), delivery(shared(NOON_S + 1, {1: NORTH})))
    assert len(tj.picture) == 2
    tj, out = declare(tj, Act("withdraw", "TJ", "TJ.government", NOON_S + 1.5))
    assert [(m.kind, m.to) for m in out.messages] == [("act", "RU")]
    tj, out = turn(tj, delivery(shared(NOON_S + 2, {1: NORTH}), second=2), second=2)
    assert (tj.picture.own_number.tolist(), out.messages) == ([9], ())


# --- silence


def test_a_link_that_falls_silent_and_comes_back() -> None:
    tj, said = duty(), []
    for second in range(1, 41):
        speaks = second <= 3 or second >= 35
        words = (delivery(shared(NOON_S + second, {1: INSIDE}), second=second),) if speaks else ()
        tj, out = turn(tj, *words, second=second)
        said += [(second, each["state"]) for each in noted(out, "link")]
        assert len(tj.picture) == (1 if second < 3 + STALE_S or speaks else 0), second
    assert said == [(1, "silent"), (2, "up"), (9, "silent"), (36, "up")]


def test_a_heartbeat_says_that_there_is_nothing_now() -> None:
    tj, _ = turn(duty(), delivery(shared(NOON_S + 1, {1: INSIDE})))
    assert len(tj.picture) == 1
    tj, _ = turn(tj, word("heartbeat", "RU", "TJ", NOON_S + 2), second=2)
    assert (len(tj.picture), tj.links) == (0, {"RU": "up"})


# --- what a house is


SITES = parse_sites(
    "[[sensor]]\nsac = 1\nsic = 1\nlat_deg = 38.5\nlon_deg = 68.8\nheight_m = 820\nscan_s = 5", "one radar"
)


def plot(second: float) -> Plots:
    """One plot of an aircraft that flies north-east, seen from the one radar."""
    there = state(38.2, 69.0, 9000.0, 120.0, 150.0)
    enu = enu_axes(SITES.lat_rad[0], SITES.lon_rad[0]) @ (
        there[:3] + second * there[3:] - ecef(SITES.lat_rad[0], SITES.lon_rad[0], SITES.height_m[0])
    )
    return Plots.blank(1).replace(
        time_s=np.array([NOON_S + second]),
        source=SITES.source,
        range_m=np.array([np.linalg.norm(enu)]),
        azimuth_rad=np.array([math.atan2(enu[0], enu[1])]),
        pressure_alt_m=np.array([9000.0]),
        mode_a=np.array([0o1234]),
    )


def frozen(of: House) -> str:
    """All that a house holds, its tracker's arrays too."""
    tracker = of.tracker
    parts = {f.name: getattr(of, f.name) for f in dataclasses.fields(of) if f.name not in ("tracker", "picture")}
    parts["deliveries"] = {p: (d.time_s, d.shared.to_arrow().to_pydict()) for p, d in of.deliveries.items()}
    held = [part.tolist() for part in (*tracker._store, *tracker._laws)]
    return repr((parts, of.picture.to_arrow().to_pydict(), held, tracker.rejected, tracker.used))


def test_a_step_is_pure() -> None:
    ru = House("RU", central_asia(), Tracker(SITES), NOON_S)
    for second in range(1, 30):
        body = shared(NOON_S + second, {7: state(38.25, 69.1, 9000.0), 8: LOW})
        plots = plot(second - 0.5) if second % 5 == 0 else Plots.empty()
        words = (delivery(body, "TJ", "RU", second), word("alert", "TJ", "RU", NOON_S, b"junk"))
        inbox = Inbox(plots, words, decisions=(Decision("TJ-T1", "approve", "RU.duty", NOON_S),))
        before = frozen(ru)
        one, two = step(ru, inbox, NOON_S + second), step(ru, inbox, NOON_S + second)
        assert frozen(ru) == before
        assert repr(one[1]) == repr(two[1])
        assert frozen(one[0]) == frozen(two[0])
        ru = one[0]
    assert (ru.tracker.snapshot(NOON_S + 29).status == CONFIRMED).sum() == 1
    assert len(ru.picture) == 2


def test_a_joint_number_stays_through_the_coming_and_going_of_its_sources() -> None:
    """One aircraft, seen by A, B and C in every combination that has at least one of them."""
    town = Town(A=house("A", three()), B=house("B", three()), C=house("C", three()))
    aircraft = state(38.5, 69.0, 9000.0, 100.0)
    other = state(38.5, 69.5, 9000.0, 100.0)
    seen_by = ["A", "AB", "ABC", "BC", "B", "BC", "C", "AC", "ABC", "B", "AB", "A", "AC", "C", "BC", "B", "ABC", "A"]
    numbers = set()
    for k, who in enumerate(seen_by):
        for party in "ABC":
            town.eyes(party).flights = {10 + k // 6: aircraft} if party in who else {}
        town.eyes("B").flights[99] = other
        town.turn(3)
        picture = town.houses["A"].picture
        here = np.flatnonzero(np.abs(picture.lon_rad - math.radians(69.0)) < 1e-3)
        assert len(here) == 1, (k, who)
        assert int(picture.sources[here[0]]) == sum(1 << "ABC".index(party) for party in who)
        numbers.add(int(picture.number[here[0]]))
    assert len(numbers) <= 3  # an own track's number changes twice, where nobody else holds on to it
    assert len({int(n) for n in town.houses["A"].picture.number}) == 2


def test_thousands_of_empty_turns_leave_nothing_behind() -> None:
    tj = House("TJ", central_asia(), Tracker(SITES), NOON_S)
    lines = 0
    for second in range(1, 2501):
        tj, out = turn(tj, second=second)
        lines += len(out.notes)
        if second == 10:
            early = len(frozen(tj))
    assert lines == 1  # the link is silent
    assert len(frozen(tj)) < early + 20


def test_what_comes_and_goes_is_let_go() -> None:
    tj, sizes = duty(), []
    for second in range(1, 241):
        ends = {"state": "closed"} if second % 2 == 0 else {}
        n = (second + 1) // 2
        words = [
            word("task", "RU", "TJ", NOON_S, told_task(id=f"RU-T{n}", **ends)),
            word("alert", "RU", "TJ", NOON_S, told_alert(id=f"RU-A{n}", **ends)),
            delivery(shared(NOON_S + second, {100 + n: INSIDE}), second=second),
            word("alert", f"X{second}", "TJ", NOON_S, told_alert()),
        ]
        eyes = Eyes({1000 + n: state(37.6, 69.0, 3000.0, 60.0), n: state(39.0, 69.0)})
        tj, _ = turn(dataclasses.replace(tj, tracker=eyes), *words, second=second)  # type: ignore[arg-type]
        sizes.append(
            [len(each) for each in (tj.alerts, tj.tasks, tj.places, tj.told, tj.refused, tj.deliveries, tj.heard_s)]
            + [len(tj.fusion.own), len(tj.fusion.shared), len(tj.watch.watches), len(tj.proposals.proposed)]
        )
    assert (np.max(sizes[200:], axis=0) <= np.max(sizes[:40], axis=0)).all()


def test_numbers_far_apart_cost_no_memory() -> None:
    high = 2_000_000_000
    tj, out = turn(duty(flights={high: INSIDE, 3: APPROACH}))
    gone = columns_from_bytes(Shared, out.messages[0].body)
    assert gone.number.tolist() == [high, 3]
    assert gone.identity.tolist() == [Identity.UNKNOWN, Identity.UNKNOWN]
    assert tj.picture.own_number.tolist() == [high, 3]
