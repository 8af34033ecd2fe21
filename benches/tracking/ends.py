"""When a track ends: number changes against spuriousness, ours and the best that looks can tell.

A target that is not heard for some looks in a row is gone, or is there and was missed. Who ends its track early gives
it a second number when it is heard again (in a track folder what ended cannot go on), who ends it late shows what is
gone.

The limit is a tracker that is told whose plot is whose: its states are the oracle's, its tracks begin at a target's
second plot. It knows each sensor's Pd, when each antenna passes by, and how often targets end. Until the next plot it
can learn no more than that one more look has failed, and choose no more than after which of them to end the track:

    best        the look n of least  price * P(there, n looks failed) + E[seconds for which it is shown and is gone],
                chosen anew after each plot; the price of a number change, in seconds, is swept. Going by looks, none
                has fewer number changes at that spuriousness (Lagrange; the scorer's instants are not told)
    edge        the same, told moreover where the area ends, which no look tells: three ends in ten are there
    threshold   the first look after which existence is below a threshold, which is swept
    ours        our tracker, TrackerConfig.number_worth_s swept and nothing else
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benches.tracking.setting import Setting
from benches.tracking.traffic import KNOWN

from skyaccord.columns import F8, I8
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.exercise.bench import (
    DROPPED,
    UPDATED,
    Meta,
    Reports,
    read_labels,
    read_scenario,
    read_tracks,
    read_truth,
    reports_of,
)
from skyaccord.exercise.figures import Samples, continuity, siap
from skyaccord.exercise.verdict import STEP_S, WARM_UP_S, judge, reported_at, truth_at
from skyaccord.sensors import Plots, Sites
from skyaccord.tracks import Tracker, TrackerConfig

SIZES = (50, 100, 200)
PRICES_S = (5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 60.0, 90.0, 150.0, 300.0)
THRESHOLDS = (0.6, 0.4, 0.3, 0.25, 0.2, 0.17, 0.15, 0.13, 0.1, 0.07, 0.05, 0.02)
WORTHS_S = (2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 35.0, 60.0)
WHAT = ("spuriousness", "completeness", "swaps", "changes")  # the last two per 100 targets

ENDS_PER_S = 1 / 940  # counted over 60 of the scenarios: one target in four ends within their 300 s ..
ENDS_INSIDE_PER_S = 1 / 1330  # .. and seven in ten of these not at the edge of the area
AHEAD = 16  # looks that are planned for after a plot
BEYOND_S = 120.0  # looks are foreseen for so long after the scenario's end, which a tracker does not know
MARGIN_M, MAP_RADIUS_M = 10_000.0, 6_371_000.0  # of the generator: targets end so far outside; its plane is a sphere's


@dataclass(frozen=True, eq=False)
class Life:
    """One target as known association has it: what it is after each plot, and the looks at it."""

    target: int
    time_s: F8  # (n,) of its plots from the second on
    state: F8  # (n, 6) after each, common frame
    leaves_s: F8  # (n,) when it will be beyond the area's edge if it flies straight on; inf: not within a minute
    look_s: F8  # (m,) when an antenna passed it or where it would be, heard or not, in order
    fails: F8  # (m,) probability that such a look hears nothing if the target is there


def measure(setting: Setting) -> dict[str, Any]:
    """By number of targets and way to end: a point for each setting, mean and median of the seeds."""
    setting.need_bench()
    return {str(n): _row(setting, n) for n in setting.sizes if n in SIZES}


def _row(setting: Setting, targets: int) -> dict[str, Any]:
    found: dict[str, dict[float, list[list[float]]]] = {}
    for seed in setting.seeds:
        scenario = setting.generate(setting.work / f"n{targets}-s{seed}", "--targets", targets, "--seed", seed)
        setting.peer("oracle.py", scenario, scenario / "known", *KNOWN)
        for way, at, figures in _figures(scenario):
            per_hundred = 100.0 / targets
            scaled = [*figures[:2], *(per_hundred * count for count in figures[2:])]
            found.setdefault(way, {}).setdefault(at, []).append(scaled)
        shutil.rmtree(scenario)
    row = {
        way: [
            {"at": at, "mean": np.mean(each, axis=0).tolist(), "median": np.median(each, axis=0).tolist()}
            for at, each in points.items()
        ]
        for way, points in found.items()
    }
    for way, points in row.items():
        said = ", ".join(f"{p['at']:g}: {p['mean'][3]:.1f} at {p['mean'][0]:.4f}" for p in points)
        print(f"{targets} targets, {way}: number changes per 100 at spuriousness (means): {said}", flush=True)
    return row


def _figures(scenario: Path) -> Iterator[tuple[str, float, list[float]]]:
    """Way to end, its setting, and WHAT of it (counts, not yet per 100)."""
    sites, plots, meta = read_scenario(scenario)
    times = np.arange(WARM_UP_S, meta.duration_s - 1e-6, STEP_S)
    truth = truth_at(read_truth(scenario), times)
    known = list(lives(scenario))
    everywhere, inside = ([Chances.of(life, rate) for life in known] for rate in (ENDS_PER_S, ENDS_INSIDE_PER_S))
    ways: list[tuple[str, float, list[F8]]] = [
        *(("best", price_s, [one.best(price_s) for one in everywhere]) for price_s in PRICES_S),
        *(("edge", price_s, [one.best(price_s) for one in inside]) for price_s in PRICES_S),
        *(("threshold", least, [one.below(least) for one in everywhere]) for least in THRESHOLDS),
    ]
    for way, at, ends_s in ways:
        if way == "edge":
            ends_s = [np.minimum(end_s, life.leaves_s) for life, end_s in zip(known, ends_s, strict=True)]
        yield way, at, _judged(truth, times, _told(known, ends_s))
    for worth_s in WORTHS_S:
        updates = Tracker(sites, TrackerConfig(number_worth_s=worth_s)).follow(plots, meta.duration_s)
        yield "ours", worth_s, _judged(truth, times, reports_of(updates, meta))


def _judged(truth: Samples, times: F8, reports: Reports) -> list[float]:
    """WHAT, by the scorer of the whole bench."""
    reports = reports.take(np.lexsort((reports.status, reports.time_s, reports.number)))
    judged = judge(truth, reported_at(reports, times), times)
    whole, kept = siap(judged.pairs), continuity(judged.pairs, judged.following)
    return [whole.siap_spuriousness, whole.siap_completeness, float(kept.id_swaps), float(kept.track_number_changes)]


@dataclass(frozen=True, eq=False)
class Chances:
    """After each plot of a target, what the looks to come will have told if they all fail: (n, AHEAD)."""

    look_s: F8  # inf: no antenna looks there any more
    alive: F8  # probability that it is there and all looks up to this one failed
    gone: F8  # the same, that it is not there
    shown_s: F8  # seconds, expected, for which it is shown until this look and is gone

    @classmethod
    def of(cls, life: Life, ends_per_s: float) -> Chances:
        """Targets end at a constant rate."""
        at = np.searchsorted(life.look_s, life.time_s, side="right")[:, None] + np.arange(AHEAD)
        look_s = np.append(life.look_s, np.full(AHEAD, np.inf))[at]
        fails = np.append(life.fails, np.full(AHEAD, 1.0))[at]
        after_s = np.where(np.isfinite(look_s), look_s - life.time_s[:, None], 0.0)
        lasts = np.exp(-ends_per_s * after_s)
        step_s = np.maximum(np.diff(after_s, axis=1, prepend=0.0), 0.0)
        stays = np.exp(-ends_per_s * step_s)
        unheard = np.cumprod(fails, axis=1)
        alive = lasts * unheard
        before = np.concatenate([np.ones((len(alive), 1)), alive[:, :-1]], axis=1)
        gone = np.cumsum(before * (1 - stays), axis=1)
        was_gone = np.concatenate([np.zeros((len(gone), 1)), gone[:, :-1]], axis=1)
        shown_s = np.cumsum(was_gone * step_s + before * (step_s - (1 - stays) / ends_per_s), axis=1)
        return cls(look_s, alive, gone, shown_s)

    def best(self, price_s: float) -> F8:
        """When to end the track unless it is heard before, a number change being worth `price_s`: (n,)."""
        cost = np.where(np.isfinite(self.look_s), price_s * self.alive + self.shown_s, np.inf)
        return np.asarray(np.take_along_axis(self.look_s, cost.argmin(axis=1)[:, None], axis=1)[:, 0])

    def below(self, least: float) -> F8:
        """The first look after which existence is below `least`: (n,)."""
        low = (self.alive < least * (self.alive + self.gone)) | ~np.isfinite(self.look_s)
        low[:, -1] = True
        return np.asarray(np.take_along_axis(self.look_s, low.argmax(axis=1)[:, None], axis=1)[:, 0])


def _told(known: list[Life], ends_s: list[F8]) -> Reports:
    """What a tracker reports that ends each target's track so long after each plot, unless the next one came before."""
    parts = []
    for life, end_s in zip(known, ends_s, strict=True):
        ended = end_s < np.append(life.time_s[1:], np.inf)
        earlier: I8 = np.cumsum(ended) - ended  # tracks of this target before the one that the plot belongs to
        number = life.target + (earlier << 32)
        rows, drops = len(ended), int(ended.sum())
        parts.append(
            Reports(
                np.concatenate([number, number[ended]]),
                np.concatenate([life.time_s, end_s[ended]]),
                np.concatenate([life.state, np.zeros((drops, 6))]),
                np.repeat(np.array([UPDATED, DROPPED], np.uint8), [rows, drops]),
            )
        )
    return Reports.concat(parts)


def lives(scenario: Path) -> list[Life]:
    """Every target that was heard twice, as the oracle's track folder `known` in the scenario's has it."""
    sites, plots, meta = read_scenario(scenario)
    half_m = 500 * json.loads((scenario / "scenario.json").read_text())["size_km"] + MARGIN_M
    labels = read_labels(scenario, len(plots))
    reports, _ = read_tracks(scenario / "known")
    reports = reports.take(np.flatnonzero(reports.status == UPDATED))
    out = []
    for target in np.unique(reports.number):
        mine = reports.take(np.flatnonzero(reports.number == target))
        own = plots.take(np.flatnonzero(labels == target))
        looks = [_looks(mine, own, sites, meta, sensor) for sensor in range(len(sites))]
        look_s = np.concatenate(looks)
        order = np.argsort(look_s, kind="stable")
        fails = np.repeat(1.0 - sites.pd, [len(one) for one in looks])
        leaves_s = _leaves_s(mine, meta, half_m)
        out.append(Life(int(target), mine.time_s, mine.state, leaves_s, look_s[order], fails[order]))
    return out


def _looks(mine: Reports, own: Plots, sites: Sites, meta: Meta, sensor: int) -> F8:
    """When one antenna passed a target: the times of its plots, and of turns without one in which it was in range."""
    own = own.take(np.flatnonzero(own.source == sites.source[sensor]))
    scan_s, phase_s = sites.scan_s[sensor], meta.phase_s[sensor]
    turns = np.arange(-1, np.ceil((meta.duration_s + BEYOND_S) / scan_s))
    heard = np.round((own.time_s - phase_s) / scan_s - own.azimuth_rad / (2 * np.pi))
    local, look_s = np.empty((len(turns), 3)), phase_s + scan_s * (turns + 0.5)
    axes = enu_axes(sites.lat_rad[sensor], sites.lon_rad[sensor])
    site = ecef(sites.lat_rad[sensor], sites.lon_rad[sensor], sites.height_m[sensor])
    for _ in range(4):  # the antenna turns on while the target moves
        row = np.maximum(np.searchsorted(mine.time_s, look_s) - 1, 0)  # what was known just before
        place = mine.state[row, :3] + mine.state[row, 3:] * (look_s - mine.time_s[row])[:, None]
        local = (place @ meta.axes + meta.origin - site) @ axes.T
        look_s = phase_s + scan_s * (turns + np.mod(np.arctan2(local[:, 0], local[:, 1]) / (2 * np.pi), 1.0))
    range_m = np.linalg.norm(local, axis=1)
    vain = (range_m > meta.range_min_m[sensor]) & (range_m < sites.range_max_m[sensor]) & ~np.isin(turns, heard)
    return np.concatenate([own.time_s, look_s[vain & (look_s > mine.time_s[0])]])


def _leaves_s(mine: Reports, meta: Meta, half_m: float) -> F8:
    """When a target that flies straight on is more than `half_m` from the middle, north or east: (n,), inf for never.

    On the generator's azimuthal equidistant map; a minute ahead.
    """
    ahead_s = np.arange(0.0, 60.0, 0.5)
    place = mine.state[:, None, :3] + mine.state[:, None, 3:] * ahead_s[:, None]
    lat, lon, _ = geodetic(place.reshape(-1, 3) @ meta.axes + meta.origin)
    east = np.cos(lat) * np.sin(lon - meta.lon_rad)
    north = np.cos(meta.lat_rad) * np.sin(lat) - np.sin(meta.lat_rad) * np.cos(lat) * np.cos(lon - meta.lon_rad)
    sine = np.hypot(east, north)
    stretch = MAP_RADIUS_M * np.arcsin(sine) / np.maximum(sine, 1e-9)
    outside = (np.maximum(abs(east), abs(north)) * stretch > half_m).reshape(len(mine), -1)
    return np.asarray(mine.time_s + np.where(outside.any(axis=1), ahead_s[outside.argmax(axis=1)], np.inf))
