"""Images as clients write them into a request: data URLs and base64, checked for what they are."""

from __future__ import annotations

import base64
import binascii
import re
from typing import cast
from urllib.parse import unquote_to_bytes

from .errors import BadRequest
from .turns import Image, ImageFormat

__all__ = ["MAX_CHARS", "decoded", "from_base64", "from_bytes", "from_data_url", "image_format", "unpacked"]

MAX_CHARS = 5_242_880
"""Base64 characters of one image that the models take (protocol notes 3.4)."""

_DATA_URL = re.compile(r"data:([^,;]*)((?:;[^,;]*)*),", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_MAGIC = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF87a": "gif", b"GIF89a": "gif"}


def image_format(head: bytes) -> str | None:
    """What the first 12 bytes of an image say it is: png, jpeg, gif, webp, or None."""
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    return next((name for start, name in _MAGIC.items() if head.startswith(start)), None)


def from_data_url(url: str, field: str) -> Image:
    """`data:image/png;base64,…`. The bytes decide the format, not the declared type: clients get it wrong.

    Raises:
        BadRequest: naming `field`.
    """
    return from_bytes(unpacked(url, field)[1], field)


def unpacked(url: str, field: str) -> tuple[str, bytes]:
    """The media type and the bytes of a data URL."""
    match = _DATA_URL.match(url)
    if match is None:
        raise BadRequest(f"{field} is no data URL: expected data:image/png;base64,… .", field=field)
    payload = url[match.end() :]
    if ";base64" not in match.group(2).lower():
        return match.group(1).lower(), unquote_to_bytes(payload)
    return match.group(1).lower(), decoded(
        unquote_to_bytes(payload).decode("latin-1") if "%" in payload else payload, field
    )


def from_base64(data: str, field: str) -> Image:
    return from_bytes(decoded(data, field), field)


def decoded(data: str, field: str) -> bytes:
    """Standard or URL-safe base64, with or without padding and line breaks."""
    text = _SPACE.sub("", data).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(f"{field} is not valid base64.", field=field) from None


def from_bytes(data: bytes, field: str) -> Image:
    """The image in these bytes, of any size, if it is of a kind that the models take."""
    kind = image_format(data[:12])
    if kind is None:
        raise BadRequest(f"{field} is no PNG, JPEG, GIF or WebP image.", field=field)
    return Image(cast("ImageFormat", kind), base64.b64encode(data).decode("ascii"))
