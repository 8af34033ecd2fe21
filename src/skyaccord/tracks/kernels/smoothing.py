"""The loops of smoothing: each track's own plots forward through the filter, and back again.

Back goes one Rauch-Tung-Striebel step a model (H. E. Rauch, F. Tung, C. T. Striebel, AIAA Journal 3(8), 1965), from
where that model brought the track to, to the mixture that it had set out from. What the step adds to that mixture is
what later plots say of the state, as the likelihood of it; each model that was in force before takes it in as it would
a plot, and is the likelier the better it fits (expectation propagation: T. Heskes and O. Zoeter, "Expectation
propagation for approximate inference in dynamic Bayesian networks", UAI 2002). So the way back undoes just what the
way there did: a step that used the unmixed models instead would take what the mixing adds for knowledge.
"""

from __future__ import annotations

import numpy as np

from skyaccord.columns import F8, I8
from skyaccord.tracks.kernels.bank import MODELS, PACKED, TURN, Record, Records
from skyaccord.tracks.kernels.compiled import compiled
from skyaccord.tracks.kernels.filters import (
    flow,
    merge,
    mix,
    move_on,
    refine,
    shake,
)
from skyaccord.tracks.kernels.life import FLYING, change_motion, seat
from skyaccord.tracks.kernels.triangle import AT, SIZE, lessen, times, unpacked

STILL = 1e-9  # rad: a turn that `predict` takes for none
LEAST = 1e-9  # share of a variance that later plots must take away to have said anything


@compiled
def smooth_tracks(
    plots: Records,
    begins: I8,
    sensors: Records,
    motions: Records,
    rules: Record,
    desk: Record,
    trail: Records,
    mean: F8,
    cov: F8,
) -> None:
    """Smooth tracks one after another: means (N, 6) and covariances (N, 6, 6) at the plots, into the last two.

    `plots` (N,) lie track by track and in order of time; those of track t from `begins[t]` to before `begins[t + 1]`.
    `trail` is room for the rows of the longest.
    """
    for t in range(len(begins) - 1):
        low, high = begins[t], begins[t + 1]
        rows, shaken = trail[: high - low], np.zeros(high - low)
        kind = ways(plots[low:high], sensors, motions, rules, desk, rows)
        forward(plots[low:high], kind, sensors, motions, rules, desk, rows, shaken)
        backward(rows, shaken, motions[kind], desk)
        for k in range(high - low):
            mean[low + k], cov[low + k] = rows[k].whole, unpacked(rows[k].spread)


@compiled
def ways(plots: Records, sensors: Records, motions: Records, rules: Record, desk: Record, rows: Records) -> int:
    """Row of the table of motions that a track follows at most of its plots; the first few tell too little of it."""
    row, kind, sure = rows[0], FLYING, 0
    seat(row, plots[0], sensors[plots[0].sensor], rules, desk)
    votes = np.zeros(len(motions), np.int64)
    for k in range(1, len(plots)):
        refine(row, plots[k], sensors[plots[k].sensor], motions[row.motion], rules.velocity_sigma_mps, desk)
        if k > 1:
            change_motion(row)
            votes[row.motion] += 1
    for m in range(len(motions)):
        if votes[m] > sure:
            kind, sure = m, votes[m]
    return kind


@compiled
def forward(
    plots: Records,
    kind: int,
    sensors: Records,
    motions: Records,
    rules: Record,
    desk: Record,
    rows: Records,
    shaken: F8,
) -> None:
    """The filter over a track's plots: the row as it is after each, and what shook it before, into the last two."""
    motion = motions[kind]
    seat(rows[0], plots[0], sensors[plots[0].sensor], rules, desk)
    rows[0].motion = kind
    for k in range(1, len(plots)):
        rows[k] = rows[k - 1]
        shaken[k] = refine(rows[k], plots[k], sensors[plots[k].sensor], motion, rules.velocity_sigma_mps, desk)


@compiled
def backward(rows: Records, shaken: F8, motion: Record, desk: Record) -> None:
    """Filtered rows into smoothed ones, the last one first, in place."""
    share, fits = np.empty((MODELS, MODELS)), np.empty((MODELS, MODELS))
    means, covs = np.empty((MODELS, MODELS, SIZE)), np.empty((MODELS, MODELS, PACKED))
    axes, values, variances = np.empty((SIZE, SIZE)), np.empty(SIZE), np.empty(SIZE)
    room = rows[:1].copy()
    for k in range(len(rows) - 2, -1, -1):
        row, after = rows[k], rows[k + 1]
        dt = after.time_s - row.time_s
        if dt > 0.0:
            flow(row, dt, motion, share)
            room[0] = row
            mixed = room[0]
            mix(mixed, dt, motion, desk)
            for n in range(MODELS):
                count = foretell(mixed, after, n, dt, shaken[k + 1], motion, desk, axes, values, variances)
                for m in range(MODELS):
                    means[m, n] = row.mean[m]
                    covs[m, n] = row.cov[m]
                    fits[m, n] = heed(means[m, n], covs[m, n], mixed.mean[n], count, axes, values, variances)
            weigh_pairs(after, share, fits)
            join(row, share, means, covs)
        else:  # the same instant: whatever is known of the one is known of the other
            for m in range(MODELS):
                row.weight[m] = after.weight[m]
                row.mean[m] = after.mean[m]
                row.cov[m] = after.cov[m]
        merge(row)


@compiled
def foretell(
    mixed: Record,
    after: Record,
    n: int,
    dt: float,
    shaken: float,
    motion: Record,
    desk: Record,
    axes: F8,
    values: F8,
    variances: F8,
) -> int:
    """What later plots say of a state that model n moves on: so many independent scalars.

    A scalar, with a value and a variance, is the product of a row of `axes` with the state less the mixed mean.
    `mixed` is the row before it moves, `after` the smoothed one dt later. In coordinates in which the mixed covariance
    is one, smoothing leaves the variance b of each principal axis and moves its mean by a: a likelihood with the
    variance b / (1 - b) about a / (1 - b).
    """
    ahead, spread, move = mixed.mean[n].copy(), mixed.cov[n].copy(), np.eye(SIZE)
    move_on(ahead, spread, dt, n, motion, desk)
    shake(spread, dt, shaken)
    bent = motion.kind[n] == TURN and abs(motion.turn_radps[n] * dt) > STILL
    for i in range(3):
        move[i, i + 3] = dt
        for j in range(3):
            if bent:
                move[i, j + 3], move[i + 3, j + 3] = desk.shift[i, j], desk.swing[i, j]
    root = np.linalg.cholesky(unpacked(mixed.cov[n]))
    # with S = L L' and P = C C': W = C' F' L'^-1, so that the gain P F' S^-1 is C W L^-1
    there = np.linalg.cholesky(unpacked(spread))
    gain = np.ascontiguousarray((move @ root).T)
    gone, miss = unpacked(after.cov[n]), after.mean[n] - ahead
    for i in range(SIZE):
        below(there, gain[i])
        below(there, gone[i])
    below(there, miss)
    gone = np.ascontiguousarray(gone.T)
    for i in range(SIZE):
        below(there, gone[i])
    gone = gain @ (np.eye(SIZE) - gone) @ gain.T
    left, turn = np.linalg.eigh(0.5 * (gone + gone.T))  # 1 - b of each axis
    flat = np.ascontiguousarray(turn.T)
    moved = flat @ (gain @ miss)
    for i in range(SIZE):
        above(root, flat[i])
    count = 0
    for i in range(SIZE):
        if left[i] > LEAST:
            b = max(1.0 - left[i], LEAST)
            axes[count], values[count], variances[count] = flat[i], moved[i] / (1.0 - b), b / (1.0 - b)
            count += 1
    return count


@compiled
def below(root: F8, x: F8) -> None:
    """x := L^-1 x in place, of a lower triangle (6, 6)."""
    for i in range(SIZE):
        for j in range(i):
            x[i] -= root[i, j] * x[j]
        x[i] /= root[i, i]


@compiled
def above(root: F8, x: F8) -> None:
    """x := L'^-1 x in place, of a lower triangle (6, 6)."""
    for i in range(SIZE - 1, -1, -1):
        for j in range(i + 1, SIZE):
            x[i] -= root[j, i] * x[j]
        x[i] /= root[i, i]


@compiled
def heed(mean: F8, cov: F8, origin: F8, count: int, axes: F8, values: F8, variances: F8) -> float:
    """Take scalars of a state (6,) less an origin in, in place: the log-likelihood of them."""
    fit, gain = 0.0, np.empty(SIZE)
    for k in range(count):
        h = axes[k]
        times(cov, h, gain)
        s = variances[k] + h @ gain
        miss = values[k] - h @ (mean - origin)
        fit -= 0.5 * (miss * miss / s + np.log(s))
        for i in range(SIZE):
            mean[i] += gain[i] * miss / s
        lessen(cov, gain, 1.0 / s)
    return fit


@compiled
def weigh_pairs(after: Record, share: F8, fits: F8) -> None:
    """Probability (M, M) of m, then n, by all plots, into `share`; there were those by the plots so far."""
    for n in range(MODELS):
        most, total = -np.inf, 0.0
        for m in range(MODELS):
            fits[m, n] += np.log(share[m, n])
            most = max(most, fits[m, n])
        for m in range(MODELS):
            share[m, n] = np.exp(fits[m, n] - most)
            total += share[m, n]
        for m in range(MODELS):
            share[m, n] *= after.weight[n] / total


@compiled
def join(row: Record, share: F8, means: F8, covs: F8) -> None:
    """Give each model of a row what it has become over all models after it (moment matching)."""
    for m in range(MODELS):
        weight = 0.0
        for n in range(MODELS):
            weight += share[m, n]
        row.weight[m] = weight
        if not weight > 0.0:
            continue
        mean, cov = row.mean[m], row.cov[m]
        for i in range(SIZE):
            start = means[m, 0, i]
            mean[i] = start
            for n in range(1, MODELS):
                mean[i] += share[m, n] / weight * (means[m, n, i] - start)
        for i in range(SIZE):
            for j in range(i, SIZE):
                cov[AT[i, j]] = 0.0
                for n in range(MODELS):
                    apart = (means[m, n, i] - mean[i]) * (means[m, n, j] - mean[j])
                    cov[AT[i, j]] += share[m, n] / weight * (covs[m, n, AT[i, j]] + apart)
