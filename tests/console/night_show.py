"""A small honest Show: an invented night over real mountains, made from the time alone: a moment is always the same.

Two parties, RU and TJ; sixty tracks, some in one party's picture only; an intruder whose crossing is first predicted,
then observed; a task that TJ.air-defence may approve and RU.central-district may not. `python night_show.py` opens it.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from skyaccord.agreement.words import AirClass, Identity
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.node.show import Clock, Frame, Outcome, Show, Spots
from skyaccord.picture.picture import Picture
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.tasks.lifecycle import LIFE
from skyaccord.tasks.task import Task
from skyaccord.threats.alert import Alert
from skyaccord.tracks.tracks import COASTED, CONFIRMED, TENTATIVE

START_S = 1_808_150_400.0  # 2027-04-19 16:00 UTC
LENGTH_S = 1200.0
PARTIES = ("RU", "TJ")
RU, TJ = 0, 1
INTRUDER, DRONE, MISSILE = 41, 42, 43
CROSSING_S = 240.0  # after the start, the intruder is over the river
PROPOSED_S = 30.0
STEP_S = 0.5

CLAUSES = {
    "art.2": "The parties form a unified regional air defence system in the region of collective security.",
    "art.3.1": "General leadership of the system is exercised by the commander of the Central Military District.",
    "art.3.2": "Joint actions inside the boundaries of the Republic's part of the region are managed by the commander "
    "of its Air Force and Air Defence Forces.",
    "art.5.1": "Each party gives the other the air situation south of the 40th parallel, as it arises.",
    "art.5.3": "Data given under this article are not passed to a third party without the consent of the giver.",
    "art.7.2": "The decision on an airborne object rests with the party over whose territory it is. "
    "No delegation changes this.",
}
ROUTES = (  # an airway each: latitude and longitude of its ends, flight level, how many fly it
    ((36.6, 66.8), (40.4, 73.6), 350, 9),
    ((40.3, 67.0), (36.9, 74.2), 330, 8),
    ((39.5, 66.5), (38.6, 75.0), 370, 8),
    ((36.4, 70.2), (40.6, 69.6), 310, 7),
    ((38.5, 66.6), (36.8, 71.9), 290, 6),
)
BORDER = (  # the republic's outline, from memory of the map: a test needs a shape, no survey
    (37.2, 67.8), (37.0, 68.3), (37.3, 69.3), (37.6, 70.2), (38.4, 70.9), (37.9, 71.4), (36.7, 71.5), (36.9, 72.7),
    (37.4, 74.9), (38.4, 74.8), (39.4, 73.6), (39.5, 72.0), (39.5, 70.6), (39.9, 69.4), (40.2, 69.3), (40.9, 70.6),
    (41.0, 70.2), (40.2, 68.7), (39.6, 68.5), (39.5, 67.4), (38.9, 68.1), (38.2, 68.1),
)  # fmt: skip
SITES = (
    ("Northern ridge", "RU", 39.35, 69.9, 1.0),
    ("Valley", "RU", 38.30, 68.75, 1.25),
    ("River", "TJ", 37.55, 69.35, 0.9),
    ("Plateau", "TJ", 38.15, 72.10, 1.1),
)


class NightShow(Show):
    """The invented night; `now` is the wall clock, `replay` decides whether it may be wound."""

    def __init__(self, *, replay: bool = False, now: Callable[[], float] = time.monotonic, tracks: int = 60) -> None:
        self.replay = replay
        self.now = now
        self.kinds = _kinds(tracks)
        self.version = 1
        self.speed, self.paused, self.offset_s, self.since = 1.0, False, 20.0, now()
        self.moves: list[dict[str, Any]] = _script() if replay else []

    @property
    def parties(self) -> tuple[str, ...]:
        return PARTIES

    def passed(self) -> float:
        """Seconds of the night up to now, in steps."""
        run = 0.0 if self.paused else (self.now() - self.since) * self.speed
        return math.floor(min(LENGTH_S, self.offset_s + run) / STEP_S) * STEP_S

    def clock(self) -> Clock:
        passed = self.passed()
        return Clock(
            start_s=START_S,
            end_s=START_S + (LENGTH_S if self.replay else passed),
            now_s=START_S + passed,
            speed=self.speed,
            paused=self.paused,
            can_seek=self.replay,
            can_decide=not self.replay,
            finished=passed >= LENGTH_S,
        )

    def steer(self, *, speed: float | None = None, paused: bool | None = None, seek_s: float | None = None) -> None:
        self.offset_s, self.since = self.passed(), self.now()
        if speed is not None and 0 < speed <= 100:
            self.speed = speed
        if paused is not None:
            self.paused = paused
        if seek_s is not None and self.replay:
            self.offset_s = min(LENGTH_S, max(0.0, seek_s - START_S))

    def frame(self, party: str) -> Frame:
        passed = self.passed()
        return Frame(
            party=party,
            time_s=START_S + passed,
            picture=picture(self.kinds, PARTIES.index(party), passed),
            spots=_spots(self.kinds, PARTIES.index(party), passed),
            alerts=_alerts(self.kinds, passed),
            tasks=self.tasks(party),
            entries=len(self.entries(party)),
        )

    def tasks(self, party: str) -> tuple[Task, ...]:
        passed = self.passed()
        if passed < PROPOSED_S:
            return ()
        state, changed, responder = "proposed", PROPOSED_S, ""
        for move in self.moves:
            if move["allowed"] and move["passed"] <= passed:
                state, changed = LIFE[state][move["move"]], move["passed"]
                responder = "TJ.patrol-1" if state in ("assigned", "acknowledged", "closed") else ""
        identify = Task(
            id="TJ-T1",
            verb="identify",
            alert="TJ-A1",
            track=INTRUDER,
            party="TJ",
            proposed_s=START_S + PROPOSED_S,
            state=state,
            authority="TJ.air-defence",
            clauses=("art.3.2", "art.7.2"),
            responder=responder,
            changed_s=START_S + changed,
            text="Identify the unknown aircraft that approaches the southern border.",
        )
        observe = replace(
            identify,
            id="TJ-T2",
            verb="observe",
            alert="TJ-A2",
            track=DRONE,
            state="proposed",
            responder="",
            text="Keep the slow low object under observation.",
        )
        return (identify, observe) if passed >= 2 * PROPOSED_S else (identify,)

    def entries(self, party: str) -> list[dict[str, Any]]:
        """The whole log up to now, each entry with the hash of the one before."""
        said: list[dict[str, Any]] = [
            {"passed": 0.0, "kind": "act", "post": "", "text": "Agreement in force", "clauses": ["art.2"]}
        ]
        if self.passed() >= PROPOSED_S:
            text = "Task TJ-T1 proposed: identify track 41"
            said.append(
                {"passed": PROPOSED_S, "kind": "task", "post": "", "text": text, "clauses": ["art.3.2", "art.7.2"]}
            )
        said += [move for move in self.moves if move["passed"] <= self.passed()]
        chain, out = "", []
        for number, entry in enumerate(said):
            chain = hashlib.sha256(f"{chain}{party}{number}{entry['text']}".encode()).hexdigest()
            shown = {key: entry[key] for key in ("kind", "post", "text", "clauses")}
            out.append({"number": number, "time_s": START_S + entry["passed"], "hash": chain, **shown})
        return out

    def log(self, party: str, since: int) -> list[dict[str, Any]]:
        return self.entries(party)[since:]

    def may(self, post: str, move: str, task: str) -> Outcome:
        known = {found.id: found for found in self.tasks("TJ")}
        if task not in known:
            return Outcome(False, f"There is no task {task}.")
        if self.replay:
            return Outcome(False, "A replay decides nothing.")
        if post not in {p["id"] for p in _posts()}:
            return Outcome(False, f"There is no post {post!r}." if post else "Nobody may decide from no post.")
        if move not in LIFE[known[task].state]:
            return Outcome(False, f"A task that is {known[task].state} cannot {move}.", ("art.3.2",))
        if post == "TJ.patrol-1" and move == "acknowledge":
            return Outcome(True, "It was assigned to this post.", ("art.3.2",))
        if post != "TJ.air-defence":
            reason = f"{post} has no authority over an object in the Republic's airspace; TJ.air-defence decides."
            return Outcome(False, reason, ("art.7.2", "art.3.1"))
        return Outcome(True, "The object is in its area.", ("art.3.2", "art.7.2"))

    def decide(self, post: str, move: str, task: str, reason: str, responder: str = "") -> Outcome:
        outcome = self.may(post, move, task)
        verdict = "" if outcome.allowed else " refused by the agreement"
        self.moves.append(
            {
                "passed": self.passed(),
                "kind": "decision" if outcome.allowed else "refusal",
                "post": post,
                "move": move,
                "allowed": outcome.allowed and task == "TJ-T1",
                "text": f"{move} {task}{verdict}" + (f": {reason}" if reason else ""),
                "clauses": list(outcome.clauses),
            }
        )
        return outcome

    def scene_version(self, party: str) -> int:
        return self.version + (1 if self.passed() >= 600 else 0)

    def scene(self, party: str) -> dict[str, Any]:
        down = self.passed() >= 600
        return {
            "title": "An invented night",
            "kind": "replay" if self.replay else "exercise",
            "party": party,
            "parties": [
                {"id": "RU", "name": "Russian Federation", "status": "member"},
                {"id": "TJ", "name": "Tajikistan", "status": "member"},
            ],
            "areas": [
                {
                    "name": "Region of collective security",
                    "ring": [list(corner) for corner in BORDER],
                    "floor_m": 0.0,
                    "ceiling_m": 30_000.0,
                    "territory_of": "TJ",
                    "clause": "art.2",
                },
                {
                    "name": "Southern watch zone",
                    "ring": [[36.2, 68.4], [37.1, 68.3], [37.5, 69.4], [37.8, 70.2], [37.2, 70.9], [36.2, 70.4]],
                    "floor_m": 0.0,
                    "ceiling_m": 9_000.0,
                    "territory_of": "",
                    "clause": "art.5.1",
                },
            ],
            "sensors": [_sensor(*site, alive=not (down and site[0] == "Plateau")) for site in SITES],
            "posts": _posts(),
            "clauses": CLAUSES,
            "links": [
                {"party": other, "state": "lost" if down else "up", "since_s": START_S + (600 if down else 0)}
                for other in PARTIES
                if other != party
            ],
            "releases": [
                {"owner": "RU", "to": "TJ", "text": "air situation south of 40 N", "clause": "art.5.1"},
                {"owner": "TJ", "to": "RU", "text": "air situation south of 40 N", "clause": "art.5.1"},
            ],
            "captions": [
                {"time_s": START_S + 22, "text": "An unknown aircraft leaves the valley in the south and turns north."},
                {"time_s": START_S + CROSSING_S, "text": "It crosses the river."},
                {"time_s": START_S + 600, "text": "The link between the parties is lost."},
            ],
            "agreement": {"title": "Unified regional air defence system, 2021", "state": "in force"},
        }


def _script() -> list[dict[str, Any]]:
    """What was decided in the recorded night."""
    moves = ((90.0, "approve"), (120.0, "assign"), (135.0, "acknowledge"), (700.0, "close"))
    return [
        {
            "passed": at,
            "kind": "decision",
            "post": "TJ.air-defence",
            "move": move,
            "allowed": True,
            "text": f"{move} TJ-T1",
            "clauses": ["art.3.2", "art.7.2"],
        }
        for at, move in moves
    ]


def _posts() -> list[dict[str, Any]]:
    def post(name: str, title: str, verbs: list[str], power: str, clause: str, vacant: bool = False) -> dict[str, Any]:
        area = "Region of collective security"
        powers = [{"power": power, "verbs": verbs, "area": area, "clause": clause}]
        return {"id": name, "title": title, "party": name[:2], "vacant": vacant, "powers": powers}

    every = ["observe", "identify", "escort", "warn"]
    return [
        post("RU.central-district", "Commander, Central Military District", every, "coordinate", "art.3.1"),
        post("RU.duty-officer", "Duty officer, command post", ["observe"], "observe", "art.3.1", vacant=True),
        post("TJ.air-defence", "Commander, Air Force and Air Defence", every, "approve", "art.3.2"),
        post("TJ.patrol-1", "Patrol flight 1", ["identify"], "observe", "art.3.2"),
    ]


def _sensor(name: str, party: str, lat: float, lon: float, reach: float, *, alive: bool) -> dict[str, Any]:
    """A radar with rings that the mountains have bitten into, differently at each height."""
    rings = []
    for height_m, range_km in ((3000, 95), (6000, 160), (10000, 230)):
        points = []
        for k in range(0, 360, 3):
            bite = 0.86 + 0.1 * math.sin(3 * math.radians(k) + lat) + 0.04 * math.cos(8 * math.radians(k) + lon)
            far = range_km * reach * bite / 111.2
            north, east = far * math.cos(math.radians(k)), far * math.sin(math.radians(k))
            points.append([lat + north, lon + east / math.cos(math.radians(lat))])
        rings.append({"height_m": height_m, "points": points})
    return {"name": name, "party": party, "lat": lat, "lon": lon, "rings": rings, "alive": alive}


def _kinds(count: int) -> dict[str, np.ndarray]:
    """What each track is; its path is a straight run between two points, begun at its own moment."""
    rng = np.random.default_rng(7)
    start, end, speed, height, identity, kind = [], [], [], [], [], []
    for a, b, level, fly in ROUTES:
        for k in range(fly):
            ends = (a, b) if k % 2 else (b, a)
            start.append(ends[0])
            end.append(ends[1])
            speed.append(225.0 + 6 * k)
            height.append((level + 10 * (k % 2)) * 30.48)
            identity.append(Identity.NEUTRAL)
            kind.append(AirClass.AIRLINER)
    special = (
        ((35.4, 69.15), (38.6, 69.55), 195.0, 4200.0, Identity.UNKNOWN, AirClass.AIRCRAFT),  # 41: the intruder
        ((36.65, 70.05), (38.4, 70.6), 38.0, 2600.0, Identity.SUSPECT, AirClass.DRONE),
        ((36.3, 71.3), (38.4, 72.0), 620.0, 14000.0, Identity.HOSTILE, AirClass.MISSILE),
        ((38.5, 68.8), (37.6, 69.3), 210.0, 5200.0, Identity.FRIEND, AirClass.AIRCRAFT),
        ((38.5, 68.7), (37.7, 69.6), 210.0, 5600.0, Identity.FRIEND, AirClass.AIRCRAFT),
        ((38.3, 71.9), (37.4, 71.6), 60.0, 3900.0, Identity.ASSUMED_FRIEND, AirClass.DRONE),
    )
    for k in range(len(start) + 1, count + 1):
        row = special[k - INTRUDER] if INTRUDER <= k < INTRUDER + len(special) else None
        if row is None:
            a = (rng.uniform(36.6, 39.9), rng.uniform(67.4, 73.6))
            b = (a[0] + rng.uniform(-1.4, 1.4), a[1] + rng.uniform(-1.8, 1.8))
            who = rng.choice([Identity.PENDING, Identity.UNKNOWN, Identity.NEUTRAL])
            row = (a, b, rng.uniform(55, 140), rng.uniform(2500, 6500), who, AirClass.UNKNOWN)
        for out, value in zip((start, end, speed, height, identity, kind), row, strict=True):
            out.append(value)
    n = len(start)
    numbers = np.arange(1, n + 1)
    phase = rng.uniform(0.02, 0.95, n)
    phase[INTRUDER - 1 : INTRUDER + 5] = (0.469, 0.2, 0.1, 0.15, 0.1, 0.2)  # the first is over the river at CROSSING_S
    sources = np.where(numbers % 9 == 0, 1 << RU, np.where(numbers % 7 == 0, 1 << TJ, 3))
    sources[INTRUDER - 1 : INTRUDER + 2] = (3, 1 << TJ, 3)
    return {
        "number": numbers,
        "start": np.array(start),
        "end": np.array(end),
        "speed": np.array(speed),
        "height": np.array(height),
        "identity": np.array(identity, "u1"),
        "kind": np.array(kind, "u1"),
        "phase": phase,
        "sources": sources,
        # released: the other party may see it although only one's radar does
        "released": numbers % 18 != 0,
    }


def picture(kinds: dict[str, np.ndarray], party: int, passed: float) -> Picture:
    """One party's picture: what its own radars see, and what the other releases to it."""
    lat, lon, east, north = _motion(kinds, passed)
    own = kinds["sources"] >> party & 1 == 1
    seen = own | kinds["released"]
    if passed >= 600:  # the link is lost
        seen = own
    rows = np.flatnonzero(seen)
    numbers, own = kinds["number"][rows], own[rows]
    lat, lon, height = np.radians(lat[rows]), np.radians(lon[rows]), kinds["height"][rows]
    velocity = np.einsum("nij,ni->nj", enu_axes(lat, lon), np.stack([east[rows], north[rows], 0 * lat], -1))
    shared = (kinds["sources"][rows] >> (1 - party) & 1 == 1) & (passed < 600)
    airliner = kinds["kind"][rows] == AirClass.AIRLINER
    age = (passed * 0.9 + numbers * 1.7) % 9.5 + np.where(numbers % 17 == 0, 14, 0)
    status = np.where(numbers % 17 == 0, COASTED, np.where(numbers % 23 == 0, TENTATIVE, CONFIRMED))
    callsigns = np.array([f"{('ALV', 'BRV', 'CHD', 'DLM', 'EST')[n % 5]}{100 + 7 * n}".encode() for n in numbers])
    n = len(rows)
    return Picture(
        number=numbers,
        time_s=np.full(n, START_S + passed),
        state=np.concatenate([ecef(lat, lon, height), velocity], axis=1),
        covariance=np.broadcast_to(np.eye(6), (n, 6, 6)),
        lat_rad=lat,
        lon_rad=lon,
        height_m=height,
        sources=np.where(own, 1 << party, 0) | np.where(shared, 2 - party, 0),
        own_number=np.where(own, numbers + 100, -1),
        shared_by=np.where(shared, 1 - party, 255),
        shared_number=np.where(shared, numbers + 500, -1),
        clause=np.where(shared, b"art.5.1", b""),
        age_s=age,
        sigma_m=60 + 25 * age,
        identity=kinds["identity"][rows],
        conflict=numbers == DRONE,
        air_class=kinds["kind"][rows],
        status=status,
        pressure_alt_m=np.where(kinds["kind"][rows] == AirClass.DRONE, np.nan, height - 60),
        mode_a=np.where(airliner, 0o2000 + numbers, NO_MODE_A),
        address=np.where(airliner, 0x501C00 + numbers, NO_ADDRESS),
        callsign=np.where(airliner, callsigns, b""),
    )


def _motion(kinds: dict[str, np.ndarray], passed: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Position (degrees) and velocity (m/s east, north) of every track; at its end it begins again."""
    start, end = kinds["start"], kinds["end"]
    run = end - start
    middle = np.radians((start[:, 0] + end[:, 0]) / 2)
    north_m, east_m = run[:, 0] * 111_200, run[:, 1] * 111_200 * np.cos(middle)
    length = np.hypot(north_m, east_m)
    part = (kinds["phase"] + passed * kinds["speed"] / length) % 1.0
    lat, lon = start[:, 0] + part * run[:, 0], start[:, 1] + part * run[:, 1]
    return lat, lon, kinds["speed"] * east_m / length, kinds["speed"] * north_m / length


def _spots(kinds: dict[str, np.ndarray], party: int, passed: float) -> Spots:
    """Plots of the party's own radars: near each track once a scan, and a little clutter."""
    own = np.flatnonzero(kinds["sources"] >> party & 1 == 1)
    rng = np.random.default_rng(int(passed // 10) + 1000 * party)
    ages = np.concatenate([(passed + own * 1.7) % 10, (passed + own * 1.7) % 10 + 10])
    lat, lon = [], []
    for age, k in zip(ages, np.tile(own, 2), strict=True):
        where = _motion({key: value[k : k + 1] for key, value in kinds.items()}, passed - age)
        lat.append(where[0][0])
        lon.append(where[1][0])
    clutter = 25
    noise = rng.normal(0, 0.0015, (2, len(lat)))
    return Spots(
        lat_rad=np.radians(np.concatenate([np.array(lat) + noise[0], rng.uniform(37, 39.5, clutter)])),
        lon_rad=np.radians(np.concatenate([np.array(lon) + noise[1], rng.uniform(68, 72.5, clutter)])),
        age_s=np.concatenate([ages, rng.uniform(0, 10, clutter)]),
        kind=np.concatenate([np.tile([3, 2], len(lat))[: len(lat)], np.full(clutter, 1)]),
    )


def _alerts(kinds: dict[str, np.ndarray], passed: float) -> tuple[Alert, ...]:
    """The border alert: predicted from the 25th second on, observed at the crossing."""
    if passed < 25:
        return ()
    left = CROSSING_S - passed
    lat, lon, _, _ = np.radians(_motion(kinds, passed))
    place = {track: {"lat_rad": float(lat[track - 1]), "lon_rad": float(lon[track - 1])} for track in (41, 42, 43)}
    crossing = Alert(
        id="TJ-A1",
        rule="border_violation",
        party="TJ",
        time_s=START_S + passed,
        severity="warning",
        track=INTRUDER,
        **place[INTRUDER],
        height_m=4200,
        speed_mps=195,
        area="Region of collective security",
        event_time_s=START_S + CROSSING_S,
        event_lat_rad=math.radians(37.32),
        event_lon_rad=math.radians(69.39),
        event_sigma_s=max(1.0, 0.05 * left),
        state="open" if left > 0 else "observed",
        text="Unknown aircraft 41 " + ("will cross" if left > 0 else "has crossed") + " the southern border.",
    )
    found = [crossing]
    if passed >= 50:
        drone = replace(
            crossing,
            id="TJ-A2",
            severity="advisory",
            track=DRONE,
            **place[DRONE],
            event_time_s=math.nan,
            event_lat_rad=math.nan,
            event_lon_rad=math.nan,
            event_sigma_s=math.nan,
            state="open",
            text="Slow low object 42 inside the watch zone.",
        )
        found.append(drone)
    if passed >= 65:
        fast = replace(
            found[-1],
            id="TJ-A3",
            rule="fast_mover",
            severity="attack",
            track=MISSILE,
            **place[MISSILE],
            speed_mps=620,
            text="Track 43 moves at 620 m/s, faster than any aircraft here.",
        )
        found.append(fast)
    return tuple(found)


if __name__ == "__main__":
    import sys

    from skyaccord.console import serve

    port = next((int(a) for a in sys.argv[1:] if a.isdigit()), 8470)
    night = NightShow(replay="replay" in sys.argv)
    serve(night, port=port, on_ready=lambda url: print(url, flush=True))
