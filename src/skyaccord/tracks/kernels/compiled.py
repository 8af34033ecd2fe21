"""How the loops of the tracker are compiled.

A division by zero gives infinity or NaN, as NumPy's does: the loops ask for those where they matter, and no division
needs a test before it. Both say whether they are written into their callers, as numba would hand that down from these.
"""

from __future__ import annotations

from numba import njit

compiled = njit(cache=True, error_model="numpy", forceinline=False)
# Small functions between loops: to hand them arrays and records costs more than what they do with them
inlined = njit(cache=True, error_model="numpy", forceinline=True)
# What Python calls, and other threads need not wait for
entry = njit(cache=True, error_model="numpy", forceinline=False, nogil=True)
