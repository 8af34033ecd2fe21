"""Which tracks are near a plot: a grid of cells on the ground in levels, sorted once a slice.

A cell is a rectangle of the two ECEF coordinates that are not the greatest. So places as far apart as can be on the
ground are hardly nearer in the grid, what is below the ground is in no cell, and it is the same anywhere on the globe;
only where two coordinates are about equal a plot looks into the cells of both. A level's rows are of about one
radius, within which their next plot must be. Cells of one column follow each other in a hashed table, and the marks of
their rows in an array, so that a plot reads one stretch of a column: the same few whatever the number of tracks.
A row is asked anew where it is only when it has changed or some slices have passed.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from skyaccord.columns import F8, I4
from skyaccord.tracks.kernels.bank import CONFIRMED, LONG_AGO, NONE, Record, Records, Store
from skyaccord.tracks.kernels.compiled import inlined, lean
from skyaccord.tracks.kernels.fetch import fetch_state
from skyaccord.tracks.kernels.triangle import AT

# The levels: those of believed rows first, for each the largest radius and the width of its columns
UP_TO_M = np.array([3e3, 12e3, np.inf, 12e3, np.inf])
COLUMN_M = np.array([16e3, 32e3, 64e3, 40e3, 96e3])
BELIEVED, LEVELS = 3, 5
CELLS = 2.0  # a column is cut into, as long as it is wide
MOST_SURGE_MPS2 = np.array([10.0, 32.0])  # half of the acceleration that the models may add, one sigma: flying, falling
MOST_TURN_RADPS = 0.05  # of a turn, which may add to that
WIDEST_M = 60e3  # no target is known so badly and still tracked
HOLDS = 4  # slices for which a pin is made to hold
AHEAD = 6  # rows before its turn that one is asked for
ROUNDED_M = 1.0  # marks are in single precision


@lean
def spread_out(store: Store, middle_s: float, rules: Record) -> None:
    """Lay all rows in use into the grid as of a slice of time about `middle_s`."""
    bank, pins, top = store.bank, store.pins, store.counts[0].top
    for t in range(top):
        if t + AHEAD < top and must_be_located(pins[t + AHEAD], middle_s, rules.slice_s):
            fetch_state(bank, t + AHEAD)
        if must_be_located(pins[t], middle_s, rules.slice_s):
            locate_row(bank[t], pins[t], middle_s, rules)
    sort(store, middle_s, rules.slice_s)


@inlined
def must_be_located(pin: Record, middle_s: float, slice_s: float) -> bool:
    """Whether a row has changed, or what its pin says does not hold in the slice about a time."""
    return bool(pin.live and (pin.until_s < middle_s + 0.5 * slice_s or middle_s < pin.at_s))


@lean
def sort(store: Store, middle_s: float, slice_s: float) -> None:
    """Put the marks of all rows in use in order, cell by cell, by counting."""
    cells, pins, marks, counts, widest = store.cells, store.pins, store.marks, store.counts[0], store.widest[0]
    counts.cells, counts.marks = len(cells) - 1, 0
    store.widest[:] = 0.0
    for b in range(len(cells)):
        cells[b].start, cells[b].laid = 0, NONE
    for t in range(counts.top):
        if pins[t].live:
            pins[t].link = cell_of(pins[t], middle_s, slice_s, counts.cells, widest)
            cells[pins[t].link].start += 1
    for b in range(len(cells)):  # where each cell ends ..
        counts.marks += cells[b].start
        cells[b].start = counts.marks
    for t in range(counts.top - 1, -1, -1):
        if pins[t].live:
            cell = cells[pins[t].link]
            cell.start -= 1  # .. and, in the end, where it starts
            make_mark(marks[cell.start], t, pins[t], middle_s)


@lean
def lay(store: Store, t: int, middle_s: float, rules: Record) -> None:
    """Put a row that the slice has brought into the grid of that slice."""
    pin = store.pins[t]
    locate_row(store.bank[t], pin, middle_s, rules)
    at, cells = store.counts[0].marks, store.counts[0].cells
    cell = store.cells[cell_of(pin, middle_s, rules.slice_s, cells, store.widest[1])]
    make_mark(store.marks[at], t, pin, middle_s)
    store.marks[at].link, cell.laid = cell.laid, at
    store.counts[0].marks = at + 1
    pin.until_s = store.wake_s[t] = LONG_AGO


@inlined
def locate_row(row: Record, pin: Record, middle_s: float, rules: Record) -> None:
    """Write a row's pin: where it is in the slice about `middle_s`, how far off it may be, and how that grows.

    A standard deviation that moves with a state is a convex function of time: none between two times is above the line
    through those at both.
    """
    since = middle_s - row.time_s
    for i in range(3):
        pin.place[i] = row.whole[i] + since * row.whole[i + 3]
        pin.speed[i] = row.whole[i + 3]
    speed = np.sqrt(row.whole[3] ** 2 + row.whole[4] ** 2 + row.whole[5] ** 2)
    surge = max(MOST_SURGE_MPS2[row.motion], 0.5 * MOST_TURN_RADPS * speed)
    first_m = radius_after(row, since - 0.5 * rules.slice_s, surge, rules.gate_d2)
    last_m = radius_after(row, since + (HOLDS - 0.5) * rules.slice_s, surge, rules.gate_d2)
    pin.swell_mps = max(last_m - first_m, 0.0) / (HOLDS * rules.slice_s)
    pin.radius_m = first_m + pin.swell_mps * rules.slice_s
    pin.at_s, pin.until_s = middle_s, middle_s + (HOLDS - 0.5) * rules.slice_s
    pin.believed = row.status == CONFIRMED


@inlined
def radius_after(row: Record, dt: float, surge_mps2: float, gate_d2: float) -> float:
    """Within which a row's plot is, dt after its state, where an acceleration may add `surge_mps2` dt^2 to one sigma.

    Of the position's covariance P then, no eigenvalue is above the root of the Frobenius norm of P^2.
    """
    cov = row.spread
    surge = surge_mps2 * max(dt, 0.0) ** 2
    xx = cov[AT[0, 0]] + dt * (2.0 * cov[AT[0, 3]] + dt * cov[AT[3, 3]])
    yy = cov[AT[1, 1]] + dt * (2.0 * cov[AT[1, 4]] + dt * cov[AT[4, 4]])
    zz = cov[AT[2, 2]] + dt * (2.0 * cov[AT[2, 5]] + dt * cov[AT[5, 5]])
    xy = cov[AT[0, 1]] + dt * (cov[AT[0, 4]] + cov[AT[1, 3]] + dt * cov[AT[3, 4]])
    xz = cov[AT[0, 2]] + dt * (cov[AT[0, 5]] + cov[AT[2, 3]] + dt * cov[AT[3, 5]])
    yz = cov[AT[1, 2]] + dt * (cov[AT[1, 5]] + cov[AT[2, 4]] + dt * cov[AT[4, 5]])
    two = (xy * xy, xz * xz, yz * yz)
    norm2 = (xx * xx + two[0] + two[1]) ** 2 + (yy * yy + two[0] + two[2]) ** 2 + (zz * zz + two[1] + two[2]) ** 2
    norm2 += 2.0 * (xx * xy + xy * yy + xz * yz) ** 2
    norm2 += 2.0 * (xx * xz + xy * yz + xz * zz) ** 2
    norm2 += 2.0 * (xy * xz + yy * yz + yz * zz) ** 2
    return float(min(np.sqrt(gate_d2 * (np.sqrt(np.sqrt(norm2)) + surge * surge)), WIDEST_M))


@inlined
def place_at(pin: Record, time_s: float) -> tuple[float, float, float]:
    """Where a row is expected then."""
    dt = time_s - pin.at_s
    return pin.place[0] + dt * pin.speed[0], pin.place[1] + dt * pin.speed[1], pin.place[2] + dt * pin.speed[2]


@inlined
def radius_in(pin: Record, middle_s: float) -> float:
    """Within which a row's plot is throughout the slice about `middle_s`."""
    return float(pin.radius_m + pin.swell_mps * max(middle_s - pin.at_s, 0.0))


@inlined
def cell_of(pin: Record, middle_s: float, slice_s: float, cells: int, widest: F8) -> int:
    """Which cell of so many a row is in; its pin is told the column, and `widest` (LEVELS,) how wide its level is."""
    x, y, z = place_at(pin, middle_s)
    radius_m = radius_in(pin, middle_s)
    level = 0 if pin.believed else BELIEVED
    while radius_m > UP_TO_M[level]:
        level += 1
    moves_m = 0.5 * slice_s * np.sqrt(pin.speed[0] ** 2 + pin.speed[1] ** 2 + pin.speed[2] ** 2)
    widest[level] = max(widest[level], radius_m + moves_m + ROUNDED_M)
    axis, u, v = 2, x, y
    if abs(x) >= abs(y) and abs(x) >= abs(z):
        axis, u, v = 0, y, z
    elif abs(y) >= abs(z):
        axis, u, v = 1, z, x
    pin.column = column_of(level, axis, int(np.floor(u / COLUMN_M[level])))
    return int(table_row(pin.column, int(np.floor(v / COLUMN_M[level] * CELLS)), cells))


@inlined
def column_of(level: int, axis: int, x: int) -> int:
    """Number of a column: no two within a hundred million kilometres have the same."""
    number: int = ((x & 0x3FFFFFF) << 5) | (axis << 3) | level
    return number


@inlined
def table_row(column: int, y: int, cells: int) -> int:
    """Where a column's cell y is in a table of so many."""
    mixed = np.uint32(column) * np.uint32(2654435761)
    return int((np.int64(mixed >> np.uint32(7)) + y) & (cells - 1))


@inlined
def make_mark(mark: Record, t: int, pin: Record, middle_s: float) -> None:
    """Write down of a row what a plot of the slice about `middle_s` asks."""
    mark.place[0], mark.place[1], mark.place[2] = place_at(pin, middle_s)
    for i in range(3):
        mark.speed[i] = pin.speed[i]
    mark.radius_m = radius_in(pin, middle_s) + ROUNDED_M
    mark.column, mark.row = pin.column, t


@lean
def near(
    store: Store, place: F8, radius_m: float, time_s: float, middle_s: float, out: I4, levels: int = LEVELS
) -> int:
    """Rows whose gate may hold a place (3,) that is known to `radius_m`, into `out`: how many, as fit.

    `time_s` is the place's, `middle_s` the slice's that the grid is of; `levels`: BELIEVED, only rows that were so when
    the grid was laid. A row and the place are within the root of the sum of their radii's squares, for so covariances
    add. Rows that the slice has ended may be among them.
    """
    cells, marks, size, among = store.cells, store.marks, store.counts[0].cells, store.widest
    found, dt = 0, time_s - middle_s
    top = max(abs(place[0]), abs(place[1]), abs(place[2]))
    for level in range(levels):
        widest = max(among[0, level], among[1, level])
        if widest == 0.0:
            continue
        reach, per_m, brought = radius_m + widest, 1.0 / COLUMN_M[level], among[1, level] > 0.0
        for axis in range(3):
            if abs(place[axis]) + 2.0 * reach < top:  # no row in reach has its greatest coordinate there
                continue
            u, v = place[(axis + 1) % 3], place[(axis + 2) % 3]
            y0 = int(np.floor((v - reach) * per_m * CELLS))
            y1 = int(np.floor((v + reach) * per_m * CELLS))
            for x in range(int(np.floor((u - reach) * per_m)), int(np.floor((u + reach) * per_m)) + 1):
                column = column_of(level, axis, x)
                found = along(cells, marks, size, brought, column, y0, y1 + 1 - y0, place, radius_m, dt, out, found)
    return found


@njit(cache=True, inline="always")
def along(
    cells: Records,
    marks: Records,
    size: int,
    brought: bool,
    column: int,
    y: int,
    many: int,
    place: F8,
    radius_m: float,
    dt: float,
    out: I4,
    found: int,
) -> int:
    """The rows of `near` in so many cells of a column from y on, after those in `out`: how many there are then."""
    left = min(many, size)
    b = table_row(column, y, size)
    while left > 0:
        end = min(b + left, size)
        for at in range(cells[b].start, cells[end].start):
            if meets(marks[at], column, place, radius_m, dt) and found < len(out):
                out[found] = marks[at].row
                found += 1
        if brought:
            for c in range(b, end):
                at = cells[c].laid
                while at != NONE:
                    if meets(marks[at], column, place, radius_m, dt) and found < len(out):
                        out[found] = marks[at].row
                        found += 1
                    at = marks[at].link
        left -= end - b
        b = 0
    return found


@inlined
def meets(mark: Record, column: int, place: F8, radius_m: float, dt: float) -> bool:
    """Whether a row is in a column, not just in its part of the table, and in reach of a place dt after the middle."""
    if mark.column != column:
        return False
    dx = mark.place[0] + dt * mark.speed[0] - place[0]
    dy = mark.place[1] + dt * mark.speed[1] - place[1]
    dz = mark.place[2] + dt * mark.speed[2] - place[2]
    return bool(dx * dx + dy * dy + dz * dz < float(mark.radius_m) ** 2 + radius_m**2)


@lean
def on_beam(row: Record, pin: Record, plot: Record, sensor: Record, gate_d2: float) -> bool:
    """Whether the beam of a bearing may pass a believed row.

    All rows are asked, without the grid: that is 10 ns a row, less than to weigh those that a usual beam passes, and
    the cells along one are hundreds (benches/bearings.py). Young rows are left out: most on a beam are clutter, and
    bearings that come again and again from an emitter beyond them would make tracks of them all.
    """
    if row.status != CONFIRMED:
        return False
    place = place_at(pin, plot.time_s)
    ahead, across = 0.0, 0.0
    for i in range(3):
        away = place[i] - sensor.position[i]
        ahead += plot.first[i] * away
        across += plot.second[i] * away
    wide2 = radius_in(pin, plot.time_s) ** 2 + gate_d2 * sensor.var_azimuth * ahead * ahead
    return bool(0.0 < ahead < sensor.reach_m and across * across < wide2)
