"""The backend's errors, as HTTP answers and as frames in the stream, in our own tree (protocol notes 4.3 and 4.4).

Statuses and types vary between hosts, so an error is known by its reason first, then by its text, its type and its status.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from .. import jsonio
from ..errors import (
    BadRequest,
    ContextTooLong,
    Kiro2ChatError,
    LoginError,
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

__all__ = [
    "NO_PROFILES",
    "PROFILE_NOT_ALLOWED",
    "PROFILE_REQUIRED",
    "SIGNATURE_INVALID",
    "TRANSIENT_TOOL_FORMAT",
    "from_frame",
    "from_response",
    "may_be_stale",
]

Kind: TypeAlias = tuple[type[Kiro2ChatError], str]
"""The error and what we say before the backend's own words."""

PROFILE_REQUIRED = "profile_required"
PROFILE_NOT_ALLOWED = "profile_not_allowed"
TRANSIENT_TOOL_FORMAT = "transient_tool_format"
SIGNATURE_INVALID = "thinking_signature_invalid"
NO_PROFILES = "profiles_not_supported"

_QUOTA: Kind = (QuotaExhausted, "The Kiro plan is used up until its reset date")
_RATE: Kind = (Throttled, "Kiro asks to slow down")
_CAPACITY: Kind = (NoCapacity, "Kiro has no capacity for this model at the moment")
_LONG: Kind = (ContextTooLong, "The conversation is too long for this model")
_MODEL: Kind = (UnknownModel, "This login has no such model")
_SUSPENDED: Kind = (LoginSuspended, "Kiro has suspended this account; only its support can lift that")
_FORBIDDEN: Kind = (LoginForbidden, "Kiro does not allow this login to do that")
_REFUSED: Kind = (Misunderstood, "Kiro refused the request")
_IMAGE: Kind = (BadRequest, "Kiro refused an image")
_DOWN: Kind = (Unavailable, "Kiro is unavailable")
_BEARER: Kind = (LoginExpired, "Kiro refused the access token")

_BY_REASON: Mapping[str, Kind] = {
    "MONTHLY_REQUEST_COUNT": _QUOTA,
    "DAILY_REQUEST_COUNT": _QUOTA,
    "OVERAGE_REQUEST_LIMIT_EXCEEDED": _QUOTA,
    "INSUFFICIENT_MODEL_CAPACITY": _CAPACITY,
    "INSUFFICIENT_THROUGHPUT": _CAPACITY,
    "USER_REQUEST_RATE_EXCEEDED": _RATE,
    "SERVICE_REQUEST_RATE_EXCEEDED": _RATE,
    "CREDIT_CONSUMPTION_RATE_EXCEEDED": _RATE,
    "CONTENT_LENGTH_EXCEEDS_THRESHOLD": _LONG,
    "CONVERSATION_LIMIT_EXCEEDED": _LONG,
    "INVALID_MODEL_ID": _MODEL,
    "TEMPORARILY_SUSPENDED": _SUSPENDED,
    "FEATURE_NOT_SUPPORTED": _FORBIDDEN,
    "UNAUTHORIZED_CUSTOMIZATION_RESOURCE_ACCESS": _FORBIDDEN,
    "UNAUTHORIZED_WORKSPACE_CONTEXT_FEATURE_ACCESS": _FORBIDDEN,
    "MODEL_TEMPORARILY_UNAVAILABLE": _DOWN,
    "IMAGE_MIME_MISMATCH": _IMAGE,
}  # fmt: skip

_BY_TEXT: tuple[tuple[re.Pattern[str], Kind], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"input is too long|content length exceeds|prompt is too long|context limit reached", _LONG),
        (r"maximum request reached|reached the limit", _QUOTA),
        (r"temporarily is suspended|locked your account", _SUSPENDED),
        (r"image exceeds|too many images|image dimensions", _IMAGE),
        (r"invalid model", _MODEL),
        (r"high traffic|unexpectedly high load", _CAPACITY),
        (r"bearer token|provided credential", _BEARER),
    )
)

_BY_TYPE: Mapping[str, Kind] = {
    "throttling": _RATE,
    "servicequotaexceeded": _QUOTA,
    "contentlengthexceeded": _LONG,
    "accessdenied": _FORBIDDEN,
    "validation": _REFUSED,
    "conflict": _REFUSED,
    "resourcenotfound": _REFUSED,
    "dryrunoperation": _REFUSED,
    "internalserver": _DOWN,
    "serviceunavailable": _DOWN,
}

_BY_STATUS: Mapping[int, Kind] = {
    401: _BEARER,
    402: _QUOTA,
    403: _BEARER,
    404: (Misunderstood, "Kiro has no such address: see KIRO_ENDPOINT, KIRO_API_URL and KIRO_CONTROL_URL"),
    413: _LONG,
    423: _SUSPENDED,
    429: _RATE,
}

_CODES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"profileArn is required", re.IGNORECASE), PROFILE_REQUIRED),
    (re.compile(r"not authorized to make this call", re.IGNORECASE), PROFILE_NOT_ALLOWED),
    (re.compile(r"Builder ID is not supported", re.IGNORECASE), NO_PROFILES),
    (re.compile(r"invalid tool use format", re.IGNORECASE), TRANSIENT_TOOL_FORMAT),
    (re.compile(r"invalid [`']?signature|THINKING_SIGNATURE_INVALID", re.IGNORECASE), SIGNATURE_INVALID),
)


def from_response(status: int, headers: Mapping[str, str], body: bytes) -> Kiro2ChatError:
    """An HTTP answer that is no event stream: JSON, or whatever a load balancer wrote.

    Args:
        headers: with lower-case names.
        body: the whole body, or its start.
    """
    detail = _object(body)
    kind = detail.get("__type") or headers.get("x-amzn-errortype") or ""
    return _error(
        status,
        reason=str(detail.get("reason") or ""),
        type_name=str(kind),
        text=str(detail.get("message") or detail.get("Message") or ""),
        retry_after=_retry_after(detail, headers),
        request_id=headers.get("x-amzn-requestid") or None,
    )


def from_frame(type_name: str, payload: bytes, text: str = "", *, request_id: str | None = None) -> Kiro2ChatError:
    """An exception or error frame in the middle of the stream; `text` is an unmodelled error's `:error-message`."""
    detail = _object(payload)
    return _error(
        0,
        reason=str(detail.get("reason") or ""),
        type_name=type_name,
        text=str(detail.get("message") or detail.get("Message") or text),
        retry_after=_retry_after(detail, {}),
        request_id=request_id,
    )


def may_be_stale(error: Kiro2ChatError) -> bool:
    """A refusal that a new token may mend: any 401 or 403 without a reason of its own (protocol notes 4.4)."""
    if isinstance(error, QuotaExhausted) or not isinstance(error, LoginError):
        return False
    return isinstance(error, LoginExpired) or (isinstance(error, LoginForbidden) and error.code != "login_forbidden")


def _error(
    status: int, *, reason: str, type_name: str, text: str, retry_after: float | None, request_id: str | None
) -> Kiro2ChatError:
    # "com.amazon.aws.codewhisperer#XException:http://…" → "x" (protocol notes 4.4)
    word = type_name.rpartition("#")[2].partition(":")[0].lower().removesuffix("exception").removesuffix("error")
    code = next((code for pattern, code in _CODES if pattern.search(text) or pattern.search(reason)), None)
    make, intro = (
        _BY_REASON.get(reason)
        or next((kind for pattern, kind in _BY_TEXT if pattern.search(text)), None)
        or (_FORBIDDEN if code in (PROFILE_NOT_ALLOWED, NO_PROFILES) else None)
        or (_BEARER if word == "accessdenied" and status in (0, 401, 403) else _BY_TYPE.get(word))
        or _BY_STATUS.get(status)
        or (_REFUSED if 400 <= status < 500 else _DOWN)
    )
    said = _shown(text) or (f"HTTP {status}" if status else type_name)
    told = f"{intro}: {said}{f' ({reason})' if reason else ''}"
    error = make(told, retry_after=retry_after, request_id=request_id)
    if code is not None and isinstance(error, (Misunderstood, LoginForbidden)):
        error.code = code
    return error


def _shown(text: str) -> str:
    """The backend's words on one line, without markup, of bounded length."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]{0,200}>", " ", text)).strip()[:500]


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = jsonio.loads(body)
    except ValueError:
        return {"message": body[:2000].decode(errors="replace")} if body and not body.lstrip().startswith(b"{") else {}
    return value if isinstance(value, dict) else {}


def _retry_after(detail: Mapping[str, Any], headers: Mapping[str, str]) -> float | None:
    """Seconds, from `retryAfterMilliseconds` or a numeric Retry-After header."""
    milliseconds = detail.get("retryAfterMilliseconds")
    if (
        isinstance(milliseconds, (int, float))
        and not isinstance(milliseconds, bool)
        and 0 <= milliseconds <= 86_400_000
    ):
        return milliseconds / 1000
    header = headers.get("retry-after", "")
    return float(header) if re.fullmatch(r"\d{1,5}", header, re.ASCII) else None
