"""What the server says in English and the page knows in both languages: neither may change without the other."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from kiro2chat_core import kinds
from kiro2chat_core.agent import agents, watch
from kiro2chat_core.agent.builtin import built_in_tools
from kiro2chat_core.agent.events import FinishReason
from kiro2chat_core.agent.pausing import Budget
from kiro2chat_core.agent.runner import told
from kiro2chat_core.errors import SettingsError
from kiro2chat_core.settings import Settings
from kiro2chat_functions import doctor
from kiro2chat_functions.configuring import planned

PAGE = Path(__file__).parents[1] / "frontend" / "src" / "lib" / "words" / "sentences.ts"
SETTINGS = Settings(agent_tools=("calculator", "file_read", "file_write", "http_request", "shell"))
BUDGET = Budget(50, 100_000, 0.5, 2.0)
BUDGETS = (BUDGET, BUDGET.said_by("limits.{name}"), BUDGET.said_by("the API key's limit"))
REASONS = [reason for reason in get_args(FinishReason) if reason not in ("end", "approval", "error")]


def known() -> list[re.Pattern[str]]:
    english = PAGE.read_text(encoding="utf-8").partition("const ENGLISH = {\n")[2].partition("\n};\n")[0]
    texts = re.findall(r'"(.+)"', english)
    return [re.compile(r".+".join(map(re.escape, re.split(r"\{\w+\}", text)))) for text in texts]


def said() -> list[str]:
    tools = [*built_in_tools(SETTINGS), *built_in_tools(replace(SETTINGS, agent_private_addresses=True))]
    endings = [told(reason, budget) for reason in REASONS for budget in BUDGETS]
    ends_of_calls = (agents._NOT_ALLOWED, agents._BROKEN_OFF, watch._SAID_NO)
    return sorted({*(tool.touches for tool in tools), *endings, *ends_of_calls})


@pytest.mark.parametrize("sentence", said())
def test_the_page_knows_it(sentence: str) -> None:
    assert any(pattern.fullmatch(sentence) for pattern in known())


WRONG: tuple[tuple[Callable[[str], object], str], ...] = (
    (kinds.text.of_text, ""),
    (kinds.text.of_text, " a"),
    (kinds.path.of_text, "~nobody-of-this-name/a"),
    (kinds.header.of_text, "\t"),
    (kinds.header_secret.of_text, "a b"),
    (kinds.switch.of_text, "perhaps"),
    (kinds.number(0, 1).of_text, "2"),
    (kinds.integer(1, 9).of_text, "ten"),
    (kinds.choice("a", "b").of_text, "c"),
    (kinds.names("a", "b").of_text, "c"),
    (kinds.names().of_text, ","),
    (kinds.origins.of_text, "nowhere"),
    (kinds.assignments("ask", "deny").of_text, "shell"),
    (kinds.region.of_text, "here"),
    (kinds.url.of_text, "ftp://a"),
    (kinds.store.of_text, "mysql://a"),
)


@pytest.mark.parametrize(("read", "text"), WRONG)
def test_it_knows_what_is_wrong_with_a_value(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match=r".") as wrong:
        read(text)
    assert any(pattern.fullmatch(str(wrong.value)) for pattern in known())


@pytest.mark.parametrize("change", [{"port": "x"}, {"host": "0.0.0.0"}])
def test_it_knows_how_a_setting_is_refused(change: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as wrong:
        planned(change, {"KIRO2CHAT_CONFIG": str(tmp_path / "config.toml"), "HOME": str(tmp_path)})
    assert any(pattern.fullmatch(wrong.value.message) for pattern in known())


def test_it_knows_the_words_of_the_doctor() -> None:
    code = Path(doctor.__file__).read_text(encoding="utf-8")
    for part in ("all defaults", "from the environment: ", "passed over: ", "without an end", "valid for ", "renewed, ",
                 " (the built-in table: the live list cannot be had)", " more characters"):  # fmt: skip
        assert part in code
        assert part in PAGE.read_text(encoding="utf-8")
