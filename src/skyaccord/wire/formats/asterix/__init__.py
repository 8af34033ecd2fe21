"""ASTERIX: EUROCONTROL's surveillance data exchange, from bytes to columns and back.

    uap       profiles as data: items, their lengths, the fields wanted
    walker    the walk through the bytes: blocks, records, fields
    rows      walked records as columns of numbers, before they have a meaning
    catNNN    one category each: its profile, its fields, what columns they make, and the way back
    writer    columns of numbers into records and blocks
    reader    all of it: datagrams to plots, service and status messages, system tracks and losses

To add a category: one file, and one line in `reader.CATEGORIES`.
"""

from skyaccord.wire.formats.asterix.cat034 import encode_cat034
from skyaccord.wire.formats.asterix.cat048 import encode_cat048
from skyaccord.wire.formats.asterix.cat062 import encode_cat062
from skyaccord.wire.formats.asterix.reader import Editions, Reading, read_asterix

__all__ = [
    "Editions",
    "Reading",
    "encode_cat034",
    "encode_cat048",
    "encode_cat062",
    "read_asterix",
]
