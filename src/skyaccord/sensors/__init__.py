"""What was heard: `Plots`, one row a report, and `Sites`, one row a sensor.

One file a kind of sensor: `radar.py` measures slant range and azimuth, `adsb.py` hears positions that aircraft report,
`mlat.py` computes positions in the plane of a reference point.
"""

from skyaccord.sensors.plots import Plots
from skyaccord.sensors.sites import Sites, parse_sites, row_of

__all__ = ["Plots", "Sites", "parse_sites", "row_of"]
