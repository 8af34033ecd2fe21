"""Figures: how good tracks are against truth, at common instants.

    Samples    what there is at the instants: one row an object and instant
    match      which track is on which target: every pair within reach, then the best set of pairs
    gospa, ospa, siap, continuity, surveillance, consistency   the figures

GOSPA: A. S. Rahmathullah, A. F. Garcia-Fernandez, L. Svensson, FUSION 2017 (p = 2, alpha = 2). OSPA: D. Schuhmacher,
B.-T. Vo, B.-N. Vo, IEEE Trans. Signal Processing 56 (2008), assigned by distance. SIAP: P. Votruba et al., "Single
Integrated Air Picture (SIAP) Metrics Implementation" (2001). Surveillance: after EUROCONTROL-SPEC-147 (ESASSP).
Errors are horizontal where nothing else is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from scipy.stats import chi2

from skyaccord.columns import F8, I4, I8, Bool, Columns, column
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.exercise.kernels import settle

CUT_M = 2000.0  # beyond it a track is not on a target
PAIRS_CONFIRM, MISSES_END = 2, 2  # SIAP: instants running until a track belongs to a target, and no longer does
ERROR_LIMIT_M = 926.0  # half a nautical mile: ESASSP's limit for three positions running, 3 NM separation
UPDATE_S = 5.0  # ESASSP's measurement interval, 3 NM separation
LONG_GAP_S = 16.5  # three measurement intervals and a tenth
SLOW_MPS = 25.0  # below it a heading means little


@dataclass(frozen=True, eq=False)
class Samples(Columns):
    """What there is at the scoring instants, of truth or of tracks: one row an object and instant."""

    instant: I4 = column("i4")  # index of the instant
    number: I8 = column("i8")  # of the target or the track
    state: F8 = column("f8", 6)  # x y z vx vy vz in one frame for all
    row: I8 = column("i8")  # where it came from: the row of the file or picture
    fresh: Bool = column("?")  # a plot has come in within the last measurement interval


@dataclass(frozen=True)
class Frame:
    """How states of truth and tracks compare."""

    ground: Callable[[F8], F8]  # (N, 3) positions -> (N, k) points of the ground whose distance is the horizontal one
    gap: Callable[[F8, F8], F8]  # (N, 6) truth, (N, 6) track -> (N, 6) east, north, up and their rates, track - truth
    axes: Callable[[F8], F8]  # (N, 3) positions -> (N, 3, 3) rows east, north, up


def _flat_axes(position: F8) -> F8:
    return np.broadcast_to(np.eye(3), (len(position), 3, 3))


def _earth_axes(position: F8) -> F8:
    lat, lon, _ = geodetic(position)
    return enu_axes(lat, lon)


def _earth_ground(position: F8) -> F8:
    lat, lon, _ = geodetic(position)
    return ecef(lat, lon, 0.0)


def _earth_gap(truth: F8, track: F8) -> F8:
    axes, gap = _earth_axes(truth[:, :3]), track - truth
    local = np.einsum("nij,nkj->nki", axes, gap.reshape(-1, 2, 3))
    return np.asarray(local.reshape(-1, 6))


FLAT = Frame(lambda position: position[:, :2], lambda truth, track: track - truth, _flat_axes)
EARTH = Frame(_earth_ground, _earth_gap, _earth_axes)  # ECEF; east, north, up at the truth


@dataclass(frozen=True, eq=False)
class Pairs:
    """Every pair within reach at every instant, and which of them stand."""

    times_s: F8  # (T,) instants
    cut_m: float
    frame: Frame
    truth: Samples
    tracks: Samples
    target: I8  # (N,) index of the target of each truth row, from 0
    follower: I8  # (M,) index of the track of each track row, from 0
    left: I8  # (E,) truth row of each pair within reach
    right: I8  # (E,) track row
    gap: F8  # (E, 6) east, north, up and their rates
    distance_m: F8  # (E,) horizontal
    group: I8  # (E,) pairs of one group compete with one another

    @property
    def targets(self) -> int:
        """Number of targets that were there at some instant."""
        return int(self.target.max()) + 1 if len(self.target) else 0

    @property
    def followers(self) -> int:
        """Number of tracks that were there at some instant."""
        return int(self.follower.max()) + 1 if len(self.follower) else 0


def match(truth: Samples, tracks: Samples, times_s: F8, frame: Frame = FLAT, cut_m: float = CUT_M) -> Pairs:
    """Find every pair of a target and a track nearer than `cut_m` at the same instant.

    Instants are the indices of `times_s` (T,), ascending. Only what is within reach of one another is ever compared, so
    that the cost grows with the number of pairs.
    """
    truth = truth.take(np.lexsort((truth.number, truth.instant)))
    tracks = tracks.take(np.lexsort((tracks.number, tracks.instant)))
    left, right = _within_reach(truth, tracks, frame, cut_m)
    gap = frame.gap(truth.state[left], tracks.state[right])
    distance = np.hypot(gap[:, 0], gap[:, 1])
    near = distance < cut_m
    left, right, gap, distance = left[near], right[near], gap[near], distance[near]
    n, m = len(truth), len(tracks)
    graph = coo_array((np.ones(len(left), np.int8), (left, n + right)), shape=(n + m, n + m))
    group = connected_components(graph, directed=False)[1][left].astype(np.int64)
    order = np.argsort(group, kind="stable")  # groups are numbered by their first truth row: in order of time too
    return Pairs(
        np.asarray(times_s, float),
        cut_m,
        frame,
        truth,
        tracks,
        np.unique(truth.number, return_inverse=True)[1].astype(np.int64),
        np.unique(tracks.number, return_inverse=True)[1].astype(np.int64),
        left[order],
        right[order],
        gap[order],
        distance[order],
        group[order],
    )


def _within_reach(truth: Samples, tracks: Samples, frame: Frame, cut_m: float) -> tuple[I8, I8]:
    """Rows of truth and of tracks that may be nearer than `cut_m`: instants lie far apart on an axis of their own."""
    if not len(truth) or not len(tracks):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    trees = [
        cKDTree(np.column_stack([frame.ground(s.state[:, :3]), 10 * cut_m * s.instant.astype(float)]))
        for s in (truth, tracks)
    ]
    found = trees[0].sparse_distance_matrix(trees[1], 1.01 * cut_m, output_type="ndarray")
    order = np.lexsort((found["j"], found["i"]))
    return found["i"][order].astype(np.int64), found["j"][order].astype(np.int64)


@dataclass(frozen=True, eq=False)
class _Contests:
    """Groups in which a choice is to be made; elsewhere there is one pair."""

    alone: Bool  # (E,) pairs that nothing competes with
    edges: tuple[slice, ...]  # pairs of each group
    rows: tuple[I8, ...]  # local row of each pair
    columns: tuple[I8, ...]
    instant: I8  # (G,)


def _contests(pairs: Pairs) -> _Contests:
    first = np.flatnonzero(np.diff(pairs.group, prepend=-1))
    size = np.diff(np.append(first, len(pairs.group)))
    alone = np.zeros(len(pairs.group), bool)
    alone[first[size == 1]] = True
    edges = tuple(slice(int(a), int(a + k)) for a, k in zip(first, size, strict=True) if k > 1)
    rows = tuple(np.unique(pairs.left[e], return_inverse=True)[1] for e in edges)
    columns = tuple(np.unique(pairs.right[e], return_inverse=True)[1] for e in edges)
    instant = np.array([pairs.truth.instant[pairs.left[e.start]] for e in edges], np.int64)
    return _Contests(alone, edges, rows, columns, instant)


def _settle_contest(gain: F8, rows: I8, columns: I8) -> I8:
    """The pairs of one group that stand: those of the greatest total gain, each row and column once."""
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    which = np.full(table.shape, -1)
    table[rows, columns], which[rows, columns] = gain, np.arange(len(rows))
    chosen = which[linear_sum_assignment(table, maximize=True)]
    picked: I8 = chosen[chosen >= 0]
    return picked


def _best(contests: _Contests, gain: F8) -> Bool:
    """Which pairs stand (E,), by the greatest total gain in each group."""
    stands = contests.alone.copy()
    for e, rows, columns in zip(contests.edges, contests.rows, contests.columns, strict=True):
        stands[e.start + _settle_contest(gain[e], rows, columns)] = True
    return stands


@dataclass(frozen=True)
class Gospa:
    """Generalised optimal sub-pattern assignment, p = 2 and alpha = 2, and OSPA beside it."""

    instants: int
    mean_truths: float
    gospa_mean: float  # over instants, m
    gospa_rms: float
    gospa_rms_per_sqrt_target: float
    gospa_loc_rms: float  # the parts: their squares add up to that of gospa_rms
    gospa_missed_rms: float
    gospa_false_rms: float
    missed_per_instant: float
    false_per_instant: float
    ospa_mean: float


def gospa(pairs: Pairs) -> Gospa:
    """GOSPA with its parts, and OSPA, over all instants."""
    contests, c2, count = _contests(pairs), pairs.cut_m**2, len(pairs.times_s)
    when = pairs.truth.instant[pairs.left]
    here = np.bincount(pairs.truth.instant, minlength=count)
    ours = np.bincount(pairs.tracks.instant, minlength=count)
    d2 = pairs.distance_m**2
    stands = _best(contests, c2 - d2)
    located = np.bincount(when[stands], d2[stands], count)
    met = np.bincount(when[stands], minlength=count)
    missed, false = c2 / 2 * (here - met), c2 / 2 * (ours - met)
    squared = located + missed + false
    stands = _best(contests, pairs.cut_m - pairs.distance_m)
    most = np.maximum(here, ours)
    pattern = np.bincount(when[stands], d2[stands], count)
    pattern = pattern + c2 * (most - np.bincount(when[stands], minlength=count))
    there = most > 0
    targets = here.mean() if count else 0.0
    return Gospa(
        instants=count,
        mean_truths=float(targets),
        gospa_mean=_mean(np.sqrt(squared)),
        gospa_rms=_root_mean(squared),
        gospa_rms_per_sqrt_target=float(np.sqrt(squared.mean() / targets)) if targets else np.nan,
        gospa_loc_rms=_root_mean(located),
        gospa_missed_rms=_root_mean(missed),
        gospa_false_rms=_root_mean(false),
        missed_per_instant=_mean(here - met),
        false_per_instant=_mean(ours - met),
        ospa_mean=_mean(np.sqrt(pattern[there] / most[there])),
    )


@dataclass(frozen=True)
class Siap:
    """The single integrated air picture's attributes; a track belongs to its nearest target once it was so twice."""

    siap_completeness: float  # share of targets that a track belongs to
    siap_ambiguity: float  # tracks a target that has any
    siap_spuriousness: float  # share of tracks that belong to none
    siap_pos_acc_m: float  # mean distance
    siap_vel_acc_ms: float
    siap_track_changes_per_s: float
    siap_longest_segment: float  # share of a target's life in its longest track


def siap(pairs: Pairs) -> Siap:
    """SIAP attributes over all instants."""
    owned = _belonging(pairs)
    rows = _spread(pairs, owned)  # (S, 4): track, target, truth row, track row at each instant of each stretch
    count = len(pairs.times_s)
    instant = pairs.truth.instant[rows[:, 2]].astype(np.int64)
    covered = len(np.unique(rows[:, 1] * count + instant))
    belonging = len(np.unique(rows[:, 0] * count + instant))
    gap = pairs.frame.gap(pairs.truth.state[rows[:, 2]], pairs.tracks.state[rows[:, 3]])
    changes, tracked, longest, lived = 0, 0.0, 0.0, 0.0
    present = _present(pairs.target, pairs.truth.instant, pairs.targets, count)
    begins = np.searchsorted(owned[:, 1], np.arange(pairs.targets + 1))
    for target in range(pairs.targets):
        mine, on = owned[begins[target] : begins[target + 1]], np.flatnonzero(present[target] >= 0)
        lived += float(pairs.times_s[on[-1]] - pairs.times_s[on[0]])
        if len(mine):
            changes += _tracks_needed(mine, on) - 1
            tracked += _time_tracked(mine, on, pairs.times_s)
            longest += _longest(mine, pairs.times_s)
    return Siap(
        siap_completeness=_share(covered, len(pairs.truth)),
        siap_ambiguity=belonging / covered if covered else 1.0,
        siap_spuriousness=_share(len(pairs.tracks) - belonging, len(pairs.tracks)),
        siap_pos_acc_m=float(np.hypot(gap[:, 0], gap[:, 1]).sum() / max(belonging, 1)),
        siap_vel_acc_ms=float(np.hypot(gap[:, 3], gap[:, 4]).sum() / max(belonging, 1)),
        siap_track_changes_per_s=changes / tracked if tracked else 0.0,
        siap_longest_segment=longest / lived if lived else 0.0,
    )


def _belonging(pairs: Pairs) -> I8:
    """(A, 4) track, target, first and last instant of each stretch in which a track belongs to a target, by target."""
    nearest = np.full(len(pairs.tracks), -1, np.int64)
    order = np.lexsort((-pairs.distance_m, pairs.right))  # the nearest is written last
    nearest[pairs.right[order]] = pairs.target[pairs.left[order]]
    order = np.lexsort((pairs.tracks.instant, pairs.follower))
    first = np.searchsorted(pairs.follower[order], np.arange(pairs.followers + 1))
    owned = settle(first, pairs.tracks.instant[order], nearest[order], PAIRS_CONFIRM, MISSES_END)
    sorted_: I8 = owned[np.argsort(owned[:, 1], kind="stable")]
    return sorted_


def _present(index: I8, instant: I4, things: int, count: int) -> I8:
    """(things, T) row of each thing at each instant, -1 where it is absent."""
    table = np.full((things, count), -1, np.int64)
    table[index, instant] = np.arange(len(index))
    return table


def _spread(pairs: Pairs, owned: I8) -> I8:
    """Each instant of each stretch at which both are there: (S, 4) track, target, truth row, track row."""
    count = len(pairs.times_s)
    length = owned[:, 3] - owned[:, 2] + 1
    which = np.repeat(np.arange(len(owned)), length)
    instant = owned[which, 2] + np.arange(len(which)) - np.repeat(np.cumsum(length) - length, length)
    truth_row = _present(pairs.target, pairs.truth.instant, pairs.targets, count)[owned[which, 1], instant]
    track_row = _present(pairs.follower, pairs.tracks.instant, pairs.followers, count)[owned[which, 0], instant]
    rows = np.stack([owned[which, 0], owned[which, 1], truth_row, track_row], axis=1)
    return np.asarray(rows[(truth_row >= 0) & (track_row >= 0)])


def _tracks_needed(mine: I8, on: I8) -> int:
    """Fewest tracks that follow a target one after another: at each turn the one that holds out longest."""
    stretches = {track: mine[mine[:, 0] == track, 2:] for track in np.unique(mine[:, 0])}
    lasting = sorted(stretches.values(), key=lambda parts: -int(parts.max()))
    needed, k = 0, 0
    while k < len(on):
        holding = [parts for parts in lasting if ((parts[:, 0] <= on[k]) & (on[k] <= parts[:, 1])).any()]
        if not holding:
            k += 1
            continue
        needed += 1
        begins, ends = holding[0][:, 0], holding[0][:, 1]
        end = ends[ends > on[k]].min() if on[k] in begins else ends[ends >= on[k]].min()
        if end <= on[k]:
            break
        k = int(np.searchsorted(on, end)) + 1
    return needed


def _time_tracked(mine: I8, on: I8, times_s: F8) -> float:
    """Time between neighbouring instants of a target's life over which some track belonged to it."""
    a, b = on[:-1, None], on[1:, None]
    held = ((mine[:, 2] <= a) & (b <= mine[:, 3])).any(axis=1)
    return float((times_s[on[1:]] - times_s[on[:-1]])[held].sum())


def _longest(mine: I8, times_s: F8) -> float:
    """Longest time, in sum, that one track belonged to the target."""
    _, track = np.unique(mine[:, 0], return_inverse=True)
    return float(np.bincount(track, times_s[mine[:, 3]] - times_s[mine[:, 2]]).max())


@dataclass(frozen=True, eq=False)
class Following:
    """Which pairs stand when a track keeps its target while it can, in order of time."""

    truth_row: I8  # (P,)
    track_row: I8  # (P,)
    gap: F8  # (P, 6)
    distance_m: F8  # (P,)
    number_changes: int  # a target goes over to another track
    swaps: int  # of them, to one that was on another target


def follow_targets(pairs: Pairs) -> Following:
    """Pair targets and tracks instant by instant; a pair that stood before counts half its squared distance."""
    contests, count, c2 = _contests(pairs), len(pairs.times_s), pairs.cut_m**2
    target, follower = pairs.target[pairs.left], pairs.follower[pairs.right]
    edge = np.searchsorted(pairs.truth.instant[pairs.left], np.arange(count + 1))
    contest = np.searchsorted(contests.instant, np.arange(count + 1))
    stands, last = contests.alone.copy(), np.full(pairs.targets, -1, np.int64)
    begun = np.full(pairs.targets, np.iinfo(np.int64).max)  # when a target was first followed, as a running number
    seniority = _seniority(pairs)
    changes = swaps = 0
    for j in range(count):
        for g in range(contest[j], contest[j + 1]):
            e = contests.edges[g]
            weight = np.where(last[target[e]] == follower[e], 0.5, 1.0)
            gain = c2 - weight * pairs.distance_m[e] ** 2
            stands[e.start + _settle_contest(gain, contests.rows[g], contests.columns[g])] = True
        now = edge[j] + np.flatnonzero(stands[edge[j] : edge[j + 1]])
        i, k = target[now], follower[now]
        holder = np.full(pairs.followers, -1, np.int64)
        known = np.argsort(begun, kind="stable")
        known = known[last[known] >= 0]
        holder[last[known]] = known  # of two, the one followed later
        other = (last[i] >= 0) & (last[i] != k)
        changes += int(other.sum())
        swaps += int((other & (holder[k] >= 0) & (holder[k] != i)).sum())
        new = i[last[i] < 0]
        begun[new] = j * pairs.targets + seniority[new]
        last[i] = k
    rows = np.flatnonzero(stands)
    return Following(pairs.left[rows], pairs.right[rows], pairs.gap[rows], pairs.distance_m[rows], changes, swaps)


def _seniority(pairs: Pairs) -> I8:
    """Order in which targets first appear, then by number: (targets,)."""
    first = np.full(pairs.targets, len(pairs.times_s))
    np.minimum.at(first, pairs.target, pairs.truth.instant)
    rank = np.empty(pairs.targets, np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(pairs.targets)
    return rank


@dataclass(frozen=True)
class Continuity:
    """Errors and continuity of the pairs that stand."""

    pos_rmse_m: float
    pos_median_m: float
    pos_p95_m: float
    vel_rmse_ms: float
    z_rmse_m: float
    tracks_total: int
    tracks_never_matched: int
    truths_never_tracked: int
    track_number_changes: int
    id_swaps: int
    tracked_fraction: float


def continuity(pairs: Pairs, following: Following) -> Continuity:
    """How near, how long, and under how many numbers targets are followed."""
    d = following.distance_m
    return Continuity(
        pos_rmse_m=_root_mean(d**2),
        pos_median_m=float(np.median(d)) if len(d) else np.nan,
        pos_p95_m=float(np.percentile(d, 95)) if len(d) else np.nan,
        vel_rmse_ms=_root_mean((following.gap[:, 3:5] ** 2).sum(axis=1)),
        z_rmse_m=_root_mean(following.gap[:, 2] ** 2),
        tracks_total=pairs.followers,
        tracks_never_matched=pairs.followers - len(np.unique(pairs.follower[following.track_row])),
        truths_never_tracked=pairs.targets - len(np.unique(pairs.target[following.truth_row])),
        track_number_changes=following.number_changes,
        id_swaps=following.swaps,
        tracked_fraction=_share(len(d), len(pairs.truth)),
    )


@dataclass(frozen=True)
class Surveillance:
    """Figures after EUROCONTROL-SPEC-147 (ESASSP), those of 3 NM separation; its flight-by-flight ones are left out."""

    update_probability: float  # share of positions due that came with a plot within the last measurement interval
    errors_beyond_926m: float  # share of positions
    errors_beyond_926m_in_threes: float  # share of positions in three or more such running
    gaps_long: int  # of more than LONG_GAP_S between two positions of one target
    missed_in_long_gaps: float  # share of positions due
    false_tracks_per_instant: float  # with no target within reach
    multiple_tracks_per_instant: float  # beside another on the same target
    initiation_median_s: float  # from a target's entry into coverage to the first row of its first track
    initiation_p95_s: float
    speed_rmse_ms: float
    heading_rmse_deg: float  # of targets faster than SLOW_MPS


def surveillance(
    pairs: Pairs, following: Following, entry_s: F8 | None = None, birth_s: F8 | None = None
) -> Surveillance:
    """ESASSP-like figures; `entry_s` (targets,) and `birth_s` (tracks,), in order of number, give the delays."""
    due = len(pairs.truth)
    instant = pairs.truth.instant[following.truth_row].astype(np.int64)
    target = pairs.target[following.truth_row]
    order = np.lexsort((instant, target))
    gaps, missed = _long_gaps(pairs, target[order], instant[order])
    far = following.distance_m[order] > ERROR_LIMIT_M
    idle = np.ones(len(pairs.tracks), bool)
    idle[following.track_row] = False
    near = np.zeros(len(pairs.tracks), bool)
    near[pairs.right] = True
    delay = _delays(pairs, following, order, entry_s, birth_s)
    speed, heading = _course(pairs, following)
    count = max(len(pairs.times_s), 1)
    return Surveillance(
        update_probability=_share(int(pairs.tracks.fresh[following.track_row].sum()), due),
        errors_beyond_926m=_share(int(far.sum()), len(far)),
        errors_beyond_926m_in_threes=_share(_in_threes(far, target[order], instant[order]), len(far)),
        gaps_long=gaps,
        missed_in_long_gaps=_share(missed, due),
        false_tracks_per_instant=int((idle & ~near).sum()) / count,
        multiple_tracks_per_instant=int((idle & near).sum()) / count,
        initiation_median_s=float(np.median(delay)) if len(delay) else np.nan,
        initiation_p95_s=float(np.percentile(delay, 95)) if len(delay) else np.nan,
        speed_rmse_ms=_root_mean(speed**2),
        heading_rmse_deg=float(np.degrees(_root_mean(heading**2))),
    )


def _long_gaps(pairs: Pairs, target: I8, instant: I8) -> tuple[int, int]:
    """Number of long gaps, and of positions due in them: pairs in order of target, then time."""
    there = _present(pairs.target, pairs.truth.instant, pairs.targets, len(pairs.times_s)) >= 0
    present: I8 = np.cumsum(there, axis=1, dtype=np.int64)
    same = target[1:] == target[:-1]
    silent = same & (pairs.times_s[instant[1:]] - pairs.times_s[instant[:-1]] > LONG_GAP_S)
    due = present[target[1:], instant[1:]] - present[target[:-1], instant[:-1]] - 1
    silent &= due > 0  # out of coverage all the while: no gap
    return int(silent.sum()), int(due[silent].sum())


def _in_threes(far: Bool, target: I8, instant: I8) -> int:
    """Positions in runs of three or more large errors at neighbouring instants of one target."""
    broken = np.ones(len(far), bool)
    broken[1:] = (target[1:] != target[:-1]) | (np.diff(instant) != 1) | (far[1:] != far[:-1])
    run = np.cumsum(broken) - 1
    length = np.bincount(run)[run] if len(run) else run
    return int((far & (length >= 3)).sum())


def _delays(pairs: Pairs, following: Following, order: I8, entry_s: F8 | None, birth_s: F8 | None) -> F8:
    if entry_s is None or birth_s is None:
        return np.empty(0)
    target = pairs.target[following.truth_row][order]
    seen, first = np.unique(target, return_index=True)
    track = pairs.follower[following.track_row[order[first]]]
    return np.maximum(birth_s[track] - entry_s[seen], 0.0)


def _course(pairs: Pairs, following: Following) -> tuple[F8, F8]:
    """Errors of speed (P,), and of heading (Q,) where the target is fast enough to have one."""
    truth = pairs.truth.state[following.truth_row]
    axes = pairs.frame.axes(truth[:, :3])
    true = np.einsum("nij,nj->ni", axes, truth[:, 3:])[:, :2]
    said = true + following.gap[:, 3:5]
    speed = np.hypot(*said.T) - np.hypot(*true.T)
    turn = np.arctan2(said[:, 0], said[:, 1]) - np.arctan2(true[:, 0], true[:, 1])
    heading = (turn + np.pi) % (2 * np.pi) - np.pi
    return speed, heading[np.hypot(*true.T) > SLOW_MPS]


# which components of east, north, up and their rates
CONSISTENCY = {"position": (0, 1), "position_velocity": (0, 1, 3, 4), "state": (0, 1, 2, 3, 4, 5)}


@dataclass(frozen=True)
class Nees:
    """Normalised estimation error squared of one set of components, against chi-square."""

    degrees: int
    samples: int
    mean: float  # ideally `degrees`
    low: float  # 95 % two-sided band of the mean over one instant's targets (their median number)
    high: float
    instants_inside: float  # share of instants whose mean lies in its own band
    samples_inside: float  # share of samples in the band of a single one; ideally 0.95


def nees(error: F8, covariance: F8, instant: I8, components: tuple[int, ...]) -> Nees:
    """NEES (Bar-Shalom, Li, Kirubarajan, "Estimation with Applications to Tracking and Navigation" (2001), 5.4.2).

    `error` (N, 6) and `covariance` (N, 6, 6) in one frame; samples without covariance (NaN) are left out, those that
    are not positive definite count as infinite. The errors of one instant are of different targets and so independent;
    those of one target at different instants are not, hence a band an instant and none over all.
    """
    known = np.isfinite(covariance).all(axis=(1, 2))
    which = list(components)
    e, P, when = error[known][:, which], covariance[known][:, which][:, :, which], instant[known]
    k = len(components)
    sound = np.linalg.eigvalsh(P)[:, 0] > 0 if len(P) else np.empty(0, bool)
    value = np.full(len(e), np.inf)
    value[sound] = (e[sound] * np.linalg.solve(P[sound], e[sound][:, :, None])[:, :, 0]).sum(axis=1)
    if not len(value):
        return Nees(k, 0, np.nan, np.nan, np.nan, np.nan, np.nan)
    _, group, number = np.unique(when, return_inverse=True, return_counts=True)
    average = np.bincount(group, value) / number
    low, high = _band(number, k)
    typical = _band(np.array([max(int(np.median(number)), 1)]), k)
    least, most = _band(np.array([1]), k)
    return Nees(
        k,
        len(value),
        float(value.mean()),
        float(typical[0][0]),
        float(typical[1][0]),
        float(((low <= average) & (average <= high)).mean()),
        float(((least <= value) & (value <= most)).mean()),
    )


def _band(number: I8, degrees: int) -> tuple[F8, F8]:
    """Two-sided 95 % band of the mean of `number` independent chi-squares."""
    total = number * degrees
    return np.asarray(chi2.ppf(0.025, total) / number), np.asarray(chi2.ppf(0.975, total) / number)


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else np.nan


def _root_mean(squares: NDArray[Any]) -> float:
    return float(np.sqrt(squares.mean())) if len(squares) else np.nan


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
