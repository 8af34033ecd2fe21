"""The tracker on flights whose truth is known."""

import dataclasses

import numpy as np
import pytest

from skyaccord.columns import F8, I4
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.sensors import Plots, Sites, parse_sites
from skyaccord.sensors.plots import NO_ADDRESS, SIMULATED, TEST
from skyaccord.tracks import CONFIRMED, TENTATIVE, Tracker, TrackerConfig, Tracks

SITES = parse_sites(
    """
[[sensor]]
sac = 1
sic = 1
lat_deg = 38.5
lon_deg = 68.8
height_m = 820
scan_s = 5
[[sensor]]
sac = 1
sic = 2
lat_deg = 37.4
lon_deg = 68.1
height_m = 400
scan_s = 6
""",
    "two radars",
)


def flight(seconds: F8, lat_deg: float, lon_deg: float, east: float, north: float, height_m: float) -> F8:
    """Positions (N, 3) of a level flight with constant course components, through the given point at second 0."""
    lat = np.radians(lat_deg) + north * seconds / 6.37e6
    lon = np.radians(lon_deg) + east * seconds / (6.38e6 * np.cos(np.radians(lat_deg)))
    return ecef(lat, lon, np.full_like(seconds, height_m))


def seen(
    sites: Sites, sensor: int, seconds: F8, positions: F8, rng: np.random.Generator, *, height: bool = True
) -> Plots:
    """Plots of positions with the registry's own noise."""
    axes = enu_axes(sites.lat_rad[sensor], sites.lon_rad[sensor])
    away = positions - ecef(sites.lat_rad[sensor], sites.lon_rad[sensor], sites.height_m[sensor])
    enu = away @ axes.T
    n = len(seconds)
    level = np.linalg.norm(positions, axis=1) * 0 + np.array([_height(p) for p in positions])
    return Plots.blank(n).replace(
        time_s=seconds,
        source=np.full(n, sites.source[sensor]),
        range_m=np.linalg.norm(enu, axis=1) + rng.normal(size=n) * sites.sigma_range_m[sensor],
        azimuth_rad=np.arctan2(enu[:, 0], enu[:, 1]) + rng.normal(size=n) * sites.sigma_azimuth_rad[sensor],
        pressure_alt_m=level + rng.normal(size=n) * 20 if height else np.full(n, np.nan),
    )


def _height(position: F8) -> float:
    return float(geodetic(position)[2])


def both_radars(east: float, north: float, lat: float, lon: float, seed: int, **kind: bool) -> Plots:
    rng = np.random.default_rng(seed)
    parts = []
    for sensor, scan in ((0, 5.0), (1, 6.0)):
        seconds = np.arange(0.3 + sensor, 240.0, scan)
        parts.append(seen(SITES, sensor, seconds, flight(seconds, lat, lon, east, north, 9000.0), rng, **kind))
    return in_time(Plots.concat(parts))


def in_time(plots: Plots) -> Plots:
    return plots.take(np.argsort(plots.time_s, kind="stable"))


def run(plots: Plots, until_s: float = 240.0, config: TrackerConfig | None = None) -> tuple[Tracker, Tracks]:
    tracker = Tracker(SITES, config)
    for second in range(int(until_s)):
        tracker.update(plots.take((plots.time_s >= second) & (plots.time_s < second + 1)), second + 1.0)
    return tracker, tracker.snapshot(until_s)


def test_a_radar_that_looks_ten_kilometres_far_finds_what_crosses_its_area() -> None:
    """Where a turn has as many false plots as one of 450 km, a first plot is hardly ever a target's."""
    sites = parse_sites(
        "[[sensor]]\nsac = 1\nsic = 1\nlat_deg = 38.5\nlon_deg = 68.8\nheight_m = 820\nscan_s = 2\nrange_max_km = 10",
        "a short-range radar",
    )
    seconds, found = np.arange(0.4, 60.0, 2.0), 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        heard = seen(sites, 0, seconds, flight(seconds - 30.0, 38.51, 68.8, 90.0, 40.0, 2500.0), rng)
        false = seen(
            sites, 0, rng.uniform(0, 60, 600), np.repeat(flight(np.zeros(1), 38.5, 68.8, 0, 0, 2500.0), 600, 0), rng
        )
        reach = 10e3 * np.sqrt(rng.random(600))
        plots = in_time(
            Plots.concat([heard, false.replace(range_m=reach, azimuth_rad=rng.uniform(-np.pi, np.pi, 600),
                                               pressure_alt_m=np.full(600, np.nan))])
        )  # fmt: skip
        tracker = Tracker(sites)
        for second in range(60):
            tracker.update(plots.take((plots.time_s >= second) & (plots.time_s < second + 1)), second + 1.0)
        tracks = tracker.snapshot(60.0)
        truth = flight(np.array([30.0]), 38.51, 68.8, 90.0, 40.0, 2500.0)[0]
        near = np.linalg.norm(tracks.state[:, :3] - truth, axis=1) < 500.0
        found += bool((near & (tracks.status == CONFIRMED)).any())
    assert found >= 9


def test_multilateration_tells_places_in_a_plane_and_no_slant_ranges() -> None:
    sites = parse_sites(
        '[[sensor]]\nsac = 1\nsic = 1\nkind = "mlat"\nlat_deg = 38.5\nlon_deg = 68.8\nheight_m = 820\nscan_s = 1',
        "a multilateration system",
    )
    seconds = np.arange(0.0, 60.0)
    positions = flight(seconds, 38.7, 69.0, 150.0, 60.0, 10e3)
    east, north, _ = (
        (positions - ecef(sites.lat_rad[0], sites.lon_rad[0], 820.0)) @ enu_axes(sites.lat_rad[0], sites.lon_rad[0]).T
    ).T
    heard = Plots.blank(60).replace(
        time_s=seconds,
        source=np.full(60, sites.source[0]),
        range_m=np.hypot(east, north),
        azimuth_rad=np.arctan2(east, north),
        height_m=np.full(60, 10e3),
    )
    tracker = Tracker(sites)
    tracker.update(heard, 60.0)
    (state,) = tracker.snapshot(59.0).state
    assert np.linalg.norm(state[:3] - positions[-1]) < 30.0  # as a slant range it would be 1.4 km off


def test_one_aircraft_is_one_track_where_it_is() -> None:
    errors, speeds, normalised = [], [], []
    for seed in range(12):
        _, tracks = run(both_radars(180.0, -90.0, 38.0, 68.2, seed))
        (track,) = np.flatnonzero(tracks.status == CONFIRMED)
        truth = flight(np.array([240.0, 240.5]), 38.0, 68.2, 180.0, -90.0, 9000.0)
        state = np.concatenate([truth[0], (truth[1] - truth[0]) * 2])
        gap = tracks.state[track] - state
        errors.append(np.linalg.norm(gap[:3]))
        speeds.append(np.linalg.norm(gap[3:]))
        normalised.append(gap @ np.linalg.solve(tracks.covariance[track], gap))
    assert np.median(errors) < 150
    assert np.median(speeds) < 20
    assert np.mean(normalised) < 12.0  # six degrees of freedom; a filter that believes itself too much exceeds it


def test_plots_without_height_still_track() -> None:
    _, tracks = run(both_radars(180.0, -90.0, 38.0, 68.2, 3, height=False))
    (track,) = np.flatnonzero(tracks.status == CONFIRMED)
    truth = flight(np.array([240.0]), 38.0, 68.2, 180.0, -90.0, 9000.0)[0]
    assert np.linalg.norm(tracks.state[track, :3] - truth) < 3000
    up = truth / np.linalg.norm(truth)
    gap = tracks.state[track, :3] - truth
    assert np.linalg.norm(gap - (gap @ up) * up) < 300


def test_crossing_aircraft_keep_their_tracks() -> None:
    a, b = both_radars(200.0, 0.0, 38.0, 68.0, 1), both_radars(0.0, 190.0, 37.82, 68.28, 2)
    tracker = Tracker(SITES)
    plots = in_time(Plots.concat([a, b]))
    owner = np.argsort(np.argsort(np.concatenate([a.time_s, b.time_s]), kind="stable"))[len(a) :]
    is_b = np.zeros(len(plots), bool)
    is_b[owner] = True
    number = np.full(len(plots), -1)
    for second in range(240):
        rows = np.flatnonzero((plots.time_s >= second) & (plots.time_s < second + 1))
        number[rows] = tracker.update(plots.take(rows), second + 1.0)
    late = plots.time_s > 30
    assert len(set(number[late & is_b])) == 1
    assert len(set(number[late & ~is_b])) == 1
    assert set(number[late & is_b]) != set(number[late & ~is_b])


def test_a_track_that_is_seen_no_more_coasts_and_ends() -> None:
    plots = both_radars(180.0, -90.0, 38.0, 68.2, 5)
    tracker = Tracker(SITES)
    tracker.update(plots.take(plots.time_s < 100), 100.0)
    assert (tracker.snapshot(100.0).status == CONFIRMED).sum() == 1
    assert tracker.snapshot(112.0).status.tolist() == [2]
    tracker.update(Plots.empty(), 140.0)
    assert len(tracker.snapshot(140.0)) == 0


def test_track_numbers_never_repeat() -> None:
    tracker, seen_numbers = Tracker(SITES), set()
    for k in range(5):
        plots = both_radars(180.0, -90.0, 38.0, 68.2, k)
        shifted = plots.replace(time_s=plots.time_s + 1000.0 * k)
        tracker.update(shifted, 1000.0 * k + 240.0)
        numbers = set(tracker.snapshot(1000.0 * k + 240.0).number.tolist())
        assert not numbers & seen_numbers
        seen_numbers |= numbers
        tracker.update(Plots.empty(), 1000.0 * k + 900.0)


def test_the_order_of_plots_in_a_call_does_not_matter() -> None:
    plots = in_time(Plots.concat([both_radars(200.0, 0.0, 38.0, 68.0, 1), both_radars(0.0, 190.0, 37.8, 68.3, 2)]))
    shuffled = plots.take(np.random.default_rng(0).permutation(len(plots)))
    one, two = Tracker(SITES), Tracker(SITES)
    one.update(plots, 240.0)
    two.update(shuffled, 240.0)
    np.testing.assert_array_equal(one.snapshot(240.0).state, two.snapshot(240.0).state)


def test_a_copy_goes_its_own_way() -> None:
    plots = both_radars(180.0, -90.0, 38.0, 68.2, 5)
    tracker = Tracker(SITES)
    tracker.update(plots.take(plots.time_s < 100), 100.0)
    before = tracker.snapshot(100.0)
    tracker.copy().update(plots.take(plots.time_s >= 100), 240.0)
    np.testing.assert_array_equal(tracker.snapshot(100.0).state, before.state)


def test_plots_that_cannot_be_used_are_counted() -> None:
    plots = both_radars(180.0, -90.0, 38.0, 68.2, 5)
    source, range_m, flags, time_s = (getattr(plots, k).copy() for k in ("source", "range_m", "flags", "time_s"))
    source[0], range_m[1], flags[2], time_s[3], range_m[4] = 77, np.nan, TEST, np.nan, -5.0
    tracker = Tracker(SITES)
    numbers = tracker.update(plots.replace(source=source, range_m=range_m, flags=flags, time_s=time_s), 240.0)
    assert tracker.rejected == {
        "sensor not in the registry": 1,
        "no position": 1,
        "test target": 1,
        "no time": 1,
        "negative range": 1,
    }
    assert (numbers[:5] == -1).all()
    assert np.isfinite(tracker.snapshot(240.0).state).all()


def test_an_exercise_and_real_traffic_never_meet() -> None:
    real = both_radars(180.0, -90.0, 38.0, 68.2, 5)
    played = real.replace(flags=np.full(len(real), SIMULATED))
    exercise = dataclasses.replace(TrackerConfig(), exercise=True)
    for plots, config, tracks in ((real, None, 1), (played, None, 0), (real, exercise, 0), (played, exercise, 1)):
        tracker, left = run(plots, config=config)
        assert len(left) == tracks
        assert tracker.rejected.get("of another realm", 0) == (0 if tracks else len(plots))


def test_an_address_is_followed_and_can_be_hidden() -> None:
    plots = both_radars(180.0, -90.0, 38.0, 68.2, 5)
    named = plots.replace(address=np.full(len(plots), 0x4B1234), callsign=np.full(len(plots), b"SAC101", "S8"))
    _, tracks = run(named)
    assert (tracks.address[0], tracks.callsign[0]) == (0x4B1234, b"SAC101")
    _, hidden = run(named, config=dataclasses.replace(TrackerConfig(), hide_addresses=True))
    assert (hidden.address[0], hidden.callsign[0]) == (NO_ADDRESS, b"")


def test_clutter_makes_few_tracks() -> None:
    rng = np.random.default_rng(12)
    n = 2400  # 60 a scan of 5 s over 200 s
    false = seen(SITES, 0, np.sort(rng.uniform(0, 200, n)), np.tile(ecef(0.67, 1.2, 1e3), (n, 1)), rng, height=False)
    false = false.replace(range_m=200_000 * np.sqrt(rng.random(n)), azimuth_rad=rng.uniform(-np.pi, np.pi, n))
    tracker, confirmed = Tracker(SITES), set()
    for second in range(200):
        tracker.update(false.take((false.time_s >= second) & (false.time_s < second + 1)), second + 1.0)
        now = tracker.snapshot(second + 1.0)
        confirmed |= set(now.number[now.status == CONFIRMED].tolist())
    assert len(confirmed) <= 3


@pytest.mark.parametrize("spoil", ["time_s", "range_m", "azimuth_rad", "pressure_alt_m"])
def test_wild_numbers_never_leave_as_nan(spoil: str) -> None:
    plots = both_radars(180.0, -90.0, 38.0, 68.2, 5)
    wild = getattr(plots, spoil).copy()
    wild[::3] = np.array([0.0, 1e-9, 1e7, -1e5])[np.arange(len(wild[::3])) % 4]
    tracker = Tracker(SITES)
    tracker.update(plots.replace(**{spoil: wild}), 240.0)
    tracks = tracker.snapshot(240.0)
    assert np.isfinite(tracks.state).all()
    assert (np.linalg.eigvalsh(tracks.covariance) > 0).all()


REPORTS = parse_sites("[[sensor]]\nsac = 1\nsic = 9\nkind = 'adsb'\nlat_deg = 38.5\nlon_deg = 68.8", "receiver")


@pytest.mark.parametrize("every_s", [0.5, 2.0, 5.0])
@pytest.mark.parametrize("addressed", [True, False])
def test_an_aircraft_that_reports_itself_often_is_one_track_and_every_report_is_its(
    every_s: float, addressed: bool
) -> None:
    seconds = np.arange(0.25, 120.0, every_s)
    there = flight(seconds, 38.0, 68.2, 180.0, -90.0, 9000.0)
    lat, lon, height = geodetic(there)
    n = len(seconds)
    address = np.full(n, 0x4B1234 if addressed else NO_ADDRESS)
    plots = Plots.blank(n).replace(
        time_s=seconds,
        source=np.full(n, REPORTS.source[0]),
        lat_rad=lat,
        lon_rad=lon,
        height_m=height,
        address=address,
    )
    tracker, number = Tracker(REPORTS), []
    for second in range(120):
        now = plots.take((plots.time_s >= second) & (plots.time_s < second + 1))
        number += [tracker.update(now.take(slice(k, k + 1)), second + 1.0)[0] for k in range(len(now))]
    assert set(number) == {1}
    tracks = tracker.snapshot(120.0)
    assert (tracks.status.tolist(), tracks.hits.tolist()) == ([CONFIRMED], [n])
    assert np.linalg.norm(tracks.state[0, :3] - flight(np.array([120.0]), 38.0, 68.2, 180.0, -90.0, 9000.0)[0]) < 100


def test_a_latitude_without_a_longitude_is_no_position() -> None:
    plots = both_radars(180.0, -90.0, 38.0, 68.2, 5)
    half = plots.replace(lat_rad=np.full(len(plots), 0.66))
    _, tracks = run(half)
    _, whole = run(plots)
    np.testing.assert_array_equal(tracks.state, whole.state)


def test_plots_dated_ahead_are_counted_and_leave_no_ghosts() -> None:
    plots = both_radars(180.0, -90.0, 38.0, 68.2, 5)
    tracker = Tracker(SITES)
    ahead = plots.replace(time_s=plots.time_s + np.where(np.arange(len(plots)) % 2, 40_000.0, 1e300))
    for second in range(0, 240, 4):
        rows = (plots.time_s >= second) & (plots.time_s < second + 4)
        tracker.update(Plots.concat([plots.take(rows), ahead.take(rows)]), second + 4.0)
    tracks = tracker.snapshot(240.0)
    assert tracks.status.tolist() == [CONFIRMED]
    assert tracker.rejected == {"time still to come": len(plots)}


def test_more_sensors_than_bits_share_bits_and_do_not_carry() -> None:
    text = "".join(
        f"[[sensor]]\nsac = 2\nsic = {k}\nlat_deg = 38.5\nlon_deg = {68 + k / 100}\nscan_s = 5\n" for k in range(130)
    )
    sites = parse_sites(text, "many radars")
    tracker, rng = Tracker(sites), np.random.default_rng(3)
    for second in range(0, 30, 5):
        for sensor in (1, 65, 129, 40):
            seconds = np.array([second + 0.1 + sensor / 200])
            heard = seen(sites, sensor, seconds, flight(seconds, 38.0, 68.2, 180.0, -90.0, 9000.0), rng)
            tracker.update(heard, second + 1.0)
    tracks = tracker.snapshot(27.0)
    (track,) = np.flatnonzero(tracks.status == CONFIRMED)
    assert int(tracks.sensors[track]) == 1 << 1 | 1 << 40


def followed(plots: Plots, seconds: int = 240) -> tuple[Tracker, I4]:
    """The number of each plot's track, slice by slice."""
    tracker, number = Tracker(SITES), np.full(len(plots), -1, np.int32)
    for second in range(seconds):
        rows = np.flatnonzero((plots.time_s >= second) & (plots.time_s < second + 1))
        number[rows] = tracker.update(plots.take(rows), second + 1.0)
    return tracker, number


def beside(east_m: float, seed: int, **columns: object) -> Plots:
    """One aircraft on a northerly course, so many metres east of the reference, as the nearer radar sees it."""
    rng = np.random.default_rng(seed)
    seconds = np.arange(0.3, 240.0, 5.0)
    positions = (
        flight(seconds, 38.55, 68.95, 0.0, 120.0, 5000.0) + east_m * enu_axes(np.radians(38.6), np.radians(69))[0]
    )
    plots = seen(SITES, 0, seconds, positions, rng)
    return plots.replace(**{k: np.full(len(plots), v) for k, v in columns.items()})


def test_a_pair_that_one_radar_tells_apart_stays_two_tracks() -> None:
    plots = in_time(Plots.concat([beside(0.0, 1), beside(320.0, 2)]))
    tracker, _ = followed(plots)
    assert (tracker.snapshot(240.0).status == CONFIRMED).sum() == 2


@pytest.mark.parametrize("aside_m", [2000.0, -2000.0])
def test_an_aircraft_that_turned_while_nobody_saw_it_keeps_its_number(aside_m: float) -> None:
    """Among false plots it is too far off for one plot to be its track's: a new row finds it and takes the number."""
    kept = 0
    for seed in range(10):
        rng, parts = np.random.default_rng(seed), []
        for sensor, scan in ((0, 5.0), (1, 6.0)):
            seconds = np.arange(0.3 + sensor, 130.0, scan)
            before = flight(seconds, 38.0, 68.2, 0.0, 200.0, 9000.0)
            here = flight(np.full(len(seconds), 104.0), 38.0, 68.2, 0.0, 200.0, 9000.0)
            east, north = enu_axes(np.radians(38.2), np.radians(68.2))[:2]
            course = 200.0 * np.sign(aside_m) * east - 20.0 * north
            after = here + aside_m * east + (seconds - 104.0)[:, None] * course
            parts.append(seen(SITES, sensor, seconds, np.where(seconds[:, None] < 103.0, before, after), rng))
            false = 60 * 130 // int(scan)
            parts.append(
                Plots.blank(false).replace(
                    time_s=rng.uniform(0.0, 130.0, false),
                    source=np.full(false, SITES.source[sensor]),
                    range_m=200e3 * np.sqrt(rng.uniform(0.0, 1.0, false)),
                    azimuth_rad=rng.uniform(0.0, 2 * np.pi, false),
                )
            )
        plots = in_time(Plots.concat(parts))
        tracker = Tracker(SITES)
        for second in range(130):
            rows = np.flatnonzero((plots.time_s >= second) & (plots.time_s < second + 1))
            tracker.update(plots.take(rows), second + 1.0)
            if second == 95:
                earlier = tracker.snapshot(96.0)
        later = tracker.snapshot(130.0)
        old, new = (
            tracks.number[np.argmax(np.where(tracks.status == CONFIRMED, tracks.hits, 0))]
            for tracks in (earlier, later)
        )
        kept += old == new
    assert kept >= 9


@pytest.mark.parametrize("gap_s", [10.0, 15.0])
def test_a_pair_of_which_one_is_missed_for_some_turns_stays_two_tracks(gap_s: float) -> None:
    """Two or three misses in a row happen to a target in a hundred or a thousand looks, and there are many pairs."""
    for seed in range(6):
        other = beside(150.0, 2 * seed + 2)
        silent = (other.time_s > 170.0) & (other.time_s < 170.0 + gap_s)
        plots = in_time(Plots.concat([beside(0.0, 2 * seed + 1), other.take(~silent)]))
        tracker, number = followed(plots)
        tracks = tracker.snapshot(240.0)
        before, after = (number[(plots.time_s > low) & (plots.time_s < low + 10)] for low in (160.0, 230.0))
        assert (tracks.status == CONFIRMED).sum() == 2
        assert set(before) == set(after) == set(tracks.number[tracks.status == CONFIRMED])


@pytest.mark.parametrize(("missed", "doubted", "kept"), [(2, False, True), (5, True, True), (12, True, False)])
def test_a_track_that_is_doubted_is_told_of_no_more_until_it_is_heard_again(
    missed: int, doubted: bool, kept: bool
) -> None:
    one, again_s = beside(0.0, 1), 100.0 + 5.0 * missed
    heard = (one.time_s < 100.0) | (one.time_s > again_s)
    plots = in_time(Plots.concat([one.take(heard), beside(20_000.0, 2)]))  # the radar is alive: it hears another
    tracker = Tracker(SITES)
    tracker.follow(plots.take(plots.time_s < 100.0), 100.0)
    number = tracker.snapshot(100.0).number
    gap = tracker.follow(plots.take((plots.time_s > 100.0) & (plots.time_s < again_s)), again_s)
    quiet = tracker.snapshot(again_s)
    believed = quiet.number[quiet.status != TENTATIVE]
    assert sorted([*believed, *gap.ended]) == sorted(number)
    assert len(gap.ended) == doubted
    after, tracks = tracker.follow(plots.take(plots.time_s > again_s), 240.0), tracker.snapshot(240.0)
    assert np.isin(gap.ended, after.number[:2]).all() == kept
    assert (after.status[:2] == CONFIRMED).all() == kept
    assert (tracks.status == CONFIRMED).sum() == 2
    assert (set(tracks.number[tracks.status == CONFIRMED]) == set(number)) == kept
    assert not len(after.ended)


@pytest.mark.parametrize("aside_m", [250.0, 500.0])
def test_a_doubted_track_is_not_told_of_for_a_plot_that_is_more_likely_the_other_one_of_a_pair(aside_m: float) -> None:
    one, other = beside(0.0, 1), beside(aside_m, 2)
    plots = in_time(Plots.concat([one.take((one.time_s < 100.0) | (one.time_s > 135.0)), other]))
    tracker, ended, ends = Tracker(SITES), set(), 0
    for now in range(1, 241):
        told = tracker.follow(plots.take((plots.time_s >= now - 1) & (plots.time_s < now)), float(now))
        assert not ended & set(told.ended.tolist())
        ended = (ended - set(told.number[told.status == CONFIRMED].tolist())) | set(told.ended.tolist())
        tracks = tracker.snapshot(float(now))
        assert not ended & set(tracks.number[tracks.status != TENTATIVE].tolist())
        ends += len(told.ended)
    assert ends
    assert (tracks.status == CONFIRMED).sum() == 2


def test_two_addresses_never_share_a_track() -> None:
    """So near each other that position alone cannot tell them apart."""
    plots = in_time(Plots.concat([beside(0.0, 1, address=0xA), beside(60.0, 2, address=0xB)]))
    tracker, number = followed(plots)
    for track in np.unique(number[number >= 0]):
        assert len(np.unique(plots.address[number == track])) == 1
    tracks = tracker.snapshot(240.0)
    assert sorted(tracks.address[tracks.status == CONFIRMED].tolist()) == [0xA, 0xB]


def test_one_address_is_one_track_though_two_radars_disagree_on_the_place() -> None:
    named = both_radars(180.0, -90.0, 38.0, 68.2, 5).replace()
    named = named.replace(address=np.full(len(named), 0x4B1234))
    off = np.where(named.source == SITES.source[1], np.radians(2.0), 0.0)
    tracker, _ = followed(named.replace(azimuth_rad=named.azimuth_rad + off))
    assert (tracker.snapshot(240.0).status == CONFIRMED).sum() == 1


def test_the_models_follow_what_the_aircraft_does() -> None:
    """Calm is believed on a straight course, agile in a turn of 2 g."""
    rng = np.random.default_rng(4)
    seconds = np.arange(0.3, 300.0, 5.0)
    turning = np.clip(seconds - 200.0, 0.0, None)
    course = turning * 0.13  # rad/s: 20 m/s2 at 150 m/s
    axes, centre = enu_axes(np.radians(38.7), np.radians(69.2)), ecef(np.radians(38.7), np.radians(69.2), 6000.0)
    straight = 150.0 * np.minimum(seconds, 200.0)
    round_ = 150.0 / 0.13
    east = straight + round_ * np.sin(course)
    north = round_ * (1 - np.cos(course))
    plots = seen(SITES, 0, seconds, centre + east[:, None] * axes[0] + north[:, None] * axes[1], rng)
    tracker = Tracker(SITES)
    agile = {}
    for now in (195.0, 240.0):
        tracker.update(plots.take((plots.time_s < now) & (plots.time_s >= now - 195.0)), now)
        agile[now] = float(tracker._store.bank["weight"][tracker._rows()[0], 1:].sum())
    assert agile[195.0] < 0.4
    assert agile[240.0] > 0.8
