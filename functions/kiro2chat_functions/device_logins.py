"""Logins by device code that are under way in this server: a few at a time, each in a task of its own, ended with it."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from kiro2chat_core.errors import BadRequest, Kiro2ChatError, LimitReached, LoginExpired, LoginForbidden
from kiro2chat_core.kiro.device import Code, device_login
from kiro2chat_core.kiro.own import prepare_own, write_own
from kiro2chat_core.kiro.transport import open_http
from kiro2chat_core.settings import Settings

from .logins import kept

__all__ = ["Attempt", "DeviceLogins", "State"]

logger = logging.getLogger(__name__)

State: TypeAlias = Literal["waiting", "done", "denied", "expired", "failed"]

_MOST = 4
"""Codes that wait at a time."""

_REMEMBERED = 16
"""Attempts that are known, those that have ended included."""


@dataclass(slots=True)
class Attempt:
    """One login under way. `expires_at` is when its code ends, in seconds since 1970; `message` says how it has ended."""

    id: str
    name: str
    code: Code
    expires_at: float
    state: State = "waiting"
    message: str = ""


class DeviceLogins:
    """Whoever asks gets a code; the login is kept under its name once the code was confirmed.

    `settings` are the user's own: in the demo too, a login made here is a real one, for the next start.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        demo: bool = False,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.settings = settings
        self._demo = demo
        self._clock = clock
        self._sleep = sleep
        self._attempts: dict[str, Attempt] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, name: str, *, start_url: str, region: str) -> Attempt:
        """A new attempt, as soon as it has a code.

        Raises:
            SettingsError: the name, the start address or the region cannot be one.
            LimitReached: enough codes wait already.
            Kiro2ChatError: there is no code to be had.
        """
        await asyncio.to_thread(prepare_own, self.settings, name)
        if len(self._tasks) >= _MOST:
            raise LimitReached(f"{_MOST} codes wait to be confirmed: confirm or cancel one of them first.")
        id, shown = secrets.token_hex(8), asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._run(id, name, shown, start_url, region))
        self._tasks[id] = task
        task.add_done_callback(lambda _done: self._tasks.pop(id, None))
        try:
            attempt: Attempt = await shown
        except asyncio.CancelledError:
            task.cancel()  # nobody will ever see its code
            raise
        return attempt

    def find(self, id: str) -> Attempt:
        """Raises BadRequest (404): there is none."""
        attempt = self._attempts.get(id)
        if attempt is None:
            raise BadRequest("There is no such login under way.", status=404, code="not_found")
        return attempt

    async def cancel(self, id: str) -> None:
        """Raises BadRequest (404): there is none."""
        self.find(id)
        if task := self._tasks.get(id):
            task.cancel()
            await asyncio.wait({task})
        self._attempts.pop(id, None)

    async def aclose(self) -> None:
        """Give all of them up."""
        if tasks := set(self._tasks.values()):
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _run(self, id: str, name: str, shown: asyncio.Future[Attempt], start_url: str, region: str) -> None:
        def show(code: Code) -> None:
            while len(self._attempts) >= _REMEMBERED:
                ended = next(known for known, each in self._attempts.items() if each.state != "waiting")
                del self._attempts[ended]
            self._attempts[id] = Attempt(id, name, code, self._clock() + code.lifetime)
            shown.set_result(self._attempts[id])

        http = open_http(self.settings)
        try:
            members = await device_login(
                self.settings, http, show, start_url=start_url, region=region, now=self._clock, sleep=self._sleep
            )
            await asyncio.to_thread(write_own, self.settings, name, members)
        except Exception as failure:
            if not shown.done():
                shown.set_exception(failure)
                return
            self._end(self._attempts[id], failure)
        else:
            attempt = self._attempts[id]
            attempt.message = await asyncio.to_thread(self._kept, name)
            attempt.state = "done"
        finally:
            shown.cancel()  # where it was given up before there was a code
            await http.aclose()

    def _end(self, attempt: Attempt, failure: Exception) -> None:
        if isinstance(failure, Kiro2ChatError):
            attempt.message = failure.message
        else:
            logger.error("Logging in failed", exc_info=failure)
            attempt.message = "Logging in failed for a reason of the server's own; its log says more."
        ends: dict[type[Exception], State] = {LoginForbidden: "denied", LoginExpired: "expired"}
        attempt.state = ends.get(type(failure), "failed")

    def _kept(self, name: str) -> str:
        again = ["Start kiro2chat again, without --demo, to use it."] if self._demo else []
        return " ".join([*kept(self.settings, name), *again])
