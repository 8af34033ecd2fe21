"""Nests: tracks that compete for the same plots in more than one likely way.

Where one assignment of plots to tracks is far likelier than any other it is taken for true, and a track is one row.
Where it is not, the likely ones are kept as hypotheses, each with its own row for each track, until later plots tell
them apart: a multi-Bernoulli mixture in track-oriented form (A. F. Garcia-Fernandez, J. L. Williams, K. Granstrom and
L. Svensson, "Poisson multi-Bernoulli mixture filter: direct derivation and implementation", IEEE Trans. AES 54(4),
2018), kept small by joining rows that have become alike. Tracks whose row is the same in all hypotheses leave.
"""

from __future__ import annotations

import numpy as np

from skyaccord.columns import F8, I4, I8
from skyaccord.tracks.kernels.bank import HYPOTHESES, NONE, SLOTS, WIDTH, Record, Records, Store
from skyaccord.tracks.kernels.company import SURE_LOG, in_place
from skyaccord.tracks.kernels.compiled import compiled, entry
from skyaccord.tracks.kernels.store import note_end, retire, touch
from skyaccord.tracks.kernels.triangle import AT

CHILDREN = 32  # hypotheses that are looked at before the best are kept
UNLIKELY = 1e-3  # probability, against the best, below which a hypothesis is not kept
SAME_LOOK_S = 0.3  # looks of two rows that are due within this are one look
ALIKE_D2 = 1.5  # squared distance below which two rows of one track are one ..
ALIKE_EXISTENCE = 0.05  # .. unless they differ by more than this in existence
GATED = -1e9
LEAST_GAIN_M2 = 1e-3  # for which numbers are not exchanged
UNLIKE_D2 = 20.0  # squared distance that an end of one target weighs as much as
UNUSED = 2  # a row's `lead` while it is looked for
SEARCHES = 4000  # steps of the search for children of one hypothesis


@compiled
def children(
    many: int, parent_log: F8, leaf: I4, tracks: int, det: F8, plots: int, log: F8, parent: I8, taken: I4
) -> int:
    """The likeliest ways to give plots to the tracks of hypotheses: how many.

    `det` (L, plots): log-likelihood ratio of plot k as row l's, GATED where it is not; not to have a plot costs nothing
    here, the looks see to that. Fills `log`, `parent` and `taken` (CHILDREN, WIDTH), each track's plot or NONE. Depth
    first, the best plots of each track first, cut by what the tracks that are still to come could at most add.
    """
    count, best = 0, -np.inf
    order, options = np.empty((tracks, plots + 1), np.int32), np.empty(tracks, np.int64)
    hope = np.zeros(tracks + 1)
    at, gain, using = np.zeros(tracks + 1, np.int64), np.zeros(tracks + 1), np.full(tracks, NONE, np.int32)
    busy = np.zeros(plots, np.bool_)
    least = np.log(UNLIKELY)
    for h in range(many):
        for j in range(tracks):
            own = det[leaf[h, j]]
            options[j] = 0
            for k in range(plots):
                if own[k] > GATED:
                    i = options[j]
                    while i > 0 and own[order[j, i - 1]] < own[k]:
                        order[j, i] = order[j, i - 1]
                        i -= 1
                    order[j, i] = k
                    options[j] += 1
            order[j, options[j]] = NONE
            options[j] += 1
        hope[tracks] = 0.0
        for j in range(tracks - 1, -1, -1):
            k = order[j, 0]
            hope[j] = hope[j + 1] + (max(det[leaf[h, j], k], 0.0) if k != NONE else 0.0)
        depth, searched = 0, 0
        gain[0], at[0] = parent_log[h], 0
        while depth >= 0 and searched < SEARCHES:
            searched += 1
            if depth == tracks:
                count, best = note(count, best, gain[depth], h, using, tracks, log, parent, taken)
                depth -= 1
                if using[depth] != NONE:
                    busy[using[depth]] = False
                continue
            moved = False
            while not moved and at[depth] < options[depth]:
                k = order[depth, at[depth]]
                at[depth] += 1
                if k != NONE and busy[k]:
                    continue
                more = det[leaf[h, depth], k] if k != NONE else 0.0
                total = gain[depth] + more
                floor = best + least
                if count == CHILDREN:
                    floor = max(floor, log[worst(log, count)])
                if total + hope[depth + 1] <= floor:
                    continue
                using[depth] = k
                if k != NONE:
                    busy[k] = True
                gain[depth + 1] = total
                depth += 1
                if depth < tracks:
                    at[depth] = 0
                moved = True
            if not moved:
                depth -= 1
                if depth >= 0 and using[depth] != NONE:
                    busy[using[depth]] = False
        for k in range(plots):
            busy[k] = False
    return count


@compiled
def worst(log: F8, count: int) -> int:
    """Which child is the least likely."""
    at = 0
    for c in range(1, count):
        if log[c] < log[at]:
            at = c
    return at


@compiled
def note(
    count: int, best: float, gain: float, h: int, using: I4, tracks: int, log: F8, parent: I8, taken: I4
) -> tuple[int, float]:
    """Write a child down if it is among the best: (how many there are, the best one's log weight)."""
    c = count
    if count == CHILDREN:
        c = worst(log, count)
        if gain <= log[c]:
            return count, best
    else:
        count += 1
    log[c], parent[c] = gain, h
    for j in range(tracks):
        taken[c, j] = using[j]
    return count, max(best, gain)


@compiled
def alike(a: Record, b: Record) -> bool:
    """Whether two rows of one track have become the same: as sure, and within the errors of the first as fast there."""
    if abs(a.exists - b.exists) > ALIKE_EXISTENCE:
        return False
    dt = a.time_s - b.time_s
    d2 = 0.0
    for i in range(3):
        gap = a.whole[i] - b.whole[i] - dt * b.whole[i + 3]
        d2 += gap * gap / (a.spread[AT[i, i]] + 1e-9)
        gap = a.whole[i + 3] - b.whole[i + 3]
        d2 += gap * gap / (a.spread[AT[i + 3, i + 3]] + 1e-9)
        if d2 > ALIKE_D2:
            return False
    different = False
    for j in range(SLOTS):
        if a.slot[j] != b.slot[j] or (a.slot[j] != NONE and abs(a.due_s[j] - b.due_s[j]) > SAME_LOOK_S):
            different = True
    return not different


@compiled
def tidy(store: Store, nest: Record) -> None:
    """Make a nest as small as it may be: likely hypotheses, no two alike, best first; tracks that are certain leave."""
    bank, weight, leaf = store.bank, nest.weight, nest.leaf
    listed, many = np.empty(HYPOTHESES * WIDTH, np.int32), 0
    top = 0.0
    for h in range(nest.hypotheses):
        top = max(top, weight[h])
        for j in range(nest.tracks):
            listed[many] = leaf[h, j]
            many += 1
            bank[leaf[h, j]].lead = UNUSED
    kept = 0
    for h in range(nest.hypotheses):
        if weight[h] > UNLIKELY * top and weight[h] > 0.0:
            weight[kept] = weight[h]
            for j in range(nest.tracks):
                leaf[kept, j] = leaf[h, j]
            kept += 1
    nest.hypotheses = kept
    unify(nest)
    for j in range(nest.tracks):
        join_rows(bank, nest, j)
    unify(nest)
    j = 0
    while j < nest.tracks:
        certain = True
        for h in range(1, nest.hypotheses):
            certain = certain and leaf[h, j] == leaf[0, j]
        if certain:
            row = bank[leaf[0, j]]
            row.nest, row.lead, row.luck, row.number, row.doubted = NONE, 1, 0.0, nest.number[j], nest.doubted[j]
            touch(store, leaf[0, j])
            take_out(nest, j)
        else:
            j += 1
    unify(nest)
    for h in range(nest.hypotheses - 1, -1, -1):
        for j in range(nest.tracks):
            row = bank[leaf[h, j]]
            row.lead, row.number, row.doubted = 1 if h == 0 else 0, nest.number[j], nest.doubted[j]
    for i in range(many):
        if bank[listed[i]].lead == UNUSED:
            retire(store, listed[i])


@compiled
def rename(bank: Records, nest: Record, told: int) -> None:
    """Let each hypothesis call its targets so that they are like those of the same number in the one that was told.

    Which target has which number is nobody's knowledge unless they say their names: exchanged numbers are no other
    hypothesis. What is told of a track does not jump when a hypothesis becomes the likeliest, and where one of several
    has ended it is one number that does, not a little of each.
    """
    tracks, leaf = nest.tracks, nest.leaf
    for h in range(nest.hypotheses):
        better = h != told
        while better:  # pairs are exchanged as long as that brings them nearer
            better = False
            for i in range(tracks):
                for j in range(i + 1, tracks):
                    if leaf[told, i] == leaf[h, i] or leaf[told, j] == leaf[h, j]:
                        continue
                    a, b = bank[leaf[told, i]], bank[leaf[told, j]]
                    x, y = bank[leaf[h, i]], bank[leaf[h, j]]
                    if nameless(x, y) and unlike(a, y) + unlike(b, x) < unlike(a, x) + unlike(b, y) - LEAST_GAIN_M2:
                        leaf[h, i], leaf[h, j] = leaf[h, j], leaf[h, i]
                        better = True


@compiled
def foreseen_at(bank: Records, rows: I4, time_s: float) -> F8:
    """Where the targets of some rows are at a time, if they fly straight on: (R, 3)."""
    out = np.empty((len(rows), 3))
    for j in range(len(rows)):
        row = bank[rows[j]]
        for i in range(3):
            out[j, i] = row.whole[i] + (time_s - row.time_s) * row.whole[i + 3]
    return out


@compiled
def keep_sides(
    bank: Records, nest: Record, told: int, before: F8, after: F8, memory: Records, numbers: I4, time_s: float
) -> None:
    """Exchange numbers in the hypothesis that is told where two targets would have changed places, by their plots.

    By what its tracks (J,), of these numbers, remember of each other at a time; those that do not, by their sides.
    `before` and `after` (J, 3): where they were expected when the plots came, and where these have put them. What
    moves both alike, a turn flown together or an error of the sensor, makes the one look like the other, but does not
    move it past the other.
    """
    for i in range(nest.tracks):
        for j in range(i + 1, nest.tracks):
            a, b = bank[nest.leaf[told, i]], bank[nest.leaf[told, j]]
            if not nameless(a, b):
                continue
            sure = in_place(memory[i], numbers[j], a, b, time_s)
            if np.isnan(sure) or memory[j].beside_s > memory[i].beside_s:
                sure = in_place(memory[j], numbers[i], b, a, time_s)
            if np.isnan(sure):
                side = 0.0
                for c in range(3):
                    side += (before[i, c] - before[j, c]) * (after[i, c] - after[j, c])
                exchanged = side < 0.0
            else:
                exchanged = sure < -SURE_LOG
            if exchanged:
                nest.leaf[told, i], nest.leaf[told, j] = nest.leaf[told, j], nest.leaf[told, i]
                for c in range(3):
                    after[i, c], after[j, c] = after[j, c], after[i, c]


@compiled
def nameless(a: Record, b: Record) -> bool:
    """Whether two rows say nothing of themselves that tells them apart."""
    return bool(a.address == b.address and a.mode_a == b.mode_a and a.callsign == b.callsign)


@compiled
def gap2(a: Record, b: Record) -> float:
    """Squared distance of two rows at the time of the later one."""
    late_s = max(a.time_s, b.time_s)
    out = 0.0
    for i in range(3):
        there = b.whole[i] + (late_s - b.time_s) * b.whole[i + 3]
        out += (a.whole[i] + (late_s - a.time_s) * a.whole[i + 3] - there) ** 2
    return out


@compiled
def unlike(a: Record, b: Record) -> float:
    """How little two rows are one target, m^2: by where they are, and by whether there is one at all."""
    var = a.spread[AT[0, 0]] + a.spread[AT[1, 1]] + a.spread[AT[2, 2]]
    return float(gap2(a, b) + UNLIKE_D2 * var * abs(a.exists - b.exists))


@compiled
def take_out(nest: Record, j: int) -> None:
    """A track leaves a nest; its rows are the caller's business."""
    for h in range(nest.hypotheses):
        for i in range(j, nest.tracks - 1):
            nest.leaf[h, i] = nest.leaf[h, i + 1]
    for i in range(j, nest.tracks - 1):
        nest.number[i], nest.doubted[i] = nest.number[i + 1], nest.doubted[i + 1]
    nest.tracks -= 1


@compiled
def join_rows(bank: Records, nest: Record, j: int) -> None:
    """Rows of one track that have become alike are one: that of the likelier hypothesis.

    Not where a hypothesis has that row for another track: no two targets are one row.
    """
    leaf = nest.leaf
    for h in range(1, nest.hypotheses):
        for g in range(h):
            if leaf[g, j] == leaf[h, j]:
                break
            if alike(bank[leaf[g, j]], bank[leaf[h, j]]) and not taken_beside(nest, h, j, leaf[g, j]):
                old = leaf[h, j]
                for i in range(h, nest.hypotheses):
                    if leaf[i, j] == old:
                        leaf[i, j] = leaf[g, j]
                break


@compiled
def taken_beside(nest: Record, h: int, j: int, t: int) -> bool:
    """Whether row t is another track's in a hypothesis, from h on, in which track j has the row that it has in h."""
    for i in range(h, nest.hypotheses):
        if nest.leaf[i, j] == nest.leaf[h, j]:
            for k in range(nest.tracks):
                if k != j and nest.leaf[i, k] == t:
                    return True
    return False


@compiled
def fold(bank: Records, nest: Record) -> None:
    """Let the looks that a nest's rows have had since weigh its hypotheses."""
    best = -np.inf
    for h in range(nest.hypotheses):
        luck = 0.0
        for j in range(nest.tracks):
            luck += bank[nest.leaf[h, j]].luck
        nest.weight[h] = np.log(nest.weight[h]) + luck
        best = max(best, nest.weight[h])
    total = 0.0
    for h in range(nest.hypotheses):
        nest.weight[h] = np.exp(nest.weight[h] - best)
        total += nest.weight[h]
        for j in range(nest.tracks):
            bank[nest.leaf[h, j]].luck = 0.0
    for h in range(nest.hypotheses):
        nest.weight[h] /= total


@compiled
def believed(bank: Records, nest: Record, j: int) -> float:
    """Probability that a nest's track exists, over its hypotheses."""
    exists = 0.0
    for h in range(nest.hypotheses):
        exists += nest.weight[h] * bank[nest.leaf[h, j]].exists
    return exists


@compiled
def led_by(nest: Record, t: int) -> int:
    """Which track of a nest row t leads."""
    j = 0
    while nest.leaf[0, j] != t:
        j += 1
    return j


@entry
def ways(bank: Records, nests: Records, rows: I8) -> tuple[I8, I8, F8]:
    """How the tracks of some leading rows (R,) may be: (W,) which track, a row of it, and the probability of that row.

    The ways of a track come together, the leading row's first; their probabilities add up to that of its existence.
    """
    most = 0
    for t in rows:
        most += 1 if bank[t].nest == NONE else nests[bank[t].nest].hypotheses
    track, way, weight, many = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most), 0
    for r in range(len(rows)):
        n, first = bank[rows[r]].nest, many
        if n == NONE:
            track[many], way[many], weight[many] = r, rows[r], bank[rows[r]].exists
            many += 1
            continue
        nest, j = nests[n], led_by(nests[n], rows[r])
        for h in range(nest.hypotheses):
            at = first
            while at < many and way[at] != nest.leaf[h, j]:
                at += 1
            if at == many:
                track[at], way[at], weight[at] = r, nest.leaf[h, j], 0.0
                many += 1
            weight[at] += nest.weight[h] * bank[nest.leaf[h, j]].exists
    return track[:many], way[:many], weight[:many]


@entry
def blend(track: I8, weight: F8, mean: F8, cov: F8, exists: F8) -> tuple[F8, F8]:
    """States (R, 6) and covariances (R, 6, 6) of tracks, from those (W, ..) of the ways that they may be.

    The mean over the ways, and the covariance about it; writes the probability of existence into `exists` (R,). Which
    target has which number is not among what differs: the hypotheses of a nest call those that are alike by one number.
    """
    out, spread = np.empty((len(exists), 6)), np.empty((len(exists), 6, 6))
    low = 0
    while low < len(track):
        r, high, total = track[low], low, 0.0
        while high < len(track) and track[high] == r:
            total += weight[high]
            high += 1
        out[r], spread[r], exists[r] = mean[low], cov[low], total
        if high > low + 1 and total > 0.0:
            out[r] = weight[low] / total * mean[low]
            for w in range(low + 1, high):
                out[r] += weight[w] / total * mean[w]
            spread[r] = 0.0
            for w in range(low, high):
                for i in range(6):
                    for j in range(6):
                        about = (mean[w, i] - out[r, i]) * (mean[w, j] - out[r, j])
                        spread[r, i, j] += weight[w] / total * (cov[w, i, j] + about)
        low = high
    return out, spread


@compiled
def doubtful(row: Record, exists: float, sensors: Records, rules: Record) -> bool:
    """Whether a track should be told of no more, being so likely to exist after its last look.

    To wait for the next one costs that it is told of until then though its target may be gone; not to wait costs its
    number, if that look finds it. A look that is long overdue does not come: that sensor is silent.
    """
    wait_s, pd = np.inf, 0.0
    for j in range(SLOTS):
        if row.slot[j] != NONE:
            due_s = row.due_s[j] + sensors[row.slot[j]].late_s - row.looked_s
            if -rules.slice_s < due_s < wait_s:
                wait_s, pd = due_s, row.seen[j]
    return bool(np.isfinite(wait_s) and rules.number_worth_s * exists * pd < (1.0 - exists) * wait_s)


@compiled
def tend_nests(store: Store, sensors: Records, rules: Record, time_s: float) -> None:
    """Weigh the looks of all nests, let tracks go that are believed no more, and make them small."""
    for n in range(len(store.nests)):
        nest = store.nests[n]
        if nest.tracks == 0:
            continue
        fold(store.bank, nest)
        j = 0
        while j < nest.tracks:
            exists = believed(store.bank, nest, j)
            if doubtful(store.bank[nest.leaf[0, j]], exists, sensors, rules):
                let_go(store, nest, j, exists, time_s)
            else:
                j += 1
        rename(store.bank, nest, 0)
        tidy(store, nest)


@compiled
def end_nested(store: Store, nest: Record, j: int, time_s: float) -> None:
    """End one track of a nest, with all its rows."""
    if not nest.doubted[j]:
        note_end(store, nest.number[j], time_s)
    retire_rows(store, nest, j, NONE)
    take_out(nest, j)


@compiled
def let_go(store: Store, nest: Record, j: int, exists: float, time_s: float) -> None:
    """Doubt a track of a nest: the row that it has in the best hypothesis waits on alone, unless it is another's."""
    if not nest.doubted[j]:
        note_end(store, nest.number[j], time_s)
    t = nest.leaf[0, j]
    retire_rows(store, nest, j, t)
    row = store.bank[t]
    if not in_use(nest, j, t):
        row.nest, row.lead, row.luck, row.number = NONE, 1, 0.0, nest.number[j]
        row.exists, row.doubted = exists, 1
        touch(store, t)
    take_out(nest, j)


@compiled
def retire_rows(store: Store, nest: Record, j: int, kept: int) -> None:
    """Retire the rows of one track of a nest but for those of others, and one."""
    for h in range(nest.hypotheses):
        t = nest.leaf[h, j]
        if t != kept and store.bank[t].number and not in_use(nest, j, t):
            retire(store, t)


@compiled
def in_use(nest: Record, j: int, t: int) -> bool:
    """Whether a row is of another track of a nest than j."""
    for h in range(nest.hypotheses):
        for i in range(nest.tracks):
            if i != j and nest.leaf[h, i] == t:
                return True
    return False


@compiled
def rank(values: F8, many: int, out: I4) -> None:
    """Indices of the first `many` values, the largest first and equal ones in order, into `out`."""
    for a in range(many):
        b = a
        while b > 0 and values[out[b - 1]] < values[a]:
            out[b] = out[b - 1]
            b -= 1
        out[b] = a


@compiled
def gather(bank: Records, nests: Records, singles: I4, holders: I4, log: F8, leaf: I4) -> tuple[int, int]:
    """The joint hypotheses of some nests and single rows: (how many, tracks in each), into `log` and `leaf`.

    (0, 0) when there would be too many tracks. The nests' likeliest combinations are kept.
    """
    tracks, width, many = len(singles), len(singles), 1
    for n in holders:
        tracks += nests[n].tracks
    if tracks > WIDTH:
        return 0, 0
    log[0] = 0.0
    for j in range(width):
        leaf[0, j] = singles[j]
    product, rows = np.empty(HYPOTHESES * HYPOTHESES), np.empty((HYPOTHESES * HYPOTHESES, WIDTH), np.int32)
    order = np.empty(HYPOTHESES * HYPOTHESES, np.int32)
    for n in holders:
        nest = nests[n]
        at = 0
        for a in range(many):
            for b in range(nest.hypotheses):
                product[at] = log[a] + np.log(nest.weight[b])
                for j in range(width):
                    rows[at, j] = leaf[a, j]
                for j in range(nest.tracks):
                    rows[at, width + j] = nest.leaf[b, j]
                at += 1
        width += nest.tracks
        rank(product, at, order)
        many = min(at, HYPOTHESES)
        for a in range(many):
            log[a] = product[order[a]]
            for j in range(width):
                leaf[a, j] = rows[order[a], j]
    return many, width


@compiled
def unify(nest: Record) -> None:
    """Hypotheses with the same rows are one; the best comes first; probabilities sum to one."""
    weight, leaf, tracks = nest.weight, nest.leaf, nest.tracks
    kept = 0
    for h in range(nest.hypotheses):
        same = NONE
        for g in range(kept):
            equal = True
            for j in range(tracks):
                equal = equal and leaf[g, j] == leaf[h, j]
            if equal:
                same = g
                break
        if same != NONE:
            weight[same] += weight[h]
        else:
            weight[kept] = weight[h]
            for j in range(tracks):
                leaf[kept, j] = leaf[h, j]
            kept += 1
    nest.hypotheses = kept
    for a in range(1, kept):  # insertion sort
        b = a
        while b > 0 and weight[b] > weight[b - 1]:
            weight[b], weight[b - 1] = weight[b - 1], weight[b]
            for j in range(tracks):
                leaf[b, j], leaf[b - 1, j] = leaf[b - 1, j], leaf[b, j]
            b -= 1
    total = 0.0
    for h in range(kept):
        total += weight[h]
    for h in range(kept):
        weight[h] /= total
