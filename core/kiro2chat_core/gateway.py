"""The one door: an Ask in, batches of Events out. All that a request goes through, in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import httpx

from .attached import Attachments, Reading, refuse_images
from .counting import estimate_ask
from .errors import Kiro2ChatError, LoginError, Misunderstood, UnknownModel
from .finishing import Finishing
from .kiro import catalog, prompts
from .kiro.allowance import Plan
from .kiro.catalog import Model
from .kiro.client import Begin, Client
from .kiro.control import Control, Models
from .kiro.prices import Prices
from .kiro.request import Request, Style, build
from .kiro.signatures import Signatures, Signing
from .kiro.slots import Slots, slots_of
from .kiro.tokens import Tokens
from .kiro.transport import open_http
from .report import Report
from .settings import Settings
from .turns import (
    AnyTool,
    Ask,
    Batch,
    CallBegan,
    Counted,
    Event,
    NamedTool,
    Text,
    TextDelta,
    Thinking,
    Turn,
    Usage,
)
from .window import Window

__all__ = ["Explanation", "Gateway"]

logger = logging.getLogger(__name__)

_MODELS_PATIENCE = 2.0
"""Seconds the very first chats wait for the list of models."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a request would become: the model's id, the body for the backend, repairs, and the estimated input tokens.

    `sure` is whether the login and the live list of models were at hand. Without them `profileArn`, fields for thinking and
    cache points are not known.
    """

    model: str
    body: dict[str, Any]
    repairs: tuple[str, ...]
    tokens: int
    sure: bool


class Gateway:
    """Holds the connections to Kiro. Cheap to make; connects when first used; close it with `aclose()`."""

    def __init__(self, settings: Settings, slots: Slots | None = None) -> None:
        """`slots` are shared by gateways that may come to use the same login."""
        self.settings = settings
        self._slots = slots or slots_of(settings)
        self._style = Style(
            settings.kiro_origin,
            settings.kiro_agent_mode,
            settings.assistant_identity,
            settings.kiro_cache_points,
            settings.kiro_thinking_tags,
        )
        self._signatures = Signatures()
        self._prices = Prices()
        self._begin: Begin | None = None

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens(self.settings, self._http)

    @cached_property
    def models(self) -> Models:
        return Models(self._control, self.settings.kiro_models_ttl)

    def asking(self, begin: Begin) -> Gateway:
        """The same gateway, which asks before each request to the backend whether it may begin, once its turn has come."""
        _ = self.models, self._client, self._attachments  # there is one of each
        asking = copy(self)
        asking._begin = begin
        return asking

    async def stream(self, ask: Ask, report: Report | None = None) -> AsyncGenerator[Batch, None]:
        """Answer an Ask, and fill the report. Every answer ends with one Ended; just before it comes one Counted.

        Close the iterator to stop the answer; the connection to Kiro is closed then.

        Raises:
            Kiro2ChatError: before the first batch, or in the middle.
        """
        report = Report() if report is None else report
        ask, model = await self._prepared(ask, report)
        forced = isinstance(ask.choice, (AnyTool, NamedTool))
        source = self._insisting(ask, model, report) if forced else self._once(ask, model, report)
        window, finishing = Window(ask, model), Finishing(ask)
        signing = Signing(self._signatures, model.id)
        try:
            await window.check()
            async with aclosing(source) as batches:
                async for batch in batches:
                    if report.first is None:
                        report.first = report.elapsed()
                        finishing.input_tokens = await window.tokens()
                    finishing.credits = report.answered.credits
                    for event in batch:
                        signing.watch(event)
                    if events := finishing.feed(batch):
                        yield tuple(events)
                    if finishing.done:
                        return
        except Kiro2ChatError as error:
            report.error = _with_repairs(await window.judged(error), report)
            raise report.error from None
        finally:
            report.outcome, report.total = finishing.outcome, report.elapsed()
            self._charge(report, finishing, window, model)
            await window.aclose()
            if report.answered.reasoning_refused:
                self._signatures.refused(ask.turns, model.id)
            _log(report)

    async def explain(self, ask: Ask) -> Explanation:
        """What the backend would be sent, without sending it; as far as it can be known without a login.

        Raises:
            Kiro2ChatError: the request would not be sent.
        """
        report = Report()
        ask, model = await self._prepared(ask, report)
        request = self._build(ask, model, report)
        sure = self.models.live
        try:
            body = await self._client.body(request)
        except LoginError:
            body, sure = dict(request.body), False
        return Explanation(model.id, body, report.repairs, await asyncio.to_thread(estimate_ask, ask), sure)

    async def listed(self) -> list[Model]:
        """The models with all names that are shown to clients."""
        models = catalog.public(await self.models.current())
        return catalog.with_efforts(models) if self.settings.model_efforts else models

    async def find(self, name: str) -> Model:
        """The model of that name, which may be any that a request may say.

        Raises:
            UnknownModel: none is listed by it.
        """
        listed = {model.id: model for model in await self.listed()}
        known = listed.get(name) or listed.get(catalog.resolve(name, list(listed.values())).id)
        if known is None:
            raise UnknownModel(f"{name[:100]!r} is no model of this login; GET /v1/models lists them.", field="model")
        return known

    async def count(self, ask: Ask) -> int:
        """The estimated tokens of an Ask, its documents as text."""
        return await asyncio.to_thread(estimate_ask, await self._attachments.resolve(ask))

    async def resolved(self, turn: Turn) -> Turn:
        """The turn with its attachments fetched, read and scaled down: what can be kept and sent again.

        Raises:
            Kiro2ChatError: one cannot be used.
        """
        return (await self._attachments.resolve(Ask("", (turn,)))).turns[0]

    async def plan(self) -> Plan:
        """The login's plan, asked anew.

        Raises:
            Kiro2ChatError: it cannot be had.
        """
        return await self._control.plan()

    async def aclose(self) -> None:
        for name in ("models", "tokens"):
            if name in self.__dict__:
                await self.__dict__[name].aclose()
        if "_http" in self.__dict__:
            await self._http.aclose()
        if "_attachments" in self.__dict__:
            self._attachments.close()

    @cached_property
    def _http(self) -> httpx.AsyncClient:
        return open_http(self.settings)

    @cached_property
    def _attachments(self) -> Attachments:
        settings = self.settings
        return Attachments(Reading(settings.image_private_addresses, settings.pdf_pages, settings.image_total))

    @cached_property
    def _control(self) -> Control:
        return Control(self.settings, self._http, self.tokens)

    @cached_property
    def _client(self) -> Client:
        return Client(self.settings, self._http, self.tokens, self._control, self._slots)

    async def _prepared(self, ask: Ask, report: Report) -> tuple[Ask, Model]:
        """The Ask as the model takes it: attachments fetched, its name known, foreign reasoning left out."""
        ask = await self._attachments.resolve(ask)
        models = await self.models.current(_MODELS_PATIENCE)
        model = catalog.resolve(ask.model, models)
        if not model.images:
            refuse_images(ask, model.id)
        report.asked, report.model = ask.model, model.id
        ask = replace(ask, thinking=_with_name(ask.thinking, catalog.thinking_in(ask.model, models)))
        return replace(ask, turns=self._signatures.own(ask.turns, model.id)), model

    def _charge(self, report: Report, finishing: Finishing, window: Window, model: Model) -> None:
        """What the answer used, as far as it is known. A client that left before the first word has used its question: Kiro
        had it by then; and what an answer cost whose price never came is a guess."""
        tokens = finishing.input_tokens or window.roughly()
        report.usage = finishing.spent
        if report.usage is None and report.answered.under_way:
            report.usage = Usage(input_tokens=tokens)
        if report.usage is None:
            return
        paid, output = report.answered.credits, report.usage.output_tokens
        if paid is None:
            report.guessed_credits = self._prices.guess(model, tokens, output)
        elif finishing.usage is not None and report.answered.attempts == 1:
            self._prices.learn(model, tokens, output, paid)

    def _build(self, ask: Ask, model: Model, report: Report) -> Request:
        request = build(ask, model, self._style)
        report.repairs = request.repairs
        return request

    async def _once(self, ask: Ask, model: Model, report: Report) -> AsyncGenerator[Batch, None]:
        request = self._build(ask, model, report)
        async with aclosing(self._client.answer(request, report.answered, self._begin)) as batches:
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
        spent, paid = _counted(held), report.answered.credits
        async with aclosing(self._once(again, model, report)) as batches:
            async for batch in batches:
                if paid is not None and report.answered.credits is not None:
                    report.answered.credits += paid
                    paid = None
                yield tuple(_and(event, spent) for event in batch)


def _counted(batches: Iterable[Batch]) -> Usage | None:
    return next((event.usage for batch in batches for event in batch if isinstance(event, Counted)), None)


def _and(event: Event, spent: Usage | None) -> Event:
    """A count with what was spent before it."""
    return Counted(event.usage.plus(spent)) if spent is not None and isinstance(event, Counted) else event


def _with_name(asked: Thinking, named: Thinking) -> Thinking:
    """What the model's name says of thinking goes before what the client says: it is chosen where the client lets nothing
    else be chosen, and clients send a default of their own."""
    if named == Thinking():
        return asked
    return replace(
        asked, on=named.on, effort=named.effort or asked.effort, budget=None if named.effort else asked.budget
    )


def _with_repairs(error: Kiro2ChatError, report: Report) -> Kiro2ChatError:
    """A refused body is told with what was done to it and the backend's id: that is what a report of it needs."""
    if isinstance(error, Misunderstood):
        made = "; ".join(dict.fromkeys(report.repairs)) or "none"
        error.message += f" (Kiro's request id: {error.request_id or 'unknown'}; repairs made: {made[:1000]})"
        error.args = (error.message,)
    return error


def _log(report: Report) -> None:
    """One line per request, without a word of what was said."""
    logger.info(
        "%s: %s, %.2f s to the first token, %.2f s in all, %d attempt(s), %d repair(s), %d undeclared call(s) dropped",
        report.model,
        report.outcome,
        report.total if report.first is None else report.first,
        report.total,
        report.answered.attempts,
        len(report.repairs),
        len(report.answered.dropped),
    )
