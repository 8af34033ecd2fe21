"""The life of a track: begun by a plot, believed, missed, doubled, ended.

Each row carries the probability that its target exists (D. Musicki, R. Evans and S. Stankovic, "Integrated
probabilistic data association", IEEE Trans. Automatic Control 39(6), 1994). A plot raises it by its likelihood
against that of clutter; a look that should have found it and did not lowers it by the probability of detection;
and nothing lives for ever. A sensor's look counts once it has heard that target before, and counts as missed only when
the sensor has meanwhile delivered something later: a silent radar says nothing.
"""

from __future__ import annotations

import numpy as np

from skyaccord.columns import I4
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.tracks.kernels.association import SAME_ADDRESS, identity_fit, slot_of
from skyaccord.tracks.kernels.bank import (
    BEARING,
    CONFIRMED,
    MODELS,
    NONE,
    PAST,
    SLOTS,
    TENTATIVE,
    Laws,
    Record,
    Records,
    Store,
)
from skyaccord.tracks.kernels.compiled import compiled, entry, inlined, lean
from skyaccord.tracks.kernels.fetch import fetch_head, fetch_looks
from skyaccord.tracks.kernels.filters import absorb, absorb_rate, give_all, merge, observe, refine
from skyaccord.tracks.kernels.grid import AHEAD, BELIEVED, near, place_at
from skyaccord.tracks.kernels.ground import height_and_up, height_up
from skyaccord.tracks.kernels.nests import doubtful, end_nested, led_by, tend_nests, tidy
from skyaccord.tracks.kernels.store import note_end, retire, rouse
from skyaccord.tracks.kernels.triangle import AT

FLYING, FALLING = 0, 1  # rows of the table of motions
SAME_SCAN = 0.6  # an antenna does not see a target twice in less than this share of a turn
SAME_TIME_S = 1e-6
ONE_ADDRESS_M = 16_000.0  # within which tracks of one address are one target
BY_CHANCE = 1e-4  # a target is not missed so often that this would be the chance of it
UNITED_SLICES = 4  # slices in which all rows are looked at for doubles
YOUNG_SCANS = 2.3  # turns of its fastest sensor that end a track which is not believed
MOST_SEEN = 0.9  # one look that fails does not end a track, however well it was seen
UNSOUND_M2 = 1e12  # variance of a position that says nothing
SURE = 2.5  # sigmas
SUREST = 0.9999  # nothing is certain


@lean
def seat(row: Record, plot: Record, sensor: Record, rules: Record, desk: Record) -> None:
    """Give a row the state that one plot alone tells of."""
    known = not np.isnan(plot.level_m)
    sigma = np.sqrt(sensor.var_height) if known else rules.start_height_sigma_m
    coded = plot.mode_a != NO_MODE_A or plot.address != NO_ADDRESS
    climb = rules.start_climb_mps if coded else rules.start_climb_uncoded_mps
    mean, cov, up = row.mean[0], row.cov[0], desk.up
    for i in range(3):
        mean[i] = plot.place[i]
        mean[i + 3] = 0.0
    height_up(mean, up)
    # A prior that is wide but for the height; the plot is then taken in as any other
    wide = 1e8
    for i in range(3):
        for j in range(3):
            rise = up[i] * up[j]
            flat = (1.0 if i == j else 0.0) - rise
            cov[AT[i, j]] = wide * flat + sigma * sigma * rise
            cov[AT[i, j + 3]] = 0.0
            cov[AT[i + 3, j + 3]] = rules.start_speed_mps**2 * flat + climb**2 * rise
    observe(mean, 0.0, plot, sensor, desk)
    absorb(mean, cov, 2, 0.0, desk)
    if not np.isnan(plot.range_rate_mps):
        absorb_rate(mean, cov, plot, sensor, desk)
    give_all(row, mean, cov)
    row.motion = FLYING
    row.time_s = plot.time_s
    merge(row)


@lean
def take_in(row: Record, plot: Record, sensor: Record, motions: Records, rules: Record, desk: Record) -> None:
    """A row takes a plot in; where that leaves it without a sound state, it is seated anew, or ends by a bearing."""
    refine(row, plot, sensor, motions[row.motion], rules.velocity_sigma_mps, desk)
    check = 0.0
    for i in range(6):
        check += row.whole[i] + row.spread[AT[i, i]] + row.weight[i % MODELS]
    if not (np.isfinite(check) and row.spread[AT[0, 0]] < UNSOUND_M2 and row.spread[AT[1, 1]] < UNSOUND_M2):
        if plot.polar == BEARING:
            row.exists = 0.0
        else:
            seat(row, plot, sensor, rules, desk)


@inlined
def next_look(plot: Record, sensor: Record) -> float:
    """When a sensor should hear a plot's target again; never, where it hears only who emits."""
    return float(np.inf if sensor.passive else plot.time_s + sensor.scan_s)


@lean
def begin(row: Record, number: int, plot: Record, exists: float, sensor: Record, rules: Record, desk: Record) -> None:
    """A row becomes a new track of one plot alone."""
    seat(row, plot, sensor, rules, desk)
    row.exists = row.hope = exists
    row.looked_s = plot.time_s
    row.number = number
    row.status = TENTATIVE
    row.hits = 1
    row.began_s = row.updated_s = plot.time_s
    for j in range(SLOTS):
        row.slot[j] = NONE
    row.slot[0] = plot.sensor
    row.began = plot.sensor
    row.lead, row.nest, row.luck, row.doubted = 1, NONE, 0.0, 0
    row.heard_s[0] = plot.time_s
    row.due_s[0] = next_look(plot, sensor)
    row.seen[0] = sensor.pd
    row.address = NO_ADDRESS
    row.mode_a = NO_MODE_A
    row.callsign = 0
    row.pressure_alt_m = np.nan
    row.company.mate = 0
    row.past[0] = plot.id
    for i in range(1, PAST):
        row.past[i] = NONE
    learn(row, plot)


@inlined
def learn(row: Record, plot: Record) -> None:
    """A row takes the identity that a plot carries."""
    if plot.address != NO_ADDRESS:
        row.address = plot.address
    if plot.mode_a != NO_MODE_A:
        row.mode_a = plot.mode_a
    if plot.callsign != 0:
        row.callsign = plot.callsign
    if not np.isnan(plot.pressure_alt_m):
        row.pressure_alt_m = plot.pressure_alt_m


@inlined
def survive(row: Record, time_s: float, survives_s: float) -> None:
    """Bring the probability of existence forward to a time."""
    dt = time_s - row.looked_s
    if dt > 0.0:
        row.exists *= np.exp(-dt / survives_s)
        row.looked_s = time_s


@lean
def found(row: Record, plot: Record, ratio: float, sensor: Record, rules: Record) -> None:
    """Book that a plot is a row's: `ratio` is its density as the target's over that of clutter."""
    survive(row, plot.time_s, rules.survives_s)
    j = slot_of(row, plot.sensor)
    if j == NONE:
        j = 0
        for i in range(SLOTS):
            if row.slot[i] == NONE:
                j = i
                break
            if row.heard_s[i] < row.heard_s[j]:
                j = i
        row.slot[j] = plot.sensor
        row.seen[j] = sensor.pd
        row.heard_s[j] = row.due_s[j] = -np.inf
    else:
        row.seen[j] = min(row.seen[j] * rules.sight_memory + (1.0 - rules.sight_memory), MOST_SEEN)
    row.heard_s[j] = max(row.heard_s[j], plot.time_s)  # a late plot sets nothing back
    row.due_s[j] = max(row.due_s[j], next_look(plot, sensor))
    gain = 1.0 - row.seen[j] + sensor.pd * ratio
    r = row.exists
    row.exists = min(r * gain / (1.0 - r + r * gain), SUREST)
    row.updated_s = max(row.updated_s, plot.time_s)
    if row.status == TENTATIVE:
        row.past[row.hits % PAST] = plot.id
    row.hits += 1
    learn(row, plot)
    if row.exists >= rules.confirm and row.hits >= rules.confirm_hits:
        row.status, row.doubted = CONFIRMED, 0
    if row.hits > 2:
        change_motion(row)


@lean
def change_motion(row: Record) -> None:
    """Give a row the set of models that fits how it moves: what climbs or falls as no aircraft does is falling."""
    whole, spread = row.whole, row.spread
    height_m, ux, uy, uz = height_and_up(whole[0], whole[1], whole[2])
    up = (ux, uy, uz)
    climb = abs(whole[3] * up[0] + whole[4] * up[1] + whole[5] * up[2])
    speed = np.sqrt(whole[3] ** 2 + whole[4] ** 2 + whole[5] ** 2)
    var_climb, var_height, var_speed = 0.0, 0.0, 0.0
    for i in range(3):
        var_speed += spread[AT[i + 3, i + 3]]
        for j in range(3):
            var_climb += up[i] * up[j] * spread[AT[i + 3, j + 3]]
            var_height += up[i] * up[j] * spread[AT[i, j]]
    if row.motion == FLYING:  # until shown otherwise
        climb -= SURE * np.sqrt(var_climb)
        speed -= SURE * np.sqrt(var_speed)
        height_m -= SURE * np.sqrt(var_height)
        wanted = FALLING if climb > 120.0 or speed > 800.0 or height_m > 25e3 else FLYING
    else:
        wanted = FLYING if climb < 60.0 and speed < 700.0 and height_m < 20e3 else FALLING
    if wanted == row.motion:
        return
    row.motion = wanted
    give_all(row, whole, spread)


@compiled
def missed(row: Record, sensors: Records, rules: Record, until_s: float) -> None:
    """Lower a row's existence by the looks that should have found it before a time and did not."""
    for j in range(SLOTS):
        s = row.slot[j]
        if s == NONE:
            continue
        sensor = sensors[s]
        while row.due_s[j] + sensor.late_s <= min(sensor.latest_s, until_s) + SAME_TIME_S:
            look_s = row.due_s[j]
            survive(row, look_s, rules.survives_s)
            dt, away2 = look_s - row.time_s, 0.0
            for i in range(3):
                away2 += (row.whole[i] + dt * row.whole[i + 3] - sensor.position[i]) ** 2
            if away2 > sensor.reach_m**2 or look_s - row.heard_s[j] > rules.coast_scans * sensor.scan_s:
                row.slot[j] = NONE  # it has flown out of range or sight
                break
            pd, r = row.seen[j], row.exists
            row.luck += np.log(1.0 - r * pd)
            row.exists = r * (1.0 - pd) / (1.0 - r * pd)
            row.seen[j] = pd * rules.sight_memory
            row.due_s[j] += sensor.scan_s


@inlined
def pace_s(row: Record, sensors: Records) -> float:
    """Turn of the fastest of a row's sensors; 0: it has none left. One that waits for emissions counts only alone."""
    least, waiting = 0.0, 0.0
    for j in range(SLOTS):
        s = row.slot[j]
        if s != NONE and sensors[s].passive:
            waiting = sensors[s].scan_s if waiting == 0.0 else min(waiting, sensors[s].scan_s)
        elif s != NONE:
            least = sensors[s].scan_s if least == 0.0 else min(least, sensors[s].scan_s)
    return float(waiting if least == 0.0 else least)


@inlined
def sought(row: Record, sensors: Records) -> bool:
    """Whether an antenna looks for a row."""
    turning = False
    for j in range(SLOTS):
        turning = turning or (row.slot[j] != NONE and sensors[row.slot[j]].turning == 1)
    return turning


@compiled
def over(row: Record, sensors: Records, rules: Record, time_s: float) -> bool:
    """Whether a row should end."""
    if row.status == CONFIRMED:
        least = rules.drop if sought(row, sensors) else rules.drop_unsought
        return bool(row.exists < least or time_s - row.updated_s > rules.coast_scans * pace_s(row, sensors))
    return bool(row.exists < rules.forget * row.hope or time_s - row.updated_s > YOUNG_SCANS * pace_s(row, sensors))


@inlined
def wakes_s(row: Record, sensors: Records, rules: Record) -> float:
    """Time before which no look of a row is due and patience with it lasts."""
    patience = rules.coast_scans if row.status == CONFIRMED else YOUNG_SCANS
    first_s = row.updated_s + patience * pace_s(row, sensors)
    for j in range(SLOTS):
        s = row.slot[j]
        if s != NONE:
            first_s = min(first_s, row.due_s[j] + sensors[s].late_s)
    return float(first_s)


@entry
def tend(store: Store, laws: Laws, time_s: float) -> None:
    """Let looks pass, and tracks be doubted and end, as of a time. Numbers that are told no more go to a list."""
    sensors, rules, bank, wake_s = laws.sensors, laws.rules[0], store.bank, store.wake_s
    awake = np.empty(store.counts[0].top, np.int32)
    many = rouse(wake_s, time_s + SAME_TIME_S, awake)
    for i in range(many):
        if i + AHEAD < many:
            fetch_head(bank, awake[i + AHEAD])
            fetch_looks(bank, awake[i + AHEAD])
        t = awake[i]
        row = bank[t]
        missed(row, sensors, rules, time_s)
        if row.nest == NONE and over(row, sensors, rules, time_s):
            end(store, t, time_s)
            continue
        told = row.nest == NONE and row.status == CONFIRMED and not row.doubted
        if told and doubtful(row, row.exists, sensors, rules):
            row.doubted = 1
            note_end(store, row.number, time_s)
        wake_s[t] = wakes_s(row, sensors, rules)
    tend_nests(store, sensors, rules, time_s)


@lean
def end(store: Store, t: int, time_s: float) -> None:
    """End one row, and with it its track."""
    if store.bank[t].status == CONFIRMED and not store.bank[t].doubted:
        note_end(store, store.bank[t].number, time_s)
    retire(store, t)


@compiled
def told_apart(a: Record, b: Record, apart2: float, sensors: Records) -> bool:
    """Whether a sensor that has heard both rows takes them for two.

    It does when it has heard both in one turn, and as long as it has since missed the one no more often than may well
    happen to a target. Reports come as they will, and rows of one target may share them: a sensor that reports has told
    two rows apart when they are farther from each other than its errors.
    """
    chance, shared = 1.0, False
    for i in range(SLOTS):
        s = a.slot[i]
        if s == NONE or sensors[s].passive:
            continue
        if not sensors[s].turning and apart2 < sensors[s].var_range:
            continue
        j = slot_of(b, s)
        if j == NONE:
            continue
        shared = True
        turns = (a.heard_s[i] - b.heard_s[j]) / sensors[s].scan_s
        misses = np.floor(abs(turns) + 0.5)
        if misses == 0.0:
            return True
        chance *= (1.0 - (b.seen[j] if turns > 0.0 else a.seen[i])) ** misses
    return shared and chance > BY_CHANCE


@compiled
def doubles(a: Record, b: Record, sensors: Records) -> bool:
    """Whether two rows are one target.

    Two rows with one address are. Two without a contradiction are if they are where the other is and move as it does,
    within their errors, and no sensor has told them apart.
    """
    same = identity_fit(a, b, 1.0)
    if same < 0.0:
        return False
    dt = a.time_s - b.time_s
    apart2, drift2, var, var_v = 0.0, 0.0, 0.0, 0.0
    for i in range(3):
        apart2 += (a.whole[i] - b.whole[i] - dt * b.whole[i + 3]) ** 2
        drift2 += (a.whole[i + 3] - b.whole[i + 3]) ** 2
        place, speed = AT[i, i], AT[i + 3, i + 3]
        var += a.spread[place] + b.spread[place] + dt * dt * b.spread[speed]
        var_v += a.spread[speed] + b.spread[speed]
    if same == SAME_ADDRESS:
        return apart2 < ONE_ADDRESS_M**2  # one address in two far places is a fault of the transponder: keep both
    return apart2 < 3.0 * var and drift2 < 3.0 * var_v and not told_apart(a, b, apart2, sensors)


@compiled
def unite(store: Store, sensors: Records, which: int, middle_s: float, time_s: float, some: I4) -> None:
    """End rows that double another; every slice looks at its share of the rows.

    The grid must be of this slice, number `which`, about `middle_s`; what is believed only since it was laid is looked
    at when its own share is.
    """
    place = np.empty(3)
    top = store.counts[0].top
    for t in range(which % UNITED_SLICES, top, UNITED_SLICES):
        if t + AHEAD < top and store.pins[t + AHEAD].live:
            fetch_head(store.bank, t + AHEAD)
        if not store.pins[t].live:
            continue
        a = store.bank[t]
        if a.status != CONFIRMED or a.lead != 1:
            continue
        radius_m = ONE_ADDRESS_M if a.address != NO_ADDRESS else 0.0
        place[0], place[1], place[2] = place_at(store.pins[t], middle_s)
        for c in range(near(store, place, radius_m, middle_s, middle_s, some, BELIEVED)):
            b = store.bank[some[c]]
            if b.number == 0 or b.number == a.number or b.status != CONFIRMED or b.lead != 1:
                continue
            if not doubles(a, b, sensors):
                continue
            better = a.number < b.number
            if a.doubted != b.doubted:
                better = a.doubted < b.doubted
            elif a.hits != b.hits:
                better = a.hits > b.hits
            end_track(store, some[c] if better else t, time_s)
            if not better:
                break


@compiled
def end_track(store: Store, t: int, time_s: float) -> None:
    """End the track that row t leads, with all its rows."""
    n = store.bank[t].nest
    if n == NONE:
        end(store, t, time_s)
        return
    nest = store.nests[n]
    end_nested(store, nest, led_by(nest, t), time_s)
    tidy(store, nest)
