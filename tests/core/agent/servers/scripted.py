"""A server by hand, for what the library does not let one do. Its first argument says how it behaves."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any

GOOD = {"name": "good", "description": "Good.", "inputSchema": {"type": "object"}}
BAD_SCHEMAS = [
    GOOD,
    GOOD,
    {"name": "no-type", "inputSchema": {}, "outputSchema": 7, "annotations": "none", "description": None},
    {"name": "no-schema"},
    "no tool at all",
    {"name": "not-an-object", "inputSchema": {"type": "string"}},
    {"name": "nonsense", "inputSchema": {"type": "object", "properties": {"a": {"type": "strin"}}}},
    {"name": "", "inputSchema": {"type": "object"}},
    {"name": "günstig und teuer!", "inputSchema": {"type": "object"}},
    {"name": "l" * 200, "inputSchema": {"type": "object"}},
    {"name": "huge", "inputSchema": {"type": "object", "description": "x" * 200_000}},
]


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def tools(mode: str, cursor: str | None) -> dict[str, Any]:
    page = int(cursor or 0)
    if mode == "pages":
        found = [{"name": f"t{page}-{i}", "inputSchema": {"type": "object"}} for i in range(10)]
        return {"tools": found, "nextCursor": str(page + 1)}
    if mode == "circle":
        return {"tools": [{"name": f"t{page}", "inputSchema": {"type": "object"}}], "nextCursor": "1"}
    if mode == "odd-schemas":
        marks: list[Any] = [[], {"a": 1}, 7]
        odd = [{"type": "object", "$schema": mark} for mark in marks]
        return {"tools": [GOOD, *({"name": f"odd{at}", "inputSchema": schema} for at, schema in enumerate(odd))]}
    if mode == "schemas":
        return {"tools": BAD_SCHEMAS}
    if mode == "malformed":
        return {"tools": [GOOD], "nextCursor": 7}
    return {"tools": [GOOD]}


def answer(mode: str, method: str, params: dict[str, Any]) -> dict[str, Any]:
    if method == "initialize":
        info = {"name": "scripted", "version": "1"}
        version = params["protocolVersion"]
        return {"result": {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}}
    if method == "tools/list":
        return {"result": tools(mode, params.get("cursor"))}
    if method == "tools/call" and mode == "no-result":
        return {"result": {"content": "nothing of the kind"}}
    if method == "tools/call" and mode in RESULTS:
        return {"result": RESULTS[mode]()}
    if method == "tools/call" and mode == "refuses":
        return {"error": {"code": -32000, "message": "Connection closed"}}
    if method == "tools/call" and mode == "terminates":
        return {"error": {"code": -32600, "message": "Session terminated"}}
    if method == "tools/call" and mode == "who":
        return {"result": {"content": [{"type": "text", "text": str(os.getpid())}]}}
    if method == "tools/call":
        return {"result": {"content": [{"type": "text", "text": "well"}]}}
    return {"error": {"code": -32601, "message": "no such method"}}


TEXT = {"type": "text", "text": "x"}
RESULTS: dict[str, Any] = {
    "blocks": lambda: {"content": [TEXT] * 400_000},
    "pictures": lambda: {"content": [{"type": "image", "data": "AAAA", "mimeType": "image/png"}] * 1000},
    "video": lambda: {"content": [TEXT, {"type": "video", "data": "x"}, "no block", {"type": "image"}]},
    "half": lambda: {"content": [{"type": "text", "text": "a\ud800b"}]},
}
RAW = {
    "latin": b'{"jsonrpc": "2.0", "id": %d, "result": {"content": [{"type": "text", "text": "caf\xe9"}]}}\n',
    "no-message": b'{"jsonrpc": "2.0", "id": %d, "result": 7}\n',
}


def main(mode: str) -> None:
    if mode in ("mute", "stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sys.stderr.write("I say nothing\n")
        if mode == "mute":
            sys.stdout.write("Welcome to my server!\n")
            sys.stdout.flush()
            time.sleep(600)
    if mode == "garbage":
        for _ in range(100):
            sys.stdout.write("loading...\n[1, 2\n{}\n\n")
        for number in range(5):  # a logger, with the ids of requests
            sys.stdout.write(f'{{"level": "info", "msg": "request received", "id": {number}}}\n')
    if mode == "endless":
        while True:
            sys.stdout.write("x" * 100_000)
    called = False
    for line in sys.stdin:
        message = json.loads(line)
        if mode == "exits-always" or (mode == "exits" and message["method"] == "server/discover"):
            sys.stderr.write("ExpectedInitializeRequest\n")
            sys.exit(1)
        if mode == "passes-over" and message["method"] not in ("initialize", "tools/list", "tools/call"):
            continue
        if mode in RAW and message["method"] == "tools/call":
            sys.stdout.buffer.write(RAW[mode] % message["id"])
            sys.stdout.buffer.flush()
            continue
        if mode == "restless" and message["method"] == "tools/list" and called:
            continue
        if mode == "restless" and message["method"] == "tools/call":
            called = True
            say({"method": "notifications/tools/list_changed"})
        if "id" in message:
            if mode == "deaf" and message["method"] == "tools/call":
                time.sleep(600)
            say({"id": message["id"], **answer(mode, message["method"], message.get("params", {}))})
            if mode == "brief" and message["method"] == "tools/list":
                sys.exit(3)
    if mode == "stubborn":
        time.sleep(600)


if __name__ == "__main__":
    main(sys.argv[1])
