"""A real server for tests: uvicorn in a thread, on a loopback socket that is bound before it starts."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

__all__ = ["served"]

_PATIENCE = 10.0
"""Seconds to start and to stop. Both take milliseconds; this only keeps a broken app from hanging the suite."""


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an ASGI app and yield its address, such as `http://127.0.0.1:40123`.

    Clients may connect at once: the socket listens before the thread starts, and the kernel keeps them waiting. On exit
    the server gets half a second to finish what is open, then drops it.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, access_log=False, lifespan="auto", timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=_run, args=(server, listener), name="served", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(_PATIENCE)
            if thread.is_alive():
                raise AssertionError("the server did not stop")


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    # Not server.run(): that installs signal handlers' context and picks the process-wide loop policy.
    asyncio.run(server.serve(sockets=[listener]))
