"""What the agent costs: a run of one tool against the two chats that it is made of, and its first use against a plain start."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import httpx
from tests.gateways import Pair, gateway

from kiro2chat_functions.emulator import Options

RUNS = 15
TOOL = 'call calculator with {"expression": "6*7"}'
CHAT = {"model": "claude-sonnet-4.5", "messages": [{"role": "user", "content": "Hi."}]}


def main() -> None:
    with gateway(Options()) as pair:
        first = _seconds(pair, "/v1/agent/chat", {"message": TOOL})
        run = statistics.median(_seconds(pair, "/v1/agent/chat", {"message": TOOL}) for _ in range(RUNS))
        chats = 2 * statistics.median(_seconds(pair, "/v1/chat/completions", CHAT) for _ in range(RUNS))
    print(f"a run of one tool: {run / chats:.2f} times two chats ({run * 1000:.0f} ms)")
    print(f"the first run: {first / run:.0f} times a later one ({first:.2f} s)")
    plain, whole = _imported("kiro2chat_functions.app"), _imported("kiro2chat_core.agent.agents")
    time_ratio, memory_ratio = whole[0] / plain[0], whole[1] / plain[1]
    print(
        f"importing the agent: {time_ratio:.1f} times the app ({whole[0]:.2f} s), {memory_ratio:.1f} times its memory"
    )


def _seconds(pair: Pair, path: str, body: object) -> float:
    began = time.perf_counter()
    httpx.post(f"{pair.url}{path}", json=body, timeout=60, trust_env=False).raise_for_status()
    return time.perf_counter() - began


def _imported(module: str) -> tuple[float, int]:
    """(seconds, kB) of a process that imports it: the best of three."""
    # Not getrusage: its peak is the parent's, where that was larger.
    code = f"import {module}; print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    found = []
    for _ in range(3):
        began = time.perf_counter()
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        found.append((time.perf_counter() - began, int(ran.stdout)))
    return min(found)


if __name__ == "__main__":
    main()
