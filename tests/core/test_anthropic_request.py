"""Anthropic's Messages: every block and field becomes what it means, and what is wrong is told by its place."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Mapping
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.anthropic_bodies import bodies
from tests.openai_bodies import PIXEL, json_values

from kiro2chat_core import jsonio
from kiro2chat_core.dialects.anthropic_request import read
from kiro2chat_core.errors import BadRequest
from kiro2chat_core.turns import (
    AnyTool,
    Ask,
    Document,
    DocumentUrl,
    Image,
    ImageUrl,
    JsonAnswer,
    Limits,
    NamedTool,
    Part,
    Reasoning,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)

Json: TypeAlias = dict[str, Any]

LOOK = {"name": "look", "input_schema": {"type": "object"}}
MARK = {"cache_control": {"type": "ephemeral"}}
PNG = {"type": "base64", "media_type": "image/jpeg", "data": PIXEL}
HI = base64.b64encode(b"Hi").decode()


def body(*messages: Json, **more: Any) -> Json:
    return {"model": "m", "max_tokens": 9, "messages": list(messages) or [{"role": "user", "content": "Hi"}]} | more


def user(*blocks: Json) -> Json:
    return body({"role": "user", "content": list(blocks)})


def asked(**more: Any) -> Ask:
    return read(body(**more)).ask


PLACE = "messages[0].content[0]"
BLOCKS: dict[str, tuple[Json, tuple[Part, ...]]] = {
    "text": ({"type": "text", "text": "Hi"}, (Text("Hi"),)),
    "an image whose type is wrong": ({"type": "image", "source": PNG}, (Image("png", PIXEL),)),
    "an image by address": (
        {"type": "image", "source": {"type": "url", "url": "https://x/a.png"}},
        (ImageUrl("https://x/a.png", f"{PLACE}.source.url"),),
    ),
    "a document in text": (
        {"type": "document", "title": "T", "source": {"type": "text", "media_type": "text/plain", "data": "Hi"}},
        (Document(b"Hi", "text/plain", "T", f"{PLACE}.source.data"),),
    ),
    "a document in base64, with context": (
        {"type": "document", "title": "T", "context": "old", "source":
            {"type": "base64", "media_type": "application/pdf", "data": HI}},
        (Document(b"Hi", "application/pdf", "T (old)", f"{PLACE}.source.data"),),
    ),
    "a document by address": (
        {"type": "document", "source": {"type": "url", "url": "https://x/a.pdf"}},
        (DocumentUrl("https://x/a.pdf", "", f"{PLACE}.source.url"),),
    ),
    "a document of blocks": (
        {"type": "document", "title": "T", "source": {"type": "content", "content": [{"type": "text", "text": "Hi"}]}},
        (Text("T"), Text("Hi")),
    ),
    "a call": (
        {"type": "tool_use", "id": "t1", "name": "look", "input": {"a": 1}}, (ToolCall("t1", "look", '{"a":1}'),),
    ),
    "a result": (
        {"type": "tool_result", "tool_use_id": "t1", "content": "Hi", "is_error": False},
        (ToolResult("t1", (Text("Hi"),)),),
    ),
    "a result without content": (
        {"type": "tool_result", "tool_use_id": "t1", "is_error": True}, (ToolResult("t1", (), is_error=True),),
    ),
    "a result with text and image": (
        {"type": "tool_result", "tool_use_id": "t1", "content": [
            {"type": "text", "text": "Hi"}, {"type": "image", "source": PNG}]},
        (ToolResult("t1", (Text("Hi"), Image("png", PIXEL))),),
    ),
    "thoughts": ({"type": "thinking", "thinking": "Hm", "signature": "Eo"}, (Reasoning("Hm", "Eo"),)),
    "redacted thoughts": ({"type": "redacted_thinking", "data": "AA"}, (Reasoning("", redacted="AA"),)),
    "a search result": (
        {"type": "search_result", "title": "T", "source": "S", "content": [{"type": "text", "text": "Hi"}]},
        (Text("[Search result: T S]"), Text("Hi")),
    ),
    "what Anthropic's servers found": (
        {"type": "web_search_tool_result", "content": [{"url": "u", "encrypted_content": "E", "page_age": None}]},
        (Text('[web_search_tool_result]\n{"type":"web_search_tool_result","content":[{"url":"u"}]}'),),
    ),
    "a block of another day": (
        {"type": "block_of_2030", "a": "b" * 30_000},
        (Text('[block_of_2030]\n{"type":"block_of_2030","a":"' + "b" * 19_971
              + " [10031 more characters were left out]"),),
    ),
    "a summary": ({"type": "compaction", "content": "We met."}, (Text("[Summary of the conversation so far]\nWe met."),)),
    "a summary that failed": ({"type": "compaction", "content": None, "encrypted_content": "E"}, ()),
}  # fmt: skip


@pytest.mark.parametrize(("block", "parts"), BLOCKS.values(), ids=BLOCKS)
def test_blocks(block: Json, parts: tuple[Part, ...]) -> None:
    assert read(user(block)).ask.turns == (Turn("user", parts),)


FIELDS: dict[str, tuple[Json, Mapping[str, Any]]] = {
    "system in a string": ({"system": "Be brief."}, {"system": "Be brief."}),
    "system in blocks": (
        {"system": [{"type": "text", "text": "Be"}, {"type": "text", "text": "brief."}]}, {"system": "Be\n\nbrief."},
    ),
    "Claude Code's billing line": (
        {"system": [{"type": "text", "text": "x-anthropic-billing-header: cc_version=1"},
                    {"type": "text", "text": "Be brief."} | MARK]},
        {"system": "Be brief.", "cache_start": True},
    ),
    "tools": (
        {"tools": [LOOK | {"description": "Looks", "type": "custom", "strict": True}]},
        {"tools": (Tool("look", "Looks", {"type": "object"}),), "cache_start": False},
    ),
    "a marked tool": ({"tools": [LOOK | MARK, LOOK | {"name": "listen"}]}, {"cache_start": True}),
    "a mark on a tool that is left out": (
        {"tools": [LOOK, {"type": "web_search_20250305", "name": "web_search"} | MARK]}, {"cache_start": True},
    ),
    "examples of a tool": (
        {"tools": [LOOK | {"description": "Looks", "input_examples": [{"at": 1}, {}]}]},
        {"tools": (Tool("look", "Looks\n\nAn example of its input: {\"at\":1}\n\nAn example of its input: {}",
                        {"type": "object"}),)},
    ),
    "any tool": ({"tools": [LOOK], "tool_choice": {"type": "any"}}, {"choice": AnyTool(), "parallel": True}),
    "one tool, one call": (
        {"tools": [LOOK], "tool_choice": {"type": "tool", "name": "look", "disable_parallel_tool_use": True}},
        {"choice": NamedTool("look"), "parallel": False},
    ),
    "any tool, of some": (
        {"tools": [LOOK, {"type": "bash_20250124", "name": "bash"}], "tool_choice": {"type": "any"}}, {"choice": AnyTool()},
    ),
    "no tool": ({"tools": [LOOK], "tool_choice": {"type": "none"}}, {"choice": "none"}),
    "no answer at all": ({"max_tokens": 0}, {"limits": Limits(0)}),
    "stops": ({"stop_sequences": ["A", "", "B"]}, {"limits": Limits(9, ("A", "B"))}),
    "adaptive thinking": ({"thinking": {"type": "adaptive"}}, {"thinking": Thinking(on=True)}),
    "hidden thinking": (
        {"thinking": {"type": "adaptive", "display": "omitted"}}, {"thinking": Thinking(on=True, shown=False)},
    ),
    "a budget": (
        {"thinking": {"type": "enabled", "budget_tokens": 31_999}}, {"thinking": Thinking(on=True, budget=31_999)},
    ),
    "a kind of thinking of another day": (
        {"thinking": {"type": "sometimes"}}, {"thinking": Thinking()},
    ),
    "thinking between tools": ({"thinking": {"type": "between_tools"}}, {"thinking": Thinking(on=True)}),
    "no thinking": ({"thinking": {"type": "disabled"}}, {"thinking": Thinking(on=False)}),
    "an effort alone": ({"output_config": {"effort": "max"}}, {"thinking": Thinking(effort="max")}),
    "an effort too": (
        {"output_config": {"effort": "low"}, "thinking": {"type": "adaptive"}},
        {"thinking": Thinking(on=True, effort="low")},
    ),
    "an answer in JSON": (
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
        {"answer": JsonAnswer({"type": "object"})},
    ),
    "an answer in JSON, the older way": (
        {"output_format": {"type": "json_schema", "schema": {"type": "object"}}},
        {"answer": JsonAnswer({"type": "object"})},
    ),
    "Claude Code's session": ({"metadata": {"user_id": '{"session_id":"s1"}'}}, {"conversation": "s1"}),
    "an older session": ({"metadata": {"user_id": "user_a_account_b_session_s2"}}, {"conversation": "s2"}),
    "a user": ({"metadata": {"user_id": "me"}}, {"conversation": ""}),
}  # fmt: skip


@pytest.mark.parametrize(("given", "becomes"), FIELDS.values(), ids=FIELDS)
def test_fields(given: Json, becomes: Mapping[str, Any]) -> None:
    ask = asked(**given)
    assert {name: getattr(ask, name) for name in becomes} == becomes


def test_marks_of_messages() -> None:
    messages: list[Json] = [
        {"role": "user", "content": [{"type": "text", "text": "a"} | MARK, {"type": "text", "text": "and"}]},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": [
            {"type": "text", "text": "c"} | MARK]}]},
        {"role": "user", "content": "d"},
    ]  # fmt: skip
    assert [turn.cache for turn in read(body(*messages)).ask.turns] == [True, False, True, False]
    assert [turn.cache for turn in read(body(*messages, **MARK)).ask.turns] == [True, False, True, True]
    messages.append({"role": "assistant", "content": "a prefill"})
    assert [turn.cache for turn in read(body(*messages, **MARK)).ask.turns] == [True, False, True, True, False]
    unmarked = {"role": "user", "content": [{"type": "text", "text": "a", "cache_control": None}]}
    assert [turn.cache for turn in read(body(unmarked)).ask.turns] == [False]


def test_system_messages_keep_their_place() -> None:
    messages: list[Json] = [
        {"role": "system", "content": "first"},
        {"role": "user", "content": "Hi"},
        {"role": "system", "content": [{"type": "text", "text": "later"}]},
        {"role": "system", "content": ""},
        {"role": "system", "content": [{"type": "image", "source": PNG}]},
    ]
    ask = read(body(*messages, system="zeroth")).ask
    assert ask.system == "zeroth\n\nfirst"
    assert [turn.parts for turn in ask.turns] == [
        (Text("Hi"),), (Text("<system>\nlater\n</system>"),), (Image("png", PIXEL),),
    ]  # fmt: skip


def test_what_anthropics_servers_did_in_a_turn_of_the_model_is_told_by_the_user() -> None:
    answer = [
        {"type": "text", "text": "I'll search."} | MARK,
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []} | MARK,
        {"type": "thinking", "thinking": "Hm", "signature": "Eo"},
        {"type": "tool_use", "id": "t1", "name": "look", "input": {}},
    ]
    assert read(body({"role": "assistant", "content": answer})).ask.turns == (
        Turn("assistant", (Text("I'll search."),), cache=True),
        Turn("user", (
            Text('[server_tool_use]\n{"type":"server_tool_use","id":"s1","name":"web_search","input":{}}'),
            Text('[web_search_tool_result]\n{"type":"web_search_tool_result","tool_use_id":"s1","content":[]}'),
        ), cache=True),
        Turn("assistant", (Reasoning("Hm", "Eo"), ToolCall("t1", "look", "{}"))),
    )  # fmt: skip


def test_what_has_no_effect_is_named() -> None:
    sent = user({"type": "document", "citations": {"enabled": True}, "source": {"type": "text", "data": "Hi"}})
    sent |= {
        "top_k": 5,
        "temperature": None,
        "future": 1,
        "tools": [{"type": "web_search_20250305", "name": "web_search"}],
    }
    assert read(sent).ignored == ("top_k", "future", "citations", "tools.web_search_20250305")


SEARCH = {"type": "web_search_20250305", "name": "web_search"}
UNREAD: dict[str, tuple[Json, tuple[str, ...]]] = {
    "members of tools": (
        {"tools": [LOOK | {"strict": True, "defer_loading": False, "eager_input_streaming": True}]},
        ("tools.eager_input_streaming", "tools.strict"),
    ),
    "members of output_config": (
        {"output_config": {"effort": "low", "task_budget": {"total": 9}, "x": None}}, ("output_config.task_budget",),
    ),
    "nothing of thinking": ({"thinking": {"type": "enabled", "budget_tokens": 9, "display": "omitted"}}, ()),
    "a kind of thinking": ({"thinking": {"type": "sometimes", "often": 1}}, ("thinking.often", "thinking.type")),
    "a demand for one of Anthropic's tools": (
        {"tools": [SEARCH, LOOK], "tool_choice": {"type": "tool", "name": "web_search"}},
        ("tools.web_search_20250305", "tool_choice"),
    ),
    "a demand for any of Anthropic's tools": (
        {"tools": [SEARCH], "tool_choice": {"type": "any"}}, ("tools.web_search_20250305", "tool_choice"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "named"), UNREAD.values(), ids=UNREAD)
def test_members_without_effect_are_named(given: Json, named: tuple[str, ...]) -> None:
    wanted = read(body(**given))
    assert wanted.ignored == named
    assert wanted.ask.choice == "auto"


def test_citations_of_search_results_are_named() -> None:
    found = {"type": "search_result", "title": "T", "source": "S", "content": [], "citations": {"enabled": True}}
    assert read(user(found)).ignored == ("citations",)
    assert read(user(found | {"citations": {"enabled": False}})).ignored == ()


def test_a_missing_max_tokens_is_told_in_anthropics_words() -> None:
    with pytest.raises(BadRequest) as refused:
        read({"model": "m", "messages": [{"role": "user", "content": "Hi"}]})
    assert refused.value.message == "max_tokens: Field required"


WRONG: dict[str, tuple[Any, str | None]] = {
    "no object": ([], None),
    "no model": (body(model=None), "model"),
    "no messages": ({"model": "m", "max_tokens": 9}, "messages"),
    "empty messages": (body() | {"messages": []}, "messages"),
    "messages of another type": (body() | {"messages": "Hi"}, "messages"),
    "no max_tokens": ({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}, "max_tokens"),
    "max_tokens below nothing": (body(max_tokens=-1), "max_tokens"),
    "max_tokens in words": (body(max_tokens="9"), "max_tokens"),
    "a cache mark of another type": (body(cache_control="ephemeral"), "cache_control"),
    "a message of another type": (body() | {"messages": ["Hi"]}, "messages[0]"),
    "an unknown role": (body({"role": "tool", "content": "Hi"}), "messages[0].role"),
    "no content": (body({"role": "user"}), "messages[0].content"),
    "content of another type": (body({"role": "user", "content": 5}), "messages[0].content"),
    "a block of another type": (body({"role": "user", "content": ["Hi"]}), PLACE),
    "an answer's block without a type": (body({"role": "assistant", "content": [{"text": "Hi"}]}), f"{PLACE}.type"),
    "an answer's block of another type": (body({"role": "assistant", "content": ["Hi"]}), PLACE),
    "a block without a type": (user({"text": "Hi"}), f"{PLACE}.type"),
    "no text": (user({"type": "text"}), f"{PLACE}.text"),
    "a mark of another type": (user({"type": "text", "text": "Hi", "cache_control": True}), f"{PLACE}.cache_control"),
    "a call in a result's image": (
        user({"type": "tool_result", "tool_use_id": "1", "content": [{"type": "image", "source": {"type": "url"}}]}),
        f"{PLACE}.content[0].source.url",
    ),
    "text of another type": (user({"type": "text", "text": 5}), f"{PLACE}.text"),
    "an image without a source": (user({"type": "image"}), f"{PLACE}.source"),
    "an image by id": (user({"type": "image", "source": {"type": "file", "file_id": "f"}}), f"{PLACE}.source.type"),
    "an image that is none": (
        user({"type": "image", "source": PNG | {"data": HI}}), f"{PLACE}.source.data",
    ),
    "an image of no base64": (user({"type": "image", "source": PNG | {"data": "?"}}), f"{PLACE}.source.data"),
    "an image at a file": (
        user({"type": "image", "source": {"type": "url", "url": "file:///etc/passwd"}}), f"{PLACE}.source.url",
    ),
    "a document by id": (user({"type": "document", "source": {"type": "file", "file_id": "f"}}), f"{PLACE}.source.type"),
    "a call without an id": (user({"type": "tool_use", "name": "n", "input": {}}), f"{PLACE}.id"),
    "a result without an id": (user({"type": "tool_result", "content": "Hi"}), f"{PLACE}.tool_use_id"),
    "is_error of another type": (user({"type": "tool_result", "tool_use_id": "1", "is_error": "no"}), f"{PLACE}.is_error"),
    "system of another type": (body(system=5), "system"),
    "a system block of another type": (body(system=["Hi"]), "system[0]"),
    "a system block without text": (body(system=[{"type": "image", "source": PNG}]), "system[0].text"),
    "tools of another type": (body(tools={}), "tools"),
    "a tool without a name": (body(tools=[{"input_schema": {}}]), "tools[0].name"),
    "a tool without a schema": (body(tools=[{"name": "n"}]), "tools[0].input_schema"),
    "a choice of another type": (body(tools=[LOOK], tool_choice="any"), "tool_choice"),
    "an unknown choice": (body(tools=[LOOK], tool_choice={"type": "some"}), "tool_choice.type"),
    "a choice of an unknown tool": (body(tools=[LOOK], tool_choice={"type": "tool", "name": "x"}), "tool_choice.name"),
    "a choice without tools": (body(tool_choice={"type": "any"}), "tool_choice.type"),
    "stops of another type": (body(stop_sequences="x"), "stop_sequences"),
    "a stop of another type": (body(stop_sequences=[1]), "stop_sequences"),
    "stream of another type": (body(stream="yes"), "stream"),
    "thinking of another type": (body(thinking=True), "thinking"),
    "thinking without a type": (body(thinking={}), "thinking.type"),
    "a budget of another type": (body(thinking={"type": "enabled", "budget_tokens": "9"}), "thinking.budget_tokens"),
    "an unknown effort": (body(output_config={"effort": "huge"}), "output_config.effort"),
    "an unknown format": (body(output_config={"format": {"type": "xml"}}), "output_config.format.type"),
    "a thread": (body(thread={"type": "create"}), "thread"),
    "a thread that goes on": (body(thread={"type": "continue", "previous_message_id": "msg_1"}), "thread"),
    "a compaction": (body(compaction={"type": "summarize"}), "compaction"),
    "a temperature in words": (body(temperature="hot"), "temperature"),
    "metadata of another type": (body(metadata="me"), "metadata"),
    "a user of another type": (body(metadata={"user_id": 5}), "metadata.user_id"),
    "examples of another type": (body(tools=[LOOK | {"input_examples": ["x"]}]), "tools[0].input_examples[0]"),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "field"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_by_its_place(sent: Any, field: str | None) -> None:
    with pytest.raises(BadRequest) as refused:
        read(sent)
    assert refused.value.field == field
    assert (field or "object") in refused.value.message


def test_counting_has_no_answer_and_so_takes_what_would_change_it() -> None:
    asked = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "compaction": {"type": "summarize"}}
    assert read(asked, counting=True).ask.limits == Limits()


def test_fields_that_are_null_are_not_there() -> None:
    missing = (
        "thread",
        "compaction",
        "system",
        "thinking",
        "tools",
        "tool_choice",
        "metadata",
        "top_k",
        "stop_sequences",
    )
    assert read(body(**dict.fromkeys(missing))) == read(body())


def test_counting_needs_no_max_tokens() -> None:
    assert read({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}, counting=True).ask.limits == Limits()


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(bodies(), st.data())
def test_any_damage_is_read_or_told(sent: Json, data: st.DataObject) -> None:
    """One member anywhere becomes something else: it is read, or refused by name."""
    place: Any = sent
    for _ in range(data.draw(st.integers(0, 4))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        inner = [key for key in keys if isinstance(place[key], (dict, list)) and place[key]]
        if not inner:
            break
        place = place[data.draw(st.sampled_from(inner))]
    key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else list(range(len(place)))))
    place[key] = data.draw(json_values)
    with contextlib.suppress(BadRequest):
        read(jsonio.loads(json.dumps(sent)))
