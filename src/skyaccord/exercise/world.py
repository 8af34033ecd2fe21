"""World: an exercise ready to be lived through, interval by interval; what is heard, said and shown in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from skyaccord.agreement.terms import Act
from skyaccord.columns import F8, I4
from skyaccord.exercise.hear import Norths, hear, norths
from skyaccord.exercise.scenario import MOVES, Moment, Scenario, StaffOrder
from skyaccord.exercise.truth import Truth, imagine
from skyaccord.sensors.plots import Plots
from skyaccord.sensors.sites import Sites
from skyaccord.tasks.task import Decision, Task

DECIDING = ("approve", "refuse", "assign")


class World:
    """One scenario under one seed: the same seed gives the same night, bit for bit.

    Intervals are [from_s, to_s) in UTC seconds.
    """

    def __init__(self, scenario: Scenario, seed: int | None = None) -> None:
        """Imagine the truth and hear it; `seed` None takes the scenario's. Raises ScenarioError."""
        self.scenario = scenario
        self.seed = scenario.seed if seed is None else seed
        flying, hearing = np.random.SeedSequence(self.seed).spawn(2)
        self.truth: Truth = imagine(scenario, np.random.default_rng(flying))
        plots, ids = hear(scenario, self.truth, np.random.default_rng(hearing))
        crossings = norths(scenario)
        self.parties: tuple[str, ...] = tuple(dict.fromkeys(party.decode() for party in scenario.sites.party))
        self._plots: dict[str, Plots] = {}
        self._ids: dict[str, I4] = {}
        self._norths: dict[str, Norths] = {}
        for party in self.parties:
            own = self.sites(party).source
            heard = np.isin(plots.source, own)
            self._plots[party], self._ids[party] = plots.take(heard), ids[heard]
            self._norths[party] = crossings.take(np.isin(crossings.source, own))
        self._said: set[tuple[str, StaffOrder]] = set()

    def sites(self, party: str) -> Sites:
        """The party's own sensors, in the file's order."""
        return self.scenario.sites.take(self.scenario.sites.party == party.encode())

    def plots(self, party: str, from_s: float, to_s: float) -> Plots:
        """What the party's radars report in the interval, in order of time."""
        return self._plots[party].take(_within(self._plots[party].time_s, from_s, to_s))

    def truth_ids(self, party: str, from_s: float, to_s: float) -> I4:
        """Which target each of `plots` came from, row by row; hear.CLUTTER: none. For scoring only."""
        return self._ids[party][_within(self._plots[party].time_s, from_s, to_s)]

    def norths(self, party: str, from_s: float, to_s: float) -> Norths:
        """North crossings of the party's antennas in the interval."""
        return self._norths[party].take(_within(self._norths[party].time_s, from_s, to_s))

    def acts(self, from_s: float, to_s: float) -> tuple[Act, ...]:
        """Acts under the agreement that fall into the interval, in order, as `agreement.add_act` takes them."""
        return tuple(act for act in self.scenario.acts if from_s <= act.time_s < to_s)

    def captions(self, from_s: float, to_s: float) -> tuple[Moment, ...]:
        """Captions that fall into the interval, in order."""
        return tuple(moment for moment in self.scenario.moments if from_s <= moment.time_s < to_s)

    def decisions(self, tasks: Sequence[Task], rules: Mapping[str, str], time_s: float) -> tuple[Decision, ...]:
        """What the scripted officers say now to the tasks as they stand; each order is spoken once a task.

        `rules` gives the rule of each alert by the alert's id. The agreement still decides whether they may.
        """
        out = []
        for task in tasks:
            for order in self.scenario.staff:
                key = (task.id, order)
                if key in self._said or not _concerns(order, task, rules) or time_s < task.changed_s + order.after_s:
                    continue
                self._said.add(key)
                out.append(
                    Decision(task.id, order.move, order.post, time_s, order.reason, order.responder, scripted=True)
                )
                break
        return tuple(out)


def _concerns(order: StaffOrder, task: Task, rules: Mapping[str, str]) -> bool:
    # an officer speaks once the word is with him: the authority follows the target, and may not have come yet
    return (
        task.state == MOVES[order.move]
        and (order.move not in DECIDING or task.authority == order.post)
        and (order.move in DECIDING or task.responder == order.post)
        and order.verb in ("", task.verb)
        and order.rule in ("", rules.get(task.alert, ""))
    )


def _within(time_s: F8, from_s: float, to_s: float) -> slice:
    return slice(int(np.searchsorted(time_s, from_s)), int(np.searchsorted(time_s, to_s)))
