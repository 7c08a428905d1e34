"""A usable access token at any time: renewed early, by one task in one process, whoever asks and however many.

The source is looked at again every few seconds, so that a new `kiro-cli login` is noticed. What a look brings is what a
fresh start would use (`find_login`); while it brings nothing usable, the token in memory serves to its end.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import random
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

import httpx

from ..errors import Kiro2ChatError, LoginError, LoginExpired
from ..secret import Secret
from ..settings import Settings
from .kiro_cli import renew_by_kiro_cli
from .locks import locked
from .login import Login, find_login
from .refresh import Refused, refresh
from .writeback import put_back

__all__ = ["Tokens"]

logger = logging.getLogger(__name__)

_EARLY = 300.0
"""Seconds before expiry from which a renewal starts while the old token still serves."""

_JITTER = 30.0
"""Seconds by which processes differ in that, so that they do not all queue for the lock at once."""

_PAUSE = 60.0
"""Seconds between two early renewals: a service that fails, or whose tokens are short-lived, is not asked all the time."""

_LOOK = 5.0
"""Seconds until the source is looked at again."""

_PATIENCE = 0.25
"""Seconds that a request with a usable token waits for that look; a database may be locked."""

_GRACE = 5.0
"""Seconds that closing waits for a renewal under way: a rotated token that is not put back is a login lost."""


class Tokens:
    """The login in use. `clock` gives epoch seconds, and may be set back."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient, *, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._early = _EARLY + random.uniform(0, _JITTER)
        self._login: Login | None = None
        self._looking: asyncio.Task[Login] | None = None
        self._looked_at = -math.inf
        self._renewal: asyncio.Task[Login] | None = None
        self._stale: Login | None = None
        """What the renewal under way, or the last one, is to replace."""
        self._trading = False
        """Whether a refresh token is on its way to the service, or the answer on its way to the source."""
        self._tried_at = -math.inf
        self._asked_at = -math.inf
        self._complained = False
        self._refused: dict[Secret, str] = {}
        """Refresh tokens that were refused for good, with the reason: they are not sent again."""
        self._in_vain: Secret | None = None
        """An access token that the backend refuses although it is new."""
        self._in_vain_at = -math.inf
        self.number = 0
        """Of the account in use: `Login.number`."""

    async def current(self) -> Login:
        """A login whose access token is good for now.

        Raises:
            LoginError: there is none, or it has expired and cannot be renewed; says what to type.
            BackendError: it must be renewed now, and the token service fails.
        """
        now = self._clock()
        login = self._login
        if login is None or not login.usable(now):
            login = await asyncio.shield(self._look())
        elif not 0 <= now - self._looked_at < _LOOK:
            look = self._look()
            await asyncio.wait({look}, timeout=_PATIENCE)
            login = look.result() if look.done() else self._login or login
        if not login.usable(now):
            return await self._renewed(login)
        self._renew_early(login, now)
        return login

    def may_help(self, refused: Login) -> bool:
        """Whether a renewal may mend the backend's refusal: not for a while, where it has refused a new token too. An account
        that is being refused is not made better by a token service that is asked all the time."""
        lately = 0 <= self._clock() - self._in_vain_at < _PAUSE
        return not (lately and refused.access_token == self._in_vain)

    def in_vain(self, refused: Login) -> None:
        """The backend has refused a token right after its renewal."""
        self._in_vain, self._in_vain_at = refused.access_token, self._clock()

    async def renew(self, refused: Login) -> Login:
        """After the backend refused this login's access token: the one it has been replaced by, or a new one.

        Raises as `current` does.
        """
        return await self._renewed(refused)

    @property
    def refused(self) -> Mapping[Secret, str]:
        """Refresh tokens that the service has refused for good, and what people are told of it."""
        return dict(self._refused)

    async def aclose(self) -> None:
        """Stop what is under way; waits for tokens that are being traded, so that none is lost."""
        renewal = self._renewal
        if renewal is not None:
            if self._trading:
                await asyncio.wait({renewal}, timeout=_GRACE)
            renewal.cancel()
        if tasks := {task for task in (renewal, self._looking) if task is not None}:
            await asyncio.wait(tasks)

    # --- looking at the source -------------------------------------------------------------------------------------

    def _look(self) -> asyncio.Task[Login]:
        if self._looking is None or self._looking.done():
            self._looking = _task(self._looked())
        return self._looking

    async def _looked(self) -> Login:
        known = self._login
        if known is not None and known.own and await asyncio.to_thread(_is_gone, known) and self._login is known:
            self._login = known = None  # `kiro2chat logout`
        try:
            found = await self._found()
        except LoginError:
            if known is None or not known.usable(self._clock()):
                raise
            found = known  # moved away, or logged out of kiro-cli: the token serves to its end
        if self._login is not known:
            return self._login or found  # a renewal was faster
        if found != known and (known is None or found.usable(self._clock()) or not known.usable(self._clock())):
            self._use(found)
        return self._login or found

    async def _found(self) -> Login:
        """What a fresh start would use now, were it to know what we know."""
        now = self._looked_at = self._clock()
        refused = frozenset(self._refused)
        return await asyncio.to_thread(find_login, self._settings, now=now, known=self._login, refused=refused)

    def _use(self, login: Login) -> Login:
        if self._login is not None and self._login.identity != login.identity:
            logger.info("Now using %s", login.source)
        if self._login is None or not self._login.is_account_of(login):
            self.number += 1
        self._login = replace(login, number=self.number)
        return self._login

    # --- renewing --------------------------------------------------------------------------------------------------

    def _renew_early(self, login: Login, now: float) -> None:
        """Start a renewal in the background once the token nears its end."""
        if login.expires_at is None or login.expires_at - now >= self._early or not login.renewable(now):
            return
        if _running(self._renewal) or 0 <= now - self._tried_at < _PAUSE or login.refresh_token in self._refused:
            return
        self._tried_at = now
        self._start(login).add_done_callback(self._judge)

    def _judge(self, early: asyncio.Task[Login]) -> None:
        """An early renewal that fails disturbs nobody; it is told once, and again only after one has gone well."""
        error = None if early.cancelled() else early.exception()
        if error is not None and not self._complained:
            told = error.message if isinstance(error, Kiro2ChatError) else type(error).__name__
            logger.warning("Renewing the login early failed: %s", told)
        self._complained = error is not None

    async def _renewed(self, stale: Login) -> Login:
        """What replaces this login, by the renewal under way or a new one."""
        while (renewal := self._renewal) is not None and not renewal.done() and not self._is_for(stale):
            await asyncio.wait({renewal})  # it may well bring the token that is wanted; if not, another must
        login = self._login
        if login is not None and login.access_token != stale.access_token and login.usable(self._clock()):
            return login
        # Shielded: a client that leaves must not stop the renewal that others wait for.
        return await asyncio.shield(self._start(stale))

    def _is_for(self, stale: Login) -> bool:
        return self._stale is not None and self._stale.access_token == stale.access_token

    def _start(self, stale: Login) -> asyncio.Task[Login]:
        if self._renewal is None or self._renewal.done():
            self._stale = stale
            self._renewal = _task(self._renew(stale))
        return self._renewal

    async def _renew(self, stale: Login) -> Login:
        """Read the source anew under the lock; another process or program may have been first. Else trade the token.

        After a refusal once more from the start: the token may have been used by another program a moment ago, and where
        it was not, another login may be left. It ends, since no refused token is sent again.
        """
        locked_for = stale.identity
        while True:
            async with locked(self._settings, locked_for):
                login = await self._found()
                if login.usable(self._clock()) and login.access_token != stale.access_token:
                    return self._use(login)
                if login.refresh_token is not None and (why := self._refused.get(login.refresh_token)):
                    raise LoginExpired(why)
                if login.identity == locked_for:
                    try:
                        renewed = await self._traded(login)
                    except Refused as refused:
                        assert login.refresh_token is not None
                        self._refused[login.refresh_token] = refused.message
                        await self._by_kiro_cli(login)
                    except LoginExpired:  # nothing to renew it with
                        if not await self._by_kiro_cli(login):
                            raise
                    else:
                        return self._use(renewed)
                locked_for = login.identity

    async def _by_kiro_cli(self, login: Login) -> bool:
        """kiro-cli's own renewal, where it is installed: a refused token may be one that it has replaced in memory only."""
        now = self._clock()
        if 0 <= now - self._asked_at < _PAUSE:
            return False
        self._asked_at = now
        return await renew_by_kiro_cli(login, self._settings)

    async def _traded(self, login: Login) -> Login:
        """Refresh over HTTP and put the new tokens back before anyone uses them."""
        self._trading = True
        try:
            refreshed = await refresh(login, self._settings, self._http, self._clock)
            return await asyncio.to_thread(put_back, login, refreshed, self._settings)
        finally:
            self._trading = False


def _is_gone(login: Login) -> bool:
    """Whether its file was deleted. One that cannot be reached for another reason may come back."""
    if login.place is None:
        return False
    try:
        os.lstat(login.place.path)
    except OSError as refused:
        return isinstance(refused, FileNotFoundError)
    return False


def _running(task: asyncio.Task[Any] | None) -> bool:
    return task is not None and not task.done()


def _task(work: Coroutine[Any, Any, Login]) -> asyncio.Task[Login]:
    task = asyncio.create_task(work)
    task.add_done_callback(_retrieve)
    return task


def _retrieve(task: asyncio.Task[Login]) -> None:
    """Everyone who waited may have left; an exception nobody took would be reported by the loop."""
    if not task.cancelled():
        task.exception()
