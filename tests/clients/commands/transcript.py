"""One session with a client as Markdown: what it sent, what it was answered, what it printed. The same in every run."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.clients.commands.stage import Noted

__all__ = ["session"]

_SHOWN = ("model", "stream", "store", "max_tokens", "thinking", "output_config", "reasoning", "include", "tool_choice")
_IDS = re.compile(r"/tmp/[^\s\"'`]*/work\b")


def session(title: str, commands: str, noted: Iterable[Noted], printed: str) -> str:
    """A section of the page."""
    in_order = sorted(noted, key=lambda one: one.method != "HEAD")  # what only looks may come at any time
    steps = "\n".join(f"{number}. {line}" for number, line in enumerate(map(_exchange, in_order), 1))
    return f"## {title}\n\n```sh\n{commands}\n```\n\n{steps}\n\nIt printed:\n\n```text\n{_IDS.sub('.', printed).strip()}\n```\n"


def _exchange(noted: Noted) -> str:
    body = noted.body if isinstance(noted.body, dict) else {}
    shown = {name: body[name] for name in _SHOWN if name in body}
    told = "".join(f", {name} `{json.dumps(value)}`" for name, value in shown.items())
    told += ", tools" if body.get("tools") else ""  # how many depends on the machine
    answer = ", ".join(_collapsed(_events(noted.answer))) or ", ".join(_members(noted.answer))
    return f"`{noted.method} {noted.address}`{told}<br>→ {noted.status}{f': {answer}' if answer else ''}"


def _events(answer: str) -> Iterator[str]:
    for line in answer.splitlines():
        if line.startswith("event: "):
            yield line.removeprefix("event: ")


def _collapsed(names: Iterable[str]) -> Iterator[str]:
    """Repeated events once: how often they come is a matter of pieces."""
    for name, _same in itertools.groupby(names):
        yield f"`{name}`"


def _members(answer: str) -> Iterator[str]:
    try:
        value: Any = json.loads(answer)
    except ValueError:
        return
    if isinstance(value, Mapping):
        yield from (f"`{name}`" for name in value)
