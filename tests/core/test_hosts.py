"""Addresses and headers of both request forms, by settings and login."""

from __future__ import annotations

from typing import Any

import pytest

from kiro2chat_core import __version__
from kiro2chat_core.errors import SettingsError
from kiro2chat_core.kiro import rules
from kiro2chat_core.kiro.hosts import BUILDER_ID_PROFILE, SOCIAL_PROFILE, Hosts
from kiro2chat_core.kiro.login import Login
from kiro2chat_core.secret import Secret
from kiro2chat_core.settings import Settings

TARGET = "AmazonCodeWhispererStreamingService.GenerateAssistantResponse"


def login(region: str | None = None, token_type: str | None = None) -> Login:
    arn = f"arn:aws:codewhisperer:{region}:123456789012:profile/ABCDEFGHIJKL" if region else None
    return Login("odic", "a file", access_token=Secret("aoa"), profile_arn=arn, token_type=token_type)


def hosts(**given: Any) -> Hosts:
    return Hosts(Settings(**given))


ADDRESSES: dict[str, tuple[dict[str, Any], str, str]] = {
    "runtime": ({}, "https://runtime.us-east-1.kiro.dev/generateAssistantResponse",
                "https://management.us-east-1.kiro.dev"),
    "runtime, rest": ({"kiro_form": "rest"}, "https://runtime.us-east-1.kiro.dev/generateAssistantResponse",
                      "https://management.us-east-1.kiro.dev"),
    "q": ({"kiro_endpoint": "q"}, "https://q.us-east-1.amazonaws.com/", "https://q.us-east-1.amazonaws.com"),
    "q, rest": ({"kiro_endpoint": "q", "kiro_form": "rest"},
                "https://q.us-east-1.amazonaws.com/generateAssistantResponse", "https://q.us-east-1.amazonaws.com"),
    "codewhisperer": ({"kiro_endpoint": "codewhisperer"},
                      "https://codewhisperer.us-east-1.amazonaws.com/generateAssistantResponse",
                      "https://codewhisperer.us-east-1.amazonaws.com"),
    "another region": ({"kiro_region": "eu-central-1"},
                       "https://runtime.eu-central-1.kiro.dev/generateAssistantResponse",
                       "https://management.eu-central-1.kiro.dev"),
    "addresses of one's own": ({"kiro_api_url": "http://127.0.0.1:9/x", "kiro_control_url": "http://127.0.0.1:9/y"},
                               "http://127.0.0.1:9/x/generateAssistantResponse", "http://127.0.0.1:9/y"),
    "the whole path": ({"kiro_api_url": "http://127.0.0.1:9/generateAssistantResponse"},
                       "http://127.0.0.1:9/generateAssistantResponse", "https://management.us-east-1.kiro.dev"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "chat", "control"), ADDRESSES.values(), ids=ADDRESSES)
def test_addresses(given: dict[str, Any], chat: str, control: str) -> None:
    assert hosts(**given).chat_url(login()) == chat
    assert hosts(**given).control_url(login()) == control


REGIONS = {
    "us-east-1": "us-east-1", "us-west-2": "us-east-1", "ap-southeast-1": "us-east-1",
    "eu-central-1": "eu-central-1", "eu-west-1": "eu-central-1", None: "us-east-1",
}  # fmt: skip


@pytest.mark.parametrize(("profile", "region"), REGIONS.items(), ids=map(str, REGIONS))
def test_the_api_region_is_that_of_the_profile_brought_to_one_that_exists(profile: str | None, region: str) -> None:
    assert hosts().region(login(profile)) == region
    assert hosts(kiro_region="us-gov-west-1").region(login(profile)) == "us-gov-west-1"


@pytest.mark.parametrize(
    "region", ["evil.example/", "us-east-1.evil.example#", "US-EAST-1", "us", "us-east-1/x", "@host"]
)
def test_a_region_that_is_none_does_not_become_an_address(region: str) -> None:
    with pytest.raises(SettingsError, match="KIRO_REGION cannot be used"):
        Settings.load({"KIRO_REGION": region})
    odd = Login("odic", "a file", access_token=Secret("aoa"), profile_arn=f"arn:aws:codewhisperer:{region}:1:profile/x")
    assert hosts().region(odd) in ("us-east-1", "eu-central-1")


FORMS: dict[str, tuple[dict[str, Any], dict[str, str | None]]] = {
    "json": (
        {},
        {"content-type": "application/x-amz-json-1.0", "x-amz-target": TARGET, "x-amzn-kiro-agent-mode": None},
    ),
    "json with an agent mode": ({"kiro_agent_mode": "vibe"}, {"x-amz-target": TARGET, "x-amzn-kiro-agent-mode": None}),
    "rest": (
        {"kiro_form": "rest"},
        {"content-type": "application/json", "x-amz-target": None, "x-amzn-kiro-agent-mode": None},
    ),
    "rest with an agent mode": ({"kiro_form": "rest", "kiro_agent_mode": "spec"}, {"x-amzn-kiro-agent-mode": "spec"}),
    "opted out": ({}, {"x-amzn-codewhisperer-optout": "true"}),
    "not opted out": ({"kiro_optout": False}, {"x-amzn-codewhisperer-optout": "false"}),
    "an honest name": ({}, {"user-agent": f"kiro2chat/{__version__}"}),
    "another name": ({"kiro_user_agent": "mine/1"}, {"user-agent": "mine/1"}),
    "attempts": ({"kiro_attempts": 5}, {"amz-sdk-request": "attempt=2; max=5", "amz-sdk-invocation-id": "i-1"}),
    "the token": ({}, {"authorization": "Bearer aoa", "tokentype": None}),
}


@pytest.mark.parametrize(("given", "expected"), FORMS.values(), ids=FORMS)
def test_headers(given: dict[str, Any], expected: dict[str, str | None]) -> None:
    headers = hosts(**given).chat_headers(login(), invocation="i-1", attempt=2)
    assert {name: headers.get(name) for name in expected} == expected
    assert all(name == name.lower() for name in headers)


def test_an_api_key_says_what_it_is() -> None:
    assert hosts().bearer(login(token_type="API_KEY"))["tokentype"] == "API_KEY"


@pytest.mark.parametrize(("endpoint", "wants"), [("runtime", True), ("q", False), ("codewhisperer", False)])
def test_which_hosts_want_a_profile(endpoint: str, wants: bool) -> None:
    assert hosts(kiro_endpoint=endpoint).wants_profile is wants


@pytest.mark.parametrize("arn", [BUILDER_ID_PROFILE, SOCIAL_PROFILE])
def test_placeholders_are_legal_profiles(arn: str) -> None:
    message = {"userInputMessage": {"content": "Hi"}}
    body = {"conversationState": {"chatTriggerType": "MANUAL", "currentMessage": message}, "profileArn": arn}
    assert rules.check(body) == []
