"""Logins made by `kiro2chat login`: one file each below the data folder, in the form of Kiro IDE's, with its client inside."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import jsonio
from ..errors import SettingsError
from ..kiro_settings import NAME_OF_LOGIN
from ..settings import Settings
from . import credentials
from .account import BUILDER_ID, Looked, Place, from_json
from .copies import write_private

__all__ = ["check_exists", "own_command", "own_logins", "own_names", "own_path", "prepare_own", "write_own"]

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


def prepare_own(settings: Settings, name: str) -> Path:
    """Where a login of this name will lie, before anybody is asked to confirm one.

    Raises:
        SettingsError: it is no name, or nothing can be written there.
    """
    path = own_path(settings, name)
    there = next(folder for folder in path.parents if os.path.exists(folder))
    if not os.path.isdir(there) or not os.access(there, os.W_OK | os.X_OK):
        why = "cannot be written" if os.path.isdir(there) else "is no folder"
        raise SettingsError(f"No login can be kept in {path.parent}: {there} {why}. See DATA_DIR.", field="DATA_DIR")
    return path


def own_command(name: str, start_url: str = "", region: str = "") -> str:
    """What to type to make this login, again."""
    words = ["kiro2chat login"]
    words += [f"--name {name}"] if name != "default" else []
    if start_url and start_url != BUILDER_ID:
        words += [f"--start-url {shlex.quote(start_url)}", f"--region {shlex.quote(region or 'us-east-1')}"]
    return " ".join(words)


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
    if not settings.only_own and (settings.kiro_db_path is not None or settings.kiro_ide_token is not None):
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
    login, name = None, settings.login_name
    if token is not None:
        words = (credentials.words(token, "start_url"), credentials.words(token, "region"))
        source, command = f"kiro2chat login {name} ({path})", own_command(name, *words)
        login = from_json("odic", token, source=source, place=place, command=command, own=True)
    if login is None:
        yield Looked(str(path), why=f"{path} is no login. Run `{own_command(name)}`.", broken=place)
    else:
        yield Looked(str(path), login)


def _folder(settings: Settings) -> Path:
    return settings.data_dir / "logins"
