"""The wire: how it is spoken. Bytes of recordings, feeds and other parties, to columns and back.

recordings   a file's bytes -> Recording: what kind it is, where its datagrams lie
decoding     Recording (or a live batch) -> Decoded: plots, service messages, system tracks, losses
reports      the columns that are neither plots nor tracks of ours
announce     a joint picture -> the system tracks that other systems read
copies       what two networks brought counts once
clock        seconds since midnight -> UTC
datagrams, losses, kernels   the small nouns and the loops behind them
formats/     pure: pcap, ioss, gps, asterix, message
links/       the outside: memory, file, udp
"""

from skyaccord.wire.decoding import Decoded, decode
from skyaccord.wire.formats.message import Message
from skyaccord.wire.recordings import Recording, read_recording
from skyaccord.wire.reports import SystemTracks

__all__ = ["Decoded", "Message", "Recording", "SystemTracks", "decode", "read_recording"]
