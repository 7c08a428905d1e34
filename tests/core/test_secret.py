"""A secret shows itself to nobody who did not ask for it by name."""

from __future__ import annotations

import traceback

import pytest

from kiro2chat_core.secret import Secret

TOKEN = "aoaAAAA-very-secret"


@pytest.mark.parametrize(
    "shown",
    [str(Secret(TOKEN)), repr(Secret(TOKEN)), f"{Secret(TOKEN)}", f"{Secret(TOKEN)!r:>20}", 
     repr([Secret(TOKEN)]), repr({"token": Secret(TOKEN)})],
    ids=["str", "repr", "f-string", "padded", "list", "dict"],
)  # fmt: skip
def test_no_way_of_printing_shows_it(shown: str) -> None:
    assert TOKEN not in shown
    assert "***" in shown


def test_a_traceback_does_not_show_it() -> None:
    def use(secret: Secret) -> None:
        raise RuntimeError(f"cannot use {secret}")

    with pytest.raises(RuntimeError) as raised:
        use(Secret(TOKEN))
    told = "".join(traceback.TracebackException.from_exception(raised.value, capture_locals=True).format())
    assert "secret = ***" in told
    assert TOKEN not in told


def test_it_has_no_attributes_that_a_dump_would_show() -> None:
    assert not hasattr(Secret(TOKEN), "__dict__")


def test_revealing_gives_the_text() -> None:
    assert Secret(TOKEN).reveal() == TOKEN


@pytest.mark.parametrize(
    ("other", "same"),
    [(TOKEN, True), (TOKEN[:-1], False), (TOKEN + " ", False), ("", False), (TOKEN.upper(), False), ("\ud800", False)],
    ids=["same", "shorter", "longer", "empty", "other case", "half a pair"],
)
def test_matching(other: str, same: bool) -> None:
    assert Secret(TOKEN).matches(other) is same
    assert (Secret(TOKEN) == Secret(other)) is same
    assert Secret(other).matches(other)


def test_secrets_are_values() -> None:
    assert Secret("a") == Secret("a")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("***") != "***"
    assert not Secret("")
    assert Secret(" ")
