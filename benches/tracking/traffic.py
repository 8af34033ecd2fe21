"""10 to 500 targets behind four radars, and the hard case: GOSPA against known association, speed against Stone Soup.

Scores are our own scorer's, which is fast; the first seed of each row is scored by the bench's as well, and they have
to agree.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from benches.tracking.ours import track_folder, warm_up
from benches.tracking.setting import Setting

from skyaccord.exercise.bench import read_scenario
from skyaccord.exercise.verdict import of_scenario

GOSPA = "gospa_rms_per_sqrt_target"
KEPT = (
    GOSPA,
    "pos_median_m",
    "vel_rmse_ms",
    "siap_completeness",
    "siap_spuriousness",
    "id_swaps",
    "track_number_changes",
    "missed_per_instant",
    "false_per_instant",
)
KNOWN = ("--model", "imm4", "--coast", "15")  # known association, an IMM of four
CHECKED = 1e-6  # relative difference up to which two scorers agree

# Stone Soup as it comes, as a skilled user would have it, and re-tuned (the settings that its bench recommends)
STONE_SOUP: dict[str, tuple[str, ...]] = {
    "stock": (),
    "expert": ("--expert",),
    "retuned": ("--expert", "--q", "250", "--coast", "20", "--hold", "20"),
    "jpda": ("--expert", "--assoc", "jpda-ehm2"),
}
PEERS_AT = {10: ("stock", "expert", "retuned", "jpda"), 500: ("stock", "expert", "retuned")}
PEERS_AT |= dict.fromkeys((50, 100, 200), ("stock", "expert", "retuned", "jpda"))
HARD_PEERS = {"expert": ("--expert",), "retuned": ("--expert", "--min-points", "5", "--coast", "25")}


def measure(setting: Setting) -> dict[str, Any]:
    """The table of 10 to 500 targets, by number of targets."""
    setting.need_bench()
    return {
        str(n): _row(setting, f"n{n}", n, ("--targets", n), {k: STONE_SOUP[k] for k in PEERS_AT.get(n, ("expert",))})
        for n in setting.sizes
    }


def measure_hard(setting: Setting) -> dict[str, Any]:
    """Heavy clutter, Pd 0.8, half the plots without height, 30 % in formation; 50 targets."""
    setting.need_bench()
    return _row(setting, "hard", 50, ("--targets", 50, "--hard"), HARD_PEERS)


def _row(
    setting: Setting, name: str, targets: int, words: tuple[object, ...], peers: dict[str, tuple[str, ...]]
) -> dict[str, Any]:
    """All seeds of one row, and the slow peers on the first of them."""
    row: dict[str, Any] = {"targets": targets, "seeds": {}, "peers": {}}
    for k, seed in enumerate(setting.seeds):
        scenario = setting.generate(setting.work / f"{name}-s{seed}", *words, "--seed", seed)
        if k == 0:
            sites, plots, meta = read_scenario(scenario)
            row["warm_up_s"] = warm_up(sites, plots, meta.duration_s)
            track_folder(scenario, scenario / "ours")
        row["seeds"][str(seed)] = _seed(setting, scenario)
        if k == 0:
            row["scorers_differ"] = _check(setting, scenario, targets)
        if k < setting.peer_seeds:
            for peer, how in peers.items():
                row["peers"].setdefault(peer, []).append(_stone_soup(setting, scenario, peer, how))
        shutil.rmtree(scenario)
    _say(name, row)
    return row


def _seed(setting: Setting, scenario: Path) -> dict[str, Any]:
    """One scenario: what the tracker did, and what it would have done had it been told whose plot is whose."""
    plots, cpu_s = track_folder(scenario, scenario / "ours")
    setting.peer("oracle.py", scenario, scenario / "known", *KNOWN)
    figures = of_scenario(scenario, scenario / "ours", bounded=False).figures()
    known = of_scenario(scenario, scenario / "known", bounded=False).figures()
    return {
        "plots": plots,
        "cpu_s": cpu_s,
        "rate": plots / cpu_s,
        **{key: figures[key] for key in KEPT},
        "known": known[GOSPA],
        "known_figures": {key: known[key] for key in KEPT},  # a bar that it misses itself is out of reach
        "ratio": _number(figures[GOSPA]) / _number(known[GOSPA]),
    }


def _check(setting: Setting, scenario: Path, targets: int) -> float:
    """Largest relative difference of our scorer from the independent one, on the same tracks."""
    told = scenario / "score.json"
    quick = ("--no-siap",) if targets > 100 else ()
    setting.peer("score.py", scenario, scenario / "ours", "--json", told, *quick)
    theirs, ours = json.loads(told.read_text()), of_scenario(scenario, scenario / "ours", bounded=False).figures()
    worst = max(abs(_number(ours[key]) - theirs[key]) / max(abs(theirs[key]), 1e-3) for key in KEPT if key in theirs)
    if worst > CHECKED:
        raise RuntimeError(f"{scenario.name}: our scorer and score.py differ by {worst:.1e}")
    return worst


def _stone_soup(setting: Setting, scenario: Path, peer: str, how: tuple[str, ...]) -> dict[str, Any]:
    """One run of Stone Soup, as far as its budget carries it; ours and the oracle judged over the same time."""
    out = scenario / f"stonesoup-{peer}"
    setting.peer("run_stonesoup.py", scenario, out, *how, "--budget", setting.budget_s)
    run = json.loads((out / "run.json").read_text())
    until_s = None if run["complete"] else run["sim_s"]
    said: dict[str, Any] = {
        "rate": run["plots"] / run["cpu_s"],
        "cpu_s": run["cpu_s"],
        "until_s": run["sim_s"],
        "complete": run["complete"],
    }
    if until_s is None or until_s > 60.0:
        for who, folder in (("", out), ("ours_", scenario / "ours"), ("known_", scenario / "known")):
            said[who + GOSPA] = of_scenario(scenario, folder, until_s=until_s, bounded=False).figures()[GOSPA]
    return said


def spread(row: dict[str, Any], key: str) -> tuple[float, float, float]:
    """Median, least and greatest of a figure over the seeds of a row."""
    values = [value for seed in row["seeds"].values() if (value := seed[key]) is not None]
    return float(np.median(values)), float(min(values)), float(max(values))


def per_hundred(row: dict[str, Any], key: str) -> tuple[float, float, float]:
    """The same of a count, per 100 targets."""
    median, least, most = spread(row, key)
    return tuple(100.0 * value / row["targets"] for value in (median, least, most))  # type: ignore[return-value]


def _say(name: str, row: dict[str, Any]) -> None:
    ratio, rate = spread(row, "ratio"), spread(row, "rate")
    swaps, changes = per_hundred(row, "id_swaps"), per_hundred(row, "track_number_changes")
    print(
        f"{name}: GOSPA {spread(row, GOSPA)[0]:.0f} m a root target, {ratio[0]:.3f} times known association's "
        f"(worst {ratio[2]:.3f}), median error {spread(row, 'pos_median_m')[0]:.0f} m, "
        f"velocity {spread(row, 'vel_rmse_ms')[0]:.1f} m/s, swaps {swaps[0]:.1f} + changes {changes[0]:.1f} per 100, "
        f"completeness {spread(row, 'siap_completeness')[0]:.4f}, "
        f"spuriousness {spread(row, 'siap_spuriousness')[0]:.4f}; {rate[0]:,.0f} plots a CPU second",
        flush=True,
    )
    for peer, runs in row["peers"].items():
        theirs = float(np.median([run["rate"] for run in runs]))
        met = [run[GOSPA] for run in runs if GOSPA in run]
        print(
            f"    Stone Soup {peer}: {theirs:,.1f} plots a CPU second ({rate[0] / theirs:,.0f} times slower)"
            + (f", GOSPA {np.median(met):.0f} m" if met else "")
            + ("" if runs[0]["complete"] else f", up to {runs[0]['until_s']:.0f} s"),
            flush=True,
        )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
