"""Where logins of Kiro IDE lie, what they hold, and which login is found."""

from __future__ import annotations

from pathlib import Path

from tests.kiro_logins import NOW, settings_for, value

from kiro2chat_core.kiro.login import Login, find_login
from kiro2chat_functions.emulator.accounts import PROFILE

__all__ = ["COMPANION", "HASH", "IDC", "IDE", "access", "find", "ide_file"]


def ide_file(home: Path) -> Path:
    return home / ".aws/sso/cache/kiro-auth-token.json"


def find(home: Path, **environ: str) -> Login:
    return find_login(settings_for(home, **environ), now=NOW)


def access(home: Path, **environ: str) -> str | None:
    return value(find(home, **environ).access_token)


HASH = "e909" * 10

IDE = {"accessToken": "a-ide", "refreshToken": "r-ide", "expiresAt": "2026-01-01T01:00:00.786Z", "region": "eu-west-1"}

IDC = {**IDE, "clientIdHash": HASH, "authMethod": "IdC", "provider": "BuilderId", "profileArn": PROFILE}

COMPANION = {"clientId": "id", "clientSecret": "secret", "expiresAt": "2026-03-01T00:00:00.000Z"}
