"""Administration over a real socket: who may, what is shown, what is saved, and that no secret ever comes back."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.gateways import STRICT, Pair, gateway

from kiro2chat_core import config_file, settings_zh
from kiro2chat_core.sessions import Sessions
from kiro2chat_core.settings import variables
from kiro2chat_core.store.opening import store_at

ADMIN = {"authorization": "Bearer sesame"}
TOKEN = "x-kiro2chat-token"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, Any]:
    return {
        "HOME": str(tmp_path),
        "KIRO2CHAT_CONFIG": str(tmp_path / "config.toml"),
        "DATA_DIR": str(tmp_path / "data"),
    }


@pytest.fixture
def pair(home: dict[str, Any]) -> Iterator[Pair]:
    with gateway(STRICT, **home, API_KEY="sesame") as served:
        yield served


@pytest.fixture
def open_pair(home: dict[str, Any]) -> Iterator[Pair]:
    with gateway(STRICT, **home) as served:
        yield served


def call(pair: Pair, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    return httpx.request(method, f"{pair.url}{path}", json=body, headers=headers, timeout=30, trust_env=False)


def link(home: dict[str, str]) -> str:
    """A link's token, as `serve` makes it."""

    async def made() -> str:
        store = store_at(f"sqlite://{home['DATA_DIR']}/store.sqlite3")
        try:
            return (await Sessions(store, time.time).link()).reveal()
        finally:
            await store.aclose()

    return asyncio.run(made())


def test_the_admin_key_sees_settings_without_secrets(pair: Pair) -> None:
    told = call(pair, "GET", "/api/settings", **ADMIN).json()
    assert told["settings"]["api_key"] == {
        "value": "***", "source": "env", "variable": "API_KEY", "secret": True, "editable": False,
        "next": None,
    }  # fmt: skip
    assert told["settings"]["port"]["source"] == "default"
    assert told["schema"]["properties"]["port"]["maximum"] == 65_535
    assert "sesame" not in str(told)


@pytest.mark.parametrize("path", ["/api/settings", "/api/login", "/api/usage", "/api/stats", "/api/requests"])
def test_without_the_key_nothing_is_shown(pair: Pair, path: str) -> None:
    assert call(pair, "GET", path).status_code == 401
    assert call(pair, "GET", path, authorization="Bearer open").status_code == 401
    assert call(pair, "GET", path, cookie=f"kiro2chat_session_{httpx.URL(pair.url).port}=guessed").status_code == 401
    assert call(pair, "GET", path, **ADMIN).status_code == 200


def test_on_loopback_without_a_key_numbers_are_shown_and_settings_are_not(open_pair: Pair) -> None:
    assert call(open_pair, "GET", "/api/stats").status_code == 200
    for path in ("/api/settings", "/api/login", "/api/usage"):
        told = call(open_pair, "GET", path)
        assert told.status_code == 401
        assert "Open the link" in told.json()["error"]["message"]


def test_servers_on_two_ports_do_not_put_each_others_administrator_out(tmp_path: Path) -> None:
    """One browser has one jar of cookies for all ports of a host."""
    with ExitStack() as stack, httpx.Client(trust_env=False, timeout=30) as browser:
        pairs = []
        for name in ("one", "two"):
            folder = tmp_path / name
            folder.mkdir()
            pairs.append(stack.enter_context(gateway(DATA_DIR=str(folder), HOME=str(folder))))
            opened = browser.post(f"{pairs[-1].url}/api/session", json={"link": link({"DATA_DIR": str(folder)})})
            assert opened.status_code == 200
        assert [browser.get(f"{pair.url}/api/settings").status_code for pair in pairs] == [200, 200]


def test_a_link_opens_a_session_once(open_pair: Pair, home: dict[str, str]) -> None:
    token = link(home)
    opened = call(open_pair, "POST", "/api/session", {"link": token})
    assert opened.status_code == 200
    cookie = opened.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/api", "Max-Age=2592000"))
    assert call(open_pair, "POST", "/api/session", {"link": token}).status_code == 401
    kept = {"cookie": cookie.partition(";")[0]}
    assert call(open_pair, "GET", "/api/settings", **kept).status_code == 200
    change = {"changes": {"keepalive": 5}}
    assert call(open_pair, "PUT", "/api/settings", change, **kept).status_code == 403
    assert call(open_pair, "PUT", "/api/settings", change, **kept, **{TOKEN: "guessed"}).status_code == 403
    assert call(open_pair, "PUT", "/api/settings", change, **kept, **{TOKEN: opened.json()["token"]}).status_code == 200
    handed = call(open_pair, "POST", "/api/keys", {"name": "x"}, **kept, **{TOKEN: opened.json()["token"]})
    both = kept | {"authorization": f"Bearer {handed.json()['secret']}"}
    assert call(open_pair, "GET", "/api/settings", **both).status_code == 200
    assert call(open_pair, "PUT", "/api/settings", change, **both).status_code == 403
    closed = call(open_pair, "DELETE", "/api/session", **kept, **{TOKEN: opened.json()["token"]})
    assert closed.status_code == 204
    assert call(open_pair, "GET", "/api/settings", **kept).status_code == 401


def test_saving_shows_the_difference_and_writes_the_file(pair: Pair, home: dict[str, str]) -> None:
    path = Path(home["KIRO2CHAT_CONFIG"])
    path.write_text("# mine\nkeepalive = 3.0\n", encoding="utf-8")
    changes = {
        "keepalive": None,
        "port": 9000,
        "kiro_optout": False,
        "allowed_hosts": ["a.example"],
        "kiro_api_key": "ksk_x",
    }
    del changes["kiro_api_key"]  # the environment holds it
    dry = call(pair, "PUT", "/api/settings", {"changes": changes, "dry_run": True}, **ADMIN)
    assert dry.json()["diff"]["allowed_hosts"] == {"from": "-", "to": "a.example"}
    assert dry.json()["diff"]["keepalive"]["to"] == "10"
    assert dry.json()["restart"] is False
    assert path.read_text(encoding="utf-8") == "# mine\nkeepalive = 3.0\n"
    told = call(pair, "PUT", "/api/settings", {"changes": changes | {"kiro_refresh_token": "aorSecret"}}, **ADMIN)
    assert told.status_code == 200, told.text
    assert told.json()["restart"] is True
    assert told.json()["diff"]["port"] == {"from": "8000", "to": "9000"}
    assert told.json()["diff"]["kiro_refresh_token"]["to"] == "***"
    assert "aorSecret" not in told.text
    assert path.read_text(encoding="utf-8").startswith("# mine\n")
    assert 'kiro_refresh_token = "aorSecret"' in path.read_text(encoding="utf-8")


WRONG: dict[str, tuple[Any, str]] = {
    "no object": ([], "object"),
    "no changes": ({}, "changes is missing"),
    "an unknown setting": ({"changes": {"prot": 1}}, "There is no setting 'prot'"),
    "a value that cannot be": ({"changes": {"port": "many"}}, "port cannot be used"),
    "a dry run of a value that cannot be": ({"changes": {"port": "many"}, "dry_run": True}, "port cannot be used"),
    "a variable that the environment owns": ({"changes": {"API_KEY": "x"}}, "set by the environment (API_KEY)"),
    "a value of no kind": ({"changes": {"port": {}}}, "changes.port must be"),
    "a setting twice": ({"changes": {"PORT": 9001, "port": 9002}}, "changes.port is port again"),
    "an array of what is no word": ({"changes": {"cors_origins": ["a,b"]}}, "strings without commas"),
    "no store": ({"changes": {"store_url": "postgres://u:pw@h/x"}, "dry_run": True}, "store_url cannot be used"),
    "no name of a login": ({"changes": {"login_name": "../x"}}, "login_name cannot be used"),
    "an empty secret": ({"changes": {"kiro_refresh_token": ""}}, "kiro_refresh_token cannot be used"),
    "a misspelt member": (
        {"changes": {"port": 9000}, "dryrun": True},
        "dryrun is not known here; there are changes, dry_run",
    ),
    "a store where none can be": ({"changes": {"store_url": "sqlite:///proc/x/s"}}, "nothing can be kept in /proc/x"),
    "a store that is none": ({"changes": {"store_url": "sqlite:///dev/null"}}, "/dev/null is not a file"),
    "the same tried out": ({"changes": {"store_url": "sqlite:///proc/x/s"}, "dry_run": True}, "nothing can be kept"),
    "what the environment owns": ({"changes": {"api_key": "x"}}, "set by the environment (API_KEY)"),
}


@pytest.mark.parametrize(("body", "told"), WRONG.values(), ids=WRONG)
def test_a_bad_save_changes_nothing(pair: Pair, home: dict[str, str], body: Any, told: str) -> None:
    refused = call(pair, "PUT", "/api/settings", body, **ADMIN)
    assert refused.status_code == 400
    assert told in refused.json()["error"]["message"]
    assert "pw@" not in refused.text
    assert not Path(home["KIRO2CHAT_CONFIG"]).exists()


def test_a_folder_for_data_is_tried_and_nothing_of_it_stays(tmp_path: Path) -> None:
    with gateway(STRICT, HOME=str(tmp_path), DATA_DIR="", API_KEY="sesame") as pair:
        for folder, status in (("/proc/x", 400), (str(tmp_path / "new" / "data"), 200)):
            for dry_run in (True, False):
                body = {"changes": {"data_dir": folder}, "dry_run": dry_run}
                told = call(pair, "PUT", "/api/settings", body, **ADMIN)
                assert told.status_code == status
                assert status == 200 or told.json()["error"]["param"] == "changes.data_dir"
    assert not (tmp_path / "new").exists()


def test_others_are_answered_while_somebody_else_writes_the_file(pair: Pair, home: dict[str, str]) -> None:
    with ThreadPoolExecutor() as pool:
        with config_file.locked(Path(home["KIRO2CHAT_CONFIG"])):
            saving = pool.submit(call, pair, "PUT", "/api/settings", {"changes": {"keepalive": 5}}, **ADMIN)
            for _ in range(5):
                assert httpx.get(f"{pair.url}/health", timeout=5, trust_env=False).status_code == 200
            assert not saving.done() or saving.result().status_code == 409, "it has waited too long for the other"
        assert saving.result().status_code in (200, 409)


def test_who_looked_at_an_older_file_does_not_write_over_a_newer_one(pair: Pair, home: dict[str, str]) -> None:
    seen = call(pair, "GET", "/api/settings", **ADMIN).json()["version"]
    first = call(pair, "PUT", "/api/settings", {"changes": {"port": 9001}, "version": seen}, **ADMIN)
    assert first.status_code == 200, first.text
    second = call(pair, "PUT", "/api/settings", {"changes": {"keepalive": 9}, "version": seen}, **ADMIN)
    assert (second.status_code, second.json()["error"]["code"]) == (409, "conflict")
    assert Path(home["KIRO2CHAT_CONFIG"]).read_text(encoding="utf-8") == "port = 9001\n"
    seen = call(pair, "GET", "/api/settings", **ADMIN).json()["version"]
    third = call(pair, "PUT", "/api/settings", {"changes": {"keepalive": 9}, "version": seen}, **ADMIN)
    assert third.status_code == 200


def test_every_setting_is_told_in_chinese_too(pair: Pair) -> None:
    told = call(pair, "GET", "/api/settings", **ADMIN).json()["schema"]["properties"]
    for name, schema in told.items():
        assert re.search("[\u4e00-\u9fff]", schema["description_zh"]), name
        assert ("shown" in schema) == ("shown_zh" in schema), name
    assert set(settings_zh.HELP) == {variable for _name, variable in variables()}
    assert set(settings_zh.SHOWN) <= {schema.get("shown") for schema in told.values()} | {"none"}


def test_what_settings_are_together_is_told_by_the_one_that_changed(open_pair: Pair, home: dict[str, str]) -> None:
    opened = call(open_pair, "POST", "/api/session", {"link": link(home)})
    sent = {"cookie": opened.headers["set-cookie"].split(";")[0], TOKEN: opened.json()["token"]}
    refused = call(open_pair, "PUT", "/api/settings", {"changes": {"HOST": "0.0.0.0"}}, **sent)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "changes.host")


def test_the_limit_that_is_told_is_the_one_that_holds(pair: Pair) -> None:
    refused = call(pair, "PUT", "/api/settings", {"changes": {"host": "x" * (2 << 20)}}, **ADMIN)
    assert refused.status_code == 413
    assert refused.json()["error"]["message"] == "The request body is larger than 1048576 bytes."


def test_the_login_and_the_plan(pair: Pair) -> None:
    told = call(pair, "GET", "/api/login", **ADMIN).json()
    assert told["login"]["kind"] == "api-key"
    assert len(told["login"]["token"]) < 9
    assert told["next"] == ""
    plan = call(pair, "GET", "/api/usage", **ADMIN).json()
    assert plan["allowances"][0]["left"] > 0
    assert plan["plan"]


def test_any_word_will_do_instead_of_a_key_where_none_is_needed(open_pair: Pair) -> None:
    assert call(open_pair, "GET", "/api/stats", authorization="Bearer unused").status_code == 200
    assert call(open_pair, "GET", "/api/settings", authorization="Bearer unused").status_code == 401


def test_what_is_saved_waits_for_the_next_start_and_is_shown_so(pair: Pair, home: dict[str, Any]) -> None:
    def shown() -> dict[str, Any]:
        told: dict[str, Any] = call(pair, "GET", "/api/settings", **ADMIN).json()
        return told

    assert [each["next"] for each in shown()["settings"].values() if each["next"]] == []
    assert call(pair, "PUT", "/api/settings", {"changes": {"keepalive": 5}}, **ADMIN).status_code == 200
    keepalive = shown()["settings"]["keepalive"]
    assert (keepalive["value"], keepalive["next"]) == ("10", {"value": "5", "source": "file"})
    Path(home["KIRO2CHAT_CONFIG"]).write_text("keepalive = [", encoding="utf-8")
    told = shown()
    assert "not valid TOML" in told["problem"]
    assert told["settings"]["keepalive"]["next"] is None


def test_every_setting_has_a_group(pair: Pair) -> None:
    properties = call(pair, "GET", "/api/settings", **ADMIN).json()["schema"]["properties"]
    groups = {name: each["group"] for name, each in properties.items()}
    assert {groups[name] for name in ("host", "api_key", "keepalive")} == {"server"}
    assert {groups[name] for name in ("kiro_api_key", "kiro_login", "login_name", "kiro_cli", "kiro_client_id")} == {
        "login"
    }
    assert {groups[name] for name in ("kiro_endpoint", "model_efforts")} == {"kiro"}
    assert groups["agent_tools"] == "agent"
    assert groups["journal_days"] == "data"


def test_a_review_tells_what_the_file_has_by_now_and_not_what_this_server_began_with(
    pair: Pair, home: dict[str, Any]
) -> None:
    shown = call(pair, "GET", "/api/settings", **ADMIN).json()
    Path(home["KIRO2CHAT_CONFIG"]).write_text("keepalive = 33\n", encoding="utf-8")
    change = {"changes": {"keepalive": 15}, "dry_run": True}
    assert call(pair, "PUT", "/api/settings", change, **ADMIN).json()["diff"] == {
        "keepalive": {"from": "33", "to": "15"}
    }
    again = call(pair, "GET", "/api/settings", **ADMIN).json()["version"]
    assert call(pair, "PUT", "/api/settings", change | {"version": again}, **ADMIN).status_code == 200
    assert shown["version"] != again
    stale = call(pair, "PUT", "/api/settings", change | {"version": shown["version"] or "none"}, **ADMIN)
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "conflict")
