"""Hypothesis strategies: whatever a client of the Messages API may legally send, the odd included."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import strategies as st
from tests.openai_bodies import GIF, PIXEL, call_ids, json_values, root_schemas, texts, tool_names

__all__ = ["bodies"]

Json = dict[str, Any]

MARK = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
SERVER_TOOLS = ("web_search_20250305", "code_execution_20250825", "bash_20250124", "memory_20250818", "tool_of_2030")


def marked(block: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.builds(lambda block, mark: block | (MARK if mark else {}), block, st.booleans())


text_block = marked(st.builds(lambda text: {"type": "text", "text": text, "citations": None}, texts))
image_block = marked(
    st.builds(
        lambda kind, data: {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}},
        st.sampled_from(["image/png", "image/jpeg", "image/gif"]),
        st.sampled_from([PIXEL, GIF]),
    )
)
document_sources = st.one_of(
    st.builds(lambda text: {"type": "text", "media_type": "text/plain", "data": text}, texts),
    st.builds(
        lambda text: {"type": "base64", "media_type": "text/plain", "data": base64.b64encode(text.encode()).decode()},
        texts.filter(bool),
    ),
    st.builds(lambda content: {"type": "content", "content": content}, texts | st.lists(text_block | image_block)),
)
document_block = marked(
    st.builds(
        lambda source, title, cite: {
            "type": "document",
            "source": source,
            "title": title,
            "citations": {"enabled": cite},
        },
        document_sources,
        st.none() | texts,
        st.booleans(),
    )
)
search_result = st.builds(
    lambda text: {
        "type": "search_result",
        "title": "T",
        "source": "https://x",
        "content": [{"type": "text", "text": text}],
    },
    texts,
)
unknown_block = st.sampled_from(
    [
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1",
         "content": [{"type": "web_search_result", "url": "u", "title": "t", "encrypted_content": "E" * 99}]},
        {"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "n", "server_name": "s", "input": {}},
        {"type": "container_upload", "file_id": "file_1"},
        {"type": "compaction", "content": "We met.", "encrypted_content": "E"},
        {"type": "compaction", "content": None},
        {"type": "block_of_2030", "what": ["ever"]},
    ]
)  # fmt: skip
thinking_block = st.one_of(
    st.builds(
        lambda text, signature: {"type": "thinking", "thinking": text, "signature": signature},
        texts,
        st.sampled_from(["", "EoSigned"]),
    ),
    st.just({"type": "redacted_thinking", "data": "AAAA"}),
)
told_by_tools = st.sampled_from(
    [{"type": "tool_reference", "tool_name": "look"}, {"type": "browser_state", "tabs": [], "state_changes": None}]
)
result_content = st.one_of(
    texts, st.lists(text_block | image_block | search_result | document_block | told_by_tools, max_size=3)
)
tool_result = marked(
    st.fixed_dictionaries(
        {"type": st.just("tool_result"), "tool_use_id": call_ids},
        optional={"content": result_content, "is_error": st.booleans()},
    )
)


@st.composite
def _messages(draw: st.DrawFn, names: list[str]) -> list[Json]:
    called = st.sampled_from(names) | tool_names if names else tool_names
    tool_use = marked(
        st.builds(
            lambda id, name, given: {"type": "tool_use", "id": id, "name": name, "input": given},
            call_ids,
            called,
            st.dictionaries(texts, json_values, max_size=3),
        )
    )
    user = st.lists(st.one_of(text_block, image_block, document_block, tool_result, search_result), max_size=4)
    assistant = st.lists(st.one_of(text_block, tool_use, thinking_block, unknown_block), max_size=4)
    message: st.SearchStrategy[Json] = st.one_of(
        st.builds(lambda content: {"role": "user", "content": content}, texts | user),
        st.builds(lambda content: {"role": "assistant", "content": content}, texts | assistant),
        st.builds(lambda content: {"role": "system", "content": content}, texts | st.lists(text_block, max_size=2)),
    )
    messages: list[Json] = []
    for _ in range(draw(st.integers(1, 6))):
        messages.append(draw(message))
        content = messages[-1]["content"]
        calls = [block["id"] for block in content if isinstance(block, dict) and block["type"] == "tool_use"]
        answered: bool = draw(st.booleans())
        if calls and answered:
            results = [{"type": "tool_result", "tool_use_id": id, "content": draw(result_content)} for id in calls]
            messages.append({"role": "user", "content": results + draw(user)})
    return messages


@st.composite
def bodies(draw: st.DrawFn) -> Json:
    """A whole request."""
    names = draw(st.lists(tool_names, max_size=4, unique=True))
    tools: list[Json] = [
        {"name": name, "description": draw(texts), "input_schema": draw(root_schemas)}
        | draw(st.sampled_from([{}, MARK, {"type": "custom", "strict": True}, {"input_examples": [{}, {"a": 1}]}]))
        for name in names
    ]
    theirs = draw(st.lists(st.sampled_from(SERVER_TOOLS), max_size=2))
    tools += [{"type": kind, "name": kind} | draw(st.sampled_from([{}, MARK])) for kind in theirs]
    choices: list[Json] = [{"type": "auto", "disable_parallel_tool_use": True}, {"type": "none"}]
    choices += [{"type": "any"}] if tools else []
    choices += [{"type": "tool", "name": name} for name in (*names[:1], *theirs[:1])]
    optional = {
        "system": texts | st.lists(text_block, max_size=3),
        "tool_choice": st.sampled_from(choices),
        "stop_sequences": st.lists(texts, max_size=3),
        "stream": st.booleans(),
        "temperature": st.floats(0, 1),
        "top_k": st.integers(0, 99),
        "metadata": st.sampled_from([{"user_id": '{"session_id":"s1"}'}, {"user_id": "user_1_session_2"}, {}]),
        "thinking": st.sampled_from(
            [{"type": "adaptive"}, {"type": "enabled", "budget_tokens": 31_999}, {"type": "disabled"},
             {"type": "adaptive", "display": "omitted"}, {"type": "between_tools"}, {"type": "kind_of_2030"}]
        ),
        "output_config": st.sampled_from(
            [{"effort": "max", "task_budget": {"total": 9}}, {},
             {"format": {"type": "json_schema", "schema": {"type": "object"}}}]
        ),
        "context_management": st.just({"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}),
        "cache_control": st.just({"type": "ephemeral"}),
        "field_of_2030": json_values,
    }  # fmt: skip
    chosen = draw(st.fixed_dictionaries({}, optional=optional))
    body = {
        "model": "claude-sonnet-4-5",
        "max_tokens": draw(st.integers(0, 99_999)),
        "messages": draw(_messages(names)),
    }
    return body | ({"tools": tools} if tools else {}) | chosen
