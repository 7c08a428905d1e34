"""What the backend accepts, stated once: `check(body)` lists every rule a request body breaks.

`request.py` builds bodies that break none; the emulator refuses those that do, in the backend's own words. Sources: protocol
notes 3.3 and 3.4, among them the seven invariants that Kiro IDE's own agent checks. What sources disagree on is a switch of
`Strictness`. Model ids, sizes against a model's window and reasoning signatures depend on the account: the backend's business.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from ..images import MAX_CHARS as IMAGE_CHARS
from ..images import image_format
from . import schema, shape

__all__ = [
    "DEFAULT",
    "DESCRIPTION_LENGTH",
    "IMAGES_PER_MESSAGE",
    "IMAGES_PER_REQUEST",
    "IMAGE_CHARS",
    "RESULT_LENGTH",
    "STRICT",
    "TOOL_NAME",
    "Rule",
    "Strictness",
    "Violation",
    "check",
]


class Rule(StrEnum):
    """Names of the rules; the seven invariants keep the names Kiro IDE gives them."""

    SHAPE = "SHAPE"
    ENUM = "ENUM"
    LENGTH = "LENGTH"
    FOREIGN_MEMBER = "FOREIGN_MEMBER"
    AGENT_FIELDS = "AGENT_FIELDS"
    PROFILE_ARN = "PROFILE_ARN"
    MODEL_ID = "MODEL_ID"
    IMAGE_SHAPE = "IMAGE_SHAPE"
    IMAGE_COUNT = "IMAGE_COUNT"
    IMAGE_SIZE = "IMAGE_SIZE"
    IMAGE_MISMATCH = "IMAGE_MISMATCH"
    TOOL_LIST = "TOOL_LIST"
    TOOL_NAME = "TOOL_NAME"
    TOOL_DESCRIPTION = "TOOL_DESCRIPTION"
    TOOL_SCHEMA = "TOOL_SCHEMA"
    TOOL_SCHEMA_ROOT = "TOOL_SCHEMA_ROOT"
    TOOLS_UNDECLARED = "TOOLS_UNDECLARED"
    CACHE_POINT_IN_TOOLS = "CACHE_POINT_IN_TOOLS"
    CACHE_POINT_COUNT = "CACHE_POINT_COUNT"
    STARTS_WITH_USER_MESSAGE = "STARTS_WITH_USER_MESSAGE"
    ENDS_WITH_USER_MESSAGE = "ENDS_WITH_USER_MESSAGE"
    ALTERNATING_MESSAGES = "ALTERNATING_MESSAGES"
    NON_EMPTY_USER_MESSAGE = "NON_EMPTY_USER_MESSAGE"
    TOOL_USES_AND_RESULTS = "TOOL_USES_AND_RESULTS"
    TOOL_RESULTS_AND_NO_USES = "TOOL_RESULTS_AND_NO_USES"
    TOOL_RESULTS_ORPHAN_IDS = "TOOL_RESULTS_ORPHAN_IDS"
    TOOL_USE_IDS_REUSED = "TOOL_USE_IDS_REUSED"


@dataclass(frozen=True, slots=True)
class Violation:
    """`path` is the place in the body, such as `conversationState.history[2]`."""

    rule: Rule
    path: str
    detail: str


@dataclass(frozen=True, slots=True)
class Strictness:
    """True refuses what some sources report as refused and others as accepted (DISAGREE in the notes)."""

    alternation: bool = True
    schema_keywords: bool = False
    cache_points_in_tools: bool = False
    agent_fields: bool = False
    modelled_ids: bool = False
    """toolUseId by the service model's `[a-zA-Z0-9_-]` instead of the newer clients' `[a-zA-Z0-9_.:-]`."""


DEFAULT = Strictness()
STRICT = Strictness(True, True, True, True, True)

DESCRIPTION_LENGTH = 10_240
RESULT_LENGTH = 800_000
IMAGES_PER_MESSAGE = 10
IMAGES_PER_REQUEST = 100
CACHE_POINTS = 4
TOOL_LIST_CHARS = 2_000_000
TOOL_LIST_COUNT = 1_389
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_TOOL_USE_ID = {True: re.compile(r"[a-zA-Z0-9_-]{1,64}"), False: re.compile(r"[a-zA-Z0-9_.:-]{1,64}")}
_MODEL_ID = re.compile(r"[a-zA-Z0-9_:.-]{1,1024}")
_PROFILE_ARN = re.compile(r"arn:aws:(codewhisperer|transform):[-.a-z0-9]{1,63}:\d{12}:profile/[a-zA-Z0-9]{12}")

TRIGGERS = frozenset({"MANUAL", "DIAGNOSTIC", "INLINE_CHAT"})
TASK_TYPES = frozenset({"vibe", "spectask"})
_ORIGINS = """
    AI_EDITOR CHATBOT CLI CONSOLE DOCUMENTATION GITLAB IDE INLINE_CHAT KIRO_CLI MARKETING MD MD_CE MD_IDE MOBILE
    OPENSEARCH_DASHBOARD Q_DEV_BEXT SAGE_MAKER SERVICE_INTERNAL SM_AI_STUDIO_IDE UNIFIED_SEARCH UNKNOWN
"""
ORIGINS = frozenset(_ORIGINS.split())
STATUSES = frozenset({"success", "error"})
IMAGE_FORMATS = frozenset({"png", "jpeg", "gif", "webp"})
TOP_MEMBERS = frozenset({"conversationState", "profileArn", "agentMode", "additionalModelRequestFields"})

Found: TypeAlias = Iterator[Violation]


def check(body: object, strictness: Strictness = STRICT) -> list[Violation]:
    """Every broken rule, the outer ones first. A body of a wrong shape is not looked into any further."""
    found = [Violation(Rule.SHAPE, path, detail) for path, detail in shape.flaws(body)]
    if not found and isinstance(body, dict):
        request = _Request(body, strictness)
        for rule in _RULES:
            found.extend(rule(request))
    return found


class _Request:
    """A body of the right shape, with its messages at hand."""

    def __init__(self, body: dict[str, Any], strictness: Strictness) -> None:
        self.body = body
        self.strictness = strictness
        self.state: dict[str, Any] = body["conversationState"]
        self.current: dict[str, Any] = self.state["currentMessage"]["userInputMessage"]
        entries = [(f"conversationState.history[{i}]", e) for i, e in enumerate(self.state.get("history") or [])]
        entries.append(("conversationState.currentMessage", self.state["currentMessage"]))
        self.messages = [_Message(path, entry) for path, entry in entries]
        self.tools: list[dict[str, Any]] = (self.current.get("userInputMessageContext") or {}).get("tools") or []


class _Message:
    def __init__(self, path: str, entry: dict[str, Any]) -> None:
        self.role = "user" if "userInputMessage" in entry else "assistant"
        name = "userInputMessage" if self.role == "user" else "assistantResponseMessage"
        self.path = f"{path}.{name}"
        self.value: dict[str, Any] = entry[name]
        context = self.value.get("userInputMessageContext") or {}
        self.results: list[dict[str, Any]] = context.get("toolResults") or []
        self.uses: list[dict[str, Any]] = self.value.get("toolUses") or []
        self.images: list[dict[str, Any]] = self.value.get("images") or []


# --- values: enums, lengths, patterns ------------------------------------------------------------------------------


def _members(request: _Request) -> Found:
    for name in sorted(set(request.body) - TOP_MEMBERS):
        yield Violation(Rule.FOREIGN_MEMBER, name, "is no member of the request")
    arn = request.body.get("profileArn")
    if arn is not None and not _PROFILE_ARN.fullmatch(arn):
        yield Violation(Rule.PROFILE_ARN, "profileArn", "is no profile ARN")
    if request.strictness.agent_fields:
        names = ("agentTaskType", "agentContinuationId")
        present = [f"conversationState.{name}" for name in names if name in request.state]
        for path in present + (["agentMode"] if "agentMode" in request.body else []):
            yield Violation(Rule.AGENT_FIELDS, path, "is not taken by this backend")


def _enums(request: _Request) -> Found:
    state = request.state
    yield from _one_of(state["chatTriggerType"], TRIGGERS, "conversationState.chatTriggerType")
    if state.get("agentTaskType") is not None:
        yield from _one_of(state["agentTaskType"], TASK_TYPES, "conversationState.agentTaskType")
    for message in request.messages:
        if message.value.get("origin") is not None:
            yield from _one_of(message.value["origin"], ORIGINS, f"{message.path}.origin")
        for index, result in enumerate(message.results):
            place = f"{message.path}.userInputMessageContext.toolResults[{index}].status"
            yield from _one_of(result["status"], STATUSES, place)


def _one_of(value: str, allowed: frozenset[str], path: str) -> Found:
    if value not in allowed:
        yield Violation(Rule.ENUM, path, f"{value[:40]!r} is none of {', '.join(sorted(allowed))}")


def _lengths(request: _Request) -> Found:
    conversation = request.state.get("conversationId")
    if conversation is not None and not 1 <= len(conversation) <= 128:
        yield Violation(Rule.LENGTH, "conversationState.conversationId", "must have 1 to 128 characters")
    pattern = _TOOL_USE_ID[request.strictness.modelled_ids]
    for message in request.messages:
        for item in (*message.uses, *message.results):
            if not pattern.fullmatch(item["toolUseId"]):
                yield Violation(Rule.LENGTH, message.path, f"toolUseId {item['toolUseId'][:80]!r} is not legal")
        for result in message.results:
            if any(len(block.get("text") or "") > RESULT_LENGTH for block in result["content"]):
                yield Violation(Rule.LENGTH, message.path, f"a tool result is longer than {RESULT_LENGTH}")


def _models(request: _Request) -> Found:
    for message in request.messages:
        model = message.value.get("modelId")
        if model is not None and not _MODEL_ID.fullmatch(model):
            yield Violation(Rule.MODEL_ID, f"{message.path}.modelId", "is not legal")


def _images(request: _Request) -> Found:
    if sum(len(message.images) for message in request.messages) > IMAGES_PER_REQUEST:
        yield Violation(Rule.IMAGE_COUNT, "conversationState", f"more than {IMAGES_PER_REQUEST} images")
    for message in request.messages:
        if len(message.images) > IMAGES_PER_MESSAGE:
            yield Violation(Rule.IMAGE_COUNT, message.path, f"more than {IMAGES_PER_MESSAGE} images")
        for index, image in enumerate(message.images):
            yield from _image(image, f"{message.path}.images[{index}]")


def _image(image: object, path: str) -> Found:
    source = image.get("source") if isinstance(image, dict) else None
    data = source.get("bytes") if isinstance(source, dict) else None
    declared = image.get("format") if isinstance(image, dict) else None
    if not isinstance(data, str) or not isinstance(declared, str) or declared not in IMAGE_FORMATS:
        yield Violation(Rule.IMAGE_SHAPE, path, "needs a format and source.bytes")
        return
    if len(data) > IMAGE_CHARS:
        yield Violation(Rule.IMAGE_SIZE, path, f"has {len(data)} base64 characters")
    try:
        head = base64.b64decode(data[:32], validate=True)
    except (binascii.Error, ValueError):
        yield Violation(Rule.IMAGE_SHAPE, path, "is not base64")
        return
    if image_format(head) != declared:
        yield Violation(Rule.IMAGE_MISMATCH, path, f"says {declared} but is {image_format(head) or 'no image'}")


# --- tools ---------------------------------------------------------------------------------------------------------


def _tools(request: _Request) -> Found:
    if len(request.tools) >= TOOL_LIST_COUNT:
        yield Violation(Rule.TOOL_LIST, "tools", f"{len(request.tools)} tools are too many")
    seen: set[str] = set()
    for index, tool in enumerate(request.tools):
        path = f"{request.messages[-1].path}.userInputMessageContext.tools[{index}]"
        if "cachePoint" in tool:
            if request.strictness.cache_points_in_tools:
                yield Violation(Rule.CACHE_POINT_IN_TOOLS, path, "is not taken by this backend")
            continue
        spec = tool["toolSpecification"]
        if not TOOL_NAME.fullmatch(spec["name"]) or spec["name"] in seen:
            yield Violation(Rule.TOOL_NAME, f"{path}.name", f"{spec['name'][:80]!r} is not legal or not unique")
        seen.add(spec["name"])
        description = spec.get("description")
        if not isinstance(description, str) or not description.strip() or len(description) > DESCRIPTION_LENGTH:
            yield Violation(Rule.TOOL_DESCRIPTION, f"{path}.description", f"needs 1 to {DESCRIPTION_LENGTH} characters")
        yield from _tool_schema(spec["inputSchema"]["json"], f"{path}.inputSchema.json", request.strictness)


def _tool_schema(root: dict[str, Any], path: str, strictness: Strictness) -> Found:
    if root.get("type") != "object":
        yield Violation(Rule.TOOL_SCHEMA_ROOT, f"{path}.type", "must be one of the following: object.")
    for keyword in schema.ROOT_COMBINERS:
        if keyword in root:
            yield Violation(Rule.TOOL_SCHEMA, f"{path}.{keyword}", "is not taken at the root")
    for place, node in schema.walk(root):
        for keyword in ("properties", "required"):
            if keyword in node and node[keyword] is None:
                yield Violation(Rule.TOOL_SCHEMA, f"{path}{place}.{keyword}", "is null")
        if strictness.schema_keywords:
            refused = sorted(schema.REFUSED_KEYWORDS & set(node)) + (["required"] if node.get("required") == [] else [])
            for keyword in refused:
                yield Violation(Rule.TOOL_SCHEMA, f"{path}{place}.{keyword}", "is not taken by this backend")


def _tools_of_history(request: _Request) -> Found:
    declared = {tool["toolSpecification"]["name"] for tool in request.tools if "toolSpecification" in tool}
    used = {use["name"] for message in request.messages for use in message.uses}
    results = any(message.results for message in request.messages)
    if (used or results) and not declared:
        yield Violation(Rule.TOOLS_UNDECLARED, "tools", "is empty although the history holds tool calls or results")
    for name in sorted(used - declared):
        yield Violation(Rule.TOOLS_UNDECLARED, "tools", f"lacks {name[:80]!r}, which the history calls")


def _cache_points(request: _Request) -> Found:
    count = sum("cachePoint" in holder for holder in (*request.tools, *(m.value for m in request.messages)))
    if count > CACHE_POINTS:
        yield Violation(Rule.CACHE_POINT_COUNT, "conversationState", f"has {count} cache points")


# --- order of messages ---------------------------------------------------------------------------------------------


def _order(request: _Request) -> Found:
    roles = [message.role for message in request.messages]
    if roles[0] != "user":
        yield Violation(Rule.STARTS_WITH_USER_MESSAGE, request.messages[0].path, "comes first")
    if request.strictness.alternation:
        for before, message in zip(request.messages, request.messages[1:], strict=False):
            if before.role == message.role:
                yield Violation(Rule.ALTERNATING_MESSAGES, message.path, f"follows another {message.role} message")


def _emptiness(request: _Request) -> Found:
    for message in request.messages:
        if message.role == "user" and not message.value["content"] and not message.results:
            yield Violation(Rule.NON_EMPTY_USER_MESSAGE, message.path, "has neither content nor tool results")


def _pairs(request: _Request) -> Found:
    seen: set[str] = set()
    open_ids: list[str] = []
    for message in request.messages:
        answered = [result["toolUseId"] for result in message.results]
        for call_id in open_ids:
            if call_id not in answered:
                yield Violation(Rule.TOOL_USES_AND_RESULTS, message.path, f"lacks a result for {call_id}")
        if answered and not open_ids:
            yield Violation(Rule.TOOL_RESULTS_AND_NO_USES, message.path, "has results, but nothing was called")
        elif len(set(answered)) < len(answered) or set(answered) - set(open_ids):
            yield Violation(Rule.TOOL_RESULTS_ORPHAN_IDS, message.path, "has results of unknown or repeated ids")
        open_ids = [use["toolUseId"] for use in message.uses]
        if seen & set(open_ids) or len(set(open_ids)) < len(open_ids):
            yield Violation(Rule.TOOL_USE_IDS_REUSED, message.path, "uses a toolUseId again")
        seen.update(open_ids)


_RULES: tuple[Callable[[_Request], Found], ...] = (
    _members, _enums, _lengths, _models, _images, _tools, _tools_of_history, _cache_points, _order, _emptiness, _pairs,
)  # fmt: skip
