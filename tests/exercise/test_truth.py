"""Kinematics of what flies: speeds, turns, climbs, lines and falls, against other programs and conservation laws."""

from pathlib import Path

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from skyaccord.agreement.words import AirClass
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.errors import ScenarioError
from skyaccord.exercise.kernels import fly
from skyaccord.exercise.scenario import Scenario, parse_scenario
from skyaccord.exercise.truth import LIMITS, RESERVED_SQUAWKS, Truth, imagine

GEOD = pyproj.Geod(ellps="WGS84")
PAMIR = Path(__file__).resolve().parents[2] / "scenarios" / "pamir-night.toml"
SHELL = """
title = "Try"
start = 2026-01-01T00:00:00Z
duration_s = {duration}
agreement = "none.toml"
{more}
[[sensor]]
party = "A"
sac = 1
sic = 1
lat_deg = 38.0
lon_deg = 69.0
"""
STREAM = """
[air]
offset_m = 150
swing_m = 30
period_s = 900
[[airway]]
name = "A1"
points = [[36.0, 68.0], [38.0, 69.0], [40.0, 71.0]]
[[traffic]]
airway = "A1"
per_hour = 12
levels = [330, 350]
speeds_mps = [210, 240]
callsigns = ["XAA"]
addresses = ["F00000", "F0FFFF"]
squawks = ["1000", "{last}"]
"""


def shell(more: str, duration: int = 1200) -> Scenario:
    return parse_scenario(SHELL.format(duration=duration, more=more), "try.toml")


def rows_of(truth: Truth, k: int) -> Truth:
    return truth.take(truth.truth_id == k)


@pytest.fixture(scope="module")
def pamir() -> tuple[Scenario, Truth]:
    scenario = parse_scenario(PAMIR.read_text(), PAMIR.name)
    return scenario, imagine(scenario, np.random.default_rng(1))


def check_kinematics(rows: np.ndarray, kind: AirClass, slowest: float) -> None:
    """Rows of `fly`: limits are kept from second to second."""
    bank, turn_max, accel, climb_max, climb_accel = LIMITS[kind]
    turn = (np.diff(rows[:, 3]) + np.pi) % (2 * np.pi) - np.pi
    slower = np.minimum(rows[1:, 4], rows[:-1, 4]) - accel / 2  # it may brake and speed up within the second
    limit = np.minimum(turn_max, 9.80665 * np.tan(bank) / slower)
    assert (np.abs(turn) <= limit + 1e-9).all()
    assert (np.abs(np.diff(turn)) <= limit[1:] * 0.75 + 1e-3).all()  # rolling in takes two seconds
    assert (np.abs(np.diff(rows[:, 4])) <= accel + 1e-9).all()
    assert (rows[:, 4] >= slowest - 1e-9).all()
    assert (np.abs(rows[:, 5]) <= climb_max + 1e-9).all()
    assert (np.abs(np.diff(rows[:, 5])) <= climb_accel + 1e-9).all()


def check_velocity(truth: Truth, slack_m: float) -> None:
    """Positions a second apart lie along the mean of both ends' velocities."""
    step = np.diff(truth.state[:, :3], axis=0)
    mean = (truth.state[1:, 3:] + truth.state[:-1, 3:]) / 2
    assert np.linalg.norm(step - mean, axis=1).max() < slack_m


corners = st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(0, 1)), min_size=2, max_size=6)


@settings(max_examples=40, deadline=None)
@given(corners=corners, kind=st.sampled_from(sorted(LIMITS)), fast=st.floats(0, 1))
def test_any_route_is_flown_within_the_limits(
    corners: list[tuple[float, float, float]], kind: AirClass, fast: float
) -> None:
    slow, quick = {AirClass.AIRLINER: (180, 250), AirClass.AIRCRAFT: (90, 300), AirClass.DRONE: (25, 60)}[kind]
    lat, lon, share = np.array(corners).T
    speed = np.where(share > fast, quick, slow)
    route = np.stack([np.radians(38 + lat), np.radians(69 + lon), 3000 + 4000 * share, speed], axis=-1)
    rows = fly(route, 1500, *LIMITS[kind])
    assert 1 <= len(rows) <= 1500
    check_kinematics(rows, kind, slow)
    place = ecef(rows[:, 0], rows[:, 1], rows[:, 2])
    assert (np.linalg.norm(np.diff(place, axis=0), axis=1) <= np.hypot(quick, LIMITS[kind][3]) + 0.1).all()


def test_a_leg_is_the_geodesic_and_takes_its_time() -> None:
    there = np.radians([39.2, 71.5])
    route = np.array([[*np.radians([37.0, 68.0]), 0.0, 230.0], [*there, 0.0, 230.0]])
    rows = fly(route, 4000, *LIMITS[AirClass.AIRLINER])
    _, _, length = GEOD.inv(68.0, 37.0, 71.5, 39.2)
    assert len(rows) == pytest.approx(length / 230, abs=2)
    _, _, start = GEOD.inv(np.full(len(rows), 68.0), np.full(len(rows), 37.0), *np.degrees(rows[:, [1, 0]].T))
    _, _, left = GEOD.inv(np.full(len(rows), 71.5), np.full(len(rows), 39.2), *np.degrees(rows[:, [1, 0]].T))
    off = np.sqrt(np.maximum((start + left - length) * 2 * start * left / length, 0))  # flat triangle's height
    assert off.max() < 150  # normal sections leave the geodesic by metres only
    np.testing.assert_allclose(start, 230 * np.arange(len(rows)), atol=2.0)
    assert np.hypot(*(np.degrees(rows[-1, :2]) - [39.2, 71.5])) < 0.01


def test_a_turn_is_flown_by_and_the_next_leg_joined() -> None:
    points = np.radians([[37.0, 68.0], [37.5, 68.0], [37.5, 69.0]])
    route = np.column_stack([points, np.full(3, 5000.0), np.full(3, 200.0)])
    rows = fly(route, 2000, *LIMITS[AirClass.AIRLINER])
    east, north = np.degrees(rows[:, 1]) - 68.0, np.degrees(rows[:, 0]) - 37.5
    closest = np.hypot(east * 88.3e3, north * 111e3).min()
    assert 300 < closest < 6000  # cuts the corner
    assert (north * 111e3).max() < 600  # does not overshoot the next leg's line (its sag included)
    course = np.degrees(rows[:, 3])
    assert course[len(rows) // 4] == pytest.approx(0, abs=0.5) or course[len(rows) // 4] == pytest.approx(360, abs=0.5)
    assert course[-1] == pytest.approx(90, abs=1.0)


def test_scripted_flights_and_traffic_keep_their_limits(pamir: tuple[Scenario, Truth]) -> None:
    scenario, truth = pamir
    for k in np.unique(truth.truth_id):
        rows = rows_of(truth, int(k))
        assert (np.diff(rows.time_s) == 1).all()
        assert rows.time_s[0] >= scenario.start_s
        assert rows.time_s[-1] < scenario.end_s
        kind = AirClass(int(rows.kind[0]))
        check_velocity(rows, 6.0 if kind == AirClass.MISSILE else 1.0)
        np.testing.assert_allclose(ecef(rows.lat_rad, rows.lon_rad, rows.height_m), rows.state[:, :3], atol=1e-3)
    assert (np.diff(truth.truth_id) >= 0).all()


def test_airliners_hold_their_flight_level_not_their_height() -> None:
    truth = imagine(shell(STREAM.format(last="1777")), np.random.default_rng(3))
    level = np.round(truth.pressure_alt_m / 30.48)
    np.testing.assert_allclose(truth.pressure_alt_m, level * 30.48, atol=1e-6)
    assert set(level) == {330, 340, 350, 360}  # 1,000 ft more on the way back
    since = truth.time_s - truth.time_s.min()
    np.testing.assert_allclose(
        truth.height_m - truth.pressure_alt_m, 150 + 30 * np.sin(2 * np.pi * since / 900), atol=1e-6
    )
    up = enu_axes(truth.lat_rad, truth.lon_rad)[:, 2]
    same = truth.truth_id[1:] == truth.truth_id[:-1]
    climb = np.einsum("ni,ni->n", up, truth.state[:, 3:])
    np.testing.assert_allclose(np.diff(truth.height_m)[same], ((climb[1:] + climb[:-1]) / 2)[same], atol=1e-3)


def test_a_stream_has_the_rate_and_the_lines_asked_for() -> None:
    truth = imagine(shell(STREAM.format(last="1777"), 3600), np.random.default_rng(4))
    first = np.flatnonzero(np.diff(truth.truth_id, prepend=-1))
    entered = first[truth.time_s[first] > truth.time_s.min()]
    assert len(entered) == pytest.approx(24, abs=5)  # twelve an hour, each way
    points = np.radians([[36.0, 68.0], [38.0, 69.0], [40.0, 71.0]])
    line = np.concatenate([points[k] + np.linspace(0, 1, 400)[:, None] * (points[k + 1] - points[k]) for k in (0, 1)])
    near = ecef(line[:, 0], line[:, 1], 0.0)
    sample = truth.take(slice(0, None, 97))
    foot = ecef(sample.lat_rad, sample.lon_rad, 0.0)
    off = np.linalg.norm(foot[:, None] - near[None], axis=2).min(axis=1)
    assert off.max() < 3000 * 1.2 + 1000  # sidestep, corner, and the lines' bow
    for name in ("address", "mode_a", "callsign"):
        values = getattr(truth, name)[first]
        assert len(set(values.tolist())) == len(first)
    assert not set(RESERVED_SQUAWKS) & set(truth.mode_a[first].tolist())
    assert ((truth.address >= 0xF00000) & (truth.address <= 0xF0FFFF)).all()


def test_the_same_seed_flies_the_same_sky(pamir: tuple[Scenario, Truth]) -> None:
    scenario, truth = pamir
    again, other = (imagine(scenario, np.random.default_rng(seed)) for seed in (1, 2))
    for name, values in truth.arrays().items():
        assert values.tobytes() == again.arrays()[name].tobytes()
    assert truth.state.tobytes() != other.state.tobytes()


def test_too_few_squawks_are_refused() -> None:
    with pytest.raises(ScenarioError, match=r"try.toml: traffic on A1: squawks has 4 numbers"):
        imagine(shell(STREAM.format(last="1003")), np.random.default_rng(3))


def test_a_missile_falls_as_an_integrator_in_inertial_space_says(pamir: tuple[Scenario, Truth]) -> None:
    scenario, truth = pamir
    rows = truth.take(truth.kind == AirClass.MISSILE)
    coast = rows.state[scenario.missiles[0].boost_s :]
    turn = 7.292115e-5

    def pull(_: float, y: np.ndarray) -> np.ndarray:
        return np.concatenate([y[3:], -3.986004418e14 * y[:3] / np.linalg.norm(y[:3]) ** 3])

    spin = np.array([0, 0, turn])
    start = np.concatenate([coast[0, :3], coast[0, 3:] + np.cross(spin, coast[0, :3])])
    seconds = np.arange(len(coast), dtype=float)
    path = solve_ivp(pull, (0, seconds[-1]), start, t_eval=seconds, rtol=1e-10, atol=1e-6).y.T
    c, s = np.cos(turn * seconds), np.sin(turn * seconds)
    turned = np.stack([c * path[:, 0] + s * path[:, 1], c * path[:, 1] - s * path[:, 0], path[:, 2]], axis=-1)
    np.testing.assert_allclose(coast[:, :3], turned, atol=0.05)


def test_a_missile_has_about_the_shape_asked_for(pamir: tuple[Scenario, Truth]) -> None:
    scenario, truth = pamir
    missile, rows = scenario.missiles[0], truth.take(truth.kind == AirClass.MISSILE)
    assert rows.time_s[0] == missile.launch_s
    assert np.linalg.norm(rows.state[0, 3:]) == 0
    assert rows.height_m.max() - missile.height_m == pytest.approx(missile.apex_m, rel=0.05)
    bearing, _, length = GEOD.inv(*np.degrees([missile.lon_rad, missile.lat_rad, rows.lon_rad[-1], rows.lat_rad[-1]]))
    assert length == pytest.approx(missile.range_m, rel=0.06)
    assert bearing == pytest.approx(np.degrees(missile.bearing_rad), abs=1.5)
    assert rows.height_m[-1] >= missile.height_m
    assert rows.height_m[-1] - missile.height_m < 1000


def test_a_flight_starts_when_told_and_ends_with_its_route() -> None:
    more = """
[[flight]]
name = "short"
kind = "aircraft"
start_s = 100
route = [[38.0, 69.0, 2000, 100], [38.1, 69.0, 2500, 100]]
"""
    scenario = shell(more)
    truth = imagine(scenario, np.random.default_rng(0))
    assert truth.time_s[0] == scenario.start_s + 100
    assert len(truth) == pytest.approx(11_100 / 100, abs=2)
    assert truth.height_m[0] == 2000
    assert truth.height_m[-1] == pytest.approx(2500, abs=40)
