"""The live link: UDP datagrams of one group (or address) and port, with the time each came."""

from __future__ import annotations

import ipaddress
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np

from skyaccord.columns import F8
from skyaccord.errors import InputError

DATAGRAM_BYTES_MAX = 65_535
RECEIVE_BUFFER_BYTES = 4 << 20  # a burst of a busy multi-radar feed while a step is being computed
BATCH_MAX = 4096


@dataclass(frozen=True, eq=False)
class Batch:
    """Datagrams in the order they came."""

    arrival_s: F8  # (N,) UTC
    payloads: list[bytes]


def parse_address(text: str) -> tuple[str, int]:
    """GROUP:PORT, an IPv4 address and a port; raises InputError."""
    host, colon, port = text.rpartition(":")
    expected = "write GROUP:PORT, an IPv4 address and a port, as in 239.0.0.1:8600"
    if not colon or not port.isascii() or not port.isdigit() or not 0 <= int(port) <= 65_535:
        raise InputError(f"--udp {text!r}: no port from 0 to 65535 after the last colon; {expected}")
    try:
        return str(ipaddress.IPv4Address(host)), int(port)
    except ipaddress.AddressValueError:
        raise InputError(f"--udp {text!r}: {host!r} is not an IPv4 address; {expected}") from None


class UdpLink:
    """Listens from the moment it is made; close it, or use it in a `with`."""

    def __init__(self, address: str, interface: str = "0.0.0.0") -> None:
        """`address`: GROUP:PORT, multicast or one of this machine's own; `interface`: own address to hear a group on.

        Raises InputError if the address is wrong or the system does not let us listen there.
        """
        host, port = parse_address(address)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            self._socket.bind((host, port))
            if ipaddress.IPv4Address(host).is_multicast:
                member = socket.inet_aton(host) + socket.inet_aton(interface)
                self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            self._socket.setblocking(False)
        except OSError as error:
            self._socket.close()
            raise InputError(
                f"--udp {address!r}: cannot listen there: {(error.strerror or str(error)).lower()}"
            ) from None
        self._open = True

    @property
    def port(self) -> int:
        """The port it listens on (the system's choice if 0 was asked for)."""
        port: int = self._socket.getsockname()[1]
        return port

    def receive(self, wait_s: float) -> Batch:
        """What has come, after waiting at most `wait_s` for the first datagram; empty if nothing did."""
        payloads: list[bytes] = []
        arrival_s: list[float] = []
        if self._open and select.select([self._socket], [], [], wait_s)[0]:
            while len(payloads) < BATCH_MAX:
                try:
                    payloads.append(self._socket.recv(DATAGRAM_BYTES_MAX))
                except BlockingIOError:
                    break
                arrival_s.append(time.time())
        return Batch(np.array(arrival_s), payloads)

    def batches(self, wait_s: float) -> Iterator[Batch]:
        """Batch after batch until it is closed; an empty one where nothing came for `wait_s`."""
        while self._open:
            yield self.receive(wait_s)

    def close(self) -> None:
        """Stop listening; closing twice does no harm."""
        self._open = False
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
