"""The decision log: append-only, one JSON object a line, each carrying the hash of the one before.

    {"body":{...},"hash":"9f..","kind":"decision","n":7,"party":"TJ","prev":"03..","time_s":1638318840.0}

A line is canonical JSON: keys sorted, no spaces, UTF-8, floats as Python's `repr` writes them (the shortest text that
reads back to the same number), no NaN (null stands for it). `hash` is the SHA-256 of the canonical line without `hash`,
so it covers `prev` and with it all that came before. A line that is changed, dropped, added or moved shows; a log whose
end was cut off does not, which is why a recording that was closed in order keeps the last hash elsewhere too
(`recording.py`).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from skyaccord.errors import InputError

GENESIS = "0" * 64  # `prev` of the first entry

KINDS = (
    "alert",  # body: an Alert as it stands now
    "task",  # body: a Task as it stands now
    "decision",  # body: a Decision that was carried out
    "refusal",  # body: what was asked, by whom, and the clauses that say no
    "act",  # body: an act of the agreement
    "link",  # a link to another party came up, fell silent, was closed
    "release",  # what was shared with whom, and what the receiver's door turned away
    "note",  # anything else worth keeping
)


@dataclass(frozen=True)
class Entry:
    """One line of the log. `n` counts from 0 and so is also the entry's place in the log."""

    n: int
    time_s: float  # UTC
    party: str  # whose log
    kind: str  # KINDS
    body: Mapping[str, Any]  # plain JSON
    prev: str  # hash of the entry before, GENESIS for the first
    hash: str


@dataclass(frozen=True)
class Fault:
    """The first line of a log that is not what it was when written."""

    line: int  # from 1
    what: str


class Log:
    """One party's decision log. It only grows; `write`, where given, gets each line as it is appended."""

    def __init__(self, party: str, write: Callable[[bytes], object] | None = None) -> None:
        self.party = party
        self._write = write
        self._entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def head(self) -> str:
        """Hash of the newest entry."""
        return self._entries[-1].hash if self._entries else GENESIS

    def entries(self, since: int = 0) -> tuple[Entry, ...]:
        """Entries from number `since` on."""
        return tuple(self._entries[since:])

    def append(self, kind: str, body: object, time_s: float) -> Entry:
        """Add an entry; `body` is a dataclass or a mapping of plain values. Raises ValueError on an unknown kind."""
        if kind not in KINDS:
            raise ValueError(f"a log entry is one of {', '.join(KINDS)}, not {kind!r}")
        content = plain(body)
        if not isinstance(content, dict):
            raise TypeError(f"the body of a log entry is a dataclass or a mapping, not {type(body).__name__}")
        unsealed = Entry(len(self), float(time_s), self.party, kind, content, self.head, "")
        entry = Entry(**{**_shallow(unsealed), "hash": digest(unsealed)})
        if self._write is not None:
            self._write(line_of(entry))  # first to the disk: what is not written did not happen
        self._entries.append(entry)
        return entry


def log_file(path: Path, party: str) -> Log:
    """A log that also appends each line to a new file, at once. Raises InputError if the file is there already."""
    try:
        path.touch(exist_ok=False)
    except OSError as error:
        raise InputError(f"{path}: cannot begin a decision log here ({error.strerror})") from None
    return Log(party, partial(_append, path))


def verify(log: bytes | Path) -> Fault | None:
    """The first line that breaks the chain, and how; None if the whole log is as it was written.

    Raises InputError if the file cannot be read.
    """
    try:
        for _ in walk(_bytes(log)):
            pass
    except _BrokenError as broken:
        return broken.fault
    return None


def read_log(path: Path, *, whole: bool = True) -> tuple[Entry, ...]:
    """All entries of a log file. Raises InputError, naming file and line, if the chain is broken.

    `whole=False` drops a last line without its end: a house that lost power may leave one.
    """
    data = _bytes(path)
    try:
        return tuple(walk(data if whole else data[: data.rfind(b"\n") + 1]))
    except _BrokenError as broken:
        raise InputError(f"{path}, line {broken.fault.line}: {broken.fault.what}") from None


def walk(data: bytes) -> Iterator[Entry]:
    """Entry by entry, each checked against the one before."""
    prev = None
    for number, line in enumerate(_lines(data), start=1):
        try:
            prev = check(line, prev)
        except ValueError as error:
            raise _BrokenError(Fault(number, str(error))) from None
        yield prev


def check(line: bytes, prev: Entry | None) -> Entry:
    """The entry that `line` holds, as the successor of `prev`. Raises ValueError saying what is wrong with it."""
    if not line.endswith(b"\n"):
        raise ValueError("the entry is cut off before its end")
    entry = _parse(line)
    if not _is_canonical(entry, line):
        raise ValueError(f"entry {entry.n} is not written as it was (not canonical JSON)")
    if digest(entry) != entry.hash:
        raise ValueError(f"entry {entry.n} was changed: its content does not give the hash it carries")
    n, head, party = (prev.n + 1, prev.hash, prev.party) if prev else (0, GENESIS, entry.party)
    if entry.n != n:
        raise ValueError(f"entry {entry.n} stands where entry {n} should")
    if entry.prev != head:
        raise ValueError(f"entry {entry.n} does not follow from the entry before it")
    if entry.party != party:
        raise ValueError(f"entry {entry.n} is {entry.party!r}'s in the log of {party!r}")
    return entry


def digest(entry: Entry) -> str:
    """SHA-256 (hex) over the canonical line without `hash`."""
    content = _shallow(entry)
    del content["hash"]
    return hashlib.sha256(canonical(content)).hexdigest()


def line_of(entry: Entry) -> bytes:
    """The entry as it stands in the file, with the end of line."""
    return canonical(_shallow(entry)) + b"\n"


def canonical(value: object) -> bytes:
    """Canonical JSON: one value, one text. Raises ValueError on NaN."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def plain(value: object) -> Any:
    """As plain JSON: dataclasses become objects, NaN and infinities null, NumPy's numbers Python's, bytes text."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, bytes):
        return value.decode("ascii", "replace")
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # half a surrogate pair has no UTF-8
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)  # an IntEnum is its number
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Iterable):
        return [plain(each) for each in value]
    raise TypeError(f"a log entry holds plain values, not {type(value).__name__}")


class _BrokenError(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.what)
        self.fault = fault


_TYPES = {"n": int, "time_s": float, "party": str, "kind": str, "body": dict, "prev": str, "hash": str}


def _parse(line: bytes) -> Entry:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("not a log entry (no JSON object)") from None
    if not isinstance(content, dict) or set(content) != set(_TYPES):
        raise ValueError(f"not a log entry: it holds {', '.join(sorted(_TYPES))} and nothing else")
    for name, kind in _TYPES.items():
        if type(content[name]) is not kind:
            raise ValueError(f"not a log entry: {name} is {content[name]!r:.40}")
    return Entry(**content)


def _is_canonical(entry: Entry, line: bytes) -> bool:
    try:
        return line_of(entry) == line
    except ValueError:  # an infinity, or half a surrogate pair, that no log writes
        return False


def _shallow(entry: Entry) -> dict[str, Any]:
    return {field.name: getattr(entry, field.name) for field in fields(entry)}


def _lines(data: bytes) -> list[bytes]:
    *whole, rest = data.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])


def _bytes(log: bytes | Path) -> bytes:
    if isinstance(log, bytes):
        return log
    try:
        return log.read_bytes()
    except OSError as error:
        raise InputError(f"{log}: cannot read the decision log ({error.strerror})") from None


def _append(path: Path, line: bytes) -> None:
    with path.open("ab", buffering=0) as file:  # unbuffered: handed to the system before we go on
        file.write(line)
