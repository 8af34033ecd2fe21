"""Frame -> bytes: one message of little-endian columns that a browser maps without copying a row.

    0     4   magic b"SKY1"
    4     4   H, length of the header (u4)
    8     H   header: JSON, UTF-8, padded with spaces so that 8 + H is a multiple of 8
    8+H   .   columns, each starting at a multiple of 8 bytes from the message's first byte

Header keys: `time` (s UTC), `party`, `n` tracks, `m` spots, `entries` (length of the decision log), `clauses` (the
strings that the column `clause` numbers), `columns` and `spot_columns`: lists of [name, dtype as NumPy writes it,
offset from the message's first byte, values a row].
"""

from __future__ import annotations

import struct
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from skyaccord.earth.wgs84 import enu_axes
from skyaccord.node.show import Frame, Spots
from skyaccord.picture.picture import Picture

MAGIC = b"SKY1"
ALIGN = 8
NO_CLAUSE = 0xFFFF

Named = list[tuple[str, NDArray[Any]]]


def encode(frame: Frame) -> bytes:
    """The frame as one binary message. The same frame gives the same bytes."""
    tracks, clauses = track_columns(frame.picture, frame.time_s)
    spots = spot_columns(frame.spots)
    head: dict[str, Any] = {
        "time": frame.time_s,
        "party": frame.party,
        "n": len(frame.picture),
        "m": len(frame.spots),
        "entries": frame.entries,
        "clauses": clauses,
    }
    return _pack(head, {"columns": tracks, "spot_columns": spots})


def track_columns(picture: Picture, time_s: float) -> tuple[Named, list[str]]:
    """What the map needs of a picture: degrees, metres and m/s in local east-north-up; and the clauses by number."""
    axes = enu_axes(picture.lat_rad, picture.lon_rad)
    velocity = np.einsum("nij,nj->ni", axes, picture.state[:, 3:])
    names, clause = np.unique(picture.clause, return_inverse=True)
    clause = np.where(picture.clause == b"", NO_CLAUSE, clause)
    columns: Named = [
        ("lat", np.degrees(picture.lat_rad)),
        ("lon", np.degrees(picture.lon_rad)),
        ("number", picture.number),
        ("height", picture.height_m.astype("f4")),
        ("ve", velocity[:, 0].astype("f4")),
        ("vn", velocity[:, 1].astype("f4")),
        ("vu", velocity[:, 2].astype("f4")),
        ("held", (time_s - picture.time_s).astype("f4")),
        ("age", picture.age_s.astype("f4")),
        ("sigma", picture.sigma_m.astype("f4")),
        ("pressure_alt", picture.pressure_alt_m.astype("f4")),
        ("sources", (picture.sources & 0xFFFFFFFF).astype("u4")),
        ("address", picture.address),
        ("own_number", picture.own_number),
        ("shared_number", picture.shared_number),
        ("callsign", picture.callsign),
        ("mode_a", picture.mode_a),
        ("clause", clause.astype("u2")),
        ("identity", picture.identity),
        ("air_class", picture.air_class),
        ("status", picture.status),
        ("conflict", picture.conflict.astype("u1")),
        ("shared_by", picture.shared_by),
    ]
    return columns, [name.decode("utf-8", "replace") for name in names.tolist()]


def spot_columns(spots: Spots) -> Named:
    """Plots as the map needs them, positions in degrees as float32 (one metre at these latitudes)."""
    return [
        ("lat", np.degrees(spots.lat_rad).astype("f4")),
        ("lon", np.degrees(spots.lon_rad).astype("f4")),
        ("age", spots.age_s.astype("f4")),
        ("kind", spots.kind),
    ]


def _pack(head: dict[str, Any], tables: dict[str, Named]) -> bytes:
    """Header and columns, every column at a multiple of 8: offsets are counted from a header of the same length."""
    parts = [column for named in tables.values() for _, column in named]
    sizes = [-(-part.nbytes // ALIGN) * ALIGN for part in parts]
    start = 0
    while True:  # offsets are digits of the header, so its length decides itself in a turn or two
        header = _header(head, tables, start, sizes)
        if 8 + len(header) == start:
            break
        start = max(start, 8 + len(header))
    chunks = [MAGIC, struct.pack("<I", len(header)), header]
    for part, size in zip(parts, sizes, strict=True):
        chunks += [_little(part).tobytes(), bytes(size - part.nbytes)]
    return b"".join(chunks)


def _header(head: dict[str, Any], tables: dict[str, Named], start: int, sizes: list[int]) -> bytes:
    offsets = iter(start + sum(sizes[:k]) for k in range(len(sizes)))
    named = {
        key: [
            (name, _little(column).dtype.str, next(offsets), int(np.prod(column.shape[1:]))) for name, column in table
        ]
        for key, table in tables.items()
    }
    text = msgspec.json.encode({**head, **named})
    text += b" " * (-(8 + len(text)) % ALIGN)
    return text + b" " * max(0, start - 8 - len(text))


def _little(column: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("<"))
