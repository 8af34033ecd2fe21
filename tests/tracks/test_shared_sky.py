"""One sky shared out by area: the same aircraft, each under one number, wherever it flies."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyaccord.columns import F8, I4
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.sensors import Plots, Sites, parse_sites
from skyaccord.tracks import CONFIRMED, TENTATIVE, SharedTracker, Tracker, Tracks, Updates

WORDS = "".join(
    f"[[sensor]]\nsac = 1\nsic = {k + 1}\nlat_deg = {lat}\nlon_deg = {lon}\nheight_m = 500\nscan_s = {scan_s}\n"
    "range_max_km = 250\nclutter_per_scan = 10\n"
    for k, (lat, lon, scan_s) in enumerate([(40.0, 62.0, 5), (40.3, 64.0, 4), (39.8, 66.0, 6), (40.0, 68.0, 5)])
)
SITES = parse_sites(WORDS, "four radars in a row")
UNTIL_S = 240.0


def sky(seed: int, targets: int = 12) -> tuple[Plots, I4]:
    """Aircraft, most of them along the row of radars, behind clutter; and whose each plot is, -1 clutter."""
    rng, parts, labels = np.random.default_rng(seed), [], []
    lat, lon = np.radians(rng.uniform(39.2, 40.8, targets)), np.radians(rng.uniform(61.5, 68.5, targets))
    start, axes = ecef(lat, lon, rng.uniform(6e3, 11e3, targets)), enu_axes(lat, lon)
    east = rng.choice([-1.0, 1.0], targets) * rng.uniform(180, 280, targets)
    north = rng.normal(size=targets) * 30.0
    velocity = east[:, None] * axes[:, 0] + north[:, None] * axes[:, 1]
    for s in range(len(SITES)):
        base = ecef(SITES.lat_rad[s], SITES.lon_rad[s], SITES.height_m[s])
        frame = enu_axes(SITES.lat_rad[s], SITES.lon_rad[s])
        for k in range(targets):
            time_s = np.arange(rng.uniform(0, SITES.scan_s[s]), UNTIL_S, SITES.scan_s[s])
            time_s = time_s[rng.random(len(time_s)) < 0.9]
            enu = (start[k] + time_s[:, None] * velocity[k] - base) @ frame.T
            reach = np.linalg.norm(enu, axis=1) + rng.normal(size=len(time_s)) * SITES.sigma_range_m[s]
            azimuth = np.arctan2(enu[:, 0], enu[:, 1]) + rng.normal(size=len(time_s)) * SITES.sigma_azimuth_rad[s]
            seen = reach < SITES.range_max_m[s]
            parts.append(plots_of(s, time_s[seen], reach[seen], azimuth[seen]))
            labels.append(np.full(int(seen.sum()), k))
        false = rng.poisson(10 * UNTIL_S / SITES.scan_s[s])
        reach = SITES.range_max_m[s] * np.sqrt(rng.random(false))
        parts.append(plots_of(s, rng.uniform(0, UNTIL_S, false), reach, rng.uniform(-np.pi, np.pi, false)))
        labels.append(np.full(false, -1))
    plots, label = Plots.concat(parts), np.concatenate(labels)
    order = np.argsort(plots.time_s, kind="stable")
    return plots.take(order), label[order].astype(np.int32)


def bearings_of(plots: Plots, label: I4, listener: Sites) -> tuple[Plots, I4]:
    """What a site that only listens hears of the targets, when radars have a plot of them."""
    k = np.flatnonzero(label >= 0)
    row, azimuth = SITES.rows[plots.source[k]], plots.azimuth_rad[k]
    flat = np.stack([np.sin(azimuth), np.cos(azimuth), np.zeros(len(k))], axis=1)[:, None]
    base, axes = ecef(SITES.lat_rad, SITES.lon_rad, SITES.height_m), enu_axes(SITES.lat_rad, SITES.lon_rad)
    place = base[row] + plots.range_m[k, None] * (flat @ axes[row])[:, 0]
    away = place - ecef(listener.lat_rad, listener.lon_rad, listener.height_m)
    east, north, _ = (away @ enu_axes(listener.lat_rad, listener.lon_rad)[0].T).T
    blank = Plots.blank(len(k)).replace(source=np.full(len(k), listener.source[0]), azimuth_rad=np.arctan2(east, north))
    return blank.replace(time_s=plots.time_s[k] + 0.2), label[k]


def plots_of(sensor: int, time_s: F8, range_m: F8, azimuth_rad: F8) -> Plots:
    n = len(time_s)
    return Plots.blank(n).replace(
        time_s=time_s, source=np.full(n, SITES.source[sensor]), range_m=range_m, azimuth_rad=azimuth_rad
    )


def fed(tracker: Tracker | SharedTracker, plots: Plots, every_s: float = 4.0) -> tuple[list[Updates], list[Tracks]]:
    updates, pictures = [], []
    for now in np.arange(every_s, UNTIL_S + 0.1, every_s):
        rows = (plots.time_s >= now - every_s) & (plots.time_s < now)
        updates.append(tracker.follow(plots.take(rows), float(now)))
        pictures.append(tracker.snapshot(float(now)))
    return updates, pictures


@pytest.mark.parametrize("areas", [1, 2, 3])
def test_who_crosses_from_area_to_area_keeps_one_number(areas: int) -> None:
    crossed = 0
    for seed in range(6):
        plots, label = sky(seed)
        shared, alone = SharedTracker(SITES, areas=areas), Tracker(SITES)
        updates, pictures = fed(shared, plots)
        number = np.concatenate([u.number for u in updates])
        status = np.concatenate([u.status for u in updates])
        others, _ = fed(alone, plots)
        wanted = np.concatenate([u.number for u in others])
        wanted_status = np.concatenate([u.status for u in others])
        for k in range(12):
            mine = label == k
            told = number[mine & (status == CONFIRMED)]
            one = wanted[mine & (wanted_status == CONFIRMED)]
            assert len(told) > 0.95 * len(one)
            # as many numbers as one area gives, which is one but for a rare break
            assert len(np.unique(told)) == len(np.unique(one))
        edges = shared._edges[1:-1]
        for tracks in pictures:
            assert len(np.unique(tracks.number)) == len(tracks)
            assert (np.diff(tracks.number) > 0).all()
        first = {
            int(n): float(p @ shared._axis) for t in pictures for n, p in zip(t.number, t.state[:, :3], strict=True)
        }
        last = {}
        for tracks in pictures[::-1]:
            for n, p in zip(tracks.number.tolist(), tracks.state[:, :3], strict=True):
                last[n] = float(p @ shared._axis)
        offset = float(shared._origin @ shared._axis)
        for edge in edges:
            crossed += sum((first[n] - offset - edge) * (last[n] - offset - edge) < 0 for n in last)
    assert crossed >= 4 * (areas - 1)


def test_tracks_are_where_one_area_has_them() -> None:
    plots, _ = sky(7)
    near = []
    shared, alone = fed(SharedTracker(SITES, areas=3), plots)[1], fed(Tracker(SITES), plots)[1]
    for ours, theirs in zip(shared[8:], alone[8:], strict=True):
        ours, theirs = ours.take(ours.status == CONFIRMED), theirs.take(theirs.status == CONFIRMED)
        apart = np.linalg.norm(ours.state[:, None, :3] - theirs.state[None, :, :3], axis=2)
        sigma = np.sqrt(np.einsum("nii->n", theirs.covariance[:, :3, :3]))
        assert abs(len(ours) - len(theirs)) <= 1
        near.append(apart.min(axis=0) < 0.1 * sigma)
    assert np.concatenate(near).mean() > 0.95  # a border cuts a sensor's account of clutter, and little else


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 4]))
def test_the_same_plots_give_the_same_tracks_to_the_last_bit(seed: int, areas: int) -> None:
    plots, _ = sky(seed, targets=6)
    (one, pictures), (two, others) = (fed(SharedTracker(SITES, areas=areas), plots, 20.0) for _ in range(2))
    for a, b in zip(one, two, strict=True):
        for name in ("number", "time_s", "state", "hits", "status", "ended", "ended_s"):
            assert np.array_equal(getattr(a, name), getattr(b, name), equal_nan=True)
    for here, there in zip(pictures, others, strict=True):
        for field in dataclasses.fields(here):
            values = getattr(here, field.name)
            assert np.array_equal(values, getattr(there, field.name), equal_nan=values.dtype.kind == "f")


def test_a_track_ends_once_and_is_told_no_more() -> None:
    plots, label = sky(3)
    leaves = (label == -1) | (plots.time_s < 100.0) | (label % 2 == 0)
    updates, pictures = fed(SharedTracker(SITES, areas=3), plots.take(leaves))
    told, ended = set(), set()
    for u in updates:  # an end is said of what was told of since it last ended, and once
        told |= set(u.number[u.status == CONFIRMED].tolist())
        ended -= set(u.number[u.status == CONFIRMED].tolist())
        assert len(np.unique(u.ended)) == len(u.ended)
        assert not ended & set(u.ended.tolist())
        assert set(u.ended.tolist()) <= told
        ended |= set(u.ended.tolist())
    assert len(ended) >= 5
    living = set(pictures[-1].number[pictures[-1].status != TENTATIVE].tolist())
    assert not ended & living
    assert told == ended | living


@pytest.mark.parametrize(("seed", "areas"), [(0, 2), (0, 3)])
def test_a_track_that_one_area_lets_go_before_the_other_ends_too(seed: int, areas: int) -> None:
    """Of which fewer than half the plots come, so that what is missed in one area is not missed in the other."""
    plots, label = sky(seed, targets=24)
    plots = plots.take((np.random.default_rng(seed).random(len(plots)) < 0.45) | (label < 0))
    tracker = SharedTracker(SITES, areas=areas)
    updates, _ = fed(tracker, plots, 6.0)
    updates.append(tracker.follow(Plots.empty(), 2 * UNTIL_S))
    told, ended_s = {}, {}
    for u in updates:
        confirmed = u.status == CONFIRMED
        for n, at_s in zip(u.number[confirmed].tolist(), u.time_s[confirmed].tolist(), strict=True):
            told[n] = max(at_s, told.get(n, 0.0))
        ended_s |= dict(zip(u.ended.tolist(), u.ended_s.tolist(), strict=True))
    assert set(told) == set(ended_s)
    assert all(ended_s[n] > told[n] for n in told)


def broken_sky(seed: int) -> Plots:
    """Aircraft, many of them two by two, whose radars and targets fall silent now and then."""
    rng = np.random.default_rng(seed)
    plots, label = sky(seed, targets=20)
    heard = rng.random(len(plots)) < rng.choice([0.6, 0.9])
    for group, many in ((label, 20), (SITES.rows[plots.source], len(SITES))):
        for k in range(many):
            for from_s in rng.uniform(20.0, UNTIL_S, rng.integers(0, 4)):
                quiet = (plots.time_s > from_s) & (plots.time_s < from_s + rng.uniform(5.0, 50.0))
                heard &= ~(quiet & (group == k) & (label >= 0))
    beside = plots.take(heard & (label >= 10) & (rng.random(len(plots)) < 0.7))  # each of these has another near it
    beside = beside.replace(time_s=beside.time_s + 1e-3, range_m=beside.range_m + rng.choice([100.0, 300.0, 1000.0]))
    both = Plots.concat([plots.take(heard), beside])
    return both.take(np.argsort(both.time_s, kind="stable"))


@pytest.mark.parametrize(("areas", "seed"), [(1, 13), (1, 17), (2, 4), (2, 17), (3, 2), (3, 3)])
def test_what_a_picture_shows_was_told_of_and_goes_only_when_its_end_is_told(areas: int, seed: int) -> None:
    plots, tracker = broken_sky(seed), SharedTracker(SITES, areas=areas) if areas > 1 else Tracker(SITES)
    told: set[int] = set()
    for now in np.arange(2.0, UNTIL_S + 90.0, 2.0):
        update = tracker.follow(plots.take((plots.time_s >= now - 2.0) & (plots.time_s < now)), float(now))
        said = [(t, True, n) for t, n in zip(update.ended_s, update.ended, strict=True)]
        confirmed = update.status == CONFIRMED
        said += [(t, False, n) for t, n in zip(update.time_s[confirmed], update.number[confirmed], strict=True)]
        for _, ended, number in sorted(said, key=lambda one: one[:2]):
            if ended:
                told.remove(int(number))
            else:
                told.add(int(number))
        tracks = tracker.snapshot(float(now))
        assert set(tracks.number[tracks.status != TENTATIVE].tolist()) == told


def test_what_is_wrong_with_plots_is_counted_once() -> None:
    plots, _ = sky(5)
    spoilt = plots.replace(
        range_m=np.where(np.arange(len(plots)) % 9 == 0, -1.0, plots.range_m),
        source=np.where(np.arange(len(plots)) % 11 == 0, 999, plots.source),
    )
    again = spoilt.take(np.arange(0, len(spoilt), 3))
    twice = Plots.concat([spoilt, again.replace(time_s=again.time_s + 1.0)])
    twice = twice.take(np.argsort(twice.time_s, kind="stable"))
    shared, alone = SharedTracker(SITES, areas=2), Tracker(SITES)
    fed(shared, twice)
    fed(alone, twice)
    repeats = "repeats a track's plot"
    assert shared.rejected.pop(repeats) == pytest.approx(alone.rejected.pop(repeats), rel=0.1)
    assert shared.rejected == alone.rejected
    assert shared.used == alone.used


def test_a_bearing_is_told_once_by_whose_track_it_is() -> None:
    words = '[[sensor]]\nsac = 1\nsic = 9\nkind = "passive"\nlat_deg = 40.1\nlon_deg = 65\nheight_m = 500\nscan_s = 4'
    listener = parse_sites(words, "one that listens")
    both = parse_sites(WORDS + words, "radars and one that listens")
    plots, label = sky(2, targets=6)
    heard, heard_label = bearings_of(plots, label, listener)
    order = np.argsort(np.concatenate([plots.time_s, heard.time_s]), kind="stable")
    plots, label = Plots.concat([plots, heard]).take(order), np.concatenate([label, heard_label])[order]
    (shared, _), (alone, _) = (fed(tracker, plots) for tracker in (SharedTracker(both, areas=3), Tracker(both)))
    late = (plots.source == listener.source[0]) & (plots.time_s > 60.0)
    ours, theirs = (np.concatenate([u.number for u in updates]) for updates in (shared, alone))
    assert (ours[late] >= 0).mean() == pytest.approx((theirs[late] >= 0).mean(), abs=0.05)
    same = 0
    for k in range(6):
        radars = ours[(label == k) & (plots.source != listener.source[0]) & (ours >= 0)]
        same += int(np.isin(ours[late & (label == k)], radars).sum())
    assert same > 0.9 * (ours[late] >= 0).sum()


@pytest.mark.parametrize("areas", [0, 2])
def test_plots_that_are_not_used_leave_the_rows_of_others_where_they_are(areas: int) -> None:
    plots, _ = sky(6, targets=4)
    bad = np.arange(len(plots)) % 7 == 3
    spoilt = plots.replace(range_m=np.where(bad, -1.0, plots.range_m))
    one, two = (SharedTracker(SITES, areas=areas) if areas else Tracker(SITES) for _ in range(2))
    got, want = one.follow(spoilt, UNTIL_S), two.follow(spoilt.take(~bad), UNTIL_S)
    for name in ("number", "time_s", "state", "hits", "status"):
        assert np.array_equal(getattr(got, name)[~bad], getattr(want, name), equal_nan=True)
    assert (got.number[bad] == -1).all()
    assert np.array_equal(got.time_s[bad], plots.time_s[bad])
    assert np.isnan(got.state[bad]).all()


@pytest.mark.parametrize("areas", [2, 3])
def test_areas_have_as_many_plots_each_where_one_radar_turns_faster(areas: int) -> None:
    scans_s = [4, 12, 6, 5]
    sites = SITES.replace(scan_s=np.array(scans_s, float))
    rng, parts = np.random.default_rng(5), []
    for s, scan_s in enumerate(scans_s):
        n = 60_000 // scan_s
        reach = SITES.range_max_m[s] * np.sqrt(rng.random(n))
        parts.append(plots_of(s, np.zeros(n), reach, rng.uniform(-np.pi, np.pi, n)))
    plots = Plots.concat(parts)
    shared = SharedTracker(sites, areas=areas)
    inside = np.histogram(shared._along(plots, sites.rows[plots.source]), shared._edges)[0]
    np.testing.assert_allclose(inside / len(plots), 1 / areas, atol=0.02)
