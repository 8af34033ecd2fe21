"""Losses: every byte that was not decoded, by reason, with the place where it first happened.

truncated         an item, a record or a block runs past the end of what holds it
bad_length        a block says it is shorter than its own header
trailer           bytes after the last block that do not start another
unknown_category  a block of a category that is not read here, skipped by its length
bad_fspec         a field specification that is empty, endless, or names an item the category does not have
bad_item          a subfield the item does not have, or an explicit length of zero
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from skyaccord.columns import I8

TRUNCATED, BAD_LENGTH, TRAILER, UNKNOWN_CATEGORY, BAD_FSPEC, BAD_ITEM = range(6)
REASONS = ("truncated", "bad_length", "trailer", "unknown_category", "bad_fspec", "bad_item")


@dataclass(frozen=True)
class Loss:
    """One reason's share."""

    count: int  # how often
    size: int  # bytes
    offset: int  # of the first, in the buffer it was read from


@dataclass(frozen=True)
class Losses:
    """Reason -> its share; reasons that did not occur are absent."""

    by_reason: Mapping[str, Loss] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes lost in all."""
        return sum(loss.size for loss in self.by_reason.values())

    def __add__(self, other: Losses) -> Losses:
        """Both together; where both have a reason, `self` came first and keeps its offset."""
        joined = dict(self.by_reason)
        for reason, loss in other.by_reason.items():
            before = joined.get(reason, Loss(0, 0, loss.offset))
            joined[reason] = Loss(before.count + loss.count, before.size + loss.size, before.offset)
        return Losses(joined)


def tally(table: I8) -> Losses:
    """From the walkers' (len(REASONS), 3) table of count, bytes and first offset."""
    rows = zip(REASONS, table.tolist(), strict=True)
    return Losses({reason: Loss(*row) for reason, row in rows if row[0]})
