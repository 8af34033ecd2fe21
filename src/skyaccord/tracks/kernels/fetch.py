"""Asking for parts of rows before they are needed: in a large sky most of what a row costs is the wait for memory.

A prefetch changes nothing but the time that the next reading takes; the processor does it while it works on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from skyaccord.tracks.kernels.bank import ROW

LINE = 64  # bytes that a processor reads at once


def fetcher(first: str, end: str | None) -> Callable[[Any, int], None]:
    """A prefetch of a row's fields from `first` to before `end` (None: to the last): (bank, row)."""
    fields: Any = ROW.fields
    low, high = int(fields[first][1]), int(fields[end][1]) if end else ROW.itemsize

    def fetch(typing: Any, bank: Any, t: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            word, size, byte = ir.IntType(32), ir.IntType(64), ir.IntType(8).as_pointer()
            rows = context.make_array(bank)(context, builder, args[0]).data
            start = builder.mul(args[1], size(ROW.itemsize))
            ask = builder.module.declare_intrinsic(
                "llvm.prefetch", [byte], ir.FunctionType(ir.VoidType(), [byte, word, word, word])
            )
            for offset in range(low, high, LINE):
                place = builder.gep(builder.bitcast(rows, byte), [builder.add(start, size(offset))])
                builder.call(ask, [place, word(0), word(3), word(1)])  # to be read, soon, as data
            return context.get_dummy_value()

        return types.void(bank, types.int64), generate

    prefetch: Callable[[Any, int], None] = intrinsic(fetch)
    return prefetch


fetch_state = fetcher("number", "mean")  # what plots are weighed by
fetch_models = fetcher("mean", None)  # what a row that takes a plot needs beyond that
fetch_head = fetcher("number", "time_s")  # what a row is, and when it was heard
fetch_looks = fetcher("due_s", "pressure_alt_m")  # when it should be heard
