"""The official anthropic Python SDK against a gateway on a real socket, in front of the strict emulator."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from anthropic import beta_tool
from anthropic.lib.tools import ToolError
from anthropic.types import (
    Message,
    MessageParam,
    ThreadUnsupportedRequestError,
    ToolParam,
    ToolResultBlockParam,
)
from pydantic import BaseModel
from tests.core.test_documents import pdf
from tests.gateways import STRICT, Pair, gateway
from tests.openai_bodies import PIXEL

from kiro2chat_functions.emulator import Call, Options, Reply

MODEL, OPUS = "claude-haiku-4-5", "claude-opus-4-8"
ADD: ToolParam = {
    "name": "add",
    "description": "Adds two numbers",
    "input_schema": {
        "type": "object",
        "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
        "required": ["a", "b"],
    },
}
HI: MessageParam = {"role": "user", "content": "Hi"}


@pytest.fixture
def pair() -> Iterator[Pair]:
    with gateway(STRICT, API_KEY="sesame") as served:
        yield served


@pytest.fixture
def client(pair: Pair) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=pair.url, api_key="sesame", max_retries=0) as made:
        yield made


def text(message: Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def adding(a: int, b: int, id: str) -> Call:
    return Call("add", {"a": a, "b": b}, id)


def test_a_question(pair: Pair, client: anthropic.Anthropic) -> None:
    pair.emulator.script(Reply("Hello."))
    message = client.messages.create(model=MODEL, max_tokens=100, messages=[HI], system="Be brief.")
    assert (text(message), message.stop_reason) == ("Hello.", "end_turn")
    assert message.usage.input_tokens > 0
    assert message._request_id == message.id


def test_the_stream_helper_puts_thoughts_text_and_calls_together(pair: Pair, client: anthropic.Anthropic) -> None:
    pair.emulator.script(Reply("I'll add.", reasoning="They want a sum.", calls=[adding(1, 2, "t1")]))
    seen = []
    with client.messages.stream(
        model=OPUS, max_tokens=2000, messages=[HI], tools=[ADD], thinking={"type": "enabled", "budget_tokens": 1024}
    ) as stream:
        seen = [event.type for event in stream]
        message = stream.get_final_message()
    thinking, said, call = message.content
    assert (thinking.type, said.type, call.type) == ("thinking", "text", "tool_use")
    assert thinking.type == "thinking"
    assert (thinking.thinking, thinking.signature[:2]) == ("They want a sum.", "Eo")
    assert call.type == "tool_use"
    assert (call.name, call.input, call.id) == ("add", {"a": 1, "b": 2}, "t1")
    assert message.stop_reason == "tool_use"
    assert {"text", "thinking", "signature", "input_json", "content_block_stop", "message_stop"} <= set(seen)
    fields = pair.chats()[0]["additionalModelRequestFields"]
    assert (fields["output_config"], fields["thinking"]["type"]) == ({"effort": "low"}, "adaptive")


def test_a_loop_of_tools_with_parallel_calls_and_thoughts(pair: Pair, client: anthropic.Anthropic) -> None:
    pair.emulator.script(
        Reply("First.", reasoning="Two at once.", calls=[adding(1, 2, "t1"), adding(3, 4, "t2")]),
        Reply("", reasoning="One more.", calls=[adding(3, 7, "t3")]),
        Reply("It is ten."),
    )  # fmt: skip
    messages: list[MessageParam] = [{"role": "user", "content": "Add one to four."}]

    def answered() -> Message:
        return client.messages.create(
            model=OPUS, max_tokens=2000, messages=messages, tools=[ADD], thinking={"type": "adaptive"}
        )

    while (message := answered()).stop_reason == "tool_use":
        results: list[ToolResultBlockParam] = [
            {"type": "tool_result", "tool_use_id": block.id, "content": str(sum(block.input.values()))}  # type: ignore[arg-type]
            for block in message.content
            if block.type == "tool_use"
        ]
        messages += [{"role": "assistant", "content": message.content}, {"role": "user", "content": results}]
    assert text(message) == "It is ten."
    assert len(pair.chats()) == 3
    history = pair.chats()[-1]["conversationState"]["history"]
    answers = [entry["assistantResponseMessage"] for entry in history if "assistantResponseMessage" in entry]
    assert [len(answer["toolUses"]) for answer in answers] == [2, 1]
    assert [answer["reasoningContent"]["reasoningText"]["text"] for answer in answers] == ["Two at once.", "One more."]


def test_images_and_documents(pair: Pair, client: anthropic.Anthropic) -> None:
    scanned = base64.b64encode(pdf("The safe is behind the picture.")).decode()
    raw = client.messages.with_raw_response.create(
        model=MODEL,
        max_tokens=1000,
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
                    {
                        "type": "document",
                        "title": "Notes",
                        "source": {"type": "text", "media_type": "text/plain", "data": "The password is swordfish."},
                        "citations": {"enabled": True},
                    },
                    {
                        "type": "document",
                        "title": "Plan",
                        "source": {"type": "base64", "media_type": "application/pdf", "data": scanned},
                    },
                    {"type": "text", "text": "What is this?"},
                ],
            }
        ],
    )
    assert raw.parse().stop_reason == "end_turn"
    assert raw.headers["x-kiro2chat-ignored"] == "citations"
    sent = pair.chats()[0]["conversationState"]["currentMessage"]["userInputMessage"]
    assert sent["images"][0]["source"]["bytes"] == PIXEL
    assert '<document title="Notes">\nThe password is swordfish.\n</document>' in sent["content"]
    assert "The safe is behind the picture." in sent["content"]


class City(BaseModel):
    name: str
    sights: list[str]


PARIS = City(name="Paris", sights=["Louvre", "{not a brace}"])


def test_structured_output_parses_whatever_the_model_puts_around_it(pair: Pair, client: anthropic.Anthropic) -> None:
    wrapped = f"Here you are:\n\n```json\n{PARIS.model_dump_json()}\n```"
    pair.emulator.script(Reply(wrapped), Reply(wrapped))
    whole = client.messages.parse(model=MODEL, max_tokens=500, messages=[HI], output_format=City)
    assert whole.parsed_output == PARIS
    with client.messages.stream(model=MODEL, max_tokens=500, messages=[HI], output_format=City) as stream:
        assert stream.get_final_message().parsed_output == PARIS


def test_the_tool_runner_runs_tools_until_there_is_an_answer(pair: Pair, client: anthropic.Anthropic) -> None:
    @beta_tool
    def divide(a: float, b: float) -> str:
        """Divides a by b."""
        if not b:
            raise ToolError("There is nothing to divide by.")
        return str(a / b)

    pair.emulator.script(
        Reply(calls=[Call("divide", {"a": 1, "b": 2}, "t1"), Call("divide", {"a": 1, "b": 0}, "t2")]),
        Reply("One half, and nothing."),
    )
    runner = client.beta.messages.tool_runner(
        model=MODEL, max_tokens=500, tools=[divide], messages=[{"role": "user", "content": "Divide."}]
    )
    last = [message.content[-1] for message in runner][-1]
    assert last.type == "text"
    assert last.text == "One half, and nothing."
    sent = pair.chats()[-1]["conversationState"]["currentMessage"]["userInputMessage"]["userInputMessageContext"]
    results = [(each["status"], each["content"][0]["text"]) for each in sent["toolResults"]]
    assert results == [("success", "0.5"), ("error", "There is nothing to divide by.")]


def test_a_thread_is_refused_and_goes_on_without_the_server(pair: Pair, client: anthropic.Anthropic) -> None:
    asked: Any = {"model": MODEL, "max_tokens": 500}
    with pytest.raises(ThreadUnsupportedRequestError, match="full message history"):
        client.beta.messages.thread(**asked).send({"role": "user", "content": "Hi"})
    assert pair.chats() == []
    pair.emulator.script(Reply("Hello, Ann."), Reply("You are Ann."))
    thread = client.beta.messages.thread(**asked, unsupported_request_behavior="continue_unthreaded")
    thread.send({"role": "user", "content": "I am Ann."})
    thread.send({"role": "user", "content": "Who am I?"})
    history = pair.chats()[-1]["conversationState"]["history"]
    assert [next(iter(each.values()))["content"] for each in history] == ["I am Ann.", "Hello, Ann."]


def test_reasoning_that_only_the_backend_can_read_comes_back_to_it(pair: Pair, client: anthropic.Anthropic) -> None:
    gpt = "gpt-5.6-sol"
    pair.emulator.script(Reply(reasoning="Hidden.", calls=[adding(1, 2, "t1")], redacted=True), Reply("Three."))
    with client.messages.stream(model=gpt, max_tokens=500, messages=[HI], tools=[ADD]) as stream:
        message = stream.get_final_message()
    assert [block.type for block in message.content] == ["redacted_thinking", "tool_use"]
    results: list[ToolResultBlockParam] = [{"type": "tool_result", "tool_use_id": "t1", "content": "3"}]
    history: list[MessageParam] = [
        HI,
        {"role": "assistant", "content": message.content},
        {"role": "user", "content": results},
    ]
    assert text(client.messages.create(model=gpt, max_tokens=500, messages=history, tools=[ADD])) == "Three."
    said = pair.chats()[-1]["conversationState"]["history"][-1]["assistantResponseMessage"]
    assert said["reasoningContent"]["redactedContent"] == getattr(message.content[0], "data", "none")


def test_no_answer_at_all_fills_the_prompt_cache(pair: Pair, client: anthropic.Anthropic) -> None:
    message = client.messages.create(model=MODEL, max_tokens=0, messages=[HI])
    assert (message.content, message.stop_reason, message.usage.output_tokens) == ([], "max_tokens", 0)
    assert len(pair.chats()) == 1


def test_a_search_that_cannot_be_made_is_no_error(client: anthropic.Anthropic) -> None:
    raw = client.messages.with_raw_response.create(
        model=MODEL,
        max_tokens=500,
        messages=[HI],
        tools=[{"type": "web_search_20250305", "name": "web_search", "max_uses": 8}],
        tool_choice={"type": "tool", "name": "web_search"},
    )
    assert raw.parse().stop_reason == "end_turn"
    assert raw.headers["x-kiro2chat-ignored"] == "tools.web_search_20250305,tool_choice"


def test_tokens_and_models(client: anthropic.Anthropic) -> None:
    assert client.messages.count_tokens(model=MODEL, messages=[HI], tools=[ADD]).input_tokens > 300
    models = client.models.list(limit=1000)
    assert {"claude-sonnet-4.5", "claude-opus-4.8"} <= {model.id for model in models}
    assert client.models.retrieve("claude-opus-4-8").max_input_tokens == 1_000_000


def test_errors_are_the_sdks_own(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match="max_tokens: Field required"):
        client.messages.create(model=MODEL, max_tokens=9, messages=[HI], extra_body={"max_tokens": None})
    with pytest.raises(anthropic.NotFoundError, match="no such model"):
        client.messages.create(model="claude-nothing-9", max_tokens=9, messages=[HI])
    with pytest.raises(anthropic.AuthenticationError, match="wrong"):
        client.with_options(api_key="open").messages.create(model=MODEL, max_tokens=9, messages=[HI])


def test_a_body_over_the_limit_is_the_sdks_own_error_too() -> None:
    with gateway(STRICT, BODY_LIMIT="2000") as small:
        client = anthropic.Anthropic(base_url=small.url, api_key="any", max_retries=0)
        with client, pytest.raises(anthropic.RequestTooLargeError, match="larger than 2000 bytes"):
            client.messages.create(model=MODEL, max_tokens=9, messages=[{"role": "user", "content": "x" * 2000}])


FAULTS: dict[str, tuple[int, type[anthropic.APIStatusError], str]] = {
    "rate": (9, anthropic.RateLimitError, "rate_limit_error"),
    "monthly_quota": (1, anthropic.RateLimitError, "rate_limit_error"),
    "suspended": (1, anthropic.PermissionDeniedError, "permission_error"),
    "model_down": (9, anthropic.OverloadedError, "overloaded_error"),
    "too_long": (1, anthropic.BadRequestError, "invalid_request_error"),
}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("fault", "times", "error", "kind"), [(fault, *told) for fault, told in FAULTS.items()])
def test_errors_of_the_backend_are_the_sdks_own(
    pair: Pair,
    client: anthropic.Anthropic,
    fault: str,
    times: int,
    error: type[anthropic.APIStatusError],
    kind: str,
    stream: bool,
) -> None:
    said: MessageParam = {"role": "user", "content": "word " * 120_000} if fault == "too_long" else HI
    pair.emulator.inject(fault, times=times)
    with pytest.raises(error) as raised:
        client.messages.create(model=MODEL, max_tokens=9, messages=[said], stream=stream)
    assert raised.value.body["error"]["type"] == kind  # type: ignore[index]
    assert raised.value.request_id is not None
    if fault == "too_long":
        raised.match(r"prompt is too long: 200001 tokens > 200000 maximum")


def test_a_used_up_quota_is_not_tried_again(pair: Pair, client: anthropic.Anthropic) -> None:
    pair.emulator.inject("monthly_quota", times=9)
    with pytest.raises(anthropic.RateLimitError):
        client.with_options(max_retries=3).messages.create(model=MODEL, max_tokens=9, messages=[HI])
    assert len(pair.chats()) == 1


def test_an_overloaded_backend_is_tried_again_by_the_sdk(pair: Pair, client: anthropic.Anthropic) -> None:
    pair.emulator.inject("model_down", times=3)
    message = client.with_options(max_retries=1).messages.create(model=MODEL, max_tokens=100, messages=[HI])
    assert message.stop_reason == "end_turn"


def test_a_stream_that_breaks_raises(client: anthropic.Anthropic) -> None:
    with gateway(Options(delay=0.05)) as slow:
        slow.emulator.inject("exception", after=8, type="throttlingException", message="slow down")
        broken = anthropic.Anthropic(base_url=slow.url, api_key="any", max_retries=0)
        with (
            broken,
            pytest.raises(anthropic.APIStatusError, match="slow down"),
            broken.messages.stream(model=MODEL, max_tokens=100, messages=[HI]) as stream,
        ):
            stream.until_done()


def test_raw_responses_show_what_was_ignored(client: anthropic.Anthropic) -> None:
    extra = {"temperature": 0.5, "top_k": 3}
    raw = client.messages.with_raw_response.create(model=MODEL, max_tokens=100, messages=[HI], extra_body=extra)
    assert raw.headers["x-kiro2chat-ignored"] == "temperature,top_k"
    assert raw.parse().role == "assistant"


def test_many_at_once(pair: Pair) -> None:
    async def ask(client: anthropic.AsyncAnthropic, number: int) -> str:
        async with client.messages.stream(
            model=MODEL, max_tokens=500, messages=[{"role": "user", "content": f"Count to {number}"}]
        ) as stream:
            return await stream.get_final_text()

    async def all_of_them() -> list[str]:
        async with anthropic.AsyncAnthropic(base_url=pair.url, api_key="sesame") as client:
            return await asyncio.gather(*(ask(client, number) for number in range(1, 26)))

    for number, answer in enumerate(asyncio.run(all_of_them()), 1):
        assert answer.split() == [str(each) for each in range(1, number + 1)]


async def test_all_of_it_without_blocking(pair: Pair) -> None:
    pair.emulator.script(
        Reply("I'll add.", reasoning="They want a sum.", calls=[adding(1, 2, "t1"), adding(3, 4, "t2")]),
        Reply("Three and seven."),
    )
    asked: dict[str, Any] = {"model": OPUS, "max_tokens": 2000, "tools": [ADD], "thinking": {"type": "adaptive"}}
    async with anthropic.AsyncAnthropic(base_url=pair.url, api_key="sesame", max_retries=0) as client:
        counted = await client.messages.count_tokens(model=OPUS, messages=[HI], tools=[ADD])
        async with client.messages.stream(messages=[HI], **asked) as stream:
            pieces = [piece async for piece in stream.text_stream]
            first = await stream.get_final_message()
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": "?"}
            for block in first.content
            if block.type == "tool_use"
        ]
        history: Any = [HI, {"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
        second = await client.messages.create(messages=history, **asked)
        listed = [model.id async for model in client.models.list()]
        pair.emulator.inject("suspended")
        with pytest.raises(anthropic.PermissionDeniedError):
            await client.messages.create(messages=history, **asked)
    assert "".join(pieces) == "I'll add."
    assert [block.type for block in first.content] == ["thinking", "text", "tool_use", "tool_use"]
    assert text(second) == "Three and seven."
    assert first.usage.input_tokens > counted.input_tokens * 0.9
    assert "claude-opus-4.8" in listed
