"""The life of a task: a table, its prose first.

The software *proposes* a task. A post that has the power to approve this verb where the target is *approves* or
*refuses* it; nobody else, and no rule, makes an approval. A post that manages there *assigns* an approved task to a
responder, who *acknowledges* it and, when it is done, *closes* it; a post that manages may say either in the
responder's stead, and may *recall* what is not yet done.

Two events need no person, and only ever end a task. A proposal *lapses* when what it was proposed for is over.
Whatever is not yet done becomes *void* when the agreement no longer covers it (`law.reauthorise`).

Nothing leaves closed, refused, recalled, lapsed or void.
"""

from __future__ import annotations

from dataclasses import replace

from skyaccord.agreement import Charter, authority, may
from skyaccord.agreement.clauses import DEFAULT_DENY, VACANCY
from skyaccord.earth.places import Place
from skyaccord.errors import IllegalMove, Refused
from skyaccord.tasks.task import Decision, Task

# state -> a person's move, or an event -> next state
LIFE: dict[str, dict[str, str]] = {
    "proposed": {"approve": "approved", "refuse": "refused", "lapse": "lapsed", "void": "void"},
    "approved": {"assign": "assigned", "recall": "recalled", "void": "void"},
    "assigned": {"acknowledge": "acknowledged", "recall": "recalled", "void": "void"},
    "acknowledged": {"close": "closed", "recall": "recalled", "void": "void"},
    "closed": {},
    "refused": {},
    "recalled": {},
    "lapsed": {},
    "void": {},
}
STATES = tuple(LIFE)
OVER = frozenset(state for state, steps in LIFE.items() if not steps)

# a person's move -> the power it takes, where the target is
MOVES = {
    "approve": "approve",
    "refuse": "approve",
    "assign": "manage",
    "acknowledge": "manage",
    "close": "manage",
    "recall": "manage",
}
RESPONDER_MOVES = ("acknowledge", "close")  # which the responder makes without that power


def advance(task: Task, decision: Decision, charter: Charter, place: Place | None, time_s: float) -> Task:
    """The task after a person's move; `place` is where its target is now.

    Raises IllegalMove where the table has no such step, and Refused, with the clauses, where the agreement does not let
    this post make it there and then.
    """
    if decision.task != task.id:
        raise IllegalMove(f"a decision on {decision.task} does not move {task.id}")
    if decision.move not in MOVES:
        raise IllegalMove(f"{decision.move!r} is no move of a person; moves are {', '.join(MOVES)}")
    state = _next(task, decision.move, decision.post)
    clauses = _allow(task, decision, charter, place, time_s)
    responder = _responder(decision, charter) if decision.move == "assign" else task.responder
    reason = decision.reason or f"{decision.move} by {decision.post}"
    after = replace(task, state=state, responder=responder, clauses=clauses, changed_s=time_s, reason=reason)
    if place is None or state in OVER:
        return after
    return replace(after, authority=authority(charter, deciding(state), task.verb, place, time_s).post)


def deciding(state: str) -> str:
    """The power that decides what becomes of a task in this state next."""
    return "approve" if state == "proposed" else "manage"


def lapse(task: Task, reason: str, time_s: float) -> Task:
    """A proposal that nobody decided, now that what it was for is over. Raises IllegalMove if it is no proposal."""
    return replace(task, state=_next(task, "lapse", "the house"), changed_s=time_s, reason=reason)


def void(task: Task, reason: str, clauses: tuple[str, ...], time_s: float) -> Task:
    """A task that the agreement no longer covers. Raises IllegalMove if it is over already."""
    state = _next(task, "void", "the house")
    return replace(task, state=state, authority="", clauses=clauses, changed_s=time_s, reason=reason)


def _next(task: Task, move: str, who: str) -> str:
    steps = LIFE[task.state]
    if move not in steps:
        possible = f"from there: {', '.join(steps)}" if steps else "nothing leaves that state"
        raise IllegalMove(f"{move} by {who}: task {task.id} is {task.state}; {possible}")
    return steps[move]


def _allow(task: Task, decision: Decision, charter: Charter, place: Place | None, time_s: float) -> tuple[str, ...]:
    """The clauses that let this post make this move, decisive first. Raises Refused."""
    if decision.move in RESPONDER_MOVES and decision.post == task.responder:
        _hold(charter, decision.post)
        return task.clauses
    ruling = may(charter, decision.post, MOVES[decision.move], task.verb, place, time_s)
    if not ruling.allowed:
        raise Refused(ruling.reason, ruling.clauses)
    _hold(charter, decision.post)
    return ruling.clauses


def _hold(charter: Charter, post: str) -> None:
    """Raise Refused unless the post is one of the agreement's and somebody holds it."""
    found = charter.post(post)
    if found is None:
        raise Refused(f"{post!r} is no post of this agreement", (DEFAULT_DENY,))
    if found.vacant:
        raise Refused(f"nobody holds {post}", (VACANCY,))


def _responder(decision: Decision, charter: Charter) -> str:
    """Who carries it out: the post that is named, or else the one that assigns. Raises Refused."""
    responder = decision.responder or decision.post
    _hold(charter, responder)
    return responder
