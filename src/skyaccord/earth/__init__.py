"""Where and when: the WGS-84 ellipsoid, places, and areas (a polygon with a height slab and a span of time).

`wgs84` turns coordinates into each other; `places.Place` is one point; `areas.Area` answers `contains` and `distance_m`
for whole arrays of points.
"""

from skyaccord.earth.areas import Area, build_area, contains, distance_m, size_m2
from skyaccord.earth.places import Place

__all__ = ["Area", "Place", "build_area", "contains", "distance_m", "size_m2"]
