"""Plots made ready for the loops: judged, written down as records, placed on the Earth with errors along two axes."""

from __future__ import annotations

import numpy as np

from skyaccord.columns import F8, I8, U1, U2, U4, U8, Bool
from skyaccord.sensors.plots import GARBLED_A, GARBLED_C, NO_ADDRESS, NO_MODE_A, ON_GROUND, SIMULATED, TEST
from skyaccord.tracks.kernels.bank import BEARING, PLACED, POLAR, Record, Records
from skyaccord.tracks.kernels.compiled import compiled, entry, lean
from skyaccord.tracks.kernels.ground import height_and_up

# Why a plot is not used: of several reasons, the first
FAULTS = (
    "sensor not in the registry",
    "no time",
    "older than the lag",
    "time still to come",
    "no position",
    "negative range",
    "beyond any range",
    "faster than anything",
    "test target",
    "of another realm",  # an exercise never reaches a real picture, nor real traffic an exercise
    "on the ground",
)
LAST_S = 1e11  # no time is so much before 1970
FARTHEST_M, HIGHEST_M, FASTEST_MPS = 2e6, 1e6, 3e3  # beyond which a plot is mistaken
FASTEST_RATE_MPS = 1e4  # no target comes or goes so fast
LAST_ID = 1 << 31
WIDEST_M = 100_000.0  # a plot that is known worse is looked for within this
AZIMUTH_FLOOR_M = 20.0  # very near the antenna an azimuth says nothing; its cross-range error must not vanish


@compiled
def judge(
    time_s: F8,
    sensor: I8,
    flags: U2,
    range_m: F8,
    azimuth_rad: F8,
    lat_rad: F8,
    lon_rad: F8,
    range_rate_mps: F8,
    sensors: Records,
    oldest_s: float,
    newest_s: float,
    exercise: bool,
    out: U1,
) -> int:
    """Say of each plot (N,) what is wrong with it, into `out`: its place in FAULTS, or len(FAULTS): how many are good.

    `sensor` is the row of the registry, -1: none; plots from before `oldest_s` or after `newest_s` are not used.
    """
    good = 0
    for k in range(len(time_s)):
        polar = np.isfinite(range_m[k]) and np.isfinite(azimuth_rad[k])
        placed = np.isfinite(lat_rad[k]) and np.isfinite(lon_rad[k])
        out[k] = len(FAULTS)
        if sensor[k] < 0:
            out[k] = 0
        elif not np.isfinite(time_s[k]) or time_s[k] < -LAST_S:
            out[k] = 1
        elif time_s[k] < oldest_s:
            out[k] = 2
        elif time_s[k] > newest_s:
            out[k] = 3
        elif (
            not polar
            and not placed
            and not (sensors[sensor[k]].passive and np.isnan(range_m[k]) and np.isfinite(azimuth_rad[k]))
        ):
            out[k] = 4
        elif polar and range_m[k] < 0.0:
            out[k] = 5
        elif polar and range_m[k] > FARTHEST_M:
            out[k] = 6
        elif abs(range_rate_mps[k]) > FASTEST_RATE_MPS:
            out[k] = 7
        elif flags[k] & TEST:
            out[k] = 8
        elif (flags[k] & SIMULATED != 0) != exercise:
            out[k] = 9
        elif flags[k] & ON_GROUND:
            out[k] = 10
        else:
            good += 1
    return good


@entry
def in_order(since_s: F8, sensor: I8, slice_of: F8, sensors: int, order: I8) -> bool:
    """Order plots that come as time goes by slice of time, sensor and time, into `order` (N,), by counting.

    False where one is older than the one before it, or as old as its sensor's last one: that tells them not apart.
    """
    n, low = len(since_s), 0
    ends = np.empty(sensors + 1, np.int64)
    for k in range(1, n):
        if since_s[k] < since_s[k - 1]:
            return False
    while low < n:
        high = low
        ends[:] = 0
        while high < n and slice_of[high] == slice_of[low]:
            ends[sensor[high] + 1] += 1
            high += 1
        ends[0] = low
        for s in range(sensors):
            ends[s + 1] += ends[s]
        for k in range(low, high):
            order[ends[sensor[k]]] = k
            ends[sensor[k]] += 1
        low = high
    for i in range(1, n):
        if since_s[order[i]] == since_s[order[i - 1]] and sensor[order[i]] == sensor[order[i - 1]]:
            return False
    return True


@entry
def write_down(
    order: I8,
    time_s: F8,
    epoch_s: float,
    sensor: I8,
    flags: U2,
    range_m: F8,
    azimuth_rad: F8,
    lat_rad: F8,
    lon_rad: F8,
    height_m: F8,
    pressure_alt_m: F8,
    mode_a: U2,
    address: U4,
    callsign: U8,
    east_mps: F8,
    north_mps: F8,
    range_rate_mps: F8,
    hide_codes: bool,
    hide_addresses: bool,
    first_id: int,
    heard: Records,
    azimuth_out: F8,
) -> Bool:
    """Write good plots as records in an order, into `heard` and `azimuth_out`: (N,) which of these are positions.

    Their times count from `epoch_s` on. The places, and all that follows from them, are `place`'s to fill in.
    """
    placed = np.zeros(len(order), np.bool_)
    for i in range(len(order)):
        k, plot = order[i], heard[i]
        placed[i] = np.isfinite(lat_rad[k]) and np.isfinite(lon_rad[k])
        plot.time_s, plot.sensor, plot.id = time_s[k] - epoch_s, sensor[k], (first_id + i) % LAST_ID
        plot.polar = PLACED if placed[i] else (BEARING if np.isnan(range_m[k]) else POLAR)
        plot.range_m, azimuth_out[i] = range_m[k], azimuth_rad[k]
        plot.range_rate_mps = range_rate_mps[k] if plot.polar == POLAR else np.nan
        told = np.isfinite(pressure_alt_m[k]) and not flags[k] & GARBLED_C
        plot.pressure_alt_m = pressure_alt_m[k] if told else np.nan
        level_m = height_m[k] if np.isfinite(height_m[k]) else plot.pressure_alt_m
        plot.level_m = level_m if abs(level_m) < HIGHEST_M else np.nan
        moving = placed[i] and np.hypot(east_mps[k], north_mps[k]) < FASTEST_MPS
        plot.east_mps = east_mps[k] if moving else np.nan
        plot.north_mps = north_mps[k] if moving else np.nan
        plot.mode_a = NO_MODE_A if hide_codes or flags[k] & GARBLED_A else mode_a[k]
        plot.address = NO_ADDRESS if hide_addresses else address[k]
        plot.callsign = 0 if hide_addresses else callsign[k]
    return placed


@lean
def locate(reach: float, sin_az: float, cos_az: float, height_m: float, position: F8, axes: F8, out: F8) -> float:
    """Where slant range and azimuth meet a height: writes ECEF (3,), gives the distance in the sensor's plane.

    The rise above the sensor's horizontal plane is found by iteration on the ellipsoid; a height that the range cannot
    reach is met as nearly as it can be.
    """
    rise, ground = 0.0, reach
    for _ in range(6):
        ground = np.sqrt(max(reach * reach - rise * rise, 0.0))
        for i in range(3):
            out[i] = position[i] + ground * (sin_az * axes[0, i] + cos_az * axes[1, i]) + rise * axes[2, i]
        short = height_m - height_and_up(out[0], out[1], out[2])[0]
        if abs(short) < 0.1:
            break
        rise = min(max(rise + short, -0.999 * reach), 0.999 * reach)
    return float(ground)


@entry
def place(plots: Records, azimuth_rad: F8, axes: F8, sensors: Records, rules: Record) -> None:
    """Place plots: fills place, axes, variances and radius from range or, of a position report, from its given place.

    A bearing has axes only, and counts as placed where its sensor stands. `azimuth_rad` (N,) goes with the polar ones;
    `axes` (N, 3, 3), east, north and up at it, with position reports.
    """
    for k in range(len(plots)):
        plot, sensor = plots[k], sensors[plots[k].sensor]
        known = not np.isnan(plot.level_m)
        height = plot.level_m if known else rules.start_height_m
        var_height = sensor.var_height if known else rules.start_height_sigma_m**2
        plot.var_first = sensor.var_range
        if plot.polar:
            sin_az, cos_az = np.sin(azimuth_rad[k]), np.cos(azimuth_rad[k])
            ground = 0.0
            if plot.polar == BEARING:
                plot.place[:] = sensor.position
            else:
                ground = locate(plot.range_m, sin_az, cos_az, height, sensor.position, sensor.axes, plot.place)
            for i in range(3):
                plot.first[i] = sin_az * sensor.axes[0, i] + cos_az * sensor.axes[1, i]
                plot.second[i] = cos_az * sensor.axes[0, i] - sin_az * sensor.axes[1, i]
            plot.var_second = ground * ground * sensor.var_azimuth + AZIMUTH_FLOOR_M**2
        else:
            for i in range(3):
                plot.first[i] = axes[k, 0, i]
                plot.second[i] = axes[k, 1, i]
            plot.var_second = sensor.var_range
        plot.radius_m = min(np.sqrt(rules.gate_d2 * max(plot.var_first, plot.var_second, var_height)), WIDEST_M)
