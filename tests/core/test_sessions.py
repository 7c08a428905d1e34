"""Browser sessions: links that work once, cookies that end, tokens that must go with changes; nothing readable is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kiro2chat_core.secret import Secret
from kiro2chat_core.sessions import Sessions
from kiro2chat_core.store.opening import store_at

NOW = 1_795_000_000.0


class Watch:
    now = NOW

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def sessions(folder: Path, watch: Watch) -> AsyncIterator[Sessions]:
    store = store_at(f"sqlite://{folder}/store.sqlite3", clock=watch)
    try:
        yield Sessions(store, watch)
    finally:
        await store.aclose()


async def test_a_link_opens_one_session(tmp_path: Path) -> None:
    async with sessions(tmp_path, Watch()) as kept:
        link = await kept.link()
        opened = await kept.open(link)
        assert opened is not None
        assert await kept.open(link) is None
        assert await kept.open(Secret("guessed")) is None
        assert await kept.is_open(opened.cookie)
        assert not await kept.is_open(Secret("guessed"))
        assert await kept.may_change(opened.cookie, opened.token)
        for token in (opened.cookie, link, Secret("")):
            assert not await kept.may_change(opened.cookie, token)
        assert await kept.close(opened.cookie)
        assert not await kept.close(opened.cookie)
        assert not await kept.is_open(opened.cookie)
        assert not await kept.may_change(opened.cookie, opened.token)


async def test_links_and_sessions_end(tmp_path: Path) -> None:
    watch = Watch()
    async with sessions(tmp_path, watch) as kept:
        old, link = await kept.link(), await kept.link()
        opened = await kept.open(link)
        assert opened is not None
        watch.now += 24 * 3600 + 1
        assert await kept.open(old) is None
        assert await kept.is_open(opened.cookie)
        watch.now += opened.seconds
        assert not await kept.is_open(opened.cookie)


async def test_nothing_that_opens_anything_is_kept(tmp_path: Path) -> None:
    async with sessions(tmp_path, Watch()) as kept:
        unused = await kept.link()
        opened = await kept.open(await kept.link())
        assert opened is not None
    held = b"".join(map(Path.read_bytes, tmp_path.iterdir()))  # noqa: ASYNC240 - a small file of a test
    for secret in (unused, opened.cookie, opened.token):
        assert secret.reveal().encode() not in held
