"""The sketch's promise: percentiles within its relative error, however the durations were split and merged."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiro2chat_core.sketch import ERROR, GREATEST, LEAST, Sketch, bucket
from kiro2chat_core.store.base import LARGEST

SHARES = (0.0, 0.01, 0.5, 0.9, 0.95, 0.99, 1.0)
durations = st.floats(LEAST, GREATEST)


def exact(values: Sequence[float], share: float) -> float:
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def hold(values: Sequence[float]) -> None:
    for share, found in zip(SHARES, Sketch(values).percentiles(*SHARES), strict=True):
        assert found == pytest.approx(exact(values, share), rel=ERROR * 1.0001)


@given(st.lists(durations, min_size=1, max_size=300))
def test_percentiles_are_within_the_promised_error(values: list[float]) -> None:
    hold(values)


@pytest.mark.parametrize("spread", [0.1, 1.0, 3.0])
def test_percentiles_of_many_durations_as_they_occur(spread: float) -> None:
    dice = random.Random(7)
    hold([min(GREATEST, max(LEAST, dice.lognormvariate(1, spread))) for _ in range(20_000)])


@given(st.lists(st.lists(durations, max_size=50), min_size=3, max_size=3))
def test_merging_is_associative_commutative_and_the_same_as_seeing_all(parts: list[list[float]]) -> None:
    one, two, three = map(Sketch, parts)
    left, right = Sketch(), Sketch()
    for sketch in (one, two, three):
        left.merge(sketch)
    right.merge(three)
    inner = Sketch(parts[1])
    inner.merge(one)
    right.merge(inner)
    assert left.buckets == right.buckets == Sketch([value for part in parts for value in part]).buckets


@given(st.lists(durations, max_size=100), st.lists(durations, max_size=100))
def test_counters_that_were_added_are_the_merged_sketch(one: list[float], two: list[float]) -> None:
    item: dict[str, float] = {"count": 3}
    for sketch in (Sketch(one), Sketch(two)):
        for name, amount in sketch.counters("s.").items():
            item[name] = item.get(name, 0) + amount
    read = Sketch()
    read.count(item, "s.")
    assert read.buckets == Sketch(one + two).buckets


@pytest.mark.parametrize("odd", [0.0, -1.0, math.inf, -math.inf, math.nan, 1e300, 5e-324])
def test_durations_that_cannot_be_fall_into_the_outermost_buckets(odd: float) -> None:
    assert bucket(odd) in (bucket(LEAST), bucket(GREATEST))


def test_no_durations_have_no_percentiles() -> None:
    assert Sketch().percentiles(0.5, 0.99) == (None, None)


def test_all_buckets_fit_into_an_item() -> None:
    buckets = bucket(GREATEST) - bucket(LEAST) + 1
    assert 2 * buckets * len('"s.-1234":9007199254740992,') < LARGEST / 4
