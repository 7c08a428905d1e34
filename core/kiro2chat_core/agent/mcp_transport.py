"""How a server is reached: a transport of mcp for each of the three kinds, which tells when the connection is lost."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

import httpx2
from mcp.client.sse import sse_client
from mcp.client.stdio import get_default_environment
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCResponse

from .mcp_bounds import bound
from .mcp_clues import ANSWER, Clues
from .mcp_config import ServerConfig
from .mcp_listing import mend
from .mcp_process import process
from .mcp_results import trim

if TYPE_CHECKING:
    from mcp.client._transport import ReadStream, TransportStreams

__all__ = ["CannotStart", "connected"]

_SILENCE = 86_400.0
"""Seconds for which an event stream may be silent: between two calls nothing comes."""
_GOODBYE = 2.0
_SESSION = "mcp-session-id"

# They log tracebacks, and addresses with what is secret in them; what went wrong is told in the server's state.
for _name in ("mcp", "client", "httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class Lost(Protocol):
    def __call__(self, *, silently: bool = False) -> None:
        """Nothing can come any more; `silently` where the streams do not end by it."""


class CannotStart(Exception):
    """The message says why, for people."""


@asynccontextmanager
async def connected(config: ServerConfig, clues: Clues, lost: Lost) -> AsyncGenerator[TransportStreams]:
    """The two streams of a connection; `lost` is called when nothing can come any more.

    Raises:
        CannotStart: no such command, or it may not be run.
        Exception: whatever httpx2 raises.
    """
    async with _KINDS[config.transport](config, clues, lost) as (incoming, outgoing):
        yield _Watched(incoming, clues, lost), outgoing


@asynccontextmanager
async def _stdio(config: ServerConfig, clues: Clues, _lost: Lost) -> AsyncGenerator[TransportStreams]:
    env = get_default_environment() | {name: value.reveal() for name, value in config.env.items()}
    command = config.command
    if "/" not in command and "\\" not in command:
        found = shutil.which(command, path=env.get("PATH"))
        if found is None:
            raise CannotStart(f"there is no command {command!r} in PATH: install it, or give its whole path.")
        command = found
    if config.cwd is not None and not config.cwd.is_dir():
        raise CannotStart(f"cwd is {str(config.cwd)!r}, which is no folder.")
    arguments = [argument.reveal() for argument in config.arguments]
    async with AsyncExitStack() as stack:
        try:
            streams = await stack.enter_async_context(process(command, arguments, env, config.cwd, clues))
        except (OSError, ValueError) as refused:
            reason = refused.strerror if isinstance(refused, OSError) else refused
            raise CannotStart(f"{config.command!r} cannot be started ({reason}).") from None
        yield streams


@asynccontextmanager
async def _http(config: ServerConfig, clues: Clues, lost: Lost) -> AsyncGenerator[TransportStreams]:
    def refused(response: httpx2.Response) -> None:
        # Of a message, 404 says so, and nothing else; to GET it is the answer of servers that send nothing by themselves.
        said = response.request.method == "POST" and _SESSION in response.request.headers
        if response.status_code == 404 and said:
            clues.ending = f"its session has ended (HTTP {clues.status})"
            lost()

    timeout = httpx2.Timeout(min(config.timeout, 30.0), read=config.timeout + 240)
    async with (
        _client(config, clues, refused, timeout=timeout) as client,
        streamable_http_client(config.url.reveal(), http_client=client) as streams,
    ):
        yield streams


@asynccontextmanager
async def _sse(config: ServerConfig, clues: Clues, lost: Lost) -> AsyncGenerator[TransportStreams]:
    def refused(response: httpx2.Response) -> None:
        if response.request.method == "POST":  # the package sends nothing more then, and tells nobody
            clues.ending = f"it refused a message (HTTP {clues.status})"
            lost(silently=True)

    def client(
        headers: dict[str, str] | None = None, timeout: httpx2.Timeout | None = None, auth: httpx2.Auth | None = None
    ) -> httpx2.AsyncClient:
        return _client(config, clues, refused, timeout=timeout)

    async with sse_client(
        config.url.reveal(),
        timeout=min(config.timeout, 30.0),
        sse_read_timeout=_SILENCE,
        httpx_client_factory=client,
    ) as streams:
        yield streams


_KINDS: Mapping[str, Callable[[ServerConfig, Clues, Lost], AbstractAsyncContextManager[Any]]] = {
    "stdio": _stdio,
    "http": _http,
    "sse": _sse,
}


def _client(
    config: ServerConfig,
    clues: Clues,
    refused: Callable[[httpx2.Response], None],
    *,
    timeout: httpx2.Timeout | None,
) -> httpx2.AsyncClient:
    home = _origin(httpx2.URL(config.url.reveal()))
    headers = {name: value.reveal() for name, value in config.headers.items()}

    async def keep_home(request: httpx2.Request) -> None:
        if request.method == "DELETE":  # a goodbye, for which nobody waits long
            request.extensions["timeout"] = httpx2.Timeout(_GOODBYE).as_dict()
        if _origin(request.url) != home:  # a redirect must not carry keys to another host
            for name in headers:
                request.headers.pop(name, None)

    async def note(response: httpx2.Response) -> None:
        status = f"{response.status_code} {response.reason_phrase}".strip() if response.status_code >= 400 else ""
        clues.status = status
        if (answer := ANSWER.get()) is not None:
            answer.status = status
        bound(response, clues)
        if status:
            refused(response)

    hooks: dict[str, list[Callable[..., Any]]] = {"request": [keep_home], "response": [note]}
    return httpx2.AsyncClient(headers=headers, timeout=timeout, follow_redirects=True, event_hooks=hooks)


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


class _Watched:
    """What comes from a server, lists of tools mended, results within bounds; says when it has ended."""

    def __init__(self, stream: ReadStream[SessionMessage | Exception], clues: Clues, lost: Lost) -> None:
        self._stream = stream
        self._clues = clues
        self._lost = lost

    @property
    def last_context(self) -> Any:
        """The sender's context variables, where the transport keeps them; the dispatcher looks for it."""
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        return await self._stream.receive()

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> _Watched:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            arrived = await self._stream.__anext__()
        except StopAsyncIteration:
            self._lost()
            raise
        message = arrived.message if isinstance(arrived, SessionMessage) else None
        if isinstance(message, JSONRPCResponse):
            if "tools" in message.result:
                await asyncio.to_thread(mend, message.result, self._clues.left_out)  # each schema takes a millisecond
            if "content" in message.result:
                await asyncio.to_thread(trim, message.result)
        return arrived

    async def __aenter__(self) -> _Watched:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._stream.aclose()
