"""Scores without truth, against hand counts."""

import numpy as np
import pytest

from skyaccord.exercise.score import by_identity
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
