"""A sky that Stone Soup simulates and tracks, tracked by us behind its interface: JSON, to be run where both are."""

from __future__ import annotations

import datetime
import json

import numpy as np
from stonesoup.dataassociator.neighbour import GNNWith2DAssignment
from stonesoup.deleter.time import UpdateTimeStepsDeleter
from stonesoup.hypothesiser.distance import DistanceHypothesiser
from stonesoup.initiator.simple import MultiMeasurementInitiator, SimpleMeasurementInitiator
from stonesoup.measures import Mahalanobis
from stonesoup.models.measurement.linear import LinearGaussian
from stonesoup.models.measurement.nonlinear import CartesianToBearingRange, CartesianToElevationBearingRange
from stonesoup.models.transition.linear import CombinedLinearGaussianTransitionModel, ConstantVelocity
from stonesoup.predictor.kalman import KalmanPredictor
from stonesoup.sensor.radar.radar import RadarRotatingBearingRange
from stonesoup.tracker.base import Tracker
from stonesoup.tracker.simple import MultiTargetTracker
from stonesoup.types.array import StateVector
from stonesoup.types.detection import Clutter, Detection
from stonesoup.types.groundtruth import GroundTruthPath, GroundTruthState
from stonesoup.types.state import GaussianState, State
from stonesoup.updater.kalman import ExtendedKalmanUpdater

from skyaccord.columns import F8
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.peers.stonesoup import Radar, SkyaccordTracker
from skyaccord.sensors.where import where

START = datetime.datetime(2026, 5, 1, 12)
LAT, LON = 0.68, 1.2
TARGETS, SCAN_S, STEP_S, LAST_S = 8, 5.0, 0.5, 120.0
NOISE = np.diag([np.radians(0.1) ** 2, 50.0**2])


def flights(rng: np.random.Generator) -> list[GroundTruthPath]:
    """Straight flights over 60 km, far enough apart that which is which is plain."""
    paths = []
    for k in range(TARGETS):
        place = 12_000.0 * np.array([k % 4 - 1.6, k // 4 - 0.4]) + rng.uniform(-2000, 2000, 2)
        course, speed = rng.uniform(0, 2 * np.pi), rng.uniform(60, 120)
        v = speed * np.array([np.cos(course), np.sin(course)])
        states = [
            GroundTruthState(
                [place[0] + t * v[0], v[0], place[1] + t * v[1], v[1]], timestamp=START + datetime.timedelta(seconds=t)
            )
            for t in np.arange(0.0, LAST_S + STEP_S, STEP_S)
        ]
        paths.append(GroundTruthPath(states))
    return paths


def detections(
    paths: list[GroundTruthPath], rng: np.random.Generator
) -> list[tuple[datetime.datetime, set[Detection]]]:
    """What a radar hears that turns once in SCAN_S: nine in ten, and a false one now and then."""
    radar = RadarRotatingBearingRange(
        position=StateVector([-5000.0, 3000.0]),
        orientation=StateVector([0.0, 0.0, 0.4]),
        ndim_state=4,
        position_mapping=(0, 2),
        noise_covar=NOISE,
        dwell_centre=StateVector([0.0]),
        rpm=60 / SCAN_S,
        max_range=100_000.0,
        fov_angle=2 * np.pi * STEP_S / SCAN_S,
        seed=5,
    )
    out = []
    for k in range(len(paths[0])):
        time = paths[0][k].timestamp
        radar.act(time)
        seen = {d for d in radar.measure({path[k] for path in paths}, noise=True) if rng.random() < 0.9}
        if rng.random() < 0.3:
            false = [[rng.uniform(-np.pi, np.pi)], [rng.uniform(1000, 60_000)]]
            seen.add(Clutter(StateVector(false), timestamp=time, measurement_model=radar.measurement_model))
        out.append((time, seen))
    return out


def theirs(detector: list[tuple[datetime.datetime, set[Detection]]], model: object) -> Tracker:
    """Stone Soup's own: an extended Kalman filter and global nearest neighbours."""
    transition = CombinedLinearGaussianTransitionModel([ConstantVelocity(1.0)] * 2)
    predictor, updater = KalmanPredictor(transition), ExtendedKalmanUpdater(model)
    associator = GNNWith2DAssignment(DistanceHypothesiser(predictor, updater, Mahalanobis(), missed_distance=4))
    deleter = UpdateTimeStepsDeleter(int(4 * SCAN_S / STEP_S))
    prior = GaussianState([0, 0, 0, 0], np.diag([0, 120.0**2, 0, 120.0**2]))
    initiator = MultiMeasurementInitiator(
        prior_state=prior,
        measurement_model=model,
        deleter=UpdateTimeStepsDeleter(int(2 * SCAN_S / STEP_S)),
        data_associator=associator,
        updater=updater,
        min_points=3,
        initiator=SimpleMeasurementInitiator(prior, model),
    )
    return MultiTargetTracker(initiator, deleter, detector, associator, updater)


def ends(tracker: Tracker) -> tuple[list[int], F8, float]:
    """Tracks at each step, where they are at the last one (N, 4), and the longest track's life."""
    counts = []
    for _, tracks in tracker:
        counts.append(len(tracks))
    last = sorted(tracker.tracks, key=lambda t: t.id)
    longest = max((t[-1].timestamp - t[0].timestamp).total_seconds() for t in last)
    return counts, np.array([np.ravel(t.state_vector).astype(float) for t in last]).reshape(-1, 4), longest


def one_each(true: F8, found: F8) -> tuple[int, float, float, int]:
    """Targets with exactly one track within 1 km, median errors of place and velocity, tracks of none."""
    apart = np.hypot(true[:, None, 0] - found[None, :, 0], true[:, None, 2] - found[None, :, 2])
    near = apart < 1000
    mine = apart.argmin(axis=1)
    fast = np.hypot(true[:, 1] - found[mine, 1], true[:, 3] - found[mine, 3])
    return (
        int((near.sum(axis=1) == 1).sum()),
        float(np.median(apart.min(axis=1))),
        float(np.median(fast)),
        int((~near.any(axis=0)).sum()),
    )


def placed_as_their_models_say(rng: np.random.Generator) -> float:
    """Largest distance between where a noiseless detection is and where our plot of it is, over all three models."""
    turned = StateVector([0.0, 0.0, 0.7])
    tilted = StateVector([0.1, -0.2, 2.0])
    models = [
        CartesianToBearingRange(
            4, (0, 2), NOISE, translation_offset=StateVector([4000.0, -7000.0]), rotation_offset=turned
        ),
        CartesianToElevationBearingRange(
            6,
            (0, 2, 4),
            np.diag([1e-6, 1e-6, 400.0]),
            translation_offset=StateVector([-2e4, 5e3, 120.0]),
            rotation_offset=tilted,
        ),
        LinearGaussian(6, (0, 2, 4), np.diag([900.0, 900.0, 900.0])),
    ]
    tracker = SkyaccordTracker([], [Radar(m, 5.0) for m in models], LAT, LON, 300.0)
    worst = 0.0
    for model in models:
        state = np.zeros((model.ndim_state, 20))
        state[0], state[2] = rng.uniform(-6e4, 6e4, (2, 20))
        if model.ndim_state == 6:
            state[4] = rng.uniform(1000, 12_000, 20)
        heard = [
            Detection(model.function(State(StateVector(x))), timestamp=START, measurement_model=model)
            for x in state.T[:, :, None]
        ]
        plots = tracker.plots(heard, 0.0)
        there = (where(plots, tracker.sites) - ecef(LAT, LON, 300.0)) @ enu_axes(LAT, LON).T
        true = np.column_stack([state[0], state[2], state[4] if model.ndim_state == 6 else np.zeros(20)])
        apart = np.linalg.norm(true[:, None] - there[None], axis=2)
        worst = max(worst, float(apart.min(axis=1).max()))
    return worst


def main() -> None:
    rng = np.random.default_rng(11)
    paths = flights(rng)
    steps = detections(paths, rng)
    model = next(d for _, some in steps for d in some).measurement_model
    true = np.array([np.ravel(path[-1].state_vector).astype(float) for path in paths])
    radar = Radar(model, scan_s=SCAN_S, pd=0.9, range_max_m=100_000.0, clutter_per_scan=3.0)
    ours = SkyaccordTracker(steps, [radar], LAT, LON)
    counts, found, longest = ends(ours)
    covariance = next(iter(ours.tracks)).covar
    their_counts, their_found, _ = ends(theirs(steps, model))
    again = SkyaccordTracker(
        [(t, sorted(d, key=lambda one: -float(one.state_vector[1, 0]))) for t, d in steps], [radar], LAT, LON
    )
    try:
        ours.plots(
            [Detection([0.0, 0.0], timestamp=START, measurement_model=LinearGaussian(4, (0, 2), np.eye(2)))], 0.0
        )
        refused = ""
    except ValueError as error:
        refused = str(error)
    print(
        json.dumps(
            {
                "is_tracker": isinstance(ours, Tracker),
                "steps": len(steps),
                "detections": sum(len(d) for _, d in steps),
                "counts": counts,
                "their_counts": their_counts,
                "ours": one_each(true, found),
                "theirs": one_each(true, their_found),
                "both": one_each(their_found, found),
                "longest": longest,
                "covariance": np.asarray(covariance).tolist(),
                "same_again": bool(np.array_equal(ends(again)[1], found)),
                "placed_m": placed_as_their_models_say(rng),
                "refused": refused,
            }
        )
    )


if __name__ == "__main__":
    main()
