"""Our tracker on a scenario folder, from plots.parquet read to tracks.parquet written."""

from __future__ import annotations

import time
from pathlib import Path

from skyaccord.exercise.bench import read_scenario, reports_of, write_tracks
from skyaccord.sensors import Plots, Sites
from skyaccord.tracks import Tracker


def track_folder(scenario: Path, out: Path) -> tuple[int, float]:
    """Track a scenario and write the track folder: plots, and CPU seconds from first byte read to last byte written."""
    began_s = time.process_time()
    sites, plots, meta = read_scenario(scenario)
    updates = Tracker(sites).follow(plots, meta.duration_s)
    write_tracks(out, reports_of(updates, meta), run={"plots": len(plots)})
    return len(plots), time.process_time() - began_s


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
