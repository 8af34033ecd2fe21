"""Plots that more than one track wants, and tracks that want more than one plot."""

from __future__ import annotations

import numpy as np

from skyaccord.columns import F8, I4, I8, U1, Bool
from skyaccord.tracks.kernels.association import FORBIDDEN, LARGEST, assign
from skyaccord.tracks.kernels.bank import HYPOTHESES, NONE, TENTATIVE, WIDTH, Bids, Laws, Record, Records, Said, Store
from skyaccord.tracks.kernels.company import recall, remember
from skyaccord.tracks.kernels.compiled import compiled
from skyaccord.tracks.kernels.grid import lay
from skyaccord.tracks.kernels.life import found, take_in
from skyaccord.tracks.kernels.nests import (
    CHILDREN,
    GATED,
    UNLIKELY,
    believed,
    children,
    fold,
    foreseen_at,
    gather,
    keep_sides,
    rank,
    rename,
    tidy,
)
from skyaccord.tracks.kernels.store import copy_row, retire, room_left, spare_nest, touch

WIDEST = 24  # plots of a group for which hypotheses are made
CERTAIN = 0.9  # probability at which a hypothesis says who flies beside whom


@compiled
def settle(store: Store, bids: Bids, chosen: I4, root: I8) -> bool:
    """Give each plot that nobody contests its row, into `chosen` (K,), and put the others into groups.

    Plots that want the same row, or rows of one nest, get the same `root` (K,), the lowest of them; NONE: no group.
    True when there is a group.
    """
    bank, rows, count = store.bank, bids.rows, bids.many
    many = len(chosen)
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
                    unite_plots(store, rows[k, i], k, root)
        for k in range(many):
            if root[k] != NONE:
                root[k] = leader(root, k)
    for k in range(many):
        for i in range(count[k]):
            row = bank[rows[k, i]]
            row.claims = 0
            free_of_holder(store, row)
    return crowded


@compiled
def unite_plots(store: Store, t: int, k: int, root: I8) -> None:
    """Put plot k into one group with the plot that has asked for row t, or for its nest, before."""
    row = store.bank[t]
    before = row.holder if row.nest == NONE else store.nests[row.nest].holder
    if before != NONE:
        a, b = leader(root, k), leader(root, before)
        root[max(a, b)] = min(a, b)
    elif row.nest == NONE:
        row.holder = k
    else:
        store.nests[row.nest].holder = k


@compiled
def leader(root: I8, k: int) -> int:
    """The lowest plot of k's group."""
    while root[k] != k:
        k = root[k]
    return k


@compiled
def free_of_holder(store: Store, row: Record) -> None:
    """Forget which plot has asked for a row or its nest."""
    row.holder = NONE
    if row.nest != NONE:
        store.nests[row.nest].holder = NONE


@compiled
def contest(bank: Records, group: I4, bids: Bids, chosen: I4) -> None:
    """Solve one group of plots that compete for tracks by the best total gain, no track having two.

    A group too large for that is served in order, each plot with the best track that is left.
    """
    rows, gains, count = bids.rows, bids.gains, bids.many
    n, m, total = len(group), 0, 0
    for k in group:
        total += count[k]
    tracks = np.empty(total, np.int32)
    for k in group:
        for i in range(count[k]):
            row = bank[rows[k, i]]
            if row.number and row.holder == NONE:
                row.holder = m
                tracks[m] = rows[k, i]
                m += 1
    if n * (m + n) > LARGEST:
        taken = np.zeros(m, np.bool_)
        for k in group:
            for i in range(count[k]):
                column = bank[rows[k, i]].holder
                if column != NONE and chosen[k] == NONE and not taken[column]:
                    chosen[k] = rows[k, i]
                    taken[column] = True
    else:
        cost = np.zeros((n, m + n))
        cost[:, :m] = FORBIDDEN
        for a in range(n):
            for i in range(count[group[a]]):
                column = bank[rows[group[a], i]].holder
                if column != NONE:
                    cost[a, column] = -gains[group[a], i]
        best = assign(cost)
        for a in range(n):
            if best[a] < m:
                chosen[group[a]] = tracks[best[a]]
    for a in range(m):
        bank[tracks[a]].holder = NONE


@compiled
def weave(
    store: Store,
    group: I4,
    plots: Records,
    sensor: Record,
    laws: Laws,
    middle_s: float,
    bids: Bids,
    chosen: I4,
    claimed: U1,
    said: Said,
    reserved: int,
) -> None:
    """Resolve one group of contested plots: into `chosen` where one way is by far the likeliest, else into a nest.

    Plots that the nest most probably has are `claimed`, and what they made of their track is written. `reserved` rows
    must be left for what is no track's.
    """
    bank = store.bank
    singles, holders = np.empty(WIDTH, np.int32), np.empty(WIDTH, np.int32)
    many_singles, many_holders = competitors(store, group, bids, singles, holders)
    log, leaf = np.empty(HYPOTHESES), np.empty((HYPOTHESES, WIDTH), np.int32)
    many, width = 0, 0
    enough = room_left(store) >= HYPOTHESES * WIDTH + reserved
    if len(group) <= WIDEST and max(many_singles, many_holders) <= WIDTH and enough:
        for i in range(many_holders):
            fold(bank, store.nests[holders[i]])
        many, width = gather(bank, store.nests, singles[:many_singles], holders[:many_holders], log, leaf)
    if many == 0:
        collapse(store, group, bids)
        contest(bank, group, bids, chosen)
        return
    leaves = np.empty(HYPOTHESES * WIDTH, np.int32)
    leaves = leaves[: number_leaves(bank, leaf[:many, :width], leaves)]
    numbers, doubted, local = np.empty(width, np.int32), np.empty(width, np.uint8), np.empty((many, width), np.int32)
    for j in range(width):
        numbers[j], doubted[j] = bank[leaf[0, j]].number, bank[leaf[0, j]].doubted
    memory = recall(bank, leaf[0, :width])
    remember(bank, singles[:many_singles], numbers[:many_singles], memory[:many_singles])  # they come first
    for j in range(many_singles):
        bank[singles[j]].company = memory[j]
    for h in range(many):
        for j in range(width):
            local[h, j] = bank[leaf[h, j]].member
    for i in range(many_holders):
        drop_others(store, store.nests[holders[i]], leaves)
    gain, ratio = table(bank, group, sensor, bids, leaves)
    child_log, parent = np.empty(CHILDREN), np.empty(CHILDREN, np.int64)
    taken = np.empty((CHILDREN, WIDTH), np.int32)
    born = children(many, log, local, width, gain, len(group), child_log, parent, taken)
    order = np.empty(CHILDREN, np.int32)
    rank(child_log, born, order)
    kept = 0
    while kept < min(born, HYPOTHESES) and child_log[order[kept]] > child_log[order[0]] + np.log(UNLIKELY):
        kept += 1
    n = holders[0] if many_holders else (spare_nest(store) if kept > 1 else NONE)
    if n == NONE:
        for j in range(width):
            if taken[order[0], j] != NONE:
                chosen[group[taken[order[0], j]]] = leaf[0, j]
        return
    # each row once for each plot that it takes in some hypothesis, and once for none
    uses = np.zeros((len(leaves), len(group) + 1), np.bool_)
    for c in range(kept):
        for j in range(width):
            uses[local[parent[order[c]], j], taken[order[c], j] + 1] = True
    before = foreseen_at(bank, leaf[0, :width], plots[group[0]].time_s)
    becomes = branch(store, leaves, uses, group, plots, sensor, laws, middle_s, ratio)
    for i in range(many_holders):
        store.nests[holders[i]].tracks = 0
    nest = store.nests[n]
    nest.tracks, nest.hypotheses = width, kept
    total, told = 0.0, NONE
    for j in range(width):
        nest.number[j], nest.doubted[j] = numbers[j], doubted[j]
    for c in range(kept):
        nest.weight[c] = np.exp(child_log[order[c]] - child_log[order[0]])
        total += nest.weight[c]
        for j in range(width):
            t = becomes[local[parent[order[c]], j], taken[order[c], j] + 1]
            nest.leaf[c, j] = t
            bank[t].nest, bank[t].luck = n, 0.0
        if told == NONE and parent[order[c]] == 0:
            told = c
    for c in range(kept):
        nest.weight[c] /= total
    told = max(told, 0)
    now_s = plots[group[0]].time_s
    keep_sides(bank, nest, told, before, foreseen_at(bank, nest.leaf[told, :width], now_s), memory, numbers, now_s)
    rename(bank, nest, told)
    if nest.weight[told] > CERTAIN:
        remember(bank, nest.leaf[told, :width], numbers, memory)
    for c in range(kept):
        for j in range(width):
            bank[nest.leaf[c, j]].company = memory[j]
    claim(store, nest, becomes, group, laws.rules[0].confirm, claimed, said)
    tidy(store, nest)


@compiled
def competitors(store: Store, group: I4, bids: Bids, singles: I4, holders: I4) -> tuple[int, int]:
    """Rows alone and nests that a group of plots is wanted by: how many of each; as many as fit are listed."""
    bank, nests, rows, count = store.bank, store.nests, bids.rows, bids.many
    many_singles, many_holders = 0, 0
    for k in group:
        for i in range(count[k]):
            row = bank[rows[k, i]]
            if row.nest == NONE:
                if row.holder == NONE:
                    row.holder = k
                    if many_singles < len(singles):
                        singles[many_singles] = rows[k, i]
                    many_singles += 1
            elif nests[row.nest].holder == NONE:
                nests[row.nest].holder = k
                if many_holders < len(holders):
                    holders[many_holders] = row.nest
                many_holders += 1
    for k in group:
        for i in range(count[k]):
            free_of_holder(store, bank[rows[k, i]])
    return many_singles, many_holders


@compiled
def collapse(store: Store, group: I4, bids: Bids) -> None:
    """Take the best hypothesis of each nest that a group concerns for true: there are too many tracks for more."""
    for k in group:
        for i in range(bids.many[k]):
            row = store.bank[bids.rows[k, i]]
            if row.number and row.nest != NONE:
                nest = store.nests[row.nest]
                nest.weight[1 : nest.hypotheses] = 0.0
                tidy(store, nest)


@compiled
def number_leaves(bank: Records, leaf: I4, leaves: I4) -> int:
    """Number the rows of some hypotheses (H, tracks), into `leaves` and each row's `member`: how many there are."""
    many = 0
    for h in range(leaf.shape[0]):
        for j in range(leaf.shape[1]):
            t = leaf[h, j]
            if bank[t].member >= many or leaves[bank[t].member] != t:
                bank[t].member = many
                leaves[many] = t
                many += 1
    return many


@compiled
def drop_others(store: Store, nest: Record, leaves: I4) -> None:
    """Retire rows of a nest that are in none of the hypotheses that are looked at."""
    for h in range(nest.hypotheses):
        for j in range(nest.tracks):
            row = store.bank[nest.leaf[h, j]]
            if row.number and (row.member >= len(leaves) or leaves[row.member] != nest.leaf[h, j]):
                retire(store, nest.leaf[h, j])


@compiled
def table(bank: Records, group: I4, sensor: Record, bids: Bids, leaves: I4) -> tuple[F8, F8]:
    """What each plot of a group is worth to each row (L, G), against a miss that the looks will see to; and ratios."""
    gain = np.full((len(leaves), len(group)), GATED)
    ratio = np.zeros((len(leaves), len(group)))
    for a in range(len(group)):
        k = group[a]
        for i in range(bids.many[k]):
            row = bank[bids.rows[k, i]]
            if row.member < len(leaves) and leaves[row.member] == bids.rows[k, i]:
                gain[row.member, a] = bids.gains[k, i] + np.log(1.0 - row.exists * sensor.pd)
                ratio[row.member, a] = bids.ratios[k, i]
    return gain, ratio


@compiled
def branch(
    store: Store,
    leaves: I4,
    uses: Bool,
    group: I4,
    plots: Records,
    sensor: Record,
    laws: Laws,
    middle_s: float,
    ratio: F8,
) -> I4:
    """Let rows become what hypotheses want: (L, G + 1) the row that each is with no plot, and with each; NONE: none."""
    bank, rules, desk = store.bank, laws.rules[0], laws.desk[0]
    becomes = np.full(uses.shape, NONE, np.int32)
    for x in range(len(leaves)):
        own = leaves[x]
        lives = uses[x, 0]
        if lives:
            becomes[x, 0] = own
        for a in range(len(group)):
            if uses[x, a + 1]:
                becomes[x, a + 1] = copy_row(store, own) if lives else own
                lives = True
        if not lives:
            retire(store, own)
        for a in range(len(group) - 1, -1, -1):
            t = becomes[x, a + 1]
            if t != NONE:
                take_in(bank[t], plots[group[a]], sensor, laws.motions, rules, desk)
                found(bank[t], plots[group[a]], ratio[x, a], sensor, rules)
                touch(store, t)
                if t != own:
                    lay(store, t, middle_s, rules)
    return becomes


@compiled
def claim(store: Store, nest: Record, becomes: I4, group: I4, confirm: float, claimed: U1, said: Said) -> None:
    """Tell of each plot what the best hypothesis that has it says, if it is likely a track's at all: it is claimed.

    A doubted track is told of again where its plots leave it as sure, over all hypotheses, as one that is believed.
    """
    free_share, teller = np.ones(len(group)), np.full((len(group), 2), NONE, np.int32)
    for c in range(nest.hypotheses):
        for j in range(nest.tracks):
            a = plot_of(becomes, nest.leaf[c, j])
            if a != NONE:
                free_share[a] -= nest.weight[c]
                if teller[a, 0] == NONE:
                    teller[a, 0], teller[a, 1] = c, j
    for a in range(len(group)):
        if free_share[a] <= 0.5:
            claimed[group[a]] = 1
            j = teller[a, 1]
            row = store.bank[nest.leaf[teller[a, 0], j]]
            if nest.doubted[j] and believed(store.bank, nest, j) >= confirm:
                nest.doubted[j] = 0
            row.number, row.doubted = nest.number[j], nest.doubted[j]
            tell(row, group[a], said)


@compiled
def plot_of(becomes: I4, t: int) -> int:
    """Which plot of a group row t has taken, or NONE."""
    for x in range(becomes.shape[0]):
        for a in range(becomes.shape[1] - 1):
            if becomes[x, a + 1] == t:
                return a
    return NONE


@compiled
def tell(row: Record, k: int, said: Said) -> None:
    """Write what plot k has made of its track."""
    said.number[k], said.time_s[k], said.hits[k] = row.number, row.time_s, row.hits
    said.status[k] = TENTATIVE if row.doubted else row.status
    for i in range(6):
        said.state[k, i] = row.whole[i]
