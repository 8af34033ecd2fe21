"""CAT021: ADS-B target reports. EUROCONTROL-SPEC-0149-12, edition 2.6 (2.1 to 2.7 have one profile), and edition 0.23.

The two have nothing in common but the source's place: which one a source speaks is a property of the source.
"""

from __future__ import annotations

import numpy as np

from skyaccord.columns import F8, U2
from skyaccord.sensors.plots import (
    ADS_B,
    EMERGENCY,
    NO_ADDRESS,
    NO_LOCAL_TRACK,
    NO_MODE_A,
    ON_GROUND,
    SIMULATED,
    SPI,
    TEST,
    Plots,
)
from skyaccord.wire.formats.asterix.rows import Category, Rows, first, joined
from skyaccord.wire.formats.asterix.uap import (
    FOOT_M,
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

BYTE, PAIR, TIME, FOUR, SIX = Fixed(1), Fixed(2), Fixed(3), Fixed(4), Fixed(6)

METEO = Compound((("WS", PAIR), ("WD", PAIR), ("TMP", PAIR), ("TRB", BYTE)))
INTENT = Compound((("TIS", Extended((1,))), ("TID", Repetitive(15))))
DATA_AGES = Compound(tuple((f"AGE{k}", BYTE) for k in range(1, 24)))

UAP: Uap = (
    ("010", PAIR),  # data source
    ("040", Extended((1, 1, 1, 1, 1))),  # target report descriptor
    ("161", PAIR),  # track number
    ("015", BYTE),  # service
    ("071", TIME),  # time of applicability, position
    ("130", SIX),  # position
    ("131", Fixed(8)),  # position, high resolution
    ("072", TIME),  # time of applicability, velocity
    ("150", PAIR),  # air speed
    ("151", PAIR),  # true air speed
    ("080", Fixed(3)),  # address
    ("073", TIME),  # time of reception, position
    ("074", FOUR),  # the same, high precision
    ("075", TIME),  # time of reception, velocity
    ("076", FOUR),  # the same, high precision
    ("140", PAIR),  # geometric height
    ("090", Extended((1, 1, 1, 1))),  # quality indicators
    ("210", BYTE),  # MOPS version
    ("070", PAIR),  # Mode 3/A
    ("230", PAIR),  # roll angle
    ("145", PAIR),  # flight level
    ("152", PAIR),  # magnetic heading
    ("200", BYTE),  # target status
    ("155", PAIR),  # barometric vertical rate
    ("157", PAIR),  # geometric vertical rate
    ("160", FOUR),  # ground vector
    ("165", PAIR),  # track angle rate
    ("077", TIME),  # time of transmission
    ("170", SIX),  # target identification
    ("020", BYTE),  # emitter category
    ("220", METEO),
    ("146", PAIR),  # selected altitude
    ("148", PAIR),  # final selected altitude
    ("110", INTENT),  # trajectory intent
    ("016", BYTE),  # service management
    ("008", BYTE),  # operational status
    ("271", Extended((1, 1), closed=True)),  # surface capabilities
    ("132", BYTE),  # message amplitude
    ("250", Repetitive(8)),  # BDS registers
    ("260", Fixed(7)),  # ACAS resolution advisory
    ("400", BYTE),  # receiver
    ("295", DATA_AGES),
    None,
    None,
    None,
    None,
    None,
    ("RE", Explicit()),
    ("SP", Explicit()),
)

UAP_023: Uap = (
    ("010", PAIR),  # data source
    ("040", PAIR),  # target report descriptor
    ("030", TIME),  # time of day
    ("130", SIX),  # position
    ("080", Fixed(3)),  # address
    ("140", PAIR),  # geometric altitude
    ("090", PAIR),  # figure of merit
    ("210", BYTE),  # link technology
    ("230", PAIR),  # roll angle
    ("145", PAIR),  # flight level
    ("150", PAIR),  # air speed
    ("151", PAIR),  # true air speed
    ("152", PAIR),  # magnetic heading
    ("155", PAIR),  # barometric vertical rate
    ("157", PAIR),  # geometric vertical rate
    ("160", FOUR),  # ground vector
    ("165", Extended((1, 1))),  # rate of turn
    ("170", SIX),  # target identification
    ("095", BYTE),  # velocity accuracy
    ("032", BYTE),  # accuracy of the time
    ("200", BYTE),  # target status
    ("020", BYTE),  # emitter category
    ("220", METEO),
    ("146", PAIR),  # intermediate selected altitude
    ("148", PAIR),  # final selected altitude
    ("110", INTENT),  # trajectory intent
    None,
    None,
    None,
    None,
    None,
    None,
    None,
    ("RE", Explicit()),
    ("SP", Explicit()),
)

COMMON_FIELDS = (
    Field("source", "010", 0, 16),
    Field("lat_rad", "130", 0, 24, TAU / 2**24, signed=True),
    Field("lon_rad", "130", 24, 24, TAU / 2**24, signed=True),
    Field("address", "080", 0, 24),
    Field("height_m", "140", 0, 16, 6.25 * FOOT_M, signed=True),
    Field("pressure_alt_m", "145", 0, 16, QUARTER_LEVEL_M, signed=True),
    Field("speed_mps", "160", 1, 15, NAUTICAL_MILE_M / 16384),
    Field("heading_rad", "160", 16, 16, TAU / 65536),
    Field("callsign", "170", 0, 48),
)

FIELDS = (
    *COMMON_FIELDS,
    Field("field_monitor", "040", 6, 1),
    Field("on_ground", "040.2", 1, 1),
    Field("simulated", "040.2", 2, 1),
    Field("test", "040.2", 3, 1),
    Field("local_track", "161", 4, 12),
    Field("applicable_s", "071", 0, 24, 1 / 128),
    Field("received_s", "073", 0, 24, 1 / 128),
    Field("sent_s", "077", 0, 24, 1 / 128),
    Field("fine_lat_rad", "131", 0, 32, TAU / 2**31, signed=True),
    Field("fine_lon_rad", "131", 32, 32, TAU / 2**31, signed=True),
    Field("mode_a", "070", 4, 12),
    Field("military_emergency", "200", 2, 1),
    Field("emergency", "200", 3, 3),
    Field("surveillance", "200", 6, 2),
)

FIELDS_023 = (
    *COMMON_FIELDS,
    Field("applicable_s", "030", 0, 24, 1 / 128),
    Field("on_ground", "040", 1, 1),
    Field("simulated", "040", 2, 1),
    Field("test", "040", 3, 1),
    Field("field_monitor", "040", 4, 1),
    Field("spi", "040", 6, 1),
    Field("emergency", "200", 0, 8),
)

GREATER_THAN = 0x7FFF * 6.25 * FOOT_M  # I021/140: higher than the aircraft can say
SURVEILLANCE_SPI = 3


def plots(rows: Rows) -> Plots:
    """Edition 2.x; `time_s` is still the time of day: of applicability, else of reception, else of transmission."""
    time_s = first(rows["applicable_s"], rows["received_s"], rows["sent_s"])
    return common(rows, time_s).replace(
        flags=flags(rows)
        | np.where(rows.whole("surveillance", 0) == SURVEILLANCE_SPI, SPI, 0).astype(np.uint16)
        | np.where(rows.flag("military_emergency"), EMERGENCY, 0).astype(np.uint16),
        lat_rad=first(rows["fine_lat_rad"], rows["lat_rad"]),
        lon_rad=first(rows["fine_lon_rad"], rows["lon_rad"]),
        mode_a=rows.whole("mode_a", NO_MODE_A).astype(np.uint16),
        local_track=rows.whole("local_track", NO_LOCAL_TRACK).astype(np.int32),
    )


def plots_023(rows: Rows) -> Plots:
    """Edition 0.23; `time_s` is still the time of day."""
    return common(rows, rows["applicable_s"]).replace(
        flags=flags(rows) | np.where(rows.flag("spi"), SPI, 0).astype(np.uint16)
    )


def common(rows: Rows, time_s: F8) -> Plots:
    """What both editions say in one way."""
    speed, heading, height = rows["speed_mps"], rows["heading_rad"], rows["height_m"]
    return Plots.blank(len(rows)).replace(
        time_s=time_s,
        source=rows.whole("source", 0).astype(np.uint16),
        kind=np.full(len(rows), ADS_B, np.uint8),
        flags=flags(rows),
        lat_rad=rows["lat_rad"],
        lon_rad=rows["lon_rad"],
        height_m=np.where(height >= GREATER_THAN, np.nan, height),
        pressure_alt_m=rows["pressure_alt_m"],
        address=rows.whole("address", NO_ADDRESS).astype(np.uint32),
        callsign=rows.callsign("callsign"),
        east_mps=speed * np.sin(heading),
        north_mps=speed * np.cos(heading),
        offset=rows.offset,
    )


def flags(rows: Rows) -> U2:
    """Plots.flags that both editions have."""
    names = {"simulated": SIMULATED, "test": TEST, "on_ground": ON_GROUND, "emergency": EMERGENCY}
    return joined((bit, rows.flag(name)) for name, bit in names.items())


CATEGORY = Category(21, UAP, FIELDS, plots)
CATEGORY_023 = Category(21, UAP_023, FIELDS_023, plots_023)
