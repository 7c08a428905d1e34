"""Renewed tokens go back to their source: merged, only over what was read, whole or not at all; else into a copy of our own."""

from __future__ import annotations

import json
import logging
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.kiro_logins import NOW, auth, child, ide, make_database, settings_for, start, value, write_auth

from kiro2chat_core.kiro.login import Login, find_login
from kiro2chat_core.kiro.refresh import Refreshed
from kiro2chat_core.kiro.writeback import put_back
from kiro2chat_core.secret import Secret
from kiro2chat_core.settings import Settings
from kiro2chat_functions.emulator.database import locked

KEY = "kirocli:social:token"
ROW = {
    "access_token": "a0",
    "refresh_token": "r0",
    "expires_at": "2025-12-31T23:00:00Z",
    "provider": "google",
    "x": [1, None],
}
NEW = Refreshed(Secret("a1"), Secret("r1"), NOW + 3600.25, None)
NEWER = Refreshed(Secret("a2"), Secret("r2"), NOW + 7200, None)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path)


def database(settings: Settings, row: Any = ROW) -> Path:
    return make_database(settings.data_home / "kiro-cli/data.sqlite3", {KEY: row})


def found(settings: Settings) -> Login:
    return find_login(settings, now=NOW)


def tokens(login: Login) -> tuple[str | None, str | None, str | None]:
    return value(login.access_token), value(login.refresh_token), value(login.held)


def copies(settings: Settings) -> list[Path]:
    folder = settings.data_dir / "tokens"
    return sorted(folder.iterdir()) if folder.exists() else []


def test_a_row(settings: Settings) -> None:
    path = database(settings)
    path.chmod(0o640)
    renewed = put_back(found(settings), NEW, settings)
    assert tokens(renewed) == ("a1", "r1", "r1")
    assert auth(path, KEY) == {
        "access_token": "a1", "refresh_token": "r1", "expires_at": "2026-01-01T01:00:00Z", "provider": "google", "x": [1, None],
    }  # fmt: skip
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert tokens(found(settings)) == ("a1", "r1", "r1")
    assert copies(settings) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2025-12-31T23:00:00.786627123Z", "2026-01-01T01:00:00.250000000Z"),
        (1_767_000_000, 1_767_229_200),
        (1_767_000_000_000, 1_767_229_200_250),
        ("1767000000", "1767229200"),
        (None, "2026-01-01T01:00:00.250000Z"),
    ],
)
def test_the_expiry_keeps_its_form(settings: Settings, old: object, new: object) -> None:
    path = database(settings, {**ROW, "expires_at": old})
    put_back(found(settings), NEW, settings)
    assert auth(path, KEY)["expires_at"] == new


def test_camel_case_stays_camel_case(settings: Settings) -> None:
    path = database(settings, {"accessToken": "a0", "refreshToken": "r0", "expiresAt": 1, "unknown": "kept"})
    put_back(found(settings), NEW, settings)
    assert auth(path, KEY) == {"accessToken": "a1", "refreshToken": "r1", "expiresAt": 1_767_229_200, "unknown": "kept"}


def test_both_spellings_at_once_do_not_hide_the_new_token(settings: Settings) -> None:
    database(settings, {**ROW, "accessToken": "old", "refreshToken": "r0", "expiresAt": 5})
    put_back(found(settings), NEW, settings)
    assert tokens(found(settings)) == ("a1", "r1", "r1")
    assert found(settings).usable(NOW)


@pytest.mark.parametrize(("own", "kept"), [(None, "arn:new"), ("arn:own", "arn:own")])
def test_a_profile_is_added_but_never_changed(settings: Settings, own: str | None, kept: str) -> None:
    path = database(settings, {**ROW, **({"profile_arn": own} if own else {})})
    renewed = put_back(found(settings), replace(NEW, profile_arn="arn:new"), settings)
    assert auth(path, KEY)["profile_arn"] == renewed.profile_arn == kept


@pytest.mark.parametrize(
    "other", [{**ROW, "refresh_token": "theirs"}, {**ROW, "refresh_token": None}, "no json", "[]", None]
)
def test_a_row_that_was_changed_meanwhile_is_left_alone(settings: Settings, other: Any) -> None:
    path = database(settings)
    login = found(settings)
    write_auth(path, other, KEY)
    before = path.read_bytes()
    assert tokens(put_back(login, NEW, settings)) == ("a1", "r1", "r0")
    assert path.read_bytes() == before
    assert copies(settings) == []


def test_only_the_row_is_changed(settings: Settings) -> None:
    path = make_database(
        settings.data_home / "kiro-cli/data.sqlite3", {KEY: ROW, "kirocli:odic:token": ROW, "mcp": "x"}
    )
    put_back(found(settings), NEW, settings)
    assert auth(path, "kirocli:odic:token") == ROW


# --- Kiro IDE ----------------------------------------------------------------------------------------------------------

IDE = {"accessToken": "a0", "refreshToken": "r0", "expiresAt": "2025-12-31T23:00:00.786Z", "provider": "Google", "x": 1}


def ide_path(settings: Settings) -> Path:
    return settings.home / ".aws/sso/cache/kiro-auth-token.json"


def test_kiro_ides_file(settings: Settings) -> None:
    path = ide(ide_path(settings), IDE)
    path.chmod(0o644)
    assert tokens(put_back(found(settings), NEW, settings)) == ("a1", "r1", "r1")
    assert json.loads(path.read_text()) == {
        "accessToken": "a1", "refreshToken": "r1", "expiresAt": "2026-01-01T01:00:00.250Z", "provider": "Google", "x": 1,
    }  # fmt: skip
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert copies(settings) == []


def test_kiro_ides_file_behind_a_link(settings: Settings, tmp_path: Path) -> None:
    real = ide(tmp_path / "dotfiles" / "token.json", IDE)
    ide_path(settings).parent.mkdir(parents=True)
    ide_path(settings).symlink_to(real)
    put_back(found(settings), NEW, settings)
    assert ide_path(settings).is_symlink()
    assert json.loads(real.read_text())["accessToken"] == "a1"


@pytest.mark.parametrize("other", [{**IDE, "refreshToken": "theirs"}, "", "no json"])
def test_kiro_ides_file_changed_meanwhile(settings: Settings, other: Any) -> None:
    path = ide(ide_path(settings), IDE)
    login = found(settings)
    ide(path, other)
    before = path.read_bytes()
    put_back(login, NEW, settings)
    assert path.read_bytes() == before


# --- sources that cannot be written ------------------------------------------------------------------------------------


def test_a_locked_database_gets_a_copy(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    path = database(settings)
    login = found(settings)
    with locked(path):
        assert tokens(put_back(login, NEW, settings)) == ("a1", "r1", "r0")
    assert "locked" in caplog.text
    (copy,) = copies(settings)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
    assert auth(path, KEY) == ROW
    assert tokens(found(settings)) == ("a1", "r1", "r0"), "another process finds it"
    assert found(settings).usable(NOW)


def with_copy(settings: Settings) -> Path:
    path = database(settings)
    with_lock = found(settings)
    path.rename(path.with_suffix(".away"))
    put_back(with_lock, NEW, settings)
    path.with_suffix(".away").rename(path)
    assert len(copies(settings)) == 1
    return path


def test_a_copy_counts_until_the_source_changes(settings: Settings) -> None:
    path = with_copy(settings)
    assert tokens(found(settings)) == ("a1", "r1", "r0")
    write_auth(path, {**ROW, "access_token": "a9", "refresh_token": "r9"}, KEY)
    assert tokens(found(settings)) == ("a9", "r9", "r9")
    write_auth(path, ROW, KEY)
    assert tokens(found(settings)) == ("a1", "r1", "r0"), "the very login that it replaces is back"


def test_a_copy_goes_once_its_source_can_be_written(settings: Settings) -> None:
    path = with_copy(settings)
    assert tokens(put_back(found(settings), NEWER, settings)) == ("a2", "r2", "r2")
    assert auth(path, KEY)["refresh_token"] == "r2"
    assert copies(settings) == []


def test_a_new_copy_replaces_the_old_one(settings: Settings) -> None:
    path = with_copy(settings)
    (before,) = copies(settings)
    write_auth(path, {**ROW, "refresh_token": "r9"}, KEY)
    login = found(settings)
    path.unlink()
    put_back(login, NEWER, settings)
    (after,) = copies(settings)
    assert after != before


def test_the_longer_lived_counts_where_the_service_does_not_rotate(settings: Settings) -> None:
    path = database(settings)
    login = found(settings)
    path.rename(path.with_suffix(".away"))
    put_back(login, replace(NEW, refresh_token=Secret("r0")), settings)
    path.with_suffix(".away").rename(path)
    assert tokens(found(settings)) == ("a1", "r0", "r0")
    write_auth(path, {**ROW, "access_token": "kiro-cli's", "expires_at": NOW + 9000}, KEY)
    assert tokens(found(settings)) == ("kiro-cli's", "r0", "r0")


@pytest.mark.parametrize("content", ["", "no json", "[]", "{}", '{"access_token": "a b", "refresh_token": "r"}'])
def test_a_damaged_copy_does_not_count(settings: Settings, content: str) -> None:
    with_copy(settings)
    copies(settings)[0].write_text(content)
    assert tokens(found(settings)) == ("a0", "r0", "r0")


def test_refresh_tokens_of_the_environment_do_not_share_a_copy(tmp_path: Path) -> None:
    one, two = (settings_for(tmp_path, KIRO_REFRESH_TOKEN=token) for token in ("one", "two"))
    put_back(found(one), NEW, one)
    put_back(found(two), NEWER, two)
    assert tokens(found(one)) == ("a1", "r1", "one")
    assert tokens(found(two)) == ("a2", "r2", "two")


def test_nowhere_to_write(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As on a full disk: told, and survived."""
    (tmp_path / "file").touch()
    settings = settings_for(tmp_path, DATA_DIR=str(tmp_path / "file"), KIRO_REFRESH_TOKEN="r0")
    assert tokens(put_back(found(settings), NEW, settings)) == ("a1", "r1", "r0")
    assert "could not be kept in" in caplog.text
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_a_full_disk(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """The database may not grow, by a limit of this process: SQLite cannot write its journal."""
    path = database(settings)
    told = child(_FULL, settings.home)
    assert "could not be written back" in told
    assert "could not be kept" in told
    assert "('a1', 'r1', 'r0')" in told
    assert auth(path, KEY) == ROW
    assert copies(settings) == []


_FULL = """
import logging, resource, signal, sys
from pathlib import Path
from tests.core.test_writeback import NEW, found, put_back, settings_for, tokens
settings = settings_for(Path(sys.argv[1]))
login = found(settings)
logging.basicConfig(stream=sys.stdout)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
renewed = put_back(login, NEW, settings)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(tokens(renewed))
"""

_READ_ONLY = """
from pathlib import Path
from tests.core.test_writeback import NEW, found, put_back, settings_for, tokens
# rights are dropped here
settings = settings_for(Path(sys.argv[1]))
print(tokens(put_back(found(settings), NEW, settings)))
print(tokens(found(settings)))
"""


@pytest.fixture
def shared() -> Iterator[Path]:
    """A home directory that a user without rights can reach, as pytest's own cannot be."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.mark.parametrize("kind", ["database", "database in a folder", "ide", "ide in a folder"])
def test_a_read_only_source(shared: Path, kind: str) -> None:
    settings = settings_for(shared)
    path = ide(ide_path(settings), IDE) if "ide" in kind else database(settings)
    settings.data_dir.mkdir(parents=True)
    os.chmod(settings.data_dir, 0o777)
    path.chmod(0o444)
    os.chmod(path.parent, 0o555 if "folder" in kind else 0o777)
    before = path.read_bytes()
    try:
        told = child(_READ_ONLY, shared, unprivileged=True)
    finally:
        os.chmod(path.parent, 0o755)
    assert told.splitlines() == ["('a1', 'r1', 'r0')"] * 2
    assert path.read_bytes() == before
    (copy,) = copies(settings)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700


# --- whole or not at all -----------------------------------------------------------------------------------------------

_FOREVER = """
import sys
from dataclasses import replace
from pathlib import Path
from kiro2chat_core.secret import Secret
from tests.core.test_writeback import NEW, found, put_back, settings_for
settings = settings_for(Path(sys.argv[1]))
n = 0
print("begun", flush=True)
while True:
    n += 1
    text = str(n) * 3000
    put_back(found(settings), replace(NEW, access_token=Secret("a" + text), refresh_token=Secret("r" + text)), settings)
"""


@pytest.mark.parametrize("kind", ["database", "ide"])
def test_killed_in_the_middle(settings: Settings, kind: str) -> None:
    if kind == "ide":
        ide(ide_path(settings), IDE)
    else:
        database(settings)
    for pause in (0.0, 0.007, 0.019):
        program = start(_FOREVER, settings.home)
        assert program.stdout is not None
        program.stdout.readline()
        time.sleep(pause)
        program.kill()
        program.communicate()
        access, refresh, held = tokens(found(settings))
        assert access is not None
        assert refresh is not None
        assert (access[1:], refresh) == (refresh[1:], held), "both new or both old"
