"""Anthropic's messages and content blocks → system text and turns.

Blocks of kinds we do not know (the results of tools that Anthropic runs itself, and whatever comes next) are legal to send back,
so they become readable text where they stood. In a turn of the model they are told by the user: as the model's own words they
would be imitated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeAlias

from .. import images, jsonio
from ..turns import Document, DocumentUrl, Image, ImageUrl, Part, Reasoning, Text, ToolCall, ToolResult, Turn
from . import attachments
from .fields import Fields

__all__ = ["Conversation", "is_marked", "read_conversation"]

_NOISE = "x-anthropic-billing-header:"
"""How a system block of Claude Code begins that differs from build to build and would spoil the prompt cache."""

_LONGEST_TEXT = 20_000


@dataclass(slots=True)
class Conversation:
    """System texts and turns. `cache_start` is whether a system block was marked with `cache_control`."""

    system: list[str] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    cache_start: bool = False
    marked: bool = False
    """Whether a block of the message being read was marked so."""

    ignored: list[str] = field(default_factory=list)


def read_conversation(body: Fields) -> Conversation:
    """`system` and `messages`.

    System messages before the first turn are system text; later ones stay where they are, as marked text of the user: moved
    to the front they would lose their meaning.

    Raises:
        BadRequest: naming the message and its member.
    """
    conversation = Conversation()
    _system(body, "system", conversation)
    if "messages" not in body:
        body.fail("messages", "is missing")
    for message in body.objects("messages"):
        role = message.choice("role", ("user", "assistant", "system"))
        if "content" not in message:
            message.fail("content", "is missing")
        conversation.marked = False
        if role == "system":
            _system_message(message, conversation)
        elif role == "assistant" and isinstance(message.value["content"], list):
            conversation.turns += _answer(message, conversation)
        else:
            parts = tuple(_parts(message, "content", conversation))
            conversation.turns.append(Turn("user" if role == "user" else "assistant", parts, conversation.marked))
    if not body.array("messages"):
        body.fail("messages", "must hold at least one message")
    return conversation


_MODELS_OWN = frozenset({"text", "tool_use", "thinking", "redacted_thinking"})


def _answer(message: Fields, conversation: Conversation) -> Iterator[Turn]:
    """A turn of the model, in as many as it takes for what is not its own to be the user's."""
    for own, blocks in groupby(message.objects("content"), lambda block: block.text("type") in _MODELS_OWN):
        conversation.marked = False
        parts = tuple(part for block in blocks for part in _block(block, conversation))
        yield Turn("assistant" if own else "user", parts, conversation.marked)


def is_marked(block: Fields) -> bool:
    """Whether a block or a tool ends a prefix worth keeping. How long to keep it the backend decides."""
    return block.object("cache_control") is not None


def _system(holder: Fields, name: str, conversation: Conversation) -> None:
    if isinstance(holder.value.get(name), str):
        conversation.system += [holder.value[name]]
        return
    for block in holder.objects(name):
        text = _words(block)
        if not text.startswith(_NOISE):
            conversation.system.append(text)
            conversation.cache_start = conversation.cache_start or is_marked(block)


def _system_message(message: Fields, conversation: Conversation) -> None:
    if not conversation.turns:
        _system(message, "content", conversation)
        return
    parts = tuple(_parts(message, "content", conversation))
    text = "\n".join(part.text for part in parts if isinstance(part, Text)).strip()
    said = (Text(f"<system>\n{text}\n</system>"),) if text else ()
    if told := (*said, *(part for part in parts if not isinstance(part, Text))):
        conversation.turns.append(Turn("user", told, conversation.marked))


def _parts(holder: Fields, name: str, conversation: Conversation) -> Iterator[Part]:
    content = holder.value.get(name)
    if isinstance(content, str):
        yield Text(content)
    elif content is not None and not isinstance(content, list):
        holder.fail(name, "must be a string or an array of blocks")
    else:
        for block in holder.objects(name):
            yield from _block(block, conversation)


def _block(block: Fields, conversation: Conversation) -> Iterable[Part]:
    kind = block.text("type", required=True)
    conversation.marked = conversation.marked or is_marked(block)
    return _BLOCKS.get(kind, _unknown)(block, conversation)


def _words(block: Fields) -> str:
    """The text of a text block: it may be empty, but not missing."""
    if "text" not in block:
        block.fail("text", "is missing")
    return block.text("text")


def _text(block: Fields, _conversation: Conversation) -> Iterable[Part]:
    return [Text(_words(block))]


def _image(block: Fields, conversation: Conversation) -> Iterable[Part]:
    source = block.required_object("source")
    return _source(source, _IMAGES)(source, "", conversation)


def _document(block: Fields, conversation: Conversation) -> Iterable[Part]:
    source, title, context = block.required_object("source"), block.text("title"), block.text("context")
    _ignore_citations(block, conversation)
    name = f"{title} ({context})" if title and context else title or context
    return _source(source, _DOCUMENTS)(source, name, conversation)


def _ignore_citations(block: Fields, conversation: Conversation) -> None:
    if (citations := block.object("citations")) and citations.flag("enabled"):
        conversation.ignored.append("citations")


Source: TypeAlias = Callable[[Fields, str, Conversation], Iterable[Part]]
"""Reads where an image or a document comes from; the string is its title."""


def _source(source: Fields, readers: Mapping[str, Source]) -> Source:
    kind = source.text("type", required=True)
    if kind not in readers:
        why = "files are not stored here: send the file itself" if kind == "file" else f"expected {', '.join(readers)}"
        source.fail("type", f"is {kind[:40]!r}; {why}")
    return readers[kind]


def _base64_image(source: Fields, _title: str, _conversation: Conversation) -> Iterable[Part]:
    return [images.from_base64(source.text("data", required=True), source.at("data"))]


def _image_url(source: Fields, _title: str, _conversation: Conversation) -> Iterable[Part]:
    return [attachments.image_at(source.text("url", required=True), source.at("url"))]


def _base64_document(source: Fields, title: str, _conversation: Conversation) -> Iterable[Part]:
    data, media_type = source.text("data", required=True), source.text("media_type")
    return [attachments.document_of_base64(data, media_type, title, source.at("data"))]


def _text_document(source: Fields, title: str, _conversation: Conversation) -> Iterable[Part]:
    return [attachments.document_of_text(source.text("data"), title, source.at("data"))]


def _document_url(source: Fields, title: str, _conversation: Conversation) -> Iterable[Part]:
    return [attachments.document_at(source.text("url", required=True), title, source.at("url"))]


def _document_blocks(source: Fields, title: str, conversation: Conversation) -> Iterable[Part]:
    return [*([Text(title)] if title else []), *_parts(source, "content", conversation)]


_IMAGES: Mapping[str, Source] = {"base64": _base64_image, "url": _image_url}
_DOCUMENTS: Mapping[str, Source] = {
    "base64": _base64_document,
    "text": _text_document,
    "url": _document_url,
    "content": _document_blocks,
}


def _tool_use(block: Fields, _conversation: Conversation) -> Iterable[Part]:
    given = block.value.get("input")
    arguments = given if isinstance(given, str) else jsonio.text(given if given is not None else {})
    return [ToolCall(block.text("id", required=True), block.text("name", required=True), arguments)]


def _tool_result(block: Fields, conversation: Conversation) -> Iterable[Part]:
    content = tuple(
        part
        for part in _parts(block, "content", conversation)
        if isinstance(part, (Text, Image, ImageUrl, Document, DocumentUrl))
    )
    return [ToolResult(block.text("tool_use_id", required=True), content, is_error=block.flag("is_error"))]


def _thinking(block: Fields, _conversation: Conversation) -> Iterable[Part]:
    return [Reasoning(block.text("thinking"), block.text("signature"))]


def _redacted(block: Fields, _conversation: Conversation) -> Iterable[Part]:
    return [Reasoning("", redacted=block.text("data"))]


def _search_result(block: Fields, conversation: Conversation) -> Iterable[Part]:
    _ignore_citations(block, conversation)
    head = " ".join(text for text in (block.text("title"), block.text("source")) if text)
    return [Text(f"[Search result: {head}]"), *_parts(block, "content", conversation)]


def _compaction(block: Fields, _conversation: Conversation) -> Iterable[Part]:
    """A summary in place of what was said before; without content the compaction failed, and the block says nothing."""
    summary = block.text("content")
    return [Text(f"[Summary of the conversation so far]\n{summary}")] if summary.strip() else []


def _unknown(block: Fields, _conversation: Conversation) -> Iterable[Part]:
    text = jsonio.text(_readable(block.value))
    cut = f" [{len(text) - _LONGEST_TEXT} more characters were left out]" if len(text) > _LONGEST_TEXT else ""
    return [Text(f"[{block.text('type')[:60]}]\n{text[:_LONGEST_TEXT]}{cut}")]


def _readable(value: Any) -> Any:
    """Without what only Anthropic's servers can read: it is long, and would cost the user tokens for nothing."""
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _readable(item)
        for name, item in value.items()
        if item is not None and not name.startswith(("encrypted_", "cache_control"))
    }


_BLOCKS: Mapping[str, Callable[[Fields, Conversation], Iterable[Part]]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
    "search_result": _search_result,
    "compaction": _compaction,
}
