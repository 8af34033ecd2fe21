"""Score: how good tracks are where there is no truth, against what is known from elsewhere.

Identities that the tracker was not shown (`by_identity`), and another tracker's tracks of the same minutes
(`by_reference`; an estimate too). Where truth is known, `verdict.py` says it all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from skyaccord.columns import F8, I4, I8, U4
from skyaccord.earth.wgs84 import ecef, geodetic
from skyaccord.sensors import Plots, Sites
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.sensors.where import where
from skyaccord.tracks import CONFIRMED, TENTATIVE, Tracker, TrackerConfig, Tracks
from skyaccord.wire import SystemTracks


@dataclass(frozen=True, eq=False)
class Followed:
    """A feed as a tracker followed it."""

    number: I4  # (N,) track of each plot, -1 none
    tracks: Tracks  # confirmed tracks, every `step_s`, in order of time
    tracker: Tracker


def follow(
    plots: Plots, sites: Sites, config: TrackerConfig, step_s: float = 1.0, told: Callable[[float], None] | None = None
) -> Followed:
    """Run a tracker over plots in order of time; `told` hears the share done, 0 to 1."""
    order = np.argsort(plots.time_s, kind="stable")
    plots_in_time = plots.take(order[np.isfinite(plots.time_s[order])])
    order = order[np.isfinite(plots.time_s[order])]
    tracker, number = Tracker(sites, config), np.full(len(plots), -1, np.int32)
    snapshots: list[Tracks] = []
    for now, rows in _steps(plots_in_time.time_s, step_s):
        number[order[rows]] = tracker.update(plots_in_time.take(rows), now)
        tracks = tracker.snapshot(now)
        snapshots.append(tracks.take(tracks.status != TENTATIVE))
        if told is not None:
            told(rows.stop / max(len(order), 1))
    return Followed(number, Tracks.concat(snapshots), tracker)


def _steps(time_s: F8, step_s: float) -> Iterator[tuple[float, slice]]:
    if not len(time_s):
        return
    ends = np.arange(np.floor(time_s[0]) + step_s, time_s[-1] + 2 * step_s, step_s)
    edges = np.searchsorted(time_s, ends)
    for k, now in enumerate(ends):
        yield float(now), slice(int(edges[k - 1]) if k else 0, int(edges[k]))


@dataclass(frozen=True)
class IdentityScore:
    """Tracks against addresses that the tracker did not see."""

    plots: int  # that carry an address
    in_tracks: int  # of those, in a track that was confirmed
    addresses: int
    tracks: int  # confirmed
    pure_tracks: int  # whose plots all carry one address
    purity: float  # share of plots that carry their track's commonest address
    mixed_tracks: tuple[tuple[int, int, int], ...]  # (track, plots, plots of others) of those not pure
    switches: int  # times a confirmed track's plots go over to another address for good
    number_changes: int  # times an address goes over to another track
    continuity: float  # mean over addresses: share of its plots in its longest track


def by_identity(number: I4, address: U4, confirmed: I4) -> IdentityScore:
    """Purity, switches, continuity: (N,) track of each plot in order of time, (N,) address, numbers of real tracks."""
    known = address != NO_ADDRESS
    in_track = known & np.isin(number, confirmed)
    n, a = number[in_track], address[in_track]
    tracks = np.unique(n)
    others: list[tuple[int, int, int]] = []
    switches = 0
    for track in tracks:
        carried = a[n == track]
        values, counts = np.unique(carried, return_counts=True)
        if len(values) > 1:
            others.append((int(track), int(counts.sum()), int(counts.sum() - counts.max())))
            switches += _lasting_changes(carried)
    changes, shares = 0, []
    for one in np.unique(address[known]):
        mine = n[a == one]
        changes += int(np.count_nonzero(np.diff(mine)))
        longest = np.unique(mine, return_counts=True)[1].max() if len(mine) else 0
        shares.append(longest / np.count_nonzero(address == one))
    wrong = sum(bad for _, _, bad in others)
    return IdentityScore(
        plots=int(known.sum()),
        in_tracks=len(n),
        addresses=len(np.unique(address[known])),
        tracks=len(tracks),
        pure_tracks=len(tracks) - len(others),
        purity=1 - wrong / max(len(n), 1),
        mixed_tracks=tuple(others),
        switches=switches,
        number_changes=changes,
        continuity=float(np.mean(shares)) if shares else 0.0,
    )


def _lasting_changes(values: NDArray[np.uint32], run: int = 3) -> int:
    """How often a sequence goes over to another value and stays for `run` or more."""
    edges = np.flatnonzero(np.diff(values)) + 1
    runs = [(part[0], len(part)) for part in np.split(values, edges)]
    lasting = [value for value, length in runs if length >= run]
    return sum(1 for before, after in pairwise(lasting) if before != after)


@dataclass(frozen=True)
class ReferenceTrack:
    """One track of the other tracker and what became of it with us."""

    number: int
    mode_a: int
    from_s: float
    to_s: float
    plots: int  # of our sensor that belong to it
    followed: float  # share of its time for which we have a track on it
    seen_followed: float  # the same between our sensor's first and last plot of it
    distance_m: float  # median, horizontal; NaN: never followed
    ours: tuple[int, ...]  # our tracks that were on it


@dataclass(frozen=True)
class ReferenceScore:
    """Our tracks against another tracker's, as measured: nothing is corrected."""

    plots: int  # ours in the shared minutes
    matched_plots: int
    tracks: tuple[ReferenceTrack, ...]  # of theirs that our plots belong to
    distance_m: float  # median over all instants on which both have the aircraft


def by_reference(
    plots: Plots, sites: Sites, ours: Tracks, theirs: SystemTracks, *, near_m: float = 6000.0, least_plots: int = 5
) -> ReferenceScore:
    """Compare with another tracker's output for the same minutes; both are estimates.

    A plot belongs to the reference track nearest to it within `near_m` at its time that does not contradict its Mode A
    code; a reference track counts when `least_plots` plots belong to it. It is followed at a reported instant when one
    of our confirmed tracks is within `near_m` with no contradiction of codes.
    """
    order = np.lexsort((theirs.time_s, theirs.number))
    theirs = theirs.take(order[np.isfinite(theirs.time_s[order])])
    start, end = float(theirs.time_s.min()), float(theirs.time_s.max())
    inside = np.flatnonzero((plots.time_s >= start) & (plots.time_s <= end))
    heard = plots.take(inside)
    numbers, first = np.unique(theirs.number, return_index=True)
    edges = np.append(first, len(theirs))
    position = ecef(theirs.lat_rad, theirs.lon_rad, _levels(theirs))
    owner = _owners(heard, where(heard, sites), theirs, position, edges, near_m)
    counts = np.bincount(owner[owner >= 0], minlength=len(numbers))
    rows, all_gaps = [], []
    for k in np.flatnonzero(counts >= least_plots):
        part = slice(edges[k], edges[k + 1])
        distance, number = _nearest(theirs.take(part), position[part], ours, near_m)
        on = np.isfinite(distance)
        mine = heard.time_s[owner == k]
        seen = (theirs.time_s[part] >= mine.min()) & (theirs.time_s[part] <= mine.max())
        all_gaps.append(distance[on])
        code = theirs.mode_a[part]
        rows.append(
            ReferenceTrack(
                int(numbers[k]),
                int(np.bincount(code[code != NO_MODE_A]).argmax()) if (code != NO_MODE_A).any() else -1,
                float(theirs.time_s[part][0]),
                float(theirs.time_s[part][-1]),
                int(counts[k]),
                float(on.mean()),
                float(on[seen].mean()) if seen.any() else 0.0,
                float(np.median(distance[on])) if on.any() else np.nan,
                tuple(np.unique(number[on]).tolist()),
            )
        )
    gaps = np.concatenate(all_gaps) if all_gaps else np.empty(0)
    return ReferenceScore(
        len(heard), int((owner >= 0).sum()), tuple(rows), float(np.median(gaps)) if len(gaps) else np.nan
    )


def _levels(theirs: SystemTracks) -> F8:
    return np.nan_to_num(theirs.pressure_alt_m, nan=5000.0)


def _owners(heard: Plots, position: F8, theirs: SystemTracks, places: F8, edges: I8, near_m: float) -> I8:
    """The reference track that each plot belongs to, -1 none."""
    best, owner = np.full(len(heard), near_m), np.full(len(heard), -1, np.int64)
    for k in range(len(edges) - 1):
        part = slice(edges[k], edges[k + 1])
        time = theirs.time_s[part]
        alive = np.flatnonzero((heard.time_s >= time[0] - 4) & (heard.time_s <= time[-1] + 4))
        if not len(alive):
            continue
        at = np.stack([np.interp(heard.time_s[alive], time, places[part, axis]) for axis in range(3)], axis=1)
        distance = _flat_m(position[alive], at)
        code = theirs.mode_a[part][np.clip(np.searchsorted(time, heard.time_s[alive]), 0, len(time) - 1)]
        agree = (code == heard.mode_a[alive]) | (code == NO_MODE_A) | (heard.mode_a[alive] == NO_MODE_A)
        closer = agree & (distance < best[alive])
        best[alive[closer]], owner[alive[closer]] = distance[closer], k
    return owner


def _flat_m(a: F8, b: F8) -> F8:
    """Distance across the vertical, (N, 3) ECEF each."""
    lat, lon, _ = geodetic(b)
    up = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    gap = a - b
    gap -= (gap * up).sum(axis=-1, keepdims=True) * up
    flat: F8 = np.linalg.norm(gap, axis=-1)
    return flat


def _nearest(theirs: SystemTracks, places: F8, ours: Tracks, near_m: float) -> tuple[F8, I4]:
    """At each of a reference track's instants: distance to our nearest agreeing track (NaN none) and its number."""
    distance, number = np.full(len(theirs), np.nan), np.full(len(theirs), -1, np.int32)
    step = np.searchsorted(ours.time_s, theirs.time_s)
    for i, k in enumerate(step):
        if k >= len(ours) or ours.time_s[k] - theirs.time_s[i] > 2.0:
            continue
        rows = slice(int(k), int(np.searchsorted(ours.time_s, ours.time_s[k], side="right")))
        back = (theirs.time_s[i] - ours.time_s[k]) * ours.state[rows, 3:]
        gap = _flat_m(ours.state[rows, :3] + back, np.broadcast_to(places[i], back.shape))
        code = ours.mode_a[rows]
        agree = (code == theirs.mode_a[i]) | (code == NO_MODE_A) | (theirs.mode_a[i] == NO_MODE_A)
        gap = np.where(agree, gap, np.inf)
        best = int(np.argmin(gap))
        if gap[best] < near_m:
            distance[i], number[i] = gap[best], ours.number[rows][best]
    return distance, number


def confirmed_numbers(tracks: Tracks) -> I4:
    """Numbers of tracks that were ever confirmed."""
    numbers: I4 = np.unique(tracks.number[tracks.status >= CONFIRMED])
    return numbers
