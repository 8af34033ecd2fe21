"""CAT019: status of a multilateration system. EUROCONTROL-SPEC-0149-18, edition 1.3."""

from __future__ import annotations

import numpy as np

from skyaccord.wire.formats.asterix.rows import Category, Rows
from skyaccord.wire.formats.asterix.uap import TAU, Explicit, Extended, Field, Fixed, Repetitive, Uap
from skyaccord.wire.reports import NO_RELEASE, OVERLOADED, TIME_INVALID, Statuses

BYTE, PAIR = Fixed(1), Fixed(2)

UAP: Uap = (
    ("010", PAIR),  # data source
    ("000", BYTE),  # message type
    ("140", Fixed(3)),  # time of day
    ("550", BYTE),  # system status
    ("551", BYTE),  # tracking processors
    ("552", Repetitive(2)),  # remote sensors
    ("553", Extended((1, 1))),  # reference transponders
    ("600", Fixed(8)),  # position of the reference point, WGS-84
    ("610", PAIR),  # its height above mean sea level
    ("620", BYTE),  # undulation of the geoid there
    None,
    None,
    ("RE", Explicit()),
    ("SP", Explicit()),
)

FIELDS = (
    Field("source", "010", 0, 16),
    Field("message", "000", 0, 8),
    Field("time_s", "140", 0, 24, 1 / 128),
    Field("release", "550", 0, 2),
    Field("overloaded", "550", 2, 1),
    Field("time_invalid", "550", 3, 1),
    Field("lat_rad", "600", 0, 32, TAU / 2**31, signed=True),
    Field("lon_rad", "600", 32, 32, TAU / 2**31, signed=True),
    Field("sea_height_m", "610", 0, 16, 0.25, signed=True),
    Field("undulation_m", "620", 0, 8, signed=True),
)


def statuses(rows: Rows) -> Statuses:
    """What the system says of itself; `time_s` is still the time of day."""
    return Statuses(
        time_s=rows["time_s"],
        source=rows.whole("source", 0).astype(np.uint16),
        message=rows.whole("message", 0).astype(np.uint8),
        release=rows.whole("release", NO_RELEASE).astype(np.uint8),
        flags=(OVERLOADED * rows.flag("overloaded") + TIME_INVALID * rows.flag("time_invalid")).astype(np.uint8),
        lat_rad=rows["lat_rad"],
        lon_rad=rows["lon_rad"],
        height_m=rows["sea_height_m"] + rows["undulation_m"],
        offset=rows.offset,
    )


CATEGORY = Category(19, UAP, FIELDS, None, statuses)
