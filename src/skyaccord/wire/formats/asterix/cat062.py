"""CAT062: system track data. EUROCONTROL-SPEC-0149-9, edition 1.20 (the profile is the same since 1.0)."""

from __future__ import annotations

import numpy as np

from skyaccord.columns import F8, U2
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.wire.formats.asterix.rows import Category, Rows, codes, optional, time_of_day
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
from skyaccord.wire.formats.asterix.writer import compose
from skyaccord.wire.reports import (
    COASTED,
    EMERGENCY,
    FIRST,
    LAST,
    MONO_SENSOR,
    SIMULATED,
    SPI,
    TENTATIVE,
    SystemTracks,
)

BYTE, PAIR, FOUR, SIX, SEVEN = Fixed(1), Fixed(2), Fixed(4), Fixed(6), Fixed(7)

AIRCRAFT = Compound(
    (
        ("ADR", Fixed(3)),
        ("ID", SIX),
        ("MHG", PAIR),
        ("IAS", PAIR),
        ("TAS", PAIR),
        ("SAL", PAIR),
        ("FSS", PAIR),
        ("TIS", Extended((1,))),
        ("TID", Repetitive(15)),
        ("COM", PAIR),
        ("SAB", PAIR),
        ("ACS", SEVEN),
        ("BVR", PAIR),
        ("GVR", PAIR),
        ("RAN", PAIR),
        ("TAR", PAIR),
        ("TAN", PAIR),
        ("GS", PAIR),
        ("VUN", BYTE),
        ("MET", Fixed(8)),
        ("EMC", BYTE),
        ("POS", SIX),
        ("GAL", PAIR),
        ("PUN", BYTE),
        ("BDS", Repetitive(8)),
        ("IAR", PAIR),
        ("MAC", PAIR),
        ("BPS", PAIR),
    )
)
UPDATE_AGES = Compound(
    (
        ("TRK", BYTE),
        ("PSR", BYTE),
        ("SSR", BYTE),
        ("MDS", BYTE),
        ("ADS", PAIR),
        ("ES", BYTE),
        ("VDL", BYTE),
        ("UAT", BYTE),
        ("LOP", BYTE),
        ("MLT", BYTE),
    )
)
DATA_AGES = Compound(tuple((f"AGE{k}", BYTE) for k in range(1, 32)))
FLIGHT_PLAN = Compound(
    (
        ("TAG", PAIR),
        ("CS", SEVEN),
        ("IFI", FOUR),
        ("FCT", BYTE),
        ("TAC", FOUR),
        ("WTC", BYTE),
        ("DEP", FOUR),
        ("DST", FOUR),
        ("RDS", Fixed(3)),
        ("CFL", PAIR),
        ("CTL", PAIR),
        ("TOD", Repetitive(4)),
        ("AST", SIX),
        ("STS", BYTE),
        ("STD", SEVEN),
        ("STA", SEVEN),
        ("PEM", PAIR),
        ("PEC", SEVEN),
    )
)
MODE_5 = Compound(
    (("SUM", BYTE), ("PMN", FOUR), ("POS", SIX), ("GA", PAIR), ("EM1", PAIR), ("TOS", BYTE), ("XP", BYTE))
)
ACCURACIES = Compound(
    (
        ("APC", FOUR),
        ("COV", PAIR),
        ("APW", FOUR),
        ("AGA", BYTE),
        ("ABA", BYTE),
        ("ATV", PAIR),
        ("AA", PAIR),
        ("ARC", BYTE),
    )
)
MEASURED = Compound((("SID", PAIR), ("POS", FOUR), ("HEIGHT", PAIR), ("MDC", PAIR), ("MDA", PAIR), ("TYP", BYTE)))

UAP: Uap = (
    ("010", PAIR),  # data source
    None,
    ("015", BYTE),  # service
    ("070", Fixed(3)),  # time of track information
    ("105", Fixed(8)),  # position, WGS-84
    ("100", SIX),  # position, Cartesian
    ("185", FOUR),  # velocity, Cartesian
    ("210", PAIR),  # acceleration
    ("060", PAIR),  # Mode 3/A
    ("245", SEVEN),  # target identification
    ("380", AIRCRAFT),  # aircraft derived data
    ("040", PAIR),  # track number
    ("080", Extended((1, 1, 1, 1, 1, 1))),  # track status
    ("290", UPDATE_AGES),
    ("200", BYTE),  # mode of movement
    ("295", DATA_AGES),
    ("136", PAIR),  # measured flight level
    ("130", PAIR),  # geometric altitude
    ("135", PAIR),  # barometric altitude
    ("220", PAIR),  # rate of climb
    ("390", FLIGHT_PLAN),
    ("270", Extended((1, 1, 1))),  # size and orientation
    ("300", BYTE),  # vehicle fleet
    ("110", MODE_5),
    ("120", PAIR),  # Mode 2
    ("510", Extended((3,))),  # composed track number
    ("500", ACCURACIES),
    ("340", MEASURED),
    None,
    None,
    None,
    None,
    None,
    ("RE", Explicit()),
    ("SP", Explicit()),
)

FIELDS = (
    Field("source", "010", 0, 16),
    Field("service", "015", 0, 8),
    Field("time_s", "070", 0, 24, 1 / 128),
    Field("lat_rad", "105", 0, 32, TAU / 2**26, signed=True),
    Field("lon_rad", "105", 32, 32, TAU / 2**26, signed=True),
    Field("east_mps", "185", 0, 16, 0.25, signed=True),
    Field("north_mps", "185", 16, 16, 0.25, signed=True),
    Field("mode_a", "060", 4, 12),
    Field("callsign", "245", 8, 48),
    Field("address", "380.ADR", 0, 24),
    Field("aircraft_id", "380.ID", 0, 48),
    Field("number", "040", 0, 16),
    Field("mono", "080", 0, 1),
    Field("spi", "080", 1, 1),
    Field("tentative", "080", 6, 1),
    Field("simulated", "080.2", 0, 1),
    Field("last", "080.2", 1, 1),
    Field("first", "080.2", 2, 1),
    Field("emergency", "080.3", 3, 1),
    Field("coasted", "080.4", 0, 1),
    Field("track_age_s", "290.TRK", 0, 8, 0.25),
    Field("primary_age_s", "290.PSR", 0, 8, 0.25),
    Field("secondary_age_s", "290.SSR", 0, 8, 0.25),
    Field("mode_s_age_s", "290.MDS", 0, 8, 0.25),
    Field("adsb_age_s", "290.ES", 0, 8, 0.25),
    Field("pressure_alt_m", "136", 0, 16, QUARTER_LEVEL_M, signed=True),
    Field("height_m", "130", 0, 16, 6.25 * FOOT_M, signed=True),
    Field("qnh", "135", 0, 1),
    Field("baro_alt_m", "135", 1, 15, QUARTER_LEVEL_M, signed=True),
    Field("sigma_x_m", "500.APC", 0, 16, 0.5),
    Field("sigma_y_m", "500.APC", 16, 16, 0.5),
)

FLAGS = {
    "mono": MONO_SENSOR,
    "spi": SPI,
    "tentative": TENTATIVE,
    "simulated": SIMULATED,
    "last": LAST,
    "first": FIRST,
    "emergency": EMERGENCY,
    "coasted": COASTED,
}


def system_tracks(rows: Rows) -> SystemTracks:
    """What the system said; `time_s` is still the time of day."""
    measured, calculated = rows["pressure_alt_m"], np.where(rows.flag("qnh"), np.nan, rows["baro_alt_m"])
    callsign = rows.callsign("callsign")
    return SystemTracks(
        time_s=rows["time_s"],
        source=rows.whole("source", 0).astype(np.uint16),
        service=rows.whole("service", 0).astype(np.uint8),
        number=rows.whole("number", -1).astype(np.int32),
        flags=flags(rows),
        lat_rad=rows["lat_rad"],
        lon_rad=rows["lon_rad"],
        height_m=rows["height_m"],
        east_mps=rows["east_mps"],
        north_mps=rows["north_mps"],
        pressure_alt_m=np.where(np.isnan(measured), calculated, measured),
        mode_a=rows.whole("mode_a", NO_MODE_A).astype(np.uint16),
        address=rows.whole("address", NO_ADDRESS).astype(np.uint32),
        callsign=np.where(callsign == b"", rows.callsign("aircraft_id"), callsign),
        sigma_m=np.sqrt((rows["sigma_x_m"] ** 2 + rows["sigma_y_m"] ** 2) / 2),
        track_age_s=rows["track_age_s"],
        primary_age_s=rows["primary_age_s"],
        secondary_age_s=rows["secondary_age_s"],
        mode_s_age_s=rows["mode_s_age_s"],
        adsb_age_s=rows["adsb_age_s"],
        offset=rows.offset,
    )


def flags(rows: Rows) -> U2:
    """SystemTracks.flags of each record."""
    joined: U2 = np.bitwise_or.reduce([np.where(rows.flag(name), bit, 0) for name, bit in FLAGS.items()]).astype(
        np.uint16
    )
    return joined


CATEGORY = Category(62, UAP, FIELDS, system_tracks)


def encode_cat062(tracks: SystemTracks) -> list[bytes]:
    """System tracks as blocks of at most 1,400 bytes, in order.

    Ages saturate at 63.75 s; `sigma_m` is said of each axis.
    """
    return compose(CATEGORY, said(tracks))


def said(tracks: SystemTracks) -> dict[str, F8]:
    """Field values of system tracks, NaN: not said."""
    plain = ("time_s", "lat_rad", "lon_rad", "height_m", "east_mps", "north_mps", "pressure_alt_m")
    ages = ("track_age_s", "primary_age_s", "secondary_age_s", "mode_s_age_s", "adsb_age_s")
    values: dict[str, F8] = {name: getattr(tracks, name) for name in (*plain, *ages)}
    for name, bit in FLAGS.items():
        on = (tracks.flags & bit != 0).astype(float)
        # the status' first part is always there, the others where they have something to say
        values[name] = on if name in ("mono", "spi", "tentative") else np.where(on > 0, on, np.nan)
    return values | {
        "time_s": time_of_day(tracks.time_s),
        "source": tracks.source.astype(float),
        "service": optional(tracks.service, 0),
        "number": optional(tracks.number, -1),
        "mode_a": optional(tracks.mode_a, NO_MODE_A),
        "address": optional(tracks.address, NO_ADDRESS),
        "callsign": codes(tracks.callsign),
        "sigma_x_m": tracks.sigma_m,
        "sigma_y_m": tracks.sigma_m,
    }
