"""Radar: slant range and azimuth from an antenna, with pressure altitude where a transponder gave one."""

from __future__ import annotations

import numpy as np

from skyaccord.columns import F8
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic


def locate(
    range_m: F8, azimuth_rad: F8, height_m: F8, lat_rad: F8, lon_rad: F8, antenna_m: F8, *, rounds: int = 8
) -> F8:
    """Where slant range and azimuth meet a height: (N,) each -> (N, 3) ECEF metres.

    `lat_rad`, `lon_rad`, `antenna_m` are the antenna's, `height_m` the target's height above the ellipsoid. The
    rise over the antenna's tangent plane is found by iteration on the ellipsoid itself, without a sphere.
    """
    antenna, axes = ecef(lat_rad, lon_rad, antenna_m), enu_axes(lat_rad, lon_rad)
    heading = np.sin(azimuth_rad)[:, None] * axes[:, 0] + np.cos(azimuth_rad)[:, None] * axes[:, 1]
    rise = np.zeros_like(range_m)
    for _ in range(rounds):
        ground = np.sqrt(np.maximum(range_m**2 - rise**2, 0.0))
        position = antenna + ground[:, None] * heading + rise[:, None] * axes[:, 2]
        rise = np.clip(rise + height_m - geodetic(position)[2], -0.999 * range_m, 0.999 * range_m)
    return position
