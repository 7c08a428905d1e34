"""Attachments on their way to a model: fetched, read and scaled down, so that what remains is text and images that fit."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from . import documents, images, shrinking
from .errors import BadRequest
from .fetching import fetched
from .turns import Ask, Document, DocumentUrl, Image, ImageUrl, Part, Text, ToolResult

__all__ = ["Reading", "refuse_images", "with_attachments"]

logging.getLogger("pypdf").setLevel(
    logging.CRITICAL
)  # it tells of every flaw of every file; ours are told to the client

_KINDS = (Image, ImageUrl, Document, DocumentUrl)


@dataclass(frozen=True, slots=True)
class Reading:
    """How attachments are read.

    `private` allows private addresses, `pages` is the most of a PDF, `image_total` the characters of base64 that all images
    may have together, `patience` the seconds for each file.
    """

    private: bool = False
    pages: int = 100
    image_total: int = 3_000_000
    patience: float = 20.0


async def with_attachments(ask: Ask, reading: Reading) -> Ask:
    """The Ask with text and images of good size in place of all attachments.

    Raises:
        BadRequest: one cannot be fetched or read, or is too big; names the field.
    """
    parts = [part for turn in ask.turns for part in _attachments(turn.parts)]
    if not parts:
        return ask
    addresses = [part for part in parts if isinstance(part, (ImageUrl, DocumentUrl))]
    files = await fetched(addresses, private=reading.private, patience=reading.patience)
    return await asyncio.to_thread(_read, ask, files, reading)


def _attachments(parts: Iterable[Part]) -> Iterator[Part]:
    for part in parts:
        if isinstance(part, ToolResult):
            yield from _attachments(part.content)
        elif isinstance(part, _KINDS):
            yield part


def _read(ask: Ask, files: Mapping[str, bytes], reading: Reading) -> Ask:
    """In a thread: it may take seconds. Documents first, since their pages may be images too."""
    ask = _mapped(ask, lambda part: _unpacked(part, files, reading))
    pictures = [part for turn in ask.turns for part in _attachments(turn.parts) if isinstance(part, Image)]
    limits = shrinking.limits([len(picture.data) for picture in pictures], total=reading.image_total)

    def fitted(part: Part) -> tuple[Part, ...]:
        return (shrinking.fitted(part, limits, "messages") if isinstance(part, Image) else part,)

    return _mapped(ask, fitted)


def _mapped(ask: Ask, change: Callable[[Part], Sequence[Part]]) -> Ask:
    """The Ask with each part replaced by others, those inside of tool results too."""

    def changed(part: Part) -> Sequence[Part]:
        if not isinstance(part, ToolResult):
            return change(part)
        content = tuple(new for old in part.content for new in change(old) if isinstance(new, (Text, *_KINDS)))
        return [replace(part, content=content)]

    turns = (replace(turn, parts=tuple(new for part in turn.parts for new in changed(part))) for turn in ask.turns)
    return replace(ask, turns=tuple(turns))


def _unpacked(part: Part, files: Mapping[str, bytes], reading: Reading) -> Sequence[Part]:
    """Text and images in place of what was fetched or has to be read."""
    match part:
        case ImageUrl(url, field):
            return [images.from_bytes(files[url], field)]
        case DocumentUrl(url, title, field):
            return _document(Document(files[url], "", title, field), reading)
        case Document():
            return _document(part, reading)
        case _:
            return [part]


def _document(document: Document, reading: Reading) -> Sequence[Part]:
    if images.image_format(document.data[:12]):
        return [images.from_bytes(document.data, document.field)]
    end = time.monotonic() + reading.patience
    return documents.read(document, pages=reading.pages, in_time=lambda: time.monotonic() < end)


def refuse_images(ask: Ask, model: str) -> None:
    """Raises BadRequest where a model that takes no images is sent one."""
    if any(isinstance(part, Image) for turn in ask.turns for part in _attachments(turn.parts)):
        raise BadRequest(f"The model {model} takes no images.", field="messages")
