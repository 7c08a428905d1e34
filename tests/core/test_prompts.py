"""What the backend has no field for is said in words, in their place and only where they are needed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kiro2chat_core.kiro import prompts
from kiro2chat_core.kiro.prompts import IDENTITY
from kiro2chat_core.turns import AnyTool, Ask, JsonAnswer, NamedTool, ToolChoice

ASK = Ask("m", ())


@pytest.mark.parametrize(
    ("system", "overflow", "identity", "text"),
    [
        ("", [], "kiro", ""),
        ("Be brief.", [], "kiro", "Be brief."),
        ("  \n", [], "kiro", ""),
        ("", [], "claude", IDENTITY),
        ("Be brief.", [], "claude", f"Be brief.\n\n{IDENTITY}"),
        ("Be brief.", ["Tool x (continued)\n…"], "kiro", "Be brief.\n\nTool x (continued)\n…"),
        ("Be brief.", ["a", "b"], "claude", f"Be brief.\n\n{IDENTITY}\n\na\n\nb"),
    ],
    ids=["nothing", "the client's", "blank", "identity alone", "identity after the client's", "overflow", "all"],
)
def test_system_text(system: str, overflow: list[str], identity: str, text: str) -> None:
    assert prompts.system_text(replace(ASK, system=system), overflow, identity=identity) == text


def test_the_identity_note_is_short() -> None:
    assert len(IDENTITY) < 400


CHOICES: dict[str, tuple[ToolChoice, bool, str]] = {
    "auto": ("auto", True, ""),
    "none without tools": ("none", False, ""),
    "none": ("none", True, "Do not call any tool"),
    "any": (AnyTool(), True, "must call one of the tools"),
    "named": (NamedTool("x.y"), True, "must call the tool `x_y_1234`"),
    "named, not renamed": (NamedTool("read"), True, "must call the tool `read`"),
}


@pytest.mark.parametrize(("choice", "declared", "note"), CHOICES.values(), ids=CHOICES)
def test_tool_choice(choice: ToolChoice, declared: bool, note: str) -> None:
    told = prompts.for_this_answer(replace(ASK, choice=choice), {"x.y": "x_y_1234"}, tools_declared=declared)
    assert note in told
    assert bool(told) == bool(note)


@pytest.mark.parametrize(
    ("parallel", "choice", "declared", "told"),
    [
        (False, "auto", True, True),
        (True, "auto", True, False),
        (False, "none", True, False),
        (False, "auto", False, False),
    ],
    ids=["one call", "any number", "no call", "no tools"],
)
def test_parallel_calls(parallel: bool, choice: ToolChoice, declared: bool, told: bool) -> None:
    note = prompts.for_this_answer(replace(ASK, parallel=parallel, choice=choice), {}, tools_declared=declared)
    assert ("at most one tool" in note) == told


def test_any_json_object() -> None:
    note = prompts.for_this_answer(replace(ASK, answer=JsonAnswer()), {}, tools_declared=False)
    assert note == "Answer with one JSON object and nothing else: no code fence, no words before or after it."


def test_json_of_a_schema_holds_the_schema_as_it_is() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string", "enum": ["{x}", "é"]}},
        "additionalProperties": False,
    }
    note = prompts.for_this_answer(replace(ASK, answer=JsonAnswer(schema, "person", "Who")), {}, tools_declared=False)
    assert "(person Who)" in note
    assert json.loads(note.partition("```json\n")[2].partition("\n```")[0]) == schema


def test_notes_stand_apart() -> None:
    ask = replace(ASK, choice=AnyTool(), parallel=False, answer=JsonAnswer())
    assert len(prompts.for_this_answer(ask, {}, tools_declared=True).split("\n\n")) == 3


def test_insisting_names_the_tool() -> None:
    assert "`read`" in prompts.INSIST.format(tool="the tool `read`")
