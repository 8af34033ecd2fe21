"""Who may: the agreement as data. Acts make a Charter; the Charter answers, and cites its clauses.

- `parse` reads an agreement's file: its terms (`terms`) and the acts done on them; `add_act` adds one.
- `lifecycle` has the tables of what may follow what, for the agreement and for each party.
- `charter` folds the acts up to a time into what is in force then.
- `may` and `authority` say who decides what at a place; `released` says which records another party may have, for whole
  batches; `retention` what becomes of them when a party has left. Whatever no clause allows is not allowed.
- `check` finds what the text leaves open or contradicts; `explain` writes it all out for a reader.
- `words` are the words that an agreement, a picture and a task share.
"""

from skyaccord.agreement.acts import add_act
from skyaccord.agreement.alone import alone
from skyaccord.agreement.authority import Ruling, authority, may
from skyaccord.agreement.charter import Charter, Party, charter
from skyaccord.agreement.checks import Finding, check
from skyaccord.agreement.explanation import explain
from skyaccord.agreement.reading import parse
from skyaccord.agreement.releases import Batch, Released, Retention, released, retention
from skyaccord.agreement.terms import Act, Agreement, Post

__all__ = [
    "Act",
    "Agreement",
    "Batch",
    "Charter",
    "Finding",
    "Party",
    "Post",
    "Released",
    "Retention",
    "Ruling",
    "add_act",
    "alone",
    "authority",
    "charter",
    "check",
    "explain",
    "may",
    "parse",
    "released",
    "retention",
]
