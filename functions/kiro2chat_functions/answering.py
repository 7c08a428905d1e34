"""An Ask answered over HTTP, in whatever dialect: streamed, whole, or only explained."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from kiro2chat_core.fold import Answer, Fold
from kiro2chat_core.gateway import Gateway
from kiro2chat_core.report import Report
from kiro2chat_core.turns import Ask, Batch

from .admission import AGENT, admitted, admitting, allowed, gateway_of, metered
from .agent_answers import agent_answer, is_agent
from .http import ErrorForm, JsonResponse, ignored_header, unless_left
from .recording import overheard
from .streamed import Encoder, StreamedAnswer

__all__ = ["Form", "answer", "explanation"]


@dataclass(frozen=True, slots=True)
class Form:
    """How one answer is written. `id` is the answer's own, and the request's in headers."""

    id: str
    encoder: Encoder[Batch]
    whole: Callable[[Answer], dict[str, Any]]
    error_form: ErrorForm


async def answer(request: Request, ask: Ask, form: Form, *, stream: bool, ignored: Iterable[str]) -> Response:
    """The response to a request that has been read. `ignored` are the names of its fields without effect.

    With the header `x-kiro2chat-explain` nothing is sent: the response says what would be.

    Raises:
        Kiro2ChatError: where nothing has been written yet.
    """
    gateway = gateway_of(request)
    ignored = (*ignored, *(_not_for_agents(ask) if is_agent(ask.model) else ()))
    report: Report = request.scope.get("report") or Report()
    report.id, report.asked, report.stream, report.ignored = form.id, ask.model, stream, ignored
    await allowed(request, ask.model)
    if request.headers.get("x-kiro2chat-explain"):
        plain = replace(ask, model=ask.model.removeprefix(AGENT))
        return JsonResponse(await unless_left(request, explanation(gateway, plain, ignored)))
    await admitted(request)
    batches = _source(request, ask, report)
    if report.said is not None:
        batches = overheard(batches, report)
    headers = {"x-request-id": form.id, "request-id": form.id, **ignored_header(ignored)}
    if stream:
        return StreamedAnswer(
            batches,
            form.encoder,
            form.error_form,
            keepalive=gateway.settings.keepalive,
            headers=headers,
        )
    fold = Fold()
    await unless_left(request, _fold(batches, fold))
    return JsonResponse(form.whole(fold.answer()), headers=headers)


def _not_for_agents(ask: Ask) -> Iterator[str]:
    """What the client asks of its own tools and of one answer has no meaning for a run of many steps."""
    if ask.tools:
        yield "tools"
    if ask.choice != "auto":
        yield "tool_choice"
    if ask.answer is not None:
        yield "response_format"


def _source(request: Request, ask: Ask, report: Report) -> AsyncGenerator[Batch, None]:
    if is_agent(ask.model):
        return agent_answer(request, ask, report)
    return metered(admitting(request).stream(ask, report), request, report)


async def explanation(gateway: Gateway, ask: Ask, ignored: Iterable[str]) -> dict[str, Any]:
    """What a request would become: the model, what was done to it, the estimated tokens, the body for the backend.

    `sure` is false without a login: its profile, fields for thinking and cache points are missing then.
    """
    told = await gateway.explain(ask)
    return {
        "model": told.model,
        "estimated_tokens": told.tokens,
        "sure": told.sure,
        "ignored": list(ignored),
        "repairs": list(told.repairs),
        "body": told.body,
    }


async def _fold(batches: AsyncGenerator[Batch, None], fold: Fold) -> None:
    async with aclosing(batches):
        async for batch in batches:
            fold.feed(batch)
