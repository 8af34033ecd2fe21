"""Which plot is which track's: gating, clusters, and the best assignment in each."""

from __future__ import annotations

import numpy as np

from skyaccord.columns import F8, I8
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.tracks.kernels.bank import BEARING, FALL, NONE, PACKED, SLOTS, STRAIGHT, Record
from skyaccord.tracks.kernels.compiled import compiled, inlined, lean
from skyaccord.tracks.kernels.filters import meet, predict, pull, restlessness, settled
from skyaccord.tracks.kernels.ground import height_up
from skyaccord.tracks.kernels.triangle import AT

FORBIDDEN = 1e9
SAME_ADDRESS, SAME_CODE = 12.0, 4.0  # what an identity in common is worth, in log-likelihood
LARGEST = 250_000  # plots times tracks of a cluster that is solved exactly; a larger one is taken greedily
BEHIND_M = 500.0  # behind its antenna a target may seem to be, so near that an azimuth says nothing
RATE_SPAN_MPS = 600.0  # over which range rates of false plots, and of targets not known yet, spread
LOST_ON_BEAM = 0.5  # of its distance: a track that is known worse is not told by a bearing
QUIET = 6.0  # squared distance up to which a plot needs no manoeuvre to be explained
LOG_TWO_PI = np.log(2 * np.pi)


@inlined
def slot_of(row: Record, sensor: int) -> int:
    """The row's slot of a sensor, or NONE."""
    for j in range(SLOTS):
        if row.slot[j] == sensor:
            return j
    return NONE


@inlined
def identity_fit(row: Record, plot: Record, code_conflict: float) -> float:
    """What the identities of a row and a plot say of each other, in log-likelihood; -FORBIDDEN: not the same."""
    if row.address != NO_ADDRESS and plot.address != NO_ADDRESS:
        return SAME_ADDRESS if row.address == plot.address else -FORBIDDEN
    if row.mode_a != NO_MODE_A and plot.mode_a != NO_MODE_A:
        return SAME_CODE if row.mode_a == plot.mode_a else -code_conflict
    return 0.0


@lean
def weigh(row: Record, plot: Record, sensor: Record, motion: Record, desk: Record) -> tuple[float, float, int]:
    """How well a plot fits a row: (log-likelihood, squared distance, how many scalars).

    The likelihood is of its position, in metres, and of its range rate; of a bearing, of the azimuth in radians. The
    row's models are taken as one Gaussian. A plot that this fits badly is also met by the row as it would be had it
    begun to manoeuvre since its last plot, and the likelihood is the sum of both.
    """
    if plot.polar == BEARING or not np.isnan(plot.range_rate_mps):
        told: tuple[float, float, int] = weigh_whole(row, plot, sensor, motion, desk)
        return told
    mean, cov, p, noise = row.whole, row.spread, desk.near, desk.noise
    dt = plot.time_s - row.time_s
    noise[0], noise[1], noise[4] = 0.0, 0.0, 0.0
    if dt > 0.0:
        restlessness(row, dt, motion, noise)
    for i in range(3):
        p[i] = mean[i] + dt * mean[i + 3]
    if dt > 0.0 and settled(row, motion) == FALL:
        height_m = height_up(mean, desk.up)
        pull(mean, desk.up, height_m, True, desk.pull)
        for i in range(3):
            p[i] += 0.5 * dt * dt * desk.pull[i]
    height_m = height_up(p, desk.up)
    h, nu, var = desk.h, desk.nu, desk.var
    if plot.polar:
        base = sensor.position
        ax, ay, az = p[0] - base[0], p[1] - base[1], p[2] - base[2]
        if ax * plot.first[0] + ay * plot.first[1] + az * plot.first[2] < -BEHIND_M:
            return -FORBIDDEN, FORBIDDEN, 2  # the antenna looked the other way
        reach = max(np.sqrt(ax * ax + ay * ay + az * az), 1.0)
        nu[0] = plot.range_m - reach
        nu[1] = -(plot.second[0] * ax + plot.second[1] * ay + plot.second[2] * az)
        h[0, 0], h[0, 1], h[0, 2] = ax / reach, ay / reach, az / reach
    else:
        nu[0], nu[1] = 0.0, 0.0
        for i in range(3):
            gap = plot.place[i] - p[i]
            h[0, i] = plot.first[i]
            nu[0] += plot.first[i] * gap
            nu[1] += plot.second[i] * gap
    for i in range(3):
        h[1, i], h[2, i] = plot.second[i], desk.up[i]
    var[0], var[1], var[2] = plot.var_first, plot.var_second, sensor.var_height
    count = 2 if np.isnan(plot.level_m) else 3
    nu[2] = 0.0 if count == 2 else plot.level_m - height_m
    third = max(dt, 0.0) ** 3 / 3
    d2, det = distance(cov, dt, noise[0] * third, noise[1] * third, count, desk)
    fit = -0.5 * (d2 + np.log(det))
    if d2 > QUIET and noise[4] > 0.0:
        d2_wild, det = distance(cov, dt, noise[2] * third, noise[3] * third, count, desk)
        wild = -0.5 * (d2_wild + np.log(det)) + np.log(noise[4])
        fit = max(fit, wild) + np.log1p(np.exp(-abs(fit - wild)))
        d2 = min(d2, d2_wild)
    return fit - 0.5 * count * LOG_TWO_PI, d2, count


@lean
def weigh_whole(row: Record, plot: Record, sensor: Record, motion: Record, desk: Record) -> tuple[float, float, int]:
    """As `weigh`, by the row's whole state: of a plot with a range rate, which the velocity foretells, or a bearing."""
    dt, noise, base = plot.time_s - row.time_s, desk.noise, sensor.position
    noise[0], noise[1], noise[4] = 0.0, 0.0, 0.0
    if dt > 0.0:
        restlessness(row, dt, motion, noise)
    kind = FALL if settled(row, motion) == FALL else STRAIGHT
    ahead, var = 0.0, 0.0
    for i in range(3):
        ahead += plot.first[i] * (row.whole[i] + dt * row.whole[i + 3] - base[i])
        var += row.spread[AT[i, i]] + dt * (2.0 * row.spread[AT[i, i + 3]] + dt * row.spread[AT[i + 3, i + 3]])
    bearing = plot.polar == BEARING
    if (bearing and not (0.0 < ahead < sensor.reach_m and var < (LOST_ON_BEAM * ahead) ** 2)) or (
        plot.polar and ahead < -BEHIND_M
    ):
        return -FORBIDDEN, FORBIDDEN, 1
    count = (1 if bearing else 2) + (0 if np.isnan(plot.level_m) else 1)
    other = np.log(ahead) if bearing else 0.0  # from a metre across the beam to a radian
    if not np.isnan(plot.range_rate_mps):
        if dt >= 0.0:
            count += 1
        else:  # passed over: any is as likely as any other
            other -= np.log(RATE_SPAN_MPS)
    d2, det = foretold(row, plot, sensor, dt, kind, noise[0], noise[1], desk)
    fit = -0.5 * (d2 + np.log(det))
    if d2 > QUIET and noise[4] > 0.0:
        d2_wild, det = foretold(row, plot, sensor, dt, kind, noise[2], noise[3], desk)
        wild = -0.5 * (d2_wild + np.log(det)) + np.log(noise[4])
        fit = max(fit, wild) + np.log1p(np.exp(-abs(fit - wild)))
        d2 = min(d2, d2_wild)
    return fit + other - 0.5 * count * LOG_TWO_PI, d2, count


@lean
def foretold(
    row: Record, plot: Record, sensor: Record, dt: float, kind: int, across: float, along: float, desk: Record
) -> tuple[float, float]:
    """Squared distance of a plot from the row as one Gaussian, moved by dt under white accelerations of two densities,
    and the product of the variances met.
    """  # fmt: skip
    mean, cov = desk.mean[0], desk.cov[0]
    for i in range(6):
        mean[i] = row.whole[i]
    for k in range(PACKED):
        cov[k] = row.spread[k]
    if dt > 0.0:
        predict(mean, cov, dt, kind, 0.0, across, along, desk)
    met: tuple[float, float] = meet(mean, cov, max(-dt, 0.0), plot, sensor, desk)
    return met


@inlined
def distance(cov: F8, dt: float, across: float, along: float, count: int, desk: Record) -> tuple[float, float]:
    """Squared distance of the desk's innovations, and the product of their variances, after dt with some more variance
    of position across and along the vertical.
    """  # fmt: skip
    block, up, h = desk.block, desk.up, desk.h
    for i in range(3):
        for j in range(i, 3):
            block[i, j] = (
                cov[AT[i, j]]
                + dt * (cov[AT[i, j + 3]] + cov[AT[j, i + 3]] + dt * cov[AT[i + 3, j + 3]])
                + (along - across) * up[i] * up[j]
            )
        block[i, i] += across
    d2, det = 0.0, 1.0
    moved_x, moved_y, moved_z = 0.0, 0.0, 0.0
    for row in range(count):
        hx, hy, hz = h[row, 0], h[row, 1], h[row, 2]
        residual = desk.nu[row] - hx * moved_x - hy * moved_y - hz * moved_z
        gx = block[0, 0] * hx + block[0, 1] * hy + block[0, 2] * hz
        gy = block[0, 1] * hx + block[1, 1] * hy + block[1, 2] * hz
        gz = block[0, 2] * hx + block[1, 2] * hy + block[2, 2] * hz
        innovation = desk.var[row] + hx * gx + hy * gy + hz * gz
        over = 1.0 / innovation
        d2 += residual * residual * over
        det *= innovation
        if row + 1 < count:
            step = residual * over
            moved_x, moved_y, moved_z = moved_x + gx * step, moved_y + gy * step, moved_z + gz * step
            block[0, 0] -= over * gx * gx
            block[0, 1] -= over * gx * gy
            block[0, 2] -= over * gx * gz
            block[1, 1] -= over * gy * gy
            block[1, 2] -= over * gy * gz
            block[2, 2] -= over * gz * gz
    return d2, det


@compiled
def assign(cost: F8) -> I8:
    """Least-cost assignment of rows to columns, rows <= columns: (n, m) -> (n,) column of each row.

    Shortest augmenting paths with potentials (D. F. Crouse, IEEE Trans. AES 52(4), 2016); O(n^2 m).
    """
    n, m = cost.shape
    u, v = np.zeros(n + 1), np.zeros(m + 1)
    row_of = np.zeros(m + 1, np.int64)
    way = np.zeros(m + 1, np.int64)
    for i in range(1, n + 1):
        row_of[0] = i
        j0 = 0
        least = np.full(m + 1, np.inf)
        used = np.zeros(m + 1, np.bool_)
        while True:
            used[j0] = True
            i0, delta, j1 = row_of[j0], np.inf, 0
            for j in range(1, m + 1):
                if not used[j]:
                    reduced = cost[i0 - 1, j - 1] - u[i0] - v[j]
                    if reduced < least[j]:
                        least[j] = reduced
                        way[j] = j0
                    if least[j] < delta:
                        delta = least[j]
                        j1 = j
            for j in range(m + 1):
                if used[j]:
                    u[row_of[j]] += delta
                    v[j] -= delta
                else:
                    least[j] -= delta
            j0 = j1
            if row_of[j0] == 0:
                break
        while j0 != 0:
            row_of[j0] = row_of[way[j0]]
            j0 = way[j0]
    out = np.full(n, -1, np.int64)
    for j in range(1, m + 1):
        if row_of[j] > 0:
            out[row_of[j] - 1] = j - 1
    return out
