"""/metrics, read by Prometheus' own parser."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import httpx
from prometheus_client.parser import text_string_to_metric_families
from tests.functions.test_journal import body, eventually, get, send, told
from tests.gateways import Pair, gateway

from kiro2chat_functions.emulator import Options, Reply

MODEL = "claude-sonnet-4.5"


def samples(pair: Pair, **headers: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    response = get(pair, "/metrics", **headers)
    assert response.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def value(seen: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    return seen[f"kiro2chat_{name}", frozenset(labels.items())]


def test_metrics_of_a_new_server_are_there() -> None:
    with gateway() as pair:
        seen = samples(pair)
    for name in ("in_flight", "credits_total", "journal_dropped_total"):
        assert value(seen, name) == 0
    assert value(seen, "tokens_total", kind="output") == 0


def test_metrics_are_the_sums_of_the_requests() -> None:
    usage = {"uncachedInputTokens": 11, "outputTokens": 7, "cacheReadInputTokens": 3, "cacheWriteInputTokens": 2}
    with gateway(KIRO_ATTEMPTS="1") as pair:
        pair.emulator.script(*[Reply("Hello.", usage=usage)] * 4)
        for number in range(4):
            send(pair, "messages" if number == 3 else "chat", stream=number % 2 == 0)
        pair.emulator.inject("model_down")
        send(pair, "chat")
        httpx.get(f"{pair.url}/v1/models", trust_env=False)
        seen = samples(pair)
    assert value(seen, "requests_total", dialect="chat", model=MODEL, status="2xx") == 3
    assert value(seen, "requests_total", dialect="messages", model=MODEL, status="2xx") == 1
    assert value(seen, "requests_total", dialect="chat", model=MODEL, status="5xx") == 1
    assert value(seen, "requests_total", dialect="", model="", status="2xx") == 1
    kinds = {"input": 64, "output": 28, "cache_read": 12, "cache_write": 8, "reasoning": 0}
    assert {kind: value(seen, "tokens_total", kind=kind) for kind in kinds} == kinds
    assert value(seen, "credits_total") > 0
    for name, count in (("request_seconds", 3), ("first_token_seconds", 3)):
        assert value(seen, f"{name}_count", dialect="chat", model=MODEL) == count
        assert value(seen, f"{name}_bucket", dialect="chat", model=MODEL, le="+Inf") == count
        assert 0 < value(seen, f"{name}_sum", dialect="chat", model=MODEL) < 30


def test_requests_under_way_are_counted_also_when_the_client_leaves() -> None:
    with gateway(Options(delay=0.05)) as pair:
        pair.emulator.script(Reply("word " * 1000))
        content = json.dumps(body("chat", stream=True)).encode()
        host, port = pair.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            head = (
                f"POST /v1/chat/completions HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-length: {len(content)}\r\n\r\n"
            )
            client.sendall(head.encode() + content)
            assert eventually(pair.chats)  # the model is known by then
            assert value(samples(pair), "in_flight") == 1
        assert eventually(lambda: value(samples(pair), "in_flight") == 0)
        assert value(samples(pair), "requests_total", dialect="chat", model=MODEL, status="left") == 1


def test_refusals_before_any_route_are_counted_and_not_on_record() -> None:
    with gateway(API_KEY="sesame") as pair:
        key = {"authorization": "Bearer sesame"}
        for header in ({"host": "evil.example"}, {"origin": "https://evil.example"}, {"origin": "null"}):
            for path in ("/v1/models", "/api/requests"):
                assert get(pair, path, **key, **header).status_code == 403
        send(pair, "chat", headers={"authorization": "Bearer wrong"})
        seen = samples(pair, **key)
        assert told(pair, "/api/requests", **key)["requests"] == []
    assert {reason: value(seen, "refused_total", reason=reason) for reason in ("host", "origin", "key")} == {
        "host": 2, "origin": 4, "key": 1,
    }  # fmt: skip
    assert sum(count for (name, _labels), count in seen.items() if name == "kiro2chat_requests_total") == 1


def test_two_servers_in_a_process_count_for_themselves() -> None:
    with gateway() as one, gateway() as other:
        send(one, "chat")
        assert value(samples(one), "requests_total", dialect="chat", model=MODEL, status="2xx") == 1
        assert ("kiro2chat_requests_total", frozenset()) not in samples(other)
        assert not any(name == "kiro2chat_requests_total" for name, _labels in samples(other))


def test_names_of_models_do_not_multiply_for_ever() -> None:
    with gateway() as pair:
        for number in range(105):
            pair.emulator.script(Reply("x"))
            send(pair, "chat", model=f"gpt-{number}")
        seen = samples(pair)
    models = {dict(labels)["model"] for name, labels in seen if name == "kiro2chat_requests_total"}
    assert len(models) == 101
    assert "other" in models


def test_the_library_is_not_imported_before_it_is_asked_for() -> None:
    code = "import sys, kiro2chat_functions.app; sys.exit('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
