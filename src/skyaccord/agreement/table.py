"""Tables of a TOML file that know where they stand, so that each message carries file, line and table."""

from __future__ import annotations

import datetime
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, Never

from skyaccord.errors import AgreementError


class Document:
    """A TOML file and the lines of its table headers (tomllib gives no line numbers)."""

    def __init__(self, text: str, name: str) -> None:
        """Raises AgreementError where the text is no TOML."""
        self.name = name
        self.lines = text.split("\n")
        try:
            self.values: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise AgreementError(f"{name}: not TOML: {error}") from None
        except RecursionError:
            raise AgreementError(f"{name}: not TOML: nested too deeply") from None

    def top(self) -> Table:
        """The keys before the first table, and the tables themselves."""
        return Table(self, self.values, "the top of the file", 0)

    def table(self, name: str) -> Table | None:
        """`[name]`, if there is one. Raises AgreementError where it is no table."""
        value = self.values.get(name)
        if value is None:
            return None
        line = self._line(rf"\[\s*{name}\s*\]", 1)
        if not isinstance(value, dict):
            raise AgreementError(f"{self.name}: {name} is {value!r}; it is a table, [{name}]")
        return Table(self, value, f"[{name}]", line)

    def tables(self, name: str) -> list[Table]:
        """Every `[[name]]`, in order. Raises AgreementError where it is no list of tables."""
        values = self.values.get(name, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise AgreementError(f"{self.name}: {name} is no list of tables; write one [[{name}]] each")
        pattern = rf"\[\[\s*{name}\s*\]\]"
        return [Table(self, v, f"[[{name}]] {k}", self._line(pattern, k)) for k, v in enumerate(values, 1)]

    def _line(self, pattern: str, nth: int) -> int:
        """The line, from 1, of the nth header of that form; 0 where the file writes the table otherwise."""
        quoted = ""
        for number, line in enumerate(self.lines, 1):
            if not quoted and re.match(rf"\s*{pattern}\s*(#.*)?\r?$", line):
                nth -= 1
                if nth == 0:
                    return number
            for mark in re.findall(r'"""|\'\'\'', line):
                quoted = mark if not quoted else "" if mark == quoted else quoted
        return 0


class Table:
    """One table: each getter checks the kind of value, and `finish` refuses keys that nobody asked for."""

    def __init__(self, document: Document, values: Mapping[str, Any], label: str, line: int) -> None:
        self.document, self.values, self.label, self.line = document, values, label, line
        self.asked: set[str] = set()

    def where(self, key: str = "") -> str:
        """`file:line: [[table]] n`, the line of the key where it can be found."""
        line = (key and self._line_of(key)) or self.line
        return f"{self.document.name}:{line}: {self.label}" if line else f"{self.document.name}: {self.label}"

    def fail(self, message: str, key: str = "") -> Never:
        """Raise AgreementError with the place in front."""
        raise AgreementError(f"{self.where(key)}: {message}")

    def has(self, key: str) -> bool:
        """Is the key there?"""
        return key in self.values

    def text(self, key: str, default: str | None = None, choices: Sequence[str] = ()) -> str:
        """A string, not empty unless the default is; one of `choices` where given."""
        value = self._get(key, default)
        if not isinstance(value, str) or (not value and default != ""):
            self.fail(f"{key} is {value!r}; it is a text in quotes", key)
        if choices and value not in choices:
            self.fail(f"{key} is {value!r}; it is one of {', '.join(choices)}", key)
        return value

    def texts(
        self, key: str, choices: Sequence[str], every: str, noun: str, default: str | None = None
    ) -> tuple[str, ...]:
        """One string or a list of them, each among `choices`; the word `every` stands for all of them."""
        value = self._get(key, default)
        if value == every:
            return tuple(choices)
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not values or not all(isinstance(v, str) for v in values):
            self.fail(f"{key} is {value!r}; it is a text, a list of texts, or {every!r}", key)
        for item in values:
            if item not in choices:
                self.fail(f"{noun} {item!r} is not among the {_plural(noun)} {', '.join(choices) or '(none)'}", key)
        return tuple(dict.fromkeys(values))

    def number(self, key: str, default: float | None = None, low: float = -math.inf, high: float = math.inf) -> float:
        """A finite number within limits, or the default."""
        if not self.has(key) and default is not None:
            self.asked.add(key)
            return default
        value = self._get(key, None)
        good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not good or not low <= value <= high:
            limits = f" from {low:g} to {high:g}" if low > -math.inf else ""
            self.fail(f"{key} is {value!r}; it is a number{limits}", key)
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self._get(key, default)
        if not isinstance(value, bool):
            self.fail(f"{key} is {value!r}; it is true or false", key)
        return value

    def moment(self, key: str, default: float | None = None) -> float:
        """A date (its first instant, UTC) or a date and time with its offset, as UTC seconds."""
        if not self.has(key) and default is not None:
            self.asked.add(key)
            return default
        value = self._get(key, None)
        if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
            value = datetime.datetime(value.year, value.month, value.day, tzinfo=datetime.UTC)
        if not isinstance(value, datetime.datetime) or value.tzinfo is None:
            self.fail(f"{key} is {str(value)!r}; it is a date, or a date and time with its offset (Z for UTC)", key)
        return value.timestamp()

    def points(self, key: str) -> list[list[float]]:
        """A list of pairs of numbers."""
        value = self._get(key, None)
        if not isinstance(value, list):
            self.fail(f"{key} is a list of points, [latitude, longitude] in degrees", key)
        for number, point in enumerate(value, 1):
            if not isinstance(point, list) or len(point) != 2 or not all(type(v) in (int, float) for v in point):
                self.fail(f"point {number} of {key} is {point!r}; it is [latitude, longitude] in degrees", key)
        return value

    def finish(self) -> None:
        """Raise AgreementError for a key that nobody asked for."""
        unknown = [key for key in self.values if key not in self.asked]
        if unknown:
            self.fail(f"unknown key {unknown[0]!r}; known are {', '.join(sorted(self.asked))}", unknown[0])

    def _get(self, key: str, default: Any) -> Any:
        self.asked.add(key)
        value = self.values.get(key, default)
        if value is None:
            self.fail(f"{key} is missing")
        return value

    def _line_of(self, key: str) -> int:
        """The line of `key = ` in this table; 0 where the table's own line is not known."""
        if not self.line and self.label.startswith("["):
            return 0
        for number in range(self.line, len(self.document.lines)):
            line = self.document.lines[number]
            if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
                return number + 1
            if re.match(r"\s*\[{1,2}\s*[A-Za-z]", line):
                return 0
        return 0


def _plural(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}es" if noun.endswith("s") else f"{noun}s"
