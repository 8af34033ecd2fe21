"""The words that an agreement, a picture and a task share: identities, classes of flying things, verbs."""

from __future__ import annotations

from enum import IntEnum


class Identity(IntEnum):
    """Standard identity, after MIL-STD-2525 / APP-6 (values are ours; a picture stores them as one byte)."""

    PENDING = 0
    UNKNOWN = 1
    ASSUMED_FRIEND = 2
    FRIEND = 3
    NEUTRAL = 4
    SUSPECT = 5
    HOSTILE = 6


class AirClass(IntEnum):
    """What it seems to be (one byte in a picture)."""

    UNKNOWN = 0
    AIRLINER = 1
    AIRCRAFT = 2
    DRONE = 3
    MISSILE = 4


# A task is a word from a person to a person; there are no others.
TASK_VERBS = ("observe", "identify", "escort", "warn", "shelter", "intercept", "cue", "support")

# What a post may do with a task, an alert, an area or the agreement itself.
POWERS = ("coordinate", "manage", "approve", "observe")
