"""The emulator as its users hold it."""

from __future__ import annotations

import time
from collections.abc import Callable

from .app import build
from .backend import Backend
from .options import Options

__all__ = ["Emulator"]


class Emulator(Backend):
    """Plays Kiro's chat backend, control plane and token services. `app` is the Starlette app; nothing is global.

    `clock` gives seconds since 1970; tokens expire by it.
    """

    def __init__(self, options: Options | None = None, clock: Callable[[], float] = time.time) -> None:
        super().__init__(options or Options(), clock)
        self.app = build(self)
