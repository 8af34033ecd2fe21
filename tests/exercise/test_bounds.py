"""The posterior bound against other roads to it: Kalman's covariance, least squares, Monte Carlo, pyproj."""

from itertools import pairwise

import numpy as np
import pyproj
import pytest
from scipy.linalg import expm

from skyaccord.columns import F8
from skyaccord.exercise.along import Paths, along
from skyaccord.exercise.bounds import (
    NOTHING,
    Glimpses,
    Noise,
    Prior,
    against,
    bound,
    information,
    known_controls,
    matched,
)
from skyaccord.sensors import Sites

AT = np.array([12.0, 30.0, 33.5, 61.0, 90.0])


def flight(turn: F8, one: int = 4) -> Paths:
    """A target that is known each second and turns by `turn`; where it is does not matter to the bound."""
    n = len(turn)
    state = np.column_stack(
        [np.zeros((n, 3)), 200 * np.sin(np.cumsum(turn)), 200 * np.cos(np.cumsum(turn)), np.zeros(n)]
    )
    return Paths(np.full(n, one), np.arange(n, dtype=float), state, turn, np.ones(n, bool))


def glances(rng: np.random.Generator, one: int = 4, n: int = 25) -> tuple[Glimpses, F8]:
    """Looks at random times with random noise: as information, and as covariance."""
    root = rng.normal(size=(n, 3, 3)) * 80 + np.eye(3) * 60
    R = root @ root.transpose(0, 2, 1)
    return Glimpses(np.full(n, one), np.sort(rng.uniform(0, 95, n)), np.linalg.inv(R), np.ones(n)), R


def generator(turn: float) -> F8:
    """dx/dt = A x: a clockwise turn seen from above, x east and y north."""
    A = np.zeros((6, 6))
    A[:3, 3:] = np.eye(3)
    A[3, 4], A[4, 3] = turn, -turn
    return A


def step(dt: float, turn: float, q: tuple[float, float]) -> tuple[F8, F8]:
    """Transition and noise by Van Loan's matrix exponential (IEEE Trans. Automatic Control 23, 1978)."""
    A, spread = generator(turn), np.diag([0, 0, 0, q[0], q[0], q[1]])
    big = expm(np.block([[-A, spread], [np.zeros((6, 6)), A.T]]) * dt)
    F = big[6:, 6:].T
    return F, F @ big[:6, 6:]


def kalman(looks: Glimpses, R: F8, P: F8, until: float, q: tuple[float, float]) -> F8:
    """Covariance of a Kalman filter in covariance form, from time 0."""
    H, now = np.eye(3, 6), 0.0
    for time_s, noise in zip(looks.time_s, R, strict=True):
        if time_s > until:
            break
        F, Q = step(time_s - now, 0.0, q)
        P = F @ P @ F.T + Q
        K = P @ H.T @ np.linalg.inv(H @ P @ H.T + noise)
        P, now = (np.eye(6) - K @ H) @ P, time_s
    F, Q = step(until - now, 0.0, q)
    return F @ P @ F.T + Q


@pytest.mark.parametrize("q", [(0.3, 0.3), (400.0, 4.0), (0.0, 0.0)])
def test_a_linear_gaussian_targets_bound_is_the_kalman_filters_covariance(q: tuple[float, float]) -> None:
    looks, R = glances(np.random.default_rng(1))
    paths = flight(np.zeros(101))
    prior = Prior(speed_mps=150.0, climb_mps=20.0, height_m=3500.0)
    got = bound(paths, looks, np.full(len(AT), 4), AT, np.tile(q, (101, 1)), prior)
    # before its first plot the filter knows as much: a position that could be anywhere
    start = np.diag([1e14, 1e14, 3500.0**2, 150.0**2, 150.0**2, 20.0**2])
    late = looks.replace(time_s=looks.time_s - looks.time_s[0])
    for k, time_s in enumerate(AT):
        expected = kalman(late, R, start, float(time_s - looks.time_s[0]), q)
        np.testing.assert_allclose(got[k], expected, rtol=1e-3, atol=1e-3 * np.diag(expected).min())


def test_noise_that_changes_within_a_second_boundary_is_met_second_by_second() -> None:
    looks, _ = glances(np.random.default_rng(2))
    densities = np.tile([0.3, 0.3], (101, 1))
    densities[20:50] = [400.0, 4.0]
    one = bound(flight(np.zeros(101)), looks, np.full(1, 4), np.array([61.0]), densities, NOTHING)[0]
    finer = flight(np.zeros(404))  # the same in quarter seconds, so that no two steps are the same
    finer = finer.replace(time_s=finer.time_s / 4)
    two = bound(finer, looks, np.full(1, 4), np.array([61.0]), np.repeat(densities, 4, axis=0), NOTHING)[0]
    np.testing.assert_allclose(one, two, rtol=1e-8)
    calm = bound(flight(np.zeros(101)), looks, np.full(1, 4), np.array([61.0]), 0 * densities + 0.3, NOTHING)[0]
    assert np.trace(one) > np.trace(calm)


def test_known_turns_without_noise_are_least_squares_over_all_plots() -> None:
    """The state at a time maps to every earlier one through matrix exponentials: one weighted regression."""
    looks, R = glances(np.random.default_rng(3))
    turn = np.zeros(101)
    turn[15:40], turn[40:55], turn[70:] = 0.05, -0.11, 0.02
    got = bound(flight(turn), looks, np.full(len(AT), 4), AT, known_controls(flight(turn)), NOTHING)
    assert np.isfinite(got[1:]).all()
    for k, time_s in enumerate(AT[1:], 1):
        J = np.zeros((6, 6))
        for seen, noise in zip(looks.time_s, R, strict=True):
            if seen > time_s:
                break
            edges = np.unique(np.concatenate([[seen, time_s], np.arange(np.ceil(seen), time_s)]))
            back = np.eye(6)
            for a, b in pairwise(edges):
                back = back @ expm(-(b - a) * generator(turn[int(a + 1e-9)]))
            J += back[:3].T @ np.linalg.inv(noise) @ back[:3]
        np.testing.assert_allclose(got[k], np.linalg.inv(J), rtol=1e-6, atol=1e-6)


def test_a_kalman_filter_attains_it_in_monte_carlo() -> None:
    """Errors of 3,000 flights that move as the model says: the bound is reached, and the ratio says 1."""
    rng = np.random.default_rng(5)
    looks, R = glances(rng, n=15)
    q, runs, now = (4.0, 1.0), 3000, 0.0
    P = np.diag([1e6, 1e6, 1e6, 1e4, 1e4, 400.0])
    truth = rng.multivariate_normal(np.zeros(6), P, runs)
    guess = np.zeros((runs, 6))
    looks = looks.replace(time_s=looks.time_s - looks.time_s[0])
    H = np.eye(3, 6)
    for time_s, noise in zip(looks.time_s, R, strict=True):
        F, Q = step(time_s - now, 0.0, q)
        truth = truth @ F.T + rng.multivariate_normal(np.zeros(6), Q + 1e-9 * np.eye(6), runs)
        guess, P, now = guess @ F.T, F @ P @ F.T + Q, time_s
        K = P @ H.T @ np.linalg.inv(H @ P @ H.T + noise)
        seen = truth[:, :3] + rng.multivariate_normal(np.zeros(3), noise, runs)
        guess, P = guess + (seen - guess[:, :3]) @ K.T, (np.eye(6) - K @ H) @ P
    prior = Prior(speed_mps=100.0, climb_mps=20.0)
    wide = looks.take(np.append(0, np.arange(len(looks))))  # the filter's first idea of the place counts as a look
    wide.gain[0], wide.weight[0] = np.eye(3) * 1e-6, 0.0
    least = bound(flight(np.zeros(101)), wide, np.array([4]), np.array([now]), np.tile(q, (101, 1)), prior)[0]
    error = guess - truth
    np.testing.assert_allclose(np.diag(error.T @ error / runs), np.diag(least), rtol=5 * np.sqrt(2 / runs))
    variance = np.full(runs, least[0, 0] + least[1, 1])
    said = against(variance, np.arange(runs), np.hypot(error[:, 0], error[:, 1]), 1e9)
    assert said.ratio_rms == pytest.approx(1, abs=0.05)
    assert (said.bounded, said.compared) == (runs, runs)


def test_a_target_needs_two_plots_and_a_path() -> None:
    looks, _ = glances(np.random.default_rng(6), n=5)
    looks = looks.replace(time_s=np.array([10.0, 20, 30, 40, 50]))
    got = bound(
        flight(np.zeros(101)), looks, np.array([4, 4, 4, 9]), np.array([5.0, 15, 25, 25]), np.zeros((101, 2)), NOTHING
    )
    assert np.isfinite(got).all(axis=(1, 2)).tolist() == [False, False, True, False]
    chancy = looks.replace(weight=np.full(5, 0.5))
    late = bound(flight(np.zeros(101)), chancy, np.array([4, 4]), np.array([35.0, 45]), np.zeros((101, 2)), NOTHING)
    assert np.isfinite(late[:, 0, 0]).tolist() == [False, True]


def test_targets_do_not_mix() -> None:
    rng = np.random.default_rng(8)
    (a, _), (b, _) = glances(rng, one=2), glances(rng, one=7)
    paths = Paths.concat([flight(np.full(101, 0.03), 2), flight(np.zeros(101), 7)])
    ids, times = np.array([7, 2, 7, 2]), np.array([80.0, 33.0, 20.0, 70.0])
    both = bound(paths, Glimpses.concat([a, b]), ids, times, matched(paths), NOTHING, False)
    for k in range(4):
        own, look = (paths.take(paths.truth_id == ids[k]), a if ids[k] == 2 else b)
        alone = bound(own, look, ids[k : k + 1], times[k : k + 1], matched(own), NOTHING, False)
        np.testing.assert_allclose(both[k], alone[0], rtol=1e-9)


def test_the_model_that_fits_each_second() -> None:
    turn = np.zeros(60)
    turn[20:30] = 0.05  # 1 g at 200 m/s
    noise = Noise()
    q = matched(flight(turn), noise)
    agile = np.flatnonzero(q[:, 0] == noise.agile_horizontal)
    assert agile.tolist() == list(range(19, 29))  # the heading of second 20 is the first to differ
    assert (q[40] == [noise.calm_horizontal, noise.calm_vertical]).all()


def sensors() -> Sites:
    return Sites.empty(2).replace(
        source=np.array([1, 2]),
        lat_rad=np.radians([40.0, -33.0]),
        lon_rad=np.radians([65.0, 151.0]),
        height_m=np.array([500.0, 20.0]),
        sigma_range_m=np.array([60.0, 80.0]),
        sigma_azimuth_rad=np.array([0.002, 0.003]),
        sigma_height_m=np.array([200.0, 300.0]),
    )


@pytest.mark.parametrize("sensor", [0, 1])
@pytest.mark.parametrize("height", [True, False])
def test_information_of_a_plot_is_that_of_measured_differences(sensor: int, height: bool) -> None:
    """pyproj measures range, azimuth and height of points a metre apart."""
    sites = sensors()
    lat, lon = np.degrees(sites.lat_rad[sensor]), np.degrees(sites.lon_rad[sensor])
    to_ecef = pyproj.Transformer.from_crs(4979, 4978, always_xy=True)
    to_geodetic = pyproj.Transformer.from_crs(4978, 4979, always_xy=True)
    local = pyproj.Transformer.from_pipeline(
        f"+proj=pipeline +step +proj=topocentric +ellps=WGS84 +lon_0={lon} +lat_0={lat} +h_0={sites.height_m[sensor]}"
    )
    place = np.array(to_ecef.transform(lon + 1.1, lat - 0.7, 9000.0))

    def measure(p: F8) -> F8:
        east, north, up = local.transform(*p)
        return np.array([np.sqrt(east**2 + north**2 + up**2), np.arctan2(east, north), to_geodetic.transform(*p)[2]])

    slope = np.stack([(measure(place + e) - measure(place - e)) / 2 for e in np.eye(3)], axis=1)
    sigma = [
        sites.sigma_range_m[sensor],
        sites.sigma_azimuth_rad[sensor],
        sites.sigma_height_m[sensor] if height else 1e9,
    ]
    expected = slope.T @ np.diag(np.array(sigma) ** -2.0) @ slope
    got = information(place[None], sites, np.array([sensor]), np.array([height]))[0]
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-9)


def test_along_a_path() -> None:
    """A circle flown at 4 g, known each second, is met within centimetres between; straight on beyond its ends."""
    w, v = 0.14, 280.0
    t = np.arange(50, 80.0)

    def circle(t: F8) -> F8:
        zero = np.zeros_like(t)
        place = [v / w * -np.cos(w * t), v / w * np.sin(w * t), zero]
        return np.stack([*place, v * np.sin(w * t), v * np.cos(w * t), zero], axis=1)

    paths = Paths.concat(
        [Paths(np.full(len(t), one), t + one, circle(t), np.full(len(t), w), np.ones(len(t), bool)) for one in (3, 8)]
    )
    rng = np.random.default_rng(0)
    times, ids = rng.uniform(50, 79, 500), rng.choice([3, 8], 500)
    got = along(paths, ids, times + ids)
    assert np.abs(got[:, :3] - circle(times)[:, :3]).max() < 0.02
    assert np.abs(got[:, 3:] - circle(times)[:, 3:]).max() < 0.2
    early, late, nobody = along(paths, np.array([8, 3, 5]), np.array([57.0, 83.0, 60.0]))
    first, last = circle(t[:1])[0], circle(t[-1:])[0]
    np.testing.assert_allclose(early[:3], first[:3] - first[3:])
    np.testing.assert_allclose(late[:3], last[:3] + last[3:])
    assert np.isnan(nobody).all()
