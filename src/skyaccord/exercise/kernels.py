"""Kernels: flights along waypoints and under gravity; then what scoring loops over.

fly, fall            what moves
rows_at, settle      tracks at common instants, and whose they are
posterior            the Cramer-Rao bound of one target
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from skyaccord.columns import F8, I4, I8, Bool
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


@njit(cache=True)
def rows_at(first: I8, time_s: F8, dropped: Bool, instants_s: F8) -> I8:
    """What each track last said by each instant: (K, T) rows, -1 where it does not exist.

    Track k has the rows first[k] to first[k+1] in order of time; it exists from its first row to its first `dropped`.
    """
    out = np.full((len(first) - 1, len(instants_s)), -1, np.int64)
    for k in range(len(first) - 1):
        stop = np.inf
        for row in range(first[k], first[k + 1]):
            if dropped[row]:
                stop = min(stop, time_s[row])
        row, last = first[k], -1
        for j in range(len(instants_s)):
            if instants_s[j] >= stop:
                break
            while row < first[k + 1] and time_s[row] <= instants_s[j]:
                if not dropped[row]:
                    last = row
                row += 1
            out[k, j] = last
    return out


@njit(cache=True)
def settle(first: I8, instant: I4, nearest: I8, confirm: int, give_up: int) -> I8:
    """Which truth each track belongs to, and from when to when: (A, 4) track, truth, first and last instant.

    Track k has the samples first[k] to first[k+1], each with the `nearest` truth within reach (-1 none). A track
    belongs to a truth once that was nearest `confirm` times running, until it was not `give_up` times running; the
    stretch ends at the last time it was. While it belongs, rivals are counted, so that it may go over at once. The
    rules are those of Stone Soup's TrackToTruth, whose figures these are compared with, down to what its counters keep.
    """
    out = np.empty((len(instant), 4), np.int64)
    n = 0
    for k in range(len(first) - 1):
        owner, rival, votes, misses = -1, -1, 0, 0
        begin, end, rival_begin = 0, 0, 0
        for s in range(first[k], first[k + 1]):
            seen, now = nearest[s], instant[s]
            if owner < 0:
                if seen < 0:
                    rival, votes = -1, 0
                elif seen != rival:
                    rival, votes, rival_begin = seen, 1, now
                else:
                    votes += 1
                if seen >= 0 and votes >= confirm:
                    owner, begin, end = seen, rival_begin, now
                    rival, votes = -1, 0
            elif seen == owner:
                misses, end = 0, now
            else:
                misses += 1
                if seen >= 0 and seen == rival:
                    votes += 1
                else:
                    rival, votes, rival_begin = seen, 1, now
                if misses >= give_up:
                    out[n] = (k, owner, begin, end)
                    n += 1
                    owner = -1
                    if votes >= confirm:
                        owner, begin, end = rival, rival_begin, now
        if owner >= 0:
            out[n] = (k, owner, begin, end)
            n += 1
    return out[:n]


@njit(cache=True)
def posterior(
    time_s: F8, weight: F8, gain: F8, start_s: float, cell_s: float, turn: F8, noise: F8, at_s: F8, prior: F8
) -> F8:
    """Posterior Cramer-Rao bound of one target at `at_s` (E,), ascending: (E, 6, 6); NaN before it can be known.

    `gain` (N, 3, 3) is the information that each look at `time_s` (N,) gives about the position; `weight` (N,) counts
    towards the two looks that a bound needs. In the seconds from start_s + k cell_s the target turns by `turn` (K,)
    radians a second, clockwise, and the model's white acceleration has the densities `noise` (K, 2), horizontal and
    vertical; beyond, it flies straight without noise. `prior` (6, 6) is the information before the first look.
    """
    out = np.full((len(at_s), 6, 6), np.nan)
    J = prior.copy()
    now, look, count = time_s[0], 0, 0.0
    for e in range(len(at_s)):
        if at_s[e] < time_s[0]:
            continue
        while look < len(time_s) and time_s[look] <= at_s[e]:
            J = _age(J, now, time_s[look], start_s, cell_s, turn, noise)
            now = time_s[look]
            J[:3, :3] += gain[look]
            count += weight[look]
            look += 1
        J = _age(J, now, at_s[e], start_s, cell_s, turn, noise)
        now = at_s[e]
        if count >= 2.0:
            out[e] = np.linalg.inv(J + 1e-12 * np.eye(6))
    return out


@njit(cache=True)
def _age(J: F8, now: float, until: float, start_s: float, cell_s: float, turn: F8, noise: F8) -> F8:
    """Information at `until` from that at `now`: one step for as long as turn and noise stay as they are."""
    while now < until - 1e-9:
        k = math.floor((now + 1e-9 - start_s) / cell_s)
        w, horizontal, vertical = _cell(k, turn, noise)
        end = min(max(start_s + (k + 1) * cell_s, now + 1e-9), until)
        while end < until - 1e-9:
            k += 1
            if _cell(k, turn, noise) != (w, horizontal, vertical):
                break
            end = min(start_s + (k + 1) * cell_s, until)
        J = information_step(J, end - now, w, horizontal, vertical)
        now = end
    return J


@njit(cache=True)
def _cell(k: int, turn: F8, noise: F8) -> tuple[float, float, float]:
    if 0 <= k < len(turn):
        return turn[k], noise[k, 0], noise[k, 1]
    return 0.0, 0.0, 0.0


@njit(cache=True)
def information_step(J: F8, dt: float, turn: float, horizontal: float, vertical: float) -> F8:
    """Information (6, 6) after `dt` of nearly constant velocity or turn, for singular J and zero noise alike.

    The noise is that of straight flight: steps may be split at will where there is no turn or no noise.
    """
    F = np.eye(6)  # of -dt: the way back
    if abs(turn * dt) < 1e-9:
        F[0, 3] = F[1, 4] = -dt
    else:
        s, c = math.sin(-turn * dt), math.cos(-turn * dt)
        F[0, 3], F[0, 4] = s / turn, (1 - c) / turn
        F[1, 3], F[1, 4] = -(1 - c) / turn, s / turn
        F[3, 3], F[3, 4] = c, s
        F[4, 3], F[4, 4] = -s, c
    F[2, 5] = -dt
    M: F8 = F.T @ J @ F
    if horizontal > 0 or vertical > 0:
        Q = np.zeros((6, 6))
        for axis in range(3):
            q = vertical if axis == 2 else horizontal
            Q[axis, axis] = q * dt**3 / 3
            Q[axis, axis + 3] = Q[axis + 3, axis] = q * dt**2 / 2
            Q[axis + 3, axis + 3] = q * dt
        M = np.asarray(np.linalg.solve(np.eye(6) + M @ Q, M))
    return 0.5 * (M + M.T)
