"""Task and Decision: a word from a person to a person, proposed by the software, decided by a person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """A proposed word to a person, and where it stands. It moves only by a Decision."""

    id: str  # "<party>-T<serial>"
    verb: str  # words.TASK_VERBS
    alert: str  # the alert that gave rise to it
    track: int  # joint track number in the proposing party's picture
    party: str  # whose node proposed it
    proposed_s: float
    state: str  # lifecycle.STATES
    authority: str  # post that may decide now, by the target's position; "" none
    clauses: tuple[str, ...]  # why that post
    responder: str  # post or unit that carries it out; "" not yet assigned
    changed_s: float
    text: str
    reason: str = ""  # why it stands so: who has the authority now, or why nobody; what a person gave as the reason


@dataclass(frozen=True)
class Decision:
    """What a person (or, in an exercise, a scripted one) said about a task."""

    task: str
    move: str  # lifecycle.MOVES: "approve", "refuse", "assign", "acknowledge", "close", "recall"
    post: str
    time_s: float
    reason: str = ""
    responder: str = ""
    scripted: bool = False  # an exercise's script spoke, no person
