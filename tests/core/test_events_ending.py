"""x"""

from __future__ import annotations

from typing import Any

import pytest
from tests.core.event_frames import METERED, TOOLS, decoded, event, exception, text, use

from kiro2chat_core.errors import (
    ContextTooLong,
    Kiro2ChatError,
    LoginForbidden,
    Misunderstood,
    QuotaExhausted,
    Throttled,
    Unavailable,
)
from kiro2chat_core.kiro.events import AnswerDecoder
from kiro2chat_core.kiro.eventstream import Frame
from kiro2chat_core.turns import (
    Counted,
    Ended,
    EndReason,
    Usage,
)

# --- how an answer ends ------------------------------------------------------------------------------------------------

STOPS: dict[str, EndReason] = {
    "END_TURN": "end",
    "PAUSE_TURN": "end",
    "MAX_TOKENS": "max_tokens",
    "MODEL_CONTEXT_WINDOW_EXCEEDED": "max_tokens",
    "CONTENT_FILTERED": "filtered",
    "TOOL_USE": "end",  # there was no call, or it was dropped
    "UNKNOWN": "end",
    "SOMETHING_NEW": "end",
}


@pytest.mark.parametrize(("stated", "reason"), STOPS.items(), ids=STOPS)
def test_stated_stop_reasons(stated: str, reason: EndReason) -> None:
    assert decoded(text("Hi"), event("metadataEvent", stopReason=stated))[-1] == Ended(reason)


INFERRED: dict[str, tuple[list[Frame], EndReason]] = {
    "a call": ([use(stop=True)], "tool_use"),
    "metadata without a reason": ([text("Hi"), event("metadataEvent")], "end"),
    "metadata whose reason is null": ([text("Hi"), event("metadataEvent", stopReason=None)], "end"),
    "a second metadata without a reason": (
        [event("metadataEvent", stopReason="MAX_TOKENS"), event("metadataEvent")], "max_tokens",
    ),
    "context usage alone": ([text("Hi"), event("contextUsageEvent", contextUsagePercentage=1)], "end"),
    "metering alone": ([text("Hi"), METERED], "end"),
}  # fmt: skip


@pytest.mark.parametrize(("frames", "reason"), INFERRED.values(), ids=INFERRED)
def test_inferred_stop_reasons(frames: list[Frame], reason: EndReason) -> None:
    assert decoded(*frames)[-1] == Ended(reason)


NOTHING: dict[str, list[Frame]] = {
    "no frame": [],
    "an event that is ignored": [event("initial-response")],
    "metadata of the message": [event("messageMetadataEvent", conversationId="c")],
    "an empty text": [text("")],
}


@pytest.mark.parametrize("frames", NOTHING.values(), ids=NOTHING)
def test_a_stream_without_an_answer_is_an_error(frames: list[Frame]) -> None:
    decoder = AnswerDecoder(TOOLS, request_id="r-1")
    decoder.feed(frames)
    with pytest.raises(Unavailable, match="before it began") as raised:
        decoder.finish()
    assert raised.value.request_id == "r-1"
    assert raised.value.retryable


@pytest.mark.parametrize("said", [text("Hi"), event("reasoningContentEvent", text="Hm")], ids=["text", "reasoning"])
def test_nothing_after_what_was_said_is_an_answer_cut_off(said: Frame) -> None:
    assert decoded(said)[-1] == Ended("max_tokens", cut=True)


USAGES: dict[str, tuple[Any, Usage]] = {
    "nothing in it": ({}, Usage(exact=True)),
    "floats": ({"uncachedInputTokens": 5.0, "outputTokens": 7.9}, Usage(5, 7, exact=True)),
    "nonsense": ({"uncachedInputTokens": "5", "outputTokens": -1, "cacheReadInputTokens": True}, Usage(exact=True)),
    "more than anybody can count": ({"outputTokens": 1e300}, Usage(exact=True)),
    "null": ({"uncachedInputTokens": None, "outputTokens": 7}, Usage(0, 7, exact=True)),
}


@pytest.mark.parametrize(("stated", "usage"), USAGES.values(), ids=USAGES)
def test_odd_usage(stated: Any, usage: Usage) -> None:
    assert Counted(usage) in decoded(text("Hi"), event("metadataEvent", tokenUsage=stated))


@pytest.mark.parametrize("stated", [None, [], "5", 5], ids=repr)
def test_usage_that_is_none_is_not_counted(stated: Any) -> None:
    events = decoded(text("Hi"), event("metadataEvent", tokenUsage=stated))
    assert not any(isinstance(each, Counted) for each in events)


def test_credits_add_up() -> None:
    decoder = AnswerDecoder(TOOLS)
    decoder.feed(
        [METERED, event("meteringEvent", usage=0.25), event("meteringEvent", usage="much"), event("meteringEvent")]
    )
    assert decoder.credits == 0.75
    assert AnswerDecoder(TOOLS).credits is None


# --- errors in the stream ----------------------------------------------------------------------------------------------

ERRORS: dict[str, tuple[Frame, type[Kiro2ChatError]]] = {
    "throttling": (exception("throttlingException", message="slow down"), Throttled),
    "throttling, capital": (exception("ThrottlingException", message="slow down"), Throttled),
    "a reason": (exception("throttlingException", message="m", reason="MONTHLY_REQUEST_COUNT"), QuotaExhausted),
    "access denied, suspended": (exception("accessDeniedException", reason="TEMPORARILY_SUSPENDED"), LoginForbidden),
    "validation": (exception("validationException", message="Improperly formed request."), Misunderstood),
    "internal": (exception("internalServerException", message="oops"), Unavailable),
    "an exception nobody knows": (exception("somethingNewException", message="oops"), Unavailable),
    "an exception without anything": (Frame({":message-type": "exception"}), Unavailable),
    "an exception that is no JSON": (
        Frame({":message-type": "exception", ":exception-type": "throttlingException"}, b"{"), Throttled,
    ),
    "too long": (exception("contentLengthExceededException", message="m"), ContextTooLong),
    "the union's error, as an exception": (exception("error", message="m", reason="MODEL_TEMPORARILY_UNAVAILABLE"), Unavailable),
    "the union's error, as an event": (event("error", message="m", reason="INSUFFICIENT_MODEL_CAPACITY"), Throttled),
    "an unmodelled error": (
        Frame({":message-type": "error", ":error-code": "InternalServerError", ":error-message": "oops"}), Unavailable,
    ),
    "an unmodelled throttling": (
        Frame({":message-type": "error", ":error-code": "ThrottlingException", ":error-message": "oops"}), Throttled,
    ),
    "an invalid state": (event("invalidStateEvent", reason="INVALID_TASK_ASSIST_PLAN", message="m"), Unavailable),
    "a text that is no JSON": (Frame({":message-type": "event", ":event-type": "assistantResponseEvent"}, b"{"), Unavailable),
}  # fmt: skip


@pytest.mark.parametrize("before", [(), (text("Hi"),)], ids=["first", "in the middle"])
@pytest.mark.parametrize(("frame", "kind"), ERRORS.values(), ids=ERRORS)
def test_errors(frame: Frame, kind: type[Kiro2ChatError], before: tuple[Frame, ...]) -> None:
    if kind is ContextTooLong and before:
        return  # see below
    decoder = AnswerDecoder(TOOLS)
    decoder.feed(before)
    with pytest.raises(kind):
        decoder.feed([frame])


def test_an_unmodelled_error_says_what_its_headers_say() -> None:
    frame = Frame({":message-type": "error", ":error-code": "Oops", ":error-message": "it fell over"})
    with pytest.raises(Unavailable, match="it fell over"):
        decoded(frame)


@pytest.mark.parametrize("before", [text("Once upon"), use(stop=True)], ids=["text", "a call"])
def test_a_window_that_overflows_in_mid_answer_cuts_it_short(before: Frame) -> None:
    events = decoded(before, exception("contentLengthExceededException", message="m"), METERED)
    assert events[-1] == Ended("max_tokens")
