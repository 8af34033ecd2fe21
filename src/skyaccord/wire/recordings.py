"""Recordings: a file's bytes, what kind of file it is, and where in it the datagrams lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from skyaccord.columns import U1
from skyaccord.errors import FormatError
from skyaccord.wire.copies import WINDOW_S, is_copy
from skyaccord.wire.datagrams import Datagrams, plain_datagrams
from skyaccord.wire.formats import gps, ioss, pcap

EXPECTED = "a pcap or pcapng capture, raw ASTERIX, or an IOSS final or GPS container is expected"

# categories that EUROCONTROL publishes, or that are in wide national use
CATEGORIES = frozenset(
    (1, 2, 3, 4, 7, 8, 9, 10, 11, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 30, 31, 32, 33, 34, 48, 61, 62, 63, 65)
) | {128, 129, 150, 205, 238, 239, 240, 247, 252, 253}


@dataclass(frozen=True, eq=False)
class Recording:
    """What `read_recording` found."""

    name: str
    kind: str  # "pcap", "pcapng", "ioss", "gps", "asterix"; "live"
    buffer: U1
    datagrams: Datagrams
    dated: bool  # are the datagrams' times UTC, rather than seconds since the first day's midnight?
    skipped: Mapping[str, int] = field(default_factory=dict)  # reason -> frames of the container that hold no datagram
    copies: int = 0  # datagrams removed because another network had brought them
    truncated_at: int | None = None  # byte where the file breaks off in the middle of something
    warning: str = ""  # one sentence about that


def read_recording(data: bytes, name: str) -> Recording:
    """Find out what `data` is and where its datagrams lie; `name` is the file's, for messages.

    Raises FormatError if it is empty, of no kind known here, or ends within a capture's header. A capture that breaks
    off later gives what lies before, with `truncated_at` and `warning` set.
    """
    if not data:
        raise FormatError(f"{name}: the file is empty (0 bytes); {EXPECTED}")
    buffer = np.frombuffer(data, np.uint8)
    if pcap.is_capture(data):
        found = pcap.read_capture(buffer, name)
        return Recording(name, found.kind, buffer, found.datagrams, True, found.skipped, 0, found.stop, found.warning)
    for kind, container in (("ioss", ioss), ("gps", gps)):
        if container.fits(buffer):
            datagrams, stop = container.read(buffer)
            return broken_off(Recording(name, kind, buffer, datagrams, False), stop)
    if not looks_raw(buffer):
        raise FormatError(f"{name}: unknown file type (it begins with {data[:8].hex(' ')}); {EXPECTED}")
    whole = plain_datagrams(np.zeros(1, np.int64), np.array([len(buffer)], np.int32))
    return Recording(name, "asterix", buffer, whole, False)


def broken_off(recording: Recording, stop: int) -> Recording:
    """The recording with a warning if its container breaks off at byte `stop`, before its end."""
    if stop == len(recording.buffer):
        return recording
    text = f"{recording.name}: the {recording.kind} container breaks off in its record at byte {stop} of {{}}"
    return replace(recording, truncated_at=stop, warning=text.format(len(recording.buffer)))


def looks_raw(buffer: U1) -> bool:
    """Does it begin with a whole ASTERIX block of a published category?"""
    if len(buffer) < 3 or int(buffer[0]) not in CATEGORIES:
        return False
    return 3 < (int(buffer[1]) << 8 | int(buffer[2])) <= len(buffer)


def remove_copies(recording: Recording, window_s: float = WINDOW_S) -> Recording:
    """Without the datagrams that a second network brought again within `window_s`; `copies` counts them."""
    copy = is_copy(recording.buffer, recording.datagrams, window_s)
    kept = recording.datagrams.take(~copy)
    return replace(recording, datagrams=kept, copies=recording.copies + int(copy.sum()))
