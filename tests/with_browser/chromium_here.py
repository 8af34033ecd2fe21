"""A real Chromium for tests of the page, or a skip that says what is missing; and the words that such tests share.

Screenshots are left in the folder that SKYACCORD_SCREENSHOTS names (default: the system's temporary folder).
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from skyaccord.console import server

playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need Playwright for Python")

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SHOTS = Path(os.environ.get("SKYACCORD_SCREENSHOTS") or tempfile.gettempdir())

NEEDS = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"no Chromium at {CHROMIUM}"),
    pytest.mark.skipif(not (server.STATIC / "index.html").exists(), reason="the page is not built; run `make web`"),
]


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without a window."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


@contextmanager
def fresh_page(browser: Any) -> Iterator[Any]:
    """A page of its own; whatever it complains of is a failure, unless the test takes it out of `complaints`."""
    page = browser.new_page(viewport={"width": 1600, "height": 950})
    page.set_default_timeout(45_000)
    complaints: list[str] = []
    page.on("console", lambda said: said.type in ("error", "warning") and complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.complaints = complaints
    yield page
    page.close()
    assert complaints == []


def wait(page: Any, what: str, timeout_s: float = 60.0) -> None:
    """Until an expression is true. (Playwright's own wait would need eval, which the page's policy rightly forbids.)"""
    end = time.monotonic() + timeout_s
    while not page.evaluate(what):
        assert time.monotonic() < end, f"never came true: {what}"
        page.wait_for_timeout(30)


def tracks(page: Any) -> dict[int, dict[str, float]]:
    """The tracks on the map, by number."""
    return {track["number"]: track for track in page.evaluate("skyaccord.tracks()")}


def shot(page: Any, name: str) -> None:
    """A screenshot for people to look at."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")
