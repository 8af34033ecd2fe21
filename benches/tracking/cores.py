"""What a second core gives: 10,000 targets in one area on one core, and in two areas on two.

Beside it what this machine's second core gives to two skies that share nothing: no sharing of one sky gives more.
"""

from __future__ import annotations

import itertools
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from benches.tracking.scale import SKIES, TILE, lay, tiles
from benches.tracking.setting import LeftOutError, Setting

from skyaccord.tracks import CONFIRMED, SharedTracker, Tracker

TARGETS, UNTIL_S, CALL_S, ROUNDS = 10_000, 90.0, 5.0, 21


def measure(setting: Setting) -> dict[str, Any]:
    """Wall time of one area and of two, and of two skies apart, turn by turn; what else runs counts against all."""
    setting.need_bench()
    cores = sorted(range(os.cpu_count() or 1))
    if len(cores) < 2:
        raise LeftOutError("this machine has one core")
    duration_s, seeds = SKIES[TARGETS]
    folders = tiles(setting, duration_s, seeds)
    sky, halves = lay(folders, TARGETS // TILE // len(folders)), [lay(folders[k::2], 1) for k in range(2)]
    pinned = os.sched_getaffinity(0)
    took: dict[str, list[float]] = {"one": [], "two": []}
    spent: dict[str, list[float]] = {"one": [], "two": []}
    told: dict[str, float] = {}
    apart: list[float] = []
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
            os.sched_setaffinity(0, pinned)
            alone_s = sum(_feed(Tracker(half.sites), half)[0] for half in halves)
            os.sched_setaffinity(0, set(cores))
            together_s = _side_by_side(halves)
            if turn:
                apart.append(alone_s / together_s)
    finally:
        os.sched_setaffinity(0, pinned)
    times = [one / two for one, two in zip(took["one"], took["two"], strict=True)]
    figures = {
        "speedup": float(np.median(times)),
        "least": min(times),
        "most": max(times),
        "apart": float(np.median(apart)),
        "more_cpu": float(np.median(spent["two"]) / np.median(spent["one"])),
        "in_tracks": told,
    }
    print(
        f"{TARGETS:,} targets, two areas on two cores: {figures['speedup']:.2f} times one (of {ROUNDS}: "
        f"{figures['least']:.2f} to {figures['most']:.2f}), {figures['more_cpu']:.2f} times its CPU; two skies that "
        f"share nothing {figures['apart']:.2f} times; targets' plots in confirmed tracks {told['one']:.2%} and "
        f"{told['two']:.2%}",
        flush=True,
    )
    return figures


def _side_by_side(skies: list[Any]) -> float:
    """Wall seconds that skies take which are followed at once, each by a tracker of its own."""
    trackers = [Tracker(sky.sites) for sky in skies]
    with ThreadPoolExecutor(len(skies)) as hands:
        wall_s = time.perf_counter()
        list(hands.map(_feed, trackers, skies))
        return time.perf_counter() - wall_s


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
