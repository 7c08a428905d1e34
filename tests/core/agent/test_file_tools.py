"""The file tools read and write below the workspace, and nothing gets them out of it."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.openai_bodies import PIXEL

from kiro2chat_core.agent.file_tools import file_read, file_write
from kiro2chat_core.agent.tool import Outcome
from kiro2chat_core.agent.workspace import Workspace
from kiro2chat_core.turns import Image, Text


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
def workspace(tmp_path: Path, outside: Path) -> Workspace:
    root = tmp_path / "workspace"
    root.mkdir()
    return Workspace(root)


def text_of(outcome: Outcome) -> str:
    return "".join(part.text for part in outcome.content if isinstance(part, Text))


async def read(workspace: Workspace, path: str, **more: Any) -> str:
    outcome = await file_read(workspace).call({"path": path, **more})
    assert not outcome.is_error, text_of(outcome)
    return text_of(outcome)


async def write(workspace: Workspace, path: str, content: str, **more: Any) -> str:
    outcome = await file_write(workspace).call({"path": path, "content": content, **more})
    assert not outcome.is_error, text_of(outcome)
    return text_of(outcome)


async def not_read(workspace: Workspace, path: str, **more: Any) -> str:
    outcome = await asyncio.wait_for(file_read(workspace).call({"path": path, **more}), 20)
    assert outcome.is_error
    return text_of(outcome)


async def not_written(workspace: Workspace, path: str, **more: Any) -> str:
    outcome = await asyncio.wait_for(file_write(workspace).call({"path": path, "content": "x", **more}), 20)
    assert outcome.is_error
    return text_of(outcome)


# --- what they do ------------------------------------------------------------------------------------------------------


async def test_written_and_read_again(workspace: Workspace) -> None:
    assert await write(workspace, "a/b/c.txt", "one\ntwo\n") == "Created a/b/c.txt, 8 bytes."
    assert await read(workspace, "a/b/c.txt") == "one\ntwo\n"
    assert await read(workspace, str(workspace.root / "a/b/c.txt")) == "one\ntwo\n"
    assert await read(workspace, "a/../a/b/./c.txt") == "one\ntwo\n"
    assert await write(workspace, "a/b/c.txt", "three", mode="append") == "Appended 5 bytes to a/b/c.txt."
    assert await write(workspace, "a/b/c.txt", "2", mode="replace", old="two") == "Replaced 3 bytes by 1 in a/b/c.txt."
    assert await read(workspace, "a/b/c.txt") == "one\n2\nthree"
    assert await write(workspace, "a/b/c.txt", "new", mode="overwrite") == "Overwrote a/b/c.txt, 3 bytes."
    assert await read(workspace, "a/b/c.txt") == "new"
    assert [path.name for path in (workspace.root / "a/b").iterdir()] == ["c.txt"]


async def test_the_workspace_is_made_when_it_is_needed(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "new" / "one")
    assert await read(workspace, ".") == "[The folder is empty.]"
    assert workspace.root.stat().st_mode & 0o777 == 0o700


async def test_a_folder_is_listed(workspace: Workspace, outside: Path) -> None:
    (workspace.root / "sub").mkdir()
    (workspace.root / "b.txt").write_text("12")
    (workspace.root / "leak").symlink_to(outside)
    assert await read(workspace, ".") == "b.txt  2 bytes\nleak@\nsub/"
    for number in range(600):
        (workspace.root / "sub" / f"{number}").touch()
    listed = (await read(workspace, "sub")).splitlines()
    assert (len(listed), listed[-1]) == (501, "[100 more]")


async def test_a_long_file_comes_in_portions_that_make_the_whole(workspace: Workspace) -> None:
    lines = [f"line {number} {'x' * (number % 50)}\n" for number in range(1, 5001)]
    (workspace.root / "long.txt").write_text("".join(lines))
    text, offset = "", 1
    while True:
        portion = await read(workspace, "long.txt", offset=offset)
        assert len(portion) < 70_000
        body, note, more = portion.rpartition("[Lines ")
        if not note:
            text += portion
            break
        text += body
        offset = int(more.split("offset ")[1].rstrip(".]"))
    assert text == "".join(lines)
    assert await read(workspace, "long.txt", offset=3, limit=1) == (
        lines[2] + "[Lines 3 to 3; there are more: go on with offset 4.]"
    )
    assert await read(workspace, "long.txt", offset=9999) == "[The file has 5000 lines; none from 9999 on.]"


async def test_odd_files(workspace: Workspace) -> None:
    (workspace.root / "empty").touch()
    assert await read(workspace, "empty") == "[The file is empty.]"
    (workspace.root / "bom").write_bytes(b"\xef\xbb\xbfhello")
    assert await read(workspace, "bom") == "hello"
    (workspace.root / "latin").write_bytes(b"caf\xe9")
    assert await read(workspace, "latin") == "caf\ufffd\n[Some bytes are no UTF-8; they are shown as \ufffd.]"
    (workspace.root / "line").write_text("é" * 100_000)
    assert await read(workspace, "line") == "é" * 4000 + "\n[Lines of more than 4000 characters are cut.]"
    (workspace.root / "binary").write_bytes(b"\x7fELF\0\0")
    assert "is a binary file of 6 bytes, which begins with 7f 45 4c 46 00 00." in await not_read(workspace, "binary")


async def test_an_image_is_an_image_whatever_its_name(workspace: Workspace) -> None:
    (workspace.root / "picture.txt").write_bytes(base64.b64decode(PIXEL))
    outcome = await file_read(workspace).call({"path": "picture.txt"})
    assert outcome == Outcome((Image("png", PIXEL),))


async def test_a_huge_file_is_read_only_where_it_is_asked_for(workspace: Workspace) -> None:
    (workspace.root / "huge").write_bytes(b"x\n" * 10_000)
    os.truncate(workspace.root / "huge", 50 << 30)  # sparse: takes no room
    assert "go on with offset 2001" in await read(workspace, "huge")
    assert "Only the first 64 MiB" in await not_read(workspace, "huge", offset=20_000)
    assert "too much to replace" in await not_written(workspace, "huge", mode="replace", old="y")


async def test_a_replaced_text_must_stand_there_once(workspace: Workspace) -> None:
    (workspace.root / "x").write_text("aa b")
    for old, times in {"a": 2, "c": 0, "": 0}.items():
        assert f"stands {times} times" in await not_written(workspace, "x", mode="replace", old=old)
    assert "`old` is needed" in await not_written(workspace, "x", mode="replace")
    assert "`old` is needed" in await not_written(workspace, "x", old="b")
    assert (workspace.root / "x").read_text() == "aa b"


async def test_create_does_not_overwrite(workspace: Workspace) -> None:
    (workspace.root / "x").write_text("old")
    assert "'x' exists already. Use mode overwrite" in await not_written(workspace, "x")
    assert (workspace.root / "x").read_text() == "old"
    assert os.listdir(workspace.root) == ["x"]


async def test_permissions_stay(workspace: Workspace) -> None:
    script = workspace.root / "run.sh"
    script.write_text("old")
    script.chmod(0o750)
    await write(workspace, "run.sh", "new", mode="overwrite")
    assert script.stat().st_mode & 0o777 == 0o750
    script.chmod(0o664)  # whatever the process takes from new ones
    await write(workspace, "run.sh", "newer", mode="overwrite")
    assert script.stat().st_mode & 0o777 == 0o664


async def test_nothing_is_added_to_a_file_that_has_other_names(workspace: Workspace, tmp_path: Path) -> None:
    outside = workspace.root.parent / "elsewhere.txt"
    outside.write_text("mine")
    os.link(outside, workspace.root / "linked.txt")
    assert "has other names" in await not_written(workspace, "linked.txt", mode="append")
    await write(workspace, "linked.txt", "anew", mode="overwrite")
    assert outside.read_text() == "mine"


async def test_calls_at_the_same_time_lose_nothing(workspace: Workspace) -> None:
    (workspace.root / "x").write_text("".join(f"<{number}>" for number in range(20)))
    await asyncio.gather(
        *(write(workspace, "x", f"[{n}]", mode="replace", old=f"<{n}>") for n in range(20)),
    )
    assert (workspace.root / "x").read_text() == "".join(f"[{number}]" for number in range(20))


async def test_bad_arguments_are_told_by_name(workspace: Workspace) -> None:
    assert "`path` is missing" in text_of(await file_read(workspace).call({}))
    assert "`offset` must be at least 1" in await not_read(workspace, "x", offset=0)
    assert "`mode` must be one of create, overwrite, append, replace" in await not_written(workspace, "x", mode="w")
    assert "no argument `encoding`" in await not_written(workspace, "x", encoding="utf-8")
    assert "half a character" in text_of(await file_write(workspace).call({"path": "x", "content": "\ud800"}))
    assert "5000000 bytes" in text_of(await file_write(workspace).call({"path": "x", "content": "x" * 5_000_000}))
    assert os.listdir(workspace.root) == []


# --- what they do not do -----------------------------------------------------------------------------------------------

OUTSIDE = [
    "..",
    "../outside/secret.txt",
    "a/../../outside/secret.txt",
    "/etc/passwd",
    "/proc/self/root/etc/passwd",
    "/proc/self/cwd/x",
    "/proc/self/environ",
    "/dev/zero",
    "/",
    "link",
    "folder-link/secret.txt",
    "chain",
    "up/outside/secret.txt",
    "proc-link/etc/passwd",
    "dangling",
]


@pytest.fixture
def escapes(workspace: Workspace, outside: Path) -> Workspace:
    (workspace.root / "link").symlink_to(outside / "secret.txt")
    (workspace.root / "folder-link").symlink_to(outside)
    (workspace.root / "chain").symlink_to("link")
    (workspace.root / "up").symlink_to("..")
    (workspace.root / "proc-link").symlink_to("/proc/self/root")
    (workspace.root / "dangling").symlink_to(outside / "new.txt")
    return workspace


@pytest.mark.parametrize("path", OUTSIDE)
async def test_nothing_outside_is_read_or_written(escapes: Workspace, outside: Path, path: str) -> None:
    assert "lies outside the workspace" in await not_read(escapes, path)
    for mode in ({"mode": "create"}, {"mode": "overwrite"}, {"mode": "append"}, {"mode": "replace", "old": "secret"}):
        assert "lies outside the workspace" in await not_written(escapes, path, **mode)
    assert os.listdir(outside) == ["secret.txt"]
    assert (outside / "secret.txt").read_text() == "secret"


async def test_a_link_that_stays_inside_is_followed_and_kept(workspace: Workspace) -> None:
    (workspace.root / "real").mkdir()
    (workspace.root / "real/x").write_text("old")
    (workspace.root / "link").symlink_to("real/x")
    (workspace.root / "round").symlink_to(f"/proc/self/root{workspace.root}/real")
    assert await read(workspace, "link") == await read(workspace, "round/x") == "old"
    await write(workspace, "link", "new", mode="overwrite")
    assert (workspace.root / "link").is_symlink()
    assert (workspace.root / "real/x").read_text() == "new"


async def test_what_is_no_regular_file_is_refused_at_once(workspace: Workspace) -> None:
    os.mkfifo(workspace.root / "fifo")
    (workspace.root / "loop").symlink_to("loop")
    (workspace.root / "sub").mkdir()
    (workspace.root / "file").touch()
    assert "'fifo' is no regular file." in await not_read(workspace, "fifo")
    assert "'loop' cannot be used" in await not_read(workspace, "loop")
    assert "There is no 'missing' in the workspace." in await not_read(workspace, "missing")
    assert "'file/x' is no folder" in await not_read(workspace, "file/x")
    for bad in ("a\0b", "\ud800"):
        assert "is no path" in await not_read(workspace, bad)
    assert "File name too long" in await not_read(workspace, "x" * 300)
    for mode in ("create", "overwrite", "append"):
        assert await not_written(workspace, "fifo", mode=mode)
        assert await not_written(workspace, "sub", mode=mode)
        assert "the workspace itself" in await not_written(workspace, ".", mode=mode)
    assert sorted(os.listdir(workspace.root)) == ["fifo", "file", "loop", "sub"]


async def test_no_race_leads_out(workspace: Workspace, outside: Path) -> None:
    """A folder that becomes a link and back, as fast as can be, while files are read and written below it."""
    inside = workspace.root / "swap"
    inside.mkdir()
    (inside / "secret.txt").write_text("harmless")
    over = threading.Event()

    def swap() -> None:
        aside = workspace.root / "aside"
        while not over.is_set():
            with suppress(OSError):
                os.rename(inside, aside)
            with suppress(OSError):
                os.symlink(outside, inside)
            with suppress(OSError):
                os.unlink(inside)
            with suppress(OSError):
                os.rename(aside, inside)
            if aside.exists():  # a write has made the folder anew in between
                shutil.rmtree(inside, ignore_errors=True)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _ in range(200):
            told = text_of(await file_read(workspace).call({"path": "swap/secret.txt"}))
            assert told != "secret"
            await file_write(workspace).call({"path": "swap/secret.txt", "content": "mine", "mode": "overwrite"})
    finally:
        over.set()
        swapper.join()
    assert (outside / "secret.txt").read_text() == "secret"


@pytest.mark.parametrize(
    "path", [".kiro/settings/mcp.json", ".KIRO/x", "a/../.kiro/steering/x.md", "sub/.kiro/settings/x"]
)
async def test_settings_of_kiro_are_read_and_never_written(tmp_path: Path, path: str) -> None:
    """They name MCP servers: programs that would run without anybody being asked."""
    workspace = Workspace(tmp_path)
    for mode in ("create", "overwrite", "append"):
        refused = await file_write(workspace).call({"path": path, "content": "{}", "mode": mode})
        assert refused.is_error
        assert "only people change those" in text_of(refused)
    assert not os.listdir(tmp_path)
