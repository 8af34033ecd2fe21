"""Who may do what where: questions whose answers were written from the square world's text before the code spoke."""

from __future__ import annotations

import math

import pytest
from three_parties import DAY, HISTORY, IN_FORCE_S, TEXT, at

from skyaccord.agreement import Act, Charter, add_act, authority, charter, may, parse
from skyaccord.agreement.words import POWERS, TASK_VERBS
from skyaccord.earth import Place

NOW_S = IN_FORCE_S + 2 * DAY
X_HOME, Y_HOME, Z_HOME = at(1, 1), at(1, 3), at(3, 1)
HIGH_SEA, LOW_SEA, NOWHERE = at(-1, 1, 1000.0), at(-1, 1, 999.9), at(10, 10)


def law(text: str = TEXT, *acts: Act, time_s: float = NOW_S) -> Charter:
    agreement = parse(text, "square.toml")
    for act in (*HISTORY, Act("accede", "Z", "Z.gov", IN_FORCE_S + DAY), *acts):
        agreement = add_act(agreement, act)
    return charter(agreement, time_s)


@pytest.mark.parametrize(
    ("who", "verb", "what", "where", "yes", "clauses"),
    [
        ("X.air", "approve", "intercept", X_HOME, True, ("P 1", "Sovereignty")),
        ("X.air", "manage", "warn", X_HOME, True, ("P 1", "Sovereignty")),
        ("X.gov", "approve", "intercept", X_HOME, True, ("Sovereignty",)),
        ("Y.air", "approve", "identify", X_HOME, False, ("P 1", "Sovereignty", "Default deny")),
        ("Y.air", "approve", "identify", Y_HOME, True, ("P 3", "Sovereignty")),
        ("Y.air", "approve", "identify", HIGH_SEA, True, ("P 3",)),
        ("Y.air", "approve", "identify", LOW_SEA, False, ("S 4", "Default deny")),
        ("X.air", "approve", "identify", HIGH_SEA, False, ("P 3", "Default deny")),
        ("X.air", "observe", "identify", LOW_SEA, True, ("P 5",)),
        ("X.gov", "approve", "identify", HIGH_SEA, False, ("P 3", "Default deny")),
        ("Y.deputy", "approve", "support", Y_HOME, False, ("Vacancy",)),
        ("Y.air", "approve", "support", Y_HOME, False, ("Sovereignty", "Default deny")),
        ("Y.gov", "approve", "support", Y_HOME, True, ("Sovereignty",)),
        ("Y.gov", "approve", "support", HIGH_SEA, False, ("Vacancy", "S 4", "Default deny")),
        ("staff", "coordinate", "cue", X_HOME, True, ("P 4",)),
        ("staff", "approve", "cue", X_HOME, False, ("P 1", "Sovereignty", "Default deny")),
        ("Z.militia", "approve", "escort", Z_HOME, True, ("P 6", "Sovereignty")),
        ("X.air", "approve", "identify", NOWHERE, False, ("Default deny",)),
        ("X.air", "approve", "identify", None, False, ("Default deny",)),
        ("X.air", "approve", "identify", Place(math.nan, 0.0, 0.0), False, ("Default deny",)),
        ("Y.air", "approve", "identify", at(-1, 1, math.nan), False, ("S 4", "Default deny")),
        ("X.air", "approve", "identify", at(1, 1, math.nan), True, ("P 1", "Sovereignty")),
        ("X.air", "approve", "destroy", X_HOME, False, ("Default deny",)),
        ("X.air", "command", "identify", X_HOME, False, ("Default deny",)),
        ("W.air", "approve", "identify", X_HOME, False, ("Default deny",)),
        ("X.gov", "withdraw", "agreement", None, True, ("T 5", "Sovereignty")),
        ("X.air", "withdraw", "agreement", None, False, ("T 5", "Sovereignty")),
        ("staff", "terminate", "agreement", None, False, ("T 6",)),
        ("X.gov", "withdraw", "identify", None, False, ("Default deny",)),
        ("X.gov", "sign", "agreement", None, False, ("T 2",)),
    ],
)
def test_questions(who: str, verb: str, what: str, where: Place | None, yes: bool, clauses: tuple[str, ...]) -> None:
    ruling = may(law(), who, verb, what, where, NOW_S)
    assert (ruling.allowed, ruling.clauses) == (yes, clauses), ruling
    assert ruling.reason


@pytest.mark.parametrize(
    ("verb", "what", "where", "post", "first"),
    [
        ("approve", "identify", X_HOME, "X.air", "P 1"),
        ("approve", "identify", HIGH_SEA, "Y.air", "P 3"),
        ("approve", "identify", LOW_SEA, "", "S 4"),
        ("approve", "support", Y_HOME, "Y.gov", "Sovereignty"),
        ("approve", "support", HIGH_SEA, "", "Vacancy"),
        ("coordinate", "identify", Y_HOME, "staff", "P 4"),
        ("approve", "identify", NOWHERE, "", "Default deny"),
    ],
)
def test_authority_follows_the_place(verb: str, what: str, where: Place, post: str, first: str) -> None:
    ruling = authority(law(), verb, what, where, NOW_S)
    assert (ruling.post, ruling.clauses[0], ruling.allowed) == (post, first, bool(post))


def test_a_no_names_who_may() -> None:
    ruling = may(law(), "Y.air", "approve", "identify", X_HOME, NOW_S)
    assert ruling.post == "X.air"
    assert "is for X.air" in ruling.reason


def test_withdrawal_takes_the_agreements_powers_and_leaves_the_sovereign_ones() -> None:
    """Y goes: its rule over the sea ends at the very instant, its rule at home never."""
    left = law(TEXT, Act("withdraw", "Y", "Y.gov", NOW_S))
    effect = NOW_S + 10 * DAY
    for question in (NOW_S, math.nextafter(effect, 0)):
        assert may(left, "Y.air", "approve", "identify", HIGH_SEA, question).allowed
    gone = may(left, "Y.air", "approve", "identify", HIGH_SEA, effect)
    assert (gone.allowed, gone.clauses) == (False, ("T 5", "In force"))
    assert authority(left, "approve", "identify", HIGH_SEA, effect).post == ""
    home = may(left, "Y.air", "approve", "identify", Y_HOME, effect)
    assert (home.allowed, home.clauses) == (True, ("Sovereignty", "P 3"))
    assert authority(left, "approve", "identify", Y_HOME, effect).post == "Y.air"
    assert not may(left, "staff", "coordinate", "identify", Y_HOME, effect).allowed
    assert may(left, "staff", "coordinate", "identify", X_HOME, effect).allowed


def test_a_suspended_party_has_no_power_abroad_and_cites_the_suspension() -> None:
    paused = law(TEXT, Act("suspend", "Y", "Y.gov", NOW_S))
    ruling = may(paused, "Y.air", "approve", "identify", HIGH_SEA, NOW_S)
    assert (ruling.allowed, ruling.clauses) == (False, ("T 4", "In force"))


def test_before_entry_into_force_nobody_has_power_but_at_home() -> None:
    early = law(time_s=IN_FORCE_S - 1)
    assert may(early, "Y.air", "approve", "identify", HIGH_SEA, IN_FORCE_S - 1).clauses == ("T 2", "In force")
    assert may(early, "Y.air", "approve", "identify", Y_HOME, IN_FORCE_S - 1).allowed
    assert not may(early, "staff", "coordinate", "identify", X_HOME, IN_FORCE_S - 1).allowed


GREEDY = """\
[[grant]]
post = "Y.air"
power = "approve"
areas = ["x", "y"]
clause = "P 2"
"""


def test_no_grant_takes_a_territory_away() -> None:
    """A text that lets Y approve in X's land: X still decides there, Y does not, and every power is tried."""
    greedy = law(TEXT.replace("[term]", GREEDY + "[term]"))
    ruling = may(greedy, "Y.air", "approve", "identify", X_HOME, NOW_S)
    assert (ruling.allowed, ruling.clauses) == (False, ("Sovereignty", "P 2"))
    assert authority(greedy, "approve", "identify", X_HOME, NOW_S).post == "X.air"
    for verb in TASK_VERBS:
        for power in POWERS:
            assert may(greedy, "X.gov", power, verb, X_HOME, NOW_S).allowed
            if power in ("manage", "approve"):
                strangers = [post.id for post in greedy.posts if post.party != "X"]
                assert not any(may(greedy, who, power, verb, X_HOME, NOW_S).allowed for who in strangers)


def test_a_disputed_stretch_has_no_authority_for_both() -> None:
    text = TEXT.replace("polygon = [[0, 2], [0, 4], [2, 4], [2, 2]]", "polygon = [[0, 1.5], [0, 4], [2, 4], [2, 1.5]]")
    both = law(text)
    ruling = authority(both, "approve", "identify", at(1, 1.7), NOW_S)
    assert (ruling.allowed, ruling.post) == (False, "")
    assert "X and Y both claim" in ruling.reason
    assert may(both, "X.air", "approve", "identify", at(1, 1.7), NOW_S).allowed
    assert may(both, "Y.air", "approve", "identify", at(1, 1.7), NOW_S).allowed
