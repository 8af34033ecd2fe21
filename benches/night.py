"""How fast the flagship night goes, whole: every party's house, links and logs, as many times real time."""

from __future__ import annotations

import time

from skyaccord.cli import compose

SEED = 1


def main() -> None:
    plan = compose.exercise(compose.ExerciseWish("pamir-night", SEED, None, None, unattended=True))
    for _ in range(60):
        plan.night.turn()
    began_s, from_s = time.process_time(), plan.night.time_s
    while plan.night.time_s < plan.end_s:
        plan.night.turn()
    cpu_s, span_s = time.process_time() - began_s, plan.night.time_s - from_s
    plots = sum(tally.plots for tally in plan.night.tally.values())
    print(
        f"pamir-night, two houses: {span_s:,.0f} s in {cpu_s:.1f} s of CPU, {span_s / cpu_s:.0f} times real time, "
        f"{1000 * cpu_s / plan.night.turns:.1f} ms a turn, {plots:,} plots"
    )


if __name__ == "__main__":
    main()
