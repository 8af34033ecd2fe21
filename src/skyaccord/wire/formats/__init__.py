"""Formats: bytes to columns and back, one file or folder each, pure and strangers to one another.

pcap      captures of a network, classic and next generation
ioss      the IOSS "final" container of recorded ASTERIX
gps       the recorder container with a GPS stamp after each block
asterix   CAT010, 019, 020, 021, 034, 048 and 062 from bytes to columns; 034, 048 and 062 back
message   the envelope that parties exchange, and columns as Arrow
"""
