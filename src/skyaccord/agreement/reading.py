"""An agreement's file, TOML, read into terms and acts. docs/agreement.md explains every key."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from skyaccord.agreement.acts import add_act
from skyaccord.agreement.clauses import HOUSE_CLAUSES, ID_BYTES
from skyaccord.agreement.lifecycle import ACTS
from skyaccord.agreement.table import Document, Table
from skyaccord.agreement.terms import (
    KINDS,
    RELATIONS,
    SHARED_DATA,
    TERMINATION_BY,
    Act,
    Agreement,
    Grant,
    Post,
    Provision,
    Release,
    Signatory,
    Termination,
    Terms,
    Withdrawal,
    Zone,
)
from skyaccord.agreement.words import POWERS, TASK_VERBS, AirClass, Identity
from skyaccord.earth.areas import build_area
from skyaccord.errors import AgreementError, IllegalMove, Refused

DAY_S = 86_400.0
EVERYWHERE = "everywhere"
PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

TABLES = ("party", "post", "area", "grant", "release", "withhold", "act")
SECTIONS = ("clauses", "term", "entry", "accession", "suspension", "withdrawal", "termination")


def parse(text: str, name: str) -> Agreement:
    """Read an agreement; `name` is its file's, for messages.

    Raises AgreementError, in one sentence with file, line and table, for whatever is missing, unknown or contradicts
    itself, and for acts that the agreement's own clauses or life cycle do not allow.
    """
    document = Document(text, name)
    top = document.top()
    short, title = top.text("name"), top.text("title")
    _plain(top, "name", short)
    top.asked.update(TABLES + SECTIONS)
    top.finish()
    clauses = _clauses(document)
    parties = _parties(document)
    posts = _posts(document, parties)
    zones = _zones(document, parties, clauses)
    withdrawal = _withdrawal(document, clauses)
    terms = Terms(
        file=name,
        name=short,
        title=title,
        parties=parties,
        posts=posts,
        zones=zones,
        clauses=clauses,
        grants=_grants(document, posts, zones, clauses),
        releases=tuple(_release(t, parties, zones, clauses) for t in document.tables("release")),
        withholdings=tuple(_release(t, parties, zones, clauses) for t in document.tables("withhold")),
        duration=_duration(document, clauses),
        least_parties=_least(document, parties),
        entry=_needed(_provision(document, "entry", clauses), document, "entry"),
        withdrawal=withdrawal,
        accession=_provision(document, "accession", clauses),
        suspension=_provision(document, "suspension", clauses),
        termination=_termination(document, clauses),
    )
    return _acts(document, terms)


def _clauses(document: Document) -> dict[str, str]:
    table = document.table("clauses")
    if table is None or not table.values:
        raise AgreementError(f'{document.name}: no clauses; write [clauses] with lines such as "Art. 1" = "..."')
    for key in table.values:
        if not key or not key.isascii() or not key.isprintable() or len(key) > ID_BYTES:
            table.fail(f"clause {key!r}: its name is 1 to {ID_BYTES} plain ASCII characters", key)
        if key in HOUSE_CLAUSES:
            table.fail(
                f"clause {key!r} is a clause of the house and holds under every agreement; use another name", key
            )
        table.text(key)
    return dict(table.values)


def _parties(document: Document) -> tuple[Signatory, ...]:
    parties: list[Signatory] = []
    for table in document.tables("party"):
        party = Signatory(
            id=_new_id(table, [p.id for p in parties], "party"),
            name=table.text("name"),
            relation=table.text("relation", "member", RELATIONS),
            government=table.text("government"),
            founding=table.flag("founding", True),
        )
        table.finish()
        parties.append(party)
    if len([p for p in parties if p.founding]) < 2:
        raise AgreementError(f"{document.name}: an agreement has at least two founding parties, one [[party]] each")
    if len(parties) > 64:
        raise AgreementError(f"{document.name}: {len(parties)} parties; a picture's column of sources holds 64")
    return tuple(parties)


def _posts(document: Document, parties: tuple[Signatory, ...]) -> tuple[Post, ...]:
    posts: list[Post] = []
    for table in document.tables("post"):
        post = Post(
            id=_new_id(table, [p.id for p in posts], "post"),
            title=table.text("title"),
            party=_party(table, "party", parties) if table.has("party") else "",
            vacant=table.flag("vacant", False),
        )
        table.asked.add("party")
        table.finish()
        posts.append(post)
    for table, party in zip(document.tables("party"), parties, strict=True):
        government = next((p for p in posts if p.id == party.government), None)
        if government is None:
            table.fail(f"post {party.government!r} is not among the posts {_names(posts)}", "government")
        if government.party != party.id:
            whose = government.party or "all parties"
            table.fail(f"its government {government.id!r} is a post of {whose}, not of it", "government")
    return tuple(posts)


def _zones(document: Document, parties: tuple[Signatory, ...], clauses: dict[str, str]) -> tuple[Zone, ...]:
    zones: list[Zone] = []
    for table in document.tables("area"):
        name = _new_id(table, [z.name for z in zones], "area")
        clause = _clause(table, clauses)
        owner = _party(table, "territory_of", parties) if table.has("territory_of") else ""
        limits = {
            "floor_m": table.number("floor_m", -math.inf),
            "ceiling_m": table.number("ceiling_m", math.inf),
            "start_s": table.moment("from", -math.inf),
            "end_s": table.moment("until", math.inf),
        }
        if owner and any(math.isfinite(limit) for limit in limits.values()):
            table.fail(f"area {name!r} is the territory of {owner}: it has no floor, ceiling or dates", "territory_of")
        ring = np.radians(np.array(table.points("polygon"), float).reshape(-1, 2))
        try:
            area = build_area(name, ring, **limits)
        except ValueError as error:
            table.fail(f"{error} (clause '{clause}')", "polygon")
        zones.append(Zone(name, table.text("title", name), area, owner, clause))
        table.asked.update(("territory_of", "from", "until"))
        table.finish()
    return tuple(zones)


def _grants(
    document: Document, posts: tuple[Post, ...], zones: tuple[Zone, ...], clauses: dict[str, str]
) -> tuple[Grant, ...]:
    grants: list[Grant] = []
    for table in document.tables("grant"):
        post = table.text("post")
        if post not in [p.id for p in posts]:
            table.fail(f"post {post!r} is not among the posts {_names(posts)}", "post")
        grants.append(
            Grant(
                post=post,
                power=table.text("power", None, POWERS),
                verbs=table.texts("verbs", TASK_VERBS, "all", "task", "all"),
                zones=table.texts("areas", [z.name for z in zones], "all", "area"),
                clause=_clause(table, clauses),
                where=table.label,
            )
        )
        table.finish()
    return tuple(grants)


def _release(table: Table, parties: tuple[Signatory, ...], zones: tuple[Zone, ...], clauses: dict[str, str]) -> Release:
    owner = _party(table, "owner", parties)
    others = [p.id for p in parties if p.id != owner]
    if table.values.get("to") == owner:
        table.fail(f"{owner} is both owner and receiver; a party always has its own records", "to")
    floor_m, ceiling_m = table.number("floor_m", -math.inf), table.number("ceiling_m", math.inf)
    if not floor_m < ceiling_m:
        table.fail(f"its floor, {floor_m:g} m, is not below its ceiling, {ceiling_m:g} m", "floor_m")
    everywhere = table.values.get("areas") == EVERYWHERE
    table.asked.add("areas")
    sigma_max_m = math.inf
    if table.label.startswith("[[release]]"):
        sigma_max_m = table.number("sigma_max_m", math.inf, 0.0, math.inf)
    release = Release(
        owner=owner,
        to=_receivers(table, parties, others),
        kinds=table.texts("kinds", KINDS, "all", "kind"),
        zones=() if everywhere else table.texts("areas", [z.name for z in zones], "all", "area"),
        floor_m=floor_m,
        ceiling_m=ceiling_m,
        classes=_codes(table, "classes", {c.name.lower().replace("_", " "): c.value for c in AirClass}, "class"),
        identities=_codes(
            table, "identities", {i.name.lower().replace("_", " "): i.value for i in Identity}, "identity"
        ),
        sigma_max_m=sigma_max_m,
        clause=_clause(table, clauses),
        where=table.label,
    )
    table.finish()
    return release


def _receivers(table: Table, parties: tuple[Signatory, ...], others: list[str]) -> tuple[str, ...]:
    if table.values.get("to") == "all":
        table.asked.add("to")
        return tuple(others)
    receivers = table.texts("to", [p.id for p in parties], "all", "party")
    if len(receivers) > len([r for r in receivers if r in others]):
        table.fail("its owner is among the receivers; a party always has its own records", "to")
    return receivers


def _codes(table: Table, key: str, codes: dict[str, int], noun: str) -> tuple[int, ...]:
    return tuple(codes[word] for word in table.texts(key, list(codes), "all", noun, "all"))


def _provision(document: Document, name: str, clauses: dict[str, str]) -> Provision | None:
    table = document.table(name)
    if table is None:
        return None
    provision = Provision(_clause(table, clauses))
    table.finish()
    return provision


def _needed(provision: Provision | None, document: Document, name: str) -> Provision:
    if provision is None:
        raise AgreementError(f"{document.name}: [{name}] is missing; it names the clause on it")
    return provision


def _duration(document: Document, clauses: dict[str, str]) -> Provision:
    table = document.table("term")
    if table is None:
        raise AgreementError(
            f"{document.name}: [term] is missing; it says how long the agreement holds, and by which clause"
        )
    table.text("duration", None, ("unlimited",))
    provision = Provision(_clause(table, clauses))
    table.asked.add("least_parties")
    table.finish()
    return provision


def _least(document: Document, parties: tuple[Signatory, ...]) -> int:
    table = document.table("term")
    least = table.number("least_parties", 2.0, 2.0, float(len(parties))) if table else 2.0
    if table and least != int(least):
        table.fail(f"least_parties is {least}; it is a whole number", "least_parties")
    return int(least)


def _withdrawal(document: Document, clauses: dict[str, str]) -> Withdrawal:
    table = document.table("withdrawal")
    if table is None:
        raise AgreementError(
            f"{document.name}: [withdrawal] is missing; it says how a party leaves and what becomes of what it shared"
        )
    shared_data = table.text("shared_data", None, SHARED_DATA)
    if table.has("keep_days") != (shared_data == "keep until"):
        table.fail("keep_days goes with shared_data = 'keep until', and only with it", "keep_days")
    keep_s = math.inf if shared_data == "keep" else 0.0
    if shared_data == "keep until":
        keep_s = DAY_S * table.number("keep_days", None, 0.0, 36_525.0)
    notice_s = DAY_S * table.number("notice_days", 0.0, 0.0, 3_653.0)
    withdrawal = Withdrawal(_clause(table, clauses), notice_s, shared_data, keep_s)
    table.asked.add("keep_days")
    table.finish()
    return withdrawal


def _termination(document: Document, clauses: dict[str, str]) -> Termination | None:
    table = document.table("termination")
    if table is None:
        return None
    notice_s = DAY_S * table.number("notice_days", 0.0, 0.0, 3_653.0)
    termination = Termination(_clause(table, clauses), notice_s, table.text("by", None, TERMINATION_BY))
    table.finish()
    return termination


def _acts(document: Document, terms: Terms) -> Agreement:
    agreement = Agreement(terms)
    for table in document.tables("act"):
        kind = table.text("kind", None, tuple(ACTS))
        party = _party(table, "party", terms.parties)
        government = next(p.government for p in terms.parties if p.id == party)
        act = Act(kind, party, table.text("post", government), table.moment("at"), table.text("reason", ""))
        table.finish()
        try:
            agreement = add_act(agreement, act)
        except (Refused, IllegalMove) as error:
            table.fail(f"this act cannot be: {error}")
    return agreement


def _new_id(table: Table, taken: Sequence[str], noun: str) -> str:
    name = table.text("id")
    _plain(table, "id", name)
    if name in taken:
        table.fail(f"{noun} {name!r} is defined twice; it is already [[{noun}]] {taken.index(name) + 1}", "id")
    return name


def _plain(table: Table, key: str, name: str) -> None:
    if not PLAIN_ID.fullmatch(name) or len(name) > ID_BYTES:
        table.fail(f"{key} is {name!r}; it is 1 to {ID_BYTES} letters, digits, '.', '-' and '_'", key)


def _party(table: Table, key: str, parties: tuple[Signatory, ...]) -> str:
    party = table.text(key)
    if party not in [p.id for p in parties]:
        table.fail(f"party {party!r} is not among the parties {_names(parties)}", key)
    return party


def _clause(table: Table, clauses: dict[str, str]) -> str:
    clause = table.text("clause")
    if clause not in clauses:
        table.fail(f"clause {clause!r} is not among [clauses]: {', '.join(clauses)}", "clause")
    return clause


def _names(things: Sequence[Signatory] | Sequence[Post]) -> str:
    return ", ".join(thing.id for thing in things) or "none at all"
