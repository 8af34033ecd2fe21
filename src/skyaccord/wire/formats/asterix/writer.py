"""The way back: columns of field values into records, records into blocks, by the same profile that is walked.

Every record is laid out as a row of a byte matrix with a mask of the bytes that are said; the blocks are the bytes
under the mask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from skyaccord.columns import F8, I8, U1, Bool
from skyaccord.wire.formats.asterix.rows import Category
from skyaccord.wire.formats.asterix.uap import Compound, Extended, Field, Fixed, Rule

BLOCK_BYTES_MAX = 1400  # fits an Ethernet frame with UDP over IPv4 or IPv6
HEADER = 3

Octets = tuple[U1, Bool]  # (N, bytes) and which of them are said


def compose(category: Category, values: Mapping[str, F8]) -> list[bytes]:
    """Blocks of at most BLOCK_BYTES_MAX bytes with one record a row.

    `values`: field name -> (N,) in the field's unit, NaN where it is not said; an item is written where any of its
    fields is said, the others being zero. Fields saturate, or wrap if cyclic. A row without any value is skipped.
    """
    fields: dict[str, list[Field]] = {}
    for field in category.fields:
        if field.name in values:
            fields.setdefault(field.item, []).append(field)
    rows = len(next(iter(values.values())))
    if not rows:
        return []
    items = [lay_item(*entry, fields, values, rows) if entry else nothing(rows) for entry in category.uap]
    said = any_said(items)
    octets, masks = zip(primary(said), *items, strict=True)
    mask = np.hstack(masks) & said.any(axis=1, keepdims=True)
    return cut(category.number, np.hstack(octets)[mask], mask.sum(axis=1))


def lay_item(name: str, rule: Rule, fields: Mapping[str, list[Field]], values: Mapping[str, F8], rows: int) -> Octets:
    """One item of all records."""
    if isinstance(rule, Fixed):
        return lay_fields(rule.size, fields.get(name, []), values, rows)
    if isinstance(rule, Extended):
        return lay_parts(name, rule, fields, values, rows)
    if isinstance(rule, Compound):
        parts = [lay_item(f"{name}.{p[0]}", p[1], fields, values, rows) if p else nothing(rows) for p in rule.parts]
        said = any_said(parts)
        octets, masks = zip(primary(said), *parts, strict=True)
        return np.hstack(octets), np.hstack(masks) & said.any(axis=1, keepdims=True)
    return nothing(rows)


def lay_parts(
    name: str, rule: Extended, fields: Mapping[str, list[Field]], values: Mapping[str, F8], rows: int
) -> Octets:
    """An extended item: the parts up to the last one said, FX set in all but that."""
    names = [name, *(f"{name}.{k}" for k in range(2, len(rule.parts) + 1))]
    parts = [lay_fields(s, fields.get(n, []), values, rows) for n, s in zip(names, rule.parts, strict=True)]
    said = up_to_last(any_said(parts))
    for part, (octets, mask) in enumerate(parts):
        mask[:] = said[:, part, None]
        if part + 1 < len(parts):
            octets[:, -1] |= said[:, part + 1]
    return np.hstack([octets for octets, _ in parts]), np.hstack([mask for _, mask in parts])


def lay_fields(size: int, fields: list[Field], values: Mapping[str, F8], rows: int) -> Octets:
    """`size` bytes with the fields' bits in place, said where any field is."""
    octets = np.zeros((rows, size), np.uint8)
    said = np.zeros(rows, bool)
    for field in fields:
        said |= ~np.isnan(values[field.name])
        end = field.bit + field.width
        number = raw(field, values[field.name]) << -end % 8
        for octet in range((end + 7) // 8 - 1, field.bit // 8 - 1, -1):
            octets[:, octet] |= (number & 0xFF).astype(np.uint8)
            number >>= 8
    return octets, np.repeat(said[:, None], size, axis=1)


def raw(field: Field, value: F8) -> I8:
    """The nearest integer of the field's width; NaN is zero."""
    number = np.rint(np.nan_to_num(value / field.lsb, nan=0.0, posinf=2.0**62, neginf=-(2.0**62)))
    if not field.cyclic:
        low = -(2.0 ** (field.width - 1)) if field.signed else 0.0
        number = np.clip(number, low, low + 2.0**field.width - 1)
    return number.astype(np.int64) & (1 << field.width) - 1


def any_said(items: Sequence[Octets]) -> Bool:
    """(N, items) is anything of the item said?"""
    return np.stack([mask.any(axis=1) for _, mask in items], axis=1).astype(bool)


def primary(said: Bool) -> Octets:
    """FSPEC, or a compound's primary subfield: (N, parts) -> as many bytes as the last part said asks for."""
    rows, parts = said.shape
    bits = np.zeros((rows, -(-parts // 7), 8), np.uint8)
    padded = np.zeros((rows, bits.shape[1] * 7), np.uint8)
    padded[:, :parts] = said
    bits[:, :, :7] = padded.reshape(rows, -1, 7)
    used = up_to_last(bits.any(axis=2).astype(bool))
    used[:, 0] = True
    bits[:, :-1, 7] = used[:, 1:]
    return np.packbits(bits, axis=2)[:, :, 0], used


def up_to_last(said: Bool) -> Bool:
    """(N, parts) -> true up to the last true one of each row."""
    behind: Bool = np.cumsum(said[:, ::-1], axis=1)[:, ::-1] > 0
    return behind


def nothing(rows: int) -> Octets:
    """An item that is never said."""
    return np.zeros((rows, 0), np.uint8), np.zeros((rows, 0), bool)


def cut(number: int, octets: U1, lengths: I8) -> list[bytes]:
    """Records one after another into blocks, as many as fit in each."""
    ends = np.cumsum(lengths)
    blocks: list[bytes] = []
    start = 0
    while start < len(octets):
        fit = int(np.searchsorted(ends, start + BLOCK_BYTES_MAX - HEADER, side="right"))
        stop = int(ends[fit - 1])
        size = HEADER + stop - start
        blocks.append(bytes([number, size >> 8, size & 0xFF]) + octets[start:stop].tobytes())
        start = stop
    return blocks
