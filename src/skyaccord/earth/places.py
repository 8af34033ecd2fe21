"""Place: one point of the air or the ground."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where one thing is: geodetic WGS-84, height in metres above the ellipsoid (NaN: not known)."""

    lat_rad: float
    lon_rad: float
    height_m: float = math.nan

    def __str__(self) -> str:
        """In degrees, for people: `37.190 N 68.600 E`, with the height in metres where it is known."""
        lat, lon = math.degrees(self.lat_rad), math.degrees(self.lon_rad)
        text = f"{abs(lat):.3f} {'NS'[lat < 0]} {abs(lon):.3f} {'EW'[lon < 0]}"
        return text if math.isnan(self.height_m) else f"{text} at {self.height_m:.0f} m"
