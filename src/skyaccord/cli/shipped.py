"""Files that the commands read: those named by the user, and those that come with Skyaccord."""

from __future__ import annotations

from pathlib import Path

from skyaccord.errors import InputError

PACKAGE = Path(__file__).resolve().parents[1]


def shelf(kind: str) -> Path:
    """Where the shipped agreements or scenarios are: in the package, or beside it in a checkout."""
    installed = PACKAGE / "shipped" / kind
    return installed if installed.is_dir() else PACKAGE.parents[1] / kind


def find(name: str, kind: str) -> Path:
    """The file of that name, or the shipped one (`pamir-night` is `scenarios/pamir-night.toml`). Raises InputError."""
    given = Path(name)
    if given.is_file():
        return given
    shipped = shelf(kind) / f"{name.removesuffix('.toml')}.toml"
    if shipped.is_file():
        return shipped
    have = ", ".join(sorted(path.stem for path in shelf(kind).glob("*.toml"))) or "none"
    raise InputError(f"{name}: no such file, and no {kind} of that name come with Skyaccord (there are: {have})")


def text_of(path: Path) -> str:
    """The file's text. Raises InputError if it cannot be read or is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text at byte {error.start}") from None
