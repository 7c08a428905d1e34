"""Kiro IDE's login: its file, the companion beside it, and what may be wrong with either."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.core.login_places import COMPANION, HASH, IDC, IDE, access, find, ide_file
from tests.kiro_logins import NOW, ide

from kiro2chat_core.errors import LoginUnreadable
from kiro2chat_functions.emulator.accounts import PROFILE

# --- Kiro IDE ----------------------------------------------------------------------------------------------------------


def test_kiro_ide(tmp_path: Path) -> None:
    ide(ide_file(tmp_path), IDC, COMPANION)
    login = find(tmp_path)
    assert (login.kind, login.profile_arn, login.sso_region) == ("odic", PROFILE, "eu-west-1")
    assert login.expires_at == pytest.approx(NOW + 3600.786)
    assert login.client is not None
    assert (login.client.id, login.client.expires_at) == ("id", NOW + 59 * 86400)
    assert login.renewable(NOW)
    assert "Kiro IDE" in login.source


@pytest.mark.parametrize(
    ("members", "kind", "token_type"),
    [
        ({"authMethod": "social", "provider": "Github"}, "social", None),
        ({"authMethod": "IdC", "clientIdHash": HASH}, "odic", None),
        ({"authMethod": "idc"}, "odic", None),
        ({"clientIdHash": HASH}, "odic", None),
        ({"clientIdHash": None}, "social", None),
        ({"provider": "Google"}, "social", None),
        ({"authMethod": "external_idp", "tokenEndpoint": "https://x.example", "clientId": "c"}, "external-idp", "EXTERNAL_IDP"),
        ({"authMethod": "api_key"}, "api-key", "API_KEY"),
        ({"authMethod": "machine_token"}, "social", "KIRO_MACHINE_TOKEN"),
        ({"authMethod": 5}, "social", None),
    ],
)  # fmt: skip
def test_kinds_of_kiro_ide(tmp_path: Path, members: Any, kind: str, token_type: str | None) -> None:
    ide(ide_file(tmp_path), {**IDE, **members})
    login = find(tmp_path)
    assert (login.kind, login.token_type) == (kind, token_type)


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "..", "a/b", "a\\b", "", "x" * 200, "a\n", "é"])
def test_the_companion_is_beside_the_file(tmp_path: Path, name: str) -> None:
    (ide_file(tmp_path).parent / "a").mkdir(parents=True)
    for outside in ("outside.json", "a/b.json", "a.json"):
        (ide_file(tmp_path).parent / outside).write_text(json.dumps(COMPANION))
    (ide_file(tmp_path).parent.parent / "outside.json").write_text(json.dumps(COMPANION))
    ide(ide_file(tmp_path), {**IDC, "clientIdHash": name})
    login = find(tmp_path)
    assert login.client is None
    assert not login.renewable(NOW)


@pytest.mark.parametrize("companion", ["", "[]", "{}", "no json", '{"clientId": null}'])
def test_a_bad_companion(tmp_path: Path, companion: str) -> None:
    ide(ide_file(tmp_path), IDC)
    (ide_file(tmp_path).parent / f"{HASH}.json").write_text(companion)
    assert find(tmp_path).client is None


def test_a_byte_order_mark(tmp_path: Path) -> None:
    ide(ide_file(tmp_path), "\ufeff" + json.dumps(IDC))
    assert access(tmp_path) == "a-ide"


@pytest.mark.parametrize("content", ["", "no json", "[]", "{}", '{"accessToken": null}', '{"accessToken": "a b"}'])
def test_bad_files_of_kiro_ide(tmp_path: Path, content: str) -> None:
    ide(ide_file(tmp_path), content)
    with pytest.raises(LoginUnreadable, match=r"is no login of Kiro IDE\. Log in") as raised:
        find(tmp_path)
    assert str(ide_file(tmp_path)) in raised.value.message


def test_a_directory_for_a_file_of_kiro_ide(tmp_path: Path) -> None:
    ide_file(tmp_path).mkdir(parents=True)
    with pytest.raises(LoginUnreadable, match="cannot be read: Is a directory"):
        find(tmp_path)
