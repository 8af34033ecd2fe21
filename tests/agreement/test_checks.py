"""`check` on texts with one fault each: it is found, named with its clauses, and nothing else is."""

from __future__ import annotations

import pytest
from three_parties import TEXT

from skyaccord.agreement import Finding, check, parse

SOUND = TEXT.replace("vacant = true\n", "")


def found(text: str, severity: str = "error") -> list[Finding]:
    return [f for f in check(parse(text, "square.toml")) if f.severity == severity]


def test_a_sound_text_has_no_errors_and_a_vacant_post_has_its_consequences() -> None:
    assert found(SOUND) == found(SOUND, "warning") == []
    error, *warnings = check(parse(TEXT, "square.toml"))
    assert error.severity == "error"
    assert error.text.startswith("nobody can approve in ")
    assert error.text.endswith("km2 around 1.00 S 2.00 E, from 1,000 m, for support")
    assert error.clauses == ("P 3", "Vacancy") or "Vacancy" in error.clauses
    texts = [w.text for w in warnings if w.severity == "warning"]
    assert "nobody holds Y.deputy (Deputy); granted to it: approve" in texts
    assert any(t.startswith("only Y's government can approve in ") for t in texts)


GRANT = '[[grant]]\npost = "{}"\npower = "{}"\nareas = "{}"\nclause = "P 2"\n[term]'
RELEASE = '[[release]]\nowner = "{}"\nto = "{}"\nkinds = "{}"\nareas = "{}"\nclause = "R 4"\n{}\n[term]'


@pytest.mark.parametrize(
    ("old", "new", "says", "clauses"),
    [
        (
            "[term]",
            GRANT.format("Y.air", "approve", "x"),
            "[[grant]] 10 would let Y.air approve in 49,",
            ("Sovereignty", "P 2", "S 1"),
        ),
        (
            "[term]",
            GRANT.format("X.air", "manage", "high-sea"),
            "Y.air ([[grant]] 4) and X.air ([[grant]] 10) both manage 98,",
            ("P 3", "P 2"),
        ),
        (
            "[[2, 0], [2, 2], [4, 2], [4, 0]]",
            "[[1.9, 0], [1.9, 2], [4, 2], [4, 0]]",
            "is claimed by X ('x') and by Z ('z')",
            ("S 1", "S 3", "Sovereignty"),
        ),
        (
            'power = "manage"\nareas = "x"',
            'power = "observe"\nareas = "x"',
            "nobody manages 49,",
            ("S 1", "Sovereignty"),
        ),
        (
            'power = "manage"\nareas = "x"',
            'power = "manage"\nverbs = ["observe"]\nareas = "x"',
            "for identify, escort, warn",
            ("S 1", "Sovereignty"),
        ),
        (
            "[term]",
            RELEASE.format("X", "Y", "tracks", "sea", 'identities = "friend"\nceiling_m = 2000'),
            "[[release]] 5 releases what [[withhold]] 1 keeps back whole",
            ("R 4", "W 1"),
        ),
        (
            "[term]",
            RELEASE.format("Y", "X", "plots", "high-sea", "ceiling_m = 900"),
            "[[release]] 5 can never apply: its heights lie outside those of 'high-sea'",
            ("R 4",),
        ),
    ],
)
def test_errors(old: str, new: str, says: str, clauses: tuple[str, ...]) -> None:
    assert old in SOUND
    errors = found(SOUND.replace(old, new, 1))
    assert len(errors) == 1, errors
    assert says in errors[0].text
    assert errors[0].clauses == clauses


def test_sizes_are_exact_not_sampled() -> None:
    """A sliver of 0.01 degrees that nobody manages: 2 x 0.01 square degrees at the equator are 246.2 km2."""
    text = SOUND.replace("[[0, 0], [0, 2], [2, 2], [2, 0]]", "[[-0.01, 0], [-0.01, 2], [2, 2], [2, 0]]")
    text = text.replace(
        'post = "X.air"\npower = "manage"\nareas = "x"', 'post = "X.air"\npower = "manage"\nareas = "small"'
    )
    text = text.replace(
        "[[grant]]", '[[area]]\nid = "small"\nclause = "S 1"\npolygon = [[0, 0], [0, 2], [2, 2], [2, 0]]\n[[grant]]', 1
    )
    (gap,) = [f for f in found(text) if f.text.startswith("nobody manages")]
    assert gap.text.startswith("nobody manages 246 km2 around 0.0")
    assert gap.text.endswith("in 'x', the territory of X; it stays with X.gov")


def test_a_government_that_nobody_holds_cannot_leave() -> None:
    errors = found(SOUND.replace('id = "X.gov"', 'id = "X.gov"\nvacant = true'))
    assert [e.text for e in errors] == ["nobody holds X.gov: X can neither sign, nor suspend, nor leave"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[term]", RELEASE.format("Z", "Y", "plots", "z", ""), "[[release]] 5 adds nothing to [[release]] 4"),
        (
            'owner = "X"\nto = "Y"\nkinds = "all"',
            'owner = "Z"\nto = "Y"\nkinds = "all"',
            "[[withhold]] 1 keeps back what no release of Z",
        ),
        ('relation = "partner"', 'relation = "observer"', ""),
        ('[accession]\nclause = "T 3"\n', "", "Z did not found the agreement, and no clause lets it accede"),
    ],
)
def test_warnings(old: str, new: str, says: str) -> None:
    assert old in SOUND
    assert [w.text[: len(says)] for w in found(SOUND.replace(old, new, 1), "warning")] == ([says] if says else [])


def test_an_observer_that_would_decide_abroad_is_warned_of() -> None:
    text = SOUND.replace('relation = "partner"', 'relation = "observer"')
    text = text.replace("[term]", GRANT.format("Z.militia", "coordinate", "sea"))
    assert [w.text for w in found(text, "warning")] == [
        "[[grant]] 10 lets Z.militia coordinate, though Z is an observer"
    ]


def test_notes_tell_where_nobody_decides() -> None:
    text = SOUND.replace('areas = ["y", "high-sea"]', 'areas = "y"')
    notes = [f.text for f in found(text, "note")]
    assert "nobody decides in 'sea': no task there can be approved" in notes
