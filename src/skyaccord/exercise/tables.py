"""Tables: the parts of a scenario file that know where they stand, so that a wrong value is named with its line."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from skyaccord.errors import ScenarioError

HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z_][\w.-]*)\s*\]\]?\s*(#.*)?$")


@dataclass(frozen=True)
class Table:
    """One table of a TOML file: its values, and enough of the file to say where each stands."""

    values: dict[str, Any]
    file: str
    text: str
    kind: str = ""  # "flight" of [[flight]]; "" the top of the file
    serial: int = 0  # which of its kind, from 1; 0: there is only one

    def tables(self, kind: str) -> list[Table]:
        """The `[[kind]]` tables below the top of the file, in order."""
        rows = self.values.get(kind, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ScenarioError(f"{self.file}: {kind} is not a list of tables; write [[{kind}]] above each")
        return [Table(row, self.file, self.text, kind, k) for k, row in enumerate(rows, 1)]

    def table(self, kind: str) -> Table:
        """The single `[kind]` table, empty where the file has none."""
        row = self.values.get(kind, {})
        if not isinstance(row, dict):
            raise ScenarioError(f"{self.file}: {kind} is not one table; write [{kind}] above it, once")
        return Table(row, self.file, self.text, kind)

    def where(self, key: str = "") -> str:
        """'file:line: flight 2 (name)', the line of `key` where the table has it."""
        line = self._line(key)
        name = self.values.get("name") or self.values.get("callsign")
        title = f"{self.kind} {self.serial}" if self.serial else self.kind or "top of the file"
        return f"{self.file}:{line}: {title} ({name})" if name else f"{self.file}:{line}: {title}"

    def wrong(self, key: str, right: str) -> ScenarioError:
        """The error for the value at `key`; `right` says what it is to be."""
        if key not in self.values:
            return ScenarioError(f"{self.where()}: {key} is missing; {right}")
        return ScenarioError(f"{self.where(key)}: {key} is {self.values[key]!r}; {right}")

    def only(self, known: Collection[str]) -> None:
        """Raise where the table has a key that nobody reads."""
        for key in self.values:
            if key not in known:
                raise ScenarioError(f"{self.where(key)}: unknown key {key!r}; known are {', '.join(sorted(known))}")

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A number within [low, high]."""
        value: Any = self.values.get(key, default)
        if not is_number(value) or not low <= value <= high:
            raise self.wrong(key, f"it is a number from {low:g} to {high:g}")
        return float(value)

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number within [low, high]."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(key, f"it is a whole number from {low} to {high}")
        return value

    def word(self, key: str, default: str | None = None) -> str:
        """A text; empty only where the default is."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or (not value.strip() and value != default):
            raise self.wrong(key, "it is a text in quotes")
        return value

    def choice(self, key: str, choices: Collection[str], default: str | None = None) -> str:
        """One of `choices`."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or value not in choices:
            raise self.wrong(key, f"it is one of {', '.join(choices)}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "it is true or false")
        return value

    def rows(self, key: str, names: str, limits: Sequence[tuple[float, float]], least: int) -> list[list[float]]:
        """A list of rows of numbers, each within its limits; `names` spells one row out for the message."""
        value = self.values.get(key, [] if least == 0 else None)
        if not isinstance(value, list) or len(value) < least:
            raise self.wrong(key, f"it is a list of at least {least} rows {names}")
        for k, row in enumerate(value, 1):
            good = isinstance(row, list) and len(row) == len(limits) and all(is_number(x) for x in row)
            if not good or not all(low <= x <= high for x, (low, high) in zip(row, limits, strict=True)):
                bounds = ", ".join(f"{low:g}..{high:g}" for low, high in limits)
                raise ScenarioError(f"{self.where(key)}: {key} row {k} is {row!r}; it is {names} within {bounds}")
        return [[float(x) for x in row] for row in value]

    def squawk(self, key: str, default: str | None = None) -> int:
        """A Mode A code: four octal digits in quotes."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or not re.fullmatch(r"[0-7]{4}", value):
            raise self.wrong(key, "it is four octal digits in quotes")
        return int(value, 8)

    def address(self, key: str) -> int:
        """A 24-bit aircraft address: six hexadecimal digits in quotes."""
        value = self.values.get(key)
        if not isinstance(value, str) or not re.fullmatch(r"[0-9A-Fa-f]{6}", value):
            raise self.wrong(key, "it is six hexadecimal digits in quotes")
        return int(value, 16)

    def _line(self, key: str) -> int:
        """Line of `key` in this table, else of the table's header, else 1."""
        lines = self.text.splitlines()
        header, seen = 0, 0
        for k, line in enumerate(lines, 1):
            match = HEADER.match(line)
            if self.kind and match and match[1] == self.kind:
                seen += 1
                if seen == max(self.serial, 1):
                    header = k
                    break
        for k, line in enumerate(lines[header:], header + 1):
            if HEADER.match(line):
                break
            if key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
                return k
        return max(header, 1)


def is_number(value: object) -> bool:
    """A finite number, and not a truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
