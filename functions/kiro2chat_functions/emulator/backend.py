"""The state of one emulated backend: its accounts, the faults and replies waiting to be used, and what it has seen."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Unpack

from .accounts import Accounts, Kind, Login, LoginArguments
from .faults import TARGETS, Fault, Target, by_name
from .options import Options
from .prompt_cache import PromptCache
from .refusals import REFUSALS
from .replies import Reply

__all__ = ["Backend", "Injection", "Seen"]

_MEMORY = 64 << 20
"""Bytes of request bodies kept in `seen`."""


@dataclass(slots=True)
class Seen:
    """One request. `left_at` is when the client went before the answer was whole; times are seconds since 1970."""

    number: int
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    size: int
    at: float
    status: int | None = None
    left_at: float | None = None
    fault: str = ""

    @property
    def target(self) -> str:
        """The operation that the x-amz-target header names."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]


@dataclass(slots=True)
class Injection:
    """Faults that together befall the next requests of their target."""

    faults: tuple[Fault, ...]
    target: Target
    times: int
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def answer(self) -> Fault | None:
        return next((fault for fault in self.faults if fault.answers), None)


class Backend:
    """What all routes share. Safe to use from a test's thread while a server runs the routes in another."""

    def __init__(self, options: Options, clock: Callable[[], float]) -> None:
        self.options = options
        self.clock = clock
        self.reset()

    def reset(self) -> None:
        """Forget logins, faults, scripts and requests."""
        self.accounts = Accounts(
            self.clock,
            rotation=self.options.rotation,
            token_lifetime=self.options.token_lifetime,
            device_polls=self.options.device_polls,
        )
        self.prompt_cache = PromptCache()
        self.forget()

    def forget(self) -> None:
        """Forget faults, scripts and requests; whoever is logged in stays so."""
        self._injections: deque[Injection] = deque()
        self._replies: deque[Reply] = deque()
        self._seen: deque[Seen] = deque(maxlen=self.options.remember)
        self._numbers = itertools.count(1)

    def login(self, kind: Kind = "odic", expires_in: float = 3600, **arguments: Unpack[LoginArguments]) -> Login:
        """A new account and its tokens; see `Accounts.login`."""
        return self.accounts.login(kind, expires_in, **arguments)

    def inject(self, *names: str, times: int = 1, on: Target | None = None, **arguments: Any) -> None:
        """Let faults befall the next requests: each injection serves `times` requests, in the order injected.

        Several names at once befall the same request. `on` is the service, where it is not the fault's own.

        Raises:
            ValueError: there is no fault of that name, no such service, or nothing to do.
            TypeError: an error reply has no such member.
        """
        unknown = [name for name in names if name not in by_name]
        if unknown or not names:
            raise ValueError(f"no fault is called {', '.join(unknown) or 'nothing'}; FAULTS lists them")
        target = on or by_name[names[0]].target
        if target not in TARGETS or times < 1:
            raise ValueError(f"cannot inject {times} times on {target}; services are {', '.join(TARGETS)}")
        faults = tuple(by_name[name] for name in names)
        for fault in faults:
            if fault.refusal:
                replace(REFUSALS[fault.refusal], **arguments)
        self._injections.append(Injection(faults, target, times, arguments))

    def script(self, *replies: Reply) -> None:
        """Answer the next chats with exactly these."""
        self._replies.extend(replies)

    @property
    def seen(self) -> Sequence[Seen]:
        """The newest requests, oldest first."""
        return list(self._seen)

    # --- for the routes ------------------------------------------------------------------------------------------

    def record(self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], size: int) -> Seen:
        seen = Seen(next(self._numbers), method, path, query, headers, None, size, self.clock())
        self._seen.append(seen)
        while sum(one.size for one in self._seen) > _MEMORY and len(self._seen) > 1:
            self._seen.popleft()
        return seen

    def pending(self, target: Target) -> Injection | None:
        return next((one for one in self._injections if one.target == target), None)

    def use(self, injection: Injection) -> None:
        """One request has been served with it."""
        injection.times -= 1
        if injection.times <= 0:
            self._injections.remove(injection)

    def next_reply(self) -> Reply | None:
        return self._replies.popleft() if self._replies else None

    def unused(self) -> Iterator[str]:
        """Names of faults that no request has met: a test may want none."""
        return (fault.name for injection in self._injections for fault in injection.faults)
