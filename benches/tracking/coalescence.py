"""Four targets that coalesce (J. L. Williams, IEEE Trans. AES 51(3), 2015): RMS GOSPA and CPU time a run.

The scenario is the bench's williams15.py: positions in a plane of 300 m, one plot a second with Pd 0.9, ten false ones.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from benches.tracking.setting import LeftOutError, Setting

from skyaccord.columns import F8

# What tracks positions in a plane: a list of (n, 2), one a second, in; a list of (m, 2), the targets believed, out
ENTRY = ("skyaccord.tracks", "track_plane")
RUNS, PEER_RUNS, SEED = 100, 20, 9
STEPS = 81
PEERS = {
    "Stone Soup GNN": ("--assoc", "gnn", "--min-points", "4", "--hold", "2", "--coast", "3"),
    "Stone Soup JPDA-EHM2": ("--assoc", "ehm2"),
}
# the authors' programs under Octave, on the same measurements: RMS GOSPA, CPU seconds a run
PUBLISHED = {"PMBM (authors')": (2.874, 44.5), "PMB (authors')": (3.368, 6.2)}


def measure(setting: Setting) -> dict[str, Any]:
    """Ours over RUNS runs, Stone Soup over PEER_RUNS of them."""
    setting.need_bench()
    track = _entry()
    data = setting.work / f"williams-{SEED}.npz"
    setting.peer("williams15.py", "gen", data, "--mc", RUNS, "--seed", SEED)
    heard = np.load(data)
    out: dict[str, list[F8]] = {"mc": [], "k": [], "xy": []}
    slices = [
        [heard["z"][(heard["mc"] == run) & (heard["k"] == step)] for step in range(1, STEPS + 1)] for run in range(RUNS)
    ]
    track(slices[0])  # compiles
    began_s = time.process_time()
    told = [track(one) for one in slices]
    cpu_s = (time.process_time() - began_s) / RUNS
    for run, steps in enumerate(told):
        for k, found in enumerate(steps):
            out["mc"].append(np.full(len(found), run))
            out["k"].append(np.full(len(found), k + 1))
            out["xy"].append(np.asarray(found).reshape(-1, 2))
    xy = np.concatenate(out["xy"])
    ours = setting.work / "williams-ours.npz"
    np.savez(ours, mc=np.concatenate(out["mc"]), k=np.concatenate(out["k"]), x=xy[:, 0], y=xy[:, 1])
    figures: dict[str, Any] = {"runs": RUNS, "gospa": _score(setting, data, ours), "cpu_s": cpu_s, "peers": {}}
    print(f"ours: RMS GOSPA {figures['gospa']:.3f} over {RUNS} runs, {1000 * cpu_s:.1f} ms of CPU a run", flush=True)
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


def _entry() -> Callable[[list[F8]], list[F8]]:
    module, name = ENTRY
    track: Callable[[list[F8]], list[F8]] | None = getattr(import_module(module), name, None)
    if track is None:
        raise LeftOutError(f"{module} has no {name}: nothing yet that tracks positions in a plane")
    return track


def _score(setting: Setting, data: object, estimate: object) -> float:
    found = re.search(r"rms gospa ([0-9.]+)", setting.peer("williams15.py", "score", data, estimate))
    if not found:
        raise RuntimeError("williams15.py score: says no GOSPA")
    return float(found[1])
