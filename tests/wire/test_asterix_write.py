"""Columns to ASTERIX: what is written reads back within one unit, and tshark finds nothing malformed in it."""

import math
import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_bytes import ethernet, ipv4, pcap, run

from skyaccord.columns import Columns
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.picture.picture import Picture
from skyaccord.sensors.plots import COMBINED, MODE_S, NO_ADDRESS, NO_MODE_A, PRIMARY, SECONDARY, Plots
from skyaccord.wire import SystemTracks, reports
from skyaccord.wire.announce import system_tracks
from skyaccord.wire.decoding import Decoded, Feed, decode_datagrams
from skyaccord.wire.formats.asterix import encode_cat034, encode_cat048, encode_cat062
from skyaccord.wire.reports import Services

NOON_S = 19_676 * 86_400 + 43_200.0
NM, FT = 1852.0, 0.3048
CALLSIGNS = (b"", b"A", b"KLM1023", b"AB CD123", b"00000000")


def hear(blocks: list[bytes]) -> Decoded:
    assert all(len(block) <= 1400 for block in blocks)
    heard, _ = decode_datagrams(blocks, np.full(len(blocks), NOON_S), Feed())
    assert heard.losses.size == 0
    return heard


def seldom(values):
    return st.one_of(st.just(math.nan), values)


def table(kind: type[Columns], /, **columns: st.SearchStrategy) -> st.SearchStrategy[Columns]:
    """Rows of a class of columns."""
    rows = st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=40)
    return rows.map(lambda rows: kind(**{name: np.array([row[name] for row in rows]) for name in columns}))


ADDRESS = st.one_of(st.just(NO_ADDRESS), st.integers(0, 0xFFFFFF))
MODE_A = st.one_of(st.just(NO_MODE_A), st.integers(0, 0o7777).filter(lambda a: a not in (0o7500, 0o7600, 0o7700)))
TIME = st.floats(NOON_S - 43_000, NOON_S + 43_000)
SOURCE = st.integers(0, 0xFFFF)
NOTHING = st.just(math.nan)

PLOTS = table(
    Plots,
    time_s=seldom(TIME),
    source=SOURCE,
    kind=st.sampled_from([PRIMARY, SECONDARY, COMBINED, MODE_S]),
    flags=st.integers(0, 31),
    range_m=st.floats(0, 255.9 * NM),
    azimuth_rad=st.floats(0, 6.28),
    lat_rad=NOTHING,
    lon_rad=NOTHING,
    height_m=NOTHING,
    pressure_alt_m=seldom(st.floats(-300, 30_000)),
    mode_a=MODE_A,
    address=ADDRESS,
    callsign=st.sampled_from(CALLSIGNS),
    east_mps=seldom(st.floats(-600, 600)),
    north_mps=st.floats(-600, 600),
    range_rate_mps=NOTHING,
    local_track=st.integers(-1, 4095),
    offset=st.just(0),
)
UNITS_PLOTS = {
    "time_s": 1 / 128,
    "range_m": NM / 256,
    "azimuth_rad": 2 * math.pi / 65536,
    "pressure_alt_m": 25 * FT,
    "east_mps": NM / 16384 + 850 * 2 * math.pi / 65536,
    "north_mps": NM / 16384 + 850 * 2 * math.pi / 65536,
}

TRACKS = table(
    SystemTracks,
    time_s=seldom(TIME),
    source=SOURCE,
    service=st.integers(0, 255),
    number=st.integers(-1, 0xFFFF),
    flags=st.integers(0, 255),
    lat_rad=st.floats(-1.57, 1.57),
    lon_rad=st.floats(-3.14, 3.14),
    height_m=seldom(st.floats(-450, 45_000)),
    east_mps=st.floats(-8000, 8000),
    north_mps=st.floats(-8000, 8000),
    pressure_alt_m=seldom(st.floats(-450, 45_000)),
    mode_a=MODE_A,
    address=ADDRESS,
    callsign=st.sampled_from(CALLSIGNS),
    sigma_m=seldom(st.floats(0, 30_000)),
    track_age_s=seldom(st.floats(0, 63)),
    primary_age_s=seldom(st.floats(0, 63)),
    secondary_age_s=seldom(st.floats(0, 63)),
    mode_s_age_s=seldom(st.floats(0, 63)),
    adsb_age_s=seldom(st.floats(0, 63)),
    offset=st.just(0),
)
UNITS_TRACKS = {
    "time_s": 1 / 128,
    "lat_rad": math.pi / 2**25,
    "lon_rad": math.pi / 2**25,
    "height_m": 6.25 * FT,
    "east_mps": 0.25,
    "north_mps": 0.25,
    "pressure_alt_m": 25 * FT,
    "sigma_m": 0.5,
    **dict.fromkeys(("track_age_s", "primary_age_s", "secondary_age_s", "mode_s_age_s", "adsb_age_s"), 0.25),
}

SERVICES = table(
    Services,
    time_s=seldom(TIME),
    source=SOURCE,
    message=st.integers(0, 255),
    azimuth_rad=seldom(st.floats(0, 6.25)),
    period_s=seldom(st.floats(0, 60)),
    offset=st.just(0),
)
UNITS_SERVICES = {"time_s": 1 / 128, "azimuth_rad": 2 * math.pi / 256, "period_s": 1 / 128}


def same(said: Columns, heard: Columns, units: dict[str, float]) -> None:
    """Column by column, to within half a unit where there is one; a time that was not said is the arrival's."""
    assert len(said) == len(heard)
    for name, column in said.arrays().items():
        other = heard.arrays()[name]
        if name == "time_s":
            column = np.where(np.isnan(column), NOON_S, column)
        if name == "azimuth_rad":  # a full turn is none
            other = np.where(column - other > math.pi, other + 2 * math.pi, other)
        if name in units:
            np.testing.assert_allclose(other, column, rtol=0, atol=units[name] / 2 * 1.0001, err_msg=name)
        elif name != "offset":
            np.testing.assert_array_equal(other, column, err_msg=name)


@settings(max_examples=60, deadline=None)
@given(PLOTS)
def test_plots_come_back(plots):
    plots = plots.replace(north_mps=np.where(np.isnan(plots.east_mps), np.nan, plots.north_mps))
    same(plots, hear(encode_cat048(plots)).plots, UNITS_PLOTS)


@settings(max_examples=60, deadline=None)
@given(TRACKS)
def test_system_tracks_come_back(tracks):
    same(tracks, hear(encode_cat062(tracks)).system_tracks, UNITS_TRACKS)


@settings(max_examples=40, deadline=None)
@given(SERVICES)
def test_services_come_back(services):
    same(services, hear(encode_cat034(services)).services, UNITS_SERVICES)


def plain_tracks(count: int, **columns) -> SystemTracks:
    empty = SystemTracks.empty(count).replace(number=np.arange(count), mode_a=np.full(count, NO_MODE_A))
    unsaid = [name for name in empty.arrays() if name.endswith("_age_s") or name == "sigma_m"]
    silent = dict.fromkeys(unsaid, np.full(count, np.nan)) | {"address": np.full(count, NO_ADDRESS)}
    return empty.replace(**silent | columns)


def test_numbers_beyond_the_items_saturate_and_do_not_wrap():
    tracks = plain_tracks(1, height_m=np.array([9e9]), pressure_alt_m=np.array([-9e9]), primary_age_s=np.array([400.0]))
    heard = hear(encode_cat062(tracks)).system_tracks
    assert heard.height_m[0] == 0x7FFF * 6.25 * FT
    assert heard.pressure_alt_m[0] == -0x8000 * 25 * FT
    assert heard.primary_age_s[0] == 63.75


def test_the_last_instant_of_a_day_is_the_first_of_the_next():
    midnight_s = NOON_S + 43_200
    tracks = plain_tracks(2, time_s=np.array([midnight_s - 0.001, midnight_s - 1 / 128]))
    heard, _ = decode_datagrams(encode_cat062(tracks), np.array([midnight_s]), Feed())
    assert heard.system_tracks.time_s.tolist() == [midnight_s, midnight_s - 1 / 128]
    assert encode_cat034(Services.empty(1).replace(time_s=np.array([midnight_s - 0.001])))[0][7:10] == b"\0\0\0"


def test_nothing_to_say():
    assert encode_cat062(SystemTracks.empty()) == []


def test_many_tracks_fill_blocks_in_order():
    sizes = np.random.default_rng(4).integers(0, 2, (4, 5000))
    tracks = plain_tracks(
        5000,
        callsign=np.where(sizes[0], b"LONG", b""),
        address=np.where(sizes[1], 5, NO_ADDRESS),
        service=sizes[2],
        mode_a=np.where(sizes[3], 0o1234, NO_MODE_A),
    )
    blocks = encode_cat062(tracks)
    assert hear(blocks).system_tracks.number.tolist() == list(range(5000))
    ends = np.cumsum(np.array([len(block) - 3 for block in blocks]))
    offsets = np.array([len(encode_cat062(tracks.take(np.arange(k, k + 1)))[0]) - 3 for k in range(200)])
    first_block = np.cumsum(offsets)
    assert ends[0] == first_block[first_block <= 1397].max()
    assert max(map(len, blocks)) == 1400


def picture() -> Picture:
    lat, lon = np.radians([38.5, 37.2, 39.0]), np.radians([68.7, 71.5, 70.1])
    height = np.array([9000.0, 800.0, 12_000.0])
    east_north = np.array([[200.0, 50.0, 0.0], [-30.0, 10.0, 1.0], [0.0, -240.0, 0.0]])
    velocity = np.einsum("nji,nj->ni", enu_axes(lat, lon), east_north)
    return Picture.empty(3).replace(
        number=np.array([7, 70_000, 8]),
        time_s=np.full(3, NOON_S - 0.5),
        state=np.hstack([ecef(lat, lon, height), velocity]),
        lat_rad=lat,
        lon_rad=lon,
        height_m=height,
        sources=np.array([1, 3, 2]),
        age_s=np.array([1.0, 4.0, 9.0]),
        sigma_m=np.array([50.0, 300.0, 1000.0]),
        status=np.array([1, 0, 2]),
        pressure_alt_m=np.array([8991.6, np.nan, 12_001.5]),
        mode_a=np.array([0o1234, NO_MODE_A, 0o4321]),
        address=np.array([0x155C01, NO_ADDRESS, NO_ADDRESS]),
        callsign=np.array([b"TJK602", b"", b""]),
    )


def test_a_picture_is_announced():
    heard = hear(encode_cat062(system_tracks(picture(), 0x1900))).system_tracks
    assert heard.number.tolist() == [7, 70_000 - 65_536, 8]
    assert heard.flags.tolist() == [reports.MONO_SENSOR, reports.TENTATIVE, reports.MONO_SENSOR | reports.COASTED]
    np.testing.assert_allclose(heard.east_mps, [200, -30, 0], atol=0.126)
    np.testing.assert_allclose(heard.north_mps, [50, 10, -240], atol=0.126)
    np.testing.assert_allclose(heard.sigma_m, [50, 300, 1000], atol=0.26)
    assert [heard.mode_s_age_s[0], heard.primary_age_s[1], heard.secondary_age_s[2]] == [1.0, 4.0, 9.0]
    assert (set(heard.source), heard.callsign[0]) == ({0x1900}, b"TJK602")


def tshark(path, *arguments: str) -> str:
    return run("tshark", "-r", str(path), "-d", "udp.port==8600,asterix", *arguments)


def test_tshark_reads_our_picture(tmp_path):
    """Another program's answer: nothing malformed, as many records as tracks, and its values are ours."""
    said = plain_tracks(
        300,
        time_s=np.full(300, NOON_S),
        lat_rad=np.linspace(-1.5, 1.5, 300),
        lon_rad=np.linspace(-3, 3, 300),
        height_m=np.linspace(0, 20_000, 300),
        address=np.arange(300),
        callsign=np.full(300, b"TEST12"),
        primary_age_s=np.linspace(0, 60, 300),
        sigma_m=np.linspace(0, 900, 300),
        flags=np.arange(300) % 256,
    )
    path = tmp_path / "ours.pcap"
    path.write_bytes(pcap([ethernet(ipv4(block)) for block in encode_cat062(said)]))
    assert tshark(path, "-Y", "_ws.malformed || _ws.expert.severity >= error") == ""
    report = tshark(path, "-V")
    assert report.count("Asterix message, #") == 300
    assert report.lower().count("malformed") == 0

    def told(label: str) -> np.ndarray:
        return np.array([float(found) for found in re.findall(re.escape(label) + r": (-?[\d.]+)", report)])

    np.testing.assert_allclose(told("LAT, Latitude, [°]"), np.degrees(said.lat_rad), atol=180 / 2**25)
    np.testing.assert_allclose(told("LON, Longitude, [°]"), np.degrees(said.lon_rad), atol=180 / 2**25)
    np.testing.assert_allclose(told("Altitude, [ft]"), said.height_m / FT, atol=6.25)
    np.testing.assert_allclose(told("PSR Age, [s]"), said.primary_age_s, atol=0.25)
    np.testing.assert_allclose(told("X, APC (X-Component), [m]"), said.sigma_m, atol=0.5)
    assert set(told("Time Of Track Information, [s]")) == {43_200.0}
    assert report.count("CNF: Tentative track") == (said.flags & reports.TENTATIVE != 0).sum()
    assert report.count("(coasting) (1)") == (said.flags & reports.COASTED != 0).sum()
    assert report.count("TSE: Last message") == (said.flags & reports.LAST != 0).sum()


def test_tshark_reads_our_plots(tmp_path):
    count = 200
    plots = Plots.empty(count).replace(
        time_s=np.full(count, NOON_S),
        source=np.full(count, 0x1902),
        kind=np.arange(count) % 4 + 1,
        flags=np.arange(count) % 32,
        range_m=np.linspace(0, 250 * NM, count),
        azimuth_rad=np.linspace(0, 6.28, count),
        address=np.arange(count),
        callsign=np.full(count, b"PLOT 7"),
    )
    services = Services.empty(64).replace(message=np.full(64, 2), azimuth_rad=np.linspace(0, 6, 64))
    path = tmp_path / "ours.pcap"
    path.write_bytes(pcap([ethernet(ipv4(block)) for block in encode_cat048(plots) + encode_cat034(services)]))
    assert tshark(path, "-Y", "_ws.malformed || _ws.expert.severity >= error") == ""
    report = tshark(path, "-V")
    assert report.count("040, Measured Position in Polar") == count
    assert report.count("020, Sector Number") == 64
    assert report.lower().count("malformed") == 0
