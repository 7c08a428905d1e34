"""`login`, `logout`, `whoami` and `usage` as a person runs them, against the emulator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.functions.test_cli import run

from kiro2chat_functions.emulator import Emulator, Options
from kiro2chat_functions.serving import served


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(Options())


@pytest.fixture
def backend(emulator: Emulator) -> Iterator[Mapping[str, str]]:
    with served(emulator.app) as url:
        yield dict.fromkeys(("KIRO_API_URL", "KIRO_CONTROL_URL", "KIRO_OIDC_URL", "KIRO_SOCIAL_URL"), url)


def test_from_no_login_to_an_answer_and_back(tmp_path: Path, backend: Mapping[str, str]) -> None:
    assert run(tmp_path, "whoami", **backend).returncode == 1
    logged_in = run(tmp_path, "login", "--no-browser", **backend)
    assert logged_in.returncode == 0, logged_in.stderr
    assert "/device?user_code=" in logged_in.stdout
    assert "Logged in as 'default'" in logged_in.stdout
    kept = tmp_path / ".local" / "share" / "kiro2chat" / "logins" / "default.json"
    shown = run(tmp_path, "whoami", **backend).stdout
    assert "kiro2chat login default" in shown
    for secret in kept.read_text(encoding="utf-8").split('"')[3::4]:
        assert len(secret) < 40 or secret not in shown + logged_in.stdout + logged_in.stderr
    assert "This is a demo" in run(tmp_path, "chat", "Hi", **backend).stdout
    usage = run(tmp_path, "usage", **backend).stdout
    assert "KIRO FREE" in usage
    assert " left, until 2026-" in usage
    assert run(tmp_path, "logout", **backend).returncode == 0
    assert not kept.exists()
    again = run(tmp_path, "logout", **backend)
    assert (again.returncode, again.stdout) == (1, "There is no login 'default'.\n")


def test_a_login_that_could_not_be_kept_is_not_asked_for(
    tmp_path: Path, emulator: Emulator, backend: Mapping[str, str]
) -> None:
    (tmp_path / "file").touch()
    ran = run(tmp_path, "login", "--no-browser", DATA_DIR=str(tmp_path / "file"), **backend)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert f"{tmp_path / 'file'} is no folder" in ran.stderr
    assert list(emulator.seen) == []


def test_several_logins_one_at_a_time(tmp_path: Path, backend: Mapping[str, str]) -> None:
    told = run(tmp_path, "login", "--no-browser", "--name", "work", **backend).stdout
    assert "kiro2chat config set login_name work" in told
    missing = run(tmp_path, "whoami", **backend)
    assert missing.returncode == 1
    assert "there are work" in missing.stderr
    assert "kiro2chat login work" in run(tmp_path, "whoami", "--name", "work", **backend).stdout
    assert "KIRO FREE" in run(tmp_path, "usage", "--name", "work", **backend).stdout
    assert run(tmp_path, "config", "set", "login_name", "work", **backend).returncode == 0
    assert "kiro2chat login work" in run(tmp_path, "whoami", **backend).stdout


def test_a_denied_login_is_told_and_nothing_is_kept(
    tmp_path: Path, emulator: Emulator, backend: Mapping[str, str]
) -> None:
    emulator.inject("denied")
    ran = run(tmp_path, "login", "--no-browser", **backend)
    assert ran.returncode == 1
    assert "denied" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / ".local").exists()


def test_the_plan_cannot_be_had_without_a_login(tmp_path: Path, backend: Mapping[str, str]) -> None:
    ran = run(tmp_path, "usage", **backend)
    assert ran.returncode == 1
    assert "kiro2chat login" in ran.stderr
