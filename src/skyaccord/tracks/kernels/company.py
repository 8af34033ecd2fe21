"""Who flies beside whom: what tells two that say no names apart where their plots do not.

Two that fly together turn together, and each then comes to where the other was looked for: which plot is whose is
easily mistaken, and their tracks come as near each other as their errors. But where the one is from the other does not
change by that. Each track remembers a companion as a filter of its own would have it: where it is from it, and how fast
that changes. It learns only from what one sensor after the other has said of both, and only while that leaves no doubt
of which is which; in between the memory fades, so that who overtakes another or crosses its course is soon past it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skyaccord.columns import F8, I4
from skyaccord.tracks.kernels.bank import CONFIRMED, MEMORY, NONE, Record, Records
from skyaccord.tracks.kernels.compiled import compiled, lean
from skyaccord.tracks.kernels.triangle import AT

NEAR_M, LIKE_MPS = 4_000.0, 100.0  # farther apart or less alike in velocity, two keep no company
ONE_AFTER_OTHER_S = 3.0  # within which a sensor hears both in one turn
FORGOTTEN_S = 60.0  # after which nothing is known of a companion
PARTING_MPS = (
    20.0  # at which companions part, one sigma, each axis; at 8 those that cross are taken for those that turn
)
UNLIKE_M2S3 = 5.0  # white acceleration density, each axis, of the one against the other
AMISS_D2 = 20.0  # squared distance from where it should be at which a companion is anew where it is
SURE_LOG = 0.7  # log-likelihood ratio by which two are in each other's place, or in their own


class Faded(NamedTuple):
    """A memory brought forward: variance, each axis, of where the companion is, of how fast that changes, and both."""

    place: float
    both: float
    parting: float


@compiled
def recall(bank: Records, rows: I4) -> Records:
    """What the tracks of some rows (R,) remember: (R,) MEMORY."""
    out = np.empty(len(rows), MEMORY)
    for j in range(len(rows)):
        out[j] = bank[rows[j]].company
    return out


@compiled
def remember(bank: Records, rows: I4, numbers: I4, memory: Records) -> None:
    """Bring what tracks remember, (R,), up to what their rows (R,) say: who flies beside each, and where.

    Of those that are believed, and were heard one after the other.
    """
    at, nearest = np.empty(6), np.empty(6)
    for i in range(len(rows)):
        a = bank[rows[i]]
        best, best2 = NONE, NEAR_M**2
        for j in range(len(rows)):
            b = bank[rows[j]]
            if j == i or a.status != CONFIRMED or b.status != CONFIRMED:
                continue
            if abs(a.updated_s - b.updated_s) > ONE_AFTER_OTHER_S:
                continue
            apart2 = beside(a, b, max(a.time_s, b.time_s), at)
            if apart2 < best2 and at[3] ** 2 + at[4] ** 2 + at[5] ** 2 < LIKE_MPS**2:
                best, best2 = j, apart2
                nearest[:] = at
        if best != NONE:
            b = bank[rows[best]]
            now_s = max(a.time_s, b.time_s)
            var, var_v = variance(a, 0) + variance(b, 0), variance(a, 3) + variance(b, 3)
            note_beside(memory[i], numbers[best], now_s, nearest, var, var_v)


@lean
def note_beside(memory: Record, number: int, now_s: float, at: F8, var: float, var_v: float) -> None:
    """Note that a companion of this number is where `at` (6,) says, with these variances, each axis.

    Not of the same instant twice, nor where it may as well be in the other's place.
    """
    dt = now_s - memory.beside_s
    if memory.mate == number and dt == 0.0:
        return
    if memory.mate == number and 0.0 < dt < FORGOTTEN_S:
        held = faded(memory, dt)
        off2, reverse2 = 0.0, 0.0
        for c in range(3):
            there = memory.beside[c] + dt * memory.parting[c]
            off2 += (at[c] - there) ** 2 / (held.place + var)
            reverse2 += (at[c] + there) ** 2 / (held.place + var)
        if off2 < AMISS_D2:
            if 0.5 * (reverse2 - off2) > SURE_LOG:
                gain, gain_v = held.place / (held.place + var), held.both / (held.place + var)
                for c in range(3):
                    off = at[c] - memory.beside[c] - dt * memory.parting[c]
                    memory.beside[c] += dt * memory.parting[c] + gain * off
                    memory.parting[c] += gain_v * off
                memory.beside_s = now_s
                memory.beside_var = held.place - gain * held.place
                memory.both_var = held.both - gain * held.both
                memory.parting_var = held.parting - gain_v * held.both
            return
    share = PARTING_MPS**2 / (PARTING_MPS**2 + var_v)
    for c in range(3):
        memory.beside[c], memory.parting[c] = at[c], share * at[c + 3]
    memory.mate, memory.beside_s = number, now_s
    memory.beside_var, memory.both_var, memory.parting_var = var, 0.0, share * var_v


@lean
def faded(memory: Record, dt: float) -> Faded:
    """How well a memory holds after a time."""
    return Faded(
        memory.beside_var + dt * (2.0 * memory.both_var + dt * (memory.parting_var + UNLIKE_M2S3 * dt / 3.0)),
        memory.both_var + dt * (memory.parting_var + UNLIKE_M2S3 * dt / 2.0),
        memory.parting_var + UNLIKE_M2S3 * dt,
    )


@lean
def in_place(memory: Record, number: int, a: Record, b: Record, time_s: float) -> float:
    """How much likelier two rows are a track that remembers this and its companion of a number than the reverse.

    The log-likelihood ratio; NaN: it does not remember that one, or neither is like what it remembers.
    """
    dt, off2, reverse2 = time_s - memory.beside_s, 0.0, 0.0
    if memory.mate != number or not 0.0 <= dt < FORGOTTEN_S:
        return np.nan
    var = faded(memory, dt).place + variance(a, 0) + variance(b, 0)
    for c in range(3):
        now = b.whole[c] + (time_s - b.time_s) * b.whole[c + 3] - a.whole[c] - (time_s - a.time_s) * a.whole[c + 3]
        there = memory.beside[c] + dt * memory.parting[c]
        off2 += (now - there) ** 2 / var
        reverse2 += (now + there) ** 2 / var
    return float(0.5 * (reverse2 - off2)) if min(off2, reverse2) < AMISS_D2 else np.nan


@lean
def beside(a: Record, b: Record, time_s: float, out: F8) -> float:
    """Where b is from a at a time, and how fast that changes, into `out` (6,): their squared distance."""
    apart2 = 0.0
    for c in range(3):
        out[c + 3] = b.whole[c + 3] - a.whole[c + 3]
        out[c] = b.whole[c] + (time_s - b.time_s) * b.whole[c + 3] - a.whole[c] - (time_s - a.time_s) * a.whole[c + 3]
        apart2 += out[c] ** 2
    return float(apart2)


@lean
def variance(row: Record, first: int) -> float:
    """Mean variance of three elements of a row's state, from the first on."""
    out = 0.0
    for c in range(first, first + 3):
        out += row.spread[AT[c, c]] / 3.0
    return out
