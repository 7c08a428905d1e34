"""Responses that fail: in the middle of the stream, with the codes that clients read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kiro2chat_core.dialects.responses_output import Reply
from kiro2chat_core.dialects.responses_stream import ResponseEncoder
from kiro2chat_core.errors import (
    BadRequest,
    ContextTooLong,
    Kiro2ChatError,
    LoginExpired,
    QuotaExhausted,
    Throttled,
    Unavailable,
)
from kiro2chat_core.turns import ReasoningDelta, TextDelta

THIS = Reply("resp_1", "m", lambda: 1700000009, 1700000000)


def parsed(raw: bytes) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in raw.decode().splitlines() if line.startswith("data: ")]


FAILURES: dict[str, tuple[Kiro2ChatError, str, str]] = {
    "too long": (ContextTooLong("Too long."), "context_length_exceeded", "Too long."),
    "throttled": (
        Throttled("Slow down.", retry_after=2.5),
        "rate_limit_exceeded",
        "Slow down. Please try again in 2.5s.",
    ),
    "throttled, for how long is not known": (Throttled("Slow down."), "rate_limit_exceeded", "Slow down."),
    "used up": (QuotaExhausted("Used up."), "insufficient_quota", "Used up."),
    "the backend": (Unavailable("Gone.", retry_after=3), "server_error", "Gone."),
    "a bug": (Kiro2ChatError("Oops."), "server_error", "Oops."),
    "the request": (BadRequest("No."), "invalid_prompt", "No."),
    "the login": (LoginExpired("Log in."), "invalid_prompt", "Log in."),
}


@pytest.mark.parametrize(("error", "code", "message"), FAILURES.values(), ids=FAILURES)
def test_a_response_that_fails_at_once(error: Kiro2ChatError, code: str, message: str) -> None:
    created, in_progress, failed = parsed(ResponseEncoder(THIS).error(error))
    assert (created["type"], in_progress["type"], failed["type"]) == (
        "response.created", "response.in_progress", "response.failed",
    )  # fmt: skip
    assert failed["response"]["status"] == "failed"
    assert failed["response"]["error"] == {"code": code, "message": message}


def test_a_response_that_fails_half_way_keeps_what_was_finished() -> None:
    encoder = ResponseEncoder(THIS)
    raw = encoder.feed([ReasoningDelta("Hm"), TextDelta("Hi")]) + encoder.error(Unavailable("Gone."))
    last = parsed(raw)[-1]
    assert last["type"] == "response.failed"
    assert [item["type"] for item in last["response"]["output"]] == ["reasoning"]
    assert last["response"]["usage"] is None


def test_a_ping_is_no_event() -> None:
    assert ResponseEncoder(THIS).ping().startswith(b":")
