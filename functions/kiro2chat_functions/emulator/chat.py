"""`generateAssistantResponse`, in both forms."""

from __future__ import annotations

from starlette.responses import Response

from .backend import Injection
from .checks import Checked, examine
from .refusals import REFUSALS, Refusal
from .replies import answer
from .service import Arrival, request_id
from .steps import steps
from .wire import EventStream, writes

__all__ = ["TARGET", "generate"]

TARGET = "AmazonCodeWhispererStreamingService.GenerateAssistantResponse"


def generate(arrival: Arrival) -> Response:
    """Check in the order of protocol notes 9, then answer: by an injected fault, by the script, or of its own."""
    if (response := arrival.injected("chat")) is not None:
        return response
    checked = _checked(arrival)
    return arrival.refuse(checked) if isinstance(checked, Refusal) else _stream(arrival, checked)


def _checked(arrival: Arrival) -> Checked | Refusal:
    options = arrival.backend.options
    if arrival.form == "json" and arrival.seen.headers["x-amz-target"] != TARGET:
        return REFUSALS["unknown_operation"]
    login = arrival.authorized()
    if isinstance(login, Refusal):
        return login
    if not arrival.is_json:
        return REFUSALS["not_json"]
    checked = examine(arrival.body, len(arrival.raw), arrival.form, login, options)
    if isinstance(checked, Checked) and not arrival.backend.accounts.charge(login):
        return REFUSALS["monthly_quota" if options.quota_status == 402 else "monthly_quota_q"]
    return checked


def _stream(arrival: Arrival, checked: Checked) -> Response:
    backend, conversation = arrival.backend, checked.conversation
    assert checked.model is not None  # `examine` found it
    injection = backend.pending("chat") or Injection((), "chat", 0)
    if injection.faults:
        backend.use(injection)
    arrival.seen.fault = " ".join(fault.name for fault in injection.faults)

    reply = backend.next_reply() or answer(conversation)
    for fault in injection.faults:
        reply = fault.reply(reply, conversation, injection.arguments) if fault.reply else reply
    course = steps(reply, conversation, checked.model, backend.options, backend.prompt_cache.take(conversation))
    for fault in injection.faults:
        course = fault.steps(course, injection.arguments) if fault.steps else course
    how = next((fault.writes for fault in injection.faults if fault.writes), backend.options.writes)

    def left() -> None:
        arrival.seen.left_at = backend.clock()

    headers = {
        "x-amzn-requestid": request_id(),
        "x-amzn-codewhisperer-conversation-id": conversation.id or request_id(),
    }
    return arrival.done(EventStream(writes(course, how), headers, left))
