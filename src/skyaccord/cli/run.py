"""`skyaccord run`: an exercise, a recorded feed or a live one, with the console or without."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from skyaccord.cli.compose import Plan

FROM, WHAT, WINDOW = "Where it comes from", "What is made of it", "The window"


def run(
    scenario: Annotated[
        str | None, typer.Option(help="An exercise: a file, or a name such as pamir-night.", rich_help_panel=FROM)
    ] = None,
    feed: Annotated[
        list[Path] | None,
        typer.Option(help="A recording: pcap, pcapng, raw ASTERIX or IOSS 'final'. Repeatable.", rich_help_panel=FROM),
    ] = None,
    udp: Annotated[
        list[str] | None,
        typer.Option(
            help="Listen live on GROUP:PORT, as in 239.0.0.1:8600. Repeatable (dual LAN).", rich_help_panel=FROM
        ),
    ] = None,
    sites: Annotated[
        Path | None, typer.Option(help="Sensor registry (TOML) of a feed: SAC/SIC and position.", rich_help_panel=FROM)
    ] = None,
    day: Annotated[
        str | None,
        typer.Option(
            help="Day of a raw feed, YYYY-MM-DD (UTC): ASTERIX tells only the time of day.", rich_help_panel=FROM
        ),
    ] = None,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave out sensors that the registry lacks.", rich_help_panel=FROM)
    ] = False,
    agreement: Annotated[
        str | None, typer.Option(help="Agreement of a feed (a scenario names its own).", rich_help_panel=WHAT)
    ] = None,
    party: Annotated[
        str | None, typer.Option(help="Whose sensors a feed's are, by the agreement.", rich_help_panel=WHAT)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of an exercise; the same one gives the same night.", rich_help_panel=WHAT)
    ] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Record into this new folder.", rich_help_panel=WHAT)
    ] = None,
    until: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="End after so many seconds of it.", rich_help_panel=WHAT)
    ] = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="No console: run through and print a summary.", rich_help_panel=WINDOW)
    ] = False,
    speed: Annotated[
        float, typer.Option(help="Seconds of the night a second (not for --udp).", rich_help_panel=WINDOW)
    ] = 1.0,
    host: Annotated[
        str, typer.Option(help="Address the console binds to; anything but loopback opens it.", rich_help_panel=WINDOW)
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the console; 0: any free one.", rich_help_panel=WINDOW)] = 8470,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the console in the browser.", rich_help_panel=WINDOW)
    ] = False,
) -> None:
    """Run a night: an exercise (--scenario), a recording (--feed) or live feeds (--udp).

    Without any of them it runs the exercise pamir-night.
    """
    from skyaccord.cli import compose, present
    from skyaccord.errors import InputError

    chosen = [name for name, given in (("--scenario", scenario), ("--feed", feed), ("--udp", udp)) if given]
    if len(chosen) > 1:
        raise InputError(f"{' and '.join(chosen)}: a night comes from one of them")
    if not speed > 0:
        raise InputError(f"--speed {speed:g}: it is more than 0")
    if until is not None and not until > 0:
        raise InputError(f"--until {until:g}: it is more than 0 seconds")
    if seed is not None and seed < 0:
        raise InputError(f"--seed {seed}: it is a whole number from 0")
    if not headless:
        present.can_listen(host, port)
    if not feed and not udp:
        wish = compose.ExerciseWish(scenario or "pamir-night", seed, record, until, unattended=headless)
        present.show(compose.exercise(wish), headless, speed, host, port, open_browser)
        return
    if sites is None:
        raise InputError(f"{chosen[0]}: name the file with the positions of its sensors by --sites FILE")
    asked = compose.FeedWish(
        tuple(feed or ()), sites, agreement, party, present.day_s(day), skip_unknown, record, seed, until
    )
    if udp:
        plan, listener = compose.live(udp, asked, present.now_s())
        try:
            present.show(plan, headless, 1.0, host, port, open_browser, live=True)
        finally:
            listener.close()
        return
    plan = compose.feed(asked)
    present.show(plan, headless, speed, host, port, open_browser)
    _said_whole(plan)


def _said_whole(plan: Plan) -> None:
    from skyaccord.errors import FormatError

    if plan.broken_off:
        raise FormatError(plan.broken_off)
