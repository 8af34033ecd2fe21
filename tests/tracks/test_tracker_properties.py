"""What must hold of the tracker whatever it is given: symmetries, honest sums, and no number that is none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyaccord.columns import F8, I4
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.sensors import Plots, Sites, parse_sites
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.tracks import CONFIRMED, TENTATIVE, Tracker, Tracks

TURN_S = 40
NAN = np.nan


def registry(*sensors: dict[str, object]) -> Sites:
    """Sensors by what differs from the usual."""
    rows = []
    for k, keys in enumerate(sensors):
        table = {"sac": 1, "sic": k + 1, "lat_deg": 38.0, "lon_deg": 69.0, "scan_s": 5, **keys}
        rows.append("[[sensor]]\n" + "".join(f"{key} = {value!r}\n" for key, value in table.items()))
    return parse_sites("".join(rows), "these sensors")


SITES = registry(
    {"lat_deg": 38.5, "lon_deg": 68.8, "height_m": 820, "scan_s": 4},
    {"lat_deg": 37.4, "lon_deg": 68.1, "height_m": 400, "scan_s": 5},
    {"lat_deg": 38.0, "lon_deg": 70.2, "height_m": 1200, "scan_s": 6.5, "pd": 0.7},
    {"lat_deg": 38.1, "lon_deg": 68.9, "kind": "adsb", "scan_s": 2},
)


def plots_of(
    sites: Sites, sensor: int, time_s: F8, positions: F8, rng: np.random.Generator, **columns: object
) -> Plots:
    """Polar plots, or reports from an ADS-B receiver, with the registry's errors."""
    n, none = len(time_s), np.full(len(time_s), NAN)
    where = {"range_m": none, "azimuth_rad": none, "lat_rad": none, "lon_rad": none}
    lat, lon, height = geodetic(positions)
    if sites.kind[sensor] == b"adsb":
        where |= {"lat_rad": lat + rng.normal(size=n) * 1e-5, "lon_rad": lon + rng.normal(size=n) * 1e-5}
    else:
        site = ecef(sites.lat_rad[sensor], sites.lon_rad[sensor], sites.height_m[sensor])
        enu = (positions - site) @ enu_axes(sites.lat_rad[sensor], sites.lon_rad[sensor]).T
        azimuth = np.arctan2(enu[:, 0], enu[:, 1]) + rng.normal(size=n) * sites.sigma_azimuth_rad[sensor]
        reach = np.linalg.norm(enu, axis=1) + rng.normal(size=n) * sites.sigma_range_m[sensor]
        where |= {"range_m": np.abs(reach), "azimuth_rad": azimuth}
    usual = {
        "time_s": time_s,
        "source": np.full(n, sites.source[sensor]),
        "height_m": none,
        "pressure_alt_m": height + rng.normal(size=n) * 20.0,
    }
    return Plots.blank(n).replace(**{**usual, **where, **columns})


def traffic(
    seed: int, targets: int = 12, seconds: float = TURN_S, false: int = 6, sites: Sites = SITES, every_s: float = 0.0
) -> Plots:
    """Aircraft on straight courses among false plots; times are whole 1/1024 s, so that a shift of the clock is exact.

    With `every_s` all sensors hear all targets at once, so often.
    """
    rng, parts = np.random.default_rng(seed), []
    lat, lon = np.radians(rng.uniform(37.6, 38.6, targets)), np.radians(rng.uniform(68.3, 69.8, targets))
    start, axes = ecef(lat, lon, rng.uniform(2e3, 11e3, targets)), enu_axes(lat, lon)
    course, speed = rng.uniform(-np.pi, np.pi, targets), rng.uniform(80, 260, targets)
    velocity = speed[:, None] * (np.sin(course)[:, None] * axes[:, 0] + np.cos(course)[:, None] * axes[:, 1])
    names = np.where(rng.random(targets) < 0.5, NO_ADDRESS, 0xA00000 + np.arange(targets))
    for sensor in range(len(sites)):
        for k in range(targets):
            scan_s = every_s or sites.scan_s[sensor]
            time_s = np.arange(0.0 if every_s else rng.uniform(0, scan_s), seconds, scan_s)
            time_s = np.round(time_s[rng.random(len(time_s)) < sites.pd[sensor]] * 1024) / 1024
            at = start[k] + time_s[:, None] * velocity[k]
            coded = {"address": np.full(len(time_s), names[k])} if sites.kind[sensor] == b"adsb" or k % 2 else {}
            parts.append(plots_of(sites, sensor, time_s, at, rng, **coded))
        if sites.kind[sensor] != b"adsb" and false:
            time_s = np.round(np.sort(rng.uniform(0, seconds, false)) * 1024) / 1024
            time_s = np.floor(time_s / every_s) * every_s if every_s else time_s
            noise = plots_of(sites, sensor, time_s, np.tile(start[0], (false, 1)), rng)
            parts.append(noise.replace(range_m=2e5 * np.sqrt(rng.random(false)), azimuth_rad=rng.uniform(-9, 9, false)))
    plots = Plots.concat(parts)
    return plots.take(np.argsort(plots.time_s, kind="stable"))


def fed(
    plots: Plots, until_s: float, every_s: float = 1.0, sites: Sites = SITES, since_s: float = 0.0
) -> tuple[Tracker, I4]:
    """The tracker after a feed in steps, and the number that each plot was given."""
    tracker, number = Tracker(sites), np.full(len(plots), -7, np.int32)
    for low in np.arange(since_s, until_s, every_s):
        rows = np.flatnonzero((plots.time_s >= low) & (plots.time_s < low + every_s))
        number[rows] = tracker.update(plots.take(rows), low + every_s)
    return tracker, number


def sound(tracks: Tracks) -> Tracks:
    """Asserts what every snapshot promises."""
    for name in ("state", "covariance", "time_s", "updated_s"):
        assert np.isfinite(getattr(tracks, name)).all(), name
    assert not np.isinf(tracks.pressure_alt_m).any()
    cov = tracks.covariance
    sigma = np.sqrt(np.einsum("nii->ni", cov))
    scaled = cov / (sigma[:, :, None] * sigma[:, None, :])
    assert (cov == cov.transpose(0, 2, 1)).all()
    assert (np.linalg.eigvalsh(scaled) > 0).all()
    assert (np.diff(tracks.number) > 0).all()
    assert (tracks.number > 0).all()
    return tracks


def assert_same(one: Tracks, two: Tracks, but: tuple[str, ...] = ()) -> None:
    """Bit for bit, but for some columns."""
    for name, values in one.arrays().items():
        if name not in but:
            np.testing.assert_array_equal(values, getattr(two, name), err_msg=name)


# Symmetries


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 5.0, 40.0]))
def test_the_order_of_plots_in_a_call_changes_no_bit(seed: int, every_s: float) -> None:
    plots = traffic(seed)
    shuffled = np.random.default_rng(seed).permutation(len(plots))
    (one, numbers), (two, others) = fed(plots, TURN_S, every_s), fed(plots.take(shuffled), TURN_S, every_s)
    np.testing.assert_array_equal(numbers[shuffled], others)
    assert_same(sound(one.snapshot(TURN_S)), two.snapshot(TURN_S))
    assert one.rejected == two.rejected
    assert (one.snapshot(TURN_S).status == CONFIRMED).sum() >= 8  # or nothing would have been compared


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_plots_at_one_instant_changes_no_bit(seed: int) -> None:
    """All plots of a turn at once, as from a sensor that gives one time to a whole scan."""
    plots = traffic(seed, targets=20, every_s=5.0)
    shuffled = np.random.default_rng(seed).permutation(len(plots))
    (one, numbers), (two, others) = fed(plots, TURN_S), fed(plots.take(shuffled), TURN_S)
    np.testing.assert_array_equal(numbers[shuffled], others)
    assert_same(one.snapshot(TURN_S), two.snapshot(TURN_S))
    assert (one.snapshot(TURN_S).hits > 8).sum() >= 15


def test_the_order_of_plots_at_one_place_and_instant_changes_no_bit() -> None:
    plots = repeated(6, mode_a=np.arange(1, 7), pressure_alt_m=np.arange(1, 7) * 1000.0)
    one, two = Tracker(SITES), Tracker(SITES)
    one.update(plots, 5.0)
    two.update(plots.take(slice(None, None, -1)), 5.0)
    assert_same(one.snapshot(5.0), two.snapshot(5.0))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(-(10**9), 10**9))
def test_a_shift_of_the_clock_by_whole_seconds_changes_no_bit(seed: int, shift_s: int) -> None:
    """Times are whole 1/1024 s here: what floating point loses of other times so far from 1970 is not ours to keep."""
    plots = traffic(seed)
    one, numbers = fed(plots, TURN_S, 2.0)
    two, others = fed(plots.replace(time_s=plots.time_s + shift_s), TURN_S + shift_s, 2.0, since_s=shift_s)
    np.testing.assert_array_equal(numbers, others)
    here, there = one.snapshot(TURN_S + 0.5), two.snapshot(TURN_S + shift_s + 0.5)
    assert_same(here, there, but=("time_s", "updated_s"))
    np.testing.assert_array_equal(here.updated_s + shift_s, there.updated_s)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-np.pi, np.pi))
def test_a_world_turned_about_the_axis_turns_its_tracks(seed: int, angle: float) -> None:
    plots = traffic(seed)
    turned_sites = SITES.replace(lon_rad=np.mod(SITES.lon_rad + angle + np.pi, 2 * np.pi) - np.pi)
    one, numbers = fed(plots, TURN_S)
    two, others = fed(plots.replace(lon_rad=plots.lon_rad + angle), TURN_S, sites=turned_sites)
    np.testing.assert_array_equal(numbers, others)
    here, there = one.snapshot(TURN_S), two.snapshot(TURN_S)
    sin, cos = np.sin(angle), np.cos(angle)
    turn = np.kron(np.eye(2), [[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    scale = np.repeat([1.0, 0.1], 3)
    assert np.abs((here.state @ turn.T - there.state) / scale).max(initial=0.0) < 1e-3
    gap = turn @ here.covariance @ turn.T - there.covariance
    assert np.abs(gap / np.trace(here.covariance, axis1=1, axis2=2)[:, None, None]).max(initial=0.0) < 1e-6


def test_a_world_mirrored_north_to_south_is_mirrored() -> None:
    """As above, for the one other symmetry that an ellipsoid has; what turns right now turns left."""
    plots = traffic(11)
    mirrored = plots.replace(azimuth_rad=np.pi - plots.azimuth_rad, lat_rad=-plots.lat_rad)
    one, numbers = fed(plots, TURN_S)
    two, others = fed(mirrored, TURN_S, sites=SITES.replace(lat_rad=-SITES.lat_rad))
    np.testing.assert_array_equal(numbers, others)
    flip = np.array([1, 1, -1, 1, 1, -1])
    np.testing.assert_allclose(one.snapshot(TURN_S).state * flip, two.snapshot(TURN_S).state, rtol=0, atol=1e-3)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_one_call_or_many_at_slice_boundaries_are_the_same(seed: int) -> None:
    plots = traffic(seed, false=20)
    (one, numbers), (two, others) = fed(plots, TURN_S, float(TURN_S)), fed(plots, TURN_S, 1.0)
    np.testing.assert_array_equal(numbers, others)
    assert_same(one.snapshot(TURN_S), two.snapshot(TURN_S))
    assert one.rejected == two.rejected


def test_a_silence_within_a_call_ends_tracks_as_one_between_calls_does() -> None:
    plots = traffic(5, targets=3, seconds=300.0, false=0)
    plots = plots.take((plots.time_s < 40) | (plots.time_s > 200))
    (one, numbers), (two, others) = fed(plots, 300.0, 300.0), fed(plots, 300.0, 1.0)
    np.testing.assert_array_equal(numbers, others)
    assert_same(one.snapshot(300.0), two.snapshot(300.0))


def crowd(scans: int, n: int) -> Plots:
    """So many targets, so near each other, that plots of one slice compete: one sensor, a turn within a second."""
    rng = np.random.default_rng(8)
    where = ecef(np.radians(rng.uniform(38.0, 38.3, n)), np.radians(rng.uniform(69.0, 69.4, n)), np.full(n, 5e3))
    parts = []
    for k in range(scans):
        time_s = 4.0 * k + rng.integers(0, 1000, n) / 1024
        parts.append(plots_of(SITES, 0, time_s, where, rng))
    return Plots.concat(parts)


def test_one_call_or_many_are_the_same_for_more_plots_than_the_loops_take_at_once() -> None:
    plots = crowd(5, 1500)
    assert len(plots) > 4096
    (_, numbers), (_, others) = fed(plots, 20.0, 20.0), fed(plots, 20.0, 1.0)
    np.testing.assert_array_equal(numbers, others)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.permutations(range(4)))
def test_the_registrys_order_changes_numbers_alone(seed: int, order: list[int]) -> None:
    """Where no slice of time has plots of two sensors: else they are taken in the registry's order, not in time."""
    plots = traffic(seed)
    turn = np.searchsorted(np.sort(SITES.source), plots.source)
    plots = plots.replace(time_s=np.floor(plots.time_s) * 4 + turn + plots.time_s % 1.0)
    slow, shuffled = SITES.replace(scan_s=SITES.scan_s * 4), np.array(order)
    (one, _), (two, _) = fed(plots, 4.0 * TURN_S, sites=slow), fed(plots, 4.0 * TURN_S, sites=slow.take(shuffled))
    here, there = one.snapshot(4.0 * TURN_S), two.snapshot(4.0 * TURN_S)
    assert_same(here, there, but=("sensors",))
    bits = np.zeros(len(there), np.uint64)
    for now, before in enumerate(order):
        bits |= (there.sensors >> np.uint64(now) & np.uint64(1)) << np.uint64(before)
    np.testing.assert_array_equal(here.sensors, bits)


def test_the_registrys_order_moves_no_track_by_more_than_a_part_of_its_error() -> None:
    plots = traffic(21, false=0)
    one, _ = fed(plots, TURN_S)
    for order in ([3, 2, 1, 0], [1, 3, 0, 2]):
        two, _ = fed(plots, TURN_S, sites=SITES.take(np.array(order)))
        here, there = one.snapshot(TURN_S), two.snapshot(TURN_S)
        assert len(here) == len(there)
        apart = np.linalg.norm(here.state[:, None, :3] - there.state[None, :, :3], axis=2)
        other = apart.argmin(axis=1)
        assert len(set(other.tolist())) == len(here)
        gap = here.state - there.state[other]
        d2 = np.einsum("ni,nij,nj->n", gap, np.linalg.inv(here.covariance), gap)
        assert np.median(d2) < 0.1
        assert d2.max() < 6.0


# The store


def assert_in_order(tracker: Tracker) -> None:
    """Every row is in use or to be given away, never both; rows of nests are their nests', and of one track."""
    store = tracker._store
    counts, bank, pins = store.counts[0], store.bank, store.pins
    top, spare, retired = int(counts["top"]), int(counts["spare"]), int(counts["retired"])
    live = np.flatnonzero(pins["live"])
    assert (live < top).all()
    assert (store.wake_s[:top] < np.inf).nonzero()[0].tolist() == live.tolist()
    assert (bank["number"][live] > 0).all()
    given = np.concatenate([store.free[:spare], store.free[len(store.free) - retired :]])
    assert sorted(given.tolist()) == sorted(set(range(top)) - set(live.tolist()))
    assert (bank["claims"][live] == 0).all()
    assert (bank["holder"][live] == -1).all()
    nested = {}
    for n in np.flatnonzero(store.nests["tracks"]):
        nest = store.nests[n]
        many, tracks = int(nest["hypotheses"]), int(nest["tracks"])
        assert many > 1
        assert nest["holder"] == -1
        assert nest["weight"][:many].sum() == pytest.approx(1.0)
        assert (np.diff(nest["weight"][:many]) <= 0).all()
        leaf = nest["leaf"][:many, :tracks]
        for j in range(tracks):
            assert bank["number"][leaf[0, j]] == nest["number"][j]
            assert len(set(leaf[:, j].tolist())) > 1  # else it is certain and has left
        for t in np.unique(leaf):
            assert nested.setdefault(int(t), int(n)) == n
            assert bank["lead"][t] == (t in leaf[0])
    assert {int(t): int(bank["nest"][t]) for t in live if bank["nest"][t] != -1} == nested
    leads = live[bank["lead"][live] == 1]
    assert len(set(bank["number"][leads].tolist())) == len(leads)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([300.0, 1000.0, 3000.0]))
def test_rows_and_nests_stay_in_order_where_targets_fly_together(seed: int, apart_m: float) -> None:
    """Formations and false plots: nests form, meet, are too large, and end."""
    rng, parts = np.random.default_rng(seed), []
    lat, lon = np.radians(rng.uniform(37.9, 38.1, 4)), np.radians(rng.uniform(68.9, 69.1, 4))
    for k in range(12):
        start = ecef(lat[k % 4], lon[k % 4], 8e3) + rng.normal(size=3) * apart_m
        velocity = np.roll([160.0, 120.0, 0.0], k % 4) + rng.normal(size=3)
        for sensor in range(3):
            time_s = np.arange(rng.uniform(0, SITES.scan_s[sensor]), 60.0, SITES.scan_s[sensor])
            time_s = time_s[rng.random(len(time_s)) < 0.8]
            parts.append(plots_of(SITES, sensor, time_s, start + time_s[:, None] * velocity, rng))
    lat, lon = np.radians(rng.uniform(37.8, 38.2, 400)), np.radians(rng.uniform(68.8, 69.2, 400))
    parts.append(plots_of(SITES, 0, rng.uniform(0, 60, 400), ecef(lat, lon, np.full(400, 8e3)), rng))
    plots = Plots.concat(parts)
    tracker, most = Tracker(SITES), 0
    for low in np.arange(0.0, 60.0, 0.7):
        tracker.update(plots.take((plots.time_s >= low) & (plots.time_s < low + 0.7)), low + 0.7)
        assert_in_order(tracker)
        most = max(most, int(tracker._store.nests["tracks"].sum()))
    assert most > 2 or apart_m > 300.0


def test_a_store_is_hardly_larger_than_its_tracks() -> None:
    """Reports come one by one: of thousands in one call none needs room for another."""
    rng, n = np.random.default_rng(5), 4000
    lat, lon = np.radians(rng.uniform(34.0, 42.0, n)), np.radians(rng.uniform(64.0, 74.0, n))
    tracker = Tracker(SITES)
    tracker.update(plots_of(SITES, 3, rng.uniform(0, 4, n), ecef(lat, lon, np.full(n, 9e3)), rng), 4.0)
    assert len(tracker) > 0.9 * n
    assert len(tracker._store.bank) < 1.2 * len(tracker)


def test_a_copy_is_its_own_though_the_store_grows_where_it_lies() -> None:
    plots = traffic(6, targets=40)
    tracker = Tracker(SITES)
    tracker.update(plots.take(plots.time_s < 1.0), 1.0)
    rest, held, other = plots.take(plots.time_s >= 1.0), len(tracker._store.bank), tracker.copy()
    told = tracker.update(rest, TURN_S)
    assert len(tracker._store.bank) > held
    assert other.update(rest, TURN_S).tolist() == told.tolist()
    assert_same(other.snapshot(TURN_S), tracker.snapshot(TURN_S))


# Accounts


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_every_plot_gets_one_answer_and_the_sums_add_up(seed: int) -> None:
    plots, rng = traffic(seed, false=20), np.random.default_rng(seed)
    wild = {name: getattr(plots, name).copy() for name in ("time_s", "source", "range_m", "flags", "azimuth_rad")}
    for name, values in (("time_s", [NAN, np.inf, 1e9]), ("source", [9, 65535]), ("range_m", [NAN, -1.0]),
                         ("flags", range(128)), ("azimuth_rad", [NAN, np.inf])):  # fmt: skip
        spoilt = rng.random(len(plots)) < 0.1
        wild[name][spoilt] = rng.choice(np.array(values), spoilt.sum())
    plots, tracker = plots.replace(**wild), Tracker(SITES)
    told = tracker.follow(plots, TURN_S)
    assert (len(told.number), told.state.shape, len(told.status)) == (len(plots), (len(plots), 6), len(plots))
    assert ((told.number == -1) | (told.number > 0)).all()
    assert tracker.used + sum(tracker.rejected.values()) - tracker.rejected.get("repeats a track's plot", 0) == len(
        plots
    )
    assert (told.number == -1).sum() == sum(tracker.rejected.values())
    assert np.isfinite(told.state[told.number > 0]).all()
    tracks = sound(tracker.snapshot(TURN_S))
    hits = np.bincount(told.number[told.number > 0], minlength=int(tracks.number.max(initial=0)) + 1)
    assert (hits[tracks.number] <= tracks.hits).all()  # two young tracks may be made of one plot
    believed = tracks.status != TENTATIVE
    assert (tracks.hits[believed] - hits[tracks.number][believed] <= 6).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_numbers_never_repeat_and_what_ended_is_told_of_only_once_heard_again(seed: int) -> None:
    plots, tracker = traffic(seed, targets=20, false=60), Tracker(SITES)
    highest, gone, ended = 0, set(), set()
    before = tracker.snapshot(0.0)
    for second in range(TURN_S):
        rows = (plots.time_s >= second) & (plots.time_s < second + 1)
        lived = set(before.number.tolist())
        told = tracker.follow(plots.take(rows), second + 1.0)
        named = set(told.number[told.number > 0].tolist())
        assert not named & gone
        new = named - lived
        assert all(number > highest for number in new)
        highest = max(highest, max(new, default=0))
        after = tracker.snapshot(second + 1.0)
        alive = set(after.number.tolist())
        assert len(alive) == len(tracker)
        assert not alive & gone
        gone |= (lived | named) - alive
        # what is believed has had a plot that says so since it was last told to have ended, and nothing ends unsaid
        ended = (ended | set(told.ended.tolist())) - set(told.number[told.status == CONFIRMED].tolist())
        believed = set(after.number[after.status != TENTATIVE].tolist())
        assert not believed & ended
        assert set(before.number[before.status != TENTATIVE].tolist()) - believed <= set(told.ended.tolist())
        before = after


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, TURN_S - 1))
def test_a_copy_and_its_original_go_their_own_ways(seed: int, at_s: int) -> None:
    """And either goes on as one tracker alone would have."""
    plots, other = traffic(seed), traffic(seed + 1)
    early, late = plots.take(plots.time_s < at_s), plots.take(plots.time_s >= at_s)
    alone, _ = fed(early, at_s)
    first, _ = fed(early, at_s)
    second = first.copy()
    before = first.snapshot(at_s)
    second.update(other.take(other.time_s >= at_s), TURN_S)
    assert_same(first.snapshot(at_s), before)
    used, rejected = first.used, dict(first.rejected)
    first.update(late, TURN_S)
    alone.update(late, TURN_S)
    assert_same(first.snapshot(TURN_S), alone.snapshot(TURN_S))
    fresh, _ = fed(early, at_s)
    fresh.update(other.take(other.time_s >= at_s), TURN_S)
    assert_same(second.snapshot(TURN_S), fresh.snapshot(TURN_S))
    assert used == len(early) - sum(rejected.values()) + rejected.get("repeats a track's plot", 0)


# Nothing that is not a number ever leaves


def check(tracker: Tracker, plots: Plots, time_s: float) -> None:
    """One step that must leave nothing that is not a number."""
    told = tracker.follow(plots, time_s)
    assert np.isfinite(told.state[told.number > 0]).all()
    assert np.isfinite(told.ended_s).all()
    sound(tracker.snapshot(time_s))


WILD = {
    "range_m": [0.0, 1e-9, 1.0, 1e7, 5e5, NAN],
    "azimuth_rad": [1e6, -1e6, 0.0, NAN],
    "pressure_alt_m": [-1e5, 1e9, 0.0, 1e5, -1e9, NAN],
    "height_m": [-1e5, 1e9, 0.0, 8e6, NAN],
    "lat_rad": [np.pi / 2, -np.pi / 2, 0.0, NAN],
    "lon_rad": [np.pi, -np.pi, 1e6, NAN],
    "east_mps": [1e4, -1e4, 0.0, NAN],
    "north_mps": [1e4, 0.0, NAN],
    "range_rate_mps": [-1e4, 1e4, 0.0, 1e6, NAN, NAN],
    "address": [0, 1, NO_ADDRESS],
    "mode_a": [0, 1, NO_MODE_A],
    "flags": [0, 32, 64],
}

EDGES = registry(
    {"lat_deg": 90.0, "lon_deg": 0.0},
    {"lat_deg": -90.0, "lon_deg": 180.0, "kind": "adsb"},
    {"lat_deg": 0.0, "lon_deg": -180.0, "sigma_range_m": 0.1, "sigma_azimuth_deg": 0.001, "sigma_height_m": 0.1},
    {"lat_deg": 38.0, "lon_deg": 69.0, "sigma_range_m": 10_000, "sigma_azimuth_deg": 2.0, "sigma_height_m": 10_000},
    {"lat_deg": 38.0, "lon_deg": 69.0, "scan_s": 0.1, "pd": 1.0, "clutter_per_scan": 0.0, "range_max_km": 0.1},
    {"lat_deg": 38.0, "lon_deg": -111.0, "scan_s": 60.0, "pd": 0.01, "clutter_per_scan": 1e6, "range_max_km": 2000},
    {"lat_deg": 38.0, "lon_deg": 69.0, "kind": "passive", "sigma_azimuth_deg": 20.0, "range_max_km": 2000},
    {"lat_deg": 0.0, "lon_deg": -180.0, "kind": "passive", "sigma_azimuth_deg": 0.001, "sigma_range_rate_mps": 0.1},
)


def drive_wild(seed: int, n: int, steady: bool, lags: list[float], silence_s: float = 60.0) -> None:
    """Some steps of any mixture of edge values; clock and plots may go back, and nothing may come for some time."""
    rng, tracker = np.random.default_rng(seed), Tracker(EDGES)
    now_s = 1.7e9
    same = {name: rng.choice(np.array(values)) for name, values in WILD.items()}
    for _ in range(6):
        columns = {
            name: np.where(rng.random(n) < (0.8 if steady else 0.0), same[name], rng.choice(np.array(values), n))
            for name, values in WILD.items()
        }
        plots = Plots.blank(n).replace(
            **columns, time_s=now_s + rng.choice(lags, n), source=rng.choice(EDGES.source, n)
        )
        check(tracker, plots, now_s)
        now_s += rng.choice([0.0, 0.5, 5.0, 60.0, silence_s, -30.0])


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.booleans())
def test_wild_plots_leave_nothing_that_is_not_a_number(seed: int, n: int, steady: bool) -> None:
    """From sensors at the edges of what a registry may say."""
    drive_wild(seed, n, steady, [0.0, -0.1, -5.0, -100.0, 9.0])


def test_plots_after_days_of_silence_leave_nothing_that_is_not_a_number() -> None:
    for seed in (93599786, *range(60)):
        drive_wild(seed, 20, False, [0.0, -0.1, -5.0, -100.0, 9.0], silence_s=1e6)


def test_plots_of_years_ago_leave_nothing_that_is_not_a_number() -> None:
    for seed in range(100):
        drive_wild(seed, 22, False, [0.0, -1e5, -1e6, -1.7e9])


def test_a_plot_of_a_quarter_of_an_hour_ago_does_not_make_a_track_sure_of_itself() -> None:
    plots = traffic(2, targets=3, false=0)
    tracker, _ = fed(plots, TURN_S)
    before = tracker.snapshot(TURN_S)
    back = before.state[:, :3] - 1000.0 * before.state[:, 3:]
    n, rng = len(before), np.random.default_rng(1)
    tracker.update(plots_of(SITES, 3, np.full(n, TURN_S - 1000.0), back, rng, address=before.address), TURN_S)
    after = tracker.snapshot(TURN_S)
    after = after.take(np.isin(after.number, before.number))
    speed = np.sqrt(np.einsum("nii->n", after.covariance[:, 3:, 3:]))
    assert (speed > 0.3 * np.sqrt(np.einsum("nii->n", before.covariance[:, 3:, 3:]))).all()


def test_a_time_of_the_distant_past_does_not_stop_the_tracker() -> None:
    plots, tracker = traffic(4), Tracker(SITES)
    check(tracker, plots.replace(time_s=np.where(np.arange(len(plots)) == 0, -1e17, plots.time_s)), TURN_S)


@pytest.mark.parametrize("range_m", [1e10, 1e12, 1e200])
def test_a_range_beyond_the_moon_does_not_stop_the_tracker(range_m: float) -> None:
    plots, tracker = traffic(4), Tracker(SITES)
    far = np.where((np.arange(len(plots)) % 7 == 0) & np.isfinite(plots.range_m), range_m, plots.range_m)
    check(tracker, plots.replace(range_m=far), TURN_S)


def repeated(n: int, **columns: object) -> Plots:
    """So many times one plot of a radar."""
    plots = traffic(1, targets=1, false=0)
    first = np.flatnonzero(plots.source == SITES.source[0])[:1]
    return plots.take(np.repeat(first, n)).replace(**{name: np.broadcast_to(v, n) for name, v in columns.items()})


def test_thousands_of_plots_at_one_point_and_instant_over_several_turns() -> None:
    tracker = Tracker(SITES)
    for k in range(4):
        check(tracker, repeated(3000, time_s=4.0 * k), 4.0 * k + 0.5)
    assert tracker.used == 12_000


def test_a_hundred_thousand_plots_in_one_scan() -> None:
    rng, n = np.random.default_rng(2), 100_000
    plots = repeated(
        n, range_m=4e5 * np.sqrt(rng.random(n)), azimuth_rad=rng.uniform(-4, 4, n), time_s=rng.random(n) * 4
    )
    tracker = Tracker(SITES)
    check(tracker, plots, 4.0)
    assert tracker.used == n
    tracker.update(Plots.empty(), 1e3)
    assert len(tracker) == 0


def test_times_that_go_back_and_plots_older_than_any_track() -> None:
    plots, tracker = traffic(4), Tracker(SITES)
    check(tracker, plots, TURN_S)
    for back_s in (5.0, 100.0, 1e4, 1e9):
        check(tracker, plots.replace(time_s=plots.time_s - back_s), TURN_S)
        check(tracker, plots.take(slice(0, 5)), 20.0)
        check(tracker, Plots.empty(), TURN_S - back_s)
    check(tracker, plots.replace(time_s=plots.time_s + 1e9), TURN_S + 1e9)


def test_a_target_on_the_antenna_and_one_at_the_antipode() -> None:
    """Range nil and the Earth's diameter, turn after turn, so that tracks form there."""
    tracker = Tracker(SITES)
    for k in range(8):
        near_and_far = repeated(
            4, range_m=[0.0, 1e-9, 12.7e6, 12.7e6], azimuth_rad=[0.0, 3.0, 1.0, 1.0 + np.pi], time_s=4.0 * k
        )
        check(tracker, near_and_far, 4.0 * k + 1)


def test_a_target_over_the_pole_is_one_track() -> None:
    """From one side of the pole to the other, past a radar that stands on it."""
    sites, rng = registry({"lat_deg": 90.0, "lon_deg": 0.0, "height_m": 100}), np.random.default_rng(6)
    time_s = np.arange(0.5, 400.0, 5.0)
    across = 240.0 * (time_s - 200.0)
    at = ecef(np.pi / 2 - np.abs(across) / 6.4e6, np.where(across < 0, 0.5, 0.5 + np.pi), np.full(len(time_s), 9e3))
    tracker, number = fed(plots_of(sites, 0, time_s, at, rng), 400.0, 5.0, sites)
    assert len(set(number[2:].tolist())) == 1
    tracks = sound(tracker.snapshot(400.0))
    assert np.linalg.norm(tracks.state[0, :3] - at[-1]) < 240.0 * 5 + 500.0


def test_a_target_across_the_date_line_is_one_track_whatever_longitude_reports_write() -> None:
    sites, rng = registry({"lat_deg": 10.0, "lon_deg": 179.9, "kind": "adsb"}), np.random.default_rng(7)
    time_s = np.arange(0.5, 120.0, 2.0)
    lon = np.pi + (time_s - 60.0) * 240.0 / 6.3e6
    at = ecef(np.full(len(lon), 0.17), lon, np.full(len(lon), 9e3))
    plots = plots_of(sites, 0, time_s, at, rng)
    plots = plots.replace(lon_rad=plots.lon_rad + 2 * np.pi * (np.arange(len(lon)) % 3 - 1))
    _, number = fed(plots, 120.0, 2.0, sites)
    assert len(set(number[2:].tolist())) == 1


@pytest.mark.parametrize("speed_mps", [1e9, 1e100, 1e200])
def test_an_impossible_velocity_is_not_believed(speed_mps: float) -> None:
    time_s = np.arange(0.5, 60.0, 2.0)
    at = ecef(np.full(30, 0.66), 1.2 + time_s * 3e-5, np.full(30, 9e3))
    plots = plots_of(
        SITES, 3, time_s, at, np.random.default_rng(1), east_mps=np.full(30, 150.0), north_mps=np.zeros(30)
    )
    plots.east_mps[20] = speed_mps
    told = Tracker(SITES).follow(plots, 60.0)
    assert np.isfinite(told.state).all()
    assert np.abs(told.state[:, 3:]).max() < 1e4


def test_an_infinite_altitude_does_not_leave() -> None:
    tracker = Tracker(SITES)
    tracker.update(repeated(1, pressure_alt_m=np.inf), 4.5)
    sound(tracker.snapshot(4.5))


def test_a_snapshot_of_a_moment_ago_is_of_that_moment() -> None:
    plots = traffic(9, targets=4, false=0)
    tracker, _ = fed(plots, TURN_S)
    now, ago = tracker.snapshot(TURN_S), tracker.snapshot(TURN_S - 5.0)
    back = now.state[:, :3] - 5.0 * now.state[:, 3:]
    assert np.linalg.norm(ago.state[:, :3] - back, axis=1).max() < 50.0


def test_a_young_track_takes_one_plot_of_a_turn() -> None:
    sites, rng = registry({"clutter_per_scan": 0.1}), np.random.default_rng(0)
    at, tracker = ecef(np.radians(38.5), np.radians(69.5), 9e3), Tracker(sites)
    tracker.update(plots_of(sites, 0, np.array([0.5]), at[None], rng), 1.0)
    told = tracker.update(plots_of(sites, 0, np.array([5.5, 5.6]), np.array([at, at + 80.0]), rng), 6.0)
    assert told[0] != told[1]
    assert tracker.snapshot(6.0).hits.max() == 2


def test_a_plot_that_repeats_another_is_told_no_state() -> None:
    tracker = Tracker(SITES)
    for k in range(6):
        tracker.update(repeated(1, time_s=4.0 * k), 4.0 * k + 1.0)
    told = tracker.follow(repeated(1, time_s=21.2), 22.0)
    assert tracker.rejected == {"repeats a track's plot": 1}
    assert told.number.tolist() == [-1]
    assert np.isnan(told.state).all()
