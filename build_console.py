"""Hatchling's build hook: builds the console's web page into the package before a wheel is made.

Node is needed here, when the wheel is built, and never when Skyaccord runs. An editable install leaves the page to
`make web`.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildConsole(BuildHookInterface[Any]):
    """Run `npm ci` and `npm run build` in the console's web folder."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or self.target_name != "wheel":
            return
        web = Path(self.root) / "src/skyaccord/console/web"
        static = Path(self.root) / "src/skyaccord/console/static"
        if not (web / "package.json").exists():
            if (static / "index.html").exists():
                return
            raise RuntimeError(f"neither the console's source ({web}) nor its built page ({static}) is here")
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("building the wheel needs Node.js 20 and npm, for the console's page")
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=web, check=True)
        subprocess.run([npm, "run", "build"], cwd=web, check=True)
