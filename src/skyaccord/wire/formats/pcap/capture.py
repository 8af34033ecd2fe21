"""A capture: which kind, its file header, and the UDP payloads as columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from skyaccord.columns import F8, I8, U1
from skyaccord.errors import FormatError
from skyaccord.wire.datagrams import Datagrams
from skyaccord.wire.formats.pcap.walker import (
    BIG,
    CLASSIC_HEADER,
    LINK_TYPES,
    LITTLE,
    UDP,
    VERDICTS,
    find_all_udp,
    number,
    walk_classic,
    walk_next,
)

# the first four bytes of a classic capture -> (byte order, ticks a second)
MAGIC = {
    bytes.fromhex("d4c3b2a1"): (LITTLE, 1e6),
    bytes.fromhex("a1b2c3d4"): (BIG, 1e6),
    bytes.fromhex("4d3cb2a1"): (LITTLE, 1e9),
    bytes.fromhex("a1b23c4d"): (BIG, 1e9),
}
MAGIC_NEXT = bytes.fromhex("0a0d0d0a")
NEXT_HEADER = 28


@dataclass(frozen=True, eq=False)
class Capture:
    """The payloads of a capture."""

    kind: str  # "pcap" or "pcapng"
    datagrams: Datagrams
    skipped: Mapping[str, int]  # verdict -> frames without a whole UDP datagram
    stop: int | None  # byte where it breaks off; None: it is whole
    warning: str


def is_capture(data: bytes) -> bool:
    """Does it begin like one?"""
    return data[:4] in MAGIC or data[:4] == MAGIC_NEXT


def read_capture(buffer: U1, name: str) -> Capture:
    """The UDP payloads of a capture, in order; `name` is the file's, for messages.

    Raises FormatError if the file header is cut short or its link type is not read here. A capture that breaks off in a
    record gives all before it, `stop` and `warning`.
    """
    magic = buffer[:4].tobytes()
    kind, header = ("pcapng", NEXT_HEADER) if magic == MAGIC_NEXT else ("pcap", CLASSIC_HEADER)
    if len(buffer) < header:
        raise FormatError(f"{name}: truncated {kind}: {len(buffer)} bytes, but its header alone has {header}")
    order, per_second = MAGIC.get(magic, (LITTLE, 1e6))
    if kind == "pcap":
        check_link(number(buffer, 20, 4, order) & 0xFFFF, name)

    count, frames, times = 0, np.empty((0, 3), np.int64), np.empty(0)
    for _ in ("count", "collect"):
        frames, times = np.empty((count, 3), np.int64), np.empty(count)
        if kind == "pcapng":
            count, stop = walk_next(buffer, frames, times)
        else:
            count, stop = walk_classic(buffer, order, per_second, frames, times)
    counts, found = np.zeros(len(VERDICTS), np.int64), np.empty((count, 6), np.int64)
    found = found[: find_all_udp(buffer, frames, found, counts)]
    whole = stop == len(buffer)
    left = f"{len(buffer) - stop} bytes are left, fewer than its record needs; all before it was read"
    return Capture(
        kind=kind,
        datagrams=columns(found, times),
        skipped={VERDICTS[k]: int(n) for k, n in enumerate(counts) if n and k != UDP},
        stop=None if whole else stop,
        warning="" if whole else f"{name}: truncated {kind}: it breaks off at byte {stop}, where {left}",
    )


def columns(found: I8, times: F8) -> Datagrams:
    """From the walker's rows (offset, length, group, port, sender, frame) and the frames' times."""
    return Datagrams(
        time_s=times[found[:, 5]],
        offset=found[:, 0],
        length=found[:, 1].astype(np.int32),
        group=found[:, 2].astype(np.uint32),
        port=found[:, 3].astype(np.uint16),
        source_ip=found[:, 4].astype(np.uint32),
    )


def check_link(link: int, name: str) -> None:
    """Raise FormatError for a link type that is not read here."""
    if link not in LINK_TYPES:
        raise FormatError(f"{name}: link type {link} at byte 20 is not read here; known: {LINK_TYPES}")
