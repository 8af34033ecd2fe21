"""Announce: a joint picture as the system tracks that other systems read."""

from __future__ import annotations

import numpy as np

from skyaccord.picture.picture import Picture
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.threats.course import velocity_enu
from skyaccord.tracks import tracks
from skyaccord.wire import reports
from skyaccord.wire.reports import SystemTracks


def system_tracks(picture: Picture, source: int) -> SystemTracks:
    """A joint picture as the system `source` (SAC << 8 | SIC) reports it.

    The track number is the joint number modulo 65,536. The age goes where a reader looks for it: Mode S if the address
    is known, SSR if a code or a pressure altitude is, else PSR.
    """
    count = len(picture)
    unknown = np.full(count, np.nan)
    velocity = velocity_enu(picture.state)
    mode_s = picture.address != NO_ADDRESS
    secondary = ~mode_s & ((picture.mode_a != NO_MODE_A) | np.isfinite(picture.pressure_alt_m))
    lone = picture.sources & (picture.sources - np.uint64(1)) == 0
    status = np.where(picture.status == tracks.TENTATIVE, reports.TENTATIVE, 0)
    status |= np.where(picture.status == tracks.COASTED, reports.COASTED, 0)
    return SystemTracks(
        time_s=picture.time_s,
        source=np.full(count, source, np.uint16),
        service=np.zeros(count, np.uint8),
        number=picture.number & 0xFFFF,
        flags=(status | np.where(lone, reports.MONO_SENSOR, 0)).astype(np.uint16),
        lat_rad=picture.lat_rad,
        lon_rad=picture.lon_rad,
        height_m=picture.height_m,
        east_mps=velocity[:, 0],
        north_mps=velocity[:, 1],
        pressure_alt_m=picture.pressure_alt_m,
        mode_a=picture.mode_a,
        address=picture.address,
        callsign=picture.callsign,
        sigma_m=picture.sigma_m,
        track_age_s=unknown,
        primary_age_s=np.where(mode_s | secondary, np.nan, picture.age_s),
        secondary_age_s=np.where(secondary, picture.age_s, np.nan),
        mode_s_age_s=np.where(mode_s, picture.age_s, np.nan),
        adsb_age_s=unknown,
        offset=np.full(count, -1),
    )
