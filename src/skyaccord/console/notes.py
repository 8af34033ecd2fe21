"""What is said in words: clock, scene, alerts, tasks, log and answers, JSON text with the key `is` in every message.

NaN has no place in JSON: it is written as null.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from skyaccord.node.show import Clock, Outcome
from skyaccord.tasks.lifecycle import LIFE, MOVES
from skyaccord.tasks.task import Task
from skyaccord.threats.alert import Alert

PROTOCOL = 1
# State of a task -> the moves that a person has from there; none where its life is over.
STEPS = {state: [move for move in steps if move in MOVES] for state, steps in LIFE.items()}


class Move(msgspec.Struct, forbid_unknown_fields=True):
    """A person's move on a task."""

    task: str
    move: str
    reason: str = ""
    responder: str = ""  # to whom it is assigned


class Steer(msgspec.Struct, forbid_unknown_fields=True):
    """Time control."""

    speed: float | None = None
    paused: bool | None = None
    seek_s: float | None = None


class Said(msgspec.Struct, forbid_unknown_fields=True):
    """What a page may say; every key is optional, and several may come together."""

    view: str | None = None  # whose picture to show
    post: str | None = None  # the post that the person is at
    decide: Move | None = None
    may: str | None = None  # a task: who may do what with it?
    steer: Steer | None = None
    ref: int = 0  # returned with the answer


def read(text: str) -> Said:
    """A page's message. Raises msgspec.DecodeError (ValidationError) with a sentence."""
    return msgspec.json.decode(text, type=Said)


def hello(parties: Sequence[str], view: str, post: str) -> str:
    """The first message: who there is, what a person may say about a task, and where this window stands."""
    return _text("hello", protocol=PROTOCOL, parties=parties, moves=list(MOVES), steps=STEPS, view=view, post=post)


def clock(now: Clock) -> str:
    return _text("clock", **vars(now))


def scene(party: str, version: int, content: dict[str, Any]) -> str:
    return _text("scene", party=party, version=version, scene=content)


def alerts(party: str, found: Sequence[Alert]) -> str:
    return _text("alerts", party=party, alerts=found)


def tasks(party: str, open_tasks: Sequence[Task]) -> str:
    return _text("tasks", party=party, tasks=open_tasks)


def log(party: str, since: int, entries: Sequence[dict[str, Any]]) -> str:
    """Entries from number `since`; whatever the page holds from there on is no longer so (a seek backwards)."""
    return _text("log", party=party, since=since, entries=entries)


def outcome(ref: int, post: str, said: Move, answer: Outcome) -> str:
    return _text("outcome", ref=ref, post=post, task=said.task, move=said.move, **_answer(answer))


def may(ref: int, task: str, rows: Sequence[tuple[str, str, Outcome]]) -> str:
    """Who may do what with a task: rows of (post, move, answer)."""
    return _text("may", ref=ref, task=task, rows=[{"post": p, "move": m, **_answer(a)} for p, m, a in rows])


def error(text: str) -> str:
    return _text("error", text=text)


def _answer(answer: Outcome) -> dict[str, Any]:
    return {"allowed": answer.allowed, "reason": answer.reason, "clauses": answer.clauses}


def _text(kind: str, **content: Any) -> str:
    return msgspec.json.encode({"is": kind, **content}).decode()
