"""Smoothing against the batch solution, on flights that the filter's own models made, and on manoeuvring ones."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from skyaccord.columns import F8
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.errors import InputError
from skyaccord.sensors import Plots, Sites
from skyaccord.sensors.sites import build_sites
from skyaccord.tracks.config import Model, TrackerConfig
from skyaccord.tracks.kernels.filters import SLOW_MPS
from skyaccord.tracks.smoothing import Smoothed, smooth
from skyaccord.tracks.tracker import Tracker

EPOCH_S = 1.7e9
SIGMA_M, SIGMA_UP_M = 30.0, 20.0
REPORTS = build_sites(
    [
        {"sac": 1, "sic": 9, "kind": "adsb", "lat_deg": 40, "lon_deg": 65, "scan_s": 1.0}
        | {"sigma_range_m": SIGMA_M, "sigma_height_m": SIGMA_UP_M}
    ],
    "reports",
)
RADARS = build_sites(
    [
        {
            "sac": 1,
            "sic": k,
            "lat_deg": lat,
            "lon_deg": lon,
            "height_m": 400,
            "scan_s": scan_s,
            "sigma_azimuth_deg": 0.1,
        }
        for k, (lat, lon, scan_s) in enumerate([(39.5, 64.2, 5.0), (40.6, 65.9, 6.1), (40.7, 64.3, 7.3)])
    ],
    "radars",
)
HOME = ecef(np.radians(40.0), np.radians(65.0), 8000.0)
AXES = enu_axes(np.radians(40.0), np.radians(65.0))


def plots_of(sites: Sites, sensor: int, time_s: F8, at: F8, **columns: NDArray[np.generic]) -> Plots:
    """Plots (exact, but for what is given) of ECEF positions (N, 3)."""
    n, nan = len(time_s), np.full(len(time_s), np.nan)
    lat, lon, height = geodetic(at)
    where = {"lat_rad": lat, "lon_rad": lon, "range_m": nan, "azimuth_rad": nan}
    if sites.kind[sensor] != b"adsb":
        site = ecef(sites.lat_rad[sensor], sites.lon_rad[sensor], sites.height_m[sensor])
        enu = (at - site) @ enu_axes(sites.lat_rad[sensor], sites.lon_rad[sensor]).T
        azimuth = np.arctan2(enu[:, 0], enu[:, 1])
        where = {"lat_rad": nan, "lon_rad": nan, "range_m": np.linalg.norm(enu, axis=1), "azimuth_rad": azimuth}
    usual = {
        "time_s": EPOCH_S + time_s,
        "source": np.full(n, sites.source[sensor]),
        "height_m": height,
        "pressure_alt_m": nan,
    }
    return Plots.blank(n).replace(**{**usual, **where, **columns})


def reports(time_s: F8, enu: F8) -> Plots:
    """Positions that are reported, from places (N, 3) near home."""
    return plots_of(REPORTS, 0, time_s, HOME + enu @ AXES)


def local(smoothed: Smoothed) -> F8:
    """States (N, 6) near home, in its axes."""
    return np.hstack([(smoothed.state[:, :3] - HOME) @ AXES.T, smoothed.state[:, 3:] @ AXES.T])


def alike(across: float, along: float) -> TrackerConfig:
    """Three models that are one: nearly constant velocity."""
    one = Model("straight", across=across, along=along, stays_s=60.0)
    return TrackerConfig(flying=(one, one, one), start_speed_mps=200.0, start_climb_uncoded_mps=50.0)


def batch(time_s: F8, measured: F8, across: F8, along: float) -> tuple[F8, F8]:
    """Least squares over all states at once, by one nearly constant velocity: no recursion, no gain, no way back.

    `across` (n - 1,) and `along` are the densities of each step; (n, 6) states and (n, 6, 6) covariances near home.
    """
    n = len(time_s)
    rows, seen = [], []
    rate = np.zeros((3, 6 * n))
    rate[:, 3:6] = np.diag(1 / np.array([200.0, 200.0, 50.0]))
    rows.append(rate)
    seen.append(np.zeros(3))
    for k in range(n):
        row = np.zeros((3, 6 * n))
        row[:, 6 * k : 6 * k + 3] = np.diag(1 / np.array([SIGMA_M, SIGMA_M, SIGMA_UP_M]))
        rows.append(row)
        seen.append(measured[k] / [SIGMA_M, SIGMA_M, SIGMA_UP_M])
    for k in range(n - 1):
        dt, move, step = time_s[k + 1] - time_s[k], np.eye(6), np.zeros((6, 6 * n))
        move[:3, 3:] = dt * np.eye(3)
        step[:, 6 * k : 6 * k + 6], step[:, 6 * k + 6 : 6 * k + 12] = -move, np.eye(6)
        q = np.diag([across[k], across[k], along + across[k] - across[0]])
        noise = np.block([[q * dt**3 / 3, q * dt**2 / 2], [q * dt**2 / 2, q * dt]]) if dt > 0 else 1e-8 * np.eye(6)
        rows.append(np.linalg.cholesky(np.linalg.inv(noise)).T @ step)
        seen.append(np.zeros(6))
    whole = np.concatenate(rows)
    states, *_ = np.linalg.lstsq(whole, np.concatenate(seen), rcond=None)
    spread = np.linalg.inv(whole.T @ whole)
    return states.reshape(n, 6), np.stack([spread[k : k + 6, k : k + 6] for k in range(0, 6 * n, 6)])


def assert_batch(smoothed: Smoothed, states: F8, spreads: F8) -> None:
    gap = local(smoothed) - states
    assert np.abs(gap[:, :3]).max() < 0.1
    assert np.abs(gap[:, 3:]).max() < 0.05
    turn = np.kron(np.eye(2), AXES)
    scale = np.sqrt(np.einsum("nii->ni", spreads))
    error = (turn @ smoothed.covariance @ turn.T - spreads) / (scale[:, :, None] * scale[:, None, :])
    assert np.abs(error).max() < 0.01


def test_with_one_model_it_is_the_batch_solution() -> None:
    rng = np.random.default_rng(1)
    n = 40
    time_s = np.cumsum(rng.uniform(0.5, 3.0, n))
    time_s[7] = time_s[6]  # two at one instant
    path = np.cumsum(rng.normal(size=(n, 3)) * [20, 20, 3], axis=0)
    measured = path + rng.normal(size=(n, 3)) * [SIGMA_M, SIGMA_M, SIGMA_UP_M]
    smoothed = smooth(reports(time_s, measured), np.full(n, 3), REPORTS, alike(3.0, 0.5))
    assert_batch(smoothed, *batch(time_s, measured, np.full(n - 1, 3.0), 0.5))


def test_the_way_back_knows_where_the_filter_was_shaken() -> None:
    """A right angle that no model foresees: for two steps the filter lets it be a surge, and so does the smoother."""
    n, corner = 24, 12
    time_s, config = 2.0 * np.arange(n), alike(3.0, 0.5)
    east, north = np.minimum(time_s, 2.0 * corner), np.maximum(time_s - 2.0 * corner, 0.0)
    path = 150.0 * np.stack([east, north, 0 * east], axis=1)
    path[:, 2] = -(path[:, 0] ** 2 + path[:, 1] ** 2) / (2 * 6.371e6)
    smoothed = smooth(reports(time_s, path), np.ones(n), REPORTS, config)
    across = np.full(n - 1, 3.0)
    across[corner : corner + 2] += 0.75 * 2.0 * config.flying_surge_mps2**2
    states, spreads = batch(time_s, path - [0, 0, 1] * path, across, 0.5)
    states[:, 2] += path[:, 2]
    states[:, 5] -= (states[:, 0] * states[:, 3] + states[:, 1] * states[:, 4]) / 6.371e6
    gap = local(smoothed) - states
    assert np.abs(gap[:, :2]).max() < 0.5
    turn = np.kron(np.eye(2), AXES)
    ours = np.sqrt(np.einsum("nii->ni", turn @ smoothed.covariance @ turn.T))
    assert ours == pytest.approx(np.sqrt(np.einsum("nii->ni", spreads)), rel=0.02)


@cache
def matched() -> tuple[F8, F8]:
    """Normalised squared errors (N,) of smoothed and of filtered states, of targets that fly by the filter's models."""
    models = (
        Model("straight", across=0.1, along=0.1, stays_s=40.0),
        Model("turn", across=8.0, along=0.1, stays_s=25.0, turn_radps=0.06, steady=0.95),
        Model("turn", across=8.0, along=0.1, stays_s=25.0, turn_radps=-0.06, steady=0.95),
    )
    config, rng = TrackerConfig(flying=models, start_climb_uncoded_mps=15.0), np.random.default_rng(4)
    parts, truths, numbers, n, dt = [], [], [], 60, 2.0
    for target in range(60):
        state = np.concatenate([rng.normal(size=3) * [3e3, 3e3, 200], rng.normal(size=3) * [150, 150, 5]])
        model, path = int(rng.integers(3)), []
        for _ in range(n):
            path.append(state)
            if rng.random() > np.exp(-dt / models[model].stays_s):
                model = int(rng.choice([m for m in range(3) if m != model]))
            one = models[model]
            turn = one.turn_radps
            move = np.eye(6)
            move[:3, 3:] = dt * np.eye(3)
            if turn:
                sin, cos = np.sin(turn * dt), np.cos(turn * dt)
                move[:2, 3:5] = np.array([[sin, 1 - cos], [cos - 1, sin]]) / turn
                move[3:5, 3:5] = [[cos, sin], [-sin, cos]]
            density = np.diag([one.across, one.across, one.along])
            after = move @ state  # noise is by the course that the move leads to
            course = np.outer(after[3:5], after[3:5]) / (after[3:5] @ after[3:5] + SLOW_MPS**2)
            density[:2, :2] -= one.steady * one.across * course
            noise = np.block([[density * dt**3 / 3, density * dt**2 / 2], [density * dt**2 / 2, density * dt]])
            state = move @ state + np.linalg.cholesky(noise) @ rng.normal(size=6)
        places = np.array(path)
        measured = places[:, :3] + rng.normal(size=(n, 3)) * [SIGMA_M, SIGMA_M, SIGMA_UP_M]
        # flat flights on a round Earth: a level course by the models falls below the tangent plane
        sag = (places[:, 0] ** 2 + places[:, 1] ** 2) / (2 * 6.371e6)
        measured[:, 2] -= sag
        places[:, 2] -= sag
        places[:, 5] -= (places[:, 0] * places[:, 3] + places[:, 1] * places[:, 4]) / 6.371e6
        parts.append(reports(np.arange(n) * dt, measured))
        truths.append(places)
        numbers.append(np.full(n, target + 1))
    plots, number, truth = Plots.concat(parts), np.concatenate(numbers), np.concatenate(truths)
    smoothed = smooth(plots, number, REPORTS, config)
    turn = np.kron(np.eye(2), AXES)
    gap = local(smoothed) - truth[smoothed.plot]
    after = np.einsum("ni,ni->n", gap, np.linalg.solve(turn @ smoothed.covariance @ turn.T, gap[:, :, None])[..., 0])
    last = smooth(
        plots.take(np.arange(len(plots)) % n < n // 2), number[np.arange(len(plots)) % n < n // 2], REPORTS, config
    )
    ends = np.arange(n // 2 - 1, len(last), n // 2)  # where there is no future, it is the filter
    rows = np.arange(n // 2 - 1, len(plots), n)
    gap = local(last)[ends] - truth[rows]
    cov = turn @ last.covariance[ends] @ turn.T
    return after, np.einsum("ni,ni->n", gap, np.linalg.solve(cov, gap[:, :, None])[..., 0])


def test_covariances_are_honest_where_the_models_are_true() -> None:
    smoothed, filtered = matched()
    assert 5.7 < np.mean(smoothed) < 6.3  # six degrees of freedom
    assert 4.5 < np.mean(filtered) < 7.8


def turning(time_s: F8, start: F8, course: float, speed: float, turns: tuple[tuple[float, float, float], ...]) -> F8:
    """Places (N, 3) on a level course near home with turns of (from, to, rate)."""
    fine = np.arange(0.0, time_s[-1] + 0.1, 0.05)
    rate = sum(np.where((fine >= a) & (fine < b), w, 0.0) for a, b, w in turns)
    heading = course + np.cumsum(rate) * 0.05
    path = np.cumsum(np.stack([np.sin(heading), np.cos(heading), 0 * heading], axis=1), axis=0) * speed * 0.05
    at: F8 = start + np.stack([np.interp(time_s, fine, path[:, i]) for i in range(3)], axis=1)
    return at


@cache
def flown() -> tuple[F8, F8, F8]:
    """Errors (N, 6) of smoothed and of filtered states and the smoothed ones' normalised squares, of 12 flights that
    turn at 1.5 to 4 degrees a second among three radars, tracked by the tracker."""
    rng, smoothed_by, filtered_by, normalised = np.random.default_rng(7), [], [], []
    for _ in range(12):
        start, speed = rng.uniform(-2e4, 2e4, 3) * [1, 1, 0.05], rng.uniform(120, 240)
        course, bend = rng.uniform(-np.pi, np.pi), rng.choice([-1, 1]) * np.radians(rng.uniform(1.5, 4.0))
        turns, parts, truths = ((50.0, 90.0, bend), (130.0, 150.0, -bend)), [], []
        for sensor in range(len(RADARS)):
            time_s = np.arange(rng.uniform(0, 5), 200.0, RADARS.scan_s[sensor])
            time_s = time_s[rng.random(len(time_s)) < 0.9]
            at = turning(time_s, start, course, speed, turns)
            way = (turning(time_s + 0.05, start, course, speed, turns) - at) / 0.05
            at[:, 2] -= (at[:, 0] ** 2 + at[:, 1] ** 2) / (2 * 6.371e6)  # level is round
            truths.append(np.hstack([at, way]))
            exact = plots_of(RADARS, sensor, time_s, HOME + at @ AXES)
            noise = rng.normal(size=(3, len(time_s)))
            parts.append(
                exact.replace(
                    range_m=exact.range_m + noise[0] * RADARS.sigma_range_m[sensor],
                    azimuth_rad=exact.azimuth_rad + noise[1] * RADARS.sigma_azimuth_rad[sensor],
                    height_m=exact.height_m + noise[2] * RADARS.sigma_height_m[sensor],
                )
            )
        plots, truth = Plots.concat(parts), np.concatenate(truths)
        updates = Tracker(RADARS).follow(plots, EPOCH_S + 200.0)
        smoothed = smooth(plots, updates.number, RADARS)
        longest = smoothed.number == np.bincount(smoothed.number).argmax()
        kept = smoothed.take(longest & (np.abs(smoothed.time_s - EPOCH_S - 110) < 80))
        turn = np.kron(np.eye(2), AXES)
        gap, cov = local(kept) - truth[kept.plot], turn @ kept.covariance @ turn.T
        before = updates.state[kept.plot]
        smoothed_by.append(gap)
        filtered_by.append(np.hstack([(before[:, :3] - HOME) @ AXES.T, before[:, 3:] @ AXES.T]) - truth[kept.plot])
        normalised.append(np.einsum("ni,ni->n", gap, np.linalg.solve(cov, gap[:, :, None])[..., 0]))
    return np.concatenate(smoothed_by), np.concatenate(filtered_by), np.concatenate(normalised)


def test_manoeuvring_flights_are_known_better_afterwards() -> None:
    smoothed, filtered, normalised = flown()
    for axes, better in ((slice(0, 2), 0.7), (slice(3, 5), 0.5)):
        now, before = (np.sqrt(np.mean(np.sum(gap[:, axes] ** 2, axis=1))) for gap in (smoothed, filtered))
        assert now < better * before
    assert len(smoothed) > 700
    assert np.mean(normalised) < 6.5
    assert np.mean(normalised > 22.5) < 0.01  # the 99.9 % point of six degrees of freedom


def test_time_may_run_backwards() -> None:
    turn = np.kron(np.eye(2), AXES)
    time_s = np.arange(0.0, 120.0, 2.0)
    # mixed models keep what they once thought likely, so that the two ways differ by less than they err
    for config, bend, most in ((alike(3.0, 0.5), 0.0, 0.02), (None, 0.05, 0.45)):
        for seed in range(3):
            rng = np.random.default_rng(seed)
            path = turning(time_s, np.array([-8e3, -6e3, 0.0]), 0.7, 180.0, ((40.0, 80.0, bend),))
            path += rng.normal(size=path.shape) * [SIGMA_M, SIGMA_M, SIGMA_UP_M]
            there = smooth(reports(time_s, path), np.ones(len(path)), REPORTS, config)
            back = smooth(reports(time_s, path[::-1]), np.ones(len(path)), REPORTS, config)
            gap = local(there) - local(back)[::-1] * [1, 1, 1, -1, -1, -1]
            sigma = np.sqrt(np.einsum("nii->ni", turn @ there.covariance @ turn.T))
            assert np.sqrt(np.mean((gap / sigma) ** 2)) < most


def test_a_missile_is_smoothed_as_one() -> None:
    """Free fall, by the plain flat-earth parabola: over 60 s and 30 km it is off by metres, not kilometres."""
    time_s = np.arange(0.0, 100.0, 4.0)
    enu = np.stack([300.0 * time_s, 0 * time_s, 500.0 * time_s - 9.75 * time_s**2 / 2], axis=1)
    rng = np.random.default_rng(2)
    at = enu + rng.normal(size=enu.shape) * [SIGMA_M, SIGMA_M, SIGMA_UP_M]
    smoothed = smooth(reports(time_s, at), np.ones(len(at)), REPORTS)
    error = local(smoothed)[:, :3] - enu
    assert np.sqrt(np.mean(np.sum(error**2, axis=1))) < 45.0
    climb = local(smoothed)[:, 5] - (500.0 - 9.75 * time_s)
    assert np.sqrt(np.mean(climb[2:-2] ** 2)) < 15.0


def test_short_tracks_and_plots_of_none() -> None:
    time_s = np.array([0.0, 5.0, 5.0, 9.0, 1.0])
    plots = reports(time_s, np.arange(15.0).reshape(5, 3) * 100)
    number = np.array([4, 7, -1, 7, 9])
    smoothed = smooth(plots, number, REPORTS)
    assert smoothed.number.tolist() == [4, 7, 7, 9]
    assert smoothed.plot.tolist() == [0, 1, 3, 4]
    assert np.array_equal(smoothed.time_s, EPOCH_S + time_s[[0, 1, 3, 4]])
    assert np.isfinite(smoothed.state).all()
    assert (np.linalg.eigvalsh(smoothed.covariance) > 0).all()
    east, north = local(smoothed)[1, 3:5]  # the first of two plots knows the way to the second
    assert (east, north) == pytest.approx((150.0, 150.0), abs=15.0)
    assert np.linalg.norm(local(smoothed)[[0, 3], 3:]) == pytest.approx(0.0, abs=1e-6)


def test_the_order_of_plots_and_the_company_change_nothing() -> None:
    rng = np.random.default_rng(5)
    time_s = np.tile(np.arange(0.0, 60.0, 3.0), 3)
    number = np.repeat([2, 5, 3], 20)
    enu = turning(np.arange(0.0, 60.0, 3.0), np.zeros(3), 1.0, 150.0, ((20.0, 40.0, 0.04),))
    plots = reports(time_s, np.concatenate([enu, enu * 0.5, enu + 3e3]) + rng.normal(size=(60, 3)) * 20)
    whole = smooth(plots, number, REPORTS)
    order = rng.permutation(60)
    mixed = smooth(plots.take(order), number[order], REPORTS)
    alone = smooth(plots.take(number == 5), number[number == 5], REPORTS)
    assert np.array_equal(order[mixed.plot], whole.plot)
    assert mixed.state.tobytes() == whole.state.tobytes()
    assert alone.state.tobytes() == whole.take(whole.number == 5).state.tobytes()
    assert whole.covariance == pytest.approx(whole.covariance.transpose(0, 2, 1), rel=1e-9, abs=1e-9)


def test_what_cannot_be_smoothed() -> None:
    plots = reports(np.arange(4.0), np.zeros((4, 3)))
    with pytest.raises(InputError, match=r"shape \(3,\); it is one track for each of the 4 plots"):
        smooth(plots, np.ones(3), REPORTS)
    assert len(smooth(plots, np.full(4, -1), REPORTS)) == 0
    assert len(smooth(Plots.empty(), np.zeros(0), REPORTS)) == 0
    odd = plots.replace(time_s=np.array([EPOCH_S, np.nan, EPOCH_S + 2, EPOCH_S + 1e6]))
    kept = smooth(odd, np.ones(4), REPORTS)
    assert kept.plot.tolist() == [0, 2, 3]
    assert np.isfinite(kept.state).all()
    assert np.isfinite(kept.covariance).all()
