"""The one HTTP client to Kiro, and the one edge where its exceptions become ours."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from ..errors import BackendTimeout, Unavailable
from ..settings import Settings

__all__ = ["open_http", "translated"]

_CONNECTIONS = httpx.Limits(max_connections=1000, max_keepalive_connections=50, keepalive_expiry=30)


def open_http(settings: Settings) -> httpx.AsyncClient:
    """A pooled client that honours HTTPS_PROXY and friends. Reads have no time-out here: the client times first token and
    silence itself, since only it knows which of the two it waits for.

    aiohttp's transport costs a third of the CPU per event; httpx's own is lighter to import.
    """
    timeout = httpx.Timeout(connect=settings.kiro_connect_timeout, read=None, write=60, pool=60)
    if settings.kiro_transport == "aiohttp":
        from httpx_aiohttp import HttpxAiohttpClient  # not at start-up: 0.3 s of import

        return HttpxAiohttpClient(timeout=timeout, limits=_CONNECTIONS)
    return httpx.AsyncClient(timeout=timeout, limits=_CONNECTIONS)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raises Unavailable or BackendTimeout for whatever the network does; `doing` completes "… while {doing}"."""
    try:
        yield
    except (httpx.ReadTimeout, httpx.WriteTimeout, TimeoutError) as slow:
        raise BackendTimeout(f"Kiro fell silent while {doing}.") from slow
    except (httpx.ConnectTimeout, httpx.ConnectError) as unreachable:
        raise Unavailable(f"Kiro could not be reached while {doing}: {_reason(unreachable)}.") from unreachable
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as broken:
        raise Unavailable(f"The connection to Kiro broke while {doing} ({type(broken).__name__}).") from broken
    except Exception as other:
        if type(other).__module__.partition(".")[0] == "aiohttp":  # what httpx-aiohttp leaves unmapped
            raise Unavailable(f"The connection to Kiro broke while {doing} ({type(other).__name__}).") from other
        raise


def _reason(error: BaseException) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
