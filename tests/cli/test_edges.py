"""The command line at its edges: odd numbers, ports that are taken, feeds without times or of two days."""

from __future__ import annotations

import math
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from skyaccord.record import Recording
from skyaccord.sensors import Plots
from skyaccord.sensors.plots import SECONDARY
from skyaccord.wire.formats.asterix import encode_cat048

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "asterix"
HILL = "[[sensor]]\nsac = 25\nsic = 7\nname = 'Hill [the bold] one'\nlat_deg = 38.5\nlon_deg = 68.8\nscan_s = 2\n"
MIDNIGHT_S = 1_763_769_600.0  # 2025-11-22


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "sites.toml").write_text(HILL, encoding="utf-8")
    return tmp_path


def skyaccord(here: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "skyaccord", *map(str, words)]
    # the first one of all compiles the loops, which takes a minute of CPU
    return subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=400)


def sentence(here: Path, *words: str | Path) -> str:
    done = skyaccord(here, *words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


def feed(*time_s: float) -> bytes:
    """Plots of an aircraft that stands 50 km east of the radar, as raw ASTERIX."""
    n = len(time_s)
    plots = Plots.blank(n).replace(
        time_s=np.array(time_s),
        source=np.full(n, 25 << 8 | 7),
        kind=np.full(n, SECONDARY),
        range_m=np.full(n, 50_000.0),
        azimuth_rad=np.full(n, math.pi / 2),
        pressure_alt_m=np.full(n, 3000.0),
    )
    return b"".join(encode_cat048(plots))


@pytest.mark.parametrize(
    "words",
    [
        ("--until", "nan"),
        ("--until", "0"),
        ("--speed", "nan"),
        ("--seed", "-1"),
    ],
)
def test_numbers_that_are_none(here: Path, words: tuple[str, str]) -> None:
    assert words[0] in sentence(here, "run", "--headless", *words)


def test_a_console_port_that_is_taken_leaves_no_recording(here: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert str(port) in sentence(here, "run", "--port", str(port), "--record", "out")
    assert not (here / "out").exists()


def test_less_than_a_step_is_one_step_recorded_where_no_folder_was(here: Path) -> None:
    done = skyaccord(here, "run", "--headless", "--until", "0.2", "--record", "deep/er/out")
    assert done.returncode == 0, done.stderr
    recording = Recording(here / "deep" / "er" / "out")
    assert [len(recording.steps(party)) for party in recording.parties] == [1, 1]


def test_a_recording_below_a_file_is_refused(here: Path) -> None:
    assert "sites.toml" in sentence(here, "run", "--headless", "--until", "1", "--record", "sites.toml/out")


def test_a_feed_of_one_plot(here: Path) -> None:
    (here / "one.ast").write_bytes(feed(MIDNIGHT_S + 5))
    done = skyaccord(here, "run", "--feed", "one.ast", "--sites", "sites.toml", "--headless", "--day", "2025-11-22")
    assert done.returncode == 0, done.stderr
    assert "00:00:05 to 00:00:06 UTC" in done.stdout


def test_a_feed_over_midnight_is_one_night(here: Path) -> None:
    (here / "[bold]late.ast").write_bytes(feed(*np.arange(MIDNIGHT_S - 20, MIDNIGHT_S + 20, 2.0)))
    words = ("run", "--feed", "[bold]late.ast", "--sites", "sites.toml", "--headless", "--day", "2025-11-21")
    done = skyaccord(here, *words, "--record", "out")
    assert done.returncode == 0, done.stderr
    assert done.stdout.lstrip().startswith("[bold]late.ast")
    assert "23:59:40 to 00:00:19 UTC: 39 s" in done.stdout
    recording = Recording(here / "out")
    steps = recording.steps("own")
    before, last = (recording.picture("own", float(steps[k])) for k in (len(steps) // 2, -1))
    assert (len(before), len(last)) == (1, 1)
    assert before.own_number[0] == last.own_number[0]  # one flight, one number


def test_a_feed_without_times(here: Path) -> None:
    (here / "feed.ast").write_bytes(feed(np.nan, np.nan))
    said = sentence(here, "run", "--feed", "feed.ast", "--sites", "sites.toml", "--headless", "--record", "out")
    assert "none of its plots has a time" in said
    assert not (here / "out").exists()


@pytest.mark.skipif(not DATA.is_dir(), reason="the recordings in ../shared/data are not here")
def test_feeds_of_two_days_are_not_one_night_of_years(here: Path) -> None:
    (here / "feed.ast").write_bytes(feed(MIDNIGHT_S + 5))
    other = "[[sensor]]\nsac = 226\nsic = 232\nlat_deg = -26.750555\nlon_deg = -60.481666\n"
    (here / "sites.toml").write_text(HILL + other, encoding="utf-8")
    words = ("--feed", "feed.ast", "--feed", DATA / "arg" / "260429.pcap", "--sites", "sites.toml", "--record", "out")
    said = sentence(here, "run", *words, "--headless")
    assert "nothing is heard from 1970-01-01T00:00:05 to 2026-04-29" in said
    assert "--day" in said
    assert not (here / "out").exists()


@pytest.mark.skipif(not DATA.is_dir(), reason="the recordings in ../shared/data are not here")
def test_a_feed_of_reports_alone_is_tracked(here: Path) -> None:
    (here / "sites.toml").write_text(
        "[[sensor]]\nsac = 20\nsic = 206\nkind = 'adsb'\nlat_deg = 38.28\nlon_deg = -0.56\n", encoding="utf-8"
    )
    (file,) = (DATA / "alicante").glob("*.ast")
    done = skyaccord(here, "score", "--feed", file, "--sites", "sites.toml")
    assert done.returncode == 0, done.stderr
    numbers = [
        line.split("(")[1] for line in done.stdout.splitlines() if line.startswith("of them in confirmed tracks")
    ]
    assert float(numbers[0].split("%")[0]) > 98.0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_window_that_is_ended_leaves_a_whole_recording(here: Path, number: signal.Signals) -> None:
    words = [sys.executable, "-m", "skyaccord", "run", "--port", "0", "--record", "out"]
    night = subprocess.Popen(words, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    log = here / "out" / "parties" / "TJ" / "log.jsonl"
    for _ in range(300):
        if log.exists() and log.stat().st_size:
            break
        time.sleep(0.1)
    time.sleep(1.0)
    night.send_signal(number)
    out, err = night.communicate(timeout=60)
    assert (night.returncode, err) == (0, ""), out
    assert Recording(here / "out").sealed
