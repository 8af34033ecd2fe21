"""docs/house.md names every room, and every leaf that one may add to."""

from pathlib import Path

import pytest

import skyaccord
from skyaccord.threats import RULES

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "skyaccord"
HOUSE = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "room", sorted(p.stem for p in SOURCE.iterdir() if not p.name.startswith("_") and p.suffix in ("", ".py"))
)
def test_every_room_is_in_the_plan(room: str) -> None:
    if room in ("shipped", "py"):
        return
    assert f"`{room}`" in HOUSE
    assert room in (skyaccord.__doc__ or "")


def leaves(folder: str, pattern: str) -> list[str]:
    return sorted(p.name for p in (SOURCE / folder).glob(pattern) if not p.name.startswith("_"))


@pytest.mark.parametrize(
    "leaf",
    [
        *leaves("threats/rules", "*.py"),
        *leaves("wire/formats", "*.py"),
        *leaves("wire/formats/asterix", "cat*.py"),
        *leaves("wire/links", "*.py"),
    ],
)
def test_every_leaf_is_in_the_plan(leaf: str) -> None:
    assert leaf in HOUSE


def test_the_rules_in_force_are_the_files_there_are() -> None:
    assert sorted(f"{name}.py" for name in RULES) == leaves("threats/rules", "*.py")


@pytest.mark.parametrize("room", sorted(p.parent.name for p in SOURCE.glob("*/__init__.py")))
def test_every_room_tells_a_newcomer_what_it_is(room: str) -> None:
    text = (SOURCE / room / "__init__.py").read_text(encoding="utf-8")
    assert text.startswith('"""')
    assert len(text.split('"""')[1]) > 60
