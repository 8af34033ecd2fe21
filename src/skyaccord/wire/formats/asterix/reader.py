"""The reader: datagrams of ASTERIX into columns, each byte decoded or counted as lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np

from skyaccord.columns import I4, I8, U1, Columns
from skyaccord.errors import InputError
from skyaccord.wire.formats.asterix import cat010, cat019, cat020, cat021, cat034, cat048, cat062
from skyaccord.wire.formats.asterix.rows import Category, Rows
from skyaccord.wire.formats.asterix.uap import SLOT, Tables, compile_uap
from skyaccord.wire.formats.asterix.walker import HEADER, walk_blocks, walk_records
from skyaccord.wire.losses import REASONS, UNKNOWN_CATEGORY, Losses, tally
from skyaccord.wire.reports import Statuses

# (category, edition) -> how to read it; a category's first edition here is the one that is meant if nobody says
CATEGORIES: dict[tuple[int, str], Category] = {
    (10, "1.x"): cat010.CATEGORY,
    (19, "1.x"): cat019.CATEGORY,
    (20, "1.x"): cat020.CATEGORY,
    (21, "2.x"): cat021.CATEGORY,
    (21, "0.23"): cat021.CATEGORY_023,
    (34, "1.x"): cat034.CATEGORY,
    (48, "1.x"): cat048.CATEGORY,
    (62, "1.x"): cat062.CATEGORY,
}
NUMBERS = tuple(dict.fromkeys(number for number, _ in CATEGORIES))

# (category, source or None for all others) -> edition
Editions = Mapping[tuple[int, int | None], str]

Many = TypeVar("Many", bound=Columns)

CHUNK_ROWS = 20_000  # keeps a chunk's numbers within the cache; not a power of two, which would alias there


@dataclass(frozen=True)
class Reading:
    """What datagrams held: columns by category, and what became of every byte."""

    columns: Mapping[int, Columns]  # category -> its columns, in the order of the bytes; times are times of day
    statuses: Mapping[int, Statuses]  # the same of those that (also) say how a system is
    losses: Losses
    size: int  # bytes of block headers and records that were decoded
    skipped: Mapping[int, int]  # category that is not read here -> blocks
    field_monitors: int  # reports of fixed test transponders, left out of the columns


def read_asterix(buffer: U1, offset: I8, length: I4, editions: Editions | None = None) -> Reading:
    """Decode all ASTERIX in the datagrams that lie at `offset` (N,) with `length` (N,) bytes each.

    A broken record loses the rest of its block (ASTERIX has no record length), a broken block the rest of its datagram.
    Raises InputError for an edition that is not known.
    """
    check_editions(editions or {})
    table = np.zeros((len(REASONS), 3), np.int64)
    blocks, skipped = find_blocks(buffer, offset, length, table)
    parts: dict[int, list[Columns]] = {}
    asides: dict[int, list[Statuses]] = {}
    size, monitors = HEADER * len(blocks), 0
    for key, chosen in by_edition(blocks, editions or {}):
        category = CATEGORIES[key]
        for rows, read in walk(buffer, chosen, category, table):
            genuine = rows.take(~rows.flag("field_monitor")) if rows.knows("field_monitor") else rows
            if category.columns is not None:
                parts.setdefault(category.number, []).append(category.columns(genuine))
            if category.statuses is not None:
                asides.setdefault(category.number, []).append(category.statuses(genuine))
            size += read
            monitors += len(rows) - len(genuine)
    return Reading(
        columns={number: in_order(part) for number, part in parts.items()},
        statuses={number: in_order(part) for number, part in asides.items()},
        losses=tally(table),
        size=size,
        skipped=skipped,
        field_monitors=monitors,
    )


def find_blocks(buffer: U1, offset: I8, length: I4, table: I8) -> tuple[I8, dict[int, int]]:
    """The blocks of known categories, as `walk_blocks` notes them, and how many there are of each other one."""
    known = np.isin(np.arange(256), NUMBERS)
    scratch = np.zeros_like(table)
    count = walk_blocks(buffer, offset, length, known, np.empty((0, 4), np.int64), scratch)
    blocks = np.empty((count, 4), np.int64)
    walk_blocks(buffer, offset, length, known, blocks, table)
    strange = blocks[~known[blocks[:, 0]]]
    if len(strange):
        size = strange[:, 2] - strange[:, 1] + HEADER
        table[UNKNOWN_CATEGORY] = len(strange), size.sum(), strange[0, 1] - HEADER
    numbers, counts = np.unique(strange[:, 0], return_counts=True)
    return blocks[known[blocks[:, 0]]], dict(zip(numbers.tolist(), counts.tolist(), strict=True))


def by_edition(blocks: I8, editions: Editions) -> Iterator[tuple[tuple[int, str], I8]]:
    """The blocks of each category and edition."""
    for number in NUMBERS:
        of_category = blocks[blocks[:, 0] == number]
        known = [edition for category, edition in CATEGORIES if category == number]
        spoken = np.full(len(of_category), known.index(editions.get((number, None), known[0])))
        for (category, source), edition in editions.items():
            if category == number and source is not None:
                spoken[of_category[:, 3] == source] = known.index(edition)
        for index, edition in enumerate(known):
            if (spoken == index).any():
                yield (number, edition), of_category[spoken == index]


def check_editions(editions: Editions) -> None:
    """Raise InputError for an edition that is not known here."""
    for (number, _), edition in editions.items():
        if (number, edition) not in CATEGORIES:
            known = ", ".join(e for n, e in CATEGORIES if n == number) or "no edition: the category is not read here"
            raise InputError(f"CAT{number:03} edition {edition!r} is not known; known: {known}")


def walk(buffer: U1, blocks: I8, category: Category, table: I8) -> Iterator[tuple[Rows, int]]:
    """Chunks of the records in `blocks`, each with the bytes it was read from."""
    uap = tables(category)
    capacity = min(CHUNK_ROWS, int((blocks[:, 2] - blocks[:, 1]).sum()) // 2 + 1)  # a record has two bytes at least
    where = np.empty(uap.nodes[:, SLOT].max() + 1, np.int64)
    cursor = np.zeros(2, np.int64)
    while cursor[0] < len(blocks):
        offset, values = np.empty(capacity, np.int64), np.empty((len(category.fields), capacity))
        count, size = walk_records(buffer, blocks, cursor, *uap, where, offset, values, table)
        yield Rows(offset[:count], values[:, :count], category.fields), size


@cache
def tables(category: Category) -> Tables:
    """The category's tables, made once."""
    return compile_uap(category.uap, category.fields)


def in_order(parts: list[Many]) -> Many:
    """Parts of one category in the order of their bytes."""
    joined = type(parts[0]).concat(parts)
    offset: I8 = joined.arrays()["offset"]
    return joined if (np.diff(offset) >= 0).all() else joined.take(np.argsort(offset, kind="stable"))
