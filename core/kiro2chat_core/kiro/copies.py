"""Our own copies of rotated tokens, for sources that cannot be written: a read-only database, an environment variable.

A copy's name says which login it belongs to and which of its refresh tokens it replaces (as hashes). It counts only while
the source holds that one: once the user logs in anew nobody reads it, and the next write sweeps it away. Writers hold the
login's lock.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from .. import jsonio
from ..secret import Secret
from . import credentials

__all__ = ["Copies", "write_private"]


class Copies:
    """Copies below a folder, one file to a login."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, identity: str, held: Secret) -> tuple[Secret, Secret, float | None, str | None] | None:
        """Access token, refresh token, expiry and profile that replace what the source holds, if there is such a copy."""
        try:
            value = credentials.members(self._path(identity, held).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            return None
        access, refresh = (credentials.token(value or {}, name) for name in ("access_token", "refresh_token"))
        if value is None or not access or not refresh:
            return None
        expires_at, arn = credentials.moment(value.get("expires_at")), credentials.words(value, "profile_arn")
        return Secret(access), Secret(refresh), expires_at, arn or None

    def write(
        self, identity: str, held: Secret, access: Secret, refresh: Secret, expires_at: float, arn: str | None
    ) -> None:
        """Raises OSError where the folder cannot be written."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(identity, held)
        members = {
            "access_token": access.reveal(),
            "refresh_token": refresh.reveal(),
            "expires_at": expires_at,
            "profile_arn": arn,
        }
        write_private(path, jsonio.dumps(members))
        self.drop(identity, but=path)

    def drop(self, identity: str, *, but: Path | None = None) -> None:
        """Forget a login's copies."""
        with contextlib.suppress(OSError):
            for path in self._folder.glob(f"{_hash(identity)}-*.json"):
                if path != but:
                    path.unlink(missing_ok=True)

    def _path(self, identity: str, held: Secret) -> Path:
        return self._folder / f"{_hash(identity)}-{_hash(held.reveal())}.json"


def write_private(path: Path, data: bytes, mode: int = 0o600, *, still: Callable[[], bool] = lambda: True) -> bool:
    """Replace a file atomically; nobody ever sees half of it, and no one but its owner any of it.

    `still` is asked at the very end whether it may be replaced. Whether it was.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        if not still():
            os.unlink(name)
            return False
        os.replace(name, path)
        return True
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:24]
