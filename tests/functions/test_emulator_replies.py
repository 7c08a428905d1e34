"""What the emulated model answers of its own: echo, calls, results, thoughts, JSON, limits."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.functions.emulated import (
    PNG,
    Json,
    assistant,
    body,
    chat,
    events,
    result,
    text_of,
    tool,
    use,
    user,
)

from kiro2chat_functions.emulator import Emulator, Options, Reply

WEATHER = tool(
    "get_weather", {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
                    "required": ["city"]}
)  # fmt: skip
CLOCK = tool("get_time")


async def said(sent: Json) -> str:
    return text_of(await chat(Emulator(), sent))


async def called(sent: Json) -> list[tuple[str, Any]]:
    """(tool, arguments) of every call; the stop reason must fit."""
    got = events(await chat(Emulator(), sent))
    pieces: dict[str, str] = {}
    names: dict[str, str] = {}
    for name, payload in got:
        if name == "toolUseEvent":
            names[payload["toolUseId"]] = payload["name"]
            pieces[payload["toolUseId"]] = pieces.get(payload["toolUseId"], "") + payload.get("input", "")
    stop = dict(got)["metadataEvent"]["stopReason"]
    assert stop == ("TOOL_USE" if names else "END_TURN")
    return [(name, json.loads(pieces[call_id] or "{}")) for call_id, name in names.items()]


async def test_echo_says_that_it_is_a_demo() -> None:
    text = await said(body("You are helpful.\n\nHello, wörld 🎈", tools=[WEATHER]))
    assert text.startswith("## This is a demo")
    assert "> Hello, wörld 🎈\n" in text
    assert "You are helpful" not in text, "instructions stand in the same message and are not echoed"
    assert "**claude-sonnet-4.5**" in text
    assert "```json\n" in text
    assert "- " in text


async def test_later_turns_are_echoed_whole() -> None:
    text = await said(body("One.\n\nTwo.", history=[user(), assistant()]))
    assert "> One.\n> \n> Two." in text


async def test_same_request_same_answer() -> None:
    emulator = Emulator()
    first, second = [(await chat(emulator, body("call get_time", tools=[CLOCK]))).content for _ in range(2)]
    assert first == second


async def test_images_are_counted() -> None:
    image = {"format": "png", "source": {"bytes": PNG}}
    assert "- 2 pictures in this message" in await said(body("See", images=[image, image]))


CALLS: dict[str, tuple[str, list[tuple[str, Any]]]] = {
    "with arguments": ('Please call get_weather with {"city": "Paris"}', [("get_weather", {"city": "Paris"})]),
    "parallel": (
        'call get_weather with {"city": "Paris"} and call get_weather with {"city": "Rome", "in": {"x": "}"}}',
        [("get_weather", {"city": "Paris"}), ("get_weather", {"city": "Rome", "in": {"x": "}"}})],
    ),
    "backquoted": ('Use the tool `get_weather` with {"city":"Oslo"}.', [("get_weather", {"city": "Oslo"})]),
    "named": ("Use get_weather please", [("get_weather", {"city": "Paris"})]),
    "named, no arguments": ("run the get_time tool", [("get_time", {})]),
    "two named": ("call get_time and get_weather", [("get_weather", {"city": "Paris"}), ("get_time", {})]),
    "must call one": ("Hm.\n\nYou must call one of the tools in this answer.", [("get_weather", {"city": "Paris"})]),
    "must call this": (
        "Hm.\n\nYou must call the tool `get_time` in this answer. Do not answer in text.",
        [("get_time", {})],
    ),
    "must not": ("Use get_time.\n\nDo not call any tool in this answer. Answer in text.", []),
    "undeclared": ('call launch_rocket with {"to": "the moon"}', []),
    "only mentioned": ("What does get_time do?", []),
    "part of a word": ("use get_timezone", []),
    "one at most": (
        'call get_time with {} and call get_weather with {"city": "Rome"}\n\nCall at most one tool in this answer.',
        [("get_time", {})],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CALLS.values(), ids=CALLS)
async def test_calls_when_asked_to(text: str, expected: list[tuple[str, Any]]) -> None:
    assert await called(body(text, tools=[WEATHER, CLOCK])) == expected


async def test_no_tools_no_calls() -> None:
    assert await called(body("call get_weather")) == []


async def test_an_argumentless_call_sends_no_input() -> None:
    got = events(await chat(Emulator(), body("call get_time", tools=[CLOCK])))
    assert not any("input" in payload for _, payload in got)


async def test_results_are_answered_from() -> None:
    history = [user("Use both"), assistant("", use("t1", "get_weather", city="Oslo"), use("t2", "get_time"))]
    results = [result("t1", "rain"), result("t2", "no clock", "error")]
    text = await said(body("", history=history, results=results, tools=[WEATHER, CLOCK]))
    assert "`get_weather` says: rain" in text
    assert "`get_time` failed with: no clock" in text


async def test_rounds_of_calls() -> None:
    """ "then" begins a round, which waits for the results of the one before."""
    asked = 'call get_weather with {"city": "Rome"}, then call get_time with {}'
    tools, history = [WEATHER, CLOCK], [user(asked), assistant("", use("t1", "get_weather", city="Rome"))]
    assert await called(body(asked, tools=tools)) == [("get_weather", {"city": "Rome"})]
    assert await called(body("", history=history, results=[result("t1")], tools=tools)) == [("get_time", {})]
    context = {"toolResults": [result("t1")]}
    history += [user("", userInputMessageContext=context), assistant("", use("t2", "get_time"))]
    assert await called(body("", history=history, results=[result("t2")], tools=tools)) == []


async def test_words_beside_results_are_a_new_question() -> None:
    history = [user("call get_time with {}"), assistant("", use("t1", "get_time"))]
    sent = body("Never mind, use get_weather", history=history, results=[result("t1")], tools=[WEATHER, CLOCK])
    assert await called(sent) == [("get_weather", {"city": "Paris"})]


async def test_notes_beside_results_are_obeyed() -> None:
    history = [user("call get_time with {}"), assistant("", use("t1", "get_time"))]
    note = "You must call the tool `get_weather` in this answer. Do not answer in text."
    sent = body(note, history=history, results=[result("t1")], tools=[WEATHER, CLOCK])
    assert await called(sent) == [("get_weather", {"city": "Paris"})]


async def test_ids_differ_between_turns() -> None:
    def ids(data: Any) -> set[str]:
        return {payload["toolUseId"] for name, payload in events(data) if name == "toolUseEvent"}

    emulator = Emulator()
    first = ids(await chat(emulator, body("call get_time with {} and call get_time with {}", tools=[CLOCK])))
    history = [user("call get_time"), assistant("I did")]
    second = ids(await chat(emulator, body("call get_time", history=history, tools=[CLOCK])))
    assert len(first) == 2
    assert len(first | second) == 3
    assert all(len(one) == len("tooluse_") + 22 for one in first | second)


THINKING: dict[str, tuple[Json, list[str]]] = {
    # body, kinds of reasoning frames
    "asked in words": (body("Think hard."), ["text", "signature"]),
    "not asked": (body("Unthinkable."), []),
    "adaptive": (body(fields={"thinking": {"type": "adaptive"}}, model="claude-opus-5"), ["text", "signature"]),
    "disabled": (body("Think.", fields={"thinking": {"type": "disabled"}}, model="claude-opus-5"), []),
    "omitted": (
        body(fields={"thinking": {"type": "adaptive", "display": "omitted"}}, model="claude-opus-5"),
        ["signature"],
    ),
    "effort": (body(fields={"output_config": {"effort": "max"}}, model="claude-opus-5"), ["text", "signature"]),
    "gpt": (body(fields={"reasoning": {"effort": "high"}}, model="gpt-5.6-sol"), ["redactedContent"]),
    "gpt none": (body("Think", fields={"reasoning": {"effort": "none"}}, model="gpt-5.6-sol"), []),
}


@pytest.mark.parametrize(("sent", "kinds"), THINKING.values(), ids=THINKING)
async def test_thinking(sent: Json, kinds: list[str]) -> None:
    got = events(await chat(Emulator(), sent))
    thoughts = [next(iter(payload)) for name, payload in got if name == "reasoningContentEvent"]
    assert list(dict.fromkeys(thoughts)) == kinds
    assert [name for name, _ in got][len(thoughts)] == "assistantResponseEvent", "reasoning comes first"


@pytest.mark.parametrize(
    "tag",
    [
        "<thinking_mode>enabled</thinking_mode><max_thinking_length>16000</max_thinking_length>",
        "<thinking_mode>adaptive</thinking_mode><thinking_effort>high</thinking_effort>",
    ],
)
async def test_thinking_in_tags(tag: str) -> None:
    got = events(await chat(Emulator(), body(f"{tag}\n\nWhy?")))
    text = "".join(payload.get("content", "") for _, payload in got)
    assert text.startswith("<thinking>")
    assert "</thinking>\n\n## This is a demo" in text
    assert not any(name == "reasoningContentEvent" for name, _ in got)


async def test_json_by_a_schema() -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "degrees": {"type": "number", "maximum": 0}},
        "required": ["city", "degrees"],
        "additionalProperties": False,
    }
    note = f"Answer with one JSON document.\n\nJSON Schema of the answer (Weather):\n```json\n{json.dumps(schema)}\n```"
    value = json.loads(await said(body(f"Weather?\n\n{note}")))
    assert set(value) == {"city", "degrees"}
    assert value["degrees"] <= 0


async def test_json_without_a_schema() -> None:
    value = json.loads(await said(body("Hm\n\nAnswer with one JSON object and nothing else: no code fence.")))
    assert isinstance(value, dict)


async def test_a_broken_schema_is_ignored() -> None:
    assert "This is a demo" in await said(body("JSON Schema:\n```json\n{]\n```"))


async def test_counting() -> None:
    assert (await said(body("Count to 300"))).splitlines()[-1] == "300"


async def test_max_tokens_counts_where_the_catalog_says_so() -> None:
    sent = body("count to 20000", fields={"max_tokens": 1024}, model="claude-opus-5")
    response = await chat(Emulator(), sent)
    assert len(text_of(response)) == 4096
    assert dict(events(response))["metadataEvent"]["stopReason"] == "MAX_TOKENS"


async def test_usage_is_plausible() -> None:
    short, long = [
        dict(events(await chat(Emulator(), body(text))))["metadataEvent"]["tokenUsage"]
        for text in ("Hi", "word " * 7000)
    ]
    assert 9_000 < long["uncachedInputTokens"] - short["uncachedInputTokens"] < 11_000
    assert short["totalTokens"] == short["uncachedInputTokens"] + short["outputTokens"]
    image = {"format": "png", "source": {"bytes": PNG + "A" * 1_000_000}}
    seen = dict(events(await chat(Emulator(), body("Hi", images=[image]))))["metadataEvent"]["tokenUsage"]
    assert 1_000 < seen["uncachedInputTokens"] - short["uncachedInputTokens"] < 2_000, "not by its bytes"


async def test_scripts_are_used_in_order_and_then_no_more() -> None:
    emulator = Emulator()
    usage = {"uncachedInputTokens": 1, "outputTokens": 2, "totalTokens": 3}
    emulator.script(
        Reply(["a", "", "b"], usage=usage, stop_reason="CONTENT_FILTERED"), Reply(reasoning="r", signature="s")
    )
    first, second, third = [events(await chat(emulator, body())) for _ in range(3)]
    assert [payload["content"] for name, payload in first if name == "assistantResponseEvent"] == ["a", "", "b"]
    assert dict(first)["metadataEvent"] == {"stopReason": "CONTENT_FILTERED", "tokenUsage": usage}
    assert second[:2] == [("reasoningContentEvent", {"text": "r"}), ("reasoningContentEvent", {"signature": "s"})]
    assert "demo" in json.dumps(third)


async def test_without_metadata_as_old_backends() -> None:
    got = events(await chat(Emulator(Options(stop_reason=False)), body()))
    assert "metadataEvent" not in dict(got)
