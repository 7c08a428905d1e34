"""Which model made which reasoning, as far as this process has seen.

A signature is good only for the model that made it, and says nothing itself. A foreign one costs a refused request, which is
repeated without any reasoning (protocol notes 7); what is known here is left out from the start.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace

from ..turns import Event, Reasoning, ReasoningDelta, Turn

__all__ = ["Signatures", "Signing"]

_KEPT = 20_000


class Signatures:
    """Remembers digests; the oldest are forgotten."""

    def __init__(self) -> None:
        self._makers: OrderedDict[bytes, str] = OrderedDict()
        self._refused: OrderedDict[tuple[bytes, str], None] = OrderedDict()

    def own(self, turns: Iterable[Turn], model_id: str) -> tuple[Turn, ...]:
        """The turns without reasoning that another model is known to have made, or that this one refused before."""
        return tuple(
            replace(turn, parts=tuple(part for part in turn.parts if not self._is_foreign(part, model_id)))
            if any(isinstance(part, Reasoning) for part in turn.parts)
            else turn
            for turn in turns
        )

    def made(self, proof: str, model_id: str) -> None:
        """`proof` is a whole signature, or redacted reasoning."""
        self._makers[_digest(proof)] = model_id
        while len(self._makers) > _KEPT:
            self._makers.popitem(last=False)

    def refused(self, turns: Iterable[Turn], model_id: str) -> None:
        """The model refused reasoning in these turns: what is not known to be its own may be the cause. To the one that made
        it, it is as good as before."""
        for turn in turns:
            for part in turn.parts:
                if isinstance(part, Reasoning) and self._makers.get(_digest(_proof(part))) != model_id:
                    self._refused[_digest(_proof(part)), model_id] = None
        while len(self._refused) > _KEPT:
            self._refused.popitem(last=False)

    def _is_foreign(self, part: object, model_id: str) -> bool:
        if not isinstance(part, Reasoning):
            return False
        digest = _digest(_proof(part))
        return self._makers.get(digest, model_id) != model_id or (digest, model_id) in self._refused


class Signing:
    """Watches the events of one answer for whole signatures, which may come in pieces."""

    def __init__(self, signatures: Signatures, model_id: str) -> None:
        self._signatures = signatures
        self._model_id = model_id
        self._pieces = ""

    def watch(self, event: Event) -> None:
        if isinstance(event, ReasoningDelta):
            self._pieces += event.signature
            if event.redacted:
                self._signatures.made(event.redacted, self._model_id)
        elif self._pieces:
            self._signatures.made(self._pieces, self._model_id)
            self._pieces = ""


def _proof(part: Reasoning) -> str:
    return part.redacted or part.signature


def _digest(proof: str) -> bytes:
    return hashlib.blake2b(proof.encode(errors="replace"), digest_size=16).digest()
