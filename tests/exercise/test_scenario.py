"""The scenario's file: what is read, and one clear sentence for each thing that cannot be."""

import re
from pathlib import Path

import numpy as np
import pytest

from skyaccord.agreement.words import AirClass
from skyaccord.errors import ScenarioError
from skyaccord.exercise import World, check_parties, parse_scenario
from skyaccord.exercise import scenario as nouns
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A

ROOT = Path(__file__).resolve().parents[2]
PAMIR = (ROOT / "scenarios" / "pamir-night.toml").read_text()
PAGE = (ROOT / "docs" / "scenario.md").read_text()
EXAMPLE = re.findall(r"```toml\n(.*?)```", PAGE, re.S)[0]


def test_the_example_on_the_page_is_a_night() -> None:
    scenario = parse_scenario(EXAMPLE, "two-valleys.toml")
    check_parties(scenario, ["RU", "TJ"], ["TJ.government", "TJ.air-defence", "TJ.duty"])
    world = World(scenario)
    for party in ("RU", "TJ"):
        assert len(world.plots(party, scenario.start_s, scenario.end_s)) > 100
    assert {int(k) for k in np.unique(world.truth.kind)} == {AirClass.AIRLINER, AirClass.AIRCRAFT, AirClass.MISSILE}


def test_the_page_explains_every_key() -> None:
    source = (ROOT / "src" / "skyaccord" / "exercise" / "scenario.py").read_text()
    keys = {*nouns.TOP_KEYS, *nouns.SITE_KEYS, *nouns.RADAR_KEYS}
    for call in re.findall(r"table\.only\(\(?(.*?)\)\)?", source, re.S):
        keys |= set(re.findall(r'"(\w+)"', call))
    keys |= set(
        re.findall(r"keys = \((.*?)\)", source, re.S)[0].replace('"', "").replace("\n", "").replace(" ", "").split(",")
    )
    tables = re.sub(r"```.*?```", "", PAGE, flags=re.S)
    assert {key for key in keys if key and f"`{key}`" not in tables} == set()
    assert {kind for kind in nouns.TABLE_KEYS if f"[{kind}]" not in tables} == set()
    assert len(keys) > 50


def test_what_is_read_is_what_was_written() -> None:
    scenario = parse_scenario(EXAMPLE, "x")
    assert scenario.title == "Two valleys"
    assert scenario.start_s == 1777608000  # date -ud 2026-05-01T04:00:00Z +%s
    assert scenario.end_s == scenario.start_s + 300
    assert scenario.sites.source.tolist() == [250 << 8 | 1, 251 << 8 | 1]
    assert scenario.sites.party.tolist() == [b"RU", b"TJ"]
    assert np.degrees(scenario.masks[0].elevation_rad).tolist() == pytest.approx([1.5, 0.8, 0.3, 1.0])
    assert scenario.masks[0].ground_m == 450
    assert scenario.radars.mode_s.tolist() == [True, False]
    assert scenario.radars.measures_height.tolist() == [True, False]
    assert scenario.radars.clutter_range_m.tolist() == [100e3, 450e3]
    visitor, liaison = scenario.flights
    assert visitor.start_s == scenario.start_s + 20
    assert (visitor.address, visitor.mode_a, visitor.callsign) == (NO_ADDRESS, NO_MODE_A, "")
    assert (liaison.address, liaison.mode_a, liaison.callsign) == (0xF1A2B3, 0o4401, "XLIA1")
    np.testing.assert_allclose(visitor.route[0], [np.radians(36.8), np.radians(68.2), 3000, 180])
    assert scenario.traffic[0].levels_m == pytest.approx((330 * 30.48, 350 * 30.48))
    assert scenario.acts[0].time_s == scenario.start_s + 240
    assert scenario.staff[1].responder == "TJ.duty"
    assert scenario.moments[0].text == "A rocket rises."


def test_acts_and_moments_are_in_order_whatever_the_file_says() -> None:
    text = EXAMPLE + '[[moment]]\ntime_s = 5\ntext = "first"\n'
    assert [m.text for m in parse_scenario(text, "x").moments] == ["first", "A rocket rises."]


def line_of(text: str, what: str) -> int:
    return text[: text.index(what)].count("\n") + 1


WRONG = [
    ("duration_s = 300", "duration_s = -300", "two.toml:3: top of the file: duration_s is -300; it is a number from 1"),
    ("start_s = 20", "start_s = -20", "flight 1 (Visitor): start_s is -20; it is a whole number from 0 to 300"),
    ("launch_s = 60", "launch_s = 60.5", "missile 1 (Rocket): launch_s is 60.5; it is a whole number"),
    ("launch_s = 60\n", "", "missile 1 (Rocket): launch_s is missing; it is a whole number from 0 to 300"),
    ("time_s = 240", "time_s = -1", "act 1: time_s is -1; it is a number from 0 to 300"),
    ("time_s = 60\ntext", "time_s = 301\ntext", "moment 1: time_s is 301; it is a number from 0 to 300"),
    ("after_s = 25", "after_s = -25", "staff 1: after_s is -25; it is a number from 0"),
    ("start = 2026-05-01T04:00:00Z", "start = 2026-05-01T04:00:00", "start is datetime"),
    ("start = 2026-05-01T04:00:00Z", 'start = "soon"', "start is 'soon'; it is a date and time with its zone"),
    ('title = "Two valleys"', "title = 3", "title is 3; it is a text in quotes"),
    ('title = "Two valleys"', 'title = ""', "title is ''; it is a text in quotes"),
    ("seed = 7", "seed = true", "seed is True; it is a whole number from 0"),
    ("step_s = 1.0", "step_s = nan", "step_s is nan; it is a number from 0.1 to 60"),
    ("step_s = 1.0", "steps = 1.0", "two.toml:4: top of the file: unknown key 'steps'; known are act, agreement"),
    ("lat_deg = 37.9", "lat_deg = 97.9", "sensor 1 (Hill): lat_deg is 97.9; it is a number from -90 to 90"),
    ("lat_deg = 36.8", "lat_deg = 136.8", "missile 1 (Rocket): lat_deg is 136.8; it is a number from -90 to 90"),
    (
        "[36.8, 68.2, 3000, 180]",
        "[96.8, 68.2, 3000, 180]",
        "flight 1 (Visitor): route row 1 is [96.8, 68.2, 3000, 180]",
    ),
    (
        "[36.8, 68.2, 3000, 180], ",
        "",
        "flight 1 (Visitor): route is [[37.6, 68.6, 3500, 180]]; it is a list of at least 2",
    ),
    (
        "[36.8, 68.2, 3000, 180]",
        "[36.8, 68.2]",
        "route row 1 is [36.8, 68.2]; it is [lat_deg, lon_deg, height_m, speed",
    ),
    ("[38.0, 69.0]", "[38.0, 'east']", "airway 1 (North): points row 2 is [38.0, 'east']"),
    ("sac = 251", "sac = 250", "sensor 2 (Plain): SAC/SIC 250/1 is taken by sensor 1"),
    ("sac = 251", "sac = 256", "sensor 2 (Plain): sac is 256; it is a whole number from 0 to 255"),
    ('party = "RU"', "", "sensor 1 (Hill): party is missing"),
    ("scan_s = 5", "scan_s = 0", "sensor 1 (Hill): scan_s is 0; it is a number from 0.1 to 60"),
    ("height = true", "height = 1", "sensor 1 (Hill): height is 1; it is true or false"),
    ("height = true", "heigth = true", "sensor 1 (Hill): unknown key 'heigth'; known are bias_azimuth_deg"),
    ("[90, 0.8]", "[0, 0.8]", "sensor 1 (Hill): screen: azimuth 0 comes twice; each azimuth comes once"),
    ("[90, 0.8]", "[90, 88]", "sensor 1 (Hill): screen row 2 is [90, 88]"),
    (
        "[[200, 40, 4, 0.5]]",
        "[[200, 40, 4]]",
        "sensor 1 (Hill): patches row 1 is [200, 40, 4]; it is [azimuth_deg, range",
    ),
    ("clutter_per_scan = 2", "clutter_per_scan = -2", "sensor 1 (Hill): clutter_per_scan is -2; it is a number from 0"),
    (
        "primary = true\nsecondary = true",
        "primary = false\nsecondary = false",
        "secondary is False; a radar has primary",
    ),
    ('name = "Hill"', 'name = "Hill"\nkind = "adsb"', "sensor 1 (Hill): kind is 'adsb'; it is one of radar"),
    ('airway = "North"', 'airway = "South"', "traffic 1: airway is 'South'; the airways are North"),
    ('way = "both"', 'way = "up"', "traffic 1: way is 'up'; it is one of forward, backward, both"),
    ("per_hour = 6", "per_hour = 0", "traffic 1: per_hour is 0; it is a number from 0.1 to 240"),
    ("levels = [330, 350]", "levels = [330, 1350]", "traffic 1: levels row 2 is [1350]"),
    ("levels = [330, 350]", "levels = []", "traffic 1: levels is []; it is a list of at least 1 numbers"),
    ("[220, 240]", "[240, 220]", "traffic 1: speeds_mps is [240, 220]; it is the least and the greatest speed"),
    ('["XAA", "XBB"]', '["Xaa"]', "traffic 1: callsigns is ['Xaa']; it is a list of three-letter designators"),
    (
        '["F00000", "F0FFFF"]',
        '["F0FFFF", "F00000"]',
        "traffic 1: addresses is ['F0FFFF', 'F00000']; it is the first and",
    ),
    (
        '["1301", "1377"]',
        '["1301", "1399"]',
        "traffic 1: squawks is ['1301', '1399']; it is the first and the last, each",
    ),
    (
        'kind = "aircraft"\nstart',
        'kind = "balloon"\nstart',
        "kind is 'balloon'; it is one of airliner, aircraft, drone",
    ),
    ('mode_a = "4401"', 'mode_a = "4481"', "flight 2 (Liaison): mode_a is '4481'; it is four octal digits in quotes"),
    ('mode_a = "4401"', "", "flight 2 (Liaison): mode_a is missing; it is four octal digits"),
    ('address = "F1A2B3"', 'address = "F1A2B"', "flight 2 (Liaison): address is 'F1A2B'; it is six hexadecimal digits"),
    ('transponder = "mode_s"\n', "", "flight 2 (Liaison): address is 'F1A2B3'; a flight without transponder has none"),
    ('"mode_s"', '"mode_ac"', "transponder is 'mode_ac'; address and callsign need 'mode_s'"),
    ('callsign = "XLIA1"', 'callsign = "XLIAISON12"', "callsign is 'XLIAISON12'; it has at most eight capital letters"),
    ('name = "Rocket"', 'name = "Visitor"', "missile 1 (Visitor): name is 'Visitor'; another table has that already"),
    ("range_km = 110", "range_km = 900", "missile 1 (Rocket): range_km is 900; it is a number from 5 to 500"),
    ('kind = "withdraw"', 'kind = "leave"', "act 1: kind is 'leave'; it is one of propose, sign"),
    (
        'move = "approve"',
        'move = "shoot"',
        "staff 1: move is 'shoot'; it is one of approve, refuse, assign, acknowledge, close",
    ),
    ('verb = "identify"', 'verb = "fire"', "staff 1: verb is 'fire'; it is one of"),
    ('responder = "TJ.duty"', "", "staff 2: responder is missing; 'assign' names one, the other moves do not"),
    ("offset_m = 150", "offset_m = 15000", "two.toml:9: air: offset_m is 15000; it is a number from -2000 to 2000"),
    ("[air]", "[[air]]", "two.toml: air is not one table; write [air] above it, once"),
    ("[[act]]", "[act]", "two.toml: act is not a list of tables; write [[act]] above each"),
    ("[air]", "[air", "two.toml: not TOML: "),
]


@pytest.mark.parametrize(("good", "bad", "says"), WRONG)
def test_a_wrong_value_is_named_with_its_place(good: str, bad: str, says: str) -> None:
    assert good in EXAMPLE
    text = EXAMPLE.replace(good, bad, 1)
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text, "two.toml")
    message = str(caught.value)
    assert says in message
    assert message.startswith("two.toml:")
    assert "\n" not in message


def test_the_line_is_that_of_the_key_or_of_its_table() -> None:
    for good, bad in (('mode_a = "4401"', 'mode_a = "9"'), ("sac = 251", "sac = 256"), ("boost_s = 22", "boost_s = 2")):
        source = EXAMPLE if good in EXAMPLE else PAMIR
        text = source.replace(good, bad, 1)
        with pytest.raises(ScenarioError, match=f"^x:{line_of(text, bad)}: "):
            parse_scenario(text, "x")
    missing = EXAMPLE.replace('mode_a = "4401"\n', "", 1)
    header = line_of(missing, '[[flight]]\nname = "Liaison"')
    with pytest.raises(ScenarioError, match=f"^x:{header}: flight 2"):
        parse_scenario(missing, "x")


def test_a_scenario_without_sensors_says_so() -> None:
    with pytest.raises(ScenarioError, match=r"x: no sensors; write one \[\[sensor\]\] table each"):
        parse_scenario('title = "t"\nstart = 2026-01-01T00:00:00Z\nduration_s = 10\nagreement = "a"\n', "x")


@pytest.mark.parametrize(
    ("parties", "posts", "says"),
    [
        (["RU"], None, "two.toml: sensor 2 (Plain): party is 'TJ'; the agreement central-asia-2021.toml has RU"),
        (
            ["RU", "TJ"],
            ["TJ.duty", "TJ.air-defence"],
            "two.toml: act (withdraw): post is 'TJ.government'; the agreement",
        ),
        (["RU", "TJ"], ["TJ.duty", "TJ.government"], "two.toml: staff 1 (approve): post is 'TJ.air-defence'; the"),
        (["RU", "TJ"], ["TJ.air-defence", "TJ.government"], "two.toml: staff 2 (assign): responder: post is 'TJ.duty'"),
    ],
)
def test_parties_and_posts_are_those_of_the_agreement(parties: list[str], posts: list[str] | None, says: str) -> None:
    scenario = parse_scenario(EXAMPLE, "two.toml")
    with pytest.raises(ScenarioError, match="^" + re.escape(says)):
        check_parties(scenario, parties, posts)


def test_an_act_of_a_stranger_is_named() -> None:
    scenario = parse_scenario(EXAMPLE.replace('party = "TJ"\npost', 'party = "XX"\npost'), "two.toml")
    with pytest.raises(ScenarioError, match=r"act 1 \(withdraw at 240 s\): party is 'XX'; the agreement"):
        check_parties(scenario, ["RU", "TJ"])
