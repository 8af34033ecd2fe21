"""Columns of many steps, in Parquet segments.

A segment holds the rows of up to SEGMENT_STEPS steps, with the column `step_s` in front. Its metadata lists the steps
with their number of rows, so a step at which nothing was seen is told from a second that was never recorded, and the
rows of any step are found without a search. A segment is written under another name, then renamed: it is there whole
or not at all. Pages carry checksums.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from skyaccord.columns import F8, Columns
from skyaccord.errors import InputError

SEGMENT_STEPS = 60
SEGMENT_ROWS = 50_000  # a segment also ends here, so that a seek in a crowded sky reads no more than it must
TABLES_KEPT = 4  # opened segments a reader remembers
STEPS_KEY = b"skyaccord.steps"

C = TypeVar("C", bound=Columns)


class SegmentWriter:
    """Writes `<stem>-00000.parquet`, `<stem>-00001.parquet`, ... into a folder."""

    def __init__(self, folder: Path, stem: str, rows_of: type[Columns]) -> None:
        self._folder, self._stem, self._rows_of = folder, stem, rows_of
        self._steps: list[float] = []
        self._parts: list[Columns] = []
        self._last_s = -np.inf
        self.count = 0  # segments written

    def add(self, time_s: float, rows: Columns) -> None:
        """The rows of one step. Raises ValueError if time does not move on, or the rows are of another class."""
        if not isinstance(rows, self._rows_of):
            raise ValueError(f"{self._stem} holds {self._rows_of.__name__}, not {type(rows).__name__}")
        if not time_s > self._last_s:
            raise ValueError(f"step {time_s} does not come after step {self._last_s}")
        self._last_s = time_s
        self._steps.append(float(time_s))
        self._parts.append(rows)
        if len(self._steps) >= SEGMENT_STEPS or sum(map(len, self._parts)) >= SEGMENT_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        if not self._steps:
            return
        counts = [len(part) for part in self._parts]
        table = self._rows_of.concat(self._parts).to_arrow()
        table = table.add_column(0, "step_s", pa.array(np.repeat(self._steps, counts)))
        steps = json.dumps([self._steps, counts], separators=(",", ":"))
        write_table(table.replace_schema_metadata({STEPS_KEY: steps}), _path(self._folder, self._stem, self.count))
        self.count += 1
        self._steps, self._parts = [], []


@dataclass(frozen=True)
class _Place:
    """Where a step's rows are."""

    segment: int
    first: int
    count: int


class SegmentReader(Generic[C]):
    """Reads them back: what stood at any moment, what came between two.

    Raises InputError naming the file that is missing or damaged: at once for the steps, on reading for the rows.
    """

    def __init__(self, folder: Path, stem: str, rows_of: type[C], count: int | None = None) -> None:
        self._folder, self._stem, self._rows_of = folder, stem, rows_of
        self._tables: dict[int, pa.Table] = {}
        self._places: list[_Place] = []
        steps: list[float] = []
        for segment in range(_count(folder, stem) if count is None else count):
            times, counts = read_steps(_path(folder, stem, segment))
            firsts = np.concatenate([[0], np.cumsum(counts)]).tolist()
            self._places += [_Place(segment, first, n) for first, n in zip(firsts, counts, strict=False)]
            steps += times
        self.steps: F8 = np.array(steps, dtype=float)
        if np.any(np.diff(self.steps) <= 0):
            raise InputError(f"{folder}: the segments of {stem} do not follow each other in time")

    def at(self, time_s: float) -> C:
        """The rows of the last step at or before `time_s`; none before the first."""
        step = bisect_right(self.steps, time_s) - 1
        return self._rows(step) if step >= 0 else self._rows_of.empty()

    def between(self, from_s: float, to_s: float) -> C:
        """The rows of all steps after `from_s` up to and with `to_s`."""
        first, end = bisect_right(self.steps, from_s), bisect_right(self.steps, to_s)
        return self._rows_of.concat([self._rows(step) for step in range(first, end) if self._places[step].count])

    def _rows(self, step: int) -> C:
        place = self._places[step]
        table = self._table(place.segment).slice(place.first, place.count)
        try:
            return self._rows_of.from_arrow(table)
        except (KeyError, ValueError, pa.ArrowException) as error:
            raise InputError(f"{_path(self._folder, self._stem, place.segment)}: {error}") from None

    def _table(self, segment: int) -> pa.Table:
        if segment not in self._tables:
            while len(self._tables) >= TABLES_KEPT:
                del self._tables[next(iter(self._tables))]
            self._tables[segment] = read_table(_path(self._folder, self._stem, segment))
        return self._tables[segment]


def write_table(table: pa.Table, path: Path) -> None:
    """Write a Parquet file whole or not at all; the same table gives the same bytes."""
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        pq.write_table(table, unfinished, compression="zstd", write_page_checksum=True)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def read_table(path: Path) -> pa.Table:
    """A Parquet file, its checksums verified. Raises InputError."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            return file.read()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: {_reason(error)}") from None


def read_steps(path: Path) -> tuple[list[float], list[int]]:
    """The steps of a segment and their numbers of rows, from its metadata alone. Raises InputError."""
    try:
        with pq.ParquetFile(path) as file:
            metadata, rows = file.schema_arrow.metadata or {}, file.metadata.num_rows
        times, counts = json.loads(metadata[STEPS_KEY])
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: {_reason(error)}") from None
    except (KeyError, ValueError):
        raise InputError(f"{path}: not a segment of a recording (it does not list its steps)") from None
    if len(times) != len(counts) or sum(counts) != rows:
        raise InputError(f"{path}: holds {rows} rows where its steps have {sum(counts)}")
    return times, counts


def _count(folder: Path, stem: str) -> int:
    """Number of segments there; a gap in their numbers shows as a missing file when it is read."""
    numbers = [path.stem.removeprefix(f"{stem}-") for path in folder.glob(f"{stem}-*.parquet")]
    return max((int(number) + 1 for number in numbers if number.isdecimal()), default=0)


def _path(folder: Path, stem: str, segment: int) -> Path:
    return folder / f"{stem}-{segment:05d}.parquet"


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "missing from the recording"
    first: Any = str(error).strip().splitlines()
    return f"damaged or not Parquet ({first[0] if first else type(error).__name__})"
