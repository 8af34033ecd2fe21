"""Live feeds, as a user starts them: a radar speaks CAT048 over loopback, and its aircraft becomes a track."""

from __future__ import annotations

import math
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.record import Recording
from skyaccord.sensors import Plots
from skyaccord.sensors.plots import SECONDARY
from skyaccord.tracks import CONFIRMED
from skyaccord.wire.formats.asterix import encode_cat048

SITES = """
[[sensor]]
sac = 25
sic = 7
name = "Hill"
lat_deg = 38.5
lon_deg = 68.8
height_m = 820
scan_s = 2
"""
RADAR = ecef(math.radians(38.5), math.radians(68.8), 820.0)
AXES = enu_axes(math.radians(38.5), math.radians(68.8))
SCAN_S = 2.0
LASTS_S = 12
BEGAN_S = time.time()


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "sites.toml").write_text(SITES, encoding="utf-8")
    return tmp_path


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def truth(time_s: float) -> np.ndarray:
    """ECEF of an aircraft in level flight, 200 m/s to the north-east; it was at 38.2 N 69.2 E when the tests began."""
    part = (time_s - BEGAN_S) / 6.38e6
    lat, lon = math.radians(38.2) + 140 * part, math.radians(69.2) + 140 * part / math.cos(math.radians(38.2))
    return ecef(lat, lon, 9000.0)


def plot(time_s: float) -> Plots:
    """What the radar says of it, without error."""
    enu = AXES @ (truth(time_s) - RADAR)
    return Plots.blank(1).replace(
        time_s=np.array([time_s]),
        source=np.array([25 << 8 | 7]),
        kind=np.array([SECONDARY]),
        range_m=np.array([np.linalg.norm(enu)]),
        azimuth_rad=np.array([math.atan2(enu[0], enu[1]) % (2 * math.pi)]),
        pressure_alt_m=np.array([9000.0]),
        mode_a=np.array([0o4321]),
    )


def begin(here: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "skyaccord", "run", "--sites", "sites.toml", *words],
        cwd=here,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def speak(night: subprocess.Popen[str], ports: list[int], most_s: float = 60.0) -> set[bytes]:
    """One plot a scan to every port until the night is over; every datagram that was sent, once."""
    said: set[bytes] = set()
    end_s = time.monotonic() + most_s
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        while night.poll() is None:
            assert time.monotonic() < end_s, "the night does not end"
            (block,) = encode_cat048(plot(time.time()))
            said.add(block)
            for port in ports:
                mouth.sendto(block, ("127.0.0.1", port))
            for _ in range(int(SCAN_S / 0.1)):
                if night.poll() is None:
                    time.sleep(0.1)
    return said


def told(out: str, what: str) -> int:
    found = re.search(rf"^{what}\s+([\d,]+)", out, re.MULTILINE)
    assert found, out
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize("networks", [1, 2])
def test_a_radar_on_the_net_becomes_a_track(here: Path, networks: int) -> None:
    ports = free_ports(networks)
    addresses = [word for port in ports for word in ("--udp", f"127.0.0.1:{port}")]
    night = begin(here, *addresses, "--headless", "--until", str(LASTS_S), "--record", "out")
    said = speak(night, ports)
    out, err = night.communicate(timeout=30)
    assert night.returncode == 0, out + err
    recording = Recording(here / "out")
    assert recording.sealed
    plots = recording.plots("own", -math.inf, math.inf)
    # those that came before it listened and in its last second are not counted; each of the others once
    assert LASTS_S / SCAN_S - 3 <= len(plots) <= min(LASTS_S / SCAN_S + 1, len(said))
    assert len(np.unique(plots.time_s)) == len(plots)
    assert told(out, "plots in") == len(plots)
    came = int(re.search(r"(\d+) datagrams came", out)[1])  # type: ignore[index]
    assert networks * len(plots) <= came <= networks * len(said)
    copies = re.search(r"(\d+) datagrams were copies", out)
    assert (int(copies[1]) if copies else 0) == came * (networks - 1) // networks
    last_s = float(recording.steps("own")[-1])
    picture = recording.picture("own", last_s)
    assert (len(picture), picture.status.tolist(), picture.mode_a.tolist()) == (1, [CONFIRMED], [0o4321])
    assert np.linalg.norm(picture.state[0, :3] - truth(last_s)) < 400
    assert geodetic(picture.state[:, :3])[2][0] == pytest.approx(9000.0, abs=150)


def test_a_live_feed_under_an_agreement_goes_out_to_the_other_party(here: Path) -> None:
    (port,) = free_ports(1)
    law = ("--agreement", "central-asia-2021", "--party", "TJ")
    night = begin(here, "--udp", f"127.0.0.1:{port}", *law, "--headless", "--until", "12", "--record", "out")
    speak(night, [port])
    out, err = night.communicate(timeout=30)
    assert night.returncode == 0, out + err
    recording = Recording(here / "out")
    theirs = recording.picture("RU", float(recording.steps("RU")[-1]))
    assert theirs.clause.tolist() == [b"Annex B(2)"]


def test_nonsense_on_the_net_is_counted_and_the_night_goes_on(here: Path) -> None:
    (port,) = free_ports(1)
    night = begin(here, "--udp", f"127.0.0.1:{port}", "--headless", "--until", "4")
    rng = np.random.default_rng(4)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        for _ in range(150):
            if night.poll() is None:
                mouth.sendto(b"\x30" + rng.bytes(int(rng.integers(0, 60))), ("127.0.0.1", port))
                time.sleep(0.03)
    out, err = night.communicate(timeout=30)
    assert night.returncode == 0, out + err
    assert told(out, "plots in") >= 0
    assert "lost: " in out


def test_ctrl_c_ends_a_live_night_with_what_it_has(here: Path) -> None:
    (port,) = free_ports(1)
    night = begin(here, "--udp", f"127.0.0.1:{port}", "--headless", "--record", "out")
    for _ in range(300):
        if (here / "out" / "manifest.json").exists():
            break
        time.sleep(0.1)
    time.sleep(2.0)
    night.send_signal(signal.SIGINT)
    out, err = night.communicate(timeout=30)
    assert (night.returncode, err) == (0, ""), out
    assert "ended by hand" in out
    recording = Recording(here / "out")
    assert recording.sealed
    assert len(recording.steps("own")) >= 1


def test_a_recording_that_cannot_begin_frees_the_port(here: Path) -> None:
    (port,) = free_ports(1)
    (here / "out").mkdir()
    (here / "out" / "letter.txt").write_text("mine", encoding="utf-8")
    night = begin(here, "--udp", f"127.0.0.1:{port}", "--headless", "--until", "2", "--record", "out")
    out, err = night.communicate(timeout=30)
    assert night.returncode == 2, out + err
    assert len(err.strip().splitlines()) == 1
    assert "out" in err


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        yield other.getsockname()[1]


def test_a_port_that_another_has_is_said(here: Path, taken: int) -> None:
    night = begin(here, "--udp", f"127.0.0.1:{taken}", "--headless", "--until", "2", "--record", "out")
    out, err = night.communicate(timeout=30)
    assert night.returncode == 2, out + err
    assert str(taken) in err
    assert not (here / "out").exists()
