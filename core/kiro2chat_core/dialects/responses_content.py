"""Content of messages and tool results in the Responses API: texts, images, files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from ..turns import Attachment, Text
from . import attachments
from .fields import Fields

__all__ = ["marks_cache", "read_content"]


def read_content(item: Fields, name: str) -> tuple[Text | Attachment, ...]:
    """A string or an array of parts; nothing where it is absent.

    Raises:
        BadRequest: naming the part and its member.
    """
    value: Any = item.value.get(name)
    if value is None:
        return ()
    if isinstance(value, str):
        return (Text(value),)
    if not isinstance(value, list):
        item.fail(name, "must be a string or an array of parts")
    parts = []
    for part in item.objects(name):
        kind = part.text("type", required=True)
        read = _PARTS.get(kind)
        if read is None:
            part.fail("type", _UNSUPPORTED.get(kind, f"is {kind[:40]!r}, which is none of {', '.join(_PARTS)}"))
        parts.append(read(part))
    return tuple(parts)


def marks_cache(item: Fields) -> bool:
    """Whether a part of it is marked as the end of a prefix worth keeping."""
    contents = (item.value.get("content"), item.value.get("output"))
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return any(isinstance(part, dict) and part.get("prompt_cache_breakpoint") for part in parts)


def _text_part(part: Fields) -> Text:
    return Text(part.text("text"))


def _refusal_part(part: Fields) -> Text:
    return Text(part.text("refusal"))


def _image_part(part: Fields) -> Attachment:
    """`image_url` is a string here; some clients send the object of chat completions."""
    if "image_url" not in part:
        _refuse_stored(part, "image_url", "the image")
    if isinstance(part.value["image_url"], dict):
        part = part.required_object("image_url")
        return attachments.image_at(part.text("url", required=True), part.at("url"))
    return attachments.image_at(part.text("image_url", required=True), part.at("image_url"))


def _file_part(part: Fields) -> Attachment:
    title = part.text("filename")
    if "file_data" in part:
        data, where = part.text("file_data", required=True), part.at("file_data")
        if data[:5].lower() == "data:":
            return attachments.document_at(data, title, where)
        return attachments.document_of_base64(data, "", title, where)
    if "file_url" not in part:
        _refuse_stored(part, "file_data", "the file")
    return attachments.document_at(part.text("file_url", required=True), title, part.at("file_url"))


def _refuse_stored(part: Fields, name: str, what: str) -> NoReturn:
    if "file_id" in part:
        part.fail("file_id", f"cannot be used, since no files are stored here: send {what} itself in {name}")
    part.fail(name, "is missing")


_PARTS: Mapping[str, Callable[[Fields], Text | Attachment]] = {
    "input_text": _text_part,
    "output_text": _text_part,
    "text": _text_part,
    "summary_text": _text_part,
    "reasoning_text": _text_part,
    "refusal": _refusal_part,
    "input_image": _image_part,
    "input_file": _file_part,
}
_UNSUPPORTED = {"input_audio": "is 'input_audio': Kiro's models take text, images and files only"}
