"""What one party lets another see: `released` judges whole batches of records, each with its clause; default deny.

A record passes where the agreement is in force for both parties, one of the owner's releases fits it and none of the
owner's withholdings does. What is not known never helps: a record without a position is in no area, one without a
height in no height slab, one without a quality not good enough for a limit; to a withholding it counts as inside. The
owner is who measured: what A released to B reaches C only by A's own release to C.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from skyaccord.agreement.charter import Charter
from skyaccord.agreement.clauses import DEFAULT_DENY, ID_BYTES, IN_FORCE, SOVEREIGNTY
from skyaccord.agreement.lifecycle import BOUND
from skyaccord.agreement.terms import KINDS, Release, Terms
from skyaccord.columns import F8, U1, Bool, Columns, Text, column
from skyaccord.earth.areas import contains

# `kind`: the index in terms.KINDS
TRACK, ALERT, TASK, PLOT = range(4)


@dataclass(frozen=True, eq=False)
class Batch(Columns):
    """Records that wait for a ruling, whatever their kind."""

    kind: U1 = column("u1")  # TRACK .. PLOT
    lat_rad: F8 = column("f8")  # NaN: not known
    lon_rad: F8 = column("f8")
    height_m: F8 = column("f8")  # above the ellipsoid; NaN: not known
    identity: U1 = column("u1")  # words.Identity
    air_class: U1 = column("u1")  # words.AirClass
    sigma_m: F8 = column("f8")  # horizontal position, one standard deviation; NaN: not known


@dataclass(frozen=True, eq=False)
class Released:
    """The ruling on each record of a batch."""

    allowed: Bool  # (N,)
    clause: Text  # (N,) S32: the clause that releases it; empty where not allowed
    refusal: Text  # (N,) S32: the clause that keeps it back; empty where allowed


@dataclass(frozen=True)
class Retention:
    """What one party may still do with what another released to it."""

    live: bool  # shown and used now
    keep_until_s: float  # records already received are kept up to here; inf: for good
    clause: str


@dataclass(frozen=True, eq=False)
class Rule:
    """A release compiled: one look-up table a byte column, and its limits."""

    kinds: Bool  # (256,)
    classes: Bool  # (256,)
    identities: Bool  # (256,)
    zones: tuple[str, ...]  # empty: everywhere
    floor_m: float
    ceiling_m: float
    sigma_max_m: float
    clause: bytes


def released(charter: Charter, owner: str, to: str, batch: Batch, time_s: float) -> Released:
    """Which of `owner`'s records may `to` have at `time_s`: (N,) each. A party always has its own.

    Of several releases that fit, the first in the order of the file is cited. An unknown party gets and gives nothing.
    """
    charter = charter.at(time_s)
    if owner == to and charter.party(owner) is not None:
        return _all(len(batch), True, SOVEREIGNTY)
    if not (charter.in_force(owner) and charter.in_force(to)):
        return _all(len(batch), False, IN_FORCE)
    releases, withholdings = compile_rules(charter.terms, owner, to)
    clause = np.zeros(len(batch), f"S{ID_BYTES}")
    refusal = np.full(len(batch), DEFAULT_DENY.encode(), f"S{ID_BYTES}")
    inside: dict[str, Bool] = {}
    for rule in releases:
        fits = _fits(charter, rule, batch, time_s, inside, False) & (clause == b"")
        clause[fits] = rule.clause
    for rule in withholdings:
        kept = _fits(charter, rule, batch, time_s, inside, True) & (clause != b"")
        clause[kept] = b""
        refusal[kept] = rule.clause
    allowed = clause != b""
    refusal[allowed] = b""
    return Released(allowed, clause, refusal)


def retention(charter: Charter, owner: str, to: str, time_s: float) -> Retention:
    """What `to` may do at `time_s` with records that `owner` released to it earlier.

    Live use ends at the instant at which the agreement ceases to be in force for either; the terms of withdrawal say
    how long what was received may be kept. A suspension ends the live use only.
    """
    charter = charter.at(time_s)
    pair = [party for name in (owner, to) if (party := charter.party(name)) is not None]
    withdrawal = charter.terms.withdrawal
    if len(pair) < 2 or any(p.status in ("named", "outside", "signed") for p in pair):
        return Retention(False, -math.inf, IN_FORCE)
    if charter.in_force(owner) and charter.in_force(to):
        return Retention(True, math.inf, IN_FORCE)
    gone = [p.since_s for p in pair if p.status not in BOUND]
    if not gone:
        suspension = charter.terms.suspension
        return Retention(False, math.inf, suspension.clause if suspension else IN_FORCE)
    return Retention(False, min(gone) + withdrawal.keep_s, withdrawal.clause)


@lru_cache(maxsize=512)
def compile_rules(terms: Terms, owner: str, to: str) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """The owner's releases to one party, and its withholdings from it, as tables; in the order of the file."""
    releases = tuple(_rule(r) for r in terms.releases if r.owner == owner and to in r.to)
    return releases, tuple(_rule(r) for r in terms.withholdings if r.owner == owner and to in r.to)


def _rule(release: Release) -> Rule:
    return Rule(
        _table([KINDS.index(kind) for kind in release.kinds]),
        _table(release.classes),
        _table(release.identities),
        release.zones,
        release.floor_m,
        release.ceiling_m,
        release.sigma_max_m,
        release.clause.encode(),
    )


def _table(codes: list[int] | tuple[int, ...]) -> Bool:
    """(256,) True at the codes: a byte that is no known code is never True."""
    table = np.zeros(256, np.bool_)
    table[list(codes)] = True
    return table


def _fits(charter: Charter, rule: Rule, batch: Batch, time_s: float, inside: dict[str, Bool], unknown: bool) -> Bool:
    """Which records a rule covers; where a record lacks what a limit asks for, the answer is `unknown`."""
    fits = rule.kinds[batch.kind] & rule.classes[batch.air_class] & rule.identities[batch.identity]
    if rule.zones:
        fits &= _somewhere(charter, rule.zones, batch, time_s, inside, unknown)
    if rule.floor_m > -math.inf or rule.ceiling_m < math.inf:
        within = (batch.height_m >= rule.floor_m) & (batch.height_m < rule.ceiling_m)
        fits &= within | (np.isnan(batch.height_m) & unknown)
    if rule.sigma_max_m < math.inf:
        fits &= batch.sigma_m <= rule.sigma_max_m
    return fits


def _somewhere(
    charter: Charter, zones: tuple[str, ...], batch: Batch, time_s: float, inside: dict[str, Bool], unknown: bool
) -> Bool:
    """Which records lie in one of the areas; each area is asked once a batch (`inside` remembers)."""
    anywhere = np.zeros(len(batch), np.bool_)
    for name in zones:
        area = charter.areas[name]
        key = f"{unknown} {name}"
        if key not in inside:
            inside[key] = contains(area, batch.lat_rad, batch.lon_rad, batch.height_m, time_s)
            if unknown and area.start_s <= time_s < area.end_s:
                limited = area.floor_m > -math.inf or area.ceiling_m < math.inf
                level = contains(area, batch.lat_rad, batch.lon_rad) & (np.isnan(batch.height_m) & limited)
                inside[key] = inside[key] | level | np.isnan(batch.lat_rad) | np.isnan(batch.lon_rad)
        anywhere |= inside[key]
    return anywhere


def _all(count: int, allowed: bool, clause: str) -> Released:
    cited, empty = np.full(count, clause.encode(), f"S{ID_BYTES}"), np.zeros(count, f"S{ID_BYTES}")
    return Released(np.full(count, allowed), cited if allowed else empty, empty if allowed else cited)
