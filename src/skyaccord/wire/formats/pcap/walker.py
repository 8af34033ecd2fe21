"""The walk through a capture's bytes: frames of the file, then the UDP payload of each frame.

A frame is (offset, captured bytes, link type, time). Functions that collect frames are called twice: with no room, to
count, and with just enough.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from skyaccord.columns import F8, I8, U1

LITTLE, BIG = 0, 1

NULL, ETHERNET, RAW_BSD, RAW_OPENBSD, RAW, LOOP, SLL, IPV4, IPV6, SLL2 = 0, 1, 12, 14, 101, 108, 113, 228, 229, 276
LINK_TYPES = (NULL, ETHERNET, RAW_BSD, RAW_OPENBSD, RAW, LOOP, SLL, IPV4, IPV6, SLL2)

# what `find_udp` says of a frame that has no whole datagram
UDP, FRAGMENT, NOT_UDP, NOT_IP, BROKEN, STRANGE_LINK = range(6)
VERDICTS = ("udp", "fragment", "not UDP", "not IP", "broken header", "link type not read here")

CLASSIC_HEADER, CLASSIC_RECORD = 24, 16
SECTION, INTERFACE, PACKET, SIMPLE, ENHANCED = 0x0A0D0D0A, 1, 2, 3, 6
INTERFACES_MAX = 4096


@njit(cache=True)
def number(buffer: U1, here: int, size: int, order: int) -> int:
    """`size` bytes at `here` as an integer."""
    value = np.int64(0)
    for k in range(size):
        value = value << 8 | buffer[here + (k if order == BIG else size - 1 - k)]
    return value  # type: ignore[return-value]  # numba's integers are NumPy's


@njit(cache=True)
def walk_classic(buffer: U1, order: int, per_second: float, frames: I8, times: F8) -> tuple[int, int]:
    """Frames of a classic capture: how many, and the byte where they end (its length, or where it breaks off)."""
    here, count = CLASSIC_HEADER, 0
    link = number(buffer, 20, 4, order) & 0xFFFF
    while len(buffer) - here >= CLASSIC_RECORD:
        size = number(buffer, here + 8, 4, order)
        if size > len(buffer) - here - CLASSIC_RECORD:
            break
        if count < len(frames):
            frames[count, 0], frames[count, 1], frames[count, 2] = here + CLASSIC_RECORD, size, link
            times[count] = number(buffer, here, 4, order) + number(buffer, here + 4, 4, order) / per_second
        count += 1
        here += CLASSIC_RECORD + size
    return count, here


@njit(cache=True)
def walk_next(buffer: U1, frames: I8, times: F8) -> tuple[int, int]:
    """Frames of a pcapng capture, as `walk_classic`; a packet without a time has NaN."""
    links = np.zeros(INTERFACES_MAX, np.int64)
    snaps = np.zeros(INTERFACES_MAX, np.int64)
    rates = np.zeros(INTERFACES_MAX)
    starts = np.zeros(INTERFACES_MAX)
    here, count, order, interfaces = 0, 0, LITTLE, 0
    while len(buffer) - here >= 12:
        kind = number(buffer, here, 4, order)
        if kind == SECTION:
            order = BIG if number(buffer, here + 8, 4, BIG) == 0x1A2B3C4D else LITTLE
            interfaces = 0
        size = number(buffer, here + 4, 4, order)
        if size < 12 or size % 4 or size > len(buffer) - here:
            break
        body, end = here + 8, here + size - 4
        if kind == INTERFACE and end - body >= 8 and interfaces < INTERFACES_MAX:
            links[interfaces] = number(buffer, body, 2, order)
            snaps[interfaces] = number(buffer, body + 4, 4, order)
            rates[interfaces], starts[interfaces] = read_clock(buffer, body + 8, end, order)
            interfaces += 1
        fixed = 20 if kind in (ENHANCED, PACKET) else 4
        if kind in (ENHANCED, PACKET, SIMPLE) and end - body >= fixed:
            face = np.int64(0) if kind == SIMPLE else number(buffer, body, 4 if kind == ENHANCED else 2, order)
            if kind == SIMPLE:
                length = number(buffer, body, 4, order)
                length = min(length, snaps[0] if snaps[0] else length, end - body - fixed)
            else:
                length = min(number(buffer, body + 12, 4, order), end - body - fixed)
            if count < len(frames):
                frames[count, 0], frames[count, 1] = body + fixed, length
                frames[count, 2] = links[face] if face < interfaces else -1
                times[count] = np.nan
                if kind != SIMPLE and face < interfaces:
                    ticks = np.uint64(number(buffer, body + 4, 4, order)) << np.uint64(32)
                    ticks = ticks | np.uint64(number(buffer, body + 8, 4, order))
                    times[count] = starts[face] + seconds(ticks, rates[face])
            count += 1
        here += size
    return count, here


@njit(cache=True)
def seconds(ticks: int, rate: float) -> float:
    """Ticks at `rate` a second, whole seconds first so that nothing is lost."""
    if rate > 2.0**62:
        return np.float64(ticks) / rate
    whole = ticks // np.uint64(rate)
    return np.float64(whole) + np.float64(ticks - whole * np.uint64(rate)) / rate


@njit(cache=True)
def read_clock(buffer: U1, here: int, end: int, order: int) -> tuple[float, float]:
    """An interface's ticks a second (if_tsresol, 1e6 if it says nothing) and its seconds of offset (if_tsoffset)."""
    rate, start = 1e6, 0.0
    while end - here >= 4:
        code, size = number(buffer, here, 2, order), number(buffer, here + 2, 2, order)
        here += 4
        if code == 0 or size > end - here:
            break
        if code == 9 and size == 1:
            power = buffer[here] & 0x7F
            rate = 2.0**power if buffer[here] & 0x80 else 10.0**power
        if code == 14 and size == 8:
            start = np.float64(number(buffer, here, 8, order))
        here += (size + 3) // 4 * 4
    return rate, start


@njit(cache=True)
def find_all_udp(buffer: U1, frames: I8, found: I8, counts: I8) -> int:
    """Payloads (offset, length, group, port, sender, frame) into `found`; `counts` by verdict. Returns how many."""
    payload = np.zeros(6, np.int64)
    count = 0
    for k in range(len(frames)):
        verdict = find_udp(buffer, frames[k, 0], frames[k, 0] + frames[k, 1], frames[k, 2], payload)
        counts[verdict] += 1
        if verdict == UDP:
            payload[5] = k
            found[count] = payload
            count += 1
    return count


@njit(cache=True)
def find_udp(buffer: U1, here: int, end: int, link: int, payload: I8) -> int:
    """Step through the headers of the frame in [here, end)."""
    if link == ETHERNET:
        here += 12
        while end - here >= 4 and number(buffer, here, 2, BIG) in (0x8100, 0x88A8, 0x9100):
            here += 4
        here, kind = here + 2, number(buffer, here, 2, BIG) if end - here >= 2 else 0
    elif link == SLL:
        here, kind = here + 16, number(buffer, here + 14, 2, BIG) if end - here >= 16 else 0
    elif link == SLL2:
        here, kind = here + 20, number(buffer, here, 2, BIG) if end - here >= 20 else 0
    elif link in (NULL, LOOP):
        here, kind = here + 4, 0x0800 if end - here > 4 else 0
    elif link in (RAW, RAW_BSD, RAW_OPENBSD, IPV4, IPV6):
        kind = 0x0800
    else:
        return STRANGE_LINK
    if kind != 0x0800 and kind != 0x86DD:
        return NOT_IP
    if end - here < 1:
        return BROKEN
    version = buffer[here] >> 4
    verdict: int = NOT_IP
    if version == 4:
        verdict = find_in_ipv4(buffer, here, end, payload)
    elif version == 6:
        verdict = find_in_ipv6(buffer, here, end, payload)
    return verdict


@njit(cache=True)
def find_in_ipv4(buffer: U1, here: int, end: int, payload: I8) -> int:
    """RFC 791."""
    header = (buffer[here] & 15) * 4
    if header < 20 or end - here < header:
        return BROKEN
    if number(buffer, here + 6, 2, BIG) & 0x3FFF:
        return FRAGMENT
    if buffer[here + 9] != 17:
        return NOT_UDP
    total = number(buffer, here + 2, 2, BIG)
    if total >= header:  # zero: the card was to fill it in
        end = min(end, here + total)
    payload[2] = number(buffer, here + 16, 4, BIG)
    payload[4] = number(buffer, here + 12, 4, BIG)
    verdict: int = find_payload(buffer, here + header, end, payload)
    return verdict


@njit(cache=True)
def find_in_ipv6(buffer: U1, here: int, end: int, payload: I8) -> int:
    """RFC 8200, stepping over extension headers; addresses do not fit the columns and stay unknown."""
    if end - here < 40:
        return BROKEN
    end = min(end, here + 40 + number(buffer, here + 4, 2, BIG))
    after = buffer[here + 6]
    here += 40
    while after in (0, 43, 60) and end - here >= 8:
        after, here = buffer[here], here + 8 + 8 * int(buffer[here + 1])
    if after == 44:
        return FRAGMENT
    if after != 17:
        return NOT_UDP
    payload[2] = payload[4] = 0
    verdict: int = find_payload(buffer, here, end, payload)
    return verdict


@njit(cache=True)
def find_payload(buffer: U1, here: int, end: int, payload: I8) -> int:
    """RFC 768. Where the capture cut the frame, what there is of the payload."""
    if end - here < 8:
        return BROKEN
    size = number(buffer, here + 4, 2, BIG)
    if 0 < size < 8:
        return BROKEN
    payload[0] = here + 8
    payload[1] = min(end, here + size if size else end) - here - 8
    payload[3] = number(buffer, here + 2, 2, BIG)
    return UDP
