"""Rows: a chunk of walked records, each field a column of numbers, before the category gives them their meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skyaccord.columns import F8, I8, U2, Bool, Columns, Text
from skyaccord.wire.formats.asterix.uap import DAY_S, TAU, Field, Uap
from skyaccord.wire.reports import Statuses


@dataclass(frozen=True)
class Category:
    """One category in one edition: its profile, the fields wanted, and what columns they make."""

    number: int
    uap: Uap
    fields: tuple[Field, ...]
    columns: Callable[[Rows], Columns] | None  # None: its records are all status messages
    statuses: Callable[[Rows], Statuses] | None = None  # None: none of them is


@dataclass(frozen=True, eq=False)
class Rows:
    """Records of one category, named fields as float64 (NaN: absent)."""

    offset: I8  # (N,)
    values: F8  # (fields, N) raw integers
    fields: tuple[Field, ...]

    def __len__(self) -> int:
        return len(self.offset)

    def __getitem__(self, name: str) -> F8:
        """(N,) in the field's unit; NaN: absent."""
        row = self.row(name)
        scaled: F8 = self.values[row] * self.fields[row].lsb
        return scaled

    def take(self, chosen: Bool) -> Rows:
        """The rows of a mask."""
        return self if chosen.all() else Rows(self.offset[chosen], self.values[:, chosen], self.fields)

    def knows(self, name: str) -> bool:
        """Has the category such a field?"""
        return any(field.name == name for field in self.fields)

    def has(self, name: str) -> Bool:
        """(N,) is it there?"""
        there: Bool = ~np.isnan(self.values[self.row(name)])
        return there

    def flag(self, name: str) -> Bool:
        """(N,) is it there and not zero?"""
        value = self.values[self.row(name)]
        on: Bool = (value != 0) & ~np.isnan(value)
        return on

    def whole(self, name: str, absent: int) -> I8:
        """(N,) integers, `absent` where the field is not there."""
        value = self.values[self.row(name)]
        return np.where(np.isnan(value), absent, value).astype(np.int64)

    def callsign(self, name: str) -> Text:
        """(N,) eight characters of six bits each; empty: absent."""
        said = self.has(name)
        text = np.zeros(len(self), "S8")
        text[said] = letters(self.whole(name, 0)[said])
        return text

    def row(self, name: str) -> int:
        """Where the field stands."""
        return next(k for k, field in enumerate(self.fields) if field.name == name)


SPECIAL_CODES = (0o7500, 0o7600, 0o7700)  # Mode A of hijacking, radio failure, emergency


def joined(bits: Iterable[tuple[int, Bool]]) -> U2:
    """One word of flags a row: each bit where its column (N,) is true."""
    word: U2 = np.bitwise_or.reduce([np.where(on, bit, 0) for bit, on in bits]).astype(np.uint16)
    return word


def first(*choices: F8) -> F8:
    """The first of the columns that is there, row by row."""
    best = choices[0]
    for other in choices[1:]:
        best = np.where(np.isnan(best), other, best)
    return best


def in_plane(x_m: F8, y_m: F8) -> tuple[F8, F8]:
    """East and north in a sensor's horizontal plane as distance and bearing, clockwise from north, below a turn."""
    bearing = np.arctan2(x_m, y_m)
    return np.hypot(x_m, y_m), np.where(bearing < 0, bearing + TAU, bearing)


# ICAO Annex 10, volume IV, table 3-9; what is not in it reads as a space
ALPHABET = np.frombuffer(b" ABCDEFGHIJKLMNOPQRSTUVWXYZ".ljust(48) + b"0123456789".ljust(16), np.uint8)
SIXES = np.arange(42, -1, -6)


def letters(codes: I8) -> Text:
    """48-bit codes to callsigns without trailing spaces: (N,) -> (N,) S8."""
    text = ALPHABET[codes[:, None] >> SIXES & 63]
    blank = np.logical_and.accumulate(text[:, ::-1] == ord(" "), axis=1)[:, ::-1]
    return np.where(blank, np.uint8(0), text).view("S8").reshape(-1)


def codes(callsign: Text) -> F8:
    """Callsigns to 48-bit codes: (N,) S8 -> (N,) float64, NaN where empty."""
    text = np.ascontiguousarray(np.char.upper(callsign).astype("S8")).view(np.uint8).reshape(-1, 8)
    known = np.isin(text, ALPHABET)
    six = np.where(known, text & 63, ord(" ")).astype(np.int64)
    packed = (six << SIXES).sum(axis=1).astype(float)
    return np.where(callsign == b"", np.nan, packed)


def optional(value: Any, absent: int) -> F8:
    """A column of integers as fields want it: float64, NaN for the value that means none."""
    return np.where(value == absent, np.nan, np.asarray(value, float))


def time_of_day(time_s: F8) -> F8:
    """Seconds since midnight on the grid of 1/128 s, below 86,400 after rounding too."""
    day: F8 = np.rint(time_s * 128) % (DAY_S * 128) / 128
    return day
