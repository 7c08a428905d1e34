"""Kiro's models as Strands knows models: its own Agent runs on them, in front of an emulated backend."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field
from strands import Agent, tool
from strands.models import Model
from strands.types.exceptions import ContextWindowOverflowException, ModelThrottledException
from tests.agents import eventually
from tests.gateways import STRICT

from kiro2chat_core.agent.model import BudgetSpent, KiroModel, Meter, cause_of
from kiro2chat_core.errors import ContextTooLong, Kiro2ChatError, Throttled, UnknownModel
from kiro2chat_core.gateway import Gateway
from kiro2chat_core.settings import Settings
from kiro2chat_core.turns import Thinking
from kiro2chat_functions.emulator import Call, Emulator, Reply
from kiro2chat_functions.serving import served

MODEL = "claude-sonnet-4.6"
ASKED = [{"role": "user", "content": [{"text": "How far is the moon?"}]}]
SPECS = [{"name": "look_up", "description": "Looks up.", "inputSchema": {"json": {"type": "object", "properties": {}}}}]


class Bench:
    """A model, and the backend that it talks to."""

    def __init__(self, emulator: Emulator, gateway: Gateway) -> None:
        self.emulator = emulator
        self.gateway = gateway
        self.meter = Meter()

    def model(self, id: str = MODEL, **more: Any) -> KiroModel:
        return KiroModel(self.gateway, id, self.meter, **more)

    def agent(self, **more: Any) -> Agent:
        return Agent(self.model(), callback_handler=None, retry_strategy=None, **more)

    def chats(self) -> list[dict[str, Any]]:
        return [seen.body for seen in self.emulator.seen if seen.path == "/generateAssistantResponse"]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    emulator = Emulator(STRICT)
    with served(emulator.app) as url:
        urls = dict.fromkeys(("KIRO_API_URL", "KIRO_CONTROL_URL", "KIRO_OIDC_URL", "KIRO_SOCIAL_URL"), url)
        login = {"KIRO_LOGIN": "api-key", "KIRO_API_KEY": emulator.login("api-key").access_token}
        known = {"HOME": "/nonexistent", "DATA_DIR": str(tmp_path), "KIRO_ATTEMPTS": "1"}
        gateway = Gateway(Settings.load(known | urls | login))
        yield Bench(emulator, gateway)
        await gateway.aclose()


@tool
def multiply(a: int, b: int) -> int:
    """Multiply two numbers."""
    return a * b


class Distance(BaseModel):
    """How far something is."""

    place: str
    kilometres: int = Field(ge=0)


async def streamed(model: KiroModel, messages: Any = None, **more: Any) -> list[dict[str, Any]]:
    return [event async for event in model.stream(ASKED if messages is None else messages, **more)]


def test_nothing_of_the_abstract_model_is_missing() -> None:
    assert not KiroModel.__abstractmethods__
    assert Model.__abstractmethods__ <= set(vars(KiroModel))


async def test_an_answer_is_bedrocks_events_with_usage_and_latency(bench: Bench) -> None:
    bench.emulator.script(
        Reply("Far.", usage={"uncachedInputTokens": 11, "outputTokens": 7, "cacheReadInputTokens": 3})
    )
    events = await streamed(bench.model())
    assert [next(iter(event)) for event in events] == [
        "messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata",
    ]  # fmt: skip
    assert events[4] == {"messageStop": {"stopReason": "end_turn"}}
    told = events[5]["metadata"]
    assert told["usage"]["inputTokens"] == 14
    assert told["usage"] | {"outputTokens": 7, "totalTokens": 21, "cacheReadInputTokens": 3} == told["usage"]
    assert 0 <= told["metrics"]["timeToFirstByteMs"] <= told["metrics"]["latencyMs"]
    assert (bench.meter.rounds, bench.meter.usage.output_tokens) == (1, 7)


async def test_strands_own_agent_runs_tools_and_sends_thoughts_back(bench: Bench) -> None:
    bench.emulator.script(
        Reply("Let me see.", reasoning="Six of seven.", calls=[Call("multiply", {"a": 6, "b": 7})]), Reply("It is 42.")
    )
    result = await bench.agent(tools=[multiply]).invoke_async("Six times seven?")
    first, second = bench.chats()
    said = second["conversationState"]["history"][-1]["assistantResponseMessage"]
    results = second["conversationState"]["currentMessage"]["userInputMessage"]["userInputMessageContext"][
        "toolResults"
    ]
    assert str(result).strip() == "It is 42."
    assert result.stop_reason == "end_turn"
    assert "Six of seven." not in str(first)
    assert "Six of seven." in str(said["reasoningContent"])
    assert "signature" in str(said["reasoningContent"])
    assert "42" in str(results)
    assert result.metrics.accumulated_usage["outputTokens"] == bench.meter.usage.output_tokens
    assert result.metrics.accumulated_metrics["latencyMs"] >= 0


async def test_hidden_thoughts_go_back_as_they_came(bench: Bench) -> None:
    replies = Reply("", reasoning="Hidden.", redacted=True, calls=[Call("multiply", {"a": 6, "b": 7})]), Reply("42.")
    bench.emulator.script(*replies)
    agent = Agent(bench.model("gpt-5.6-sol"), callback_handler=None, tools=[multiply])
    result = await agent.invoke_async("Six times seven?")
    second = bench.chats()[-1]
    assert result.stop_reason == "end_turn"
    assert "redactedContent" in str(second["conversationState"]["history"])


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ({"any": {}}, "You must call"),
        ({"tool": {"name": "look_up"}}, "You must call the tool `look_up`"),
        ({"auto": {}}, ""),
    ],
)
async def test_the_choice_of_tools_reaches_the_model(bench: Bench, choice: dict[str, Any], told: str) -> None:
    events = await streamed(bench.model(), tool_specs=SPECS, tool_choice=choice)
    (body,) = bench.chats()
    assert told in str(body)
    assert ("You must call" in str(body)) == bool(told)
    assert ({"messageStop": {"stopReason": "tool_use"}} in events) == bool(told)


async def test_system_text_may_come_in_blocks(bench: Bench) -> None:
    blocks = [{"text": "Be brief."}, {"cachePoint": {"type": "default"}}, {"text": "Be kind."}]
    await streamed(bench.model(), system_prompt="not this", system_prompt_content=blocks)
    await streamed(bench.model(), system_prompt="Be bold.")
    first, second = map(str, bench.chats())
    assert "Be brief." in first
    assert "Be kind." in first
    assert "not this" not in first
    assert "Be bold." in second


async def test_thinking_is_asked_for(bench: Bench) -> None:
    await streamed(bench.model(thinking=Thinking(on=True, effort="high")))
    assert "high" in str(bench.chats()[0]["additionalModelRequestFields"])


async def test_an_answer_of_a_form_is_had_from_the_model(bench: Bench) -> None:
    bench.emulator.script(Reply('{"place": "moon", "kilometres": 384400}'))
    outputs = [each async for each in bench.model().structured_output(Distance, ASKED, "Be exact.")]
    assert outputs == [{"output": Distance(place="moon", kilometres=384400)}]
    assert "Be exact." in str(bench.chats()[0])
    assert bench.meter.rounds == 1


async def test_a_wrong_form_is_shown_to_the_model_once(bench: Bench) -> None:
    bench.emulator.script(Reply('{"place": "moon", "kilometres": -1}'), Reply('{"place": "moon", "kilometres": 1}'))
    outputs = [each async for each in bench.model().structured_output(Distance, ASKED)]
    assert outputs == [{"output": Distance(place="moon", kilometres=1)}]
    assert "kilometres" in str(bench.chats()[1]["conversationState"]["currentMessage"])
    bench.emulator.script(*[Reply('{"place": "moon", "kilometres": -1}')] * 2)
    with pytest.raises(ValueError, match="kilometres"):
        [each async for each in bench.model().structured_output(Distance, ASKED)]


async def test_strands_structured_output_works(bench: Bench) -> None:
    call = Call("Distance", {"place": "moon", "kilometres": 384400})
    bench.emulator.script(Reply("Far."), Reply("", calls=[call]))
    result = await bench.agent().invoke_async("How far is the moon?", structured_output_model=Distance)
    assert result.structured_output == Distance(place="moon", kilometres=384400)


@pytest.mark.parametrize("work", ["stream", "structured_output"])
@pytest.mark.parametrize(
    ("fault", "theirs", "ours"),
    [
        ("throttled", ModelThrottledException, Throttled),
        ("too_long", ContextWindowOverflowException, ContextTooLong),
        ("model_unknown", UnknownModel, UnknownModel),
    ],
)
async def test_errors_are_those_that_strands_knows(
    bench: Bench, fault: str, theirs: type[Exception], ours: type[Kiro2ChatError], work: str
) -> None:
    bench.emulator.inject(fault, times=9) if fault != "model_unknown" else None
    model = bench.model("gpt-2") if fault == "model_unknown" else bench.model()
    answer = model.stream(ASKED) if work == "stream" else model.structured_output(Distance, ASKED)
    with pytest.raises(theirs) as raised:
        [each async for each in answer]
    assert isinstance(cause_of(raised.value), ours)
    assert bench.meter.rounds == 0


async def test_a_signal_stops_an_answer_even_while_nothing_comes(bench: Bench) -> None:
    bench.emulator.script(Reply("Far. " * 50))
    bench.emulator.inject("silence", after=3, seconds=60)
    signal, events = threading.Event(), []
    async with asyncio.timeout(50):
        async for event in bench.model().stream(ASKED, cancel_signal=signal):
            events.append(event)
            if "contentBlockDelta" in event:
                signal.set()
    assert {"messageStop": {"stopReason": "end_turn"}} in events
    left = await asyncio.to_thread(eventually, lambda: [seen for seen in bench.emulator.seen if seen.left_at])
    assert left


async def test_an_agent_that_is_cancelled_says_so(bench: Bench) -> None:
    bench.emulator.script(Reply("Far. " * 50))
    bench.emulator.inject("silence", after=3, seconds=60)
    agent = bench.agent()
    async with asyncio.timeout(50):
        async for event in agent.stream_async("How far is the moon?"):
            if "data" in event:
                agent.cancel()
            if "result" in event:
                assert event["result"].stop_reason == "cancelled"


async def test_credits_that_are_spent_end_it(bench: Bench) -> None:
    model = bench.model(credits=0.0001)
    await streamed(model)
    assert bench.meter.spent_credits > 0
    with pytest.raises(BudgetSpent):
        await streamed(model)


async def test_its_config_is_a_dict_and_tokens_are_counted(bench: Bench) -> None:
    model = bench.model()
    assert model.get_config()["model_id"] == MODEL
    model.update_config(model_id="claude-haiku-4.5", context_window_limit=200_000)
    assert model.context_window_limit == 200_000
    few = await model.count_tokens(ASKED)
    more = await model.count_tokens(ASKED, SPECS, "Be brief, be very brief, and be kind.")
    await streamed(model)
    assert 0 < few < more
    assert bench.chats()[0]["conversationState"]["currentMessage"]["userInputMessage"]["modelId"] == "claude-haiku-4.5"
