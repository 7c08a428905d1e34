"""A store against a dictionary: random verbs on random keys, in any order, with the clock moving and the store reopened."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from kiro2chat_core.errors import Conflict
from kiro2chat_core.store.base import Amount, Expected, Item, Key, Lease, Store

__all__ = ["run"]

T = TypeVar("T")
_numbers = itertools.count()

TRICKY = (
    "a",
    "a\0",
    "a\0\0",
    "aa",
    "b",
    "B",
    "é",
    "e\u0301",
    "\x7f",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "\U00010000",
    "\U0010ffff",
)
SORTS = st.one_of(st.sampled_from(TRICKY), st.text(min_size=1, max_size=5))
PREFIXES = st.one_of(st.just(""), st.sampled_from(TRICKY), st.text(max_size=2))
PARTITIONS = st.sampled_from(("one", "on", "one "))
KEYS = st.tuples(PARTITIONS, SORTS)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
VALUES = st.dictionaries(st.sampled_from(("n", "m", "", "é")) | st.text(), JSON, max_size=4)
EXPIRIES = st.none() | st.sampled_from((-1.0, 0.0, 0.5, 1.0, 2.0, 60.0, 4000.0))
"""Seconds from now."""
HOLDERS = st.sampled_from(("I", "you"))
AMOUNTS = st.dictionaries(
    st.sampled_from(("n", "m", "")).filter(bool), st.integers(-5, 5) | st.sampled_from((0.5, -0.25)), min_size=1
)


class Opener(Protocol):
    def __call__(self, url: str, *, clock: Callable[[], float]) -> Store: ...


@dataclass
class Held:
    value: dict[str, Any]
    version: int
    expires_at: float | None


def run(place: str, opener: Opener, *, examples: int = 40) -> None:
    class Bound(Machine):
        def open(self) -> Store:
            return opener(place, clock=lambda: self.now)

    run_state_machine_as_test(
        Bound,
        settings=settings(
            max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


class Machine(RuleBasedStateMachine):
    """Each example has partitions of its own, so that none needs a store of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.name = f"example {next(_numbers)}/"
        self.now = 1_795_420_800.0
        self.items: dict[tuple[str, str], Held] = {}
        self.versions: dict[tuple[str, str], set[int]] = {}
        self.leases: dict[tuple[str, str], Lease] = {}
        self.fences: dict[tuple[str, str], int] = {}
        self.runner = asyncio.Runner()
        self.store = self.open()

    def open(self) -> Store:
        raise NotImplementedError

    def teardown(self) -> None:
        self.do(self.store.aclose())
        self.runner.close()

    def do(self, verb: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(verb)

    def key(self, at: tuple[str, str]) -> Key:
        return Key(self.name + at[0], at[1])

    def there(self, at: tuple[str, str]) -> Held | None:
        held = self.items.get(at)
        return held if held is not None and (held.expires_at is None or held.expires_at > self.now) else None

    def item(self, at: tuple[str, str]) -> Item | None:
        held = self.there(at)
        return None if held is None else Item(self.key(at), held.value, held.version, held.expires_at)

    def wrote(self, at: tuple[str, str], value: dict[str, Any], version: int, expires_at: float | None) -> None:
        assert version not in self.versions.setdefault(at, set())
        self.versions[at].add(version)
        self.items[at] = Held(value, version, expires_at)

    @rule(at=KEYS, value=VALUES, expires=EXPIRIES, how=st.sampled_from(("any", "absent", "version", "stale")))
    def put(self, at: tuple[str, str], value: dict[str, Any], expires: float | None, how: str) -> None:
        held = self.there(at)
        expected: Expected = "absent" if how == "absent" else "any"
        fits = how == "any" or (held is None and how == "absent")
        if how in ("version", "stale"):
            expected = (held.version if held else 12345) + (how == "stale")
            fits = how == "version" and held is not None
        expires_at = None if expires is None else self.now + expires
        verb = self.store.put(self.key(at), value, expected=expected, expires_at=expires_at)
        try:
            version = self.do(verb)
        except Conflict:
            assert not fits
        else:
            assert fits
            self.wrote(at, value, version, expires_at)

    @rule(at=KEYS, amounts=AMOUNTS, expires=EXPIRIES)
    def incr(self, at: tuple[str, str], amounts: dict[str, Amount], expires: float | None) -> None:
        held = self.there(at)
        value = dict(held.value) if held else {}
        fits = True
        for name, amount in amounts.items():
            was = value.get(name, 0)
            fits = fits and isinstance(was, int | float) and not isinstance(was, bool)
            value[name] = was + amount if fits else None
        expires_at = self.now + expires if expires is not None else held.expires_at if held else None
        told = None if expires is None else self.now + expires
        try:
            totals = self.do(self.store.incr(self.key(at), amounts, expires_at=told))
        except ValueError:
            assert not fits
            return
        assert fits
        assert totals == {name: value[name] for name in amounts}
        item = self.do(self.store.get(self.key(at)))
        if item is None:  # it was told to have expired already
            assert expires_at is not None
            assert expires_at <= self.now
            self.items.pop(at, None)
        else:
            self.wrote(at, value, item.version, expires_at)

    @rule(at=KEYS, how=st.sampled_from(("any", "version", "stale")))
    def delete(self, at: tuple[str, str], how: str) -> None:
        held = self.there(at)
        expected = None if how == "any" else (held.version if held else 12345) + (how == "stale")
        try:
            gone = self.do(self.store.delete(self.key(at), expected=expected))
        except Conflict:
            assert how == "stale" or (how == "version" and held is None)
        else:
            assert how != "stale"
            assert gone == (held is not None)
            self.items.pop(at, None)

    @rule(at=KEYS)
    def get(self, at: tuple[str, str]) -> None:
        assert self.do(self.store.get(self.key(at))) == self.item(at)

    @rule(
        partition=PARTITIONS,
        prefix=PREFIXES,
        after=st.none() | SORTS,
        limit=st.integers(1, 4),
        newest_first=st.booleans(),
    )
    def list(self, partition: str, prefix: str, after: str | None, limit: int, newest_first: bool) -> None:
        sorts = sorted(
            (sort for of, sort in self.items if of == partition and sort.startswith(prefix) and self.there((of, sort))),
            reverse=newest_first,
        )
        if after is not None:
            sorts = [sort for sort in sorts if (sort < after if newest_first else sort > after)]
        found: tuple[Item, ...] = ()
        while True:
            page = self.do(
                self.store.list(self.name + partition, prefix, after=after, limit=limit, newest_first=newest_first)
            )
            assert len(page.items) <= limit
            found += page.items
            if page.cursor is None:
                break
            after = page.cursor
        assert found == tuple(self.item((partition, sort)) for sort in sorts)

    @rule(at=KEYS, holder=HOLDERS, seconds=st.sampled_from((0.5, 2.0, 90.0)))
    def lease(self, at: tuple[str, str], holder: str, seconds: float) -> None:
        held = self.leases.get(at)
        lease = self.do(self.store.lease(self.key(at), holder, seconds))
        free = held is None or held.until <= self.now or held.holder == holder
        assert (lease is not None) == free
        if lease is not None:
            assert lease.fence > self.fences.get(at, 0)
            self.fences[at] = lease.fence
            assert (lease.holder, lease.until) == (holder, self.now + seconds)
            self.leases[at] = lease

    @rule(at=KEYS, end=st.booleans())
    def renew_or_release(self, at: tuple[str, str], end: bool) -> None:
        if (held := self.leases.get(at)) is None:
            return
        if end:
            assert self.do(self.store.release(held))
            assert not self.do(self.store.release(held))
            del self.leases[at]
        else:
            renewed = self.do(self.store.renew(held, 5))
            assert renewed is not None
            self.leases[at] = renewed

    @rule(seconds=st.sampled_from((0.5, 1.0, 30.0, 100.0)))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def sweep(self) -> None:
        self.do(self.store.sweep())

    @rule()
    def reopen(self) -> None:
        self.do(self.store.aclose())
        self.store = self.open()

    @invariant()
    def nothing_else_is_there(self) -> None:
        for partition in ("one", "on", "one "):
            there = {at[1] for at in self.items if at[0] == partition and self.there(at)}
            found = self.do(self.store.list(self.name + partition, limit=1000)).items
            assert {item.key.sort for item in found} == there
