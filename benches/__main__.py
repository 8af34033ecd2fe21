"""`make bench`: every measurement, beside its peers in the same run; the machine, the seed and the commit come first.

Figures of a shared machine: read the ratios. What a bench needs and does not find it says and leaves out.
"""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
BENCHES = ("decode.py", "track.py", "night.py")


def main() -> None:
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True, check=False
    ).stdout.strip()
    cores = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    print(f"commit {commit or 'unknown'}, seed 1, {len(cores)} x {cores[0].split(':')[1].strip()}", flush=True)
    print(f"Python {platform.python_version()}, {platform.platform()}")
    for bench in BENCHES:
        print(f"\n== {bench}", flush=True)
        subprocess.run([sys.executable, str(HERE / bench)], check=True)


if __name__ == "__main__":
    main()
