"""The sensor registry: what is wrong is said with file, sensor and key."""

import numpy as np
import pyproj
import pytest

from skyaccord.errors import SitesError
from skyaccord.sensors import Plots, parse_sites, row_of
from skyaccord.sensors.radar import locate
from skyaccord.sensors.where import where

GOOD = """
[[sensor]]
sac = 226
sic = 232
name = "Sáenz Peña"
lat_deg = -26.750555
lon_deg = -60.481666
scan_s = 12

[[sensor]]
sac = 20
sic = 129
lat_deg = 41.3
lon_deg = 2.1
"""


def test_a_registry_is_read() -> None:
    sites = parse_sites(GOOD, "sites.toml")
    assert sites.source.tolist() == [226 << 8 | 232, 20 << 8 | 129]
    assert sites.name[0].decode() == "Sáenz Peña"
    assert sites.scan_s.tolist() == [12.0, 10.0]
    assert row_of(sites, np.array([20 << 8 | 129, 5], np.uint16)).tolist() == [1, -1]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("sac = 226", "sac = 300"), r"sites.toml: sensor 1 \(Sáenz Peña\): sac is 300; it is a whole number"),
        (("lat_deg = 41.3", "lat_deg = 141.3"), r"sensor 2 \(unnamed\): lat_deg is 141.3; .* from -90 to 90"),
        (("lon_deg = 2.1", ""), "lon_deg is None"),
        (("sac = 20\nsic = 129", "sac = 226\nsic = 232"), "SAC/SIC 226/232 is taken by sensor 1"),
        (("scan_s = 12", "scan = 12"), "unknown key 'scan'"),
        (("[[sensor]]\nsac = 226", "[[sensor\nsac = 226"), "not TOML"),
        (("scan_s = 12", "scan_s = nan"), "scan_s is nan"),
        (("sac = 226", "sac = true"), "sac is True; it is a whole number"),
        ((GOOD, "sensor = [1, 2]"), "no sensors; write one"),
    ],
)
def test_what_is_wrong_is_said(change: tuple[str, str], says: str) -> None:
    with pytest.raises(SitesError, match=says):
        parse_sites(GOOD.replace(*change), "sites.toml")


def test_a_passive_sensor_is_taken_to_hear_directions_to_degrees_unless_it_says_otherwise() -> None:
    passive = GOOD.replace("sic = 129", "sic = 129\nkind = 'passive'")
    sites = parse_sites(passive, "sites.toml")
    assert np.degrees(sites.sigma_azimuth_rad).tolist() == pytest.approx([0.08, 2.0])
    assert sites.sigma_range_rate_mps.tolist() == [2.0, 2.0]
    said = parse_sites(passive + "sigma_azimuth_deg = 0.5\nsigma_range_rate_mps = 1.0", "sites.toml")
    assert np.degrees(said.sigma_azimuth_rad[1]) == pytest.approx(0.5)
    assert said.sigma_range_rate_mps[1] == 1.0
    with pytest.raises(SitesError, match="sigma_range_rate_mps is 0"):
        parse_sites(GOOD + "sigma_range_rate_mps = 0", "sites.toml")


def test_an_empty_registry_is_refused() -> None:
    with pytest.raises(SitesError, match="no sensors"):
        parse_sites("", "sites.toml")


@pytest.mark.parametrize("first", [46, 47])
def test_a_name_of_more_than_48_bytes_is_cut_between_letters(first: int) -> None:
    name = "x" * first + "éé"
    assert parse_sites(GOOD.replace("Sáenz Peña", name), "sites.toml").name[0].decode() == name[:47]


def test_range_and_azimuth_meet_the_height_on_the_ellipsoid() -> None:
    # truth from PROJ: a target is put somewhere, its slant range and azimuth measured along straight lines
    to_ecef = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    rng = np.random.default_rng(8)
    n = 400
    lat0, lon0, h0 = np.full(n, 38.5), np.full(n, 68.8), np.full(n, 820.0)
    lat, lon, height = lat0 + rng.uniform(-3, 3, n), lon0 + rng.uniform(-4, 4, n), rng.uniform(300, 14_000, n)
    target = np.stack(to_ecef.transform(lon, lat, height), axis=-1)
    topocentric = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +proj=cart +ellps=WGS84 "
        "+step +proj=topocentric +ellps=WGS84 +lat_0=38.5 +lon_0=68.8 +h_0=820"
    )
    east, north, up = topocentric.transform(lon, lat, height)
    reach, azimuth = np.sqrt(east**2 + north**2 + up**2), np.arctan2(east, north)
    found = locate(reach, azimuth, height, np.radians(lat0), np.radians(lon0), h0)
    far = reach > 20_000  # nearly overhead, a height and a slant range hardly fix a place
    assert far.sum() > 350
    assert np.abs(found - target)[far].max() < 0.5


def test_where_plots_are() -> None:
    sites = parse_sites(GOOD, "sites.toml")
    plots = Plots.blank(3).replace(
        source=np.array([20 << 8 | 129, 20 << 8 | 129, 9]),
        range_m=np.array([50_000.0, np.nan, 1.0]),
        azimuth_rad=np.array([0.0, np.nan, 1.0]),
        lat_rad=np.array([np.nan, 0.7, np.nan]),
        lon_rad=np.array([np.nan, 0.1, np.nan]),
        height_m=np.full(3, np.nan),
        pressure_alt_m=np.array([3000.0, 5000.0, 1.0]),
    )
    found = where(plots, sites)
    assert np.isfinite(found[:2]).all()
    assert np.isnan(found[2]).all()
