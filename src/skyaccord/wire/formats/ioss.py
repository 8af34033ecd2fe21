"""IOSS "final": the container in which recorders keep ASTERIX with the time of each message.

A record is 2 bytes of length (big-endian, header and padding included), a board number, a line number, the day of the
recording (its origin is not published), 3 bytes of time since midnight in 10 ms, the ASTERIX blocks, and 4 bytes of
padding (0xA5 each). Sources: the layouts that the decoders of Croatia Control (asterixfinalsubformat.cxx,
read_final_file.py) and jASTERIX (definitions/framings/ioss.json) agree on.
"""

from __future__ import annotations

import struct

import numpy as np

from skyaccord.columns import U1
from skyaccord.wire.datagrams import Datagrams, plain_datagrams

HEADER = struct.Struct(">HBBB3s")
PADDING = 4
BLOCK = struct.Struct(">BH")
SURE_AFTER = 8  # records looked at before the file is taken for this container
DAY_S = 86_400.0


def fits(buffer: U1) -> bool:
    """Do the first records chain, each holding whole ASTERIX blocks?"""
    data = buffer.data
    here = 0
    for _ in range(SURE_AFTER):
        size = record_size(data, here)
        if size is None:
            return here > 0
        if not whole_blocks(data[here + HEADER.size : here + size - PADDING]):
            return False
        here += size
    return True


def read(buffer: U1) -> tuple[Datagrams, int]:
    """The records, and the byte where they end: the buffer's length, or where it breaks off.

    `time_s` is counted from midnight of the first record's day; a fall of more than half a day is a midnight.
    """
    data = buffer.data
    offset, length, clock = [], [], []
    here = 0
    while (size := record_size(data, here)) is not None:
        offset.append(here + HEADER.size)
        length.append(size - HEADER.size - PADDING)
        clock.append(int.from_bytes(data[here + 5 : here + 8], "big") / 100)
        here += size
    tod_s = np.array(clock)
    falls = np.diff(tod_s, prepend=tod_s[:1])
    days = np.cumsum((falls < -DAY_S / 2).astype(float) - (falls > DAY_S / 2))
    return plain_datagrams(np.array(offset, np.int64), np.array(length, np.int32), tod_s + DAY_S * days), here


def record_size(data: memoryview, here: int) -> int | None:
    """Bytes of the record at `here`; None if no whole one begins there."""
    if len(data) - here < HEADER.size:
        return None
    size: int = HEADER.unpack_from(data, here)[0]
    return size if HEADER.size + PADDING <= size <= len(data) - here else None


def whole_blocks(data: memoryview) -> bool:
    """Is it one ASTERIX block after another, without a rest?"""
    here = 0
    while here + BLOCK.size <= len(data):
        category, size = BLOCK.unpack_from(data, here)
        if category == 0 or size <= BLOCK.size:
            return False
        here += size
    return here == len(data) > 0
