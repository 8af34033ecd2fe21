"""The tracker: plots of one party's sensors in, tracks out."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyaccord.columns import F8, I4, I8, Bool
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.sensors.plots import GARBLED_A, GARBLED_C, NO_ADDRESS, NO_MODE_A, ON_GROUND, SIMULATED, TEST, Plots
from skyaccord.sensors.sites import Sites, row_of
from skyaccord.tracks import kernels
from skyaccord.tracks.config import TrackerConfig
from skyaccord.tracks.kernels import Bank, Batch, Noise, Radar
from skyaccord.tracks.tracks import COASTED, CONFIRMED, TENTATIVE, Tracks

NEVER_S = -np.inf
LEAST_SEEN = 0.3  # a track that is seen more rarely is not worth waiting longer for


class Tracker:
    """Tracks of one party, fed slice by slice. Deterministic: no clock, no chance.

    `rejected` counts plots that were not used, by reason.
    """

    def __init__(self, sites: Sites, config: TrackerConfig | None = None) -> None:
        self.sites = sites
        self.config = config = config or TrackerConfig()
        self.rejected: dict[str, int] = {}
        self.used = 0
        self._live = 0
        self._next_number = 1
        self._bank = _empty_bank(64, len(sites))
        self._radars = _radars(sites)
        self._noise = Noise(
            np.array([config.calm_horizontal, config.agile_horizontal, config.falling_density]),
            np.array([config.calm_vertical, config.agile_vertical, config.falling_density]),
            np.array([config.calm_stays_s, config.agile_stays_s, config.falling_stays_s]),
            np.array([[0.0, 1.0, 0.0], [1.0 - config.falls, 0.0, config.falls], [0.0, 1.0, 0.0]]),
        )

    def copy(self) -> Tracker:
        """A tracker that goes on from here on its own."""
        other = copy.copy(self)
        other._bank = Bank._make(array.copy() for array in self._bank)
        other.rejected = dict(self.rejected)
        return other

    def __len__(self) -> int:
        return self._live

    def update(self, plots: Plots, time_s: float) -> I4:
        """Take plots in and let tracks live or end as of `time_s` (UTC): (N,) number of each plot's track, -1: none.

        Plots may be in any order; each counts at its own time. Slices of `config.batch_s` are worked through in turn,
        sensor by sensor.
        """
        number = np.full(len(plots), -1, np.int32)
        good, sensor = self._usable(plots, time_s)
        plots = plots.take(good)
        if len(plots):
            slice_of = np.floor(plots.time_s / self.config.batch_s).astype(np.int64)
            order = np.lexsort((plots.time_s, sensor, slice_of))
            edges = np.flatnonzero(np.diff(slice_of[order]) | np.diff(sensor[order])) + 1
            for rows in np.split(order, edges):
                number[good[rows]] = self._take(plots.take(rows), self._radars[int(sensor[rows[0]])])
        self._end_lives(time_s)
        return number

    def snapshot(self, time_s: float) -> Tracks:
        """All tracks, tentative ones too, as they are expected to be at `time_s`."""
        bank, rows = self._bank, np.arange(self._live)
        mean, cov = np.empty((self._live, 6)), np.empty((self._live, 6, 6))
        kernels.snapshot(bank, rows, time_s, self._noise, mean, cov)
        heard = bank.heard_s[rows]
        age_s = time_s - bank.updated_s[rows]
        quiet = age_s > 1.5 * self._pace_s(rows)
        status = np.where((bank.status[rows] == CONFIRMED) & quiet, COASTED, bank.status[rows])
        recent = heard > time_s - 2.5 * self.sites.scan_s
        bit = np.uint64(1) << np.arange(len(self.sites), dtype=np.uint64) % np.uint64(64)
        return Tracks(
            number=bank.number[rows],
            time_s=np.full(self._live, time_s),
            state=mean,
            covariance=cov,
            status=status,
            updated_s=bank.updated_s[rows],
            hits=bank.hits[rows],
            sensors=np.bitwise_or.reduce(np.where(recent, bit, np.uint64(0)), axis=1),
            pressure_alt_m=bank.pressure_alt_m[rows],
            mode_a=bank.mode_a[rows],
            address=bank.address[rows],
            callsign=bank.callsign[rows].view("S8"),
        )

    def _usable(self, plots: Plots, time_s: float) -> tuple[I8, I8]:
        """Rows that a track can be made of, and the registry row of each one's sensor."""
        sensor = row_of(self.sites, plots.source)
        polar = np.isfinite(plots.range_m) & np.isfinite(plots.azimuth_rad)
        placed = np.isfinite(plots.lat_rad) & np.isfinite(plots.lon_rad)
        faults = {
            "sensor not in the registry": sensor < 0,
            "no time": ~np.isfinite(plots.time_s),
            "time still to come": plots.time_s > time_s + self.config.ahead_s,
            "no position": ~polar & ~placed,
            "negative range": polar & (plots.range_m < 0),
            "test target": (plots.flags & TEST) != 0,
            # an exercise never reaches a real picture, nor real traffic an exercise
            "of another realm": ((plots.flags & SIMULATED) != 0) != self.config.exercise,
            "on the ground": (plots.flags & ON_GROUND) != 0,
        }
        good = np.ones(len(plots), bool)
        for reason, bad in faults.items():
            self._reject(reason, good & bad)
            good &= ~bad
        return np.flatnonzero(good), sensor[good]

    def _reject(self, reason: str, which: Bool) -> None:
        """Count plots that are not used."""
        if which.any():
            self.rejected[reason] = self.rejected.get(reason, 0) + int(which.sum())

    def _take(self, plots: Plots, radar: Radar) -> I4:
        config, batch = self.config, self._batch(plots)
        clutter = np.where(_coded(batch), config.clutter_secondary_m2, config.clutter_primary_m2)
        chosen, gained, near = kernels.associate(
            self._bank, self._live, radar, batch, self._noise, clutter, config.gate_d2, config.code_conflict
        )
        number = np.full(len(plots), -1, np.int32)
        for k in np.flatnonzero(chosen >= 0):
            row = int(chosen[k])
            number[k] = self._bank.number[row]
            kernels.update(self._bank, row, radar, batch, int(k), self._noise)
            self._bank.score[row] = min(self._bank.score[row] + gained[k], 60.0)
        self.used += len(plots)
        repeated = (chosen < 0) & (near == 1) & (batch.address == NO_ADDRESS)
        self._reject("repeats a track's plot", repeated)
        fresh = np.flatnonzero((chosen < 0) & ~repeated)
        number[fresh] = self._next_number + np.arange(len(fresh))
        self._start(fresh, radar, batch)
        self._confirm()
        return number

    def _batch(self, plots: Plots) -> Batch:
        hide, height = self.config.hide_addresses, plots.height_m
        placed = np.isfinite(plots.lat_rad) & np.isfinite(plots.lon_rad)
        pressure_alt_m = np.where(plots.flags & GARBLED_C, np.nan, plots.pressure_alt_m)
        no_code = self.config.hide_codes | (plots.flags & GARBLED_A != 0)
        level = np.where(np.isfinite(height), height, pressure_alt_m)
        taken_at = np.where(np.isfinite(level), level, self.config.start_height_m)
        position = np.full((len(plots), 3), np.nan)
        if placed.any():
            position[placed] = ecef(plots.lat_rad[placed], plots.lon_rad[placed], taken_at[placed])
        callsign = np.ascontiguousarray(plots.callsign).view(np.uint64)
        return Batch(
            plots.time_s,
            np.where(placed, np.nan, plots.range_m),
            plots.azimuth_rad,
            position,
            level,
            pressure_alt_m,
            np.full_like(plots.address, NO_ADDRESS) if hide else plots.address,
            np.where(no_code, NO_MODE_A, plots.mode_a).astype(np.uint16),
            np.zeros_like(callsign) if hide else callsign,
        )

    def _start(self, plots: I8, radar: Radar, batch: Batch) -> None:
        config = self.config
        if self._live + len(plots) > len(self._bank.number):
            self._bank = _grown(self._bank, 2 * (self._live + len(plots)))
        height = np.array([config.start_height_m, config.start_height_sigma_m])
        coded = _coded(batch)
        for k in plots:
            kernels.start(
                self._bank,
                self._live,
                self._next_number,
                radar,
                batch,
                int(k),
                height,
                config.start_speed_mps,
                config.start_climb_mps if coded[k] else config.start_climb_uncoded_mps,
            )
            self._live += 1
            self._next_number += 1

    def _confirm(self) -> None:
        bank, rows = self._bank, slice(0, self._live)
        sure = (bank.score[rows] >= self.config.confirm_score) & (bank.hits[rows] >= self.config.confirm_hits)
        bank.status[rows][sure & (bank.status[rows] == TENTATIVE)] = CONFIRMED

    def _pace_s(self, rows: I8) -> F8:
        """Time between looks that each row may expect: the scan of the fastest sensor that had it lately."""
        heard = self._bank.heard_s[rows]
        newest = heard.max(axis=1, keepdims=True, initial=NEVER_S)
        lately = heard > newest - 3 * self.sites.scan_s
        pace: F8 = np.where(lately, self.sites.scan_s, np.inf).min(axis=1, initial=np.inf)
        return pace

    def _end_lives(self, time_s: float) -> None:
        if not self._live:
            return
        bank, rows = self._bank, np.arange(self._live)
        age_s = time_s - bank.updated_s[rows]
        patience = self.config.coast_scans / np.clip(bank.seen[rows], LEAST_SEEN, 1.0)
        scans = np.where(bank.status[rows] == CONFIRMED, patience, self.config.tentative_scans)
        over = age_s > scans * self._pace_s(rows)
        over |= kernels.twins(bank, self._live, self.sites.scan_s, 400.0, 40.0).astype(bool)
        if over.any():
            self._keep(~over)

    def _keep(self, stay: Bool) -> None:
        rows = np.flatnonzero(stay)
        for array in self._bank:
            array[: len(rows)] = array[rows]
        self._live = len(rows)


def _coded(batch: Batch) -> Bool:
    """Which plots say who they are."""
    coded: Bool = (batch.mode_a != NO_MODE_A) | (batch.address != NO_ADDRESS)
    return coded


def _radars(sites: Sites) -> list[Radar]:
    position, axes = ecef(sites.lat_rad, sites.lon_rad, sites.height_m), enu_axes(sites.lat_rad, sites.lon_rad)
    return [
        Radar(
            k,
            position[k],
            np.ascontiguousarray(axes[k]),
            float(sites.scan_s[k]),
            float(sites.sigma_range_m[k]) ** 2,
            float(sites.sigma_azimuth_rad[k]) ** 2,
            float(sites.sigma_height_m[k]) ** 2,
            float(sites.pd[k]),
        )
        for k in range(len(sites))
    ]


def _empty_bank(capacity: int, sensors: int) -> Bank:
    m = kernels.MODELS
    return Bank(
        np.zeros((capacity, m, 6)),
        np.zeros((capacity, m, 6, 6)),
        np.zeros((capacity, m)),
        np.zeros(capacity),
        np.zeros(capacity, np.int32),
        np.zeros(capacity, np.uint8),
        np.zeros(capacity, np.int32),
        np.zeros(capacity),
        np.zeros(capacity),
        np.full((capacity, sensors), NEVER_S),
        np.zeros(capacity),
        np.zeros(capacity, np.uint32),
        np.zeros(capacity, np.uint16),
        np.zeros(capacity, np.uint64),
        np.zeros(capacity),
    )


def _grown(bank: Bank, capacity: int) -> Bank:
    larger = _empty_bank(capacity, bank.heard_s.shape[1])
    arrays: list[NDArray[Any]] = list(bank)
    rooms: list[NDArray[Any]] = list(larger)
    for array, room in zip(arrays, rooms, strict=True):
        room[: len(array)] = array
    return larger
