"""What a login is, and how one is read from the JSON that Kiro's programs keep (protocol notes 1.3 to 1.6). Does no I/O."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ..errors import Kiro2ChatError, LoginExpired
from ..secret import Secret
from . import credentials

__all__ = ["BUILDER_ID", "TOKEN_TYPES", "Kind", "Login", "Looked", "OidcClient", "Place", "from_json", "with_cure"]

Kind: TypeAlias = Literal["odic", "social", "external-idp", "api-key"]

BUILDER_ID = "https://view.awsapps.com/start"
"""The start address of AWS Builder ID; an organisation's Identity Center has one of its own."""

TOKEN_TYPES: Mapping[str, str] = {
    "external_idp": "EXTERNAL_IDP",
    "machine_token": "KIRO_MACHINE_TOKEN",
    "api_key": "API_KEY",
}
"""The TokenType header by Kiro IDE's `authMethod` (protocol notes 1.6)."""

_USABLE = 30.0
"""Seconds a token must still be good for to count as usable: it has to last until the backend has looked at it."""

_REGION = re.compile(r"[a-z0-9-]{1,63}")


@dataclass(frozen=True, slots=True)
class OidcClient:
    """A client registration. `expires_at` is epoch seconds."""

    id: str
    secret: Secret
    expires_at: float | None = None

    def expired(self, now: float) -> bool:
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Place:
    """The file a login was read from (as its real path), and its key where the file is a database."""

    path: Path
    key: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """A login as found or as renewed. Times are epoch seconds; `expires_at` None means that it does not say."""

    kind: Kind
    source: str
    """For people: which program's login, and where it was found."""

    place: Place | None = None
    """Where a renewed token goes; None for the environment."""

    access_token: Secret | None = None
    refresh_token: Secret | None = None
    held: Secret | None = None
    """The refresh token that the source holds; another than `refresh_token` when ours could not be written there."""

    expires_at: float | None = None
    sso_region: str = "us-east-1"
    profile_arn: str | None = None
    client: OidcClient | None = None
    token_type: str | None = None
    """The TokenType header (protocol notes 1.6); None for logins that send none."""

    token_endpoint: str = ""
    scopes: str = ""
    command: str = "kiro-cli login"
    """What to type when it has come to its end; "" where the environment holds it."""

    own: bool = False
    """Whether `kiro2chat login` made it: it is meant for us, and other logins do not oust it while it can be renewed."""

    number: int = field(default=0, compare=False)
    """Counts the accounts that were in use in this process: what is known of one may not hold for the next."""

    @property
    def identity(self) -> str:
        """Names the source to programs: locks and own copies hang from it, in every process alike."""
        if self.place is not None:
            return f"{self.place.path}\n{self.place.key}"
        token = self.held or self.access_token
        return f"{self.source}\n{hashlib.sha256(token.reveal().encode()).hexdigest() if token else ''}"

    @property
    def cure(self) -> str:
        """What to do when it has come to its end."""
        return (
            f"Run `{self.command}`."
            if self.command
            else f"Set another, or unset {self.source} and run `kiro-cli login`."
        )

    def is_account_of(self, other: Login) -> bool:
        """Whether both are the same account, as far as can be seen: a new `kiro2chat login` registers a client of its own, and
        other logins lie elsewhere or belong to other organisations."""

        def marks(login: Login) -> tuple[object, ...]:
            client = login.client.id if login.client else ""
            return login.identity, login.kind, client, login.sso_region, login.command, login.profile_arn

        return marks(self) == marks(other)

    def usable(self, now: float) -> bool:
        return self.access_token is not None and (self.expires_at is None or self.expires_at > now + _USABLE)

    def renewable(self, now: float) -> bool:
        """Whether a refresh has what it needs; the service may still refuse it."""
        client = self.client
        return self.refresh_token is not None and (
            self.kind == "social"
            or (self.kind == "odic" and client is not None and bool(client.secret) and not client.expired(now))
            or (self.kind == "external-idp" and client is not None and bool(self.token_endpoint))
        )


@dataclass(frozen=True, slots=True)
class Looked:
    """One place that was looked at: the login there, or why there is none. `broken` is where a file cannot be used."""

    place: str
    login: Login | None = None
    why: str = ""
    broken: Place | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.why or 'found'}"


def from_json(
    kind: Kind,
    token: Mapping[str, Any],
    *,
    source: str,
    place: Place,
    registration: Mapping[str, Any] | None = None,
    arn: str | None = None,
    regions: Iterable[str | None] = (),
    token_type: str | None = None,
    command: str = "kiro-cli login",
    own: bool = False,
) -> Login | None:
    """A login from a token's JSON and its registration's; None where there is no token in it.

    Args:
        arn: of the profile, where the token names none.
        regions: of the token service, where neither the token nor the registration names one; the first sound one counts.
        command: what makes a login such as this one.
    """
    access, refresh = credentials.token(token, "access_token"), credentials.token(token, "refresh_token")
    if not access and not refresh:
        return None
    arn = credentials.words(token, "profile_arn") or arn
    # A social token has no region of its own but in its profile (protocol notes 1.3).
    of_profile = (arn or "").split(":")[3:4] if kind == "social" else []
    named = (credentials.words(token, "region"), credentials.words(registration or {}, "region"))
    scopes = credentials.field(token, "scopes")
    held = Secret(refresh) if refresh else None
    return Login(
        kind,
        source,
        place,
        access_token=Secret(access) if access else None,
        refresh_token=held,
        held=held,
        expires_at=credentials.moment(credentials.field(token, "expires_at")),
        sso_region=region(*named, *of_profile, *regions),
        profile_arn=arn or None,
        client=_client(token if registration is None else registration, of_its_own=registration is not None),
        token_type=token_type,
        token_endpoint=credentials.words(token, "token_endpoint"),
        scopes=" ".join(map(str, scopes)) if isinstance(scopes, list) else scopes if isinstance(scopes, str) else "",
        command=command,
        own=own,
    )


def with_cure(error: Kiro2ChatError, login: Login) -> Kiro2ChatError:
    """The error that a request ends with: a refused token is told with what to type for this login."""
    if isinstance(error, LoginExpired) and login.cure not in error.message:
        error.message = f"{error.message.rstrip('.')}. {login.cure}"
        error.args = (error.message,)
    return error


def region(*names: str | None) -> str:
    """The first that is a region's name, and not something that would lead a secret to another host."""
    return next((name for name in names if name and _REGION.fullmatch(name)), "us-east-1")


def _client(value: Mapping[str, Any], *, of_its_own: bool) -> OidcClient | None:
    """A registration, or the client of an external identity provider, which stands in the token and has no secret."""
    client_id = credentials.words(value, "client_id")
    if not client_id:
        return None
    expires = credentials.field(value, "client_secret_expires_at")
    if expires is None and of_its_own:
        expires = credentials.field(value, "expires_at")  # Kiro IDE's spelling
    return OidcClient(client_id, Secret(credentials.words(value, "client_secret")), credentials.moment(expires))
