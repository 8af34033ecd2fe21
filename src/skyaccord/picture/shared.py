"""Shared: tracks as one party releases them to another, each row with the clause that releases it."""

from __future__ import annotations

from dataclasses import dataclass

from skyaccord.columns import F8, I4, U1, U2, U4, Columns, Text, column


@dataclass(frozen=True, eq=False)
class Shared(Columns):
    """One party's own tracks, as released to one other party. Never fused ones: what comes back would count twice."""

    number: I4 = column("i4")  # at its owner
    time_s: F8 = column("f8")
    state: F8 = column("f8", 6)  # ECEF
    covariance: F8 = column("f8", 6, 6)
    status: U1 = column("u1")
    updated_s: F8 = column("f8")
    pressure_alt_m: F8 = column("f8")
    mode_a: U2 = column("u2")
    address: U4 = column("u4")
    callsign: Text = column("S8")
    identity: U1 = column("u1")  # words.Identity, as its owner sees it
    air_class: U1 = column("u1")  # words.AirClass
    clause: Text = column("S32")
