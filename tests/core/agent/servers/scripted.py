"""A server by hand, for what the library does not let one do. Its first argument says how it behaves."""

from __future__ import annotations

import json
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
    if method == "tools/call":
        return {"result": {"content": [{"type": "text", "text": "well"}]}}
    return {"error": {"code": -32601, "message": "no such method"}}


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
    if mode == "endless":
        while True:
            sys.stdout.write("x" * 100_000)
    for line in sys.stdin:
        message = json.loads(line)
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
