"""The loops against plain second implementations, numerical derivatives and other people's solvers."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from scipy.optimize import brentq, linear_sum_assignment
from scipy.sparse.csgraph import connected_components
from scipy.stats import multivariate_normal

from skyaccord.columns import F8
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.tracks import TrackerConfig
from skyaccord.tracks.kernels import (
    association,
    company,
    contest,
    filters,
    grid,
    hearing,
    kin,
    life,
    nests,
    store,
    turn,
)
from skyaccord.tracks.kernels.bank import (
    CELL,
    CONFIRMED,
    COUNTS,
    DESK,
    FALL,
    HYPOTHESES,
    MARK,
    MEMORY,
    MODELS,
    MOTION,
    NEST,
    NONE,
    PIN,
    PLOT,
    ROW,
    RULES,
    SENSOR,
    SLOTS,
    STRAIGHT,
    TENTATIVE,
    TURN,
    WIDTH,
    Bids,
    Laws,
    Record,
    Records,
    Store,
)
from skyaccord.tracks.kernels.ground import height_up
from skyaccord.tracks.kernels.triangle import unpacked

NAN = np.nan
NORTH_POLE, SOUTH_POLE = np.pi / 2, -np.pi / 2
EARTH_TURN, GM = 7.292115e-5, 3.986004418e14  # NGA.STND.0036
UPPER = np.triu_indices(6)


def desk() -> Record:
    return np.zeros(1, DESK)[0]


def rules(**changed: float) -> Record:
    out = np.zeros(1, RULES)
    for name in RULES.names or ():
        out[name] = changed.get(name, getattr(TrackerConfig(), name))
    return out[0]


def store_of(bank: Records, holders: Records | None = None, top: int | None = None, room: int = 0) -> Store:
    """A store with these rows in use, as far as they have a number, and room for some more."""
    held = len(bank)
    rows, pins, counts = np.zeros(held + room, ROW), np.zeros(held + room, PIN), np.zeros(1, COUNTS)
    rows[:held], counts["top"] = bank, held if top is None else top
    pins["live"][:held], pins["until_s"] = bank["number"] > 0, -np.inf
    return Store(
        bank if not room else rows,
        pins,
        np.where(pins["live"], -np.inf, np.inf),
        np.zeros(0, NEST) if holders is None else holders,
        np.full(held + room, -5, np.int32),
        np.zeros(held + room, MARK),
        np.zeros(65, CELL),
        np.zeros((2, grid.LEVELS)),
        np.zeros(held + room, np.int32),
        np.zeros(held + room),
        counts,
    )


def radar(lat_deg: float = 38.5, lon_deg: float = 68.8, height_m: float = 820.0, **fields: float) -> Record:
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    out = np.zeros(1, SENSOR)[0]
    out["position"], out["axes"] = ecef(lat, lon, height_m), enu_axes(lat, lon)
    out["scan_s"], out["pd"], out["reach_m"], out["turning"] = 5.0, 0.9, 450e3, 1
    out["var_range"], out["var_azimuth"], out["var_height"] = 70.0**2, np.radians(0.08) ** 2, 60.0**2
    out["latest_s"] = out["fresh_s"] = -np.inf
    out["fresh"], out["far_m"], out["sight"] = 100.0, 300e3, 1.0
    for name, value in fields.items():
        out[name] = value
    return out


def motion(kinds: tuple[int, int, int] = (STRAIGHT, TURN, TURN)) -> Record:
    out = np.zeros(1, MOTION)[0]
    out["kind"], out["turn_radps"] = kinds, (0.0, 0.05, -0.03)
    out["across"], out["along"], out["stays_s"] = (0.5, 20.0, 30.0), (0.2, 4.0, 8.0), (80.0, 40.0, 30.0)
    out["goes_to"] = [[0, 0.7, 0.3], [0.6, 0, 0.4], [0.9, 0.1, 0]]
    return out


def plot_of(sensor: Record, target: F8, level_m: float = NAN, /, **fields: float) -> Record:
    """The polar plot of a target, without error."""
    out = np.zeros(1, PLOT)[0]
    east, north, _ = sensor["axes"] @ (target - sensor["position"])
    reach, azimuth = np.linalg.norm(target - sensor["position"]), np.arctan2(east, north)
    out["range_m"], out["level_m"], out["polar"], out["place"] = reach, level_m, 1, target
    out["first"] = np.sin(azimuth) * sensor["axes"][0] + np.cos(azimuth) * sensor["axes"][1]
    out["second"] = np.cos(azimuth) * sensor["axes"][0] - np.sin(azimuth) * sensor["axes"][1]
    out["var_first"], out["var_second"] = sensor["var_range"], (east**2 + north**2) * sensor["var_azimuth"] + 400.0
    return named(out, **fields)


def report_of(target: F8, level_m: float = NAN, /, **fields: float) -> Record:
    """A position report of a target."""
    lat, lon, _ = geodetic(target)
    out = np.zeros(1, PLOT)[0]
    out["place"], out["level_m"] = target, level_m
    out["first"], out["second"], _ = enu_axes(lat, lon)
    out["var_first"] = out["var_second"] = 50.0**2
    return named(out, **fields)


def named(plot: Record, **fields: float) -> Record:
    plot["pressure_alt_m"] = plot["east_mps"] = plot["north_mps"] = plot["range_rate_mps"] = NAN
    plot["address"], plot["mode_a"] = NO_ADDRESS, NO_MODE_A
    for name, value in fields.items():
        plot[name] = value
    return plot


def packed(cov: F8) -> F8:
    """Upper triangles, row by row: (..., 6, 6) -> (..., 21)."""
    return np.ascontiguousarray(cov[..., *UPPER])


def matrices(cov: F8) -> F8:
    """And back again."""
    out = np.empty((*cov.shape[:-1], 6, 6))
    out[..., *UPPER] = out[..., UPPER[1], UPPER[0]] = cov
    return out


def bank_of(means: F8, covs: F8, **fields: object) -> Records:
    """Rows whose models agree: (N, 6), (N, 6, 6)."""
    bank = np.zeros(len(means), ROW)
    bank["mean"], bank["cov"], bank["weight"] = means[:, None], packed(covs)[:, None], 1.0 / MODELS
    bank["whole"], bank["spread"] = means, packed(covs)
    bank["number"], bank["slot"], bank["holder"], bank["nest"] = np.arange(len(means)) + 1, NONE, NONE, NONE
    bank["lead"] = 1
    bank["exists"], bank["hits"], bank["address"], bank["mode_a"] = 0.9, 5, NO_ADDRESS, NO_MODE_A
    for name, value in fields.items():
        bank[name] = value
    return bank


def covariance(rng: np.random.Generator, position_m: float = 300.0, speed_mps: float = 20.0) -> F8:
    root = rng.normal(size=(6, 6)) * np.repeat([position_m, speed_mps], 3)[:, None]
    cov = root @ root.T + np.diag([1e2] * 3 + [1.0] * 3)
    return (cov + cov.T) / 2


def state_at(lat_deg: float, lon_deg: float, height_m: float, east: float, north: float, up: float = 0.0) -> F8:
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    return np.concatenate([ecef(lat, lon, height_m), enu_axes(lat, lon).T @ [east, north, up]])


def vertical(position: F8) -> F8:
    lat, lon, _ = geodetic(position)
    return enu_axes(lat, lon)[2]


def cross_matrix(v: F8) -> F8:
    return np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])


# The ellipsoid


@pytest.mark.parametrize(("top_m", "error_m", "tilt_rad"), [(30e3, 1e-3, 16e-6), (300e3, 0.1, 160e-6)])
def test_height_and_vertical_are_the_geodetic_ones_all_over_the_globe(
    top_m: float, error_m: float, tilt_rad: float
) -> None:
    rng, up = np.random.default_rng(1), np.empty(3)
    lats = np.concatenate(
        [[SOUTH_POLE, -1e-9, 0.0, NORTH_POLE - 1e-9, NORTH_POLE], np.arcsin(rng.uniform(-1, 1, 1000))]
    )
    for lat, lon, height_m in zip(
        lats, rng.uniform(-np.pi, np.pi, len(lats)), rng.uniform(-500, top_m, len(lats)), strict=True
    ):
        assert height_up(ecef(lat, lon, height_m), up) == pytest.approx(height_m, abs=error_m)
        assert np.linalg.norm(up) == pytest.approx(1.0, abs=1e-15)
        assert np.linalg.norm(np.cross(up, enu_axes(lat, lon)[2])) <= tilt_rad


def test_the_middle_of_the_earth_has_a_height_and_a_vertical_too() -> None:
    for place in (np.zeros(3), np.full(3, 1e-3)):
        up = np.empty(3)
        assert height_up(place, up) < -6e6
        assert up.tolist() == [0, 0, 1]


# Motion


def moved(state: F8, cov: F8, dt: float, kind: int, rate: float, across: float, along: float) -> tuple[F8, F8]:
    """`predict` on copies."""
    mean, out = state.copy(), packed(cov)
    filters.predict(mean, out, dt, np.int32(kind), rate, across, along, desk())
    return mean, matrices(out)


def van_loan(state: F8, dt: float, rate: float, across: float, along: float) -> tuple[F8, F8]:
    """Transition and noise by the matrix exponential (C. F. Van Loan, IEEE Trans. Automatic Control 23(3), 1978).

    The noise is that of straight flight, as `predict` promises for turns too.
    """
    up = vertical(state[:3])
    free, turning = np.zeros((6, 6)), np.zeros((6, 6))
    free[:3, 3:] = turning[:3, 3:] = np.eye(3)
    turning[3:, 3:] = -rate * cross_matrix(up)
    density = np.zeros((6, 6))
    density[3:, 3:] = across * (np.eye(3) - np.outer(up, up)) + along * np.outer(up, up)
    both = expm(np.block([[-free, density], [np.zeros((6, 6)), free.T]]) * dt)
    return expm(turning * dt), both[6:, 6:].T @ both[:6, 6:]


@pytest.mark.parametrize("lat_deg", [-90.0, -33.0, 0.0, 38.0, 90.0])
@pytest.mark.parametrize(("kind", "rate"), [(STRAIGHT, 0.0), (TURN, 0.05), (TURN, -0.3), (TURN, 1e-7)])
@pytest.mark.parametrize("dt", [0.01, 1.0, 12.0])
def test_prediction_is_the_matrix_exponential(lat_deg: float, kind: int, rate: float, dt: float) -> None:
    rng = np.random.default_rng(2)
    state, cov = state_at(lat_deg, 170.0, 9000.0, 150.0, -120.0, 8.0), covariance(rng)
    transition, noise = van_loan(state, dt, rate, 3.0, 0.7)
    up = vertical(state[:3])
    level = state[3:] - (state[3:] @ up) * up
    fall = -(level @ level) / np.linalg.norm(state[:3]) * up  # what keeps level flight on the curved Earth
    mean, out = moved(state, cov, dt, kind, rate, 3.0, 0.7)
    wanted = transition @ state + np.concatenate([fall * dt * dt / 2, fall * dt])
    np.testing.assert_allclose(mean, wanted, rtol=0, atol=0.02)  # the vertical is a matter of microradians
    wanted_cov = transition @ cov @ transition.T + noise
    scale = np.sqrt(np.outer(np.diag(wanted_cov), np.diag(wanted_cov)))
    assert np.abs((out - wanted_cov) / scale).max() < 2e-5


@pytest.mark.parametrize("climb", [0.0, 60.0])
@pytest.mark.parametrize(("speed", "share"), [(200.0, 0.96), (40.0, 0.5), (0.5, 0.0)])
def test_what_is_fast_is_pushed_across_its_course_more_than_along_it(speed: float, share: float, climb: float) -> None:
    """Truth: the noise's three principal axes, by hand: level course, level across it, vertical."""
    table, dt = motion(), 2.0
    table["turn_radps"], table["steady"] = 0.0, (0.0, 0.7, 0.9)
    course = np.array([0.6, -0.8, 0.0])
    state = state_at(38.0, 70.0, 9000.0, *(speed * course + [0.0, 0.0, climb]))
    axes = enu_axes(np.radians(38.0), np.radians(70.0))
    frame = np.stack([course, [0.8, 0.6, 0.0], [0.0, 0.0, 1.0]]) @ axes
    for n in range(MODELS):
        mean, out = state.copy(), packed(1e-6 * np.eye(6))
        filters.move_on(mean, out, dt, n, table, desk())
        straight, _ = moved(state, np.eye(6), dt, STRAIGHT, 0.0, 0.0, 0.0)
        np.testing.assert_allclose(mean, straight, atol=1e-6)
        known = speed**2 / (speed**2 + filters.SLOW_MPS**2 + 2 * table["across"][n] * dt + table["along"][n] * dt)
        assert known == pytest.approx(share, abs=0.04)
        across, along = table["across"][n], table["along"][n]
        wanted = np.array([across * (1.0 - table["steady"][n] * known), across, along])
        for rows, columns, factor in ((0, 0, dt**3 / 3), (0, 3, dt**2 / 2), (3, 3, dt)):
            block = frame @ matrices(out)[rows : rows + 3, columns : columns + 3] @ frame.T
            np.testing.assert_allclose(block, np.diag(wanted) * factor, rtol=0.01, atol=0.01 * factor)


def test_a_right_turn_goes_to_the_right_at_its_rate() -> None:
    """In finite steps, without the kernel's own algebra: northbound becomes eastbound, and the centre stays put."""
    state, cov = state_at(38.0, 70.0, 9000.0, 0.0, 200.0), np.eye(6)
    east, north, _ = enu_axes(np.radians(38.0), np.radians(70.0))
    rate = 0.05
    quarter, _ = moved(state, cov, np.pi / 2 / rate, TURN, rate, 0.0, 0.0)
    assert quarter[3:] @ east == pytest.approx(200.0, abs=0.1)
    assert quarter[3:] @ north == pytest.approx(0.0, abs=0.1)
    gone = (quarter - state)[:3]
    radius = 200.0 / rate
    np.testing.assert_allclose([gone @ east, gone @ north], [radius, radius], atol=5.0)
    step = 1e-4
    ahead, _ = moved(state, cov, step, TURN, rate, 0.0, 0.0)
    assert (ahead - state)[3:] @ east / step == pytest.approx(200.0 * rate, rel=1e-4)


@pytest.mark.parametrize(("kind", "rate"), [(STRAIGHT, 0.0), (TURN, 0.04)])
def test_prediction_in_two_steps_is_prediction_in_one(kind: int, rate: float) -> None:
    rng = np.random.default_rng(4)
    state, cov = state_at(38.0, 70.0, 5000.0, 140.0, 60.0, 5.0), covariance(rng)
    across = 9.0 if kind == STRAIGHT else 0.0  # in a turn the noise of two steps is bent once
    once, whole = moved(state, cov, 2.0, kind, rate, across, across / 2)
    half, part = moved(state, cov, 1.2, kind, rate, across, across / 2)
    twice, parts = moved(half, part, 0.8, kind, rate, across, across / 2)
    np.testing.assert_allclose(once, twice, atol=5e-3)
    np.testing.assert_allclose(whole, parts, rtol=1e-4, atol=0.1)


def test_level_flight_stays_level() -> None:
    state, cov = state_at(38.0, 70.0, 10_000.0, 240.0, 0.0), np.eye(6)
    mean = state
    for _ in range(600):
        mean, _ = moved(mean, cov, 1.0, STRAIGHT, 0.0, 1.0, 1.0)
    assert geodetic(mean[:3])[2] == pytest.approx(10_000.0, abs=10.0)
    assert np.linalg.norm(mean[3:]) == pytest.approx(240.0, abs=0.1)
    assert np.linalg.norm((mean - state)[:3]) > 140_000  # a straight line would have left it 1,600 m too high


def falls(state: F8, seconds: float, *, drag: bool = True, spin_radps: float = EARTH_TURN) -> F8:
    """Position by SciPy's integrator in a frame that does not turn, turned back with the Earth (3,)."""
    spin = np.array([0.0, 0.0, spin_radps])

    def force(_: float, y: F8) -> F8:
        wind = y[3:] - np.cross(spin, y[:3])  # the air turns with the Earth
        height_m = max(float(geodetic(y[:3])[2]), 0.0)
        density = filters.AIR_KG_M3 * np.exp(-height_m / filters.AIR_SCALE_M)
        slowed = -0.5 * density * np.linalg.norm(wind) * wind / filters.BALLISTIC_KG_M2
        return np.concatenate([y[3:], -GM / np.linalg.norm(y[:3]) ** 3 * y[:3] + drag * slowed])

    start = np.concatenate([state[:3], state[3:] + np.cross(spin, state[:3])])
    end = solve_ivp(force, (0.0, seconds), start, rtol=1e-10, atol=1e-6).y[:3, -1]
    return expm(-cross_matrix(spin) * seconds) @ end


@pytest.mark.parametrize(
    ("lat_deg", "height_m", "climb"), [(37.0, 3000.0, 900.0), (-62.0, 60e3, -300.0), (0.0, 20e3, 600.0)]
)
def test_what_falls_falls_as_in_an_inertial_frame_with_drag(lat_deg: float, height_m: float, climb: float) -> None:
    state, seconds, step = state_at(lat_deg, 68.5, height_m, 650.0, 800.0, climb), 40.0, 0.004
    mean, cov, scratch = state.copy(), packed(np.eye(6)), desk()
    for _ in range(round(seconds / step)):
        filters.predict(mean, cov, step, np.int32(FALL), 0.0, 1.0, 1.0, scratch)
    truth = falls(state, seconds)
    assert np.linalg.norm(mean[:3] - truth) < 8.0
    # and the test could not be passed without either force
    assert np.linalg.norm(falls(state, seconds, spin_radps=0.0) - truth) > 60.0
    if height_m < 30e3:
        assert np.linalg.norm(falls(state, seconds, drag=False) - truth) > 60.0


# Measurement

PLOT_SORTS = ["polar", "polar with height", "position", "position with height"]


def plot_sort(sort: str, sensor: Record, target: F8) -> Record:
    level_m = 9100.0 if sort.endswith("height") else NAN
    return plot_of(sensor, target, level_m) if sort.startswith("polar") else report_of(target, level_m)


@pytest.mark.parametrize("late_s", [0.0, 0.7])
@pytest.mark.parametrize("sort", PLOT_SORTS)
def test_the_jacobian_is_the_derivative(late_s: float, sort: str) -> None:
    sensor, scratch = radar(), desk()
    mean = state_at(37.9, 69.9, 9000.0, 150.0, -200.0, 4.0)
    plot = plot_sort(sort, sensor, ecef(np.radians(37.91), np.radians(69.92), 9050.0))

    def innovations(state: F8) -> F8:
        count = filters.observe(state, late_s, plot, sensor, scratch)
        assert count == (3 if sort.endswith("height") else 2)
        return scratch["nu"][:count].copy()

    at_mean = innovations(mean)
    h = scratch["h"][: len(at_mean)].copy()
    jacobian = np.hstack([h, -late_s * h])  # as `absorb` takes it
    for i in range(6):
        step = np.zeros(6)
        step[i] = 1.0 if i < 3 else 0.5
        slope = -(innovations(mean + step) - innovations(mean - step)) / (2 * step[i])
        np.testing.assert_allclose(jacobian[:, i], slope, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("sort", PLOT_SORTS)
@pytest.mark.parametrize("where", [(37.2, 67.3), (38.49, 68.81), (40.9, 71.5)])
def test_an_innovation_is_nil_where_the_target_is(sort: str, where: tuple[float, float]) -> None:
    sensor, scratch = radar(), desk()
    target = ecef(*np.radians(where), 9100.0)
    plot = plot_sort(sort, sensor, target)
    mean = np.concatenate([target, [100.0, -50.0, 20.0]])
    count = filters.observe(mean, 0.0, plot, sensor, scratch)
    np.testing.assert_allclose(scratch["nu"][:count], 0.0, atol=1e-3)
    mean[:3] += 3.0 * mean[3:]  # the same target, seen three seconds ago
    filters.observe(mean, 3.0, plot, sensor, scratch)
    np.testing.assert_allclose(scratch["nu"][:count], 0.0, atol=1e-3)


def joint_update(mean: F8, cov: F8, h: F8, nu: F8, var: F8) -> tuple[F8, F8, float, float]:
    """The textbook's Kalman update, all components at once."""
    s = h @ cov @ h.T + np.diag(var)
    gain = cov @ h.T @ np.linalg.inv(s)
    return (
        mean + gain @ nu,
        (np.eye(len(mean)) - gain @ h) @ cov,
        float(nu @ np.linalg.inv(s) @ nu),
        float(np.linalg.det(s)),
    )


@pytest.mark.parametrize("late_s", [0.0, 4.5])
@pytest.mark.parametrize("count", [2, 3])
def test_one_scalar_at_a_time_equals_the_joint_update(late_s: float, count: int) -> None:
    rng, scratch = np.random.default_rng(1), desk()
    for _ in range(50):
        mean, cov = rng.normal(size=6), covariance(rng)
        scratch["h"], scratch["nu"] = rng.normal(size=(3, 3)), rng.normal(size=3) * 100
        scratch["var"] = rng.uniform(1, 1e4, 3)
        h = np.hstack([scratch["h"], -late_s * scratch["h"]])[:count]
        wanted = joint_update(mean, cov, h, scratch["nu"][:count], scratch["var"][:count])
        after = packed(cov)
        d2, det = filters.absorb(mean, after, count, late_s, scratch)
        np.testing.assert_allclose(mean, wanted[0], rtol=1e-7, atol=1e-6)
        np.testing.assert_allclose(matrices(after), wanted[1], rtol=1e-5, atol=1e-4)
        assert (d2, det) == pytest.approx(wanted[2:], rel=1e-6)


def test_a_velocity_is_taken_in_as_the_joint_update_would() -> None:
    rng, scratch = np.random.default_rng(6), desk()
    for _ in range(50):
        mean, cov, axis = rng.normal(size=6) * 100, covariance(rng), rng.normal(size=3)
        h = np.concatenate([np.zeros(3), axis])[None]
        wanted = joint_update(mean, cov, h, np.array([33.0]) - h @ mean, np.array([9.0]))
        after = packed(cov)
        d2, s = filters.absorb_velocity(mean, after, axis, 33.0, 9.0, scratch)
        np.testing.assert_allclose(mean, wanted[0], rtol=1e-7, atol=1e-6)
        np.testing.assert_allclose(matrices(after), wanted[1], rtol=1e-5, atol=1e-4)
        assert (d2, s) == pytest.approx(wanted[2:], rel=1e-6)


# Three filters that interact


def scattered(rng: np.random.Generator, **fields: object) -> Record:
    """A row whose models disagree."""
    base = state_at(37.9, 69.9, 9000.0, 150.0, -120.0, 2.0)
    bank = bank_of(base[None], covariance(rng)[None], **fields)
    for m in range(MODELS):
        bank["mean"][0, m] = base + rng.normal(size=6) * np.repeat([60.0, 8.0], 3)
        bank["cov"][0, m] = packed(covariance(rng))
    bank["weight"][0] = rng.dirichlet([3.0, 3.0, 3.0])
    bank["whole"], spread = moments(bank["weight"][0], bank["mean"][0], matrices(bank["cov"][0]))
    bank["spread"] = packed(spread)
    return bank[0]


def moments(weight: F8, means: F8, covs: F8) -> tuple[F8, F8]:
    mean = np.average(means, axis=0, weights=weight)
    apart = means - mean
    return mean, np.einsum("m,mij->ij", weight, covs + apart[:, :, None] * apart[:, None, :])


def transitions(table: Record, dt: float) -> F8:
    stay = np.exp(-dt / table["stays_s"])
    return np.diag(stay) + (1 - stay)[:, None] * table["goes_to"]


def blom_bar_shalom(row: Record, table: Record, dt: float) -> tuple[F8, F8, F8]:
    """The interaction step as in Bar-Shalom, Li and Kirubarajan 2001, section 11.6.6."""
    mu, change = row["weight"], transitions(table, dt)
    foreseen = change.T @ mu
    share = change * mu[:, None] / foreseen
    means, covs = np.empty((MODELS, 6)), np.empty((MODELS, 6, 6))
    for n in range(MODELS):
        means[n], covs[n] = moments(share[:, n], row["mean"], matrices(row["cov"]))
    return foreseen, means, covs


@pytest.mark.parametrize("dt", [0.01, 4.0, 300.0])
def test_mixing_and_merging_are_the_textbooks(dt: float) -> None:
    rng, table = np.random.default_rng(7), motion()
    for _ in range(20):
        row = scattered(rng)
        mu, means, covs = blom_bar_shalom(row, table, dt)
        filters.mix(row, dt, table, desk())
        np.testing.assert_allclose(row["weight"], mu, rtol=1e-12)
        np.testing.assert_allclose(row["mean"], means, rtol=0, atol=1e-6)
        np.testing.assert_allclose(matrices(row["cov"]), covs, rtol=1e-8, atol=1e-4)
        filters.merge(row)
        whole, spread = moments(mu, means, covs)
        np.testing.assert_allclose(row["whole"], whole, rtol=0, atol=1e-6)
        np.testing.assert_allclose(matrices(row["spread"]), spread, rtol=1e-8, atol=1e-4)


def model_of(state: F8, plot: Record, sensor: Record) -> tuple[F8, F8, F8]:
    """Jacobian (C, 6), innovation and variances of a plot, by geodesy and a numerical derivative."""

    def measured(position: F8) -> F8:
        away = position - (sensor["position"] if plot["polar"] else plot["place"])
        first = np.linalg.norm(away) if plot["polar"] else plot["first"] @ away
        return np.array([first, plot["second"] @ away, geodetic(position)[2]])

    heard = np.array([plot["range_m"] if plot["polar"] else 0.0, 0.0, plot["level_m"]])
    h = np.zeros((3, 6))
    for i in range(3):
        step = np.eye(3)[i] * 10.0
        h[:, i] = (measured(state[:3] + step) - measured(state[:3] - step)) / 20.0
    count = 2 if np.isnan(plot["level_m"]) else 3
    var = np.array([plot["var_first"], plot["var_second"], sensor["var_height"]])
    return h[:count], (heard - measured(state[:3]))[:count], var[:count]


@pytest.mark.parametrize("sort", [*PLOT_SORTS, "position with velocity"])
@pytest.mark.parametrize("dt", [0.0, 3.0])
def test_a_row_takes_a_plot_in_as_a_textbooks_imm(sort: str, dt: float) -> None:
    rng, sensor, table = np.random.default_rng(11), radar(), motion()
    for _ in range(10):
        row = scattered(rng)
        plot = plot_sort(sort, sensor, row["whole"][:3] + dt * row["whole"][3:] + rng.normal(size=3) * 100.0)
        plot["time_s"] = dt
        if sort.endswith("velocity"):
            plot["east_mps"], plot["north_mps"] = 160.0, -110.0
        mu, means, covs = blom_bar_shalom(row, table, dt) if dt else (row["weight"], row["mean"], matrices(row["cov"]))
        mu, likelihood, after, spreads = mu.copy(), np.empty(MODELS), np.empty((MODELS, 6)), np.empty((MODELS, 6, 6))
        for m in range(MODELS):
            state, cov = moved(means[m], covs[m], dt, table["kind"][m], table["turn_radps"][m], table["across"][m],
                               table["along"][m])  # fmt: skip
            h, nu, var = model_of(state, plot, sensor)
            if sort.endswith("velocity"):
                h = np.vstack([h, np.kron([0, 1], plot["first"]), np.kron([0, 1], plot["second"])])
                nu = np.concatenate([nu, [160.0, -110.0] - h[-2:] @ state])
                var = np.concatenate([var, [9.0, 9.0]])
            after[m], spreads[m], _, _ = joint_update(state, cov, h, nu, var)
            likelihood[m] = multivariate_normal(np.zeros(len(nu)), h @ cov @ h.T + np.diag(var)).pdf(nu)
        mu *= likelihood
        mu /= mu.sum()
        filters.refine(row, plot, sensor, table, 3.0, desk())
        if mu.min() < 2 * filters.LEAST_WEIGHT:
            continue
        np.testing.assert_allclose(row["weight"], mu, rtol=1e-3)
        np.testing.assert_allclose(row["mean"], after, rtol=0, atol=0.05)
        whole, spread = moments(mu, after, spreads)
        np.testing.assert_allclose(row["whole"], whole, rtol=0, atol=0.05)
        np.testing.assert_allclose(matrices(row["spread"]), spread, rtol=2e-3, atol=2.0)
        assert row["time_s"] == dt
    assert row["weight"].min() >= filters.LEAST_WEIGHT / 2


def test_a_late_plot_leaves_the_time_alone_and_no_model_is_ever_given_up() -> None:
    rng, sensor = np.random.default_rng(12), radar()
    row = scattered(rng, time_s=100.0, weight=[1.0 - 2e-9, 1e-9, 1e-9])
    target = row["whole"][:3] - 3.0 * row["whole"][3:]
    filters.refine(row, plot_of(sensor, target, 9000.0, time_s=97.0), sensor, motion(), 3.0, desk())
    assert row["time_s"] == 100.0
    assert row["weight"].min() >= 0.99 * filters.LEAST_WEIGHT
    assert row["weight"].sum() == pytest.approx(1.0, abs=1e-12)
    moved_m = np.linalg.norm(row["whole"][:3] - 3.0 * row["whole"][3:] - target)
    assert moved_m < 150.0


@njit  # not cached: these loops must see the kernels as they are now
def _soundness(cov: F8, low: F8) -> float:
    """Least pivot of a Cholesky factorisation against its variance."""
    pivot = 1.0
    for i in range(6):
        for j in range(i + 1):
            rest = cov[i, j]
            for k in range(j):
                rest -= low[i, k] * low[j, k]
            if i == j:
                pivot = pivot if rest / cov[i, i] >= pivot else rest / cov[i, i]
                low[i, i] = np.sqrt(max(rest, 1e-300))
            else:
                low[i, j] = rest / low[j, j]
    return pivot


@njit
def _many_steps(row: Record, plots: Records, sensors: Records, motions: Records, steps: int, scratch: Record) -> float:
    """Random plots at random intervals, some late, some after a long silence: the worst soundness met."""
    np.random.seed(5)  # noqa: NPY002  # numba's own generator
    pivot, low = 1.0, np.empty((6, 6))
    for k in range(steps):
        plot = plots[np.random.randint(len(plots))]  # noqa: NPY002
        plot.time_s = row.time_s + np.random.exponential(4.0) - 1.0  # noqa: NPY002
        if k % 1000 == 0:
            plot.time_s += 60.0
        table = motions[(k // 5000) % len(motions)]
        filters.refine(row, plot, sensors[plot.sensor], table, 3.0, scratch)
        for m in range(MODELS + 1):
            rest = _soundness(unpacked(row.cov[m]), low) if m < MODELS else _soundness(unpacked(row.spread), low)
            pivot = pivot if rest >= pivot else rest
    return pivot


def test_covariances_stay_positive_definite_over_a_million_steps() -> None:
    rng = np.random.default_rng(13)
    start = state_at(37.9, 69.9, 9000.0, 0.0, 0.0)
    sensors = np.array(
        [
            radar(),
            radar(37.0, 68.0, 100.0, var_range=0.1**2, var_azimuth=np.radians(0.001) ** 2, var_height=0.1**2),
            radar(37.89, 69.91, 8000.0, var_range=1e8, var_azimuth=np.radians(20.0) ** 2, var_height=1e8),
            radar(37.9, 69.9, 9001.0, var_range=0.1**2, var_azimuth=np.radians(0.001) ** 2, var_height=0.1**2),
        ]
    )
    plots = []
    for s, sensor in enumerate(sensors):
        for sort in PLOT_SORTS:
            for _ in range(50):
                sigma = min(np.sqrt(sensor["var_range"]), 300.0)
                plot = plot_sort(sort, sensor, start[:3] + rng.normal(size=3) * sigma)
                plot["sensor"] = s
                if sort == "position":
                    plot["east_mps"], plot["north_mps"] = rng.normal(size=2)
                plots.append(plot)
    row = bank_of(start[None], covariance(rng)[None])
    tables = np.array([motion(), motion((STRAIGHT, STRAIGHT, FALL))])
    assert _many_steps(row[0], np.array(plots), sensors, tables, 1_000_000, desk()) > 1e-12
    assert np.isfinite(row[0]["whole"]).all()


# Plots on the Earth


@pytest.mark.parametrize(
    "where", [(38.5, 68.8), (0.0, 180.0), (89.9, 10.0), (-90.0, 0.0), (90.0, 0.0), (-45.0, -179.9)]
)
def test_range_azimuth_and_height_meet_where_the_target_is(where: tuple[float, float]) -> None:
    rng, sensor, found = np.random.default_rng(14), radar(*where, 300.0), np.empty(3)
    for _ in range(200):
        away = rng.uniform(2e3, 440e3) * np.array([np.sin(a := rng.uniform(-9, 9)), np.cos(a), 0.0])
        lat, lon, _ = geodetic(sensor["position"] + sensor["axes"].T @ away)
        target = ecef(lat, lon, rng.uniform(0.0, 20e3))
        east, north, _ = sensor["axes"] @ (target - sensor["position"])
        azimuth, reach = np.arctan2(east, north) + 2 * np.pi, float(np.linalg.norm(target - sensor["position"]))
        level_m = float(geodetic(target)[2])
        if reach < 1.5 * level_m:
            continue  # overhead, where a height says little of the ground distance
        ground = hearing.locate(
            reach, np.sin(azimuth), np.cos(azimuth), level_m, sensor["position"], sensor["axes"], found
        )
        assert np.linalg.norm(found - target) < 0.5
        assert ground == pytest.approx(np.hypot(east, north), abs=0.5)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([0.0, 1e-9, 1.0, 500.0, 1e5, 1e7]), st.floats(-1e6, 1e6), st.floats(-1e5, 9e6))
def test_a_height_out_of_reach_is_met_as_nearly_as_can_be(reach: float, azimuth: float, level_m: float) -> None:
    sensor, found = radar(), np.empty(3)
    ground = hearing.locate(reach, np.sin(azimuth), np.cos(azimuth), level_m, sensor["position"], sensor["axes"], found)
    assert np.isfinite(found).all()
    assert 0.0 <= ground <= reach
    assert np.linalg.norm(found - sensor["position"]) == pytest.approx(reach, rel=1e-9, abs=1e-6)


def test_a_plot_is_placed_with_its_axes_and_a_radius_that_holds_its_target() -> None:
    rng, law = np.random.default_rng(15), rules()
    sensors = np.array([radar(), radar(-60.0, 179.9, 100.0)])
    n = 400
    plots, azimuth, targets = np.zeros(n, PLOT), np.empty(n), np.empty((n, 3))
    for k in range(n):
        sensor = sensors[k % 2]
        away = rng.uniform(20e3, 300e3) * np.array([np.sin(a := rng.uniform(-9, 9)), np.cos(a), 0.0])
        lat, lon, _ = geodetic(sensor["position"] + sensor["axes"].T @ away)
        targets[k] = ecef(lat, lon, rng.uniform(0.0, 9e3))
        east, north, _ = sensor["axes"] @ (targets[k] - sensor["position"])
        plots[k] = plot_of(sensor, targets[k], float(geodetic(targets[k])[2]) if k % 3 else NAN, sensor=k % 2)
        plots["range_m"][k] += rng.normal() * 70.0
        azimuth[k] = np.arctan2(east, north) + rng.normal() * np.radians(0.08)
    hearing.place(plots, azimuth, np.zeros((0, 3, 3)), sensors, law)
    apart = np.linalg.norm(plots["place"] - targets, axis=1)
    assert (apart < plots["radius_m"]).all()
    first, second = plots["first"], plots["second"]
    np.testing.assert_allclose(np.sum(first * second, axis=1), 0.0, atol=1e-12)
    upward = np.cross(second, first)  # clockwise from above: second is to the right of first
    np.testing.assert_allclose(np.sum(upward * sensors["axes"][plots["sensor"], 2], axis=1), 1.0, atol=1e-12)
    across = np.sum(second * (targets - sensors["position"][plots["sensor"]]), axis=1)
    assert np.mean(across**2 / plots["var_second"]) == pytest.approx(1.0, abs=0.25)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_a_plot_is_refused_for_the_first_of_its_faults(seed: int, exercise: bool) -> None:
    rng, n = np.random.default_rng(seed), 60
    odd = np.array([NAN, np.inf, -np.inf, -1.0, 0.0, 1.9e6, 2.1e6, -2e11, 9e3, -2e4])
    time_s, range_m, azimuth, lat, lon, rate = np.where(
        rng.random((6, n)) < 0.3, rng.choice(odd, (6, n)), rng.uniform(0.0, 50.0, (6, n))
    )
    sensors, sensor = np.array([radar(), radar(passive=1)]), rng.integers(-1, 2, n)
    flags = np.where(rng.random(n) < 0.5, 0, rng.integers(0, 128, n)).astype(np.uint16)
    fault = np.empty(n, np.uint8)
    good = hearing.judge(time_s, sensor, flags, range_m, azimuth, lat, lon, rate, sensors, 10.0, 40.0, exercise, fault)
    polar, placed = np.isfinite([range_m, azimuth]).all(axis=0), np.isfinite([lat, lon]).all(axis=0)
    sighted = (sensor == 1) & np.isnan(range_m) & np.isfinite(azimuth)
    faults = {
        "sensor not in the registry": sensor < 0,
        "no time": ~np.isfinite(time_s) | (time_s < -1e11),
        "older than the lag": time_s < 10.0,
        "time still to come": time_s > 40.0,
        "no position": ~polar & ~placed & ~sighted,
        "negative range": polar & (range_m < 0.0),
        "beyond any range": polar & (range_m > 2e6),
        "faster than anything": np.abs(rate) > 1e4,
        "test target": flags & 2 > 0,
        "of another realm": (flags & 1 > 0) != exercise,
        "on the ground": flags & 4 > 0,
    }
    assert tuple(faults) == hearing.FAULTS
    wanted = np.argmax(np.array([*faults.values(), np.ones(n, bool)]), axis=0)
    assert fault.tolist() == wanted.tolist()
    assert good == np.sum(wanted == len(faults))


@pytest.mark.parametrize("seed", range(8))
def test_plots_in_order_of_time_are_sorted_as_numpy_sorts_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    many, sensors = int(rng.integers(1, 400)), int(rng.integers(1, 40))
    since_s, sensor = np.sort(rng.uniform(0.0, 9.0, many)) - 3.0, rng.integers(0, sensors, many)
    slice_of, order = np.floor(since_s / 0.7), np.full(many, -1)
    assert hearing.in_order(since_s, sensor, slice_of, sensors, order)
    assert order.tolist() == np.lexsort((since_s, sensor, slice_of)).tolist()


def test_plots_out_of_order_or_of_one_instant_are_not_sorted_by_counting() -> None:
    order, twice = np.empty(3, np.int64), np.array([0.2, 0.5, 0.5])
    assert not hearing.in_order(np.array([0.2, 0.5, 0.4]), np.array([0, 1, 2]), np.zeros(3), 3, order)
    assert not hearing.in_order(twice, np.array([0, 1, 1]), np.zeros(3), 3, order)
    assert hearing.in_order(twice, np.array([0, 1, 2]), np.zeros(3), 3, order)
    assert order.tolist() == [0, 1, 2]


# Near


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["globe", "pole", "date line", "equator", "borders"]))
def test_near_finds_what_brute_force_finds(seed: int, where: str) -> None:
    rng, n = np.random.default_rng(seed), 240
    wide = {"globe": 7e6, "borders": 300e3}.get(where, 120e3)
    centre = {
        "globe": np.zeros(3),
        "pole": ecef(NORTH_POLE, 0.0, 1e3),
        "date line": ecef(0.2, np.pi, 1e3),
        "equator": ecef(0.0, 0.0, 1e3),
        "borders": np.array([256e3 * 20, 0.0, -256e3 * 8]),
    }[where]
    at = centre + rng.uniform(-wide, wide, (n, 3))
    if where == "borders":  # on the edges of cells, to the last bit, or where two coordinates are the greatest
        at = centre + rng.integers(-20, 20, (n, 3)) * 16e3 + rng.choice([0.0, 1e-9, -1e-9], (n, 3))
        at[::2, 1] = at[::2, 0] + rng.choice([0.0, 10.0, -10.0], (n + 1) // 2)
    means = np.hstack([at, rng.normal(size=(n, 3)) * 150.0])
    sigma = rng.choice([10.0, 300.0, 1500.0, 9000.0], n)
    bank = bank_of(means, np.array([covariance(rng, s, 5.0) for s in sigma]), time_s=rng.uniform(0, 6, n))
    bank["number"][rng.random(n) < 0.1] = 0
    bank["status"] = rng.choice([TENTATIVE, CONFIRMED], n)
    brought = 30 * (seed % 2)  # rows that come in the slice itself
    held, out, law = store_of(bank, top=n - 5 - brought), np.empty(n, np.int32), rules(gate_d2=25.0, slice_s=1.0)
    middle_s = 5.5
    grid.spread_out(held, middle_s, law)
    if seed % 5 < 2:  # a slice later, with the pins of this one
        middle_s += 1.0
        grid.spread_out(held, middle_s, law)
    living = bank["number"] > 0
    living[n - 5 :] = False
    held.counts["top"] = n - 5
    for t in np.flatnonzero(living)[np.flatnonzero(living) >= n - 5 - brought]:
        grid.lay(held, t, middle_s, law)
    if seed % 3 == 0:  # the store has grown
        held = held._replace(cells=np.zeros(257, CELL))
        grid.sort(held, middle_s, 1.0)
    assert held.counts["marks"] == living.sum()
    radii = held.pins["radius_m"] + held.pins["swell_mps"] * (middle_s - held.pins["at_s"])
    for k in range(40):
        dt = [0.0, -0.5, 0.45][k % 3]
        place = means[rng.integers(n), :3] + rng.normal(size=3) * rng.choice([0.0, 3e3, 40e3])
        radius_m = [600.0, 16e3, 70e3, 0.0 if dt == 0.0 else 2e3][k % 4]
        levels = grid.BELIEVED if k % 5 == 0 else grid.LEVELS
        found = out[: grid.near(held, place, radius_m, middle_s + dt, middle_s, out, levels)].tolist()
        ahead = (middle_s + dt - bank["time_s"])[:, None]
        apart = np.linalg.norm(means[:, :3] + ahead * means[:, 3:] - place, axis=1)
        asked = living & ((levels == grid.LEVELS) | (bank["status"] == CONFIRMED))
        assert len(found) == len(set(found))
        certain = np.flatnonzero(asked & (apart < np.hypot(radii, radius_m)))
        at_most = np.flatnonzero(asked & (apart < np.hypot(radii + grid.ROUNDED_M, radius_m) + grid.ROUNDED_M))
        assert set(certain.tolist()) <= set(found) <= set(at_most.tolist())
    few = np.empty(3, np.int32)
    assert grid.near(held, held.pins["place"][np.argmax(living)], 1e5, middle_s, middle_s, few) <= 3


@pytest.mark.parametrize("share", [0.9, 0.0, -0.9], ids=["alike", "apart", "against each other"])
def test_a_rows_radius_holds_its_gate_throughout_the_slices_that_it_is_for(share: float) -> None:
    """However place and speed err together: where they err against each other, it is known best in between."""
    rng, held = np.random.default_rng(17), 0
    for _ in range(200):
        mean = np.concatenate([ecef(0.6, 1.2, 9e3), rng.normal(size=3) * 200.0])
        root = rng.normal(size=(3, 3))
        sigma, slow = rng.uniform(30, 400), rng.uniform(3, 40)
        both = np.array([[sigma**2, share * sigma * slow], [share * sigma * slow, slow**2]])
        cov = np.kron(both, root @ root.T + 0.1 * np.eye(3))
        bank = bank_of(mean[None], cov[None], time_s=rng.uniform(-10, 1))
        pinned, law = store_of(bank), rules(gate_d2=25.0, slice_s=1.0)
        for middle_s in np.arange(grid.HOLDS) + 0.5:
            grid.spread_out(pinned, middle_s, law)
            pin, mark = pinned.pins[0], pinned.marks[0]
            assert pin["at_s"] == 0.5  # the pin of the first slice
            if mark["radius_m"] >= grid.WIDEST_M:
                continue
            held += 1
            level = pin["column"] & 7
            assert mark["radius_m"] - grid.ROUNDED_M <= grid.UP_TO_M[level] + 1e-2
            assert mark["radius_m"] + 0.5 * np.linalg.norm(mean[3:]) <= pinned.widest[0, level] + 1e-2
            for now in middle_s + np.linspace(-0.5, 0.5, 5):
                dt = now - bank["time_s"][0]
                f = np.hstack([np.eye(3), dt * np.eye(3)])
                axis = np.sqrt(25.0 * np.linalg.eigvalsh(f @ matrices(bank["spread"][0]) @ f.T)[-1])
                assert axis <= mark["radius_m"]
                np.testing.assert_allclose(mark["place"] + (now - middle_s) * mark["speed"], f @ mean, atol=1.0)
    assert held > 400


# Fit


def gaussian(row: Record, plot: Record, sensor: Record, dt: float, across: float, along: float) -> tuple[float, float]:
    """Log-density and squared distance of a plot by SciPy, the row's models taken as one."""
    f = np.hstack([np.eye(3), dt * np.eye(3)])
    at = f @ row["whole"]
    h, nu, var = model_of(np.concatenate([at, np.zeros(3)]), plot, sensor)
    up = vertical(at)
    noise = (across * (np.eye(3) - np.outer(up, up)) + along * np.outer(up, up)) * max(dt, 0.0) ** 3 / 3
    s = h[:, :3] @ (f @ matrices(row["spread"]) @ f.T + noise) @ h[:, :3].T + np.diag(var)
    return float(multivariate_normal(np.zeros(len(nu)), s).logpdf(nu)), float(nu @ np.linalg.solve(s, nu))


@pytest.mark.parametrize("sort", PLOT_SORTS)
@pytest.mark.parametrize("dt", [-2.0, 0.0, 5.0])
def test_a_fit_is_the_multivariate_normals(sort: str, dt: float) -> None:
    rng, sensor, table, scratch = np.random.default_rng(18), radar(), motion(), desk()
    calm = wild = 0
    for k in range(40):
        row = scattered(rng)
        away = rng.normal(size=3) * (200.0 if k % 2 else 900.0)
        plot = plot_sort(sort, sensor, row["whole"][:3] + dt * row["whole"][3:] + away)
        plot["time_s"] = dt
        noise = np.zeros(5)
        if dt > 0:
            filters.restlessness(row, dt, table, noise)
        fit, d2, count = association.weigh(row, plot, sensor, table, scratch)
        assert count == (3 if sort.endswith("height") else 2)
        wanted, wanted_d2 = gaussian(row, plot, sensor, dt, noise[0], noise[1])
        if wanted_d2 > association.QUIET and dt > 0:
            agile, agile_d2 = gaussian(row, plot, sensor, dt, noise[2], noise[3])
            wanted, wanted_d2 = np.logaddexp(wanted, agile + np.log(noise[4])), min(wanted_d2, agile_d2)
            wild += 1
        else:
            calm += 1
        assert (fit, d2) == pytest.approx((wanted, wanted_d2), rel=2e-3, abs=2e-3)
    assert calm > 3
    assert wild > 3 or dt <= 0


@pytest.mark.parametrize("dt", [0.5, 4.0])
def test_what_stands_for_a_turn_has_the_turns_variance(dt: float) -> None:
    """Truth: how far the turn itself, by `predict`, leaves the straight line."""
    table, out = motion(), np.empty(5)
    table["stays_s"] = np.inf
    state = state_at(38.0, 70.0, 9000.0, 150.0, 100.0)
    for n in range(MODELS):
        row = bank_of(state[None], np.eye(6)[None])[0]
        row["weight"] = np.eye(MODELS)[n]
        filters.restlessness(row, dt, table, out)
        bent, _ = moved(state, np.eye(6), dt, TURN, table["turn_radps"][n], 0.0, 0.0)
        straight, _ = moved(state, np.eye(6), dt, STRAIGHT, 0.0, 0.0, 0.0)
        off2 = np.sum((bent - straight)[:3] ** 2)
        assert (out[0] - table["across"][n]) * dt**3 / 3 == pytest.approx(off2, rel=0.02, abs=1e-6)
        assert out[1] == pytest.approx(table["along"][n])
        assert out[4] == (1.0 if n else 0.0)
        if n:
            assert out[2] == pytest.approx(out[0])
            assert out[3] == pytest.approx(out[1])


def test_restlessness_is_the_average_over_where_the_models_will_be() -> None:
    table, out = motion(), np.empty(5)
    row = bank_of(np.zeros((1, 6)), np.eye(6)[None])[0]  # at rest: no turn matters
    row["weight"] = (0.5, 0.2, 0.3)
    dt = 0.4
    filters.restlessness(row, dt, table, out)
    then = transitions(table, dt).T @ row["weight"]
    assert out[0] == pytest.approx(then @ table["across"], rel=0.02)
    assert out[1] == pytest.approx(then @ table["along"], rel=0.02)
    assert out[2] == pytest.approx(then[1:] @ table["across"][1:] / then[1:].sum(), rel=0.02)
    assert out[4] == pytest.approx(then[1:].sum(), rel=0.02)


def test_the_density_of_plots_a_square_metre_sums_to_one() -> None:
    """Wherever the next plot may fall on the ground, it falls somewhere: the weights are densities a square metre."""
    sensor, table, scratch = radar(), motion(), desk()
    table["stays_s"] = np.inf
    state = state_at(37.9, 69.9, 1000.0, 150.0, 0.0)
    axes = enu_axes(np.radians(37.9), np.radians(69.9))
    turned = np.kron(np.eye(2), axes)
    cov = turned.T @ np.diag([250.0**2, 400.0**2, 10.0**2, 5.0**2, 5.0**2, 1.0]) @ turned
    row = bank_of(state[None], cov[None])[0]
    row["weight"] = (1.0, 0.0, 0.0)
    step_m, total = 60.0, 0.0
    for east in np.arange(-1800.0, 1801.0, step_m):
        for north in np.arange(-2600.0, 2601.0, step_m):
            plot = plot_of(sensor, state[:3] + east * axes[0] + north * axes[1])
            total += np.exp(association.weigh(row, plot, sensor, table, scratch)[0]) * step_m**2
    assert total == pytest.approx(1.0, abs=0.03)


def test_a_plot_does_not_fit_what_lies_behind_the_antenna() -> None:
    sensor, scratch = radar(), desk()
    state = state_at(38.5, 68.8, 1500.0, 0.0, 0.0)
    state[:3] += 3000.0 * sensor["axes"][0]
    row = bank_of(state[None], covariance(np.random.default_rng(1), 100.0, 5.0)[None])[0]
    plot = plot_of(sensor, state[:3] - 6000.0 * sensor["axes"][0], 1500.0)
    assert association.weigh(row, plot, sensor, motion(), scratch)[1] > 100.0


# Which is whose


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 12), st.integers(0, 8), st.booleans(), st.integers(0, 2**32 - 1))
def test_assignment_is_as_cheap_as_scipys(rows: int, more: int, ties: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost = rng.integers(-3, 3, (rows, rows + more)).astype(float) if ties else rng.normal(size=(rows, rows + more)) * 10
    cost[rng.random(cost.shape) < 0.3] = association.FORBIDDEN
    chosen = association.assign(cost)
    assert len(set(chosen.tolist())) == rows
    wanted = cost[linear_sum_assignment(cost)].sum()
    assert cost[np.arange(rows), chosen].sum() == pytest.approx(wanted, rel=1e-12, abs=1e-6)


def cluster(rng: np.random.Generator, plots: int, tracks: int, ties: bool) -> tuple[np.ndarray, F8, np.ndarray]:
    """Candidates of each plot, the best first: rows, gains, counts."""
    rows, gains = np.full((plots, turn.KEPT), NONE, np.int32), np.zeros((plots, turn.KEPT))
    count = rng.integers(0, min(tracks, turn.KEPT) + 1, plots)
    for k, c in enumerate(count):
        rows[k, :c] = rng.permutation(tracks)[:c]
        gains[k, :c] = np.sort(rng.integers(1, 4, c) if ties else rng.uniform(0.01, 9.0, c))[::-1]
    return rows, gains, count


def total_of(rows: np.ndarray, gains: F8, count: np.ndarray, chosen: np.ndarray) -> float:
    """Gain of a choice, which must give no track two plots and no plot what it cannot have."""
    owners = [t for t in chosen.tolist() if t != NONE]
    assert len(owners) == len(set(owners))
    total = 0.0
    for k in range(len(chosen)):
        if chosen[k] != NONE:
            (i,) = np.flatnonzero(rows[k, : count[k]] == chosen[k])
            total += gains[k, i]
    return total


def bids_of(rows: np.ndarray, gains: F8, count: np.ndarray) -> Bids:
    return Bids(rows, gains, np.zeros_like(gains), count)


def contested(rows: np.ndarray, gains: F8, count: np.ndarray, tracks: int) -> np.ndarray:
    """What is chosen when all plots are one group."""
    bank, chosen = bank_of(np.zeros((tracks, 6)), np.zeros((tracks, 6, 6))), np.full(len(count), NONE, np.int32)
    contest.contest(bank, np.arange(len(count), dtype=np.int32), bids_of(rows, gains, count), chosen)
    assert (bank["holder"] == NONE).all()
    return chosen


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.booleans(), st.integers(0, 2**32 - 1))
def test_a_group_is_settled_as_well_as_by_looking_at_every_choice(
    plots: int, tracks: int, ties: bool, seed: int
) -> None:
    rows, gains, count = cluster(np.random.default_rng(seed), plots, tracks, ties)
    best = 0.0
    for choice in itertools.product(*(range(-1, c) for c in count)):
        owners = [rows[k, i] for k, i in enumerate(choice) if i >= 0]
        if len(owners) == len(set(owners)):
            best = max(best, sum(gains[k, i] for k, i in enumerate(choice) if i >= 0))
    assert total_of(rows, gains, count, contested(rows, gains, count, tracks)) == pytest.approx(best)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 50), st.integers(0, 2**32 - 1))
def test_larger_groups_are_settled_as_well_as_by_scipy(plots: int, tracks: int, seed: int) -> None:
    rows, gains, count = cluster(np.random.default_rng(seed), plots, tracks, ties=False)
    worth = np.zeros((plots, tracks + plots))
    for k in range(plots):
        worth[k, rows[k, : count[k]]] = gains[k, : count[k]]
    best = worth[linear_sum_assignment(worth, maximize=True)].sum()
    assert total_of(rows, gains, count, contested(rows, gains, count, tracks)) == pytest.approx(best)


def test_a_group_too_large_for_the_exact_way_is_settled_too() -> None:
    rng, plots, tracks = np.random.default_rng(19), 420, 420
    rows, gains, count = cluster(rng, plots, tracks, ties=False)
    assert plots * (plots + tracks) > association.LARGEST
    chosen = contested(rows, gains, count, tracks)
    assert total_of(rows, gains, count, chosen) > 0.4 * gains[:, 0].sum()
    left = set(range(tracks)) - set(chosen.tolist())
    for k in range(plots):  # none goes without that could have one
        assert chosen[k] != NONE or not left & set(rows[k, : count[k]].tolist())


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 14), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_plots_that_want_one_row_or_one_nest_are_one_group(plots: int, tracks: int, seed: int) -> None:
    """Truth: SciPy's connected components of plots, rows and nests."""
    rng = np.random.default_rng(seed)
    rows, gains, count = cluster(rng, plots, tracks, ties=False)
    count = np.minimum(count, rng.choice([1, 1, 2, 3], plots))
    nest = rng.choice([NONE, NONE, NONE, 0, 1], tracks)
    bank = bank_of(np.zeros((tracks, 6)), np.zeros((tracks, 6, 6)), nest=nest)
    holders = np.zeros(2, NEST)
    holders["holder"] = NONE
    chosen, root = np.full(plots, -7, np.int32), np.full(plots, -7)
    crowded = contest.settle(store_of(bank, holders), bids_of(rows, gains, count), chosen, root)
    wants = [(k, int(t)) for k in range(plots) for t in rows[k, : count[k]]]
    edges = [(k, plots + t) for k, t in wants]
    edges += [(plots + t, plots + tracks + int(nest[t])) for t in range(tracks) if nest[t] != NONE]
    size = plots + tracks + 2
    graph = np.zeros((size, size))
    for a, b in edges:
        graph[a, b] = 1
    _, part = connected_components(graph, directed=False)
    claims = np.bincount([t for _, t in wants], minlength=tracks)
    alone = [
        count[k] == 0 or (count[k] == 1 and claims[rows[k, 0]] == 1 and nest[rows[k, 0]] == NONE) for k in range(plots)
    ]
    assert crowded == (not all(alone))
    for k in range(plots):
        if alone[k]:
            assert root[k] == NONE
            assert chosen[k] == (rows[k, 0] if count[k] else NONE)
        else:
            assert chosen[k] == NONE
            assert root[k] == min(j for j in range(plots) if part[j] == part[k])
    assert (bank["claims"] == 0).all()
    assert (bank["holder"] == NONE).all()
    assert (holders["holder"] == NONE).all()


# Hypotheses


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_the_likeliest_children_are_those_of_all_there_are(many: int, tracks: int, plots: int, seed: int) -> None:
    """Truth: every way to give plots to tracks, in every hypothesis."""
    rng = np.random.default_rng(seed)
    leaf = np.zeros((HYPOTHESES, WIDTH), np.int32)
    leaf[:many, :tracks] = [rng.permutation(2 * tracks)[:tracks] for _ in range(many)]
    det = np.where(rng.random((2 * tracks, plots)) < 0.6, rng.normal(size=(2 * tracks, plots)) * 3, nests.GATED)
    prior = np.log(rng.dirichlet(np.ones(many)))
    log, parent = np.empty(nests.CHILDREN), np.empty(nests.CHILDREN, np.int64)
    taken = np.empty((nests.CHILDREN, WIDTH), np.int32)
    born = nests.children(many, prior, leaf, tracks, det, plots, log, parent, taken)
    every = []
    for h in range(many):
        for choice in itertools.product(range(-1, plots), repeat=tracks):
            used = [k for k in choice if k >= 0]
            worth = [det[leaf[h, j], k] for j, k in enumerate(choice) if k >= 0]
            if len(used) == len(set(used)) and all(w > nests.GATED for w in worth):
                every.append((prior[h] + sum(worth), h, choice))
    every.sort(reverse=True)
    likely = [one for one in every if one[0] > every[0][0] + np.log(nests.UNLIKELY)][: nests.CHILDREN]
    found = sorted(((log[c], int(parent[c]), tuple(taken[c, :tracks].tolist())) for c in range(born)), reverse=True)
    assert [one[1:] for one in found[: len(likely)]] == [one[1:] for one in likely]
    np.testing.assert_allclose([one[0] for one in found[: len(likely)]], [one[0] for one in likely], atol=1e-9)
    assert {one[1:] for one in found} <= {one[1:] for one in every}


def nested(rng: np.random.Generator, hypotheses: int, tracks: int, base: int) -> Record:
    nest = np.zeros(1, NEST)[0]
    nest["tracks"], nest["hypotheses"], nest["holder"] = tracks, hypotheses, NONE
    nest["number"][:tracks] = np.arange(tracks) + 1
    nest["weight"][:hypotheses] = np.sort(rng.dirichlet(np.ones(hypotheses)))[::-1]
    for h in range(hypotheses):
        nest["leaf"][h, :tracks] = base + 4 * np.arange(tracks) + rng.integers(0, 3, tracks)
    return nest


def two_ways(**named: object) -> tuple[Records, Record]:
    """Two targets 5 km apart, and two hypotheses that have them the other way round, some metres off."""
    means = np.zeros((4, 6))
    means[:, 0], means[:, 3] = 6.4e6 + np.array([0.0, 5e3, 5e3 + 3.0, 2.0]), 100.0
    bank = bank_of(means, np.repeat(np.diag([400.0] * 3 + [4.0] * 3)[None], 4, axis=0), nest=0, **named)
    bank["number"] = (7, 8, 7, 8)
    nest = nested(np.random.default_rng(1), 2, 2, 0)
    nest["number"][:2] = 7, 8
    nest["weight"][:2], nest["leaf"][:2, :2] = (0.6, 0.4), [[0, 1], [2, 3]]
    return bank, nest


def test_a_track_is_told_as_the_mean_over_the_ways_that_it_may_be() -> None:
    """Truth: moments of many targets, each drawn from the way that a hypothesis has."""
    rng, bank = np.random.default_rng(2), bank_of(np.zeros((6, 6)), np.zeros((6, 6, 6)), nest=0)
    bank["exists"], bank["nest"][5], bank["number"] = [0.9, 0.8, 0.5, 0.7, 0.99, 0.3], NONE, 1
    nests_held = np.zeros(1, NEST)
    nests_held[0]["tracks"], nests_held[0]["hypotheses"] = 2, 3
    nests_held[0]["weight"][:3] = 0.5, 0.3, 0.2
    nests_held[0]["leaf"][:3, :2] = [[0, 3], [1, 4], [0, 4]]  # row 2 is another's
    track, way, weight = nests.ways(bank, nests_held, np.array([0, 3, 5]))
    assert track.tolist() == [0, 0, 1, 1, 2]
    assert way.tolist() == [0, 1, 3, 4, 5]
    assert weight == pytest.approx([0.7 * 0.9, 0.3 * 0.8, 0.5 * 0.7, 0.5 * 0.99, 0.3])
    mean, half = rng.normal(size=(5, 6)) * 10.0, rng.normal(size=(5, 6, 6))
    cov, exists = half @ half.transpose(0, 2, 1), np.empty(3)
    states, spread = nests.blend(track, weight, mean, cov, exists)
    assert exists == pytest.approx([0.87, 0.845, 0.3])
    for r in range(3):
        share = weight[track == r] / weight[track == r].sum()
        drawn = rng.choice(np.flatnonzero(track == r), 200_000, p=share)
        targets = mean[drawn] + np.einsum("nij,nj->ni", np.linalg.cholesky(cov)[drawn], rng.normal(size=(200_000, 6)))
        np.testing.assert_allclose(states[r], targets.mean(axis=0), atol=0.15)
        np.testing.assert_allclose(spread[r], np.cov(targets.T), atol=0.02 * np.abs(np.cov(targets.T)).max())
    assert (states[2] == mean[4]).all()  # to the last bit
    assert (spread[2] == cov[4]).all()


@pytest.mark.parametrize("wait_s", [0.4, 3.0, 10.0])
def test_a_track_is_doubted_when_to_wait_for_the_next_look_costs_more_than_its_number(wait_s: float) -> None:
    law, sensors = rules(), np.array([radar(), radar(), radar()])
    law["number_worth_s"], law["slice_s"], sensors["late_s"], sensors["passive"][2] = 8.0, 1.0, 0.25, 1
    row = bank_of(np.zeros((1, 6)), np.zeros((1, 6, 6)))[0]
    row["slot"][:3], row["seen"][:3] = [1, 0, 2], [0.6, 0.9, 0.9]
    # the one is silent and long overdue, the other's turn is next, the third hears only who emits
    row["looked_s"], row["due_s"][:3] = 100.0, (50.0, 100.0 + wait_s - 0.25, np.inf)
    least = brentq(lambda r: 8.0 * r * 0.9 - (1.0 - r) * wait_s, 0.0, 1.0)
    assert nests.doubtful(row, 0.99 * least, sensors, law)
    assert not nests.doubtful(row, 1.01 * least, sensors, law)
    row["slot"][1] = NONE
    assert not nests.doubtful(row, 0.01, sensors, law)  # nobody looks: what nobody can tell is no reason


def test_no_two_tracks_of_a_hypothesis_become_one_row() -> None:
    """Three rows, of which the last two are alike; the second hypothesis has both."""
    means = np.zeros((3, 6))
    means[:, 0], means[:, 3] = 6.4e6 + np.array([500.0, 0.0, 1.0]), 100.0
    bank = bank_of(means, np.repeat(np.diag([400.0] * 3 + [4.0] * 3)[None], 3, axis=0), nest=0)
    bank["exists"] = bank["number"] = 1
    held = store_of(bank, np.zeros(1, NEST))
    nest = held.nests[0]
    nest["tracks"] = nest["hypotheses"] = 2
    nest["number"][:2], nest["weight"][:2], nest["leaf"][:2, :2] = (7, 8), (0.8, 0.2), [[0, 1], [1, 2]]
    assert nests.alike(bank[1], bank[2])
    nests.tidy(held, nest)
    rows = nest["leaf"][: nest["hypotheses"], : nest["tracks"]]
    assert all(len(set(one)) == nest["tracks"] for one in rows.tolist())
    assert sorted(bank["number"][(bank["lead"] == 1) & (bank["number"] > 0)].tolist()) == [7, 8]


def test_numbers_that_are_only_exchanged_are_no_other_hypothesis() -> None:
    bank, nest = two_ways()
    nest["weight"][:2] = 0.4, 0.6  # the second is the likelier now; the first was told
    nests.rename(bank, nest, 0)
    assert nest["leaf"][:2, :2].tolist() == [[0, 1], [3, 2]]
    held = store_of(bank)
    nests.tidy(held, nest)
    assert nest["tracks"] == 0  # both are certain
    live = np.flatnonzero(held.pins["live"])
    assert {int(bank["number"][t]): round(float(bank["whole"][t, 0] - 6.4e6), -1) for t in live} == {7: 0.0, 8: 5e3}


def test_targets_that_say_their_names_keep_their_numbers() -> None:
    for named_by in ({"address": (1, 2, 1, 2)}, {"mode_a": (1, 2, 1, 2)}, {"address": (1, NO_ADDRESS, 1, NO_ADDRESS)}):
        bank, nest = two_ways(**named_by)
        nests.rename(bank, nest, 0)
        assert nest["leaf"][:2, :2].tolist() == [[0, 1], [2, 3]]


def test_two_that_are_moved_alike_keep_their_sides() -> None:
    """Plots have put number 7 where 8 was expected, and 8 as far beyond: both were moved, neither has overtaken."""
    for exchanged, named_by in ((True, {}), (False, {"mode_a": (1, 2, 1, 2)})):
        bank, nest = two_ways(**named_by)
        before, moved = np.array([[0.0, 300.0, 0.0], [900.0, 300.0, 0.0]]), np.array([950.0, -40.0, 10.0])
        memory, numbers = np.zeros(2, MEMORY), np.array([7, 8], np.int32)
        nests.keep_sides(bank, nest, 0, before, before + moved, memory, numbers, 0.0)
        assert nest["leaf"][0, :2].tolist() == [0, 1]
        nests.keep_sides(bank, nest, 0, before, before[::-1] + moved, memory, numbers, 0.0)
        assert nest["leaf"][0, :2].tolist() == ([1, 0] if exchanged else [0, 1])
        assert nest["leaf"][1, :2].tolist() == [2, 3]


@pytest.mark.parametrize("who", [0, 1])
@pytest.mark.parametrize("east_m", [5e3, -5e3, 50e3, -50e3])
def test_what_one_of_two_remembers_of_the_other_counts_for_more_than_their_sides(east_m: float, who: int) -> None:
    """Rows say that 8 is 5 km east of 7, where it was west; either remembers where the other was, or something else."""
    bank, nest = two_ways()
    memory, numbers, sides = np.zeros(2, MEMORY), np.array([7, 8], np.int32), np.array([[0.0] * 3, [5e3, 0.0, 0.0]])
    note_memory(memory[who], int(numbers[1 - who]), 10.0, [east_m if who == 0 else -east_m, 0, 0, 0, 0, 0], 900.0)
    nests.keep_sides(bank, nest, 0, sides, sides[::-1].copy(), memory, numbers, 12.0)
    assert nest["leaf"][0, :2].tolist() == ([0, 1] if east_m == 5e3 else [1, 0])


def note_memory(memory: Record, number: int, time_s: float, at: list[float], var: float, var_v: float = 25.0) -> None:
    company.note_beside(memory, number, time_s, np.array(at, float), var, var_v)


def test_a_companion_is_followed_as_a_textbooks_filter_would() -> None:
    """Joseph form and a process matrix, on where a plain two-state filter of each axis has it."""
    rng, memory = np.random.default_rng(5), np.zeros(1, MEMORY)[0]
    at = np.array([800.0, -500.0, 100.0, 6.0, -4.0, 1.0])
    note_memory(memory, 9, 50.0, at.tolist(), 4e4, 300.0)
    share = company.PARTING_MPS**2 / (company.PARTING_MPS**2 + 300.0)
    mean, cov, now_s = np.stack([at[:3], share * at[3:]]), np.diag([4e4, share * 300.0]), 50.0
    for step_s in (5.0, 1.5, 12.0, 8.0):
        now_s += step_s
        flow = np.array([[1.0, step_s], [0.0, 1.0]])
        noise = company.UNLIKE_M2S3 * np.array([[step_s**3 / 3, step_s**2 / 2], [step_s**2 / 2, step_s]])
        mean, cov = flow @ mean, flow @ cov @ flow.T + noise
        z, var = mean[0] + rng.normal(0, 60, 3), rng.uniform(1e4, 4e4)
        gain = cov[:, :1] / (cov[0, 0] + var)
        keep = np.eye(2) - gain @ [[1.0, 0.0]]
        mean, cov = mean + gain @ (z - mean[0])[None], keep @ cov @ keep.T + var * gain @ gain.T
        note_memory(memory, 9, now_s, [*z, 0.0, 0.0, 0.0], var)
        assert np.allclose(memory["beside"], mean[0], rtol=1e-4)
        assert np.allclose(memory["parting"], mean[1], rtol=1e-3, atol=1e-3)
        held = [memory["beside_var"], memory["both_var"], memory["parting_var"]]
        assert np.allclose(held, cov[np.triu_indices(2)], rtol=1e-3)


def test_a_companion_that_may_as_well_be_in_the_others_place_teaches_nothing() -> None:
    for at, time_s, learns in (
        ([600.0, 0, 0, 0, 0, 0], 60.0, True),
        ([10.0, 900.0, 0, 0, 0, 0], 60.0, False),  # neither here nor there
        ([-450.0, 0, 0, 0, 0, 0], 60.0, False),
        ([0.0, 3e3, 0, 0, 0, 0], 60.0, True),  # nowhere near: it is elsewhere now
        ([10.0, 900.0, 0, 0, 0, 0], 60.0 + company.FORGOTTEN_S, True),
        ([600.0, 0, 0, 0, 0, 0], 50.0, False),  # heard already
    ):
        memory = np.zeros(1, MEMORY)[0]
        note_memory(memory, 4, 50.0, [650.0, 0, 0, 0, 0, 0], 4e4, 4.0)
        note_memory(memory, 4, time_s, at, 4e4, 4.0)
        assert (memory["beside_s"] == time_s and memory["beside"][0] != 650.0) == learns
        note_memory(memory, 5, time_s, [0.0, 70.0, 0, 0, 0, 0], 4e4, 4.0)
        assert memory["mate"] == 5


def test_tracks_remember_the_nearest_that_flies_as_they_do_and_was_heard_when_they_were() -> None:
    means = np.zeros((5, 6))
    means[:, 0], means[:, 4] = 6.4e6 + np.array([0.0, 900.0, 500.0, 700.0, 9e3]), (200.0, 210.0, -200.0, 200.0, 200.0)
    bank = bank_of(means, np.repeat(np.diag([400.0] * 3 + [4.0] * 3)[None], 5, axis=0), status=CONFIRMED)
    bank["updated_s"] = bank["time_s"] = (100.0, 101.0, 100.0, 93.0, 100.0)
    rows, numbers, memory = np.arange(5, dtype=np.int32), np.arange(11, 16, dtype=np.int32), np.zeros(5, MEMORY)
    company.remember(bank, rows, numbers, memory)
    assert memory["mate"].tolist() == [12, 11, 0, 0, 0]
    assert np.allclose(memory["beside"][0], [900.0, -200.0, 0.0])  # the one was a second ahead of the other
    assert np.allclose(memory["beside"][1], [-900.0, 200.0, 0.0])
    bank["status"][1] = TENTATIVE
    memory[:] = 0
    company.remember(bank, rows, numbers, memory)
    assert not memory["mate"].any()


def test_where_one_of_two_has_ended_one_number_has() -> None:
    """Two targets side by side, and nobody knows which of them it is that is no more."""
    bank, nest = two_ways()
    bank["whole"][:, 0] = 6.4e6 + np.array([0.0, 30.0, 2.0, 31.0])
    bank["exists"] = 0.01, 0.99, 0.99, 0.01
    nests.rename(bank, nest, 0)
    assert nest["leaf"][:2, :2].tolist() == [[0, 1], [3, 2]]
    assert [nests.believed(bank, nest, j) for j in range(2)] == pytest.approx([0.01, 0.99])
    # far from each other they are two, and which one has ended shows
    bank, nest = two_ways()
    bank["whole"][:, 0] = 6.4e6 + np.array([0.0, 5e3, 2.0, 5e3])
    bank["exists"] = 0.01, 0.99, 0.99, 0.01
    nests.rename(bank, nest, 0)
    assert nest["leaf"][:2, :2].tolist() == [[0, 1], [2, 3]]


def test_a_track_of_a_nest_that_is_believed_no_more_waits_on_alone() -> None:
    bank, nest = two_ways()
    held = store_of(bank)
    nests.let_go(held, nest, 0, 0.1, 5.0)
    assert held.gone[: int(held.counts["ended"][0])].tolist() == [7]
    assert (bank["nest"][0], bank["number"][0], bank["exists"][0], bank["doubted"][0]) == (NONE, 7, 0.1, 1)
    assert held.pins["live"].tolist() == [1, 1, 0, 1]
    assert nest["tracks"] == 1
    assert nest["leaf"][:2, 0].tolist() == [1, 3]
    # of one that was told to have ended and not heard since, nobody is told again; the others move up
    bank, nest = two_ways()
    nest["doubted"][:2] = 1, 0
    held = store_of(bank)
    nests.let_go(held, nest, 0, 0.1, 5.0)
    assert held.counts["ended"][0] == 0
    assert (bank["doubted"][0], nest["doubted"][0]) == (1, 0)
    # a row that is another track's in some hypothesis stays with that
    bank, nest = two_ways()
    nest["leaf"][1, 1] = 0
    held = store_of(bank)
    nests.let_go(held, nest, 0, 0.1, 5.0)
    assert held.gone[: int(held.counts["ended"][0])].tolist() == [7]
    assert (bank["nest"][0], bank["doubted"][0]) == (0, 0)
    assert nest["leaf"][:2, 0].tolist() == [1, 0]


def test_a_doubted_track_that_leaves_a_nest_is_doubted() -> None:
    bank, nest = two_ways()
    nest["doubted"][:2] = 0, 1
    nests.rename(bank, nest, 0)
    held = store_of(bank)
    nests.tidy(held, nest)
    live = np.flatnonzero(held.pins["live"])
    assert {int(bank["number"][t]): int(bank["doubted"][t]) for t in live} == {7: 0, 8: 1}
    # and one that ends there is not told of
    bank, nest = two_ways()
    nest["doubted"][:2] = 0, 1
    held = store_of(bank)
    nests.end_nested(held, nest, 1, 5.0)
    nests.end_nested(held, nest, 0, 5.0)
    assert held.gone[: int(held.counts["ended"][0])].tolist() == [7]


def test_rows_of_one_track_are_one_only_where_they_are_as_sure() -> None:
    for exists, one in (((0.99, 0.98), True), ((0.99, 0.9), False)):
        bank = bank_of(np.zeros((2, 6)), np.repeat(np.diag([400.0] * 3 + [4.0] * 3)[None], 2, axis=0))
        bank["exists"] = exists
        assert nests.alike(bank[0], bank[1]) == one


def told(weight: F8, leaf: np.ndarray) -> dict[tuple[int, ...], float]:
    """Probability of each set of rows."""
    out: dict[tuple[int, ...], float] = {}
    for w, rows in zip(weight, leaf, strict=True):
        key = tuple(rows.tolist())
        out[key] = out.get(key, 0.0) + float(w)
    return out


@settings(max_examples=80, deadline=None)
@given(st.integers(1, HYPOTHESES), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_hypotheses_with_the_same_rows_are_one_and_no_probability_is_lost(many: int, tracks: int, seed: int) -> None:
    nest = nested(np.random.default_rng(seed), many, tracks, 0)
    before = told(nest["weight"][:many], nest["leaf"][:many, :tracks])
    nests.unify(nest)
    kept = int(nest["hypotheses"])
    after = told(nest["weight"][:kept], nest["leaf"][:kept, :tracks])
    assert len(after) == kept == len(before)
    assert after == pytest.approx(before)
    assert (np.diff(nest["weight"][:kept]) <= 0).all()


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(1, 2), st.integers(0, 2**32 - 1))
def test_nests_that_meet_are_every_pair_of_their_hypotheses(a: int, b: int, wide: int, alone: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    both = np.array([nested(rng, a, wide, 0), nested(rng, b, 2, 40)])
    log, leaf = np.empty(HYPOTHESES), np.empty((HYPOTHESES, WIDTH), np.int32)
    bank, singles = bank_of(np.zeros((60, 6)), np.zeros((60, 6, 6))), np.array([55, 56], np.int32)
    holders = np.array([0, 1], np.int32)
    many, width = nests.gather(bank, both, singles[:alone], holders, log, leaf)
    assert (many, width) == (a * b, alone + wide + 2)
    pairs = {}
    for g in range(a):
        for h in range(b):
            key = (*singles[:alone].tolist(), *both["leaf"][0, g, :wide].tolist(), *both["leaf"][1, h, :2].tolist())
            pairs[key] = pairs.get(key, 0.0) + both["weight"][0, g] * both["weight"][1, h]
    assert told(np.exp(log[:many]), leaf[:many, :width]) == pytest.approx(pairs)
    crowd = np.full(WIDTH, 3, np.int32)
    assert nests.gather(bank, both, crowd, holders, log, leaf) == (0, 0)


def test_a_nest_that_is_made_small_keeps_its_odds_and_gives_its_rows_back() -> None:
    """Three hypotheses of two tracks: one track alike in two of them, one hypothesis that is hardly likely."""
    apart = np.zeros((6, 6))
    apart[:, 0] = 6.4e6 + np.array([0.0, 5e3, 5e3 + 1.0, 20e3, 30e3, 40e3])
    bank = bank_of(apart, np.repeat(np.diag([100.0] * 3 + [4.0] * 3)[None], 6, axis=0), nest=0)
    bank["number"] = (1, 1, 1, 2, 2, 2)
    nest = nested(np.random.default_rng(1), 4, 2, 0)
    nest["weight"][:4] = (0.4, 0.35, 0.2499, 0.0001)
    nest["leaf"][:4, :2] = [[0, 3], [1, 4], [2, 4], [0, 5]]
    held = store_of(bank)
    nests.tidy(held, nest)
    assert (nest["tracks"], nest["hypotheses"]) == (2, 2)
    assert told(nest["weight"][:2], nest["leaf"][:2, :2]) == pytest.approx(
        {(1, 4): 0.5999 / 0.9999, (0, 3): 0.4 / 0.9999}
    )
    assert bank["lead"][[0, 1, 3, 4]].tolist() == [0, 1, 0, 1]
    assert held.pins["live"].tolist() == [1, 1, 0, 1, 1, 0]
    store.give_back(held)
    assert sorted(held.free[: held.counts["spare"][0]].tolist()) == [2, 5]
    assert bank["number"].tolist() == [1, 1, 0, 2, 2, 0]
    # looks then tell the one from the other by their luck
    bank["luck"] = (-1.0, -3.0, 0.0, -0.5, 0.0, 0.0)
    nests.fold(bank, nest)
    odds = 0.4 / 0.5999 * np.exp(-1.5 + 3.0)
    assert told(nest["weight"][:2], nest["leaf"][:2, :2])[(0, 3)] == pytest.approx(odds / (1 + odds))
    assert (bank["luck"][[0, 1, 3, 4]] == 0).all()


@pytest.mark.parametrize(
    ("row", "plot", "wanted"),
    [
        ((0xA, 0x123), (0xA, 0x456), association.SAME_ADDRESS),
        ((0xA, 0x123), (0xB, 0x123), -association.FORBIDDEN),
        ((NO_ADDRESS, 0x123), (0xB, 0x123), association.SAME_CODE),
        ((0xA, 0x123), (NO_ADDRESS, 0x124), -9.0),
        ((0xA, NO_MODE_A), (NO_ADDRESS, 0x124), 0.0),
        ((NO_ADDRESS, NO_MODE_A), (NO_ADDRESS, NO_MODE_A), 0.0),
    ],
)
def test_identities_speak_for_or_against(row: tuple[int, int], plot: tuple[int, int], wanted: float) -> None:
    bank = bank_of(np.zeros((1, 6)), np.eye(6)[None], address=row[0], mode_a=row[1])
    heard = named(np.zeros(1, PLOT)[0], address=plot[0], mode_a=plot[1])
    assert association.identity_fit(bank[0], heard, 9.0) == wanted


# Life


@settings(max_examples=100, deadline=None)
@given(
    st.floats(1e-6, 0.9999),
    st.floats(0.01, 0.99),
    st.floats(1e-3, 1e9),
    st.floats(0.0, 30.0),
    st.booleans(),
    st.floats(0.01, 0.99),
)
def test_a_plot_raises_existence_as_bayes_says(
    prior: float, pd: float, ratio: float, dt: float, known: bool, seen: float
) -> None:
    """Every way that the plot may have come about: the target's, clutter beside a missed one, or clutter alone."""
    row = bank_of(np.zeros((1, 6)), np.eye(6)[None], exists=prior, hits=1, looked_s=100.0, updated_s=100.0)[0]
    if known:
        row["slot"][2], row["seen"][2], row["heard_s"][2] = 3, seen, 95.0
    alive = prior * np.exp(-dt / 1000.0)
    plot = named(np.zeros(1, PLOT)[0], time_s=100.0 + dt, sensor=3)
    life.found(row, plot, ratio, radar(pd=pd), rules(survives_s=1000.0))
    j = 2 if known else 0
    ways = [alive * pd * ratio, alive * (1.0 - row["seen"][j]), 1.0 - alive]
    assert row["exists"] == pytest.approx(min(sum(ways[:2]) / sum(ways), life.SUREST), rel=1e-6)
    assert row["slot"][j] == 3
    assert (row["heard_s"][j], row["due_s"][j]) == pytest.approx((100.0 + dt, 105.0 + dt))
    assert row["seen"][j] == pytest.approx(min(seen * 0.97 + 0.03, life.MOST_SEEN) if known else pd, rel=1e-6)
    assert (row["hits"], row["updated_s"], row["looked_s"]) == (2, 100.0 + dt, 100.0 + dt)


@settings(max_examples=100, deadline=None)
@given(st.floats(1e-6, 0.9999), st.floats(0.01, 0.99), st.integers(0, 6))
def test_looks_in_vain_lower_existence_as_bayes_says(prior: float, pd: float, looks: int) -> None:
    state = state_at(38.0, 69.0, 9000.0, 0.0, 0.0)
    row = bank_of(state[None], np.eye(6)[None], exists=prior, time_s=100.0, looked_s=100.0, updated_s=100.0)[0]
    row["slot"][0], row["seen"][0], row["heard_s"][0], row["due_s"][0] = 0, pd, 100.0, 105.0
    sensors = np.array([radar(latest_s=100.0 + 5 * looks + 1.0)])
    law = rules(survives_s=1000.0)
    life.missed(row, sensors, law, 1e9)
    r, seen = prior, pd
    for _ in range(looks):
        r *= np.exp(-5.0 / 1000.0)
        nothing = r * (1 - seen)
        r, seen = nothing / (nothing + 1 - r), seen * 0.97
    assert row["exists"] == pytest.approx(r, rel=1e-5)
    assert row["due_s"][0] == 105.0 + 5 * looks
    before = row["exists"].copy()
    life.missed(row, sensors, law, 1e9)  # the same looks do not count again
    assert row["exists"] == before


def test_a_silent_radar_says_nothing_and_one_that_is_out_of_range_is_forgotten() -> None:
    state = state_at(38.0, 69.0, 9000.0, 0.0, 0.0)
    fields = {"exists": 0.9, "time_s": 100.0, "looked_s": 100.0, "updated_s": 100.0}
    for latest_s, until_s, reach_m, slot in (
        (100.5, 1e9, 450e3, 0),
        (200.0, 104.0, 450e3, 0),
        (106.0, 1e9, 10e3, NONE),
    ):
        row = bank_of(state[None], np.eye(6)[None], **fields)[0]
        row["slot"][0], row["seen"][0], row["heard_s"][0], row["due_s"][0] = 0, 0.9, 100.0, 105.0
        life.missed(row, np.array([radar(latest_s=latest_s, reach_m=reach_m)]), rules(), until_s)
        assert row["exists"] > 0.89
        assert row["slot"][0] == slot


def test_a_late_plot_does_not_make_a_look_that_was_not_missed() -> None:
    state = state_at(38.0, 69.0, 9000.0, 0.0, 0.0)
    row = bank_of(state[None], np.eye(6)[None], exists=0.5, looked_s=110.0, updated_s=110.0)[0]
    row["slot"][0], row["seen"][0], row["heard_s"][0], row["due_s"][0] = 0, 0.9, 110.0, 115.0
    life.found(row, named(np.zeros(1, PLOT)[0], time_s=105.0), 10.0, radar(), rules())
    assert (row["heard_s"][0], row["due_s"][0]) == (110.0, 115.0)


def test_the_sensor_that_has_been_silent_longest_makes_room() -> None:
    row, law, sensor = bank_of(np.zeros((1, 6)), np.eye(6)[None])[0], rules(), radar()
    times = [5.0, 3.0, 9.0, 1.0, 7.0, 2.0, 8.0, 4.0]
    for s, time_s in enumerate(times):
        life.found(row, named(np.zeros(1, PLOT)[0], time_s=time_s, sensor=s), 1.0, sensor, law)
    assert row["slot"].tolist() == list(range(SLOTS))
    assert row["heard_s"].tolist() == times
    life.found(row, named(np.zeros(1, PLOT)[0], time_s=10.0, sensor=99), 1.0, sensor, law)
    assert row["slot"].tolist() == [0, 1, 2, 99, 4, 5, 6, 7]
    assert association.slot_of(row, np.int32(99)) == 3
    assert association.slot_of(row, np.int32(3)) == NONE


def test_a_track_is_believed_when_its_target_surely_exists_and_was_heard_twice() -> None:
    law = rules(confirm=0.9, confirm_hits=2)
    for exists, hits, status in ((0.5, 1, CONFIRMED), (1e-9, 1, TENTATIVE), (0.5, 0, TENTATIVE)):
        row = bank_of(np.zeros((1, 6)), np.eye(6)[None], exists=exists, hits=hits)[0]
        life.found(row, named(np.zeros(1, PLOT)[0]), 1e6, radar(), law)
        assert row["status"] == status


@pytest.mark.parametrize(
    ("climb", "speed", "height_m", "was", "wanted"),
    [
        (0.0, 250.0, 11e3, 0, 0), (-15.0, 250.0, 11e3, 1, 0), (400.0, 300.0, 9e3, 0, 1), (-200.0, 100.0, 9e3, 0, 1),
        (0.0, 1500.0, 9e3, 0, 1), (0.0, 250.0, 40e3, 0, 1), (90.0, 250.0, 9e3, 1, 1), (90.0, 250.0, 9e3, 0, 0),
    ],
)  # fmt: skip
def test_what_moves_as_no_aircraft_does_is_falling(
    climb: float, speed: float, height_m: float, was: int, wanted: int
) -> None:
    state = state_at(-20.0, 130.0, height_m, speed, 0.0, climb)
    row = bank_of(state[None], np.diag([50.0] * 3 + [2.0] * 3)[None], motion=was)[0]
    life.change_motion(row)
    assert row["motion"] == wanted
    unsure = bank_of(state[None], np.diag([1e8] * 3 + [1e7] * 3)[None], motion=0)[0]
    life.change_motion(unsure)
    assert unsure["motion"] == 0  # a velocity that is hardly known tells nothing


def test_a_new_track_knows_its_position_and_not_its_velocity() -> None:
    law, sensor = rules(), radar()
    target = ecef(np.radians(37.9), np.radians(69.9), 4000.0)
    plot = plot_of(sensor, target, 4000.0, time_s=7.0, sensor=4, mode_a=0o1234)
    row = bank_of(np.full((1, 6), NAN), np.full((1, 6, 6), NAN))[0]
    life.begin(row, 77, plot, 0.3, sensor, law, desk())
    np.testing.assert_allclose(row["whole"], np.concatenate([target, np.zeros(3)]), atol=1.0)
    assert np.linalg.eigvalsh(matrices(row["spread"])).min() > 0
    turned = np.kron(np.eye(2), np.array([plot["first"], plot["second"], vertical(target)]))
    sigma = np.sqrt(np.diag(turned @ matrices(row["spread"]) @ turned.T))
    across, speed = np.sqrt(plot["var_second"]), law["start_speed_mps"]
    np.testing.assert_allclose(sigma, [70.0, across, 60.0, speed, speed, law["start_climb_mps"]], rtol=0.03)
    assert (row["number"], row["hits"], row["status"], row["exists"], row["mode_a"]) == (77, 1, TENTATIVE, 0.3, 0o1234)
    assert row["slot"].tolist() == [4] + [NONE] * (SLOTS - 1)
    assert (row["time_s"], row["due_s"][0], row["address"]) == (7.0, 12.0, NO_ADDRESS)
    assert row["weight"][0] == pytest.approx(filters.CALM_AT_FIRST)  # most fly straight on at any moment
    assert row["weight"].sum() == pytest.approx(1.0)


def test_doubles_are_doubles_whichever_is_asked_first() -> None:
    rng, sensors = np.random.default_rng(23), np.array([radar()])
    verdicts = []
    for k in range(60):
        state = state_at(38.0, 69.0, 9000.0, 100.0, 0.0)
        means = state + rng.normal(size=(2, 6)) * np.repeat([100.0 * (k % 3 + 0.1), 5.0], 3)
        bank = bank_of(means, np.repeat(np.diag([1e4] * 3 + [50.0] * 3)[None], 2, axis=0))
        if k % 5 == 0:
            bank["address"] = (0xA, 0xB)
        if k % 5 == 1:
            bank["slot"][:, 0], bank["heard_s"][:, 0] = 0, (100.0, 101.0)  # told apart by one antenna in one turn
        one = life.doubles(bank[0], bank[1], sensors)
        assert one == life.doubles(bank[1], bank[0], sensors)
        if k % 5 in (0, 1):
            assert not one
        verdicts.append(one)
    assert 5 < sum(verdicts) < 55


def test_a_track_is_overlooked_by_who_looked_for_it_in_vain_and_by_no_one_who_only_listens() -> None:
    antenna, listener = radar(), radar()
    listener["passive"] = 1
    sensors, scan_s = np.array([antenna, listener]), float(antenna["scan_s"])
    row = np.zeros(1, ROW)[0]
    row["slot"] = NONE
    row["slot"][:2], row["updated_s"], row["heard_s"][:2] = (0, 1), 100.0, (100.0, 99.0)
    row["due_s"][:2] = 100.0 + scan_s, np.inf
    assert not kin.overlooked(row, sensors)  # it has just been heard
    row["due_s"][0] = 100.0 + 2 * scan_s
    assert kin.overlooked(row, sensors)


def test_a_track_is_passed_over_by_those_that_know_it_and_hear_a_row_in_its_stead() -> None:
    sensors, track, row = np.array([radar(), radar(), radar()]), np.zeros(1, ROW)[0], np.zeros(1, ROW)[0]
    for r, heard in ((track, {0: 95.0, 1: 93.0}), (row, {0: 100.0, 2: 101.0})):
        r["slot"] = NONE
        r["slot"][: len(heard)], r["heard_s"][: len(heard)] = list(heard), list(heard.values())
        r["updated_s"] = max(heard.values())
    assert kin.passed_over_s(track, row, sensors) == 5.0
    assert not kin.passed_over_s(row, track, sensors)
    row["slot"][2], row["heard_s"][2] = 1, 93.2  # the other one has heard both: they are two
    assert not kin.passed_over_s(track, row, sensors)
    row["heard_s"][2] = 98.0
    assert kin.passed_over_s(track, row, sensors) == 5.0
    track["heard_s"][0] = 100.1
    assert not kin.passed_over_s(track, row, sensors)
    track["heard_s"][0] = 95.0
    sensors[1]["turning"] = 0  # what has reported as the track before the row began may be in the row now
    track["heard_s"][1], row["began_s"] = 91.0, 92.0
    assert kin.passed_over_s(track, row, sensors) == 5.0
    track["heard_s"][1] = 93.0
    assert not kin.passed_over_s(track, row, sensors)
    sensors[1]["turning"] = 1
    row["slot"][:3] = 2, NONE, NONE  # who does not know the track cannot tell
    assert not kin.passed_over_s(track, row, sensors)


@pytest.mark.parametrize(
    ("apart_m", "surge_mps2", "turned"), [(400.0, 12.0, True), (500.0, 12.0, False), (20.0, 0.2, False)]
)
def test_a_track_has_not_come_farther_than_a_manoeuvre_may_carry_it(
    apart_m: float, surge_mps2: float, turned: bool
) -> None:
    sensors, motions = np.array([radar()]), np.array([motion()])
    motions["surge_mps2"] = surge_mps2
    bank = bank_of(
        np.array([[6.4e6] * 3 + [0.0] * 3, [6.4e6 + apart_m] + [6.4e6] * 2 + [0.0] * 3]), np.zeros((2, 6, 6))
    )
    bank["slot"][:, 0], bank["heard_s"][:, 0], bank["time_s"] = 0, (95.0, 100.0), 100.0
    assert kin.turned_away(bank[0], bank[1], sensors, motions) == turned


@pytest.mark.parametrize(("turning", "apart_m", "one"), [(1, 40.0, False), (0, 40.0, True), (0, 90.0, False)])
def test_rows_may_share_the_reports_of_one_target_and_not_the_plots_of_one_turn(
    turning: int, apart_m: float, one: bool
) -> None:
    sensor = radar()
    sensor["turning"] = turning
    means = np.repeat(state_at(38.0, 69.0, 9000.0, 100.0, 0.0)[None], 2, axis=0)
    means[1, :3] += apart_m * vertical(means[0, :3])
    bank = bank_of(means, np.repeat(np.diag([1e4] * 3 + [50.0] * 3)[None], 2, axis=0))
    bank["slot"][:, 0], bank["heard_s"][:, 0] = 0, (100.0, 101.0)
    assert life.doubles(bank[0], bank[1], np.array([sensor])) == one


def test_looking_ahead_changes_nothing_and_is_the_merged_models_alone() -> None:
    rng, table = np.random.default_rng(21), motion()
    bank = np.array([scattered(rng) for _ in range(4)])
    before, rows = bank.copy(), np.array([3, 1])
    mean, cov = np.empty((2, 6)), np.empty((2, 6, 6))
    laws = Laws(np.zeros(0, SENSOR), np.array([table, table]), np.zeros(1, RULES), np.zeros(1, DESK))
    turn.foresee(bank, rows, 6.0, laws, mean, cov)
    assert all(
        np.array_equal(bank[name], before[name], equal_nan=bank[name].dtype.kind == "f") for name in ROW.names or ()
    )
    for k, r in enumerate(rows):
        noise = np.empty(5)
        filters.restlessness(bank[r], 6.0, table, noise)
        wanted, spread = moved(bank["whole"][r], matrices(bank["spread"][r]), 6.0, STRAIGHT, 0.0, noise[0], noise[1])
        np.testing.assert_allclose(mean[k], wanted, atol=1e-6)
        np.testing.assert_allclose(cov[k], spread, rtol=1e-12)
