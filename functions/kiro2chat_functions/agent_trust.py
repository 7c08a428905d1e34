"""`kiro2chat agent` in a foreign folder: the programs that its mcp.json names start once somebody has confirmed them."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.prompt import Confirm
from rich.text import Text as Styled

from kiro2chat_core.agent.mcp_config import config_paths, file_text
from kiro2chat_core.agent.mcp_trust import Trust, fingerprint
from kiro2chat_core.errors import SettingsError
from kiro2chat_core.settings import Settings

__all__ = ["allowed"]


def allowed(settings: Settings, console: Console, *, trust: bool) -> dict[Path, str]:
    """The workspace's mcp.json by its path, and the fingerprint that it may have: "" where its servers must not start. Asks at
    the terminal where there is one; `trust` says yes beforehand.

    Raises:
        SettingsError: a yes cannot be kept.
    """
    user, path = config_paths(settings, settings.workspace)
    if path.resolve() == user.resolve():
        return {}
    try:
        text = file_text(path)
    except SettingsError:  # which is told when the servers are read
        return {path: ""}
    servers = list(_servers(text))
    known = Trust(settings.data_dir)
    if servers and not known.confirmed(path, text):
        if not trust and not _confirmed(path, servers, console):
            return {path: ""}
        known.confirm(path, text)
    return {path: fingerprint(text)}


def _confirmed(path: Path, servers: list[tuple[str, Mapping[str, Any]]], console: Console) -> bool:
    if not sys.stdin.isatty():
        told = f"The MCP servers of {path} are not started: nobody has confirmed them. --trust does."
        Console(stderr=True, highlight=False).print(told, markup=False, soft_wrap=True)
        return False
    lines = [Styled(_visible(f"{name}: {_told(entry)}")) for name, entry in servers]
    console.print(Panel(Group(*lines), title="This folder's mcp.json wants to start", border_style="yellow"))
    return Confirm.ask("Trust this file as it is now", default=False, console=console)


def _servers(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Those that would be started, as they stand there."""
    try:
        found = json.loads(text)["mcpServers"].items()
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return  # which is told when the servers are read
    for name, entry in found:
        if isinstance(entry, dict) and entry.get("disabled") is not True:
            yield name, entry


def _told(entry: Mapping[str, Any]) -> str:
    """All that decides what it does."""
    args = entry.get("args")
    words = [*_pairs(entry, "env", "="), str(entry.get("command") or entry.get("url"))]
    words += [*(args if isinstance(args, list) else []), *_pairs(entry, "headers", ": ")]
    folder = f", in {entry['cwd']}" if entry.get("cwd") else ""
    unasked = entry.get("autoApprove")
    free = f"; without asking: {', '.join(map(str, unasked))}" if isinstance(unasked, list) and unasked else ""
    return shlex.join(map(str, words)) + folder + free


def _pairs(entry: Mapping[str, Any], member: str, between: str) -> list[str]:
    pairs = entry.get(member)
    return [f"{name}{between}{value}" for name, value in pairs.items()] if isinstance(pairs, dict) else []


def _visible(text: str) -> str:
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
