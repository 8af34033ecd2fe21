"""What a young row is to the tracks that are believed: a stranger, what one of them has become, or a shadow."""

from __future__ import annotations

import numpy as np

from skyaccord.columns import I4
from skyaccord.sensors.plots import NO_ADDRESS
from skyaccord.tracks.kernels.association import identity_fit, slot_of
from skyaccord.tracks.kernels.bank import CONFIRMED, NONE, PAST, SLOTS, TENTATIVE, Record, Records, Store
from skyaccord.tracks.kernels.compiled import compiled, lean
from skyaccord.tracks.kernels.grid import BELIEVED, near
from skyaccord.tracks.kernels.ground import height_up
from skyaccord.tracks.kernels.life import SURE
from skyaccord.tracks.kernels.nests import gap2
from skyaccord.tracks.kernels.store import touch
from skyaccord.tracks.kernels.triangle import AT

RIVALS_M = 20_000.0  # within which tracks are looked for that a row may be in the place of
TURNED_M = 4_000.0  # an aircraft may be off where it was looked for, if it has turned as it can ..
TURNING_M = 2_000.0  # .. and while its turn has only begun,
SWERVE = 3.0  # .. by as much as it may: sigmas of a manoeuvre
ONE_PASS = 0.1  # share of a turn within which an antenna passes what is so near
STALE_S = 15.0  # by which the first reports of a target may be older than they say
FAST_MPS = 300.0  # no shadow is looked for farther than this lets it fall
TOGETHER_S = 0.8  # a sensor that reports two targets does so within this, as a rule
ONE_AFTER_OTHER = 1.2  # turns within which a sensor that still hears a target hears it again
SETTLED = 30  # reports after which nobody is taken for another's shadow


@compiled
def elder_of(store: Store, t: int, sensors: Records, motions: Records, middle_s: float, some: I4) -> int:
    """A believed track that is not true, or not where it is taken to be, if row t is; the nearest of several, or NONE.

    They share a plot; or nothing has heard the track since the first plot of row t though it was looked for, and it is
    near enough to have turned away to there; or it is nearer, and was passed over when row t was heard.
    """
    row, best, nearest2 = store.bank[t], NONE, np.inf
    for c in range(near(store, row.whole[:3], RIVALS_M, row.time_s, middle_s, some, BELIEVED)):
        track = store.bank[some[c]]
        if some[c] == t or track.number == 0 or track.status != CONFIRMED or track.lead != 1 or track.nest != NONE:
            continue
        if identity_fit(track, row, 1.0) < 0.0:
            continue
        apart2 = gap2(track, row)
        lost = track.updated_s < row.began_s and apart2 < TURNED_M**2 and overlooked(track, sensors)
        lost = lost or turned_away(track, row, sensors, motions)
        if apart2 < nearest2 and (lost or shares_plot(track, row)):
            best, nearest2 = some[c], apart2
    return best


@compiled
def succeed(store: Store, t: int, elder: int) -> None:
    """Row t goes on under the number of a track, whose row ends with the slice; nobody is told of an end."""
    row, track = store.bank[t], store.bank[elder]
    track.number, row.number = row.number, track.number
    row.hits += track.hits
    track.status, track.exists = TENTATIVE, 0.0
    touch(store, elder)


@lean
def overlooked(track: Record, sensors: Records) -> bool:
    """Whether a sensor has looked for a track since it was heard last, and has not found it."""
    for j in range(SLOTS):
        s = track.slot[j]
        if s == NONE or sensors[s].passive:  # who hears only those that emit looks for nobody
            continue
        # a turn before the look that is due it either heard the track, or looked in vain
        if track.due_s[j] - 1.1 * sensors[s].scan_s > track.updated_s:
            return True
    return False


@compiled
def turned_away(track: Record, row: Record, sensors: Records, motions: Records) -> bool:
    """Whether a track may have come to a row by a manoeuvre: it was passed over when that was heard."""
    since_s = passed_over_s(track, row, sensors)
    reach_m = min(0.5 * SWERVE * motions[track.motion].surge_mps2 * since_s**2, TURNING_M)
    return bool(gap2(track, row) < reach_m**2)


@lean
def passed_over_s(track: Record, row: Record, sensors: Records) -> float:
    """For how long the antennas that have heard a row have lost a track in it, at the most; 0: they have not.

    They know the track, and none of them has heard it in the pass in which it heard the row last; and no target has
    reported as the track since the row began.
    """
    longest_s = 0.0
    for j in range(SLOTS):
        s = track.slot[j]
        if s == NONE or sensors[s].passive:
            continue
        if not sensors[s].turning:
            if track.heard_s[j] > row.began_s:
                return 0.0
            continue
        i = slot_of(row, s)
        if i != NONE:
            since_s = row.heard_s[i] - track.heard_s[j]
            if since_s < ONE_PASS * sensors[s].scan_s:
                return 0.0
            longest_s = max(longest_s, since_s)
    return float(longest_s)


@lean
def shares_plot(a: Record, b: Record) -> bool:
    """Whether two rows were made of a plot in common while they were young."""
    for i in range(PAST):
        if a.past[i] != NONE:
            for j in range(PAST):
                if a.past[i] == b.past[j]:
                    return True
    return False


@compiled
def in_shadow(store: Store, t: int, s: int, sensors: Records, middle_s: float, some: I4) -> bool:
    """Whether row t, of a few reports of sensor s alone, may be a track that others hold and this sensor does not hear.

    A system at its limits may tell where a target was seconds ago: multilateration does when it begins to hear one, in
    bursts of three reports, four to fourteen seconds behind. Who says an address is nobody's shadow.
    """
    row = store.bank[t]
    if sensors[s].turning or row.hits >= SETTLED or row.address != NO_ADDRESS:
        return False
    for j in range(SLOTS):
        if row.slot[j] != NONE and row.slot[j] != s:
            return False
    for c in range(near(store, row.whole[:3], STALE_S * FAST_MPS, row.time_s, middle_s, some)):
        track = store.bank[some[c]]
        if track.number == 0 or track.status != CONFIRMED or track.lead != 1 or identity_fit(track, row, 1.0) < 0.0:
            continue
        if held_by_others(track, s, row.time_s, sensors) and casts(track, row):
            return True
    return False


@compiled
def held_by_others(track: Record, s: int, time_s: float, sensors: Records) -> bool:
    """Whether other sensors than s hold a track, and s has not heard it just now: it cannot know the two apart."""
    held = False
    for j in range(SLOTS):
        if track.slot[j] == NONE or sensors[track.slot[j]].passive:
            continue
        since_s = time_s - track.heard_s[j]
        if track.slot[j] != s:
            held = held or since_s < ONE_AFTER_OTHER * sensors[track.slot[j]].scan_s
        elif since_s < TOGETHER_S:
            return False
    return held


@compiled
def casts(track: Record, row: Record) -> bool:
    """Whether a row is as high as a track, and no farther from it than that flies in `STALE_S`, within their errors."""
    up = np.empty(3)
    rise = height_up(row.whole, up) - height_up(track.whole, up)
    speed2, climb, var, var_rise = 0.0, 0.0, 0.0, 0.0
    for i in range(3):
        speed2 += track.whole[i + 3] ** 2
        climb += up[i] * track.whole[i + 3]
        var += track.spread[AT[i, i]] + row.spread[AT[i, i]]
        for k in range(3):
            var_rise += up[i] * up[k] * (track.spread[AT[i, k]] + row.spread[AT[i, k]])
    if abs(rise) > SURE * np.sqrt(var_rise) + STALE_S * abs(climb):
        return False
    return bool(gap2(track, row) < (STALE_S * np.sqrt(speed2) + SURE * np.sqrt(var)) ** 2)
