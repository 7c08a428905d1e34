"""`kiro2chat config` as a person runs it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.functions.test_cli import run


def test_settings_are_listed_with_their_source_and_secrets_are_not_shown(tmp_path: Path) -> None:
    assert run(tmp_path, "config", "set", "api_key", "-", stdin="sesame\n").returncode == 0
    assert run(tmp_path, "config", "set", "KEEPALIVE", "5").returncode == 0
    listed = run(tmp_path, "config", PORT="9000")
    rows = {line.split()[0]: line.split()[1:] for line in listed.stdout.splitlines()}
    assert rows["port"] == ["env", "9000"]
    assert rows["keepalive"] == ["file", "5"]
    assert rows["log_level"] == ["default", "info"]
    assert rows["api_key"] == ["file", "***"]
    assert "sesame" not in listed.stdout + listed.stderr
    assert run(tmp_path, "config", "get", "api_key").stdout == "***\n"
    path = Path(run(tmp_path, "config", "path").stdout.strip())
    assert path.read_text(encoding="utf-8") == 'api_key = "sesame"\nkeepalive = 5.0\n'
    assert run(tmp_path, "config", "unset", "API_KEY").returncode == 0
    assert path.read_text(encoding="utf-8") == "keepalive = 5.0\n"


WRONG = {
    "an unknown setting": (("set", "prot", "1"), "There is no setting 'prot'", 1),
    "a value that cannot be": (("set", "port", "many"), "port cannot be used: expected a whole number", 1),
    "a change that cannot be": (("set", "host", "0.0.0.0"), "needs API_KEY", 1),
    "a path from here": (
        ("set", "data_dir", "data"),
        "data_dir cannot be used: expected a whole path, from / or ~ on",
        1,
    ),
    "no value": (("set", "port"), "config set takes a name and a value", 2),
    "no name": (("get",), "config get takes a name", 2),
    "too much": (("path", "port"), "config path takes nothing more", 2),
}


@pytest.mark.parametrize(("arguments", "told", "status"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_done_changes_nothing(
    tmp_path: Path, arguments: tuple[str, ...], told: str, status: int
) -> None:
    ran = run(tmp_path, "config", *arguments)
    assert ran.returncode == status
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / ".config").exists()


def test_what_the_environment_overrules_is_told(tmp_path: Path) -> None:
    ran = run(tmp_path, "config", "set", "port", "9000", PORT="1")
    assert (ran.returncode, ran.stdout) == (0, "")
    assert ran.stderr == "kiro2chat: PORT is set in the environment, which goes before the file.\n"
    assert run(tmp_path, "config", "set", "port", "9001").stderr == ""


def test_what_is_no_setting_can_be_taken_out(tmp_path: Path) -> None:
    path = tmp_path / ".config" / "kiro2chat" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("# mine\nprot = 1\nport = 2\n[server]\nport = 3\n", encoding="utf-8")
    assert "no setting 'server'" in run(tmp_path, "config", "unset", "prot").stderr  # one at a time, and all are told
    assert run(tmp_path, "config", "unset", "server").returncode == 1
    path.write_text("# mine\nprot = 1\nport = 2\n", encoding="utf-8")
    assert run(tmp_path, "config", "unset", "prot").returncode == 0
    assert path.read_text(encoding="utf-8") == "# mine\nport = 2\n"
    assert "There is no setting 'prot'" in run(tmp_path, "config", "unset", "prot").stderr


def test_a_broken_file_stops_every_start_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / ".config" / "kiro2chat" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("# mine\nprot = 1\n", encoding="utf-8")
    ran = run(tmp_path, "serve", "--port", "0")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == f"kiro2chat: {path}:2: there is no setting 'prot'; did you mean port?\n"


def test_a_broken_file_is_found_and_mended_by_the_same_command(tmp_path: Path) -> None:
    path = tmp_path / ".config" / "kiro2chat" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("# mine\nport = 'many'\n", encoding="utf-8")
    assert run(tmp_path, "config").returncode == 1
    assert run(tmp_path, "config", "path").stdout == f"{path}\n"
    assert run(tmp_path, "config", "unset", "port").returncode == 0
    assert path.read_text(encoding="utf-8") == "# mine\n"
    path.write_text("port = = 1\n", encoding="utf-8")
    for arguments in (("set", "port", "1"), ("unset", "port")):
        ran = run(tmp_path, "config", *arguments)
        assert (ran.returncode, "is not valid TOML" in ran.stderr) == (1, True)
    assert run(tmp_path, "config", "path").returncode == run(tmp_path, "config", "schema").returncode == 0


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    wanted = {"keepalive": "5", "pdf_pages": "7", "agent_rounds": "9", "log_level": "debug", "journal_days": "3"}
    with ThreadPoolExecutor() as pool:
        ran = list(pool.map(lambda item: run(tmp_path, "config", "set", *item), wanted.items()))
    assert [each.returncode for each in ran] == [0] * len(wanted)
    path = tmp_path / ".config" / "kiro2chat" / "config.toml"
    assert {line.split(" = ")[0] for line in path.read_text(encoding="utf-8").splitlines()} == set(wanted)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--port", "99999"), "--port cannot be used: expected a whole number from 0 to 65535."),
        (("--port", "-1"), "--port cannot be used"),
        (("--host", "a" * 84), "no such name"),
        (("--host", "192.0.2.1"), "Choose another address with --host or HOST"),
    ],
)
def test_an_address_that_cannot_be_is_told(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    ran = run(tmp_path, "serve", "--demo", f"{arguments[0]}={arguments[1]}", API_KEY="sesame", PORT="0")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_schema_is_json(tmp_path: Path) -> None:
    assert json.loads(run(tmp_path, "config", "schema").stdout)["properties"]["port"]["maximum"] == 65_535
