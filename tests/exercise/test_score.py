"""Scores against hand counts and a search over all assignments."""

from itertools import permutations

import numpy as np
import pytest

from skyaccord.columns import F8
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.exercise.score import by_identity, by_truth
from skyaccord.sensors.plots import NO_ADDRESS


def test_purity_and_switches_by_hand() -> None:
    number = np.array([1, 1, 1, 1, 1, 1, 2, 2, 3, -1, 1], np.int32)
    address = np.array([7, 7, 7, 9, 9, 9, 7, 7, 9, 7, NO_ADDRESS], np.uint32)
    score = by_identity(number, address, np.array([1, 2], np.int32))
    assert (score.plots, score.in_tracks, score.addresses, score.tracks, score.pure_tracks) == (10, 8, 2, 2, 1)
    assert score.purity == pytest.approx(5 / 8)
    assert score.mixed_tracks == ((1, 6, 3),)
    assert score.switches == 1  # track 1 went over from 7 to 9 for good
    assert score.number_changes == 1  # aircraft 7 went over from track 1 to track 2
    assert score.continuity == pytest.approx((3 / 6 + 3 / 4) / 2)


def test_one_stray_plot_is_no_switch() -> None:
    number, address = np.ones(9, np.int32), np.array([7, 7, 7, 7, 9, 7, 7, 7, 7], np.uint32)
    score = by_identity(number, address, np.array([1], np.int32))
    assert (score.switches, score.purity) == (0, pytest.approx(8 / 9))


def searched_gospa(truth: F8, tracks: F8, cut: float) -> float:
    """GOSPA by trying every assignment: per root target."""
    n = max(len(truth), len(tracks))
    best = np.inf
    for order in permutations(range(n)):
        total, pairs = 0.0, 0
        for i, j in enumerate(order):
            if i < len(truth) and j < len(tracks) and (d := float(np.linalg.norm(truth[i] - tracks[j]))) < cut:
                total, pairs = total + d * d, pairs + 1
        best = min(best, total + cut**2 / 2 * (len(truth) + len(tracks) - 2 * pairs))
    return float(np.sqrt(best / len(truth)))


@pytest.mark.parametrize("seed", range(6))
def test_gospa_is_the_least_over_all_assignments(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lat, lon = np.radians(38.0), np.radians(69.0)
    origin, axes = ecef(lat, lon, 5000.0), enu_axes(lat, lon)
    flat_truth, flat_tracks = rng.uniform(-2500, 2500, (4, 2)), rng.uniform(-2500, 2500, (5, 2))
    up = rng.uniform(-900, 900, 5)  # heights do not count
    truth = origin + flat_truth @ axes[:2]
    tracks = origin + flat_tracks @ axes[:2] + up[:, None] * axes[2]
    score = by_truth([(truth, np.arange(4, dtype=np.int32), tracks, np.arange(5, dtype=np.int32))])
    assert score.gospa_m == pytest.approx(searched_gospa(flat_truth, flat_tracks, 2000.0), rel=2e-3)


def test_a_number_that_changes_is_counted() -> None:
    place = ecef(0.66, 1.2, 5000.0)[None]
    ids = np.array([3], np.int32)
    score = by_truth([(place, ids, place, np.array([n], np.int32)) for n in (1, 1, 2)])
    assert (score.number_changes, score.gospa_m, score.missed, score.false) == (1, 0.0, 0.0, 0.0)
