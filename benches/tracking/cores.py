"""What a second core gives: the same sky shared by area between two."""

from __future__ import annotations

from typing import Any

from benches.tracking.setting import LeftOutError, Setting


def measure(setting: Setting) -> dict[str, Any]:
    """Wall time of two cores against one's."""
    raise LeftOutError("the tracker cannot yet be shared by two cores")
