"""Bad texts end in one clear sentence with file, line and table; random damage never in anything else."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from three_parties import TEXT

from skyaccord.agreement import check, explain, parse
from skyaccord.errors import AgreementError


def line_of(text: str, needle: str, nth: int = 1) -> int:
    """The line, from 1, of the nth line that begins with `needle`."""
    return [k for k, line in enumerate(text.split("\n"), 1) if line.startswith(needle)][nth - 1]


def test_the_text_becomes_terms() -> None:
    terms = parse(TEXT, "square.toml").terms
    assert [p.id for p in terms.parties] == ["X", "Y", "Z"]
    assert [p.founding for p in terms.parties] == [True, True, False]
    assert [p.party for p in terms.posts] == ["X", "X", "Y", "Y", "Y", "Z", "Z", ""]
    assert terms.post("Y.deputy") is not None
    assert terms.zone("high-sea").area.floor_m == 1000
    assert terms.zone("x").area.ring[1].tolist() == [0.0, math.radians(2)]
    assert terms.grants[-1].zones == ("x", "y", "z", "sea", "high-sea")
    assert terms.releases[0].to == ("Y", "Z")
    assert terms.releases[2].zones == ()
    assert terms.withdrawal.notice_s == 864_000
    assert terms.all_clauses["P 4"] == "The staff coordinates everywhere."


@pytest.mark.parametrize(
    ("old", "new", "table", "says"),
    [
        (
            'owner = "Z"\nto = "Y"',
            'owner = "Z"\nto = "KZ"',
            "to =:4",
            "[[release]] 4: party 'KZ' is not among the parties X, Y, Z",
        ),
        (
            'owner = "Z"\nto = "Y"',
            'owner = "Q"\nto = "Y"',
            "owner =:4",
            "[[release]] 4: party 'Q' is not among the parties X, Y, Z",
        ),
        ('owner = "Z"\nto = "Y"', 'owner = "Z"\nto = "Z"', "to =:4", "[[release]] 4: Z is both owner and receiver"),
        (
            'post = "Z.militia"\npower = "manage"',
            'post = "Z.army"\npower = "manage"',
            "post =:7",
            "[[grant]] 7: post 'Z.army'",
        ),
        (
            'power = "manage"\nareas = "z"',
            'power = "command"\nareas = "z"',
            "power =:7",
            "'command'; it is one of coordinate",
        ),
        (
            'power = "manage"\nareas = "z"',
            'power = "manage"\nareas = "zz"',
            "areas =:7",
            "area 'zz' is not among the areas x, y, z, sea",
        ),
        (
            'verbs = "support"',
            'verbs = ["destroy"]',
            "verbs =:1",
            "task 'destroy' is not among the tasks observe, identify",
        ),
        ('clause = "P 6"', 'clause = "P 7"', "clause =:12", "clause 'P 7' is not among [clauses]: S 1, S 2"),
        (
            'territory_of = "Z"',
            'territory_of = "W"',
            "territory_of =:3",
            "[[area]] 3: party 'W' is not among the parties",
        ),
        (
            "[[2, 0], [2, 2], [4, 2], [4, 0]]",
            "[[2, 0], [2, 2], [4, 0], [4, 2]]",
            "polygon =:3",
            "area 'z' crosses itself: edge 2",
        ),
        ("[[2, 0], [2, 2], [4, 2], [4, 0]]", "[[2, 0], [2, 2], [4, 0], [4, 2]]", "polygon =:3", "(clause 'S 3')"),
        ("[[2, 0], [2, 2], [4, 2], [4, 0]]", "[[2, 0], [2, 'e']]", "polygon =:3", "point 2 of polygon is [2, 'e']"),
        ("[[2, 0], [2, 2], [4, 2], [4, 0]]", "[]", "polygon =:3", "area 'z' has 0 different points"),
        ("floor_m = 1000", "floor_m = '1 km'", "floor_m =:1", "floor_m is '1 km'; it is a number"),
        ("floor_m = 1000", "floor_m = nan", "floor_m =:1", "floor_m is nan; it is a number"),
        (
            "floor_m = 1000",
            "florr_m = 1000",
            "florr_m =:1",
            "unknown key 'florr_m'; known are ceiling_m, clause, floor_m",
        ),
        (
            "ceiling_m = 3000",
            "ceiling_m = 3000\nfloor_m = 3000",
            "floor_m =:2",
            "its floor, 3000 m, is not below its ceiling",
        ),
        (
            'territory_of = "X"',
            'territory_of = "X"\nfloor_m = 0',
            "territory_of =:1",
            "it has no floor, ceiling or dates",
        ),
        (
            'id = "Y.gov"',
            'id = "X.air"',
            "id =:6",
            "[[post]] 3: post 'X.air' is defined twice; it is already [[post]] 2",
        ),
        ('id = "staff"', 'id = "joint staff"', "id =:11", "id is 'joint staff'; it is 1 to 32 letters"),
        (
            'government = "X.gov"',
            'government = "Y.gov"',
            "government =:1",
            "its government 'Y.gov' is a post of Y, not of it",
        ),
        (
            'government = "X.gov"',
            'government = "X.king"',
            "government =:1",
            "post 'X.king' is not among the posts X.gov",
        ),
        ('relation = "partner"', 'relation = "friend"', "relation =:1", "it is one of member, partner, observer"),
        ("vacant = true", 'vacant = "yes"', "vacant =:1", "vacant is 'yes'; it is true or false"),
        ('"S 1" = ', '"Sovereignty" = ', '"Sovereignty" =:1', "is a clause of the house"),
        ('"S 1" = ', '"Статья 1" = ', '"Статья 1" =:1', "its name is 1 to 32 plain ASCII characters"),
        ('duration = "unlimited"', 'duration = "5 years"', "duration =:1", "'5 years'; it is one of unlimited"),
        ('shared_data = "purge"', 'shared_data = "keep until"', "shared_data =:1", "keep_days goes with"),
        ("notice_days = 10", "notice_days = -1", "notice_days =:1", "notice_days is -1; it is a number from 0 to 3653"),
        ('by = "all parties"', 'by = "X"', "by =:1", "by is 'X'; it is one of any party, all parties"),
        (
            'classes = ["drone", "missile"]',
            'classes = "ufo"',
            "classes =:1",
            "class 'ufo' is not among the classes unknown, airliner",
        ),
        ("sigma_max_m = 500", "sigma_max_m = -5", "sigma_max_m =:1", "sigma_max_m is -5; it is a number from 0"),
    ],
)
def test_each_mistake_is_named_with_its_line(old: str, new: str, table: str, says: str) -> None:
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    with pytest.raises(AgreementError) as error:
        parse(text, "square.toml")
    message = str(error.value)
    key, nth = table.rsplit(":", 1)
    assert says in message
    if "keep_days" not in says:
        assert message.startswith(f"square.toml:{line_of(text, key, int(nth))}: ["), message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "name is missing"),
        ("name = 'a'\ntitle = 'b'\n", "no clauses; write [clauses]"),
        ("name = 'a'\ntitle = \n", "not TOML: Invalid value (at line 2"),
        (
            "party = 3\nname = 'a'\ntitle = 'b'\n[clauses]\n'A' = 'b'\n",
            "party is no list of tables; write one [[party]] each",
        ),
        (TEXT.replace("[entry]", "[entree]"), "unknown key 'entree'"),
        (
            TEXT.replace('[withdrawal]\nnotice_days = 10\nshared_data = "purge"\nclause = "T 5"\n', ""),
            "[withdrawal] is missing",
        ),
        (TEXT.replace('[term]\nduration = "unlimited"\nclause = "T 1"\n', ""), "[term] is missing"),
        (TEXT.replace('[entry]\nclause = "T 2"\n', ""), "[entry] is missing"),
        (
            TEXT.replace('government = "Y.gov"', 'government = "Y.gov"\nfounding = false'),
            "at least two founding parties",
        ),
    ],
)
def test_what_is_missing_is_named(text: str, says: str) -> None:
    with pytest.raises(AgreementError) as error:
        parse(text, "square.toml")
    assert says in str(error.value)
    assert str(error.value).startswith("square.toml:")


ACT = '[[act]]\nkind = "{}"\nparty = "{}"\nat = {}\n'


@pytest.mark.parametrize(
    ("acts", "says"),
    [
        (ACT.format("sign", "X", "2001-01-01"), "[[act]] 1: this act cannot be: sign by X: an agreement that is draft"),
        (ACT.format("propose", "W", "2001-01-01"), "[[act]] 1: party 'W' is not among the parties"),
        (ACT.format("propose", "X", "2001-01-01T10:00:00"), "it is a date, or a date and time with its offset"),
        (ACT.format("propose", "X", "'soon'"), "at is 'soon'; it is a date"),
        (ACT.format("propose", "X", "2001-01-01") + 'post = "X.air"\n', "X is bound only by the acts of X.gov"),
        (
            ACT.format("propose", "X", "2001-01-02") + ACT.format("sign", "X", "2001-01-01"),
            "[[act]] 2: this act cannot be: sign by X: its time is 86400 s before the newest act's",
        ),
    ],
)
def test_acts_in_the_file_obey_the_law(acts: str, says: str) -> None:
    with pytest.raises(AgreementError) as error:
        parse(TEXT + acts, "square.toml")
    assert says in str(error.value)
    assert re.match(rf"square\.toml:\d+: \[\[act\]\] {acts.count('[[act]]')}: ", str(error.value))
    assert int(str(error.value).split(":")[1]) > TEXT.count("\n")


def test_headers_inside_texts_are_not_counted() -> None:
    text = TEXT.replace('"X is X\'s."', '"""X is\n[[release]]\nX\'s."""').replace('owner = "Z"', 'owner = "Q"')
    with pytest.raises(AgreementError, match=rf"^square.toml:{line_of(text, 'owner =', 4)}: \[\[release\]\] 4"):
        parse(text, "square.toml")


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_damage_is_an_agreement_error_or_harmless(data: st.DataObject) -> None:
    """Cut, double or overwrite a piece: the text is refused in one sentence, or it reads, checks and explains."""
    start = data.draw(st.integers(0, len(TEXT) - 1))
    end = data.draw(st.integers(start, min(len(TEXT), start + 60)))
    piece = data.draw(
        st.sampled_from(["", TEXT[start:end] * 2, "nan", "-1", "[", '"', "[[act]]\n", "true", "\n", "1e400"])
    )
    refusal = ""
    try:
        agreement = parse(TEXT[:start] + piece + TEXT[end:], "square.toml")
        check(agreement)
        explain(agreement)
    except AgreementError as error:
        refusal = str(error)
    assert not refusal or (refusal.startswith("square.toml:") and "\n" not in refusal)
