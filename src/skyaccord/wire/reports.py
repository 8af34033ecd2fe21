"""What ASTERIX says besides plots: a sensor's service and status messages, and another system's tracks."""

from __future__ import annotations

from dataclasses import dataclass

from skyaccord.columns import F8, I4, I8, U1, U2, U4, Columns, Text, column

# `Services.message`
NORTH_MARKER, SECTOR_CROSSING = 1, 2

# `Statuses.message`
START_OF_CYCLE, PERIODIC, EVENT = 1, 2, 3

# `Statuses.release`
OPERATIONAL, DEGRADED, NO_GO, NO_RELEASE = 0, 1, 2, 0xFF

# `Statuses.flags`
OVERLOADED, TIME_INVALID = 1, 2

# `SystemTracks.flags`
MONO_SENSOR, SPI, SIMULATED, FIRST, LAST, TENTATIVE, COASTED, EMERGENCY = (1 << k for k in range(8))


@dataclass(frozen=True, eq=False)
class Services(Columns):
    """CAT034: a radar says that it lives, where its antenna points and how fast it turns."""

    time_s: F8 = column("f8")  # UTC; NaN: unknown
    source: U2 = column("u2")  # SAC << 8 | SIC
    message: U1 = column("u1")  # I034/000: NORTH_MARKER, SECTOR_CROSSING, ...
    azimuth_rad: F8 = column("f8")  # where the sector begins; NaN: none
    period_s: F8 = column("f8")  # of one antenna turn; NaN: none
    offset: I8 = column("i8")  # byte offset of the record in its buffer


@dataclass(frozen=True, eq=False)
class Statuses(Columns):
    """CAT019, and the status messages of CAT010: a system says how it is, and where its reference point lies."""

    time_s: F8 = column("f8")  # UTC; NaN: unknown
    source: U2 = column("u2")  # SAC << 8 | SIC
    message: U1 = column("u1")  # START_OF_CYCLE .. EVENT; 0: not said
    release: U1 = column("u1")  # OPERATIONAL .. NO_GO; NO_RELEASE: not said
    flags: U1 = column("u1")  # OVERLOADED, TIME_INVALID
    lat_rad: F8 = column("f8")  # of the reference point; NaN: not said
    lon_rad: F8 = column("f8")
    height_m: F8 = column("f8")  # the same above the ellipsoid
    offset: I8 = column("i8")  # byte offset of the record in its buffer


@dataclass(frozen=True, eq=False)
class SystemTracks(Columns):
    """CAT062: tracks as another multi-sensor system reports them."""

    time_s: F8 = column("f8")  # UTC of the state; NaN: unknown
    source: U2 = column("u2")  # SAC << 8 | SIC
    service: U1 = column("u1")  # I062/015; 0: none
    number: I4 = column("i4")  # 16 bits; -1: none
    flags: U2 = column("u2")
    lat_rad: F8 = column("f8")
    lon_rad: F8 = column("f8")
    height_m: F8 = column("f8")  # geometric, above the ellipsoid; NaN: none
    east_mps: F8 = column("f8")  # Vx, Vy of the sender's plane
    north_mps: F8 = column("f8")
    pressure_alt_m: F8 = column("f8")  # measured flight level, else the calculated one without QNH; NaN: none
    mode_a: U2 = column("u2")  # NO_MODE_A: none
    address: U4 = column("u4")  # NO_ADDRESS: none
    callsign: Text = column("S8")
    sigma_m: F8 = column("f8")  # horizontal, one standard deviation an axis; NaN: none
    track_age_s: F8 = column("f8")  # since the track began; NaN: none
    primary_age_s: F8 = column("f8")  # since the last update of each kind; NaN: none
    secondary_age_s: F8 = column("f8")
    mode_s_age_s: F8 = column("f8")
    adsb_age_s: F8 = column("f8")
    offset: I8 = column("i8")  # byte offset of the record in its buffer; -1: unknown
