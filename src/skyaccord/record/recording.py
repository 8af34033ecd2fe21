"""A recording is a folder.

    manifest.json                     format, title, seed, parties, times, sites, settings
    agreement.toml, scenario.toml     the texts in force, as they were read
    truth.parquet                     an exercise's truth, if any
    parties/<id>/log.jsonl            the party's decision log
    parties/<id>/picture-00000.parquet ...   its picture, step by step
    parties/<id>/plots-00000.parquet ...     what it heard, step by step
    parties/<id>/feed-<name>.ast      raw bytes as they came or went
    seal.json                         written last: lengths and last hashes; without it the recording was interrupted

Nothing in it depends on the machine or the hour of writing: the same inputs give the same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np

from skyaccord.columns import F8, Columns, absent, layout
from skyaccord.errors import InputError
from skyaccord.picture.picture import Picture
from skyaccord.record.log import GENESIS, Entry, Log, log_file, plain, read_log
from skyaccord.record.segments import SegmentReader, SegmentWriter, read_table, write_table
from skyaccord.sensors.plots import Plots
from skyaccord.sensors.sites import Sites

FORMAT = "skyaccord recording 1"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # what may become the name of a file

C = TypeVar("C", bound=Columns)


@dataclass(frozen=True, eq=False)
class Manifest:
    """What a recording is of."""

    title: str
    seed: int
    parties: tuple[str, ...]  # in the charter's order
    start_s: float
    step_s: float
    sites: Sites = field(default_factory=Sites.empty)
    settings: Mapping[str, Any] = field(default_factory=dict)  # plain JSON: whatever else the run was given


class Recorder:
    """Writes a recording into a new or empty folder; use it in a `with`, so that it is closed whatever happens."""

    def __init__(self, folder: Path, manifest: Manifest, agreement: str = "", scenario: str = "") -> None:
        """Begin. Raises InputError if the folder holds anything, or a party's id cannot be a folder's name."""
        names = manifest.parties
        wrong = [name for name in names if not NAME.fullmatch(name)]
        if wrong or len(set(names)) < len(names):
            raise InputError(
                f"{folder}: cannot record for the parties {', '.join(names)}: ids are distinct letters, digits, . _ -"
            )
        _begin(folder, names)
        self.folder = folder
        self._logs = {party: log_file(folder / "parties" / party / "log.jsonl", party) for party in names}
        self._pictures = {party: SegmentWriter(folder / "parties" / party, "picture", Picture) for party in names}
        self._plots = {party: SegmentWriter(folder / "parties" / party, "plots", Plots) for party in names}
        for name, text in (("agreement.toml", agreement), ("scenario.toml", scenario)):
            if text:
                (folder / name).write_bytes(text.encode())
        _write_json(folder / "manifest.json", {"format": FORMAT, **_manifest_out(manifest)})

    def log(self, party: str) -> Log:
        """The party's decision log: what is appended is on disk at once."""
        return self._logs[party]

    def step(self, party: str, time_s: float, picture: Picture, plots: Plots) -> None:
        """What the party saw and heard at one step; an empty picture is recorded too.

        Raises ValueError if time does not move on.
        """
        self._pictures[party].add(time_s, picture)
        self._plots[party].add(time_s, plots)

    def feed(self, party: str, name: str, data: bytes) -> None:
        """Append raw bytes to the party's feed `name`."""
        with _feed_path(self.folder, party, name).open("ab") as file:
            file.write(data)

    def truth(self, truth: Columns) -> None:
        """An exercise's truth, all of it, in whatever columns the exercise has."""
        write_table(truth.to_arrow(), self.folder / "truth.parquet")

    def close(self) -> None:
        """Write what is waiting, then the seal. Once closed, closing again changes nothing."""
        for writer in (*self._pictures.values(), *self._plots.values()):
            writer.flush()
        seal = {
            party: {
                "entries": len(log),
                "head": log.head,
                "picture": self._pictures[party].count,
                "plots": self._plots[party].count,
            }
            for party, log in self._logs.items()
        }
        _write_json(self.folder / "seal.json", seal)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class Recording:
    """A recording opened: the chain of each log verified, rows read when asked for.

    Raises InputError naming the file that is missing, damaged or not what it was when it was written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = _manifest_in(folder / "manifest.json")
        self.sealed = (folder / "seal.json").exists()
        seal = _read_json(folder / "seal.json") if self.sealed else {}
        self._logs: dict[str, tuple[Entry, ...]] = {}
        self._pictures: dict[str, SegmentReader[Picture]] = {}
        self._plots: dict[str, SegmentReader[Plots]] = {}
        for party in self.manifest.parties:
            ours = folder / "parties" / party
            promised = seal.get(party, {})
            self._logs[party] = read_log(ours / "log.jsonl", whole=self.sealed)
            if self.sealed:
                _meet_seal(ours / "log.jsonl", self._logs[party], promised)
            self._pictures[party] = SegmentReader(ours, "picture", Picture, promised.get("picture"))
            self._plots[party] = SegmentReader(ours, "plots", Plots, promised.get("plots"))

    @property
    def parties(self) -> tuple[str, ...]:
        """Ids of the parties, in the charter's order."""
        return self.manifest.parties

    @property
    def agreement(self) -> str:
        """The agreement's text."""
        return _read_text(self.folder / "agreement.toml")

    @property
    def scenario(self) -> str:
        """The exercise's text; empty if it was no exercise."""
        path = self.folder / "scenario.toml"
        return _read_text(path) if path.exists() else ""

    def steps(self, party: str) -> F8:
        """(S,) times of the party's steps, ascending."""
        return self._pictures[party].steps

    def picture(self, party: str, time_s: float) -> Picture:
        """The party's picture as of `time_s`: that of the last step at or before it; empty before the first."""
        return self._pictures[party].at(time_s)

    def plots(self, party: str, from_s: float, to_s: float) -> Plots:
        """What the party heard in the steps after `from_s` up to and with `to_s`."""
        return self._plots[party].between(from_s, to_s)

    def log(self, party: str) -> tuple[Entry, ...]:
        """The party's decision log."""
        return self._logs[party]

    def feed(self, party: str, name: str) -> bytes:
        """The raw bytes of the party's feed `name`. Raises InputError if there is none."""
        path = _feed_path(self.folder, party, name)
        try:
            return path.read_bytes()
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from None

    def truth(self, rows_of: type[C]) -> C:
        """The exercise's truth, in the columns it was written from. Raises InputError if there is none or of others."""
        path = self.folder / "truth.parquet"
        try:
            return rows_of.from_arrow(read_table(path))
        except KeyError as error:
            raise InputError(f"{path}: {error.args[0]}") from None


def _begin(folder: Path, parties: tuple[str, ...]) -> None:
    """Make the folders. Refuses a folder that holds anything: a recording is never written over."""
    try:
        if (folder / "manifest.json").exists():
            raise InputError(f"{folder}: already holds a recording; give the name of a new folder")
        if folder.exists() and any(folder.iterdir()):
            raise InputError(f"{folder}: not empty and not a recording; give the name of a new or empty folder")
        for party in parties:
            (folder / "parties" / party).mkdir(parents=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot record here ({error.strerror})") from None


def _manifest_out(manifest: Manifest) -> dict[str, Any]:
    columns = {name: array.tolist() for name, array in manifest.sites.arrays().items()}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return {
        **{f.name: plain(getattr(manifest, f.name)) for f in fields(Manifest) if f.name != "sites"},
        "sites": _as_text(rows),
    }


def _as_text(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows whose byte strings are UTF-8 text."""
    return [
        {name: value.decode("utf-8", "replace") if isinstance(value, bytes) else value for name, value in row.items()}
        for row in rows
    ]


def _manifest_in(path: Path) -> Manifest:
    content = _read_json(path)
    if content.get("format") != FORMAT:
        raise InputError(f"{path}: its format is {content.get('format')!r}; this version reads {FORMAT!r}")
    try:
        return Manifest(
            title=str(content["title"]),
            seed=int(content["seed"]),
            parties=tuple(content["parties"]),
            start_s=float(content["start_s"]),
            step_s=float(content["step_s"]),
            sites=_sites_in(content["sites"]),
            settings=content["settings"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: not the manifest of a recording ({error})") from None


def _sites_in(rows: list[dict[str, Any]]) -> Sites:
    columns, later = {}, absent(Sites)
    for name, dtype, _ in layout(Sites):
        if name in later:
            rows = [{name: later[name], **row} for row in rows]
        values = [row[name].encode() if dtype.kind == "S" else row[name] for row in rows]
        columns[name] = np.array(values, dtype=dtype)
    return Sites(**columns)


def _meet_seal(path: Path, entries: tuple[Entry, ...], promised: Mapping[str, Any]) -> None:
    head = entries[-1].hash if entries else GENESIS
    if (len(entries), head) != (promised.get("entries"), promised.get("head")):
        raise InputError(
            f"{path}: ends after {len(entries)} entries with {head:.8}..; "
            f"the recording was sealed with {promised.get('entries')} and {promised.get('head')!s:.8}.."
        )


def _feed_path(folder: Path, party: str, name: str) -> Path:
    if not NAME.fullmatch(name):
        raise ValueError(f"a feed's name is letters, digits, . _ -, not {name!r}")
    return folder / "parties" / party / f"feed-{name}.ast"


def _write_json(path: Path, content: object) -> None:
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    unfinished.replace(path)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(_read_text(path))
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error})") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: not a JSON object")
    return content


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}") from None
