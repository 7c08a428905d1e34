"""Reasoning of other models is left out, as far as it is known whose it is."""

from __future__ import annotations

from kiro2chat_core.kiro.signatures import Signatures, Signing
from kiro2chat_core.turns import Began, Reasoning, ReasoningDelta, Text, TextDelta, Turn

HIS, HERS, REDACTED, STRANGE = (
    Reasoning("a", "E1"),
    Reasoning("b", "E2"),
    Reasoning("", redacted="R1"),
    Reasoning("c", "E3"),
)
TURNS = (Turn("user", (Text("Hi"),)), Turn("assistant", (HIS, HERS, REDACTED, STRANGE, Text("Yes")), cache=True))


def seen() -> Signatures:
    signatures = Signatures()
    his, hers = Signing(signatures, "his"), Signing(signatures, "hers")
    for event in (
        Began(),
        ReasoningDelta("a"),
        ReasoningDelta(signature="E"),
        ReasoningDelta(signature="1"),
        TextDelta("x"),
    ):
        his.watch(event)
    for event in (ReasoningDelta("b", "E2"), ReasoningDelta(redacted="R1"), TextDelta("x")):
        hers.watch(event)
    return signatures


def kept(signatures: Signatures, model: str) -> tuple[object, ...]:
    first, second = signatures.own(TURNS, model)
    assert (first, second.cache, second.role) == (TURNS[0], True, "assistant")
    return second.parts


def test_foreign_reasoning_is_left_out_and_unknown_reasoning_stays() -> None:
    assert kept(seen(), "his") == (HIS, STRANGE, Text("Yes"))
    assert kept(seen(), "hers") == (HERS, REDACTED, STRANGE, Text("Yes"))
    assert kept(seen(), "third") == (STRANGE, Text("Yes"))
    assert kept(Signatures(), "his") == TURNS[1].parts


def test_what_was_refused_is_left_out_unless_it_is_known_to_be_good() -> None:
    signatures = seen()
    signatures.refused(TURNS, "his")
    assert kept(signatures, "his") == (HIS, Text("Yes"))
    assert kept(signatures, "hers") == (HERS, REDACTED, STRANGE, Text("Yes"))
