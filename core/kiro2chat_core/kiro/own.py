"""Logins made by `kiro2chat login`: one file each below the data folder, in the form of Kiro IDE's, with its client inside."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import jsonio
from ..errors import SettingsError
from ..kiro_settings import NAME_OF_LOGIN
from ..settings import Settings
from . import credentials
from .account import Looked, Place, from_json
from .copies import write_private

__all__ = ["check_exists", "own_logins", "own_names", "own_path", "write_own"]

_NAME = re.compile(NAME_OF_LOGIN)


def own_path(settings: Settings, name: str) -> Path:
    """Where the login of a name lies, or would.

    Raises:
        SettingsError: it is no name.
    """
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"{name[:60]!r} cannot name a login: use letters, digits, dots and dashes.", field="LOGIN_NAME"
        )
    return _folder(settings) / f"{name}.json"


def own_names(settings: Settings) -> list[str]:
    """The logins there are."""
    return sorted(path.stem for path in _folder(settings).glob("*.json") if _NAME.fullmatch(path.stem))


def check_exists(settings: Settings, name: str) -> None:
    """Raises SettingsError: no login has this name; "" stands for the one in use."""
    names = own_names(settings)
    if name and name not in names:
        there = f"there are {', '.join(names)}" if names else "there is none"
        raise SettingsError(
            f"No login is called {name[:60]!r}; {there}. `kiro2chat login --name` makes one.", field="login"
        )


def write_own(settings: Settings, name: str, members: dict[str, Any]) -> Path:
    """Keep a login; nobody but its owner may read it.

    Raises:
        SettingsError: it is no name, or the data folder cannot be written.
    """
    path = own_path(settings, name)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, jsonio.dumps(members))
    except OSError as refused:
        raise SettingsError(f"{path} cannot be written ({refused.strerror or refused}).") from None
    return path


def own_logins(settings: Settings) -> Iterator[Looked]:
    """The login of the name that is set. A path that was set is the only place that is looked at."""
    if settings.kiro_db_path is not None or settings.kiro_ide_token is not None:
        return
    path = own_path(settings, settings.login_name)
    place = Place(Path(os.path.realpath(path)))
    try:
        token = credentials.members(path.read_bytes().decode(errors="replace"))
    except FileNotFoundError:
        others = [name for name in own_names(settings) if name != settings.login_name]
        yield Looked(str(path), why=f"no such file; there are {', '.join(others)}" if others else "no such file")
        return
    except OSError as refused:
        yield Looked(str(path), why=f"{path} cannot be read: {refused.strerror or refused}.", broken=place)
        return
    login = None
    if token is not None:
        login = from_json("odic", token, source=f"kiro2chat login {settings.login_name} ({path})", place=place)
    if login is None:
        yield Looked(str(path), why=f"{path} is no login. Run `kiro2chat login`.", broken=place)
    else:
        yield Looked(str(path), login)


def _folder(settings: Settings) -> Path:
    return settings.data_dir / "logins"
