"""Files by address: fetched with guards, since an address in a prompt may point into the user's own network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TypeAlias

import httpx

from . import __version__
from .addresses import AddressRefused, PrivateAddress, request_to, resolved
from .errors import BadRequest
from .turns import DocumentUrl, ImageUrl

__all__ = ["fetched"]

Address: TypeAlias = ImageUrl | DocumentUrl

_TIMEOUT = 20.0
_REDIRECTS = 3
_AT_ONCE = 4
_MAX_ADDRESSES = 50
_MAX_BYTES = 32 << 20
_HEADERS = {
    "user-agent": f"kiro2chat/{__version__}",
    "accept": "image/*, application/pdf, text/*",
    "accept-encoding": "identity",
}
_REDIRECT_CODES = frozenset({301, 302, 303, 307, 308})


async def fetched(parts: Iterable[Address], *, private: bool = False, patience: float = _TIMEOUT) -> dict[str, bytes]:
    """What stands at the addresses, by address; each is fetched once.

    A name is resolved once, every address it has must be public, and the connection goes to the address that was checked: a
    second answer of the name service has no say. No proxy is used, since it would resolve the name again. `private` allows
    private addresses and plain http; `patience` is the seconds that one file may take.

    Raises:
        BadRequest: an address is not allowed or cannot be fetched; names the field.
    """
    wanted = {part.url: part for part in parts}
    if not wanted:
        return {}
    if len(wanted) > _MAX_ADDRESSES:
        raise BadRequest(f"More than {_MAX_ADDRESSES} addresses of files in one request.", field="messages")
    gate = asyncio.Semaphore(_AT_ONCE)

    async def fetch(http: httpx.AsyncClient, part: Address) -> bytes:
        async with gate:
            return await _fetch(http, part, private=private, patience=patience)

    async with httpx.AsyncClient(trust_env=False, timeout=patience) as http:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {url: group.create_task(fetch(http, part)) for url, part in wanted.items()}
        except* BadRequest as several:
            raise several.exceptions[0] from None
    return {url: task.result() for url, task in tasks.items()}


async def _fetch(http: httpx.AsyncClient, part: Address, *, private: bool, patience: float) -> bytes:
    try:
        async with asyncio.timeout(patience):
            return await _download(http, part, private=private)
    except (TimeoutError, httpx.TimeoutException):
        raise _refused(part, f"did not answer within {patience:g} seconds") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:  # idna tells of bad names by the last
        raise _refused(part, f"could not be fetched ({type(error).__name__})") from None


async def _download(http: httpx.AsyncClient, part: Address, *, private: bool) -> bytes:
    url = httpx.URL(part.url)
    for _ in range(_REDIRECTS + 1):
        address = await _checked_address(url, part, private=private)
        request = request_to(http, address, "GET", url, _HEADERS)
        response = await http.send(request, stream=True)
        try:
            if response.status_code in _REDIRECT_CODES and "location" in response.headers:
                url = url.join(response.headers["location"])
                continue
            if response.status_code != 200:
                raise _refused(part, f"answered HTTP {response.status_code}")
            return await _read(response, part)
        finally:
            await response.aclose()
    raise _refused(part, f"redirects more than {_REDIRECTS} times")


async def _read(response: httpx.Response, part: Address) -> bytes:
    """The body, given up as soon as it is too large. Never unpacked: a few bytes may unpack to many."""
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > _MAX_BYTES:
            raise _refused(part, f"is larger than {_MAX_BYTES >> 20} MiB")
    return bytes(body)


async def _checked_address(url: httpx.URL, part: Address, *, private: bool) -> str:
    if url.scheme != "https" and not (private and url.scheme == "http"):
        raise _refused(part, "must be an https address or a data URL")
    try:
        return await resolved(url, private=private)
    except PrivateAddress as refused:
        raise _refused(part, f"{refused} (IMAGE_PRIVATE_ADDRESSES allows that)") from None
    except AddressRefused as refused:
        raise _refused(part, str(refused)) from None


def _refused(part: Address, why: str) -> BadRequest:
    """Names the field, not the address: it may hold a signature."""
    kind = "image" if isinstance(part, ImageUrl) else "document"
    return BadRequest(f"The {kind} at {part.field} {why}.", field=part.field)
