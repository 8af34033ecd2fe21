"""Plots: what was heard, one row a report, whatever the kind of sensor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from skyaccord.columns import F8, I4, I8, U1, U2, U4, Columns, Text, column

NO_ADDRESS = 0xFFFFFFFF
NO_MODE_A = 0xFFFF
NO_LOCAL_TRACK = -1

# `kind`
PRIMARY, SECONDARY, COMBINED, MODE_S, ADS_B = 1, 2, 3, 4, 5

# `flags`
SIMULATED, TEST, ON_GROUND, SPI, EMERGENCY, GARBLED_A, GARBLED_C = (1 << k for k in range(7))

# What a column is that says nothing; a time and a source every plot has
NOTHING: Mapping[str, Any] = {
    "kind": PRIMARY,
    "flags": 0,
    "range_m": np.nan,
    "azimuth_rad": np.nan,
    "lat_rad": np.nan,
    "lon_rad": np.nan,
    "height_m": np.nan,
    "pressure_alt_m": np.nan,
    "mode_a": NO_MODE_A,
    "address": NO_ADDRESS,
    "callsign": b"",
    "east_mps": np.nan,
    "north_mps": np.nan,
    "range_rate_mps": np.nan,
    "local_track": NO_LOCAL_TRACK,
    "offset": -1,
}


@dataclass(frozen=True, eq=False)
class Plots(Columns):
    """What sensors reported, in order of arrival. A radar fills range and azimuth, ADS-B latitude and longitude,
    a passive sensor azimuth alone.

    Made of `Plots.blank(n).replace(...)`: zeros, as `empty` gives them, would be read as places and speeds.
    """

    time_s: F8 = column("f8")  # UTC seconds (1970) of illumination or applicability
    source: U2 = column("u2")  # SAC << 8 | SIC
    kind: U1 = column("u1")  # PRIMARY .. ADS_B
    flags: U2 = column("u2")
    range_m: F8 = column("f8")  # slant range; NaN: none
    azimuth_rad: F8 = column("f8")  # clockwise from true north at the sensor; NaN: none
    lat_rad: F8 = column("f8")  # self-reported or computed position; NaN: none
    lon_rad: F8 = column("f8")
    height_m: F8 = column("f8")  # geometric height above the ellipsoid; NaN: none
    pressure_alt_m: F8 = column("f8")  # Mode C, 1013.25 hPa; NaN: none
    mode_a: U2 = column("u2")  # 12 bits; NO_MODE_A: none
    address: U4 = column("u4")  # 24-bit ICAO address; NO_ADDRESS: none
    callsign: Text = column("S8")  # empty: none
    east_mps: F8 = column("f8")  # reported ground velocity; NaN: none
    north_mps: F8 = column("f8")
    range_rate_mps: F8 = column("f8", absent=np.nan)  # Doppler speed, positive: receding; NaN: none
    local_track: I4 = column("i4")  # the sensor's own track number; NO_LOCAL_TRACK: none
    offset: I8 = column("i8")  # byte offset of the record in its feed; -1: unknown

    @classmethod
    def blank(cls, length: int) -> Self:
        """`length` rows that say nothing yet: every column but time and source, which are zero, as in `NOTHING`."""
        out = cls.empty(length)
        for name, value in NOTHING.items():
            getattr(out, name)[:] = value
        return out
