"""The faults of protocol notes 9, each catching a known bug of clients, as one table. `Emulator.inject` takes their names."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, get_args
from uuid import UUID

from starlette.responses import Response

from kiro2chat_core import jsonio
from kiro2chat_core.kiro.eventstream import Byte, Frame, Integer, Long, Short, Timestamp, encode

from .conversation import Conversation
from .options import Writes
from .refusals import REFUSALS
from .replies import Call, Reply
from .samples import sample
from .steps import CONTENT, TERMINAL, Event, Hangup, Pause, Raw, Step, frame_bytes

__all__ = ["FAULTS", "TARGETS", "Fault", "Target", "by_name"]

Target: TypeAlias = Literal["chat", "control", "token", "social"]
TARGETS = get_args(Target)
Arguments: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to misbehave. `number` is the one in protocol notes 9, 0 for the error replies of its table.

    A fault has one of: `refusal`, `oauth` or `instead` (an answer in place of the right one), `reply` (another reply),
    `steps` (another course of it), `writes` (another cut of the bytes).
    """

    name: str
    number: int
    help: str
    target: Target = "chat"
    refusal: str = ""
    oauth: tuple[int, str, str] | None = None
    instead: Callable[[Arguments], Response] | None = None
    reply: Callable[[Reply, Conversation, Arguments], Reply] | None = None
    steps: Callable[[list[Step], Arguments], list[Step]] | None = None
    writes: Writes | None = None

    @property
    def answers(self) -> bool:
        """Whether it answers in place of the right answer."""
        return bool(self.refusal or self.oauth or self.instead)


# --- other courses of a reply --------------------------------------------------------------------------------------


def _position(steps: list[Step], *names: str) -> int:
    """Where the first event of these names is; the end where none is."""
    return next((at for at, step in enumerate(steps) if isinstance(step, Event) and step.name in names), len(steps))


def _before_terminal(*inserted: Step) -> Callable[[list[Step], Arguments], list[Step]]:
    def insert(steps: list[Step], _: Arguments) -> list[Step]:
        at = _position(steps, *TERMINAL)
        return [*steps[:at], *inserted, *steps[at:]]

    return insert


def _without(*names: str) -> Callable[[list[Step], Arguments], list[Step]]:
    return lambda steps, _: [step for step in steps if not (isinstance(step, Event) and step.name in names)]


def _after(steps: list[Step], events: int, *then: Step) -> list[Step]:
    """Only so many events, then something else."""
    kept: list[Step] = []
    for step in steps:
        if sum(isinstance(one, Event) for one in kept) >= events:
            break
        kept.append(step)
    return [*kept, *then]


def _split_everything(steps: list[Step], _: Arguments) -> list[Step]:
    """One character to a chunk, and arguments with `\\u` escapes, cut within them: tags and escapes come apart."""
    split: list[Step] = []
    for step in steps:
        if isinstance(step, Event) and step.name == CONTENT:
            split += [replace(step, payload={**step.payload, "content": one}) for one in step.payload["content"]]
        elif isinstance(step, Event) and "input" in step.payload:
            escaped = "".join(one if one.isascii() else json.dumps(one)[1:-1] for one in step.payload["input"])
            split += [replace(step, payload={**step.payload, "input": one}) for one in escaped]
        else:
            split.append(step)
    return split


def _unfinished_call(steps: list[Step], _: Arguments) -> list[Step]:
    return steps[: next((at for at, step in enumerate(steps) if isinstance(step, Event) and "stop" in step.payload), 0)]


def _exception(steps: list[Step], arguments: Arguments) -> list[Step]:
    payload = {"message": arguments.get("message", "Too many requests, please wait before trying again.")}
    payload |= {"reason": arguments["reason"]} if "reason" in arguments else {}
    kind = arguments.get("type", "throttlingException")
    return _after(steps, arguments.get("after", 2), Event(kind, payload, exception=True))


def _error(steps: list[Step], arguments: Arguments) -> list[Step]:
    headers = {
        ":message-type": "error",
        ":error-code": arguments.get("code", "InternalError"),
        ":error-message": arguments.get("message", "An internal server error occurred"),
    }
    return _after(steps, arguments.get("after", 2), Raw(encode(Frame(headers))))


def _length_exceeded(steps: list[Step], arguments: Arguments) -> list[Step]:
    exceeded = Event("contentLengthExceededException", {"message": "Content length exceeded."}, exception=True)
    return _after(steps, arguments.get("after", 2), exceeded)


def _unknown_events(steps: list[Step], _: Arguments) -> list[Step]:
    odd = Event(
        "futureEvent",
        {"content": "not for eyes", "deep": {"er": [1, None]}},
        headers={
            "yes": True, "no": False, "byte": Byte(-1), "short": Short(-2), "integer": Integer(-3), "long": Long(-4),
            "bytes": b"\x00\xff", "string": "text", "timestamp": Timestamp(1_767_225_600_000), "uuid": UUID(int=5),
        },
    )  # fmt: skip
    first = Event("initial-response", {"conversationId": "c"})
    middle = Event("messageMetadataEvent", {"conversationId": "c", "utteranceId": "u"})
    return [first, middle, *steps[:1], odd, *steps[1:]]


def _corrupt(offset_from_end: int, offset: int) -> Callable[[list[Step], Arguments], list[Step]]:
    """The frame after so many events has one byte wrong: at `offset`, or counted from its end."""

    def corrupt(steps: list[Step], arguments: Arguments) -> list[Step]:
        frame = bytearray(frame_bytes(Event(CONTENT, {"content": "never seen"})))
        frame[len(frame) - offset_from_end if offset_from_end else offset] ^= 0x40
        return _after(steps, arguments.get("after", 1), Raw(bytes(frame)), *steps[-1:])

    return corrupt


def _with_usage(steps: list[Step], arguments: Arguments) -> list[Step]:
    given = {"uncachedInputTokens": 11, "outputTokens": 7, "totalTokens": 23, "cacheReadInputTokens": 3}
    usage = {**given, "cacheWriteInputTokens": 2, **arguments}
    return [
        replace(step, payload={**step.payload, "tokenUsage": usage})
        if isinstance(step, Event) and step.name == "metadataEvent"
        else step
        for step in steps
    ]


def _without_usage(steps: list[Step], _: Arguments) -> list[Step]:
    return [
        replace(step, payload={key: value for key, value in step.payload.items() if key != "tokenUsage"})
        if isinstance(step, Event)
        else step
        for step in steps
    ]


def _code_reference(steps: list[Step], arguments: Arguments) -> list[Step]:
    """After the first text. `duplicate` repeats that text before it, which Q CLI's parser expects."""
    at = _position(steps, CONTENT) + 1
    span = {"start": 0, "end": 10}
    reference = {
        "licenseName": "MIT",
        "repository": "demo",
        "url": "https://example.com/",
        "recommendationContentSpan": span,
    }
    repeated = steps[at - 1 : at] if arguments.get("duplicate") else []
    return [*steps[:at], *repeated, Event("codeReferenceEvent", {"references": [reference]}), *steps[at:]]


def _silence(steps: list[Step], arguments: Arguments) -> list[Step]:
    """Of `seconds`, after so many events; 0 for before the first."""
    at = arguments.get("after", 1)
    return [*steps[:at], Pause(arguments.get("seconds", 1.0)), *steps[at:]]


# --- other replies -------------------------------------------------------------------------------------------------


def _any_tool(conversation: Conversation, at: int) -> str:
    names = list(conversation.tools) or ["undeclared_tool"]
    return names[at % len(names)]


def _no_input(reply: Reply, conversation: Conversation, _: Arguments) -> Reply:
    return replace(reply, calls=[Call(_any_tool(conversation, 0))])


def _two_tools(reply: Reply, conversation: Conversation, _: Arguments) -> Reply:
    tools = conversation.tools
    calls = [
        Call(name, sample(tools.get(name, {"type": "object"}))) for name in (_any_tool(conversation, n) for n in (0, 1))
    ]
    return replace(reply, text="I will look at both.", calls=calls)


def _undeclared(reply: Reply, _: Conversation, arguments: Arguments) -> Reply:
    """`alone` leaves no other call in the turn."""
    call = Call(arguments.get("name", "readFile"), {"path": "src/main.ts", "explanation": "to see"})
    return replace(reply, calls=[call] if arguments.get("alone") else [call, *reply.calls])


def _persona(reply: Reply, _: Conversation, arguments: Arguments) -> Reply:
    return replace(reply, text="I am Kiro, an AI assistant and IDE built to assist developers.", calls=())


# --- other answers -------------------------------------------------------------------------------------------------


def _json_in_200(arguments: Arguments) -> Response:
    refusal = REFUSALS[arguments.get("refusal", "rate")]
    return Response(
        jsonio.dumps({"message": refusal.message, "reason": refusal.reason}), 200, media_type="application/json"
    )


def _html(arguments: Arguments) -> Response:
    page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
    return Response(page, arguments.get("status", 502), media_type="text/html")


# --- the table -----------------------------------------------------------------------------------------------------

FAULTS: tuple[Fault, ...] = (
    Fault("one_byte_writes", 1, "one byte to a TCP write", writes=1),
    Fault("seven_byte_writes", 1, "seven bytes to a TCP write", writes=7),
    Fault("random_writes", 1, "1 to 40 bytes to a TCP write", writes="random"),
    Fault("merged_writes", 1, "many frames to a TCP write", writes="merged"),
    Fault(
        "split_everything",
        2,
        "one character to a chunk: tags and JSON escapes come apart; UTF-8 too, a byte to a write",
        steps=_split_everything,
        writes=1,
    ),
    Fault(
        "identical_chunks",
        3,
        'twice "ha" and twice a newline at the end of the text',
        steps=_before_terminal(*(Event(CONTENT, {"content": text}) for text in ("ha", "ha", "\n", "\n"))),
    ),
    Fault("no_input", 4, "a call without any input", reply=_no_input),
    Fault("two_tools", 5, "text, then two calls in one turn", reply=_two_tools),
    Fault("unfinished_call", 6, "the stream ends before a call's stop", steps=_unfinished_call),
    Fault("no_metadata", 7, "the stream ends without any of the closing events", steps=_without(*TERMINAL)),
    Fault(
        "hangup",
        7,
        "the connection breaks; after=2 events",
        steps=lambda steps, arguments: _after(steps, arguments.get("after", 2), Hangup()),
    ),
    Fault("exception", 8, "a modelled exception in mid-stream; after=2 type= message= reason=", steps=_exception),
    Fault("error", 8, "an unmodelled error in mid-stream, payload empty; after=2 code= message=", steps=_error),
    Fault("length_exceeded", 8, "contentLengthExceededException in mid-stream; after=2", steps=_length_exceeded),
    Fault("unknown_events", 9, "initial-response, unknown events, all ten header types", steps=_unknown_events),
    Fault("corrupt_prelude", 10, "a frame with a wrong prelude CRC; after=1", steps=_corrupt(0, 9)),
    Fault("corrupt_message", 10, "a frame with a wrong message CRC; after=1", steps=_corrupt(2, 0)),
    Fault("with_usage", 11, "metadataEvent with tokenUsage; its members as arguments", steps=_with_usage),
    Fault("without_usage", 11, "metadataEvent without tokenUsage", steps=_without_usage),
    Fault("without_metadata", 11, "no metadataEvent, but the other closing events", steps=_without("metadataEvent")),
    Fault(
        "followup",
        12,
        "followupPromptEvent, which must not be shown as text",
        steps=_before_terminal(Event("followupPromptEvent", {"followupPrompt": {"content": "And then?", "userIntent": "X"}})),
    ),
    Fault("code_reference", 13, "codeReferenceEvent after the first text; duplicate=false", steps=_code_reference),
    Fault("undeclared_call", 14, "a call of a tool the client never declared; name=readFile alone=false", reply=_undeclared),
    Fault("persona", 14, "the hidden prompt's persona speaks", reply=_persona),
    Fault("silence", 15, "seconds=1.0 of silence; after=1 events", steps=_silence),
    Fault("slow_down", 16, "the device poll is told to slow down", "token", oauth=(400, "slow_down", "Slow down")),
    Fault("denied", 16, "the user says no to a device login", "token", oauth=(400, "access_denied", "Denied")),
    Fault("code_expired", 16, "nobody confirmed a device login", "token", oauth=(400, "expired_token", "Expired")),
    Fault("refresh_500", 16, "the token service fails", "token", oauth=(500, "server_error", "Internal server error")),
    Fault(
        "refresh_refused",
        16,
        "the refresh token is refused",
        "token",
        oauth=(400, "invalid_grant", "Invalid refresh token provided"),
    ),
    Fault("forbidden_once", 17, "403, the bearer token is invalid; message= reason= status=", refusal="bad_bearer"),
    Fault("throttled", 18, "429; retry_after_ms= message= reason= status=", refusal="rate"),
    Fault("json_in_200", 19, "200 with a JSON error for a body; refusal=rate", instead=_json_in_200),
    Fault("html_502", 19, "502 with a page of a load balancer; status=502", instead=_html),
    *(Fault(name, 0, f"{refusal.status} {refusal.reason or refusal.message[:60]}", refusal=name)
      for name, refusal in REFUSALS.items()),
)  # fmt: skip
"""Number 20, the shapes of kiro-cli's database, is written to disk: see `database.py`."""

by_name: Mapping[str, Fault] = {fault.name: fault for fault in FAULTS}
