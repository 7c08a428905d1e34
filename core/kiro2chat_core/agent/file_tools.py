"""file_read and file_write: what the model reads and writes of the workspace, in portions that fit into a conversation."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import images
from .checked_tool import CheckedTool, Refusal
from .tool import Outcome, said
from .workspace import Entry, NotAllowed, Workspace

__all__ = ["file_read", "file_write"]

_PATIENCE = 30.0
_MAX_ENTRIES = 500
_MAX_LINES = 2000
_MAX_LINE = 4000
_MAX_SHOWN = 60_000
_MAX_SCANNED = 64 << 20
_MAX_IMAGE = 20 << 20
_MAX_WRITTEN = 4 << 20
_HEAD = 8192


def file_read(workspace: Workspace) -> CheckedTool:
    async def run(arguments: Mapping[str, Any]) -> Outcome:
        path, first = arguments["path"], arguments.get("offset", 1)
        return await _in_thread(lambda: _read(workspace, path, first, arguments.get("limit", _MAX_LINES)))

    return CheckedTool(
        name="file_read",
        description=(
            "Read a text file or an image of the workspace, or list a folder. A long file comes in portions: the answer "
            "says with which offset to go on."
        ),
        schema={
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": 'Path relative to the workspace; "." lists the workspace.'},
                "offset": {"type": "integer", "minimum": 1, "description": "First line to read, from 1."},
                "limit": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": _MAX_LINES,
                    "description": f"Lines to read, at most and by default {_MAX_LINES}.",
                },
            },
            "required": ["path"],
        },
        touches=f"Reads files and folders below {workspace.root}.",
        approval="auto",
        run=run,
        patience=_PATIENCE,
    )


def file_write(workspace: Workspace) -> CheckedTool:
    async def run(arguments: Mapping[str, Any]) -> Outcome:
        def work() -> Outcome:
            with workspace.writing:  # a model calls several tools at once
                return _written(workspace, arguments)

        return await _in_thread(work)

    return CheckedTool(
        name="file_write",
        description=(
            "Write a text file in the workspace; missing folders are made. Modes: create (the file must not exist), "
            "overwrite, append, and replace (content takes the place of the text `old`, which must stand in the file "
            "exactly once)."
        ),
        schema={
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": "Path relative to the workspace."},
                "content": {"type": "string", "description": "The text to write."},
                "mode": {"type": "string", "enum": [*_MODES, "replace"], "description": "By default create."},
                "old": {"type": "string", "description": "Only with mode replace: the text to be replaced."},
            },
            "required": ["path", "content"],
        },
        touches=f"Creates and changes files below {workspace.root}.",
        approval="ask",
        run=run,
        patience=_PATIENCE,
    )


async def _in_thread(work: Callable[[], Outcome]) -> Outcome:
    try:
        return await asyncio.to_thread(work)
    except NotAllowed as refused:
        raise Refusal(str(refused)) from None


def _read(workspace: Workspace, path: str, first: int, limit: int) -> Outcome:
    if workspace.is_folder(path):
        return said(_listing(*workspace.listed(path, _MAX_ENTRIES)))
    with workspace.reading(path) as descriptor:
        size = os.fstat(descriptor).st_size
        head = os.pread(descriptor, _HEAD, 0)
        if images.image_format(head[:12]) is not None:
            return _image(descriptor, size)
        if b"\0" in head:
            raise Refusal(f"{path!r} is a binary file of {size} bytes, which begins with {head[:16].hex(' ')}.")
        with open(descriptor, "rb", closefd=False) as file:
            portion = _portion(iter(lambda: file.readline(_MAX_SCANNED), b""), first, limit)
    return said(portion.told(first))


def _image(descriptor: int, size: int) -> Outcome:
    if size > _MAX_IMAGE:
        raise Refusal(f"The image has {size} bytes; images of up to {_MAX_IMAGE >> 20} MiB can be read.")
    with open(descriptor, "rb", closefd=False) as file:
        return Outcome((images.from_bytes(file.read(_MAX_IMAGE), "path"),))


def _listing(entries: list[Entry], total: int) -> str:
    marks = {"folder": "/", "link": "@"}
    lines = [
        f"{_visible(entry.name)}{marks.get(entry.kind, '')}"
        + (f"  {entry.size} bytes" if entry.size is not None else "")
        for entry in entries
    ]
    if total > len(entries):
        lines.append(f"[{total - len(entries)} more]")
    return "\n".join(lines) or "[The folder is empty.]"


def _visible(name: str) -> str:
    """A name on one line: bytes that are no UTF-8, line breaks and the like stand there escaped."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


@dataclass(frozen=True, slots=True)
class _Portion:
    """Lines of a file. `after` is whether there are more, `seen` how many lines were passed; `cut` lines were too long."""

    lines: list[str]
    seen: int
    after: bool
    cut: bool
    foreign: bool

    def told(self, first: int) -> str:
        notes = []
        if not self.lines:
            notes.append(
                f"[The file has {self.seen} lines; none from {first} on.]" if self.seen else "[The file is empty.]"
            )
        if self.after:
            last = first + len(self.lines) - 1
            notes.append(f"[Lines {first} to {last}; there are more: go on with offset {last + 1}.]")
        if self.cut:
            notes.append(f"[Lines of more than {_MAX_LINE} characters are cut.]")
        if self.foreign:
            notes.append("[Some bytes are no UTF-8; they are shown as \ufffd.]")
        text = "".join(self.lines)
        return text + ("\n" if notes and text and not text.endswith("\n") else "") + "\n".join(notes)


def _portion(lines: Any, first: int, limit: int) -> _Portion:
    """Lines from `first` on, as many as may be shown; the rest of the file is not read."""
    kept: list[str] = []
    seen = scanned = shown = 0
    cut = foreign = False
    for raw in lines:
        scanned += len(raw)
        seen += 1
        if seen < first:
            if scanned >= _MAX_SCANNED:
                raise Refusal(f"Only the first {_MAX_SCANNED >> 20} MiB of a file are read; line {first} lies behind.")
            continue
        line = raw[: 4 * _MAX_LINE + 4].decode("utf-8-sig" if seen == 1 else "utf-8", "replace")
        if len(line) > _MAX_LINE or len(raw) > 4 * _MAX_LINE + 4:
            line, cut = line[:_MAX_LINE] + "\n", True
        if len(kept) == limit or (kept and (shown + len(line) > _MAX_SHOWN or scanned > _MAX_SCANNED)):
            return _Portion(kept, seen, True, cut, foreign)
        kept.append(line)
        shown += len(line)
        foreign = foreign or "\ufffd" in line
    return _Portion(kept, seen, False, cut, foreign)


def _written(workspace: Workspace, arguments: Mapping[str, Any]) -> Outcome:
    path, mode, old = arguments["path"], arguments.get("mode", "create"), arguments.get("old")
    data = _encoded(arguments["content"])
    if (old is not None) != (mode == "replace"):
        raise Refusal("`old` is needed with mode replace, and only there.")
    if mode == "replace":
        return said(_replaced(workspace, path, _encoded(old or ""), data))
    return said(_MODES[mode](workspace, path, data))


def _encoded(text: str) -> bytes:
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise Refusal("The text holds half a character, which cannot be written.") from None
    if len(data) > _MAX_WRITTEN:
        raise Refusal(f"The text has {len(data)} bytes; up to {_MAX_WRITTEN >> 20} MiB can be written at once.")
    return data


def _create(workspace: Workspace, path: str, data: bytes) -> str:
    try:
        workspace.create(path, data)
    except NotAllowed as refused:
        hint = " Use mode overwrite, append or replace." if "exists already" in str(refused) else ""
        raise Refusal(f"{refused}{hint}") from None
    return f"Created {path}, {len(data)} bytes."


def _overwrite(workspace: Workspace, path: str, data: bytes) -> str:
    existed = workspace.replace(path, data)
    return f"{'Overwrote' if existed else 'Created'} {path}, {len(data)} bytes."


def _append(workspace: Workspace, path: str, data: bytes) -> str:
    workspace.append(path, data)
    return f"Appended {len(data)} bytes to {path}."


def _replaced(workspace: Workspace, path: str, old: bytes, new: bytes) -> str:
    with workspace.reading(path) as descriptor, open(descriptor, "rb", closefd=False) as file:
        text = file.read(_MAX_WRITTEN + 1)
    if len(text) > _MAX_WRITTEN:
        raise Refusal(f"{path!r} has more than {_MAX_WRITTEN >> 20} MiB, which is too much to replace a text in.")
    found = text.count(old) if old else 0
    if found != 1:
        raise Refusal(
            f"The text `old` stands {found} times in {path!r}, not once."
            + (
                " Take more of what stands around it."
                if found
                else " Read the file and take it from there, with its spaces."
            )
        )
    workspace.replace(path, text.replace(old, new))
    return f"Replaced {len(old)} bytes by {len(new)} in {path}."


_MODES: Mapping[str, Callable[[Workspace, str, bytes], str]] = {
    "create": _create,
    "overwrite": _overwrite,
    "append": _append,
}
