"""Tracking: what `skyaccord track` reads, does, prints and writes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from skyaccord.cli.compose import as_they_turn, heard, known, registry, span
from skyaccord.cli.present import day_s
from skyaccord.columns import F8, Bool, Text, from_arrow_array, layout
from skyaccord.earth.wgs84 import geodetic
from skyaccord.errors import FormatError, InputError, SitesError
from skyaccord.exercise.bench import read_scenario, reports_of, write_run, write_tracks
from skyaccord.record import Recording
from skyaccord.sensors import Plots, Sites, row_of
from skyaccord.sensors.plots import GARBLED_A, GARBLED_C, NO_ADDRESS, NO_MODE_A, NOTHING, SIMULATED
from skyaccord.tracks import (
    CONFIRMED,
    Biases,
    Registration,
    RegistrationConfig,
    SharedTracker,
    Tracker,
    TrackerConfig,
    Updates,
)
from skyaccord.tracks.kernels.hearing import FASTEST_RATE_MPS
from skyaccord.wire import decode, read_recording
from skyaccord.wire.links.file import read_file, written_whole
from skyaccord.wire.recordings import remove_copies

OUT = Console(highlight=False, soft_wrap=True)
WARM_PLOTS = 400  # that a throw-away tracker is warmed up on ..
FORGOTTEN_S = 600.0  # .. and after which it has none of its tracks left
AT_ONCE = 200_000  # plots between two looks at the clock on the wall
LEARN_S = 5.0  # slices in which biases are learnt
FARTHEST_RAD = 2 * np.pi  # an angle beyond it was written in degrees


@dataclass(frozen=True)
class How:
    """What a user says of the tracker."""

    hide_addresses: bool = False
    hide_codes: bool = False
    register: bool = False
    areas: int = 1

    def tracker(self, sites: Sites, config: TrackerConfig) -> Tracker | SharedTracker:
        """One, or one a strip of the sky."""
        return Tracker(sites, config) if self.areas == 1 else SharedTracker(sites, config, self.areas)

    def config(self, plots: Plots) -> TrackerConfig:
        """An exercise's plots are all simulated; where they are mixed, the real ones count."""
        simulated = len(plots) > 0 and bool((plots.flags & SIMULATED).all())
        return TrackerConfig(hide_addresses=self.hide_addresses, hide_codes=self.hide_codes, exercise=simulated)


@dataclass(frozen=True)
class From:
    """What a user says of the plots."""

    paths: tuple[Path, ...]
    sites: Path | None = None
    party: str | None = None
    day: str | None = None
    skip_unknown: bool = False


@dataclass(frozen=True, eq=False)
class Source:
    """Plots ready to be tracked, and what is to be said about them."""

    plots: Plots
    sites: Sites
    notices: tuple[str, ...] = ()
    broken_off: str = ""  # a sentence, where a feed broke off


@dataclass
class Spent:
    """CPU seconds by what they went into, in order."""

    cpu_s: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        """Count what happens within it."""
        began = time.process_time()
        try:
            yield
        finally:
            self.cpu_s[what] = self.cpu_s.get(what, 0.0) + time.process_time() - began

    @property
    def work_s(self) -> float:
        """All but the compiler's."""
        return sum(s for what, s in self.cpu_s.items() if what != WARMING)


READING, WARMING, TRACKING, WRITING = "reading", "warming up", "tracking", "writing"


@dataclass(frozen=True, eq=False)
class Done:
    """Plots tracked."""

    updates: Updates  # in the order of the plots
    tracker: Tracker | SharedTracker
    biases: Biases | None = None


def of_bench(scenario: Path, folder: Path, how: How) -> None:
    """A scenario folder into a track folder. Raises InputError."""
    spent = Spent()
    with spent.on(READING):
        sites, plots, meta = read_scenario(scenario)
    end_s = max(meta.duration_s, float(plots.time_s[-1])) if len(plots) else meta.duration_s
    done = tracked(plots, sites, how, end_s, spent)
    with spent.on(WRITING):
        write_tracks(folder, reports_of(done.updates, meta), run=_figures(plots, spent))
    write_run(folder, _figures(plots, spent))
    summary(scenario.name, plots, sites, done, spent, folder)


def _figures(plots: Plots, spent: Spent) -> dict[str, Any]:
    return {"plots": len(plots), "cpu_s": spent.work_s} | {
        f"{what.replace(' ', '_')}_s": cpu_s for what, cpu_s in spent.cpu_s.items()
    }


def of_files(wish: From, out: Path, how: How) -> None:
    """Plots of files, recordings or feeds into a Parquet file of tracks. Raises InputError."""
    if not out.parent.is_dir():
        raise InputError(f"-o {out}: there is no folder {out.parent} to write into")
    spent = Spent()
    with spent.on(READING):
        source = opened(wish)
    for notice in source.notices:
        OUT.print(f"[yellow]note[/] {escape(notice)}")
    plots, times = source.plots, source.plots.time_s[np.isfinite(source.plots.time_s)]
    done = tracked(plots, source.sites, how, float(times.max(initial=0.0)), spent)
    with spent.on(WRITING):
        write(changes(plots, done.updates, how), out)
    summary(", ".join(path.name for path in wish.paths), plots, source.sites, done, spent, out)
    if source.broken_off:
        raise FormatError(source.broken_off)


# --- reading


def opened(wish: From) -> Source:
    """Plots and registry of whatever was named. Raises InputError."""
    folders = [path for path in wish.paths if path.is_dir()]
    if folders and len(wish.paths) > 1:
        raise InputError(f"{folders[0]}: a recording is tracked by itself; name nothing beside it")
    if folders:
        return _recorded(folders[0], wish)
    if wish.party is not None:
        raise InputError(f"--party {wish.party}: only a recording has parties")
    if wish.sites is None:
        raise InputError(f"{wish.paths[0]}: name the file with the positions of its sensors by --sites FILE")
    tables = [_is_parquet(path) for path in wish.paths]
    if all(tables):
        return _tables(wish, registry(wish.sites))
    if any(tables):
        raise InputError(f"{wish.paths[tables.index(True)]}: Parquet and feeds are not tracked together")
    return _feeds(wish, registry(wish.sites))


def _recorded(folder: Path, wish: From) -> Source:
    """One party's plots of a recording, by its own registry."""
    if (folder / "scenario.json").exists():
        raise InputError(f"{folder}: a bench's scenario folder; name it by --bench {folder}, then the folder to write")
    if wish.sites is not None:
        raise InputError(f"--sites {wish.sites}: the recording {folder} has its own registry")
    recording = Recording(folder)
    parties = recording.parties
    if wish.party is None and len(parties) > 1:
        raise InputError(f"{folder}: the recording is of {', '.join(parties)}; say by --party whose plots")
    party = wish.party or parties[0]
    if party not in parties:
        raise InputError(f"--party {party}: the parties of {folder} are {', '.join(parties)}")
    sites = recording.manifest.sites
    own = sites.party == party.encode()
    notices = () if recording.sealed else ("the recording was interrupted; what it has is tracked",)
    return Source(recording.plots(party, -np.inf, np.inf), sites.take(own) if own.any() else sites, notices)


def _feeds(wish: From, sites: Sites) -> Source:
    """Recorded feeds, copies from a second network left out."""
    recordings = [remove_copies(read_recording(read_file(path), str(path))) for path in wish.paths]
    decodings = [decode(recording, day_s=day_s(wish.day)) for recording in recordings]
    plots = Plots.concat([decoded.plots for decoded in decodings])
    if not len(plots):
        raise InputError(f"{', '.join(map(str, wish.paths))}: no plots in it (CAT010, 20, 21, 48); {heard(decodings)}")
    sites, notices = known(plots, sites, str(wish.sites), wish.skip_unknown)
    sites, turning = as_they_turn(sites, decodings)
    span(plots.time_s[row_of(sites, plots.source) >= 0], ", ".join(path.name for path in wish.paths))
    broken = "; ".join(r.warning for r in recordings if r.truncated_at is not None)
    return Source(plots, sites, tuple(notices + turning), broken)


def _is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PAR1"
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None


def _tables(wish: From, sites: Sites) -> Source:
    """Plots in Parquet, checked: the first row that is wrong is named."""
    parts, notices = [], []
    for path in wish.paths:
        plots, unused = read_plots(path)
        check(path, plots, sites, str(wish.sites), wish.skip_unknown)
        if unused:
            notices.append(f"{path}: not used: {', '.join(f'column {name}' for name in unused)}")
        back = np.flatnonzero(np.diff(plots.time_s) < 0)
        if len(back):
            row = int(back[0]) + 1
            notices.append(
                f"{path}: row {row}, column time_s is {plots.time_s[row]:.3f}, before the row above; "
                f"{len(back):,} rows are not in order of time, and are taken in that order"
            )
        parts.append(plots)
    return Source(Plots.concat(parts), sites, tuple(notices))


def read_plots(path: Path) -> tuple[Plots, list[str]]:
    """Plots of a Parquet file, and the columns that are none of theirs. Raises InputError, naming row and column."""
    try:
        with pq.ParquetFile(path) as file:
            table = file.read(use_threads=False)
    except (OSError, pa.ArrowException) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path}: not Parquet ({first})") from None
    names = table.column_names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{path}: column {twice[0]} comes twice")
    told = {"range_m", "azimuth_rad"} <= set(names) or {"lat_rad", "lon_rad"} <= set(names)
    missing = [name for name in ("time_s", "source") if name not in names]
    if missing or not told:
        lacks = f"no column {missing[0]!r}" if missing else "neither range_m and azimuth_rad nor lat_rad and lon_rad"
        raise InputError(f"{path}: {lacks}; it has {', '.join(names) or 'no columns'}")
    columns = {
        name: _column(path, name, table.column(name), dtype) for name, dtype, _ in layout(Plots) if name in names
    }
    unused = [name for name in names if name not in columns and name != "step_s"]
    return Plots.blank(table.num_rows).replace(**columns), unused


def _column(path: Path, name: str, values: pa.ChunkedArray, dtype: np.dtype[Any]) -> NDArray[Any]:
    """One column as Plots have it. Raises InputError where it is of another kind, empty or does not fit."""
    kind = values.type
    if dtype.kind == "S":
        if pa.types.is_string(kind):
            return np.array([(word or "").encode() for word in values.to_pylist()], dtype)
        if pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind):
            return from_arrow_array(values, dtype, ())
        raise InputError(f"{path}: column {name} is {kind}; it is text of {dtype.itemsize} letters")
    whole = dtype.kind in "iu"
    if not (pa.types.is_integer(kind) or (not whole and pa.types.is_floating(kind))):
        raise InputError(f"{path}: column {name} is {kind}; it is {'integers' if whole else 'numbers'}")
    if whole and values.null_count:
        row = int(np.flatnonzero(values.is_null().to_numpy())[0])
        none = f" ({NOTHING[name]} for none)" if name in NOTHING else ""
        raise InputError(f"{path}: row {row}, column {name} is empty; it is an integer{none}")
    numbers: NDArray[Any] = values.to_numpy()
    if whole:
        limits = np.iinfo(dtype)
        _refuse(
            path, name, numbers, (numbers < limits.min) | (numbers > limits.max), f"it is {limits.min} to {limits.max}"
        )
    return numbers.astype(dtype)


def check(path: Path, plots: Plots, sites: Sites, registry_name: str, skip_unknown: bool) -> None:
    """Nothing, if a tracker can use all rows. Raises InputError for the first row that it cannot."""
    _refuse(path, "time_s", plots.time_s, ~np.isfinite(plots.time_s), "it is UTC seconds since 1970")
    for name, least, most, right in (
        ("range_m", 0.0, np.inf, "it is 0 or more metres"),
        ("azimuth_rad", -FARTHEST_RAD, FARTHEST_RAD, "it is radians, within one turn of north"),
        ("lat_rad", -np.pi / 2, np.pi / 2, "it is radians, from -pi/2 to pi/2"),
        ("lon_rad", -FARTHEST_RAD, FARTHEST_RAD, "it is radians, within one turn of Greenwich"),
        ("height_m", -1e7, 1e7, "it is metres"),
        ("pressure_alt_m", -1e7, 1e7, "it is metres"),
        ("range_rate_mps", -FASTEST_RATE_MPS, FASTEST_RATE_MPS, "it is metres a second, positive where it recedes"),
    ):
        values = plots.arrays()[name]
        _refuse(path, name, values, (values < least) | (values > most) | np.isinf(values), right)
    placed = np.isfinite(plots.lat_rad) & np.isfinite(plots.lon_rad)
    half = ~placed & ~(np.isfinite(plots.range_m) & np.isfinite(plots.azimuth_rad))
    passive = np.append(sites.kind == b"passive", False)[row_of(sites, plots.source)]  # the last: of no sensor
    for name, lacks in (("azimuth_rad", half), ("range_m", half & ~passive)):
        values = plots.arrays()[name]
        _refuse(path, name, values, lacks & np.isnan(values), "and the row has no other position")
    unknown = row_of(sites, plots.source) < 0
    if unknown.any() and not (skip_unknown and not unknown.all()):
        row = int(np.argmax(unknown))
        source = int(plots.source[row])
        raise SitesError(
            f"{path}: row {row}, column source is {source} (SAC/SIC {source >> 8}/{source & 255}); {registry_name} has "
            "no such sensor; add it with its position, or leave such plots out with --skip-unknown"
        )


def _refuse(path: Path, name: str, values: NDArray[Any], wrong: Bool, right: str) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(f"{path}: row {row}, column {name} is {values[row]}; {right}")


# --- tracking


def tracked(plots: Plots, sites: Sites, how: How, end_s: float, spent: Spent) -> Done:
    """Plots tracked to `end_s`; before that a tracker that is thrown away, so that the compiler's time stands apart."""
    config = how.config(plots)
    with spent.on(WARMING):
        few = plots.take(slice(0, _warm_rows(plots, how)))
        times = few.time_s[np.isfinite(few.time_s)]
        thrown_away, last_s = how.tracker(sites, config), float(times.max(initial=0.0))
        follow(few, thrown_away, _learner(sites, how), last_s)
        thrown_away.update(Plots.empty(), last_s + FORGOTTEN_S)  # tracks end, too
    with spent.on(TRACKING), _progress(len(plots), how) as told:
        tracker, registration = how.tracker(sites, config), _learner(sites, how)
        updates = follow(plots, tracker, registration, end_s, told)
        biases = None if registration is None else registration.biases(end_s)
    return Done(updates, tracker, biases)


def _warm_rows(plots: Plots, how: How) -> int:
    """The first few hundred; biases move only after a few slices."""
    if not how.register or not len(plots):
        return WARM_PLOTS
    return max(WARM_PLOTS, int(np.argmax(plots.time_s > plots.time_s[0] + 3 * LEARN_S)))


def _learner(sites: Sites, how: How) -> Registration | None:
    return Registration(sites) if how.register else None


def follow(
    plots: Plots,
    tracker: Tracker | SharedTracker,
    registration: Registration | None,
    end_s: float,
    told: Callable[[int], None] | None = None,
) -> Updates:
    """What the plots made of their tracks, one row a plot in the order given; `told` hears how many are done.

    One call of the tracker, where there are no biases to learn and the plots are not too many.
    """
    if registration is None and len(plots) <= AT_ONCE:
        return tracker.follow(plots, end_s)
    n, order = len(plots), np.argsort(plots.time_s, kind="stable")
    time_s, number = plots.time_s.copy(), np.full(n, -1, np.int32)
    state, hits, status = np.full((n, 6), np.nan), np.zeros(n, np.int32), np.zeros(n, np.uint8)
    ended: list[NDArray[Any]] = []
    ended_s: list[F8] = []
    for rows, now_s in _slices(plots.time_s[order], end_s, registration is not None):
        at = order[rows]
        now = plots.take(at)
        made = tracker.follow(now if registration is None else registration.correct(now), now_s)
        if registration is not None:
            registration.learn(now, made.number.astype(np.int64))
        number[at], time_s[at], state[at] = made.number, made.time_s, made.state
        hits[at], status[at] = made.hits, made.status
        ended.append(made.ended)
        ended_s.append(made.ended_s)
        if told is not None:
            told(rows.stop)
    return Updates(number, time_s, state, hits, status, np.concatenate(ended), np.concatenate(ended_s))


def _slices(time_s: F8, end_s: float, learning: bool) -> Iterator[tuple[slice, float]]:
    """Rows of sorted times to be tracked together, and the time as of which: whole seconds, so that no slice of the
    tracker is cut; the last goes to the end."""
    times = time_s[np.isfinite(time_s)]
    if learning:
        edges_s = np.arange(np.floor(times.min(initial=end_s)) + LEARN_S, end_s, LEARN_S)
    else:
        edges_s = np.unique(np.floor(times[AT_ONCE::AT_ONCE]))
    low = 0
    for edge_s in edges_s:
        high = int(np.searchsorted(times, edge_s))
        yield slice(low, high), float(edge_s)
        low = high
    yield slice(low, len(time_s)), end_s


@contextmanager
def _progress(plots: int, how: How) -> Iterator[Callable[[int], None] | None]:
    """A line of progress, where it takes long enough for one."""
    if plots <= AT_ONCE and not how.register:
        yield None
        return
    bar = Progress(
        TextColumn("tracking"),
        BarColumn(bar_width=30),
        TextColumn("{task.percentage:>3.0f}%  {task.completed:,.0f} of {task.total:,.0f} plots"),
        TimeRemainingColumn(),
        console=OUT,
        transient=True,
        refresh_per_second=2,
    )
    with bar:
        task = bar.add_task("", total=plots)
        yield lambda done: bar.update(task, completed=done)


# --- writing


def changes(plots: Plots, updates: Updates, how: How) -> pa.Table:
    """One row a change of a confirmed track, in order of time: the columns that `skyaccord track --help` lists."""
    row = np.flatnonzero(updates.number >= 0)
    dropped = np.repeat([False, True], [len(row), len(updates.ended)])
    row = np.append(row, np.full(len(updates.ended), -1))
    number = np.append(updates.number[row[~dropped]], updates.ended)
    time_s = np.append(updates.time_s[row[~dropped]], updates.ended_s)
    taken_in = np.append(updates.hits[row[~dropped]], np.zeros(len(updates.ended), np.int32))
    order = np.lexsort((taken_in, ~dropped, time_s, number))
    row, dropped, number, time_s = row[order], dropped[order], number[order], time_s[order]
    new = np.append(True, number[1:] != number[:-1])[: len(number)]
    first = np.maximum.accumulate(np.where(new, np.arange(len(number)), 0))
    plot = ~dropped
    hits = np.cumsum(plot)
    hits -= (hits - plot)[first]
    kept = dropped | (plot & (updates.status[row] == CONFIRMED))
    kept_rows = np.flatnonzero(kept)
    kept_rows = kept_rows[np.argsort(time_s[kept_rows], kind="stable")]
    gone, at = dropped[kept_rows], row[kept_rows]
    state = np.where(gone[:, None], np.nan, updates.state[at])
    lat, lon, height = geodetic(state[:, :3])

    def said(values: NDArray[Any], known: Bool) -> NDArray[Any]:
        """The newest that the track's plots have said up to each row."""
        place = np.maximum.accumulate(np.where(plot & known[row], np.arange(len(row)), -1))[kept_rows]
        found = place >= first[kept_rows]
        return np.where(found, values[row[place]], _none(values))

    names = plots.callsign != b""
    addresses = plots.address != NO_ADDRESS
    codes = (plots.mode_a != NO_MODE_A) & (plots.flags & GARBLED_A == 0)
    levels = np.isfinite(plots.pressure_alt_m) & (plots.flags & GARBLED_C == 0)
    return pa.table(
        {
            "number": number[kept_rows],
            "time_s": time_s[kept_rows],
            "status": pa.DictionaryArray.from_arrays(pa.array(gone.astype("i1")), ["updated", "dropped"]),
            "lat_rad": lat,
            "lon_rad": lon,
            "height_m": height,
            **{name: np.ascontiguousarray(state[:, k]) for k, name in enumerate(ECEF)},
            "hits": hits[kept_rows].astype(np.int32),
            "plot": np.where(gone, -1, at),
            "pressure_alt_m": said(plots.pressure_alt_m, levels),
            "mode_a": said(plots.mode_a, codes & (not how.hide_codes)),
            "address": said(plots.address, addresses & (not how.hide_addresses)),
            "callsign": _words(said(plots.callsign, names & (not how.hide_addresses))),
        }
    )


ECEF = ("x_m", "y_m", "z_m", "vx_mps", "vy_mps", "vz_mps")


def _none(values: NDArray[Any]) -> Any:
    """The value that says nothing, of a column's kind."""
    return {"f": np.nan, "u": np.iinfo(values.dtype).max if values.dtype.kind == "u" else 0, "S": b""}[
        values.dtype.kind
    ]


def _words(values: Text) -> pa.Array:
    """Byte strings as text, each kept once."""
    words, place = np.unique(values, return_inverse=True)
    texts = pa.array([word.decode("ascii", "replace") for word in words.tolist()], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(place.astype(np.int32)), texts)


def write(table: pa.Table, path: Path) -> None:
    """A Parquet file, whole or not at all. Raises InputError."""
    few = ["number", "status", "mode_a", "address", "callsign"]
    try:
        with written_whole(path) as unfinished:
            pq.write_table(table, unfinished, use_dictionary=few)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}") from None


# --- printing


def summary(name: str, plots: Plots, sites: Sites, done: Done, spent: Spent, out: Path) -> None:
    """What came of it."""
    table = Table(title=escape(name), title_justify="left", title_style="bold", box=None, show_header=False)
    table.pad_edge = False
    table.add_column("", no_wrap=True)
    table.add_column("", justify="right")
    updates = done.updates
    confirmed = updates.status == CONFIRMED
    table.add_row("plots in", f"{len(plots):,}")
    for reason, count in sorted(done.tracker.rejected.items()):
        table.add_row(f"  rejected: {reason}", f"{count:,}")
    table.add_row("  of confirmed tracks", f"{np.count_nonzero(confirmed):,}")
    table.add_row("tracks, ended of them", f"{len(np.unique(updates.number[confirmed])):,}, {ended_of(updates):,}")
    work_s = spent.work_s
    table.add_row("CPU seconds", f"{work_s:,.3f}")
    for what, cpu_s in spent.cpu_s.items():
        if what != WARMING:
            table.add_row(f"  {what}", f"{cpu_s:,.3f}")
    table.add_row("plots per CPU second", f"{len(plots) / max(work_s, 1e-9):,.0f}")
    table.add_row("warming up (compiler or its cache), not counted", f"{spent.cpu_s.get(WARMING, 0.0):,.3f}")
    OUT.print(table)
    if done.biases is not None:
        OUT.print(biases_table(sites, done.biases))
    OUT.print(f"written: {escape(str(out))}")


def ended_of(updates: Updates) -> int:
    """How many tracks have ended and were not heard again."""
    confirmed = updates.status == CONFIRMED
    numbers = np.concatenate([updates.number[confirmed], updates.ended])
    newest_s = np.full(int(numbers.max(initial=0)) + 1, -np.inf)
    np.maximum.at(newest_s, updates.number[confirmed], updates.time_s[confirmed])
    return len(np.unique(updates.ended[updates.ended_s > newest_s[updates.ended]]))


UNTOLD_M = RegistrationConfig().pressure_m  # what is thought of Mode C before anything is heard


def biases_table(sites: Sites, biases: Biases) -> Table:
    """What each sensor is wrong by, with one sigma; reported less true."""
    table = Table(
        title="biases (reported less true, one sigma; - : not observable)",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    for head in ("sensor", "range, m", "azimuth, deg", "time, s", "height, m", "Mode C, m", "plots"):
        table.add_column(head, justify="left" if head == "sensor" else "right", no_wrap=True)
    degrees = np.degrees
    for k, name in enumerate(sites.name):
        b = biases
        cells = (
            f"{b.range_m[k]:+.1f} ± {b.sigma_range_m[k]:.1f}",
            f"{degrees(b.azimuth_rad[k]):+.4f} ± {degrees(b.sigma_azimuth_rad[k]):.4f}",
            f"{b.time_s[k]:+.3f} ± {b.sigma_time_s[k]:.3f}",
            f"{b.height_m[k]:+.1f} ± {b.sigma_height_m[k]:.1f}",
        )
        shown = [cell if seen else "-" for cell, seen in zip(cells, b.observable[k], strict=True)]
        mode_c = f"{b.pressure_m[k]:+.1f} ± {b.sigma_pressure_m[k]:.1f}"
        mode_c = mode_c if b.sigma_pressure_m[k] <= UNTOLD_M / 2 else "-"
        jumped = "" if np.isnan(b.jumped_s[k]) else f"  (jumped at {b.jumped_s[k]:.0f} s)"
        table.add_row(escape(name.decode(errors="replace")) + jumped, *shown, mode_c, f"{b.plots[k]:,}")
    return table
