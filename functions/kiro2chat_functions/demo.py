"""The demo: no login, no model, an emulator of Kiro in this process that answers with an echo and says so."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from kiro2chat_core.secret import Secret
from kiro2chat_core.settings import Settings
from kiro2chat_core.store.opening import NAME

from .serving import served

__all__ = ["banner", "demo_settings"]


@contextmanager
def demo_settings(settings: Settings) -> Iterator[Settings]:
    """The same settings with an emulator for a backend, a made-up login and a store that is gone with it; the user's own
    login and store are not looked at."""
    from .emulator import Emulator, Options

    emulator = Emulator(Options.demo())
    login = emulator.login("api-key", expires_in=10 * 365 * 86400)
    with TemporaryDirectory(prefix="kiro2chat-demo-") as folder, served(emulator.app) as url:
        yield settings.with_given(
            store_url=f"sqlite://{quote(str(Path(folder).resolve() / NAME))}",
            kiro_login=("api-key",),
            kiro_api_key=Secret(login.access_token),
            kiro_profile_arn=None,
            kiro_endpoint="runtime",
            kiro_region=None,
            kiro_api_url=url,
            kiro_control_url=url,
            kiro_oidc_url=url,
            kiro_social_url=url,
        )


def banner(why: str) -> str:
    """What a terminal shows instead of a login, loud enough that nobody takes an echo for a model."""
    line = "─" * 78
    reason = textwrap.fill(
        why, 76, initial_indent="  ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    return f"{line}\n  DEMO: no model answers here, only an echo of what you write.\n\n{reason}\n{line}"
