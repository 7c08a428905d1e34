"""Images and documents as all dialects write them: addresses, data URLs, base64, plain text."""

from __future__ import annotations

from .. import images
from ..errors import BadRequest
from ..turns import Document, DocumentUrl, Image, ImageUrl

__all__ = ["document_at", "document_of_base64", "document_of_text", "image_at"]


def image_at(url: str, field: str) -> Image | ImageUrl:
    """An image in a data URL, or the address of one.

    Raises:
        BadRequest: naming `field`.
    """
    if _is_data(url):
        return images.from_data_url(url, field)
    _check_address(url, field)
    return ImageUrl(url, field)


def document_at(url: str, title: str, field: str) -> Document | DocumentUrl | Image:
    """A document in a data URL, or the address of one; a picture that was sent as a file is still a picture."""
    if not _is_data(url):
        _check_address(url, field)
        return DocumentUrl(url, title, field)
    media_type, data = images.unpacked(url, field)
    return _document(data, media_type, title, field)


def document_of_base64(data: str, media_type: str, title: str, field: str) -> Document | Image:
    return _document(images.decoded(data, field), media_type, title, field)


def document_of_text(text: str, title: str, field: str) -> Document:
    return Document(text.encode(errors="replace"), "text/plain", title, field)


def _document(data: bytes, media_type: str, title: str, field: str) -> Document | Image:
    if images.image_format(data[:12]):
        return images.from_bytes(data, field)
    return Document(data, media_type, title, field)


def _is_data(url: str) -> bool:
    return url[:5].lower() == "data:"


def _check_address(url: str, field: str) -> None:
    if not url.lower().startswith(("https://", "http://")):
        raise BadRequest(f"{field} must be an https address or a data URL.", field=field)
