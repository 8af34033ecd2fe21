"""Plots that say nothing."""

import numpy as np

from skyaccord.columns import layout
from skyaccord.sensors import Plots, parse_sites
from skyaccord.sensors.plots import NO_ADDRESS, NO_LOCAL_TRACK, NO_MODE_A, NOTHING
from skyaccord.sensors.where import where

SITES = parse_sites("[[sensor]]\nsac = 0\nsic = 0\nlat_deg = 38.5\nlon_deg = 68.8", "sites.toml")


def test_every_column_but_time_and_source_can_say_nothing() -> None:
    names = [name for name, _, _ in layout(Plots)]
    assert [*NOTHING] == [name for name in names if name not in ("time_s", "source")]


def test_blank_plots_say_nothing() -> None:
    plots = Plots.blank(3)
    assert len(plots) == 3
    for name, dtype, _ in layout(Plots):
        if dtype.kind == "f" and name != "time_s":
            assert np.isnan(getattr(plots, name)).all(), name
    assert np.isnan(where(plots, SITES)).all()  # no place, though the sensor is known
    assert (plots.mode_a == NO_MODE_A).all()
    assert (plots.address == NO_ADDRESS).all()
    assert (plots.local_track == NO_LOCAL_TRACK).all()
    assert not plots.callsign.any()
    assert len(Plots.blank(0)) == 0


def test_blank_plots_are_filled_by_replacing() -> None:
    one = Plots.blank(2).replace(range_m=np.array([1e4, 2e4]))
    assert one.range_m.tolist() == [1e4, 2e4]
    assert np.isnan(Plots.blank(2).range_m).all()  # nothing is shared
