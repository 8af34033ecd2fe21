"""`python -m benches.tracking [PART ...]`: measure, keep the figures, write the page."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # before NumPy is imported

from benches.tracking.setting import (
    ROOT,
    LeftOutError,
    Setting,
    pin,
    read_results,
    spell,
    stamp,
    workplace,
    write_results,
)

# part: module and what measures it
PARTS = {
    "traffic": ("traffic", "measure"),
    "hard": ("traffic", "measure_hard"),
    "ends": ("ends", "measure"),
    "scale": ("scale", "measure"),
    "coalescence": ("coalescence", "measure"),
    "alone": ("alone", "measure"),
    "load": ("load", "measure"),
    "cores": ("cores", "measure"),
    "fusion": ("fusion", "measure"),
    "recordings": ("recordings", "measure"),
}
RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    wish = _arguments().parse_args()
    pin()
    seeds = tuple(range(wish.seeds[0], wish.seeds[1] + 1))
    mark = stamp(seeds)
    print(f"commit {mark['commit']}, {mark['machine']}, Python {mark['python']}, seeds {spell(mark['seeds'])}")
    with workplace(wish.work) as work:
        setting = Setting(wish.bench, wish.data, work, seeds, wish.peer_seeds, wish.budget, tuple(wish.sizes), mark)
        for part in wish.parts or PARTS:
            print(f"-- {part}", flush=True)
            began_s, measured = time.monotonic(), _measure(part, setting)
            if measured is not None:
                run = {**mark, "took_s": round(time.monotonic() - began_s)}
                results = {**read_results(wish.results), part: {"run": run, **measured}}
                write_results(wish.results, results)
    if wish.page:
        from benches.tracking.page import write_page

        write_page(wish.results, wish.page)


def _measure(part: str, setting: Setting) -> dict[str, Any] | None:
    module, name = PARTS[part]
    measure: Callable[[Setting], dict[str, Any]] = getattr(import_module(f"benches.tracking.{module}"), name)
    try:
        return measure(setting)
    except LeftOutError as reason:
        print(f"left out: {reason}", flush=True)
        return None


def _arguments() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(prog="python -m benches.tracking", description=__doc__)
    words.add_argument(
        "parts", nargs="*", choices=[[], *PARTS], metavar="PART", help=f"of {', '.join(PARTS)}; default: all"
    )
    words.add_argument("--seeds", type=_span, default=(1, 20), metavar="A-B", help="of the scenarios (default 1-20)")
    words.add_argument("--sizes", type=int, nargs="+", default=[10, 50, 100, 200, 500], help="numbers of targets")
    words.add_argument("--peer-seeds", type=int, default=1, help="how many of the seeds Stone Soup runs (default 1)")
    words.add_argument("--budget", type=float, default=120.0, help="CPU seconds of one run of Stone Soup (120)")
    shared = ROOT.parent / "shared"
    words.add_argument("--bench", type=Path, default=shared / "bench", help="scenario generator, scorer, peers' runner")
    words.add_argument("--data", type=Path, default=shared / "data", help="real recordings")
    words.add_argument("--work", type=Path, help="folder for scenarios (default: one that is deleted at the end)")
    words.add_argument("--results", type=Path, default=RESULTS, help="where the figures are kept")
    words.add_argument("--page", type=Path, default=ROOT / "docs" / "tracking.md", help="the page to fill")
    words.add_argument("--no-page", dest="page", action="store_const", const=None, help="fill none")
    return words


def _span(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    return int(low), int(high or low)


if __name__ == "__main__":
    main()
