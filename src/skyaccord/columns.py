"""Many things are columns: a frozen dataclass whose fields are NumPy arrays of one length.

`Plots`, `Tracks` and `Picture` are such dataclasses. A field is declared with its dtype and the shape of one row,

    @dataclass(frozen=True, eq=False)
    class Fixes(Columns):
        time_s: F8 = column("f8")
        state: F8 = column("f8", 6)

and the class then checks, slices, joins and travels (Arrow, Parquet) without a line more. Missing values have no mask:
floats use NaN, integers the sentinel that the field's comment names, fixed byte strings are empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

F8 = NDArray[np.float64]
F4 = NDArray[np.float32]
I8 = NDArray[np.int64]
I4 = NDArray[np.int32]
U8 = NDArray[np.uint64]
U4 = NDArray[np.uint32]
U2 = NDArray[np.uint16]
U1 = NDArray[np.uint8]
Bool = NDArray[np.bool_]
Text = NDArray[np.bytes_]


def column(dtype: str, *row_shape: int, absent: float | None = None) -> Any:
    """Declare a column: `dtype` as NumPy writes it, `row_shape` the shape of one row (none: a scalar a row).

    `absent` is what all rows are in a table that was written before there was such a column; without it such a table
    is refused.
    """
    return field(metadata={"dtype": np.dtype(dtype), "shape": row_shape, "absent": absent})


@dataclass(frozen=True, eq=False)
class Columns:
    """Abstract: arrays of one length under names. Rows are never objects."""

    def __post_init__(self) -> None:
        length = None
        for name, dtype, shape in layout(type(self)):
            value = np.ascontiguousarray(getattr(self, name), dtype=dtype)
            if length is None:
                length = len(value)
            if value.shape != (length, *shape):
                raise ValueError(
                    f"{type(self).__name__}.{name} has shape {value.shape}, not {(length, *shape)} like its neighbours"
                )
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(getattr(self, layout(type(self))[0][0]))

    def take(self, rows: NDArray[Any] | slice) -> Self:
        """The rows that a mask, an index array or a slice names, in that order."""
        return type(self)(**{name: getattr(self, name)[rows] for name, _, _ in layout(type(self))})

    def replace(self, **columns: NDArray[Any]) -> Self:
        """The same rows with some columns changed. Raises KeyError for a column that the class does not have."""
        for unknown in columns.keys() - {name for name, _, _ in layout(type(self))}:
            raise KeyError(f"{type(self).__name__} has no column {unknown!r}")
        return type(self)(**{name: columns.get(name, getattr(self, name)) for name, _, _ in layout(type(self))})

    @classmethod
    def empty(cls, length: int = 0) -> Self:
        """`length` rows of zeros (no rows by default)."""
        return cls(**{name: np.zeros((length, *shape), dtype) for name, dtype, shape in layout(cls)})

    @classmethod
    def concat(cls, parts: Sequence[Self]) -> Self:
        """All rows of `parts`, in order."""
        if not parts:
            return cls.empty()
        if len(parts) == 1:
            return parts[0]
        return cls(**{name: np.concatenate([getattr(p, name) for p in parts]) for name, _, _ in layout(cls)})

    @classmethod
    def schema(cls) -> pa.Schema:
        """The Arrow schema: the same on the wire, in Parquet and in memory."""
        return pa.schema([pa.field(name, arrow_type(dtype, shape)) for name, dtype, shape in layout(cls)])

    def to_arrow(self, **constant: float) -> pa.Table:
        """As an Arrow table; `constant` adds float64 columns of one value (a recording's step time, say)."""
        names, arrays = list(constant), [pa.array(np.full(len(self), v)) for v in constant.values()]
        for name, dtype, shape in layout(type(self)):
            names.append(name)
            arrays.append(to_arrow_array(getattr(self, name), dtype, shape))
        return pa.Table.from_arrays(arrays, names=names)

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Self:
        """Back from Arrow; columns that the class does not have are ignored.

        One that is missing raises KeyError, unless it was declared with what it is when `absent`.
        """
        later, there = absent(cls), set(table.column_names)
        missing = [name for name, _, _ in layout(cls) if name not in there and name not in later]
        if missing:
            raise KeyError(f"{cls.__name__} needs the column {missing[0]!r}; the table has {table.column_names}")
        return cls(
            **{
                name: from_arrow_array(table.column(name), dtype, shape)
                if name in there
                else np.full((table.num_rows, *shape), later[name], dtype)
                for name, dtype, shape in layout(cls)
            }
        )

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Name -> array, in the order of declaration."""
        return {name: getattr(self, name) for name, _, _ in layout(type(self))}


Layout = tuple[tuple[str, np.dtype[Any], tuple[int, ...]], ...]
LAYOUTS: dict[type[Columns], Layout] = {}  # asked for at every slice, and never changing


def layout(cls: type[Columns]) -> Layout:
    """(name, dtype, row shape) of each column of `cls`."""
    if cls not in LAYOUTS:
        LAYOUTS[cls] = tuple((f.name, f.metadata["dtype"], f.metadata["shape"]) for f in fields(cls))
    return LAYOUTS[cls]


def absent(cls: type[Columns]) -> dict[str, float]:
    """What columns of `cls` are where they are older than it: name -> value, of those that may be absent."""
    return {f.name: f.metadata["absent"] for f in fields(cls) if f.metadata["absent"] is not None}


def arrow_type(dtype: np.dtype[Any], shape: tuple[int, ...]) -> pa.DataType:
    """The Arrow type of a column: byte strings are fixed-size binary, rows of numbers fixed-size lists."""
    base = pa.binary(dtype.itemsize) if dtype.kind == "S" else pa.from_numpy_dtype(dtype)
    return pa.list_(base, int(np.prod(shape))) if shape else base


def to_arrow_array(value: NDArray[Any], dtype: np.dtype[Any], shape: tuple[int, ...]) -> pa.Array:
    """One column into Arrow, without copying numbers."""
    if dtype.kind == "S":
        return pa.Array.from_buffers(pa.binary(dtype.itemsize), len(value), [None, pa.py_buffer(value)])
    if shape:
        return pa.FixedSizeListArray.from_arrays(pa.array(value.reshape(-1)), int(np.prod(shape)))
    return pa.array(value)


def from_arrow_array(column: pa.ChunkedArray, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """One column back from Arrow."""
    if dtype.kind == "S":
        if column.type == pa.binary(dtype.itemsize) and not column.null_count:
            fixed = column.combine_chunks()
            return np.frombuffer(fixed.buffers()[1], dtype, len(fixed), fixed.offset * dtype.itemsize).copy()
        return np.array([value or b"" for value in column.to_pylist()], dtype=dtype)
    if shape:
        parts = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]
        flat = np.concatenate(parts) if parts else np.empty(0, dtype)
        return flat.astype(dtype, copy=False).reshape(-1, *shape)
    numbers: NDArray[Any] = column.to_numpy().astype(dtype, copy=False)
    return numbers
