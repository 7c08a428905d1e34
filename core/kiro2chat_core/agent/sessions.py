"""Conversations with the agent that outlive a restart, kept in the store: per API key and user.

In the store: partition `sessions#KEY#USER`, sort the session's id: its head. Partition `session#KEY#USER#ID`, sort
`m#000000042#00000`: a turn as JSON text, in pieces, since an image may be larger than an item; `paused#00000`: the state of
a run that waits for approval, in the same way. A lease of `session#KEY#USER#ID` / `run` says which request runs in it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

from .. import jsonio
from ..errors import ClientError, Conflict
from ..store.base import LONGEST_PAGE, Item, Key, Lease, Store, joined
from ..turns import Text, ToolResult, Turn
from .ending import to_the_end
from .paused_json import paused_from, text_of
from .pausing import Paused
from .turn_json import from_json, to_json

__all__ = ["Busy", "Owner", "Session", "Sessions", "UnknownSession", "window"]

logger = logging.getLogger(__name__)

_PIECE = 90_000
"""Characters to an item: four bytes each at most, so that it fits whatever they are."""

_LEASE, _RENEWAL = 15.0, 5.0
"""Seconds that a run holds its session without a sign of life, and between two of them."""

_LOOK = 2.0
"""Seconds between two looks whether a run is to stop."""

_SPARE = 1.25
"""Turns are kept for so many times the days, and longer from when less than the days are left: a session that was used is whole
for all of them, and not every message writes every turn anew."""

_LONGEST = 200
"""Bytes of a name in a key; `joined` may make three of each."""

_POLL = 0.25
_TITLE = 80


class UnknownSession(ClientError):
    status = 404
    code = "session_not_found"


class Busy(ClientError):
    """Another request runs in the session."""

    status = 409
    code = "session_busy"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose sessions: the id of an API key, "" where none is needed, and the user that a client names."""

    key: str = ""
    user: str = ""


@dataclass(slots=True)
class Session:
    """A conversation as it was when it was opened, and as this run goes on with it."""

    owner: Owner
    id: str
    head: dict[str, Any]
    turns: tuple[Turn, ...] = ()
    first: int = 0
    """Number of the first turn in the whole conversation: what was long ago is forgotten."""
    paused: Paused | None = None
    version: int = 0
    """Of the head, as it was read or written last: who lost the session meanwhile must not write over another's."""
    lease: Lease | None = None
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def allowed(self) -> tuple[str, ...]:
        """Tools that need not be asked for any more."""
        return tuple(self.head.get("allowed", ()))


class Sessions:
    """All methods raise StoreError where the store fails."""

    def __init__(self, store: Store, clock: Callable[[], float], days: float) -> None:
        self._store = store
        self._clock = clock
        self._seconds = days * 86400
        self._queues: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    async def new(self, owner: Owner, model: str, question: Turn | None) -> str:
        """Make an empty session; its id."""
        id, now = secrets.token_urlsafe(12), self._clock()
        head = {"created_at": now, "updated_at": now, "model": model, "title": _title(question), "turns": 0}
        await self._store.put(_head(owner, id), head, expected="absent", expires_at=self._until())
        return id

    async def list(self, owner: Owner) -> list[dict[str, Any]]:
        """Heads with their ids, those used last first."""
        found: list[Item] = []
        after: str | None = None
        while True:
            page = await self._store.list(
                joined("sessions", owner.key, _short(owner.user)), after=after, limit=LONGEST_PAGE
            )
            found += page.items
            if (after := page.cursor) is None:
                break
        heads = [_shown(item.key.sort, item.value) for item in found]
        return sorted(heads, key=lambda head: head["updated_at"], reverse=True)

    async def head(self, owner: Owner, id: str) -> dict[str, Any]:
        """What is known of a session without its turns: `model`, `title`, `paused` and more.

        Raises:
            UnknownSession: there is none.
        """
        return (await self._head(owner, id)).value

    async def _head(self, owner: Owner, id: str) -> Item:
        item = await self._store.get(_head(owner, id))
        if item is None:
            raise UnknownSession(
                f"There is no session {id[:60]!r}: GET /v1/agent/sessions lists them, and a request without a "
                "session_id begins a new one.",
                field="session_id",
            )
        return item

    async def read(self, owner: Owner, id: str) -> Session:
        """A session with all its turns, whoever runs in it.

        Raises:
            UnknownSession: there is none.
        """
        return (await self._read(owner, id))[0]

    async def _read(self, owner: Owner, id: str) -> tuple[Session, tuple[Key, ...], float]:
        """A session; what lies there that never came to count, as the head is written last; when the first of it expires."""
        item = await self._head(owner, id)
        head = item.value
        end, pieces, stray = f"m#{head['turns']:09d}", dict[str, dict[int, str]](), set[Key]()
        soonest = math.inf
        async for each in self._items(owner, id):
            soonest = min(soonest, each.expires_at or math.inf)
            name, _, number = each.key.sort.rpartition("#")
            if name.startswith("m#") and name >= end:
                stray.add(each.key)
            else:
                pieces.setdefault(name, {})[int(number)] = each.value["json"]
        texts = {name: "".join(text for _number, text in sorted(parts.items())) for name, parts in pieces.items()}
        paused = texts.pop("paused", None)
        turns = [from_json(jsonio.loads(text)) for _name, text in sorted(texts.items())]
        begin = next((at for at, turn in enumerate(turns) if is_question(turn)), len(turns))  # results need their calls
        first = head["turns"] - len(turns) + begin
        waits = None if paused is None else paused_from(paused)
        return Session(owner, id, head, tuple(turns[begin:]), first, waits, item.version), tuple(stray), soonest

    @asynccontextmanager
    async def running(self, owner: Owner, id: str, patience: float) -> AsyncIterator[Session]:
        """The session, for one run at a time: whoever comes later waits up to `patience` seconds. Of this process who comes first
        is served first.

        Raises:
            UnknownSession: there is none.
            Busy: another request runs in it.
        """
        place, until = Key(_partition(owner, id), "run"), time.monotonic() + patience
        async with self._in_turn(place, until):
            lease = await self._leased(place, until)
            alive: asyncio.Task[None] | None = None
            try:
                session, stray, soonest = await self._read(owner, id)
                for key in stray:
                    await self._store.delete(key)
                session.lease = lease
                await self._store.delete(_cancel(owner, id))
                alive = asyncio.create_task(self._stay(session))
                if soonest < self._until():
                    await self._prolong(owner, id)
                yield session
            finally:
                if alive is not None:
                    alive.cancel()
                await to_the_end(self._store.release(lease))

    async def append(self, session: Session, turn: Turn, *, unfinished: bool = False) -> None:
        """Keep a turn at the end of the conversation; one may be `unfinished`, as the run broke off."""
        number = session.head["turns"]
        await self._write(session, f"m#{number:09d}", jsonio.text(to_json(turn)))
        session.head |= {"turns": number + 1, "updated_at": self._clock(), "unfinished": unfinished}
        session.turns = (*session.turns, turn)
        await self._put_head(session)

    async def settle(self, session: Session, paused: Paused | None, **head: Any) -> None:
        """Keep what a run left: what it waits for, and members of the head.

        Raises:
            Busy: another request went on with the session.
        """
        if (await self._head(session.owner, session.id)).version != session.version:
            raise _overtaken()
        await self._delete(session.owner, session.id, "paused#")
        if paused is not None:
            await self._write(session, "paused", text_of(paused))
        session.paused = paused
        session.head |= {"updated_at": self._clock(), "paused": paused is not None, **head}
        await self._put_head(session)

    async def delete(self, owner: Owner, id: str) -> bool:
        """Whether there was one."""
        there = await self._store.delete(_head(owner, id))
        await self._delete(owner, id, "")
        return there

    async def cancel(self, owner: Owner, id: str) -> None:
        """Let whichever process runs in it know that it is to stop; it looks every few seconds."""
        await self._store.put(_cancel(owner, id), {}, expires_at=self._clock() + 2 * _LEASE)

    @asynccontextmanager
    async def _in_turn(self, place: Key, until: float) -> AsyncIterator[None]:
        queue = self._queues.setdefault(place, asyncio.Lock())  # it wakes who came first
        try:
            async with asyncio.timeout(until - time.monotonic()):
                await queue.acquire()
        except TimeoutError:
            raise _busy() from None
        try:
            yield
        finally:
            queue.release()

    async def _leased(self, place: Key, until: float) -> Lease:
        holder = secrets.token_hex(8)
        while (lease := await self._store.lease(place, holder, _LEASE)) is None:
            if time.monotonic() >= until:
                raise _busy()
            await asyncio.sleep(_POLL)
        return lease

    async def _prolong(self, owner: Owner, id: str) -> None:
        """Keep all turns for as long as the session."""
        async for item in self._items(owner, id):
            await self._store.put(item.key, item.value, expires_at=self._until(_SPARE))

    async def _stay(self, session: Session) -> None:
        """Renew the lease while the run lasts, and look whether it is to stop."""
        while True:
            await asyncio.sleep(_LOOK)
            try:
                if await self._store.get(_cancel(session.owner, session.id)) is not None:
                    session.cancelled.set()
                assert session.lease is not None
                if session.lease.until - self._clock() < _LEASE - _RENEWAL:
                    renewed = await self._store.renew(session.lease, _LEASE)
                    if renewed is None:  # this machine slept, and another request has it now
                        session.cancelled.set()
                        return
                    session.lease = renewed
            except Exception:
                continue

    async def _items(self, owner: Owner, id: str, prefix: str = "") -> AsyncIterator[Item]:
        after: str | None = None
        while True:
            page = await self._store.list(_partition(owner, id), prefix, after=after, limit=LONGEST_PAGE)
            for item in page.items:
                if item.key.sort != "cancel":
                    yield item
            if (after := page.cursor) is None:
                return

    async def _write(self, session: Session, name: str, text: str) -> None:
        partition, until = _partition(session.owner, session.id), self._until(_SPARE)
        for number, at in enumerate(range(0, max(1, len(text)), _PIECE)):
            key = Key(partition, f"{name}#{number:05d}")
            try:
                await self._store.put(key, {"json": text[at : at + _PIECE]}, expected="absent", expires_at=until)
            except Conflict:
                raise _overtaken() from None

    async def _put_head(self, session: Session) -> None:
        place, until = _head(session.owner, session.id), self._until()
        try:
            session.version = await self._store.put(place, session.head, expected=session.version, expires_at=until)
        except Conflict:
            raise _overtaken() from None

    async def _delete(self, owner: Owner, id: str, prefix: str) -> None:
        async for item in self._items(owner, id, prefix):
            await self._store.delete(item.key)

    def _until(self, times: float = 1.0) -> float:
        return self._clock() + times * self._seconds


def _busy() -> Busy:
    return Busy(
        "Another request runs in this session: wait for it, or POST /v1/agent/cancel. If its process has ended, the session is "
        f"free again by itself within {_LEASE:g} seconds.",
        field="session_id",
        retry_after=2,
    )


def _overtaken() -> Busy:
    return Busy("Another request went on with this session meanwhile.", field="session_id")


def window(turns: tuple[Turn, ...], questions: int) -> int:
    """Where the last so many questions begin. Calls and their results stay together: they stand between questions."""
    starts = [at for at, turn in enumerate(turns) if is_question(turn)]
    return starts[-questions] if len(starts) > questions else 0


def is_question(turn: Turn) -> bool:
    return turn.role == "user" and any(not isinstance(part, ToolResult) for part in turn.parts)


def _title(question: Turn | None) -> str:
    parts = question.parts if question is not None else ()
    text = " ".join(" ".join(part.text for part in parts if isinstance(part, Text)).split())
    return text if len(text) <= _TITLE else text[: _TITLE - 1] + "…"


def _shown(id: str, head: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("title", "model", "created_at", "updated_at", "turns")
    return {"id": id, **{name: head.get(name) for name in kept}, "paused": bool(head.get("paused"))}


def _partition(owner: Owner, id: str) -> str:
    return joined("session", owner.key, _short(owner.user), _short(id))


def _head(owner: Owner, id: str) -> Key:
    return Key(joined("sessions", owner.key, _short(owner.user)), _short(id) or "-")


def _short(text: str) -> str:
    """What clients choose may be long, and keys may not."""
    data = text.encode(errors="replace")
    return text if len(data) <= _LONGEST else f"{hashlib.sha256(data).hexdigest()}…"


def _cancel(owner: Owner, id: str) -> Key:
    return Key(_partition(owner, id), "cancel")
