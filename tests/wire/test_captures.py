"""Captures of a network: every kind of file and frame gives the payloads that were put in, or that tshark finds."""

import struct

import numpy as np
import pytest
from wire_bytes import DATA, ethernet, ipv4, pcap, run, shared

from skyaccord.errors import FormatError
from skyaccord.wire import Recording, read_recording

PAYLOADS = [b"\x30\x00\x03", b"\x22\x00\x04\x00", bytes(range(48, 248))]
SLL = bytes(14) + b"\x08\x00"
SLL2 = b"\x08\x00" + bytes(18)


def payloads(recording: Recording) -> list[bytes]:
    d = recording.datagrams
    return [recording.buffer[o : o + n].tobytes() for o, n in zip(d.offset, d.length, strict=True)]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_classic_of_both_orders_and_resolutions(order, nano):
    found = read_recording(pcap([ethernet(ipv4(p)) for p in PAYLOADS], order=order, nano=nano), "x.pcap")
    assert found.kind == "pcap"
    assert payloads(found) == PAYLOADS
    assert found.datagrams.time_s.tolist() == pytest.approx([1.7e9, 1.7e9 + 0.001, 1.7e9 + 0.002], abs=1e-6)
    assert set(found.datagrams.group.tolist()) == {0xEF010203}
    assert set(found.datagrams.source_ip.tolist()) == {0x0A000001}
    assert set(found.datagrams.port.tolist()) == {8600}


@pytest.mark.parametrize(
    ("link", "head"),
    [(1, None), (101, b""), (12, b""), (228, b""), (0, b"\x02\0\0\0"), (108, b"\0\0\0\x02"), (113, SLL), (276, SLL2)],
)
def test_link_types(link, head):
    frames = [ethernet(ipv4(p)) if head is None else head + ipv4(p) for p in PAYLOADS]
    assert payloads(read_recording(pcap(frames, link), "x.pcap")) == PAYLOADS


@pytest.mark.parametrize("vlans", [1, 2])
def test_vlan_tags_are_stepped_over(vlans):
    assert payloads(read_recording(pcap([ethernet(ipv4(p), vlans) for p in PAYLOADS]), "x.pcap")) == PAYLOADS


def test_ipv6_and_its_extension_headers():
    udp = struct.pack(">HHHH", 1, 8600, 11, 0) + b"\x30\x00\x03"
    plain = struct.pack(">IHBB", 6 << 28, len(udp), 17, 1) + bytes(32) + udp
    hop = bytes([17, 0]) + bytes(6) + udp
    extended = struct.pack(">IHBB", 6 << 28, len(hop), 0, 1) + bytes(32) + hop
    found = read_recording(pcap([ethernet(p, kind=0x86DD) for p in (plain, extended)]), "x.pcap")
    assert payloads(found) == [b"\x30\x00\x03"] * 2
    assert found.datagrams.group.tolist() == [0, 0]


def test_what_is_no_datagram_is_counted():
    tcp = bytearray(ipv4(b"1234"))
    tcp[9] = 6
    frames = [
        ethernet(ipv4(PAYLOADS[0])),
        ethernet(ipv4(b"x" * 40, fragment=0x2000)),
        ethernet(ipv4(b"x" * 40, fragment=0x00B9)),
        ethernet(bytes(tcp)),
        ethernet(b"\0" * 46, kind=0x0806),
        ethernet(ipv4(b""))[:30],
    ]
    found = read_recording(pcap(frames), "x.pcap")
    assert payloads(found) == PAYLOADS[:1]
    assert found.skipped == {"fragment": 2, "not UDP": 1, "not IP": 1, "broken header": 1}


def test_a_udp_length_left_to_the_card():
    """Length zero in UDP: the payload ends where IP says, not where the frame was padded."""
    packet = bytearray(ipv4(b"\x30\x00\x03"))
    packet[24:26] = b"\0\0"
    assert payloads(read_recording(pcap([ethernet(bytes(packet))]), "x.pcap")) == [b"\x30\x00\x03"]


def next_block(kind: int, body: bytes, order: str) -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, 12 + len(body)) + body + struct.pack(order + "I", 12 + len(body))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("resolution", "unit"), [(None, 1e6), (b"\x09", 1e9), (b"\x03", 1e3), (b"\x8a", 1024.0)])
def test_next_generation_with_its_clocks(order, resolution, unit):
    frames = [ethernet(ipv4(p)) for p in PAYLOADS]
    option = b"" if resolution is None else struct.pack(order + "HH", 9, 1) + resolution + bytes(3)
    data = next_block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)
    data += next_block(1, struct.pack(order + "HHI", 1, 0, 0) + option, order)
    for frame in frames[:2]:
        ticks = int(1.7e9 * unit) + 1
        head = struct.pack(order + "IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
        data += next_block(6, head + frame, order)
    data += next_block(0xBAD, b"whatever", order)
    data += next_block(3, struct.pack(order + "I", len(frames[2])) + frames[2], order)
    found = read_recording(data, "x.pcapng")
    assert found.kind == "pcapng"
    assert payloads(found) == PAYLOADS
    assert found.datagrams.time_s[:2] == pytest.approx(1.7e9 + 1 / unit, abs=1e-6)
    assert np.isnan(found.datagrams.time_s[2])
    assert found.truncated_at is None


@pytest.mark.parametrize("kind", ["pcapng", "nsecpcap"])
def test_editcap_writes_what_we_read(tmp_path, kind):
    source = shared("croatiacontrol/cat_034_048.pcap")
    target = tmp_path / "other"
    run("editcap", "-F", kind, str(DATA / "croatiacontrol/cat_034_048.pcap"), str(target))
    one, other = read_recording(source, "a"), read_recording(target.read_bytes(), "b")
    assert payloads(one) == payloads(other)
    np.testing.assert_allclose(one.datagrams.time_s, other.datagrams.time_s, atol=1e-6)


def test_tshark_finds_the_same_payloads():
    found = read_recording(shared("croatiacontrol/cat_034_048.pcap"), "x")
    fields = ("frame.time_epoch", "ip.dst", "ip.src", "udp.dstport", "udp.length")
    wanted = [part for field in fields for part in ("-e", field)]
    rows = [
        line.split("\t")
        for line in run(
            "tshark", "-r", str(DATA / "croatiacontrol/cat_034_048.pcap"), "-T", "fields", *wanted
        ).splitlines()
    ]
    d = found.datagrams
    assert len(rows) == len(d) == 100
    assert [int(row[4]) - 8 for row in rows] == d.length.tolist()
    assert [int(row[3]) for row in rows] == d.port.tolist()
    for column, values in ((1, d.group), (2, d.source_ip)):
        assert [row[column] for row in rows] == [".".join(map(str, int(v).to_bytes(4, "big"))) for v in values]
    np.testing.assert_allclose([float(row[0]) for row in rows], d.time_s, atol=1e-6)


def test_truncated_in_a_record_gives_what_lies_before():
    data = pcap([ethernet(ipv4(p)) for p in PAYLOADS])
    ends = [24, 24 + 76, 24 + 2 * 76, len(data)]
    for cut in range(24, len(data)):
        found = read_recording(data[:cut], "night.pcap")
        complete = sum(cut >= end for end in ends) - 1
        assert payloads(found) == PAYLOADS[:complete]
        if cut in ends:
            assert (found.truncated_at, found.warning) == (None, "")
        else:
            assert found.truncated_at == ends[complete]
            assert found.warning.startswith(f"night.pcap: truncated pcap: it breaks off at byte {ends[complete]}")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "x: the file is empty (0 bytes)"),
        (b"hello, world, this is text", "x: unknown file type"),
        (pcap([])[:17], "x: truncated pcap: 17 bytes, but its header alone has 24"),
        (b"\x0a\x0d\x0d\x0a\x1c", "x: truncated pcapng: 5 bytes, but its header alone has 28"),
        (pcap([], link=147), "x: link type 147 at byte 20"),
    ],
)
def test_bad_files_are_refused_in_one_sentence(data, says):
    with pytest.raises(FormatError) as error:
        read_recording(data, "x")
    assert str(error.value).startswith(says)
    assert "\n" not in str(error.value)


def test_a_mutilated_capture_never_crashes():
    data = pcap([ethernet(ipv4(p)) for p in PAYLOADS * 3])
    rng = np.random.default_rng(5)
    for _ in range(1500):
        mutant = bytearray(data)
        for place in rng.integers(24, len(data), rng.integers(1, 6)):
            mutant[place] = rng.integers(256)
        d = read_recording(bytes(mutant), "x").datagrams
        assert (d.length >= 0).all()
        assert (d.offset + d.length <= len(mutant)).all()
