"""`kiro2chat config`: what is set and where it comes from; changes that are checked before they are written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiro2chat_core import config_file
from kiro2chat_core.errors import Conflict, SettingsError
from kiro2chat_core.kinds import Kind
from kiro2chat_core.secret import Secret
from kiro2chat_core.settings import Settings, config_path, kinds_of_settings, variables
from kiro2chat_core.store.opening import check_place

_PLACES = {"data_dir", "store_url"}

__all__ = ["Change", "get", "listing", "name_of", "overruled", "planned", "saved", "shown"]


def listing(settings: Settings) -> list[tuple[str, str, str]]:
    """(name, value as shown, source) of every setting."""
    return [(name, shown(getattr(settings, name)), settings.source(name)) for name, _env in variables()]


def shown(value: Any) -> str:
    """A value as a person reads it; secrets are only said to be there."""
    if value is None or value == ():
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return ",".join(value) if isinstance(value, tuple) else str(value)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of config.toml that can be made: the settings as they would be at the next start without it and with it, and the
    file's new text."""

    before: Settings
    settings: Settings
    text: str


def planned(
    texts: Mapping[str, str | None], environ: Mapping[str, str] | None = None, version: str | None = None
) -> Change:
    """Settings, given as in the environment, for config.toml; None takes one out. `version` is that of the file which the
    changes were made for; None is any.

    Raises:
        SettingsError: there is no such setting, a value cannot be used, the next start could not work with it, or the file is
            broken.
        Conflict: the file is another by now.
    """
    environ = os.environ if environ is None else environ
    kinds, path = kinds_of_settings(), config_path(environ)
    if version not in (None, config_file.version(path)):
        raise Conflict(f"{path} was changed meanwhile: look at the settings again.")
    values: dict[str, Any] = {}
    for given, text in texts.items():
        if text is None and config_file.holds(path, given):
            values[given] = None  # a mistake is taken out like a setting
            continue
        name = name_of(given)
        try:
            values[name] = None if text is None else kinds[name].for_file(text)
        except ValueError as bad:
            raise SettingsError(f"{name} cannot be used: {bad}.", field=name) from None
    new, found = config_file.changed(path, values, kinds)
    settings = Settings.of(found, environ)
    if _PLACES & values.keys():
        check_place(settings)
    return Change(_as_it_is(path, kinds, environ), settings, new)


def _as_it_is(path: Path, kinds: Mapping[str, Kind], environ: Mapping[str, str]) -> Settings:
    """What the next start would read; the defaults where only the change makes the file one that can be read."""
    try:
        return Settings.of(config_file.read(path, kinds), environ)
    except SettingsError:
        return Settings.of({}, environ)


def saved(
    texts: Mapping[str, str | None], environ: Mapping[str, str] | None = None, version: str | None = None
) -> Change:
    """The same, written. Who else writes at the same time loses nothing.

    Raises:
        SettingsError: as before, or the file cannot be written; nothing has changed.
        Conflict: as before, or somebody else is writing it.
    """
    path = planned(texts, environ, version).settings.config_path  # what cannot be done makes not even a folder
    with config_file.locked(path):
        change = planned(texts, environ, version)
        config_file.write(path, change.text)
    return change


def overruled(change: Change, given: str) -> str | None:
    """The variable that keeps a setting of the file from having an effect here; None for none."""
    name = name_of(given)
    return dict(variables())[name] if change.settings.source(name) == "env" else None


def name_of(given: str) -> str:
    """The name of a setting, or its variable."""
    by_variable = {env: name for name, env in variables()}
    name = by_variable.get(given.upper(), given)
    if name not in by_variable.values():
        raise SettingsError(f"There is no setting {given[:60]!r}; `kiro2chat config` lists them.", field=given[:60])
    return name


def get(settings: Settings, given: str) -> str:
    """One value as it is shown.

    Raises:
        SettingsError: there is no such setting.
    """
    value = getattr(settings, name_of(given))
    return "***" if isinstance(value, Secret) else shown(value)
