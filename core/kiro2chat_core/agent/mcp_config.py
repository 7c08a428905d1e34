"""mcp.json, as Kiro writes it: which MCP servers there are. The workspace's file goes before the user's, server by server.

A server with a mistake is a `Problem` and does not hide the others. Knows neither strands nor mcp: reading costs no import.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from ..errors import SettingsError
from ..kiro.copies import write_private
from ..secret import Secret
from ..settings import Settings
from . import json_lines
from .mcp_members import MEMBERS, TOP, TRANSPORTS, plain, schema, unknown, violations
from .mcp_trust import fingerprint

__all__ = [
    "Problem",
    "ServerConfig",
    "Transport",
    "Weight",
    "check_text",
    "config_paths",
    "file_text",
    "read_config",
    "read_text",
    "schema",
    "write_text",
]

Transport: TypeAlias = Literal["stdio", "http", "sse"]
Weight: TypeAlias = Literal["file", "mistake", "note"]
"""The whole file cannot be read; something in it is wrong, which costs its server; something has no effect."""

_TIMEOUT = 60_000
_NOTHING = Secret("")
_VARIABLE = re.compile(r"\$\{(env:[^}]*|[A-Za-z_][A-Za-z0-9_]*)\}")
_PUBLIC = frozenset({"HOME", "LOGNAME", "PATH", "PWD", "SHELL", "TERM", "USER"})
"""Variables that are no secrets: paths in errors stay readable."""
_MAX_FILE = 1 << 20
_SHORTEST_SECRET = 6
"""Shorter values (`1`, `true`, `prod`) are no secrets; to hide them would only make errors unreadable."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a file. `server` is the one that it is about; "" where it is about them all, or none."""

    message: str
    server: str = ""
    origin: Path | None = None
    line: int | None = None
    column: int | None = None
    member: str = ""
    """Where in the file, such as `mcpServers.time.args`."""
    weight: Weight = "mistake"

    def __str__(self) -> str:
        places = [str(part) for part in (self.origin, self.line, self.column) if part is not None]
        return f"{':'.join(places)}: {self.message}" if places else self.message


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """One server, variables expanded. Equal configs need no new start."""

    name: str
    transport: Transport
    command: str = ""
    args: tuple[str, ...] = ()
    """As they stand in the file, for people."""
    arguments: tuple[Secret, ...] = ()
    """The same with variables expanded: what the program gets."""
    env: Mapping[str, Secret] = field(default_factory=dict)
    cwd: Path | None = None
    url: Secret = _NOTHING
    headers: Mapping[str, Secret] = field(default_factory=dict)
    disabled: bool = False
    auto_approve: tuple[str, ...] = ()
    """Names of tools as the server has them; `*` for all."""
    disabled_tools: tuple[str, ...] = ()
    timeout: float = _TIMEOUT / 1000
    """Seconds for the start, and for each call."""
    origin: Path = Path()
    expanded: tuple[Secret, ...] = ()
    """Values of the variables that were used, but for the public ones."""

    @property
    def reaches(self) -> str:
        """For people: the command, or the host. Neither arguments nor the rest of an address: keys stand in them."""
        return self.command if self.transport == "stdio" else urlsplit(self.url.reveal()).netloc.rpartition("@")[2]

    def masked(self, text: str) -> str:
        """The text without any value that may be a secret of this server."""
        hidden = {secret.reveal() for secret in (*self.env.values(), *self.headers.values(), *self.expanded)}
        hidden |= {word for header in self.headers.values() for word in header.reveal().split()}  # Bearer …
        hidden |= set(_hidden_of(self.url.reveal()))
        for value in sorted((value for value in hidden if len(value) >= _SHORTEST_SECRET), key=len, reverse=True):
            text = text.replace(value, "***")
        return text


def config_paths(settings: Settings, workspace: Path) -> tuple[Path, Path]:
    """The user's file and the workspace's. Neither need be there."""
    below = Path(".kiro", "settings", "mcp.json")
    return settings.home / below, workspace / below


def read_config(
    settings: Settings, workspace: Path, environ: Mapping[str, str], only: Mapping[Path, str] | None = None
) -> tuple[dict[str, ServerConfig], tuple[Problem, ...]]:
    """All servers by name, disabled ones too, and everything that is wrong. A file that is not there is an empty one, and so is
    one whose fingerprint is not the one that `only` has for it.

    A server that is broken in the workspace's file does not fall back to the user's: that would run something else than
    what is written.
    """
    servers: dict[str, ServerConfig] = {}
    problems: list[Problem] = []
    for path in dict.fromkeys(config_paths(settings, workspace)):
        try:
            text = file_text(path)
        except SettingsError as refused:
            problems.append(Problem(refused.message, origin=path, weight="file"))
            continue
        if only is not None and path in only and only[path] != fingerprint(text):
            continue
        found, wrong = read_text(text, path, workspace, environ, home=settings.home)
        broken = _broken(wrong)
        problems = [problem for problem in problems if problem.server not in {*found, *broken} - {""}] + list(wrong)
        servers = {name: server for name, server in servers.items() if name not in broken} | found
    return servers, tuple(problems)


def read_text(
    text: str, origin: Path, workspace: Path, environ: Mapping[str, str], *, home: Path
) -> tuple[dict[str, ServerConfig], tuple[Problem, ...]]:
    """The servers of one file's text, and what is wrong with it."""
    document, problems = _checked(text, origin)
    broken = _broken(problems)
    servers: dict[str, ServerConfig] = {}
    if document is None:
        return servers, tuple(problems)
    for name, entry in document.value["mcpServers"].items():
        if name in broken:
            continue
        try:
            servers[name] = _server(name, plain(entry), origin, workspace, environ, home)
        except _Unusable as bad:
            problems.append(_problem(document, origin, ("mcpServers", name, bad.member), str(bad), name))
    return servers, tuple(problems)


def _broken(problems: Iterable[Problem]) -> set[str]:
    return {problem.server for problem in problems if problem.server and problem.weight == "mistake"}


def check_text(text: str) -> list[Problem]:
    """What is wrong with a file's text, for an editor. Variables are not looked up: the file may be for another machine."""
    return _checked(text, None)[1]


def write_text(path: Path, text: str) -> None:
    """Replace a file: all of it or nothing, mode 0600; a link keeps leading where it leads.

    Raises:
        SettingsError: the text has a mistake; `field` names the member. Or the file cannot be written.
    """
    if first := next((problem for problem in check_text(text) if problem.weight != "note"), None):
        raise SettingsError(str(first), field=first.member or None)
    try:
        target = path.resolve()
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(target, text.encode())
    except OSError as refused:
        raise SettingsError(f"{path} cannot be written ({refused.strerror or refused}).") from None


def file_text(path: Path) -> str:
    """Of a file's text, "" where there is none.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        if path.stat().st_size > _MAX_FILE:
            raise SettingsError(f"{path} is larger than {_MAX_FILE >> 20} MiB: that is no list of servers.")
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except UnicodeDecodeError:
        raise SettingsError("it is not UTF-8 text: write it anew, as JSON.") from None
    except OSError as refused:
        raise SettingsError(f"it cannot be read ({refused.strerror or refused}).") from None


def _checked(text: str, origin: Path | None) -> tuple[json_lines.Located | None, list[Problem]]:
    """The document, None where nothing in it can be used."""
    if not text.strip():
        return None, []
    try:
        document = json_lines.parse(text)
    except json_lines.Broken as bad:
        return None, [Problem(f"not valid JSON: {bad}.", "", origin, bad.line, bad.column, weight="file")]
    servers = document.value.get("mcpServers") if isinstance(document.value, dict) else None
    if not isinstance(servers, dict):
        at: json_lines.Path = ("mcpServers",) if isinstance(document.value, dict) else ()
        return None, [_problem(document, origin, at, 'must be an object: {"mcpServers": {"name": {…}}}', weight="file")]
    problems = [
        _problem(document, origin, (name,), f"is unknown and has no effect; expected {TOP[0]}", weight="note")
        for name in document.value
        if name not in TOP
    ]
    for path in document.doubled:
        server = str(path[1]) if path[0] == "mcpServers" and len(path) > 1 else ""
        problems.append(_problem(document, origin, path, "is there twice", server))
    for name, entry in servers.items():
        if not name.strip() or len(name) > 100 or not name.isprintable():
            problems.append(
                _problem(document, origin, ("mcpServers", name), "needs a name of at most 100 characters", name)
            )
        problems += [
            _problem(document, origin, ("mcpServers", name, *path), sentence, name)
            for path, sentence in violations(entry)
        ]
        problems += [
            _problem(document, origin, ("mcpServers", name, member), sentence, name, "note")
            for member, sentence in unknown(entry)
        ]
    return document, problems


def _problem(
    document: json_lines.Located,
    origin: Path | None,
    path: json_lines.Path,
    sentence: str,
    server: str = "",
    weight: Weight = "mistake",
) -> Problem:
    member = ".".join(str(part)[:100] for part in path) or "the file"
    return Problem(f"{member} {sentence}.", server, origin, document.line(path), None, member if path else "", weight)


class _Unusable(Exception):
    def __init__(self, member: str, sentence: str) -> None:
        super().__init__(sentence)
        self.member = member


def _server(
    name: str, entry: Mapping[str, Any], origin: Path, workspace: Path, environ: Mapping[str, str], home: Path
) -> ServerConfig:
    used: list[Secret] = []
    disabled = entry.get("disabled", False)

    def expand(member: str, text: str) -> str:
        def value(match: re.Match[str]) -> str:
            variable = match[1].removeprefix("env:")
            if variable not in environ:
                if disabled:  # it will not be started
                    return match[0]
                raise _Unusable(member, f"uses {match[0]}, and the environment has no {variable or 'such variable'}")
            if variable not in _PUBLIC:
                used.append(Secret(environ[variable]))
            return environ[variable]

        return _VARIABLE.sub(value, text)

    kind = next((TRANSPORTS[entry[key]] for key in ("type", "transport") if key in entry), None)
    kind = kind or ("stdio" if "command" in entry else "http")
    url = expand("url", entry.get("url", ""))
    if url and not disabled and not MEMBERS["url"].fits(url):
        raise _Unusable("url", f"must be {MEMBERS['url'].expected} once its variables are expanded")
    headers = {key: expand("headers", value) for key, value in entry.get("headers", {}).items()}
    if not MEMBERS["headers"].fits(headers):
        raise _Unusable("headers", f"must be {MEMBERS['headers'].expected} once their variables are expanded")
    return ServerConfig(
        name,
        cast("Transport", kind),
        command=_program(expand("command", entry.get("command", "")), home),
        args=tuple(entry.get("args", ())),
        arguments=tuple(Secret(expand("args", text)) for text in entry.get("args", ())),
        env=_secrets(entry.get("env", {}), lambda text: expand("env", text)),
        cwd=_folder(expand("cwd", entry.get("cwd", "")), workspace, home) if kind == "stdio" else None,
        url=Secret(url),
        headers={key: Secret(value) for key, value in headers.items()},
        disabled=disabled,
        auto_approve=tuple(entry.get("autoApprove", ())),
        disabled_tools=tuple(entry.get("disabledTools", ())),
        timeout=(entry.get("timeout") or _TIMEOUT) / 1000,
        origin=origin,
        expanded=tuple(used),
    )


def _hidden_of(url: str) -> Iterator[str]:
    """What of an address may be a key: all of it but the host, as it is written and as it is meant."""
    address = urlsplit(url)
    path = url.partition("://")[2].partition("/")[2]
    written = [url, f"/{path}" if path else "", address.username or "", address.password or ""]
    written += [pair.partition("=")[2] for pair in address.query.split("&")]
    for part in written:
        yield from (part, unquote(part), unquote_plus(part), quote(unquote(part)))


def _secrets(pairs: Mapping[str, str], expand: Callable[[str], str]) -> dict[str, Secret]:
    return {name: Secret(expand(value)) for name, value in pairs.items()}


def _program(command: str, home: Path) -> str:
    return str(home) + command[1:] if command.startswith("~/") else command


def _folder(text: str, workspace: Path, home: Path) -> Path | None:
    if not text:
        return workspace if workspace.is_dir() else None
    return workspace / (home / text[2:] if text.startswith("~/") else text)
