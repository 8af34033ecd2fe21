"""Clauses of the house: what holds under every agreement, whatever its text says.

They are cited like the clauses of a file and shown beside them; a file cannot define a clause of these names.
"""

from __future__ import annotations

SOVEREIGNTY = "Sovereignty"
DEFAULT_DENY = "Default deny"
VACANCY = "Vacancy"
IN_FORCE = "In force"

HOUSE_CLAUSES = {
    SOVEREIGNTY: (
        "A party keeps the authority over its own territory, with the agreement and without it: its own posts decide "
        "there and no grant gives that decision to another. It leaves by the act of its own post alone."
    ),
    DEFAULT_DENY: "What no clause allows is not allowed.",
    VACANCY: "A post that nobody holds decides nothing.",
    IN_FORCE: (
        "The agreement binds and empowers only the parties for which it is in force, and only while it is: "
        "the others neither give nor receive by it."
    ),
}

ID_BYTES = 32  # a picture stores the releasing clause in a column of this width
