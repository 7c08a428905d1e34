"""Listening: sockets bound with a clear error, uvicorn around an app, an app in a thread."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from kiro2chat_core.errors import SettingsError

__all__ = ["bound", "run", "served"]

_PATIENCE = 10.0
"""Seconds to start and to stop a server in a thread. Both take milliseconds; this only bounds a broken app."""


def bound(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        SettingsError: the address cannot be used; says what to change.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, UnicodeError) as refused:
        taken = isinstance(refused, OSError) and refused.errno == errno.EADDRINUSE
        why = (refused.strerror if isinstance(refused, OSError) else None) or "no such name"
        cure = (
            "Another program is using it: choose another with --port or PORT."
            if taken
            else "Choose another address with --host or HOST, another port with --port or PORT."
        )
        raise SettingsError(f"{host}:{port} cannot be listened on ({why}). {cure}", field="PORT") from None


def run(app: ASGIApp, listener: socket.socket, *, log_level: str, ending: Callable[[], None] = lambda: None) -> None:
    """Serve until a signal says stop. One worker: state is behind the store, and nothing calls this server from within.

    `ending` is called when it stops, before it waits for open responses: what would go on for ever is to end then.
    """
    config = uvicorn.Config(
        app,
        log_level="warning" if log_level == "info" else log_level,
        access_log=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=75,
        ws="none",  # an upgrade is answered by a route: Codex goes on over HTTP at once if it is told 426
        server_header=False,
    )
    server = _Server(config)
    server.ending = ending
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    ending: Callable[[], None]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.ending()
        await super().shutdown(sockets)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an app in a thread, on a free loopback port, and yield its address.

    Clients may connect at once: the socket listens before the thread starts, and the kernel keeps them waiting.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="on", ws="none", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        # Not server.run(): that would install signal handlers and choose the loop for the whole process.
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[listener])), name="served", daemon=True
        )
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(_PATIENCE)
            if thread.is_alive():
                raise RuntimeError("the server did not stop")
