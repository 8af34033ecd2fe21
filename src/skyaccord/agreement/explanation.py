"""The whole agreement written out for a reader: Markdown, every sentence with its clause."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from skyaccord.agreement.charter import Charter, charter
from skyaccord.agreement.checks import check, date
from skyaccord.agreement.clauses import HOUSE_CLAUSES
from skyaccord.agreement.terms import Agreement, Grant, Release, Terms, Zone
from skyaccord.agreement.words import TASK_VERBS, AirClass, Identity
from skyaccord.earth.areas import size_m2

DAY_S = 86_400.0

POWER_WORDS = {
    "coordinate": "coordinates",
    "manage": "manages joint actions",
    "approve": "approves or refuses tasks",
    "observe": "observes",
}


def explain(agreement: Agreement, time_s: float | None = None) -> str:
    """Write the agreement out as Markdown, as it stands at `time_s` (by default at its newest act)."""
    law = charter(agreement, agreement.last_time_s if time_s is None else time_s)
    parts = (_heading, _parties, _posts, _areas, _powers, _releases, _term, _history, _clauses, _findings)
    return "\n\n".join("\n".join(part(law)) for part in parts) + "\n"


def _heading(law: Charter) -> Iterable[str]:
    yield f"# {law.title}"
    yield ""
    when = "before any act" if math.isinf(law.time_s) else f"on {date(law.time_s)}"
    yield f"As it stands {when}, the agreement is **{_words(law.state)}**. Clauses are cited in brackets."
    if math.isfinite(law.until_s):
        yield f"The next change known today comes on {date(law.until_s)}."


def _parties(law: Charter) -> Iterable[str]:
    yield "## Parties"
    yield ""
    yield "| party | name | relation | status | since | bound by the acts of |"
    yield "|---|---|---|---|---|---|"
    for party in law.parties:
        since = "" if math.isinf(party.since_s) else date(party.since_s)
        status = _words(party.status)
        yield f"| {party.id} | {party.name} | {party.relation} | {status} | {since} | {party.government} |"


def _posts(law: Charter) -> Iterable[str]:
    yield "## Posts"
    yield ""
    yield "| post | title | of | held |"
    yield "|---|---|---|---|"
    for post in law.posts:
        yield f"| {post.id} | {post.title} | {post.party or 'all parties'} | {'**vacant**' if post.vacant else 'yes'} |"


def _areas(law: Charter) -> Iterable[str]:
    yield "## Areas"
    yield ""
    if not law.zones:
        yield "The agreement describes no area."
        return
    yield "| area | what it is | size, extent | heights, times | clause |"
    yield "|---|---|---|---|---|"
    for zone in law.zones:
        what = f"{zone.title}; territory of {zone.territory_of}" if zone.territory_of else zone.title
        yield f"| {zone.name} | {what} | {_extent(zone)} | {_limits(zone)} | {zone.clause} |"


def _powers(law: Charter) -> Iterable[str]:
    yield "## Who may do what"
    yield ""
    for post in law.posts:
        grants = [grant for grant in law.grants if grant.post == post.id]
        vacant = ", but nobody holds it" if post.vacant and grants else ""
        if grants:
            yield f"- **{post.id}** ({post.title}){vacant}:"
            yield from (f"  - {_power(grant)} ({grant.clause})" for grant in grants)
    yield ""
    yield "The law follows the place of the target. In a territory only its own party's posts decide, and its"
    yield "government always may; this holds also without the agreement (Sovereignty). Elsewhere nobody decides"
    yield "unless a line above says so (Default deny)."


def _power(grant: Grant) -> str:
    tasks = "" if set(grant.verbs) == set(TASK_VERBS) else f", for {_list(grant.verbs)}"
    return f"{POWER_WORDS[grant.power]} in {_list(grant.zones)}{tasks}"


def _releases(law: Charter) -> Iterable[str]:
    yield "## Who shows what to whom"
    yield ""
    for owner in law.parties:
        given = [release for release in law.releases if release.owner == owner.id]
        kept = [release for release in law.withholdings if release.owner == owner.id]
        state = "" if law.in_force(owner.id) else f" (nothing now: {owner.id} is {_words(owner.status)})"
        yield f"- **{owner.id}**{state}" + ("" if given else " shows nothing to anybody (Default deny)")
        yield from (f"  - shows {_records(release)} to {_list(release.to)} ({release.clause})" for release in given)
        yield from (
            f"  - but keeps from {_list(release.to)} {_records(release)} ({release.clause})" for release in kept
        )
    yield ""
    yield "Everything else stays with its owner (Default deny); what one party received it does not pass on."


def _records(release: Release) -> str:
    """`tracks of drones and missiles in 'region' from 400 m`."""
    parts = [_list(release.kinds)]
    if len(release.classes) < len(AirClass):
        parts.append(f"of class {_list(_words(AirClass(c).name.lower()) for c in release.classes)}")
    if len(release.identities) < len(Identity):
        parts.append(f"identified as {_list(_words(Identity(i).name.lower()) for i in release.identities)}")
    parts.append(f"in {_list(release.zones)}" if release.zones else "everywhere")
    if release.floor_m > -math.inf:
        parts.append(f"from {release.floor_m:,.0f} m")
    if release.ceiling_m < math.inf:
        parts.append(f"below {release.ceiling_m:,.0f} m")
    if release.sigma_max_m < math.inf:
        parts.append(f"known to {release.sigma_max_m:,.0f} m or better")
    return " ".join(parts)


def _term(law: Charter) -> Iterable[str]:
    terms = law.terms
    yield "## How long, and how it ends"
    yield ""
    yield f"- The term is unlimited ({terms.duration.clause})."
    leave = terms.withdrawal
    yield (
        f"- Each party may withdraw at any time, by the act of its own post alone; it takes effect "
        f"{_after(leave.notice_s)} ({leave.clause}; Sovereignty)."
    )
    yield f"- {_shared(terms)} ({leave.clause})."
    if terms.suspension:
        yield f"- Each party may suspend at once, and resume ({terms.suspension.clause})."
    if terms.termination:
        by = "any party" if terms.termination.by == "any party" else "all parties together"
        after = _after(terms.termination.notice_s)
        yield f"- It is ended for all by {by}, {after} ({terms.termination.clause})."
    yield f"- It ends by itself when fewer than {terms.least_parties} parties are left ({leave.clause})."
    if terms.accession:
        yield f"- Parties that did not found it, and parties that have left, may accede ({terms.accession.clause})."


def _shared(terms: Terms) -> str:
    leave = terms.withdrawal
    start = "From the instant at which it takes effect no record passes and none is shown"
    if leave.shared_data == "keep":
        return f"{start}; what was received before may be kept"
    if leave.shared_data == "purge":
        return f"{start}; what was received before is purged at once"
    return f"{start}; what was received before may be kept for {leave.keep_s / DAY_S:g} days, then is purged"


def _history(law: Charter) -> Iterable[str]:
    yield "## What was done"
    yield ""
    if not law.agreement.acts:
        yield "Nothing yet."
        return
    yield "| when | act | party | by | reason |"
    yield "|---|---|---|---|---|"
    for act in law.agreement.acts:
        later = "" if act.time_s <= law.time_s else " (to come)"
        yield f"| {date(act.time_s)}{later} | {_words(act.kind)} | {act.party} | {act.post} | {act.reason} |"


def _clauses(law: Charter) -> Iterable[str]:
    yield "## Clauses"
    yield ""
    for name, text in law.terms.clauses.items():
        yield f"- **{name}**: {text}"
    yield ""
    yield "And under every agreement:"
    yield ""
    for name, text in HOUSE_CLAUSES.items():
        yield f"- **{name}**: {text}"


def _findings(law: Charter) -> Iterable[str]:
    yield "## What a check finds"
    yield ""
    findings = check(law.agreement)
    if not findings:
        yield "Nothing."
    for finding in findings:
        cited = f" ({'; '.join(finding.clauses)})" if finding.clauses else ""
        yield f"- {finding.severity}: {finding.text}{cited}"


def _extent(zone: Zone) -> str:
    low, high = np.degrees(zone.area.ring.min(axis=0)), np.degrees(zone.area.ring.max(axis=0))
    return (
        f"{size_m2(zone.area) / 1e6:,.0f} km2, latitude {low[0]:.2f} to {high[0]:.2f}, "
        f"longitude {low[1]:.2f} to {high[1]:.2f}, {len(zone.area.ring)} points"
    )


def _limits(zone: Zone) -> str:
    area, parts = zone.area, []
    if area.floor_m > -math.inf:
        parts.append(f"from {area.floor_m:,.0f} m")
    if area.ceiling_m < math.inf:
        parts.append(f"below {area.ceiling_m:,.0f} m")
    if area.start_s > -math.inf:
        parts.append(f"from {date(area.start_s)}")
    if area.end_s < math.inf:
        parts.append(f"until {date(area.end_s)}")
    return ", ".join(parts) or "all"


def _after(notice_s: float) -> str:
    return "at once" if notice_s == 0 else f"{notice_s / DAY_S:g} days after notice"


def _list(words: Iterable[str]) -> str:
    items = list(words)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _words(state: str) -> str:
    return state.replace("_", " ")
