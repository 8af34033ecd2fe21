"""The agreement that the project is modelled on: its map, its answers, its document."""

from __future__ import annotations

import datetime
import math
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Geod

from skyaccord.agreement import Act, Batch, Charter, add_act, authority, charter, check, explain, may, parse, released
from skyaccord.agreement.words import AirClass, Identity
from skyaccord.earth import Place, contains, distance_m

FILE = Path(__file__).resolve().parents[2] / "agreements" / "central-asia-2021.toml"
AGREEMENT = parse(FILE.read_text(encoding="utf-8"), FILE.name)
NOW_S = datetime.datetime(2026, 9, 14, 18, tzinfo=datetime.UTC).timestamp()
WITHDRAWN_S = NOW_S + 900
LAW = charter(AGREEMENT, NOW_S)

PANJ_PLAIN, APPROACHES, DUSHANBE, KHUJAND = (37.30, 68.45), (36.90, 68.50), (38.54, 68.77), (40.28, 69.63)
TASHKENT, TERMEZ, KABUL, OSH = (41.30, 69.27), (37.22, 67.28), (34.55, 69.20), (40.53, 72.80)


def place(point: tuple[float, float], height_m: float = 3000.0) -> Place:
    return Place(math.radians(point[0]), math.radians(point[1]), height_m)


def test_the_region_is_where_it_should_be() -> None:
    region = LAW.areas["region"]
    towns = {
        "Nizhny Panj": (37.19, 68.60),
        "Ishkashim": (36.73, 71.60),
        "Khorog": (37.49, 71.55),
        "Kalai Khumb": (38.46, 70.78),
        "Shaartuz": (37.26, 68.14),
        "Dushanbe": DUSHANBE,
        "Khujand": KHUJAND,
        "Murghab": (38.17, 73.97),
    }
    beyond = {"Tashkent": TASHKENT, "Termez": TERMEZ, "Kunduz": (36.73, 68.86), "Faizabad": (37.12, 70.58), "Osh": OSH}
    for name, inside in [*((n, True) for n in towns), *((n, False) for n in beyond)]:
        lat, lon = np.radians({**towns, **beyond}[name])
        assert contains(region, lat, lon)[0] == inside, name


def test_the_region_has_the_published_size() -> None:
    """141,400 km2 is the published surface of Tajikistan; the polygon is measured by other code than ours."""
    lat, lon = np.degrees(LAW.areas["region"].ring).T
    size, _ = Geod(ellps="WGS84").polygon_area_perimeter(lon, lat)
    assert abs(size) / 1e6 == pytest.approx(141_400, rel=0.08)
    assert len(lat) >= 40


def test_the_approaches_lie_along_the_border_and_outside() -> None:
    region, strip = LAW.areas["region"], LAW.areas["approaches"]
    assert shapely.intersection(region.polygon, strip.polygon).area == 0
    shared = shapely.intersection(region.polygon.exterior, strip.polygon.exterior)
    assert math.degrees(shared.length) > 9
    depth = distance_m(region, strip.ring[:, 0], strip.ring[:, 1])
    assert depth.min() > -1
    assert 100e3 < depth.max() < 150e3


@pytest.mark.parametrize(
    ("who", "verb", "what", "where", "yes", "clause"),
    [
        ("TJ.air-defence", "approve", "identify", PANJ_PLAIN, True, "Art. 3(2)"),
        ("TJ.air-defence", "manage", "escort", KHUJAND, True, "Art. 3(2)"),
        ("TJ.air-defence", "approve", "identify", APPROACHES, False, "Annex A(1)"),
        ("TJ.air-defence", "approve", "identify", TASHKENT, False, "Default deny"),
        ("RU.central-district", "coordinate", "support", DUSHANBE, True, "Art. 3(1)"),
        ("RU.central-district", "approve", "identify", DUSHANBE, False, "Art. 3(2)"),
        ("RU.central-district", "coordinate", "support", APPROACHES, False, "Annex A(1)"),
        ("RU.duty", "observe", "cue", APPROACHES, True, "Art. 3(3)"),
        ("RU.duty", "approve", "observe", PANJ_PLAIN, False, "Art. 3(2)"),
        ("RU.government", "approve", "intercept", PANJ_PLAIN, False, "Art. 3(2)"),
        ("TJ.duty", "observe", "identify", DUSHANBE, True, "Art. 3(3)"),
        ("TJ.duty", "approve", "identify", DUSHANBE, False, "Art. 3(2)"),
        ("TJ.government", "approve", "warn", DUSHANBE, True, "Sovereignty"),
        ("council", "observe", "identify", DUSHANBE, True, "Art. 4"),
        ("council", "approve", "identify", DUSHANBE, False, "Art. 3(2)"),
        ("TJ.government", "withdraw", "agreement", None, True, "Art. 6(2)"),
        ("RU.government", "withdraw", "agreement", None, True, "Art. 6(2)"),
        ("RU.central-district", "withdraw", "agreement", None, False, "Art. 6(2)"),
        ("TJ.air-defence", "suspend", "agreement", None, False, "Art. 6(3)"),
    ],
)
def test_who_may(who: str, verb: str, what: str, where: tuple[float, float] | None, yes: bool, clause: str) -> None:
    ruling = may(LAW, who, verb, what, place(where) if where else None, NOW_S)
    assert (ruling.allowed, ruling.clauses[0]) == (yes, clause), ruling


def test_the_law_changes_as_the_target_crosses_the_river() -> None:
    south = authority(LAW, "approve", "identify", place(APPROACHES), NOW_S)
    north = authority(LAW, "approve", "identify", place(PANJ_PLAIN), NOW_S)
    assert (south.post, north.post) == ("", "TJ.air-defence")
    assert (south.clauses[0], north.clauses[0]) == ("Annex A(1)", "Art. 3(2)")


POINTS = [PANJ_PLAIN, PANJ_PLAIN, APPROACHES, KHUJAND, KHUJAND, TASHKENT, KABUL]
HEIGHTS = [760.0, 350.0, 350.0, 9000.0, 9000.0, 9000.0, 9000.0]
FRIENDLY = [False, False, False, False, True, False, False]


def batch(kind: int = 0) -> Batch:
    lat, lon = np.radians(np.array(POINTS)).T
    count = len(POINTS)
    return Batch(
        kind=np.full(count, kind, np.uint8),
        lat_rad=lat,
        lon_rad=lon,
        height_m=np.array(HEIGHTS),
        identity=np.where(FRIENDLY, Identity.FRIEND, Identity.UNKNOWN).astype(np.uint8),
        air_class=np.full(count, AirClass.AIRCRAFT, np.uint8),
        sigma_m=np.full(count, 100.0),
    )


def clauses(law: Charter, owner: str, to: str, kind: int = 0, time_s: float = NOW_S) -> list[str]:
    return [clause.decode() for clause in released(law, owner, to, batch(kind), time_s).clause]


def test_what_is_released_differs_by_owner() -> None:
    ours, strip, low, friends = "Annex B(1)", "Annex B(3)", "Annex B(2)", "Annex B(4)"
    assert clauses(LAW, "RU", "TJ") == [ours, ours, ours, ours, ours, "", ""]
    assert clauses(LAW, "TJ", "RU") == [low, "", strip, low, "", "", ""]
    assert released(LAW, "TJ", "RU", batch(), NOW_S).refusal[4] == friends.encode()
    assert clauses(LAW, "TJ", "RU", 1) == ["Annex B(5)"] * 5 + ["", ""]
    assert clauses(LAW, "RU", "TJ", 2) == ["Annex B(6)"] * 5 + ["", ""]
    assert clauses(LAW, "RU", "TJ", 3) == clauses(LAW, "TJ", "RU", 3) == [""] * 7


def test_after_the_withdrawal_each_is_alone_and_tajikistan_still_decides_at_home() -> None:
    after = add_act(AGREEMENT, Act("withdraw", "TJ", "TJ.government", WITHDRAWN_S))
    law = charter(after, WITHDRAWN_S)
    assert [p.status for p in law.parties] == ["ended", "withdrawn"]
    for owner, to in (("RU", "TJ"), ("TJ", "RU")):
        assert clauses(law, owner, to, 0, WITHDRAWN_S) == [""] * 7
        assert any(clauses(law, owner, to, 0, math.nextafter(WITHDRAWN_S, 0)))
    home = authority(law, "approve", "identify", place(PANJ_PLAIN), WITHDRAWN_S)
    assert (home.post, home.clauses) == ("TJ.air-defence", ("Sovereignty", "Art. 3(2)"))
    gone = may(law, "RU.central-district", "coordinate", "support", place(DUSHANBE), WITHDRAWN_S)
    assert (gone.allowed, gone.clauses) == (False, ("Art. 6(2)", "In force"))


def test_check_finds_no_fault() -> None:
    assert {f.severity for f in check(AGREEMENT)} <= {"note"}


def test_the_document_has_every_clause_post_area_and_act() -> None:
    text = explain(AGREEMENT)
    terms = AGREEMENT.terms
    for word in [
        *terms.clauses,
        *terms.clauses.values(),
        *(p.title for p in terms.posts),
        *(z.title for z in terms.zones),
    ]:
        assert word in text
    assert "the agreement is **in force**" in text
    assert "- shows tracks in region from 400 m to RU (Annex B(2))".strip("- ") in text
    assert "but keeps from RU tracks identified as friend and assumed friend in north (Annex B(4))" in text
    assert "| 2021-04-27 | sign | TJ | TJ.government |" in text
    assert "the agreement is **signed**" in explain(AGREEMENT, charter(AGREEMENT, NOW_S).since_s - 1)
