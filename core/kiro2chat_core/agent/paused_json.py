"""A run that waits, as JSON text and back: how sessions keep it."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from typing import Any

from .. import jsonio
from .pausing import LIMITS, Budget, Limit, Paused

__all__ = ["paused_from", "text_of"]

logger = logging.getLogger(__name__)


def text_of(paused: Paused) -> str:
    left = [getattr(paused.left, name) for name in LIMITS]
    limits = {name: [limit.most, limit.source] for name, limit in paused.left.limits.items()}
    kept: dict[str, Any] = {"asked": dict(paused.asked), "tools": list(paused.tools), "calls": list(paused.calls)}
    kept["instructions"] = paused.instructions
    return jsonio.text({"state": _packed(paused.state), "left": left, "limits": limits, **kept})


def paused_from(text: str) -> Paused | None:
    """None where it is another version's: its calls then count as broken off."""
    try:
        value = jsonio.loads(text)
        limits = {name: Limit(most, source) for name, (most, source) in value.get("limits", {}).items()}
        left = Budget(**dict(zip(LIMITS, value["left"], strict=True)), limits=limits)
        tools, calls = tuple(value["tools"]), tuple(value["calls"])
        return Paused(_unpacked(value["state"]), value["asked"], tools, value["instructions"], left, calls)
    except (KeyError, TypeError, ValueError) as odd:
        logger.warning("What a session waits for cannot be read (%s): it is broken off", type(odd).__name__)
        return None


_BYTES, _PLAIN = "__bytes__", "__plain__"
"""Bytes as base64; and a mapping that looks like either, which a model may write, in a mapping of its own."""


def _packed(value: Any) -> Any:
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        packed = {name: _packed(each) for name, each in value.items()}
        return {_PLAIN: packed} if packed.keys() in ({_BYTES}, {_PLAIN}) else packed
    return [_packed(each) for each in value] if isinstance(value, (list, tuple)) else value


def _unpacked(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {_BYTES}:
            return base64.b64decode(value[_BYTES])
        plain = value[_PLAIN] if value.keys() == {_PLAIN} else value
        return {name: _unpacked(each) for name, each in plain.items()}
    return [_unpacked(each) for each in value] if isinstance(value, list) else value
