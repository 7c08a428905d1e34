"""PDFs read in a process beside the server, which is ended when its time is over or its client has left."""

from __future__ import annotations

import asyncio
import sys

from . import jsonio
from .errors import BadRequest
from .turns import Document, Image, Text

__all__ = ["read_pdf"]

_GRACE = 5.0
"""Seconds that a reader has beyond its patience, to start and to give up by itself."""


async def read_pdf(document: Document, *, pages: int, patience: float) -> tuple[Text | Image, ...]:
    """What a PDF says; see `documents.read`.

    Raises:
        BadRequest: it cannot be read, or not in time; names the field.
    """
    output = await _ran(document, pages, patience)
    if output is None:
        raise _refused(document, f"is a PDF that takes more than {patience:g} seconds to read")
    try:
        told = jsonio.loads(output)
    except ValueError:
        raise _refused(document, "is a PDF that cannot be read: it takes too much memory or is broken") from None
    if "error" in told:
        raise BadRequest(told["error"], field=document.field)
    return tuple(
        Text(part["text"]) if "text" in part else Image(part["format"], part["data"]) for part in told["parts"]
    )


async def _ran(document: Document, pages: int, patience: float) -> bytes | None:
    """The worker's output; None where it was ended for taking too long."""
    asked = {"title": document.title, "field": document.field, "pages": pages, "seconds": patience}
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "kiro2chat_core.pdf_worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(patience + _GRACE):
            output, _ = await worker.communicate(jsonio.dumps(asked) + b"\n" + document.data)
        return output
    except TimeoutError:
        return None
    finally:
        if worker.returncode is None:
            worker.kill()
            await asyncio.shield(asyncio.ensure_future(worker.wait()))


def _refused(document: Document, why: str) -> BadRequest:
    return BadRequest(f"The document at {document.field} {why}.", field=document.field)
