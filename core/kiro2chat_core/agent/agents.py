"""The agent as routes, terminals and bots use it: its tools, and runs that go on with a session or stand alone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from functools import partial

from ..errors import BadRequest, StoreError
from ..gateway import Gateway
from ..report import Report
from ..settings import Settings
from ..store.base import Store
from ..turns import Text, ToolResult, Turn
from .builtin import approval_of, built_in_tools, handed_out
from .ending import to_the_end
from .events import AgentEvent, Finished
from .mcp_servers import Servers
from .memory import remembered
from .messages import closed, open_calls, result_of
from .model import Meter
from .pausing import Paused
from .runner import Job, Run
from .sessions import Busy, Owner, Session, Sessions
from .tool import BUILT_IN, AgentTool, Approval, identity
from .wishes import Wish

__all__ = ["Agents"]

logger = logging.getLogger(__name__)

_NOT_ALLOWED = "This call was not allowed, and the conversation went on."
_BROKEN_OFF = "This call did not end: the run was broken off."
_GO_ON = "Go on."
"""What a user seems to want who sends a conversation that ends with the model's words."""

_SYSTEM = (
    "You are an agent with tools on the user's computer. Use a tool where it helps, one step at a time, and say briefly what "
    "you found. Files are those of the workspace: paths are relative to it."
)


class Agents:
    """Made once for a server; starts MCP servers when the first run needs them. Close it with `aclose`."""

    def __init__(self, settings: Settings, store: Store, clock: Callable[[], float]) -> None:
        self.settings = settings
        self.sessions = Sessions(store, clock, settings.agent_session_days)
        self._built_in = built_in_tools(settings)
        self.servers = Servers(settings, settings.workspace, reserved=[tool.name for tool in self._built_in])
        self._runs: dict[tuple[Owner, str], Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def tools(self, *, trusted: bool) -> tuple[AgentTool, ...]:
        """Those that are switched on for this caller, built in first."""
        own = self._built_in if trusted else handed_out(self._built_in, self.settings)
        return (*own, *await self.servers.tools())

    async def _offered(self, wish: Wish) -> tuple[AgentTool, ...]:
        """No server is waited for where the wish names tools that are built in, or none."""
        own = self._built_in if wish.trusted else handed_out(self._built_in, self.settings)
        if wish.tools is not None and {tool.name for tool in own}.issuperset(wish.tools):
            return own
        return await self.tools(trusted=wish.trusted)

    def mode(self, tool: AgentTool) -> Approval:
        """What is done when the model calls it."""
        return approval_of(tool, self.settings)

    @asynccontextmanager
    async def run(
        self, gateway: Gateway, wish: Wish, counted: Callable[[Report], None] = lambda _report: None
    ) -> AsyncIterator[tuple[str | None, AsyncGenerator[AgentEvent, None]]]:
        """Begin a run: the session's id, None where the client keeps the conversation, and what happens in it.

        Leave the context to end the run. What is wrong with the wish is raised before anything happens.

        Raises:
            BadRequest: a tool that is not there, answers to nothing, or nothing to do.
            UnknownSession, Busy: as `Sessions.running`.
            StoreError: the session cannot be read or made.
        """
        tools = self._chosen(await self._offered(wish), wish.tools)
        question = None if wish.question is None else await gateway.resolved(wish.question)
        job = Job(
            wish.model,
            tuple([await gateway.resolved(turn) for turn in wish.turns]),
            question,
            system=_system(wish.system),
            instructions=wish.system,
            tools=tools,
            modes={tool.name: self.mode(tool) for tool in tools},
            budget=wish.budget,
            thinking=wish.thinking,
        )
        if wish.turns:
            async with aclosing(self._alone(gateway, job, counted)) as events:
                yield None, events
            return
        desk = _Desk()
        task = asyncio.create_task(self._within(gateway, wish, job, counted, desk))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            yield await desk.opened, desk.events()
        finally:
            task.cancel()  # it ends by itself: who asked may be in a hurry to leave

    async def cancel(self, owner: Owner, id: str) -> bool:
        """Stop the run in a session; whether that is done. One in another process stops within seconds.

        Raises:
            UnknownSession: there is none.
        """
        head = await self.sessions.head(owner, id)
        if (run := self._runs.get((owner, id))) is not None:
            run.cancel()
            return True
        await self.sessions.cancel(owner, id)
        if head.get("paused"):
            with contextlib.suppress(Busy):  # the run that goes on with it hears of it
                async with self.sessions.running(owner, id, 0.0) as session:
                    await self._close(session)
                return True
        return False

    async def aclose(self) -> None:
        for task in set(self._tasks):
            if not task.cancelling():  # a second time would break off what the first one lets end
                task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))
        await self.servers.aclose()

    def _chosen(self, tools: tuple[AgentTool, ...], names: tuple[str, ...] | None) -> tuple[AgentTool, ...]:
        if names is None:
            return tools
        known = {tool.name: tool for tool in tools}
        sources = {tool.source for tool in tools} - {BUILT_IN}
        if unknown := [name for name in names if name not in known and name not in sources]:
            told = ", ".join(sorted(known)) or "none"
            raise BadRequest(f"There is no tool {unknown[0][:80]!r}; there are {told}.", field="tools")
        return tuple(tool for tool in tools if tool.name in names or tool.source in names)

    async def _going_on(self, session: Session, job: Job, answers: Mapping[str, str]) -> Job:
        """The job in its session: a paused run goes on where answers came, else its open calls count as refused."""
        if answers:
            paused = session.paused
            if paused is None:
                raise BadRequest("Nothing waits for approval in this session.", field="session_id")
            if unknown := [id for id in answers if id not in paused.asked]:
                asked = ", ".join(paused.asked)
                raise BadRequest(f"{unknown[0][:80]!r} is not asked for; {asked} is.", field="id")
            job = replace(
                job,
                model=session.head["model"],
                question=None,
                instructions=paused.instructions,
                tools=tuple(
                    tool for tool in job.tools if identity(tool) in paused.tools
                ),  # what was shown, no namesake
                budget=job.budget.within(paused.left),
                paused=paused,
                answers=answers,
            )
            await self.sessions.settle(session, None)  # after a crash nobody knows what ran, so that nothing runs twice
        else:
            await self._close(session)
            if session.turns and session.turns[-1] == job.question:
                job = replace(job, question=None)  # nobody could answer it, and it is asked once more
        return replace(job, allowed=session.allowed)

    async def _remembering(self, gateway: Gateway, session: Session, job: Job, meter: Meter) -> Job:
        """The job with as much of the session as the model sees."""
        memory = await remembered(gateway, self.settings, job.model, session, meter.add_aside)
        if memory.head:
            with contextlib.suppress(StoreError):  # an answer is not given up for its record
                await to_the_end(self.sessions.settle(session, None, **memory.head))
        system = _system(job.instructions, memory.note)
        return replace(job, turns=memory.turns, led=memory.led, system=system)

    async def _close(self, session: Session) -> None:
        """End what waits or was broken off: every call has a result then."""
        why = _BROKEN_OFF if session.paused is None else _NOT_ALLOWED
        if open_calls(session.turns):
            await self.sessions.append(session, closed(session.turns, _done(session.paused), why)[-1])
        if session.paused is not None:
            await self.sessions.settle(session, None)

    async def _alone(
        self, gateway: Gateway, job: Job, counted: Callable[[Report], None]
    ) -> AsyncGenerator[AgentEvent, None]:
        """Nothing is kept, so nobody can be asked: what needs approval is refused."""
        modes: dict[str, Approval] = {name: "deny" if mode == "ask" else mode for name, mode in job.modes.items()}
        turns = closed(job.turns, (), _BROKEN_OFF)
        if turns[-1].role == "assistant":
            turns = (*turns, Turn("user", (Text(_GO_ON),)))
        run = Run(gateway, replace(job, turns=turns, modes=modes), counted=counted)
        async with aclosing(run.events()) as events:
            async for event in events:
                yield event

    async def _within(
        self, gateway: Gateway, wish: Wish, job: Job, counted: Callable[[Report], None], desk: _Desk
    ) -> None:
        """A run in its session, as a task of its own: whatever becomes of who asked, the session ends whole and is given back.

        The last event comes when all that is done, so that whoever sees it may go on at once.
        """
        last: AgentEvent | None = None
        try:
            id = wish.session or await self.sessions.new(wish.owner, wish.model, job.question)
            async with self.sessions.running(wish.owner, id, wish.patience) as session:
                job = await self._going_on(session, job, wish.answers)
                desk.opened.set_result(id)
                last = await self._settled(gateway, session, job, counted, desk)
        except Exception as error:
            if desk.opened.done():
                logger.warning("The session of a run cannot be kept: %s", error)
            else:
                desk.opened.set_exception(error)
        finally:
            desk.end(last or Finished("error"))

    async def _settled(
        self, gateway: Gateway, session: Session, job: Job, counted: Callable[[Report], None], desk: _Desk
    ) -> AgentEvent | None:
        """Run, and keep what comes of it; its last event."""

        kept = True

        async def added(turn: Turn) -> None:
            nonlocal kept
            try:
                if kept:
                    await to_the_end(self.sessions.append(session, turn))
            except (
                StoreError
            ) as lost:  # an answer is not given up for its record, which ends here: it must not have gaps
                kept = False
                logger.warning("The session %s cannot be kept: %s", session.id, lost.message)

        def shortened(turns: int) -> None:
            session.head["seen"] = session.head["turns"] - turns

        prepared = partial(self._remembering, gateway, session)
        run = Run(gateway, job, prepared=prepared, added=added, shortened=shortened, counted=counted)
        place = (session.owner, session.id)
        self._runs[place] = run
        stop = asyncio.create_task(_when(session.cancelled, run))
        last: AgentEvent | None = None
        try:
            async with aclosing(run.events()) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        last = event
                    else:
                        desk.tell(event)
        finally:
            stop.cancel()
            self._runs.pop(place, None)
            await to_the_end(self._settle(session, run, job, kept=kept))
        return last

    async def _settle(self, session: Session, run: Run, job: Job, *, kept: bool) -> None:
        """Whatever happened, the conversation ends whole: a call without a result would be refused by the backend, and what
        people have asked and read was said."""
        with contextlib.suppress(StoreError, Busy):
            if kept and run.unasked is not None:
                await self.sessions.append(session, run.unasked)
            if kept and run.unfinished.strip():
                await self.sessions.append(session, Turn("assistant", (Text(run.unfinished),)), unfinished=True)
            if run.paused is None and open_calls(session.turns):
                done = (*_done(job.paused), *run.results)
                await self.sessions.append(session, closed(session.turns, done, _BROKEN_OFF)[-1])
            await self.sessions.settle(session, run.paused, allowed=sorted(run.allowed), model=job.model)


class _Desk:
    """Where a run in a task of its own lays down what happens, for whoever asked for it."""

    def __init__(self) -> None:
        self.opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """The session's id, or why there is none."""
        self._events: asyncio.Queue[AgentEvent | None] = asyncio.Queue()

    def tell(self, event: AgentEvent) -> None:
        self._events.put_nowait(event)

    def end(self, last: AgentEvent) -> None:
        self._events.put_nowait(last)
        self._events.put_nowait(None)
        if not self.opened.done():
            self.opened.cancel()

    async def events(self) -> AsyncGenerator[AgentEvent, None]:
        while (event := await self._events.get()) is not None:
            yield event


def _system(instructions: str, *more: str) -> str:
    return "\n\n".join(filter(None, (_SYSTEM, instructions, *more)))


def _done(paused: Paused | None) -> Iterable[ToolResult]:
    pending = (paused.state.get("pending_tool_execution") if paused is not None else None) or {}
    return tuple(result_of(result) for result in pending.get("completed_tool_results", ()))


async def _when(cancelled: asyncio.Event, run: Run) -> None:
    await cancelled.wait()
    run.cancel()
