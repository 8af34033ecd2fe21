"""The loops against plain second implementations, numerical derivatives and other people's solvers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import linear_sum_assignment

from skyaccord.columns import F8
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.tracks import kernels
from skyaccord.tracks.kernels import Batch, Radar

NAN = np.nan


def radar_at(lat_deg: float, lon_deg: float, height_m: float) -> Radar:
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    return Radar(
        0,
        ecef(lat, lon, height_m),
        np.ascontiguousarray(enu_axes(lat, lon)),
        5.0,
        70.0**2,
        np.radians(0.08) ** 2,
        60.0**2,
        0.9,
    )


def batch_of(
    range_m: float = NAN, azimuth_rad: float = NAN, height_m: float = NAN, position: F8 | None = None
) -> Batch:
    return Batch(
        np.zeros(1),
        np.array([range_m]),
        np.array([azimuth_rad]),
        np.full((1, 3), NAN) if position is None else position[None],
        np.array([height_m]),
        np.array([NAN]),
        np.array([0xFFFFFFFF], np.uint32),
        np.array([0xFFFF], np.uint16),
        np.zeros(1, np.uint64),
    )


def covariance(rng: np.random.Generator) -> F8:
    root = rng.normal(size=(6, 6)) * np.array([300, 300, 300, 20, 20, 20])[:, None]
    return root @ root.T + np.diag([1e2] * 3 + [1.0] * 3)


def joint_update(mean: F8, cov: F8, h: F8, nu: F8, var: F8) -> tuple[F8, F8, float, float]:
    """The textbook's Kalman update, all components at once."""
    s = h @ cov @ h.T + np.diag(var)
    gain = cov @ h.T @ np.linalg.inv(s)
    return (
        mean + gain @ nu,
        (np.eye(6) - gain @ h) @ cov,
        float(nu @ np.linalg.inv(s) @ nu),
        float(np.linalg.slogdet(s)[1]),
    )


def test_one_scalar_at_a_time_equals_the_joint_update() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        mean, cov = rng.normal(size=6), covariance(rng)
        h, nu, var = rng.normal(size=(3, 6)), rng.normal(size=3) * 100, rng.uniform(1, 1e4, 3)
        wanted = joint_update(mean, cov, h, nu, var)
        d2, logdet, logdet_two = kernels.absorb(mean, cov, h, nu, var, 3)
        np.testing.assert_allclose(mean, wanted[0], rtol=1e-7, atol=1e-6)
        np.testing.assert_allclose(cov, wanted[1], rtol=1e-5, atol=1e-4)
        assert d2 == pytest.approx(wanted[2])
        assert logdet == pytest.approx(wanted[3])
        assert logdet_two < logdet + 1e-9 or var[2] < 1


@pytest.mark.parametrize("late_s", [0.0, 0.7])
@pytest.mark.parametrize("sort", ["polar", "polar with height", "position"])
def test_the_jacobian_is_the_derivative(late_s: float, sort: str) -> None:
    radar, rng = radar_at(38.5, 68.8, 820.0), np.random.default_rng(3)
    mean = np.concatenate([ecef(np.radians(37.9), np.radians(69.9), 9000.0), rng.normal(size=3) * 150])
    batch = {
        "polar": batch_of(1e5, 2.0),
        "polar with height": batch_of(1e5, 2.0, 9100.0),
        "position": batch_of(position=mean[:3] + 50.0, height_m=9100.0),
    }[sort]
    h, nu, var = np.empty((3, 6)), np.empty(3), np.empty(3)
    count = kernels.observe(mean, late_s, radar, batch, 0, h, nu, var)
    assert count == (2 if sort == "polar" else 3)
    for i in range(6):
        step = 1.0 if i < 3 else 0.5
        ahead, behind = mean.copy(), mean.copy()
        ahead[i] += step
        behind[i] -= step
        nu_ahead, nu_behind, scrap = np.empty(3), np.empty(3), np.empty((3, 6))
        kernels.observe(ahead, late_s, radar, batch, 0, scrap, nu_ahead, var)
        kernels.observe(behind, late_s, radar, batch, 0, scrap, nu_behind, var)
        slope = -(nu_ahead - nu_behind)[:count] / (2 * step)
        np.testing.assert_allclose(h[:count, i], slope, rtol=2e-5, atol=3e-8)


def test_an_innovation_is_nil_where_the_target_is() -> None:
    radar = radar_at(38.5, 68.8, 820.0)
    position = ecef(np.radians(37.2), np.radians(67.3), 4000.0)
    east, north, up = radar.axes @ (position - radar.position)
    batch = batch_of(float(np.sqrt(east**2 + north**2 + up**2)), float(np.arctan2(east, north)) + 2 * np.pi, 4000.0)
    h, nu, var = np.empty((3, 6)), np.empty(3), np.empty(3)
    kernels.observe(np.concatenate([position, np.zeros(3)]), 0.0, radar, batch, 0, h, nu, var)
    np.testing.assert_allclose(nu, 0.0, atol=1e-6)
    found = np.empty(3)
    kernels.locate(radar, batch, 0, 4000.0, found)
    np.testing.assert_allclose(found, position, atol=0.5)


def test_level_flight_stays_level() -> None:
    lat, lon = np.radians(38.0), np.radians(70.0)
    axes = enu_axes(lat, lon)
    mean = np.concatenate([ecef(lat, lon, 10_000.0), 240.0 * axes[0]])
    cov = np.eye(6)
    for _ in range(600):
        kernels.predict(mean, cov, 1.0, 1.0, 1.0, False)
    assert geodetic(mean[:3])[2] == pytest.approx(10_000.0, abs=10.0)
    assert np.linalg.norm(mean[3:]) == pytest.approx(240.0, abs=0.1)
    # a straight line would have left it 1,600 m too high
    assert np.linalg.norm(mean[:3] - ecef(lat, lon, 10_000.0)) > 140_000


def test_prediction_in_two_steps_is_prediction_in_one() -> None:
    rng = np.random.default_rng(4)
    start = np.concatenate([ecef(0.66, 1.2, 5000.0), rng.normal(size=3) * 100])
    once, twice, first = covariance(rng), np.empty((6, 6)), start.copy()
    twice[:] = once
    kernels.predict(first, once, 2.0, 9.0, 4.0, False)
    second = start.copy()
    kernels.predict(second, twice, 1.2, 9.0, 4.0, False)
    kernels.predict(second, twice, 0.8, 9.0, 4.0, False)
    np.testing.assert_allclose(first, second, atol=1e-3)
    np.testing.assert_allclose(once, twice, rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(0, 7), st.integers(0, 2**32 - 1))
def test_assignment_is_as_cheap_as_scipys(rows: int, more: int, seed: int) -> None:
    cost = np.random.default_rng(seed).normal(size=(rows, rows + more)) * 10
    cost[np.random.default_rng(seed + 1).random(cost.shape) < 0.3] = 1e9
    chosen = kernels.assign(cost)
    assert len(set(chosen.tolist())) == rows
    assert cost[np.arange(rows), chosen].sum() == pytest.approx(cost[linear_sum_assignment(cost)].sum())


def test_the_density_of_plots_a_square_metre_sums_to_one() -> None:
    """Wherever the next plot may fall on the ground, it falls somewhere: the weights are densities a square metre."""
    radar = radar_at(38.5, 68.8, 820.0)
    noise = kernels.Noise(np.full(3, 1.0), np.full(3, 1.0), np.full(3, 60.0), np.full((3, 3), 0.5))
    lat, lon = np.radians(37.9), np.radians(69.9)
    axes = enu_axes(lat, lon)
    centre = ecef(lat, lon, 1000.0)
    spread = np.diag([250.0**2, 400.0**2, 10.0**2, 5.0**2, 5.0**2, 1.0])
    turn = np.kron(np.eye(2), axes)
    mean = np.concatenate([centre, 150.0 * axes[0]])
    cov = turn.T @ spread @ turn
    bank = _bank_of_one(mean, cov)
    step_m, total = 60.0, 0.0
    for east in np.arange(-1800.0, 1801.0, step_m):
        for north in np.arange(-2600.0, 2601.0, step_m):
            away = radar.axes @ (centre + east * axes[0] + north * axes[1] - radar.position)
            reach = float(np.linalg.norm(away))
            batch = batch_of(reach, float(np.arctan2(away[0], away[1])))
            fit, d2 = kernels.weigh(bank, 0, mean, cov, radar, batch, 0, noise, 30.0, 0.0)
            if d2 < kernels.FORBIDDEN:
                total += np.exp(fit) * step_m**2
    assert total == pytest.approx(1.0, abs=0.03)


def _bank_of_one(mean: F8, cov: F8) -> kernels.Bank:
    m = kernels.MODELS
    return kernels.Bank(
        np.tile(mean, (1, m, 1)),
        np.tile(cov, (1, m, 1, 1)),
        np.full((1, m), 1 / m),
        np.zeros(1),
        np.ones(1, np.int32),
        np.ones(1, np.uint8),
        np.full(1, 9, np.int32),
        np.zeros(1),
        np.zeros(1),
        np.full((1, 1), -np.inf),
        np.ones(1),
        np.full(1, 0xFFFFFFFF, np.uint32),
        np.full(1, 0xFFFF, np.uint16),
        np.zeros(1, np.uint64),
        np.full(1, NAN),
    )


def test_what_falls_falls_as_in_an_inertial_frame() -> None:
    """Truth: SciPy's integrator, gravity alone, in a frame that does not turn; then turned back with the Earth."""
    position = ecef(np.radians(37.0), np.radians(68.5), 20_000.0)
    velocity = enu_axes(np.radians(37.0), np.radians(68.5)).T @ np.array([250.0, 500.0, 600.0])
    spin = np.array([0.0, 0.0, kernels.EARTH_TURN])
    inertial = np.concatenate([position, velocity + np.cross(spin, position)])

    def falling(_: float, y: F8) -> F8:
        return np.concatenate([y[3:], -kernels.GM / np.linalg.norm(y[:3]) ** 3 * y[:3]])

    end = solve_ivp(falling, (0.0, 60.0), inertial, rtol=1e-10, atol=1e-6).y[:3, -1]
    angle = -kernels.EARTH_TURN * 60.0
    back = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]]) @ end
    mean, cov = np.concatenate([position, velocity]), np.eye(6)
    for _ in range(600):
        kernels.predict(mean, cov, 0.1, 1.0, 1.0, True)
    np.testing.assert_allclose(mean[:3], back, atol=5.0)  # level flight would be 18 km off
