"""Text ↔ tokens, by the vocabulary that Anthropic published for its own models; it ships with the package.

Newer models have vocabularies of their own, which are not public: what this counts is an estimate (bench/counting.py measures
it against other tokenizers). Loading takes about 0.15 s and happens once, when something is first counted.
"""

from __future__ import annotations

import base64
import gzip
import unicodedata
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiktoken import Encoding

__all__ = ["beginning", "count"]

_PATTERN = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
_SPECIAL = 5  # ranks that come before those of the vocabulary; they stand for no text
_PIECE = 100_000  # characters at a time: a run without any break would cost more than linear time


def count(text: str) -> int:
    """Tokens of a text; never more than its bytes in UTF-8, once it is normalised as the models' own tokenizer does it."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).encode(errors="replace").decode()
    encode = _encoding().encode_ordinary
    return sum(len(encode(text[at : at + _PIECE])) for at in range(0, len(text), _PIECE))


def beginning(text: str, tokens: int) -> str:
    """The first so many tokens of a text, as `count` has them, without half a character at the end."""
    known = text[: tokens * 1024]  # the longest token has 1,024 bytes
    ranks = _encoding().encode_ordinary(known.encode(errors="replace").decode())
    kept = _encoding().decode_bytes(ranks[:tokens]).decode(errors="ignore")
    whole = text[: len(kept)]
    while whole and not whole.isascii() and count(whole) > tokens:
        whole = whole[:-1]  # a letter that stands for several, such as ㍿, is counted as those
    return whole


@cache
def _encoding() -> Encoding:
    from tiktoken import Encoding

    packed = resources.files(__package__).joinpath("vocabulary", "claude.txt.gz").read_bytes()
    tokens = gzip.decompress(packed).splitlines()
    ranks = {base64.b64decode(token): _SPECIAL + at for at, token in enumerate(tokens)}
    return Encoding("claude", pat_str=_PATTERN, mergeable_ranks=ranks, special_tokens={})
