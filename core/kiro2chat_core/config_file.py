"""`config.toml`: settings that last. Read strictly, so that a typing error does not hide; written without touching comments.

The keys are the names of the settings in small letters: `port = 8000`. The environment goes before the file.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import tempfile
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from .errors import Conflict, SettingsError
from .kinds import Kind

__all__ = ["changed", "holds", "locked", "read", "version", "write"]

T = TypeVar("T")

_PATIENCE = 10.0
"""Seconds that a writer waits for another; either takes milliseconds."""


def read(path: Path, known: Mapping[str, Kind]) -> dict[str, Any]:
    """The settings of a file, checked; none where there is no file.

    Raises:
        SettingsError: it cannot be read or holds something unusable; the message names file and line.
    """
    return _values(path, _text(path), known)


def changed(path: Path, changes: Mapping[str, Any], known: Mapping[str, Kind]) -> tuple[str, dict[str, Any]]:
    """The file's text with these settings, and all values that it would hold; None takes one out. Writes nothing.

    Raises:
        SettingsError: the file is broken, and not by these settings.
    """
    import tomlkit  # 0.1 s that only writing costs

    old = _text(path)
    _values(path, old, known, but=changes)
    document = _parsed(path, old, tomlkit.parse)
    for name, value in changes.items():
        if value is None:
            document.pop(name, None)
        else:
            document[name] = known[name].to_toml(value)
    text = tomlkit.dumps(document)
    return text, _values(path, text, known)


def holds(path: Path, name: str) -> bool:
    """Whether this stands in the file, be it a setting or a mistake.

    Raises:
        SettingsError: it cannot be read.
    """
    return name in _parsed(path, _text(path), tomllib.loads)


def version(path: Path) -> str:
    """Another for every other content of the file.

    Raises:
        SettingsError: it cannot be read.
    """
    return hashlib.sha256(_text(path).encode()).hexdigest()[:16]


@contextlib.contextmanager
def locked(path: Path, patience: float = _PATIENCE) -> Iterator[None]:
    """Between reading the file and writing it nobody else of this kind writes.

    Raises:
        Conflict: somebody does for too long.
        SettingsError: the folder cannot be used.
    """
    import filelock

    lock = filelock.FileLock(path.with_name(f".{path.name}.lock"), timeout=patience, mode=0o600)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout:
        raise Conflict(f"{path} is being written by another program: try again.") from None
    except OSError as refused:
        raise SettingsError(f"{path} cannot be written ({refused.strerror or refused}).") from None
    try:
        yield
    finally:
        lock.release()


def write(path: Path, text: str) -> None:
    """Write the file, made where it is missing: all of it or nothing, mode 0600.

    Raises:
        SettingsError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, text)
    except OSError as refused:
        raise SettingsError(f"{path} cannot be written ({refused.strerror or refused}).") from None


def _text(path: Path) -> str:
    try:
        if path == Path(os.devnull):
            return ""
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for
            raise SettingsError(f"{path} cannot be read (it is no file): name another in KIRO2CHAT_CONFIG.")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8 text: write it anew, as TOML.") from None
    except OSError as refused:
        raise SettingsError(f"{path} cannot be read ({refused.strerror or refused}).") from None


def _values(path: Path, text: str, known: Mapping[str, Kind], but: Collection[str] = ()) -> dict[str, Any]:
    document = _parsed(path, text, tomllib.loads)
    return {name: _value(path, text, name, value, known) for name, value in document.items() if name not in but}


def _parsed(path: Path, text: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(text)
    except RecursionError:
        raise SettingsError(f"{path} is not valid TOML: it is nested too deep.") from None
    except ValueError as bad:  # a syntax error is one, and so is a number of thousands of digits
        raise SettingsError(f"{path} is not valid TOML: {bad}.") from None


def _value(path: Path, text: str, name: str, value: object, known: Mapping[str, Kind]) -> Any:
    place = f"{path}:{_line(text, name)}"
    if name not in known:
        import difflib

        near = difflib.get_close_matches(name.lower(), known, 1)
        hint = f"; did you mean {near[0]}?" if near else ". `kiro2chat config` lists them."
        raise SettingsError(f"{place}: there is no setting {name[:60]!r}{hint}", field=name)
    try:
        return known[name].of_toml(value)
    except ValueError as bad:
        raise SettingsError(f"{place}: {name} cannot be used: {bad}.", field=name) from None


def _line(text: str, name: str) -> int:
    """Where a key of the top level stands; the parser does not tell. What looks like it within a longer value does not count:
    what is before that is no TOML by itself."""
    looks = re.finditer(rf"^[ \t]*(?:\[+[ \t]*)?[\"']?{re.escape(name)}[\"']?[ \t]*[=.\]]", text, re.MULTILINE)
    return next((text.count("\n", 0, at) + 1 for at in (look.start() for look in looks) if _whole(text[:at])), 1)


def _whole(text: str) -> bool:
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _replace(path: Path, text: str) -> None:
    """Atomic; a link keeps leading where it leads."""
    target = path.resolve()
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)  # mkstemp made it 0600
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
