"""Both headers at once: Claude Code sends one key in each where both of its variables are set."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from tests.gateways import Pair, gateway
from tests.keyed import MIDDAY, Clock, made

WRONG = ("Bearer", "Bearer sk-wrong", f"Bearer k2c_{'A' * 43}", "Basic eDp5")


def get(pair: Pair, path: str, key: str, authorization: str) -> httpx.Response:
    headers = {"x-api-key": key, "authorization": authorization}
    return httpx.get(f"{pair.url}{path}", headers=headers, timeout=30, trust_env=False)


@pytest.mark.parametrize("path", ["/v1/models", "/api/keys", "/api/stats"])
def test_one_that_is_right_is_enough(path: str) -> None:
    with gateway(API_KEY="sesame") as pair:
        for wrong in WRONG:
            assert get(pair, path, "sesame", wrong).status_code == 200
            assert get(pair, path, "wrong", wrong).status_code == 401
        assert get(pair, path, "wrong", "Bearer sesame").status_code == 200


def test_the_one_for_the_path_counts(tmp_path: Path) -> None:
    clock = Clock()
    with gateway(clock=clock, DATA_DIR=str(tmp_path), API_KEY="sesame") as pair:
        alice, numbers = made(tmp_path)[1], made(tmp_path, metrics=True)[1]
        over = made(tmp_path, expires_at=MIDDAY + 1)[1]
        assert get(pair, "/v1/models", alice, f"Bearer {numbers}").status_code == 200
        assert get(pair, "/metrics", alice, f"Bearer {numbers}").status_code == 200
        clock.now = MIDDAY + 2
        assert get(pair, "/v1/models", "sesame", f"Bearer {over}").status_code == 200
        assert "expired" in get(pair, "/v1/models", "wrong", f"Bearer {over}").text
