"""Horizon: which sensor sees a point over the curved earth, and past the mountains round it.

The ray is straight over an earth of 4/3 the radius: ITU-R P.834 (effective earth radius factor k = 4/3 for the median
refractivity gradient of ITU-R P.453). The earth is smooth at each sensor's `ground_m`; mountains stand on it as a mask
of least elevation angles. A mask has no distance: what flies before the ridge counts as behind it. Angles at the
antenna are those of the bent ray, as a theodolite at the site would read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skyaccord.columns import F8, I8, Bool
from skyaccord.earth.wgs84 import ECC2, SEMI_MAJOR_M, SEMI_MINOR_M, ecef, enu_axes, gaussian_radius, geodetic
from skyaccord.sensors.sites import Sites

EFFECTIVE_EARTH = 4 / 3
MEAN_RADIUS_M = 6_371_000.0


@dataclass(frozen=True, eq=False)
class Mask:
    """One sensor's surroundings: least elevation over azimuth, linear between the points and round through north."""

    azimuth_rad: F8  # (K,) increasing within [0, 2 pi); K = 0: nothing but the smooth horizon
    elevation_rad: F8  # (K,)
    ground_m: float = 0.0  # height above the ellipsoid of the smooth surface round the sensor


OPEN = Mask(np.empty(0), np.empty(0))


def build_mask(points_deg: Sequence[Sequence[float]], ground_m: float = 0.0) -> Mask:
    """A mask from (azimuth, elevation) pairs in degrees, in any order.

    Raises ValueError where a pair is no pair, an angle is out of range or an azimuth comes twice.
    """
    for k, point in enumerate(points_deg):
        if len(point) != 2 or not (0 <= point[0] < 360 and -90 < point[1] < 90):
            raise ValueError(
                f"point {k + 1} is {list(point)}; it is [azimuth from 0 to below 360, elevation between -90 and 90]"
            )
    points = np.radians(np.array(sorted((float(p[0]), float(p[1])) for p in points_deg)).reshape(-1, 2))
    twice = np.flatnonzero(np.diff(points[:, 0]) == 0)
    if len(twice):
        raise ValueError(f"azimuth {np.degrees(points[twice[0], 0]):g} comes twice; each azimuth comes once")
    return Mask(points[:, 0], points[:, 1], ground_m)


def least_elevation(mask: Mask, azimuth_rad: F8) -> F8:
    """Elevation below which the surroundings hide everything: (N,) -> (N,); -pi/2 where the mask has no points."""
    if not len(mask.azimuth_rad):
        return np.full(np.shape(azimuth_rad), -np.pi / 2)
    return np.interp(azimuth_rad, mask.azimuth_rad, mask.elevation_rad, period=2 * np.pi)


def sees(sites: Sites, masks: Sequence[Mask], row: I8, lat_rad: F8, lon_rad: F8, height_m: F8) -> Bool:
    """Does sensor `row` have the point in sight? (N,) each -> (N,). Range and skill of the sensor are not asked.

    `masks` has one Mask a row of `sites`; `height_m` is above the ellipsoid; points under the ground are not seen.
    """
    row = np.asarray(row)
    azimuth, arc = _azimuth_and_arc(sites.lat_rad[row], sites.lon_rad[row], lat_rad, lon_rad)
    radius = EFFECTIVE_EARTH * gaussian_radius(sites.lat_rad[row])
    ground = np.array([m.ground_m for m in masks])[row]
    angle, antenna = arc / radius, np.maximum(sites.height_m[row], ground)
    reach = _dip(radius + ground, antenna - ground) + _dip(radius + ground, height_m - ground)
    least = np.empty(len(row))
    for k in np.unique(row):
        here = row == k
        least[here] = least_elevation(masks[k], azimuth[here])
    return np.asarray((height_m >= ground) & (angle <= reach) & (_elevation(radius, antenna, height_m, angle) >= least))


def elevation_rad(sites: Sites, row: I8, lat_rad: F8, lon_rad: F8, height_m: F8) -> F8:
    """Elevation at which the antenna `row` meets the point, over the 4/3 earth: (N,) each -> (N,)."""
    _, arc = _azimuth_and_arc(sites.lat_rad[row], sites.lon_rad[row], lat_rad, lon_rad)
    radius = EFFECTIVE_EARTH * gaussian_radius(sites.lat_rad[row])
    return _elevation(radius, sites.height_m[row], height_m, arc / radius)


def range_at_height_m(
    antenna_m: F8 | float, height_m: F8 | float, ground_m: float = 0.0, radius_m: float = MEAN_RADIUS_M
) -> F8:
    """Ground distance to the radio horizon of a target at `height_m`, both heights above the ellipsoid.

    About 4.12 (sqrt(antenna) + sqrt(height)) kilometres, heights in metres above the ground.
    """
    radius = EFFECTIVE_EARTH * radius_m
    return np.asarray(
        radius
        * (
            _dip(radius + ground_m, np.asarray(antenna_m) - ground_m)
            + _dip(radius + ground_m, np.asarray(height_m) - ground_m)
        )
    )


def ring(site: Sites, mask: Mask, height_m: float, n: int) -> F8:
    """The outermost line on which the sensor sees a target at `height_m`.

    -> (n, 2) latitude and longitude (rad), from north, clockwise. `site` has one row. Range, horizon and mask all bind;
    where nothing is seen the line falls back to the site itself.
    """
    azimuth = 2 * np.pi * np.arange(n) / n
    lat, lon, antenna = float(site.lat_rad[0]), float(site.lon_rad[0]), float(site.height_m[0])
    radius = float(gaussian_radius(lat))
    bent = EFFECTIVE_EARTH * radius
    antenna_open = max(antenna, mask.ground_m)
    reach_m = np.full(n, float(range_at_height_m(antenna_open, height_m, mask.ground_m, radius)))
    reach_m = np.minimum(reach_m, bent * _angle_at(bent, antenna, height_m, least_elevation(mask, azimuth)))
    reach_m = np.minimum(reach_m, radius * _angle_at_slant(radius, antenna, height_m, float(site.range_max_m[0])))
    if height_m < mask.ground_m:
        reach_m[:] = 0.0
    return _walk(lat, lon, azimuth, np.maximum(reach_m, 0.0))


def _azimuth_and_arc(site_lat: F8, site_lon: F8, lat_rad: F8, lon_rad: F8) -> tuple[F8, F8]:
    """Azimuth and distance along the ground, from the chord between the two points of the ellipsoid below."""
    chord = ecef(lat_rad, lon_rad, 0.0) - ecef(site_lat, site_lon, 0.0)
    local = np.einsum("...ij,...j->...i", enu_axes(site_lat, site_lon), chord)
    radius = gaussian_radius(site_lat)
    half = np.clip(np.linalg.norm(chord, axis=-1) / (2 * radius), 0.0, 1.0)
    return np.arctan2(local[..., 0], local[..., 1]) % (2 * np.pi), 2 * radius * np.arcsin(half)


def _dip(radius: F8 | float, above_m: F8 | float) -> F8:
    """Earth-centred angle from a point `above_m` over a sphere to its horizon (exact for small heights too)."""
    above = np.maximum(above_m, 0.0)
    return np.arctan2(np.sqrt(above * (2 * radius + above)), radius)


def _elevation(radius: F8, antenna_m: F8, height_m: F8, angle: F8) -> F8:
    return np.arctan2((radius + height_m) * np.cos(angle) - (radius + antenna_m), (radius + height_m) * np.sin(angle))


def _angle_at(radius: float, antenna_m: float, height_m: float, elevation: F8) -> F8:
    """Farthest earth-centred angle at which a target at `height_m` stands at `elevation` or above; 0: nowhere."""
    ratio = (radius + antenna_m) / (radius + height_m) * np.cos(elevation)
    return np.where(ratio > 1, 0.0, np.arccos(np.minimum(ratio, 1.0)) - elevation)


def _angle_at_slant(radius: float, antenna_m: float, height_m: float, range_m: float) -> float:
    a, b = radius + antenna_m, radius + height_m
    return float(np.arccos(np.clip((a * a + b * b - range_m * range_m) / (2 * a * b), -1.0, 1.0)))


def _walk(lat: float, lon: float, azimuth: F8, distance_m: F8) -> F8:
    """Points at a distance along the normal section of each azimuth: an arc of that section's own radius (Euler)."""
    normal = SEMI_MAJOR_M / np.sqrt(1 - ECC2 * np.sin(lat) ** 2)
    meridian = normal**3 * (SEMI_MINOR_M / SEMI_MAJOR_M**2) ** 2
    section = 1 / (np.cos(azimuth) ** 2 / meridian + np.sin(azimuth) ** 2 / normal)
    angle = distance_m / section
    along, up = section * np.sin(angle), -section * (1 - np.cos(angle))
    local = np.stack([along * np.sin(azimuth), along * np.cos(azimuth), up], axis=-1)
    there_lat, there_lon, _ = geodetic(ecef(lat, lon, 0.0) + local @ enu_axes(lat, lon))
    return np.stack([there_lat, there_lon], axis=-1)
