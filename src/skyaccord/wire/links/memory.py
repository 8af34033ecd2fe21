"""The link within one process: every party has an inbox, messages keep the order in which they were sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from skyaccord.errors import InputError


class MemoryLink:
    """A bus between the parties of one process. No threads, no clock: what is sent lies there until it is drained."""

    def __init__(self, parties: Iterable[str]) -> None:
        self._inboxes: dict[str, deque[bytes]] = {party: deque() for party in parties}

    def send(self, to: str, data: bytes) -> None:
        """Put `data` into the inbox of `to`; raises InputError if nobody has that name."""
        self._inbox(to).append(bytes(data))

    def drain(self, party: str) -> list[bytes]:
        """Everything sent to `party` since the last call, oldest first; raises InputError if nobody has that name."""
        inbox = self._inbox(party)
        messages = list(inbox)
        inbox.clear()
        return messages

    def _inbox(self, party: str) -> deque[bytes]:
        if party not in self._inboxes:
            raise InputError(f"memory link: no party {party!r}; there are {', '.join(self._inboxes) or 'none'}")
        return self._inboxes[party]
