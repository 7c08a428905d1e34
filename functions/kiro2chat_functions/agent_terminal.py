"""`kiro2chat agent "…"`: a run in the terminal, with what the tools do as cards and a prompt where somebody must allow a call."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.prompt import Prompt
from rich.text import Text as Styled

from kiro2chat_core import jsonio
from kiro2chat_core.agent.agents import Agents
from kiro2chat_core.agent.events import (
    AgentEvent,
    Approval,
    Failed,
    Finished,
    FinishReason,
    Said,
    Thought,
    ToolEnded,
    ToolStarted,
)
from kiro2chat_core.agent.watch import ALLOW, ALLOW_ALWAYS, DENY
from kiro2chat_core.agent.wishes import Wish
from kiro2chat_core.gateway import Gateway
from kiro2chat_core.settings import Settings
from kiro2chat_core.store.opening import store_of
from kiro2chat_core.turns import Text, Turn

from .agent import budget_of
from .agent_trust import allowed

__all__ = ["run"]

_LINES = 12
"""Lines of a result that a card shows."""

_KEYS = {"a": ALLOW, "s": ALLOW_ALWAYS, "d": DENY}
_GOOD: frozenset[FinishReason] = frozenset({"end", "max_tokens"})


def run(settings: Settings, message: str, options: argparse.Namespace, *, lasts: bool) -> bool:
    """Whether the agent came to its end. Its files are those of the folder it is run in, unless AGENT_WORKSPACE says another.
    `lasts` is whether sessions do: those of a demo go with it.

    Raises:
        Kiro2ChatError: it cannot begin.
    """
    is_foreign = settings.source("agent_workspace") == "default"
    if is_foreign:
        settings = replace(settings, agent_workspace=Path.cwd())
    console = Console(highlight=False)
    held = allowed(settings, console, trust=options.trust) if is_foreign else {}
    return asyncio.run(_run(settings, message, options, console, lasts, held))


async def _run(
    settings: Settings,
    message: str,
    options: argparse.Namespace,
    console: Console,
    lasts: bool,
    held: Mapping[Path, str],
) -> bool:
    tools = None if options.tools is None else tuple(filter(None, map(str.strip, options.tools.split(","))))
    wish = Wish(
        options.model or "",
        Turn("user", (Text(message),)),
        session=options.session,
        tools=tools,
        budget=budget_of(settings),
        patience=0.0,
    )
    async with AsyncExitStack() as stack:
        store = store_of(settings)
        stack.push_async_callback(store.aclose)
        gateway = Gateway(settings)
        stack.push_async_callback(gateway.aclose)
        agents = Agents(settings, store, time.time)
        stack.push_async_callback(agents.aclose)
        for path, fingerprint in held.items():
            agents.servers.hold_to(path, fingerprint)
        await _prepare(agents, console)
        if not wish.model:
            wish = replace(wish, model=await _model(agents, wish, settings))
        while True:
            view = _View(console)
            async with agents.run(gateway, wish) as (session, events):
                async for event in events:
                    view.show(event)
            if not view.asked:
                going_on = f"; --session {session} goes on" if lasts else ""
                console.print(f"[dim]{view.summary()}{going_on}[/dim]", soft_wrap=True)
                return view.finished.reason in _GOOD
            answers = {each.id: ALLOW if options.yes else _ask(each, console) for each in view.asked}
            wish = replace(wish, question=None, session=session, answers=answers)


async def _model(agents: Agents, wish: Wish, settings: Settings) -> str:
    """The session's, whose reasoning is in it; or the setting's."""
    if wish.session is None:
        return settings.agent_model
    return str((await agents.sessions.head(wish.owner, wish.session))["model"])


async def _prepare(agents: Agents, console: Console) -> None:
    with console.status("Starting tools …"):
        await agents.tools(trusted=True)
    for state in agents.servers.states():
        if state.state == "failed":
            console.print(
                f"[yellow]The MCP server {escape(plain(state.name))} failed:[/yellow] {escape(plain(state.error))}"
            )


def _ask(approval: Approval, console: Console) -> str:
    """Without a terminal nobody can be asked: that is a no."""
    if not sys.stdin.isatty():
        console.print("[yellow]Denied: there is no terminal to ask at. --yes allows every call.[/yellow]")
        return DENY
    console.print(
        Panel(
            Group(Styled(_arguments(approval), style="bold"), Styled(plain(approval.touches), style="dim")),
            title=f"{escape(plain(approval.name))} wants to run",
            border_style="yellow",
        )
    )
    key = Prompt.ask(
        "[bold]a[/bold]llow once, for this [bold]s[/bold]ession, or [bold]d[/bold]eny",
        choices=list(_KEYS),
        default="d",
        console=console,
    )
    return _KEYS[key]


class _View:
    """Events on a terminal: text as it comes, a card to each call."""

    def __init__(self, console: Console) -> None:
        self.asked: list[Approval] = []
        self.finished = Finished("error")
        self._console = console
        self._style = ""
        self._line = ""

    def show(self, event: AgentEvent) -> None:
        match event:
            case Said(text):
                self._write(plain(text), "")
            case Thought(text):
                self._write(plain(text), "dim italic")
            case ToolStarted():
                self._end_line()
                if self._console.is_terminal:
                    self._console.print(
                        f"[cyan]▸ {escape(plain(event.name))}[/cyan] [dim]{escape(_arguments(event)[:200])}[/dim]"
                    )
            case ToolEnded():
                self._console.print(_card(event))
            case Approval():
                self.asked.append(event)
            case Failed(error):
                self._end_line()
                self._console.print(f"[red]{escape(plain(error.message))}[/red]")
            case Finished(reason, told):
                self._end_line()
                self.finished = event
                if told and reason not in ("approval", "error"):
                    self._console.print(f"[yellow]{escape(plain(told))}[/yellow]")

    def summary(self) -> str:
        usage, done = self.finished.spent.usage, self.finished
        credits = "" if usage.credits is None else f", {usage.credits:.3g} credits"
        return f"{usage.input_tokens + usage.output_tokens:,} tokens{credits}, {done.seconds:.1f} s"

    def _write(self, text: str, style: str) -> None:
        if style != self._style:
            self._end_line()
        self._style = style
        self._console.print(Styled(text, style=style), end="", soft_wrap=True)
        self._line = text

    def _end_line(self) -> None:
        if self._line and not self._line.endswith("\n"):
            self._console.print()
        self._line = ""


def _card(event: ToolEnded) -> Panel:
    text = "\n".join(part.text if isinstance(part, Text) else "(an image)" for part in event.outcome.content)
    lines = [plain(line) for line in text.strip().splitlines()] or ["(nothing)"]
    if len(lines) > _LINES:
        lines = [*lines[:_LINES], f"… {len(lines) - _LINES} more lines"]
    mark, colour = ("✗", "red") if event.outcome.is_error else ("✓", "green")
    title = f"[{colour}]{mark}[/{colour}] {escape(plain(event.name))} [dim]{event.seconds:.1f} s[/dim]"
    body = Group(Styled(_arguments(event), style="dim"), Styled("\n".join(line[:300] for line in lines)))
    return Panel(body, title=title, title_align="left", border_style="dim")


def _arguments(event: ToolStarted | ToolEnded | Approval) -> str:
    values = list(event.arguments.values())
    one = values[0] if len(values) == 1 else None
    return plain(one if isinstance(one, str) else jsonio.text(dict(event.arguments)))


def plain(text: str) -> str:
    """What came from a model or a tool, for a terminal: what would move the cursor, hide, overwrite or turn round what stands
    there is written out, so that nothing is shown but what is there."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""All of C0 but tab and line feed, C1, and what changes the direction of writing or breaks lines."""
