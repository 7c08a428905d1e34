"""kiro-cli as a helper: it may hold in memory what its database lacks, and renews its login when told to (protocol notes 2.4)."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
from contextlib import suppress

from ..settings import Settings
from .account import Login

__all__ = ["renew_by_kiro_cli"]

logger = logging.getLogger(__name__)

_ARGUMENTS = ("debug", "refresh-auth-token")


async def renew_by_kiro_cli(login: Login, settings: Settings, *, patience: float = 20.0) -> bool:
    """Let kiro-cli renew a login of its own; whether it says that it did. What it brought is in its database then.

    It makes one request; a command that waits for somebody to type is ended after `patience` seconds.
    """
    if login.place is None or not login.place.key.startswith("kirocli:"):
        return False
    command = shutil.which(settings.kiro_cli) if settings.kiro_cli != "none" else None
    if command is None:
        return False
    logger.info("The login in kiro-cli's database is stale; asking kiro-cli to renew it")
    try:
        process = await asyncio.create_subprocess_exec(
            command,
            *_ARGUMENTS,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,  # it may print the token
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as refused:
        logger.warning("%s cannot be started: %s", command, refused.strerror or refused)
        return False
    try:
        async with asyncio.timeout(patience):
            status = await process.wait()
    except TimeoutError:
        logger.warning("kiro-cli did not renew the login within %.0f seconds", patience)
        return False
    finally:
        await _end(process)
    if status != 0:
        logger.warning("kiro-cli could not renew the login (exit status %d)", status)
    return status == 0


async def _end(process: asyncio.subprocess.Process) -> None:
    """Whatever it started goes with it."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        await process.wait()
