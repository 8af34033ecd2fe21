"""Whose plots are whose, and what tracks are called, against a sky in plain geometry and names in dictionaries."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyaccord.columns import F8, I4
from skyaccord.earth.wgs84 import ecef, enu_axes
from skyaccord.sensors import parse_sites
from skyaccord.tracks.kernels import areas
from skyaccord.tracks.kernels.bank import CONFIRMED, NONE, SENSOR, TENTATIVE, Said
from skyaccord.tracks.tracker import nothing

OVERLAP_M, SLACK_M = 25_000.0, 10_000.0


# --- tables


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 40) | st.integers(1, 2**31 - 1)), max_size=300))
def test_a_table_has_what_was_entered_and_not_struck(moves: list[tuple[bool, int]]) -> None:
    table, wanted = np.zeros((areas.ROOM + 1, 2), np.int32), dict[int, int]()
    for i, (enters, key) in enumerate(moves):
        if enters:
            table, at = areas.entered(table, key)
            table[at, 1] = wanted[key] = i
        else:
            areas.strike(table, key)
            wanted.pop(key, None)
        rows = table[:-1]
        assert {int(k): int(v) for k, v in rows[rows[:, 0] != 0]} == wanted
        assert table[-1, 0] == len(wanted)
        assert not rows[rows[:, 0] == 0].any()
        assert all(table[areas.find(table, k), 1] == v for k, v in wanted.items())
        assert table[areas.find(table, key), 0] == (key if key in wanted else 0)


# --- names


class Spoken:
    """What one area's tracks are called, in dictionaries."""

    def __init__(self, area: int, count: int) -> None:
        self.area, self.count = area, count
        self.called: dict[int, int] = {}
        self.told: set[int] = set()

    def first(self, own: int) -> int:
        return (own - 1) * self.count + self.area + 1

    def name(self, own: int) -> int:
        return NONE if own == NONE else self.called.get(own, self.first(own))

    def own(self, name: int) -> int:
        bearer = [own for own, taken in self.called.items() if taken == name]
        base = (name - 1) // self.count + 1
        if bearer or (name - 1) % self.count != self.area or base in self.called:
            return bearer[0] if bearer else NONE
        return base

    def adopt(self, wishes: dict[int, int]) -> list[int]:
        given_up = []
        for own, name in wishes.items():
            bearer = [k for k, taken in self.called.items() if taken == name]
            if name != self.first(own) and name not in {self.name(k) for k in self.told}:
                given_up += [self.name(own)] if own in self.told else []
                self.told.discard(own)
                self.called = {k: v for k, v in self.called.items() if k not in (*bearer, own)} | {own: name}
        return given_up


class Turn(NamedTuple):
    """Plots of one turn: which area each is in, or well in, and for each of two areas the track and if it is believed.

    And tracks that are told of no more, and others that are no more at all.
    """

    owner: I4
    host: I4
    number: I4  # (2, N)
    status: I4  # (2, N)
    quiet: tuple[list[int], list[int]]
    gone: tuple[list[int], list[int]]


@st.composite
def turns(draw: st.DrawFn) -> Turn:
    n = draw(st.integers(0, 12))
    some = st.lists(st.integers(1, 6), max_size=2)
    number = draw(st.lists(st.sampled_from([NONE, 1, 2, 3, 4, 5, 6, 70]), min_size=2 * n, max_size=2 * n))
    status = draw(st.lists(st.sampled_from([TENTATIVE, TENTATIVE, CONFIRMED]), min_size=2 * n, max_size=2 * n))
    owner = np.array(draw(st.lists(st.sampled_from([NONE, 0, 1]), min_size=n, max_size=n)), np.int32)
    host = np.where(draw(st.lists(st.booleans(), min_size=n, max_size=n)), owner, NONE).astype(np.int32)
    number = np.array(number, np.int32).reshape(2, n)
    status = np.where(number == NONE, TENTATIVE, np.array(status, np.int32).reshape(2, n))
    return Turn(owner, host, number, status, (draw(some), draw(some)), (draw(some), draw(some)))


@settings(max_examples=300, deadline=None)
@given(st.lists(turns(), min_size=1, max_size=12))
def test_tracks_are_called_as_dictionaries_have_it(story: list[Turn]) -> None:
    names, spoken = [areas.no_names(k, 2) for k in (0, 1)], [Spoken(k, 2) for k in (0, 1)]
    for owner, host, number, status, quiet, gone in story:
        n = len(owner)
        said = [said_of(number[k], status[k]) for k in (0, 1)]
        for x, k in ((0, 1), (1, 0)):
            every = np.arange(n)
            names[x], given_up = areas.adopt(names[x], names[k], every, number[x], number[k], owner, host)
            wishes = {}
            for i in range(n):
                own, name = int(number[x, i]), spoken[k].name(int(number[k, i]))
                whose = 1 if owner[i] == NONE else owner[i]
                alone = host[i] == k and int(number[k, i]) in spoken[k].told
                free = alone or own not in spoken[x].told
                if whose == k and NONE not in (own, name) and free and spoken[x].name(own) != name:
                    wishes[own] = name
            assert given_up.tolist() == spoken[x].adopt(wishes)
        told = said_of(np.full(n, -7, np.int32), np.zeros(n, np.int32))
        for k in (0, 1):
            rows = np.flatnonzero(owner == k)
            names[k] = areas.tell(names[k], rows, said[k], told)
            assert told.number[rows].tolist() == [spoken[k].name(int(own)) for own in number[k, rows]]
            assert np.array_equal(told.state[rows], said[k].state[rows])
            assert np.array_equal(told.time_s[rows], said[k].time_s[rows])
            assert np.array_equal(told.hits[rows], said[k].hits[rows])
            spoken[k].told |= set(number[k, rows][status[k, rows] == CONFIRMED].tolist())
        assert (told.number[owner == NONE] == -7).all()
        for k in (0, 1):
            every, outside = np.arange(1, 9, dtype=np.int32), np.arange(1, 150, dtype=np.int32)
            assert areas.numbered(names[k], every).tolist() == [spoken[k].name(own) for own in range(1, 9)]
            assert areas.owned(names[k], outside).tolist() == [spoken[k].own(name) for name in range(1, 150)]
            assert areas.was_told(names[k], every).tolist() == [own in spoken[k].told for own in range(1, 9)]
        for k in (0, 1):
            areas.hush(names[k], np.array(quiet[k], np.int32))
            areas.forget(names[k], np.array(gone[k], np.int32))
            spoken[k].told -= {*quiet[k], *gone[k]}
            spoken[k].called = {own: name for own, name in spoken[k].called.items() if own not in gone[k]}
            assert names[k].known[-1, 0] == len(spoken[k].told | set(spoken[k].called))
            assert names[k].caller[-1, 0] == len(spoken[k].called)


def said_of(number: I4, status: I4) -> Said:
    """What an area says of plots, each with a state of its own."""
    n, mark = len(number), np.arange(len(number)) + 10.0 * len(number) * (number > 0)
    return Said(
        number.copy(), 0.5 * mark, np.outer(mark, np.ones(6)), np.arange(n, dtype=np.int32), status.astype(np.uint8)
    )


# --- sharing plots out


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_plots_go_to_the_areas_that_they_are_in_or_near(seed: int, count: int) -> None:
    rng, n = np.random.default_rng(seed), 60
    sites = parse_sites(
        "".join(
            f"[[sensor]]\nsac = 1\nsic = {k + 1}\nlat_deg = {lat}\nlon_deg = {lon}\nheight_m = 0\nscan_s = 5\n"
            for k, (lat, lon) in enumerate(zip(rng.uniform(38, 42, 6), rng.uniform(60, 70, 6), strict=True))
        ),
        "six radars",
    )
    sensors = np.zeros(len(sites), SENSOR)
    sensors["position"] = base = ecef(sites.lat_rad, sites.lon_rad, sites.height_m)
    sensors["axes"] = axes = enu_axes(sites.lat_rad, sites.lon_rad)
    sensor, kind = rng.integers(0, 6, n), rng.integers(0, 3, n)  # range and azimuth, a position, a bearing
    range_m, azimuth = np.where(kind == 0, rng.uniform(0, 3e5, n), np.nan), rng.uniform(-np.pi, np.pi, n)
    lat, lon = (np.where(kind == 1, np.radians(rng.uniform(*span, n)), np.nan) for span in ((38, 42), (60, 70)))
    flat = np.stack([np.sin(azimuth), np.cos(azimuth), np.zeros(n)], axis=1)[:, None] @ axes[sensor]
    place = np.where(kind[:, None] == 1, ecef(lat, lon, np.zeros(n)), base[sensor] + range_m[:, None] * flat[:, 0])
    origin, axis = base.mean(axis=0), rng.normal(size=3)
    axis /= np.linalg.norm(axis)
    want_m = (place - origin) @ axis
    edges = np.concatenate([[-np.inf], np.sort(rng.uniform(-1e5, 1e5, count - 1)), [np.inf]])

    along_m = areas.along(sensor, range_m, azimuth, lat, lon, sensors, origin, axis, edges, OVERLAP_M)
    assert np.array_equal(np.isnan(along_m), kind == 2)
    rows, (owner, host) = np.sort(rng.choice(n, 40, replace=False)), np.full((2, n), NONE, np.int32)
    taken, home, guests = zip(
        *(areas.share(rows, along_m, a, edges, OVERLAP_M, SLACK_M, owner, host) for a in range(count)), strict=True
    )
    inside = [sum(want_m[k] >= edge for edge in edges[1:-1]) if kind[k] != 2 else NONE for k in rows]
    for a in range(count):
        assert taken[a].tolist() == [k for k in rows if reached(want_m[k], edges, a)]
        at_home = [int(k) for k, area in zip(rows, inside, strict=True) if area == a]
        assert home[a].tolist() == at_home
        assert guests[a].tolist() == [k for k in taken[a] if k not in at_home]
    assert owner[rows].tolist() == inside
    near = np.array([kind[k] != 2 and np.abs(edges - want_m[k]).min() < SLACK_M for k in rows])
    assert host[rows].tolist() == np.where(near, NONE, inside).tolist()
    assert (np.delete(owner, rows) == NONE).all()
    assert (np.delete(host, rows) == NONE).all()


def reached(at_m: float, edges_m: F8, area: int) -> bool:
    return bool(np.isnan(at_m)) or bool(edges_m[area] - OVERLAP_M <= at_m < edges_m[area + 1] + OVERLAP_M)


def test_nobody_takes_a_name_that_another_track_of_its_area_is_told_by() -> None:
    def numbers(*own: int) -> I4:
        return np.array(own, np.int32)

    row = np.arange(1)
    for status in (CONFIRMED, TENTATIVE):
        mine, other = areas.no_names(0, 2), areas.no_names(1, 2)
        other, _ = areas.adopt(other, mine, row, numbers(9), numbers(5), numbers(0), numbers(NONE))
        name = areas.numbered(mine, numbers(5))[0]
        assert areas.numbered(other, numbers(9))[0] == name
        said = Said(numbers(5), np.zeros(1), np.zeros((1, 6)), numbers(3), np.full(1, status, np.uint8))
        mine = areas.tell(mine, row, said, nothing(np.zeros(1)))
        mine, given_up = areas.adopt(mine, other, row, numbers(8), numbers(9), numbers(1), numbers(1))
        assert (areas.numbered(mine, numbers(8))[0] == name) == (status == TENTATIVE)
        assert not len(given_up)


@pytest.mark.parametrize("host", [NONE, 0, 1])
@pytest.mark.parametrize("other_told", [False, True])
def test_of_two_names_told_of_one_target_that_of_the_area_it_is_well_in_stays(host: int, other_told: bool) -> None:
    row, mine, other = np.arange(1), areas.no_names(0, 2), areas.no_names(1, 2)
    number, status = np.full(1, 3, np.int32), np.full(1, CONFIRMED, np.int32)
    mine = areas.tell(mine, row, said_of(number, status), nothing(np.zeros(1)))
    if other_told:
        other = areas.tell(other, row, said_of(number, status), nothing(np.zeros(1)))
    before, theirs = areas.numbered(mine, number)[0], areas.numbered(other, number)[0]
    assert before != theirs
    owner, host_of = np.full(1, 1, np.int32), np.full(1, host, np.int32)
    mine, given_up = areas.adopt(mine, other, row, number, number, owner, host_of)
    gives_up = host == 1 and other_told
    assert given_up.tolist() == ([before] if gives_up else [])
    assert areas.numbered(mine, number)[0] == (theirs if gives_up else before)
    assert areas.was_told(mine, number)[0] != gives_up
