"""The life of an agreement and of each party's membership: two tables, their prose first.

An agreement begins as a *draft*. A party proposes it; the founding parties sign it, and when the last has signed it is
*signed*. Until it enters into force a party may take its signature back. Entry into force makes every signatory a party
*in force*. Parties that the text names but that did not found it stand *outside* until they accede.

A party in force may suspend its membership at once, and resume it. It may withdraw at any time: it is *leaving* while
its notice runs (with no notice, no time at all), still bound unless it has also suspended; it may take the notice back
until the notice has run out; then it has *withdrawn*, and may accede anew where the text has accession. Nobody else's
act is needed, and nobody else's act can stop it.

Parties may terminate the agreement where the text says how: by the act of any of them, or of all. It is *ending* while
notice runs, then *ended* for everyone still bound. It also ends when fewer parties are left than it needs. Nothing
leaves *ended*.

Acts are done by people. Events follow from acts and time: `all_signed`, `depart` (a notice has run out), `end_agreed`
(enough parties have terminated), `expire` (that notice has run out), `lapse` (too few are left), `end` (to a member).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from skyaccord.agreement.terms import Act, Agreement, Terms
from skyaccord.errors import IllegalMove

# act -> the provision of the terms that allows it
ACTS = {
    "propose": "entry",
    "sign": "entry",
    "enter_into_force": "entry",
    "accede": "accession",
    "suspend": "suspension",
    "resume": "suspension",
    "withdraw": "withdrawal",
    "revoke_notice": "withdrawal",
    "terminate": "termination",
}

# state of the agreement -> act or event -> next state
AGREEMENT: dict[str, dict[str, str]] = {
    "draft": {"propose": "proposed"},
    "proposed": {"sign": "proposed", "withdraw": "proposed", "all_signed": "signed"},
    "signed": {"enter_into_force": "in_force", "withdraw": "proposed"},
    "in_force": {
        "accede": "in_force",
        "suspend": "in_force",
        "resume": "in_force",
        "withdraw": "in_force",
        "revoke_notice": "in_force",
        "depart": "in_force",
        "terminate": "in_force",
        "end_agreed": "ending",
        "lapse": "ended",
    },
    "ending": {
        "suspend": "ending",
        "resume": "ending",
        "withdraw": "ending",
        "revoke_notice": "ending",
        "depart": "ending",
        "expire": "ended",
        "lapse": "ended",
    },
    "ended": {},
}

# status of a party -> its act, or an event -> next status
MEMBERSHIP: dict[str, dict[str, str]] = {
    "named": {"propose": "named", "sign": "signed"},
    "outside": {"accede": "in_force"},
    "signed": {"enter_into_force": "in_force", "withdraw": "named"},
    "in_force": {"suspend": "suspended", "withdraw": "leaving", "terminate": "in_force", "end": "ended"},
    "suspended": {"resume": "in_force", "withdraw": "leaving_suspended", "terminate": "suspended", "end": "ended"},
    "leaving": {
        "suspend": "leaving_suspended",
        "revoke_notice": "in_force",
        "terminate": "leaving",
        "depart": "withdrawn",
        "end": "ended",
    },
    "leaving_suspended": {
        "resume": "leaving",
        "revoke_notice": "suspended",
        "terminate": "leaving_suspended",
        "depart": "withdrawn",
        "end": "ended",
    },
    "withdrawn": {"accede": "in_force"},
    "ended": {},
}

OPERATIVE = frozenset({"in_force", "ending"})  # states of an agreement that has effect
ACTIVE = frozenset({"in_force", "leaving"})  # statuses that give and receive
BOUND = frozenset({"in_force", "leaving", "suspended", "leaving_suspended"})  # statuses that count as parties


@dataclass(frozen=True)
class Membership:
    """Where one party stands."""

    party: str
    status: str  # MEMBERSHIP
    since_s: float
    leaves_s: float = math.inf  # when its notice runs out


@dataclass(frozen=True)
class Standing:
    """Where the agreement and every party stand."""

    state: str  # AGREEMENT
    since_s: float
    members: tuple[Membership, ...]  # in the order of the file
    consents: frozenset[str] = frozenset()  # parties that have terminated
    ends_s: float = math.inf  # when the notice of termination runs out

    def member(self, party: str) -> Membership:
        """The membership of `party`. Raises KeyError."""
        for member in self.members:
            if member.party == party:
                return member
        raise KeyError(party)

    @property
    def due_s(self) -> float:
        """When the next notice runs out."""
        return min(self.ends_s, *(m.leaves_s for m in self.members))


def beginning(terms: Terms) -> Standing:
    """A draft that nobody has touched."""
    members = tuple(Membership(p.id, "named" if p.founding else "outside", -math.inf) for p in terms.parties)
    return Standing("draft", -math.inf, members)


def standing(agreement: Agreement, time_s: float) -> Standing:
    """Where everything stands at `time_s`, that instant included: a fold of the acts and of the notices run out."""
    now = beginning(agreement.terms)
    for act in agreement.acts:
        if not act.time_s <= time_s:
            break
        now = advance(agreement.terms, now, act)
    return _until(agreement.terms, now, time_s)


def advance(terms: Terms, now: Standing, act: Act) -> Standing:
    """The standing after `act`. Raises IllegalMove, naming the act, the party and where they stand."""
    now = _until(terms, now, act.time_s)
    why = obstacle(now, act.kind, act.party)
    if why:
        raise IllegalMove(why)
    now = _enter(now, AGREEMENT[now.state][act.kind], act.time_s)
    if act.kind == "enter_into_force":
        now = _tell(now, "enter_into_force", act.time_s)
    else:
        now = _move(now, act.party, act.kind, act.time_s)
    if act.kind == "withdraw" and now.member(act.party).status in BOUND:
        now = _set_leave(now, act.party, act.time_s + terms.withdrawal.notice_s)
    elif act.kind == "revoke_notice":
        now = _set_leave(now, act.party, math.inf)
    elif act.kind == "terminate":
        now = replace(now, consents=now.consents | {act.party})
    return _until(terms, _settle(terms, now, act.time_s), act.time_s)


def obstacle(now: Standing, kind: str, party: str) -> str:
    """Why `party` cannot do `kind` where things stand; empty where it can."""
    if kind not in ACTS:
        return f"{kind!r} is no act; acts are {', '.join(ACTS)}"
    if kind not in AGREEMENT[now.state]:
        return f"{kind} by {party}: an agreement that is {_words(now.state)} has no such step"
    status = now.member(party).status
    if kind not in MEMBERSHIP[status]:
        return f"{kind} by {party}: a party that is {_words(status)} has no such step"
    if kind == "terminate" and party in now.consents:
        return f"terminate by {party}: it has already done so"
    return ""


def _until(terms: Terms, now: Standing, time_s: float) -> Standing:
    """Let every notice that runs out by `time_s` take effect, in order; at one instant, parties first."""
    while now.due_s <= time_s:
        due_s = now.due_s
        leaver = next((m.party for m in now.members if m.leaves_s == due_s), None)
        if leaver is None:
            now = _end(now, "expire", due_s)
            continue
        now = _enter(now, AGREEMENT[now.state]["depart"], due_s)
        now = _set_leave(_move(now, leaver, "depart", due_s), leaver, math.inf)
        now = _settle(terms, now, due_s)
    return now


def _settle(terms: Terms, now: Standing, time_s: float) -> Standing:
    """What follows at once from where the parties stand."""
    bound = {m.party for m in now.members if m.status in BOUND}
    if now.state == "proposed" and all(m.status in ("signed", "outside") for m in now.members):
        return _enter(now, AGREEMENT["proposed"]["all_signed"], time_s)
    if now.state in OPERATIVE and len(bound) < terms.least_parties:
        return _end(now, "lapse", time_s)
    if now.state == "in_force" and terms.termination is not None:
        agreed = now.consents & bound
        if agreed == bound or (agreed and terms.termination.by == "any party"):
            ending = _enter(now, AGREEMENT["in_force"]["end_agreed"], time_s)
            return replace(ending, ends_s=time_s + terms.termination.notice_s)
    return now


def _enter(now: Standing, state: str, time_s: float) -> Standing:
    return now if state == now.state else replace(now, state=state, since_s=time_s)


def _end(now: Standing, event: str, time_s: float) -> Standing:
    """Over for everyone still bound; no notice runs on."""
    over = _tell(_enter(now, AGREEMENT[now.state][event], time_s), "end", time_s)
    members = tuple(replace(m, leaves_s=math.inf) for m in over.members)
    return replace(over, members=members, ends_s=math.inf)


def _tell(now: Standing, event: str, time_s: float) -> Standing:
    """An event to every member whose status knows it."""
    for member in now.members:
        if event in MEMBERSHIP[member.status]:
            now = _move(now, member.party, event, time_s)
    return now


def _move(now: Standing, party: str, event: str, time_s: float) -> Standing:
    member = now.member(party)
    status = MEMBERSHIP[member.status][event]
    if status == member.status:
        return now
    return _put(now, replace(member, status=status, since_s=time_s))


def _set_leave(now: Standing, party: str, leaves_s: float) -> Standing:
    return _put(now, replace(now.member(party), leaves_s=leaves_s))


def _put(now: Standing, member: Membership) -> Standing:
    return replace(now, members=tuple(member if m.party == member.party else m for m in now.members))


def _words(state: str) -> str:
    return state.replace("_", " ")
