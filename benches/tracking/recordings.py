"""Real radars and real flights: what benches/recordings.py says, kept with the other figures."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from benches.tracking.setting import ROOT, LeftOutError, Setting

SCRIPT = ROOT / "benches" / "recordings.py"


def measure(setting: Setting) -> dict[str, Any]:
    """The script's lines, as it prints them."""
    if not setting.data.exists():
        raise LeftOutError(f"{setting.data}: no recordings here")
    lines = []
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), str(setting.data)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as running:
        for line in running.stdout or ():
            print(line, end="", flush=True)
            lines.append(line.rstrip())
    if running.returncode:
        raise RuntimeError(f"{SCRIPT.name}: exit code {running.returncode}")
    return {"lines": lines}
