"""Images as clients write them: every spelling of base64 and data URLs, and what is no image is told by its field."""

from __future__ import annotations

import base64
from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.openai_bodies import GIF, JPEG, PIXEL, WEBP

from kiro2chat_core import images
from kiro2chat_core.errors import BadRequest
from kiro2chat_core.turns import Image

FIELD = "messages[0].content[1].image_url.url"
PNG_BYTES = base64.b64decode(PIXEL)
# Bytes whose base64 holds both characters in which the two alphabets differ, and needs padding.
TRICKY = b"GIF89a" + b"\xfb\xef\xbe\xff\xff\xfe" + b"x"
STANDARD = base64.b64encode(TRICKY).decode()
URLSAFE = base64.urlsafe_b64encode(TRICKY).decode()

DATA_URLS: dict[str, tuple[str, str, str]] = {
    "png": (f"data:image/png;base64,{PIXEL}", "png", PIXEL),
    "jpeg": (f"data:image/jpeg;base64,{JPEG}", "jpeg", JPEG),
    "gif": (f"data:image/gif;base64,{GIF}", "gif", GIF),
    "webp": (f"data:image/webp;base64,{WEBP}", "webp", WEBP),
    "a type that is none of the backend's": (f"data:image/jpg;base64,{JPEG}", "jpeg", JPEG),
    "a type that is not what the bytes are": (f"data:image/png;base64,{JPEG}", "jpeg", JPEG),
    "no type": (f"data:;base64,{PIXEL}", "png", PIXEL),
    "no type and no semicolon before the comma": (f"data:,{quote(PNG_BYTES)}", "png", PIXEL),
    "capital letters": (f"DATA:IMAGE/PNG;BASE64,{PIXEL}", "png", PIXEL),
    "more parameters": (f"data:image/png;name=a.png;charset=utf-8;base64,{PIXEL}", "png", PIXEL),
    "percent-encoded base64": (f"data:image/gif;base64,{quote(STANDARD, safe='')}", "gif", STANDARD),
    "percent-encoded bytes": (f"data:image/gif,{quote(TRICKY)}", "gif", STANDARD),
    "base64 for addresses": (f"data:image/gif;base64,{URLSAFE}", "gif", STANDARD),
    "no padding": (f"data:image/gif;base64,{STANDARD.rstrip('=')}", "gif", STANDARD),
    "too much padding": (f"data:image/gif;base64,{STANDARD}==", "gif", STANDARD),
    "line breaks": (f"data:image/png;base64,\r\n{PIXEL[:60]}\r\n{PIXEL[60:]}\n", "png", PIXEL),
}

BROKEN: dict[str, str] = {
    "no comma": "data:image/png;base64",
    "no data": "data:image/png;base64,",
    "only padding": "data:image/png;base64,====",
    "not base64": "data:image/png;base64,!!!!",
    "one letter too many": "data:image/png;base64,iVBORw0KGgoAA",
    "not ASCII": "data:image/png;base64,é",
    "percent-encoded, not ASCII": "data:image/png;base64,%C3%A9",
    "a text": "data:text/plain,hello",
    "an SVG": "data:image/svg+xml;utf8,<svg/>",
    "a PDF": "data:application/pdf;base64," + base64.b64encode(b"%PDF-1.7 and so on").decode(),
    "a RIFF that is no WebP": "data:image/webp;base64," + base64.b64encode(b"RIFF\0\0\0\0WAVEfmt ").decode(),
    "padding in the middle": "data:image/png;base64,iVBO=Rw0K",
    "not a data URL at all": "image.png",
}


@pytest.mark.parametrize(("url", "kind", "data"), DATA_URLS.values(), ids=DATA_URLS)
def test_data_urls(url: str, kind: str, data: str) -> None:
    image = images.from_data_url(url, FIELD)
    assert (image.format, image.data) == (kind, data)


@pytest.mark.parametrize("url", BROKEN.values(), ids=BROKEN)
def test_what_is_no_image_is_told_by_its_field(url: str) -> None:
    with pytest.raises(BadRequest) as refused:
        images.from_data_url(url, FIELD)
    assert refused.value.field == FIELD
    assert FIELD in refused.value.message


def test_images_of_any_size_are_taken() -> None:
    """The gateway scales them down; a codec only says what they are."""
    large = PNG_BYTES + bytes(images.MAX_CHARS)
    assert len(images.from_bytes(large, FIELD).data) > images.MAX_CHARS


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
    | st.text("data:image/png;base64,%=+-_AZ09 ", max_size=60)
)
def test_any_text_is_an_image_or_a_bad_request(text: str) -> None:
    for read in (images.from_data_url, images.from_base64):
        with suppress(BadRequest):
            assert isinstance(read(text, FIELD), Image)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([PNG_BYTES, b"GIF87a", b"\xff\xd8\xff", b"RIFF1234WEBP"]), st.binary(max_size=50))
def test_the_bytes_come_through_whatever_the_spelling(head: bytes, rest: bytes) -> None:
    data = head + rest
    for spelling in (base64.b64encode(data), base64.urlsafe_b64encode(data), base64.b64encode(data).rstrip(b"=")):
        assert base64.b64decode(images.from_base64(spelling.decode(), FIELD).data) == data
