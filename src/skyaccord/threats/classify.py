"""Classify: what each row of a picture seems to be, from its speed, height and transponder alone; no memory.

    class      MISSILE    moves as no aircraft does (course.unlike_aircraft), surely
               AIRLINER   gives a code and flies above AIRLINER_M, surely, or faster than AIRLINER_MPS
               DRONE      no transponder, slower than DRONE_MPS, not surely above DRONE_M (few radars measure height)
               UNKNOWN    slower than STILL_MPS without a transponder: a bird, weather, something on the ground
               AIRCRAFT   the rest
    identity   NEUTRAL    gives a code: it can be spoken to, but anyone can wear a transponder, so no friend by that
               SUSPECT    a missile; what violates a border without a code; code 7500
               PENDING    a track not yet confirmed
               UNKNOWN    the rest

A friend is what a person or a party's own system says is one; that is not ours to guess.
"""

from __future__ import annotations

import numpy as np

from skyaccord.agreement.words import AirClass, Identity
from skyaccord.columns import U1
from skyaccord.picture.picture import Picture
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.threats.alert import Alert
from skyaccord.threats.course import height_sigma_m, unlike_aircraft, velocity_enu
from skyaccord.tracks import TENTATIVE

AIRLINER_M = 5_000.0
AIRLINER_MPS = 120.0
DRONE_M = 5_000.0  # above the ellipsoid: terrain is not asked
DRONE_MPS = 70.0
STILL_MPS = 10.0
SURE = 0.95
HIJACK = 0o7500


def classify(picture: Picture, alerts: tuple[Alert, ...] = ()) -> tuple[U1, U1]:
    """(N,) words.Identity and (N,) words.AirClass; `alerts`, where given, are those of this picture as they stand."""
    has_code = (picture.address != NO_ADDRESS) | ((picture.mode_a != NO_MODE_A) & (picture.mode_a != 0))
    speed = np.linalg.norm(velocity_enu(picture.state)[:, :2], axis=1)
    spread_m = 2 * height_sigma_m(picture)
    missile = unlike_aircraft(picture.state, picture.covariance) >= SURE
    air_class = np.select(
        [
            missile,
            has_code & ((picture.height_m - spread_m > AIRLINER_M) | (speed > AIRLINER_MPS)),
            ~has_code & (speed < STILL_MPS),
            ~has_code & (speed < DRONE_MPS) & (picture.height_m - spread_m < DRONE_M),
        ],
        [AirClass.MISSILE, AirClass.AIRLINER, AirClass.UNKNOWN, AirClass.DRONE],
        AirClass.AIRCRAFT,
    )
    crossing = [a.track for a in alerts if a.rule == "border_violation" and a.state != "closed"]
    suspect = missile | (~has_code & np.isin(picture.number, crossing)) | (picture.mode_a == HIJACK)
    identity = np.select(
        [picture.status == TENTATIVE, suspect, has_code],
        [Identity.PENDING, Identity.SUSPECT, Identity.NEUTRAL],
        Identity.UNKNOWN,
    )
    return identity.astype(np.uint8), air_class.astype(np.uint8)
