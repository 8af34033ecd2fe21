"""The front door: `skyaccord VERB ...`. One file a verb; each imports what it needs only when it runs."""

from __future__ import annotations

import sys

import typer

from skyaccord.cli.agreement import app as agreements
from skyaccord.cli.replay import replay as show_again
from skyaccord.cli.run import run as run_night
from skyaccord.cli.score import score as score_tracks
from skyaccord.cli.track import track as track_plots
from skyaccord.errors import InputError

app = typer.Typer(
    help="Several states, one air picture, under a written agreement.\n\n"
    "It informs, proposes and records; a person decides. It commands no device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run_night)
app.command("replay")(show_again)
app.command("track")(track_plots)
app.command("score")(score_tracks)
app.add_typer(agreements, name="agreement")


def main() -> None:
    """Run the command line; bad input is one sentence and exit code 2."""
    try:
        app()
    except InputError as error:
        print(f"skyaccord: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
