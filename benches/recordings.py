"""How well real recordings are tracked, and real flights behind simulated radars.

    python benches/recordings.py [FOLDER]

FOLDER holds the recordings that its MANIFEST.md describes (default: ../shared/data beside the repository); what is not
there is said and left out. Seeds are fixed; nothing is tuned to a recording but how stale the first reports of a
multilateration system may be (`in_shadow` in tracks/kernels/kin.py), which lebl_2016 has shown.

    bcn_2023    one radar at Barcelona: identity hidden from the tracker, scored against the aircraft addresses
    arg         one radar against the system tracks of a real tracker, with and without registration
    lebl_2016   ADS-B (CAT021, edition 0.23) alone, with multilateration (CAT020), and with surface radar (CAT010) too,
                identity hidden, scored against the aircraft addresses and the ADS-B positions
    alicante    the same of another station
    swiss       20 minutes of Swiss traffic behind three radars with clutter
    drone       the flight of a small rotary drone behind a short-range radar with clutter
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator
from scipy.spatial import cKDTree

from skyaccord.columns import F8, I4, I8, U2, U4, Bool
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.exercise.figures import EARTH, Nees, Samples, nees
from skyaccord.exercise.score import (
    IdentityScore,
    ReferenceScore,
    by_identity,
    by_reference,
    confirmed_numbers,
    follow,
)
from skyaccord.exercise.verdict import Verdict, judge, pronounce
from skyaccord.sensors import Plots, Sites, mlat
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A, ON_GROUND
from skyaccord.sensors.sites import build_sites
from skyaccord.sensors.where import where
from skyaccord.tracks import TENTATIVE, Biases, Registration, RegistrationConfig, Tracker, TrackerConfig, Tracks
from skyaccord.tracks.smoothing import Smoothed, smooth
from skyaccord.wire import Decoded, decode, read_recording
from skyaccord.wire.recordings import remove_copies
from skyaccord.wire.reports import SystemTracks

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
BCN = "asterix/bcn_2023/230502-est-080001_BCN_60MN_08_09.ast"
ARG_PLOTS, ARG_TRACKS = "asterix/arg/260429.pcap", "asterix/arg/fds260429.pcap"
LEBL = "asterix/lebl_2016/160510-lebl-220001_adsb_cat021_v023.ast"
LEBL_SMR, LEBL_MLAT = (LEBL.replace("adsb_cat021_v023", kind) for kind in ("smr_cat010", "mlat_cat020"))
ALICANTE = "asterix/alicante/record_Alicante-ADSB_ADS_LAN2_Ch1_AST_OP.ast"
SWISS, DRONE = "adsb/traffic/switzerland.json.gz", "adsb/stonesoup/UAV_Rot.csv"
FOOT_M, KNOT_MPS, EARTH_M = 0.3048, 1852 / 3600, 6.371e6
NEAR_M = 8000.0  # a reference track farther from a plot is not its aircraft's, whatever the code


def heard(path: Path, edition: str | None = None) -> Decoded:
    """A recording, decoded."""
    editions = {(21, None): edition} if edition else None
    return decode(remove_copies(read_recording(path.read_bytes(), path.name)), editions=editions)


def in_the_air(plots: Plots) -> Plots:
    """What flies, in order of time."""
    flying = plots.take((plots.flags & ON_GROUND == 0) & np.isfinite(plots.time_s))
    return flying.take(np.argsort(flying.time_s, kind="stable"))


def identities(plots: Plots, sites: Sites, hidden: bool = True) -> IdentityScore:
    """Track what flies; by address."""
    flying = in_the_air(plots)
    followed = follow(flying, sites, TrackerConfig(hide_addresses=hidden))
    return by_identity(followed.number, flying.address, confirmed_numbers(followed.tracks))


def bcn(data: Path, hidden: bool = True) -> IdentityScore:
    """The radar at Barcelona."""
    site = {"sac": 20, "sic": 129, "lat_deg": 41.300702, "lon_deg": 2.102058, "height_m": 52}
    return identities(heard(data / BCN).plots, build_sites([site | {"scan_s": 4, "range_max_km": 120}], "bcn"), hidden)


def lebl(data: Path, hidden: bool = True) -> IdentityScore:
    """The ADS-B station at Barcelona's airport."""
    site = {"sac": 0, "sic": 107, "lat_deg": 41.297076, "lon_deg": 2.078463, "kind": "adsb"}
    return identities(heard(data / LEBL, "0.23").plots, build_sites([site], "lebl"), hidden)


ADSB, MLAT, SMR = 107, 108, 7  # SAC 0
# I019/600 and I019/610 say where 0/107's reference point is; the radar's place is published, its antenna's height is
# not. Turns and ranges are what a recording of them shows, all else the registry's defaults but for the surface radar
LEBL_SITES = (
    {"sac": 0, "sic": ADSB, "lat_deg": 41.297076, "lon_deg": 2.078463, "kind": "adsb"},
    {"sac": 0, "sic": MLAT, "lat_deg": 41.297076, "lon_deg": 2.078463, "height_m": 51, "kind": "mlat"},
    {"sac": 0, "sic": SMR, "lat_deg": 41.295615, "lon_deg": 2.095116, "height_m": 80, "scan_s": 1.0}
    | {"range_max_km": 5, "sigma_range_m": 10, "sigma_azimuth_deg": 0.3},
)
SURFACE_M = 54.0  # of the airport, above the ellipsoid: the surface radar tells no height
CLOSE_M, CLOSE_S = 100.0, 1.0  # a surface plot and a report of multilateration as near as this are one target
SILENT_S, FIRST = 5.0, 3  # reports that follow such a silence, and how many of them are stale
ADSB_GAP_S = 3.0  # between two reports farther apart nothing says where an aircraft was


@dataclass(frozen=True, eq=False)
class Mix:
    """Some of an airport's sensors in one tracker."""

    identity: IdentityScore
    rejected: dict[str, int]
    gap_m: F8  # of tracks from ADS-B after each plot of other sensors (of ADS-B, if it is alone)


@dataclass(frozen=True, eq=False)
class Airport:
    """Barcelona's: what its sensors say, and what becomes of it."""

    reports: dict[str, tuple[int, int]]  # sensor -> its reports, and those not said to be on the ground
    monitors: int  # reports of field monitors, left out before
    surface_twins: tuple[int, int]  # plots of the surface radar near a report on the ground, near one in the air
    raw_gap_m: F8  # multilateration in the air from ADS-B of the same address ..
    early: Bool  # .. and whether it is one of the first reports after a silence
    mixes: dict[str, Mix]


def lebl_parts(data: Path) -> tuple[Sites, dict[str, Plots], int]:
    """The airport's sensors, what each says, and how many reports are of field monitors.

    Multilateration and ADS-B share a SAC/SIC, so one takes another; the surface radar tells no height.
    """
    sites = build_sites([dict(row) for row in LEBL_SITES], "lebl")
    said, radar = heard(data / LEBL_MLAT), heard(data / LEBL_SMR).plots
    parts = {
        "ADS-B": heard(data / LEBL, "0.23").plots,
        "multilateration": mlat.placed(said.plots.replace(source=np.full(len(said.plots), MLAT)), sites),
        "surface radar": radar.replace(height_m=np.full(len(radar), SURFACE_M)),
    }
    return sites, parts, said.field_monitors


def lebl_airport(data: Path) -> Airport:
    """ADS-B, multilateration and surface radar."""
    sites, parts, monitors = lebl_parts(data)
    adsb, multi, radar = parts.values()
    flying = in_the_air(multi)
    gap = from_adsb(flying.time_s, where(flying, sites), flying.address, adsb)
    mixed = {
        "ADS-B": (adsb,),
        "multilateration": (multi,),
        "ADS-B + multilateration": (adsb, multi),
        "ADS-B + multilateration + surface radar": (adsb, multi, radar),
    }
    return Airport(
        {name: (len(p), int(np.count_nonzero(p.flags & ON_GROUND == 0))) for name, p in parts.items()},
        monitors,
        twins(radar, multi, sites),
        gap[np.isfinite(gap)],
        first_reports(flying)[np.isfinite(gap)],
        {name: mix(Plots.concat(some), adsb, sites) for name, some in mixed.items()},
    )


def first_reports(plots: Plots) -> Bool:
    """(N,) whether each plot is one of the first of its address after a silence."""
    early = np.zeros(len(plots), bool)
    for one in np.unique(plots.address):
        mine = np.flatnonzero(plots.address == one)
        heard_again = np.append(True, np.diff(plots.time_s[mine]) > SILENT_S)
        run = np.flatnonzero(heard_again)
        early[mine] = np.arange(len(mine)) - run[np.cumsum(heard_again) - 1] < FIRST
    return early


def mix(plots: Plots, adsb: Plots, sites: Sites) -> Mix:
    """Track plots, identity hidden; score them by address and against ADS-B."""
    plots = plots.take(np.argsort(plots.time_s, kind="stable"))
    tracker, number, state = Tracker(sites, TrackerConfig(hide_addresses=True)), [], []
    confirmed = np.zeros(0, np.int32)
    times = np.arange(np.floor(plots.time_s[0]) + 1.0, plots.time_s[-1] + 2.0)
    edges = np.searchsorted(plots.time_s, np.append(-np.inf, times))
    for now, low, high in zip(times, edges[:-1], edges[1:], strict=True):
        updates = tracker.follow(plots.take(slice(int(low), int(high))), float(now))
        number.append(updates.number)
        state.append(updates.state)
        confirmed = np.union1d(confirmed, updates.number[updates.status != TENTATIVE]).astype(np.int32)
    numbers, states = np.concatenate(number), np.concatenate(state)
    judged = np.flatnonzero(np.isin(numbers, confirmed) & (numbers >= 0))
    alone = len(np.unique(plots.source)) == 1
    judged = judged[alone | (plots.source[judged] != ADSB)]
    owner = commonest(numbers, plots.address)[judged]
    gap = from_adsb(plots.time_s[judged], states[judged, :3], owner, adsb)
    flying = plots.flags & ON_GROUND == 0
    score = by_identity(numbers[flying], plots.address[flying], confirmed)
    return Mix(score, dict(tracker.rejected), gap[np.isfinite(gap)])


def commonest(number: I4, address: U4) -> U4:
    """(N,) the address that most plots of each plot's track carry."""
    owner = np.full(len(number), NO_ADDRESS, np.uint32)
    known = address != NO_ADDRESS
    for one in np.unique(number[known & (number >= 0)]):
        mine = number == one
        values, counts = np.unique(address[mine & known], return_counts=True)
        owner[mine] = values[counts.argmax()]
    return owner


def from_adsb(time_s: F8, place: F8, address: U4, adsb: Plots) -> F8:
    """(N,) horizontal distance of places (N, 3) from where ADS-B of an address was; NaN where nothing says so."""
    gap = np.full(len(time_s), np.nan)
    told = adsb.take(np.lexsort((adsb.time_s, adsb.address)))
    told = told.take(np.append(True, (np.diff(told.time_s) > 0) | (np.diff(told.address.astype(np.int64)) != 0)))
    at = ecef(told.lat_rad, told.lon_rad, np.nan_to_num(told.pressure_alt_m))
    for one in np.unique(address[address != NO_ADDRESS]):
        theirs, mine = np.flatnonzero(told.address == one), np.flatnonzero(address == one)
        after = np.searchsorted(told.time_s[theirs], time_s[mine])
        mine, after = mine[(after > 0) & (after < len(theirs))], after[(after > 0) & (after < len(theirs))]
        if not len(mine):
            continue
        sound = told.time_s[theirs[after]] - told.time_s[theirs[after - 1]] < ADSB_GAP_S
        mine = mine[sound]
        there = np.stack([np.interp(time_s[mine], told.time_s[theirs], at[theirs, axis]) for axis in range(3)], axis=1)
        gap[mine] = flat_m(place[mine], there)
    return gap


def twins(radar: Plots, multi: Plots, sites: Sites) -> tuple[int, int]:
    """How many plots of a surface radar have a report of multilateration near: on the ground, in the air."""
    here = radar.take(np.isfinite(radar.range_m))
    level = multi.replace(height_m=np.full(len(multi), SURFACE_M))
    scale = CLOSE_M / CLOSE_S
    mine = np.column_stack([where(here, sites), here.time_s * scale])
    theirs = np.column_stack([where(level, sites), multi.time_s * scale])
    ground = multi.flags & ON_GROUND != 0
    near = [
        np.isfinite(cKDTree(theirs[some]).query(mine, distance_upper_bound=CLOSE_M)[0]) for some in (ground, ~ground)
    ]
    return int(near[0].sum()), int(near[1].sum())


def alicante(data: Path, hidden: bool = True) -> IdentityScore:
    """The ADS-B station of Alicante."""
    site = {"sac": 20, "sic": 206, "lat_deg": 38.287058, "lon_deg": -0.560866, "kind": "adsb"}
    return identities(heard(data / ALICANTE).plots, build_sites([site], "alicante"), hidden)


@dataclass(frozen=True, eq=False)
class Pair:
    """A radar against another tracker."""

    biases: Biases
    as_it_is: ReferenceScore
    registered: ReferenceScore
    gap_m: F8  # of our tracks after each plot from theirs at its time, as it is ..
    gap_registered_m: F8  # .. and registered


def arg(data: Path) -> Pair:
    """226/232 against the system tracks of 226/2."""
    plots, theirs = heard(data / ARG_PLOTS).plots, heard(data / ARG_TRACKS).system_tracks
    place = {"lat_deg": -26.750555, "lon_deg": -60.481666}
    radar = {"sac": 226, "sic": 232, **place, "scan_s": 7.63, "range_max_km": 463, "sigma_azimuth_deg": 0.07}
    reference = {"sac": 226, "sic": 2, **place, "kind": "adsb", "scan_s": 4.0, "sigma_range_m": 60}
    both = build_sites([radar, reference], "arg")
    plots = plots.take(np.argsort(plots.time_s, kind="stable"))
    told = as_reports(theirs, both.source[1])
    number, used = owners(plots, where(plots, both), told, theirs)
    registration = Registration(both, RegistrationConfig(adsb_time_s=1e-3, adsb_lasting_m=80.0, adsb_lasting_s=300.0))
    everything = Plots.concat([plots, told.take(used)])
    registration.learn(everything, np.concatenate([number, theirs.number[used].astype(np.int64)]))
    sites = build_sites([radar], "arg")
    scores, gaps = [], []
    for mine in (plots, registration.correct(plots)):
        followed = follow(mine, sites, TrackerConfig())
        scores.append(by_reference(mine, sites, followed.tracks, theirs))
        gaps.append(apart(mine, sites, theirs))
    return Pair(registration.biases(float(everything.time_s.max())), scores[0], scores[1], gaps[0], gaps[1])


def as_reports(theirs: SystemTracks, source: int) -> Plots:
    """Another tracker's tracks as if they were position reports."""
    nan = np.full(len(theirs), np.nan)
    return Plots.blank(len(theirs)).replace(
        time_s=theirs.time_s,
        source=np.full(len(theirs), source),
        range_m=nan,
        azimuth_rad=nan,
        lat_rad=theirs.lat_rad,
        lon_rad=theirs.lon_rad,
        height_m=nan,
        pressure_alt_m=theirs.pressure_alt_m,
        mode_a=np.full(len(theirs), NO_MODE_A),
        address=np.full(len(theirs), NO_ADDRESS),
        east_mps=nan,
        north_mps=nan,
    )


def paths(theirs: SystemTracks) -> dict[int, tuple[int, F8, F8]]:
    """Number -> Mode A, times and places of each of their tracks that has a code."""
    told = theirs.take(np.isfinite(theirs.time_s) & np.isfinite(theirs.lat_rad) & (theirs.mode_a != NO_MODE_A))
    told = told.take(np.argsort(told.time_s, kind="stable"))
    at = ecef(told.lat_rad, told.lon_rad, np.nan_to_num(told.pressure_alt_m, nan=5000.0))
    rows = {int(one): np.flatnonzero(told.number == one) for one in np.unique(told.number)}
    return {one: (int(told.mode_a[k[0]]), told.time_s[k], at[k]) for one, k in rows.items()}


def nearest(time_s: F8, code: U2, place: F8, theirs: SystemTracks) -> tuple[I8, F8]:
    """Their track with the same code nearest to each place at its time, -1: none within NEAR_M; the horizontal gap."""
    number, gap = np.full(len(time_s), -1), np.full(len(time_s), NEAR_M)
    for one, (mode_a, when, at) in paths(theirs).items():
        mine = np.flatnonzero((time_s > when[0]) & (time_s < when[-1]) & (code == mode_a))
        there = np.stack([np.interp(time_s[mine], when, at[:, axis]) for axis in range(3)], axis=1)
        distance = flat_m(place[mine], there)
        closer = distance < gap[mine]
        gap[mine[closer]], number[mine[closer]] = distance[closer], one
    return number, gap


def owners(plots: Plots, place: F8, told: Plots, theirs: SystemTracks) -> tuple[I8, I8]:
    """Their track of each plot, and the rows of theirs that any plot has."""
    number, _ = nearest(plots.time_s, plots.mode_a, place, theirs)
    sound = np.isfinite(told.time_s) & np.isfinite(told.lat_rad) & (theirs.mode_a != NO_MODE_A)
    return number, np.flatnonzero(sound & np.isin(theirs.number, number))


def apart(plots: Plots, sites: Sites, theirs: SystemTracks) -> F8:
    """How far our tracks are from theirs, after each plot that has one of theirs near."""
    updates = Tracker(sites).follow(plots, float(plots.time_s.max()) + 1.0)
    tracked = np.isfinite(updates.state[:, 0]) & (updates.status != TENTATIVE)
    number, gap = nearest(plots.time_s[tracked], plots.mode_a[tracked], updates.state[tracked, :3], theirs)
    return gap[number >= 0]


def flat_m(a: F8, b: F8) -> F8:
    """Distance across the vertical, (N, 3) ECEF each."""
    lat, lon, _ = geodetic(b)
    local = np.einsum("nij,nj->ni", enu_axes(lat, lon), a - b)
    return np.asarray(np.hypot(local[:, 0], local[:, 1]))


@dataclass(frozen=True, eq=False)
class Flight:
    """A true path."""

    from_s: float
    to_s: float
    at: Callable[[F8], F8]  # times (N,) -> states (N, 6)


def flown_path(time_s: F8, lat_deg: float, lon_deg: float, height_m: float, velocity_mps: F8) -> Flight:
    """A path from its first place on by reported velocities (N, 3; east, north, up): the truth by decree.

    Reported positions are up to 10 s old, velocities say well how an airliner turns and climbs.
    """
    fine = np.arange(time_s[0], time_s[-1] + 0.5)
    east, north, up = PchipInterpolator(time_s, velocity_mps)(fine).T

    def summed(rate: F8) -> F8:
        return np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) / 2)])

    height = height_m + summed(up)
    lat = np.radians(lat_deg) + summed(north) / (EARTH_M + height_m)
    lon = np.radians(lon_deg) + summed(east / np.cos(lat)) / (EARTH_M + height_m)
    return splined(fine, ecef(lat, lon, height))


def splined(time_s: F8, places: F8) -> Flight:
    """The path through places (N, 3)."""
    spline = CubicSpline(time_s, places - places[0])
    rate = spline.derivative()
    return Flight(float(time_s[0]), float(time_s[-1]), lambda t: np.hstack([spline(t) + places[0], rate(t)]))


def swiss_flights(path: Path, from_s: float, seconds: float) -> list[Flight]:
    """Flights over Switzerland on 2018-08-01 that are in the air in a window, from states every 10 s."""
    with gzip.open(path) as file:
        rows = json.load(file)
    index = {name: k for k, name in enumerate(sorted({row["icao24"] for row in rows}))}
    names = ("latitude", "longitude", "altitude", "groundspeed", "track", "vertical_rate")
    table = np.array([[row["timestamp"] / 1e3, index[row["icao24"]], *(row[n] for n in names)] for row in rows], float)
    inside = (table[:, 0] >= from_s) & (table[:, 0] <= from_s + seconds) & (table[:, 4] > 3000)
    table = table[inside & np.isfinite(table).all(axis=1)]
    table = table[np.lexsort((table[:, 0], table[:, 1]))]
    table = table[np.append(True, (np.diff(table[:, 0]) > 0) | (np.diff(table[:, 1]) != 0))]
    cuts = np.flatnonzero((np.diff(table[:, 1]) != 0) | (np.diff(table[:, 0]) > 30.0)) + 1
    flights = []
    for p in np.split(table, cuts):
        if len(p) >= 12:
            speed, course = p[:, 5] * KNOT_MPS, np.radians(p[:, 6])
            velocity = np.stack([speed * np.sin(course), speed * np.cos(course), p[:, 7] * FOOT_M / 60], axis=1)
            flights.append(flown_path(p[:, 0], p[0, 2], p[0, 3], p[0, 4] * FOOT_M, velocity))
    return flights


def drone_flight(path: Path) -> list[Flight]:
    """The log of a small rotary drone, once a second."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = ("timestamp", "latitude", "longitude", "altitude (m)")
    time_s, lat, lon, height = (np.array([float(row[name]) for row in rows]) for name in names)
    return [splined(time_s, ecef(np.radians(lat), np.radians(lon), height))]


def hear(rng: np.random.Generator, sites: Sites, flights: list[Flight]) -> tuple[Plots, I4]:
    """What radars without identity hear of flights, and false plots evenly over their discs: plots in order of time,
    and whose each is (-1: false).
    """
    start, end = min(f.from_s for f in flights), max(f.to_s for f in flights)
    parts, labels = [], []
    for s in range(len(sites)):
        antenna = ecef(sites.lat_rad[s], sites.lon_rad[s], sites.height_m[s])
        axes, scan_s = enu_axes(sites.lat_rad[s], sites.lon_rad[s]), float(sites.scan_s[s])
        turned_s = start + rng.uniform(0, scan_s)
        for label, flight in enumerate(flights):
            t = np.arange(turned_s + scan_s * np.ceil((flight.from_s - turned_s) / scan_s), flight.to_s, scan_s)
            # when the beam passes: twice is near enough, for a target moves little while it does
            for _ in range(2):
                enu = (flight.at(t)[:, :3] - antenna) @ axes.T
                turn = np.arctan2(enu[:, 0], enu[:, 1]) % (2 * np.pi) / (2 * np.pi)
                t = turned_s + scan_s * (np.floor((t - turned_s) / scan_s) + turn)
            t = t[(t >= flight.from_s) & (t <= flight.to_s) & (rng.random(len(t)) < sites.pd[s])]
            places = flight.at(t)[:, :3]
            near = np.linalg.norm(places - antenna, axis=1) < sites.range_max_m[s]
            parts.append(measured(rng, sites, s, t[near], (places[near] - antenna) @ axes.T, geodetic(places[near])[2]))
            labels.append(np.full(int(near.sum()), label))
        n = rng.poisson(sites.clutter_per_scan[s] * (end - start) / scan_s)
        ground, azimuth = sites.range_max_m[s] * np.sqrt(rng.random(n)), rng.uniform(0, 2 * np.pi, n)
        enu = np.stack([ground * np.sin(azimuth), ground * np.cos(azimuth), np.zeros(n)], axis=1)
        turns = np.floor(rng.uniform(0, (end - start) / scan_s, n))
        height = sites.height_m[s] + rng.uniform(0, 0.1 * sites.range_max_m[s], n).clip(0, 13e3)
        parts.append(measured(rng, sites, s, turned_s + scan_s * (turns + azimuth / (2 * np.pi)), enu, height))
        labels.append(np.full(n, -1))
    plots = Plots.concat(parts)
    order = np.argsort(plots.time_s, kind="stable")
    return plots.take(order), np.concatenate(labels)[order].astype(np.int32)


def measured(rng: np.random.Generator, sites: Sites, s: int, time_s: F8, enu: F8, height_m: F8) -> Plots:
    """Plots with the registry's errors and no identity."""
    n, nan = len(time_s), np.full(len(time_s), np.nan)
    noise = rng.normal(size=(3, n))
    return Plots.blank(n).replace(
        time_s=time_s,
        source=np.full(n, sites.source[s]),
        range_m=np.maximum(np.linalg.norm(enu, axis=1) + noise[0] * sites.sigma_range_m[s], 0.0),
        azimuth_rad=(np.arctan2(enu[:, 0], enu[:, 1]) + noise[1] * sites.sigma_azimuth_rad[s]) % (2 * np.pi),
        lat_rad=nan,
        lon_rad=nan,
        height_m=height_m + noise[2] * sites.sigma_height_m[s],
        pressure_alt_m=nan,
        mode_a=np.full(n, NO_MODE_A),
        address=np.full(n, NO_ADDRESS),
        east_mps=nan,
        north_mps=nan,
    )


@dataclass(frozen=True, eq=False)
class Against:
    """Tracks against true paths."""

    verdict: Verdict
    filtered_m: F8  # (K,) horizontal error after each plot of a flight that a confirmed track has
    smoothed_m: F8  # (K,) of the same, smoothed
    filtered_nees: Nees  # of tracks at the scoring instants, position and velocity
    smoothed_nees: Nees
    plots: int
    cpu_s: float


def against_truth(
    flights: list[Flight], sites: Sites, seed: int, step_s: float = 5.0, cut_m: float = 2000.0
) -> Against:
    """Hear flights, track them, and score every `step_s`."""
    plots, label = hear(np.random.default_rng(seed), sites, flights)
    tracker, number, state = Tracker(sites), np.full(len(plots), -1, np.int32), np.full((len(plots), 6), np.nan)
    times = np.arange(np.floor(plots.time_s[0]) + step_s, plots.time_s[-1], step_s)
    edges = np.searchsorted(plots.time_s, np.append(-np.inf, times))
    began, snapshots = time.process_time(), []
    for k, now in enumerate(times):
        rows = slice(int(edges[k]), int(edges[k + 1]))
        updates = tracker.follow(plots.take(rows), float(now))
        number[rows], state[rows] = updates.number, updates.state
        tracks = tracker.snapshot(float(now))
        snapshots.append(tracks.take(tracks.status != TENTATIVE))
    cpu_s = time.process_time() - began
    judged = judge(true_samples(flights, times), our_samples(snapshots), times, EARTH, cut_m)
    ours, following = Tracks.concat(snapshots), judged.following
    consistency = nees(
        following.gap,
        local_covariance(
            judged.pairs.truth.state[following.truth_row],
            ours.covariance[judged.pairs.tracks.row[following.track_row]],
        ),
        judged.pairs.truth.instant[following.truth_row].astype(np.int64),
        tuple(range(6)),
    )
    kept = (label >= 0) & np.isin(number, confirmed_numbers(ours))
    smoothed = smooth(plots, np.where(kept, number, -1), sites)
    truth = np.concatenate([flights[label[k]].at(smoothed.time_s[i : i + 1]) for i, k in enumerate(smoothed.plot)])
    gap, smoothed_m = EARTH.gap(truth, smoothed.state), flat_m(smoothed.state[:, :3], truth[:, :3])
    return Against(
        pronounce(judged),
        flat_m(state[smoothed.plot, :3], truth[:, :3]),
        smoothed_m,
        consistency,
        nees(gap, local_covariance(truth, smoothed.covariance), instants(smoothed), tuple(range(6))),
        len(plots),
        cpu_s,
    )


def instants(smoothed: Smoothed) -> I8:
    """Plots of 5 s together."""
    return np.asarray(np.floor(smoothed.time_s / 5.0), np.int64)


def local_covariance(state: F8, covariance: F8) -> F8:
    """Covariances (N, 6, 6) in east, north, up at the states."""
    turn = np.zeros((len(state), 6, 6))
    turn[:, :3, :3] = turn[:, 3:, 3:] = EARTH.axes(state[:, :3])
    return np.asarray(turn @ covariance @ turn.transpose(0, 2, 1))


def true_samples(flights: list[Flight], times: F8) -> Samples:
    """Where flights are at the instants."""
    parts = []
    for k, flight in enumerate(flights):
        on = np.flatnonzero((times >= flight.from_s) & (times <= flight.to_s))
        n = len(on)
        parts.append(Samples(on, np.full(n, k), flight.at(times[on]), np.arange(n), np.ones(n, bool)))
    return Samples.concat(parts)


def our_samples(snapshots: list[Tracks]) -> Samples:
    """Tracks at the instants."""
    instant = np.repeat(np.arange(len(snapshots)), [len(s) for s in snapshots])
    ours = Tracks.concat(snapshots)
    fresh = ours.time_s - ours.updated_s < 5.0
    return Samples(instant, ours.number, ours.state, np.arange(len(ours)), fresh)


def swiss(data: Path, seed: int = 1, seconds: float = 1200.0) -> Against:
    """Three radars with 30 false plots a scan each over Swiss traffic from 11:30 UTC on 2018-08-01."""
    rows = [
        {"lat_deg": 47.45, "lon_deg": 8.56, "height_m": 500, "scan_s": 4.0},
        {"lat_deg": 46.43, "lon_deg": 6.10, "height_m": 1680, "scan_s": 5.1},
        {"lat_deg": 46.17, "lon_deg": 8.87, "height_m": 600, "scan_s": 8.0},
    ]
    sites = build_sites([{"sac": 1, "sic": k, "range_max_km": 250, **row} for k, row in enumerate(rows)], "swiss")
    return against_truth(swiss_flights(data / SWISS, 1533099600.0 + 6.5 * 3600, seconds), sites, seed)


def drone(data: Path, seed: int = 1) -> Against:
    """A radar 2 km away, of 10 m and 0.4 degrees every 1.5 s, with two false plots a scan within 5 km."""
    flights = drone_flight(data / DRONE)
    lat, lon, height = (float(v[0]) for v in geodetic(flights[0].at(np.array([flights[0].from_s]))[:, :3]))
    row = {"sac": 1, "sic": 1, "lat_deg": np.degrees(lat) - 0.018, "lon_deg": np.degrees(lon), "height_m": height}
    row |= {"scan_s": 1.5, "range_max_km": 5, "sigma_range_m": 10, "sigma_azimuth_deg": 0.4, "sigma_height_m": 20}
    sites = build_sites([row | {"pd": 0.9, "clutter_per_scan": 2.0}], "drone")
    return against_truth(flights, sites, seed, step_s=2.0, cut_m=300.0)


def tell_identities(name: str, score: IdentityScore) -> None:
    print(
        f"{name}: {score.plots:,} plots of {score.addresses} aircraft, {score.in_tracks / score.plots:.2%} in "
        f"{score.tracks} tracks; purity {score.purity:.5f}, switches {score.switches}, "
        f"number changes {score.number_changes}, continuity {score.continuity:.4f}"
    )


def tell_airport(airport: Airport) -> None:
    counts = "; ".join(f"{name} {n:,}, {up:,} of them ({up / n:.1%}) not said to be on the ground"
                       for name, (n, up) in airport.reports.items())  # fmt: skip
    print(f"lebl_2016: {counts}; {airport.monitors:,} reports of field monitors left out")
    down, up = airport.surface_twins
    print(
        f"  plots of the surface radar within {CLOSE_M:.0f} m of multilateration: {down:,} on the ground, {up:,} in "
        f"the air; multilateration in the air from ADS-B, as told: {spread(airport.raw_gap_m)}, of these the first "
        f"{FIRST} after {SILENT_S:.0f} s without a report: {spread(airport.raw_gap_m[airport.early])}"
    )
    for name, one in airport.mixes.items():
        tell_identities(f"  {name}, addresses hidden", one.identity)
        rejected = ", ".join(f"{count:,} {reason}" for reason, count in sorted(one.rejected.items())) or "none"
        print(f"    rejected: {rejected}; tracks from ADS-B: {spread(one.gap_m)}")


def spread(gap_m: F8) -> str:
    if not len(gap_m):
        return "nothing to compare"
    return "{:,.0f} m (median), {:,.0f} m (95 %)".format(*np.percentile(gap_m, (50, 95))) + f", {len(gap_m):,} plots"


def tell_pair(pair: Pair) -> None:
    b = pair.biases
    print(
        f"arg: biases range {b.range_m[0]:+.0f} +- {b.sigma_range_m[0]:.0f} m, azimuth "
        f"{np.degrees(b.azimuth_rad[0]):+.3f} +- {np.degrees(b.sigma_azimuth_rad[0]):.3f} deg, clock "
        f"{b.time_s[0]:+.2f} +- {b.sigma_time_s[0]:.2f} s, correlation of range and time "
        f"{b.covariance[0][0, 2] / (b.sigma_range_m[0] * b.sigma_time_s[0]):+.2f} "
        "(fitted elsewhere: +186 m, +0.536 deg, 0.20 s)"
    )
    for name, score, gap in (
        ("as it is", pair.as_it_is, pair.gap_m),
        ("registered", pair.registered, pair.gap_registered_m),
    ):
        on = [track for track in score.tracks if track.seen_followed > 0.5]
        share = np.average([t.seen_followed for t in score.tracks], weights=[t.plots for t in score.tracks])
        print(
            f"  {name}: {len(on)} of {len(score.tracks)} of the other tracker's tracks followed, {share:.1%} of the "
            f"time we hear them, {sum(len(t.ours) == 1 for t in on)} under one number; apart "
            f"{np.percentile(gap, 50):,.0f} m (median), {np.percentile(gap, 95):,.0f} m (95 %), {len(gap):,} plots"
        )


def tell_truth(name: str, score: Against) -> None:
    v = score.verdict
    print(
        f"{name}: {score.plots:,} plots in {score.cpu_s:.2f} s of CPU; GOSPA a root target "
        f"{v.gospa.gospa_rms_per_sqrt_target:.0f} m, completeness {v.siap.siap_completeness:.4f}, spuriousness "
        f"{v.siap.siap_spuriousness:.4f}, number changes {v.continuity.track_number_changes} (swaps "
        f"{v.continuity.id_swaps}), position {v.continuity.pos_median_m:.0f} m (median) {v.continuity.pos_p95_m:.0f} m "
        f"(95 %), velocity {v.continuity.vel_rmse_ms:.1f} m/s"
    )
    root = [float(np.sqrt(np.mean(np.minimum(e, 1e4) ** 2))) for e in (score.filtered_m, score.smoothed_m)]
    print(
        f"  at {len(score.smoothed_m):,} plots: filtered {root[0]:.1f} m, smoothed {root[1]:.1f} m (root mean square); "
        f"NEES (6) {score.filtered_nees.mean:.1f} filtered, {score.smoothed_nees.mean:.1f} smoothed"
    )


BENCHES: tuple[tuple[str, tuple[str, ...], Callable[[Path], None]], ...] = (
    ("bcn_2023", (BCN,), lambda data: tell_identities("bcn_2023, addresses hidden", bcn(data))),
    ("arg", (ARG_PLOTS, ARG_TRACKS), lambda data: tell_pair(arg(data))),
    ("lebl_2016", (LEBL, LEBL_MLAT, LEBL_SMR), lambda data: tell_airport(lebl_airport(data))),
    ("alicante", (ALICANTE,), lambda data: tell_identities("alicante ADS-B, addresses hidden", alicante(data))),
    ("swiss", (SWISS,), lambda data: tell_truth("swiss", swiss(data))),
    ("drone", (DRONE,), lambda data: tell_truth("drone", drone(data))),
)


def main() -> None:
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    for name, files, bench in BENCHES:
        missing = [file for file in files if not (data / file).exists()]
        if missing:
            print(f"{name}: {data / missing[0]} is not here, left out")
            continue
        bench(data)


if __name__ == "__main__":
    main()
