"""How tests talk to the emulator: bodies as clients build them, calls in process, events as they are read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import httpx

from kiro2chat_core.kiro.eventstream import Decoder, Frame
from kiro2chat_functions.emulator import Emulator, Login

__all__ = [
    "CHAT",
    "PNG",
    "TARGET",
    "Json",
    "assistant",
    "bearer",
    "body",
    "call",
    "chat",
    "events",
    "frames",
    "json_headers",
    "result",
    "text_of",
    "tool",
    "use",
    "user",
]

Json: TypeAlias = dict[str, Any]

CHAT = "/generateAssistantResponse"
TARGET = "AmazonCodeWhispererStreamingService.GenerateAssistantResponse"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


def user(content: str = "Hi", *, model: str | None = "claude-sonnet-4.5", **members: Any) -> Json:
    return {
        "userInputMessage": {"content": content, "origin": "KIRO_CLI"} | ({"modelId": model} if model else {}) | members
    }


def assistant(content: str = "OK", *uses: Json, **members: Any) -> Json:
    return {"assistantResponseMessage": {"content": content} | ({"toolUses": list(uses)} if uses else {}) | members}


def use(call_id: str, name: str = "read_file", **arguments: Any) -> Json:
    return {"toolUseId": call_id, "name": name, "input": arguments}


def result(call_id: str, text: str = "done", status: str = "success") -> Json:
    return {"toolUseId": call_id, "status": status, "content": [{"text": text}]}


def tool(name: str = "read_file", schema: Any = None, description: str = "A tool") -> Json:
    schema = {"type": "object", "properties": {}} if schema is None else schema
    return {"toolSpecification": {"name": name, "description": description, "inputSchema": {"json": schema}}}


def body(
    content: str = "Hi",
    *,
    history: Iterable[Json] = (),
    tools: Iterable[Json] = (),
    results: Iterable[Json] = (),
    model: str | None = "claude-sonnet-4.5",
    fields: Json | None = None,
    arn: str | None = None,
    **members: Any,
) -> Json:
    """A request body; `members` go into the current message."""
    context = {name: list(given) for name, given in (("tools", tools), ("toolResults", results)) if given}
    members |= {"userInputMessageContext": context} if context else {}
    state = {
        "conversationId": "c1",
        "chatTriggerType": "MANUAL",
        "currentMessage": user(content, model=model, **members),
        "history": list(history),
    }
    built: Json = {"conversationState": state}
    built |= {"profileArn": arn} if arn else {}
    return built | ({"additionalModelRequestFields": fields} if fields is not None else {})


def bearer(login: Login) -> dict[str, str]:
    kinds = {"api-key": {"tokentype": "API_KEY"}, "external-idp": {"tokentype": "EXTERNAL_IDP"}}
    return {"authorization": f"Bearer {login.access_token}", **kinds.get(login.kind, {})}


def json_headers(target: str = TARGET) -> dict[str, str]:
    return {"content-type": "application/x-amz-json-1.0", "x-amz-target": target}


async def call(
    emulator: Emulator, method: str, path: str, content: Any = None, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """One request in process. `content` that is not bytes becomes JSON."""
    given = {"content-type": "application/json"} if content is not None else {}
    raw = content if isinstance(content, bytes | None) else json.dumps(content).encode()
    transport = httpx.ASGITransport(emulator.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://emulator") as client:
        return await client.request(method, path, content=raw, headers=given | dict(headers or {}))


async def chat(
    emulator: Emulator, sent: Any, login: Login | None = None, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """One chat in the REST form, with a login of its own unless one is given, and that login's profile."""
    login = login or emulator.login()
    if isinstance(sent, dict) and login.profile_arn:
        sent = {"profileArn": login.profile_arn, **sent}
    return await call(emulator, "POST", CHAT, sent, bearer(login) | dict(headers or {}))


def frames(data: bytes) -> list[Frame]:
    decoder = Decoder()
    decoded = decoder.feed(data)
    decoder.finish()
    return decoded


def events(response: httpx.Response | bytes) -> list[tuple[str, Json]]:
    """(type, payload) of every frame, exceptions by their own type."""
    data = response if isinstance(response, bytes) else response.content
    return [(frame.event_type or frame.exception_type, json.loads(frame.payload or b"{}")) for frame in frames(data)]


def text_of(response: httpx.Response | bytes) -> str:
    return "".join(payload["content"] for name, payload in events(response) if name == "assistantResponseEvent")
