"""Where cache points go: the client's marks, within what the model takes (protocol notes 7).

A cache point says that all before it is worth keeping; later requests that begin the same cost less. The backend takes few of
them, each after enough tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

from .catalog import Model
from .history import Message

__all__ = ["MODES", "cache_points"]

MODES = ("client", "auto", "none")
_CHARS_PER_TOKEN = 6  # no words have more, spaces aside: a point that comes too early could be refused


def cache_points(
    messages: Sequence[Message], *, start: bool, start_size: int, model: Model, mode: str
) -> frozenset[int]:
    """Indexes of the messages that get one.

    Args:
        start: whether the client marked the tools or the system text, which stand before everything.
        start_size: characters of those.
        mode: `client` follows the client's marks, `auto` also marks for clients that mark nothing, `none` never does.
    """
    if mode == "none" or not model.cache_points:
        return frozenset()
    marked = [index for index, message in enumerate(messages) if message.cache or (start and index == 0)]
    if not marked and mode == "auto":
        answers = [index for index, message in enumerate(messages) if message.role == "assistant"]
        marked = [0, *answers[-1:]]
    return _within(marked, [start_size + size for size in _sizes(messages)], model)


def _within(marked: Sequence[int], sizes: Sequence[int], model: Model) -> frozenset[int]:
    """The last of them, each with enough before it."""
    kept: list[int] = []
    needed = model.cache_minimum * _CHARS_PER_TOKEN
    for index in marked:
        if sizes[index] - (sizes[kept[-1]] if kept else 0) >= needed:
            kept.append(index)
    return frozenset(kept[-model.cache_points :])


def _sizes(messages: Sequence[Message]) -> list[int]:
    """Characters up to the end of each message."""
    sizes, total = [], 0
    for message in messages:
        texts = (message.text, *(result.text for result in message.results))
        total += sum(len("".join(text.split())) for text in texts)
        total += sum(len(call.arguments) for _id, call in message.calls)
        sizes.append(total)
    return sizes
