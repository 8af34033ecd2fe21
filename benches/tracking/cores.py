"""What a second core gives: 10,000 targets in one area on one core, and in two areas on two."""

from __future__ import annotations

import itertools
import os
import time
from typing import Any

import numpy as np
from benches.tracking.scale import SKIES, TILE, lay, tiles
from benches.tracking.setting import LeftOutError, Setting

from skyaccord.tracks import CONFIRMED, SharedTracker, Tracker

TARGETS, UNTIL_S, CALL_S, ROUNDS = 10_000, 90.0, 5.0, 11


def measure(setting: Setting) -> dict[str, Any]:
    """Wall time of one area and of two, turn by turn; the machine's other work counts against both."""
    setting.need_bench()
    cores = sorted(range(os.cpu_count() or 1))
    if len(cores) < 2:
        raise LeftOutError("this machine has one core")
    duration_s, seeds = SKIES[TARGETS]
    folders = tiles(setting, duration_s, seeds)
    sky = lay(folders, TARGETS // TILE // len(folders))
    pinned = os.sched_getaffinity(0)
    took: dict[str, list[float]] = {"one": [], "two": []}
    spent: dict[str, list[float]] = {"one": [], "two": []}
    told: dict[str, float] = {}
    try:
        for turn in range(ROUNDS + 1):
            for name in took:
                os.sched_setaffinity(0, set(cores) if name == "two" else pinned)
                tracker = Tracker(sky.sites) if name == "one" else SharedTracker(sky.sites, areas=2)
                wall_s, cpu_s, right = _feed(tracker, sky)
                if turn:  # the first compiles and warms up
                    took[name].append(wall_s)
                    spent[name].append(cpu_s)
                told[name] = right
    finally:
        os.sched_setaffinity(0, pinned)
    times = [one / two for one, two in zip(took["one"], took["two"], strict=True)]
    figures = {
        "speedup": float(np.median(times)),
        "least": min(times),
        "most": max(times),
        "more_cpu": float(np.median(spent["two"]) / np.median(spent["one"])),
        "in_tracks": told,
    }
    print(
        f"{TARGETS:,} targets, two areas on two cores: {figures['speedup']:.2f} times one (of {ROUNDS}: "
        f"{figures['least']:.2f} to {figures['most']:.2f}), {figures['more_cpu']:.2f} times its CPU; targets' plots in "
        f"confirmed tracks {told['one']:.2%} and {told['two']:.2%}",
        flush=True,
    )
    return figures


def _feed(tracker: Tracker | SharedTracker, sky: Any) -> tuple[float, float, float]:
    """Wall and CPU seconds of a feed in calls, and the share of the targets' plots in confirmed tracks."""
    edges = np.searchsorted(sky.plots.time_s, np.arange(0.0, UNTIL_S + 1e-9, CALL_S))
    parts = [sky.plots.take(slice(int(a), int(b))) for a, b in itertools.pairwise(edges)]
    status = []
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    for k, part in enumerate(parts):
        status.append(tracker.follow(part, (k + 1) * CALL_S).status)
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    counted = (sky.labels[: edges[-1]] >= 0) & (sky.plots.time_s[: edges[-1]] > 30.0)
    return wall_s, cpu_s, float((np.concatenate(status)[counted] == CONFIRMED).mean())
