"""`kiro2chat doctor`: every step from the login to the first token, with timings; ok, or the next command to type."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from kiro2chat_core.errors import Kiro2ChatError
from kiro2chat_core.gateway import Gateway
from kiro2chat_core.kiro.login import find_login, look
from kiro2chat_core.settings import Settings, variables
from kiro2chat_core.turns import Ask, Ended, ReasoningDelta, Text, TextDelta, Turn

__all__ = ["Step", "examine", "steps"]

_QUESTION = Ask("auto", (Turn("user", (Text("Answer with the one word: ready"),)),))


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it was taken. `told` has a line more for each thing worth knowing beside."""

    name: str
    ok: bool
    seconds: float
    told: str


async def examine(settings: Settings, say: Callable[[str], None]) -> bool:
    """Take the steps and say how each went; whether all went well."""
    gateway = Gateway(settings)
    try:
        async for step in steps(gateway):
            say(_line(step))
            if not step.ok:
                return False
    finally:
        await gateway.aclose()
    say("\nAll is well: run `kiro2chat serve`.")
    return True


async def steps(gateway: Gateway) -> AsyncGenerator[Step, None]:
    """Take the steps in order, and end with the first that fails."""
    doctor = _Doctor(gateway)
    order: tuple[tuple[str, Callable[[], Awaitable[str]]], ...] = (
        ("settings", doctor.settings_read),
        ("login", doctor.login_found),
        ("token", doctor.token_usable),
        ("models", doctor.models_listed),
        ("first token", doctor.first_token),
        ("whole answer", doctor.whole_answer),
    )
    try:
        for name, step in order:
            began = time.perf_counter()
            try:
                told = await step()
            except Kiro2ChatError as error:
                yield Step(name, False, time.perf_counter() - began, error.message)
                return
            yield Step(name, True, time.perf_counter() - began, told)
    finally:
        await doctor.aclose()


class _Doctor:
    def __init__(self, gateway: Gateway) -> None:
        self._settings = gateway.settings
        self._gateway = gateway
        self._answer: AsyncGenerator[str, None] | None = None

    async def settings_read(self) -> str:
        given = [env for name, env in variables() if self._settings.source(name) == "env"]
        return f"from the environment: {', '.join(given)}" if given else "all defaults"

    async def login_found(self) -> str:
        now = time.time()
        login = find_login(self._settings, now=now)
        broken = [each.why for each in look(self._settings, now=now) if each.broken]
        return "\n".join([login.source, *(f"passed over: {why}" for why in broken)])

    async def token_usable(self) -> str:
        before = find_login(self._settings, now=time.time())
        login = await self._gateway.tokens.current()
        renewed = "renewed, " if login.access_token != before.access_token else ""
        if login.expires_at is None:
            return f"{renewed}without an end"
        return f"{renewed}valid for {max(0, login.expires_at - time.time()) / 60:.0f} minutes"

    async def models_listed(self) -> str:
        models = await self._gateway.models.current()
        origin = "" if self._gateway.models.live else " (the built-in table: the live list cannot be had)"
        return f"{len(models)}{origin}"

    async def first_token(self) -> str:
        self._answer = self._texts()
        return repr(await anext(self._answer, ""))

    async def whole_answer(self) -> str:
        assert self._answer is not None
        size = 0
        async for text in self._answer:
            size += len(text)
        return f"{size} more characters"

    async def aclose(self) -> None:
        if self._answer is not None:
            await self._answer.aclose()

    async def _texts(self) -> AsyncGenerator[str, None]:
        async with aclosing(self._gateway.stream(_QUESTION)) as batches:
            async for batch in batches:
                for event in batch:
                    if isinstance(event, (TextDelta, ReasoningDelta)) and event.text:
                        yield event.text
                    elif isinstance(event, Ended):
                        return


def _line(step: Step) -> str:
    result, told = "ok" if step.ok else "FAIL", step.told.replace("\n", f"\n{'':>27}")
    return f"{result:<5} {step.name:<13} {step.seconds * 1000:5.0f} ms  {told}"
