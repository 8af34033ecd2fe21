"""Bytes for the tests of the wire: where the shared recordings lie, and captures written by hand."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "asterix"


def shared(name: str) -> bytes:
    """A shared recording, or a skip that says it is absent."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"needs the shared recording {name}")
    return path.read_bytes()


def run(tool: str, *arguments: str) -> str:
    """What a command of Wireshark prints, or a skip that says it is absent."""
    if shutil.which(tool) is None:
        pytest.skip(f"needs {tool} (Debian package tshark)")
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def ipv4(
    payload: bytes, group: str = "239.1.2.3", port: int = 8600, sender: str = "10.0.0.1", fragment: int = 0
) -> bytes:
    """An IPv4 packet with UDP."""
    udp = struct.pack(">HHHH", 4000, port, 8 + len(payload), 0) + payload
    address = [bytes(int(part) for part in text.split(".")) for text in (sender, group)]
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, fragment, 1, 17, 0) + b"".join(address) + udp


def ethernet(packet: bytes, vlans: int = 0, kind: int = 0x0800) -> bytes:
    """An Ethernet frame, with VLAN tags if wanted, padded to 60 bytes as a card does."""
    frame = bytes(12) + bytes.fromhex("88a80001" if vlans > 1 else "") + bytes.fromhex("81000002" if vlans else "")
    return (frame + struct.pack(">H", kind) + packet).ljust(60, b"\0")


def pcap(frames: list[bytes], link: int = 1, order: str = "<", nano: bool = False, start_s: float = 1.7e9) -> bytes:
    """A classic capture, one frame a millisecond."""
    unit = 1_000_000_000 if nano else 1_000_000
    out = struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)
    for k, frame in enumerate(frames):
        out += struct.pack(order + "IIII", int(start_s), k * unit // 1000, len(frame), len(frame)) + frame
    return out


def block(category: int, *records: str) -> bytes:
    """A block of records given in hexadecimal."""
    body = b"".join(bytes.fromhex(record) for record in records)
    return struct.pack(">BH", category, 3 + len(body)) + body


def cat048(tod_s: float = 1000.0, source: int = 0x1922, range_nm: float = 10.0) -> bytes:
    """One block with one plot of I010, 140, 020, 040, written by hand."""
    return block(48, f"f0{source:04x}{int(tod_s * 128):06x}20{int(range_nm * 256):04x}4000")


def whole(data: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Buffer, offset and length of one datagram that is `data`."""
    return np.frombuffer(data, np.uint8), np.zeros(1, np.int64), np.array([len(data)], np.int32)
