"""Which tracks are near a plot: a hashed grid of cubes in four levels.

A track lies in the level whose cubes are at least four times the radius within which its next plot must be, so a plot
looks into a handful of cubes in each level whatever the number of tracks, anywhere on the globe. The grid is of pins,
which are small; a row is asked anew where it is only when it has changed or some slices have passed.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from skyaccord.columns import F8, I4
from skyaccord.tracks.kernels.bank import CONFIRMED, LONG_AGO, NONE, Record, Store
from skyaccord.tracks.kernels.triangle import AT

CELL_M = np.array([16e3, 64e3, 128e3, 256e3])
LEVELS = 4
MOST_SURGE_MPS2 = 10.0  # half of the acceleration that the models may add, one sigma
WIDEST_M = 60e3  # no target is known so badly and still tracked
HOLDS = 4  # slices for which a pin's radius is made to hold


@njit(cache=True)
def bucket(level: int, x: int, y: int, z: int, mask: int) -> int:
    """Bucket of a cube."""
    mixed = (x * 73856093) ^ (y * 19349663) ^ (z * 83492791) ^ (level * 2654435761)
    return (mixed ^ (mixed >> 17)) & mask


@njit(cache=True)
def spread_out(store: Store, middle_s: float, rules: Record) -> None:
    """Lay all rows in use into the grid as of a slice of time about `middle_s`."""
    store.first[:] = NONE
    store.levels[:] = 0
    for t in range(store.counts[0].top):
        pin = store.pins[t]
        if pin.live:
            if pin.until_s < middle_s + 0.5 * rules.slice_s:
                locate_row(store.bank[t], pin, middle_s, rules)
            chain(store, t, middle_s)


@njit(cache=True)
def lay(store: Store, t: int, middle_s: float, rules: Record) -> None:
    """Put a row that the slice has brought into the grid of that slice."""
    pin = store.pins[t]
    locate_row(store.bank[t], pin, middle_s, rules)
    chain(store, t, middle_s)
    pin.until_s = pin.wake_s = LONG_AGO


@njit(cache=True)
def locate_row(row: Record, pin: Record, middle_s: float, rules: Record) -> None:
    """Write a row's pin: where it is in the slice about `middle_s`, and how far off it may be for some slices."""
    mean, cov = row.whole, row.spread
    dt = middle_s - row.time_s
    ahead = max(dt, 0.0) + (HOLDS - 0.5) * rules.slice_s
    square, speed2 = 0.0, 0.0  # of the Frobenius norm of the position's covariance then, which no eigenvalue exceeds
    for i in range(3):
        pin.place[i] = mean[i] + dt * mean[i + 3]
        pin.speed[i] = mean[i + 3]
        speed2 += mean[i + 3] ** 2
        for j in range(i, 3):
            one = cov[AT[i, j]] + ahead * (cov[AT[i, j + 3]] + cov[AT[j, i + 3]] + ahead * cov[AT[i + 3, j + 3]])
            square += (1.0 if i == j else 2.0) * one * one
    surge2 = (MOST_SURGE_MPS2 * ahead * ahead) ** 2
    radius = min(np.sqrt(rules.gate_d2 * (np.sqrt(square) + surge2)), WIDEST_M)
    within = 4.0 * (radius + 0.5 * rules.slice_s * np.sqrt(speed2))  # it moves while the slice lasts
    level = 0
    while level < LEVELS - 1 and within > CELL_M[level]:
        level += 1
    pin.at_s, pin.until_s = middle_s, middle_s + (HOLDS - 0.5) * rules.slice_s
    pin.level, pin.radius_m = level, radius


@njit(cache=True)
def chain(store: Store, t: int, middle_s: float) -> None:
    """Put a pin into its bucket."""
    pin = store.pins[t]
    cell, dt = CELL_M[pin.level], middle_s - pin.at_s
    x = int(np.floor((pin.place[0] + dt * pin.speed[0]) / cell))
    y = int(np.floor((pin.place[1] + dt * pin.speed[1]) / cell))
    z = int(np.floor((pin.place[2] + dt * pin.speed[2]) / cell))
    b = bucket(pin.level, x, y, z, len(store.first) - 1)
    store.levels[pin.level] += 1
    pin.link = store.first[b]
    store.first[b] = t


@njit(cache=True)
def move_in(store: Store, first: I4, middle_s: float) -> None:
    """Chain all pins as they were in the grid before the store grew: each bucket of `first` in its order."""
    store.levels[:] = 0
    for b in range(len(first)):
        last, t = NONE, first[b]
        while t != NONE:  # turn the chain about, for each pin goes to the head of its new one
            pin = store.pins[t]
            after, pin.link = pin.link, last
            last, t = t, after
        while last != NONE:
            t, last = last, store.pins[last].link
            chain(store, t, middle_s)


@njit(cache=True)
def near(store: Store, place: F8, radius_m: float, time_s: float, middle_s: float, out: I4) -> int:
    """Rows whose gate may hold a place (3,) that is known to `radius_m`, into `out`: how many, as fit.

    `time_s` is the place's, `middle_s` the slice's that the grid is of. A row and the place are within the root of the
    sum of their radii's squares, for so covariances add.
    """
    found = 0
    mask = len(store.first) - 1
    for level in range(LEVELS):
        if store.levels[level] == 0:
            continue
        cell = CELL_M[level]
        reach = radius_m + 0.25 * cell
        x0, x1 = int(np.floor((place[0] - reach) / cell)), int(np.floor((place[0] + reach) / cell))
        y0, y1 = int(np.floor((place[1] - reach) / cell)), int(np.floor((place[1] + reach) / cell))
        z0, z1 = int(np.floor((place[2] - reach) / cell)), int(np.floor((place[2] + reach) / cell))
        for x in range(x0, x1 + 1):
            for y in range(y0, y1 + 1):
                for z in range(z0, z1 + 1):
                    t = store.first[bucket(level, x, y, z, mask)]
                    while t != NONE:
                        pin = store.pins[t]
                        if (
                            pin.live
                            and pin.level == level
                            and reaches(pin, place, radius_m, time_s)
                            and in_cube(pin, cell, x, y, z, middle_s)
                        ):
                            if found == len(out):
                                return found
                            out[found] = t
                            found += 1
                        t = pin.link
    return found


@njit(cache=True)
def on_beam(row: Record, pin: Record, plot: Record, sensor: Record, gate_d2: float) -> bool:
    """Whether the beam of a bearing may pass a believed row.

    All rows are asked, without the grid: that is 10 ns a row, less than to weigh those that a usual beam passes, and
    the cubes along one are about 500 (benches/bearings.py). Young rows are left out: most on a beam are clutter, and
    bearings that come again and again from an emitter beyond them would make tracks of them all.
    """
    if row.status != CONFIRMED:
        return False
    dt = plot.time_s - pin.at_s
    ahead, across = 0.0, 0.0
    for i in range(3):
        away = pin.place[i] + dt * pin.speed[i] - sensor.position[i]
        ahead += plot.first[i] * away
        across += plot.second[i] * away
    wide2 = float(pin.radius_m) ** 2 + gate_d2 * sensor.var_azimuth * ahead * ahead
    return bool(0.0 < ahead < sensor.reach_m and across * across < wide2)


@njit(cache=True)
def reaches(pin: Record, place: F8, radius_m: float, time_s: float) -> bool:
    """Whether a place is within the pin's radius and another at a time."""
    dt = time_s - pin.at_s
    dx = pin.place[0] + dt * pin.speed[0] - place[0]
    dy = pin.place[1] + dt * pin.speed[1] - place[1]
    dz = pin.place[2] + dt * pin.speed[2] - place[2]
    return bool(dx * dx + dy * dy + dz * dz < float(pin.radius_m) ** 2 + radius_m**2)


@njit(cache=True)
def in_cube(pin: Record, cell: float, x: int, y: int, z: int, middle_s: float) -> bool:
    """Whether a row lies in a cube in the slice about `middle_s`, not just in its bucket."""
    dt = middle_s - pin.at_s
    return bool(
        np.floor((pin.place[0] + dt * pin.speed[0]) / cell) == x
        and np.floor((pin.place[1] + dt * pin.speed[1]) / cell) == y
        and np.floor((pin.place[2] + dt * pin.speed[2]) / cell) == z
    )
