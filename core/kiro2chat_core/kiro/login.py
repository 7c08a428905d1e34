"""Where a login comes from, and which one is used: kiro-cli's database, Amazon Q's, Kiro IDE's files, the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from ..errors import LoginMissing, LoginUnreadable
from ..secret import Secret
from ..settings import Settings
from . import account, credentials, places
from .account import TOKEN_TYPES, Kind, Login, Looked, OidcClient, Place
from .copies import Copies
from .database import Rows, read_rows
from .ide import ide_logins
from .own import own_command, own_logins

__all__ = ["Kind", "Login", "Looked", "OidcClient", "Place", "find_login", "look"]

Reader: TypeAlias = Callable[[Path], "Rows | Looked"]


def find_login(
    settings: Settings, *, now: float, known: Login | None = None, refused: Collection[Secret] = ()
) -> Login:
    """The login to use: by the order of the settings the first that has not expired, else the first that can be renewed.

    A login made by `kiro2chat login` is meant for us: like the one in use it counts as not expired while it can be renewed, so
    that no start after a night goes on with another account; but where one that can be renewed stands before it, that one is
    meant. One that was chosen by name (`LOGIN_NAME`) is the only one.

    Args:
        known: the login in use. It counts where its file cannot be read, and its tokens count where they are newer than
            the file's.
        refused: refresh tokens that are known not to work.

    Raises:
        LoginMissing: there is none; says where it was looked for and what to type.
        LoginUnreadable: there is none, and a file that may hold one cannot be used.
    """

    def renewable(login: Login) -> bool:
        return login.renewable(now) and login.refresh_token not in refused

    def good(login: Login) -> bool:
        ours = known is not None and login.identity == known.identity
        meant = login.own and not any(each.login is not None and renewable(each.login) for each in looked)
        return login.usable(now) or ((ours or meant) and renewable(login))

    looked: list[Looked] = []
    for each in _looks(settings, known):
        if each.login is not None and good(each.login):
            return each.login
        looked.append(each)
    found = [each.login for each in looked if each.login is not None]
    if found:
        return next(filter(renewable, found), found[0])
    if broken := [each.why for each in looked if each.broken]:
        raise LoginUnreadable(broken[0])
    if settings.only_own:
        raise LoginMissing(
            f"No Kiro login was found by the name {settings.login_name!r}. Run `{own_command(settings.login_name)}`."
        )
    where = "; ".join(map(str, looked)) or "no file: KIRO_LOGIN, KIRO_DB_PATH and KIRO_IDE_TOKEN leave none"
    raise LoginMissing(
        f"No Kiro login was found. Looked at {where}. Run `kiro-cli login` or `kiro2chat login`, or set KIRO_DB_PATH."
    )


def look(settings: Settings, *, now: float) -> list[Looked]:
    """Every place, in the order of `settings.logins`."""
    return [replace(each, why=_told(each.login, now)) if each.login else each for each in _looks(settings, None)]


def _looks(settings: Settings, known: Login | None) -> Iterator[Looked]:
    """The places one by one, so that no file is opened after the login has been found."""
    files: dict[Path, Rows | Looked] = {}

    def rows(path: Path) -> Rows | Looked:
        """Each database is read once, however many sources it may hold."""
        if path not in files:
            try:
                files[path] = read_rows(path)
            except FileNotFoundError:
                files[path] = Looked(str(path), why="no such file")
            except LoginUnreadable as error:
                files[path] = Looked(str(path), why=error.message, broken=Place(_real(path)))
        return files[path]

    copies = Copies(settings.data_dir / "tokens")
    seen: set[Looked] = set()
    for name in settings.logins:
        for each in _SOURCES[name](settings, rows):
            if each in seen:
                continue
            seen.add(each)
            if known is not None and known.place is not None and _covers(each.broken, known.place):
                yield Looked(each.place, known)
            elif each.login is not None:
                login = _newest(each.login, copies, known)
                yield replace(each, login=replace(login, profile_arn=settings.kiro_profile_arn or login.profile_arn))
            else:
                yield each


def _covers(broken: Place | None, place: Place) -> bool:
    return broken is not None and broken.path == place.path and broken.key in ("", place.key)


def _newest(login: Login, copies: Copies, known: Login | None) -> Login:
    """The login with what we know better than its source: it could not be written, or not yet.

    A refresh token that replaced the source's counts in any case, since the source's is used up; else who lives longer.
    """
    candidates = [login]
    if login.held is not None and (copy := copies.read(login.identity, login.held)) is not None:
        candidates.append(_with(login, *copy))
    if known is not None and known.identity == login.identity and known.held == login.held:
        candidates.append(_with(login, known.access_token, known.refresh_token, known.expires_at, known.profile_arn))
    return max(candidates, key=lambda each: (each.refresh_token != each.held, each.expires_at or 0.0))


def _with(login: Login, access: Secret | None, refresh: Secret | None, expires: float | None, arn: str | None) -> Login:
    arn = login.profile_arn or arn
    return replace(login, access_token=access, refresh_token=refresh, expires_at=expires, profile_arn=arn)


def _told(login: Login | None, now: float) -> str:
    if login is None or login.usable(now):
        return ""
    return "expired, can be renewed" if login.renewable(now) else "expired, cannot be renewed"


# --- the environment ---------------------------------------------------------------------------------------------------


def _api_key(settings: Settings, _rows: Reader) -> Iterator[Looked]:
    name = "KIRO_API_KEY"
    yield _given(
        name,
        settings.kiro_api_key,
        lambda key: Login("api-key", name, access_token=key, token_type=TOKEN_TYPES["api_key"], command=""),
    )


def _refresh_token(settings: Settings, _rows: Reader) -> Iterator[Looked]:
    name = "KIRO_REFRESH_TOKEN"
    client = None
    if settings.kiro_client_id and settings.kiro_client_secret:
        client = OidcClient(settings.kiro_client_id, settings.kiro_client_secret)
    kind: Kind = "odic" if client else "social"
    sso_region = account.region(settings.kiro_sso_region)
    yield _given(
        name,
        settings.kiro_refresh_token,
        lambda token: Login(
            kind, name, refresh_token=token, held=token, sso_region=sso_region, client=client, command=""
        ),
    )


def _given(name: str, value: Secret | None, login: Callable[[Secret], Login]) -> Looked:
    if value is None:
        return Looked(name, why="not set")
    if not credentials.token({name: value.reveal()}, name):
        return Looked(name, why=f"{name} holds characters that no token has.", broken=Place(Path(name)))
    return Looked(name, login(value))


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
            yield _row(settings, content, path, key, kind, product)


def _row(settings: Settings, rows: Rows, path: Path, key: str, kind: Kind, product: str) -> Looked:
    name, place = f"{path}, {key}", Place(_real(path), key)
    login, token = None, credentials.members(rows.auth[key])
    if token is not None:
        login = account.from_json(
            kind,
            token,
            source=f"{product} ({name})",
            place=place,
            registration=_registration(rows, key) if kind == "odic" else None,
            arn=credentials.profile_arn(rows.state.get("api.codewhisperer.profile", "")),
            regions=(
                credentials.plain(rows.state.get("auth.idc.region", "")) if kind == "odic" else None,
                settings.kiro_sso_region,
            ),
            token_type=TOKEN_TYPES["external_idp"] if kind == "external-idp" else None,
        )
    if login is None:
        return Looked(name, why=f"{name} holds no token. Run `kiro-cli login`.", broken=place)
    return Looked(name, login)


def _registration(rows: Rows, token_key: str) -> Mapping[str, Any] | None:
    """The registration of the same prefix: another product's would be refused with this token (protocol notes 1.2)."""
    prefix = token_key.removesuffix(":token")
    product = prefix.partition(":")[0]
    keys = [f"{prefix}:device-registration"]
    keys += [f"{product}:{spelling}:device-registration" for spelling in ("odic", "oidc")]
    keys += ["device_registration"] if product == "kirocli" else []
    found = (credentials.members(rows.auth.get(key, "")) for key in keys)
    return next((each for each in found if each and credentials.words(each, "client_id")), None)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


_ODIC_KEYS = ("kirocli:odic:token", "kirocli:oidc:token")
_SOURCES: Mapping[str, Callable[[Settings, Reader], Iterator[Looked]]] = {
    "api-key": _api_key,
    "refresh-token": _refresh_token,
    "social": partial(_database, kind="social", product="kiro-cli", keys=("kirocli:social:token",)),
    "odic": partial(_database, kind="odic", product="kiro-cli", keys=_ODIC_KEYS),
    "external-idp": partial(_database, kind="external-idp", product="kiro-cli", keys=("kirocli:external-idp:token",)),
    "kiro-ide": lambda settings, _rows: ide_logins(settings),
    "kiro2chat": lambda settings, _rows: own_logins(settings),
    "amazon-q": partial(
        _database, kind="odic", product="Amazon Q", keys=("codewhisperer:odic:token", "codewhisperer:oidc:token"), older=True
    ),
}  # fmt: skip
