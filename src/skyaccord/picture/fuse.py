"""Fuse: one party's own tracks and what others released to it become one picture.

Own and shared tracks of one aircraft may rest on common errors (the aircraft's manoeuvre, the weather, a common map),
and how much is unknown; so estimates are joined by covariance intersection, which is consistent whatever the
correlation (S. J. Julier and J. K. Uhlmann, American Control Conference 1997), with the weight in closed form
(D. Fränken and A. Hüpper, "Improved fast covariance intersection", FUSION 2005, equation 14).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from skyaccord.columns import F8, I4, I8
from skyaccord.earth.wgs84 import geodetic
from skyaccord.picture.picture import Picture
from skyaccord.picture.release import horizontal_sigma_m
from skyaccord.picture.shared import Shared
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.tracks import TENTATIVE, Tracks

GATE_D2 = 25.0  # six degrees of freedom, 0.9997
HOLD_D2 = 12.0  # a pair that was one stays one rather than change partners
BIAS_M = 150.0  # one sigma of what two parties' registrations may differ by
BIAS_MPS = 5.0
ACCELERATION_DENSITY = 40.0  # m^2/s^3, for carrying a shared track to the picture's time
NOBODY = 255

Members = dict[tuple[int, int], int]  # (party index, its track's number) -> row of the picture


@dataclass(frozen=True)
class Fusion:
    """What a picture remembers of the last one: which tracks were which joint track."""

    own: Mapping[int, int] = field(default_factory=dict)  # own track number -> joint number
    shared: Mapping[tuple[int, int], int] = field(default_factory=dict)  # (party index, its number) -> joint number
    next_number: int = 1


def fuse(own: Tracks, shared: Mapping[int, Shared], me: int, fusion: Fusion, time_s: float) -> tuple[Fusion, Picture]:
    """One picture at `time_s` from own tracks (at that time) and the newest deliveries, keyed by party index.

    Tentative tracks stay at home. Every joint track says who is in it, how old and how good it is, and by which clause.
    """
    own = own.take(own.status != TENTATIVE)
    picture = _alone(own, me)
    members: Members = {}
    for party in sorted(shared):
        theirs = _carried(shared[party], time_s)
        before = _known_pairs(picture, members, theirs, party, fusion)
        ours_row, their_row = pair(picture, theirs, before)
        picture = _joined(picture, ours_row, theirs.take(their_row), party)
        rest = np.setdiff1d(np.arange(len(theirs)), their_row)
        new_row = len(picture) + np.arange(len(rest))
        numbers, rows = np.concatenate([theirs.number[their_row], theirs.number[rest]]), np.append(ours_row, new_row)
        members |= {(party, n): row for n, row in zip(numbers.tolist(), rows.tolist(), strict=True)}
        picture = Picture.concat([picture, _foreign(theirs.take(rest), party)])
    picture = _described(picture, time_s)
    return _numbered(picture, members, fusion)


def pair(picture: Picture, theirs: Shared, before: I8) -> tuple[I8, I8]:
    """Which rows are the same aircraft: (K,) rows of the picture and (K,) rows of the other's tracks.

    `before` (M,) is the picture row that each of theirs was paired with last time, -1 none. Addresses decide where both
    have one; a Mode A code that differs costs, states decide the rest.
    """
    if not len(picture) or not len(theirs):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    apart = picture.state[:, None, :3] - theirs.state[None, :, :3]
    near = (apart**2).sum(axis=2) < 30_000.0**2
    addressed = (picture.address[:, None] != NO_ADDRESS) & (theirs.address[None] != NO_ADDRESS)
    same = addressed & (picture.address[:, None] == theirs.address[None])
    i, j = np.nonzero(near & (~addressed | same))
    allowance = np.diag([BIAS_M**2] * 3 + [BIAS_MPS**2] * 3)
    gap = picture.state[i] - theirs.state[j]
    spread = picture.covariance[i] + theirs.covariance[j] + allowance
    d2 = np.einsum("ni,ni->n", gap, np.linalg.solve(spread, gap[..., None])[..., 0])
    coded = (picture.mode_a[i] != NO_MODE_A) & (theirs.mode_a[j] != NO_MODE_A)
    differ = picture.mode_a[i] != theirs.mode_a[j]
    cost = d2 + np.where(coded & differ, 12.0, 0.0) - np.where(coded & ~differ, 6.0, 0.0)
    cost -= np.where(before[j] == i, HOLD_D2, 0.0)
    cost = np.where(same[i, j], np.minimum(cost, GATE_D2) - 40.0, cost)
    fits = cost < GATE_D2
    table = np.full((len(picture), len(theirs)), 1e6)
    table[i[fits], j[fits]] = cost[fits]
    # whoever fits nobody costs nothing more than the gate
    padded = np.concatenate([table, np.full((len(picture), len(picture)), GATE_D2)], axis=1)
    rows, columns = linear_sum_assignment(padded)
    real = columns < len(theirs)
    rows, columns = rows[real], columns[real]
    good = table[rows, columns] < GATE_D2
    return rows[good], columns[good]


def intersect(state_a: F8, cov_a: F8, state_b: F8, cov_b: F8) -> tuple[F8, F8]:
    """Covariance intersection of pairs of estimates: (N, 6), (N, 6, 6) twice -> fused state and covariance.

    The fused covariance bounds the true error whatever the correlation of the two.
    """
    # scaled, so that determinants of metres and metres a second stay in range
    scale = np.array([1e3, 1e3, 1e3, 1e1, 1e1, 1e1])
    info_a = np.linalg.inv(cov_a / np.outer(scale, scale))
    info_b = np.linalg.inv(cov_b / np.outer(scale, scale))
    det_a, det_b, det_both = (np.linalg.det(m) for m in (info_a, info_b, info_a + info_b))
    weight = np.clip((det_both - det_b + det_a) / (2 * det_both), 0.0, 1.0)[:, None, None]
    cov = np.linalg.inv(weight * info_a + (1 - weight) * info_b)
    pulled = weight * info_a @ (state_a / scale)[..., None] + (1 - weight) * info_b @ (state_b / scale)[..., None]
    state = (cov @ pulled)[..., 0] * scale
    cov = cov * np.outer(scale, scale)
    return state, (cov + np.swapaxes(cov, 1, 2)) / 2


def _alone(own: Tracks, me: int) -> Picture:
    return Picture.empty(len(own)).replace(
        time_s=own.updated_s,  # until `_described`, the time of the newest plot
        state=own.state,
        covariance=own.covariance,
        sources=np.full(len(own), 1 << me, np.uint64),
        own_number=own.number,
        shared_by=np.full(len(own), NOBODY, np.uint8),
        shared_number=np.full(len(own), -1, np.int32),
        status=own.status,
        pressure_alt_m=own.pressure_alt_m,
        mode_a=own.mode_a,
        address=own.address,
        callsign=own.callsign,
    )


def _foreign(theirs: Shared, party: int) -> Picture:
    return Picture.empty(len(theirs)).replace(
        time_s=theirs.updated_s,
        state=theirs.state,
        covariance=theirs.covariance,
        sources=np.full(len(theirs), 1 << party, np.uint64),
        own_number=np.full(len(theirs), -1, np.int32),
        shared_by=np.full(len(theirs), party, np.uint8),
        shared_number=theirs.number,
        clause=theirs.clause,
        identity=theirs.identity,
        air_class=theirs.air_class,
        status=theirs.status,
        pressure_alt_m=theirs.pressure_alt_m,
        mode_a=theirs.mode_a,
        address=theirs.address,
        callsign=theirs.callsign,
    )


def _carried(theirs: Shared, time_s: float) -> Shared:
    """Shared tracks brought to the picture's time (nearly constant velocity, a second or so)."""
    dt = (time_s - theirs.time_s)[:, None]
    state, cov = theirs.state.copy(), theirs.covariance.copy()
    state[:, :3] += state[:, 3:] * dt
    step = np.zeros((len(theirs), 6, 6))
    step[:] = np.eye(6)
    step[:, [0, 1, 2], [3, 4, 5]] = dt
    cov = step @ cov @ np.swapaxes(step, 1, 2)
    grown, dt1 = ACCELERATION_DENSITY, np.abs(dt[:, 0])
    for axis in range(3):
        cov[:, axis, axis] += grown * dt1**3 / 3
        cov[:, axis, axis + 3] += grown * dt1**2 / 2
        cov[:, axis + 3, axis] += grown * dt1**2 / 2
        cov[:, axis + 3, axis + 3] += grown * dt1
    return theirs.replace(state=state, covariance=cov)


def _known_pairs(picture: Picture, members: Members, theirs: Shared, party: int, fusion: Fusion) -> I8:
    joint_row = {fusion.shared.get(key, -1): row for key, row in members.items()}
    joint_row |= {fusion.own.get(int(n), -1): row for row, n in enumerate(picture.own_number) if n >= 0}
    joint_row.pop(-1, None)
    return np.array([joint_row.get(fusion.shared.get((party, int(n)), -1), -1) for n in theirs.number], dtype=np.int64)


def _joined(picture: Picture, rows: I8, theirs: Shared, party: int) -> Picture:
    """The picture with some rows fused with the other's estimate of the same aircraft."""
    if not len(rows):
        return picture
    arrays = {name: array.copy() for name, array in picture.arrays().items()}
    arrays["state"][rows], arrays["covariance"][rows] = intersect(
        picture.state[rows], picture.covariance[rows], theirs.state, theirs.covariance
    )
    arrays["time_s"][rows] = np.maximum(picture.time_s[rows], theirs.updated_s)
    arrays["sources"][rows] |= np.uint64(1 << party)
    arrays["shared_by"][rows], arrays["shared_number"][rows] = party, theirs.number
    arrays["clause"][rows] = theirs.clause
    arrays["identity"][rows], arrays["air_class"][rows] = theirs.identity, theirs.air_class
    arrays["status"][rows] = np.minimum(picture.status[rows], theirs.status)
    for name, missing in (("mode_a", NO_MODE_A), ("address", NO_ADDRESS), ("callsign", b"")):
        ours = arrays[name][rows]
        arrays[name][rows] = np.where(ours == missing, getattr(theirs, name), ours)
    ours = arrays["pressure_alt_m"][rows]
    arrays["pressure_alt_m"][rows] = np.where(np.isnan(ours), theirs.pressure_alt_m, ours)
    return Picture(**arrays)


def _described(picture: Picture, time_s: float) -> Picture:
    lat, lon, height = geodetic(picture.state[:, :3])
    return picture.replace(
        age_s=time_s - picture.time_s,
        time_s=np.full(len(picture), time_s),
        lat_rad=lat,
        lon_rad=lon,
        height_m=height,
        sigma_m=horizontal_sigma_m(picture.state, picture.covariance),
    )


def _numbered(picture: Picture, members: Members, fusion: Fusion) -> tuple[Fusion, Picture]:
    """Joint numbers: a row keeps what its own track had, else what a shared track in it had, else gets a new one."""
    number: I4 = np.full(len(picture), -1, np.int32)
    taken: set[int] = set()
    own = [(row, int(n)) for row, n in enumerate(picture.own_number) if n >= 0]
    wishes = [(row, fusion.own.get(n)) for row, n in own] + [(row, fusion.shared.get(k)) for k, row in members.items()]
    for row, wanted in wishes:
        if number[row] < 0 and wanted is not None and wanted not in taken:
            number[row] = wanted
            taken.add(wanted)
    fresh = np.flatnonzero(number < 0)
    number[fresh] = fusion.next_number + np.arange(len(fresh))
    after = Fusion(
        own={n: int(number[row]) for row, n in own},
        shared={key: int(number[row]) for key, row in members.items()},
        next_number=fusion.next_number + len(fresh),
    )
    order = np.argsort(number, kind="stable")
    return after, picture.replace(number=number).take(order)
