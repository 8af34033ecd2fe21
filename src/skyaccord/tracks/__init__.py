"""What one party sees: Plots in, Tracks out.

`Tracker.update(plots, time_s)` gates each plot against every track on the ellipsoid, assigns globally sensor by sensor,
takes plots in at their own times (three mixed filters a track), starts, confirms and ends lives.
`Tracker.snapshot(time_s)` tells how things stand. `config.py` has every number; `kernels.py` every loop.
"""

from skyaccord.tracks.config import TrackerConfig
from skyaccord.tracks.tracker import Tracker
from skyaccord.tracks.tracks import COASTED, CONFIRMED, TENTATIVE, Tracks

__all__ = ["COASTED", "CONFIRMED", "TENTATIVE", "Tracker", "TrackerConfig", "Tracks"]
