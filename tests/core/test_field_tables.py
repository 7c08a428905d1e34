"""No silent parameter: every field that the official SDKs can send is in a dialect's table, with what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_type_hints

import pytest
from anthropic.types.beta.message_create_params import MessageCreateParamsBase as BetaMessageCreateParamsBase
from anthropic.types.message_create_params import MessageCreateParamsBase
from openai.types.chat.completion_create_params import CompletionCreateParamsBase
from openai.types.responses.response_create_params import ResponseCreateParamsBase

from kiro2chat_core.dialects import anthropic_request, openai_chat, responses_request
from kiro2chat_core.dialects.fields import FieldTable
from kiro2chat_core.errors import BadRequest

ASKED: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
EXTRA = {"extra_headers", "extra_query", "extra_body", "timeout"}

DIALECTS: Mapping[str, tuple[FieldTable, Iterable[str]]] = {
    "chat completions": (openai_chat.FIELDS, [*get_type_hints(CompletionCreateParamsBase), "stream"]),
    "responses": (responses_request.FIELDS, [*get_type_hints(ResponseCreateParamsBase), "stream"]),
    "messages": (anthropic_request.FIELDS, [*get_type_hints(MessageCreateParamsBase), "stream"]),
    "beta messages": (anthropic_request.FIELDS, [*get_type_hints(BetaMessageCreateParamsBase), "stream"]),
}


@pytest.mark.parametrize(("table", "sent"), DIALECTS.values(), ids=DIALECTS)
def test_every_field_of_the_sdk_is_in_the_table(table: FieldTable, sent: Iterable[str]) -> None:
    assert set(sent) - set(table) == set()


READ: dict[str, tuple[FieldTable, Callable[[Any], Any], dict[str, Any]]] = {
    "chat completions": (openai_chat.FIELDS, openai_chat.read, ASKED),
    "responses": (responses_request.FIELDS, responses_request.read, {"model": "m", "input": "Hi"}),
    "messages": (anthropic_request.FIELDS, anthropic_request.read, ASKED | {"max_tokens": 9}),
}
IGNORED = [
    pytest.param(read, asked, name, id=f"{dialect}: {name}")
    for dialect, (table, read, asked) in READ.items()
    for name, field in table.items()
    if field.treatment == "ignored"
]


@pytest.mark.parametrize(("read", "asked", "name"), IGNORED)
def test_ignored_fields_are_named_or_their_wrong_types_are(
    read: Callable[[Any], Any], asked: dict[str, Any], name: str
) -> None:
    values: list[Any] = ["text", "auto", 1, True, {}, [{}]]
    told, refused = set(), set()
    for value in values:
        try:
            told.add(read(asked | {name: value}).ignored)
        except BadRequest as error:
            refused.add(error.field)
    assert told >= {(name,)}
    assert told <= {(name,), ()}
    assert refused <= {name}
