"""Where a login comes from: kiro-cli's database, Amazon Q's, Kiro IDE's files, the environment (protocol notes 1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

from .. import jsonio
from ..errors import LoginMissing, LoginUnreadable
from ..secret import Secret
from ..settings import Settings
from . import credentials, places
from .copies import Copies
from .database import Rows, read_rows

__all__ = ["Kind", "Login", "Looked", "OidcClient", "Place", "find_login", "look"]

Kind: TypeAlias = Literal["odic", "social", "external-idp", "api-key"]

USABLE = 30.0
"""Seconds a token must still be good for to count as usable."""

_REGION = re.compile(r"[a-z0-9-]{1,63}")
_TOKEN_TYPES = {"external_idp": "EXTERNAL_IDP", "machine_token": "KIRO_MACHINE_TOKEN", "api_key": "API_KEY"}


@dataclass(frozen=True, slots=True)
class OidcClient:
    """A client registration. `expires_at` is epoch seconds."""

    id: str
    secret: Secret
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The file a login was read from, and its key where the file is a database."""

    path: Path
    key: str = ""

    def __str__(self) -> str:
        return f"{self.path}, {self.key}" if self.key else str(self.path)


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
    """The refresh token that the source holds; another than `refresh_token` when an own copy replaces it."""

    expires_at: float | None = None
    sso_region: str = "us-east-1"
    profile_arn: str | None = None
    client: OidcClient | None = None
    token_type: str | None = None
    """The TokenType header (protocol notes 1.6); None for logins that send none."""

    token_endpoint: str = ""
    scopes: str = ""

    def usable(self, now: float) -> bool:
        return self.access_token is not None and (self.expires_at is None or self.expires_at > now + USABLE)

    @property
    def renewable(self) -> bool:
        return self.refresh_token is not None and (
            self.kind == "social"
            or (self.kind == "odic" and self.client is not None)
            or (self.kind == "external-idp" and bool(self.token_endpoint) and self.client is not None)
        )


@dataclass(frozen=True, slots=True)
class Looked:
    """One place that was looked at: the login there, or why there is none. `broken` is a file that cannot be used."""

    place: str
    login: Login | None = None
    why: str = ""
    broken: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.why or 'found'}"


def find_login(settings: Settings, *, now: float) -> Login:
    """The login to use: by the order of the settings the first that has not expired, else the first that can be renewed.

    Raises:
        LoginMissing: there is none; says where it was looked for and what to type.
        LoginUnreadable: there is none, and a file that may hold one cannot be used.
    """
    looked = look(settings, now=now)
    found = [each.login for each in looked if each.login is not None]
    for good in (lambda login: login.usable(now), lambda login: login.renewable, lambda login: True):
        for login in found:
            if good(login):
                return login
    broken = [each.why for each in looked if each.broken]
    if broken:
        raise LoginUnreadable(broken[0])
    where = "; ".join(str(each) for each in looked) or "nowhere (KIRO_LOGIN names no source)"
    raise LoginMissing(f"No Kiro login was found. Looked at {where}. Run `kiro-cli login`, or set KIRO_DB_PATH.")


def look(settings: Settings, *, now: float) -> list[Looked]:
    """Every place, in the order of `settings.kiro_login`."""
    files: dict[Path, Rows | Looked] = {}

    def rows(path: Path) -> Rows | Looked:
        """Each database is read once, however many sources it may hold."""
        if path not in files:
            try:
                files[path] = read_rows(path)
            except FileNotFoundError:
                files[path] = Looked(str(path), why="no such file")
            except LoginUnreadable as error:
                files[path] = Looked(str(path), why=error.message, broken=True)
        return files[path]

    copies = Copies(settings.data_dir / "tokens")
    looked: list[Looked] = []
    for name in settings.kiro_login:
        for each in _SOURCES[name](settings, rows):
            if each.login is not None:
                each = replace(each, login=_with_copy(_with_profile(each.login, settings), copies))
            if each not in looked:
                looked.append(each)
    return looked


Reader: TypeAlias = Callable[[Path], Rows | Looked]


# --- the environment ---------------------------------------------------------------------------------------------------


def _api_key(settings: Settings, _rows: Reader) -> Iterator[Looked]:
    if settings.kiro_api_key is None:
        return
    login = Login("api-key", "KIRO_API_KEY", access_token=settings.kiro_api_key, token_type=_TOKEN_TYPES["api_key"])
    yield Looked("KIRO_API_KEY", login)


def _refresh_token(settings: Settings, _rows: Reader) -> Iterator[Looked]:
    token = settings.kiro_refresh_token
    if token is None:
        return
    client = None
    if settings.kiro_client_id and settings.kiro_client_secret:
        client = OidcClient(settings.kiro_client_id, settings.kiro_client_secret)
    login = Login(
        "odic" if client else "social",
        "KIRO_REFRESH_TOKEN",
        refresh_token=token,
        held=token,
        sso_region=_region(settings.kiro_sso_region),
        client=client,
    )
    yield Looked("KIRO_REFRESH_TOKEN", login)


# --- databases ---------------------------------------------------------------------------------------------------------


def _database(
    settings: Settings, rows: Reader, *, kind: Kind, product: str, keys: tuple[str, ...], older: bool = False
) -> Iterator[Looked]:
    """The logins under `keys` in each database that may hold them."""
    for path in places.databases(settings, older=older):
        content = rows(path)
        if isinstance(content, Looked):
            yield content
            continue
        present = [key for key in keys if key in content.auth]
        if not present:
            yield Looked(str(path), why=f"holds no {product} login")
        for key in present:
            yield _row(settings, content, Place(path, key), kind, product)


def _row(settings: Settings, rows: Rows, place: Place, kind: Kind, product: str) -> Looked:
    token = _object(rows.auth[place.key])
    if token is None:
        return Looked(str(place), why=f"{place} is not JSON. Run `kiro-cli login`.", broken=True)
    registration = _registration(rows, place.key) if kind == "odic" else None
    arn = credentials.words(token, "profile_arn") or credentials.profile_arn(
        _json(rows.state.get("api.codewhisperer.profile", ""))
    )
    named = credentials.words(token, "region") or credentials.words(registration or {}, "region")
    if kind == "odic" and not named:
        named = _plain(rows.state.get("auth.idc.region", ""))
    login = _login(settings, token, kind, f"{product} ({place})", place, registration, arn or None, named)
    if login.access_token is None and login.refresh_token is None:
        return Looked(str(place), why=f"{place} holds no token. Run `kiro-cli login`.", broken=True)
    return Looked(str(place), login)


def _registration(rows: Rows, token_key: str) -> Mapping[str, Any] | None:
    """The registration of the same prefix: another product's would be refused with this token (protocol notes 1.2)."""
    prefix = token_key.removesuffix(":token")
    product = prefix.partition(":")[0]
    keys = [f"{prefix}:device-registration"]
    keys += [f"{product}:{spelling}:device-registration" for spelling in ("odic", "oidc")]
    keys += ["device_registration"] if product == "kirocli" else []
    return next((found for key in keys if (found := _object(rows.auth.get(key, ""))) is not None), None)


# --- Kiro IDE ----------------------------------------------------------------------------------------------------------

_IDE_KINDS: Mapping[str, Kind] = {"idc": "odic", "external_idp": "external-idp", "api_key": "api-key"}


def _kiro_ide(settings: Settings, _rows: Reader) -> Iterator[Looked]:
    for path in places.ide_tokens(settings):
        try:
            token = _object(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            yield Looked(str(path), why="no such file")
            continue
        except (OSError, UnicodeDecodeError) as error:
            yield Looked(str(path), why=f"{path} cannot be read ({type(error).__name__}).", broken=True)
            continue
        if token is None or not (credentials.words(token, "access_token") or credentials.words(token, "refresh_token")):
            yield Looked(str(path), why=f"{path} is no Kiro IDE login. Log in with Kiro again.", broken=True)
            continue
        method = credentials.words(token, "auth_method").lower()
        kind = _IDE_KINDS.get(
            method, "social" if method == "social" else "odic" if "clientIdHash" in token else "social"
        )
        registration = _ide_client(path, token) if kind == "odic" else None
        named = credentials.words(token, "region") or credentials.words(registration or {}, "region")
        arn = credentials.words(token, "profile_arn") or None
        login = _login(settings, token, kind, f"Kiro IDE ({path})", Place(path), registration, arn, named)
        yield Looked(str(path), replace(login, token_type=_TOKEN_TYPES.get(method)))


def _ide_client(path: Path, token: Mapping[str, Any]) -> Mapping[str, Any] | None:
    name = credentials.words(token, "client_id_hash")
    if not re.fullmatch(r"[0-9a-zA-Z_-]{1,128}", name):
        return None
    try:
        return _object((path.parent / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


_ODIC_KEYS = ("kirocli:odic:token", "kirocli:oidc:token")
_SOURCES: Mapping[str, Callable[[Settings, Reader], Iterator[Looked]]] = {
    "api-key": _api_key,
    "refresh-token": _refresh_token,
    "social": partial(_database, kind="social", product="kiro-cli", keys=("kirocli:social:token",)),
    "odic": partial(_database, kind="odic", product="kiro-cli", keys=_ODIC_KEYS),
    "external-idp": partial(_database, kind="external-idp", product="kiro-cli", keys=("kirocli:external-idp:token",)),
    "kiro-ide": _kiro_ide,
    "amazon-q": partial(
        _database, kind="odic", product="Amazon Q", keys=("codewhisperer:odic:token", "codewhisperer:oidc:token"), older=True
    ),
}  # fmt: skip


# --- what all of them share --------------------------------------------------------------------------------------------


def _login(
    settings: Settings,
    token: Mapping[str, Any],
    kind: Kind,
    source: str,
    place: Place,
    registration: Mapping[str, Any] | None,
    arn: str | None,
    region: str,
) -> Login:
    access, refresh = credentials.words(token, "access_token"), credentials.words(token, "refresh_token")
    if not region and kind == "social" and arn and len(arn.split(":")) > 3:
        region = arn.split(":")[3]
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
        sso_region=_region(region or settings.kiro_sso_region),
        profile_arn=arn,
        client=_client(registration if registration is not None else token),
        token_type=_TOKEN_TYPES["external_idp"] if kind == "external-idp" else None,
        token_endpoint=credentials.words(token, "token_endpoint"),
        scopes=" ".join(map(str, scopes)) if isinstance(scopes, list) else scopes if isinstance(scopes, str) else "",
    )


def _client(value: Mapping[str, Any]) -> OidcClient | None:
    """A registration, or the client of an external identity provider, which has no secret."""
    client_id, secret = credentials.words(value, "client_id"), credentials.words(value, "client_secret")
    if not client_id:
        return None
    expires = credentials.field(value, "client_secret_expires_at")
    if expires is None and secret and "accessToken" not in value:
        expires = credentials.field(value, "expires_at")  # Kiro IDE's spelling
    return OidcClient(client_id, Secret(secret), credentials.moment(expires))


def _with_profile(login: Login, settings: Settings) -> Login:
    return replace(login, profile_arn=settings.kiro_profile_arn) if settings.kiro_profile_arn else login


def _with_copy(login: Login, copies: Copies) -> Login:
    """The login with our own, newer tokens where its source could not be written."""
    if login.held is None or (copy := copies.read(login.source, login.held)) is None:
        return login
    access, refresh = credentials.words(copy, "access_token"), credentials.words(copy, "refresh_token")
    if not access or not refresh:
        return login
    return replace(
        login,
        access_token=Secret(access),
        refresh_token=Secret(refresh),
        expires_at=credentials.moment(copy.get("expires_at")),
        profile_arn=login.profile_arn or credentials.words(copy, "profile_arn") or None,
    )


def _region(name: str | None) -> str:
    """A region's name, and nothing that could lead a secret to another host."""
    return name if name and _REGION.fullmatch(name) else "us-east-1"


def _json(text: str) -> Any:
    try:
        return jsonio.loads(text)
    except ValueError:
        return text


def _plain(text: str) -> str:
    value = _json(text)
    return value if isinstance(value, str) else ""


def _object(text: str) -> Mapping[str, Any] | None:
    value = _json(text)
    return value if isinstance(value, dict) else None
