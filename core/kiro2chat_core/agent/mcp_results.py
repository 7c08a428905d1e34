"""What a tool of an MCP server answered, as parts that a model reads: text, images, and for the rest a note of what it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any

import mcp_types as types
from pydantic import TypeAdapter, ValidationError

from .. import images, jsonio
from ..errors import BadRequest
from ..turns import Image, Text
from .tool import Outcome

__all__ = ["MAX_TEXT", "outcome", "trim"]

MAX_TEXT = 100_000
"""Characters of text in one result: some 25 000 tokens."""
_MAX_BLOCKS = 300
"""Blocks of a result that are looked at; of more than these, texts that follow each other are made one before."""
_MAX_IMAGES = 20
_MAX_IMAGE_CHARS = 20 << 20
"""Base64 characters of all images together; the gateway makes them smaller, but must hold them first."""


_BLOCK: TypeAdapter[types.ContentBlock] = TypeAdapter(types.ContentBlock)


def trim(result: dict[str, Any]) -> None:
    """Of a raw result: no more blocks than can be shown, each of a known kind. The package would look at all of them, for half
    a minute, and refuse them all for one that it does not know."""
    blocks = result["content"]
    if not isinstance(blocks, list):
        return
    if len(blocks) > _MAX_BLOCKS:
        blocks = _merged(blocks)
        if (left := len(blocks) - _MAX_BLOCKS) > 0:
            blocks[_MAX_BLOCKS:] = [_note(f"[The result was cut: {left} more blocks are not shown.]")]
    result["content"] = [_known(block) for block in blocks]


def _merged(blocks: list[Any]) -> list[Any]:
    merged: list[Any] = []
    for is_text, group in groupby(blocks, _is_text):
        run = list(group)
        merged += [_note("\n".join(block["text"] for block in run))] if is_text else run
    return merged


def _is_text(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "text" and isinstance(block.get("text"), str)


def _known(block: Any) -> Any:
    try:
        _BLOCK.validate_python(block, by_name=False)
    except ValidationError:
        kind = block.get("type") if isinstance(block, dict) else block
        return _note(f"[content of a kind that is not known here: {str(kind)[:60]}]")
    return block


def _note(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def outcome(result: types.CallToolResult, limit: int = MAX_TEXT) -> Outcome:
    """All that was answered, within the limits; what is cut is said in a sentence."""
    parts = [part for block in result.content for part in _parts(block)]
    if result.structured_content is not None and not _says(parts, result.structured_content):
        parts.append(Text(_json(result.structured_content)))
    kept = tuple(_within(parts, limit))
    return Outcome(kept or (Text("The tool answered nothing."),), bool(result.is_error))


def _says(parts: list[Text | Image], structured: Any) -> bool:
    """Whether one of the texts says the same already, as most servers have it: whole as JSON, or the one value in it."""
    values = list(structured.values()) if isinstance(structured, dict) and len(structured) == 1 else []
    same = [structured, *values]
    for part in parts:
        if isinstance(part, Text) and (part.text in values or _read(part.text) in same):
            return True
    texts = [part.text for part in parts if isinstance(part, Text)]
    items = values[0] if values and isinstance(values[0], list) else []  # a list comes as a text to each item
    return bool(items) and len(items) == len(texts) and all(map(_is_same, texts, items))


def _is_same(text: str, item: Any) -> bool:
    return bool(text == item or _read(text) == item)


def _read(text: str) -> Any:
    try:
        return jsonio.loads(text)
    except ValueError:
        return _NOTHING


_NOTHING = object()


def _within(parts: list[Text | Image], limit: int) -> Iterator[Text | Image]:
    whole = sum(len(part.text) for part in parts if isinstance(part, Text))
    pictures = sum(isinstance(part, Image) for part in parts)
    left, shown, room = limit, 0, _MAX_IMAGE_CHARS
    for part in parts:
        if isinstance(part, Image):
            if shown < _MAX_IMAGES and len(part.data) <= room:
                shown, room = shown + 1, room - len(part.data)
                yield part
        elif left > 0:
            yield Text(part.text[:left])
            left -= len(part.text)
    if whole > limit:
        yield Text(f"[The result was cut: the first {limit} of its {whole} characters are shown.]")
    if shown < pictures:
        yield Text(f"[{pictures - shown} of its {pictures} images are left out: too many, or too large.]")


def _parts(block: Any) -> Iterator[Text | Image]:
    yield from _BLOCKS.get(type(block), _unknown)(block)


def _text(block: types.TextContent) -> Iterator[Text | Image]:
    if block.text:
        yield Text(block.text)


def _image(block: types.ImageContent) -> Iterator[Text | Image]:
    yield _picture(block.data, block.mime_type, "image")


def _audio(block: types.AudioContent) -> Iterator[Text | Image]:
    yield Text(f"[audio of type {block.mime_type}, {_bytes(block.data)}; it cannot be heard here]")


def _link(block: types.ResourceLink) -> Iterator[Text | Image]:
    told = [block.title or block.name, block.uri, block.mime_type, block.description]
    yield Text(f"[resource: {', '.join(word for word in told if word)}]")


def _resource(block: types.EmbeddedResource) -> Iterator[Text | Image]:
    held = block.resource
    if isinstance(held, types.TextResourceContents):
        yield Text(f"{held.uri}:\n{held.text}")
    else:
        yield from _file(held)


def _file(held: types.BlobResourceContents) -> Iterator[Text | Image]:
    """What it is shows in its bytes, as everywhere: what is declared may be wrong, or missing."""
    kind = (held.mime_type or "").lower()
    try:
        data = images.decoded(held.blob, "blob")
    except BadRequest:
        data = b""
    if images.image_format(data[:12]) or kind.startswith("image/"):
        yield Text(f"{held.uri}:")
        yield _picture(held.blob, kind, f"image {held.uri}")
    elif (text := _as_text(data, kind)) is not None:
        yield Text(f"{held.uri}:\n{text}")
    else:
        yield Text(f"[file {held.uri} of type {held.mime_type or 'unknown'}, {_bytes(held.blob)}; not shown]")


def _as_text(data: bytes, kind: str) -> str | None:
    """None for what is no text. Of types that are not said to be one only what is UTF-8 counts."""
    if not data or b"\0" in data:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace") if kind.startswith("text/") else None


def _unknown(block: Any) -> Iterator[Text | Image]:
    yield Text(f"[content of a kind that is not known here: {getattr(block, 'type', type(block).__name__)}]")


_BLOCKS: Mapping[type, Callable[[Any], Iterator[Text | Image]]] = {
    types.TextContent: _text,
    types.ImageContent: _image,
    types.AudioContent: _audio,
    types.ResourceLink: _link,
    types.EmbeddedResource: _resource,
}


def _picture(data: str, media_type: str, name: str) -> Text | Image:
    """The bytes decide what it is, as everywhere."""
    try:
        return images.from_base64(data, name)
    except BadRequest:
        return Text(f"[{name} of type {media_type or 'unknown'}, {_bytes(data)}; models cannot see that kind]")


def _bytes(base64: str) -> str:
    return f"about {len(base64) * 3 // 4} bytes"


def _json(value: Any) -> str:
    try:
        return jsonio.text(value)
    except (TypeError, ValueError):
        return str(value)
