"""A folder that file tools cannot leave.

A path is resolved first, links and all; what it resolves to must lie below the root. It is then opened from the root downward,
one folder at a time, without following any link: a resolved path holds none, so whoever puts one there in between is refused
instead of followed. Only regular files are read or written: a FIFO would wait for ever, a device has no end.
"""

from __future__ import annotations

import os
import secrets
import stat
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Entry", "NotAllowed", "Workspace"]

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FILE = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)


_SETTINGS = ".kiro"
"""It names MCP servers, which are programs: writing there would be a way round every approval."""


class NotAllowed(Exception):
    """The message is a sentence that names the path as it was given."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`size` in bytes; None for what is no regular file. `kind` is `file`, `folder`, `link` or `other`."""

    name: str
    kind: str
    size: int | None = None


class Workspace:
    """Files below `root`, which is made, for its owner alone, when it is first needed. Paths are relative to it, or absolute.

    `guarded` are files and folders that are not written to wherever links lead to them, unless the root lies below them.
    """

    def __init__(self, root: Path, guarded: Iterable[Path] = ()) -> None:
        self.root = root
        self._guarded = tuple(guarded)
        self.writing = threading.Lock()
        """Held by whoever reads a file in order to write it anew."""

    def is_folder(self, path: str) -> bool:
        with _told(path):
            return self._inside(path)[0].is_dir()

    def listed(self, path: str, most: int) -> tuple[list[Entry], int]:
        """Up to `most` entries of a folder, in alphabetical order, and how many there are.

        Raises:
            NotAllowed: it lies outside, or is no folder that can be read.
        """
        with _told(path), self._folder(self._inside(path)[1]) as folder:
            names = sorted(os.listdir(folder))
            return [_entry(folder, name) for name in names[:most]], len(names)

    @contextmanager
    def reading(self, path: str) -> Iterator[int]:
        """A descriptor of a regular file, open for reading.

        Raises:
            NotAllowed: it lies outside, is no regular file, or cannot be read.
        """
        with _told(path), self._parent(path) as (folder, name):
            descriptor = os.open(name, os.O_RDONLY | _FILE, dir_fd=folder)
            try:
                _regular(descriptor, path)
                yield descriptor
            finally:
                os.close(descriptor)

    def create(self, path: str, data: bytes) -> None:
        """Write a new file, whole or not at all; folders on the way are made.

        Raises:
            NotAllowed: it exists, lies outside, or cannot be written.
        """
        with _told(path), self._parent(path, make=True) as (folder, name), _temporary(folder, data) as temporary:
            os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)

    def replace(self, path: str, data: bytes) -> bool:
        """Write a file anew, whole or not at all; it keeps its permissions. Whether it was there before.

        Raises:
            NotAllowed: it lies outside, is no regular file, or cannot be written.
        """
        with _told(path), self._parent(path, make=True) as (folder, name):
            mode = _mode(folder, name, path)
            with _temporary(folder, data, mode) as temporary:
                os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            return mode is not None

    def append(self, path: str, data: bytes) -> None:
        """Add to the end of a file, which is made where it is missing.

        Raises:
            NotAllowed: it lies outside, is no regular file, or cannot be written.
        """
        with _told(path), self._parent(path, make=True) as (folder, name):
            descriptor = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _FILE, 0o666, dir_fd=folder)
            try:
                _regular(descriptor, path)
                if os.fstat(descriptor).st_nlink > 1:
                    raise NotAllowed(
                        f"{_shown(path)} has other names too, which may lie outside the workspace: write it anew."
                    )
                _write(descriptor, data)
            finally:
                os.close(descriptor)

    def _inside(self, path: str) -> tuple[Path, tuple[str, ...]]:
        """The path without links, and its parts below the root."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        root = self.root.resolve()
        found = Path(os.path.realpath(root / path))
        if not found.is_relative_to(root):
            raise NotAllowed(
                f"{_shown(path)} lies outside the workspace: paths are relative to it, and links may not lead out."
            )
        return found, found.relative_to(root).parts

    @contextmanager
    def _parent(self, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """The folder of a file, open, and the name in it."""
        found, parts = self._inside(path)
        if not parts:
            raise NotAllowed(f"{_shown(path)} is the workspace itself, a folder.")
        if make and self._is_guarded(path, found, parts):
            raise NotAllowed(f"{_shown(path)} belongs to what Kiro or kiro2chat keeps: only people change those.")
        with self._folder(parts[:-1], make=make) as folder:
            yield folder, parts[-1]

    def _is_guarded(self, path: str, found: Path, parts: tuple[str, ...]) -> bool:
        """By what it is called, as given and in truth, and by where it really is."""
        given = Path(path).relative_to(self.root) if Path(path).is_relative_to(self.root) else Path(path)
        if any(part.lower() == _SETTINGS for part in (*given.parts, *parts)):
            return True
        root = self.root.resolve()
        places = (Path(os.path.realpath(place)) for place in self._guarded)
        return any(found.is_relative_to(place) and place not in root.parents for place in places)

    @contextmanager
    def _folder(self, parts: tuple[str, ...], *, make: bool = False) -> Iterator[int]:
        descriptor = os.open(self.root.resolve(), _FOLDER)
        try:
            for part in parts:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=descriptor)
                below = os.open(part, _FOLDER, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)


@contextmanager
def _temporary(folder: int, data: bytes, mode: int | None = None) -> Iterator[str]:
    """The name of a file with this content, on the disk before it gets its own name; nothing of it stays. `mode` is that of
    the file which it replaces."""
    name = f".{secrets.token_hex(8)}.part"
    new = 0o666 if mode is None else 0o600
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE, new, dir_fd=folder)
    try:
        try:
            if mode is not None:
                os.fchmod(descriptor, mode & 0o777)
            _write(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        yield name
    finally:
        with suppress(FileNotFoundError):  # it has its own name now
            os.unlink(name, dir_fd=folder)


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _regular(descriptor: int, path: str) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise NotAllowed(f"{_shown(path)} is no regular file.")


def _mode(folder: int, name: str, path: str) -> int | None:
    """Permissions of a file that may be replaced; None where there is none."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise NotAllowed(f"{_shown(path)} is no regular file.")
    if not os.access(name, os.W_OK, dir_fd=folder):
        raise PermissionError(13, "Permission denied")
    return stat.S_IMODE(found.st_mode)


def _entry(folder: int, name: str) -> Entry:
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return Entry(name, "other")
    kind = _KINDS.get(stat.S_IFMT(found.st_mode), "other")
    return Entry(name, kind, found.st_size if kind == "file" else None)


_KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}


@contextmanager
def _told(path: str) -> Iterator[None]:
    """The system's errors as sentences that name the path as it was given, not where the workspace lies."""
    try:
        yield
    except FileNotFoundError:
        raise NotAllowed(f"There is no {_shown(path)} in the workspace.") from None
    except FileExistsError:
        raise NotAllowed(f"{_shown(path)} exists already.") from None
    except IsADirectoryError:
        raise NotAllowed(f"{_shown(path)} is a folder.") from None
    except NotADirectoryError:
        raise NotAllowed(f"{_shown(path)} is no folder, or a part of the way to it is none.") from None
    except OSError as refused:
        raise NotAllowed(f"{_shown(path)} cannot be used ({refused.strerror or type(refused).__name__}).") from None
    except ValueError:  # a NUL in it, or half a character
        raise NotAllowed(f"{_shown(path)} is no path.") from None


def _shown(path: str) -> str:
    return repr(path if len(path) <= 200 else path[:200] + "…")
