"""The tracker: plots of one party's sensors in, tracks out."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from skyaccord.columns import F8, I4, I8, Bool
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.sensors import mlat
from skyaccord.sensors.plots import Plots
from skyaccord.sensors.sites import Sites, row_of
from skyaccord.tracks.config import TrackerConfig
from skyaccord.tracks.kernels.bank import (
    CELL,
    COUNTS,
    DESK,
    FALL,
    MARK,
    MODELS,
    MOTION,
    NEST,
    NO_SLICE,
    NONE,
    PIN,
    PLOT,
    ROW,
    RULES,
    SENSOR,
    STRAIGHT,
    TURN,
    Laws,
    Records,
    Said,
    Store,
)
from skyaccord.tracks.kernels.bids import CLUTTER_SCANS
from skyaccord.tracks.kernels.grid import LEVELS, sort
from skyaccord.tracks.kernels.hearing import FAULTS, in_order, judge, place, write_down
from skyaccord.tracks.kernels.life import tend
from skyaccord.tracks.kernels.nests import blend, ways
from skyaccord.tracks.kernels.turn import foresee, hand_back, rows_for, work
from skyaccord.tracks.tracks import COASTED, CONFIRMED, TENTATIVE, Tracks, Updates

NEVER_S = -np.inf
NEAREST_M = 10_000.0  # no sensor looks less far than this
LEAST_RATE_SIGMA_MPS = 0.1
SUREST_PD = 0.99  # no sensor finds every target at every look
KINDS = {"straight": STRAIGHT, "turn": TURN, "fall": FALL}
SHOWN = (
    "number", "slot", "updated_s", "status", "doubted", "heard_s", "hits", "pressure_alt_m", "mode_a", "address",
    "callsign",
)  # fmt: skip
SPARED = 64  # rows for tracks still to come, where a store grows, and one more for each 32 in use
AT_ONCE = 4096  # plots in one call of the loops, so that a bank need not be larger than that beyond its tracks


class Tracker:
    """Tracks of one party, fed slice by slice. Deterministic: no clock, no chance.

    `rejected` counts plots that were not used, by reason.
    """

    def __init__(self, sites: Sites, config: TrackerConfig | None = None) -> None:
        self.sites = sites
        self.config = config = config or TrackerConfig()
        self.rejected: dict[str, int] = {}
        self.used = 0
        self._newest_s = NEVER_S
        self._epoch_s: float | None = None  # times are kept from here, so that a shift of the clock changes nothing
        rules = _record(RULES, {name: getattr(config, name) for name in RULES.names or ()})
        self._laws = Laws(_sensors(sites, config), _motions(config), rules, np.zeros(1, DESK))
        self._store = _empty_store()

    def copy(self) -> Tracker:
        """A tracker that goes on from here on its own."""
        other = copy.copy(self)
        other._laws, other._store = Laws(*map(np.copy, self._laws)), Store(*map(np.copy, self._store))
        other.rejected = dict(self.rejected)
        return other

    def __len__(self) -> int:
        return len(self._rows())

    def _rows(self) -> I8:
        """The row that leads each track."""
        top = self._store.counts["top"][0]
        live: I8 = np.flatnonzero(self._store.pins["live"][:top])
        leads: Bool = self._store.bank["lead"][live] == 1
        return live[leads]

    def update(self, plots: Plots, time_s: float) -> I4:
        """Take plots in and let tracks live or end as of `time_s` (UTC): (N,) number of each plot's track, -1: none.

        Plots may be in any order; each counts at its own time. Slices of `config.slice_s` are worked through in turn,
        sensor by sensor.
        """
        return self.follow(plots, time_s).number

    def follow(self, plots: Plots, time_s: float) -> Updates:
        """As `update`, and tell what each plot made of its track: one row a plot, in the order given."""
        good, sensor = self._usable(plots, time_s)
        used = mlat.placed(plots if len(good) == len(plots) else plots.take(good), self.sites)
        said = nothing(used.time_s)
        ended = self._follow(used, sensor, np.arange(len(good)), time_s, said)
        return Updates(*among(said, good, plots.time_s), *ended)

    def _follow(self, plots: Plots, sensor: I8, rows: I8, time_s: float, said: Said) -> tuple[I4, F8]:
        """Take these rows of good plots in, and tell of them there in `said`: which tracks have ended, and when."""
        ended: list[tuple[I4, F8]] = [(np.zeros(0, np.int32), np.zeros(0))]
        if len(rows):
            order, slice_of = self._order(plots, sensor, rows)
            low = 0
            while low < len(order):  # a slice is not cut in two
                high = int(np.searchsorted(slice_of, slice_of[min(low + AT_ONCE, len(order)) - 1], side="right"))
                heard = self._write_down(plots, sensor, order[low:high])
                told = self._take_in(heard, slice_of[low:high], ended)
                repeats, untold = hand_back(told, order[low:high], self._epoch_s or 0.0, said)
                self._reject("repeats a track's plot", repeats)
                self._reject("bearing of no track", untold)
                low = high
            self._newest_s = max(self._newest_s, float(plots.time_s[rows].max()))
        if self._epoch_s is not None:
            tend(self._store, self._laws, time_s - self._epoch_s)
            self._drain(ended)
        numbers, times = zip(*ended, strict=True)
        return np.concatenate(numbers), np.concatenate(times)

    def snapshot(self, time_s: float) -> Tracks:
        """All tracks, tentative ones too, as they are expected to be at `time_s`, the oldest first."""
        rows = self._rows()
        store = self._store
        rows = rows[np.argsort(store.bank["number"][rows])]
        since = time_s - (self._epoch_s or 0.0)
        track, way, weight = ways(store.bank, store.nests, rows)
        mean, cov, existence = np.empty((len(way), 6)), np.empty((len(way), 6, 6)), np.empty(len(rows))
        foresee(store.bank, way, since, self._laws, mean, cov)
        mean, cov = blend(track, weight, mean, cov, existence)
        bank = {name: store.bank[name][rows] for name in SHOWN}  # a row has much that is not told
        known = bank["slot"] != NONE
        scan_s = np.where(known, self.sites.scan_s[bank["slot"]], np.inf)
        looks_s = np.where(known & (self._laws.sensors["passive"][bank["slot"]] == 0), scan_s, np.inf)
        quiet = since - bank["updated_s"] > 1.5 * looks_s.min(axis=1, initial=np.inf)
        status = np.where((bank["status"] == CONFIRMED) & quiet, COASTED, bank["status"])
        status[bank["doubted"] == 1] = TENTATIVE
        recent = known & (bank["heard_s"] > since - 2.5 * scan_s)
        bit = np.uint64(1) << (bank["slot"] % 64).astype(np.uint64)
        return Tracks(
            number=bank["number"],
            time_s=np.full(len(rows), time_s),
            state=mean,
            covariance=cov,
            status=status,
            updated_s=bank["updated_s"] + (self._epoch_s or 0.0),
            existence=existence,
            hits=bank["hits"],
            sensors=np.bitwise_or.reduce(np.where(recent, bit, np.uint64(0)), axis=1),
            pressure_alt_m=bank["pressure_alt_m"],
            mode_a=bank["mode_a"],
            address=bank["address"],
            callsign=bank["callsign"].view("S8"),
        )

    def _usable(self, plots: Plots, time_s: float) -> tuple[I8, I8]:
        """Rows that a track can be made of, and the registry row of each one's sensor."""
        many, sensor = len(plots), row_of(self.sites, plots.source)
        fault = np.empty(many, np.uint8)
        oldest_s, newest_s = self._newest_s - self.config.lag_s, time_s + self.config.ahead_s
        good = judge(
            plots.time_s, sensor, plots.flags, plots.range_m, plots.azimuth_rad, plots.lat_rad, plots.lon_rad,
            plots.range_rate_mps, self._laws.sensors, oldest_s, newest_s, self.config.exercise, fault,
        )  # fmt: skip
        if good == many:
            return np.arange(many), sensor
        for reason, count in zip(FAULTS, np.bincount(fault, minlength=len(FAULTS)), strict=False):
            self._reject(reason, int(count))
        rows = np.flatnonzero(fault == len(FAULTS))
        return rows, sensor[rows]

    def _reject(self, reason: str, count: int) -> None:
        """Count plots that are not used."""
        if count:
            self.rejected[reason] = self.rejected.get(reason, 0) + count

    def _hear(self, plots: Plots, sensor: I8) -> tuple[Records, I8]:
        """Plots as the loops need them, and the order that they are in there."""
        plots = mlat.placed(plots, self.sites)  # in a plane, never a slant range
        order, _ = self._order(plots, sensor, np.arange(len(plots)))
        return self._write_down(plots, sensor, order), order

    def _write_down(self, plots: Plots, sensor: I8, order: I8) -> Records:
        """Some plots as the loops need them, in an order that names them."""
        config = self.config
        heard, azimuth_rad = np.zeros(len(order), PLOT), np.empty(len(order))
        placed = write_down(
            order, plots.time_s, self._epoch_s or 0.0, sensor, plots.flags, plots.range_m, plots.azimuth_rad,
            plots.lat_rad, plots.lon_rad, plots.height_m, plots.pressure_alt_m, plots.mode_a, plots.address,
            plots.callsign.view(np.uint64), plots.east_mps, plots.north_mps, plots.range_rate_mps,
            config.hide_codes, config.hide_addresses, self.used, heard, azimuth_rad,
        )  # fmt: skip
        axes = np.zeros((len(order) if placed.any() else 0, 3, 3))
        if len(axes):
            lat_rad, lon_rad = plots.lat_rad[order[placed]], plots.lon_rad[order[placed]]
            level_m = heard["level_m"][placed]
            heard["place"][placed] = ecef(
                lat_rad, lon_rad, np.where(np.isfinite(level_m), level_m, config.start_height_m)
            )
            axes[placed] = enu_axes(lat_rad, lon_rad)
        place(heard, azimuth_rad, axes, self._laws.sensors, self._laws.rules[0])
        self.used += len(order)
        return heard

    def _order(self, plots: Plots, sensor: I8, rows: I8) -> tuple[I8, F8]:
        """Rows by slice of time, sensor and time, and the slices; arrival does not tell plots of one instant apart."""
        times, sensor = plots.time_s[rows], sensor[rows]
        if self._epoch_s is None:
            self._epoch_s = float(np.floor(times.min()))
        since = times - self._epoch_s
        slice_of, order = np.floor(since / self.config.slice_s), np.empty(len(since), np.int64)
        if in_order(since, sensor, slice_of, len(self.sites), order):
            return rows[order], slice_of
        order = np.lexsort((since, sensor, slice_of))
        ahead, behind = order[1:], order[:-1]
        if np.any((since[ahead] == since[behind]) & (sensor[ahead] == sensor[behind])):
            words = (plots.address, plots.mode_a, plots.pressure_alt_m, plots.height_m, plots.lon_rad, plots.lat_rad)
            polar = (plots.range_rate_mps, plots.azimuth_rad, plots.range_m)
            told = (column[rows] for column in (*words, *polar))
            order = np.lexsort((*told, since, sensor, slice_of))
        return rows[order], slice_of[order]

    def _take_in(self, heard: Records, slice_of: F8, ended: list[tuple[I4, F8]]) -> Said:
        """Work through plots of whole slices, and tell what became of each."""
        said, at = nothing(heard["time_s"]), 0
        while True:
            at = work(self._store, self._laws, heard, at, said)
            self._drain(ended)
            if at == len(heard):
                return said
            self._make_room(self._in_batch(heard[at:], slice_of[at:]))

    def _in_batch(self, heard: Records, slice_of: F8) -> int:
        """Plots in the first batch, as the loops take them: of one sensor in one slice, or of one that reports one."""
        if not self._laws.sensors["turning"][heard["sensor"][0]]:
            return 1
        others = np.flatnonzero((heard["sensor"] != heard["sensor"][0]) | (slice_of != slice_of[0]))
        return int(others[0]) if len(others) else len(heard)

    def _drain(self, ended: list[tuple[I4, F8]]) -> None:
        """Take the numbers of ended tracks off the loops' list."""
        counts = self._store.counts
        count = int(counts["ended"][0])
        if count:
            ended.append((self._store.gone[:count].copy(), self._store.gone_s[:count] + (self._epoch_s or 0.0)))
            counts["ended"] = 0

    def _make_room(self, plots: int) -> None:
        """Give the store room for so many plots of a sensor in a slice, and for somewhat more tracks.

        Its arrays grow where they lie, so that they are never in memory twice.
        """
        store, counts = self._store, self._store.counts[0]
        held, taken, batch = len(store.bank), int(counts["top"] - counts["spare"]), rows_for(plots)
        capacity = held if taken + batch <= held else taken + batch + SPARED + taken // 32
        retired = store.free[held - counts["retired"] :].copy()
        for part in (store.bank, store.pins, store.wake_s, store.free, store.marks):
            part.resize(capacity, refcheck=False)
        for part in (store.gone, store.gone_s):
            part.resize(max(len(part), capacity + batch), refcheck=False)
        store.bank["holder"][held:] = NONE
        store.free[capacity - len(retired) :] = retired
        nests = len(store.nests)
        store.nests.resize(max(capacity // 32, 16), refcheck=False)
        store.nests["holder"][nests:] = NONE
        if len(store.cells) <= 2 * capacity:
            cells = np.zeros((1 << max(8, int(np.ceil(np.log2(2 * capacity))))) + 1, CELL)
            self._store, slice_s = store._replace(cells=cells), self.config.slice_s
            sort(self._store, (float(counts["laid"]) + 0.5) * slice_s, slice_s)


def _empty_store() -> Store:
    counts = _record(COUNTS, {"next_number": 1, "laid": NO_SLICE, "united": NO_SLICE})
    return Store(
        np.zeros(0, ROW), np.zeros(0, PIN), np.zeros(0), np.zeros(0, NEST), np.zeros(0, np.int32), np.zeros(0, MARK),
        np.zeros(2, CELL), np.zeros((2, LEVELS)), np.zeros(0, np.int32), np.zeros(0), counts,
    )  # fmt: skip


def nothing(time_s: F8) -> Said:
    """What is told of plots of these times that no track has."""
    many = len(time_s)
    number, state = np.empty(many, np.int32), np.empty((many, 6))
    number.fill(NONE)
    state.fill(np.nan)
    return Said(number, time_s.astype(float), state, np.zeros(many, np.int32), np.zeros(many, np.uint8))


def among(said: Said, rows: I8, time_s: F8) -> Said:
    """What was told of these rows of plots, among all of the plots, of these times."""
    if len(rows) == len(time_s):
        return said
    told = nothing(time_s)
    for name in Said._fields:
        getattr(told, name)[rows] = getattr(said, name)
    return told


def _record(dtype: np.dtype[Any], values: dict[str, Any]) -> Records:
    """An array of one record, as the loops take it."""
    record = np.zeros(1, dtype)
    for name, value in values.items():
        record[name] = value
    return record


def _sensors(sites: Sites, config: TrackerConfig) -> Records:
    sensors = np.zeros(len(sites), SENSOR)
    sensors["position"] = ecef(sites.lat_rad, sites.lon_rad, sites.height_m)
    sensors["axes"] = enu_axes(sites.lat_rad, sites.lon_rad)
    reporting = np.isin(sites.kind, (b"adsb", b"mlat", b"passive"))
    sensors["scan_s"], sensors["turning"], sensors["passive"] = sites.scan_s, ~reporting, sites.kind == b"passive"
    sensors["var_rate"] = np.maximum(sites.sigma_range_rate_mps, LEAST_RATE_SIGMA_MPS) ** 2
    sensors["late_s"] = np.where(sites.kind == b"staring", 0.0, config.late_turns * sites.scan_s + config.late_s)
    sensors["var_range"], sensors["var_azimuth"] = sites.sigma_range_m**2, sites.sigma_azimuth_rad**2
    sensors["var_height"], sensors["reach_m"] = sites.sigma_height_m**2, sites.range_max_m
    sensors["pd"] = np.minimum(sites.pd, SUREST_PD)
    sensors["fresh"] = CLUTTER_SCANS * sites.clutter_per_scan
    sensors["latest_s"] = sensors["fresh_s"] = NEVER_S
    sensors["first_s"], sensors["sight"] = -NEVER_S, 1.0
    sensors["far_m"] = np.minimum(NEAREST_M, sites.range_max_m)
    return sensors


def _motions(config: TrackerConfig) -> Records:
    sets = (config.flying, config.falling)
    motions = np.zeros(len(sets), MOTION)
    motions["goes_to"] = (1.0 - np.eye(MODELS)) / (MODELS - 1)  # any other alike
    motions["surge_mps2"] = config.flying_surge_mps2, config.falling_surge_mps2
    for row, models in zip(motions, sets, strict=True):
        row["kind"] = [KINDS[model.kind] for model in models]
        for name in ("turn_radps", "across", "along", "steady", "stays_s"):
            row[name] = [getattr(model, name) for model in models]
    return motions
