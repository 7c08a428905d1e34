"""Hypothesis strategies: whatever a client of the Responses API may legally send, the odd included."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import strategies as st
from tests.openai_bodies import arguments, call_ids, image_urls, json_values, root_schemas, texts, tool_names

from kiro2chat_core.dialects.responses_seals import sealed, sealed_summary
from kiro2chat_core.turns import Reasoning

__all__ = ["bodies", "reasonings"]

Body = dict[str, Any]

ids = st.sampled_from(["id_1", "msg_0af", "fc_1", "rs_1"])
statuses = st.sampled_from(["completed", "in_progress", "incomplete", None])
namespaces = st.sampled_from(["multi_agent_v1", "mcp__server__", "n" * 60, "名"])

input_text = st.fixed_dictionaries(
    {"type": st.just("input_text"), "text": texts},
    optional={"prompt_cache_breakpoint": st.sampled_from([{"mode": "explicit"}, None])},
)
input_image = st.fixed_dictionaries(
    {"type": st.just("input_image"), "image_url": image_urls},
    optional={"detail": st.sampled_from(["auto", "low", "high", "original"]), "file_id": st.none()},
)
plain_file = base64.b64encode("# A file\n\n一二三".encode()).decode()
input_file = st.fixed_dictionaries(
    {"type": st.just("input_file"), "file_data": st.sampled_from([plain_file, f"data:text/plain;base64,{plain_file}"])},
    optional={"filename": st.sampled_from(["a.md", "名.txt", ""]), "file_url": st.none()},
)
parts = st.lists(input_text | input_image | input_file, min_size=1, max_size=4)
output_parts: st.SearchStrategy[list[Body]] = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("output_text"), "text": texts, "annotations": st.just([])},
            optional={"logprobs": st.just([])},
        ),
        st.fixed_dictionaries({"type": st.just("refusal"), "refusal": texts}),
    ),
    min_size=1,
    max_size=3,
)
marks = {"id": ids, "status": statuses}
message = st.one_of(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "system", "developer"]), "content": texts | parts},
        optional={
            "type": st.just("message"),
            "phase": st.sampled_from(["commentary", "final_answer"]),
            "status": statuses,
        },
    ),
    st.fixed_dictionaries(
        {"type": st.just("message"), "role": st.just("assistant"), "content": output_parts}, optional=marks
    ),
)
tokens = st.text(st.sampled_from("abcXYZ019+/="), max_size=30)
reasonings = st.builds(Reasoning, texts, tokens) | st.builds(
    lambda redacted: Reasoning("", redacted=redacted), tokens.filter(bool)
)
reasoning = st.fixed_dictionaries(
    {
        "type": st.just("reasoning"),
        "summary": st.lists(st.fixed_dictionaries({"type": st.just("summary_text"), "text": texts}), max_size=2),
    },
    optional=marks
    | {
        "encrypted_content": st.none() | st.sampled_from(["gAAAAABo", "k2c1.", "k2c1.!"]) | reasonings.map(sealed),
        "content": st.none() | st.just([{"type": "reasoning_text", "text": "Hm"}]),
    },
)
picture = {"type": "computer_screenshot", "image_url": "data:image/gif;base64,R0lGODlhAQABAAAAACw="}
hosted = st.sampled_from(
    [
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "x"}},
        {"type": "file_search_call", "id": "fs_1", "status": "completed", "queries": ["a"], "results": None},
        {"type": "computer_call", "id": "cu_1", "call_id": "c", "status": "completed", "action": {"type": "click"}},
        {"type": "computer_call_output", "call_id": "c", "output": picture},
        {"type": "local_shell_call", "id": "ls", "call_id": "c", "status": "completed",
         "action": {"type": "exec", "command": ["ls"], "env": {}}},
        {"type": "local_shell_call_output", "id": "ls", "output": '{"stdout":"a"}'},
        {"type": "shell_call", "call_id": "c", "action": {"commands": ["ls"]}},
        {"type": "apply_patch_call", "call_id": "c", "status": "completed", "operation": {"type": "delete_file", "path": "a"}},
        {"type": "mcp_call", "id": "m", "name": "x", "server_label": "s", "arguments": "{}", "output": "y" * 30_000},
        {"type": "mcp_list_tools", "id": "m", "server_label": "s", "tools": [{"name": "x", "input_schema": {}}]},
        {"type": "image_generation_call", "id": "i", "status": "completed", "result": "R0lGODlhAQABAAAAACw="},
        {"type": "code_interpreter_call", "id": "c", "container_id": "k", "code": "1", "outputs": [], "status": "completed"},
        {"type": "compaction", "encrypted_content": "gAAAAAB"},
        {"type": "compaction", "encrypted_content": sealed_summary("They said hi.")},
        {"type": "compaction_trigger"},
        {"type": "tool_search_call", "arguments": {"query": "x"}, "execution": "client", "call_id": "c"},
        {"type": "tool_search_output", "execution": "client", "tools": [{"type": "function", "name": "found"}]},
        {"type": "additional_tools", "role": "developer", "tools": [{"type": "custom", "name": "exec"}]},
        {"type": "configuration_update", "id": "cu", "reasoning": {"effort": "low"}},
        {"type": "something new!", "words": ["你好"], "deep": {"a": [{}]}},
    ]
)  # fmt: skip


@st.composite
def _items(draw: st.DrawFn, names: list[str]) -> list[Body]:
    called = st.sampled_from(names) | tool_names if names else tool_names
    call = st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("function_call"), "call_id": call_ids, "name": called, "arguments": arguments},
            optional=marks | {"namespace": namespaces},
        ),
        st.fixed_dictionaries(
            {"type": st.just("custom_tool_call"), "call_id": call_ids, "name": called, "input": texts},
            optional=marks | {"namespace": namespaces},
        ),
    )
    result = st.fixed_dictionaries(
        {
            "type": st.sampled_from(["function_call_output", "custom_tool_call_output"]),
            "call_id": call_ids,
            "output": texts | parts,
        },
        optional=marks,
    )
    unnamed = st.fixed_dictionaries({"type": st.just("function_call_output"), "output": texts})
    items: list[Body] = []
    late: list[Body] = []
    for drawn in draw(
        st.lists(st.one_of(message, call, call, result, unnamed, reasoning, hosted), min_size=1, max_size=9)
    ):
        items.append(drawn)
        # Most clients answer what was called: without this, sound pairs would be rare.
        if drawn.get("type") in ("function_call", "custom_tool_call") and draw(st.booleans()):
            where = late if draw(st.integers(0, 9)) == 0 else items
            where.append(
                {"type": f"{drawn['type']}_output", "call_id": drawn["call_id"], "output": draw(texts | parts)}
            )
    return items + late


described = {"description": texts | st.none()}


def _tools(names: list[str]) -> st.SearchStrategy[Body]:
    named = st.sampled_from(names)
    function = st.fixed_dictionaries(
        {"type": st.just("function"), "name": named, "parameters": root_schemas | st.none()},
        optional=described | {"strict": st.booleans() | st.none(), "defer_loading": st.booleans()},
    )
    grammar = {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"}
    custom = st.fixed_dictionaries(
        {"type": st.just("custom"), "name": named},
        optional=described | {"format": st.sampled_from([{"type": "text"}, grammar])},
    )
    namespace = st.fixed_dictionaries(
        {"type": st.just("namespace"), "name": namespaces, "tools": st.lists(function | custom, max_size=3)},
        optional=described,
    )
    others = st.sampled_from(["web_search", "local_shell", "shell", "apply_patch", "mcp", "tool_search", "new"])
    return st.one_of(
        function, function, custom, namespace, others.map(lambda kind: {"type": kind, "server_label": "s"})
    )


@st.composite
def _choices(draw: st.DrawFn, tools: list[Body]) -> Any:
    callable_tools = [tool for tool in tools if tool["type"] in ("function", "custom")]
    if not callable_tools:
        return draw(
            st.sampled_from(["auto", "none", {"type": "web_search_preview"}, {"type": "mcp", "server_label": "s"}])
        )
    one = {name: draw(st.sampled_from(callable_tools))[name] for name in ("type", "name")}
    allowed = [
        {"type": "allowed_tools", "mode": mode, "tools": [one, {"type": "mcp"}]} for mode in ("auto", "required")
    ]
    return draw(st.sampled_from(["auto", "none", "required", one, *allowed, {"type": "file_search"}]))


@st.composite
def bodies(draw: st.DrawFn) -> Body:
    """A whole body for POST /v1/responses."""
    names = draw(st.lists(tool_names, max_size=4))
    body: Body = {"model": "claude-sonnet-4.5", "input": draw(texts | _items(names))}
    if names:
        body["tools"] = draw(st.lists(_tools(names), max_size=5))
        body["tool_choice"] = draw(_choices(body["tools"]))
    optional = {
        "instructions": texts | st.none(),
        "max_output_tokens": st.integers(1, 100_000) | st.none(),
        "parallel_tool_calls": st.booleans(),
        "include": st.lists(
            st.sampled_from(["reasoning.encrypted_content", "message.output_text.logprobs"]), max_size=2
        ),
        "reasoning": st.sampled_from(
            [{"effort": "high", "summary": "auto"}, {"effort": "none"}, {"summary": "detailed"}, {"effort": None}, None]
        ),
        "text": st.sampled_from(
            [
                {"format": {"type": "text"}, "verbosity": "low"},
                {"format": {"type": "json_object"}},
                {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}},
            ]
        ),
        "store": st.booleans(),
        "prompt_cache_key": texts,
        "metadata": st.dictionaries(st.sampled_from(["a", "b"]), texts, max_size=2) | st.none(),
        "temperature": st.floats(0, 2),
        "truncation": st.sampled_from(["auto", "disabled"]),
        "client_metadata": st.just({"x": "y"}),
        "something_new": json_values,
    }
    return body | draw(st.fixed_dictionaries({}, optional=optional))
