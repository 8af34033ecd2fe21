"""The probability of detection against fading echoes in noise, thrown one by one."""

import math

import numpy as np
import pytest

from skyaccord.coverage import detection_probability
from skyaccord.coverage.detection import FALSE_ALARM


@pytest.mark.parametrize("snr", [3.0, 18.9, 100.0])
def test_a_fading_echo_is_found_as_often_as_thrown_ones_are(snr: float) -> None:
    rng = np.random.default_rng(11)
    n = 40_000
    echo = math.sqrt(snr / 2) * (rng.standard_normal(n) + 1j * rng.standard_normal(n))  # Rayleigh amplitude
    noise = math.sqrt(1 / 2) * (rng.standard_normal(n) + 1j * rng.standard_normal(n))
    found = np.mean(np.abs(echo + noise) ** 2 > -math.log(FALSE_ALARM))
    half = math.log(FALSE_ALARM) / math.log(0.5) - 1
    expected = detection_probability(1.0, np.array([100e3]), 100e3, snr / half, 1.0)[0]
    assert abs(found - expected) < 4 * math.sqrt(expected * (1 - expected) / n)


def test_the_reference_target_is_found_half_as_often_at_the_end_of_the_range() -> None:
    assert detection_probability(0.9, np.array([200e3]), 200e3, 2.0, 2.0)[0] == pytest.approx(0.45)


def test_sixteen_times_the_echo_reaches_twice_as_far() -> None:
    near = detection_probability(0.9, np.array([60e3]), 200e3, 0.1, 2.0)
    far = detection_probability(0.9, np.array([120e3]), 200e3, 1.6, 2.0)
    np.testing.assert_allclose(near, far)
    assert detection_probability(0.9, np.array([1.0]), 200e3, 0.1, 2.0)[0] == pytest.approx(0.9)
