"""Fields of credentials as the different writers spell them (protocol notes 1.3 to 1.5). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from .. import jsonio

__all__ = ["field", "like", "members", "merged", "moment", "plain", "profile_arn", "rfc3339", "token", "words"]

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?\s*(?:[Zz]|([+-])(\d\d):?(\d\d))?", re.ASCII
)
_NUMBER = re.compile(r"\d{1,17}(?:\.\d+)?", re.ASCII)
_MILLISECONDS = 1e10
"""Epoch numbers above are milliseconds: in seconds this would be the year 2286."""


def members(text: str) -> Mapping[str, Any] | None:
    """The JSON object that the text is, maybe after a byte order mark; None where it is something else."""
    value = _json(text.removeprefix("\ufeff"))
    return value if isinstance(value, dict) else None


def plain(text: str) -> str:
    """A value of `state` that is a string: quoted as JSON, or bare."""
    value = _json(text)
    return value if isinstance(value, str) else ""


def profile_arn(text: str) -> str | None:
    """The ARN of `state`'s profile, in each of its forms: an object with `arn`, or the ARN, quoted or bare."""
    value = _json(text)
    arn = value.get("arn") if isinstance(value, dict) else value
    return arn if isinstance(arn, str) and arn.startswith("arn:") else None


def field(value: Mapping[str, Any], name: str) -> Any:
    """A member by its snake_case name, in snake_case or camelCase; None where it is absent or null."""
    found = value.get(name)
    return found if found is not None else value.get(_camel(name))


def words(value: Mapping[str, Any], name: str) -> str:
    """A member that is text, "" where it is not."""
    found = field(value, name)
    return found if isinstance(found, str) else ""


def token(value: Mapping[str, Any], name: str) -> str:
    """A member that is a token, "" where it is not: others cannot stand in a header."""
    found = words(value, name)
    return found if re.fullmatch(r"[\x21-\x7e]+", found) else ""


def moment(value: object) -> float | None:
    """Epoch seconds of an RFC 3339 text (any number of fractional digits) or of an epoch number in s or ms, also as text.

    None for anything else: a login without a readable expiry counts as good until it is refused.
    """
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value.strip()):
            return _from_text(value.strip())
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e18:
        return None
    return value / 1000 if value > _MILLISECONDS else float(value)


def rfc3339(seconds: float, digits: int = 6) -> str:
    """UTC with Z. kiro-cli writes six digits of the fraction, Kiro IDE three."""
    instant = datetime.fromtimestamp(seconds, UTC)
    fraction = f"{instant.microsecond:06d}".ljust(digits, "0")[:digits]
    return f"{instant:%Y-%m-%dT%H:%M:%S}{'.' if digits else ''}{fraction}Z"


def like(old: object, seconds: float) -> str | int:
    """The moment in the form of the `old` one: text with as many digits, or an epoch number in s or ms, maybe as text."""
    if isinstance(old, str) and (match := _RFC3339.fullmatch(old.strip())):
        return rfc3339(seconds, len(match[7] or ""))
    if moment(old) is None:
        return rfc3339(seconds)
    number = int(seconds * 1000 if float(old) > _MILLISECONDS else seconds)  # type: ignore[arg-type]
    return str(number) if isinstance(old, str) else number


def merged(value: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The object with `changes` (by snake_case names) in each spelling it already has; other members are kept."""
    result = dict(value)
    camel = "accessToken" in value or "refreshToken" in value
    for name, new in changes.items():
        present = [spelled for spelled in (name, _camel(name)) if spelled in value]
        for spelled in present or [_camel(name) if camel else name]:
            result[spelled] = new
    return result


def _json(text: str) -> Any:
    try:
        return jsonio.loads(text)
    except ValueError:
        return text


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
