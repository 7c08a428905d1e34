"""What a tool of an MCP server answered, as parts that a model reads: text, images, and for the rest a note of what it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import mcp_types as types

from .. import images, jsonio
from ..errors import BadRequest
from ..turns import Image, Text
from .tool import Outcome

__all__ = ["MAX_TEXT", "outcome"]

MAX_TEXT = 100_000
"""Characters of text in one result: some 25 000 tokens."""
_MAX_IMAGES = 20
_MAX_IMAGE_CHARS = 20 << 20
"""Base64 characters of all images together; the gateway makes them smaller, but must hold them first."""


def outcome(result: types.CallToolResult, limit: int = MAX_TEXT) -> Outcome:
    """All that was answered, within the limits; what is cut is said in a sentence."""
    parts = [part for block in result.content for part in _parts(block)]
    if result.structured_content is not None and not any(isinstance(part, Text) for part in parts):
        parts.append(Text(_json(result.structured_content)))
    kept = tuple(_within(parts, limit))
    return Outcome(kept or (Text("The tool answered nothing."),), bool(result.is_error))


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
    elif (held.mime_type or "").startswith("image/"):
        yield Text(f"{held.uri}:")
        yield _picture(held.blob, held.mime_type or "", f"image {held.uri}")
    else:
        yield Text(f"[file {held.uri} of type {held.mime_type or 'unknown'}, {_bytes(held.blob)}; not shown]")


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
