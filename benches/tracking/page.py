"""docs/tracking.md: what stands between its `begin` and `end` marks comes from results.json, and its pictures too."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from benches.tracking.bars import BARS, rows
from benches.tracking.setting import PEERS, read_results, spell
from benches.tracking.traffic import GOSPA, per_hundred, spread

Results = dict[str, Any]
DRAW = Path(__file__).with_name("draw.py")


def write_page(results_file: Path, page: Path) -> None:
    """Fill the page's marked parts and draw its pictures (where the peers' environment is)."""
    results = read_results(results_file)
    page.write_text(filled(page.read_text(encoding="utf-8"), results), encoding="utf-8")
    if PEERS.exists():
        subprocess.run([str(PEERS), str(DRAW), str(results_file), str(page.parent / "images")], check=True)
    else:
        print(f"{PEERS} is absent: the pictures stay as they are", file=sys.stderr)


def filled(text: str, results: Results) -> str:
    """The page's text with every marked part as the results have it."""
    for name, told in PARTS.items():
        mark = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
        if not mark.search(text):
            raise ValueError(f"the page has no part {name!r}")
        body = told(results)
        text = mark.sub(lambda found, body=body: f"{found[1]}{body}\n{found[2]}", text)
    return text


def table(head: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    """A table of the page."""
    ruled = ["|".join(("", *head, "")), "|".join(("", *("---" for _ in head), ""))]
    return "\n".join(ruled + ["| " + " | ".join(line) + " |" for line in lines])


def measured_at(results: Results, part: str) -> str:
    """One line: commit, machine, seeds of a part."""
    run = results[part]["run"]
    return (
        f"*Commit {run['commit']}; {run['machine']}, Python {run['python']}; "
        f"seeds {spell(run['seeds'])}; {run['took_s']:,} s.*"
    )


def _bars(results: Results) -> str:
    lines = [(bar.what, bar.bar, *bar.verdict(results)) for bar in BARS]
    sizes = " / ".join(rows(results)) if "traffic" in results else ""
    return f"Figures divided by strokes are those of {sizes} targets.\n\n" + table(
        ("what", "bar", "measured", "holds"), lines
    )


def _three(values: tuple[float, float, float], form: str, worst: int) -> str:
    """Median, and the worst seed in brackets."""
    return f"{values[0]:{form}} ({values[worst]:{form}})"


def _line(name: str, row: Any) -> tuple[str, ...]:
    kept, completeness, spuriousness = _counted(row)
    return (
        name,
        f"{spread(row, 'known')[0]:.0f}",
        _three(spread(row, GOSPA), ".0f", 2),
        _three(spread(row, "ratio"), ".3f", 2),
        _three(spread(row, "pos_median_m"), ".0f", 2),
        _three(spread(row, "vel_rmse_ms"), ".1f", 2),
        kept,
        completeness,
        spuriousness,
        _three(spread(row, "rate"), ",.0f", 1),
    )


def _counted(row: Any) -> tuple[str, str, str]:
    """Of a row's figures those that are no distances: swaps and changes, completeness, spuriousness."""
    swaps, changes = (per_hundred(row, key) for key in ("id_swaps", "track_number_changes"))
    return (
        f"{_three(swaps, '.1f', 2)} + {_three(changes, '.1f', 2)}",
        _three(spread(row, "siap_completeness"), ".4f", 1),
        _three(spread(row, "siap_spuriousness"), ".4f", 2),
    )


def _traffic(results: Results) -> str:
    lines = [_line(name, row) for name, row in rows(results).items()] if "traffic" in results else []
    if "hard" in results:
        lines.append(_line("50, hard", results["hard"]))
    if not lines:
        return "Not measured yet."
    head = (
        "targets", "known association, m", "GOSPA, m", "ratio", "median error, m", "velocity RMSE, m/s",
        "swaps + changes per 100", "completeness", "spuriousness", "plots a CPU second",
    )  # fmt: skip
    first = next(part for part in ("traffic", "hard") if part in results)
    return f"{table(head, lines)}\n\n{measured_at(results, first)}{_known(results)}"


def _known(results: Results) -> str:
    """What known association itself has of the figures that are no distances."""
    lines = []
    for name, row in rows(results).items():
        own = {seed: figures.get("known_figures") for seed, figures in row["seeds"].items()}
        if all(own.values()):
            lines.append((name, *_counted({"targets": row["targets"], "seeds": own})))
    if not lines:
        return ""
    head = ("targets", "swaps + changes per 100", "completeness", "spuriousness")
    return f"\n\nKnown association itself, by the same scorer on the same seeds:\n\n{table(head, lines)}"


def _peers(results: Results) -> str:
    lines = []
    both = {**(rows(results) if "traffic" in results else {}), "50, hard": results.get("hard", {"peers": {}})}
    for name, row in both.items():
        for peer, runs in row["peers"].items():
            run, ours = runs[0], spread(row, "rate")[0]
            met = [f"{run[key + GOSPA]:.0f}" if run.get(key + GOSPA) else "-" for key in ("", "ours_", "known_")]
            until = "" if run["complete"] else f", first {run['until_s']:.0f} s"
            speed = (f"{run['rate']:,.1f}", f"{ours / run['rate']:,.0f}")
            lines.append((f"{name}{until}", f"Stone Soup, {peer}", *speed, *met))
    if not lines:
        return "Not measured yet."
    head = (
        "targets",
        "peer",
        "plots a CPU second",
        "ours is faster, times",
        "its GOSPA, m",
        "ours",
        "known association",
    )
    return table(head, lines)


SPURIOUS, CHANGES = 0.015, 1.0  # two of the bars
WAYS = {
    "best": "known association, best rule",
    "edge": "the same, told where the area ends",
    "threshold": "known association, below a threshold",
    "ours": "ours, what a number is worth swept",
}


def _ends(results: Results) -> str:
    if "ends" not in results:
        return "Not measured yet."
    lines = [
        (
            targets,
            WAYS[way],
            _where(points, 0, SPURIOUS, 3, ".1f"),
            _where(points, 3, CHANGES, 0, ".4f"),
            _both(points),
        )
        for targets, row in results["ends"].items()
        if targets != "run"
        for way, points in row.items()
    ]
    head = (
        "targets", "who ends a track", f"number changes per 100 at spuriousness {SPURIOUS}",
        f"spuriousness at {CHANGES:.0f} number change per 100", "both bars hold at (medians)",
    )  # fmt: skip
    return f"{table(head, lines)}\n\n{measured_at(results, 'ends')}"


def _where(points: Any, across: int, at: float, told: int, form: str) -> str:
    """One figure where another has a value, between the two settings around it (means of the seeds)."""
    curve = sorted((point["mean"][across], point["mean"][told]) for point in points)
    if not curve[0][0] <= at <= curve[-1][0]:
        return f"over {curve[0][1]:{form}}" if at < curve[0][0] else f"under {curve[-1][1]:{form}}"
    return format(float(np.interp(at, [x for x, _ in curve], [y for _, y in curve])), form)


def _both(points: Any) -> str:
    """The settings at which the medians of both are under their bars, no swaps among them."""
    held = [p["at"] for p in points if p["median"][0] <= SPURIOUS and p["median"][2] <= 0 and p["median"][3] <= CHANGES]
    return f"{held[0]:g} to {held[-1]:g}" if len(held) > 1 else "".join(f"{at:g}" for at in held) or "none"


def _scale(results: Results) -> str:
    if "scale" not in results:
        return "Not measured yet."
    lines = [
        (
            f"{int(targets):,}",
            f"{row['sensors']}",
            f"{row['plots']:,} in {row['duration_s']} s",
            f"{row['us_per_plot']:.2f} ({row['us_per_plot_500']:.2f} at 500)",
            f"{row['margin']:.1f} ({row['margin_pictures']:.1f})",
            f"{row['confirmed']:,} + {row['tracks'] - row['confirmed']:,}",
            f"{row['bytes_a_track']:,.0f}",
            f"{row['growth_mb_per_min']:.1f} of {row['resident_mb']:,.0f}",
            f"{row['in_tracks']:.1%} ({row['in_tracks_500']:.1%})",
        )
        for targets, row in results["scale"].items()
        if targets != "run"
    ]
    head = (
        "targets", "radars", "plots", "us a plot", "times real time (with a picture each second)",
        "confirmed + tentative tracks", "bytes a track", "growth, MB/min", "targets' plots in tracks (at 500)",
    )  # fmt: skip
    return f"{table(head, lines)}\n\n{measured_at(results, 'scale')}"


def _alone(results: Results) -> str:
    if "alone" not in results:
        return "Not measured yet."
    lines = [
        (
            motion,
            who,
            f"{said['rmse_m']:.1f}",
            f"{said['bound_m']:.1f}",
            f"{said['ratio']:.3f}",
            f"{said['nees']:.2f} ({said['low']:.2f} to {said['high']:.2f})",
            f"{said['inside']:.0%}",
        )
        for motion, both in results["alone"].items()
        if motion != "run"
        for who, said in both.items()
    ]
    head = ("motion", "tracker", "RMSE, m", "bound, m", "ratio", "NEES of 4 (95 % band)", "instants inside")
    return f"{table(head, lines)}\n\n{measured_at(results, 'alone')}"


def _load(results: Results) -> str:
    if "load" not in results:
        return "Not measured yet."
    load = results["load"]
    lines = [
        (
            f"{call} ms",
            f"{said['plots_per_call']:.0f}",
            f"{said['share']:.2%}",
            f"{said['us_per_plot']:.2f}",
            *(f"{said[key][0]:.2f} / {said[key][1]:.2f}" for key in ("call_ms", "wait_ms", "total_ms")),
        )
        for call, said in load["calls"].items()
    ]
    head = (
        "a call every", "plots a call", "share of a core", "us a plot",
        "the call, ms p50/p99", "wait for it", "plot to track",
    )  # fmt: skip
    return (
        f"{load['sensors']} radars, {load['reports_per_s']:,.0f} reports a second, {load['tracks']:,} confirmed tracks "
        f"and {load['tracks_tentative']:,} tentative ones.\n\n{table(head, lines)}\n\n{measured_at(results, 'load')}"
    )


def _coalescence(results: Results) -> str:
    from benches.tracking.coalescence import PEER_RUNS, PUBLISHED

    if "coalescence" not in results:
        return "Not measured yet."
    said = results["coalescence"]
    lines = [
        (f"ours, {said['runs']} runs", f"{said['gospa']:.3f}", f"{said['cpu_s']:.3f}"),
        (f"ours, the first {PEER_RUNS} of them", f"{said['gospa_first']:.3f}", f"{said['cpu_s']:.3f}"),
    ]
    if mixture := said.get("mixture"):
        lines += [
            (f"a plain mixture, the {said['runs']} runs", f"{mixture['gospa']:.3f}", f"{mixture['cpu_s']:.2f}"),
            (f"the same, the first {PEER_RUNS}", f"{mixture['gospa_first']:.3f}", f"{mixture['cpu_s']:.2f}"),
        ]
    lines += [
        (f"{peer}, the same {PEER_RUNS}", f"{told['gospa']:.3f}", f"{told['cpu_s']:.2f}")
        for peer, told in said["peers"].items()
    ]
    lines += [(f"{peer}, the same {PEER_RUNS}", f"{g:.3f}", f"{s:.1f}") for peer, (g, s) in PUBLISHED.items()]
    whole = table(("tracker", "RMS GOSPA", "CPU s a run"), lines)
    return f"{whole}\n\n{_truths(said)}{measured_at(results, 'coalescence')}"


def _truths(said: Any) -> str:
    """How much the scenario's figure depends on how its four targets happened to fly."""
    if "truths" not in said:
        return ""
    lines = [
        (who, *(f"{each[key]:.3f}" for each in said["truths"].values()))
        for who, key in (("ours", "ours"), ("a plain mixture", "mixture"))
    ]
    whole = table((f"{said['runs']} runs of the truth of seed", *said["truths"]), lines)
    return f"Other truths, by the seed that they are drawn from:\n\n{whole}\n\n"


def _fusion(results: Results) -> str:
    if "fusion" not in results:
        return "Not measured yet."
    said = results["fusion"]
    central = said["ways"]["central"]
    lines = [
        (
            way,
            _three(row[GOSPA], ".0f", 2),
            f"{row[GOSPA][0] / central[GOSPA][0]:.2f}",
            _three(row["pos_median_m"], ".0f", 2),
            _three(row["vel_rmse_ms"], ".1f", 2),
            f"{row['missed_per_instant'][0]:.1f} + {row['false_per_instant'][0]:.1f}",
            f"{row['nees'][0]:.2f} ({row['low'][0]:.2f} to {row['high'][0]:.2f})",
            f"{row['beyond'][0]:.1%}",
        )
        for way, row in said["ways"].items()
    ]
    head = (
        "picture", "GOSPA, m", "times central", "median error, m", "velocity RMSE, m/s", "missed + false",
        "NEES of 4 (95 % band)", "beyond the 95 % ellipsoid",
    )  # fmt: skip
    honest = [
        (
            motion,
            way,
            f"{row['rmse_m']:.0f}",
            f"{row['nees']:.2f} ({row['low']:.2f} to {row['high']:.2f})",
            f"{row['beyond']:.1%}",
        )
        for motion, ways in said["matched"].items()
        for way, row in ways.items()
    ]
    beneath = ("motion", "picture", "RMSE, m", "NEES of 4 (95 % band)", "beyond the 95 % ellipsoid")
    return (
        f"{table(head, lines)}\n\nTargets that move exactly as the trackers are told, one at a time: what goes into "
        f"the fusion is honest.\n\n{table(beneath, honest)}\n\n{measured_at(results, 'fusion')}"
    )


def _recordings(results: Results) -> str:
    if "recordings" not in results:
        return "Not measured yet."
    lines = "\n".join(results["recordings"]["lines"])
    return f"```text\n{lines}\n```\n\n{measured_at(results, 'recordings')}"


PARTS: dict[str, Callable[[Results], str]] = {
    "bars": _bars,
    "traffic": _traffic,
    "peers": _peers,
    "ends": _ends,
    "scale": _scale,
    "alone": _alone,
    "load": _load,
    "coalescence": _coalescence,
    "fusion": _fusion,
    "recordings": _recordings,
}
