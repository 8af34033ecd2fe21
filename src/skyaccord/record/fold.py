"""Entries -> alerts and tasks as they stand. The live house and the replay fold alike, so both show the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from skyaccord.errors import InputError
from skyaccord.record.log import Entry
from skyaccord.tasks.task import Task
from skyaccord.threats.alert import Alert

T = TypeVar("T", Alert, Task)


class Standing:
    """Alerts and tasks as the entries taken so far leave them, each in the order of first mention, closed ones too."""

    def __init__(self) -> None:
        self._alerts: dict[str, Alert] = {}
        self._tasks: dict[str, Task] = {}

    def take(self, entry: Entry) -> None:
        """Move on by one entry; kinds other than alert and task change nothing.

        Raises InputError, naming the entry, where an alert or a task lacks a field.
        """
        if entry.kind == "alert":
            alert = _read(Alert, entry)
            self._alerts[alert.id] = alert
        elif entry.kind == "task":
            task = _read(Task, entry)
            self._tasks[task.id] = task

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """All alerts ever raised, as they stand."""
        return tuple(self._alerts.values())

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks ever proposed, as they stand."""
        return tuple(self._tasks.values())


def standing(entries: Iterable[Entry], time_s: float = math.inf) -> tuple[tuple[Alert, ...], tuple[Task, ...]]:
    """Alerts and tasks as they stood at `time_s` (by default: now), folded from the log."""
    fold = Standing()
    for entry in entries:
        if entry.time_s <= time_s:
            fold.take(entry)
    return fold.alerts, fold.tasks


def _read(noun: type[T], entry: Entry) -> T:
    """An Alert or Task back from an entry's body: null is NaN where a number stands, a list is a tuple."""
    kinds = {field.name: str(field.type) for field in fields(noun)}
    try:
        return noun(**{name: _value(kind, entry.body, name) for name, kind in kinds.items()})
    except KeyError as missing:
        raise InputError(f"log of {entry.party}, entry {entry.n}: the {entry.kind} has no {missing}") from None


def _value(kind: str, body: Mapping[str, Any], name: str) -> Any:
    value = body[name]
    if kind == "float":
        return math.nan if value is None else float(value)
    return tuple(value) if isinstance(value, list) else value
