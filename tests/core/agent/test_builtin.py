"""Which built-in tools there are, by where the server stands and what the settings say."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kiro2chat_core import config_file
from kiro2chat_core.agent.builtin import approval_of, built_in_tools, names_on
from kiro2chat_core.settings import BUILT_IN_TOOLS, Settings, kinds_of_settings
from kiro2chat_core.turns import Text

SAFE = ("calculator", "file_read", "http_request")
KEY = {"API_KEY": "sk-1"}

PLACES: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "loopback": ({}, BUILT_IN_TOOLS),
    "another address": (KEY | {"HOST": "0.0.0.0"}, SAFE),
    "behind a proxy": ({"ALLOWED_HOSTS": "gateway.example"}, SAFE),
    "Lambda": ({"AWS_LAMBDA_FUNCTION_NAME": "kiro2chat"}, SAFE),
    "named": (KEY | {"HOST": "0.0.0.0", "AGENT_TOOLS": "shell,calculator"}, ("calculator", "shell")),
    "named on Lambda": ({"AWS_LAMBDA_FUNCTION_NAME": "f", "AGENT_TOOLS": "file_write"}, ("file_write",)),
    "none": ({"AGENT_TOOLS": "none"}, ()),
}


@pytest.mark.parametrize(("environ", "on"), PLACES.values(), ids=PLACES)
def test_which_are_on(environ: dict[str, str], on: tuple[str, ...]) -> None:
    settings = Settings.load({"HOME": "/home/me"} | environ)
    assert names_on(settings) == on
    assert tuple(tool.name for tool in built_in_tools(settings, {})) == on


def test_each_is_described_for_models_and_people() -> None:
    for tool in built_in_tools(Settings.load({"HOME": "/home/me"}), {}):
        assert tool.source == "built-in"
        assert tool.description.endswith(".")
        assert tool.touches.endswith(".")
        assert tool.schema["type"] == "object"
        assert set(tool.schema) == {"type", "properties", "required"}
        assert set(tool.schema["required"]) <= set(tool.schema["properties"])
        for described in tool.schema["properties"].values():
            assert set(described) <= {"type", "description", "enum", "minimum", "maximum"}
            assert described["description"].endswith(".")


def test_what_needs_no_question() -> None:
    tools = built_in_tools(Settings.load({"HOME": "/home/me"}), {})
    assert {tool.name for tool in tools if tool.approval == "auto"} == {"calculator", "file_read"}
    assert {tool.approval for tool in tools} == {"auto", "ask"}


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("", "auto auto ask ask ask"),
        ("shell=auto", "auto auto ask ask auto"),
        ("*=deny,shell=ask", "deny deny deny deny ask"),
        ("calculator=ask,other=deny", "ask auto ask ask ask"),
    ],
)
def test_approval(said: str, wanted: str) -> None:
    settings = Settings.load({"HOME": "/home/me", "AGENT_APPROVAL": said})
    assert [approval_of(tool, settings) for tool in built_in_tools(settings, {})] == wanted.split()


def test_approvals_are_written_as_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    settings = Settings.load({"AGENT_APPROVAL": "shell=auto,*=ask"})
    text, _values = config_file.changed(path, {"agent_approval": settings.agent_approval}, kinds_of_settings())
    config_file.write(path, text)
    assert path.read_text() == 'agent_approval = ["shell=auto", "*=ask"]\n'
    assert Settings.load({"KIRO2CHAT_CONFIG": str(path)}).agent_approval == settings.agent_approval


async def test_they_work_in_the_workspace_of_the_settings(tmp_path: Path) -> None:
    for environ, folder in (
        ({"XDG_DATA_HOME": str(tmp_path)}, tmp_path / "kiro2chat" / "workspace"),
        ({"AGENT_WORKSPACE": str(tmp_path / "mine")}, tmp_path / "mine"),
    ):
        tools = {tool.name: tool for tool in built_in_tools(Settings.load({"HOME": str(tmp_path)} | environ))}
        assert not (await tools["file_write"].call({"path": "x", "content": "hello"})).is_error
        assert (folder / "x").read_text() == "hello"
        assert (await tools["shell"].call({"command": "cat x"})).content == (Text("hello\n[exit code 0]"),)
        assert (await tools["calculator"].call({"expression": "6 * 7"})).content == (Text("42"),)


GUARDED: dict[str, tuple[dict[str, str], list[str], list[str]]] = {
    "a link in place of Kiro's folder": ({"AGENT_WORKSPACE": "home/desk"}, ["dot/settings/mcp.json", "dot/x"], ["dots/x"]),
    "a workspace above home": ({"AGENT_WORKSPACE": ""}, ["home/.kiro/settings/mcp.json", "home/kiro/x"], ["home/x"]),
    "the home directory": (
        {"AGENT_WORKSPACE": "home"},
        [".config/kiro2chat/config.toml", "set/config.toml", ".local/share/kiro2chat/kiro2chat.db", "kiro/settings/mcp.json"],
        [".config/other", "desk/x"],
    ),
    "beside its config.toml": (
        {"AGENT_WORKSPACE": "home/desk", "KIRO2CHAT_CONFIG": "home/desk/c.toml"}, ["c.toml"], ["x", "sub/x"],
    ),
    "below its data": ({"XDG_DATA_HOME": "home/data"}, ["../kiro2chat.db"], ["x"]),
}  # fmt: skip


@pytest.mark.parametrize("name", GUARDED)
async def test_what_decides_over_programs_and_keys_is_not_written_to(tmp_path: Path, name: str) -> None:
    environ, refused, written = GUARDED[name]
    home = tmp_path / "home"
    (home / "desk" / "dot").mkdir(parents=True)
    (home / "desk" / ".kiro").symlink_to("dot")
    (home / "kiro").mkdir()
    (home / ".kiro").symlink_to("kiro")
    (home / ".config" / "kiro2chat").mkdir(parents=True)
    (home / "set").symlink_to(".config/kiro2chat")
    places = {variable: str(tmp_path / place) for variable, place in environ.items()}
    tools = {tool.name: tool for tool in built_in_tools(Settings.load({"HOME": str(home)} | places))}
    for path in refused:
        for mode in ("create", "overwrite", "append"):
            assert (await tools["file_write"].call({"path": path, "content": "x", "mode": mode})).is_error, path
    for path in written:
        assert not (await tools["file_write"].call({"path": path, "content": "x"})).is_error, path


async def test_what_is_wrong_is_an_outcome_and_what_is_cancelled_is_over(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "AGENT_SHELL_TIMEOUT": "1"}
    tools = {tool.name: tool for tool in built_in_tools(Settings.load(environ))}
    assert (await tools["calculator"].call({"expression": "9**9**9"})).is_error
    assert (await tools["calculator"].call({"expr": "1"})).is_error
    assert (await tools["shell"].call({"command": "sleep 1000"})).is_error
    call = asyncio.create_task(tools["shell"].call({"command": "sleep 1000"}))
    await asyncio.sleep(0.1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
