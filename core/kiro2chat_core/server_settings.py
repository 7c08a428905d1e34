"""Settings of the server itself: where it listens, what it takes, where it keeps things."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import kinds
from .described import setting
from .secret import Secret

__all__ = ["ServerSettings"]


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Fields of `Settings`, which is what is made and passed on."""

    host: str = setting("HOST", kinds.text, "127.0.0.1", "Address to listen on. Any but loopback needs `API_KEY`.")
    port: int = setting("PORT", kinds.integer(0, 65535), 8000, "Port to listen on; 0 takes a free one.")
    api_key: Secret | None = setting(
        "API_KEY",
        kinds.header_secret,
        None,
        "Key that clients must send, and the admin key; `kiro2chat keys` makes others.",
    )
    log_level: str = setting(
        "LOG_LEVEL", kinds.choice("debug", "info", "warning", "error"), "info", "How much is logged."
    )
    allowed_hosts: tuple[str, ...] = setting(
        "ALLOWED_HOSTS",
        kinds.hosts,
        (),
        "Host names a reverse proxy may pass on, besides the loopback names; `*` for any.",
    )
    cors_origins: tuple[str, ...] = setting(
        "CORS_ORIGINS", kinds.origins, (), "Origins whose pages may call the API, such as `https://chat.example`."
    )
    body_limit: int = setting(
        "BODY_LIMIT",
        kinds.integer(1024, 1 << 30),
        32 << 20,
        "Largest request body in bytes.",
        shown="33554432 (32 MiB)",
    )
    body_timeout: float = setting(
        "BODY_TIMEOUT", kinds.number(1, 3600), 60.0, "Seconds that the next piece of a request body may stay away."
    )
    keepalive: float = setting(
        "KEEPALIVE", kinds.number(0.05, 600), 10.0, "Seconds of silence after which a stream gets a comment line."
    )
    data_dir: Path = setting(
        "DATA_DIR",
        kinds.path,
        Path("kiro2chat-data"),
        "Where locks and own copies of tokens live.",
        shown="~/.local/share/kiro2chat",
    )
    store_url: str | None = setting(
        "STORE_URL",
        kinds.store,
        None,
        "Where keys, records and sessions are kept: `sqlite:///` and an absolute path.",
        shown="store.sqlite3 in DATA_DIR",
    )
    journal_days: int = setting(
        "JOURNAL_DAYS", kinds.integer(0, 366), 30, "Days for which a record of each request is kept; 0 keeps none."
    )
    journal_bodies: bool = setting(
        "JOURNAL_BODIES", kinds.switch, False, "Records also keep what was asked and answered; for the admin key only."
    )
    assistant_identity: str = setting(
        "ASSISTANT_IDENTITY",
        kinds.choice("kiro", "claude"),
        "kiro",
        "`claude` adds a short note against the hidden Kiro prompt; `kiro` adds nothing.",
    )
    image_private_addresses: bool = setting(
        "IMAGE_PRIVATE_ADDRESSES",
        kinds.switch,
        False,
        "Fetch images and documents from private and loopback addresses too, and over http.",
    )

    image_total: int = setting(
        "IMAGE_TOTAL",
        kinds.integer(100_000, 1 << 30),
        3_000_000,  # bodies of 4.5 MB were refused, those of 3.4 MB taken (protocol notes 3.4)
        "Base64 characters that all images of a request may have together; the heaviest are scaled down.",
    )
    pdf_pages: int = setting("PDF_PAGES", kinds.integer(1, 10_000), 100, "Pages that a PDF may have.")
