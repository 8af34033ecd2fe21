"""ADS-B and multilateration hear one aircraft, and differ: there is one track, and two where there are two aircraft.

Multilateration is made as a recording shows it (benches/recordings.py, lebl_2016): where it begins to hear a target, or
hears it at its limits, it sends bursts of three reports of where that was four to fourteen seconds ago.
"""

import numpy as np

from skyaccord.columns import F8
from skyaccord.sensors import Plots, parse_sites
from skyaccord.tracks import CONFIRMED, Tracker

PLACE = "lat_deg = 41.3\nlon_deg = 2.08"
SITES = parse_sites(
    f"[[sensor]]\nsac = 0\nsic = 1\nkind = 'adsb'\n{PLACE}\n[[sensor]]\nsac = 0\nsic = 2\nkind = 'mlat'\n{PLACE}",
    "two systems",
)
ADSB, MLAT = 0, 1
SPEED_MPS, METRE_RAD = 130.0, 1 / 6.37e6


def reports(sensor: int, seconds: F8, behind_m: F8, rng: np.random.Generator, *, aside_m: float = 0.0) -> Plots:
    """Reports of an aircraft that flies north at 130 m/s, with an error along its way and 8 m of noise either way."""
    n = len(seconds)
    north = SPEED_MPS * seconds - behind_m + rng.normal(size=n) * 8
    east = aside_m + rng.normal(size=n) * 8
    said = Plots.blank(n).replace(
        time_s=seconds,
        source=np.full(n, SITES.source[sensor]),
        lat_rad=np.radians(41.4) + north * METRE_RAD,
        lon_rad=np.radians(2.0) + east * METRE_RAD / np.cos(np.radians(41.4)),
        pressure_alt_m=np.full(n, 3000.0),
    )
    if sensor == MLAT:
        return said
    return said.replace(east_mps=np.zeros(n), north_mps=np.full(n, SPEED_MPS))


def believed(parts: list[Plots], until_s: float) -> list[set[int]]:
    """Numbers of the confirmed tracks, second by second."""
    plots = Plots.concat(parts)
    plots = plots.take(np.argsort(plots.time_s, kind="stable"))
    tracker, numbers = Tracker(SITES), []
    for now in np.arange(1.0, until_s + 1):
        due = (plots.time_s >= now - 1) & (plots.time_s < now)
        tracker.update(plots.take(due), float(now))
        tracks = tracker.snapshot(float(now))
        numbers.append({int(one) for one in tracks.number[tracks.status == CONFIRMED]})
    return numbers


def test_bursts_of_stale_reports_are_no_second_aircraft() -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        start = 20.0 + np.cumsum(np.full(6, 14.0) + rng.uniform(-2, 3, 6))
        burst = (start[:, None] + np.arange(3.0)).ravel()
        age_s = (rng.uniform(5, 9, 6)[:, None] + 0.7 * np.arange(3.0)).ravel()  # the place moves on too slowly
        steady = np.arange(130.0, 200.0)
        parts = [
            reports(ADSB, np.arange(0.0, 200.0, 0.5), np.zeros(400), rng),
            reports(MLAT, burst, age_s * SPEED_MPS, rng),
            reports(MLAT, steady, np.full(len(steady), -50.0), rng),
        ]
        numbers = believed(parts, 200.0)
        assert set().union(*numbers) == numbers[-1], seed
        assert len(numbers[-1]) == 1


def test_two_tracks_that_have_become_one_are_united_though_they_share_reports() -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        seconds = np.arange(10.3, 160.0)
        catching_up = np.clip(1000.0 - 11.0 * (seconds - 10), -35.0, None)  # within 100 m after 92 s
        parts = [
            reports(ADSB, np.arange(0.0, 160.0, 0.5), rng.normal(size=320) * 30, rng),
            reports(MLAT, seconds, catching_up, rng),
        ]
        numbers = believed(parts, 160.0)
        assert max(map(len, numbers)) == 2  # nobody is a shadow for ever
        assert all(len(one) == 1 for one in numbers[115:]), seed


def test_two_aircraft_that_one_system_hears_are_two_at_once() -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        seconds = np.arange(20.0, 60.0)
        parts = [
            reports(ADSB, np.arange(0.0, 60.0, 0.5), np.zeros(120), rng),
            reports(MLAT, np.arange(0.6, 60.0), np.zeros(60), rng),
            reports(MLAT, seconds, np.full(40, 300.0), rng, aside_m=700.0),
        ]
        numbers = believed(parts, 60.0)
        assert len(numbers[26]) == 2, seed
        assert numbers[26] == numbers[-1]


def test_an_aircraft_beside_another_that_the_system_does_not_hear_is_believed_after_a_while() -> None:
    rng = np.random.default_rng(1)
    parts = [
        reports(ADSB, np.arange(0.0, 90.0, 0.5), np.zeros(180), rng),
        reports(MLAT, np.arange(20.0, 90.0), np.full(70, 300.0), rng, aside_m=700.0),
    ]
    numbers = believed(parts, 90.0)
    assert len(numbers[40]) == 1
    assert len(numbers[55]) == 2
    assert numbers[55] == numbers[-1]
