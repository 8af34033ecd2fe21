"""Sites: the sensor registry, one row a sensor; where it stands and how well it hears."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skyaccord.columns import F8, I8, U2, Columns, Text, column
from skyaccord.errors import SitesError

# The Doppler filters of a radar with a moving target detector are wavelength / (2 x time of the burst) apart: 5.4 m/s
# for ten pulses of 10.7 cm at 1 kHz, and a speed that is one of them is wrong by that over the root of twelve, 1.6 m/s
# (M. I. Skolnik, Introduction to Radar Systems, 3rd ed. 2001, sections 3.1 and 3.6); moving parts of the target add
SIGMA_RANGE_RATE_MPS = 2.0


@dataclass(frozen=True, eq=False)
class Sites(Columns):
    """The registry of sensors, one row each."""

    source: U2 = column("u2")  # SAC << 8 | SIC
    name: Text = column("S48")
    party: Text = column("S16")  # empty: not said
    kind: Text = column("S8")  # one of KINDS
    lat_rad: F8 = column("f8")
    lon_rad: F8 = column("f8")
    height_m: F8 = column("f8")  # antenna above the ellipsoid
    scan_s: F8 = column("f8")  # time of one antenna turn
    range_max_m: F8 = column("f8")
    sigma_range_m: F8 = column("f8")
    sigma_azimuth_rad: F8 = column("f8")
    sigma_height_m: F8 = column("f8")
    pd: F8 = column("f8")  # probability of detection within range and sight
    clutter_per_scan: F8 = column("f8")  # false plots in one turn, over all its range
    sigma_range_rate_mps: F8 = column("f8", absent=SIGMA_RANGE_RATE_MPS)  # of what it measures by Doppler, if it does

    @cached_property
    def rows(self) -> I8:
        """Row of each source there can be, -1 where it has none: (65536,)."""
        table = np.full(1 << 16, -1, np.int64)
        table[self.source] = np.arange(len(self))
        return table


# A radar turns; a staring sensor sees all at one time, once a scan; the others report targets as they come, a passive
# one those that emit, and of them no more than the bearing
KINDS = ("radar", "staring", "adsb", "mlat", "passive")
DEFAULTS = {
    "height_m": 0.0,
    "scan_s": 10.0,
    "range_max_km": 450.0,
    "sigma_range_m": 70.0,
    "sigma_azimuth_deg": 0.08,
    "sigma_height_m": 100.0,
    "pd": 0.9,
    "clutter_per_scan": 30.0,
    "sigma_range_rate_mps": SIGMA_RANGE_RATE_MPS,
}
# Where a kind of sensor is usually otherwise: comparing the amplitudes of a few antennas tells a direction to degrees
DEFAULTS_OF = {"passive": {"sigma_azimuth_deg": 2.0, "pd": 0.5, "clutter_per_scan": 2.0}}
LIMITS = {
    "lat_deg": (-90.0, 90.0),
    "lon_deg": (-180.0, 180.0),
    "height_m": (-500.0, 20_000.0),
    "scan_s": (0.1, 60.0),
    "range_max_km": (0.1, 2_000.0),
    "sigma_range_m": (0.1, 10_000.0),
    "sigma_azimuth_deg": (0.001, 20.0),
    "sigma_height_m": (0.1, 10_000.0),
    "pd": (0.01, 1.0),
    "clutter_per_scan": (0.0, 1e6),
    "sigma_range_rate_mps": (0.1, 1_000.0),
}


def parse_sites(text: str, name: str) -> Sites:
    """Read a registry written in TOML: one `[[sensor]]` table each, with at least sac, sic, lat_deg and lon_deg.

    `name` is the file's, for messages. Raises SitesError, naming file, sensor and key.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SitesError(f"{name}: not TOML: {error}") from None
    rows = document.get("sensor", [])
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise SitesError(f"{name}: no sensors; write one [[sensor]] table each, with sac, sic, lat_deg and lon_deg")
    return build_sites([dict(row) for row in rows], name)


def build_sites(rows: list[dict[str, object]], name: str) -> Sites:
    """The registry from parsed tables (keys as in the file). Raises SitesError."""
    out = Sites.empty(len(rows))
    known = {"sac", "sic", "name", "party", "kind", "lat_deg", "lon_deg", *DEFAULTS}
    seen: dict[int, int] = {}
    for k, row in enumerate(rows):
        where = f"{name}: sensor {k + 1} ({row.get('name', 'unnamed')})"
        unknown = sorted(set(row) - known)
        if unknown:
            raise SitesError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}")
        sac, sic = (_octet(row, key, where) for key in ("sac", "sic"))
        source = sac << 8 | sic
        if source in seen:
            raise SitesError(f"{where}: SAC/SIC {sac}/{sic} is taken by sensor {seen[source] + 1}")
        seen[source] = k
        out.source[k] = source
        out.name[k] = _bytes(str(row.get("name", f"{sac}/{sic}")), 48)
        out.party[k] = _bytes(str(row.get("party", "")), 16)
        kind = str(row.get("kind", "radar"))
        if kind not in KINDS:
            raise SitesError(f"{where}: kind {kind!r}; it is one of {', '.join(KINDS)}")
        out.kind[k] = kind.encode()
        usual = DEFAULTS | DEFAULTS_OF.get(kind, {})
        number = {key: _number(usual | row, key, where) for key in ("lat_deg", "lon_deg", *DEFAULTS)}
        out.lat_rad[k], out.lon_rad[k] = math.radians(number["lat_deg"]), math.radians(number["lon_deg"])
        out.height_m[k], out.scan_s[k], out.pd[k] = number["height_m"], number["scan_s"], number["pd"]
        out.range_max_m[k] = 1000 * number["range_max_km"]
        out.sigma_range_m[k], out.sigma_height_m[k] = number["sigma_range_m"], number["sigma_height_m"]
        out.clutter_per_scan[k] = number["clutter_per_scan"]
        out.sigma_range_rate_mps[k] = number["sigma_range_rate_mps"]
        out.sigma_azimuth_rad[k] = math.radians(number["sigma_azimuth_deg"])
    return out


def row_of(sites: Sites, source: U2) -> I8:
    """Row of each plot's sensor in the registry, -1 where it has none: (N,) u2 -> (N,) i8."""
    return sites.rows[source]


def _bytes(text: str, most: int) -> bytes:
    """As much of the text as fits, without half a letter."""
    return text.encode()[:most].decode(errors="ignore").encode()


def _octet(row: dict[str, object], key: str, where: str) -> int:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 255:
        raise SitesError(f"{where}: {key} is {value!r}; it is a whole number from 0 to 255")
    return value


def _number(row: dict[str, object], key: str, where: str) -> float:
    value = row.get(key)
    low, high = LIMITS[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise SitesError(f"{where}: {key} is {value!r}; it is a number from {low:g} to {high:g}")
    return float(value)
