"""Alert: what the picture means, one small frozen record a finding."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Alert:
    """A finding of one rule on one joint track, as it stood at `time_s`."""

    id: str  # "<party>-A<serial>", unique for ever
    rule: str  # key in rules.RULES: "border_violation", "fast_mover"
    party: str  # whose node raised it
    time_s: float
    severity: str  # "advisory", "warning", "attack"
    track: int  # joint track number in the raising party's picture
    lat_rad: float
    lon_rad: float
    height_m: float
    speed_mps: float
    area: str  # the area concerned; "" none
    event_time_s: float  # predicted (or observed) crossing; NaN: none
    event_lat_rad: float
    event_lon_rad: float
    event_sigma_s: float  # one standard deviation of the predicted time
    state: str  # "open", "observed" (the event has happened), "closed"
    text: str  # one factual sentence
