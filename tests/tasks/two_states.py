"""Two neighbours with a common border at 39 N; south of 37 N a strip that is nobody's, its only approver vacant."""

from __future__ import annotations

import math

import numpy as np

from skyaccord.agreement import Charter, charter, parse
from skyaccord.agreement.words import AirClass
from skyaccord.earth.places import Place
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.picture import Picture

NOON_S = 1_700_049_600.0

AGREEMENT = """
name = "two-states"
title = "Two states"
[clauses]
"Art. 1" = "The South is the South's."
"Art. 2" = "The North is the North's."
"Art. 3" = "The strip is watched together."
"Art. 4" = "Either may leave at any time."
[term]
duration = "unlimited"
clause = "Art. 4"
[entry]
clause = "Art. 4"
[withdrawal]
shared_data = "purge"
clause = "Art. 4"
[[party]]
id = "N"
name = "North"
relation = "member"
government = "N.government"
[[party]]
id = "S"
name = "South"
relation = "member"
government = "S.government"
"""
POSTS = (("N", "government"), ("N", "leader"), ("N", "empty"), ("S", "government"), ("S", "defence"), ("S", "duty"))
AREAS = (("south", "S", 37, 39, "Art. 1"), ("north", "N", 39, 41, "Art. 2"), ("strip", "", 35, 37, "Art. 3"))
GRANTS = (
    ("S.defence", "south", "Art. 1"),
    ("N.leader", "north", "Art. 2"),
    ("N.empty", "strip", "Art. 3"),
)
ACTS = (("propose", "N", 1), ("sign", "N", 2), ("sign", "S", 3), ("enter_into_force", "S", 4))


def text(*more_acts: tuple[str, str, int]) -> str:
    lines = [AGREEMENT]
    for party, post in POSTS:
        vacant = "vacant = true" if post == "empty" else ""
        lines.append(f'[[post]]\nid = "{party}.{post}"\ntitle = "{post} of {party}"\nparty = "{party}"\n{vacant}')
    for name, owner, low, high, clause in AREAS:
        of = f'territory_of = "{owner}"' if owner else ""
        ring = [[low, 68], [low, 71], [high, 71], [high, 68]]
        lines.append(f'[[area]]\nid = "{name}"\ntitle = "The {name}"\n{of}\nclause = "{clause}"\npolygon = {ring}')
    for post, area, clause in GRANTS:
        grant = f'[[grant]]\npost = "{post}"\nareas = "{area}"\nclause = "{clause}"\n'
        lines += [f'{grant}power = "{power}"' for power in ("approve", "manage")]
    for kind, party, day in (*ACTS, *more_acts):
        lines.append(f'[[act]]\nkind = "{kind}"\nparty = "{party}"\nat = 2021-01-{day:02}')
    return "\n".join(lines)


def law() -> Charter:
    return charter(parse(text(), "two-states.toml"), NOON_S)


def after_withdrawal() -> Charter:
    return charter(parse(text(("withdraw", "N", 20)), "two-states.toml"), NOON_S)


def at(lat_deg: float, lon_deg: float = 69.5) -> Place:
    return Place(math.radians(lat_deg), math.radians(lon_deg), 3000.0)


def picture(lat_deg: float, lon_deg: float, course_deg: float = 0.0) -> Picture:
    """Track 7, a drone at 200 m/s."""
    lat, lon, course = np.radians([lat_deg, lon_deg, course_deg])
    velocity = enu_axes(lat, lon).T @ np.array([200 * math.sin(course), 200 * math.cos(course), 0.0])
    return Picture.empty(1).replace(
        number=np.array([7]),
        time_s=np.array([NOON_S]),
        state=np.concatenate([ecef(lat, lon, 3000.0), velocity])[None],
        lat_rad=np.array([lat]),
        lon_rad=np.array([lon]),
        height_m=np.array([3000.0]),
        air_class=np.array([AirClass.DRONE]),
    )


def deciders(lat_deg: float, lon_deg: float) -> frozenset[str]:
    """Who may approve and manage there: the agreement told a second time, by hand."""
    if not 68 <= lon_deg <= 71:
        return frozenset()
    if 37 < lat_deg < 39:
        return frozenset({"S.defence", "S.government"})
    if 39 < lat_deg < 41:
        return frozenset({"N.leader", "N.government"})
    return frozenset()


EVERYBODY = (*(f"{party}.{post}" for party, post in POSTS), "N.nobody", "")
