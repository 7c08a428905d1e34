"""Claude Code itself, in print mode: a text answer, a tool round, thinking, errors it must understand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.clients.commands.stage import KEY, Stage, staged

from kiro2chat_functions.emulator import Call, Reply

OPUS = "claude-opus-4.8"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as ready:
        yield ready


def claude(stage: Stage, prompt: str, *more: str, **environ: str) -> dict[str, Any]:
    """Its own report of the run."""
    known = {
        "ANTHROPIC_BASE_URL": stage.url,
        "ANTHROPIC_AUTH_TOKEN": KEY,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_RETRIES": "1",
    }
    ran = stage.run("claude", "-p", prompt, "--output-format", "json", *more, **(known | environ))
    assert ran.stdout, ran.stderr
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def test_a_question_is_answered(stage: Stage) -> None:
    stage.emulator.script(Reply("Forty-two."))
    told = claude(stage, "What is six times seven?")
    assert (told["is_error"], told["result"]) == (False, "Forty-two.")
    assert told["usage"]["input_tokens"] > 5000  # 85 kB were sent
    assert told["usage"]["output_tokens"] > 0
    assert [noted.status for noted in stage.requests if noted.address.startswith("/v1/messages")] == [200]


def test_it_reads_a_file_and_answers_from_it(stage: Stage) -> None:
    notes = stage.folder / "notes.txt"
    notes.write_text("The password is swordfish.\n")
    stage.emulator.script(
        Reply("I'll look.", reasoning="The file will say.", calls=[Call("Read", {"file_path": str(notes)}, "t1")]),
        Reply("The password is swordfish."),
    )
    told = claude(stage, "What is the password in notes.txt?", "--allowedTools", "Read")
    assert (told["is_error"], told["result"], told["num_turns"]) == (False, "The password is swordfish.", 2)
    first, second = stage.chats()
    assert first["conversationState"]["currentMessage"]["userInputMessage"]["modelId"] == OPUS
    result = second["conversationState"]["currentMessage"]["userInputMessage"]["userInputMessageContext"][
        "toolResults"
    ][0]
    assert "swordfish" in result["content"][0]["text"]
    assert (result["toolUseId"], result["status"]) == ("t1", "success")
    thought = second["conversationState"]["history"][-1]["assistantResponseMessage"]["reasoningContent"]
    assert thought["reasoningText"]["text"] == "The file will say."
    assert first["conversationState"]["conversationId"] == second["conversationState"]["conversationId"]


def test_its_thinking_reaches_the_models_own_fields(stage: Stage) -> None:
    stage.emulator.script(Reply("Yes.", reasoning="Hm."))
    assert claude(stage, "Is it?")["result"] == "Yes."
    (sent,) = stage.chats()
    fields = sent["additionalModelRequestFields"]
    assert fields["thinking"]["type"] == "adaptive"
    assert fields["max_tokens"] == 64_000


def test_an_older_model_thinks_by_tags(stage: Stage) -> None:
    told = claude(stage, "Say what you think of this demo.", ANTHROPIC_MODEL="claude-sonnet-4-5")
    assert not told["is_error"]
    assert told["result"].startswith("## This is a demo")
    assert "<thinking>" not in told["result"]


def test_a_conversation_that_is_too_long_is_understood(stage: Stage) -> None:
    stage.emulator.inject("too_long", times=9)
    told = claude(stage, "Hello?")
    assert told["is_error"]
    assert "prompt is too long" in told["result"].lower()


def test_a_wrong_key_is_told(stage: Stage) -> None:
    told = claude(stage, "Hello?", ANTHROPIC_AUTH_TOKEN="wrong")
    assert told["is_error"]
    assert {noted.status for noted in stage.requests if noted.address.startswith("/v1/messages")} == {401}


def test_a_stream_that_breaks_is_no_empty_answer(stage: Stage) -> None:
    # More than its retries and the gateway's own can use up together: the last of them must fail too.
    stage.emulator.inject("exception", times=99, type="throttlingException", message="slow down")
    told = claude(stage, "Hello?")
    assert told["is_error"]
    assert "slow" in told["result"].lower()
