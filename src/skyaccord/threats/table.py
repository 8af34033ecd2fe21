"""The rules in force, in the order in which their alerts are given."""

from __future__ import annotations

from skyaccord.threats.rules import border_violation, fast_mover
from skyaccord.threats.scene import Rule

RULES = {
    rule.name: rule
    for rule in (
        # a false attack is worse than a late one by a few seconds: more looks, and surer ones
        Rule(
            "fast_mover",
            fast_mover.look,
            fast_mover.severity,
            fast_mover.sentence,
            by_area=False,
            raise_at=0.95,
            needed=3,
            looks=4,
        ),
        Rule(
            "border_violation",
            border_violation.look,
            border_violation.severity,
            border_violation.sentence,
            by_area=True,
        ),
    )
}
