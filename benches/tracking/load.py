"""The load of a centre: 30 radars, 2,000 reports a second, 4,000 tracks (the published capacity of ARTAS).

The scenario generator draws it, with its own kinds of targets, over an area of 1,085 km a side. Plots are fed in order
of arrival in calls every so many milliseconds, as a live feed would: a plot waits for its call, and then as long as the
call takes. Both are told, and their sum; calls are timed in CPU seconds, so that nothing else on the machine counts.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from benches.tracking.ours import warm_up
from benches.tracking.setting import Setting

from skyaccord.columns import F8
from skyaccord.exercise.bench import read_scenario
from skyaccord.sensors import Plots
from skyaccord.tracks import CONFIRMED, Tracker

RADARS, TARGETS, SIDE_KM = 30, 4560, 1085  # so many that 4,000 are in the air and in sight at a time
DURATION_S, SETTLED_S = 150.0, 60.0
CALLS_MS = (100.0, 20.0, 2.0)  # time between two calls
FEWEST_MS = 10.0  # calls that are more frequent are measured over the last seconds only
SHORT_S = 10.0

# the generator knows up to five radars; places are in its own units, of a side of 400
DRAW = """
import sys
import gen_scenario
columns, rows = 6, 5
gen_scenario.R_SITES[30] = [
    (400 * (i + 0.5) / columns - 200, 400 * (j + 0.5) / rows - 200) for i in range(columns) for j in range(rows)
]
sys.argv = ["gen_scenario.py", *sys.argv[1:]]
gen_scenario.main()
"""


def measure(setting: Setting) -> dict[str, Any]:
    """Share of a core and time from plot to track, for each time between calls."""
    setting.need_bench()
    folder = setting.work / f"load-s{setting.seeds[0]}"
    if not (folder / "hidden.json").exists():
        setting.peer_python(
            "-c", DRAW, folder, "--radars", RADARS, "--targets", TARGETS, "--size-km", SIDE_KM,
            "--duration", DURATION_S, "--seed", setting.seeds[0],
        )  # fmt: skip
    sites, plots, _ = read_scenario(folder)
    compiled_s = warm_up(sites, plots.take(slice(0, 4000)), DURATION_S)
    figures: dict[str, Any] = {
        "sensors": len(sites),
        "reports_per_s": float((plots.time_s > SETTLED_S).sum() / (DURATION_S - SETTLED_S)),
        "warm_up_s": compiled_s,
        "calls": {},
    }
    base = Tracker(sites)
    settled = int(np.searchsorted(plots.time_s, SETTLED_S))
    for second in np.arange(1.0, SETTLED_S + 1.0):
        low, high = np.searchsorted(plots.time_s, [second - 1.0, second])
        base.update(plots.take(slice(int(low), int(high))), float(second))
    snapshot = base.snapshot(SETTLED_S)
    figures["tracks"] = int((snapshot.status >= CONFIRMED).sum())
    figures["tracks_tentative"] = len(snapshot) - figures["tracks"]
    print(
        f"{len(sites)} sensors, {figures['reports_per_s']:,.0f} reports/s, {figures['tracks']:,} confirmed tracks "
        f"and {figures['tracks_tentative']:,} tentative ones",
        flush=True,
    )
    for call_ms in CALLS_MS:
        figures["calls"][f"{call_ms:g}"] = said = _feed(base.copy(), plots.take(slice(settled, None)), call_ms / 1000)
        print(
            f"a call every {call_ms:g} ms: {said['share']:.2%} of a core, {said['us_per_plot']:.2f} us a plot; "
            f"a call p50 {said['call_ms'][0]:.2f} ms, p99 {said['call_ms'][1]:.2f} ms; "
            f"plot to track with the wait p50 {said['total_ms'][0]:.2f} ms, p99 {said['total_ms'][1]:.2f} ms",
            flush=True,
        )
    return figures


def _feed(tracker: Tracker, plots: Plots, call_s: float) -> dict[str, Any]:
    """Play plots in their own time, as if it passed: what each call takes, what each plot waits."""
    end_s = DURATION_S if call_s * 1000 >= FEWEST_MS else SETTLED_S + SHORT_S
    ends = SETTLED_S + call_s * np.arange(1, round((end_s - SETTLED_S) / call_s) + 1)
    edges = np.append(0, np.searchsorted(plots.time_s, ends))
    took = np.empty(len(ends))
    cpu_s, clock = time.process_time(), time.process_time
    for k, now in enumerate(ends):
        part = plots.take(slice(int(edges[k]), int(edges[k + 1])))
        began = clock()
        tracker.update(part, float(now))
        took[k] = clock() - began
    cpu_s = time.process_time() - cpu_s
    count = int(edges[-1])
    call = np.repeat(np.arange(len(ends)), np.diff(edges))
    done = _finished(ends, took)
    total = done[call] - plots.time_s[:count]
    return {
        "share": cpu_s / (end_s - SETTLED_S),
        "us_per_plot": 1e6 * cpu_s / count,
        "plots_per_call": count / len(ends),
        "call_ms": _percentiles(1000 * took[call]),
        "wait_ms": _percentiles(1000 * (ends[call] - plots.time_s[:count])),
        "total_ms": _percentiles(1000 * total),
    }


def _finished(ends: F8, took: F8) -> F8:
    """When each call is done: one that is late makes the next one wait."""
    done, free_s = np.empty(len(ends)), -np.inf
    for k in range(len(ends)):
        free_s = max(free_s, ends[k]) + took[k]
        done[k] = free_s
    return done


def _percentiles(values: F8) -> list[float]:
    return [float(value) for value in np.percentile(values, [50, 99])]
