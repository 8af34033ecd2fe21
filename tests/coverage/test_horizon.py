"""Line of sight against a ray walked step by step, published radio horizons, and another program's geodesics."""

import numpy as np
import pyproj
import pytest

from skyaccord.coverage import Mask, build_mask, range_at_height_m, ring, sees
from skyaccord.coverage.horizon import OPEN, elevation_rad, least_elevation
from skyaccord.sensors.sites import Sites, build_sites

GEOD = pyproj.Geod(ellps="WGS84")
HILLS = build_mask([[350, 2.0], [10, 4.0], [90, 0.5], [180, -0.2], [270, 1.0]], 300.0)


def site(height_m: float = 500.0, range_max_km: float = 400.0, lat_deg: float = 38.0) -> Sites:
    row = {"sac": 1, "sic": 1, "lat_deg": lat_deg, "lon_deg": 69.0, "height_m": height_m, "range_max_km": range_max_km}
    return build_sites([row], "here")


@pytest.mark.parametrize(("height_m", "horizon_km"), [(10, 13.0), (100, 41.2), (1000, 130.3), (10_000, 412.0)])
def test_radio_horizon_is_that_of_the_handbooks(height_m: float, horizon_km: float) -> None:
    # 4.12 sqrt(h), ITU-R and aviation practice; the rule drops a term that is 1e-3 at ten kilometres
    assert range_at_height_m(0.0, height_m) == pytest.approx(1000 * horizon_km, rel=2e-3, abs=50)
    both = range_at_height_m(height_m, height_m)
    assert both == pytest.approx(2000 * horizon_km, rel=2e-3, abs=100)


def test_ground_lifts_the_horizon() -> None:
    assert range_at_height_m(400.0, 1300.0, 300.0) == pytest.approx(range_at_height_m(100.0, 1000.0), rel=1e-4)


def ray_is_free(antenna_m: float, height_m: float, ground_m: float, distance_m: float) -> bool:
    """Walk the straight ray over an earth of 4/3 the radius, a step every few metres of its length."""
    radius = 4 / 3 * 6_371_000.0
    angle = distance_m / radius
    here = np.array([0.0, radius + antenna_m])
    there = (radius + height_m) * np.array([np.sin(angle), np.cos(angle)])
    points = here + np.linspace(0, 1, 20_001)[:, None] * (there - here)
    return bool(np.all(np.linalg.norm(points, axis=1) >= radius + ground_m - 0.01))


def test_sight_over_smooth_earth_is_that_of_a_walked_ray() -> None:
    rng = np.random.default_rng(5)
    n, antenna, ground = 400, 350.0, 300.0
    lat, lon = 38 + rng.uniform(-3, 3, n), 69 + rng.uniform(-3, 3, n)
    height = ground + 10 ** rng.uniform(1, 4, n)
    _, _, distance = GEOD.inv(np.full(n, 69.0), np.full(n, 38.0), lon, lat)
    flat = Mask(np.empty(0), np.empty(0), ground)
    seen = sees(site(antenna), (flat,), np.zeros(n, int), np.radians(lat), np.radians(lon), height)
    limit = np.asarray(range_at_height_m(antenna, height, ground))
    clear = np.abs(distance / limit - 1) > 0.003  # the two earths differ by that much in radius
    walked = np.array([ray_is_free(antenna, h, ground, d) for h, d in zip(height, distance, strict=True)])
    assert clear.sum() > 350
    assert 50 < seen[clear].sum() < 350
    np.testing.assert_array_equal(seen[clear], walked[clear])


def test_mask_is_linear_between_points_and_round_through_north() -> None:
    azimuth = np.radians([350, 355, 0, 5, 10, 50, 180, 225])
    expected = [2.0, 2.5, 3.0, 3.5, 4.0, 2.25, -0.2, 0.4]
    np.testing.assert_allclose(np.degrees(least_elevation(HILLS, azimuth)), expected, atol=1e-12)


def test_mountains_hide_what_stands_below_them() -> None:
    """Targets put a tenth of a degree over and under the mask, by the flat-earth rule minus the 4/3 earth's drop."""
    azimuth = np.arange(0.0, 360.0, 7.0)
    least = np.interp(azimuth, [10, 90, 180, 270, 350], [4.0, 0.5, -0.2, 1.0, 2.0], period=360)
    for distance in (20e3, 60e3):
        lon, lat, _ = GEOD.fwd(
            np.full(len(azimuth), 69.0), np.full(len(azimuth), 38.0), azimuth, np.full_like(azimuth, distance)
        )
        for off, expected in ((0.1, True), (-0.1, False)):
            height = 800 + distance * np.tan(np.radians(least + off)) + distance**2 / (2 * 4 / 3 * 6.371e6)
            seen = sees(site(800.0), (HILLS,), np.zeros(len(lat), int), np.radians(lat), np.radians(lon), height)
            assert (seen == expected).all()


def test_elevation_is_that_of_the_rule_of_thumb() -> None:
    lon, lat, _ = GEOD.fwd(69.0, 38.0, 40.0, 100e3)
    slope = np.arctan(8200 / 100e3 - 100e3 / (2 * 4 / 3 * 6.371e6))
    angle = elevation_rad(site(800.0), np.zeros(1, int), np.radians([lat]), np.radians([lon]), np.array([9000.0]))
    assert float(angle[0]) == pytest.approx(slope, abs=2e-4)


def test_many_sensors_at_once_are_as_each_alone() -> None:
    rng = np.random.default_rng(6)
    rows = [{"sac": 1, "sic": k, "lat_deg": 37 + k / 2, "lon_deg": 68.0 + k, "height_m": 400.0 * k} for k in range(3)]
    sites, masks = build_sites(rows, "here"), (OPEN, HILLS, build_mask([[0, 3.0]], 500.0))
    n = 300
    row = rng.integers(0, 3, n)
    lat, lon, height = np.radians(rng.uniform(36, 40, n)), np.radians(rng.uniform(67, 72, n)), rng.uniform(0, 9000, n)
    together = sees(sites, masks, row, lat, lon, height)
    for k in range(3):
        mine = row == k
        alone = sees(sites.take([k]), masks[k : k + 1], np.zeros(mine.sum(), int), lat[mine], lon[mine], height[mine])
        np.testing.assert_array_equal(together[mine], alone)
    assert 0 < together.sum() < n


@pytest.mark.parametrize("height_m", [600.0, 3000.0, 11_000.0])
def test_ring_parts_the_seen_from_the_unseen(height_m: float) -> None:
    here, mask = site(500.0, 250.0), HILLS
    line = np.degrees(ring(here, mask, height_m, 72))
    azimuth, _, distance = GEOD.inv(np.full(72, 69.0), np.full(72, 38.0), line[:, 1], line[:, 0])
    far = distance > 1000
    assert far.sum() > 30
    np.testing.assert_allclose(np.asarray(azimuth)[far] % 360, (np.arange(72) * 5.0)[far], atol=1e-3)
    for share, expected in ((0.995, True), (1.005, False)):
        lon, lat, _ = GEOD.fwd(np.full(72, 69.0), np.full(72, 38.0), np.arange(72) * 5.0, share * distance)
        seen = sees(here, (mask,), np.zeros(72, int), np.radians(lat), np.radians(lon), np.full(72, height_m))
        xyz = pyproj.Transformer.from_crs(4979, 4978, always_xy=True).transform(lon, lat, np.full(72, height_m))
        own = pyproj.Transformer.from_crs(4979, 4978, always_xy=True).transform(69.0, 38.0, 500.0)
        slant = np.linalg.norm(np.array(xyz) - np.array(own)[:, None], axis=0)
        assert ((seen & (slant <= 250e3))[far] == expected).all()


def test_ring_falls_back_to_the_site_where_nothing_is_seen() -> None:
    line = ring(site(500.0), build_mask([[0, 5.0]], 300.0), 450.0, 8)
    np.testing.assert_allclose(line, np.radians([[38.0, 69.0]] * 8), atol=1e-12)
    under = ring(site(500.0), build_mask([], 300.0), 200.0, 8)
    np.testing.assert_allclose(under, np.radians([[38.0, 69.0]] * 8), atol=1e-12)


def test_what_is_under_the_ground_is_not_seen() -> None:
    place = np.radians([[38.01, 69.0]])
    seen = sees(site(500.0), (build_mask([], 300.0),), np.zeros(1, int), place[:, 0], place[:, 1], np.array([299.0]))
    assert not seen[0]


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ([[10, 1], [10, 2]], "azimuth 10 comes twice"),
        ([[360, 1]], "point 1 is .360, 1.; it is .azimuth from 0"),
        ([[0, 1], [20, 95]], "point 2 is"),
        ([[0]], "point 1 is"),
    ],
)
def test_a_wrong_mask_says_which_point(points: list[list[float]], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        build_mask(points)
