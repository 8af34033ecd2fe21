"""A recorded exercise scored against its truth: the frame is the round earth, and what nobody sees does not count."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from skyaccord.earth.wgs84 import enu_axes
from skyaccord.exercise import Truth, parse_scenario
from skyaccord.exercise.bounds import matched
from skyaccord.exercise.figures import EARTH, Samples
from skyaccord.exercise.hear import hear
from skyaccord.exercise.truth import imagine
from skyaccord.exercise.verdict import Flown, flown, judge, limits_of, pronounce, truth_at

TEXT = """
title = "Try"
start = 2026-01-01T00:00:00Z
duration_s = 900
agreement = "none.toml"
[air]
offset_m = 0
[[sensor]]
party = "A"
sac = 1
sic = 1
lat_deg = 38.0
lon_deg = 69.0
height_m = 500
scan_s = 4
range_max_km = 120
sigma_range_m = 60
sigma_azimuth_deg = 0.08
sigma_height_m = 200
pd = 0.8
height = true
[[flight]]
name = "seen"
kind = "aircraft"
rcs_m2 = 10000
route = [[37.6, 68.4, 6000, 200], [38.3, 69.3, 6000, 200], [37.5, 69.9, 6000, 200], [37.0, 69.0, 6000, 200]]
[[flight]]
name = "far"
kind = "aircraft"
rcs_m2 = 10000
route = [[30.0, 60.0, 6000, 200], [31.0, 61.0, 6000, 200], [32.0, 62.0, 6000, 200]]
"""


@pytest.fixture(scope="module")
def sky() -> tuple[Truth, Flown]:
    scenario = parse_scenario(TEXT, "try.toml")
    truth = imagine(scenario, np.random.default_rng(0))
    return truth, flown(truth, scenario)


def test_only_what_a_sensor_has_in_view_counts(sky: tuple[Truth, Flown]) -> None:
    truth, seen = sky
    assert set(seen.paths.truth_id[seen.paths.covered].tolist()) == {0}
    mine = seen.paths.take(seen.paths.truth_id == 0)
    assert mine.covered[20:].mean() > 0.99
    assert flown(truth, None).paths.covered.all()


def test_looks_count_by_their_probability(sky: tuple[Truth, Flown]) -> None:
    """As many plots come as the looks' weights add up to, on average over nights."""
    truth, seen = sky
    assert seen.glimpses is not None
    scenario = parse_scenario(TEXT, "try.toml")
    counts = [len(hear(scenario, truth, np.random.default_rng(k))[0]) for k in range(20)]
    spread = np.sqrt(0.8 * 0.2 * len(seen.glimpses) / 20)
    assert np.mean(counts) == pytest.approx(seen.glimpses.weight.sum(), abs=4 * spread)
    assert seen.glimpses.weight == pytest.approx(0.8, abs=0.01)


def test_turns_are_read_from_the_course(sky: tuple[Truth, Flown]) -> None:
    """The heading, by its own turn rates, comes out where it does."""
    truth, seen = sky
    mine = truth.take(truth.truth_id == 0)
    local = np.einsum("nij,nj->ni", enu_axes(mine.lat_rad, mine.lon_rad), mine.state[:, 3:])
    course = np.unwrap(np.arctan2(local[:, 0], local[:, 1]))
    turn = seen.paths.turn_radps[seen.paths.truth_id == 0]
    np.testing.assert_allclose(course[0] + np.append(0, np.cumsum(turn[:-1])), course, atol=1e-9)
    assert course[-1] - course[0] > np.radians(60)  # clockwise: there is something to read
    assert 0.02 < (matched(seen.paths)[seen.paths.truth_id == 0, 0] > 1).mean() < 0.5


def test_an_error_to_the_east_is_one_to_the_east(sky: tuple[Truth, Flown]) -> None:
    """Tracks 300 m east, 900 m too high and 5 m/s too fast northward: heights do not count, on the round earth."""
    truth, seen = sky
    mine = truth.take(truth.truth_id == 0)
    axes = enu_axes(mine.lat_rad, mine.lon_rad)
    off = np.einsum("nki,nk->ni", axes, np.tile([300.0, 0.0, 900.0], (len(mine), 1)))
    state = mine.state + np.hstack([off, 5.0 * axes[:, 1]])
    times = mine.time_s[60::5]
    instant = np.arange(len(times), dtype=np.int32)
    tracks = Samples(instant, instant * 0 + 7, state[60::5], instant, np.ones(len(times), bool))
    judged = judge(truth_at(seen.paths, times), tracks, times, EARTH)
    score = pronounce(judged)
    assert score.continuity.pos_rmse_m == pytest.approx(300, abs=0.5)
    assert score.continuity.z_rmse_m == pytest.approx(900, abs=0.5)
    assert score.continuity.vel_rmse_ms == pytest.approx(5, abs=0.01)
    assert score.siap.siap_completeness == 1
    assert seen.glimpses is not None
    limits = limits_of(judged, seen.paths, seen.glimpses)
    floor, model = limits["known_controls"], limits["matched_model"]
    assert 5 < floor.bound_median_m < model.bound_median_m < 250
    assert floor.ratio_rms == pytest.approx(300 / floor.bound_rms_m, rel=0.05)


def test_the_command_scores_every_party(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "skyaccord"]
    run = [*words, "run", "--scenario", "pamir-night", "--headless", "--until", "150", "--record", "night"]
    subprocess.run(run, cwd=tmp_path, capture_output=True, check=True)
    said = subprocess.run(
        [*words, "score", "night", "--json", "o.json"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    figures = json.loads((tmp_path / "o.json").read_text())
    assert set(figures) == {"RU", "TJ"}
    for one in figures.values():
        assert one["instants"] > 10
        assert f"{one['gospa_rms_per_sqrt_target']:,.1f}" in said.stdout
        assert f"{one['nees_position_mean']:.2f}" in said.stdout
        assert one["bound_known_controls_bound_rms_m"] > 0
