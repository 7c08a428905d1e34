"""What every test shares."""

from __future__ import annotations

import pytest
from hypothesis import settings

# A busy machine is no defect of the code: tests have a time limit of their own.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture
def anyio_backend() -> str:
    """The product runs on asyncio (uvicorn, aiohttp); so do its tests."""
    return "asyncio"
