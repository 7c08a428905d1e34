"""OpenTelemetry traces, where the standard variables say where to: a span to each request below /v1, and below it one to each
attempt at Kiro.

Spans are made of a request's report when it has ended, so tracing costs nothing while an answer streams, and there is no word of
what was said that could get into one. The provider is our own and is made known to nobody: other libraries here (Strands) put
prompts into the spans of a global one. The variables are read by the SDK itself, from the environment, at the start; nothing of
OpenTelemetry is imported where they are not set.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from kiro2chat_core import __version__
from kiro2chat_core.records import result_of
from kiro2chat_core.report import Attempt, Report

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

__all__ = ["Spans", "Tracing", "spans_of"]

logger = logging.getLogger(__name__)

Attributes: TypeAlias = dict[str, Any]

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPOKEN = "http/protobuf"
_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "QUERY"})
_NAME = 100
_FLUSH = 3.0
"""Seconds that a server waits for its last spans when it stops."""


def spans_of(environ: Mapping[str, str] = os.environ) -> Spans | None:
    """None where traces are not wanted, or cannot be sent; then the log says why and what to do."""
    endpoint = next((name for name in _ENDPOINTS if environ.get(name, "").strip()), None)
    exporters = environ.get("OTEL_TRACES_EXPORTER", "").strip() or "otlp"
    disabled = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    if endpoint is None or disabled or "otlp" not in {each.strip() for each in exporters.split(",")}:
        return None
    protocol = next((value for name in _PROTOCOLS if (value := environ.get(name, "").strip())), _SPOKEN)
    if protocol != _SPOKEN:
        told = "%s is set, but no traces are sent: kiro2chat speaks %s, not %r. Set %s=%s and the port for HTTP (4318)."
        logger.warning(told, endpoint, _SPOKEN, protocol[:_NAME], _PROTOCOLS[0], _SPOKEN)
        return None
    try:
        return Spans(_provider(environ))
    except ImportError as missing:
        told = "%s is set, but no traces are sent: %s is not installed. Install it with: pip install 'kiro2chat[otel]'"
        logger.warning(told, endpoint, missing.name or "OpenTelemetry")
    except Exception as bad:  # what the variables hold, read by the SDK
        logger.warning("No traces are sent: OpenTelemetry cannot start with its OTEL_ variables (%s).", bad)
    return None


def _provider(environ: Mapping[str, str]) -> TracerProvider:
    """Raises ImportError where the extra is not installed."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = environ.get("OTEL_SERVICE_NAME", "").strip() or "service.name=" in environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    own = {"service.version": __version__} | ({} if named else {"service.name": "kiro2chat"})
    provider = TracerProvider(
        resource=Resource.create(own), shutdown_on_exit=False
    )  # a dead collector must not hold it up
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


class Spans:
    """Makes spans of reports and hands them to a queue; a thread sends them, and drops what it cannot send."""

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("kiro2chat", __version__)
        self._contexts = TraceContextTextMapPropagator()

    def ended(self, report: Report, scope: Scope) -> None:
        """At once, and without fail."""
        try:
            self._make(report, scope)
        except Exception as bug:
            logger.error("A bug in kiro2chat: a request could not be traced", exc_info=bug)

    async def aclose(self) -> None:
        """Send what is left, within some seconds. The thread is a daemon: it holds up no exit either."""
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def close() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # the loop did not wait, and is closed
                loop.call_soon_threadsafe(done.set)

        threading.Thread(target=close, name="tracing-ends", daemon=True).start()
        try:
            async with asyncio.timeout(_FLUSH):
                await done.wait()
        except TimeoutError:
            logger.warning("The last traces were not sent: the collector did not take them within %g s", _FLUSH)

    def _make(self, report: Report, scope: Scope) -> None:
        from opentelemetry.context import Context
        from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context

        headers = Headers(scope=scope)
        sent = {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
        span = self._tracer.start_span(
            _name(scope),
            context=self._contexts.extract(sent, context=Context()),
            kind=SpanKind.SERVER,
            attributes=_request(report, scope, headers) | _model(report),
            start_time=_ns(report.began_at),
        )
        if span.is_recording():
            if report.first is not None:
                timestamp = _ns(report.began_at + report.first)
                span.add_event("first_token", {"seconds": round(report.first, 4)}, timestamp)
            if result_of(report) in ("5xx", "broken"):
                span.set_status(StatusCode.ERROR, None if report.error is None else report.error.code)
            context = set_span_in_context(span, Context())
            for number, attempt in enumerate(report.answered.tries):
                child = self._tracer.start_span(
                    "POST",
                    context=context,
                    kind=SpanKind.CLIENT,
                    attributes=_attempt(attempt, number),
                    start_time=_ns(report.at(attempt.began)),
                )
                if attempt.error:
                    child.set_status(StatusCode.ERROR, attempt.error)
                child.end(_ns(report.at(attempt.began if attempt.ended is None else attempt.ended)))
        span.end(_ns(report.began_at + report.total))


class Tracing:
    """A pure ASGI layer around the one that keeps reports: what has one is traced when it has ended."""

    def __init__(self, app: ASGIApp, *, spans: Spans) -> None:
        self._app = app
        self._spans = spans

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        finally:
            if (report := scope.get("report")) is not None:
                self._spans.ended(report, scope)


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", "")


def _name(scope: Scope) -> str:
    """Of few different ones, as the conventions ask: the route, not the path."""
    method = scope["method"] if scope["method"] in _METHODS else "HTTP"
    return f"{method} {_route(scope)}".rstrip()


def _request(report: Report, scope: Scope, headers: Headers) -> Attributes:
    """HTTP's semantic conventions, and what only we have. No query, no headers but the client's name of itself."""
    host, port = scope.get("server") or (None, None)
    return _known(
        {
            "http.request.method": scope["method"] if scope["method"] in _METHODS else "_OTHER",
            "http.route": _route(scope),
            "http.response.status_code": report.status or None,  # 0: the client left before there was one
            "http.request.body.size": report.received,
            "http.response.body.size": report.sent,
            "url.path": report.path,
            "url.scheme": scope.get("scheme"),
            "server.address": host,
            "server.port": port,
            "network.protocol.version": scope.get("http_version"),
            "user_agent.original": headers.get("user-agent", "")[:200],
            "error.type": report.error.code if report.error is not None else "",
            "kiro2chat.request_id": report.id,
            "kiro2chat.dialect": report.dialect,
            "kiro2chat.key": report.key,
            "kiro2chat.result": result_of(report),
        }
    )


def _model(report: Report) -> Attributes:
    """The semantic conventions for generative models, where a model was asked for: both names of the provider, of which
    tools read one."""
    if not report.asked:
        return {}
    usage = report.usage
    counted = {} if usage is None else {
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
        "gen_ai.usage.cache_read.input_tokens": usage.cache_read_tokens,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_write_tokens,
        "kiro2chat.usage.exact": usage.exact,
    }  # fmt: skip
    told = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "kiro",
        "gen_ai.system": "kiro",
        "gen_ai.request.model": report.asked[:_NAME],
        "gen_ai.request.stream": report.stream,
        "gen_ai.response.model": report.model[:_NAME],
        "gen_ai.response.id": report.id,
        "gen_ai.response.finish_reasons": [report.outcome] if report.outcome else None,
        "gen_ai.response.time_to_first_chunk": report.first,
        "kiro2chat.credits": report.answered.credits,
        "kiro2chat.attempts": report.answered.attempts,
    }
    return _known(told) | counted


def _attempt(attempt: Attempt, number: int) -> Attributes:
    return _known(
        {
            "http.request.method": "POST",
            "http.request.resend_count": number or None,
            "http.response.status_code": attempt.status or None,
            "server.address": attempt.host,
            "server.port": attempt.port,
            "error.type": attempt.error,
            "aws.request_id": attempt.request_id[:_NAME],
        }
    )


def _known(attributes: Attributes) -> Attributes:
    return {name: value for name, value in attributes.items() if value not in (None, "")}
