"""House: everything one party's node holds between two steps, and what comes in and goes out at each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skyaccord.agreement import Act, Agreement
from skyaccord.earth.places import Place
from skyaccord.picture import Fusion, Picture, Shared
from skyaccord.sensors import Plots
from skyaccord.tasks import Decision, Task
from skyaccord.tasks import Memory as Proposals
from skyaccord.threats import Alert
from skyaccord.threats import Memory as Watch
from skyaccord.tracks import Biases, Registration, Tracker, Tracks
from skyaccord.wire import Message

UP, SILENT, CLOSED = "up", "silent", "closed"


@dataclass(frozen=True, eq=False)
class Delivery:
    """The newest tracks admitted from another party."""

    time_s: float
    shared: Shared


@dataclass(frozen=True)
class AlertSaid:
    """How an alert travels: with the tracks that its target may be known by."""

    alert: Alert
    known_as: tuple[tuple[str, int], ...]  # (party, own track number)


@dataclass(frozen=True)
class TaskSaid:
    """How a task travels: with the place of its target too."""

    task: Task
    place: Place
    known_as: tuple[tuple[str, int], ...]


@dataclass(frozen=True, eq=False)
class House:
    """One party's node between two steps. `step` makes the next one and leaves this one as it is."""

    party: str
    agreement: Agreement
    tracker: Tracker
    time_s: float = -np.inf
    registration: Registration | None = None  # None: our sensors are taken as they are
    own: Tracks = field(default_factory=Tracks.empty)  # our tracks as of `time_s`, tentative ones too
    biases: Biases = field(default_factory=Biases.empty)  # of our sensors as of `time_s`, each with its uncertainty
    picture: Picture = field(default_factory=Picture.empty)
    fusion: Fusion = field(default_factory=Fusion)
    deliveries: Mapping[str, Delivery] = field(default_factory=dict)  # by party
    heard_s: Mapping[str, float] = field(default_factory=dict)  # last word of each party
    links: Mapping[str, str] = field(default_factory=dict)  # party -> UP, SILENT, CLOSED
    watch: Watch = field(default_factory=Watch)
    proposals: Proposals = field(default_factory=Proposals)
    alerts: Mapping[str, Alert] = field(default_factory=dict)  # own and others', by id; closed ones are let go
    tasks: Mapping[str, Task] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)  # of each task's target, last known
    told: Mapping[tuple[str, str], AlertSaid | TaskSaid] = field(default_factory=dict)  # (party, id) -> as last told
    serial: int = 0  # of messages sent
    refused: Mapping[str, int] = field(default_factory=dict)  # records turned away at our door, by sender


@dataclass(frozen=True, eq=False)
class Inbox:
    """What reaches a house for one step."""

    plots: Plots = field(default_factory=Plots.empty)
    messages: tuple[Message, ...] = ()
    acts: tuple[Act, ...] = ()  # of our own party, by its own posts
    decisions: tuple[Decision, ...] = ()  # of our own posts


@dataclass(frozen=True)
class Note:
    """A line for the decision log."""

    kind: str  # record.log.KINDS
    body: Mapping[str, Any] | Alert | Task | Decision | Act


@dataclass(frozen=True, eq=False)
class Outbox:
    """What a house says in one step: to other parties, and to its own log."""

    messages: tuple[Message, ...]
    notes: tuple[Note, ...]
