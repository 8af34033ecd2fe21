"""A sky shared out by area: whose plots are whose, and what the tracks of an area are called outside.

An area numbers its tracks by itself. Track n of area k is told as (n - 1) * areas + k + 1, unless it has taken the name
that another area tells the same target by. Who has taken a name, and who was told of, stands in tables: open addressed,
the key in the first column, a free row all zeros, and in a last row the number of those that are not.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skyaccord.columns import F8, I4, I8, Bool
from skyaccord.earth.wgs84 import ECC2, SEMI_MAJOR_M
from skyaccord.tracks.kernels.bank import CONFIRMED, NONE, Records, Said, Store
from skyaccord.tracks.kernels.compiled import compiled, entry, inlined, lean
from skyaccord.tracks.kernels.fetch import fetch_head
from skyaccord.tracks.kernels.grid import AHEAD

NAME, TOLD, OWN = 1, 2, 1  # columns of `known` and of `caller`
ROOM = 16  # for which a table is made, a power of two; it doubles when it is three quarters full
SPREAD = 0x9E3779B1  # 2^32 over the golden ratio: rising keys come to lie far apart


class Names(NamedTuple):
    """What the tracks of one area are called outside, of those that are not called as their number says."""

    area: int
    areas: int  # how many there are
    known: I4  # (C + 1, 3): number here, name that it has taken (0: none), 1: it was told of and believed
    caller: I4  # (C + 1, 2): name that was taken, number here


def no_names(area: int, areas: int) -> Names:
    """The names of an area that has told of nothing."""
    return Names(area, areas, np.zeros((ROOM + 1, 3), np.int32), np.zeros((ROOM + 1, 2), np.int32))


@entry
def along(
    sensor: I8,
    range_m: F8,
    azimuth_rad: F8,
    lat_rad: F8,
    lon_rad: F8,
    sensors: Records,
    origin: F8,
    axis: F8,
    edges_m: F8,
    overlap_m: float,
) -> F8:
    """Where plots (N,) of sensors (S,) are along an axis (3,) from an origin (3,): (N,); NaN: a bearing.

    A plot whose range ends before all edges (A + 1,) and their overlap is put where its sensor is.
    """
    out, place, base_m = np.empty(len(sensor)), np.empty(3), np.empty(len(sensors))
    lean, clear_m = np.empty((len(sensors), 2)), np.full(len(sensors), np.inf)
    for s in range(len(sensors)):
        base_m[s] = dot(sensors[s].position, axis) - dot(origin, axis)
        lean[s, 0], lean[s, 1] = dot(sensors[s].axes[0], axis), dot(sensors[s].axes[1], axis)
        for edge_m in edges_m:
            clear_m[s] = min(clear_m[s], abs(edge_m - base_m[s]) - overlap_m)
    for k in range(len(out)):
        s = sensor[k]
        out[k] = base_m[s]
        if np.isfinite(lat_rad[k]) and np.isfinite(lon_rad[k]):
            put_on_ground(lat_rad[k], lon_rad[k], place)
            out[k] = dot(place, axis) - dot(origin, axis)
        elif not range_m[k] < clear_m[s]:
            out[k] += range_m[k] * (np.sin(azimuth_rad[k]) * lean[s, 0] + np.cos(azimuth_rad[k]) * lean[s, 1])
    return out


@inlined
def dot(a: F8, b: F8) -> float:
    """The product of two vectors (3,)."""
    return float(a[0] * b[0] + a[1] * b[1] + a[2] * b[2])


@inlined
def put_on_ground(lat_rad: float, lon_rad: float, out: F8) -> None:
    """Write the ECEF position (3,) of a place on the ellipsoid."""
    sin, cos = np.sin(lat_rad), np.cos(lat_rad)
    normal = SEMI_MAJOR_M / np.sqrt(1.0 - ECC2 * sin * sin)
    out[0], out[1] = normal * cos * np.cos(lon_rad), normal * cos * np.sin(lon_rad)
    out[2] = normal * (1.0 - ECC2) * sin


@entry
def share(
    rows: I8, along_m: F8, area: int, edges_m: F8, overlap_m: float, slack_m: float, owner: I4, host: I4
) -> tuple[I8, I8, I8]:
    """Share rows (R,) of plots that lie `along_m` (N,) an axis out to one of the areas between its edges (A + 1,).

    Gives the rows that the area takes in, with an overlap, those of them that are in it, and its guests: those that are
    in another area, and bearings, which go to all. Writes into `owner` (N,) and `host` (N,), NONE before, that the area
    is the one that a plot is in, and that it is the one that it is well inside of, by `slack_m`. Areas write of
    different plots.
    """
    taken, home, guests = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
    many, within, apart = 0, 0, 0
    low_m, high_m = edges_m[area], edges_m[area + 1]
    for k in rows:
        at_m = along_m[k]
        if at_m < low_m - overlap_m or at_m >= high_m + overlap_m:
            continue
        taken[many] = k
        many += 1
        if low_m <= at_m < high_m:
            owner[k] = area
            home[within] = k
            within += 1
            if low_m + slack_m <= at_m < high_m - slack_m:
                host[k] = area
        else:
            guests[apart] = k
            apart += 1
    return taken[:many], home[:within], guests[:apart]


@entry
def adopt(mine: Names, other: Names, rows: I8, ours: I4, theirs: I4, owner: I4, host: I4) -> tuple[Names, I4]:
    """Call tracks as another area does that has the same plots and is the owner of them, by their last plots.

    Not those that were told of, unless the other is host to the plot and has told of its track, too: they are one. And
    by no name that another track of here was told by. Also gives the names that were told and are given up so.

    `ours` and `theirs` (N,) are the numbers that the two areas have for plots, of which these rows count: the guests
    of here. Bearings, which nobody owns, are agreed on as if the last area did.
    """
    wanted = wishes(mine, other, rows, ours, theirs, owner, host)
    given_up, many = np.empty(len(wanted), np.int32), 0
    for i in range(len(wanted)):
        own, name = wanted[i, 0], wanted[i, 1]
        holder = mine.caller[find(mine.caller, name), OWN]
        first = (name - 1) // mine.areas + 1  # whose first name it is, if one of here
        told = (holder and told_here(mine, holder)) or (told_as(mine, first) == name and told_here(mine, first))
        if name == first_name(mine, own) or told:
            continue
        if told_here(mine, own):
            given_up[many] = told_as(mine, own)
            many += 1
            mine.known[find(mine.known, own), TOLD] = 0
        if holder:
            unname(mine, holder)
        unname(mine, own)
        known, there = entered(mine.known, own)
        caller, back = entered(mine.caller, name)
        known[there, NAME], caller[back, OWN] = name, own
        mine = Names(mine.area, mine.areas, known, caller)
    return mine, given_up[:many]


@inlined
def told_here(names: Names, own: int) -> bool:
    """Whether an area has told of a track of its own as believed."""
    return bool(names.known[find(names.known, own), TOLD])


@compiled
def wishes(mine: Names, other: Names, rows: I8, ours: I4, theirs: I4, owner: I4, host: I4) -> I4:
    """Numbers of tracks that another area calls otherwise, and what it calls each by its last plot: (W, 2)."""
    out, many, seen = np.empty((len(rows), 2), np.int32), 0, np.zeros((ROOM + 1, 2), np.int32)
    for k in rows:
        if owner[k] % other.areas == other.area and ours[k] != NONE and theirs[k] != NONE:
            own, name = ours[k], told_as(other, theirs[k])
            settled = told_here(mine, own) and not (host[k] == other.area and told_here(other, theirs[k]))
            if told_as(mine, own) != name and not settled:
                seen, at = entered(seen, own)
                if not seen[at, 1]:
                    many += 1
                    seen[at, 1] = many
                out[seen[at, 1] - 1, 0], out[seen[at, 1] - 1, 1] = own, name
    return out[:many]


@entry
def tell(names: Names, rows: I8, said: Said, told: Said) -> Names:
    """Tell in these rows of what an area has said of plots, and note the believed tracks."""
    known = names.known
    for k in rows:
        own = said.number[k]
        at = find(known, own)
        told.number[k] = NONE if own == NONE else known[at, NAME] or first_name(names, own)
        told.time_s[k], told.hits[k], told.status[k] = said.time_s[k], said.hits[k], said.status[k]
        for i in range(6):
            told.state[k, i] = said.state[k, i]
        if said.status[k] == CONFIRMED and not known[at, TOLD]:
            known, at = entered(known, own)
            known[at, TOLD] = 1
    return Names(names.area, names.areas, known, names.caller)


@entry
def numbered(names: Names, own: I4) -> I4:
    """Numbers of an area as they are told; -1 stays."""
    out = np.empty(len(own), np.int32)
    for i in range(len(own)):
        out[i] = told_as(names, own[i])
    return out


@entry
def owned(names: Names, told: I4) -> I4:
    """An area's own numbers of what is told; -1: it calls nothing so."""
    out = np.empty(len(told), np.int32)
    for i in range(len(told)):
        out[i] = names.caller[find(names.caller, told[i]), OWN]
        if not out[i]:
            own = (told[i] - 1) // names.areas + 1
            out[i] = own if told_as(names, own) == told[i] else NONE
    return out


@entry
def was_told(names: Names, own: I4) -> Bool:
    """Which tracks, by an area's own numbers, it has told of as believed."""
    out = np.empty(len(own), np.bool_)
    for i in range(len(own)):
        out[i] = own[i] != NONE and told_here(names, own[i])
    return out


@entry
def believed(store: Store, own: I4) -> Bool:
    """Which tracks, by an area's own numbers, are in its bank and believed, and not doubted since."""
    wanted = np.zeros((ROOM + 1, 2), np.int32)
    for number in own:
        if number != NONE:
            wanted, _ = entered(wanted, number)
    top = store.counts[0].top if wanted[-1, 0] else 0
    for t in range(top):
        if t + AHEAD < top:
            fetch_head(store.bank, t + AHEAD)
        row = store.bank[t]
        if row.number and row.lead == 1 and row.status == CONFIRMED and not row.doubted:
            at = find(wanted, row.number)
            wanted[at, 1] = wanted[at, 0] != 0
    out = np.empty(len(own), np.bool_)
    for i in range(len(own)):
        out[i] = own[i] != NONE and wanted[find(wanted, own[i]), 1] == 1
    return out


@entry
def hush(names: Names, own: I4) -> None:
    """Note that tracks are told of no more; one that is heard again has the name that it had."""
    known = names.known
    for number in own:
        at = find(known, number)
        known[at, TOLD] = 0
        if not known[at, NAME]:
            strike(known, number)


@entry
def forget(names: Names, own: I4) -> None:
    """Strike tracks, by an area's own numbers: they are no more."""
    for number in own:
        unname(names, number)
        strike(names.known, number)


@inlined
def told_as(names: Names, own: int) -> int:
    """What a track is told as; -1 stays."""
    if own == NONE:
        return NONE
    name = names.known[find(names.known, own), NAME]
    return int(name or first_name(names, own))


@inlined
def first_name(names: Names, own: int) -> int:
    """What a track is told as that has taken no other name."""
    return int((own - 1) * names.areas + names.area + 1)


@lean
def unname(names: Names, own: int) -> None:
    """Let a track have its first name again."""
    known = names.known
    at = find(known, own)
    if known[at, NAME]:
        strike(names.caller, known[at, NAME])
        known[at, NAME] = 0
        if not known[at, TOLD]:
            strike(known, own)


@inlined
def find(table: I4, key: int) -> int:
    """The row of a key, or the free one that it would have."""
    last = len(table) - 2
    at = home(key, last)
    while table[at, 0] != key and table[at, 0] != 0:
        at = (at + 1) & last
    return int(at)


@inlined
def home(key: int, last: int) -> int:
    """The row that a key has where nobody is in the way."""
    return int((key * SPREAD) >> 12) & last


@compiled
def entered(table: I4, key: int) -> tuple[I4, int]:
    """The table with a row for a key, and which; it is another table where there was no room left."""
    if 4 * table[-1, 0] >= 3 * (len(table) - 1):
        narrow, table = table, np.zeros((2 * len(table) - 1, table.shape[1]), np.int32)
        for i in range(len(narrow) - 1):
            if narrow[i, 0]:
                table[find(table, narrow[i, 0])] = narrow[i]
        table[-1, 0] = narrow[-1, 0]
    at = find(table, key)
    if not table[at, 0]:
        table[at, 0] = key
        table[-1, 0] += 1
    return table, at


@lean
def strike(table: I4, key: int) -> None:
    """Free the row of a key, if it has one, and let those move up that it was in the way of."""
    last, free = len(table) - 2, find(table, key)
    if not table[free, 0]:
        return
    at = (free + 1) & last
    while table[at, 0]:
        if (at - home(table[at, 0], last)) & last >= (at - free) & last:
            for c in range(table.shape[1]):
                table[free, c] = table[at, c]
            free = at
        at = (at + 1) & last
    for c in range(table.shape[1]):
        table[free, c] = 0
    table[len(table) - 1, 0] -= 1
