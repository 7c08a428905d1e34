"""Which login is found, in every spelling, place and order, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.login_places import COMPANION, IDC, access, find, ide_file
from tests.kiro_logins import NOW, ide, make_database, settings_for, value

from kiro2chat_core.errors import LoginMissing, LoginUnreadable
from kiro2chat_core.kiro import account
from kiro2chat_core.kiro.login import find_login, look
from kiro2chat_core.kiro.places import databases, ide_tokens
from kiro2chat_core.settings import Settings
from kiro2chat_functions.emulator import Emulator
from kiro2chat_functions.emulator.accounts import PROFILE, SOCIAL_PROFILE
from kiro2chat_functions.emulator.database import SHAPES, Shape, locked, write

LATER, EARLIER = "2026-01-01T01:00:00Z", "2025-12-31T23:00:00Z"
REGISTRATION = {"client_id": "id", "client_secret": "secret", "client_secret_expires_at": "2026-03-01T00:00:00Z"}
ODIC, SOCIAL = "kirocli:odic:token", "kirocli:social:token"
EXTERNAL, AMAZON_Q = "kirocli:external-idp:token", "codewhisperer:odic:token"


def token(name: str, expires_at: Any = LATER, **members: Any) -> dict[str, Any]:
    return {"access_token": f"a-{name}", "refresh_token": f"r-{name}", "expires_at": expires_at, **members}


def odic(name: str = "odic", expires_at: Any = LATER, *, prefix: str = "kirocli", **members: Any) -> dict[str, Any]:
    """A row and its registration."""
    return {
        f"{prefix}:odic:token": token(name, expires_at, **members),
        f"{prefix}:odic:device-registration": REGISTRATION,
    }


def kiro_cli(home: Path) -> Path:
    return home / ".local/share/kiro-cli/data.sqlite3"


def amazon_q(home: Path) -> Path:
    return home / ".local/share/amazon-q/data.sqlite3"


# --- spellings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_of_the_database(tmp_path: Path, name: str) -> None:
    issued = Emulator(clock=lambda: NOW).login(sso_region="eu-west-1")
    write(kiro_cli(tmp_path), issued, SHAPES[name])
    login = find(tmp_path)
    assert value(login.access_token) == issued.access_token
    assert value(login.refresh_token) == value(login.held) == issued.refresh_token
    assert login.expires_at == pytest.approx(issued.expires_at, abs=1)
    assert login.client is not None
    assert (login.client.id, value(login.client.secret)) == (issued.client_id, issued.client_secret)
    assert login.sso_region == "eu-west-1"
    assert login.profile_arn == (None if name == "no_profile" else PROFILE)
    assert (login.kind, login.token_type) == ("odic", None)
    assert login.usable(NOW)
    assert login.renewable(NOW)


def test_a_social_login(tmp_path: Path) -> None:
    issued = Emulator(clock=lambda: NOW).login("social")
    write(kiro_cli(tmp_path), issued)
    login = find(tmp_path)
    assert (login.kind, login.profile_arn, login.client, login.token_type) == ("social", SOCIAL_PROFILE, None, None)
    assert login.renewable(NOW)


def test_an_external_login(tmp_path: Path) -> None:
    issued = Emulator(clock=lambda: NOW).login("external-idp")
    write(kiro_cli(tmp_path), issued, Shape(token_endpoint="https://login.example/token"))
    login = find(tmp_path)
    assert (login.kind, login.token_type) == ("external-idp", "EXTERNAL_IDP")
    assert login.token_endpoint == "https://login.example/token"
    assert login.client is not None
    assert (login.client.id, bool(login.client.secret)) == ("external-client", False)
    assert login.scopes == "codewhisperer:conversations offline_access"


@pytest.mark.parametrize(("scopes", "joined"), [(["a", "b"], "a b"), ("a b", "a b"), (None, ""), (5, "")])
def test_scopes(tmp_path: Path, scopes: object, joined: str) -> None:
    make_database(kiro_cli(tmp_path), {EXTERNAL: token("x", scopes=scopes)})
    assert find(tmp_path).scopes == joined


@pytest.mark.parametrize("key", [ODIC, "kirocli:oidc:token"])
@pytest.mark.parametrize(
    "registration", ["kirocli:odic:device-registration", "kirocli:oidc:device-registration", "device_registration"]
)
def test_both_spellings_of_the_typo(tmp_path: Path, key: str, registration: str) -> None:
    make_database(kiro_cli(tmp_path), {key: token("x"), registration: REGISTRATION})
    assert find(tmp_path).renewable(NOW)


@pytest.mark.parametrize(
    "registration",
    ["codewhisperer:odic:device-registration", "kirocli:social:device-registration", "kirocli:odic:device-registratio"],
)
def test_a_stray_registration_is_never_used(tmp_path: Path, registration: str) -> None:
    make_database(kiro_cli(tmp_path), {ODIC: token("x"), registration: REGISTRATION})
    login = find(tmp_path)
    assert login.client is None
    assert not login.renewable(NOW)


def test_a_registration_without_a_client_hides_no_other(tmp_path: Path) -> None:
    rows = {ODIC: token("x"), "kirocli:odic:device-registration": {}, "device_registration": REGISTRATION}
    make_database(kiro_cli(tmp_path), rows)
    assert find(tmp_path).renewable(NOW)


@pytest.mark.parametrize("place", [kiro_cli, amazon_q])
def test_amazon_q_in_both_databases(tmp_path: Path, place: Any) -> None:
    make_database(place(tmp_path), odic(prefix="codewhisperer"))
    login = find(tmp_path)
    assert login.renewable(NOW)
    assert "Amazon Q" in login.source
    assert str(place(tmp_path)) in login.source


def test_nulls(tmp_path: Path) -> None:
    row = {
        "access_token": "a",
        "refresh_token": None,
        "region": None,
        "start_url": None,
        "scopes": None,
        "expires_at": None,
    }
    make_database(kiro_cli(tmp_path), {ODIC: row, "kirocli:odic:device-registration": None})
    login = find(tmp_path)
    assert (login.refresh_token, login.expires_at, login.sso_region, login.client) == (None, None, "us-east-1", None)
    assert login.usable(NOW)


@pytest.mark.parametrize(
    ("rows", "state", "environ", "region"),
    [
        (odic(region="eu-west-1"), {"auth.idc.region": "ap-south-1"}, {}, "eu-west-1"),
        (odic(), {"auth.idc.region": "ap-south-1"}, {}, "ap-south-1"),
        (odic(), {"auth.idc.region": b"ap-south-1"}, {}, "ap-south-1"),
        (odic(), {}, {"KIRO_SSO_REGION": "eu-north-1"}, "eu-north-1"),
        (odic(), {}, {}, "us-east-1"),
        (odic(region="evil.example/?"), {"auth.idc.region": "ap-south-1"}, {}, "ap-south-1"),
        (odic(region="x@evil.example"), {}, {"KIRO_SSO_REGION": "eu-north-1"}, "eu-north-1"),
        ({SOCIAL: token("s", profile_arn="arn:aws:codewhisperer:eu-central-1:1:profile/X")}, {}, {}, "eu-central-1"),
        ({SOCIAL: token("s", profile_arn="arn:aws:codewhisperer:evil.example/:1:profile/X")}, {}, {}, "us-east-1"),
        ({SOCIAL: token("s", profile_arn="nonsense")}, {}, {}, "us-east-1"),
    ],
)
def test_the_region_of_the_token_service(tmp_path: Path, rows: Any, state: Any, environ: Any, region: str) -> None:
    make_database(kiro_cli(tmp_path), rows, state)
    assert find(tmp_path, **environ).sso_region == region


@given(st.text())
def test_no_region_leads_to_another_host(text: str) -> None:
    assert set(account.region(text)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_the_profile_of_the_token_comes_before_the_states(tmp_path: Path) -> None:
    rows = {SOCIAL: token("s", profile_arn="arn:own")}
    make_database(kiro_cli(tmp_path), rows, {"api.codewhisperer.profile": {"arn": "arn:state"}})
    assert find(tmp_path).profile_arn == "arn:own"
    assert find(tmp_path, KIRO_PROFILE_ARN="arn:set").profile_arn == "arn:set"


# --- order and choice --------------------------------------------------------------------------------------------------


def everything(home: Path, expires_at: str = LATER) -> None:
    rows = {SOCIAL: token("social", expires_at), EXTERNAL: token("external", expires_at), **odic("odic", expires_at)}
    make_database(kiro_cli(home), rows)
    make_database(amazon_q(home), odic("q", expires_at, prefix="codewhisperer"))
    ide(ide_file(home), {**IDC, "expiresAt": expires_at}, COMPANION)


ALL = {"KIRO_API_KEY": "ksk_x", "KIRO_REFRESH_TOKEN": "r-env"}


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({**ALL}, "ksk_x"),
        ({}, "a-social"),
        ({"KIRO_LOGIN": "odic"}, "a-odic"),
        ({"KIRO_LOGIN": "external-idp,odic"}, "a-external"),
        ({"KIRO_LOGIN": "kiro-ide,social"}, "a-ide"),
        ({"KIRO_LOGIN": "amazon-q"}, "a-q"),
        ({**ALL, "KIRO_LOGIN": "refresh-token,odic"}, "a-odic"),
        ({**ALL, "KIRO_LOGIN": "refresh-token"}, None),
        ({"KIRO_LOGIN": "api-key,amazon-q"}, "a-q"),
    ],
)
def test_order(tmp_path: Path, environ: dict[str, str], found: str | None) -> None:
    everything(tmp_path)
    assert access(tmp_path, **environ) == found


def test_the_first_unexpired_wins(tmp_path: Path) -> None:
    make_database(kiro_cli(tmp_path), {SOCIAL: token("social", EARLIER), **odic("odic", EARLIER)})
    ide(ide_file(tmp_path), IDC, COMPANION)
    assert access(tmp_path) == "a-ide"


def test_else_the_first_that_can_be_renewed(tmp_path: Path) -> None:
    expired = {"kirocli:odic:device-registration": {**REGISTRATION, "client_secret_expires_at": EARLIER}}
    make_database(kiro_cli(tmp_path), {**odic("odic", EARLIER), **expired})
    ide(ide_file(tmp_path), {**IDC, "expiresAt": EARLIER}, COMPANION)
    assert access(tmp_path) == "a-ide"
    everything(tmp_path / "all", EARLIER)
    assert access(tmp_path / "all") == "a-social"
    assert access(tmp_path / "all", **ALL, KIRO_LOGIN="refresh-token,odic") is None


def test_else_the_first(tmp_path: Path) -> None:
    make_database(kiro_cli(tmp_path), {ODIC: token("odic", EARLIER), "codewhisperer:odic:token": token("q", EARLIER)})
    assert access(tmp_path) == "a-odic"


def test_a_refused_login_leaves_the_turn_to_the_next_that_can_be_renewed(tmp_path: Path) -> None:
    everything(tmp_path, EARLIER)
    social = find(tmp_path)
    assert social.refresh_token is not None
    again = find_login(settings_for(tmp_path), now=NOW, refused={social.refresh_token})
    assert value(again.access_token) == "a-odic"


def test_the_login_in_use_is_not_ousted_while_it_can_be_renewed(tmp_path: Path) -> None:
    make_database(kiro_cli(tmp_path), {SOCIAL: token("social", EARLIER)})
    ide(ide_file(tmp_path), IDC, COMPANION)
    settings = settings_for(tmp_path)
    known = find_login(settings_for(tmp_path, KIRO_LOGIN="social"), now=NOW)
    assert value(find_login(settings, now=NOW).access_token) == "a-ide"
    assert value(find_login(settings, now=NOW, known=known).access_token) == "a-social"
    assert known.refresh_token is not None
    dead = find_login(settings, now=NOW, known=known, refused={known.refresh_token})
    assert value(dead.access_token) == "a-ide"


def test_the_margin(tmp_path: Path) -> None:
    make_database(kiro_cli(tmp_path), {SOCIAL: token("social", NOW + 29), **odic("odic", NOW + 31)})
    assert access(tmp_path) == "a-odic"


def test_a_set_path_is_the_only_file(tmp_path: Path) -> None:
    everything(tmp_path)
    db = make_database(tmp_path / "db", odic("mine", prefix="codewhisperer"))
    file = ide(tmp_path / "token.json", {**IDC, "accessToken": "a-file"}, COMPANION)
    assert access(tmp_path, KIRO_DB_PATH=str(db)) == "a-mine"
    assert access(tmp_path, KIRO_IDE_TOKEN=str(file)) == "a-file"
    assert access(tmp_path, KIRO_DB_PATH=str(db), KIRO_IDE_TOKEN=str(file)) == "a-file"
    assert access(tmp_path, KIRO_DB_PATH=str(db), **ALL) == "ksk_x"
    for variable in ("KIRO_DB_PATH", "KIRO_IDE_TOKEN"):
        with pytest.raises(LoginMissing) as raised:
            find(tmp_path, **{variable: str(tmp_path / "none")})
        assert str(tmp_path / "none") in raised.value.message
        assert ".local" not in raised.value.message
        assert ".aws" not in raised.value.message


@pytest.mark.parametrize("bad", ["no json", "[]", "null", "", b"\xff\xff", '{"access_token": 5}'])
def test_one_bad_row_does_not_hide_a_good_one(tmp_path: Path, bad: Any) -> None:
    make_database(kiro_cli(tmp_path), {SOCIAL: bad, **odic()})
    assert access(tmp_path) == "a-odic"
    with pytest.raises(LoginUnreadable, match=r"holds no token\. Run `kiro-cli login`") as raised:
        find(tmp_path, KIRO_LOGIN="social")
    assert f"{kiro_cli(tmp_path)}, {SOCIAL}" in raised.value.message


def test_one_bad_file_does_not_hide_a_good_one(tmp_path: Path) -> None:
    kiro_cli(tmp_path).parent.mkdir(parents=True)
    kiro_cli(tmp_path).write_text("no database" * 100)
    ide(ide_file(tmp_path), "no json")
    with pytest.raises(LoginUnreadable, match="not a kiro-cli database"):
        find(tmp_path)
    make_database(amazon_q(tmp_path), odic("q", prefix="codewhisperer"))
    assert access(tmp_path) == "a-q"


def test_a_locked_database_is_told(tmp_path: Path) -> None:
    with locked(make_database(kiro_cli(tmp_path), odic())), pytest.raises(LoginUnreadable, match="locked"):
        find(tmp_path, KIRO_LOGIN="odic")


def test_no_login(tmp_path: Path) -> None:
    with pytest.raises(LoginMissing) as raised:
        find(tmp_path)
    for place in (kiro_cli, amazon_q, ide_file):
        assert f"{place(tmp_path)}: no such file" in raised.value.message
    assert raised.value.message.count(str(kiro_cli(tmp_path))) == 1
    assert "KIRO_API_KEY: not set" in raised.value.message
    assert "Run `kiro-cli login`" in raised.value.message


def test_a_database_without_logins(tmp_path: Path) -> None:
    make_database(kiro_cli(tmp_path), {"kirocli:odic:token": None})
    with pytest.raises(LoginMissing, match="holds no kiro-cli login"):
        find(tmp_path)


def test_no_place_left(tmp_path: Path) -> None:
    with pytest.raises(LoginMissing, match="KIRO_IDE_TOKEN leave none"):
        find(tmp_path, KIRO_LOGIN="odic", KIRO_IDE_TOKEN="x")


# --- the environment ---------------------------------------------------------------------------------------------------


def test_an_api_key(tmp_path: Path) -> None:
    login = find(tmp_path, KIRO_API_KEY="ksk_x")
    assert (login.kind, login.token_type, login.expires_at, login.place) == ("api-key", "API_KEY", None, None)
    assert not login.renewable(NOW)


def test_a_refresh_token(tmp_path: Path) -> None:
    login = find(tmp_path, KIRO_REFRESH_TOKEN="r")
    assert (login.kind, login.access_token, login.usable(NOW), login.renewable(NOW)) == ("social", None, False, True)
    login = find(
        tmp_path, KIRO_REFRESH_TOKEN="r", KIRO_CLIENT_ID="id", KIRO_CLIENT_SECRET="s", KIRO_SSO_REGION="eu-west-1"
    )
    assert (login.kind, login.sso_region, login.renewable(NOW)) == ("odic", "eu-west-1", True)


@pytest.mark.parametrize("variable", ["KIRO_API_KEY", "KIRO_REFRESH_TOKEN"])
def test_what_is_no_key(tmp_path: Path, variable: str) -> None:
    with pytest.raises(LoginUnreadable, match=f"{variable} holds characters") as raised:
        find(tmp_path, **{variable: "kßk secret"})
    assert "secret" not in raised.value.message


# --- what is told ------------------------------------------------------------------------------------------------------


def test_looking_everywhere(tmp_path: Path) -> None:
    make_database(kiro_cli(tmp_path), {SOCIAL: token("s", EARLIER), ODIC: token("o", EARLIER), EXTERNAL: token("x")})
    told = [str(each) for each in look(settings_for(tmp_path), now=NOW)]
    db = kiro_cli(tmp_path)
    assert told == [
        "KIRO_API_KEY: not set",
        "KIRO_REFRESH_TOKEN: not set",
        f"{settings_for(tmp_path).data_dir / 'logins' / 'default.json'}: no such file",
        f"{db}, {SOCIAL}: expired, can be renewed",
        f"{db}, {ODIC}: expired, cannot be renewed",
        f"{db}, {EXTERNAL}: found",
        f"{ide_file(tmp_path)}: no such file",
        f"{db}: holds no Amazon Q login",
        f"{amazon_q(tmp_path)}: no such file",
    ]


def test_nothing_shows_a_secret(tmp_path: Path) -> None:
    everything(tmp_path)
    shown = repr(look(settings_for(tmp_path, **ALL), now=NOW))
    for secret in ("a-odic", "r-odic", "a-ide", "ksk_x", "r-env", "'secret'"):
        assert secret not in shown
    assert "***" in shown


def test_places_of_each_system(tmp_path: Path) -> None:
    settings: Settings = settings_for(tmp_path)
    for platform, folders in {
        "linux": [".local/share"],
        "freebsd": [".local/share"],
        "darwin": ["Library/Application Support"],
        "win32": ["AppData/Local", "AppData/Roaming"],
    }.items():
        for older in (False, True):
            names = ["kiro-cli", "amazon-q"] if older else ["kiro-cli"]
            expected = [tmp_path / folder / name / "data.sqlite3" for name in names for folder in folders]
            assert databases(settings, older=older, platform=platform) == expected
    elsewhere = settings_for(tmp_path, XDG_DATA_HOME=str(tmp_path / "data"))
    assert databases(elsewhere, platform="linux") == [tmp_path / "data/kiro-cli/data.sqlite3"]
    assert ide_tokens(settings) == [ide_file(tmp_path)]


def test_one_file_by_any_path_is_one_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db = make_database(tmp_path / "real" / "db", odic())
    (tmp_path / "link").symlink_to(db)
    monkeypatch.chdir(tmp_path / "real")
    identities = {
        find(tmp_path, KIRO_DB_PATH=path).identity for path in (str(db), str(tmp_path / "link"), "db", "./db")
    }
    assert len(identities) == 1
    other = make_database(tmp_path / "other" / "db", odic())
    assert find(tmp_path, KIRO_DB_PATH=str(other)).identity not in identities
    assert find(tmp_path, KIRO_REFRESH_TOKEN="a").identity != find(tmp_path, KIRO_REFRESH_TOKEN="b").identity
