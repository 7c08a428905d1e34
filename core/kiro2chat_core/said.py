"""What was asked and answered, as it is kept where JOURNAL_BODIES says so: cut to a size, without files and credentials.

What is kept is JSON again, so that a page can show it: long texts lose their middle, long lists their early items, and more of
both where the whole is still too large. Files in base64 are told by their size. Members whose names are those of credentials
(`authorization` of an MCP server among the tools) are masked; a secret that somebody writes into a prompt is text like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from . import jsonio
from .fold import Answer
from .report import Report

__all__ = ["LARGEST", "said_of"]

LARGEST = 64 * 1024
"""Bytes of JSON of what was asked, and of what was answered."""

_STEPS = ((60_000, 2_000), (8_000, 400), (1_000, 60), (200, 12))
"""Characters to a text, and items to a list or object: the first that make the whole fit."""

_NODES, _DEPTH, _NAME = 20_000, 40, 200
"""Values looked at, so that a body of a million numbers holds up nobody; levels; characters of a member's name."""

_DATA_URL = re.compile(r"(data:[\w/.+;=-]{0,100};base64,)([A-Za-z0-9+/_=%-]+)")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/_-]{60,}[\r\n]*){4}")

_CREDENTIALS = frozenset(
    {"authorization", "authorization_token", "api_key", "apikey", "x-api-key", "access_token", "refresh_token",
     "client_secret", "password", "secret", "cookie", "bearer"}
)  # fmt: skip


def said_of(report: Report) -> dict[str, Any] | None:
    """`asked`: the body as the client sent it; `answered`: text, reasoning, calls and the error. None where nothing is kept."""
    if report.said is None:
        return None
    answered = {} if report.said.answer is None else _answered(report.said.answer)
    if report.error is not None:
        answered["error"] = {"code": report.error.code, "message": report.error.message}
    return {"asked": _fitted(report.said.asked), "answered": _fitted(answered or None)}


def _answered(answer: Answer) -> dict[str, Any]:
    calls = [{"name": call.name, "arguments": call.arguments} for call in answer.calls]
    return {"text": answer.text, "reasoning": answer.reasoning, "calls": calls}


def _fitted(value: Any) -> Any:
    shown: Any = None
    for characters, items in _STEPS:
        shown = _Cut(characters, items).of(value)
        if len(jsonio.dumps(shown)) <= LARGEST:
            return shown
    return jsonio.text(shown)[: LARGEST // 8] + " …"


@dataclass(slots=True)
class _Cut:
    characters: int
    items: int
    nodes: int = _NODES

    def of(self, value: Any, depth: int = _DEPTH) -> Any:
        self.nodes -= 1
        if isinstance(value, str):
            return self._text(value)
        if not isinstance(value, (list, dict)):
            return value
        if depth == 0 or self.nodes <= 0:
            return "…"
        return self._list(value, depth - 1) if isinstance(value, list) else self._object(value, depth - 1)

    def _list(self, values: list[Any], depth: int) -> list[Any]:
        if (more := len(values) - self.items) <= 0:
            return [self.of(each, depth) for each in values]
        first = self.items // 4  # what was said last matters most
        kept = [self.of(each, depth) for each in values[:first]]
        return [*kept, f"… {more} left out", *(self.of(each, depth) for each in values[first + more :])]

    def _object(self, members: dict[str, Any], depth: int) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for name, value in members.items():
            if len(shown) == self.items:
                shown["…"] = f"{len(members) - self.items} left out"
                break
            shown[name[:_NAME]] = self._member(members, name, value, depth)
        return shown

    def _member(self, members: dict[str, Any], name: str, value: Any, depth: int) -> Any:
        lower = name.lower()
        if lower in _CREDENTIALS and isinstance(value, str):
            return "***"
        if lower == "headers" and isinstance(value, dict):
            return dict.fromkeys([header[:_NAME] for header in value][: self.items], "***")
        if name == "data" and isinstance(value, str) and members.get("type") == "base64":
            return _size(value)
        return self.of(value, depth)

    def _text(self, text: str) -> str:
        if _BASE64.match(text):
            return _size(text)
        if "base64," in text:
            text = _DATA_URL.sub(lambda found: found[1] + _size(found[2]), text)
        if (more := len(text) - self.characters) <= 0:
            return text
        last = self.characters // 4
        return f"{text[: self.characters - last]} … {more} characters left out … {text[-last:]}"


def _size(text: str) -> str:
    return f"… {len(text)} characters of base64"
