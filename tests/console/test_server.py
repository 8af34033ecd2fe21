"""The server over real sockets: what a window is told, who is refused at the door, and what a slow window costs."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from night_show import START_S, NightShow
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from skyaccord.console import frames, server
from skyaccord.errors import InputError
from skyaccord.node.show import Show


@contextmanager
def opened(show: Show) -> Iterator[str]:
    """A console on a free port in a thread of its own; gives its address without the scheme."""
    listener = server.listen("127.0.0.1", 0)
    running = server.server(show)
    ready = threading.Event()
    thread = threading.Thread(
        target=lambda: asyncio.run(server.run(running, listener, lambda _: ready.set())), daemon=True
    )
    place = urlsplit(server.address(listener)).netloc
    thread.start()
    assert ready.wait(10)
    try:
        yield place
    finally:
        running.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def exercise() -> Iterator[tuple[NightShow, str]]:
    show = NightShow()
    show.offset_s = 100.0
    with opened(show) as place:
        yield show, place


@contextmanager
def window(place: str) -> Iterator[ClientConnection]:
    # No limit: the slow window's test sends frames fatter than a client's usual most.
    address, origin = f"ws://{place}/ws", f"http://{place}"
    with connect(address, origin=origin, proxy=None, max_size=None) as socket_:  # type: ignore[arg-type]
        yield socket_


def until(heard: ClientConnection, wanted: Callable[[dict], bool], most: int = 200) -> dict:
    """The first message in words that is wanted."""
    for _ in range(most):
        message = heard.recv(timeout=5)
        if isinstance(message, str) and wanted(said := json.loads(message)):
            return said
    raise AssertionError("it was never said")


def is_(kind: str) -> Callable[[dict], bool]:
    return lambda said: said["is"] == kind


def next_frame(heard: ClientConnection) -> dict:
    """The header of the next frame."""
    while True:
        message = heard.recv(timeout=5)
        if isinstance(message, bytes):
            return json.loads(message[8 : 8 + int.from_bytes(message[4:8], "little")])


def test_a_window_is_told_everything_once(exercise: tuple[NightShow, str]) -> None:
    _, place = exercise
    with window(place) as heard:
        kinds, frames_seen = [], 0
        for _ in range(16):
            message = heard.recv(timeout=5)
            if isinstance(message, bytes):
                frames_seen += 1
            else:
                kinds.append(json.loads(message)["is"])
    assert kinds[:2] == ["hello", "scene"]
    assert {kind: kinds.count(kind) for kind in ("hello", "scene", "tasks")} == {"hello": 1, "scene": 1, "tasks": 1}
    assert kinds.count("log") == 1
    assert kinds.count("clock") > 2
    assert frames_seen > 2


def test_hello_names_the_moves_of_the_life_cycle(exercise: tuple[NightShow, str]) -> None:
    with window(exercise[1]) as heard:
        hello = until(heard, is_("hello"))
    assert hello["parties"] == ["RU", "TJ"]
    assert hello["steps"]["proposed"] == ["approve", "refuse"]
    assert hello["steps"]["closed"] == []


def test_alerts_have_null_where_there_is_no_number(exercise: tuple[NightShow, str]) -> None:
    with window(exercise[1]) as heard:
        alerts = {alert["id"]: alert for alert in until(heard, is_("alerts"))["alerts"]}
    assert alerts["TJ-A1"]["event_time_s"] == START_S + 240
    assert alerts["TJ-A2"]["event_time_s"] is None


def test_another_view_is_another_picture(exercise: tuple[NightShow, str]) -> None:
    with window(exercise[1]) as heard:
        assert next_frame(heard)["n"] == 60
        heard.send(json.dumps({"view": "TJ"}))
        until(heard, lambda said: said["is"] == "scene" and said["party"] == "TJ")
        frame = next_frame(heard)
        assert (frame["party"], frame["n"]) == ("TJ", 57)
        log = until(heard, is_("log"))
        assert (log["party"], log["since"], [e["number"] for e in log["entries"]]) == ("TJ", 0, [0, 1])


def test_who_decides_is_the_shows_word(exercise: tuple[NightShow, str]) -> None:
    _, place = exercise
    with window(place) as heard:
        approve = {"task": "TJ-T1", "move": "approve"}
        heard.send(json.dumps({"post": "RU.central-district", "decide": approve, "ref": 1}))
        refused = until(heard, is_("outcome"))
        assert (refused["allowed"], refused["clauses"], refused["ref"]) == (False, ["art.7.2", "art.3.1"], 1)
        assert until(heard, is_("log"))["entries"]  # the refusal is written, too
        heard.send(json.dumps({"post": "TJ.air-defence", "decide": {**approve, "reason": "seen"}, "ref": 2}))
        allowed = until(heard, is_("outcome"))
        assert (allowed["allowed"], allowed["post"], allowed["ref"]) == (True, "TJ.air-defence", 2)
        tasks = until(heard, lambda said: said["is"] == "tasks" and said["tasks"][0]["state"] != "proposed")
        assert tasks["tasks"][0]["state"] == "approved"


def test_from_no_post_nobody_decides(exercise: tuple[NightShow, str]) -> None:
    show, place = exercise
    with window(place) as heard:
        heard.send(json.dumps({"decide": {"task": "TJ-T1", "move": "approve"}}))
        assert not until(heard, is_("outcome"))["allowed"]
        heard.send(json.dumps({"post": "TJ.air-defence", "decide": {"task": "TJ-T1", "move": "launch"}}))
        assert "no move 'launch'" in until(heard, is_("outcome"))["reason"]
    assert show.moves == []


def test_who_may_lists_posts_by_moves(exercise: tuple[NightShow, str]) -> None:
    with window(exercise[1]) as heard:
        heard.send(json.dumps({"may": "TJ-T1", "ref": 5}))
        said = until(heard, is_("may"))
    yes = {(row["post"], row["move"]) for row in said["rows"] if row["allowed"]}
    assert yes == {("TJ.air-defence", "approve"), ("TJ.air-defence", "refuse")}
    assert len(said["rows"]) == 4 * 6
    assert all(row["reason"] for row in said["rows"])


@pytest.mark.parametrize(
    "nonsense", ["{", "[]", '{"view": 3}', '{"view": "XX"}', '{"shout": 1}', '{"steer": {"speed": "fast"}}']
)
def test_nonsense_is_answered_in_words_and_harms_nothing(exercise: tuple[NightShow, str], nonsense: str) -> None:
    with window(exercise[1]) as heard:
        heard.send(nonsense)
        assert until(heard, is_("error"))["text"]
        assert next_frame(heard)["n"] == 60


def test_a_replay_is_wound_back_and_its_log_with_it() -> None:
    show = NightShow(replay=True)
    show.offset_s, show.paused = 800.0, True
    with opened(show) as place, window(place) as heard:
        assert len(until(heard, is_("log"))["entries"]) == 6
        heard.send(json.dumps({"steer": {"seek_s": START_S + 100}}))
        back = until(heard, is_("log"))
        assert (back["since"], back["entries"]) == (3, [])
        heard.send(json.dumps({"steer": {"seek_s": START_S + 125}}))
        while next_frame(heard)["time"] != START_S + 125:
            pass
        assert [e["text"] for e in until(heard, is_("log"))["entries"]] == ["assign TJ-T1"]


def test_nothing_is_sent_again_while_nothing_changes() -> None:
    show = NightShow(replay=True)
    show.paused = True
    with opened(show) as place, window(place) as heard:
        until(heard, is_("log"))
        with pytest.raises(TimeoutError):
            heard.recv(timeout=0.6)


def get(place: str, path: str = "/", **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(place, timeout=5)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "[", "192.0.2.7"])
def test_a_rebound_name_is_refused(exercise: tuple[NightShow, str], host: str) -> None:
    status, _ = get(exercise[1], Host=host)
    assert status in (400, 403)


def test_own_names_are_welcome(exercise: tuple[NightShow, str]) -> None:
    port = exercise[1].split(":")[1]
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}", f"[::1]:{port}"):
        assert get(exercise[1], Host=host)[0] in (200, 503)


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "null", "http://localhost"])
def test_a_page_of_another_origin_is_refused(exercise: tuple[NightShow, str], origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://{exercise[1]}/ws", origin=origin, proxy=None)  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403


def test_the_host_it_is_bound_to_is_welcome() -> None:
    from starlette.datastructures import Headers

    for bound, host, welcome in (
        ("air.example", "air.example:8470", True),
        ("air.example", "other.example:8470", False),
        ("0.0.0.0", "192.0.2.7:8470", True),
        ("0.0.0.0", "evil.example:8470", False),
        ("192.0.2.7", "192.0.2.7:8470", True),
        ("127.0.0.1", "192.0.2.7:8470", False),
    ):
        assert (server.refuse(Headers({"host": host}), bound) is None) == welcome, (bound, host)


def test_an_unbuilt_page_says_how_to_build_it(tmp_path: Path) -> None:
    sent: list[dict] = []

    async def ask() -> None:
        async def receive() -> dict:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "headers": [(b"host", b"127.0.0.1")],
            "query_string": b"",
        }
        await server.app(NightShow(), static=tmp_path)(scope, receive, send)  # type: ignore[arg-type]

    asyncio.run(ask())
    assert sent[0]["status"] == 503
    assert b"make web" in sent[1]["body"]


def test_a_taken_port_is_one_sentence(exercise: tuple[NightShow, str]) -> None:
    port = int(exercise[1].split(":")[1])
    with pytest.raises(InputError, match=rf"cannot listen on 127\.0\.0\.1 port {port}"):
        server.serve(NightShow(), port=port)


def deaf(place: str) -> socket.socket:
    """A window that opens and then reads nothing."""
    host, port = place.split(":")
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    line.connect((host, int(port)))
    key = base64.b64encode(os.urandom(16)).decode()
    asked = f"GET /ws HTTP/1.1\r\nHost: {place}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    line.sendall(f"{asked}Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
    return line


def test_a_slow_window_misses_frames_and_makes_no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames of 2 MB to a window that reads nothing: they are made only while the line takes them, others go on."""
    made: dict[str, int] = {"RU": 0, "TJ": 0}
    plain = frames.encode

    def fat(frame):  # type: ignore[no-untyped-def]
        made[frame.party] += 1
        return plain(frame) + (bytes(2_000_000) if frame.party == "RU" else b"")

    monkeypatch.setattr(frames, "encode", fat)
    show = NightShow()
    with opened(show) as place:
        line = deaf(place)  # looks through RU's eyes
        with window(place) as heard:
            heard.send(json.dumps({"view": "TJ"}))
            made_by = [made["RU"]]
            while len(made_by) < 4 or len(set(made_by[-4:])) > 1:  # until the kernel's buffers are full, and stay so
                assert len(made_by) < 24, f"frames pile up: {made_by}"
                time.sleep(0.5)
                made_by.append(made["RU"])
            stuck = made_by[-1]
            seen = made["TJ"]
            for _ in range(12):
                next_frame(heard)
        assert made["TJ"] >= seen + 12
        assert made["RU"] == stuck
        began = time.monotonic()
    assert time.monotonic() - began < 2.5  # and it keeps nobody from going home
    line.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_when_told(number: signal.Signals) -> None:
    program = Path(__file__).with_name("night_show.py")
    with subprocess.Popen(
        [sys.executable, str(program), "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        place = urlsplit(running.stdout.readline().strip()).netloc
        with window(place) as heard:
            next_frame(heard)
            running.send_signal(number)
            _, said = running.communicate(timeout=10)
    assert (running.returncode, said) == (0, "")
