"""Which tracks are near a plot: a hashed grid of cubes in three levels.

A track lies in the level whose cubes are at least four times the radius within which its next plot must be, so a plot
looks into a handful of cubes in each level whatever the number of tracks, anywhere on the globe.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from skyaccord.columns import F8, I4, I8
from skyaccord.tracks.kernels.bank import NONE, Record, Records

CELL_M = np.array([16e3, 64e3, 256e3])
LEVELS = 3
MOST_SURGE_MPS2 = 10.0  # half of the acceleration that the models may add, one sigma
WIDEST_M = 64e3  # no target is known so badly and still tracked


@njit(cache=True)
def bucket(level: int, x: int, y: int, z: int, mask: int) -> int:
    """Bucket of a cube."""
    mixed = (x * 73856093) ^ (y * 19349663) ^ (z * 83492791) ^ (level * 2654435761)
    return (mixed ^ (mixed >> 17)) & mask


@njit(cache=True)
def spread_out(bank: Records, first: I4, rows: I8, top: int, time_s: float, slice_s: float, gate_d2: float) -> None:
    """Lay all rows below `top` into the grid as of a slice of time that ends at `time_s`.

    `first` (B,) is the first row of each bucket, B a power of two; `rows` (LEVELS,) how many lie in each level.
    """
    first[:] = NONE
    rows[:] = 0
    for t in range(top):
        if bank[t].number:
            lay(bank[t], t, first, rows, time_s - 0.5 * slice_s, slice_s, gate_d2)


@njit(cache=True)
def lay(row: Record, t: int, first: I4, rows: I8, time_s: float, slice_s: float, gate_d2: float) -> None:
    """Put row number t of the bank where it is at `time_s`, give or take half a slice."""
    mean, cov, place = row.whole, row.spread, row.place
    dt = time_s - row.time_s
    ahead = max(dt, 0.0) + 0.5 * slice_s
    square = 0.0  # of the Frobenius norm of the position's covariance then, which no eigenvalue exceeds
    for i in range(3):
        place[i] = mean[i] + dt * mean[i + 3]
        for j in range(3):
            one = cov[i, j] + ahead * (cov[i, j + 3] + cov[i + 3, j] + ahead * cov[i + 3, j + 3])
            square += one * one
    surge2 = (MOST_SURGE_MPS2 * ahead * ahead) ** 2
    radius = np.sqrt(gate_d2 * (np.sqrt(square) + surge2))
    radius = min(radius, WIDEST_M)
    level = 0
    while level < LEVELS - 1 and 4.0 * radius > CELL_M[level]:
        level += 1
    cell = CELL_M[level]
    x, y, z = int(np.floor(place[0] / cell)), int(np.floor(place[1] / cell)), int(np.floor(place[2] / cell))
    b = bucket(level, x, y, z, len(first) - 1)
    row.level, row.radius_m = level, radius
    rows[level] += 1
    row.link = first[b]
    first[b] = t


@njit(cache=True)
def near(bank: Records, first: I4, rows: I8, place: F8, radius_m: float, dt: float, out: I4) -> int:
    """Rows whose gate may hold a place (3,) that is known to `radius_m`, into `out`: how many, as fit.

    `dt` is the place's time after the middle of the slice. A row and the place are within the root of the sum of their
    radii's squares, for so covariances add.
    """
    found = 0
    mask = len(first) - 1
    for level in range(LEVELS):
        if rows[level] == 0:
            continue
        cell = CELL_M[level]
        reach = radius_m + 0.25 * cell
        x0, x1 = int(np.floor((place[0] - reach) / cell)), int(np.floor((place[0] + reach) / cell))
        y0, y1 = int(np.floor((place[1] - reach) / cell)), int(np.floor((place[1] + reach) / cell))
        z0, z1 = int(np.floor((place[2] - reach) / cell)), int(np.floor((place[2] + reach) / cell))
        for x in range(x0, x1 + 1):
            for y in range(y0, y1 + 1):
                for z in range(z0, z1 + 1):
                    t = first[bucket(level, x, y, z, mask)]
                    while t != NONE:
                        row = bank[t]
                        if row.level == level and reaches(row, place, radius_m, dt) and in_cube(row, cell, x, y, z):
                            if found == len(out):
                                return found
                            out[found] = t
                            found += 1
                        t = row.link
    return found


@njit(cache=True)
def reaches(row: Record, place: F8, radius_m: float, dt: float) -> bool:
    """Whether a place is within the row's radius and another, dt after the middle of the slice."""
    at, mean = row.place, row.whole
    dx = at[0] + dt * mean[3] - place[0]
    dy = at[1] + dt * mean[4] - place[1]
    dz = at[2] + dt * mean[5] - place[2]
    return bool(dx * dx + dy * dy + dz * dz < row.radius_m**2 + radius_m**2)


@njit(cache=True)
def in_cube(row: Record, cell: float, x: int, y: int, z: int) -> bool:
    """Whether a row lies in a cube, not just in its bucket."""
    place = row.place
    return bool(np.floor(place[0] / cell) == x and np.floor(place[1] / cell) == y and np.floor(place[2] / cell) == z)
