"""Clock: seconds since midnight, which is all that ASTERIX says, into UTC."""

from __future__ import annotations

import numpy as np

from skyaccord.columns import F8, U2
from skyaccord.wire.kernels import DAY_S, unwrap


def near(tod_s: F8, arrival_s: F8) -> F8:
    """Times of day (N,) on the day that brings each nearest to its arrival (N,) UTC."""
    days: F8 = tod_s + DAY_S * np.rint((arrival_s - tod_s) / DAY_S)
    return days


def onward(tod_s: F8, source: U2, day_s: float) -> F8:
    """Times of day (N,) in the order they were recorded, from the day that begins at `day_s`, source by source."""
    time_s: F8 = day_s + unwrap(source, tod_s, np.full(1 << 16, np.nan))
    return time_s
