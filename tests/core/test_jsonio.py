"""JSON as clients and backends write it: whatever the bytes, a value that can be written again, or a ValueError."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.openai_bodies import json_values

from kiro2chat_core import jsonio

QUICK = settings(max_examples=200, deadline=None)

READ: dict[str, tuple[str | bytes, Any]] = {
    "text": ('"hi"', "hi"),
    "bytes": (b'{"a":[1,true,null]}', {"a": [1, True, None]}),
    "a pair of surrogates": (r'"\ud83d\ude00"', "😀"),
    "the first half of a pair": (r'"a\ud83d"', "a�"),
    "the second half of a pair": (r'"\ude00b"', "�b"),
    "two halves in the wrong order": (r'"\ude00\ud83d"', "��"),
    "half a pair in a key": (r'{"\ud83d":1}', {"�": 1}),
    "half a pair deep inside": (r'[{"a":["\ud800"]}]', [{"a": ["�"]}]),
    "the last of two keys counts": ('{"a":1,"a":2}', {"a": 2}),
    "the last of two keys counts, beside half a pair": (r'{"a":1,"a":"\ud800"}', {"a": "�"}),
    "the largest unsigned number": ("18446744073709551615", 2**64 - 1),
    "a number beyond 64 bits is a float": ("18446744073709551616", 18446744073709551616.0),
    "a number beyond 64 bits is a float, beside half a pair": (r'[18446744073709551616,"\ud800"]', [2.0**64, "�"]),
    "a negative number beyond 64 bits is a float": (r'[-9223372036854775809,"\ud800"]', [-(2.0**63), "�"]),
    "true beside half a pair stays true": (r'[true,"\ud800"]', [True, "�"]),
    "a byte order mark is no JSON, but spaces are": (b' \r\n\t"x" ', "x"),
}

REFUSED: dict[str, str | bytes] = {
    "nothing": b"",
    "spaces": b"  ",
    "a word": b"hello",
    "NaN": b"NaN",
    "Infinity": b"[Infinity]",
    "NaN beside half a pair": rb'[NaN,"\ud800"]',
    "-Infinity beside half a pair": rb'[-Infinity,"\ud800"]',
    "a number without an end": b"1e400",
    "a number without an end beside half a pair": rb'[1e400,"\ud800"]',
    "a number of 400 digits beside half a pair": b"[1" + b"0" * 400 + rb',"\ud800"]',
    "a number of 5000 digits beside half a pair": b"[" + b"1" * 5000 + rb',"\ud800"]',
    "a trailing comma": b"[1,]",
    "single quotes": b"{'a':1}",
    "two values": b"1 2",
    "half a value": b'{"a":',
    "half an escape": rb'"\ud8',
    "bytes that are no UTF-8": b'"\xff"',
    "a raw half of a pair in a string": '"\ud800"',
    "a raw line break in a string": b'"\n"',
}


@pytest.mark.parametrize(("written", "value"), READ.values(), ids=READ)
def test_what_is_read(written: str | bytes, value: Any) -> None:
    read = jsonio.loads(written)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("written", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(written: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        jsonio.loads(written)


@pytest.mark.parametrize("beside", ["", r',"\ud800"'], ids=["plain", "beside half a pair"])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":[', "]}")], ids=["lists", "objects"])
def test_nesting_is_taken_to_a_hundred_levels_and_no_further(opening: str, closing: str, beside: str) -> None:
    levels = opening.count("[") + opening.count("{")
    good = jsonio.MAX_DEPTH // levels
    inner = f"0{beside}"
    assert jsonio.loads(opening * good + inner + closing * good)
    for deeper in (good + 1, 900, 100_000):
        with pytest.raises(ValueError, match=r"."):
            jsonio.loads(opening * deeper + inner + closing * deeper)


def test_the_depth_that_is_read_can_be_written_within_a_request_body() -> None:
    deep = jsonio.loads("[" * jsonio.MAX_DEPTH + "]" * jsonio.MAX_DEPTH)
    for _ in range(50):
        deep = {"wrapped": [deep]}
    assert jsonio.dumps(deep)


def test_writing_is_compact_utf8() -> None:
    assert jsonio.dumps({"a": ["é", 1.5, None]}) == '{"a":["é",1.5,null]}'.encode()
    assert jsonio.text({"a": ["é", 1.5, None]}) == '{"a":["é",1.5,null]}'


@QUICK
@given(json_values)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert jsonio.loads(jsonio.dumps(value)) == value
    assert jsonio.loads(jsonio.text(value)) == value


almost_json = st.lists(
    st.sampled_from(
        [b"{", b"}", b"[", b"]", b",", b":", b'"', b'"a"', b'"\\ud800"', b"\\u", b"\\", b"1", b"-", b"e9", b"e999", b".",
         b"NaN", b"Infinity", b"true", b"null", b"\xff", b"\xed\xa0\x80", b" ", b"\x00", b"9" * 30, b"9" * 400]
    ),
    max_size=12,
).map(b"".join)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.binary(max_size=40) | almost_json)
@example(b"\xfe\xff\x00\\\x00u")
@example(rb'{"a":1e999,"b":"\ud800"}')
def test_any_bytes_are_a_value_that_can_be_written_or_a_value_error(data: bytes) -> None:
    try:
        value = jsonio.loads(data)
    except ValueError:
        return
    again = jsonio.loads(jsonio.dumps(value))
    assert again == value
    assert all(math.isfinite(number) for number in _numbers(value))


@QUICK
@given(st.text(st.characters(categories=["Cs", "L", "Nd"]), max_size=10))
def test_any_string_escaped_letter_by_letter_comes_back_with_whole_letters(text: str) -> None:
    read = jsonio.loads(json.dumps(text))
    assert read == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") or "�" in read
    assert not any("\ud800" <= letter <= "\udfff" for letter in read)


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for item in value.values() for number in _numbers(item)]
    if isinstance(value, list):
        return [number for item in value for number in _numbers(item)]
    return [value] if isinstance(value, (int, float)) else []
