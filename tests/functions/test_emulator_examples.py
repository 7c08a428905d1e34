# ruff: noqa: E501 (the examples are quoted as they are)
"""The worked examples of protocol notes 10, byte for byte, in both forms."""

from __future__ import annotations

import json

import pytest
from botocore.eventstream import EventStreamBuffer
from tests.functions.emulated import CHAT, bearer, call, events, json_headers

from kiro2chat_functions.emulator import Call, Emulator, Options, Reply

TEXT = b"""{"conversationState":{"conversationId":"1b0f3b0e-55a2-4c5b-8f5d-1d1c0a3f9e01","chatTriggerType":"MANUAL","agentTaskType":"vibe",
  "currentMessage":{"userInputMessage":{"content":"Be terse.\\n\\nSay hi.","modelId":"claude-sonnet-4.5","origin":"KIRO_CLI"}},"history":[]},
 "profileArn":"arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL"}"""
CALLS = b"""{"conversationState":{"conversationId":"c1","chatTriggerType":"MANUAL",
  "currentMessage":{"userInputMessage":{"content":"What is in a.txt?","modelId":"claude-sonnet-4.5","origin":"KIRO_CLI",
   "userInputMessageContext":{"tools":[{"toolSpecification":{"name":"read_file","description":"Read a file","inputSchema":{"json":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}}}}]}}}},
 "profileArn":"arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL"}"""
RESULTS = b"""{"conversationState":{"conversationId":"c1","chatTriggerType":"MANUAL",
  "history":[
   {"userInputMessage":{"content":"What is in a.txt? See also the picture.","modelId":"claude-sonnet-4.5","origin":"KIRO_CLI",
     "images":[{"format":"png","source":{"bytes":"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="}}]}},
   {"assistantResponseMessage":{"content":"I'll read it.","toolUses":[{"toolUseId":"tooluse_Ab12Cd34Ef56Gh78Ij90Kl","name":"read_file","input":{"path":"a.txt"}}]}}],
  "currentMessage":{"userInputMessage":{"content":"","modelId":"claude-sonnet-4.5","origin":"KIRO_CLI",
   "userInputMessageContext":{
    "toolResults":[{"toolUseId":"tooluse_Ab12Cd34Ef56Gh78Ij90Kl","status":"success","content":[{"text":"hello"}]}],
    "tools":[{"toolSpecification":{"name":"read_file","description":"Read a file","inputSchema":{"json":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}}}}]}}}},
 "profileArn":"arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL"}"""

REST = {"x-amzn-kiro-agent-mode": "vibe"}
JSON = {
    **json_headers(),
    "x-amzn-codewhisperer-optout": "true",
    "amz-sdk-invocation-id": "6d5c6f0e-7f6f-4d0e-a9c1-0d6f7c3c2b11",
    "amz-sdk-request": "attempt=1; max=3",
}
ID = "tooluse_Ab12Cd34Ef56Gh78Ij90Kl"


@pytest.mark.parametrize("sent", [TEXT, CALLS, RESULTS], ids=["text", "calls", "results"])
@pytest.mark.parametrize(
    ("path", "headers"),
    [(CHAT, REST), (CHAT, JSON), ("/", JSON), (f"/runtime{CHAT}", JSON), ("/q/", JSON), (f"/q{CHAT}", REST)],
    ids=["REST", "JSON-1.0", "JSON-1.0 at the root", "runtime host", "q host", "q host, REST"],
)
async def test_examples_are_taken(sent: bytes, path: str, headers: dict[str, str]) -> None:
    emulator = Emulator()
    response = await call(emulator, "POST", path, sent, bearer(emulator.login()) | headers)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/vnd.amazon.eventstream"
    assert response.headers["x-amzn-requestid"]
    conversation = json.loads(sent)["conversationState"]["conversationId"]
    assert response.headers["x-amzn-codewhisperer-conversation-id"] == conversation
    names = [name for name, _ in events(response)]
    assert names[-3:] == ["metadataEvent", "contextUsageEvent", "meteringEvent"]


async def test_text_events() -> None:
    emulator = Emulator(Options(token_usage=False))
    emulator.script(Reply(["Hi", "!"]))
    response = await call(emulator, "POST", CHAT, TEXT, bearer(emulator.login()) | JSON)
    assert events(response)[:3] == [
        ("assistantResponseEvent", {"content": "Hi", "modelId": "claude-sonnet-4.5"}),
        ("assistantResponseEvent", {"content": "!"}),
        ("metadataEvent", {"stopReason": "END_TURN"}),
    ]
    (name, metered) = events(response)[-1]
    assert (name, list(metered)) == ("meteringEvent", ["unit", "unitPlural", "usage"])


async def test_call_events() -> None:
    """In the order and, for calls, in the very bytes of the example."""
    emulator = Emulator(Options(token_usage=False))
    emulator.script(Reply(["I'll read it."], calls=[Call("read_file", ['{"pa', 'th": "a.txt"}'], ID)]))
    response = await call(emulator, "POST", CHAT, CALLS, bearer(emulator.login()) | JSON)
    buffer = EventStreamBuffer()
    buffer.add_data(response.content)
    frames = [(message.headers[":event-type"], message.payload) for message in buffer]
    assert frames[0][0] == "assistantResponseEvent"
    assert frames[1:6] == [
        ("toolUseEvent", b'{"name":"read_file","toolUseId":"tooluse_Ab12Cd34Ef56Gh78Ij90Kl"}'),
        ("toolUseEvent", b'{"input":"{\\"pa","name":"read_file","toolUseId":"tooluse_Ab12Cd34Ef56Gh78Ij90Kl"}'),
        (
            "toolUseEvent",
            b'{"input":"th\\": \\"a.txt\\"}","name":"read_file","toolUseId":"tooluse_Ab12Cd34Ef56Gh78Ij90Kl"}',
        ),
        ("toolUseEvent", b'{"name":"read_file","stop":true,"toolUseId":"tooluse_Ab12Cd34Ef56Gh78Ij90Kl"}'),
        ("metadataEvent", b'{"stopReason":"TOOL_USE"}'),
    ]


async def test_results_are_quoted() -> None:
    emulator = Emulator()
    response = await call(emulator, "POST", CHAT, RESULTS, bearer(emulator.login()) | REST)
    text = "".join(payload.get("content", "") for _, payload in events(response))
    assert "`read_file` says: hello" in text


async def test_the_thinking_variant() -> None:
    emulator = Emulator()
    fields = {"output_config": {"effort": "high"}, "thinking": {"type": "adaptive", "display": "summarized"}}
    sent = json.loads(TEXT.replace(b"claude-sonnet-4.5", b"claude-opus-4.7")) | {"additionalModelRequestFields": fields}
    response = await call(emulator, "POST", CHAT, sent, bearer(emulator.login()) | REST)
    got = events(response)
    assert list(got[0][1]) == ["text"]
    thoughts = [payload for name, payload in got if name == "reasoningContentEvent"]
    assert list(thoughts[-1]) == ["signature"]
    assert thoughts[-1]["signature"].startswith("Eo")
    order = list(dict.fromkeys(name for name, _ in got))
    assert order == [
        "reasoningContentEvent", "assistantResponseEvent", "metadataEvent", "contextUsageEvent", "meteringEvent",
    ]  # fmt: skip
