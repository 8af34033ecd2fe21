"""`skyaccord score`: how good the tracks are, against what is known from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def score(
    recording: Annotated[
        Path | None,
        typer.Argument(help="The recording of an exercise, or with --bench a track folder: scored against its truth."),
    ] = None,
    bench: Annotated[Path | None, typer.Option(help="Scenario folder (plots, truth) that the tracks are of.")] = None,
    until: Annotated[float | None, typer.Option(help="With --bench: score up to this second only.")] = None,
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
    json: Annotated[Path | None, typer.Option(help="Write the same figures to this file.")] = None,
) -> None:
    """Score tracks: an exercise against its truth, a track folder against a bench's scenario (--bench), a feed
    against aircraft addresses hidden from the tracker, or against another tracker (--reference).
    """
    from skyaccord.cli import scoring
    from skyaccord.errors import InputError

    if until is not None and bench is None:
        raise InputError("--until: it goes with --bench SCENARIO")
    if bench is not None:
        if recording is None or feed is not None:
            raise InputError("--bench SCENARIO: name the track folder to score, and nothing else")
        if until is not None and not until > 0:
            raise InputError(f"--until {until:g}: it is a number of seconds above 0")
        figures = scoring.of_bench(bench, recording, until)
    elif (recording is None) == (feed is None):
        raise InputError(
            "score: name the recording of an exercise, a track folder with --bench SCENARIO, "
            "or a feed with --feed FILE --sites FILE"
        )
    elif recording is not None:
        figures = scoring.of_exercise(recording)
    elif sites is None or feed is None:
        raise InputError("--feed: name the file with the positions of its sensors by --sites FILE")
    else:
        figures = scoring.of_feed(feed, sites, reference, show_addresses, hide_codes, skip_unknown)
    if json is not None:
        scoring.write_figures(json, figures)
