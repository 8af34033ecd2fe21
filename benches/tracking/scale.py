"""10,000 and 100,000 targets: the sky of 500 targets and four radars, tile beside tile, all behind one tracker.

Tiles are scenario folders of different seeds at five latitudes. Moving one along its parallel changes nothing that is
measured, on an ellipsoid of revolution, so that each serves as often as it is needed; neighbours adjoin, and the
tracker knows of no tiles.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benches.tracking.ours import resident_mb, warm_up
from benches.tracking.setting import Setting

from skyaccord.columns import I4
from skyaccord.exercise.bench import read_labels, read_scenario
from skyaccord.sensors import Plots, Sites
from skyaccord.tracks import CONFIRMED, Tracker, Updates

TILE, SIDE_M = 500, 400e3
LATITUDES_DEG = (40.0, 36.4, 32.8, 29.2, 25.6)  # a tile's side apart
DEGREE_M = 111_320.0
# targets: (seconds, scenarios a latitude); the larger sky is shorter to keep time and memory within a small machine's
SKIES = {10_000: (300, 4), 100_000: (60, 2)}
SETTLED_S = 30.0


@dataclass(frozen=True, eq=False)
class Sky:
    """Tiles as one world."""

    sites: Sites
    plots: Plots
    labels: I4  # (N,) target of each plot, -1 clutter
    duration_s: float


def measure(setting: Setting) -> dict[str, Any]:
    """Each sky, and its tiles one by one for comparison."""
    setting.need_bench()
    figures: dict[str, Any] = {}
    for targets, (duration_s, seeds) in SKIES.items():
        folders = tiles(setting, duration_s, seeds)
        alone = [lay([folder], 1) for folder in folders[:4]]
        warm_up(alone[0].sites, alone[0].plots, duration_s)
        small = [_whole(sky) for sky in alone for _ in range(2)]
        sky = lay(folders, targets // TILE // len(folders))
        figures[str(targets)] = row = {
            "sensors": len(sky.sites),
            "duration_s": duration_s,
            "plots": len(sky.plots),
            "us_per_plot_500": float(np.median([part["us_per_plot"] for part in small])),
            "in_tracks_500": float(np.mean([part["in_tracks"] for part in small])),
            **_whole(sky),
            **_live(sky),
        }
        row["growth"] = row["us_per_plot"] / row["us_per_plot_500"]
        print(
            f"{targets:,} targets, {row['sensors']} radars, {duration_s} s, {row['plots']:,} plots: "
            f"{row['us_per_plot']:.2f} us a plot, {row['growth']:.2f} times that of {TILE} "
            f"({row['us_per_plot_500']:.2f} us); {row['in_tracks']:.1%} of targets' plots in confirmed tracks "
            f"({row['in_tracks_500']:.1%} at {TILE}); fed each second {row['margin']:.1f} times real time, with a "
            f"picture each second {row['margin_pictures']:.1f} times; {row['tracks']:,} tracks live "
            f"({row['confirmed']:,} confirmed), {row['bytes_a_track']:,.0f} bytes each, "
            f"{row['bytes_a_confirmed']:,.0f} a confirmed one; memory grows {row['growth_mb_per_min']:.1f} MB/min "
            f"of {row['resident_mb']:,.0f} MB",
            flush=True,
        )
    return figures


def tiles(setting: Setting, duration_s: int, seeds: int) -> list[Path]:
    """Scenario folders, `seeds` at each latitude."""
    return [
        setting.generate(
            setting.work / f"tile-{lat_deg:g}-{duration_s}-s{seed}",
            *("--targets", TILE, "--duration", duration_s, "--lat0", lat_deg, "--seed", seed),
        )
        for k, lat_deg in enumerate(LATITUDES_DEG)
        for seed in range(setting.seeds[0] + 100 * k, setting.seeds[0] + 100 * k + seeds)
    ]


def lay(folders: list[Path], copies: int) -> Sky:
    """Lay each folder's tile `copies` times, neighbours along their parallel."""
    sites, plots, labels, columns = [], [], [], dict[float, int]()
    duration_s, sensors = 0.0, 0
    for folder in folders:
        place, heard, meta = read_scenario(folder)
        origin = json.loads((folder / "scenario.json").read_text())["origin"]
        label = read_labels(folder, len(heard))
        duration_s = meta.duration_s
        step_rad = np.radians(SIDE_M / (DEGREE_M * np.cos(np.radians(origin["lat"]))))
        for _ in range(copies):
            column = columns[origin["lat"]] = columns.get(origin["lat"], -1) + 1
            lon = place.lon_rad + column * step_rad
            sites.append(
                place.replace(source=place.source + sensors, lon_rad=np.remainder(lon + np.pi, 2 * np.pi) - np.pi)
            )
            plots.append(heard.replace(source=heard.source + sensors))
            labels.append(np.where(label >= 0, label + TILE * len(labels), -1))
            sensors += len(place)
    joined = Plots.concat(plots)
    order = np.argsort(joined.time_s, kind="stable")
    return Sky(Sites.concat(sites), joined.take(order), np.concatenate(labels)[order].astype(np.int32), duration_s)


def _whole(sky: Sky) -> dict[str, float]:
    """All plots in one call: what one costs, and how many of the targets' came into believed tracks."""
    tracker, began_s = Tracker(sky.sites), time.process_time()
    updates = tracker.follow(sky.plots, sky.duration_s)
    return {
        "us_per_plot": 1e6 * (time.process_time() - began_s) / len(sky.plots),
        "in_tracks": _in_tracks(updates, sky),
    }


def _in_tracks(updates: Updates, sky: Sky) -> float:
    counted = (sky.labels >= 0) & (sky.plots.time_s > SETTLED_S)
    return float((updates.status[counted] == CONFIRMED).mean())


def _live(sky: Sky) -> dict[str, float]:
    """Second by second: the margin over real time, and what is in memory from then on."""
    tracker, resident = Tracker(sky.sites), []
    seconds = np.arange(1.0, sky.duration_s + 1.0)
    edges = np.append(0, np.searchsorted(sky.plots.time_s, seconds))
    update_s = picture_s = 0.0
    for k, now in enumerate(seconds):
        part = sky.plots.take(slice(int(edges[k]), int(edges[k + 1])))
        clock = time.process_time()
        tracker.update(part, float(now))
        update_s += time.process_time() - clock
        clock = time.process_time()
        picture = tracker.snapshot(float(now))
        picture_s += time.process_time() - clock
        resident.append(resident_mb())
    held = sum(part.nbytes for part in (*tracker._store, *tracker._laws))
    confirmed = int((picture.status >= CONFIRMED).sum())
    half = len(seconds) // 2
    return {
        "margin": sky.duration_s / update_s,
        "margin_pictures": sky.duration_s / (update_s + picture_s),
        "tracks": len(tracker),
        "confirmed": confirmed,
        "bytes_a_track": held / len(tracker),
        "bytes_a_confirmed": held / confirmed,
        "resident_mb": resident[-1],
        "growth_mb_per_min": float(60.0 * np.polyfit(seconds[half:], resident[half:], 1)[0]),
    }
