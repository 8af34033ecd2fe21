"""What is proposed: Alerts -> Tasks; a person's Decision moves them.

    task.py       Task and Decision
    lifecycle.py  the table of states and moves, its prose above it; `advance`, `lapse`
    law.py        `reauthorise`: who has the authority where the target is now; void what the agreement no longer covers
    propose.py    one task a new alert, by the one party whose post has the authority

The software proposes and takes back; it never approves. A task is a word from a person to a person: it moves nothing.
"""

from skyaccord.tasks.law import reauthorise
from skyaccord.tasks.lifecycle import LIFE, MOVES, OVER, STATES, advance, lapse
from skyaccord.tasks.propose import Memory, propose
from skyaccord.tasks.task import Decision, Task

__all__ = [
    "LIFE",
    "MOVES",
    "OVER",
    "STATES",
    "Decision",
    "Memory",
    "Task",
    "advance",
    "lapse",
    "propose",
    "reauthorise",
]
