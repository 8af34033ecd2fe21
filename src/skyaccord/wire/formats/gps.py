"""The GPS container: a recorder's ASTERIX with a satellite time behind each block.

A header of 2,200 bytes, then blocks, each followed by 10 bytes of which the seventh to ninth are the time since
midnight in 1/128 s. Source: Croatia Control's decoder (asterixgpssubformat.cxx) and its sample parsegps.gps.
"""

from __future__ import annotations

import struct

import numpy as np

from skyaccord.columns import U1
from skyaccord.wire.datagrams import Datagrams, plain_datagrams

HEADER = 2200
STAMP = 10
BLOCK = struct.Struct(">BH")
SURE_AFTER = 4


def fits(buffer: U1) -> bool:
    """Do blocks and stamps chain from byte 2,200 on, the stamps being times of a day?"""
    data = buffer.data
    here = HEADER
    for seen in range(SURE_AFTER):
        size = block_size(data, here)
        if size is None:
            return seen > 0 and here == len(data)
        if stamp_s(data, here + size) > 86_400:
            return False
        here += size + STAMP
    return True


def read(buffer: U1) -> tuple[Datagrams, int]:
    """The blocks, and the byte where they end: the buffer's length, or where it breaks off. `time_s`: of the day."""
    data = buffer.data
    offset, length, clock = [], [], []
    here = HEADER
    while (size := block_size(data, here)) is not None:
        offset.append(here)
        length.append(size)
        clock.append(stamp_s(data, here + size))
        here += size + STAMP
    return plain_datagrams(np.array(offset, np.int64), np.array(length, np.int32), np.array(clock)), here


def block_size(data: memoryview, here: int) -> int | None:
    """Bytes of the block at `here`; None if no whole one with its stamp begins there."""
    if len(data) - here < BLOCK.size + STAMP:
        return None
    category, size = BLOCK.unpack_from(data, here)
    return size if category and BLOCK.size < size <= len(data) - here - STAMP else None


def stamp_s(data: memoryview, here: int) -> float:
    """The time of day in the stamp at `here`."""
    return int.from_bytes(data[here + 6 : here + 9], "big") / 128
