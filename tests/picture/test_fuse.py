"""Fusion: consistent whatever the correlation, and numbers that stay."""

import numpy as np
import pytest
import scipy.linalg

from skyaccord.columns import F8, I4
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.picture import Fusion, Picture, Shared, fuse
from skyaccord.picture.fuse import intersect, pair
from skyaccord.sensors.plots import NO_ADDRESS, NO_MODE_A
from skyaccord.tracks import CONFIRMED, TENTATIVE, Tracks

ORIGIN = ecef(np.radians(38.0), np.radians(69.0), 9000.0)
AXES = enu_axes(np.radians(38.0), np.radians(69.0))


def tracks(offsets_m: F8, numbers: I4 | list[int], status: int = CONFIRMED, time_s: float = 100.0) -> Tracks:
    """Tracks at (N, 2) east and north offsets, all flying east at 200 m/s."""
    n = len(offsets_m)
    state = np.concatenate([ORIGIN + offsets_m @ AXES[:2], np.tile(200 * AXES[0], (n, 1))], axis=1)
    covariance = np.tile(np.diag([200.0**2] * 3 + [10.0**2] * 3), (n, 1, 1))
    return Tracks.empty(n).replace(
        number=np.array(numbers),
        time_s=np.full(n, time_s),
        state=state,
        covariance=covariance,
        status=np.full(n, status),
        updated_s=np.full(n, time_s - 3.0),
        pressure_alt_m=np.full(n, np.nan),
        mode_a=np.full(n, NO_MODE_A),
        address=np.full(n, NO_ADDRESS),
    )


def shared(offsets_m: F8, numbers: list[int], **change: object) -> Shared:
    source = tracks(offsets_m, numbers)
    arrays = {k: v for k, v in source.arrays().items() if k not in ("existence", "hits", "sensors")}
    n = len(source)
    more = {"identity": np.zeros(n), "air_class": np.zeros(n), "clause": np.full(n, b"Art. 1", "S32")}
    return Shared(**{**arrays, **more, **change})


OFFSETS = np.array([[0.0, 0.0], [20_000.0, 5_000.0], [-8_000.0, 30_000.0]])


def test_two_views_of_one_aircraft_become_one_track() -> None:
    theirs = shared(OFFSETS[1:] + 150.0, [71, 72])
    _, picture = fuse(tracks(OFFSETS, [1, 2, 3]), {1: theirs}, 0, Fusion(), 100.0)
    assert len(picture) == 3
    assert picture.sources.tolist() == [1, 3, 3]
    assert picture.own_number.tolist() == [1, 2, 3]
    assert picture.shared_number.tolist() == [-1, 71, 72]
    assert picture.clause.tolist() == [b"", b"Art. 1", b"Art. 1"]
    assert picture.age_s == pytest.approx(3.0)
    assert picture.sigma_m[0] == pytest.approx(200.0, rel=1e-6)


def test_what_only_the_other_sees_is_in_the_picture_by_its_clause() -> None:
    _, picture = fuse(tracks(OFFSETS[:1], [1]), {1: shared(OFFSETS[1:], [71, 72])}, 0, Fusion(), 100.0)
    assert picture.own_number.tolist() == [1, -1, -1]
    assert picture.sources.tolist() == [1, 2, 2]
    assert picture.clause.tolist() == [b"", b"Art. 1", b"Art. 1"]


def test_tentative_tracks_stay_at_home() -> None:
    _, picture = fuse(tracks(OFFSETS, [1, 2, 3], TENTATIVE), {}, 0, Fusion(), 100.0)
    assert len(picture) == 0


def test_joint_numbers_stay_when_sources_come_and_go() -> None:
    own, theirs = tracks(OFFSETS[:1], [1]), shared(OFFSETS[:1], [71])
    memory, alone = fuse(own, {}, 0, Fusion(), 100.0)
    memory, both = fuse(own, {1: theirs}, 0, memory, 100.0)
    memory, only_theirs = fuse(own.take(slice(0)), {1: theirs}, 0, memory, 100.0)
    memory, back = fuse(tracks(OFFSETS[:1], [9]), {1: theirs}, 0, memory, 100.0)
    assert alone.number.tolist() == both.number.tolist() == only_theirs.number.tolist() == back.number.tolist() == [1]
    _, later = fuse(tracks(OFFSETS[:1], [10]), {}, 0, memory, 100.0)
    assert later.number.tolist() == [2]


def test_an_address_decides_between_neighbours() -> None:
    near = np.array([[0.0, 0.0], [600.0, 0.0]])
    own = tracks(near, [1, 2]).replace(address=np.array([0xA, 0xB]))
    theirs = shared(near[::-1], [71, 72], address=np.array([0xA, 0xB], np.uint32))
    _, picture = fuse(own, {1: theirs}, 0, Fusion(), 100.0)
    assert picture.shared_number.tolist() == [71, 72]


def test_a_pair_does_not_change_partners_for_a_little() -> None:
    picture = Picture.empty(2).replace(
        state=tracks(np.array([[0.0, 0.0], [500.0, 0.0]]), [1, 2]).state,
        covariance=tracks(np.array([[0.0, 0.0], [500.0, 0.0]]), [1, 2]).covariance,
        address=np.full(2, NO_ADDRESS),
        mode_a=np.full(2, NO_MODE_A),
    )
    theirs = shared(np.array([[260.0, 0.0]]), [71])
    assert pair(picture, theirs, np.array([0]))[0].tolist() == [0]
    assert pair(picture, theirs, np.array([1]))[0].tolist() == [1]


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9, 0.99])
def test_intersection_is_consistent_whatever_the_correlation(correlation: float) -> None:
    rng = np.random.default_rng(2)
    scale = np.array([300.0, 300.0, 100.0, 10.0, 10.0, 5.0])
    a_cov, b_cov = np.diag(scale**2), np.diag((scale * np.array([0.3, 2.0, 1.0, 1.0, 0.5, 2.0])) ** 2)
    n, common = 4000, rng.normal(size=(4000, 6))
    own_a, own_b = rng.normal(size=(n, 6)), rng.normal(size=(n, 6))
    mixed, rest = np.sqrt(correlation), np.sqrt(1 - correlation)
    a = (mixed * common + rest * own_a) * np.sqrt(np.diag(a_cov))
    b = (mixed * common + rest * own_b) * np.sqrt(np.diag(b_cov))
    state, cov = intersect(a, np.tile(a_cov, (n, 1, 1)), b, np.tile(b_cov, (n, 1, 1)))
    actual = state.T @ state / n
    # the stated covariance is never smaller than the actual one, in any direction
    assert scipy.linalg.eigvalsh(actual, cov[0]).max() < 1.08
    # and it is worth doing: no worse than either in volume
    assert np.linalg.det(cov[0]) <= min(np.linalg.det(a_cov), np.linalg.det(b_cov)) * 1.01
