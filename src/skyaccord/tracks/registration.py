"""Registration: how far each sensor's range, azimuth, clock and height are off, learnt from what several sensors see.

`learn` takes plots as the sensors gave them, with the number of the track that each belongs to; `biases` tells what is
known by now; `correct` gives plots as they should have been. A bias is what a sensor says less what is true.

How it is learnt. Each track's own filter predicts its next plot and knows how that prediction leans on all the biases
behind it (`registration_kernels.py`), so every plot is one linear statement about the joint vector of biases, used
once, with no pairing or interpolation of plots. The statements of `step_s` seconds are summed as information and
joined to a random walk of the biases, which keeps the full covariance: what only differs between sensors (a common
clock error, say) stays as uncertain as the prior. Large innovations count by Huber's rule. Before a step is joined
each sensor is asked whether a jump of its own biases explains what the others' steady biases don't (generalised
likelihood ratio, A. S. Willsky and H. L. Jones, IEEE Trans. Automatic Control 21 (1976), 108); if so its biases are
unknown again and all tracks are begun anew.

Height. A radar's range and azimuth meet the height that the plot has; a height that is wrong by h moves the plot over
the ground by h times the tangent of the elevation, so it looks like a range bias that grows close to the radar, and
that is how it is seen where targets pass near. A radar that measures height itself may have a bias of its own; Mode C
comes from the aircraft, and its bias against the ellipsoid (weather and geoid) is one number for the whole area.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np

from skyaccord.columns import F8, I8, U2, Bool, Columns, column
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.sensors import mlat
from skyaccord.sensors.plots import GARBLED_C, ON_GROUND, TEST, Plots
from skyaccord.sensors.sites import Sites, row_of
from skyaccord.tracks import registration_kernels as kernels
from skyaccord.tracks.registration_kernels import GEOMETRIC, NO_HEIGHT, PER_SENSOR, PRESSURE, SLOTS, Bank, Ears, Heard

RANGE, AZIMUTH, TIME, HEIGHT = range(PER_SENSOR)
FARTHEST_M, HIGHEST_M, END_OF_TIME_S = 1e7, 1e6, 1e12  # beyond, a number is none of a plot's
DULL_S = 120.0  # how long a track that one sensor alone sees is left out
UNUSUAL = 8.0  # likelihood ratio of a jump from which a sensor is thought to drift faster (chi-square, 4 degrees: 9 %)


@dataclass(frozen=True)
class RegistrationConfig:
    """Settings of registration; sigmas are one standard deviation."""

    # what is thought of a sensor before anything is heard
    range_m: float = 300.0
    azimuth_rad: float = float(np.radians(1.0))
    time_s: float = 1.0
    height_m: float = 300.0  # of a radar that measures height
    pressure_m: float = 150.0  # Mode C against height, common to the area
    adsb_time_s: float = 0.2  # a position that is told, or that multilateration computes, is off by its time alone

    # how far a bias wanders in an hour
    range_drift_m: float = 20.0
    azimuth_drift_rad: float = float(np.radians(0.04))
    time_drift_s: float = 0.02
    height_drift_m: float = 20.0
    pressure_drift_m: float = 20.0

    # a self-reported position is also off by what lasts for one aircraft: its own latency, antenna, filter
    adsb_lasting_m: float = 15.0
    adsb_lasting_s: float = 60.0

    step_s: float = 5.0  # plots of so long are summed before the biases move
    calm_horizontal: float = 1.0  # white acceleration density, m^2/s^3
    calm_vertical: float = 0.5
    agile_horizontal: float = 600.0
    agile_vertical: float = 40.0
    start_height_m: float = 5000.0  # of a track whose plots have none
    start_height_sigma_m: float = 3000.0
    together_s: float = 30.0  # a track tells of biases while two sensors have seen it within so long
    gap_s: float = 40.0  # a track without a plot for longer begins anew
    late_s: float = 2.0  # a plot that is older than its track by more is left out
    huber: float = 2.5  # sigmas beyond which an innovation counts less
    least_range_m: float = 3000.0  # closer, and steeper, azimuth says little and height too much
    most_sine: float = 0.6
    most_tracks: int = 128  # learnt from at a time; more make it dearer, not much better
    jump_d2: float = 40.0  # likelihood ratio at which a sensor is believed to have jumped
    jump_memory_s: float = 30.0
    correct_d2: float = 16.0  # squared Mahalanobis length beyond which a sensor's biases are applied


@dataclass(frozen=True, eq=False)
class Biases(Columns):
    """What is known of the sensors' biases at one time, one row a sensor, in the registry's order."""

    source: U2 = column("u2")
    range_m: F8 = column("f8")
    azimuth_rad: F8 = column("f8")
    time_s: F8 = column("f8")  # of its clock: reported less true
    height_m: F8 = column("f8")  # of heights that it measures itself
    pressure_m: F8 = column("f8")  # Mode C less height, one for all sensors
    sigma_range_m: F8 = column("f8")
    sigma_azimuth_rad: F8 = column("f8")
    sigma_time_s: F8 = column("f8")
    sigma_height_m: F8 = column("f8")
    sigma_pressure_m: F8 = column("f8")
    covariance: F8 = column("f8", PER_SENSOR, PER_SENSOR)  # range, azimuth, time, height
    observable: Bool = column("?", PER_SENSOR)  # sigma at most half of what it was before anything was heard
    plots: I8 = column("i8")  # learnt from
    jumped_s: F8 = column("f8")  # when it last jumped; NaN: never


class Registration:
    """Biases of one party's sensors, learnt as plots come. Deterministic: no clock, no chance."""

    def __init__(self, sites: Sites, config: RegistrationConfig | None = None) -> None:
        self.sites = sites
        self.config = config = config or RegistrationConfig()
        count, reporting = len(sites), np.isin(sites.kind, (b"adsb", b"mlat"))
        self._scale = scale = np.append(
            np.tile([config.range_m, config.azimuth_rad, config.time_s, config.height_m], count), config.pressure_m
        )
        prior = np.ones(len(scale))
        prior[:-1].reshape(count, PER_SENSOR)[reporting] = [0.0, 0.0, (config.adsb_time_s / config.time_s) ** 2, 0.0]
        drift = np.append(
            np.tile(
                [config.range_drift_m, config.azimuth_drift_rad, config.time_drift_s, config.height_drift_m], count
            ),
            config.pressure_drift_m,
        )
        self._prior = prior
        with np.errstate(divide="ignore"):
            self._forgets = (drift / scale) ** 2 / 3600.0 / (2 * prior)  # a random walk bounded by the prior
        self._mean = np.zeros(len(scale))
        self._covariance = np.diag(prior)
        self._told, self._gained = np.zeros((len(scale), len(scale))), np.zeros(len(scale))
        self._bank = _empty_bank(config.most_tracks)
        self._ears = Ears(
            ecef(sites.lat_rad, sites.lon_rad, sites.height_m),
            np.ascontiguousarray(enu_axes(sites.lat_rad, sites.lon_rad)),
            np.stack([sites.sigma_range_m, sites.sigma_azimuth_rad, sites.sigma_height_m], axis=1) ** 2,
        )
        self._used = np.zeros(count, np.int64)
        self._jumped_s = np.full(count, np.nan)
        self._suspicion = np.zeros((count, PER_SENSOR))
        self._evidence = np.zeros((count, PER_SENSOR, PER_SENSOR))
        self._haste = np.ones(count)  # times faster than usual that a sensor's biases wander
        self._dull = np.empty((0, 2))  # tracks that one sensor alone sees, and until when they are left out
        self._step: int | None = None

    def copy(self) -> Registration:
        """A registration that goes on from here on its own."""
        return copy.deepcopy(self)

    def correct(self, plots: Plots) -> Plots:
        """The plots as they should have been: range, azimuth, time and heights less their biases.

        A sensor's biases are applied together or not at all: when they differ from none by more than
        `config.correct_d2` in squared Mahalanobis length. Plots of other sensors are returned as they are.
        """
        sensor = row_of(self.sites, plots.source)
        applied = np.where(self._significant()[:, None], self._table(), 0.0)
        if not applied.any():
            return plots
        bias = np.where((sensor >= 0)[:, None], applied[sensor], 0.0)
        azimuth = plots.azimuth_rad - bias[:, AZIMUTH]
        return plots.replace(
            time_s=plots.time_s - bias[:, TIME],
            range_m=plots.range_m - bias[:, RANGE],
            azimuth_rad=np.where(bias[:, AZIMUTH] == 0, azimuth, azimuth % (2 * np.pi)),
            height_m=plots.height_m - bias[:, HEIGHT],
            pressure_alt_m=plots.pressure_alt_m - bias[:, PER_SENSOR],
        )

    def learn(self, plots: Plots, number: I8) -> None:
        """Take in plots as the sensors gave them and the track number of each (-1: none): (N,) each.

        Any number of calls, time moving on from one to the next. Tracks that two sensors see tell something; a plot
        without time or position, on the ground, too close or too steep above its radar tells nothing.
        """
        plots = mlat.placed(plots, self.sites)  # in a plane, never a slant range
        rows = np.flatnonzero(self._usable(plots, number))
        rows = rows[np.argsort(plots.time_s[rows], kind="stable")]
        if not len(rows):
            return
        step = np.floor(plots.time_s[rows] / self.config.step_s).astype(np.int64)
        self._step = int(step[0]) if self._step is None else self._step
        step = np.maximum(step, self._step)
        for part in np.split(rows, np.flatnonzero(np.diff(step)) + 1):
            self._close(int(step[0]))
            step = step[len(part) :]
            self._take(plots.take(part), np.asarray(number)[part])

    def biases(self, time_s: float) -> Biases:
        """What is known as of `time_s`; plots of the last `config.step_s` may not be counted yet."""
        ahead = 0.0 if self._step is None else max(time_s - self._step * self.config.step_s, 0.0)
        mean, covariance = self._later(ahead)
        count, sigma = len(self.sites), np.sqrt(np.diag(covariance)) * self._scale
        value, sigmas = (mean * self._scale)[:-1].reshape(count, -1), sigma[:-1].reshape(count, -1)
        blocks = _blocks(covariance * np.outer(self._scale, self._scale), count)
        before = np.sqrt(self._prior[:-1]).reshape(count, -1) * self._scale[:-1].reshape(count, -1)
        return Biases(
            source=self.sites.source,
            range_m=value[:, RANGE],
            azimuth_rad=value[:, AZIMUTH],
            time_s=value[:, TIME],
            height_m=value[:, HEIGHT],
            pressure_m=np.full(count, (mean * self._scale)[-1]),
            sigma_range_m=sigmas[:, RANGE],
            sigma_azimuth_rad=sigmas[:, AZIMUTH],
            sigma_time_s=sigmas[:, TIME],
            sigma_height_m=sigmas[:, HEIGHT],
            sigma_pressure_m=np.full(count, sigma[-1]),
            covariance=blocks,
            observable=(sigmas <= before / 2) & (before > 0),
            plots=self._used.copy(),
            jumped_s=self._jumped_s,
        )

    def _usable(self, plots: Plots, number: I8) -> Bool:
        sensor = row_of(self.sites, plots.source)
        placed = (np.abs(plots.lat_rad) <= np.pi / 2) & (np.abs(plots.lon_rad) <= 2 * np.pi)
        level, _ = _level(plots)
        rise = np.where(np.isnan(level), 0.0, level - self.sites.height_m[sensor])
        polar = np.isfinite(plots.azimuth_rad) & (plots.range_m >= self.config.least_range_m)
        polar &= plots.range_m <= FARTHEST_M
        polar &= np.abs(rise) <= self.config.most_sine * plots.range_m
        good: Bool = (sensor >= 0) & (np.asarray(number) >= 0) & (np.abs(plots.time_s) < END_OF_TIME_S)
        good &= (placed | polar) & ((plots.flags & (TEST | ON_GROUND)) == 0)
        return good

    def _take(self, plots: Plots, number: I8) -> None:
        """Plots of one step into the kernel, corrected by what the biases are thought to be."""
        row = self._rows(number, float(plots.time_s.max()))
        known = row >= 0
        plots, row = plots.take(known), row[known]
        sensor = row_of(self.sites, plots.source)
        bias = self._table()[sensor]
        time_s = plots.time_s - bias[:, TIME]
        order = np.argsort(time_s, kind="stable")
        placed = np.isfinite(plots.lat_rad) & np.isfinite(plots.lon_rad)
        height, level = _level(plots)
        height = height - np.where(level == GEOMETRIC, bias[:, HEIGHT], bias[:, PER_SENSOR])
        heard = Heard(
            row[order],
            sensor[order],
            time_s[order],
            placed[order],
            np.where(placed, plots.lat_rad, plots.range_m - bias[:, RANGE])[order],
            np.where(placed, plots.lon_rad, plots.azimuth_rad - bias[:, AZIMUTH])[order],
            height[order],
            level[order],
        )
        covariance = self._covariance * np.outer(self._scale, self._scale)
        kernels.learn(self._bank, heard, self._ears, self._tuning(), covariance, self._told, self._gained, self._used)

    def _tuning(self) -> kernels.Tuning:
        c = self.config
        return kernels.Tuning(
            np.array([c.calm_horizontal, c.agile_horizontal]),
            np.array([c.calm_vertical, c.agile_vertical]),
            c.together_s,
            c.gap_s,
            c.late_s,
            c.huber,
            c.start_height_m,
            c.start_height_sigma_m,
            2 * c.adsb_lasting_s * c.adsb_lasting_m**2,
        )

    def _rows(self, number: I8, time_s: float) -> I8:
        """Row of the bank for each plot's track; -1: no room.

        Rows of tracks long silent are given away, and in a full bank those of tracks that one sensor alone has seen;
        these are then left out for a while.
        """
        bank = self._bank
        bank.number[bank.time_s < time_s - 2 * self.config.gap_s] = -1
        order = np.argsort(bank.number, kind="stable")
        wanted, inverse = np.unique(number, return_inverse=True)
        at = np.minimum(np.searchsorted(bank.number[order], wanted), len(order) - 1)
        row = np.where(bank.number[order][at] == wanted, order[at], -1)
        self._dull = self._dull[self._dull[:, 1] > time_s]
        fresh = np.flatnonzero((row < 0) & ~np.isin(wanted, self._dull[:, 0]))
        free = np.flatnonzero(bank.number < 0)
        if len(fresh) > len(free):
            lonely = (bank.number >= 0) & (bank.sensor[:, 1] < 0)
            lonely &= bank.time_s - bank.begun_s > self.config.together_s
            until_s = np.full(int(lonely.sum()), time_s + DULL_S)
            self._dull = np.concatenate([self._dull, np.stack([bank.number[lonely], until_s], axis=1)])
            row[np.isin(wanted, bank.number[lonely])] = -1
            bank.number[lonely] = -1
            free = np.flatnonzero(bank.number < 0)
        fresh = fresh[: len(free)]
        row[fresh] = free[: len(fresh)]
        bank.number[row[fresh]], bank.time_s[row[fresh]] = wanted[fresh], np.nan
        rows: I8 = row[inverse]
        return rows

    def _close(self, step: int) -> None:
        """Join what the running step told to what was known, and go on to `step`."""
        assert self._step is not None
        if step == self._step:
            return
        told = self._told * np.outer(self._scale, self._scale)
        gained = self._gained * self._scale
        if gained.any():
            self._join(told, gained)
        self._told[:], self._gained[:] = 0.0, 0.0
        before = self._mean
        self._mean, self._covariance = self._later((step - self._step) * self.config.step_s)
        kernels.shift(self._bank, (self._mean - before) * self._scale)
        self._step = step

    def _join(self, told: F8, gained: F8) -> None:
        """Bayes' rule in information form, unless a sensor has jumped."""
        shrink = np.linalg.inv(np.eye(len(told)) + self._covariance @ told)
        jumped = self._jumps(told @ shrink, shrink.T @ gained)
        if jumped.any():
            self._reopen(jumped)
            return
        covariance = shrink @ self._covariance
        self._covariance = (covariance + covariance.T) / 2
        change = self._covariance @ gained
        self._mean = self._mean + change
        kernels.shift(self._bank, change * self._scale)

    def _jumps(self, evidence: F8, suspicion: F8) -> Bool:
        """Which sensors a jump of their own explains much better than none, given this step and those before.

        `evidence` (B, B) is the information on a change of the biases, `suspicion` (B,) its vector; without a jump
        they are a covariance and a draw from it.
        """
        count = len(self.sites)
        keep = float(np.exp(-self.config.step_s / self.config.jump_memory_s))
        self._evidence = keep**2 * self._evidence + _blocks(evidence, count)
        self._suspicion = keep * self._suspicion + suspicion[:-1].reshape(count, -1)
        weak = np.eye(PER_SENSOR)  # a jump of the size of the prior
        ratio = np.einsum(
            "si,si->s", self._suspicion, np.linalg.solve(self._evidence + weak, self._suspicion[..., None])[..., 0]
        )
        self._haste = np.maximum(ratio / UNUSUAL, 1.0) ** 4
        worst = ratio.max(initial=0.0)
        jumped: Bool = (ratio > self.config.jump_d2) & (ratio > 0.7 * worst)
        return jumped

    def _reopen(self, jumped: Bool) -> None:
        """Forget the biases of sensors that jumped, and whatever was built on them."""
        assert self._step is not None
        self._jumped_s = np.where(jumped, self._step * self.config.step_s, self._jumped_s)
        again = np.append(np.repeat(jumped, PER_SENSOR), False)
        self._covariance = np.where(again[:, None] | again, 0.0, self._covariance) + np.diag(again * self._prior)
        self._evidence[:], self._suspicion[:], self._haste[:] = 0.0, 0.0, 1.0
        self._bank.number[:] = -1

    def _later(self, seconds: float) -> tuple[F8, F8]:
        """Mean and covariance after a time without plots."""
        if seconds <= 0:
            return self._mean, self._covariance
        haste = np.append(np.repeat(self._haste, PER_SENSOR), 1.0)
        stay = np.exp(-self._forgets * haste * seconds)
        return self._mean * stay, self._covariance * np.outer(stay, stay) + np.diag(self._prior * (1 - stay**2))

    def _table(self) -> F8:
        """(S, 5) biases in SI units: range, azimuth, time, height, and the pressure altitude's."""
        value, count = self._mean * self._scale, len(self.sites)
        return np.column_stack([value[:-1].reshape(count, -1), np.full(count, value[-1])])

    def _significant(self) -> Bool:
        """(S,) whose biases are worth applying."""
        count = len(self.sites)
        value = self._mean[:-1].reshape(count, -1)
        tiny = 1e-12 * np.eye(PER_SENSOR)
        length = np.linalg.solve(_blocks(self._covariance, count) + tiny, value[..., None])[..., 0]
        far: Bool = np.einsum("si,si->s", value, length) > self.config.correct_d2
        return far


def _level(plots: Plots) -> tuple[F8, I8]:
    """Height of each plot and what it is; a garbled Mode C is none."""
    measured = np.abs(plots.height_m) < HIGHEST_M
    told = (np.abs(plots.pressure_alt_m) < HIGHEST_M) & ((plots.flags & GARBLED_C) == 0)
    height = np.where(measured, plots.height_m, np.where(told, plots.pressure_alt_m, np.nan))
    return height, np.where(measured, GEOMETRIC, np.where(told, PRESSURE, NO_HEIGHT))


def _blocks(matrix: F8, count: int) -> F8:
    """The sensors' own blocks on the diagonal of (B, B): (S, 4, 4)."""
    square = matrix[:-1, :-1].reshape(count, PER_SENSOR, count, PER_SENSOR)
    return np.ascontiguousarray(square[np.arange(count), :, np.arange(count)])


def _empty_bank(rows: int) -> Bank:
    return Bank(
        np.full(rows, -1, np.int64),
        np.full(rows, np.nan),
        np.full(rows, np.nan),
        np.zeros(rows, np.int64),
        np.zeros((rows, 2, 6)),
        np.zeros((rows, 2, 6, 6)),
        np.zeros((rows, 2, 6, kernels.COLUMNS)),
        np.zeros(rows),
        np.full((rows, SLOTS), -1, np.int64),
        np.full((rows, SLOTS), -np.inf),
    )
