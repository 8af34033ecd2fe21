"""Present: a night on the terminal or in the console, and the summary at its end."""

from __future__ import annotations

import contextlib
import datetime
import os
import signal
import sys
import time
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from skyaccord.agreement import alone, parse
from skyaccord.cli.compose import Plan
from skyaccord.console import serve
from skyaccord.console.server import listen
from skyaccord.errors import InputError
from skyaccord.node.night import Night
from skyaccord.node.serve import Live, Playbill, Replay, run_headless
from skyaccord.record import Recording

OUT = Console(highlight=False, soft_wrap=True)


def show(
    plan: Plan, headless: bool, speed: float, host: str, port: int, open_browser: bool, live: bool = False
) -> None:
    """Run the plan; whatever ends it, what was recorded is closed and readable."""
    for notice in plan.notices:
        OUT.print(f"[yellow]note[/] {escape(notice)}")
    began, cpu = time.monotonic(), time.process_time()
    with plan.recorder:
        try:
            if headless:
                _headless(plan, live)
            else:
                _window(plan, speed, host, port, open_browser, live)
        except KeyboardInterrupt:
            OUT.print("[yellow]ended by hand[/]; everything so far is kept")
    summary(plan, time.monotonic() - began, time.process_time() - cpu)


def _headless(plan: Plan, live: bool) -> None:
    with _asked_to_end() as asked, _progress() as progress:
        night = plan.night
        total = None if np.isinf(plan.end_s) else plan.end_s - night.start_s
        task = progress.add_task(escape(plan.playbill.title), total=total, facts="")

        def told(time_s: float) -> None:
            facts = ", ".join(f"{p} {len(night.houses[p].picture)} tracks" for p in night.parties)
            progress.update(task, completed=time_s - night.start_s, facts=f"{clock(time_s)}  {facts}")
            if live and time_s < plan.end_s:
                time.sleep(max(0.0, time_s + night.step_s - now_s()))
            if asked():
                raise KeyboardInterrupt

        run_headless(night, plan.end_s, told)


def _window(plan: Plan, speed: float, host: str, port: int, open_browser: bool, live: bool) -> None:
    show = Live(plan.night, plan.playbill, plan.end_s, speed, now_s if live else None)
    show.start()
    try:
        serve(show, host, port, lambda address: _at(address, open_browser))
    finally:
        show.stop()


def can_listen(host: str, port: int) -> None:
    """Nothing, if a console can be had there; to be asked before anything is recorded. Raises InputError."""
    listen(host, port).close()


def replay(folder: Path, speed: float, host: str, port: int, open_browser: bool) -> None:
    """A recording in the console. Raises InputError."""
    if not speed > 0:
        raise InputError(f"--speed {speed:g}: it is more than 0")
    recording = Recording(folder)
    settings = recording.manifest.settings
    playbill = Playbill(recording.manifest.title, "replay", settings.get("sensors", ()), settings.get("captions", ()))
    agreement = (
        parse(recording.agreement, str(folder / "agreement.toml"))
        if (folder / "agreement.toml").exists()
        else alone(recording.parties[0])
    )
    if not recording.sealed:
        OUT.print("[yellow]note[/] the recording was interrupted; what it has is shown")
    serve(Replay(recording, agreement, playbill, speed), host, port, lambda address: _at(address, open_browser))


def _at(address: str, open_browser: bool) -> None:
    OUT.print(f"The console is at [bold]{address}[/]  (Ctrl-C ends it)")
    # without a screen a browser would take over the terminal, or not come at all
    if open_browser and (sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        webbrowser.open(address)


def summary(plan: Plan, wall_s: float, cpu_s: float) -> None:
    """What the night came to."""
    night = plan.night
    table = Table(title=escape(plan.playbill.title), title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("")
    heard = [p for p in night.parties if night.tally[p].plots or night.tally[p].joint_most]
    shown = heard or list(night.parties)
    for party in shown:
        table.add_column(party, justify="right")
    rows: list[tuple[str, list[str]]] = [
        ("plots in", [f"{night.tally[p].plots:,}" for p in shown]),
        ("rejected", [_rejected(night, p) for p in shown]),
        ("own tracks, most at once", [f"{len(night.tally[p].tracks)}, {night.tally[p].most_tracks}" for p in shown]),
        ("joint tracks, most at once", [str(night.tally[p].joint_most) for p in shown]),
        ("alerts raised", [str(len(night.tally[p].alerts)) for p in shown]),
        ("tasks proposed", [str(len(night.tally[p].tasks)) for p in shown]),
        ("decisions, refusals", [f"{_count(night, p, 'decision')}, {_count(night, p, 'refusal')}" for p in shown]),
        ("acts, log entries", [f"{_count(night, p, 'act')}, {len(night.logs[p])}" for p in shown]),
    ]
    for name, values in rows:
        table.add_row(name, *values)
    OUT.print(table)
    received = plan.received()
    if received.datagrams is not None:
        OUT.print(f"{received.datagrams:,} datagrams came")
    for reason, loss in received.losses.by_reason.items():
        OUT.print(f"lost: {reason}: {loss.count:,} times, {loss.size:,} bytes, first at byte {loss.offset:,}")
    if received.copies:
        OUT.print(f"{received.copies:,} datagrams were copies from a second network")
    span = night.time_s - night.start_s
    OUT.print(
        f"{clock(night.start_s)} to {clock(night.time_s)} UTC: {span:,.0f} s in {wall_s:.1f} s "
        f"({span / max(wall_s, 1e-9):.0f} times real time, {cpu_s:.1f} s of CPU)"
    )


def _rejected(night: Night, party: str) -> str:
    rejected = night.houses[party].tracker.rejected
    return "\n".join(f"{count:,} {reason}" for reason, count in sorted(rejected.items())) or "0"


def _count(night: Night, party: str, kind: str) -> int:
    return night.tally[party].counts.get(kind, 0)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.percentage:>3.0f}%  {task.fields[facts]}"),
        TimeRemainingColumn(),
        console=OUT,
        transient=not sys.stdout.isatty(),
    )


@contextlib.contextmanager
def _asked_to_end() -> Iterator[Callable[[], bool]]:
    """Within it, Ctrl-C and a request to terminate let the turn that is under way end first; a second one does not."""
    asked = False

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def clock(time_s: float) -> str:
    """UTC time of day."""
    return datetime.datetime.fromtimestamp(time_s, datetime.UTC).strftime("%H:%M:%S")


def day_s(text: str | None) -> float | None:
    """UTC seconds of 00:00 of a day written YYYY-MM-DD. Raises InputError."""
    if text is None:
        return None
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=datetime.UTC).timestamp()
    except ValueError:
        raise InputError(f"--day {text}: write the day as YYYY-MM-DD") from None


def now_s() -> float:
    """UTC seconds now."""
    return time.time()
