"""Each of the 20 faults of protocol notes 9, seen from the other end of a real socket."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer
from tests.functions.emulated import CHAT, Json, bearer, body, events, frames, text_of, tool

from kiro2chat_core.kiro.eventstream import Byte, CorruptFrame, Decoder, Timestamp
from kiro2chat_functions.emulator import FAULTS, Call, Emulator, Options, Reply
from kiro2chat_functions.emulator.refusals import REFUSALS
from kiro2chat_functions.serving import served

TOOLS = [
    tool("get_weather", {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}),
    tool("get_time"),
]


class Wire:
    """An emulator behind a socket, with a login."""

    def __init__(self, emulator: Emulator, url: str, client: httpx.Client) -> None:
        self.emulator = emulator
        self.url = url
        self.client = client
        self.login = emulator.login()

    def request(self, sent: Json) -> dict[str, Any]:
        return {"content": json.dumps({"profileArn": self.login.profile_arn, **sent}), "headers": self.headers}

    @property
    def headers(self) -> dict[str, str]:
        return {"content-type": "application/json", **bearer(self.login)}

    def chat(self, content: str = "Hi", **members: Any) -> httpx.Response:
        return self.client.post(CHAT, **self.request(body(content, **members)))

    def chunks(self, content: str = "Hi", **members: Any) -> list[bytes]:
        """The HTTP chunks of an answer: one for each write of the server."""
        address = urlsplit(self.url)
        assert address.hostname is not None
        request = self.request(body(content, **members))
        raw = request["content"].encode()
        lines = [f"POST {CHAT} HTTP/1.1", f"host: {address.netloc}", f"content-length: {len(raw)}", "connection: close"]
        lines += [f"{name}: {value}" for name, value in request["headers"].items()]
        with socket.create_connection((address.hostname, address.port or 80), timeout=10) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + raw)
            with connection.makefile("rb") as answer:
                while answer.readline().strip():
                    pass
                return list(_chunks(answer))


def _chunks(answer: Any) -> Iterator[bytes]:
    while size := int(answer.readline(), 16):
        yield answer.read(size)
        answer.readline()


@contextmanager
def wire(options: Options | None = None) -> Iterator[Wire]:
    emulator = Emulator(options)
    with served(emulator.app) as url, httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        yield Wire(emulator, url, client)


def names(response: httpx.Response | bytes) -> list[str]:
    return [name for name, _ in events(response)]


@pytest.mark.parametrize(
    ("fault", "fits"),
    [
        ("one_byte_writes", lambda sizes: set(sizes) == {1}),
        ("seven_byte_writes", lambda sizes: set(sizes[:-1]) == {7} and sizes[-1] <= 7),
        ("random_writes", lambda sizes: len(set(sizes)) > 10 and max(sizes) <= 40),
        ("merged_writes", lambda sizes: len(sizes) == 1),
    ],
)
def test_1_writes(fault: str, fits: Callable[[list[int]], bool]) -> None:
    with wire() as kiro:
        plain = kiro.chunks()
        kiro.emulator.inject(fault)
        cut = kiro.chunks()
    assert b"".join(cut) == b"".join(plain)
    assert all(len(frames(chunk)) == 1 for chunk in plain), "without the fault, a frame to a write"
    assert fits([len(chunk) for chunk in cut])
    decoder = Decoder()
    assert [frame for chunk in cut for frame in decoder.feed(chunk)] == frames(b"".join(plain))


def test_2_everything_comes_apart() -> None:
    asked = 'call get_weather with {"city": "Zürich 🎈 \\"q\\""}'
    with wire() as kiro:
        kiro.emulator.inject("split_everything", times=2)
        chunks = kiro.chunks(asked, tools=TOOLS)
        tagged = kiro.chat("<thinking_mode>enabled</thinking_mode>\n\nÜber 🎈")
    assert {len(chunk) for chunk in chunks} == {1}
    pieces = [payload["input"] for _, payload in events(b"".join(chunks)) if "input" in payload]
    assert {len(piece) for piece in pieces} == {1}
    assert json.loads("".join(pieces)) == {"city": 'Zürich 🎈 "q"'}
    assert "\\ud83c" in "".join(pieces), "an escape, in six pieces"
    contents = [payload["content"] for _, payload in events(tagged) if "content" in payload]
    assert {len(content) for content in contents} == {1}
    assert "".join(contents).startswith("<thinking>")
    assert "🎈" in contents


def test_3_identical_chunks() -> None:
    with wire() as kiro:
        kiro.emulator.inject("identical_chunks")
        contents = [payload["content"] for _, payload in events(kiro.chat()) if "content" in payload]
    assert contents[-4:] == ["ha", "ha", "\n", "\n"]


def test_4_a_call_without_input() -> None:
    with wire() as kiro:
        kiro.emulator.inject("no_input")
        calls = [payload for name, payload in events(kiro.chat(tools=TOOLS)) if name == "toolUseEvent"]
    assert [set(call) for call in calls] == [{"name", "toolUseId"}, {"name", "toolUseId", "stop"}]


def test_5_two_tools_after_text() -> None:
    with wire() as kiro:
        kiro.emulator.inject("two_tools")
        got = events(kiro.chat(tools=TOOLS))
    assert got[0][0] == "assistantResponseEvent"
    assert list(dict.fromkeys(payload["name"] for name, payload in got if name == "toolUseEvent")) == [
        "get_weather", "get_time",
    ]  # fmt: skip
    assert len({payload["toolUseId"] for name, payload in got if name == "toolUseEvent"}) == 2


def test_6_a_call_that_does_not_end() -> None:
    with wire() as kiro:
        kiro.emulator.inject("unfinished_call")
        got = events(kiro.chat("use get_weather", tools=TOOLS))
    assert got[-1][0] == "toolUseEvent"
    assert not any("stop" in payload for _, payload in got)


def test_7_the_end_without_metadata() -> None:
    with wire() as kiro:
        kiro.emulator.inject("no_metadata")
        assert set(names(kiro.chat())) == {"assistantResponseEvent"}


def test_7_the_connection_breaks() -> None:
    with wire() as kiro:
        kiro.emulator.inject("hangup", after=2)
        got, broke = b"", False
        with kiro.client.stream("POST", CHAT, **kiro.request(body())) as answer:
            try:
                for piece in answer.iter_raw():
                    got += piece
            except httpx.RemoteProtocolError:
                broke = True
    assert broke
    assert len(frames(got)) == 2


def test_8_exceptions_in_mid_stream() -> None:
    with wire() as kiro:
        kiro.emulator.inject(
            "exception", type="serviceQuotaExceededException", message="m", reason="MONTHLY_REQUEST_COUNT"
        )
        kiro.emulator.inject("error", after=0, code="InternalError", message="boom")
        kiro.emulator.inject("length_exceeded", after=1)
        modelled, unmodelled, length = [kiro.chat() for _ in range(3)]
    last = frames(modelled.content)[-1]
    assert (last.message_type, last.exception_type) == ("exception", "serviceQuotaExceededException")
    assert json.loads(last.payload) == {"message": "m", "reason": "MONTHLY_REQUEST_COUNT"}
    (only,) = frames(unmodelled.content)
    assert (only.message_type, only.text(":error-code"), only.text(":error-message")) == (
        "error",
        "InternalError",
        "boom",
    )
    assert only.payload == b""
    assert names(length) == ["assistantResponseEvent", "contentLengthExceededException"]


def test_9_unknown_events_and_headers() -> None:
    with wire() as kiro:
        kiro.emulator.inject("unknown_events")
        response = kiro.chat()
    assert names(response)[:2] == ["initial-response", "messageMetadataEvent"]
    (odd,) = [frame for frame in frames(response.content) if frame.event_type == "futureEvent"]
    assert {type(value) for value in odd.headers.values()} >= {bool, Byte, Timestamp, bytes, str}
    assert len(odd.headers) == 13
    theirs = EventStreamBuffer()
    theirs.add_data(response.content)
    assert len(list(theirs)) == len(frames(response.content))


@pytest.mark.parametrize(
    ("fault", "said"), [("corrupt_prelude", "prelude checksum"), ("corrupt_message", "message checksum")]
)
def test_10_corruption(fault: str, said: str) -> None:
    with wire() as kiro:
        kiro.emulator.inject(fault)
        data = kiro.chat().content
    decoder = Decoder()
    assert len(decoder.feed(data)) == 1
    with pytest.raises(CorruptFrame, match=said):
        decoder.finish()
    theirs = EventStreamBuffer()
    theirs.add_data(data)
    with pytest.raises(ChecksumMismatch):
        list(theirs)


@pytest.mark.parametrize("token_usage", [True, False])
def test_11_usage(token_usage: bool) -> None:
    with wire(Options(token_usage=token_usage)) as kiro:
        for fault in ("with_usage", "without_usage", "without_metadata"):
            kiro.emulator.inject(fault)
        with_usage, without_usage, without_metadata = [dict(events(kiro.chat())) for _ in range(3)]
    assert with_usage["metadataEvent"]["tokenUsage"]["outputTokens"] == 7
    assert without_usage["metadataEvent"] == {"stopReason": "END_TURN"}
    assert "metadataEvent" not in without_metadata
    assert "contextUsageEvent" in without_metadata


def test_12_followup_prompt() -> None:
    with wire() as kiro:
        kiro.emulator.inject("followup")
        assert dict(events(kiro.chat()))["followupPromptEvent"]["followupPrompt"]["content"] == "And then?"


def test_13_code_reference() -> None:
    with wire() as kiro:
        plain = text_of(kiro.chat())
        kiro.emulator.inject("code_reference")
        kiro.emulator.inject("code_reference", duplicate=True)
        once, twice = kiro.chat(), kiro.chat()
    assert names(once)[1] == "codeReferenceEvent"
    assert text_of(once) == plain
    assert names(twice)[:3] == ["assistantResponseEvent", "assistantResponseEvent", "codeReferenceEvent"]
    assert len(text_of(twice)) > len(plain)


def test_14_undeclared_call_and_persona() -> None:
    with wire() as kiro:
        kiro.emulator.inject("undeclared_call")
        kiro.emulator.inject("undeclared_call", name="fsWrite", alone=True)
        kiro.emulator.inject("persona")
        both, alone, persona = [kiro.chat("use get_time", tools=TOOLS) for _ in range(3)]

    def called(response: httpx.Response) -> list[str]:
        return list(dict.fromkeys(payload["name"] for name, payload in events(response) if name == "toolUseEvent"))

    assert called(both) == ["readFile", "get_time"]
    assert called(alone) == ["fsWrite"]
    assert text_of(persona).startswith("I am Kiro")


@pytest.mark.parametrize("after", [0, 1])
def test_15_silence(after: int) -> None:
    with wire() as kiro:
        kiro.emulator.inject("silence", seconds=0.3, after=after)
        arrivals = []
        with kiro.client.stream("POST", CHAT, **kiro.request(body())) as answer:
            start = time.monotonic()
            for _ in answer.iter_raw():
                arrivals.append(time.monotonic() - start)
    assert (arrivals[0] > 0.25) == (after == 0)
    assert arrivals[-1] > 0.25


def test_16_to_18_answers_before_the_right_one() -> None:
    """Rotation, slow_down and a failing refresh are in test_emulator_tokens."""
    with wire() as kiro:
        kiro.emulator.inject("forbidden_once")
        kiro.emulator.inject("throttled", times=2)
        statuses = [kiro.chat().status_code for _ in range(4)]
        kiro.emulator.inject("refresh_500")
        client = {"clientId": kiro.login.client_id, "clientSecret": kiro.login.client_secret}
        refresh = {**client, "grantType": "refresh_token", "refreshToken": kiro.login.refresh_token}
        refreshes = [kiro.client.post("/token", json=refresh).status_code for _ in range(3)]
    assert statuses == [403, 429, 429, 200]
    assert refreshes == [500, 200, 400]
    assert [seen.fault for seen in kiro.emulator.seen][:4] == ["forbidden_once", "throttled", "throttled", ""]


def test_18_how_long_to_wait() -> None:
    with wire() as kiro:
        kiro.emulator.inject("throttled", retry_after_ms=1500, reason=None)
        answer = kiro.chat()
    assert (answer.status_code, answer.json()["retryAfterMilliseconds"], answer.json()["reason"]) == (429, 1500, None)


def test_19_answers_of_another_kind() -> None:
    with wire() as kiro:
        kiro.emulator.inject("json_in_200")
        kiro.emulator.inject("html_502")
        error, page = kiro.chat(), kiro.chat()
    assert (error.status_code, error.json()["reason"]) == (200, "USER_REQUEST_RATE_EXCEEDED")
    assert error.headers["content-type"] == "application/json"
    assert (page.status_code, page.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert page.text.startswith("<html>")


def test_the_table_is_whole() -> None:
    """Number 20 is on disk: test_emulator_database."""
    assert {fault.number for fault in FAULTS} == set(range(20))
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all(fault.help for fault in FAULTS)
    assert {fault.name for fault in FAULTS} >= set(REFUSALS)


def test_several_faults_at_once() -> None:
    with wire() as kiro:
        kiro.emulator.inject("one_byte_writes", "identical_chunks", "without_metadata")
        chunks = kiro.chunks()
    data = b"".join(chunks)
    assert {len(chunk) for chunk in chunks} == {1}
    assert text_of(data).endswith("haha\n\n")
    assert "metadataEvent" not in names(data)


def test_a_refused_body_leaves_faults_of_the_stream_waiting() -> None:
    with wire() as kiro:
        kiro.emulator.inject("no_metadata")
        assert kiro.chat("").status_code == 400
        assert list(kiro.emulator.unused()) == ["no_metadata"]
        assert kiro.chat().status_code == 200
        assert list(kiro.emulator.unused()) == []


def test_an_unknown_fault() -> None:
    with pytest.raises(ValueError, match="no fault is called nothing"):
        Emulator().inject("nothing")


def test_a_client_that_leaves_is_noticed() -> None:
    with wire(Options(delay=0.02)) as kiro:
        start = time.time()
        with kiro.client.stream("POST", CHAT, **kiro.request(body("count to 9999"))) as answer:
            next(answer.iter_raw())
        (seen,) = kiro.emulator.seen
        deadline = time.monotonic() + 20
        while seen.left_at is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert seen.left_at is not None
        assert start < seen.left_at
        assert seen.status == 200


def test_a_client_that_stays_is_not_said_to_leave() -> None:
    with wire() as kiro:
        for _ in range(20):
            kiro.chat()
    assert [seen.left_at for seen in kiro.emulator.seen] == [None] * 20


def test_a_client_that_leaves_before_its_request_is_whole() -> None:
    with wire() as kiro:
        address = urlsplit(kiro.url)
        connection = http.client.HTTPConnection(address.netloc, timeout=5)
        connection.putrequest("POST", CHAT)
        connection.putheader("content-length", "1000")
        connection.endheaders(b"{")
        connection.close()
        assert kiro.chat().status_code == 200


def test_what_was_seen() -> None:
    with wire(Options(remember=3)) as kiro:
        for number in range(5):
            kiro.chat(str(number))
        seen = kiro.emulator.seen
    assert [one.number for one in seen] == [3, 4, 5]
    assert (seen[-1].method, seen[-1].path) == ("POST", CHAT)
    assert seen[-1].headers["authorization"] == f"Bearer {kiro.login.access_token}"
    assert seen[-1].body["conversationState"]["currentMessage"]["userInputMessage"]["content"] == "4"


def test_scripted_words_arrive_as_they_are() -> None:
    with wire() as kiro:
        kiro.emulator.script(Reply(["Über", " 🎈"], calls=[Call("get_time", {})]))
        got = events(kiro.chat(tools=TOOLS))
    assert [payload.get("content", payload.get("input")) for _, payload in got[:4]] == ["Über", " 🎈", None, "{}"]
