"""Bounds: how well anybody could know where targets are, from what was looked at and when.

The posterior Cramer-Rao bound of P. Tichavsky, C. H. Muravchik, A. Nehorai, "Posterior Cramer-Rao bounds for
discrete-time nonlinear filtering", IEEE Trans. Signal Processing 46 (1998), eq. 21 and 34-36: information J about the
state ages with the motion and its process noise, J' = (Q + F J^-1 F^T)^-1, and grows with each look by H^T R^-1 H at
the truth. Whose plot is whose is known. A look that succeeds with some probability counts as much as that probability
(information reduction: M. L. Hernandez, A. Farina, B. Ristic, IEEE Trans. AES 42 (2006)); that bounds from below too.

Two motions. Known controls: it turns as the target really turned, without noise; no tracker does better on average.
Matched model: each second has the noise of the calm or the agile model, whichever fits, and is known to; that bounds
trackers whose targets really move so, and a tracker with better models of these targets may do better.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skyaccord.columns import F8, I8, Bool, Columns, column
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.exercise.along import Paths, spans
from skyaccord.exercise.kernels import posterior
from skyaccord.sensors import Sites

UNSURE_HEIGHT_M = 3500.0  # one sigma of what flies, where no plot says its height


@dataclass(frozen=True)
class Noise:
    """White acceleration of the two models, m^2/s^3, and the acceleration that tells them apart."""

    calm_horizontal: float = 0.3
    calm_vertical: float = 0.3
    agile_horizontal: float = 400.0
    agile_vertical: float = 4.0
    agile_from_mps2: float = 0.5


@dataclass(frozen=True)
class Prior:
    """What is known of a target before its first plot: one sigma; infinite: nothing."""

    speed_mps: float = np.inf  # each horizontal axis
    climb_mps: float = np.inf
    height_m: float = np.inf

    @property
    def information(self) -> F8:
        """(6, 6)."""
        return np.diag([0.0, 0.0, self.height_m**-2, self.speed_mps**-2, self.speed_mps**-2, self.climb_mps**-2])


NOTHING = Prior()
SOMEWHERE = Prior(height_m=UNSURE_HEIGHT_M)
FLIES = Prior(speed_mps=150.0, climb_mps=20.0, height_m=UNSURE_HEIGHT_M)


@dataclass(frozen=True, eq=False)
class Glimpses(Columns):
    """Each look at a target, found or counted by its probability, in order of target, then time."""

    truth_id: I8 = column("i8")
    time_s: F8 = column("f8")
    gain: F8 = column("f8", 3, 3)  # information about the position, in the frame of the bound
    weight: F8 = column("f8")  # 1: a plot; less: the probability that the look succeeds


def information(position: F8, sites: Sites, row: I8, has_height: Bool) -> F8:
    """What a radar's range, azimuth and height say of a position: (N, 3) ECEF -> (N, 3, 3) ECEF.

    `row` (N,) is the sensor's in `sites`; the gradients are those at the true position.
    """
    antenna = ecef(sites.lat_rad, sites.lon_rad, sites.height_m)[row]
    axes = enu_axes(sites.lat_rad, sites.lon_rad)[row]
    sight = position - antenna
    range_m = np.maximum(np.linalg.norm(sight, axis=1), 1.0)
    east, north, _ = np.einsum("nij,nj->in", axes, sight)
    flat2 = np.maximum(east**2 + north**2, 1.0)
    along = sight / range_m[:, None]
    across = (north[:, None] * axes[:, 0] - east[:, None] * axes[:, 1]) / flat2[:, None]
    lat, lon, _ = geodetic(position)
    up = enu_axes(lat, lon)[:, 2]
    gain: F8 = np.zeros((len(position), 3, 3))
    for gradient, sigma in (
        (along, sites.sigma_range_m[row]),
        (across, sites.sigma_azimuth_rad[row]),
        (up, np.where(has_height, sites.sigma_height_m[row], np.inf)),
    ):
        scaled = gradient / sigma[:, None]
        gain += scaled[:, :, None] * scaled[:, None, :]
    return gain


def known_controls(paths: Paths) -> F8:
    """No process noise: (N, 2) of zeros."""
    return np.zeros((len(paths), 2))


def matched(paths: Paths, noise: Noise | None = None) -> F8:
    """The densities of the model that fits each second: (N, 2), agile where the velocity changes."""
    noise = noise or Noise()
    change = np.zeros(len(paths))
    same = (paths.truth_id[1:] == paths.truth_id[:-1]) & (np.diff(paths.time_s) > 0)
    step = np.linalg.norm(np.diff(paths.state[:, 3:], axis=0), axis=1)
    change[:-1][same] = step[same] / np.diff(paths.time_s)[same]
    agile = change > noise.agile_from_mps2
    return np.where(
        agile[:, None],
        [noise.agile_horizontal, noise.agile_vertical],
        [noise.calm_horizontal, noise.calm_vertical],
    )


def bound(
    paths: Paths,
    glimpses: Glimpses,
    truth_id: I8,
    time_s: F8,
    densities: F8,
    prior: Prior = NOTHING,
    turns: bool = True,
) -> F8:
    """Least covariance of each target's state at the times asked: (M,) each -> (M, 6, 6), x y z vx vy vz.

    `densities` (rows of paths, 2) is the process noise of each second; `turns`: the true turns are known. NaN before
    the second plot, and for targets without path or plots.
    """
    out = np.full((len(truth_id), 6, 6), np.nan)
    order = np.lexsort((time_s, truth_id))
    numbers, first = spans(paths)
    looked = np.searchsorted(glimpses.truth_id, np.column_stack([numbers, numbers + 1]))
    asked = np.searchsorted(truth_id[order], np.column_stack([numbers, numbers + 1]))
    for k in range(len(numbers)):
        here, look = slice(first[k], first[k + 1]), slice(looked[k, 0], looked[k, 1])
        rows = order[asked[k, 0] : asked[k, 1]]
        if look.start == look.stop or not len(rows):
            continue
        seconds = paths.time_s[here]
        cell_s = float(np.median(np.diff(seconds))) if len(seconds) > 1 else 1.0
        turn = paths.turn_radps[here] if turns else np.zeros(len(seconds))
        out[rows] = posterior(
            glimpses.time_s[look],
            glimpses.weight[look],
            glimpses.gain[look],
            float(seconds[0]),
            cell_s,
            turn,
            densities[here],
            time_s[rows],
            prior.information,
        )
    return out


@dataclass(frozen=True)
class Against:
    """A bound of the horizontal position, and how near tracks come to it."""

    bound_rms_m: float  # over targets and instants that have one
    bound_median_m: float
    bounded: int
    compared: int  # of them, with a track on the target
    rmse_m: float  # of the tracks over the same
    ratio_rms: float  # rmse over the bound's rms, over the same
    ratio_median: float  # median error over the median error that the bound's Gaussian would have


def against(variance_m2: F8, paired: I8, distance_m: F8, cut_m: float) -> Against:
    """Compare errors (P,) of pairs with the bound's variances (N,) of all truth rows; `paired` (P,) are their rows.

    Bounds beyond `cut_m` are left out: no pair could show such an error.
    """
    fit = variance_m2 < cut_m**2  # NaN: no
    all_bounds, both = variance_m2[fit], fit[paired]
    variance, error = variance_m2[paired][both], distance_m[both]
    expected = np.sqrt(variance * np.log(2)) if len(variance) else variance  # median of a round Gaussian's radius
    return Against(
        bound_rms_m=float(np.sqrt(all_bounds.mean())) if len(all_bounds) else np.nan,
        bound_median_m=float(np.sqrt(np.median(all_bounds))) if len(all_bounds) else np.nan,
        bounded=len(all_bounds),
        compared=len(error),
        rmse_m=float(np.sqrt((error**2).mean())) if len(error) else np.nan,
        ratio_rms=float(np.sqrt((error**2).mean() / variance.mean())) if len(error) else np.nan,
        ratio_median=float(np.median(error) / np.median(expected)) if len(error) else np.nan,
    )
