"""Documents become what they say: PDFs page by page, texts of any encoding; the rest is refused by what it is."""

from __future__ import annotations

import base64
import contextlib
import io
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as pillow
from pypdf import PdfReader, PdfWriter

from kiro2chat_core.documents import read
from kiro2chat_core.errors import BadRequest
from kiro2chat_core.turns import Document, Image, Text

FIELD = "messages[0].content[0].source.data"


def pdf(*pages: str) -> bytes:
    """A PDF with these lines, by hand: one stream of text to a page."""
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for index, text in enumerate(pages):
        drawn = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * index} 0 R >>"
        )
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    out, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    trailer = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF"
    return (out + trailer).encode("latin-1")


def written(data: bytes, media_type: str = "", title: str = "") -> Document:
    return Document(data, media_type, title, FIELD)


def said(document: Document, pages: int = 100) -> str:
    (part,) = read(document, pages=pages, in_time=lambda: True)
    assert isinstance(part, Text)
    return part.text


def refused(document: Document, pages: int = 100, *, in_time: bool = True) -> str:
    with pytest.raises(BadRequest) as caught:
        read(document, pages=pages, in_time=lambda: in_time)
    assert caught.value.field == FIELD
    assert caught.value.message.startswith(f"The document at {FIELD} ")
    return caught.value.message


def test_a_pdf_page_by_page() -> None:
    told = said(written(pdf("Hello", "World"), "application/pdf", 'The "title"'))
    assert told == "<document title=\"The 'title'\">\n[page 1]\nHello\n\n[page 2]\nWorld\n</document>"


def test_what_is_called_a_text_and_is_a_pdf_is_a_pdf() -> None:
    assert "[page 1]\nHello" in said(written(pdf("Hello"), "text/plain"))


def test_a_pdf_with_too_many_pages_is_refused_with_both_numbers() -> None:
    assert "[page 3]" in said(written(pdf("a", "b", "c")), pages=3)
    assert "has 3 pages; at most 2 are read (PDF_PAGES)" in refused(written(pdf("a", "b", "c")), pages=2)


def test_a_pdf_that_takes_too_long_is_refused() -> None:
    assert "takes too long" in refused(written(pdf("a", "b")), in_time=False)


def locked(password: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("Secret"))))
    writer.encrypt(password, owner_password="owner", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def test_encrypted_pdfs() -> None:
    assert "encrypted" in refused(written(locked("sesame")))
    assert "Secret" in said(written(locked("")))


SCANS = {"photographs": ("RGB", "jpeg"), "faxes": ("1", "png"), "JPEG 2000": ("RGBA", "jpeg")}


@pytest.mark.parametrize(("mode", "becomes"), SCANS.values(), ids=SCANS)
def test_a_scanned_pdf_becomes_pictures(mode: str, becomes: str) -> None:
    buffer = io.BytesIO()
    scans: Sequence[pillow.Image] = [pillow.new(mode, (50, 60), color) for color in ("black", "white")]
    scans[0].save(buffer, "PDF", save_all=True, append_images=scans[1:])
    told, *pictures = read(written(buffer.getvalue()), pages=9, in_time=lambda: True)
    assert isinstance(told, Text)
    assert "2 pages without text" in told.text
    shown = []
    for picture in pictures:
        assert isinstance(picture, Image)
        with pillow.open(io.BytesIO(base64.b64decode(picture.data))) as opened:
            shown.append((picture.format, opened.size, opened.convert("L").getpixel((25, 30))))
    assert shown == [(becomes, (50, 60), 0), (becomes, (50, 60), 255)]


def test_of_a_scanned_page_the_picture_with_most_pixels_is_shown() -> None:
    noise = pillow.frombytes("L", (60, 60), random.Random(1).randbytes(3600))
    buffer = io.BytesIO()
    pillow.new("1", (600, 800), "white").save(buffer, "PDF")
    stamped = PdfWriter(clone_from=buffer)
    stamp = io.BytesIO()
    noise.save(stamp, "PDF", quality=95)
    stamped.pages[0].merge_page(PdfReader(stamp).pages[0])
    buffer = io.BytesIO()
    stamped.write(buffer)
    _told, shown = read(written(buffer.getvalue()), pages=9, in_time=lambda: True)
    assert isinstance(shown, Image)
    assert pillow.open(io.BytesIO(base64.b64decode(shown.data))).size == (600, 800)


def test_at_most_twenty_scans_are_shown() -> None:
    buffer = io.BytesIO()
    scans = [pillow.new("L", (20, 20)) for _ in range(25)]
    scans[0].save(buffer, "PDF", save_all=True, append_images=scans[1:])
    told, *pictures = read(written(buffer.getvalue()), pages=25, in_time=lambda: True)
    assert isinstance(told, Text)
    assert "25 pages without text; 20 of them" in told.text
    assert len(pictures) == 20


def test_an_empty_pdf_is_refused() -> None:
    assert "without any text" in refused(written(pdf("")))


@pytest.mark.parametrize(
    "data", [b"%PDF-", b"%PDF-1.4\n%%EOF", pdf("a")[:300], pdf("Hello").replace(b"/Pages", b"/Wages")]
)
def test_a_broken_pdf_is_refused(data: bytes) -> None:
    assert "PDF" in refused(written(data))


TEXTS = {
    "UTF-8": "héllo 你好".encode(),
    "UTF-8 with a mark": "\ufeffhéllo 你好".encode(),
    "UTF-16": "héllo 你好".encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + "héllo 你好".encode("utf-16-be"),
    "UTF-32": "héllo 你好".encode("utf-32"),
    "UTF-32, big end first": b"\0\0\xfe\xff" + "héllo 你好".encode("utf-32-be"),
}


@pytest.mark.parametrize("data", TEXTS.values(), ids=TEXTS)
def test_texts(data: bytes) -> None:
    assert said(written(data, "text/csv", "a.csv")) == '<document title="a.csv">\nhéllo 你好\n</document>'


OLDER = {
    "Chinese": ("今天天气很好，我们去公园散步吧。Hello", "gb18030"),
    "Chinese, with second bytes that are ASCII": ("朱镕基與臺灣，你好世界", "gb18030"),
    "a little Chinese among English": ("The word 你好 means hello, 世界 means world.", "gb18030"),
    "German": ("Größe: für Ärzte über Straßen", "cp1252"),
    "French": ("Un air de déjà vu, très français", "cp1252"),
    "a word": ("café", "cp1252"),
}


@pytest.mark.parametrize(("text", "encoding"), OLDER.values(), ids=OLDER)
def test_older_encodings(text: str, encoding: str) -> None:
    assert said(written(text.encode(encoding))) == f"<document>\n{text}\n</document>"


TEXTS_OF_FORMATS = (
    "SQLite is a small library.", "SQLite format 3 is its file format.", "MZ begins a program.", "ID3 tags tell the title.",
    "Rar! is how such an archive begins.", "OggS begins a page.", "# PDF\nIt begins with %PDF-1.7 and ends with %%EOF.",
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS_OF_FORMATS)
def test_a_text_that_speaks_of_a_format_is_a_text(text: str) -> None:
    assert text in said(written(text.encode()))


@pytest.mark.parametrize("before", [b"\n ", b"\xef\xbb\xbf", b"\x80\xffjunk\n"])
def test_a_pdf_may_begin_a_little_later(before: bytes) -> None:
    assert "[page 1]\nHello" in said(written(before + pdf("Hello")))


OTHERS = {
    "an Office file": (b"PK\x03\x04 word", "zip archive or an Office file"),
    "a program": (b"\x7fELF\x02", "program"),
    "a database": (b"SQLite format 3\0\x10\0", "database"),
    "a song": (b"ID3\x04\0\0", "MP3"),
    "something with zeros": (b"abc\0def", "binary"),
}


@pytest.mark.parametrize(("data", "told"), OTHERS.values(), ids=OTHERS)
def test_what_is_neither_is_refused_by_what_it_is(data: bytes, told: str) -> None:
    assert told in refused(written(data))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.booleans(), st.integers(0, 600))
def test_any_bytes_are_read_or_refused(data: bytes, is_pdf: bool, at: int) -> None:
    sound = pdf("Hello", "World")
    made = sound[:at] + data + sound[at + len(data) :] if is_pdf else data
    with contextlib.suppress(BadRequest):
        assert read(written(made), pages=9, in_time=lambda: True)
