"""User application profiles as data: which items a category has, in which order, and how long each is.

Source: EUROCONTROL-SPEC-0149, "Specification for Surveillance Data Exchange, Part 1". A record is a field
specification (FSPEC: one bit an item, in the profile's order), then the items; an item's length is of one of five
kinds. `compile_uap` turns a profile and the fields wanted from it into the flat tables that `walker` reads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from skyaccord.columns import I8

TAU = 2 * math.pi
NAUTICAL_MILE_M = 1852.0
FOOT_M = 0.3048
QUARTER_LEVEL_M = 25 * FOOT_M  # a quarter of a flight level
DAY_S = 86_400


@dataclass(frozen=True)
class Fixed:
    """Always `size` bytes."""

    size: int


@dataclass(frozen=True)
class Extended:
    """Parts one after another, each with a bit (FX, its last) that says whether one more follows; the last repeats.

    `closed`: the last part has no FX bit (I021/271 before edition 2.2).
    """

    parts: tuple[int, ...]
    closed: bool = False


@dataclass(frozen=True)
class Repetitive:
    """One byte of count, then so many times `size` bytes."""

    size: int


@dataclass(frozen=True)
class Explicit:
    """One byte of length, itself included, then whatever the sender likes (RE and SP)."""


@dataclass(frozen=True)
class Compound:
    """A primary subfield of bits (each byte's last is FX), then the subfields it names; None: a spare bit."""

    parts: tuple[tuple[str, Rule] | None, ...]


Rule = Fixed | Extended | Repetitive | Explicit | Compound
Uap = tuple[tuple[str, Rule] | None, ...]  # in the order of FRN 1, 2, ...; None: a spare one


class Field(NamedTuple):
    """Bits of an item that mean something: `width` bits from bit `bit` (0: the first on the wire), times `lsb`.

    `item`: "040"; "380.ADR", a compound's subfield; "020.2", an extended item's second part.
    """

    name: str
    item: str
    bit: int
    width: int
    lsb: float = 1.0
    signed: bool = False
    cyclic: bool = False  # an angle: encoding wraps instead of saturating


class Tables(NamedTuple):
    """A profile and its wanted fields as arrays. Node k < `items` is FRN k + 1; parts follow."""

    items: int
    nodes: I8  # (nodes, 5) columns RULE .. SLOT
    fields: I8  # (fields, 6) columns AT .. SIGN


# columns of `Tables.nodes`: index in RULES (-1: spare); bytes (of an extended item: 1 if its last part repeats); node
# of the first part; how many parts; where its position is noted (-1: nobody asks)
RULE, SIZE, FIRST, PARTS, SLOT = range(5)
# columns of `Tables.fields`: slot of the item; first byte; bytes; shift; mask; sign bit
AT, BYTE, BYTES, SHIFT, MASK, SIGN = range(6)
RULES = (Fixed, Extended, Repetitive, Explicit, Compound)


def compile_uap(uap: Uap, fields: tuple[Field, ...]) -> Tables:
    """The tables for one walk; raises KeyError or ValueError if a field is not in the profile."""
    names, rules, first, parts = flatten(uap)
    slots = {item: k for k, item in enumerate(dict.fromkeys(field.item for field in fields))}
    for field in fields:
        rule = rules[names.index(field.item)] if field.item in names else None
        size = rule.parts[0] if isinstance(rule, Extended) else rule.size if isinstance(rule, Fixed) else 0
        if field.bit + field.width > 8 * size:
            raise ValueError(f"field {field.name!r} is not within the {size} bytes of item {field.item}")
    nodes = [
        (-1 if rule is None else RULES.index(type(rule)), node_size(rule), start, count, slots.get(name, -1))
        for name, rule, start, count in zip(names, rules, first, parts, strict=True)
    ]
    bits = [(slots[field.item], *place(field)) for field in fields]
    return Tables(len(uap), np.array(nodes, np.int64), np.array(bits, np.int64))


def place(field: Field) -> tuple[int, int, int, int, int]:
    """First byte, bytes, shift, mask and sign bit of a field."""
    end = field.bit + field.width
    start = field.bit // 8
    sign = 1 << field.width - 1 if field.signed else 0
    return start, (end + 7) // 8 - start, -end % 8, (1 << field.width) - 1, sign


def flatten(uap: Uap) -> tuple[list[str], list[Rule | None], list[int], list[int]]:
    """Items first, their parts behind: name, rule, first part and number of parts of each node."""
    names = [entry[0] if entry else "" for entry in uap]
    rules: list[Rule | None] = [entry[1] if entry else None for entry in uap]
    first, parts = [0] * len(uap), [0] * len(uap)
    node = 0
    while node < len(rules):  # grows: a compound's subfield may itself be extended
        inner = children(names[node], rules[node])
        first[node], parts[node] = len(names), len(inner)
        for name, rule in inner:
            names.append(name)
            rules.append(rule)
            first.append(0)
            parts.append(0)
        node += 1
    return names, rules, first, parts


def children(name: str, rule: Rule | None) -> list[tuple[str, Rule | None]]:
    """The parts of an extended item (named "020.2" from the second on) or of a compound one."""
    if isinstance(rule, Extended):
        return [(f"{name}.{k}" if k > 1 else "", Fixed(size)) for k, size in enumerate(rule.parts, 1)]
    if isinstance(rule, Compound):
        return [(f"{name}.{part[0]}", part[1]) if part else ("", None) for part in rule.parts]
    return []


def node_size(rule: Rule | None) -> int:
    """What `Tables.size` says of a rule."""
    if isinstance(rule, Extended):
        return 0 if rule.closed else 1
    return rule.size if isinstance(rule, Fixed | Repetitive) else 0
