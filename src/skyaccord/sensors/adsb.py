"""ADS-B: positions that aircraft report of themselves; as honest as the aircraft."""

from __future__ import annotations

import numpy as np

from skyaccord.columns import F8
from skyaccord.earth.wgs84 import ecef


def locate(lat_rad: F8, lon_rad: F8, height_m: F8) -> F8:
    """Reported positions as (N, 3) ECEF metres; a report without height is taken at the ellipsoid."""
    return ecef(lat_rad, lon_rad, np.nan_to_num(height_m))
