"""What `serve` says when it starts: where it is, whose login it uses, and what its owner should know of who can use it."""

from __future__ import annotations

from collections.abc import Iterator

from kiro2chat_core import __version__
from kiro2chat_core.secret import Secret
from kiro2chat_core.settings import Settings, variables

__all__ = ["greeting"]


def greeting(settings: Settings, *, address: str, login: str, link: Secret, keys: int) -> Iterator[str]:
    """The lines. `link` opens the page to its administrator, `keys` is how many of `kiro2chat keys` there are."""
    yield f"kiro2chat {__version__}"
    yield f"  API    {address}/v1"
    yield f"  login  {login}"
    if settings.is_loopback:
        yield f"  page   {address}/#open={link.reveal()} (works once, and lets that browser administer)"
    yield f"  key    {_who_needs_one(settings, keys)}"
    if settings.keeps_bodies:
        yield f"  texts  what is asked and answered is kept for {settings.journal_days} days (JOURNAL_BODIES)"
    if secrets := _told_to_others(settings):
        path = settings.config_path
        yield f"  CARE   {path} can be read by others and holds {', '.join(secrets)}: chmod 600 {path}"
    if settings.is_reachable and settings.api_key is None and not keys:
        yield (
            "  CARE   ALLOWED_HOSTS lets in what other machines send, and no key is demanded: unless your proxy asks who they"
            " are, anybody can use your plan. Set API_KEY, or make a key with `kiro2chat keys new NAME`."
        )


def _who_needs_one(settings: Settings, keys: int) -> str:
    if settings.api_key is None and not keys:
        return "clients need none: API_KEY is not set, and there are no `kiro2chat keys`"
    words = ("API_KEY", "API_KEY or one of", "one of")[(keys > 0) + (settings.api_key is None)]
    return f"clients must send {words}" + (f" `kiro2chat keys` ({keys})" if keys else "")


def _told_to_others(settings: Settings) -> list[str]:
    """The secrets in a config.toml whose mode lets others read it."""
    try:
        private = not settings.config_path.stat().st_mode & 0o077
    except OSError:
        return []
    secrets = [name for name, _env in variables() if isinstance(getattr(settings, name), Secret)]
    return [] if private else [name for name in secrets if settings.source(name) == "file"]
