"""Fusion: consistent whatever the correlation, and numbers that stay."""

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from skyaccord.columns import F8, I4
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.picture import Fusion, Picture, Shared, fuse
from skyaccord.picture.fuse import GATE_D2, SURGE_MPS2, intersect, pair
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
    state, cov = intersect(np.stack([a, b], axis=1), np.tile(np.stack([a_cov, b_cov]), (n, 1, 1, 1)))
    actual = state.T @ state / n
    # the stated covariance is never smaller than the actual one, in any direction
    assert scipy.linalg.eigvalsh(actual, cov[0]).max() < 1.08
    # and it is worth doing: no worse than either in volume
    assert np.linalg.det(cov[0]) <= min(np.linalg.det(a_cov), np.linalg.det(b_cov)) * 1.01


SIGMA = np.array([300.0, 300.0, 100.0, 10.0, 10.0, 5.0])


def correlated(rng: np.random.Generator, count: int, common: float) -> tuple[F8, F8]:
    """Covariances (K, 6, 6) of estimates of one thing, and the joint one of their errors (6K, 6K).

    How the errors depend on one another is random; `common` 1: all are one and the same error, seen differently.
    """
    sources = np.concatenate(
        [np.tile(common * np.eye(6), (count, 1)), (1 - common) * rng.normal(size=(6 * count, 6 * count))], axis=1
    )
    joint, each = sources @ sources.T, np.empty((count, 6, 6))
    for k in range(count):
        at = slice(6 * k, 6 * k + 6)
        shape = rng.normal(size=(6, 6)) * SIGMA[:, None] * rng.uniform(0.3, 3.0)
        each[k] = shape @ shape.T + 1e-2 * np.diag(SIGMA**2)
        becomes = np.linalg.cholesky(each[k]) @ np.linalg.inv(np.linalg.cholesky(joint[at, at]))
        joint[at] = becomes @ joint[at]
        joint[:, at] = joint[:, at] @ becomes.T
    return each, joint


@given(st.integers(0, 2**32), st.integers(2, 5), st.sampled_from([0.0, 0.3, 0.7, 0.95, 1.0]))
def test_the_stated_covariance_bounds_the_true_one_whatever_depends_on_what(
    seed: int, count: int, common: float
) -> None:
    each, joint = correlated(np.random.default_rng(seed), count, common)
    # the fused state is linear in the states: what one unit of each does, one thing a unit
    units = np.eye(6 * count).reshape(6 * count, count, 6)
    state, cov = intersect(units, np.broadcast_to(each, (6 * count, count, 6, 6)))
    weights = state.T
    assert weights @ np.tile(np.eye(6), (count, 1)) == pytest.approx(np.eye(6), abs=1e-5)  # unbiased
    scale = np.outer(SIGMA, SIGMA)
    actual, stated = weights @ joint @ weights.T / scale, cov[0] / scale
    slack = 1e-6 * np.trace(stated)
    assert np.linalg.eigvalsh(stated - actual).min() > -slack
    # nor smaller than what one who knew the joint covariance could reach (generalised least squares)
    if common < 1.0:
        see = np.tile(np.eye(6), (count, 1))
        optimal = np.linalg.inv(see.T @ np.linalg.solve(joint, see)) / scale
        assert np.linalg.eigvalsh(stated - optimal).min() > -slack


def test_the_order_in_which_parties_come_does_not_decide() -> None:
    own = tracks(OFFSETS[:1], [1])
    theirs = [shared(OFFSETS[:1] + shift, [70]) for shift in (-200.0, 100.0, 300.0)]
    theirs = [s.replace(covariance=s.covariance * size) for s, size in zip(theirs, (0.5, 1.0, 3.0), strict=True)]
    one = fuse(own, dict(zip((1, 2, 3), theirs, strict=True)), 0, Fusion(), 100.0)[1]
    other = fuse(own, dict(zip((3, 1, 2), theirs, strict=True)), 0, Fusion(), 100.0)[1]
    assert one.sources.tolist() == [15]
    assert one.state == pytest.approx(other.state, abs=1e-6)
    assert one.covariance == pytest.approx(other.covariance, rel=1e-9, abs=1e-6)


def test_alike_estimates_of_many_weigh_alike() -> None:
    own = tracks(OFFSETS[:1], [1])
    shifts = (80.0, -40.0, 200.0)
    _, picture = fuse(
        own, {k + 1: shared(OFFSETS[:1] + shift, [70]) for k, shift in enumerate(shifts)}, 0, Fusion(), 100.0
    )
    east_north = (picture.state[:, :3] - ORIGIN) @ AXES[:2].T
    assert east_north == pytest.approx(np.full((1, 2), sum(shifts) / 4), abs=1e-3)
    assert picture.covariance[0] == pytest.approx(own.covariance[0], rel=1e-9, abs=1e-6)


def test_who_is_who_is_the_cheapest_of_all_ways() -> None:
    """Against the whole table of everybody with everybody."""
    rng = np.random.default_rng(4)
    for crowd_m in (2000.0, 8000.0, 60_000.0):
        places = rng.uniform(-crowd_m, crowd_m, (30, 2))
        seen = np.concatenate([places[5:] + rng.normal(size=(25, 2)) * 250, rng.uniform(-crowd_m, crowd_m, (9, 2))])
        own = tracks(places, np.arange(30))
        picture = Picture.empty(30).replace(
            state=own.state, covariance=own.covariance, address=own.address, mode_a=own.mode_a
        )
        theirs = shared(seen, list(range(34)))
        rows, columns = pair(picture, theirs, np.full(34, -1))
        spread = 2 * 200.0**2 + 150.0**2
        d2 = ((places[:, None] - seen[None]) ** 2).sum(axis=2) / spread
        padded = np.concatenate([np.where(d2 < GATE_D2, d2, 1e6), np.full((30, 30), GATE_D2)], axis=1)
        at, to = linear_sum_assignment(padded)
        assert rows.tolist() == at[to < 34].tolist()
        assert columns.tolist() == to[to < 34].tolist()
        assert len(rows) > 15


def test_thousands_of_tracks_are_not_compared_each_with_each() -> None:
    """4,000 own and as many shared ones: a table of all pairs would be 16 million covariances."""
    rng = np.random.default_rng(5)
    places = rng.uniform(-500e3, 500e3, (4000, 2))
    own, theirs = tracks(places, np.arange(4000)), shared(places[::-1] + 100.0, list(range(4000)))
    _, picture = fuse(own, {1: theirs}, 0, Fusion(), 100.0)
    assert len(picture) == 4000
    assert (picture.shared_number + picture.own_number == 3999).all()


@pytest.mark.parametrize("age_s", [-2.0, 1.0, 11.0])
def test_a_late_word_is_as_sure_as_a_turn_since_then_lets_it_be(age_s: float) -> None:
    """Aircraft that accelerated steadily since they were told of: errors as large as stated, no larger."""
    rng, n = np.random.default_rng(6), 4000
    known = shared(np.zeros((n, 2)), list(range(n)), time_s=np.full(n, 100.0 - age_s))
    root = np.linalg.cholesky(known.covariance[0])
    surge = rng.normal(size=(n, 3)) * SURGE_MPS2
    now = known.state + rng.normal(size=(n, 6)) @ root.T
    now[:, :3] += now[:, 3:] * age_s + surge * age_s**2 / 2
    now[:, 3:] += surge * age_s
    _, picture = fuse(tracks(np.zeros((0, 2)), []), {1: known}, 0, Fusion(), 100.0)
    error = now[picture.shared_number] - picture.state
    d2 = np.einsum("ni,ni->n", error, np.linalg.solve(picture.covariance, error[..., None])[..., 0])
    assert d2.mean() == pytest.approx(6.0, abs=0.25)
