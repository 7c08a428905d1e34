"""config.toml: read strictly, written without losing anything, and always a whole file."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiro2chat_core import config_file
from kiro2chat_core.errors import Conflict, SettingsError
from kiro2chat_core.secret import Secret
from kiro2chat_core.settings import Settings, config_path, kinds_of_settings, schema, variables

KINDS = kinds_of_settings()


def write(path: Path, changes: dict[str, Any]) -> None:
    config_file.write(path, config_file.changed(path, changes, KINDS)[0])


READ: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing": ("", {}),
    "a comment": ("# nothing yet\n", {}),
    "with a byte order mark": ("\ufeffport = 9000\n", {"port": 9000}),
    "each type": (
        'port = 9000\nkeepalive = 5\nkiro_idle_timeout = 7.5\nkiro_optout = false\nlog_level = "debug"\n'
        'allowed_hosts = ["a.example", "b.example"]\napi_key = "sesame"\nkiro_db_path = "/x/y z"\n',
        {"port": 9000, "keepalive": 5.0, "kiro_idle_timeout": 7.5, "kiro_optout": False, "log_level": "debug",
         "allowed_hosts": ("a.example", "b.example"), "api_key": Secret("sesame"), "kiro_db_path": Path("/x/y z")},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "values"), READ.values(), ids=READ)
def test_what_is_read(tmp_path: Path, text: str, values: dict[str, Any]) -> None:
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    assert config_file.read(tmp_path / "config.toml", KINDS) == values


def test_no_file_is_no_settings(tmp_path: Path) -> None:
    assert config_file.read(tmp_path / "config.toml", KINDS) == {}


BAD: dict[str, tuple[bytes, str]] = {
    "no TOML": (b"port = \n", "config.toml is not valid TOML"),
    "a key twice": (b"port = 1\nport = 2\n", "is not valid TOML"),
    "an unknown key": (b"# a\n\nprot = 9000\n", "config.toml:3: there is no setting 'prot'; did you mean port?"),
    "a table": (b"port = 1\n[server]\nport = 9000\n", "config.toml:2: there is no setting 'server'"),
    "a variable": (b"PORT = 9000\n", "there is no setting 'PORT'; did you mean port?"),
    "a wrong type": (
        b'\nport = "9000"\n',
        "config.toml:2: port cannot be used: expected a whole number, not a string.",
    ),
    "a switch as a number": (b"kiro_optout = 1\n", "expected true or false, not a whole number"),
    "a number as a switch": (b"port = true\n", "expected a whole number, not true or false"),
    "a list as a string": (b'allowed_hosts = "a"\n', "expected an array, not a string"),
    "a list of numbers": (b"allowed_hosts = [1]\n", "expected an array of strings"),
    "a date": (b"port = 2026-01-01\n", "expected a whole number, not a date"),
    "a value out of range": (b"port = 70000\n", "port cannot be used: expected a whole number from 0 to 65535."),
    "a word that is none": (b'log_level = "loud"\n', "expected one of debug, info, warning, error"),
    "nothing": (b'agent_model = ""\n', "agent_model cannot be used: expected something"),
    "no key": (b'api_key = ""\n', "api_key cannot be used: expected letters"),
    "no key that a header takes": ('api_key = "密钥"\n'.encode(), "it is sent in a header"),
    "blanks around": (b'kiro_refresh_token = " s "\n', "expected text without blanks around it"),
    "no origin": (b'cors_origins = ["https://a.example/path"]\n', "expected origins such as https://chat.example"),
    "no host": (b'allowed_hosts = ["https://x/"]\n', "expected names of hosts such as chat.example"),
    "a host that never matches": (b'allowed_hosts = ["*.example"]\n', "expected names of hosts such as chat.example"),
    "a number of thousands of digits": (b"port = " + b"1" * 5000, "config.toml is not valid TOML"),
    "arrays of thousands of arrays": (b"cors_origins = " + b"[" * 3000 + b"]" * 3000, "it is nested too deep"),
    "a path from nowhere": (b'\ndata_dir = "data"\n', "config.toml:2: data_dir cannot be used: expected a whole path"),
    "a control character": (b'data_dir = "/a\\u0000b"\n', "without control characters"),
    "two lines for a header": (b'kiro_user_agent = "a\\r\\nb: c"\n', "what may stand in a header"),
    "no ASCII in a header": ('kiro_user_agent = "ü"\n'.encode(), "what may stand in a header"),
    "no store": (b'store_url = "postgres://u:pw@h/x"\n', "expected an address with three slashes"),
    "no name of a login": (b'login_name = "../x"\n', "expected letters, digits, dots and dashes"),
    "not UTF-8": (b"port = 1 # \xff\n", "is not UTF-8"),
}


@pytest.mark.parametrize(("raw", "told"), BAD.values(), ids=BAD)
def test_what_cannot_be_used_is_told_by_file_and_line(tmp_path: Path, raw: bytes, told: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(raw)
    with pytest.raises(SettingsError) as refused:
        config_file.read(path, KINDS)
    assert refused.value.message.startswith(str(path))
    assert told in refused.value.message
    with pytest.raises(SettingsError):
        write(path, {"pdf_pages": 1})
    assert path.read_bytes() == raw


def test_a_mistake_can_be_written_over_or_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('# mine\nport = "many"\nprot = 1\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r":3: there is no setting 'prot'"):
        write(path, {"port": 1})
    write(path, {"port": 1, "prot": None})
    assert path.read_text(encoding="utf-8") == "# mine\nport = 1\n"


LINES = {
    "ends in a dash": ("port = 1\n\nfoo- = 1\n", 3),
    "in a longer text": ('agent_model = """\\\nport = 1\\\n"""\nport = "x"\n', 4),
    "in an array": ('allowed_hosts = [\n"a", # ]\n"b"]\nport = "x"\n', 4),
    "in quotes": ('host = "a"\n"port" = "x"\n', 2),
    "a table": ('host = "a"\n[ port ]\nx = 1\n', 2),
    "dotted": ('host = "a"\nport.x = 1\n', 2),
}


@pytest.mark.parametrize(("text", "line"), LINES.values(), ids=LINES)
def test_the_line_is_the_right_one(tmp_path: Path, text: str, line: int) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        config_file.read(path, KINDS)
    assert refused.value.message.startswith(f"{path}:{line}: ")


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        config_file.read(tmp_path / "config.toml", KINDS)


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.toml")
    with pytest.raises(SettingsError, match="it is no file"):
        config_file.read(tmp_path / "config.toml", KINDS)


def test_who_writes_at_the_same_time_for_too_long_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    with (
        config_file.locked(path),
        pytest.raises(Conflict, match="is being written by another program"),
        config_file.locked(path, patience=0.05),
    ):
        pass


def test_writing_keeps_comments_order_and_mode(tmp_path: Path) -> None:
    path = tmp_path / "kiro2chat" / "config.toml"
    write(path, {"port": 9000})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text('# mine\nport = 9000  # the usual\n\nlog_level = "debug"\n', encoding="utf-8")
    write(path, {"port": 9001, "api_key": Secret("s"), "log_level": None})
    assert path.read_text(encoding="utf-8") == '# mine\nport = 9001  # the usual\n\napi_key = "s"\n'
    assert os.listdir(path.parent) == ["config.toml"]


def test_a_link_keeps_leading_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text("port = 1\n", encoding="utf-8")
    (tmp_path / "config.toml").symlink_to(tmp_path / "real.toml")
    write(tmp_path / "config.toml", {"port": 2})
    assert (tmp_path / "config.toml").is_symlink()
    assert (tmp_path / "real.toml").read_text(encoding="utf-8") == "port = 2\n"


def test_what_would_be_is_told_before_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("port = 1\n", encoding="utf-8")
    text, values = config_file.changed(path, {"host": "a.example", "port": None}, KINDS)
    assert (text, values) == ('host = "a.example"\n', {"host": "a.example"})
    assert path.read_text(encoding="utf-8") == "port = 1\n"


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    lambda text: text == text.strip()
)
values = st.fixed_dictionaries(
    {},
    optional={
        "port": st.integers(0, 65_535),
        "keepalive": st.floats(0.05, 600),
        "kiro_optout": st.booleans(),
        "host": st.just("127.0.0.1"),
        "kiro_user_agent": st.from_regex(r"\A[!-~]{1,20}\Z"),
        "agent_model": texts,
        "api_key": st.from_regex(r"\A[!-~]{1,20}\Z").map(Secret),
        "kiro_refresh_token": texts.map(Secret),
        "cors_origins": st.just(("https://a.example", "*")),
        "kiro_db_path": texts.map(lambda text: Path("/", text)),
        "allowed_hosts": st.lists(st.from_regex(r"\A[a-z.]{1,9}\Z"), min_size=1, max_size=3).map(tuple),
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(values, values)
def test_what_is_written_is_read_again(tmp_path: Path, first: dict[str, Any], second: dict[str, Any]) -> None:
    path = tmp_path / "config.toml"
    path.unlink(missing_ok=True)
    for changes in (first, second):
        write(path, changes)
    assert config_file.read(path, KINDS) == first | second
    write(path, dict.fromkeys(first))
    assert config_file.read(path, KINDS) == {name: value for name, value in second.items() if name not in first}


def test_the_environment_goes_before_the_file_and_the_command_line_before_both(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "etc"), "PORT": "2"}
    path = config_path(environ)
    assert path == tmp_path / "etc" / "kiro2chat" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text('port = 1\nkeepalive = 3\nlog_level = "debug"\n', encoding="utf-8")
    loaded = Settings.load(environ, log_level="error")
    assert (loaded.port, loaded.keepalive, loaded.log_level, loaded.config_path) == (2, 3.0, "error", path)
    assert [loaded.source(name) for name in ("port", "keepalive", "log_level", "host")] == [
        "env",
        "file",
        "given",
        "default",
    ]
    assert config_path({"HOME": str(tmp_path)}) == tmp_path / ".config" / "kiro2chat" / "config.toml"
    assert config_path(environ | {"KIRO2CHAT_CONFIG": "/x/mine.toml"}) == Path("/x/mine.toml")


def test_the_schema_describes_every_setting() -> None:
    described = schema()
    assert list(described["properties"]) == [name for name, _env in variables()]
    assert {name for name, each in described["properties"].items() if each.get("writeOnly")} == {
        "api_key", "kiro_api_key", "kiro_refresh_token", "kiro_client_secret",
    }  # fmt: skip
    for name, each in described["properties"].items():
        assert each["title"] == dict(variables())[name]
        assert each["description"]
        if "default" in each:
            assert KINDS[name].of_toml(each["default"]) is not None
