"""mcp.json: which servers it names, and what is said of every mistake in it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from jsonschema.validators import validator_for
from tests.core.agent.mcp_places import Place

from kiro2chat_core.agent.mcp_config import (
    ServerConfig,
    check_text,
    config_paths,
    read_config,
    schema,
    write_text,
)
from kiro2chat_core.errors import SettingsError
from kiro2chat_core.secret import Secret


def one(place: Place, entry: dict[str, Any], **environ: str) -> ServerConfig:
    place.write({"it": entry})
    servers, problems = read_config(place.settings, place.workspace, environ)
    assert problems == ()
    return servers["it"]


def problem(place: Place, entry: Any, **environ: str) -> str:
    place.write({"it": entry, "good": {"command": "x"}})
    servers, problems = read_config(place.settings, place.workspace, environ)
    assert list(servers) == ["good"]
    assert [found.server for found in problems] == ["it"] * len(problems)
    return "\n".join(map(str, problems))


def test_no_files_are_no_servers(place: Place) -> None:
    assert read_config(place.settings, place.workspace, {}) == ({}, ())


def test_everything_that_a_program_may_have(place: Place) -> None:
    entry = {
        "command": "~/bin/${WHICH}",
        "args": ["--key", "${env:KEY}"],
        "env": {"A": "${KEY}", "B": "plain"},
        "cwd": "sub",
        "autoApprove": ["a", "*"],
        "disabledTools": ["b"],
        "timeout": 1500,
        "disabled": False,
        "type": "stdio",
    }
    config = one(place, entry, WHICH="tool", KEY="key-of-the-house")
    assert (config.transport, config.command, config.args) == (
        "stdio",
        f"{place.root}/bin/tool",
        ("--key", "${env:KEY}"),
    )
    assert config.arguments[1] == config.env["A"] == Secret("key-of-the-house")
    assert (config.cwd, config.timeout) == (place.workspace / "sub", 1.5)
    assert (config.auto_approve, config.disabled_tools) == (("a", "*"), ("b",))
    assert config.origin == config_paths(place.settings, place.workspace)[1]
    assert "key-of-the-house" not in repr(config)
    assert config.masked("x key-of-the-house plain") == "x *** plain"
    assert one(place, entry, WHICH="tool", KEY="key-of-the-house") == config
    assert one(place, entry, WHICH="tool", KEY="another-key") != config


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({}, "http"),
        ({"type": "http"}, "http"),
        ({"type": "streamable-http"}, "http"),
        ({"transport": "streamableHttp"}, "http"),
        ({"transport": "sse"}, "sse"),
        ({"transport": "sse", "type": "sse"}, "sse"),
    ],
)
def test_an_address(place: Place, said: dict[str, str], meant: str) -> None:
    entry = {"url": "https://${HOST}:8443/mcp?key=hidden-key", "headers": {"Authorization": "Bearer ${TOKEN}"}, **said}
    config = one(place, entry, HOST="mcp.example", TOKEN="token-value")
    assert config.transport == meant
    assert config.url.reveal() == "https://mcp.example:8443/mcp?key=hidden-key"
    assert config.reaches == "mcp.example:8443"
    assert config.headers["Authorization"].reveal() == "Bearer token-value"
    assert config.masked("https://h/?key=hidden-key token-value") == "https://h/?key=*** ***"
    assert config.timeout == 60


def test_the_workspace_goes_before_the_user_server_by_server(place: Place) -> None:
    place.write({"a": {"command": "user"}, "b": {"command": "user"}, "c": {"command": "user"}}, user=True)
    place.write({"b": {"command": "workspace"}, "c": {"command": 7}})
    servers, problems = read_config(place.settings, place.workspace, {})
    assert {name: server.command for name, server in servers.items()} == {"a": "user", "b": "workspace"}
    assert [found.server for found in problems] == ["c"]


def test_what_the_workspace_mends_is_no_problem(place: Place) -> None:
    place.write({"a": {"command": 7}}, user=True)
    place.write({"a": {"command": "good"}})
    servers, problems = read_config(place.settings, place.workspace, {})
    assert (list(servers), problems) == (["a"], ())


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("npx", "must be an object with `command` or `url`"),
        ({}, "needs `command` (a program) or `url` (an address)"),
        ({"command": "x", "Disabled": True}, "mcpServers.it.Disabled is unknown; did you mean disabled?"),
        ({"command": "x", "disabled_tools": []}, "did you mean disabledTools?"),
        ({"command": "x", "autoAprove": []}, "did you mean autoApprove?"),
        ({"command": ""}, "command must be a text"),
        ({"command": ["x"]}, "command must be a text"),
        ({"command": "x\0y"}, "command must be a text"),
        ({"command": "x", "args": "-v"}, "args must be a list of texts"),
        ({"command": "x", "args": [1]}, "args must be a list of texts"),
        ({"command": "x", "env": {"A": []}}, "env must be an object of texts"),
        ({"command": "x", "env": {"A=B": "1"}}, "env must be an object of texts"),
        ({"command": "x", "timeout": "60"}, "timeout must be a whole number of milliseconds"),
        ({"command": "x", "timeout": True}, "timeout must be a whole number of milliseconds"),
        ({"command": "x", "timeout": 1.5}, "timeout must be a whole number of milliseconds"),
        ({"command": "x", "timeout": -1}, "timeout must be a whole number of milliseconds"),
        ({"command": "x", "disabled": "no"}, "disabled must be true or false"),
        ({"command": "x", "autoApprove": True}, "autoApprove must be a list of texts"),
        ({"command": "x", "type": "pipe"}, "type must be one of stdio, http"),
        ({"command": "x", "type": "http"}, "command needs `type` stdio, or none"),
        ({"command": "x", "url": "http://h"}, "url stands beside `command`"),
        ({"url": "http://h", "type": "stdio"}, "url needs `type` http or sse"),
        ({"url": "http://h", "type": "http", "transport": "sse"}, "transport says something else than `type`"),
        ({"url": "ftp://h/x"}, "url must be an http or https address"),
        ({"url": "h/x"}, "url must be an http or https address"),
        ({"url": "http://h:port/"}, "url must be an http or https address"),
        ({"url": "${WHERE}"}, "url must be an http or https address once its variables are expanded"),
        ({"url": "http://h", "headers": {"A": "b\r\nC: d"}}, "headers must be an object of texts without line breaks"),
        ({"url": "http://h", "headers": {"A": "${LINES}"}}, "headers must be an object of texts without line breaks"),
        ({"command": "x", "args": ["${NOT_SET}"]}, "args uses ${NOT_SET}, and the environment has no NOT_SET"),
        (
            {"command": "x", "env": {"A": "${env:NOT_SET}"}},
            "env uses ${env:NOT_SET}, and the environment has no NOT_SET",
        ),
        ({"command": "${NOT_SET}"}, "command uses ${NOT_SET}"),
        ({"command": "x", "cwd": "${NOT_SET}"}, "cwd uses ${NOT_SET}"),
        ({"url": "http://${NOT_SET}/"}, "url uses ${NOT_SET}"),
    ],
)
def test_a_mistake_costs_one_server_and_is_named(place: Place, entry: Any, expected: str) -> None:
    told = problem(place, entry, WHERE="nowhere", LINES="a\nb")
    assert expected in told
    assert str(config_paths(place.settings, place.workspace)[1]) in told


@pytest.mark.parametrize(
    "entry",
    [
        {"command": "x", "alwaysAllow": ["a"], "envFile": ".env", "comand": "y"},
        {"command": "x", "disabledTools": None, "args": None, "timeout": None, "url": None},
        {"command": "x", "url": "", "type": "local"},
        {"command": "x", "timeout": 0},
        {"command": "x", "timeout": 60_000.0},
    ],
)
def test_what_other_programs_write_costs_nothing(place: Place, entry: dict[str, Any]) -> None:
    place.write({"it": entry})
    servers, problems = read_config(place.settings, place.workspace, {})
    assert (servers["it"].command, servers["it"].transport, servers["it"].timeout) == ("x", "stdio", 60)
    assert {problem.weight for problem in problems} <= {"note"}
    assert len(problems) == len({"alwaysAllow", "envFile", "comand"} & set(entry))


def test_numbers_in_the_environment_are_texts(place: Place) -> None:
    config = one(place, {"command": "x", "env": {"N": 1, "B": True, "F": 1.5, "T": "t"}})
    assert {name: value.reveal() for name, value in config.env.items()} == {"N": "1", "B": "true", "F": "1.5", "T": "t"}


def test_a_disabled_server_needs_no_variables(place: Place) -> None:
    assert one(place, {"command": "x", "env": {"A": "${NOT_SET}"}, "disabled": True}).disabled


@pytest.mark.parametrize(
    ("text", "place_and_message"),
    [
        ('{"mcpServers": {}', "1:18: not valid JSON"),
        ('{\n  // mine\n  "mcpServers": {}}', "2:3: not valid JSON: Expecting property name enclosed in double quotes"),
        ('{"mcpServers": {"a": NaN}}', "NaN is not JSON"),
        ("[]", "1: the file must be an object"),
        ('{\n\n"mcpServers": []}', "3: mcpServers must be an object"),
        ('{"servers": {}}', "1: mcpServers must be an object"),
        ("[" * 5000, "not valid JSON"),
        ('{"mcpServers": ' + '{"a":' * 200 + "1" + "}" * 200 + "}", "nested deeper than 100 levels"),
    ],
)
def test_a_broken_file_is_named_with_line_and_column(place: Place, text: str, place_and_message: str) -> None:
    path = place.write({})
    path.write_text(text, encoding="utf-8")
    servers, (found,) = read_config(place.settings, place.workspace, {})
    assert servers == {}
    assert str(found).startswith(f"{path}:")
    assert place_and_message in str(found)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b" " * 2_000_000])
def test_files_that_are_no_text_or_too_large(place: Place, data: bytes) -> None:
    path = place.write({})
    path.write_bytes(data)
    servers, (found,) = read_config(place.settings, place.workspace, {})
    assert servers == {}
    assert found.origin == path


def test_a_folder_in_place_of_the_file(place: Place) -> None:
    config_paths(place.settings, place.workspace)[1].mkdir(parents=True)
    assert "cannot be read" in str(read_config(place.settings, place.workspace, {})[1][0])


def test_an_empty_file_and_a_byte_order_mark(place: Place) -> None:
    path = place.write({})
    path.write_text("\n", encoding="utf-8")
    assert read_config(place.settings, place.workspace, {}) == ({}, ())
    path.write_text('\ufeff{"mcpServers": {"a": {"command": "x"}}}', encoding="utf-8")
    assert list(read_config(place.settings, place.workspace, {})[0]) == ["a"]


def test_lines_for_an_editor() -> None:
    text = """{
  "mcpServers": {
    "a": {
      "command": "x",
      "args": ["[{\\"", 7],
      "tiemout": 1
    },
    "a": {"command": "y"},
    "b": {"url": "${ANY}"}
  },
  "more": 1
}"""
    found = {(problem.line, problem.member) for problem in check_text(text)}
    assert {(11, "more"), (8, "mcpServers.a")} <= found
    text = text.replace('    "a": {"command": "y"},\n', "")
    found = {(problem.line, problem.member) for problem in check_text(text)}
    assert found == {(10, "more"), (5, "mcpServers.a.args"), (6, "mcpServers.a.tiemout")}
    assert {problem.member for problem in check_text(text) if problem.weight == "note"} == {
        "more",
        "mcpServers.a.tiemout",
    }


def test_writing_is_private_atomic_and_refuses_mistakes(place: Place) -> None:
    path = config_paths(place.settings, place.workspace)[1]
    good = '{"mcpServers": {"a": {"command": "x"}}}\n'
    write_text(path, good)
    assert path.read_text(encoding="utf-8") == good
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(SettingsError) as refused:
        write_text(path, good.replace('"x"', '"x", "disable": true'))
    assert refused.value.field == "mcpServers.a.disable"
    with pytest.raises(SettingsError, match="not valid JSON"):
        write_text(path, "{")
    assert path.read_text(encoding="utf-8") == good
    assert [entry.name for entry in path.parent.iterdir()] == ["mcp.json"]


def test_writing_keeps_a_link_and_says_where_it_cannot(place: Place, tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.touch()
    link.symlink_to(real)
    write_text(link, '{"mcpServers": {}}')
    assert link.is_symlink()
    assert json.loads(real.read_text(encoding="utf-8")) == {"mcpServers": {}}
    with pytest.raises(SettingsError, match="cannot be written"):
        write_text(Path(os.devnull) / "mcp.json", '{"mcpServers": {}}')


def test_the_schema_agrees_with_the_checks() -> None:
    described = schema()
    validator_for(described).check_schema(described)
    validator = validator_for(described)(described)
    for entry, good in (
        ({"command": "x", "args": ["a"], "env": {"A": "b"}, "timeout": 5, "autoApprove": ["*"]}, True),
        ({"url": "http://h", "type": "sse", "headers": {"A": "b"}}, True),
        ({"command": "x", "comand": "y"}, False),
        ({"command": "x", "timeout": 0, "env": {"N": 1, "B": True}}, True),
        ({"command": "x", "timeout": -1}, False),
        ({"command": "x", "url": "http://h"}, False),
        ({}, False),
    ):
        document = {"mcpServers": {"it": entry}}
        assert validator.is_valid(document) == good == (check_text(json.dumps(document)) == [])
