"""CAT020: multilateration target reports. EUROCONTROL-SPEC-0149-14, edition 1.10 (1.5 to 1.11 have one profile).

Cartesian positions lie in the horizontal plane of the system's reference point, which CAT019 and the registry know.
"""

from __future__ import annotations

import numpy as np

from skyaccord.columns import U1, U2
from skyaccord.sensors.plots import (
    EMERGENCY,
    GARBLED_A,
    GARBLED_C,
    MODE_S,
    NO_ADDRESS,
    NO_LOCAL_TRACK,
    NO_MODE_A,
    ON_GROUND,
    SECONDARY,
    SIMULATED,
    SPI,
    TEST,
    Plots,
)
from skyaccord.wire.formats.asterix.rows import SPECIAL_CODES, Category, Rows, first, in_plane, joined
from skyaccord.wire.formats.asterix.uap import (
    FOOT_M,
    QUARTER_LEVEL_M,
    TAU,
    Compound,
    Explicit,
    Extended,
    Field,
    Fixed,
    Repetitive,
    Uap,
)

BYTE, PAIR, FOUR, SIX = Fixed(1), Fixed(2), Fixed(4), Fixed(6)

UAP: Uap = (
    ("010", PAIR),  # data source
    ("020", Extended((1, 1, 1))),  # target report descriptor
    ("140", Fixed(3)),  # time of day
    ("041", Fixed(8)),  # position, WGS-84
    ("042", SIX),  # position, Cartesian
    ("161", PAIR),  # track number
    ("170", Extended((1, 1))),  # track status
    ("070", PAIR),  # Mode 3/A
    ("202", FOUR),  # calculated velocity, Cartesian
    ("090", PAIR),  # flight level
    ("100", FOUR),  # Mode C and confidence
    ("220", Fixed(3)),  # target address
    ("245", Fixed(7)),  # target identification
    ("110", PAIR),  # measured height
    ("105", PAIR),  # geometric height, WGS-84
    ("210", PAIR),  # calculated acceleration
    ("300", BYTE),  # vehicle fleet
    ("310", BYTE),  # pre-programmed message
    ("500", Compound((("DOP", SIX), ("SDP", SIX), ("SDH", PAIR)))),  # position accuracy
    ("400", Repetitive(1)),  # contributing devices
    ("250", Repetitive(8)),  # BDS registers
    ("230", PAIR),  # communications, ACAS, flight status
    ("260", Fixed(7)),  # ACAS resolution advisory
    ("030", Extended((1,))),  # warnings
    ("055", BYTE),  # Mode 1
    ("050", PAIR),  # Mode 2
    ("RE", Explicit()),
    ("SP", Explicit()),
)

FIELDS = (
    Field("source", "010", 0, 16),
    Field("by_secondary", "020", 0, 1),
    Field("by_mode_s", "020", 1, 1),
    Field("field_monitor", "020.2", 0, 1),
    Field("spi", "020.2", 1, 1),
    Field("ground_bit", "020.2", 3, 1),
    Field("simulated", "020.2", 5, 1),
    Field("test", "020.2", 6, 1),
    Field("time_s", "140", 0, 24, 1 / 128),
    Field("lat_rad", "041", 0, 32, TAU / 2**26, signed=True),
    Field("lon_rad", "041", 32, 32, TAU / 2**26, signed=True),
    Field("x_m", "042", 0, 24, 0.5, signed=True),
    Field("y_m", "042", 24, 24, 0.5, signed=True),
    Field("local_track", "161", 4, 12),
    Field("a_not_valid", "070", 0, 1),
    Field("a_garbled", "070", 1, 1),
    Field("mode_a", "070", 4, 12),
    Field("vx_mps", "202", 0, 16, 0.25, signed=True),
    Field("vy_mps", "202", 16, 16, 0.25, signed=True),
    Field("c_not_valid", "090", 0, 1),
    Field("c_garbled", "090", 1, 1),
    Field("pressure_alt_m", "090", 2, 14, QUARTER_LEVEL_M, signed=True),
    Field("address", "220", 0, 24),
    Field("callsign", "245", 8, 48),
    Field("plane_height_m", "110", 0, 16, 6.25 * FOOT_M, signed=True),
    Field("height_m", "105", 0, 16, 6.25 * FOOT_M, signed=True),
    Field("flight_status", "230", 3, 3),
)


def plots(rows: Rows) -> Plots:
    """What the system computed; `time_s` is still the time of day."""
    distance_m, bearing_rad = in_plane(rows["x_m"], rows["y_m"])
    return Plots.blank(len(rows)).replace(
        time_s=rows["time_s"],
        source=rows.whole("source", 0).astype(np.uint16),
        kind=kinds(rows),
        flags=flags(rows),
        range_m=distance_m,
        azimuth_rad=bearing_rad,
        lat_rad=rows["lat_rad"],
        lon_rad=rows["lon_rad"],
        # I020/110 is above the reference point's plane, whose own height the registry has
        height_m=first(rows["height_m"], rows["plane_height_m"]),
        pressure_alt_m=rows["pressure_alt_m"],
        mode_a=rows.whole("mode_a", NO_MODE_A).astype(np.uint16),
        address=rows.whole("address", NO_ADDRESS).astype(np.uint32),
        callsign=rows.callsign("callsign"),
        east_mps=rows["vx_mps"],
        north_mps=rows["vy_mps"],
        local_track=rows.whole("local_track", NO_LOCAL_TRACK).astype(np.int32),
        offset=rows.offset,
    )


def kinds(rows: Rows) -> U1:
    """Plots.kind by what was received; other technologies have none.

    A set bit says that the technology was used. One published transcription of the table has it the other way round;
    recordings of Mode S systems have the bit set.
    """
    answered = np.where(rows.flag("by_secondary"), SECONDARY, 0)
    return np.where(rows.flag("by_mode_s"), MODE_S, answered).astype(np.uint8)


def flags(rows: Rows) -> U2:
    """Plots.flags."""
    status = rows.whole("flight_status", 0)
    bits = [
        (SIMULATED, rows.flag("simulated")),
        (TEST, rows.flag("test")),
        (ON_GROUND, rows.flag("ground_bit") | (status == 1) | (status == 3)),
        (SPI, rows.flag("spi")),
        (EMERGENCY, np.isin(rows.whole("mode_a", NO_MODE_A), SPECIAL_CODES)),
        (GARBLED_A, rows.flag("a_garbled") | rows.flag("a_not_valid")),
        (GARBLED_C, rows.flag("c_garbled") | rows.flag("c_not_valid")),
    ]
    return joined(bits)


CATEGORY = Category(20, UAP, FIELDS, plots)
