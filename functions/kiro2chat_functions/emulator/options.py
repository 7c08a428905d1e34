"""How the emulator behaves where sources disagree, and how fast it talks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from kiro2chat_core.kiro.rules import DEFAULT, STRICT, Strictness

from .models import MODELS, Model

__all__ = ["Options", "Writes"]

Writes: TypeAlias = int | Literal["frame", "random", "merged"]
"""How bytes are cut into TCP writes: so many bytes each, one frame each, at random, or as many frames as possible."""


@dataclass(frozen=True, slots=True)
class Options:
    """One emulator's behaviour. The defaults refuse what the record says is refused (protocol notes 9).

    Sections of the protocol notes are named where sources disagree (DISAGREE there).
    """

    rules: Strictness = DEFAULT
    """3.4: alternation, schema keywords, cache points in tools, agent fields, characters of ids."""

    foreign_members_taken: bool = False
    """3.3: `systemPrompt` and other unknown members of the body; the q hosts take them, runtime refuses."""

    profile_needed: bool = True
    """1.4: whether `profileArn` must be there; so it is on runtime hosts."""

    placeholder_taken: bool = True
    """1.4: the placeholder ARN of Builder ID logins."""

    cli_origin_taken: bool = True
    """3.1: `origin: CLI` in the JSON-1.0 form; refused as a wrong pairing where it is not."""

    effort_on_45: bool = False
    """7: `additionalModelRequestFields` on the claude-*-4.5 models."""

    token_usage: bool = True
    """4.2: `tokenUsage` in metadataEvent."""

    stop_reason: bool = True
    """4.2: metadataEvent at all; old backends send none."""

    improper_reason: str | None = None
    """9: reason of "Improperly formed request."; REQUEST_BODY_INVALID since mid-2026."""

    too_long: str = "Input is too long."
    """9: text of the token limit; newer backends say "Input content length exceeds threshold."."""

    throttling_status: Literal[429, 400] = 429
    """4.4: Smithy client faults are 400 unless modelled otherwise."""

    quota_status: Literal[402, 400] = 402
    """4.4: 402 on kiro.dev, 400 with ThrottlingException to Q CLI."""

    rotation: bool = True
    """2.1: a refresh token is replaced by its use, and refused afterwards."""

    device_polls: int = 1
    """2.4: polls answered with authorization_pending before a device login is granted."""

    token_lifetime: int = 3600
    """Seconds a refreshed access token lives."""

    body_limit: int = 4 << 20
    """3.4: the transport's cap, somewhere about 4 MB."""

    models: tuple[Model, ...] = MODELS
    """6: what this account sees."""

    page_size: int | None = None
    """5: models and profiles to a page, when the caller asks for no size; None gives all."""

    writes: Writes = "frame"

    piece: int = 12
    """Characters to a chunk of text, reasoning or arguments."""

    delay: float = 0.0
    """Seconds between events."""

    remember: int = 500
    """Requests kept in `seen`."""

    @classmethod
    def strict(cls) -> Options:
        """Refuses whatever any source has seen refused, and leaves out whatever any has seen left out.

        One refusal is not among them: where a profile is needed, logins without one have only the placeholder to send.
        """
        return cls(
            rules=STRICT,
            cli_origin_taken=False,
            token_usage=False,
            improper_reason="REQUEST_BODY_INVALID",
        )

    @classmethod
    def lenient(cls) -> Options:
        """Takes whatever any source has seen taken."""
        return cls(
            rules=Strictness(alternation=False),
            foreign_members_taken=True,
            profile_needed=False,
            effort_on_45=True,
        )

    @classmethod
    def demo(cls) -> Options:
        """A person watches: words appear at a reading pace."""
        return cls(piece=6, delay=0.015)
