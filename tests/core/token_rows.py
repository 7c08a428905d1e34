"""What tests of tokens look at: a token in plain, the members of a row, a file in ruins."""

from __future__ import annotations

from tests.kiro_logins import Kiro, value

from kiro2chat_core.kiro.login import Login
from kiro2chat_functions.emulator.accounts import Login as Issued

__all__ = ["SOCIAL", "access", "row", "ruined"]

SOCIAL = "kirocli:social:token"


def access(login: Login | Issued) -> str | None:
    return login.access_token if isinstance(login, Issued) else value(login.access_token)


def row(issued: Issued, **members: object) -> dict[str, object]:
    return {
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "expires_at": issued.expires_at,
        **members,
    }


def ruined(world: Kiro) -> None:
    world.database.write_bytes(b"no database at all" * 500)
