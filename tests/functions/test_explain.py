"""What a request would become, without sending it; and what a refused body is told with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.gateways import STRICT, Pair, gateway

from kiro2chat_functions.emulator import Reply
from kiro2chat_functions.explaining import guessed

LONG_NAME = "a_tool_with_a_name_" * 5
BODY = {
    "model": "claude-sonnet-4-5",
    "temperature": 0.5,
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}, {"role": "assistant"}],
    "tools": [{"type": "function", "function": {"name": LONG_NAME, "parameters": {"type": "object"}}}],
}


@pytest.fixture
def pair() -> Iterator[Pair]:
    with gateway(STRICT) as served:
        yield served


def test_the_header_shows_the_body_that_would_be_sent(pair: Pair) -> None:
    told: dict[str, Any] = pair.post(BODY, **{"x-kiro2chat-explain": "1"}).json()
    assert (told["model"], told["ignored"]) == ("claude-sonnet-4.5", ["temperature"])
    assert any("is sent as" in repair for repair in told["repairs"])
    assert "an empty assistant message was dropped" in told["repairs"]
    assert told["estimated_tokens"] > 300
    assert pair.chats() == []
    pair.emulator.script(Reply("Hello."))
    assert pair.post(BODY).status_code == 200
    assert pair.chats() == [told["body"]]


def test_a_request_that_would_be_refused_is_refused(pair: Pair) -> None:
    response = pair.post(BODY | {"n": 2}, **{"x-kiro2chat-explain": "1"})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "n")


def test_a_refused_body_is_told_with_its_repairs_and_the_request_id(pair: Pair) -> None:
    pair.emulator.inject("improper")
    response = pair.post(BODY)
    message = response.json()["error"]["message"]
    assert response.status_code == 400
    assert "Improperly formed request." in message
    assert "Kiro's request id: " in message
    assert "unknown" not in message
    assert "an empty assistant message was dropped" in message


CHAT: dict[str, Any] = {"model": "auto", "messages": [{"role": "user", "content": "Hi"}]}
GUESSES: dict[str, tuple[Any, str]] = {
    "chat": (CHAT, "chat"),
    "chat with tools": (BODY, "chat"),
    "responses": ({"model": "auto", "input": "Hi"}, "responses"),
    "messages, by its system text": (CHAT | {"system": "Be brief."}, "messages"),
    "messages, by its tools": (CHAT | {"tools": [{"name": "n", "input_schema": {}}]}, "messages"),
    "messages, by its blocks": (
        {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]}]}, "messages",
    ),
    "no object": ([], "chat"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "dialect"), GUESSES.values(), ids=GUESSES)
def test_the_dialect_of_a_body(body: Any, dialect: str) -> None:
    assert guessed(body) == dialect


def explain(home: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "kiro2chat_functions.cli", "explain", *arguments]
    return subprocess.run(
        command, env=environment, input=stdin, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_command_shows_a_file_and_needs_no_login(tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text(json.dumps(BODY))
    ran = explain(tmp_path, str(tmp_path / "request.json"))
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert (told["dialect"], told["model"], told["ignored"]) == ("chat", "claude-sonnet-4.5", ["temperature"])
    assert told["body"]["conversationState"]["currentMessage"]["userInputMessage"]["content"]
    assert "profileArn" not in told["body"]
    assert told["sure"] is False


def test_the_command_reads_any_dialect_from_standard_input(tmp_path: Path) -> None:
    body = {
        "model": "claude-opus-4-8",
        "max_tokens": 5000,
        "messages": CHAT["messages"],
        "thinking": {"type": "adaptive"},
    }
    ran = explain(tmp_path, "-", "--demo", "--dialect", "messages", stdin=json.dumps(body))
    told = json.loads(ran.stdout)
    assert told["body"]["additionalModelRequestFields"]["thinking"]["type"] == "adaptive"
    assert "profileArn" in told["body"]
    assert told["sure"] is True


@pytest.mark.parametrize(("stdin", "told"), [("{", "not valid JSON"), ("{}", "model is missing"), ("[]", "object")])
def test_the_command_says_what_is_wrong(tmp_path: Path, stdin: str, told: str) -> None:
    ran = explain(tmp_path, "-", stdin=stdin)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    ran = explain(tmp_path, str(tmp_path / "no.json"))
    assert ran.returncode == 1
    assert "no.json cannot be read" in ran.stderr
