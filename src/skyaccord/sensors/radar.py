"""Radar: slant range and azimuth, with pressure altitude where the transponder gave one."""
