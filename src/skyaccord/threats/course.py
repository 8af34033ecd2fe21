"""Course: where a track will be, and how well that is known.

Two ways to go on: on course (constant ground speed and vertical speed over the curved earth, as what flies does) and
falling (no air, gravity alone, as what is thrown does).
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from skyaccord.columns import F8
from skyaccord.earth.wgs84 import enu_axes, geodetic
from skyaccord.picture.picture import Picture

GM = 3.986004418e14  # m^3/s^2, NGA.STND.0036
EARTH_RATE_RADPS = 7.292115e-5
FALL_STEP_S = 5.0
LEAST_SPEED_SIGMA_MPS = 5.0  # no tracker knows a speed better than this through a manoeuvre

# what no aircraft does
FAST_MPS = 700.0
STEEP_MPS = 150.0
STEEP_FAST_MPS = 400.0


def probability_below(value: F8, sigma: F8 | float) -> F8:
    """Probability that a normal quantity of mean `value` is below zero."""
    below: F8 = ndtr(-np.asarray(value) / sigma)
    return below


def velocity_enu(state: F8) -> F8:
    """East, north, up speed: (N, 6) ECEF -> (N, 3) m/s."""
    lat, lon, _ = geodetic(state[:, :3])
    return np.asarray(np.einsum("nij,nj->ni", enu_axes(lat, lon), state[:, 3:]))


def on_course(state: F8, ahead_s: F8) -> tuple[F8, F8, F8]:
    """Position `ahead_s` later (negative: earlier): (N, 6), (N, T) -> latitude, longitude, height, (N, T) each.

    A great circle about the Earth's centre at the ground speed of now, the vertical speed kept; within 10 m of the
    geodesic over 75 km.
    """
    position, velocity = state[:, :3], state[:, 3:]
    lat, lon, height = geodetic(position)
    up = enu_axes(lat, lon)[:, 2]
    climb = np.einsum("ni,ni->n", velocity, up)
    radius = np.linalg.norm(position, axis=1)
    outward = position / radius[:, None]
    along = velocity - climb[:, None] * up
    along = along - np.einsum("ni,ni->n", along, outward)[:, None] * outward
    speed = np.linalg.norm(along, axis=1)
    heading = along / np.maximum(speed, 1e-9)[:, None]
    angle = (speed / radius)[:, None] * ahead_s
    there = np.cos(angle)[..., None] * outward[:, None] + np.sin(angle)[..., None] * heading[:, None]
    lat_there, lon_there, _ = geodetic(there * radius[:, None, None])
    return lat_there, lon_there, height[:, None] + climb[:, None] * ahead_s


def position_covariance(covariance: F8, ahead_s: F8) -> F8:
    """Covariance of the position `ahead_s` later if the velocity stays: (N, 6, 6), (N,) -> (N, 3, 3)."""
    t = np.asarray(ahead_s)[:, None, None]
    cross = covariance[:, :3, 3:]
    return covariance[:, :3, :3] + t * (cross + cross.transpose(0, 2, 1)) + t * t * covariance[:, 3:, 3:]


def sigma_along(covariance: F8, direction: F8) -> F8:
    """Standard deviation along unit vectors: (N, 3, 3), (N, 3) -> (N,)."""
    variance = np.einsum("ni,nij,nj->n", direction, covariance, direction)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def faster_than(limit_mps: float, state: F8, covariance: F8) -> F8:
    """Probability of a speed above the limit: (N, 6), (N, 6, 6) -> (N,)."""
    velocity = state[:, 3:]
    speed = np.linalg.norm(velocity, axis=1)
    ahead = velocity / np.maximum(speed, 1e-9)[:, None]
    sigma = np.maximum(sigma_along(covariance[:, 3:, 3:], ahead), LEAST_SPEED_SIGMA_MPS)
    return probability_below(limit_mps - speed, sigma)


def unlike_aircraft(state: F8, covariance: F8) -> F8:
    """Probability of a motion that no aircraft has: (N, 6), (N, 6, 6) -> (N,).

    Faster than FAST_MPS, or climbing or diving faster than STEEP_MPS at more than STEEP_FAST_MPS.
    """
    lat, lon, _ = geodetic(state[:, :3])
    up = enu_axes(lat, lon)[:, 2]
    climb = np.abs(np.einsum("ni,ni->n", state[:, 3:], up))
    climb_sigma = np.maximum(sigma_along(covariance[:, 3:, 3:], up), LEAST_SPEED_SIGMA_MPS)
    steep = probability_below(STEEP_MPS - climb, climb_sigma)
    steep_and_fast = np.minimum(steep, faster_than(STEEP_FAST_MPS, state, covariance))
    return np.maximum(faster_than(FAST_MPS, state, covariance), steep_and_fast)


def height_sigma_m(picture: Picture) -> F8:
    """How well each row's height is known, one standard deviation, (N,)."""
    up = enu_axes(picture.lat_rad, picture.lon_rad)[:, 2]
    return sigma_along(picture.covariance[:, :3, :3], up)


def fall(state: F8, covariance: F8, ground_m: float, horizon_s: float) -> tuple[F8, F8, F8]:
    """Where and when things come down that nothing but gravity moves: (N, 6), (N, 6, 6) -> (N, 3), (N,), (N,).

    The place in ECEF, seconds from now, and their standard deviation (of the height there, over the sinking speed); NaN
    for what does not come down to `ground_m` within `horizon_s`. Central gravity and the Earth's turning, no air:
    real falls are shorter. Runge-Kutta of fourth order, FALL_STEP_S.
    """
    ahead_s, place, at_ground = np.full(len(state), np.nan), np.full((len(state), 3), np.nan), state.copy()
    now, height = state, geodetic(state[:, :3])[2]
    for k in range(int(np.ceil(horizon_s / FALL_STEP_S))):
        after = _fallen(now, FALL_STEP_S)
        lower = geodetic(after[:, :3])[2]
        down = (height > ground_m) & (lower <= ground_m) & np.isnan(ahead_s)
        part = np.where(down, (height - ground_m) / np.where(down, height - lower, 1.0), 0.0)
        ahead_s = np.where(down, FALL_STEP_S * (k + part), ahead_s)
        at_ground = np.where(down[:, None], now + part[:, None] * (after - now), at_ground)
        now, height = after, lower
    came = ~np.isnan(ahead_s)
    place[came] = at_ground[came, :3]
    lat, lon, _ = geodetic(at_ground[:, :3])
    up = enu_axes(lat, lon)[:, 2]
    sinking = -np.einsum("ni,ni->n", at_ground[:, 3:], up)
    spread = sigma_along(position_covariance(covariance, np.nan_to_num(ahead_s)), up)
    return place, ahead_s, np.where(came, spread / np.maximum(sinking, 1.0), np.nan)


def _fallen(state: F8, step_s: float) -> F8:
    """One Runge-Kutta step."""
    a = _pull(state)
    b = _pull(state + step_s / 2 * a)
    c = _pull(state + step_s / 2 * b)
    d = _pull(state + step_s * c)
    return np.asarray(state + step_s / 6 * (a + 2 * b + 2 * c + d))


def _pull(state: F8) -> F8:
    """d/dt of (position, velocity) in the turning ECEF frame: gravity, centrifugal and Coriolis acceleration."""
    position, velocity, w = state[:, :3], state[:, 3:], EARTH_RATE_RADPS
    acceleration = -GM * position / np.linalg.norm(position, axis=1)[:, None] ** 3
    acceleration[:, 0] += w * w * position[:, 0] + 2 * w * velocity[:, 1]
    acceleration[:, 1] += w * w * position[:, 1] - 2 * w * velocity[:, 0]
    return np.concatenate([velocity, acceleration], axis=1)
