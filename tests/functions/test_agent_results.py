"""What tools bring, and what becomes of the conversation after it: nothing of it may spoil the questions that follow."""

from __future__ import annotations

import base64
import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as pillow
from tests.agents import answered
from tests.gateways import STRICT, gateway

from kiro2chat_functions.emulator import Call, Reply


def png(width: int, height: int, data: bytes | None = None) -> bytes:
    """One colour: few bytes, however large it is."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    lines = zlib.compress(b"\0" * (width + 1) * height) if data is None else data
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def noise(side: int) -> bytes:
    made = io.BytesIO()
    pillow.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(made, "PNG")
    return made.getvalue()


UNUSABLE = {
    "too many pixels": png(9000, 5000),
    "cut off": png(40, 40)[:45],
    "cut off, and heavy": noise(1500)[:-10_000],
    "no picture behind its first bytes": b"\x89PNG\r\n\x1a\n" + b"x" * 4000,
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_picture_that_cannot_be_shown_costs_its_call_and_nothing_else(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.png").write_bytes(UNUSABLE[name])
    with gateway(STRICT, AGENT_WORKSPACE=str(tmp_path)) as pair:
        pair.emulator.script(Reply("So.", calls=[Call("file_read", {"path": "a.png"})]), Reply("A pity."))
        first = answered(pair, "Look.")
        assert (first["content"][-7:], first["stop_reason"]) == ("A pity.", "end"), first
        assert "not shown" in first["tool_calls"][0]["error"]
        pair.emulator.script(Reply("Well."))
        assert answered(pair, "And now?", session_id=first["session_id"])["content"] == "Well."


def test_a_large_picture_is_made_smaller_once(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(5000, 3000))
    with gateway(STRICT, AGENT_WORKSPACE=str(tmp_path)) as pair:
        pair.emulator.script(Reply("So.", calls=[Call("file_read", {"path": "a.png"})]), Reply("Black."))
        assert answered(pair, "Look.")["content"].endswith("Black.")
        assert widths(pair.chats()[-1]) == [2000]


def test_a_picture_in_an_old_result_becomes_a_sentence() -> None:
    content = [
        {
            "type": "image_url",
            "image_url": {"url": f"data:image/png;base64,{base64.b64encode(png(9000, 5000)).decode()}"},
        }
    ]
    called = {"id": "t1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "t1", "content": content},
    ]
    with gateway(STRICT) as pair:
        assert pair.post({"model": "claude-sonnet-4.5", "messages": messages}).status_code == 200
        assert "9000 x 5000 pixels" in str(pair.chats()[-1])


def test_names_that_are_no_text_are_shown_and_read_on(tmp_path: Path) -> None:
    for name in (b"caf\xe9.txt", b"two\nlines", b"plain.txt"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).touch()
    with gateway(STRICT, AGENT_WORKSPACE=str(tmp_path)) as pair:
        pair.emulator.script(Reply("So.", calls=[Call("file_read", {"path": "."})]), Reply("Three."))
        told = answered(pair, "List.")
    assert told["stop_reason"] == "end"
    assert told["tool_calls"][0]["result"].splitlines() == [
        r"caf\xe9.txt  0 bytes", "plain.txt  0 bytes", r"two\nlines  0 bytes",
    ]  # fmt: skip


def widths(body: Any) -> list[int]:
    """Of all pictures in a request."""
    if isinstance(body, dict):
        if isinstance(data := body.get("bytes"), str):
            return [pillow.open(io.BytesIO(base64.b64decode(data))).width]
        body = list(body.values())
    return [width for item in body for width in widths(item)] if isinstance(body, list) else []
