"""Acts added to an agreement: who may do them, and whether the life cycle has the step."""

from __future__ import annotations

import math
from dataclasses import replace

from skyaccord.agreement.authority import rule_on_act
from skyaccord.agreement.lifecycle import ACTS, advance, standing
from skyaccord.agreement.terms import Act, Agreement
from skyaccord.errors import IllegalMove, Refused


def add_act(agreement: Agreement, act: Act) -> Agreement:
    """The agreement with one more act at its end.

    Raises Refused, with the clauses, where the post may not do it, and IllegalMove where the life cycle has no such
    step or the act's time lies before the newest one's.
    """
    if act.kind not in ACTS:
        raise IllegalMove(f"{act.kind!r} is no act; acts are {', '.join(ACTS)}")
    if not math.isfinite(act.time_s):
        raise IllegalMove(f"{act.kind} by {act.party}: its time, {act.time_s}, is no moment")
    if act.time_s < agreement.last_time_s:
        before = agreement.last_time_s - act.time_s
        raise IllegalMove(
            f"{act.kind} by {act.party}: its time is {before:g} s before the newest act's; acts never go back"
        )
    ruling = rule_on_act(agreement.terms, act.post, act.kind, act.party)
    if not ruling.allowed:
        raise Refused(ruling.reason, ruling.clauses)
    advance(agreement.terms, standing(agreement, act.time_s), act)
    return replace(agreement, acts=(*agreement.acts, act))
