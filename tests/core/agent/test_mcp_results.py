"""What a server answers, as parts; names; lines of JSON."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import mcp_types as types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiro2chat_core.agent import json_lines
from kiro2chat_core.agent.mcp_names import names
from kiro2chat_core.agent.mcp_results import MAX_TEXT, outcome
from kiro2chat_core.turns import Image, Text

GIF = base64.b64encode(b"GIF89a" + b"\0" * 20).decode()


def result(*content: Any, **more: Any) -> types.CallToolResult:
    return types.CallToolResult(content=list(content), **more)


def words(text: str) -> types.TextContent:
    return types.TextContent(type="text", text=text)


def picture(data: str = GIF) -> types.ImageContent:
    return types.ImageContent(type="image", data=data, mime_type="image/png")


def blob(data: bytes, kind: str | None) -> types.EmbeddedResource:
    held = types.BlobResourceContents(uri="file:///x", mime_type=kind, blob=base64.b64encode(data).decode())
    return types.EmbeddedResource(type="resource", resource=held)


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (result(), (Text("The tool answered nothing."),)),
        (result(words("")), (Text("The tool answered nothing."),)),
        (result(words("a"), words("b")), (Text("a"), Text("b"))),
        (result(words("a"), structured_content={"a": 1}), (Text("a"), Text('{"a":1}'))),
        (result(words('{ "a": 1 }'), structured_content={"a": 1}), (Text('{ "a": 1 }'),)),
        (result(words("a"), structured_content={"result": "a"}), (Text("a"),)),
        (result(words("7"), structured_content={"result": 7}), (Text("7"),)),
        (
            result(words("a"), words('{"b":1}'), structured_content={"result": ["a", {"b": 1}]}),
            (Text("a"), Text('{"b":1}')),
        ),
        (result(blob(b"a;b", "text/csv")), (Text("file:///x:\na;b"),)),
        (result(blob(b"caf\xe9", "text/csv")), (Text("file:///x:\ncaf\ufffd"),)),
        (result(blob(b'{"a": 1}', None)), (Text('file:///x:\n{"a": 1}'),)),
        (result(blob(base64.b64decode(GIF), None)), (Text("file:///x:"), Image("gif", GIF))),
        (result(blob(b"PK\0\1", None)), (Text("[file file:///x of type unknown, about 6 bytes; not shown]"),)),
        (result(structured_content={"a": 1}), (Text('{"a":1}'),)),
        (result(structured_content=[2**70]), (Text(f"[{2**70}]"),)),
        (result(picture(), structured_content={"a": 1}), (Image("gif", GIF), Text('{"a":1}'))),
        (result(picture("%%%")), (Text("[image of type image/png, about 2 bytes; models cannot see that kind]"),)),
    ],
)
def test_parts(answered: types.CallToolResult, expected: tuple[Text | Image, ...]) -> None:
    assert outcome(answered).content == expected


def test_an_error_stays_one() -> None:
    assert outcome(result(words("no"), is_error=True)).is_error
    assert not outcome(result(words("yes"))).is_error


def test_the_limit_holds_for_all_texts_together() -> None:
    content = outcome(result(*[words("x" * 40_000)] * 4)).content
    assert [len(part.text) for part in content[:-1] if isinstance(part, Text)] == [40_000, 40_000, 20_000]
    assert sum(len(part.text) for part in content[:-1] if isinstance(part, Text)) == MAX_TEXT
    assert content[-1] == Text("[The result was cut: the first 100000 of its 160000 characters are shown.]")


def test_images_have_limits_too() -> None:
    many = outcome(result(*[picture()] * 25)).content
    assert sum(isinstance(part, Image) for part in many) == 20
    assert many[-1] == Text("[5 of its 25 images are left out: too many, or too large.]")
    large = base64.b64encode(b"GIF89a" + b"\0" * 9_000_000).decode()
    assert sum(isinstance(part, Image) for part in outcome(result(*[picture(large)] * 3)).content) == 1


@given(st.lists(st.tuples(st.text(max_size=80), st.text(max_size=90)), max_size=20), st.sets(st.text(max_size=5)))
def test_names_are_legal_unique_and_whole(pairs: list[tuple[str, str]], reserved: set[str]) -> None:
    given_names = names(pairs, reserved)
    assert set(given_names) == set(pairs)
    assert len(set(given_names.values()) | reserved) == len(given_names) + len(reserved)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in given_names.values())
    assert given_names == names(reversed(pairs), reserved)


def test_names_that_strands_takes_for_one_are_told_apart() -> None:
    pairs = [("a", "get-time"), ("b", "get_time"), ("c", "file-read")]
    assert names(pairs, {"file_read"}) == {
        ("a", "get-time"): "a__get-time",
        ("b", "get_time"): "b__get_time",
        ("c", "file-read"): "c__file-read",
    }


def test_a_name_is_kept_where_it_can_be() -> None:
    pairs = [("a", "read"), ("b", "read"), ("b", "write"), ("c", "a__read"), ("c", "shell")]
    assert names(pairs, {"shell"}) == {
        ("b", "write"): "write",
        ("c", "a__read"): "a__read",
        ("a", "read"): names(pairs, {"shell"})["a", "read"],
        ("b", "read"): "b__read",
        ("c", "shell"): "c__shell",
    }
    assert re.fullmatch(r"a__read_[0-9a-f]{8}", names(pairs)["a", "read"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_every_member_is_on_its_line(value: Any) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=False)
    located = json_lines.parse(text)
    assert located.value == value
    assert located.doubled == ()
    rows = text.split("\n")

    def look(node: Any, path: json_lines.Path) -> None:
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for name, inner in items:
            line = located.lines[*path, name]
            expected = json.dumps(name, ensure_ascii=False) if isinstance(node, dict) else json.dumps(inner)[:1]
            assert rows[line - 1].strip().startswith(expected)
            look(inner, (*path, name))

    look(value, ())
