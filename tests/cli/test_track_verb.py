"""`skyaccord track`: plots of files, recordings, feeds and scenario folders in, tracks out; bad input one sentence."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from skyaccord.cli import app, tracking
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.errors import InputError, SitesError
from skyaccord.exercise.bench import DROPPED, UPDATED, read_scenario, read_tracks, reports_of
from skyaccord.picture import Picture
from skyaccord.record import Manifest, Recorder
from skyaccord.sensors import Plots, Sites, parse_sites
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A, SIMULATED
from skyaccord.tracks import CONFIRMED, Tracker, TrackerConfig

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "asterix"
SITES = """
[[sensor]]
sac = 1
sic = 1
name = "North"
lat_deg = 40.0
lon_deg = 65.0
scan_s = 5

[[sensor]]
sac = 1
sic = 2
name = "South"
lat_deg = 39.5
lon_deg = 65.2
scan_s = 6
"""
START_S = 1_790_000_000.0
AIRCRAFT, SCANS = 5, 12


def flown(seed: int = 3, azimuth_bias: float = 0.0) -> Plots:
    """Plots of straight flights, turn by turn of two radars, in order of time; two aircraft tell who they are."""
    rng = np.random.default_rng(seed)
    sites = parse_sites(SITES, "sites.toml")
    lat, lon = np.radians([40.0, 65.0])
    places, axes = ecef(sites.lat_rad, sites.lon_rad, sites.height_m), enu_axes(sites.lat_rad, sites.lon_rad)
    rows = []
    for k in range(AIRCRAFT):
        x0, y0 = rng.uniform(-60e3, 60e3, 2)
        course, speed = rng.uniform(0, 2 * np.pi), rng.uniform(120, 240)
        for radar, scan_s in enumerate((5.0, 6.0)):
            for turn in range(SCANS):
                t = scan_s * turn + rng.uniform(0, scan_s / 4) + 0.4 * k
                east, north = x0 + speed * np.sin(course) * t, y0 + speed * np.cos(course) * t
                there = ecef(lat + north / 6.37e6, lon + east / 6.37e6 / np.cos(lat), 8000.0)
                x, y, z = axes[radar] @ (there - places[radar])
                rows.append(
                    (
                        START_S + t,
                        sites.source[radar],
                        np.sqrt(x**2 + y**2 + z**2) + rng.normal(0, 30),
                        (np.arctan2(x, y) + rng.normal(0, 5e-4) + azimuth_bias * radar) % (2 * np.pi),
                        k,
                    )
                )
    time_s, source, range_m, azimuth, who = (np.array(column) for column in zip(*sorted(rows), strict=True))
    n = len(rows)
    named = who < 2
    return Plots.blank(n).replace(
        time_s=time_s,
        source=source,
        range_m=range_m,
        azimuth_rad=azimuth,
        height_m=np.full(n, 8000.0),
        pressure_alt_m=np.where(named, 7900.0 + who, np.nan),
        mode_a=np.where(named, 0o4321 + who, NO_MODE_A),
        address=np.where(named, 0xABC000 + who, NO_ADDRESS),
        callsign=np.where(named, b"ALFA1", b"").astype("S8"),
    )


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sites.toml").write_text(SITES, encoding="utf-8")
    pq.write_table(flown().to_arrow(), tmp_path / "plots.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: object) -> str:
    done = CliRunner().invoke(app, ["track", *map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def read(path: Path | str) -> dict[str, Any]:
    table = pq.read_table(path)
    return {name: table.column(name).to_numpy() for name in table.column_names}


def test_a_table_of_plots_becomes_the_tracks_that_the_library_makes(here: Path) -> None:
    said = run("plots.parquet", "--sites", "sites.toml", "-o", "tracks.parquet")
    assert "plots per CPU second" in said
    assert f"{AIRCRAFT * SCANS * 2:,}" in said
    got, plots = read("tracks.parquet"), flown()
    tracker = Tracker(parse_sites(SITES, "s"))
    truth = tracker.follow(plots, float(plots.time_s[-1]))
    rows = np.flatnonzero(truth.status == CONFIRMED)
    up = got["status"] == "updated"
    assert (got["status"][~up] == "dropped").all()
    assert len(np.unique(got["number"])) == AIRCRAFT
    assert np.array_equal(np.sort(got["plot"][up]), rows)
    state = np.stack([got[name] for name in tracking.ECEF], axis=1)[up]
    assert np.array_equal(state, truth.state[got["plot"][up]])
    assert np.array_equal(got["number"][up], truth.number[got["plot"][up]])
    assert (np.diff(got["time_s"]) >= 0).all()
    back = ecef(got["lat_rad"][up], got["lon_rad"][up], got["height_m"][up])
    assert np.allclose(back, state[:, :3], atol=1e-6)


def test_a_table_may_have_range_rates_and_bearings(here: Path) -> None:
    sites = SITES + '[[sensor]]\nsac = 1\nsic = 9\nkind = "passive"\nlat_deg = 39.2\nlon_deg = 64.1\n'
    (here / "sites.toml").write_text(sites, encoding="utf-8")
    plots, registry = flown(), parse_sites(sites, "s")
    told = Tracker(registry).follow(plots, float(plots.time_s[-1]))
    row = int(np.flatnonzero(told.status == CONFIRMED)[-1])
    east, north, _ = enu_axes(registry.lat_rad[2], registry.lon_rad[2]) @ (
        told.state[row, :3] - ecef(registry.lat_rad[2], registry.lon_rad[2], 0.0)
    )
    bearing = Plots.blank(1).replace(
        time_s=plots.time_s[row : row + 1] + 0.5, source=registry.source[2:], azimuth_rad=np.arctan2([east], [north])
    )
    # the first radar measures Doppler: what the tracker has found the range to do
    away = told.state[:, :3] - ecef(registry.lat_rad[0], registry.lon_rad[0], 0.0)
    rate = np.sum(away * told.state[:, 3:], axis=1) / np.linalg.norm(away, axis=1)
    first = (plots.source == registry.source[0]) & (told.status == CONFIRMED)
    both = Plots.concat([plots.replace(range_rate_mps=np.where(first, rate, np.nan)), bearing])
    pq.write_table(both.to_arrow(), here / "both.parquet")
    run("both.parquet", "--sites", "sites.toml", "-o", "tracks.parquet")
    got = read("tracks.parquet")
    wanted = Tracker(registry).follow(both, float(both.time_s.max()))
    assert got["number"][got["plot"] == len(plots)].tolist() == [wanted.number[-1]] == [wanted.number[row]]
    up = got["status"] == "updated"
    state = np.stack([got[name] for name in tracking.ECEF], axis=1)[up]
    assert np.array_equal(state, wanted.state[got["plot"][up]])
    assert not np.array_equal(wanted.state[row], told.state[row])


def test_hits_and_identity_are_what_its_plots_have_said_so_far(here: Path) -> None:
    run("plots.parquet", "--sites", "sites.toml", "-o", "tracks.parquet")
    got, plots = read("tracks.parquet"), flown()
    updates = Tracker(parse_sites(SITES, "s")).follow(plots, float(plots.time_s[-1]))
    for k in np.flatnonzero(got["plot"] >= 0):
        row = got["plot"][k]
        mine = np.flatnonzero((updates.number == updates.number[row]) & (updates.hits <= updates.hits[row]))
        assert got["hits"][k] == len(mine)
        told = mine[plots.address[mine] != NO_ADDRESS]
        assert got["address"][k] == (plots.address[told[-1]] if len(told) else NO_ADDRESS)
        assert got["mode_a"][k] == (plots.mode_a[told[-1]] if len(told) else NO_MODE_A)
        assert got["callsign"][k] == ("ALFA1" if len(told) else "")
        assert (
            got["pressure_alt_m"][k] == plots.pressure_alt_m[told[-1]]
            if len(told)
            else np.isnan(got["pressure_alt_m"][k])
        )
    assert {int(a) for a in np.unique(got["address"])} == {0xABC000, 0xABC001, NO_ADDRESS}


def test_what_is_hidden_does_not_come_out(here: Path) -> None:
    run("plots.parquet", "--sites", "sites.toml", "-o", "tracks.parquet", "--hide-addresses", "--hide-codes")
    got = read("tracks.parquet")
    assert (got["address"] == NO_ADDRESS).all()
    assert (got["callsign"] == "").all()
    assert (got["mode_a"] == NO_MODE_A).all()
    assert np.isfinite(got["pressure_alt_m"]).any()


def test_a_track_that_ends_is_said_once(here: Path) -> None:
    plots = flown()
    early = plots.take(plots.address == 0xABC000)
    early = early.take(early.time_s < START_S + 25)
    rest = plots.take(plots.address != 0xABC000)
    pq.write_table(Plots.concat([early, rest]).to_arrow(), "plots.parquet")
    said = run("plots.parquet", "--sites", "sites.toml", "-o", "tracks.parquet")
    assert "are not in order of time" in said
    got = read("tracks.parquet")
    gone = np.flatnonzero(got["status"] == "dropped")
    assert len(gone) == 1
    assert got["address"][gone[0]] == 0xABC000
    assert got["plot"][gone[0]] == -1
    assert np.isnan(got["x_m"][gone[0]])
    assert got["hits"][gone[0]] == len(early)


def test_a_track_that_is_heard_again_goes_on_after_its_end(here: Path) -> None:
    plots = flown()
    quiet = (plots.address == 0xABC001) & (plots.time_s > START_S + 24) & (plots.time_s < START_S + 36)
    pq.write_table(plots.take(~quiet).to_arrow(), "plots.parquet")
    said = run("plots.parquet", "--sites", "sites.toml", "-o", "tracks.parquet")
    assert re.search(rf"tracks, ended of them +{AIRCRAFT}, 0\b", said)
    got = read("tracks.parquet")
    mine = np.flatnonzero(got["number"] == got["number"][got["status"] == "dropped"][0])
    (end,) = np.flatnonzero(got["status"][mine] == "dropped")
    assert 24 < got["time_s"][mine[end]] - START_S < 36
    assert (got["address"][mine] == 0xABC001).all()
    assert (np.diff(got["time_s"][mine]) >= 0).all()
    heard = np.flatnonzero(~quiet & (plots.address == 0xABC001))
    assert (np.diff(got["hits"][mine]) == np.where(np.arange(1, len(mine)) == end, 0, 1)).all()
    assert got["hits"][mine[-1]] == len(heard)
    assert len(np.unique(got["number"])) == AIRCRAFT


def test_the_order_of_rows_is_nothing(here: Path) -> None:
    run("plots.parquet", "--sites", "sites.toml", "-o", "a.parquet")
    plots = flown()
    shuffled = np.random.default_rng(0).permutation(len(plots))
    pq.write_table(plots.take(shuffled).to_arrow(), "plots.parquet")
    run("plots.parquet", "--sites", "sites.toml", "-o", "b.parquet")
    a, b = read("a.parquet"), read("b.parquet")
    assert np.array_equal(np.append(shuffled, -1)[b["plot"]], a["plot"])
    for name in ("number", "time_s", *tracking.ECEF):
        assert np.array_equal(a[name], b[name], equal_nan=True)


def test_columns_that_say_nothing_may_be_left_out(here: Path) -> None:
    run("plots.parquet", "--sites", "sites.toml", "-o", "a.parquet", "--hide-addresses", "--hide-codes")
    table = flown().to_arrow().select(["azimuth_rad", "range_m", "time_s", "source", "height_m"])
    pq.write_table(table.append_column("speed", pa.array(np.zeros(len(table)))), "few.parquet")
    assert "column speed" in run("few.parquet", "--sites", "sites.toml", "-o", "b.parquet")
    assert np.array_equal(read("a.parquet")["plot"], read("b.parquet")["plot"])


def test_many_plots_are_tracked_in_parts_as_if_in_one(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("plots.parquet", "--sites", "sites.toml", "-o", "a.parquet")
    monkeypatch.setattr(tracking, "AT_ONCE", 17)
    run("plots.parquet", "--sites", "sites.toml", "-o", "b.parquet")
    a, b = read("a.parquet"), read("b.parquet")
    assert a.keys() == b.keys()
    for name, values in a.items():
        assert np.array_equal(values, b[name], equal_nan=values.dtype.kind == "f"), name


def test_biases_are_learnt_and_shown(here: Path) -> None:
    pq.write_table(flown(azimuth_bias=np.radians(0.5)).to_arrow(), "plots.parquet")
    said = run("plots.parquet", "--sites", "sites.toml", "-o", "tracks.parquet", "--register")
    lines = [line for line in said.splitlines() if line.startswith(("North", "South"))]
    assert len(lines) == 2
    assert "±" in lines[0]
    assert len(np.unique(read("tracks.parquet")["number"])) >= AIRCRAFT


def test_a_recordings_plots(here: Path) -> None:
    plots = flown().replace(flags=np.full(len(flown()), SIMULATED))
    sites = parse_sites(SITES, "s").replace(party=np.array([b"AA", b"BB"], "S16"))
    with Recorder(here / "night", Manifest("night", 1, ("AA", "BB"), START_S, 30.0, sites)) as recorder:
        for party, source in zip(("AA", "BB"), sites.source, strict=True):
            own = plots.take(plots.source == source)
            for now in (START_S + 30, START_S + 60, START_S + 90):
                step = own.take((own.time_s >= now - 30) & (own.time_s < now))
                recorder.step(party, now, Picture.empty(), step)
    run("night", "--party", "AA", "-o", "tracks.parquet")
    own = plots.take(plots.source == sites.source[0])
    tracker = Tracker(sites.take(slice(0, 1)), TrackerConfig(exercise=True))
    truth = tracker.follow(own, float(own.time_s[-1]))
    assert np.array_equal(
        np.sort(read("tracks.parquet")["plot"][read("tracks.parquet")["plot"] >= 0]),
        np.flatnonzero(truth.status == CONFIRMED),
    )
    for words, says in (
        (("night",), "AA, BB"),
        (("night", "--party", "CC"), "the parties of"),
        (("night", "--party", "AA", "--sites", "sites.toml"), "its own registry"),
        (("night", "plots.parquet"), "by itself"),
    ):
        assert says in refused(*words, "-o", "x.parquet")


@pytest.mark.skipif(not DATA.is_dir(), reason="the recordings in ../shared/data are not here")
def test_a_feed_and_one_that_breaks_off(here: Path) -> None:
    whole = (DATA / "arg" / "260429.pcap").read_bytes()
    (here / "feed.pcap").write_bytes(whole[:400_001])
    text = '[[sensor]]\nsac = 226\nsic = 232\nname = "P"\nlat_deg = -26.750555\nlon_deg = -60.481666\n'
    (here / "sites.toml").write_text(text, encoding="utf-8")
    assert "byte" in refused("feed.pcap", "--sites", "sites.toml", "-o", "tracks.parquet")
    got = read("tracks.parquet")  # as far as it goes
    assert len(np.unique(got["number"])) > 5


def refused(*words: object) -> str:
    with pytest.raises(InputError) as caught:
        run(*words)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def change(name: str, row: int, value: object) -> Callable[[dict[str, Any]], None]:
    def edit(table: dict[str, Any]) -> None:
        table[name] = table[name].astype("i8") if isinstance(value, int) else table[name].copy()
        table[name][row] = value

    return edit


def empty(name: str, row: int) -> Callable[[dict[str, Any]], None]:
    return lambda table: table.update({name: pa.array(table[name], mask=np.arange(len(table[name])) == row)})


def without(*names: str) -> Callable[[dict[str, Any]], None]:
    def edit(table: dict[str, Any]) -> None:
        for name in names:
            del table[name]

    return edit


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (change("time_s", 7, np.nan), "row 7, column time_s is nan; it is UTC seconds"),
        (change("range_m", 3, -5.0), "row 3, column range_m is -5.0; it is 0 or more"),
        (change("range_m", 3, np.inf), "row 3, column range_m is inf"),
        (change("range_m", 9, np.nan), "row 9, column range_m is nan; and the row has no other position"),
        (change("azimuth_rad", 4, np.nan), "row 4, column azimuth_rad is nan; and the row has no other position"),
        (change("azimuth_rad", 4, 271.0), "row 4, column azimuth_rad is 271.0; it is radians"),
        (change("range_rate_mps", 6, 2e4), "row 6, column range_rate_mps is 20000.0; it is metres a second"),
        (change("lat_rad", 2, 45.0), "row 2, column lat_rad is 45.0; it is radians"),
        (change("source", 11, 999), "row 11, column source is 999 (SAC/SIC 3/231); sites.toml has no such sensor"),
        (change("source", 11, 70_000), "row 11, column source is 70000; it is 0 to 65535"),
        (empty("mode_a", 5), "row 5, column mode_a is empty; it is an integer (65535 for none)"),
        (empty("source", 5), "row 5, column source is empty; it is an integer"),
        (without("time_s"), "no column 'time_s'; it has source"),
        (without("range_m", "lat_rad"), "neither range_m and azimuth_rad nor lat_rad and lon_rad; it has"),
        (
            lambda table: table.update(range_m=["far"] * len(table["range_m"])),
            "column range_m is string; it is numbers",
        ),
        (lambda table: table.update(source=table["time_s"]), "column source is double; it is integers"),
    ],
)
def test_a_bad_table_is_refused_by_row_and_column(
    here: Path, edit: Callable[[dict[str, Any]], None], says: str
) -> None:
    table: dict[str, Any] = dict(flown().arrays())
    table["callsign"] = [name.decode() for name in table["callsign"]]
    edit(table)
    pq.write_table(pa.table(table), "plots.parquet")
    assert says in refused("plots.parquet", "--sites", "sites.toml", "-o", "tracks.parquet")
    assert sorted(p.name for p in here.iterdir()) == ["plots.parquet", "sites.toml"]


def test_unknown_sensors_can_be_left_out(here: Path) -> None:
    plots = flown()
    plots.source[11] = 999
    pq.write_table(plots.to_arrow(), "plots.parquet")
    with pytest.raises(SitesError):
        run("plots.parquet", "--sites", "sites.toml", "-o", "t.parquet")
    said = run("plots.parquet", "--sites", "sites.toml", "-o", "t.parquet", "--skip-unknown")
    assert "rejected: sensor not in the registry" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("plots.parquet", "--sites", "sites.toml"), "-o TRACKS"),
        (("plots.parquet", "-o", "t.parquet"), "--sites"),
        (("nothing", "--sites", "sites.toml", "-o", "t.parquet"), "nothing: cannot be read"),
        (("sites.toml", "--sites", "sites.toml", "-o", "t.parquet"), "unknown file type"),
        (("plots.parquet", "sites.toml", "--sites", "sites.toml", "-o", "t.parquet"), "not tracked together"),
        (("plots.parquet", "--sites", "sites.toml", "-o", "no/t.parquet"), "no folder"),
        (("plots.parquet", "--party", "AA", "--sites", "sites.toml", "-o", "t.parquet"), "--party AA"),
        (("--bench", "s", "a", "b"), "--bench"),
        (("--bench", "nowhere", "a"), "nowhere"),
    ],
)
def test_words_that_name_nothing_to_track(here: Path, words: tuple[str, ...], says: str) -> None:
    assert says in refused(*words)
    assert sorted(p.name for p in here.iterdir()) == ["plots.parquet", "sites.toml"]


def test_bad_input_ends_with_exit_code_2_and_one_line(here: Path) -> None:
    words = [sys.executable, "-m", "skyaccord", "track", "plots.parquet", "-o", "t.parquet"]
    done = subprocess.run(words, cwd=here, capture_output=True, text=True, timeout=400)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("skyaccord: plots.parquet: ")
    assert done.stderr.count("\n") == 1


def test_a_torn_table_is_refused(here: Path) -> None:
    (here / "torn.parquet").write_bytes((here / "plots.parquet").read_bytes()[:3000])
    assert "torn.parquet: not Parquet" in refused("torn.parquet", "--sites", "sites.toml", "-o", "t.parquet")


def test_nothing_half_written_stays(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(table: Any, path: Path, **options: Any) -> None:
        path.write_bytes(b"PAR1")
        raise OSError(28, "No space left on device")

    (here / "tracks.parquet").write_bytes(b"the old one")
    monkeypatch.setattr(pq, "write_table", full)
    says = refused("plots.parquet", "--sites", "sites.toml", "-o", "tracks.parquet")
    assert says == "tracks.parquet: cannot be written: no space left on device"
    assert (here / "tracks.parquet").read_bytes() == b"the old one"
    assert sorted(p.name for p in here.iterdir()) == ["plots.parquet", "sites.toml", "tracks.parquet"]


def scenario(folder: Path) -> tuple[Path, Sites, Plots]:
    """The same plots as a bench's folder."""
    plots, sites = flown(), parse_sites(SITES, "s")
    folder.mkdir()
    row = np.searchsorted(sites.source, plots.source)
    table = {"t": plots.time_s - START_S, "sensor_id": (row + 4).astype("i2"), "range_m": plots.range_m}
    pq.write_table(pa.table({**table, "az_rad": plots.azimuth_rad, "alt_m": plots.height_m}), folder / "plots.parquet")
    content = {
        "origin": {"lat": 40.0, "lon": 65.0, "alt": 0.0},
        "duration_s": 90.0,
        "sensors": [
            {
                "id": k + 4,
                "lat": float(np.degrees(sites.lat_rad[k])),
                "lon": float(np.degrees(sites.lon_rad[k])),
                "alt": 0.0,
                "scan_s": float(sites.scan_s[k]),
                "phase_s": 0.0,
                "sigma_r_m": 60.0,
                "sigma_az_rad": 0.001,
                "sigma_alt_m": 200.0,
                "alt_frac": 1.0,
                "pd": 0.95,
                "clutter_per_scan": 3.0,
                "rmin_m": 500.0,
                "rmax_m": 250e3,
            }
            for k in range(2)
        ],
    }
    (folder / "scenario.json").write_text(json.dumps(content), encoding="utf-8")
    return folder, sites, plots


def test_a_scenario_folder_becomes_a_track_folder(here: Path) -> None:
    folder, _, plots = scenario(here / "s")
    said = run("--bench", folder, here / "answer")
    assert "warming up" in said
    told = json.loads((here / "answer" / "run.json").read_text())
    assert told["tracker"] == "skyaccord"
    assert told["plots"] == len(plots)
    parts = [told[f"{what}_s"] for what in ("reading", "tracking", "writing")]
    assert told["cpu_s"] == pytest.approx(sum(parts))
    assert sorted(p.name for p in (here / "answer").iterdir()) == ["run.json", "tracks.parquet"]
    reports, covariance = read_tracks(here / "answer")
    assert covariance is None
    sites, heard, meta = read_scenario(folder)
    updates = Tracker(sites).follow(heard, meta.duration_s)
    rows = np.flatnonzero(updates.status == CONFIRMED)
    shown = reports.take(reports.status == UPDATED)
    order = np.lexsort((updates.hits[rows], updates.time_s[rows], updates.number[rows]))
    assert np.array_equal(shown.number, updates.number[rows][order])
    assert np.array_equal(shown.time_s, updates.time_s[rows][order])
    back = shown.state[:, :3] @ meta.axes + meta.origin
    assert np.allclose(back, updates.state[rows][order, :3], atol=1e-6)
    assert np.allclose(shown.state[:, 3:] @ meta.axes, updates.state[rows][order, 3:], atol=1e-9)
    assert np.count_nonzero(reports.status == DROPPED) == len(updates.ended)
    assert (np.diff(reports_of(updates, meta).time_s) >= 0).all()


def test_a_scenario_folder_as_plots_says_how(here: Path) -> None:
    folder, _, _ = scenario(here / "s")
    assert "--bench" in refused(folder, "-o", "t.parquet")


def test_the_help_names_every_column_and_the_guide_too(here: Path) -> None:
    run("plots.parquet", "--sites", "sites.toml", "-o", "tracks.parquet")
    guide = (ROOT / "docs" / "track.md").read_text(encoding="utf-8")
    done = CliRunner().invoke(app, ["track", "--help"], env={"COLUMNS": "200"})
    for name in pq.read_table("tracks.parquet").column_names:
        assert name in done.output
        assert f"`{name}`" in guide
    for name in flown().arrays():
        assert f"`{name}`" in guide
