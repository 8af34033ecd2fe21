"""Fuse: one party's own tracks and what others released to it become one picture.

Own and shared tracks of one aircraft may rest on common errors (the aircraft's manoeuvre, the weather, a common map),
and how much is unknown; so estimates are joined by covariance intersection, which is consistent whatever the
correlation (S. J. Julier and J. K. Uhlmann, American Control Conference 1997), with the weights in closed form
(D. Fränken and A. Hüpper, "Improved fast covariance intersection for distributed data fusion", FUSION 2005). What that
costs against one tracker that hears everything is measured by `python -m benches.tracking fusion`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from scipy.spatial import cKDTree

from skyaccord.columns import F8, I4, I8
from skyaccord.earth.wgs84 import geodetic
from skyaccord.picture.picture import Picture
from skyaccord.picture.release import horizontal_sigma_m
from skyaccord.picture.shared import Shared
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.tracks import TENTATIVE, Tracks

GATE_D2 = 25.0  # six degrees of freedom, 0.9997
HOLD_D2 = 12.0  # a pair that was one stays one rather than change partners
OTHER_CODE_D2, SAME_CODE_D2 = 12.0, 6.0  # what Mode A codes that differ cost, and equal ones are worth
MOST_D2 = GATE_D2 + HOLD_D2 + SAME_CODE_D2
BIAS_M = 150.0  # one sigma of what two parties' registrations may differ by
BIAS_MPS = 5.0
SURGE_MPS2 = 4.0  # one sigma of a steady acceleration, each axis, since a shared track's time
REACH_M = 30_000.0  # tracks farther apart are not of one aircraft, whatever their addresses
SCALE = np.array([1e3, 1e3, 1e3, 1e1, 1e1, 1e1])  # brings determinants of metres and metres a second into range
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
    views = [(np.arange(len(own)), own.state, own.covariance)]  # whose estimate is in which row
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
        seen = np.append(their_row, rest)
        views.append((rows, theirs.state[seen], theirs.covariance[seen]))
    picture = _described(_intersected(picture, views), time_s)
    return _numbered(picture, members, fusion)


def pair(picture: Picture, theirs: Shared, before: I8) -> tuple[I8, I8]:
    """Which rows are the same aircraft: (K,) rows of the picture and (K,) rows of the other's tracks.

    `before` (M,) is the picture row that each of theirs was paired with last time, -1 none. Addresses decide where both
    have one; a Mode A code that differs costs, states decide the rest.
    """
    if not len(picture) or not len(theirs):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    near = cKDTree(picture.state[:, :3]).sparse_distance_matrix(
        cKDTree(theirs.state[:, :3]), REACH_M, output_type="ndarray"
    )
    i, j = near["i"], near["j"]
    addressed = (picture.address[i] != NO_ADDRESS) & (theirs.address[j] != NO_ADDRESS)
    same = addressed & (picture.address[i] == theirs.address[j])
    # no pair beyond its largest sigmas is worth a matrix: d2 is at least distance^2 / trace
    wide = [np.trace(cov[:, :3, :3], axis1=1, axis2=2) for cov in (picture.covariance, theirs.covariance)]
    limit = MOST_D2 * (wide[0][i] + wide[1][j] + 3 * BIAS_M**2)
    likely = same | (~addressed & (near["v"] ** 2 < limit))
    i, j, same = i[likely], j[likely], same[likely]
    allowance = np.diag([BIAS_M**2] * 3 + [BIAS_MPS**2] * 3)
    gap = picture.state[i] - theirs.state[j]
    spread = picture.covariance[i] + theirs.covariance[j] + allowance
    d2 = np.einsum("ni,ni->n", gap, np.linalg.solve(spread, gap[..., None])[..., 0])
    coded = (picture.mode_a[i] != NO_MODE_A) & (theirs.mode_a[j] != NO_MODE_A)
    differ = picture.mode_a[i] != theirs.mode_a[j]
    cost = d2 + np.where(coded & differ, OTHER_CODE_D2, 0.0) - np.where(coded & ~differ, SAME_CODE_D2, 0.0)
    cost -= np.where(before[j] == i, HOLD_D2, 0.0)
    cost = np.where(same, np.minimum(cost, GATE_D2) - 40.0, cost)
    fits = cost < GATE_D2
    return _matched(i[fits], j[fits], cost[fits], len(picture), len(theirs))


def _matched(row: I8, column: I8, cost: F8, rows: int, columns: int) -> tuple[I8, I8]:
    """The cheapest set of pairs in which nobody is twice; whoever is in none costs the gate."""
    alone = np.arange(rows)  # a column of its own for each row, so that every row has one
    cost = np.append(cost, np.full(rows, GATE_D2)) + 100.0  # above zero, which a sparse table would not keep
    table = csr_array((cost, (np.append(row, alone), np.append(column, columns + alone))), shape=(rows, columns + rows))
    matched, to = min_weight_full_bipartite_matching(table)
    real = to < columns
    return matched[real].astype(np.int64), to[real].astype(np.int64)


def intersect(state: F8, cov: F8) -> tuple[F8, F8]:
    """Covariance intersection of K estimates of each thing: (N, K, 6), (N, K, 6, 6) -> (N, 6), (N, 6, 6).

    The fused covariance bounds the true error whatever the correlation of the K. All at once, not one after another:
    the order in which parties come must not decide what their words weigh.
    """
    info = np.linalg.inv(cov / np.outer(SCALE, SCALE))
    every = info.sum(axis=1, keepdims=True)
    gain = np.linalg.det(every) - np.linalg.det(every - info) + np.linalg.det(info)
    gain = np.maximum(gain, 0.0)
    weighted = (gain / gain.sum(axis=1, keepdims=True))[..., None, None] * info
    fused = np.linalg.inv(weighted.sum(axis=1))
    pulled = (weighted @ (state / SCALE)[..., None]).sum(axis=1)
    fused_state = (fused @ pulled)[..., 0] * SCALE
    fused = fused * np.outer(SCALE, SCALE)
    return fused_state, (fused + np.swapaxes(fused, 1, 2)) / 2


def _intersected(picture: Picture, views: list[tuple[I8, F8, F8]]) -> Picture:
    """The picture with rows that three parties and more see joined of all their estimates at once."""
    row, state, cov = (np.concatenate(parts) for parts in zip(*views, strict=True))
    order = np.argsort(row, kind="stable")
    count = np.bincount(row, minlength=len(picture))
    first = np.append(0, np.cumsum(count))
    fused_state, fused_cov = picture.state.copy(), picture.covariance.copy()
    for k in range(3, len(views) + 1):
        rows = np.flatnonzero(count == k)
        mine = order[first[rows][:, None] + np.arange(k)]
        fused_state[rows], fused_cov[rows] = intersect(state[mine], cov[mine])
    return picture.replace(state=fused_state, covariance=fused_cov)


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
    """Shared tracks brought to the picture's time: straight on, or with an acceleration that began just then.

    A manoeuvre goes on for seconds, so the error grows with the square of the age; white acceleration grows too slowly
    to be honest of deliveries that are ten seconds old and too fast for those of the last turn.
    """
    dt = (time_s - theirs.time_s)[:, None]
    state, cov = theirs.state.copy(), theirs.covariance.copy()
    state[:, :3] += state[:, 3:] * dt
    step = np.zeros((len(theirs), 6, 6))
    step[:] = np.eye(6)
    step[:, [0, 1, 2], [3, 4, 5]] = dt
    cov = step @ cov @ np.swapaxes(step, 1, 2)
    surge = SURGE_MPS2 * np.concatenate([dt**2 / 2, dt], axis=1)  # of position and of velocity
    cov += np.kron(surge[:, :, None] * surge[:, None, :], np.eye(3))
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
        np.stack([picture.state[rows], theirs.state], axis=1),
        np.stack([picture.covariance[rows], theirs.covariance], axis=1),
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
