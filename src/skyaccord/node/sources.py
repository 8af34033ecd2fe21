"""Sources of a night that is no exercise: a recorded feed, or a live one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from skyaccord.agreement import Act
from skyaccord.sensors import Plots
from skyaccord.tasks import Decision, Task


class Feed:
    """Recorded plots, by party, handed out as their times come."""

    def __init__(self, plots: Mapping[str, Plots]) -> None:
        self._plots = {party: p.take(np.argsort(p.time_s, kind="stable")) for party, p in plots.items()}

    def plots(self, party: str, from_s: float, to_s: float) -> Plots:
        """What falls into [from_s, to_s)."""
        plots = self._plots.get(party, Plots.empty())
        low, high = np.searchsorted(plots.time_s, [from_s, to_s])
        return plots.take(slice(int(low), int(high)))

    def acts(self, from_s: float, to_s: float) -> Sequence[Act]:
        """None: a feed only reports."""
        return ()

    def decisions(self, tasks: Sequence[Task], rules: Mapping[str, str], time_s: float) -> Sequence[Decision]:
        """None: only persons decide."""
        return ()


class Listening(Feed):
    """A live feed: whatever has arrived since it was last asked, by party. Late plots count at their own time."""

    def __init__(self, arrived: Callable[[], Mapping[str, Plots]], parties: Sequence[str]) -> None:
        super().__init__({})
        self._arrived, self._waiting = arrived, {party: Plots.empty() for party in parties}

    def plots(self, party: str, from_s: float, to_s: float) -> Plots:
        """All that has arrived for this party since it was last asked."""
        for whose, plots in self._arrived().items():
            self._waiting[whose] = Plots.concat([self._waiting[whose], plots])
        out, self._waiting[party] = self._waiting[party], Plots.empty()
        return out
