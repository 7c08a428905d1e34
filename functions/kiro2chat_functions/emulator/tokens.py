"""The token services: AWS SSO OIDC, the social one, and an external identity provider's (protocol notes 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import Response

from kiro2chat_core import jsonio

from .accounts import Denied, Login
from .faults import Target
from .service import Arrival, request_id

__all__ = ["authorize_device", "external_token", "register_client", "social_refresh", "token"]

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

ERRORS: Mapping[str, tuple[int, str]] = {
    "invalid_grant": (400, "InvalidGrantException"),
    "invalid_client": (401, "InvalidClientException"),
    "expired_token": (400, "ExpiredTokenException"),
    "authorization_pending": (400, "AuthorizationPendingException"),
    "slow_down": (400, "SlowDownException"),
    "access_denied": (400, "AccessDeniedException"),
    "invalid_request": (400, "InvalidRequestException"),
    "unsupported_grant_type": (400, "UnsupportedGrantTypeException"),
    "server_error": (500, "InternalServerException"),
}
"""error → (status, type in x-amzn-ErrorType)."""


def token(arrival: Arrival) -> Response:
    """POST /token: a refresh, or a poll of a device login. JSON with camelCase members only."""
    if (response := _injected(arrival)) is not None:
        return response
    try:
        body = _fields(arrival, "clientId", "clientSecret", "grantType")
        registration = arrival.backend.accounts.client(body["clientId"], body["clientSecret"])
        match body["grantType"]:
            case "refresh_token":
                refresh = _fields(arrival, "refreshToken")["refreshToken"]
                login = arrival.backend.accounts.renew("odic", refresh, registration.client_id)
            case grant if grant == DEVICE_GRANT:
                login = arrival.backend.accounts.poll_device(_fields(arrival, "deviceCode")["deviceCode"], registration)
            case _:
                raise Denied("unsupported_grant_type", "Unsupported grant type")
    except Denied as denied:
        return _denied(arrival, denied)
    return _json(arrival, _tokens(arrival, login) | {"tokenType": "Bearer", "idToken": None})


def register_client(arrival: Arrival) -> Response:
    """POST /client/register."""
    if (response := _injected(arrival)) is not None:
        return response
    try:
        if _fields(arrival, "clientName", "clientType")["clientType"] != "public":
            raise Denied("invalid_request", "clientType must be public")
    except Denied as denied:
        return _denied(arrival, denied)
    registration = arrival.backend.accounts.register()
    return _json(
        arrival,
        {
            "clientId": registration.client_id,
            "clientSecret": registration.client_secret,
            "clientIdIssuedAt": int(registration.issued_at),
            "clientSecretExpiresAt": int(registration.expires_at),
        },
    )


def authorize_device(arrival: Arrival) -> Response:
    """POST /device_authorization. Nobody has to visit the address: the polls alone grant it."""
    if (response := _injected(arrival)) is not None:
        return response
    try:
        body = _fields(arrival, "clientId", "clientSecret", "startUrl")
        registration = arrival.backend.accounts.client(body["clientId"], body["clientSecret"])
    except Denied as denied:
        return _denied(arrival, denied)
    code, user_code, lifetime = arrival.backend.accounts.start_device(registration.client_id)
    where = f"{str(arrival.request.base_url).rstrip('/')}/device"
    return _json(
        arrival,
        {
            "deviceCode": code,
            "userCode": user_code,
            "verificationUri": where,
            "verificationUriComplete": f"{where}?user_code={user_code}",
            "expiresIn": lifetime,
            "interval": 1,
        },
    )


def social_refresh(arrival: Arrival) -> Response:
    """POST /refreshToken. Bad tokens get 401 here (protocol notes 2.2)."""
    if (response := _injected(arrival)) is not None:
        return response
    try:
        refresh = _fields(arrival, "refreshToken")["refreshToken"]
    except Denied as denied:
        return _json(arrival, {"message": denied.description}, 400)
    try:
        login = arrival.backend.accounts.renew("social", refresh)
    except Denied as denied:
        return _json(arrival, {"message": denied.description}, 401)
    return _json(arrival, _tokens(arrival, login) | {"profileArn": login.profile_arn})


def external_token(arrival: Arrival) -> Response:
    """POST /external/token: an Entra or Okta; a form, and standard snake_case OAuth (protocol notes 2.3)."""
    if (response := _injected(arrival)) is not None:
        return response
    form = {name: values[0] for name, values in parse_qs(arrival.raw.decode(errors="replace")).items()}
    try:
        if form.get("grant_type") != "refresh_token":
            raise Denied("unsupported_grant_type", "Unsupported grant type")
        refresh, client = form.get("refresh_token", ""), form.get("client_id", "")
        login = arrival.backend.accounts.renew("external-idp", refresh, client)
    except Denied as denied:
        return _denied(arrival, denied)
    given = _tokens(arrival, login)
    names = {"accessToken": "access_token", "refreshToken": "refresh_token", "expiresIn": "expires_in"}
    return _json(arrival, {names[name]: value for name, value in given.items()} | {"token_type": "Bearer"})


def _fields(arrival: Arrival, *names: str) -> dict[str, str]:
    """Members that must be strings in a JSON body; forms and snake_case are the mistakes seen (protocol notes 2.1).

    Raises:
        Denied: invalid_request.
    """
    if arrival.media_type != "application/json" or not isinstance(arrival.body, dict):
        raise Denied("invalid_request", "The request must be a JSON document")
    for name in names:
        if not isinstance(arrival.body.get(name), str):
            raise Denied("invalid_request", f"Missing or invalid parameter: {name}")
    return {name: arrival.body[name] for name in names}


def _tokens(arrival: Arrival, login: Login) -> dict[str, Any]:
    """`refreshToken` is there only when it is a new one."""
    given: dict[str, Any] = {
        "accessToken": login.access_token,
        "expiresIn": round(login.expires_at - arrival.backend.clock()),
    }
    return given | ({"refreshToken": login.refresh_token} if arrival.backend.options.rotation else {})


def _injected(arrival: Arrival) -> Response | None:
    target: Target = "social" if arrival.seen.path.endswith("/refreshToken") else "token"
    injection = arrival.backend.pending(target)
    if injection is None or injection.answer is None or injection.answer.oauth is None:
        return arrival.injected(target)
    arrival.backend.use(injection)
    arrival.seen.fault = injection.answer.name
    status, error, description = injection.answer.oauth
    if target == "social":
        return _json(arrival, {"message": description}, 401 if error == "invalid_grant" else status)
    return _denied(arrival, Denied(error, description))


def _denied(arrival: Arrival, denied: Denied) -> Response:
    status, kind = ERRORS[denied.error]
    body = {"error": denied.error, "error_description": denied.description}
    return _json(arrival, body, status, {"x-amzn-ErrorType": kind})


def _json(arrival: Arrival, body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] = {}) -> Response:
    headers = {"x-amzn-requestid": request_id(), **headers}
    return arrival.done(Response(jsonio.dumps(body), status, headers, "application/json"))
