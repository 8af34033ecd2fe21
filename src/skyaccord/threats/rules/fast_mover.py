"""Fast mover: a motion that no aircraft has, significant against its covariance and sustained over several looks.

It is so until it is slower than STEEP_FAST_MPS: what is thrown is slow at the top of its way and fast again after it.
Where it rises or sinks steeply, or flies where no wing carries, it is taken to fall freely (no air, gravity alone)
from where it is, and the place and time of impact on the ellipsoid are given, with the covariance's standard
deviation of the time. While a motor burns, and for what glides, that place is wrong; for level flight none is given.
"""

from __future__ import annotations

import math

import numpy as np

from skyaccord.agreement.words import Identity
from skyaccord.columns import F8, I4, Bool
from skyaccord.earth.areas import contains
from skyaccord.earth.places import Place
from skyaccord.earth.wgs84 import geodetic
from skyaccord.picture.picture import Picture
from skyaccord.threats.alert import Alert
from skyaccord.threats.course import STEEP_FAST_MPS, fall, faster_than, height_sigma_m, unlike_aircraft, velocity_enu
from skyaccord.threats.scene import NO_AREA, Findings, Scene, clock
from skyaccord.tracks import TENTATIVE

HORIZON_S = 600.0
GROUND_M = 0.0  # the ellipsoid: terrain is not asked
FALLING_MPS = 100.0  # steeper than this, up or down, is a throw
AIRLESS_M = 20_000.0  # surely higher than this no wing carries it
WORTH_SAYING = 0.05


def look(scene: Scene, memory: None) -> tuple[None, Findings]:
    """Who moves like that, and where it would come down. No memory."""
    picture = scene.picture
    fast = np.where(concerns(picture), unlike_aircraft(picture.state, picture.covariance), 0.0)
    still = np.where(concerns(picture), faster_than(STEEP_FAST_MPS, picture.state, picture.covariance), 0.0)
    rows = np.flatnonzero(np.maximum(fast, still) >= WORTH_SAYING)
    tracks = picture.take(rows)
    ahead_s, sigma_s, lat, lon = _impact(tracks)
    return None, Findings(
        row=rows.astype(np.int32),
        area=_area_of(scene, lat, lon),
        probability=fast[rows],
        happened=np.zeros(len(rows)),
        holds=still[rows],
        event_time_s=tracks.time_s + ahead_s,
        event_lat_rad=lat,
        event_lon_rad=lon,
        event_sigma_s=sigma_s,
    )


def severity(lead_s: float, happened: bool) -> str:
    """Always the highest."""
    return "attack"


def sentence(alert: Alert, area: str) -> str:
    """How fast and, where it can be said, where to."""
    text = f"A target moves as no aircraft does: {alert.speed_mps:.0f} m/s"
    if math.isnan(alert.event_time_s):
        return f"{text}."
    where = f"{Place(alert.event_lat_rad, alert.event_lon_rad)}" + (f" in '{area}'" if area else "")
    sigma = f"(one sigma {max(alert.event_sigma_s, 1.0):.0f} s)"
    return f"{text}; falling freely it would come down at {where}, {clock(alert.event_time_s)} {sigma}."


def concerns(picture: Picture) -> Bool:
    """Confirmed and not known as a friend. (N,)"""
    return np.asarray((picture.status != TENTATIVE) & (picture.identity != Identity.FRIEND))


def _impact(tracks: Picture) -> tuple[F8, F8, F8, F8]:
    """Seconds to the impact, their sigma, latitude, longitude; NaN where it cannot be said."""
    ahead_s, sigma_s, lat, lon = np.full((4, len(tracks)), np.nan)
    steep = np.abs(velocity_enu(tracks.state)[:, 2]) > FALLING_MPS
    airless = tracks.height_m - 2 * height_sigma_m(tracks) > AIRLESS_M
    thrown = np.flatnonzero(steep | airless)
    if len(thrown):
        place, ahead_s[thrown], sigma_s[thrown] = fall(
            tracks.state[thrown], tracks.covariance[thrown], GROUND_M, HORIZON_S
        )
        lat[thrown], lon[thrown], _ = geodetic(place)
    return ahead_s, sigma_s, lat, lon


def _area_of(scene: Scene, lat: F8, lon: F8) -> I4:
    """The territory that holds each place, NO_AREA where none does."""
    area = np.full(len(lat), NO_AREA, np.int32)
    for k, territory in enumerate(scene.territories):
        area[contains(territory.area, lat, lon)] = k
    return area
