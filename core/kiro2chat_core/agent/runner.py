"""One run of the agent: a question and what comes of it, as events. Strands runs in a task of its own, so that a client who
leaves ends it at once: what a tool has started goes with it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from strands import Agent
from strands.types._snapshot import Snapshot
from strands.types.agent import Limits
from strands.types.exceptions import MaxTokensReachedException

from ..errors import Kiro2ChatError
from ..gateway import Gateway
from ..report import Report
from ..turns import Thinking, ToolResult, Turn, Usage
from .events import AgentEvent, Failed, Finished, FinishReason, Said, Spent, Thought
from .messages import message_of
from .model import BudgetSpent, KiroModel, Meter, cause_of
from .pausing import Budget, Paused
from .shortening import Shortening
from .strands_tool import StrandsTool
from .tool import AgentTool, Approval, identity
from .watch import Watch

__all__ = ["Job", "Run", "told"]

logger = logging.getLogger(__name__)

_AT_ONCE = 40
"""Rounds that Strands makes in one go: it calls itself for each, and after some hundreds Python's stack is full."""

_ENDING = 5.0
"""Seconds that a cancelled run may take to end what it started."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done. `turns` end before `question`, or with one that nobody has answered yet; a `paused` run goes on with
    `answers` by id instead of one. `led`: the first turn is the question of a run whose earlier rounds are not seen any more.

    `modes` say what is done with the tools; those in `allowed` need not be asked for again. `instructions` is the client's
    part of `system`.
    """

    model: str
    turns: tuple[Turn, ...] = ()
    question: Turn | None = None
    led: bool = False
    system: str = ""
    instructions: str = ""
    tools: tuple[AgentTool, ...] = ()
    modes: Mapping[str, Approval] = field(default_factory=dict)
    allowed: Collection[str] = ()
    budget: Budget = field(default_factory=Budget)
    thinking: Thinking = field(default_factory=Thinking)
    paused: Paused | None = None
    answers: Mapping[str, str] = field(default_factory=dict)


async def _forget(_turn: Turn) -> None:
    pass


async def _ready(job: Job, _meter: Meter) -> Job:
    return job


class Run:
    """Made for one job, and used once. `prepared` is done first, within the run's limits: it makes the job that is run, with a
    meter for what that takes. `added` hears of every turn that joins the conversation, in order; `shortened` how many of its
    last turns the model still sees, where it became too long.
    """

    def __init__(
        self,
        gateway: Gateway,
        job: Job,
        *,
        prepared: Callable[[Job, Meter], Awaitable[Job]] = _ready,
        added: Callable[[Turn], Awaitable[None]] = _forget,
        shortened: Callable[[int], None] = lambda _turns: None,
        counted: Callable[[Report], None] = lambda _report: None,
    ) -> None:
        self.meter = Meter(counted=counted)
        self.paused: Paused | None = None
        """Set when it ended with `approval`."""
        self._job = job
        self._gateway = gateway
        self._events: asyncio.Queue[AgentEvent] = asyncio.Queue()
        tools = {tool.name: tool for tool in job.tools}
        self._watch = Watch(tools, job.modes, job.allowed, self._events.put_nowait, self._joined)
        self._prepared = prepared
        self._added = added
        self._shortened = shortened
        self._saying: list[str] = []
        self._has_joined = False
        self._task: asyncio.Task[None] | None = None
        self._going = False
        self._cancelled = False
        self._began = time.perf_counter()
        self._told_spent = Spent(Usage(), 0)

    @property
    def allowed(self) -> Collection[str]:
        """The tools that need not be asked for in this session any more."""
        return self._watch.allowed

    @property
    def results(self) -> Sequence[ToolResult]:
        """Of the calls that ended."""
        return self._watch.results

    @property
    def unasked(self) -> Turn | None:
        """The question, where the run ended before it joined the conversation."""
        return None if self._has_joined else self._job.question

    @property
    def unfinished(self) -> str:
        """What the model has said since the last whole turn."""
        return "".join(self._saying)

    def cancel(self) -> None:
        """End it; its events end with a `Finished` that says so."""
        if not self._cancelled and self._task is not None and self._going:
            self._task.cancel()  # one that never began could not tell its end
        self._cancelled = True

    async def events(self) -> AsyncGenerator[AgentEvent, None]:
        """What happens, as it does. Close the generator to end the run."""
        self._task = asyncio.create_task(self._go())
        try:
            while True:
                event = await self._events.get()
                yield event
                if isinstance(event, Finished):
                    return
        finally:
            if not self._task.cancelling():  # a second time would break off what the first one lets end
                self._task.cancel()
            await asyncio.wait({self._task}, timeout=_ENDING)

    async def _go(self) -> None:
        reason: FinishReason = "error"
        self._going = True
        try:
            if self._cancelled:
                raise asyncio.CancelledError
            async with asyncio.timeout(self._job.budget.seconds):
                self._job = await self._prepared(self._job, self.meter)
                reason = await self._run()
        except TimeoutError:
            reason = "limit_seconds"
        except asyncio.CancelledError:
            reason = "cancelled"
            if not self._cancelled:
                raise
        except MaxTokensReachedException:
            reason = "cut" if self.meter.cut else "max_tokens"
        except Exception as error:
            ours = cause_of(error)
            if isinstance(ours, BudgetSpent):
                reason = "limit_credits"
            else:
                self._tell(Failed(ours or _bug(error)))
        finally:
            self._tell_spent()
            seconds = time.perf_counter() - self._began
            self._tell(Finished(reason, told(reason, self._job.budget), seconds, self._told_spent))

    async def _run(self) -> FinishReason:
        agent, prompt = self._agent(), self._prompt()
        resumed = self._job.paused is not None  # the first of its rounds goes without the model
        while True:
            left, spent = self._rounds_left(), self._tokens_left() == 0
            if not resumed and (left == 0 or spent):
                return "limit_rounds" if left == 0 else "limit_tokens"
            rounds = 1 if spent else _AT_ONCE if left is None else min(left + resumed, _AT_ONCE)
            stop = await self._rounds(agent, prompt, rounds)
            if stop != "limit_turns":
                return _REASONS.get(stop, "end")
            prompt, resumed = None, False

    async def _rounds(self, agent: Agent, prompt: Any, rounds: int) -> str:
        """At most so many rounds; why Strands stopped."""
        stop, limits = "end_turn", Limits(turns=rounds)
        if tokens := self._tokens_left():
            limits["total_tokens"] = tokens
        async for event in agent.stream_async(prompt, limits=limits):
            if "data" in event:
                self._saying.append(event["data"])
                self._tell(Said(event["data"]))
            elif event.get("reasoningText"):
                self._tell(Thought(event["reasoningText"]))
            elif (result := event.get("result")) is not None:
                stop = result.stop_reason
                if stop == "interrupt":
                    self._pause(agent, result.interrupts)
            self._tell_spent()
        return stop

    def _rounds_left(self) -> int | None:
        """By our own count: Strands' has those in it that the model refused for their length."""
        most = self._job.budget.rounds
        return None if most is None else max(0, most - self.meter.rounds)

    def _tokens_left(self) -> int | None:
        most = self._job.budget.tokens
        return None if most is None else max(0, most - self.meter.tokens)

    def _agent(self) -> Agent:
        job = self._job
        model = KiroModel(self._gateway, job.model, self.meter, thinking=job.thinking, credits=job.budget.credits)
        agent = Agent(
            model,
            cast(Any, [message_of(turn) for turn in job.turns]),
            [StrandsTool(tool) for tool in job.tools],
            job.system or None,
            callback_handler=None,
            conversation_manager=Shortening(job.led, self._shortened),
            hooks=[self._watch],
            retry_strategy=None,  # the gateway has tried again already
        )
        if job.paused is not None:
            data = {"interrupt_state": dict(job.paused.state)}
            agent.load_snapshot(Snapshot("agent", "1.0", data, {}))
        return agent

    def _prompt(self) -> Any:
        job = self._job
        if job.paused is not None:
            return [
                {"interruptResponse": {"interruptId": job.paused.asked[id], "response": answer}}
                for id, answer in job.answers.items()
            ]
        return None if job.question is None else message_of(job.question)["content"]

    def _pause(self, agent: Agent, interrupts: Any) -> None:
        asked: dict[str, str] = {}
        calls: list[dict[str, Any]] = []
        for interrupt in interrupts:
            approval = self._watch.approval(interrupt)
            asked[approval.id] = interrupt.id
            calls.append(asdict(approval))
            self._tell(approval)
        state = agent.take_snapshot(include=["interrupt_state"]).data["interrupt_state"]
        spent = (self.meter.rounds, self.meter.tokens, time.perf_counter() - self._began, self.meter.spent_credits)
        tools = tuple(identity(tool) for tool in self._job.tools)
        self.paused = Paused(state, asked, tools, self._job.instructions, self._job.budget.less(*spent), tuple(calls))

    async def _joined(self, turn: Turn) -> None:
        self._saying.clear()
        self._has_joined = True
        await self._added(turn)

    def _tell_spent(self) -> None:
        """After each call of the model."""
        known = self._told_spent
        if (self.meter.rounds, self.meter.tokens) != (
            known.rounds,
            known.usage.input_tokens + known.usage.output_tokens,
        ):
            self._told_spent = Spent(self.meter.usage, self.meter.rounds)
            self._tell(self._told_spent)

    def _tell(self, event: AgentEvent) -> None:
        self._events.put_nowait(event)


def _bug(error: Exception) -> Kiro2ChatError:
    logger.error("A bug in kiro2chat: the agent failed", exc_info=error)
    return Kiro2ChatError("kiro2chat has a bug: its log says more. Please report it.")


_REASONS: Mapping[str, FinishReason] = {
    "interrupt": "approval",
    "cancelled": "cancelled",
    "max_tokens": "max_tokens",
    "content_filtered": "filtered",
    "guardrail_intervened": "filtered",
    "limit_total_tokens": "limit_tokens",
}
_TOLD: Mapping[FinishReason, str] = {
    "approval": "Waiting for approval.",
    "cancelled": "The run was cancelled.",
    "max_tokens": "The model reached the longest answer it can give.",
    "cut": "The model's answer broke off before its end.",
    "filtered": "The answer was withheld by a content filter.",
    "limit_rounds": "The run ended after {limit.most} rounds ({limit.source}).",
    "limit_tokens": "The run ended: it may use {limit.most:,} tokens ({limit.source}).",
    "limit_seconds": "The run ended after {limit.most:g} seconds ({limit.source}).",
    "limit_credits": "The run ended: it may use {limit.most:g} credits ({limit.source}).",
    "error": "The run ended with an error.",
}


def told(reason: FinishReason, budget: Budget) -> str:
    """Why a run ended, for people; the page knows these sentences in its languages too."""
    limited, _, name = reason.partition("_")
    return _TOLD.get(reason, "").format(limit=budget.limit(name) if limited == "limit" else None)
