"""Tracks: what one party sees, one row a track."""

from __future__ import annotations

from dataclasses import dataclass

from skyaccord.columns import F8, I4, U1, U2, U4, U8, Columns, Text, column

# `status`
TENTATIVE, CONFIRMED, COASTED = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Tracks(Columns):
    """A snapshot of one party's tracks at one time, ECEF metres and metres a second."""

    number: I4 = column("i4")  # never repeats within a party
    time_s: F8 = column("f8")  # UTC; the state and covariance hold at this time
    state: F8 = column("f8", 6)  # x y z vx vy vz
    covariance: F8 = column("f8", 6, 6)
    status: U1 = column("u1")  # TENTATIVE, CONFIRMED, COASTED
    updated_s: F8 = column("f8")  # time of the last plot
    existence: F8 = column("f8")  # probability that there is such a target
    hits: I4 = column("i4")  # plots in all
    sensors: U8 = column("u8")  # bit k % 64: sensor row k of the registry has contributed in its last two scans
    pressure_alt_m: F8 = column("f8")  # last Mode C; NaN: none
    mode_a: U2 = column("u2")  # NO_MODE_A: none
    address: U4 = column("u4")  # NO_ADDRESS: none
    callsign: Text = column("S8")


@dataclass(frozen=True, eq=False)
class Updates:
    """What plots made of their tracks: one row a plot, and the tracks that ended meanwhile."""

    number: I4  # (N,) track of each plot; -1: none
    time_s: F8  # (N,) at which the state holds: the plot's, or later where the track had a newer one
    state: F8  # (N, 6) ECEF of the track after it; NaN: none
    hits: I4  # (N,) plots of the track so far, which tells in what order its plots were taken in
    status: U1  # (N,) TENTATIVE or CONFIRMED
    ended: I4  # (E,) tracks that were confirmed and are told of no more; one that is heard again keeps its number
    ended_s: F8  # (E,) when
