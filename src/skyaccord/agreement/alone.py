"""Alone: one party that watches by itself, with no agreement. The same house then runs, and every answer is no."""

from __future__ import annotations

import math

from skyaccord.agreement.clauses import DEFAULT_DENY
from skyaccord.agreement.terms import Agreement, Provision, Signatory, Terms, Withdrawal


def alone(party: str) -> Agreement:
    """Terms of one party with nobody to agree with: no posts, no areas, nothing released."""
    nothing = Provision(DEFAULT_DENY)
    return Agreement(
        Terms(
            file="",
            name="alone",
            title="No agreement: one party by itself",
            parties=(Signatory(party, party, "member", "", True),),
            posts=(),
            zones=(),
            clauses={},
            grants=(),
            releases=(),
            withholdings=(),
            duration=nothing,
            least_parties=1,
            entry=nothing,
            withdrawal=Withdrawal(DEFAULT_DENY, 0.0, "keep", math.inf),
            accession=None,
            suspension=None,
            termination=None,
        )
    )
