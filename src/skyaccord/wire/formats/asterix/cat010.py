"""CAT010: surface movement target reports and status. EUROCONTROL-SPEC-0149-7, edition 1.1.

One sensor a source: a surface movement radar, or a multilateration system in the old category. Positions are polar and
Cartesian in the horizontal plane of the sensor (of a multilateration system: of its reference point), or WGS-84.
"""

from __future__ import annotations

import numpy as np

from skyaccord.columns import F8, U2, Bool
from skyaccord.sensors.plots import (
    ADS_B,
    EMERGENCY,
    GARBLED_A,
    GARBLED_C,
    MODE_S,
    NO_ADDRESS,
    NO_LOCAL_TRACK,
    NO_MODE_A,
    ON_GROUND,
    PRIMARY,
    SECONDARY,
    SIMULATED,
    SPI,
    TEST,
    Plots,
)
from skyaccord.wire.formats.asterix.rows import SPECIAL_CODES, Category, Rows, first, in_plane, joined
from skyaccord.wire.formats.asterix.uap import (
    FOOT_M,
    NAUTICAL_MILE_M,
    QUARTER_LEVEL_M,
    TAU,
    Explicit,
    Extended,
    Field,
    Fixed,
    Repetitive,
    Uap,
)
from skyaccord.wire.reports import NO_RELEASE, OVERLOADED, TIME_INVALID, Statuses

BYTE, PAIR, TIME, FOUR = Fixed(1), Fixed(2), Fixed(3), Fixed(4)

UAP: Uap = (
    ("010", PAIR),  # data source
    ("000", BYTE),  # message type
    ("020", Extended((1, 1, 1))),  # target report descriptor
    ("140", TIME),  # time of day
    ("041", Fixed(8)),  # position, WGS-84
    ("040", FOUR),  # measured position, polar
    ("042", FOUR),  # position, Cartesian
    ("200", FOUR),  # calculated velocity, polar
    ("202", FOUR),  # calculated velocity, Cartesian
    ("161", PAIR),  # track number
    ("170", Extended((1, 1, 1))),  # track status
    ("060", PAIR),  # Mode 3/A
    ("220", Fixed(3)),  # target address
    ("245", Fixed(7)),  # target identification
    ("250", Repetitive(8)),  # BDS registers
    ("300", BYTE),  # vehicle fleet
    ("090", PAIR),  # flight level
    ("091", PAIR),  # measured height
    ("270", Extended((1, 1, 1))),  # target size and orientation
    ("550", BYTE),  # system status
    ("310", BYTE),  # pre-programmed message
    ("500", FOUR),  # standard deviation of position
    ("280", Repetitive(2)),  # presence
    ("131", BYTE),  # amplitude
    ("210", PAIR),  # calculated acceleration
    None,
    ("SP", Explicit()),
    ("RE", Explicit()),
)

FIELDS = (
    Field("source", "010", 0, 16),
    Field("message", "000", 0, 8),
    Field("type", "020", 0, 3),
    Field("ground_bit", "020", 5, 1),
    Field("simulated", "020.2", 0, 1),
    Field("test", "020.2", 1, 1),
    Field("field_monitor", "020.2", 2, 1),
    Field("target", "020.2", 5, 2),
    Field("spi", "020.3", 0, 1),
    Field("time_s", "140", 0, 24, 1 / 128),
    Field("lat_rad", "041", 0, 32, TAU / 2**32, signed=True),
    Field("lon_rad", "041", 32, 32, TAU / 2**32, signed=True),
    Field("range_m", "040", 0, 16),
    Field("azimuth_rad", "040", 16, 16, TAU / 65536, cyclic=True),
    Field("x_m", "042", 0, 16, signed=True),
    Field("y_m", "042", 16, 16, signed=True),
    Field("speed_mps", "200", 0, 16, NAUTICAL_MILE_M / 16384),
    Field("heading_rad", "200", 16, 16, TAU / 65536, cyclic=True),
    Field("vx_mps", "202", 0, 16, 0.25, signed=True),
    Field("vy_mps", "202", 16, 16, 0.25, signed=True),
    Field("local_track", "161", 4, 12),
    Field("a_not_valid", "060", 0, 1),
    Field("a_garbled", "060", 1, 1),
    Field("mode_a", "060", 4, 12),
    Field("address", "220", 0, 24),
    Field("callsign", "245", 8, 48),
    Field("c_not_valid", "090", 0, 1),
    Field("c_garbled", "090", 1, 1),
    Field("pressure_alt_m", "090", 2, 14, QUARTER_LEVEL_M, signed=True),
    Field("height_m", "091", 0, 16, 6.25 * FOOT_M, signed=True),
    Field("release", "550", 0, 2),
    Field("overloaded", "550", 2, 1),
    Field("time_invalid", "550", 3, 1),
)

# I010/020 TYP -> Plots.kind; loops, HF and others have none
KINDS = np.array([SECONDARY, MODE_S, ADS_B, PRIMARY, 0, 0, 0, 0], np.uint8)
GROUND_VEHICLE = 2  # I010/020 TOT
FARTHEST_M = 32_767  # I010/042 of whatever is farther east or north: seen in recordings, and no place
TARGET_REPORT = 1  # I010/000; the messages after it are those of `Statuses.message`


def plots(rows: Rows) -> Plots:
    """Its target reports; `time_s` is still the time of day."""
    rows = rows.take(is_target(rows))
    distance_m, bearing_rad = in_plane(*(np.where(abs(rows[n]) < FARTHEST_M, rows[n], np.nan) for n in ("x_m", "y_m")))
    speed, heading = rows["speed_mps"], rows["heading_rad"]
    return Plots.blank(len(rows)).replace(
        time_s=rows["time_s"],
        source=rows.whole("source", 0).astype(np.uint16),
        kind=np.where(rows.has("type"), KINDS[rows.whole("type", 0)], 0).astype(np.uint8),
        flags=flags(rows),
        range_m=first(rows["range_m"], distance_m),
        azimuth_rad=first(rows["azimuth_rad"], bearing_rad),
        lat_rad=rows["lat_rad"],
        lon_rad=rows["lon_rad"],
        height_m=rows["height_m"],  # above the sensor's plane, whose own height the registry has
        pressure_alt_m=rows["pressure_alt_m"],
        mode_a=rows.whole("mode_a", NO_MODE_A).astype(np.uint16),
        address=rows.whole("address", NO_ADDRESS).astype(np.uint32),
        callsign=rows.callsign("callsign"),
        east_mps=first(rows["vx_mps"], speed * np.sin(heading)),
        north_mps=first(rows["vy_mps"], speed * np.cos(heading)),
        local_track=rows.whole("local_track", NO_LOCAL_TRACK).astype(np.int32),
        offset=rows.offset,
    )


def flags(rows: Rows) -> U2:
    """Plots.flags; a ground vehicle is on the ground whatever its transponder says."""
    bits = [
        (SIMULATED, rows.flag("simulated")),
        (TEST, rows.flag("test")),
        (ON_GROUND, rows.flag("ground_bit") | (rows.whole("target", 0) == GROUND_VEHICLE)),
        (SPI, rows.flag("spi")),
        (EMERGENCY, np.isin(rows.whole("mode_a", NO_MODE_A), SPECIAL_CODES)),
        (GARBLED_A, rows.flag("a_garbled") | rows.flag("a_not_valid")),
        (GARBLED_C, rows.flag("c_garbled") | rows.flag("c_not_valid")),
    ]
    return joined(bits)


def statuses(rows: Rows) -> Statuses:
    """What it says of itself; `time_s` is still the time of day."""
    rows = rows.take(~is_target(rows))
    unknown: F8 = np.full(len(rows), np.nan)
    return Statuses(
        time_s=rows["time_s"],
        source=rows.whole("source", 0).astype(np.uint16),
        message=np.maximum(rows.whole("message", 0) - TARGET_REPORT, 0).astype(np.uint8),
        release=rows.whole("release", NO_RELEASE).astype(np.uint8),
        flags=(OVERLOADED * rows.flag("overloaded") + TIME_INVALID * rows.flag("time_invalid")).astype(np.uint8),
        lat_rad=unknown,
        lon_rad=unknown,
        height_m=unknown,
        offset=rows.offset,
    )


def is_target(rows: Rows) -> Bool:
    """(N,) is it a target report? So counts a record that does not say what it is."""
    target: Bool = rows.whole("message", TARGET_REPORT) == TARGET_REPORT
    return target


CATEGORY = Category(10, UAP, FIELDS, plots, statuses)
