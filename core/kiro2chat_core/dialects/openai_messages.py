"""OpenAI chat messages → system text and turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import jsonio
from ..turns import Document, DocumentUrl, Image, ImageUrl, Part, Reasoning, Role, Text, ToolCall, ToolResult, Turn
from . import attachments
from .fields import Fields

__all__ = ["CUSTOM_INPUT", "Conversation", "read_messages"]

CUSTOM_INPUT = "input"
"""The one argument of a custom tool, as a function."""


@dataclass(slots=True)
class Conversation:
    """System texts and turns. `cache_start` is whether a system message was marked with `cache_control`."""

    system: list[str] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    cache_start: bool = False

    def add(self, message: Fields, role: Role, parts: Iterable[Part]) -> None:
        self.turns.append(Turn(role, tuple(parts), cache=_is_marked(message)))


def read_messages(body: Fields) -> Conversation:
    """The system texts and the turns of `messages`.

    System and developer messages before the first turn are system text. Later ones stay where they are, as marked text of
    the user: moved to the front they would lose their meaning.

    Raises:
        BadRequest: naming the message and its member.
    """
    if "messages" not in body:
        body.fail("messages", "is missing")
    conversation = Conversation()
    for message in body.objects("messages"):
        role = message.text("role", required=True)
        read = _ROLES.get(role)
        if read is None:
            message.fail("role", f"is {role[:40]!r}, which is none of {', '.join(_ROLES)}")
        read(message, conversation)
    if not body.array("messages"):
        body.fail("messages", "must hold at least one message")
    return conversation


def _system(message: Fields, conversation: Conversation) -> None:
    text = "\n".join(part.text for part in _content(message, _TEXT_PARTS) if isinstance(part, Text))
    if not conversation.turns:
        conversation.system.append(text)
        conversation.cache_start = conversation.cache_start or _is_marked(message)
    elif text.strip():
        conversation.add(message, "user", [Text(f"<system>\n{text}\n</system>")])


def _user(message: Fields, conversation: Conversation) -> None:
    if "content" not in message:
        message.fail("content", "is missing")
    conversation.add(message, "user", _content(message, _USER_PARTS))


def _assistant(message: Fields, conversation: Conversation) -> None:
    parts = list(_content(message, _ASSISTANT_PARTS))
    if refusal := message.text("refusal"):
        parts.append(Text(refusal))
    parts[:0] = _reasoning(message)
    parts += [_call(call) for call in message.objects("tool_calls")]
    if function := message.object("function_call"):
        parts.append(_function(function, f"function_{function.text('name')}"))
    conversation.add(message, "assistant", parts)


def _reasoning(message: Fields) -> Iterator[Reasoning]:
    """What the model thought, as we gave it out, or as LiteLLM's clients (`thinking_blocks`) keep it."""
    text = message.value.get("reasoning_content")
    text = text if isinstance(text, str) else ""
    for detail in message.objects("reasoning_details"):
        if data := detail.text("data"):
            yield Reasoning("", redacted=data)
        elif signature := detail.text("signature"):
            yield Reasoning(detail.text("text") or text, signature)
    for block in message.objects("thinking_blocks"):
        if data := block.text("data"):
            yield Reasoning("", redacted=data)
        elif signature := block.text("signature"):
            yield Reasoning(block.text("thinking"), signature)


def _tool(message: Fields, conversation: Conversation) -> None:
    call_id = message.text("tool_call_id", required=True)
    _result(call_id, message, conversation)


def _function_result(message: Fields, conversation: Conversation) -> None:
    _result(f"function_{message.text('name', required=True)}", message, conversation)


def _result(call_id: str, message: Fields, conversation: Conversation) -> None:
    content = _content(message, _USER_PARTS)
    kept = tuple(part for part in content if isinstance(part, (Text, Image, ImageUrl, Document, DocumentUrl)))
    conversation.add(message, "user", [ToolResult(call_id, kept)])


_ROLES: Mapping[str, Callable[[Fields, Conversation], None]] = {
    "system": _system,
    "developer": _system,
    "user": _user,
    "assistant": _assistant,
    "tool": _tool,
    "function": _function_result,
}


def _is_marked(message: Fields) -> bool:
    """A mark on the message or on one of its parts: `cache_control` as several vendors have it, or OpenAI's own."""
    content = message.value.get("content")
    parts = content if isinstance(content, list) else []
    marks = ("cache_control", "prompt_cache_breakpoint")
    return any(isinstance(each, dict) and each.get(mark) for each in (message.value, *parts) for mark in marks)


def _call(call: Fields) -> ToolCall:
    call_id = call.text("id", required=True)
    if call.choice("type", ("function", "custom"), "function") == "custom":
        custom = call.required_object("custom")
        return ToolCall(call_id, custom.text("name", required=True), jsonio.text({CUSTOM_INPUT: custom.text("input")}))
    return _function(call.required_object("function"), call_id)


def _function(function: Fields, call_id: str) -> ToolCall:
    arguments = function.value.get("arguments")
    if isinstance(arguments, dict):  # some clients forget to encode them
        arguments = jsonio.text(arguments)
    if arguments is not None and not isinstance(arguments, str):
        function.fail("arguments", "must be a string of JSON")
    return ToolCall(call_id, function.text("name", required=True), arguments or "")


# --- content -----------------------------------------------------------------------------------------------------------


def _content(message: Fields, readers: Mapping[str, Callable[[Fields], Part]]) -> tuple[Part, ...]:
    content: Any = message.value.get("content")
    if content is None:
        return ()
    if isinstance(content, str):
        return (Text(content),)
    if not isinstance(content, list):
        message.fail("content", "must be a string or an array of parts")
    parts = []
    for part in message.objects("content"):
        kind = part.text("type", required=True)
        read = readers.get(kind)
        if read is None:
            told = _UNSUPPORTED.get(kind, f"is {kind[:40]!r}, which is none of {', '.join(readers)}")
            part.fail("type", told)
        parts.append(read(part))
    return tuple(parts)


def _text_part(part: Fields) -> Part:
    return Text(part.text("text"))


def _refusal_part(part: Fields) -> Part:
    return Text(part.text("refusal"))


def _image_part(part: Fields) -> Part:
    """`image_url` as the object of the specification, or as the bare string that some clients send."""
    value = part.value.get("image_url")
    if isinstance(value, str):
        return attachments.image_at(value, part.at("image_url"))
    image = part.required_object("image_url")
    return attachments.image_at(image.text("url", required=True), image.at("url"))


def _file_part(part: Fields) -> Part:
    file = part.required_object("file")
    if "file_data" not in file:
        file.fail("file_id" if "file_id" in file else "file_data", "cannot be used: send the file itself in file_data")
    data, field = file.text("file_data", required=True), file.at("file_data")
    if data[:5].lower() == "data:":
        return attachments.document_at(data, file.text("filename"), field)
    return attachments.document_of_base64(data, "", file.text("filename"), field)


_TEXT_PARTS = {"text": _text_part}
_ASSISTANT_PARTS = {"text": _text_part, "refusal": _refusal_part}
_USER_PARTS = {"text": _text_part, "image_url": _image_part, "file": _file_part}
_UNSUPPORTED = {
    "input_audio": "is 'input_audio': Kiro's models take text and images only",
}
