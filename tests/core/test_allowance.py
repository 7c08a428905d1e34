"""What a plan allows, as far as an answer tells it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from tests.openai_bodies import json_values

from kiro2chat_core.kiro.allowance import Allowance, Plan, parse

FULL = {
    "nextDateReset": 1.7698176e9,
    "usageBreakdownList": [
        {
            "resourceType": "CREDIT", "displayNamePlural": "Credits", "currentUsage": 3, "currentUsageWithPrecision": 3.41,
            "usageLimit": 50, "usageLimitWithPrecision": 50.0, "currentOveragesWithPrecision": 1.5,
            "freeTrialInfo": {"freeTrialStatus": "ACTIVE", "currentUsage": 100, "usageLimit": 500},
        }
    ],
    "subscriptionInfo": {"type": "Q_DEVELOPER_STANDALONE_FREE", "subscriptionTitle": "KIRO FREE"},
    "overageConfiguration": {"overageStatus": "ENABLED"},
}  # fmt: skip

PLANS: dict[str, tuple[Any, Plan]] = {
    "the notes' answer": (FULL, Plan("KIRO FREE", (Allowance("Credits", 3.41, 50, 1.7698176e9, 1.5, 400),), overage=True)),
    "nothing": ({}, Plan("unknown", ())),
    "a trial that is over": (
        {"usageBreakdownList": [{"resourceType": "VIBE", "usageLimit": 5, "nextDateReset": 1.8e9,
                                 "freeTrialInfo": {"freeTrialStatus": "EXPIRED", "usageLimit": 500}}],
         "subscriptionInfo": {"type": "PRO"}},
        Plan("PRO", (Allowance("VIBE", 0, 5, 1.8e9),)),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "plan"), PLANS.values(), ids=PLANS)
def test_plans(answer: Any, plan: Plan) -> None:
    assert parse(answer) == plan


def test_what_is_left_is_never_less_than_nothing() -> None:
    assert Allowance("Credits", 60, 50).left == 0


@given(json_values, json_values)
def test_any_answer_is_a_plan(inner: Any, other: Any) -> None:
    for answer in (
        {"usageBreakdownList": inner, "subscriptionInfo": other},
        {"usageBreakdownList": [{"usageLimit": inner}]},
    ):
        assert isinstance(parse(answer).title, str)
