"""What the page reads from this server and sends to it, as types: `scripts/wire.py` writes them for TypeScript.

A test holds real answers against them, member by member, so that neither side can drift.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

__all__ = ["TYPES"]


class Health(TypedDict):
    """GET /health"""

    status: str
    version: str
    demo: bool


class ErrorDetail(TypedDict):
    message: str
    type: str
    param: str | None
    code: str | None


class ErrorBody(TypedDict):
    """Every error, as a response and within a stream."""

    error: ErrorDetail


class Model(TypedDict):
    id: str
    object: str
    created: int
    owned_by: str
    name: NotRequired[str]
    description: NotRequired[str]
    context_window: NotRequired[int]
    max_output_tokens: NotRequired[int]
    rate: NotRequired[float]
    alias_of: NotRequired[str]
    input_modalities: list[str]


class ModelList(TypedDict):
    """GET /v1/models"""

    object: str
    data: list[Model]


class ImageAddress(TypedDict):
    url: str


class ImagePart(TypedDict):
    type: Literal["image_url"]
    image_url: ImageAddress


class TextPart(TypedDict):
    type: Literal["text"]
    text: str


class ChatMessage(TypedDict):
    role: Literal["system", "user", "assistant"]
    content: str | list[TextPart | ImagePart]


class StreamOptions(TypedDict):
    include_usage: bool


class ChatRequest(TypedDict):
    """POST /v1/chat/completions, as far as the page asks for things."""

    model: str
    messages: list[ChatMessage]
    stream: bool
    stream_options: StreamOptions
    reasoning_effort: NotRequired[str]
    max_tokens: NotRequired[int]


class FunctionDelta(TypedDict):
    name: NotRequired[str]
    arguments: NotRequired[str]


class CallDelta(TypedDict):
    index: int
    id: NotRequired[str]
    type: NotRequired[str]
    function: NotRequired[FunctionDelta]


class Delta(TypedDict):
    role: NotRequired[str]
    content: NotRequired[str]
    reasoning_content: NotRequired[str]
    reasoning_details: NotRequired[list[Any]]
    tool_calls: NotRequired[list[CallDelta]]


class ChunkChoice(TypedDict):
    index: int
    delta: Delta
    logprobs: None
    finish_reason: str | None


class PromptDetails(TypedDict):
    cached_tokens: int
    audio_tokens: int


class CompletionDetails(TypedDict):
    reasoning_tokens: int
    audio_tokens: int
    accepted_prediction_tokens: int
    rejected_prediction_tokens: int


class Usage(TypedDict):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptDetails
    completion_tokens_details: CompletionDetails
    estimated: bool


class ChatChunk(TypedDict):
    """An event of a streamed chat completion."""

    id: str
    object: str
    created: int
    model: str
    system_fingerprint: None
    choices: list[ChunkChoice]
    usage: NotRequired[Usage | None]


class SessionOpened(TypedDict):
    """POST /api/session"""

    token: str


class LoginPlace(TypedDict):
    place: str
    found: bool
    why: str


class LoginInUse(TypedDict):
    source: str
    kind: str
    expires_at: float | None
    renewable: bool
    region: str | None
    has_profile: bool


class LoginShown(TypedDict):
    """GET /api/login"""

    places: list[LoginPlace]
    names: list[str]
    name: str
    login: LoginInUse | None
    error: NotRequired[str]


class SettingShown(TypedDict):
    value: str
    source: str
    variable: str
    secret: bool
    editable: bool


class SettingsShown(TypedDict):
    """GET /api/settings"""

    schema: dict[str, Any]
    settings: dict[str, SettingShown]
    file: str


TokenTotals = TypedDict("TokenTotals", {"in": int, "out": int, "cache_read": int, "cache_write": int})


class Percentiles(TypedDict):
    p50: float | None
    p95: float | None
    p99: float | None


class StatsTotal(TypedDict):
    count: int
    errors: int
    tokens: TokenTotals
    estimated: int
    credits: float
    seconds: Percentiles
    first_token: Percentiles


class StatsGroup(StatsTotal):
    name: str


class StatsPoint(TypedDict):
    at: int
    total: StatsTotal
    groups: dict[str, StatsTotal]


Stats = TypedDict(
    "Stats",
    {
        "range": str,
        "by": str,
        "step": int,
        "from": int,
        "to": int,
        "total": StatsTotal,
        "before": StatsTotal,
        "groups": list[StatsGroup],
        "series": list[StatsPoint],
    },
)
"""GET /api/stats"""


RecordTokens = TypedDict(
    "RecordTokens",
    {"in": int, "out": int, "reasoning": int, "cache_read": int, "cache_write": int, "exact": bool},
)


class RequestRecord(TypedDict):
    """A request that has ended; an event of GET /api/requests/live."""

    id: str
    at: float
    path: str
    dialect: str
    model: str
    asked: str
    key: str
    status: int
    result: str
    error: str | None
    outcome: str
    stream: bool
    tokens: RecordTokens | None
    credits: float | None
    first_token: float | None
    seconds: float
    received: int
    sent: int
    attempts: int
    repairs: list[str]
    ignored: list[str]
    dropped: list[str]
    backend_id: str


class RequestsFound(TypedDict):
    """GET /api/requests"""

    requests: list[RequestRecord]
    next: str | None


class Allowance(TypedDict):
    name: str
    used: float
    limit: float
    left: float
    resets_at: float | None
    overage_used: float
    free_trial_left: float


class PlanShown(TypedDict):
    """GET /api/usage"""

    plan: str
    overage: bool
    allowances: list[Allowance]


TYPES: tuple[type, ...] = (
    Health, ErrorDetail, ErrorBody, Model, ModelList,
    ImageAddress, ImagePart, TextPart, ChatMessage, StreamOptions, ChatRequest,
    FunctionDelta, CallDelta, Delta, ChunkChoice, PromptDetails, CompletionDetails, Usage, ChatChunk,
    SessionOpened, LoginPlace, LoginInUse, LoginShown, SettingShown, SettingsShown,
    TokenTotals, Percentiles, StatsTotal, StatsGroup, StatsPoint, Stats,
    RecordTokens, RequestRecord, RequestsFound, Allowance, PlanShown,
)  # fmt: skip
"""In the order in which they are written."""
