"""Alerts: predicted crossings against geodesics, noise that must not cry wolf, and who concerns whom."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from pyproj import Geod
from skies import NOON_S, WITHDRAWN, neighbours, sky, state_of

from skyaccord.agreement import Charter
from skyaccord.agreement.words import AirClass, Identity
from skyaccord.columns import F8
from skyaccord.picture import Picture
from skyaccord.threats import RULES, Alert, Memory, assess
from skyaccord.threats.course import on_course
from skyaccord.threats.rules import border_violation
from skyaccord.threats.scene import Scene, territories
from skyaccord.tracks import TENTATIVE

GEOD = Geod(ellps="WGS84")
CHARTER = neighbours()
SCAN_S = 5.0


class Watcher:
    """Looks at pictures one after another and keeps what was said."""

    def __init__(self, party: str = "S", charter: Charter = CHARTER) -> None:
        self.party, self.charter = party, charter
        self.memory = Memory()
        self.said: list[Alert] = []

    def look(self, picture: Picture, time_s: float) -> tuple[Alert, ...]:
        self.memory, changed = assess(picture, self.memory, self.charter, self.party, time_s)
        self.said += changed
        return changed

    def follow(self, states: list[F8], **more) -> list[Alert]:
        """One track, a plot a scan."""
        for k, state in enumerate(states):
            time_s = NOON_S + k * SCAN_S
            self.look(sky(state, time_s=time_s, **more), time_s)
        return self.said


def flight(lat_deg: float, lon_deg: float, course_deg: float, speed_mps: float, scans: int) -> list[F8]:
    """True states along a geodesic, from pyproj."""
    states = []
    for k in range(scans):
        lon, lat, back = GEOD.fwd(lon_deg, lat_deg, course_deg, speed_mps * SCAN_S * k)
        states.append(state_of(lat, lon, back - 180.0 if k else course_deg, speed_mps))
    return states


def crossing_s(lat_deg: float, lon_deg: float, course_deg: float, speed_mps: float, border_lat_deg: float) -> float:
    """When a geodesic meets a parallel, by halving with pyproj."""
    low, high = 0.0, 600.0
    for _ in range(60):
        middle = (low + high) / 2
        _, lat, _ = GEOD.fwd(lon_deg, lat_deg, course_deg, speed_mps * middle)
        low, high = (middle, high) if lat < border_lat_deg else (low, middle)
    return low


@pytest.mark.parametrize("course_deg", [0.0, 35.0, -60.0])
def test_time_and_place_of_a_crossing_are_those_of_the_geodesic(course_deg: float) -> None:
    """States are given at 3,000 m, where a degree is longer by 3000/6.37e6: the true time takes that in."""
    true_s = crossing_s(36.75, 69.5, course_deg, 210.0 * 6.371e6 / 6.374e6, 37.0)
    watcher = Watcher()
    alerts = watcher.follow(flight(36.75, 69.5, course_deg, 210.0, 3))
    assert [a.state for a in alerts] == ["open"]
    assert alerts[0].event_time_s - NOON_S == pytest.approx(true_s, abs=0.6)
    assert math.degrees(alerts[0].event_lat_rad) == pytest.approx(37.0, abs=1e-3)
    assert (alerts[0].rule, alerts[0].area, alerts[0].id) == ("border_violation", "south", "S-A1")


def test_sigma_of_the_time_is_that_of_samples() -> None:
    """Monte Carlo: each sample's own crossing of the parallel."""
    chance = np.random.default_rng(1)
    state = state_of(36.7, 69.5, 35.0, 210.0)
    covariance = np.diag([300.0**2] * 3 + [6.0**2] * 3)
    picture = sky(state, sigma_m=300.0, sigma_mps=6.0)
    _, found = border_violation.look(Scene(picture, picture.number, territories(CHARTER, "S"), "S", NOON_S), None)
    samples = chance.multivariate_normal(state, covariance, 3000)
    seconds = np.arange(100.0, 320.0)
    lat, _, _ = on_course(samples, np.tile(seconds, (3000, 1)))
    k = np.argmax(lat > math.radians(37.0), axis=1)
    rows = np.arange(3000)
    part = (math.radians(37.0) - lat[rows, k - 1]) / (lat[rows, k] - lat[rows, k - 1])
    times_s = seconds[k - 1] + part
    assert found.event_sigma_s[0] == pytest.approx(times_s.std(), rel=0.05)
    assert found.event_time_s[0] - NOON_S == pytest.approx(np.median(times_s), abs=1.0)


def test_a_violation_from_first_sight_to_leaving() -> None:
    """Through a corner of the South: advisory, warning, observed, closed; each once."""
    watcher = Watcher()
    chance = np.random.default_rng(2)
    states = [noisy(state, chance) for state in flight(36.5, 70.6, 30.0, 230.0, 100)]
    alerts = watcher.follow(states)
    ours = [a for a in alerts if a.area == "south"]
    assert len({a.id for a in ours}) == 1
    steps = list(dict.fromkeys((a.state, a.severity) for a in ours))
    assert steps == [("open", "advisory"), ("open", "warning"), ("observed", "warning"), ("closed", "warning")]
    assert len(ours) <= 6
    observed = next(a for a in ours if a.state == "observed")
    true_s = crossing_s(36.5, 70.6, 30.0, 230.0, 37.0)
    assert abs(observed.event_time_s - NOON_S - true_s) < 4 * observed.event_sigma_s + 1.0
    assert observed.time_s > observed.event_time_s
    assert [a.state for a in ours].count("closed") == 1


def test_a_warning_is_never_taken_back_to_an_advisory() -> None:
    """It slows down: less than two minutes away, then more."""
    watcher = Watcher()
    alerts = watcher.follow(flight(36.8, 69.5, 0.0, 210.0, 3) + flight(36.83, 69.5, 0.0, 90.0, 4))
    assert [a.severity for a in alerts] == ["warning", "warning"]
    assert alerts[1].event_time_s - alerts[1].time_s > 120.0


def noisy(state: F8, chance: np.random.Generator, sigma_m: float = 100.0, sigma_mps: float = 3.0) -> F8:
    return state + np.concatenate([chance.normal(0, sigma_m, 3), chance.normal(0, sigma_mps, 3)])


@pytest.mark.parametrize("seed", range(6))
def test_a_flight_along_the_border_raises_nothing(seed: int) -> None:
    """8 km outside: at the horizon one sigma of the way sideways is 0.9 km, and noise moves the course each scan."""
    chance = np.random.default_rng(seed)
    states = [noisy(state, chance) for state in flight(36.928, 68.3, 90.0, 200.0, 120)]
    assert Watcher().follow(states) == []


def test_noise_at_the_horizon_does_not_flap() -> None:
    """Towards the border from where the prediction only just reaches it, for ten minutes: one alert, said few times."""
    chance = np.random.default_rng(9)
    states = [noisy(state, chance, 150.0, 8.0) for state in flight(35.8, 69.0, 20.0, 220.0, 120)]
    alerts = Watcher().follow(states, sigma_m=150.0, sigma_mps=8.0)
    assert len({a.id for a in alerts}) == 1
    assert len(alerts) <= 8


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("identity", Identity.FRIEND),
        ("identity", Identity.ASSUMED_FRIEND),
        ("air_class", AirClass.AIRLINER),
        ("status", TENTATIVE),
    ],
)
def test_whom_a_border_does_not_stop(column: str, value: int) -> None:
    states = flight(36.7, 69.5, 0.0, 210.0, 60)
    assert Watcher().follow(states, **{column: [value]}) == []
    assert Watcher().follow(states) != []


def test_an_airliner_under_suspicion_concerns() -> None:
    states = flight(36.7, 69.5, 0.0, 210.0, 4)
    assert Watcher().follow(states, air_class=[AirClass.AIRLINER], identity=[Identity.SUSPECT])


def test_a_look_without_new_plots_counts_for_nothing() -> None:
    watcher = Watcher()
    state = state_of(36.7, 69.5, 0.0, 210.0)
    for k in range(30):
        watcher.look(sky(state, time_s=NOON_S + k, age_s=float(k)), NOON_S + k)
    assert watcher.said == []
    watcher.look(sky(state, time_s=NOON_S + 30), NOON_S + 30)
    assert [a.state for a in watcher.said] == ["open"]


def test_first_seen_just_inside_on_a_course_from_outside() -> None:
    """Terrain hides the border: a drone appears 2 km behind it, flying in."""
    alerts = Watcher().follow(flight(37.018, 69.5, 0.0, 40.0, 6))
    assert alerts[0].state == "observed"
    assert alerts[0].event_time_s == pytest.approx(NOON_S - 2000.0 / 40.0, abs=4.0)


@pytest.mark.parametrize(("lat_deg", "course_deg"), [(37.018, 180.0), (37.5, 0.0), (37.03, 90.0)])
def test_what_rises_inside_is_no_entry(lat_deg: float, course_deg: float) -> None:
    """Flying out, deep inside, and along the border within."""
    assert Watcher().follow(flight(lat_deg, 69.5, course_deg, 40.0, 12)) == []


def test_one_known_inside_may_turn_inward_near_the_border() -> None:
    watcher = Watcher()
    states = flight(37.05, 69.5, 90.0, 60.0, 10)
    states += [state_of(37.05, 69.6, 0.0, 60.0) for _ in range(10)]
    assert watcher.follow(states) == []


def test_from_one_territory_into_another() -> None:
    """Each territory has its alert: out of the South into the North."""
    alerts = Watcher("N").follow(flight(38.8, 69.5, 0.0, 210.0, 30))
    assert [a.area for a in alerts if a.state == "observed"] == ["north"]


def test_a_lost_track_closes_its_alert() -> None:
    watcher = Watcher()
    watcher.follow(flight(36.7, 69.5, 0.0, 210.0, 4))
    (closed,) = watcher.look(sky(time_s=NOON_S + 60), NOON_S + 60)
    assert (closed.state, closed.id) == ("closed", "S-A1")
    assert "lost" in closed.text
    assert watcher.look(sky(time_s=NOON_S + 61), NOON_S + 61) == ()


def test_an_alert_whose_cause_is_gone_is_closed() -> None:
    watcher = Watcher()
    turned = flight(36.9, 69.5, 180.0, 210.0, 6)
    alerts = watcher.follow(flight(36.7, 69.5, 0.0, 210.0, 4) + turned)
    assert [a.state for a in alerts][-1] == "closed"
    assert not watcher.memory.watches


def test_after_withdrawal_only_ones_own_territory_concerns() -> None:
    law = neighbours(WITHDRAWN)
    assert [t.party for t in territories(CHARTER, "S")] == ["S", "N"]
    assert [t.party for t in territories(law, "S")] == ["S"]
    assert [t.party for t in territories(law, "N")] == ["N"]
    assert Watcher("N", law).follow(flight(36.7, 69.5, 0.0, 210.0, 6)) == []
    assert Watcher("S", law).follow(flight(36.7, 69.5, 0.0, 210.0, 6)) != []


def rocket(scans: int) -> list[F8]:
    """A throw, by its parabola: 640 m/s along, 500 m/s up, plain gravity."""
    states = []
    for k in range(scans):
        t = SCAN_S * k
        lon, lat, back = GEOD.fwd(69.5, 36.8, 20.0, 640.0 * t)
        states.append(
            state_of(lat, lon, back - 180.0 if k else 20.0, 640.0, 4000.0 + 500.0 * t - 4.9 * t * t, 500.0 - 9.8 * t)
        )
    return states


def test_a_rocket_is_an_attack_with_an_impact() -> None:
    watcher = Watcher()
    alerts = [a for a in watcher.follow(rocket(6), sigma_mps=8.0) if a.rule == "fast_mover"]
    assert [a.severity for a in alerts] == ["attack"] * len(alerts)
    assert alerts[0].time_s == NOON_S + 2 * SCAN_S  # the third look
    flight_s = (500.0 + math.sqrt(500.0**2 + 4 * 4.9 * 4000.0)) / 9.8
    lon, lat, _ = GEOD.fwd(69.5, 36.8, 20.0, 640.0 * flight_s)
    assert alerts[-1].event_time_s - NOON_S == pytest.approx(flight_s, abs=2.0)
    _, _, off_m = GEOD.inv(lon, lat, math.degrees(alerts[-1].event_lon_rad), math.degrees(alerts[-1].event_lat_rad))
    assert off_m < 1500.0
    assert alerts[-1].area == "south"


def test_a_rocket_over_the_top_of_its_way_is_still_one() -> None:
    """At the top it makes 550 m/s, level: no sign of a rocket by itself."""
    states = [state_of(37.0, 69.5, 0.0, 550.0, 20_000.0, climb) for climb in np.linspace(500.0, -500.0, 40)]
    alerts = [a for a in Watcher().follow(states) if a.rule == "fast_mover"]
    assert len({a.id for a in alerts}) == 1
    assert "closed" not in [a.state for a in alerts]
    level = [state_of(37.0, 69.5, 0.0, 550.0, 20_000.0)] * 8
    assert [a for a in Watcher().follow(level) if a.rule == "fast_mover"] == []


def test_a_level_fast_mover_has_no_impact() -> None:
    states = flight(36.0, 69.5, 90.0, 900.0, 5)
    alerts = [a for a in Watcher().follow(states) if a.rule == "fast_mover"]
    assert len(alerts) == 1
    assert math.isnan(alerts[0].event_time_s)


def test_two_wild_looks_are_no_attack() -> None:
    calm, wild = flight(36.0, 69.5, 90.0, 230.0, 1)[0], flight(36.0, 69.5, 90.0, 900.0, 1)[0]
    assert Watcher().follow([calm, wild, wild, calm, calm, wild, calm]) == []


def test_assess_is_pure() -> None:
    picture, memory = sky(*flight(36.7, 69.5, 0.0, 210.0, 2)), Memory()
    first = assess(picture, memory, CHARTER, "S", NOON_S)
    again = assess(picture, memory, CHARTER, "S", NOON_S)
    assert repr(first[0].watches) == repr(again[0].watches)
    assert memory.watches == {}
    assert memory.serial == 0


def test_ids_never_repeat() -> None:
    watcher = Watcher()
    for k in range(3):
        for j, state in enumerate(flight(36.7, 69.5, 0.0, 210.0, 4)):
            time_s = NOON_S + 100 * k + SCAN_S * j
            watcher.look(sky(state, time_s=time_s), time_s)
        watcher.look(sky(time_s=NOON_S + 100 * k + 50), NOON_S + 100 * k + 50)
    assert list(dict.fromkeys(a.id for a in watcher.said)) == ["S-A1", "S-A2", "S-A3"]


def test_every_rule_has_a_name_of_its_own() -> None:
    assert [rule.name for rule in RULES.values()] == list(RULES)
    assert replace(RULES["fast_mover"], name="x") != RULES["fast_mover"]


def test_a_crowded_sky_takes_little() -> None:
    """2,000 unknown tracks: a bound on work, not on the clock: near ones alone are carried ahead."""
    chance = np.random.default_rng(3)
    states = [state_of(lat, lon, 90.0, 200.0) for lat, lon in chance.uniform((30, 60), (36, 80), (2000, 2))]
    watcher = Watcher()
    watcher.look(sky(*states), NOON_S)
    assert watcher.said == []
