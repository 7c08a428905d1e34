"""The control plane: models, profiles, usage; REST and JSON-1.0 (protocol notes 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from starlette.responses import Response

from kiro2chat_core import jsonio

from .accounts import Login
from .checks import profile_refusal
from .models import Model, fields_schema
from .options import Options
from .refusals import CONTENT_TYPES, REFUSALS, Refusal
from .service import Arrival, request_id

__all__ = ["OPERATIONS", "PREFIX", "operate"]

PREFIX = "AmazonCodeWhispererService."

Parameters: TypeAlias = Mapping[str, Any]
Operation: TypeAlias = Callable[[Parameters, Login, Arrival], dict[str, Any] | Refusal]


def operate(arrival: Arrival, name: str) -> Response:
    """One side call. Parameters come in the query, in the body, or in both."""
    if (response := arrival.injected("control")) is not None:
        return response
    if arrival.form == "rest" and arrival.request.method == "GET":
        login: Login | Refusal = arrival.bearer or REFUSALS["bad_bearer"]
    else:
        login = arrival.authorized()
    if isinstance(login, Refusal):
        return arrival.refuse(login)
    if arrival.raw and not isinstance(arrival.body, dict):
        return arrival.refuse(REFUSALS["not_json"])
    answer = OPERATIONS[name]({**arrival.seen.query, **(arrival.body or {})}, login, arrival)
    if isinstance(answer, Refusal):
        return arrival.refuse(answer)
    headers = {"x-amzn-requestid": request_id()}
    return arrival.done(Response(jsonio.dumps(answer), 200, headers, CONTENT_TYPES[arrival.form]))


def _models(parameters: Parameters, login: Login, arrival: Arrival) -> dict[str, Any] | Refusal:
    options = arrival.backend.options
    if not parameters.get("origin"):
        return REFUSALS["body_invalid"]
    if refusal := profile_refusal(parameters.get("profileArn"), login, options):
        return refusal
    page = _page(options.models, parameters, options)
    if isinstance(page, Refusal):
        return page
    models, following = page
    listed = [_listed(model, options) for model in models]
    return {"defaultModel": {"modelId": options.models[0].id}, "models": listed, "nextToken": following}


def _listed(model: Model, options: Options) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "modelId": model.id,
        "modelName": model.name,
        "description": f"The emulator plays {model.name}",
        "rateMultiplier": model.rate,
        "rateUnit": "Credit",
        "supportedInputTypes": ["TEXT", "IMAGE"] if model.images else ["TEXT"],
        "tokenLimits": {"maxInputTokens": model.window, "maxOutputTokens": model.output},
        "promptCaching": {
            "maximumCacheCheckpointsPerRequest": 4,
            "minimumTokensPerCacheCheckpoint": 4096 if model.id == "claude-opus-4.5" else 1024,
            "supportsPromptCaching": model.family == "claude",
        },
        "modelProvider": model.family,
    }
    schema = fields_schema(model, disputed=options.effort_on_45)
    return entry if schema is None else {**entry, "additionalModelRequestFieldsSchema": schema}


def _profiles(parameters: Parameters, login: Login, arrival: Arrival) -> dict[str, Any] | Refusal:
    if login.kind == "odic" and not login.profile_arn:
        return REFUSALS["builder_id"]
    profile = {
        "arn": login.profile_arn,
        "profileName": "Demo",
        "description": "",
        "status": "ACTIVE",
        "profileType": "Q_DEVELOPER",
    }
    # A social login may get an empty list (protocol notes 5).
    profiles = [profile] if login.profile_arn and login.kind != "social" else []
    page = _page(profiles, parameters, arrival.backend.options)
    return page if isinstance(page, Refusal) else {"profiles": page[0], "nextToken": page[1]}


def _next_month(now: float) -> float:
    """Epoch seconds of its first moment, UTC."""
    first = datetime.fromtimestamp(now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1).timestamp()


def _usage(parameters: Parameters, login: Login, arrival: Arrival) -> dict[str, Any] | Refusal:
    if refusal := profile_refusal(parameters.get("profileArn"), login, arrival.backend.options):
        return refusal
    used, quota = arrival.backend.accounts.usage(login)
    limit = 1000 if quota is None else quota
    reset = _next_month(arrival.backend.clock())
    precise = {"currentUsageWithPrecision": float(used), "usageLimitWithPrecision": float(limit)}
    return {
        "daysUntilReset": 0,
        "nextDateReset": reset,
        "limits": [
            {
                "type": "AGENTIC_REQUEST",
                "currentUsage": used,
                "totalUsageLimit": limit,
                "percentUsed": 100.0 * used / max(limit, 1),
            }
        ],
        "usageBreakdownList": [
            {
                "resourceType": "CREDIT",
                "displayName": "Credit",
                "displayNamePlural": "Credits",
                "currentUsage": used,
                "usageLimit": limit,
                **precise,
                "currentOverages": 0,
                "overageCap": 10_000,
                "overageRate": 0.04,
                "currency": "USD",
                "unit": "INVOCATIONS",
                "nextDateReset": reset,
                "bonuses": [],
            }
        ],
        "subscriptionInfo": {"type": "Q_DEVELOPER_STANDALONE_FREE", "subscriptionTitle": "KIRO FREE"},
        "overageConfiguration": {"overageStatus": "DISABLED"},
        "userInfo": {"userId": f"d-demo.{login.account}", "email": "demo@example.com"},
    }


OPERATIONS: dict[str, Operation] = {
    "ListAvailableModels": _models,
    "ListAvailableProfiles": _profiles,
    "GetUsageLimits": _usage,
}


def _page(items: Sequence[Any], parameters: Parameters, options: Options) -> tuple[Sequence[Any], str | None] | Refusal:
    """(items, token of the next page)"""
    try:
        size = int(parameters.get("maxResults") or options.page_size or len(items) or 1)
        start = int(str(parameters.get("nextToken") or "page-0").removeprefix("page-"))
    except ValueError:
        return REFUSALS["body_invalid"]
    if size < 1 or start < 0:
        return REFUSALS["body_invalid"]
    end = start + size
    return items[start:end], f"page-{end}" if end < len(items) else None
