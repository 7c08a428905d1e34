"""API keys in a store: found, allowed, revoked; what is kept of them; when one is demanded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.keyed import MIDDAY, Clock

from kiro2chat_core.errors import BadRequest, Conflict, StoreError, Unauthorized
from kiro2chat_core.keys import ADMIN, PARTITION, ApiKey, Keys, Limits, day
from kiro2chat_core.kiro import catalog
from kiro2chat_core.secret import Secret
from kiro2chat_core.store.base import LONGEST_PAGE, Key, Store
from kiro2chat_core.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = SqliteStore(tmp_path / "store.sqlite3", clock=Clock())
    yield store
    await store.aclose()


@pytest.fixture
def keys(store: Store) -> Keys:
    return Keys(store, None, Clock())


async def test_a_key_is_found_with_all_that_was_said_of_it(store: Store, keys: Keys) -> None:
    limits = Limits(60, 10**6, 12.5)
    key, secret = await keys.new("alice's editor", expires_at=MIDDAY + 9, models=("auto", "claude-*"), limits=limits)
    assert (key.name, key.created_at, key.expires_at, key.models) == (
        "alice's editor",
        MIDDAY,
        MIDDAY + 9,
        ("auto", "claude-*"),
    )
    assert await keys.find(secret.reveal()) == key
    assert await Keys(store, None, Clock()).find(secret.reveal()) == key
    assert await keys.all() == [key]
    key, secret = await keys.new("prometheus", metrics=True)
    assert await Keys(store, None, Clock()).find(secret.reveal()) == key
    assert key.metrics


async def test_nothing_of_the_key_is_kept(store: Store, keys: Keys) -> None:
    _key, secret = await keys.new("x")
    (item,) = (await store.list(PARTITION)).items
    assert len(item.key.sort) == 64
    assert secret.reveal()[4:] not in f"{item}"
    assert secret.reveal() not in repr(secret)


async def test_a_key_has_256_bits_of_its_own(keys: Keys) -> None:
    made = [(await keys.new("x"))[1].reveal() for _ in range(50)]
    assert len(set(made)) == 50
    assert {len(text) for text in made} == {4 + 43}


async def test_the_admin_key_needs_no_store(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    store = SqliteStore(path)
    keys = Keys(store, Secret("sesame"), is_there=path.exists)
    assert await keys.demanded()
    assert await keys.find("sesame") is ADMIN
    assert await keys.find("other") is None
    assert await keys.find("k2c_" + "A" * 43) is None
    assert not path.exists()
    assert ADMIN.may_use("anything")
    assert ADMIN.limits == Limits()


async def test_looking_for_keys_makes_no_store(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    keys = Keys(SqliteStore(path), None, is_there=path.exists)
    assert not await keys.demanded()
    assert await keys.find("k2c_" + "A" * 43) is None
    assert await keys.all() == []
    with pytest.raises(BadRequest):
        await keys.revoke("x")
    assert not path.exists()


async def test_a_key_is_demanded_once_there_is_one_and_then_until_the_end(store: Store, keys: Keys) -> None:
    key, _secret = await keys.new("x")
    assert await keys.demanded()
    await keys.revoke(key.id)
    assert await keys.demanded()
    assert not await Keys(store, None).demanded()


async def test_a_key_that_was_found_is_one_that_is_demanded(store: Store, keys: Keys) -> None:
    assert not await keys.demanded()  # and believed for some seconds
    _key, secret = await Keys(store, None).new("x")
    assert await keys.find(secret.reveal())
    assert await keys.demanded()


async def test_whoever_has_never_seen_the_store_demands_nothing_and_admits_nobody(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite3").write_bytes(b"nonsense " * 1000)
    store = SqliteStore(tmp_path / "store.sqlite3")
    for _ in range(2):
        with pytest.raises(StoreError, match="cannot be checked at the moment"):
            await Keys(store, None).demanded()
    keys = Keys(store, Secret("sesame"))
    assert await keys.find("sesame") is ADMIN
    assert await keys.find("other") is None
    with pytest.raises(StoreError, match="cannot be checked at the moment"):
        await keys.find("k2c_" + "A" * 43)
    await store.aclose()


async def test_whoever_saw_that_there_are_none_goes_on_without_the_store(store: Store) -> None:
    keys = Keys(store, None, Clock(), fresh=0.0)
    assert not await keys.demanded()
    await store.aclose()
    assert not await keys.demanded()


async def test_an_expired_key_says_when(store: Store) -> None:
    clock = Clock()
    keys = Keys(store, None, clock)
    _key, secret = await keys.new("x", expires_at=MIDDAY + 1)
    clock.now = MIDDAY + 0.999
    assert await keys.find(secret.reveal())
    clock.now = MIDDAY + 1
    with pytest.raises(Unauthorized, match="expired on 2026-11-23"):
        await keys.find(secret.reveal())
    assert len(await keys.all()) == 1


async def test_what_was_found_is_remembered_only_for_so_many(store: Store) -> None:
    keys = Keys(store, None, Clock(), most=2)
    secrets = [(await keys.new(str(n)))[1].reveal() for n in range(4)]
    for text in secrets + secrets:
        assert await keys.find(text)
    assert len(keys._found) == 2
    for key in await keys.all():
        await keys.revoke(key.id)
    assert [await keys.find(text) is None for text in secrets] == [True, True, False, False]


async def test_guesses_are_not_remembered(keys: Keys) -> None:
    for n in range(20):
        assert await keys.find(f"k2c_{n:043}") is None
    assert not keys._found


async def test_an_id_goes_before_a_name(keys: Keys) -> None:
    first, _ = await keys.new("x")
    second, _ = await keys.new(first.id)
    assert await keys.revoke(first.id) == first
    assert await keys.revoke(first.id) == second


UNREADABLE: dict[str, dict[str, Any]] = {
    "no id": {"id": None},
    "no limit": {"requests_per_minute": "5"},
    "a limit that is none": {"tokens_per_day": True},
    "a text of models": {"models": "auto"},
    "models of another kind": {"models": [1]},
    "a time beyond all calendars": {"created_at": 1e300},
    "a name of another kind": {"name": 5},
}


@pytest.mark.parametrize("change", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_key_that_cannot_be_read_opens_nothing_and_is_in_nobodys_way(
    store: Store, keys: Keys, change: dict[str, Any]
) -> None:
    _key, secret = await keys.new("x", limits=Limits(1, 1, 1))
    (item,) = (await store.list(PARTITION)).items
    await store.put(item.key, item.value | change)
    other, text = await keys.new("y")
    with pytest.raises(Unauthorized, match="cannot be read"):
        await keys.find(secret.reveal())
    assert await keys.find(text.reveal()) == other
    (bad,) = [key for key in await keys.all() if not key.readable]
    assert item.key.sort.startswith(bad.id)
    assert await keys.revoke(bad.id) == bad
    assert await keys.all() == [other]


@pytest.mark.parametrize("missing", ["id", "models", "tokens_per_day", "requests_per_minute"])
async def test_a_key_that_cannot_be_read_in_full_is_not_one_without_limits(
    store: Store, keys: Keys, missing: str
) -> None:
    _key, secret = await keys.new("x", limits=Limits(1, 1, 1))
    (item,) = (await store.list(PARTITION)).items
    await store.put(item.key, {name: value for name, value in item.value.items() if name != missing})
    with pytest.raises(Unauthorized, match="cannot be read"):
        await keys.find(secret.reveal())


async def test_a_hash_is_never_written_over(store: Store, keys: Keys, monkeypatch: Any) -> None:
    monkeypatch.setattr("secrets.token_urlsafe", lambda _bytes: "A" * 43)
    await keys.new("x")
    with pytest.raises(Conflict):
        await keys.new("y")


async def test_more_keys_than_a_page_are_all_listed(store: Store, keys: Keys) -> None:
    names = [f"key {n:04}" for n in range(LONGEST_PAGE + 1)]
    for name in names:
        await keys.new(name)
    assert sorted(key.name for key in await keys.all()) == names
    assert (await keys.revoke(names[-1])).name == names[-1]


@pytest.mark.parametrize("name", ["", " ", " x", "x ", "a\nb", "\x1b[31m", "\x9b31m", "\u202etxt", "\udcff", "x" * 101])
async def test_names_that_cannot_be(keys: Keys, name: str) -> None:
    with pytest.raises(BadRequest):
        await keys.new(name)


ALLOWED = {
    "exact": ("claude-sonnet-4.5", {"claude-sonnet-4.5"}),
    "an alias": ("claude-sonnet-4-5", {"claude-sonnet-4.5"}),
    "dated": ("anthropic/claude-sonnet-4-5-20250929", {"claude-sonnet-4.5"}),
    "capitals": ("Claude-Sonnet-4.5", {"claude-sonnet-4.5"}),
    "an alias of auto": ("claude-3.7-sonnet", {"auto"}),
    "a beginning": (
        "claude-sonnet-*",
        {"claude-sonnet-5", "claude-sonnet-4.6", "claude-sonnet-4.5", "claude-sonnet-4"},
    ),
    "with dashes": ("claude-opus-4-*", {"claude-opus-4.8", "claude-opus-4.7", "claude-opus-4.6", "claude-opus-4.5"}),
    "of a vendor": ("openai/gpt-*", {"gpt-5.6-sol", "gpt-5.6-terra", "gpt-5.6-luna"}),
    "all": ("*", {model.id for model in catalog.FALLBACK}),
    "nothing": ("nonsense", set()),
}


@pytest.mark.parametrize(("pattern", "models"), ALLOWED.values(), ids=ALLOWED)
async def test_patterns(pattern: str, models: set[str]) -> None:
    key = ApiKey("id", "name", models=(pattern,))
    assert {model.id for model in catalog.FALLBACK if key.may_use(model.id)} == models


async def test_days_are_utc() -> None:
    assert (day(0), day(86399.9), day(86400)) == ("1970-01-01", "1970-01-01", "1970-01-02")


async def test_no_item_is_made_by_looking(store: Store, keys: Keys) -> None:
    assert not await keys.demanded()
    assert await store.get(Key(PARTITION, "x")) is None
