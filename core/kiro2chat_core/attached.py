"""Attachments on their way to a model: fetched, read and scaled down, so that what remains is text and images that fit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from typing import TypeAlias

from . import documents, images, shrinking
from .errors import BadRequest
from .fetching import fetched
from .pdf_reading import read_pdf
from .turns import Ask, Document, DocumentUrl, Image, ImageUrl, Part, Text, ToolResult

__all__ = ["Attachments", "Reading", "refuse_images"]

_AT_ONCE = 2
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


class Attachments:
    """Makes text and images of good size of all attachments. Close it with `close()`.

    Large images have threads of their own, and PDFs processes, a few at once: they must not keep other answers waiting, nor
    fill the memory many at a time.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="attachments")  # started when first needed
        self._pdfs = asyncio.Semaphore(_AT_ONCE)

    async def resolve(self, ask: Ask) -> Ask:
        """The Ask without attachments; the same one where it has none.

        Raises:
            BadRequest: one cannot be fetched or read, or is too big; names the field.
        """
        parts = [part for turn in ask.turns for part in _attachments(turn.parts)]
        if not parts:
            return ask
        reading = self._reading
        addresses = [part for part in parts if isinstance(part, (ImageUrl, DocumentUrl))]
        files = await fetched(addresses, private=reading.private, patience=reading.patience)
        loaded = [_loaded(part, files) for part in parts if isinstance(part, (Document, DocumentUrl))]
        pdfs = [part for part in loaded if isinstance(part, Document) and documents.is_pdf(part.data)]
        known = {pdf: await self._pdf(pdf) for pdf in dict.fromkeys(pdfs)}
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _read, ask, files, known, reading)

    async def _pdf(self, pdf: Document) -> tuple[Text | Image, ...]:
        async with self._pdfs:
            return await read_pdf(pdf, pages=self._reading.pages, patience=self._reading.patience)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _attachments(parts: Iterable[Part]) -> Iterator[Part]:
    for part in parts:
        if isinstance(part, ToolResult):
            yield from _attachments(part.content)
        elif isinstance(part, _KINDS):
            yield part


def _loaded(part: Part, files: Mapping[str, bytes]) -> Part:
    """What was fetched, in place of its address."""
    match part:
        case ImageUrl(url, field):
            return images.from_bytes(files[url], field)
        case DocumentUrl(url, title, field):
            return Document(files[url], "", title, field)
        case _:
            return part


Pdfs: TypeAlias = Mapping[Document, tuple[Text | Image, ...]]
"""PDFs that have been read, and what they say."""


def _read(ask: Ask, files: Mapping[str, bytes], pdfs: Pdfs, reading: Reading) -> Ask:
    """In a thread: it may take seconds. Documents first, since their pages may be images too."""
    ask = _mapped(ask, lambda part: _unpacked(_loaded(part, files), pdfs))
    pictures = [part for turn in ask.turns for part in _attachments(turn.parts) if isinstance(part, Image)]
    limits = shrinking.limits([len(picture.data) for picture in pictures], total=reading.image_total)

    numbers = count(1)

    def fitted(part: Part) -> tuple[Part, ...]:
        if not isinstance(part, Image):
            return (part,)
        name = f"Image {next(numbers)} of {len(pictures)}"  # images have no field; pages of scanned PDFs count too
        return (shrinking.fitted(part, limits, "messages", name),)

    def noted(part: Part) -> tuple[Part, ...]:
        """What a tool brought long ago must not refuse every question that follows it."""
        try:
            return fitted(part)
        except BadRequest as unusable:
            return (Text(f"[{unusable.message} It is not shown.]"),)

    return _mapped(ask, fitted, in_results=noted)


Change: TypeAlias = Callable[[Part], Sequence[Part]]


def _mapped(ask: Ask, change: Change, *, in_results: Change | None = None) -> Ask:
    """The Ask with each part replaced by others, those inside of tool results too."""

    inside = in_results or change

    def changed(part: Part) -> Sequence[Part]:
        if not isinstance(part, ToolResult):
            return change(part)
        content = tuple(new for old in part.content for new in inside(old) if isinstance(new, (Text, *_KINDS)))
        return [replace(part, content=content)]

    turns = (replace(turn, parts=tuple(new for part in turn.parts for new in changed(part))) for turn in ask.turns)
    return replace(ask, turns=tuple(turns))


def _unpacked(part: Part, pdfs: Pdfs) -> Sequence[Part]:
    """Text and images in place of documents."""
    if not isinstance(part, Document):
        return [part]
    if part in pdfs:
        return pdfs[part]
    if images.image_format(part.data[:12]):
        return [images.from_bytes(part.data, part.field)]
    return documents.read(part, pages=0, in_time=lambda: True)


def refuse_images(ask: Ask, model: str) -> None:
    """Raises BadRequest where a model that takes no images is sent one."""
    if any(isinstance(part, Image) for turn in ask.turns for part in _attachments(turn.parts)):
        raise BadRequest(f"The model {model} takes no images.", field="messages")
