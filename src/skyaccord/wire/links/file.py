"""The link to a disk: a recording read whole, a file written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from skyaccord.errors import InputError


def read_file(path: str | Path) -> bytes:
    """The file's bytes; raises InputError, saying why, if it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None


def write_file(path: str | Path, data: bytes) -> None:
    """Write the file so that, whatever happens, it is the old one or the whole new one.

    Raises InputError, saying why, if it cannot be written.
    """
    target = Path(path)
    name = ""
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except OSError as error:
        if name:
            with contextlib.suppress(OSError):
                os.unlink(name)
        raise InputError(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}") from None


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to: it takes that name when all went well, and is gone otherwise."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
