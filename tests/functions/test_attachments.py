"""Attachments over a real socket: large photographs, PDFs and texts reach the strict emulator as it takes them."""

from __future__ import annotations

import base64
import io
import random
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image as pillow
from tests.core.test_documents import pdf
from tests.core.test_shrinking import hollow
from tests.gateways import STRICT, Pair, gateway
from tests.openai_bodies import PIXEL

from kiro2chat_core.images import MAX_CHARS


@pytest.fixture
def pair() -> Iterator[Pair]:
    with gateway(STRICT) as served:
        yield served


def photograph(side: int) -> str:
    made = pillow.frombytes("RGB", (side, side), random.Random(side).randbytes(side * side * 3))
    buffer = io.BytesIO()
    made.save(buffer, "JPEG", quality=95)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def sent(pair: Pair, *messages: dict[str, Any]) -> dict[str, Any]:
    response = pair.post({"model": "claude-sonnet-4.5", "messages": list(messages)})
    assert response.status_code == 200, response.text
    current: dict[str, Any] = pair.chats()[-1]["conversationState"]["currentMessage"]["userInputMessage"]
    return current


def image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def test_a_large_photograph_and_one_in_a_result(pair: Pair) -> None:
    camera, large = photograph(3250), photograph(2800)
    assert len(camera) * 3 / 4 > 12_000_000
    assert len(large) > MAX_CHARS * 1.2
    calls = [{"id": "t1", "type": "function", "function": {"name": "look", "arguments": "{}"}}]
    current = sent(
        pair,
        {"role": "user", "content": "Look."},
        {"role": "assistant", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "t1", "content": [image(large)]},
        {"role": "user", "content": [image(camera), image(f"data:image/png;base64,{PIXEL}")]},
    )
    assert [len(each["source"]["bytes"]) <= MAX_CHARS for each in current["images"]] == [True] * 3
    assert PIXEL in [each["source"]["bytes"] for each in current["images"]]


def test_an_image_that_cannot_be_scaled_is_told_by_its_number(pair: Pair) -> None:
    parts = [image(f"data:image/png;base64,{each}") for each in (PIXEL, base64.b64encode(hollow(50_000)).decode())]
    response = pair.post({"model": "auto", "messages": [{"role": "user", "content": parts}]})
    told = response.json()["error"]
    assert (response.status_code, told["param"]) == (400, "messages")
    assert told["message"] == "Image 2 of 2 in messages has 50000 x 50000 pixels, too many to scale down."


def test_many_images_are_held_to_a_smaller_size(pair: Pair) -> None:
    buffer = io.BytesIO()
    pillow.new("RGB", (2500, 20)).save(buffer, "PNG")
    wide = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    current = sent(pair, {"role": "user", "content": [image(wide)]})
    assert current["images"][0]["source"]["bytes"] == wide.partition(",")[2]
    current = sent(pair, {"role": "user", "content": [image(wide)] * 21})
    assert pillow.open(io.BytesIO(base64.b64decode(current["images"][0]["source"]["bytes"]))).size == (2000, 16)


def test_a_pdf_and_a_text_arrive_as_text(pair: Pair) -> None:
    def file(data: bytes, name: str, kind: str) -> dict[str, Any]:
        url = f"data:{kind};base64,{base64.b64encode(data).decode()}"
        return {"type": "file", "file": {"filename": name, "file_data": url}}

    parts = [file(pdf("Swordfish"), "a.pdf", "application/pdf"), file("你好".encode("gb18030"), "b.txt", "text/plain")]
    current = sent(pair, {"role": "user", "content": [*parts, {"type": "text", "text": "What?"}]})
    assert '<document title="a.pdf">\n[page 1]\nSwordfish\n</document>' in current["content"]
    assert '<document title="b.txt">\n你好\n</document>' in current["content"]


def test_what_cannot_be_read_is_told_by_its_field(pair: Pair) -> None:
    file = {"type": "file", "file": {"file_data": "UEsDBAAA"}}
    told = pair.post({"model": "auto", "messages": [{"role": "user", "content": [file]}]}).json()["error"]
    assert told["param"] == "messages[0].content[0].file.file_data"
    assert "Office" in told["message"]


def test_models_of_text_are_sent_no_images(pair: Pair) -> None:
    messages = [{"role": "user", "content": [image(f"data:image/png;base64,{PIXEL}")]}]
    told = pair.post({"model": "glm-5", "messages": messages}).json()["error"]
    assert (told["param"], told["type"]) == ("messages", "invalid_request_error")


def test_readers_of_pictures_and_documents_are_loaded_when_first_used() -> None:
    told = "import sys, kiro2chat_functions.app; print(sorted({'PIL', 'pypdf', 'tiktoken'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "[]"
