"""A house learns what its own radars are wrong by, says how sure it is, and corrects: against biases put in by hand."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from houses import NOON_S, three

from skyaccord.columns import F8
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.node.house import House, Inbox
from skyaccord.node.night import Night
from skyaccord.node.sources import Feed
from skyaccord.node.step import corrected, step
from skyaccord.sensors import Plots, parse_sites
from skyaccord.sensors.plots import GARBLED_C, NO_ADDRESS, NO_MODE_A
from skyaccord.tracks import CONFIRMED, Registration, Tracker

RADARS = """
[[sensor]]
sac = 1
sic = 1
lat_deg = 38.2
lon_deg = 68.4
height_m = 800
scan_s = 4
sigma_range_m = 50
sigma_azimuth_deg = 0.08
[[sensor]]
sac = 1
sic = 2
lat_deg = 38.8
lon_deg = 69.6
height_m = 500
scan_s = 5
sigma_range_m = 60
sigma_azimuth_deg = 0.08
"""
SITES = parse_sites(RADARS, "two radars")
AIRCRAFT, SECONDS, JUDGED_S = 24, 240, 120
RANGE_M, AZIMUTH_RAD, LEVEL_M = 200.0, np.radians(0.5), -180.0


def flights(time_s: F8, which: F8 | None = None) -> F8:
    """ECEF states (N, 6) of aircraft `which` at seconds after noon, each in a straight line."""
    rng = np.random.default_rng(11)
    lat, lon = np.radians(rng.uniform(37.9, 39.1, AIRCRAFT)), np.radians(rng.uniform(68.2, 69.8, AIRCRAFT))
    start, axes = ecef(lat, lon, rng.uniform(4000, 11_000, AIRCRAFT)), enu_axes(lat, lon)
    course, speed = rng.uniform(0, 2 * np.pi, AIRCRAFT), rng.uniform(120, 250, AIRCRAFT)
    velocity = speed[:, None] * (np.sin(course)[:, None] * axes[:, 0] + np.cos(course)[:, None] * axes[:, 1])
    k = np.arange(AIRCRAFT) if which is None else which.astype(int)
    return np.hstack([start[k] + velocity[k] * np.asarray(time_s)[:, None], velocity[k]])


@lru_cache
def plots(wrong: bool, seed: int = 5) -> Plots:
    """What both radars report of all aircraft, in order of time; `wrong`: the second one's range and azimuth are off.

    What Mode C says is off by the weather either way.
    """
    rng, parts = np.random.default_rng(seed), []
    base, axes = ecef(SITES.lat_rad, SITES.lon_rad, SITES.height_m), enu_axes(SITES.lat_rad, SITES.lon_rad)
    for s, scan_s in enumerate(SITES.scan_s):
        phase, turns = rng.uniform(0, scan_s, AIRCRAFT), np.arange(int(SECONDS / scan_s))
        time_s = (phase[:, None] + scan_s * turns).ravel()
        which = np.repeat(np.arange(AIRCRAFT), len(turns))
        time_s, which = time_s[keep := rng.uniform(size=len(which)) < 0.9], which[keep]
        there = flights(time_s, which)[:, :3]
        enu, n, off = (there - base[s]) @ axes[s].T, len(which), float(wrong and s == 1)
        azimuth = np.arctan2(enu[:, 0], enu[:, 1]) + rng.normal(size=n) * SITES.sigma_azimuth_rad[s] + off * AZIMUTH_RAD
        nothing = {name: np.full(n, np.nan) for name in ("lat_rad", "lon_rad", "height_m", "east_mps", "north_mps")}
        parts.append(
            Plots.blank(n).replace(
                time_s=NOON_S + time_s,
                source=np.full(n, SITES.source[s]),
                range_m=np.linalg.norm(enu, axis=1) + rng.normal(size=n) * SITES.sigma_range_m[s] + off * RANGE_M,
                azimuth_rad=azimuth % (2 * np.pi),
                pressure_alt_m=geodetic(there)[2] + LEVEL_M + rng.normal(size=n) * 8,
                mode_a=np.full(n, NO_MODE_A),
                address=np.full(n, NO_ADDRESS),
                **nothing,
            )
        )
    both = Plots.concat(parts)
    return both.take(np.argsort(both.time_s, kind="stable"))


@lru_cache
def lived(wrong: bool, registers: bool, level_m: float = 0.0) -> tuple[House, F8]:
    """A house after all seconds, and how far each of its tracks was off in the second half: (N, 3) east, north, up.

    It hears `plots(wrong)`, their levels shifted by `level_m`.
    """
    heard, registration = plots(wrong), Registration(SITES) if registers else None
    heard = heard.replace(pressure_alt_m=heard.pressure_alt_m + level_m)
    house = House("A", three(), Tracker(SITES), NOON_S, registration=registration)
    feed, off = Feed({"A": heard}), []
    for second in range(1, SECONDS + 1):
        now_s = NOON_S + second
        house, _ = step(house, Inbox(feed.plots("A", now_s - 1, now_s)), now_s)
        if second > JUDGED_S:
            true = flights(np.full(AIRCRAFT, float(second)))[:, :3]
            seen = house.own.state[house.own.status >= CONFIRMED, :3]
            gap = true[:, None] - seen[None]
            nearest = np.linalg.norm(gap, axis=2).argmin(axis=0)
            lat, lon, _ = geodetic(true[nearest])
            off.append(np.einsum("nij,nj->ni", enu_axes(lat, lon), -gap[nearest, np.arange(len(seen))]))
    return house, np.concatenate(off)


def frozen_biases(house: House, time_s: float) -> str:
    """All that a house knows of its sensors' errors."""
    assert house.registration is not None
    return repr((house.registration.biases(time_s).to_arrow().to_pydict(), house.biases.to_arrow().to_pydict()))


def flat_m(off: F8) -> float:
    return float(np.median(np.hypot(off[:, 0], off[:, 1])))


def test_a_radar_that_is_wrong_is_found_out_and_put_right() -> None:
    house, off = lived(True, True)
    biases = house.biases
    truth = {"range_m": [0.0, RANGE_M], "azimuth_rad": [0.0, AZIMUTH_RAD], "pressure_m": [LEVEL_M, LEVEL_M]}
    for name, values in truth.items():
        sigma = getattr(biases, f"sigma_{name}")
        assert (np.abs(getattr(biases, name) - values) < 3 * sigma).all(), name
    assert biases.sigma_range_m.max() < RANGE_M / 3
    assert biases.sigma_azimuth_rad.max() < AZIMUTH_RAD / 10
    _, before = lived(True, False)
    _, without_fault = lived(False, False)
    assert len(before) > 1.5 * len(off) == 1.5 * AIRCRAFT * (SECONDS - JUDGED_S)  # two tracks of one aircraft no more
    assert flat_m(off) < 0.35 * flat_m(before)
    assert flat_m(off) < 1.3 * flat_m(without_fault)


def test_radars_that_are_right_are_left_in_peace() -> None:
    house, off = lived(False, True, -LEVEL_M)
    biases = house.biases
    for name in ("range_m", "azimuth_rad", "time_s", "pressure_m"):
        assert (np.abs(getattr(biases, name)) < 3 * getattr(biases, f"sigma_{name}")).all(), name
    _, before = lived(False, False, -LEVEL_M)
    assert flat_m(off) < 1.05 * flat_m(before)
    assert np.median(np.abs(off[:, 2])) < 1.05 * np.median(np.abs(before[:, 2])) + 5.0


def test_a_level_stays_as_it_was_sent_and_its_height_is_put_right() -> None:
    house, off = lived(True, True)
    assert house.registration is not None
    heard = plots(True).take(slice(0, 6))
    heard = heard.replace(
        flags=np.array([GARBLED_C, 0, 0, 0, 0, 0], np.uint16),
        height_m=np.array([np.nan, 3000.0, np.nan, np.nan, np.nan, np.nan]),
    )
    right = corrected(heard, house.registration, house.biases)
    assert right.pressure_alt_m.tolist() == heard.pressure_alt_m.tolist()
    assert np.isnan(right.height_m[0])
    assert right.height_m[1] == pytest.approx(3000.0, abs=1.0)  # measured: the weather has no part in it
    assert right.height_m[2:] == pytest.approx(heard.pressure_alt_m[2:] - house.biases.pressure_m[0])
    real = house.own.status >= CONFIRMED
    assert abs(np.median(off[:, 2])) < abs(LEVEL_M) / 4
    height_m = geodetic(house.own.state[real, :3])[2]
    assert np.median(house.own.pressure_alt_m[real] - height_m) < LEVEL_M / 2


def test_learning_is_pure_and_the_same_each_time() -> None:
    heard = Feed({"A": plots(True)})
    house = House("A", three(), Tracker(SITES), NOON_S, registration=Registration(SITES))
    for second in range(1, 41):
        now_s = NOON_S + second
        inbox = Inbox(heard.plots("A", now_s - 1, now_s))
        before = frozen_biases(house, now_s)
        one, two = step(house, inbox, now_s)[0], step(house, inbox, now_s)[0]
        assert frozen_biases(house, now_s) == before
        assert frozen_biases(one, now_s) == frozen_biases(two, now_s)
        assert one.own.to_arrow().equals(two.own.to_arrow())
        house = one
    assert frozen_biases(house, NOON_S + 60) != frozen_biases(
        House("A", three(), Tracker(SITES), NOON_S, registration=Registration(SITES)), NOON_S + 60
    )


def test_a_night_registers_the_sensors_of_who_has_two_and_of_nobody_if_told_so() -> None:
    sites = {"A": SITES, "B": SITES.take([0])}
    night = Night(three(), sites, Feed({}), NOON_S)
    assert [party for party, house in night.houses.items() if house.registration is not None] == ["A"]
    night = Night(three(), sites, Feed({}), NOON_S, register=False)
    assert all(house.registration is None for house in night.houses.values())
