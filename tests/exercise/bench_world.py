"""A small scenario folder and a bad tracker's answer, made from a seed: crossings, swaps, twins, ghosts and gaps."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from skyaccord.earth.wgs84 import ecef, enu_axes

LAT, LON = 40.0, 65.0
STATE = ("x", "y", "z", "vx", "vy", "vz")
SENSORS = [
    {"id": 3, "lat": 39.9, "lon": 64.8, "alt": 100.0, "scan_s": 5.0, "phase_s": 1.0, "sigma_r_m": 60.0}
    | {"sigma_az_rad": 0.002, "sigma_alt_m": 200.0},
    {"id": 7, "lat": 40.2, "lon": 65.3, "alt": 500.0, "scan_s": 7.0, "phase_s": 0.0, "sigma_r_m": 80.0}
    | {"sigma_az_rad": 0.003, "sigma_alt_m": 300.0},
]
COMMON = {"alt_frac": 1.0, "pd": 0.9, "clutter_per_scan": 1.0, "rmin_m": 500.0, "rmax_m": 250e3}


def truth_rows(rng: np.random.Generator, targets: int, duration: int) -> dict[str, np.ndarray]:
    """Straight flights and steady turns through a few kilometres."""
    rows = []
    for k in range(targets):
        begin = 0 if rng.random() < 0.6 else int(rng.integers(20, 120))
        end = duration if rng.random() < 0.7 else int(rng.integers(160, duration))
        t = np.arange(begin, end, dtype=float)
        speed, course, turn = rng.uniform(60, 200), rng.uniform(0, 2 * np.pi), rng.choice([0.0, 0.0, 0.02, -0.03])
        bend = course + turn * (t - duration / 2)
        v = speed * np.stack([np.sin(bend), np.cos(bend), np.zeros_like(bend)], axis=1)
        if turn:
            arc = speed / turn * np.stack([-np.cos(bend), np.sin(bend), np.zeros_like(bend)], axis=1)
            p = arc - arc[len(t) // 2]
        else:
            p = v * (t - duration / 2)[:, None]
        p = p + np.append(rng.uniform(-2500, 2500, 2), rng.uniform(2000, 9000))
        rows.append(np.column_stack([np.full(len(t), k), t, p, v, np.full(len(t), turn)]))
    table = np.concatenate(rows)
    out = {"truth_id": table[:, 0].astype("i4"), "t": table[:, 1]}
    out |= {name: table[:, 2 + j].copy() for j, name in enumerate(STATE)}
    return out | {"turn_rate": table[:, 8].copy(), "n_cover": np.ones(len(table), "i2")}


def bad_tracks(rng: np.random.Generator, truth: dict[str, np.ndarray], duration: int) -> dict[str, np.ndarray]:
    """Each target followed in pieces, some pieces wandering over to a neighbour, some twice, and ghosts."""
    rows, number = [], 0
    ids = np.unique(truth["truth_id"])
    paths = {k: np.stack([truth[n][truth["truth_id"] == k] for n in ("t", *STATE)], axis=1) for k in ids}

    def report(number: int, path: np.ndarray, begin: float, end: float) -> None:
        t = begin
        while t < min(end, path[-1, 0]):
            here = path[np.searchsorted(path[:, 0], t)]
            noise = np.append(rng.normal(0, 250, 3), rng.normal(0, 12, 3))
            rows.append([number, here[0], *(here[1:] + noise), rng.random() < 0.2])
            t += rng.uniform(2, 9)

    for k in ids:
        path, t = paths[k], float(paths[k][0, 0] + rng.uniform(0, 15))
        while t < path[-1, 0]:
            end = t + rng.exponential(120)
            report(number, path, t, end)
            if rng.random() < 0.3:  # goes over to another target
                other = paths[int(rng.choice(ids))]
                if other[0, 0] < end < other[-1, 0]:
                    report(number, other, end, end + rng.uniform(10, 60))
            if rng.random() < 0.25:
                report(number + 1000, path, t + 10, t + 60)  # a twin
            t, number = end + rng.choice([0.0, 3.0, 25.0]), number + 1
    for ghost in range(6):
        begin = rng.uniform(0, duration - 80)
        place = np.append(rng.uniform(-6000, 6000, 2), 5000.0)
        path = np.column_stack([begin + np.arange(60), np.tile([*place, 50.0, 0.0, 0.0], (60, 1))])
        report(5000 + ghost, path, begin, begin + 60)
    table = np.array(rows, float)
    ends = [
        [n, table[table[:, 0] == n, 1].max() + rng.uniform(0, 12), *[0.0] * 6, 2]
        for n in np.unique(table[:, 0])
        if rng.random() < 0.8
    ]
    table = np.concatenate([table, ends])
    table = table[np.argsort(table[:, 1], kind="stable")]
    out = {"track_id": table[:, 0].astype("i8"), "t": table[:, 1].copy()}
    out |= {name: table[:, 2 + j].copy() for j, name in enumerate(STATE)}
    return out | {"status": table[:, 8].astype("i1")}


def polar(place: np.ndarray, sensor: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Slant range and azimuth of common-frame places at a sensor."""
    lat, lon = np.radians([LAT, LON])
    there = place @ enu_axes(lat, lon) + ecef(lat, lon, 0.0)
    lat, lon = np.radians([sensor["lat"], sensor["lon"]])
    local = (there - ecef(lat, lon, sensor["alt"])) @ enu_axes(lat, lon).T
    return np.linalg.norm(local, axis=1), np.arctan2(local[:, 0], local[:, 1]) % (2 * np.pi)


def plot_rows(rng: np.random.Generator, truth: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Noisy plots of one truth second in `scan_s`, a few lost, a few false, in order of time; and their labels."""
    parts = []
    for sensor in SENSORS:
        seen = (truth["t"] % sensor["scan_s"] == truth["truth_id"] % sensor["scan_s"]) & (
            rng.random(len(truth["t"])) < 0.9
        )
        place = np.stack([truth[n][seen] for n in "xyz"], axis=1)
        range_m, azimuth = polar(place, sensor)
        n = len(range_m)
        parts.append(
            np.column_stack(
                [
                    truth["t"][seen],
                    np.full(n, sensor["id"]),
                    range_m + rng.normal(0, sensor["sigma_r_m"], n),
                    azimuth + rng.normal(0, sensor["sigma_az_rad"], n),
                    place[:, 2] + rng.normal(0, sensor["sigma_alt_m"], n),
                    truth["truth_id"][seen],
                ]
            )
        )
    parts.append(
        np.column_stack([rng.uniform(0, 280, 20), np.full(20, 3), rng.uniform(1e3, 5e4, (20, 3)), np.full(20, -1)])
    )
    parts[-1][:, 3] %= 2 * np.pi
    table = np.concatenate(parts)
    table = table[np.argsort(table[:, 0], kind="stable")]
    columns = {name: table[:, j].copy() for j, name in enumerate(("t", "sensor_id", "range_m", "az_rad", "alt_m"))}
    columns["sensor_id"] = columns["sensor_id"].astype("i2")
    return columns, table[:, 5].astype("i4")


def write_world(folder: Path, seed: int, targets: int = 9, duration: int = 300) -> tuple[Path, Path]:
    """Write scenario and track folder; returns both."""
    rng = np.random.default_rng(seed)
    tracks = folder / "tracks"
    tracks.mkdir(parents=True)
    truth = truth_rows(rng, targets, duration)
    answer = bad_tracks(rng, truth, duration)
    plots, labels = plot_rows(rng, truth)
    pq.write_table(pa.table(truth), folder / "truth.parquet")
    pq.write_table(pa.table(answer), tracks / "tracks.parquet")
    pq.write_table(pa.table(plots), folder / "plots.parquet")
    pq.write_table(pa.table({"truth_id": labels}), folder / "labels.parquet")
    content = {
        "origin": {"lat": LAT, "lon": LON, "alt": 0.0},
        "duration_s": float(duration),
        "n_targets": targets,
        "sensors": [{**sensor, **COMMON} for sensor in SENSORS],
    }
    (folder / "scenario.json").write_text(json.dumps(content), encoding="utf-8")
    return folder, tracks
