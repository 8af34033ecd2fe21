"""What the tracker takes for granted, in one place: one configuration for every scenario."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrackerConfig:
    """Settings of a tracker; the defaults are meant to be left alone."""

    # Three models. Calm and agile fly with nearly constant velocity along the Earth's curve, what falls is ballistic:
    # white acceleration density, m^2/s^3
    calm_horizontal: float = 0.4
    calm_vertical: float = 0.2
    agile_horizontal: float = 1000.0
    agile_vertical: float = 60.0
    falling_density: float = 20.0
    calm_stays_s: float = 90.0  # mean time before a calm target manoeuvres
    agile_stays_s: float = 25.0  # mean time of a manoeuvre
    falling_stays_s: float = 120.0
    falls: float = 0.05  # share of manoeuvres that end in a fall

    # A new track knows its position from one plot and its velocity not at all
    start_speed_mps: float = 250.0  # one sigma, each horizontal axis
    start_climb_mps: float = 15.0
    start_climb_uncoded_mps: float = 250.0  # of what says nothing of itself: it may be a missile
    start_height_m: float = 5000.0  # of a plot without height: what it is taken to be
    start_height_sigma_m: float = 3000.0

    gate_d2: float = 18.0  # squared Mahalanobis distance beyond which a plot is not the track's
    clutter_primary_m2: float = 5e-10  # false plots a square metre and scan that carry no code
    clutter_secondary_m2: float = 1e-12  # the same with a code
    confirm_score: float = 9.0  # log-likelihood ratio at which a track is believed
    confirm_hits: int = 3
    coast_scans: float = 4.0  # looks of its fastest sensor, as often as they succeed, that a track lives without a plot
    tentative_scans: float = 2.3  # the same for a tentative one
    batch_s: float = 1.0  # plots of one sensor in one such slice of time compete for tracks together
    code_conflict: float = 9.0  # what differing Mode A codes cost, in log-likelihood
    ahead_s: float = 10.0  # a plot that is dated further ahead comes from a wrong clock
    hide_addresses: bool = False  # ignore Mode S addresses and callsigns (to be scored against them)
    hide_codes: bool = False  # ignore Mode A as well
    exercise: bool = False  # only simulated targets count; otherwise none of them does
