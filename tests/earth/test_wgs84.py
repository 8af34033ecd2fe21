"""Coordinates against PROJ, an independent implementation."""

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyaccord.earth.wgs84 import ecef, enu_axes, gaussian_radius, geodetic

PROJ = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)


def test_ecef_agrees_with_proj_everywhere() -> None:
    rng = np.random.default_rng(5)
    lat, lon = np.degrees(np.arcsin(rng.uniform(-1, 1, 5000))), rng.uniform(-180, 180, 5000)
    height = rng.uniform(-400, 60_000, 5000)
    theirs = np.stack(PROJ.transform(lon, lat, height), axis=-1)
    ours = ecef(np.radians(lat), np.radians(lon), height)
    assert np.abs(ours - theirs).max() < 1e-6
    back_lat, back_lon, back_height = geodetic(theirs)
    assert np.abs(np.degrees(back_lat) - lat).max() < 1e-11
    assert np.abs(np.degrees(back_lon) - lon).max() < 1e-11
    assert np.abs(back_height - height).max() < 1e-6


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(-500, 500_000))
def test_there_and_back(lat: float, lon: float, height: float) -> None:
    position = ecef(np.radians(lat), np.radians(lon), height)
    again = ecef(*geodetic(position))
    assert np.abs(again - position).max() < 1e-6


@pytest.mark.parametrize("lat", [-90.0, 90.0])
def test_the_poles_are_places(lat: float) -> None:
    height = geodetic(ecef(np.radians(lat), 0.0, 100.0))[2]
    assert height == pytest.approx(100.0, abs=1e-6)


def test_axes_point_where_positions_move() -> None:
    lat, lon = np.radians(38.5), np.radians(68.8)
    east, north, up = enu_axes(lat, lon)
    tiny = 1e-7
    for axis, moved in (
        (east, ecef(lat, lon + tiny, 0.0)),
        (north, ecef(lat + tiny, lon, 0.0)),
        (up, ecef(lat, lon, 1.0)),
    ):
        direction = moved - ecef(lat, lon, 0.0)
        assert axis @ direction / np.linalg.norm(direction) == pytest.approx(1.0, abs=1e-6)
    assert np.linalg.det(enu_axes(lat, lon)) == pytest.approx(1.0)


def test_gaussian_radius_against_the_ellipsoid_of_proj() -> None:
    # the length of a short arc in two directions gives both radii of curvature
    geod = pyproj.Geod(ellps="WGS84")
    lat = 37.0
    meridian = geod.line_length([0, 0], [lat - 0.01, lat + 0.01]) / np.radians(0.02)
    parallel = geod.line_length([0, 0.01], [lat, lat]) / np.radians(0.01) / np.cos(np.radians(lat))
    assert gaussian_radius(np.radians(lat)) == pytest.approx(np.sqrt(meridian * parallel), rel=1e-6)
