"""Prices of answers that were cut short: learned from those that were not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiro2chat_core.kiro.catalog import Model
from kiro2chat_core.kiro.prices import Prices

MODEL = Model("one", rate=1.0)


def test_without_any_answer_the_rate_decides() -> None:
    prices = Prices()
    short = prices.guess(MODEL, 10, 100)
    assert 0.05 < short < 0.2
    assert prices.guess(replace(MODEL, rate=2.0), 10, 100) == pytest.approx(2 * short)
    assert prices.guess(replace(MODEL, rate=0), 10, 100) == pytest.approx(short)
    assert prices.guess(MODEL, 100_000, 100) > 10 * short


def test_an_answer_teaches_what_one_like_it_costs() -> None:
    prices = Prices()
    prices.learn(MODEL, 1000, 200, 0.3)
    assert prices.guess(MODEL, 1000, 200) == pytest.approx(0.3)
    assert prices.guess(MODEL, 1000, 20) < 0.3
    assert prices.guess(replace(MODEL, id="other"), 1000, 200) != pytest.approx(0.3)


def test_newer_answers_weigh_more() -> None:
    prices = Prices()
    for _ in range(50):
        prices.learn(MODEL, 1000, 200, 0.3)
    for _ in range(50):
        prices.learn(MODEL, 1000, 200, 0.6)
    assert 0.55 < prices.guess(MODEL, 1000, 200) <= 0.6


def test_what_costs_nothing_is_guessed_to_cost_nothing() -> None:
    prices = Prices()
    prices.learn(MODEL, 1000, 200, 0.0)
    assert prices.guess(MODEL, 1000, 200) == 0
