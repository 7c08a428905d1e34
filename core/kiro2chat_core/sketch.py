"""Percentiles of durations from counters: a sketch whose buckets grow by a constant factor, so that its error is relative.

It is DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees", VLDB
2019) without its collapsing of buckets, since durations have a range that is known. A bucket is a counter with a name, so
what several processes saw adds up in a store by `incr` alone, in any order.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

__all__ = ["ERROR", "GREATEST", "LEAST", "Sketch", "bucket"]

ERROR = 0.01
"""A percentile is told with at most this relative error, between LEAST and GREATEST."""

LEAST = 0.0001
GREATEST = 86_400.0
"""Seconds. What is less or more counts as these."""

_GROWTH = math.log((1 + ERROR) / (1 - ERROR))
_MIDDLE = 2 / (1 + (1 + ERROR) / (1 - ERROR))
"""Of a bucket's upper end: the value that is wrong by ERROR at both its ends."""


def bucket(seconds: float) -> int:
    """The number of the bucket that a duration falls into; not a number counts as LEAST."""
    held = min(max(LEAST, seconds), GREATEST)
    return math.ceil(math.log(held) / _GROWTH)


class Sketch:
    """How many durations fell into each bucket."""

    __slots__ = ("buckets",)

    def __init__(self, durations: Iterable[float] = ()) -> None:
        self.buckets = Counter(map(bucket, durations))

    def merge(self, other: Sketch) -> None:
        """Become the sketch of what both saw."""
        for number, count in other.buckets.items():
            self.buckets[number] += count

    def counters(self, prefix: str) -> dict[str, int]:
        """The buckets as counters of a store's item."""
        return {f"{prefix}{number}": count for number, count in self.buckets.items()}

    def count(self, counters: Mapping[str, float], prefix: str) -> None:
        """Add the buckets among an item's counters."""
        for name, value in counters.items():
            if name.startswith(prefix):
                self.buckets[int(name[len(prefix) :])] += int(value)

    def percentiles(self, *shares: float) -> tuple[float | None, ...]:
        """For each share of 0 to 1 the least duration that so many do not exceed, in seconds; None if there are none."""
        total = sum(self.buckets.values())
        if total <= 0:
            return (None,) * len(shares)
        ordered = sorted(self.buckets.items())
        return tuple(_value(ordered, math.ceil(share * total)) for share in shares)


def _value(ordered: list[tuple[int, int]], rank: int) -> float:
    """The duration of a rank, counted from 1."""
    seen, found = 0, ordered[-1][0]
    for number, count in ordered:
        seen += count
        if seen >= rank:
            found = number
            break
    return math.exp(found * _GROWTH) * _MIDDLE
