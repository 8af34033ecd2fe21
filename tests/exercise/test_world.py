"""The world lives through intervals, the same for the same seed; and Pamir night shows what its captions promise."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from skyaccord.agreement import charter, parse
from skyaccord.agreement.words import AirClass
from skyaccord.earth.areas import contains
from skyaccord.exercise import Scenario, World, check_parties, parse_scenario
from skyaccord.exercise.scenario import MOVES
from skyaccord.exercise.truth import names
from skyaccord.sensors.plots import Plots
from skyaccord.tasks.lifecycle import LIFE
from skyaccord.tasks.task import Task

ROOT = Path(__file__).resolve().parents[2]
PAMIR = ROOT / "scenarios" / "pamir-night.toml"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return parse_scenario(PAMIR.read_text(), PAMIR.name)


@pytest.fixture(scope="module")
def world(scenario: Scenario) -> World:
    return World(scenario)


def same(one: Plots, other: Plots) -> bool:
    return all(values.tobytes() == other.arrays()[name].tobytes() for name, values in one.arrays().items())


def test_a_seed_is_a_night_byte_for_byte(scenario: Scenario, world: World) -> None:
    again, other = World(scenario, scenario.seed), World(scenario, scenario.seed + 1)
    for party in world.parties:
        whole = (party, scenario.start_s, scenario.end_s)
        assert same(world.plots(*whole), again.plots(*whole))
        np.testing.assert_array_equal(world.truth_ids(*whole), again.truth_ids(*whole))
        assert not same(world.plots(*whole), other.plots(*whole))


def test_intervals_share_nothing_and_miss_nothing(scenario: Scenario, world: World) -> None:
    edges = scenario.start_s + np.arange(0, 1201, 7.5)
    for party in world.parties:
        parts = [world.plots(party, a, b) for a, b in pairwise(edges)]
        assert same(Plots.concat(parts), world.plots(party, scenario.start_s, scenario.end_s))
        for part, a, b in zip(parts, edges[:-1], edges[1:], strict=True):
            assert ((part.time_s >= a) & (part.time_s < b)).all()
            assert len(world.truth_ids(party, a, b)) == len(part)
        crossings = sum(len(world.norths(party, a, b)) for a, b in pairwise(edges))
        assert crossings == 240 + 120


def test_each_party_hears_with_its_own_radars_only(scenario: Scenario, world: World) -> None:
    assert world.parties == ("RU", "TJ")
    for party in world.parties:
        own = set(world.sites(party).source.tolist())
        assert set(world.plots(party, 0, 1e12).source.tolist()) == own
        assert set(world.norths(party, 0, 1e12).source.tolist()) == own
        assert (world.sites(party).party == party.encode()).all()


def test_acts_and_captions_come_when_due(scenario: Scenario, world: World) -> None:
    start = scenario.start_s
    assert [a.kind for a in world.acts(start + 900, start + 901)] == ["withdraw"]
    assert world.acts(start, start + 900) == ()
    assert len(world.captions(start, start + 1)) == 1
    assert sum(len(world.captions(start + t, start + t + 1)) for t in range(1200)) == len(scenario.moments)


def task(state: str, changed_s: float, verb: str = "identify", serial: int = 1, responder: str = "TJ.duty") -> Task:
    return Task(f"TJ-T{serial}", verb, "TJ-A1", 1, "TJ", 0.0, state, "TJ.air-defence", (), responder, changed_s, "")


def test_scripted_officers_take_their_time_and_say_it_once(scenario: Scenario) -> None:
    world = World(scenario)
    waiting = [task("proposed", 100.0)]
    assert world.decisions(waiting, {}, 129.9) == ()
    (said,) = world.decisions(waiting, {}, 130.0)
    assert (said.task, said.move, said.post, said.time_s, said.scripted) == (
        *("TJ-T1", "approve", "TJ.air-defence"),
        *(130.0, True),
    )
    assert world.decisions(waiting, {}, 140.0) == ()  # refused or not, it was said
    (said,) = world.decisions([task("approved", 130.0)], {}, 142.0)
    assert (said.move, said.responder) == ("assign", "TJ.duty")
    (said,) = world.decisions([task("assigned", 142.0)], {}, 150.0)
    assert (said.move, said.post) == ("acknowledge", "TJ.duty")
    assert world.decisions([task("acknowledged", 150.0)], {}, 299.0) == ()
    (said,) = world.decisions([task("acknowledged", 150.0)], {}, 300.0)
    assert said.move == "close"
    assert world.decisions([task("closed", 300.0)], {}, 9999.0) == ()
    given_to_another = [task("assigned", 0.0, serial=3, responder="RU.duty")]
    assert world.decisions(given_to_another, {}, 9999.0) == ()  # who was not asked does not answer
    assert world.decisions([task("proposed", 0.0, "shelter", 2)], {}, 9999.0) == ()  # the order is about identify


def test_an_order_about_a_rule_leaves_other_rules_alone(scenario: Scenario) -> None:
    orders = tuple(replace(order, rule="border_violation") for order in scenario.staff[:1])
    world = World(replace(scenario, staff=orders))
    assert world.decisions([task("proposed", 0.0)], {"TJ-A1": "fast_mover"}, 99.0) == ()
    assert len(world.decisions([task("proposed", 0.0)], {"TJ-A1": "border_violation"}, 99.0)) == 1


def heard_times(world: World, party: str, sensor: str, target: str) -> np.ndarray:
    scenario = world.scenario
    plots, ids = world.plots(party, 0, 1e12), world.truth_ids(party, 0, 1e12)
    source = scenario.sites.source[scenario.sites.name == sensor.encode()][0]
    return plots.time_s[(ids == names(scenario).index(target)) & (plots.source == source)] - scenario.start_s


@pytest.mark.parametrize("seed", [2021, 1, 2, 3])
def test_pamir_night_keeps_what_its_captions_promise(scenario: Scenario, seed: int) -> None:
    world = World(scenario, seed)
    airliners = np.unique(world.truth.truth_id[world.truth.kind == AirClass.AIRLINER])
    assert 40 <= len(airliners) <= 70

    fast = heard_times(world, "TJ", "Shaartuz", "Unknown fast")
    assert (fast < 100).sum() >= 12  # long before it crosses
    assert fast.max() < 800  # hills hide it from the plain
    ru_fast = heard_times(world, "RU", "Bokhtar", "Unknown fast")
    assert (ru_fast > 900).sum() >= 30

    drone = heard_times(world, "TJ", "Shaartuz", "Drone")
    assert (drone < 300).sum() >= 40
    assert (drone > 900).sum() >= 30
    for party, sensor in (("RU", "Ayni"), ("RU", "Bokhtar"), ("TJ", "Khorog ridge")):
        assert len(heard_times(world, party, sensor, "Drone")) == 0

    for party, sensor in (("RU", "Bokhtar"), ("TJ", "Shaartuz")):
        missile = heard_times(world, party, sensor, "Missile")
        assert len(missile) >= 18
        assert missile.max() - missile.min() >= 100

    # after the withdrawal each side is alone with what only it hears
    late = {
        party: set(world.truth_ids(party, scenario.start_s + 900, scenario.end_s).tolist()) - {-1}
        for party in world.parties
    }
    assert names(scenario).index("Drone") in late["TJ"] - late["RU"]
    assert names(scenario).index("Unknown fast") in late["RU"] - late["TJ"]
    assert len(late["TJ"] - late["RU"]) >= 4
    assert len(late["RU"] - late["TJ"]) >= 3


def test_pamir_night_is_played_under_its_agreement(scenario: Scenario, world: World) -> None:
    text = (ROOT / "agreements" / scenario.agreement).read_text()
    now = charter(parse(text, scenario.agreement), scenario.start_s)
    check_parties(scenario, [party.id for party in now.parties], [post.id for post in now.posts])
    enters = {}
    for name in ("Unknown fast", "Drone", "Missile"):
        rows = world.truth.take(world.truth.truth_id == names(scenario).index(name))
        inside = contains(now.areas["region"], rows.lat_rad, rows.lon_rad)
        assert not inside[0]
        enters[name] = rows.time_s[int(inside.argmax())] - scenario.start_s
        assert inside[inside.argmax() :].all()  # once in, it stays
    assert 220 <= enters["Unknown fast"] <= 260
    assert 295 <= enters["Drone"] <= 420
    assert 650 <= enters["Missile"] <= 800
    told = {moment.text: moment.time_s - scenario.start_s for moment in scenario.moments}
    for name, caption in (
        ("Unknown fast", "The fast one crosses the border."),
        ("Drone", "The drone crosses the river."),
    ):
        assert abs(told[caption] - enters[name]) < 5


def test_scripted_moves_are_those_of_the_life_of_a_task() -> None:
    for move, state in MOVES.items():
        assert move in LIFE[state]
