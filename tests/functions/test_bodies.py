"""What was asked and answered, kept where JOURNAL_BODIES says so: who may read it, what is left out, and when it goes."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.functions.test_cli import serving
from tests.functions.test_journal import PATHS, get, send, told
from tests.gateways import Pair, gateway
from tests.keyed import made
from tests.openai_bodies import PIXEL

from kiro2chat_core.sessions import Sessions
from kiro2chat_core.store.opening import store_at
from kiro2chat_functions.emulator import Reply

ADMIN = {"authorization": "Bearer sesame"}


def kept(pair: Pair, id: str) -> Any:
    return told(pair, f"/api/requests/{id}", **ADMIN)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("dialect", PATHS)
def test_a_record_keeps_what_was_said_where_it_is_to(dialect: str, stream: bool) -> None:
    with gateway(API_KEY="sesame", JOURNAL_BODIES="true") as pair:
        pair.emulator.script(Reply("ANSWER-4711"))
        answer = send(pair, dialect, "PROMPT-4711", ADMIN, stream=stream, user="me")
        found = kept(pair, answer.headers["x-request-id"])
        listed = get(pair, "/api/requests", **ADMIN)
        shown = get(pair, f"/api/requests/{found['request']['id']}", **ADMIN)
    assert found["request"] == listed.json()["requests"][0]
    assert found["request"]["path"] == PATHS[dialect]
    asked = found["said"]["asked"]
    assert (asked["user"], asked["stream"], asked["model"]) == ("me", stream, "claude-sonnet-4.5")
    assert "PROMPT-4711" in str(asked)
    assert found["said"]["answered"] == {"text": "ANSWER-4711", "reasoning": "", "calls": []}
    assert "4711" not in listed.text
    assert shown.headers["cache-control"] == "no-store"


def test_errors_and_calls_and_what_came_before_a_break_are_kept_too() -> None:
    call = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
    with gateway(API_KEY="sesame", JOURNAL_BODIES="true", KIRO_ATTEMPTS="1", KIRO_IDLE_TIMEOUT="0.3") as pair:
        pair.emulator.inject("silence", seconds=3, after=6)
        broken = send(pair, "chat", headers=ADMIN, stream=True)
        wrong = send(pair, "chat", headers=ADMIN, tools=[call], messages=[{"role": "clown", "content": "x"}])
        ids = [response.headers["x-request-id"] for response in (broken, wrong)]
        cut, refused = (kept(pair, id)["said"] for id in ids)
    assert cut["answered"]["text"]
    assert cut["answered"]["error"]["code"] == "backend_timeout"
    assert refused["asked"]["tools"] == [call]
    assert "clown" in refused["answered"]["error"]["message"]


def test_files_credentials_and_length_are_left_out(tmp_path: Path) -> None:
    picture = f"data:image/png;base64,{PIXEL}"
    parts = [{"type": "text", "text": "字" * 90_000 + "END"}, {"type": "image_url", "image_url": {"url": picture}}]
    server = {"type": "mcp", "server_label": "x", "authorization": "SECRET-1", "headers": {"x-token": "SECRET-2"}}
    with gateway(DATA_DIR=str(tmp_path), API_KEY="sesame", JOURNAL_BODIES="true") as pair:
        login = pair.emulator.login("api-key").access_token
        history = [{"role": ("user", "assistant")[at % 2], "content": f"turn {at} " + "x" * 500} for at in range(600)]
        answer = send(pair, "chat", headers=ADMIN, messages=[*history, {"role": "user", "content": parts}],
                      metadata={"password": "SECRET-3"}, mcp_servers=[server])  # fmt: skip
        asked = kept(pair, answer.headers["x-request-id"])["said"]["asked"]
        stored = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert answer.status_code == 200, answer.text
    text, image = asked["messages"][-1]["content"]
    assert text["text"].startswith("字")
    assert text["text"].endswith("END")
    assert "characters left out" in text["text"]
    assert image["image_url"]["url"] == f"data:image/png;base64,… {len(PIXEL)} characters of base64"
    assert "turn 599" in asked["messages"][-2]["content"]
    assert any(isinstance(each, str) and each.endswith("left out") for each in asked["messages"])
    assert asked["mcp_servers"][0]["server_label"] == "x"
    for secret in ("SECRET", "sesame", login, PIXEL):
        assert secret.encode() not in stored
    assert len(str(asked).encode()) < 80_000


def test_only_who_administers_may_read_it(tmp_path: Path) -> None:
    with gateway(DATA_DIR=str(tmp_path), API_KEY="sesame", JOURNAL_BODIES="true") as pair:
        id = send(pair, "chat", headers=ADMIN).headers["x-request-id"]
        _key, text = made(tmp_path, clock=time.time)
        assert get(pair, f"/api/requests/{id}").status_code == 401
        assert get(pair, f"/api/requests/{id}", authorization=f"Bearer {text}").status_code == 403
        assert get(pair, f"/api/requests/{id}", **ADMIN, origin="https://evil.example").status_code == 403
        assert get(pair, f"/api/requests/{id}", **ADMIN).status_code == 200


def test_without_any_key_it_takes_a_session(tmp_path: Path) -> None:
    async def opened() -> str:
        store = store_at(f"sqlite://{tmp_path}/store.sqlite3")
        try:
            sessions = Sessions(store, time.time)
            session = await sessions.open(await sessions.link())
            assert session is not None
            return session.cookie.reveal()
        finally:
            await store.aclose()

    with gateway(DATA_DIR=str(tmp_path), JOURNAL_BODIES="true") as pair:
        id = send(pair, "chat").headers["x-request-id"]
        assert get(pair, "/api/requests").status_code == 200
        name = f"kiro2chat_session_{httpx.URL(pair.url).port}"
        for headers in ({}, {"authorization": "Bearer unused"}, {"cookie": f"{name}=guessed"}):
            assert get(pair, f"/api/requests/{id}", **headers).status_code == 401
        cookie = f"{name}={asyncio.run(opened())}"
        assert get(pair, f"/api/requests/{id}", cookie=cookie).json()["said"]["asked"]["messages"]


def test_single_records_are_found_without_bodies_and_what_is_not_there_is_told() -> None:
    with gateway(API_KEY="sesame") as pair:
        ids = [send(pair, dialect, headers=ADMIN).headers["x-request-id"] for dialect in PATHS]
        ids += [send(pair, "chat", headers=ADMIN, model=7).headers["x-request-id"]]
        for id in ids:
            found = kept(pair, id)
            assert (found["request"]["id"], found["said"]) == (id, None)
        refused = send(pair, "chat", "x", {"authorization": "Bearer wrong"}).headers["x-request-id"]
        for id in (refused, "nobody", ids[0][:-1], "chatcmpl-" + "f" * 32, "msg_" + "0" * 32):
            missing = get(pair, f"/api/requests/{id}", **ADMIN)
            assert missing.status_code == 404
            assert "kept for 30 days (JOURNAL_DAYS)" in missing.json()["error"]["message"]
        assert get(pair, f"/api/requests/{ids[0]}?full=1", **ADMIN).status_code == 400
    with gateway(API_KEY="sesame", JOURNAL_DAYS="0", JOURNAL_BODIES="true") as pair:
        id = send(pair, "chat", headers=ADMIN).headers["x-request-id"]
        assert "no records are kept" in get(pair, f"/api/requests/{id}", **ADMIN).json()["error"]["message"]


@pytest.mark.parametrize("days", ["7", "0"])
def test_a_server_says_at_its_start_that_bodies_are_kept(tmp_path: Path, days: str) -> None:
    with serving(tmp_path, "--demo", JOURNAL_BODIES="true", JOURNAL_DAYS=days) as (server, url, _printed):
        assert httpx.get(f"{url}/health", trust_env=False, timeout=30).status_code == 200  # it has said all by then
        server.terminate()
        assert server.stdout is not None
        more = server.stdout.read()
    assert ("what is asked and answered is kept for 7 days (JOURNAL_BODIES)" in more) is (days == "7")
