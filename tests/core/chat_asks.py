"""Bodies of chat completions in a few words, and how they are read."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from tests.openai_bodies import PIXEL

from kiro2chat_core import jsonio
from kiro2chat_core.dialects import openai_chat
from kiro2chat_core.dialects.openai_chat import Wanted

__all__ = ["CALL", "CONTENT", "DATA_URL", "HI", "READ", "Json", "body", "image", "read", "user"]

Json: TypeAlias = dict[str, Any]

HI: Json = {"role": "user", "content": "Hi"}

READ: Json = {
    "type": "function",
    "function": {"name": "read", "description": "Reads", "parameters": {"type": "object"}},
}


DATA_URL = f"data:image/png;base64,{PIXEL}"


def body(*messages: Any, **members: Any) -> Json:
    return {"model": "m", "messages": list(messages) or [HI]} | members


def user(*parts: Any) -> Json:
    return body({"role": "user", "content": list(parts)})


def image(url: Any) -> Json:
    return user({"type": "text", "text": "See"}, {"type": "image_url", "image_url": url})


def read(sent: Any) -> Wanted:
    return openai_chat.read(jsonio.loads(json.dumps(sent)))


CONTENT = "messages[0].content"

CALL: Json = {"id": "t1", "type": "function", "function": {"name": "read", "arguments": "{}"}}
