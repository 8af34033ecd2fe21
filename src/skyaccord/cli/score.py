"""`skyaccord score`: how good the tracks are, against what is known from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def score(
    recording: Annotated[
        Path | None, typer.Argument(help="The recording of an exercise: scored against its truth.")
    ] = None,
    feed: Annotated[Path | None, typer.Option(help="A recorded feed, tracked anew for the score.")] = None,
    sites: Annotated[Path | None, typer.Option(help="Sensor registry of the feed.")] = None,
    reference: Annotated[
        Path | None, typer.Option(help="Another tracker's output (CAT062) for the same minutes, to compare with.")
    ] = None,
    show_addresses: Annotated[
        bool, typer.Option("--show-addresses", help="Let the tracker see the aircraft addresses it is scored against.")
    ] = False,
    hide_codes: Annotated[bool, typer.Option("--hide-codes", help="Hide Mode A codes from the tracker too.")] = False,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave out sensors that the registry lacks.")
    ] = False,
) -> None:
    """Score tracks: an exercise against its truth, a feed against aircraft addresses hidden from the tracker,
    or against another tracker (--reference).
    """
    from skyaccord.cli import scoring
    from skyaccord.errors import InputError

    if (recording is None) == (feed is None):
        raise InputError("score: name the recording of an exercise, or a feed with --feed FILE --sites FILE")
    if recording is not None:
        scoring.of_exercise(recording)
        return
    if sites is None or feed is None:
        raise InputError("--feed: name the file with the positions of its sensors by --sites FILE")
    scoring.of_feed(feed, sites, reference, show_addresses, hide_codes, skip_unknown)
