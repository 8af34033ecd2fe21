"""What the loops work on: records, and nothing that has a method.

A track is a record of the bank; it keeps its number while it lives, and its record is given to another when it ends.
Three extended Kalman filters run in each; which three is said by the row of the table of motions that it follows.
Records rather than arrays a field: what a loop needs of one track lies together, and a function takes one pointer.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from skyaccord.columns import F8, I4, I8, U1

MODELS = 3  # filters in a row
PACKED = 21  # elements of a covariance on one side of its diagonal and on it, as `triangle.py` has them
SLOTS = 8  # sensors that a row remembers
HYPOTHESES, WIDTH = 16, 8  # most hypotheses and tracks of a nest
PAST = 6  # plots that a young row remembers
NONE = -1
LONG_AGO, NEVER = -np.inf, np.inf
NO_SLICE = -(1 << 62)
STRAIGHT, TURN, FALL = 0, 1, 2  # kinds of motion of one filter
TENTATIVE, CONFIRMED = 0, 1  # `status` of a row
REPEATS, UNTOLD = 2, 3  # that of a plot which repeats its track's, and of a bearing that no track explains
PLACED, POLAR, BEARING = 0, 1, 2  # `polar` of a plot: a position, range and azimuth, azimuth alone

Record = Any  # one record of an array of records, as numba sees it
Records = Any  # such an array

# What a track remembers of another that flies beside it; `both_var`, `parting_var`: see `company.Faded`
MEMORY = np.dtype(
    [
        ("beside_s", "f8"),  # as of when
        ("beside", "f4", 3),  # where the other is from it, m ..
        ("parting", "f4", 3),  # .. and how fast that changes, m/s
        ("beside_var", "f4"),  # variance, each axis
        ("both_var", "f4"),
        ("parting_var", "f4"),
        ("mate", "i4"),  # its number; 0: nobody flies beside it
    ],
    align=True,
)

# A track, or with number 0 a row to be given away. ECEF metres and metres a second; times from the tracker's epoch.
# What many loops ask for comes first and lies together
ROW = np.dtype(
    [
        ("number", "i4"),
        ("nest", "i4"),  # the nest; NONE: the track is one row
        ("claims", "i4"),  # plots of a batch that want it; zero between batches
        ("holder", "i4"),  # one of them; NONE between batches
        ("address", "u4"),
        ("mode_a", "u2"),
        ("status", "u1"),
        ("motion", "u1"),  # row of the table of motions
        ("lead", "u1"),  # 1: what is told of its track; 0: another way that things may be
        ("member", "u1"),  # which of its nest's rows it is
        ("doubted", "u1"),  # 1: it was believed, and is not told of until a plot bears it out
        ("hits", "i4"),
        ("began", "i4"),  # sensor of the first plot
        ("exists", "f8"),  # probability that there is such a target
        ("slot", "i4", SLOTS),  # the sensors; NONE: unused
        ("heard_s", "f8", SLOTS),  # last plot of each sensor
        ("time_s", "f8"),  # of the state
        ("weight", "f8", MODELS),  # probability of each model
        ("whole", "f8", 6),  # the models as one mean ..
        ("spread", "f8", PACKED),  # .. and covariance
        ("mean", "f8", (MODELS, 6)),  # of each model
        ("cov", "f8", (MODELS, PACKED)),
        ("due_s", "f8", SLOTS),  # when each sensor should hear it next
        ("seen", "f4", SLOTS),  # share of looks that succeeded lately
        ("hope", "f8"),  # `exists` at its beginning
        ("looked_s", "f8"),  # time to which `exists` holds
        ("began_s", "f8"),  # first plot
        ("updated_s", "f8"),  # last plot
        ("luck", "f8"),  # log-likelihood of the looks since its nest was last weighed
        ("pressure_alt_m", "f8"),
        ("callsign", "u8"),  # eight bytes, packed
        ("past", "i4", PAST),  # plots that it is made of, while it is not believed
        ("company", MEMORY),
    ],
    align=True,
)

# Where a row is, for the grid
PIN = np.dtype(
    [
        ("place", "f8", 3),  # at `at_s`
        ("at_s", "f8"),
        ("until_s", "f8"),  # the radius holds to here; LONG_AGO: the row has changed
        ("speed", "f4", 3),
        ("radius_m", "f4"),  # within which its next plot is, in the slice about `at_s` ..
        ("swell_mps", "f4"),  # .. and how that grows in those after it
        ("column", "i4"),  # of the grid
        ("link", "i4"),  # cell of the grid
        ("live", "u1"),  # 1: in use
        ("believed", "u1"),  # 1: it was when it was placed
    ],
    align=True,
)

# What the grid has of a row in one slice of time
MARK = np.dtype(
    [
        ("place", "f4", 3),  # in the middle of the slice
        ("speed", "f4", 3),
        ("radius_m", "f4"),  # within which a plot of the slice is
        ("column", "i4"),  # of the grid
        ("row", "i4"),
        ("link", "i4"),  # next mark that the slice has brought to the cell, or NONE
    ],
    align=True,
)

# A cell of the grid
CELL = np.dtype([("start", "i4"), ("laid", "i4")])  # its first mark; the last that the slice has brought, or NONE

# Tracks that compete for plots in more than one likely way: hypotheses, each with a row for each track
NEST = np.dtype(
    [
        ("weight", "f8", HYPOTHESES),  # probability of each, the best first
        ("leaf", "i4", (HYPOTHESES, WIDTH)),  # row of each track in each hypothesis
        ("number", "i4", WIDTH),  # of each track
        ("doubted", "u1", WIDTH),  # 1: this track is not told of until a plot bears it out
        ("tracks", "i4"),  # 0: not in use
        ("hypotheses", "i4"),
        ("holder", "i4"),  # a plot of the batch that wants one of its rows; NONE between batches
    ],
    align=True,
)

# A row of the table of motions: three models
MOTION = np.dtype(
    [
        ("turn_radps", "f8", MODELS),
        ("across", "f8", MODELS),  # white acceleration density across the vertical, m^2/s^3
        ("along", "f8", MODELS),  # the same along it
        ("steady", "f8", MODELS),  # share of `across` that is missing along the course of what is fast
        ("stays_s", "f8", MODELS),  # mean time before another model takes over
        ("goes_to", "f8", (MODELS, MODELS)),  # which one then
        ("surge_mps2", "f8"),  # acceleration, one sigma, of a manoeuvre that no model foresees
        ("kind", "i4", MODELS),  # STRAIGHT, TURN or FALL
    ],
    align=True,
)

SENSOR = np.dtype(
    [
        ("position", "f8", 3),  # ECEF
        ("axes", "f8", (3, 3)),  # east, north, up
        ("scan_s", "f8"),
        ("var_range", "f8"),
        ("var_azimuth", "f8"),
        ("var_height", "f8"),
        ("var_rate", "f8"),  # of a range rate
        ("pd", "f8"),
        ("reach_m", "f8"),
        ("late_s", "f8"),  # by which a plot may come later than its look
        ("first_s", "f8"),  # first plot so far
        ("latest_s", "f8"),  # newest plot so far
        ("fresh", "f8"),  # plots that no track explained, each forgotten over CLUTTER_SCANS turns
        ("fresh_s", "f8"),  # time to which `fresh` holds
        ("far_m", "f8"),  # farthest plot so far
        ("sight", "f8"),  # share of its area that is looked at here
        ("turning", "i4"),  # 1: one plot of a target a turn; 0: reports as they come
        ("passive", "i4"),  # 1: hears who emits, so that silence says nothing
    ],
    align=True,
)

# A plot, in order of slice of time, sensor and time
PLOT = np.dtype(
    [
        ("time_s", "f8"),
        ("range_m", "f8"),
        ("level_m", "f8"),  # geometric height or, failing that, pressure height; NaN: none
        ("place", "f8", 3),  # ECEF, at its height or at the one that it is taken to have
        ("first", "f8", 3),  # unit vector along the beam, or east at a position
        ("second", "f8", 3),  # across the beam, clockwise, or north at a position
        ("var_first", "f8"),  # m^2 along the one ..
        ("var_second", "f8"),  # .. and the other
        ("radius_m", "f8"),  # within which the target is, at the gate's probability
        ("pressure_alt_m", "f8"),
        ("east_mps", "f8"),  # NaN: not said
        ("north_mps", "f8"),
        ("range_rate_mps", "f8"),  # positive: receding; NaN: none
        ("callsign", "u8"),
        ("id", "i4"),  # given again only after two thousand million others
        ("sensor", "i4"),
        ("address", "u4"),
        ("mode_a", "u2"),
        ("polar", "u1"),  # PLACED, POLAR or BEARING
    ],
    align=True,
)

# Numbers of the life of tracks, as `TrackerConfig` has them
RULES = np.dtype(
    [
        (name, "f8")
        for name in (
            "gate_d2",
            "slice_s",
            "start_height_m",
            "start_height_sigma_m",
            "start_speed_mps",
            "start_climb_mps",
            "start_climb_uncoded_mps",
            "velocity_sigma_mps",
            "births_m2",
            "unseen_m2",
            "survives_s",
            "sight_memory",
            "confirm",
            "confirm_hits",
            "number_worth_s",
            "drop",
            "drop_unsought",
            "forget",
            "coast_scans",
            "code_conflict",
            "height_span_m",
        )
    ]
)

# How much of the store is in use
COUNTS = np.dtype(
    [
        ("top", "i8"),  # rows that were ever in use: the bank below it
        ("spare", "i8"),  # of these, rows to be given away: `free` from its beginning
        ("retired", "i8"),  # rows out of use that the grid still has: `free` from its end
        ("next_number", "i8"),
        ("next_nest", "i8"),  # where to look for a nest that is not in use
        ("ended", "i8"),  # tracks on the list of the ended
        ("laid", "i8"),  # slice that the grid is of
        ("cells", "i8"),  # of the grid in this slice: a power of two
        ("marks", "i8"),  # in the grid
        ("united", "i8"),  # slice in which doubles were looked for
    ]
)

# Room to write in, made once
DESK = np.dtype(
    [
        ("up", "f8", 3),
        ("pull", "f8", 3),
        ("shift", "f8", (3, 3)),  # what a velocity does to the position
        ("swing", "f8", (3, 3)),  # what it does to the velocity
        ("one", "f8", (3, 3)),
        ("two", "f8", (3, 3)),
        ("gain", "f8", 6),
        ("prior", "f8", 6),
        ("h", "f8", (3, 3)),
        ("nu", "f8", 3),
        ("var", "f8", 3),
        ("flow", "f8", (MODELS, MODELS)),
        ("mean", "f8", (MODELS, 6)),
        ("cov", "f8", (MODELS, PACKED)),
        ("d2", "f8", MODELS),
        ("det", "f8", MODELS),
        ("near", "f8", 3),
        ("block", "f8", (3, 3)),
        ("noise", "f8", 5),
    ],
    align=True,
)


class Store(NamedTuple):
    """All that changes: C rows, N nests, G cells of the grid."""

    bank: Records  # (C,) ROW
    pins: Records  # (C,) PIN
    wake_s: F8  # (C,) nothing befalls a row by itself before; NEVER: it is not in use
    nests: Records  # (N,) NEST
    free: I4  # (C,) rows to be given away, and, from the end, those retired in this slice
    marks: Records  # (C,) MARK, cell by cell, and those that the slice has brought
    cells: Records  # (G + 1,) CELL
    widest: F8  # (2, L) within which each level's rows have their plots, and those that the slice brought; 0: none
    gone: I4  # numbers of confirmed tracks that ended ..
    gone_s: F8  # .. and when
    counts: Records  # (1,) COUNTS


class Laws(NamedTuple):
    """What the loops go by, and the desk that they write on."""

    sensors: Records  # (S,) SENSOR; what is known of each is brought forward
    motions: Records  # MOTION
    rules: Records  # (1,) RULES
    desk: Records  # (1,) DESK


class Bids(NamedTuple):
    """Rows that want each of K plots, the best first."""

    rows: I4  # (K, B)
    gains: F8  # (K, B) log-likelihood ratio of "this row's plot" over "clutter or new, and the row's target missed"
    ratios: F8  # (K, B) density as the target's plot over that of clutter
    many: I8  # (K,) how many there are


class Said(NamedTuple):
    """What is told of each plot: its track's number, and that track as the plot left it."""

    number: I4  # (N,)
    time_s: F8  # (N,) at which the state holds
    state: F8  # (N, 6)
    hits: I4  # (N,) plots of the track so far
    status: U1  # (N,) TENTATIVE or CONFIRMED, or REPEATS or UNTOLD
