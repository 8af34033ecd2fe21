"""Messages between parties: a small envelope in MessagePack, and columns as an Arrow stream in its body.

On the wire: one byte of version (1), then a MessagePack array [kind, sender, to, serial, time_s, body].
Sources: the MessagePack specification; the Apache Arrow columnar format, "IPC streaming format".
"""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec
import pyarrow as pa

from skyaccord.columns import Columns
from skyaccord.errors import FormatError

VERSION = 1

Kind = Literal["tracks", "alert", "task", "decision", "act", "heartbeat"]
Some = TypeVar("Some", bound=Columns)


class Message(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What one party says to another."""

    kind: Kind
    sender: str  # party
    to: str  # party
    serial: int  # counts up for each sender
    time_s: float  # UTC of sending
    body: bytes = b""


DECODER = msgspec.msgpack.Decoder(Message)
ENCODER = msgspec.msgpack.Encoder()


def to_bytes(message: Message) -> bytes:
    """The message as it goes over a link."""
    return bytes([VERSION]) + ENCODER.encode(message)


def from_bytes(data: bytes) -> Message:
    """The message that came over a link; raises FormatError, saying where it is wrong."""
    if not data:
        raise FormatError("message: empty; a version byte and a MessagePack array are expected")
    if data[0] != VERSION:
        raise FormatError(f"message: version {data[0]} at byte 0; this program speaks version {VERSION}")
    try:
        return DECODER.decode(memoryview(data)[1:])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"message: not an envelope, from byte 1 on: {error}") from None


def columns_to_bytes(columns: Columns) -> bytes:
    """Columns as an Arrow stream."""
    table = columns.to_arrow().cast(type(columns).schema())
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    encoded: bytes = sink.getvalue().to_pybytes()
    return encoded


def columns_from_bytes(kind: type[Some], data: bytes) -> Some:
    """Columns of the class `kind` from an Arrow stream.

    Raises FormatError, naming the column that is not as it should be.
    """
    name = kind.__name__
    try:
        with pa.ipc.open_stream(pa.py_buffer(data)) as stream:
            table = stream.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FormatError(f"{name}: no Arrow stream in these {len(data)} bytes: {error}") from None
    for column in kind.schema():
        found = table.schema.field(column.name).type if table.schema.get_field_index(column.name) >= 0 else "nothing"
        if found != column.type:
            raise FormatError(f"{name}: column {column.name!r} is {found}; it has to be {column.type}")
        if table.column(column.name).null_count:
            raise FormatError(
                f"{name}: column {column.name!r} has empty places; a missing number is NaN or its sentinel"
            )
    return kind.from_arrow(table)
