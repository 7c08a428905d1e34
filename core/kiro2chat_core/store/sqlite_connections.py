"""The connections of a process to its store's file, by aiosqlite: one writes, one reads.

Between two statements nothing is ever open, so a task that is cancelled leaves nothing behind, and a process that is killed
leaves whole writes only. Writes take turns before they queue for the file: while another program holds it, each waits no
longer than its own patience. Reads wait for no writer.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite

from ..errors import StoreError
from . import sqlite_file

__all__ = ["Connections"]


@dataclass(frozen=True, slots=True)
class _Open:
    writer: aiosqlite.Connection
    reader: aiosqlite.Connection
    file: tuple[int, int] | None

    async def close(self) -> None:
        await self.reader.close()
        await self.writer.close()  # the last one empties the log into the file


class Connections:
    """Opened by the first statement, on the loop that runs then.

    `functions` are SQL functions of two arguments for statements that write. Every method but `aclose` raises StoreUnusable
    and StoreError, as `Store` says.
    """

    def __init__(
        self, path: Path, patience: float, functions: Mapping[str, Callable[[bytes, str], str | None]]
    ) -> None:
        self._path = path
        self._patience = patience
        self._functions = functions
        self._opening: asyncio.Task[_Open] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    async def read(self, statement: str, values: Mapping[str, object]) -> list[Any]:
        """Texts come as bytes."""
        return await self._run((await self._opened()).reader, statement, values)

    async def write(self, statement: str, values: Mapping[str, object]) -> list[Any]:
        """Raises sqlite3.IntegrityError where the statement breaks a rule of its table."""
        try:
            async with asyncio.timeout(self._patience):
                await self._turn.acquire()
        except TimeoutError:
            raise sqlite_file.waited(self._path) from None
        try:
            return await self._run((await self._opened()).writer, statement, values)
        finally:
            self._turn.release()

    def damaged(self) -> StoreError:
        """For what was read and makes no sense."""
        return sqlite_file.damaged(self._path)

    async def open(self) -> None:
        await self._opened()

    async def aclose(self) -> None:
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        opening, self._opening = self._opening, None
        if opening is not None:
            await asyncio.wait({opening})
            if not opening.cancelled() and opening.exception() is None:
                await opening.result().close()

    async def _run(self, connection: aiosqlite.Connection, statement: str, values: Mapping[str, object]) -> list[Any]:
        try:
            return list(await connection.execute_fetchall(statement, values))
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise sqlite_file.lost(self._path, error) from None

    async def _opened(self) -> _Open:
        if self._closing is not None:
            raise StoreError(f"{self._path} is closed.")
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(self._forget_failure)
        opening = self._opening
        # Shielded: others may wait for it.
        now = opening.result() if opening.done() else await asyncio.shield(opening)
        if now.file != sqlite_file.identity(self._path):
            if self._opening is opening:
                self._opening = None
                await asyncio.shield(asyncio.create_task(now.close()))
            raise StoreError(
                f"{self._path} was deleted or replaced while it was in use. The next attempt opens it anew."
            )
        return now

    async def _open(self) -> _Open:
        writer = await self._connection(reading=False)
        try:
            for name, function in self._functions.items():
                await writer.create_function(name, 2, function, deterministic=True)
            reader = await self._connection(reading=True)
        except BaseException:
            await writer.close()
            raise
        return _Open(writer, reader, sqlite_file.identity(self._path))

    async def _connection(self, *, reading: bool) -> aiosqlite.Connection:
        connect = partial(sqlite_file.connect, self._path, self._patience, reading=reading)
        connection = aiosqlite.Connection(connect, iter_chunk_size=64)
        # A process that ends without closing its store must not wait for this thread for ever.
        connection._thread.daemon = True
        try:
            return await connection
        except BaseException:
            # Its last word is for this loop, which may be closed as soon as the error is out.
            await asyncio.to_thread(connection._thread.join)
            raise

    def _forget_failure(self, opening: asyncio.Task[_Open]) -> None:
        """The next statement tries again."""
        if (opening.cancelled() or opening.exception() is not None) and self._opening is opening:
            self._opening = None
