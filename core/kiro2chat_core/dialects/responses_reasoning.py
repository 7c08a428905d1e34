"""Reasoning as the Responses API hands it back and forth: an opaque text that a client keeps and sends again.

Nothing is stored here, so the text holds everything itself: `k2c1.` and base64 of `{"text", "signature"}` or `{"redacted"}`.
"""

from __future__ import annotations

import base64
import binascii

from .. import jsonio
from ..turns import Reasoning

__all__ = ["opened", "sealed"]

_PREFIX = "k2c1."


def sealed(reasoning: Reasoning) -> str:
    """The `encrypted_content` of an item."""
    held = {"redacted": reasoning.redacted} if reasoning.redacted else _legible(reasoning)
    return _PREFIX + base64.urlsafe_b64encode(jsonio.dumps(held)).decode("ascii")


def _legible(reasoning: Reasoning) -> dict[str, str]:
    return {"text": reasoning.text, "signature": reasoning.signature}


def opened(content: str) -> Reasoning | None:
    """What `sealed` was given; None for what another server made, or what was damaged on the way."""
    if not content.startswith(_PREFIX):
        return None
    try:
        held = jsonio.loads(base64.b64decode(content[len(_PREFIX) :], altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return None
    if not isinstance(held, dict) or not all(isinstance(value, str) for value in held.values()):
        return None
    if redacted := held.get("redacted"):
        return Reasoning("", redacted=redacted)
    text, signature = held.get("text", ""), held.get("signature", "")
    return Reasoning(text, signature) if text or signature else None
