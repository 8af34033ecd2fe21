"""Truth: what really flies in an exercise, second by second; nobody inside the exercise ever sees it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skyaccord.agreement.words import AirClass
from skyaccord.columns import F8, I4, U1, U2, U4, Columns, Text, column
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.errors import ScenarioError
from skyaccord.exercise.kernels import GRAVITY_MPS2, fall, fly
from skyaccord.exercise.scenario import (
    FLIGHT_LEVEL_M,
    MODE_S_TRANSPONDER,
    RCS_M2,
    Flight,
    Missile,
    Scenario,
    Traffic,
    pressure_offset_m,
)

# bank (rad), turn rate (rad/s), acceleration (m/s2), climb (m/s), its onset (m/s2)
LIMITS = {
    AirClass.AIRLINER: (np.radians(25), np.radians(3), 0.6, 13.0, 0.6),
    AirClass.AIRCRAFT: (np.radians(45), np.radians(6), 3.0, 60.0, 5.0),
    AirClass.DRONE: (np.radians(30), np.radians(12), 1.0, 5.0, 1.0),
}
LONGEST_FALL_S = 900
SIDESTEP_M = 3000.0  # airliners keep up to this far right of the airway's middle
# ICAO Doc 8168 and conspicuity codes that mean something
RESERVED_SQUAWKS = (0o0000, 0o1000, 0o2000, 0o7000, 0o7500, 0o7600, 0o7700)


@dataclass(frozen=True, eq=False)
class Truth(Columns):
    """One row a target and second of the exercise, sorted by target, then time."""

    truth_id: I4 = column("i4")  # from 0: scripted flights, missiles, then airway traffic
    time_s: F8 = column("f8")  # whole seconds after the start
    state: F8 = column("f8", 6)  # ECEF x y z vx vy vz
    lat_rad: F8 = column("f8")
    lon_rad: F8 = column("f8")
    height_m: F8 = column("f8")  # above the ellipsoid
    pressure_alt_m: F8 = column("f8")  # what a perfect Mode C would say
    kind: U1 = column("u1")  # words.AirClass
    transponder: U1 = column("u1")  # scenario.NO_TRANSPONDER, MODE_AC, MODE_S_TRANSPONDER
    mode_a: U2 = column("u2")  # NO_MODE_A: none
    address: U4 = column("u4")  # NO_ADDRESS: none
    callsign: Text = column("S8")
    rcs_m2: F8 = column("f8")


def imagine(scenario: Scenario, rng: np.random.Generator) -> Truth:
    """Everything that flies from the scenario's start to its end; `rng` makes the airway traffic.

    Raises ScenarioError where the airways' traffic asks for more addresses or squawks than it allows.
    """
    flights = list(scenario.flights)
    parts = [_flight_rows(scenario, flight, k) for k, flight in enumerate(flights)]
    parts += [_missile_rows(scenario, m, len(parts) + k) for k, m in enumerate(scenario.missiles)]
    for k, flight in enumerate(_airliners(scenario, rng), len(parts)):
        parts.append(_flight_rows(scenario, flight, k, holds_level=True))
    return Truth.concat([part for part in parts if len(part)])


def names(scenario: Scenario) -> tuple[str, ...]:
    """Names of the scripted targets; truth_id is the index."""
    return (*(f.name for f in scenario.flights), *(m.name for m in scenario.missiles))


def _flight_rows(scenario: Scenario, flight: Flight, truth_id: int, holds_level: bool = False) -> Truth:
    """Rows of one flight; `holds_level`: the route's heights are pressure altitudes."""
    length = int(scenario.end_s - flight.start_s)
    rows = fly(flight.route, length, *LIMITS[flight.kind])
    time_s: F8 = flight.start_s + np.arange(len(rows), dtype=float)
    offset, rate = pressure_offset_m(scenario.air, time_s - scenario.start_s)
    height = rows[:, 2] + offset if holds_level else rows[:, 2]
    climb = rows[:, 5] + rate if holds_level else rows[:, 5]
    course, speed = rows[:, 3], rows[:, 4]
    local = np.stack([speed * np.sin(course), speed * np.cos(course), climb], axis=-1)
    velocity = np.einsum("nij,ni->nj", enu_axes(rows[:, 0], rows[:, 1]), local)
    state = np.hstack([ecef(rows[:, 0], rows[:, 1], height), velocity])
    return _rows(flight, truth_id, time_s, state, (rows[:, 0], rows[:, 1], height), height - offset)


def _rows(flight: Flight, truth_id: int, time_s: F8, state: F8, place: tuple[F8, F8, F8], pressure_alt_m: F8) -> Truth:
    n = len(time_s)
    return Truth(
        truth_id=np.full(n, truth_id, np.int32),
        time_s=time_s,
        state=state,
        lat_rad=place[0],
        lon_rad=place[1],
        height_m=place[2],
        pressure_alt_m=pressure_alt_m,
        kind=np.full(n, flight.kind, np.uint8),
        transponder=np.full(n, flight.transponder, np.uint8),
        mode_a=np.full(n, flight.mode_a, np.uint16),
        address=np.full(n, flight.address, np.uint32),
        callsign=np.full(n, flight.callsign.encode(), "S8"),
        rcs_m2=np.full(n, flight.rcs_m2),
    )


def _missile_rows(scenario: Scenario, missile: Missile, truth_id: int) -> Truth:
    """A boost of constant acceleration, then free fall until the height of the launch point."""
    length = int(scenario.end_s - missile.launch_s)
    state = _ballistic(missile, length)
    time_s: F8 = missile.launch_s + np.arange(len(state), dtype=float)
    place = geodetic(state[:, :3])
    offset, _ = pressure_offset_m(scenario.air, time_s - scenario.start_s)
    body = Flight(missile.name, AirClass.MISSILE, missile.launch_s, np.empty((0, 4)), rcs_m2=missile.rcs_m2)
    return _rows(body, truth_id, time_s, state, place, place[2] - offset)


def _ballistic(missile: Missile, length: int) -> F8:
    """States a second, (n, 6); the burn-out velocity is that of the flat-earth parabola with this range and apex."""
    g, boost = GRAVITY_MPS2, float(missile.boost_s)
    up = g * (np.sqrt(boost * boost / 4 + 2 * missile.apex_m / g) - boost / 2)
    coast = up / g + np.sqrt(2 * missile.apex_m / g)
    along = missile.range_m / (boost / 2 + coast)
    local = np.array([along * np.sin(missile.bearing_rad), along * np.cos(missile.bearing_rad), up])
    velocity = local @ enu_axes(missile.lat_rad, missile.lon_rad)
    origin = ecef(missile.lat_rad, missile.lon_rad, missile.height_m)
    t = np.arange(missile.boost_s)[:, None] + 0.0
    climb = np.hstack([origin + 0.5 * velocity / boost * t * t, velocity / boost * t])
    burn_out = np.concatenate([origin + 0.5 * velocity * boost, velocity])
    return np.vstack([climb, fall(burn_out, LONGEST_FALL_S, missile.height_m)])[:length]


@dataclass(frozen=True)
class _Taken:
    """What airliners already carry: each address, squawk and callsign flies once."""

    addresses: set[int]
    squawks: set[int]
    callsigns: set[str]


def _airliners(scenario: Scenario, rng: np.random.Generator) -> list[Flight]:
    """The traffic of all airways: entries evenly spaced with jitter, those on the way at the start included."""
    airways = {airway.name: airway for airway in scenario.airways}
    taken = _Taken(
        {f.address for f in scenario.flights},
        {f.mode_a for f in scenario.flights} | set(RESERVED_SQUAWKS),
        {f.callsign for f in scenario.flights},
    )
    out: list[Flight] = []
    for traffic in scenario.traffic:
        points = airways[traffic.airway].points
        if traffic.way != "backward":
            out += _stream(scenario, traffic, points, 0.0, taken, rng)
        if traffic.way != "forward":
            out += _stream(scenario, traffic, points[::-1], 10 * FLIGHT_LEVEL_M, taken, rng)
    return out


def _stream(
    scenario: Scenario, traffic: Traffic, points: F8, higher_m: float, taken: _Taken, rng: np.random.Generator
) -> list[Flight]:
    """One way of one airway, from those that entered before the start and are still on it to the last that enters."""
    headway_s = 3600 / traffic.per_hour
    entry_s = headway_s * rng.uniform() - _length_m(points) / traffic.speeds_mps[0]
    out: list[Flight] = []
    while entry_s < scenario.duration_s:
        level_m = traffic.levels_m[len(out) % len(traffic.levels_m)] + higher_m
        speed = rng.uniform(*traffic.speeds_mps)
        route = _enter(points, speed * max(-entry_s, 0.0), level_m, speed, rng.uniform(0, SIDESTEP_M))
        if len(route):
            out.append(_airliner(scenario, traffic, max(math.ceil(entry_s), 0), route, taken, rng))
        entry_s += headway_s * rng.uniform(0.5, 1.5)
    return out


def _airliner(
    scenario: Scenario, traffic: Traffic, after_s: int, route: F8, taken: _Taken, rng: np.random.Generator
) -> Flight:
    callsign = ""
    while not callsign or callsign in taken.callsigns:
        callsign = f"{traffic.callsigns[rng.integers(len(traffic.callsigns))]}{rng.integers(100, 10_000)}"
    taken.callsigns.add(callsign)
    return Flight(
        name=callsign,
        kind=AirClass.AIRLINER,
        start_s=scenario.start_s + after_s,
        route=route,
        transponder=MODE_S_TRANSPONDER,
        address=_fresh(
            traffic.addresses, taken.addresses, rng, f"{scenario.name}: traffic on {traffic.airway}: addresses"
        ),
        mode_a=_fresh(traffic.squawks, taken.squawks, rng, f"{scenario.name}: traffic on {traffic.airway}: squawks"),
        callsign=callsign,
        rcs_m2=RCS_M2[AirClass.AIRLINER],
    )


def _fresh(span: tuple[int, int], taken: set[int], rng: np.random.Generator, what: str) -> int:
    """A number of the span that nobody has yet."""
    first, last = span
    for _ in range(1000):
        value = int(rng.integers(first, last + 1))
        if value not in taken:
            taken.add(value)
            return value
    raise ScenarioError(f"{what} has {last - first + 1} numbers and nearly all are taken; give a wider span")


def _length_m(points: F8) -> float:
    return float(np.linalg.norm(np.diff(ecef(points[:, 0], points[:, 1], 0.0), axis=0), axis=1).sum())


def _enter(points: F8, flown_m: float, level_m: float, speed_mps: float, right_m: float) -> F8:
    """The rest of the route (V, 4) after `flown_m`, right of the airway's middle; no rows: it is through."""
    place = ecef(points[:, 0], points[:, 1], 0.0)
    leg_m = np.linalg.norm(np.diff(place, axis=0), axis=1)
    begin_m = np.concatenate([[0.0], np.cumsum(leg_m)])
    if flown_m >= begin_m[-1] - speed_mps:
        return np.empty((0, 4))
    leg = int(np.searchsorted(begin_m, flown_m, "right")) - 1
    here = place[leg] + (flown_m - begin_m[leg]) / leg_m[leg] * (place[leg + 1] - place[leg])
    rest = np.vstack([here, place[leg + 1 :]])
    step = np.diff(rest, axis=0)
    ahead = np.vstack([step[:1], step[1:] + step[:-1], step[-1:]])
    right = np.cross(ahead, rest)
    rest = rest + right_m * right / np.linalg.norm(right, axis=1, keepdims=True)
    lat, lon, _ = geodetic(rest)
    return np.stack([lat, lon, np.full(len(lat), level_m), np.full(len(lat), speed_mps)], axis=-1)
