"""The tracker's loops: arrays and floats in, arrays out.

A track is a row of a `Bank`. Three extended Kalman filters run in each row and are mixed as an interacting multiple
model (H. A. P. Blom and Y. Bar-Shalom, IEEE Trans. Automatic Control 33(8), 1988); measurements are taken in one
scalar at a time, which for uncorrelated components equals the joint update (Y. Bar-Shalom, X. R. Li and T. Kirubarajan,
Estimation with Applications to Tracking and Navigation, 2001, section 7.2) and needs no matrix inverse.
Positions are ECEF metres; nothing here is flat.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from skyaccord.columns import F8, I4, I8, U1, U2, U4, U8
from skyaccord.earth.wgs84 import ECC2, SECOND_ECC2, SEMI_MAJOR_M, SEMI_MINOR_M
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A

MODELS = 3  # calm, agile, falling
FALLING = 2
GM = 3.986004418e14  # m^3/s^2, WGS-84
EARTH_TURN = 7.292115e-5  # rad/s
FORBIDDEN = 1e9
SEEN_MEMORY = 0.9  # a look: how much of what was known of a track's visibility stays known


class Bank(NamedTuple):
    """Rows of tracks; C is the capacity, the first `live` rows are in use (oldest first), S the number of sensors."""

    mean: F8  # (C, M, 6) a model each
    cov: F8  # (C, M, 6, 6)
    weight: F8  # (C, M) probability of each model
    time_s: F8  # (C,)
    number: I4
    status: U1
    hits: I4
    score: F8  # log-likelihood ratio of target against clutter
    updated_s: F8
    heard_s: F8  # (C, S) last plot of each sensor
    seen: F8  # (C,) share of looks that succeeded lately
    address: U4
    mode_a: U2
    callsign: U8  # eight bytes, packed
    pressure_alt_m: F8


class Radar(NamedTuple):
    """One sensor as the loops need it."""

    row: int
    position: F8  # (3,) ECEF
    axes: F8  # (3, 3) east, north, up
    scan_s: float
    var_range: float
    var_azimuth: float
    var_height: float
    pd: float


class Batch(NamedTuple):
    """Plots of one sensor in one slice of time."""

    time_s: F8
    range_m: F8  # NaN: a position report
    azimuth_rad: F8
    position: F8  # (K, 3) ECEF of a position report
    height_m: F8  # geometric or, failing that, pressure height; NaN: none
    pressure_alt_m: F8
    address: U4
    mode_a: U2
    callsign: U8


class Noise(NamedTuple):
    """The models' numbers."""

    horizontal: F8  # (M,)
    vertical: F8
    stays_s: F8
    goes_to: F8  # (M, M) share of each model among those that follow another


@njit(cache=True)
def height_of(p: F8) -> float:
    """Height above the ellipsoid of one ECEF position (Bowring)."""
    rho = np.hypot(p[0], p[1])
    beta = np.arctan2(p[2] * SEMI_MAJOR_M, rho * SEMI_MINOR_M)
    lat = np.arctan2(
        p[2] + SECOND_ECC2 * SEMI_MINOR_M * np.sin(beta) ** 3, rho - ECC2 * SEMI_MAJOR_M * np.cos(beta) ** 3
    )
    sin = np.sin(lat)
    return float(rho * np.cos(lat) + p[2] * sin - SEMI_MAJOR_M * np.sqrt(1 - ECC2 * sin * sin))


@njit(cache=True)
def up_at(p: F8, up: F8) -> None:
    """Write the ellipsoid's normal at an ECEF position into `up`."""
    rho = np.hypot(p[0], p[1])
    lat = np.arctan2(p[2], rho * (1 - ECC2))
    lon = np.arctan2(p[1], p[0])
    up[0], up[1], up[2] = np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)


@njit(cache=True)
def pull(mean: F8, up: F8, falling: bool, out: F8) -> None:
    """Acceleration (3,) of a mean in the turning frame, into `out`.

    Level flight follows the Earth's curve. What falls is under gravity, Coriolis and centrifugal force, without drag.
    """
    radius = np.sqrt(mean[0] ** 2 + mean[1] ** 2 + mean[2] ** 2)
    if falling:
        for i in range(3):
            out[i] = -GM / radius**3 * mean[i]
        out[0] += 2 * EARTH_TURN * mean[4] + EARTH_TURN**2 * mean[0]
        out[1] += -2 * EARTH_TURN * mean[3] + EARTH_TURN**2 * mean[1]
        return
    climb = mean[3] * up[0] + mean[4] * up[1] + mean[5] * up[2]
    curve = (mean[3] ** 2 + mean[4] ** 2 + mean[5] ** 2 - climb * climb) / radius
    for i in range(3):
        out[i] = -curve * up[i]


@njit(cache=True)
def predict(mean: F8, cov: F8, dt: float, q_horizontal: float, q_vertical: float, falling: bool) -> None:
    """Move one model's mean (6,) and covariance (6, 6) by dt >= 0, in place.

    White acceleration with one density along the local vertical and another across it is added to `pull`.
    """
    up, acceleration = np.empty(3), np.empty(3)
    up_at(mean, up)
    pull(mean, up, falling, acceleration)
    for i in range(3):
        mean[i] += mean[i + 3] * dt + 0.5 * acceleration[i] * dt * dt
        mean[i + 3] += acceleration[i] * dt
    for i in range(3):
        for j in range(3):
            q = (q_vertical - q_horizontal) * up[i] * up[j] + (q_horizontal if i == j else 0.0)
            vv = cov[i + 3, j + 3]
            cov[i, j] += dt * (cov[i, j + 3] + cov[i + 3, j]) + dt * dt * vv + q * dt**3 / 3
            # the cross terms below must still see the old velocity block
    for i in range(3):
        for j in range(3):
            q = (q_vertical - q_horizontal) * up[i] * up[j] + (q_horizontal if i == j else 0.0)
            cov[i, j + 3] += dt * cov[i + 3, j + 3] + q * dt * dt / 2
    for i in range(3):
        for j in range(3):
            q = (q_vertical - q_horizontal) * up[i] * up[j] + (q_horizontal if i == j else 0.0)
            cov[i + 3, j] = cov[j, i + 3]
            cov[i + 3, j + 3] += q * dt


@njit(cache=True)
def observe(mean: F8, late_s: float, radar: Radar, batch: Batch, k: int, h: F8, nu: F8, var: F8) -> int:
    """Linearise plot k about a mean: fills h (3, 6), innovations nu (3,), variances var (3,); returns how many.

    The first two are the horizontal ones. `late_s` > 0 says that the plot is older than the state: it is compared with
    where the track was then.
    """
    p = np.empty(3)
    for i in range(3):
        p[i] = mean[i] - late_s * mean[i + 3]
    d = p - radar.position
    h[:] = 0.0
    count = 2
    if np.isnan(batch.range_m[k]):
        z = batch.position[k] - p
        for row in range(2):
            nu[row] = 0.0
            for i in range(3):
                h[row, i] = radar.axes[row, i]
                nu[row] += radar.axes[row, i] * z[i]
            var[row] = radar.var_range
    else:
        east = radar.axes[0, 0] * d[0] + radar.axes[0, 1] * d[1] + radar.axes[0, 2] * d[2]
        north = radar.axes[1, 0] * d[0] + radar.axes[1, 1] * d[1] + radar.axes[1, 2] * d[2]
        ground2 = max(east * east + north * north, 1.0)
        reach = max(np.sqrt(d[0] ** 2 + d[1] ** 2 + d[2] ** 2), 1.0)
        nu[0] = batch.range_m[k] - reach
        turn = batch.azimuth_rad[k] - np.arctan2(east, north)
        nu[1] = (turn + np.pi) % (2 * np.pi) - np.pi
        for i in range(3):
            h[0, i] = d[i] / reach
            h[1, i] = (north * radar.axes[0, i] - east * radar.axes[1, i]) / ground2
        var[0] = radar.var_range
        # very near the antenna an azimuth says nothing; keep its cross-range error from vanishing
        var[1] = radar.var_azimuth + 400.0 / ground2
    if not np.isnan(batch.height_m[k]):
        up = np.empty(3)
        up_at(p, up)
        nu[2] = batch.height_m[k] - height_of(p)
        for i in range(3):
            h[2, i] = up[i]
        var[2] = radar.var_height
        count = 3
    if late_s > 0.0:
        for row in range(count):
            for i in range(3):
                h[row, i + 3] = -late_s * h[row, i]
    return count


@njit(cache=True)
def absorb(mean: F8, cov: F8, h: F8, nu: F8, var: F8, count: int) -> tuple[float, float, float]:
    """Take the scalars in, in place: squared distance and log determinant of all, log determinant of the first two."""
    prior = mean.copy()
    d2, logdet, logdet_two = 0.0, 0.0, 0.0
    gain = np.empty(6)
    for row in range(count):
        s = var[row]
        residual = nu[row]
        for i in range(6):
            gain[i] = 0.0
            for j in range(6):
                gain[i] += cov[i, j] * h[row, j]
            residual -= h[row, i] * (mean[i] - prior[i])
        for i in range(6):
            s += h[row, i] * gain[i]
        d2 += residual * residual / s
        logdet += np.log(s)
        if row == 1:
            logdet_two = logdet
        for i in range(6):
            mean[i] += gain[i] * residual / s
        for i in range(6):
            for j in range(i, 6):
                cov[i, j] -= gain[i] * gain[j] / s
                cov[j, i] = cov[i, j]
    return d2, logdet, logdet_two


@njit(cache=True)
def merged(bank: Bank, t: int, mean: F8, cov: F8) -> None:
    """The row's models as one mean and covariance (moment matching)."""
    mean[:] = 0.0
    cov[:] = 0.0
    for m in range(MODELS):
        for i in range(6):
            mean[i] += bank.weight[t, m] * bank.mean[t, m, i]
    for m in range(MODELS):
        for i in range(6):
            for j in range(6):
                cov[i, j] += bank.weight[t, m] * (
                    bank.cov[t, m, i, j] + (bank.mean[t, m, i] - mean[i]) * (bank.mean[t, m, j] - mean[j])
                )


@njit(cache=True)
def drift(bank: Bank, t: int, noise: Noise) -> tuple[float, float, bool]:
    """The one motion that stands for the row's models: noise densities across and along the vertical, and falling."""
    q_h, q_v = 0.0, 0.0
    for m in range(MODELS):
        q_h += bank.weight[t, m] * noise.horizontal[m]
        q_v += bank.weight[t, m] * noise.vertical[m]
    return q_h, q_v, bank.weight[t, FALLING] > 0.5


@njit(cache=True)
def mix(bank: Bank, t: int, dt: float, noise: Noise) -> None:
    """Interaction step of the IMM over a time dt, in place."""
    flow = np.empty((MODELS, MODELS))  # probability of having been in m and now being in n
    for m in range(MODELS):
        stay = np.exp(-dt / noise.stays_s[m])
        for n in range(MODELS):
            flow[m, n] = bank.weight[t, m] * (stay if m == n else (1 - stay) * noise.goes_to[m, n])
    mean = bank.mean[t].copy()
    cov = bank.cov[t].copy()
    for n in range(MODELS):
        total = 0.0
        for m in range(MODELS):
            total += flow[m, n]
        bank.weight[t, n] = total
        for i in range(6):
            mixed = 0.0
            for m in range(MODELS):
                mixed += flow[m, n] / total * mean[m, i]
            bank.mean[t, n, i] = mixed
        for i in range(6):
            for j in range(6):
                mixed = 0.0
                for m in range(MODELS):
                    spread = (mean[m, i] - bank.mean[t, n, i]) * (mean[m, j] - bank.mean[t, n, j])
                    mixed += flow[m, n] / total * (cov[m, i, j] + spread)
                bank.cov[t, n, i, j] = mixed


@njit(cache=True)
def advance(bank: Bank, t: int, time_s: float, noise: Noise) -> None:
    """Bring one row forward to a time; a time in its past leaves it as it is."""
    dt = time_s - bank.time_s[t]
    if dt <= 0.0:
        return
    mix(bank, t, dt, noise)
    for m in range(MODELS):
        predict(bank.mean[t, m], bank.cov[t, m], dt, noise.horizontal[m], noise.vertical[m], m == FALLING)
    bank.time_s[t] = time_s


@njit(cache=True)
def weigh(
    bank: Bank,
    t: int,
    mean: F8,
    cov: F8,
    radar: Radar,
    batch: Batch,
    k: int,
    noise: Noise,
    gate_d2: float,
    code_conflict: float,
) -> tuple[float, float]:
    """How well plot k fits row t: (log-likelihood a square metre, squared distance); FORBIDDEN distance: not at all.

    `mean` (6,) and `cov` (6, 6) are the row's own, merged. A coarse gate on range and bearing comes first.
    """
    same_address = False
    if bank.address[t] != NO_ADDRESS and batch.address[k] != NO_ADDRESS:
        if bank.address[t] != batch.address[k]:
            return 0.0, FORBIDDEN
        same_address = True
    elapsed = batch.time_s[k] - bank.time_s[t]
    dt = max(elapsed, 0.0)
    spread2 = 0.0
    for i in range(3):
        spread2 += cov[i, i] + dt * dt * cov[i + 3, i + 3] + 2 * dt * abs(cov[i, i + 3])
    spread2 += noise.horizontal[1] * dt**3
    far2 = 0.0
    if np.isnan(batch.range_m[k]):
        for i in range(3):
            far2 += (batch.position[k, i] - mean[i] - mean[i + 3] * elapsed) ** 2
        spread2 += radar.var_range + (radar.var_height if np.isnan(batch.height_m[k]) else 0.0)
    else:
        east, north, reach2 = 0.0, 0.0, 0.0
        for i in range(3):
            away = mean[i] + mean[i + 3] * elapsed - radar.position[i]
            reach2 += away * away
            east += away * radar.axes[0, i]
            north += away * radar.axes[1, i]
        sin_az, cos_az = np.sin(batch.azimuth_rad[k]), np.cos(batch.azimuth_rad[k])
        aside = east * cos_az - north * sin_az
        if east * sin_az + north * cos_az < 0.0:
            aside = np.sqrt(east * east + north * north)  # it is behind
        far2 = max((np.sqrt(reach2) - batch.range_m[k]) ** 2, aside * aside)
        spread2 += radar.var_range + reach2 * radar.var_azimuth
    if far2 > 2.0 * gate_d2 * spread2 + 1e4:
        return 0.0, FORBIDDEN
    mean, cov = mean.copy(), cov.copy()
    if dt > 0.0:
        q_h, q_v, falling = drift(bank, t, noise)
        predict(mean, cov, dt, q_h, q_v, falling)
    h, nu, var = np.empty((3, 6)), np.empty(3), np.empty(3)
    count = observe(mean, max(-elapsed, 0.0), radar, batch, k, h, nu, var)
    d2, _, logdet_two = absorb(mean, cov, h, nu, var, count)
    if not d2 < gate_d2:
        return 0.0, FORBIDDEN
    fit = -0.5 * (d2 + logdet_two) - np.log(2 * np.pi)
    if not np.isnan(batch.range_m[k]):
        fit -= np.log(max(batch.range_m[k], 1.0))  # a radian of bearing is so many metres
    if same_address:
        fit += 12.0
    elif bank.mode_a[t] != NO_MODE_A and batch.mode_a[k] != NO_MODE_A:
        fit += 4.0 if bank.mode_a[t] == batch.mode_a[k] else -code_conflict
    return fit, d2


@njit(cache=True)
def assign(cost: F8) -> I8:
    """Least-cost assignment of rows to columns, rows <= columns: (n, m) -> (n,) column of each row.

    Shortest augmenting paths with potentials (D. F. Crouse, IEEE Trans. AES 52(4), 2016); O(n^2 m).
    """
    n, m = cost.shape
    u, v = np.zeros(n + 1), np.zeros(m + 1)
    row_of = np.zeros(m + 1, np.int64)
    way = np.zeros(m + 1, np.int64)
    for i in range(1, n + 1):
        row_of[0] = i
        j0 = 0
        least = np.full(m + 1, np.inf)
        used = np.zeros(m + 1, np.bool_)
        while True:
            used[j0] = True
            i0, delta, j1 = row_of[j0], np.inf, 0
            for j in range(1, m + 1):
                if not used[j]:
                    reduced = cost[i0 - 1, j - 1] - u[i0] - v[j]
                    if reduced < least[j]:
                        least[j] = reduced
                        way[j] = j0
                    if least[j] < delta:
                        delta = least[j]
                        j1 = j
            for j in range(m + 1):
                if used[j]:
                    u[row_of[j]] += delta
                    v[j] -= delta
                else:
                    least[j] -= delta
            j0 = j1
            if row_of[j0] == 0:
                break
        while j0 != 0:
            row_of[j0] = row_of[way[j0]]
            j0 = way[j0]
    out = np.full(n, -1, np.int64)
    for j in range(1, m + 1):
        if row_of[j] > 0:
            out[row_of[j] - 1] = j - 1
    return out


@njit(cache=True)
def associate(
    bank: Bank,
    live: int,
    radar: Radar,
    batch: Batch,
    noise: Noise,
    clutter: F8,
    gate_d2: float,
    code_conflict: float,
) -> tuple[I8, F8, U1]:
    """Plots to tracks, globally: (K,) row of the bank or -1, (K,) score gained, (K,) 1 where a plot was near a track.

    Pairs inside the gate form clusters; each cluster is solved exactly. A pair counts when it is likelier than clutter.
    `clutter` (K,) is the density of false plots of each plot's sort.
    """
    count = len(batch.time_s)
    chosen, gained = np.full(count, -1, np.int64), np.zeros(count)
    near = np.zeros(count, np.uint8)
    pair_plot, pair_track, pair_gain = [0][:0], [0][:0], [0.0][:0]
    mean, cov = np.empty(6), np.empty((6, 6))
    for t in range(live):
        merged(bank, t, mean, cov)
        for k in range(count):
            fit, d2 = weigh(bank, t, mean, cov, radar, batch, k, noise, gate_d2, code_conflict)
            if d2 >= FORBIDDEN:
                continue
            # one plot a scan: an antenna does not see a target twice in less than most of a turn; reports have no turn
            turning = not np.isnan(batch.range_m[k])
            if turning and batch.time_s[k] - bank.heard_s[t, radar.row] < 0.6 * radar.scan_s:
                if d2 < 9.0 and bank.hits[t] > 2:
                    near[k] = 1
                continue
            gain = fit + np.log(radar.pd) - np.log(clutter[k])
            if gain > 0.0:
                pair_plot.append(k)
                pair_track.append(t)
                pair_gain.append(gain)
    # clusters of plots that compete for the same tracks (union-find over plots)
    root = np.arange(count)
    owner = np.full(live, -1, np.int64)
    for p in range(len(pair_plot)):
        k, t = pair_plot[p], pair_track[p]
        if owner[t] < 0:
            owner[t] = k
        a, b = k, owner[t]
        while root[a] != a:
            a = root[a]
        while root[b] != b:
            b = root[b]
        if a < b:
            root[b] = a
        else:
            root[a] = b
    for k in range(count):
        a = k
        while root[a] != a:
            a = root[a]
        root[k] = a
    for leader in range(count):
        if root[leader] != leader:
            continue
        plots = np.flatnonzero(root == leader)
        place = np.full(count, -1, np.int64)
        for i in range(len(plots)):
            place[plots[i]] = i
        tracks = [0][:0]
        column = np.full(live, -1, np.int64)
        for p in range(len(pair_plot)):
            if root[pair_plot[p]] == leader and column[pair_track[p]] < 0:
                column[pair_track[p]] = len(tracks)
                tracks.append(pair_track[p])
        if len(tracks) == 0:
            continue
        cost = np.full((len(plots), len(tracks) + len(plots)), 0.0)
        cost[:, : len(tracks)] = FORBIDDEN
        for p in range(len(pair_plot)):
            if root[pair_plot[p]] == leader:
                cost[place[pair_plot[p]], column[pair_track[p]]] = -pair_gain[p]
        best = assign(cost)
        for i in range(len(plots)):
            if best[i] < len(tracks):
                chosen[plots[i]] = tracks[best[i]]
                gained[plots[i]] = -cost[i, best[i]]
    return chosen, gained, near


@njit(cache=True)
def update(bank: Bank, t: int, radar: Radar, batch: Batch, k: int, noise: Noise) -> None:
    """Row t takes plot k in, in place."""
    advance(bank, t, batch.time_s[k], noise)
    late_s = max(bank.time_s[t] - batch.time_s[k], 0.0)
    h, nu, var = np.empty((3, 6)), np.empty(3), np.empty(3)
    log_like = np.empty(MODELS)
    for m in range(MODELS):
        count = observe(bank.mean[t, m], late_s, radar, batch, k, h, nu, var)
        d2, logdet, _ = absorb(bank.mean[t, m], bank.cov[t, m], h, nu, var, count)
        log_like[m] = -0.5 * (d2 + logdet)
    top = log_like.max()
    total = 0.0
    for m in range(MODELS):
        # no model is ever given up for good
        bank.weight[t, m] = max(bank.weight[t, m] * np.exp(log_like[m] - top), 1e-12)
        total += bank.weight[t, m]
    kept = 0.0
    for m in range(MODELS):
        bank.weight[t, m] = max(bank.weight[t, m] / total, 0.001)
        kept += bank.weight[t, m]
    for m in range(MODELS):
        bank.weight[t, m] /= kept
    bank.updated_s[t] = max(bank.updated_s[t], batch.time_s[k])
    looks = (batch.time_s[k] - bank.heard_s[t, radar.row]) / radar.scan_s
    if looks < 10.0:  # else the sensor had not had it in sight
        bank.seen[t] = bank.seen[t] * SEEN_MEMORY ** max(round(looks), 1) + (1 - SEEN_MEMORY)
    bank.heard_s[t, radar.row] = batch.time_s[k]
    bank.hits[t] += 1
    learn(bank, t, batch, k)


@njit(cache=True)
def learn(bank: Bank, t: int, batch: Batch, k: int) -> None:
    """Row t takes the identity that plot k carries."""
    if batch.address[k] != NO_ADDRESS:
        bank.address[t] = batch.address[k]
    if batch.mode_a[k] != NO_MODE_A:
        bank.mode_a[t] = batch.mode_a[k]
    if batch.callsign[k] != 0:
        bank.callsign[t] = batch.callsign[k]
    if not np.isnan(batch.pressure_alt_m[k]):
        bank.pressure_alt_m[t] = batch.pressure_alt_m[k]


@njit(cache=True)
def locate(radar: Radar, batch: Batch, k: int, height_m: float, out: F8) -> None:
    """ECEF position of plot k taken at a height: range and azimuth meet that height by iteration on the ellipsoid."""
    if np.isnan(batch.range_m[k]):
        out[:] = batch.position[k]
        return
    reach = batch.range_m[k]
    sin_az, cos_az = np.sin(batch.azimuth_rad[k]), np.cos(batch.azimuth_rad[k])
    rise = 0.0
    for _ in range(8):
        ground = np.sqrt(max(reach * reach - rise * rise, 0.0))
        for i in range(3):
            out[i] = (
                radar.position[i]
                + ground * (sin_az * radar.axes[0, i] + cos_az * radar.axes[1, i])
                + rise * radar.axes[2, i]
            )
        rise = min(max(rise + height_m - height_of(out), -0.999 * reach), 0.999 * reach)


@njit(cache=True)
def start(
    bank: Bank,
    t: int,
    number: int,
    radar: Radar,
    batch: Batch,
    k: int,
    height: F8,
    speed_mps: float,
    climb_mps: float,
) -> None:
    """Row t becomes a new track of plot k alone. `height` is (value, sigma) for a plot that has none."""
    known = not np.isnan(batch.height_m[k])
    at = batch.height_m[k] if known else height[0]
    sigma = np.sqrt(radar.var_height) if known else height[1]
    p, up = np.empty(3), np.empty(3)
    locate(radar, batch, k, at, p)
    up_at(p, up)
    polar = not np.isnan(batch.range_m[k])
    # A prior that is wide but for the height; the plot is then taken in as any other
    wide = 1e8 if polar else 1e6
    for m in range(MODELS):
        for i in range(3):
            bank.mean[t, m, i] = p[i]
            bank.mean[t, m, i + 3] = 0.0
            for j in range(3):
                flat = (1.0 if i == j else 0.0) - up[i] * up[j]
                bank.cov[t, m, i, j] = wide * flat + sigma * sigma * up[i] * up[j]
                bank.cov[t, m, i, j + 3] = 0.0
                bank.cov[t, m, i + 3, j] = 0.0
                bank.cov[t, m, i + 3, j + 3] = speed_mps**2 * flat + climb_mps**2 * up[i] * up[j]
        h, nu, var = np.empty((3, 6)), np.empty(3), np.empty(3)
        observe(bank.mean[t, m], 0.0, radar, batch, k, h, nu, var)
        absorb(bank.mean[t, m], bank.cov[t, m], h, nu, var, 2)
    bank.weight[t, 0], bank.weight[t, 1], bank.weight[t, FALLING] = 0.48, 0.48, 0.04
    bank.time_s[t] = batch.time_s[k]
    bank.number[t] = number
    bank.status[t] = 0
    bank.hits[t] = 1
    bank.score[t] = 0.0
    bank.updated_s[t] = batch.time_s[k]
    bank.seen[t] = radar.pd
    bank.heard_s[t, :] = -np.inf
    bank.heard_s[t, radar.row] = batch.time_s[k]
    bank.address[t] = NO_ADDRESS
    bank.mode_a[t] = NO_MODE_A
    bank.callsign[t] = 0
    bank.pressure_alt_m[t] = np.nan
    learn(bank, t, batch, k)


@njit(cache=True)
def twins(bank: Bank, live: int, scan_s: F8, near_m: float, speed_mps: float) -> I8:
    """Rows that double another: (live,) 1 where the row should end.

    Two rows with one address are one aircraft. Two without a contradiction that fly together within `near_m` and
    `speed_mps` are one too, unless one sensor has told them apart in a single scan.
    """
    doubled = np.zeros(live, np.int64)
    for a in range(live):
        for b in range(a + 1, live):
            if doubled[a] or doubled[b]:
                continue
            addressed = bank.address[a] != NO_ADDRESS and bank.address[b] != NO_ADDRESS
            if addressed and bank.address[a] != bank.address[b]:
                continue
            apart2, drift2 = 0.0, 0.0
            dt = bank.time_s[a] - bank.time_s[b]
            for i in range(3):
                va, vb, pa, pb = 0.0, 0.0, 0.0, 0.0
                for m in range(MODELS):
                    va += bank.weight[a, m] * bank.mean[a, m, i + 3]
                    vb += bank.weight[b, m] * bank.mean[b, m, i + 3]
                    pa += bank.weight[a, m] * bank.mean[a, m, i]
                    pb += bank.weight[b, m] * bank.mean[b, m, i]
                apart2 += (pa - pb - vb * dt) ** 2
                drift2 += (va - vb) ** 2
            if not addressed:
                coded = bank.mode_a[a] != NO_MODE_A and bank.mode_a[b] != NO_MODE_A
                if (coded and bank.mode_a[a] != bank.mode_a[b]) or apart2 > near_m**2 or drift2 > speed_mps**2:
                    continue
                told_apart = False
                for s in range(len(scan_s)):
                    if abs(bank.heard_s[a, s] - bank.heard_s[b, s]) < 0.5 * scan_s[s]:
                        told_apart = True
                if told_apart:
                    continue
            elif apart2 > (40 * near_m) ** 2:
                continue  # one address in two far places is a fault of the transponder: keep both, apart
            worse = b if (bank.status[a], bank.hits[a]) >= (bank.status[b], bank.hits[b]) else a
            doubled[worse] = 1
    return doubled


@njit(cache=True)
def snapshot(bank: Bank, rows: I8, time_s: float, noise: Noise, mean: F8, cov: F8) -> None:
    """Means (R, 6) and covariances (R, 6, 6) of some rows at a time, into the last two; the bank is unchanged."""
    for r in range(len(rows)):
        t = rows[r]
        merged(bank, t, mean[r], cov[r])
        dt = time_s - bank.time_s[t]
        if dt > 0.0:
            q_h, q_v, falling = drift(bank, t, noise)
            predict(mean[r], cov[r], dt, q_h, q_v, falling)
