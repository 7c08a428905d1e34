"""What a client keeps for us in `encrypted_content`: reasoning with its proof, and summaries of histories.

Nothing is stored here, so the text holds everything itself: `k2c1.` and base64 of `{"text", "signature"}`, `{"redacted"}` or
`{"summary"}`. Nothing in it is secret.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from .. import jsonio
from ..turns import Reasoning

__all__ = ["opened", "opened_summary", "sealed", "sealed_summary"]

_PREFIX = "k2c1."


def sealed(reasoning: Reasoning) -> str:
    if reasoning.redacted:
        return _seal({"redacted": reasoning.redacted})
    return _seal({"text": reasoning.text, "signature": reasoning.signature})


def opened(content: str) -> Reasoning | None:
    """What `sealed` was given; None for what another server made, or what was damaged on the way."""
    held = _held(content)
    if redacted := held.get("redacted"):
        return Reasoning("", redacted=redacted)
    text, signature = held.get("text", ""), held.get("signature", "")
    return Reasoning(text, signature) if text or signature else None


def sealed_summary(text: str) -> str:
    return _seal({"summary": text})


def opened_summary(content: str) -> str:
    """What `sealed_summary` was given; "" for anything else."""
    return _held(content).get("summary", "")


def _seal(held: dict[str, str]) -> str:
    return _PREFIX + base64.urlsafe_b64encode(jsonio.dumps(held)).decode("ascii")


def _held(content: str) -> dict[str, str]:
    if not content.startswith(_PREFIX):
        return {}
    try:
        held: Any = jsonio.loads(base64.b64decode(content[len(_PREFIX) :], altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return {}
    return held if isinstance(held, dict) and all(isinstance(value, str) for value in held.values()) else {}
