"""Plots made ready for the loops: each placed on the Earth, with its errors along two axes."""

from __future__ import annotations

import numpy as np
from numba import njit

from skyaccord.columns import F8
from skyaccord.tracks.kernels.bank import BEARING, Record, Records
from skyaccord.tracks.kernels.ground import height_up

WIDEST_M = 100_000.0  # a plot that is known worse is looked for within this
AZIMUTH_FLOOR_M = 20.0  # very near the antenna an azimuth says nothing; its cross-range error must not vanish


@njit(cache=True)
def locate(reach: float, sin_az: float, cos_az: float, height_m: float, position: F8, axes: F8, out: F8) -> float:
    """Where slant range and azimuth meet a height: writes ECEF (3,), gives the distance in the sensor's plane.

    The rise above the sensor's horizontal plane is found by iteration on the ellipsoid; a height that the range cannot
    reach is met as nearly as it can be.
    """
    up = np.empty(3)
    rise, ground = 0.0, reach
    for _ in range(6):
        ground = np.sqrt(max(reach * reach - rise * rise, 0.0))
        for i in range(3):
            out[i] = position[i] + ground * (sin_az * axes[0, i] + cos_az * axes[1, i]) + rise * axes[2, i]
        short = height_m - height_up(out, up)
        if abs(short) < 0.1:
            break
        rise = min(max(rise + short, -0.999 * reach), 0.999 * reach)
    return float(ground)


@njit(cache=True, nogil=True)
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
