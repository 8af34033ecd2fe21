"""Frames: what comes out of the bytes, read by a decoder of its own, is what went in."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from night_show import NightShow
from pyproj import Geod, Transformer

from skyaccord.console.frames import encode
from skyaccord.node.show import Frame, Spots
from skyaccord.picture.picture import Picture

ELLIPSOID = Geod(ellps="WGS84")
GEODETIC = Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)


def read(message: bytes) -> tuple[dict, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The layout as docs/console.md tells it, read without the project's code."""
    assert message[:4] == b"SKY1"
    (length,) = struct.unpack("<I", message[4:8])
    head = json.loads(message[8 : 8 + length])

    def table(columns: list, rows: int) -> dict[str, np.ndarray]:
        return {name: np.frombuffer(message, dtype, rows * each, offset) for name, dtype, offset, each in columns}

    return head, table(head["columns"], head["n"]), table(head["spot_columns"], head["m"])


def frame_at(passed: float, party: str = "TJ") -> Frame:
    show = NightShow(replay=True, now=lambda: 0.0)
    show.offset_s = passed
    return show.frame(party)


def test_every_column_comes_back() -> None:
    frame = frame_at(300)
    head, tracks, spots = read(encode(frame))
    picture = frame.picture
    assert (head["time"], head["party"], head["entries"]) == (frame.time_s, "TJ", frame.entries)
    assert head["n"] == len(picture) > 50
    np.testing.assert_allclose(np.radians(tracks["lat"]), picture.lat_rad, rtol=1e-15)
    np.testing.assert_allclose(np.radians(tracks["lon"]), picture.lon_rad, rtol=1e-15)
    for name in ("number", "own_number", "shared_number", "shared_by", "identity", "air_class", "status"):
        np.testing.assert_array_equal(tracks[name], getattr(picture, name))
    for name in ("mode_a", "address", "callsign", "sources", "conflict"):
        np.testing.assert_array_equal(tracks[name], getattr(picture, name))
    for name, column in (("height", "height_m"), ("age", "age_s"), ("sigma", "sigma_m"), ("pressure_alt",) * 2):
        value = getattr(picture, column if column != "pressure_alt" else "pressure_alt_m")
        np.testing.assert_array_equal(tracks[name], value.astype("f4"))
    clauses = [b"" if k == 0xFFFF else head["clauses"][k].encode() for k in tracks["clause"]]
    np.testing.assert_array_equal(clauses, picture.clause)
    assert {b"", b"art.5.1"} == set(clauses)
    np.testing.assert_allclose(np.radians(spots["lat"]), frame.spots.lat_rad, atol=2e-7)
    np.testing.assert_allclose(np.radians(spots["lon"]), frame.spots.lon_rad, atol=2e-7)
    np.testing.assert_array_equal(spots["kind"], frame.spots.kind)


def test_velocity_is_where_the_track_goes() -> None:
    """A second along the ECEF state, another program's geodesy: so far east, north and up."""
    picture = frame_at(100).picture
    climbing = picture.replace(state=picture.state + np.array([0, 0, 0, 3.0, -2.0, 4.0]))
    frame = Frame("TJ", float(picture.time_s[0]), climbing, Spots.empty(), (), (), 0)
    _, tracks, _ = read(encode(frame))
    here, there = (GEODETIC.transform(*(climbing.state[:, :3] + dt * climbing.state[:, 3:]).T) for dt in (-0.5, 0.5))
    azimuth, _, length = ELLIPSOID.inv(here[0], here[1], there[0], there[1])
    scale = 1 + climbing.height_m / 6.37e6  # the geodesic lies on the ellipsoid, the track above it
    np.testing.assert_allclose(tracks["ve"], length * np.sin(np.radians(azimuth)) * scale, atol=0.6)
    np.testing.assert_allclose(tracks["vn"], length * np.cos(np.radians(azimuth)) * scale, atol=0.6)
    np.testing.assert_allclose(tracks["vu"], there[2] - here[2], atol=0.05)


def test_held_is_how_long_the_state_has_stood() -> None:
    frame = frame_at(100)
    late = Frame(frame.party, frame.time_s + 2.5, frame.picture, frame.spots, (), (), 0)
    assert set(read(encode(late))[1]["held"]) == {np.float32(2.5)}


def test_the_same_frame_gives_the_same_bytes() -> None:
    assert encode(frame_at(123)) == encode(frame_at(123))
    assert encode(frame_at(123)) != encode(frame_at(124))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.text(max_size=12), st.floats(0, 4e9))
def test_columns_are_aligned_and_do_not_overlap(tracks: int, spots: int, party: str, time_s: float) -> None:
    frame = Frame(party, time_s, Picture.empty(tracks), Spots.empty(spots), (), (), 7)
    message = encode(frame)
    head, *_ = read(message)
    assert (head["n"], head["m"], head["party"], head["time"]) == (tracks, spots, party, time_s)
    end = 8 + struct.unpack("<I", message[4:8])[0]
    for columns, rows in ((head["columns"], tracks), (head["spot_columns"], spots)):
        for _, dtype, offset, each in columns:
            assert offset % 8 == 0
            assert 0 <= offset - end < 8
            end = offset + rows * each * np.dtype(dtype).itemsize
    assert 0 <= len(message) - end < 8


@pytest.mark.parametrize("party", ["RU", "TJ"])
def test_a_party_sees_only_its_own_picture(party: str) -> None:
    numbers = set(read(encode(frame_at(60, party)))[1]["number"].tolist())
    assert (18 in numbers) == (party == "RU")  # RU's alone, and not released
