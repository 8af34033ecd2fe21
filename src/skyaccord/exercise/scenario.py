"""Scenario: an exercise as its file tells it, checked; every key is explained in docs/scenario.md.

Times in the file are seconds after the start; here, as everywhere inside, they are UTC seconds.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from skyaccord.agreement.lifecycle import ACTS
from skyaccord.agreement.terms import Act
from skyaccord.agreement.words import TASK_VERBS, AirClass
from skyaccord.columns import F8, Bool, Columns, column
from skyaccord.coverage.horizon import Mask, build_mask
from skyaccord.errors import ScenarioError, SitesError
from skyaccord.exercise.tables import Table
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.sensors.sites import DEFAULTS, Sites, build_sites

FLIGHT_LEVEL_M = 30.48
KINDS = {"airliner": AirClass.AIRLINER, "aircraft": AirClass.AIRCRAFT, "drone": AirClass.DRONE}
RCS_M2 = {AirClass.AIRLINER: 40.0, AirClass.AIRCRAFT: 3.0, AirClass.DRONE: 0.1, AirClass.MISSILE: 0.5}
# what a scripted officer can say, and the state of the task in which it can be said
MOVES = {
    "approve": "proposed",
    "refuse": "proposed",
    "assign": "approved",
    "acknowledge": "assigned",
    "close": "acknowledged",
}
# `transponder`
NO_TRANSPONDER, MODE_AC, MODE_S_TRANSPONDER = 0, 1, 2
TRANSPONDERS = {"none": NO_TRANSPONDER, "mode_ac": MODE_AC, "mode_s": MODE_S_TRANSPONDER}


@dataclass(frozen=True, eq=False)
class Radars(Columns):
    """What the exercise knows of each sensor beyond the registry, row by row with `Scenario.sites`."""

    primary: Bool = column("?")
    secondary: Bool = column("?")
    mode_s: Bool = column("?")  # the secondary radar interrogates Mode S, not Mode A/C alone
    measures_height: Bool = column("?")  # a 3-D radar
    pd_secondary: F8 = column("f8")
    reference_rcs_m2: F8 = column("f8")  # found half as often as `pd` at `range_max_m`
    elevation_max_rad: F8 = column("f8")
    phase_rad: F8 = column("f8")  # azimuth of the antenna at the start
    bias_range_m: F8 = column("f8")
    bias_azimuth_rad: F8 = column("f8")
    bias_time_s: F8 = column("f8")
    clutter_per_scan: F8 = column("f8")
    clutter_range_m: F8 = column("f8")


@dataclass(frozen=True, eq=False)
class Patch:
    """A place that keeps giving false echoes to one radar."""

    azimuth_rad: float
    range_m: float
    radius_m: float
    per_scan: float


@dataclass(frozen=True, eq=False)
class Airway:
    """A named line that airliners follow."""

    name: str
    points: F8  # (V, 2) latitude, longitude (rad)


@dataclass(frozen=True)
class Traffic:
    """A stream of airliners on one airway, made from the seed."""

    airway: str
    way: str  # "forward", "backward", "both"
    per_hour: float  # each way
    levels_m: tuple[float, ...]  # pressure altitudes; the way back flies 1,000 ft higher
    speeds_mps: tuple[float, float]
    callsigns: tuple[str, ...]
    addresses: tuple[int, int]  # first and last
    squawks: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Flight:
    """One scripted flight."""

    name: str
    kind: AirClass
    start_s: float
    route: F8  # (V, 4) latitude, longitude (rad), height (m), speed from here on (m/s)
    transponder: int = NO_TRANSPONDER
    address: int = NO_ADDRESS
    mode_a: int = NO_MODE_A
    callsign: str = ""
    rcs_m2: float = 1.0


@dataclass(frozen=True)
class Missile:
    """One short-range ballistic flight, given by its shape over a flat earth; where it really falls, gravity says."""

    name: str
    launch_s: float
    lat_rad: float
    lon_rad: float
    height_m: float
    bearing_rad: float
    range_m: float
    apex_m: float  # above the launch point
    boost_s: int
    rcs_m2: float


@dataclass(frozen=True)
class StaffOrder:
    """What a scripted officer says to a task, and how long that takes."""

    post: str
    move: str  # of MOVES
    verb: str  # task verb it is about; "": any
    rule: str  # rule of the alert behind the task; "": any
    after_s: float  # since the task came into the state in which the move is possible
    responder: str
    reason: str


@dataclass(frozen=True)
class Moment:
    """A caption for the watcher."""

    time_s: float
    text: str


@dataclass(frozen=True)
class Air:
    """How far the height above the ellipsoid stands over the pressure altitude, slowly swinging."""

    offset_m: float
    swing_m: float
    period_s: float


@dataclass(frozen=True, eq=False)
class Scenario:
    """An exercise: who listens, what flies, what is said when."""

    name: str  # the file's
    title: str
    start_s: float
    duration_s: float
    step_s: float
    agreement: str  # name of the agreement's file
    seed: int
    sites: Sites
    masks: tuple[Mask, ...]
    radars: Radars
    patches: tuple[tuple[Patch, ...], ...]
    air: Air
    airways: tuple[Airway, ...]
    traffic: tuple[Traffic, ...]
    flights: tuple[Flight, ...]
    missiles: tuple[Missile, ...]
    acts: tuple[Act, ...]
    staff: tuple[StaffOrder, ...]
    moments: tuple[Moment, ...]

    @property
    def end_s(self) -> float:
        """UTC seconds at which the exercise ends."""
        return self.start_s + self.duration_s


TOP_KEYS = ("title", "start", "duration_s", "step_s", "agreement", "seed")
TABLE_KEYS = ("air", "sensor", "airway", "traffic", "flight", "missile", "act", "staff", "moment")
SITE_KEYS = ("sac", "sic", "name", "party", "kind", "lat_deg", "lon_deg", *DEFAULTS)
RADAR_KEYS = (
    *("screen", "ground_m", "primary", "secondary", "mode_s", "height", "pd_secondary", "reference_rcs_m2"),
    *("elevation_max_deg", "phase_deg", "bias_range_m", "bias_azimuth_deg", "bias_time_s"),
    *("clutter_per_scan", "clutter_range_km", "patches"),
)
LAT, LON, HEIGHT, SPEED = (-90.0, 90.0), (-180.0, 180.0), (-500.0, 30_000.0), (5.0, 1000.0)


def parse_scenario(text: str, name: str) -> Scenario:
    """Read an exercise written in TOML; `name` is the file's, for messages.

    Raises ScenarioError, naming file, line, table and key, the value, and what would be right.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{name}: not TOML: {error}") from None
    top = Table(document, name, text)
    top.only((*TOP_KEYS, *TABLE_KEYS))
    start_s, duration_s = _start(top), top.number("duration_s", 1, 86_400)
    airways = tuple(_airway(t) for t in top.tables("airway"))
    _once([a.name for a in airways], top.tables("airway"), "name")
    flights = tuple(_flight(t, start_s, duration_s) for t in top.tables("flight"))
    missiles = tuple(_missile(t, start_s, duration_s) for t in top.tables("missile"))
    _once(
        [*(f.name for f in flights), *(m.name for m in missiles)], top.tables("flight") + top.tables("missile"), "name"
    )
    sensors = top.tables("sensor")
    return Scenario(
        name=name,
        title=top.word("title"),
        start_s=start_s,
        duration_s=duration_s,
        step_s=top.number("step_s", 0.1, 60, 1.0),
        agreement=top.word("agreement"),
        seed=top.whole("seed", 0, 2**32 - 1, 1),
        sites=_sites(top, sensors),
        masks=tuple(_mask(t) for t in sensors),
        radars=_radars(sensors),
        patches=tuple(_patches(t) for t in sensors),
        air=_air(top.table("air")),
        airways=airways,
        traffic=tuple(_traffic(t, airways) for t in top.tables("traffic")),
        flights=flights,
        missiles=missiles,
        acts=tuple(sorted((_act(t, start_s, duration_s) for t in top.tables("act")), key=lambda a: a.time_s)),
        staff=tuple(_staff(t) for t in top.tables("staff")),
        moments=tuple(sorted((_moment(t, start_s, duration_s) for t in top.tables("moment")), key=lambda m: m.time_s)),
    )


def check_parties(scenario: Scenario, parties: Collection[str], posts: Collection[str] | None = None) -> None:
    """Raise ScenarioError where the scenario names a party, or a post, that the agreement does not have.

    `posts` are post ids such as "TJ.duty"; None: posts are not checked.
    """
    known = f"the agreement {scenario.agreement} has {', '.join(parties)}"
    for k, party in enumerate(scenario.sites.party, 1):
        if party.decode() not in parties:
            named = scenario.sites.name[k - 1].decode()
            raise ScenarioError(f"{scenario.name}: sensor {k} ({named}): party is {party.decode()!r}; {known}")
    for k, act in enumerate(scenario.acts, 1):
        if act.party not in parties:
            at = f"{scenario.name}: act {k} ({act.kind} at {act.time_s - scenario.start_s:g} s)"
            raise ScenarioError(f"{at}: party is {act.party!r}; {known}")
    if posts is None:
        return
    named_posts = [(f"act ({a.kind})", a.post) for a in scenario.acts]
    named_posts += [(f"staff {k} ({s.move})", s.post) for k, s in enumerate(scenario.staff, 1)]
    named_posts += [(f"staff {k} ({s.move}): responder", s.responder) for k, s in enumerate(scenario.staff, 1)]
    for where, post in named_posts:
        if post and post not in posts:
            raise ScenarioError(
                f"{scenario.name}: {where}: post is {post!r}; the agreement {scenario.agreement} has {', '.join(posts)}"
            )


def pressure_offset_m(air: Air, since_start_s: F8) -> tuple[F8, F8]:
    """Height above the ellipsoid minus pressure altitude, and its rate (m/s), at times after the start: (N,) each."""
    turn = 2 * np.pi / air.period_s
    phase = turn * np.asarray(since_start_s)
    return air.offset_m + air.swing_m * np.sin(phase), air.swing_m * turn * np.cos(phase)


def _start(top: Table) -> float:
    value = top.values.get("start")
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise top.wrong("start", "it is a date and time with its zone, such as 2026-09-14T18:00:00Z")
    return float(math.floor(value.timestamp()))


def _once(names: list[str], tables: list[Table], key: str) -> None:
    seen: set[str] = set()
    for name, table in zip(names, tables, strict=True):
        if name in seen:
            raise table.wrong(key, "another table has that already; each has its own")
        seen.add(name)


def _moment_of(table: Table, key: str, start_s: float, duration_s: float) -> float:
    return start_s + table.number(key, 0, duration_s)


def _whole_moment_of(table: Table, key: str, start_s: float, duration_s: float, default: int | None = None) -> float:
    return start_s + table.whole(key, 0, int(duration_s), default)


def _sites(top: Table, sensors: list[Table]) -> Sites:
    if not sensors:
        raise ScenarioError(
            f"{top.file}: no sensors; write one [[sensor]] table each, with party, sac, sic, lat_deg, lon_deg"
        )
    for table in sensors:
        table.only((*SITE_KEYS, *RADAR_KEYS))
        table.word("party")
        table.choice("kind", ("radar",), "radar")
    rows = [{key: value for key, value in t.values.items() if key in SITE_KEYS} for t in sensors]
    try:
        return build_sites(rows, top.file)
    except SitesError as error:
        raise ScenarioError(_with_line(str(error), sensors)) from None


def _with_line(message: str, sensors: list[Table]) -> str:
    """A registry error's message with the sensor's line after the file's name."""
    for table in sensors:
        head = f"{table.file}: sensor {table.serial} ("
        if message.startswith(head):
            key = message.split("): ", 1)[1].split(" ", 1)[0]
            return table.where(key if key in table.values else "") + ": " + message.split("): ", 1)[1]
    return message


def _mask(table: Table) -> Mask:
    points = table.rows("screen", "[azimuth_deg, elevation_deg]", [(0.0, 359.999), (-10.0, 80.0)], 0)
    try:
        return build_mask(points, table.number("ground_m", -500, 9000, 0.0))
    except ValueError as error:
        raise ScenarioError(f"{table.where('screen')}: screen: {error}") from None


def _radars(sensors: list[Table]) -> Radars:
    out = Radars.empty(len(sensors))
    for k, table in enumerate(sensors):
        out.primary[k], out.secondary[k] = table.flag("primary", True), table.flag("secondary", True)
        if not (out.primary[k] or out.secondary[k]):
            raise table.wrong("secondary", "a radar has primary, secondary or both")
        out.mode_s[k], out.measures_height[k] = table.flag("mode_s", True), table.flag("height", False)
        out.pd_secondary[k] = table.number("pd_secondary", 0.01, 1, 0.97)
        out.reference_rcs_m2[k] = table.number("reference_rcs_m2", 1e-3, 1e3, 2.0)
        out.elevation_max_rad[k] = math.radians(table.number("elevation_max_deg", 1, 90, 45.0))
        out.phase_rad[k] = math.radians(table.number("phase_deg", 0, 360, 0.0))
        out.bias_range_m[k] = table.number("bias_range_m", -5000, 5000, 0.0)
        out.bias_azimuth_rad[k] = math.radians(table.number("bias_azimuth_deg", -10, 10, 0.0))
        out.bias_time_s[k] = table.number("bias_time_s", -5, 5, 0.0)
        out.clutter_per_scan[k] = table.number("clutter_per_scan", 0, 10_000, 0.0)
        range_max_km = table.number("range_max_km", 0.1, 2000, 450.0)
        out.clutter_range_m[k] = 1000 * table.number("clutter_range_km", 1, 2000, range_max_km)
    return out


def _patches(table: Table) -> tuple[Patch, ...]:
    limits = [(0.0, 360.0), (0.5, 2000.0), (0.1, 200.0), (0.0, 1000.0)]
    rows = table.rows("patches", "[azimuth_deg, range_km, radius_km, plots_per_scan]", limits, 0)
    return tuple(Patch(math.radians(a), 1000 * r, 1000 * s, n) for a, r, s, n in rows)


def _air(table: Table) -> Air:
    table.only(("offset_m", "swing_m", "period_s"))
    return Air(
        table.number("offset_m", -2000, 2000, 0.0),
        table.number("swing_m", 0, 500, 0.0),
        table.number("period_s", 60, 1e6, 3600.0),
    )


def _airway(table: Table) -> Airway:
    table.only(("name", "points"))
    points = table.rows("points", "[lat_deg, lon_deg]", [LAT, LON], 2)
    return Airway(table.word("name"), np.radians(points))


def _traffic(table: Table, airways: tuple[Airway, ...]) -> Traffic:
    table.only(("airway", "way", "per_hour", "levels", "speeds_mps", "callsigns", "addresses", "squawks"))
    names = [airway.name for airway in airways]
    if table.word("airway") not in names:
        raise table.wrong("airway", f"the airways are {', '.join(names) or 'not there: write [[airway]] tables'}")
    levels = _numbers(table, "levels", 10, 600, 1)
    speeds = _numbers(table, "speeds_mps", 50, 350, 2)
    if len(speeds) != 2 or speeds[0] > speeds[1]:
        raise table.wrong("speeds_mps", "it is the least and the greatest speed")
    return Traffic(
        airway=table.word("airway"),
        way=table.choice("way", ("forward", "backward", "both"), "both"),
        per_hour=table.number("per_hour", 0.1, 240),
        levels_m=tuple(FLIGHT_LEVEL_M * level for level in levels),
        speeds_mps=(speeds[0], speeds[1]),
        callsigns=_callsigns(table),
        addresses=_span(table, "addresses", r"six hexadecimal digits", 16, 6),
        squawks=_span(table, "squawks", r"four octal digits", 8, 4),
    )


def _numbers(table: Table, key: str, low: float, high: float, least: int) -> list[float]:
    value = table.values.get(key)
    if not isinstance(value, list) or len(value) < least:
        raise table.wrong(key, f"it is a list of at least {least} numbers from {low:g} to {high:g}")
    wrapped = Table({**table.values, key: [[x] for x in value]}, table.file, table.text, table.kind, table.serial)
    return [row[0] for row in wrapped.rows(key, "a number", [(low, high)], least)]


def _callsigns(table: Table) -> tuple[str, ...]:
    value = table.values.get("callsigns")
    right = "it is a list of three-letter designators in quotes"
    if not isinstance(value, list) or not value:
        raise table.wrong("callsigns", right)
    if not all(isinstance(c, str) and len(c) == 3 and c.isascii() and c.isupper() for c in value):
        raise table.wrong("callsigns", right)
    return tuple(value)


def _span(table: Table, key: str, digits: str, base: int, length: int) -> tuple[int, int]:
    value = table.values.get(key)
    right = f"it is the first and the last, each {digits} in quotes"
    if (
        not isinstance(value, list)
        or len(value) != 2
        or not all(isinstance(v, str) and len(v) == length for v in value)
    ):
        raise table.wrong(key, right)
    try:
        first, last = (int(v, base) for v in value)
    except ValueError:
        raise table.wrong(key, right) from None
    if not 0 <= first < last:
        raise table.wrong(key, right + ", the first below the last")
    return first, last


def _flight(table: Table, start_s: float, duration_s: float) -> Flight:
    table.only(("name", "kind", "start_s", "route", "transponder", "address", "mode_a", "callsign", "rcs_m2"))
    kind = KINDS[table.choice("kind", tuple(KINDS))]
    transponder = TRANSPONDERS[table.choice("transponder", tuple(TRANSPONDERS), "none")]
    for key in ("address", "mode_a", "callsign"):
        if key in table.values and transponder == NO_TRANSPONDER:
            raise table.wrong(
                key, "a flight without transponder has none; write transponder = 'mode_s' or leave it out"
            )
    if transponder == MODE_AC and {"address", "callsign"} & set(table.values):
        raise table.wrong("transponder", "address and callsign need 'mode_s'")
    callsign = table.word("callsign", "")
    if not (callsign.isascii() and callsign == callsign.upper() and len(callsign) <= 8):
        raise table.wrong("callsign", "it has at most eight capital letters and digits")
    route = table.rows("route", "[lat_deg, lon_deg, height_m, speed_mps]", [LAT, LON, HEIGHT, SPEED], 2)
    radians = np.array(route)
    radians[:, :2] = np.radians(radians[:, :2])
    return Flight(
        name=table.word("name"),
        kind=kind,
        start_s=_whole_moment_of(table, "start_s", start_s, duration_s, 0),
        route=radians,
        transponder=transponder,
        address=table.address("address") if transponder == MODE_S_TRANSPONDER else NO_ADDRESS,
        mode_a=table.squawk("mode_a") if transponder else NO_MODE_A,
        callsign=callsign,
        rcs_m2=table.number("rcs_m2", 1e-4, 1e4, RCS_M2[kind]),
    )


def _missile(table: Table, start_s: float, duration_s: float) -> Missile:
    keys = (
        "name",
        "launch_s",
        "lat_deg",
        "lon_deg",
        "height_m",
        "bearing_deg",
        "range_km",
        "apex_km",
        "boost_s",
        "rcs_m2",
    )
    table.only(keys)
    return Missile(
        name=table.word("name"),
        launch_s=_whole_moment_of(table, "launch_s", start_s, duration_s),
        lat_rad=math.radians(table.number("lat_deg", *LAT)),
        lon_rad=math.radians(table.number("lon_deg", *LON)),
        height_m=table.number("height_m", -500, 9000),
        bearing_rad=math.radians(table.number("bearing_deg", 0, 360)),
        range_m=1000 * table.number("range_km", 5, 500),
        apex_m=1000 * table.number("apex_km", 2, 150),
        boost_s=table.whole("boost_s", 5, 60, 20),
        rcs_m2=table.number("rcs_m2", 1e-4, 1e4, RCS_M2[AirClass.MISSILE]),
    )


def _act(table: Table, start_s: float, duration_s: float) -> Act:
    table.only(("time_s", "kind", "party", "post", "reason"))
    return Act(
        time_s=_moment_of(table, "time_s", start_s, duration_s),
        kind=table.choice("kind", tuple(ACTS)),
        party=table.word("party"),
        post=table.word("post"),
        reason=table.word("reason", ""),
    )


def _staff(table: Table) -> StaffOrder:
    table.only(("post", "move", "verb", "rule", "after_s", "responder", "reason"))
    move = table.choice("move", tuple(MOVES))
    if (move == "assign") != ("responder" in table.values):
        raise table.wrong("responder", "'assign' names one, the other moves do not")
    return StaffOrder(
        post=table.word("post"),
        move=move,
        verb=table.choice("verb", ("", *TASK_VERBS), ""),
        rule=table.word("rule", ""),
        after_s=table.number("after_s", 0, 86_400),
        responder=table.word("responder", ""),
        reason=table.word("reason", ""),
    )


def _moment(table: Table, start_s: float, duration_s: float) -> Moment:
    table.only(("time_s", "text"))
    return Moment(_moment_of(table, "time_s", start_s, duration_s), table.word("text"))
