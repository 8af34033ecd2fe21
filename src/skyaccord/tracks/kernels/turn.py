"""One turn of the tracker: plots of many slices in, rows changed, the number of each plot's track out."""

from __future__ import annotations

import numpy as np
from numba import njit

from skyaccord.columns import F8, I4, I8, U1
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.tracks.kernels.association import FORBIDDEN, LARGEST, SAME_ADDRESS, assign, identity_fit, slot_of, weigh
from skyaccord.tracks.kernels.bank import FALL, NONE, STRAIGHT, Record, Records
from skyaccord.tracks.kernels.filters import predict, refine, restlessness, settled
from skyaccord.tracks.kernels.grid import lay, near, spread_out
from skyaccord.tracks.kernels.life import ONE_ADDRESS_M, SAME_SCAN, begin, found, seat, tend, unite

MOST = 256  # candidates of one plot
REPEATS = 2  # status of a plot that repeats its track's
KEPT = 12  # best fitting tracks of one plot that compete for it
CLUTTER_SCANS = 12.0  # turns over which false plots are counted
LOST_SCANS = 1.5  # turns without a plot after which a track is where its address says
CODED_CLUTTER = 0.002  # share of false plots that carry a code
UNITED_SLICES = 4  # slices between looks for doubles


@njit(cache=True)
def clutter_of(plot: Record, sensor: Record, rules: Record) -> float:
    """Density of false plots like this one, a square metre (and metre of height, where it has one)."""
    density = max(sensor.fresh, 0.01) / (CLUTTER_SCANS * np.pi * sensor.far_m**2)
    if plot.mode_a != NO_MODE_A or plot.address != NO_ADDRESS:
        density *= CODED_CLUTTER
    return float(density if np.isnan(plot.level_m) else density / rules.height_span_m)


@njit(cache=True)
def estimate_clutter(sensor: Record, plots: Records) -> None:
    """Bring a sensor's account of unexplained plots forward to the end of a batch."""
    time_s = plots[len(plots) - 1].time_s
    if time_s > sensor.fresh_s:
        if sensor.fresh_s > -np.inf:
            sensor.fresh *= np.exp((sensor.fresh_s - time_s) / (CLUTTER_SCANS * sensor.scan_s))
        sensor.fresh_s = time_s
    if not sensor.turning:
        sensor.far_m = sensor.reach_m
    for k in range(len(plots)):
        if plots[k].polar:
            sensor.far_m = max(sensor.far_m, min(plots[k].range_m, sensor.reach_m))


@njit(cache=True)
def pairs(
    bank: Records,
    first: I4,
    levels: I8,
    plots: Records,
    sensor: Record,
    motions: Records,
    rules: Record,
    desk: Record,
    some: I4,
    rows: I4,
    gains: F8,
    ratios: F8,
    count: I8,
    repeated: U1,
    kin: I4,
) -> None:
    """Tracks that each plot of a batch may be of: the KEPT best rows, gains and density ratios, and how many.

    A pair's gain is the log-likelihood ratio of "this track's plot" over "clutter or new, and the track missed". A
    track that hardly is believed to exist still may have the plot that nobody else claims. `kin` is a row with the
    plot's address that it does not fit, or NONE.
    """
    pd = sensor.pd
    for k in range(len(plots)):
        plot = plots[k]
        count[k], repeated[k], kin[k] = 0, 0, NONE
        radius_m = plot.radius_m if plot.address == NO_ADDRESS else max(plot.radius_m, ONE_ADDRESS_M)
        clutter = clutter_of(plot, sensor, rules)
        for c in range(near(bank, first, levels, plot.place, radius_m, some)):
            row = bank[some[c]]
            if row.number == 0:
                continue
            same = identity_fit(row, plot, rules.code_conflict)
            if same <= -FORBIDDEN:
                continue
            fit, d2, _ = weigh(row, plot, sensor, motions[row.motion], desk)
            if not d2 < rules.gate_d2:
                if same == SAME_ADDRESS:
                    kin[k] = some[c]
                continue
            if sensor.turning:
                j = slot_of(row, plot.sensor)
                if j != NONE and abs(plot.time_s - row.heard_s[j]) < SAME_SCAN * sensor.scan_s:
                    if d2 < 9.0 and row.hits > 2:
                        repeated[k] = 1
                    continue
            ratio = np.exp(fit + same) / clutter
            if pd * ratio < 1.0 - pd:
                continue
            r = row.exists
            gain = max(np.log(r * pd * ratio / (1.0 - r * pd)), 0.01 * (1.0 + 1.0 / (1.0 + d2)))
            # insertion among the best
            i = count[k]
            if i == KEPT:
                if gain <= gains[k, KEPT - 1]:
                    continue
                i -= 1
            else:
                count[k] += 1
            while i > 0 and gains[k, i - 1] < gain:
                rows[k, i], gains[k, i], ratios[k, i] = rows[k, i - 1], gains[k, i - 1], ratios[k, i - 1]
                i -= 1
            rows[k, i], gains[k, i], ratios[k, i] = some[c], gain, ratio


@njit(cache=True)
def settle(bank: Records, many: int, rows: I4, gains: F8, count: I8, chosen: I8) -> None:
    """Give each plot of a batch at most one of its candidates, and no track two plots: the best total gain.

    (many,) index of the candidate or -1, into `chosen`.
    """
    crowded = False
    for k in range(many):
        chosen[k] = 0 if count[k] else -1
        for i in range(count[k]):
            bank[rows[k, i]].claims += 1
    for k in range(many):
        for i in range(count[k]):
            if bank[rows[k, i]].claims > 1:
                crowded = True
    if crowded:
        root = np.arange(many)
        for k in range(many):
            for i in range(count[k]):
                row = bank[rows[k, i]]
                if row.claims < 2:
                    continue
                if row.holder == NONE:
                    row.holder = k
                a, b = k, row.holder
                while root[a] != a:
                    a = root[a]
                while root[b] != b:
                    b = root[b]
                root[max(a, b)] = min(a, b)
        for k in range(many):
            a = k
            while root[a] != a:
                a = root[a]
            root[k] = a
        order = np.argsort(root, kind="mergesort")
        low = 0
        while low < many:
            high = low
            while high < many and root[order[high]] == root[order[low]]:
                high += 1
            if high - low > 1:
                contest(order[low:high], rows, gains, count, chosen)
            low = high
    for k in range(many):
        for i in range(count[k]):
            bank[rows[k, i]].claims = 0
            bank[rows[k, i]].holder = NONE


@njit(cache=True)
def contest(plots: I8, rows: I4, gains: F8, count: I8, chosen: I8) -> None:
    """Solve one cluster of plots that compete for tracks."""
    total = 0
    for k in plots:
        total += count[k]
    listed = np.empty(total, np.int64)
    at = 0
    for k in plots:
        for i in range(count[k]):
            listed[at] = rows[k, i]
            at += 1
    tracks = np.unique(listed)
    n, m = len(plots), len(tracks)
    if n * (m + n) > LARGEST:
        greedy(plots, tracks, rows, gains, count, chosen)
        return
    cost = np.zeros((n, m + n))
    cost[:, :m] = FORBIDDEN
    for a in range(n):
        for i in range(count[plots[a]]):
            cost[a, np.searchsorted(tracks, rows[plots[a], i])] = -gains[plots[a], i]
    best = assign(cost)
    for a in range(n):
        chosen[plots[a]] = -1
        if best[a] < m:
            for i in range(count[plots[a]]):
                if rows[plots[a], i] == tracks[best[a]]:
                    chosen[plots[a]] = i


@njit(cache=True)
def greedy(plots: I8, tracks: I8, rows: I4, gains: F8, count: I8, chosen: I8) -> None:
    """The same for a cluster too large to be solved exactly: the best pair first."""
    pair_gain, pair_plot, pair_at = [0.0][:0], [0][:0], [0][:0]
    for k in plots:
        chosen[k] = -1
        for i in range(count[k]):
            pair_gain.append(-gains[k, i])
            pair_plot.append(k)
            pair_at.append(i)
    taken = np.zeros(len(tracks), np.bool_)
    for p in np.argsort(np.array(pair_gain), kind="mergesort"):
        k, i = pair_plot[p], pair_at[p]
        a = np.searchsorted(tracks, rows[k, i])
        if chosen[k] < 0 and not taken[a]:
            chosen[k] = i
            taken[a] = True


@njit(cache=True)
def work(
    bank: Records,
    first: I4,
    levels: I8,
    free: I4,
    counts: I8,
    plots: Records,
    since: int,
    sensors: Records,
    motions: Records,
    rules: Record,
    desk: Record,
    number: I4,
    state: F8,
    status: U1,
    gone: I4,
    gone_s: F8,
) -> int:
    """Take the plots from `since` on in, slice by slice: the plot that it came to before the bank was full, or all.

    Into `number`, `state` (N, 6) and `status` go each plot's track, its mean after that plot, and TENTATIVE or
    CONFIRMED, or REPEATS for a plot that repeats one of the track.
    """
    n = len(plots)
    some = np.empty(MOST, np.int32)
    low = since
    while low < n:
        which = np.floor(plots[low].time_s / rules.slice_s)
        high = low
        while high < n and np.floor(plots[high].time_s / rules.slice_s) == which:
            high += 1
        if counts[0] - counts[1] + high - low > len(free) or counts[3] + counts[0] + high - low > len(gone):
            return low
        end_s = (which + 1) * rules.slice_s
        spread_out(bank, first, levels, counts[0], end_s, rules.slice_s, rules.gate_d2)
        a = low
        while a < high:
            s, b = plots[a].sensor, a
            while b < high and plots[b].sensor == s:
                b += 1
            batch(bank, first, levels, free, counts, plots[a:b], sensors, sensors[s], motions, rules, desk, end_s,
                  number[a:b], state[a:b], status[a:b], some)  # fmt: skip
            sensors[s].latest_s = max(sensors[s].latest_s, plots[b - 1].time_s)
            a = b
        # rows end only here: within a slice the grid still chains them
        if which % UNITED_SLICES == 0:
            unite(bank, first, levels, counts[0], free, counts, sensors, end_s, gone, gone_s, some)
        tend(bank, counts[0], free, counts, sensors, rules, end_s, gone, gone_s)
        low = high
    return n


@njit(cache=True)
def batch(
    bank: Records,
    first: I4,
    levels: I8,
    free: I4,
    counts: I8,
    plots: Records,
    sensors: Records,
    sensor: Record,
    motions: Records,
    rules: Record,
    desk: Record,
    end_s: float,
    number: I4,
    state: F8,
    status: U1,
    some: I4,
) -> None:
    """Plots of one sensor in one slice: associate them, refine their tracks, begin new ones."""
    many = len(plots)
    estimate_clutter(sensor, plots)
    rows, count = np.empty((many, KEPT), np.int32), np.empty(many, np.int64)
    gains, ratios = np.empty((many, KEPT)), np.empty((many, KEPT))
    repeated, kin, chosen = np.empty(many, np.uint8), np.empty(many, np.int32), np.empty(many, np.int64)
    pairs(bank, first, levels, plots, sensor, motions, rules, desk, some, rows, gains, ratios, count, repeated, kin)
    settle(bank, many, rows, gains, count, chosen)
    for k in range(many):
        plot = plots[k]
        if chosen[k] >= 0:
            t = rows[k, chosen[k]]
            refine(bank[t], plot, sensor, motions[bank[t].motion], rules.velocity_sigma_mps, desk)
            believed = bank[t].status
            found(bank[t], plot, ratios[k, chosen[k]], sensor, rules)
            if bank[t].status != believed:
                first_of = sensors[bank[t].began]  # it was no clutter
                first_of.fresh = max(first_of.fresh - 1.0, 0.0)
        elif kin[k] != NONE and bank[kin[k]].updated_s < plot.time_s - LOST_SCANS * sensor.scan_s:
            # nobody has seen it where it was taken to be, and here it says its name: the same track, seated anew
            t = kin[k]
            seat(bank[t], plot, sensor, rules, desk)
            found(bank[t], plot, 1.0, sensor, rules)
        elif repeated[k] or kin[k] != NONE:
            number[k], status[k] = NONE, REPEATS
            continue
        else:
            if counts[1] > 0:
                counts[1] -= 1
                t = free[counts[1]]
            else:
                t = counts[0]
                counts[0] += 1
            births = rules.births_m2 if np.isnan(plot.level_m) else rules.births_m2 / rules.height_span_m
            exists = births * sensor.pd / (births * sensor.pd + clutter_of(plot, sensor, rules))
            sensor.fresh += 1.0
            begin(bank[t], counts[2], plot, exists, sensor, rules, desk)
            counts[2] += 1
            lay(bank[t], t, first, levels, end_s - 0.5 * rules.slice_s, rules.slice_s, rules.gate_d2)
        number[k], status[k] = bank[t].number, bank[t].status
        for i in range(6):
            state[k, i] = bank[t].whole[i]


@njit(cache=True)
def foresee(bank: Records, rows: I8, time_s: float, motions: Records, desk: Record, mean: F8, cov: F8) -> None:
    """Means (R, 6) and covariances (R, 6, 6) of some rows at a time, into the last two; the bank is unchanged."""
    for r in range(len(rows)):
        row = bank[rows[r]]
        mean[r] = row.whole
        cov[r] = row.spread
        dt = time_s - row.time_s
        if dt > 0.0:
            motion = motions[row.motion]
            restlessness(row, dt, motion, desk.noise)
            kind = FALL if settled(row, motion) == FALL else STRAIGHT
            predict(mean[r], cov[r], dt, kind, 0.0, desk.noise[0], desk.noise[1], desk)
