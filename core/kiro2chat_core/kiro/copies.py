"""Our own copies of rotated tokens, for sources that cannot be written: a read-only database, an environment variable.

A copy says which of the source's refresh tokens it replaces (as a hash) and counts only while the source still holds that
one: once the user logs in anew, the copy is stale and goes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import jsonio
from ..secret import Secret

__all__ = ["Copies", "write_private"]


class Copies:
    """Copies below a folder, one file to a source."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, source: str, held: Secret) -> Mapping[str, Any] | None:
        """The copy that replaces the refresh token the source holds, if there is one."""
        path = self._path(source)
        try:
            value = jsonio.loads(path.read_bytes())
        except (OSError, ValueError):
            return None
        if not isinstance(value, dict):
            return None
        if value.get("replaces") != _hash(held):
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        return value

    def write(self, source: str, held: Secret, tokens: Mapping[str, Any]) -> None:
        """Raises OSError where the folder cannot be written."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._path(source), jsonio.dumps({"replaces": _hash(held), **tokens}))

    def _path(self, source: str) -> Path:
        return self._folder / f"{hashlib.sha256(source.encode()).hexdigest()[:24]}.json"


def write_private(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace a file atomically; nobody ever sees half of it, and no one but its owner any of it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _hash(token: Secret) -> str:
    return hashlib.sha256(token.reveal().encode(errors="replace")).hexdigest()
