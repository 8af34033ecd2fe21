"""Multilateration: positions computed from times of arrival, told in the horizontal plane of a reference point.

`Plots.range_m` of such a system is the distance in that plane, never a slant range.
"""

from __future__ import annotations

import numpy as np

from skyaccord.columns import F8
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.sensors.plots import Plots
from skyaccord.sensors.sites import Sites, row_of

CHANGED = ("lat_rad", "lon_rad", "range_m", "azimuth_rad", "east_mps", "north_mps")


def locate(
    distance_m: F8, bearing_rad: F8, height_m: F8, lat_rad: F8, lon_rad: F8, point_m: F8, *, rounds: int = 4
) -> F8:
    """Where the vertical on a place of the plane meets a height: (N,) each -> (N, 3) ECEF metres.

    `lat_rad`, `lon_rad`, `point_m` are the reference point's, `height_m` the target's height above the ellipsoid.
    """
    axes = enu_axes(lat_rad, lon_rad)
    heading = np.sin(bearing_rad)[:, None] * axes[:, 0] + np.cos(bearing_rad)[:, None] * axes[:, 1]
    position: F8 = ecef(lat_rad, lon_rad, point_m) + distance_m[:, None] * heading
    for _ in range(rounds):
        position = position + (height_m - geodetic(position)[2])[:, None] * axes[:, 2]
    return position


def placed(plots: Plots, sites: Sites) -> Plots:
    """Plots of sites of the kind "mlat" with latitude and longitude in place of distance and bearing.

    A plot without height is taken at its reference point's. A velocity told with it is what the system's own filter
    makes of these same positions, so it is left out: nobody shall count it twice. Plots of other sensors, and those
    that say where they are, stay as they are.
    """
    in_plane = sites.kind == b"mlat"
    if not in_plane.any():
        return plots
    row = row_of(sites, plots.source)
    ours = (row >= 0) & in_plane[row]
    k = np.flatnonzero(ours & ~np.isfinite(plots.lat_rad) & np.isfinite(plots.range_m) & np.isfinite(plots.azimuth_rad))
    if not len(k):
        return plots
    at = row[k]
    height = np.where(np.isfinite(plots.height_m[k]), plots.height_m[k], plots.pressure_alt_m[k])
    height = np.where(np.isfinite(height), height, sites.height_m[at])
    site = sites.lat_rad[at], sites.lon_rad[at], sites.height_m[at]
    lat, lon, _ = geodetic(locate(plots.range_m[k], plots.azimuth_rad[k], height, *site))
    out = {name: plots.arrays()[name].copy() for name in CHANGED}
    for name in CHANGED:
        out[name][k] = np.nan
    out["lat_rad"][k], out["lon_rad"][k] = lat, lon
    return plots.replace(**out)
