"""Writes a login of the emulator as kiro-cli's database, in any of the shapes seen in the wild (protocol notes 1; fault 20)."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from kiro2chat_core import jsonio

from .accounts import Kind, Login

__all__ = ["SHAPES", "Shape", "locked", "write"]

_SCHEMA = """
CREATE TABLE migrations (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, migration_time INTEGER NOT NULL);
CREATE TABLE history (id INTEGER PRIMARY KEY, command TEXT);
CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB);
CREATE TABLE auth_kv (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE conversations (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE conversations_v2 (key TEXT PRIMARY KEY, conversation_id TEXT, value TEXT);
"""

_KEYS: Mapping[Kind, str] = {"odic": "odic", "social": "social", "external-idp": "external-idp"}
_FRACTION = "786627123"


@dataclass(frozen=True, slots=True)
class Shape:
    """How a database differs from the plainest one."""

    prefix: Literal["kirocli", "codewhisperer"] = "kirocli"
    digits: int = 6
    """Digits of the expiry's fraction of a second, 0 to 9."""

    epoch: bool = False
    """The expiry as milliseconds since 1970."""

    camel_case: bool = False
    """Members of the token named `accessToken` and so on, as some writers do."""

    profile: Literal["profile_name", "profileName", "bare", "none"] = "profile_name"
    """How the state names the profile: kiro-cli's two spellings, the ARN alone, or not at all."""

    stray_registration: bool = False
    """A client registration of the other prefix is there too, which does not fit the token."""

    token_endpoint: str = ""
    """Where an external identity provider renews tokens: the emulator's `/external/token`."""

    wal: bool = False
    """Write-ahead logging, with every row still in the `-wal` file."""


SHAPES: Mapping[str, Shape] = {
    "plain": Shape(),
    "amazon_q": Shape(prefix="codewhisperer"),
    "no_fraction": Shape(digits=0),
    "nine_digits": Shape(digits=9),
    "epoch": Shape(epoch=True),
    "camel_case": Shape(camel_case=True),
    "profileName": Shape(profile="profileName"),
    "bare_profile": Shape(profile="bare"),
    "no_profile": Shape(profile="none"),
    "stray_registration": Shape(stray_registration=True),
    "wal": Shape(wal=True),
}


def write(path: Path, login: Login, shape: Shape = Shape()) -> None:
    """Make the database. It must not be there yet; its folder is made.

    Raises:
        ValueError: an API key is not kept in a database.
    """
    if login.kind not in _KEYS:
        raise ValueError(f"{login.kind} logins are not kept in a database")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    if not shape.wal:
        with closing(sqlite3.connect(path)) as database:
            _fill(database, login, shape)
        return
    # Closing the last connection would empty the log, so the files are taken from under an open one.
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "data.sqlite3"
        with closing(sqlite3.connect(source)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA wal_autocheckpoint = 0")
            _fill(database, login, shape)
            shutil.copyfile(source, path)
            shutil.copyfile(f"{source}-wal", f"{path}-wal")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else can read or write the database meanwhile, as when kiro-cli is in the middle of a transaction."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        yield
        database.execute("ROLLBACK")


def _fill(database: sqlite3.Connection, login: Login, shape: Shape) -> None:
    database.executescript(_SCHEMA)
    versions = [(version, version, 1_767_225_600) for version in range(8)]
    database.executemany("INSERT INTO migrations VALUES (?, ?, ?)", versions)
    database.executemany("INSERT INTO auth_kv VALUES (?, ?)", _rows(_secrets(login, shape)))
    database.executemany("INSERT INTO state VALUES (?, ?)", _rows(_state(login, shape)))
    database.commit()


def _rows(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(key, jsonio.text(value)) for key, value in values.items()]


def _secrets(login: Login, shape: Shape) -> dict[str, Any]:
    secrets = {f"{shape.prefix}:{_KEYS[login.kind]}:token": _token(login, shape)}
    if login.kind == "odic":
        secrets[f"{shape.prefix}:odic:device-registration"] = _registration(login, login.client_id, login.client_secret)
    if shape.stray_registration:
        other = "codewhisperer" if shape.prefix == "kirocli" else "kirocli"
        secrets[f"{other}:odic:device-registration"] = _registration(login, "stray-client", "stray-secret")
    return secrets


def _token(login: Login, shape: Shape) -> dict[str, Any]:
    token: dict[str, Any] = {
        "access_token": login.access_token,
        "expires_at": _expiry(login.expires_at, shape),
        "refresh_token": login.refresh_token,
    }
    match login.kind:
        case "odic":
            token |= {
                "region": login.sso_region,
                "start_url": "https://view.awsapps.com/start",
                "oauth_flow": "DeviceCode",
                "scopes": ["codewhisperer:completions", "codewhisperer:analysis", "codewhisperer:conversations"],
            }
        case "social":
            token |= {"provider": "google", "profile_arn": login.profile_arn}
        case _:
            token |= {
                "auth_method": "external_idp",
                "provider": "ExternalIdp",
                "token_endpoint": shape.token_endpoint,
                "client_id": login.client_id,
                "scopes": "codewhisperer:conversations offline_access",
            }
    return {_camel(name): value for name, value in token.items()} if shape.camel_case else token


def _registration(login: Login, client_id: str, client_secret: str) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "client_secret": client_secret,
        "client_secret_expires_at": "2099-01-01T00:00:00Z",
        "region": login.sso_region,
        "oauth_flow": "DeviceCode",
        "scopes": ["codewhisperer:completions"],
    }


def _state(login: Login, shape: Shape) -> dict[str, Any]:
    if shape.profile == "none" or not login.profile_arn:
        return {}
    named = {"arn": login.profile_arn, shape.profile: "Social_Default_Profile"}
    return {"api.codewhisperer.profile": login.profile_arn if shape.profile == "bare" else named}


def _expiry(seconds: float, shape: Shape) -> str | int:
    if shape.epoch:
        return int(seconds * 1000)
    moment = datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{_FRACTION[: shape.digits]}Z" if shape.digits else f"{moment}Z"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
