"""Captures of a network, classic and next generation: where the UDP payloads lie.

    capture   which kind it is, its file header, and the columns
    walker    the loops: frames of the file, then Ethernet, IP and UDP within each

Sources: IETF draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng; RFC 768, 791, 8200; IEEE 802.1Q; the LINKTYPE list of
tcpdump.org. Fragments of IP are counted and skipped: ASTERIX is sent in datagrams that fit a frame.
"""

from skyaccord.wire.formats.pcap.capture import Capture, is_capture, read_capture

__all__ = ["Capture", "is_capture", "read_capture"]
