"""One turn of the tracker: plots of many slices in, rows changed, what became of each plot out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skyaccord.columns import F8, I4, I8, U1
from skyaccord.tracks.kernels.association import slot_of
from skyaccord.tracks.kernels.bank import (
    BEARING,
    CONFIRMED,
    FALL,
    HYPOTHESES,
    NO_SLICE,
    NONE,
    PACKED,
    REPEATS,
    STRAIGHT,
    TENTATIVE,
    UNTOLD,
    WIDTH,
    Bids,
    Laws,
    Record,
    Records,
    Said,
    Store,
)
from skyaccord.tracks.kernels.bids import estimate_clutter, gather_bids, newcomer
from skyaccord.tracks.kernels.compiled import compiled, entry, lean
from skyaccord.tracks.kernels.contest import settle, tell, weave
from skyaccord.tracks.kernels.fetch import fetch_models
from skyaccord.tracks.kernels.filters import predict, restlessness, settled
from skyaccord.tracks.kernels.grid import lay, spread_out
from skyaccord.tracks.kernels.kin import elder_of, in_shadow, succeed, turned_away
from skyaccord.tracks.kernels.life import SAME_SCAN, begin, found, seat, take_in, tend, unite
from skyaccord.tracks.kernels.store import copy_row, give_back, next_number, room_left, spare, touch
from skyaccord.tracks.kernels.triangle import unpacked

MOST_EMPTY = 200  # slices without plots after which no track is left that could end
MOST = 256  # candidates of one plot
YOUNG = 4  # young tracks that one plot may extend
KEPT = 24  # best fitting rows of one plot that compete for it
NEST_ROWS = 16  # that the nests of a batch need for each of its plots, seldom more
LOST_SCANS = 1.5  # turns without a plot after which a track is where its address says


class Room(NamedTuple):
    """What is worked out of each plot of a batch; made once for many, for to make it costs more than to use it."""

    bids: Bids  # of tracks
    young: Bids  # of rows that are not believed yet
    repeated: U1  # 1: it repeats one that a track has of this turn
    kin: I4  # a row with its address that it does not fit, or NONE
    chosen: I4  # its row, or NONE
    root: I8  # lowest plot of its group, or NONE
    claimed: U1  # 1: a nest most probably has it
    group: I4  # plots of one group


@entry
def work(store: Store, laws: Laws, plots: Records, since: int, said: Said) -> int:
    """Take the plots from `since` on in, slice by slice and sensor by sensor: how many it has taken.

    All, or fewer where the next sensor's could find the store full: room must be made, then it goes on from there.
    """
    n, rules, counts = len(plots), laws.rules[0], store.counts[0]
    some, room = np.empty((2, MOST), np.int32), room_for(n - since)
    low = since
    while low < n:
        which = int(np.floor(plots[low].time_s / rules.slice_s))
        high = low
        while high < n and int(np.floor(plots[high].time_s / rules.slice_s)) == which:
            high += 1
        end_s = (which + 1) * rules.slice_s
        if counts.laid != which:
            if counts.laid != NO_SLICE:  # time goes by in slices without plots, too
                for empty in range(counts.laid + 1, min(which, counts.laid + MOST_EMPTY)):
                    tend(store, laws, (empty + 1) * rules.slice_s)
            give_back(store)
            spread_out(store, end_s - 0.5 * rules.slice_s, rules)
            counts.laid = which
        a = low
        while a < high:
            s, b = plots[a].sensor, a
            # reports come as they will, a target may have two in a slice: each is a batch of its own
            while b < high and plots[b].sensor == s and (b == a or laws.sensors[s].turning):
                b += 1
            # what ends in a slice: at most what is there, and what it brings
            if room_left(store) < rows_for(b - a) or counts.ended + counts.top + rows_for(b - a) > len(store.gone):
                return a
            part = Said(said.number[a:b], said.time_s[a:b], said.state[a:b], said.hits[a:b], said.status[a:b])
            batch(store, plots[a:b], laws.sensors[s], laws, end_s - 0.5 * rules.slice_s, part, some, room)
            laws.sensors[s].latest_s = max(laws.sensors[s].latest_s, plots[b - 1].time_s)
            a = b
        if which != counts.united:
            counts.united = which
            unite(store, laws.sensors, which, end_s - 0.5 * rules.slice_s, end_s, some[0])
        tend(store, laws, end_s)
        low = high
    return n


@entry
def hand_back(told: Said, rows: I8, epoch_s: float, said: Said) -> tuple[int, int]:
    """Write what was told of plots in the loops' order into these rows: how many repeat one, how many are of nobody."""
    repeats = untold = 0
    for i in range(len(rows)):
        k, status = rows[i], told.status[i]
        repeats += status == REPEATS
        untold += status == UNTOLD
        said.number[k], said.hits[k], said.time_s[k] = told.number[i], told.hits[i], told.time_s[i] + epoch_s
        said.status[k] = status if status <= CONFIRMED else TENTATIVE
        for j in range(6):
            said.state[k, j] = told.state[i, j]
    return repeats, untold


@compiled
def rows_for(plots: int) -> int:
    """Rows that a batch of plots may need: for what they begin, and for the ways that young rows and nests go."""
    return (1 + YOUNG) * plots + NEST_ROWS * min(plots, NEST_ROWS) + HYPOTHESES * WIDTH


@compiled
def batch(
    store: Store, plots: Records, sensor: Record, laws: Laws, middle_s: float, said: Said, some: I4, room: Room
) -> None:
    """Plots of one sensor in one slice: associate them, refine their tracks, begin new ones."""
    many, bank, motions, rules, desk = len(plots), store.bank, laws.motions, laws.rules[0], laws.desk[0]
    estimate_clutter(sensor, plots)
    bids, young, repeated, kin, claimed = room.bids, room.young, room.repeated, room.kin, room.claimed
    chosen, root = room.chosen[:many], room.root[:many]
    claimed[:many] = 0
    gather_bids(store, plots, sensor, laws, middle_s, some, bids, young, repeated, kin)
    if settle(store, bids, chosen, root):
        for k in range(many):
            if root[k] == k:
                size = 0
                for i in range(k, many):
                    if root[i] == k:
                        room.group[size] = i
                        size += 1
                weave(
                    store,
                    room.group[:size],
                    plots,
                    sensor,
                    laws,
                    middle_s,
                    bids,
                    chosen,
                    claimed,
                    said,
                    (1 + YOUNG) * many,
                )
    for k in range(many):
        if k + 1 < many and chosen[k + 1] != NONE:
            fetch_models(bank, chosen[k + 1])
        plot = plots[k]
        if claimed[k]:
            continue
        t = chosen[k]
        if t != NONE:
            at = 0
            while bids.rows[k, at] != t:
                at += 1
            take_in(bank[t], plot, sensor, motions, rules, desk)
            found(bank[t], plot, bids.ratios[k, at], sensor, rules)
            touch(store, t)
        elif lost(store, kin[k], plot, sensor):
            # nobody has seen it where it was taken to be, and here it says its name: the same track, seated anew
            t = kin[k]
            seat(bank[t], plot, sensor, rules, desk)
            found(bank[t], plot, 1.0, sensor, rules)
            touch(store, t)
        elif repeated[k] or kin[k] != NONE:
            said.status[k] = REPEATS
            continue
        elif plot.polar == BEARING:  # begins nothing: nobody knows where on it the target is
            sensor.fresh += 1.0
            said.status[k] = UNTOLD
            continue
        else:
            t = grow(store, k, plot, sensor, laws, middle_s, young, some[0])
        tell(bank[t], k, said)


@compiled
def room_for(plots: int) -> Room:
    """Room for batches of so many plots."""
    return Room(
        room_for_bids(plots, KEPT),
        room_for_bids(plots, YOUNG),
        np.empty(plots, np.uint8),
        np.empty(plots, np.int32),
        np.empty(plots, np.int32),
        np.empty(plots, np.int64),
        np.empty(plots, np.uint8),
        np.empty(plots, np.int32),
    )


@compiled
def room_for_bids(plots: int, most: int) -> Bids:
    """Room for the best rows of some plots."""
    return Bids(
        np.empty((plots, most), np.int32),
        np.empty((plots, most)),
        np.empty((plots, most)),
        np.empty(plots, np.int64),
    )


@lean
def lost(store: Store, t: int, plot: Record, sensor: Record) -> bool:
    """Whether row t, which has the plot's address and is elsewhere, has not been seen where it was taken to be."""
    if t == NONE or store.bank[t].number == 0:
        return False
    return bool(store.bank[t].updated_s < plot.time_s - LOST_SCANS * sensor.scan_s)


@compiled
def grow(
    store: Store,
    k: int,
    plot: Record,
    sensor: Record,
    laws: Laws,
    middle_s: float,
    young: Bids,
    some: I4,
) -> int:
    """A plot that is no track's extends young rows, or begins one: the likeliest row that has it."""
    bank, rules, best = store.bank, laws.rules[0], NONE
    for i in range(young.many[k]):
        t = young.rows[k, i]
        if not still_young(bank[t], plot, sensor):
            continue
        grown = extend(store, t, plot, young.ratios[k, i], sensor, laws)
        touch(store, grown)
        if grown != t:
            lay(store, grown, middle_s, rules)
        if best == NONE or bank[grown].exists > bank[best].exists:
            best = grown
        if bank[grown].status == CONFIRMED:
            elder = elder_of(store, grown, laws.sensors, laws.motions, middle_s, some)
            surer = elder != NONE and bank[elder].exists >= bank[grown].exists
            surer = surer and not turned_away(bank[elder], bank[grown], laws.sensors, laws.motions)
            if surer or in_shadow(store, grown, plot.sensor, laws.sensors, middle_s, some):
                bank[grown].status = TENTATIVE
                break
            began = laws.sensors[bank[grown].began]  # it was no clutter
            began.fresh = max(began.fresh - 1.0, 0.0)
            if elder != NONE:
                succeed(store, grown, elder)
            break
    if best == NONE or bank[best].exists < 0.5:
        exists = newcomer(plot, sensor, rules)
        sensor.fresh += 1.0
        fresh = spare(store)
        begin(bank[fresh], next_number(store), plot, exists, sensor, rules, laws.desk[0])
        lay(store, fresh, middle_s, rules)
        best = fresh if best == NONE else best
    return best


@lean
def still_young(row: Record, plot: Record, sensor: Record) -> bool:
    """Whether a row is as it was when the batch was looked at: no other plot of it has made it a track."""
    if row.number == 0 or row.exists == 0.0 or row.status == CONFIRMED:
        return False
    j = slot_of(row, plot.sensor)
    return bool(not sensor.turning or j == NONE or plot.time_s - row.heard_s[j] >= SAME_SCAN * sensor.scan_s)


@lean
def extend(store: Store, t: int, plot: Record, ratio: float, sensor: Record, laws: Laws) -> int:
    """A young row takes a plot: the row that has it.

    As long as it is not believed even so, the plot may as well be clutter: a row of its own takes it, and the young
    one stays to wait for another. A believed row is one row.
    """
    rules, r = laws.rules[0], store.bank[t].exists
    gain = sensor.pd * ratio
    if r * gain < rules.confirm * (1.0 - r + r * gain):
        t = copy_row(store, t)
        store.bank[t].number = next_number(store)
    take_in(store.bank[t], plot, sensor, laws.motions, rules, laws.desk[0])
    found(store.bank[t], plot, ratio, sensor, rules)
    return t


@entry
def foresee(bank: Records, rows: I8, time_s: float, laws: Laws, mean: F8, cov: F8) -> None:
    """Means (R, 6) and covariances (R, 6, 6) of some rows at a time, into the last two; the bank is unchanged."""
    desk, spread = laws.desk[0], np.empty(PACKED)
    for r in range(len(rows)):
        row = bank[rows[r]]
        mean[r] = row.whole
        spread[:] = row.spread
        dt = time_s - row.time_s
        if dt < 0.0:
            for i in range(3):
                mean[r, i] += dt * mean[r, i + 3]
        if dt > 0.0:
            motion = laws.motions[row.motion]
            restlessness(row, dt, motion, desk.noise)
            kind = FALL if settled(row, motion) == FALL else STRAIGHT
            predict(mean[r], spread, dt, kind, 0.0, desk.noise[0], desk.noise[1], desk)
        cov[r] = unpacked(spread)
