"""Anthropic's routes: messages, token counts, and models in Anthropic's form."""

from __future__ import annotations

from functools import partial

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from kiro2chat_core.dialects import anthropic_request
from kiro2chat_core.dialects.anthropic_message import Heading, MessageEncoder, error_answer, message
from kiro2chat_core.kiro.catalog import Model

from . import admission
from .answering import Form, answer
from .http import JsonResponse, new_id, read_json, unless_left

__all__ = ["count_tokens", "error_answer", "is_anthropic", "list_models", "messages", "retrieve_model"]

_RELEASED = "1970-01-01T00:00:00Z"  # Anthropic's own way to say that the date is not known


def is_anthropic(scope: Scope) -> bool:
    """Whether a client speaks Anthropic's dialect: by the path, or by its headers where both vendors have the path."""
    path: str = scope["path"]
    return path.startswith("/v1/messages") or "anthropic-version" in Headers(scope=scope)


async def messages(request: Request) -> Response:
    """POST /v1/messages, streaming and not."""
    wanted = anthropic_request.read(await read_json(request))
    this = Heading(new_id("msg_"), wanted.ask.model)
    form = Form(this.id, MessageEncoder(this), partial(message, this), error_answer)
    return await answer(request, wanted.ask, form, stream=wanted.stream, ignored=wanted.ignored)


async def count_tokens(request: Request) -> Response:
    """POST /v1/messages/count_tokens: an estimate, made here."""
    wanted = anthropic_request.read(await read_json(request), counting=True)
    return JsonResponse({"input_tokens": await unless_left(request, admission.gateway_of(request).count(wanted.ask))})


async def list_models(request: Request) -> Response:
    """GET /v1/models for Anthropic's clients. All on one page, whatever `limit` says."""
    listed = [_model(model) for model in await admission.list_models(request)]
    ends = {"first_id": listed[0]["id"], "last_id": listed[-1]["id"]} if listed else {"first_id": None, "last_id": None}
    return JsonResponse({"data": listed, "has_more": False} | ends)


async def retrieve_model(request: Request) -> Response:
    """GET /v1/models/{id} for Anthropic's clients."""
    return JsonResponse(_model(await admission.find_model(request)))


def _model(model: Model) -> dict[str, object]:
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.name or model.id,
        "created_at": _RELEASED,
        "lifecycle": "active",
        "max_input_tokens": model.context or None,
        "max_tokens": model.output or None,
    }
