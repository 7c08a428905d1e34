"""The official openai SDK's `responses` against a gateway on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.responses import Response
from pydantic import BaseModel
from tests.gateways import STRICT, Pair, gateway
from tests.openai_bodies import PIXEL

from kiro2chat_functions.emulator import Call, Options, Reply

MODEL = "claude-sonnet-4.5"
WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
SQL: Any = {"type": "custom", "name": "sql", "description": "Asks the database", "format": {"type": "text"}}


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with gateway(STRICT) as served:
        yield served


@pytest.fixture
def client(pair: Pair) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{pair.url}/v1", api_key="unused", max_retries=0) as made:
        yield made


def sound(response: Response) -> Response:
    """It is what the SDK's own types say: a strict look, which the SDK itself does not take."""
    return Response.model_validate(response.model_dump(by_alias=True), strict=False)


def test_a_question_gets_an_answer(pair: Pair, client: OpenAI) -> None:
    pair.emulator.script(Reply("Hi there!"))
    answer = client.responses.create(model=MODEL, input="Say hi.", instructions="Be kind.", metadata={"a": "b"})
    assert sound(answer).output_text == "Hi there!"
    assert (answer.status, answer.instructions, answer.metadata) == ("completed", "Be kind.", {"a": "b"})
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens > 2
    content = pair.chats()[-1]["conversationState"]["currentMessage"]["userInputMessage"]["content"]
    assert content.index("Be kind.") < content.index("Say hi.")


def test_a_stream_is_the_answer_in_pieces(pair: Pair, client: OpenAI) -> None:
    text = "One, two, three. 一二三。" * 5
    pair.emulator.script(Reply(text))
    events = list(client.responses.create(model=MODEL, input="Count.", stream=True))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == text
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
    assert events[-1].type == "response.completed"
    assert sound(events[-1].response).output_text == text
    assert len(events) > 12


def test_a_tool_loop_of_several_rounds_with_parallel_calls(pair: Pair, client: OpenAI) -> None:
    pair.emulator.script(
        Reply("Let me look.", calls=[Call("get_weather", {"city": "Paris"}), Call("get_weather", {"city": "Rome"})]),
        Reply(calls=[Call("get_weather", {"city": "Oslo"})]),
        Reply("Sunny everywhere."),
    )
    items: list[Any] = [{"role": "user", "content": "Weather in Paris and Rome, then Oslo?"}]
    rounds = 0
    while True:
        with client.responses.stream(model=MODEL, input=items, tools=[WEATHER]) as stream:
            for _ in stream:
                pass
            answer = stream.get_final_response()
        calls = [item for item in answer.output if item.type == "function_call"]
        if not calls:
            break
        rounds += 1
        items += [item.to_dict() for item in answer.output]
        for call in calls:
            city = json.loads(call.arguments)["city"]
            items.append({"type": "function_call_output", "call_id": call.call_id, "output": f"{city}: sunny"})
    assert rounds == 2
    assert answer.output_text == "Sunny everywhere."
    sent: Any = pair.chats()[-1]["conversationState"]
    results = sent["currentMessage"]["userInputMessage"]["userInputMessageContext"]["toolResults"]
    assert results[0]["content"] == [{"text": "Oslo: sunny"}]
    (_, first, _, second) = sent["history"]
    assert first["assistantResponseMessage"]["content"] == "Let me look."
    assert [len(m["assistantResponseMessage"]["toolUses"]) for m in (first, second)] == [2, 1]


def test_reasoning_goes_round_with_its_proof(pair: Pair, client: OpenAI) -> None:
    pair.emulator.script(
        Reply(reasoning="I must look.", calls=[Call("get_weather", {"city": "Paris"})]), Reply("Sunny.")
    )
    asked: Any = {"model": MODEL, "tools": [WEATHER], "include": ["reasoning.encrypted_content"], "store": False}
    items: list[Any] = [{"role": "user", "content": "Weather in Paris?"}]
    answer = sound(client.responses.create(input=items, **asked))
    thought, call = answer.output
    assert thought.type == "reasoning"
    assert thought.summary[0].text == "I must look."
    bare: Any = thought.to_dict() | {"summary": []}  # some clients keep the proof alone
    assert call.type == "function_call"
    items += [bare, call.to_dict(), {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}]
    client.responses.create(input=items, **asked)
    past = pair.chats()[-1]["conversationState"]["history"][1]["assistantResponseMessage"]
    assert past["reasoningContent"]["reasoningText"]["text"] == "I must look."
    assert past["reasoningContent"]["reasoningText"]["signature"]
    assert past["toolUses"][0]["input"] == {"city": "Paris"}


def test_reasoning_is_streamed_as_a_summary(pair: Pair, client: OpenAI) -> None:
    pair.emulator.script(Reply("42", reasoning=["Let me ", "think."]))
    with client.responses.stream(model=MODEL, input="?", reasoning={"effort": "low", "summary": "auto"}) as stream:
        told = "".join(event.delta for event in stream if event.type == "response.reasoning_summary_text.delta")
        answer = stream.get_final_response()
    assert (told, answer.output_text) == ("Let me think.", "42")
    assert [item.type for item in answer.output] == ["reasoning", "message"]


def test_a_custom_tool_gets_its_text(pair: Pair, client: OpenAI) -> None:
    pair.emulator.script(Reply(calls=[Call("sql", {"input": "select 1;\n"})]), Reply("One."))
    items: list[Any] = [{"role": "user", "content": "Ask it."}]
    events = list(client.responses.create(model=MODEL, input=items, tools=[SQL], stream=True))
    (done,) = [event for event in events if event.type == "response.output_item.done"]
    assert done.item.type == "custom_tool_call"
    assert (done.item.name, done.item.input) == ("sql", "select 1;\n")
    items += [done.item.to_dict(), {"type": "custom_tool_call_output", "call_id": done.item.call_id, "output": "1"}]
    assert client.responses.create(model=MODEL, input=items, tools=[SQL]).output_text == "One."


class City(BaseModel):
    name: str
    country: str
    sights: list[str]


@pytest.mark.parametrize("wrap", ["{}", "```json\n{}\n```", "Here you are:\n\n{}\n\nAnything else?"])
def test_structured_output_parses_whatever_the_model_puts_around_it(pair: Pair, client: OpenAI, wrap: str) -> None:
    city = City(name="Paris", country="France", sights=["Louvre", "{not a brace}"])
    pair.emulator.script(Reply(wrap.replace("{}", city.model_dump_json(), 1)), Reply(city.model_dump_json()))
    assert client.responses.parse(model=MODEL, input="A city.", text_format=City).output_parsed == city
    with client.responses.stream(model=MODEL, input="A city.", text_format=City) as stream:
        assert stream.get_final_response().output_parsed == city


def test_images_arrive(pair: Pair, client: OpenAI) -> None:
    content: Any = [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": f"data:image/jpeg;base64,{PIXEL}", "detail": "auto"},
    ]
    client.responses.create(model=MODEL, input=[{"role": "user", "content": content}])
    sent: Any = pair.chats()[-1]["conversationState"]["currentMessage"]["userInputMessage"]
    assert sent["images"] == [{"format": "png", "source": {"bytes": PIXEL}}]


def test_a_history_is_compacted(pair: Pair, client: OpenAI) -> None:
    pair.emulator.script(Reply("They said hi."))
    compacted = client.responses.compact(model=MODEL, input="Hi")
    assert [item.type for item in compacted.output] == ["message", "compaction"]
    items: Any = [*(item.to_dict(warnings=False) for item in compacted.output), {"role": "user", "content": "Go on."}]
    client.responses.create(model=MODEL, input=items)
    sent: Any = pair.chats()[-1]["conversationState"]["currentMessage"]["userInputMessage"]
    assert "They said hi." in sent["content"]


def test_tokens_are_counted(client: OpenAI) -> None:
    assert 900 < client.responses.input_tokens.count(model=MODEL, input="word " * 1000).input_tokens < 1200


@pytest.mark.parametrize(
    ("fault", "attempts", "error", "code"),
    [
        ("suspended", 1, openai.PermissionDeniedError, "login_forbidden"),
        ("monthly_quota", 1, openai.RateLimitError, "insufficient_quota"),
        ("too_long", 1, openai.BadRequestError, "context_length_exceeded"),
        ("model_down", 3, openai.InternalServerError, "backend_unavailable"),
    ],
)
def test_errors_are_the_sdks_own(
    pair: Pair, client: OpenAI, fault: str, attempts: int, error: type[openai.APIStatusError], code: str
) -> None:
    pair.emulator.inject(fault, times=attempts)
    with pytest.raises(error) as raised:
        client.responses.create(model=MODEL, input="Hi")
    assert raised.value.code == code


def test_what_is_not_stored_is_not_found(client: OpenAI) -> None:
    answer = client.responses.create(model=MODEL, input="Hi")
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(answer.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.delete(answer.id)
    with pytest.raises(openai.BadRequestError) as raised:
        client.responses.create(model=MODEL, input="Hi", previous_response_id=answer.id)
    assert raised.value.param == "previous_response_id"


def test_an_error_in_mid_stream_is_a_failed_response() -> None:
    with gateway(Options(delay=0.05)) as slow, OpenAI(base_url=f"{slow.url}/v1", api_key="unused") as client:
        slow.emulator.script(Reply(["One ", "two ", "three"]))
        slow.emulator.inject("exception", after=3)
        *_, last = client.responses.create(model=MODEL, input="Count.", stream=True)
    assert last.type == "response.failed"
    assert last.response.error is not None
    assert last.response.error.code == "rate_limit_exceeded"


async def test_fifty_streams_at_once(pair: Pair) -> None:
    async with AsyncOpenAI(base_url=f"{pair.url}/v1", api_key="unused", max_retries=0) as client:

        async def one(number: int) -> str:
            asked = f"This is message number {number}."
            async with client.responses.stream(model=MODEL, input=asked) as stream:
                return (await stream.get_final_response()).output_text

        answers = await asyncio.gather(*(one(number) for number in range(50)))
    for number, answer in enumerate(answers):
        assert f"message number {number}." in answer
