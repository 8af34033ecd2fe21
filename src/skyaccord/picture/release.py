"""Release: the sender's door and the receiver's, both asking the charter about every record."""

from __future__ import annotations

import numpy as np

from skyaccord.agreement import Batch, Charter, released
from skyaccord.agreement.releases import TRACK
from skyaccord.columns import F8, U1, Bool
from skyaccord.earth.wgs84 import geodetic
from skyaccord.picture.shared import Shared
from skyaccord.tracks import COASTED, CONFIRMED, Tracks

NOW_S = 60.0  # a shared state's time is not farther off
FARTHEST_M, FASTEST_MPS = 1e8, 2e4  # from the Earth's centre, along any axis; of anything that is in the air
UNITS = np.array([1e3, 1e3, 1e3, 1e1, 1e1, 1e1])  # m and m/s: brings a covariance's parts together
LEAST = 1e-9  # of a covariance's eigenvalues in those units; 1 / LEAST is the most


def release(
    tracks: Tracks, identity: U1, air_class: U1, charter: Charter, owner: str, to: str, time_s: float
) -> Shared:
    """The owner's tracks that the charter lets go to another party, each with its clause: the sender's door.

    `identity` and `air_class` are (N,), the owner's view of each track.
    """
    judged = released(charter, owner, to, _batch(tracks.state, tracks.covariance, identity, air_class), time_s)
    free = judged.allowed
    going = tracks.take(free)
    return Shared(
        **{name: value for name, value in going.arrays().items() if name not in ("existence", "hits", "sensors")},
        identity=identity[free],
        air_class=air_class[free],
        clause=judged.clause[free],
    )


def admit(shared: Shared, charter: Charter, owner: str, to: str, time_s: float) -> tuple[Shared, Bool]:
    """What of a delivery may have been sent, and which rows those are: the receiver's door.

    The clause of an admitted row is the one that the receiver's own charter finds, not the one that the sender wrote.
    A row that is no estimate of anything in the air now is not admitted either.
    """
    fine = _sound(shared, time_s)
    sound = shared.take(fine)
    batch = _batch(sound.state, sound.covariance, sound.identity, sound.air_class)
    judged = released(charter, owner, to, batch, time_s)
    fine[fine] = judged.allowed
    return sound.replace(clause=judged.clause).take(judged.allowed), fine


def _sound(shared: Shared, time_s: float) -> Bool:
    """Which rows are estimates that can be reckoned with: (N,)."""
    reach, speed = (np.abs(shared.state[:, part]).max(axis=1, initial=0.0) for part in (slice(0, 3), slice(3, 6)))
    now = (np.abs(shared.time_s - time_s) < NOW_S) & (shared.updated_s <= shared.time_s + NOW_S)
    known = (shared.number >= 0) & np.isin(shared.status, (CONFIRMED, COASTED))
    sound: Bool = now & known & (reach < FARTHEST_M) & (speed < FASTEST_MPS) & np.isfinite(shared.updated_s)
    scaled = shared.covariance / np.outer(UNITS, UNITS)
    sound &= (np.abs(scaled) < 1 / LEAST).all(axis=(1, 2))
    sound[sound] = np.isclose(scaled[sound], np.swapaxes(scaled[sound], 1, 2), atol=LEAST).all(axis=(1, 2))
    sound[sound] = np.linalg.eigvalsh(scaled[sound]).min(axis=1, initial=np.inf) > LEAST
    return sound


def _batch(state: F8, covariance: F8, identity: U1, air_class: U1) -> Batch:
    lat, lon, height = geodetic(state[:, :3])
    return Batch(
        kind=np.full(len(state), TRACK, np.uint8),
        lat_rad=lat,
        lon_rad=lon,
        height_m=height,
        identity=identity,
        air_class=air_class,
        sigma_m=horizontal_sigma_m(state, covariance),
    )


def horizontal_sigma_m(state: F8, covariance: F8) -> F8:
    """One standard deviation of horizontal position: (N, 6), (N, 6, 6) -> (N,) m, rms of the two axes."""
    lat, lon, _ = geodetic(state[:, :3])
    up = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    block = covariance[:, :3, :3]
    vertical = np.einsum("ni,nij,nj->n", up, block, up)
    sigma: F8 = np.sqrt(np.maximum(np.trace(block, axis1=1, axis2=2) - vertical, 0.0) / 2)
    return sigma
