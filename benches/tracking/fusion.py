"""Parties that share tracks and no plots: what their pictures lose against one tracker that hears everything.

The four radars of a scenario go to two parties of two or to four of one. Each party's tracker hears its own radars
only and moves on every second. Every five seconds its confirmed tracks go through both doors of an agreement that
releases everything (`picture.release`, `picture.admit`), arrive a second late as they do between houses, and every
party makes its picture (`picture.fuse`). Beside the pictures stand the central tracker, each party alone, pictures
made of older deliveries, and the same fusion with estimates joined as if their errors were independent.

`matched` asks for consistency alone: targets that move exactly as the trackers are told (alone.py), so that what goes
into the fusion is known to be honest; whatever overconfidence is found there is the fusion's own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from benches.tracking import alone
from benches.tracking.ours import warm_up
from benches.tracking.setting import Setting
from benches.tracking.traffic import GOSPA, spread
from scipy.stats import chi2

from skyaccord.agreement import Charter, charter, parse
from skyaccord.columns import F8
from skyaccord.earth.wgs84 import enu_axes, geodetic
from skyaccord.exercise.along import Paths
from skyaccord.exercise.bench import Meta, in_frame, read_scenario, read_truth
from skyaccord.exercise.figures import CONSISTENCY, Samples, nees
from skyaccord.exercise.verdict import WARM_UP_S, judge, pronounce, truth_at
from skyaccord.picture import Fusion, Picture, Shared, admit, fuse, release
from skyaccord.sensors import Plots, Sites
from skyaccord.tracks import CONFIRMED, Model, Tracker, TrackerConfig, Tracks

TARGETS = 100
STEP_S = 5.0  # between pictures, and between the instants of the score
LATE_S = 1.0  # of a delivery: what a house says at the end of a turn is heard in the next
OLD_S = 11.0  # .. over a link that has been silent for a while
SPLITS = {"2": ((0, 3), (1, 2)), "4": ((0,), (1,), (2,), (3,))}  # rows of the registry, by number of parties
KEPT = (
    GOSPA,
    "pos_median_m",
    "vel_rmse_ms",
    "siap_completeness",
    "siap_spuriousness",
    "missed_per_instant",
    "false_per_instant",
    "multiple_tracks_per_instant",
    "track_number_changes",
)
WAYS = (
    "central",
    *(
        f"{count} parties, {how}"
        for count in SPLITS
        for how in ("each alone", "fused", f"fused, {OLD_S:g} s late", "as if independent")
    ),
)
FOUR = CONSISTENCY["position_velocity"]
MOTIONS = ("straight", "manoeuvring")
LONELY = 30  # targets of each motion, one at a time
NOON_S = 1.7e9  # scenarios begin at zero, agreements are dated
FUSE = import_module("skyaccord.picture.fuse")  # the module: the room exports its function by the same name


def measure(setting: Setting) -> dict[str, Any]:
    """Every way to make a picture over the seeds, by name; and consistency where the inputs are honest."""
    setting.need_bench()
    figures: dict[str, Any] = {"seeds": {}}
    for k, seed in enumerate(setting.seeds):
        scenario = setting.generate(setting.work / f"fusion-s{seed}", "--targets", TARGETS, "--seed", seed)
        if k == 0:
            sites, plots, meta = read_scenario(scenario)
            warm_up(sites, plots, meta.duration_s)
        figures["seeds"][str(seed)] = one_seed(scenario)
        shutil.rmtree(scenario)
        _say(f"seed {seed}, 2 parties, fused", figures["seeds"][str(seed)]["2 parties, fused"])
    ways = {way: spread_of(figures["seeds"], way) for way in WAYS}
    for way, said in ways.items():
        _say(way, {key: values[0] for key, values in said.items()})
    return {"targets": TARGETS, "ways": ways, "matched": {m: matched(setting.seeds[0], m) for m in MOTIONS}}


def spread_of(seeds: dict[str, Any], way: str) -> dict[str, tuple[float, float, float]]:
    """Median, least and greatest of each figure of one way over the seeds."""
    row = {"seeds": {seed: ways[way] for seed, ways in seeds.items()}}
    return {key: spread(row, key) for key in next(iter(row["seeds"].values()))}


def one_seed(scenario: Path) -> dict[str, dict[str, float]]:
    """Every way on one scenario; a figure of several parties is their mean."""
    sites, plots, meta = read_scenario(scenario)
    plots = plots.replace(time_s=plots.time_s + NOON_S)
    paths = read_truth(scenario)
    instants = np.arange(STEP_S, meta.duration_s - 1e-6, STEP_S)
    ways: dict[str, dict[str, float]] = {}

    def keep(name: str, pictures: Iterable[list[Picture]]) -> None:
        ways[name] = _mean([figures(each, paths, meta, instants) for each in pictures])

    keep("central", [_pictures([_heard(sites, plots, instants, LATE_S)], instants, 0)])
    for count, split in SPLITS.items():
        views = [_heard(sites.take(list(rows)), plots, instants, LATE_S) for rows in split]
        old = [_heard(sites.take(list(rows)), plots, instants, OLD_S) for rows in split]
        me = range(len(split))
        keep(f"{count} parties, each alone", (_pictures([view], instants, 0) for view in views))
        keep(f"{count} parties, fused", (_pictures(views, instants, k) for k in me))
        keep(f"{count} parties, fused, {OLD_S:g} s late", (_pictures(old, instants, k) for k in me))
        with independent():
            keep(f"{count} parties, as if independent", (_pictures(views, instants, k) for k in me))
    return ways


@dataclass(frozen=True, eq=False)
class View:
    """What one party's tracker said: confirmed tracks at the instants, and as they were some time before each."""

    now: list[Tracks]
    before: list[Tracks]


def _heard(sites: Sites, plots: Plots, instants: F8, late_s: float, config: TrackerConfig | None = None) -> View:
    plots = plots.take(np.isin(plots.source, sites.source))
    tracker, low = Tracker(sites, config), 0
    said: dict[float, Tracks] = {}
    asked = {*instants.tolist(), *(instants - late_s).tolist()}
    for second in np.arange(1.0, instants[-1] + 1.0):
        high = int(np.searchsorted(plots.time_s, NOON_S + second))
        tracker.update(plots.take(slice(low, high)), NOON_S + second)
        low = high
        if float(second) in asked:
            tracks = tracker.snapshot(NOON_S + second)
            said[float(second)] = tracks.take(tracks.status >= CONFIRMED)
    return View([said[t] for t in instants], [said.get(t - late_s, Tracks.empty()) for t in instants])


def _pictures(views: list[View], instants: F8, me: int) -> list[Picture]:
    """Party `me`'s picture at each instant."""
    law, names = _law(len(views)), [f"P{k}" for k in range(len(views))]
    fusion, out = Fusion(), []
    for k, second in enumerate(instants):
        now_s = NOON_S + float(second)
        deliveries = {}
        for party, view in enumerate(views):
            if party != me and len(view.before[k]):
                sent = _released(view.before[k], law, names[party], names[me], now_s)
                deliveries[party] = admit(sent, law, names[party], names[me], now_s)[0]
        fusion, picture = fuse(views[me].now[k], deliveries, me, fusion, now_s)
        out.append(picture)
    return out


def _released(tracks: Tracks, law: Charter, owner: str, to: str, now_s: float) -> Shared:
    nothing = np.zeros(len(tracks), np.uint8)
    return release(tracks, nothing, nothing, law, owner, to, now_s)


def _law(parties: int) -> Charter:
    """An agreement that releases every track to everyone."""
    names = [f"P{k}" for k in range(max(parties, 2))]
    lines = ['name = "all"\ntitle = "All is shown"\n[clauses]\n"1" = "Everything."']
    lines += ['[term]\nduration = "unlimited"\nclause = "1"\n[entry]\nclause = "1"\n[accession]\nclause = "1"']
    lines += ['[withdrawal]\nshared_data = "purge"\nclause = "1"']
    for name in names:
        lines.append(f'[[party]]\nid = "{name}"\nname = "{name}"\ngovernment = "{name}.gov"')
        lines.append(f'[[post]]\nid = "{name}.gov"\nparty = "{name}"\ntitle = "government"')
        others = [other for other in names if other != name]
        lines.append(
            f'[[release]]\nowner = "{name}"\nto = {others}\nkinds = "tracks"\nareas = "everywhere"\nclause = "1"'
        )
    acts = [("propose", names[0]), *(("sign", name) for name in names), ("enter_into_force", names[0])]
    lines += [f'[[act]]\nkind = "{act}"\nparty = "{who}"\nat = 2021-01-{k + 1:02}' for k, (act, who) in enumerate(acts)]
    return charter(parse("\n".join(lines), "all.toml"), NOON_S)


def figures(pictures: list[Picture], paths: Paths, meta: Meta, instants: F8) -> dict[str, float]:
    """Score of one party's pictures from 40 s on: as the bench scores tracks, and consistency at the same instants."""
    first = int(np.searchsorted(instants, WARM_UP_S))
    pictures, instants = pictures[first:], instants[first:]
    joined = Picture.concat(pictures)
    when = np.repeat(np.arange(len(instants)), [len(p) for p in pictures]).astype(np.int32)
    ours = Samples(
        when,
        joined.number.astype(np.int64),
        in_frame(joined.state, meta),
        np.arange(len(joined)),
        joined.age_s < STEP_S,
    )
    judged = judge(truth_at(paths, instants), ours, instants)
    plain = pronounce(judged).figures()
    turn = np.kron(np.eye(2), meta.axes)
    row = judged.pairs.tracks.row[judged.following.track_row]
    covariance = turn @ joined.covariance[row] @ turn.T
    instant = judged.pairs.truth.instant[judged.following.truth_row].astype(np.int64)
    shared = np.bitwise_count(joined.sources[row]) > 1
    said = {key: float(plain[key]) for key in KEPT}  # type: ignore[arg-type]
    gap = judged.following.gap
    said |= consistency(gap, covariance, instant)
    if shared.any():
        said |= {f"shared_{k}": v for k, v in consistency(gap[shared], covariance[shared], instant[shared]).items()}
        said["shared_median_m"] = float(np.median(np.hypot(gap[shared, 0], gap[shared, 1])))
    return said


def consistency(error: F8, covariance: F8, instant: Any) -> dict[str, float]:
    """NEES of horizontal position and velocity, its band, and the share of estimates beyond their 95 % ellipsoid."""
    said = nees(error, covariance, instant, FOUR)
    e, P = error[:, FOUR], covariance[:, FOUR][:, :, FOUR]
    d2 = np.einsum("ni,ni->n", e, np.linalg.solve(P, e[..., None])[..., 0])
    return {
        "nees": said.mean,
        "low": said.low,
        "high": said.high,
        "nees_median": float(np.median(d2)),
        "beyond": float((d2 > chi2.ppf(0.95, len(FOUR))).mean()),
    }


def independent() -> AbstractContextManager[Any]:
    """Within it estimates are joined as if their errors were independent: information adds up."""
    return mock.patch.object(FUSE, "intersect", _added)


def _added(state: F8, cov: F8) -> tuple[F8, F8]:
    info = np.linalg.inv(cov)
    joined = np.linalg.inv(info.sum(axis=1))
    return (joined @ (info @ state[..., None]).sum(axis=1))[..., 0], (joined + np.swapaxes(joined, 1, 2)) / 2


def _mean(parts: list[dict[str, float]]) -> dict[str, float]:
    return {key: float(np.mean([part[key] for part in parts])) for key in parts[0]}


def _say(way: str, said: dict[str, float]) -> None:
    print(
        f"{way:32s} GOSPA {said[GOSPA]:.0f} m, median error {said['pos_median_m']:.0f} m, velocity "
        f"{said['vel_rmse_ms']:.1f} m/s, complete {said['siap_completeness']:.3f}, spurious "
        f"{said['siap_spuriousness']:.3f}, doubles {said['multiple_tracks_per_instant']:.2f}, changes "
        f"{said['track_number_changes']:.0f}, NEES {said['nees']:.2f} (median {said['nees_median']:.2f}, beyond "
        f"{said['beyond']:.1%})"
        + (
            f"; seen by several: {said['shared_median_m']:.0f} m, {said['shared_nees']:.2f} "
            f"({said['shared_nees_median']:.2f}, {said['shared_beyond']:.1%})"
            if "shared_nees" in said
            else ""
        ),
        flush=True,
    )


# --- honest inputs


def matched(seed: int, motion: str) -> dict[str, dict[str, float]]:
    """Consistency of a party alone, of the fusion and of the naive one, where targets move as the trackers are told."""
    rng = np.random.default_rng([seed, MOTIONS.index(motion)])
    model = alone.MOTIONS[motion]
    never_s = 1e9
    only = Model(model.kind, model.across, model.along, never_s, model.turn_radps)
    config = TrackerConfig(flying=(only, only, only))
    sites, flights = alone.radars(rng), alone.fly(rng, model)
    instants = np.arange(STEP_S, alone.DURATION_S, STEP_S)
    found: dict[str, list[tuple[F8, F8, int]]] = {}
    for target in range(LONELY):
        plots = alone.hear(rng, sites, flights, target)
        plots = plots.replace(time_s=plots.time_s + NOON_S)
        for name, pictures in _told(sites, plots, instants, config).items():
            first = int(np.searchsorted(instants, WARM_UP_S))
            for k in range(first, len(instants)):
                true = flights.state[target, round(instants[k] / alone.GRID_S)]
                found.setdefault(name, []).extend(_miss(pictures[k], true, k))
    out = {}
    for name, misses in found.items():
        error, covariance, instant = (np.array(part) for part in zip(*misses, strict=True))
        out[name] = consistency(error, covariance, instant)
        out[name]["rmse_m"] = float(np.sqrt((error[:, :2] ** 2).sum(axis=1).mean()))
        print(
            f"{motion}, {name}: RMSE {out[name]['rmse_m']:.1f} m, NEES {out[name]['nees']:.2f} of 4 "
            f"(band {out[name]['low']:.2f} to {out[name]['high']:.2f}), beyond {out[name]['beyond']:.1%}",
            flush=True,
        )
    return out


def _told(sites: Sites, plots: Plots, instants: F8, config: TrackerConfig) -> dict[str, list[Picture]]:
    """The first party's pictures of one target, by how they are made."""
    out = {"central": _pictures([_heard(sites, plots, instants, LATE_S, config)], instants, 0)}
    for count, split in SPLITS.items():
        views = [_heard(sites.take(list(rows)), plots, instants, LATE_S, config) for rows in split]
        out[f"{count} parties, each alone"] = _pictures(views[:1], instants, 0)
        out[f"{count} parties, fused"] = _pictures(views, instants, 0)
        with independent():
            out[f"{count} parties, as if independent"] = _pictures(views, instants, 0)
    return out


def _miss(picture: Picture, true: F8, instant: int) -> list[tuple[F8, F8, int]]:
    """Error and covariance of the track nearest to the target, east, north, up; none if there is no track."""
    if not len(picture):
        return []
    nearest = int(np.argmin(np.linalg.norm(picture.state[:, :3] - true[:3], axis=1)))
    lat, lon, _ = geodetic(true[:3])
    turn = np.kron(np.eye(2), enu_axes(lat, lon))
    return [(turn @ (picture.state[nearest] - true), turn @ picture.covariance[nearest] @ turn.T, instant)]
