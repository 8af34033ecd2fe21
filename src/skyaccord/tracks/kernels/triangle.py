"""Covariances of a state, packed: the upper triangle row by row, (21,) for (6, 6).

So they cannot but be symmetric, and a row of the bank, which is mostly covariances, takes two thirds of the room and of
a processor's cache.
"""

from __future__ import annotations

import numpy as np

from skyaccord.columns import F8
from skyaccord.tracks.kernels.bank import PACKED
from skyaccord.tracks.kernels.compiled import compiled, inlined

SIZE = 6  # of a state
AT = np.zeros((SIZE, SIZE), np.int64)  # where element (i, j), which is (j, i), lies
AT[np.triu_indices(SIZE)] = np.arange(PACKED)
AT = np.maximum(AT, AT.T)


@compiled
def unpacked(cov: F8) -> F8:
    """A packed covariance as a matrix (6, 6)."""
    out = np.empty((SIZE, SIZE))
    for i in range(SIZE):
        for j in range(SIZE):
            out[i, j] = cov[AT[i, j]]
    return out


@inlined
def times(cov: F8, h: F8, out: F8) -> None:
    """Multiply a packed covariance with a vector (6,), into `out`."""
    for i in range(SIZE):
        out[i] = 0.0
        for j in range(SIZE):
            out[i] += cov[AT[i, j]] * h[j]


@inlined
def lessen(cov: F8, gain: F8, share: float) -> None:
    """Take a share of a vector's (6,) square from a packed covariance, in place."""
    for i in range(SIZE):
        part = share * gain[i]
        for j in range(i, SIZE):
            cov[AT[i, j]] -= part * gain[j]
