"""Who keeps which number: pairs that turn together, that overtake each other, and that cross at small angles."""

from collections.abc import Callable

import numpy as np
import pytest

from skyaccord.columns import F8, I8
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.sensors import Plots, parse_sites
from skyaccord.tracks import CONFIRMED, Tracker

SITES = parse_sites(
    "".join(
        f"[[sensor]]\nsac = 1\nsic = {k + 1}\nlat_deg = {lat}\nlon_deg = {lon}\nheight_m = 300\nscan_s = {scan}\n"
        "range_max_km = 250\nsigma_range_m = 70\nsigma_azimuth_deg = 0.12\nsigma_height_m = 250\npd = 0.9\n"
        for k, (lat, lon, scan) in enumerate([(39.4, 64.2, 8.0), (40.6, 65.8, 6.0)])
    ),
    "two radars",
)
Pair = Callable[[np.random.Generator, F8], F8]
UNTIL_S, PAIRS, STEP_S = 240.0, 25, 0.25
NEAREST_M = 40e3  # between pairs
SIGMA_RANGE_M, SIGMA_AZIMUTH_RAD = 70.0, np.radians(0.12)


def test_pairs_that_turn_together_keep_their_numbers() -> None:
    assert exchanged(together, range(8)) <= 10


@pytest.mark.parametrize("way", ["overtaking", "crossing"])
def test_who_passes_another_keeps_its_number(way: str) -> None:
    """Who flies beside whom for a while does not stay where it was."""
    assert exchanged({"overtaking": overtaking, "crossing": crossing}[way], range(8)) <= 3


def together(rng: np.random.Generator, time_s: F8) -> F8:
    """Two that keep 500 to 1,200 m from each other, and turn: (2, T, 2) east and north, m, and how they are apart."""
    speed, turn = rng.uniform(120, 280), np.zeros_like(time_s)
    begins_s = rng.uniform(70, 90)
    while begins_s < 200:
        lasts_s = rng.uniform(15, 40)
        turn[(time_s > begins_s) & (time_s < begins_s + lasts_s)] = np.radians(rng.uniform(1, 4)) * rng.choice([-1, 1])
        begins_s += lasts_s + rng.uniform(15, 30)
    lead = flown(speed, rng.uniform(0, 2 * np.pi) + np.cumsum(turn) * STEP_S, time_s)
    away, towards = rng.uniform(500, 1200), rng.uniform(0, 2 * np.pi)
    return np.stack([lead, lead + away * np.array([np.sin(towards), np.cos(towards)])])


def overtaking(rng: np.random.Generator, time_s: F8) -> F8:
    """One passes another, 100 to 500 m aside and 25 to 60 m/s faster, as `together`."""
    course, speed = rng.uniform(0, 2 * np.pi), rng.uniform(120, 220)
    ahead, aside = np.array([np.sin(course), np.cos(course)]), np.array([np.cos(course), -np.sin(course)])
    slow = flown(speed, np.full_like(time_s, course), time_s)
    past_m = rng.uniform(25, 60) * (time_s - rng.uniform(100, 160))
    return np.stack([slow, slow + past_m[:, None] * ahead + rng.uniform(100, 500) * rng.choice([-1, 1]) * aside])


def crossing(rng: np.random.Generator, time_s: F8) -> F8:
    """Two fly through each other's course within 500 m, at an angle of 8 to 20 degrees, as `together`."""
    course, angle, meet_s = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(8, 20)), rng.uniform(100, 160)
    legs = [flown(rng.uniform(150, 250), np.full_like(time_s, c), time_s - meet_s) for c in (course, course + angle)]
    return np.stack([legs[0], legs[1] + rng.normal(0, 200, 2)])


def flown(speed: float, course: F8, time_s: F8) -> F8:
    """Way flown on a course as time goes by: (T, 2), at second 0 where it is 0."""
    step = speed * STEP_S * np.stack([np.sin(course), np.cos(course)], axis=1)
    way = np.cumsum(step, axis=0)
    return way - way[np.abs(time_s).argmin()]


def exchanged(kind: Pair, seeds: range) -> int:
    """Pairs of which each target ends under the number that the other had, of `PAIRS` a seed."""
    return sum(one_sky(kind, seed) for seed in seeds)


def one_sky(kind: Pair, seed: int) -> int:
    rng, time_s = np.random.default_rng(seed), np.arange(0.0, UNTIL_S + STEP_S, STEP_S)
    places = apart(rng)
    ways, heights = [], []
    for place in places:
        pair = kind(rng, time_s)
        ways.extend(pair - pair.mean(axis=(0, 1)) + place)
        heights.extend(rng.uniform(3e3, 10e3) + rng.uniform(-100, 100, 2))
    plots, target = heard(np.array(ways), np.array(heights), rng)
    updates = Tracker(SITES).follow(plots, UNTIL_S)
    swapped = 0
    for first in range(0, len(ways), 2):
        had = [
            [last_of(updates.number[(target == k) & (updates.status == CONFIRMED) & span]) for k in (first, first + 1)]
            for span in ((plots.time_s > 35) & (plots.time_s < 65), plots.time_s > UNTIL_S - 30)
        ]
        swapped += had[0] == had[1][::-1] and had[0][0] != had[0][1]
    return swapped


def last_of(numbers: I8) -> int:
    """What most of the last plots are called."""
    values, count = np.unique(numbers[-5:], return_counts=True)
    return int(values[count.argmax()]) if len(values) else -1


def apart(rng: np.random.Generator) -> F8:
    """Middles of pairs within 130 km, no two of them nearer than `NEAREST_M`: (PAIRS, 2)."""
    out: list[F8] = []
    while len(out) < PAIRS:
        place = rng.uniform(-130e3, 130e3, 2)
        if all(np.hypot(*(place - other)) > NEAREST_M for other in out):
            out.append(place)
    return np.array(out)


def heard(ways: F8, heights_m: F8, rng: np.random.Generator) -> tuple[Plots, I8]:
    """What two radars hear of targets on a plane about 40 N 65 E: plots in order of time, and whose each is."""
    lat = np.radians(40.0) + ways[..., 1] / 6.36e6
    lon = np.radians(65.0) + ways[..., 0] / (6.39e6 * np.cos(lat))
    place = ecef(lat, lon, np.repeat(heights_m[:, None], ways.shape[1], axis=1))
    parts, whose = [], []
    for s in range(len(SITES)):
        base = ecef(SITES.lat_rad[s], SITES.lon_rad[s], SITES.height_m[s])
        enu = (place - base) @ enu_axes(SITES.lat_rad[s], SITES.lon_rad[s]).T
        azimuth = np.unwrap(np.arctan2(enu[..., 0], enu[..., 1]), axis=1)
        grid_s = np.arange(ways.shape[1]) * STEP_S
        turns = grid_s / SITES.scan_s[s] - azimuth / (2 * np.pi)  # whole where the antenna points at a target
        for k in range(len(ways)):
            looks = np.arange(np.ceil(turns[k, 0]), turns[k, -1])
            looks = looks[rng.random(len(looks)) < 0.9]
            times = np.interp(looks, turns[k], grid_s)
            n = len(times)
            parts.append(
                Plots.blank(n).replace(
                    time_s=times,
                    source=np.full(n, SITES.source[s]),
                    range_m=np.interp(times, grid_s, np.linalg.norm(enu[k], axis=1)) + rng.normal(0, SIGMA_RANGE_M, n),
                    azimuth_rad=np.interp(times, grid_s, azimuth[k]) + rng.normal(0, SIGMA_AZIMUTH_RAD, n),
                    height_m=heights_m[k] + rng.normal(0, 250, n),
                )
            )
            whose.append(np.full(n, k))
    plots, target = Plots.concat(parts), np.concatenate(whose)
    order = np.argsort(plots.time_s, kind="stable")
    return plots.take(order), target[order]
