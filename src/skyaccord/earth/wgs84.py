"""The WGS-84 ellipsoid: geodetic, Earth-centred (ECEF) and local east-north-up coordinates.

Sources: NGA.STND.0036 (constants); B. R. Bowring, "Transformation from spatial to geographical coordinates",
Survey Review 23 (1976), for the inverse; T. Vincenty is not needed: distances here are chords or short arcs.
All functions take arrays of any leading shape and SI units with radians.
"""

from __future__ import annotations

import numpy as np

from skyaccord.columns import F8

SEMI_MAJOR_M = 6378137.0
FLATTENING = 1 / 298.257223563
SEMI_MINOR_M = SEMI_MAJOR_M * (1 - FLATTENING)
ECC2 = FLATTENING * (2 - FLATTENING)
SECOND_ECC2 = ECC2 / (1 - ECC2)


def ecef(lat_rad: F8 | float, lon_rad: F8 | float, height_m: F8 | float) -> F8:
    """Geodetic to ECEF: (...,) each -> (..., 3) metres."""
    lat, lon, height = np.broadcast_arrays(np.asarray(lat_rad, float), np.asarray(lon_rad, float), height_m)
    sin, cos = np.sin(lat), np.cos(lat)
    normal = SEMI_MAJOR_M / np.sqrt(1 - ECC2 * sin * sin)
    return np.stack(
        [
            (normal + height) * cos * np.cos(lon),
            (normal + height) * cos * np.sin(lon),
            (normal * (1 - ECC2) + height) * sin,
        ],
        axis=-1,
    )


def geodetic(position: F8) -> tuple[F8, F8, F8]:
    """ECEF to geodetic: (..., 3) -> latitude (rad), longitude (rad), height above the ellipsoid (m).

    Bowring's formula, iterated twice: below 1e-9 m of error from the surface to 1,000 km; safe at the poles.
    """
    x, y, z = position[..., 0], position[..., 1], position[..., 2]
    rho = np.hypot(x, y)
    beta = np.arctan2(z * SEMI_MAJOR_M, rho * SEMI_MINOR_M)
    for _ in range(2):
        lat = np.arctan2(
            z + SECOND_ECC2 * SEMI_MINOR_M * np.sin(beta) ** 3, rho - ECC2 * SEMI_MAJOR_M * np.cos(beta) ** 3
        )
        beta = np.arctan2(SEMI_MINOR_M * np.sin(lat), SEMI_MAJOR_M * np.cos(lat))
    sin, cos = np.sin(lat), np.cos(lat)
    height = rho * cos + z * sin - SEMI_MAJOR_M * np.sqrt(1 - ECC2 * sin * sin)
    return lat, np.arctan2(y, x), height


def enu_axes(lat_rad: F8 | float, lon_rad: F8 | float) -> F8:
    """Rows east, north, up unit vectors in ECEF: (...,) each -> (..., 3, 3); `axes @ v` gives (east, north, up)."""
    lat, lon = np.broadcast_arrays(np.asarray(lat_rad, float), np.asarray(lon_rad, float))
    sl, cl, so, co = np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)
    east = np.stack([-so, co, np.zeros_like(so)], axis=-1)
    north = np.stack([-sl * co, -sl * so, cl], axis=-1)
    up = np.stack([cl * co, cl * so, sl], axis=-1)
    return np.stack([east, north, up], axis=-2)


def gaussian_radius(lat_rad: F8 | float) -> F8:
    """Geometric mean of the two radii of curvature at a latitude (m)."""
    w2 = 1 - ECC2 * np.sin(np.asarray(lat_rad, float)) ** 2
    return np.asarray(SEMI_MINOR_M / w2)
