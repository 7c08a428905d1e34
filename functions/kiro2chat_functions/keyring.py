"""`kiro2chat keys`: make, show and revoke API keys. Gateways that run on the same store see it within seconds."""

from __future__ import annotations

import argparse
import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from kiro2chat_core.keys import ApiKey, Keys, Limits, day
from kiro2chat_core.kiro.own import check_exists
from kiro2chat_core.limits import Ledger
from kiro2chat_core.settings import Settings
from kiro2chat_core.store.base import Store
from kiro2chat_core.store.opening import is_made, store_of

__all__ = ["add_commands", "count", "run"]

T = TypeVar("T")

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def add_commands(parser: argparse.ArgumentParser) -> None:
    """The words after `kiro2chat keys`."""
    actions = parser.add_subparsers(title="commands", dest="action", required=True, metavar="COMMAND")
    new = actions.add_parser("new", help="make a key and show it, once")
    new.add_argument("name", help="whose it is, or what for")
    new.add_argument(
        "--models", type=_models, default=(), help="names, with commas between; * at an end covers more (all)"
    )
    new.add_argument(
        "--expires", type=_moment, help="after 12h, 30d or 4w, or at the end of a UTC day: 2026-12-31 (never)"
    )
    new.add_argument("--requests-per-minute", type=_whole, metavar="N", help="in a UTC minute (no limit)")
    new.add_argument("--tokens-per-day", type=_whole, metavar="N", help="read and written, in a UTC day (no limit)")
    new.add_argument("--credits-per-month", type=_amount, metavar="X", help="of the plan, in a UTC month (no limit)")
    new.add_argument("--login", default="", help="a login by `kiro2chat login --name`, instead of the one in use")
    new.add_argument("--metrics", action="store_true", help="a key that reads /metrics and nothing else")
    actions.add_parser("list", help="show the keys, their limits and what they used")
    revoke = actions.add_parser("revoke", help="make a key worthless")
    revoke.add_argument("key", help="its id or name")


def run(settings: Settings, options: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Raises Kiro2ChatError."""
    action = {"new": _new, "list": _list, "revoke": _revoke}[options.action]
    if options.action == "new":
        check_exists(settings, options.login)

    async def act(keys: Keys, store: Store) -> None:
        await action(settings, keys, store, options, say)

    asyncio.run(_with_store(settings, act))


def count(settings: Settings) -> int:
    """How many keys there are. A store that has not been made is not made by it.

    Raises:
        StoreUnusable: it cannot be opened; names the place, the cause and the cure.
    """

    async def counted(keys: Keys, _store: Store) -> int:
        return len(await keys.all())

    return asyncio.run(_with_store(settings, counted)) if is_made(settings) else 0


async def _with_store(settings: Settings, work: Callable[[Keys, Store], Awaitable[T]]) -> T:
    store = store_of(settings)
    try:
        return await work(Keys(store, settings.api_key, is_there=lambda: is_made(settings)), store)
    finally:
        await store.aclose()


async def _new(
    _settings: Settings, keys: Keys, _store: Store, options: argparse.Namespace, say: Callable[[str], None]
) -> None:
    limits = Limits(options.requests_per_minute, options.tokens_per_day, options.credits_per_month)
    key, secret = await keys.new(
        options.name,
        expires_at=options.expires,
        models=options.models,
        limits=limits,
        login=options.login,
        metrics=options.metrics,
    )
    say(secret.reveal())
    say(f"This is the key {key.id} ({key.name}). It is not shown again: only its hash is kept.")


async def _list(
    _settings: Settings, keys: Keys, store: Store, _options: argparse.Namespace, say: Callable[[str], None]
) -> None:
    ledger = Ledger(store)
    rows: list[tuple[str, ...]] = [
        ("id", "name", "created", "expires", "models", "login", "limits", "used today", "used this month")
    ]
    for key in await keys.all():
        tokens, credits = await ledger.used(key)
        if not key.readable:
            rows.append((key.id, key.name, *["-"] * 7))
            continue
        models = "none: /metrics" if key.metrics else ",".join(key.models) or "all"
        used = (f"{tokens} tokens", f"{credits:.2f} credits")
        login = key.login or "-"
        rows.append((key.id, key.name, day(key.created_at), _expiry(key), models, login, _limits(key.limits), *used))
    if len(rows) == 1:
        say("There are no keys: `kiro2chat keys new NAME` makes one.")
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


async def _revoke(
    settings: Settings, keys: Keys, _store: Store, options: argparse.Namespace, say: Callable[[str], None]
) -> None:
    key = await keys.revoke(options.key)
    say(f"The key {key.id} ({key.name}) is worthless now; gateways that run refuse it within seconds.")
    if settings.api_key is None and not await keys.all():
        say("That was the last one, and API_KEY is not set: from its next start the server lets in whoever reaches it.")


def _expiry(key: ApiKey) -> str:
    if key.expires_at is None:
        return "never"
    return day(key.expires_at) + (" (over)" if time.time() >= key.expires_at else "")


def _limits(limits: Limits) -> str:
    told = [
        f"{limits.requests_per_minute} requests/min" if limits.requests_per_minute is not None else "",
        f"{limits.tokens_per_day} tokens/day" if limits.tokens_per_day is not None else "",
        f"{limits.credits_per_month:g} credits/month" if limits.credits_per_month is not None else "",
    ]
    return ", ".join(filter(None, told)) or "none"


# --- words of the command line -------------------------------------------------------------------------------------------


def _models(text: str) -> tuple[str, ...]:
    names = tuple(filter(None, (name.strip() for name in text.split(","))))
    if not names:
        raise argparse.ArgumentTypeError("expected names of models with commas between")
    return names


def _moment(text: str) -> float:
    """Seconds since 1970, in the future."""
    now = time.time()
    if span := re.fullmatch(r"([1-9]\d{0,4})([hdw])", text):
        return now + (_UNITS[span[2]] * int(span[1])).total_seconds()
    try:
        end = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC, hour=23, minute=59, second=59).timestamp()
    except ValueError:
        raise argparse.ArgumentTypeError(
            "expected a time such as 12h, 30d or 4w, or a day such as 2026-12-31"
        ) from None
    if end <= now:
        raise argparse.ArgumentTypeError(f"{text} is over")
    return end


def _whole(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,14}", text):
        raise argparse.ArgumentTypeError("expected a whole number above 0")
    return int(text)


def _amount(text: str) -> float:
    if not re.fullmatch(r"\d{1,12}(\.\d{1,6})?", text) or not float(text):
        raise argparse.ArgumentTypeError("expected a number above 0, such as 50 or 12.5")
    return float(text)
