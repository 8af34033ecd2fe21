"""The text of an agreement as data: what its file says, before any act has put it in force."""

from __future__ import annotations

import math
from dataclasses import dataclass

from skyaccord.agreement.clauses import HOUSE_CLAUSES
from skyaccord.earth.areas import Area

RELATIONS = ("member", "partner", "observer")

# What a release names; the index is the code in `Batch.kind`.
KINDS = ("tracks", "alerts", "tasks", "plots")

# What becomes, at withdrawal, of records that were received before.
SHARED_DATA = ("keep", "purge", "keep until")

# Who must give the act that ends the agreement for all.
TERMINATION_BY = ("any party", "all parties")


@dataclass(frozen=True)
class Act:
    """What a party did to the agreement: one entry of its history, in order of time."""

    kind: str  # a key of lifecycle.ACTS
    party: str
    post: str
    time_s: float
    reason: str = ""


@dataclass(frozen=True)
class Signatory:
    """A party as the text names it, whatever its status."""

    id: str
    name: str
    relation: str  # RELATIONS
    government: str  # the one post whose acts bind the party
    founding: bool  # signs at the start; others accede


@dataclass(frozen=True)
class Post:
    """A post of a party, or of all of them together (`party` is empty)."""

    id: str
    title: str
    party: str
    vacant: bool


@dataclass(frozen=True, eq=False)
class Zone:
    """An area as the agreement uses it."""

    name: str
    title: str
    area: Area
    territory_of: str  # party; empty: nobody's by this text
    clause: str


@dataclass(frozen=True)
class Grant:
    """A power given to a post, for some tasks, in some areas."""

    post: str
    power: str  # words.POWERS
    verbs: tuple[str, ...]  # words.TASK_VERBS
    zones: tuple[str, ...]
    clause: str
    where: str  # in the file, for messages


@dataclass(frozen=True)
class Release:
    """What an owner lets others see, or (among the withholdings) keeps from them whatever its releases say."""

    owner: str
    to: tuple[str, ...]
    kinds: tuple[str, ...]  # KINDS
    zones: tuple[str, ...]  # empty: everywhere
    floor_m: float
    ceiling_m: float
    classes: tuple[int, ...]  # words.AirClass
    identities: tuple[int, ...]  # words.Identity
    sigma_max_m: float  # poorer records are not released; inf: any
    clause: str
    where: str


@dataclass(frozen=True)
class Provision:
    """A clause that lets parties do an act at all."""

    clause: str


@dataclass(frozen=True)
class Withdrawal:
    """How a party leaves, and what becomes of what it shared."""

    clause: str
    notice_s: float
    shared_data: str  # SHARED_DATA
    keep_s: float  # after the effective instant; inf: kept, 0: purged


@dataclass(frozen=True)
class Termination:
    """How the agreement ends for all."""

    clause: str
    notice_s: float
    by: str  # TERMINATION_BY


@dataclass(frozen=True, eq=False)
class Terms:
    """Everything an agreement's file says except its acts."""

    file: str
    name: str
    title: str
    parties: tuple[Signatory, ...]
    posts: tuple[Post, ...]
    zones: tuple[Zone, ...]
    clauses: dict[str, str]  # of the file; `all_clauses` adds those of the house
    grants: tuple[Grant, ...]
    releases: tuple[Release, ...]
    withholdings: tuple[Release, ...]
    duration: Provision
    least_parties: int  # with fewer the agreement lapses
    entry: Provision
    withdrawal: Withdrawal
    accession: Provision | None
    suspension: Provision | None
    termination: Termination | None

    @property
    def all_clauses(self) -> dict[str, str]:
        """Clause id -> text: the file's own, then those of the house."""
        return {**self.clauses, **HOUSE_CLAUSES}

    def post(self, post: str) -> Post | None:
        """The post of that id, if there is one."""
        return next((p for p in self.posts if p.id == post), None)

    def party(self, party: str) -> Signatory | None:
        """The party of that id, if there is one."""
        return next((p for p in self.parties if p.id == party), None)

    def zone(self, name: str) -> Zone:
        """The area of that name. Raises KeyError."""
        for zone in self.zones:
            if zone.name == name:
                return zone
        raise KeyError(name)


@dataclass(frozen=True, eq=False)
class Agreement:
    """The terms and the acts done on them, in order of time; `add_act` makes the next one."""

    terms: Terms
    acts: tuple[Act, ...] = ()

    @property
    def last_time_s(self) -> float:
        """Time of the newest act; -inf where there is none."""
        return self.acts[-1].time_s if self.acts else -math.inf
