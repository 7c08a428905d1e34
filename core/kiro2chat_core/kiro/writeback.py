"""Renewed tokens go back to where the login came from, so that kiro-cli and we do not log each other out."""

from __future__ import annotations

import logging
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import jsonio
from ..errors import LoginUnreadable
from ..secret import Secret
from ..settings import Settings
from . import credentials
from .account import Login
from .copies import Copies, write_private
from .database import replace_row
from .refresh import Refreshed

__all__ = ["put_back"]

logger = logging.getLogger(__name__)


def put_back(login: Login, refreshed: Refreshed, settings: Settings) -> Login:
    """Merge the new tokens into the source, if it still holds the refresh token we know; else leave it alone.

    A source that cannot be written gets an own copy in the data folder. Failing at that too is logged and survived: the
    tokens then live in memory.

    Returns:
        the renewed login.
    """
    renewed = replace(
        login,
        access_token=refreshed.access_token,
        refresh_token=refreshed.refresh_token,
        expires_at=refreshed.expires_at,
        profile_arn=login.profile_arn or refreshed.profile_arn,
    )
    if login.held is None:
        return renewed
    copies = Copies(settings.data_dir / "tokens")
    if login.place is not None:
        try:
            if not _replace(login.place.path, login.place.key, login.held, refreshed):
                logger.info("%s was changed by another program meanwhile; left alone", login.source)
                return renewed
            copies.drop(login.identity)
            return replace(renewed, held=refreshed.refresh_token)
        except (LoginUnreadable, OSError) as error:
            logger.warning("The renewed token could not be written back to %s: %s", login.source, _told(error))
    try:
        copies.write(
            login.identity,
            login.held,
            refreshed.access_token,
            refreshed.refresh_token,
            refreshed.expires_at,
            refreshed.profile_arn,
        )
    except OSError as error:
        logger.warning("The renewed token could not be kept in %s: %s", settings.data_dir, _told(error))
    return renewed


def _replace(path: Path, key: str, held: Secret, refreshed: Refreshed) -> bool:
    if key:
        return replace_row(path, key, lambda text: _changed(text, held, refreshed))
    old = path.read_bytes()
    new = _changed(old.decode(errors="replace"), held, refreshed)
    if new is None:
        return False
    if not os.access(path, os.W_OK):
        raise PermissionError(0, "it is read-only")
    mode = stat.S_IMODE(path.stat().st_mode)
    return write_private(path, new.encode(), mode, still=lambda: path.read_bytes() == old)


def _changed(text: str, held: Secret, refreshed: Refreshed) -> str | None:
    """The JSON with the new tokens in its own spelling; None where it no longer holds the refresh token we know."""
    value = credentials.members(text)
    if value is None or not held.matches(credentials.words(value, "refresh_token")):
        return None
    changes: dict[str, Any] = {
        "access_token": refreshed.access_token.reveal(),
        "refresh_token": refreshed.refresh_token.reveal(),
        "expires_at": credentials.like(credentials.field(value, "expires_at"), refreshed.expires_at),
    }
    if refreshed.profile_arn is not None and credentials.field(value, "profile_arn") is None:
        changes["profile_arn"] = refreshed.profile_arn
    return jsonio.text(credentials.merged(value, changes))


def _told(error: LoginUnreadable | OSError) -> str:
    return error.message if isinstance(error, LoginUnreadable) else error.strerror or type(error).__name__
