"""What a store is: six verbs on small JSON objects under two-part keys, that a file and a cloud table do alike.

Every back-end passes the contract suite (`tests/core/store/contract.py`). The verbs are those that DynamoDB does in one call
each (a conditional write, `ADD`, a query within a partition), so that nothing is promised here that it could not keep.

How what lasts is laid out, as partition / sort:

    keys / SHA-256 of an API key, hex            get at each request; put "absent"; list to show them; delete to revoke
    use#ID / minute#2026-11-23T07:54, day#…      incr of what a key used, expires after its window
    requests#2026-11-23 / 1795420800123#ID       request records by UTC day and millisecond (13 digits); put "absent", expires
                                                 after the retention; list newest first, filtered by the reader
    said#2026-11-23 / the same                   what was asked and answered, where it is kept; get, put and expiry as the record
    stats#minute#2026-11-23 / 07:54#MODEL#…      aggregates (hours by month, days by year): incr of counts, tokens, credits and
                                                 the buckets of sketches, so that what two processes saw adds up
    session#KEY#USER#ID / m#000000042#00        agent sessions: put "absent" of each turn in pieces, with an expiry; a lease `run`
    sessions#KEY#USER / session id               their heads: title, model, what is allowed; list
    telegram#updates / update id                 put "absent" for a day: a Conflict is a repeat
    telegram#chats / chat id                     get, put with version; a lease while its turn runs
    config / name                                MCP servers and what else the page saves; put with version

A partition is what one query reads in order; one that grows with traffic carries a day or a month in its name. `joined`
puts names together that others chose.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from .. import jsonio
from ..errors import ItemTooLarge

__all__ = [
    "LARGEST",
    "LONGEST_KEY",
    "LONGEST_PAGE",
    "MOST_COUNTERS",
    "Amount",
    "Expected",
    "Item",
    "Key",
    "Lease",
    "Page",
    "Store",
    "Value",
    "check_amounts",
    "check_expiry",
    "check_lease",
    "check_page",
    "encoded",
    "joined",
    "parted",
    "span",
]

LARGEST = 400_000
"""Bytes of a value as compact JSON. DynamoDB takes 409 600 to an item, its key and names of attributes included. What may
grow longer is laid out as several items (a session: one to a message), so nothing is cut into pieces here."""

LONGEST_KEY = 1024
"""Bytes of either part of a key in UTF-8; DynamoDB's limit for the second."""

LONGEST_PAGE = 1000
"""Items to a page."""

MOST_COUNTERS = 100
"""Counters to one `incr`: an update in DynamoDB has at most 300 operators in 4 kB."""

_GREATEST = 2**53
"""Whole numbers up to here are the same in every JSON and every float."""

Value: TypeAlias = Mapping[str, Any]
"""A JSON object."""

Amount: TypeAlias = int | float

Expected: TypeAlias = int | Literal["any", "absent"]
"""What a write expects to find: an item of this version, anything or nothing, or no item."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Where an item lies. Keys of a partition are ordered by `sort`, by code points (the order of UTF-8 bytes).

    Raises:
        ValueError: a part is empty, longer than LONGEST_KEY bytes, or half of a surrogate pair.
    """

    partition: str
    sort: str

    def __post_init__(self) -> None:
        for name, part in (("partition", self.partition), ("sort", self.sort)):
            if not 0 < len(part.encode()) <= LONGEST_KEY:  # UnicodeEncodeError is a ValueError
                raise ValueError(f"the {name} of a key has 1 to {LONGEST_KEY} bytes")

    def __str__(self) -> str:
        return f"{self.partition}/{self.sort}"


@dataclass(frozen=True, slots=True)
class Item:
    """An item as it was when it was read."""

    key: Key
    value: dict[str, Any]
    version: int
    """Another one after every write of the item, by `incr` too, and after it was deleted and made anew. It says nothing
    else: versions are only compared for being the same."""
    expires_at: float | None = None
    """Seconds since 1970, or never."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some items of a partition in order. Fewer than were asked for, even none, do not mean that there are no more."""

    items: tuple[Item, ...]
    cursor: str | None
    """Where to go on: `after` of the next page. None at the end."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to be the only one, for a time. Leases have keys of their own: an item may have the same."""

    key: Key
    holder: str
    fence: int
    """Greater than that of any earlier lease of this key, for places that must refuse a holder who overslept."""
    until: float
    """Seconds since 1970."""


class Store(Protocol):
    """A place for all that lasts. Safe to use from many tasks of one loop, and by many processes at once.

    A write is done whole or not at all. One that is cancelled, or ends in a StoreError, may have been done; every other
    one that returns is. An item that has expired is not there, for any verb. `clock` gives seconds since 1970.

    Every verb raises:
        StoreUnusable: the place cannot be opened (it is opened by the first verb that needs it, or by `open`).
        StoreError: it was lost later, is full, or is held by another program for too long.
        ValueError: a key, value, name or number that no store takes: a mistake of the caller.
    """

    async def open(self) -> None:
        """Open the place now, to hear of what is wrong with it. Idempotent."""

    async def aclose(self) -> None:
        """Finish the verbs under way and close. Idempotent; later verbs raise StoreError."""

    async def get(self, key: Key) -> Item | None:
        """The item with all writes that have returned, whoever made them."""

    async def put(self, key: Key, value: Value, *, expected: Expected = "any", expires_at: float | None = None) -> int:
        """Replace the whole item, its expiry included; its new version.

        Raises:
            Conflict: the item is not what was expected.
            ItemTooLarge: the value has more than LARGEST bytes.
        """

    async def delete(self, key: Key, *, expected: int | None = None) -> bool:
        """Whether there was an item, which is gone now.

        Raises:
            Conflict: a version was expected, and there is another or none.
        """

    async def list(
        self,
        partition: str,
        prefix: str = "",
        *,
        after: str | None = None,
        limit: int = 100,
        newest_first: bool = False,
    ) -> Page:
        """Items of a partition whose `sort` begins with the prefix, in order of `sort` or, with `newest_first`, against it.

        `after` is a cursor, or any other `sort` to start behind, be it there or not. Items that stay while pages are read
        come exactly once; those written or deleted meanwhile may come or not.
        """

    async def incr(
        self, key: Key, amounts: Mapping[str, Amount], *, expires_at: float | None = None
    ) -> dict[str, Amount]:
        """Add to top-level numbers of the item, all at once; what is not there counts as 0. Their new totals.

        `expires_at` replaces the item's; None leaves it. Whole numbers are exact up to 2**53.

        Raises:
            ValueError: one of them is there and not a number.
            ItemTooLarge: the value would have more than LARGEST bytes.
        """

    async def lease(self, key: Key, holder: str, seconds: float) -> Lease | None:
        """Take a lease, or None while another holder has it. A holder's name is his alone, such as a random id: one who
        has it already takes it anew, and his earlier Lease ends."""

    async def renew(self, lease: Lease, seconds: float) -> Lease | None:
        """The lease from now on for so long, even if its time is over and nobody took it. None if it is lost."""

    async def release(self, lease: Lease) -> bool:
        """Give it back. Whether nobody had taken it meanwhile."""

    async def sweep(self) -> int:
        """Remove what has expired, in small steps; how many items. Writes do some of it in passing."""


def encoded(key: Key, value: Value) -> str:
    """A value as compact JSON, after a check that it comes back the same.

    Raises:
        ValueError: it is no JSON object.
        ItemTooLarge: it has more than LARGEST bytes.
    """
    try:
        data = jsonio.dumps(dict(value))
        same = jsonio.loads(data) == value  # orjson turns NaN into null, tuples into arrays, dates into strings
    except (TypeError, ValueError) as bad:
        raise ValueError(f"{key}: the value is not JSON: {bad}") from None
    if not same:
        raise ValueError(f"{key}: the value is not JSON: it would come back as another")
    if len(data) > LARGEST:
        raise ItemTooLarge(f"{key} would have {len(data)} bytes; an item of the store has at most {LARGEST}.")
    return data.decode()


def check_amounts(amounts: Mapping[str, Amount]) -> None:
    """Raises ValueError."""
    if not 0 < len(amounts) <= MOST_COUNTERS:
        raise ValueError(f"1 to {MOST_COUNTERS} counters are counted at once, not {len(amounts)}")
    for name, amount in amounts.items():
        if not name or isinstance(amount, bool) or not math.isfinite(amount) or abs(amount) > _GREATEST:
            raise ValueError(f"{amount!r} cannot be added to {name!r}")


def check_expiry(expires_at: float | None) -> None:
    """Raises ValueError."""
    if expires_at is not None and not math.isfinite(expires_at):
        raise ValueError(f"an item expires at a time or never, not at {expires_at}")


def check_lease(holder: str, seconds: float) -> None:
    """Raises ValueError."""
    if not holder or not 0 < seconds < math.inf:
        raise ValueError("a lease has a holder and lasts some seconds")


def check_page(partition: str, limit: int) -> None:
    """Raises ValueError."""
    Key(partition, "any")
    if not 0 < limit <= LONGEST_PAGE:
        raise ValueError(f"a page has 1 to {LONGEST_PAGE} items, not {limit}")


def joined(*parts: str) -> str:
    """A part of a key made of several texts, whoever chose them: no two lists of texts give the same."""
    return "#".join(part.replace("%", "%25").replace("#", "%23") for part in parts)


def parted(text: str) -> list[str]:
    """The texts that `joined` put together."""
    return [part.replace("%23", "#").replace("%25", "%") for part in text.split("#")]


def span(prefix: str, after: str | None, newest_first: bool) -> tuple[str, str | None]:
    """(first, end) of a page: `sort` from the first on and before the end; None for no end."""
    low, high = prefix, _beyond(prefix)
    if after is not None and newest_first:
        high = after if high is None else min(high, after)
    elif after is not None:
        low = max(low, after + "\0")  # the very next string
    return low, high


def _beyond(prefix: str) -> str | None:
    """The first string after all that begin with this one."""
    for at in reversed(range(len(prefix))):
        if (point := ord(prefix[at])) < 0x10FFFF:
            return prefix[:at] + chr(0xE000 if point == 0xD7FF else point + 1)  # surrogates are no characters
    return None
