"""What a text leaves open or contradicts, before anybody signs it.

Areas are cut exactly: the heights and times at which any area begins or ends divide the air into cells, and within a
cell polygons are joined and subtracted. Nothing is sampled. What is smaller than `SLIVER_KM2` is passed over.
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from skyaccord.agreement.authority import DECIDING
from skyaccord.agreement.clauses import SOVEREIGNTY, VACANCY
from skyaccord.agreement.terms import Agreement, Grant, Release, Terms, Zone
from skyaccord.agreement.words import TASK_VERBS
from skyaccord.earth.areas import Area
from skyaccord.earth.wgs84 import gaussian_radius

SLIVER_KM2 = 0.01
SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing to mend, or to know."""

    severity: str  # SEVERITIES
    text: str
    clauses: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """A slab of heights and a span of times in which no area begins or ends."""

    floor_m: float
    ceiling_m: float
    start_s: float
    end_s: float


@dataclass(frozen=True, eq=False)
class Patch:
    """A part of the map, in the cells and for the tasks for which it is the same."""

    shape: Any
    cells: tuple[Cell, ...]
    verbs: tuple[str, ...]


def check(agreement: Agreement) -> tuple[Finding, ...]:
    """Everything found, errors first; each finding names its clauses."""
    terms = agreement.terms
    found = [finding for look in CHECKS for finding in look(terms)]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def size_km2(shape: Any) -> float:
    """Surface of a shape drawn in radians (longitude, latitude), on the sphere of its middle: good to 1 %."""
    if shape.is_empty:
        return 0.0
    radius_km = float(gaussian_radius(shape.centroid.y)) / 1000
    flat = shapely.transform(shape, lambda xy: np.column_stack([xy[:, 0], np.sin(xy[:, 1])]))
    return float(flat.area) * radius_km**2


def _claims_on_territory(terms: Terms) -> Iterable[Finding]:
    """Grants that would decide in another's territory: without effect there, by sovereignty."""
    for grant in terms.grants:
        post = terms.post(grant.post)
        if grant.power not in DECIDING or post is None:
            continue
        for land in terms.zones:
            if land.territory_of in ("", post.party):
                continue
            abroad = shapely.intersection(land.area.polygon, _foreign(terms, post.party))
            shape = shapely.intersection(_union(terms, grant.zones), abroad)
            if size_km2(shape) > SLIVER_KM2:
                text = (
                    f"{grant.where} would let {grant.post} {grant.power} in {_place(shape)} of '{land.name}', the "
                    f"territory of {land.territory_of}, where only its own posts decide: there it has no effect"
                )
                yield Finding("error", text, (SOVEREIGNTY, grant.clause, land.clause))


def _disputes(terms: Terms) -> Iterable[Finding]:
    """Stretches that two parties claim."""
    for one, other, shape in _claimed_twice(terms):
        text = (
            f"{_place(shape)} is claimed by {one.territory_of} ('{one.name}') and by {other.territory_of} "
            f"('{other.name}'): nobody has the authority there for both"
        )
        yield Finding("error", text, tuple(dict.fromkeys((one.clause, other.clause, SOVEREIGNTY))))


def _overlapping_managers(terms: Terms) -> Iterable[Finding]:
    """Places with two managers for one task."""
    managers = [grant for grant in terms.grants if grant.power == "manage"]
    disputed = shapely.union_all([shape for _, _, shape in _claimed_twice(terms)])
    for one, other in itertools.combinations(managers, 2):
        verbs = tuple(verb for verb in one.verbs if verb in other.verbs)
        if one.post == other.post or not verbs:
            continue

        def both(cell: Cell, verb: str, one: Grant = one, other: Grant = other) -> Any:
            shape = shapely.intersection(_reach(terms, [one], cell, verb), _reach(terms, [other], cell, verb))
            return shapely.difference(shape, disputed)

        for patch in _patches(terms, verbs, both):
            text = f"{one.post} ({one.where}) and {other.post} ({other.where}) both manage {_describe(patch)}"
            yield Finding("error", text, tuple(dict.fromkeys((one.clause, other.clause))))


def _unmanaged_territory(terms: Terms) -> Iterable[Finding]:
    """Parts of a territory that no grant puts under a manager."""
    for land in [zone for zone in terms.zones if zone.territory_of]:
        managers = [g for g in terms.grants if g.power == "manage"]

        def left(cell: Cell, verb: str, land: Zone = land, managers: list[Grant] = managers) -> Any:
            return shapely.difference(land.area.polygon, _reach(terms, managers, cell, verb))

        for patch in _patches(terms, TASK_VERBS, left):
            party = terms.party(land.territory_of)
            text = f"nobody manages {_describe(patch)} in '{land.name}', the territory of {land.territory_of}"
            text += f"; it stays with {party.government}" if party else ""
            yield Finding("error", text, (land.clause, SOVEREIGNTY))


def _impossible_approvals(terms: Terms) -> Iterable[Finding]:
    """Places under a manager, or in a territory, where nobody at a filled post can approve."""
    approvals = [g for g in terms.grants if g.power == "approve"]
    filled = [g for g in approvals if not _vacant(terms, g.post)]
    managers = [g for g in terms.grants if g.power == "manage"]

    def stuck(cell: Cell, verb: str) -> Any:
        lands = [zone.area.polygon for zone in terms.zones if zone.territory_of]
        needed = shapely.union_all([_reach(terms, managers, cell, verb), *lands])
        return shapely.difference(needed, _reach(terms, filled, cell, verb))

    governed = [zone for zone in terms.zones if zone.territory_of and not _government_vacant(terms, zone.territory_of)]
    for patch in _patches(terms, TASK_VERBS, stuck):
        clauses = _clauses_at(terms, patch.shape, [*approvals, *managers])
        at_home = shapely.union_all([zone.area.polygon for zone in governed])
        nobody = replace(patch, shape=shapely.difference(patch.shape, at_home))
        if size_km2(nobody.shape) > SLIVER_KM2:
            yield Finding("error", f"nobody can approve in {_describe(nobody)}", (*clauses, VACANCY))
        for land in governed:
            home = replace(patch, shape=shapely.intersection(patch.shape, land.area.polygon))
            if size_km2(home.shape) > SLIVER_KM2:
                text = f"only {land.territory_of}'s government can approve in {_describe(home)}: no filled post may"
                yield Finding("warning", text, (SOVEREIGNTY, *clauses))


def _unfilled_posts(terms: Terms) -> Iterable[Finding]:
    """Posts that nobody holds, and parties that could not even leave."""
    for post in terms.posts:
        if not post.vacant:
            continue
        granted = dict.fromkeys(g.clause for g in terms.grants if g.post == post.id)
        signatory = terms.party(post.party)
        if signatory is not None and signatory.government == post.id:
            text = f"nobody holds {post.id}: {post.party} can neither sign, nor suspend, nor leave"
            yield Finding("error", text, (VACANCY, terms.entry.clause, terms.withdrawal.clause))
        else:
            powers = ", ".join(dict.fromkeys(g.power for g in terms.grants if g.post == post.id)) or "nothing"
            text = f"nobody holds {post.id} ({post.title}); granted to it: {powers}"
            yield Finding("warning", text, (VACANCY, *granted))


def _contradicting_releases(terms: Terms) -> Iterable[Finding]:
    """Releases that a withholding undoes, that another already makes, or that can never apply."""
    for number, release in enumerate(terms.releases):
        hollow = [name for name in release.zones if _never(release, terms.zone(name).area)]
        if release.zones and len(hollow) == len(release.zones):
            text = f"{release.where} can never apply: its heights lie outside those of {_quoted(hollow)}"
            yield Finding("error", text, (release.clause,))
        for withheld in terms.withholdings:
            if withheld.owner == release.owner and _covers(terms, withheld, release):
                text = (
                    f"{release.where} releases what {withheld.where} keeps back whole: nothing of it is ever released"
                )
                yield Finding("error", text, tuple(dict.fromkeys((release.clause, withheld.clause))))
        for earlier in terms.releases[:number]:
            if earlier.owner == release.owner and _covers(terms, earlier, release):
                text = f"{release.where} adds nothing to {earlier.where}, which already releases all of it"
                yield Finding("warning", text, tuple(dict.fromkeys((release.clause, earlier.clause))))
    for withheld in terms.withholdings:
        if not any(_touch(terms, release, withheld) for release in terms.releases):
            text = f"{withheld.where} keeps back what no release of {withheld.owner} would give"
            yield Finding("warning", text, (withheld.clause,))


def _observers_with_power(terms: Terms) -> Iterable[Finding]:
    """An observer's post that would decide."""
    for grant in terms.grants:
        post = terms.post(grant.post)
        party = terms.party(post.party) if post else None
        if party is None or party.relation != "observer" or grant.power == "observe":
            continue
        if any(terms.zone(name).territory_of != party.id for name in grant.zones):
            text = f"{grant.where} lets {grant.post} {grant.power}, though {party.id} is an observer"
            yield Finding("warning", text, (grant.clause,))


def _things_to_know(terms: Terms) -> Iterable[Finding]:
    """Nothing wrong; a reader will ask."""
    for party in terms.parties:
        if not any(zone.territory_of == party.id for zone in terms.zones):
            yield Finding("note", f"no area is described as the territory of {party.id}", (SOVEREIGNTY,))
        if not party.founding and terms.accession is None:
            yield Finding("warning", f"{party.id} did not found the agreement, and no clause lets it accede", ())
    for zone in terms.zones:
        decides = any(g.power in DECIDING and zone.name in g.zones for g in terms.grants)
        named = [r.zones for r in (*terms.releases, *terms.withholdings)] + [g.zones for g in terms.grants]
        used = any(zone.name in names for names in named)
        if not used and not zone.territory_of:
            yield Finding("note", f"no grant and no release speaks of '{zone.name}'", (zone.clause,))
        elif not decides and not zone.territory_of and not _under(terms, zone):
            yield Finding("note", f"nobody decides in '{zone.name}': no task there can be approved", (zone.clause,))


CHECKS: tuple[Callable[[Terms], Iterable[Finding]], ...] = (
    _claims_on_territory,
    _disputes,
    _overlapping_managers,
    _unmanaged_territory,
    _impossible_approvals,
    _unfilled_posts,
    _contradicting_releases,
    _observers_with_power,
    _things_to_know,
)


def _patches(terms: Terms, verbs: Iterable[str], shape_of: Callable[[Cell, str], Any]) -> list[Patch]:
    """The shape in every cell and for every verb; where it is the same, one patch of all of them."""
    same: dict[bytes, Patch] = {}
    for cell in _cells(terms):
        for verb in verbs:
            shape = shape_of(cell, verb)
            if size_km2(shape) <= SLIVER_KM2:
                continue
            key = shapely.to_wkb(shapely.normalize(shape))
            known = same.get(key, Patch(shape, (), ()))
            cells = known.cells if cell in known.cells else (*known.cells, cell)
            same[key] = Patch(shape, cells, known.verbs if verb in known.verbs else (*known.verbs, verb))
    return list(same.values())


def _cells(terms: Terms) -> list[Cell]:
    """Slabs times spans; every area is wholly in or out of a cell's heights and times."""
    areas = [zone.area for zone in terms.zones]
    heights = sorted({-math.inf, math.inf, *(a.floor_m for a in areas), *(a.ceiling_m for a in areas)})
    times = sorted({-math.inf, math.inf, *(a.start_s for a in areas), *(a.end_s for a in areas)})
    return [Cell(*slab, *span) for slab in itertools.pairwise(heights) for span in itertools.pairwise(times)]


def _reach(terms: Terms, grants: list[Grant], cell: Cell, verb: str) -> Any:
    """Where in a cell any of the grants has effect for a verb: never in the territory of another party."""
    reach = []
    for grant in grants:
        if verb not in grant.verbs:
            continue
        post = terms.post(grant.post)
        names = [name for name in grant.zones if _spans(terms.zone(name).area, cell)]
        reach.append(shapely.difference(_union(terms, names), _foreign(terms, post.party if post else "")))
    return shapely.union_all(reach)


def _foreign(terms: Terms, party: str) -> Any:
    """The territories of others; what the party claims too is not foreign to it."""
    own = [zone.area.polygon for zone in terms.zones if party and zone.territory_of == party]
    others = [zone.area.polygon for zone in terms.zones if zone.territory_of not in ("", party)]
    return shapely.difference(shapely.union_all(others), shapely.union_all(own))


def _claimed_twice(terms: Terms) -> Iterable[tuple[Zone, Zone, Any]]:
    """Pairs of territories of different parties that overlap, and where."""
    for one, other in itertools.combinations([zone for zone in terms.zones if zone.territory_of], 2):
        shape = shapely.intersection(one.area.polygon, other.area.polygon)
        if one.territory_of != other.territory_of and size_km2(shape) > SLIVER_KM2:
            yield one, other, shape


def _spans(area: Area, cell: Cell) -> bool:
    high = area.floor_m <= cell.floor_m and cell.ceiling_m <= area.ceiling_m
    return high and area.start_s <= cell.start_s and cell.end_s <= area.end_s


def _union(terms: Terms, names: Iterable[str]) -> Any:
    return shapely.union_all([terms.zone(name).area.polygon for name in names])


def _covers(terms: Terms, wide: Release, narrow: Release) -> bool:
    """Does everything that `narrow` speaks of fall under `wide`? Areas are compared by name and by outline."""
    pairs = (
        (wide.to, narrow.to),
        (wide.kinds, narrow.kinds),
        (wide.classes, narrow.classes),
        (wide.identities, narrow.identities),
    )
    if any(not set(inner) <= set(outer) for outer, inner in pairs):
        return False
    if wide.floor_m > narrow.floor_m or wide.ceiling_m < narrow.ceiling_m or wide.sigma_max_m < narrow.sigma_max_m:
        return False
    if not wide.zones:
        return True
    if not narrow.zones:
        return False
    return all(_inside(terms, name, wide.zones) for name in narrow.zones)


def _inside(terms: Terms, name: str, names: tuple[str, ...]) -> bool:
    area = terms.zone(name).area
    cell = Cell(area.floor_m, area.ceiling_m, area.start_s, area.end_s)
    around = _union(terms, [other for other in names if _spans(terms.zone(other).area, cell)])
    return name in names or size_km2(shapely.difference(area.polygon, around)) <= SLIVER_KM2


def _touch(terms: Terms, release: Release, withheld: Release) -> bool:
    """Is there any record that both speak of?"""
    if release.owner != withheld.owner or not set(release.to) & set(withheld.to):
        return False
    pairs = (
        (release.kinds, withheld.kinds),
        (release.classes, withheld.classes),
        (release.identities, withheld.identities),
    )
    if any(not set(a) & set(b) for a, b in pairs):
        return False
    if max(release.floor_m, withheld.floor_m) >= min(release.ceiling_m, withheld.ceiling_m):
        return False
    if not release.zones or not withheld.zones:
        return True
    shape = shapely.intersection(_union(terms, release.zones), _union(terms, withheld.zones))
    return size_km2(shape) > SLIVER_KM2


def _never(release: Release, area: Area) -> bool:
    return max(release.floor_m, area.floor_m) >= min(release.ceiling_m, area.ceiling_m)


def _under(terms: Terms, zone: Zone) -> bool:
    """Does some part of an area lie under a deciding grant?"""
    names = {name for g in terms.grants if g.power in DECIDING for name in g.zones}
    return size_km2(shapely.intersection(zone.area.polygon, _union(terms, names))) > SLIVER_KM2


def _vacant(terms: Terms, name: str) -> bool:
    post = terms.post(name)
    return post is None or post.vacant


def _government_vacant(terms: Terms, name: str) -> bool:
    party = terms.party(name)
    return party is None or _vacant(terms, party.government)


def _clauses_at(terms: Terms, shape: Any, grants: list[Grant]) -> tuple[str, ...]:
    """Clauses of the grants and territories that touch a shape."""
    near = [g.clause for g in grants if any(shapely.intersects(terms.zone(n).area.polygon, shape) for n in g.zones)]
    lands = [z.clause for z in terms.zones if z.territory_of and shapely.intersects(z.area.polygon, shape)]
    return tuple(dict.fromkeys([*near, *lands]))


def _describe(patch: Patch) -> str:
    """`12,300 km2 around 38.10 N 71.20 E, from 3,000 m up, for intercept`."""
    text = _place(patch.shape)
    slabs = dict.fromkeys((cell.floor_m, cell.ceiling_m) for cell in patch.cells)
    spans = dict.fromkeys((cell.start_s, cell.end_s) for cell in patch.cells)
    low, high = min(s[0] for s in slabs), max(s[1] for s in slabs)
    text += "" if math.isinf(low) else f", from {low:,.0f} m"
    text += "" if math.isinf(high) else f", up to {high:,.0f} m"
    start, end = min(s[0] for s in spans), max(s[1] for s in spans)
    text += "" if math.isinf(start) else f", from {date(start)}"
    text += "" if math.isinf(end) else f", until {date(end)}"
    return text if set(patch.verbs) == set(TASK_VERBS) else f"{text}, for {', '.join(patch.verbs)}"


def _place(shape: Any) -> str:
    middle, size = shape.representative_point(), size_km2(shape)
    lat, lon = math.degrees(middle.y), (math.degrees(middle.x) + 180) % 360 - 180
    where = f"{abs(lat):.2f} {'NS'[lat < 0]} {abs(lon):.2f} {'EW'[lon < 0]}"
    return f"{size:,.0f} km2 around {where}" if size >= 1 else f"{size:.2f} km2 around {where}"


def date(time_s: float) -> str:
    """A moment for a reader: `2021-04-27`, with the time of day (UTC) where it is not midnight."""
    if math.isinf(time_s):
        return "never" if time_s > 0 else "the beginning"
    moment = datetime.datetime.fromtimestamp(time_s, datetime.UTC)
    midnight = moment.hour == moment.minute == moment.second == 0
    return moment.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M:%S UTC")


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
