"""OpenAI's routes: chat completions and models."""

from __future__ import annotations

import logging
import time
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from kiro2chat_core.dialects import openai_chat
from kiro2chat_core.dialects.openai_completion import ChunkEncoder, Completion, completion, error_answer
from kiro2chat_core.kiro.catalog import Model

from . import admission
from .answering import Form, answer
from .http import JsonResponse, new_id, read_json

__all__ = ["chat_completions", "error_answer", "list_models", "retrieve_model"]

logger = logging.getLogger(__name__)

_STARTED = int(time.time())


async def chat_completions(request: Request) -> Response:
    """POST /v1/chat/completions, streaming and not."""
    wanted = openai_chat.read(await read_json(request))
    this = Completion(
        new_id("chatcmpl-"), wanted.ask.model, int(time.time()), functions=wanted.functions, custom=wanted.custom
    )
    encoder = ChunkEncoder(this, include_usage=wanted.include_usage)
    form = Form(this.id, encoder, partial(completion, this), error_answer)
    return await answer(request, wanted.ask, form, stream=wanted.stream, ignored=wanted.ignored)


async def list_models(request: Request) -> Response:
    """GET /v1/models."""
    models = await admission.list_models(request)
    return JsonResponse({"object": "list", "data": [_model(model) for model in models]})


async def retrieve_model(request: Request) -> Response:
    """GET /v1/models/{id}; the id may be any name that chat completions take for a listed model."""
    return JsonResponse(_model(await admission.find_model(request)))


def _model(model: Model) -> dict[str, object]:
    """OpenAI's four members, and what pickers like to show."""
    shown: dict[str, object] = {"id": model.id, "object": "model", "created": _STARTED, "owned_by": "kiro"}
    extra = {
        "name": model.name,
        "description": model.description,
        "context_window": model.context,
        "max_output_tokens": model.output,
        "rate": model.rate,
        "alias_of": model.alias_of,
    }
    shown.update({name: value for name, value in extra.items() if value})
    shown["input_modalities"] = ["text", "image"] if model.images else ["text"]
    return shown
