"""Along: where targets of known path are at any time, and how they manoeuvre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skyaccord.columns import F8, I8, Bool, Columns, column


@dataclass(frozen=True, eq=False)
class Paths(Columns):
    """What is known of the truth: one row a target and second, sorted by target, then time; one frame for all."""

    truth_id: I8 = column("i8")
    time_s: F8 = column("f8")
    state: F8 = column("f8", 6)  # x y z vx vy vz
    turn_radps: F8 = column("f8")  # clockwise, from this second on
    covered: Bool = column("?")  # some sensor can see it


def spans(paths: Paths) -> tuple[I8, I8]:
    """Numbers of the targets (K,) and where their rows begin (K + 1,)."""
    numbers, first = np.unique(paths.truth_id, return_index=True)
    return numbers, np.append(first, len(paths)).astype(np.int64)


def along(paths: Paths, truth_id: I8, time_s: F8) -> F8:
    """States of targets at times: (N,) each -> (N, 6), cubic between seconds, straight beyond both ends of a path.

    NaN for a target that has no path.
    """
    numbers, first = spans(paths)
    out = np.full((len(truth_id), 6), np.nan)
    if not len(numbers) or not len(truth_id):
        return out
    which = np.clip(np.searchsorted(numbers, truth_id), 0, len(numbers) - 1)
    known = numbers[which] == truth_id
    low, high = first[which], first[which + 1] - 1
    row = _rows_before(paths, which, time_s)
    a = np.clip(row, low, high)
    b = np.minimum(a + 1, high)
    dt = paths.time_s[b] - paths.time_s[a]
    inside = known & (row >= low) & (dt > 0)
    out[known] = _straight(paths, a[known], time_s[known])
    out[inside] = _cubic(paths, a[inside], b[inside], time_s[inside])
    return out


def _rows_before(paths: Paths, which: I8, time_s: F8) -> I8:
    """The last row of each query's target at or before its time; one before its first row: none."""
    numbers, first = spans(paths)
    owner = np.repeat(np.arange(len(numbers)), np.diff(first))
    start, stop = float(paths.time_s.min()), float(paths.time_s.max())
    reach = stop - start + 2.0
    key = owner * reach + (paths.time_s - start)
    wanted = which * reach + np.clip(time_s - start, -0.5, stop - start + 0.5)
    return np.searchsorted(key, wanted, side="right").astype(np.int64) - 1


def _straight(paths: Paths, row: I8, time_s: F8) -> F8:
    state = paths.state[row].copy()
    state[:, :3] += state[:, 3:] * (time_s - paths.time_s[row])[:, None]
    return state


def _cubic(paths: Paths, a: I8, b: I8, time_s: F8) -> F8:
    """Hermite's cubic through the states at both ends of the second."""
    dt = (paths.time_s[b] - paths.time_s[a])[:, None]
    s = (time_s - paths.time_s[a])[:, None] / dt
    p0, p1 = paths.state[a, :3], paths.state[b, :3]
    m0, m1 = dt * paths.state[a, 3:], dt * paths.state[b, 3:]
    place = (
        (2 * s**3 - 3 * s**2 + 1) * p0 + (s**3 - 2 * s**2 + s) * m0 + (3 * s**2 - 2 * s**3) * p1 + (s**3 - s**2) * m1
    )
    rate = (6 * s**2 - 6 * s) * (p0 - p1) + (3 * s**2 - 4 * s + 1) * m0 + (3 * s**2 - 2 * s) * m1
    return np.hstack([place, rate / dt])
