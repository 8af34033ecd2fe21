"""CAT048: monoradar target reports. EUROCONTROL-SPEC-0149-4, edition 1.31 (the profile is the same since 1.14)."""

from __future__ import annotations

import numpy as np

from skyaccord.columns import F8, U1, U2, Bool
from skyaccord.sensors.plots import (
    COMBINED,
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
from skyaccord.wire.formats.asterix.rows import SPECIAL_CODES, Category, Rows, codes, joined, optional, time_of_day
from skyaccord.wire.formats.asterix.uap import (
    NAUTICAL_MILE_M,
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
from skyaccord.wire.formats.asterix.writer import compose

BYTE, PAIR = Fixed(1), Fixed(2)

UAP: Uap = (
    ("010", PAIR),  # data source
    ("140", Fixed(3)),  # time of day
    ("020", Extended((1, 1, 1))),  # target report descriptor
    ("040", Fixed(4)),  # measured position, polar
    ("070", PAIR),  # Mode 3/A
    ("090", PAIR),  # flight level
    (  # radar plot characteristics
        "130",
        Compound(
            (("SRL", BYTE), ("SRR", BYTE), ("SAM", BYTE), ("PRL", BYTE), ("PAM", BYTE), ("RPD", BYTE), ("APD", BYTE))
        ),
    ),
    ("220", Fixed(3)),  # aircraft address
    ("240", Fixed(6)),  # aircraft identification
    ("250", Repetitive(8)),  # BDS registers
    ("161", PAIR),  # track number
    ("042", Fixed(4)),  # calculated position, Cartesian
    ("200", Fixed(4)),  # calculated velocity, polar
    ("170", Extended((1, 1))),  # track status
    ("210", Fixed(4)),  # track quality
    ("030", Extended((1,))),  # warnings and target class
    ("080", PAIR),  # Mode 3/A confidence
    ("100", Fixed(4)),  # Mode C and confidence
    ("110", PAIR),  # height of a 3D radar
    ("120", Compound((("CAL", PAIR), ("RDS", Repetitive(6))))),  # radial Doppler speed
    ("230", PAIR),  # communications, ACAS, flight status
    ("260", Fixed(7)),  # ACAS resolution advisory
    ("055", BYTE),  # Mode 1
    ("050", PAIR),  # Mode 2
    ("065", BYTE),  # Mode 1 confidence
    ("060", PAIR),  # Mode 2 confidence
    ("SP", Explicit()),
    ("RE", Explicit()),
)

FIELDS = (
    Field("source", "010", 0, 16),
    Field("time_s", "140", 0, 24, 1 / 128),
    Field("type", "020", 0, 3),
    Field("simulated", "020", 3, 1),
    Field("spi", "020", 5, 1),
    Field("field_monitor", "020", 6, 1),
    Field("test", "020.2", 0, 1),
    Field("beyond_range", "020.2", 1, 1),
    Field("emergency", "020.2", 3, 1),
    Field("range_m", "040", 0, 16, NAUTICAL_MILE_M / 256),
    Field("azimuth_rad", "040", 16, 16, TAU / 65536, cyclic=True),
    Field("a_not_valid", "070", 0, 1),
    Field("a_garbled", "070", 1, 1),
    Field("mode_a", "070", 4, 12),
    Field("c_not_valid", "090", 0, 1),
    Field("c_garbled", "090", 1, 1),
    Field("pressure_alt_m", "090", 2, 14, QUARTER_LEVEL_M, signed=True),
    Field("address", "220", 0, 24),
    Field("callsign", "240", 0, 48),
    Field("local_track", "161", 4, 12),
    Field("speed_mps", "200", 0, 16, NAUTICAL_MILE_M / 16384),
    Field("heading_rad", "200", 16, 16, TAU / 65536, cyclic=True),
    Field("height_m", "110", 2, 14, QUARTER_LEVEL_M, signed=True),
    Field("flight_status", "230", 3, 3),
)

# I048/020 TYP -> Plots.kind; an address tells Mode S with primary from SSR with primary
KINDS = np.array([0, PRIMARY, SECONDARY, COMBINED, MODE_S, MODE_S, COMBINED, COMBINED], np.uint8)


def plots(rows: Rows) -> Plots:
    """What the radar said; `time_s` is still the time of day."""
    speed, heading = rows["speed_mps"], rows["heading_rad"]
    mode_a = rows.whole("mode_a", NO_MODE_A)
    return Plots.blank(len(rows)).replace(
        time_s=rows["time_s"],
        source=rows.whole("source", 0).astype(np.uint16),
        kind=kinds(rows),
        flags=flags(rows, np.isin(mode_a, SPECIAL_CODES)),
        # ERR set: the range lies beyond what I048/040 can say and is told in RE
        range_m=np.where(rows.flag("beyond_range"), np.nan, rows["range_m"]),
        azimuth_rad=rows["azimuth_rad"],
        # above mean sea level; the geoid is within what a radar's elevation angle leaves open
        height_m=rows["height_m"],
        pressure_alt_m=rows["pressure_alt_m"],
        mode_a=mode_a.astype(np.uint16),
        address=rows.whole("address", NO_ADDRESS).astype(np.uint32),
        callsign=rows.callsign("callsign"),
        east_mps=speed * np.sin(heading),
        north_mps=speed * np.cos(heading),
        local_track=rows.whole("local_track", NO_LOCAL_TRACK).astype(np.int32),
        offset=rows.offset,
    )


def kinds(rows: Rows) -> U1:
    """Plots.kind by the descriptor; without one, by what the transponder answered."""
    answered = np.where(rows.has("mode_a") | rows.has("pressure_alt_m"), SECONDARY, PRIMARY)
    guessed = np.where(rows.has("address"), MODE_S, answered)
    return np.where(rows.has("type"), KINDS[rows.whole("type", 0)], guessed).astype(np.uint8)


def flags(rows: Rows, special: Bool) -> U2:
    """Plots.flags; a code that is not validated counts as garbled, for it is not to be trusted either."""
    status = rows.whole("flight_status", 0)
    bits = [
        (SIMULATED, rows.flag("simulated")),
        (TEST, rows.flag("test")),
        (ON_GROUND, (status == 1) | (status == 3)),
        (SPI, rows.flag("spi")),
        (EMERGENCY, rows.flag("emergency") | special),
        (GARBLED_A, rows.flag("a_garbled") | rows.flag("a_not_valid")),
        (GARBLED_C, rows.flag("c_garbled") | rows.flag("c_not_valid")),
    ]
    return joined(bits)


CATEGORY = Category(48, UAP, FIELDS, plots)


def encode_cat048(plots: Plots) -> list[bytes]:
    """Radar plots as blocks of at most 1,400 bytes, in order.

    Ranges saturate at 256 NM, angles wrap; columns that CAT048 cannot say (latitude, longitude) are left out.
    """
    return compose(CATEGORY, said(plots))


def said(plots: Plots) -> dict[str, F8]:
    """Field values of plots, NaN: not said."""
    mode_a = optional(plots.mode_a, NO_MODE_A)
    flag = {bit: (plots.flags & bit != 0).astype(float) for bit in (SIMULATED, TEST, SPI, EMERGENCY)}
    flag[EMERGENCY] *= ~np.isin(mode_a, SPECIAL_CODES)  # the code says it; the bit would mean a military one
    rare = np.where(flag[TEST] + flag[EMERGENCY] > 0, 0.0, np.nan)  # the descriptor's second part
    level = plots.pressure_alt_m
    located = np.isfinite(plots.range_m + plots.azimuth_rad)
    return {
        "source": plots.source.astype(float),
        "time_s": time_of_day(plots.time_s),
        "type": types(plots),
        "simulated": flag[SIMULATED],
        "spi": flag[SPI],
        "test": flag[TEST] + rare,
        "emergency": flag[EMERGENCY] + rare,
        "range_m": np.where(located, plots.range_m, np.nan),
        "azimuth_rad": np.where(located, plots.azimuth_rad, np.nan),
        "a_garbled": (plots.flags & GARBLED_A != 0) + 0 * mode_a,
        "mode_a": mode_a,
        "c_garbled": (plots.flags & GARBLED_C != 0) + 0 * level,
        "pressure_alt_m": level,
        "address": optional(plots.address, NO_ADDRESS),
        "callsign": codes(plots.callsign),
        "local_track": optional(plots.local_track, NO_LOCAL_TRACK),
        "speed_mps": np.hypot(plots.east_mps, plots.north_mps),
        "heading_rad": np.arctan2(plots.east_mps, plots.north_mps),
        "height_m": plots.height_m,
        "flight_status": np.where(plots.flags & ON_GROUND, 1.0, np.nan),
    }


def types(plots: Plots) -> F8:
    """I048/020 TYP of each plot: roll-call where an address is known."""
    answers = np.array([0, 1, 2, 3, 5, 0])
    combined = (plots.kind == COMBINED) & (plots.address != NO_ADDRESS)
    return np.where(combined, 7, answers[np.minimum(plots.kind, 5)]).astype(float)
