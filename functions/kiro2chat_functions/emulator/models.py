"""The models the emulated account sees: the table of protocol notes 6, and what each takes in `additionalModelRequestFields`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = ["MODELS", "Family", "Model", "complaint", "fields_schema"]

Family: TypeAlias = Literal["auto", "claude", "gpt", "other"]
Thinking: TypeAlias = Literal["none", "disputed", "effort", "xhigh"]
"""`disputed`: the 4.5 models, of which sources disagree whether they take any field. `xhigh` takes that effort too."""


@dataclass(frozen=True, slots=True)
class Model:
    """`window` and `output` are tokens; `rate` is credits per credit of the standard model."""

    id: str
    name: str
    window: int
    output: int
    rate: float
    images: bool = True
    thinking: Thinking = "none"

    @property
    def family(self) -> Family:
        if self.id == "auto":
            return "auto"
        stem = self.id.partition("-")[0]
        return "claude" if stem == "claude" else "gpt" if stem == "gpt" else "other"


# Where sources disagree the smaller figure stands: deepseek's window 128k or 164k, opus' output 64k or 128k.
MODELS = (
    Model("auto", "Auto", 1_000_000, 64_000, 1.0),
    Model("claude-sonnet-4", "Claude Sonnet 4", 200_000, 64_000, 1.3),
    Model("claude-sonnet-4.5", "Claude Sonnet 4.5", 200_000, 64_000, 1.3, thinking="disputed"),
    Model("claude-sonnet-4.6", "Claude Sonnet 4.6", 1_000_000, 64_000, 1.3, thinking="effort"),
    Model("claude-sonnet-5", "Claude Sonnet 5", 1_000_000, 64_000, 1.3, thinking="xhigh"),
    Model("claude-haiku-4.5", "Claude Haiku 4.5", 200_000, 64_000, 0.4, thinking="disputed"),
    Model("claude-opus-4.5", "Claude Opus 4.5", 200_000, 64_000, 2.2, thinking="disputed"),
    Model("claude-opus-4.6", "Claude Opus 4.6", 1_000_000, 64_000, 2.2, thinking="effort"),
    Model("claude-opus-4.7", "Claude Opus 4.7", 1_000_000, 64_000, 2.2, thinking="xhigh"),
    Model("claude-opus-4.8", "Claude Opus 4.8", 1_000_000, 64_000, 2.2, thinking="xhigh"),
    Model("claude-opus-5", "Claude Opus 5", 1_000_000, 64_000, 2.2, thinking="xhigh"),
    Model("claude-fable-5", "Claude Fable 5", 1_000_000, 64_000, 2.2, thinking="xhigh"),
    Model("deepseek-3.2", "DeepSeek 3.2", 128_000, 64_000, 0.25, images=False),
    Model("minimax-m2.1", "MiniMax M2.1", 196_000, 64_000, 0.15, images=False),
    Model("minimax-m2.5", "MiniMax M2.5", 196_000, 64_000, 0.25, images=False),
    Model("glm-5", "GLM 5", 200_000, 64_000, 0.5, images=False),
    Model("qwen3-coder-next", "Qwen3 Coder Next", 256_000, 64_000, 0.05, images=False),
    Model("gpt-5.6-sol", "GPT 5.6 Sol", 272_000, 64_000, 2.4, thinking="effort"),
    Model("gpt-5.6-terra", "GPT 5.6 Terra", 272_000, 64_000, 1.2, thinking="effort"),
    Model("gpt-5.6-luna", "GPT 5.6 Luna", 272_000, 64_000, 1.2, thinking="effort"),
)


def fields_schema(model: Model, *, disputed: bool = False) -> dict[str, Any] | None:
    """The schema of `additionalModelRequestFields` that the catalog shows for a model; None when it takes none."""
    if model.thinking == "none" or (model.thinking == "disputed" and not disputed):
        return None
    if model.family == "gpt":
        return _closed(reasoning=_closed(effort=_words("none", "low", "medium", "high", "xhigh")))
    efforts = (
        ("low", "medium", "high", "xhigh", "max") if model.thinking == "xhigh" else ("low", "medium", "high", "max")
    )
    return _closed(
        output_config=_closed(effort=_words(*efforts)),
        thinking=_closed(type=_words("adaptive", "disabled"), display=_words("summarized", "omitted")),
        max_tokens={"type": "integer", "minimum": 1024, "maximum": model.output},
    )


def complaint(fields: object, schema: Mapping[str, Any]) -> str:
    """What is wrong with request fields, in the backend's words; empty when nothing is."""
    return next(_complaints(fields, schema, ""), "")


def _complaints(value: Any, schema: Mapping[str, Any], name: str) -> Iterator[str]:
    """Enough of JSON Schema for the schemas above."""
    where = f"property '{name}'" if name else "additionalModelRequestFields"
    match schema.get("type"):
        case "object" if not isinstance(value, dict):
            yield f"{where} must be an object"
        case "object":
            for key, child in value.items():
                if key not in schema["properties"]:
                    yield f"property '{key}' is not defined in the schema"
                else:
                    yield from _complaints(child, schema["properties"][key], key)
        case "integer" if not isinstance(value, int) or isinstance(value, bool):
            yield f"{where} must be an integer"
        case "integer" if not schema["minimum"] <= value <= schema["maximum"]:
            yield f"{where} must be from {schema['minimum']} to {schema['maximum']}"
        case "string" if value not in schema["enum"]:
            yield f"{where} must be one of {', '.join(schema['enum'])}"


def _closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _words(*words: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(words)}
