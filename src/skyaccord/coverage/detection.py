"""Detection: how often a primary radar finds a target of some size at some range.

The echo falls with the fourth power of the range (radar equation), and a target that fades from scan to scan is found
with Pd = Pfa ^ (1 / (1 + SNR)): P. Swerling, "Probability of detection for fluctuating targets", RAND RM-1217 (1954),
case 1, one pulse.
"""

from __future__ import annotations

import math

import numpy as np

from skyaccord.columns import F8

FALSE_ALARM = 1e-6
# the signal to noise ratio at which a fading target is found every other time
HALF_SNR = math.log(FALSE_ALARM) / math.log(0.5) - 1


def detection_probability(
    pd: F8 | float, range_m: F8, range_max_m: F8 | float, rcs_m2: F8 | float, reference_rcs_m2: F8 | float
) -> F8:
    """Probability of finding a target at `range_m`, broadcast over all arguments -> (N,).

    `pd` is the ceiling that a strong echo reaches; at `range_max_m`, `reference_rcs_m2` is found half as often.
    """
    snr = HALF_SNR * np.asarray(rcs_m2 / reference_rcs_m2) * (range_max_m / np.maximum(range_m, 1.0)) ** 4
    return np.asarray(pd * FALSE_ALARM ** (1 / (1 + snr)))
