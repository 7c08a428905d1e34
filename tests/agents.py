"""Talking to the agent of a gateway as clients do: whole answers, streams of events, approvals."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from tests.gateways import Pair

__all__ = [
    "MODEL",
    "answered",
    "approve",
    "asked",
    "call",
    "chat",
    "events_in",
    "eventually",
    "kinds",
    "processes",
    "records",
    "session",
    "streaming",
    "told",
]

MODEL = "claude-sonnet-4.5"
PATIENCE = 60.0
"""Seconds: a busy machine is no defect of the code."""


def call(pair: Pair, method: str, path: str, body: object = None, key: str = "") -> httpx.Response:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return httpx.request(method, f"{pair.url}{path}", json=body, headers=headers, timeout=PATIENCE, trust_env=False)


def chat(pair: Pair, message: str | None = "Hi.", key: str = "", **fields: Any) -> httpx.Response:
    said = {} if message is None else {"message": message}
    return call(pair, "POST", "/v1/agent/chat", {"model": MODEL, **said, **fields}, key)


def answered(pair: Pair, message: str | None = "Hi.", key: str = "", **fields: Any) -> dict[str, Any]:
    """The whole answer, which must be one."""
    return _whole(chat(pair, message, key, **fields))


def told(pair: Pair, message: str | None = "Hi.", key: str = "", **fields: Any) -> list[dict[str, Any]]:
    """All events of a stream."""
    response = chat(pair, message, key, stream=True, **fields)
    assert response.status_code == 200, response.text
    return events_in(response.text)


def asked(pair: Pair, session: str, decisions: dict[str, str], key: str = "", **fields: Any) -> httpx.Response:
    return call(pair, "POST", "/v1/agent/approve", {"session_id": session, "decisions": decisions, **fields}, key)


def approve(pair: Pair, session: str, decisions: dict[str, str], key: str = "", **fields: Any) -> dict[str, Any]:
    return _whole(asked(pair, session, decisions, key, **fields))


def session(pair: Pair, id: str, key: str = "", query: str = "") -> dict[str, Any]:
    return _whole(call(pair, "GET", f"/v1/agent/sessions/{id}{query}", key=key))


def records(pair: Pair) -> list[dict[str, Any]]:
    """Runs on record."""
    found = _whole(call(pair, "GET", "/api/requests"))["requests"]
    return [each for each in found if each["dialect"] == "agent"]


@contextmanager
def streaming(pair: Pair, message: str = "Hi.", path: str = "/v1/agent/chat", **fields: Any) -> Iterator[Iterator[Any]]:
    """Events as they come; leaving the context closes the connection."""
    body = {"model": MODEL, "message": message, "stream": True, **fields}
    with httpx.stream("POST", f"{pair.url}{path}", json=body, timeout=PATIENCE, trust_env=False) as response:
        assert response.status_code == 200, response.read()
        yield (json.loads(line[6:]) for line in response.iter_lines() if line.startswith("data: "))


def events_in(text: str) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


def kinds(events: list[dict[str, Any]]) -> list[str]:
    """Their types, each run of the same one once."""
    types = [event["type"] for event in events]
    return [type for at, type in enumerate(types) if at == 0 or types[at - 1] != type]


def eventually(found: Callable[[], Any], within: float = PATIENCE) -> Any:
    """What is found, as soon as it is something."""
    deadline = time.monotonic() + within
    while not (result := found()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return result


def processes(mark: str) -> list[str]:
    """Command lines of this machine in which a mark stands."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if mark in line:
            found.append(line)
    return found


def _whole(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body
