"""Traces, received by a collector that reads what the real exporter sends; and their absence, which costs nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.functions.test_cli import serving
from tests.functions.test_journal import PATHS, eventually, get, send
from tests.gateways import gateway

from kiro2chat_functions.emulator import Options, Reply
from kiro2chat_functions.serving import served

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@dataclass
class Collector:
    """Plays an OTLP collector; `status` is how it answers."""

    url: str = ""
    status: int = 200
    patience: float = 0.0
    raw: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    resources: list[dict[str, str]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    async def take(self, request: Request) -> Response:
        import asyncio

        body = await request.body()
        await asyncio.sleep(self.patience)
        sent = ExportTraceServiceRequest.FromString(body)
        with self._lock:
            self.raw.append(body)
            self.headers.append(dict(request.headers))
            for resource in sent.resource_spans:
                self.resources.append({each.key: each.value.string_value for each in resource.resource.attributes})
                self.spans += [span for scope in resource.scope_spans for span in scope.spans]
        return Response(status_code=self.status)

    def requests(self) -> list[Span]:
        """Spans of requests to us, by time."""
        found = [span for span in self.spans if span.kind == Span.SPAN_KIND_SERVER]
        return sorted(found, key=lambda span: span.start_time_unix_nano)

    def below(self, parent: Span) -> list[Span]:
        found = [span for span in self.spans if span.parent_span_id == parent.span_id]
        return sorted(found, key=lambda span: span.start_time_unix_nano)


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """One that create_app finds."""
    this = Collector()
    with served(Starlette(routes=[Route("/v1/traces", this.take, methods=["POST"])])) as this.url:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", this.url)
        monkeypatch.setenv("NO_PROXY", "*")
        yield this


def attributes(span: Span) -> dict[str, Any]:
    found = {}
    for each in span.attributes:
        kind = each.value.WhichOneof("value")
        found[each.key] = (
            [value.string_value for value in each.value.array_value.values]
            if kind == "array_value"
            else getattr(each.value, str(kind))
        )
    return found


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("dialect", PATHS)
def test_a_request_is_a_span_with_what_its_record_says(collector: Collector, dialect: str, stream: bool) -> None:
    usage = {"uncachedInputTokens": 11, "outputTokens": 7, "cacheReadInputTokens": 3, "cacheWriteInputTokens": 2}
    parent = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=1"}
    with gateway() as pair:
        pair.emulator.script(Reply("Hello.", usage=usage))
        answer = send(pair, dialect, headers=parent, stream=stream, model="claude-sonnet-4-5")
        record = get(pair, "/api/requests").json()["requests"][0]
    (span,) = collector.requests()
    (resource,) = collector.resources
    assert resource["service.name"] == "kiro2chat"
    assert (span.name, span.trace_id.hex(), span.parent_span_id.hex()) == (f"POST {PATHS[dialect]}", TRACE, PARENT)
    assert span.trace_state == "vendor=1"
    told = attributes(span)
    expected = {
        "http.request.method": "POST",
        "http.route": PATHS[dialect],
        "url.path": PATHS[dialect],
        "http.response.status_code": 200,
        "http.response.body.size": len(answer.content),
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "kiro",
        "gen_ai.system": "kiro",
        "gen_ai.request.model": "claude-sonnet-4-5",
        "gen_ai.response.model": "claude-sonnet-4.5",
        "gen_ai.response.id": record["id"],
        "gen_ai.response.finish_reasons": ["end"],
        "gen_ai.usage.input_tokens": 16,
        "gen_ai.usage.output_tokens": 7,
        "gen_ai.usage.cache_read.input_tokens": 3,
        "gen_ai.usage.cache_creation.input_tokens": 2,
        "kiro2chat.request_id": answer.headers["x-request-id"],
        "kiro2chat.result": "2xx",
    }
    assert expected.items() <= told.items()
    assert "error.type" not in told
    assert (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9 == pytest.approx(record["seconds"], abs=0.001)
    (event,) = span.events
    assert event.name == "first_token"
    assert (event.time_unix_nano - span.start_time_unix_nano) / 1e9 == pytest.approx(record["first_token"], abs=0.001)
    (attempt,) = collector.below(span)
    assert attempt.kind == Span.SPAN_KIND_CLIENT
    assert span.start_time_unix_nano <= attempt.start_time_unix_nano <= attempt.end_time_unix_nano
    assert attempt.end_time_unix_nano <= span.end_time_unix_nano
    assert attributes(attempt)["http.response.status_code"] == 200
    assert attributes(attempt)["aws.request_id"] == record["backend_id"]


def test_attempts_and_errors_are_told_by_code(collector: Collector) -> None:
    with gateway(KIRO_ATTEMPTS="2", API_KEY="sesame") as pair:
        key = {"authorization": "Bearer sesame"}
        pair.emulator.inject("model_down")
        send(pair, "chat", headers=key)
        pair.emulator.inject("model_down", times=2)
        failed = send(pair, "chat", headers=key)
        send(pair, "chat", headers=key, model=7)
        send(pair, "chat")
        get(pair, "/v1/models/nothing-at-all", **key)
        get(pair, "/api/stats", **key)
    mended, down, wrong, refused, listed = collector.requests()
    assert [bool(attributes(each).get("error.type")) for each in collector.below(mended)] == [True, False]
    assert attributes(collector.below(mended)[1])["http.request.resend_count"] == 1
    assert mended.status.code == 0
    code = failed.json()["error"]["code"]
    assert (down.status.code, down.status.message, attributes(down)["error.type"]) == (2, code, code)
    assert [each.status.code for each in collector.below(down)] == [2, 2]
    assert (wrong.status.code, attributes(wrong)["error.type"]) == (0, "invalid_request")
    assert "gen_ai.system" not in attributes(wrong)
    assert attributes(refused)["error.type"] == "invalid_api_key"
    assert (listed.name, attributes(listed)["http.response.status_code"]) == ("GET /v1/models/{id:path}", 404)


def test_no_word_and_no_secret_is_in_a_trace_and_nothing_is_made_global(collector: Collector) -> None:
    before = trace.get_tracer_provider()
    secrets = ["PROMPT-4711", "ANSWER-4711", "KEY-4711"]
    headers = {"authorization": "Bearer KEY-4711", "baggage": "said=PROMPT-4711"}
    with gateway(API_KEY="KEY-4711", JOURNAL_BODIES="true", KIRO_ATTEMPTS="1") as pair:
        secrets.append(pair.emulator.login("api-key").access_token)
        pair.emulator.script(*[Reply("ANSWER-4711")] * 3)
        for dialect in PATHS:
            send(pair, dialect, "PROMPT-4711", headers)
        pair.emulator.inject("improper")
        send(pair, "chat", "PROMPT-4711", headers)
        send(pair, "chat", headers=headers, messages=[{"role": "PROMPT-4711", "content": "PROMPT-4711"}])
        httpx.get(f"{pair.url}/v1/models?secret=PROMPT-4711", headers=headers, trust_env=False)
    assert len(collector.requests()) == 6
    assert [secret for secret in secrets if secret.encode() in b"".join(collector.raw)] == []
    assert trace.get_tracer_provider() is before
    assert not trace.get_current_span().get_span_context().is_valid


def test_a_trace_that_the_client_does_not_record_is_not_recorded(collector: Collector) -> None:
    with gateway() as pair:
        send(pair, "chat", headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})
        send(pair, "chat", headers={"traceparent": "gibberish"})
    (span,) = collector.requests()
    assert span.trace_id.hex() != TRACE
    assert not span.parent_span_id


def test_the_standard_variables_are_respected(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "mine")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=home")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=me")
    with gateway() as pair:
        send(pair, "chat")
    assert collector.resources[0]["service.name"] == "mine"
    assert collector.resources[0]["deployment.environment"] == "home"
    assert collector.headers[0]["x-tenant"] == "me"
    for name, value in (("OTEL_SDK_DISABLED", "True"), ("OTEL_TRACES_EXPORTER", "none")):
        with monkeypatch.context() as with_it:
            with_it.setenv(name, value)
            with gateway() as pair:
                send(pair, "chat")
    assert len(collector.requests()) == 1


@pytest.mark.parametrize("status", [503, 400])
def test_a_collector_that_fails_harms_no_answer(collector: Collector, status: int) -> None:
    collector.status = status
    with gateway() as pair:
        assert [send(pair, "chat").status_code for _ in range(3)] == [200] * 3
        began = time.monotonic()
    assert time.monotonic() - began < 30


def test_a_collector_that_does_not_answer_holds_up_no_end(collector: Collector, caplog: Any) -> None:
    collector.patience = 6.0
    with gateway() as pair:
        assert send(pair, "chat").status_code == 200
        began = time.monotonic()
    assert 2.5 < time.monotonic() - began < 20
    assert "The last traces were not sent" in caplog.text
    assert eventually(collector.requests, within=10)


def test_a_server_sends_its_spans_before_it_ends(collector: Collector, tmp_path: Path) -> None:
    environ = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{collector.url}/v1/traces", "NO_PROXY": "*"}
    with serving(tmp_path, "--demo", **environ) as (server, url, _printed):
        ask = {"model": "auto", "messages": [{"role": "user", "content": "Hi."}]}
        assert httpx.post(f"{url}/v1/chat/completions", json=ask, trust_env=False, timeout=30).status_code == 200
        server.terminate()
        server.wait(20)
    assert [span.name for span in collector.requests()] == ["POST /v1/chat/completions"]


def run(code: str, **environ: str) -> subprocess.CompletedProcess[str]:
    program = f"import sys, logging; logging.basicConfig()\n{code}"
    return subprocess.run(
        [sys.executable, "-c", program], env=dict(os.environ) | environ, capture_output=True, text=True, check=False
    )


MAKE = """
from kiro2chat_core.settings import Settings
from kiro2chat_functions.app import create_app
create_app(Settings.load({"HOME": "/nonexistent"}))
"""


@pytest.mark.parametrize(
    "environ", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"}]
)
def test_nothing_is_imported_where_no_traces_are_wanted(environ: dict[str, str]) -> None:
    ran = run(f"{MAKE}\nsys.exit(any(name.startswith('opentelemetry') for name in sys.modules))", **environ)
    assert (ran.returncode, ran.stderr) == (0, "")


WRONG = {
    "not installed": (
        "sys.modules['opentelemetry.exporter.otlp.proto.http.trace_exporter'] = None",
        {},
        "pip install 'kiro2chat[otel]'",
    ),
    "another protocol": (
        "",
        {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf",
    ),
    "no room at all": ("", {"OTEL_BSP_MAX_QUEUE_SIZE": "0"}, "OTEL_ variables"),
}


@pytest.mark.parametrize(("before", "environ", "cure"), WRONG.values(), ids=WRONG)
def test_what_is_missing_is_told_once_with_its_cure(before: str, environ: dict[str, str], cure: str) -> None:
    ran = run(f"{before}\n{MAKE}", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", **environ)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.count("WARNING") == 1
    assert cure in ran.stderr


def test_a_client_that_left_is_a_span_too(collector: Collector) -> None:
    with gateway(Options(delay=0.05)) as pair:
        pair.emulator.script(Reply("word " * 1000))
        ask = {"model": "auto", "stream": True, "messages": [{"role": "user", "content": "Hi."}]}
        with httpx.stream("POST", f"{pair.url}/v1/chat/completions", json=ask, trust_env=False) as answer:
            next(answer.iter_lines())
        assert eventually(lambda: get(pair, "/api/requests").json()["requests"])
    (span,) = collector.requests()
    assert attributes(span)["kiro2chat.result"] == "left"
    assert span.status.code == 0
    (attempt,) = collector.below(span)
    assert attempt.end_time_unix_nano > attempt.start_time_unix_nano
