"""Who may do what where: `may` for one post, `authority` for a place; both cite their clauses, for yes and for no.

The law follows the place of the target. Inside a territory its own party's posts decide, by sovereignty, and a grant
can give others only *coordinate* and *observe* there. Outside every territory only a grant whose area holds the place
counts. What no clause allows is not allowed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from skyaccord.agreement.charter import Charter
from skyaccord.agreement.clauses import DEFAULT_DENY, IN_FORCE, SOVEREIGNTY, VACANCY
from skyaccord.agreement.lifecycle import ACTS, obstacle
from skyaccord.agreement.terms import Grant, Post, Terms, Zone
from skyaccord.agreement.words import POWERS, TASK_VERBS
from skyaccord.earth.areas import contains
from skyaccord.earth.places import Place

# Powers that decide; over a territory no grant gives them to another party's post.
DECIDING = ("manage", "approve")

# Acts that a party does for itself: nobody else's act is needed.
OWN_ACTS = ("withdraw", "revoke_notice", "suspend", "resume")


@dataclass(frozen=True)
class Ruling:
    """Yes or no, and by which clauses (the decisive one first)."""

    allowed: bool
    clauses: tuple[str, ...]
    reason: str
    post: str = ""  # the post that may, also beside another's no; empty: none, or not asked


@dataclass(frozen=True)
class Ground:
    """What the agreement's areas say of one place at one time."""

    zones: tuple[Zone, ...]

    @property
    def lands(self) -> tuple[str, ...]:
        """Parties in whose territory the place is; two or more: disputed."""
        return tuple(dict.fromkeys(zone.territory_of for zone in self.zones if zone.territory_of))

    @property
    def clauses(self) -> tuple[str, ...]:
        """Clauses of the areas around the place."""
        return tuple(dict.fromkeys(zone.clause for zone in self.zones))

    def holds(self, grant: Grant) -> bool:
        """Is the place in one of the grant's areas?"""
        return any(zone.name in grant.zones for zone in self.zones)


def may(charter: Charter, who: str, verb: str, what: str, where: Place | None, time_s: float) -> Ruling:
    """May the post `who` do this, there and then?

    `verb` is a power (words.POWERS) with `what` a task verb (words.TASK_VERBS) and `where` the target's place; or an
    act (lifecycle.ACTS) with `what` "agreement" and no place. Whatever is unknown is refused, with the reason.
    """
    charter = charter.at(time_s)
    if verb in ACTS:
        return _may_act(charter, who, verb, what)
    post = charter.post(who)
    if post is None:
        return _no(f"{who!r} is no post of this agreement", DEFAULT_DENY)
    question = _question(verb, what, where)
    if question or where is None:
        return _no(question, DEFAULT_DENY)
    ground = survey(charter, where, time_s)
    ruling = _weigh(charter, post, verb, what, ground)
    if ruling.allowed or ruling.clauses[0] != DEFAULT_DENY:
        return ruling
    holder = _holder(charter, verb, what, ground)
    if holder.allowed:
        reason = f"{who} has no such power here: to {verb} '{what}' is for {holder.post}"
        return replace(_no(reason, *holder.clauses, DEFAULT_DENY), post=holder.post)
    return _no(f"{ruling.reason}; {holder.reason}", *holder.clauses)


def authority(charter: Charter, verb: str, what: str, where: Place, time_s: float) -> Ruling:
    """Which post may do this there and then: `post`, empty where none may, with the clauses that say so.

    Of several posts the first of the territory's own party in the order of the file, then of the others, then the
    government of the territory. In a stretch that two parties claim it is nobody.
    """
    charter = charter.at(time_s)
    question = _question(verb, what, where)
    if question:
        return _no(question, DEFAULT_DENY)
    return _holder(charter, verb, what, survey(charter, where, time_s))


def survey(charter: Charter, where: Place, time_s: float) -> Ground:
    """The areas that hold a place at a time."""
    lat, lon, height = (np.array([value]) for value in (where.lat_rad, where.lon_rad, where.height_m))
    return Ground(tuple(zone for zone in charter.zones if contains(zone.area, lat, lon, height, time_s)[0]))


def rule_on_act(terms: Terms, who: str, kind: str, party: str) -> Ruling:
    """Does the text let this post do this act for this party, whatever the state of things?"""
    post, signatory = terms.post(who), terms.party(party)
    if post is None:
        return _no(f"{who!r} is no post of this agreement", DEFAULT_DENY)
    provision = getattr(terms, ACTS[kind])
    if provision is None:
        return _no(f"the agreement has no clause on {ACTS[kind]}, so nobody may {kind}", DEFAULT_DENY)
    clauses = (provision.clause, SOVEREIGNTY) if kind in OWN_ACTS else (provision.clause,)
    if signatory is None or signatory.government != who:
        bound = f"{party} is bound only by the acts of {signatory.government}" if signatory else f"{who} binds no party"
        return _no(f"{bound}; {who} may not {kind}", *clauses)
    if post.vacant:
        return _no(f"nobody holds {who}", VACANCY, *clauses)
    return Ruling(True, clauses, f"{who} acts for {party}", who)


def _may_act(charter: Charter, who: str, kind: str, what: str) -> Ruling:
    if what != "agreement":
        return _no(f"{kind} is an act on the agreement, not on {what!r}", DEFAULT_DENY)
    post = charter.post(who)
    party = post.party if post else ""
    ruling = rule_on_act(charter.terms, who, kind, party)
    why = ruling.allowed and obstacle(charter.standing, kind, party)
    return _no(why, *ruling.clauses) if why else ruling


def _question(verb: str, what: str, where: Place | None) -> str:
    """What is wrong with a question; empty where nothing is."""
    if verb not in POWERS:
        return f"{verb!r} is neither a power ({', '.join(POWERS)}) nor an act ({', '.join(ACTS)})"
    if what not in TASK_VERBS:
        return f"{what!r} is no task; tasks are {', '.join(TASK_VERBS)}"
    if where is None:
        return "the law follows the place of the target, and no place was given"
    if not (math.isfinite(where.lat_rad) and math.isfinite(where.lon_rad)):
        return "the law follows the place of the target, and its place is not known"
    return ""


def _weigh(charter: Charter, post: Post, verb: str, what: str, ground: Ground) -> Ruling:
    """The post's own title to do this here; a no that begins with DEFAULT_DENY only says that nothing was found."""
    if post.vacant:
        return _no(f"nobody holds {post.id}", VACANCY)
    grants = [
        g for g in charter.grants if g.post == post.id and g.power == verb and what in g.verbs and ground.holds(g)
    ]
    if post.party and post.party in ground.lands:
        return _weigh_at_home(charter, post, grants)
    if not _bound(charter, post.party):
        return _no(*_not_in_force(charter, post.party))
    if not grants:
        return _no(f"no clause lets {post.id} {verb} '{what}' here", DEFAULT_DENY)
    for land in ground.lands:
        if verb in DECIDING:
            reason = f"this is the territory of {land}, and only its own posts {verb} there"
            return _no(reason, SOVEREIGNTY, grants[0].clause)
        if not charter.in_force(land):
            return _no(*_not_in_force(charter, land))
    return Ruling(True, (grants[0].clause,), f"{post.id} may {verb} '{what}' here", post.id)


def _weigh_at_home(charter: Charter, post: Post, grants: list[Grant]) -> Ruling:
    """In its own party's territory: by its grant, which stands even without the agreement, or as the government."""
    home = f"this is the territory of {post.party}"
    if grants and charter.in_force(post.party):
        return Ruling(True, (grants[0].clause, SOVEREIGNTY), f"{home}, and {post.id} has this power there", post.id)
    if grants:
        reason = f"{home}, and its own post {post.id} keeps this power there without the agreement"
        return Ruling(True, (SOVEREIGNTY, grants[0].clause), reason, post.id)
    party = charter.party(post.party)
    if party is not None and party.government == post.id:
        return Ruling(True, (SOVEREIGNTY,), f"{home}, and {post.id} is its government", post.id)
    return _no(f"no clause gives {post.id} this power here", DEFAULT_DENY)


def _holder(charter: Charter, verb: str, what: str, ground: Ground) -> Ruling:
    """Who may do this here, or why nobody."""
    lands = ground.lands
    if len(lands) > 1:
        reason = f"{' and '.join(lands)} both claim this place as theirs; each decides for its own part only"
        return _no(reason, *ground.clauses, SOVEREIGNTY)
    empty: list[str] = []
    for post in _candidates(charter, verb, what, ground):
        ruling = _weigh(charter, post, verb, what, ground)
        if ruling.allowed:
            return ruling
        if post.vacant:
            empty.append(post.id)
    if empty:
        reason = f"nobody may {verb} '{what}' here: {', '.join(empty)} is held by nobody"
        return _no(reason, VACANCY, *ground.clauses, DEFAULT_DENY)
    around = ", ".join(f"'{zone.name}'" for zone in ground.zones) or "outside every area of the agreement"
    return _no(f"nobody may {verb} '{what}' here ({around})", *ground.clauses, DEFAULT_DENY)


def _candidates(charter: Charter, verb: str, what: str, ground: Ground) -> list[Post]:
    """Posts that might hold the power here: of the land's own party, then of others, then the land's government."""
    granted = {g.post for g in charter.grants if g.power == verb and what in g.verbs and ground.holds(g)}
    order = list(dict.fromkeys(g.post for g in charter.grants if g.post in granted))
    posts = [post for name in order if (post := charter.post(name)) is not None]
    own = [post for post in posts if post.party in ground.lands]
    others = [post for post in posts if post.party not in ground.lands]
    governments = [party.government for party in charter.parties if party.id in ground.lands]
    return own + others + [post for name in governments if (post := charter.post(name)) is not None]


def _bound(charter: Charter, party: str) -> bool:
    """A body of all parties has its powers while the agreement has effect for any; a party's post while for it."""
    return charter.in_force(party) if party else any(charter.in_force(p.id) for p in charter.parties)


def _not_in_force(charter: Charter, party: str) -> tuple[str, ...]:
    """Reason, then clauses, why the agreement does nothing for a party now."""
    found, terms = charter.party(party), charter.terms
    status = found.status if found else charter.state
    by: dict[str, str] = {
        "suspended": terms.suspension.clause if terms.suspension else terms.withdrawal.clause,
        "leaving_suspended": terms.suspension.clause if terms.suspension else terms.withdrawal.clause,
        "withdrawn": terms.withdrawal.clause,
        "ended": terms.termination.clause if _terminated(charter) and terms.termination else terms.withdrawal.clause,
    }
    who = f"for {party} ({status.replace('_', ' ')})" if party else f"for anybody ({status.replace('_', ' ')})"
    return f"the agreement is not in force {who}", by.get(status, terms.entry.clause), IN_FORCE


def _terminated(charter: Charter) -> bool:
    """Did the agreement end by termination, and not because too few were left?"""
    return charter.state == "ended" and bool(charter.standing.consents)


def _no(reason: str, *clauses: str) -> Ruling:
    return Ruling(False, tuple(dict.fromkeys(clauses)), reason)
