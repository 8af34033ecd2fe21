"""The command line, run as a user runs it: bad input is one sentence and exit code 2; good input is a summary."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from skyaccord.record import Recording

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "asterix"
SITES = """
[[sensor]]
sac = 226
sic = 232
name = "Sáenz Peña"
lat_deg = -26.750555
lon_deg = -60.481666
"""

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the recordings in ../shared/data are not here")


def skyaccord(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "skyaccord", *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=240
    )


def sentence(words: list[str | Path], cwd: Path) -> str:
    """What is said of bad input: one line on stderr, exit code 2, nothing on stdout but progress."""
    done = skyaccord(*words, cwd=cwd)
    assert done.returncode == 2, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("skyaccord: ")
    assert "Traceback" not in done.stderr
    return lines[0]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "sites.toml").write_text(SITES, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "0 bytes"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "feed.bin"),
        (struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)[:10], "feed.bin"),
    ],
    ids=["empty", "unknown type", "half a pcap header"],
)
def test_a_feed_that_is_none(here: Path, content: bytes, says: str) -> None:
    (here / "feed.bin").write_bytes(content)
    words: list[str | Path] = ["run", "--feed", "feed.bin", "--sites", "sites.toml", "--headless", "--record", "out"]
    assert says in sentence(words, here)
    assert not (here / "out").exists()


@needs_data
def test_a_pcap_that_breaks_off_is_used_as_far_as_it_goes_and_said(here: Path) -> None:
    whole = (DATA / "arg" / "260429.pcap").read_bytes()
    (here / "feed.pcap").write_bytes(whole[:200_001])
    words: list[str | Path] = ["run", "--feed", "feed.pcap", "--sites", "sites.toml", "--headless", "--record", "out"]
    said = sentence(words, here)
    assert "feed.pcap" in said
    assert "byte" in said
    assert Recording(here / "out").sealed


@needs_data
def test_a_radar_that_the_registry_lacks(here: Path) -> None:
    (here / "sites.toml").write_text(SITES.replace("sic = 232", "sic = 231"), encoding="utf-8")
    feed = DATA / "arg" / "260429.pcap"
    said = sentence(["run", "--feed", feed, "--sites", "sites.toml", "--headless", "--record", "out"], here)
    assert "sites.toml: no sensor SAC/SIC 226/232" in said
    assert "byte" in said
    assert not (here / "out").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "--feed", "nothing.pcap", "--sites", "sites.toml"], "nothing.pcap"),
        (["run", "--feed", "sites.toml"], "--sites"),
        (["run", "--scenario", "nowhere-night"], "pamir-night"),
        (["run", "--udp", "239.0.0.1", "--sites", "sites.toml"], "GROUP:PORT"),
        (["run", "--udp", "239.0.0.1:8600", "--feed", "x", "--sites", "sites.toml"], "one of them"),
        (["run", "--speed", "0"], "--speed"),
        (["run", "--until", "-5", "--headless"], "--until"),
        (["replay", "nothing"], "nothing"),
        (["score"], "score"),
        (["agreement", "check", "nothing"], "central-asia-2021"),
    ],
)
def test_words_that_make_no_sense(here: Path, words: list[str | Path], says: str) -> None:
    assert says in sentence(words, here)


def test_an_agreement_with_an_unknown_party(here: Path) -> None:
    text = (ROOT / "agreements" / "central-asia-2021.toml").read_text(encoding="utf-8")
    (here / "a.toml").write_text(text.replace('party = "TJ"', 'party = "KZ"', 1), encoding="utf-8")
    said = sentence(["agreement", "check", "a.toml"], here)
    assert "a.toml:" in said
    assert "KZ" in said


def test_an_agreement_with_an_area_that_crosses_itself(here: Path) -> None:
    text = (ROOT / "agreements" / "central-asia-2021.toml").read_text(encoding="utf-8")
    square = "polygon = [[39.20, 67.20], [41.20, 67.20], [41.20, 71.20], [39.20, 71.20]]"
    assert square in text
    bow = "polygon = [[39.20, 67.20], [41.20, 71.20], [41.20, 67.20], [39.20, 71.20]]"
    (here / "a.toml").write_text(text.replace(square, bow), encoding="utf-8")
    said = sentence(["agreement", "explain", "a.toml"], here)
    assert "a.toml:" in said
    assert "cross" in said
    assert "Annex A(2)" in said


def test_a_scenario_with_a_negative_time(here: Path) -> None:
    text = (ROOT / "scenarios" / "pamir-night.toml").read_text(encoding="utf-8")
    (here / "night.toml").write_text(text.replace("launch_s = 620", "launch_s = -620"), encoding="utf-8")
    said = sentence(["run", "--scenario", "night.toml", "--headless", "--record", "out"], here)
    assert "night.toml:" in said
    assert "-620" in said
    assert not (here / "out").exists()


def test_a_recording_is_never_written_over(here: Path) -> None:
    (here / "out").mkdir()
    (here / "out" / "letter.txt").write_text("mine", encoding="utf-8")
    assert "out" in sentence(["run", "--headless", "--until", "3", "--record", "out"], here)
    assert (here / "out" / "letter.txt").read_text(encoding="utf-8") == "mine"


def test_ctrl_c_ends_cleanly_with_everything_so_far_readable(here: Path) -> None:
    night = subprocess.Popen(
        [sys.executable, "-m", "skyaccord", "run", "--headless", "--record", "out"],
        cwd=here,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    picture = here / "out" / "parties" / "TJ" / "picture-00000.parquet"
    for _ in range(600):
        if picture.exists() or night.poll() is not None:
            break
        time.sleep(0.1)
    night.send_signal(signal.SIGINT)
    out, err = night.communicate(timeout=60)
    assert night.returncode in (0, 130), out + err
    assert "Traceback" not in err
    recording = Recording(here / "out")
    assert recording.sealed
    last_s = recording.steps("TJ")[-1]
    assert last_s > recording.manifest.start_s + 50
    assert len(recording.picture("TJ", float(last_s)))


def test_a_headless_night_prints_its_summary(here: Path) -> None:
    done = skyaccord("run", "--headless", "--until", "60", "--seed", "5", cwd=here)
    assert done.returncode == 0, done.stderr
    for word in ("plots in", "rejected", "own tracks", "alerts", "tasks", "decisions", "times real time"):
        assert word in done.stdout


@needs_data
def test_a_real_feed_is_tracked_and_scored(here: Path) -> None:
    feed = DATA / "arg" / "260429.pcap"
    done = skyaccord(
        "score", "--feed", feed, "--sites", "sites.toml", "--reference", DATA / "arg" / "fds260429.pcap", cwd=here
    )
    assert done.returncode == 0, done.stderr
    assert "21 of them have a track of ours for most of the time that the sensor hears them" in done.stdout


def test_every_verb_has_help(here: Path) -> None:
    for verb in ([], ["run"], ["replay"], ["score"], ["agreement"], ["agreement", "check"], ["agreement", "explain"]):
        done = skyaccord(*verb, "--help", cwd=here)
        assert done.returncode == 0
        assert "Usage" in done.stdout


def test_help_imports_nothing_heavy() -> None:
    heavy = {"numpy", "numba", "pyarrow", "scipy", "starlette"}
    code = f"import sys, skyaccord.cli; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_installed_command_is_the_same() -> None:
    command = shutil.which("skyaccord", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert command is not None
    assert "Usage" in subprocess.run([command, "--help"], capture_output=True, text=True, check=True).stdout
