"""Step: one turn of a party's house. Pure: the same house, inbox and time give the same house and outbox.

    acts -> doors -> tracks -> picture -> alerts -> tasks -> decisions -> release

In that order, because who may see and decide must be settled before anything is seen or decided. What other parties
sent is checked at our door, what we send before it leaves. Circles go through time: what a message causes is said in
the next turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import msgspec
import numpy as np

from skyaccord.agreement import Act, Agreement, Batch, Charter, add_act, charter, released
from skyaccord.agreement.clauses import SOVEREIGNTY
from skyaccord.agreement.releases import ALERT, TASK
from skyaccord.agreement.words import TASK_VERBS, Identity
from skyaccord.columns import U1
from skyaccord.earth.places import Place
from skyaccord.errors import FormatError, IllegalMove, Refused
from skyaccord.node.house import CLOSED, SILENT, UP, AlertSaid, Delivery, House, Inbox, Note, Outbox, TaskSaid
from skyaccord.picture import Picture, Shared, admit, fuse, release
from skyaccord.sensors import Plots
from skyaccord.sensors.plots import GARBLED_C
from skyaccord.tasks import OVER, STATES, Decision, Task, advance, lapse, propose, reauthorise
from skyaccord.threats import Alert, assess, classify
from skyaccord.tracks import TENTATIVE, Biases, Registration, Tracker, Tracks
from skyaccord.wire import Message
from skyaccord.wire.formats.message import Kind, columns_from_bytes, columns_to_bytes

Thing = TypeVar("Thing", Alert, Task)

STALE_S = 20.0  # a delivery older than this is no longer shown
SILENT_S = 6.0  # a link without a word for so long is called silent
SIDES = np.array([0, 0, 1, 1, 1, 2, 2])  # by Identity: nobody's, harmless, to be watched
AHEAD_S = 6.0  # the clocks of two parties differ by less
ALERT_STATES = ("open", "observed", "closed")


@dataclass
class Desk:
    """What one turn writes down and sends; emptied into the outbox at its end."""

    house: House
    time_s: float
    notes: list[Note] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    serial: int = 0

    def note(self, kind: str, body: Mapping[str, object] | Alert | Task | Decision | Act) -> None:
        """A line for our log."""
        self.notes.append(Note(kind, body))

    def send(self, kind: Kind, to: str, body: bytes) -> None:
        """A message to another party."""
        self.serial += 1
        self.messages.append(Message(kind, self.house.party, to, self.serial, self.time_s, body))

    def outbox(self) -> Outbox:
        """All of it."""
        return Outbox(tuple(self.messages), tuple(self.notes))


def step(house: House, inbox: Inbox, time_s: float) -> tuple[House, Outbox]:
    """One turn, to `time_s`: the house after it, and what it says to others and to its log."""
    desk = Desk(house, time_s, serial=house.serial)
    house = heed_acts(house, inbox, desk)
    law = charter(house.agreement, time_s)
    house = close_links(house, law, desk)
    house = open_door(house, inbox.messages, law, desk)
    house = look(house, inbox, law, time_s)
    house = watch(house, law, desk)
    house = order(house, law, desk)
    for decision in inbox.decisions:
        house, _ = decide(house, decision, law, desk)
    share(house, law, desk)
    places = {task: house.places[task] for task in house.tasks}
    return replace(house, time_s=time_s, serial=desk.serial, places=places), desk.outbox()


def declare(house: House, act: Act) -> tuple[House, Outbox]:
    """An act of our own party, at once and between turns; told to everyone bound before anything else is sent."""
    desk = Desk(house, act.time_s, serial=house.serial)
    house = do_act(house, act, desk)
    return replace(house, serial=desk.serial), desk.outbox()


def ask(house: House, decision: Decision) -> tuple[House, Outbox, Refused | IllegalMove | None]:
    """A person's move between turns: the house after it, what is said, and what stood in its way."""
    desk = Desk(house, decision.time_s, serial=house.serial)
    law = charter(house.agreement, decision.time_s)
    house, obstacle = decide(house, decision, law, desk)
    return replace(house, serial=desk.serial), desk.outbox(), obstacle


# --- acts


def heed_acts(house: House, inbox: Inbox, desk: Desk) -> House:
    """Our own acts, then those that others tell us of."""
    for act in inbox.acts:
        house = do_act(house, act, desk)
    for message in inbox.messages:
        if message.kind == "act" and message.to == house.party:
            house = hear_act(house, message, desk)
    return house


def do_act(house: House, act: Act, desk: Desk) -> House:
    """Our own party's act: refused if the agreement says so, else noted and told to all others."""
    try:
        agreement = act_of(house.party, house.agreement, act)
    except (Refused, IllegalMove) as no:
        desk.note("refusal", refusal(act.post, act.kind, "agreement", no, desk.time_s))
        return house
    desk.note("act", act)
    for party in others(house):
        desk.send("act", party, msgspec.msgpack.encode(act))
    return replace(house, agreement=agreement)


def hear_act(house: House, message: Message, desk: Desk) -> House:
    """Another party's act. One that is dated ahead would bar everybody's acts until then, so it is not taken."""
    try:
        act = msgspec.msgpack.decode(message.body, type=Act)
        if act.time_s > desk.time_s + AHEAD_S:
            raise IllegalMove(f"{act.kind} by {act.party}: its time is {act.time_s - desk.time_s:g} s from now")
        agreement = act_of(message.sender, house.agreement, act)
    except (Refused, IllegalMove, msgspec.DecodeError) as no:
        desk.note("refusal", refusal(message.sender, "act", "agreement", no, desk.time_s))
        return house
    desk.note("act", act)
    return replace(house, agreement=agreement)


def act_of(party: str, agreement: Agreement, act: Act) -> Agreement:
    """The agreement after a party's act; it acts for itself only. Raises Refused or IllegalMove."""
    if act.party != party:
        raise Refused(f"{party} cannot act for {act.party}", (SOVEREIGNTY,))
    return add_act(agreement, act)


def close_links(house: House, law: Charter, desk: Desk) -> House:
    """Where the agreement no longer binds us and another, its tracks go dark and its alerts and tasks end with us."""
    for party in others(house):
        open_now = bound(law, house.party, party)
        state = house.links.get(party, SILENT)
        heard_s = house.heard_s.get(party, -np.inf)
        now = CLOSED if not open_now else UP if desk.time_s - heard_s < SILENT_S else SILENT
        if now == state and party in house.links:
            continue
        house = replace(house, links={**house.links, party: now})
        desk.note("link", {"party": party, "state": now})
        if now == CLOSED:
            house = forget(house, party, desk)
    return house


def forget(house: House, party: str, desk: Desk) -> House:
    """Nothing of that party is shown from here on; what was open of it is closed with a reason."""
    for alert in house.alerts.values():
        if alert.party == party:
            desk.note("alert", replace(alert, state="closed", text=f"{alert.text} Closed: {party} shares no more."))
    for task in house.tasks.values():
        if task.party == party:
            desk.note("task", replace(task, state="void", changed_s=desk.time_s))
    return replace(
        house,
        deliveries={p: d for p, d in house.deliveries.items() if p != party},
        alerts={k: a for k, a in house.alerts.items() if a.party != party},
        tasks={k: t for k, t in house.tasks.items() if t.party != party},
        told={key: said for key, said in house.told.items() if key[0] != party},
    )


# --- the receiver's door


def open_door(house: House, messages: tuple[Message, ...], law: Charter, desk: Desk) -> House:
    """Let in what the agreement lets in; note the rest."""
    for message in messages:
        if message.kind == "act" and message.to == house.party:
            continue
        sender = message.sender if law.party(message.sender) else "no party"
        if message.to != house.party or not bound(law, house.party, message.sender):
            house = turn_away(house, sender, message.kind, 1, desk)
            continue
        house = replace(house, heard_s={**house.heard_s, sender: desk.time_s})
        try:
            house = take_in(house, message, law, desk)
        except (FormatError, msgspec.DecodeError) as error:
            house = turn_away(house, sender, f"broken {message.kind}", 1, desk, str(error))
    return house


def take_in(house: House, message: Message, law: Charter, desk: Desk) -> House:
    """One message from a party that is bound to us. Raises FormatError or msgspec.DecodeError."""
    sender = message.sender
    match message.kind:
        case "tracks":
            shared = columns_from_bytes(Shared, message.body)
            fine, allowed = admit(shared, law, sender, house.party, desk.time_s)
            if len(fine) < len(shared):
                house = turn_away(house, sender, "tracks", int((~allowed).sum()), desk)
            return replace(house, deliveries={**house.deliveries, sender: Delivery(desk.time_s, fine)})
        case "heartbeat":  # it lives, and has nothing for us now: what it gave before holds no longer
            return replace(house, deliveries={p: d for p, d in house.deliveries.items() if p != sender})
        case "alert":
            return take_alert(house, sender, msgspec.msgpack.decode(message.body, type=AlertSaid), law, desk)
        case "task":
            return take_task(house, sender, msgspec.msgpack.decode(message.body, type=TaskSaid), law, desk)
        case "decision":
            decision = msgspec.msgpack.decode(message.body, type=Decision)
            post, task = law.post(decision.post), house.tasks.get(decision.task)
            if post is None or post.party != sender or (task is not None and task.party != house.party):
                return turn_away(house, sender, "decision", 1, desk)
            return decide(house, decision, law, desk)[0]
    return house


def take_alert(house: House, sender: str, said: AlertSaid, law: Charter, desk: Desk) -> House:
    """An alert of another party's, if it is its own and released to us."""
    alert = said.alert
    sound = owns(sender, alert) and alert.state in ALERT_STATES
    if not sound or not lets(law, sender, house.party, ALERT, place_told(said), desk.time_s):
        return turn_away(house, sender, "alert", 1, desk)
    alert = replace(alert, track=row_known_as(house, said.known_as))
    desk.note("alert", alert)
    return replace(house, alerts=kept(house.alerts, alert.id, alert, alert.state == "closed"))


def take_task(house: House, sender: str, said: TaskSaid, law: Charter, desk: Desk) -> House:
    """A task of another party's, if it is its own, of a verb and a state that there are, and released to us."""
    task = said.task
    sound = owns(sender, task) and task.verb in TASK_VERBS and task.state in STATES
    if not sound or not lets(law, sender, house.party, TASK, said.place, desk.time_s):
        return turn_away(house, sender, "task", 1, desk)
    task = replace(task, track=row_known_as(house, said.known_as))
    desk.note("task", task)
    tasks = kept(house.tasks, task.id, task, task.state in OVER)
    return replace(house, tasks=tasks, places={**house.places, task.id: said.place})


def owns(party: str, thing: Alert | Task) -> bool:
    """Is it the party's own, by what it says and by its id?"""
    return thing.party == party and thing.id.rpartition("-")[0] == party


def turn_away(
    house: House, sender: str, what: str, count: int, desk: Desk, reason: str = "not released to us"
) -> House:
    """Refuse records at the door: the first of a kind from a party is a line of the log, the rest are counted."""
    key = f"{sender} {what}"
    before = house.refused.get(key, 0)
    if not before:
        desk.note("refusal", {"who": sender, "what": what, "count": count, "reason": reason})
    return replace(house, refused={**house.refused, key: before + count})


# --- seeing


def look(house: House, inbox: Inbox, law: Charter, time_s: float) -> House:
    """Plots become own tracks; own tracks and deliveries become the picture."""
    tracker, registration, biases = hear(house, inbox.plots, time_s)
    index = {party.id: k for k, party in enumerate(law.parties)}
    deliveries = {index[p]: d.shared for p, d in house.deliveries.items() if time_s - d.time_s < STALE_S}
    own = tracker.snapshot(time_s)
    fusion, picture = fuse(own, deliveries, index[house.party], house.fusion, time_s)
    ours = tuple(alert for alert in house.alerts.values() if alert.party == house.party)
    return replace(
        house,
        tracker=tracker,
        registration=registration,
        biases=biases,
        own=own,
        fusion=fusion,
        picture=recognised(picture, ours),
    )


def hear(house: House, plots: Plots, time_s: float) -> tuple[Tracker, Registration | None, Biases]:
    """Plots into the tracker as they should have been, into the registration as they were."""
    tracker, registration = house.tracker.copy(), house.registration
    if registration is None:
        tracker.update(plots, time_s)
        return tracker, None, house.biases
    numbers = tracker.update(corrected(plots, registration, house.biases), time_s)
    if len(plots):  # else nothing is learnt, and the two houses may share what is known
        registration = registration.copy()
        registration.learn(plots, numbers.astype(np.int64))
    return tracker, registration, registration.biases(time_s)


def corrected(plots: Plots, registration: Registration, biases: Biases) -> Plots:
    """Plots less the biases that are significant. Levels stay as they were sent; what they mean as heights goes beside.

    What Mode C is off by is the weather's, one number for all sensors, so it is taken off all plots or off none: else
    one aircraft would change its height with every radar that sees it.
    """
    right = registration.correct(plots).replace(pressure_alt_m=plots.pressure_alt_m)
    if not len(biases) or biases.pressure_m[0] ** 2 <= registration.config.correct_d2 * biases.sigma_pressure_m[0] ** 2:
        return right
    level = np.where(plots.flags & GARBLED_C, np.nan, plots.pressure_alt_m) - biases.pressure_m[0]
    return right.replace(height_m=np.where(np.isfinite(right.height_m), right.height_m, level))


def recognised(picture: Picture, alerts: tuple[Alert, ...]) -> Picture:
    """The picture with identity and class: ours first, an owner's word where ours is nothing; conflicts marked.

    `alerts` are our own open ones: what has crossed a border without a word is looked at differently.
    """
    ours, air_class = classify(picture, alerts)
    theirs = picture.identity
    told = (picture.shared_number >= 0) & (theirs != Identity.PENDING)
    conflict = told & (SIDES[ours] * SIDES[theirs] == 2)
    silent = (ours == Identity.PENDING) | (ours == Identity.UNKNOWN)
    return picture.replace(
        identity=np.where(told & silent, theirs, ours),
        air_class=np.where((air_class == 0) & told, picture.air_class, air_class),
        conflict=conflict,
    )


def watch(house: House, law: Charter, desk: Desk) -> House:
    """The picture's meaning: alerts raised, changed and closed."""
    memory, changed = assess(house.picture, house.watch, law, house.party, desk.time_s)
    alerts = house.alerts
    for alert in changed:
        desk.note("alert", alert)
        alerts = kept(alerts, alert.id, alert, alert.state == "closed")
        house = tell(house, AlertSaid(alert, known_as(house, alert.track)), law, desk)
    return replace(house, watch=memory, alerts=alerts)


# --- tasks and decisions


def order(house: House, law: Charter, desk: Desk) -> House:
    """Tasks proposed for new alerts, and the authority over each open one asked again where its target is now."""
    house = replace(house, places={**house.places, **targets(house)})
    tasks = house.tasks
    for task in house.tasks.values():
        if task.party == house.party:
            again = reauthorise(task, house.places[task.id], law, desk.time_s)
            if again.state == "proposed" and task.alert not in house.alerts:
                again = lapse(again, "what it was proposed for is over", desk.time_s)
            if again != task:
                desk.note("task", again)
                house = tell_task(house, again, law, desk)
                tasks = kept(tasks, again.id, again, again.state in OVER)
    house = replace(house, tasks=tasks)
    own = tuple(alert for alert in house.alerts.values() if alert.party == house.party)
    memory, fresh = propose(own, house.picture, law, house.party, house.proposals, desk.time_s)
    for task in fresh:
        house = replace(
            house,
            tasks={**house.tasks, task.id: task},
            places={**house.places, task.id: place_of(house, task.track)},
        )
        desk.note("task", task)
        house = tell_task(house, task, law, desk)
    return replace(house, proposals=memory)


def decide(house: House, decision: Decision, law: Charter, desk: Desk) -> tuple[House, Refused | IllegalMove | None]:
    """A person's move on a task. A refused one is noted with clauses; another party's task is moved by its house."""
    task = house.tasks.get(decision.task)
    if task is None:
        no = IllegalMove(f"{decision.move} {decision.task}: no such open task here")
        desk.note("refusal", refusal(decision.post, decision.move, decision.task, no, desk.time_s))
        return house, no
    place = house.places[task.id]
    try:
        moved = advance(task, decision, law, place, desk.time_s)
    except (Refused, IllegalMove) as no:
        desk.note("refusal", refusal(decision.post, decision.move, task.id, no, desk.time_s))
        return house, no
    if task.party != house.party:
        desk.send("decision", task.party, msgspec.msgpack.encode(decision))
        return house, None
    desk.note("decision", decision)
    desk.note("task", moved)
    house = tell_task(house, moved, law, desk)
    return replace(house, tasks=kept(house.tasks, moved.id, moved, moved.state in OVER)), None


def targets(house: House) -> dict[str, Place]:
    """Where the targets of our own open tasks are now."""
    rows = {int(n): k for k, n in enumerate(house.picture.number)}
    return {
        task.id: place_of(house, task.track)
        for task in house.tasks.values()
        if task.party == house.party and task.track in rows
    }


def place_of(house: House, track: int) -> Place:
    """Where a joint track of our picture is. Raises KeyError if it is not there."""
    (row,) = np.flatnonzero(house.picture.number == track)
    picture = house.picture
    return Place(float(picture.lat_rad[row]), float(picture.lon_rad[row]), float(picture.height_m[row]))


# --- the sender's door


def share(house: House, law: Charter, desk: Desk) -> None:
    """What each party bound to us may have of our own tracks; and a sign of life."""
    tracks = house.own.take(house.own.status != TENTATIVE)
    identity, air_class = our_view(house.picture, tracks)
    for party in others(house):
        if bound(law, house.party, party):
            shared = release(tracks, identity, air_class, law, house.party, party, desk.time_s)
            desk.send("tracks" if len(shared) else "heartbeat", party, columns_to_bytes(shared) if len(shared) else b"")


def our_view(picture: Picture, tracks: Tracks) -> tuple[U1, U1]:
    """Identity and class of our own tracks, from the picture's rows that hold them; 0 where none does: (N,), (N,)."""
    mine = picture.take(np.flatnonzero(picture.own_number >= 0))
    _, at, row = np.intersect1d(tracks.number, mine.own_number, assume_unique=True, return_indices=True)
    identity, air_class = np.zeros(len(tracks), np.uint8), np.zeros(len(tracks), np.uint8)
    identity[at], air_class[at] = mine.identity[row], mine.air_class[row]
    return identity, air_class


def tell_task(house: House, task: Task, law: Charter, desk: Desk) -> House:
    """A task of ours to each party that it is released to."""
    return tell(house, TaskSaid(task, house.places[task.id], known_as(house, task.track)), law, desk)


def tell(house: House, said: AlertSaid | TaskSaid, law: Charter, desk: Desk) -> House:
    """An alert or a task of ours to each party that it is released to.

    Whoever was told of it hears of its end too, though it may end where nothing is released: how, but not where.
    """
    told = dict(house.told)
    thing, kind, over = (
        (said.alert, ALERT, said.alert.state == "closed")
        if isinstance(said, AlertSaid)
        else (said.task, TASK, said.task.state in OVER)
    )
    for party in others(house):
        before = told.pop((party, thing.id), None)
        if lets(law, house.party, party, kind, place_told(said), desk.time_s):
            now = said if before or ours_to_tell(house, thing.track, party) else None
        else:
            now = ended(before, said) if before and over and bound(law, house.party, party) else before
        if now is not None and now is not before:
            desk.send("alert" if kind == ALERT else "task", party, msgspec.msgpack.encode(now))
        if now is not None and not over:
            told[party, thing.id] = now
    return replace(house, told=told)


def ended(before: AlertSaid | TaskSaid, said: AlertSaid | TaskSaid) -> AlertSaid | TaskSaid:
    """What was told before, as it has ended now."""
    if isinstance(before, TaskSaid) and isinstance(said, TaskSaid):
        end = said.task
        return replace(before, task=replace(before.task, state=end.state, changed_s=end.changed_s, reason=end.reason))
    if isinstance(before, AlertSaid) and isinstance(said, AlertSaid):
        return replace(before, alert=replace(before.alert, state=said.alert.state, time_s=said.alert.time_s))
    raise TypeError("an alert does not end as a task")


def ours_to_tell(house: House, track: int, to: str) -> bool:
    """Do we see the target ourselves, or does `to`? What only a third party shows us is not ours to show."""
    picture, parties = house.picture, [p.id for p in house.agreement.terms.parties]
    (rows,) = np.nonzero(picture.number == track)
    return any(picture.own_number[k] >= 0 or parties[picture.shared_by[k]] == to for k in rows)


# --- words used above


def others(house: House) -> tuple[str, ...]:
    """Every other party of the agreement."""
    return tuple(p.id for p in house.agreement.terms.parties if p.id != house.party)


def bound(law: Charter, a: str, b: str) -> bool:
    """Does the agreement bind both?"""
    return law.in_force(a) and law.in_force(b)


def lets(law: Charter, owner: str, to: str, kind: int, place: Place, time_s: float) -> bool:
    """Is one alert or task at a place released?"""
    batch = Batch.empty(1).replace(
        kind=np.array([kind]),
        lat_rad=np.array([place.lat_rad]),
        lon_rad=np.array([place.lon_rad]),
        height_m=np.array([place.height_m]),
    )
    return bool(released(law, owner, to, batch, time_s).allowed[0])


def place_told(said: AlertSaid | TaskSaid) -> Place:
    """Where the target of what is said is."""
    if isinstance(said, TaskSaid):
        return said.place
    return Place(said.alert.lat_rad, said.alert.lon_rad, said.alert.height_m)


def known_as(house: House, track: int) -> tuple[tuple[str, int], ...]:
    """The own track numbers behind a joint track of ours, by party: how others can find it in their pictures."""
    rows = np.flatnonzero(house.picture.number == track)
    parties = [p.id for p in house.agreement.terms.parties]
    names: list[tuple[str, int]] = []
    for row in rows:
        if house.picture.own_number[row] >= 0:
            names.append((house.party, int(house.picture.own_number[row])))
        if house.picture.shared_number[row] >= 0:
            names.append((parties[int(house.picture.shared_by[row])], int(house.picture.shared_number[row])))
    return tuple(names)


def row_known_as(house: House, names: tuple[tuple[str, int], ...]) -> int:
    """Our joint number of what another knows by these names; -1: we do not have it."""
    picture = house.picture
    parties = [p.id for p in house.agreement.terms.parties]
    for party, number in names:
        if party == house.party:
            found = picture.own_number == number
        elif party not in parties:
            continue
        else:
            found = (picture.shared_number == number) & (picture.shared_by == parties.index(party))
        if found.any():
            return int(picture.number[np.argmax(found)])
    return -1


def kept(things: Mapping[str, Thing], key: str, thing: Thing, over: bool) -> dict[str, Thing]:
    """The mapping with one more or one less."""
    return {**{k: v for k, v in things.items() if k != key}, **({} if over else {key: thing})}


def refusal(who: str, move: str, what: str, no: Exception, time_s: float) -> dict[str, object]:
    """What the log keeps of a no."""
    clauses = list(no.clauses) if isinstance(no, Refused) else []
    reason = no.reason if isinstance(no, Refused) else str(no)
    return {"who": who, "move": move, "what": what, "reason": reason, "clauses": clauses, "time_s": time_s}
