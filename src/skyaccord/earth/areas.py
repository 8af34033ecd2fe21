"""Areas: a polygon with a height slab and a span of time.

An edge runs straight in latitude and longitude between its two ends, as agreements and charts draw it (a 50 km edge at
38 degrees of latitude leaves the geodesic by less than 40 m). A point on the boundary is inside. An area may lie across
the 180th meridian; it cannot hold a pole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely

from skyaccord.columns import F8, Bool
from skyaccord.earth.wgs84 import ECC2, SEMI_MAJOR_M, ecef, gaussian_radius

POINTS_AT_ONCE = 4096  # of distance_m: bounds its (points, edges) temporaries to a few megabytes


@dataclass(frozen=True, eq=False)
class Area:
    """A piece of the air: `ring` is (V, 2) latitude and longitude in radians, open (the first point is not repeated).

    Longitudes run on without a jump, so that they may pass pi. Heights are above the ellipsoid, floor included, ceiling
    not; times are UTC seconds, start included, end not. Made by `build_area`.
    """

    name: str
    ring: F8
    floor_m: float = -math.inf
    ceiling_m: float = math.inf
    start_s: float = -math.inf
    end_s: float = math.inf

    @cached_property
    def polygon(self) -> Any:
        """The ring as a prepared shapely polygon in the plane of (longitude, latitude), radians."""
        polygon = shapely.Polygon(self.ring[:, ::-1])
        shapely.prepare(polygon)
        return polygon

    @cached_property
    def middle_lon_rad(self) -> float:
        """Half way between the westernmost and the easternmost point."""
        return float(self.ring[:, 1].min() + self.ring[:, 1].max()) / 2


def build_area(
    name: str,
    ring: F8,
    floor_m: float = -math.inf,
    ceiling_m: float = math.inf,
    start_s: float = -math.inf,
    end_s: float = math.inf,
) -> Area:
    """An area from (V, 2) latitude and longitude in radians; a repeated first point at the end is dropped.

    Raises ValueError for fewer than three points, a latitude or longitude out of range, a ring that crosses or touches
    itself (edge i joins points i and i + 1, counted from 1), one around a pole, and an empty height slab or time span.
    """
    points = np.array(ring, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"area {name!r}: a ring is rows of latitude and longitude, not of shape {points.shape}")
    if len(points) > 1 and np.array_equal(points[0], points[-1]):
        points = points[:-1]
    if len(points) < 3:
        raise ValueError(f"area {name!r} has {len(points)} different points; a polygon needs at least 3")
    wrong = ~((np.abs(points[:, 0]) <= math.pi / 2) & (np.abs(points[:, 1]) <= 2 * math.pi))
    if wrong.any():
        k = int(np.argmax(wrong))
        raise ValueError(
            f"area {name!r}: point {k + 1} is {_degrees(points[k])}; latitude is from -90 to 90 degrees, "
            "longitude from -180 to 180"
        )
    points[:, 1] = np.unwrap(points[:, 1])
    if abs(points[0, 1] - points[-1, 1]) > math.pi:
        raise ValueError(f"area {name!r} runs around a pole; cut it along a meridian into two areas")
    if not floor_m < ceiling_m:
        raise ValueError(f"area {name!r}: its floor, {floor_m:g} m, is not below its ceiling, {ceiling_m:g} m")
    if not start_s < end_s:
        raise ValueError(f"area {name!r}: it ends ({end_s:g} s) before it starts ({start_s:g} s)")
    _refuse_crossing(name, points)
    points.setflags(write=False)
    return Area(name, points, float(floor_m), float(ceiling_m), float(start_s), float(end_s))


def contains(
    area: Area, lat_rad: F8, lon_rad: F8, height_m: F8 | None = None, time_s: F8 | float | None = None
) -> Bool:
    """Which points lie in the area: (N,) radians, metres, seconds -> (N,) bool.

    Without `height_m` (or `time_s`) the slab (or the span) is not asked. An unknown height (NaN) is inside only where
    the slab has no limits; an unknown position never is.
    """
    lat, lon = np.atleast_1d(np.asarray(lat_rad, float)), np.atleast_1d(np.asarray(lon_rad, float))
    inside: Bool = np.asarray(shapely.intersects_xy(area.polygon, _turned(area, lon), lat), dtype=np.bool_)
    if height_m is not None and (area.floor_m > -math.inf or area.ceiling_m < math.inf):
        height = np.asarray(height_m, float)
        inside &= (height >= area.floor_m) & (height < area.ceiling_m)
    if time_s is not None:
        time = np.asarray(time_s, float)
        inside &= (time >= area.start_s) & (time < area.end_s)
    return inside


def distance_m(area: Area, lat_rad: F8, lon_rad: F8) -> F8:
    """Distance over the ground to the area's boundary, negative inside: (N,) radians -> (N,) metres.

    The nearest point of the boundary is sought in a plane that is true at the mean latitude of point and edge, the
    distance to it is that of the ellipsoid: within 0.1 % or 30 m of the geodesic up to 500 km for edges up to 100 km.
    Height and time are not asked. NaN where the position is.
    """
    lat, lon = np.atleast_1d(np.asarray(lat_rad, float)), np.atleast_1d(np.asarray(lon_rad, float))
    distance = np.empty(len(lat))
    for first in range(0, len(lat), POINTS_AT_ONCE):
        rows = slice(first, first + POINTS_AT_ONCE)
        distance[rows] = _to_boundary_m(area.ring, lat[rows], _turned(area, lon[rows]))
    return np.where(contains(area, lat, lon), -distance, distance)


def size_m2(area: Area) -> float:
    """The area's surface on the ellipsoid (m^2): exact for edges straight in latitude and longitude, to 1e-6.

    J. P. Snyder, "Map Projections: A Working Manual" (1987), equation 3-12: the equal-area cylinder.
    """
    part = np.linspace(0, 1, 65)
    start, end = area.ring, np.roll(area.ring, -1, axis=0)
    sin = np.sin(start[:, :1] + part * (end - start)[:, :1])
    ecc = math.sqrt(ECC2)
    q = (1 - ECC2) * (sin / (1 - ECC2 * sin * sin) + np.arctanh(ecc * sin) / ecc)
    mean = (q[:, 1:] + q[:, :-1]).mean(axis=1) / 2
    return float(abs(np.sum(mean * (end - start)[:, 1])) * SEMI_MAJOR_M**2 / 2)


def _turned(area: Area, lon_rad: F8) -> F8:
    """Longitudes in the full turn around the area's middle."""
    middle = area.middle_lon_rad
    low, high = middle - math.pi, middle + math.pi
    if len(lon_rad) and low <= np.nanmin(lon_rad, initial=middle) and np.nanmax(lon_rad, initial=middle) <= high:
        return lon_rad
    return np.asarray(middle + np.remainder(lon_rad - middle + math.pi, 2 * math.pi) - math.pi)


def _to_boundary_m(ring: F8, lat: F8, lon: F8) -> F8:
    """Distance of points to the nearest edge, unsigned."""
    start, edge = ring, np.roll(ring, -1, axis=0) - ring
    scale2 = np.cos((lat[:, None] + start[:, 0] + edge[:, 0] / 2) / 2) ** 2
    north, east = lat[:, None] - start[:, 0], lon[:, None] - start[:, 1]
    along = north * edge[:, 0] + scale2 * east * edge[:, 1]
    part = np.clip(along / (edge[:, 0] ** 2 + scale2 * edge[:, 1] ** 2), 0, 1)
    off2 = (north - part * edge[:, 0]) ** 2 + scale2 * (east - part * edge[:, 1]) ** 2
    best = np.argmin(np.where(np.isnan(off2), np.inf, off2), axis=1)
    nearest = start[best] + part[np.arange(len(lat)), best, None] * edge[best]
    chord = np.linalg.norm(ecef(lat, lon, 0.0) - ecef(nearest[:, 0], nearest[:, 1], 0.0), axis=1)
    radius = gaussian_radius((lat + nearest[:, 0]) / 2)
    return np.asarray(2 * radius * np.arcsin(np.minimum(chord / (2 * radius), 1)))


def _refuse_crossing(name: str, points: F8) -> None:
    """Raise ValueError naming the first two edges of a ring that meet where they should not."""
    count = len(points)
    edges = shapely.linestrings(np.stack([points, np.roll(points, -1, axis=0)], axis=1)[:, :, ::-1])
    for i in range(count):
        if np.array_equal(points[i], points[(i + 1) % count]):
            raise ValueError(f"area {name!r}: points {i + 1} and {(i + 1) % count + 1} are the same")
    if shapely.is_valid(shapely.Polygon(points[:, ::-1])):
        return
    for i in range(count):
        for j in range(i + 1, count):
            meeting = shapely.intersection(edges[i], edges[j])
            neighbours = j == i + 1 or (i == 0 and j == count - 1)
            if meeting.is_empty or (neighbours and meeting.geom_type == "Point"):
                continue
            there = np.array(meeting.representative_point().coords[0])[::-1]
            raise ValueError(
                f"area {name!r} crosses itself: edge {i + 1} (from {_degrees(points[i])}) meets edge {j + 1} "
                f"(from {_degrees(points[j])}) at {_degrees(there)}"
            )
    raise ValueError(f"area {name!r} is no polygon: {shapely.is_valid_reason(shapely.Polygon(points[:, ::-1]))}")


def _degrees(point: F8) -> str:
    return f"{math.degrees(point[0]):.4f}, {math.degrees(point[1]):.4f}"
