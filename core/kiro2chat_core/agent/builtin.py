"""The tools that come with kiro2chat, as the settings have them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias, cast

from ..settings import BUILT_IN_TOOLS, Settings
from .calculator_tool import calculator
from .file_tools import file_read, file_write
from .http_tool import http_request
from .mcp_config import config_paths
from .shell import shell
from .tool import AgentTool, Approval
from .workspace import Workspace

__all__ = ["approval_of", "built_in_tools", "handed_out", "names_on"]

Environ: TypeAlias = Mapping[str, str]

_BY_NAME_ONLY = frozenset({"shell", "file_write"})
"""Not on by themselves where others can reach the server: a key that leaks should not be a login to the machine."""


def built_in_tools(settings: Settings, environ: Environ | None = None) -> tuple[AgentTool, ...]:
    """The tools that are on, in a fixed order. `environ` is the server's, of which the shell passes on a little."""
    workspace = Workspace(settings.workspace, _guarded(settings))
    variables = dict(os.environ if environ is None else environ)
    on = names_on(settings)
    return tuple(make(settings, workspace, variables) for name, make in _TOOLS.items() if name in on)


def _guarded(settings: Settings) -> Iterator[Path]:
    """What a file tool must not write to, should the workspace hold it: programs, keys and rights are named there."""
    for file in config_paths(settings, settings.workspace):
        yield file
        yield file.parent.parent
    yield settings.config_path
    if settings.config_path.parent.resolve() != settings.workspace.resolve():
        yield settings.config_path.parent
    yield settings.data_dir


def names_on(settings: Settings) -> tuple[str, ...]:
    """Names of the built-in tools that are on: those in AGENT_TOOLS, else what is safe to have where the server is."""
    if settings.agent_tools:
        wanted = settings.agent_tools
    else:
        wanted = tuple(name for name in BUILT_IN_TOOLS if not (settings.is_reachable and name in _BY_NAME_ONLY))
    return tuple(name for name in BUILT_IN_TOOLS if name in wanted and (name in _ANYWHERE or _POSIX))


def handed_out(tools: Iterable[AgentTool], settings: Settings) -> tuple[AgentTool, ...]:
    """Those of these tools that somebody with a key of his own may use: who approves a command is he himself then."""
    return tuple(tool for tool in tools if tool.name not in _BY_NAME_ONLY or tool.name in settings.agent_tools)


def approval_of(tool: AgentTool, settings: Settings) -> Approval:
    """What happens when the model calls a tool: what AGENT_APPROVAL says of its name, or of `*`, else what the tool says."""
    said = dict(each.split("=", 1) for each in settings.agent_approval)
    word = said.get(tool.name) or said.get("*")
    return cast("Approval", word) if word else tool.approval  # the setting takes no other words


_POSIX = os.name == "posix"
_ANYWHERE = frozenset({"calculator", "http_request"})
"""The others open files relative to open folders, and end process groups."""

_TOOLS: Mapping[str, Callable[[Settings, Workspace, Environ], AgentTool]] = {
    "calculator": lambda settings, workspace, environ: calculator(),
    "file_read": lambda settings, workspace, environ: file_read(workspace),
    "file_write": lambda settings, workspace, environ: file_write(workspace),
    "http_request": lambda settings, workspace, environ: http_request(private=settings.agent_private_addresses),
    "shell": lambda settings, workspace, environ: shell(workspace.root, environ, patience=settings.agent_shell_timeout),
}
