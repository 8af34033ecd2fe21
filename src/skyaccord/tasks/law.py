"""The law of the place: authority over a task follows its target, whoever proposed it and whoever carries it out."""

from __future__ import annotations

from dataclasses import replace

from skyaccord.agreement import Charter, Ruling, authority
from skyaccord.agreement.clauses import IN_FORCE
from skyaccord.earth.places import Place
from skyaccord.tasks.lifecycle import OVER, deciding, void
from skyaccord.tasks.task import Task


def reauthorise(task: Task, place: Place, charter: Charter, time_s: float) -> Task:
    """The task with the authority over it where its target is now, and why; the same task where nothing has changed.

    `authority` is the post that decides next: that approves a proposal, that manages whatever is approved; empty where
    the agreement names nobody, with the reason. A task that neither the agreement nor the sovereignty of its own party
    covers any longer is void.
    """
    if task.state in OVER:
        return task
    power = deciding(task.state)
    ruling = authority(charter, power, task.verb, place, time_s)
    if not covered(task, ruling, charter.at(time_s)):
        return void(task, f"the agreement no longer covers it: {ruling.reason}", ruling.clauses or (IN_FORCE,), time_s)
    post = ruling.post if ruling.allowed else ""
    if (post, ruling.clauses) == (task.authority, task.clauses) or (post and post == task.authority):
        return task
    return replace(
        task, authority=post, clauses=ruling.clauses, changed_s=time_s, reason=_passing(task, post, power, ruling)
    )


def covered(task: Task, ruling: Ruling, charter: Charter) -> bool:
    """Does the agreement bind the task's party and its responder's, or is it at home in its own territory?"""
    own = ruling.allowed and _party(charter, ruling.post) == task.party
    helper = _party(charter, task.responder) if task.responder else task.party
    return (charter.in_force(task.party) or own) and (helper in ("", task.party) or charter.in_force(helper))


def _passing(task: Task, post: str, power: str, ruling: Ruling) -> str:
    """Why the authority is what it is now."""
    if not post:
        return f"nobody can {power} it now: {ruling.reason}"
    if task.authority:
        return f"authority passes from {task.authority} to {post}: {ruling.reason}"
    return ruling.reason


def _party(charter: Charter, post: str) -> str:
    found = charter.post(post)
    return found.party if found else ""
