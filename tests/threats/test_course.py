"""Courses against pyproj's geodesics, falls against SciPy's integrator in the inertial frame."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pyproj import Geod
from scipy.integrate import solve_ivp
from skies import state_of

from skyaccord.earth.wgs84 import ecef, geodetic
from skyaccord.threats.course import (
    EARTH_RATE_RADPS,
    GM,
    fall,
    on_course,
    position_covariance,
    unlike_aircraft,
    velocity_enu,
)

GEOD = Geod(ellps="WGS84")


@pytest.mark.parametrize("course_deg", [0.0, 45.0, 110.0, 200.0, 315.0])
@pytest.mark.parametrize("lat_deg", [-60.0, 0.0, 38.0])
def test_a_course_is_the_geodesic(lat_deg: float, course_deg: float) -> None:
    state = state_of(lat_deg, 69.0, course_deg, 250.0, 0.0)[None]
    lat, lon, height = on_course(state, np.array([[0.0, 300.0, -120.0]]))
    for k, way_m in enumerate((0.0, 75_000.0, -30_000.0)):
        true_lon, true_lat, _ = GEOD.fwd(69.0, lat_deg, course_deg, way_m)
        _, _, off_m = GEOD.inv(true_lon, true_lat, math.degrees(lon[0, k]), math.degrees(lat[0, k]))
        assert off_m < 10.0
    assert np.allclose(height, 0.0, atol=1e-3)


def test_a_climb_is_kept() -> None:
    _, _, height = on_course(state_of(38.0, 69.0, 90.0, 200.0, 1000.0, 15.0)[None], np.array([[100.0]]))
    assert height[0, 0] == pytest.approx(2500.0, abs=0.01)


def test_a_fall_is_that_of_an_integrator_in_the_inertial_frame() -> None:
    states = np.array(
        [state_of(37.0, 68.5, 29.0, 700.0, 12_000.0, 700.0), state_of(38.0, 70.0, 200.0, 900.0, 30_000.0, -200.0)]
    )
    covariance = np.tile(np.eye(6), (2, 1, 1))
    place, ahead_s, _ = fall(states, covariance, 0.0, 600.0)
    for k, state in enumerate(states):
        true_s, true_place = fall_in_space(state)
        assert ahead_s[k] == pytest.approx(true_s, abs=0.1)
        assert np.linalg.norm(place[k] - true_place) < 100.0  # a tenth of a second of flight


def fall_in_space(state: np.ndarray) -> tuple[float, np.ndarray]:
    """No turning frame, no fixed step: gravity alone, seen from outside, then turned back under the Earth."""
    spin = np.array([0.0, 0.0, EARTH_RATE_RADPS])
    start = np.concatenate([state[:3], state[3:] + np.cross(spin, state[:3])])

    def turned(t: float, position: np.ndarray) -> np.ndarray:
        c, s = math.cos(EARTH_RATE_RADPS * t), math.sin(EARTH_RATE_RADPS * t)
        return np.array([c * position[0] + s * position[1], -s * position[0] + c * position[1], position[2]])

    def ground(t: float, y: np.ndarray) -> float:
        return float(geodetic(turned(t, y[:3])[None])[2][0])

    ground.terminal, ground.direction = True, -1
    way = solve_ivp(
        lambda _, y: np.concatenate([y[3:], -GM * y[:3] / np.linalg.norm(y[:3]) ** 3]),
        (0.0, 600.0),
        start,
        events=ground,
        rtol=1e-10,
        atol=1e-6,
    )
    t = float(way.t_events[0][0])
    return t, turned(t, way.y_events[0][0][:3])


def test_the_time_of_a_fall_is_as_uncertain_as_its_start() -> None:
    """Monte Carlo over the start against the linear sigma."""
    chance = np.random.default_rng(5)
    covariance = np.diag([200.0**2] * 3 + [8.0**2] * 3)
    state = state_of(37.0, 68.5, 29.0, 700.0, 20_000.0, -100.0)
    _, _, sigma_s = fall(state[None], covariance[None], 0.0, 600.0)
    starts = chance.multivariate_normal(state, covariance, 4000)
    _, times_s, _ = fall(starts, np.tile(covariance, (4000, 1, 1)), 0.0, 600.0)
    assert sigma_s[0] == pytest.approx(times_s.std(), rel=0.06)


def test_what_does_not_come_down_has_no_place() -> None:
    place, ahead_s, sigma_s = fall(
        state_of(37.0, 68.5, 29.0, 700.0, 20_000.0, 1500.0)[None], np.eye(6)[None], 0.0, 60.0
    )
    assert np.isnan(place).all()
    assert np.isnan([ahead_s[0], sigma_s[0]]).all()


def test_covariance_ahead_is_that_of_samples() -> None:
    chance = np.random.default_rng(6)
    root = chance.normal(size=(6, 6))
    covariance = root @ root.T
    samples = chance.multivariate_normal(np.zeros(6), covariance, 200_000)
    there = samples[:, :3] + 7.0 * samples[:, 3:]
    assert position_covariance(covariance[None], np.array([7.0]))[0] == pytest.approx(
        np.cov(there.T), rel=0.05, abs=2.0
    )


def test_velocity_is_seen_from_the_ground() -> None:
    """Two positions a second apart, by another way: the difference of ECEF points on one meridian."""
    state = state_of(38.0, 69.0, 0.0, 100.0, 0.0, 7.0)
    lat, lon, height = geodetic((state[:3] + state[3:])[None])
    _, _, way_m = GEOD.inv(69.0, 38.0, math.degrees(lon[0]), math.degrees(lat[0]))
    assert velocity_enu(state[None])[0] == pytest.approx([0.0, way_m, height[0]], abs=0.01)
    assert np.linalg.norm(ecef(lat, lon, height) - state[:3]) == pytest.approx(np.linalg.norm(state[3:]), abs=1e-6)


@pytest.mark.parametrize(
    ("speed_mps", "climb_mps", "sigma_mps", "fast"),
    [
        (900.0, 0.0, 10.0, True),
        (650.0, 0.0, 10.0, False),  # a fast jet
        (450.0, 300.0, 10.0, True),  # a rocket
        (450.0, -300.0, 10.0, True),
        (250.0, 300.0, 10.0, False),  # a jet that zooms
        (800.0, 0.0, 200.0, False),  # poorly known
    ],
)
def test_what_no_aircraft_does(speed_mps: float, climb_mps: float, sigma_mps: float, fast: bool) -> None:
    covariance = np.diag([100.0**2] * 3 + [sigma_mps**2] * 3)
    state = state_of(38.0, 69.0, 70.0, speed_mps, 9000.0, climb_mps)
    assert (unlike_aircraft(state[None], covariance[None])[0] > 0.95) == fast
