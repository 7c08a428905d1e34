"""Write the tables that are generated from the code into the documents between their markers; --check only compares.

A place in a document is marked `<!-- table: NAME -->` … `<!-- /table -->`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from kiro2chat_core import settings
from kiro2chat_core.dialects import anthropic_request, openai_chat, responses_request
from kiro2chat_core.dialects.fields import FieldTable
from kiro2chat_core.kiro import catalog

Rows: TypeAlias = Sequence[tuple[str, ...]]

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (
    "README.md", "README.zh-CN.md", "ARCHITECTURE.md",
    "docs/openai-chat.md", "docs/anthropic-messages.md", "docs/openai-responses.md",
)  # fmt: skip
_PLACE = re.compile(r"(<!-- table: ([a-z-]+) -->\n).*?(<!-- /table -->)", re.DOTALL)


def _settings() -> Rows:
    return [("variable", "default", "meaning"), *_named(settings.table())]


def _settings_zh() -> Rows:
    return [("变量", "默认值", "含义"), *_named(settings.table(chinese=True))]


def _named(rows: Rows) -> Rows:
    return [(f"`{env}`", default, help) for env, default, help in rows]


def _models() -> Rows:
    rows: list[tuple[str, ...]] = [("model", "context", "rate", "also known as")]
    for model in catalog.FALLBACK:
        names = ", ".join(f"`{alias}`" for alias, target in catalog.ALIASES.items() if target == model.id != alias)
        rows.append((f"`{model.id}`", f"{model.context // 1000}k", f"{model.rate:g}" if model.rate else "?", names))
    return rows


def _fields(table: FieldTable) -> Callable[[], Rows]:
    def rows() -> Rows:
        return [("field", "", "")] + [
            (f"`{name}`", field.treatment, field.note) for name, field in sorted(table.items())
        ]

    return rows


TABLES: dict[str, Callable[[], Rows]] = {
    "settings": _settings,
    "settings-zh": _settings_zh,
    "models": _models,
    "chat-fields": _fields(openai_chat.FIELDS),
    "messages-fields": _fields(anthropic_request.FIELDS),
    "responses-fields": _fields(responses_request.FIELDS),
}


def main() -> int:
    stale = []
    for document in DOCUMENTS:
        path = ROOT / document
        old = path.read_text(encoding="utf-8")
        new = _PLACE.sub(lambda place: place[1] + _markdown(TABLES[place[2]]()) + place[3], old)
        if new != old:
            stale.append(document)
            if "--check" not in sys.argv:
                path.write_text(new, encoding="utf-8")
    if stale and "--check" in sys.argv:
        print(f"Out of date: {', '.join(stale)}. Run `make docs`.", file=sys.stderr)
        return 1
    print("tables: up to date" if not stale else f"tables: wrote {', '.join(stale)}")
    return 0


def _markdown(rows: Rows) -> str:
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:], ""])


if __name__ == "__main__":
    sys.exit(main())
