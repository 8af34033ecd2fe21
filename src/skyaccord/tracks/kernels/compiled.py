"""How the loops of the tracker are compiled.

A division by zero gives infinity or NaN, as NumPy's does: the loops ask for those where they matter, and no division
needs a test before it. Each says whether it is written into its callers, as numba would hand that down from these.
"""

from __future__ import annotations

from numba import njit

compiled = njit(cache=True, error_model="numpy", forceinline=False)
# What Python calls, and other threads need not wait for
entry = njit(cache=True, error_model="numpy", forceinline=False, nogil=True)
# Loops that make no arrays: they do not count who holds those that they are given. To count all of a store's at each
# call was a twentieth of the time that a plot takes
lean = njit(cache=True, error_model="numpy", forceinline=False, _nrt=False)
# Small functions between loops: to hand them arrays and records costs more than what they do with them
inlined = njit(cache=True, error_model="numpy", forceinline=True, _nrt=False)
