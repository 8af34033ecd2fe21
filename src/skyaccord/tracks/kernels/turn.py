"""One turn of the tracker: plots of many slices in, rows changed, the number of each plot's track out."""

from __future__ import annotations

import numpy as np
from numba import njit

from skyaccord.columns import F8, I4, I8, U1
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.tracks.kernels.association import FORBIDDEN, LARGEST, SAME_ADDRESS, assign, identity_fit, slot_of, weigh
from skyaccord.tracks.kernels.bank import CONFIRMED, FALL, HYPOTHESES, NONE, STRAIGHT, WIDTH, Record, Records
from skyaccord.tracks.kernels.filters import predict, restlessness, settled
from skyaccord.tracks.kernels.grid import lay, near, spread_out
from skyaccord.tracks.kernels.life import (
    ONE_ADDRESS_M,
    SAME_SCAN,
    begin,
    dismiss_rivals,
    found,
    seat,
    take_in,
    tend,
    unite,
)
from skyaccord.tracks.kernels.nests import (
    CHILDREN,
    GATED,
    UNLIKELY,
    children,
    copy_row,
    fold,
    gather,
    rank,
    retire,
    spare,
    spare_nest,
    tidy,
)

MOST_EMPTY = 200  # slices without plots after which no track is left that could end
MOST = 256  # candidates of one plot
REPEATS = 2  # status of a plot that repeats its track's
YOUNG = 4  # young tracks that one plot may extend
KEPT = 24  # best fitting rows of one plot that compete for it
WIDEST = 24  # plots of a group for which hypotheses are made
ROWS_A_PLOT = 16  # rows that a plot may need at most, and seldom does
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
def unseen(sensor: Record, time_s: float, rules: Record) -> float:
    """Density of targets that a sensor has not seen yet: those that come, and what its looks have left of the first."""
    sensor.first_s = min(sensor.first_s, time_s)
    looks = np.floor((time_s - sensor.first_s) / sensor.scan_s + 0.5)
    return float(rules.births_m2 + rules.unseen_m2 * (1.0 - sensor.pd) ** looks)


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
    middle_s: float,
    some: I4,
    rows: I4,
    gains: F8,
    ratios: F8,
    count: I8,
    young: I4,
    young_gains: F8,
    young_ratios: F8,
    young_count: I8,
    repeated: U1,
    kin: I4,
) -> None:
    """Tracks that each plot of a batch may be of: the KEPT best rows, gains and density ratios, and how many.

    A pair's gain is the log-likelihood ratio of "this track's plot" over "clutter or new, and the track missed". Young
    tracks, which are not believed yet, are listed apart, the YOUNG best. `kin` is a row with the plot's address that
    it does not fit, or NONE.
    """
    pd = sensor.pd
    for k in range(len(plots)):
        plot = plots[k]
        count[k], young_count[k], repeated[k], kin[k] = 0, 0, 0, NONE
        radius_m = plot.radius_m if plot.address == NO_ADDRESS else max(plot.radius_m, ONE_ADDRESS_M)
        clutter = clutter_of(plot, sensor, rules)
        for c in range(near(bank, first, levels, plot.place, radius_m, plot.time_s - middle_s, some)):
            row = bank[some[c]]
            if row.number == 0 or row.exists == 0.0:
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
            gain = np.log(r * pd * ratio / (1.0 - r * pd))
            if row.status == CONFIRMED:
                keep(k, some[c], max(gain, 0.01 / (1.0 + d2)), ratio, rows, gains, ratios, count)
            else:
                keep(k, some[c], gain, ratio, young, young_gains, young_ratios, young_count)


@njit(cache=True)
def keep(k: int, t: int, gain: float, ratio: float, rows: I4, gains: F8, ratios: F8, count: I8) -> None:
    """Put a row among the best of a plot, as many as there is room for."""
    i = count[k]
    if i == rows.shape[1]:
        if gain <= gains[k, i - 1]:
            return
        i -= 1
    else:
        count[k] += 1
    while i > 0 and gains[k, i - 1] < gain:
        rows[k, i], gains[k, i], ratios[k, i] = rows[k, i - 1], gains[k, i - 1], ratios[k, i - 1]
        i -= 1
    rows[k, i], gains[k, i], ratios[k, i] = t, gain, ratio


@njit(cache=True)
def settle(bank: Records, nests: Records, many: int, rows: I4, count: I8, chosen: I4, root: I8) -> bool:
    """Give each plot that nobody contests its row, into `chosen` (many,), and put the others into groups.

    Plots that want the same row, or rows of one nest, get the same `root` (many,), the lowest of them; NONE: no group.
    True when there is a group.
    """
    for k in range(many):
        for i in range(count[k]):
            bank[rows[k, i]].claims += 1
    crowded = False
    for k in range(many):
        chosen[k], root[k] = NONE, NONE
        for i in range(count[k]):
            row = bank[rows[k, i]]
            if count[k] > 1 or row.claims > 1 or row.nest != NONE:
                root[k] = k
                crowded = True
        if count[k] and root[k] == NONE:
            chosen[k] = rows[k, 0]
    if crowded:
        for k in range(many):
            for i in range(count[k]):
                if root[k] != NONE:
                    unite_plots(bank, nests, rows[k, i], k, root)
        for k in range(many):
            if root[k] != NONE:
                root[k] = leader(root, k)
    for k in range(many):
        for i in range(count[k]):
            row = bank[rows[k, i]]
            row.claims, row.holder = 0, NONE
            if row.nest != NONE:
                nests[row.nest].holder = NONE
    return crowded


@njit(cache=True)
def unite_plots(bank: Records, nests: Records, t: int, k: int, root: I8) -> None:
    """Put plot k into one group with the plot that has asked for row t, or for its nest, before."""
    row = bank[t]
    before = row.holder if row.nest == NONE else nests[row.nest].holder
    if before != NONE:
        a, b = leader(root, k), leader(root, before)
        root[max(a, b)] = min(a, b)
    elif row.nest == NONE:
        row.holder = k
    else:
        nests[row.nest].holder = k


@njit(cache=True)
def leader(root: I8, k: int) -> int:
    """The lowest plot of k's group."""
    while root[k] != k:
        k = root[k]
    return k


@njit(cache=True)
def contest(bank: Records, plots: I4, rows: I4, gains: F8, count: I8, chosen: I4) -> None:
    """Solve one group of plots that compete for tracks by the best total gain, no track having two.

    A group too large for that is served in order, each plot with the best track that is left.
    """
    n, m, total = len(plots), 0, 0
    for k in plots:
        total += count[k]
    tracks = np.empty(total, np.int32)
    for k in plots:
        for i in range(count[k]):
            row = bank[rows[k, i]]
            if row.number and row.holder == NONE:
                row.holder = m
                tracks[m] = rows[k, i]
                m += 1
    if n * (m + n) > LARGEST:
        taken = np.zeros(m, np.bool_)
        for k in plots:
            for i in range(count[k]):
                column = bank[rows[k, i]].holder
                if column != NONE and chosen[k] == NONE and not taken[column]:
                    chosen[k] = rows[k, i]
                    taken[column] = True
    else:
        cost = np.zeros((n, m + n))
        cost[:, :m] = FORBIDDEN
        for a in range(n):
            for i in range(count[plots[a]]):
                column = bank[rows[plots[a], i]].holder
                if column != NONE:
                    cost[a, column] = -gains[plots[a], i]
        best = assign(cost)
        for a in range(n):
            if best[a] < m:
                chosen[plots[a]] = tracks[best[a]]
    for a in range(m):
        bank[tracks[a]].holder = NONE


@njit(cache=True)
def weave(
    bank: Records,
    nests: Records,
    first: I4,
    levels: I8,
    free: I4,
    counts: I8,
    group: I4,
    plots: Records,
    sensor: Record,
    motions: Records,
    rules: Record,
    desk: Record,
    middle_s: float,
    rows: I4,
    gains: F8,
    ratios: F8,
    count: I8,
    chosen: I4,
    claimed: U1,
    number: I4,
    state: F8,
    status: U1,
) -> None:
    """Resolve one group of contested plots: into `chosen` where one way is by far the likeliest, else into a nest.

    Plots that the nest most probably has are `claimed`, and what they made of their track is written.
    """
    singles, many_singles = np.empty(WIDTH, np.int32), 0
    holders, many_holders = np.empty(WIDTH, np.int32), 0
    room = len(group) <= WIDEST
    for k in group:
        for i in range(count[k]):
            row = bank[rows[k, i]]
            if row.nest == NONE:
                if row.holder == NONE:
                    row.holder = k
                    room = room and many_singles < WIDTH
                    if room:
                        singles[many_singles] = rows[k, i]
                        many_singles += 1
            elif nests[row.nest].holder == NONE:
                nests[row.nest].holder = k
                room = room and many_holders < WIDTH
                if room:
                    holders[many_holders] = row.nest
                    many_holders += 1
    for k in group:
        for i in range(count[k]):
            row = bank[rows[k, i]]
            row.holder = NONE
            if row.nest != NONE:
                nests[row.nest].holder = NONE
    log, leaf = np.empty(HYPOTHESES), np.empty((HYPOTHESES, WIDTH), np.int32)
    many, width = 0, 0
    if room:
        for i in range(many_holders):
            fold(bank, nests[holders[i]])
        many, width = gather(bank, nests, singles, many_singles, holders, many_holders, log, leaf)
    if many == 0:
        # too many for hypotheses: the nests' best ones are taken for true
        for k in group:
            for i in range(count[k]):
                row = bank[rows[k, i]]
                if row.number and row.nest != NONE:
                    nest = nests[row.nest]
                    nest.weight[1 : nest.hypotheses] = 0.0
                    tidy(bank, nest, free, counts)
        contest(bank, group, rows, gains, count, chosen)
        return
    # all rows of all hypotheses, and what each plot is worth to them
    leaves, many_leaves = np.empty(HYPOTHESES * WIDTH, np.int32), 0
    for h in range(many):
        for j in range(width):
            row = bank[leaf[h, j]]
            if row.member >= many_leaves or leaves[row.member] != leaf[h, j]:
                row.member = many_leaves
                leaves[many_leaves] = leaf[h, j]
                many_leaves += 1
    det = np.full((many_leaves, len(group)), GATED)
    ratio = np.zeros((many_leaves, len(group)))
    local = np.empty((HYPOTHESES, WIDTH), np.int32)
    for h in range(many):
        for j in range(width):
            local[h, j] = bank[leaf[h, j]].member
    for a in range(len(group)):
        k = group[a]
        for i in range(count[k]):
            row = bank[rows[k, i]]
            if row.member < many_leaves and leaves[row.member] == rows[k, i]:
                det[row.member, a] = gains[k, i] + np.log(1.0 - row.exists * sensor.pd)
                ratio[row.member, a] = ratios[k, i]
    child_log, parent = np.empty(CHILDREN), np.empty(CHILDREN, np.int64)
    taken = np.empty((CHILDREN, WIDTH), np.int32)
    born = children(many, log, local, width, det, len(group), child_log, parent, taken)
    order = np.empty(CHILDREN, np.int32)
    rank(child_log, born, order)
    kept = 0
    while kept < min(born, HYPOTHESES) and child_log[order[kept]] > child_log[order[0]] + np.log(UNLIKELY):
        kept += 1
    n = holders[0] if many_holders else (spare_nest(nests, counts) if kept > 1 else NONE)
    if n == NONE:
        for j in range(width):
            if taken[order[0], j] != NONE:
                chosen[group[taken[order[0], j]]] = leaf[0, j]
        return
    # each row once for each plot that it takes in some hypothesis, and once for none
    uses = np.zeros((many_leaves, len(group) + 1), np.bool_)
    becomes = np.full((many_leaves, len(group) + 1), NONE, np.int32)
    for c in range(kept):
        for j in range(width):
            uses[local[parent[order[c]], j], taken[order[c], j] + 1] = True
    for x in range(many_leaves):
        own = leaves[x]
        lives = uses[x, 0]
        if lives:
            becomes[x, 0] = own
        for a in range(len(group)):
            if uses[x, a + 1]:
                if lives:
                    becomes[x, a + 1] = copy_row(bank, own, free, counts)
                else:
                    becomes[x, a + 1] = own
                    lives = True
        if not lives:
            retire(bank, own, free, counts)
        for a in range(len(group) - 1, -1, -1):
            t = becomes[x, a + 1]
            if t != NONE:
                plot = plots[group[a]]
                take_in(bank[t], plot, sensor, motions, rules, desk)
                found(bank[t], plot, ratio[x, a], sensor, rules)
                if t != own:
                    lay(bank[t], t, first, levels, middle_s, rules.slice_s, rules.gate_d2)
    for i in range(many_holders):
        nests[holders[i]].tracks = 0
    nest = nests[n]
    nest.tracks, nest.hypotheses = width, kept
    free_share = np.ones(len(group))
    total = 0.0
    for c in range(kept):
        nest.weight[c] = np.exp(child_log[order[c]] - child_log[order[0]])
        total += nest.weight[c]
    for c in range(kept):
        nest.weight[c] /= total
        for j in range(width):
            a = taken[order[c], j]
            t = becomes[local[parent[order[c]], j], a + 1]
            nest.leaf[c, j] = t
            bank[t].nest, bank[t].luck = n, 0.0
            if a != NONE:
                free_share[a] -= nest.weight[c]
                k = group[a]
                if not claimed[k]:
                    claimed[k] = 1
                    number[k], status[k] = bank[t].number, bank[t].status
                    for i in range(6):
                        state[k, i] = bank[t].whole[i]
    for a in range(len(group)):
        if free_share[a] > 0.5:
            claimed[group[a]] = 0
    tidy(bank, nest, free, counts)


@njit(cache=True)
def work(
    bank: Records,
    nests: Records,
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
        if counts[0] - counts[1] + ROWS_A_PLOT * (high - low) > len(free) or counts[3] + counts[0] + ROWS_A_PLOT * (
            high - low
        ) > len(gone):
            return low
        end_s = (which + 1) * rules.slice_s
        spread_out(bank, first, levels, counts[0], end_s, rules.slice_s, rules.gate_d2)
        a = low
        while a < high:
            s, b = plots[a].sensor, a
            # reports come as they will, a target may have two in a slice: each is a batch of its own
            while b < high and plots[b].sensor == s and (b == a or sensors[s].turning):
                b += 1
            batch(bank, nests, first, levels, free, counts, plots[a:b], sensors, sensors[s], motions, rules, desk,
                  end_s, number[a:b], state[a:b], status[a:b], some)  # fmt: skip
            sensors[s].latest_s = max(sensors[s].latest_s, plots[b - 1].time_s)
            a = b
        # rows end only here: within a slice the grid still chains them
        if which % UNITED_SLICES == 0 and which != counts[6]:
            counts[6] = int(which)
            unite(bank, nests, first, levels, counts[0], free, counts, sensors, end_s, gone, gone_s, some)
        tend(bank, nests, counts[0], free, counts, sensors, rules, end_s, gone, gone_s)
        if high < n:  # time goes by in slices without plots, too
            empty = int(np.floor(plots[high].time_s / rules.slice_s) - which) - 1
            for _ in range(min(empty, MOST_EMPTY)):
                end_s += rules.slice_s
                tend(bank, nests, counts[0], free, counts, sensors, rules, end_s, gone, gone_s)
        low = high
    return n


@njit(cache=True)
def batch(
    bank: Records,
    nests: Records,
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
    young, young_count = np.empty((many, YOUNG), np.int32), np.empty(many, np.int64)
    young_gains, young_ratios = np.empty((many, YOUNG)), np.empty((many, YOUNG))
    repeated, kin, claimed = np.empty(many, np.uint8), np.empty(many, np.int32), np.zeros(many, np.uint8)
    chosen, root = np.empty(many, np.int32), np.empty(many, np.int64)
    middle_s = end_s - 0.5 * rules.slice_s
    pairs(bank, first, levels, plots, sensor, motions, rules, desk, middle_s, some, rows, gains, ratios, count, young,
          young_gains, young_ratios, young_count, repeated, kin)  # fmt: skip
    if settle(bank, nests, many, rows, count, chosen, root):
        group = np.empty(many, np.int32)
        for k in range(many):
            if root[k] == k:
                size = 0
                for i in range(k, many):
                    if root[i] == k:
                        group[size] = i
                        size += 1
                weave(bank, nests, first, levels, free, counts, group[:size], plots, sensor, motions, rules, desk,
                      middle_s, rows, gains, ratios, count, chosen, claimed, number, state, status)  # fmt: skip
    for k in range(many):
        plot = plots[k]
        if claimed[k]:
            continue
        if chosen[k] != NONE:
            t = chosen[k]
            at = 0
            while rows[k, at] != t:
                at += 1
            take_in(bank[t], plot, sensor, motions, rules, desk)
            found(bank[t], plot, ratios[k, at], sensor, rules)
        elif kin[k] != NONE and bank[kin[k]].updated_s < plot.time_s - LOST_SCANS * sensor.scan_s:
            # nobody has seen it where it was taken to be, and here it says its name: the same track, seated anew
            t = kin[k]
            seat(bank[t], plot, sensor, rules, desk)
            found(bank[t], plot, 1.0, sensor, rules)
        elif repeated[k] or kin[k] != NONE:
            number[k], status[k], state[k, :] = NONE, REPEATS, np.nan
            continue
        else:
            t = NONE
            for i in range(young_count[k]):
                if not still_young(bank[young[k, i]], plot, sensor):
                    continue
                grown = extend(bank, young[k, i], free, counts, plot, young_ratios[k, i], sensor, motions, rules, desk)
                if grown != young[k, i]:
                    lay(bank[grown], grown, first, levels, middle_s, rules.slice_s, rules.gate_d2)
                if t == NONE or bank[grown].exists > bank[t].exists:
                    t = grown
                if bank[grown].status == CONFIRMED:
                    began = sensors[bank[grown].began]  # it was no clutter
                    began.fresh = max(began.fresh - 1.0, 0.0)
                    dismiss_rivals(bank, first, levels, grown, some)
                    break
            if t == NONE or bank[t].exists < 0.5:
                births = unseen(sensor, plot.time_s, rules)
                births = births if np.isnan(plot.level_m) else births / rules.height_span_m
                exists = births * sensor.pd / (births * sensor.pd + clutter_of(plot, sensor, rules))
                sensor.fresh += 1.0
                fresh = spare(free, counts)
                begin(bank[fresh], counts[2], plot, exists, sensor, rules, desk)
                counts[2] += 1
                lay(bank[fresh], fresh, first, levels, middle_s, rules.slice_s, rules.gate_d2)
                t = fresh if t == NONE else t
        number[k], status[k] = bank[t].number, bank[t].status
        for i in range(6):
            state[k, i] = bank[t].whole[i]


@njit(cache=True)
def still_young(row: Record, plot: Record, sensor: Record) -> bool:
    """Whether a row is as it was when the batch was looked at: no other plot of it has made it a track."""
    if row.number == 0 or row.exists == 0.0 or row.status == CONFIRMED:
        return False
    j = slot_of(row, plot.sensor)
    return bool(not sensor.turning or j == NONE or plot.time_s - row.heard_s[j] >= SAME_SCAN * sensor.scan_s)


@njit(cache=True)
def extend(
    bank: Records,
    t: int,
    free: I4,
    counts: I8,
    plot: Record,
    ratio: float,
    sensor: Record,
    motions: Records,
    rules: Record,
    desk: Record,
) -> int:
    """A young row takes a plot: the row that has it.

    As long as it is not believed even so, the plot may as well be clutter: a row of its own takes it, and the young
    one stays to wait for another. A believed row is one row.
    """
    r = bank[t].exists
    gain = sensor.pd * ratio
    if r * gain < rules.confirm * (1.0 - r + r * gain):
        twig = spare(free, counts)
        bank[twig] = bank[t]
        bank[twig].number = counts[2]
        counts[2] += 1
        t = twig
    take_in(bank[t], plot, sensor, motions, rules, desk)
    found(bank[t], plot, ratio, sensor, rules)
    return t


@njit(cache=True)
def foresee(bank: Records, rows: I8, time_s: float, motions: Records, desk: Record, mean: F8, cov: F8) -> None:
    """Means (R, 6) and covariances (R, 6, 6) of some rows at a time, into the last two; the bank is unchanged."""
    for r in range(len(rows)):
        row = bank[rows[r]]
        mean[r] = row.whole
        cov[r] = row.spread
        dt = time_s - row.time_s
        if dt < 0.0:
            for i in range(3):
                mean[r, i] += dt * mean[r, i + 3]
        if dt > 0.0:
            motion = motions[row.motion]
            restlessness(row, dt, motion, desk.noise)
            kind = FALL if settled(row, motion) == FALL else STRAIGHT
            predict(mean[r], cov[r], dt, kind, 0.0, desk.noise[0], desk.noise[1], desk)
