"""calculator: exact arithmetic for models, which guess at long numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .calculator import CONSTANTS, FUNCTIONS, CannotCalculate, calculated
from .checked_tool import CheckedTool, Refusal
from .tool import Outcome, said

__all__ = ["calculator"]


def calculator() -> CheckedTool:
    async def run(arguments: Mapping[str, Any]) -> Outcome:
        try:
            return said(calculated(arguments["expression"]))
        except CannotCalculate as refused:
            raise Refusal(str(refused)) from None

    return CheckedTool(
        name="calculator",
        description=(
            "Calculate an expression in Python's syntax: + - * / // % ** and comparisons, the constants "
            f"{', '.join(CONSTANTS)}, and the functions {', '.join(FUNCTIONS)}. Whole numbers are exact."
        ),
        schema={
            "type": "object",
            "properties": {"expression": {"type": "string", "description": "Such as 3 * (2 + sqrt(16)) ** 2."}},
            "required": ["expression"],
        },
        touches="Calculates; reads and changes nothing.",
        approval="auto",
        run=run,
        patience=10.0,
    )
