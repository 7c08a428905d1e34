"""What the server says in English and the page knows in both languages: neither may change without the other."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from kiro2chat_core.agent.builtin import built_in_tools
from kiro2chat_core.agent.events import FinishReason
from kiro2chat_core.agent.pausing import Budget
from kiro2chat_core.agent.runner import told
from kiro2chat_core.settings import Settings

PAGE = Path(__file__).parents[1] / "frontend" / "src" / "lib" / "words" / "sentences.ts"
SETTINGS = Settings(agent_tools=("calculator", "file_read", "file_write", "http_request", "shell"))
BUDGET = Budget(50, 100_000, 0.5, 2.0)
BUDGETS = (BUDGET, BUDGET.said_by("limits.{name}"), BUDGET.said_by("the API key's limit"))
REASONS = [reason for reason in get_args(FinishReason) if reason not in ("end", "approval", "error")]


def known() -> list[re.Pattern[str]]:
    english = PAGE.read_text(encoding="utf-8").partition("\n  {\n")[2].partition("\n  },\n")[0]
    return [
        re.compile(r".+".join(map(re.escape, re.split(r"\{\w+\}", text)))) for text in re.findall(r'"(.+)"', english)
    ]


def said() -> list[str]:
    tools = [*built_in_tools(SETTINGS), *built_in_tools(replace(SETTINGS, agent_private_addresses=True))]
    endings = [told(reason, budget) for reason in REASONS for budget in BUDGETS]
    return sorted({*(tool.touches for tool in tools), *endings})


@pytest.mark.parametrize("sentence", said())
def test_the_page_knows_it(sentence: str) -> None:
    assert any(pattern.fullmatch(sentence) for pattern in known())
