"""Areas against other programs: pyproj's geodesics for sizes and distances, a plain point test for `contains`."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from pyproj import Geod

from skyaccord.earth import Area, Place, build_area, contains, distance_m, size_m2

GEOD = Geod(ellps="WGS84")
SQUARE = [[0, 0], [0, 2], [2, 2], [2, 0]]
HOOK = [[36.6, 71.6], [37.3, 68.0], [38.9, 67.8], [37.9, 69.5], [39.6, 70.6], [38.2, 71.0]]


def area_of(ring_deg: list[list[float]], **limits: float) -> Area:
    return build_area("test", np.radians(np.array(ring_deg, float)), **limits)


def in_polygon(ring: list[list[float]], lat: float, lon: float) -> bool:
    """Even-odd rule, one point at a time, in degrees."""
    inside = False
    for (lat1, lon1), (lat2, lon2) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (lat1 > lat) != (lat2 > lat) and lon < (lon2 - lon1) * (lat - lat1) / (lat2 - lat1) + lon1:
            inside = not inside
    return inside


def test_contains_agrees_with_a_plain_point_test() -> None:
    rng = np.random.default_rng(1)
    lat, lon = rng.uniform(36, 40, 5000), rng.uniform(67, 72, 5000)
    inside = contains(area_of(HOOK), np.radians(lat), np.radians(lon))
    assert inside.tolist() == [in_polygon(HOOK, a, o) for a, o in zip(lat, lon, strict=True)]
    assert 500 < inside.sum() < 4500


def test_the_boundary_is_inside_and_the_unknown_is_not() -> None:
    area = area_of(SQUARE)
    lat = np.radians([0.0, 2.0, 1.0, math.nan, 1.0, 2.1])
    lon = np.radians([0.0, 1.0, 2.0, 1.0, math.nan, 1.0])
    assert contains(area, lat, lon).tolist() == [True, True, True, False, False, False]
    assert np.isnan(distance_m(area, lat, lon)).tolist() == [False, False, False, True, True, False]


def test_floor_is_inside_ceiling_is_not_and_an_unknown_height_is_nowhere_limited() -> None:
    slab, column = area_of(SQUARE, floor_m=100, ceiling_m=200), area_of(SQUARE)
    one = np.radians(np.ones(5))
    height = np.array([99.9, 100.0, 199.9, 200.0, math.nan])
    assert contains(slab, one, one, height).tolist() == [False, True, True, False, False]
    assert contains(column, one, one, height).all()
    assert contains(slab, one, one).all()


def test_an_area_begins_and_ends() -> None:
    area = area_of(SQUARE, start_s=10, end_s=20)
    one = np.radians(np.ones(4))
    assert contains(area, one, one, None, np.array([9.9, 10.0, 19.9, 20.0])).tolist() == [False, True, True, False]
    assert not contains(area, one, one, None, 30.0).any()


def test_across_the_antimeridian() -> None:
    area = area_of([[0, 179], [0, -179], [1, -179], [1, 179]])
    lon = np.radians([180.0, -180.0, -179.5, 179.5, 178.0, -178.0, 0.0, 539.5])
    assert contains(area, np.full(8, 0.01), lon).tolist() == [True, True, True, True, False, False, False, True]
    assert distance_m(area, np.full(1, 0.0), np.radians([-178.0]))[0] == pytest.approx(111_319.5, abs=1)


def dense(ring_deg: list[list[float]]) -> np.ndarray:
    """Points every few metres of a boundary that runs straight in latitude and longitude."""
    ring = np.array([*ring_deg, ring_deg[0]])
    part = np.linspace(0, 1, 2000)[:, None]
    return np.concatenate([a + part * (b - a) for a, b in itertools.pairwise(ring)])


def test_distance_agrees_with_geodesics_to_a_dense_boundary() -> None:
    rng = np.random.default_rng(2)
    ring = [[37.0, 68.0], [37.2, 69.0], [38.0, 69.1], [37.6, 68.4], [37.9, 68.0]]
    boundary = dense(ring)
    lat, lon = rng.uniform(35, 40, 60), rng.uniform(66, 71, 60)
    found = distance_m(area_of(ring), np.radians(lat), np.radians(lon))
    for a, o, metres in zip(lat, lon, found, strict=True):
        many = np.full(len(boundary), 1.0)
        truth = GEOD.inv(many * o, many * a, boundary[:, 1], boundary[:, 0])[2].min()
        assert abs(metres) == pytest.approx(truth, rel=1e-3, abs=30)
        assert (metres < 0) == in_polygon(ring, a, o)


def test_size_agrees_with_a_geodesic_polygon() -> None:
    boundary = dense(HOOK)
    truth, _ = GEOD.polygon_area_perimeter(boundary[:, 1], boundary[:, 0])
    assert size_m2(area_of(HOOK)) == pytest.approx(abs(truth), rel=1e-6)


@pytest.mark.parametrize(
    ("ring", "says"),
    [
        ([[0, 0], [1, 1], [0, 1], [1, 0]], r"crosses itself: edge 1 .* meets edge 3 .* at 0.5000, 0.5000"),
        (
            [[0, 0], [2, 0], [2, 2], [0, 1], [2, 0.5], [2, -1]],
            r"edge 1 .* meets edge 5 .* at 2.0000, 0.0000",
        ),
        ([[0, 0], [0, 2], [0, 1], [1, 1]], r"crosses itself: edge 1 .* meets edge 2"),
        ([[0, 0], [0, 2], [1, 1], [0, 1], [1, 0]], r"crosses itself: edge 1"),
        ([[0, 0], [0, 1]], "2 different points"),
        ([[0, 0], [0, 1], [0, 0]], "2 different points"),
        ([[0, 0], [0, 0], [1, 1], [1, 0]], "points 1 and 2 are the same"),
        ([[0, 0], [91, 1], [1, 0]], "point 2 is 91.0000, 1.0000; latitude is from -90 to 90"),
        ([[0, 0], [math.nan, 1], [1, 0]], "point 2 is"),
        ([[80, 0], [80, 120], [80, -120]], "around a pole"),
    ],
)
def test_what_is_no_polygon_is_refused(ring: list[list[float]], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        area_of(ring)


def test_empty_slabs_and_spans_are_refused() -> None:
    with pytest.raises(ValueError, match="its floor, 200 m, is not below its ceiling, 200 m"):
        area_of(SQUARE, floor_m=200, ceiling_m=200)
    with pytest.raises(ValueError, match="it ends"):
        area_of(SQUARE, start_s=5, end_s=4)


def test_a_closed_ring_is_opened_and_a_place_reads_well() -> None:
    assert len(area_of([*SQUARE, SQUARE[0]]).ring) == 4
    assert str(Place(math.radians(37.19), math.radians(-68.6), 800.0)) == "37.190 N 68.600 W at 800 m"
