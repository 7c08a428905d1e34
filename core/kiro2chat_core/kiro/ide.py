"""Kiro IDE's login: a token's file, and beside it the file of its client registration (protocol notes 1.5)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..settings import Settings
from . import credentials, places
from .account import TOKEN_TYPES, Kind, Looked, Place, from_json

__all__ = ["ide_logins"]

_KINDS: Mapping[str, Kind] = {
    "idc": "odic",
    "social": "social",
    "external_idp": "external-idp",
    "api_key": "api-key",
}
_CURE = "Log in with Kiro again, or run `kiro-cli login`."


def ide_logins(settings: Settings) -> Iterator[Looked]:
    for path in places.ide_tokens(settings):
        place = Place(Path(os.path.realpath(path)))
        try:
            token = _read(path)
        except FileNotFoundError:
            yield Looked(str(path), why="no such file")
            continue
        except OSError as error:
            why = f"{path} cannot be read: {error.strerror or type(error).__name__}. Check who may read it."
            yield Looked(str(path), why=why, broken=place)
            continue
        login = None
        if token is not None:
            method = credentials.words(token, "auth_method").lower()
            kind = _KINDS.get(method) or ("odic" if credentials.words(token, "client_id_hash") else "social")
            login = from_json(
                kind,
                token,
                source=f"Kiro IDE ({path})",
                place=place,
                registration=_registration(path, token) if kind == "odic" else None,
                regions=(settings.kiro_sso_region,),
                token_type=TOKEN_TYPES.get(method),
            )
        if login is None:
            yield Looked(str(path), why=f"{path} is no login of Kiro IDE. {_CURE}", broken=place)
        else:
            yield Looked(str(path), login)


def _registration(path: Path, token: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The companion that the token names: a file beside it, wherever the name may try to lead."""
    name = credentials.words(token, "client_id_hash")
    if not re.fullmatch(r"[0-9a-zA-Z_-]{1,128}", name):
        return None
    try:
        return _read(path.parent / f"{name}.json")
    except OSError:
        return None


def _read(path: Path) -> Mapping[str, Any] | None:
    """The JSON object in a file; None where it holds something else."""
    return credentials.members(path.read_bytes().decode(errors="replace"))
