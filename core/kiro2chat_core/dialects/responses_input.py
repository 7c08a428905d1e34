"""Input of the Responses API → system text and turns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .. import jsonio
from ..errors import BadRequest
from ..turns import Attachment, Part, Text, ToolCall, ToolResult, Turn
from . import attachments
from .fields import Fields
from .responses_content import marks_cache, read_content
from .responses_seals import opened, opened_summary
from .responses_tools import ClientTool, Toolbox, wrapped

__all__ = ["DECLARING", "asks_for_summary", "read_input"]

DECLARING = frozenset({"additional_tools", "tool_search_output"})
"""Kinds of items that bring tools."""


_SUMMARISE = (
    "Do not go on with the task. Write a handover instead, for an assistant that will take over and will see nothing of this "
    "conversation but your handover and what the user wrote. Say what is wanted, and what the user cares about; what has been "
    "done, found out and decided, and why; what is left to do, the next step first. Keep every file name, command, "
    "identifier, number and wording that will be needed. Answer with the handover alone."
)
_SUMMARY = "<summary>\nThe conversation until here was summarised by the assistant:\n\n{}\n</summary>"


@dataclass(slots=True)
class _Conversation:
    toolbox: Toolbox
    system: list[str] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    cache_start: bool = False

    def user(self, *parts: Part) -> None:
        self.turns.append(Turn("user", parts))

    def assistant(self, *parts: Part) -> None:
        """One answer comes as several items; they belong together, reasoning to the calls it led to above all."""
        if self.turns and self.turns[-1].role == "assistant":
            before = self.turns[-1]
            self.turns[-1] = replace(before, parts=(*before.parts, *parts))
        else:
            self.turns.append(Turn("assistant", parts))

    def mark(self) -> None:
        """What was read so far is a prefix worth keeping."""
        if self.turns:
            self.turns[-1] = replace(self.turns[-1], cache=True)
        else:
            self.cache_start = True


def read_input(body: Fields, toolbox: Toolbox) -> tuple[str, tuple[Turn, ...], bool]:
    """`instructions` and `input` as system text and turns; and whether the system text is a prefix worth keeping.

    System and developer messages before the first turn are system text. Later ones stay where they are, as marked text of
    the user: moved to the front they would lose their meaning.

    Raises:
        BadRequest: naming the item and its member.
    """
    conversation = _Conversation(toolbox)
    if instructions := body.text("instructions"):
        conversation.system.append(instructions)
    value = body.value.get("input")
    if isinstance(value, str):
        conversation.user(Text(value))
    elif value is None or not isinstance(value, list):
        body.fail("input", "is missing" if value is None else "must be a string or an array of items")
    elif not value:
        body.fail("input", "must hold at least one item")
    else:
        for item in body.objects("input"):
            _ITEMS.get(_kind(item), _unknown)(item, conversation)
            if marks_cache(item):
                conversation.mark()
        if asks_for_summary(body):
            conversation.user(Text(_SUMMARISE))
    return "\n\n".join(conversation.system), tuple(conversation.turns), conversation.cache_start


def asks_for_summary(body: Fields) -> bool:
    """Whether the last item asks to compact what comes before it."""
    value = body.value.get("input")
    last = value[-1] if isinstance(value, list) and value else None
    return isinstance(last, dict) and last.get("type") == "compaction_trigger"


def _kind(item: Fields) -> str:
    """The type of an item; messages may leave it out, and so may references."""
    kind = item.text("type")
    if not kind and "role" not in item and "id" not in item:
        item.fail("type", "is missing")
    return kind or ("message" if "role" in item else "item_reference")


# --- messages ----------------------------------------------------------------------------------------------------------


def _message(item: Fields, conversation: _Conversation) -> None:
    role = item.choice("role", ("user", "assistant", "system", "developer"))
    if role == "user" and "content" not in item:
        item.fail("content", "is missing")
    parts = read_content(item, "content")
    texts = [part for part in parts if isinstance(part, Text)]
    pictures = [part for part in parts if not isinstance(part, Text)]
    if role == "user":
        conversation.user(*parts)
        return
    if role == "assistant":
        conversation.assistant(*texts)
    else:
        _system("\n".join(text.text for text in texts), conversation)
    if pictures:  # only users can send them
        conversation.user(*pictures)


def _system(text: str, conversation: _Conversation) -> None:
    if not conversation.turns:
        conversation.system.append(text)
    elif text.strip():
        conversation.user(Text(f"<system>\n{text}\n</system>"))


# --- calls and results -------------------------------------------------------------------------------------------------


def _function_call(item: Fields, conversation: _Conversation) -> None:
    arguments = item.value.get("arguments")
    if isinstance(arguments, dict):  # some clients forget to encode them
        arguments = jsonio.text(arguments)
    if arguments is not None and not isinstance(arguments, str):
        item.fail("arguments", "must be a string of JSON")
    _call(item, conversation, arguments or "", custom=False)


def _custom_call(item: Fields, conversation: _Conversation) -> None:
    _call(item, conversation, wrapped(item.text("input")), custom=True)


def _call(item: Fields, conversation: _Conversation, arguments: str, *, custom: bool) -> None:
    tool = ClientTool(item.text("name", required=True), item.text("namespace"), custom)
    call_id = item.text("call_id", required=True)
    conversation.assistant(ToolCall(call_id, conversation.toolbox.function(tool), arguments))


def _result(item: Fields, conversation: _Conversation) -> None:
    if "output" not in item:
        item.fail("output", "is missing")
    content = read_content(item, "output")
    call_id = item.text("call_id")
    if call_id:
        conversation.user(ToolResult(call_id, content))
    else:  # legal, although it answers nothing
        conversation.user(Text(f"[Result of the tool {item.text('name') or '?'}]"), *content)


def _reasoning(item: Fields, conversation: _Conversation) -> None:
    """What we sealed is what the model thought. A mere summary proves nothing, and what others sealed is no use here."""
    for name in ("summary", "content"):
        item.array(name)
    if reasoning := opened(item.text("encrypted_content")):
        conversation.assistant(reasoning)


def _compaction(item: Fields, conversation: _Conversation) -> None:
    if summary := opened_summary(item.text("encrypted_content")):
        conversation.user(Text(_SUMMARY.format(summary)))


# --- everything else ---------------------------------------------------------------------------------------------------


def _reference(item: Fields, conversation: _Conversation) -> None:
    item.fail("id", "cannot be looked up, since nothing is stored here: send the item itself")


def _nothing(item: Fields, conversation: _Conversation) -> None:
    """Says something to the server and nothing to the model."""


_BOOKKEEPING = frozenset({"type", "id", "status", "encrypted_content", "fingerprint", "created_by"})
_UNSAFE = re.compile(r"[^a-zA-Z0-9_.-]")
_LONGEST = 20_000


def _unknown(item: Fields, conversation: _Conversation) -> None:
    """Items of OpenAI's own tools and of kinds yet to come: what they say in words, in place; a picture as a picture."""
    told = {name: value for name, value in item.value.items() if name not in _BOOKKEEPING and value is not None}
    if item.text("type") in DECLARING:
        told.pop("tools", None)
    kind = _UNSAFE.sub("_", item.text("type")[:40])
    picture = _picture(item, told)
    parts: list[Part] = []
    if told:
        text = jsonio.text(told)
        cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text) - _LONGEST} more characters)"
        parts.append(Text(f"<{kind}>\n{cut}\n</{kind}>"))
    if picture is not None:
        parts.append(picture)
    if parts:
        conversation.user(*parts)


def _picture(item: Fields, told: dict[str, Any]) -> Attachment | None:
    """The screenshot of a computer call, or a generated image; taken out of what is told in words."""
    screenshot = told.get("output")
    url = screenshot.get("image_url") if isinstance(screenshot, dict) else None
    name = "output"
    if item.text("type") == "image_generation_call" and isinstance(told.get("result"), str):
        name, url = "result", f"data:image/png;base64,{told['result']}"
    if not isinstance(url, str):
        return None
    del told[name]
    try:
        return attachments.image_at(url, item.at(name))
    except BadRequest:
        return None


_ITEMS: Mapping[str, Callable[[Fields, _Conversation], None]] = {
    "message": _message,
    "function_call": _function_call,
    "function_call_output": _result,
    "custom_tool_call": _custom_call,
    "custom_tool_call_output": _result,
    "reasoning": _reasoning,
    "compaction": _compaction,
    "compaction_summary": _compaction,
    "item_reference": _reference,
    "additional_tools": _nothing,
    "compaction_trigger": _nothing,
    "configuration_update": _nothing,
}
