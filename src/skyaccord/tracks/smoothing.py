"""Smoothing: what is known of each track at each of its plots once all of them are there. For analysis, not for now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyaccord.columns import F8, I4, I8, Columns, column
from skyaccord.errors import InputError
from skyaccord.sensors.plots import Plots
from skyaccord.sensors.sites import Sites
from skyaccord.tracks.config import TrackerConfig
from skyaccord.tracks.kernels.bank import BEARING, NONE, ROW
from skyaccord.tracks.kernels.smoothing import smooth_tracks
from skyaccord.tracks.tracker import Tracker


@dataclass(frozen=True, eq=False)
class Smoothed(Columns):
    """Tracks as all their plots tell of them, ECEF metres and metres a second: one row a plot, track by track."""

    number: I4 = column("i4")  # of the track
    time_s: F8 = column("f8")  # UTC, of the plot; rising within a track
    state: F8 = column("f8", 6)  # x y z vx vy vz
    covariance: F8 = column("f8", 6, 6)
    plot: I8 = column("i8")  # row of the plot


def smooth(plots: Plots, number: NDArray[Any], sites: Sites, config: TrackerConfig | None = None) -> Smoothed:
    """Smooth each track over its whole life (fixed interval): the tracker's own filter forward, and back again.

    `plots` (N,) in any order, as they went to the tracker (where a registration corrects them: corrected); `number`
    (N,) the track of each, -1: none, as `Tracker.update` gives it or from elsewhere. Plots that the tracker would not
    use are left out, and so are bearings that come before their track's first position. A plot that is not its track's
    is believed all the same. Raises InputError where the two have not one length.

    Source: as `kernels/smoothing.py` says.
    """
    number = np.asarray(number)
    if number.shape != (len(plots),):
        raise InputError(f"smooth: number has shape {number.shape}; it is one track for each of the {len(plots)} plots")
    tracker = Tracker(sites, config)
    good, sensor = tracker._usable(plots, np.inf)
    tracked = number[good] != NONE
    good, sensor = good[tracked], sensor[tracked]
    if not len(good):
        return Smoothed.empty()
    heard, order = tracker._hear(plots.take(good), sensor)
    # of one instant, in the order of sensors, as the tracker takes them
    row = good[order]
    by_track = np.lexsort((heard["sensor"], heard["time_s"], number[row]))
    heard, row = heard[by_track], row[by_track]
    track = np.unique(number[row], return_inverse=True)[1]
    begun = np.maximum.accumulate(np.where(heard["polar"] == BEARING, NONE, track)) == track
    heard, row = heard[begun], row[begun]
    if not len(row):
        return Smoothed.empty()
    begins = np.unique(number[row], return_index=True)[1]
    begins = np.append(begins, len(row))
    mean, cov = np.empty((len(row), 6)), np.empty((len(row), 6, 6))
    trail = np.zeros(np.diff(begins).max(), ROW)
    smooth_tracks(heard, begins, *tracker._laws[:2], tracker._laws.rules[0], tracker._laws.desk[0], trail, mean, cov)
    return Smoothed(number=number[row], time_s=plots.time_s[row], state=mean, covariance=cov, plot=row)
