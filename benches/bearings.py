"""What a bearing costs, and what looking at every row for its candidates costs of that: `python -m benches.bearings`.

Decides for `tracks.kernels.grid.on_beam`: the other way is to walk the grid's cells along the beam.
"""

from __future__ import annotations

import time

import numpy as np
from numba import njit

from skyaccord.columns import F8
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.sensors import Plots, Sites
from skyaccord.sensors.sites import build_sites
from skyaccord.tracks import Tracker
from skyaccord.tracks.kernels.bank import BEARING, PLOT, Record, Records
from skyaccord.tracks.kernels.grid import CELLS, COLUMN_M, on_beam

REACH_M = 450e3
TURNS, BEARINGS = 4, 200


@njit
def passed(bank: Records, pins: Records, plot: Record, sensor: Record) -> int:
    """How many rows a beam may pass."""
    count = 0
    for t in range(len(bank)):
        if pins[t].live and on_beam(bank[t], pins[t], plot, sensor, 30.0):
            count += 1
    return count


def sites() -> Sites:
    """A radar and a passive sensor beside it."""
    place = {"sac": 1, "lat_deg": 45.0, "lon_deg": 10.0, "range_max_km": 2000}
    return build_sites([place | {"sic": 1, "clutter_per_scan": 0.1}, place | {"sic": 2, "kind": "passive"}], "bench")


def pictured(registry: Sites, targets: int, rng: np.random.Generator) -> tuple[Tracker, F8]:
    """A tracker with so many tracks, as dense for every number, and the azimuths of its targets."""
    side = 4e3 * np.sqrt(targets)
    enu = np.column_stack([rng.uniform(-side, side, (targets, 2)), rng.uniform(3e3, 11e3, targets)])
    course = rng.uniform(0, 2 * np.pi, targets)
    velocity = 200.0 * np.column_stack([np.sin(course), np.cos(course), np.zeros(targets)])
    tracker = Tracker(registry)
    for turn in range(TURNS):
        at = enu + 10.0 * turn * velocity
        azimuth = np.arctan2(at[:, 0], at[:, 1]) % (2 * np.pi)
        plots = Plots.blank(targets).replace(
            time_s=10.0 * turn + 10.0 * azimuth / (2 * np.pi),
            source=np.full(targets, registry.source[0]),
            range_m=np.linalg.norm(at, axis=1),
            azimuth_rad=azimuth,
            height_m=at[:, 2],
            address=1 + np.arange(targets),
        )
        tracker.update(plots, 10.0 * (turn + 1))
    return tracker, azimuth


def looked_at(tracker: Tracker, registry: Sites, azimuth: F8) -> float:
    """Microseconds to find one bearing's candidates among all rows."""
    plot = np.zeros(1, PLOT)[0]
    axes = enu_axes(registry.lat_rad[1], registry.lon_rad[1])
    plot["polar"], plot["place"] = BEARING, ecef(registry.lat_rad[1], registry.lon_rad[1], 0.0)
    spent = []
    for turn in azimuth[:BEARINGS]:
        plot["first"] = np.sin(turn) * axes[0] + np.cos(turn) * axes[1]
        plot["second"] = np.cos(turn) * axes[0] - np.sin(turn) * axes[1]
        begun = time.perf_counter()
        passed(tracker._store.bank, tracker._store.pins, plot, tracker._laws.sensors[1])
        spent.append(time.perf_counter() - begun)
    return 1e6 * float(np.median(spent))


def main() -> None:
    """Print the figures."""
    registry, rng = sites(), np.random.default_rng(1)
    # 5.5 sigma of 2 degrees wide
    walk = sum(REACH_M / wide * max(2.0, REACH_M * 0.19 / wide) * CELLS for wide in COLUMN_M)
    print(f"cells along a beam of {REACH_M / 1e3:.0f} km and 2 degrees: about {walk:,.0f}")
    for targets in (500, 500, 2_000, 10_000):  # the first is the compiler's
        tracker, azimuth = pictured(registry, targets, rng)
        when = 40.5 + np.arange(BEARINGS) * 1e-3
        plots = Plots.blank(BEARINGS).replace(
            time_s=when, source=np.full(BEARINGS, registry.source[1]), azimuth_rad=azimuth[:BEARINGS]
        )
        tracker.copy().update(plots.take(slice(0, 2)), 41.0)
        other = tracker.copy()
        begun = time.process_time()
        number = other.update(plots, 41.0)
        whole = 1e6 * (time.process_time() - begun) / BEARINGS
        asked = looked_at(tracker, registry, azimuth)
        print(
            f"{targets:6,} targets, {len(tracker):6,} tracks: {asked:6.1f} us to ask all rows, "
            f"{whole:6.1f} us a bearing in all, {np.mean(number > 0):.0%} given to a track"
        )


if __name__ == "__main__":
    main()
