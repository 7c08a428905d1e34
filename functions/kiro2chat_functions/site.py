"""The page: files that were built from `frontend/`, under a policy that lets nothing else run.

Every route of the page is the same index.html, so that each can be reloaded. What lies in `assets/` has a hash in its name
and never changes; everything else is asked for anew each time.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from kiro2chat_core import __version__

__all__ = ["FOLDER", "ROUTES", "routes"]

FOLDER = Path(__file__).parent / "static"
ROUTES = ("/", "/agent", "/monitor", "/settings", "/login")
"""The page's own; `frontend/src/app.tsx` knows the same."""

_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",  # no text ever becomes markup: the page has no innerHTML
        "trusted-types 'none'",
    )
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_FOREVER = "public, max-age=31536000, immutable"
_NOT_BUILT = "The page is not built: run `make setup`, or `npm ci && npm run build`, then load this again. The API works without."


def routes(folder: Path = FOLDER) -> list[BaseRoute]:
    """GET and HEAD of the page's routes and files. `folder` is what `npm run build` wrote."""

    async def page(request: Request) -> Response:
        if request.url.path == "/" and "text/html" not in request.headers.get("accept", ""):
            return _greeting(request)  # curl, and clients that only look whether somebody is there
        index = folder / "index.html"
        if not index.is_file():
            return PlainTextResponse(f"kiro2chat {__version__}\n{_NOT_BUILT}\n", headers={"vary": "accept"})
        return _file(index, "no-cache")

    async def asset(request: Request) -> Response:
        return _found(folder / "assets", request.path_params["name"], _FOREVER)

    async def beside(request: Request) -> Response:
        return _found(folder, request.url.path.removeprefix("/"), "no-cache")

    methods = ["GET", "HEAD"]
    return [
        *(Route(path, page, methods=methods) for path in ROUTES),
        Route("/assets/{name}", asset, methods=methods),
        *(Route(path, beside, methods=methods) for path in ("/favicon.svg", "/theme.js")),
    ]


def _found(folder: Path, name: str, caching: str) -> Response:
    path = folder / name  # `name` is one segment: the routes take no slash
    if name.startswith(".") or not path.is_file():
        return PlainTextResponse("There is no such file.\n", status_code=404, headers=_HEADERS)
    return _file(path, caching)


def _file(path: Path, caching: str) -> Response:
    return FileResponse(path, headers={**_HEADERS, "cache-control": caching, "vary": "accept"})


def _greeting(request: Request) -> Response:
    mode = "This is the DEMO: an emulator answers, no model.\n" if request.app.state.demo else ""
    apis = f"OpenAI-compatible API: {request.base_url}v1\nAnthropic-compatible API: {request.base_url}\n"
    return PlainTextResponse(f"kiro2chat {__version__}\n{mode}{apis}", headers={"vary": "accept"})
