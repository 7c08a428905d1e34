"""What the page reads of the agent, as types; `wire.py` has the others."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

__all__ = ["AGENT_TYPES"]


class AgentUsage(TypedDict):
    input_tokens: int
    output_tokens: int
    total_tokens: int
    reasoning_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    credits: float | None
    estimated: bool
    rounds: int


class AgentStart(TypedDict):
    type: Literal["start"]
    session_id: str | None
    model: str


class AgentText(TypedDict):
    type: Literal["text"]
    text: str


class AgentReasoning(TypedDict):
    type: Literal["reasoning"]
    text: str


class AgentToolStart(TypedDict):
    type: Literal["tool_start"]
    id: str
    name: str
    source: str
    arguments: dict[str, Any]


class AgentToolEnd(TypedDict):
    type: Literal["tool_end"]
    id: str
    name: str
    source: str
    arguments: dict[str, Any]
    duration: float
    result: NotRequired[str]
    error: NotRequired[str]
    images: NotRequired[list[str]]


class AgentAsked(TypedDict):
    id: str
    name: str
    source: str
    arguments: dict[str, Any]
    touches: str


class AgentApproval(AgentAsked):
    type: Literal["approval"]
    session_id: str | None


class AgentCounted(TypedDict):
    type: Literal["usage"]
    usage: AgentUsage


class AgentErrorDetail(TypedDict):
    message: str
    code: str
    param: str | None
    request_id: str | None


class AgentFailed(TypedDict):
    type: Literal["error"]
    error: AgentErrorDetail


class AgentDone(TypedDict):
    """The last event of every stream."""

    type: Literal["done"]
    stop_reason: str
    message: str
    duration: float
    usage: AgentUsage
    session_id: str | None


class AgentTextPart(TypedDict):
    type: Literal["text"]
    text: str


class AgentReasoningPart(TypedDict):
    type: Literal["reasoning"]
    text: str


class AgentImagePart(TypedDict):
    type: Literal["image"]
    url: str


class AgentCallPart(TypedDict):
    type: Literal["tool_call"]
    id: str
    name: str
    arguments: dict[str, Any]


class AgentResultPart(TypedDict):
    type: Literal["tool_result"]
    id: str
    text: str
    is_error: bool
    images: NotRequired[list[str]]


class AgentMessage(TypedDict):
    role: Literal["user", "assistant"]
    parts: list[AgentTextPart | AgentReasoningPart | AgentImagePart | AgentCallPart | AgentResultPart]


class AgentSession(TypedDict):
    """GET /v1/agent/sessions/{id}. `broken_off`: its last run did not come to an end, or goes on."""

    id: str
    title: str
    model: str
    created_at: float
    updated_at: float
    broken_off: bool
    waiting_for: list[str]
    approvals: list[AgentAsked]
    messages: list[AgentMessage]


class AgentHead(TypedDict):
    id: str
    title: str
    model: str
    created_at: float
    updated_at: float
    turns: int
    paused: bool


class AgentHeads(TypedDict):
    """GET /v1/agent/sessions"""

    sessions: list[AgentHead]


class AgentTool(TypedDict):
    name: str
    description: str
    schema: dict[str, Any]
    source: str
    approval: Literal["auto", "ask", "deny"]
    touches: str


class AgentServer(TypedDict):
    name: str
    transport: str | None
    state: Literal["off", "starting", "ready", "failed"]
    error: str | None
    notes: list[str]
    tools: int
    since: float | None
    latency: float | None
    file: str | None


class AgentTools(TypedDict):
    """GET /v1/agent/tools"""

    tools: list[AgentTool]
    servers: list[AgentServer]
    problems: list[str]
    workspace: str


class McpProblem(TypedDict):
    """`note` is whether the file can be saved all the same: a member that has no effect."""

    message: str
    server: str
    line: int | None
    column: int | None
    member: str
    note: bool


class McpFile(TypedDict):
    """`text` is null where there is no file, or one that is no JSON: its secrets could not be told."""

    path: str
    text: str | None
    version: str
    problems: list[McpProblem]


class McpPair(TypedDict):
    user: McpFile
    workspace: McpFile


class McpFiles(TypedDict):
    """GET /api/mcp"""

    files: McpPair
    schema: dict[str, Any]


class McpChecked(TypedDict):
    """PUT /api/mcp"""

    path: str
    problems: list[McpProblem]


class McpTried(TypedDict):
    """POST /api/mcp/try"""

    servers: list[AgentServer]


AGENT_TYPES: tuple[type, ...] = (
    AgentUsage, AgentStart, AgentText, AgentReasoning, AgentToolStart, AgentToolEnd, AgentAsked, AgentApproval, AgentCounted,
    AgentErrorDetail, AgentFailed, AgentDone,
    AgentTextPart, AgentReasoningPart, AgentImagePart, AgentCallPart, AgentResultPart, AgentMessage, AgentSession,
    AgentHead, AgentHeads, AgentTool, AgentServer, AgentTools,
    McpProblem, McpFile, McpPair, McpFiles, McpChecked, McpTried,
)  # fmt: skip
