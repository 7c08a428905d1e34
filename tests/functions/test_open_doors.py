"""Who can use a server, and what is said of it: at its start, and where keys come and go."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.agents import call
from tests.functions.test_cli import run, serving
from tests.gateways import gateway
from tests.keyed import ask, made

from kiro2chat_core.store.opening import NAME

CARELESS = "anybody can use your plan"
NONE = "clients need none: API_KEY is not set"


def greeted(home: Path, **environ: str) -> str:
    with serving(home, "--demo", PORT="0", **environ) as (server, _url, printed):
        server.terminate()
        assert server.stdout is not None
        return printed + server.stdout.read()


def test_a_door_that_stands_open_to_a_proxy_is_told_loudly(tmp_path: Path) -> None:
    told = greeted(tmp_path, ALLOWED_HOSTS="chat.example")
    assert NONE in told
    assert CARELESS in told
    told = greeted(tmp_path, ALLOWED_HOSTS="chat.example", API_KEY="sesame")
    assert "clients must send API_KEY\n" in told
    assert CARELESS not in told


def test_a_door_that_stands_open_to_this_machine_is_told(tmp_path: Path) -> None:
    told = greeted(tmp_path)
    assert NONE in told
    assert CARELESS not in told
    assert "chmod" not in told


def test_secrets_that_others_can_read_are_told(tmp_path: Path) -> None:
    path = tmp_path / ".config" / "kiro2chat" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text('api_key = "sesame"\nkeepalive = 5\n', encoding="utf-8")
    path.chmod(0o644)
    told = greeted(tmp_path)
    assert f"{path} can be read by others and holds api_key: chmod 600 {path}\n" in told
    assert "sesame" not in told
    path.chmod(0o600)
    assert "chmod" not in greeted(tmp_path)


def test_whoever_revokes_the_last_key_hears_that_the_door_is_open(tmp_path: Path) -> None:
    data = {"DATA_DIR": str(tmp_path)}
    for name in ("one", "two"):
        made(tmp_path, name)
    assert "API_KEY is not set" not in run(tmp_path, "keys", "revoke", "one", **data).stdout
    assert "the last one, and API_KEY is not set" in run(tmp_path, "keys", "revoke", "two", **data).stdout
    made(tmp_path, "three")
    assert "the last one" not in run(tmp_path, "keys", "revoke", "three", API_KEY="sesame", **data).stdout


def test_behind_a_proxy_nobody_is_trusted_without_a_key() -> None:
    settings: dict[str, Any] = {"ALLOWED_HOSTS": "chat.example", "AGENT_TOOLS": "calculator"}
    with gateway(**settings) as pair:
        assert call(pair, "POST", "/v1/agent/reload").status_code == 403
    with gateway(**settings, API_KEY="sesame") as pair:
        assert call(pair, "POST", "/v1/agent/reload", key="sesame").status_code == 200
    with gateway() as pair:
        assert call(pair, "POST", "/v1/agent/reload").status_code == 200


def test_a_key_that_cannot_be_read_is_listed_and_revoked_and_stops_nothing(tmp_path: Path) -> None:
    key, text = made(tmp_path, "good")
    hash = sha256(made(tmp_path, "bad")[1].encode()).hexdigest()
    with closing(sqlite3.connect(tmp_path / NAME, isolation_level=None)) as store:
        store.execute("UPDATE items SET value = json_set(value, '$.models', 5) WHERE sk = ?", (hash,))
    data = {"DATA_DIR": str(tmp_path)}
    listed = run(tmp_path, "keys", "list", **data)
    assert f"{hash[:12]}  (cannot be read)" in listed.stdout
    assert f"{key.id}" in listed.stdout
    with gateway(DATA_DIR=str(tmp_path)) as pair:
        assert ask(pair.url, text).status_code == 200
    assert run(tmp_path, "keys", "revoke", hash[:12], **data).returncode == 0
    assert "cannot be read" not in run(tmp_path, "keys", "list", **data).stdout


def test_a_name_of_bytes_that_are_no_text_is_refused_in_a_sentence(tmp_path: Path) -> None:
    ran = run(tmp_path, "keys", "new", "\udcff", DATA_DIR=str(tmp_path))
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == (
        "kiro2chat: A key's name has 1 to 100 characters, without spaces around it and without control characters.\n"
    )
