"""The one door: an Ask in, batches of Events out. All that a request goes through, in order."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import cached_property

import httpx

from .counting import Meter, estimate_ask
from .cutting import Cutter
from .errors import BadRequest
from .fetching import with_images
from .kiro import catalog, prompts
from .kiro.catalog import Model
from .kiro.client import Answered, Client
from .kiro.control import Control, Models
from .kiro.request import Request, Style, build
from .kiro.tokens import Tokens
from .kiro.transport import open_http
from .onejson import OneJson
from .settings import Settings
from .turns import AnyTool, Ask, Batch, CallBegan, Counted, Ended, Event, Image, NamedTool, Text, TextDelta, Turn

__all__ = ["Gateway", "Report"]

logger = logging.getLogger(__name__)

_MODELS_PATIENCE = 2.0
"""Seconds the very first chats wait for the list of models."""


@dataclass(slots=True)
class Report:
    """What is known of one request besides its events; filled on the way."""

    model: str = ""
    repairs: tuple[str, ...] = ()
    answered: Answered = field(default_factory=Answered)


class Gateway:
    """Holds the connections to Kiro. Cheap to make; connects when first used; close it with `aclose()`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._style = Style(settings.kiro_origin, settings.kiro_agent_mode, settings.assistant_identity)

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens(self.settings, self._http)

    @cached_property
    def models(self) -> Models:
        return Models(self._control, self.settings.kiro_models_ttl)

    async def stream(self, ask: Ask, report: Report | None = None) -> AsyncGenerator[Batch, None]:
        """Answer an Ask. Every answer ends with one Ended; just before it comes one Counted.

        Close the iterator to stop the answer; the connection to Kiro is closed then.

        Raises:
            Kiro2ChatError: before the first batch, or in the middle.
        """
        report = Report() if report is None else report
        ask = await with_images(ask, private=self.settings.image_private_addresses)
        model = catalog.resolve(ask.model, await self.models.current(_MODELS_PATIENCE))
        _refuse_images_for_text_models(ask, model)
        report.model = model.id
        forced = isinstance(ask.choice, (AnyTool, NamedTool))
        source = self._insisting(ask, model, report) if forced else self._once(ask, model, report)
        finishing = _Finishing(ask, report)
        began = time.perf_counter()
        first: float | None = None
        try:
            async with aclosing(source) as batches:
                async for batch in batches:
                    if events := finishing.feed(batch):
                        first = first or time.perf_counter() - began
                        yield tuple(events)
                    if finishing.done:
                        return
        finally:
            _log(report, finishing, first, time.perf_counter() - began)

    async def aclose(self) -> None:
        for name in ("models", "tokens"):
            if name in self.__dict__:
                await self.__dict__[name].aclose()
        if "_http" in self.__dict__:
            await self._http.aclose()

    @cached_property
    def _http(self) -> httpx.AsyncClient:
        return open_http(self.settings)

    @cached_property
    def _control(self) -> Control:
        return Control(self.settings, self._http, self.tokens)

    @cached_property
    def _client(self) -> Client:
        return Client(self.settings, self._http, self.tokens, self._control)

    def _build(self, ask: Ask, model: Model, report: Report) -> Request:
        request = build(ask, model.id, self._style)
        report.repairs = request.repairs
        return request

    async def _once(self, ask: Ask, model: Model, report: Report) -> AsyncGenerator[Batch, None]:
        async with aclosing(self._client.answer(self._build(ask, model, report), report.answered)) as batches:
            async for batch in batches:
                yield batch

    async def _insisting(self, ask: Ask, model: Model, report: Report) -> AsyncGenerator[Batch, None]:
        """A call was demanded, and the backend cannot be made to call: an answer in text is asked again, once.

        Batches are held back until the first call, so that the client does not see the answer that was not wanted.
        """
        held: list[Batch] = []
        called = False
        async with aclosing(self._once(ask, model, report)) as batches:
            async for batch in batches:
                called = called or any(isinstance(event, CallBegan) for event in batch)
                held.append(batch)
                if called:
                    for ready in held:
                        yield ready
                    held = []
        if called:
            return
        said = "".join(event.text for batch in held for event in batch if isinstance(event, TextDelta))
        logger.info("The model answered in text although a tool call was demanded; asking again")
        tool = f"the tool `{ask.choice.name}`" if isinstance(ask.choice, NamedTool) else "one of the tools"
        insistence = Turn("user", (Text(prompts.INSIST.format(tool=tool)),))
        again = replace(ask, turns=(*ask.turns, Turn("assistant", (Text(said),)), insistence))
        async with aclosing(self._once(again, model, report)) as batches:
            async for batch in batches:
                yield batch


class _Finishing:
    """What is done to the events of an answer on the way out: one JSON value, limits, counts."""

    def __init__(self, ask: Ask, report: Report) -> None:
        self._json = OneJson(ask.answer) if ask.answer is not None else None
        self._cutter = Cutter(ask.limits, one_call=not ask.parallel)
        self._meter = Meter(estimate_ask(ask))
        self._report = report
        self._counted = False
        self.outcome = "broken off"

    @property
    def done(self) -> bool:
        return self._cutter.done

    def feed(self, events: Sequence[Event]) -> list[Event]:
        if self._json is not None:
            events = self._json.feed(events)
        passed: list[Event] = []
        for event in self._cutter.feed(events):
            self._meter.watch(event)
            self._counted = self._counted or isinstance(event, Counted)
            if isinstance(event, Ended):
                self.outcome = event.reason
            if isinstance(event, Ended) and not self._counted:
                passed.append(Counted(self._meter.usage(self._report.answered.credits)))
            passed.append(event)
        return passed


def _log(report: Report, finishing: _Finishing, first: float | None, whole: float) -> None:
    """One line per request, without a word of what was said."""
    logger.info(
        "%s: %s, %.2f s to the first token, %.2f s in all, %d attempt(s), %d repair(s), %d undeclared call(s) dropped",
        report.model,
        finishing.outcome,
        whole if first is None else first,
        whole,
        report.answered.attempts,
        len(report.repairs),
        len(report.answered.dropped),
    )


def _refuse_images_for_text_models(ask: Ask, model: Model) -> None:
    if not model.images and any(isinstance(part, Image) for turn in ask.turns for part in turn.parts):
        raise BadRequest(f"The model {model.id} takes no images.", field="messages")
