"""Recordings: the same bytes twice, every moment back, and whatever is broken named."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from skyaccord.columns import F8, Columns, Text, column
from skyaccord.errors import InputError
from skyaccord.picture.picture import Picture
from skyaccord.record import Manifest, Recorder, Recording, segments, standing
from skyaccord.sensors.plots import Plots
from skyaccord.sensors.sites import parse_sites
from skyaccord.tasks import Decision, Task
from skyaccord.threats import Alert

START_S = 1_700_049_600.0
SITES = """
[[sensor]]
name = "Хорог"
party = "TJ"
sac = 251
sic = 22
lat_deg = 37.52
lon_deg = 71.62
"""
NAN = float("nan")
ALERT = Alert(
    "TJ-A1", "fast_mover", "TJ", START_S, "attack", 1, 0.6, 1.2, 9e3, 900.0, "", NAN, NAN, NAN, NAN, "open", "Fast."
)
TASK = Task("TJ-T1", "warn", "TJ-A1", 1, "TJ", START_S, "proposed", "TJ.duty", ("Art. 1",), "", START_S, "Warn.")


@dataclass(frozen=True, eq=False)
class Truth(Columns):
    time_s: F8 = column("f8")
    name: Text = column("S8")


def filled(rows_of: type[Columns], count: int, chance: np.random.Generator) -> Columns:
    """Rows of any class with something in every byte, NaN among the floats, letters in the texts."""
    columns = {}
    for name, array in rows_of.empty(count).arrays().items():
        if array.dtype.kind == "S":
            letters = chance.integers(65, 91, (count, array.dtype.itemsize // 2), dtype=np.uint8)
            columns[name] = np.array([bytes(row) for row in letters], array.dtype)
        elif array.dtype.kind == "f":
            columns[name] = np.where(chance.random(array.shape) < 0.2, np.nan, chance.normal(size=array.shape))
        elif array.dtype.kind == "b":
            columns[name] = chance.random(array.shape) < 0.5
        else:
            limits = np.iinfo(array.dtype)
            columns[name] = chance.integers(limits.min, limits.max, array.shape, dtype=array.dtype, endpoint=True)
    return rows_of.empty(count).replace(**columns)


def night(seed: int, steps: int) -> list[tuple[float, Picture, Plots]]:
    """Steps of a night; at every third nothing is seen, at every second nothing heard."""
    chance = np.random.default_rng(seed)
    return [
        (START_S + k, filled(Picture, 0 if k % 3 == 0 else k % 5, chance), filled(Plots, 0 if k % 2 else 4, chance))
        for k in range(steps)
    ]


def manifest() -> Manifest:
    return Manifest("Night", 7, ("RU", "TJ"), START_S, 1.0, parse_sites(SITES, "sites.toml"), {"feed": "a.pcap"})


def record(folder: Path, seed: int = 1, steps: int = 150, close: bool = True) -> Recorder:
    recorder = Recorder(folder, manifest(), "name = 'x'\r\n", "title = 'y'")
    for time_s, picture, plots in night(seed, steps):
        for party in ("RU", "TJ"):
            recorder.step(party, time_s, picture, plots)
    recorder.log("TJ").append("alert", ALERT, START_S + 5)
    recorder.log("TJ").append("task", TASK, START_S + 5)
    recorder.log("TJ").append("decision", Decision("TJ-T1", "approve", "TJ.duty", START_S + 9), START_S + 9)
    recorder.log("TJ").append("task", replace(TASK, state="approved"), START_S + 9)
    recorder.feed("TJ", "251-22", b"\x30\x00\x03")
    recorder.feed("TJ", "251-22", b"\x22\x00\x03")
    recorder.truth(Truth(time_s=np.array([1.0, NAN]), name=np.array([b"a", b""])))
    if close:
        recorder.close()
    return recorder


def same(a: Columns, b: Columns) -> bool:
    return all(x.tobytes() == y.tobytes() for x, y in zip(a.arrays().values(), b.arrays().values(), strict=True))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original") / "night"
    record(folder)
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "night"))


def test_the_same_night_gives_the_same_bytes(original: Path, tmp_path: Path) -> None:
    record(tmp_path / "again")
    record(tmp_path / "other", seed=2)
    assert contents(tmp_path / "again") == contents(original)
    assert contents(tmp_path / "other") != contents(original)
    assert not [name for name in contents(original) if name.endswith(".unfinished")]


def test_every_moment_comes_back(original: Path) -> None:
    recording = Recording(original)
    steps = night(1, 150)
    assert recording.steps("TJ").tolist() == [time_s for time_s, _, _ in steps]
    for time_s, picture, _ in steps:
        assert same(recording.picture("TJ", time_s), picture)
        assert same(recording.picture("TJ", time_s + 0.999), picture)
    assert len(recording.picture("TJ", START_S - 1e-6)) == 0
    assert same(recording.picture("TJ", np.inf), steps[-1][1])


@pytest.mark.parametrize(("first", "last"), [(0, 150), (10, 11), (58, 62), (149, 500), (-9, -1), (30, 30), (3, 121)])
def test_plots_between_two_moments(original: Path, first: int, last: int) -> None:
    recording = Recording(original)
    heard = [plots for time_s, _, plots in night(1, 150) if START_S + first < time_s <= START_S + last]
    assert same(recording.plots("RU", START_S + first, START_S + last), Plots.concat(heard))


def test_the_rest_comes_back(original: Path) -> None:
    recording = Recording(original)
    assert recording.sealed
    assert recording.parties == ("RU", "TJ")
    assert (recording.agreement, recording.scenario) == ("name = 'x'\r\n", "title = 'y'")
    assert (recording.manifest.title, recording.manifest.seed) == ("Night", 7)
    assert (recording.manifest.start_s, recording.manifest.step_s) == (START_S, 1.0)
    assert recording.manifest.settings == {"feed": "a.pcap"}
    assert same(recording.manifest.sites, manifest().sites)
    assert recording.feed("TJ", "251-22") == b"\x30\x00\x03\x22\x00\x03"
    assert recording.truth(Truth).name.tolist() == [b"a", b""]
    assert [entry.kind for entry in recording.log("TJ")] == ["alert", "task", "decision", "task"]
    assert recording.log("RU") == ()


def test_alerts_and_tasks_as_they_stood(original: Path) -> None:
    entries = Recording(original).log("TJ")
    assert standing(entries, START_S + 4) == ((), ())
    alerts, tasks = standing(entries, START_S + 5)
    assert repr(alerts) == repr((ALERT,))  # NaN is not equal to itself
    assert tasks == (TASK,)
    assert standing(entries)[1] == (replace(TASK, state="approved"),)


def test_an_entry_that_is_no_task_is_named(original: Path) -> None:
    entry = Recording(original).log("TJ")[1]
    broken = replace(entry, body={k: v for k, v in entry.body.items() if k != "verb"})
    with pytest.raises(InputError, match=r"TJ, entry 1: .*'verb'"):
        standing((broken,))


def test_killed_in_the_middle_all_segments_so_far_are_there(tmp_path: Path) -> None:
    """Never closed, a segment half renamed, the last log line torn."""
    record(tmp_path / "night", close=False)
    ours = tmp_path / "night" / "parties" / "TJ"
    (ours / "picture-00002.parquet.unfinished").write_bytes(b"PAR1")
    with (ours / "log.jsonl").open("ab") as log:
        log.write(b'{"body":{"half')
    recording = Recording(tmp_path / "night")
    assert not recording.sealed
    assert len(recording.log("TJ")) == 4
    assert len(recording.steps("TJ")) == 2 * segments.SEGMENT_STEPS
    assert same(recording.picture("TJ", START_S + 119), night(1, 120)[-1][1])


def test_an_interrupt_closes_it(tmp_path: Path) -> None:
    def interrupted() -> None:
        with Recorder(tmp_path / "night", manifest()) as recorder:
            for time_s, picture, plots in night(1, 10):
                recorder.step("TJ", time_s, picture, plots)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    recording = Recording(tmp_path / "night")
    assert recording.sealed
    assert len(recording.steps("TJ")) == 10
    assert len(recording.steps("RU")) == 0


def test_a_recording_without_a_step_opens(tmp_path: Path) -> None:
    Recorder(tmp_path / "a" / "b", manifest()).close()
    assert len(Recording(tmp_path / "a" / "b").picture("TJ", 0.0)) == 0


def test_a_crowded_step_ends_its_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT_ROWS", 10)
    record(tmp_path / "night", steps=30)
    recording = Recording(tmp_path / "night")
    assert len(list((tmp_path / "night" / "parties" / "TJ").glob("picture-*"))) > 3
    for time_s, picture, _ in night(1, 30):
        assert same(recording.picture("TJ", time_s), picture)


def test_steps_go_on(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "night", manifest())
    recorder.step("TJ", 5.0, Picture.empty(), Plots.empty())
    with pytest.raises(ValueError, match="after"):
        recorder.step("TJ", 5.0, Picture.empty(), Plots.empty())
    with pytest.raises(ValueError, match="after"):
        recorder.step("TJ", NAN, Picture.empty(), Plots.empty())


def test_nothing_is_written_over(folder: Path, tmp_path: Path) -> None:
    before = contents(folder)
    with pytest.raises(InputError, match="already holds a recording"):
        Recorder(folder, manifest())
    assert contents(folder) == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(InputError, match="not empty and not a recording"):
        Recorder(tmp_path / "mine", manifest())
    with pytest.raises(InputError, match=r"thesis\.txt"):
        Recorder(tmp_path / "mine" / "thesis.txt", manifest())
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    with pytest.raises(InputError, match=r"\.\./x"):
        Recorder(tmp_path / "new", replace(manifest(), parties=("../x", "TJ")))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "name",
    ["manifest.json", "parties/TJ/log.jsonl", "parties/TJ/picture-00000.parquet", "parties/RU/plots-00002.parquet"],
)
@pytest.mark.parametrize("sealed", [True, False])
def test_a_missing_file_is_named(folder: Path, name: str, sealed: bool) -> None:
    if not sealed:
        (folder / "seal.json").unlink()
        name = name.replace("00002", "00001")  # an unsealed end may be missing: nobody promised it
    (folder / name).unlink()
    with pytest.raises(InputError, match=Path(name).name.replace(".", r"\.")):
        Recording(folder)


@pytest.mark.parametrize("name", ["manifest.json", "seal.json", "parties/TJ/plots-00001.parquet"])
@pytest.mark.parametrize("data", [b"", b"PAR1", b"\xff\xfe", b"[]", b"{}", b"PAR1" + bytes(60) + b"PAR1"])
def test_a_spoiled_file_is_named(folder: Path, name: str, data: bytes) -> None:
    (folder / name).write_bytes(data)
    with pytest.raises(InputError, match=r"manifest\.json|log\.jsonl|seal\.json|plots-00001\.parquet"):
        Recording(folder)


def test_a_bit_that_turned_is_found(folder: Path) -> None:
    """Every 997th byte of the pages of a segment: an error that names the file, never a wrong picture."""
    path = folder / "parties" / "TJ" / "picture-00001.parquet"
    whole = path.read_bytes()
    table = pq.ParquetFile(path).metadata.row_group(0)
    first, last = table.column(0).data_page_offset, len(whole) - 8
    steps = night(1, 150)
    found = 0
    for position in range(first, last, 997):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x10]) + whole[position + 1 :])
        try:
            recording = Recording(folder)
            wrong = [t for t, picture, _ in steps[60:120] if not same(recording.picture("TJ", t), picture)]
            assert not wrong, position
        except InputError as error:
            assert path.name in str(error)  # noqa: PT017
            found += 1
    assert found > 10


def test_a_log_that_was_changed_or_cut_is_refused(folder: Path) -> None:
    path = folder / "parties" / "TJ" / "log.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"approve", b"refused", 1))
    with pytest.raises(InputError, match=r"log\.jsonl, line 3"):
        Recording(folder)
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(InputError, match="ends after 3 entries"):
        Recording(folder)


def test_a_recording_from_before_range_rates_is_read(folder: Path) -> None:
    path = folder / "manifest.json"
    content = json.loads(path.read_text())
    for row in content["sites"]:
        del row["sigma_range_rate_mps"]
    path.write_text(json.dumps(content))
    for file in folder.glob("parties/*/plots-*.parquet"):
        pq.write_table(pq.read_table(file).drop_columns(["range_rate_mps"]), file)
    recording = Recording(folder)
    assert (recording.manifest.sites.sigma_range_rate_mps == 2.0).all()
    plots = recording.plots("TJ", -np.inf, np.inf)
    assert len(plots) > 100
    assert np.isnan(plots.range_rate_mps).all()


def test_another_format_is_not_guessed(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace("recording 1", "recording 2"))
    with pytest.raises(InputError, match="recording 2"):
        Recording(folder)


def test_a_missing_truth_or_feed_is_named(folder: Path) -> None:
    (folder / "truth.parquet").unlink()
    recording = Recording(folder)
    with pytest.raises(InputError, match=r"truth\.parquet"):
        recording.truth(Truth)
    with pytest.raises(InputError, match="feed-none"):
        recording.feed("TJ", "none")
