"""ADS-B: positions that aircraft report of themselves."""
