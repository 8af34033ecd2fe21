# mypy: allow-untyped-decorators
"""Kernels of registration: a small filter per track that knows how its state leans on every sensor's bias.

Each track carries two filters of nearly constant velocity (calm and agile) in ECEF, and beside each state x (6) the
matrix U (6, columns) of its derivatives by the biases it was built on. A row of a plot with gradient h by position
then has the innovation `nu = (b + h U) d + noise`, d the biases' deviation from where they are thought to be, b the
row's own derivative by them; the noise is white (B. Friedland, "Treatment of bias in recursive filtering", IEEE
Trans. Automatic Control 14 (1969), 359). So every plot tells of the biases once, and what the trajectory is does not
matter.

Time is carried as a shift of position along three axes and becomes time by the velocity of now: were the velocity of
each moment kept in U, its errors would look like knowledge.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from skyaccord.columns import F8, I8, Bool
from skyaccord.earth.wgs84 import ECC2, SECOND_ECC2, SEMI_MAJOR_M, SEMI_MINOR_M

SLOTS = 6  # sensors that one track can lean on at a time
WIDE = 6  # columns of a slot: range, azimuth, height, shift along x, y, z
COLUMNS = 1 + SLOTS * WIDE  # the first one: pressure altitude against height
PER_SENSOR = 4  # biases of a sensor: range, azimuth, time, height
NO_HEIGHT, GEOMETRIC, PRESSURE = 0, 1, 2
CALM, AGILE = 0, 1
SURE = 6.0  # log-likelihood by which one filter is at most preferred
STRANGE_D2 = 50.0
STRANGE_PLOTS = 4  # on end after which a track is begun anew: it follows something else
OVERHEAD_M = 1000.0  # a state this close above a radar has no azimuth worth the name
START_M = 2e5
START_MPS = 300.0
START_CLIMB_MPS = 20.0


class Bank(NamedTuple):
    """Tracks that are learnt from, one row each."""

    number: I8  # -1: free
    time_s: F8  # of the last plot; NaN: none yet
    begun_s: F8
    strange: I8  # plots on end that were far from where even the agile filter expects them
    state: F8  # (n, 2, 6) ECEF, calm and agile
    cov: F8  # (n, 2, 6, 6)
    lean: F8  # (n, 2, 6, COLUMNS)
    calm: F8  # log-likelihood of calm over agile, forgetting
    sensor: I8  # (n, SLOTS) row of the registry; -1: none
    seen_s: F8  # (n, SLOTS) last plot


class Heard(NamedTuple):
    """Plots in order of time, corrected by the biases as they are thought to be."""

    row: I8  # in the bank
    sensor: I8  # in the registry
    time_s: F8
    placed: Bool
    first: F8  # range (m), or latitude (rad)
    second: F8  # azimuth, or longitude (rad)
    height_m: F8
    level: I8  # NO_HEIGHT, GEOMETRIC, PRESSURE


class Ears(NamedTuple):
    """Sensors, one row each."""

    position: F8  # (S, 3) ECEF
    axes: F8  # (S, 3, 3) east, north, up
    variance: F8  # (S, 3) range, azimuth, height; of a placed report the first is that of both its axes


class Tuning(NamedTuple):
    """Numbers of the configuration that the loop needs."""

    horizontal: F8  # (2,) white acceleration density, m^2/s^3
    vertical: F8
    together_s: float
    gap_s: float
    late_s: float
    huber: float
    height_m: float
    height_sigma_m: float
    lasting: float  # m^2 s: variance of a placed report's lasting error times twice how long it lasts


@njit(cache=True)
def learn(bank: Bank, heard: Heard, ears: Ears, tuning: Tuning, covariance: F8, told: F8, gained: F8, used: I8) -> None:
    """Take plots into their tracks and add what they tell of the biases.

    `covariance` (B, B) of the biases; `told` (B, B) and `gained` (B,) grow by information and its vector, `used` (S,)
    by one for each plot that told something.
    """
    index, line = np.empty(SLOTS * PER_SENSOR + 1, np.int64), np.empty(SLOTS * PER_SENSOR + 1)
    grad, own, slope = np.empty((3, 3)), np.empty((3, COLUMNS)), np.empty(COLUMNS)
    gap, var, Ph = np.empty(3), np.empty(3), np.empty(6)
    for i in range(len(heard.row)):
        row, sensor, time = heard.row[i], heard.sensor[i], heard.time_s[i]
        begin = math.isnan(bank.time_s[row]) or bank.strange[row] >= STRANGE_PLOTS
        if begin or time - bank.time_s[row] > tuning.gap_s:
            start(bank, row, heard, i, ears, tuning)
        elapsed = time - bank.time_s[row]
        if elapsed < -tuning.late_s:
            continue
        slot = find_slot(bank, row, sensor, time - tuning.gap_s)
        if slot < 0:
            continue
        shared, width = False, 1
        for k in range(SLOTS):
            shared |= k != slot and bank.sensor[row, k] >= 0 and bank.seen_s[row, k] > time - tuning.together_s
            width += WIDE if bank.sensor[row, k] >= 0 else 0
        since_s = min(max(time - bank.seen_s[row, slot], 0.1), tuning.gap_s)
        preferred = CALM if bank.calm[row] > 0 else AGILE
        scores, strange = (0.0, 0.0), False
        for model in range(2):
            x, P, U = bank.state[row, model], bank.cov[row, model], bank.lean[row, model]
            predict(x, P, U, width, elapsed, tuning.horizontal[model], tuning.vertical[model])
            rows = observe(x, heard, i, ears, slot, grad, own, gap, var)
            if heard.placed[i]:
                var[0] += tuning.lasting / since_s
                var[1] += tuning.lasting / since_s
            score, tell = 0.0, shared and model == preferred
            for j in range(rows):
                find_slope(grad[j], own[j], U, width, slope)
                unsure = lean_on(bank.sensor[row], width, slope, x, P, U, covariance, index, line)
                n = (width - 1) // WIDE * PER_SENSOR + 1
                told_of = (index[:n], line[:n])
                likely, d2 = take_row(
                    j, rows, x, P, U, width, grad, gap, var[j] + unsure, slope, Ph, told_of, covariance,
                    tuning.huber, told, gained, tell,
                )  # fmt: skip
                score += likely
                strange |= model == AGILE and d2 > STRANGE_D2
            scores = (score, scores[1]) if model == CALM else (scores[0], score)
        prefer(bank, row, scores[0] - scores[1])
        bank.strange[row] = bank.strange[row] + 1 if strange else 0
        bank.seen_s[row, slot] = max(time, bank.seen_s[row, slot])
        bank.time_s[row] = time
        used[sensor] += shared


@njit(cache=True)
def start(bank: Bank, row: int, heard: Heard, i: int, ears: Ears, tuning: Tuning) -> None:
    """Begin at the plot's place, knowing next to nothing: the plot itself is then taken in like any other."""
    height = tuning.height_m if heard.level[i] == NO_HEIGHT else heard.height_m[i]
    if heard.placed[i]:
        position = surface(heard.first[i], heard.second[i], height)
    else:
        sensor = heard.sensor[i]
        position = locate(ears.position[sensor], ears.axes[sensor], heard.first[i], heard.second[i], height)
    up = height_and_up(position)[1]
    bank.lean[row] = 0.0
    bank.sensor[row] = -1
    bank.seen_s[row] = -np.inf
    bank.time_s[row] = bank.begun_s[row] = heard.time_s[i]
    bank.calm[row] = 0.0
    bank.strange[row] = 0
    for model in range(2):
        bank.state[row, model, :3] = position
        bank.state[row, model, 3:] = 0.0
        for a in range(6):
            for b in range(6):
                bank.cov[row, model, a, b] = 0.0
        for a in range(3):
            for b in range(3):
                level = (1.0 if a == b else 0.0) - up[a] * up[b]
                bank.cov[row, model, a, b] = START_M**2 * level + tuning.height_sigma_m**2 * up[a] * up[b]
                bank.cov[row, model, 3 + a, 3 + b] = START_MPS**2 * level + START_CLIMB_MPS**2 * up[a] * up[b]


@njit(cache=True)
def find_slot(bank: Bank, row: int, sensor: int, stale_s: float) -> int:
    """The sensor's slot of a track: its own, a free one, or one whose sensor has long been silent; -1: none."""
    oldest = 0
    for k in range(SLOTS):
        if bank.sensor[row, k] == sensor:
            return k
        if bank.seen_s[row, k] < bank.seen_s[row, oldest]:
            oldest = k
    if bank.sensor[row, oldest] >= 0 and bank.seen_s[row, oldest] > stale_s:
        return -1
    bank.sensor[row, oldest] = sensor
    bank.seen_s[row, oldest] = -np.inf
    bank.lean[row, :, :, 1 + oldest * WIDE : 1 + (oldest + 1) * WIDE] = 0.0
    return oldest


@njit(cache=True)
def predict(x: F8, P: F8, U: F8, width: int, dt: float, horizontal: float, vertical: float) -> None:
    """Move on by `dt` seconds with nearly constant velocity; white acceleration level and along the vertical."""
    up = height_and_up(x[:3])[1]
    for a in range(3):
        x[a] += dt * x[3 + a]
        for c in range(width):
            U[a, c] += dt * U[3 + a, c]
    for a in range(3):
        for b in range(6):
            P[a, b] += dt * P[3 + a, b]
    for a in range(6):
        for b in range(3):
            P[a, b] += dt * P[a, 3 + b]
    long = abs(dt)
    for a in range(3):
        for b in range(3):
            q = vertical * up[a] * up[b] + horizontal * ((1.0 if a == b else 0.0) - up[a] * up[b])
            P[a, b] += q * long**3 / 3
            P[a, 3 + b] += q * dt * long / 2
            P[3 + a, b] += q * dt * long / 2
            P[3 + a, 3 + b] += q * long


@njit(cache=True)
def observe(x: F8, heard: Heard, i: int, ears: Ears, slot: int, grad: F8, own: F8, gap: F8, var: F8) -> int:
    """Rows of a plot: gradient by position, derivative by the biases, innovation, variance. Returns how many."""
    own[:] = 0.0
    sensor, at = heard.sensor[i], 1 + slot * WIDE
    if heard.placed[i]:
        lat, lon = heard.first[i], heard.second[i]
        height, up = height_and_up(x[:3])
        away = surface(lat, lon, height) - x[:3]
        grad[0, 0], grad[0, 1], grad[0, 2] = -math.sin(lon), math.cos(lon), 0.0
        grad[1, 0] = -math.sin(lat) * math.cos(lon)
        grad[1, 1] = -math.sin(lat) * math.sin(lon)
        grad[1, 2] = math.cos(lat)
        gap[0], gap[1] = (grad[0] * away).sum(), (grad[1] * away).sum()
        var[0] = var[1] = ears.variance[sensor, 0]
    else:
        axes = ears.axes[sensor]
        e, n, u = 0.0, 0.0, 0.0
        for a in range(3):
            d = x[a] - ears.position[sensor, a]
            e, n, u = e + axes[0, a] * d, n + axes[1, a] * d, u + axes[2, a] * d
        r = max(math.sqrt(e * e + n * n + u * u), 1.0)
        g2 = max(e * e + n * n, OVERHEAD_M**2)
        for a in range(3):
            grad[0, a] = (axes[0, a] * e + axes[1, a] * n + axes[2, a] * u) / r
            grad[1, a] = (axes[0, a] * n - axes[1, a] * e) / g2
        gap[0] = heard.first[i] - r
        gap[1] = (heard.second[i] - math.atan2(e, n) + math.pi) % (2 * math.pi) - math.pi
        own[0, at], own[1, at + 1] = 1.0, 1.0
        var[0], var[1] = ears.variance[sensor, 0], ears.variance[sensor, 1]
        height, up = height_and_up(x[:3])
    rows = 2
    if heard.level[i] != NO_HEIGHT:
        grad[2], gap[2], var[2] = up, heard.height_m[i] - height, ears.variance[sensor, 2]
        own[2, at + 2 if heard.level[i] == GEOMETRIC else 0] = 1.0
        rows = 3
    for j in range(rows):
        for a in range(3):
            own[j, at + 3 + a] = -grad[j, a]
    return rows


@njit(cache=True)
def find_slope(h: F8, own: F8, U: F8, width: int, slope: F8) -> None:
    """Derivative of a row's innovation by every column of its track: `own + h U`."""
    for c in range(width):
        slope[c] = own[c] + h[0] * U[0, c] + h[1] * U[1, c] + h[2] * U[2, c]


@njit(cache=True)
def lean_on(sensors: I8, width: int, slope: F8, x: F8, P: F8, U: F8, covariance: F8, index: I8, line: F8) -> float:
    """The same by the biases: `index` into them, `line` the values.

    Returns the variance that comes of a velocity (x[3:]) and a clock error neither of which is known.
    """
    unsure = 0.0
    index[0], line[0] = len(covariance) - 1, slope[0]
    for k in range((width - 1) // WIDE):
        at, to, first = 1 + k * WIDE, 1 + k * PER_SENSOR, sensors[k] * PER_SENSOR
        for c in range(PER_SENSOR):
            index[to + c] = first + c
        line[to], line[to + 1], line[to + 3] = slope[at], slope[at + 1], slope[at + 2]
        a, b, c = slope[at + 3], slope[at + 4], slope[at + 5]
        line[to + 2] = a * x[3] + b * x[4] + c * x[5]
        spread = a * a * P[3, 3] + b * b * P[4, 4] + c * c * P[5, 5]
        spread += 2 * (a * b * P[3, 4] + a * c * P[3, 5] + b * c * P[4, 5])
        for other in range((width - 1) // WIDE):  # sensors far apart in bias spoil a young track's velocity
            for bias in range(2):
                p, q = 1 + other * WIDE + bias, sensors[other] * PER_SENSOR + bias
                spread += (a * U[3, p] + b * U[4, p] + c * U[5, p]) ** 2 * covariance[q, q]
        unsure += spread * covariance[first + 2, first + 2]
    return unsure


@njit(cache=True)
def take_row(
    j: int, rows: int, x: F8, P: F8, U: F8, width: int, grad: F8, gap: F8, noise: float, slope: F8, Ph: F8,
    told_of: tuple[I8, F8], covariance: F8, huber: float, told: F8, gained: F8, tell: bool,
) -> tuple[float, float]:  # fmt: skip
    """Update one filter with one row, add to the information if asked to.

    Returns the row's log-likelihood and its squared innovation over what was expected.
    """
    index, line = told_of
    n, h = len(index), grad[j]
    for a in range(6):
        Ph[a] = P[a, 0] * h[0] + P[a, 1] * h[1] + P[a, 2] * h[2]
    variance = noise + Ph[0] * h[0] + Ph[1] * h[1] + Ph[2] * h[2]
    expected = variance
    if gap[j] ** 2 > huber**2 * variance:  # the biases' own uncertainty excuses it, or the row counts less
        for a in range(n):
            for b in range(n):
                expected += line[a] * covariance[index[a], index[b]] * line[b]
    d2 = gap[j] ** 2 / expected
    likely = -0.5 * (math.log(expected) + min(d2, 50.0))
    weight = min(1.0, huber * math.sqrt(expected) / max(abs(gap[j]), 1e-300))
    variance /= weight
    if tell:
        for a in range(n):
            part = line[a] / variance
            gained[index[a]] += part * gap[j]
            for b in range(n):
                told[index[a], index[b]] += part * line[b]
    for a in range(6):
        gain = Ph[a] / variance
        x[a] += gain * gap[j]
        for c in range(width):
            U[a, c] -= gain * slope[c]
        for b in range(a, 6):
            P[a, b] -= gain * Ph[b]
            P[b, a] = P[a, b]
    for k in range(j + 1, rows):  # what later rows expect has moved with the state
        gap[k] -= (grad[k, 0] * Ph[0] + grad[k, 1] * Ph[1] + grad[k, 2] * Ph[2]) * gap[j] / variance
    return likely, d2


@njit(cache=True)
def prefer(bank: Bank, row: int, gain: float) -> None:
    """Keep score of the two filters; a calm one that has lost goes on from the agile one."""
    bank.calm[row] = min(max(0.9 * bank.calm[row] + gain, -SURE), SURE)
    if bank.calm[row] <= -SURE:
        bank.state[row, CALM] = bank.state[row, AGILE]
        bank.cov[row, CALM] = bank.cov[row, AGILE]
        bank.lean[row, CALM] = bank.lean[row, AGILE]


@njit(cache=True)
def shift(bank: Bank, change: F8) -> None:
    """Let all states be what they would be had the biases been thought to be `change` (B,) more."""
    step = np.empty(COLUMNS)
    for row in range(len(bank.number)):
        if bank.number[row] < 0:
            continue
        for model in range(2):
            x, U = bank.state[row, model], bank.lean[row, model]
            step[:] = 0.0
            step[0] = change[-1]
            for k in range(SLOTS):
                sensor = bank.sensor[row, k]
                if sensor >= 0:
                    at, first = 1 + k * WIDE, sensor * PER_SENSOR
                    step[at], step[at + 1], step[at + 2] = change[first], change[first + 1], change[first + 3]
                    for a in range(3):
                        step[at + 3 + a] = change[first + 2] * x[3 + a]
            for a in range(6):
                x[a] += (U[a] * step).sum()


@njit(cache=True)
def height_and_up(position: F8) -> tuple[float, F8]:
    """Height above the ellipsoid and the upward unit vector of an ECEF position (Bowring, as in `earth.wgs84`)."""
    x, y, z = position[0], position[1], position[2]
    rho = math.hypot(x, y)
    beta = math.atan2(z * SEMI_MAJOR_M, rho * SEMI_MINOR_M)
    sb, cb = math.sin(beta), math.cos(beta)
    lat = math.atan2(z + SECOND_ECC2 * SEMI_MINOR_M * sb**3, rho - ECC2 * SEMI_MAJOR_M * cb**3)
    sin, cos = math.sin(lat), math.cos(lat)
    height = rho * cos + z * sin - SEMI_MAJOR_M * math.sqrt(1 - ECC2 * sin * sin)
    safe = max(rho, 1e-9)
    return height, np.array([cos * x / safe, cos * y / safe, sin])


@njit(cache=True)
def surface(lat: float, lon: float, height: float) -> F8:
    """Geodetic to ECEF."""
    sin, cos = math.sin(lat), math.cos(lat)
    normal = SEMI_MAJOR_M / math.sqrt(1 - ECC2 * sin * sin)
    return np.array(
        [
            (normal + height) * cos * math.cos(lon),
            (normal + height) * cos * math.sin(lon),
            (normal * (1 - ECC2) + height) * sin,
        ]
    )


@njit(cache=True)
def locate(antenna: F8, axes: F8, range_m: float, azimuth_rad: float, height_m: float) -> F8:
    """Where slant range and azimuth meet a height, as `sensors.radar.locate`, one plot."""
    heading = math.sin(azimuth_rad) * axes[0] + math.cos(azimuth_rad) * axes[1]
    rise, position = 0.0, antenna.copy()
    for _ in range(8):
        ground = math.sqrt(max(range_m**2 - rise**2, 0.0))
        position = antenna + ground * heading + rise * axes[2]
        rise = min(max(rise + height_m - height_and_up(position)[0], -0.999 * range_m), 0.999 * range_m)
    return position
