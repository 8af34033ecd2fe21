"""How fast and how well plots become tracks, beside Stone Soup on the same scenario.

    python benches/track.py [FOLDER]

FOLDER holds the scenario generator, the Stone Soup runner and the scorer that its README.md describes (default:
../shared/bench beside the repository). Stone Soup runs where `.venv-peers` has it (`make bench` sees to that). CPU
seconds of one process; the first 20 s of the scenario, which compile or warm up, are not counted for us.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from skyaccord.columns import F8
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.sensors import Plots, Sites
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.tracks import TENTATIVE, Tracker

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / ".venv-peers" / "bin" / "python"
TARGETS = (50, 200)
BUDGET_S = 40  # of CPU, for the peer
WARM_S = 20


def main() -> None:
    bench = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "bench"
    if not (bench / "gen_scenario.py").exists():
        print(f"{bench}: no scenario generator here, left out")
        return
    if not PEERS.exists():
        print(f"{PEERS} is absent (Stone Soup and the scorer live there), left out; `make bench` makes it")
        return
    with tempfile.TemporaryDirectory() as work:
        for targets in TARGETS:
            scenario = Path(work) / f"n{targets}"
            peer_run(bench / "gen_scenario.py", scenario, "--targets", targets)
            ours = track(scenario, scenario / "ours")
            peer_run(bench / "run_stonesoup.py", scenario, scenario / "theirs", "--expert", "--budget", BUDGET_S)
            theirs = json.loads((scenario / "theirs" / "run.json").read_text())
            their_rate = theirs["plots"] / theirs["cpu_s"]
            print(
                f"{targets} targets: ours {ours:,.0f} plots a CPU second, Stone Soup (expert) {their_rate:,.0f}: "
                f"{ours / their_rate:,.0f} times; GOSPA a root target ours {gospa(bench, scenario, 'ours'):.0f} m, "
                f"Stone Soup {gospa(bench, scenario, 'theirs'):.0f} m",
                flush=True,
            )


def peer_run(script: Path, *words: object) -> str:
    """A script of the bench, in the peers' environment."""
    done = subprocess.run(
        [str(PEERS), str(script), *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    if done.returncode:
        sys.exit(f"{script.name}: {done.stderr}")
    return done.stdout


def gospa(bench: Path, scenario: Path, who: str) -> float:
    """The scorer's figure, up to where the slower one came within its budget."""
    run = json.loads((scenario / "theirs" / "run.json").read_text())
    until = next((run[key] for key in ("sim_s", "until", "reached_s") if key in run), 300)
    said = peer_run(bench / "score.py", scenario, scenario / who, "--no-siap", "--until", until)
    return float(next(line.split()[1] for line in said.splitlines() if line.startswith("gospa_rms_per_sqrt_target")))


def track(scenario: Path, out: Path) -> float:
    """Our tracker on a scenario folder, its tracks written as the bench wants them: plots a CPU second."""
    meta = json.loads((scenario / "scenario.json").read_text())
    sites, plots = read(meta, pq.read_table(scenario / "plots.parquet"))
    lat, lon = np.radians(meta["origin"]["lat"]), np.radians(meta["origin"]["lon"])
    origin, axes = ecef(lat, lon, meta["origin"]["alt"]), enu_axes(lat, lon)
    tracker, rows, alive = Tracker(sites), [], set[int]()
    ends = np.arange(1.0, meta["duration_s"] + 2.0)
    edges = np.searchsorted(plots.time_s, np.concatenate([[0.0], ends]))
    warm_s, warm_plots = time.process_time(), 0
    for k, now in enumerate(ends):
        tracker.update(plots.take(slice(int(edges[k]), int(edges[k + 1]))), float(now))
        tracks = tracker.snapshot(float(now))
        tracks = tracks.take(tracks.status != TENTATIVE)
        predicted = (tracks.updated_s < now - 1.0).astype(float)
        position, velocity = (tracks.state[:, :3] - origin) @ axes.T, tracks.state[:, 3:] @ axes.T
        rows.append(np.column_stack([tracks.number, tracks.time_s, position, velocity, predicted]))
        gone = alive - set(tracks.number.tolist())
        alive = set(tracks.number.tolist())
        rows.append(np.array([[n, now, 0, 0, 0, 0, 0, 0, 2] for n in sorted(gone)], float).reshape(-1, 9))
        if now == WARM_S:
            warm_s, warm_plots = time.process_time(), int(edges[k + 1])
    cpu_s = time.process_time() - warm_s
    write(np.concatenate(rows), out)
    return (len(plots) - warm_plots) / cpu_s


def read(meta: dict, table: pa.Table) -> tuple[Sites, Plots]:
    """The bench's sensors and plots as ours."""
    sensors = meta["sensors"]
    column = {name: np.array([s[name] for s in sensors], float) for name in sensors[0] if name != "id"}
    sites = Sites.empty(len(sensors)).replace(
        source=np.arange(1, len(sensors) + 1),
        lat_rad=np.radians(column["lat"]),
        lon_rad=np.radians(column["lon"]),
        height_m=column["alt"],
        scan_s=column["scan_s"],
        range_max_m=column["rmax_m"],
        sigma_range_m=column["sigma_r_m"],
        sigma_azimuth_rad=column["sigma_az_rad"],
        sigma_height_m=column["sigma_alt_m"],
        pd=column["pd"],
        clutter_per_scan=column["clutter_per_scan"],
    )
    n = len(table)
    nothing = np.full(n, np.nan)
    number = {sensor["id"]: k + 1 for k, sensor in enumerate(sensors)}
    plots = Plots.empty(n).replace(
        time_s=table["t"].to_numpy(),
        source=np.array([number[i] for i in table["sensor_id"].to_pylist()]),
        range_m=table["range_m"].to_numpy(),
        azimuth_rad=table["az_rad"].to_numpy(),
        lat_rad=nothing,
        lon_rad=nothing,
        height_m=table["alt_m"].to_numpy(),
        pressure_alt_m=nothing,
        mode_a=np.full(n, NO_MODE_A),
        address=np.full(n, NO_ADDRESS),
        east_mps=nothing,
        north_mps=nothing,
    )
    return sites, plots


def write(rows: F8, out: Path) -> None:
    """The bench's track folder."""
    rows = rows[np.argsort(rows[:, 1], kind="stable")]
    names = ("x", "y", "z", "vx", "vy", "vz")
    out.mkdir(parents=True, exist_ok=True)
    table = {"track_id": rows[:, 0].astype("i8"), "t": rows[:, 1], **{n: rows[:, 2 + k] for k, n in enumerate(names)}}
    pq.write_table(pa.table({**table, "status": rows[:, 8].astype("i1")}), out / "tracks.parquet")
    (out / "run.json").write_text(json.dumps({"tracker": "skyaccord"}))


if __name__ == "__main__":
    main()
