"""CAT034: monoradar service messages. EUROCONTROL-SPEC-0149-2b, edition 1.29."""

from __future__ import annotations

import numpy as np

from skyaccord.wire.formats.asterix.rows import Category, Rows, time_of_day
from skyaccord.wire.formats.asterix.uap import TAU, Compound, Explicit, Field, Fixed, Repetitive, Uap
from skyaccord.wire.formats.asterix.writer import compose
from skyaccord.wire.reports import Services

BYTE, PAIR = Fixed(1), Fixed(2)

UAP: Uap = (
    ("010", PAIR),  # data source
    ("000", BYTE),  # message type
    ("030", Fixed(3)),  # time of day
    ("020", BYTE),  # sector
    ("041", PAIR),  # antenna rotation period
    ("050", Compound((("COM", BYTE), None, None, ("PSR", BYTE), ("SSR", BYTE), ("MDS", PAIR)))),  # status
    ("060", Compound((("COM", BYTE), None, None, ("PSR", BYTE), ("SSR", BYTE), ("MDS", BYTE)))),  # processing mode
    ("070", Repetitive(2)),  # message counts
    ("100", Fixed(8)),  # polar window
    ("110", BYTE),  # data filter
    ("120", Fixed(8)),  # position of the source
    ("090", PAIR),  # collimation error
    ("RE", Explicit()),
    ("SP", Explicit()),
)

FIELDS = (
    Field("source", "010", 0, 16),
    Field("message", "000", 0, 8),
    Field("time_s", "030", 0, 24, 1 / 128),
    Field("azimuth_rad", "020", 0, 8, TAU / 256, cyclic=True),
    Field("period_s", "041", 0, 16, 1 / 128),
)


def services(rows: Rows) -> Services:
    """What the radar said of itself; `time_s` is still the time of day."""
    return Services(
        time_s=rows["time_s"],
        source=rows.whole("source", 0).astype(np.uint16),
        message=rows.whole("message", 0).astype(np.uint8),
        azimuth_rad=rows["azimuth_rad"],
        period_s=rows["period_s"],
        offset=rows.offset,
    )


CATEGORY = Category(34, UAP, FIELDS, services)


def encode_cat034(services: Services) -> list[bytes]:
    """Service messages as blocks of at most 1,400 bytes, in order."""
    return compose(
        CATEGORY,
        {
            "source": services.source.astype(float),
            "message": services.message.astype(float),
            "time_s": time_of_day(services.time_s),
            "azimuth_rad": services.azimuth_rad,
            "period_s": services.period_s,
        },
    )
