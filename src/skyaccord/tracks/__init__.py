"""What one party sees: Plots in, Tracks out.

`Tracker.update(plots, time_s)` gates each plot against the tracks near it on the ellipsoid, assigns globally sensor by
sensor, takes plots in at their own times (three mixed filters a track), begins, believes and ends lives.
`Tracker.snapshot(time_s)` tells how things stand, `Tracker.follow` what each plot made of its track, `smooth` how it
was in hindsight. `SharedTracker` shares one sky out by area, for more than one core. `Registration` learns what each
sensor's range, azimuth, time and height are wrong by. `config.py` has every number, `kernels` the loops.
"""

from skyaccord.tracks.areas import SharedTracker
from skyaccord.tracks.config import Model, TrackerConfig
from skyaccord.tracks.registration import Biases, Registration, RegistrationConfig
from skyaccord.tracks.smoothing import Smoothed, smooth
from skyaccord.tracks.tracker import Tracker
from skyaccord.tracks.tracks import COASTED, CONFIRMED, TENTATIVE, Tracks, Updates

__all__ = [
    "COASTED",
    "CONFIRMED",
    "TENTATIVE",
    "Biases",
    "Model",
    "Registration",
    "RegistrationConfig",
    "SharedTracker",
    "Smoothed",
    "Tracker",
    "TrackerConfig",
    "Tracks",
    "Updates",
    "smooth",
]
