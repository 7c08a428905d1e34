"""Signatures of reasoning: whoever changed the text, or took it to another model, is found out."""

from __future__ import annotations

import base64
import hashlib
import hmac

__all__ = ["is_genuine", "sign"]

_KEY = b"kiro2chat emulator"  # not a secret: it only has to be hard to meet by accident


def sign(model: str, text: str) -> str:
    digest = hmac.digest(_KEY, f"{model}\0{text}".encode(errors="replace"), hashlib.sha256)
    return "Eo" + base64.b64encode(digest).decode()


def is_genuine(signature: object, model: str, text: object) -> bool:
    return isinstance(signature, str) and hmac.compare_digest(
        signature.encode(errors="replace"), sign(model, text if isinstance(text, str) else "").encode()
    )
