"""Figures against truth: Stone Soup's answers on the same folders, searches over all assignments, hand counts."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from bench_world import write_world

from skyaccord.columns import F8
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.exercise.figures import EARTH, FLAT, Frame, Pairs, Samples, match, nees, siap
from skyaccord.exercise.kernels import settle
from skyaccord.exercise.verdict import Verdict, judge, of_scenario, pronounce

# what Stone Soup 1.9.1's metric generators (GOSPAMetric, OSPAMetric, SIAPMetrics with TrackToTruth) and a
# plain count say of the folders that these seeds make
REFERENCE = {
    4: {
        "instants": 52,
        "mean_truths": 6.923076923076923,
        "gospa_mean": 4349.40416130451,
        "gospa_rms": 4424.423069846875,
        "gospa_rms_per_sqrt_target": 1681.5394848270312,
        "gospa_loc_rms": 1108.7676288742375,
        "gospa_missed_rms": 650.4436355879909,
        "gospa_false_rms": 4233.565509482158,
        "missed_per_instant": 0.21153846153846154,
        "false_per_instant": 8.961538461538462,
        "ospa_mean": 1505.9275107880128,
        "siap_completeness": 0.9472222222222222,
        "siap_ambiguity": 1.5747800586510263,
        "siap_spuriousness": 0.3411042944785276,
        "siap_pos_acc_m": 424.1489958036778,
        "siap_vel_acc_ms": 26.05384752282505,
        "siap_track_changes_per_s": 0.013003095975232198,
        "siap_longest_segment": 0.5612535612535613,
        "pos_rmse_m": 433.42590367268303,
        "pos_median_m": 264.3593193132431,
        "pos_p95_m": 672.3595760998476,
        "vel_rmse_ms": 42.153474345874685,
        "z_rmse_m": 561.4844061978376,
        "tracks_total": 45,
        "tracks_never_matched": 6,
        "truths_never_tracked": 0,
        "track_number_changes": 61,
        "id_swaps": 8,
        "tracked_fraction": 0.9694444444444444,
    },
    5: {
        "instants": 52,
        "mean_truths": 7.730769230769231,
        "gospa_mean": 3543.8077966829196,
        "gospa_rms": 3587.664442237528,
        "gospa_rms_per_sqrt_target": 1290.3290102678166,
        "gospa_loc_rms": 912.6196423669447,
        "gospa_missed_rms": 679.3662204867575,
        "gospa_false_rms": 3402.4877776302264,
        "missed_per_instant": 0.23076923076923078,
        "false_per_instant": 5.788461538461538,
        "ospa_mean": 1324.6624147958198,
        "siap_completeness": 0.9676616915422885,
        "siap_ambiguity": 1.3727506426735219,
        "siap_spuriousness": 0.2272069464544139,
        "siap_pos_acc_m": 364.6023743562976,
        "siap_vel_acc_ms": 18.714459526913643,
        "siap_track_changes_per_s": 0.006951871657754011,
        "siap_longest_segment": 0.6946564885496184,
        "pos_rmse_m": 336.5970489497199,
        "pos_median_m": 284.43809012794406,
        "pos_p95_m": 583.5041735405493,
        "vel_rmse_ms": 18.154169633138963,
        "z_rmse_m": 397.8657751103821,
        "tracks_total": 40,
        "tracks_never_matched": 8,
        "truths_never_tracked": 0,
        "track_number_changes": 55,
        "id_swaps": 5,
        "tracked_fraction": 0.9701492537313433,
    },
}


@pytest.mark.parametrize("seed", REFERENCE)
def test_figures_are_those_of_an_independent_scorer(seed: int, tmp_path: Path) -> None:
    scenario, tracks = write_world(tmp_path / "s", seed)
    figures = of_scenario(scenario, tracks).figures()
    for name, value in REFERENCE[seed].items():
        assert figures[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name


# the nearest of three truths at 40 instants (. none), and what Stone Soup 1.9.1's TrackToTruth makes of it (two to
# confirm, two to end): truth, first and last instant of each stretch
STRETCHES = [
    (
        "..22....11022.222221.......1111122002222",
        [(0, 34, 35), (1, 8, 9), (1, 27, 31), (2, 2, 3), (2, 11, 12), (2, 14, 18), (2, 32, 33), (2, 36, 39)],
    ),
    (
        ".011111111..0.2..21..1001122221...00.022",
        [(0, 22, 23), (0, 34, 35), (1, 2, 9), (1, 24, 25), (2, 26, 29), (2, 38, 39)],
    ),
    (
        "...221...022200..2..200......011.11111..",
        [(0, 13, 14), (0, 21, 22), (1, 30, 31), (1, 33, 37), (2, 3, 4), (2, 10, 12)],
    ),
    (
        ".0........022..20....0000021111122110220",
        [(0, 21, 25), (1, 27, 31), (1, 34, 35), (2, 11, 12), (2, 32, 33), (2, 37, 38)],
    ),
    (
        ".22102210111221111....00001111...1111111",
        [(0, 22, 25), (1, 9, 11), (1, 14, 17), (1, 26, 29), (1, 33, 39), (2, 1, 2), (2, 5, 6), (2, 12, 13)],
    ),
    (
        "22222.2222111102...0.2222220000222222002",
        [(0, 27, 30), (0, 37, 38), (1, 10, 13), (2, 0, 9), (2, 21, 26), (2, 31, 36)],
    ),
]


@pytest.mark.parametrize(("nearest", "stretches"), STRETCHES)
def test_tracks_belong_when_stone_soup_says_so(nearest: str, stretches: list[tuple[int, int, int]]) -> None:
    seen = np.array([-1 if c == "." else int(c) for c in nearest], np.int64)
    n = len(seen)
    owned = settle(np.array([0, n, 2 * n]), np.tile(np.arange(n, dtype=np.int32), 2), np.tile(seen, 2), 2, 2)
    for track in (0, 1):
        assert sorted(map(tuple, owned[owned[:, 0] == track, 1:].tolist())) == stretches


def samples(*instants: dict[int, F8], fresh: bool = True) -> Samples:
    """Each instant: number -> (6,) state."""
    rows = [(j, number, state) for j, here in enumerate(instants) for number, state in here.items()]
    return Samples(
        np.array([r[0] for r in rows], np.int32),
        np.array([r[1] for r in rows], np.int64),
        np.array([r[2] for r in rows], float).reshape(-1, 6),
        np.arange(len(rows)),
        np.full(len(rows), fresh),
    )


def at(x: float, y: float = 0.0, vx: float = 100.0, vy: float = 0.0) -> F8:
    return np.array([x, y, 5000.0, vx, vy, 0.0])


def verdict(truth: Samples, tracks: Samples, step_s: float = 5.0, **more: F8) -> Verdict:
    count = max(int(truth.instant.max()), int(tracks.instant.max()) if len(tracks) else 0) + 1
    return pronounce(judge(truth, tracks, step_s * np.arange(count)), **more)


def searched(truth: F8, tracks: F8, cut: float) -> float:
    """Squared GOSPA by trying every assignment."""
    n = max(len(truth), len(tracks))
    best = np.inf
    for order in permutations(range(n)):
        total, pairs = 0.0, 0
        for i, j in enumerate(order):
            if i < len(truth) and j < len(tracks) and (d := float(np.linalg.norm(truth[i] - tracks[j]))) < cut:
                total, pairs = total + d * d, pairs + 1
        best = min(best, total + cut**2 / 2 * (len(truth) + len(tracks) - 2 * pairs))
    return best


@pytest.mark.parametrize("frame", [FLAT, EARTH])
@pytest.mark.parametrize("seed", range(6))
def test_gospa_is_the_least_over_all_assignments(seed: int, frame: Frame) -> None:
    rng = np.random.default_rng(seed)
    truth, tracks = ({k: at(*rng.uniform(-2500, 2500, 2)) for k in range(n)} for n in (4, 6))
    for state in tracks.values():
        state[2] += rng.uniform(-900, 900)  # heights do not count
    least = searched(*(np.array([s[:2] for s in d.values()]) for d in (truth, tracks)), 2000.0)
    if frame is EARTH:
        lat, lon = np.radians(38.0), np.radians(69.0)
        axes = enu_axes(lat, lon)
        for state in (*truth.values(), *tracks.values()):
            state[:3] = ecef(lat, lon, 0.0) + state[:3] @ axes
            state[3:] = state[3:] @ axes
    judged = judge(samples(truth), samples(tracks), np.zeros(1), frame)
    figures = pronounce(judged).gospa
    assert figures.gospa_rms**2 == pytest.approx(least, rel=1e-9 if frame is FLAT else 5e-3)
    parts = figures.gospa_loc_rms**2 + figures.gospa_missed_rms**2 + figures.gospa_false_rms**2
    assert parts == pytest.approx(figures.gospa_rms**2)


def test_what_is_perfect_has_no_error_and_what_is_absent_has_no_figure() -> None:
    truth = samples(*({k: at(5000.0 * k + 500 * j) for k in range(5)} for j in range(6)))
    best = verdict(truth, truth)
    assert (best.gospa.gospa_rms, best.gospa.ospa_mean, best.continuity.pos_rmse_m) == (0, 0, 0)
    assert (best.siap.siap_completeness, best.siap.siap_ambiguity, best.siap.siap_spuriousness) == (1, 1, 0)
    assert best.siap.siap_longest_segment == 1
    assert best.surveillance.update_probability == 1
    none = verdict(truth, samples())
    assert none.gospa.gospa_rms_per_sqrt_target == pytest.approx(2000 / np.sqrt(2))
    assert (none.continuity.truths_never_tracked, none.continuity.tracked_fraction) == (5, 0)
    assert none.figures()["pos_rmse_m"] is None


def test_names_and_order_do_not_matter() -> None:
    rng = np.random.default_rng(3)
    truth = samples(*({k: at(*rng.uniform(-6000, 6000, 2)) for k in range(9)} for _ in range(5)))
    tracks = samples(*({k: at(*rng.uniform(-6000, 6000, 2)) for k in range(11)} for _ in range(5)))
    before = verdict(truth, tracks).figures()
    again = tracks.take(rng.permutation(len(tracks)))
    shuffled = again.replace(number=rng.permutation(11)[again.number] + 400)
    for name, value in verdict(truth.take(rng.permutation(len(truth))), shuffled).figures().items():
        assert value == pytest.approx(before[name], nan_ok=True), name


def test_swaps_and_number_changes_by_hand() -> None:
    a, b = at(0.0), at(5000.0)
    truth = samples(*[{1: a, 2: b}] * 6)
    swapped = samples(*[{10: a, 20: b}] * 3, *[{10: b, 20: a}] * 3)
    assert verdict(truth, swapped).continuity.id_swaps == 2
    assert verdict(truth, swapped).continuity.track_number_changes == 2
    renamed = samples(*[{10: a, 20: b}] * 3, *[{10: a, 30: b}] * 3)
    assert (verdict(truth, renamed).continuity.id_swaps, verdict(truth, renamed).continuity.track_number_changes) == (
        0,
        1,
    )
    # side by side, a pair that stood is kept though the other way would be a little nearer
    close = samples(*[{1: at(0.0), 2: at(1000.0)}] * 2)
    crossing = samples({10: at(0.0), 20: at(1000.0)}, {10: at(520.0), 20: at(480.0)})
    assert verdict(close, crossing).continuity.track_number_changes == 0


def pairs_of(truth: Samples, tracks: Samples, count: int) -> Pairs:
    return match(truth, tracks, 5.0 * np.arange(count))


def test_siap_by_hand() -> None:
    """One target, tracked by 10 at 0..3 and by 20 at 3..7; a ghost far away; nobody at 8, 9."""
    here = at(0.0)
    said: list[dict[int, F8]] = [{} for _ in range(10)]
    for j in range(4):
        said[j][10] = here
    for j in range(3, 8):
        said[j][20] = at(30.0, 40.0, 103.0, 4.0)
    for j in range(5):
        said[j][99] = at(50_000.0)
    score = siap(pairs_of(samples(*[{1: here}] * 10), samples(*said), 10))
    assert score.siap_completeness == pytest.approx(8 / 10)
    assert score.siap_ambiguity == pytest.approx(9 / 8)
    assert score.siap_spuriousness == pytest.approx(5 / 14)
    assert score.siap_pos_acc_m == pytest.approx(5 * 50 / 9)
    assert score.siap_vel_acc_ms == pytest.approx(5 * np.hypot(3, 4) / 9)
    assert score.siap_track_changes_per_s == pytest.approx(1 / 35)
    assert score.siap_longest_segment == pytest.approx(20 / 45)


def test_surveillance_figures_by_hand() -> None:
    here, there = at(0.0), at(30_000.0)
    said: list[dict[int, F8]] = [{10: at(950.0)} for _ in range(3)]  # three running
    said += [{10: here}, {}, {}, {}, {10: at(0.0, vx=0.0, vy=100.0)}]  # a gap of 20 s; then a right angle off
    for j in range(4):
        said[j][20] = there
    for j in (3, 4):  # two: not three running
        said[j][20] = at(30_950.0)
    said[1][30] = at(30_500.0)  # a twin
    said[2][40] = at(90_000.0)  # a ghost
    truth = samples(*[{1: here, 2: there}] * 8)
    more = {"entry_s": np.array([0.0, 3.0]), "birth_s": np.array([4.0, 15.0, 0.0, 0.0])}
    score = verdict(truth, samples(*said), **more).surveillance
    assert score.update_probability == pytest.approx((5 + 5) / 16)
    assert score.errors_beyond_926m == pytest.approx(5 / 10)
    assert score.errors_beyond_926m_in_threes == pytest.approx(3 / 10)
    assert (score.gaps_long, score.missed_in_long_gaps) == (1, pytest.approx(3 / 16))
    assert score.multiple_tracks_per_instant == pytest.approx(1 / 8)
    assert score.false_tracks_per_instant == pytest.approx(1 / 8)
    assert score.initiation_median_s == pytest.approx((4 + 12) / 2)
    assert score.heading_rmse_deg == pytest.approx(90 / np.sqrt(10))
    assert verdict(truth, samples(*said, fresh=False)).surveillance.update_probability == 0


@pytest.mark.parametrize("parts", [(0, 1), (0, 1, 3, 4), (0, 1, 2, 3, 4, 5)])
def test_errors_that_are_as_large_as_said_are_inside_the_band(parts: tuple[int, ...]) -> None:
    rng = np.random.default_rng(11)
    instants, targets = 200, 40
    root = rng.normal(size=(instants * targets, 6, 6)) * [300, 300, 300, 20, 20, 20]
    covariance = root @ root.transpose(0, 2, 1)
    error = np.einsum("nij,nj->ni", root, rng.normal(size=(len(root), 6)))
    instant = np.repeat(np.arange(instants), targets)
    k = len(parts)
    honest = nees(error, covariance, instant, parts)
    assert honest.mean == pytest.approx(k, rel=4 * np.sqrt(2 / k / len(root)))
    assert honest.low < honest.mean < honest.high
    assert honest.instants_inside == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / instants))
    assert honest.samples_inside == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / len(root)))
    for scale in (0.5, 2.0):  # too sure, too modest
        wrong = nees(error, scale * covariance, instant, parts)
        assert wrong.mean == pytest.approx(honest.mean / scale)
        assert wrong.instants_inside < 0.3


def test_a_covariance_that_is_none() -> None:
    error, covariance, instant = (
        np.ones((3, 6)),
        np.stack([np.eye(6), -np.eye(6), np.full((6, 6), np.nan)]),
        np.arange(3),
    )
    score = nees(error, covariance, instant, (0, 1))
    assert (score.samples, score.samples_inside, score.mean) == (2, 0.5, np.inf)
    assert nees(error[2:], covariance[2:], instant[2:], (0, 1)).samples == 0
