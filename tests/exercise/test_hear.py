"""What radars hear: how often, where, when and what, recovered from the plots with statistics."""

import math

import numpy as np
import pyproj
import pytest
from scipy import stats

from skyaccord.exercise.hear import CLUTTER, hear, in_view, looks, norths
from skyaccord.exercise.scenario import Scenario, parse_scenario
from skyaccord.exercise.truth import Truth, imagine
from skyaccord.sensors.plots import (
    COMBINED,
    MODE_S,
    NO_ADDRESS,
    NO_MODE_A,
    PRIMARY,
    SECONDARY,
    SIMULATED,
    Plots,
)

TO_ECEF = pyproj.Transformer.from_crs(4979, 4978, always_xy=True)
# a wide circle of turning points round the radar at (38, 69), flown for two hours
CIRCLE = [[38 + 0.8 * math.cos(a), 69 + 1.0 * math.sin(a)] for a in np.arange(0, 6 * math.pi, math.pi / 6)]
HEAD = """
title = "Try"
start = 2026-01-01T00:00:00Z
duration_s = {duration}
agreement = "none.toml"
[air]
offset_m = 123
"""
RADAR = """
[[sensor]]
party = "A"
sac = 1
sic = {sic}
lat_deg = 38.0
lon_deg = 69.0
height_m = 500
scan_s = 4
range_max_km = 300
sigma_range_m = 60
sigma_azimuth_deg = 0.08
sigma_height_m = 200
pd = 0.8
phase_deg = 30
{more}
"""


def circling(name: str, more: str, height_m: float = 6000) -> str:
    route = ", ".join(f"[{lat:.4f}, {lon:.4f}, {height_m}, 220]" for lat, lon in CIRCLE)
    return f'[[flight]]\nname = "{name}"\nkind = "aircraft"\n{more}\nroute = [{route}]\n'


BARE = circling("bare", "rcs_m2 = 10000")
FARED = 'transponder = "mode_s"\naddress = "F0ABCD"\nmode_a = "4521"\ncallsign = "XAA123"\nrcs_m2 = 10000'
OLD = 'transponder = "mode_ac"\nmode_a = "1234"\nrcs_m2 = 10000'


def night(flights: str, *radars: str, duration: int = 7000, instead: tuple[str, str] = ("", "")) -> Scenario:
    sensors = "".join(RADAR.format(sic=k + 1, more=more) for k, more in enumerate(radars))
    assert instead[0] in sensors
    sensors = sensors.replace(*instead)
    return parse_scenario(HEAD.format(duration=duration) + sensors + flights, "try.toml")


def heard(scenario: Scenario, seed: int = 7) -> tuple[Truth, Plots, np.ndarray]:
    truth = imagine(scenario, np.random.default_rng(seed))
    plots, ids = hear(scenario, truth, np.random.default_rng(seed + 1))
    return truth, plots, ids


def seen_from_site(truth: Truth, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """True slant range and azimuth at these times by pyproj, the truth drawn straight from second to second."""
    place = np.stack([np.interp(times, truth.time_s, truth.state[:, k]) for k in range(3)])
    site = np.array(TO_ECEF.transform(69.0, 38.0, 500.0))
    topo = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +proj=topocentric +ellps=WGS84 +lon_0=69 +lat_0=38 +h_0=500"
    )
    east, north, _ = topo.transform(*place)
    return np.linalg.norm(place - site[:, None], axis=0), np.arctan2(east, north) % (2 * np.pi)


def turned(angle: np.ndarray) -> np.ndarray:
    return (angle + np.pi) % (2 * np.pi) - np.pi


def test_noise_and_biases_come_out_as_put_in() -> None:
    scenario = night(BARE, "bias_range_m = 40\nbias_azimuth_deg = 0.05\nheight = true")
    truth, plots, ids = heard(scenario)
    assert (ids == 0).all()
    n = len(plots)
    assert n > 1000
    range_m, azimuth = seen_from_site(truth, plots.time_s)
    for error, bias, sigma in (
        (plots.range_m - range_m, 40, 60),
        (np.degrees(turned(plots.azimuth_rad - azimuth)), 0.05, 0.08),
        (plots.height_m - 6000, 0, 200),
    ):
        assert abs(error.mean() - bias) < 4 * sigma / math.sqrt(n)
        low, high = stats.chi2.ppf([1e-4, 1 - 1e-4], n - 1)
        assert low < (n - 1) * (error.std(ddof=1) / sigma) ** 2 < high
    assert stats.kstest((plots.range_m - range_m - 40) / 60, "norm").pvalue > 1e-3
    assert np.corrcoef(plots.range_m - range_m, turned(plots.azimuth_rad - azimuth))[0, 1] < 0.1


def test_a_target_is_found_as_often_as_pd_says() -> None:
    truth, plots, _ = heard(night(BARE, "pd_secondary = 0.5"))
    scans = (truth.time_s[-1] - truth.time_s[0]) / 4
    low, high = stats.binom.ppf([1e-4, 1 - 1e-4], int(scans), 0.8)
    assert low - 1 <= len(plots) <= high + 1  # bare: the secondary radar has no say
    truth, plots, _ = heard(night(circling("fared", FARED), "pd_secondary = 0.5"))
    n = int((truth.time_s[-1] - truth.time_s[0]) / 4)
    for kind, probability in ((COMBINED, 0.4), (PRIMARY, 0.4), (MODE_S, 0.1)):
        low, high = stats.binom.ppf([1e-4, 1 - 1e-4], n, probability)
        assert low <= (plots.kind == kind).sum() <= high


def test_small_targets_are_found_less_often() -> None:
    """Swerling's first case at the target's own size and range, worked out here from the formula."""
    scenario = night(circling("small", "rcs_m2 = 0.02"), "reference_rcs_m2 = 2.0")
    truth, plots, _ = heard(scenario)
    range_m, _ = seen_from_site(truth, truth.time_s)
    snr = 18.93 * 0.01 * (300e3 / range_m) ** 4
    expected = (0.8 * 1e-6 ** (1 / (1 + snr))).sum() / 4
    assert 0.2 < expected / (len(truth) / 4) < 0.7  # the case tells something
    assert abs(len(plots) - expected) < 4 * math.sqrt(expected)


def test_the_antenna_looks_at_the_target_when_it_reports_it() -> None:
    scenario = night(BARE, "", instead=("sigma_azimuth_deg = 0.08", "sigma_azimuth_deg = 0.001"))
    _, plots, _ = heard(scenario)
    antenna = np.radians(30) + 2 * np.pi * (plots.time_s - scenario.start_s) / 4
    assert np.abs(np.degrees(turned(plots.azimuth_rad - antenna))).max() < 0.006
    gaps = np.diff(plots.time_s) / 4
    assert np.abs(gaps - np.round(gaps)).max() < 0.05  # once a turn, a little more or less as the target moves
    assert gaps.min() > 0.9


def test_every_turn_passes_every_target_once() -> None:
    scenario = night(BARE + circling("fared", FARED, 9000), "", duration=1200)
    truth = imagine(scenario, np.random.default_rng(1))
    look = looks(scenario, 0, truth)
    for k in (0, 1):
        times = np.sort(look.time_s[truth.truth_id[look.row] == k])
        assert len(times) == pytest.approx(300, abs=2)
        np.testing.assert_allclose(np.diff(times), 4, atol=0.05)


def test_norths_are_the_moments_when_the_antenna_points_north() -> None:
    scenario = night(BARE, "", 'name = "second"', duration=1000)
    crossings = norths(scenario)
    assert (np.diff(crossings.time_s) >= 0).all()
    for source in (0x0101, 0x0102):
        time_s = crossings.time_s[crossings.source == source] - scenario.start_s
        assert len(time_s) == 250
        np.testing.assert_allclose((30 + 360 * time_s / 4 + 180) % 360 - 180, 0, atol=1e-4)
        assert time_s[0] >= 0
        assert time_s[-1] < 1000


def test_transponders_say_what_they_can() -> None:
    flights = BARE + circling("fared", FARED, 6010) + circling("old", OLD, 6010)
    scenario = night(
        flights, "pd_secondary = 1.0", "mode_s = false\npd_secondary = 1.0", "primary = false", duration=2000
    )
    _, plots, ids = heard(scenario)
    pressure = 6010 - 123
    for sensor, mode_s in ((1, True), (2, False), (3, True)):
        mine = plots.source == 0x0100 + sensor
        bare, fared, old = (plots.take(mine & (ids == k)) for k in range(3))
        assert (len(bare) == 0) == (sensor == 3)
        assert (bare.kind == PRIMARY).all()
        assert np.isnan(bare.pressure_alt_m).all()
        assert (bare.mode_a == NO_MODE_A).all()
        assert (bare.address == NO_ADDRESS).all()
        assert (bare.callsign == b"").all()
        assert (fared.mode_a == 0o4521).all()
        assert (old.mode_a == 0o1234).all()
        assert (old.address == NO_ADDRESS).all()
        assert (fared.address == (0xF0ABCD if mode_s else NO_ADDRESS)).all()
        assert (fared.callsign == (b"XAA123" if mode_s else b"")).all()
        step = 25 * 0.3048 if mode_s else 100 * 0.3048
        for answer, unit in ((fared, step), (old, 100 * 0.3048)):
            ticks = answer.pressure_alt_m / unit
            np.testing.assert_allclose(ticks, np.round(ticks), atol=1e-9)
            assert (np.abs(answer.pressure_alt_m - pressure) <= unit / 2 + 1e-9).all()
        alone = {1: set(), 2: set(), 3: {MODE_S}}[sensor]
        assert set(fared.kind.tolist()) - {COMBINED} <= alone | ({MODE_S} if mode_s else {SECONDARY})
        if sensor == 3:
            assert set(fared.kind.tolist()) == {MODE_S}
            assert set(old.kind.tolist()) == {SECONDARY}
    assert np.isnan(plots.height_m).all()
    assert (plots.flags == SIMULATED).all()
    assert np.isnan(plots.lat_rad).all()


def test_nothing_is_heard_below_the_horizon_behind_hills_or_out_of_range() -> None:
    inbound = 'kind = "aircraft"\nrcs_m2 = 10000\nroute = [[36.5, 69, 700, 220], [37.95, 69, 700, 220]]'
    _, plots, _ = heard(night(f'[[flight]]\nname = "low"\n{inbound}', "screen = []\nground_m = 480"))
    reach = 4.12 * (math.sqrt(20) + math.sqrt(220))  # km, of the 167 that it flies
    assert 1000 * reach - 5000 < plots.range_m.max() < 1000 * reach + 600
    # the circle of 6,000 m is seen at about 3.2 degrees: hills of five hide the east
    truth, plots, _ = heard(night(BARE, "screen = [[0, 0], [20, 5], [160, 5], [180, 0]]"))
    east = (np.degrees(plots.azimuth_rad) > 20) & (np.degrees(plots.azimuth_rad) < 160)
    assert not east.any()
    assert len(plots) > 500
    scenario = night(BARE, "", instead=("range_max_km = 300", "range_max_km = 88"))
    _, plots, _ = heard(scenario)
    range_m, _ = seen_from_site(truth, plots.time_s)
    assert range_m.max() < 88_010
    assert 0 < len(plots) < 1700
    assert not heard(night(BARE, "elevation_max_deg = 2.5"))[1].range_m.size


def test_clutter_is_even_over_the_area_and_poisson_in_time() -> None:
    patches = "patches = [[90, 60, 5, 1.5]]"
    scenario = night("", f"clutter_per_scan = 4\nclutter_range_km = 100\n{patches}", duration=4000)
    _, plots, ids = heard(scenario)
    assert (ids == CLUTTER).all()
    assert (plots.kind == PRIMARY).all()
    assert (plots.time_s >= scenario.start_s).all()
    assert (plots.time_s < scenario.end_s).all()
    east, north = plots.range_m * np.sin(plots.azimuth_rad), plots.range_m * np.cos(plots.azimuth_rad)
    patch = np.hypot(east - 60e3, north) < 5.5e3
    spread = 4 * (5.5 / 100) ** 2
    low, high = stats.poisson.ppf([1e-4, 1 - 1e-4], 1000 * (1.5 + spread))
    assert low <= patch.sum() <= high
    low, high = stats.poisson.ppf([1e-4, 1 - 1e-4], 1000 * (4 - spread))
    assert low <= (~patch).sum() <= high
    even = plots.take(~patch)
    assert stats.kstest(even.range_m**2 / 1e10, "uniform").pvalue > 1e-3
    assert stats.kstest(even.azimuth_rad / (2 * np.pi), "uniform").pvalue > 1e-3
    per_turn = np.histogram(even.time_s - scenario.start_s, np.arange(0, 4001, 4))[0]
    assert per_turn.var() / per_turn.mean() == pytest.approx(1, abs=0.2)  # a Poisson's variance is its mean
    antenna = np.radians(30) + 2 * np.pi * (plots.time_s - scenario.start_s) / 4
    assert np.abs(np.degrees(turned(plots.azimuth_rad - antenna))).max() < 0.5


def test_plots_come_in_order_of_time_and_one_radars_change_leaves_the_others_alone() -> None:
    more = "clutter_per_scan = 3"
    two = night(BARE, "clutter_per_scan = 9", more, duration=600)
    three = night(BARE, more, more, more, duration=600)
    truth, plots, ids = heard(two)
    _, other, other_ids = heard(three)
    assert (np.diff(plots.time_s) >= 0).all()
    second, same = plots.source == 0x0102, other.source == 0x0102
    assert second.sum() > 300
    np.testing.assert_array_equal(ids[second], other_ids[same])
    for name, values in plots.take(second).arrays().items():
        assert values.tobytes() == other.take(same).arrays()[name].tobytes()
    assert in_view(two, 0, looks(two, 0, truth)).all()


def test_a_clock_that_is_off_reports_late() -> None:
    _, right, _ = heard(night(BARE, "", duration=600))
    _, late, _ = heard(night(BARE, "bias_time_s = 0.75", duration=600))
    np.testing.assert_allclose(late.time_s - right.time_s, 0.75)
    np.testing.assert_array_equal(late.range_m, right.range_m)
