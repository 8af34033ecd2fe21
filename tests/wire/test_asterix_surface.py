"""CAT010, 019 and 020: surface radar and multilateration, against other decoders' answers and against each other."""

import math

import numpy as np
import pytest
from wire_bytes import block, ethernet, ipv4, pcap, run, shared, whole

from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.sensors import mlat
from skyaccord.sensors.plots import (
    ADS_B,
    EMERGENCY,
    GARBLED_A,
    GARBLED_C,
    MODE_S,
    NO_ADDRESS,
    NO_LOCAL_TRACK,
    NO_MODE_A,
    ON_GROUND,
    PRIMARY,
    SECONDARY,
    SIMULATED,
    SPI,
    TEST,
)
from skyaccord.sensors.sites import build_sites
from skyaccord.sensors.where import where
from skyaccord.wire import decode, read_recording
from skyaccord.wire.formats.asterix import read_asterix
from skyaccord.wire.reports import (
    DEGRADED,
    EVENT,
    NO_GO,
    NO_RELEASE,
    OPERATIONAL,
    OVERLOADED,
    PERIODIC,
    START_OF_CYCLE,
    TIME_INVALID,
)

FT, NM = 0.3048, 1852.0
LEBL = "lebl_2016/160510-lebl-220001_"
POINT = {"sac": 0, "sic": 107, "lat_deg": 41.297076, "lon_deg": 2.078463, "height_m": 51}


def hear(data: bytes):
    return decode(read_recording(data, "x"))


def row(columns, k=0):
    return {name: value[k].item() for name, value in columns.arrays().items()}


def agrees(found, expected):
    for name, value in expected.items():
        if value is None:
            assert math.isnan(found[name]), name
        else:
            assert found[name] == (pytest.approx(value, rel=1e-9) if isinstance(value, float) else value), name


# what another decoder's own test has for the same bytes
def test_surface_radar_target():
    heard = hear(shared("jasterix/cat010ed0.31.bin"))
    agrees(
        row(heard.plots),
        {
            "time_s": 24693.140625,
            "source": 0x0001,
            "kind": PRIMARY,
            "flags": 0,
            "range_m": 1588.0,
            "azimuth_rad": 34499 * math.tau / 65536,  # 189.509 degrees
            "lat_rad": None,
            "height_m": None,
            "pressure_alt_m": None,
            "mode_a": NO_MODE_A,
            "address": NO_ADDRESS,
            "callsign": b"",
            "east_mps": -0.5,
            "north_mps": 0.0,
            "local_track": 4,
            "offset": 3,
        },
    )
    assert heard.losses.size == 0


def test_multilateration_target():
    heard = hear(shared("jasterix/cat020ed1.5.bin"))
    agrees(
        row(heard.plots),
        {
            "time_s": 33502.7109375,
            "source": 0x0002,
            "kind": MODE_S,
            "flags": 0,
            "range_m": math.hypot(173529.5, 45109.0),
            "azimuth_rad": math.pi / 2 - math.atan(45109.0 / 173529.5),
            "lat_rad": math.radians(8925925 * 180 / 2**25),  # 47:52:56.615 N
            "lon_rad": math.radians(3042378 * 180 / 2**25),  # 16:19:14.115 E
            "pressure_alt_m": 1125 * FT,
            "mode_a": 0o7000,
            "address": 148527,
            "east_mps": -13.75,
            "north_mps": -9.25,
            "local_track": 3528,
        },
    )
    assert heard.losses.size == 0


def test_multilateration_status():
    heard = hear(shared("jasterix/cat019ed1.3.bin"))
    agrees(
        row(heard.statuses),
        {
            "time_s": 33503.0390625,
            "source": 0x0003,
            "message": PERIODIC,
            "release": OPERATIONAL,
            "flags": 0,
            "lat_rad": math.radians(0x10E38E39 * 180 / 2**30),
            "lon_rad": math.radians(0x04FA4FA5 * 180 / 2**30),
            "height_m": 0.0,
        },
    )
    assert (heard.records, heard.losses.size, len(heard.plots)) == ({(19, 3): 1}, 0, 0)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        # I010/010, 000, 020: by type; a vehicle is on the ground; SPI in the third part
        ("e0 0007 01 00", {"kind": SECONDARY, "flags": 0, "local_track": NO_LOCAL_TRACK}),
        ("e0 0007 01 20", {"kind": MODE_S}),
        ("e0 0007 01 40", {"kind": ADS_B}),
        ("e0 0007 01 60", {"kind": PRIMARY, "range_m": None, "lat_rad": None}),
        ("e0 0007 01 80", {"kind": 0}),
        ("c0 0007 01", {"kind": 0, "flags": 0}),
        ("e0 0007 01 64", {"flags": ON_GROUND}),
        ("e0 0007 01 61 04", {"flags": ON_GROUND}),  # GBS silent, TOT a ground vehicle
        ("e0 0007 01 61 02", {"flags": 0}),  # an aircraft
        ("e0 0007 01 61 c0", {"flags": SIMULATED | TEST}),
        ("e0 0007 01 61 01 80", {"flags": SPI}),
        # I010/041: half a right angle; I010/040, the same bearing as I010/042, which yields to it
        ("c8 0007 01 20000000 e0000000", {"lat_rad": math.pi / 4, "lon_rad": -math.pi / 4}),
        ("c4 0007 01 0427 4000", {"range_m": 1063.0, "azimuth_rad": math.pi / 2}),
        ("c6 0007 01 0427 4000 0001 0001", {"range_m": 1063.0, "azimuth_rad": math.pi / 2}),
        # I010/042: west, south; at its end there is no place
        ("c2 0007 01 fffd fffc", {"range_m": 5.0, "azimuth_rad": math.pi + math.atan(3 / 4)}),
        ("c2 0007 01 fffd 0004", {"range_m": 5.0, "azimuth_rad": math.tau - math.atan(3 / 4)}),
        ("c2 0007 01 7fff 0004", {"range_m": None, "azimuth_rad": None}),
        ("c2 0007 01 0004 8000", {"range_m": None, "azimuth_rad": None}),
        # I010/200: 0.25 NM/s towards the east, and I010/202, which goes before it
        ("c180 0007 01 1000 4000", {"east_mps": NM / 4, "north_mps": pytest.approx(0.0, abs=1e-9)}),
        ("c1c0 0007 01 1000 4000 fffe 0004", {"east_mps": -0.5, "north_mps": 1.0}),
        # I010/161, 060, 220, 245
        ("c120 0007 01 fabc", {"local_track": 0xABC}),
        ("c108 0007 01 8fc0", {"mode_a": 0o7700, "flags": EMERGENCY | GARBLED_A}),
        ("c104 0007 01 abcdef", {"address": 0xABCDEF}),
        ("c102 0007 01 00 541171e38820", {"callsign": b"UAE188"}),
        # I010/090, 091: 100 ft and garbled; -25 ft
        ("c10120 0007 01 4004", {"pressure_alt_m": 100 * FT, "flags": GARBLED_C}),
        ("c10110 0007 01 fffc", {"height_m": -25 * FT}),
    ],
)
def test_what_a_surface_plot_says(record, expected):
    heard = hear(block(10, record))
    assert heard.losses.size == 0
    agrees(row(heard.plots), expected)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        # I020/010, 020: what received it; RAB, SPI, CHN, GBS, CRT, SIM, TST
        ("c0 006b 80", {"kind": SECONDARY, "flags": 0}),
        ("c0 006b 40", {"kind": MODE_S}),
        ("c0 006b 20", {"kind": 0}),
        ("c0 006b 41 10", {"flags": ON_GROUND}),
        ("c0 006b 41 40", {"flags": SPI}),
        ("c0 006b 41 06", {"flags": SIMULATED | TEST}),
        # I020/041, 042
        ("90 006b 00800000 ff800000", {"lat_rad": math.pi / 4, "lon_rad": -math.pi / 4, "range_m": None}),
        ("88 006b 000006 000008", {"range_m": 5.0, "azimuth_rad": math.atan(3 / 4)}),
        ("88 006b fffffa fffff8", {"range_m": 5.0, "azimuth_rad": math.pi + math.atan(3 / 4)}),
        # I020/070, 202, 090
        ("8180 006b 4f80", {"mode_a": 0o7600, "flags": EMERGENCY | GARBLED_A}),
        ("8140 006b fffe 0004", {"east_mps": -0.5, "north_mps": 1.0}),
        ("8120 006b bff8", {"pressure_alt_m": -200 * FT, "flags": GARBLED_C}),
        # I020/110 and 105, which goes before it
        ("8102 006b 0004", {"height_m": 25 * FT}),
        ("810380 006b 0004 0008", {"height_m": 50 * FT}),
        # I020/230: on the ground, alert
        ("81010180 006b 0c00", {"flags": ON_GROUND}),
    ],
)
def test_what_multilateration_says(record, expected):
    heard = hear(block(20, record))
    assert heard.losses.size == 0
    agrees(row(heard.plots), expected)


def test_every_kind_of_item_of_multilateration_is_stepped_over():
    items = {
        1: "006b",
        2: "41 01 00",  # three parts
        7: "01 00",  # I020/170
        19: "e0" + "11" * 14,  # I020/500: all three
        20: "02 0000",  # I020/400
        21: "01" + "22" * 8,  # I020/250
        24: "03 05 02",  # I020/030
        22: "0400",  # I020/230: on the ground
        27: "03 aabb",  # RE
        28: "02 cc",  # SP
    }
    fspec = bytes(sum(0x80 >> (n - 1) % 7 for n in items if (n - 1) // 7 == k) | (k < 3) for k in range(4))
    record = fspec.hex() + "".join(items[n] for n in sorted(items))
    heard = hear(block(20, record, record))
    assert heard.losses.size == 0
    assert heard.plots.flags.tolist() == [ON_GROUND, ON_GROUND]


def test_messages_of_the_surface_category_are_told_apart():
    target, cycle, state, event = (
        "f0 0007 01 60 000080",
        "d0 0007 02 000100",
        "d10104 0007 03 000180 70",
        "d10104 0007 04 000200 80",
    )
    heard = hear(block(10, target, cycle, state) + block(19, "f0 006b 02 000200 70") + block(10, event, target))
    assert heard.plots.time_s.tolist() == [1.0, 1.0]
    assert heard.statuses.message.tolist() == [START_OF_CYCLE, PERIODIC, PERIODIC, EVENT]
    assert heard.statuses.release.tolist() == [NO_RELEASE, DEGRADED, DEGRADED, NO_GO]
    assert heard.statuses.flags.tolist() == [0, OVERLOADED | TIME_INVALID, OVERLOADED | TIME_INVALID, 0]
    assert heard.statuses.time_s.tolist() == [2.0, 3.0, 4.0, 4.0]
    assert (np.diff(heard.statuses.offset) > 0).all()
    assert np.isnan(heard.statuses.lat_rad).all()
    assert heard.records == {(10, 7): 5, (19, 107): 1}
    assert heard.losses.size == 0


def test_reference_point():
    # I019/010, 600, 610, 620: 45 degrees north and west, 10 m above the sea, which is 50 m above the ellipsoid
    heard = hear(block(19, "81e0 006b 10000000 f0000000 0028 32"))
    agrees(row(heard.statuses), {"lat_rad": math.pi / 4, "lon_rad": -math.pi / 4, "height_m": 60.0, "message": 0})
    assert heard.untimed == 1


def test_broken_records_lose_their_block_and_no_more():
    good = block(20, "c0 006b 40")
    for broken in (
        block(10, "0102 00"),
        block(19, "0110"),
        block(20, "c0 006b"),
        block(20, "0120 40"),
        block(10, "01"),
    ):
        heard = hear(good + broken + good)
        assert len(heard.plots) == 2
        assert heard.losses.size == len(broken) - 3


def test_field_monitors_of_multilateration():
    heard = hear(block(10, "e0 006b 01 2d 20", "e0 006b 01 2d 02") + block(20, "c0 006b 41b0", "c0 006b 4130"))
    assert (len(heard.plots), heard.field_monitors) == (2, 2)
    assert heard.plots.flags.tolist() == [ON_GROUND, ON_GROUND]


@pytest.fixture(scope="module")
def both():
    """The same reports in the old category and in the new one."""
    return hear(shared(LEBL + "mlat_cat010.ast")), hear(shared(LEBL + "mlat_cat020.ast"))


def test_counts_of_the_airport(both):
    old, new = both
    radar = hear(shared(LEBL + "smr_cat010.ast"))
    assert (len(radar.plots), len(radar.statuses)) == (62_819, 14_526)
    assert np.count_nonzero(radar.statuses.message == START_OF_CYCLE) == 7_263
    assert np.isfinite(radar.plots.range_m).sum() == 62_097  # the others are the last word of a track
    assert (len(old.plots) + old.field_monitors, len(old.statuses)) == (69_933, 14_520)
    assert (len(new.plots) + new.field_monitors, len(new.statuses)) == (69_933, 7_381)
    for heard in (radar, old, new):  # 22:00 to 00:01: one midnight
        assert heard.plots.time_s[0] == pytest.approx(79_201.7, abs=0.2)
        assert heard.plots.time_s[-1] == pytest.approx(86_461.5, abs=0.5)
        assert np.diff(heard.plots.time_s).min() > -1.0


def test_one_multilateration_in_two_categories(both):
    old, new = (heard.plots for heard in both)
    for name in ("time_s", "source", "kind", "flags", "mode_a", "address", "callsign", "local_track", "east_mps"):
        np.testing.assert_array_equal(old.arrays()[name], new.arrays()[name])
    np.testing.assert_array_equal(old.north_mps, new.north_mps)
    level = np.isfinite(old.pressure_alt_m)
    np.testing.assert_array_equal(old.pressure_alt_m[level], new.pressure_alt_m[level])
    assert (
        new.pressure_alt_m[~level] == 0
    ).all()  # the new one says FL 0 where the old one says nothing, on the ground
    assert (new.flags[~level] & ON_GROUND != 0).all()
    placed = np.isfinite(old.range_m)
    assert (~placed).sum() == 13
    assert (abs(new.range_m[~placed]) > 32_767).all()  # farther than the old one can say
    for turn in (np.sin, np.cos):
        apart = old.range_m * turn(old.azimuth_rad) - new.range_m * turn(new.azimuth_rad)
        assert abs(apart[placed]).max() <= 0.5 + 1e-6  # its resolution is 1 m


def test_polar_and_cartesian_of_the_surface_radar_agree():
    data = shared(LEBL + "smr_cat010.ast")
    reading = read_asterix(*whole(data))
    told = reading.columns[10]
    told = told.take(np.flatnonzero(np.isfinite(told.range_m))[:500])
    for at, distance, bearing in zip(told.offset, told.range_m, told.azimuth_rad, strict=True):
        body = data[at + 4 :]  # f7 f1 09 10: 010, 000, 020, 140, then 040 and 042
        x, y = (int.from_bytes(body[k : k + 2], "big", signed=True) for k in (11, 13))
        assert math.hypot(x, y) == pytest.approx(distance, abs=1.5)
        assert math.remainder(math.atan2(x, y) - bearing, math.tau) * distance == pytest.approx(0, abs=1.5)


def test_the_reference_point_is_the_registrys(both):
    told = both[1].statuses
    said = np.isfinite(told.lat_rad)
    assert said.sum() == 121
    apart = ecef(told.lat_rad[said], told.lon_rad[said], told.height_m[said]) - ecef(
        math.radians(POINT["lat_deg"]), math.radians(POINT["lon_deg"]), POINT["height_m"]
    )
    assert np.linalg.norm(apart, axis=1).max() < 0.5


def test_multilateration_lies_where_aircraft_say_they_are(both):
    plots = mlat.placed(both[1].plots, build_sites([{**POINT, "kind": "mlat"}], "x"))
    old = {(21, None): "0.23"}
    told = decode(read_recording(shared(LEBL + "adsb_cat021_v023.ast"), "x"), editions=old).plots
    told = told.take(np.argsort(told.time_s, kind="stable"))
    gaps = {0: [], ON_GROUND: []}
    for address in np.intersect1d(plots.address, told.address):
        mine, theirs = plots.take(plots.address == address), told.take(told.address == address)
        after = np.searchsorted(theirs.time_s, mine.time_s)
        near = (after > 0) & (after < len(theirs))
        near[near] &= theirs.time_s[after[near]] - theirs.time_s[after[near] - 1] < 2.0
        lat, lon = (np.interp(mine.time_s, theirs.time_s, theirs.arrays()[n]) for n in ("lat_rad", "lon_rad"))
        gap = 6.37e6 * np.hypot(mine.lat_rad - lat, (mine.lon_rad - lon) * np.cos(lat))
        for flag, part in gaps.items():
            part.append(gap[near & (mine.flags & ON_GROUND == flag)])
    air, ground = (np.concatenate(gaps[flag]) for flag in (0, ON_GROUND))
    assert len(air) > 7_000
    assert len(ground) > 8_000
    assert np.median(ground) < 8.0
    assert np.median(air) < 80.0


def test_a_place_in_the_plane_and_back():
    sites = build_sites([{**POINT, "kind": "mlat"}, {**POINT, "sic": 7, "kind": "radar"}], "x")
    lat, lon, height = math.radians(41.45), math.radians(2.30), np.array([54.0, 3000.0])
    axes, point = enu_axes(*map(math.radians, (41.297076, 2.078463))), ecef(sites.lat_rad[0], sites.lon_rad[0], 51.0)
    east, north, _ = ((ecef(lat, lon, height) - point) @ axes.T).T
    distance, bearing = np.hypot(east, north), np.arctan2(east, north)
    found = mlat.locate(distance, bearing, height, *(np.full(2, v[0]) for v in (sites.lat_rad, sites.lon_rad)), 51.0)
    np.testing.assert_allclose(found, ecef(lat, lon, height), atol=1e-6)
    heard = hear(block(20, "88 006b 00fa00 00fa00"))  # 32 km east and north, no height
    placed = mlat.placed(heard.plots, sites)
    assert np.isnan(placed.range_m).all()
    back = (ecef(placed.lat_rad, placed.lon_rad, sites.height_m[:1]) - point) @ axes.T
    np.testing.assert_allclose(back[0, :2], [32_000.0, 32_000.0], atol=0.01)
    np.testing.assert_allclose(where(heard.plots, sites)[0], where(placed, sites)[0])
    radar = heard.plots.replace(source=np.array([7], np.uint16))
    assert mlat.placed(radar, sites).range_m.tolist() == radar.range_m.tolist()
    assert np.isnan(mlat.placed(heard.plots.replace(source=np.array([9], np.uint16)), sites).lat_rad).all()


SAID = {
    # not I010/202, which this tshark takes for sixteenths of a metre a second: I010/200 and CAT020 say quarters
    10: ("140_VALUE", "020_GBS", "042_X", "042_Y", "161_TRK", "220_VALUE", "060_MODE3A", "090_FL"),
    20: ("140_VALUE", "020_GBS", "042_X", "042_Y", "161_TRN", "220_VALUE", "070_MODE3A", "090_FL", "202_VX", "202_VY"),
}


@pytest.mark.parametrize(("name", "number"), [("smr_cat010", 10), ("mlat_cat010", 10), ("mlat_cat020", 20)])
def test_tshark_reads_the_same(name, number, tmp_path):
    """400 blocks of a record each, field by field; only the category's targets that are no field monitors."""
    data = shared(LEBL + name + ".ast")
    blocks = []
    while len(blocks) < 400:
        size = int.from_bytes(data[1:3], "big")
        blocks.append(data[:size])
        data = data[size:]
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap([ethernet(ipv4(one)) for one in blocks]))
    wanted = [f"asterix.{number:03}_{field}" for field in SAID[number]]
    names = ["_ws.malformed", f"asterix.{number:03}_020_RAB", *wanted]
    words = (word for name in names for word in ("-e", name))
    only = ("-Y", f"asterix.{number:03}_020", "-T", "fields")
    told = run("tshark", "-r", str(path), "-d", "udp.port==8600,asterix", *only, *words)
    lines = [line.split("\t") for line in told.splitlines()]
    assert all(line[0] == "" for line in lines)
    lines = [line[2:] for line in lines if line[1] != "1"]
    plots = decode(read_recording(b"".join(blocks), "x")).plots
    assert len(plots) == len(lines) > 100
    east, north = (plots.range_m * turn(plots.azimuth_rad) for turn in (np.sin, np.cos))
    compared = set()
    for k, line in enumerate(lines):
        ours = (
            *(plots.time_s[k], plots.flags[k] & ON_GROUND != 0, east[k], north[k], plots.local_track[k]),
            *(plots.address[k], plots.mode_a[k], plots.pressure_alt_m[k] / (100 * FT)),
            *(plots.east_mps[k], plots.north_mps[k]),
        )
        for field, mine, text in zip(wanted, ours[: len(wanted)], line, strict=True):
            if text == "":
                assert math.isnan(mine) or mine in (NO_ADDRESS, NO_MODE_A), field
                continue
            # where the radar tells both, range and azimuth go before the Cartesian place, rounded to 1 m
            close = 1.5 if name == "smr_cat010" and "_042_" in field else 1e-3
            theirs = int(text, 0) if text[:2] == "0x" else float(text)
            assert float(mine) == pytest.approx(theirs, abs=close), field
            compared.add(field)
    unsaid = {"220_VALUE", "060_MODE3A", "090_FL"} if name == "smr_cat010" else set()
    assert {field[len("asterix.010_") :] for field in compared} == set(SAID[number]) - unsaid
