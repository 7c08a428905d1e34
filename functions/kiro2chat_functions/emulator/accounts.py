"""The logins that the emulator issued: tokens, their renewal, client registrations, quotas."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias, TypedDict

__all__ = ["PLACEHOLDER_PROFILE", "PROFILE", "Accounts", "Denied", "Kind", "Login", "LoginArguments", "Registration"]

Kind: TypeAlias = Literal["odic", "social", "api-key", "external-idp"]

PROFILE = "arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL"
SOCIAL_PROFILE = "arn:aws:codewhisperer:us-east-1:699475941385:profile/EHGA3GRVQMUK"
PLACEHOLDER_PROFILE = "arn:aws:codewhisperer:us-east-1:638616132270:profile/AAAACCCCXXXX"

TOKEN_TYPES: dict[Kind, frozenset[str]] = {
    "odic": frozenset({"", "SSO_OIDC"}),
    "social": frozenset({""}),
    "api-key": frozenset({"API_KEY"}),
    "external-idp": frozenset({"EXTERNAL_IDP"}),
}
"""What the TokenType header must say for each kind of login (protocol notes 1.6)."""

_REGISTRATION_LIFETIME = 90 * 86400
_DEVICE_LIFETIME = 600


class Denied(Exception):
    """A token service refuses. `error` is OAuth's word for it."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Registration:
    """An OIDC client. Times are seconds since 1970."""

    client_id: str
    client_secret: str
    issued_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class Login:
    """An account's tokens. `profile_arn` is empty for Builder ID; `expires_at` is seconds since 1970."""

    kind: Kind
    access_token: str
    refresh_token: str
    client_id: str
    client_secret: str
    sso_region: str
    profile_arn: str
    expires_at: float
    account: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class LoginArguments(TypedDict, total=False):
    """What `Accounts.login` takes by name."""

    profile_arn: str | None
    builder_id: bool
    sso_region: str
    quota: int | None


@dataclass(slots=True)
class _Device:
    client_id: str
    expires_at: float
    polls_left: int


@dataclass(slots=True)
class _Account:
    used: int = 0
    quota: int | None = None


class Accounts:
    """Issues logins and knows which of their tokens still count. Tokens are the same in every run."""

    def __init__(self, clock: Callable[[], float], *, rotation: bool, token_lifetime: int, device_polls: int) -> None:
        self._clock = clock
        self._rotation = rotation
        self._token_lifetime = token_lifetime
        self._device_polls = device_polls
        self._issued = 0
        self._accounts: list[_Account] = []
        self._by_access: dict[str, Login] = {}
        self._by_refresh: dict[str, Login] = {}
        self._registrations: dict[str, Registration] = {}
        self._devices: dict[str, _Device] = {}

    def login(
        self,
        kind: Kind = "odic",
        expires_in: float = 3600,
        *,
        profile_arn: str | None = None,
        builder_id: bool = False,
        sso_region: str = "us-east-1",
        quota: int | None = None,
        registration: Registration | None = None,
    ) -> Login:
        """A new account. A negative `expires_in` gives a token that has expired; `quota` is a number of chats.

        Raises:
            ValueError: there is no such kind of login.
        """
        if kind not in TOKEN_TYPES:
            raise ValueError(f"{kind!r} is no kind of login; these are: {', '.join(TOKEN_TYPES)}")
        if profile_arn is None:
            profile_arn = "" if builder_id or kind == "api-key" else SOCIAL_PROFILE if kind == "social" else PROFILE
        if registration is None and kind == "odic":
            registration = self.register()
        self._accounts.append(_Account(quota=quota))
        login = Login(
            kind=kind,
            access_token="ksk_" + self._token(36) if kind == "api-key" else "aoa" + self._token(60),
            refresh_token="" if kind == "api-key" else "aor" + self._token(60),
            client_id=registration.client_id if registration else "external-client" if kind == "external-idp" else "",
            client_secret=registration.client_secret if registration else "",
            sso_region=sso_region,
            profile_arn=profile_arn,
            expires_at=float("inf") if kind == "api-key" else self._clock() + expires_in,
            account=len(self._accounts) - 1,
        )
        return self._keep(login)

    def bearer(self, token: str, token_type: str) -> Login | None:
        """The login that an access token stands for, while it does."""
        login = self._by_access.get(token)
        if login is None or login.expires_at <= self._clock() or token_type not in TOKEN_TYPES[login.kind]:
            return None
        return login

    def charge(self, login: Login) -> bool:
        """Count one chat; false when the account's quota is used up."""
        account = self._accounts[login.account]
        if account.quota is not None and account.used >= account.quota:
            return False
        account.used += 1
        return True

    def usage(self, login: Login) -> tuple[int, int | None]:
        """(chats so far, quota)"""
        account = self._accounts[login.account]
        return account.used, account.quota

    def register(self, lifetime: float = _REGISTRATION_LIFETIME) -> Registration:
        now = self._clock()
        registration = Registration(self._token(22), "eyJ" + self._token(80), now, now + lifetime)
        self._registrations[registration.client_id] = registration
        return registration

    def client(self, client_id: str, client_secret: str) -> Registration:
        """A registration that still counts.

        Raises:
            Denied: invalid_client.
        """
        known = self._registrations.get(client_id)
        if known is None or known.client_secret != client_secret or known.expires_at <= self._clock():
            raise Denied("invalid_client", "Invalid client provided")
        return known

    def renew(self, kind: Kind, refresh_token: str, client_id: str = "") -> Login:
        """New tokens for a refresh token of that kind of login.

        Raises:
            Denied: invalid_grant, for a token that is unknown, used, or another client's.
        """
        old = self._by_refresh.get(refresh_token)
        if old is None or old.kind != kind or (old.client_id and old.client_id != client_id):
            raise Denied("invalid_grant", "Invalid refresh token provided")
        fresh = replace(old, access_token="aoa" + self._token(60), expires_at=self._clock() + self._token_lifetime)
        if self._rotation:
            del self._by_refresh[refresh_token]
            fresh = replace(fresh, refresh_token="aor" + self._token(60))
        return self._keep(fresh)

    def revoke(self, login: Login) -> None:
        """Neither token counts any longer; those renewed from them do."""
        self._by_access.pop(login.access_token, None)
        self._by_refresh.pop(login.refresh_token, None)

    def start_device(self, client_id: str) -> tuple[str, str, int]:
        """(device code, user code, seconds they live)"""
        code, user = self._token(40), self._token(8).upper()
        self._devices[code] = _Device(client_id, self._clock() + _DEVICE_LIFETIME, self._device_polls)
        return code, f"{user[:4]}-{user[4:]}", _DEVICE_LIFETIME

    def poll_device(self, code: str, registration: Registration) -> Login:
        """The new login, once the person has (as if) agreed in the browser.

        Raises:
            Denied: authorization_pending, expired_token or invalid_grant.
        """
        device = self._devices.get(code)
        if device is None or device.client_id != registration.client_id:
            raise Denied("invalid_grant", "Invalid grant provided")
        if device.expires_at <= self._clock():
            raise Denied("expired_token", "Device code expired")
        if device.polls_left > 0:
            device.polls_left -= 1
            raise Denied("authorization_pending", "Authorization pending")
        del self._devices[code]
        return self.login("odic", self._token_lifetime, builder_id=True, registration=registration)

    def _keep(self, login: Login) -> Login:
        self._by_access[login.access_token] = login
        if login.refresh_token:
            self._by_refresh[login.refresh_token] = login
        return login

    def _token(self, length: int) -> str:
        self._issued += 1
        digest = hashlib.shake_128(f"kiro2chat emulator {self._issued}".encode()).hexdigest(length)
        return digest[:length]
