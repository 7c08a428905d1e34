"""Requests on record, through real sockets: what was asked is what is told, and nothing of what was said is kept."""

from __future__ import annotations

from typing import Any

import httpx
from tests.gateways import Pair, gateway

MODEL = "claude-sonnet-4.5"
ASK = {"model": MODEL, "messages": [{"role": "user", "content": "Hi."}]}


def told(pair: Pair, path: str, **headers: str) -> Any:
    response = httpx.get(f"{pair.url}{path}", headers=headers, timeout=30, trust_env=False)
    assert response.status_code == 200, response.text
    return response.json()


def test_a_request_is_found_as_soon_as_it_is_answered() -> None:
    with gateway() as pair:
        answer = pair.post(ASK)
        (record,) = told(pair, "/api/requests")["requests"]
    assert (record["status"], record["result"], record["model"], record["dialect"]) == (200, "2xx", MODEL, "chat")
    assert record["id"] == answer.json()["id"] == answer.headers["x-request-id"]
