"""Verdict: everything that is said of tracks whose truth is known.

of_scenario    a track folder against a bench's scenario folder
of_recording   a party's pictures against the exercise they were made in
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from skyaccord.columns import F8, I4, I8, Bool
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.errors import InputError
from skyaccord.exercise.along import Paths, along
from skyaccord.exercise.bench import (
    DROPPED,
    UPDATED,
    Meta,
    Reports,
    read_labels,
    read_scenario,
    read_tracks,
    read_truth,
)
from skyaccord.exercise.bounds import (
    FLIES,
    SOMEWHERE,
    Against,
    Glimpses,
    against,
    bound,
    information,
    known_controls,
    matched,
)
from skyaccord.exercise.figures import (
    CONSISTENCY,
    CUT_M,
    EARTH,
    FLAT,
    UPDATE_S,
    Continuity,
    Following,
    Frame,
    Gospa,
    Nees,
    Pairs,
    Samples,
    Siap,
    Surveillance,
    continuity,
    follow_targets,
    gospa,
    match,
    nees,
    siap,
    surveillance,
)
from skyaccord.exercise.hear import in_view, looks, primary_probability
from skyaccord.exercise.kernels import rows_at
from skyaccord.exercise.scenario import NO_TRANSPONDER, Scenario
from skyaccord.exercise.truth import Truth
from skyaccord.picture import Picture
from skyaccord.record import Recording
from skyaccord.sensors import Plots, Sites, row_of

WARM_UP_S, STEP_S = 40.0, 5.0  # of the bench: tracks are asked for at 40, 45, ... s
START_S = 60.0  # of an exercise: its pictures are asked for from then on
LEAST_CHANCE = 0.01  # a look that succeeds more rarely is none
SEEN_S = 12.0  # a target counts as covered for so long after an antenna passed it in view


@dataclass(frozen=True)
class Verdict:
    """Every figure of one tracker on one scenario."""

    gospa: Gospa
    siap: Siap
    continuity: Continuity
    surveillance: Surveillance
    consistency: Mapping[str, Nees]  # by set of components; empty: the tracks carry no covariance
    bounds: Mapping[str, Against]  # by motion; empty: what was heard is not known

    def figures(self) -> dict[str, object]:
        """Plain JSON: the names of the bench's scorer where it has the figure too; NaN as null."""
        flat = {**asdict(self.gospa), **asdict(self.siap), **asdict(self.continuity), **asdict(self.surveillance)}
        for prefix, parts in (("nees", self.consistency), ("bound", self.bounds)):
            for name, part in parts.items():
                flat |= {f"{prefix}_{name}_{key}": value for key, value in asdict(part).items()}
        return {key: None if isinstance(v, float) and not np.isfinite(v) else v for key, v in flat.items()}


@dataclass(frozen=True, eq=False)
class Judged:
    """Pairs at the instants, and which stand."""

    pairs: Pairs
    following: Following


def judge(truth: Samples, tracks: Samples, times_s: F8, frame: Frame = FLAT, cut_m: float = CUT_M) -> Judged:
    """Match tracks with targets at every instant."""
    pairs = match(truth, tracks, times_s, frame, cut_m)
    return Judged(pairs, follow_targets(pairs))


def pronounce(
    judged: Judged,
    consistency: Mapping[str, Nees] | None = None,
    bounds: Mapping[str, Against] | None = None,
    entry_s: F8 | None = None,
    birth_s: F8 | None = None,
) -> Verdict:
    """All figures of what was judged."""
    pairs, following = judged.pairs, judged.following
    return Verdict(
        gospa(pairs),
        siap(pairs),
        continuity(pairs, following),
        surveillance(pairs, following, entry_s, birth_s),
        consistency or {},
        bounds or {},
    )


def of_scenario(
    scenario: Path, tracks: Path, *, until_s: float | None = None, bounded: bool = True, cut_m: float = CUT_M
) -> Verdict:
    """Score a track folder against a scenario folder by the bench's rules. Raises InputError.

    At 40, 45, ... s up to before the end (or `until_s`) each track is what its last row says, moved on by its own
    velocity; targets outside all coverage do not count. `bounded`: the Cramer-Rao bounds too.
    """
    sites, plots, meta = read_scenario(scenario)
    paths = read_truth(scenario)
    reports, covariance = read_tracks(tracks)
    end_s = meta.duration_s if until_s is None else until_s
    times = np.arange(WARM_UP_S, end_s - 1e-6, STEP_S)
    if not len(times):
        raise InputError(f"{scenario}: ends at {end_s:g} s; the score begins at {WARM_UP_S:g} s")
    truth, ours = truth_at(paths, times), reported_at(reports, times)
    judged = judge(truth, ours, times, FLAT, cut_m)
    pairs = judged.pairs
    consistency = {} if covariance is None else consistent(judged, paths, reports, covariance)
    limits = {}
    if bounded:
        limits = limits_of(judged, paths, glimpses_of(paths, sites, plots, read_labels(scenario, len(plots)), meta))
    return pronounce(
        judged, consistency, limits, entries(paths, pairs.truth.number), births(reports, pairs.tracks.number)
    )


def truth_at(paths: Paths, times_s: F8) -> Samples:
    """Covered targets at the instants (T,): the rows of the truth within a microsecond of them."""
    instant = np.clip(np.searchsorted(times_s, paths.time_s - 1e-6), 0, len(times_s) - 1)
    rows = np.flatnonzero((np.abs(paths.time_s - times_s[instant]) < 1e-6) & paths.covered)
    return Samples(
        instant[rows].astype(np.int32), paths.truth_id[rows], paths.state[rows], rows, np.ones(len(rows), bool)
    )


def reported_at(reports: Reports, times_s: F8) -> Samples:
    """Tracks at the instants (T,): the last row of each, moved by its own velocity."""
    numbers, first = np.unique(reports.number, return_index=True)
    rows = rows_at(np.append(first, len(reports)), reports.time_s, reports.status == DROPPED, times_s)
    track, instant = np.nonzero(rows >= 0)
    row = rows[track, instant]
    state = reports.state[row].copy()
    state[:, :3] += state[:, 3:] * (times_s[instant] - reports.time_s[row])[:, None]
    heard = np.maximum.accumulate(np.where(reports.status == UPDATED, np.arange(len(reports)), -1))[row]
    fresh = (heard >= first[track]) & (reports.time_s[heard] > times_s[instant] - UPDATE_S)
    return Samples(instant.astype(np.int32), numbers[track], state, row, fresh)


def entries(paths: Paths, number: I8) -> F8:
    """First covered second of each target that was scored, in order of number."""
    rows = np.flatnonzero(paths.covered)
    ids, first = np.unique(paths.truth_id[rows], return_index=True)
    return paths.time_s[rows[first[np.searchsorted(ids, np.unique(number))]]]


def births(reports: Reports, number: I8) -> F8:
    """Time of the first row of each track that was scored, in order of number."""
    ids, first = np.unique(reports.number, return_index=True)
    return reports.time_s[first[np.searchsorted(ids, np.unique(number))]]


def consistent(judged: Judged, paths: Paths, reports: Reports, covariance: F8) -> dict[str, Nees]:
    """NEES of the rows behind the pairs, each at its own time, the truth taken there too."""
    pairs, following = judged.pairs, judged.following
    row = pairs.tracks.row[following.track_row]
    true = along(paths, pairs.truth.number[following.truth_row], reports.time_s[row])
    instant = pairs.truth.instant[following.truth_row].astype(np.int64)
    error = reports.state[row] - true
    return {name: nees(error, covariance[row], instant, parts) for name, parts in CONSISTENCY.items()}


def limits_of(judged: Judged, paths: Paths, glimpses: Glimpses) -> dict[str, Against]:
    """Both bounds at every scored truth row, and the tracks beside them."""
    pairs, following = judged.pairs, judged.following
    number, time_s = pairs.truth.number, pairs.times_s[pairs.truth.instant]
    out = {}
    for name, densities, prior, turns in (
        ("known_controls", known_controls(paths), SOMEWHERE, True),
        ("matched_model", matched(paths), FLIES, False),
    ):
        least = bound(paths, glimpses, number, time_s, densities, prior, turns)
        variance = least[:, 0, 0] + least[:, 1, 1]
        out[name] = against(variance, following.truth_row, following.distance_m, pairs.cut_m)
    return out


def glimpses_of(paths: Paths, sites: Sites, plots: Plots, labels: I4, meta: Meta) -> Glimpses:
    """The plots that targets gave, as information about positions in the bench's common frame."""
    rows = np.flatnonzero(labels >= 0)
    rows = rows[np.lexsort((plots.time_s[rows], labels[rows]))]
    ids, axes = labels[rows].astype(np.int64), meta.axes
    place = along(paths, ids, plots.time_s[rows])[:, :3]
    known = np.isfinite(place[:, 0])
    rows, ids, place = rows[known], ids[known], place[known]
    gain = information(
        place @ axes + meta.origin, sites, row_of(sites, plots.source[rows]), np.isfinite(plots.height_m[rows])
    )
    return Glimpses(ids, plots.time_s[rows], axes @ gain @ axes.T, np.ones(len(rows)))


@dataclass(frozen=True, eq=False)
class Flown:
    """An exercise's truth as the score needs it; the frame is ECEF, that of the looks local to each target."""

    paths: Paths
    glimpses: Glimpses | None  # of all parties' sensors; None: the recording does not hold its scenario


def flown(truth: Truth, scenario: Scenario | None) -> Flown:
    """The exercise's targets, what covers them, and what each look at them is worth.

    Without a scenario everything counts as covered.
    """
    order = np.lexsort((truth.time_s, truth.truth_id))
    truth = truth.take(order)
    if scenario is None:
        return Flown(_paths(truth, np.ones(len(truth), bool)), None)
    parts, covered = [], np.zeros(len(truth), bool)
    for sensor in range(len(scenario.sites)):
        part, seen = _glimpses(scenario, sensor, truth)
        parts.append(part)
        covered |= seen
    joined = Glimpses.concat(parts)
    return Flown(_paths(truth, covered), joined.take(np.lexsort((joined.time_s, joined.truth_id))))


def _paths(truth: Truth, covered: Bool) -> Paths:
    local = np.einsum("nij,nj->ni", enu_axes(truth.lat_rad, truth.lon_rad), truth.state[:, 3:])
    course = np.arctan2(local[:, 0], local[:, 1])
    turn = np.zeros(len(truth))
    dt = np.diff(truth.time_s)
    same = (truth.truth_id[1:] == truth.truth_id[:-1]) & (dt > 0)
    turn[:-1][same] = ((np.diff(course) + np.pi) % (2 * np.pi) - np.pi)[same] / dt[same]
    return Paths(truth.truth_id.astype(np.int64), truth.time_s, truth.state, turn, covered)


def _glimpses(scenario: Scenario, sensor: int, truth: Truth) -> tuple[Glimpses, Bool]:
    """What one sensor's looks are worth, and the seconds of the truth that it covers."""
    look = looks(scenario, sensor, truth)
    look = look.take(in_view(scenario, sensor, look))
    answers = (truth.transponder[look.row] != NO_TRANSPONDER) & scenario.radars.secondary[sensor]
    primary = primary_probability(scenario, sensor, look.range_m, truth.rcs_m2[look.row])
    found = 1 - (1 - primary) * np.where(answers, 1 - scenario.radars.pd_secondary[sensor], 1.0)
    worth = found > LEAST_CHANCE
    look, found, answers = look.take(worth), found[worth], answers[worth]
    height = answers | bool(scenario.radars.measures_height[sensor])
    row = np.full(len(look), sensor)
    gain = information(ecef(look.lat_rad, look.lon_rad, look.height_m), scenario.sites, row, height)
    axes = enu_axes(look.lat_rad, look.lon_rad)
    local = axes @ gain @ axes.transpose(0, 2, 1) * found[:, None, None]
    glimpses = Glimpses(truth.truth_id[look.row].astype(np.int64), look.time_s, local, found)
    return glimpses, _seconds_seen(truth, glimpses)


def _seconds_seen(truth: Truth, glimpses: Glimpses) -> Bool:
    """Rows of the truth with a look in the SEEN_S before: (N,)."""
    order = np.lexsort((glimpses.time_s, glimpses.truth_id))
    span = float(np.ptp(truth.time_s)) + 2 * SEEN_S if len(truth) else 1.0
    start = truth.time_s.min() if len(truth) else 0.0
    key = glimpses.truth_id[order] * span + glimpses.time_s[order] - start
    at = truth.truth_id * span + truth.time_s - start
    return np.asarray(np.searchsorted(key, at, "right") > np.searchsorted(key, at - SEEN_S, "right"))


def of_recording(recording: Recording, party: str, sky: Flown) -> Verdict:
    """Score a party's pictures against the truth of their exercise, every STEP_S after the first minute.

    Targets that no sensor of any party has in view do not count; the bound is that of all sensors together.
    """
    steps = recording.steps(party)
    stride = max(round(STEP_S / recording.manifest.step_s), 1)
    times = steps[steps >= recording.manifest.start_s + START_S][::stride]
    if not len(times):
        raise InputError(f"{recording.folder}: {party} has no picture after its first {START_S:g} s; nothing to score")
    pictures = [recording.picture(party, float(time_s)) for time_s in times]
    instant = np.repeat(np.arange(len(times)), [len(p) for p in pictures]).astype(np.int32)
    joined = Picture.concat(pictures)
    ours = Samples(
        instant, joined.number.astype(np.int64), joined.state, np.arange(len(joined)), joined.age_s < UPDATE_S
    )
    judged = judge(truth_at(sky.paths, times), ours, times, EARTH)
    pairs, following = judged.pairs, judged.following
    axes = EARTH.axes(pairs.truth.state[following.truth_row, :3])
    turn = np.zeros((len(axes), 6, 6))
    turn[:, :3, :3] = turn[:, 3:, 3:] = axes
    covariance = turn @ joined.covariance[pairs.tracks.row[following.track_row]] @ turn.transpose(0, 2, 1)
    when = pairs.truth.instant[following.truth_row].astype(np.int64)
    consistency = {name: nees(following.gap, covariance, when, parts) for name, parts in CONSISTENCY.items()}
    limits = {} if sky.glimpses is None else limits_of(judged, sky.paths, sky.glimpses)
    return pronounce(
        judged,
        consistency,
        limits,
        entries(sky.paths, pairs.truth.number),
        _first_seen(recording, party, pairs.tracks.number),
    )


def _first_seen(recording: Recording, party: str, number: I8) -> F8:
    """Step at which each picture's track that was scored first appeared, in order of number."""
    steps = recording.steps(party)
    seen = [recording.picture(party, float(time_s)).number for time_s in steps]
    ids, first = np.unique(np.concatenate(seen), return_index=True)
    when = np.repeat(steps, [len(numbers) for numbers in seen])
    return np.asarray(when[first[np.searchsorted(ids, np.unique(number))]])
