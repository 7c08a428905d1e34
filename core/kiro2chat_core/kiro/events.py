"""Frames of an answer → Events (protocol notes 4.2 and 4.3).

Tool calls are put together from fragments, by id, and handed on only when the backend has ended them and their JSON is whole:
half a call can do harm (jwadow/kiro-gateway#56), so a truncated one is withheld and the answer ends with `max_tokens`. Calls of
tools the client did not declare (the backend's own IDE tools) are dropped and counted. Who wants `all_calls` gets those too, and
those whose arguments the model ended although they are no JSON, as it wrote them. Text is passed on as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .. import jsonio
from ..errors import ContextTooLong, Unavailable
from ..turns import (
    Began,
    CallBegan,
    CallDelta,
    CallEnded,
    Counted,
    Ended,
    EndReason,
    Event,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from . import failures
from .eventstream import Frame
from .thoughts import Thoughts

__all__ = ["AnswerDecoder"]

Payload: TypeAlias = dict[str, Any]

_STOP_REASONS: Mapping[str, EndReason] = {
    "END_TURN": "end",
    "PAUSE_TURN": "end",
    "TOOL_USE": "tool_use",
    "MAX_TOKENS": "max_tokens",
    "MODEL_CONTEXT_WINDOW_EXCEEDED": "max_tokens",
    "CONTENT_FILTERED": "filtered",
}


@dataclass(slots=True)
class _Call:
    name: str
    pieces: list[str] = field(default_factory=list)


class AnswerDecoder:
    """Feed it the frames of one answer; `finish()` at the end of the stream gives the last events.

    Args:
        callable: wire names of the tools the answer may call → the client's names.
        demanding: wire names of those that cannot be called without arguments.
        request_id: the backend's id of this request, for errors.
        thoughts: takes the thoughts out of the text, where the model was told to write them there.
        all_calls: undeclared calls and broken arguments are handed on as they came; what is no JSON may be empty.
    """

    def __init__(
        self,
        callable: Mapping[str, str],
        request_id: str | None = None,
        thoughts: Thoughts | None = None,
        demanding: Container[str] = (),
        *,
        all_calls: bool = False,
    ) -> None:
        self.dropped: list[str] = []
        """Wire names of undeclared calls that were dropped."""
        self.truncated = 0
        """Calls that were withheld because they came incomplete."""
        self._callable = callable
        self._demanding = demanding
        self._all_calls = all_calls
        self._request_id = request_id
        self._thoughts = thoughts
        self._began = False
        self._text_size = 0
        self._tail = ""
        self._held = ""
        self._calls: dict[str, _Call] = {}
        self._done: set[str] = set()
        self._completed = 0
        self._doubtful: list[tuple[str, str, str]] = []
        """Calls that ended without arguments, or with broken ones: whether the model meant it is known only at the end."""
        self._stop_reason = ""
        self._terminal = False
        self._overflowed = False
        self._usage: Payload | None = None
        self._credits: float | None = None

    def feed(self, frames: Iterable[Frame]) -> list[Event]:
        """The events of these frames.

        Raises:
            Kiro2ChatError: an exception frame, in our own tree.
        """
        events: list[Event] = []
        for frame in frames:
            # The stream's union has a member called `error` besides the two kinds of message (protocol notes 4.3).
            if frame.message_type in ("exception", "error") or frame.event_type == "error":
                self._fail(frame)
                continue
            name = frame.event_type
            handle = _HANDLERS.get(name)
            if handle is None:
                continue  # new event types must not break old clients
            if not self._began:
                self._began = True
                events.append(Began())
            if name != "codeReferenceEvent":
                events += self._release_held()
            events += handle(self, _payload(frame))
        return events

    def finish(self) -> list[Event]:
        """The last events: what was held back, usage if the backend counted, and exactly one Ended.

        Raises:
            Unavailable: the stream ended without any answer.
        """
        calls = self._calls or self._completed or self.truncated or self.dropped or self._doubtful
        if not self._text_size and not calls and not self._terminal:
            raise Unavailable("Kiro's answer ended before it began.", request_id=self._request_id)
        events = [*self._release_held(), *self._end_of_thoughts(), *self._doubtful_calls()]
        self.truncated += sum(1 for call in self._calls.values() if call.name in self._callable or self._all_calls)
        self._calls.clear()
        usage = self._counted()
        if usage is not None:
            events.append(Counted(usage))
        reason = self._reason()
        events.append(Ended(reason, cut=reason == "max_tokens" and not self._terminal and not self._overflowed))
        return events

    @property
    def credits(self) -> float | None:
        """What the answer cost, where the backend said so."""
        return self._credits

    def _reason(self) -> EndReason:
        if self._overflowed or self.truncated or self._stop_reason == "MAX_TOKENS":
            return "max_tokens"
        if self._completed:
            return "tool_use"
        stated = _STOP_REASONS.get(self._stop_reason)
        if stated == "tool_use":
            return "end"  # every call was dropped
        if stated is not None:
            return stated
        # Neither metadata nor contextUsage nor metering: the stream broke off (protocol notes 4.2).
        return "end" if self._terminal or self.dropped else "max_tokens"

    def _fail(self, frame: Frame) -> None:
        type_name = frame.exception_type or frame.text(":error-code") or frame.event_type
        text = frame.text(":error-message")
        error = failures.from_frame(type_name, frame.payload, text, request_id=self._request_id)
        if isinstance(error, ContextTooLong) and (self._text_size or self._completed or self._doubtful):
            self._overflowed = True  # a window that overflows in mid-answer is an answer cut short
            return
        raise error

    # --- one method per event --------------------------------------------------------------------------------------

    def _text(self, payload: Payload) -> list[Event]:
        content = payload.get("content")
        if not isinstance(content, str) or not content:
            return []
        if len(content) > 1 and self._tail.endswith(content):
            # Before a code reference the backend repeats the text it refers to (protocol notes 4.2). A repeat is held
            # for one frame to see what follows; any other repeat is legitimate text.
            self._held = content
            return []
        return self._emit_text(content)

    def _emit_text(self, content: str) -> list[Event]:
        self._text_size += len(content)
        self._tail = (self._tail + content)[-4096:]
        return [TextDelta(content)] if self._thoughts is None else [*self._thoughts.feed(content)]

    def _release_held(self) -> list[Event]:
        held, self._held = self._held, ""
        return self._emit_text(held) if held else []

    def _code_reference(self, _payload: Payload) -> list[Event]:
        self._held = ""
        return []

    def _reasoning(self, payload: Payload) -> list[Event]:
        found = [payload.get(name) for name in ("text", "signature", "redactedContent")]
        text, signature, redacted = (value if isinstance(value, str) else "" for value in found)
        self._text_size += len(text) + len(redacted)
        events = self._end_of_thoughts()
        return [*events, ReasoningDelta(text, signature, redacted)] if text or signature or redacted else events

    def _end_of_thoughts(self) -> list[Event]:
        return [] if self._thoughts is None else [*self._thoughts.finish()]

    def _tool_use(self, payload: Payload) -> list[Event]:
        call_id = payload.get("toolUseId")
        if not isinstance(call_id, str) or call_id in self._done:
            return []
        call = self._calls.get(call_id)
        if call is None:
            call = self._calls[call_id] = _Call("")
        call.name = call.name or str(payload.get("name") or "")
        piece = payload.get("input")
        if isinstance(piece, dict):  # very old backends
            piece = jsonio.text(piece) if piece else ""
        if isinstance(piece, str):
            call.pieces.append(piece)
        if payload.get("stop") is not True:
            return []
        del self._calls[call_id]
        self._done.add(call_id)
        return self._complete(call_id, call)

    def _complete(self, call_id: str, call: _Call) -> list[Event]:
        name = self._callable.get(call.name, call.name if self._all_calls else "")
        if not name:
            self.dropped.append(call.name)
            return []
        arguments = "".join(call.pieces).strip()
        if not arguments and call.name not in self._demanding:
            self._doubtful.append((call_id, name, "{}"))
            return []
        try:
            arguments = "{}" if jsonio.loads(arguments) is None else arguments
        except ValueError:
            if self._all_calls:
                self._doubtful.append((call_id, name, arguments))
            else:
                self.truncated += 1
            return []
        return self._whole(call_id, name, arguments)

    def _whole(self, call_id: str, name: str, arguments: str) -> list[Event]:
        self._completed += 1
        return [*self._end_of_thoughts(), CallBegan(call_id, name), CallDelta(call_id, arguments), CallEnded(call_id)]

    def _doubtful_calls(self) -> list[Event]:
        """Tools without arguments send no input at all (protocol notes 4.2); but neither does a call that was cut off. And
        arguments are broken by the model, or by a limit or the end of the stream."""
        doubtful, self._doubtful = self._doubtful, []
        limited = self._overflowed or _STOP_REASONS.get(self._stop_reason) == "max_tokens"
        events: list[Event] = []
        for call_id, name, arguments in doubtful:
            if limited or (arguments != "{}" and not self._terminal):
                self.truncated += 1
            else:
                events += self._whole(call_id, name, arguments)
        return events

    def _metadata(self, payload: Payload) -> list[Event]:
        self._terminal = True
        self._stop_reason = str(payload.get("stopReason") or self._stop_reason)
        if isinstance(payload.get("tokenUsage"), dict):
            self._usage = payload["tokenUsage"]
        return []

    def _context_usage(self, _payload: Payload) -> list[Event]:
        self._terminal = True
        return []

    def _metering(self, payload: Payload) -> list[Event]:
        self._terminal = True
        amount = payload.get("usage")
        if isinstance(amount, (int, float)) and not isinstance(amount, bool):
            self._credits = (self._credits or 0.0) + amount
        return []

    def _invalid_state(self, payload: Payload) -> list[Event]:
        said = str(payload.get("message") or payload.get("reason") or "invalid state")[:500]
        raise Unavailable(f"Kiro broke the answer off: {said}", request_id=self._request_id)

    def _ignore(self, _payload: Payload) -> list[Event]:
        return []

    def _counted(self) -> Usage | None:
        if self._usage is None:
            return None
        cache_read = _count(self._usage, "cacheReadInputTokens")
        cache_write = _count(self._usage, "cacheWriteInputTokens")
        return Usage(
            input_tokens=_count(self._usage, "uncachedInputTokens") + cache_read + cache_write,
            output_tokens=_count(self._usage, "outputTokens"),
            cache_read_tokens=cache_read,
            cache_write_tokens=cache_write,
            credits=self._credits,
            exact=True,
        )


_HANDLERS: Mapping[str, Callable[[AnswerDecoder, Payload], list[Event]]] = {
    "assistantResponseEvent": AnswerDecoder._text,
    "codeEvent": AnswerDecoder._text,
    "codeReferenceEvent": AnswerDecoder._code_reference,
    "contextUsageEvent": AnswerDecoder._context_usage,
    "invalidStateEvent": AnswerDecoder._invalid_state,
    "messageMetadataEvent": AnswerDecoder._ignore,
    "metadataEvent": AnswerDecoder._metadata,
    "meteringEvent": AnswerDecoder._metering,
    "reasoningContentEvent": AnswerDecoder._reasoning,
    "toolUseEvent": AnswerDecoder._tool_use,
}  # fmt: skip


def _payload(frame: Frame) -> Payload:
    try:
        value = jsonio.loads(frame.payload) if frame.payload else {}
    except ValueError as bad:
        raise Unavailable(f"Kiro sent a {frame.event_type} that is not JSON: {bad}") from None
    return value if isinstance(value, dict) else {}


def _count(usage: Payload, name: str) -> int:
    value = usage.get(name)
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 2**53 else 0
