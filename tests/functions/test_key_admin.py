"""API keys over HTTP: made, seen at work, revoked; the login that a key names; what is wrong with a key is said."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.gateways import Pair, gateway
from tests.keyed import ask

from kiro2chat_core.kiro.own import write_own
from kiro2chat_core.settings import Settings
from kiro2chat_functions.emulator import Login, Options

ADMIN = {"authorization": "Bearer sesame"}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with gateway(DATA_DIR=str(tmp_path), HOME=str(tmp_path), API_KEY="sesame") as served:
        yield served


def call(pair: Pair, method: str, path: str, body: Any = None, headers: dict[str, str] = ADMIN) -> httpx.Response:
    return httpx.request(method, f"{pair.url}{path}", json=body, headers=headers, timeout=30, trust_env=False)


def named(folder: Path, name: str, login: Login) -> None:
    """As `kiro2chat login --name` keeps one."""
    members = {"accessToken": login.access_token, "refreshToken": login.refresh_token, "expiresAt": login.expires_at,
               "region": login.sso_region, "clientId": login.client_id, "clientSecret": login.client_secret}  # fmt: skip
    write_own(Settings(data_dir=folder), name, members)


def bearers(pair: Pair) -> list[str]:
    """Whose tokens the chats had that the backend saw."""
    seen = [each for each in pair.emulator.seen if each.path == "/generateAssistantResponse"]
    return [each.headers["authorization"].removeprefix("Bearer ") for each in seen]


def test_a_key_from_making_to_revoking(pair: Pair) -> None:
    body = {"name": "laptop", "models": ["claude-*"], "requests_per_minute": 50, "tokens_per_day": 10**9,
            "credits_per_month": 5.5, "expires_at": time.time() + 3600}  # fmt: skip
    made = call(pair, "POST", "/api/keys", body)
    assert made.status_code == 201, made.text
    secret, key = made.json()["secret"], made.json()["key"]
    assert {name: key[name] for name in body} == body
    assert ask(pair.url, secret).status_code == 200
    listed = call(pair, "GET", "/api/keys")
    assert secret not in listed.text
    ((used, shown),) = [(each.pop("used"), each) for each in listed.json()["keys"]]
    assert shown == key
    assert used["tokens_today"] > 0
    assert call(pair, "DELETE", f"/api/keys/{key['id']}").json()["key"] == key
    assert call(pair, "DELETE", f"/api/keys/{key['id']}").status_code == 404
    assert call(pair, "GET", "/api/keys").json() == {"keys": []}


WRONG: dict[str, tuple[Any, str, str]] = {
    "no object": ([], "object", ""),
    "no name": ({}, "name is missing", "name"),
    "a misspelt limit": ({"name": "x", "tokens_a_day": 5}, "is not known here; there are name, models", "tokens_a_day"),
    "no limit at all": ({"name": "x", "requests_per_minute": 0}, "at least 1", "requests_per_minute"),
    "credits below 0": ({"name": "x", "credits_per_month": -1}, "above 0", "credits_per_month"),
    "expired": ({"name": "x", "expires_at": 5}, "a time to come", "expires_at"),
    "models of no kind": ({"name": "x", "models": [1]}, "array of strings", "models"),
    "no model": ({"name": "x", "models": ["a b"]}, "is no model", "models"),
    "no such login": ({"name": "x", "login": "../etc"}, "No login is called", "login"),
}


@pytest.mark.parametrize(("body", "told", "field"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_a_key_is_said_and_none_is_made(pair: Pair, body: Any, told: str, field: str) -> None:
    refused = call(pair, "POST", "/api/keys", body)
    assert refused.status_code == 400
    assert told in refused.json()["error"]["message"]
    assert (refused.json()["error"]["param"] or "") == field
    assert call(pair, "GET", "/api/keys").json() == {"keys": []}


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/keys"), ("POST", "/api/keys"), ("DELETE", "/api/keys/x")])
def test_a_key_that_was_handed_out_makes_no_others(pair: Pair, method: str, path: str) -> None:
    secret = call(pair, "POST", "/api/keys", {"name": "handed out"}).json()["secret"]
    for headers, status in (({}, 401), ({"authorization": f"Bearer {secret}"}, 403)):
        assert call(pair, method, path, {"name": "more"}, headers).status_code == status
    assert len(call(pair, "GET", "/api/keys").json()["keys"]) == 1


def test_each_key_uses_the_login_that_it_names_and_no_other(pair: Pair, tmp_path: Path) -> None:
    logins = {name: pair.emulator.login("odic", 3600) for name in ("work", "home")}
    for name, login in logins.items():
        named(tmp_path, name, login)
    secrets = {
        name: call(pair, "POST", "/api/keys", {"name": f"for {name}", "login": name}).json()["secret"]
        for name in logins
    }
    for name in ("work", "home", "work"):
        assert ask(pair.url, secrets[name]).status_code == 200
    assert ask(pair.url, "sesame").status_code == 200
    assert bearers(pair)[:3] == [logins[name].access_token for name in ("work", "home", "work")]
    assert bearers(pair)[3].startswith("ksk_")
    assert [key["login"] for key in call(pair, "GET", "/api/keys").json()["keys"]] == ["work", "home"]


def test_a_login_whose_quota_is_used_up_is_not_replaced_by_another(pair: Pair, tmp_path: Path) -> None:
    named(tmp_path, "work", pair.emulator.login("odic", 3600, quota=0))
    secret = call(pair, "POST", "/api/keys", {"name": "x", "login": "work"}).json()["secret"]
    refused = ask(pair.url, secret)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "insufficient_quota")
    assert len(set(bearers(pair))) == 1
    (tmp_path / "logins" / "work.json").unlink()
    assert ask(pair.url, "sesame").status_code == 200


def test_a_key_whose_login_is_gone_says_which(pair: Pair, tmp_path: Path) -> None:
    named(tmp_path, "work", pair.emulator.login("odic", 3600))
    secret = call(pair, "POST", "/api/keys", {"name": "x", "login": "work"}).json()["secret"]
    (tmp_path / "logins" / "work.json").unlink()
    gone = ask(pair.url, secret)
    assert gone.status_code == 401
    assert "by the name 'work'. Run `kiro2chat login --name work`" in gone.json()["error"]["message"]
    assert bearers(pair) == []


def test_a_login_answers_only_so_many_at_a_time(tmp_path: Path) -> None:
    with gateway(Options(delay=0.02), LOGIN_CONCURRENCY="1", KIRO_FIRST_TOKEN_TIMEOUT="0.5", KIRO_ATTEMPTS="1") as pair:
        pair.emulator.inject("silence", seconds=5.0, after=6)
        body = {"model": "claude-sonnet-4.5", "stream": True, "messages": [{"role": "user", "content": "Hi."}]}
        url = f"{pair.url}/v1/chat/completions"
        with httpx.stream("POST", url, json=body, timeout=30, trust_env=False) as first:
            chunks = first.iter_raw()
            next(chunks)
            second = ask(pair.url)
        assert second.status_code == 429
        assert "LOGIN_CONCURRENCY" in second.json()["error"]["message"]


def test_a_login_used_by_the_settings_and_by_keys_has_one_cap(tmp_path: Path) -> None:
    login: dict[str, Any] = {
        "DATA_DIR": str(tmp_path),
        "HOME": str(tmp_path),
        "API_KEY": "sesame",
        "KIRO_LOGIN": "",
        "KIRO_API_KEY": "",
    }
    limits: dict[str, Any] = {"LOGIN_CONCURRENCY": "1", "KIRO_FIRST_TOKEN_TIMEOUT": "0.5", "KIRO_ATTEMPTS": "1"}
    with gateway(Options(delay=0.02), **login, **limits) as pair:
        named(tmp_path, "default", pair.emulator.login("odic", 3600))
        secret = call(pair, "POST", "/api/keys", {"name": "x", "login": "default"}).json()["secret"]
        pair.emulator.inject("silence", seconds=5.0, after=6)
        body = {"model": "claude-sonnet-4.5", "stream": True, "messages": [{"role": "user", "content": "Hi."}]}
        url = f"{pair.url}/v1/chat/completions"
        with httpx.stream("POST", url, json=body, headers=ADMIN, timeout=30, trust_env=False) as first:
            chunks = first.iter_raw()
            next(chunks)
            second = ask(pair.url, secret)
        assert (second.status_code, "LOGIN_CONCURRENCY" in second.text) == (429, True)
        assert len(bearers(pair)) == 1


def test_the_plan_of_a_login_that_keys_use_can_be_seen(pair: Pair, tmp_path: Path) -> None:
    named(tmp_path, "work", pair.emulator.login("odic", 3600))
    pair.emulator.inject("suspended", on="control")
    refused = call(pair, "GET", "/api/usage?login=work")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "login_forbidden")
    assert call(pair, "GET", "/api/usage?login=work").json()["plan"]
    unknown = call(pair, "GET", "/api/usage?login=wrok")
    assert (unknown.status_code, unknown.json()["error"]["param"]) == (400, "login")
