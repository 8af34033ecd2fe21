"""Copies: the same datagram heard on a second network counts once."""

from __future__ import annotations

import numpy as np

from skyaccord.columns import I8, U1, Bool
from skyaccord.wire.datagrams import Datagrams
from skyaccord.wire.kernels import find_originals, fingerprint

WINDOW_S = 0.05  # dual networks were measured within 5 ms of each other


def is_copy(buffer: U1, datagrams: Datagrams, window_s: float) -> Bool:
    """(N,) does it repeat, byte for byte, one that came by another group, port or sender up to `window_s` before?

    Equal datagrams by one way are never copies (a radar repeats its north marker), nor is anything without a time.
    """
    mark = fingerprint(buffer, datagrams.offset, datagrams.length)
    order = np.lexsort((datagrams.time_s, mark))
    original = find_originals(
        buffer, order, mark, datagrams.time_s, datagrams.offset, datagrams.length, ways(datagrams), window_s
    )
    copy: Bool = original >= 0
    return copy


def ways(datagrams: Datagrams) -> I8:
    """(N,) a number for each combination of group, port and sender."""
    each = np.stack([datagrams.group, datagrams.port, datagrams.source_ip], axis=1)
    return np.unique(each, axis=0, return_inverse=True)[1].reshape(-1)
