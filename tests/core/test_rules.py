"""The backend's rules: one body for every rule that breaks it and no other, and no JSON whatever that breaks `check`."""

from __future__ import annotations

import base64
import copy
import json
from dataclasses import replace
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.openai_bodies import GIF, PIXEL, bodies, json_values

from kiro2chat_core import jsonio
from kiro2chat_core.dialects import openai_chat
from kiro2chat_core.kiro import rules
from kiro2chat_core.kiro.catalog import Model
from kiro2chat_core.kiro.request import build
from kiro2chat_core.kiro.rules import DEFAULT, STRICT, Rule, Strictness

Json: TypeAlias = dict[str, Any]

ARN = "arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL"


def user(content: str = "Hi", **members: Any) -> Json:
    return {"userInputMessage": {"content": content, "modelId": "claude-sonnet-4.5", "origin": "KIRO_CLI"} | members}


def answer(content: str = "OK", *uses: Json, **members: Any) -> Json:
    return {"assistantResponseMessage": {"content": content} | ({"toolUses": list(uses)} if uses else {}) | members}


def use(call_id: str = "t1", name: str = "read_file", **arguments: Any) -> Json:
    return {"toolUseId": call_id, "name": name, "input": arguments}


def result(call_id: str = "t1", **members: Any) -> Json:
    return {"toolUseId": call_id, "status": "success", "content": [{"text": "done"}]} | members


def tool(name: str = "read_file", description: Any = "Reads", **schema: Any) -> Json:
    arguments = {"type": "object", "properties": {}} | schema
    return {"toolSpecification": {"name": name, "description": description, "inputSchema": {"json": arguments}}}


def png(**members: Any) -> Json:
    return {"format": "png", "source": {"bytes": PIXEL}} | members


def context(*, tools: Any = (), results: Any = ()) -> Json:
    return {"userInputMessageContext": {"tools": list(tools), "toolResults": list(results)}}


def body(current: Json | None = None, *history: Json, state: Json | None = None, **top: Any) -> Json:
    inner = {
        "conversationId": "c1",
        "chatTriggerType": "MANUAL",
        "currentMessage": current or user(),
        "history": list(history),
    }
    return {"conversationState": inner | (state or {})} | top


POINT = {"type": "default"}


def called(*results: Json, uses: Any = None, tools: Any = None) -> Json:
    """A question, a call and its results."""
    tools, uses = [tool()] if tools is None else tools, [use()] if uses is None else uses
    return body(user("", **context(tools=tools, results=results)), user(), answer("", *uses))


SOUND: dict[str, Json] = {
    "a question": body(),
    "with a profile": body(profileArn=ARN),
    "a conversation": body(user(), user(), answer()),
    "a call and its result": called(result()),
    "two calls, results the other way round": called(result("t2"), result("t1"), uses=[use("t1"), use("t2")]),
    "a failed call": called(result(status="error")),
    "a result that is JSON": called(result(content=[{"json": {"a": None}}])),
    "an image": body(user(images=[png()])),
    "no history": {"conversationState": {"chatTriggerType": "MANUAL", "currentMessage": user()}},
    "history: null": body(state={"history": None}),
    "an empty answer": body(user(), user(), answer("")),
    "signed reasoning": body(
        user(), user(), answer(reasoningContent={"reasoningText": {"text": "", "signature": "E"}})
    ),
    "redacted reasoning": body(user(), user(), answer(reasoningContent={"redactedContent": "AAAA"})),
    "cache points": body(user(cachePoint=POINT), *[user(cachePoint=POINT), answer()] * 3),
    "additional fields": body(additionalModelRequestFields={"max_tokens": 5}),
}


@pytest.mark.parametrize("strictness", [DEFAULT, STRICT], ids=["default", "strict"])
@pytest.mark.parametrize("sent", SOUND.values(), ids=SOUND)
def test_sound_bodies_break_no_rule(sent: Json, strictness: Strictness) -> None:
    assert rules.check(sent, strictness) == []


BROKEN: dict[str, tuple[Rule, Json]] = {
    "no object": (Rule.SHAPE, body(state={"currentMessage": []})),
    "no content": (Rule.SHAPE, body({"userInputMessage": {"modelId": "m"}})),
    "two members in a message": (Rule.SHAPE, body(user() | answer())),
    "an answer as the current message": (Rule.SHAPE, body(answer())),
    "arguments as a string": (Rule.SHAPE, called(result(), uses=[use() | {"input": "{}"}])),
    "a result without a status": (Rule.SHAPE, called({"toolUseId": "t1", "content": []})),
    "a schema that is no object": (Rule.SHAPE, body(user(**context(tools=[{"toolSpecification": {
        "name": "x", "description": "x", "inputSchema": {"json": True}}}])))),
    "an odd member of the wrong message": (Rule.SHAPE, body(user(), user(), answer(userInputMessageContext="x"))),
    "flat reasoning": (Rule.SHAPE, body(user(), user(), answer(reasoningContent={"text": "", "signature": "E"}))),
    "unsigned reasoning": (Rule.SHAPE, body(user(), user(), answer(reasoningContent={"reasoningText": {"text": ""}}))),
    "reasoning of both kinds": (Rule.SHAPE, body(user(), user(), answer(reasoningContent={
        "redactedContent": "AAAA", "reasoningText": {"text": "", "signature": "E"}}))),
    "a cache point of another type": (Rule.SHAPE, body(user(cachePoint={"type": "ephemeral"}))),
    "five cache points": (Rule.CACHE_POINT_COUNT, body(user(cachePoint=POINT), *[user(cachePoint=POINT), answer()] * 4)),
    "trigger AUTO": (Rule.ENUM, body(state={"chatTriggerType": "AUTO"})),
    "an unknown origin": (Rule.ENUM, body(user(origin="BROWSER"))),
    "an unknown status": (Rule.ENUM, called(result(status="failure"))),
    "a conversation id too long": (Rule.LENGTH, body(state={"conversationId": "c" * 129})),
    "an empty conversation id": (Rule.LENGTH, body(state={"conversationId": ""})),
    "an id of a call too long": (Rule.LENGTH, called(result("t" * 65), uses=[use("t" * 65)])),
    "a result too long": (Rule.LENGTH, called(result(content=[{"text": "x" * 800_001}]))),
    "systemPrompt": (Rule.FOREIGN_MEMBER, body(systemPrompt="Be brief.")),
    "agentTaskType": (Rule.AGENT_FIELDS, body(state={"agentTaskType": "vibe"})),
    "agentContinuationId": (Rule.AGENT_FIELDS, body(state={"agentContinuationId": "x"})),
    "agentMode": (Rule.AGENT_FIELDS, body(agentMode="vibe")),
    "no profile ARN": (Rule.PROFILE_ARN, body(profileArn="arn:aws:iam::123456789012:user/x")),
    "an illegal model id": (Rule.MODEL_ID, body(user(modelId="claude sonnet"))),
    "an image of an unknown format": (Rule.IMAGE_SHAPE, body(user(images=[png(format="jpg")]))),
    "an image whose format is a list": (Rule.IMAGE_SHAPE, body(user(images=[png(format=["png"])]))),
    "an image that is no base64": (Rule.IMAGE_SHAPE, body(user(images=[png(source={"bytes": "data:image/png"})]))),
    "an image by address": (Rule.IMAGE_SHAPE, body(user(images=[png(source={"url": "https://x"})]))),
    "an image that is null": (Rule.IMAGE_SHAPE, body(user(images=[None]))),
    "eleven images": (Rule.IMAGE_COUNT, body(user(images=[png()] * 11))),
    "101 images": (Rule.IMAGE_COUNT, body(user(), *[user(images=[png()] * 10), answer()] * 10,
                                          user(images=[png()]), answer())),
    "a large image": (Rule.IMAGE_SIZE, body(user(images=[png(source={"bytes": PIXEL + "A" * rules.IMAGE_CHARS})]))),
    "a GIF called a PNG": (Rule.IMAGE_MISMATCH, body(user(images=[png(source={"bytes": GIF})]))),
    "too many tools": (Rule.TOOL_LIST, body(user(**context(tools=[tool(f"t{i}") for i in range(1389)])))),
    "a tool name too long": (Rule.TOOL_NAME, body(user(**context(tools=[tool("x" * 65)])))),
    "a tool name with a dot": (Rule.TOOL_NAME, body(user(**context(tools=[tool("x.y")])))),
    "two tools of one name": (Rule.TOOL_NAME, body(user(**context(tools=[tool(), tool()])))),
    "a blank description": (Rule.TOOL_DESCRIPTION, body(user(**context(tools=[tool(description=" ")])))),
    "no description": (Rule.TOOL_DESCRIPTION, body(user(**context(tools=[tool(description=None)])))),
    "a long description": (Rule.TOOL_DESCRIPTION, body(user(**context(tools=[tool(description="x" * 10_241)])))),
    "required: null": (Rule.TOOL_SCHEMA, body(user(**context(tools=[tool(required=None)])))),
    "properties: null, deep inside": (Rule.TOOL_SCHEMA, body(user(**context(tools=[
        tool(properties={"a": {"items": {"properties": None}}})])))),
    "anyOf at the root": (Rule.TOOL_SCHEMA, body(user(**context(tools=[tool(anyOf=[{}])])))),
    "additionalProperties": (Rule.TOOL_SCHEMA, body(user(**context(tools=[tool(additionalProperties=False)])))),
    "required: []": (Rule.TOOL_SCHEMA, body(user(**context(tools=[tool(required=[])])))),
    "a root that is a string": (Rule.TOOL_SCHEMA_ROOT, body(user(**context(tools=[tool(type="string")])))),
    "a root of two types": (Rule.TOOL_SCHEMA_ROOT, body(user(**context(tools=[tool(type=["object", "null"])])))),
    "history with calls, no tools": (Rule.TOOLS_UNDECLARED, called(result(), tools=[])),
    "history that calls another tool": (Rule.TOOLS_UNDECLARED, called(result(), tools=[tool("write_file")])),
    "a cache point among the tools": (Rule.CACHE_POINT_IN_TOOLS, called(result(), tools=[tool(), {"cachePoint": {}}])),
    "an answer first": (Rule.STARTS_WITH_USER_MESSAGE, body(user(), answer())),
    "two questions": (Rule.ALTERNATING_MESSAGES, body(user(), user())),
    "two answers": (Rule.ALTERNATING_MESSAGES, body(user(), user(), answer(), answer())),
    "an empty question": (Rule.NON_EMPTY_USER_MESSAGE, body(user(""))),
    "an image alone": (Rule.NON_EMPTY_USER_MESSAGE, body(user("", images=[png()]))),
    "a call without a result": (Rule.TOOL_USES_AND_RESULTS, body(user(**context(tools=[tool()])), user(), answer("", use()))),
    "one of two results": (Rule.TOOL_USES_AND_RESULTS, called(result("t1"), uses=[use("t1"), use("t2")])),
    "a result of nothing": (Rule.TOOL_RESULTS_AND_NO_USES, body(
        user(**context(tools=[tool()], results=[result()])), user(), answer())),
    "a result of another call": (Rule.TOOL_RESULTS_ORPHAN_IDS, called(result("t1"), result("t9"))),
    "a result twice": (Rule.TOOL_RESULTS_ORPHAN_IDS, called(result("t1"), result("t1"))),
    "an id used twice in a turn": (Rule.TOOL_USE_IDS_REUSED, called(result("t1"), uses=[use("t1"), use("t1")])),
    "an id used again": (Rule.TOOL_USE_IDS_REUSED, body(
        user("", **context(tools=[tool()], results=[result()])),
        user(), answer("", use()), user("", **context(results=[result()])), answer("", use()))),
}  # fmt: skip
ONLY_STRICT = {"a cache point among the tools", "agentTaskType", "agentContinuationId", "agentMode", "additionalProperties",
               "required: []"}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_body_that_breaks_one_rule(name: str) -> None:
    rule, sent = BROKEN[name]
    strictness = STRICT if name in ONLY_STRICT else DEFAULT
    found = rules.check(sent, strictness)
    assert {violation.rule for violation in found} == {rule}
    assert all(violation.detail for violation in found)
    assert name in ONLY_STRICT or {violation.rule for violation in rules.check(sent, STRICT)} == {rule}


def test_every_rule_has_its_body() -> None:
    # The one rule that no body breaks: the current message is always the user's, by its shape.
    assert {rule for rule, _ in BROKEN.values()} == set(Rule) - {Rule.ENDS_WITH_USER_MESSAGE}


@pytest.mark.parametrize("name", [*sorted(ONLY_STRICT), "two questions"])
def test_what_sources_disagree_on_is_a_switch(name: str) -> None:
    _, sent = BROKEN[name]
    lenient = Strictness(alternation=False)
    assert rules.check(sent, lenient) == []


def test_ids_of_calls_may_hold_dots_by_default_and_not_by_the_model() -> None:
    sent = called(result("t.1"), uses=[use("t.1")])
    assert rules.check(sent, DEFAULT) == []
    assert {violation.rule for violation in rules.check(sent, STRICT)} == {Rule.LENGTH}


def test_violations_name_the_place() -> None:
    sent = body(user(), user(""), answer())
    assert [violation.path for violation in rules.check(sent)] == ["conversationState.history[0].userInputMessage"]
    sent = body(user(**context(tools=[tool(), tool("x", properties={"a": {"required": None}})])))
    assert [violation.path for violation in rules.check(sent)] == [
        "conversationState.currentMessage.userInputMessage.userInputMessageContext.tools[1].inputSchema.json"
        ".properties.a.required"
    ]


def test_several_rules_are_all_told() -> None:
    sent = body(user("", modelId="a b", origin="X"), profileArn="x", extra=1)
    assert {violation.rule for violation in rules.check(sent)} == {
        Rule.NON_EMPTY_USER_MESSAGE, Rule.MODEL_ID, Rule.ENUM, Rule.PROFILE_ARN, Rule.FOREIGN_MEMBER,
    }  # fmt: skip


# --- the worked examples of protocol notes 10 --------------------------------------------------------------------------

ID = "tooluse_Ab12Cd34Ef56Gh78Ij90Kl"
READ = {"toolSpecification": {"name": "read_file", "description": "Read a file", "inputSchema": {"json": {
    "type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}}}}  # fmt: skip
EXAMPLES: dict[str, Json] = {
    "10.1 text": {"conversationState": {
        "conversationId": "1b0f3b0e-55a2-4c5b-8f5d-1d1c0a3f9e01", "chatTriggerType": "MANUAL", "agentTaskType": "vibe",
        "currentMessage": user("Be terse.\n\nSay hi."), "history": []}, "profileArn": ARN},
    "10.2 tool call": {"conversationState": {
        "conversationId": "c1", "chatTriggerType": "MANUAL",
        "currentMessage": user("What is in a.txt?", userInputMessageContext={"tools": [READ]})}, "profileArn": ARN},
    "10.3 tool result": {"conversationState": {
        "conversationId": "c1", "chatTriggerType": "MANUAL",
        "history": [
            user("What is in a.txt? See also the picture.", images=[{"format": "png", "source": {"bytes": PIXEL}}]),
            answer("I'll read it.", use(ID, path="a.txt"))],
        "currentMessage": user("", userInputMessageContext={
            "toolResults": [{"toolUseId": ID, "status": "success", "content": [{"text": "hello"}]}],
            "tools": [READ]})}, "profileArn": ARN},
}  # fmt: skip
THINKING = {"output_config": {"effort": "high"}, "thinking": {"type": "adaptive", "display": "summarized"}}
EXAMPLES["10.3 thinking"] = EXAMPLES["10.3 tool result"] | {"additionalModelRequestFields": THINKING}


@pytest.mark.parametrize("sent", EXAMPLES.values(), ids=EXAMPLES)
def test_the_worked_examples_break_no_rule(sent: Json) -> None:
    assert rules.check(sent, DEFAULT) == []
    assert rules.check(sent, replace(STRICT, agent_fields=False)) == []


# --- whatever comes ----------------------------------------------------------------------------------------------------

KEYS = sorted({key for sent in [*SOUND.values(), *(sent for _, sent in BROKEN.values())] for key in jsonio.text(sent).split('"')
               if key.isalpha()})  # fmt: skip
keyed = st.recursive(
    json_values | st.sampled_from(KEYS) | st.just(PIXEL),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
MANY = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


@MANY
@given(json_values | keyed, st.sampled_from([DEFAULT, STRICT]))
@example(
    {"conversationState": {"chatTriggerType": "MANUAL", "currentMessage": {"userInputMessage": {"content": ""}}}},
    STRICT,
)
def test_no_json_breaks_check(value: Any, strictness: Strictness) -> None:
    found = rules.check(value, strictness)
    assert found or set(value) <= rules.TOP_MEMBERS


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in inner for place in places(child, (*path, key)))]


def mutated(data: st.DataObject, sent: Json) -> Any:
    """One place of the body replaced, left out, or given a member more."""
    *way, last = data.draw(st.sampled_from(places(sent)[1:]))
    changed = copy.deepcopy(sent)
    holder: Any = changed
    for key in way:
        holder = holder[key]
    match data.draw(st.sampled_from(["replace", "remove", "add"])):
        case "replace":
            holder[last] = data.draw(json_values | st.sampled_from(KEYS))
        case "remove":
            del holder[last]
        case _ if isinstance(holder[last], dict):
            holder[last][data.draw(st.sampled_from(KEYS))] = data.draw(keyed)
        case _:
            holder[last] = [holder[last]]
    return changed


SMALL = [sent for sent in [*SOUND.values(), *(sent for _, sent in BROKEN.values()), *EXAMPLES.values()]
         if len(jsonio.dumps(sent)) < 4000]  # fmt: skip


@MANY
@given(st.data())
def test_no_mutated_body_breaks_check(data: st.DataObject) -> None:
    sent = data.draw(st.sampled_from(SMALL))
    for _ in range(data.draw(st.integers(1, 3))):
        sent = mutated(data, sent) if isinstance(sent, dict) and sent else sent
    rules.check(sent, data.draw(st.sampled_from([DEFAULT, STRICT])))


@settings(MANY, max_examples=100)
@given(bodies(), st.data())
def test_no_mutated_body_of_ours_breaks_check(chat: Json, data: st.DataObject) -> None:
    built = build(openai_chat.read(jsonio.loads(json.dumps(chat))).ask, Model("claude-sonnet-4.5")).body
    rules.check(mutated(data, built), STRICT)


def test_check_leaves_the_body_as_it_is() -> None:
    for _, sent in BROKEN.values():
        before = jsonio.dumps(sent)
        rules.check(sent)
        assert jsonio.dumps(sent) == before


def test_the_pixel_is_a_png() -> None:
    assert base64.b64decode(PIXEL).startswith(b"\x89PNG")
