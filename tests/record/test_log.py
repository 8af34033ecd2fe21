"""The log against whoever changes it, and against another reader of the same bytes."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from skyaccord.agreement.words import Identity
from skyaccord.errors import InputError
from skyaccord.record.log import GENESIS, KINDS, Log, canonical, log_file, plain, read_log, verify


def written(count: int = 6) -> bytes:
    lines: list[bytes] = []
    log = Log("TJ", lines.append)
    for k in range(count):
        log.append("note", {"k": k, "text": "Пяндж", "x": 0.1 * k, "nothing": None, "yes": True}, 1_638_318_840.25 + k)
    return b"".join(lines)


DATA = written()


def line_at(position: int) -> int:
    return DATA[:position].count(b"\n") + 1


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
@settings(max_examples=400, deadline=None)
def test_any_byte_that_changes_names_its_line(position: int, flip: int) -> None:
    changed = bytearray(DATA)
    changed[position] ^= flip
    fault = verify(bytes(changed))
    assert fault is not None
    assert fault.line == line_at(position)


def test_every_byte_once() -> None:
    for position in range(len(DATA)):
        changed = bytearray(DATA)
        changed[position] ^= 1
        fault = verify(bytes(changed))
        assert fault is not None, position
        assert fault.line == line_at(position)


LINES = DATA.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("lines", "line", "what"),
    [
        ([*LINES[:2], *LINES[3:]], 3, "entry 3 stands where entry 2 should"),
        ([LINES[1], LINES[0], *LINES[2:]], 1, "entry 1 stands where entry 0 should"),
        ([*LINES[:3], LINES[2], *LINES[3:]], 4, "entry 2 stands where entry 3 should"),
        ([*LINES, b'{"n":6}\n'], 7, "not a log entry"),
        ([*LINES, b"\n"], 7, "not a log entry"),
        ([*LINES, LINES[0][:20]], 7, "cut off"),
        ([*LINES, b"[" * 100_000 + b"\n"], 7, "no JSON object"),
    ],
)
def test_lines_moved_dropped_added(lines: list[bytes], line: int, what: str) -> None:
    fault = verify(b"".join(lines))
    assert fault is not None
    assert fault.line == line
    assert what in fault.what


def test_one_who_rewrites_an_entry_with_its_hash_breaks_the_next() -> None:
    """The hash is recomputed here as any stranger would."""
    entry = json.loads(LINES[2])
    entry["body"]["text"] = "nothing happened"
    entry["hash"] = hashlib.sha256(canonical({k: v for k, v in entry.items() if k != "hash"})).hexdigest()
    fault = verify(b"".join([*LINES[:2], canonical(entry) + b"\n", *LINES[3:]]))
    assert fault is not None
    assert (fault.line, fault.what) == (4, "entry 3 does not follow from the entry before it")


def test_a_log_of_two_parties_is_none() -> None:
    lines: list[bytes] = []
    Log("RU", lines.append).append("note", {}, 0.0)
    entry = json.loads(lines[0]) | {"n": 1, "prev": json.loads(LINES[0])["hash"]}
    entry["hash"] = hashlib.sha256(canonical({k: v for k, v in entry.items() if k != "hash"})).hexdigest()
    fault = verify(LINES[0] + canonical(entry) + b"\n")
    assert fault is not None
    assert "RU" in fault.what


def test_another_reader_gets_the_same_chain() -> None:
    """The bytes themselves, without parsing: cut `hash` out of each line, digest the rest."""
    before = GENESIS
    for line in LINES:
        (carried,) = re.findall(rb'"hash":"([0-9a-f]{64})"', line)
        rest = re.sub(rb'"hash":"[0-9a-f]{64}",', b"", line.rstrip(b"\n"))
        assert hashlib.sha256(rest).hexdigest() == carried.decode()
        assert f'"prev":"{before}"'.encode() in line
        before = carried.decode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.dictionaries(st.text(), JSON, max_size=4)), max_size=5))
@settings(max_examples=100, deadline=None)
def test_whatever_is_said_is_kept(said: list[tuple[str, dict]]) -> None:
    lines: list[bytes] = []
    log = Log("TJ", lines.append)
    for k, (kind, body) in enumerate(said):
        log.append(kind, body, float(k))
    data = b"".join(lines)
    assert verify(data) is None
    assert [json.loads(line)["body"] for line in data.split(b"\n") if line] == [plain(body) for _, body in said]
    assert len(log) == len(said)


@dataclass(frozen=True)
class Thing:
    x: float
    names: tuple[str, ...]


def test_what_a_body_becomes() -> None:
    thing = {
        "thing": Thing(math.nan, ("a",)),
        "n": np.int32(3),
        "id": Identity.SUSPECT,
        "b": b"ab",
        "f": np.float32(0.5),
    }
    assert plain(thing) == {"thing": {"x": None, "names": ["a"]}, "n": 3, "id": 5, "b": "ab", "f": 0.5}
    assert plain([math.inf, "\ud800", np.array([1, 2]), np.bool_(True)]) == [None, "?", [1, 2], True]
    with pytest.raises(TypeError):
        plain(object())


def test_a_log_says_no_to_what_is_no_entry() -> None:
    with pytest.raises(ValueError, match="decision"):
        Log("TJ").append("gossip", {}, 0.0)
    with pytest.raises(TypeError):
        Log("TJ").append("note", [1], 0.0)


def test_a_file_has_each_line_at_once(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = log_file(path, "TJ")
    for k in range(3):
        log.append("note", {"k": k}, float(k))
        assert read_log(path) == log.entries()
    assert log.entries(2)[0].n == 2
    with pytest.raises(InputError, match=r"log\.jsonl"):
        log_file(path, "TJ")


def test_a_torn_end_is_named_or_left_out(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(DATA[:-30])
    with pytest.raises(InputError, match=r"log\.jsonl, line 6: .*cut off"):
        read_log(path)
    assert len(read_log(path, whole=False)) == 5
    with pytest.raises(InputError, match="missing"):
        verify(tmp_path / "missing.jsonl")
