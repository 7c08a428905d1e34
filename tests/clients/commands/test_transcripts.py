"""docs/clients.md: a session with each client, as it went in this run. `WRITE_DOCS=1 make test-clients` writes the page anew."""

from __future__ import annotations

import json
import os
from pathlib import Path

import anthropic
import openai
from tests.clients.commands.stage import COMMANDS, KEY, Stage, staged
from tests.clients.commands.test_claude_code import claude
from tests.clients.commands.test_codex import codex, said
from tests.clients.commands.transcript import session

from kiro2chat_functions.emulator import Call, Reply

PAGE = Path(__file__).resolve().parents[3] / "docs" / "clients.md"
HEAD = """\
# Clients

Sessions with the clients that the tests run, each as it went: requests, answers (the events of a stream, repeated ones once) and
what the client printed. The model is scripted. This page is written by `WRITE_DOCS=1 make test-clients`.
"""
MODEL = "claude-opus-4-8"
QUESTION, ANSWER = "What is the password in notes.txt?", "The password is swordfish."


def prepared(stage: Stage, tool: str, arguments: dict[str, str]) -> None:
    (stage.folder / "notes.txt").write_text("The password is swordfish.\n")
    stage.emulator.script(Reply("I'll look.", calls=[Call(tool, arguments, "t1")]), Reply(ANSWER))


def version(package: str) -> str:
    told = json.loads((COMMANDS.parent / package / "package.json").read_text())
    return str(told["version"])


def with_codex(folder: Path) -> str:
    with staged(folder) as stage:
        prepared(stage, "exec_command", {"cmd": "cat notes.txt"})
        printed = "\n".join(said(codex(stage, QUESTION)))
    assert ANSWER in printed
    command = f'KIRO_KEY=$API_KEY codex exec "{QUESTION}"'
    return session(f"Codex {version('@openai/codex')}", command, stage.requests, printed)


def with_openai_sdk(folder: Path) -> str:
    with staged(folder) as stage, openai.OpenAI(base_url=f"{stage.url}/v1", api_key=KEY) as client:
        stage.emulator.script(Reply(ANSWER, reasoning="Swordfish, as always."))
        with client.responses.stream(model=MODEL, input=QUESTION, reasoning={"effort": "high"}) as stream:
            printed = stream.get_final_response().output_text
    command = f'client.responses.stream(\n    model="{MODEL}", input="{QUESTION}", reasoning={{"effort": "high"}}\n)'
    return session("openai (Python), responses", command, stage.requests, printed).replace("```sh", "```python")


def with_claude_code(folder: Path) -> str:
    with staged(folder) as stage:
        prepared(stage, "Read", {"file_path": str(stage.folder / "notes.txt")})
        printed = claude(stage, QUESTION, "--allowedTools", "Read")["result"]
    assert ANSWER in printed
    command = (
        "ANTHROPIC_BASE_URL=http://127.0.0.1:8000 ANTHROPIC_AUTH_TOKEN=$API_KEY \\\n"
        f'  claude -p "{QUESTION}" --allowedTools Read'
    )
    return session(f"Claude Code {version('@anthropic-ai/claude-code')}", command, stage.requests, printed)


def with_anthropic_sdk(folder: Path) -> str:
    with staged(folder) as stage, anthropic.Anthropic(base_url=stage.url, api_key=KEY) as client:
        stage.emulator.script(Reply(ANSWER, reasoning="Swordfish, as always."))
        counted = client.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": QUESTION}])
        with client.messages.stream(
            model=MODEL,
            max_tokens=2000,
            messages=[{"role": "user", "content": QUESTION}],
            thinking={"type": "adaptive"},
        ) as stream:
            printed = f"{counted.input_tokens} tokens\n{stream.get_final_text()}"
    command = (
        f'client.messages.count_tokens(model="{MODEL}", messages=messages)\n'
        f'client.messages.stream(model="{MODEL}", max_tokens=2000, messages=messages, thinking={{"type": "adaptive"}})'
    )
    return session("anthropic (Python)", command, stage.requests, printed).replace("```sh", "```python")


def test_the_page_shows_the_sessions_as_they_go(tmp_path: Path) -> None:
    sections = []
    for play in (with_claude_code, with_codex, with_anthropic_sdk, with_openai_sdk):
        folder = tmp_path / play.__name__
        folder.mkdir()
        sections.append(play(folder))
    page = "\n".join([HEAD, *sections])
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page, "docs/clients.md is out of date: WRITE_DOCS=1 make test-clients"
