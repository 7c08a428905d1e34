"""The house rules that no linter knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from kiro2chat_core import __version__

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted([*ROOT.glob("core/**/*.py"), *ROOT.glob("functions/**/*.py"), *ROOT.glob("scripts/*.py")])
NAMES = [str(path.relative_to(ROOT)) for path in SOURCES]


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_a_file_is_one_noun_of_at_most_400_lines_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert ast.get_docstring(ast.parse(text))
    assert path.stem not in {"utils", "util", "helpers", "misc", "common"}


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_exports_exist_and_are_not_said_twice(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    exported = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets)
    ]
    for names in exported:
        assert len(set(names)) == len(names)
        defined = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        defined |= {
            node.name for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        }
        defined |= {a.asname or a.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names}
        assert set(names) <= defined


def test_the_changelog_names_the_version() -> None:
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_both_readmes_have_the_same_parts_commands_and_tables() -> None:
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
    for pattern in (r"^(#+) ", r"^```(\w*)", r"<!-- table: (\w+)(?:-zh)? -->", r"^(make \w+|\.venv/bin/kiro2chat \w+)"):
        assert re.findall(pattern, english, re.MULTILINE) == re.findall(pattern, chinese, re.MULTILINE)


def test_architecture_names_every_room() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    emulator = ROOT / "functions/kiro2chat_functions/emulator"
    for path in SOURCES:
        if path.stem != "__init__" and emulator not in path.parents and path.parent.name != "scripts":
            assert f"{path.name}" in text, f"{path.relative_to(ROOT)} is not in ARCHITECTURE.md"


def test_the_documents_lead_somewhere() -> None:
    for name in ("README.md", "README.zh-CN.md", "ARCHITECTURE.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (ROOT / target).exists(), f"{name} links to {target}"
