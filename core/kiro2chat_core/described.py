"""What a class of settings says of itself: for whoever reads them, for forms, for the READMEs.

A setting is a field whose metadata holds its variable (`env`), its `kind`, one line of `help`, and how its default is `shown`.
"""

from __future__ import annotations

from dataclasses import field, fields
from typing import Any

from . import settings_zh
from .kinds import Kind

__all__ = ["schema", "setting", "settings_of", "table"]


def setting(env: str, kind: Kind, default: Any, help: str, *, shown: str = "") -> Any:
    """A field that is a setting."""
    return field(default=default, metadata={"env": env, "kind": kind, "help": help, "shown": shown})


_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("agent", ("AGENT_",)),
    ("telegram", ("TELEGRAM_",)),
    ("login", ("LOGIN_", "KIRO_LOGIN", "KIRO_DB_", "KIRO_IDE_", "KIRO_CLI", "KIRO_API_KEY", "KIRO_REFRESH_",
               "KIRO_SSO_", "KIRO_PROFILE_")),
    ("kiro", ("KIRO_", "MODEL_", "ASSISTANT_")),
    ("attachments", ("IMAGE_", "PDF_")),
    ("data", ("DATA_", "STORE_", "JOURNAL_")),
)  # fmt: skip
"""What forms show together, by the beginnings of the variables. The first that fits counts; the rest is the server's."""


def settings_of(declared: type) -> list[tuple[str, str, Kind]]:
    """(name of the field, environment variable, kind) of every setting, in order."""
    found = [(spec.name, spec.metadata) for spec in fields(declared) if "env" in spec.metadata]
    return [(name, metadata["env"], metadata["kind"]) for name, metadata in found]


def schema(declared: type) -> dict[str, Any]:
    """A JSON Schema of config.toml; `group` is what a form shows together, `shown` a default in words. Words are in Chinese
    too, in members that end in `_zh`."""
    properties = {}
    for spec in fields(declared):
        if "env" in spec.metadata:
            default = spec.metadata["kind"].to_toml(spec.default)
            properties[spec.name] = {
                **spec.metadata["kind"].schema,
                "title": spec.metadata["env"],
                "description": spec.metadata["help"],
                "description_zh": settings_zh.HELP[spec.metadata["env"]],
                "group": _group(spec.metadata["env"]),
                **_in_words(spec.metadata["shown"]),
                **({"default": default} if default not in (None, []) and not spec.metadata["shown"] else {}),
            }
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _in_words(shown: str) -> dict[str, str]:
    return {"shown": shown, "shown_zh": settings_zh.SHOWN.get(shown, shown)} if shown else {}


def table(declared: type, *, chinese: bool = False) -> list[tuple[str, str, str]]:
    """(variable, default as shown, help) of every setting, in order."""
    rows = []
    for spec in fields(declared):
        if "env" not in spec.metadata:
            continue
        default = spec.metadata["shown"] or _shown(spec.default)
        env, help = spec.metadata["env"], spec.metadata["help"]
        rows.append(
            (env, settings_zh.SHOWN.get(default, default), settings_zh.HELP[env]) if chinese else (env, default, help)
        )
    return rows


def _group(variable: str) -> str:
    return next((name for name, beginnings in _GROUPS if variable.startswith(beginnings)), "server")


def _shown(value: object) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
