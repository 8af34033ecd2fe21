"""Hear: what each radar of an exercise reports of the truth, with its limits, noise, biases and false echoes.

An antenna turns evenly and illuminates a target at the instant when it passes the target's azimuth; the truth is
interpolated to that instant. Each look is then a matter of range, sight (coverage), probability and measurement noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skyaccord.columns import F8, I4, I8, U2, Bool, Columns, column
from skyaccord.coverage.detection import detection_probability
from skyaccord.coverage.horizon import elevation_rad, sees
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.exercise.scenario import MODE_S_TRANSPONDER, NO_TRANSPONDER, Patch, Scenario
from skyaccord.exercise.truth import Truth
from skyaccord.sensors.plots import (
    COMBINED,
    MODE_S,
    NO_ADDRESS,
    NO_MODE_A,
    PRIMARY,
    SECONDARY,
    SIMULATED,
    Plots,
)

CLUTTER = -1  # truth_id of a false echo
FOOT_M = 0.3048
LEAST_RANGE_M = 500.0
CLUTTER_LEAST_RANGE_M = 2000.0
CLUTTER_CEILING_M = 6000.0


@dataclass(frozen=True, eq=False)
class Looks(Columns):
    """One row each time that an antenna passes a target's azimuth, whether it finds it or not."""

    time_s: F8 = column("f8")
    row: I8 = column("i8")  # row of the truth, that of the target's last whole second
    range_m: F8 = column("f8")
    azimuth_rad: F8 = column("f8")
    lat_rad: F8 = column("f8")
    lon_rad: F8 = column("f8")
    height_m: F8 = column("f8")
    pressure_alt_m: F8 = column("f8")


@dataclass(frozen=True, eq=False)
class Norths(Columns):
    """North crossings of the antennas, in order of time."""

    time_s: F8 = column("f8")
    source: U2 = column("u2")


def hear(scenario: Scenario, truth: Truth, rng: np.random.Generator) -> tuple[Plots, I4]:
    """Plots of all the scenario's radars in order of time, and each plot's truth_id (CLUTTER: none): (N,) each.

    Every plot carries the flag SIMULATED. Each radar has its own stream of chance, so that a change to one, or one
    more at the end of the file, leaves the others' plots as they were.
    """
    plots, ids = [], []
    for k, chance in enumerate(rng.spawn(len(scenario.sites))):
        for part, part_ids in (_targets(scenario, k, truth, chance), _clutter(scenario, k, chance)):
            plots.append(part)
            ids.append(part_ids)
    all_plots, all_ids = Plots.concat(plots), np.concatenate(ids)
    order = np.lexsort((all_plots.azimuth_rad, all_plots.source, all_plots.time_s))
    return all_plots.take(order), all_ids[order]


def norths(scenario: Scenario) -> Norths:
    """When each antenna passes north, from the start to before the end."""
    parts = []
    for k in range(len(scenario.sites)):
        scan_s, phase = float(scenario.sites.scan_s[k]), float(scenario.radars.phase_rad[k])
        first = scenario.start_s + (-phase % (2 * np.pi)) / (2 * np.pi) * scan_s
        time_s: F8 = first + scan_s * np.arange(math.ceil(max(scenario.end_s - first, 0) / scan_s), dtype=float)
        parts.append(Norths(time_s, np.full(len(time_s), scenario.sites.source[k])))
    joined = Norths.concat(parts)
    return joined.take(np.lexsort((joined.source, joined.time_s)))


def looks(scenario: Scenario, sensor: int, truth: Truth) -> Looks:
    """Each passing of radar `sensor`'s antenna over each target: the truth at that instant, without noise."""
    segment = np.flatnonzero((truth.truth_id[1:] == truth.truth_id[:-1]) & (np.diff(truth.time_s) > 0))
    scan_s = float(scenario.sites.scan_s[sensor])
    rate = 2 * np.pi / scan_s
    _, azimuth = _from_site(scenario, sensor, truth.state[:, :3])
    dt = truth.time_s[segment + 1] - truth.time_s[segment]
    antenna = scenario.radars.phase_rad[sensor] + rate * (truth.time_s[segment] - scenario.start_s)
    to_go = (azimuth[segment] - antenna) % (2 * np.pi)
    drift = (azimuth[segment + 1] - azimuth[segment] + np.pi) % (2 * np.pi) - np.pi
    closing = rate * dt - drift  # how far the antenna gains on the target in this second
    rows, shares = [], []
    for turn in range(int(np.ceil(1.5 / scan_s)) + 1):
        share = (to_go + 2 * np.pi * turn) / closing
        hit = (closing > 0) & (share < 1)
        rows.append(segment[hit])
        shares.append(share[hit])
    row, share = np.concatenate(rows), np.concatenate(shares)
    position = _between(truth, row, share)
    off = (
        _from_site(scenario, sensor, position)[1]
        - scenario.radars.phase_rad[sensor]
        - rate * (_time(truth, row, share) - scenario.start_s)
    )
    share = share + ((off + np.pi) % (2 * np.pi) - np.pi) / rate / (truth.time_s[row + 1] - truth.time_s[row])
    position = _between(truth, row, share)
    range_m, azimuth = _from_site(scenario, sensor, position)
    lat, lon, height = geodetic(position)
    pressure = truth.pressure_alt_m[row] + share * (truth.pressure_alt_m[row + 1] - truth.pressure_alt_m[row])
    return Looks(_time(truth, row, share), row, range_m, azimuth, lat, lon, height, pressure)


def in_view(scenario: Scenario, sensor: int, look: Looks) -> Bool:
    """Which looks have the target in sight, in range and below the antenna's highest elevation: (N,)."""
    sites, row = scenario.sites, np.full(len(look), sensor)
    return np.asarray(
        (look.range_m >= LEAST_RANGE_M)
        & (look.range_m <= sites.range_max_m[sensor])
        & sees(sites, scenario.masks, row, look.lat_rad, look.lon_rad, look.height_m)
        & (
            elevation_rad(sites, row, look.lat_rad, look.lon_rad, look.height_m)
            <= scenario.radars.elevation_max_rad[sensor]
        )
    )


def primary_probability(scenario: Scenario, sensor: int, range_m: F8, rcs_m2: F8) -> F8:
    """How often the primary radar finds a target in view; zero where the sensor has none: (N,) each -> (N,)."""
    radars, sites = scenario.radars, scenario.sites
    pd = detection_probability(
        float(sites.pd[sensor]),
        range_m,
        float(sites.range_max_m[sensor]),
        rcs_m2,
        float(radars.reference_rcs_m2[sensor]),
    )
    return np.where(radars.primary[sensor], pd, 0.0)


def _targets(scenario: Scenario, sensor: int, truth: Truth, rng: np.random.Generator) -> tuple[Plots, I4]:
    look = looks(scenario, sensor, truth)
    look = look.take(in_view(scenario, sensor, look))
    radars, transponder = scenario.radars, truth.transponder[look.row]
    primary = rng.random(len(look)) < primary_probability(scenario, sensor, look.range_m, truth.rcs_m2[look.row])
    answers = (transponder != NO_TRANSPONDER) & radars.secondary[sensor]
    secondary = answers & (rng.random(len(look)) < radars.pd_secondary[sensor])
    found = primary | secondary
    look, primary, secondary = look.take(found), primary[found], secondary[found]
    ids = truth.truth_id[look.row]
    plots = _measure(scenario, sensor, look.time_s, look.range_m, look.azimuth_rad, look.height_m, rng)
    return _answer(scenario, sensor, plots, truth, look, primary, secondary), ids


def _answer(
    scenario: Scenario, sensor: int, plots: Plots, truth: Truth, look: Looks, primary: Bool, secondary: Bool
) -> Plots:
    """The plots with what the transponders said: Mode A and C always, address and callsign to Mode S radars."""
    selective = secondary & (truth.transponder[look.row] == MODE_S_TRANSPONDER) & scenario.radars.mode_s[sensor]
    step_m = np.where(selective, 25 * FOOT_M, 100 * FOOT_M)
    mode_c = np.round(look.pressure_alt_m / step_m) * step_m
    alone = np.where(selective, MODE_S, SECONDARY)
    return plots.replace(
        kind=np.where(secondary, np.where(primary, COMBINED, alone), PRIMARY).astype(np.uint8),
        pressure_alt_m=np.where(secondary, mode_c, np.nan),
        mode_a=np.where(secondary, truth.mode_a[look.row], NO_MODE_A).astype(np.uint16),
        address=np.where(selective, truth.address[look.row], NO_ADDRESS).astype(np.uint32),
        callsign=np.where(selective, truth.callsign[look.row], b"").astype("S8"),
    )


def _measure(
    scenario: Scenario, sensor: int, time_s: F8, range_m: F8, azimuth_rad: F8, height_m: F8, rng: np.random.Generator
) -> Plots:
    """Primary plots of echoes from these places, with the sensor's noise and biases."""
    sites, radars, n = scenario.sites, scenario.radars, len(time_s)
    measured_m = range_m + radars.bias_range_m[sensor] + sites.sigma_range_m[sensor] * rng.standard_normal(n)
    azimuth = azimuth_rad + radars.bias_azimuth_rad[sensor] + sites.sigma_azimuth_rad[sensor] * rng.standard_normal(n)
    height = height_m + sites.sigma_height_m[sensor] * rng.standard_normal(n)
    return Plots.blank(n).replace(
        time_s=time_s + radars.bias_time_s[sensor],
        source=np.full(n, sites.source[sensor]),
        flags=np.full(n, SIMULATED, np.uint16),
        range_m=np.maximum(measured_m, 0.0),
        azimuth_rad=azimuth % (2 * np.pi),
        height_m=height if radars.measures_height[sensor] else np.full(n, np.nan),
    )


def _clutter(scenario: Scenario, sensor: int, rng: np.random.Generator) -> tuple[Plots, I4]:
    """False echoes: evenly over the area out to `clutter_range_m`, and in the sensor's patches, Poisson a scan."""
    radars, scan_s = scenario.radars, float(scenario.sites.scan_s[sensor])
    turns = math.ceil(scenario.duration_s / scan_s)
    n = int(rng.poisson(radars.clutter_per_scan[sensor] * turns)) if radars.primary[sensor] else 0
    far2, near2 = float(radars.clutter_range_m[sensor]) ** 2, CLUTTER_LEAST_RANGE_M**2
    ranges = [np.sqrt(near2 + (max(far2, near2) - near2) * rng.random(n))]
    azimuths = [2 * np.pi * rng.random(n)]
    for patch in scenario.patches[sensor] if radars.primary[sensor] else ():
        range_m, azimuth_rad = _in_patch(patch, int(rng.poisson(patch.per_scan * turns)), rng)
        ranges.append(range_m)
        azimuths.append(azimuth_rad)
    range_m, azimuth_rad = np.concatenate(ranges), np.concatenate(azimuths)
    # one of the turns, and in it the instant when the antenna passes the azimuth
    behind = (azimuth_rad - radars.phase_rad[sensor]) % (2 * np.pi) / (2 * np.pi)
    after_s = (rng.integers(0, turns, len(range_m)) + behind) * scan_s
    height_m = scenario.masks[sensor].ground_m + CLUTTER_CEILING_M * rng.random(len(range_m)) ** 2
    time_s = scenario.start_s + after_s
    plots = _measure(scenario, sensor, time_s, range_m, azimuth_rad, height_m, rng)
    inside = after_s < scenario.duration_s
    return plots.take(inside), np.full(int(inside.sum()), CLUTTER, np.int32)


def _in_patch(patch: Patch, n: int, rng: np.random.Generator) -> tuple[F8, F8]:
    """`n` places evenly within the patch's circle, as range and azimuth."""
    way, off_m = 2 * np.pi * rng.random(n), patch.radius_m * np.sqrt(rng.random(n))
    east = patch.range_m * np.sin(patch.azimuth_rad) + off_m * np.sin(way)
    north = patch.range_m * np.cos(patch.azimuth_rad) + off_m * np.cos(way)
    return np.maximum(np.hypot(east, north), LEAST_RANGE_M), np.arctan2(east, north) % (2 * np.pi)


def _from_site(scenario: Scenario, sensor: int, position: F8) -> tuple[F8, F8]:
    """Slant range and azimuth of ECEF positions: (N, 3) -> (N,) each."""
    sites = scenario.sites
    lat, lon = float(sites.lat_rad[sensor]), float(sites.lon_rad[sensor])
    local = (position - ecef(lat, lon, float(sites.height_m[sensor]))) @ enu_axes(lat, lon).T
    return np.linalg.norm(local, axis=-1), np.arctan2(local[:, 0], local[:, 1]) % (2 * np.pi)


def _time(truth: Truth, row: I8, share: F8) -> F8:
    return truth.time_s[row] + share * (truth.time_s[row + 1] - truth.time_s[row])


def _between(truth: Truth, row: I8, share: F8) -> F8:
    """Position at a share of the second after `row`: the cubic through both ends' states (Hermite)."""
    s, dt = share[:, None], (truth.time_s[row + 1] - truth.time_s[row])[:, None]
    here, there = truth.state[row], truth.state[row + 1]
    return np.asarray(
        (2 * s**3 - 3 * s**2 + 1) * here[:, :3]
        + (s**3 - 2 * s**2 + s) * dt * here[:, 3:]
        + (3 * s**2 - 2 * s**3) * there[:, :3]
        + (s**3 - s**2) * dt * there[:, 3:]
    )
