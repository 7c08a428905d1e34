"""Fields of credentials as the different writers spell them (protocol notes 1.3 to 1.5). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

__all__ = ["field", "merged", "moment", "profile_arn", "rfc3339", "words"]

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?\s*(?:[Zz]|([+-])(\d\d):?(\d\d))?", re.ASCII
)
_MILLISECONDS = 1e10
"""Epoch numbers above are milliseconds: in seconds this would be the year 2286."""


def field(value: Mapping[str, Any], name: str) -> Any:
    """A member by its snake_case name, in snake_case or camelCase; None where it is absent or null."""
    found = value.get(name)
    return found if found is not None else value.get(_camel(name))


def words(value: Mapping[str, Any], name: str) -> str:
    """A member that is text, "" where it is not."""
    found = field(value, name)
    return found if isinstance(found, str) else ""


def moment(value: object) -> float | None:
    """Epoch seconds of an RFC 3339 text (any number of fractional digits) or of an epoch number in s or ms, also as text.

    None for anything else: a login without a readable expiry counts as good until it is refused.
    """
    if isinstance(value, str):
        if re.fullmatch(r"\d{1,17}(\.\d+)?", value.strip(), re.ASCII):
            value = float(value)
        else:
            return _from_text(value.strip())
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e18:
        return None
    return value / 1000 if value > _MILLISECONDS else float(value)


def rfc3339(seconds: float) -> str:
    """As kiro-cli writes it: UTC with microseconds and Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def profile_arn(value: object) -> str | None:
    """The ARN of `state`'s profile, in each of its forms: an object with `arn`, or the bare text."""
    arn = value.get("arn") if isinstance(value, Mapping) else value
    return arn if isinstance(arn, str) and arn.startswith("arn:") else None


def merged(value: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The object with `changes` (by snake_case names) in the spelling it already has; unknown members are kept."""
    result = dict(value)
    camel = "accessToken" in value or "refreshToken" in value
    for name, new in changes.items():
        spelled = _camel(name)
        result[spelled if spelled in value or (camel and name not in value) else name] = new
    return result


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _from_text(text: str) -> float | None:
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    *calendar, fraction, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    try:
        instant = datetime(*map(int, calendar), tzinfo=timezone(offset))  # type: ignore[misc, arg-type]
        return instant.timestamp() + float(f"0.{fraction or 0}")
    except (ValueError, OverflowError):
        return None
