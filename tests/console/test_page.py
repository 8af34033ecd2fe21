"""The page in a real browser: tracks move, the alert comes, a task is approved by whom it may, the replay is scrubbed.

Screenshots are left in the folder that SKYACCORD_SCREENSHOTS names (default: the system's temporary folder).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from chromium_here import NEEDS, chromium, fresh_page, shot, tracks, wait
from night_show import CROSSING_S, START_S, NightShow

from skyaccord.console import server
from skyaccord.node.show import Show

pytestmark = NEEDS


@contextmanager
def shown(show: Show, port: int = 0) -> Iterator[str]:
    """The show on a server of its own; gives its address."""
    listener = server.listen("127.0.0.1", port)
    running = server.server(show)
    url = server.address(listener)
    thread = threading.Thread(target=lambda: asyncio.run(server.run(running, listener, None)), daemon=True)
    thread.start()
    try:
        yield url
    finally:
        running.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    with fresh_page(browser) as fresh:
        yield fresh


def at(passed: float, **how: Any) -> NightShow:
    show = NightShow(**how)
    show.offset_s = passed
    return show


@contextmanager
def visit(page: Any, show: Show, query: str = "") -> Iterator[None]:
    """The page open on the show; it is left before the server goes."""
    with shown(show) as url:
        page.goto(url + query)
        yield
        page.goto("about:blank")


def test_tracks_are_there_and_move(page: Any) -> None:
    show = at(100)
    with visit(page, show):
        wait(page, "window.skyaccord && skyaccord.tracks().length === 60")
        assert page.get_by_test_id("track-count").inner_text() == "60"
        assert page.get_by_test_id("kind").inner_text().lower() == "exercise"
        before, since = tracks(page), page.evaluate("skyaccord.time")
        page.get_by_test_id("speed-10").click()
        wait(page, f"skyaccord.time > {since + 30}")
        after = tracks(page)
        far = {n: abs(after[n]["x"] - before[n]["x"]) + abs(after[n]["y"] - before[n]["y"]) for n in before}
        assert sum(d > 2 for d in far.values()) > 50
        assert page.get_by_test_id("clock").inner_text().startswith("16:0")
        shot(page, "console-night")


def test_between_two_frames_tracks_run_on(page: Any) -> None:
    """The show makes a step each half second; the screen must not wait for it."""
    with visit(page, at(100)):
        wait(page, "window.skyaccord && skyaccord.tracks().length === 60")
        page.get_by_test_id("speed-30").click()
        places = page.evaluate(
            """async () => { const seen = new Set(); const end = performance.now() + 1500;
            while (performance.now() < end) {
                seen.add(skyaccord.tracks()[40].y);
                await new Promise(requestAnimationFrame);
            }
            return seen.size; }"""
        )
        assert places > 14  # eight frames a second would give 12


def test_the_border_alert_is_first_predicted_then_observed(page: Any) -> None:
    with visit(page, at(CROSSING_S - 8)):
        alert = page.get_by_test_id("alert-TJ-A1")
        alert.wait_for()
        assert "will cross" in alert.inner_text()
        assert "±" in alert.inner_text()
        assert "border violation" in alert.inner_text()
        page.get_by_test_id("live").get_by_text("New warning: Unknown aircraft 41").wait_for(state="attached")
        alert.click()
        assert page.evaluate("skyaccord.selected") == 41
        assert "art.5.1" in page.get_by_test_id("track").inner_text()
        shot(page, "console-alert")
        wait(page, "document.querySelector('[data-testid=alert-TJ-A1]').innerText.includes('has crossed')")
        assert "observed" in alert.inner_text()


def test_only_the_post_with_the_authority_approves(page: Any) -> None:
    with visit(page, at(100)):
        page.get_by_test_id("post-select").select_option("RU.central-district")
        page.get_by_test_id("approve-TJ-T1").click()
        refusal = page.get_by_test_id("refusal")
        refusal.wait_for()
        said = refusal.inner_text()
        assert "art.7.2" in said
        assert "rests with the party over whose territory it is" in said  # the clause's words, not only its number
        assert page.get_by_test_id("state-TJ-T1").inner_text() == "proposed"
        page.get_by_test_id("may-TJ-T1").locator("summary").first.click()
        page.get_by_test_id("may-TJ-T1").locator("td.yes").first.wait_for()
        assert page.get_by_test_id("may-TJ-T1").locator("td.yes").count() == 2
        page.get_by_test_id("tab-log").click()
        shot(page, "console-refused")
        page.keyboard.press("Escape")
        assert refusal.count() == 0

        page.get_by_test_id("post-select").select_option("TJ.air-defence")
        page.get_by_test_id("task-TJ-T1").get_by_role("textbox").fill("seen by two radars")
        page.get_by_test_id("approve-TJ-T1").click()
        page.get_by_test_id("toast").wait_for()
        wait(page, "document.querySelector('[data-testid=state-TJ-T1]').textContent === 'approved'")
        page.get_by_test_id("log").get_by_text("approve TJ-T1: seen by two radars").wait_for()
        page.get_by_test_id("assign-TJ-T1").wait_for()
        assert page.get_by_test_id("approve-TJ-T1").count() == 0
        shot(page, "console-approved")


def test_from_no_post_the_move_is_sent_and_refused(page: Any) -> None:
    with visit(page, at(100)):
        page.get_by_test_id("refuse-TJ-T1").click()
        page.get_by_test_id("refusal").get_by_text("Say first at which post you are").wait_for()


def test_another_party_sees_another_picture(page: Any) -> None:
    with visit(page, at(100)):
        wait(page, "window.skyaccord && skyaccord.party === 'RU' && skyaccord.tracks().length === 60")
        assert 18 in tracks(page)
        page.get_by_test_id("party-TJ").click()
        wait(page, "skyaccord.party === 'TJ' && skyaccord.tracks().length === 57")
        assert 18 not in tracks(page)
        assert page.get_by_test_id("track-count").inner_text() == "57"
        assert page.get_by_test_id("party-TJ").get_attribute("aria-pressed") == "true"
        shot(page, "console-tj")


def test_a_replay_is_scrubbed(page: Any) -> None:
    with visit(page, at(700, replay=True)):
        wait(page, f"window.skyaccord && skyaccord.time >= {START_S + 700}")
        assert page.get_by_test_id("approve-TJ-T1").count() == 0  # a replay decides nothing
        wait(page, "document.querySelector('[data-testid=state-TJ-T1]').textContent === 'closed'")
        page.get_by_test_id("pause").click()
        page.get_by_test_id("scrub").fill("60")
        wait(page, f"skyaccord.time === {START_S + 60}")
        wait(page, "document.querySelector('[data-testid=state-TJ-T1]').textContent === 'proposed'")
        assert page.get_by_test_id("clock").inner_text() == "16:01:00"
        first = tracks(page)
        page.get_by_test_id("scrub").fill("300")
        wait(page, f"skyaccord.time === {START_S + 300}")
        assert tracks(page) != first
        page.get_by_test_id("scrub").fill("60")
        wait(page, f"skyaccord.time === {START_S + 60}")
        page.wait_for_timeout(200)
        assert {n: (t["lat"], t["lon"]) for n, t in tracks(page).items()} == {
            n: (t["lat"], t["lon"]) for n, t in first.items()
        }
        page.get_by_test_id("scrub").fill("630")
        page.wait_for_timeout(600)
        shot(page, "console-replay")


def test_the_keyboard_reaches_everything(page: Any) -> None:
    with visit(page, at(100, replay=True)):
        wait(page, "window.skyaccord && skyaccord.tracks().length === 60")
        page.keyboard.press("Space")
        wait(page, "document.querySelector('[data-testid=pause]').classList.contains('on')")
        before = tracks(page)[5]
        page.keyboard.press("ArrowLeft")
        wait(page, f"skyaccord.tracks()[4].x > {before['x'] + 70}")
        page.keyboard.press("+")
        page.keyboard.press("]")
        assert page.evaluate("skyaccord.selected") == 1
        page.keyboard.press("Escape")
        assert page.evaluate("skyaccord.selected") == -1
        page.keyboard.press("?")
        page.get_by_text("Keys and signs").wait_for()
        shot(page, "console-keys")
        page.keyboard.press("Escape")
        page.keyboard.press("a")
        assert page.evaluate("document.activeElement.dataset.testid") == "alert-TJ-A3"
        page.keyboard.press("p")
        wait(page, "skyaccord.party === 'TJ'")
        page.keyboard.press(".")
        wait(page, f"skyaccord.time >= {START_S + 109}")
        reached = set()
        page.evaluate("document.activeElement.blur()")
        for _ in range(60):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.dataset.testid ?? document.activeElement.className"))
        wanted = {"pause", "speed-4", "party-RU", "party-TJ", "post-select", "alert-TJ-A1", "tab-log", "scrub", "map"}
        assert wanted <= reached


def test_it_comes_back_when_the_line_drops(page: Any) -> None:
    show = at(100)
    with shown(show) as url:
        page.goto(url)
        page.get_by_test_id("party-TJ").click()
        wait(page, "window.skyaccord && skyaccord.party === 'TJ'")
        assert not page.get_by_test_id("lost").is_visible()
    page.get_by_test_id("lost").wait_for(state="visible")
    assert "trying again" in page.get_by_test_id("lost").inner_text()
    with shown(show, port=int(url.rsplit(":", 1)[1].strip("/"))):
        page.get_by_test_id("lost").wait_for(state="hidden")
        since = page.evaluate("skyaccord.time")
        wait(page, f"skyaccord.time > {since} && skyaccord.party === 'TJ'")
        page.goto("about:blank")
    page.complaints[:] = [said for said in page.complaints if "WebSocket connection" not in said]  # expected here


def test_ten_thousand_tracks_are_drawn(page: Any) -> None:
    """How long it takes is read off the page: 66 ms on a quiet machine."""
    with visit(page, at(0), "?bench=10000"):
        page.get_by_test_id("bench").get_by_text("median of 10").wait_for(timeout=90_000)
        assert "10,000 tracks" in page.get_by_test_id("bench").inner_text().replace("10000", "10,000")
