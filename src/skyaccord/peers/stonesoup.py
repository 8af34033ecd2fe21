"""Our tracker as a Stone Soup `Tracker`: detections of their measurement models in, their `Track`s out.

    tracker = SkyaccordTracker(detector, radars=[Radar(model, scan_s=5.0)], lat_rad=0.7, lon_rad=1.1)
    for time, tracks in tracker: ...

A detector is any iterable of (datetime, detections). The common frame is theirs: x east, y north, z up from the point
`lat_rad`, `lon_rad`, `height_m`; a flat world is placed on the plane z = 0. Read are

    CartesianToBearingRange            bearing from x towards y, range in the plane z = 0 of the frame
    CartesianToElevationBearingRange   elevation, bearing, slant range
    LinearGaussian                     x, y and, if measured, z

with `translation_offset`, `rotation_offset` and `noise_covar`; a detection without a model has the first radar's. The
tracker knows one sigma of height a sensor: an elevation's is taken at half the greatest range.
Written for Stone Soup 1.9.1.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from skyaccord.columns import F8, I8
from skyaccord.earth.wgs84 import ecef, enu_axes, geodetic
from skyaccord.sensors import Plots, Sites
from skyaccord.tracks import TENTATIVE, TrackerConfig
from skyaccord.tracks import Tracker as OurTracker

try:
    from stonesoup.base import Property
    from stonesoup.models.measurement.linear import LinearGaussian
    from stonesoup.models.measurement.nonlinear import CartesianToBearingRange, CartesianToElevationBearingRange
    from stonesoup.tracker.base import Tracker
    from stonesoup.types.state import GaussianState
    from stonesoup.types.track import Track
except ImportError as error:
    raise ImportError(
        f"skyaccord.peers.stonesoup needs Stone Soup ({error}); install it by `pip install stonesoup==1.9.1`"
    ) from error

EPOCH = datetime.datetime(1970, 1, 1)
LEVEL_SIGMA_M = 100.0  # of the height of what a flat world says nothing about
SAME_PLACE_M = 0.01


@dataclass(frozen=True)
class Radar:
    """What our tracker must know of a sensor beyond its measurement model."""

    model: Any
    scan_s: float  # between two looks at the same place
    pd: float = 0.9
    range_max_m: float = 450_000.0
    clutter_per_scan: float = 10.0  # false detections in one turn
    name: str = ""
    kind: str = "radar"  # of sensors.sites.KINDS: a radar turns, a staring sensor sees all at one time


class SkyaccordTracker(Tracker):  # type: ignore[misc]
    """Tracks of a Stone Soup detector: iterate over (datetime, set of `Track`), one `GaussianState` a time step.

    The states are in the order of the first radar's model: [x vx y vy] or [x vx y vy z vz] where its mapping is
    (0, 2) or (0, 2, 4); each velocity follows its position. `tracks` are those believed at the last time step, also
    without a detection then. Times without a zone are UTC. Raises ValueError for a measurement model that is not read
    here, and for one of a place where no radar of `radars` stands.
    """

    detector: Any = Property(doc="Iterable of (datetime, detections).")
    radars: Any = Property(doc="Sequence of Radar: every sensor that the detections may come from.")
    lat_rad: float = Property(doc="Latitude of the frame's origin (WGS-84).")
    lon_rad: float = Property(doc="Longitude of the frame's origin.")
    height_m: float = Property(default=0.0, doc="Height of the frame's origin above the ellipsoid.")
    config: Any = Property(default=None, doc="TrackerConfig; the default is meant to be left alone.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not len(self.radars):
            raise ValueError("radars is empty; name every sensor that the detections may come from")
        self._origin = ecef(self.lat_rad, self.lon_rad, self.height_m)
        self._axes = enu_axes(self.lat_rad, self.lon_rad)
        self._places = np.array([_offset(radar.model) for radar in self.radars])
        self.sites = self._registry()
        self.tracker = OurTracker(self.sites, self.config or TrackerConfig())
        self._rows = _rows_of_state(self.radars[0].model)
        self._known: dict[int, Any] = {}
        self._tracks: set[Any] = set()
        self._detections: Iterator[Any] | None = None

    @property
    def tracks(self) -> set[Any]:
        """The tracks believed at the last time step."""
        return self._tracks

    def __iter__(self) -> Iterator[Any]:
        if self._detections is None:
            self._detections = iter(self.detector)
        return self

    def __next__(self) -> tuple[datetime.datetime, set[Any]]:
        if self._detections is None:
            self._detections = iter(self.detector)
        time, detections = next(self._detections)
        return self.update_tracker(time, detections)

    def update_tracker(
        self, time: datetime.datetime, detections: Collection[Any]
    ) -> tuple[datetime.datetime, set[Any]]:
        """Take the detections of one time step in."""
        now_s = _seconds(time)
        self.tracker.update(self.plots(detections, now_s), now_s)
        now = self.tracker.snapshot(now_s)
        now = now.take(now.status != TENTATIVE)
        turn = np.kron(np.eye(2), self._axes)
        local = now.state @ turn.T - np.append(self._axes @ self._origin, np.zeros(3))
        covariance = turn @ now.covariance @ turn.T
        size, ours, theirs = self._rows
        mean, spread = np.zeros((len(now), size)), np.zeros((len(now), size, size))
        mean[:, theirs] = local[:, ours]
        spread[:, theirs[:, None], theirs] = covariance[:, ours[:, None], ours]
        known: dict[int, Any] = {}
        for number, state, covar in zip(now.number.tolist(), mean, spread, strict=True):
            track = self._known.get(number) or Track(id=str(number))
            track.append(GaussianState(state, covar, timestamp=time))
            known[number] = track
        self._known, self._tracks = known, set(known.values())
        return time, self.tracks

    def plots(self, detections: Collection[Any], now_s: float) -> Plots:
        """Detections as our plots, in an order that does not depend on the set's. Raises ValueError."""
        count = len(detections)
        place, radar = np.empty((count, 3)), np.empty(count, np.int64)
        linear, time_s = np.zeros(count, bool), np.full(count, now_s)
        for k, detection in enumerate(detections):
            model = detection.measurement_model or self.radars[0].model
            values = np.array([float(v) for v in np.ravel(detection.state_vector)])
            radar[k] = self._radar_of(model)
            place[k], linear[k] = _placed(model, values), isinstance(model, LinearGaussian)
            if detection.timestamp is not None:
                time_s[k] = _seconds(detection.timestamp)
        at = self._origin + place @ self._axes
        lat, lon, height = geodetic(at)
        sites = self.sites.take(radar)
        rel = at - ecef(sites.lat_rad, sites.lon_rad, sites.height_m)
        axes = enu_axes(sites.lat_rad, sites.lon_rad)
        east, north, up = np.moveaxis(np.einsum("nij,nj->ni", axes, rel), -1, 0)
        plots = Plots.blank(count).replace(
            time_s=time_s,
            source=sites.source,
            range_m=np.where(linear, np.nan, np.sqrt(east**2 + north**2 + up**2)),
            azimuth_rad=np.where(linear, np.nan, np.arctan2(east, north) % (2 * np.pi)),
            lat_rad=np.where(linear, lat, np.nan),
            lon_rad=np.where(linear, lon, np.nan),
            height_m=height,
        )
        return plots.take(np.lexsort((at[:, 2], at[:, 1], at[:, 0], time_s)))

    def _radar_of(self, model: Any) -> int:
        apart = np.linalg.norm(self._places - _offset(model), axis=1)
        same = [type(radar.model) is type(model) for radar in self.radars]
        apart = np.where(same, apart, np.inf)
        if not apart.min() <= SAME_PLACE_M:
            raise ValueError(
                f"a detection's {type(model).__name__} stands at {_offset(model).tolist()}, where no radar of `radars` "
                "does; name every sensor, and none that moves"
            )
        return int(np.argmin(apart))

    def _registry(self) -> Sites:
        lat, lon, height = geodetic(self._origin + self._places @ self._axes)
        sigma = np.array([_sigmas(radar) for radar in self.radars])
        count = len(self.radars)
        return Sites.empty(count).replace(
            source=np.arange(1, count + 1),
            name=np.array([(r.name or f"radar {k + 1}").encode()[:48] for k, r in enumerate(self.radars)], "S48"),
            kind=np.array([r.kind.encode() for r in self.radars], "S8"),
            lat_rad=lat,
            lon_rad=lon,
            height_m=height,
            scan_s=np.array([r.scan_s for r in self.radars], float),
            range_max_m=np.array([r.range_max_m for r in self.radars], float),
            sigma_range_m=sigma[:, 0],
            sigma_azimuth_rad=sigma[:, 1],
            sigma_height_m=sigma[:, 2],
            pd=np.array([r.pd for r in self.radars], float),
            clutter_per_scan=np.array([r.clutter_per_scan for r in self.radars], float),
        )


def _seconds(time: datetime.datetime) -> float:
    if time.tzinfo is not None:
        time = time.astimezone(datetime.UTC).replace(tzinfo=None)
    return (time - EPOCH).total_seconds()


def _offset(model: Any) -> F8:
    """Where the sensor stands in the frame: (3,). Raises ValueError for a model that is not read here."""
    if isinstance(model, LinearGaussian):
        if len(model.mapping) not in (2, 3):
            raise ValueError(f"a LinearGaussian that measures {len(model.mapping)} components; it is x, y or x, y, z")
        return np.zeros(3)
    if type(model) not in (CartesianToBearingRange, CartesianToElevationBearingRange):
        raise ValueError(
            f"{type(model).__name__} is not read here; CartesianToBearingRange, CartesianToElevationBearingRange and "
            "LinearGaussian are"
        )
    offset = np.ravel(np.asarray(model.translation_offset, float))
    return np.append(offset, np.zeros(3))[:3]


def _placed(model: Any, values: F8) -> F8:
    """A measurement as a place in the frame: (3,)."""
    if isinstance(model, LinearGaussian):
        return np.append(values[:3], np.zeros(3))[:3]
    if isinstance(model, CartesianToBearingRange):
        bearing, reach = values
        ray = np.array([np.cos(bearing), np.sin(bearing), 0.0])
    else:
        elevation, bearing, reach = values
        ray = np.array([np.cos(bearing) * np.cos(elevation), np.sin(bearing) * np.cos(elevation), np.sin(elevation)])
    place: F8 = model.rotation_matrix.T @ (reach * ray) + _offset(model)
    return place


def _sigmas(radar: Radar) -> tuple[float, float, float]:
    """One sigma of range (of a position: along either axis), azimuth and height."""
    variance = np.diag(np.asarray(radar.model.covar(), float))
    if isinstance(radar.model, LinearGaussian):
        height = float(np.sqrt(variance[2])) if len(variance) > 2 else LEVEL_SIGMA_M
        return float(np.sqrt(variance[:2].mean())), 1e-3, height
    if isinstance(radar.model, CartesianToBearingRange):
        return float(np.sqrt(variance[1])), float(np.sqrt(variance[0])), LEVEL_SIGMA_M
    return (
        float(np.sqrt(variance[2])),
        float(np.sqrt(variance[1])),
        max(float(np.sqrt(variance[0])) * radar.range_max_m / 2, LEVEL_SIGMA_M),
    )


def _rows_of_state(model: Any) -> tuple[int, I8, I8]:
    """Size of their state, and which of ours (x y z vx vy vz) goes to which of its rows."""
    position = [int(row) for row in model.mapping]
    height = [row for row in range(4, int(model.ndim_state) - 1) if row not in position] if len(position) == 2 else []
    position += height[:1]
    velocity = [row + 1 for row in position]
    if max(velocity) >= model.ndim_state or set(velocity) & set(position):
        raise ValueError(
            f"the first radar's model maps positions {tuple(model.mapping)} of {model.ndim_state} state components; "
            "each position is followed by its velocity, as in [x vx y vy]"
        )
    ours = [*range(len(position)), *range(3, 3 + len(position))]
    return int(model.ndim_state), np.array(ours), np.array(position + velocity)
