"""docs/console.md names every key and column that is spoken, and no column that is not."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

from night_show import NightShow

from skyaccord.console import notes
from skyaccord.console.frames import encode
from skyaccord.node.show import Clock

DOC = (Path(__file__).resolve().parents[2] / "docs" / "console.md").read_text("utf-8")


def section(title: str) -> str:
    """From a heading to the next of its level or above."""
    level, rest = DOC.split(title + "\n", 1)[0].rsplit("\n", 1)[-1], DOC.split(title + "\n", 1)[1]
    marks = level.strip()
    return re.split(rf"^#{{1,{len(marks)}}} ", rest, flags=re.M)[0]


def named(text: str) -> set[str]:
    return {word for code in re.findall(r"`([^`]+)`", text) for word in code.split()}


def keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set().union(*map(keys, value)) if isinstance(value, list) else set()


def test_every_scene_key_is_told() -> None:
    show = NightShow()
    scene = show.scene("TJ")
    clauses = scene["clauses"]
    assert keys({**scene, "clauses": {}}) <= named(section("Scene"))
    assert all(isinstance(text, str) for text in clauses.values())


def test_every_column_is_told_and_no_other() -> None:
    message = encode(NightShow().frame("TJ"))
    head = json.loads(message[8 : 8 + int.from_bytes(message[4:8], "little")])
    rows = [line.split("|")[1:3] for line in section("Frames").splitlines() if re.match(r"^\| `", line)]
    told = {(name, dtype.strip()) for names, dtype in rows for name in re.findall(r"`(\w+)`", names)}
    spoken = {(c[0], c[1].strip("<|")) for c in head["columns"] + head["spot_columns"]}
    assert told == spoken
    assert set(head) <= named(section("Frames"))


def test_every_key_of_what_is_said_is_told() -> None:
    told = named(section("What the server says"))
    assert {field.name for field in fields(Clock)} <= told
    show = NightShow()
    show.offset_s = 100.0
    assert set(show.log("TJ", 0)[0]) <= told
    assert set(notes.Said.__struct_fields__) <= named(section("What the page says"))
