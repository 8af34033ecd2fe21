"""Skies for the tests: pictures of a few tracks, and an agreement of two neighbours."""

from __future__ import annotations

import math

import numpy as np

from skyaccord.agreement import Charter, charter, parse
from skyaccord.agreement.words import AirClass, Identity
from skyaccord.columns import F8
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.picture import Picture
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.tracks import CONFIRMED

NOON_S = 1_700_049_600.0

NEIGHBOURS = """
name = "neighbours"
title = "Two neighbours"
[clauses]
"1" = "All of it."
[term]
duration = "unlimited"
clause = "1"
[entry]
clause = "1"
[withdrawal]
shared_data = "keep"
clause = "1"
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
[[post]]
id = "N.government"
party = "N"
title = "Government of the North"
[[post]]
id = "S.government"
party = "S"
title = "Government of the South"
[[area]]
id = "south"
title = "The South"
territory_of = "S"
clause = "1"
polygon = [[37, 68], [37, 71], [39, 71], [39, 68]]
[[area]]
id = "north"
title = "The North"
territory_of = "N"
clause = "1"
polygon = [[39, 68], [39, 71], [41, 71], [41, 68]]
[[act]]
kind = "propose"
party = "N"
at = 2021-01-01
[[act]]
kind = "sign"
party = "N"
at = 2021-01-02
[[act]]
kind = "sign"
party = "S"
at = 2021-01-02
[[act]]
kind = "enter_into_force"
party = "N"
at = 2021-01-03
"""
WITHDRAWN = (
    NEIGHBOURS
    + """
[[act]]
kind = "withdraw"
party = "N"
at = 2021-06-01
"""
)


def neighbours(text: str = NEIGHBOURS) -> Charter:
    return charter(parse(text, "neighbours.toml"), NOON_S)


def state_of(lat_deg: float, lon_deg: float, course_deg: float, speed_mps: float, height_m=3000.0, climb_mps=0.0) -> F8:
    lat, lon, course = np.radians([lat_deg, lon_deg, course_deg])
    enu = np.array([speed_mps * math.sin(course), speed_mps * math.cos(course), climb_mps])
    return np.concatenate([ecef(lat, lon, height_m), enu_axes(lat, lon).T @ enu])


def sky(
    *states: F8, time_s: float = NOON_S, age_s: float = 0.0, sigma_m: float = 100.0, sigma_mps: float = 3.0, **more
) -> Picture:
    """One row a state, numbered from 1; unknown aircraft unless `more` says otherwise."""
    count = len(states)
    state = np.array(states, dtype=float).reshape(count, 6)
    lat, lon, height = geodetic(state[:, :3])
    covariance = np.zeros((count, 6, 6))
    covariance[:] = np.diag([sigma_m**2] * 3 + [sigma_mps**2] * 3)
    columns = {
        "number": np.arange(1, count + 1),
        "time_s": np.full(count, time_s),
        "state": state,
        "covariance": covariance,
        "lat_rad": lat,
        "lon_rad": lon,
        "height_m": height,
        "age_s": np.full(count, age_s),
        "identity": np.full(count, Identity.UNKNOWN),
        "air_class": np.full(count, AirClass.AIRCRAFT),
        "status": np.full(count, CONFIRMED),
        "mode_a": np.full(count, NO_MODE_A),
        "address": np.full(count, NO_ADDRESS),
    }
    return Picture.empty(count).replace(**{**columns, **{k: np.array(v) for k, v in more.items()}})
