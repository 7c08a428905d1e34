"""The page as it is served: each route, its policy, what may be kept, and what is there when it is not built."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp

from kiro2chat_functions import site

BROWSER = {"accept": "text/html,application/xhtml+xml"}


def client(folder: Path, *, demo: bool = False) -> httpx.AsyncClient:
    app = Starlette(routes=site.routes(folder))
    app.state.demo = demo
    asgi: ASGIApp = app
    return httpx.AsyncClient(transport=httpx.ASGITransport(asgi), base_url="http://127.0.0.1:8000")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "theme.js").write_text("1")
    (tmp_path / "assets" / "index-abc.js").write_text("2")
    (tmp_path / ".stamp").write_text("secret")
    return tmp_path


@pytest.mark.parametrize("path", site.ROUTES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_each_route_is_the_page_under_its_policy(folder: Path, path: str, method: str) -> None:
    async with client(folder) as page:
        answer = await page.request(method, path, headers=BROWSER)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_assets_are_kept_for_ever_and_everything_else_is_asked_for_anew(folder: Path) -> None:
    async with client(folder) as page:
        hashed = await page.get("/assets/index-abc.js")
        beside = await page.get("/theme.js")
    assert "immutable" in hashed.headers["cache-control"]
    assert hashed.headers["content-type"].startswith("text/javascript")
    assert beside.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/assets/none.js", "/assets/../index.html", "/assets/..%2f.stamp", "/assets/.stamp", "/.stamp"]
)
async def test_nothing_else_is_served(folder: Path, path: str) -> None:
    async with client(folder) as page:
        answer = await page.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


async def test_whoever_is_no_browser_gets_a_few_words(folder: Path) -> None:
    async with client(folder, demo=True) as page:
        told = await page.get("/", headers={"accept": "*/*"})
        looked = await page.head("/")
    assert told.headers["content-type"].startswith("text/plain")
    assert "OpenAI-compatible API: http://127.0.0.1:8000/v1" in told.text
    assert "DEMO" in told.text
    assert looked.status_code == 200
    assert told.headers["vary"] == looked.headers["vary"] == "accept"


async def test_a_page_that_is_not_built_says_how(tmp_path: Path) -> None:
    async with client(tmp_path) as page:
        answer = await page.get("/", headers=BROWSER)
    assert answer.status_code == 200
    assert "npm run build" in answer.text
