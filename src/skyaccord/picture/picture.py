"""Picture: what all see, one row a joint track, each with its sources, age, quality and releasing clause."""

from __future__ import annotations

from dataclasses import dataclass

from skyaccord.columns import F8, I4, U1, U2, U4, U8, Bool, Columns, Text, column


@dataclass(frozen=True, eq=False)
class Picture(Columns):
    """One party's recognised air picture at one time: its own tracks fused with what others released to it."""

    number: I4 = column("i4")  # joint track number, stable, never repeats within a node
    time_s: F8 = column("f8")  # the state holds at this time
    state: F8 = column("f8", 6)  # ECEF x y z vx vy vz, m and m/s
    covariance: F8 = column("f8", 6, 6)
    lat_rad: F8 = column("f8")
    lon_rad: F8 = column("f8")
    height_m: F8 = column("f8")  # above the ellipsoid
    sources: U8 = column("u8")  # bit k: party k of the charter contributes
    own_number: I4 = column("i4")  # the own track's number; -1: none, others only
    shared_by: U1 = column("u1")  # party index of the released track used; 255: none
    shared_number: I4 = column("i4")  # that track's number at its owner; -1: none
    clause: Text = column("S32")  # clause that released it to us; empty: own only
    age_s: F8 = column("f8")  # since the newest plot behind it
    sigma_m: F8 = column("f8")  # horizontal position, one standard deviation (quality)
    identity: U1 = column("u1")  # words.Identity
    conflict: Bool = column("?")  # parties differ on the identity
    air_class: U1 = column("u1")  # words.AirClass
    status: U1 = column("u1")  # as Tracks.status
    pressure_alt_m: F8 = column("f8")
    mode_a: U2 = column("u2")
    address: U4 = column("u4")
    callsign: Text = column("S8")
