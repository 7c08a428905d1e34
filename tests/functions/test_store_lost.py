"""A store that was there at the start and is lost later: there is no journal then, and there are answers."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from tests.gateways import Pair, gateway
from tests.keyed import ASKS, ask, made

from kiro2chat_core.store.opening import NAME


@pytest.mark.parametrize("path", ASKS)
def test_who_needs_no_key_is_answered_though_nobody_was_before(tmp_path: Path, path: str) -> None:
    with gateway(DATA_DIR=str(tmp_path)) as pair:
        lose(pair, tmp_path / NAME)
        for given in ("", "sk-whatever"):
            for _ in range(2):  # the first finds it lost, the next cannot open it
                assert ask(pair.url, given, path).status_code == 200


def test_who_was_to_send_a_key_is_to_send_one_still(tmp_path: Path) -> None:
    text = made(tmp_path)[1]
    with gateway(DATA_DIR=str(tmp_path)) as pair:
        lose(pair, tmp_path / NAME)
        assert [ask(pair.url, given).status_code for given in ("", text, "")] == [401, 503, 401]


def lose(pair: Pair, store: Path) -> None:
    """Once the server has started: a look at its health is nobody's request."""
    assert httpx.get(f"{pair.url}/health", timeout=30, trust_env=False).status_code == 200
    for file in store.parent.glob(f"{store.name}*"):
        file.unlink()
    store.mkdir()
