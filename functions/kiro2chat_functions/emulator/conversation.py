"""A chat request's body, once it is known to be well formed, as the checks and the built-in answers read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kiro2chat_core import jsonio

__all__ = ["BYTES_PER_TOKEN", "Conversation", "Result"]

BYTES_PER_TOKEN = 3.5
"""3.4 MB were about 989k tokens (protocol notes 3.4)."""
_IMAGE_TOKENS = 1600
_HIDDEN_PROMPT = 4_100
"""Tokens of the prompt that the backend puts before everything (protocol notes 8)."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a tool call, as text."""

    name: str
    text: str
    failed: bool


class Conversation:
    """What a body of the right shape says. `size` is its length in bytes."""

    def __init__(self, body: Mapping[str, Any], size: int) -> None:
        state = body["conversationState"]
        self.id: str = state.get("conversationId") or ""
        self.history: list[Mapping[str, Any]] = state.get("history") or []
        self.current: Mapping[str, Any] = state["currentMessage"]["userInputMessage"]
        self.fields: Mapping[str, Any] | None = body.get("additionalModelRequestFields")
        self._size = size

    @property
    def model(self) -> str:
        return self.current.get("modelId") or "auto"

    @property
    def text(self) -> str:
        content: str = self.current["content"]
        return content

    @property
    def prompt(self) -> str:
        """Everything the user side has written; instructions may stand in the first message."""
        return "\n\n".join(message["content"] for message in self._user_messages())

    @property
    def question(self) -> str:
        """What the person asked last, without notes of the gateway: the newest user message that is more than results.

        In a first message instructions stand before it, so only its last paragraph counts.
        """
        asked = [paragraphs for message in self._user_messages() if (paragraphs := _paragraphs(message["content"]))]
        if not asked:
            return self.text.strip()
        return asked[-1][-1] if len(asked) == 1 else "\n\n".join(asked[-1])

    @property
    def tools(self) -> dict[str, Mapping[str, Any]]:
        """Name → input schema of the declared tools."""
        entries = (self.current.get("userInputMessageContext") or {}).get("tools") or []
        specs = [entry["toolSpecification"] for entry in entries if "toolSpecification" in entry]
        return {spec["name"]: spec["inputSchema"]["json"] for spec in specs}

    @property
    def results(self) -> list[Result]:
        """Results in the current message."""
        names = {use["toolUseId"]: use["name"] for message in self._answers() for use in message.get("toolUses") or []}
        return [
            Result(names.get(result["toolUseId"], "?"), _text(result["content"]), result["status"] == "error")
            for result in _results(self.current)
        ]

    @property
    def rounds(self) -> int:
        """Rounds of tool calls since the question was asked."""
        if _paragraphs(self.text):
            return 0
        done = 0
        for entry in reversed(self.history):
            if "assistantResponseMessage" in entry:
                done += bool(entry["assistantResponseMessage"].get("toolUses"))
            elif _paragraphs(entry["userInputMessage"]["content"]):
                break
        return done

    @property
    def images(self) -> list[Mapping[str, Any]]:
        """All images of the request."""
        return [image for message in self._user_messages() for image in message.get("images") or []]

    @property
    def tokens(self) -> int:
        """An estimate of the input's tokens. Pictures do not count by their bytes."""
        pictures = sum(len(image["source"]["bytes"]) for image in self.images)
        written = int((self._size - pictures) / BYTES_PER_TOKEN)
        return _HIDDEN_PROMPT + written + _IMAGE_TOKENS * len(self.images)

    @property
    def reasoning(self) -> Iterator[Mapping[str, Any]]:
        """Reasoning text that is sent back with its signature."""
        for message in self._answers():
            content = message.get("reasoningContent") or {}
            if "reasoningText" in content:
                yield content["reasoningText"]

    def unanswered(self, index: int) -> list[str]:
        """Ids of the calls in `history[index]` that the message after it holds no result for."""
        after = self.history[index + 1].get("userInputMessage", {}) if index + 1 < len(self.history) else self.current
        answered = {result["toolUseId"] for result in _results(after)}
        uses = self.history[index].get("assistantResponseMessage", {}).get("toolUses") or []
        return [use["toolUseId"] for use in uses if use["toolUseId"] not in answered]

    def _user_messages(self) -> Iterator[Mapping[str, Any]]:
        for entry in self.history:
            if "userInputMessage" in entry:
                yield entry["userInputMessage"]
        yield self.current

    def _answers(self) -> Iterator[Mapping[str, Any]]:
        for entry in self.history:
            if "assistantResponseMessage" in entry:
                yield entry["assistantResponseMessage"]


# Paragraphs that a gateway adds for one answer. They are obeyed, but are no question.
_NOTE = re.compile(
    r"You must call |Do not call any tool|Call at most one tool|Answer with one JSON|JSON Schema of|```json|"
    r"<thinking_mode>|<max_thinking_length>|You answered in text\."
)


def _paragraphs(text: str) -> list[str]:
    """What a person may have written, paragraph by paragraph."""
    return [paragraph for part in text.split("\n\n") if (paragraph := part.strip()) and not _NOTE.match(paragraph)]


def _results(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    results: list[Mapping[str, Any]] = (message.get("userInputMessageContext") or {}).get("toolResults") or []
    return results


def _text(blocks: list[Mapping[str, Any]]) -> str:
    return "\n".join(block["text"] if "text" in block else jsonio.text(block["json"]) for block in blocks)
