"""What an answer cost whose price never came: Kiro names it at the end, and who cuts an answer short does not hear it.

The price of a request is taken to be in proportion to its tokens, those of an answer counting five times, as in the list prices
of the models. The proportion is learned from the answers that did end, model by model; nothing of it is kept.
"""

from __future__ import annotations

from .catalog import Model

__all__ = ["Prices"]

_OUTPUT = 5
_HIDDEN = 4000
"""Tokens of Kiro's own prompt, which goes before every request and which our estimates do not see."""

_USUAL = 20e-6
"""Credits per token at rate 1, before there was any answer: 0.09 credits were seen for a short one (protocol notes 4.1)."""

_MEMORY = 0.9
"""What an older answer weighs beside the next one."""


class Prices:
    """Of the models of one login, in this process."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, float]] = {}

    def learn(self, model: Model, input_tokens: int, output_tokens: int, credits: float) -> None:
        """An answer of the model cost this; `input_tokens` is our estimate, as it will be where the price is missing."""
        paid, weight = self._known.get(model.id, (0.0, 0.0))
        self._known[model.id] = (
            paid * _MEMORY + credits,
            weight * _MEMORY + _weight(input_tokens, output_tokens),
        )

    def guess(self, model: Model, input_tokens: int, output_tokens: int) -> float:
        """Credits."""
        paid, weight = self._known.get(model.id, (_USUAL * (model.rate or 1.0), 1.0))
        return paid / weight * _weight(input_tokens, output_tokens)


def _weight(input_tokens: int, output_tokens: int) -> float:
    return _HIDDEN + input_tokens + _OUTPUT * output_tokens
