"""The official openai SDK against a gateway on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel
from tests.gateways import STRICT, Pair, gateway
from tests.openai_bodies import PIXEL

from kiro2chat_functions.emulator import Call, Options, Reply

MODEL = "claude-sonnet-4.5"
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with gateway(STRICT) as served:
        yield served


@pytest.fixture
def client(pair: Pair) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{pair.url}/v1", api_key="unused", max_retries=0) as made:
        yield made


def user(text: str) -> Any:
    return [{"role": "user", "content": text}]


def test_a_question_gets_an_answer(pair: Pair, client: OpenAI) -> None:
    pair.emulator.script(Reply("Hi there!"))
    answer = client.chat.completions.create(model=MODEL, messages=user("Say hi."))
    assert answer.choices[0].message.content == "Hi there!"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 2


def test_a_stream_is_the_answer_in_pieces(pair: Pair, client: OpenAI) -> None:
    text = "One, two, three. 一二三。" * 5
    pair.emulator.script(Reply(text))
    chunks = list(client.chat.completions.create(model=MODEL, messages=user("Count."), stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == text
    assert [chunk.choices[0].finish_reason for chunk in chunks][-1] == "stop"
    assert chunks[0].choices[0].delta.role == "assistant"
    assert len({chunk.id for chunk in chunks}) == 1
    assert len(chunks) > 5


def test_usage_comes_last_when_asked_for(pair: Pair, client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model=MODEL, messages=user("Hi"), stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert [chunk for chunk in chunks if chunk.usage] == [chunks[-1]]
    assert chunks[-1].choices == []


def test_a_tool_loop_of_several_rounds_with_parallel_calls(pair: Pair, client: OpenAI) -> None:
    pair.emulator.script(
        Reply("Let me look.", calls=[Call("get_weather", {"city": "Paris"}), Call("get_weather", {"city": "Rome"})]),
        Reply(calls=[Call("get_weather", {"city": "Oslo"})]),
        Reply("Sunny everywhere."),
    )
    messages = user("Weather in Paris and Rome, then Oslo?")
    rounds = 0
    while True:
        with client.chat.completions.stream(model=MODEL, messages=messages, tools=[WEATHER]) as stream:
            message = stream.get_final_completion().choices[0].message
        if not message.tool_calls:
            break
        rounds += 1
        messages.append(message.to_dict())
        for call in message.tool_calls:
            city = json.loads(call.function.arguments)["city"]
            messages.append({"role": "tool", "tool_call_id": call.id, "content": f"{city}: sunny"})
    assert rounds == 2
    assert message.content == "Sunny everywhere."
    results = pair.chats()[-1]["conversationState"]["currentMessage"]["userInputMessage"]["userInputMessageContext"]
    assert results["toolResults"][0]["content"] == [{"text": "Oslo: sunny"}]


def test_a_long_tool_name_comes_back_as_the_client_wrote_it(pair: Pair, client: OpenAI) -> None:
    name = "mcp__a_server_with_a_long_name__and_a_tool_with_an_even_longer_name_than_that"
    tool: Any = {"type": "function", "function": {**WEATHER["function"], "name": name}}
    answer = client.chat.completions.create(
        model=MODEL, messages=user("Go."), tools=[tool], tool_choice={"type": "function", "function": {"name": name}}
    )
    calls = answer.choices[0].message.tool_calls
    assert calls is not None
    assert calls[0].type == "function"
    assert calls[0].function.name == name
    assert answer.choices[0].finish_reason == "tool_calls"


def test_images_arrive_as_images(pair: Pair, client: OpenAI) -> None:
    content: Any = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{PIXEL}"}},
    ]
    client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": content}])
    sent: Any = pair.chats()[-1]
    images = sent["conversationState"]["currentMessage"]["userInputMessage"]["images"]
    assert images == [{"format": "png", "source": {"bytes": PIXEL}}]


class City(BaseModel):
    name: str
    country: str
    sights: list[str]


@pytest.mark.parametrize("wrap", ["{}", "```json\n{}\n```", "Here you are:\n\n{}\n\nAnything else?"])
def test_structured_output_parses_whatever_the_model_puts_around_it(pair: Pair, client: OpenAI, wrap: str) -> None:
    city = City(name="Paris", country="France", sights=["Louvre", "{not a brace}"])
    pair.emulator.script(Reply(wrap.replace("{}", city.model_dump_json(), 1)))
    answer = client.chat.completions.parse(model=MODEL, messages=user("A city."), response_format=City)
    assert answer.choices[0].message.parsed == city


def test_structured_output_from_the_schema_alone(client: OpenAI) -> None:
    answer = client.chat.completions.parse(model=MODEL, messages=user("A city."), response_format=City)
    assert isinstance(answer.choices[0].message.parsed, City)


def test_reasoning_comes_beside_the_answer(pair: Pair, client: OpenAI) -> None:
    pair.emulator.script(Reply("42", reasoning="Let me think."))
    message: Any = client.chat.completions.create(model=MODEL, messages=user("?")).choices[0].message
    assert (message.content, message.reasoning_content) == ("42", "Let me think.")


def test_the_models_of_the_login_are_listed(client: OpenAI) -> None:
    names = {model.id for model in client.models.list()}
    assert {"claude-sonnet-4.5", "claude-sonnet-4-5", "claude-haiku-4-5", "auto"} <= names
    assert client.models.retrieve("claude-sonnet-4-5-20250929").id == "claude-sonnet-4.5"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-2")


@pytest.mark.parametrize(
    ("fault", "attempts", "error", "code"),
    [
        ("suspended", 1, openai.PermissionDeniedError, "login_forbidden"),
        ("monthly_quota", 1, openai.RateLimitError, "insufficient_quota"),
        ("model_down", 3, openai.InternalServerError, "backend_unavailable"),
    ],
)
def test_errors_are_the_sdks_own(
    pair: Pair, client: OpenAI, fault: str, attempts: int, error: type[openai.APIStatusError], code: str
) -> None:
    pair.emulator.inject(fault, times=attempts)
    with pytest.raises(error) as raised:
        client.chat.completions.create(model=MODEL, messages=user("Hi"))
    assert raised.value.code == code


def test_an_unknown_model_is_not_found(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        client.chat.completions.create(model="gpt-2", messages=user("Hi"))
    assert raised.value.code == "model_not_found"


def test_an_error_in_mid_stream_is_raised_by_the_sdk() -> None:
    with gateway(Options(delay=0.05)) as slow, OpenAI(base_url=f"{slow.url}/v1", api_key="unused") as client:
        slow.emulator.script(Reply(["One ", "two ", "three"]))
        slow.emulator.inject("exception", after=3)
        stream = client.chat.completions.create(model=MODEL, messages=user("Count."), stream=True)
        assert next(stream).choices[0].delta.content == "One "
        with pytest.raises(openai.APIError) as raised:
            list(stream)
    assert raised.value.code == "rate_limit_exceeded"


def test_raw_responses_show_the_headers(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=user("Hi"), temperature=0.3, seed=1)
    assert raw.headers["x-kiro2chat-ignored"] == "seed,temperature"
    assert raw.headers["x-request-id"] == raw.parse().id


async def test_fifty_streams_at_once(pair: Pair) -> None:
    async with AsyncOpenAI(base_url=f"{pair.url}/v1", api_key="unused", max_retries=0) as client:

        async def one(number: int) -> str:
            text = ""
            stream = await client.chat.completions.create(
                model=MODEL, messages=user(f"This is message number {number}."), stream=True
            )
            async for chunk in stream:
                text += chunk.choices[0].delta.content or ""
            return text

        answers = await asyncio.gather(*(one(number) for number in range(50)))
    for number, answer in enumerate(answers):
        assert f"message number {number}." in answer
