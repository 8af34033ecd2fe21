"""What each figure has to be, and whether it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benches.tracking.traffic import GOSPA, per_hundred, spread

Results = dict[str, Any]
CROWDED = 100  # targets from which the bars on errors hold
FEWEST_SEEDS = 20  # with fewer a figure is told and no verdict given
SEEDED = ("traffic", "hard")  # parts that the seeds are for


@dataclass(frozen=True)
class Bar:
    """One line of the table of bars."""

    what: str
    bar: str
    part: str  # of the results
    told: Callable[[Results], str]  # the figure as the page shows it
    held: Callable[[Results], bool]

    def verdict(self, results: Results) -> tuple[str, str]:
        """The figure and whether it holds, in words."""
        if self.part not in results or not (figure := self.told(results)):
            return "not measured yet", ""
        seeds = len(results[self.part]["run"]["seeds"])
        if self.part in SEEDED and seeds < FEWEST_SEEDS:
            return figure, f"open: {seeds} seeds of {FEWEST_SEEDS}"
        return figure, "yes" if self.held(results) else "**not yet**"


def rows(results: Results) -> dict[str, Any]:
    """The rows of the table of 10 to 500 targets, by number of targets."""
    return {key: row for key, row in results["traffic"].items() if key != "run"}


def crowded(results: Results) -> dict[str, Any]:
    """Those of at least CROWDED targets."""
    return {key: row for key, row in rows(results).items() if int(key) >= CROWDED}


def _slash(values: list[float], form: str) -> str:
    return " / ".join(format(value, form) for value in values)


def _medians(part: Callable[[Results], dict[str, Any]], key: str, form: str) -> Callable[[Results], str]:
    return lambda results: _slash([spread(row, key)[0] for row in part(results).values()], form)


def _all(part: Callable[[Results], dict[str, Any]], test: Callable[[Any], bool]) -> Callable[[Results], bool]:
    return lambda results: bool(part(results)) and all(test(row) for row in part(results).values())


def _times(results: Results, peer: str) -> float:
    """How many times as fast as Stone Soup at the greatest number of targets that both have done."""
    row = max(rows(results).values(), key=lambda row: row["targets"] * bool(row["peers"].get(peer)))
    theirs = row["peers"].get(peer)
    return float(spread(row, "rate")[0] / theirs[0]["rate"]) if theirs else float("nan")


def _largest(results: Results) -> Any:
    return rows(results)[max(rows(results), key=int)]


def _slowest(results: Results) -> Any:
    """The load fed in the rarest calls."""
    return results["load"]["calls"][max(results["load"]["calls"], key=float)]


def _quickest(results: Results) -> Any:
    """The load fed in the most frequent calls."""
    return results["load"]["calls"][min(results["load"]["calls"], key=float)]


def _steady(row: Any) -> bool:
    return per_hundred(row, "id_swaps")[0] <= 0 and per_hundred(row, "track_number_changes")[0] <= 1


def _scale(results: Results) -> dict[str, Any]:
    return {key: row for key, row in results["scale"].items() if key != "run"}


def _inside(said: Any) -> bool:
    return bool(said["low"] <= said["nees"] <= said["high"])


BARS = (
    Bar(
        "GOSPA against known association, median of the seeds",
        "at most 1.10 times",
        "traffic",
        _medians(rows, "ratio", ".3f"),
        _all(rows, lambda row: spread(row, "ratio")[0] <= 1.10),
    ),
    Bar(
        "median position error, 100 targets and more",
        "at most 95 m",
        "traffic",
        _medians(crowded, "pos_median_m", ".0f"),
        _all(crowded, lambda row: spread(row, "pos_median_m")[0] <= 95),
    ),
    Bar(
        "velocity RMSE, 100 targets and more",
        "at most 33 m/s",
        "traffic",
        _medians(crowded, "vel_rmse_ms", ".1f"),
        _all(crowded, lambda row: spread(row, "vel_rmse_ms")[0] <= 33),
    ),
    Bar(
        "swaps + number changes, per 100 targets in 300 s",
        "at most 0 + 1",
        "traffic",
        lambda results: " / ".join(
            f"{per_hundred(row, 'id_swaps')[0]:.1f} + {per_hundred(row, 'track_number_changes')[0]:.1f}"
            for row in rows(results).values()
        ),
        _all(rows, _steady),
    ),
    Bar(
        "SIAP completeness",
        "at least 0.99",
        "traffic",
        _medians(rows, "siap_completeness", ".4f"),
        _all(rows, lambda row: spread(row, "siap_completeness")[0] >= 0.99),
    ),
    Bar(
        "SIAP spuriousness",
        "at most 0.015",
        "traffic",
        _medians(rows, "siap_spuriousness", ".4f"),
        _all(rows, lambda row: spread(row, "siap_spuriousness")[0] <= 0.015),
    ),
    Bar(
        "plots a CPU second at most targets, file to file",
        "at least 200,000",
        "traffic",
        lambda results: f"{spread(_largest(results), 'rate')[0]:,.0f}",
        lambda results: spread(_largest(results), "rate")[0] >= 200_000,
    ),
    Bar(
        "the same against Stone Soup, expert",
        "at least 300 times",
        "traffic",
        lambda results: f"{_times(results, 'expert'):,.0f}",
        lambda results: _times(results, "expert") >= 300,
    ),
    Bar(
        "the same against Stone Soup, stock",
        "at least 10,000 times",
        "traffic",
        lambda results: f"{_times(results, 'stock'):,.0f}",
        lambda results: _times(results, "stock") >= 10_000,
    ),
    Bar(
        "10,000 / 100,000 targets on one core",
        "real time",
        "scale",
        lambda results: _slash([row["margin"] for row in _scale(results).values()], ".1f") + " times real time",
        _all(_scale, lambda row: row["margin"] >= 1),
    ),
    Bar(
        "cost a plot, 10,000 / 100,000 targets against 500",
        "at most 1.2 times at 10,000",
        "scale",
        lambda results: _slash([row["growth"] for row in _scale(results).values()], ".2f"),
        lambda results: results["scale"]["10000"]["growth"] <= 1.2,
    ),
    Bar(
        "bytes a live track",
        "at most 2,000, flat in time",
        "scale",
        lambda results: _slash([row["bytes_a_track"] for row in _scale(results).values()], ",.0f"),
        _all(_scale, lambda row: row["bytes_a_track"] <= 2000 and row["growth_mb_per_min"] < 0.02 * row["resident_mb"]),
    ),
    Bar(
        "hard case: GOSPA against known association",
        "at most 1.25 times",
        "hard",
        lambda results: f"{spread(results['hard'], 'ratio')[0]:.3f} (ours {spread(results['hard'], GOSPA)[0]:.0f} m)",
        lambda results: spread(results["hard"], "ratio")[0] <= 1.25,
    ),
    Bar(
        "four targets coalesce: RMS GOSPA",
        "at most 2.90",
        "coalescence",
        lambda results: f"{results['coalescence']['gospa']:.3f}",
        lambda results: results["coalescence"]["gospa"] <= 2.90,
    ),
    Bar(
        "the same: CPU a run",
        "at most 50 ms",
        "coalescence",
        lambda results: f"{1000 * results['coalescence']['cpu_s']:.0f} ms",
        lambda results: results["coalescence"]["cpu_s"] <= 0.050,
    ),
    Bar(
        "one target, matched model, straight / manoeuvring: RMSE against the bound",
        "at most 1.05 times",
        "alone",
        lambda results: _slash([results["alone"][m]["matched"]["ratio"] for m in ("straight", "manoeuvring")], ".3f"),
        lambda results: all(results["alone"][m]["matched"]["ratio"] <= 1.05 for m in ("straight", "manoeuvring")),
    ),
    Bar(
        "the same: NEES of position and velocity",
        "inside its 95 % band",
        "alone",
        lambda results: (
            _slash([results["alone"][m]["matched"]["nees"] for m in ("straight", "manoeuvring")], ".2f") + " of 4"
        ),
        lambda results: all(_inside(results["alone"][m]["matched"]) for m in ("straight", "manoeuvring")),
    ),
    Bar(
        "30 sensors, 2,000 reports/s, 4,000 tracks, a call every 100 ms: share of a core",
        "at most 1 %",
        "load",
        lambda results: f"{_slowest(results)['share']:.1%}",
        lambda results: bool(_slowest(results)["share"] <= 0.01),
    ),
    Bar(
        "the same: p99 of the call that a plot comes in with",
        "at most 5 ms",
        "load",
        lambda results: f"{_slowest(results)['call_ms'][1]:.1f} ms",
        lambda results: bool(_slowest(results)["call_ms"][1] <= 5),
    ),
    Bar(
        "the same, a call every 2 ms: p99 from plot to track, the wait for the call included",
        "at most 5 ms",
        "load",
        lambda results: f"{_quickest(results)['total_ms'][1]:.1f} ms, at {_quickest(results)['share']:.0%} of a core",
        lambda results: bool(_quickest(results)["total_ms"][1] <= 5),
    ),
    Bar(
        "two cores against one",
        "at least 1.7 times",
        "cores",
        lambda results: (
            f"{results['cores']['speedup']:.2f}; two skies that share nothing {results['cores']['apart']:.2f}"
        ),
        lambda results: bool(results["cores"]["speedup"] >= 1.7),
    ),
)
