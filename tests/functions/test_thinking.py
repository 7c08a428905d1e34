"""Thinking over a real socket: native fields, tags, signatures that come back, and the one repeat without reasoning."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.gateways import STRICT, Pair, gateway

from kiro2chat_functions.emulator import Call, Reply

OPUS, SONNET = "claude-opus-4.8", "claude-sonnet-4.5"
LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture
def pair() -> Iterator[Pair]:
    with gateway(STRICT) as served:
        yield served


def message(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()["choices"][0]["message"]
    return told


def asking(model: str, *messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": list(messages) or [{"role": "user", "content": "Why?"}], **more}


def test_an_effort_becomes_the_models_own_fields(pair: Pair) -> None:
    answer = message(pair.post(asking(OPUS, reasoning_effort="high")))
    assert "The question is about: Why?" in answer["reasoning_content"]
    assert answer["reasoning_details"][0]["signature"].startswith("Eo")
    assert pair.chats()[-1]["additionalModelRequestFields"] == {
        "output_config": {"effort": "high"},
        "thinking": {"type": "adaptive", "display": "summarized"},
    }


def test_an_effort_in_the_name_of_the_model(pair: Pair) -> None:
    assert message(pair.post(asking(f"{OPUS}:low")))["reasoning_content"]
    assert pair.chats()[-1]["additionalModelRequestFields"]["output_config"] == {"effort": "low"}
    assert pair.chats()[-1]["conversationState"]["currentMessage"]["userInputMessage"]["modelId"] == OPUS


def test_names_with_efforts_are_listed_if_wanted() -> None:
    with gateway(STRICT, MODEL_EFFORTS="on") as pair:
        listed = {model["id"] for model in httpx.get(f"{pair.url}/v1/models", trust_env=False).json()["data"]}
    assert {OPUS, f"{OPUS}:max", SONNET} <= listed
    assert f"{SONNET}:max" not in listed


@pytest.mark.parametrize("stream", [True, False])
def test_models_without_fields_think_by_tags(pair: Pair, stream: bool) -> None:
    response = pair.post(asking(SONNET, reasoning_effort="low", stream=stream))
    if stream:
        deltas = [json.loads(line[6:])["choices"][0]["delta"] for line in response.text.splitlines() if "delta" in line]
        reasoning = "".join(delta.get("reasoning_content", "") for delta in deltas)
        text = "".join(delta.get("content", "") for delta in deltas)
    else:
        reasoning, text = message(response)["reasoning_content"], message(response)["content"]
    assert reasoning.startswith("The question is about: ")
    assert text.startswith("## This is a demo")
    assert "thinking>" not in reasoning + text
    sent = pair.chats()[-1]
    assert "additionalModelRequestFields" not in sent
    content = sent["conversationState"]["currentMessage"]["userInputMessage"]["content"]
    assert content.startswith("<thinking_mode>enabled</thinking_mode><max_thinking_length>4000</max_thinking_length>")


def test_without_being_asked_nothing_is_said_of_thinking(pair: Pair) -> None:
    message(pair.post(asking(SONNET)))
    assert "thinking_mode" not in str(pair.chats()[-1])


def test_tags_that_nobody_asked_for_are_text(pair: Pair) -> None:
    pair.emulator.script(Reply("<thinking>Hm.</thinking>\n\nYes."))
    assert message(pair.post(asking(SONNET)))["content"] == "<thinking>Hm.</thinking>\n\nYes."


def test_signed_reasoning_goes_back_in_a_tool_loop(pair: Pair) -> None:
    pair.emulator.script(Reply("", reasoning="I must look.", calls=[Call("look", {}, "t1")]))
    question = {"role": "user", "content": "Look."}
    answer = message(pair.post(asking(OPUS, question, tools=[LOOK], reasoning_effort="high")))
    result = {"role": "tool", "tool_call_id": "t1", "content": "a tree"}
    message(pair.post(asking(OPUS, question, answer, result, tools=[LOOK], reasoning_effort="high")))
    sent = pair.chats()[-1]["conversationState"]["history"][1]["assistantResponseMessage"]["reasoningContent"]
    assert sent == {"reasoningText": {"text": "I must look.", "signature": answer["reasoning_details"][0]["signature"]}}


def test_redacted_reasoning_goes_back(pair: Pair) -> None:
    gpt = "gpt-5.6-sol"
    pair.emulator.script(Reply("", reasoning="secret", redacted=True, calls=[Call("look", {}, "t1")]))
    question = {"role": "user", "content": "Look."}
    answer = message(pair.post(asking(gpt, question, tools=[LOOK], reasoning_effort="high")))
    assert "reasoning_content" not in answer
    result = {"role": "tool", "tool_call_id": "t1", "content": "a tree"}
    message(pair.post(asking(gpt, question, answer, result, tools=[LOOK])))
    sent = pair.chats()[-1]["conversationState"]["history"][1]["assistantResponseMessage"]["reasoningContent"]
    assert sent == {"redactedContent": answer["reasoning_details"][0]["data"]}


def thought(signature: str) -> dict[str, Any]:
    return {"role": "assistant", "content": "Yes.", "thinking_blocks": [{"thinking": "Hm.", "signature": signature}]}


def test_a_refused_signature_is_repeated_once_without_any_reasoning(pair: Pair) -> None:
    turns = ({"role": "user", "content": "Hi"}, thought("Eo-forged"), {"role": "user", "content": "Why?"})
    assert message(pair.post(asking(OPUS, *turns)))["content"]
    assert ["reasoningContent" in str(chat) for chat in pair.chats()] == [True, False]
    assert message(pair.post(asking(OPUS, *turns)))["content"]
    assert ["reasoningContent" in str(chat) for chat in pair.chats()[2:]] == [False]  # it is known by now


def test_another_models_reasoning_is_never_sent(pair: Pair) -> None:
    question = {"role": "user", "content": "Please think."}
    answer = message(pair.post(asking(OPUS, question, reasoning_effort="high")))
    message(pair.post(asking("claude-opus-5", question, answer, {"role": "user", "content": "And?"})))
    message(pair.post(asking(OPUS, question, answer, {"role": "user", "content": "And?"})))
    assert ["reasoningContent" in str(chat) for chat in pair.chats()] == [False, False, True]


def test_without_thinking_no_reasoning_is_sent(pair: Pair) -> None:
    turns = ({"role": "user", "content": "Hi"}, thought("Eo"), {"role": "user", "content": "Why?"})
    message(pair.post(asking(OPUS, *turns, reasoning_effort="none")))
    assert "reasoningContent" not in str(pair.chats())
    assert pair.chats()[-1]["additionalModelRequestFields"] == {"thinking": {"type": "disabled"}}


def test_thoughts_that_nobody_wants_to_read_are_not_shown(pair: Pair) -> None:
    for model in (OPUS, SONNET):
        answer = message(pair.post(asking(model, reasoning={"effort": "low", "exclude": True})))
        assert answer["content"]
        assert "reasoning_content" not in answer


def test_the_effort_of_the_name_goes_before_the_clients_own_default(pair: Pair) -> None:
    message(pair.post(asking(f"{OPUS}:low", reasoning_effort="high")))
    assert pair.chats()[-1]["additionalModelRequestFields"]["output_config"] == {"effort": "low"}
    message(pair.post(asking(f"{OPUS}:none", reasoning_effort="high")))
    assert pair.chats()[-1]["additionalModelRequestFields"]["thinking"] == {"type": "disabled"}


def test_a_refusal_of_one_model_says_nothing_to_the_one_that_made_the_reasoning(pair: Pair) -> None:
    question = {"role": "user", "content": "Please think."}
    with gateway(STRICT) as other:  # its process has seen nothing of it
        other.emulator.script(Reply("Yes.", reasoning="Hm."))
        answer = message(other.post(asking(OPUS, question, reasoning_effort="high")))
    turns = (question, answer, {"role": "user", "content": "And?"})
    message(pair.post(asking("claude-opus-5", *turns)))
    message(pair.post(asking(OPUS, *turns)))
    assert ["reasoningContent" in str(chat) for chat in pair.chats()] == [True, False, True]
