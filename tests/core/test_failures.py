"""The backend's errors: every answer of protocol notes 4.3, 4.4 and 9 becomes one error of ours, and none breaks us."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiro2chat_core.errors import (
    BadRequest,
    ContextTooLong,
    Kiro2ChatError,
    LoginExpired,
    LoginForbidden,
    LoginSuspended,
    Misunderstood,
    NoCapacity,
    QuotaExhausted,
    Throttled,
    Unavailable,
    UnknownModel,
)
from kiro2chat_core.kiro import failures

AMAZON = "com.amazon.aws.codewhisperer#"
SUSPENDED = (
    "Your User ID (d-x) temporarily is suspended. We've locked your account as a security precaution. To restore access, "
    "please contact our support team to verify your identity: https://support.aws.amazon.com/#/contacts/kiro"
)
MISMATCH = (
    "Bedrock error message: The model returned the following errors: messages.98: `tool_use` ids were found without "
    "`tool_result` blocks immediately after: tooluse_x."
)
CONTEXT_LIMIT = (
    "Context limit reached. The conversation exceeds this model's capacity. Start a new session, or compact."
)


def said(message: str = "m", reason: str | None = None, **members: Any) -> bytes:
    return json.dumps({"message": message, "reason": reason} | members).encode()


ANSWERS: dict[str, tuple[int, bytes, type[Kiro2ChatError], str | None]] = {
    # name: status, body -> class, its code where it is a special one
    "bad bearer": (
        403,
        said("The bearer token included in the request is invalid.", __type=f"{AMAZON}AccessDeniedException"),
        LoginExpired,
        None,
    ),
    "bad bearer, type only": (403, said("", __type="AccessDeniedException"), LoginExpired, None),
    "wrong pairing": (
        403,
        said("The provided credential is invalid.", __type=f"{AMAZON}ValidationException"),
        LoginExpired,
        None,
    ),
    "suspended": (403, said(SUSPENDED, "TEMPORARILY_SUSPENDED"), LoginSuspended, None),
    "suspended, without a reason": (403, said(SUSPENDED), LoginSuspended, None),
    "suspended, 423": (423, b"", LoginSuspended, None),
    "profile not allowed": (
        403,
        said("User is not authorized to make this call."),
        LoginForbidden,
        failures.PROFILE_NOT_ALLOWED,
    ),
    "profile not allowed, with a type": (
        403,
        said("User is not authorized to make this call.", __type="AccessDeniedException"),
        LoginForbidden,
        failures.PROFILE_NOT_ALLOWED,
    ),
    "profile missing": (
        400,
        said("profileArn is required for this request."),
        Misunderstood,
        failures.PROFILE_REQUIRED,
    ),
    "feature not supported": (403, said("m", "FEATURE_NOT_SUPPORTED"), LoginForbidden, None),
    "customization": (403, said("m", "UNAUTHORIZED_CUSTOMIZATION_RESOURCE_ACCESS"), LoginForbidden, None),
    "workspace": (403, said("m", "UNAUTHORIZED_WORKSPACE_CONTEXT_FEATURE_ACCESS"), LoginForbidden, None),
    "not JSON": (400, said("The request body is not valid JSON.", "REQUEST_BODY_INVALID"), Misunderstood, None),
    "improperly formed": (400, said("Improperly formed request."), Misunderstood, None),
    "tool list unusable": (
        400,
        said("Invalid tool use format.", "REQUEST_BODY_INVALID"),
        Misunderstood,
        failures.TRANSIENT_TOOL_FORMAT,
    ),
    "use without result": (400, said(MISMATCH, "TOOL_USE_RESULT_MISMATCH"), Misunderstood, None),
    "root schema": (
        400,
        said(
            "The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object.",
            "TOOL_SCHEMA_INVALID",
        ),
        Misunderstood,
        None,
    ),
    "unknown model": (
        400,
        said("Invalid model. Please select a different model to continue.", "INVALID_MODEL_ID"),
        UnknownModel,
        None,
    ),
    "unknown model, without a reason": (
        400,
        said("Invalid model. Please select a different model to continue."),
        UnknownModel,
        None,
    ),
    "too long": (400, said("Input is too long.", "CONTENT_LENGTH_EXCEEDS_THRESHOLD"), ContextTooLong, None),
    "too long, newer text": (400, said("Input content length exceeds threshold."), ContextTooLong, None),
    "too long, Q CLI": (400, said("Input is too long.", __type="ValidationException"), ContextTooLong, None),
    "beyond the transport": (413, said(CONTEXT_LIMIT), ContextTooLong, None),
    "beyond the transport, HTML": (413, b"<html><h1>413 Request Entity Too Large</h1></html>", ContextTooLong, None),
    "conversation limit": (400, said("m", "CONVERSATION_LIMIT_EXCEEDED"), ContextTooLong, None),
    "image too big": (
        400,
        said("messages.0: image exceeds 5 MB maximum: 6000000 bytes > 5242880 bytes"),
        BadRequest,
        None,
    ),
    "too many images": (400, said("too many images and documents: 101 + 0 > 100"), BadRequest, None),
    "image type": (400, said("m", "IMAGE_MIME_MISMATCH"), BadRequest, None),
    "forged signature": (400, said("m", "THINKING_SIGNATURE_INVALID"), Misunderstood, failures.SIGNATURE_INVALID),
    "no fields for this model": (
        400,
        said("additionalModelRequestFields is not supported for this model"),
        Misunderstood,
        None,
    ),
    "unknown field": (400, said("property 'temperature' is not defined in the schema"), Misunderstood, None),
    "KMS": (400, said("m", "INVALID_KMS_GRANT"), Misunderstood, None),
    "monthly quota": (402, said("You have reached the limit.", "MONTHLY_REQUEST_COUNT"), QuotaExhausted, None),
    "monthly quota, 429": (429, said("m", "MONTHLY_REQUEST_COUNT"), QuotaExhausted, None),
    "monthly quota, Q CLI": (
        400,
        said("Maximum Request reached for this month.", __type="ThrottlingException"),
        QuotaExhausted,
        None,
    ),
    "402 alone": (402, b"", QuotaExhausted, None),
    "daily quota": (429, said("m", "DAILY_REQUEST_COUNT"), QuotaExhausted, None),
    "overage cap": (403, said("m", "OVERAGE_REQUEST_LIMIT_EXCEEDED"), QuotaExhausted, None),
    "service quota": (400, said("m", __type="ServiceQuotaExceededException"), QuotaExhausted, None),
    "rate": (
        429,
        said("Too many requests, please wait before trying again.", "USER_REQUEST_RATE_EXCEEDED"),
        Throttled,
        None,
    ),
    "rate, without a reason": (429, said("Too many requests, please wait before trying again."), Throttled, None),
    "rate, 400": (400, said("Rate exceeded", __type=f"{AMAZON}ThrottlingException"), Throttled, None),
    "service rate": (429, said("m", "SERVICE_REQUEST_RATE_EXCEEDED"), Throttled, None),
    "credit rate": (429, said("m", "CREDIT_CONSUMPTION_RATE_EXCEEDED"), Throttled, None),
    "no capacity": (
        429,
        said("I am experiencing high traffic, please try again shortly.", "INSUFFICIENT_MODEL_CAPACITY"),
        NoCapacity,
        None,
    ),
    "no capacity, 400": (400, said("m", "INSUFFICIENT_MODEL_CAPACITY"), NoCapacity, None),
    "no throughput": (429, said("m", "INSUFFICIENT_THROUGHPUT"), NoCapacity, None),
    "overload": (
        500,
        said("Encountered unexpectedly high load when processing the request, please try again."),
        NoCapacity,
        None,
    ),
    "model down": (
        503,
        said("The service is temporarily unavailable.", "MODEL_TEMPORARILY_UNAVAILABLE"),
        Unavailable,
        None,
    ),
    "500": (500, said("oops"), Unavailable, None),
    "502, HTML": (502, b"<html>\n<head><title>502 Bad Gateway</title></head></html>", Unavailable, None),
    "504, plain": (504, b"upstream timed out", Unavailable, None),
    "unknown path": (404, b"{}", Misunderstood, None),
    "unknown path, text": (404, b"Not Found", Misunderstood, None),
    "401": (401, b"", LoginExpired, None),
    "403, HTML": (403, b"<h1>Forbidden</h1>", LoginExpired, None),
    "an unknown 4xx": (418, b"", Misunderstood, None),
    "an unknown reason goes by the status": (429, said("m", "SOMETHING_NEW"), Throttled, None),
    "200 with an error": (200, said("slow", __type="ThrottlingException"), Throttled, None),
    "200 with nothing known": (200, b'{"hello":1}', Unavailable, None),
    "200 with HTML": (200, b"<html>Log in to the hotel's network</html>", Unavailable, None),
}


KINDS: dict[type[Kiro2ChatError], tuple[int, str, bool]] = {
    # what clients see: status, code, whether to try again
    BadRequest: (400, "invalid_request", False),
    ContextTooLong: (400, "context_length_exceeded", False),
    LoginExpired: (401, "login_expired", False),
    LoginForbidden: (403, "login_forbidden", False),
    LoginSuspended: (403, "login_forbidden", False),
    Misunderstood: (400, "backend_rejected_request", False),
    QuotaExhausted: (429, "insufficient_quota", False),
    NoCapacity: (429, "rate_limit_exceeded", True),
    Throttled: (429, "rate_limit_exceeded", True),
    Unavailable: (503, "backend_unavailable", True),
    UnknownModel: (404, "model_not_found", False),
}


@pytest.mark.parametrize(("status", "body", "kind", "code"), ANSWERS.values(), ids=ANSWERS)
def test_answers(status: int, body: bytes, kind: type[Kiro2ChatError], code: str | None) -> None:
    error = failures.from_response(status, {}, body)
    assert type(error) is kind
    ours, usual, retryable = KINDS[kind]
    assert (error.status, error.code, error.retryable) == (ours, code or usual, retryable)
    assert error.message
    assert "<" not in error.message


TYPES = ["ThrottlingException", f"{AMAZON}ThrottlingException", "ThrottlingException:http://internal.amazon.com/coral/x/",
         f"{AMAZON}ThrottlingException:http://internal.amazon.com/", "throttlingException", "ThrottlingError"]  # fmt: skip


@pytest.mark.parametrize("name", TYPES)
def test_types_come_in_many_spellings(name: str) -> None:
    in_body = failures.from_response(400, {}, said(__type=name))
    in_header = failures.from_response(400, {"x-amzn-errortype": name}, said())
    in_frame = failures.from_frame(name, said())
    assert [type(error) for error in (in_body, in_header, in_frame)] == [Throttled] * 3


def test_reason_goes_before_text_before_type_before_status() -> None:
    everything = said("Input is too long.", "MONTHLY_REQUEST_COUNT", __type="ThrottlingException")
    assert isinstance(failures.from_response(503, {}, everything), QuotaExhausted)
    without_reason = said("Input is too long.", __type="ThrottlingException")
    assert isinstance(failures.from_response(503, {}, without_reason), ContextTooLong)
    only_type = said("m", __type="ThrottlingException")
    assert isinstance(failures.from_response(503, {}, only_type), Throttled)
    assert isinstance(failures.from_response(503, {}, said("m")), Unavailable)


def test_a_message_with_a_capital_letter() -> None:
    error = failures.from_response(400, {}, b'{"Message":"Input is too long."}')
    assert isinstance(error, ContextTooLong)
    assert "Input is too long." in error.message


def test_the_reason_and_the_words_of_the_backend_are_shown() -> None:
    error = failures.from_response(
        400, {"x-amzn-requestid": "r-1"}, said("Improperly formed request.", "REQUEST_BODY_INVALID")
    )
    assert error.message == "Kiro refused the request: Improperly formed request. (REQUEST_BODY_INVALID)"
    assert error.request_id == "r-1"


def test_markup_is_taken_off_and_long_texts_are_cut() -> None:
    page = b"<html><body>\n<h1>502   Bad\tGateway</h1>" + b"x" * 10_000
    message = failures.from_response(502, {}, page).message
    assert message.startswith("Kiro is unavailable: 502 Bad Gateway x")
    assert len(message) < 600


WAITS: dict[str, tuple[dict[str, str], dict[str, Any], float | None]] = {
    "milliseconds in the body": ({}, {"retryAfterMilliseconds": 1500}, 1.5),
    "a float": ({}, {"retryAfterMilliseconds": 0.5}, 0.0005),
    "seconds in the header": ({"retry-after": "7"}, {}, 7.0),
    "both": ({"retry-after": "7"}, {"retryAfterMilliseconds": 1500}, 1.5),
    "a date": ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, {}, None),
    "negative": ({"retry-after": "-1"}, {"retryAfterMilliseconds": -1}, None),
    "more than a day": ({}, {"retryAfterMilliseconds": 10**12}, None),
    "a string": ({}, {"retryAfterMilliseconds": "1500"}, None),
    "a boolean": ({}, {"retryAfterMilliseconds": True}, None),
    "neither": ({}, {}, None),
}


@pytest.mark.parametrize(("headers", "members", "wait"), WAITS.values(), ids=WAITS)
def test_how_long_to_wait(headers: dict[str, str], members: dict[str, Any], wait: float | None) -> None:
    assert failures.from_response(429, headers, said(**members)).retry_after == wait


FRAMES: dict[str, tuple[str, bytes, str, type[Kiro2ChatError]]] = {
    "accessDeniedException": ("accessDeniedException", said(), "", LoginExpired),
    "conflictException": ("conflictException", said(), "", Misunderstood),
    "dryRunOperationException": ("dryRunOperationException", said(), "", Misunderstood),
    "internalServerException": ("internalServerException", said(), "", Unavailable),
    "resourceNotFoundException": ("resourceNotFoundException", said(), "", Misunderstood),
    "serviceQuotaExceededException": ("serviceQuotaExceededException", said(), "", QuotaExhausted),
    "serviceUnavailableException": ("serviceUnavailableException", said(), "", Unavailable),
    "throttlingException": ("throttlingException", said(), "", Throttled),
    "validationException": ("validationException", said(), "", Misunderstood),
    "contentLengthExceededException": ("contentLengthExceededException", said(), "", ContextTooLong),
    "error": ("error", said(reason="MODEL_TEMPORARILY_UNAVAILABLE"), "", Unavailable),
    "an error code with a message": ("InternalFailure", b"", "oops", Unavailable),
    "an error message that tells": ("Oops", b"", "Input is too long.", ContextTooLong),
}


@pytest.mark.parametrize(("name", "payload", "text", "kind"), FRAMES.values(), ids=FRAMES)
def test_frames(name: str, payload: bytes, text: str, kind: type[Kiro2ChatError]) -> None:
    error = failures.from_frame(name, payload, text, request_id="r-1")
    assert type(error) is kind
    assert error.request_id == "r-1"
    assert error.message


odd = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.lists(st.none())
    | st.just({"a": 1})
)
objects = st.dictionaries(
    st.sampled_from(["message", "Message", "reason", "__type", "retryAfterMilliseconds"]), odd
).map(lambda value: json.dumps(value).encode())  # fmt: skip
headers = st.dictionaries(
    st.sampled_from(["x-amzn-errortype", "retry-after", "x-amzn-requestid"]), st.text(max_size=10)
)


@settings(max_examples=500, deadline=None)
@given(st.integers(100, 599), headers, st.binary(max_size=60) | objects)
def test_any_answer_becomes_an_error_of_ours(status: int, headers: dict[str, str], body: bytes) -> None:
    for error in (failures.from_response(status, headers, body), failures.from_frame("x", body, "y")):
        assert isinstance(error, Kiro2ChatError)
        assert 400 <= error.status <= 504
        assert len(error.message) < 1000
