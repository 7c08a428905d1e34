"""Settings come from the environment; what cannot be used is told by the variable's name, and no secret is ever shown."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiro2chat_core.errors import SettingsError
from kiro2chat_core.secret import Secret
from kiro2chat_core.settings import Settings, table, variables

READ: dict[str, tuple[str, str, Any]] = {
    # variable, text -> value
    "HOST": ("HOST", "::1", "::1"),
    "PORT": ("PORT", "9000", 9000),
    "a free port": ("PORT", "0", 0),
    "spaces around": ("PORT", " 9000 ", 9000),
    "API_KEY": ("API_KEY", "sk-1", Secret("sk-1")),
    "LOG_LEVEL": ("LOG_LEVEL", "DEBUG", "debug"),
    "ALLOWED_HOSTS": ("ALLOWED_HOSTS", "a.example, b.example,,", ("a.example", "b.example")),
    "BODY_LIMIT": ("BODY_LIMIT", "1024", 1024),
    "KEEPALIVE": ("KEEPALIVE", "0.5", 0.5),
    "KIRO_DB_PATH": ("KIRO_DB_PATH", "/data/a b.sqlite3", Path("/data/a b.sqlite3")),
    "a path from here": ("DATA_DIR", "data/x", Path.cwd() / "data" / "x"),
    "a path from home": ("KIRO_DB_PATH", "~/x.sqlite3", Path("~/x.sqlite3").expanduser()),
    "KIRO_LOGIN": ("KIRO_LOGIN", "social,odic", ("social", "odic")),
    "KIRO_API_URL": ("KIRO_API_URL", "http://127.0.0.1:9/x/", "http://127.0.0.1:9/x"),
    "KIRO_OPTOUT": ("KIRO_OPTOUT", "off", False),
    "IMAGE_PRIVATE_ADDRESSES": ("IMAGE_PRIVATE_ADDRESSES", "Yes", True),
    "ASSISTANT_IDENTITY": ("ASSISTANT_IDENTITY", "Claude", "claude"),
    "KIRO_ATTEMPTS": ("KIRO_ATTEMPTS", "1", 1),
    "KIRO_MODELS_TTL": ("KIRO_MODELS_TTL", "0", 0.0),
    "AGENT_TOOLS": ("AGENT_TOOLS", "shell, calculator", ("shell", "calculator")),
    "AGENT_APPROVAL": ("AGENT_APPROVAL", "shell = Auto,*=deny,", ("shell=auto", "*=deny")),
}
KEY = {"API_KEY": "sk-1"}


def by_variable(loaded: Settings, variable: str) -> Any:
    name = next(name for name, each in variables() if each == variable)
    return getattr(loaded, name)


@pytest.mark.parametrize(("variable", "text", "value"), READ.values(), ids=READ)
def test_what_is_read(variable: str, text: str, value: Any) -> None:
    loaded = Settings.load({variable: text})
    assert by_variable(loaded, variable) == value
    name = next(name for name, each in variables() if each == variable)
    assert loaded.source(name) == "env"


BAD: dict[str, tuple[str, str]] = {
    "a word as a port": ("PORT", "http"),
    "a port too high": ("PORT", "65536"),
    "a negative port": ("PORT", "-1"),
    "a fraction of a port": ("PORT", "80.5"),
    "a port in other digits": ("PORT", "８０"),
    "a port of a thousand digits": ("PORT", "9" * 1000),
    "a level": ("LOG_LEVEL", "loud"),
    "a switch": ("KIRO_OPTOUT", "perhaps"),
    "a number": ("KEEPALIVE", "soon"),
    "a number too small": ("KEEPALIVE", "0"),
    "not a number": ("KIRO_IDLE_TIMEOUT", "nan"),
    "an infinite number": ("KIRO_IDLE_TIMEOUT", "inf"),
    "a login": ("KIRO_LOGIN", "odic,google"),
    "an address without a scheme": ("KIRO_API_URL", "127.0.0.1:8000"),
    "an address of another scheme": ("KIRO_API_URL", "ftp://host"),
    "an address without a host": ("KIRO_CONTROL_URL", "https://"),
    "an address with a port too high": ("KIRO_OIDC_URL", "https://host:99999"),
    "half an address": ("KIRO_SOCIAL_URL", "https://[::1"),
    "an address with a password": ("KIRO_API_URL", "https://me:secret@host"),
    "an endpoint": ("KIRO_ENDPOINT", "bedrock"),
    "a form": ("KIRO_FORM", "xml"),
    "a path of somebody who does not exist": ("KIRO_DB_PATH", "~nobody-of-this-name/x"),
    "a home of somebody who does not exist": ("HOME", "~nobody-of-this-name"),
    "attempts": ("KIRO_ATTEMPTS", "0"),
    "a tool that is none": ("AGENT_TOOLS", "shell,python"),
    "an approval without a name": ("AGENT_APPROVAL", "=auto"),
    "an approval without a word": ("AGENT_APPROVAL", "shell"),
    "an approval of another word": ("AGENT_APPROVAL", "shell=yes"),
    "two approvals of one tool": ("AGENT_APPROVAL", "shell=ask,shell=auto"),
    "no approval": ("AGENT_APPROVAL", ","),
}


@pytest.mark.parametrize(("variable", "text"), BAD.values(), ids=BAD)
def test_what_cannot_be_used_is_told_by_its_name(variable: str, text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.load({variable: text})
    assert refused.value.field == variable
    assert refused.value.message.startswith(f"{variable} cannot be used: ")
    assert "secret" not in refused.value.message


@pytest.mark.parametrize("variable", [variable for _, variable in variables()])
def test_an_empty_variable_counts_as_unset(variable: str) -> None:
    home = {"HOME": "/home/me"}
    assert Settings.load(home | {variable: "  "}) == Settings.load(home)


def test_what_the_command_line_gives_goes_before_the_environment() -> None:
    loaded = Settings.load({"PORT": "9000", "LOG_LEVEL": "debug"}, port=9001, log_level=None)
    assert (loaded.port, loaded.log_level) == (9001, "debug")


def test_defaults() -> None:
    loaded = Settings.load({"HOME": "/home/me"})
    assert (loaded.host, loaded.port, loaded.api_key, loaded.log_level) == ("127.0.0.1", 8000, None, "info")
    assert loaded.data_dir == Path("/home/me/.local/share/kiro2chat")
    assert loaded.source("port") == "default"
    assert Settings.load({"HOME": "/home/me", "XDG_DATA_HOME": "/data"}).data_dir == Path("/data/kiro2chat")


# --- other machines ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST", "::1", "0:0:0:0:0:0:0:1"])
def test_loopback_needs_no_key(host: str) -> None:
    assert Settings.load({"HOST": host}).is_loopback


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.5", "gateway.example", "127.example.com", "localhost.evil.example"]
)
def test_any_other_address_needs_a_key(host: str) -> None:
    with pytest.raises(SettingsError, match="needs API_KEY") as refused:
        Settings.load({"HOST": host})
    assert refused.value.field == "host"
    assert Settings.load({"HOST": host} | KEY).host == host
    with pytest.raises(SettingsError):
        Settings.load({}, host=host)
    with pytest.raises(SettingsError):
        Settings.load({"HOST": host}, api_key=Secret(""))


# --- what is shown -----------------------------------------------------------------------------------------------------


def test_no_secret_is_shown() -> None:
    secrets = {variable: f"very-secret-{variable}" for _, variable in variables()
               if re.search("(API_KEY|REFRESH_TOKEN|CLIENT_SECRET)$", variable)}  # fmt: skip
    assert len(secrets) == 4
    loaded = Settings.load(secrets)
    assert "very-secret" not in repr(loaded) + str(loaded) + f"{loaded}"
    assert by_variable(loaded, "API_KEY").reveal() == "very-secret-API_KEY"


def test_the_table_tells_every_setting_once() -> None:
    rows = table()
    assert [row[0] for row in rows] == [variable for _, variable in variables()]
    assert len({variable for variable, _, _ in rows}) == len(rows)
    for variable, default, help in rows:
        assert re.fullmatch(r"[A-Z][A-Z_]*", variable)
        assert default
        assert help.endswith((".", "?"))
        assert "|" not in default + help
    assert {name for name, _ in variables()} == {
        spec.name
        for spec in fields(Settings)
        if spec.name not in ("on_lambda", "home", "data_home", "config_path", "_sources")
    }


@pytest.mark.parametrize(("variable", "default", "_help"), [row for row in table() if " " not in row[1]])
def test_a_default_that_is_shown_can_be_set(variable: str, default: str, _help: str) -> None:
    plain = Settings.load({"HOME": "/home/me"})
    shown = {"none", "kiro2chat/VERSION", "us-east-1"}
    if default not in shown and not default.startswith(("~", "the")):
        assert by_variable(Settings.load({"HOME": "/home/me", variable: default}), variable) == by_variable(
            plain, variable
        )


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(variables()),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
)
def test_any_text_is_a_value_or_names_its_variable(which: tuple[str, str], text: str) -> None:
    _, variable = which
    told = ""
    try:
        Settings.load(KEY | {variable: text or "x"})
    except SettingsError as refused:
        told = refused.message
    assert not told or variable in told
