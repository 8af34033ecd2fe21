"""One sky shared out by area, so that a second core can work on the other half."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from skyaccord.columns import F8, I4, I8, Bool
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.sensors.plots import Plots
from skyaccord.sensors.sites import Sites
from skyaccord.tracks.config import TrackerConfig
from skyaccord.tracks.kernels.bank import NONE
from skyaccord.tracks.tracker import Tracker
from skyaccord.tracks.tracks import CONFIRMED, TENTATIVE, Tracks, Updates

OVERLAP_M = 25_000.0  # beyond its border an area follows what may come in, long enough to be sure of it
SLACK_M = 3_000.0  # by which two areas may differ on where a track is
MANY_NAMES = 4096  # more than these are gone through for those of rows that are no more
STEP_S = 5.0  # of plots that areas take in before they agree on names
BEARINGS, RINGS = 48, 8  # points by which a sensor's sight is shared out


class SharedTracker:
    """As `Tracker`, with the sky cut into parallel strips that are worked on side by side, each by a core.

    Strips overlap. What flies there is followed in both, and told by the one that it is in; a track that crosses over
    keeps its number, for plots that both have say which track of the one is which of the other. The same plots in the
    same calls give the same tracks however many cores there are; other tracks, here and there, than one area gives.
    """

    def __init__(self, sites: Sites, config: TrackerConfig | None = None, areas: int = 2) -> None:
        self.sites, self.config = sites, config or TrackerConfig()
        self.rejected: dict[str, int] = {}
        self._gate = Tracker(sites, self.config)  # judges plots once; it tracks nothing
        self._axis, self._origin, self._edges, sight = _strips(sites, areas)
        self._parts = [_Area(Tracker(sites, self.config), k, areas) for k in range(areas)]
        for part, share in zip(self._parts, sight, strict=True):
            sensors = part.tracker._laws.sensors
            sensors["sight"] = share
            sensors["far_m"] = np.where(share < 1.0, sites.range_max_m, sensors["far_m"])
        self._hands = ThreadPoolExecutor(max(areas - 1, 1), "area")

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
        n, usable = len(plots), plots if len(good) == len(plots) else plots.take(good)
        told = Updates(
            number=np.full(n, NONE, np.int32),
            time_s=plots.time_s.astype(float),
            state=np.full((n, 6), np.nan),
            hits=np.zeros(n, np.int32),
            status=np.zeros(n, np.uint8),
            ended=np.zeros(0, np.int32),
            ended_s=np.zeros(0),
        )
        ended = []
        step = np.floor(usable.time_s / STEP_S)
        for now in np.unique(step) if len(step) else [0.0]:
            rows = np.flatnonzero(step == now)
            until_s = time_s if not len(step) or now == step.max() else min((now + 1) * STEP_S, time_s)
            part = usable if len(rows) == len(usable) else usable.take(rows)
            ended.append(self._step(part, sensor[rows], good[rows], until_s, told))
        nobody = told.number[good] == NONE
        passive = (self.sites.kind == b"passive")[sensor]
        self._gate._reject("repeats a track's plot", int(np.count_nonzero(nobody & ~passive)))
        self._gate._reject("bearing of no track", int(np.count_nonzero(nobody & passive)))
        if len(good):
            self._gate.used += len(good)
            self._gate._newest_s = max(self._gate._newest_s, float(usable.time_s.max()))
        numbers, times = (np.concatenate(list(column)) for column in zip(*ended, strict=True))
        return Updates(told.number, told.time_s, told.state, told.hits, told.status, numbers.astype(np.int32), times)

    def _step(self, plots: Plots, sensor: I8, at: I8, time_s: float, told: Updates) -> tuple[I4, F8]:
        """Take plots of a few seconds in, and tell of them in rows `at`: which tracks have ended, and when."""
        along = self._along(plots, sensor)
        owner = np.searchsorted(self._edges[1:-1], along, side="right")
        latest_s = np.full(len(self.sites), -np.inf)
        np.maximum.at(latest_s, sensor, plots.time_s)
        rows = [np.flatnonzero(self._reached(along, k) | np.isnan(along)) for k in range(len(self._parts))]
        made = self._side_by_side(plots, sensor, rows, latest_s, time_s)
        self._agree(rows, made, owner, len(plots))
        for part, row, one in zip(self._parts, rows, made, strict=True):
            # a bearing is whose track it is; the others are their area's
            own = np.where(np.isnan(along[row]), one.number >= 0, owner[row] == part.index)
            here = at[row[own]]
            told.number[here], told.time_s[here] = part.numbered(one.number[own]), one.time_s[own]
            told.state[here], told.hits[here], told.status[here] = one.state[own], one.hits[own], one.status[own]
            part.say(one.number[own & (one.status == CONFIRMED)])
        return self._ended(made)

    def snapshot(self, time_s: float) -> Tracks:
        """As `Tracker.snapshot`."""
        kept, spare = [], []
        for k, part in enumerate(self._parts):
            tracks = part.tracker.snapshot(time_s)
            tracks = tracks.replace(number=part.numbered(tracks.number))
            along = (tracks.state[:, :3] - self._origin) @ self._axis
            inside = (along >= self._edges[k]) & (along < self._edges[k + 1])
            near = (along >= self._edges[k] - SLACK_M) & (along < self._edges[k + 1] + SLACK_M)
            kept.append(tracks.take(inside))
            spare.append(tracks.take(near & ~inside & (tracks.status != TENTATIVE)))  # the other may think likewise
        tracks = Tracks.concat(kept + spare)
        _, first = np.unique(tracks.number, return_index=True)
        return tracks.take(first)

    def _along(self, plots: Plots, sensor: I8) -> F8:
        """Where plots are along the axis that the strips are cut across: (N,); NaN: a bearing."""
        placed = np.isfinite(plots.lat_rad) & np.isfinite(plots.lon_rad)
        base = (self._gate._laws.sensors["position"] - self._origin) @ self._axis
        lean = self._gate._laws.sensors["axes"] @ self._axis
        out: F8 = base[sensor] + plots.range_m * (
            np.sin(plots.azimuth_rad) * lean[sensor, 0] + np.cos(plots.azimuth_rad) * lean[sensor, 1]
        )
        if placed.any():
            here = ecef(plots.lat_rad[placed], plots.lon_rad[placed], np.zeros(int(placed.sum())))
            out[placed] = (here - self._origin) @ self._axis
        return out

    def _reached(self, along: F8, k: int) -> Bool:
        reached: Bool = (along >= self._edges[k] - OVERLAP_M) & (along < self._edges[k + 1] + OVERLAP_M)
        return reached

    def _side_by_side(self, plots: Plots, sensor: I8, rows: list[I8], latest_s: F8, time_s: float) -> list[Updates]:
        """Let each area take its plots in: what each of them says."""
        jobs = [
            self._hands.submit(part.follow, plots.take(row), sensor[row], latest_s, time_s)
            for part, row in zip(self._parts[1:], rows[1:], strict=True)
        ]
        first = self._parts[0].follow(plots.take(rows[0]), sensor[rows[0]], latest_s, time_s)
        return [first, *(job.result() for job in jobs)]

    def _agree(self, rows: list[I8], made: list[Updates], owner: I8, plots: int) -> None:
        """Let tracks of one target in two areas have one number: that of the area which the plot is in."""
        for x, part in enumerate(self._parts):
            theirs = np.full(plots, NONE, np.int32)
            theirs[rows[x]] = made[x].number
            for k, other in enumerate(self._parts):
                if k != x:
                    both = (owner[rows[k]] == k) & (made[k].number >= 0) & (theirs[rows[k]] >= 0)
                    part.adopt(theirs[rows[k]][both], other.numbered(made[k].number[both]))

    def _ended(self, made: list[Updates]) -> tuple[I4, F8]:
        """Tracks that were told of and that no area follows any more, and when."""
        numbers, times = [], []
        for part, one in zip(self._parts, made, strict=True):
            official = part.numbered(one.ended)
            if len(official):
                followed = np.any([p.follows(official) for p in self._parts if p is not part], axis=0)
                gone = ~followed & np.any([p.has_said(official) for p in self._parts], axis=0)
                numbers.append(official[gone])
                times.append(one.ended_s[gone])
        for part, one in zip(self._parts, made, strict=True):
            part.forget(one.ended)
        if not numbers:
            return np.zeros(0, np.int32), np.zeros(0)
        official, first = np.unique(np.concatenate(numbers), return_index=True)
        return official.astype(np.int32), np.concatenate(times)[first]


class _Area:
    """One strip: a tracker of its own, and what its tracks are called outside."""

    def __init__(self, tracker: Tracker, index: int, areas: int) -> None:
        self.tracker, self.index, self.areas = tracker, index, areas
        self._called: dict[int, int] = {}  # its number -> the one that another area has told
        self._caller: dict[int, int] = {}  # and back
        self._said: I4 = np.zeros(0, np.int32)  # its numbers of believed tracks that it has told of, rising
        self._alive: I4 | None = None  # its numbers of believed tracks, rising; None: not asked since the last call

    def follow(self, plots: Plots, sensor: I8, latest_s: F8, time_s: float) -> Updates:
        """Take plots of these rows of the registry in; `latest_s` (S,) is what each has delivered here or elsewhere."""
        sensors, epoch_s = self.tracker._laws.sensors, self.tracker._epoch_s
        if epoch_s is not None:
            np.maximum(sensors["latest_s"], latest_s - epoch_s, out=sensors["latest_s"])
        self._alive = None
        return self.tracker._follow(plots, np.arange(len(plots)), sensor, time_s)

    def numbered(self, numbers: I4) -> I4:
        """Its numbers as they are told; -1 stays."""
        base = (numbers - 1) * self.areas + self.index + 1
        return _renamed(numbers, np.where(numbers == NONE, NONE, base), self._called)

    def say(self, numbers: I4) -> None:
        """Note believed tracks that were told of."""
        self._said = np.union1d(self._said, numbers).astype(np.int32)

    def adopt(self, numbers: I4, official: I4) -> None:
        """Call tracks as another area does that has the same plots, unless they were told of already."""
        other = (self.numbered(numbers) != official) & ~_among(numbers, self._said)
        for own, name in dict(zip(numbers[other].tolist(), official[other].tolist(), strict=True)).items():
            holder = self._caller.get(name)
            if self._base(np.array([name], np.int32))[0] == own or (
                holder is not None and _among(np.array([holder], np.int32), self._said)[0]
            ):
                continue
            if holder is not None:
                del self._called[holder]
            if own in self._called:
                del self._caller[self._called[own]]
            self._called[own], self._caller[name] = name, own

    def follows(self, official: I4) -> Bool:
        """Which tracks, by the numbers that are told, it follows and believes."""
        if self._alive is None:
            bank = self.tracker._store.bank
            rows = self.tracker._rows()
            self._alive = np.sort(bank["number"][rows[bank["status"][rows] == CONFIRMED]])
        return _among(self._own(official), self._alive)

    def has_said(self, official: I4) -> Bool:
        """Which tracks, by the numbers that are told, it has told of."""
        return _among(self._own(official), self._said)

    def forget(self, ended: I4) -> None:
        """Strike tracks that have ended, and, once there are many, names of rows that are no more."""
        self._said = self._said[~_among(self._said, np.sort(ended))]
        gone = ended.tolist()
        if len(self._called) > MANY_NAMES:
            bank = self.tracker._store.bank
            gone += sorted(set(self._called) - set(bank["number"][self.tracker._rows()].tolist()))
        for own in gone:
            if own in self._called:
                del self._caller[self._called.pop(own)]

    def _own(self, official: I4) -> I4:
        """Its own numbers of what is told by others; -1: none."""
        base = self._base(official)
        called = np.array(sorted(self._called), np.int32)
        return _renamed(official, np.where(_among(base, called), NONE, base), self._caller)

    def _base(self, official: I4) -> I4:
        """Its number that is told by another, if it has not been renamed; -1: none."""
        mine = (official - 1) % self.areas == self.index
        base: I4 = np.where(mine, (official - 1) // self.areas + 1, NONE).astype(np.int32)
        return base


def _among(values: I4, rising: I4) -> Bool:
    """Which values are among some in rising order."""
    if not len(rising):
        return np.zeros(len(values), bool)
    found: Bool = rising[np.minimum(np.searchsorted(rising, values), len(rising) - 1)] == values
    return found


def _renamed(keys: I4, values: I4, names: dict[int, int]) -> I4:
    """Values, but for keys that have a name the name."""
    out = values.astype(np.int32)
    if names and len(keys):
        own = np.array(sorted(names), np.int32)
        for k in np.flatnonzero(_among(keys, own)):
            out[k] = names[int(keys[k])]
    return out


def _strips(sites: Sites, areas: int) -> tuple[F8, F8, F8, F8]:
    """Cut what sensors see into strips of equal weight.

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
    along = (points - origin) @ axis
    edges = np.concatenate([[-np.inf], np.quantile(along, np.arange(1, areas) / areas), [np.inf]])
    share = [((along >= edges[k] - OVERLAP_M) & (along < edges[k + 1] + OVERLAP_M)).mean(axis=1) for k in range(areas)]
    return axis, origin, edges, np.maximum(np.array(share), 1.0 / along.shape[1])
