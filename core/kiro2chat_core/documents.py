"""Documents → what a model reads: the text of PDFs and text files. The bytes decide what a file is, not its declared type."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from . import images
from .errors import BadRequest
from .turns import Document, Image, Text

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from pypdf import PageObject, PdfReader

__all__ = ["is_pdf", "read"]

_SCANS = 20
"""Pages of a PDF without text that are shown as pictures."""

_BINARY: Mapping[bytes, str] = {
    b"PK\x03\x04": "a zip archive or an Office file",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7-zip archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x7fELF": "a program",
    b"MZ\x90\0": "a program",
    b"ID3\x02": "an MP3 file",
    b"ID3\x03": "an MP3 file",
    b"ID3\x04": "an MP3 file",
    b"OggS\0": "an Ogg file",
    b"SQLite format 3\0": "a database",
}
"""Each with a byte that no text has: a text may well begin with the name of a format."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_HIGH = re.compile(rb"[\x80-\xff]+")
_SAMPLE = 1 << 16
"""Bytes that an encoding is told by."""


def read(document: Document, *, pages: int, in_time: Callable[[], bool]) -> tuple[Text | Image, ...]:
    """What a document says; a PDF without any text becomes pictures of its pages.

    Args:
        pages: the most that a PDF may have.
        in_time: asked between pages whether to go on.

    Raises:
        BadRequest: it cannot be read; names the field.
    """
    if is_pdf(document.data):
        return _pdf(document, pages, in_time)
    return (_framed(document, _plain(document)),)


def is_pdf(data: bytes) -> bool:
    """Readers take a header anywhere in the first 1024 bytes; what is text before it is a text that speaks of PDFs."""
    if data[:64].removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"%PDF-"):
        return True
    return b"%PDF-" in data[:1024] and not _is_utf8(data)


def _framed(document: Document, text: str) -> Text:
    title = " ".join(document.title.split()).replace('"', "'")[:200]
    named = f' title="{title}"' if title else ""
    return Text(f"<document{named}>\n{text.strip()}\n</document>")


# --- text --------------------------------------------------------------------------------------------------------------


def _plain(document: Document) -> str:
    data = document.data
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    kind = next((kind for magic, kind in _BINARY.items() if data.startswith(magic)), "")
    if kind or b"\0" in data:
        told = kind or "a binary file"
        raise _refused(document, f"is {told}: only PDF and text files can be read. Send its text instead")
    for encoding in ("utf-8",) if _is_western(data) else ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", errors="replace")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


def _is_western(data: bytes) -> bool:
    """Letters with accents stand alone among others, Chinese ones come in pairs of bytes; both decode as GB18030."""
    runs = [len(run) for run in _HIGH.findall(data[:_SAMPLE])]
    return 2 * runs.count(1) > sum(runs)


# --- PDF ---------------------------------------------------------------------------------------------------------------


def _pdf(document: Document, most: int, in_time: Callable[[], bool]) -> tuple[Text | Image, ...]:
    try:
        return _pages(document, _opened(document), most, in_time)
    except BadRequest:
        raise
    except Exception as bad:  # a broken PDF breaks its reader in every way there is
        raise _refused(document, f"is a PDF that cannot be read ({type(bad).__name__})") from None


def _opened(document: Document) -> PdfReader:
    from pypdf import PasswordType, PdfReader

    reader = PdfReader(io.BytesIO(document.data))
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise _refused(document, "is an encrypted PDF: send it without its password")
    return reader


def _pages(document: Document, reader: PdfReader, most: int, in_time: Callable[[], bool]) -> tuple[Text | Image, ...]:
    count = len(reader.pages)
    if count > most:
        raise _refused(document, f"has {count} pages; at most {most} are read (PDF_PAGES)")
    texts = []
    for number, page in enumerate(reader.pages, 1):
        if not in_time():
            raise _refused(document, f"is a PDF that takes too long to read (page {number} of {count})")
        texts.append(page.extract_text().strip())
    if any(texts):
        return (_framed(document, "\n\n".join(f"[page {number}]\n{text}" for number, text in enumerate(texts, 1))),)
    scans = tuple(_scans(reader, document, in_time))
    if not scans:
        raise _refused(document, "is a PDF without any text")
    told = f"(a PDF of {count} pages without text; {len(scans)} of them are attached as images)"
    return (_framed(document, told), *scans)


def _scans(reader: PdfReader, document: Document, in_time: Callable[[], bool]) -> Iterator[Image]:
    for page in reader.pages[:_SCANS]:
        if not in_time():
            return
        if (scan := _scan(page)) is not None:
            yield images.from_bytes(scan, document.field)


def _scan(page: PageObject) -> bytes | None:
    """The picture of a page with most pixels: a page as a fax has fewer bytes than the stamp on it."""
    found = [(picture.image, picture.data) for picture in page.images]
    drawn = [(picture, data) for picture, data in found if picture is not None]
    if not drawn:
        return None
    picture, data = max(drawn, key=lambda each: each[0].width * each[0].height)
    return data if images.image_format(data[:12]) else _taken(picture)


def _taken(picture: Picture) -> bytes:
    """Faxes and JPEG 2000, which models do not take, as PNG and JPEG."""
    buffer = io.BytesIO()
    if picture.mode == "1":
        picture.save(buffer, "PNG")
    else:
        picture.convert("RGB").save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _refused(document: Document, why: str) -> BadRequest:
    return BadRequest(f"The document at {document.field} {why}.", field=document.field)
