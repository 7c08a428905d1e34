"""A Kiro on your own machine: the chat backend, the control plane and the token services, over HTTP.

As strict as the record allows (protocol notes 9), with every error reply and every fault that clients have been seen to
stumble over. It serves `--demo`, the tests and the benchmark.

    emulator = Emulator()
    login = emulator.login("odic")            # an account's tokens
    emulator.inject("throttled", times=2)     # the next two chats get 429
    emulator.script(Reply("Hi!"))             # then this is the answer
    uvicorn.run(emulator.app)
    emulator.seen[-1].body                    # what the client sent
"""

from __future__ import annotations

from .accounts import Login
from .backend import Seen
from .emulator import Emulator
from .faults import FAULTS, Fault
from .options import Options
from .replies import Call, Reply

__all__ = ["FAULTS", "Call", "Emulator", "Fault", "Login", "Options", "Reply", "Seen"]
