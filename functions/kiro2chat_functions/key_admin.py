"""API keys over HTTP, for a page: list, make, revoke. Who may call is `AdminGuard`'s business."""

from __future__ import annotations

import math
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from kiro2chat_core.dialects.fields import Fields, body_fields
from kiro2chat_core.errors import BadRequest, SettingsError
from kiro2chat_core.keys import ApiKey, Keys, Limits
from kiro2chat_core.kiro.own import check_exists
from kiro2chat_core.limits import Ledger

from .http import JsonResponse, read_json

__all__ = ["list_keys", "make_key", "revoke_key"]

_LIMIT = 1 << 16
_LATEST = 253402300800.0  # the year 10000
_MEMBERS = (
    "name",
    "models",
    "expires_at",
    "requests_per_minute",
    "tokens_per_day",
    "credits_per_month",
    "login",
    "metrics",
)


async def list_keys(request: Request) -> Response:
    """GET /api/keys: what is known of each, and what it used this UTC day and month."""
    keys: Keys = request.app.state.keys
    ledger: Ledger = request.app.state.ledger
    told = []
    for key in await keys.all():
        tokens, credits = await ledger.used(key)
        told.append(_described(key) | {"used": {"tokens_today": tokens, "credits_this_month": credits}})
    return JsonResponse({"keys": told})


async def make_key(request: Request) -> Response:
    """POST /api/keys `{"name", "models"?, "expires_at"?, limits?, "login"?}`: the answer's `secret` is shown this once.

    Raises:
        BadRequest: a member cannot be used, or is none: a misspelt limit must not make a key without limits.
    """
    keys: Keys = request.app.state.keys
    fields = body_fields(await read_json(request, _LIMIT))
    fields.only(*_MEMBERS)
    try:
        check_exists(request.app.state.settings, fields.text("login"))
    except SettingsError as bad:
        raise BadRequest(bad.message, field="login") from None
    key, secret = await keys.new(
        fields.text("name", required=True),
        expires_at=_moment(fields, request.app.state.clock()),
        models=_models(fields),
        limits=Limits(fields.integer("requests_per_minute", 1), fields.integer("tokens_per_day", 1), _credits(fields)),
        login=fields.text("login"),
        metrics=fields.flag("metrics"),
    )
    return JsonResponse({"key": _described(key), "secret": secret.reveal()}, status_code=201)


async def revoke_key(request: Request) -> Response:
    """DELETE /api/keys/{id}."""
    keys: Keys = request.app.state.keys
    try:
        key = await keys.revoke(request.path_params["id"])
    except BadRequest as missing:
        raise BadRequest(missing.message, status=404, code="not_found") from None
    return JsonResponse({"key": _described(key)})


def _described(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "models": key.models,
        "requests_per_minute": key.limits.requests_per_minute,
        "tokens_per_day": key.limits.tokens_per_day,
        "credits_per_month": key.limits.credits_per_month,
        "login": key.login,
        "metrics": key.metrics,
        "readable": key.readable,
    }


def _models(fields: Fields) -> tuple[str, ...]:
    names = fields.array("models")
    if not all(isinstance(name, str) for name in names):
        fields.fail("models", "must be an array of strings")
    return tuple(names)


def _moment(fields: Fields, now: float) -> float | None:
    at = fields.number("expires_at")
    if at is not None and not now < at < _LATEST:
        fields.fail("expires_at", "must be a time to come, in seconds since 1970")
    return at


def _credits(fields: Fields) -> float | None:
    credits = fields.number("credits_per_month")
    if credits is not None and not (credits > 0 and math.isfinite(credits)):
        fields.fail("credits_per_month", "must be above 0")
    return credits
