"""The demo as a new user meets it: the real command, a real browser, the whole story from first track to replay.

Screenshots are left in the folder that SKYACCORD_SCREENSHOTS names (default: the system's temporary folder).
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from chromium_here import NEEDS, chromium, fresh_page, shot, tracks, wait

from skyaccord.record import Recording

SEED = 1

pytestmark = NEEDS


@contextmanager
def started(*words: str | Path) -> Iterator[str]:
    """The command in a process of its own; gives the console's address, ends it as Ctrl-C does."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "skyaccord", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert process.stdout is not None
    said = ""
    try:
        while (address := re.search(r"http://127\.0\.0\.1:\d+", said)) is None:
            line = process.stdout.readline()
            assert line, said
            said += line
        yield address[0]
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said + rest
    assert "Traceback" not in rest


@contextmanager
def browsing(url: str) -> Iterator[Any]:
    with chromium() as browser, fresh_page(browser) as page:
        page.goto(url)
        wait(page, "window.skyaccord !== undefined && skyaccord.party !== ''")
        yield page
        page.goto("about:blank")


def look_as(page: Any, party: str) -> None:
    page.get_by_test_id(f"party-{party}").click()
    wait(page, f"skyaccord.party === '{party}'")


def close_to(track: dict[str, float], others: dict[int, dict[str, float]]) -> bool:
    return any(abs(o["lat"] - track["lat"]) < 0.1 and abs(o["lon"] - track["lon"]) < 0.1 for o in others.values())


def test_the_demo_from_the_first_track_to_the_replay(tmp_path: Path) -> None:
    folder = tmp_path / "night"
    words = ("run", "--seed", str(SEED), "--speed", "20", "--port", "0", "--record", folder)
    with started(*words) as url, browsing(url) as page:
        live(page)
    recording = Recording(folder)
    assert recording.sealed
    decisions = [e.body for e in recording.log("TJ") if e.kind == "decision" and e.body["task"] == "TJ-T1"]
    assert [(d["move"], d["post"], d["scripted"]) for d in decisions[:2]] == [
        ("approve", "TJ.air-defence", False),
        ("assign", "TJ.air-defence", False),
    ]
    assert decisions[0]["reason"] == "no flight plan here"
    refusals = [e.body for e in recording.log("RU") if e.kind == "refusal" and e.body["who"] == "RU.central-district"]
    assert refusals
    assert refusals[0]["clauses"]
    with started("replay", folder, "--port", "0") as url, browsing(url) as page:
        again(page, recording)


def live(page: Any) -> None:
    """Tracks move, the alert comes, one post is refused and another approves, the other party sees less, one leaves."""
    wait(page, "skyaccord.tracks().length > 10")
    assert page.get_by_test_id("kind").inner_text().lower() == "exercise"
    before, since = tracks(page), page.evaluate("skyaccord.time")
    wait(page, f"skyaccord.time > {since + 30}")
    after = tracks(page)
    far = [abs(after[n]["x"] - b["x"]) + abs(after[n]["y"] - b["y"]) for n, b in before.items() if n in after]
    assert sum(d > 2 for d in far) > 0.7 * len(far)

    look_as(page, "TJ")
    alert = page.get_by_test_id("alert-TJ-A1")
    alert.wait_for()
    assert "border violation" in alert.inner_text()
    assert "is on course to enter 'Region of collective security'" in alert.inner_text()
    shot(page, "demo-1-alert")

    task = page.get_by_test_id("task-TJ-T1")
    task.get_by_text("nobody holds the authority").wait_for()  # over nobody's ground
    wait(page, "document.querySelector('[data-testid=task-TJ-T1] .authority').textContent === 'TJ.air-defence'")
    page.get_by_test_id("pause").click()

    page.get_by_test_id("post-select").select_option("RU.central-district")
    page.get_by_test_id("approve-TJ-T1").click()
    refusal = page.get_by_test_id("refusal").first
    refusal.wait_for()
    assert "Art. 3(" in refusal.inner_text()
    assert page.get_by_test_id("state-TJ-T1").inner_text() == "proposed"
    shot(page, "demo-2-refused")
    page.keyboard.press("Escape")

    page.get_by_test_id("post-select").select_option("TJ.air-defence")
    task.get_by_role("textbox").fill("no flight plan here")
    page.get_by_test_id("approve-TJ-T1").click()
    wait(page, "document.querySelector('[data-testid=state-TJ-T1]').textContent === 'approved'")
    page.get_by_test_id("responder-TJ-T1").select_option("TJ.duty")
    page.get_by_test_id("assign-TJ-T1").click()
    wait(page, "document.querySelector('[data-testid=state-TJ-T1]').textContent === 'assigned'")
    page.get_by_test_id("tab-log").click()
    page.get_by_test_id("log").get_by_text("assign TJ-T1").wait_for()
    shot(page, "demo-3-assigned")
    page.get_by_test_id("tab-agreement").click()

    theirs = tracks(page)
    look_as(page, "RU")
    wait(page, "skyaccord.tracks().length > 10")
    ours = tracks(page)
    kept_back = [track for track in ours.values() if not close_to(track, theirs)]
    assert any(track["lon"] < 67.2 for track in kept_back)  # the western airway is released to nobody
    assert not any(track["lon"] < 66.5 and track["lat"] > 38.3 for track in theirs.values())
    shot(page, "demo-4-the-other-party")

    page.get_by_test_id("speed-30").click()  # goes on, and fast
    wait(page, "document.body.innerText.includes('withdrawn')", 400.0)
    wait(page, "skyaccord.tracks().length > 3")
    shot(page, "demo-5-dark")
    assert len(tracks(page)) < len(ours)


def again(page: Any, recording: Recording) -> None:
    """The replay is scrubbed: any moment is the moment that was."""
    start_s = recording.manifest.start_s
    page.get_by_test_id("pause").click()
    look_as(page, "TJ")
    seen: dict[float, dict[int, dict[str, float]]] = {}
    for second in (300.0, 60.0, 600.0, 300.0):
        page.get_by_test_id("scrub").fill(f"{second:g}")
        wait(page, f"skyaccord.time === {start_s + second}")
        wait(page, f"skyaccord.tracks().length === {len(recording.picture('TJ', start_s + second))}")
        shown, picture = tracks(page), recording.picture("TJ", start_s + second)
        assert set(shown) == set(picture.number.tolist())
        for number, lat in zip(picture.number.tolist(), np.degrees(picture.lat_rad).tolist(), strict=True):
            assert abs(shown[number]["lat"] - lat) < 1e-4
        if second in seen:
            assert {n: (t["lat"], t["lon"]) for n, t in shown.items()} == {
                n: (t["lat"], t["lon"]) for n, t in seen[second].items()
            }
        seen[second] = shown
    assert page.get_by_test_id("approve-TJ-T1").count() == 0
    shot(page, "demo-6-replay")
