"""Range rates and bearings: against plain second implementations, closed forms and bounds."""

import io
from collections.abc import Callable

import numpy as np
import pyarrow.parquet as pq
import pytest

from skyaccord.columns import F8
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.sensors import Plots, Sites
from skyaccord.sensors.sites import SIGMA_RANGE_RATE_MPS, build_sites
from skyaccord.tracks import CONFIRMED, Model, Registration, Tracker, TrackerConfig, smooth
from skyaccord.tracks.kernels import association, filters, life
from skyaccord.tracks.kernels.bank import (
    BEARING,
    DESK,
    MODELS,
    MOTION,
    NONE,
    PLOT,
    POLAR,
    ROW,
    RULES,
    SENSOR,
    STRAIGHT,
    Record,
)
from skyaccord.tracks.kernels.hearing import AZIMUTH_FLOOR_M
from skyaccord.tracks.kernels.triangle import unpacked

NAN = np.nan
LAT, LON = np.radians(38.0), np.radians(69.0)
HOME, AXES = ecef(LAT, LON, 0.0), enu_axes(LAT, LON)
RADAR, WEST, SOUTH = range(3)
SITES = build_sites(
    [
        {"sac": 1, "sic": 1, "lat_deg": 38.0, "lon_deg": 69.0, "scan_s": 5.0, "clutter_per_scan": 1.0},
        {"sac": 1, "sic": 2, "kind": "passive", "lat_deg": 38.2, "lon_deg": 68.0, "sigma_azimuth_deg": 0.5},
        {"sac": 1, "sic": 3, "kind": "passive", "lat_deg": 37.3, "lon_deg": 69.4, "sigma_azimuth_deg": 0.5},
    ],
    "sites",
)
PLACES = ecef(SITES.lat_rad, SITES.lon_rad, SITES.height_m)
ALL_AXES = enu_axes(SITES.lat_rad, SITES.lon_rad)
UPPER = np.triu_indices(6)
STEADY = 1e-4  # m^2/s^3: as good as no manoeuvre


def steady(**changed: float) -> TrackerConfig:
    """Three models that are one: constant velocity."""
    one = Model("straight", across=STEADY, along=STEADY, stays_s=60.0)
    return TrackerConfig(flying=(one, one, one), **changed)  # type: ignore[arg-type]


def flown(time_s: F8, start_enu: F8, velocity_enu: F8) -> tuple[F8, F8]:
    """Places and velocities (N, 3), ECEF, of a flight on a straight line."""
    velocity = AXES.T @ velocity_enu
    return HOME + AXES.T @ start_enu + time_s[:, None] * velocity, np.tile(velocity, (len(time_s), 1))


def seen(sensor: int, time_s: F8, place: F8, velocity: F8, rng: np.random.Generator, *, doppler: bool = False) -> Plots:
    """What a sensor tells of a target, with its errors: a passive one the bearing alone."""
    away = place - PLACES[sensor]
    enu, n = away @ ALL_AXES[sensor].T, len(time_s)
    reach = np.linalg.norm(away, axis=1)
    noise = rng.normal(size=(4, n))
    azimuth = np.arctan2(enu[:, 0], enu[:, 1]) + noise[0] * SITES.sigma_azimuth_rad[sensor]
    told = Plots.blank(n).replace(
        time_s=time_s, source=np.full(n, SITES.source[sensor]), azimuth_rad=azimuth % (2 * np.pi)
    )
    if SITES.kind[sensor] == b"passive":
        return told
    height = place @ AXES[2] - HOME @ AXES[2] + np.sum((place - HOME) ** 2, axis=1) / 2 / 6.37e6
    rate = np.sum(away * velocity, axis=1) / reach + noise[3] * SITES.sigma_range_rate_mps[sensor]
    return told.replace(
        range_m=reach + noise[1] * SITES.sigma_range_m[sensor],
        height_m=height + noise[2] * SITES.sigma_height_m[sensor],
        range_rate_mps=rate if doppler else told.range_rate_mps,
    )


def joined(*parts: Plots) -> Plots:
    plots = Plots.concat(parts)
    return plots.take(np.argsort(plots.time_s, kind="stable"))


def error_enu(state: F8, time_s: float, start_enu: F8, velocity_enu: F8) -> F8:
    place, velocity = flown(np.array([time_s]), start_enu, velocity_enu)
    return np.concatenate([AXES @ (state[:3] - place[0]), AXES @ (state[3:] - velocity[0])])


# One scalar, against a plain filter with numerical derivatives


def slope(of: Callable[[F8], float], state: F8) -> F8:
    steps = np.repeat([1.0, 0.1], 3)
    return np.array([(of(state + h) - of(state - h)) / (2 * h.max()) for h in np.diag(steps)])


def textbook(state: F8, cov: F8, h: F8, residual: float, var: float) -> tuple[F8, F8, float, float]:
    s = h @ cov @ h + var
    gain = cov @ h / s
    return state + gain * residual, (np.eye(6) - np.outer(gain, h)) @ cov, residual**2 / s, s


def covariance(rng: np.random.Generator) -> F8:
    root = rng.normal(size=(6, 6)) * np.repeat([300.0, 20.0], 3)[:, None]
    return root @ root.T + np.diag([1e2] * 3 + [1.0] * 3)


def sensor_record(sensor: int = RADAR) -> Record:
    out = np.zeros(1, SENSOR)[0]
    out["position"], out["axes"] = PLACES[sensor], ALL_AXES[sensor]
    out["var_rate"], out["var_azimuth"], out["var_height"] = 2.0**2, np.radians(0.5) ** 2, 100.0**2
    out["reach_m"], out["passive"] = 450e3, sensor != RADAR
    return out


def plot_record(place: F8, sensor: Record, **fields: float) -> Record:
    """Range and azimuth of a place, or the azimuth alone; nothing else is said."""
    out = np.zeros(1, PLOT)[0]
    east, north, _ = sensor["axes"] @ (place - sensor["position"])
    azimuth = np.arctan2(east, north)
    out["first"] = np.sin(azimuth) * sensor["axes"][0] + np.cos(azimuth) * sensor["axes"][1]
    out["second"] = np.cos(azimuth) * sensor["axes"][0] - np.sin(azimuth) * sensor["axes"][1]
    out["range_m"], out["place"] = np.linalg.norm(place - sensor["position"]), place
    out["var_first"], out["var_second"] = 70.0**2, 200.0**2
    out["polar"] = BEARING if sensor["passive"] else POLAR
    out["level_m"] = out["range_rate_mps"] = out["east_mps"] = out["north_mps"] = NAN
    for name, value in fields.items():
        out[name] = value
    return out


def random_state(rng: np.random.Generator) -> F8:
    """Anything that flies, from 2 to 200 km around."""
    away, azimuth = rng.uniform(2e3, 200e3), rng.uniform(0, 2 * np.pi)
    enu = [away * np.sin(azimuth), away * np.cos(azimuth), rng.uniform(500, 12e3)]
    return np.concatenate([HOME + AXES.T @ enu, rng.normal(size=3) * [150, 150, 100]])


def test_a_range_rate_is_taken_in_as_by_a_filter_with_numerical_derivatives() -> None:
    rng, sensor, desk = np.random.default_rng(1), sensor_record(), np.zeros(1, DESK)[0]

    def rate(state: F8) -> float:
        sight = state[:3] - sensor["position"]
        return float(sight @ state[3:] / np.linalg.norm(sight))

    turned = 0.0
    for _ in range(200):
        state, cov = random_state(rng), covariance(rng)
        plot = plot_record(state[:3], sensor, range_rate_mps=rate(state) + rng.normal() * 30)
        h, residual = slope(rate, state), plot["range_rate_mps"] - rate(state)
        wanted = textbook(state, cov, h, residual, sensor["var_rate"])
        mean, after = state.copy(), cov[UPPER]
        d2, s = filters.absorb_rate(mean, after, plot, sensor, desk)
        np.testing.assert_allclose(mean - state, wanted[0] - state, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(unpacked(after), wanted[1], rtol=1e-4, atol=np.abs(cov).max() * 1e-7)
        assert (d2, s) == pytest.approx(wanted[2:], rel=1e-5)
        turned = max(turned, np.linalg.norm(h[:3]) * 300.0)
    assert turned > 5.0  # near the antenna the line of sight turns with the position, by metres a second


def test_a_bearing_is_taken_in_as_by_a_filter_of_angles_with_numerical_derivatives() -> None:
    rng, sensor, desk = np.random.default_rng(2), sensor_record(WEST), np.zeros(1, DESK)[0]

    def azimuth(state: F8) -> float:
        east, north, _ = sensor["axes"] @ (state[:3] - sensor["position"])
        return float(np.arctan2(east, north))

    for _ in range(200):
        state, cov = random_state(rng), covariance(rng)
        east, north, _ = sensor["axes"] @ (state[:3] - sensor["position"])
        ground = np.hypot(east, north)
        off = rng.normal() * 1e-3
        place = sensor["position"] + sensor["axes"].T @ [
            ground * np.sin(azimuth(state) + off),
            ground * np.cos(azimuth(state) + off),
            0.0,
        ]
        var = sensor["var_azimuth"] + (AZIMUTH_FLOOR_M / ground) ** 2
        wanted = textbook(state, cov, slope(azimuth, state), off, var)
        mean, after = state.copy(), cov[UPPER]
        d2, s = filters.meet(mean, after, 0.0, plot_record(place, sensor), sensor, desk)
        # a distance across the beam is an angle but for what the angle itself is
        scale = np.sqrt(np.outer(np.diag(cov), np.diag(cov)))
        assert np.abs((mean - wanted[0]) / np.sqrt(np.diag(cov))).max() < 0.01
        assert np.abs((unpacked(after) - wanted[1]) / scale).max() < 0.02
        assert (d2, s / ground**2) == pytest.approx(wanted[2:], rel=0.02)


def resting(state: F8, cov: F8) -> Record:
    """A row whose models agree."""
    row = np.zeros(1, ROW)[0]
    row["mean"], row["cov"], row["weight"], row["slot"] = state, cov[UPPER], 1.0 / MODELS, NONE
    row["whole"], row["spread"] = state, cov[UPPER]
    return row


def one_motion() -> Record:
    out = np.zeros(1, MOTION)[0]
    out["kind"], out["across"], out["along"], out["stays_s"] = STRAIGHT, STEADY, STEADY, 60.0
    out["goes_to"], out["surge_mps2"] = (1 - np.eye(MODELS)) / 2, 12.0
    return out


def test_likelihoods_are_densities_in_range_rate_and_in_azimuth() -> None:
    """Summed over all range rates the likelihood is that of the position alone; over all azimuths it is one."""
    rng, desk, motion = np.random.default_rng(3), np.zeros(1, DESK)[0], one_motion()
    radar, passive = sensor_record(), sensor_record(WEST)
    for _ in range(5):
        state, cov = random_state(rng), covariance(rng) / 10
        row = resting(state, cov)
        place = state[:3] + rng.normal(size=3) * 50
        alone = association.weigh(row, plot_record(place, radar), radar, motion, desk)[0]
        sight = (state[:3] - radar["position"]) / np.linalg.norm(state[:3] - radar["position"])
        rates = np.arange(-200.0, 200.0, 0.5) + sight @ state[3:]
        both = [
            association.weigh(row, plot_record(place, radar, range_rate_mps=rate), radar, motion, desk)
            for rate in rates
        ]
        assert [count for _, _, count in both] == [3] * len(both)
        assert np.exp([fit for fit, _, _ in both]).sum() * 0.5 == pytest.approx(np.exp(alone), rel=2e-3)
        ahead = np.linalg.norm(state[:3] - passive["position"])
        if ahead < 20e3:
            continue
        turns = np.arange(-0.12, 0.12, 2e-4)
        total = 0.0
        for turn in turns:
            cos, sin = np.cos(turn), np.sin(turn)
            plot = plot_record(state[:3], passive)
            first, second = plot["first"].copy(), plot["second"].copy()
            plot["first"], plot["second"] = cos * first + sin * second, cos * second - sin * first
            total += np.exp(association.weigh(row, plot, passive, motion, desk)[0]) * 2e-4
        assert total == pytest.approx(1.0, abs=0.02)


def test_a_late_range_rate_is_passed_over_and_changes_no_odds() -> None:
    rng, desk, motion, sensor = np.random.default_rng(4), np.zeros(1, DESK)[0], one_motion(), sensor_record()
    state = random_state(rng)
    row = resting(state, covariance(rng))
    said = {"time_s": -2.0, "range_rate_mps": 1e3}
    late, none = plot_record(state[:3], sensor, **said), plot_record(state[:3], sensor, time_s=-2.0)
    fits = [association.weigh(row, plot, sensor, motion, desk) for plot in (late, none)]
    assert fits[0][1:] == pytest.approx(fits[1][1:], rel=1e-3)
    assert fits[0][0] == pytest.approx(fits[1][0] - np.log(association.RATE_SPAN_MPS), rel=1e-6)
    other = row.copy()
    filters.refine(row, late, sensor, motion, 3.0, desk)
    filters.refine(other, none, sensor, motion, 3.0, desk)
    for name in ("weight", "mean", "cov", "whole", "spread"):
        np.testing.assert_array_equal(row[name], other[name])


def test_one_plot_with_a_range_rate_knows_its_radial_velocity() -> None:
    desk, sensor, rules = np.zeros(1, DESK)[0], sensor_record(), np.zeros(1, RULES)
    for name in RULES.names or ():
        rules[name] = getattr(TrackerConfig(), name)
    place = HOME + AXES.T @ [60e3, 80e3, 9e3]
    row, plot = resting(np.zeros(6), np.eye(6)), plot_record(place, sensor, range_rate_mps=-180.0)
    life.seat(row, plot, sensor, rules[0], desk)
    sight = (row["whole"][:3] - sensor["position"]) / np.linalg.norm(row["whole"][:3] - sensor["position"])
    assert sight @ row["whole"][3:] == pytest.approx(-180.0, abs=0.1)
    velocity = unpacked(row["spread"])[3:, 3:]
    assert np.sqrt(sight @ velocity @ sight) == pytest.approx(2.0, rel=0.01)
    across = np.cross(AXES[2], sight)
    sigma_mps = np.sqrt(across @ velocity @ across) / np.linalg.norm(across)
    assert sigma_mps == pytest.approx(rules[0]["start_speed_mps"], rel=0.02)


# The tracker


def test_after_three_plots_the_radial_velocity_is_as_sure_as_theory_says() -> None:
    """Three ranges, T apart, give a speed to sigma / (T sqrt 2); three Doppler speeds to theirs / sqrt 3; both join."""
    start, velocity, time_s = np.array([70e3, 70e3, 9e3]), np.array([-170.0, 60.0, 0.0]), 5.0 * np.arange(3)
    sight = start / np.linalg.norm(start)
    across = np.array([sight[1], -sight[0], 0.0]) / np.hypot(sight[0], sight[1])
    radial: dict[bool, float] = {}
    lateral: dict[bool, float] = {}
    for doppler in (False, True):
        errors = []
        for seed in range(150):
            plots = seen(RADAR, time_s, *flown(time_s, start, velocity), np.random.default_rng(seed), doppler=doppler)
            told = Tracker(SITES, steady()).follow(plots.replace(mode_a=np.full(3, 0o4321)), 10.5)
            errors.append(error_enu(told.state[2], 10.0, start, velocity)[3:])
        along = np.array(errors) @ sight
        radial[doppler] = float(np.sqrt(np.mean(along**2)))
        lateral[doppler] = float(np.sqrt(np.mean((np.array(errors) @ across) ** 2)))
    ranges_mps = 70.0 / (5.0 * np.sqrt(2))
    rates_mps = SIGMA_RANGE_RATE_MPS / np.sqrt(3)
    both_mps = 1 / np.hypot(1 / ranges_mps, 1 / rates_mps)
    assert radial[False] == pytest.approx(ranges_mps, rel=0.18)  # three sigma of 150 runs
    assert radial[True] == pytest.approx(both_mps, rel=0.18)
    assert lateral[True] == pytest.approx(lateral[False], rel=0.05)  # Doppler tells nothing of that
    assert lateral[False] == pytest.approx(SITES.sigma_azimuth_rad[RADAR] * 99e3 / (5 * np.sqrt(2)), rel=0.18)


def test_a_plot_whose_range_rate_contradicts_the_track_is_not_the_tracks() -> None:
    start, velocity, time_s = np.array([50e3, 60e3, 8e3]), np.array([-150.0, -120.0, 0.0]), 5.0 * np.arange(10)
    place, speed = flown(time_s, start, velocity)
    plots = seen(RADAR, time_s, place, speed, np.random.default_rng(5), doppler=True)
    tracker = Tracker(SITES)
    before = tracker.follow(plots.take(slice(0, 9)), 41.0)
    assert before.status[-1] == CONFIRMED
    last = plots.take(slice(9, 10))
    (right,) = tracker.copy().update(last, 46.0)
    (silent,) = tracker.copy().update(last.replace(range_rate_mps=np.array([NAN])), 46.0)
    (wrong,) = tracker.copy().update(last.replace(range_rate_mps=last.range_rate_mps + 300.0), 46.0)
    assert right == silent == before.number[-1]
    assert wrong != before.number[-1]


def bearings(rng: np.random.Generator, time_s: F8, start: F8, velocity: F8) -> Plots:
    """Two passive sensors that hear a flight all the time."""
    times = time_s, time_s + 1.0
    parts = [seen(s, t, *flown(t, start, velocity), rng) for s, t in zip((WEST, SOUTH), times, strict=True)]
    return joined(*parts)


START, VELOCITY = np.array([-40e3, 30e3, 9e3]), np.array([190.0, -80.0, 0.0])
RADAR_S, PASSIVE_S = 5.0 * np.arange(8), 40.0 + 2.0 * np.arange(150)


def lower_bound(plots: Plots, end_s: float) -> F8:
    """Covariance (6, 6) of position and velocity at a time by the information of all plots, motion being certain.

    Derivatives are differences of the measurements themselves, no covariance is ever propagated.
    """

    def measured(state: F8, sensor: int, time_s: float) -> F8:
        away = HOME + AXES.T @ (state[:3] + (time_s - end_s) * state[3:]) - PLACES[sensor]
        east, north, _ = ALL_AXES[sensor] @ away
        height = away @ AXES[2]
        told = np.array([np.arctan2(east, north), np.linalg.norm(away), height])
        return told[:1] if sensor else told

    truth = np.concatenate([START + end_s * VELOCITY, VELOCITY])
    information = np.diag(1 / np.repeat([1e8, 200.0, 15.0], [3, 2, 1]) ** 2)
    for source, time_s in zip(plots.source, plots.time_s, strict=True):
        sensor = int(np.flatnonzero(SITES.source == source)[0])
        steps = np.diag(np.repeat([10.0, 0.1], 3))
        slopes = [
            (measured(truth + h, sensor, time_s) - measured(truth - h, sensor, time_s)) / (2 * h.max()) for h in steps
        ]
        sigma = np.array([SITES.sigma_azimuth_rad[sensor], SITES.sigma_range_m[sensor], SITES.sigma_height_m[sensor]])
        h = np.array(slopes).T / sigma[: len(slopes[0]), None]
        information += h.T @ h
    bound: F8 = np.linalg.inv(information)
    return bound


def test_two_passive_sensors_alone_keep_a_track_near_its_bound() -> None:
    errors, truth_s = [], PASSIVE_S[-1] + 1.0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        radar = seen(RADAR, RADAR_S, *flown(RADAR_S, START, VELOCITY), rng)
        plots = joined(radar, bearings(rng, PASSIVE_S, START, VELOCITY))
        tracker = Tracker(SITES, steady())
        told = tracker.follow(plots, truth_s + 0.5)
        assert (told.number[8:] == told.number[7]).mean() > 0.99  # five sigma and a half of all
        tracks = tracker.snapshot(truth_s)
        kept = tracks.take(tracks.number == told.number[7])
        assert kept.status.tolist() == [CONFIRMED]
        assert kept.existence[0] > 0.99
        errors.append(error_enu(kept.state[0], truth_s, START, VELOCITY))
    rms_m = np.sqrt(np.mean(np.square(errors)[:, :2].sum(axis=1)))
    bound = lower_bound(plots, truth_s)
    bound_m = np.sqrt(np.trace(bound[:2, :2]))
    without_m = np.sqrt(np.trace(lower_bound(plots.take(slice(0, 8)), truth_s)[:2, :2]))
    assert without_m > 5 * bound_m  # the bearings matter
    assert 0.75 < rms_m / bound_m < 1.3  # 25 runs of two components, three sigma, and the motion is not quite certain


def test_a_bearing_alone_begins_no_track() -> None:
    rng = np.random.default_rng(6)
    tracker = Tracker(SITES)
    number = tracker.update(bearings(rng, PASSIVE_S, START, VELOCITY), 350.0)
    assert set(number) == {NONE}
    assert len(tracker) == 0
    assert tracker.rejected == {"bearing of no track": len(number)}


def radar_track(seed: int = 7) -> tuple[Tracker, int]:
    plots = seen(RADAR, RADAR_S, *flown(RADAR_S, START, VELOCITY), np.random.default_rng(seed))
    tracker = Tracker(SITES)
    told = tracker.follow(plots, 36.0)
    assert told.status[-1] == CONFIRMED
    return tracker, int(told.number[-1])


def test_a_bearing_that_points_elsewhere_is_nobodys_and_one_from_behind_neither() -> None:
    tracker, number = radar_track()
    (plot,) = [seen(WEST, np.array([38.0]), *flown(np.array([38.0]), START, VELOCITY), np.random.default_rng(8))]
    for off, whose in ((0.0, number), (np.radians(12.0), NONE), (np.pi, NONE)):
        turned = plot.replace(azimuth_rad=(plot.azimuth_rad + off) % (2 * np.pi))
        other = tracker.copy()
        assert other.update(turned, 39.0).tolist() == [whose]
        assert other.rejected.get("bearing of no track", 0) == (whose == NONE)


def test_a_bearing_raises_existence_and_a_silent_passive_sensor_lowers_nothing() -> None:
    tracker, number = radar_track()
    tracker._store.bank["exists"][tracker._store.bank["number"] == number] = 0.9  # it has been missed for a while
    heard = tracker.copy()
    time_s = np.array([38.0])
    heard.update(seen(WEST, time_s, *flown(time_s, START, VELOCITY), np.random.default_rng(9)), 39.0)

    def existence(of: Tracker, at_s: float) -> float:
        tracks = of.snapshot(at_s)
        return float(tracks.existence[tracks.number == number][0])

    assert existence(heard, 39.0) > 0.97
    # a passive sensor goes on hearing others, elsewhere: that this one is silent says nothing
    elsewhere = heard.copy()
    others = Plots.blank(20).replace(
        time_s=39.0 + np.arange(20.0), source=np.full(20, SITES.source[WEST]), azimuth_rad=np.full(20, 4.0)
    )
    elsewhere.update(others, 60.0)
    heard.update(Plots.empty(), 60.0)
    assert existence(elsewhere, 60.0) == existence(heard, 60.0) > 0.9


def test_bearings_and_range_rates_leave_registration_as_it_was() -> None:
    rng = np.random.default_rng(10)
    radar = seen(RADAR, RADAR_S, *flown(RADAR_S, START, VELOCITY), rng, doppler=True)
    plots = joined(radar, bearings(rng, PASSIVE_S, START, VELOCITY))
    registration = Registration(SITES)
    registration.learn(plots, np.ones(len(plots), np.int64))
    corrected = registration.correct(plots)
    assert np.isfinite(corrected.azimuth_rad).all()
    assert np.isnan(corrected.range_m[plots.source != SITES.source[RADAR]]).all()


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"range_m": 5e4, "range_rate_mps": 2e4}, "faster than anything"),
        ({"range_m": 5e4, "range_rate_mps": np.inf}, "faster than anything"),
        ({"range_m": NAN}, "no position"),  # a radar's: only a passive sensor has bearings
        ({"range_m": NAN, "source": 258, "azimuth_rad": NAN}, "no position"),
    ],
)
def test_bad_input_is_rejected_with_its_reason(columns: dict[str, float], says: str) -> None:
    usual = {"time_s": 1.0, "source": 257, "azimuth_rad": 1.0} | columns
    tracker = Tracker(SITES)
    tracker.update(Plots.blank(1).replace(**{name: np.array([value]) for name, value in usual.items()}), 2.0)
    assert tracker.rejected == {says: 1}


# Hindsight, and on disk


def test_smoothing_takes_range_rates_and_bearings() -> None:
    """Motion is certain, so that in hindsight the first state is known as well as the last: to the bound."""
    misses, scaled = [], []
    for seed in range(20):
        rng = np.random.default_rng(100 + seed)
        radar = seen(RADAR, RADAR_S, *flown(RADAR_S, START, VELOCITY), rng, doppler=True)
        early = seen(WEST, np.array([-3.0]), *flown(np.array([-3.0]), START, VELOCITY), rng)
        late = PASSIVE_S[:40]
        plots = joined(early, radar, bearings(rng, late, START, VELOCITY))
        done = smooth(plots, np.ones(len(plots), np.int64), SITES, steady())
        assert done.plot.tolist() == [*range(1, len(plots))]  # the first is a bearing: nobody knows where on it
        miss = error_enu(done.state[0], 0.0, START, VELOCITY)
        turn = np.kron(np.eye(2), AXES)
        misses.append(miss)
        scaled.append(miss @ np.linalg.solve(turn @ done.covariance[0] @ turn.T, miss))
    sight = START / np.linalg.norm(START)
    assert np.sqrt(np.mean((np.array(misses)[:, 3:] @ sight) ** 2)) < SIGMA_RANGE_RATE_MPS / np.sqrt(8) * 1.5
    assert 4.3 < np.mean(scaled) < 8.0  # 95 % of the mean of twenty chi-squares of six: 4.6 to 7.6


def test_bearings_alone_cannot_be_smoothed() -> None:
    plots = bearings(np.random.default_rng(1), PASSIVE_S, START, VELOCITY)
    assert len(smooth(plots, np.ones(len(plots), np.int64), SITES)) == 0


def test_range_rates_go_through_parquet_and_older_tables_have_none() -> None:
    plots = Plots.blank(3).replace(time_s=np.arange(3.0), range_rate_mps=np.array([-120.5, NAN, 33.0]))
    file = io.BytesIO()
    pq.write_table(plots.to_arrow(), file)
    table = pq.read_table(file)
    np.testing.assert_array_equal(Plots.from_arrow(table).range_rate_mps, plots.range_rate_mps)
    older = Plots.from_arrow(table.drop_columns(["range_rate_mps"]))
    assert np.isnan(older.range_rate_mps).all()
    np.testing.assert_array_equal(older.time_s, plots.time_s)
    registry = SITES.to_arrow().drop_columns(["sigma_range_rate_mps"])
    assert Sites.from_arrow(registry).sigma_range_rate_mps.tolist() == [SIGMA_RANGE_RATE_MPS] * 3
