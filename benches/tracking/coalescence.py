"""Four targets that coalesce (J. L. Williams, IEEE Trans. AES 51(3), 2015): RMS GOSPA and CPU time a run.

The scenario is the bench's williams15.py: positions in a plane of 300 m, one plot a second with Pd 0.9, ten false ones.
All trackers are told its own motion, noise, births and clutter, as the papers' are: nothing in it is of an aircraft's
size. Our tracker has the plane where the equator is flat enough.

How well four targets can be told apart depends on how they happened to fly: a plain mixture (mixture.py), the kind of
filter that the papers' is, and ours are scored on the runs of other truths too.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from benches.tracking.mixture import Mixture
from benches.tracking.setting import Setting

from skyaccord.columns import F8
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.sensors import Plots, parse_sites
from skyaccord.tracks import CONFIRMED, Model, Tracker, TrackerConfig

RUNS, PEER_RUNS, SEED = 100, 20, 9
OTHER_TRUTHS = (11, 12, 13, 14, 15, 16)
STEPS, MIDDLE_M = 81, 150.0
LAT_RAD, LON_RAD = 0.0, np.radians(10.0)
BELIEVED = 0.4  # probability of existence from which the papers' filters report a target
MOTION = Model("straight", across=0.02, along=1e-4, stays_s=1e6)
CONFIG = TrackerConfig(
    flying=(MOTION, MOTION, MOTION),
    flying_surge_mps2=0.2,
    start_speed_mps=1.0,
    start_climb_mps=0.1,
    start_climb_uncoded_mps=0.1,
    start_height_m=0.0,
    start_height_sigma_m=1.0,
    births_m2=0.005 / 9e4,
    unseen_m2=3 / 9e4,
    survives_s=100.0,
    sight_memory=1.0,
    confirm=BELIEVED,
    number_worth_s=110.0,  # the page's estimate is what is believed by more than BELIEVED ..
    drop=1e-4,  # .. and what is believed by less may yet be again
    forget=1e-5,
)
PLANE = parse_sites(
    """
[[sensor]]
sac = 0
sic = 1
kind = "staring"
lat_deg = 0.0
lon_deg = 10.0
scan_s = 1.0
range_max_km = 0.1692569
sigma_range_m = 1.0
sigma_azimuth_deg = 1.0
sigma_height_m = 1.0
pd = 0.9
clutter_per_scan = 10.0
""",
    "a plane of 300 m",
)
PEERS = {
    "Stone Soup GNN": ("--assoc", "gnn", "--min-points", "4", "--hold", "2", "--coast", "3"),
    "Stone Soup JPDA-EHM2": ("--assoc", "ehm2"),
}
# the authors' programs under Octave, on the peers' runs: RMS GOSPA, CPU seconds a run
PUBLISHED = {"PMBM (authors')": (2.874, 44.5), "PMB (authors')": (3.368, 6.2)}


def measure(setting: Setting) -> dict[str, Any]:
    """Ours and the plain mixture over RUNS runs of each truth, Stone Soup over PEER_RUNS of the first one's."""
    setting.need_bench()
    data, slices = _heard(setting, SEED)
    track_plane(slices[0])  # compiles
    ours, mixture = (_both(setting, data, slices, track) for track in (track_plane, mix_plane))
    _say("ours", ours)
    _say("mixture", mixture)
    truths = {SEED: {"ours": ours["gospa"], "mixture": mixture["gospa"]}}
    figures: dict[str, Any] = {"runs": RUNS, **ours, "mixture": mixture, "truths": truths, "peers": {}}
    for seed in OTHER_TRUTHS:
        other, heard = _heard(setting, seed)
        truths[seed] = {
            who: _score(setting, other, _written(setting, [told(one) for one in heard]))
            for who, told in (("ours", track_plane), ("mixture", mix_plane))
        }
        print(f"truth of seed {seed}: {truths[seed]}", flush=True)
    for peer, how in PEERS.items():
        theirs = setting.work / "williams-peer.npz"
        said = setting.peer("williams15.py", "stonesoup", data, theirs, "--mc", PEER_RUNS, *how)
        found = re.search(r"cpu s per run ([0-9.]+)", said)
        figures["peers"][peer] = {
            "gospa": _score(setting, data, theirs),
            "cpu_s": float(found[1]) if found else None,
            "runs": PEER_RUNS,
        }
        print(f"{peer}: {figures['peers'][peer]}", flush=True)
    return figures


def _heard(setting: Setting, seed: int) -> tuple[Path, list[list[F8]]]:
    """A truth and RUNS times what was heard of it: its file, and by run and second the positions (n, 2)."""
    data = setting.work / f"williams-{seed}.npz"
    setting.peer("williams15.py", "gen", data, "--mc", RUNS, "--seed", seed)
    heard = np.load(data)
    z, order = heard["z"], heard["mc"].astype(np.int64) * (STEPS + 1) + heard["k"]
    begins = np.searchsorted(order, np.arange(RUNS)[:, None] * (STEPS + 1) + np.arange(1, STEPS + 2))
    return data, [[z[a:b] for a, b in pairwise(run)] for run in begins]


def _both(
    setting: Setting, data: Path, slices: list[list[F8]], track: Callable[[list[F8]], list[F8]]
) -> dict[str, float]:
    """RMS GOSPA over all runs and over the peers', CPU seconds a run."""
    began_s = time.process_time()
    told = [track(one) for one in slices]
    cpu_s = (time.process_time() - began_s) / RUNS
    gospa, gospa_first = (_score(setting, data, _written(setting, told[:runs])) for runs in (RUNS, PEER_RUNS))
    return {"gospa": gospa, "gospa_first": gospa_first, "cpu_s": cpu_s}


def _say(who: str, figures: dict[str, float]) -> None:
    print(
        f"{who}: RMS GOSPA {figures['gospa']:.3f} over {RUNS} runs, {figures['gospa_first']:.3f} over the peers' "
        f"{PEER_RUNS}; {1000 * figures['cpu_s']:.1f} ms of CPU a run",
        flush=True,
    )


def mix_plane(slices: list[F8]) -> list[F8]:
    """Positions (n, 2) a second in, the plain mixture's of the targets out."""
    mixture = Mixture()
    return [mixture.scan(z) for z in slices]


def track_plane(slices: list[F8]) -> list[F8]:
    """Positions (n, 2) a second in, positions (m, 2) of the targets that are believed out."""
    tracker, origin, axes = Tracker(PLANE, CONFIG), ecef(LAT_RAD, LON_RAD, 0.0), enu_axes(LAT_RAD, LON_RAD)
    told = []
    for k, z in enumerate(slices):
        lat, lon, _ = geodetic(origin + (z - MIDDLE_M) @ axes[:2])
        plots = Plots.blank(len(z)).replace(
            time_s=np.full(len(z), k + 0.5), source=np.ones(len(z)), lat_rad=lat, lon_rad=lon
        )
        tracker.update(plots, k + 0.999)
        tracks = tracker.snapshot(k + 0.5)
        tracks = tracks.take((tracks.status >= CONFIRMED) & (tracks.existence > BELIEVED))
        told.append(((tracks.state[:, :3] - origin) @ axes.T)[:, :2] + MIDDLE_M)
    return told


def _written(setting: Setting, told: list[list[F8]]) -> Path:
    """A file with the estimates of some runs, each a list of positions (n, 2) a step."""
    each = [(run, k + 1, xy.reshape(-1, 2)) for run, steps in enumerate(told) for k, xy in enumerate(steps)]
    many, xy = [len(found) for _, _, found in each], np.concatenate([found for _, _, found in each])
    path = setting.work / "williams-ours.npz"
    np.savez(
        path,
        mc=np.repeat([run for run, _, _ in each], many),
        k=np.repeat([k for _, k, _ in each], many),
        x=xy[:, 0],
        y=xy[:, 1],
    )
    return path


def _score(setting: Setting, data: object, estimate: object) -> float:
    found = re.search(r"rms gospa ([0-9.]+)", setting.peer("williams15.py", "score", data, estimate))
    if not found:
        raise RuntimeError("williams15.py score: says no GOSPA")
    return float(found[1])
