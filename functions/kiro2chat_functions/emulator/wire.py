"""Steps → TCP writes: how the bytes of an answer are cut, and who notices when the client goes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator

import anyio
import anyio.lowlevel
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .options import Writes
from .steps import Event, Hangup, Pause, Raw, Step, frame_bytes

__all__ = ["EventStream", "cut", "writes"]

_MERGED = 16_384
"""Bytes to a write when frames are merged."""


def writes(steps: Iterable[Step], how: Writes) -> Iterator[bytes | Pause | Hangup]:
    """What is written, in order. Frames may share writes; a pause is never written over."""
    waiting = b""
    for step in steps:
        match step:
            case Event():
                waiting += frame_bytes(step)
            case Raw(data):
                waiting += data
            case Pause() | Hangup():
                yield from cut(waiting, how)
                waiting = b""
                yield step
        if how == "frame" or (how == "merged" and len(waiting) >= _MERGED):
            yield from cut(waiting, "frame")
            waiting = b""
    yield from cut(waiting, how)


def cut(data: bytes, how: Writes) -> Iterator[bytes]:
    """Pieces of `data`; at random they are the same in every run."""
    dice = random.Random(len(data))
    at = 0
    while at < len(data):
        size = how if isinstance(how, int) else dice.randint(1, 40) if how == "random" else len(data)
        yield data[at : at + size]
        at += size


class EventStream(Response):
    """A response of these writes. `left` is called when the client goes before the end of it."""

    media_type = "application/vnd.amazon.eventstream"

    def __init__(
        self, pieces: Iterator[bytes | Pause | Hangup], headers: dict[str, str], left: Callable[[], None]
    ) -> None:
        super().__init__(None, headers={"content-type": self.media_type, **headers})
        self.raw_headers = [header for header in self.raw_headers if header[0] != b"content-length"]
        self._pieces = pieces
        self._left = left
        self._whole = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with anyio.create_task_group() as both:

            async def watch() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                if not self._whole:  # the end of a response is a disconnect too
                    self._left()
                both.cancel_scope.cancel()

            both.start_soon(watch)
            await self._write(send)
            both.cancel_scope.cancel()

    async def _write(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for piece in self._pieces:
            match piece:
                case Pause(seconds):
                    await anyio.sleep(seconds)
                case Hangup():
                    return  # the server closes a connection whose body was not ended
                case _:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    await anyio.lowlevel.checkpoint()  # so that each write leaves before the next
        self._whole = True
        await send({"type": "http.response.body", "body": b""})
