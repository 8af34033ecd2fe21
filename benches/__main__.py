"""`make bench`: every measurement, beside its peers in the same run; the machine, the seeds and the commit come first.

Figures of a shared machine: read the ratios. What a bench needs and does not find it says and leaves out. Words after
the name go to the tracker's bench: `python -m benches --seeds 1-2 --budget 20`.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
BENCHES = {"decode.py": "benches/decode.py", "tracking": "-m benches.tracking", "night.py": "benches/night.py"}


def main() -> None:
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True, check=False
    ).stdout.strip()
    cores = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    print(f"commit {commit or 'unknown'}, {len(cores)} x {cores[0].split(':')[1].strip()}", flush=True)
    print(f"Python {platform.python_version()}, {platform.platform()}")
    for bench, command in BENCHES.items():
        print(f"\n== {bench}", flush=True)
        words = [*command.split(), *(sys.argv[1:] if bench == "tracking" else [])]
        subprocess.run(
            [sys.executable, *words], cwd=HERE.parent, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=True
        )


if __name__ == "__main__":
    main()
