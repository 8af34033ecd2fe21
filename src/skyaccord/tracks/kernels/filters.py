"""The filters of one row: predict, observe, absorb, mix.

Three extended Kalman filters run in a row and interact (H. A. P. Blom and Y. Bar-Shalom, IEEE Trans. Automatic Control
33(8), 1988). Measurements are taken in one scalar at a time, which for uncorrelated components equals the joint update
(Y. Bar-Shalom, X. R. Li and T. Kirubarajan, Estimation with Applications to Tracking and Navigation, 2001, section 7.2)
and needs no matrix inverse. Azimuths are met as distances across the beam, so that no angle is computed in a loop.
Positions are ECEF metres; nothing here is flat. Covariances are packed, (21,) for (6, 6), as `triangle.py` says.
"""

from __future__ import annotations

import numpy as np

from skyaccord.columns import F8
from skyaccord.tracks.kernels.bank import BEARING, FALL, MODELS, PACKED, TURN, Record
from skyaccord.tracks.kernels.compiled import inlined, lean
from skyaccord.tracks.kernels.ground import height_up
from skyaccord.tracks.kernels.hearing import AZIMUTH_FLOOR_M
from skyaccord.tracks.kernels.triangle import AT, lessen, times

GM = 3.986004418e14  # m^3/s^2, WGS-84
EARTH_TURN = 7.292115e-5  # rad/s
AIR_KG_M3, AIR_SCALE_M = 1.225, 7200.0  # density of the air at the ground and the height over which it falls by e
BALLISTIC_KG_M2 = 8000.0  # mass over drag area that what falls is taken to have
SURPRISE = 12.0  # squared distance that no model explains
SUREST = 1e-8  # share of a variance that a range rate leaves: at the antenna it would leave less than rounding does
LEAST_WEIGHT = 1e-3  # no model is ever given up for good
CALM_AT_FIRST = 0.9  # weight of the first model in a row of which nothing is known yet
SLOW_MPS = 40.0  # what flies slower brakes as well as it turns


@inlined
def pull(mean: F8, up: F8, height_m: float, falling: bool, out: F8) -> None:
    """Acceleration (3,) of a mean in the turning frame, into `out`.

    Level flight follows the Earth's curve. What falls is under gravity, Coriolis and centrifugal force, and drag in an
    exponential atmosphere.
    """
    x, y, z, vx, vy, vz = mean[0], mean[1], mean[2], mean[3], mean[4], mean[5]
    radius = np.sqrt(x * x + y * y + z * z)
    speed2 = vx * vx + vy * vy + vz * vz
    if falling:
        gravity = -GM / radius**3
        drag = -0.5 * AIR_KG_M3 * np.exp(-max(height_m, 0.0) / AIR_SCALE_M) / BALLISTIC_KG_M2 * np.sqrt(speed2)
        out[0] = gravity * x + drag * vx + 2 * EARTH_TURN * vy + EARTH_TURN**2 * x
        out[1] = gravity * y + drag * vy - 2 * EARTH_TURN * vx + EARTH_TURN**2 * y
        out[2] = gravity * z + drag * vz
        return
    climb = vx * up[0] + vy * up[1] + vz * up[2]
    curve = (speed2 - climb * climb) / radius
    for i in range(3):
        out[i] = -curve * up[i]


@inlined
def predict(mean: F8, cov: F8, dt: float, kind: int, turn: float, across: float, along: float, desk: Record) -> None:
    """Move one model's mean (6,) and covariance (21,) by dt >= 0, in place.

    White acceleration with one density along the local vertical and another across it is added to `pull`. A turn is
    the rotation of the horizontal velocity about the vertical, clockwise for `turn` > 0 (rad/s).
    """
    up, force = desk.up, desk.pull
    height_m = height_up(mean, up)
    pull(mean, up, height_m, kind == FALL, force)
    if kind == TURN and abs(turn * dt) > 1e-9:
        bend(mean, cov, dt, turn, desk)
    else:
        for i in range(3):
            mean[i] += dt * mean[i + 3]
        # the cross terms must still see the old velocity block, and the position block the old cross terms
        for i in range(3):
            for j in range(i, 3):
                cov[AT[i, j]] += dt * (cov[AT[i, j + 3]] + cov[AT[j, i + 3]] + dt * cov[AT[i + 3, j + 3]])
        for i in range(3):
            for j in range(3):
                cov[AT[i, j + 3]] += dt * cov[AT[i + 3, j + 3]]
    half = 0.5 * dt * dt
    for i in range(3):
        mean[i] += force[i] * half
        mean[i + 3] += force[i] * dt
    third = dt * dt * dt / 3
    for i in range(3):
        for j in range(3):
            q = (along - across) * up[i] * up[j]
            if i == j:
                q += across
            cov[AT[i, j + 3]] += q * half
            if i <= j:
                cov[AT[i, j]] += q * third
                cov[AT[i + 3, j + 3]] += q * dt


@inlined
def bend(mean: F8, cov: F8, dt: float, turn: float, desk: Record) -> None:
    """The turn of `predict`, without its noise: velocity v becomes `swing` v, position gains `shift` v."""
    up, shift, swing, one, two = desk.up, desk.shift, desk.swing, desk.one, desk.two
    sin, cos = np.sin(turn * dt), np.cos(turn * dt)
    a, b = sin / turn, (1.0 - cos) / turn
    for i in range(3):
        for j in range(3):
            rise = up[i] * up[j]
            flat = (1.0 if i == j else 0.0) - rise
            shift[i, j] = dt * rise + a * flat
            swing[i, j] = rise + cos * flat
    for i in range(3):  # minus the cross product with the vertical: to the right
        j, k = (i + 1) % 3, (i + 2) % 3
        shift[j, k] += b * up[i]
        shift[k, j] -= b * up[i]
        swing[j, k] += sin * up[i]
        swing[k, j] -= sin * up[i]
    vx, vy, vz = mean[3], mean[4], mean[5]
    for i in range(3):
        mean[i] += shift[i, 0] * vx + shift[i, 1] * vy + shift[i, 2] * vz
        mean[i + 3] = swing[i, 0] * vx + swing[i, 1] * vy + swing[i, 2] * vz
    for i in range(3):
        x, y, z = shift[i, 0], shift[i, 1], shift[i, 2]
        for j in range(3):
            one[i, j] = x * cov[AT[3, j + 3]] + y * cov[AT[4, j + 3]] + z * cov[AT[5, j + 3]]  # shift Pvv
            two[i, j] = x * cov[AT[3, j]] + y * cov[AT[4, j]] + z * cov[AT[5, j]]  # shift Pvp
    for i in range(3):
        for j in range(i, 3):
            cov[AT[i, j]] += (
                two[i, j] + two[j, i] + one[i, 0] * shift[j, 0] + one[i, 1] * shift[j, 1] + one[i, 2] * shift[j, 2]
            )
    for i in range(3):
        for j in range(3):
            one[i, j] += cov[AT[i, j + 3]]
    for i in range(3):
        x, y, z = swing[i, 0], swing[i, 1], swing[i, 2]
        for j in range(3):
            cov[AT[i, j + 3]] = one[i, 0] * swing[j, 0] + one[i, 1] * swing[j, 1] + one[i, 2] * swing[j, 2]
            two[i, j] = x * cov[AT[3, j + 3]] + y * cov[AT[4, j + 3]] + z * cov[AT[5, j + 3]]
    for i in range(3):
        for j in range(i, 3):
            cov[AT[i + 3, j + 3]] = two[i, 0] * swing[j, 0] + two[i, 1] * swing[j, 1] + two[i, 2] * swing[j, 2]


@inlined
def observe(mean: F8, late_s: float, plot: Record, sensor: Record, desk: Record) -> int:
    """Linearise a plot about a mean: fills the desk's h, nu and var, and returns how many rows: one to three.

    Rows are range and distance across the beam (or east and north, or of a bearing the distance across alone), then
    height where the plot has one. `late_s` > 0 says that the plot is older than the state: it is compared with where
    the track was then.
    """
    near, h, nu, var = desk.near, desk.h, desk.nu, desk.var
    for i in range(3):
        near[i] = mean[i] - late_s * mean[i + 3]
    rows = 2
    if plot.polar == BEARING:
        rows = 1
        ahead, nu[0] = 0.0, 0.0
        for i in range(3):
            away = near[i] - sensor.position[i]
            ahead += plot.first[i] * away
            nu[0] -= plot.second[i] * away
            h[0, i] = plot.second[i]
        var[0] = ahead * ahead * sensor.var_azimuth + AZIMUTH_FLOOR_M**2
    elif plot.polar:
        base = sensor.position
        dx, dy, dz = near[0] - base[0], near[1] - base[1], near[2] - base[2]
        reach = max(np.sqrt(dx * dx + dy * dy + dz * dz), 1.0)
        h[0, 0], h[0, 1], h[0, 2] = dx / reach, dy / reach, dz / reach
        nu[0] = plot.range_m - reach
        nu[1] = -(plot.second[0] * dx + plot.second[1] * dy + plot.second[2] * dz)
    else:
        nu[0], nu[1] = 0.0, 0.0
        for i in range(3):
            gap = plot.place[i] - near[i]
            h[0, i] = plot.first[i]
            nu[0] += plot.first[i] * gap
            nu[1] += plot.second[i] * gap
    if rows == 2:
        for i in range(3):
            h[1, i] = plot.second[i]
        var[0], var[1] = plot.var_first, plot.var_second
    if np.isnan(plot.level_m):
        return rows
    nu[rows] = plot.level_m - height_up(near, desk.up)
    for i in range(3):
        h[rows, i] = desk.up[i]
    var[rows] = sensor.var_height
    return rows + 1


@inlined
def absorb(mean: F8, cov: F8, count: int, late_s: float, desk: Record) -> tuple[float, float]:
    """Take the desk's `count` position scalars in, in place: (squared distance, product of the variances met)."""
    h, nu, var, gain, prior = desk.h, desk.nu, desk.var, desk.gain, desk.prior
    d2, det = 0.0, 1.0
    for i in range(6):
        prior[i] = mean[i]
    for row in range(count):
        hx, hy, hz = h[row, 0], h[row, 1], h[row, 2]
        for i in range(6):
            gain[i] = cov[AT[i, 0]] * hx + cov[AT[i, 1]] * hy + cov[AT[i, 2]] * hz
        if late_s > 0.0:
            for i in range(6):
                gain[i] -= late_s * (cov[AT[i, 3]] * hx + cov[AT[i, 4]] * hy + cov[AT[i, 5]] * hz)
        s = var[row] + hx * gain[0] + hy * gain[1] + hz * gain[2]
        residual = nu[row] - hx * (mean[0] - prior[0]) - hy * (mean[1] - prior[1]) - hz * (mean[2] - prior[2])
        if late_s > 0.0:
            s -= late_s * (hx * gain[3] + hy * gain[4] + hz * gain[5])
            residual += late_s * (hx * (mean[3] - prior[3]) + hy * (mean[4] - prior[4]) + hz * (mean[5] - prior[5]))
        over = 1.0 / s
        d2 += residual * residual * over
        det *= s
        step = residual * over
        for i in range(6):
            mean[i] += gain[i] * step
        lessen(cov, gain, over)
    return d2, det


@lean
def absorb_velocity(mean: F8, cov: F8, axis: F8, speed_mps: float, var: float, desk: Record) -> tuple[float, float]:
    """Take in a velocity along one axis (3,), in place: (squared distance, innovation's variance)."""
    gain = desk.gain
    residual, s = speed_mps, var
    for i in range(6):
        gain[i] = cov[AT[i, 3]] * axis[0] + cov[AT[i, 4]] * axis[1] + cov[AT[i, 5]] * axis[2]
    for i in range(3):
        residual -= axis[i] * mean[i + 3]
        s += axis[i] * gain[i + 3]
    for i in range(6):
        mean[i] += gain[i] * residual / s
    lessen(cov, gain, 1.0 / s)
    return residual * residual / s, s


@lean
def absorb_rate(mean: F8, cov: F8, plot: Record, sensor: Record, desk: Record) -> tuple[float, float]:
    """Take in a range rate, in place: (squared distance, innovation's variance).

    It is the velocity along the line of sight, which turns with the position: both are linearised about the mean, into
    which the plot's position has been taken before.
    """
    gain, base, h = desk.gain, sensor.position, desk.prior
    reach2, rate = 0.0, 0.0
    for i in range(3):
        h[i + 3] = mean[i] - base[i]
        reach2 += h[i + 3] * h[i + 3]
    reach = max(np.sqrt(reach2), 1.0)
    for i in range(3):
        h[i + 3] /= reach
        rate += h[i + 3] * mean[i + 3]
    for i in range(3):
        h[i] = (mean[i + 3] - rate * h[i + 3]) / reach
    residual, known = plot.range_rate_mps - rate, 0.0
    times(cov, h, gain)
    for i in range(6):
        known += h[i] * gain[i]
    s = known + max(sensor.var_rate, SUREST * known)
    over = 1.0 / s
    for i in range(6):
        mean[i] += gain[i] * residual * over
    lessen(cov, gain, over)
    return residual * residual * over, s


@inlined
def meet(mean: F8, cov: F8, late_s: float, plot: Record, sensor: Record, desk: Record) -> tuple[float, float]:
    """Take in what a plot says of the position, and its range rate if any: (squared distance, product of variances).

    A late plot's range rate is passed over, as its velocity is.
    """
    count = observe(mean, late_s, plot, sensor, desk)
    d2, det = absorb(mean, cov, count, late_s, desk)
    if late_s == 0.0 and not np.isnan(plot.range_rate_mps):
        more, s = absorb_rate(mean, cov, plot, sensor, desk)
        d2, det = d2 + more, det * s
    return d2, det


@inlined
def merge(row: Record) -> None:
    """Write the row's models as one mean and covariance (moment matching)."""
    whole, spread = row.whole, row.spread
    for i in range(6):
        whole[i] = 0.0
        for m in range(MODELS):
            whole[i] += row.weight[m] * row.mean[m, i]
    for k in range(PACKED):
        spread[k] = 0.0
    for m in range(MODELS):
        w, mean, cov = row.weight[m], row.mean[m], row.cov[m]
        for i in range(6):
            apart = mean[i] - whole[i]
            for j in range(i, 6):
                spread[AT[i, j]] += w * (cov[AT[i, j]] + apart * (mean[j] - whole[j]))


@lean
def give_all(row: Record, mean: F8, cov: F8) -> None:
    """All models of a row start from one mean (6,) and covariance (PACKED,), the first as by far the likeliest."""
    for m in range(MODELS):
        row.weight[m] = CALM_AT_FIRST if m == 0 else (1.0 - CALM_AT_FIRST) / (MODELS - 1)
        for i in range(6):
            row.mean[m, i] = mean[i]
        for k in range(PACKED):
            row.cov[m, k] = cov[k]


@inlined
def flow(row: Record, dt: float, motion: Record, out: F8) -> None:
    """Probability (M, M) of having been in m and being in n after dt, into `out`."""
    for m in range(MODELS):
        stay = np.exp(-dt / motion.stays_s[m])
        for n in range(MODELS):
            out[m, n] = row.weight[m] * (stay if m == n else (1.0 - stay) * motion.goes_to[m, n])


@inlined
def mix(row: Record, dt: float, motion: Record, desk: Record) -> None:
    """Interaction step of the IMM over a time dt, in place.

    Second moments are taken about the row's whole mean once a model, so that each mixed covariance is a weighted sum
    less the square of its own mean's offset.
    """
    share, mean, cov = desk.flow, desk.mean, desk.cov
    flow(row, dt, motion, share)
    whole = row.whole
    for m in range(MODELS):
        for i in range(6):
            mean[m, i] = row.mean[m, i] - whole[i]
        for i in range(6):
            for j in range(i, 6):
                cov[m, AT[i, j]] = row.cov[m, AT[i, j]] + mean[m, i] * mean[m, j]
    for n in range(MODELS):
        total = 0.0
        for m in range(MODELS):
            total += share[m, n]
        row.weight[n] = total
        for m in range(MODELS):
            share[m, n] /= total
        a, b, c = share[0, n], share[1, n], share[2, n]
        offset, into = row.mean[n], row.cov[n]
        for i in range(6):
            offset[i] = a * mean[0, i] + b * mean[1, i] + c * mean[2, i]
        for k in range(PACKED):
            into[k] = a * cov[0, k] + b * cov[1, k] + c * cov[2, k]
        lessen(into, offset, 1.0)
        for i in range(6):
            offset[i] += whole[i]


@lean
def advance(row: Record, dt: float, motion: Record, desk: Record) -> None:
    """Bring the models of one row forward by dt > 0."""
    mix(row, dt, motion, desk)
    for m in range(MODELS):
        move_on(row.mean[m], row.cov[m], dt, m, motion, desk)
    row.time_s += dt


@lean
def move_on(mean: F8, cov: F8, dt: float, n: int, motion: Record, desk: Record) -> None:
    """Move a mean (6,) and covariance (21,) by dt >= 0 as model n does, in place."""
    predict(mean, cov, dt, motion.kind[n], motion.turn_radps[n], motion.across[n], motion.along[n], desk)
    if motion.steady[n] > 0.0:
        steady(mean, cov, dt, motion.steady[n] * motion.across[n], desk)


@lean
def steady(mean: F8, cov: F8, dt: float, less: float, desk: Record) -> None:
    """Take white acceleration of a density along the level course out of a covariance (21,), which `predict` put in.

    All of it where the velocity is far above `SLOW_MPS` and its own uncertainty, little where the course says nothing.
    (Noise by direction: T. Kirubarajan, Y. Bar-Shalom, K. R. Pattipati and I. Kadar, "Ground target tracking with
    variable structure IMM estimator", IEEE Trans. AES 36(1), 2000.)
    """
    up, course = desk.up, desk.pull
    climb = mean[3] * up[0] + mean[4] * up[1] + mean[5] * up[2]
    known = SLOW_MPS**2 + cov[AT[3, 3]] + cov[AT[4, 4]] + cov[AT[5, 5]]
    for i in range(3):
        course[i] = mean[i + 3] - climb * up[i]
        known += course[i] ** 2
    half, third = 0.5 * dt * dt, dt * dt * dt / 3
    for i in range(3):
        for j in range(3):
            q = less / known * course[i] * course[j]
            cov[AT[i, j + 3]] -= q * half
            if i <= j:
                cov[AT[i, j]] -= q * third
                cov[AT[i + 3, j + 3]] -= q * dt


@lean
def refine(row: Record, plot: Record, sensor: Record, motion: Record, velocity_sigma: float, desk: Record) -> float:
    """A row takes the position, and the range rate and velocity if any, of a plot in, in place.

    Returns the white acceleration density that was added because no model had foreseen the plot; 0: none.
    """
    elapsed = plot.time_s - row.time_s
    if elapsed > 0.0:
        advance(row, elapsed, motion, desk)
        row.time_s = plot.time_s
    late_s = max(-elapsed, 0.0)
    moving = not np.isnan(plot.east_mps) and late_s == 0.0
    d2, det, weight = desk.d2, desk.det, row.weight
    least, shaken = np.inf, 0.0
    for m in range(MODELS):
        mean, cov = row.mean[m], row.cov[m]
        for i in range(6):
            desk.mean[m, i] = mean[i]
        for k in range(PACKED):
            desk.cov[m, k] = cov[k]
        d2[m], det[m] = meet(mean, cov, late_s, plot, sensor, desk)
        least = min(least, d2[m])
    if least > SURPRISE and elapsed > 0.0:
        # none of the models has foreseen it: a harder manoeuvre
        shaken = surge_density(motion, elapsed)
        least = np.inf
        for m in range(MODELS):
            mean, cov = row.mean[m], row.cov[m]
            for i in range(6):
                mean[i] = desk.mean[m, i]
            for k in range(PACKED):
                cov[k] = desk.cov[m, k]
            shake(cov, elapsed, shaken)
            d2[m], det[m] = meet(mean, cov, late_s, plot, sensor, desk)
            least = min(least, d2[m])
    if moving:
        least = np.inf
        for m in range(MODELS):
            mean, cov = row.mean[m], row.cov[m]
            more, s = absorb_velocity(mean, cov, plot.first, plot.east_mps, velocity_sigma**2, desk)
            yet, r = absorb_velocity(mean, cov, plot.second, plot.north_mps, velocity_sigma**2, desk)
            d2[m] += more + yet
            det[m] *= s * r
            least = min(least, d2[m])
    total = 0.0
    for m in range(MODELS):
        weight[m] *= np.exp(0.5 * (least - d2[m])) / np.sqrt(det[m])
        total += weight[m]
    kept = 0.0
    for m in range(MODELS):
        weight[m] = max(weight[m] / total, LEAST_WEIGHT)
        kept += weight[m]
    for m in range(MODELS):
        weight[m] /= kept
    merge(row)
    return shaken


@lean
def surge_density(motion: Record, dt: float) -> float:
    """White acceleration density with the position variance, after dt, of a constant surge."""
    return float(0.75 * dt * motion.surge_mps2**2)


@lean
def shake(cov: F8, dt: float, q: float) -> None:
    """Add white acceleration of one density in all directions over dt to a covariance (21,)."""
    for i in range(3):
        cov[AT[i, i]] += q * dt * dt * dt / 3
        cov[AT[i, i + 3]] += q * dt * dt / 2
        cov[AT[i + 3, i + 3]] += q * dt


@inlined
def restlessness(row: Record, dt: float, motion: Record, out: F8) -> None:
    """White accelerations that stand for the row's models over dt, into `out` (5,).

    Density across and along the vertical of all models as they are weighted; the same of the ones that are not the
    first, which is the calm one; and the weight of these. What a turn does to a straight prediction counts as noise
    with the same position variance.
    """
    speed2 = row.whole[3] ** 2 + row.whole[4] ** 2 + row.whole[5] ** 2
    for i in range(5):
        out[i] = 0.0
    for n in range(MODELS):
        w = 0.0
        for m in range(MODELS):
            leave = min(dt / motion.stays_s[m], 1.0)
            w += row.weight[m] * (1.0 - leave if m == n else leave * motion.goes_to[m, n])
        across = (1.0 - 0.5 * motion.steady[n]) * motion.across[n] + 0.75 * dt * speed2 * motion.turn_radps[n] ** 2
        out[0] += w * across
        out[1] += w * motion.along[n]
        if n > 0:
            out[2] += w * across
            out[3] += w * motion.along[n]
            out[4] += w
    if out[4] > 0.0:
        out[2] = max(out[2] / out[4], surge_density(motion, dt))
        out[3] /= out[4]


@inlined
def settled(row: Record, motion: Record) -> int:
    """Kind of motion that the row most likely is in."""
    best = 0
    for m in range(1, MODELS):
        if row.weight[m] > row.weight[best]:
            best = m
    return int(motion.kind[best])
