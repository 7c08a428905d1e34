"""The official anthropic Python SDK against a gateway on a real socket, in front of the strict emulator."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import anthropic
import pytest
from anthropic.types import Message, MessageParam, ToolParam, ToolResultBlockParam
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
    message = client.messages.create(
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
                    },
                    {"type": "text", "text": "What is this?"},
                ],
            }
        ],
    )
    assert message.stop_reason == "end_turn"
    sent = pair.chats()[0]["conversationState"]["currentMessage"]["userInputMessage"]
    assert sent["images"][0]["source"]["bytes"] == PIXEL
    assert "swordfish" in sent["content"]


def test_tokens_and_models(client: anthropic.Anthropic) -> None:
    assert client.messages.count_tokens(model=MODEL, messages=[HI], tools=[ADD]).input_tokens > 300
    models = client.models.list(limit=1000)
    assert {"claude-sonnet-4.5", "claude-opus-4.8"} <= {model.id for model in models}
    assert client.models.retrieve("claude-opus-4-8").max_input_tokens == 1_000_000


def test_errors_are_the_sdks_own(pair: Pair, client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match="max_tokens"):
        client.messages.create(model=MODEL, max_tokens=-1, messages=[HI])
    with pytest.raises(anthropic.NotFoundError, match="no such model"):
        client.messages.create(model="claude-nothing-9", max_tokens=9, messages=[HI])
    with pytest.raises(anthropic.AuthenticationError, match="wrong"):
        client.with_options(api_key="open").messages.create(model=MODEL, max_tokens=9, messages=[HI])
    pair.emulator.inject("rate", times=9)
    with pytest.raises(anthropic.RateLimitError):
        client.messages.create(model=MODEL, max_tokens=9, messages=[HI])
    pair.emulator.reset()


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
