"""Where plots are on the Earth, whatever kind of sensor heard them."""

from __future__ import annotations

import numpy as np

from skyaccord.columns import F8
from skyaccord.sensors import adsb, mlat, radar
from skyaccord.sensors.plots import Plots
from skyaccord.sensors.sites import Sites, row_of

ASSUMED_HEIGHT_M = 5000.0  # of a plot that has none; moves it on the map by at most the slant it hides


def where(plots: Plots, sites: Sites) -> F8:
    """ECEF position of each plot: (N, 3) metres, NaN where its sensor is not in the registry or it has no position."""
    out = np.full((len(plots), 3), np.nan)
    plots = mlat.placed(plots, sites)
    row = row_of(sites, plots.source)
    height = np.where(np.isfinite(plots.height_m), plots.height_m, plots.pressure_alt_m)
    height = np.where(np.isfinite(height), height, ASSUMED_HEIGHT_M)
    reported = np.isfinite(plots.lat_rad)
    out[reported] = adsb.locate(plots.lat_rad[reported], plots.lon_rad[reported], height[reported])
    polar = ~reported & (row >= 0) & np.isfinite(plots.range_m) & np.isfinite(plots.azimuth_rad)
    at = row[polar]
    out[polar] = radar.locate(
        plots.range_m[polar],
        plots.azimuth_rad[polar],
        height[polar],
        sites.lat_rad[at],
        sites.lon_rad[at],
        sites.height_m[at],
    )
    return out
