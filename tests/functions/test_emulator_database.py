"""Fault 20: kiro-cli's database in every shape seen in the wild."""

from __future__ import annotations

import json
import re
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kiro2chat_functions.emulator import Emulator, Login
from kiro2chat_functions.emulator.database import SHAPES, Shape, locked, write


def read(path: Path) -> dict[str, Any]:
    """Both tables of values, decoded; the file is opened read-only."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0.05)) as database:
        rows = database.execute("SELECT key, value FROM auth_kv UNION ALL SELECT key, value FROM state").fetchall()
    return {key: json.loads(value) for key, value in rows}


@pytest.fixture
def login() -> Login:
    return Emulator(clock=lambda: 1_767_225_600.0).login()


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_holds_the_login(tmp_path: Path, login: Login, name: str) -> None:
    path = tmp_path / "kiro-cli" / "data.sqlite3"
    write(path, login, SHAPES[name])
    values = read(path)
    prefix = SHAPES[name].prefix
    token = values[f"{prefix}:odic:token"]
    assert token.get("access_token", token.get("accessToken")) == login.access_token
    assert values[f"{prefix}:odic:device-registration"]["client_id"] == login.client_id
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_plain_shape(tmp_path: Path, login: Login) -> None:
    write(tmp_path / "db", login)
    values = read(tmp_path / "db")
    token = values["kirocli:odic:token"]
    assert set(token) == {
        "access_token", "expires_at", "refresh_token", "region", "start_url", "oauth_flow", "scopes",
    }  # fmt: skip
    assert token["expires_at"] == "2026-01-01T01:00:00.786627Z"
    assert values["api.codewhisperer.profile"] == {"arn": login.profile_arn, "profile_name": "Social_Default_Profile"}


@pytest.mark.parametrize(("digits", "ends"), [(0, "00Z"), (3, "00.786Z"), (9, "00.786627123Z")])
def test_digits(tmp_path: Path, login: Login, digits: int, ends: str) -> None:
    write(tmp_path / "db", login, Shape(digits=digits))
    assert re.search(rf":{re.escape(ends)}$", read(tmp_path / "db")["kirocli:odic:token"]["expires_at"])


def test_epoch(tmp_path: Path, login: Login) -> None:
    write(tmp_path / "db", login, SHAPES["epoch"])
    assert read(tmp_path / "db")["kirocli:odic:token"]["expires_at"] == 1_767_229_200_000


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        ("profileName", {"arn", "profileName"}),
        ("profile_name", {"arn", "profile_name"}),
        ("bare", None),
        ("none", None),
    ],
)
def test_profile(tmp_path: Path, login: Login, shape: Any, value: set[str] | None) -> None:
    write(tmp_path / "db", login, Shape(profile=shape))
    state: Any = read(tmp_path / "db").get("api.codewhisperer.profile")
    match shape:
        case "none":
            assert state is None
        case "bare":
            assert state == login.profile_arn
        case _:
            assert set(state) == value


def test_a_registration_of_another_prefix(tmp_path: Path, login: Login) -> None:
    write(tmp_path / "db", login, SHAPES["stray_registration"])
    values = read(tmp_path / "db")
    assert values["codewhisperer:odic:device-registration"]["client_id"] == "stray-client"
    assert values["kirocli:odic:device-registration"]["client_id"] == login.client_id


def test_wal(tmp_path: Path, login: Login) -> None:
    path = tmp_path / "db"
    write(path, login, SHAPES["wal"])
    assert (tmp_path / "db-wal").stat().st_size > 0
    assert login.access_token.encode() not in path.read_bytes(), "a reader that skips the log finds nothing"
    assert "kirocli:odic:token" in read(path)


def test_locked(tmp_path: Path, login: Login) -> None:
    path = tmp_path / "db"
    write(path, login)
    with locked(path), pytest.raises(sqlite3.OperationalError, match="locked"):
        read(path)
    assert read(path)


def test_other_kinds(tmp_path: Path) -> None:
    emulator = Emulator()
    write(tmp_path / "social", emulator.login("social"))
    social = read(tmp_path / "social")["kirocli:social:token"]
    assert "region" not in social
    assert social["profile_arn"]
    write(tmp_path / "external", emulator.login("external-idp"), Shape(token_endpoint="http://x.example/token"))
    assert read(tmp_path / "external")["kirocli:external-idp:token"]["token_endpoint"] == "http://x.example/token"
    write(tmp_path / "builder", emulator.login(builder_id=True))
    assert "api.codewhisperer.profile" not in read(tmp_path / "builder")
    with pytest.raises(ValueError, match="api-key"):
        write(tmp_path / "key", emulator.login("api-key"))


def test_a_database_is_not_overwritten(tmp_path: Path, login: Login) -> None:
    write(tmp_path / "db", login)
    with pytest.raises(FileExistsError):
        write(tmp_path / "db", login)
