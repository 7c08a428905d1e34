"""What a login's plan allows and what is left of it (protocol notes 5, GetUsageLimits)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import credentials

__all__ = ["Allowance", "Plan", "parse"]


@dataclass(frozen=True, slots=True)
class Allowance:
    """One kind of what a plan counts. `resets_at` is epoch seconds; None where it is not told."""

    name: str
    used: float
    limit: float
    resets_at: float | None = None
    overage_used: float = 0.0
    free_trial_left: float = 0.0

    @property
    def left(self) -> float:
        return max(0.0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class Plan:
    """`title` as Kiro calls it, such as KIRO FREE; `overage` is whether more than the allowance may be used, at a price.

    `account` is the beginning of whose it is, such as `ab…@example.com`; "" where it is not told.
    """

    title: str
    allowances: tuple[Allowance, ...]
    overage: bool = False
    account: str = ""


def parse(answer: Mapping[str, Any]) -> Plan:
    """The plan in an answer, as far as it can be read: fields come and go."""
    info, overage = _object(answer.get("subscriptionInfo")), _object(answer.get("overageConfiguration"))
    resets_at = credentials.moment(answer.get("nextDateReset"))
    listed = answer.get("usageBreakdownList")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return Plan(
        credentials.words(info, "subscriptionTitle") or credentials.words(info, "type") or "unknown",
        tuple(_allowance(entry, resets_at) for entry in entries),
        overage.get("overageStatus") == "ENABLED",
        _masked(credentials.words(_object(answer.get("userInfo")), "email")),
    )


def _masked(email: str) -> str:
    name, at, host = email.partition("@")
    return f"{name[:2]}…@{host}" if at else ""


def _allowance(entry: Mapping[str, Any], resets_at: float | None) -> Allowance:
    trial = _object(entry.get("freeTrialInfo"))
    active = trial.get("freeTrialStatus") == "ACTIVE"
    return Allowance(
        credentials.words(entry, "displayNamePlural") or credentials.words(entry, "resourceType") or "units",
        _amount(entry, "currentUsage"),
        _amount(entry, "usageLimit"),
        credentials.moment(entry.get("nextDateReset")) or resets_at,
        _amount(entry, "currentOverages"),
        max(0.0, _amount(trial, "usageLimit") - _amount(trial, "currentUsage")) if active else 0.0,
    )


def _amount(entry: Mapping[str, Any], name: str) -> float:
    """The exact figure where there is one."""
    for value in (entry.get(f"{name}WithPrecision"), entry.get(name)):
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e12:
            return float(value)
    return 0.0


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
