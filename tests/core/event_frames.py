"""Frames of an answer in a few words, and what they are decoded to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kiro2chat_core.kiro.events import AnswerDecoder
from kiro2chat_core.kiro.eventstream import Frame
from kiro2chat_core.turns import (
    Event,
)

__all__ = ["METERED", "TOOLS", "decoded", "event", "exception", "text", "use"]

TOOLS = {"read_file": "read_file", "wire_1a2b": "the client's own name"}


def event(event_type: str, /, **payload: Any) -> Frame:
    return Frame({":message-type": "event", ":event-type": event_type}, json.dumps(payload).encode())


def text(content: str) -> Frame:
    return event("assistantResponseEvent", content=content)


def use(call_id: str = "t1", name: str = "read_file", **members: Any) -> Frame:
    return event("toolUseEvent", toolUseId=call_id, name=name, **members)


def exception(kind: str, **payload: Any) -> Frame:
    return Frame({":message-type": "exception", ":exception-type": kind}, json.dumps(payload).encode())


METERED = event("meteringEvent", unit="credit", unitPlural="credits", usage=0.5)


def decoded(*frames: Frame, tools: Mapping[str, str] = TOOLS) -> list[Event]:
    decoder = AnswerDecoder(tools)
    return decoder.feed(frames) + decoder.finish()
