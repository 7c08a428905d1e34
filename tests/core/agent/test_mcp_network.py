"""MCP servers on the network: the reference server over both transports, and hosts that are none."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.core.agent.mcp_places import EVERYTHING, SERVERS, Place, by_name, text, until

from kiro2chat_functions.serving import served

KINDS = {"http": ("streamableHttp", "/mcp"), "sse": ("sse", "/sse")}


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def everything(kind: str, port: int) -> Iterator[str]:
    """The reference server, and its address."""
    mode, path = KINDS[kind]
    with listening(["node", EVERYTHING, mode], port) as host:
        yield f"{host}{path}"


@contextmanager
def listening(command: list[str], port: int) -> Iterator[str]:
    server = subprocess.Popen(
        command,
        env={"PATH": os.environ["PATH"], "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(1000):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


@pytest.mark.parametrize("kind", KINDS)
async def test_the_reference_server(place: Place, kind: str) -> None:
    with everything(kind, free_port()) as url:
        async with place.servers({"every": {"url": url, "type": kind, "timeout": 60_000}}) as servers:
            tools = by_name(await servers.tools())
            echo = tools["echo"]
            assert "127.0.0.1" in echo.touches
            assert text(await echo.call({"message": "hi"})) == "Echo: hi"
            wrong = await tools["get-sum"].call({"a": "x"})
            assert wrong.is_error
            (state,) = servers.states()
            assert (state.state, state.transport, state.tools) == ("ready", kind, len(tools))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_server_that_goes_away_and_comes_back(place: Place, kind: str) -> None:
    port = free_port()
    with everything(kind, port) as url:
        servers_context = place.servers({"every": {"url": url, "transport": kind, "timeout": 30_000}})
        servers = await servers_context.__aenter__()
        echo = by_name(await servers.tools())["echo"]
    try:
        lost = await echo.call({"message": "hi"})
        assert lost.is_error
        assert "every: " in text(lost)
        with everything(kind, port):
            await servers.reload()
            assert text(await echo.call({"message": "hi"})) == "Echo: hi"
    finally:
        await servers_context.__aexit__(None, None, None)


async def test_a_cancelled_call_is_cancelled_at_the_server(place: Place) -> None:
    port = free_port()
    with listening([sys.executable, str(SERVERS / "workshop.py"), str(port)], port) as host:
        async with place.servers({"shop": {"url": f"{host}/mcp"}}) as servers:
            tools = by_name(await servers.tools())
            call = asyncio.create_task(tools["slow"].call({"path": str(place.root)}))
            await until((place.root / "began").exists)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await until((place.root / "cancelled").exists)
            assert text(await tools["greet"].call({"name": "Ada"})) == "Hello Ada"
            assert len(text(await tools["flood"].call({}))) > 100_000


class Hosts:
    """Hosts that are no MCP servers, or not for everybody."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str | None, str | None]] = []
        self.elsewhere = ""
        self.app = Starlette(routes=[Route("/{what}", self.answer, methods=["GET", "POST", "DELETE"])])

    async def answer(self, request: Request) -> Response:
        what = request.path_params["what"]
        self.seen.append((what, request.headers.get("authorization"), request.headers.get("x-key")))
        answers: dict[str, Callable[[], Response]] = {
            "login": lambda: JSONResponse({"error": "who are you?"}, status_code=401),
            "page": lambda: HTMLResponse("<h1>Welcome</h1>"),
            "moved": lambda: RedirectResponse(f"{self.elsewhere}/login", status_code=307),
        }
        return answers.get(what, lambda: Response(status_code=500))()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("path", "expected"), [("login", "401 Unauthorized"), ("page", "content type"), ("x", "500")])
async def test_addresses_that_are_no_mcp(place: Place, kind: str, path: str, expected: str) -> None:
    with served(Hosts().app) as url:
        entry = {"url": f"{url}/{path}?token=secret-in-url", "type": kind, "timeout": 30_000}
        async with place.servers({"host": entry}) as servers:
            assert await servers.tools() == ()
            (state,) = servers.states()
            assert state.state == "failed"
            assert expected.lower().replace(" ", "") in state.error.lower().replace(" ", "").replace("-", "")
            assert "secret-in-url" not in state.error
            assert "Traceback" not in state.error


async def test_a_message_without_end_is_broken_off(place: Place) -> None:
    async def answer(request: Request) -> Response:
        asked = await request.json()
        if asked["method"] == "initialize":
            info = {"protocolVersion": asked["params"]["protocolVersion"], "capabilities": {"tools": {}},
                    "serverInfo": {"name": "flood", "version": "1"}}  # fmt: skip
            return JSONResponse({"jsonrpc": "2.0", "id": asked["id"], "result": info})
        if asked["method"] == "tools/list":
            tools = [{"name": "flood", "inputSchema": {"type": "object"}}]
            return JSONResponse({"jsonrpc": "2.0", "id": asked["id"], "result": {"tools": tools}})
        if asked["method"] != "tools/call":
            return Response(status_code=202)

        async def flood() -> AsyncIterator[bytes]:
            yield b'{"jsonrpc": "2.0", "id": %d, "result": {"content": [{"type": "text", "text": "' % asked["id"]
            for _ in range(70):
                yield b"x" * (1 << 20)
            yield b'"}]}}'

        return StreamingResponse(flood(), media_type="application/json")

    with served(Starlette(routes=[Route("/mcp", answer, methods=["POST"])])) as url:
        async with place.servers({"flood": {"url": f"{url}/mcp", "timeout": 60_000}}) as servers:
            (tool,) = await servers.tools()
            outcome = await tool.call({})
            assert outcome.is_error
            assert "more than 64 MiB" in text(outcome)


class Fickle:
    """A server that is well until a tool is called; then it does as its path says. It keeps sessions."""

    def __init__(self) -> None:
        self.sessions = 0
        self.left = asyncio.Event()
        self.heard = threading.Event()
        self.app = Starlette(routes=[Route("/{what}", self.answer, methods=["GET", "POST", "DELETE"])])

    async def answer(self, request: Request) -> Response:
        what = request.path_params["what"]
        if request.method == "DELETE":
            await (asyncio.sleep(600) if what == "clings" else asyncio.sleep(0))
            return Response()
        if request.method == "GET":
            self.heard.set()
            return Response(status_code=404 if what == "posts" else 405)
        asked = await request.json()
        if asked["method"] == "tools/call" and what.isdigit():
            return Response(status_code=int(what))
        if asked["method"] == "tools/call" and what == "forgets" and request.headers["mcp-session-id"] == "1":
            error = {"code": -32001, "message": "Session not found"}
            return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, status_code=404)
        known = well(asked)
        if known is None:
            return Response(status_code=202)
        self.sessions += asked["method"] == "initialize"
        return JSONResponse(known, headers={"mcp-session-id": str(self.sessions)})


def well(asked: dict[str, Any]) -> dict[str, Any] | None:
    """What a good server answers."""
    answers: dict[str, Callable[[], dict[str, Any]]] = {
        "initialize": lambda: {
            "protocolVersion": asked["params"]["protocolVersion"], "capabilities": {"tools": {}},
            "serverInfo": {"name": "fickle", "version": "1"},
        },
        "tools/list": lambda: {"tools": [{"name": "good", "inputSchema": {"type": "object"}}]},
        "tools/call": lambda: {"content": [{"type": "text", "text": "well"}]},
    }  # fmt: skip
    if "id" not in asked:
        return None
    if (answer := answers.get(asked["method"])) is None:
        return {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32601, "message": "no"}}
    return {"jsonrpc": "2.0", "id": asked["id"], "result": answer()}


@pytest.mark.parametrize("status", ["401 Unauthorized", "429 Too Many Requests", "500 Internal Server Error"])
async def test_a_refused_call_says_its_status(place: Place, status: str) -> None:
    with served(Fickle().app) as url:
        async with place.servers({"host": {"url": f"{url}/{status[:3]}"}}) as servers:
            (good,) = await servers.tools()
            for _ in range(4):
                refused = await good.call({})
                assert refused.is_error
                assert text(refused).startswith(f"host: HTTP {status}")
            assert servers.states()[0].state == "ready"


async def test_a_session_that_the_server_has_forgotten_is_begun_anew(place: Place) -> None:
    fickle = Fickle()
    with served(fickle.app) as url:
        async with place.servers({"host": {"url": f"{url}/forgets"}}) as servers:
            (good,) = await servers.tools()
            lost = await good.call({})
            assert text(lost).startswith("host: the connection was lost.")
            assert "404 Not Found" in text(lost)
            assert "its session has ended" in text(lost).lower()
            assert text(await good.call({})) == "well"
            assert fickle.sessions == 2


async def test_a_server_that_knows_nothing_but_messages_is_well(place: Place) -> None:
    """It has no route for GET, and answers 404 to it: nothing of its session is lost."""
    fickle = Fickle()
    with served(fickle.app) as url:
        async with place.servers({"host": {"url": f"{url}/posts"}}) as servers:
            (good,) = await servers.tools()
            assert await asyncio.to_thread(fickle.heard.wait, 30)
            for _ in range(5):
                assert text(await good.call({})) == "well"
    assert fickle.sessions == 1


async def test_a_server_that_does_not_let_go_is_left(place: Place) -> None:
    with served(Fickle().app) as url:
        async with place.servers({"host": {"url": f"{url}/clings"}}) as servers:
            (good,) = await servers.tools()
            assert text(await good.call({})) == "well"
            async with asyncio.timeout(7):  # half of the eight seconds after which it would be forced
                await servers.aclose()


@pytest.mark.parametrize("at", ["initialize", "tools/call"])
async def test_a_refused_message_over_sse_is_noticed_at_once(place: Place, at: str) -> None:
    answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def events(request: Request) -> Response:
        async def stream() -> AsyncIterator[str]:
            yield "event: endpoint\ndata: /post\n\n"
            while True:
                yield f"event: message\ndata: {json.dumps(await answers.get())}\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")

    async def post(request: Request) -> Response:
        asked = await request.json()
        if asked["method"] == at:
            return Response(status_code=500)
        if (answer := well(asked)) is not None:
            answers.put_nowait(answer)
        return Response(status_code=202)

    routes = [Route("/sse", events), Route("/post", post, methods=["POST"])]
    with served(Starlette(routes=routes)) as url:
        async with place.servers({"host": {"url": f"{url}/sse", "type": "sse", "timeout": 600_000}}) as servers:
            async with asyncio.timeout(100):
                told = [text(await tool.call({})) for tool in await servers.tools()] or [servers.states()[0].error]
            assert "It refused a message" in told[0]
            assert "500" in told[0]


async def test_an_address_is_not_told_where_it_is_refused(place: Place) -> None:
    with served(Hosts().app) as url:
        for kind in KINDS:
            entry = {"url": f"{url}/login?a=per%20cent-secret&b=c", "type": kind, "timeout": 30_000}
            async with place.servers({"host": entry}) as servers:
                await servers.tools()
                error = servers.states()[0].error
                assert "401" in error
                assert not any(secret in error for secret in ("/login", "per%20cent", "per cent"))


async def test_keys_do_not_follow_a_redirect_to_another_host(place: Place) -> None:
    here, there = Hosts(), Hosts()
    with served(here.app) as first, served(there.app) as second:
        here.elsewhere = second
        entry = {
            "url": f"{first}/moved",
            "headers": {"Authorization": "Bearer ${TOKEN}", "X-Key": "${env:TOKEN}"},
            "timeout": 30_000,
        }
        async with place.servers({"host": entry}, environ={"TOKEN": "top-secret"}) as servers:
            await servers.tools()
            assert ("moved", "Bearer top-secret", "top-secret") in here.seen
            assert {seen[1:] for seen in there.seen} == {(None, None)}
            assert "top-secret" not in servers.states()[0].error


@pytest.mark.parametrize("kind", KINDS)
async def test_a_host_that_never_answers(place: Place, kind: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/mcp"
        async with place.servers({"silent": {"url": url, "type": kind, "timeout": 2000}}) as servers:
            assert await servers.tools() == ()
            assert servers.states()[0].state == "failed"
