"""Kiro's models as a Strands `Model`, over the gateway in this process: no HTTP to ourselves, so one worker is enough."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from strands.models import Model
from strands.types.exceptions import ContextWindowOverflowException, ModelThrottledException

from .. import jsonio
from ..errors import ContextTooLong, Kiro2ChatError, Throttled
from ..gateway import Gateway
from ..report import Report
from ..turns import (
    AnyTool,
    Ask,
    Batch,
    CallBegan,
    CallDelta,
    CallEnded,
    Ended,
    Event,
    JsonAnswer,
    NamedTool,
    ReasoningDelta,
    Text,
    TextDelta,
    Thinking,
    Tool,
    ToolChoice,
    Turn,
    Usage,
)
from .messages import input_of, turns_of

__all__ = ["BudgetSpent", "KiroModel", "Meter", "cause_of"]

T = TypeVar("T", bound=BaseModel)

_STOP_REASONS = {
    "end": "end_turn",
    "tool_use": "tool_use",
    "max_tokens": "max_tokens",
    "stop_sequence": "stop_sequence",
    "filtered": "content_filtered",
}
_DEFAULT = Thinking()
_LOOK = 0.2
"""Seconds between two looks at Strands' cancel signal, an event of threads that cannot be awaited."""


class BudgetSpent(Exception):
    """A run has used the credits it may use."""


@dataclass(slots=True)
class Meter:
    """What a run has used. `counted` hears of each call of the model, when it has ended.

    `cut` is whether the last answer broke off before its end.
    """

    usage: Usage = field(default_factory=lambda: Usage(exact=True))
    rounds: int = 0
    credits: float | None = None
    guessed_credits: float = 0.0
    """Of calls whose price Kiro did not name."""
    first: float | None = None
    """Seconds from the first call to its first bytes."""
    counted: Callable[[Report], None] = lambda _report: None
    cut: bool = False

    def add(self, report: Report) -> None:
        """Count a call. One that was refused has used nothing, and is no round."""
        if self.first is None:
            self.first = report.first
        self.rounds += report.usage is not None
        self.add_aside(report)

    def add_aside(self, report: Report) -> None:
        """Count a call that is paid for, and no round of the run."""
        if report.usage is not None:
            self.usage = self.usage.plus(report.usage)
            self.guessed_credits += report.guessed_credits or 0.0
        self.counted(report)

    @property
    def tokens(self) -> int:
        return self.usage.input_tokens + self.usage.output_tokens

    @property
    def spent_credits(self) -> float:
        return (self.usage.credits or 0.0) + self.guessed_credits


class KiroModel(Model):
    """One model of one login. Its config is a dict: `model_id`, `thinking`, `context_window_limit`."""

    def __init__(
        self,
        gateway: Gateway,
        model_id: str,
        meter: Meter,
        *,
        thinking: Thinking = _DEFAULT,
        credits: float | None = None,
    ) -> None:
        """`credits` is how many a run may use; None is without limit."""
        self._gateway = gateway
        self._meter = meter
        self._credits = credits
        self.config: dict[str, Any] = {"model_id": model_id, "thinking": thinking, "context_window_limit": None}

    def update_config(self, **model_config: Any) -> None:
        self.config.update(model_config)

    def get_config(self) -> dict[str, Any]:
        return self.config

    async def stream(  # type: ignore[override]
        self,
        messages: Sequence[Mapping[str, Any]],
        tool_specs: Sequence[Mapping[str, Any]] | None = None,
        system_prompt: str | None = None,
        *,
        tool_choice: Mapping[str, Any] | None = None,
        system_prompt_content: Sequence[Mapping[str, Any]] | None = None,
        cancel_signal: threading.Event | None = None,
        **_kwargs: Any,
    ) -> AsyncGenerator[dict[str, Any], None]:
        """One call of the model, in Bedrock's events.

        Raises:
            ModelThrottledException, ContextWindowOverflowException: as Strands knows them; ours is the cause.
            BudgetSpent: the run may use no more credits.
            Kiro2ChatError: whatever else is wrong.
        """
        if self._credits is not None and self._meter.spent_credits >= self._credits:
            raise BudgetSpent
        ask = self._ask(messages, tool_specs, _system(system_prompt, system_prompt_content), _choice(tool_choice))
        report, blocks, began = Report(), _Blocks(), time.perf_counter()
        yield {"messageStart": {"role": "assistant"}}
        try:
            with _as_strands_knows():
                async with (
                    aclosing(self._gateway.stream(ask, report)) as batches,
                    aclosing(_until(batches, cancel_signal)) as coming,
                ):
                    async for batch in coming:
                        for event in batch:
                            for made in blocks.feed(event):
                                yield made
        finally:
            self._meter.add(report)
        self._meter.cut = blocks.cut
        for made in blocks.finish():
            yield made
        yield _metadata(report, time.perf_counter() - began)

    async def structured_output(
        self,
        output_model: type[T],
        prompt: Sequence[Mapping[str, Any]],
        system_prompt: str | None = None,
        **_kwargs: Any,
    ) -> AsyncGenerator[dict[str, T | Any], None]:
        """An answer that is valid for a pydantic model; one that is not is shown to the model once, with what is wrong.

        Raises:
            ValueError: neither was valid.
            ModelThrottledException, ContextWindowOverflowException, Kiro2ChatError: as `stream`.
        """
        answer = JsonAnswer(output_model.model_json_schema(), output_model.__name__)
        turns = turns_of(prompt)
        for attempt in (1, 2):
            ask = Ask(self.config["model_id"], turns, system_prompt or "", answer=answer)
            said = await self._text(ask)
            try:
                yield {"output": output_model.model_validate_json(said)}
                return
            except ValidationError as wrong:
                told = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in wrong.errors())
                if attempt == 2:
                    raise ValueError(f"The model's answer is no {output_model.__name__}: {told}") from None
                again = Turn("user", (Text(f"That is not valid: {told}. Answer again."),))
                turns = (*turns, Turn("assistant", (Text(said),)), again)

    async def count_tokens(
        self,
        messages: Any,
        tool_specs: Any = None,
        system_prompt: str | None = None,
        system_prompt_content: Any = None,
    ) -> int:
        """An estimate, by the gateway's own vocabulary."""
        return await self._gateway.count(
            self._ask(messages, tool_specs, _system(system_prompt, system_prompt_content), "auto")
        )

    async def _text(self, ask: Ask) -> str:
        report, said = Report(), ""
        try:
            with _as_strands_knows():
                async with aclosing(self._gateway.stream(ask, report)) as batches:
                    async for batch in batches:
                        said += "".join(event.text for event in batch if isinstance(event, TextDelta))
        finally:
            self._meter.add(report)
        return said

    def _ask(
        self,
        messages: Sequence[Mapping[str, Any]],
        specs: Sequence[Mapping[str, Any]] | None,
        system: str,
        choice: ToolChoice,
    ) -> Ask:
        tools = tuple(Tool(spec["name"], spec["description"], _schema(spec["inputSchema"])) for spec in specs or ())
        thinking = self.config["thinking"]
        choice = choice if tools else "auto"
        turns = turns_of(messages)
        return Ask(self.config["model_id"], turns, system, tools, choice, thinking=thinking, all_calls=True)


class _Blocks:
    """Our events as Bedrock's content blocks: one is open at a time."""

    def __init__(self) -> None:
        self.cut = False
        self._open = ""
        self._signed = False
        self._reason = "end_turn"

    def feed(self, event: Event) -> list[dict[str, Any]]:
        match event:
            case TextDelta(text):
                return [*self._begin("text"), _delta(text=text)]
            case ReasoningDelta(redacted=redacted) if redacted:
                hidden = {"redactedContent": redacted.encode()}
                return [*self._end(), *self._begin("redacted"), _delta(reasoningContent=hidden), *self._end()]
            case ReasoningDelta(text, signature):
                return self._reasoning(text, signature)
            case CallBegan(id, name):
                begun = {"contentBlockStart": {"start": {"toolUse": {"toolUseId": id, "name": name}}}}
                closing, self._open = self._end(), "call"
                return [*closing, begun]
            case CallDelta(_id, json):  # whole
                return [_delta(toolUse={"input": jsonio.text(input_of(json))})]
            case CallEnded():
                return self._end()
            case Ended(reason):
                self._reason, self.cut = _STOP_REASONS[reason], event.cut
        return []

    def finish(self) -> list[dict[str, Any]]:
        return [*self._end(), {"messageStop": {"stopReason": self._reason}}]

    def _reasoning(self, text: str, signature: str) -> list[dict[str, Any]]:
        """A thought ends with its signature; what comes after it is another."""
        made = self._end() if self._signed and text else []
        made += self._begin("reasoning")
        if text:
            made.append(_delta(reasoningContent={"text": text}))
        if signature:
            self._signed = True
            made.append(_delta(reasoningContent={"signature": signature}))
        return made

    def _begin(self, kind: str) -> list[dict[str, Any]]:
        if self._open == kind:
            return []
        closing = self._end()
        self._open = kind
        return [*closing, {"contentBlockStart": {"start": {}}}]

    def _end(self) -> list[dict[str, Any]]:
        was, self._open, self._signed = self._open, "", False
        return [{"contentBlockStop": {}}] if was else []


def _delta(**content: Any) -> dict[str, Any]:
    return {"contentBlockDelta": {"delta": content}}


def _metadata(report: Report, seconds: float) -> dict[str, Any]:
    usage = report.usage or Usage()
    counts = {
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": usage.input_tokens + usage.output_tokens,
        "cacheReadInputTokens": usage.cache_read_tokens,
        "cacheWriteInputTokens": usage.cache_write_tokens,
    }
    metrics = {"latencyMs": round(seconds * 1000)}
    if report.first is not None:
        metrics["timeToFirstByteMs"] = round(report.first * 1000)
    return {"metadata": {"usage": counts, "metrics": metrics}}


@contextmanager
def _as_strands_knows() -> Iterator[None]:
    try:
        yield
    except Throttled as error:
        raise ModelThrottledException(error.message) from error
    except ContextTooLong as error:
        raise ContextWindowOverflowException(error.message) from error


async def _until(batches: AsyncGenerator[Batch, None], signal: threading.Event | None) -> AsyncGenerator[Batch, None]:
    """The batches, until the signal is set: it is looked at while nothing comes, too."""
    while True:
        coming = asyncio.ensure_future(anext(batches, None))
        try:
            while not coming.done():
                if signal is not None and signal.is_set():
                    return
                await asyncio.wait({coming}, timeout=_LOOK)
        finally:
            if not coming.done():
                coming.cancel()
                await asyncio.wait({coming})
        batch = coming.result()
        if batch is None or (signal is not None and signal.is_set()):
            return
        yield batch


def _system(text: str | None, blocks: Sequence[Mapping[str, Any]] | None) -> str:
    if blocks:
        return "\n\n".join(block["text"] for block in blocks if "text" in block)
    return text or ""


def _choice(choice: Mapping[str, Any] | None) -> ToolChoice:
    if not choice or "auto" in choice:
        return "auto"
    return NamedTool(choice["tool"]["name"]) if "tool" in choice else AnyTool()


def _schema(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema.get("json", schema)
    return found


def cause_of(error: BaseException) -> Kiro2ChatError | BudgetSpent | None:
    """Ours behind an exception of Strands', which wraps those of later rounds."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, (Kiro2ChatError, BudgetSpent)):
        seen = seen.__cause__ or getattr(seen, "original_exception", None)
    return seen
