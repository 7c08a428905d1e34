"""OpenAI's Responses routes. Nothing is stored, so there is nothing to retrieve, cancel or go on from."""

from __future__ import annotations

import time
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from kiro2chat_core.dialects import responses_request
from kiro2chat_core.dialects.openai_completion import error_answer
from kiro2chat_core.dialects.responses_compaction import compacted, with_trigger
from kiro2chat_core.dialects.responses_output import Reply, response
from kiro2chat_core.dialects.responses_stream import ResponseEncoder
from kiro2chat_core.errors import ClientError

from .admission import gateway_of
from .answering import Form, answer
from .http import JsonResponse, error_response, new_id, read_json, unless_left

__all__ = ["compact", "count_input_tokens", "create_response", "no_socket", "not_stored"]


async def create_response(request: Request) -> Response:
    """POST /v1/responses, streaming and not."""
    wanted = responses_request.read(await read_json(request))
    this = _reply(wanted)
    form = Form(this.id, ResponseEncoder(this), partial(response, this), error_answer)
    return await answer(request, wanted.ask, form, stream=wanted.stream, ignored=wanted.ignored)


async def count_input_tokens(request: Request) -> Response:
    """POST /v1/responses/input_tokens: an estimate, made here. The model may be left out."""
    body = await read_json(request)
    if isinstance(body, dict) and body.get("model") is None:
        body = body | {"model": "auto"}
    wanted = responses_request.read(body)
    tokens = await unless_left(request, gateway_of(request).count(wanted.ask))
    return JsonResponse({"object": "response.input_tokens", "input_tokens": tokens})


async def no_socket(request: Request) -> Response:
    """GET /v1/responses: Codex asks for a WebSocket here, and goes on over HTTP at once if it is told 426."""
    if request.headers.get("upgrade"):
        raise ClientError("There are no WebSockets here: POST the request.", status=426, code="upgrade_unsupported")
    error = ClientError("Responses are not stored and cannot be listed.", status=405, code="method_not_allowed")
    return error_response(error, error_answer, {"allow": "POST"})


async def not_stored(request: Request) -> Response:
    """/v1/responses/{id} and what is below."""
    name = request.path_params["id"][:64]
    raise ClientError(f"There is no response {name!r}: responses are not stored.", status=404, code="not_found")


async def compact(request: Request) -> Response:
    """POST /v1/responses/compact: what the user wrote, and the rest as a sealed summary."""
    body = with_trigger(await read_json(request))
    wanted = responses_request.read(body)
    this = _reply(wanted)
    form = Form(this.id, ResponseEncoder(this), partial(compacted, this, body), error_answer)
    return await answer(request, wanted.ask, form, stream=False, ignored=wanted.ignored)


def _reply(wanted: responses_request.Wanted) -> Reply:
    return Reply(
        new_id("resp_"),
        wanted.ask.model,
        _now,
        _now(),
        toolbox=wanted.toolbox,
        encrypted=wanted.encrypted,
        compacting=wanted.compacting,
        echo=wanted.echo,
    )


def _now() -> int:
    return int(time.time())
