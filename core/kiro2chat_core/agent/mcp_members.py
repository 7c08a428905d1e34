"""What may stand in mcp.json: one table for the checks, the schema and what the errors say. Kiro's form (clients.md 2.3)."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

__all__ = ["MEMBERS", "TOP", "TRANSPORTS", "Member", "plain", "schema", "unknown", "violations"]

TRANSPORTS: Mapping[str, str] = {
    "stdio": "stdio",
    "http": "http",
    "streamable-http": "http",
    "streamable_http": "http",
    "streamableHttp": "http",
    "sse": "sse",
    "local": "stdio",
    "remote": "http",
}
"""Spellings of `type` and `transport` → what they mean."""

TOP = ("mcpServers", "$schema", "inputs", "powers")
"""Members of the file. Kiro and editors keep more than servers in it; that is theirs."""

_MAX_TIMEOUT = 3_600_000
_CAREFUL = ("disabled", "disabledTools", "autoApprove")
"""Members whose misspelling would run what was meant not to run, or ask where nobody is to be asked."""


@dataclass(frozen=True, slots=True)
class Member:
    """`fits` takes a value; `expected` ends the sentence "… must be"."""

    fits: Callable[[Any], bool]
    expected: str
    schema: Mapping[str, Any]
    help: str


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and "\0" not in item for item in value)


def _pairs(value: Any) -> bool:
    return isinstance(value, dict) and all(_name(name) and isinstance(item, str) for name, item in value.items())


def _values(value: Any) -> bool:
    return isinstance(value, dict) and all(
        _name(name) and isinstance(item, (str, int, float)) and "\0" not in str(item) for name, item in value.items()
    )


def _name(value: str) -> bool:
    return bool(value) and not set(value) & set("=\0\r\n")


def _headers(value: Any) -> bool:
    return _pairs(value) and all(
        name.isascii() and not set(name + item) & set("\r\n\0") and item.isascii() for name, item in value.items()
    )


def _url(value: Any) -> bool:
    if not _text(value):
        return False
    if "${" in value:  # checked once it is expanded
        return True
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _switch(value: Any) -> bool:
    return isinstance(value, bool)


def _transport(value: Any) -> bool:
    return isinstance(value, str) and value in TRANSPORTS


def _milliseconds(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and value == value // 1 and 0 <= value <= _MAX_TIMEOUT


def _anything(_value: Any) -> bool:
    return True


_NAMES = {"type": "array", "items": {"type": "string"}}
_PAIRS = {"type": "object", "additionalProperties": {"type": "string"}}
_VALUES = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
_WAYS = {"enum": list(TRANSPORTS)}

MEMBERS: Mapping[str, Member] = {
    "command": Member(_text, "a text", {"type": "string", "minLength": 1}, "Program to start, looked for in PATH."),
    "args": Member(_texts, "a list of texts", _NAMES, "Its arguments."),
    "env": Member(
        _values,
        "an object of texts, numbers, true and false",
        _VALUES,
        "Variables for it, besides a few safe ones such as PATH.",
    ),
    "cwd": Member(_text, "a text", {"type": "string", "minLength": 1}, "Folder to start it in; else the workspace."),
    "url": Member(_url, "an http or https address", {"type": "string"}, "Address of a server on the network."),
    "headers": Member(_headers, "an object of texts without line breaks", _PAIRS, "Headers sent to the address."),
    "type": Member(_transport, f"one of {', '.join(TRANSPORTS)}", _WAYS, "How it is reached."),
    "transport": Member(_transport, f"one of {', '.join(TRANSPORTS)}", _WAYS, "The same as `type`."),
    "disabled": Member(_switch, "true or false", {"type": "boolean"}, "Whether it is left alone."),
    "autoApprove": Member(_texts, "a list of texts", _NAMES, "Tools that run without asking; `*` for all."),
    "disabledTools": Member(_texts, "a list of texts", _NAMES, "Tools that are not offered."),
    "timeout": Member(
        _milliseconds,
        f"a whole number of milliseconds up to {_MAX_TIMEOUT}",
        {"type": "integer", "minimum": 0, "maximum": _MAX_TIMEOUT},
        "Milliseconds for its start, and for each call; 60000 unless told, or 0.",
    ),
    "description": Member(_anything, "anything", {}, "For people."),
    "oauth": Member(_anything, "anything", {}, "Kiro's; has no effect here."),
    "oauthScopes": Member(_anything, "anything", {}, "Kiro's; has no effect here."),
}


def violations(entry: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong with one server's entry: (path within it, sentence)."""
    if not isinstance(entry, dict):
        yield (), "must be an object with `command` or `url`"
        return
    entry = plain(entry)
    for name, value in entry.items():
        if name not in MEMBERS:
            if near := _near(name, _CAREFUL):
                yield (name,), f"is unknown; did you mean {near}?"
        elif not MEMBERS[name].fits(value):
            yield (name,), f"must be {MEMBERS[name].expected}"
    yield from _together(entry)


def unknown(entry: Any) -> Iterator[tuple[str, str]]:
    """Members that have no effect, though nothing is wrong with them: other programs read the file too."""
    for name in plain(entry) if isinstance(entry, dict) else ():
        if name not in MEMBERS and not _near(name, _CAREFUL):
            near = _near(name, MEMBERS)
            hint = f"did you mean {near}?" if near else f"known: {', '.join(MEMBERS)}"
            yield name, f"is unknown and has no effect; {hint}"


def plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry without what says nothing, and with the values of `env` as texts where they are numbers, true or false."""
    kept = {name: value for name, value in entry.items() if value is not None}
    for empty, other in (("url", "command"), ("command", "url")):
        if kept.get(empty) == "" and kept.get(other):
            del kept[empty]
    if _values(kept.get("env")):
        kept["env"] = {name: _written(value) for name, value in kept["env"].items()}
    return kept


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _near(name: str, known: Iterable[str]) -> str:
    """The member that is meant, "" where none is near: `auto_approve`, `Disabled`, `comand`."""
    same = {_bare(each): each for each in known}
    near = difflib.get_close_matches(_bare(name), same, 1, 0.75)
    return same[near[0]] if near else ""


def _bare(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _together(entry: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    named = {TRANSPORTS[entry[key]] for key in ("type", "transport") if _transport(entry.get(key))}
    if len(named) > 1:
        yield ("transport",), "says something else than `type`"
    if "command" in entry and "url" in entry:
        yield ("url",), "stands beside `command`; a server has one of the two"
    elif "command" not in entry and "url" not in entry:
        yield (), "needs `command` (a program) or `url` (an address)"
    elif "url" in entry and named == {"stdio"}:
        yield ("url",), "needs `type` http or sse"
    elif "command" in entry and named and "stdio" not in named:
        yield ("command",), "needs `type` stdio, or none"


def schema() -> dict[str, Any]:
    """A JSON Schema of mcp.json, for editors."""
    properties = {name: {**member.schema, "description": member.help} for name, member in MEMBERS.items()}
    server = {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "oneOf": [{"required": ["command"]}, {"required": ["url"]}],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "mcpServers": {"type": "object", "additionalProperties": server},
            **{name: {} for name in TOP if name != "mcpServers"},
        },
        "required": ["mcpServers"],
        "additionalProperties": False,
    }
