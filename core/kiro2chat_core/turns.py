"""The one vocabulary in the middle: what is asked (`Ask`) and what comes back (`Event`).

Pure values, equal when their contents are equal; no vendor's words. Front codecs (`dialects/`) build an Ask and encode
Events; the back codec (`kiro/`) renders an Ask and decodes Events.

* System text is not a turn. Tool results are parts of a *user* turn.
* Tool arguments travel as raw JSON text in both directions; who needs a dict parses it.
* Every stream of events ends with exactly one `Ended`, or raises one `Kiro2ChatError`.
* Events travel in batches (`Batch`): the events that one network read brought, so that they are written in one go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

__all__ = [
    "AnyTool",
    "Ask",
    "Attachment",
    "Batch",
    "Began",
    "CallBegan",
    "CallDelta",
    "CallEnded",
    "Counted",
    "Document",
    "DocumentUrl",
    "Effort",
    "EndReason",
    "Ended",
    "Event",
    "Image",
    "ImageFormat",
    "ImageUrl",
    "JsonAnswer",
    "Limits",
    "NamedTool",
    "Part",
    "Reasoning",
    "ReasoningDelta",
    "Role",
    "Text",
    "TextDelta",
    "Thinking",
    "Tool",
    "ToolCall",
    "ToolChoice",
    "ToolResult",
    "Turn",
    "Usage",
]

Role: TypeAlias = Literal["user", "assistant"]
ImageFormat: TypeAlias = Literal["png", "jpeg", "gif", "webp"]
Effort: TypeAlias = Literal["minimal", "low", "medium", "high", "xhigh", "max"]


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What the model thought. `signature` proves it to the backend when it is sent back.

    `redacted` is base64 that only the backend can read; it stands in place of text and signature.
    """

    text: str
    signature: str = ""
    redacted: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """`data` is standard base64 with padding, `format` what the bytes themselves say. The gateway shrinks what is too big."""

    format: ImageFormat
    data: str


@dataclass(frozen=True, slots=True)
class ImageUrl:
    """An image still to be fetched. The gateway turns it into an Image; `field` names it in errors."""

    url: str
    field: str = "image_url"


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it was sent: PDF or text. The gateway turns it into Text; `field` names it in errors.

    `media_type` is what the client says, "" where it says nothing; the bytes decide.
    """

    data: bytes
    media_type: str = ""
    title: str = ""
    field: str = "document"


@dataclass(frozen=True, slots=True)
class DocumentUrl:
    """A document still to be fetched."""

    url: str
    title: str = ""
    field: str = "document"


Attachment: TypeAlias = Image | ImageUrl | Document | DocumentUrl
"""What is no text yet, or not of a size the models take."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call the model made in an earlier turn. `arguments` is raw JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    call_id: str
    content: tuple[Text | Attachment, ...] = ()
    is_error: bool = False


Part: TypeAlias = Text | Reasoning | Attachment | ToolCall | ToolResult


@dataclass(frozen=True, slots=True)
class Turn:
    """`cache`: the client marks the end of this turn as the end of a prefix worth keeping."""

    role: Role
    parts: tuple[Part, ...]
    cache: bool = False


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the client offers. `schema` is a JSON Schema of its arguments."""

    name: str
    description: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnyTool:
    """The model must call some tool."""


@dataclass(frozen=True, slots=True)
class NamedTool:
    """The model must call this tool."""

    name: str


ToolChoice: TypeAlias = Literal["auto", "none"] | AnyTool | NamedTool


@dataclass(frozen=True, slots=True)
class JsonAnswer:
    """The answer must be one JSON value: of `schema` where there is one, else any object."""

    schema: Mapping[str, Any] | None = None
    name: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the backend does not enforce and we do. `max_tokens` counts reasoning, text and tool arguments."""

    max_tokens: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Thinking:
    """How much the model may think. Every None is the model's own default.

    `on` is whether the client wants thinking at all, `budget` a number of tokens, `shown` whether it wants to read it.
    """

    on: bool | None = None
    effort: Effort | None = None
    budget: int | None = None
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to a model. `conversation` groups requests of one conversation where the client says so.

    `cache_start`: the client marks tools or system text as a prefix worth keeping. `all_calls`: calls that nobody can make,
    of tools that are not there or with arguments that are no JSON, come as the model wrote them, so that it can be told.
    """

    model: str
    turns: tuple[Turn, ...]
    system: str = ""
    tools: tuple[Tool, ...] = ()
    choice: ToolChoice = "auto"
    parallel: bool = True
    answer: JsonAnswer | None = None
    limits: Limits = Limits()
    thinking: Thinking = Thinking()
    cache_start: bool = False
    conversation: str = ""
    all_calls: bool = False


EndReason: TypeAlias = Literal["end", "tool_use", "max_tokens", "stop_sequence", "filtered"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer. `exact` is whether the backend counted them; otherwise they are our estimate."""

    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    credits: float | None = None
    exact: bool = False

    def plus(self, other: Usage) -> Usage:
        """Both together: of two requests that became one answer."""
        paid = [usage.credits for usage in (self, other) if usage.credits is not None]
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            sum(paid) if paid else None,
            self.exact and other.exact,
        )


@dataclass(frozen=True, slots=True)
class Began:
    """The backend answers. `input_tokens` is an estimate, for dialects that tell it before the answer; 0 is unknown."""

    input_tokens: int = 0


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of reasoning. Signatures may come in pieces too; `redacted` is always whole."""

    text: str = ""
    signature: str = ""
    redacted: str = ""


@dataclass(frozen=True, slots=True)
class CallBegan:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CallDelta:
    """A piece of the arguments' raw JSON text."""

    id: str
    json: str


@dataclass(frozen=True, slots=True)
class CallEnded:
    id: str


@dataclass(frozen=True, slots=True)
class Counted:
    usage: Usage


@dataclass(frozen=True, slots=True)
class Ended:
    """`stop` is the stop sequence that ended the answer, where one did. `cut`: it never came to its end, so that `max_tokens`
    is only the nearest that clients know."""

    reason: EndReason
    stop: str = ""
    cut: bool = False


Event: TypeAlias = Began | TextDelta | ReasoningDelta | CallBegan | CallDelta | CallEnded | Counted | Ended
Batch: TypeAlias = tuple[Event, ...]
