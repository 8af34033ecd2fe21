"""`skyaccord agreement`: read an agreement, check it, explain it."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="Read an agreement, check it, explain it.", no_args_is_help=True)

File = Annotated[str, typer.Argument(help="An agreement's file (TOML), or the name of one that comes with Skyaccord.")]


@app.command()
def check(file: File = "central-asia-2021") -> None:
    """Find what the text leaves open or contradicts; exit code 1 if anything is an error.

    Each finding names its clauses.
    """
    from rich.console import Console
    from rich.markup import escape

    from skyaccord.agreement import check as find_faults
    from skyaccord.agreement import parse
    from skyaccord.cli.shipped import find, text_of

    path = find(file, "agreements")
    findings = find_faults(parse(text_of(path), str(path)))
    out = Console(highlight=False, soft_wrap=True)
    colours = {"error": "red", "warning": "yellow", "note": "dim"}
    for finding in findings:
        clauses = f"  [dim]({escape('; '.join(finding.clauses))})[/]" if finding.clauses else ""
        out.print(f"[{colours[finding.severity]}]{finding.severity:8}[/] {escape(finding.text)}{clauses}")
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = sum(finding.severity == "warning" for finding in findings)
    out.print(f"{escape(str(path))}: {errors} errors, {warnings} warnings, {len(findings) - errors - warnings} notes")
    if errors:
        raise typer.Exit(1)


@app.command()
def explain(file: File = "central-asia-2021") -> None:
    """Write the agreement out for a reader, as Markdown: parties, posts, areas, who may what, what is shared."""
    from skyaccord.agreement import explain as write_out
    from skyaccord.agreement import parse
    from skyaccord.cli.shipped import find, text_of

    path = find(file, "agreements")
    print(write_out(parse(text_of(path), str(path))))
