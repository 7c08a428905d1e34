"""What every test shares."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """The product runs on asyncio (uvicorn, aiohttp); so do its tests."""
    return "asyncio"
