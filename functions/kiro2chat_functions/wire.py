"""What the page reads from this server and sends to it, as types: `scripts/wire.py` writes them for TypeScript.

A test holds real answers against them, member by member, so that neither side can drift.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from .agent_wire import AGENT_TYPES
from .stats_wire import STATS_TYPES

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
    profile: str | None
    token: str


class LoginShown(TypedDict):
    """GET /api/login, POST /api/login/refresh"""

    places: list[LoginPlace]
    names: list[str]
    name: str
    login: LoginInUse | None
    error: str
    next: str


class DeviceLogin(TypedDict):
    """POST /api/login/device, GET /api/login/device/{id}"""

    id: str
    name: str
    address: str
    user_code: str
    expires_at: float
    state: Literal["waiting", "done", "denied", "expired", "failed"]
    message: str


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
    account: str
    overage: bool
    allowances: list[Allowance]


class DoctorStep(TypedDict):
    name: str
    ok: bool
    milliseconds: float
    told: str


class Examined(TypedDict):
    """POST /api/doctor"""

    ok: bool
    steps: list[DoctorStep]


class SettingNext(TypedDict):
    value: str
    source: str


class SettingShown(TypedDict):
    value: str
    source: str
    variable: str
    secret: bool
    editable: bool
    next: SettingNext | None


class SettingItems(TypedDict):
    type: str
    enum: NotRequired[list[str]]
    pattern: NotRequired[str]


class SettingSchema(TypedDict):
    """What a setting can be."""

    type: Literal["string", "integer", "number", "boolean", "array"]
    title: str
    description: str
    description_zh: str
    group: str
    shown: NotRequired[str]
    shown_zh: NotRequired[str]
    default: NotRequired[Any]
    writeOnly: NotRequired[bool]
    enum: NotRequired[list[str]]
    format: NotRequired[str]
    pattern: NotRequired[str]
    minimum: NotRequired[float]
    maximum: NotRequired[float]
    items: NotRequired[SettingItems]
    minItems: NotRequired[int]


class SettingsSchema(TypedDict):
    type: str
    additionalProperties: bool
    properties: dict[str, SettingSchema]


class SettingsShown(TypedDict):
    """GET /api/settings"""

    schema: SettingsSchema
    settings: dict[str, SettingShown]
    file: str
    version: str | None
    problem: str | None


SettingDiff = TypedDict("SettingDiff", {"from": str, "to": str})


class SettingsSaved(TypedDict):
    """PUT /api/settings"""

    diff: dict[str, SettingDiff]
    restart: bool


class KeyShown(TypedDict):
    """One that is not `readable` opens nothing, and nothing else is known of it; its id revokes it."""

    id: str
    name: str
    created_at: float
    expires_at: float | None
    models: list[str]
    requests_per_minute: int | None
    tokens_per_day: int | None
    credits_per_month: float | None
    login: str
    metrics: bool
    readable: bool


class KeyUsed(TypedDict):
    tokens_today: int
    credits_this_month: float


class KeyListed(KeyShown):
    used: KeyUsed


class KeyList(TypedDict):
    """GET /api/keys"""

    keys: list[KeyListed]


class KeyMade(TypedDict):
    """POST /api/keys"""

    key: KeyShown
    secret: str


TYPES: tuple[type, ...] = (
    Health, ErrorDetail, ErrorBody, Model, ModelList,
    ImageAddress, ImagePart, TextPart, ChatMessage, StreamOptions, ChatRequest,
    FunctionDelta, CallDelta, Delta, ChunkChoice, PromptDetails, CompletionDetails, Usage, ChatChunk,
    SessionOpened, LoginPlace, LoginInUse, LoginShown, DeviceLogin, Allowance, PlanShown, DoctorStep, Examined,
    SettingNext, SettingShown, SettingItems, SettingSchema, SettingsSchema, SettingsShown, SettingDiff, SettingsSaved,
    KeyShown, KeyUsed, KeyListed, KeyList, KeyMade,
    *STATS_TYPES, *AGENT_TYPES,
)  # fmt: skip
"""In the order in which they are written."""
