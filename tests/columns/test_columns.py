"""Columns: shapes are checked, and Arrow and Parquet give back what went in."""

import io
from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq
import pytest

from skyaccord.columns import F8, U2, Columns, Text, column
from skyaccord.picture.picture import Picture


@dataclass(frozen=True, eq=False)
class Fixes(Columns):
    time_s: F8 = column("f8")
    state: F8 = column("f8", 6)
    square: F8 = column("f8", 2, 2)
    code: U2 = column("u2")
    name: Text = column("S8")


def fixes(n: int) -> Fixes:
    rng = np.random.default_rng(n)
    names = [b"", b"AB", b"12345678"]
    return Fixes(
        time_s=np.where(rng.random(n) < 0.2, np.nan, rng.random(n)),
        state=rng.random((n, 6)),
        square=rng.random((n, 2, 2)),
        code=rng.integers(0, 65536, n),
        name=np.array([names[k % 3] for k in range(n)], dtype="S8"),
    )


@pytest.mark.parametrize("n", [0, 1, 7])
def test_parquet_gives_back_what_went_in(n: int) -> None:
    before = fixes(n)
    file = io.BytesIO()
    pq.write_table(before.to_arrow(step_s=3.5), file)
    after = Fixes.from_arrow(pq.read_table(file))
    for name, array in before.arrays().items():
        np.testing.assert_array_equal(getattr(after, name), array)


def test_a_slice_of_a_table_is_read_as_that_slice() -> None:
    before = fixes(9)
    after = Fixes.from_arrow(before.to_arrow().slice(2, 4))
    np.testing.assert_array_equal(after.state, before.state[2:6])
    np.testing.assert_array_equal(after.name, before.name[2:6])
    np.testing.assert_array_equal(after.name, before.name[2:6])


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"Fixes.code has shape \(2,\), not \(3,\)"):
        fixes(3).replace(code=np.zeros(2))


def test_a_column_that_there_is_not_cannot_be_changed() -> None:
    with pytest.raises(KeyError, match="Fixes has no column 'tiem_s'"):
        fixes(3).replace(tiem_s=np.zeros(3))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(KeyError, match="callsign"):
        Picture.from_arrow(Picture.empty(1).to_arrow().drop_columns(["callsign"]))


def test_joining_and_taking() -> None:
    both = Fixes.concat([fixes(3), fixes(4)])
    assert len(both) == 7
    np.testing.assert_array_equal(both.take(both.code > 30000).code, both.code[both.code > 30000])
    assert len(Fixes.concat([])) == 0
