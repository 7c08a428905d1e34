"""Where Kiro answers: hosts, paths and headers of both request forms (protocol notes 3.1, 3.2 and 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .. import __version__
from ..settings import Settings
from .login import Login

__all__ = ["BUILDER_ID_PROFILE", "SOCIAL_PROFILE", "Hosts", "user_agent"]

BUILDER_ID_PROFILE = "arn:aws:codewhisperer:us-east-1:638616132270:profile/AAAACCCCXXXX"
"""What tools send for logins that have no profile of their own (protocol notes 1.4)."""

SOCIAL_PROFILE = "arn:aws:codewhisperer:us-east-1:699475941385:profile/EHGA3GRVQMUK"

_TARGET = "AmazonCodeWhispererStreamingService.GenerateAssistantResponse"
_CHAT_PATH = "/generateAssistantResponse"


@dataclass(frozen=True, slots=True)
class _Endpoint:
    chat: str
    control: str
    form: str
    wants_profile: bool
    json_path: str = _CHAT_PATH


_ENDPOINTS: Mapping[str, _Endpoint] = {
    "runtime": _Endpoint("https://runtime.{region}.kiro.dev", "https://management.{region}.kiro.dev", "json", True),
    "q": _Endpoint("https://q.{region}.amazonaws.com", "https://q.{region}.amazonaws.com", "json", False, "/"),
    "codewhisperer": _Endpoint(
        "https://codewhisperer.us-east-1.amazonaws.com", "https://codewhisperer.us-east-1.amazonaws.com", "rest", False
    ),
}
_API_REGIONS = {"eu": "eu-central-1"}  # all others are served from us-east-1


@dataclass(frozen=True, slots=True)
class Hosts:
    """Addresses and headers by the settings; what depends on the login comes in with it."""

    settings: Settings

    @property
    def form(self) -> str:
        """`json` (awsJson1.0 with a target header) or `rest`."""
        return self.settings.kiro_form or self._endpoint.form

    @property
    def wants_profile(self) -> bool:
        """Whether a request without a profile ARN is refused here (kiro.dev does, Amazon's hosts do not)."""
        return self._endpoint.wants_profile

    def chat_url(self, login: Login) -> str:
        if self.settings.kiro_api_url:
            base = self.settings.kiro_api_url
            return base if base.endswith(_CHAT_PATH) else base + _CHAT_PATH
        path = self._endpoint.json_path if self.form == "json" else _CHAT_PATH
        return self._endpoint.chat.format(region=self.region(login)) + path

    def control_url(self, login: Login) -> str:
        return self.settings.kiro_control_url or self._endpoint.control.format(region=self.region(login))

    def region(self, login: Login) -> str:
        """The API region: the setting's, else the profile's, brought to one of the two that exist (notes 3.1)."""
        if self.settings.kiro_region:
            return self.settings.kiro_region
        parts = (login.profile_arn or "").split(":")
        named = parts[3] if len(parts) > 3 else ""
        return _API_REGIONS.get(named.partition("-")[0], "us-east-1")

    def chat_headers(self, login: Login, *, invocation: str, attempt: int) -> dict[str, str]:
        """Without the bearer token's own header, every header of one attempt; `invocation` stays over the attempts."""
        settings = self.settings
        headers = {
            "accept": "application/vnd.amazon.eventstream",
            "accept-encoding": "identity",
            "amz-sdk-invocation-id": invocation,
            "amz-sdk-request": f"attempt={attempt}; max={settings.kiro_attempts}",
            "content-type": "application/x-amz-json-1.0" if self.form == "json" else "application/json",
            "x-amzn-codewhisperer-optout": str(settings.kiro_optout).lower(),
        }
        if self.form == "json":
            headers["x-amz-target"] = _TARGET
        elif settings.kiro_agent_mode != "none":
            headers["x-amzn-kiro-agent-mode"] = settings.kiro_agent_mode
        return headers | self.bearer(login)

    def bearer(self, login: Login) -> dict[str, str]:
        """Authorization, token type and an honest name: no imitation of another product."""
        headers = {
            "authorization": f"Bearer {login.access_token.reveal() if login.access_token else ''}",
            "user-agent": user_agent(self.settings),
        }
        if login.token_type:
            headers["tokentype"] = login.token_type
        return headers

    @property
    def _endpoint(self) -> _Endpoint:
        return _ENDPOINTS[self.settings.kiro_endpoint]


def user_agent(settings: Settings) -> str:
    return settings.kiro_user_agent or f"kiro2chat/{__version__}"
