"""Kernels: a point-mass flight along waypoints, and a ballistic one under gravity. Floats in, rows out."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from skyaccord.columns import F8
from skyaccord.earth.wgs84 import ECC2, SEMI_MAJOR_M

GRAVITY_MPS2 = 9.80665
EARTH_GM = 3.986004418e14  # WGS-84
EARTH_TURN_RADPS = 7.292115e-5  # WGS-84
SUBSTEPS = 8  # a second
STEER_S = 4.0  # time constant of the heading
ROLL_S = 2.0  # from level into the full turn
LEAST_CLIMB_TIME_S = 8.0


@njit(cache=True)
def fly(
    route: F8, length: int, bank_rad: float, turn_max: float, accel: float, climb_max: float, climb_accel: float
) -> F8:
    """Fly a route for at most `length` seconds: (V, 4) lat, lon, height, speed from there on -> (n, 6) rows a second.

    Rows: latitude, longitude (rad), height (m), course (rad), ground speed, climb (m/s). Turns start before the
    waypoint (fly-by), courses follow the normal section to the next one, and turn rate, its onset, speed and climb stay
    within their limits.
    """
    out = np.empty((length, 6))
    lat, lon, height, speed = route[0, 0], route[0, 1], route[0, 2], route[0, 3]
    course, _ = _towards(lat, lon, route[1, 0], route[1, 1])
    turn, climb, goal, n = 0.0, 0.0, 1, 0
    dt = 1.0 / SUBSTEPS
    while n < length:
        out[n] = (lat, lon, height, course, speed, climb)
        n += 1
        for _ in range(SUBSTEPS):
            bearing, distance = _towards(lat, lon, route[goal, 0], route[goal, 1])
            limit = min(turn_max, GRAVITY_MPS2 * math.tan(bank_rad) / speed)
            while _passed(route, goal, bearing, course, distance, speed, limit):
                goal += 1
                if goal == len(route):
                    return out[:n]
                bearing, distance = _towards(lat, lon, route[goal, 0], route[goal, 1])
            wanted = min(max(_wrap(bearing - course) / STEER_S, -limit), limit)
            onset = limit / ROLL_S * dt
            turn = min(max(turn + min(max(wanted - turn, -onset), onset), -limit), limit)
            speed += min(max(route[goal - 1, 3] - speed, -accel * dt), accel * dt)
            rate = (route[goal, 2] - height) / max(distance / speed, LEAST_CLIMB_TIME_S)
            rate = min(max(rate, -climb_max), climb_max)
            climb += min(max(rate - climb, -climb_accel * dt), climb_accel * dt)
            middle = course + 0.5 * turn * dt
            w = math.sqrt(1 - ECC2 * math.sin(lat) ** 2)
            north = SEMI_MAJOR_M * (1 - ECC2) / w**3 + height
            east = (SEMI_MAJOR_M / w + height) * math.cos(lat)
            lat += speed * math.cos(middle) * dt / north
            lon = _wrap(lon + speed * math.sin(middle) * dt / east)
            height += climb * dt
            course = (course + turn * dt) % (2 * math.pi)
    return out[:n]


@njit(cache=True)
def _passed(route: F8, goal: int, bearing: float, course: float, distance: float, speed: float, limit: float) -> bool:
    """Is it time to steer for the next waypoint (fly-by), or is this one behind?"""
    radius = speed / limit
    behind = math.cos(bearing - course) < 0 and distance < 2.5 * radius
    if goal == len(route) - 1:
        return behind or distance < speed / SUBSTEPS
    onward, leg = _towards(route[goal, 0], route[goal, 1], route[goal + 1, 0], route[goal + 1, 1])
    change = min(abs(_wrap(onward - bearing)), 2.0)
    lead = radius * math.tan(change / 2) + speed * (ROLL_S + STEER_S) * 0.5 * min(change, 1.0)
    return behind or distance < max(min(lead, 0.5 * leg), speed / SUBSTEPS)


@njit(cache=True)
def _towards(lat: float, lon: float, to_lat: float, to_lon: float) -> tuple[float, float]:
    """Azimuth of the normal section and chord on the ellipsoid."""
    n1 = SEMI_MAJOR_M / math.sqrt(1 - ECC2 * math.sin(lat) ** 2)
    n2 = SEMI_MAJOR_M / math.sqrt(1 - ECC2 * math.sin(to_lat) ** 2)
    dx = n2 * math.cos(to_lat) * math.cos(to_lon) - n1 * math.cos(lat) * math.cos(lon)
    dy = n2 * math.cos(to_lat) * math.sin(to_lon) - n1 * math.cos(lat) * math.sin(lon)
    dz = (1 - ECC2) * (n2 * math.sin(to_lat) - n1 * math.sin(lat))
    out = dx * math.cos(lon) + dy * math.sin(lon)
    east = dy * math.cos(lon) - dx * math.sin(lon)
    north = dz * math.cos(lat) - out * math.sin(lat)
    return math.atan2(east, north), math.sqrt(dx * dx + dy * dy + dz * dz)


@njit(cache=True)
def _wrap(angle: float) -> float:
    return (angle + math.pi) % (2 * math.pi) - math.pi


@njit(cache=True)
def fall(state: F8, length: int, ground_m: float) -> F8:
    """Fall freely for at most `length` seconds, to `ground_m`: (6,) ECEF state -> (n, 6) states, one a second.

    A point mass without air: gravity of a sphere, centrifugal and Coriolis terms of the turning earth; Runge-Kutta of
    fourth order.
    """
    out = np.empty((length, 6))
    now = state.copy()
    dt = 1.0 / SUBSTEPS
    for n in range(length):
        if _height(now) < ground_m:
            return out[:n]
        out[n] = now
        for _ in range(SUBSTEPS):
            k1 = _pull(now)
            k2 = _pull(now + 0.5 * dt * k1)
            k3 = _pull(now + 0.5 * dt * k2)
            k4 = _pull(now + dt * k3)
            now = now + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return out


@njit(cache=True)
def _pull(state: F8) -> F8:
    x, y, z, vx, vy, vz = state
    g = -EARTH_GM / (x * x + y * y + z * z) ** 1.5
    w = EARTH_TURN_RADPS
    return np.array([vx, vy, vz, g * x + w * w * x + 2 * w * vy, g * y + w * w * y - 2 * w * vx, g * z])


@njit(cache=True)
def _height(state: F8) -> float:
    """Height above the ellipsoid, measured along the radius: good to a metre below 100 km."""
    r = math.sqrt(state[0] ** 2 + state[1] ** 2 + state[2] ** 2)
    s2 = (state[2] / r) ** 2
    return r - SEMI_MAJOR_M * math.sqrt((1 - ECC2) / (1 - ECC2 * (1 - s2)))
