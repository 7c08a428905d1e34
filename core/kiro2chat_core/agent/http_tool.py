"""http_request: one request to a public address, its answer as text.

The host is resolved once and the connection goes to the address that was checked, for each redirect anew (`addresses.py`). Even
a GET is asked for by default: an address can carry away what the model has read, and web pages are full of advice to models.
"""

from __future__ import annotations

import asyncio
import codecs
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from .. import __version__, images
from ..addresses import AddressRefused, PrivateAddress, request_to, resolved
from ..turns import Text
from .checked_tool import CheckedTool, Refusal
from .html_text import text_of_html
from .tool import Outcome, said

__all__ = ["http_request"]

_PATIENCE = 30.0
_REDIRECTS = 5
_MAX_BODY = 2 << 20
_MAX_SENT = 1 << 20
_MAX_SHOWN = 50_000
_REDIRECT_CODES = frozenset({301, 302, 303, 307, 308})
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_HEADERS = {
    "user-agent": f"kiro2chat/{__version__}",
    "accept": "text/html, application/json, text/*, */*;q=0.8",
    "accept-encoding": "identity",
}
_OURS = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "accept-encoding",
        "upgrade",
        "te",
        "trailer",
        "expect",
    }
)
"""Headers that belong to the connection, or would make the answer one that cannot be read."""

_SHOWN_HEADERS = (
    "content-type", "content-length", "location", "last-modified", "etag", "retry-after", "allow", "link", "www-authenticate",
)  # fmt: skip
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]{0,8000}")
_CHARSET = re.compile(rb"""<meta[^<>]{0,200}?charset\s*=\s*["']?([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_CHARSETS = frozenset(
    {
        "ascii", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be",
        *(f"iso8859-{number}" for number in range(1, 17)), *(f"cp{number}" for number in range(1250, 1259)),
        "cp437", "cp850", "cp852", "cp855", "cp866", "cp874", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "tis-620",
        "big5", "big5hkscs", "cp950", "gb2312", "gbk", "gb18030", "hz", "cp932", "shift_jis", "shift_jis_2004", "euc_jp",
        "iso2022_jp", "cp949", "euc_kr", "iso2022_kr", "johab",
    }
)  # fmt: skip
"""Character sets of the web, as Python calls them. Its other codecs are none, take their time, or leave half characters."""

_TEXTUAL = re.compile(
    r"text/|application/(?:.*\+)?(?:json|xml|javascript|yaml|x-ndjson|x-www-form-urlencoded)|image/svg"
)


def http_request(*, private: bool = False) -> CheckedTool:
    """`private` allows addresses that are not public."""

    async def run(arguments: Mapping[str, Any]) -> Outcome:
        return await _requested(arguments, private)

    return CheckedTool(
        name="http_request",
        description=(
            "Send one HTTP request. The answer is the status, some headers and the body as text; a web page is reduced to its "
            "text with links, unless `raw` is true. GET and HEAD follow redirects."
        ),
        schema={
            "type": "object",
            "properties": {
                "url": {"type": "string", "description": "An http or https address."},
                "method": {"type": "string", "enum": list(_METHODS), "description": "By default GET."},
                "headers": {"type": "object", "description": "Header names and values, both strings."},
                "body": {"type": "string", "description": "The body, sent as UTF-8; say its type in `headers`."},
                "raw": {"type": "boolean", "description": "Do not reduce HTML to text."},
            },
            "required": ["url"],
        },
        touches="Sends requests to any address, private ones too."
        if private
        else "Sends requests to public addresses.",
        approval="ask",
        run=run,
        patience=_PATIENCE,
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """`whole` is whether the body is all there."""

    url: httpx.URL
    status: int
    reason: str
    headers: httpx.Headers
    body: bytes
    whole: bool


async def _requested(arguments: Mapping[str, Any], private: bool) -> Outcome:
    url = _url(arguments["url"])
    headers = _headers(arguments.get("headers", {}))
    body = arguments["body"].encode("utf-8", "replace") if "body" in arguments else None
    if body is not None and len(body) > _MAX_SENT:
        raise Refusal(f"The body has {len(body)} bytes; up to {_MAX_SENT >> 20} MiB can be sent.")
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE) as http:
            answer = await _answer(http, arguments.get("method", "GET"), url, headers, body, private)
    except httpx.TimeoutException:
        raise Refusal(f"{url.host} did not answer within {_PATIENCE:g} seconds.") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        raise Refusal(f"The request to {url.host} failed ({type(error).__name__}: {str(error)[:200]}).") from None
    return await asyncio.to_thread(_told, answer, raw=arguments.get("raw", False))  # a large page takes a while


async def _answer(
    http: httpx.AsyncClient, method: str, url: httpx.URL, headers: dict[str, str], body: bytes | None, private: bool
) -> _Answer:
    for _ in range(_REDIRECTS + 1):
        address = await _address(url, private)
        http.cookies.clear()  # its jar knows hosts by their address, which many share
        response = await http.send(request_to(http, address, method, url, _HEADERS | headers, body), stream=True)
        try:
            target = _redirected(response, method, url)
            if target is None:
                content, whole = await _body(response)
                return _Answer(url, response.status_code, response.reason_phrase, response.headers, content, whole)
        finally:
            await response.aclose()
        if (target.scheme, target.netloc) != (url.scheme, url.netloc):
            headers, body = {}, None  # a token is for whom it was written down, and so is what was sent
        url = target
    raise Refusal(f"{url.host} redirects more than {_REDIRECTS} times.")


def _redirected(response: httpx.Response, method: str, url: httpx.URL) -> httpx.URL | None:
    """Where to go on. What changes something is not sent to another place than the one that was approved."""
    if method not in ("GET", "HEAD") or response.status_code not in _REDIRECT_CODES:
        return None
    location = response.headers.get("location")
    return _url(str(url.join(location))) if location else None


def _url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
        url.host.encode()  # it is read only now, and may be no name at all
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise Refusal(f"{text[:200]!r} is no address.") from None
    if url.scheme not in ("http", "https"):
        raise Refusal(f"{text[:200]!r} is no http or https address.")
    return url


async def _address(url: httpx.URL, private: bool) -> str:
    try:
        return await resolved(url, private=private)
    except PrivateAddress as refused:
        raise Refusal(f"{url.host} {refused}, and was not asked (AGENT_PRIVATE_ADDRESSES allows that).") from None
    except AddressRefused as refused:
        raise Refusal(f"The address at {url.host or 'no host'} {refused}.") from None


def _headers(given: Mapping[str, Any]) -> dict[str, str]:
    headers = {}
    for name, value in given.items():
        if not _HEADER_NAME.fullmatch(name) or not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            raise Refusal(
                f"The header {name[:60]!r} cannot be sent: names and values are strings of ASCII without line breaks."
            )
        if name.lower() in _OURS or name.lower().startswith("proxy-"):
            raise Refusal(f"The header {name!r} cannot be chosen: it belongs to the connection.")
        headers[name.lower()] = value
    return headers


async def _body(response: httpx.Response) -> tuple[bytes, bool]:
    """The body up to its limit, unpacked up to the same limit: a few bytes may unpack to many."""
    unpack = zlib.decompressobj(wbits=47) if response.headers.get("content-encoding") in ("gzip", "deflate") else None
    body = bytearray()
    async for chunk in response.aiter_raw():
        try:
            body += chunk if unpack is None else unpack.decompress(chunk, _MAX_BODY + 1 - len(body))
        except zlib.error:
            return bytes(body), False
        if len(body) > _MAX_BODY:
            return bytes(body[:_MAX_BODY]), False
    return bytes(body), True


def _told(answer: _Answer, *, raw: bool) -> Outcome:
    lines = [f"HTTP {answer.status} {answer.reason}".rstrip(), f"url: {answer.url}"]
    lines += [f"{name}: {answer.headers[name][:500]}" for name in _SHOWN_HEADERS if name in answer.headers]
    head = "\n".join(lines)
    if answer.whole and images.image_format(answer.body[:12]) is not None:
        return Outcome((Text(head), images.from_bytes(answer.body, "url")))
    return said(f"{head}\n\n{_shown(answer, raw=raw)}".rstrip())


def _shown(answer: _Answer, *, raw: bool) -> str:
    kind = answer.headers.get("content-type", "").lower()
    if answer.body and not _TEXTUAL.match(kind) and b"\0" in answer.body[:8192]:
        return f"[{len(answer.body)} bytes that are no text]"
    text = _decoded(answer)
    is_html = "html" in kind or (not kind and text.lstrip()[:9].lower() == "<!doctype")
    if is_html and not raw:
        text = text_of_html(text, str(answer.url))
    notes = []
    if not answer.whole:
        notes.append(
            f"[The body goes on behind its first {_MAX_BODY >> 20} MiB, or breaks off; the rest was not read.]"
        )
    if len(text) > _MAX_SHOWN:
        notes.append(f"[{len(text) - _MAX_SHOWN} characters more are not shown.]")
    return "\n".join([text[:_MAX_SHOWN], *notes])


def _decoded(answer: _Answer) -> str:
    declared = re.search(r"charset\s*=\s*\"?([\w.:-]+)", answer.headers.get("content-type", ""))
    inside = _CHARSET.search(answer.body[:4096])
    named = declared[1] if declared else inside[1].decode() if inside else ""
    try:
        charset = codecs.lookup(named).name
    except (LookupError, ValueError):
        charset = ""
    return answer.body.decode(charset if charset in _CHARSETS else "utf-8", "replace")
