"""Input items and tools of the Responses API, as turns and functions."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import pytest
from tests.openai_bodies import PIXEL

from kiro2chat_core import jsonio
from kiro2chat_core.dialects import responses_request
from kiro2chat_core.dialects.responses_request import Wanted
from kiro2chat_core.dialects.responses_seals import sealed, sealed_summary
from kiro2chat_core.dialects.responses_tools import ClientTool
from kiro2chat_core.turns import (
    Document,
    DocumentUrl,
    Image,
    ImageUrl,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)

Json: TypeAlias = dict[str, Any]

DATA_URL = f"data:image/png;base64,{PIXEL}"
USER = Turn("user", (Text("Hi"),))
HI: Json = {"role": "user", "content": "Hi"}


def read(*items: Any, **members: Any) -> Wanted:
    sent = {"model": "m", "input": list(items) or "Hi"} | members
    return responses_request.read(jsonio.loads(json.dumps(sent)))


def call(name: str = "read", arguments: Any = "{}", **members: Any) -> Json:
    return {"type": "function_call", "call_id": "c1", "name": name, "arguments": arguments} | members


def result(output: Any, **members: Any) -> Json:
    return {"type": "function_call_output", "call_id": "c1", "output": output} | members


def message(role: str, *parts: Json) -> Json:
    return {"type": "message", "role": role, "content": list(parts)}


def assistant(*parts: Any) -> Turn:
    return Turn("assistant", parts)


def user(*parts: Any) -> Turn:
    return Turn("user", parts)


SEE = {"type": "input_image", "image_url": DATA_URL, "detail": "low"}
SAYS = {"type": "output_text", "text": "So", "annotations": [], "logprobs": []}
THOUGHT, HIDDEN = Reasoning("Hm", "Eo"), Reasoning("", redacted="x")
WHERE = "input[0].content[0]"

TURNS: dict[str, tuple[list[Json], str, list[Turn]]] = {
    "a message without a type": ([HI], "", [USER]),
    "parts": ([message("user", {"type": "input_text", "text": "See"}, SEE)], "", [user(Text("See"), Image("png", PIXEL))]),
    "an image as chat completions have it": (
        [message("user", {"type": "input_image", "image_url": {"url": "https://x/a.png"}})], "",
        [user(ImageUrl("https://x/a.png", f"{WHERE}.image_url.url"))]),
    "an image by address": (
        [message("user", {"type": "input_image", "image_url": "https://x/a.png"})], "",
        [user(ImageUrl("https://x/a.png", f"{WHERE}.image_url"))]),
    "a file": (
        [message("user", {"type": "input_file", "file_data": "data:text/plain;base64,SGk=", "filename": "a.txt"})], "",
        [user(Document(b"Hi", "text/plain", "a.txt", f"{WHERE}.file_data"))]),
    "a file as bare base64": (
        [message("user", {"type": "input_file", "file_data": "SGk=", "filename": "a.txt"})], "",
        [user(Document(b"Hi", "", "a.txt", f"{WHERE}.file_data"))]),
    "a file by address": (
        [message("user", {"type": "input_file", "file_url": "https://x/a.pdf"})], "",
        [user(DocumentUrl("https://x/a.pdf", "", f"{WHERE}.file_url"))]),
    "system text": (
        [{"role": "system", "content": "Be"}, message("developer", {"type": "input_text", "text": "terse"}), HI],
        "Be\n\nterse", [USER]),
    "system text later": ([HI, {"role": "developer", "content": "Be"}], "", [USER, user(Text("<system>\nBe\n</system>"))]),
    "blank system text later": ([HI, {"role": "developer", "content": " "}], "", [USER]),
    "a picture from the developer": (
        [message("developer", {"type": "input_text", "text": "Be"}, SEE)], "Be", [user(Image("png", PIXEL))]),
    "an answer as it was given": ([HI, {**message("assistant", SAYS), "id": "msg_1", "status": "completed"}], "",
                                  [USER, assistant(Text("So"))]),
    "an answer with a picture": ([message("assistant", SAYS, SEE)], "", [assistant(Text("So")), user(Image("png", PIXEL))]),
    "a refusal": ([message("assistant", {"type": "refusal", "refusal": "No."})], "", [assistant(Text("No."))]),
    "one answer of several items": (
        [HI, {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": sealed(THOUGHT)},
         message("assistant", SAYS), call(), call("write", '{"a":1}', call_id="c2", status="completed", id="fc_2"),
         result("ok"), result("done", call_id="c2")],
        "",
        [USER, assistant(THOUGHT, Text("So"), ToolCall("c1", "read", "{}"), ToolCall("c2", "write", '{"a":1}')),
         user(ToolResult("c1", (Text("ok"),))), user(ToolResult("c2", (Text("done"),)))]),
    "arguments as an object": ([call(arguments={"a": 1})], "", [assistant(ToolCall("c1", "read", '{"a":1}'))]),
    "no arguments": ([call(arguments=None)], "", [assistant(ToolCall("c1", "read", ""))]),
    "a custom call and its result": (
        [{"type": "custom_tool_call", "call_id": "c1", "name": "sql", "input": "select 1"},
         {"type": "custom_tool_call_output", "call_id": "c1", "output": "1"}], "",
        [assistant(ToolCall("c1", "sql", '{"input":"select 1"}')), user(ToolResult("c1", (Text("1"),)))]),
    "a call in a namespace that is not declared any more": (
        [call("spawn", namespace="agents")], "", [assistant(ToolCall("c1", "agents__spawn", "{}"))]),
    "a result of parts": (
        [result([{"type": "input_text", "text": "a"}, SEE, {"type": "input_file", "file_data": "SGk=", "filename": "f"}])], "",
        [user(ToolResult("c1", (Text("a"), Image("png", PIXEL), Document(b"Hi", "", "f", "input[0].output[2].file_data"))))]),
    "an empty result": ([result("")], "", [user(ToolResult("c1", (Text(""),)))]),
    "a result of no call": (
        [result("ok", call_id=None, name="read")], "", [user(Text("[Result of the tool read]"), Text("ok"))]),
    "hidden reasoning": ([{"type": "reasoning", "encrypted_content": sealed(HIDDEN)}], "", [assistant(HIDDEN)]),
    "reasoning of others": (
        [HI, {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}], "encrypted_content": "gAAAAABo=="}],
        "", [USER]),
    "reasoning without a seal": ([HI, {"type": "reasoning", "summary": [], "encrypted_content": None}], "", [USER]),
    "reasoning that was cut": ([HI, {"type": "reasoning", "encrypted_content": sealed(THOUGHT)[:-3]}], "", [USER]),
    "damaged reasoning": ([HI, {"type": "reasoning", "encrypted_content": sealed(THOUGHT) + "!"}], "", [USER]),
    "an item of a hosted tool": (
        [{"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "x"}}], "",
        [user(Text('<web_search_call>\n{"action":{"query":"x"}}\n</web_search_call>'))]),
    "an item of an unknown kind": ([{"type": "new kind", "words": ["a"]}], "",
                                   [user(Text('<new_kind>\n{"words":["a"]}\n</new_kind>'))]),
    "tools that were found": (
        [{"type": "tool_search_output", "call_id": "c", "tools": [{"type": "function", "name": "found"}]}], "",
        [user(Text('<tool_search_output>\n{"call_id":"c"}\n</tool_search_output>'))]),
    "a screenshot": (
        [{"type": "computer_call_output", "call_id": "c", "output": {"type": "computer_screenshot", "image_url": DATA_URL}}], "",
        [user(Text('<computer_call_output>\n{"call_id":"c"}\n</computer_call_output>'), Image("png", PIXEL))]),
    "a generated image": ([{"type": "image_generation_call", "id": "i", "result": PIXEL}], "", [user(Image("png", PIXEL))]),
    "a generated image that is none": ([HI, {"type": "image_generation_call", "id": "i", "result": "?"}], "", [USER]),
    "a compaction of others": (
        [{"type": "compaction", "encrypted_content": "x"}, {"type": "compaction_trigger"}, HI], "", [USER]),
    "half a pair of surrogates": ([{"role": "user", "content": "\ud83d"}], "", [user(Text("�"))]),
}  # fmt: skip


@pytest.mark.parametrize(("items", "system", "turns"), TURNS.values(), ids=TURNS)
def test_items(items: list[Json], system: str, turns: list[Turn]) -> None:
    ask = read(*items).ask
    assert (ask.system, list(ask.turns)) == (system, turns)


def test_input_as_a_string() -> None:
    assert read(instructions="Be terse").ask.turns == (USER,)


def test_instructions_come_before_all_other_system_text() -> None:
    assert read({"role": "developer", "content": "Be"}, instructions="First").ask.system == "First\n\nBe"


def test_an_item_that_says_too_much_is_cut_and_says_so() -> None:
    (turn,) = read({"type": "mcp_call", "output": "x" * 50_000}).ask.turns
    (part,) = turn.parts
    assert isinstance(part, Text)
    assert len(part.text) < 21_000
    assert "more characters)" in part.text


def test_marks_of_the_client_show_what_is_worth_keeping_in_the_cache() -> None:
    marked = {"type": "input_text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}}
    ask = read(message("developer", marked), HI, call(), result([marked]), HI).ask
    assert ask.cache_start
    assert [turn.cache for turn in ask.turns] == [False, False, True, False]
    assert not read(HI).ask.cache_start


def test_a_history_may_be_asked_to_be_summarised() -> None:
    tools = [{"type": "function", "name": "read"}]
    ask = read(
        HI,
        {"type": "compaction_trigger"},
        tools=tools,
        tool_choice="required",
        text={"format": {"type": "json_object"}},
    ).ask
    assert ask.turns[0] == USER
    assert "handover" in jsonio.text([part.text for part in ask.turns[1].parts if isinstance(part, Text)])
    assert (ask.choice, ask.answer, len(ask.tools)) == ("none", None, 1)


def test_a_summary_of_ours_comes_back_as_text() -> None:
    wanted = read(HI, {"type": "compaction", "id": "cmp_1", "encrypted_content": sealed_summary("They said hi.")})
    (said, summary) = wanted.ask.turns
    assert said == USER
    assert summary.role == "user"
    assert "They said hi." in jsonio.text([part.text for part in summary.parts if isinstance(part, Text)])
    assert not wanted.compacting


# --- tools -------------------------------------------------------------------------------------------------------------

GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: SELECT"}


def namespace(name: str, *tools: Json, **members: Any) -> Json:
    return {"type": "namespace", "name": name, "tools": list(tools)} | members


def function(name: str, **members: Any) -> Json:
    return {"type": "function", "name": name} | members


def test_functions() -> None:
    tools = [
        function("read", description="Reads", parameters={"type": "object"}, strict=True),
        function("x", parameters=None),
    ]
    assert read(tools=tools).ask.tools == (Tool("read", "Reads", {"type": "object"}), Tool("x"))


def test_a_custom_tool_becomes_a_function_that_takes_its_text() -> None:
    wanted = read(tools=[{"type": "custom", "name": "sql", "description": "Asks", "format": GRAMMAR}])
    (sql,) = wanted.ask.tools
    assert sql.schema["required"] == ["input"]
    assert sql.description == "Asks\n\nThe input must follow this lark grammar:\nstart: SELECT"
    assert wanted.toolbox.origin("sql") == ClientTool("sql", custom=True)


NAMESPACES: dict[str, tuple[list[Json], dict[str, ClientTool]]] = {
    "its tools": (
        [namespace("agents", function("spawn"), {"type": "custom", "name": "say"})],
        {"agents__spawn": ClientTool("spawn", "agents"), "agents__say": ClientTool("say", "agents", custom=True)},
    ),
    "a name that ends in underscores": ([namespace("mcp__a__", function("x"))], {"mcp__a__x": ClientTool("x", "mcp__a__")}),
    "the same name twice": (
        [function("a__x"), namespace("a", function("x")), namespace("a__", function("x"))],
        {"a__x": ClientTool("a__x"), "a__x_2": ClientTool("x", "a"), "a__x_3": ClientTool("x", "a__")},
    ),
    "a function and a custom tool of one name": (
        [function("x"), {"type": "custom", "name": "x"}],
        {"x": ClientTool("x"), "x_2": ClientTool("x", custom=True)},
    ),
    "declared twice": ([function("x"), function("x")], {"x": ClientTool("x")}),
}  # fmt: skip


@pytest.mark.parametrize(("tools", "origins"), NAMESPACES.values(), ids=NAMESPACES)
def test_every_tool_has_a_function_of_its_own_and_is_found_again(
    tools: list[Json], origins: dict[str, ClientTool]
) -> None:
    wanted = read(tools=tools)
    assert [tool.name for tool in wanted.ask.tools] == list(origins)
    for name, origin in origins.items():
        assert wanted.toolbox.origin(name) == origin
        assert wanted.toolbox.function(origin) == name


def test_what_is_said_of_a_namespace_stands_with_its_first_tool() -> None:
    tools = read(tools=[namespace("a", function("x", description="X"), function("y"), description="Agents")]).ask.tools
    assert [tool.description for tool in tools] == ["X\n\n[a: Agents]", ""]


def test_items_may_bring_tools() -> None:
    wanted = read(
        {"type": "additional_tools", "role": "developer", "tools": [namespace("a", function("x"))]},
        {
            "type": "tool_search_output",
            "call_id": "c",
            "tools": [function("found"), function("read", description="New")],
        },
        HI,
        tools=[function("read", description="Old")],
    )
    assert wanted.ask.tools == (Tool("read", "New"), Tool("a__x", ""), Tool("found"))
    assert wanted.echo["tools"] == [function("read", description="Old")]


def test_calls_of_the_history_are_calls_of_the_declared_tools() -> None:
    say = {"type": "custom", "name": "say"}
    tools = [function("a__x"), function("a__say"), namespace("a", function("x"), say)]
    calls = [call("x", namespace="a"), call("a__x"), call("say", namespace="a"), call("x", namespace="b")]
    (turn,) = read(*calls, tools=tools).ask.turns
    assert [part.name for part in turn.parts if isinstance(part, ToolCall)] == ["a__x_2", "a__x", "a__say_2", "b__x"]
