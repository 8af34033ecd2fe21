"""Assess: findings that persist become alerts, alerts whose cause is gone are closed.

An alert opens when a rule's probability was high at `needed` of the last `looks` looks, stands as *observed* once the
event has happened, and closes when the cause was gone for `drops` looks running, or the track is no longer there.
Between, it is given again only when something that matters has changed: state, severity (never milder), or the
event's time or place. A look is a step that brings new plots to the track; between looks nothing is known anew.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from skyaccord.agreement import Charter
from skyaccord.columns import Bool
from skyaccord.earth.wgs84 import SEMI_MAJOR_M
from skyaccord.picture.picture import Picture
from skyaccord.threats.alert import Alert
from skyaccord.threats.scene import NO_AREA, Findings, Rule, Scene, territories
from skyaccord.threats.table import RULES

SEVERITIES = ("advisory", "warning", "attack")
HAPPENED_AT = 0.95
MOVED_S = 10.0  # an event that moves by more, and by more than three sigmas, is said again
MOVED_M = 5_000.0
MOVED_SIGMAS = 3.0
NEW_PLOT_S = 1e-3

Key = tuple[str, int, str]  # rule, track, area ("" where the rule has one alert a track)


@dataclass(frozen=True)
class Watch:
    """What is remembered of one track under one rule."""

    high: tuple[bool, ...] = ()  # of the last looks, newest last
    gone: int = 0  # looks in a row without cause
    alert: Alert | None = None  # as last given


@dataclass(frozen=True, eq=False)
class Memory:
    """What one assessment leaves to the next."""

    serial: int = 0  # alerts raised so far
    newest_s: Mapping[int, float] = field(default_factory=dict)  # track -> newest plot behind it
    watches: Mapping[Key, Watch] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)  # each rule's own memory


def assess(
    picture: Picture, memory: Memory, charter: Charter, party: str, time_s: float
) -> tuple[Memory, tuple[Alert, ...]]:
    """One look at a party's picture: the memory for the next, and the alerts that are new, changed or closed."""
    newest_s, fresh = _news(picture, memory)
    scene = Scene(picture.take(fresh), picture.number, territories(charter, party), party, time_s)
    looked = frozenset(scene.picture.number.tolist())
    serial, rules = memory.serial, dict(memory.rules)
    watches: dict[Key, Watch] = {}
    changed: list[Alert] = []
    for rule in RULES.values():
        rules[rule.name], findings = rule.look(scene, memory.rules.get(rule.name))
        sights = dict(_sights(rule, scene, findings))
        before = {key: watch for key, watch in memory.watches.items() if key[0] == rule.name}
        for key in dict.fromkeys([*before, *sights]):
            old = new = before.get(key, Watch())
            if key[1] not in newest_s:
                new = _close(old, "the track is lost", time_s)
            elif key[1] in looked:
                new = _look_again(rule, old, sights.get(key), f"{party}-A{serial + 1}", time_s)
            serial += old.alert is None and new.alert is not None
            if new.alert is not None and new.alert is not old.alert:
                changed.append(new.alert)
            if _is_live(new):
                watches[key] = new
    return Memory(serial, newest_s, watches, rules), tuple(changed)


def _news(picture: Picture, memory: Memory) -> tuple[dict[int, float], Bool]:
    """Track -> time of its newest plot, and which rows have one that they had not before."""
    numbers, newest_s = picture.number.tolist(), picture.time_s - picture.age_s
    before_s = np.array([memory.newest_s.get(number, -math.inf) for number in numbers])
    return dict(zip(numbers, newest_s.tolist(), strict=True)), np.asarray(newest_s > before_s + NEW_PLOT_S)


@dataclass(frozen=True)
class Sight:
    """One finding, as an alert would tell it."""

    probability: float
    happened: float
    holds: float
    alert: Alert  # without id, severity, state and text
    title: str  # of its area


def _sights(rule: Rule, scene: Scene, findings: Findings) -> Iterator[tuple[Key, Sight]]:
    """Findings one by one: there are few."""
    picture = scene.picture
    speed = np.linalg.norm(picture.state[:, 3:], axis=1)
    for k, row in enumerate(findings.row.tolist()):
        territory = None if findings.area[k] == NO_AREA else scene.territories[findings.area[k]]
        area = territory.area.name if territory else ""
        alert = Alert(
            id="",
            rule=rule.name,
            party=scene.party,
            time_s=scene.time_s,
            severity="",
            track=int(picture.number[row]),
            lat_rad=float(picture.lat_rad[row]),
            lon_rad=float(picture.lon_rad[row]),
            height_m=float(picture.height_m[row]),
            speed_mps=float(speed[row]),
            area=area,
            event_time_s=float(findings.event_time_s[k]),
            event_lat_rad=float(findings.event_lat_rad[k]),
            event_lon_rad=float(findings.event_lon_rad[k]),
            event_sigma_s=float(findings.event_sigma_s[k]),
            state="open",
            text="",
        )
        key = (rule.name, alert.track, area if rule.by_area else "")
        title = territory.title if territory else ""
        probability, happened, holds = findings.probability[k], findings.happened[k], findings.holds[k]
        yield key, Sight(float(probability), float(happened), float(holds), alert, title)


def _look_again(rule: Rule, watch: Watch, sight: Sight | None, id_: str, time_s: float) -> Watch:
    """The watch after one look more."""
    watch = _count(rule, watch, sight)
    if watch.alert is not None and watch.gone >= rule.drops:
        return _close(watch, "the cause is gone", time_s)
    ripe = watch.alert is not None or (watch.high[-1] and sum(watch.high) >= rule.needed)
    return replace(watch, alert=_given(rule, watch.alert, sight, id_)) if sight and ripe else watch


def _count(rule: Rule, watch: Watch, sight: Sight | None) -> Watch:
    probability = sight.probability if sight else 0.0
    holds = sight.holds if sight else 0.0
    if watch.alert is None or watch.alert.state == "open":
        holds = max(holds, probability)
    high = (*watch.high, probability >= rule.raise_at)[-rule.looks :]
    return replace(watch, high=high, gone=0 if holds >= rule.keep_at else watch.gone + 1)


def _given(rule: Rule, old: Alert | None, sight: Sight, id_: str) -> Alert:
    """The alert to stand now: the old one where nothing that matters has changed."""
    now = sight.alert
    if old is not None and old.state == "observed":
        return old  # the event is on record; what follows is the track's own story
    state = "observed" if sight.happened >= HAPPENED_AT else "open"
    severity = rule.severity(now.event_time_s - now.time_s, state == "observed")
    if old is not None:
        severity = max(old.severity, severity, key=SEVERITIES.index)
        if (state, severity) == (old.state, old.severity) and not _moved(old, now):
            return old
    alert = replace(now, id=old.id if old else id_, state=state, severity=severity)
    return replace(alert, text=rule.sentence(alert, sight.title))


def _moved(old: Alert, new: Alert) -> bool:
    """Has the event moved so much that it must be said again?"""
    if math.isnan(old.event_time_s) or math.isnan(new.event_time_s):
        return not math.isnan(new.event_time_s)  # that it cannot be said any longer is no news
    later_s = abs(new.event_time_s - old.event_time_s)
    north_m = SEMI_MAJOR_M * (new.event_lat_rad - old.event_lat_rad)
    east_m = SEMI_MAJOR_M * (new.event_lon_rad - old.event_lon_rad) * math.cos(new.event_lat_rad)
    sigma_s = MOVED_SIGMAS * max(old.event_sigma_s, new.event_sigma_s)
    farther = math.hypot(north_m, east_m) > max(MOVED_M, sigma_s * new.speed_mps)
    return later_s > max(MOVED_S, sigma_s) or farther or old.area != new.area


def _close(watch: Watch, why: str, time_s: float) -> Watch:
    if watch.alert is None:
        return replace(watch, high=())
    text = f"{watch.alert.text} Closed: {why}."
    return replace(watch, alert=replace(watch.alert, state="closed", time_s=time_s, text=text))


def _is_live(watch: Watch) -> bool:
    return watch.alert.state != "closed" if watch.alert else any(watch.high)
