"""Where Kiro's programs keep their credentials on each system (protocol notes 1.1 and 1.5)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ..settings import Settings

__all__ = ["databases", "ide_tokens"]


def databases(settings: Settings, *, older: bool = False, platform: str = sys.platform) -> list[Path]:
    """Databases that may hold a login: kiro-cli's, and with `older` Amazon Q's too. A path that was set is the only one."""
    if settings.kiro_db_path is not None:
        return [settings.kiro_db_path]
    if settings.kiro_ide_token is not None:
        return []
    folders = _FOLDERS.get(platform, _linux)(settings)
    names = ["kiro-cli", "amazon-q"] if older else ["kiro-cli"]
    return [folder / name / "data.sqlite3" for name in names for folder in folders]


def ide_tokens(settings: Settings) -> list[Path]:
    """Kiro IDE's token file."""
    if settings.kiro_ide_token is not None:
        return [settings.kiro_ide_token]
    if settings.kiro_db_path is not None:
        return []
    return [settings.home / ".aws" / "sso" / "cache" / "kiro-auth-token.json"]


def _linux(settings: Settings) -> list[Path]:
    return [settings.data_home]


def _macos(settings: Settings) -> list[Path]:
    return [settings.home / "Library" / "Application Support"]


def _windows(settings: Settings) -> list[Path]:
    """Sources disagree on which of the two it is."""
    return [settings.home / "AppData" / "Local", settings.home / "AppData" / "Roaming"]


_FOLDERS: Mapping[str, Callable[[Settings], list[Path]]] = {"darwin": _macos, "win32": _windows}
