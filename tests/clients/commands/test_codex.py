"""Codex itself, not interactive: a text answer, a shell round, errors it must understand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.clients.commands.stage import KEY, Stage, staged

from kiro2chat_functions.emulator import Call, Reply

CONFIG = """\
model = "{model}"
model_provider = "kiro"

[model_providers.kiro]
name = "Kiro"
base_url = "{url}/v1"
env_key = "KIRO_KEY"
wire_api = "responses"
request_max_retries = 1
stream_max_retries = 1
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as ready:
        yield ready


def codex(stage: Stage, prompt: str, *, key: str = KEY, model: str = "claude-sonnet-4.5") -> list[dict[str, Any]]:
    """The events of the run."""
    home = stage.home / ".codex"
    home.mkdir()
    (home / "config.toml").write_text(CONFIG.format(url=stage.url, model=model))
    options = ("--skip-git-repo-check", "--json", "--dangerously-bypass-approvals-and-sandbox")
    ran = stage.run("codex", "exec", *options, prompt, KIRO_KEY=key)
    assert ran.stdout, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def said(events: list[dict[str, Any]]) -> list[str]:
    items = [event["item"] for event in events if event["type"] == "item.completed"]
    return [item["text"] for item in items if item["type"] == "agent_message"]


def test_a_question_is_answered(stage: Stage) -> None:
    stage.emulator.script(Reply("Forty-two."))
    events = codex(stage, "What is six times seven?")
    assert said(events) == ["Forty-two."]
    assert events[-1]["type"] == "turn.completed"
    assert events[-1]["usage"]["input_tokens"] > 3000
    assert [noted.status for noted in stage.requests if noted.method == "POST"] == [200]


def test_it_runs_a_command_and_answers_from_its_output(stage: Stage) -> None:
    (stage.folder / "notes.txt").write_text("The password is swordfish.\n")
    stage.emulator.script(
        Reply("I'll look.", calls=[Call("exec_command", {"cmd": "cat notes.txt"}, "t1")]),
        Reply("The password is swordfish."),
    )
    events = codex(stage, "What is the password in notes.txt?")
    assert said(events)[-1] == "The password is swordfish."
    commands = [event["item"] for event in events if event.get("item", {}).get("type") == "command_execution"]
    assert commands[-1]["exit_code"] == 0
    second = stage.chats()[-1]["conversationState"]["currentMessage"]["userInputMessage"]
    (result,) = second["userInputMessageContext"]["toolResults"]
    assert "swordfish" in result["content"][0]["text"]


def test_its_namespaces_and_unknown_tools_are_no_error(stage: Stage) -> None:
    stage.emulator.script(Reply("Done."))
    codex(stage, "Hello")
    (sent,) = stage.chats()
    tools = sent["conversationState"]["currentMessage"]["userInputMessage"]["userInputMessageContext"]["tools"]
    names = {tool["toolSpecification"]["name"] for tool in tools}
    assert "exec_command" in names
    assert any(name.startswith("multi_agent_v1__") for name in names)


def test_a_conversation_that_is_too_long_is_understood(stage: Stage) -> None:
    stage.emulator.inject("too_long", times=9)
    events = codex(stage, "Hello?")
    told = json.dumps([event for event in events if event["type"] in ("error", "turn.failed")])
    assert "context" in told


def test_a_wrong_key_is_told(stage: Stage) -> None:
    events = codex(stage, "Hello?", key="wrong")
    assert events[-1]["type"] == "turn.failed"
    assert "401" in json.dumps(events)
