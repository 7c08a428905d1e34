"""mcp.json over HTTP: shown without secrets, checked, tried out beside what runs, saved whole or not at all."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.gateways import Pair, gateway

ADMIN = {"authorization": "Bearer sesame"}
SERVER = Path(sys.prefix) / "mcp-servers" / "bin" / "mcp-server-time"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with gateway(DATA_DIR=str(tmp_path / "data"), HOME=str(tmp_path), API_KEY="sesame") as served:
        yield served


def call(pair: Pair, method: str, path: str, body: Any = None, headers: dict[str, str] = ADMIN) -> httpx.Response:
    return httpx.request(method, f"{pair.url}{path}", json=body, headers=headers, timeout=60, trust_env=False)


def text(**servers: Any) -> str:
    return json.dumps({"mcpServers": servers}, indent=2)


def test_secrets_can_be_written_kept_and_never_read(pair: Pair, tmp_path: Path) -> None:
    path = tmp_path / ".kiro" / "settings" / "mcp.json"
    written = text(
        web={"url": "https://a.example/mcp", "headers": {"Authorization": "Bearer s3cret", "X-Known": "${KNOWN}"}},
        local={"command": "x", "env": {"TOKEN": "t0ken"}},
    )
    assert call(pair, "PUT", "/api/mcp", {"file": "user", "text": written}).status_code == 200
    assert "s3cret" in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o600
    told = call(pair, "GET", "/api/mcp")
    assert "s3cret" not in told.text
    assert "t0ken" not in told.text
    shown = told.json()["files"]["user"]["text"]
    assert "${KNOWN}" in shown
    assert told.json()["files"]["workspace"] == {
        "path": str(tmp_path / "data" / "workspace" / ".kiro" / "settings" / "mcp.json"),
        "text": None, "version": "", "problems": [],
    }  # fmt: skip
    changed = shown.replace("a.example", "b.example")
    assert call(pair, "PUT", "/api/mcp", {"file": "user", "text": changed}).status_code == 200
    kept = json.loads(path.read_text(encoding="utf-8"))["mcpServers"]
    assert kept["web"] == {
        "url": "https://b.example/mcp",
        "headers": {"Authorization": "Bearer s3cret", "X-Known": "${KNOWN}"},
    }
    assert kept["local"]["env"] == {"TOKEN": "t0ken"}


def test_secrets_in_addresses_and_arguments_are_kept_too(pair: Pair, tmp_path: Path) -> None:
    path = tmp_path / ".kiro" / "settings" / "mcp.json"
    web = {"url": "https://me:s3cret@a.example/mcp?key=s3cret&plain=${PLAIN}&more=s3cret2"}
    args = ["-y", "tool", "--api-key=s3cret", "--token", "s3cret3", "--verbose", "TOKEN=s3cret", "https://h/?k=s3cret",
            "--header", "Authorization: Bearer s3cret", "--secret", "${SECRET}"]  # fmt: skip
    local = {"command": "npx", "args": args}
    assert call(pair, "PUT", "/api/mcp", {"file": "user", "text": text(web=web, local=local)}).status_code == 200
    told = call(pair, "GET", "/api/mcp")
    assert "s3cret" not in told.text
    shown = json.loads(told.json()["files"]["user"]["text"])["mcpServers"]
    assert shown["web"]["url"] == "https://***@a.example/mcp?key=***&plain=${PLAIN}&more=***"
    assert shown["local"]["args"] == [
        "-y", "tool", "--api-key=***", "--token", "***", "--verbose", "TOKEN=***", "https://h/?k=***",
        "--header", "Authorization: ***", "--secret", "${SECRET}",
    ]  # fmt: skip
    shown["web"]["url"] = "https://***@b.example/mcp?more=***&key=***&new=1"
    shown["local"]["args"] = ["--new", *shown["local"]["args"][2:]]
    assert call(pair, "PUT", "/api/mcp", {"file": "user", "text": text(**shown)}).status_code == 200
    kept = json.loads(path.read_text(encoding="utf-8"))["mcpServers"]
    assert kept["web"]["url"] == "https://me:s3cret@b.example/mcp?more=s3cret2&key=s3cret&new=1"
    assert kept["local"]["args"] == ["--new", *args[2:]]
    shown["local"]["args"] = ["--password", "***"]
    refused = call(pair, "PUT", "/api/mcp", {"file": "user", "text": text(**shown)})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "mcpServers.local.args.1")


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ({"args": ["--config", '{"apiKey":"s3cret-1"}']}, ["--config", '{"apiKey":"***"}']),
        ({"args": ["-c", "export API_TOKEN=s3cret; exec x"]}, ["-c", "export API_TOKEN=***; exec x"]),
        ({"args": ["--dsn", "Server=db;Password=s3cret"]}, ["--dsn", "Server=db;Password=***"]),
        ({"args": ["--token", "-s3cret"]}, ["--token", "***"]),
        ({"args": ["--token", "--debug", "x"]}, ["--token", "--debug", "x"]),
        ({"url": "https://h.example/api/s3cret0123456789/mcp?a=1"}, "https://h.example/api/***/mcp?a=***"),
    ],
)
def test_secrets_in_the_midst_of_things_come_back_as_they_were(
    pair: Pair, tmp_path: Path, entry: dict[str, Any], shown: Any
) -> None:
    entry = entry if "url" in entry else {"command": "x", **entry}
    path = tmp_path / ".kiro" / "settings" / "mcp.json"
    assert call(pair, "PUT", "/api/mcp", {"file": "user", "text": text(a=entry)}).status_code == 200
    told = call(pair, "GET", "/api/mcp")
    assert "s3cret" not in told.text
    (found,) = json.loads(told.json()["files"]["user"]["text"])["mcpServers"].values()
    assert found.get("url") == shown or found.get("args") == shown
    assert call(pair, "PUT", "/api/mcp", {"file": "user", "text": text(a=found)}).status_code == 200
    assert json.loads(path.read_text(encoding="utf-8"))["mcpServers"]["a"] == entry


def test_who_looked_at_an_older_file_does_not_write_over_a_newer_one(pair: Pair, tmp_path: Path) -> None:
    def version() -> str:
        found: str = call(pair, "GET", "/api/mcp").json()["files"]["user"]["version"]
        return found

    def save(name: str, seen: str) -> httpx.Response:
        entry = {name: {"command": "x"}}
        return call(pair, "PUT", "/api/mcp", {"file": "user", "text": text(**entry), "version": seen})

    assert save("first", version()).status_code == 200
    seen = version()
    assert save("second", seen).status_code == 200
    late = save("third", seen)
    assert (late.status_code, late.json()["error"]["code"]) == (409, "conflict")
    assert "second" in (tmp_path / ".kiro" / "settings" / "mcp.json").read_text(encoding="utf-8")
    assert save("third", "").status_code == 409


WRONG: dict[str, tuple[Any, str, str]] = {
    "no file of that name": ({"file": "other", "text": "{}"}, "must be one of user, workspace", "file"),
    "a misspelt wish": ({"file": "user", "text": "{}", "dryrun": True}, "is not known here; there are file", "dryrun"),
    "no text": ({"file": "user"}, "text is missing", "text"),
    "no JSON": ({"file": "user", "text": '{\n  "mcpServers": {,}\n}'}, "2:", "text"),
    "a misspelt member": (
        {"file": "user", "text": text(a={"command": "x", "disabledTool": []})}, "disabledTool", "mcpServers.a.disabledTool",
    ),
    "a mask without a value": (
        {"file": "user", "text": text(a={"command": "x", "env": {"T": "***"}})}, "no value for it", "mcpServers.a.env.T",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "told", "field"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_named_and_nothing_changes(pair: Pair, tmp_path: Path, body: Any, told: str, field: str) -> None:
    path = tmp_path / ".kiro" / "settings" / "mcp.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}", encoding="utf-8")
    refused = call(pair, "PUT", "/api/mcp", body)
    assert refused.status_code == 400, refused.text
    assert told in refused.json()["error"]["message"]
    assert refused.json()["error"]["param"] == field
    assert path.read_text(encoding="utf-8") == "{}"


def test_a_dry_run_says_what_is_wrong_by_line_and_writes_nothing(pair: Pair, tmp_path: Path) -> None:
    body = {"file": "user", "text": text(a={"command": "x"}, b={"command": 5}), "dry_run": True}
    (problem,) = call(pair, "PUT", "/api/mcp", body).json()["problems"]
    assert (problem["server"], problem["member"], problem["line"]) == ("b", "mcpServers.b.command", 7)
    assert not (tmp_path / ".kiro").exists()


def test_lines_are_those_of_the_text_as_it_was_typed(pair: Pair) -> None:
    """Also where secrets are put back into it, which writes it in another form."""
    call(pair, "PUT", "/api/mcp", {"file": "user", "text": text(a={"command": "x", "env": {"T": "s3cret"}})})
    typed = '{"mcpServers": {"a": {"command": "x", "env": {"T": "***"}},\n\n"b": {"command": 5}}}'
    body = {"file": "user", "text": typed, "dry_run": True}
    (problem,) = call(pair, "PUT", "/api/mcp", body).json()["problems"]
    assert problem["line"] == 3


def test_servers_are_tried_out_and_then_used(pair: Pair) -> None:
    body = {"file": "user", "text": text(time={"command": str(SERVER)}, broken={"command": "/nonexistent/x"})}
    broken, good = call(pair, "POST", "/api/mcp/try", body).json()["servers"]
    assert (good["name"], good["state"], good["tools"]) == ("time", "ready", 2)
    assert (broken["state"], "cannot be started" in broken["error"]) == ("failed", True)
    assert call(pair, "GET", "/v1/agent/tools").json()["servers"] == []
    call(pair, "PUT", "/api/mcp", body)
    reloaded = call(pair, "POST", "/v1/agent/reload").json()
    assert sorted(reloaded["started"]) == ["broken", "time"]
    tools = call(pair, "GET", "/v1/agent/tools").json()["tools"]
    assert {"get_current_time", "convert_time"} <= {tool["name"] for tool in tools if tool["source"] == "time"}


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/mcp"), ("PUT", "/api/mcp"), ("POST", "/api/mcp/try")])
def test_it_names_programs_so_only_the_administrator_may(pair: Pair, method: str, path: str) -> None:
    secret = call(pair, "POST", "/api/keys", {"name": "handed out"}).json()["secret"]
    for headers, status in (({}, 401), ({"authorization": f"Bearer {secret}"}, 403)):
        assert call(pair, method, path, {"file": "user", "text": "{}"}, headers).status_code == status
