"""AWS event-stream framing: bytes ↔ frames. Pure: `feed()` bytes as they come, take the frames they complete.

A frame, big-endian (protocol notes 4.1):

    u32 total length | u32 headers length | u32 CRC32 of these 8 bytes | headers | payload | u32 CRC32 of all before it

A header is `u8 length, name, u8 type, value`. The service sends strings only; all ten types are kept as they came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from struct import Struct, pack
from struct import error as StructError
from types import MappingProxyType
from typing import TypeAlias
from uuid import UUID
from zlib import crc32

from ..errors import Unavailable

__all__ = [
    "MAX_HEADERS",
    "MAX_PAYLOAD",
    "Byte",
    "CorruptFrame",
    "Decoder",
    "Frame",
    "HeaderValue",
    "Integer",
    "Long",
    "Short",
    "Timestamp",
    "encode",
]

MAX_HEADERS = 128 * 1024
MAX_PAYLOAD = 24 * 1024 * 1024

_PRELUDE = Struct("!III")
_LENGTHS = Struct("!II")
_U32 = Struct("!I")
_U16 = Struct("!H")
_SMALLEST = _PRELUDE.size + _U32.size
_REMEMBERED = 32
"""Header blocks a decoder remembers. A stream repeats a handful of them, one per kind of event."""


@dataclass(frozen=True, slots=True)
class Byte:
    """A signed 8-bit header value."""

    value: int


@dataclass(frozen=True, slots=True)
class Short:
    """A signed 16-bit header value."""

    value: int


@dataclass(frozen=True, slots=True)
class Integer:
    """A signed 32-bit header value."""

    value: int


@dataclass(frozen=True, slots=True)
class Long:
    """A signed 64-bit header value."""

    value: int


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A moment in milliseconds since 1970. Not a datetime: the wire reaches far beyond the year 9999."""

    milliseconds: int


HeaderValue: TypeAlias = bool | Byte | Short | Integer | Long | bytes | str | Timestamp | UUID


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of the stream. Two frames are equal when values *and types* of their headers are."""

    headers: Mapping[str, HeaderValue]
    payload: bytes = b""

    def text(self, name: str) -> str:
        """A string header; empty when it is absent or not a string."""
        value = self.headers.get(name)
        return value if isinstance(value, str) else ""

    @property
    def message_type(self) -> str:
        """`event`, `exception` or `error`."""
        return self.text(":message-type")

    @property
    def event_type(self) -> str:
        return self.text(":event-type")

    @property
    def exception_type(self) -> str:
        return self.text(":exception-type")


class CorruptFrame(Unavailable):
    """The stream is damaged. `offset` is where its first bad frame begins, in bytes from the start of the stream."""

    status = 502

    def __init__(self, offset: int, wrong: str) -> None:
        super().__init__(f"Kiro's answer is damaged: the frame at byte {offset} {wrong}.")
        self.offset = offset
        self.wrong = wrong


class _Malformed(Exception):
    """What is wrong with a frame, said by code that does not know its offset."""


class Decoder:
    """Turns a stream of bytes into frames. The work is linear in the bytes, however they are cut.

    Frames that came before damage are never lost: `feed` returns them, and the failure is raised by the next call. It is
    in `failure` already, for a reader that would otherwise wait for bytes that do not come.
    """

    __slots__ = ("_buffer", "_known", "_need", "_offset", "failure")

    def __init__(self) -> None:
        self.failure: CorruptFrame | None = None
        self._buffer = bytearray()
        self._offset = 0
        """Where in the stream the buffer begins."""
        self._need = _PRELUDE.size
        """How much the buffer must hold before there is anything to do: a prelude, then the whole frame."""
        self._known: dict[bytes, Mapping[str, HeaderValue]] = {}

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes and return the frames that are now complete.

        Raises:
            CorruptFrame: the stream is damaged; so does every later call.
        """
        if self.failure is not None:
            raise self.failure
        self._buffer += data
        if len(self._buffer) < self._need:
            return []
        frames: list[Frame] = []
        with memoryview(self._buffer) as view:
            taken, wrong = self._take(view, frames)
        if wrong:
            failure = self._fail(self._offset + taken, wrong)
            if not frames:
                raise failure
            return frames
        del self._buffer[:taken]  # moves a pointer, not the bytes behind it
        self._offset += taken
        return frames

    def finish(self) -> None:
        """The stream has ended.

        Raises:
            CorruptFrame: it ended within a frame, or was damaged before.
        """
        if self.failure is None and self._buffer:
            size = "" if self._need == _PRELUDE.size else f" of {self._need}"
            self._fail(self._offset, f"is cut short after {len(self._buffer)}{size} bytes")
        if self.failure is not None:
            raise self.failure

    def _take(self, view: memoryview, frames: list[Frame]) -> tuple[int, str]:
        """Decode what is whole. Returns the bytes used and what is wrong with the frame after them, if anything."""
        position = 0
        try:
            while len(view) - position >= self._need:
                if self._need == _PRELUDE.size:
                    self._need = _length(view, position)
                    continue
                frames.append(self._frame(view, position, position + self._need))
                position += self._need
                self._need = _PRELUDE.size
        except _Malformed as bad:
            return position, str(bad)
        return position, ""

    def _frame(self, view: memoryview, start: int, end: int) -> Frame:
        _, headers_length, prelude_crc = _PRELUDE.unpack_from(view, start)
        (declared,) = _U32.unpack_from(view, end - _U32.size)
        # The prelude's CRC is that of the first 8 bytes: the message's goes on from there.
        actual = crc32(view[start + _LENGTHS.size : end - _U32.size], prelude_crc)
        if actual != declared:
            raise _Malformed(f"has a wrong message checksum ({declared:08x}, its bytes give {actual:08x})")
        headers_start = start + _PRELUDE.size
        headers_end = headers_start + headers_length
        headers = self._headers(bytes(view[headers_start:headers_end]))
        return Frame(headers, bytes(view[headers_end : end - _U32.size]))

    def _headers(self, block: bytes) -> Mapping[str, HeaderValue]:
        known = self._known.get(block)
        if known is None:
            known = MappingProxyType(_decode_headers(block))
            if len(self._known) < _REMEMBERED:
                self._known[block] = known
        return known

    def _fail(self, offset: int, wrong: str) -> CorruptFrame:
        self.failure = failure = CorruptFrame(offset, wrong)
        self._buffer = bytearray()
        return failure


def encode(frame: Frame) -> bytes:
    """The bytes of a frame.

    Raises:
        ValueError: a name, a value or a part is larger than the wire can carry.
    """
    headers = b"".join(_encode_header(name, value) for name, value in frame.headers.items())
    if len(headers) > MAX_HEADERS or len(frame.payload) > MAX_PAYLOAD:
        raise ValueError(
            f"{len(headers)} bytes of headers and {len(frame.payload)} of payload are too much for a frame"
        )
    lengths = _LENGTHS.pack(_SMALLEST + len(headers) + len(frame.payload), len(headers))
    message = b"".join((lengths, _U32.pack(crc32(lengths)), headers, frame.payload))
    return message + _U32.pack(crc32(message))


def _length(view: memoryview, start: int) -> int:
    """The whole length of the frame whose prelude begins at `start`, once that is known to be true and bearable."""
    total, headers, declared = _PRELUDE.unpack_from(view, start)
    actual = crc32(view[start : start + _LENGTHS.size])
    if actual != declared:
        raise _Malformed(f"has a wrong prelude checksum ({declared:08x}, its bytes give {actual:08x})")
    payload = total - headers - _SMALLEST
    if payload < 0:
        raise _Malformed(f"claims {total} bytes in all, {headers} of them headers")
    if headers > MAX_HEADERS:
        raise _Malformed(f"claims {headers} bytes of headers, more than {MAX_HEADERS}")
    if payload > MAX_PAYLOAD:
        raise _Malformed(f"claims {payload} bytes of payload, more than {MAX_PAYLOAD}")
    return int(total)


class _Reader:
    """A position in a block of headers."""

    __slots__ = ("_block", "_position")

    def __init__(self, block: bytes) -> None:
        self._block = block
        self._position = 0

    def __bool__(self) -> bool:
        return self._position < len(self._block)

    def take(self, size: int) -> bytes:
        end = self._position + size
        if end > len(self._block):
            raise _Malformed("has a header that reaches beyond the headers")
        piece = self._block[self._position : end]
        self._position = end
        return piece

    def text(self, size: int) -> str:
        try:
            return self.take(size).decode()
        except UnicodeDecodeError:
            raise _Malformed("has a header that is not UTF-8") from None

    def byte(self) -> int:
        return self.take(1)[0]

    def short(self) -> int:
        size: int = _U16.unpack(self.take(_U16.size))[0]
        return size


def _fixed(form: str, make: Callable[[int], HeaderValue]) -> Callable[[_Reader], HeaderValue]:
    layout = Struct(form)
    return lambda reader: make(*layout.unpack(reader.take(layout.size)))


_READ: tuple[Callable[[_Reader], HeaderValue], ...] = (
    lambda reader: True,
    lambda reader: False,
    _fixed("!b", Byte),
    _fixed("!h", Short),
    _fixed("!i", Integer),
    _fixed("!q", Long),
    lambda reader: reader.take(reader.short()),
    lambda reader: reader.text(reader.short()),
    _fixed("!q", Timestamp),
    lambda reader: UUID(bytes=reader.take(16)),
)
"""How to read a value of each type; the index is the type's number on the wire."""


def _decode_headers(block: bytes) -> dict[str, HeaderValue]:
    headers: dict[str, HeaderValue] = {}
    reader = _Reader(block)
    while reader:
        name = reader.text(reader.byte())
        kind = reader.byte()
        if kind >= len(_READ):
            raise _Malformed(f"has a header of the unknown type {kind}")
        if name in headers:
            raise _Malformed(f"has the header {name!r} twice")
        headers[name] = _READ[kind](reader)
    return headers


def _encode_header(name: str, value: HeaderValue) -> bytes:
    raw = name.encode()
    if len(raw) > 255:
        raise ValueError(f"the header name {name[:20]!r}… is longer than 255 bytes")
    try:
        return bytes((len(raw),)) + raw + _encode_value(value)
    except StructError:
        raise ValueError(f"the value of header {name!r} is too large for its type") from None


def _encode_value(value: HeaderValue) -> bytes:
    match value:
        case bool():
            return b"\x00" if value else b"\x01"
        case Byte(number):
            return pack("!Bb", 2, number)
        case Short(number):
            return pack("!Bh", 3, number)
        case Integer(number):
            return pack("!Bi", 4, number)
        case Long(number):
            return pack("!Bq", 5, number)
        case bytes():
            return pack("!BH", 6, len(value)) + value
        case str():
            raw = value.encode()
            return pack("!BH", 7, len(raw)) + raw
        case Timestamp(milliseconds):
            return pack("!Bq", 8, milliseconds)
        case UUID():
            return b"\x09" + value.bytes
