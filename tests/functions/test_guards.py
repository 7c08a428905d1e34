"""Who may call: keys, hosts, origins."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.gateways import Pair, gateway

BODY = {"model": "auto", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture(scope="module")
def open_pair() -> Iterator[Pair]:
    with gateway() as pair:
        yield pair


@pytest.fixture(scope="module")
def keyed() -> Iterator[Pair]:
    with gateway(API_KEY="sk-right") as pair:
        yield pair


@pytest.mark.parametrize("headers", [{"authorization": "Bearer sk-right"}, {"authorization": "bearer  sk-right"},
                                     {"x-api-key": "sk-right"}])  # fmt: skip
def test_the_key_opens_in_either_header(keyed: Pair, headers: dict[str, str]) -> None:
    assert httpx.get(f"{keyed.url}/v1/models", headers=headers, trust_env=False).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer sk-wrong"}, {"authorization": "Basic sk-right"},
                                     {"authorization": "sk-right"}, {"x-api-key": ""}])  # fmt: skip
def test_any_other_key_does_not(keyed: Pair, headers: dict[str, str]) -> None:
    for response in (
        httpx.get(f"{keyed.url}/v1/models", headers=headers, trust_env=False),
        keyed.post(BODY, **headers),
        httpx.get(f"{keyed.url}/v1/nothing", headers=headers, trust_env=False),
    ):
        assert response.status_code == 401
        assert response.json()["error"]["code"] == "invalid_api_key"
        assert "sk-" not in response.text


@pytest.mark.parametrize("path", ["/", "/health"])
def test_health_needs_no_key(keyed: Pair, path: str) -> None:
    for method in ("GET", "HEAD"):
        assert httpx.request(method, f"{keyed.url}{path}", trust_env=False).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "localhost.evil", "192.168.1.1", "[::2]"],
)
def test_a_foreign_host_is_refused(open_pair: Pair, host: str) -> None:
    assert open_pair.post(BODY, host=host).status_code == 403


@pytest.mark.parametrize("host", ["localhost:1234", "127.0.0.1", "[::1]:99", "LOCALHOST"])
def test_the_names_of_loopback_are_not_foreign(open_pair: Pair, host: str) -> None:
    assert open_pair.post(BODY, host=host).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1.evil.example", "file://", "http://localhost:1", "x", "http://["],
)
def test_a_page_of_a_foreign_origin_is_refused(open_pair: Pair, origin: str) -> None:
    response = open_pair.post(BODY, origin=origin)
    assert (response.status_code, response.json()["error"]["code"]) == (403, "forbidden")
    assert "access-control-allow-origin" not in response.headers


def test_a_page_of_our_own_may_call(open_pair: Pair) -> None:
    port = open_pair.url.rpartition(":")[2]
    for name in ("127.0.0.1", "localhost"):
        assert open_pair.post(BODY, origin=f"http://{name}:{port}").status_code == 200


def test_configured_origins_may_call_and_their_preflights_are_answered() -> None:
    with gateway(CORS_ORIGINS="https://chat.example", API_KEY="sk-right") as pair:
        asked = {"origin": "https://chat.example", "access-control-request-method": "POST",
                 "access-control-request-headers": "authorization,content-type"}  # fmt: skip
        preflight = httpx.options(f"{pair.url}/v1/chat/completions", headers=asked, trust_env=False)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://chat.example"
        answer = pair.post(BODY, origin="https://chat.example", authorization="Bearer sk-right")
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "https://chat.example"
        refused = pair.post(BODY, origin="https://chat.example")
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == "https://chat.example"
        assert pair.post(BODY, origin="https://other.example", authorization="Bearer sk-right").status_code == 403


def test_a_reverse_proxys_host_is_allowed_by_name() -> None:
    with gateway(ALLOWED_HOSTS="chat.example") as pair:
        assert pair.post(BODY, host="chat.example").status_code == 200
        assert pair.post(BODY, host="chat.example:8443").status_code == 200
        assert pair.post(BODY, host="other.example").status_code == 403
