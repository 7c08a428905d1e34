"""A string that does not print itself."""

from __future__ import annotations

import hashlib
import hmac

__all__ = ["Secret"]


class Secret:
    """Holds a token or a key. `str()`, `repr()`, f-strings and tracebacks show `***`; `reveal()` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def matches(self, other: str) -> bool:
        """Compare in a time that tells neither content nor length: both sides are hashed first."""
        mine = hashlib.sha256(self._text.encode(errors="surrogatepass")).digest()
        theirs = hashlib.sha256(other.encode(errors="surrogatepass")).digest()
        return hmac.compare_digest(mine, theirs)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.matches(other._text)

    def __hash__(self) -> int:
        return hash(("Secret", self._text))

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__
