"""The agent's own API: requests as wishes, events as server-sent events or as one JSON object. Pure; README.md describes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import images
from ..dialects import sse
from ..dialects.attachments import image_at
from ..dialects.fields import Fields, body_fields
from ..dialects.openai_messages import read_messages
from ..errors import Kiro2ChatError
from ..turns import Image, ImageUrl, Part, Reasoning, Text, ToolCall, ToolResult, Turn
from .events import NOTHING, AgentEvent, Approval, Failed, Finished, Said, Spent, Thought, ToolEnded, ToolStarted
from .messages import arguments_of
from .pausing import LIMITS, Budget
from .tool import Outcome

__all__ = ["AgentEncoder", "Begun", "Request", "Whole", "read_answers", "read_chat", "shown", "told_error"]

_LONGEST = 200_000
"""Characters of a tool's result that a client is told; the model sees all of it."""


@dataclass(frozen=True, slots=True)
class Request:
    """`turns` is a conversation that the client keeps; it has no session then. None of a limit is the settings' own. `ignored`
    names what was sent without effect."""

    question: Turn | None = None
    turns: tuple[Turn, ...] = ()
    session: str | None = None
    user: str = ""
    model: str = ""
    system: str = ""
    tools: tuple[str, ...] | None = None
    stream: bool = False
    waits: bool = True
    budget: Budget = field(default_factory=Budget)
    answers: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """The first event of a stream: what a client needs to cancel the run or to go on later."""

    session: str | None
    model: str


def read_chat(body: object) -> Request:
    """The body of POST /v1/agent/chat.

    Raises:
        BadRequest: naming the field.
    """
    fields = body_fields(body)
    session, pictures = fields.text("session_id") or None, tuple(_images(fields))
    turns: tuple[Turn, ...] = ()
    system = fields.text("system")
    question: Turn | None = None
    if "messages" in fields:
        if "message" in fields:
            fields.fail("message", "cannot be sent together with messages")
        conversation = read_messages(fields)
        turns = tuple(conversation.turns)
        system = "\n\n".join(filter(None, (*conversation.system, system)))
        if not turns or turns[-1].role != "user":
            fields.fail("messages", "must end with a message of the user")
        if session is not None:
            if len(turns) > 1:
                fields.fail(
                    "messages", "may hold one new message where there is a session_id: the session has the others"
                )
            question, turns = turns[0], ()
        if pictures:
            *before, last = (question,) if question is not None else turns
            last = Turn("user", (*last.parts, *pictures))
            question, turns = (last, ()) if question is not None else (None, (*before, last))
    else:
        text = fields.text("message", required=not pictures)
        question = Turn("user", (*((Text(text),) if text else ()), *pictures))
    return _with_rest(fields, Request(question, turns, session, system=system), _ASKING)


def read_answers(body: object) -> Request:
    """The body of POST /v1/agent/approve: `{"session_id", "id", "decision"}` or `{"session_id", "decisions": {id: decision}}`.

    Raises:
        BadRequest: naming the field.
    """
    fields = body_fields(body)
    session = fields.text("session_id", required=True)
    if (several := fields.object("decisions")) is not None:
        answers = {id: several.choice(id, _DECISIONS) for id in several.value}
        if not answers:
            fields.fail("decisions", "must not be empty")
    else:
        answers = {fields.text("id", required=True): fields.choice("decision", _DECISIONS)}
    return _with_rest(fields, Request(session=session, answers=answers), _ANSWERING)


_DECISIONS = ("allow", "allow_session", "deny")
_ALWAYS = {"session_id", "user", "tools", "stream", "on_busy", "limits"}
_ASKING = {*_ALWAYS, "message", "messages", "images", "model", "system"}
_ANSWERING = {*_ALWAYS, "id", "decision", "decisions"}


def _with_rest(fields: Fields, request: Request, known: Collection[str]) -> Request:
    tools: tuple[str, ...] | None = None
    if "tools" in fields:
        names = fields.array("tools")
        if not all(isinstance(name, str) for name in names):
            fields.fail("tools", "must be an array of names; GET /v1/agent/tools lists them")
        tools = tuple(names)
    limits = fields.object("limits") or Fields({}, "limits")
    unknown = (*_beside(fields, known), *_beside(limits, LIMITS))
    return Request(
        request.question,
        request.turns,
        request.session,
        fields.text("user"),
        fields.text("model").removeprefix("agent/"),
        request.system,
        tools,
        fields.flag("stream"),
        fields.choice("on_busy", ("wait", "refuse"), "wait") == "wait",
        Budget(
            limits.integer("rounds", 1),
            limits.integer("tokens", 1),
            _above_0(limits, "seconds"),
            _above_0(limits, "credits"),
        ).said_by("limits.{name}"),
        request.answers,
        unknown,
    )


def _beside(fields: Fields, known: Collection[str]) -> list[str]:
    """What was sent and has no effect, as the other APIs name it."""
    return [fields.at(name[:60]) for name in sorted(set(fields.value) - set(known)) if name in fields]


def _above_0(fields: Fields, name: str) -> float | None:
    value = fields.number(name)
    if value is not None and not 0 < value < 1e9:
        fields.fail(name, "must be above 0")
    return value


def _images(fields: Fields) -> Iterable[Image | ImageUrl]:
    """Data URLs and addresses, as strings or as `{"url"}`; or base64, as `{"data"}`."""
    for index, item in enumerate(fields.array("images")):
        path = f"images[{index}]"
        if isinstance(item, str):
            yield image_at(item, path)
        elif isinstance(item, dict) and isinstance(item.get("url"), str):
            yield image_at(item["url"], f"{path}.url")
        elif isinstance(item, dict) and isinstance(item.get("data"), str):
            yield images.from_bytes(images.decoded(item["data"], f"{path}.data"), f"{path}.data")
        else:
            fields.fail(path, "must be a data URL, an address, or an object with url or data")


class AgentEncoder:
    """Events as server-sent events, named by their type. The last one names the session too."""

    def __init__(self) -> None:
        self._session: str | None = None
        self._spent = NOTHING

    def feed(self, events: Iterable[AgentEvent | Begun]) -> bytes:
        return b"".join(sse.event(self._with_session(event)) for event in events)

    def _with_session(self, event: AgentEvent | Begun) -> dict[str, Any]:
        if isinstance(event, Begun):
            self._session = event.session
        if isinstance(event, Spent):
            self._spent = event
        last = isinstance(event, (Approval, Finished))
        return _told(event) | ({"session_id": self._session} if last else {})

    def error(self, error: Kiro2ChatError) -> bytes:
        return self.feed((Failed(error), Finished("error", error.message, spent=self._spent)))

    def ping(self) -> bytes:
        return sse.COMMENT


def _told(event: AgentEvent | Begun) -> dict[str, Any]:
    match event:
        case Begun(session, model):
            return {"type": "start", "session_id": session, "model": model}
        case Said(text):
            return {"type": "text", "text": text}
        case Thought(text):
            return {"type": "reasoning", "text": text}
        case ToolStarted():
            return {"type": "tool_start"} | _call(event)
        case ToolEnded():
            return {"type": "tool_end"} | _call(event) | _outcome(event)
        case Approval():
            return {"type": "approval"} | _call(event) | {"touches": event.touches}
        case Spent():
            return {"type": "usage", "usage": _usage(event)}
        case Failed(error):
            return {"type": "error", "error": told_error(error)}
        case Finished(reason, told, seconds, spent):
            return {
                "type": "done",
                "stop_reason": reason,
                "message": told,
                "duration": round(seconds, 3),
                "usage": _usage(spent),
            }


def told_error(error: Kiro2ChatError) -> dict[str, Any]:
    return {"message": error.message, "code": error.code, "param": error.field, "request_id": error.request_id}


def _call(event: ToolStarted | ToolEnded | Approval) -> dict[str, Any]:
    return {"id": event.id, "name": event.name, "source": event.source, "arguments": event.arguments}


def _outcome(event: ToolEnded) -> dict[str, Any]:
    text, pictures = text_of(event.outcome), [part for part in event.outcome.content if isinstance(part, Image)]
    told: dict[str, Any] = {"duration": round(event.seconds, 3), "error" if event.outcome.is_error else "result": text}
    if pictures:
        told["images"] = [f"data:image/{each.format};base64,{each.data}" for each in pictures]
    return told


def text_of(outcome: Outcome | ToolResult) -> str:
    text = "\n".join(part.text for part in outcome.content if isinstance(part, Text))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text) - _LONGEST:,} more characters)"


def _usage(spent: Spent) -> dict[str, Any]:
    usage = spent.usage
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "credits": usage.credits,
        "estimated": not usage.exact,
        "rounds": spent.rounds,
    }


class Whole:
    """All events of a run as one answer."""

    def __init__(self, model: str) -> None:
        self.finished = Finished("error")
        self.session: str | None = None
        self._spent = NOTHING
        self._model = model
        self._failed: Kiro2ChatError | None = None
        self._text: list[str] = []
        self._thoughts: list[str] = []
        self._calls: list[dict[str, Any]] = []
        self._approvals: list[dict[str, Any]] = []

    def feed(self, event: AgentEvent | Begun) -> None:
        """Raises Kiro2ChatError: the run failed, and has ended."""
        match event:
            case Begun(session, model):
                self.session, self._model = session, model
            case Said(text):
                self._text.append(text)
            case Thought(text):
                self._thoughts.append(text)
            case ToolStarted() if self._text and not self._text[-1].endswith("\n"):
                self._text.append("\n\n")  # what the model says next is another message
            case ToolEnded():
                self._calls.append(_call(event) | _outcome(event))
            case Approval():
                self._approvals.append(_call(event) | {"touches": event.touches})
            case Spent():
                self._spent = event
            case Failed(error):
                self._failed = error
            case Finished():
                if self._failed is not None:
                    raise self._failed
                self.finished = event

    @property
    def empty(self) -> bool:
        """Whether nothing was said or done."""
        return not self._text and not self._calls

    def beside(self, error: Mapping[str, Any]) -> dict[str, Any]:
        """The body of an error that ended the run, and what there was before it: that is in the session, and paid for."""
        whole = self.json() | {"usage": _usage(self._spent)}
        return {**error, **{name: whole[name] for name in ("session_id", "content", "tool_calls", "usage")}}

    def json(self) -> dict[str, Any]:
        return {
            "object": "agent.response",
            "session_id": self.session,
            "model": self._model,
            "content": "".join(self._text).strip(),
            "reasoning": "".join(self._thoughts) or None,
            "tool_calls": self._calls,
            "approvals": self._approvals,
            "usage": _usage(self.finished.spent),
            "stop_reason": self.finished.reason,
            "message": self.finished.told,
            "duration": round(self.finished.seconds, 3),
        }


def shown(turn: Turn) -> dict[str, Any]:
    """A turn of a session for a page: without signatures, which only the backend reads."""
    return {"role": turn.role, "parts": [each for part in turn.parts if (each := _shown(part)) is not None]}


def _shown(part: Part) -> dict[str, Any] | None:
    match part:
        case ToolResult(call_id, content, is_error):
            told: dict[str, Any] = {"type": "tool_result", "id": call_id, "text": text_of(part), "is_error": is_error}
            pictures = [f"data:image/{each.format};base64,{each.data}" for each in content if isinstance(each, Image)]
            return told | ({"images": pictures} if pictures else {})
        case Image(format, data):
            return {"type": "image", "url": f"data:image/{format};base64,{data}"}
        case Text(text):
            return {"type": "text", "text": text}
        case ToolCall(id, name, arguments):
            return {"type": "tool_call", "id": id, "name": name, "arguments": arguments_of(arguments)}
        case Reasoning(text) if text:
            return {"type": "reasoning", "text": text}
    return None
