"""The flagship night, whole: what every party saw, said and decided, and what the agreement let through."""

from __future__ import annotations

import filecmp
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from skyaccord.agreement import parse
from skyaccord.cli import compose
from skyaccord.console.frames import encode
from skyaccord.earth.areas import contains
from skyaccord.earth.wgs84 import geodetic
from skyaccord.exercise import Truth
from skyaccord.node.night import Night
from skyaccord.node.serve import Playbill, Replay
from skyaccord.picture import Shared
from skyaccord.record import Entry, Recording, verify
from skyaccord.wire import decode, read_recording
from skyaccord.wire.formats.message import columns_from_bytes, from_bytes
from skyaccord.wire.reports import SIMULATED

SEED = 2021
WITHDRAWAL_S = 900.0


@dataclass(eq=False)
class Lived:
    """One night lived through: its folder, and what passed by on the way."""

    folder: Path
    night: Night
    frames: dict[tuple[str, float], bytes]  # some of them, as a window got them
    sent: list[tuple[float, bytes]]  # everything that went over the link, with the turn it was sent in


def live_through(folder: Path, seed: int, until_s: float | None = None) -> Lived:
    plan = compose.exercise(compose.ExerciseWish("pamir-night", seed, folder, until_s, unattended=True))
    lived = Lived(folder, plan.night, {}, [])
    send = plan.night._link.send

    def overhear(to: str, data: bytes) -> None:
        lived.sent.append((plan.night.time_s, data))
        send(to, data)

    plan.night._link.send = overhear  # type: ignore[method-assign]
    with plan.recorder:
        while plan.night.time_s < plan.end_s:
            plan.night.turn()
            if plan.night.turns % 50 == 0:
                for party in plan.night.parties:
                    lived.frames[party, plan.night.time_s] = encode(plan.night.frame(party))
    return lived


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    return live_through(tmp_path_factory.mktemp("night") / "recording", SEED)


@pytest.fixture(scope="module")
def recording(lived: Lived) -> Recording:
    return Recording(lived.folder)


def second(recording: Recording, entry: Entry) -> float:
    return entry.time_s - recording.manifest.start_s


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(lived: Lived, tmp_path: Path) -> None:
    same = live_through(tmp_path / "same", SEED)
    other = live_through(tmp_path / "other", SEED + 1, until_s=120.0)
    files = sorted(p.relative_to(lived.folder) for p in lived.folder.rglob("*") if p.is_file())
    assert len(files) > 40
    _, differ, missing = filecmp.cmpfiles(lived.folder, same.folder, [str(f) for f in files], shallow=False)
    assert (differ, missing) == ([], [])
    feeds = "parties/TJ/feed-radar.ast"
    start = (other.folder / feeds).read_bytes()
    assert start != (lived.folder / feeds).read_bytes()[: len(start)]


def test_a_replay_shows_the_same_night_bit_for_bit(lived: Lived, recording: Recording) -> None:
    agreement = parse(recording.agreement, "agreement.toml")
    replay = Replay(recording, agreement, Playbill(recording.manifest.title, "replay"))
    assert len(lived.frames) == 48
    for (party, time_s), frame in lived.frames.items():
        assert encode(replay.frame_at(party, time_s)) == frame


def test_every_log_is_whole(lived: Lived) -> None:
    for log in lived.folder.glob("parties/*/log.jsonl"):
        assert verify(log) is None


def test_a_border_violation_comes_before_the_border_is_crossed(recording: Recording) -> None:
    alerts = [e for e in recording.log("TJ") if e.kind == "alert" and e.body["rule"] == "border_violation"]
    first = alerts[0]
    assert second(recording, first) < 150.0
    observed = next(e for e in alerts if e.body["id"] == first.body["id"] and e.body["state"] == "observed")
    truth = recording.truth(Truth)
    region = parse(recording.agreement, "a").terms.zone("region").area
    inside = contains(region, truth.lat_rad, truth.lon_rad)
    track = recording.picture("TJ", observed.time_s)
    row = track.take(track.number == observed.body["track"])
    now = truth.take(np.abs(truth.time_s - observed.time_s) < 0.5)
    target = now.truth_id[np.argmin(np.linalg.norm(now.state[:, :3] - row.state[0, :3], axis=1))]
    mine = truth.truth_id == target
    crossed_s = truth.time_s[mine & inside].min()
    predicted = first.body
    assert first.time_s < crossed_s
    assert abs(predicted["event_time_s"] - crossed_s) < 4 * predicted["event_sigma_s"]
    assert abs(observed.body["event_time_s"] - crossed_s) < 10.0


def test_the_task_waits_for_the_authority_which_comes_with_the_target(recording: Recording) -> None:
    task = [e for e in recording.log("TJ") if e.kind == "task" and e.body["id"] == "TJ-T1"]
    states = [(e.body["state"], e.body["authority"]) for e in task]
    assert states[0] == ("proposed", "")  # over nobody's ground: nobody may decide
    assert states[1] == ("proposed", "TJ.air-defence")
    assert [state for state, _ in states[2:]] == ["approved", "assigned", "acknowledged", "closed"]
    decided = [e for e in recording.log("TJ") if e.kind == "decision" and e.body["task"] == "TJ-T1"]
    assert [(e.body["move"], e.body["post"]) for e in decided] == [
        ("approve", "TJ.air-defence"),
        ("assign", "TJ.air-defence"),
        ("acknowledge", "TJ.duty"),
        ("close", "TJ.duty"),
    ]
    assert all(e.body["scripted"] for e in decided)
    assert not any(e.body["id"].startswith("RU-T") for e in recording.log("RU") if e.kind == "task")


def test_the_missile_is_one_track_and_an_attack(recording: Recording) -> None:
    truth = recording.truth(Truth)
    fast = np.unique(truth.truth_id[np.linalg.norm(truth.state[:, 3:], axis=1) > 600])
    assert len(fast) == 1
    missile = truth.take(truth.truth_id == fast[0])
    start_s = recording.manifest.start_s
    numbers, gaps = [], []
    for time_s in np.arange(start_s + 680, start_s + 800, 5.0):
        here = missile.state[np.argmin(np.abs(missile.time_s - time_s)), :3]
        picture = recording.picture("TJ", time_s)
        gap = np.linalg.norm(picture.state[:, :3] - here, axis=1)
        numbers.append(int(picture.number[np.argmin(gap)]))
        gaps.append(gap.min())
    assert np.median(gaps) < 300
    assert max(numbers.count(n) for n in set(numbers)) >= 0.8 * len(numbers)
    attacks = [e for e in recording.log("TJ") if e.kind == "alert" and e.body["severity"] == "attack"]
    assert 620 < second(recording, attacks[0]) < 700


def test_nothing_passes_that_the_agreement_does_not_release(lived: Lived, recording: Recording) -> None:
    """An evaluator of its own, from the agreement's words: who, where, how high."""
    terms = parse(recording.agreement, "a").terms
    region, approaches = terms.zone("region").area, terms.zone("approaches").area
    rows, end_s = 0, recording.manifest.start_s + WITHDRAWAL_S
    for sent_s, data in lived.sent:
        message = from_bytes(data)
        if message.kind == "act":
            assert sent_s <= end_s
            continue
        assert message.time_s <= end_s, f"{message.kind} from {message.sender} after the withdrawal"
        if message.kind != "tracks":
            continue
        shared = columns_from_bytes(Shared, message.body)
        lat, lon, height = geodetic(shared.state[:, :3])
        in_region, near = contains(region, lat, lon), contains(approaches, lat, lon)
        assert (in_region | near).all()
        if message.sender == "TJ":
            assert (near | (height >= 400.0)).all()
        rows += len(shared)
    assert rows > 5000


def test_after_the_withdrawal_each_sees_only_its_own(recording: Recording) -> None:
    start_s = recording.manifest.start_s
    for party, bit in (("RU", 1), ("TJ", 2)):
        before = recording.picture(party, start_s + WITHDRAWAL_S - 1)
        assert (before.sources & np.uint64(3 - bit)).any()
        assert all(before.clause[before.shared_number >= 0] != b"")
        for later in (2.0, 60.0, 290.0):
            after = recording.picture(party, start_s + WITHDRAWAL_S + later)
            assert len(after)
            assert (after.sources == bit).all()
        dark = len(before) - len(recording.picture(party, start_s + WITHDRAWAL_S + 2))
        assert dark > 0
    kinds = [e.kind for e in recording.log("RU") if second(recording, e) > WITHDRAWAL_S]
    assert {"act", "link"} <= set(kinds)


def capture(blocks: list[bytes]) -> bytes:
    """A classic pcap of raw IPv4 (link type 101), one UDP datagram to port 8600 a block."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    for number, block in enumerate(blocks):
        udp = struct.pack(">HHHH", 4000, 8600, 8 + len(block), 0) + block
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 1, 17, 0, bytes(4), bytes(4)) + udp
        out += struct.pack("<IIII", number, 0, len(ip), len(ip)) + ip
    return out


def test_another_program_reads_our_picture_without_fault(recording: Recording, tmp_path: Path) -> None:
    if shutil.which("tshark") is None:
        pytest.skip("needs tshark (Debian package tshark)")
    told = recording.feed("RU", "system-tracks")
    blocks, at = [], 0
    while at < len(told):
        length = int.from_bytes(told[at + 1 : at + 3], "big")
        blocks.append(told[at : at + length])
        at += length
    (tmp_path / "ours.pcap").write_bytes(capture(blocks))
    words = ["tshark", "-r", str(tmp_path / "ours.pcap"), "-d", "udp.port==8600,asterix"]
    faults = ["-Y", "_ws.malformed || _ws.expert.severity >= error"]
    assert subprocess.run([*words, *faults], capture_output=True, text=True, check=True).stdout == ""
    report = subprocess.run([*words, "-V"], capture_output=True, text=True, check=True).stdout
    announced = sum(len(recording.picture("RU", float(t))) for t in recording.steps("RU")[3::4])
    assert report.count("Asterix message, #") == announced > 5000
    assert "alformed" not in report
    here = decode(read_recording(told, "ours"), day_s=recording.manifest.start_s // 86400 * 86400).system_tracks
    assert len(here) == announced
    assert (here.flags & SIMULATED).all()  # an exercise is marked as one wherever it goes


def test_the_two_parties_do_not_see_the_same(recording: Recording) -> None:
    start_s = recording.manifest.start_s
    only_ru, only_tj = 0, 0
    for second_ in range(60, 900, 20):
        ru, tj = (set(recording.picture(p, start_s + second_).address.tolist()) for p in ("RU", "TJ"))
        assert len(ru & tj) > 5
        only_ru, only_tj = only_ru + len(ru - tj), only_tj + len(tj - ru)
    assert only_ru > 50
    assert only_tj > 10


def test_every_joint_track_traces_to_its_sources_and_its_clause(recording: Recording) -> None:
    clauses = {c.encode() for c in parse(recording.agreement, "a").terms.all_clauses}
    for time_s in recording.steps("RU")[100::100]:
        picture = recording.picture("RU", float(time_s))
        own = (picture.sources & np.uint64(1)) != 0
        assert (own == (picture.own_number >= 0)).all()
        from_others = picture.shared_number >= 0
        assert set(picture.clause[from_others]) <= clauses
        assert (picture.clause[~from_others] == b"").all()
        assert (picture.age_s >= -1.0).all()
        assert (picture.sigma_m > 0).all()
        assert len(set(picture.number.tolist())) == len(picture)
