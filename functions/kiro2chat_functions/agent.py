"""The agent's routes. Strands and MCP are imported by the first request that needs them, in a thread."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from kiro2chat_core import jsonio
from kiro2chat_core.agent.events import AgentEvent, Failed, Finished, Said, Thought, ToolStarted
from kiro2chat_core.agent.pausing import Budget
from kiro2chat_core.agent.sessions import Owner, Sessions
from kiro2chat_core.agent.wire import AgentEncoder, Begun, Whole, read_answers, read_chat
from kiro2chat_core.agent.wire import Request as Wanted
from kiro2chat_core.agent.wishes import Wish
from kiro2chat_core.dialects.fields import body_fields
from kiro2chat_core.dialects.openai_completion import error_answer
from kiro2chat_core.errors import Forbidden, Kiro2ChatError, Stopping
from kiro2chat_core.fold import Fold
from kiro2chat_core.keys import ADMIN
from kiro2chat_core.report import Report
from kiro2chat_core.settings import Settings
from kiro2chat_core.store.base import Store
from kiro2chat_core.turns import CallBegan, CallDelta, CallEnded, Event, ReasoningDelta, TextDelta

from .admission import admitted, admitting, allowed, key_of, left_of, spent
from .http import JsonResponse, error_response, ignored_header, new_id, noted, read_json, unless_left
from .streamed import StreamedAnswer

if TYPE_CHECKING:
    from kiro2chat_core.agent.agents import Agents
    from kiro2chat_core.agent.mcp_servers import ServerState

__all__ = [
    "AgentDoor",
    "approve",
    "budget_of",
    "cancel",
    "chat",
    "door",
    "events_of",
    "is_trusted",
    "list_tools",
    "owner_of",
    "reload",
    "servers_of",
]

logger = logging.getLogger(__name__)

_PATIENCE = 60.0
"""Seconds that a request waits for another in its session."""

_EARLY = 2.0
"""Seconds for which a stream's beginning waits for the run's, so that an early error has a status of its own."""


class AgentDoor:
    """The agent, made when first asked for: importing it takes seconds and most servers never need it."""

    def __init__(self, settings: Settings, store: Store, clock: Callable[[], float]) -> None:
        self.sessions = Sessions(store, clock, settings.agent_session_days)
        self._arguments = (settings, store, clock)
        self._agents: Agents | None = None
        self._making = asyncio.Lock()

    async def open(self) -> Agents:
        async with self._making:
            if self._agents is None:
                module = await asyncio.to_thread(importlib.import_module, "kiro2chat_core.agent.agents")
                self._agents = module.Agents(*self._arguments)
        return self._agents

    async def aclose(self) -> None:
        if self._agents is not None:
            await self._agents.aclose()


async def chat(request: Request) -> Response:
    """POST /v1/agent/chat, streaming and not."""
    wanted = read_chat(await read_json(request))
    if wanted.session is not None and not wanted.model:
        head = await door(request).sessions.head(owner_of(request, wanted.user), wanted.session)
        wanted = replace(wanted, model=head["model"])  # whose reasoning is in it
    return await _run(request, wanted)


async def approve(request: Request) -> Response:
    """POST /v1/agent/approve: answer what a run asked; the response is that of the run, which goes on."""
    wanted = read_answers(await read_json(request))
    head = await door(request).sessions.head(owner_of(request, wanted.user), wanted.session or "")
    return await _run(request, replace(wanted, model=head["model"]))


async def cancel(request: Request) -> Response:
    """POST /v1/agent/cancel `{"session_id"}`. A run in another process stops within seconds."""
    fields = body_fields(await read_json(request, 1 << 16))
    agents = await door(request).open()
    here = await agents.cancel(owner_of(request, fields.text("user")), fields.text("session_id", required=True))
    return JsonResponse({"cancelled": here, "requested": True})


async def list_tools(request: Request) -> Response:
    """GET /v1/agent/tools: the tools this caller has, MCP servers and how they are, and the folder files are in."""
    agents = await door(request).open()
    tools = await unless_left(request, agents.tools(trusted=is_trusted(request)))
    told = [
        {
            "name": tool.name,
            "description": tool.description,
            "schema": dict(tool.schema),
            "source": tool.source,
            "approval": agents.mode(tool),
            "touches": tool.touches,
        }
        for tool in tools
    ]
    return JsonResponse(
        {
            "tools": told,
            "servers": servers_of(agents.servers.states()),
            "problems": [str(problem) for problem in agents.servers.problems if not problem.server],
            "workspace": str(agents.settings.workspace),
        }
    )


async def reload(request: Request) -> Response:
    """POST /v1/agent/reload: read mcp.json anew. Servers that did not change run on; calls under way finish."""
    if not is_trusted(request):
        raise Forbidden("Only who runs this server may read mcp.json anew.")
    agents = await door(request).open()
    await agents.tools(trusted=True)
    done = await agents.servers.reload()
    return JsonResponse(
        {
            "started": done.started,
            "stopped": done.stopped,
            "kept": done.kept,
            "problems": [str(problem) for problem in done.problems],
            "servers": servers_of(agents.servers.states()),
        }
    )


def is_trusted(request: Request) -> bool:
    """Whether the caller runs this server, and not somebody who was handed a key. Without any key it is whoever is at this
    machine, unless others can reach the server too."""
    key = key_of(request)
    return key is ADMIN or (key is None and not _settings(request).is_reachable)


def budget_of(settings: Settings, wanted: Budget = Budget(), left: Mapping[str, Any] = {}) -> Budget:  # noqa: B008 - values that nobody changes
    """What a run may use: what the request says, but never more than the settings, or than is left of the key's limits."""
    own = Budget(
        settings.agent_rounds, settings.agent_tokens or None, settings.agent_seconds, settings.agent_credits or None
    )
    keys = Budget(tokens=left.get("tokens"), credits=left.get("credits")).said_by("the API key's limit")
    return own.within(wanted).within(keys)


async def _run(request: Request, wanted: Wanted) -> Response:
    await allowed(request, wanted.model or _settings(request).agent_model)
    await admitted(request)
    wish = _wish(request, wanted)
    id = new_id("run_")
    headers = {"x-request-id": id, "request-id": id, **ignored_header(wanted.ignored)}
    report: Report = request.scope.get("report") or Report()
    report.id, report.asked, report.model, report.stream = id, wish.model, wish.model, wanted.stream
    report.ignored = wanted.ignored
    events = events_of(request, wish, report, partial(spent, request))

    async def forget(session: str | None) -> None:
        """A session of which nobody was told, with a question that nobody could answer."""
        if wish.session is None and session is not None:
            await door(request).sessions.delete(wish.owner, session)

    if wanted.stream:
        batches = _gathered(events, forget)
        keepalive = _settings(request).keepalive
        return StreamedAnswer(batches, AgentEncoder(), error_answer, keepalive=keepalive, headers=headers)
    whole = Whole(wish.model)
    try:
        await unless_left(request, _fold(events, whole))
    except Kiro2ChatError as error:
        if whole.empty:
            if not isinstance(error, Stopping):
                await forget(whole.session)
            raise
        noted(error, request.scope)
        return error_response(error, lambda error, _id: _beside(error, whole), headers)
    return JsonResponse(whole.json(), headers=headers)


def _beside(error: Kiro2ChatError, whole: Whole) -> tuple[int, dict[str, Any]]:
    status, body = error_answer(error)
    return status, whole.beside(body)


def _wish(request: Request, wanted: Wanted) -> Wish:
    settings = _settings(request)
    return Wish(
        wanted.model or settings.agent_model,
        wanted.question,
        wanted.turns,
        wanted.session,
        owner_of(request, wanted.user),
        wanted.system,
        wanted.tools,
        budget_of(settings, wanted.budget, left_of(request)),
        _PATIENCE if wanted.waits else 0.0,
        is_trusted(request),
        wanted.answers,
    )


async def events_of(
    request: Request, wish: Wish, report: Report, spend: Callable[[Report], None]
) -> AsyncGenerator[AgentEvent | Begun, None]:
    """A run, on record; `spend` hears of each call of the model."""
    agents = await door(request).open()

    def counted(answer: Report) -> None:
        spend(answer)
        if answer.usage is not None:
            report.usage = answer.usage if report.usage is None else report.usage.plus(answer.usage)
            report.answered.credits = report.usage.credits
        report.answered.attempts += answer.answered.attempts
        report.answered.tries += answer.answered.tries
        report.answered.dropped += answer.answered.dropped
        report.repairs += answer.repairs
        report.model = answer.model or report.model

    report.outcome, fold = "broken off", Fold()
    try:
        async with agents.run(admitting(request), wish, counted) as (session, events):
            yield Begun(session, wish.model)
            async for event in events:
                if report.first is None:
                    report.first = report.elapsed()
                report.acted = report.acted or isinstance(event, ToolStarted)
                if isinstance(event, Failed):
                    report.error = event.error
                if isinstance(event, Finished):
                    report.outcome = event.reason
                if report.said is not None:
                    fold.feed(tuple(_as_answer(event)))
                yield event
    finally:
        if report.said is not None:
            report.said.answer = fold.answer()


def _as_answer(event: AgentEvent) -> Iterator[Event]:
    """What of it is kept where bodies are: text, thoughts, calls."""
    match event:
        case Said(text):
            yield TextDelta(text)
        case Thought(text):
            yield ReasoningDelta(text)
        case ToolStarted():
            yield CallBegan(event.id, event.name)
            yield CallDelta(event.id, jsonio.text(event.arguments))
            yield CallEnded(event.id)


async def _gathered(
    events: AsyncGenerator[AgentEvent | Begun, None], forget: Callable[[str | None], Awaitable[None]]
) -> AsyncGenerator[tuple[AgentEvent | Begun, ...], None]:
    """Events in batches of one; the first goes together with the second, where that comes soon.

    Raises:
        Kiro2ChatError: the run failed at once.
    """
    async with aclosing(events):
        begun = await anext(events)
        coming = asyncio.ensure_future(anext(events))
        try:
            await asyncio.wait({coming}, timeout=_EARLY)
            if not coming.done():
                yield (begun,)
                yield (await coming,)
            elif isinstance(event := coming.result(), Failed):
                async for _last in events:  # the session is put away
                    pass
                if isinstance(begun, Begun):
                    await forget(begun.session)
                raise event.error
            else:
                yield (begun, event)
        finally:
            if not coming.done():
                coming.cancel()
                await asyncio.wait({coming})
        async for event in events:
            yield (event,)


async def _fold(events: AsyncGenerator[AgentEvent | Begun, None], whole: Whole) -> None:
    async with aclosing(events):
        async for event in events:
            whole.feed(event)


def owner_of(request: Request, user: str) -> Owner:
    key = key_of(request)
    return Owner("" if key is None or key is ADMIN else key.id, user)


def servers_of(states: Iterable[ServerState]) -> list[dict[str, Any]]:
    """How MCP servers are, for a page."""
    return [
        {
            "name": state.name,
            "transport": state.transport,
            "state": state.state,
            "error": state.error or None,
            "notes": state.notes,
            "tools": state.tools,
            "since": state.since,
            "latency": state.latency,
            "file": str(state.origin) if state.origin else None,
        }
        for state in states
    ]


def door(request: Request) -> AgentDoor:
    door: AgentDoor = request.app.state.agent
    return door


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings
