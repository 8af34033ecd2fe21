"""Scene: what a window shows that changes rarely, as plain JSON in degrees. The keys are listed in docs/console.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skyaccord.agreement import Charter
from skyaccord.columns import F8
from skyaccord.record import Entry


def scene(
    law: Charter,
    party: str,
    *,
    title: str,
    kind: str,
    sensors: Sequence[Mapping[str, Any]],
    links: Sequence[Mapping[str, Any]],
    captions: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """One party's scene under a charter; `sensors` carry name, party, lat, lon, rings; a cut-off party's are dead."""
    agreed = len(law.parties) > 1  # one party by itself has no status under anything
    cut_off = {link["party"] for link in links if link["state"] == "withdrawn"}
    return {
        "title": title,
        "kind": kind,
        "party": party,
        "parties": [{"id": p.id, "name": p.name, "status": p.status if agreed else ""} for p in law.parties],
        "areas": [
            {
                "name": zone.name,
                "ring": degrees(zone.area.ring),
                "floor_m": finite(zone.area.floor_m),
                "ceiling_m": finite(zone.area.ceiling_m),
                "territory_of": zone.territory_of,
                "clause": zone.clause,
            }
            for zone in law.zones
        ],
        "sensors": [{**sensor, "alive": sensor["party"] not in cut_off} for sensor in sensors],
        "posts": [
            {
                "id": post.id,
                "title": post.title,
                "party": post.party,
                "vacant": post.vacant,
                "powers": [
                    {"power": g.power, "verbs": list(g.verbs), "area": ", ".join(g.zones), "clause": g.clause}
                    for g in law.grants
                    if g.post == post.id
                ],
            }
            for post in law.posts
        ],
        "clauses": dict(law.clauses),
        "links": [dict(link) for link in links],
        "releases": [
            {
                "owner": release.owner,
                "to": ", ".join(release.to),
                "text": f"{', '.join(release.kinds)} in {', '.join(release.zones) or 'every area'}",
                "clause": release.clause,
            }
            for release in law.releases
        ],
        "captions": [dict(caption) for caption in captions],
        "agreement": {"title": law.title, "state": law.state if agreed else "none"},
    }


def degrees(ring: F8) -> list[list[float]]:
    """(V, 2) radians as pairs of degrees, to a decimetre."""
    pairs: list[list[float]] = np.round(np.degrees(ring), 6).tolist()
    return pairs


def finite(value: float) -> float | None:
    """JSON knows no infinity: None stands for it."""
    return value if np.isfinite(value) else None


def told(entry: Entry) -> dict[str, Any]:
    """A log entry as a window tells it: one line of words, who, and the clauses."""
    body = entry.body
    post, clauses = "", list(body.get("clauses") or ())
    match entry.kind:
        case "alert":
            text = f"{body['id']} {body['state']}: {body['text']}"
        case "task":
            text = f"{body['id']} {body['verb']}: {body['state']}" + (
                f", authority {body['authority']}" if body["authority"] else ", no post has authority there"
            )
        case "decision":
            post, text = body["post"], f"{body['move']} {body['task']}"
        case "refusal":
            post, text = body["who"], f"refused: {body.get('move', '')} {body['what']}: {body['reason']}"
        case "act":
            post, text = body["post"], f"act of {body['party']}: {body['kind']} {body['reason']}".rstrip()
        case "link":
            text = f"link to {body['party']}: {body['state']}"
        case _:
            text = str(body.get("text", ""))
    if post and entry.kind == "decision" and body.get("scripted"):
        post += " (scripted)"
    return {
        "number": entry.n,
        "time_s": entry.time_s,
        "kind": entry.kind,
        "post": post,
        "text": text,
        "clauses": clauses,
        "hash": entry.hash,
    }
