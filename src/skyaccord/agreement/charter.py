"""Charter: what of the agreement is in force at one time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

from skyaccord.agreement.lifecycle import ACTIVE, OPERATIVE, Standing, standing
from skyaccord.agreement.terms import Agreement, Grant, Post, Release, Terms, Zone
from skyaccord.earth.areas import Area


@dataclass(frozen=True)
class Party:
    """A party and where it stands."""

    id: str
    name: str
    relation: str  # terms.RELATIONS
    status: str  # lifecycle.MEMBERSHIP
    government: str  # the one post whose acts bind it
    since_s: float  # when it came to this status


@dataclass(frozen=True, eq=False)
class Charter:
    """The agreement at `time_s`: who is bound, who may what where, who shows what to whom.

    It holds from `since_s` up to, not including, `until_s`, the next change known today. `may`, `authority` and
    `released` are asked with a time of their own and turn to the charter of that time by themselves.
    """

    time_s: float
    since_s: float
    until_s: float
    state: str  # lifecycle.AGREEMENT
    parties: tuple[Party, ...]  # in the order of the file: the index is the bit in Picture.sources
    agreement: Agreement = field(repr=False)
    standing: Standing = field(repr=False)

    @property
    def terms(self) -> Terms:
        """The text itself."""
        return self.agreement.terms

    @property
    def name(self) -> str:
        """Short name of the agreement."""
        return self.terms.name

    @property
    def title(self) -> str:
        """Its title."""
        return self.terms.title

    @property
    def posts(self) -> tuple[Post, ...]:
        """Every post, in the order of the file."""
        return self.terms.posts

    @property
    def zones(self) -> tuple[Zone, ...]:
        """Every area with its clause and whose territory it is."""
        return self.terms.zones

    @cached_property
    def areas(self) -> dict[str, Area]:
        """Name -> area."""
        return {zone.name: zone.area for zone in self.terms.zones}

    @cached_property
    def clauses(self) -> dict[str, str]:
        """Clause id -> text, those of the house among them."""
        return self.terms.all_clauses

    @property
    def grants(self) -> tuple[Grant, ...]:
        """Every power given, in the order of the file."""
        return self.terms.grants

    @property
    def releases(self) -> tuple[Release, ...]:
        """Every release, in the order of the file."""
        return self.terms.releases

    @property
    def withholdings(self) -> tuple[Release, ...]:
        """What owners keep back whatever their releases say."""
        return self.terms.withholdings

    def party(self, party: str) -> Party | None:
        """The party of that id, if there is one."""
        return next((p for p in self.parties if p.id == party), None)

    def post(self, post: str) -> Post | None:
        """The post of that id, if there is one."""
        return self.terms.post(post)

    def in_force(self, party: str) -> bool:
        """Is the agreement in force for this party: does it give and receive by it?"""
        found = self.party(party)
        return self.state in OPERATIVE and found is not None and found.status in ACTIVE

    def territories(self, party: str) -> tuple[str, ...]:
        """Names of the areas that are this party's territory."""
        return tuple(zone.name for zone in self.terms.zones if zone.territory_of == party)

    def at(self, time_s: float) -> Charter:
        """The charter that holds at another time: this one where nothing has changed."""
        return self if self.since_s <= time_s < self.until_s else charter(self.agreement, time_s)


def charter(agreement: Agreement, time_s: float) -> Charter:
    """Fold the acts up to and including `time_s` into what is in force then.

    Pure: the same acts and time give the same charter everywhere. A notice that runs out at `time_s` has run out.
    """
    now = standing(agreement, time_s)
    past = [act.time_s for act in agreement.acts if act.time_s <= time_s]
    coming = [act.time_s for act in agreement.acts if not act.time_s <= time_s]
    parties = tuple(
        Party(p.id, p.name, p.relation, m.status, p.government, m.since_s)
        for p, m in zip(agreement.terms.parties, now.members, strict=True)
    )
    return Charter(
        time_s=time_s,
        since_s=max(past + [now.since_s] + [m.since_s for m in now.members]) if past else -math.inf,
        until_s=min([*coming, now.due_s]),
        state=now.state,
        parties=parties,
        agreement=agreement,
        standing=now,
    )
