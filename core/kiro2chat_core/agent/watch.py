"""What happens around each call of a tool: is it allowed, when did it begin and end; and every message that is added.

As Strands' hooks. A call that somebody must allow interrupts the run; asked again with an answer, it goes on or is refused.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from strands.hooks import (
    AfterToolCallEvent,
    BeforeToolCallEvent,
    HookProvider,
    HookRegistry,
    MessageAddedEvent,
)

from .. import jsonio
from ..turns import ToolResult, Turn
from .events import AgentEvent, Approval, ToolEnded, ToolStarted
from .messages import arguments_of, result_of, turn_of
from .tool import AgentTool, Outcome, identity
from .tool import Approval as Mode

__all__ = ["ALLOW", "ALLOW_ALWAYS", "DENY", "Watch"]

ALLOW, ALLOW_ALWAYS, DENY = "allow", "allow_session", "deny"
"""Answers to an `Approval`; the second is for all further calls of this tool in the session."""

_DENIED = "Refused: this tool needs leave that nobody can give here, or the settings deny it (AGENT_APPROVAL)."
_SAID_NO = "Refused by the user. Do not try it again in another way; ask the user what to do instead."
_NO_TOOL = "There is no tool {name}; there are {tools}."
_NO_JSON = "The arguments are not valid JSON: {why}. Call {name} again with all of them, as one JSON object."
_NO_OBJECT = "The arguments must be a JSON object. Call {name} again with one."
_ASK = "approval"


class Watch(HookProvider):
    """`modes` say what is done with each tool; `allowed` are those that somebody allowed for the session, by what they are and
    not only by name, and grows. `results` are those of the calls that ended."""

    def __init__(
        self,
        tools: Mapping[str, AgentTool],
        modes: Mapping[str, Mode],
        allowed: Collection[str],
        tell: Callable[[AgentEvent], None],
        added: Callable[[Turn], Awaitable[None]],
    ) -> None:
        self.allowed = set(allowed)
        self.results: list[ToolResult] = []
        self._tools = tools
        self._modes = modes
        self._tell = tell
        self._added = added
        self._began: dict[str, float] = {}

    def register_hooks(self, registry: HookRegistry, **_kwargs: Any) -> None:
        registry.add_callback(BeforeToolCallEvent, self._before)
        registry.add_callback(AfterToolCallEvent, self._after)
        registry.add_callback(MessageAddedEvent, self._message)

    def approval(self, interrupt: Any) -> Approval:
        """What an interrupt of ours asks."""
        reason: Mapping[str, Any] = interrupt.reason
        tool = self._tools.get(reason["name"])
        source, touches = (tool.source, tool.touches) if tool else ("", "")
        return Approval(reason["id"], reason["name"], source, reason["arguments"], touches)

    def _before(self, event: BeforeToolCallEvent) -> None:
        use = event.tool_use
        name, mode = use["name"], self._mode(use["name"])
        if (wrong := self._wrong(name, use["input"])) is not None:
            event.cancel_tool = wrong  # the model may try again, and nobody need be asked
        elif mode == "ask":
            reason = {"id": use["toolUseId"], "name": name, "arguments": _shown(use["input"])}
            answer = event.interrupt(_ASK, reason)
            if answer == ALLOW_ALWAYS:
                self.allowed.add(identity(self._tools[name]))
            if answer not in (ALLOW, ALLOW_ALWAYS):
                event.cancel_tool = _SAID_NO
        elif mode == "deny":
            event.cancel_tool = _DENIED
        self._began[use["toolUseId"]] = time.perf_counter()
        self._tell(ToolStarted(use["toolUseId"], name, self._source(name), _shown(use["input"])))

    def _after(self, event: AfterToolCallEvent) -> None:
        use, result = event.tool_use, result_of(event.result)
        self.results.append(result)
        began = self._began.pop(use["toolUseId"], None)
        seconds = 0.0 if began is None or event.cancel_message else time.perf_counter() - began
        outcome = Outcome(tuple(part for part in result.content), result.is_error)  # type: ignore[misc]
        source = self._source(use["name"])
        self._tell(ToolEnded(use["toolUseId"], use["name"], source, _shown(use["input"]), outcome, seconds))

    def _wrong(self, name: str, input: object) -> str | None:
        """Why nobody can make this call."""
        if name not in self._tools:
            return _NO_TOOL.format(name=name, tools=", ".join(sorted(self._tools)) or "none")
        if isinstance(input, Mapping):
            return None
        try:
            jsonio.loads(str(input))
        except ValueError as bad:
            return _NO_JSON.format(name=name, why=bad if str(input).strip() else "there are none")
        return _NO_OBJECT.format(name=name)

    async def _message(self, event: MessageAddedEvent) -> None:
        await self._added(turn_of(event.message))

    def _mode(self, name: str) -> Mode:
        tool = self._tools.get(name)
        if tool is not None and self._modes.get(name) == "ask" and identity(tool) in self.allowed:
            return "auto"
        return self._modes.get(name, "auto")

    def _source(self, name: str) -> str:
        tool = self._tools.get(name)
        return tool.source if tool else ""


def _shown(arguments: Any) -> Mapping[str, Any]:
    """Whatever the model wrote, as the object that events promise."""
    return arguments if isinstance(arguments, Mapping) else arguments_of(str(arguments))
