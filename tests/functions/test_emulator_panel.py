"""The emulator's switches over HTTP, as other processes use them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.functions.emulated import CHAT, body, call, events, text_of

from kiro2chat_functions.emulator import FAULTS, Emulator


async def post(emulator: Emulator, what: str, sent: Any = None) -> Any:
    response = await call(emulator, "POST", f"/_emulator/{what}", sent)
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_whole_session() -> None:
    emulator = Emulator()
    login = await post(emulator, "login", {"kind": "social", "expires_in": 60})
    headers = {"authorization": f"Bearer {login['access_token']}"}
    sent = body(arn=login["profile_arn"])
    await post(emulator, "inject", {"fault": "throttled", "times": 2})
    await post(emulator, "inject", {"fault": ["identical_chunks", "no_metadata"]})
    await post(emulator, "inject", {"fault": "exception", "arguments": {"after": 0, "message": "m"}})
    await post(emulator, "inject", {"fault": "forbidden_once", "on": "control"})
    calls = [{"name": "x", "input": {"a": 1}}]
    await post(emulator, "script", [{"text": ["a", "b"]}, {"text": "never"}, {"text": "c", "calls": calls}])

    answers = [await call(emulator, "POST", CHAT, sent, headers) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [429, 429, 200, 200, 200]
    assert text_of(answers[2]) == "abhaha\n\n"
    assert events(answers[3]) == [("throttlingException", {"message": "m"})]
    assert [name for name, _ in events(answers[4])][1:4] == ["toolUseEvent"] * 3

    seen = (await call(emulator, "GET", "/_emulator/seen")).json()
    assert [one["status"] for one in seen] == [429, 429, 200, 200, 200], "the switches themselves are not recorded"
    assert seen[-1]["body"] == sent

    await post(emulator, "reset")
    assert (await call(emulator, "GET", "/_emulator/seen")).json() == []
    assert (await call(emulator, "POST", CHAT, sent, headers)).status_code == 403


async def test_api_keys_do_not_expire() -> None:
    assert (await post(Emulator(), "login", {"kind": "api-key"}))["expires_at"] is None


async def test_help_lists_every_fault() -> None:
    guide = await call(Emulator(), "GET", "/_emulator")
    assert guide.headers["content-type"].startswith("text/plain")
    assert all(f" {fault.name} " in guide.text for fault in FAULTS)


@pytest.mark.parametrize(
    ("what", "sent"),
    [
        ("inject", {"fault": "nothing"}),
        ("inject", {}),
        ("inject", []),
        ("inject", b"{"),
        ("inject", {"fault": "rate", "on": "mars"}),
        ("inject", {"fault": "rate", "times": "many"}),
        ("inject", {"fault": []}),
        ("inject", {"fault": "rate", "arguments": {"colour": "red"}}),
        ("script", [{"txt": "x"}]),
        ("script", [{"calls": [{"nom": "x"}]}]),
        ("script", 5),
        ("login", {"kind": "facebook"}),
        ("login", {"colour": "red"}),
    ],
)
async def test_mistakes_get_400(what: str, sent: Any) -> None:
    response = await call(Emulator(), "POST", f"/_emulator/{what}", sent)
    assert response.status_code == 400
    assert response.json()["error"]
