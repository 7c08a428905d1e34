"""Browser sessions: who opened the page by the link that `serve` printed may administer this server from that browser.

A link's token works once and for a day; it travels behind a `#`, which no browser sends and no log keeps. The session it opens
is a cookie that scripts cannot read, and a second token that they must send with whatever changes something: another site can
make a browser send the cookie, but cannot know the token. Only hashes of both are kept.

In the store: partition `links`, sort the hash of a link's token; partition `browsers`, sort the hash of a cookie.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from .secret import Secret
from .store.base import Key, Store

__all__ = ["Opened", "Sessions"]

_LINK_LIVES = 24 * 3600.0
_SESSION_LIVES = 30 * 24 * 3600.0
_BYTES = 32


@dataclass(frozen=True, slots=True)
class Opened:
    """What a browser gets: the cookie, and the token that goes with changes. `seconds` is how long both are good."""

    cookie: Secret
    token: Secret
    seconds: int


class Sessions:
    """Raises StoreError wherever the store fails."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    async def link(self) -> Secret:
        """A new token for a link."""
        token = _new()
        await self._store.put(_at("links", token), {}, expected="absent", expires_at=self._clock() + _LINK_LIVES)
        return token

    async def open(self, link: Secret) -> Opened | None:
        """Use up a link's token; None where it is none, or was used."""
        if not await self._store.delete(_at("links", link)):
            return None
        cookie, token = _new(), _new()
        value = {"token": _hash(token)}
        await self._store.put(
            _at("browsers", cookie), value, expected="absent", expires_at=self._clock() + _SESSION_LIVES
        )
        return Opened(cookie, token, int(_SESSION_LIVES))

    async def is_open(self, cookie: Secret) -> bool:
        """Whether the cookie is that of a session."""
        return await self._store.get(_at("browsers", cookie)) is not None

    async def may_change(self, cookie: Secret, token: Secret) -> bool:
        """Whether the session's own token came with the cookie."""
        item = await self._store.get(_at("browsers", cookie))
        return item is not None and secrets.compare_digest(str(item.value.get("token")), _hash(token))

    async def close(self, cookie: Secret) -> bool:
        """Whether there was such a session."""
        return await self._store.delete(_at("browsers", cookie))


def _new() -> Secret:
    return Secret(secrets.token_urlsafe(_BYTES))


def _hash(secret: Secret) -> str:
    return hashlib.sha256(secret.reveal().encode(errors="replace")).hexdigest()


def _at(partition: str, secret: Secret) -> Key:
    return Key(partition, _hash(secret))
