"""Scoring: what `skyaccord score` computes and prints."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from skyaccord.cli.compose import as_they_turn, known, registry
from skyaccord.cli.present import clock
from skyaccord.errors import InputError
from skyaccord.exercise import Truth, parse_scenario
from skyaccord.exercise.score import (
    Followed,
    ReferenceScore,
    by_identity,
    by_reference,
    confirmed_numbers,
    follow,
)
from skyaccord.exercise.verdict import Verdict, flown, of_recording, of_scenario
from skyaccord.record import Recording
from skyaccord.sensors import Plots, Sites
from skyaccord.sensors.plots import NO_ADDRESS, ON_GROUND
from skyaccord.tracks import TrackerConfig
from skyaccord.wire import Decoded, decode, read_recording
from skyaccord.wire.links.file import read_file
from skyaccord.wire.recordings import remove_copies

OUT = Console(highlight=False, soft_wrap=True)
FOLLOWED_MOST = 0.5


def of_feed(
    feed: Path, sites_file: Path, reference: Path | None, show_addresses: bool, hide_codes: bool, skip_unknown: bool
) -> dict[str, Any]:
    """A feed tracked anew; its figures. Raises InputError."""
    decoded = heard_in(feed)
    plots = decoded.plots
    if not len(plots):
        raise InputError(f"{feed}: no plots in it (CAT010, 20, 21, 48)")
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
    figures: dict[str, Any] = {
        "plots": len(plots),
        "used": int(followed.tracker.used),
        "tracks": len(confirmed_numbers(followed.tracks)),
    }
    if reference is not None:
        return figures | against(plots, sites, followed, reference)
    if (plots.address != NO_ADDRESS).any():
        return figures | identities(plots, followed)
    OUT.print("no aircraft addresses in it to score against; give another tracker's output by --reference FILE")
    return figures


def heard_in(path: Path) -> Decoded:
    """A recorded file, decoded, copies from a second network left out. Raises InputError."""
    return decode(remove_copies(read_recording(read_file(path), str(path))))


def identities(plots: Plots, followed: Followed) -> dict[str, Any]:
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
    return {"identity": dataclasses.asdict(score)}


def against(plots: Plots, sites: Sites, followed: Followed, reference: Path) -> dict[str, Any]:
    """Our tracks beside another tracker's. Raises InputError."""
    theirs = heard_in(reference).system_tracks
    if not np.isfinite(theirs.time_s).any():
        raise InputError(f"{reference}: no system tracks in it (CAT062)")
    score = by_reference(plots, sites, followed.tracks, theirs)
    report(score)
    return {"reference": dataclasses.asdict(score)}


def report(score: ReferenceScore) -> None:
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


def of_exercise(folder: Path) -> dict[str, Any]:
    """Every party's pictures against the exercise's truth; figures by party. Raises InputError."""
    recording = Recording(folder)
    text = recording.scenario
    sky = flown(recording.truth(Truth), parse_scenario(text, str(folder / "scenario.toml")) if text else None)
    verdicts = {party: of_recording(recording, party, sky) for party in recording.parties}
    tables(verdicts, f"{recording.manifest.title}: against its truth")
    OUT.print(
        "targets that no sensor of any party has in view do not count"
        if sky.glimpses is not None
        else "missed targets include those that no sensor can see: the recording does not hold its scenario"
    )
    return {party: verdict.figures() for party, verdict in verdicts.items()}


def of_bench(scenario: Path, tracks: Path, until_s: float | None) -> dict[str, Any]:
    """A track folder against a scenario folder. Raises InputError."""
    verdict = of_scenario(scenario, tracks, until_s=until_s)
    tables({tracks.name: verdict}, f"{tracks} against {scenario}")
    if not verdict.consistency:
        OUT.print("no covariance.parquet beside the tracks: no consistency (NEES)")
    return verdict.figures()


def tables(verdicts: Mapping[str, Verdict], title: str) -> None:
    """One table a family of figures, one column a tracker or party."""
    for name, rows in SHOWN.items():
        table = _table(f"{title}\n{name}" if name == next(iter(SHOWN)) else name, list(verdicts))
        figures = [verdict.figures() for verdict in verdicts.values()]
        for words, key, form in rows:
            table.add_row(words, *(_say(f[key], form) for f in figures))
        OUT.print(table)
    first = next(iter(verdicts.values()))
    if first.consistency:
        table = _table("consistency: normalised estimation error squared", list(verdicts))
        for name in first.consistency:
            parts = [verdict.consistency[name] for verdict in verdicts.values()]
            words = f"{name.replace('_', ', ')} ({parts[0].degrees} components)"
            table.add_row(
                f"{words}: mean [95 % band]", *(f"{_say(p.mean, '.2f')} [{p.low:.2f}, {p.high:.2f}]" for p in parts)
            )
            table.add_row("  instants inside their band", *(_say(p.instants_inside, ".0%") for p in parts))
            table.add_row(
                "  single errors inside theirs (95 % is right)", *(_say(p.samples_inside, ".0%") for p in parts)
            )
        OUT.print(table)
    if first.bounds:
        table = _table("posterior Cramer-Rao bound, horizontal position", list(verdicts))
        for name in first.bounds:
            limits = [verdict.bounds[name] for verdict in verdicts.values()]
            table.add_row(f"{MOTIONS[name]}: bound rms, m", *(_say(b.bound_rms_m, ",.1f") for b in limits))
            table.add_row("  bound median, m", *(_say(b.bound_median_m, ",.1f") for b in limits))
            table.add_row("  rmse / bound rms, same instants", *(_say(b.ratio_rms, ".3f") for b in limits))
            table.add_row("  median error / the bound's", *(_say(b.ratio_median, ".3f") for b in limits))
        OUT.print(table)


def _table(title: str, names: list[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right")
    return table


def _say(value: Any, form: str) -> str:
    return "-" if value is None or not np.isfinite(value) else format(value, form)


MOTIONS = {
    "known_controls": "turns known, no process noise",
    "matched_model": "calm or agile model, told which",
}

# family -> (words, figure, format)
SHOWN = {
    "GOSPA and OSPA (2,000 m, p 2)": (
        ("instants", "instants", ",d"),
        ("targets an instant", "mean_truths", ",.1f"),
        ("GOSPA rms, m a root target", "gospa_rms_per_sqrt_target", ",.1f"),
        ("GOSPA rms, m", "gospa_rms", ",.1f"),
        ("  localisation", "gospa_loc_rms", ",.1f"),
        ("  missed", "gospa_missed_rms", ",.1f"),
        ("  false", "gospa_false_rms", ",.1f"),
        ("missed an instant", "missed_per_instant", ",.3f"),
        ("false an instant", "false_per_instant", ",.3f"),
        ("OSPA mean, m", "ospa_mean", ",.1f"),
    ),
    "SIAP": (
        ("completeness", "siap_completeness", ".4f"),
        ("ambiguity", "siap_ambiguity", ".4f"),
        ("spuriousness", "siap_spuriousness", ".4f"),
        ("positional accuracy, m", "siap_pos_acc_m", ",.1f"),
        ("velocity accuracy, m/s", "siap_vel_acc_ms", ",.2f"),
        ("track number changes a second", "siap_track_changes_per_s", ".6f"),
        ("longest track segment", "siap_longest_segment", ".4f"),
    ),
    "errors and continuity": (
        ("position rms error, m", "pos_rmse_m", ",.1f"),
        ("  median", "pos_median_m", ",.1f"),
        ("  95 %", "pos_p95_m", ",.1f"),
        ("velocity rms error, m/s", "vel_rmse_ms", ",.2f"),
        ("height rms error, m", "z_rmse_m", ",.1f"),
        ("tracks", "tracks_total", ",d"),
        ("  never on a target", "tracks_never_matched", ",d"),
        ("targets never tracked", "truths_never_tracked", ",d"),
        ("number changes", "track_number_changes", ",d"),
        ("identity swaps", "id_swaps", ",d"),
        ("share of positions tracked", "tracked_fraction", ".4f"),
    ),
    "EUROCONTROL-style (after SPEC-147, 3 NM)": (
        ("probability of update within 5 s", "update_probability", ".4f"),
        ("errors beyond 926 m", "errors_beyond_926m", ".3%"),
        ("  three or more running", "errors_beyond_926m_in_threes", ".3%"),
        ("gaps longer than 16.5 s", "gaps_long", ",d"),
        ("  positions missed in them", "missed_in_long_gaps", ".3%"),
        ("false tracks an instant", "false_tracks_per_instant", ",.3f"),
        ("multiple tracks an instant", "multiple_tracks_per_instant", ",.3f"),
        ("initiation delay, median, s", "initiation_median_s", ",.1f"),
        ("  95 %", "initiation_p95_s", ",.1f"),
        ("speed rms error, m/s", "speed_rmse_ms", ",.2f"),
        ("heading rms error, deg", "heading_rmse_deg", ",.2f"),
    ),
}


def write_figures(path: Path, figures: Mapping[str, Any]) -> None:
    """The figures as JSON. Raises InputError."""
    try:
        path.write_text(json.dumps(_plain(figures), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"--json {path}: {error.strerror}") from None


def _plain(value: Any) -> Any:
    """JSON has no NaN: null stands for it."""
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
