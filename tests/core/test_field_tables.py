"""No silent parameter: every field that the official SDKs can send is in a dialect's table, with what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_type_hints

import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsBase

from kiro2chat_core.dialects import openai_chat
from kiro2chat_core.dialects.fields import FieldTable
from kiro2chat_core.errors import BadRequest

ASKED: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
EXTRA = {"extra_headers", "extra_query", "extra_body", "timeout"}

DIALECTS: Mapping[str, tuple[FieldTable, Iterable[str]]] = {
    "chat completions": (openai_chat.FIELDS, [*get_type_hints(CompletionCreateParamsBase), "stream"]),
}


@pytest.mark.parametrize(("table", "sent"), DIALECTS.values(), ids=DIALECTS)
def test_every_field_of_the_sdk_is_in_the_table(table: FieldTable, sent: Iterable[str]) -> None:
    assert set(sent) - set(table) == set()


@pytest.mark.parametrize("name", [name for name, field in openai_chat.FIELDS.items() if field.treatment == "ignored"])
def test_ignored_fields_are_named_and_wrong_types_are_not_ignored(name: str) -> None:
    values: list[Any] = ["text", 1, True, {}, [1]]
    told = []
    for value in values:
        try:
            told.append(openai_chat.read(ASKED | {name: value}).ignored)
        except BadRequest as error:
            assert error.field == name
    assert told
    assert set(told) == {(name,)}
    assert len(told) < len(values)
