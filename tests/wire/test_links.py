"""Links: what goes in comes out, in order; what cannot be is refused; nothing stays open or half-written."""

import socket
import time

import pytest
from wire_bytes import cat048

from skyaccord.errors import InputError
from skyaccord.wire.decoding import Feed, decode_datagrams
from skyaccord.wire.links.file import read_file, write_file
from skyaccord.wire.links.memory import MemoryLink
from skyaccord.wire.links.udp import UdpLink, parse_address


def test_memory_keeps_the_order_and_empties():
    link = MemoryLink(["RU", "TJ"])
    for k in range(5):
        link.send("TJ", b"%d" % k)
        link.send("RU", b"%d" % -k)
    assert link.drain("TJ") == [b"0", b"1", b"2", b"3", b"4"]
    assert link.drain("TJ") == []
    link.send("TJ", b"5")
    assert link.drain("RU")[-1] == b"-4"
    assert link.drain("TJ") == [b"5"]


def test_memory_knows_its_parties():
    link = MemoryLink(["RU", "TJ"])
    with pytest.raises(InputError, match="no party 'KZ'; there are RU, TJ"):
        link.send("KZ", b"")
    with pytest.raises(InputError, match="no party 'KZ'"):
        link.drain("KZ")


def test_files_are_read_and_written_whole(tmp_path):
    target = tmp_path / "night.ast"
    write_file(target, b"one")
    write_file(target, b"two")
    assert read_file(target) == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["night.ast"]


def test_files_that_cannot_be(tmp_path):
    with pytest.raises(InputError, match=r"absent: cannot be read: no such file or directory"):
        read_file(tmp_path / "absent")
    with pytest.raises(InputError, match=r"cannot be read: is a directory"):
        read_file(tmp_path)
    with pytest.raises(InputError, match=r"cannot be written: no such file or directory"):
        write_file(tmp_path / "no" / "where", b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_file(tmp_path / "folder", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no port"),
        ("8600", "no port"),
        ("239.0.0.1", "no port"),
        ("239.0.0.1:", "no port"),
        ("239.0.0.1:99999", "no port from 0 to 65535"),
        ("239.0.0.1:-1", "no port"),
        ("239.0.0.1:²", "no port"),
        ("radar:8600", "'radar' is not an IPv4 address"),
        ("239.0.0:8600", "'239.0.0' is not an IPv4 address"),
        ("::1:8600", "'::1' is not an IPv4 address"),
    ],
)
def test_addresses_that_are_none(text, says):
    with pytest.raises(InputError) as error:
        parse_address(text)
    assert says in str(error.value)
    assert "write GROUP:PORT" in str(error.value)


def test_an_address_that_is_not_ours():
    with pytest.raises(InputError, match=r"--udp '192\.0\.2\.1:8600': cannot listen there"):
        UdpLink("192.0.2.1:8600")


def test_udp_over_loopback_into_plots():
    sent = [cat048(100.0 + k) for k in range(20)]
    with UdpLink("127.0.0.1:0") as link, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for payload in sent:
            sender.sendto(payload, ("127.0.0.1", link.port))
        received, arrival_s = [], []
        for batch in link.batches(2.0):
            received += batch.payloads
            arrival_s += batch.arrival_s.tolist()
            if len(received) >= len(sent):
                break
    assert received == sent
    assert arrival_s == sorted(arrival_s)
    assert abs(arrival_s[-1] - time.time()) < 60
    heard, _ = decode_datagrams(received, batch.arrival_s if len(batch.payloads) == 20 else arrival_s, Feed())
    assert len(heard.plots) == 20


def test_udp_multicast_on_this_machine():
    try:
        link = UdpLink("239.255.77.77:0", "127.0.0.1")
    except InputError as error:
        pytest.skip(f"no multicast on this machine: {error}")
    with link, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        sender.sendto(b"hello", ("239.255.77.77", link.port))
        assert link.receive(2.0).payloads == [b"hello"]


def test_udp_closes_cleanly():
    link = UdpLink("127.0.0.1:0")
    assert link.receive(0.0).payloads == []
    batches = link.batches(0.0)
    assert len(next(batches).arrival_s) == 0
    link.close()
    link.close()
    assert list(batches) == []
    assert link.receive(0.0).payloads == []
