"""One life of an MCP server, from its start to its end, and the calls within it.

That a connection is lost is seen here, or by its transport: no code and no text that a server may send says it.

Newer servers are asked first what they speak (`server/discover`). Older ones may end at a first message that is no
`initialize`, or never answer it; so whoever ends or is too late before it was ready is started once more without that question.

anyio's cancel scopes must be left by the task that entered them: one task of ours owns everything that is open, and is
told to leave. Calls are tasks of their own, so that nobody who cancels one has to wait for the server.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import mcp.client.session
import mcp_types as types
from mcp import Client, MCPError
from pydantic import TypeAdapter, ValidationError

from .. import __version__
from .mcp_clues import ANSWER, Answer, Clues
from .mcp_config import ServerConfig
from .mcp_listing import Listing, listing
from .mcp_results import outcome
from .mcp_transport import CannotStart, connected
from .tool import Outcome, failed

__all__ = ["Connection"]

_STOPPING = 8.0
"""Seconds after which an end that does not come is forced."""
_CANCELLING = 0.8
"""Seconds for the server to be told of a cancelled call; whoever cancels is back within one."""
_ASKED_AGAIN = 0.25
_LISTING_PAUSE = 30.0
"""Seconds until a list that did not come is asked for again; twice as many after each time."""

mcp.client.session.DISCOVER_TIMEOUT_SECONDS = 2.5
"""The package waits for ten: a server that passes over what it does not know would start as slowly every time."""

_ANSWERS: TypeAdapter[types.CallToolResult | types.InputRequiredResult] = TypeAdapter(
    types.CallToolResult | types.InputRequiredResult
)


class Connection:
    """Not started twice. `lost` is whether it ended after it had been ready, without being asked to."""

    def __init__(self, config: ServerConfig, known: Listing | None = None, *, handshake: bool = False) -> None:
        self._config = config
        self._clues = Clues(config.masked)
        self._settled = asyncio.Event()
        self._leave = asyncio.Event()
        self._client: Client | None = None
        self._calls: set[asyncio.Task[Outcome]] = set()
        self._late = False
        self._gone = False
        """Whether nothing can come from it any more."""
        self._wanted = True
        self.handshake = handshake
        """Whether it is greeted with `initialize` at once."""
        self.listing = known or Listing()
        """Until it is ready, what the life before this one had."""
        self.failure = ""
        """Why it is not ready, in full; "" while it is, or is starting."""
        self.lost = False
        self.since = time.time()
        self.latency: float | None = None
        self._stale = False
        self._refreshing: asyncio.Task[None] | None = None
        self._list_from = 0.0
        self._listed_in_vain = 0
        self._owner = asyncio.create_task(self._live(), name=f"mcp {config.name}")

    @property
    def ready(self) -> bool:
        return self._client is not None and not self.lost

    @property
    def starting(self) -> bool:
        return not self._settled.is_set()

    @property
    def running_calls(self) -> int:
        return len(self._calls)

    async def settled(self) -> None:
        """Wait until it is ready or has failed: at most twice the configured time-out."""
        await self._settled.wait()

    async def refresh(self, patience: float) -> None:
        """List the tools anew, if the server has said that they changed. Waits no longer than `patience` for it, and once:
        the list may come later."""
        if (
            self._client is None
            or not self._stale
            or self._refreshing is not None
            or time.monotonic() < self._list_from
        ):
            return
        self._refreshing = asyncio.create_task(self._refreshed(self._client))
        await asyncio.wait({self._refreshing}, timeout=patience)

    async def _refreshed(self, client: Client) -> None:
        self._stale = False
        try:
            async with asyncio.timeout(self._config.timeout):
                self.listing = await listing(client, self._clues.left_out)
            self._listed_in_vain = 0
        except (MCPError, ValidationError, TimeoutError):
            self._stale = True
            self._list_from = time.monotonic() + _LISTING_PAUSE * 2**self._listed_in_vain
            self._listed_in_vain = min(self._listed_in_vain + 1, 5)
        finally:
            self._refreshing = None

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> Outcome:
        """One call. Whatever goes wrong is an outcome."""
        began = time.monotonic()
        call = asyncio.create_task(self._answered(tool, arguments))
        self._calls.add(call)
        call.add_done_callback(self._forget)
        try:
            await asyncio.wait({call}, timeout=self._config.timeout)
        except asyncio.CancelledError:
            await _abandoned(call)
            raise
        self.latency = time.monotonic() - began
        if call.done():
            return failed(self._ended()) if call.cancelled() else call.result()
        await _abandoned(call)
        return failed(f"{self._config.name}: no answer within {self._config.timeout:g} s; the call was cancelled.")

    def _forget(self, call: asyncio.Task[Outcome]) -> None:
        self._calls.discard(call)
        if not call.cancelled():
            call.exception()  # nobody may be waiting for it any more

    async def drain(self) -> None:
        """Wait for the running calls: each has its time-out."""
        while self._calls:
            await asyncio.wait(set(self._calls))

    async def stop(self) -> None:
        """End it, whatever it does. Nothing of it runs any more then."""
        self._wanted = False
        for call in self._calls:
            call.cancel()
        if self._refreshing is not None:
            self._refreshing.cancel()
        if not self._leave.is_set() and self.starting:
            self._owner.cancel()
        self._leave.set()
        done, _pending = await asyncio.wait({self._owner}, timeout=_STOPPING)
        if not done:
            self._owner.cancel()
            await asyncio.wait({self._owner}, timeout=_STOPPING)

    async def _live(self) -> None:
        try:
            if await self._life() and not self.handshake:
                self._clues, self._late, self._gone, self.failure = Clues(self._config.masked), False, False, ""
                self.handshake = True
                await self._life()
        finally:
            self.since = time.time()
            self._settled.set()

    async def _life(self) -> bool:
        """Whether it ended, or was too late, before it was ready, without a reason of its own."""
        timer = asyncio.get_running_loop().call_later(self._config.timeout, self._too_late)
        unheard = False
        try:
            transport = connected(self._config, self._clues, self._on_lost)
            async with Client(
                transport,
                mode="legacy" if self.handshake else "auto",
                cache=None,
                client_info=types.Implementation(name="kiro2chat", version=__version__),
                message_handler=self._hear,
            ) as client:
                self.listing = await listing(client, self._clues.left_out)
                timer.cancel()
                self._client, self.since = client, time.time()
                self._settled.set()
                try:
                    await self._leave.wait()
                finally:
                    self._leave.set()  # the transport may have broken down: whoever waits for an answer sees it here
        except asyncio.CancelledError:
            if self._wanted and not self._late and not self._gone:  # the loop ends
                raise
            if self._owner.cancelling():
                self._owner.uncancel()
            unheard = self._wanted
            self._failed(_ENDED if self._gone else f"it was not ready within {self._config.timeout:g} s.")
        except BaseException as failure:
            inner = _innermost(failure)
            unheard = self._wanted and self._gone and isinstance(inner, MCPError)
            if self._client is not None and self._gone:  # what breaks as it is left explains nothing
                self._failed(_LOST)
            else:
                self._failed(_ENDED if unheard else _reason(inner, self._config.masked))
            if not isinstance(failure, Exception):
                raise
        finally:
            timer.cancel()
            was_ready, self._client = self._client is not None, None
            self.lost = was_ready and self._wanted
            if self.lost and not self.failure:
                self._failed(_LOST)
        return unheard and not was_ready

    def _too_late(self) -> None:
        self._late = True
        self._owner.cancel()

    def _on_lost(self, *, silently: bool = False) -> None:
        """Nothing can come any more; `silently` where nobody else will hear of it."""
        self._gone = True
        if self._client is not None:
            self.lost = self._wanted
            self._leave.set()
        elif silently and self.starting:
            self._owner.cancel()

    def _failed(self, what: str) -> None:
        if self._wanted:
            self.failure = self._clues.explain(f"{self._config.name}: {what}")

    async def _hear(self, message: object) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            self._stale = True

    async def _answered(self, tool: str, arguments: Mapping[str, Any]) -> Outcome:
        client = self._client
        if client is None:
            return failed(self._ended())
        answer = Answer()
        ANSWER.set(answer)  # of this call's task
        try:
            return outcome(await self._result(client, tool, dict(arguments)))
        except _Asks as asks:
            return failed(f"{self._config.name} asked for {asks} in the middle of the call, which is not offered here.")
        except MCPError as refused:
            if self._leave.is_set():
                await asyncio.wait({self._owner}, timeout=_STOPPING)  # then it is known how it ended
                return failed(self._ended())
            status = f"HTTP {answer.status}: " if answer.status else ""
            return failed(self._clues_of(f"{status}{refused.message}"))
        except ValidationError as bad:
            return failed(f"{self._config.name} answered something that is no result: {_first(bad)}.")

    async def _result(self, client: Client, tool: str, arguments: dict[str, Any]) -> types.CallToolResult:
        """Past `Client.call_tool`, which throws results away that do not fit their output schema, and may fetch that
        schema's parts from anywhere, while the loop stands still."""
        state: str | None = None
        while True:
            params = types.CallToolRequestParams(name=tool, arguments=arguments, request_state=state)
            answer = await client.session.send_request(types.CallToolRequest(params=params), _ANSWERS)
            if isinstance(answer, types.CallToolResult):
                return answer
            if answer.input_requests:
                raise _Asks(", ".join(sorted({request.method for request in answer.input_requests.values()})))
            state = answer.request_state
            await asyncio.sleep(_ASKED_AGAIN)

    def _clues_of(self, message: str) -> str:
        return f"{self._config.name}: {self._config.masked(message)[:2000]}"

    def _ended(self) -> str:
        return self.failure or f"{self._config.name}: the connection has ended."


class _Asks(Exception):
    """The server wants something of the client before it answers."""


async def _abandoned(call: asyncio.Task[Outcome]) -> None:
    """Cancel it, which tells the server; do not wait for a server that does not listen."""
    call.cancel()
    await asyncio.wait({call}, timeout=_CANCELLING)


def _first(bad: ValidationError) -> str:
    error = bad.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"


_ENDED = "it ended before it was ready."
_LOST = "the connection was lost."


def _innermost(failure: BaseException) -> BaseException:
    """Task groups wrap theirs."""
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return failure


def _reason(failure: BaseException, masked: Callable[[str], str]) -> str:
    """What is cut is masked before: half a secret would not be known for one."""
    if isinstance(failure, CannotStart):
        return str(failure)
    if isinstance(failure, MCPError):
        return f"it refused: {masked(failure.message)[:2000]}."
    if isinstance(failure, ValidationError):
        return f"it answered something that is no MCP: {_first(failure)}."
    if isinstance(failure, httpx2.HTTPStatusError):  # its text holds the whole address
        return f"it cannot be reached (HTTP {failure.response.status_code} {failure.response.reason_phrase})."
    return f"it cannot be reached ({type(failure).__name__}: {masked(str(failure))[:500]})."
