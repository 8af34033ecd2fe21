"""HTTP and WebSocket: the page, and a stream of frames to each window that looks at the night.

Everything runs in one event loop. Each window has one task that listens and one that tells; the teller makes its next
message only when the last one has left, so a slow window misses frames and never makes a queue. The newest frame wins.

Who may knock: the Host header must be a name of this machine's loopback or the host it was told to bind to, and a
browser's Origin must be that same host; so another site's page, even one whose name was re-bound to 127.0.0.1, is
refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
import socket as sockets
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from skyaccord.console import frames, notes
from skyaccord.errors import InputError, SkyaccordError
from skyaccord.node.show import Outcome, Show
from skyaccord.tasks.lifecycle import MOVES

STATIC = Path(__file__).parent / "static"
TICK_S = 0.125  # eight frames a second; the page moves tracks between them by their velocity
PATIENCE_S = 20.0  # a window that takes nothing for so long is let go
FAREWELL_S = 0.5
SAID_MAX_BYTES = 65_536
LOG_ENTRIES_MAX = 500  # a message
SEEN_BY_ITSELF = {
    "cache-control": "no-cache",
    "content-security-policy": "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
NOT_BUILT = """The console's page is not built.

Run `make web` in the project's folder (it needs Node 20), then start again.
An installed Skyaccord has the page inside; if this is one, install it again from a wheel.
"""


def serve(show: Show, host: str = "127.0.0.1", port: int = 8470, on_ready: Callable[[str], None] | None = None) -> None:
    """Show a night in browsers until Ctrl-C (or SIGTERM), then return.

    `on_ready` is called once with the address to open; port 0 takes any free one. Raises InputError where the address
    cannot be had.
    """
    listener = listen(host, port)
    running = server(show, host)
    with _terminate_like_ctrl_c(), contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(running, listener, on_ready))


def listen(host: str, port: int) -> sockets.socket:
    """A socket that listens already. Raises InputError in one sentence."""
    family = sockets.AF_INET6 if ":" in host else sockets.AF_INET
    listener = sockets.socket(family, sockets.SOCK_STREAM)
    listener.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(
            f"the console cannot listen on {host} port {port}: {reason}; name another host or port"
        ) from None
    return listener


def server(show: Show, host: str = "127.0.0.1") -> uvicorn.Server:
    """The server, not yet running; `should_exit = True` ends it from another thread."""
    config = uvicorn.Config(
        app(show, host),
        log_level="error",
        access_log=False,
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=SAID_MAX_BYTES,
        ws_per_message_deflate=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


async def run(running: uvicorn.Server, listener: sockets.socket, on_ready: Callable[[str], None] | None) -> None:
    """Run a server on a bound socket, and say once where it is."""
    task = asyncio.ensure_future(running.serve(sockets=[listener]))
    while not running.started and not task.done():
        await asyncio.sleep(0.01)
    if running.started and on_ready is not None:
        on_ready(address(listener))
    closing = asyncio.ensure_future(let_go(running))
    try:
        await task
    finally:
        closing.cancel()


async def let_go(running: uvicorn.Server) -> None:
    """When the server is told to end, drop the windows that do not take even their farewell."""
    while not running.should_exit:
        await asyncio.sleep(0.1)
    await asyncio.sleep(FAREWELL_S)
    for connection in list(running.server_state.connections):
        if (transport := connection.transport) is not None:
            transport.abort()


def address(listener: sockets.socket) -> str:
    """The address to open: http://127.0.0.1:8470/."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def app(show: Show, host: str = "127.0.0.1", static: Path = STATIC) -> ASGIApp:
    """The console as an ASGI application; `host` is what it is bound to, which a Host header may then name."""
    window = Window(show)
    routes: list[BaseRoute] = [WebSocketRoute("/ws", window.watch)]
    if (static / "index.html").is_file():
        routes.append(Mount("/", StaticFiles(directory=static, html=True)))
    else:
        routes.append(Route("/{path:path}", not_built))
    return Doorkeeper(Starlette(routes=routes), host)


async def not_built(request: Request) -> Response:
    return PlainTextResponse(NOT_BUILT, status_code=503)


class Doorkeeper:
    """Refuses whoever came by a name that is not ours, or from another site's page."""

    def __init__(self, inner: ASGIApp, host: str) -> None:
        self.inner = inner
        self.host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.inner(scope, receive, send)
            return
        refusal = refuse(Headers(scope=scope), self.host)
        if refusal is not None:
            await _turn_away(scope, receive, send, refusal)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SEEN_BY_ITSELF)
            await send(message)

        await self.inner(scope, receive, send_with_headers)


def refuse(headers: Headers, bound: str) -> str | None:
    """Why a request is refused, None if it is welcome."""
    host = headers.get("host", "")
    name = _name(f"//{host}")
    if name is None or not (_is_loopback(name) or name == bound.lower() or (_is_any(bound) and _is_address(name))):
        return f"Host {host!r} is not a name of this console; open it as 127.0.0.1 or as the host it is bound to."
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return f"A page of {origin!r} may not look into this console."
    return None


async def _turn_away(scope: Scope, receive: Receive, send: Send, why: str) -> None:
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).send_denial_response(PlainTextResponse(why, status_code=403))
    else:
        await PlainTextResponse(why, status_code=403)(scope, receive, send)


def _name(location: str) -> str | None:
    try:
        return urlsplit(location).hostname
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return name == "localhost" or (_is_address(name) and ipaddress.ip_address(name).is_loopback)


def _is_any(bound: str) -> bool:
    return _is_address(bound) and ipaddress.ip_address(bound).is_unspecified


class Eyes:
    """One window's place: whose picture, at which post, and what it was told last."""

    def __init__(self, view: str) -> None:
        self.view = view
        self.post = ""
        self.told: dict[str, str | bytes | int] = {}
        self.entries = 0
        self.moved = asyncio.Event()

    def look(self, view: str) -> None:
        """Look through another party's eyes: nothing that was told holds any more."""
        self.view, self.told, self.entries = view, {}, 0


class Window:
    """All windows on one show; what two of them see at one moment is made once."""

    def __init__(self, show: Show) -> None:
        self.show = show
        self.drawn: dict[str, tuple[float, list[tuple[str, str | bytes]], int]] = {}

    async def watch(self, socket: WebSocket) -> None:
        """One window, from its opening to its closing."""
        await socket.accept()
        eyes = Eyes(self.show.parties[0])
        await socket.send_text(notes.hello(self.show.parties, eyes.view, eyes.post))
        both = {asyncio.ensure_future(self.listen(socket, eyes)), asyncio.ensure_future(self.tell(socket, eyes))}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            ended = await asyncio.gather(*both, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception) and not isinstance(error, WebSocketDisconnect | TimeoutError):
                raise error

    async def listen(self, socket: WebSocket, eyes: Eyes) -> None:
        """Hear the page out, answer at once."""
        async for text in socket.iter_text():
            for answer in self.answers(text, eyes):
                await socket.send_text(answer)
            eyes.moved.set()

    def answers(self, text: str, eyes: Eyes) -> Iterator[str]:
        """What is said back to one message of a page."""
        try:
            said = notes.read(text)
            if said.view is not None and said.view not in self.show.parties:
                raise InputError(f"no party {said.view!r} here; there are {', '.join(self.show.parties)}")
            yield from self.obey(said, eyes)
        except msgspec.DecodeError as error:
            yield notes.error(f"not understood: {error}")
        except SkyaccordError as error:
            yield notes.error(str(error))

    def obey(self, said: notes.Said, eyes: Eyes) -> Iterator[str]:
        """Do what a well-formed message asks, in the order view, post, steer, decide, may."""
        if said.view is not None and said.view != eyes.view:
            eyes.look(said.view)
        if said.post is not None:
            eyes.post = said.post
        if said.steer is not None:
            self.show.steer(speed=said.steer.speed, paused=said.steer.paused, seek_s=said.steer.seek_s)
            self.drawn.clear()
        if said.decide is not None:
            yield notes.outcome(said.ref, eyes.post, said.decide, self.decide(eyes.post, said.decide))
        if said.may is not None:
            yield self.who_may(said.may, eyes.view, said.ref)

    def decide(self, post: str, said: notes.Move) -> Outcome:
        """Hand a person's move to the show; one that no post makes and one that is no move are nobody's decision."""
        if not post:
            return Outcome(False, "Say first at which post you are; nobody decides from no post.")
        if said.move not in MOVES:
            return Outcome(False, f"There is no move {said.move!r}; there are {', '.join(MOVES)}.")
        self.drawn.clear()
        return self.show.decide(post, said.move, said.task, said.reason, said.responder)

    def who_may(self, task: str, party: str, ref: int) -> str:
        """Every post and move on a task, with the answer and its clauses."""
        posts = [post["id"] for post in self.show.scene(party).get("posts", [])]
        rows = [(post, move, self.show.may(post, move, task)) for post in posts for move in MOVES]
        return notes.may(ref, task, rows)

    async def tell(self, socket: WebSocket, eyes: Eyes) -> None:
        """Tell the window what has changed, a few times a second, at the pace at which it takes it."""
        while True:
            eyes.moved.clear()
            for message in self.news(eyes):
                await asyncio.wait_for(_send(socket, message), PATIENCE_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(eyes.moved.wait(), TICK_S)

    def news(self, eyes: Eyes) -> Iterator[str | bytes]:
        """What this window has not been told yet, the scene first."""
        view = eyes.view
        version = self.show.scene_version(view)
        if eyes.told.get("scene") != version:
            eyes.told["scene"] = version
            yield notes.scene(view, version, self.show.scene(view))
        messages, entries = self.draw(view)
        for kind, message in messages:
            if eyes.view != view:  # it turned its eyes while we were sending
                return
            if eyes.told.get(kind) != message:
                eyes.told[kind] = message
                yield message
        yield from self.log_news(eyes, view, entries)

    def draw(self, party: str) -> tuple[list[tuple[str, str | bytes]], int]:
        """The party's newest messages, made once a tick for all who look; and the length of its log."""
        now = time.monotonic()
        made_at, messages, entries = self.drawn.get(party, (-1.0, [], 0))
        if made_at < 0 or now - made_at > TICK_S / 2:
            frame = self.show.frame(party)
            messages = [
                ("clock", notes.clock(self.show.clock())),
                ("frame", frames.encode(frame)),
                ("alerts", notes.alerts(party, frame.alerts)),
                ("tasks", notes.tasks(party, frame.tasks)),
            ]
            entries = frame.entries
            self.drawn[party] = (now, messages, entries)
        return messages, entries

    def log_news(self, eyes: Eyes, view: str, entries: int) -> Iterator[str]:
        """New entries of the decision log; after a seek backwards, from where it ends now."""
        if entries < eyes.entries:
            eyes.entries = entries
            yield notes.log(view, entries, [])
        while eyes.view == view and eyes.entries < entries:
            since = eyes.entries
            new = self.show.log(view, since)[: min(entries - since, LOG_ENTRIES_MAX)]
            if not new:
                return
            eyes.entries = since + len(new)
            yield notes.log(view, since, new)


async def _send(socket: WebSocket, message: str | bytes) -> None:
    if isinstance(message, bytes):
        await socket.send_bytes(message)
    else:
        await socket.send_text(message)


@contextlib.contextmanager
def _terminate_like_ctrl_c() -> Iterator[None]:
    """SIGTERM ends as Ctrl-C does, so that whoever called can still close what it records."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
