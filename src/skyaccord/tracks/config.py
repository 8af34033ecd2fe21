"""What the tracker takes for granted, in one place: one configuration for every scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Model:
    """One way to move: what a filter of the interacting three assumes."""

    kind: Literal["straight", "turn", "fall"]
    across: float  # white acceleration density across the vertical, m^2/s^3
    along: float  # the same along it
    stays_s: float  # mean time before another model takes over
    turn_radps: float = 0.0  # of a turn; clockwise is positive
    steady: float = 0.0  # share of `across` that is missing along the course of what is fast


# Aircraft and drones: straight and level, or turning either way with noise enough for climbs and hard manoeuvres; who
# flies fast turns hard and seldom brakes
FLYING = (
    Model("straight", across=0.03, along=0.8, stays_s=120.0),
    Model("turn", across=70.0, along=5.0, stays_s=60.0, turn_radps=0.045, steady=0.7),
    Model("turn", across=70.0, along=5.0, stays_s=60.0, turn_radps=-0.045, steady=0.7),
)
# What climbs or falls as no aircraft does: under power or steering, or in free fall with drag
FALLING = (
    Model("straight", across=30.0, along=30.0, stays_s=25.0),
    Model("straight", across=1000.0, along=1000.0, stays_s=25.0),
    Model("fall", across=20.0, along=20.0, stays_s=120.0),
)


@dataclass(frozen=True)
class TrackerConfig:
    """Settings of a tracker; the defaults are meant to be left alone."""

    flying: tuple[Model, Model, Model] = FLYING
    falling: tuple[Model, Model, Model] = FALLING

    # Acceleration, one sigma, of a manoeuvre that none of its models foresees: flying, falling
    flying_surge_mps2: float = 12.0
    falling_surge_mps2: float = 60.0

    # A new track knows its position from one plot and its velocity not at all
    start_speed_mps: float = 150.0  # one sigma, each horizontal axis
    start_climb_mps: float = 15.0
    start_climb_uncoded_mps: float = 250.0  # of what says nothing of itself: it may be a missile
    start_height_m: float = 5000.0  # of a plot without height: what it is taken to be
    start_height_sigma_m: float = 3000.0

    gate_d2: float = 30.0  # squared Mahalanobis distance beyond which a plot is not the track's
    velocity_sigma_mps: float = 3.0  # of a velocity that a report states
    births_m2: float = 5e-13  # targets a square metre that have come since the last look
    unseen_m2: float = 0.0  # the same before the first one, where more are there than come
    survives_s: float = 1000.0  # mean life of a target in sight
    sight_memory: float = 0.97  # share of how well a target was seen that a look leaves; 1: always as the registry says
    confirm: float = 0.9  # probability of existence at which a track is believed
    confirm_hits: int = 2
    number_worth_s: float = 10.0  # for so long may a target be told of that is gone, if that saves another's number
    drop: float = 0.02  # at which a doubted track ends, if an antenna looks for it
    drop_unsought: float = 0.2  # at which one ends that is only reported: reports could long have said more
    forget: float = 0.03  # share of what it began with at which one that was not ends
    coast_scans: float = 8.0  # turns of its fastest sensor without a plot that end a track, whatever the looks say
    late_turns: float = 0.04  # share of a turn by which a radar may find a target later than expected ..
    late_s: float = 0.1  # .. and a time beyond that
    slice_s: float = 1.0  # plots of one sensor in one such slice of time compete for tracks together
    code_conflict: float = 25.0  # what differing Mode A codes cost, in log-likelihood
    height_span_m: float = 13_000.0  # over which heights of false plots spread
    lag_s: float = 60.0  # a plot that is older than the newest by more comes too late
    ahead_s: float = 10.0  # a plot that is dated further ahead comes from a wrong clock
    hide_addresses: bool = False  # ignore Mode S addresses and callsigns (to be scored against them)
    hide_codes: bool = False  # ignore Mode A as well
    exercise: bool = False  # only simulated targets count; otherwise none of them does
