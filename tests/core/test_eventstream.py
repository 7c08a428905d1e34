"""Frames: the notes' golden vectors, every header type at every split, damage, and botocore as a second opinion."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID
from zlib import crc32

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from kiro2chat_core.errors import Unavailable
from kiro2chat_core.kiro.eventstream import (
    MAX_HEADERS,
    MAX_PAYLOAD,
    Byte,
    CorruptFrame,
    Decoder,
    Frame,
    HeaderValue,
    Integer,
    Long,
    Short,
    Timestamp,
    encode,
)

# -- The golden vectors of protocol notes 4.1 ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Golden:
    name: str
    wire: bytes
    frame: Frame
    message_type: str = ""
    event_type: str = ""
    exception_type: str = ""


GOLDEN = [
    Golden(
        "event",
        bytes.fromhex(
            "0000007c0000005c3bddcf780b3a6576656e742d74797065070016617373697374616e74526573706f6e73654576656e740d3a63"
            "6f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d74797065070005657665"
            "6e747b22636f6e74656e74223a226869227d101904e2"
        ),
        Frame(
            {
                ":event-type": "assistantResponseEvent",
                ":content-type": "application/json",
                ":message-type": "event",
            },
            b'{"content":"hi"}',
        ),
        message_type="event",
        event_type="assistantResponseEvent",
    ),
    Golden(
        "exception",
        bytes.fromhex(
            "0000008800000061de0175f40f3a657863657074696f6e2d747970650700137468726f74746c696e67457863657074696f6e0d3a"
            "636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d7479706507000965786365"
            "7074696f6e7b226d657373616765223a22736c6f7720646f776e227d832ee072"
        ),
        Frame(
            {
                ":exception-type": "throttlingException",
                ":content-type": "application/json",
                ":message-type": "exception",
            },
            b'{"message":"slow down"}',
        ),
        message_type="exception",
        exception_type="throttlingException",
    ),
    Golden("empty", bytes.fromhex("000000100000000005c248eb7d98c8ff"), Frame({})),
]
golden = pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)


def decoded(pieces: Iterable[bytes]) -> list[Frame]:
    decoder = Decoder()
    frames = [frame for piece in pieces for frame in decoder.feed(piece)]
    decoder.finish()
    return frames


def until_damage(pieces: Iterable[bytes]) -> tuple[list[Frame], CorruptFrame | None]:
    decoder = Decoder()
    frames: list[Frame] = []
    try:
        for piece in pieces:
            frames += decoder.feed(piece)
        decoder.finish()
    except CorruptFrame as failure:
        return frames, failure
    return frames, None


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def cut(data: bytes, at: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(at), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@golden
def test_golden_both_directions(case: Golden) -> None:
    assert encode(case.frame) == case.wire
    for pieces in ([case.wire], bytewise(case.wire), [b"", case.wire, b""]):
        assert decoded(pieces) == [case.frame]
    frame = decoded([case.wire])[0]
    assert (frame.message_type, frame.event_type, frame.exception_type) == (
        case.message_type,
        case.event_type,
        case.exception_type,
    )


def test_golden_stream_at_random_splits() -> None:
    wire = b"".join(case.wire for case in GOLDEN) * 3
    frames = [case.frame for case in GOLDEN] * 3
    dice = random.Random(7)
    for _ in range(200):
        pieces = cut(wire, dice.choices(range(len(wire)), k=dice.randrange(9)))
        assert decoded(pieces) == frames


def test_a_frame_is_returned_by_the_feed_that_completes_it() -> None:
    decoder = Decoder()
    wire = GOLDEN[0].wire
    assert decoder.feed(wire[:-1]) == []
    assert decoder.feed(wire[-1:] + wire + wire[:5]) == [GOLDEN[0].frame] * 2
    assert decoder.feed(wire[5:]) == [GOLDEN[0].frame]
    decoder.finish()


def test_headers_cannot_be_changed() -> None:
    (frame,) = decoded([GOLDEN[0].wire])
    with pytest.raises(TypeError):
        frame.headers[":event-type"] = "x"  # type: ignore[index]


def test_text_of_a_header_that_is_no_string() -> None:
    assert Frame({":message-type": 5 > 3, "n": Long(1)}).message_type == ""
    assert Frame({"n": Long(1)}).text("n") == ""


# -- Round trips --------------------------------------------------------------------------------------------------------


def signed(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(1 << bits - 1), (1 << bits - 1) - 1)


utf8 = st.text(st.characters(codec="utf-8"), max_size=40)
values: st.SearchStrategy[HeaderValue] = st.one_of(
    st.booleans(),
    signed(8).map(Byte),
    signed(16).map(Short),
    signed(32).map(Integer),
    signed(64).map(Long),
    st.binary(max_size=40),
    utf8,
    signed(64).map(Timestamp),
    st.uuids(),
)
names = utf8.filter(lambda name: len(name.encode()) <= 255)
frames = st.builds(Frame, st.dictionaries(names, values, max_size=12), st.binary(max_size=200))

ALL_TEN = Frame(
    {
        "true": True,
        "false": False,
        "byte": Byte(-128),
        "short": Short(-32768),
        "integer": Integer(-(2**31)),
        "long": Long(2**63 - 1),
        "bytes": b"\x00\xff",
        "string": "naïve 日本 🎈",
        "timestamp": Timestamp(-(2**63)),
        "uuid": UUID("12345678-1234-5678-1234-567812345678"),
    },
    b"payload",
)


def test_all_ten_types_at_every_split() -> None:
    wire = encode(ALL_TEN)
    for at in range(len(wire) + 1):
        assert decoded([wire[:at], wire[at:]]) == [ALL_TEN]
    (frame,) = decoded(bytewise(wire))
    assert [type(value) for value in frame.headers.values()] == [type(value) for value in ALL_TEN.headers.values()]
    assert list(frame.headers) == list(ALL_TEN.headers), "the order is kept"


def test_numbers_of_different_widths_are_different() -> None:
    assert len({Byte(1), Short(1), Integer(1), Long(1), Timestamp(1), True}) == 6


@given(st.lists(frames, max_size=4), st.data())
def test_round_trip(sent: list[Frame], data: st.DataObject) -> None:
    wire = b"".join(map(encode, sent))
    at = data.draw(st.lists(st.integers(0, len(wire)), max_size=6))
    assert decoded(cut(wire, at)) == sent


@pytest.mark.parametrize(
    "frame",
    [
        Frame({"n" * 256: True}),
        Frame({"é" * 128: True}),
        Frame({"n": Byte(128)}),
        Frame({"n": Short(1 << 15)}),
        Frame({"n": Integer(1 << 31)}),
        Frame({"n": Long(1 << 63)}),
        Frame({"n": "x" * 65536}),
        Frame({"n": b"x" * 65536}),
        Frame({"n": "\ud800"}),
        Frame({str(n): b"x" * 65000 for n in range(3)}),
        Frame({}, bytes(MAX_PAYLOAD + 1)),
    ],
    ids=lambda frame: f"{next(iter(frame.headers.values()), 'payload')!r}"[:20],
)
def test_what_the_wire_cannot_carry(frame: Frame) -> None:
    with pytest.raises(ValueError, match=r".+"):
        encode(frame)


# -- Damage -------------------------------------------------------------------------------------------------------------


def sealed(headers: bytes, payload: bytes = b"") -> bytes:
    """A frame with right checksums around headers that may be wrong."""
    lengths = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    message = lengths + struct.pack("!I", crc32(lengths)) + headers + payload
    return message + struct.pack("!I", crc32(message))


def prelude(total: int, headers: int) -> bytes:
    lengths = struct.pack("!II", total, headers)
    return lengths + struct.pack("!I", crc32(lengths))


GOOD = GOLDEN[0].wire
DAMAGED = {
    "prelude checksum": (GOOD[:11] + b"\x00" + GOOD[12:], "wrong prelude checksum"),
    "a length": (b"\x01" + GOOD[1:], "wrong prelude checksum"),
    "message checksum": (GOOD[:-1] + b"\x00", "wrong message checksum"),
    "a payload bit": (GOOD[:-6] + b"\x00" + GOOD[-5:], "wrong message checksum"),
    "a header bit": (GOOD[:20] + b"\x00" + GOOD[21:], "wrong message checksum"),
    "shorter than itself": (prelude(15, 0), "claims 15 bytes in all"),
    "headers beyond the frame": (prelude(16, 1), "claims 16 bytes in all, 1 of them headers"),
    "headers too large": (prelude(MAX_HEADERS + 17, MAX_HEADERS + 1), f"more than {MAX_HEADERS}"),
    "payload too large": (prelude(MAX_PAYLOAD + 17, 0), f"more than {MAX_PAYLOAD}"),
    "name cut": (sealed(b"\x05abc"), "beyond the headers"),
    "no type": (sealed(b"\x01a"), "beyond the headers"),
    "unknown type": (sealed(b"\x01a\x0a"), "unknown type 10"),
    "number cut": (sealed(b"\x01a\x05\x00\x00"), "beyond the headers"),
    "length cut": (sealed(b"\x01a\x07\x00"), "beyond the headers"),
    "string overlong": (sealed(b"\x01a\x07\x00\x09abc", b"abcdefgh"), "beyond the headers"),
    "bytes overlong": (sealed(b"\x01a\x06\xff\xff", b"abcdefgh"), "beyond the headers"),
    "uuid cut": (sealed(b"\x01a\x09" + bytes(15)), "beyond the headers"),
    "value not UTF-8": (sealed(b"\x01a\x07\x00\x01\xff"), "not UTF-8"),
    "name not UTF-8": (sealed(b"\x01\xff\x00"), "not UTF-8"),
    "duplicate name": (sealed(b"\x01a\x00\x01a\x00"), "'a' twice"),
}
damaged = pytest.mark.parametrize(("wire", "said"), DAMAGED.values(), ids=DAMAGED)


@damaged
@pytest.mark.parametrize("before", [0, 1, 3])
def test_damage_names_offset_and_fault_at_any_split(wire: bytes, said: str, before: int) -> None:
    stream = GOOD * before + wire
    for pieces in ([stream], bytewise(stream), cut(stream, [len(GOOD)])):
        frames, failure = until_damage(pieces)
        assert len(frames) == before, "frames before the damage are not lost"
        assert failure is not None
        assert failure.offset == before * len(GOOD)
        assert f"byte {failure.offset}" in failure.message
        assert said in failure.message


@damaged
def test_a_failed_decoder_stays_failed(wire: bytes, said: str) -> None:
    decoder = Decoder()
    with pytest.raises(CorruptFrame):
        decoder.feed(wire)
    assert decoder.failure is not None
    for again in (lambda: decoder.feed(GOOD), lambda: decoder.feed(b""), decoder.finish):
        with pytest.raises(CorruptFrame) as caught:
            again()
        assert caught.value is decoder.failure


def test_the_failure_is_known_before_the_next_call() -> None:
    decoder = Decoder()
    assert decoder.feed(GOOD + DAMAGED["message checksum"][0]) == [GOLDEN[0].frame]
    assert decoder.failure is not None
    assert decoder.failure.offset == len(GOOD)


def test_limits_are_checked_before_buffering() -> None:
    for wire in (DAMAGED["payload too large"][0], DAMAGED["headers too large"][0]):
        assert len(wire) == 12
        decoder = Decoder()
        with pytest.raises(CorruptFrame):
            decoder.feed(wire)


def test_the_largest_headers_are_taken() -> None:
    # 4 headers of 4 + 32764 bytes each: exactly the limit.
    frame = Frame({str(n): b"x" * (MAX_HEADERS // 4 - 5) for n in range(4)}, b"p")
    assert decoded([encode(frame)]) == [frame]


@pytest.mark.parametrize("size", range(1, len(GOOD)))
def test_cut_short(size: int) -> None:
    decoder = Decoder()
    assert decoder.feed(GOOD + GOOD[:size]) == [GOLDEN[0].frame]
    with pytest.raises(CorruptFrame, match=f"cut short after {size} ") as caught:
        decoder.finish()
    assert caught.value.offset == len(GOOD)


@given(st.integers(0, len(GOOD) * 8 - 1))
def test_no_flipped_bit_goes_unnoticed(bit: int) -> None:
    wire = bytearray(GOOD)
    wire[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CorruptFrame):
        decoded([bytes(wire)])


@given(st.binary(max_size=64))
def test_any_header_block_gives_headers_or_corrupt_frame(block: bytes) -> None:
    try:
        (frame,) = decoded([sealed(block)])
    except CorruptFrame:
        return
    assert decoded([encode(frame)]) == [frame]


def test_corruption_is_the_backends_fault() -> None:
    error = CorruptFrame(5, "is odd")
    assert isinstance(error, Unavailable)
    assert (error.status, error.retryable, error.offset) == (502, True, 5)


# -- botocore as the second opinion -------------------------------------------------------------------------------------


def plain(value: HeaderValue) -> object:
    """A header value as botocore gives it: bare numbers, UUIDs as bytes."""
    match value:
        case Byte(number) | Short(number) | Integer(number) | Long(number) | Timestamp(number):
            return number
        case UUID():
            return value.bytes
        case _:
            return value


@given(st.lists(frames, max_size=4))
def test_botocore_reads_what_we_write(sent: list[Frame]) -> None:
    theirs = EventStreamBuffer()
    theirs.add_data(b"".join(map(encode, sent)))
    got = [(message.headers, message.payload) for message in theirs]
    assert got == [({name: plain(value) for name, value in frame.headers.items()}, frame.payload) for frame in sent]


@given(st.lists(st.tuples(st.sampled_from(range(12)), st.binary(max_size=24)), max_size=5), st.binary(max_size=40))
def test_we_read_what_botocore_reads(raw: list[tuple[int, bytes]], payload: bytes) -> None:
    """Header blocks of raw bytes, mostly well formed: both sides take them alike, or both refuse."""
    block = b"".join(
        bytes((1, 97 + at, kind)) + (struct.pack("!H", len(value)) if kind in (6, 7) else b"") + value
        for at, (kind, value) in enumerate(raw)
    )
    wire = sealed(block, payload)
    theirs = EventStreamBuffer()
    theirs.add_data(wire)
    try:
        (frame,) = decoded([wire])
    except CorruptFrame:
        # botocore checks less: it cuts a value that is too long at the end of the headers. It never reads one right.
        return
    message = next(theirs)
    assert message.payload == frame.payload
    assert message.headers == {name: plain(value) for name, value in frame.headers.items()}
