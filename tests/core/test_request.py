"""An Ask as the body that is sent: exact bodies of small requests, and what becomes of what the backend has no field for."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.openai_bodies import PIXEL, bodies

from kiro2chat_core import jsonio
from kiro2chat_core.dialects import openai_chat
from kiro2chat_core.errors import BadRequest
from kiro2chat_core.kiro import rules
from kiro2chat_core.kiro.catalog import Model
from kiro2chat_core.kiro.prompts import IDENTITY
from kiro2chat_core.kiro.request import Request, Style, build
from kiro2chat_core.turns import (
    AnyTool,
    Ask,
    Image,
    JsonAnswer,
    Limits,
    NamedTool,
    Part,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
)

MODEL = "claude-sonnet-4.5"
READ = Tool("read_file", "Reads a file", {"type": "object", "properties": {"path": {"type": "string"}}})
WRITE = Tool("write_file", "Writes a file")


def said(text: str) -> Turn:
    return Turn("user", (Text(text),))


def answered(*parts: Part) -> Turn:
    return Turn("assistant", parts)


def results(*given: tuple[str, str]) -> Turn:
    return Turn("user", tuple(ToolResult(call_id, (Text(text),)) for call_id, text in given))


def ask(*turns: Turn, **members: Any) -> Ask:
    return Ask("any", turns or (said("Hi"),), **members)


def built(given: Ask, style: Style = Style()) -> Request:  # noqa: B008 (a frozen value)
    request = build(given, Model(MODEL), style)
    assert rules.check(request.body) == [] or style.agent_mode != "none"
    return request


def state(given: Ask) -> Any:
    return built(given).body["conversationState"]


def current(given: Ask) -> Any:
    return state(given)["currentMessage"]["userInputMessage"]


def declared(given: Ask) -> dict[str, Any]:
    """Name → specification of the tools that are sent."""
    context = current(given).get("userInputMessageContext", {})
    return {each["toolSpecification"]["name"]: each["toolSpecification"] for each in context.get("tools", [])}


def test_a_question() -> None:
    request = built(ask(said("Say hi."), system="Be terse."))
    conversation = request.body["conversationState"].pop("conversationId")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", conversation)
    assert request.body == {
        "conversationState": {
            "chatTriggerType": "MANUAL",
            "currentMessage": {
                "userInputMessage": {"content": "Be terse.\n\nSay hi.", "modelId": MODEL, "origin": "KIRO_CLI"}
            },
            "history": [],
        }
    }
    assert request.callable == {}
    assert request.repairs == ()


def test_a_conversation_with_a_call_its_result_and_an_image() -> None:
    request = built(
        ask(
            Turn("user", (Text("What is in a.txt? See also the picture."), Image("png", PIXEL))),
            answered(Text("I'll read it."), ToolCall("t1", "read_file", '{"path":"a.txt"}')),
            results(("t1", "hello")),
            tools=(READ,),
            system="Be terse.",
        )
    )
    body = request.body["conversationState"]
    assert body["history"] == [
        {
            "userInputMessage": {
                "content": "Be terse.\n\nWhat is in a.txt? See also the picture.",
                "modelId": MODEL,
                "origin": "KIRO_CLI",
                "images": [{"format": "png", "source": {"bytes": PIXEL}}],
            }
        },
        {
            "assistantResponseMessage": {
                "content": "I'll read it.",
                "toolUses": [{"toolUseId": "t1", "name": "read_file", "input": {"path": "a.txt"}}],
            }
        },
    ]
    assert body["currentMessage"] == {
        "userInputMessage": {
            "content": "",
            "modelId": MODEL,
            "origin": "KIRO_CLI",
            "userInputMessageContext": {
                "toolResults": [{"toolUseId": "t1", "status": "success", "content": [{"text": "hello"}]}],
                "tools": [
                    {
                        "toolSpecification": {
                            "name": "read_file",
                            "description": "Reads a file",
                            "inputSchema": {"json": {"type": "object", "properties": {"path": {"type": "string"}}}},
                        }
                    }
                ],
            },
        }
    }
    assert request.callable == {"read_file": "read_file"}


def test_a_failed_call_says_so() -> None:
    turn = Turn("user", (ToolResult("t1", (Text("no such file"),), is_error=True),))
    sent = current(ask(said("Hi"), answered(ToolCall("t1", "read_file", "{}")), turn, tools=(READ,)))
    assert sent["userInputMessageContext"]["toolResults"] == [
        {"toolUseId": "t1", "status": "error", "content": [{"text": "no such file"}]}
    ]


def test_system_text_alone() -> None:
    assert current(Ask("any", (), system="Be terse."))["content"] == "Be terse.\n\nContinue"


def test_nothing_at_all() -> None:
    assert current(Ask("any", ()))["content"] == "Continue"


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ('{"a":1}', {"a": 1}),
        ("", {}),
        ("  ", {}),
        ("{}", {}),
        ("null", {"value": None}),
        ("[1]", {"value": [1]}),
        ('"x"', {"value": "x"}),
        ('{"a":', {"invalid_json": '{"a":'}),
        ("path=a", {"invalid_json": "path=a"}),
        ("[" * 200 + "]" * 200, {"invalid_json": "[" * 200 + "]" * 200}),
        (r'{"a":"\ud800"}', {"a": "�"}),
    ],
    ids=["object", "empty", "blank", "none", "null", "array", "string", "half", "no JSON", "too deep", "half a pair"],
)
def test_arguments_of_earlier_calls_are_objects(arguments: str, sent: Any) -> None:
    history = state(ask(said("Hi"), answered(ToolCall("t1", "x", arguments)), results(("t1", "ok"))))["history"]
    assert history[1]["assistantResponseMessage"]["toolUses"][0]["input"] == sent


# --- tools -------------------------------------------------------------------------------------------------------------


def test_long_names_are_shortened_and_lead_back() -> None:
    name = "mcp__" + "long_" * 20
    request = built(
        ask(said("Hi"), answered(ToolCall("t1", name, "{}")), results(("t1", "ok")), tools=(Tool(name, "x"),))
    )
    (wire,) = request.callable
    assert request.callable == {wire: name}
    history = request.body["conversationState"]["history"]
    assert history[1]["assistantResponseMessage"]["toolUses"][0]["name"] == wire
    assert request.repairs == (f"the tool {name!r} is sent as {wire!r}",)


def test_long_descriptions_are_continued_in_the_system_text() -> None:
    text = "".join(f"line {number}\n" for number in range(2000)).strip()
    given = ask(said("Hi"), tools=(replace(READ, description=text),), system="Be terse.")
    description = declared(given)["read_file"]["description"]
    head, _, pointer = description.partition(" (continued in the instructions, under: Tool read_file)")
    assert len(description) <= rules.DESCRIPTION_LENGTH
    assert pointer == ""
    content = current(given)["content"]
    assert content.startswith("Be terse.\n\nTool read_file (continued)\n")
    assert head + content.partition("(continued)\n")[2].removesuffix("\n\nHi") == text


@pytest.mark.parametrize("description", ["", "  \n"], ids=["none", "blank"])
def test_a_tool_without_a_description_gets_one(description: str) -> None:
    assert declared(ask(tools=(Tool("x", description),)))["x"]["description"] == "The tool x"


def test_schemas_are_cleaned() -> None:
    schema = {"$schema": "x", "type": "object", "additionalProperties": False, "required": [], "properties": {"a": {}}}
    assert declared(ask(tools=(Tool("x", "x", schema),)))["x"]["inputSchema"] == {
        "json": {"type": "object", "properties": {"a": {}}}
    }


def test_of_two_tools_with_one_name_the_first_counts() -> None:
    assert declared(ask(tools=(READ, Tool("read_file", "Another"))))["read_file"]["description"] == "Reads a file"


def test_tools_keep_their_order() -> None:
    assert list(declared(ask(tools=(WRITE, READ)))) == ["write_file", "read_file"]


def test_a_tool_that_the_history_calls_is_declared_and_may_not_be_called() -> None:
    given = ask(said("Hi"), answered(ToolCall("t1", "gone", "{}")), results(("t1", "ok")), tools=(READ,))
    assert declared(given)["gone"] == {
        "name": "gone",
        "description": "Tool used in conversation history",
        "inputSchema": {"json": {"type": "object", "properties": {}}},
    }
    request = built(given)
    assert request.callable == {"read_file": "read_file"}
    assert request.repairs == ("the tool 'gone' of the history was declared",)


def test_more_tools_than_the_backend_takes_are_refused() -> None:
    with pytest.raises(BadRequest) as refused:
        build(ask(tools=tuple(Tool(f"t{number}") for number in range(1389))), Model(MODEL))
    assert refused.value.field == "tools"
    assert len(built(ask(tools=tuple(Tool(f"t{number}") for number in range(1388)))).callable) == 1388


CHOICES: dict[str, tuple[ToolChoice, list[str], dict[str, str], str]] = {
    "auto": ("auto", ["read_file", "write_file"], {"read_file": "read_file", "write_file": "write_file"}, ""),
    "none": ("none", [], {}, ""),
    "any": (AnyTool(), ["read_file", "write_file"], {"read_file": "read_file", "write_file": "write_file"},
            "You must call one of the tools in this answer. Do not answer in text."),
    "named": (NamedTool("write_file"), ["write_file"], {"write_file": "write_file"},
              "You must call the tool `write_file` in this answer. Do not answer in text."),
}  # fmt: skip


@pytest.mark.parametrize(("choice", "sent", "callable", "note"), CHOICES.values(), ids=CHOICES)
def test_tool_choice(choice: ToolChoice, sent: list[str], callable: dict[str, str], note: str) -> None:
    given = ask(said("Hi"), tools=(READ, WRITE), choice=choice)
    assert list(declared(given)) == sent
    assert built(given).callable == callable
    assert current(given)["content"] == (f"Hi\n\n{note}" if note else "Hi")


def test_no_tool_may_be_called_but_those_of_the_history_stay_declared() -> None:
    turns = (said("Hi"), answered(ToolCall("t1", "read_file", "{}")), results(("t1", "ok")))
    given = ask(*turns, tools=(READ, WRITE), choice="none")
    assert list(declared(given)) == ["read_file"]
    assert declared(given)["read_file"]["description"] == "Reads a file"
    assert built(given).callable == {}
    assert current(given)["content"] == "Do not call any tool in this answer. Answer in text."


def test_one_call_at_a_time() -> None:
    assert current(ask(said("Hi"), tools=(READ,), parallel=False))["content"] == (
        "Hi\n\nCall at most one tool in this answer."
    )


def test_json_answers_are_asked_for_at_the_end_of_the_current_message() -> None:
    turns = (said("Hi"), answered(Text("Hello")), said("Bye"))
    given = ask(*turns, answer=JsonAnswer({"type": "object"}, "farewell"), system="Be terse.")
    content = current(given)["content"]
    assert content.startswith("Bye\n\nAnswer with one JSON document")
    assert '{"type":"object"}' in content
    assert state(given)["history"][0]["userInputMessage"]["content"] == "Be terse.\n\nHi"


# --- style -------------------------------------------------------------------------------------------------------------


def test_the_identity_note_comes_after_the_clients_own_system_text() -> None:
    given = ask(said("Hi"), system="Be terse.")
    content = built(given, Style(identity="claude")).body["conversationState"]["currentMessage"]["userInputMessage"][
        "content"
    ]
    assert content == f"Be terse.\n\n{IDENTITY}\n\nHi"
    assert IDENTITY not in jsonio.text(built(given).body)


def test_the_origin_is_that_of_the_settings_in_every_message() -> None:
    given = ask(said("Hi"), answered(Text("Hello")), said("Bye"))
    body = built(given, Style(origin="AI_EDITOR")).body
    assert jsonio.text(body).count('"origin":"AI_EDITOR"') == 2


@pytest.mark.parametrize(("mode", "task"), [("none", None), ("vibe", "vibe"), ("spec", "spectask")])
def test_the_agent_mode(mode: str, task: str | None) -> None:
    body = built(ask(), Style(agent_mode=mode)).body
    assert body["conversationState"].get("agentTaskType") == task
    assert rules.check(body, rules.DEFAULT) == []


# --- conversations -----------------------------------------------------------------------------------------------------


def test_the_conversation_keeps_its_id_while_it_grows() -> None:
    turns = (said("Hi"), answered(Text("Hello")), said("Bye"), answered(Text("See you")), said("Still there?"))
    ids = {state(ask(*turns[:count], system="Be terse."))["conversationId"] for count in (1, 3, 5)}
    assert len(ids) == 1


def test_different_conversations_have_different_ids() -> None:
    asks = [ask(said("Hi")), ask(said("Ho")), ask(said("Hi"), system="x"), ask(said("Hi"), conversation="x"),
            ask(Turn("user", (Image("png", PIXEL),)))]  # fmt: skip
    assert len({state(given)["conversationId"] for given in asks}) == len(asks)


def test_the_client_may_name_the_conversation() -> None:
    ids = {state(ask(said(text), conversation="thread-1"))["conversationId"] for text in ("Hi", "Ho")}
    assert len(ids) == 1


def test_neither_limits_nor_the_model_change_the_conversation() -> None:
    ids = {
        state(given)["conversationId"] for given in (ask(), ask(limits=Limits(5, ("x",))), replace(ask(), model="y"))
    }
    assert len(ids) == 1


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(bodies())
def test_any_conversation_keeps_its_id_when_it_goes_on(body: dict[str, Any]) -> None:
    given = openai_chat.read(jsonio.loads(json.dumps(body))).ask
    longer = replace(given, turns=(*given.turns, answered(Text("OK")), said("Go on")))
    if given.turns:
        ids = {build(each, Model(MODEL)).body["conversationState"]["conversationId"] for each in (given, longer)}
        assert len(ids) == 1
