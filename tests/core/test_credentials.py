"""Fields of credentials in every spelling seen in the wild."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kiro_logins import NOW

from kiro2chat_core.kiro import credentials


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("2026-01-01T00:00:00Z", NOW),
        ("2026-01-01T00:00:00.5Z", NOW + 0.5),
        ("2026-01-01T00:00:00.786627Z", NOW + 0.786627),
        ("2026-01-01T00:00:00.786627123Z", NOW + 0.786627123),
        ("2026-01-01T00:00:00.786627123456789Z", NOW + 0.786627123),
        ("2026-01-01t00:00:00z", NOW),
        ("2026-01-01 00:00:00", NOW),
        (" 2026-01-01T00:00:00Z ", NOW),
        ("2026-01-01T02:00:00+02:00", NOW),
        ("2025-12-31T18:30:00-05:30", NOW),
        ("2026-01-01T02:00:00+0200", NOW),
        (1_767_225_600, NOW),
        (1_767_225_600.25, NOW + 0.25),
        (1_767_225_600_000, NOW),
        ("1767225600", NOW),
        ("1767225600000", NOW),
        ("1767225600.5", NOW + 0.5),
        (0, 0.0),
        (None, None),
        (True, None),
        (-5, None),
        (1e30, None),
        ("", None),
        ("soon", None),
        ("2026-13-01T00:00:00Z", None),
        ("0000-01-01T00:00:00Z", None),
        ("2026-01-01T00:00:00+99:00", None),
        ("9999-12-31T23:59:59-23:59", pytest.approx(253402387139)),
        ([NOW], None),
        ({"seconds": NOW}, None),
    ],
)
def test_moments(written: object, seconds: float | None) -> None:
    assert credentials.moment(written) == (seconds if seconds is None else pytest.approx(seconds, abs=1e-6))


@given(
    st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)),
    st.integers(0, 12),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from("Tt "),
)
def test_any_fraction_and_any_offset(instant: datetime, digits: int, minutes: int, separator: str) -> None:
    zone = timezone(timedelta(minutes=minutes))
    there = instant.replace(tzinfo=UTC).astimezone(zone)
    fraction = f"{there.microsecond:06d}".ljust(digits, "0")[:digits]
    sign, offset = ("-", -minutes) if minutes < 0 else ("+", minutes)
    text = f"{there:%Y-%m-%d}{separator}{there:%H:%M:%S}{'.' if digits else ''}{fraction}"
    text += f"{sign}{offset // 60:02d}:{offset % 60:02d}"
    read = credentials.moment(text)
    assert read is not None
    assert 0 <= instant.replace(tzinfo=UTC).timestamp() - read + 1e-6 < 10.0**-digits + 1e-5


@given(st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.booleans(), st.lists(st.integers())))
def test_nothing_upsets_it(value: object) -> None:
    seconds = credentials.moment(value)
    assert seconds is None or isinstance(seconds, float)


@given(st.floats(1e9, 9e9), st.integers(0, 9))
def test_what_is_written_can_be_read(seconds: float, digits: int) -> None:
    read = credentials.moment(credentials.rfc3339(seconds, digits))
    assert read == pytest.approx(seconds, abs=10.0**-digits + 1e-5)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2025-01-01T00:00:00.786Z", "2026-01-01T00:00:00.250Z"),
        ("2025-01-01T00:00:00.786627Z", "2026-01-01T00:00:00.250000Z"),
        ("2025-01-01T00:00:00.786627123+01:00", "2026-01-01T00:00:00.250000000Z"),
        (1_700_000_000, 1_767_225_600),
        (1_700_000_000_000, 1_767_225_600_250),
        ("1700000000", "1767225600"),
        ("1700000000000", "1767225600250"),
        (None, "2026-01-01T00:00:00.250000Z"),
        ("garbage", "2026-01-01T00:00:00.250000Z"),
        (True, "2026-01-01T00:00:00.250000Z"),
    ],
)
def test_a_new_moment_takes_the_form_of_the_old_one(old: object, new: object) -> None:
    written = credentials.like(old, NOW + 0.25)
    assert written == new
    assert type(written) is type(new)


@given(st.one_of(st.integers(0, 10**16), st.text(max_size=30), st.none()), st.floats(1e9, 9e9))
def test_it_can_be_read_again_whatever_the_form(old: object, seconds: float) -> None:
    if isinstance(old, int) and old <= 1e10 < seconds:
        return
    assert credentials.moment(credentials.like(old, seconds)) == pytest.approx(seconds, abs=1.0)


NAMES = ["access_token", "refresh_token", "expires_at", "client_id", "client_secret_expires_at", "region", "scopes"]


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


@given(st.sampled_from(NAMES), st.booleans(), st.booleans())
def test_both_spellings_are_read_and_null_is_absent(name: str, snake: bool, other_null: bool) -> None:
    mine, other = (name, camel(name)) if snake else (camel(name), name)
    value = {other: None, mine: "x"} if other_null and mine != other else {mine: "x"}
    assert credentials.field(value, name) == "x"
    assert credentials.words(value, name) == "x"
    assert credentials.field({mine: None}, name) is None


@pytest.mark.parametrize("value", ["", "a b", "a\r\nx: y", "tökén", "\ud800", 5, None, ["a"], "a\tb"])
def test_what_cannot_stand_in_a_header_is_no_token(value: object) -> None:
    assert credentials.token({"access_token": value}, "access_token") == ""


def test_tokens_with_the_characters_that_services_use() -> None:
    for text in ("aoaAAAA:MGUCMQ/x+y==", "eyJ.a-b_c.~", "1//0g"):
        assert credentials.token({"accessToken": text}, "access_token") == text


ARN = "arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL"


@pytest.mark.parametrize(
    ("text", "arn"),
    [
        (json.dumps({"arn": ARN, "profile_name": "x"}), ARN),
        (json.dumps({"arn": ARN, "profileName": "Social_Default_Profile"}), ARN),
        (json.dumps(ARN), ARN),
        (ARN, ARN),
        ("null", None),
        ("", None),
        ("{}", None),
        ('{"arn": null}', None),
        ('{"arn": 5}', None),
        ("[1]", None),
        ("nonsense", None),
    ],
)
def test_profiles(text: str, arn: str | None) -> None:
    assert credentials.profile_arn(text) == arn


@pytest.mark.parametrize(
    ("text", "value"), [('"eu-west-1"', "eu-west-1"), ("eu-west-1", "eu-west-1"), ("5", ""), ("", "")]
)
def test_plain_state(text: str, value: str) -> None:
    assert credentials.plain(text) == value


CASES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"access_token": "a", "x": 1}, {"access_token": "n", "x": 1, "refresh_token": "r"}),
    ({"accessToken": "a", "x": 1}, {"accessToken": "n", "x": 1, "refreshToken": "r"}),
    ({"accessToken": "a", "refresh_token": "o"}, {"accessToken": "n", "refresh_token": "r"}),
    ({"access_token": None, "accessToken": "a"}, {"access_token": "n", "accessToken": "n", "refreshToken": "r"}),
    ({}, {"access_token": "n", "refresh_token": "r"}),
]


@pytest.mark.parametrize(("value", "merged"), CASES)
def test_merging_keeps_the_spelling_and_what_it_does_not_know(value: dict[str, Any], merged: dict[str, Any]) -> None:
    before = dict(value)
    assert credentials.merged(value, {"access_token": "n", "refresh_token": "r"}) == merged
    assert value == before


@given(
    st.dictionaries(
        st.sampled_from([*NAMES, *map(camel, NAMES), "other", "start_url"]), st.one_of(st.none(), st.text())
    ),
    st.dictionaries(st.sampled_from(NAMES), st.text()),
)
def test_whatever_was_merged_is_read_back(value: dict[str, Any], changes: dict[str, Any]) -> None:
    merged = credentials.merged(value, changes)
    assert all(credentials.field(merged, name) == new for name, new in changes.items())
    spelled = {spelling for name in changes for spelling in (name, camel(name))}
    assert all(merged[name] == old for name, old in value.items() if name not in spelled)
