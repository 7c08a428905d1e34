"""What a tool brought, made fit for a conversation: pictures that open and are small enough, text that can be written.

A conversation is sent whole at every question: a picture that the models refuse, or half a character that no JSON can hold,
would spoil all that come after it.
"""

from __future__ import annotations

import asyncio

from .. import shrinking
from ..errors import BadRequest
from ..jsonio import whole
from ..turns import Image, Text
from .tool import Outcome

__all__ = ["presentable"]

_LIMITS = shrinking.Limits(heaviest=1_500_000, longest=2_000)
"""What any picture among many may have, so that it is made smaller once, and not at every question."""


async def presentable(outcome: Outcome) -> Outcome:
    """The same, where nothing is wrong with it. What cannot be shown is told in a sentence; where that is all there is, the
    call has failed."""
    if any(isinstance(part, Image) for part in outcome.content):
        return await asyncio.to_thread(_presentable, outcome)  # opening a picture takes its time
    return _presentable(outcome)


def _presentable(outcome: Outcome) -> Outcome:
    content = tuple(_part(part) for part in outcome.content)
    lost = bool(content) and all(
        isinstance(old, Image) and isinstance(new, Text) for old, new in zip(outcome.content, content, strict=True)
    )
    return Outcome(content, outcome.is_error or lost)


def _part(part: Text | Image) -> Text | Image:
    if isinstance(part, Text):
        return Text(whole(part.text))
    try:
        return shrinking.opened(part, _LIMITS, "the result", "The image")
    except BadRequest as unusable:
        return Text(f"[{unusable.message} It is not shown.]")
