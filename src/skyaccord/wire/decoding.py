"""Decoding: a recording, or what a live feed just brought, into plots, service messages and system tracks in UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

import numpy as np

from skyaccord.columns import F8, I8, U2, Columns
from skyaccord.sensors.plots import Plots
from skyaccord.wire.clock import near, onward
from skyaccord.wire.copies import WINDOW_S, is_copy
from skyaccord.wire.datagrams import Datagrams, plain_datagrams
from skyaccord.wire.formats.asterix import Editions, read_asterix
from skyaccord.wire.kernels import DAY_S
from skyaccord.wire.losses import Losses
from skyaccord.wire.recordings import Recording
from skyaccord.wire.reports import Services, Statuses, SystemTracks

Many = TypeVar("Many", bound=Columns)


@dataclass(frozen=True, eq=False)
class Decoded:
    """What was heard, and what became of the rest."""

    plots: Plots  # CAT048, 021, 020 and the target reports of CAT010, in order of arrival
    services: Services  # CAT034
    statuses: Statuses  # CAT019 and the status messages of CAT010, in order of arrival
    system_tracks: SystemTracks  # CAT062
    records: Mapping[tuple[int, int], int]  # (category, source) -> records in the columns
    losses: Losses  # bytes that were not decoded, by reason
    size: int  # bytes that were; with losses.size all there were
    skipped: Mapping[int, int]  # category that is not read here -> blocks
    field_monitors: int  # reports of fixed test transponders, left out
    untimed: int  # records without a time of their own: they have their datagram's, or NaN
    copies: int  # datagrams that another network had brought already


def decode(recording: Recording, *, day_s: float | None = None, editions: Editions | None = None) -> Decoded:
    """Decode all ASTERIX of a recording.

    ASTERIX tells the time of day. In a capture the day is the one that brings each record nearest to its capture; in
    any other recording the first record is on the day that begins at `day_s` (UTC seconds of 00:00, default 0) and
    midnights are counted source by source. `editions`: (category, source or None) -> "0.23", where it is not the usual
    one. Raises InputError for an edition that is not known.
    """
    datagrams = recording.datagrams
    reading = read_asterix(recording.buffer, datagrams.offset, datagrams.length, editions)
    keys = [*reading.columns, *(-number for number in reading.statuses)]  # a category's status messages: negative
    heard = [*reading.columns.values(), *reading.statuses.values()]
    offset, source, told_s = (join(heard, name) for name in ("offset", "source", "time_s"))
    start_s = 0.0 if recording.dated or day_s is None else day_s
    tod_s = np.where(told_s <= DAY_S, told_s, np.nan)
    arrival_s = arrivals(datagrams, offset) + start_s
    time_s = utc(tod_s, arrival_s, source.astype(np.uint16), offset, start_s)
    ends = np.cumsum([len(part) for part in heard])
    timed = {n: part.replace(time_s=t) for n, part, t in zip(keys, heard, np.split(time_s, ends), strict=False)}
    return Decoded(
        plots=in_order(Plots, [cast(Plots, timed[n]) for n in (48, 21, 20, 10) if n in timed]),
        services=cast(Services, timed.get(34, Services.empty())),
        statuses=in_order(Statuses, [cast(Statuses, timed[n]) for n in (-19, -10) if n in timed]),
        system_tracks=cast(SystemTracks, timed.get(62, SystemTracks.empty())),
        records=count_records(timed),
        losses=reading.losses,
        size=reading.size,
        skipped=reading.skipped,
        field_monitors=reading.field_monitors,
        untimed=int(np.isnan(tod_s).sum()),
        copies=recording.copies,
    )


def utc(tod_s: F8, arrival_s: F8, source: U2, offset: I8, start_s: float) -> F8:
    """Times of day (N,) into UTC, by arrival where it is known; a record without either has NaN."""
    time_s = near(tod_s, arrival_s)
    if np.isnan(arrival_s).any():
        order = np.argsort(offset, kind="stable")
        counted = np.empty(len(tod_s))
        counted[order] = onward(tod_s[order], source[order], start_s)
        time_s = np.where(np.isnan(arrival_s), counted, time_s)
    return np.where(np.isnan(time_s), arrival_s, time_s)


def arrivals(datagrams: Datagrams, offset: I8) -> F8:
    """(N,) the time of the datagram in which each record lies."""
    if not len(datagrams):
        return np.empty(0)
    times: F8 = datagrams.time_s[np.searchsorted(datagrams.offset, offset, side="right") - 1]
    return times


def join(parts: Sequence[Columns], name: str) -> Any:
    """One column of all parts, one after another."""
    return np.concatenate([part.arrays()[name] for part in parts]) if parts else np.empty(0)


def in_order(kind: type[Many], parts: Sequence[Many]) -> Many:
    """Columns of several categories in the order of their bytes."""
    joined = kind.concat(parts)
    return joined if len(parts) < 2 else joined.take(np.argsort(joined.arrays()["offset"], kind="stable"))


def count_records(columns: Mapping[int, Columns]) -> dict[tuple[int, int], int]:
    """(category, source) -> records; a category's status messages stand under its negative number."""
    counts: dict[tuple[int, int], int] = {}
    for category, part in columns.items():
        sources, number = np.unique(part.arrays()["source"], return_counts=True)
        for key, count in zip(((abs(category), int(s)) for s in sources), number.tolist(), strict=True):
            counts[key] = counts.get(key, 0) + count
    return counts


@dataclass(frozen=True)
class Feed:
    """What a live feed must remember from one batch to the next: what it heard last, to know a copy by."""

    editions: Editions = field(default_factory=dict)
    window_s: float = WINDOW_S
    payloads: tuple[bytes, ...] = ()
    arrival_s: tuple[float, ...] = ()
    ways: tuple[int, ...] = ()


def decode_datagrams(
    payloads: Sequence[bytes], arrival_s: F8, feed: Feed, ways: Sequence[int] | None = None
) -> tuple[Decoded, Feed]:
    """Decode a batch of a live feed, by the code that decodes recordings; midnights are known from the arrivals.

    `arrival_s` (N,) UTC, not falling. `ways` (N,): a number for the network each came by, if there are several; copies
    of what another network brought are left out, across batches too. Returns what was heard and what the next call
    needs.
    """
    ways = ways or [0] * len(payloads)
    together = live((*feed.payloads, *payloads), np.array([*feed.arrival_s, *arrival_s]), [*feed.ways, *ways])
    copy = is_copy(together.buffer, together.datagrams, feed.window_s)
    new = np.arange(len(copy)) >= len(feed.payloads)
    fresh = replace(together, datagrams=together.datagrams.take(new & ~copy), copies=int((new & copy).sum()))
    times = together.datagrams.time_s
    kept = np.flatnonzero(~copy & (times >= times.max(initial=-np.inf) - feed.window_s))
    everything = (*feed.payloads, *payloads)
    remembered = replace(
        feed,
        payloads=tuple(everything[k] for k in kept),
        arrival_s=tuple(times[kept].tolist()),
        ways=tuple(together.datagrams.group[kept].tolist()),
    )
    return decode(fresh, editions=feed.editions), remembered


def live(payloads: Sequence[bytes], arrival_s: F8, ways: Sequence[int]) -> Recording:
    """Payloads packed into one buffer, as if they had been recorded."""
    length = np.array([len(payload) for payload in payloads], np.int32)
    offset = np.cumsum(length, dtype=np.int64) - length
    datagrams = plain_datagrams(offset, length, arrival_s).replace(group=np.array(ways, np.uint32))
    return Recording("live", "live", np.frombuffer(b"".join(payloads), np.uint8), datagrams, True)
