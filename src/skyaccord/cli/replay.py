"""`skyaccord replay`: a recording in the console."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def replay(
    recording: Annotated[Path, typer.Argument(help="The folder that `run --record` wrote.")],
    speed: Annotated[float, typer.Option(help="Seconds of the night a second.")] = 1.0,
    host: Annotated[str, typer.Option(help="Address the console binds to.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the console; 0: any free one.")] = 8470,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the console in the browser.")] = False,
) -> None:
    """Show a recorded night again, bit for bit; stop it, speed it up, seek through it."""
    from skyaccord.cli import present

    present.replay(recording, speed, host, port, open_browser)
