"""ASTERIX to columns: counts and values that other decoders found in real recordings, and times over midnight."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_bytes import block, cat048, ethernet, ipv4, pcap, shared, whole

from skyaccord.errors import InputError
from skyaccord.sensors.plots import (
    ADS_B,
    COMBINED,
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
from skyaccord.wire import decode, read_recording
from skyaccord.wire.clock import onward
from skyaccord.wire.decoding import Feed, decode_datagrams
from skyaccord.wire.formats.asterix import read_asterix
from skyaccord.wire.formats.asterix.reader import CATEGORIES
from skyaccord.wire.formats.asterix.uap import Field, Fixed, compile_uap

DAY_S = 86_400
NM = 1852.0
FT = 0.3048
OLD = {(21, 0x006B): "0.23"}

# name, editions, records by category, blocks that are not read: as asterix_decoder, libasterix and tshark agree
RECORDINGS = [
    ("arg/260429.pcap", {}, {48: 3_541, 34: 16_366}, {}),
    ("arg/fds260429.pcap", {}, {62: 50_640}, {}),
    ("bcn_2023/230502-est-080001_BCN_60MN_08_09.ast", {}, {48: 44_085}, {}),
    ("alicante/record_Alicante-ADSB_ADS_LAN2_Ch1_AST_OP.ast", {}, {21: 20_090}, {}),
    ("lebl_2016/160510-lebl-220001_adsb_cat021_v023.ast", OLD, {21: 49_330}, {}),
    ("lebl_2016/160510-lebl-220001_smr_cat010.ast", {}, {10: 77_345}, {}),
    ("lebl_2016/160510-lebl-220001_mlat_cat010.ast", {}, {10: 84_453}, {}),
    ("lebl_2016/160510-lebl-220001_mlat_cat020.ast", {}, {20: 69_933, 19: 7_381}, {}),
    ("croatiacontrol/cat062cat065.raw", {}, {62: 2}, {65: 1}),
    ("croatiacontrol/cat_062_065.pcap", {}, {62: 2}, {65: 1}),
]


@pytest.mark.parametrize(("name", "editions", "records", "skipped"), RECORDINGS)
def test_every_record_and_every_byte_of_a_recording(name, editions, records, skipped):
    recording = read_recording(shared(name), name)
    heard = decode(recording, editions=editions)
    found: dict[int, int] = {}
    for (category, _), count in heard.records.items():
        found[category] = found.get(category, 0) + count
    if heard.field_monitors:  # all of one category, and of none of the columns
        found[max(records, key=lambda category: records[category])] += heard.field_monitors
    assert found == records
    assert heard.skipped == skipped
    assert set(heard.losses.by_reason) <= {"unknown_category"}
    assert heard.size + heard.losses.size == int(recording.datagrams.length.sum())
    assert heard.untimed == 0


def row(columns, k=0):
    return {name: value[k].item() for name, value in columns.arrays().items()}


def agrees(found, expected):
    for name, value in expected.items():
        if value is None:
            assert math.isnan(found[name]), name
        else:
            assert found[name] == (pytest.approx(value, rel=1e-9) if isinstance(value, float) else value), name


# the values that asterix_decoder gives for each, in its units
def test_mode_s_plot():
    heard = decode(read_recording(shared("jasterix/cat048ed1.15.bin"), "x"))
    speed, heading = 463.18359375 * NM / 3600, math.radians(32.607421875)
    agrees(
        row(heard.plots),
        {
            "time_s": 33499.8359375,
            "source": 0x0001,
            "kind": MODE_S,
            "flags": 0,
            "range_m": 73.921875 * NM,
            "azimuth_rad": math.radians(89.67041015625),
            "lat_rad": None,
            "height_m": None,
            "pressure_alt_m": 37_000 * FT,
            "mode_a": 0o0470,
            "address": 0xAB4CBD,
            "callsign": b"RYR5XW",
            "east_mps": speed * math.sin(heading),
            "north_mps": speed * math.cos(heading),
            "local_track": 919,
            "offset": 3,
        },
    )


def test_range_beyond_the_item_is_not_invented():
    heard = decode(read_recording(shared("jasterix/cat048ed1.23.bin"), "x"))
    agrees(row(heard.plots), {"range_m": None, "azimuth_rad": math.radians(89.67041015625), "address": 0xAB4CBD})


def test_sector_message():
    heard = decode(read_recording(shared("jasterix/cat034ed1.26.bin"), "x"))
    agrees(
        row(heard.services),
        {"time_s": 33499.84375, "source": 2, "message": 2, "azimuth_rad": math.pi / 2, "period_s": None},
    )


def test_north_marker_tells_the_antenna_period():
    # I034/010, 000 (north marker), 030, 041: 4.0 s in 1/128 s
    heard = decode(read_recording(block(34, "e8190e01000080" + "0200"), "x"))
    agrees(row(heard.services), {"source": 0x190E, "message": 1, "time_s": 1.0, "period_s": 4.0, "azimuth_rad": None})


def test_system_tracks():
    heard = decode(read_recording(shared("jasterix/cat062ed1.12.bin"), "x"))
    agrees(
        row(heard.system_tracks),
        {
            "time_s": 33502.5,
            "source": 4,
            "service": 225,
            "number": 5086,
            "flags": 0,
            "lat_rad": math.radians(45.46522378921509),
            "lon_rad": math.radians(17.332499027252197),
            "height_m": None,
            "east_mps": 207.5,
            "north_mps": -120.5,
            "pressure_alt_m": 34_975 * FT,
            "mode_a": 0o7621,
            "address": 0x663CA6,
            "callsign": b"DLH9CK",
            "sigma_m": math.sqrt((40.0**2 + 63.0**2) / 2),
            "primary_age_s": 63.75,
            "secondary_age_s": 2.0,
            "mode_s_age_s": 2.0,
            "adsb_age_s": 63.75,
            "track_age_s": None,
        },
    )
    heard = decode(read_recording(shared("jasterix/cat062ed1.16.bin"), "x"))
    agrees(row(heard.system_tracks), {"height_m": 34_837.5 * FT, "number": 5533, "address": NO_ADDRESS})


def test_ads_b():
    heard = decode(read_recording(shared("jasterix/cat021ed2.1.bin"), "x"))
    agrees(
        row(heard.plots),
        {
            "time_s": 33502.8828125,
            "source": 3,
            "kind": ADS_B,
            "flags": 0,
            "range_m": None,
            "lat_rad": math.radians(46.84420108795166),
            "lon_rad": math.radians(12.298529148101807),
            "height_m": 34_750 * FT,
            "pressure_alt_m": 35_000 * FT,
            "mode_a": 0o7106,
            "address": 0x1A4B65,
            "callsign": b"EZS14ZH",
            "local_track": 1375,
        },
    )


def test_ads_b_edition_023_is_a_property_of_the_source():
    data = shared("lebl_2016/160510-lebl-220001_adsb_cat021_v023.ast")
    heard = decode(read_recording(data, "x"), day_s=10.0 * DAY_S, editions=OLD)
    agrees(
        row(heard.plots),
        {
            "time_s": 10 * DAY_S + 0x9AB0D9 / 128,
            "source": 0x006B,
            "lat_rad": math.radians(41.57634258270264),
            "lon_rad": math.radians(2.216663360595703),
            "height_m": None,
            "pressure_alt_m": 0x1C0 * 25 * FT,
            "address": 0x4CA5F7,
        },
    )
    # 22:00 to 00:01: one midnight
    assert heard.plots.time_s[-1] - 10 * DAY_S == pytest.approx(DAY_S + 62.1484375)
    assert decode(read_recording(data, "x"), editions={(21, None): "0.23"}).losses.size == 0
    assert decode(read_recording(data, "x")).losses.size > 0


def test_ads_b_prefers_the_finer_position_and_the_time_it_applies_to():
    heard = decode(read_recording(shared("alicante/record_Alicante-ADSB_ADS_LAN2_Ch1_AST_OP.ast"), "x"))
    speed, heading = 0.1204833984375 * NM, math.radians(66.9232177734375)
    agrees(
        row(heard.plots),
        {
            "time_s": 39508.0078125,  # reception: 39507.96
            "lat_rad": math.radians(38.95976269617677),  # I021/130: 38.95977
            "lon_rad": math.radians(2.3968705907464027),
            "height_m": 24_350 * FT,
            "pressure_alt_m": 23_525 * FT,
            "east_mps": speed * math.sin(heading),
            "north_mps": speed * math.cos(heading),
        },
    )


def test_an_edition_that_nobody_knows():
    with pytest.raises(InputError, match=r"CAT021 edition '0\.99' is not known; known: 2\.x, 0\.23"):
        decode(read_recording(cat048(), "x"), editions={(21, 7): "0.99"})


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        # I010, 020: by the descriptor's type
        ("a0 0102 20", {"kind": PRIMARY}),
        ("a0 0102 40", {"kind": SECONDARY}),
        ("a0 0102 60", {"kind": COMBINED}),
        ("a0 0102 a0", {"kind": MODE_S}),
        ("a0 0102 e0", {"kind": COMBINED}),
        ("a0 0102 00", {"kind": 0, "mode_a": NO_MODE_A, "address": NO_ADDRESS, "local_track": NO_LOCAL_TRACK}),
        # SIM, SPI; and in the second part TST, ME; a third part is stepped over
        ("a0 0102 34", {"flags": SIMULATED | SPI}),
        ("a0 0102 2190", {"flags": TEST | EMERGENCY}),
        ("a8 0102 20 07d5", {"mode_a": 0o3725, "flags": 0}),
        ("a8 0102 21 91 00 07d5", {"mode_a": 0o3725, "flags": TEST | EMERGENCY}),
        # I070: not validated, garbled, smoothed; emergency codes
        ("88 0102 8007", {"mode_a": 7, "flags": GARBLED_A, "kind": SECONDARY}),
        ("88 0102 4007", {"mode_a": 7, "flags": GARBLED_A}),
        ("88 0102 2007", {"mode_a": 7, "flags": 0}),
        ("88 0102 0fc0", {"mode_a": 0o7700, "flags": EMERGENCY}),
        # I090: below sea level (two's complement), garbled
        ("84 0102 3ff8", {"pressure_alt_m": -200 * FT, "flags": 0}),
        ("84 0102 4004", {"pressure_alt_m": 100 * FT, "flags": GARBLED_C}),
        # I220 alone: it answered in Mode S
        ("8180 0102 abcdef", {"kind": MODE_S, "address": 0xABCDEF}),
        # I230: on the ground; cut short, it is no record
        ("810102 0102 0400", {"flags": ON_GROUND}),
        ("810102 0102 04", None),
    ],
)
def test_what_a_plot_says(record, expected):
    heard = decode(read_recording(block(48, record), "x"))
    if expected is None:
        assert (len(heard.plots), set(heard.losses.by_reason)) == (0, {"truncated"})
    else:
        agrees(row(heard.plots), expected)


def test_every_kind_of_item_is_stepped_over():
    items = {
        1: "0102",  # I010
        7: "82 01 02",  # I130: SRL and APD
        10: "02" + "11" * 16,  # I250: two registers
        16: "03 05 02",  # I030: three parts
        20: "40 01" + "22" * 6,  # I120: RDS, one
        21: "0400",  # I230: on the ground
        27: "03 aabb",  # SP
        28: "02 cc",  # RE
    }
    fspec = bytes(sum(0x80 >> (n - 1) % 7 for n in items if (n - 1) // 7 == k) | (k < 3) for k in range(4))
    record = fspec.hex() + "".join(items.values())
    heard = decode(read_recording(block(48, record, record), "x"))
    assert len(heard.plots) == 2
    assert heard.losses.size == 0
    assert heard.plots.flags.tolist() == [ON_GROUND, ON_GROUND]


def test_intent_points_do_not_shift_what_follows():
    # I062/010, 380 (ADR, TIS in two parts, TID with two points), 040
    points = "0300" + "02" + "33" * 30
    heard = decode(read_recording(block(62, "8118 0102 81c0 abcdef" + points + "1234"), "x"))
    agrees(row(heard.system_tracks), {"address": 0xABCDEF, "number": 0x1234})
    assert heard.losses.size == 0


def test_reports_of_field_monitors_are_counted_and_left_out():
    heard = decode(read_recording(block(48, "a0010222", "a0010220"), "x"))
    assert (len(heard.plots), heard.field_monitors) == (1, 1)
    assert heard.losses.size == 0


def test_records_without_a_time():
    alone = decode(read_recording(block(48, "a0010220"), "x"))
    assert alone.untimed == 1
    assert np.isnan(alone.plots.time_s).all()
    captured = decode(read_recording(pcap([ethernet(ipv4(block(48, "a0010220", "e0 0102 ffffff 20")))]), "x"))
    assert captured.untimed == 2  # one says none, one says 131,072 s
    assert captured.plots.time_s.tolist() == [1.7e9, 1.7e9]


@pytest.mark.parametrize("shift_s", [-30_000, -3, 0, 3, 30_000])
def test_the_day_of_a_capture_is_the_nearest(shift_s):
    midnight_s = 19_676 * DAY_S
    capture_s = midnight_s + 10
    tod_s = (capture_s + shift_s) % DAY_S
    heard = decode(read_recording(pcap([ethernet(ipv4(cat048(tod_s)))], start_s=capture_s), "x"))
    assert heard.plots.time_s[0] == pytest.approx(capture_s + shift_s, abs=1 / 128)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(0, 20_000), st.floats(-20, 0)), min_size=1, max_size=60),
    st.integers(0, DAY_S - 21),
)
def test_midnights_are_counted_source_by_source(steps, start_s):
    """True times that go on by up to 20,000 s, each report up to 20 s late: the days come back."""
    true, clock = [], start_s + 20.0
    for _, step, late in steps:
        clock += step
        true.append(clock + late)
    first_day = true[0] // DAY_S * DAY_S
    source = np.array([s for s, _, _ in steps], np.uint16)
    found = onward(np.array(true) % DAY_S, source, first_day)
    np.testing.assert_allclose(found, true, atol=1e-6)


@pytest.mark.parametrize(
    ("tod_s", "true_s"),
    [
        ([86_399.0, 1.0, 86_399.5, 2.0], [86_399.0, DAY_S + 1, 86_399.5, DAY_S + 2]),  # a late one after midnight
        ([1.0, 86_399.5, 2.0, 60.0], [1.0, -0.5, 2.0, 60.0]),  # the same where a recording begins
        ([100.0, 50_000.0, 200.0], [100.0, 50_000.0, DAY_S + 200]),  # a recorder that was off for half a day
        ([50_000.0, 49_000.0, 50_001.0], [50_000.0, 49_000.0, 50_001.0]),  # a clock put back
        ([10.0, np.nan, 11.0], [10.0, np.nan, 11.0]),
    ],
)
def test_midnights_that_are_none(tod_s, true_s):
    np.testing.assert_allclose(onward(np.array(tod_s), np.zeros(len(tod_s), np.uint16), 0.0), true_s)


def test_a_source_that_was_silent_goes_on_from_the_others():
    hours = np.array([12.0, 13.0, 18.0, 23.0, 1.0, 1.1])
    source = np.array([7, 8, 8, 8, 7, 9], np.uint16)
    found = onward(hours * 3600, source, 0.0) / 3600
    np.testing.assert_allclose(found, [12, 13, 18, 23, 25, 25.1])


def test_live_batches_and_copies_across_them():
    feed = Feed()
    times = 1.7e9 + np.arange(4)
    payloads = [cat048((t % DAY_S) - 1) for t in times]
    plots = []
    for k in range(4):  # each datagram by two networks, the second 5 ms later in the next batch
        heard, feed = decode_datagrams([payloads[k]], times[k : k + 1], feed, [1])
        plots.append(heard.plots)
        again, feed = decode_datagrams([payloads[k], b""], times[k] + np.array([0.005, 0.006]), feed, [2, 2])
        assert (len(again.plots), again.copies) == (0, 1)
    assert [p.time_s[0] for p in plots] == pytest.approx((times - 1).tolist(), abs=1 / 128)
    quiet, feed = decode_datagrams([], np.empty(0), feed)
    assert len(quiet.plots) == 0
    same_way, feed = decode_datagrams([payloads[0]] * 2, times[3] + np.array([9.0, 9.001]), feed)
    assert (len(same_way.plots), same_way.copies) == (2, 0)


def test_live_and_recorded_are_one_code():
    data = shared("croatiacontrol/cat_034_048.pcap")
    recording = read_recording(data, "x")
    d = recording.datagrams
    payloads = [recording.buffer[o : o + n].tobytes() for o, n in zip(d.offset, d.length, strict=True)]
    live, _ = decode_datagrams(payloads, d.time_s, Feed(), d.group.tolist())
    once, _ = decode_datagrams(payloads, d.time_s, Feed())
    recorded = decode(recording)
    assert (len(live.plots), live.copies) == (64, 50)
    for name, column in recorded.plots.arrays().items():
        if name != "offset":
            np.testing.assert_array_equal(once.plots.arrays()[name], column)


def test_plots_of_two_categories_stay_in_order():
    ads_b = block(21, "8110 0102 abcdef")
    data = cat048(10.0) + ads_b + cat048(11.0) + ads_b
    heard = decode(read_recording(data, "x"))
    assert heard.plots.kind.tolist() == [PRIMARY, ADS_B, PRIMARY, ADS_B]
    assert (np.diff(heard.plots.offset) > 0).all()
    assert heard.records == {(48, 0x1922): 2, (21, 0x0102): 2}


def test_many_chunks_are_one_reading(monkeypatch):
    data = shared("croatiacontrol/cat_034_048.pcap")
    recording = read_recording(data, "x")
    d = recording.datagrams
    once = read_asterix(recording.buffer, d.offset, d.length)
    monkeypatch.setattr("skyaccord.wire.formats.asterix.reader.CHUNK_ROWS", 3)
    chunked = read_asterix(recording.buffer, d.offset, d.length)
    assert once.size == chunked.size
    for number, columns in once.columns.items():
        for name, column in columns.arrays().items():
            np.testing.assert_array_equal(chunked.columns[number].arrays()[name], column)


def test_fields_lie_within_their_items():
    for category in CATEGORIES.values():
        compile_uap(category.uap, category.fields)
    with pytest.raises(ValueError, match="not within the 2 bytes of item 010"):
        compile_uap((("010", Fixed(2)),), (Field("source", "010", 8, 16),))
    with pytest.raises(ValueError, match="item 020"):
        compile_uap((("010", Fixed(2)),), (Field("type", "020", 0, 3),))


def test_nothing_is_nothing():
    reading = read_asterix(*whole(b""))
    assert (reading.columns, reading.size, reading.losses.size) == ({}, 0, 0)
