"""Containers of recorders, and what a file is taken for."""

import struct

import numpy as np
import pytest
from wire_bytes import cat048, ethernet, ipv4, pcap, shared

from skyaccord.wire import decode, read_recording
from skyaccord.wire.recordings import remove_copies

DAY_S = 86_400


def final(payload: bytes, tod_s: float) -> bytes:
    """A record of the IOSS final container, laid out by hand: length, board, line, day, time, blocks, padding."""
    size = 8 + len(payload) + 4
    return struct.pack(">HBBB", size, 1, 2, 77) + int(tod_s * 100).to_bytes(3, "big") + payload + b"\xa5" * 4


def test_ioss_final_over_midnight():
    times = [86_399.0, 86_399.9, 0.5]
    found = read_recording(b"".join(final(cat048(t) * 2, t) for t in times), "x.ff")
    assert (found.kind, found.dated) == ("ioss", False)
    assert found.datagrams.time_s == pytest.approx([86_399.0, 86_399.9, DAY_S + 0.5])
    heard = decode(found, day_s=10 * DAY_S)
    assert heard.plots.time_s - 10 * DAY_S == pytest.approx(
        np.repeat([86_399.0, 86_399.9, DAY_S + 0.5], 2), abs=1 / 128
    )
    assert heard.losses.size == 0


def test_ioss_final_that_breaks_off():
    data = final(cat048(), 1000.0) * 3
    found = read_recording(data[:-5], "x.ff")
    assert len(found.datagrams) == 2
    assert found.truncated_at == len(data) // 3 * 2
    assert "breaks off" in found.warning


def test_gps_container_of_a_real_recorder():
    found = read_recording(shared("croatiacontrol/parsegps.gps"), "parsegps.gps")
    assert (found.kind, len(found.datagrams), found.truncated_at) == ("gps", 15, None)
    heard = decode(found)
    assert (len(heard.plots), len(heard.services), heard.losses.size) == (15, 3, 0)
    delay_s = np.median(found.datagrams.time_s) - np.median(heard.plots.time_s)
    assert 0 < delay_s < 2  # a radar's processing and a line


def test_copies_of_the_second_network_are_removed():
    found = read_recording(shared("croatiacontrol/cat_034_048.pcap"), "x")
    alone = remove_copies(found)
    assert (len(found.datagrams), len(alone.datagrams), alone.copies) == (100, 50, 50)
    both, once = decode(found), decode(alone)
    assert (len(both.plots), len(both.services)) == (128, 34)
    assert (len(once.plots), len(once.services), once.copies) == (64, 17, 50)


def capture(*heard: tuple[str, float]) -> bytes:
    """Equal datagrams, each by a group at a time (a whole number of milliseconds)."""
    data = pcap([])
    for group, time_s in heard:
        data += pcap([ethernet(ipv4(cat048(), group))], start_s=0)[24:]
        record = len(data) - 76
        data = data[:record] + struct.pack("<II", 1000, round(time_s * 1e6)) + data[record + 8 :]
    return data


@pytest.mark.parametrize(
    ("heard", "copies"),
    [
        ([("239.0.0.1", 0.0), ("239.0.0.2", 0.004)], 1),
        ([("239.0.0.1", 0.0), ("239.0.0.1", 0.004)], 0),  # the same network: said twice
        ([("239.0.0.1", 0.0), ("239.0.0.2", 0.4)], 0),  # too late
        ([("239.0.0.1", 0.0), ("239.0.0.1", 0.001), ("239.0.0.2", 0.002), ("239.0.0.2", 0.003)], 2),
        ([("239.0.0.1", 0.0), ("239.0.0.2", 0.001), ("239.0.0.3", 0.002)], 2),
        ([("239.0.0.1", 0.0), ("239.0.0.2", 0.001), ("239.0.0.2", 0.002)], 1),  # one copy a network
        ([("239.0.0.2", 0.004), ("239.0.0.1", 0.0)], 1),  # written out of order
    ],
)
def test_what_is_a_copy(heard, copies):
    assert remove_copies(read_recording(capture(*heard), "x")).copies == copies


def test_raw_recordings_have_no_copies():
    assert remove_copies(read_recording(cat048() * 4, "x")).copies == 0
