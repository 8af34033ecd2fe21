"""Compose: from what the user asked for to a night ready to begin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from skyaccord import __version__
from skyaccord.agreement import Agreement, parse
from skyaccord.agreement import alone as alone_agreement
from skyaccord.cli.listening import Listener
from skyaccord.cli.shipped import find, text_of
from skyaccord.columns import F8
from skyaccord.coverage import Mask, build_mask, ring
from skyaccord.errors import InputError, SitesError
from skyaccord.exercise import World, check_parties, parse_scenario
from skyaccord.exercise.speak import Spoken
from skyaccord.node.night import Night, Source
from skyaccord.node.serve import Playbill
from skyaccord.node.sources import Feed, Listening
from skyaccord.record import Manifest, Recorder
from skyaccord.sensors import Plots, Sites, parse_sites, row_of
from skyaccord.tasks import MOVES
from skyaccord.tracks import TrackerConfig
from skyaccord.wire import Decoded, decode, read_recording
from skyaccord.wire.links.file import read_file
from skyaccord.wire.losses import Losses
from skyaccord.wire.recordings import remove_copies

CARRIED_OUT = ("acknowledge", "close")  # what scripted officers say where a person decides
RING_HEIGHTS_M = (300.0, 3000.0, 10_000.0)
LONGEST_SILENCE_S = 86_400.0  # of a recorded feed; a longer one is two nights, or one of a wrong day


@dataclass(frozen=True)
class Reception:
    """What of a feed did not become plots."""

    losses: Losses = field(default_factory=Losses)
    copies: int = 0  # datagrams that a second network had brought
    datagrams: int | None = None  # in all; None: not counted


@dataclass(frozen=True, eq=False)
class Plan:
    """A night that can begin, and what is to be said about it."""

    night: Night
    playbill: Playbill
    end_s: float
    recorder: AbstractContextManager[Any]
    received: Callable[[], Reception] = Reception  # up to now
    notices: tuple[str, ...] = ()
    broken_off: str = ""  # a sentence, where an input broke off


@dataclass(frozen=True)
class ExerciseWish:
    """What a user says of an exercise."""

    scenario: str
    seed: int | None = None
    record: Path | None = None
    until_s: float | None = None
    unattended: bool = False  # scripted officers decide too; else they only carry out


def exercise(wish: ExerciseWish) -> Plan:
    """A scenario, its agreement and its world. Raises InputError."""
    path = find(wish.scenario, "scenarios")
    text = text_of(path)
    scenario = parse_scenario(text, str(path))
    law_path = beside(path, scenario.agreement)
    law_text = text_of(law_path)
    agreement = parse(law_text, str(law_path))
    check_parties(
        scenario,
        [party.id for party in agreement.terms.parties],
        [post.id for post in agreement.terms.posts],
    )
    world = World(scenario, wish.seed)
    sites = {party: world.sites(party) for party in world.parties}
    sensors = backdrop(scenario.sites, scenario.masks)
    captions = [{"time_s": m.time_s, "text": m.text} for m in scenario.moments]
    playbill = Playbill(scenario.title, "exercise", sensors, captions)
    manifest = Manifest(
        scenario.title,
        world.seed,
        tuple(party.id for party in agreement.terms.parties),
        scenario.start_s,
        scenario.step_s,
        scenario.sites,
        {"kind": "exercise", "sensors": sensors, "captions": captions, "skyaccord": __version__},
    )
    recorder = Recorder(wish.record, manifest, law_text, text) if wish.record else None
    if recorder:
        recorder.truth(world.truth)
    moves = tuple(MOVES) if wish.unattended else CARRIED_OUT
    source = Spoken(world, None if recorder is None else recorder.feed, moves)
    night = Night(
        agreement,
        sites,
        source,
        scenario.start_s,
        scenario.step_s,
        config=TrackerConfig(exercise=True),
        recorder=recorder,
    )
    end_s = scenario.end_s if wish.until_s is None else min(scenario.end_s, scenario.start_s + wish.until_s)
    return Plan(night, playbill, end_s, recorder or nullcontext())


@dataclass(frozen=True)
class FeedWish:
    """What a user says of a feed."""

    files: tuple[Path, ...]
    sites: Path
    agreement: str | None = None
    party: str | None = None
    day_s: float | None = None
    skip_unknown: bool = False
    record: Path | None = None
    seed: int | None = None
    until_s: float | None = None


def feed(wish: FeedWish) -> Plan:
    """Recorded feeds as one party's night. Raises InputError."""
    sites = registry(wish.sites)
    agreement, law_text, party = law_of(wish.agreement, wish.party)
    title = ", ".join(path.name for path in wish.files)
    recordings = [remove_copies(read_recording(read_file(path), str(path))) for path in wish.files]
    decodings = [decode(recording, day_s=wish.day_s) for recording in recordings]
    plots = Plots.concat([decoded.plots for decoded in decodings])
    if not len(plots):
        raise InputError(f"{', '.join(map(str, wish.files))}: no plots in it (CAT010, 20, 21, 48); {heard(decodings)}")
    sites, notices = known(plots, sites, str(wish.sites), wish.skip_unknown)
    sites, turning = as_they_turn(sites, decodings)
    reception = Reception(sum((d.losses for d in decodings), Losses()), sum(d.copies for d in decodings))
    start_s, last_s = span(plots.time_s[row_of(sites, plots.source) >= 0], title)
    end_s = last_s if wish.until_s is None else min(last_s, start_s + wish.until_s)
    night, recorder, sensors = alone(
        agreement, law_text, party, sites, Feed({party: plots}), start_s, title, wish.record, wish.seed
    )
    return Plan(
        night,
        Playbill(title, "recording", sensors),
        end_s,
        recorder or nullcontext(),
        lambda: reception,
        tuple(notices + turning),
        "; ".join(r.warning for r in recordings if r.truncated_at is not None),
    )


def live(addresses: list[str], wish: FeedWish, now_s: float) -> tuple[Plan, Listener]:
    """Live feeds as one party's night, beginning now. Raises InputError."""
    sites = registry(wish.sites)
    agreement, law_text, party = law_of(wish.agreement, wish.party)
    start_s = float(np.floor(now_s))
    listener = Listener(addresses, party)
    source = Listening(listener.arrived, [p.id for p in agreement.terms.parties])
    title = ", ".join(addresses)
    try:
        night, recorder, sensors = alone(
            agreement, law_text, party, sites, source, start_s, title, wish.record, wish.seed
        )
    except BaseException:
        listener.close()
        raise
    end_s = np.inf if wish.until_s is None else start_s + wish.until_s
    return (
        Plan(
            night,
            Playbill(title, "live", sensors),
            end_s,
            recorder or nullcontext(),
            lambda: Reception(listener.losses, listener.copies, listener.datagrams),
        ),
        listener,
    )


def alone(
    agreement: Agreement,
    law_text: str,
    party: str,
    sites: Sites,
    source: Source,
    start_s: float,
    title: str,
    record: Path | None,
    seed: int | None,
) -> tuple[Night, Recorder | None, list[dict[str, Any]]]:
    """One party's own sensors under an agreement."""
    sites = sites.replace(party=np.full(len(sites), party.encode(), "S16"))
    sensors = backdrop(sites, [build_mask([])] * len(sites))  # nothing is known of what stands around them
    manifest = Manifest(
        title,
        seed or 0,
        tuple(p.id for p in agreement.terms.parties),
        start_s,
        1.0,
        sites,
        {"kind": "live", "sensors": sensors, "captions": [], "skyaccord": __version__},
    )
    recorder = Recorder(record, manifest, law_text) if record else None
    return Night(agreement, {party: sites}, source, start_s, recorder=recorder), recorder, sensors


def registry(path: Path) -> Sites:
    """The sensor registry in a file."""
    return parse_sites(text_of(path), str(path))


def law_of(name: str | None, party: str | None) -> tuple[Agreement, str, str]:
    """The agreement, its text, and the party whose sensors these are. Without an agreement a party is alone."""
    if name is None:
        return alone_agreement(party or "own"), "", party or "own"
    path = find(name, "agreements")
    text = text_of(path)
    agreement = parse(text, str(path))
    parties = [p.id for p in agreement.terms.parties]
    if party not in parties:
        raise InputError(f"--party {party or '(none)'}: the parties of {path} are {', '.join(parties)}")
    return agreement, text, party


def span(time_s: F8, name: str) -> tuple[float, float]:
    """Whole seconds around the times of a feed's plots. Raises InputError if there are none, or days between them."""
    times = np.sort(time_s[np.isfinite(time_s)])
    if not len(times):
        raise InputError(f"{name}: none of its plots has a time")
    gaps = np.diff(times)
    longest = int(np.argmax(gaps)) if len(gaps) else 0
    if len(gaps) and gaps[longest] > LONGEST_SILENCE_S:
        before, after = np.datetime_as_string(times[longest : longest + 2].astype("datetime64[s]"))
        raise InputError(
            f"{name}: nothing is heard from {before} to {after} UTC; a night has no such gap, so run its parts one by "
            "one, or say by --day YYYY-MM-DD on what day a raw feed begins"
        )
    return float(np.floor(times[0])), float(np.ceil(times[-1]) + 1)


def known(plots: Plots, sites: Sites, name: str, skip_unknown: bool) -> tuple[Sites, list[str]]:
    """The registry, after a look whether every sensor of the feed is in it. Raises SitesError if one is not."""
    sources, first, counts = np.unique(plots.source, return_index=True, return_counts=True)
    missing = [k for k in range(len(sources)) if sources[k] not in sites.source]
    if not missing:
        return sites, []
    k = missing[0]
    words = (
        f"{name}: no sensor SAC/SIC {sources[k] >> 8}/{sources[k] & 255}, which the feed has "
        f"(first at byte {plots.offset[first[k]]}, {counts[k]} plots)"
    )
    if not skip_unknown or len(missing) == len(sources):
        raise SitesError(f"{words}; add a [[sensor]] with its position, or leave such plots out with --skip-unknown")
    return sites, [f"{words}; left out"]


def as_they_turn(sites: Sites, decodings: list[Decoded]) -> tuple[Sites, list[str]]:
    """The registry with each antenna's turn as its own service messages (CAT034) tell it."""
    scan_s, notices = sites.scan_s.copy(), []
    for k, source in enumerate(sites.source):
        told = np.concatenate([d.services.period_s[d.services.source == source] for d in decodings])
        told = told[np.isfinite(told) & (told > 0.5) & (told < 60)]
        if len(told) and abs(np.median(told) - scan_s[k]) > 0.05:
            notices.append(
                f"{sites.name[k].decode()}: its own messages say one turn takes {np.median(told):.2f} s; "
                f"taken instead of the registry's {scan_s[k]:g} s"
            )
            scan_s[k] = np.median(told)
    return sites.replace(scan_s=scan_s), notices


def backdrop(sites: Sites, masks: Sequence[Mask]) -> list[dict[str, Any]]:
    """Every sensor as a map needs it, with what it sees at each of RING_HEIGHTS_M."""
    return [
        sensor(sites, k, [ring(sites.take(slice(k, k + 1)), mask, h, 180) for h in RING_HEIGHTS_M])
        for k, mask in enumerate(masks)
    ]


def sensor(sites: Sites, k: int, rings: list[np.ndarray[Any, Any]]) -> dict[str, Any]:
    """A sensor as a map needs it."""
    return {
        "name": sites.name[k].decode(),
        "party": sites.party[k].decode(),
        "lat": round(float(np.degrees(sites.lat_rad[k])), 6),
        "lon": round(float(np.degrees(sites.lon_rad[k])), 6),
        "rings": [
            {"height_m": height, "points": np.round(np.degrees(points), 4).tolist()}
            for height, points in zip(RING_HEIGHTS_M, rings, strict=True)
        ],
    }


def beside(scenario: Path, agreement: str) -> Path:
    """The scenario's agreement: beside it, or the one that comes with Skyaccord."""
    near = scenario.parent / f"{agreement.removesuffix('.toml')}.toml"
    return near if near.is_file() else find(agreement, "agreements")


def heard(decodings: list[Decoded]) -> str:
    """What was in a feed without plots, in words."""
    seen = sorted({f"CAT{category:03d}" for d in decodings for category, _ in d.records})
    skipped = sorted({f"CAT{category:03d}" for d in decodings for category in d.skipped})
    return f"it has {', '.join(seen) or 'no record that could be read'}" + (
        f", and {', '.join(skipped)} that is not read yet" if skipped else ""
    )
