"""docs/tracking.md: its Python runs, its figures are those that were measured, its pictures are there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tracking.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_python_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "[", "True]", "200.0"]


def test_the_figures_are_those_of_the_last_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benches.tracking.page import filled

    results = json.loads((ROOT / "benches" / "tracking" / "results.json").read_text(encoding="utf-8"))
    assert filled(TEXT, results) == TEXT


def test_every_mark_is_filled_and_every_filled_part_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benches.tracking.page import PARTS

    assert re.findall(r"<!-- begin: (\w+) -->", TEXT) == sorted(PARTS, key=lambda name: TEXT.find(f"begin: {name} "))
    assert not re.search(r"-->\n<!-- end", TEXT)


def test_its_parts_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benches.tracking.__main__ import PARTS

    for command in re.findall(r"-m benches\.tracking (.*?)(?:#|\n)", TEXT):
        words = re.sub(r"--\S+ \S+", "", command).split()
        assert set(words) <= set(PARTS)


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (PAGE.parent / target).exists(), target
