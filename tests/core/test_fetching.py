"""Images by address: what is fetched over a real socket, and which addresses are never asked."""

from __future__ import annotations

import asyncio
import base64
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import pytest
from tests.openai_bodies import PIXEL

from kiro2chat_core import addresses
from kiro2chat_core.attached import Attachments, Reading
from kiro2chat_core.errors import BadRequest
from kiro2chat_core.turns import Ask, Image, ImageUrl, Text, ToolResult, Turn

PNG = base64.b64decode(PIXEL)
FIELD = "messages[0].content[1].image_url.url"
Handler: TypeAlias = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


def asked(*urls: str) -> Ask:
    parts = (ImageUrl(url, FIELD if len(urls) == 1 else f"field-{index}") for index, url in enumerate(urls))
    return Ask("m", (Turn("user", tuple(parts)),))


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    head = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class Server:
    """Pages by path, over HTTP on a loopback port; every request's head is kept."""

    def __init__(self, pages: dict[str, bytes | Handler]) -> None:
        self.pages = pages
        self.heads: list[str] = []
        self.sent = 0
        self.base = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            page = self.pages.get(head.split()[1], answer(b"no", status="404 Not Found"))
            if isinstance(page, bytes):
                writer.write(page)
                await writer.drain()
            else:
                await page(self.base, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @property
    def paths(self) -> list[str]:
        return [head.split()[1] for head in self.heads]


@asynccontextmanager
async def serving(pages: dict[str, bytes | Handler]) -> AsyncIterator[Server]:
    site = Server(pages)
    listener = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.base = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield site
    finally:
        listener.close()


async def refused(ask: Ask, *, private: bool = True, patience: float = 5) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        await Attachments(Reading(private=private, patience=patience)).resolve(ask)
    return caught.value


async def test_an_address_becomes_its_image() -> None:
    async with serving({"/a.png": answer(PNG)}) as site:
        ask = await Attachments(Reading(private=True)).resolve(asked(f"{site.base}/a.png"))
    assert ask.turns[0].parts == (Image("png", PIXEL),)
    head = site.heads[0].lower()
    assert head.startswith("get /a.png http/1.1\r\n")
    assert f"host: {site.base.removeprefix('http://')}\r\n" in head
    assert "user-agent: kiro2chat/" in head
    assert "cookie" not in head


async def test_what_is_no_address_stays_where_it_is() -> None:
    async with serving({"/a": answer(PNG)}) as site:
        picture = ImageUrl(f"{site.base}/a", FIELD)
        turns = (
            Turn("user", (Text("before"), picture, Text("after"))),
            Turn("user", (ToolResult("t1", (Text("see"), picture), is_error=True),)),
        )
        ask = await Attachments(Reading(private=True)).resolve(Ask("m", turns, system="s"))
    image = Image("png", PIXEL)
    assert ask == Ask(
        "m",
        (
            Turn("user", (Text("before"), image, Text("after"))),
            Turn("user", (ToolResult("t1", (Text("see"), image), is_error=True),)),
        ),
        system="s",
    )
    assert site.paths == ["/a"], "the same address is fetched once"


async def test_an_ask_without_addresses_is_the_same_ask() -> None:
    ask = Ask("m", (Turn("user", (Text("Hi"),)),))
    assert await Attachments(Reading()).resolve(ask) is ask
    with_image = Ask("m", (Turn("user", (Text("Hi"), Image("png", PIXEL))),))
    assert await Attachments(Reading()).resolve(with_image) == with_image


async def test_the_bytes_decide_whatever_the_declared_type() -> None:
    async with serving({"/a": answer(PNG, "content-type: text/html")}) as site:
        assert (await Attachments(Reading(private=True)).resolve(asked(f"{site.base}/a"))).turns[0].parts == (
            Image("png", PIXEL),
        )


async def test_a_slow_answer_is_waited_for() -> None:
    async def slowly(_base: str, writer: asyncio.StreamWriter) -> None:
        for byte in answer(PNG):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.001)

    async with serving({"/a": slowly}) as site:
        assert (await Attachments(Reading(private=True)).resolve(asked(f"{site.base}/a"))).turns[0].parts == (
            Image("png", PIXEL),
        )


@pytest.mark.parametrize("said", [b"", answer(PNG)[:50]], ids=["at once", "in the middle"])
async def test_silence_is_given_up(said: bytes) -> None:
    async def silent(_base: str, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        await asyncio.sleep(1)

    async with serving({"/a": silent}) as site:
        error = await refused(asked(f"{site.base}/a"), patience=0.2)
    assert error.message == f"The image at {FIELD} did not answer within 0.2 seconds."


async def test_an_answer_that_drips_is_given_up_too() -> None:
    async def dripping(_base: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(20):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with serving({"/a": dripping}) as site:
        assert "did not answer within 0.3 seconds" in (await refused(asked(f"{site.base}/a"), patience=0.3)).message


# --- redirects ---------------------------------------------------------------------------------------------------------


def to(location: str, status: str = "302 Found") -> bytes:
    return answer(b"moved", f"location: {location}", status=status)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("location", ["/b", "b", "//{host}/b", "http://{host}/b"])
async def test_redirects_are_followed(status: str, location: str) -> None:
    async def moved(base: str, writer: asyncio.StreamWriter) -> None:
        writer.write(to(location.format(host=base.removeprefix("http://")), status))

    async with serving({"/a": moved, "/b": answer(PNG)}) as site:
        ask = await Attachments(Reading(private=True)).resolve(asked(f"{site.base}/a"))
    assert ask.turns[0].parts == (Image("png", PIXEL),)
    assert site.paths == ["/a", "/b"]


async def test_three_redirects_are_enough() -> None:
    pages: dict[str, bytes | Handler] = {f"/{step}": to(f"/{step + 1}") for step in range(10)}
    async with serving(pages | {"/3": answer(PNG)}) as site:
        await Attachments(Reading(private=True)).resolve(asked(f"{site.base}/0"))
    async with serving(pages) as site:
        error = await refused(asked(f"{site.base}/0"))
    assert error.message == f"The image at {FIELD} redirects more than 3 times."
    assert site.paths == ["/0", "/1", "/2", "/3"]


LOCATIONS = {
    "another scheme": ("ftp://127.0.0.1/a", "must be an https address"),
    "a file": ("file:///etc/passwd", "must be an https address"),
    "a password": ("http://me:secret@127.0.0.1/a", "without user name"),
    "half an address": ("http://[::1", "could not be fetched"),
    "a host that cannot be": ("http://does-not-exist.invalid/", "cannot be found"),
}


@pytest.mark.parametrize(("location", "why"), LOCATIONS.values(), ids=LOCATIONS)
async def test_every_step_of_a_redirect_is_looked_at(location: str, why: str) -> None:
    async with serving({"/a": to(location)}) as site:
        error = await refused(asked(f"{site.base}/a"))
    assert why in error.message
    assert len(site.heads) == 1


# --- what is no image --------------------------------------------------------------------------------------------------

PAGES: dict[str, tuple[bytes, str]] = {
    "a page": (answer(b"<html>not an image</html>", "content-type: image/png"), "is no PNG, JPEG, GIF or WebP image"),
    "nothing": (answer(b""), "is no PNG"),
    "404": (answer(PNG, status="404 Not Found"), "answered HTTP 404"),
    "500": (answer(PNG, status="500 Oops"), "answered HTTP 500"),
    "204": (answer(b"", status="204 No Content"), "answered HTTP 204"),
    "a redirect to nowhere": (answer(b"", status="302 Found"), "answered HTTP 302"),
    "no HTTP": (b"SSH-2.0-OpenSSH\r\n\r\n", "could not be fetched"),
    "less than announced": (b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n" + PNG, "could not be fetched"),
    "packed": (answer(gzip.compress(PNG), "content-encoding: gzip"), "is no PNG"),
}


@pytest.mark.parametrize(("page", "why"), PAGES.values(), ids=PAGES)
async def test_what_is_no_image(page: bytes, why: str) -> None:
    async with serving({"/a?signature=secret": page}) as site:
        error = await refused(asked(f"{site.base}/a?signature=secret"))
    assert (error.field, error.status) == (FIELD, 400)
    assert why in error.message
    assert "secret" not in error.message
    assert "127.0.0.1" not in error.message


async def test_a_closed_port() -> None:
    async with serving({}) as site:
        pass
    assert "could not be fetched" in (await refused(asked(f"{site.base}/a"))).message


async def test_a_large_body_is_given_up_while_it_comes() -> None:
    sent = 0

    async def endless(_base: str, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + PNG)
        while sent < 64 << 20:
            writer.write(bytes(1 << 18))
            await writer.drain()
            sent += 1 << 18

    async with serving({"/a": endless}) as site:
        error = await refused(asked(f"{site.base}/a"))
    assert "is larger than 32 MiB" in error.message
    assert sent < 48 << 20


async def test_several_failures_are_told_as_one() -> None:
    async with serving({}) as site:
        error = await refused(asked(f"{site.base}/a", f"{site.base}/b", "ftp://x/", "https://[::1"))
    assert error.field in {f"field-{index}" for index in range(4)}


async def test_fifty_addresses_are_fetched_a_few_at_a_time_and_one_more_is_refused() -> None:
    at_once = most = 0

    async def counted(_base: str, writer: asyncio.StreamWriter) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.005)
        at_once -= 1
        writer.write(answer(PNG))

    async with serving({f"/{number}": counted for number in range(50)}) as site:
        urls = [f"{site.base}/{number}" for number in range(51)]
        ask = await Attachments(Reading(private=True)).resolve(asked(*urls[:50]))
        assert ask.turns[0].parts == (Image("png", PIXEL),) * 50
        assert most <= 4
        assert (await refused(asked(*urls))).field == "messages"


# --- the user's own network --------------------------------------------------------------------------------------------

PRIVATE = [
    "https://127.0.0.1/", "https://127.1/", "https://127.0.0.1:8443/a.png", "https://localhost/", "https://localhost./",
    "https://LOCALHOST/", "https://[::1]/", "https://0.0.0.0/", "https://0/", "https://[::]/",
    "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/", "https://198.18.0.1/", "https://255.255.255.255/", "https://224.0.0.1/", "https://240.0.0.1/",
    "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://017700000001/", "https://0177.0.0.1/",
    "https://3232235777/", "https://2852039166/",
    "https://[::ffff:127.0.0.1]/", "https://[::ffff:10.0.0.1]/", "https://[::ffff:a9fe:a9fe]/", "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[64:ff9b:1::1]/",
    "https://[2002:7f00:1::]/", "https://[2002:a9fe:a9fe::1]/",
    "https://[fc00::1]/", "https://[fd00:ec2::254]/", "https://[fe80::1]/", "https://[fec0::1]/", "https://[ff02::1]/",
]  # fmt: skip


@pytest.mark.parametrize("url", PRIVATE)
async def test_private_addresses_are_refused(url: str) -> None:
    error = await refused(asked(url), private=False)
    # Some spellings of a number are an address to one resolver and nothing to another.
    told = ("leads into a private network", "cannot be found", "could not be fetched (InvalidURL)")
    assert any(each in error.message for each in told)
    assert error.field == FIELD


async def test_a_private_address_is_not_even_connected_to() -> None:
    async with serving({}) as site:
        await refused(asked(site.base.replace("http://", "https://")), private=False)
        await asyncio.sleep(0.05)
    assert site.heads == []


REFUSED = {
    "http": ("http://example.com/a.png", "must be an https address"),
    "ftp": ("ftp://example.com/a.png", "must be an https address"),
    "file": ("file:///etc/passwd", "must be an https address"),
    "gopher": ("gopher://example.com/", "must be an https address"),
    "no scheme": ("//example.com/a.png", "must be an https address"),
    "nothing": ("", "must be an https address"),
    "a user name": ("https://me@example.com/", "without user name"),
    "a password": ("https://me:pass@example.com/", "without user name"),
    "no host": ("https:///a.png", "with a host"),
    "half an IPv6 address": ("https://[::1", "could not be fetched"),
    "a port too high": ("https://example.com:99999/", ""),
    "a host with a space": ("https://exa mple.com/", ""),
    "a host of dots": ("https://../", ""),
    "a label too long": (f"https://{'x' * 64}.example/", ""),
    "a line break": ("https://example.com/\r\nx: y", "could not be fetched"),
    "no such host": ("https://does-not-exist.invalid/", "cannot be found"),
}


@pytest.mark.parametrize(("url", "why"), REFUSED.values(), ids=REFUSED)
async def test_addresses_that_are_refused(url: str, why: str) -> None:
    error = await refused(asked(url), private=False, patience=2)
    assert why in error.message
    assert error.field == FIELD
    assert not url or url not in error.message


PUBLIC = {
    "8.8.8.8": True, "1.1.1.1": True, "93.184.216.34": True, "172.32.0.1": True, "192.169.0.1": True,
    "2606:4700::1111": True, "64:ff9b::808:808": True, "2002:808:808::1": True, "::ffff:8.8.8.8": True,
    "127.0.0.1": False, "127.255.255.254": False, "0.0.0.0": False, "0.1.2.3": False, "10.255.255.255": False,
    "172.31.255.255": False, "192.168.0.0": False, "169.254.0.1": False, "100.127.255.255": False, "192.0.0.1": False,
    "192.0.2.1": False, "198.51.100.1": False, "203.0.113.1": False, "198.19.255.255": False, "239.1.1.1": False,
    "::": False, "::1": False, "fe80::1%eth0": False, "fec0::1": False, "fdff::1": False, "2001:db8::1": False,
    "::ffff:0:0": False, "64:ff9b::a00:1": False, "2001:0:4136:e378:8000:63bf:f5ff:fffe": False, "ff0e::1": False,
}  # fmt: skip


@pytest.mark.parametrize(("address", "public"), PUBLIC.items(), ids=PUBLIC)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert addresses.is_public(address) is public
