"""Compaction: a history becomes a summary that the client keeps, sealed, and sends in its place.

Codex asks for it with a `compaction_trigger` as the last item of the input, other clients at `/v1/responses/compact`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from ..fold import Answer
from .fields import body_fields
from .responses_output import Reply, response

__all__ = ["compacted", "with_trigger"]

Json: TypeAlias = dict[str, Any]


def with_trigger(body: object) -> Json:
    """A body for `/v1/responses/compact` as one for `/v1/responses`.

    Raises:
        BadRequest: there is no history in it.
    """
    fields = body_fields(body)
    items = _items(fields.value.get("input"))
    if not items:
        fields.fail("input", "must be a string or an array with at least one item")
    known = ("model", "instructions", "previous_response_id", "prompt_cache_key", "reasoning")
    kept = {name: fields.value.get(name) for name in known}
    return kept | {"input": [*items, {"type": "compaction_trigger"}]}


def _items(value: object) -> list[Any]:
    if isinstance(value, str):
        return [{"type": "message", "role": "user", "content": value}]
    return value if isinstance(value, list) else []


def compacted(this: Reply, body: Json, answer: Answer) -> Json:
    """What the user wrote, and the summary of the rest."""
    told = response(this, answer)
    return {
        "id": this.id,
        "object": "response.compaction",
        "created_at": this.created,
        "output": [*_of_user(this, body), *told["output"]],
        "usage": told["usage"],
    }


def _of_user(this: Reply, body: Json) -> Iterator[Json]:
    for index, item in enumerate(body["input"]):
        if item.get("role") == "user" and item.get("type", "message") == "message":
            content = item["content"]
            parts = [{"type": "input_text", "text": content}] if isinstance(content, str) else content
            marks = {"id": f"msg_{this.id.removeprefix('resp_')}_u{index}", "status": "completed"}
            yield {"type": "message", "role": "user", "content": parts} | marks
