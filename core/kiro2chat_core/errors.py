"""What can go wrong, split by whose fault it is.

    Kiro2ChatError
    ├── ClientError            the caller's request                      4xx
    │   ├── BadRequest             malformed or refused                  400   names the field
    │   ├── ContextTooLong         more tokens than the model takes      400
    │   ├── Unauthorized           missing or wrong API key              401
    │   ├── Forbidden              foreign host or origin, or a model    403
    │   │                          that the key may not use
    │   ├── UnknownModel           no such model                         404
    │   ├── TooLarge               body over the limit                   413
    │   └── LimitReached           the key's requests of this minute     429   waiting helps
    │       └── AllowanceSpent         its tokens of the day or credits  429   never retried
    │                              of the month
    ├── LoginError             the Kiro login                            401, 403, 429
    │   ├── LoginMissing           no login found                        401   says what to type
    │   ├── LoginExpired           refused and not renewable             401   says what to type
    │   ├── LoginUnreadable        file corrupt, locked or foreign       401   names the file and the cure
    │   ├── LoginForbidden         no right to the call                  403
    │   │   └── LoginSuspended         the account is locked             403   only Kiro's support can lift that
    │   └── QuotaExhausted         the plan's requests are used up       429   never retried
    ├── BackendError           Kiro's servers                            429, 5xx
    │   ├── Throttled              too fast                              429
    │   │   └── NoCapacity             too many others                   429, 529
    │   ├── Unavailable            5xx, broken connection, bad answer    502, 503
    │   ├── BackendTimeout         silence                               504
    │   └── Misunderstood          it refused a body we built            400   sending it again would not help
    ├── StoreError             what lasts is out of reach                503   callers may go on without
    │   ├── StoreUnusable          cannot be opened                            names the place and the cure
    │   └── StoreOutOfReach        the same for strangers                      names nothing
    ├── Stopping               this server ends                      503   another start answers
    ├── Conflict               another writer was first                  409
    ├── ItemTooLarge           more than an item of the store holds
    └── SettingsError          a setting that cannot be used             the start is refused

Anything else that escapes is a bug of ours and becomes a 500. A dialect renders these in its own form. Messages are
shown to people, so they hold no secret and say what to do next.
"""

from __future__ import annotations

__all__ = [
    "AllowanceSpent",
    "BackendError",
    "BackendTimeout",
    "BadRequest",
    "ClientError",
    "Conflict",
    "ContextTooLong",
    "Forbidden",
    "ItemTooLarge",
    "Kiro2ChatError",
    "LimitReached",
    "LoginError",
    "LoginExpired",
    "LoginForbidden",
    "LoginMissing",
    "LoginSuspended",
    "LoginUnreadable",
    "Misunderstood",
    "NoCapacity",
    "QuotaExhausted",
    "SettingsError",
    "Stopping",
    "StoreError",
    "StoreOutOfReach",
    "StoreUnusable",
    "Throttled",
    "TooLarge",
    "Unauthorized",
    "Unavailable",
    "UnknownModel",
]


class Kiro2ChatError(Exception):
    """Base of every error of ours."""

    status = 500
    """The HTTP status a server should answer with."""

    code = "internal_error"
    """A stable word for programs."""

    retryable = False
    """Whether the same request may succeed if it is sent again unchanged."""

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        status: int | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        """Path of the offending request field, such as `messages[2].content[0].image_url`."""
        self.retry_after = retry_after
        """Seconds, when the backend said so."""
        self.request_id = request_id
        """The backend's id of the failed request, for a report to its support."""
        if status is not None:
            self.status = status
        if code is not None:
            self.code = code


class ClientError(Kiro2ChatError):
    """The caller can mend it."""

    status = 400
    code = "invalid_request"


class BadRequest(ClientError):
    """The body is malformed, or asks for something a Kiro model cannot do."""


class ContextTooLong(ClientError):
    """The conversation is longer than the model takes.

    `tokens` and `maximum` are known once the gateway has seen it; clients read them to decide how much to drop, so each
    dialect writes them in its own words.
    """

    code = "context_length_exceeded"
    tokens = 0
    maximum = 0


class Unauthorized(ClientError):
    """The API key is missing or wrong."""

    status = 401
    code = "invalid_api_key"


class Forbidden(ClientError):
    """The request comes from where it must not come from, or asks for what its key does not allow."""

    status = 403
    code = "forbidden"


class UnknownModel(ClientError):
    """The login has no such model."""

    status = 404
    code = "model_not_found"


class TooLarge(ClientError):
    """The body is over the limit."""

    status = 413
    code = "request_too_large"


class LimitReached(ClientError):
    """The API key has made its requests of this minute. SDKs wait for `retry_after`, at most a minute, and go on."""

    status = 429
    code = "rate_limit_exceeded"
    retryable = True


class AllowanceSpent(LimitReached):
    """The API key has used its tokens of the day or its credits of the month: nobody should sit and wait for that."""

    retryable = False


class LoginError(Kiro2ChatError):
    """The Kiro login cannot be used. The message ends with the next command to type."""

    status = 401
    code = "login_required"


class LoginMissing(LoginError):
    """No login was found in any of the places looked at."""


class LoginExpired(LoginError):
    """The login was refused and cannot be renewed."""

    code = "login_expired"


class LoginUnreadable(LoginError):
    """A credentials file is there but cannot be used."""

    code = "login_unreadable"


class LoginForbidden(LoginError):
    """Kiro knows the login and refuses it: suspended, or not entitled."""

    status = 403
    code = "login_forbidden"


class LoginSuspended(LoginForbidden):
    """Kiro has locked the account, whatever is asked with it."""


class QuotaExhausted(LoginError):
    """The plan's requests or credits are used up until its reset date."""

    status = 429
    code = "insufficient_quota"


class BackendError(Kiro2ChatError):
    """Kiro's servers failed."""

    status = 502
    code = "backend_error"
    retryable = True


class Throttled(BackendError):
    """Too many requests, or no capacity for the model at the moment."""

    status = 429
    code = "rate_limit_exceeded"


class NoCapacity(Throttled):
    """The model has no capacity at the moment."""


class Unavailable(BackendError):
    """A 5xx, a broken connection, or an answer that makes no sense."""

    status = 503
    code = "backend_unavailable"


class BackendTimeout(BackendError):
    """The backend fell silent."""

    status = 504
    code = "backend_timeout"


class Misunderstood(BackendError):
    """The backend refused a body that we built: the repairs missed a rule. A 400, so that no client sends it again."""

    status = 400
    code = "backend_rejected_request"
    retryable = False


class StoreError(Kiro2ChatError):
    """The store was lost, is full or is held by another program: nothing was written by half. The message may name places."""

    status = 503
    code = "store_unavailable"
    retryable = True


class StoreUnusable(StoreError):
    """The store cannot be opened. The message names the place, the cause and the cure."""

    code = "store_unusable"
    retryable = False


class StoreOutOfReach(StoreError):
    """What a client is told of any of these, whoever it is: where the store is, and what is wrong with it, is in the log."""


class Stopping(Kiro2ChatError):
    """The server was told to end before the answer was whole."""

    status = 503
    code = "server_stopping"
    retryable = True


class Conflict(Kiro2ChatError):
    """An item of the store is not what a write expected: read it again and decide anew."""

    status = 409
    code = "conflict"


class ItemTooLarge(Kiro2ChatError):
    """A value is larger than an item of the store may be."""

    code = "item_too_large"


class SettingsError(Kiro2ChatError):
    """A setting cannot be used; the start is refused."""

    code = "bad_setting"
