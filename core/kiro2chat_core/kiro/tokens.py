"""A usable access token at any time: renewed early, by one task in one process, whoever asks and however many."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import random
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import filelock
import httpx

from ..errors import Kiro2ChatError, LoginExpired, LoginUnreadable
from ..secret import Secret
from ..settings import Settings
from .login import Login, find_login
from .refresh import Refused, refresh
from .writeback import put_back

__all__ = ["Tokens"]

logger = logging.getLogger(__name__)

_EARLY = 300.0
"""Seconds before expiry from which a renewal starts while the old token still serves."""

_JITTER = 30.0
"""Seconds by which processes differ in that, so that they do not all queue for the lock at once."""

_LOCK_WAIT = 45.0
"""Longer than a refresh may take; who waits longer goes on without the lock."""


class Tokens:
    """The login in use. `clock` gives epoch seconds."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient, *, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._early = _EARLY + random.uniform(0, _JITTER)
        self._login: Login | None = None
        self._renewal: asyncio.Task[Login] | None = None
        self._dead: Secret | None = None
        """A refresh token that was refused for good: it is not sent again."""

    async def current(self) -> Login:
        """A login whose access token is good for now.

        Raises:
            LoginError: there is none, or it has expired and cannot be renewed; says what to type.
            BackendError: it must be renewed now, and the token service fails.
        """
        login = self._login
        now = self._clock()
        if login is None or not login.usable(now):
            login = self._login = await asyncio.to_thread(find_login, self._settings, now=now)
        if not login.usable(now):
            return await self._renewed(login)
        if login.expires_at is not None and login.expires_at - now < self._early and login.renewable:
            self._start(login).add_done_callback(_log_failure)
        return login

    async def renew(self, refused: Login) -> Login:
        """After the backend refused this login's access token: the one it has been replaced by, or a new one."""
        if self._login is not None and self._login.access_token != refused.access_token:
            return self._login
        return await self._renewed(refused)

    async def aclose(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait({self._renewal})

    async def _renewed(self, login: Login) -> Login:
        # Shielded: a client that leaves must not stop the renewal that others wait for.
        return await asyncio.shield(self._start(login))

    def _start(self, login: Login) -> asyncio.Task[Login]:
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew(login))
            self._renewal.add_done_callback(_retrieve)
        return self._renewal

    async def _renew(self, stale: Login) -> Login:
        async with self._lock(stale):
            login = await self._reread(stale)
            if login.access_token != stale.access_token and login.usable(self._clock()):
                self._login = login  # another process was first
                return login
            try:
                self._login = await self._refreshed(login)
            except Refused:
                self._login = await self._after_refusal(login)
            return self._login

    async def _after_refusal(self, refused: Login) -> Login:
        """The refresh token may have been used by another program a moment ago: look once more before giving up."""
        login = await self._reread(refused)
        if login.refresh_token == refused.refresh_token:
            self._dead = refused.refresh_token
            raise LoginExpired(f"The login of {refused.source} is not accepted any more. Run `kiro-cli login`.")
        if login.access_token != refused.access_token and login.usable(self._clock()):
            return login
        try:
            return await self._refreshed(login)
        except Refused:
            self._dead = login.refresh_token
            raise

    async def _refreshed(self, login: Login) -> Login:
        """Refresh over HTTP and put the new tokens back before anyone uses them."""
        if self._dead is not None and login.refresh_token == self._dead:
            raise LoginExpired(f"The login of {login.source} is not accepted any more. Run `kiro-cli login`.")
        refreshed = await refresh(login, self._settings, self._http, self._clock)
        await asyncio.to_thread(put_back, login, refreshed, self._settings)
        return replace(
            login,
            access_token=refreshed.access_token,
            refresh_token=refreshed.refresh_token,
            expires_at=refreshed.expires_at,
            profile_arn=login.profile_arn or refreshed.profile_arn,
        )

    async def _reread(self, known: Login) -> Login:
        """What the source holds now. What we hold counts where the source is unreadable, or could not be written."""
        try:
            found = await asyncio.to_thread(find_login, self._settings, now=self._clock())
        except LoginUnreadable:
            return known
        ours = self._login or known
        if found.source == ours.source and found.held == ours.held and found.refresh_token == found.held:
            return ours
        return found

    @contextlib.asynccontextmanager
    async def _lock(self, login: Login) -> AsyncIterator[None]:
        """One refresh at a time over all processes of this user, for this login."""
        name = f"login-{hashlib.sha256(login.source.encode()).hexdigest()[:24]}.lock"
        lock: filelock.AsyncFileLock | None = None
        for folder in (self._settings.data_dir, Path(tempfile.gettempdir())):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                lock = filelock.AsyncFileLock(folder / name, timeout=_LOCK_WAIT, mode=0o600)
                await lock.acquire()
                break
            except filelock.Timeout:
                logger.warning("Another process holds the login's lock for too long; going on without it")
                lock = None
                break
            except OSError:
                lock = None
        try:
            yield
        finally:
            if lock is not None:
                await lock.release()


def _retrieve(task: asyncio.Task[Login]) -> None:
    """Everyone who waited may have left; an exception nobody took would be reported by the loop."""
    if not task.cancelled():
        task.exception()


def _log_failure(task: asyncio.Task[Login]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        told = error.message if isinstance(error, Kiro2ChatError) else type(error).__name__
        logger.warning("Renewing the login early failed: %s", told)
