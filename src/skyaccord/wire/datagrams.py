"""Datagrams: where ASTERIX lies in a buffer, one row a UDP payload or a container's record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skyaccord.columns import F8, I4, I8, U2, U4, Columns, column


@dataclass(frozen=True, eq=False)
class Datagrams(Columns):
    """Payloads in the order of the buffer: `offset` never falls."""

    time_s: F8 = column("f8")  # capture or arrival, UTC; NaN: unknown
    offset: I8 = column("i8")  # of the payload's first byte in the buffer
    length: I4 = column("i4")  # bytes of payload that are there
    group: U4 = column("u4")  # destination IPv4 address as an integer; 0: unknown
    port: U2 = column("u2")  # destination UDP port; 0: unknown
    source_ip: U4 = column("u4")  # sender's IPv4 address; 0: unknown


def plain_datagrams(offset: I8, length: I4, time_s: F8 | None = None) -> Datagrams:
    """Datagrams of which nothing is known but where they lie and, perhaps, when they came: (N,) each."""
    count = len(offset)
    return Datagrams(
        time_s=np.full(count, np.nan) if time_s is None else time_s,
        offset=offset,
        length=length,
        group=np.zeros(count, np.uint32),
        port=np.zeros(count, np.uint16),
        source_ip=np.zeros(count, np.uint32),
    )
