"""The walk through ASTERIX bytes: datagrams into blocks, blocks into records, records into numbers.

Arrays and integers only. `losses` is the (reasons, 3) table of count, bytes and first offset; `items`, `nodes` and
`fields` are those of `uap.Tables`.
No read goes past the end of the block: it is checked after each item.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from skyaccord.columns import F8, I4, I8, U1, Bool
from skyaccord.wire.formats.asterix.uap import AT, BYTE, BYTES, FIRST, MASK, PARTS, RULE, SHIFT, SIGN, SIZE, SLOT
from skyaccord.wire.losses import (
    BAD_FSPEC,
    BAD_ITEM,
    BAD_LENGTH,
    TRAILER,
    TRUNCATED,
)

FIXED, EXTENDED, REPETITIVE, EXPLICIT, COMPOUND = range(5)  # as uap.RULES
HEADER = 3


@njit(cache=True)
def lose(losses: I8, reason: int, offset: int, size: int) -> None:
    """One more loss of `size` bytes at `offset`."""
    if losses[reason, 0] == 0:
        losses[reason, 2] = offset
    losses[reason, 0] += 1
    losses[reason, 1] += size


@njit(cache=True)
def walk_blocks(buffer: U1, starts: I8, lengths: I4, known: Bool, blocks: I8, losses: I8) -> int:
    """Split datagrams into blocks; returns how many there are, and notes as many as `blocks` has rows.

    `known` (256,): categories that are read. `blocks` (M, 4): category, first byte after the header, end, source of the
    first record (-1: it names none).
    """
    count = 0
    for datagram in range(len(starts)):
        here = starts[datagram]
        end = here + lengths[datagram]
        heard = False
        while here < end:
            category = buffer[here]
            size = np.int64(buffer[here + 1]) << 8 | buffer[here + 2] if end - here >= HEADER else 0
            if size < HEADER or size > end - here:
                lose(losses, why_no_block(heard and not known[category], end - here, size), here, end - here)
                break
            heard = heard or known[category]
            if count < len(blocks):
                blocks[count, 0] = category
                blocks[count, 1] = here + HEADER
                blocks[count, 2] = here + size
                blocks[count, 3] = peek_source(buffer, here + HEADER, here + size)
            count += 1
            here += size
    return count


@njit(cache=True)
def why_no_block(after_the_last: bool, left: int, size: int) -> int:
    """The reason to give for a rest that is no block."""
    if after_the_last or left < HEADER:
        return TRAILER
    return BAD_LENGTH if size < HEADER else TRUNCATED


@njit(cache=True)
def peek_source(buffer: U1, here: int, end: int) -> int:
    """SAC << 8 | SIC of the record at `here` if its first item (I010, in every category read here) is there."""
    first = here
    while here < end and buffer[here] & 1:
        here += 1
    if here + 2 >= end or not buffer[first] & 0x80:
        return -1
    source: int = np.int64(buffer[here + 1]) << 8 | buffer[here + 2]
    return source


@njit(cache=True)
def walk_records(
    buffer: U1,
    blocks: I8,
    cursor: I8,
    items: int,
    nodes: I8,
    fields: I8,
    where: I8,
    offsets: I8,
    values: F8,
    losses: I8,
) -> tuple[int, int]:
    """Walk on from `cursor` (block, byte; 0: its start) until the blocks end or `offsets` is full.

    Notes each record's offset and, in `values` (fields, capacity), the raw integers of its fields (NaN: absent).
    `where` is room for positions. Returns records and bytes read; `cursor` says where to go on.
    """
    row, size = 0, 0
    while cursor[0] < len(blocks) and row < len(offsets):
        end = blocks[cursor[0], 2]
        here = max(cursor[1], blocks[cursor[0], 1])
        while here < end and row < len(offsets):
            stop = walk_record(buffer, here, end, items, nodes, where)
            if stop < 0:  # nothing says where the next record begins
                lose(losses, -1 - stop, here, end - here)
                here = end
            else:
                offsets[row] = here
                read_fields(buffer, fields, where, values, row)
                size += stop - here
                here = stop
                row += 1
        cursor[1] = here
        if here >= end:
            cursor[0] += 1
            cursor[1] = 0
    return row, size


@njit(cache=True)
def walk_record(buffer: U1, here: int, end: int, items: int, nodes: I8, where: I8) -> int:
    """The end of the record that begins at `here`, or -1 - reason; `where` (slots,) gets positions, -1: absent."""
    where[:] = -1
    body = here
    while body < end and buffer[body] & 1:
        body += 1
    body += 1
    if body > end:
        return -1 - BAD_FSPEC
    stop: int = body
    for octet in range(here, body):
        bits = buffer[octet] & 0xFE
        item = 7 * (octet - here)
        while bits:
            if bits & 0x80:
                if item >= items or nodes[item, RULE] < 0:
                    return -1 - BAD_FSPEC
                stop = pass_item(buffer, stop, end, item, nodes, where)
                if stop < 0:
                    return stop
            bits = (bits << 1) & 0xFF
            item += 1
    return stop if stop > body else -1 - BAD_FSPEC


@njit(cache=True)
def pass_item(buffer: U1, here: int, end: int, node: int, nodes: I8, where: I8) -> int:
    """The end of the item `node` that begins at `here`, or -1 - reason."""
    stop: int = here
    if nodes[node, RULE] != COMPOUND:
        stop = pass_plain(buffer, here, end, node, nodes, where)
        return stop  # noqa: RET504 - mypy wants to see the type
    body = here
    while body < end and buffer[body] & 1:
        body += 1
    body += 1
    if body > end:
        return -1 - TRUNCATED
    stop = body
    for octet in range(here, body):
        bits = buffer[octet] & 0xFE
        part = 7 * (octet - here)
        while bits:
            if bits & 0x80:
                if part >= nodes[node, PARTS]:
                    return -1 - BAD_ITEM
                stop = pass_plain(buffer, stop, end, nodes[node, FIRST] + part, nodes, where)
                if stop < 0:
                    return stop
            bits = (bits << 1) & 0xFF
            part += 1
    return stop


@njit(cache=True, inline="always")  # measured: a third faster than a call
def pass_plain(buffer: U1, here: int, end: int, node: int, nodes: I8, where: I8) -> int:
    """As `pass_item`, for everything that has no primary subfield."""
    rule = nodes[node, RULE]
    stop: int = here
    if nodes[node, SLOT] >= 0:
        where[nodes[node, SLOT]] = here
    if rule == FIXED:
        stop = here + nodes[node, SIZE]
    elif rule == EXTENDED:
        stop = pass_parts(buffer, here, end, node, nodes, where)
    elif rule < 0:
        return -1 - BAD_ITEM
    elif here >= end:
        return -1 - TRUNCATED
    elif rule == REPETITIVE:
        stop = here + 1 + int(buffer[here]) * nodes[node, SIZE]
    elif buffer[here] == 0:
        return -1 - BAD_ITEM
    else:
        stop = here + int(buffer[here])
    return stop if stop <= end else -1 - TRUNCATED


@njit(cache=True)
def pass_parts(buffer: U1, here: int, end: int, node: int, nodes: I8, where: I8) -> int:
    """The end of an extended item: part after part while FX is set."""
    last = nodes[node, PARTS] - 1
    stop: int = here
    part = 0
    while True:
        child = nodes[node, FIRST] + min(part, last)
        if nodes[child, SLOT] >= 0 and part <= last:
            where[nodes[child, SLOT]] = stop
        stop += nodes[child, SIZE]
        if stop > end:
            return -1 - TRUNCATED
        if buffer[stop - 1] & 1 == 0 or (part == last and nodes[node, SIZE] == 0):
            return stop
        part += 1


@njit(cache=True)
def read_fields(buffer: U1, fields: I8, where: I8, values: F8, row: int) -> None:
    """The wanted bits of a walked record into column `row` of `values`."""
    for field in range(len(fields)):
        here = where[fields[field, AT]]
        if here < 0:
            values[field, row] = np.nan
            continue
        here += fields[field, BYTE]
        number = np.int64(0)
        for octet in range(here, here + fields[field, BYTES]):
            number = number << 8 | buffer[octet]
        number = number >> fields[field, SHIFT] & fields[field, MASK]
        sign = fields[field, SIGN]
        values[field, row] = (number ^ sign) - sign
