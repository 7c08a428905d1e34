"""docs/clients.md: a session with each client, as it went in this run. `WRITE_DOCS=1 make test-clients` writes the page anew."""

from __future__ import annotations

import json
import os
from pathlib import Path

import openai
from tests.clients.commands.stage import COMMANDS, KEY, Stage, staged
from tests.clients.commands.test_codex import codex, said
from tests.clients.commands.transcript import session

from kiro2chat_functions.emulator import Call, Reply

PAGE = Path(__file__).resolve().parents[3] / "docs" / "clients.md"
HEAD = """\
# Clients

Sessions with the clients that the tests run, each as it went: requests, answers (the events of a stream, repeated ones once) and
what the client printed. The model is scripted. This page is written by `WRITE_DOCS=1 make test-clients`.
"""
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
        with client.responses.stream(model="claude-opus-4.8", input=QUESTION, reasoning={"effort": "high"}) as stream:
            printed = stream.get_final_response().output_text
    command = f'client.responses.stream(model="claude-opus-4.8", input="{QUESTION}", reasoning={{"effort": "high"}})'
    return session("openai (Python), responses", command, stage.requests, printed).replace("```sh", "```python")


def test_the_page_shows_the_sessions_as_they_go(tmp_path: Path) -> None:
    sections = []
    for play in (with_codex, with_openai_sdk):
        folder = tmp_path / play.__name__
        folder.mkdir()
        sections.append(play(folder))
    page = "\n".join([HEAD, *sections])
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page, "docs/clients.md is out of date: WRITE_DOCS=1 make test-clients"
