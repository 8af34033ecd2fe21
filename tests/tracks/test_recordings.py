"""The tracker on real recordings, and on real flights behind simulated radars: floors that its figures must not fall
below. `benches/recordings.py` prints the figures themselves."""

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from skyaccord.sensors import Plots

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"


@cache
def bench() -> ModuleType:
    """`benches/recordings.py`, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("recordings_bench", ROOT / "benches" / "recordings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def needs(*files: str) -> pytest.MarkDecorator:
    """Skip where a recording of ../shared/data is absent."""
    missing = [file for file in files if not (DATA / file).exists()]
    return pytest.mark.skipif(bool(missing), reason=f"{DATA / missing[0] if missing else ''} is not here")


@needs(bench().BCN)
def test_barcelona_with_identity_hidden() -> None:
    score = bench().bcn(DATA)
    assert score.addresses == 166
    assert score.in_tracks > 0.995 * score.plots
    assert score.purity > 0.998
    assert score.switches <= 2
    assert score.number_changes < 100
    assert score.continuity > 0.93


@needs(bench().ARG_PLOTS, bench().ARG_TRACKS)
def test_a_radar_beside_another_tracker() -> None:
    pair = bench().arg(DATA)
    biases = pair.biases
    for found, sigma, fitted in (
        (biases.range_m[0], biases.sigma_range_m[0], 186.0),
        (biases.azimuth_rad[0], biases.sigma_azimuth_rad[0], np.radians(0.536)),
        (biases.time_s[0], biases.sigma_time_s[0], -0.20),  # a clock that stamps early has a negative bias here
    ):
        assert abs(found - fitted) < 2 * sigma
    for score in (pair.as_it_is, pair.registered):
        assert len(score.tracks) == 22
        assert sum(track.seen_followed > 0.5 for track in score.tracks) >= 20
    median, most = np.percentile(pair.gap_registered_m, [50, 95])
    assert median < 250
    assert most < 800
    assert np.median(pair.gap_m) > 10 * median  # half a degree is kilometres at 400 km


@needs(bench().ALICANTE)
def test_position_reports_of_one_station() -> None:
    score = bench().alicante(DATA)
    assert score.addresses == 74
    assert score.in_tracks > 0.99 * score.plots
    assert score.purity > 0.998
    assert score.switches <= 2
    assert score.continuity > 0.7


@needs(bench().LEBL)
def test_position_reports_twice_a_second_are_one_track_each() -> None:
    score = bench().lebl(DATA)
    assert score.addresses == 42
    assert score.in_tracks > 0.99 * score.plots
    assert score.purity > 0.999
    assert score.number_changes < 100
    assert score.continuity > 0.8


@needs(bench().LEBL, bench().LEBL_MLAT, bench().LEBL_SMR)
def test_sensors_of_one_airport_that_differ_make_one_track_an_aircraft() -> None:
    sites, parts, _ = bench().lebl_parts(DATA)
    score = bench().mix(Plots.concat(list(parts.values())), parts["ADS-B"], sites).identity
    assert score.addresses == 42
    assert score.in_tracks > 0.99 * score.plots
    assert score.purity > 0.999
    assert score.switches == 0
    assert score.number_changes < 100
    assert score.continuity > 0.88


@needs(bench().SWISS)
def test_swiss_traffic_behind_three_radars() -> None:
    score = bench().swiss(DATA, seconds=600.0)
    assert score.verdict.siap.siap_completeness > 0.97
    assert score.verdict.siap.siap_spuriousness < 0.04
    assert score.verdict.continuity.id_swaps <= 1
    assert score.verdict.continuity.pos_median_m < 70
    filtered, smoothed = (np.sqrt(np.mean(e**2)) for e in (score.filtered_m, score.smoothed_m))
    assert filtered < 100
    assert smoothed < 0.6 * filtered
    assert score.smoothed_nees.mean < 8.0  # six degrees of freedom, and now and then a plot of another


@needs(bench().DRONE)
def test_a_small_drone_that_hovers_and_darts() -> None:
    for seed in (1, 2):
        score = bench().drone(DATA, seed)
        assert score.verdict.continuity.track_number_changes == 0
        assert score.verdict.siap.siap_completeness > 0.97
        assert score.verdict.siap.siap_spuriousness < 0.02
        filtered, smoothed = (np.sqrt(np.mean(e**2)) for e in (score.filtered_m, score.smoothed_m))
        assert filtered < 25
        assert smoothed < 0.75 * filtered
        assert score.filtered_nees.mean < 8.0
        assert score.smoothed_nees.mean < 8.0
