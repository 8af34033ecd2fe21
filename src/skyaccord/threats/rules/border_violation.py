"""Border violation: something that is no friend and no airliner goes into a party's territory from outside.

Predicted on course (constant velocity over the curved earth) up to HORIZON_S ahead; observed once it is inside. The
time's standard deviation is that of the position across the border at the crossing, over the closing speed. A track
that was first seen inside is an entry only if its course, taken back by BACK_S, comes from outside: what rises inside
is not. A territory has neither floor nor ceiling; a pilot's change of mind is not predicted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from skyaccord.agreement.words import AirClass, Identity
from skyaccord.columns import F8, I4, Bool
from skyaccord.earth.areas import Area, distance_m
from skyaccord.earth.places import Place
from skyaccord.earth.wgs84 import enu_axes, gaussian_radius
from skyaccord.picture.picture import Picture
from skyaccord.threats.alert import Alert
from skyaccord.threats.course import on_course, position_covariance, probability_below, sigma_along
from skyaccord.threats.scene import Findings, Scene, clock
from skyaccord.tracks import TENTATIVE

HORIZON_S = 300.0
BACK_S = 120.0
GRID_S = 10.0
URGENT_S = 120.0
PARTS = 16  # of the GRID_S in which a border is crossed; between them the way to it is taken as straight
NUDGE_M = 100.0  # for the border's direction
WORTH_SAYING = 0.05  # findings less probable than this are not made
SURELY_OUTSIDE = 0.2  # probability of being inside, at most


@dataclass(frozen=True, eq=False)
class Seen:
    """Of one territory: the living tracks looked at before, and those of them that were outside at some time."""

    known: I4
    outside: I4


NOBODY = Seen(np.empty(0, np.int32), np.empty(0, np.int32))


def look(scene: Scene, memory: Mapping[str, Seen] | None) -> tuple[Mapping[str, Seen], Findings]:
    """Who goes in where, and when. The memory has one `Seen` a territory."""
    rows = np.flatnonzero(concerns(scene.picture))
    tracks = scene.picture.take(rows)
    after: dict[str, Seen] = {}
    found: list[Findings] = []
    for k, territory in enumerate(scene.territories):
        before = (memory or {}).get(territory.area.name, NOBODY)
        after[territory.area.name], findings = _look_at(tracks, scene.alive, territory.area, before)
        found.append(findings.replace(row=rows[findings.row], area=np.full(len(findings), k)))
    return after, Findings.concat(found)


def severity(lead_s: float, happened: bool) -> str:
    """A warning when it has happened or is less than URGENT_S away."""
    return "warning" if happened or lead_s < URGENT_S else "advisory"


def sentence(alert: Alert, area: str) -> str:
    """Who, where, when."""
    where = Place(alert.event_lat_rad, alert.event_lon_rad)
    moment = f"{clock(alert.event_time_s)} (one sigma {max(alert.event_sigma_s, 1.0):.0f} s) at {where}"
    did = "entered" if alert.state == "observed" else "is on course to enter"
    return f"A target at {alert.speed_mps:.0f} m/s {did} '{area}': {moment}."


def concerns(picture: Picture) -> Bool:
    """Confirmed and neither friend nor airliner; an airliner that gives cause for suspicion concerns too. (N,)"""
    friend = np.isin(picture.identity, (Identity.FRIEND, Identity.ASSUMED_FRIEND))
    suspect = np.isin(picture.identity, (Identity.SUSPECT, Identity.HOSTILE))
    airliner = picture.air_class == AirClass.AIRLINER
    return np.asarray((picture.status != TENTATIVE) & ~friend & (suspect | ~airliner))


def _look_at(tracks: Picture, alive: I4, area: Area, seen: Seen) -> tuple[Seen, Findings]:
    """One territory; `Findings.row` is that of `tracks`."""
    count = len(tracks)
    now_m = distance_m(area, tracks.lat_rad, tracks.lon_rad)
    inside = now_m < 0
    near = np.flatnonzero(np.abs(now_m) < _reach_m(tracks))
    crossing_s, in_ahead, in_now = np.full(count, np.nan), np.zeros(count), inside.astype(float)
    if len(near):
        close = tracks.take(near)
        crossing_s[near], in_ahead[near] = _cross(area, close, now_m[near])
        in_now[near] = _probability_inside(area, close, now_m[near], np.zeros(len(near)))
    came_in = inside & (crossing_s > -BACK_S) & ~np.isin(tracks.number, seen.known)
    outside = np.isin(tracks.number, seen.outside) | came_in | (in_now < SURELY_OUTSIDE)
    happened = np.where(outside, in_now, 0.0)
    probability = np.where(inside, happened, in_ahead)
    worth = np.flatnonzero(np.maximum(probability, happened) >= WORTH_SAYING)
    event_s, sigma_s, lat, lon = _event(area, tracks.take(worth), crossing_s[worth])
    findings = Findings(
        row=worth.astype(np.int32),
        area=np.zeros(len(worth), np.int32),
        probability=probability[worth],
        happened=happened[worth],
        holds=happened[worth],
        event_time_s=tracks.time_s[worth] + event_s,
        event_lat_rad=lat,
        event_lon_rad=lon,
        event_sigma_s=sigma_s,
    )
    known = np.intersect1d(alive, np.union1d(seen.known, tracks.number))
    return Seen(known, np.intersect1d(alive, np.union1d(seen.outside, tracks.number[outside]))), findings


def _reach_m(tracks: Picture) -> F8:
    """How far a track could be off the place it will have at the horizon: its way, and four sigmas."""
    ahead = np.full(len(tracks), HORIZON_S)
    spread = position_covariance(tracks.covariance, ahead)
    speed = np.linalg.norm(tracks.state[:, 3:], axis=1)
    return np.asarray(speed * HORIZON_S + 4 * np.sqrt(np.trace(spread, axis1=1, axis2=2)))


def _cross(area: Area, tracks: Picture, now_m: F8) -> tuple[F8, F8]:
    """Seconds to the border on course (negative: since, for what is inside; NaN: no crossing), and the probability
    of being inside at the deepest point of the way ahead; (N,) each."""
    way = np.arange(1, HORIZON_S / GRID_S + 1) * GRID_S
    ahead_s = np.where(now_m < 0, -1.0, 1.0)[:, None] * way
    along_m = _distances_m(area, tracks.state, ahead_s)
    changed = np.signbit(along_m) != np.signbit(now_m)[:, None]
    crosses = changed.any(axis=1)
    first = np.argmax(changed, axis=1)
    far_s = np.take_along_axis(ahead_s, first[:, None], axis=1)[:, 0]
    crossing_s = np.full(len(tracks), np.nan)
    crossing_s[crosses] = _refine(area, tracks.state[crosses], far_s[crosses], now_m[crosses] < 0)
    deepest = np.argmin(along_m, axis=1)
    depth_m = np.take_along_axis(along_m, deepest[:, None], axis=1)[:, 0]
    deepest_s = np.take_along_axis(ahead_s, deepest[:, None], axis=1)[:, 0]
    return crossing_s, _probability_inside(area, tracks, depth_m, deepest_s)


def _refine(area: Area, state: F8, far_s: F8, inside: Bool) -> F8:
    """The crossing within the last GRID_S before `far_s`: between two of PARTS points, straight."""
    near_s = far_s - np.sign(far_s) * GRID_S
    ahead_s = near_s[:, None] + (far_s - near_s)[:, None] * np.linspace(0, 1, PARTS + 1)
    along_m = _distances_m(area, state, ahead_s)
    beyond = (along_m[:, 1:] < 0) != inside[:, None]
    beyond[:, -1] = True
    k, rows = np.argmax(beyond, axis=1), np.arange(len(state))
    before_m, after_m = along_m[rows, k], along_m[rows, k + 1]
    apart_m = np.where(before_m == after_m, 1.0, before_m - after_m)
    part = np.clip(before_m / apart_m, 0, 1)
    return np.asarray(ahead_s[rows, k] + part * (ahead_s[rows, k + 1] - ahead_s[rows, k]))


def _distances_m(area: Area, state: F8, ahead_s: F8) -> F8:
    """Signed distance to the border on course: (N, 6), (N, T) -> (N, T)."""
    lat, lon, _ = on_course(state, ahead_s)
    return distance_m(area, lat.ravel(), lon.ravel()).reshape(lat.shape)


def _probability_inside(area: Area, tracks: Picture, distance: F8, ahead_s: F8) -> F8:
    """Of being inside `ahead_s` later, where the mean position is `distance` from the border."""
    lat, lon, _ = on_course(tracks.state, ahead_s[:, None])
    across = _across(area, lat[:, 0], lon[:, 0])
    sigma = sigma_along(position_covariance(tracks.covariance, ahead_s), across)
    return probability_below(distance, np.maximum(sigma, 1.0))


def _across(area: Area, lat: F8, lon: F8) -> F8:
    """Unit vectors across the nearest stretch of border, outward, ECEF: (N,) -> (N, 3)."""
    radius = gaussian_radius(lat)
    north, east = NUDGE_M / radius, NUDGE_M / (radius * np.cos(lat))
    around_lat = np.concatenate([lat + north, lat - north, lat, lat])
    around_lon = np.concatenate([lon, lon, lon + east, lon - east])
    to_north, to_south, to_east, to_west = distance_m(area, around_lat, around_lon).reshape(4, -1)
    axes = enu_axes(lat, lon)
    outward = (to_east - to_west)[:, None] * axes[:, 0] + (to_north - to_south)[:, None] * axes[:, 1]
    return np.asarray(outward / np.maximum(np.linalg.norm(outward, axis=1), 1e-9)[:, None])


def _event(area: Area, tracks: Picture, crossing_s: F8) -> tuple[F8, F8, F8, F8]:
    """Seconds to the crossing, their sigma, latitude and longitude. What is inside by no straight way is inside now."""
    ahead_s = np.nan_to_num(crossing_s)
    lat, lon, _ = on_course(tracks.state, ahead_s[:, None])
    lat, lon = lat[:, 0], lon[:, 0]
    across = _across(area, lat, lon)
    closing = np.abs(np.einsum("ni,ni->n", tracks.state[:, 3:], across))
    sigma = sigma_along(position_covariance(tracks.covariance, ahead_s), across)
    return ahead_s, sigma / np.maximum(closing, 1.0), lat, lon
