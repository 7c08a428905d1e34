"""What is known of one request when it has ended: filled on its way, and then handed to whoever keeps books."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import Kiro2ChatError
from .turns import Usage

if TYPE_CHECKING:
    from .fold import Answer

__all__ = ["Answered", "Attempt", "Report", "Said"]


@dataclass(slots=True)
class Attempt:
    """One HTTP request to the backend. Times are of `time.perf_counter`; `Report.at` makes them those of a clock."""

    began: float = field(default_factory=time.perf_counter)
    ended: float | None = None
    host: str = ""
    port: int | None = None
    status: int = 0
    request_id: str = ""
    error: str = ""
    """Its code."""


@dataclass(slots=True)
class Answered:
    """What the backend client learns about one answer besides its events."""

    request_id: str = ""
    """The backend's own."""

    credits: float | None = None
    dropped: list[str] = field(default_factory=list)
    """Undeclared tool calls."""

    attempts: int = 0
    tries: list[Attempt] = field(default_factory=list)
    reasoning_refused: bool = False

    @property
    def under_way(self) -> bool:
        """Whether the last attempt was sent and did not fail."""
        return bool(self.tries) and not self.tries[-1].error

    @contextmanager
    def attempt(self) -> Iterator[Attempt]:
        """One more, until the end of the block, however that comes."""
        this = Attempt()
        self.attempts += 1
        self.tries.append(this)
        try:
            yield this
        except Kiro2ChatError as error:
            this.error = error.code
            raise
        finally:
            this.ended = time.perf_counter()


@dataclass(slots=True)
class Said:
    """What was said, for those who keep it: the decoded body, and the answer as far as it came."""

    asked: Any = None
    answer: Answer | None = None


@dataclass(slots=True)
class Report:
    """One request. Times are seconds, `began_at` since 1970, the others since then. No word of what was said is in it but in
    `said`, which is there only where JOURNAL_BODIES is on."""

    id: str = ""
    dialect: str = ""
    path: str = ""
    key: str = ""
    """Id of the API key, "" where none was needed."""

    key_name: str = ""
    """As it is called now; it may be given to another key later."""

    asked: str = ""
    """The model as the client named it; `model` is what it became."""

    model: str = ""
    stream: bool = False
    began_at: float = 0.0
    first: float | None = None
    """Until the first events were ready, reading of the request and its attachments included: what its client waited for."""

    total: float = 0.0
    status: int = 0
    """Of the HTTP response; 0 where the client left before there was one."""

    received: int = 0
    sent: int = 0
    """Bytes of the bodies."""

    outcome: str = ""
    """Why the answer ended (`turns.EndReason`), or `broken off`."""

    error: Kiro2ChatError | None = None
    acted: bool = False
    """Whether a tool of the agent was called: the request, sent again, would do it once more."""

    usage: Usage | None = None
    guessed_credits: float | None = None
    """Where Kiro had no occasion to name the price."""

    repairs: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    answered: Answered = field(default_factory=Answered)
    said: Said | None = field(default=None, repr=False)
    _began: float = field(default_factory=time.perf_counter, repr=False)

    def elapsed(self) -> float:
        """Seconds since this report was made, which is when its request came in: the one clock of all its times."""
        return time.perf_counter() - self._began

    def at(self, moment: float) -> float:
        """Seconds since 1970 of a moment of `time.perf_counter`."""
        return self.began_at + moment - self._began
