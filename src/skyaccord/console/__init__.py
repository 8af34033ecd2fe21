"""The window: what a party sees, in a browser, and the moves a person makes there.

`serve(show)` opens it on this machine only, unless told otherwise; `app(show)` is the same without the sockets. The
room knows a night only as a `Show` (skyaccord.node.show), so that a live house, an exercise and a replay look alike.

    frames.py   Frame -> bytes: columns, never an object a track       (pure)
    notes.py    alerts, tasks, clock, log, scene -> JSON text           (pure)
    server.py   HTTP and WebSocket: who may knock, who gets what, when
    web/        the page (TypeScript); `make web` builds it into static/
"""

from skyaccord.console.server import app, serve

__all__ = ["app", "serve"]
