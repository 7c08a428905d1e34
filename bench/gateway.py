"""The gateway's cost: streams through it against the same streams straight from the backend, and its start-up.

Prints ratios of one run on one machine; single figures say little on a shared one.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time

import httpx

from kiro2chat_core.settings import Settings
from kiro2chat_functions.app import create_app
from kiro2chat_functions.emulator import Emulator, Options, Reply
from kiro2chat_functions.serving import served

STREAMS, CHUNKS, ROUNDS = 20, 400, 3


def main() -> None:
    emulator = Emulator(Options(writes="frame"))
    key = emulator.login("api-key").access_token
    with served(emulator.app) as backend:
        direct = statistics.median(
            _timed(emulator, backend + "/generateAssistantResponse", _kiro(), key) for _ in range(ROUNDS)
        )
        for transport in ("aiohttp", "httpx"):
            settings = Settings.load(
                {"KIRO_API_URL": backend, "KIRO_CONTROL_URL": backend, "KIRO_API_KEY": key, "KIRO_TRANSPORT": transport}
            )
            with served(create_app(settings)) as url:
                through = statistics.median(
                    _timed(emulator, url + "/v1/chat/completions", _openai(), key) for _ in range(ROUNDS)
                )
            print(
                f"{STREAMS} streams of {CHUNKS} chunks, over {transport}: {through / direct:.2f} times the backend alone"
            )
    bare, libraries, app = (_started(code) for code in ("pass", "import httpx, starlette.applications", _APP))
    print(f"start-up: {app / bare:.1f} times bare Python, {app / libraries:.2f} times httpx and starlette alone")


_APP = (
    "from kiro2chat_functions.app import create_app; from kiro2chat_core.settings import Settings; "
    "create_app(Settings.load({}))"
)


def _timed(emulator: Emulator, url: str, body: bytes, key: str) -> float:
    emulator.script(*[Reply(["chunk of text "] * CHUNKS) for _ in range(STREAMS)])

    async def read(client: httpx.AsyncClient) -> int:
        headers = {"authorization": f"Bearer {key}", "tokentype": "API_KEY", "content-type": "application/json"}
        async with client.stream("POST", url, content=body, headers=headers) as response:
            response.raise_for_status()
            return sum([len(chunk) async for chunk in response.aiter_bytes()])

    async def all_of_them() -> None:
        async with httpx.AsyncClient(timeout=120, trust_env=False) as client:
            await asyncio.gather(*(read(client) for _ in range(STREAMS)))

    began = time.perf_counter()
    asyncio.run(all_of_them())
    return time.perf_counter() - began


def _started(code: str) -> float:
    times = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _openai() -> bytes:
    body = {"model": "claude-sonnet-4.5", "stream": True, "messages": [{"role": "user", "content": "Go."}]}
    return json.dumps(body).encode()


def _kiro() -> bytes:
    message = {"content": "Go.", "modelId": "claude-sonnet-4.5", "origin": "KIRO_CLI"}
    state = {"chatTriggerType": "MANUAL", "currentMessage": {"userInputMessage": message}, "history": []}
    arn = "arn:aws:codewhisperer:us-east-1:638616132270:profile/AAAACCCCXXXX"
    return json.dumps({"conversationState": state, "profileArn": arn}).encode()


if __name__ == "__main__":
    main()
