"""Where and with what a run measures: the machine, the seeds, the peers' programs."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import skyaccord

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / ".venv-peers" / "bin" / "python"


class LeftOutError(Exception):
    """A part cannot be measured here; the message says why."""


@dataclass(frozen=True)
class Setting:
    """One run's choices."""

    bench: Path  # scenario generator, oracle, scorer, Stone Soup's runner
    data: Path  # real recordings
    work: Path  # scenario folders while they are needed
    seeds: tuple[int, ...]
    peer_seeds: int = 1  # how many of them the slow peers run
    budget_s: float = 120.0  # of CPU, for one run of a slow peer
    sizes: tuple[int, ...] = (10, 50, 100, 200, 500)
    stamp: dict[str, Any] = field(default_factory=dict)

    def peer(self, script: str, *words: object) -> str:
        """Run a script of the bench in the peers' environment: what it prints."""
        return self.peer_python(str(self.bench / script), *words)

    def peer_python(self, *words: object) -> str:
        """Run the peers' Python: what it prints."""
        done = subprocess.run(
            [str(PEERS), *map(str, words)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(self.bench), "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, words[:3]))}: {done.stderr[-2000:]}")
        return done.stdout

    def generate(self, folder: Path, *words: object) -> Path:
        """A scenario folder, made unless it is there."""
        if not (folder / "hidden.json").exists():
            self.peer("gen_scenario.py", folder, *words)
        return folder

    def need_bench(self) -> None:
        """Raise LeftOutError without the generator or the peers' environment."""
        if not (self.bench / "gen_scenario.py").exists():
            raise LeftOutError(f"{self.bench}: no scenario generator here")
        if not PEERS.exists():
            raise LeftOutError(f"{PEERS} is absent (generator, scorer and Stone Soup run there); `make bench` makes it")


@contextmanager
def workplace(wanted: Path | None) -> Iterator[Path]:
    """A folder for scenarios: the one that is wanted, and kept, or one for this run."""
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def pin() -> None:
    """One core, the last that we may use, for this process and all that it starts."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def stamp(seeds: tuple[int, ...]) -> dict[str, Any]:
    """What a figure has to be read with: commit, machine, seeds."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    if not Path(skyaccord.__file__).is_relative_to(ROOT):
        commit = ""  # the package that is measured is not this working copy's
    cores = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "commit": commit or "unknown",
        "machine": f"one core of {len(cores)} x {cores[0].split(':')[1].strip()}" if cores else "unknown",
        "python": platform.python_version(),
        "seeds": list(seeds),
    }


def spell(seeds: list[int]) -> str:
    """Seeds as a reader wants them: 1..20."""
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]}..{seeds[-1]}"
    return ", ".join(map(str, seeds))


def read_results(path: Path) -> dict[str, Any]:
    """The figures so far, by part."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return content


def write_results(path: Path, results: dict[str, Any]) -> None:
    """Keep the figures, four significant digits too many at most."""
    path.write_text(json.dumps(_plain(results), indent=1) + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.6g}") if value == value and abs(value) != float("inf") else None
    return value
