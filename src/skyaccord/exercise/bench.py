"""Bench: the neutral scenario folder that trackers are compared on, and the track folder they answer with.

    scenario.json     origin of the common east-north-up frame, duration, sensors
    plots.parquet     t, sensor_id, range_m, az_rad, alt_m: in order of time
    truth.parquet     truth_id, t, x y z vx vy vz (common frame), turn_rate, n_cover: each second
    labels.parquet    truth_id of each plot, -1 clutter
    tracks.parquet    track_id, t, x y z vx vy vz, status: one row whenever a tracker changes what it reports
    covariance.parquet   beside it, if the tracker knows: `covariance`, 36 numbers a row, same rows

Raises InputError for whatever is not so, naming file, column and row (from 0).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from skyaccord.columns import F8, I4, I8, U1, Bool, Columns, column
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.errors import InputError
from skyaccord.exercise.along import Paths
from skyaccord.sensors import Plots, Sites
from skyaccord.tracks import CONFIRMED, Tracks, Updates
from skyaccord.wire.links.file import written_whole

# `Reports.status`
UPDATED, PREDICTED, DROPPED = 0, 1, 2

STATE = ("x", "y", "z", "vx", "vy", "vz")


@dataclass(frozen=True, eq=False)
class Meta:
    """What a scenario folder says of itself beyond sensors and plots."""

    name: str
    lat_rad: float  # origin of the common frame
    lon_rad: float
    height_m: float
    duration_s: float
    sensor_id: I8  # (S,) the folder's own, in the order of the sites
    phase_s: F8  # (S,) when the antenna points north
    range_min_m: F8  # (S,)
    height_share: F8  # (S,) of the plots that carry a height

    @property
    def origin(self) -> F8:
        """ECEF of the common frame's origin."""
        return ecef(self.lat_rad, self.lon_rad, self.height_m)

    @property
    def axes(self) -> F8:
        """Rows east, north, up of the common frame in ECEF."""
        return enu_axes(self.lat_rad, self.lon_rad)


@dataclass(frozen=True, eq=False)
class Reports(Columns):
    """What a tracker reported: one row whenever that changed, sorted by track, then time."""

    number: I8 = column("i8")
    time_s: F8 = column("f8")
    state: F8 = column("f8", 6)  # x y z vx vy vz, common frame
    status: U1 = column("u1")  # UPDATED, PREDICTED, DROPPED


def read_scenario(folder: Path) -> tuple[Sites, Plots, Meta]:
    """Sensors, plots in order of time, and the rest. Truth and labels are not opened. Raises InputError."""
    path = folder / "scenario.json"
    content = _json(path)
    origin = content.get("origin")
    if not isinstance(origin, dict):
        raise InputError(f"{path}: no 'origin'; it is {{lat, lon, alt}}, degrees and metres")
    sensors = content.get("sensors")
    if not isinstance(sensors, list) or not sensors or not all(isinstance(s, dict) for s in sensors):
        raise InputError(f"{path}: no 'sensors'; it is a list with one object a radar")
    one = {
        name: np.array([_number(s, name, f"{path}: sensor {k}", *limits) for k, s in enumerate(sensors)])
        for name, limits in SENSOR.items()
    }
    ids = one["id"].astype(np.int64)
    if len(np.unique(ids)) < len(ids):
        raise InputError(f"{path}: two sensors have the same id; each id comes once")
    meta = Meta(
        folder.name,
        float(np.radians(_number(origin, "lat", f"{path}: origin", -90, 90))),
        float(np.radians(_number(origin, "lon", f"{path}: origin", -180, 180))),
        _number(origin, "alt", f"{path}: origin", -1e4, 1e5),
        _number(content, "duration_s", str(path), 0, 1e7),
        ids,
        one["phase_s"],
        one["rmin_m"],
        one["alt_frac"],
    )
    sites = Sites.empty(len(ids)).replace(
        source=np.arange(1, len(ids) + 1),
        name=np.array([f"sensor {k}".encode() for k in ids], "S48"),
        kind=np.full(len(ids), b"radar", "S8"),
        lat_rad=np.radians(one["lat"]),
        lon_rad=np.radians(one["lon"]),
        height_m=one["alt"],
        scan_s=one["scan_s"],
        range_max_m=one["rmax_m"],
        sigma_range_m=one["sigma_r_m"],
        sigma_azimuth_rad=one["sigma_az_rad"],
        sigma_height_m=one["sigma_alt_m"],
        pd=one["pd"],
        clutter_per_scan=one["clutter_per_scan"],
    )
    return sites, _plots(folder / "plots.parquet", ids), meta


SENSOR = {  # least and greatest
    "id": (0, 2**31),
    "lat": (-90, 90),
    "lon": (-180, 180),
    "alt": (-500, 50_000),
    "scan_s": (1e-3, 3600),
    "phase_s": (-1e6, 1e6),
    "sigma_r_m": (1e-6, 1e6),
    "sigma_az_rad": (1e-9, 4),
    "sigma_alt_m": (1e-6, 1e6),
    "alt_frac": (0, 1),
    "pd": (0, 1),
    "clutter_per_scan": (0, 1e9),
    "rmin_m": (0, 1e8),
    "rmax_m": (0, 1e8),
}


def _plots(path: Path, ids: I8) -> Plots:
    table = _columns(
        path, {"t": "f", "sensor_id": "i", "range_m": "f", "az_rad": "f", "alt_m": "f"}, may_lack=("alt_m",)
    )
    _in_order(path, table["t"])
    _refuse(path, "range_m", table["range_m"], table["range_m"] < 0, "it is 0 or more")
    known = np.argsort(ids)
    place = np.clip(np.searchsorted(ids[known], table["sensor_id"]), 0, len(ids) - 1)
    row = known[place]
    unknown = ids[row] != table["sensor_id"]
    _refuse(path, "sensor_id", table["sensor_id"], unknown, "scenario.json has no such sensor")
    return Plots.blank(len(row)).replace(
        time_s=table["t"],
        source=row + 1,
        range_m=table["range_m"],
        azimuth_rad=table["az_rad"],
        height_m=table["alt_m"],
    )


def read_truth(folder: Path) -> Paths:
    """The scenario's truth, in the common frame. Raises InputError."""
    path = folder / "truth.parquet"
    wanted = {"truth_id": "i", "t": "f", **dict.fromkeys(STATE, "f"), "turn_rate": "f", "n_cover": "i"}
    table = _columns(path, wanted)
    order = np.lexsort((table["t"], table["truth_id"]))
    return Paths(
        table["truth_id"][order],
        table["t"][order],
        np.stack([table[name][order] for name in STATE], axis=1),
        table["turn_rate"][order],
        table["n_cover"][order] > 0,
    )


def read_labels(folder: Path, plots: int) -> I4:
    """Truth of each plot, -1 clutter: (N,). Raises InputError."""
    path = folder / "labels.parquet"
    labels = _columns(path, {"truth_id": "i"})["truth_id"]
    if len(labels) != plots:
        raise InputError(f"{path}: {len(labels)} rows for {plots} plots; it has one row a plot")
    return np.asarray(labels, np.int32)


def read_tracks(folder: Path) -> tuple[Reports, F8 | None]:
    """A tracker's reports sorted by track and time, and their covariances (N, 6, 6) if it wrote them.

    Raises InputError.
    """
    path = folder / "tracks.parquet"
    loose = tuple(STATE)  # of a dropped track the state does not count
    table = _columns(path, {"track_id": "i", "t": "f", **dict.fromkeys(STATE, "f"), "status": "i"}, may_lack=loose)
    status = table["status"]
    _refuse(path, "status", status, (status < 0) | (status > 2), "it is 0 update, 1 prediction or 2 dropped")
    for name in STATE:
        _refuse(path, name, table[name], (status != DROPPED) & ~np.isfinite(table[name]), "it is a finite number")
    order = np.lexsort((status, table["t"], table["track_id"]))
    reports = Reports(
        table["track_id"][order],
        table["t"][order],
        np.stack([table[name][order] for name in STATE], axis=1),
        status[order],
    )
    beside = folder / "covariance.parquet"
    if not beside.exists():
        return reports, None
    values = _table(beside).column("covariance") if "covariance" in _table(beside).column_names else None
    if values is None or len(values) != len(order):
        raise InputError(f"{beside}: it has one column 'covariance' with {len(order)} rows, as many as tracks.parquet")
    flat = values.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    if len(flat) != 36 * len(order):
        raise InputError(f"{beside}: column covariance, {len(flat)} numbers; it has 36 a row")
    return reports, flat.astype(float).reshape(-1, 6, 6)[order]


def write_tracks(
    folder: Path, reports: Reports, covariance: F8 | None = None, run: Mapping[str, Any] | None = None
) -> None:
    """Write a track folder, in order of time, each file whole or not at all; `run` goes to run.json.

    Raises InputError where the folder cannot be written.
    """
    if (np.diff(reports.time_s) < 0).any() or covariance is not None:
        order = np.lexsort((reports.status, reports.time_s))
        reports, covariance = reports.take(order), None if covariance is None else covariance[order]
    columns = {"track_id": reports.number, "t": reports.time_s}
    columns |= {name: np.ascontiguousarray(reports.state[:, k]) for k, name in enumerate(STATE)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(pa.table({**columns, "status": reports.status.astype("i1")}), folder / "tracks.parquet")
        (folder / "covariance.parquet").unlink(missing_ok=True)
        if covariance is not None:
            flat = pa.FixedSizeListArray.from_arrays(pa.array(covariance.reshape(-1)), 36)
            _write(pa.table({"covariance": flat}), folder / "covariance.parquet")
    except OSError as error:
        raise InputError(f"{folder}: cannot write tracks here ({error.strerror or error})") from None
    write_run(folder, run or {})


def write_run(folder: Path, run: Mapping[str, Any]) -> None:
    """Write run.json beside the tracks (README: at least tracker, plots, cpu_s). Raises InputError."""
    try:
        with written_whole(folder / "run.json") as unfinished:
            unfinished.write_text(json.dumps({"tracker": "skyaccord", **run}) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder}: cannot write here ({error.strerror or error})") from None


def _write(table: pa.Table, path: Path) -> None:
    """Whole or not at all. Plain numbers: noise does not compress, and a dictionary of it costs six times the time."""
    with written_whole(path) as unfinished:
        few = [name for name in ("track_id", "status") if name in table.column_names]
        pq.write_table(table, unfinished, compression="none", use_dictionary=few, write_statistics=False)


def reports_of(updates: Updates, meta: Meta) -> Reports:
    """What plots made of confirmed tracks, as reports of the common frame in order of time.

    One row for each plot of a track that is confirmed, in the order in which the track took them in; one more for each
    track that ended. What goes on after that is another track there: the format has no gaps.
    """
    row = np.flatnonzero(updates.status == CONFIRMED)
    row = row[np.lexsort((updates.hits[row], updates.number[row], updates.time_s[row]))]
    ended = len(updates.ended)
    number = np.concatenate([updates.number[row], updates.ended]).astype(np.int64)
    time_s = np.concatenate([updates.time_s[row], updates.ended_s])
    reports = Reports(
        number + (_ends_before(number, time_s, np.arange(len(number)) >= len(row)) << 32),
        time_s,
        np.concatenate([in_frame(updates.state[row], meta), np.zeros((ended, 6))]),
        np.repeat(np.array([UPDATED, DROPPED], np.uint8), [len(row), ended]),
    )
    return reports.take(np.argsort(reports.time_s, kind="stable"))


def _ends_before(number: I8, time_s: F8, ended: Bool) -> I8:
    """How often its track had ended before each row: seldom more than never."""
    out, first_s = np.zeros(len(number), np.int64), np.full(int(number.max(initial=0)) + 1, np.inf)
    np.minimum.at(first_s, number[ended], time_s[ended])
    again = np.zeros(len(first_s), bool)
    again[number[~ended & (time_s >= first_s[number])]] = True
    rows = np.flatnonzero(again[number])
    rows = rows[np.lexsort((~ended[rows], time_s[rows], number[rows]))]
    before: I8 = np.cumsum(ended[rows]) - ended[rows]
    new = np.diff(number[rows], prepend=-1) != 0
    out[rows] = before - before[np.maximum.accumulate(np.where(new, np.arange(len(rows)), 0))]
    return out


def in_frame(state: F8, meta: Meta) -> F8:
    """ECEF states (N, 6) in the common frame."""
    axes, out = meta.axes, np.empty(state.shape)
    np.matmul(state[:, :3] - meta.origin, axes.T, out=out[:, :3])
    np.matmul(state[:, 3:], axes.T, out=out[:, 3:])
    return out


def to_reports(snapshots: Tracks, meta: Meta, times_s: F8 | None = None) -> tuple[Reports, F8]:
    """A tracker's snapshots, one after another in order of time, as reports and covariances of the common frame.

    A track that the next snapshot lacks was dropped then; a row is an update when it has a plot that is newer than the
    snapshot before. `times_s` are the snapshots' times where some of them are empty.
    """
    times = np.unique(snapshots.time_s if times_s is None else times_s)
    step = np.searchsorted(times, snapshots.time_s)
    predicted = snapshots.updated_s <= np.append(-np.inf, times)[step]
    order = np.lexsort((step, snapshots.number))
    number, at = snapshots.number[order], step[order]
    gone = np.ones(len(order), bool)
    gone[:-1] = (number[1:] != number[:-1]) | (at[1:] != at[:-1] + 1)
    gone &= at + 1 < len(times)
    end = np.flatnonzero(gone)
    turn = np.kron(np.eye(2), meta.axes)
    state = in_frame(snapshots.state[order], meta)
    reports = Reports(
        np.concatenate([number, number[end]]).astype(np.int64),
        np.concatenate([times[at], times[np.minimum(at[end] + 1, len(times) - 1)]]),
        np.concatenate([state, np.zeros((len(end), 6))]),
        np.concatenate([np.where(predicted[order], PREDICTED, UPDATED), np.full(len(end), DROPPED)]),
    )
    covariance = np.concatenate([turn @ snapshots.covariance[order] @ turn.T, np.full((len(end), 6, 6), np.nan)])
    again = np.lexsort((reports.status, reports.time_s, reports.number))
    return reports.take(again), covariance[again]


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error})") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: not a JSON object")
    return content


def _number(row: Mapping[str, Any], key: str, where: str, least: float, most: float) -> float:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise InputError(f"{where}: {key} is {value!r}; it is a number from {least:g} to {most:g}")
    return float(value)


def _table(path: Path) -> pa.Table:
    try:
        with pq.ParquetFile(path) as file:  # `read_table` would load a second engine first
            return file.read(use_threads=False)
    except FileNotFoundError:
        raise InputError(f"{path}: No such file or directory") from None
    except (OSError, pa.ArrowException) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path}: not Parquet ({first})") from None


def _columns(path: Path, wanted: Mapping[str, str], may_lack: tuple[str, ...] = ()) -> dict[str, Any]:
    """Columns by name, f8 (kind f) or i8 (kind i), without nulls or NaN but in the columns `may_lack`."""
    table, out = _table(path), {}
    for name, kind in wanted.items():
        if name not in table.column_names:
            raise InputError(f"{path}: no column {name!r}; it has {', '.join(table.column_names) or 'none'}")
        values = table.column(name)
        numeric = pa.types.is_integer(values.type) or (kind == "f" and pa.types.is_floating(values.type))
        if not numeric:
            raise InputError(
                f"{path}: column {name} is {values.type}; it is {'numbers' if kind == 'f' else 'integers'}"
            )
        if kind == "i":
            if values.null_count:
                row = int(np.flatnonzero(values.is_null().to_numpy())[0])
                raise InputError(f"{path}: row {row}, column {name} is empty; it is an integer")
            out[name] = values.to_numpy().astype(np.int64)
            continue
        out[name] = values.to_numpy().astype(float)
        if name not in may_lack:
            _refuse(path, name, out[name], ~np.isfinite(out[name]), "it is a finite number")
    return out


def _refuse(path: Path, name: str, values: Any, wrong: Bool, right: str) -> None:
    """Raise InputError for the first row that is wrong."""
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(f"{path}: row {row}, column {name} is {values[row]}; {right}")


def _in_order(path: Path, time_s: F8) -> None:
    back = np.flatnonzero(np.diff(time_s) < 0)
    if len(back):
        row = int(back[0]) + 1
        raise InputError(
            f"{path}: row {row}, column t is {time_s[row]}, before the {time_s[row - 1]} of the row above; "
            "plots are in order of time"
        )
