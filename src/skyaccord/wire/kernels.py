"""Loops over datagrams and over times of day: arrays in, arrays out."""

from __future__ import annotations

import numpy as np
from numba import njit

from skyaccord.columns import F8, I4, I8, U1, U2, U8

DAY_S = 86_400.0
LATE_S = 3_600.0


@njit(cache=True)
def unwrap(source: U2, tod_s: F8, tick_s: F8) -> F8:
    """Times of day (N,) of several sources in order of arrival into seconds since the first day's midnight.

    A source that falls by more than half a day has passed midnight. One that rises by as much is late, of the day
    before, if that makes it an hour late at most, else it was silent so long. A source new, or silent for a quarter of
    a day of the others' time, goes on from what was heard last of them. `tick_s`: (65536,) scratch, NaN.
    """
    out = np.full(len(tod_s), np.nan)
    newest = np.nan
    for k in range(len(tod_s)):
        if np.isnan(tod_s[k]):
            continue
        before = tick_s[source[k]]
        if np.isnan(before) or newest - before > DAY_S / 4:
            before = newest
        days = 0.0
        if not np.isnan(before):
            days, today = np.rint((before - tod_s[k]) / DAY_S), np.floor(before / DAY_S)
            if days < today and before - tod_s[k] - days * DAY_S > LATE_S:
                days = today
        newest = tod_s[k] + days * DAY_S
        tick_s[source[k]] = newest
        out[k] = newest
    return out


@njit(cache=True)
def fingerprint(buffer: U1, offset: I8, length: I4) -> U8:
    """A 64-bit FNV-1a hash of each datagram."""
    out = np.empty(len(offset), np.uint64)
    for k in range(len(offset)):
        value = np.uint64(0xCBF29CE484222325)
        for octet in range(offset[k], offset[k] + length[k]):
            value = (value ^ np.uint64(buffer[octet])) * np.uint64(0x100000001B3)
        out[k] = value
    return out


LOOK_BACK = 64  # datagrams of equal content within one window: more are a flood, not copies


@njit(cache=True)
def find_originals(buffer: U1, order: I8, mark: U8, time_s: F8, offset: I8, length: I4, way: I8, window_s: float) -> I8:
    """For each datagram the row of the one it repeats by another way within `window_s`; -1: it is no copy.

    `order`: rows sorted by fingerprint `mark`, then arrival. `way` (N,): by which of the ways (group, port, address) it
    came. An original has at most one copy a way.
    """
    original = np.full(len(order), -1, np.int64)
    for k in range(len(order)):
        row = order[k]
        for j in range(k - 1, max(k - LOOK_BACK, 0) - 1, -1):
            other = order[j]
            if mark[other] != mark[row] or not time_s[row] - time_s[other] <= window_s:
                break
            if way[other] == way[row] or original[other] >= 0:
                continue
            if copied(order, original, way, j, k) or not equal(buffer, offset, length, row, other):
                continue
            original[row] = other
            break
    return original


@njit(cache=True)
def copied(order: I8, original: I8, way: I8, j: int, k: int) -> bool:
    """Has order[j] a copy already that came by the way of order[k]?"""
    for i in range(j + 1, k):  # noqa: SIM110 - numba compiles no generator
        if original[order[i]] == order[j] and way[order[i]] == way[order[k]]:
            return True
    return False


@njit(cache=True)
def equal(buffer: U1, offset: I8, length: I4, row: int, other: int) -> bool:
    """Are the two datagrams the same, byte for byte?"""
    if length[row] != length[other]:
        return False
    for k in range(length[row]):  # noqa: SIM110
        if buffer[offset[row] + k] != buffer[offset[other] + k]:
            return False
    return True
