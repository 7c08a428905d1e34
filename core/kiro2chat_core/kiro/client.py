"""The one door out to the chat backend: a request's body in, batches of Events out.

Attempts are repeated only while nothing has been handed on. What can be mended is mended once per request: a refused token is
renewed, a missing or unwanted profile is added or left out. The rest is repeated with jitter, or raised.
"""

from __future__ import annotations

import asyncio
import logging
import random
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx

from .. import jsonio
from ..errors import BackendTimeout, Kiro2ChatError
from ..report import Answered, Attempt
from ..settings import Settings
from ..turns import Batch, Began, Event
from . import failures
from .account import with_cure
from .control import Control
from .events import AnswerDecoder
from .eventstream import Decoder
from .hosts import Hosts
from .login import Login
from .request import Request
from .slots import Slots
from .thoughts import Thoughts
from .tokens import Tokens
from .transport import translated

__all__ = ["Begin", "Client"]

logger = logging.getLogger(__name__)

Begin: TypeAlias = Callable[[], Awaitable[None]]
"""Raises Kiro2ChatError: the request is not to begin after all. It may have waited long for its turn."""

_ERROR_BODY = 64 * 1024
_PIECE = 256 * 1024
_EVENT_STREAMS = ("application/vnd.amazon.eventstream", "application/octet-stream", "")
_FIRST_WAIT, _LONGEST_WAIT, _PATIENCE = 0.4, 10.0, 30.0


@dataclass(slots=True)
class _Remedies:
    """What has been tried for this request; each helps at most once."""

    renewed: bool = False
    profile: bool = False
    tool_format: bool = False


class Client:
    def __init__(
        self, settings: Settings, http: httpx.AsyncClient, tokens: Tokens, control: Control, slots: Slots
    ) -> None:
        self._settings = settings
        self._http = http
        self._tokens = tokens
        self._control = control
        self._hosts = Hosts(settings)
        self._slots = slots

    async def answer(
        self, request: Request, answered: Answered | None = None, begin: Begin | None = None
    ) -> AsyncGenerator[Batch, None]:
        """Send a request and yield its events as they come, ending with one Ended.

        Close the iterator to close the upstream connection. `begin` is awaited when the request's turn has come.

        Raises:
            Kiro2ChatError: at any time; after the first batch nothing is repeated.
        """
        login = await self._tokens.current()
        async with self._slots.one(login.identity):
            if begin is not None:
                await begin()
            async with aclosing(self._answer(request, answered or Answered())) as batches:
                async for batch in batches:
                    yield batch

    async def _answer(self, request: Request, answered: Answered) -> AsyncGenerator[Batch, None]:
        """The same, with a slot."""
        invocation, remedies = str(uuid.uuid4()), _Remedies()
        login = await self._tokens.current()
        while True:
            handed_on = False
            try:
                with answered.attempt() as attempt:
                    async with aclosing(self._attempt(request, login, invocation, answered, attempt)) as batches:
                        async for batch in batches:
                            handed_on = True
                            yield batch
                return
            except Kiro2ChatError as error:
                if handed_on:
                    raise with_cure(error, login) from None
                if error.code == failures.SIGNATURE_INVALID and request.has_reasoning:
                    answered.reasoning_refused = True
                    request = request.without_reasoning()
                    continue
                login = await self._remedy(error, login, remedies, answered.attempts)

    async def body(self, request: Request) -> dict[str, Any]:
        """The whole body as it would be sent now.

        Raises:
            LoginError: there is no usable login, and with it no profile.
        """
        return await self._whole(request, await self._tokens.current())

    async def _remedy(self, error: Kiro2ChatError, login: Login, remedies: _Remedies, attempts: int) -> Login:
        """What to do before the next attempt, or the error again if there is nothing."""
        if not remedies.profile and self._control.learn(error, login):
            remedies.profile = True
            return login
        if failures.may_be_stale(error):
            if remedies.renewed:
                self._tokens.in_vain(login)
            elif self._tokens.may_help(login):
                remedies.renewed = True
                return await self._tokens.renew(login)
        if error.code == failures.TRANSIENT_TOOL_FORMAT and not remedies.tool_format:
            remedies.tool_format = True  # also seen for sound requests (protocol notes 3.4)
            return login
        if not error.retryable or attempts >= self._settings.kiro_attempts:
            raise with_cure(error, login)
        wait = random.uniform(0.5, 1.0) * min(_FIRST_WAIT * 2**attempts, _LONGEST_WAIT)
        if error.retry_after is not None:
            if error.retry_after > _PATIENCE:
                raise error
            wait = max(wait, error.retry_after)
        logger.info("Attempt %d failed (%s); next in %.1f s", attempts, error.code, wait)
        await asyncio.sleep(wait)
        return await self._tokens.current()

    async def _attempt(
        self, request: Request, login: Login, invocation: str, answered: Answered, attempt: Attempt
    ) -> AsyncGenerator[Batch, None]:
        settings = self._settings
        body = jsonio.dumps(await self._whole(request, login))
        headers = self._hosts.chat_headers(login, invocation=invocation, attempt=answered.attempts)
        headers["content-length"] = str(len(body))
        outgoing = self._http.build_request("POST", self._hosts.chat_url(login), headers=headers, content=_pieces(body))
        attempt.host, attempt.port = outgoing.url.host, outgoing.url.port
        deadline = asyncio.get_running_loop().time() + settings.kiro_first_token_timeout
        with translated("sending the request"):
            async with asyncio.timeout_at(deadline):
                response = await self._http.send(outgoing, stream=True)
        try:
            answered.request_id = attempt.request_id = response.headers.get("x-amzn-requestid", "")
            attempt.status = response.status_code
            await _refuse_what_is_no_stream(response)
            decoder, events = Decoder(), _decoder(request, answered)
            answered.dropped = events.dropped
            held: list[Event] = []
            handed_on = False
            async for chunk in self._chunks(response, deadline):
                for frame in decoder.feed(chunk):
                    try:
                        held += events.feed((frame,))
                    except Kiro2ChatError:
                        if handed_on:  # what came before the error in the same read; else the attempt is repeated
                            yield tuple(held)
                        raise
                answered.credits = events.credits
                if any(not isinstance(event, Began) for event in held):
                    yield tuple(held)
                    held, handed_on = [], True
                if decoder.failure is not None:
                    raise decoder.failure
            decoder.finish()
            held += events.finish()
            answered.credits = events.credits
            yield tuple(held)
        finally:
            await _close(response)

    async def _chunks(self, response: httpx.Response, first_deadline: float) -> AsyncGenerator[bytes, None]:
        """The body as it comes in. Bytes that never come are a stall: before the first by one limit, later by another."""
        chunks = response.aiter_bytes()
        deadline, limit = first_deadline, self._settings.kiro_first_token_timeout
        loop = asyncio.get_running_loop()
        while True:
            with translated("answering"):
                try:
                    async with asyncio.timeout_at(deadline):
                        chunk = await anext(chunks, None)
                except TimeoutError:
                    raise BackendTimeout(f"Kiro sent nothing for {limit:g} seconds.") from None
            if chunk is None:
                return
            limit = self._settings.kiro_idle_timeout
            deadline = loop.time() + limit
            yield chunk

    async def _whole(self, request: Request, login: Login) -> dict[str, Any]:
        body = dict(request.body)
        arn = await self._control.profile_arn(login)
        if arn is not None:
            body["profileArn"] = arn
        if self._hosts.form == "json" and self._settings.kiro_agent_mode != "none":
            body["agentMode"] = self._settings.kiro_agent_mode
        return body


async def _pieces(body: bytes) -> AsyncGenerator[bytes, None]:
    """Megabytes at once would hold up every other answer while they are written."""
    for at in range(0, len(body), _PIECE):
        yield body[at : at + _PIECE]


def _decoder(request: Request, answered: Answered) -> AnswerDecoder:
    thoughts = Thoughts() if request.thoughts else None
    return AnswerDecoder(
        request.callable, answered.request_id or None, thoughts, request.demanding, all_calls=request.all_calls
    )


async def _refuse_what_is_no_stream(response: httpx.Response) -> None:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if response.status_code == 200 and kind in _EVENT_STREAMS:
        return
    body = b""
    with translated("reading an error"):
        async with asyncio.timeout(10):
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) >= _ERROR_BODY:
                    break
    raise failures.from_response(response.status_code, response.headers, body[:_ERROR_BODY])


async def _close(response: httpx.Response) -> None:
    """Close even while being cancelled: the upstream must not go on for a client that has left."""
    try:
        await asyncio.shield(asyncio.ensure_future(response.aclose()))
    except (httpx.HTTPError, OSError) as broken:
        logger.debug("Closing the answer failed: %s", type(broken).__name__)
