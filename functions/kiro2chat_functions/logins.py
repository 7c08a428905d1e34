"""`kiro2chat login`, `logout`, `whoami` and `usage`: the login as a person sees it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from kiro2chat_core.errors import LoginError
from kiro2chat_core.gateway import Gateway
from kiro2chat_core.gateways import settings_of
from kiro2chat_core.kiro.account import Login
from kiro2chat_core.kiro.allowance import Allowance, Plan
from kiro2chat_core.kiro.device import Code, device_login
from kiro2chat_core.kiro.login import find_login
from kiro2chat_core.kiro.own import own_names, own_path, prepare_own, write_own
from kiro2chat_core.kiro.transport import open_http
from kiro2chat_core.settings import Settings

__all__ = ["described", "kept", "log_in", "log_out", "masked", "masked_arn", "named", "plan_lines", "plan_of"]

Say = Callable[[str], None]


async def log_in(settings: Settings, name: str, say: Say, *, start_url: str, region: str, browser: bool) -> None:
    """Log in by device code and keep the login under this name.

    Raises:
        Kiro2ChatError: it did not work; nothing was kept.
    """
    prepare_own(settings, name)

    def show(code: Code) -> None:
        say(f"Open {code.address}\nand confirm the code {code.user_code} (within {code.lifetime / 60:.0f} minutes).")
        if browser:
            import webbrowser

            with contextlib.suppress(webbrowser.Error):
                webbrowser.open(code.address)
        say("Waiting …")

    http = open_http(settings)
    try:
        members = await device_login(settings, http, show, start_url=start_url, region=region, now=time.time)
    finally:
        await http.aclose()
    write_own(settings, name, members)
    say("\n".join(kept(settings, name)))


def kept(settings: Settings, name: str) -> Iterator[str]:
    """Where a new login is, and what has still to be done where it is not the one in use."""
    path = own_path(settings, name)
    yield f"Logged in as {name!r}; kept in {path}."
    if name != settings.login_name:
        yield f"It is used once LOGIN_NAME is {name}: kiro2chat config set login_name {name}"
        return
    with contextlib.suppress(LoginError):
        login = find_login(settings, now=time.time())
        if login.place is None or login.place.path != path.resolve():
            yield (
                f"It is not used yet: {login.source} goes before it. KIRO_LOGIN says in which order logins are looked for;"
                " KIRO_DB_PATH and KIRO_IDE_TOKEN name the only file."
            )


def log_out(settings: Settings, name: str, say: Say) -> bool:
    """Forget a login of ours; whether there was one. Logins of other programs are theirs."""
    path = own_path(settings, name)
    try:
        path.unlink()
    except FileNotFoundError:
        others = own_names(settings)
        say(f"There is no login {name!r}" + (f"; there are {', '.join(others)}." if others else "."))
        return False
    say(f"Forgot the login {name!r}.")
    return True


def named(settings: Settings, name: str | None) -> Settings:
    """The settings with the login of that name; None is the one in use."""
    return settings if name is None else settings_of(settings, name)


def described(settings: Settings) -> Iterator[str]:
    """The login in use, masked.

    Raises:
        LoginError: there is none.
    """
    login = find_login(settings, now=time.time())
    yield f"login    {login.source}"
    yield f"kind     {login.kind}"
    yield f"token    {masked(login)}"
    if login.expires_at is not None:
        left = login.expires_at - time.time()
        renewed = ", will be renewed" if login.renewable(time.time()) else ""
        yield f"expires  {_moment(login.expires_at)} ({'expired' if left < 0 else f'in {left / 60:.0f} minutes'}{renewed})"
    yield f"profile  {masked_arn(login.profile_arn)}"
    others = [name for name in own_names(settings) if name != settings.login_name]
    if others:
        yield f"others   {', '.join(others)} (LOGIN_NAME chooses)"


def masked(login: Login) -> str:
    """Enough of a token to tell two apart, and no more."""
    token = login.access_token.reveal() if login.access_token else ""
    return f"{token[:4]}…{token[-2:]}" if len(token) > 20 else "…" if token else "none"


def masked_arn(arn: str | None) -> str:
    """The region of a profile, and how its name begins."""
    if not arn:
        return "none of its own"
    head, _, name = arn.rpartition("/")
    parts = head.split(":")
    return f"{parts[3] if len(parts) > 3 else '?'} …/{name[:4]}…"


async def plan_of(settings: Settings) -> Plan:
    """Raises Kiro2ChatError: it cannot be had."""
    gateway = Gateway(settings)
    try:
        return await gateway.plan()
    finally:
        await gateway.aclose()


def plan_lines(plan: Plan) -> Iterator[str]:
    yield f"{plan.title}{' (overage is on)' if plan.overage else ''}"
    if not plan.allowances:
        yield "Kiro tells nothing about what is used."
    for allowance in plan.allowances:
        yield _allowance_line(allowance)


def _allowance_line(allowance: Allowance) -> str:
    until = f", until {_moment(allowance.resets_at)}" if allowance.resets_at else ""
    told = f"{allowance.name:<10} {allowance.used:g} of {allowance.limit:g} used, {allowance.left:g} left{until}"
    told += f"; {allowance.overage_used:g} beyond it" if allowance.overage_used else ""
    return told + (f"; {allowance.free_trial_left:g} of a free trial left" if allowance.free_trial_left else "")


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
