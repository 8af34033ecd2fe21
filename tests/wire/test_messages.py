"""The envelope between parties, and columns on the way: whole, or refused in a sentence."""

from dataclasses import dataclass

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyaccord.columns import F4, F8, U8, Bool, Columns, Text, column
from skyaccord.errors import FormatError
from skyaccord.wire import Message
from skyaccord.wire.formats.message import columns_from_bytes, columns_to_bytes, from_bytes, to_bytes


@dataclass(frozen=True, eq=False)
class Some(Columns):
    time_s: F8 = column("f8")
    state: F8 = column("f8", 6)
    weight: F4 = column("f4")
    mask: U8 = column("u8")
    name: Text = column("S8")
    sure: Bool = column("?")


@dataclass(frozen=True, eq=False)
class Other(Columns):
    time_s: F4 = column("f4")


MESSAGES = st.builds(
    Message,
    kind=st.sampled_from(["tracks", "alert", "task", "decision", "act", "heartbeat"]),
    sender=st.text(max_size=20),
    to=st.text(max_size=20),
    serial=st.integers(0, 2**63),
    time_s=st.floats(allow_nan=False),
    body=st.binary(max_size=200),
)
ONE = Message("act", "TJ", "RU", 3, 1.7e9, b"body")


@given(MESSAGES)
def test_messages_come_back(message):
    assert from_bytes(to_bytes(message)) == message


def test_the_envelope_on_the_wire():
    """Read by another path: a version byte, then a plain MessagePack array."""
    data = to_bytes(ONE)
    assert data[0] == 1
    assert msgspec.msgpack.decode(data[1:]) == ["act", "TJ", "RU", 3, 1.7e9, b"body"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "message: empty"),
        (b"\x02\x96", "message: version 2 at byte 0; this program speaks version 1"),
        (to_bytes(ONE)[:-1], "message: not an envelope, from byte 1 on: Input data was truncated"),
        (to_bytes(ONE) + b"\0", "message: not an envelope, from byte 1 on: MessagePack data is malformed"),
        (b"\x01" + msgspec.msgpack.encode(["fire", "A", "B", 1, 0.0, b""]), "message: not an envelope"),
        (b"\x01" + msgspec.msgpack.encode(["act", "A", "B", "1", 0.0, b""]), "message: not an envelope"),
        (b"\x01" + msgspec.msgpack.encode(["act", "A", "B", 1, 0.0, b"", 7]), "message: not an envelope"),
        (b"\x01" + b"\x91" * 5000, "message: not an envelope"),
        (b"\x01\xa2\xff\xff", "message: not an envelope"),
    ],
)
def test_bad_envelopes_are_refused(data, says):
    with pytest.raises(FormatError) as error:
        from_bytes(data)
    assert str(error.value).startswith(says)


@given(st.binary(max_size=60))
def test_noise_is_refused(data):
    with pytest.raises(FormatError):
        from_bytes(b"\x01\xc1" + data)


def some(count: int) -> Some:
    rng = np.random.default_rng(count)
    return Some(
        time_s=np.where(rng.random(count) < 0.3, np.nan, rng.random(count)),
        state=rng.random((count, 6)),
        weight=rng.random(count),
        mask=rng.integers(0, 2**63, count, np.uint64) * 2 + 1,
        name=rng.choice([b"", b"A", b"ABCDEFGH", b"A\0B"], count),
        sure=rng.random(count) < 0.5,
    )


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_columns_come_back(count):
    sent = some(count)
    found = columns_from_bytes(Some, columns_to_bytes(sent))
    for name, value in sent.arrays().items():
        np.testing.assert_array_equal(found.arrays()[name], value)
        assert found.arrays()[name].dtype == value.dtype


def stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("kind", "data", "says"),
    [
        (Some, b"", "Some: no Arrow stream in these 0 bytes"),
        (Some, b"not arrow at all", "Some: no Arrow stream in these 16 bytes"),
        (Some, columns_to_bytes(some(9))[:300], "Some: no Arrow stream in these 300 bytes"),
        (Other, columns_to_bytes(some(9)), "Other: column 'time_s' is double; it has to be float"),
        (Some, columns_to_bytes(Other.empty(3)), "Some: column 'time_s' is float; it has to be double"),
        (Other, stream(pa.table({"x": [1]})), "Other: column 'time_s' is nothing; it has to be float"),
        (
            Other,
            stream(pa.table({"time_s": pa.array([1.0, None], pa.float32())})),
            "Other: column 'time_s' has empty places; a missing number is NaN or its sentinel",
        ),
    ],
)
def test_bad_columns_are_refused(kind, data, says):
    with pytest.raises(FormatError) as error:
        columns_from_bytes(kind, data)
    assert str(error.value).startswith(says)
    assert "\n" not in str(error.value)


def test_mutants_of_columns_are_refused_or_read():
    data = columns_to_bytes(some(20))
    rng = np.random.default_rng(3)
    for _ in range(1500):
        mutant = bytearray(data)
        for place in rng.integers(0, len(data), rng.integers(1, 5)):
            mutant[place] = rng.integers(256)
        try:
            assert len(columns_from_bytes(Some, bytes(mutant))) >= 0
        except FormatError:
            continue
