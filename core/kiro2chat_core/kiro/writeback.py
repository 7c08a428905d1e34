"""Renewed tokens go back to where the login came from, so that kiro-cli and we do not log each other out."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import jsonio
from ..errors import LoginUnreadable
from ..secret import Secret
from ..settings import Settings
from . import credentials
from .copies import Copies, write_private
from .database import replace_row
from .login import Login
from .refresh import Refreshed

__all__ = ["put_back"]

logger = logging.getLogger(__name__)


def put_back(login: Login, refreshed: Refreshed, settings: Settings) -> None:
    """Merge the new tokens into the source, if it still holds the refresh token we know; else leave it alone.

    A source that cannot be written gets an own copy beside it, in the data folder. Failing at that too is logged and
    survived: the tokens then live in memory.
    """
    if login.held is None:
        return
    if login.place is not None:
        try:
            if not _replace(login, refreshed):
                logger.info("%s was changed by another program meanwhile; left alone", login.source)
            return
        except (LoginUnreadable, OSError) as error:
            logger.warning("The renewed token could not be written back to %s: %s", login.source, _told(error))
    try:
        Copies(settings.data_dir / "tokens").write(login.source, login.held, _tokens(refreshed))
    except OSError as error:
        logger.warning("The renewed token could not be kept in %s: %s", settings.data_dir, _told(error))


def _replace(login: Login, refreshed: Refreshed) -> bool:
    assert login.place is not None
    assert login.held is not None
    held = login.held

    def change(text: str) -> str | None:
        return _changed(text, held, refreshed)

    if login.place.key:
        return replace_row(login.place.path, login.place.key, change)
    return _replace_file(login.place.path, held, refreshed)


def _replace_file(path: Path, held: Secret, refreshed: Refreshed) -> bool:
    new = _changed(path.read_text(encoding="utf-8"), held, refreshed)
    if new is None:
        return False
    if not os.access(path, os.W_OK):
        raise PermissionError(f"{path} is read-only")
    write_private(path, new.encode(), stat.S_IMODE(path.stat().st_mode))
    return True


def _changed(text: str, held: Secret, refreshed: Refreshed) -> str | None:
    """The JSON with the new tokens in its own spelling; None where it no longer holds the refresh token we know."""
    try:
        value = jsonio.loads(text)
    except ValueError:
        return None
    if not isinstance(value, dict) or not held.matches(credentials.words(value, "refresh_token")):
        return None
    changes = _tokens(refreshed)
    if isinstance(credentials.field(value, "expires_at"), (int, float)):
        seconds = credentials.field(value, "expires_at") <= 1e10
        changes["expires_at"] = int(refreshed.expires_at * (1 if seconds else 1000))
    if credentials.field(value, "profile_arn") is not None or refreshed.profile_arn is None:
        changes.pop("profile_arn", None)
    return jsonio.text(credentials.merged(value, changes))


def _tokens(refreshed: Refreshed) -> dict[str, Any]:
    tokens: Mapping[str, Any] = {
        "access_token": refreshed.access_token.reveal(),
        "refresh_token": refreshed.refresh_token.reveal(),
        "expires_at": credentials.rfc3339(refreshed.expires_at),
        "profile_arn": refreshed.profile_arn,
    }
    return dict(tokens)


def _told(error: Exception) -> str:
    return (
        error.message
        if isinstance(error, LoginUnreadable)
        else getattr(error, "strerror", None) or type(error).__name__
    )
