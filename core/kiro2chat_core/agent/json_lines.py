"""JSON whose members know on which line they stand, for errors that people can find in a file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..jsonio import MAX_DEPTH

__all__ = ["Broken", "Located", "Path", "parse"]

Path: TypeAlias = tuple[str | int, ...]
"""Names and positions from the top, such as `("mcpServers", "time", "args", 0)`."""

_OPENING: Mapping[str, str | int] = {"{": "", "[": 0}
"""What stands in the path until a name or an item comes."""
_CLOSING = frozenset("}]")
_MARKS = _CLOSING | {",", ":"}
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')


class Broken(ValueError):
    """No JSON. `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Located:
    """`lines` has a line for every member and item; `doubled` the names that an object has twice, by their second place."""

    value: Any
    lines: Mapping[Path, int]
    doubled: tuple[Path, ...]

    def line(self, path: Path) -> int | None:
        """Where it stands, or the nearest thing around it that does."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path)


def parse(text: str) -> Located:
    """Raises Broken where it is no JSON, or nested deeper than a hundred levels."""
    try:
        value = json.loads(text, parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()  # half a character can be escaped, and written nowhere
    except json.JSONDecodeError as bad:
        rest = text[bad.pos : bad.pos + 2]
        hint = " (JSON has no comments)" if rest in ("//", "/*") else ""
        raise Broken(f"{bad.msg}{hint}", bad.lineno, bad.colno) from None
    except RecursionError:
        raise Broken("nested too deeply", 1, 1) from None
    except UnicodeEncodeError:
        raise Broken("it holds half a character (\\ud800 to \\udfff)", 1, 1) from None
    except ValueError as bad:
        raise Broken(str(bad), 1, 1) from None
    lines, doubled = _places(text)
    return Located(value, lines, tuple(doubled))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _places(text: str) -> tuple[dict[Path, int], list[Path]]:
    """Of valid JSON: a walk over its tokens."""
    lines: dict[Path, int] = {(): 1}
    doubled: list[Path] = []
    path: list[str | int] = []
    awaits_name = [False]
    line, counted = 1, 0
    for token in _TOKEN.finditer(text):
        word = token.group()
        line += text.count("\n", counted, token.start())
        counted = token.start()
        in_list = bool(path) and isinstance(path[-1], int)
        if in_list and word not in _MARKS:
            lines[tuple(path)] = line
        if word in _OPENING:
            if len(path) >= MAX_DEPTH:
                raise Broken(f"nested deeper than {MAX_DEPTH} levels", line, 1)
            path.append(_OPENING[word])
            awaits_name.append(word == "{")
        elif word in _CLOSING:
            path.pop()
            awaits_name.pop()
        elif word == ",":
            awaits_name[-1] = not in_list
            if isinstance(path[-1], int):
                path[-1] += 1
        elif word != ":" and awaits_name[-1]:
            path[-1] = json.loads(word)
            awaits_name[-1] = False
            if tuple(path) in lines:
                doubled.append(tuple(path))
            lines[tuple(path)] = line
    return lines, doubled
