"""What every test shares."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

import pytest
from hypothesis import settings

# No test reads the settings or logins of whoever runs it.
os.environ["HOME"] = tempfile.mkdtemp(prefix="kiro2chat-home-")
atexit.register(shutil.rmtree, os.environ["HOME"], ignore_errors=True)
for variable in [name for name in os.environ if name.startswith("OTEL_")]:
    os.environ.pop(variable)
for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "KIRO2CHAT_CONFIG"):
    os.environ.pop(variable, None)

# A busy machine is no defect of the code: tests have a time limit of their own.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture
def anyio_backend() -> str:
    """The product runs on asyncio (uvicorn, aiohttp); so do its tests."""
    return "asyncio"
