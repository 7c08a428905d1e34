"""Tools of the Responses API → functions, which is all the backend knows; and calls of these back into the client's terms.

A custom tool takes text: it becomes a function of one string. A namespace holds tools of its own: each becomes a function
called `namespace__tool`. A `Toolbox` knows which name stands for what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .. import jsonio
from ..turns import AnyTool, NamedTool, Tool, ToolChoice
from .fields import Fields
from .openai_messages import CUSTOM_INPUT

__all__ = ["Choice", "ClientTool", "Toolbox", "read_choice", "read_tools", "unwrapped", "wrapped"]


@dataclass(frozen=True, slots=True)
class ClientTool:
    """A tool as its client names it."""

    name: str
    namespace: str = ""
    custom: bool = False


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools as functions. `ignored` are the kinds that were sent and cannot be had."""

    tools: tuple[Tool, ...] = ()
    ignored: tuple[str, ...] = ()
    _origins: Mapping[str, ClientTool] = field(default_factory=dict)
    _functions: Mapping[ClientTool, str] = field(default_factory=dict)

    def function(self, tool: ClientTool) -> str:
        """The function that stands for a tool; for one that was not declared, the name that it would have."""
        other = ClientTool(tool.name, tool.namespace, not tool.custom)  # histories mix the two up
        return self._functions.get(tool) or self._functions.get(other) or _joined(tool)

    def origin(self, function: str) -> ClientTool:
        """The tool that a function stands for."""
        return self._origins.get(function, ClientTool(function))

    def find(self, name: str, namespace: str) -> str | None:
        """The function of a declared tool, which may also be named as the function itself is."""
        for custom in (False, True):
            if found := self._functions.get(ClientTool(name, namespace, custom)):
                return found
        return name if not namespace and name in self._origins else None

    def of_namespace(self, namespace: str) -> frozenset[str]:
        return frozenset(name for name, tool in self._origins.items() if tool.namespace == namespace)


def _joined(tool: ClientTool) -> str:
    """`namespace__tool`; some namespaces end in the underscores already."""
    if not tool.namespace:
        return tool.name
    return f"{tool.namespace}{tool.name}" if tool.namespace.endswith("__") else f"{tool.namespace}__{tool.name}"


def wrapped(text: str) -> str:
    """A custom tool's input as the arguments of its function."""
    return jsonio.text({CUSTOM_INPUT: text})


def unwrapped(arguments: str) -> str:
    """A custom tool's input out of the one argument it was declared with."""
    try:
        value = jsonio.loads(arguments)
    except ValueError:
        return arguments
    text = value.get(CUSTOM_INPUT) if isinstance(value, dict) else value
    return text if isinstance(text, str) else arguments


# --- declarations ------------------------------------------------------------------------------------------------------


def read_tools(holders: Iterable[Fields]) -> Toolbox:
    """The tools of every object that has a `tools` member: the body, and input items that bring more.

    A tool declared twice is as the last declaration says.

    Raises:
        BadRequest: naming the tool and its member.
    """
    tools: dict[str, Tool] = {}
    origins: dict[str, ClientTool] = {}
    functions: dict[ClientTool, str] = {}
    unknown: list[str] = []
    for holder in holders:
        for origin, tool in _declared(holder, unknown):
            name = functions.get(origin) or _free(_joined(origin), origins)
            tools[name] = Tool(name, tool.description, tool.schema)
            origins[name], functions[origin] = origin, name
    return Toolbox(tuple(tools.values()), tuple(dict.fromkeys(unknown)), origins, functions)


def _free(name: str, taken: Mapping[str, ClientTool]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate


def _declared(holder: Fields, unknown: list[str]) -> Iterator[tuple[ClientTool, Tool]]:
    for entry in holder.objects("tools"):
        kind = entry.text("type") or "function"
        if kind == "namespace":
            yield from _namespace(entry, unknown)
        elif kind in _READERS:
            yield _tool(entry, kind, "")
        else:
            unknown.append(f"tools.{kind[:40]}")


def _namespace(entry: Fields, unknown: list[str]) -> Iterator[tuple[ClientTool, Tool]]:
    """What is said of the namespace stands with its first tool: with each it would cost too much."""
    name, about = entry.text("name", required=True), entry.text("description")
    for inner in entry.objects("tools"):
        kind = inner.text("type") or "function"
        if kind not in _READERS:
            unknown.append(f"tools.{kind[:40]}")
            continue
        origin, tool = _tool(inner, kind, name)
        if about:
            tool = Tool(tool.name, _notes(tool.description, f"[{name}: {about}]"), tool.schema)
            about = ""
        yield origin, tool


def _tool(entry: Fields, kind: str, namespace: str) -> tuple[ClientTool, Tool]:
    tool = _READERS[kind](entry)
    return ClientTool(tool.name, namespace, kind == "custom"), tool


def _function(entry: Fields) -> Tool:
    schema = entry.object("parameters")
    return Tool(entry.text("name", required=True), entry.text("description"), dict(schema.value) if schema else {})


def _custom(entry: Fields) -> Tool:
    """A tool that takes text: a function with one argument, and its grammar in words."""
    form, grammar = entry.object("format"), ""
    if form is not None and form.text("type") == "grammar":
        grammar = f"The input must follow this {form.text('syntax')} grammar:\n{form.text('definition')}"
    schema = {"type": "object", "properties": {CUSTOM_INPUT: {"type": "string"}}, "required": [CUSTOM_INPUT]}
    return Tool(entry.text("name", required=True), _notes(entry.text("description"), grammar), schema)


def _notes(*notes: str) -> str:
    return "\n\n".join(note for note in notes if note)


_READERS: Mapping[str, Callable[[Fields], Tool]] = {"function": _function, "custom": _custom}


# --- choice ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """`allowed` are the functions among which is chosen, None for all; `ignored` what cannot be chosen."""

    choice: ToolChoice = "auto"
    allowed: frozenset[str] | None = None
    ignored: tuple[str, ...] = ()


def read_choice(body: Fields, toolbox: Toolbox) -> Choice:
    """`tool_choice`. A tool that was ignored cannot be chosen, which then has no effect either.

    Raises:
        BadRequest: it names no tool that was sent.
    """
    value = body.value.get("tool_choice")
    if value is None or value in ("auto", "none"):
        return Choice("none" if value == "none" else "auto")
    if value == "required":
        return Choice(AnyTool()) if toolbox.tools else _nothing_to_call(body, toolbox)
    if not isinstance(value, dict):
        body.fail("tool_choice", "must be none, auto, required or an object that names a tool")
    chosen = body.required_object("tool_choice")
    kind = chosen.text("type") or "function"
    if kind == "allowed_tools":
        return _allowed(chosen, toolbox)
    if kind not in _READERS:
        return Choice(ignored=(f"tool_choice.{kind[:40]}",))
    name = chosen.text("name", required=True)
    if not toolbox.tools:
        return _nothing_to_call(body, toolbox)
    function = toolbox.find(name, chosen.text("namespace"))
    if function is None:
        body.fail("tool_choice", f"names {name[:64]!r}, which is none of the tools")
    return Choice(NamedTool(function))


def _nothing_to_call(body: Fields, toolbox: Toolbox) -> Choice:
    if not toolbox.ignored:
        body.fail("tool_choice", "demands a tool call, but there are no tools")
    return Choice(ignored=("tool_choice",))


def _allowed(chosen: Fields, toolbox: Toolbox) -> Choice:
    demanded = chosen.choice("mode", ("auto", "required"), "auto") == "required"
    names: set[str] = set()
    hosted = False
    for entry in chosen.objects("tools"):
        kind, name = entry.text("type") or "function", entry.text("name")
        if kind == "namespace":
            names |= toolbox.of_namespace(name)
        elif kind in _READERS:
            names |= {found} if (found := toolbox.find(name, entry.text("namespace"))) else set()
        else:
            hosted = True
    if demanded and not names:
        if not hosted:
            chosen.fail("tools", "names none of the tools, but a tool call is demanded")
        return Choice(ignored=("tool_choice",), allowed=frozenset())
    return Choice(AnyTool() if demanded else "auto", frozenset(names))
