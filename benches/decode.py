"""How fast ASTERIX becomes columns: records a second of our decoder, and of others' where they can be imported.

    python benches/decode.py [FOLDER]

FOLDER holds the recordings that MANIFEST.md in the shared data describes (default: ../shared/data/asterix beside the
repository). Each figure is the best of five runs of one process on one core, after one run that compiles. A peer
decodes the first records only, as many as it manages in about a second. `asterix_decoder` and `libasterix` both
install a package named `asterix`: whichever this interpreter has is measured.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

from skyaccord.wire import Recording, decode, read_recording

RECORDINGS = {
    "CAT048": "bcn_2023/230502-est-080001_BCN_60MN_08_09.ast",
    "CAT062": "arg/fds260429.pcap",
    "CAT021": "alicante/record_Alicante-ADSB_ADS_LAN2_Ch1_AST_OP.ast",
}
REPEATS = 5
PEER_S = 1.0


def main() -> None:
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "asterix"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else beside
    peer = find_peer()
    for category, name in RECORDINGS.items():
        path = folder / name
        if not path.exists():
            print(f"{category}: {path} is absent, left out")
            continue
        recording = read_recording(path.read_bytes(), name)
        count = sum(decode(recording).records.values())
        rate = count / best(lambda recording=recording: decode(recording))
        print(
            f"{category}: {count:7,} records, {len(recording.buffer) / 1e6:.1f} MB: ours {rate / 1e6:6.2f} M records/s",
            end="",
        )
        print(f", {peer[0]} {peer_rate(recording, peer[1]) / 1e6:.3f} M records/s" if peer else "")


def best(work: Callable[[], object]) -> float:
    """Seconds of the quickest of REPEATS runs."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def find_peer() -> tuple[str, Callable[[bytes], int]] | None:
    """Another decoder, as a function from a block to its number of records."""
    try:
        peer = importlib.import_module("asterix")
    except ImportError:
        return None
    if hasattr(peer, "parse"):
        return "asterix_decoder", lambda block: len(peer.parse(block, verbose=False))
    base, generated = importlib.import_module("asterix.base"), importlib.import_module("asterix.generated")
    editions = {48: generated.Cat_048_1_31, 62: generated.Cat_062_1_20, 21: generated.Cat_021_2_6}

    def records(block: bytes) -> int:
        raw = base.RawDatablock.parse(base.Bits.from_bytes(block))
        return sum(len(editions[one.get_category()].cv_uap.parse(one.get_raw_records())) for one in raw)

    return "libasterix", records


def peer_rate(recording: Recording, count: Callable[[bytes], int]) -> float:
    """Records a second of a peer, on the first blocks of a recording."""
    found, start = 0, time.perf_counter()
    for offset, length in zip(recording.datagrams.offset.tolist(), recording.datagrams.length.tolist(), strict=True):
        data = recording.buffer[offset : offset + length].tobytes()
        here = 0
        while here + 3 <= len(data) and time.perf_counter() - start < PEER_S:
            size = max(int.from_bytes(data[here + 1 : here + 3], "big"), 3)
            found += count(data[here : here + size])
            here += size
    return found / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
