"""docs/agreement.md runs, and names every key, act and state that the code knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from skyaccord.agreement import parse
from skyaccord.agreement.clauses import HOUSE_CLAUSES
from skyaccord.agreement.lifecycle import ACTS, AGREEMENT, MEMBERSHIP
from skyaccord.agreement.reading import SECTIONS, TABLES
from skyaccord.agreement.table import Table

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "agreement.md").read_text(encoding="utf-8")


def test_the_examples_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)


def test_the_small_text_is_an_agreement() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert parse(text, "guide.toml").terms.name == "two-hills"


def test_every_key_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys are those that the reader asks for while it reads a full text."""
    asked: set[str] = set()
    finish = Table.finish

    def listen(table: Table) -> None:
        asked.update(table.asked)
        finish(table)

    monkeypatch.setattr(Table, "finish", listen)
    parse((ROOT / "agreements" / "central-asia-2021.toml").read_text(encoding="utf-8"), "x.toml")
    for key in asked - set(TABLES) - set(SECTIONS):
        assert f"`{key}`" in GUIDE, key
    assert len(asked) > 30
    for table in TABLES:
        assert f"`[[{table}]]`" in GUIDE, table
    for section in SECTIONS:
        assert f"`[{section}]`" in GUIDE, section


def test_the_life_cycle_table_is_the_codes() -> None:
    for title, table in (("agreement", AGREEMENT), ("party", MEMBERSHIP)):
        rows = re.findall(
            r"^\| `(\w+)` \| `(\w+)` \| `(\w+)` \|$", GUIDE.split(f"### Of {title}")[1].split("###")[0], re.MULTILINE
        )
        assert set(rows) == {(state, act, to) for state, moves in table.items() for act, to in moves.items()}
    for act in ACTS:
        assert f"`{act}`" in GUIDE
    for clause in HOUSE_CLAUSES:
        assert f"**{clause}**" in GUIDE
