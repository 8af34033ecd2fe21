"""`released` against a plain, slow evaluator that reads the agreement's file by itself, record by record."""

from __future__ import annotations

import datetime
import math
import tomllib
from typing import Any

import numpy as np
import pytest
from three_parties import DAY, HISTORY, IN_FORCE_S, TEXT

from skyaccord.agreement import Act, Agreement, Batch, add_act, charter, parse, released, retention
from skyaccord.agreement.releases import ALERT, PLOT, TASK, TRACK
from skyaccord.agreement.words import AirClass, Identity

KINDS = {TRACK: "tracks", ALERT: "alerts", TASK: "tasks", PLOT: "plots"}
CLASSES = {c.value: c.name.lower().replace("_", " ") for c in AirClass}
IDENTITIES = {i.value: i.name.lower().replace("_", " ") for i in Identity}
ACCEDED = Act("accede", "Z", "Z.gov", IN_FORCE_S + DAY)
NOW_S = IN_FORCE_S + 2 * DAY


def agreed(text: str = TEXT, *acts: Act) -> Agreement:
    agreement = parse(text, "square.toml")
    for act in (*HISTORY, ACCEDED, *acts):
        agreement = add_act(agreement, act)
    return agreement


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def in_polygon(ring: list[list[float]], lat: float, lon: float) -> bool:
    inside = False
    for (lat1, lon1), (lat2, lon2) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (lat1 > lat) != (lat2 > lat) and lon < (lon2 - lon1) * (lat - lat1) / (lat2 - lat1) + lon1:
            inside = not inside
    return inside


def seconds(value: Any) -> float:
    return datetime.datetime(value.year, value.month, value.day, tzinfo=datetime.UTC).timestamp()


def in_area(area: dict[str, Any], record: dict[str, float], time_s: float, unknown: bool) -> bool:
    if "from" in area and time_s < seconds(area["from"]):
        return False
    if "until" in area and time_s >= seconds(area["until"]):
        return False
    if math.isnan(record["lat"]) or math.isnan(record["lon"]):
        return unknown
    if not in_polygon(area["polygon"], record["lat"], record["lon"]):
        return False
    return in_slab(area, record, unknown)


def in_slab(table: dict[str, Any], record: dict[str, float], unknown: bool) -> bool:
    if "floor_m" not in table and "ceiling_m" not in table:
        return True
    if math.isnan(record["height"]):
        return unknown
    return table.get("floor_m", -math.inf) <= record["height"] < table.get("ceiling_m", math.inf)


def fits(document: Any, table: dict[str, Any], to: str, record: dict[str, float], time_s: float, unknown: bool) -> bool:
    """One clause on one record; `unknown` is the answer where the record lacks what is asked."""
    if table["to"] != "all" and to not in as_list(table["to"]):
        return False
    for key, words in (("kinds", KINDS), ("classes", CLASSES), ("identities", IDENTITIES)):
        word = words.get(int(record[key]))
        if word is None or (table.get(key, "all") != "all" and word not in as_list(table[key])):
            return False
    if not in_slab(table, record, unknown):
        return False
    if "sigma_max_m" in table and not record["sigma"] <= table["sigma_max_m"]:
        return False
    if table["areas"] == "everywhere":
        return True
    return any(
        in_area(area, record, time_s, unknown)
        for area in document["area"]
        if table["areas"] == "all" or area["id"] in as_list(table["areas"])
    )


def reference(document: Any, owner: str, to: str, record: dict[str, float], time_s: float) -> tuple[bytes, bytes]:
    """(releasing clause, refusing clause) of one record, both parties being in force."""
    given = [table for table in document.get("release", []) if table["owner"] == owner]
    kept = [table for table in document.get("withhold", []) if table["owner"] == owner]
    passing = [table for table in given if fits(document, table, to, record, time_s, False)]
    keeping = [table for table in kept if fits(document, table, to, record, time_s, True)]
    if not passing:
        return b"", b"Default deny"
    if keeping:
        return b"", keeping[0]["clause"].encode()
    return passing[0]["clause"].encode(), b""


def random_batch(rng: np.random.Generator, count: int, south: float, north: float, west: float, east: float) -> Batch:
    """Anything a link might bring: bytes out of range, unknown places, heights exactly on the limits."""

    def hole(values: np.ndarray, share: float) -> np.ndarray:
        return np.where(rng.random(count) < share, np.nan, values)

    limits = rng.choice([0.0, 400.0, 1000.0, 3000.0], count)
    return Batch(
        kind=rng.choice([*range(4)] * 10 + [4, 255], count).astype(np.uint8),
        lat_rad=np.radians(hole(rng.uniform(south, north, count), 0.03)),
        lon_rad=np.radians(hole(rng.uniform(west, east, count), 0.03)),
        height_m=hole(np.where(rng.random(count) < 0.3, limits, rng.uniform(-100, 6000, count)), 0.1),
        identity=rng.choice([*range(7)] * 6 + [7, 200], count).astype(np.uint8),
        air_class=rng.choice([*range(5)] * 8 + [5, 250], count).astype(np.uint8),
        sigma_m=hole(rng.choice([10.0, 499.0, 500.0, 501.0, 5000.0], count), 0.1),
    )


def differences(
    agreement: Agreement, text: str, owner: str, to: str, batch: Batch, time_s: float
) -> tuple[int, int, int]:
    """Records judged differently, records released, records withheld by a clause."""
    document = tomllib.loads(text)
    ruling = released(charter(agreement, time_s), owner, to, batch, time_s)
    lat, lon = np.degrees(batch.lat_rad), np.degrees(batch.lon_rad)
    wrong = 0
    for k in range(len(batch)):
        record = {
            "kinds": float(batch.kind[k]),
            "lat": lat[k],
            "lon": lon[k],
            "height": batch.height_m[k],
            "identities": float(batch.identity[k]),
            "classes": float(batch.air_class[k]),
            "sigma": batch.sigma_m[k],
        }
        clause, refusal = reference(document, owner, to, record, time_s)
        wrong += (clause, refusal) != (ruling.clause[k], ruling.refusal[k]) or bool(ruling.allowed[k]) != bool(clause)
    return wrong, int(ruling.allowed.sum()), int((~ruling.allowed & (ruling.refusal != b"Default deny")).sum())


PAIRS = [(a, b) for a in "XYZ" for b in "XYZ" if a != b]


@pytest.mark.parametrize(("owner", "to"), PAIRS)
def test_square_world_equals_the_reference(owner: str, to: str) -> None:
    batch = random_batch(np.random.default_rng(ord(owner) * 100 + ord(to)), 5000, -3, 5, -1, 5)
    wrong, passed, _ = differences(agreed(), TEXT, owner, to, batch, NOW_S)
    assert wrong == 0
    given = [table["to"] for table in tomllib.loads(TEXT)["release"] if table["owner"] == owner]
    assert bool(passed) == any(receivers == "all" or to in receivers for receivers in given)


def random_rules(rng: np.random.Generator) -> str:
    """Random releases and withholdings over the square world's areas and over two that meet in time."""

    def some(words: list[str], least: int = 1) -> str:
        return str([str(word) for word in rng.choice(words, rng.integers(least, len(words)), replace=False)])

    areas = ["x", "y", "z", "sea", "high-sea", "past", "day"]
    triangle = "polygon = [[-1, 1], [3, 2], [1, 3.5]]\n"
    text = TEXT.split("[[release]]")[0]
    text += f'[[area]]\nid = "past"\nclause = "S 4"\nuntil = 2001-09-20\n{triangle}'
    text += f'[[area]]\nid = "day"\nclause = "S 4"\nfrom = 2001-09-20\nfloor_m = 400\n{triangle}'
    for number in range(int(rng.integers(6, 16))):
        owner = str(rng.choice(list("XYZ")))
        others = [party for party in "XYZ" if party != owner]
        table = "release" if number < 3 or rng.random() < 0.7 else "withhold"
        clause = rng.choice(["R 1", "R 2", "R 3", "R 4", "W 1"])
        text += f'[[{table}]]\nowner = "{owner}"\nclause = "{clause}"\n'
        text += 'to = "all"\n' if rng.random() < 0.5 else f'to = "{rng.choice(others)}"\n'
        text += f"kinds = {some(list(KINDS.values()), 2)}\n" if rng.random() < 0.5 else 'kinds = "all"\n'
        text += rng.choice(['areas = "everywhere"\n', 'areas = "all"\n'] + [f"areas = {some(areas)}\n"] * 8)
        text += f"classes = {some(list(CLASSES.values()), 2)}\n" if rng.random() < 0.3 else ""
        text += f"identities = {some(list(IDENTITIES.values()), 3)}\n" if rng.random() < 0.3 else ""
        text += f"floor_m = {rng.choice([0, 400, 1000])}\n" if rng.random() < 0.3 else ""
        text += "ceiling_m = 3000\n" if rng.random() < 0.3 else ""
        text += "sigma_max_m = 500\n" if table == "release" and rng.random() < 0.3 else ""
    return text + TEXT[TEXT.index("[term]") :]


def test_random_agreements_equal_the_reference() -> None:
    """10^5 random records over random rules, half of them at the instant at which one area ends, another begins."""
    rng = np.random.default_rng(20210427)
    judged = passed = withheld = 0
    for _ in range(125):
        text = random_rules(rng)
        agreement = agreed(text)
        for owner, to in (PAIRS[k] for k in rng.choice(len(PAIRS), 2, replace=False)):
            time_s = NOW_S if rng.random() < 0.5 else seconds(datetime.date(2001, 9, 20))
            batch = random_batch(rng, 400, -3, 5, -1, 5)
            wrong, more, kept = differences(agreement, text, owner, to, batch, time_s)
            assert wrong == 0, text
            judged, passed, withheld = judged + len(batch), passed + more, withheld + kept
    print(f"seed 20210427: {judged} records judged, {passed} released, {withheld} withheld, none differently")
    assert judged == 100_000
    assert passed > 5_000
    assert withheld > 1_000


def one(kind: int = TRACK, lat: float = 1.0, lon: float = 1.0) -> Batch:
    """One drone at 2,000 m that nobody has identified."""
    return Batch(
        kind=np.array([kind], np.uint8),
        lat_rad=np.radians([lat]),
        lon_rad=np.radians([lon]),
        height_m=np.array([2000.0]),
        identity=np.array([Identity.UNKNOWN], np.uint8),
        air_class=np.array([AirClass.DRONE], np.uint8),
        sigma_m=np.array([50.0]),
    )


def test_a_party_has_its_own_and_a_stranger_has_nothing() -> None:
    law = charter(agreed(), NOW_S)
    assert released(law, "Y", "Y", one(lat=50), NOW_S).clause[0] == b"Sovereignty"
    assert not released(law, "X", "W", one(), NOW_S).allowed[0]
    assert not released(law, "W", "W", one(), NOW_S).allowed[0]
    assert len(released(law, "X", "Y", one().take(slice(0, 0)), NOW_S).allowed) == 0


@pytest.mark.parametrize("kind", ["withdraw", "suspend"])
def test_nothing_passes_from_the_effective_instant_on(kind: str) -> None:
    """Both ways; also for a charter that was made before and is asked for a later time."""
    agreement = agreed(TEXT, Act(kind, "X", "X.gov", NOW_S + DAY))
    effect = NOW_S + DAY + (10 * DAY if kind == "withdraw" else 0)
    old = charter(agreement, NOW_S)
    before = math.nextafter(effect, 0)
    for law in (old, charter(agreement, before), charter(agreement, effect)):
        for owner, to, batch in (("X", "Y", one()), ("Y", "X", one(kind=ALERT))):
            assert released(law, owner, to, batch, before).allowed[0]
            after = released(law, owner, to, batch, effect)
            assert not after.allowed[0]
            assert after.clause[0] == b""
            assert after.refusal[0] == b"In force"
        assert released(law, "Y", "Z", one(kind=ALERT), effect).allowed[0]


def test_third_parties_need_the_owners_own_release() -> None:
    law = charter(agreed(), NOW_S)
    assert released(law, "Y", "X", one(lon=3), NOW_S).allowed[0]
    assert not released(law, "Y", "Z", one(lon=3), NOW_S).allowed[0]


@pytest.mark.parametrize(
    ("shared", "until"),
    [
        ('shared_data = "purge"', NOW_S + 11 * DAY),
        ('shared_data = "keep"', math.inf),
        ('shared_data = "keep until"\nkeep_days = 30', NOW_S + 41 * DAY),
    ],
)
def test_what_becomes_of_shared_data(shared: str, until: float) -> None:
    agreement = agreed(TEXT.replace('shared_data = "purge"', shared), Act("withdraw", "X", "X.gov", NOW_S + DAY))
    law = charter(agreement, NOW_S)
    assert retention(law, "X", "Y", NOW_S).live
    gone = retention(law, "X", "Y", NOW_S + 100 * DAY)
    assert (gone.live, gone.keep_until_s, gone.clause) == (False, until, "T 5")
    assert retention(law, "Y", "Z", NOW_S + 100 * DAY).live


def test_a_pause_purges_nothing_and_a_stranger_keeps_nothing() -> None:
    law = charter(agreed(TEXT, Act("suspend", "X", "X.gov", NOW_S)), NOW_S)
    assert (retention(law, "X", "Y", NOW_S).live, retention(law, "X", "Y", NOW_S).keep_until_s) == (False, math.inf)
    assert retention(law, "X", "W", NOW_S).keep_until_s == -math.inf
    assert retention(law, "X", "Z", IN_FORCE_S).keep_until_s == -math.inf
