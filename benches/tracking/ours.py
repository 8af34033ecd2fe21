"""Our tracker on a scenario folder, from plots.parquet read to tracks.parquet written."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from skyaccord.columns import F8
from skyaccord.exercise.bench import DROPPED, UPDATED, Meta, Reports, read_scenario, write_tracks
from skyaccord.sensors import Plots, Sites
from skyaccord.tracks import CONFIRMED, Tracker, TrackerConfig, Updates


def track_folder(scenario: Path, out: Path) -> tuple[int, float]:
    """Track a scenario and write the track folder: plots, and CPU seconds from first byte read to last byte written."""
    began_s = time.process_time()
    sites, plots, meta = read_scenario(scenario)
    updates = Tracker(sites).follow(plots, meta.duration_s)
    write_tracks(out, reports(updates, plots, meta), run={"plots": len(plots)})
    return len(plots), time.process_time() - began_s


def reports(updates: Updates, plots: Plots, meta: Meta) -> Reports:
    """What the tracker said, as the bench wants it: each believed track once a slice, after its last plot there.

    Within a slice plots are taken in sensor by sensor; the state after the last of them stands at the newest's time.
    """
    slice_of = np.floor(plots.time_s / TrackerConfig().slice_s).astype(np.int64)
    rows = np.flatnonzero((updates.number >= 0) & (updates.status == CONFIRMED))
    rows = rows[np.lexsort((plots.time_s[rows], plots.source[rows], slice_of[rows], updates.number[rows]))]
    number = updates.number[rows]
    first = np.flatnonzero(np.diff(number, prepend=-1).astype(bool) | np.diff(slice_of[rows], prepend=-1).astype(bool))
    last = np.append(first[1:], len(rows)) - 1 if len(rows) else first
    when = np.maximum.reduceat(updates.time_s[rows], first) if len(rows) else np.empty(0)
    gone = len(updates.ended)
    return Reports(
        np.concatenate([number[last], updates.ended]).astype(np.int64),
        np.concatenate([when, updates.ended_s]),
        np.concatenate([in_frame(updates.state[rows[last]], meta), np.zeros((gone, 6))]),
        np.concatenate([np.full(len(last), UPDATED), np.full(gone, DROPPED)]).astype(np.uint8),
    )


def in_frame(state: F8, meta: Meta) -> F8:
    """ECEF states (N, 6) in the scenario's common frame."""
    axes = meta.axes
    return np.hstack([(state[:, :3] - meta.origin) @ axes.T, state[:, 3:] @ axes.T])


def warm_up(sites: Sites, plots: Plots, end_s: float) -> float:
    """CPU seconds of a first use, in which the loops are compiled or come from the cache."""
    began_s = time.process_time()
    tracker = Tracker(sites)
    tracker.follow(plots, end_s)
    tracker.snapshot(end_s)
    return time.process_time() - began_s


def resident_mb() -> float:
    """Memory of this process that is in the machine's, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6
