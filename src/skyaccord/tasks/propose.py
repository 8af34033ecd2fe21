"""Propose: one task for each new alert, by one party only.

Every party's house may raise an alert on the same target; the task is proposed by the one whose post has the
authority where the event will be, a step inside the border that is crossed or at the place of impact. Where nobody
has it (a vacant post, say) the territory's own party proposes, so that the gap is seen; where it is nobody's
territory either, nobody does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from skyaccord.agreement import Charter, authority
from skyaccord.agreement.words import AirClass
from skyaccord.earth.areas import contains
from skyaccord.earth.places import Place
from skyaccord.earth.wgs84 import enu_axes, gaussian_radius
from skyaccord.picture.picture import Picture
from skyaccord.tasks.law import reauthorise
from skyaccord.tasks.task import Task
from skyaccord.threats.alert import Alert
from skyaccord.threats.course import height_sigma_m
from skyaccord.threats.scene import clock

# rule -> what is proposed to a person
VERBS = {"border_violation": "identify", "fast_mover": "warn"}
INSIDE_M = 500.0  # a crossing point lies on the border itself; who decides is asked so far past it
HEIGHT_KNOWN_M = 1_000.0  # one sigma; what is known worse is not told as a height

CLASS_WORDS = {AirClass.AIRLINER: "an airliner", AirClass.AIRCRAFT: "an aircraft", AirClass.DRONE: "a drone"}


@dataclass(frozen=True)
class Memory:
    """What has been proposed so far."""

    serial: int = 0
    proposed: frozenset[str] = frozenset()  # ids of alerts


def propose(
    alerts: tuple[Alert, ...], picture: Picture, charter: Charter, party: str, memory: Memory, time_s: float
) -> tuple[Memory, tuple[Task, ...]]:
    """New tasks for those of the party's standing alerts that have none yet and are ours to propose.

    `alerts` are all that stand, not only the newest: the authority over one may come to us later.
    """
    rows = {int(number): row for row, number in enumerate(picture.number)}
    serial, tasks = memory.serial, []
    for alert in alerts:
        is_new = alert.id not in memory.proposed and alert.state != "closed" and alert.party == party
        if not is_new or alert.rule not in VERBS or alert.track not in rows:
            continue
        row = rows[alert.track]
        if proposer(charter, alert, event_place(charter, alert, picture, row), time_s) != party:
            continue
        serial += 1
        tasks.append(_task(f"{party}-T{serial}", alert, picture, row, charter, time_s))
    standing = frozenset(alert.id for alert in alerts)
    proposed = (memory.proposed | {task.alert for task in tasks}) & standing
    return Memory(serial, proposed), tuple(tasks)


def proposer(charter: Charter, alert: Alert, place: Place, time_s: float) -> str:
    """The one party that proposes a task for this alert; empty: none."""
    ruling = authority(charter, "approve", VERBS[alert.rule], place, time_s)
    post = charter.post(ruling.post) if ruling.allowed else None
    if post is not None and post.party:
        return post.party
    return next((zone.territory_of for zone in charter.zones if zone.name == alert.area), "")


def event_place(charter: Charter, alert: Alert, picture: Picture, row: int) -> Place:
    """Where the event will be or was, a step inside the area that is entered; without one, where the target is."""
    here = place_of(picture, row)
    if math.isnan(alert.event_lat_rad):
        return here
    event = Place(alert.event_lat_rad, alert.event_lon_rad, here.height_m)
    area = charter.areas.get(alert.area)
    if area is None or alert.rule != "border_violation":
        return event
    for place in (_farther(event, picture, row), here):
        if contains(area, np.array([place.lat_rad]), np.array([place.lon_rad]))[0]:
            return place
    return event


def place_of(picture: Picture, row: int) -> Place:
    """Where a row of the picture is."""
    return Place(float(picture.lat_rad[row]), float(picture.lon_rad[row]), float(picture.height_m[row]))


def _farther(place: Place, picture: Picture, row: int) -> Place:
    """INSIDE_M farther on the track's course."""
    east, north, _ = enu_axes(place.lat_rad, place.lon_rad) @ picture.state[row, 3:]
    part = INSIDE_M / max(math.hypot(east, north), 1e-9) / float(gaussian_radius(place.lat_rad))
    lat, lon = place.lat_rad + north * part, place.lon_rad + east * part / math.cos(place.lat_rad)
    return Place(float(lat), float(lon), place.height_m)


def _task(id_: str, alert: Alert, picture: Picture, row: int, charter: Charter, time_s: float) -> Task:
    """The proposal, with the authority over it where its target is now."""
    task = Task(
        id=id_,
        verb=VERBS[alert.rule],
        alert=alert.id,
        track=alert.track,
        party=alert.party,
        proposed_s=time_s,
        state="proposed",
        authority="",
        clauses=(),
        responder="",
        changed_s=time_s,
        text=_sentence(alert, picture, row, charter),
    )
    return replace(reauthorise(task, place_of(picture, row), charter, time_s), changed_s=time_s)


def _sentence(alert: Alert, picture: Picture, row: int, charter: Charter) -> str:
    """What is asked of a person, in one factual sentence."""
    if alert.rule == "fast_mover":
        return f"Warn the people concerned: {alert.text}"
    title = next((zone.title for zone in charter.zones if zone.name == alert.area), alert.area)
    what = CLASS_WORDS.get(AirClass(picture.air_class[row]), "unknown")
    known = height_sigma_m(picture)[row] < HEIGHT_KNOWN_M
    height = f" at {alert.height_m:.0f} m" if known else ", height not known"
    verb = "entered" if alert.state == "observed" else "is expected in"
    return (
        f"Identify the target ({what}, {alert.speed_mps:.0f} m/s{height}), "
        f"which {verb} '{title}' at {clock(alert.event_time_s)}."
    )
