"""One target at a time, every plot its own: error against the posterior bound, covariances against chi-square.

Targets move exactly as one model of the tracker assumes, over the round Earth, behind four radars like the bench's.
The bound (exercise/bounds.py) knows that model; `matched` is the tracker told that nothing else moves, `as it is` the
tracker with its one configuration, which has to find out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from benches.tracking.setting import Setting

from skyaccord.columns import F8, I8
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.exercise.along import Paths
from skyaccord.exercise.bounds import Glimpses, Prior, bound, information
from skyaccord.exercise.figures import CONSISTENCY, nees
from skyaccord.sensors import Plots, Sites
from skyaccord.tracks import CONFIRMED, Model, Tracker, TrackerConfig

TARGETS, DURATION_S, STEP_S, GRID_S = 150, 300.0, 5.0, 0.1
WARM_UP_S = 40.0  # as on the bench
LAT_DEG, LON_DEG = 40.0, 65.0
CALM = TrackerConfig().flying[0]
MOTIONS = {
    "straight": CALM,
    "manoeuvring": Model("straight", across=45.0, along=5.0, stays_s=60.0),
    "turning": Model("turn", across=1.0, along=1.0, stays_s=60.0, turn_radps=0.045),
}


@dataclass(frozen=True, eq=False)
class Flights:
    """Targets on a grid of time, ECEF."""

    time_s: F8  # (T,)
    state: F8  # (N, T, 6)

    def at(self, target: I8, time_s: F8) -> F8:
        """Positions (K, 3), between the grid's by their velocities."""
        k = np.clip((time_s / GRID_S).astype(int), 0, len(self.time_s) - 2)
        s = (time_s / GRID_S - k)[:, None]
        a, b = self.state[target, k], self.state[target, k + 1]
        straight = (1 - s) * a[:, :3] + s * b[:, :3]
        return np.asarray(straight + 0.5 * GRID_S * s * (1 - s) * (a[:, 3:] - b[:, 3:]))


def measure(setting: Setting) -> dict[str, Any]:
    """Each motion, by the tracker that knows it and by the tracker as it is."""
    figures: dict[str, Any] = {}
    for name, model in MOTIONS.items():
        rng = np.random.default_rng([setting.seeds[0], len(figures)])
        sites = radars(rng)
        flights = fly(rng, model)
        heard = [hear(rng, sites, flights, target) for target in range(TARGETS)]
        never_s = 1e9
        matched = Model(model.kind, model.across, model.along, never_s, model.turn_radps)
        figures[name] = row = {
            # told how the target moves, and that it does nothing else
            "matched": _judge(
                sites, flights, heard, model, TrackerConfig(flying=(matched, matched, matched), flying_surge_mps2=0.0)
            ),
            "as it is": _judge(sites, flights, heard, model, TrackerConfig()),
        }
        for who, said in row.items():
            print(
                f"{name}, {who}: position RMSE {said['rmse_m']:.1f} m, bound {said['bound_m']:.1f} m, "
                f"ratio {said['ratio']:.3f}; NEES of position and velocity {said['nees']:.2f} of 4 "
                f"(band of {TARGETS} targets {said['low']:.2f} to {said['high']:.2f}), "
                f"inside at {said['inside']:.0%} of instants; {said['tracked']:.2%} of instants with one track",
                flush=True,
            )
    return figures


def radars(rng: np.random.Generator) -> Sites:
    """Four, as the bench's generator draws them."""
    places_km = np.array([(-100, -100), (100, -100), (-100, 100), (100, 100)], float)
    count = len(places_km)
    lat = np.radians(LAT_DEG) + places_km[:, 1] / 6371.0
    return Sites.empty(count).replace(
        source=np.arange(1, count + 1),
        kind=np.full(count, b"radar", "S8"),
        lat_rad=lat,
        lon_rad=np.radians(LON_DEG) + places_km[:, 0] / 6371.0 / np.cos(lat),
        height_m=rng.uniform(50, 800, count),
        scan_s=rng.uniform(4, 12, count),
        range_max_m=np.full(count, 250e3),
        sigma_range_m=rng.uniform(50, 100, count),
        sigma_azimuth_rad=np.radians(rng.uniform(0.08, 0.2, count)),
        sigma_height_m=rng.uniform(150, 400, count),
        pd=np.full(count, 0.99),
        clutter_per_scan=np.full(count, 0.01),
    )


def fly(rng: np.random.Generator, model: Model) -> Flights:
    """Level flight on the Earth's curve with white acceleration, and a steady turn if it is the model's."""
    steps = round(DURATION_S / GRID_S)
    at_km = rng.uniform(-60, 60, (TARGETS, 2))
    lat = np.radians(LAT_DEG) + at_km[:, 1] / 6371.0
    lon = np.radians(LON_DEG) + at_km[:, 0] / 6371.0 / np.cos(lat)
    position = ecef(lat, lon, rng.uniform(3000, 11_000, TARGETS))
    heading, speed = rng.uniform(0, 2 * np.pi, TARGETS), rng.uniform(100, 250, TARGETS)
    axes = enu_axes(lat, lon)
    velocity = speed[:, None] * (np.sin(heading)[:, None] * axes[:, 0] + np.cos(heading)[:, None] * axes[:, 1])
    state = np.empty((TARGETS, steps + 1, 6))
    state[:, 0] = np.hstack([position, velocity])
    density = np.sqrt([model.across, model.across, model.along])
    h = GRID_S
    for k in range(steps):
        p, v = state[:, k, :3], state[:, k, 3:]
        lat, lon, _ = geodetic(p)
        up = enu_axes(lat, lon)[:, 2]
        axes = enu_axes(lat, lon)
        climb = np.einsum("ni,ni->n", v, up)[:, None] * up
        level = v - climb
        right = np.cross(level, up)
        moved = np.cos(model.turn_radps * h) * level + np.sin(model.turn_radps * h) * right + climb
        curve = -((level**2).sum(axis=1) / np.linalg.norm(p, axis=1))[:, None] * up
        one, two = rng.normal(size=(2, TARGETS, 3)) * density  # white noise over a step: velocity, and what is left
        kick = np.einsum("ni,nij->nj", one * np.sqrt(h), axes)
        slide = np.einsum("ni,nij->nj", (one / 2 + two / np.sqrt(12)) * h**1.5, axes)
        state[:, k + 1, :3] = p + 0.5 * h * (v + moved) + 0.5 * h * h * curve + slide
        state[:, k + 1, 3:] = moved + h * curve + kick
    return Flights(h * np.arange(steps + 1), state)


def hear(rng: np.random.Generator, sites: Sites, flights: Flights, target: int) -> Plots:
    """A target's plots: each radar's beam meets it once a turn."""
    rows, times = [], []
    base, axes = ecef(sites.lat_rad, sites.lon_rad, sites.height_m), enu_axes(sites.lat_rad, sites.lon_rad)
    for s in range(len(sites)):
        scan_s = sites.scan_s[s]
        north_s = scan_s * (rng.uniform() + np.arange(-1, np.ceil(DURATION_S / scan_s)))
        time_s = north_s + 0.5 * scan_s
        for _ in range(5):
            local = (flights.at(np.full(len(time_s), target), np.clip(time_s, 0, DURATION_S)) - base[s]) @ axes[s].T
            time_s = north_s + np.remainder(np.arctan2(local[:, 0], local[:, 1]), 2 * np.pi) / (2 * np.pi) * scan_s
        time_s = time_s[(time_s >= 0) & (time_s < DURATION_S)]
        rows.append(np.full(len(time_s), s))
        times.append(time_s)
    row, time_s = np.concatenate(rows), np.concatenate(times)
    order = np.argsort(time_s, kind="stable")
    row, time_s = row[order], time_s[order]
    place = flights.at(np.full(len(row), target), time_s)
    local = np.einsum("nij,nj->ni", axes[row], place - base[row])
    n = len(row)
    noise = rng.normal(size=(3, n))
    return Plots.blank(n).replace(
        time_s=time_s,
        source=row + 1,
        range_m=np.linalg.norm(local, axis=1) + noise[0] * sites.sigma_range_m[row],
        azimuth_rad=np.remainder(
            np.arctan2(local[:, 0], local[:, 1]) + noise[1] * sites.sigma_azimuth_rad[row], 2 * np.pi
        ),
        height_m=geodetic(place)[2] + noise[2] * sites.sigma_height_m[row],
    )


def _judge(sites: Sites, flights: Flights, heard: list[Plots], model: Model, config: TrackerConfig) -> dict[str, float]:
    """Errors, bounds and covariances at 40, 45, ... s of all targets, each alone with a tracker."""
    instants = np.arange(WARM_UP_S, DURATION_S, STEP_S)
    errors, covariances, variances, when, tracked = [], [], [], [], 0
    for target, plots in enumerate(heard):
        tracker, low = Tracker(sites, config), 0
        least = _bound(sites, flights, plots, target, model, config, instants)
        for k, now in enumerate(instants):
            high = int(np.searchsorted(plots.time_s, now, "right"))
            tracker.update(plots.take(slice(low, high)), float(now))
            low = high
            said = tracker.snapshot(float(now))
            said = said.take(said.status >= CONFIRMED)
            tracked += len(said) == 1
            if not len(said):
                continue
            true = flights.state[target, round(now / GRID_S)]
            nearest = int(np.argmin(np.linalg.norm(said.state[:, :3] - true[:3], axis=1)))
            lat, lon, _ = geodetic(true[:3])
            turn = np.kron(np.eye(2), enu_axes(lat, lon))
            errors.append(turn @ (said.state[nearest] - true))
            covariances.append(turn @ said.covariance[nearest] @ turn.T)
            variances.append(least[k, 0, 0] + least[k, 1, 1])
            when.append(k)
    error, variance = np.array(errors), np.array(variances)
    consistency = nees(error, np.array(covariances), np.array(when), CONSISTENCY["position_velocity"])
    rmse_m, bound_m = np.sqrt((error[:, :2] ** 2).sum(axis=1).mean()), np.sqrt(variance.mean())
    return {
        "rmse_m": float(rmse_m),
        "bound_m": float(bound_m),
        "ratio": float(rmse_m / bound_m),
        "nees": consistency.mean,
        "low": consistency.low,
        "high": consistency.high,
        "inside": consistency.instants_inside,
        "tracked": tracked / (len(heard) * len(instants)),
    }


def _bound(
    sites: Sites, flights: Flights, plots: Plots, target: int, model: Model, config: TrackerConfig, instants: F8
) -> F8:
    """Posterior bound (T, 6, 6) of one target's state at the instants, in the frame where it is half-way."""
    each = round(1.0 / GRID_S)
    seconds, state = flights.time_s[::each], flights.state[target, ::each]
    lat, lon, _ = geodetic(state[len(state) // 2, :3])
    axes = enu_axes(lat, lon)
    turned = np.hstack([state[:, :3] @ axes.T, state[:, 3:] @ axes.T])
    number = np.zeros(len(seconds), np.int64)
    turn = np.full(len(seconds), model.turn_radps)
    paths = Paths(number, seconds, turned, turn, np.ones(len(seconds), bool))
    place = flights.at(np.full(len(plots), target), plots.time_s)
    gain = information(place, sites, plots.source.astype(np.int64) - 1, np.ones(len(plots), bool))
    looks = Glimpses(np.zeros(len(plots), np.int64), plots.time_s, axes @ gain @ axes.T, np.ones(len(plots)))
    prior = Prior(config.start_speed_mps, config.start_climb_mps)
    densities = np.tile([model.across, model.along], (len(seconds), 1))
    return bound(paths, looks, np.zeros(len(instants), np.int64), instants, densities, prior, turns=True)
