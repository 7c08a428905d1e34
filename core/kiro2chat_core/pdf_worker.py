"""Reads one PDF in a process of its own: what hangs, grows or breaks there can be ended, and takes nothing else with it.

Run as `python -m kiro2chat_core.pdf_worker`. Standard input is one line of JSON (title, field, pages, seconds), then the file;
standard output is JSON: `{"parts": [{"text"} | {"format", "data"}]}`, or `{"error"}` for the client.
"""

from __future__ import annotations

import logging
import sys
import time
import warnings
from contextlib import suppress
from typing import Any

from . import documents, jsonio
from .errors import BadRequest
from .turns import Document, Image, Text

__all__ = ["main"]

_MEMORY = 1 << 30
"""Bytes of address space: a page of a few kilobytes can unpack to gigabytes."""


def main() -> int:
    warnings.simplefilter("ignore")
    logging.disable()  # pypdf tells of every flaw of every file
    asked = jsonio.loads(sys.stdin.buffer.readline())
    document = Document(sys.stdin.buffer.read(), "application/pdf", asked["title"], asked["field"])
    _limit(asked["seconds"])
    end = time.monotonic() + asked["seconds"]
    try:
        parts = documents.read(document, pages=asked["pages"], in_time=lambda: time.monotonic() < end)
        told: dict[str, Any] = {"parts": [_told(part) for part in parts]}
    except BadRequest as refused:
        told = {"error": refused.message}
    sys.stdout.buffer.write(jsonio.dumps(told))
    return 0


def _limit(seconds: float) -> None:
    with suppress(ImportError, OSError, ValueError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 5, int(seconds) + 5))


def _told(part: Text | Image) -> dict[str, str]:
    return {"text": part.text} if isinstance(part, Text) else {"format": part.format, "data": part.data}


if __name__ == "__main__":
    sys.exit(main())
