"""One sky shared out by area, so that a second core can work on the other half."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from skyaccord.columns import F8, I4, I8, Bool
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.sensors import mlat
from skyaccord.sensors.plots import Plots
from skyaccord.sensors.sites import Sites
from skyaccord.tracks.config import TrackerConfig
from skyaccord.tracks.kernels.areas import (
    OWN,
    adopt,
    along,
    believed,
    forget,
    hush,
    no_names,
    numbered,
    owned,
    share,
    tell,
    was_told,
)
from skyaccord.tracks.kernels.bank import NONE, Said
from skyaccord.tracks.tracker import Tracker, among, nothing
from skyaccord.tracks.tracks import TENTATIVE, Tracks, Updates

T = TypeVar("T")

OVERLAP_M = 25_000.0  # beyond its border an area follows what may come in, long enough to be sure of it
SLACK_M = 3_000.0  # by which two areas may differ on where a track is
MANY_NAMES = 4096  # more than these are gone through for those of rows that are no more
STEP_S = 5.0  # of plots that areas take in before they agree on names
BEARINGS, RINGS = 48, 8  # points by which a sensor's sight is shared out


class SharedTracker:
    """As `Tracker`, with the sky cut into parallel strips that are worked on side by side, each by a core.

    Strips overlap. What flies there is followed in both, and told by the one that it is in; a track that crosses over
    keeps its number, for plots that both have say which track of the one is which of the other. Where both have told of
    one target before they agreed, the number of the strip that it is well inside of stays. The same plots in the
    same calls give the same tracks however many cores there are; other tracks, here and there, than one area gives.
    """

    def __init__(self, sites: Sites, config: TrackerConfig | None = None, areas: int = 2) -> None:
        self.sites, self.config = sites, config or TrackerConfig()
        self.rejected: dict[str, int] = {}
        self._gate = Tracker(sites, self.config)  # judges plots once; it tracks nothing
        self._axis, self._origin, self._edges, sight = _strips(sites, areas)
        self._parts = [_Area(Tracker(sites, self.config), k, areas) for k in range(areas)]
        for part, seen in zip(self._parts, sight, strict=True):
            sensors = part.tracker._laws.sensors
            sensors["sight"] = seen
            sensors["far_m"] = np.where(seen < 1.0, sites.range_max_m, sensors["far_m"])
        self._hands = ThreadPoolExecutor(max(areas - 1, 1), "area")
        self._left = np.zeros(0, np.int32)  # told tracks that have ended in one area, but not in another

    def __len__(self) -> int:
        return len(self.snapshot(self._gate._newest_s))

    @property
    def used(self) -> int:
        """Plots that were taken in."""
        return self._gate.used

    def update(self, plots: Plots, time_s: float) -> I4:
        """As `Tracker.update`."""
        return self.follow(plots, time_s).number

    def follow(self, plots: Plots, time_s: float) -> Updates:
        """As `Tracker.follow`."""
        good, sensor = self._gate._usable(plots, time_s)
        self.rejected = self._gate.rejected
        usable = plots if len(good) == len(plots) else plots.take(good)
        at_m, usable = self._along(usable, sensor), mlat.placed(usable, self.sites)
        told, said, ended = nothing(usable.time_s), [_unsaid(len(good)) for _ in self._parts], []
        step = np.floor(usable.time_s / STEP_S)
        steps = step[:1] if np.all(step == step[:1]) else np.unique(step)
        for now in steps if len(steps) else [0.0]:
            rows = np.flatnonzero(step == now)
            until_s = time_s if not len(steps) or now == steps[-1] else min((now + 1) * STEP_S, time_s)
            ended.append(self._step(usable, sensor, at_m, rows, until_s, said, told))
        nobody = told.number == NONE
        passive = (self.sites.kind == b"passive")[sensor]
        self._gate._reject("repeats a track's plot", int(np.count_nonzero(nobody & ~passive)))
        self._gate._reject("bearing of no track", int(np.count_nonzero(nobody & passive)))
        if len(good):
            self._gate.used += len(good)
            self._gate._newest_s = max(self._gate._newest_s, float(usable.time_s.max()))
        numbers, times = (np.concatenate(list(column)) for column in zip(*ended, strict=True))
        return Updates(*among(told, good, plots.time_s), numbers, times)

    def _step(
        self, plots: Plots, sensor: I8, at_m: F8, rows: I8, time_s: float, said: list[Said], told: Said
    ) -> tuple[I4, F8]:
        """Take these rows of plots, of a few seconds, in and tell of them: which tracks have ended, and when."""
        latest_s = np.full(len(self.sites), -np.inf)
        np.maximum.at(latest_s, sensor[rows], plots.time_s[rows])
        owner, host = np.full(len(plots), NONE, np.int32), np.full(len(plots), NONE, np.int32)

        def take_in(k: int) -> tuple[I8, I8, tuple[I4, F8]]:
            taken, home, guests = share(rows, at_m, k, self._edges, OVERLAP_M, SLACK_M, owner, host)
            return home, guests, self._parts[k].follow(plots, sensor, taken, latest_s, time_s, said[k])

        homes, guests, ended = zip(*self._side_by_side(take_in), strict=True)
        for x, k in itertools.permutations(range(len(self._parts)), 2):
            given_up = self._parts[x].adopt(self._parts[k], guests[x], said[x], said[k], owner, host)
            self._left = np.concatenate([self._left, given_up])
        numbers = [part.numbered(own) for part, (own, _) in zip(self._parts, ended, strict=True)]
        official = np.concatenate([*numbers, self._left])

        def tell(k: int) -> Bool:
            self._parts[k].tell(homes[k], said[k], told)
            return self._parts[k].follows(official)

        still = np.array(self._side_by_side(tell))
        bearings = rows[owner[rows] == NONE]
        if len(bearings):
            for part, one in zip(self._parts, said, strict=True):
                part.tell(bearings[one.number[bearings] != NONE], one, told)  # a bearing is whose track it is
        return self._ended(official, still, list(ended), time_s)

    def snapshot(self, time_s: float) -> Tracks:
        """As `Tracker.snapshot`. What was not told of yet is tentative, what was is not lost at a border."""
        parts, inside = [], []
        for part, (low, high) in zip(self._parts, itertools.pairwise(self._edges), strict=True):
            tracks = part.tracker.snapshot(time_s)
            parts.append(tracks.replace(number=part.numbered(tracks.number)))
            at = (tracks.state[:, :3] - self._origin) @ self._axis
            inside.append((at >= low) & (at < high))
        tracks, here = Tracks.concat(parts), np.concatenate(inside)
        told = self._told(tracks.number) | np.isin(tracks.number, self._left)
        tracks = tracks.replace(status=np.where(told, tracks.status, TENTATIVE))
        young = tracks.status == TENTATIVE
        order = np.lexsort((~here, young, tracks.number))  # of one number the believed one, where it is, if that is
        tracks = tracks.take(order[(here | ~young)[order]])  # the area that it is in may have let it go
        _, first = np.unique(tracks.number, return_index=True)
        return tracks.take(first)

    def _told(self, official: I4) -> Bool:
        """Which tracks, by the numbers that are told, some area has told of."""
        told: Bool = np.any([part.has_said(official) for part in self._parts], axis=0)
        return told

    def _along(self, plots: Plots, sensor: I8) -> F8:
        """Where plots are along the axis that the strips are cut across: (N,); NaN: a bearing."""
        out: F8 = along(
            sensor, plots.range_m, plots.azimuth_rad, plots.lat_rad, plots.lon_rad, self._gate._laws.sensors,
            self._origin, self._axis, self._edges, OVERLAP_M,
        )  # fmt: skip
        return out

    def _side_by_side(self, work: Callable[[int], T]) -> list[T]:
        """Have something done for each area, each by a core: what came of it.

        Who calls does the one with most rows, for that waits for nobody to wake.
        """
        own = max(range(len(self._parts)), key=lambda k: int(self._parts[k].tracker._store.counts["top"][0]))
        others = {k: self._hands.submit(work, k) for k in range(len(self._parts)) if k != own}
        mine = work(own)
        return [mine if k == own else others[k].result() for k in range(len(self._parts))]

    def _ended(self, official: I4, still: Bool, ended: list[tuple[I4, F8]], time_s: float) -> tuple[I4, F8]:
        """Tracks that were told of and that, as of a time, no area believes any more, and when the last one ceased to.

        `official` (E,): those that have ended in each area, and those left of before; `still` (areas, E) follows them.
        One that has ended in one area only is asked after until the others have let it go, or call it otherwise.
        """
        if not len(official):
            return official, np.zeros(0)
        ended_s = np.concatenate([*(own_s for _, own_s in ended), np.full(len(self._left), -np.inf)])
        waiting = np.arange(len(official)) >= len(official) - len(self._left)
        said = waiting | self._told(official)
        low = 0
        for part, (own, _), here in zip(self._parts, ended, still, strict=True):
            part.hush(own[~here[low : low + len(own)]])
            low += len(own)
        order = np.flatnonzero(said)[np.lexsort((ended_s[said], official[said]))]
        last = order[np.diff(official[order], append=-1) != 0]
        followed: Bool = np.any(still[:, last], axis=0)
        self._left, gone = official[last[followed]], last[~followed]
        return official[gone], np.where(np.isfinite(ended_s[gone]), ended_s[gone], time_s)


class _Area:
    """One strip: a tracker of its own, and what its tracks are called outside."""

    def __init__(self, tracker: Tracker, index: int, areas: int) -> None:
        self.tracker, self._names = tracker, no_names(index, areas)

    def follow(self, plots: Plots, sensor: I8, rows: I8, latest_s: F8, time_s: float, said: Said) -> tuple[I4, F8]:
        """As `Tracker._follow`; `latest_s` (S,) is what each sensor has delivered here or elsewhere."""
        sensors, epoch_s = self.tracker._laws.sensors, self.tracker._epoch_s
        if epoch_s is not None:
            np.maximum(sensors["latest_s"], latest_s - epoch_s, out=sensors["latest_s"])
        return self.tracker._follow(plots, sensor, rows, time_s, said)

    def adopt(self, other: _Area, rows: I8, ours: Said, theirs: Said, owner: I4, host: I4) -> I4:
        """Call tracks as another area does that has the same plots and owns them: the names that are given up so.

        Those that were told of only where plots are well inside the other, and told of there, too.
        """
        self._names, given_up = adopt(self._names, other._names, rows, ours.number, theirs.number, owner, host)
        out: I4 = given_up
        return out

    def tell(self, rows: I8, said: Said, told: Said) -> None:
        """Tell of plots, and call their tracks as all do."""
        self._names = tell(self._names, rows, said, told)

    def numbered(self, numbers: I4) -> I4:
        """Its numbers as they are told; -1 stays."""
        told: I4 = numbered(self._names, numbers)
        return told

    def follows(self, official: I4) -> Bool:
        """Which tracks, by the numbers that are told, it follows and believes."""
        followed: Bool = believed(self.tracker._store, owned(self._names, official))
        return followed

    def has_said(self, official: I4) -> Bool:
        """Which tracks, by the numbers that are told, it has told of."""
        said: Bool = was_told(self._names, owned(self._names, official))
        return said

    def hush(self, ended: I4) -> None:
        """Note that tracks are told of no more, and, once there are many, strike names of rows that are no more."""
        hush(self._names, ended)
        if self._names.caller[-1, 0] > MANY_NAMES:
            called = np.setdiff1d(self._names.caller[:-1, OWN], [0])
            forget(self._names, np.setdiff1d(called, self.tracker._store.bank["number"][self.tracker._rows()]))


def _unsaid(many: int) -> Said:
    """Room for what an area will say of its plots; of the others there is no number, and nothing is read."""
    number, hits, status = np.full(many, NONE, np.int32), np.empty(many, np.int32), np.empty(many, np.uint8)
    return Said(number, np.empty(many), np.empty((many, 6)), hits, status)


def _strips(sites: Sites, areas: int) -> tuple[F8, F8, F8, F8]:
    """Cut what sensors see into strips of equal weight, that of what turns faster being greater.

    The axis (3,) across them, its origin (3,) in ECEF, edges (areas + 1,) along it, the outer ones infinite, and the
    share of each sensor's sight (areas, S) that each strip has with its overlap.
    """
    position, axes = ecef(sites.lat_rad, sites.lon_rad, sites.height_m), enu_axes(sites.lat_rad, sites.lon_rad)
    turn = 2 * np.pi * np.arange(BEARINGS) / BEARINGS
    reach = np.sqrt((np.arange(RINGS) + 0.5) / RINGS)  # rings of equal area
    east, north = (np.outer(reach, wave(turn)).ravel() for wave in (np.sin, np.cos))
    points = position[:, None] + sites.range_max_m[:, None, None] * (
        east[:, None] * axes[:, None, 0] + north[:, None] * axes[:, None, 1]
    )
    origin = points.reshape(-1, 3).mean(axis=0)
    axis = np.linalg.svd(points.reshape(-1, 3) - origin, full_matrices=False)[2][0]
    axis *= np.sign(axis[np.abs(axis).argmax()])
    at_m = (points - origin) @ axis
    weight = np.repeat(1.0 / sites.scan_s, at_m.shape[1])
    cuts = np.quantile(at_m.ravel(), np.arange(1, areas) / areas, method="inverted_cdf", weights=weight)
    edges = np.concatenate([[-np.inf], cuts, [np.inf]])
    sight = [((at_m >= edges[k] - OVERLAP_M) & (at_m < edges[k + 1] + OVERLAP_M)).mean(axis=1) for k in range(areas)]
    return axis, origin, edges, np.maximum(np.array(sight), 1.0 / at_m.shape[1])
