"""`skyaccord track`: plots in, tracks out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

FROM, HOW = "Where the plots come from", "How they are tracked"


def track(
    plots: Annotated[
        list[Path],
        typer.Argument(
            metavar="PLOTS...",
            help="Plots in Parquet, the folder of a recording, or recorded feeds (pcap, pcapng, raw ASTERIX, IOSS "
            "'final'); several are tracked as one. With --bench: the track folder to write.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="TRACKS", help="The Parquet file to write.")
    ] = None,
    bench: Annotated[
        Path | None,
        typer.Option(metavar="SCENARIO", help="A bench's scenario folder; its answer is a track folder."),
    ] = None,
    sites: Annotated[
        Path | None,
        typer.Option(help="Sensor registry (TOML); a recording has its own.", rich_help_panel=FROM),
    ] = None,
    party: Annotated[str | None, typer.Option(help="Whose plots of a recording.", rich_help_panel=FROM)] = None,
    day: Annotated[str | None, typer.Option(help="Day of a raw feed, YYYY-MM-DD (UTC).", rich_help_panel=FROM)] = None,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave out sensors that the registry lacks.", rich_help_panel=FROM)
    ] = False,
    hide_addresses: Annotated[
        bool,
        typer.Option("--hide-addresses", help="Hide Mode S addresses and callsigns from it.", rich_help_panel=HOW),
    ] = False,
    hide_codes: Annotated[
        bool, typer.Option("--hide-codes", help="Hide Mode A codes from it.", rich_help_panel=HOW)
    ] = False,
    register: Annotated[
        bool,
        typer.Option(
            "--register", help="Learn the sensors' biases on the way, correct plots by them.", rich_help_panel=HOW
        ),
    ] = False,
    areas: Annotated[
        int,
        typer.Option(min=1, max=64, help="Strips that share the sky, a core each.", rich_help_panel=HOW),
    ] = 1,
) -> None:
    """Track plots: one row for each plot of a confirmed track, one more when a track ends.

    Columns of TRACKS, in SI units and radians, in order of time: number, time_s (UTC), status (updated, dropped);
    lat_rad, lon_rad, height_m (WGS-84); x_m, y_m, z_m, vx_mps, vy_mps, vz_mps (ECEF); hits (plots up to here),
    plot (row of the input from 0, -1: none); and the newest the track's plots have said: pressure_alt_m (NaN: never),
    mode_a (65535: never), address (4294967295: never), callsign (empty: never).

    PLOTS in Parquet needs time_s, source (SAC * 256 + SIC) and range_m with azimuth_rad, or lat_rad with lon_rad;
    docs/track.md has the rest.
    """
    from skyaccord.cli import tracking
    from skyaccord.errors import InputError

    how = tracking.How(hide_addresses, hide_codes, register, areas)
    if bench is not None:
        if out is not None or sites is not None or party is not None or day is not None or len(plots) != 1:
            raise InputError("--bench SCENARIO: name the track folder to write, and nothing else of in or out")
        tracking.of_bench(bench, plots[0], how)
        return
    if out is None:
        raise InputError("track: name the file to write by -o TRACKS, or a scenario folder by --bench SCENARIO")
    tracking.of_files(tracking.From(tuple(plots), sites, party, day, skip_unknown), out, how)
