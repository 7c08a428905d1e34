"""Kinds of settings: how a value is read from an environment variable or a TOML file, written back, and shown to a form.

Each kind reads text, since every value can come from the environment; a TOML value must be of the type that the kind has there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from .secret import Secret

__all__ = [
    "Kind",
    "assignments",
    "choice",
    "header",
    "header_secret",
    "hosts",
    "integer",
    "is_plain",
    "matching",
    "names",
    "number",
    "origins",
    "path",
    "region",
    "secret",
    "store",
    "store_path",
    "switch",
    "text",
    "url",
]


@dataclass(frozen=True, slots=True)
class Kind:
    """`schema` is a JSON Schema of the value, with `writeOnly` where it is secret."""

    of_text: Callable[[str], Any]
    """Raises ValueError("expected …")."""

    toml: tuple[type, ...]
    """Types of TOML values that are taken."""

    schema: Mapping[str, Any]

    of_file: Callable[[str], Any] | None = None
    """The same as `of_text` for text in a file, where that differs."""

    def of_toml(self, value: object) -> Any:
        """Raises ValueError("expected …")."""
        if not isinstance(value, self.toml) or (isinstance(value, bool) and bool not in self.toml):
            raise ValueError(f"expected {_TYPES[self.toml[0]]}, not {_named(value)}")
        if isinstance(value, list):
            if not all(isinstance(each, str) and "," not in each for each in value):
                raise ValueError("expected an array of strings without commas")
            return self.of_text(",".join(value))
        return self.for_file(str(value).lower() if isinstance(value, bool) else str(value))

    def for_file(self, raw: str) -> Any:
        """Text that stands in a file, or shall. Raises ValueError("expected …")."""
        return (self.of_file or self.of_text)(raw)

    def to_toml(self, value: Any) -> Any:
        """What `of_toml` takes; a secret is written as it is."""
        if isinstance(value, Secret):
            return value.reveal()
        if isinstance(value, tuple):
            return list(value)
        return str(value) if isinstance(value, Path) else value


_TYPES: Mapping[type, str] = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "an array",
}


def _named(value: object) -> str:
    return next((name for kind, name in _TYPES.items() if type(value) is kind), f"a {type(value).__name__}")


_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


_TRICKS = re.compile(r"[\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Ends of lines, overrides of direction, and halves of characters, as bytes that are no UTF-8 come from a terminal."""


def is_plain(name: str) -> bool:
    """Whether a name is what it looks like, wherever it is shown: nothing in it moves a cursor or turns the text around."""
    return not (_CONTROLS.search(name) or _TRICKS.search(name))


def _sound(raw: str) -> str:
    """Text that means what it looks like. The environment's is never empty: an empty variable counts as unset."""
    if not raw:
        raise ValueError("expected something; leave the setting out to have its default")
    if raw != raw.strip() or _CONTROLS.search(raw):
        raise ValueError("expected text without blanks around it and without control characters")
    return raw


text = Kind(_sound, (str,), {"type": "string"})
secret = Kind(lambda raw: Secret(_sound(raw)), (str,), {"type": "string", "writeOnly": True})


def _path(raw: str) -> Path:
    try:
        return Path(_sound(raw)).expanduser()
    except RuntimeError:
        raise ValueError("expected a path; its user has no home directory") from None


def _whole_path(raw: str) -> Path:
    """A file is read from whatever folder one is in."""
    found = _path(raw)
    if not found.is_absolute():
        raise ValueError("expected a whole path, from / or ~ on: a file is read from any folder")
    return found


path = Kind(lambda raw: _path(raw).absolute(), (str,), {"type": "string", "format": "path"}, _whole_path)


def matching(pattern: str, expected: str) -> Kind:
    """Text of a form, which `expected` describes."""

    def read(raw: str) -> str:
        if not re.fullmatch(pattern, raw, re.ASCII):
            raise ValueError(f"expected {expected}")
        return raw

    return Kind(read, (str,), {"type": "string", "pattern": f"^{pattern}$"})


header = matching(r"[!-~](?:[ -~]*[!-~])?", "what may stand in a header: ASCII without control characters")


def _header_secret(raw: str) -> Secret:
    if not re.fullmatch(r"[!-~]+", raw):
        raise ValueError("expected letters, digits and signs of ASCII without blanks: it is sent in a header")
    return Secret(raw)


header_secret = Kind(_header_secret, (str,), {"type": "string", "writeOnly": True})

_SWITCHES = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)


def _switch(raw: str) -> bool:
    if raw.lower() not in _SWITCHES:
        raise ValueError("expected true or false")
    return _SWITCHES[raw.lower()]


switch = Kind(_switch, (bool,), {"type": "boolean"})


def number(low: float, high: float) -> Kind:
    def read(raw: str) -> float:
        try:
            value = float(raw)
        except ValueError:
            raise ValueError(f"expected a number from {low:g} to {high:g}") from None
        if not low <= value <= high:
            raise ValueError(f"expected a number from {low:g} to {high:g}")
        return value

    return Kind(read, (float, int), {"type": "number", "minimum": low, "maximum": high})


def integer(low: int, high: int) -> Kind:
    def read(raw: str) -> int:
        if not re.fullmatch(r"\d{1,15}", raw, re.ASCII) or not low <= int(raw) <= high:
            raise ValueError(f"expected a whole number from {low} to {high}")
        return int(raw)

    return Kind(read, (int,), {"type": "integer", "minimum": low, "maximum": high})


def choice(*words: str) -> Kind:
    def read(raw: str) -> str:
        if raw.lower() not in words:
            raise ValueError(f"expected one of {', '.join(words)}")
        return raw.lower()

    return Kind(read, (str,), {"type": "string", "enum": list(words)})


def names(*allowed: str) -> Kind:
    """A list, separated by commas in the environment; of these words, or any."""

    def read(raw: str) -> tuple[str, ...]:
        words = tuple(word.strip() for word in raw.split(",") if word.strip())
        for word in words:
            if allowed and word not in allowed:
                raise ValueError(f"{word!r} is none of {', '.join(allowed)}")
        if not words:
            raise ValueError("expected at least one name")
        return words

    items = {"type": "string", "enum": list(allowed)} if allowed else {"type": "string"}
    return Kind(read, (list,), {"type": "array", "items": items, "minItems": 1})


_ORIGIN = re.compile(r"https?://[^/?#@\s]+/?")


def _origins(raw: str) -> tuple[str, ...]:
    words: tuple[str, ...] = names().of_text(raw)
    for word in words:
        if word != "*" and not _ORIGIN.fullmatch(word):
            raise ValueError(f"expected origins such as https://chat.example, or *; not {word[:60]!r}")
    return tuple(word.rstrip("/") for word in words)


origins = Kind(_origins, (list,), {"type": "array", "items": {"type": "string"}, "minItems": 1})


_HOST = re.compile(r"(?:[^/?#@:*\[\]\s]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?|(?:[0-9A-Fa-f]*:){2,7}[0-9A-Fa-f.]*|\*")


def _hosts(raw: str) -> tuple[str, ...]:
    words: tuple[str, ...] = names().of_text(raw)
    for word in words:
        if not _HOST.fullmatch(word):
            raise ValueError(
                f"expected names of hosts such as chat.example or chat.example:8443, or *; not {word[:60]!r}"
            )
    return words


hosts = Kind(_hosts, (list,), {"type": "array", "items": {"type": "string"}, "minItems": 1})


def assignments(*words: str) -> Kind:
    """A list of `name=word`, each name once, without spaces around."""

    def read(raw: str) -> tuple[str, ...]:
        pairs: dict[str, str] = {}
        for each in (piece.strip() for piece in raw.split(",") if piece.strip()):
            name, _, word = (part.strip() for part in each.partition("="))
            if not name or name in pairs or word.lower() not in words:
                raise ValueError(f"expected name={'|'.join(words)}, each name once, not {each[:60]!r}")
            pairs[name] = word.lower()
        if not pairs:
            raise ValueError("expected at least one name")
        return tuple(f"{name}={word}" for name, word in pairs.items())

    items = {"type": "string", "pattern": f"^[^=,]+=({'|'.join(words)})$"}
    return Kind(read, (list,), {"type": "array", "items": items, "minItems": 1})


region = matching(r"[a-z]{2}(-[a-z]+)+-\d", "a region such as us-east-1")


def _url(raw: str) -> str:
    try:
        parts = urlsplit(raw)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise ValueError("expected an http or https address such as https://gateway.example")
    return raw.rstrip("/")


url = Kind(_url, (str,), {"type": "string", "format": "uri"})


def store_path(raw: str) -> Path:
    """The file that `sqlite:///ABSOLUTE/PATH` names. What is no letter, digit or one of `-._~/` may be %-escaped.

    Raises:
        ValueError: no such kind of store, or no path; it repeats nothing that may be a password.
    """
    try:
        parts = urlsplit(raw)
    except ValueError:
        parts = urlsplit("")
    path = unquote(parts.path)
    plain = parts.scheme == "sqlite" and not (parts.netloc or parts.query or parts.fragment)
    if not plain or not path.startswith("/") or not Path(path).name or "\0" in path:
        expected = "an address with three slashes and a path, such as sqlite:///home/me/kiro2chat.sqlite3"
        raise ValueError(f"expected {expected}")
    return Path(path)


def _store(raw: str) -> str:
    store_path(raw)
    return raw


store = Kind(_store, (str,), {"type": "string", "format": "uri"})
