"""All settings, read once at the start and passed down as one frozen value: environment, then config.toml, then defaults.

They are declared in three files, `server_settings.py`, `kiro_settings.py` and `agent_settings.py`, each class standing on the one
before. A setting is a field whose metadata holds its environment variable, its kind and one line of help; the tables in
the READMEs are generated from here (`make docs`). `Settings.source(name)` tells where a value came from.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from . import config_file, described, kinds
from .agent_settings import BUILT_IN_TOOLS, AgentSettings
from .errors import SettingsError
from .kinds import Kind

__all__ = [
    "BUILT_IN_TOOLS",
    "LOOPBACK",
    "Settings",
    "Source",
    "config_path",
    "kinds_of_settings",
    "schema",
    "table",
    "variables",
]

Source: TypeAlias = Literal["given", "env", "file", "default"]
"""The command line, the environment, config.toml, or nobody said anything."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _read(env: str, kind: Kind, raw: str) -> Any:
    try:
        return kind.of_text(raw)
    except ValueError as bad:
        raise SettingsError(f"{env} cannot be used: {bad}.", field=env) from None


@dataclass(frozen=True, slots=True)
class Settings(AgentSettings):
    """Every setting of kiro2chat. Build it with `Settings.load()`; tests may build it directly."""

    on_lambda: bool = field(default=False, repr=False)
    """Whether this is a Lambda function, which others can reach whatever `HOST` says."""

    home: Path = field(default_factory=Path.home, repr=False)
    """The user's home directory: default places of files hang from it."""

    data_home: Path = field(default_factory=lambda: Path.home() / ".local" / "share", repr=False)
    """`XDG_DATA_HOME`, or its default below `home`."""

    config_path: Path = field(default_factory=lambda: Path.home() / ".config" / "kiro2chat" / "config.toml", repr=False)
    """`KIRO2CHAT_CONFIG`, or config.toml below `XDG_CONFIG_HOME`."""

    _sources: Mapping[str, Source] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
        """Read the environment and config.toml; `given` (from the command line) wins, and text there is read as in the
        environment. An empty variable counts as unset.

        Raises:
            SettingsError: a value cannot be used; the message names the variable, or file and line, and what was expected.
        """
        environ = os.environ if environ is None else environ
        return cls.of(config_file.read(config_path(environ), kinds_of_settings()), environ, **given)

    @classmethod
    def of(cls, from_file: Mapping[str, Any], environ: Mapping[str, str], **given: Any) -> Settings:
        """The same with the values of a file that need not have been written yet.

        Raises:
            SettingsError: a value cannot be used.
        """
        home = _home(environ)
        data_home = _folder(environ, "XDG_DATA_HOME", home / ".local" / "share")
        values: dict[str, Any] = {"home": home, "data_home": data_home, "data_dir": data_home / "kiro2chat"}
        values |= {"config_path": config_path(environ), "on_lambda": "AWS_LAMBDA_FUNCTION_NAME" in environ}
        from_env = {
            name: _read(env, kind, raw)
            for name, env, kind in described.settings_of(cls)
            if (raw := environ.get(env, "").strip())
        }
        known = kinds_of_settings()
        chosen = {
            name: _read(f"--{name}", known[name], value) if isinstance(value, str) else value
            for name, value in given.items()
            if value is not None
        }
        sources: dict[str, Source] = {}
        for source, found in (("file", from_file), ("env", from_env), ("given", chosen)):
            values |= found
            sources |= dict.fromkeys(found, cast("Source", source))
        settings = cls(**values, _sources=sources)
        settings._check()
        return settings

    def source(self, name: str) -> Source:
        return self._sources.get(name, "default")

    def with_given(self, **values: Any) -> Settings:
        """The same with these values, which then come from the command line."""
        return replace(self, **values, _sources={**self._sources, **dict.fromkeys(values, "given")})

    @property
    def logins(self) -> tuple[str, ...]:
        """Which logins are looked for, in this order. One that is chosen by name is the only one, unless KIRO_LOGIN says
        otherwise: no other account may answer in its place."""
        named = self.source("login_name") != "default" and self.source("kiro_login") == "default"
        return ("kiro2chat",) if named else self.kiro_login

    @property
    def only_own(self) -> bool:
        """Whether nothing but a login of `kiro2chat login` will do."""
        return self.logins == ("kiro2chat",)

    @property
    def workspace(self) -> Path:
        """Where the agent's files are. Not the folder that kiro2chat was started in: that is often the home directory."""
        return (self.agent_workspace or self.data_dir / "workspace").absolute()

    @property
    def is_loopback(self) -> bool:
        try:
            return self.host.lower() == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def is_reachable(self) -> bool:
        """Whether other machines may reach the server: by its address, through a reverse proxy, or as a Lambda function."""
        return not self.is_loopback or bool(self.allowed_hosts) or self.on_lambda

    @property
    def keeps_bodies(self) -> bool:
        return self.journal_bodies and self.journal_days > 0

    def _check(self) -> None:
        if not self.is_loopback and not self.api_key:
            raise SettingsError(
                f"HOST is {self.host}: an address other machines can reach needs API_KEY to be set.",
                field="host",
            )


def config_path(environ: Mapping[str, str]) -> Path:
    """Where config.toml is, or would be."""
    config_home = _folder(environ, "XDG_CONFIG_HOME", _home(environ) / ".config")
    return _folder(environ, "KIRO2CHAT_CONFIG", config_home / "kiro2chat" / "config.toml")


def _home(environ: Mapping[str, str]) -> Path:
    return _folder(environ, "HOME", Path("~"))


def _folder(environ: Mapping[str, str], variable: str, default: Path) -> Path:
    found: Path = _read(variable, kinds.path, environ.get(variable, "").strip() or str(default))
    return found


def kinds_of_settings() -> dict[str, Kind]:
    """The kind of every setting, by the name of its field."""
    return {name: kind for name, _env, kind in described.settings_of(Settings)}


def variables() -> list[tuple[str, str]]:
    """(name of the field, environment variable) of every setting, in order."""
    return [(name, env) for name, env, _kind in described.settings_of(Settings)]


def schema() -> dict[str, Any]:
    """A JSON Schema of config.toml, for forms: titles are the variables, secrets are `writeOnly`."""
    return described.schema(Settings)


def table(*, chinese: bool = False) -> list[tuple[str, str, str]]:
    """(variable, default as shown, help) of every setting, in order: what the READMEs print."""
    return described.table(Settings, chinese=chinese)
