"""What plots could be: of which tracks, or clutter, or something new."""

from __future__ import annotations

import numpy as np

from skyaccord.columns import I4, U1
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.tracks.kernels.association import FORBIDDEN, RATE_SPAN_MPS, SAME_ADDRESS, identity_fit, slot_of, weigh
from skyaccord.tracks.kernels.bank import BEARING, CONFIRMED, NONE, POLAR, Bids, Laws, Record, Records, Store
from skyaccord.tracks.kernels.compiled import inlined, lean
from skyaccord.tracks.kernels.fetch import fetch_state
from skyaccord.tracks.kernels.grid import near, on_beam
from skyaccord.tracks.kernels.life import ONE_ADDRESS_M, SAME_SCAN

CLUTTER_SCANS = 12.0  # turns over which false plots are counted
CODED_CLUTTER = 0.002  # share of false plots that carry a code


@inlined
def clutter_of(plot: Record, sensor: Record, rules: Record) -> float:
    """Density of false plots like this one, a square metre, or of bearings a radian.

    Where it has a height or a range rate, a metre of the one and a metre a second of the other, too.
    """
    area = 2.0 * np.pi if plot.polar == BEARING else np.pi * sensor.far_m**2
    density = max(sensor.fresh, 0.01) / (CLUTTER_SCANS * area * sensor.sight)
    if plot.mode_a != NO_MODE_A or plot.address != NO_ADDRESS:
        density *= CODED_CLUTTER
    return float(density / span_of(plot, rules))


@inlined
def span_of(plot: Record, rules: Record) -> float:
    """Over which heights (m) and range rates (m/s) plots like this one spread, where it has them; 1: neither."""
    span = 1.0 if np.isnan(plot.level_m) else rules.height_span_m
    return float(span if np.isnan(plot.range_rate_mps) else span * RATE_SPAN_MPS)


@lean
def newcomer(plot: Record, sensor: Record, rules: Record) -> float:
    """Probability that a plot which is no track's is of a target that was not seen before."""
    sensor.first_s = min(sensor.first_s, plot.time_s)
    looks = np.floor((plot.time_s - sensor.first_s) / sensor.scan_s + 0.5)
    unseen = rules.births_m2 + rules.unseen_m2 * (1.0 - sensor.pd) ** looks  # those that come, and what is left
    arrivals = sensor.pd * unseen / span_of(plot, rules)
    return float(arrivals / (arrivals + clutter_of(plot, sensor, rules)))


@lean
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
        if plots[k].polar == POLAR:
            sensor.far_m = max(sensor.far_m, min(plots[k].range_m, sensor.reach_m))


@lean
def gather_bids(
    store: Store,
    plots: Records,
    sensor: Record,
    laws: Laws,
    middle_s: float,
    some: I4,
    bids: Bids,
    young: Bids,
    repeated: U1,
    kin: I4,
) -> None:
    """Rows that each plot of a batch may be of: those of tracks into `bids`, of ones not believed yet into `young`.

    `repeated` is 1 where a plot repeats one that a track has of this turn, `kin` a row with the plot's address that it
    does not fit, or NONE.
    """
    bank, motions, rules, desk, pd = store.bank, laws.motions, laws.rules[0], laws.desk[0], sensor.pd
    coming = look_up(store, plots[0], middle_s, some[0])
    for k in range(len(plots)):
        plot, found, among = plots[k], some[k % 2], coming
        if k + 1 < len(plots):  # its rows come from memory while this plot's are weighed
            coming = look_up(store, plots[k + 1], middle_s, some[(k + 1) % 2])
        bids.many[k], young.many[k], repeated[k], kin[k] = 0, 0, 0, NONE
        clutter = clutter_of(plot, sensor, rules)
        bearing = plot.polar == BEARING
        for c in range(among):
            t = c if bearing else found[c]
            row = bank[t]
            if row.number == 0 or row.exists == 0.0:
                continue
            if bearing and not on_beam(row, store.pins[t], plot, sensor, rules.gate_d2):
                continue
            same = identity_fit(row, plot, rules.code_conflict)
            if same <= -FORBIDDEN:
                continue
            again = sensor.turning and heard_lately(row, plot, sensor)
            if again and row.hits <= 2 and same != SAME_ADDRESS:
                continue
            fit, d2, _ = weigh(row, plot, sensor, motions[row.motion], desk)
            if not d2 < rules.gate_d2:
                if same == SAME_ADDRESS and not bearing:
                    kin[k] = t
                continue
            if again:
                if d2 < 9.0 and row.hits > 2:
                    repeated[k] = 1
                continue
            ratio = np.exp(fit + same) / clutter
            if pd * ratio < 1.0 - pd:
                continue
            r = row.exists
            gain = np.log(r * pd * ratio / (1.0 - r * pd))
            if row.status == CONFIRMED:
                bid(bids, k, t, max(gain, 0.01 / (1.0 + d2)), ratio)
            else:
                bid(young, k, t, gain, ratio)


@lean
def look_up(store: Store, plot: Record, middle_s: float, out: I4) -> int:
    """How many rows a plot may be of: of a bearing, so many of all; else those in `out`."""
    if plot.polar == BEARING:
        return int(store.counts[0].top)
    radius_m = plot.radius_m if plot.address == NO_ADDRESS else max(plot.radius_m, ONE_ADDRESS_M)
    bank, found = store.bank, near(store, plot.place, radius_m, plot.time_s, middle_s, out)
    for c in range(found):
        fetch_state(bank, out[c])
    return int(found)


@inlined
def heard_lately(row: Record, plot: Record, sensor: Record) -> bool:
    """Whether a row has a plot of this turn of the sensor."""
    j = slot_of(row, plot.sensor)
    return bool(j != NONE and abs(plot.time_s - row.heard_s[j]) < SAME_SCAN * sensor.scan_s)


@inlined
def bid(bids: Bids, k: int, t: int, gain: float, ratio: float) -> None:
    """Put a row among the best of a plot, as many as there is room for."""
    rows, gains, ratios, count = bids
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
