"""Speak: radars of an exercise say what they hear in the bytes of real ones, and are heard through the same decoder."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from skyaccord.agreement import Act
from skyaccord.exercise.world import World
from skyaccord.sensors import Plots
from skyaccord.sensors.sites import row_of
from skyaccord.tasks import MOVES, Decision, Task
from skyaccord.wire.decoding import Feed, decode_datagrams
from skyaccord.wire.formats.asterix import encode_cat034, encode_cat048
from skyaccord.wire.reports import NORTH_MARKER, Services

FEED_NAME = "radar"


class Spoken:
    """A world as a night's source: every plot goes out as ASTERIX CAT048, every turn of an antenna as CAT034.

    `keep(party, name, bytes)`, where given, gets the bytes: they are a feed like any other. Scripted officers make only
    the moves named in `moves`.
    """

    def __init__(
        self,
        world: World,
        keep: Callable[[str, str, bytes], object] | None = None,
        moves: Collection[str] = tuple(MOVES),
    ) -> None:
        self.world, self._keep, self._moves = world, keep, moves
        self._feeds = {party: Feed() for party in world.parties}

    def plots(self, party: str, from_s: float, to_s: float) -> Plots:
        """What the party's radars reported in [from_s, to_s), as its receiver decodes it."""
        if party not in self._feeds:
            return Plots.empty()
        blocks = encode_cat034(self._services(party, from_s, to_s))
        blocks += encode_cat048(self.world.plots(party, from_s, to_s))
        if self._keep is not None and blocks:
            self._keep(party, FEED_NAME, b"".join(blocks))
        decoded, self._feeds[party] = decode_datagrams(blocks, np.full(len(blocks), to_s), self._feeds[party])
        return decoded.plots

    def acts(self, from_s: float, to_s: float) -> Sequence[Act]:
        """Acts that the script lets happen."""
        return self.world.acts(from_s, to_s)

    def decisions(self, tasks: Sequence[Task], rules: Mapping[str, str], time_s: float) -> Sequence[Decision]:
        """What scripted officers say now."""
        return [said for said in self.world.decisions(tasks, rules, time_s) if said.move in self._moves]

    def _services(self, party: str, from_s: float, to_s: float) -> Services:
        norths, sites = self.world.norths(party, from_s, to_s), self.world.sites(party)
        n = len(norths)
        return Services(
            time_s=norths.time_s,
            source=norths.source,
            message=np.full(n, NORTH_MARKER, np.uint8),
            azimuth_rad=np.full(n, np.nan),
            period_s=sites.scan_s[row_of(sites, norths.source)],
            offset=np.full(n, -1),
        )
