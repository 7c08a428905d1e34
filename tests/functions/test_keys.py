"""Keys that are handed out, through real sockets: who gets in, what they may use, and what is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest
from tests.gateways import Pair, gateway
from tests.keyed import ASKS, MIDDAY, MODEL, Clock, ask, made, with_keys

from kiro2chat_core.store.opening import NAME
from kiro2chat_functions.emulator import Reply

KINDS = {401: ("authentication_error", "authentication_error"), 403: ("permission_error", "permission_error"),
         429: ("rate_limit_error", "rate_limit_error"), 503: ("server_error", "api_error")}  # fmt: skip
UNKNOWN = "k2c_" + "A" * 43


@dataclass
class House:
    pair: Pair
    folder: Path
    clock: Clock

    def key(self, **given: Any) -> str:
        return made(self.folder, **given)[1]

    def ask(self, key: str = "", path: str = "/v1/chat/completions", **fields: Any) -> httpx.Response:
        return ask(self.pair.url, key, path, **fields)

    def get(self, path: str, key: str = "", **headers: str) -> httpx.Response:
        given = headers | ({"x-api-key": key} if key else {})
        return httpx.get(f"{self.pair.url}{path}", headers=given, timeout=30, trust_env=False)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """With one key from the start, and API_KEY."""
    folder, clock = tmp_path_factory.mktemp("data"), Clock()
    with gateway(clock=clock, DATA_DIR=str(folder), API_KEY="sesame") as pair:
        yield House(pair, folder, clock)


def refused(response: httpx.Response, status: int, path: str) -> str:
    """The message of an error that has the form of the path's dialect."""
    assert response.status_code == status, response.text
    body = response.json()
    kinds = KINDS[status]
    if path == "/v1/messages":
        assert body["type"] == "error"
    assert body["error"]["type"] == kinds[path == "/v1/messages"]
    return str(body["error"]["message"])


@pytest.mark.parametrize("path", ASKS)
def test_a_key_opens_every_dialect(house: House, path: str) -> None:
    key = house.key()
    assert house.ask(key, path).status_code == 200
    assert house.ask(key, path, stream=True).status_code == 200
    assert house.ask("sesame", path).status_code == 200


@pytest.mark.parametrize("path", ASKS)
def test_wrong_keys_are_all_told_the_same(house: House, path: str) -> None:
    key = house.key()
    other = key[:-1] + ("A" if key[-1] != "A" else "B")
    wrong = (UNKNOWN, other, key[:-1], key + "A", key.upper(), "k2c_", "sk-other", "sesam", "é" * 47, "k2c_" + "/" * 43)
    told = set()
    for given in wrong:
        response = httpx.post(
            f"{house.pair.url}{path}", json=ASKS[path], headers={b"authorization": b"Bearer " + given.encode()},
            timeout=30, trust_env=False,
        )  # fmt: skip
        told.add(
            (refused(response, 401, path), response.headers["www-authenticate"], "x-should-retry" in response.headers)
        )
    assert len(told) == 1
    assert "missing" in refused(house.ask("", path), 401, path)


@pytest.mark.parametrize("path", ASKS)
def test_an_expired_key_is_told_when(house: House, path: str) -> None:
    key = house.key(expires_at=MIDDAY + 60)
    assert house.ask(key, path).status_code == 200
    house.clock.now = MIDDAY + 60
    try:
        assert refused(house.ask(key, path), 401, path) == "The API key expired on 2026-11-23: ask for a new one."
    finally:
        house.clock.now = MIDDAY


@pytest.mark.parametrize("path", ASKS)
def test_a_model_that_is_not_allowed_names_those_that_are(house: House, path: str) -> None:
    key = house.key(models=("claude-haiku-4-5", "claude-opus-*"))
    for allowed in ("claude-haiku-4.5", "anthropic/claude-haiku-4-5-20251001", "claude-opus-4.8", "claude-opus-4-6"):
        assert house.ask(key, path, model=allowed).status_code == 200, allowed
    for forbidden in (MODEL, "auto", "claude-3.7-sonnet", "auto-kiro", "claude-haiku-4.55", "nonsense"):
        told = refused(house.ask(key, path, model=forbidden), 403, path)
        assert f"{forbidden!r}" in told
        assert "It may use: claude-haiku-4-5, claude-opus-*." in told


def test_an_explanation_is_of_allowed_models_only(house: House) -> None:
    key = house.key(models=("auto",))
    headers = {"authorization": f"Bearer {key}", "x-kiro2chat-explain": "1"}
    assert house.pair.post(ASKS["/v1/chat/completions"], **headers).status_code == 403
    assert house.pair.post(ASKS["/v1/chat/completions"] | {"model": "auto-kiro"}, **headers).status_code == 200


def test_only_models_that_a_key_may_use_are_listed(house: House) -> None:
    key = house.key(models=("claude-sonnet-4*", "auto"))
    everything = {model["id"] for model in house.get("/v1/models", "sesame").json()["data"]}
    for headers in ({}, {"anthropic-version": "2023-06-01"}):
        listed = {model["id"] for model in house.get("/v1/models", key, **headers).json()["data"]}
        assert listed == {
            name for name in everything
            if name.startswith("claude-sonnet-4") or name in ("auto", "agent/auto", "auto-kiro", "claude-3.7-sonnet")
        } != everything  # fmt: skip
        assert house.get("/v1/models/claude-sonnet-4-5", key, **headers).status_code == 200
        assert house.get("/v1/models/claude-opus-4.8", key, **headers).status_code == 403
        assert house.get("/v1/models/claude-opus-4.8", "sesame", **headers).status_code == 200


def test_a_key_that_was_handed_out_does_not_administer(house: House) -> None:
    key = house.key()
    for path in ("/api/stats", "/api/requests", "/metrics"):
        assert house.get(path, key).status_code == 403
        assert house.get(path, UNKNOWN).status_code == 401
        assert house.get(path, "sesame").status_code == 200


def test_a_key_for_metrics_reads_them_and_does_nothing_else(tmp_path: Path) -> None:
    """Also where there is no API_KEY: else nobody could read them once there are keys."""
    with gateway(DATA_DIR=str(tmp_path)) as pair:
        _key, plain = made(tmp_path, clock=time.time)
        _key, text = made(tmp_path, "prometheus", metrics=True, clock=time.time)

        def get(path: str, key: str = "") -> httpx.Response:
            headers = {"authorization": f"Bearer {key}"} if key else {}
            return httpx.get(f"{pair.url}{path}", headers=headers, trust_env=False)

        assert get("/metrics", text).status_code == 200
        assert get("/metrics").status_code == 401
        refused = get("/metrics", plain)
        assert (refused.status_code, "--metrics" in refused.json()["error"]["message"]) == (403, True)
        assert [get(path, text).status_code for path in ("/v1/models", "/api/stats", "/api/settings")] == [403] * 3
        refused = ask(pair.url, text)
        assert (refused.status_code, "/metrics only" in refused.json()["error"]["message"]) == (403, True)
        assert not pair.chats()


def test_the_record_of_a_request_names_the_key(house: House) -> None:
    key, text = made(house.folder, "bob")
    house.ask(text)
    house.ask("sesame")
    records = house.get("/api/requests?limit=2", "sesame").json()["requests"]
    assert [(record["key"], record["key_name"]) for record in records] == [("admin", "API_KEY"), (key.id, "bob")]
    for word in (key.id, "bob"):
        (found,) = house.get(f"/api/requests?key={word}", "sesame").json()["requests"]
        assert found["key"] == key.id


# --- the SDKs -----------------------------------------------------------------------------------------------------------


def openai_asks(house: House, key: str, **options: Any) -> Any:
    with openai.OpenAI(base_url=f"{house.pair.url}/v1", api_key=key, **options) as client:
        return client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hi."}])


def anthropic_asks(house: House, key: str, **options: Any) -> Any:
    with anthropic.Anthropic(base_url=house.pair.url, api_key=key, **options) as client:
        return client.messages.create(model=MODEL, max_tokens=100, messages=[{"role": "user", "content": "Hi."}])


SDKS = [(openai_asks, openai), (anthropic_asks, anthropic)]


@pytest.mark.parametrize(("asks", "sdk"), SDKS, ids=["openai", "anthropic"])
def test_each_sdk_raises_its_own_exception(house: House, asks: Any, sdk: Any) -> None:
    with pytest.raises(sdk.AuthenticationError, match="wrong"):
        asks(house, UNKNOWN)
    with pytest.raises(sdk.PermissionDeniedError, match="may use: auto"):
        asks(house, house.key(models=("auto",)))
    key = house.key(requests_per_minute=1)
    asks(house, key)
    with pytest.raises(sdk.RateLimitError, match="1 requests per minute"):
        asks(house, key, max_retries=0)


@pytest.mark.parametrize("asks", [openai_asks, anthropic_asks], ids=["openai", "anthropic"])
def test_an_sdk_waits_out_a_minute(house: House, asks: Any) -> None:
    key = house.key(requests_per_minute=1)
    asks(house, key)
    house.clock.run(MIDDAY + 57)
    try:
        asks(house, key, max_retries=1)
        assert house.clock() >= MIDDAY + 60
    finally:
        house.clock.stop(MIDDAY)


@pytest.mark.parametrize(("asks", "sdk"), SDKS, ids=["openai", "anthropic"])
def test_an_sdk_does_not_wait_for_tomorrow(house: House, asks: Any, sdk: Any) -> None:
    key, text = made(house.folder, "carol", tokens_per_day=1)
    asks(house, text)
    began = time.monotonic()
    with pytest.raises(sdk.RateLimitError, match="1 tokens per day is reached; it begins anew in 12 hours"):
        asks(house, text, max_retries=5)
    assert time.monotonic() - began < 5
    records = house.get(f"/api/requests?key={key.id}", "sesame").json()["requests"]
    assert [record["status"] for record in records] == [429, 200]


# --- limits -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ASKS)
def test_a_minutes_requests(house: House, path: str) -> None:
    key = house.key(requests_per_minute=3)
    left = [
        house.ask(key, path, stream=stream).headers["x-ratelimit-remaining-requests"] for stream in (True, False, True)
    ]
    assert left == ["2", "1", "0"]
    house.clock.now = MIDDAY + 17.5
    try:
        response = house.ask(key, path)
        told = refused(response, 429, path)
        assert told == "This API key's limit of 3 requests per minute is reached; it begins anew in 43 seconds."
        assert response.json()["error"].get("code") == (None if path == "/v1/messages" else "rate_limit_exceeded")
        assert (response.headers["retry-after"], "x-should-retry" in response.headers) == ("43", False)
        assert response.headers["x-ratelimit-limit-requests"] == "3"
        assert response.headers["x-ratelimit-remaining-requests"] == "0"
        assert response.headers["x-ratelimit-reset-requests"] == "43"
        assert "x-ratelimit-limit-tokens" not in response.headers
        anthropics = [
            response.headers.get(f"anthropic-ratelimit-requests-{name}") for name in ("limit", "remaining", "reset")
        ]
        assert anthropics == (["3", "0", "2026-11-23T12:01:00Z"] if path == "/v1/messages" else [None] * 3)
        house.clock.now = MIDDAY + 60
        assert house.ask(key, path).status_code == 200
    finally:
        house.clock.now = MIDDAY


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ASKS)
def test_a_days_tokens(house: House, path: str, stream: bool) -> None:
    usage = house.ask("sesame", path).json()["usage"]
    tokens = sum(usage.get(name, 0) for name in ("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens"))
    key = house.key(tokens_per_day=2 * tokens)
    left = [house.ask(key, path, stream=stream).headers["x-ratelimit-remaining-tokens"] for _ in range(2)]
    assert left == [str(2 * tokens), str(tokens)]
    response = house.ask(key, path)
    assert f"limit of {2 * tokens:,} tokens per day" in refused(response, 429, path)
    assert (response.headers["retry-after"], response.headers["x-should-retry"]) == ("43200", "false")
    assert response.headers["x-ratelimit-reset-tokens"] == "43200"
    if path == "/v1/messages":
        assert response.headers["anthropic-ratelimit-tokens-reset"] == "2026-11-24T00:00:00Z"
    house.clock.now = MIDDAY + 43200
    try:
        assert house.ask(key, path).status_code == 200
    finally:
        house.clock.now = MIDDAY


def test_a_months_credits(house: House) -> None:
    key = house.key(credits_per_month=0.02)  # an answer costs more than half of that
    answers = [house.ask(key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == str(7 * 86400 + 43200)
    assert "0.02 credits per month is reached; it begins anew in 8 days" in answers[2].json()["error"]["message"]
    assert 0 < float(answers[1].headers["x-ratelimit-remaining-credits"]) < 0.02


def test_of_several_limits_the_longest_wait_is_told(house: House) -> None:
    key = house.key(requests_per_minute=1, tokens_per_day=1)
    first, second = house.ask(key), house.ask(key)
    assert first.headers["x-ratelimit-remaining-requests"] == second.headers["x-ratelimit-remaining-requests"] == "0"
    assert second.headers["retry-after"] == "43200"


def test_a_failed_answer_is_told_with_its_headers(house: House) -> None:
    key = house.key(requests_per_minute=5, tokens_per_day=10**6)
    for stream in (False, True):
        house.pair.emulator.inject("monthly_quota")
        response = house.ask(key, stream=stream)
        assert response.status_code == 429
        assert response.json()["error"]["code"] == "insufficient_quota"
        assert response.headers["x-ratelimit-limit-requests"] == "5"
    assert house.ask(key).headers["x-ratelimit-remaining-tokens"] == str(10**6)


def test_an_answer_that_breaks_off_is_a_request_all_the_same(house: House) -> None:
    key, text = made(house.folder, "eve", requests_per_minute=9, tokens_per_day=10**6)
    for path in ASKS:
        house.pair.emulator.script(Reply(["One ", "two ", "three ", "four"]))
        house.pair.emulator.inject("hangup", after=3)
        assert "error" in house.ask(text, path, stream=True).text
    answer = house.ask(text)
    left = [int(answer.headers[f"x-ratelimit-remaining-{what}"]) for what in ("requests", "tokens")]
    assert left[0] == 9 - len(ASKS) - 1
    assert 10**6 - 500 < left[1] < 10**6  # what came of them is counted as far as it came
    records = house.get(f"/api/requests?key={key.id}", "sesame").json()["requests"]
    assert len(records) == len(ASKS) + 1


def test_a_client_that_leaves_is_no_trouble(house: House) -> None:
    text = house.key(requests_per_minute=9, credits_per_month=1)
    house.pair.emulator.script(Reply("word " * 5000))
    headers = {"authorization": f"Bearer {text}"}
    with httpx.stream("POST", f"{house.pair.url}/v1/chat/completions", headers=headers, timeout=30, trust_env=False,
                      json=ASKS["/v1/chat/completions"] | {"stream": True}) as response:  # fmt: skip
        assert next(response.iter_bytes())
    assert house.ask(text).headers["x-ratelimit-remaining-requests"] == "7"


def test_the_admin_key_has_no_limits(house: House) -> None:
    assert not [name for name in house.ask("sesame").headers if "ratelimit" in name]


# --- the store ----------------------------------------------------------------------------------------------------------


def test_a_store_that_fails_opens_nothing(tmp_path: Path) -> None:
    clock = Clock()
    with gateway(clock=clock, DATA_DIR=str(tmp_path), API_KEY="sesame") as pair:
        key = made(tmp_path)[1]
        limited = made(tmp_path, requests_per_minute=99)[1]
        assert ask(pair.url, key).status_code == ask(pair.url, limited).status_code == 200
        for file in tmp_path.glob(f"{NAME}*"):
            file.unlink()
        (tmp_path / NAME).write_bytes(b"nonsense " * 1000)
        for path in ASKS:
            told = refused(
                ask(pair.url, limited, path), 503, path
            )  # found a moment ago, but its limit cannot be counted
            assert told == "The API key cannot be checked at the moment; the server's log says why."
            assert refused(ask(pair.url, UNKNOWN, path), 503, path) == told
            assert refused(ask(pair.url, "sk-other", path), 401, path)
            assert ask(pair.url, "sesame", path).status_code == 200


def test_a_store_that_is_deleted_opens_nothing(tmp_path: Path) -> None:
    with gateway(DATA_DIR=str(tmp_path)) as pair:
        key = made(tmp_path)[1]
        assert ask(pair.url, key).status_code == 200
        for file in tmp_path.glob(f"{NAME}*"):
            file.unlink()
        for given in ("", "unused", UNKNOWN):
            assert ask(pair.url, given).status_code in (401, 503)
            assert ask(pair.url, given).status_code in (401, 503)


def test_an_open_gateway_that_loses_its_store_goes_on(tmp_path: Path) -> None:
    with gateway(DATA_DIR=str(tmp_path)) as pair:
        assert ask(pair.url).status_code == 200
        for file in tmp_path.glob(f"{NAME}*"):
            file.unlink()
        (tmp_path / NAME).write_bytes(b"nonsense " * 1000)
        time.sleep(5.1)  # so long it believes what it saw
        assert [ask(pair.url, given).status_code for given in ("", "unused", UNKNOWN)] == [200, 200, 503]


def test_without_keys_any_word_will_do_but_one_that_looks_like_a_key(tmp_path: Path) -> None:
    with gateway(DATA_DIR=str(tmp_path)) as pair:
        assert [ask(pair.url, given).status_code for given in ("", "unused", UNKNOWN)] == [200, 200, 401]


def test_keys_are_seen_and_forgotten_by_a_gateway_that_runs(tmp_path: Path) -> None:
    with gateway(DATA_DIR=str(tmp_path)) as pair:
        assert ask(pair.url).status_code == 200
        key, text = made(tmp_path)
        assert ask(pair.url, text).status_code == 200
        until = time.monotonic() + 6
        assert ask(pair.url).status_code == 401
        with_keys(tmp_path, lambda keys: keys.revoke(key.id))
        while ask(pair.url, text).status_code == 200:
            assert time.monotonic() < until
            time.sleep(0.2)
        assert ask(pair.url).status_code == 401  # until it starts anew
