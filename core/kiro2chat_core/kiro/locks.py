"""One refresh at a time over all processes of this user."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import filelock

from ..settings import Settings

__all__ = ["locked"]

logger = logging.getLogger(__name__)

_PATIENCE = 60.0
"""Seconds, longer than a refresh with all its attempts may take; who waits longer goes on without the lock."""


@contextlib.asynccontextmanager
async def locked(settings: Settings, identity: str) -> AsyncIterator[None]:
    """Hold the lock of a login. The system gives it back when a process dies; where no lock can be had it goes on without."""
    # The home directory keeps users apart who share the folder for temporary files.
    digest = hashlib.sha256(f"{settings.home}\n{identity}".encode(errors="replace")).hexdigest()
    lock = await _acquired((settings.data_dir, Path(tempfile.gettempdir())), f"login-{digest[:24]}.lock")
    try:
        yield
    finally:
        if lock is not None:
            await lock.release()


async def _acquired(folders: tuple[Path, ...], name: str) -> filelock.AsyncFileLock | None:
    for folder in folders:
        # A soft lock would outlive a process that was killed.
        lock = filelock.AsyncFileLock(folder / name, timeout=_PATIENCE, mode=0o600, fallback_to_soft=False)
        try:
            await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
            await lock.acquire()
            return lock
        except filelock.Timeout:
            logger.warning("Another process holds the login's lock for too long; going on without it")
            return None
        except (OSError, NotImplementedError):
            continue
    logger.info("No folder to keep the login's lock in; going on without it")
    return None
