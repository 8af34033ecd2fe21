"""Scenario and track folders: what is read, what is refused in one sentence, what is written and read again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import pytest
from bench_world import LAT, LON, SENSORS, write_world

from skyaccord.cli.score import score
from skyaccord.errors import InputError
from skyaccord.exercise.bench import (
    DROPPED,
    PREDICTED,
    UPDATED,
    Reports,
    read_labels,
    read_scenario,
    read_tracks,
    read_truth,
    reports_of,
    to_reports,
    write_tracks,
)
from skyaccord.exercise.figures import EARTH, FLAT
from skyaccord.exercise.verdict import of_scenario, reported_at, truth_at
from skyaccord.sensors.where import where
from skyaccord.tracks.tracks import CONFIRMED, Tracks, Updates


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_world(tmp_path_factory.mktemp("bench") / "s4", 4)


def test_plots_lie_where_the_truth_is(world: tuple[Path, Path]) -> None:
    """Sensors, units and frame are right if the plots of targets lie on their targets."""
    sites, plots, meta = read_scenario(world[0])
    assert meta.sensor_id.tolist() == [3, 7]
    assert sites.clutter_per_scan.tolist() == [1.0, 1.0]
    assert (np.degrees(sites.lat_rad) == [s["lat"] for s in SENSORS]).all()
    labels, truth = read_labels(world[0], len(plots)), read_truth(world[0])
    rows = np.flatnonzero(labels >= 0)
    table = {(int(i), float(t)): s for i, t, s in zip(truth.truth_id, truth.time_s, truth.state, strict=True)}
    true = np.array([table[int(labels[k]), float(plots.time_s[k])][:3] for k in rows])
    local = (where(plots, sites)[rows] - meta.origin) @ meta.axes.T
    error = np.linalg.norm((local - true)[:, :2], axis=1)
    assert np.median(error) < 200
    assert error.max() < 900


def change(name: str, row: int, value: object) -> Callable[[dict[str, np.ndarray]], None]:
    def edit(table: dict[str, np.ndarray]) -> None:
        table[name] = table[name].copy()
        table[name][row] = value

    return edit


def without(name: str) -> Callable[[dict[str, np.ndarray]], None]:
    return lambda table: table.update(other=table.pop(name))


def words(name: str) -> Callable[[dict[str, np.ndarray]], None]:
    return lambda table: table.update({name: np.full(len(table[name]), "much")})


@pytest.mark.parametrize(
    ("file", "edit", "says"),
    [
        ("plots.parquet", change("t", 7, 0.0), "row 7, column t is 0.0, before"),
        ("plots.parquet", change("t", 7, np.nan), "row 7, column t is nan"),
        ("plots.parquet", change("range_m", 3, -5.0), "row 3, column range_m is -5.0; it is 0 or more"),
        ("plots.parquet", change("az_rad", 0, np.inf), "row 0, column az_rad is inf"),
        ("plots.parquet", change("sensor_id", 11, 5), "row 11, column sensor_id is 5; scenario.json has no such"),
        ("plots.parquet", without("az_rad"), "no column 'az_rad'; it has t, sensor_id"),
        ("plots.parquet", words("range_m"), "column range_m is string; it is numbers"),
        ("truth.parquet", change("x", 2, np.nan), "row 2, column x is nan"),
        ("truth.parquet", without("n_cover"), "no column 'n_cover'"),
        ("labels.parquet", without("truth_id"), "no column 'truth_id'"),
        ("labels.parquet", lambda t: t.update(truth_id=t["truth_id"][:-1]), "one row a plot"),
        ("tracks/tracks.parquet", change("status", 9, 4), "row 9, column status is 4; it is 0 update"),
        ("tracks/tracks.parquet", change("vx", 0, np.nan), "row 0, column vx is nan"),
        ("tracks/tracks.parquet", lambda t: t.update(track_id=t["track_id"] + 0.5), "column track_id is double"),
    ],
)
def test_wrong_columns_are_named(
    file: str, edit: Callable[[dict[str, np.ndarray]], None], says: str, world: tuple[Path, Path], tmp_path: Path
) -> None:
    scenario, tracks = copy(world[0], tmp_path / "s")
    table = pq.read_table(scenario / file)
    columns = {name: table[name].to_numpy() for name in table.column_names}
    edit(columns)
    pq.write_table(pa.table(columns), scenario / file)
    with pytest.raises(InputError) as refused:
        of_scenario(scenario, tracks)
    assert says in str(refused.value)
    assert str(scenario / file) in str(refused.value)


def copy(source: Path, to: Path) -> tuple[Path, Path]:
    for path in source.rglob("*"):
        if path.is_file():
            there = to / path.relative_to(source)
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(path.read_bytes())
    return to, to / "tracks"


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda c: c.pop("origin"), "no 'origin'"),
        (lambda c: c["origin"].update(lat=140), "origin: lat is 140; it is a number from -90 to 90"),
        (lambda c: c.update(sensors=[]), "no 'sensors'"),
        (lambda c: c["sensors"][1].pop("sigma_r_m"), "sensor 1: sigma_r_m is None"),
        (lambda c: c["sensors"][1].update(id=3), "two sensors have the same id"),
        (lambda c: c["sensors"][0].update(pd="often"), "sensor 0: pd is 'often'"),
        (lambda c: c.update(duration_s=-1), "duration_s is -1"),
        (lambda c: c.update(duration_s=30), "begins at 40 s"),
    ],
)
def test_a_wrong_scenario_is_told(
    edit: Callable[[dict], object], says: str, world: tuple[Path, Path], tmp_path: Path
) -> None:
    scenario, tracks = copy(world[0], tmp_path / "s")
    content = json.loads((scenario / "scenario.json").read_text())
    edit(content)
    (scenario / "scenario.json").write_text(json.dumps(content))
    with pytest.raises(InputError) as refused:
        of_scenario(scenario, tracks)
    assert says in str(refused.value)


def test_files_that_are_not_there_or_not_what_they_should_be(world: tuple[Path, Path], tmp_path: Path) -> None:
    scenario, tracks = copy(world[0], tmp_path / "s")
    for name, content, says in (
        ("tracks/tracks.parquet", b"PAR0 nothing", "not Parquet"),
        ("tracks/tracks.parquet", None, "No such file"),
        ("scenario.json", b"{", "not JSON"),
        ("scenario.json", b"[1]", "not a JSON object"),
    ):
        if content is None:
            (scenario / name).unlink()
        else:
            (scenario / name).write_bytes(content)
        with pytest.raises(InputError, match=says):
            of_scenario(scenario, tracks)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    n = 50
    reports = Reports(rng.integers(0, 9, n), np.sort(rng.uniform(0, 90, n)), rng.normal(size=(n, 6)), np.zeros(n))
    covariance = rng.normal(size=(n, 6, 6))
    write_tracks(tmp_path / "t", reports, covariance, {"plots": 7, "cpu_s": 0.1})
    assert json.loads((tmp_path / "t" / "run.json").read_text()) == {"tracker": "skyaccord", "plots": 7, "cpu_s": 0.1}
    table = pq.read_table(tmp_path / "t" / "tracks.parquet")
    types = {"track_id": "int64", "status": "int8"}
    assert {f.name: str(f.type) for f in table.schema} == {
        **dict.fromkeys(("t", "x", "y", "z", "vx", "vy", "vz"), "double"),
        **types,
    }
    again, said = read_tracks(tmp_path / "t")
    order = np.lexsort((reports.time_s, reports.number))
    np.testing.assert_array_equal(again.state, reports.state[order])
    assert said is not None
    np.testing.assert_array_equal(said, covariance[order])
    write_tracks(tmp_path / "t", reports)
    assert read_tracks(tmp_path / "t")[1] is None


def test_snapshots_become_reports(world: tuple[Path, Path]) -> None:
    """Places by pyproj; a track that is missing from a snapshot was dropped there."""
    meta = read_scenario(world[0])[2]
    to_ecef = pyproj.Transformer.from_crs(4979, 4978, always_xy=True)
    place = np.array(to_ecef.transform(LON, LAT + 0.1, 5000.0))
    rows = [(5, 10.0, 9.5), (6, 10.0, 9.9), (5, 11.0, 9.5), (5, 13.0, 12.5)]  # number, time, last plot
    tracks = Tracks.empty(4).replace(
        number=np.array([r[0] for r in rows]),
        time_s=np.array([r[1] for r in rows]),
        updated_s=np.array([r[2] for r in rows]),
        state=np.tile([*place, *(10 * meta.axes[0])], (4, 1)),
        covariance=np.tile(np.diag([9.0, 9, 9, 1, 1, 1]), (4, 1, 1)),
        status=np.full(4, CONFIRMED),
    )
    reports, covariance = to_reports(tracks, meta, np.array([10.0, 11.0, 12.0, 13.0]))
    said = list(zip(reports.number.tolist(), reports.time_s.tolist(), reports.status.tolist(), strict=True))
    assert said == [
        (5, 10.0, UPDATED),
        (5, 11.0, PREDICTED),
        (5, 12.0, DROPPED),
        (5, 13.0, UPDATED),
        (6, 10.0, UPDATED),
        (6, 11.0, DROPPED),
    ]
    east, north, up = reports.state[0, :3]
    assert abs(east) < 1e-6
    assert north == pytest.approx(11_103.5 * (1 + 5000 / 6.36e6), abs=5)
    assert up == pytest.approx(5000 - 11_112**2 / 2 / 6.37e6, abs=0.5)
    np.testing.assert_allclose(reports.state[0, 3:], [10, 0, 0], atol=1e-9)
    np.testing.assert_allclose(covariance[0], np.diag([9, 9, 9, 1, 1, 1]), atol=1e-9)


def test_what_goes_on_after_its_end_is_another_track_of_the_folder(world: tuple[Path, Path]) -> None:
    """The format ends a track for good, the tracker may hear it again: nothing may get lost between the two."""
    _, _, meta = read_scenario(world[0])
    made = Updates(
        np.array([7, 8, 7, 7, 9, 7, 7], np.int32),
        np.array([10.0, 12.0, 20.0, 45.0, 46.0, 50.0, 80.0]),
        np.tile(np.append(meta.origin, [0.0, 0.0, 0.0]), (7, 1)),
        np.array([1, 1, 2, 3, 1, 4, 5], np.int32),
        np.full(7, CONFIRMED, np.uint8),
        np.array([8, 7, 7], np.int32),
        np.array([25.0, 30.0, 60.0]),
    )
    reports = reports_of(made, meta)
    lives = {int(n): reports.time_s[reports.number == n].tolist() for n in np.unique(reports.number)}
    assert sorted(lives.values()) == [[10.0, 20.0, 30.0], [12.0, 25.0], [45.0, 50.0, 60.0], [46.0], [80.0]]
    assert {7, 8, 9} < set(lives)
    dropped = reports.status == DROPPED
    assert reports.time_s[dropped].tolist() == [25.0, 30.0, 60.0]
    assert set(reports_of(made, meta).number[~dropped]) == set(lives)


def test_a_track_is_its_last_row_moved_on_until_it_is_dropped() -> None:
    times = np.arange(40.0, 70.0, 5.0)
    move = [100.0, 0.0, 0.0]
    reports = Reports(
        np.array([1, 1, 1, 2, 2, 3]),
        np.array([38.0, 45.0, 60.0, 41.0, 52.0, 43.0]),
        np.array([[0, 0, 0, *move], [1000, 0, 0, *move], [0] * 6, [0] * 6, [7, 0, 0, 0, 0, 0], [0] * 6], float),
        np.array([UPDATED, PREDICTED, DROPPED, UPDATED, UPDATED, DROPPED]),
    )
    said = reported_at(reports, times)
    of = {
        (int(n), float(times[j])): (s[0], bool(f))
        for n, j, s, f in zip(said.number, said.instant, said.state, said.fresh, strict=True)
    }
    assert of[1, 40.0] == (200.0, True)
    assert of[1, 45.0] == (1000.0, False)  # a prediction; its last plot is of 38 s
    assert of[1, 55.0] == (2000.0, False)
    assert (1, 60.0) not in of
    assert (2, 40.0) not in of
    assert of[2, 50.0] == (0.0, False)
    assert of[2, 55.0] == (7.0, True)
    assert not [key for key in of if key[0] == 3]


def test_targets_outside_coverage_do_not_count(world: tuple[Path, Path]) -> None:
    truth = read_truth(world[0])
    times = np.arange(40.0, 60.0, 5.0)
    all_of_them = truth_at(truth, times)
    hidden = truth.replace(covered=truth.truth_id != 3)
    assert 3 in all_of_them.number
    assert set(truth_at(hidden, times).number.tolist()) == set(all_of_them.number.tolist()) - {3}


def test_both_frames_say_the_same_nearby(world: tuple[Path, Path]) -> None:
    meta = read_scenario(world[0])[2]
    rng = np.random.default_rng(4)
    flat = np.column_stack([rng.uniform(-5000, 5000, (20, 2)), rng.uniform(0, 9000, 20), rng.normal(0, 200, (20, 3))])
    other = flat + rng.normal(0, 300, (20, 6))
    axes = meta.axes

    def round_earth(state: np.ndarray) -> np.ndarray:
        return np.hstack([state[:, :3] @ axes + meta.origin, state[:, 3:] @ axes])

    np.testing.assert_allclose(EARTH.gap(round_earth(flat), round_earth(other)), FLAT.gap(flat, other), atol=1.5)


def test_the_command_prints_and_writes_the_same_figures(world: tuple[Path, Path], tmp_path: Path) -> None:
    scenario, tracks = copy(world[0], tmp_path / "s")
    reports, _ = read_tracks(tracks)
    write_tracks(tracks, reports, np.tile(np.diag([250.0**2] * 3 + [12.0**2] * 3), (len(reports), 1, 1)))
    words = [sys.executable, "-m", "skyaccord", "score", "--bench", str(scenario), str(tracks)]
    done = subprocess.run([*words, "--json", str(tmp_path / "o.json")], capture_output=True, text=True, check=True)
    figures = json.loads((tmp_path / "o.json").read_text())
    expected = of_scenario(scenario, tracks).figures()
    assert figures == json.loads(json.dumps(expected))
    for says in (
        f"{figures['gospa_rms_per_sqrt_target']:,.1f}",
        f"{figures['siap_completeness']:.4f}",
        f"{figures['bound_known_controls_bound_rms_m']:,.1f}",
        f"{figures['nees_position_mean']:.2f} [{figures['nees_position_low']:.2f}",
    ):
        assert says in done.stdout
    # errors of the world's tracks: 250 m and 12 m/s, except where a track is on the wrong target
    assert 0.5 < figures["nees_position_samples_inside"] < 1
    wrong = subprocess.run([*words, "--until", "20"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert wrong.stderr.strip().splitlines() == [f"skyaccord: {scenario}: ends at 20 s; the score begins at 40 s"]


def test_words_that_make_no_sense(world: tuple[Path, Path], tmp_path: Path) -> None:
    scenario, tracks = world
    for wish, says in (
        ({"recording": tracks, "bench": scenario, "until": -1.0}, "--until -1"),
        ({"recording": tracks, "until": 100.0}, "--until"),
        ({"bench": scenario}, "--bench"),
        ({"recording": tracks, "bench": scenario, "feed": tmp_path}, "--bench"),
        ({"recording": tracks, "bench": scenario, "json": tmp_path / "no" / "o.json"}, "--json"),
        ({}, "--bench SCENARIO"),
    ):
        with pytest.raises(InputError, match=says):
            score(**wish)
