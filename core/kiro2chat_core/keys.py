"""API keys: who may call, with which models, how much. Only the SHA-256 of a key is kept, never the key.

In the store: partition `keys`, sort the hash in hex; the value is what `_value` writes. A key is 256 bits of chance, so a
plain hash is enough to keep it, and a look-up by hash tells nobody how near a guess was.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import NoneType
from typing import Any

from . import kinds
from .errors import BadRequest, StoreError, StoreOutOfReach, Unauthorized
from .kiro import catalog
from .secret import Secret
from .store.base import LONGEST_PAGE, Key, Store

__all__ = ["ADMIN", "PARTITION", "PREFIX", "ApiKey", "Keys", "Limits", "day", "reaching"]

logger = logging.getLogger(__name__)

PARTITION = "keys"
PREFIX = "k2c_"

_KEY = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
_PATTERN = re.compile(r"[^\s*,]+\*?|\*")

_NEVER = float("-inf")

_BEGINNING = 12
"""Letters of a hash that stand for a key which cannot be read."""

_LATEST = 253402300800.0
"""The year 10000."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a key may use in a UTC minute, day and month; None is without limit."""

    requests_per_minute: int | None = None
    tokens_per_day: int | None = None
    credits_per_month: float | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; times are seconds since 1970. `models` are names or their beginnings with a `*`; none: all.

    `login` is the name of the login that it uses; "" is the one that the settings choose.
    One for `metrics` reads these and does nothing else: whoever collects numbers needs neither models nor the admin key.
    One that is not `readable` opens nothing; its id is the beginning of its hash.
    """

    id: str
    name: str
    created_at: float = 0.0
    expires_at: float | None = None
    models: tuple[str, ...] = ()
    limits: Limits = Limits()
    login: str = ""
    metrics: bool = False
    readable: bool = True

    def may_use(self, model: str) -> bool:
        """Whether the model of this id, as the catalog resolves a name, is among those allowed."""
        return not self.models or any(_covers(pattern, _plain(model)) for pattern in self.models)


ADMIN = ApiKey("admin", "API_KEY")
"""Whoever sends API_KEY: all models, no limits."""


class Keys:
    """The keys of a store, and API_KEY. Safe to use from many tasks of one loop.

    `is_there` says whether the store has been made at all: one that has not holds no keys, and is not made by looking.
    What was looked up is believed for `fresh` seconds, so soon a revocation is seen; `most` keys are remembered so.

    Methods raise StoreError; `find` and `demanded`, whose callers are strangers, without a word of where the store is.
    """

    def __init__(
        self,
        store: Store,
        admin: Secret | None,
        clock: Callable[[], float] = time.time,
        *,
        is_there: Callable[[], bool] = lambda: True,
        fresh: float = 5.0,
        most: int = 1024,
    ) -> None:
        self._store = store
        self._admin = admin
        self._clock = clock
        self._is_there = is_there
        self._fresh = fresh
        self._most = most
        self._found: OrderedDict[str, tuple[ApiKey, float]] = OrderedDict()
        self._demanded = admin is not None
        self._looked_at = _NEVER

    async def demanded(self) -> bool:
        """Whether a key must be sent: there is API_KEY, or any other. A process that has demanded one goes on to do so:
        a store that is deleted opens nothing. One that has seen that there are none goes on too, if it loses the store.
        """
        if self._demanded or time.monotonic() - self._looked_at < self._fresh:
            return self._demanded
        try:
            if self._is_there():
                with reaching():
                    self._demanded = bool((await self._store.list(PARTITION, limit=1)).items)
        except StoreError:
            if self._looked_at == _NEVER:
                raise
        self._looked_at = time.monotonic()
        return self._demanded

    async def find(self, given: str) -> ApiKey | None:
        """Whose key it is; None where it is nobody's.

        Raises:
            Unauthorized: it has expired, or what the store says of it cannot be read.
        """
        if self._admin is not None and self._admin.matches(given):
            return ADMIN
        key = await self._known(given)
        if key is not None and not key.readable:
            raise Unauthorized("What the store says of this API key cannot be read: ask for a new one.")
        if key is not None and key.expires_at is not None and self._clock() >= key.expires_at:
            raise Unauthorized(f"The API key expired on {day(key.expires_at)}: ask for a new one.")
        return key

    async def new(
        self,
        name: str,
        *,
        expires_at: float | None = None,
        models: tuple[str, ...] = (),
        limits: Limits = Limits(),
        login: str = "",
        metrics: bool = False,
    ) -> tuple[ApiKey, Secret]:
        """Make a key. The secret is known now and never again.

        Raises:
            BadRequest: a name or pattern that cannot be one; models or limits of a key that only reads metrics.
        """
        if not 0 < len(name) <= 100 or name != name.strip() or not kinds.is_plain(name):
            told = "A key's name has 1 to 100 characters, without spaces around it and without control characters."
            raise BadRequest(told, field="name")
        if bad := [model for model in models if not _PATTERN.fullmatch(model)]:
            raise BadRequest(
                f"{bad[0][:100]!r} is no model: expected a name, at most with a * at its end.", field="models"
            )
        if metrics and (models or limits != Limits()):
            told = "A key for metrics reads /metrics and nothing else: it takes no models and no limits."
            raise BadRequest(told, field="metrics")
        secret = Secret(PREFIX + secrets.token_urlsafe(32))
        key = ApiKey(secrets.token_hex(4), name, self._clock(), expires_at, models, limits, login, metrics)
        await self._store.put(_place(secret.reveal()), _value(key), expected="absent")
        return key, secret

    async def all(self) -> list[ApiKey]:
        """The keys of the store, oldest first."""
        return sorted((key for _place, key in await self._listed()), key=lambda key: (key.created_at, key.id))

    async def revoke(self, word: str) -> ApiKey:
        """Delete the key of that id or name. Running gateways see it within seconds.

        Raises:
            BadRequest: there is none, or more than one.
        """
        listed = await self._listed()
        meant = [each for each in listed if each[1].id == word] or [each for each in listed if each[1].name == word]
        if not meant:
            raise BadRequest(f"There is no key {word[:100]!r}: `kiro2chat keys list` shows them.", field="key")
        if len(meant) > 1:
            ids = ", ".join(key.id for _place, key in meant)
            raise BadRequest(f"{len(meant)} keys are called {word[:100]!r}: say which by its id ({ids}).", field="key")
        ((place, key),) = meant
        await self._store.delete(place)
        return key

    async def _known(self, given: str) -> ApiKey | None:
        """Only what was found is remembered: guesses must not push it out."""
        if not _KEY.fullmatch(given):
            return None
        place = _place(given)
        key, until = self._found.pop(place.sort, (None, 0.0))
        if key is None or time.monotonic() >= until:
            with reaching():
                item = await self._store.get(place) if self._is_there() else None
                key = _read(place, item.value) if item is not None else None
                until = time.monotonic() + self._fresh
        if key is not None:
            self._demanded = True
            self._found[place.sort] = key, until
            if len(self._found) > self._most:
                self._found.popitem(last=False)
        return key

    async def _listed(self) -> list[tuple[Key, ApiKey]]:
        found: list[tuple[Key, ApiKey]] = []
        after: str | None = None
        while self._is_there():
            page = await self._store.list(PARTITION, after=after, limit=LONGEST_PAGE)
            found += [(item.key, _read(item.key, item.value)) for item in page.items]
            if (after := page.cursor) is None:
                break
        return found


@contextmanager
def reaching() -> Iterator[None]:
    """Where the store fails, the log says why, and the client only that it did."""
    try:
        yield
    except StoreError as lost:
        logger.warning("API keys cannot be looked up or counted: %s", lost.message)
        raise StoreOutOfReach("The API key cannot be checked at the moment; the server's log says why.") from None


def day(at: float) -> str:
    """The UTC day of a time, such as 2026-12-31."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


def _place(given: str) -> Key:
    return Key(PARTITION, hashlib.sha256(given.encode()).hexdigest())


def _value(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "models": list(key.models),
        "requests_per_minute": key.limits.requests_per_minute,
        "tokens_per_day": key.limits.tokens_per_day,
        "credits_per_month": key.limits.credits_per_month,
        "login": key.login,
        "metrics": key.metrics,
    }


_MEMBERS: Mapping[str, tuple[type, ...]] = {
    "id": (str,),
    "name": (str,),
    "created_at": (int, float),
    "expires_at": (int, float, NoneType),
    "models": (list,),
    "requests_per_minute": (int, NoneType),
    "tokens_per_day": (int, NoneType),
    "credits_per_month": (int, float, NoneType),
    "login": (str,),
    "metrics": (bool,),
}

_LATER: Mapping[str, object] = {"login": "", "metrics": False}
"""What keys of earlier versions are without."""


def _read(place: Key, value: Mapping[str, Any]) -> ApiKey:
    """A key that cannot be read in full must not be one without limits, nor stand in the way of others."""
    value = {**_LATER, **value}
    of_type = all(name in value and type(value[name]) in types for name, types in _MEMBERS.items())
    if not of_type or not all(isinstance(model, str) for model in value["models"]) or not _are_times(value):
        logger.warning("The key %s in the store cannot be read: is it a newer kiro2chat's?", place.sort[:_BEGINNING])
        return ApiKey(place.sort[:_BEGINNING], "(cannot be read)", readable=False)
    limits = Limits(value["requests_per_minute"], value["tokens_per_day"], value["credits_per_month"])
    return ApiKey(
        value["id"],
        value["name"],
        value["created_at"],
        value["expires_at"],
        tuple(value["models"]),
        limits,
        value["login"],
        value["metrics"],
    )


def _are_times(value: Mapping[str, Any]) -> bool:
    return all(0 <= at < _LATEST for at in (value["created_at"], value["expires_at"]) if at is not None)


def _covers(pattern: str, model: str) -> bool:
    if pattern.endswith("*"):
        return model.startswith(_plain(catalog.normalise(pattern[:-1])))
    short = catalog.normalise(pattern)
    return model in (_plain(pattern), _plain(catalog.ALIASES.get(pattern, catalog.ALIASES.get(short, short))))


def _plain(name: str) -> str:
    """`claude-sonnet-4-5` and `claude-sonnet-4.5` are one model, and `claude-sonnet-4-*` covers it."""
    return name.lower().replace(".", "-")
