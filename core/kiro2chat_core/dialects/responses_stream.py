"""Events → the Responses API's events as server-sent events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from ..errors import Kiro2ChatError
from ..turns import (
    CallBegan,
    CallDelta,
    CallEnded,
    Counted,
    Ended,
    EndReason,
    Event,
    Reasoning,
    ReasoningDelta,
    Text,
    TextDelta,
    ToolCall,
    Usage,
)
from . import sse
from .responses_output import Part, Reply, Status, failed, finished, is_complete, is_shown, item, started
from .responses_tools import unwrapped

__all__ = ["ResponseEncoder"]

Json: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class _Writing:
    """An item whose end has not come. `where` is what all its events repeat; `call` is set where it is a call."""

    index: int
    where: Json
    pieces: list[str] = field(default_factory=list)
    signature: str = ""
    call: ToolCall | None = None
    custom: bool = False

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class ResponseEncoder:
    """One call per batch, so that it is written in one go.

    A message or reasoning ends when something else begins; calls end when they say so, and may overlap with the rest.
    """

    def __init__(self, this: Reply) -> None:
        self._this = this
        self._written: list[bytes] = []
        self._sequence = 0
        self._opened = 0
        self._done: dict[int, Json] = {}
        self._message: _Writing | None = None
        self._thought: _Writing | None = None
        self._calls: dict[str, _Writing] = {}
        self._summary: list[str] = []
        self._usage = Usage()

    def feed(self, events: Iterable[Event]) -> bytes:
        for event in events:
            self._begin()
            self._encode(event)
        return self._taken()

    def error(self, error: Kiro2ChatError) -> bytes:
        """An error in the middle of the stream, and its end. Items that were not finished are left out."""
        self._begin()
        self._event("response.failed", response=failed(self._this, error, self._output()))
        return self._taken()

    def ping(self) -> bytes:
        return sse.COMMENT

    def _begin(self) -> None:
        if self._sequence == 0:
            self._event("response.created", response=started(self._this))
            self._event("response.in_progress", response=started(self._this))

    def _encode(self, event: Event) -> None:
        match event:
            case TextDelta(text) if self._this.compacting:
                self._summary.append(text)
            case TextDelta(text) if text:
                self._text(text)
            case ReasoningDelta(redacted=redacted) if redacted:
                self._redacted(redacted)
            case ReasoningDelta(text, signature):
                self._reasoning(text, signature)
            case CallBegan(call_id, name):
                self._call_began(call_id, name)
            case CallDelta(call_id, json):
                self._call_delta(self._calls[call_id], json)
            case CallEnded(call_id):
                self._call_ended(self._calls.pop(call_id))
            case Counted(usage):
                self._usage = usage
            case Ended(reason):
                self._end(reason)

    # --- messages --------------------------------------------------------------------------------------------------

    def _text(self, text: str) -> None:
        message = self._message
        if message is None:
            self._close()
            message = self._message = self._open(Text(""), content=[])
            self._event("response.content_part.added", **message.where, content_index=0, part=_text_part(""))
        message.pieces.append(text)
        self._event("response.output_text.delta", **message.where, content_index=0, delta=text, logprobs=[])

    def _close_message(self, message: _Writing, status: Status) -> None:
        text = message.text
        self._event("response.output_text.done", **message.where, content_index=0, text=text, logprobs=[])
        self._event("response.content_part.done", **message.where, content_index=0, part=_text_part(text))
        self._finish(message, Text(text), status)

    # --- reasoning -------------------------------------------------------------------------------------------------

    def _reasoning(self, text: str, signature: str) -> None:
        if self._thought is None and not is_shown(self._this, Reasoning(text, signature)):
            return
        thought = self._thought
        if thought is None:
            self._close()
            thought = self._thought = self._open(Reasoning(""), summary=[])
        thought.signature += signature
        if text:
            if not thought.pieces:
                part = _summary_part("")
                self._event("response.reasoning_summary_part.added", **thought.where, summary_index=0, part=part)
            thought.pieces.append(text)
            self._event("response.reasoning_summary_text.delta", **thought.where, summary_index=0, delta=text)

    def _redacted(self, redacted: str) -> None:
        thought = Reasoning("", redacted=redacted)
        if is_shown(self._this, thought):
            self._close()
            self._finish(self._open(Reasoning(""), summary=[]), thought, "completed")

    def _close_thought(self, thought: _Writing, status: Status) -> None:
        text = thought.text
        if text:
            self._event("response.reasoning_summary_text.done", **thought.where, summary_index=0, text=text)
            part = _summary_part(text)
            self._event("response.reasoning_summary_part.done", **thought.where, summary_index=0, part=part)
        self._finish(thought, Reasoning(text, thought.signature), status)

    # --- calls -----------------------------------------------------------------------------------------------------

    def _call_began(self, call_id: str, name: str) -> None:
        self._close()
        call = ToolCall(call_id, name, "")
        writing = self._calls[call_id] = self._open(call)
        writing.call, writing.custom = call, self._this.toolbox.origin(name).custom

    def _call_delta(self, writing: _Writing, json: str) -> None:
        writing.pieces.append(json)
        if not writing.custom:  # its text is known when its JSON is whole
            self._event("response.function_call_arguments.delta", **writing.where, delta=json)

    def _call_ended(self, writing: _Writing) -> None:
        assert writing.call is not None
        arguments = writing.text
        if writing.custom:
            text = unwrapped(arguments)
            if text:
                self._event("response.custom_tool_call_input.delta", **writing.where, delta=text)
            self._event("response.custom_tool_call_input.done", **writing.where, input=text)
        else:
            self._event("response.function_call_arguments.done", **writing.where, arguments=arguments)
        self._finish(writing, replace(writing.call, arguments=arguments), "completed")

    # --- items and the end -----------------------------------------------------------------------------------------

    def _open(self, part: Part, **blank: Any) -> _Writing:
        """The next item, empty; `blank` are members that come later."""
        index = self._opened
        self._opened += 1
        begun = item(self._this, index, part, "in_progress") | blank
        if isinstance(part, Reasoning):
            begun.pop("encrypted_content", None)
        self._event("response.output_item.added", output_index=index, item=begun)
        return _Writing(index, {"item_id": begun["id"], "output_index": index})

    def _finish(self, writing: _Writing, part: Part, status: Status) -> None:
        whole = self._done[writing.index] = item(self._this, writing.index, part, status)
        self._event("response.output_item.done", output_index=writing.index, item=whole)

    def _close(self, status: Status = "completed") -> None:
        message, thought = self._message, self._thought
        self._message = self._thought = None
        if message is not None:
            self._close_message(message, status)
        if thought is not None:
            self._close_thought(thought, status)

    def _end(self, reason: EndReason) -> None:
        self._close("completed" if is_complete(reason) else "incomplete")
        if summary := "".join(self._summary):  # sealed it cannot be told in pieces
            self._finish(self._open(Text(summary)), Text(summary), "completed")
        end = finished(self._this, reason, self._output(), self._usage)
        self._event(f"response.{end['status']}", response=end)

    def _output(self) -> list[Json]:
        return [self._done[index] for index in sorted(self._done)]

    def _event(self, kind: str, **members: Any) -> None:
        self._written.append(sse.event({"type": kind, "sequence_number": self._sequence, **members}))
        self._sequence += 1

    def _taken(self) -> bytes:
        written, self._written = b"".join(self._written), []
        return written


def _text_part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _summary_part(text: str) -> Json:
    return {"type": "summary_text", "text": text}
