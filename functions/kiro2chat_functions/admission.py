"""What the key of a request lets it do: which models, and how much. Guards have found the key before any route runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from starlette.requests import Request

from kiro2chat_core.errors import Forbidden, Unauthorized
from kiro2chat_core.gateway import Gateway
from kiro2chat_core.gateways import Gateways
from kiro2chat_core.keys import ADMIN, ApiKey
from kiro2chat_core.kiro import catalog
from kiro2chat_core.kiro.catalog import Model
from kiro2chat_core.limits import Ledger, Standing
from kiro2chat_core.report import Report
from kiro2chat_core.store.base import Amount
from kiro2chat_core.turns import Batch

__all__ = [
    "AGENT",
    "admitted",
    "admitting",
    "allowed",
    "find_model",
    "gateway_of",
    "key_of",
    "left_of",
    "list_models",
    "metered",
    "spent",
]

_PATIENCE = 2.0
"""Seconds the very first request waits for the list of models; the built-in table stands in."""


def key_of(request: Request) -> ApiKey | None:
    """None where no key was needed."""
    key: ApiKey | None = getattr(request.state, "api_key", None)
    return key


def gateway_of(request: Request) -> Gateway:
    """That of the login which the key uses."""
    gateways: Gateways = request.app.state.gateways
    key = key_of(request)
    return gateways.of("" if key is None else key.login)


def admitting(request: Request) -> Gateway:
    """The same, for what will be sent: whoever waits for a turn is looked at again when it comes. The key may be revoked by
    then, or its budget be used up by those before.
    """
    key, gateway = key_of(request), gateway_of(request)
    return gateway if key in (None, ADMIN) else gateway.asking(partial(_its_turn, request))


async def _its_turn(request: Request) -> None:
    """Raises Unauthorized, LimitReached, or StoreError where nobody knows."""
    key = await request.state.whose_key()
    if key is None:
        raise Unauthorized("The API key was revoked meanwhile.")
    ledger: Ledger = request.app.state.ledger
    request.state.standing = await ledger.look(key, request.state.standing)
    request.state.standing.check()


AGENT = "agent/"
"""What names of models begin with where the agent is meant that uses them."""


async def allowed(request: Request, name: str) -> None:
    """Raises Forbidden: the key may not use this model."""
    key = key_of(request)
    if key is not None and key.models:
        models = await gateway_of(request).models.current(_PATIENCE)
        _check(key, name, catalog.resolve(name.removeprefix(AGENT), models).id)


async def admitted(request: Request) -> None:
    """Count a request that will be sent to the backend. How the key stands is told in headers, whatever comes of it.

    Raises:
        LimitReached: it is not to be sent.
        StoreError: nobody knows whether it may be.
    """
    if (key := key_of(request)) is not None:
        ledger: Ledger = request.app.state.ledger
        request.state.standing = await ledger.admit(key)
        request.state.standing.check()


def left_of(request: Request) -> dict[str, Amount]:
    """What is left of the key's limits, as it stood when the request was admitted: `requests`, `tokens`, `credits`."""
    standing: Standing | None = getattr(request.state, "standing", None)
    return {} if standing is None else {gauge.what: gauge.left for gauge in standing.gauges}


async def metered(
    batches: AsyncGenerator[Batch, None], request: Request, report: Report
) -> AsyncGenerator[Batch, None]:
    """The batches, and at their end, whatever it is, what they used is counted for the key."""
    try:
        async with aclosing(batches):
            async for batch in batches:
                yield batch
    finally:
        spent(request, report)


def spent(request: Request, report: Report) -> None:
    """Count what an answer used for the key, beside whatever goes on."""
    if (key := key_of(request)) is not None:
        ledger: Ledger = request.app.state.ledger
        ledger.add(key, *_used(report))


async def list_models(request: Request) -> list[Model]:
    """Those that the key may use."""
    key, models = key_of(request), await gateway_of(request).listed()
    if key is not None:
        models = [model for model in models if key.may_use(model.alias_of or model.id)]
    return [*models, *(_as_agent(model) for model in models if model.id == "auto")]


async def find_model(request: Request) -> Model:
    """The model that the path names.

    Raises:
        UnknownModel: none is listed by that name.
        Forbidden: the key may not use it.
    """
    name: str = request.path_params["id"]
    model = await gateway_of(request).find(name.removeprefix(AGENT))
    if (key := key_of(request)) is not None:
        _check(key, name, model.alias_of or model.id)
    return _as_agent(model) if name.startswith(AGENT) else model


def _as_agent(model: Model) -> Model:
    return replace(model, id=f"{AGENT}{model.id}", name=f"Agent on {model.name or model.id}", description="")


def _check(key: ApiKey, asked: str, id: str) -> None:
    if not key.may_use(id):
        names = ", ".join(key.models)
        told = f"This API key may not use the model {asked[:100]!r}. It may use: {names}."
        raise Forbidden(told, field="model", code="model_not_allowed")


def _used(report: Report) -> tuple[int, float]:
    """(tokens, credits): what Kiro said, else what we think."""
    usage = report.usage
    tokens = 0 if usage is None else usage.input_tokens + usage.output_tokens
    said = (report.answered.credits, usage.credits if usage is not None else None, report.guessed_credits)
    return tokens, next((credits for credits in said if credits is not None), 0.0)
