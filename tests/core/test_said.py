"""What is kept of a body is JSON of a bounded size, whatever the body is; and goes with its record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.test_journal import NOW, Clocked, report

from kiro2chat_core import jsonio
from kiro2chat_core.ids import made_at, new_id
from kiro2chat_core.records import Records, said_key_of
from kiro2chat_core.report import Said
from kiro2chat_core.said import LARGEST, said_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.text("aA0+/", min_size=200),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def asked(value: Any) -> Any:
    said = said_of(report(said=Said(value)))
    assert said is not None
    return said["asked"]


@given(JSON)
def test_small_bodies_are_kept_as_they_are(value: Any) -> None:
    kept = asked(value)
    assert jsonio.loads(jsonio.dumps(kept)) == kept
    if len(jsonio.dumps(value)) < 200:
        assert kept == value


@pytest.mark.parametrize(
    "value",
    [
        ["x" * 1000] * 10_000,
        [[[["x" * 150] * 12] * 12] * 12] * 12,
        {f"{number}" * 100: "é" * 100 for number in range(10_000)},
        list(range(2_000_000)),
        {"\x00" * 5000: "\x00" * 5_000_000},
    ],
    ids=["messages", "a tree", "names", "numbers", "escapes"],
)
def test_nothing_is_too_large(value: Any) -> None:
    kept = asked(value)
    assert len(jsonio.dumps(kept)) <= LARGEST
    assert jsonio.loads(jsonio.dumps(kept)) == kept


def test_deep_bodies_end_somewhere() -> None:
    value: Any = "deep"
    for _ in range(99):
        value = [value]
    assert "deep" not in str(asked(value))


@pytest.mark.parametrize(
    "value", ["QUJD" * 100, "\n".join(["QUJD" * 19] * 9), "data:a/b;base64,QUJD", "x data:;base64,QUJD y"]
)
def test_base64_is_told_by_its_size(value: str) -> None:
    assert "QUJD" not in asked(value)
    assert "characters of base64" in asked({"a": [value]})["a"][0]


@pytest.mark.parametrize("value", ["a" * 239, "word " * 100, "one\ntwo\n" * 200, "data: base64, no", "路" * 300])
def test_texts_are_texts(value: str) -> None:
    assert asked(value) == value


def test_ids_tell_when_they_were_made() -> None:
    first, second = new_id("msg_"), new_id("msg_")
    assert first != second
    assert len(first) == 36
    at = made_at(first)
    assert at is not None
    assert made_at("chatcmpl-" + first[4:]) == at
    for other in ("", "msg_", first[:-1], first + "0", "msg_" + "g" * 32, first.upper(), first + "\n"):
        assert made_at(other) is None


@pytest.mark.anyio
async def test_what_was_said_goes_with_its_record(tmp_path: Path) -> None:
    this = Clocked(tmp_path, journal_days=3, journal_bodies=True)
    this.journal.note(report(said=Said({"a": "b"})))
    (record,) = await this.found()
    records = Records(this.store, 3)
    assert await records.get(record["id"], now=NOW) == record
    assert await records.said(record) == {"asked": {"a": "b"}, "answered": None}
    item = await this.store.get(said_key_of(record))
    assert item is not None
    assert item.expires_at == record["at"] + 3 * 86_400
    this.now = NOW + 4 * 86_400
    assert await records.said(record) is None
    assert await records.get(record["id"], now=this.now) is None
    await this.aclose()
