"""Listening: live UDP feeds into plots, in a thread of their own, until they are asked for."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from skyaccord.sensors import Plots
from skyaccord.wire.decoding import Feed, decode_datagrams
from skyaccord.wire.links.udp import UdpLink
from skyaccord.wire.losses import Losses


class Listener:
    """Hears one or more GROUP:PORT; the same datagram from two of them (dual LAN) counts once."""

    def __init__(self, addresses: list[str], party: str) -> None:
        """Raises InputError if an address is wrong or cannot be listened on."""
        self.links: list[UdpLink] = []
        try:
            for address in addresses:
                self.links.append(UdpLink(address))
        except BaseException:
            self.close()
            raise
        self._party, self._feed = party, Feed()
        self._waiting: list[Plots] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self.datagrams, self.copies, self.losses = 0, 0, Losses()
        self._fault: BaseException | None = None
        self._threads = [
            threading.Thread(target=self._hear, args=(k,), name=f"udp {address}", daemon=True)
            for k, address in enumerate(addresses)
        ]
        for thread in self._threads:
            thread.start()

    def _hear(self, way: int) -> None:
        try:
            self._hear_on(way)
        except BaseException as fault:
            self._fault = fault

    def _hear_on(self, way: int) -> None:
        while not self._over.is_set():
            batch = self.links[way].receive(0.2)
            if not batch.payloads:
                continue
            with self._lock:
                decoded, self._feed = decode_datagrams(
                    batch.payloads, batch.arrival_s, self._feed, [way] * len(batch.payloads)
                )
                self._waiting.append(decoded.plots)
                self.datagrams += len(batch.payloads)
                self.copies += decoded.copies
                self.losses = self.losses + decoded.losses

    def arrived(self) -> Mapping[str, Plots]:
        """Plots that came since the last call. Raises what ended the listening, if anything did."""
        if self._fault is not None:
            raise self._fault
        with self._lock:
            plots, self._waiting = Plots.concat(self._waiting), []
        return {self._party: plots}

    def close(self) -> None:
        """Hear no more."""
        if hasattr(self, "_over"):
            self._over.set()
            for thread in self._threads:
                thread.join()
        for link in self.links:
            link.close()
