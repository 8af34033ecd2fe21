"""Scoring: what `skyaccord score` computes and prints."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from skyaccord.cli.compose import as_they_turn, known, registry
from skyaccord.cli.present import clock
from skyaccord.errors import InputError
from skyaccord.exercise import Truth
from skyaccord.exercise.score import (
    Followed,
    ReferenceScore,
    by_identity,
    by_reference,
    by_truth,
    confirmed_numbers,
    follow,
)
from skyaccord.picture import Picture
from skyaccord.record import Recording
from skyaccord.sensors import Plots, Sites
from skyaccord.sensors.plots import NO_ADDRESS, ON_GROUND
from skyaccord.tracks import TrackerConfig
from skyaccord.wire import Decoded, SystemTracks, decode, read_recording
from skyaccord.wire.links.file import read_file
from skyaccord.wire.recordings import remove_copies

OUT = Console(highlight=False, soft_wrap=True)
FOLLOWED_MOST = 0.5


def of_feed(
    feed: Path, sites_file: Path, reference: Path | None, show_addresses: bool, hide_codes: bool, skip_unknown: bool
) -> None:
    """A feed tracked anew. Raises InputError."""
    decoded = heard_in(feed)
    plots = decoded.plots
    if not len(plots):
        raise InputError(f"{feed}: no plots in it (CAT048 or CAT021)")
    sites, notices = known(plots, registry(sites_file), str(sites_file), skip_unknown)
    sites, turning = as_they_turn(sites, [decoded])
    for notice in notices + turning:
        OUT.print(f"[yellow]note[/] {notice}")
    config = TrackerConfig(hide_addresses=not show_addresses, hide_codes=hide_codes)
    with Progress(console=OUT, transient=True) as progress:
        task = progress.add_task("tracking", total=1.0)
        followed = follow(plots, sites, config, told=lambda share: progress.update(task, completed=share))
    OUT.print(
        f"{feed.name}: {len(plots):,} plots, {followed.tracker.used:,} used, "
        f"{len(confirmed_numbers(followed.tracks))} tracks; addresses "
        f"{'shown to' if show_addresses else 'hidden from'} the tracker, codes {'hidden' if hide_codes else 'shown'}"
    )
    for reason, count in followed.tracker.rejected.items():
        OUT.print(f"  not used: {count:,} {reason}")
    if reference is not None:
        against(plots, sites, followed, reference)
    elif (plots.address != NO_ADDRESS).any():
        identities(plots, followed)
    else:
        OUT.print("no aircraft addresses in it to score against; give another tracker's output by --reference FILE")


def heard_in(path: Path) -> Decoded:
    """A recorded file, decoded, copies from a second network left out. Raises InputError."""
    return decode(remove_copies(read_recording(read_file(path), str(path))))


def identities(plots: Plots, followed: Followed) -> None:
    """Purity and switches against addresses, of aircraft in the air."""
    flying = np.flatnonzero((plots.flags & ON_GROUND) == 0)
    flying = flying[np.argsort(plots.time_s[flying], kind="stable")]
    score = by_identity(followed.number[flying], plots.address[flying], confirmed_numbers(followed.tracks))
    table = Table(title="against aircraft addresses", title_justify="left", box=None, pad_edge=False, show_header=False)
    for name, value in (
        ("plots with an address, in the air", f"{score.plots:,}"),
        ("of them in confirmed tracks", f"{score.in_tracks:,} ({score.in_tracks / max(score.plots, 1):.2%})"),
        ("aircraft, tracks", f"{score.addresses}, {score.tracks}"),
        ("track purity", f"{score.purity:.5f} ({score.pure_tracks} of {score.tracks} tracks are of one aircraft)"),
        ("identity switches (a track goes over to another aircraft)", str(score.switches)),
        ("number changes (an aircraft goes over to another track)", str(score.number_changes)),
        ("continuity (share of an aircraft's plots in its longest track)", f"{score.continuity:.4f}"),
    ):
        table.add_row(name, value)
    OUT.print(table)
    for track, count, others in score.mixed_tracks:
        OUT.print(f"  track {track}: {others} of its {count} plots are of other aircraft")


def against(plots: Plots, sites: Sites, followed: Followed, reference: Path) -> None:
    """Our tracks beside another tracker's. Raises InputError."""
    theirs = heard_in(reference).system_tracks
    if not np.isfinite(theirs.time_s).any():
        raise InputError(f"{reference}: no system tracks in it (CAT062)")
    report(by_reference(plots, sites, followed.tracks, theirs), theirs)


def report(score: ReferenceScore, theirs: SystemTracks) -> None:
    """The comparison as a table."""
    table = Table(title="the other tracker's tracks that this feed's plots belong to", title_justify="left", box=None)
    for name in (
        "track",
        "code",
        "from",
        "to",
        "plots",
        "ours, of its life",
        "ours, while heard",
        "median m",
        "our tracks",
    ):
        table.add_column(name, justify="right")
    for track in score.tracks:
        table.add_row(
            str(track.number),
            f"{track.mode_a:04o}" if track.mode_a >= 0 else "-",
            clock(track.from_s),
            clock(track.to_s),
            str(track.plots),
            f"{track.followed:.0%}",
            f"{track.seen_followed:.0%}",
            "-" if np.isnan(track.distance_m) else f"{track.distance_m:,.0f}",
            " ".join(map(str, track.ours)),
        )
    OUT.print(table)
    whole = sum(track.followed > FOLLOWED_MOST for track in score.tracks)
    heard = sum(track.seen_followed > FOLLOWED_MOST for track in score.tracks)
    OUT.print(
        f"{score.matched_plots:,} of {score.plots:,} plots belong to {len(score.tracks)} tracks of theirs; "
        f"{heard} of them have a track of ours for most of the time that the sensor hears them, "
        f"{whole} for most of their whole life; median distance {score.distance_m:,.0f} m (nothing corrected)"
    )


def of_exercise(folder: Path) -> None:
    """Every party's pictures against the exercise's truth. Raises InputError."""
    recording = Recording(folder)
    truth = recording.truth(Truth)
    table = Table(title=f"{recording.manifest.title}: against its truth", title_justify="left", box=None)
    for name in ("party", "instants", "GOSPA m/√target", "located within m", "missed", "false", "number changes"):
        table.add_column(name, justify="right")
    for party in recording.parties:
        instants = []
        for time_s in recording.steps(party)[60::10]:
            here = truth.take(np.abs(truth.time_s - time_s) < 0.5)
            picture: Picture = recording.picture(party, float(time_s))
            instants.append((here.state[:, :3], here.truth_id, picture.state[:, :3], picture.number))
        result = by_truth(instants)
        values = dataclasses.astuple(result)
        table.add_row(
            party,
            str(values[0]),
            f"{result.gospa_m:,.0f}",
            f"{result.localisation_m:,.0f}",
            f"{result.missed:.1f}",
            f"{result.false:.1f}",
            str(result.number_changes),
        )
    OUT.print(table)
    OUT.print("missed targets include those that no sensor of the party, nor any shared with it, can see")
