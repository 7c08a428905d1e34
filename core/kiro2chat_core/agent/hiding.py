"""Our environment, kept from programs that we start: Linux shows it in /proc to every process of the same user.

It holds keys, and a program that is started with a clean environment need only look at its parent's. A process that calls itself
not dumpable shows its environment and memory to root alone; programs that are started show theirs again, so that `leftovers.py`
goes on to find them.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

__all__ = ["hide"]

_PR_SET_DUMPABLE = 4


def hide() -> None:
    """For good, and as often as one likes. Where it cannot be done nothing happens. It does not hold for root."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, *[ctypes.c_ulong(0)] * 4)
