"""Identity and class, case by case, as the file's own table says in words."""

from __future__ import annotations

import pytest
from skies import sky, state_of

from skyaccord.agreement.words import AirClass, Identity
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.threats import Alert, classify
from skyaccord.tracks import CONFIRMED, TENTATIVE


@pytest.mark.parametrize(
    ("speed", "height", "climb", "mode_a", "address", "status", "identity", "air_class"),
    [
        (230, 10_600, 0, 0o1301, 0xF10001, CONFIRMED, Identity.NEUTRAL, AirClass.AIRLINER),
        (230, 10_600, 0, NO_MODE_A, 0xF10001, CONFIRMED, Identity.NEUTRAL, AirClass.AIRLINER),
        (60, 1_500, 0, 0o7000, NO_ADDRESS, CONFIRMED, Identity.NEUTRAL, AirClass.AIRCRAFT),
        (230, 10_600, 0, NO_MODE_A, NO_ADDRESS, CONFIRMED, Identity.UNKNOWN, AirClass.AIRCRAFT),
        (230, 10_600, 0, 0, NO_ADDRESS, CONFIRMED, Identity.UNKNOWN, AirClass.AIRCRAFT),
        (40, 760, 0, NO_MODE_A, NO_ADDRESS, CONFIRMED, Identity.UNKNOWN, AirClass.DRONE),
        (40, 7_600, 0, NO_MODE_A, NO_ADDRESS, CONFIRMED, Identity.UNKNOWN, AirClass.AIRCRAFT),
        (5, 300, 0, NO_MODE_A, NO_ADDRESS, CONFIRMED, Identity.UNKNOWN, AirClass.UNKNOWN),
        (900, 20_000, 400, NO_MODE_A, NO_ADDRESS, CONFIRMED, Identity.SUSPECT, AirClass.MISSILE),
        (230, 10_600, 0, 0o7500, 0xF10001, CONFIRMED, Identity.SUSPECT, AirClass.AIRLINER),
        (230, 10_600, 0, 0o1301, 0xF10001, TENTATIVE, Identity.PENDING, AirClass.AIRLINER),
    ],
)
def test_what_a_track_seems(speed, height, climb, mode_a, address, status, identity, air_class) -> None:
    state = state_of(38.0, 69.0, 75.0, speed, height, climb)
    said = classify(sky(state, mode_a=[mode_a], address=[address], status=[status]))
    assert (Identity(said[0][0]), AirClass(said[1][0])) == (identity, air_class)


def test_a_height_that_is_only_supposed_excludes_no_drone() -> None:
    state = state_of(38.0, 69.0, 75.0, 40.0, 6_000.0)
    assert classify(sky(state, sigma_m=3000.0))[1].tolist() == [AirClass.DRONE]
    assert classify(sky(state, sigma_m=100.0))[1].tolist() == [AirClass.AIRCRAFT]


def test_who_crosses_without_a_code_is_suspect() -> None:
    picture = sky(state_of(38, 69, 0, 200), state_of(38, 70, 0, 200), mode_a=[NO_MODE_A, 0o1234])
    nan = float("nan")
    crossing = [
        Alert(
            f"S-A{k}", "border_violation", "S", 0.0, "warning", k, 0, 0, 0, 200, "south", nan, nan, nan, nan, "open", ""
        )
        for k in (1, 2)
    ]
    identity, _ = classify(picture, tuple(crossing))
    assert identity.tolist() == [Identity.SUSPECT, Identity.NEUTRAL]


def test_an_empty_picture_has_no_classes() -> None:
    assert [len(column) for column in classify(sky())] == [0, 0]
