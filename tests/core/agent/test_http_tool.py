"""http_request asks public addresses only, by whatever way one leads elsewhere, and tells answers of any kind and size."""

from __future__ import annotations

import asyncio
import base64
import gzip
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.openai_bodies import PIXEL

from kiro2chat_core.agent.html_text import text_of_html
from kiro2chat_core.agent.http_tool import http_request
from kiro2chat_core.agent.tool import Outcome
from kiro2chat_core.turns import Image, Text


def answer(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    head = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


class Site:
    """Pages by path on a loopback port; requests are kept, as head and body. A page of None never answers."""

    def __init__(self, pages: dict[str, bytes | None]) -> None:
        self.pages = pages
        self.requests: list[tuple[str, bytes]] = []
        self.base = ""
        self.asked = asyncio.Event()
        self.closed = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                (int(line[15:]) for line in head.lower().splitlines() if line.startswith("content-length:")), 0
            )
            self.requests.append((head, await reader.readexactly(length)))
            self.asked.set()
            page = self.pages.get(head.split()[1], answer(b"no", status="404 Not Found"))
            if page is None:
                await reader.read()
            else:
                writer.write(page)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self.closed.set()


@asynccontextmanager
async def serving(pages: dict[str, bytes | None]) -> AsyncIterator[Site]:
    site = Site(pages)
    listener = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.base = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield site
    finally:
        listener.close()


def text_of(outcome: Outcome) -> str:
    return "".join(part.text for part in outcome.content if isinstance(part, Text))


async def asked(url: str, **more: Any) -> str:
    outcome = await http_request(private=True).call({"url": url, **more})
    assert not outcome.is_error, text_of(outcome)
    return text_of(outcome)


async def refused(url: Any, *, private: bool = False, **more: Any) -> str:
    outcome = await http_request(private=private).call({"url": url, **more})
    assert outcome.is_error
    return text_of(outcome)


# --- what it asks ------------------------------------------------------------------------------------------------------


async def test_a_request_and_its_answer() -> None:
    page = answer(
        b'{"a": 1}', "content-type: application/json", "etag: x", "set-cookie: secret=1", status="201 Created"
    )
    async with serving({"/x?y=1": page}) as site:
        told = await asked(
            f"{site.base}/x?y=1", method="POST", body="hé", headers={"Content-Type": "text/plain", "X-Token": "t"}
        )
    assert told == (
        f"HTTP 201 Created\nurl: {site.base}/x?y=1\ncontent-type: application/json\ncontent-length: 8\netag: x\n\n"
        '{"a": 1}'
    )
    head, body = site.requests[0]
    assert head.startswith("POST /x?y=1 HTTP/1.1\r\n")
    assert f"host: {site.base.removeprefix('http://')}\r\n" in head
    assert "x-token: t\r\n" in head
    assert "user-agent: kiro2chat/" in head
    assert body == "hé".encode()


async def test_answers_of_many_kinds() -> None:
    html = b"<title>T</title><script>evil()</script><h1>Hi &amp; ho</h1><p>a <a href='/b'>link</a></p>"
    pages: dict[str, tuple[bytes, str]] = {
        "/html": (answer(html, "content-type: text/html"), "# T\n\n# Hi & ho\n\na link (BASE/b)"),
        "/latin": (answer(b"caf\xe9", "content-type: text/plain; charset=latin-1"), "café"),
        "/meta": (answer(b"<meta charset=latin-1>caf\xe9", "content-type: text/html"), "café"),
        "/odd": (answer(b"x", "content-type: text/plain; charset=punycode"), "x"),
        "/unknown": (answer(b"x", "content-type: text/plain; charset=klingon"), "x"),
        "/utf7": (answer(b"a+2AA-b", "content-type: text/plain; charset=utf-7"), "a+2AA-b"),
        "/hex": (answer(b"6869", "content-type: text/plain; charset=hex"), "6869"),
        "/gzip": (answer(gzip.compress(b"hello"), "content-encoding: gzip"), "hello"),
        "/binary": (answer(b"\x7fELF\0\0", "content-type: application/octet-stream"), "[6 bytes that are no text]"),
        "/missing": (answer(b"gone", status="410 Gone"), "gone"),
        "/long": (answer(b"x" * 60_000), "x" * 50_000 + "\n[10000 characters more are not shown.]"),
    }
    async with serving({path: page for path, (page, _) in pages.items()}) as site:
        for path, (_, wanted) in pages.items():
            assert (await asked(site.base + path)).partition("\n\n")[2] == wanted.replace("BASE", site.base)
        assert (await asked(f"{site.base}/html", raw=True)).endswith(html.decode())


async def test_an_image_is_an_image() -> None:
    async with serving({"/": answer(base64.b64decode(PIXEL), "content-type: image/png")}) as site:
        outcome = await http_request(private=True).call({"url": site.base + "/"})
    assert outcome.content[1:] == (Image("png", PIXEL),)


@pytest.mark.parametrize("packed", [False, True])
async def test_a_large_body_is_not_read_to_its_end(packed: bool) -> None:
    """Packed, 64 MiB come in as 64 KiB."""
    page = answer(gzip.compress(b"x" * (64 << 20)), "content-encoding: gzip") if packed else answer(b"x" * (8 << 20))
    async with serving({"/": page}) as site:
        told = await asked(site.base + "/")
    assert "goes on behind its first 2 MiB" in told
    assert len(told) < 60_000


async def test_redirects_are_followed_for_reading_only() -> None:
    pages: dict[str, bytes | None] = {
        "/a": answer(b"", "location: /b", status="302 Found"),
        "/b": answer(b"", "location: /c", status="307 Temporary Redirect"),
        "/c": answer(b"there"),
        "/round": answer(b"", "location: /round", status="301 Moved Permanently"),
        "/file": answer(b"", "location: file:///etc/passwd", status="302 Found"),
    }
    async with serving(pages) as site:
        assert (await asked(f"{site.base}/a")).endswith(f"url: {site.base}/c\ncontent-length: 5\n\nthere")
        told = await asked(f"{site.base}/a", method="POST", body="x")
        assert told.startswith("HTTP 302 Found\n")
        assert "location: /b" in told
        assert "redirects more than 5 times" in await refused(f"{site.base}/round", private=True)
        assert "no http or https address" in await refused(f"{site.base}/file", private=True)


@pytest.mark.parametrize("status", ["302 Found", "307 Temporary Redirect"])
async def test_a_token_and_a_body_do_not_follow_to_another_place(status: str) -> None:
    async with serving({"/": answer(b"there")}) as other:
        away = answer(b"", f"location: {other.base}/", status=status)
        async with serving({"/": away, "/here": answer(b"", "location: /", status=status)}) as site:
            await asked(f"{site.base}/here", headers={"Authorization": "Bearer t"}, body="mine")
    requests = site.requests + other.requests
    assert ["authorization: Bearer t" in head for head, _ in requests] == [True, True, False]
    assert [body for _, body in requests] == [b"mine", b"mine", b""]


async def test_silence_ends_and_cancelling_closes_the_connection() -> None:
    async with serving({"/": None}) as site:
        call = asyncio.create_task(http_request(private=True).call({"url": site.base + "/"}))
        await asyncio.wait_for(site.asked.wait(), 10)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(site.closed.wait(), 10)


# --- what it does not ask ----------------------------------------------------------------------------------------------


async def test_cookies_stay_with_nobody() -> None:
    async with serving({}) as site:
        port = site.base.rpartition(":")[2]
        site.pages["/a"] = answer(
            b"", "set-cookie: token=secret", f"location: http://localhost:{port}/b", status="302 Found"
        )
        site.pages["/b"] = answer(b"there")
        assert (await asked(f"{site.base}/a")).endswith("there")
        assert not [head for head, _body in site.requests if "secret" in head]


async def test_a_host_that_is_no_name_is_told() -> None:
    assert "is no address" in await refused("http://xn--/")


PRIVATE = [
    "http://192.0.0.192/",
    "http://[64:ff9b:1::a9fe:a9fe]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
    "http://127.0.0.1/",
    "http://localhost/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1]/",
    "http://10.0.0.1/",
    "http://192.168.1.1:8080/",
    "http://100.64.0.1/",
    "https://172.16.0.1/",
]


@pytest.mark.parametrize("url", PRIVATE)
async def test_private_addresses_are_not_asked(url: str) -> None:
    assert "leads into a private network, and was not asked (AGENT_PRIVATE_ADDRESSES allows that)." in await refused(
        url
    )


class Names:
    """A name service whose answers change: of each name, one after the other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **answers: list[str]) -> None:
        self.asked: list[str] = []
        self._answers = answers
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self.lookup)

    def lookup(self, host: Any, port: Any, *args: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if not name.endswith(".example"):
            return self._real(host, port, *args, **more)
        self.asked.append(name)
        found = self._answers[name.removesuffix(".example")]
        addresses = found.pop(0) if len(found) > 1 else found[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses.split()]


async def test_a_name_with_a_private_address_among_others_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    Names(monkeypatch, mixed=["93.184.216.34 10.0.0.1"], inner=["127.0.0.1"])
    for url in ("http://mixed.example/", "http://inner.example/", "http://INNER.example:99/"):
        assert "leads into a private network" in await refused(url)


async def test_a_name_that_changes_its_mind_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was checked is what is connected to: a second answer would lead elsewhere, and nobody asks for it."""
    names = Names(monkeypatch, rebound=["127.0.0.1", "169.254.169.254"])
    async with serving({"/": answer(b"there")}) as site:
        port = site.base.rpartition(":")[2]
        assert (await asked(f"http://rebound.example:{port}/")).endswith("there")
    assert names.asked == ["rebound.example"]
    assert f"host: rebound.example:{port}\r\n" in site.requests[0][0]


async def test_a_redirect_is_looked_at_like_the_first_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first address counts as public, for this test; where it leads does not."""
    from kiro2chat_core import addresses

    real = addresses.is_public
    monkeypatch.setattr(addresses, "is_public", lambda text: text == "127.0.0.1" or real(text))
    pages: dict[str, bytes | None] = {
        "/metadata": answer(b"", "location: http://169.254.169.254/", status="302 Found"),
        "/v6": answer(b"", "location: //[::1]/", status="302 Found"),
    }
    async with serving(pages) as site:
        for path in pages:
            assert "leads into a private network" in await refused(site.base + path)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no address": ({}, "`url` is missing"),
    "a number": ({"url": 1}, "`url` must be a string"),
    "a file": ({"url": "file:///etc/passwd"}, "no http or https address"),
    "ftp": ({"url": "ftp://host/"}, "no http or https address"),
    "words": ({"url": "no address at all"}, "no http or https address"),
    "no host": ({"url": "http:///x"}, "with a host"),
    "half an address": ({"url": "http://[::1"}, "is no address"),
    "a line break": ({"url": "http://host/\r\nx: y"}, "is no address"),
    "a password": ({"url": "http://me:secret@8.8.8.8/"}, "must be an address without user name"),
    "a name nobody has": ({"url": "http://nobody.invalid/"}, "cannot be found"),
    "a long name": ({"url": f"http://{'x' * 300}/"}, "cannot be found"),
    "a verb": ({"url": "http://8.8.8.8/", "method": "CONNECT"}, "`method` must be one of GET, "),
    "headers in a list": ({"url": "http://8.8.8.8/", "headers": ["a"]}, "`headers` must be an object"),
    "a number in a header": ({"url": "http://8.8.8.8/", "headers": {"a": 1}}, "'a' cannot be sent"),
    "a line break in a header": ({"url": "http://8.8.8.8/", "headers": {"a": "b\r\nc: d"}}, "'a' cannot be sent"),
    "another host": ({"url": "http://8.8.8.8/", "headers": {"Host": "x"}}, "cannot be chosen"),
    "a proxy's password": ({"url": "http://8.8.8.8/", "headers": {"Proxy-Authorization": "x"}}, "cannot be chosen"),
    "a large body": ({"url": "http://8.8.8.8/", "method": "PUT", "body": "x" * (2 << 20)}, "up to 1 MiB"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "why"), BAD.values(), ids=BAD)
async def test_bad_arguments(arguments: dict[str, Any], why: str) -> None:
    outcome = await http_request().call(arguments)
    assert outcome.is_error
    assert why in text_of(outcome)
    assert "secret" not in text_of(outcome)


async def test_nobody_there() -> None:
    async with serving({}) as site:
        pass
    assert "failed (ConnectError" in await refused(site.base, private=True)


# --- pages as text -----------------------------------------------------------------------------------------------------

PAGES: dict[str, tuple[str, str]] = {
    "plain": ("just text", "just text"),
    "paragraphs": ("<p>a\n b</p><p>c</p>", "a b\n\nc"),
    "lists": ("<ul><li>a<li>b</ul>", "- a\n- b"),
    "a table": ("<table><tr><td>a<td>b<tr><td>c</table>", "| a | b\n| c"),
    "code": ("<pre>if x:\n    y  = 1\n</pre>", "if x:\n    y  = 1"),
    "hidden": ("a<script>if (1<2) '</p>'</script><style>x</style><!-- <p>no --><template>no</template>b", "ab"),
    "a head": ("<!doctype html><head><title>T</title><style>x</style></head><body>b", "# T\n\nb"),
    "links": ("<a href='x'>a</a> <a href=#y>b</a> <a href='javascript:x'>c</a> <a>d</a>", "a (http://h/x) b c d"),
    "less than": ("1 < 2 &lt; 3 <3", "1 < 2 < 3 <3"),
    "broken": ("<p>a<script>never closed", "a"),
    "a tag without an end": ("a<p class='", "a"),
    "a comment without an end": ("a<!-- b", "a"),
    "an odd link": ("<a href='http://[x'>a</a>", "a"),
}


@pytest.mark.parametrize(("page", "text"), PAGES.values(), ids=PAGES)
def test_a_page_as_text(page: str, text: str) -> None:
    assert text_of_html(page, "http://h/") == text


@pytest.mark.parametrize(
    "piece", ["<", "<a ", "<!--", "<!", "<a href=", "<script", "</", "&", "<p ' ", "<a href='x'", " "]
)
@pytest.mark.timeout(60)
def test_no_page_takes_long(piece: str) -> None:
    text_of_html(piece * ((2 << 20) // len(piece)))
