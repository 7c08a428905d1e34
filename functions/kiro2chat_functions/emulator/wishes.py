"""Everyday questions that the emulated model answers with a tool, where there is one: so that a demo shows the agent at work."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

__all__ = ["wished"]

Arguments: TypeAlias = dict[str, Any]

_ZONES = {
    "tokyo": "Asia/Tokyo", "东京": "Asia/Tokyo", "beijing": "Asia/Shanghai", "北京": "Asia/Shanghai",
    "shanghai": "Asia/Shanghai", "上海": "Asia/Shanghai", "london": "Europe/London", "伦敦": "Europe/London",
    "paris": "Europe/Paris", "berlin": "Europe/Berlin", "new york": "America/New_York", "纽约": "America/New_York",
}  # fmt: skip
_SUM = re.compile(r"(?<![\w.])\(*\d[\d.]*(?:\s*[-+*/^%]+\s*\(*\d[\d.]*\)*)+")


def _zone(question: str) -> Arguments:
    found = (zone for city, zone in _ZONES.items() if city in question.lower())
    return {"timezone": next(found, "UTC")}


def _here(_question: str) -> Arguments:
    return {"path": "."}


def _sum(question: str) -> Arguments:
    found = _SUM.search(question)
    return {"expression": found[0].strip() if found else "0"}


_WISHES: tuple[tuple[re.Pattern[str], re.Pattern[str], Callable[[str], Arguments]], ...] = (
    (
        re.compile(r"\b(?:what|which|current) (?:is the )?time\b|几点|什么时间", re.IGNORECASE),
        re.compile(r"current_time$"),
        _zone,
    ),
    (
        re.compile(r"\b(?:how many|which|list|what) (?:the |all )?files\b|多少.{0,4}文件|哪些文件", re.IGNORECASE),
        re.compile(r"(?:^|_)list_directory$|^file_read$"),
        _here,
    ),
    (_SUM, re.compile(r"^calculator$"), _sum),
)
"""What is asked, which tool answers it, and with what arguments."""


def wished(question: str, tools: Mapping[str, Any]) -> list[tuple[str, Arguments]]:
    """(tool, arguments) for each wish in the question that some tool can grant; the first tool of its kind is taken."""
    calls = []
    for asked, named, arguments in _WISHES:
        tool = next((name for name in sorted(tools, key=len, reverse=True) if named.search(name)), None)
        if tool is not None and asked.search(question):
            calls.append((tool, arguments(question)))
    return calls
