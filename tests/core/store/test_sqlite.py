"""The store in a SQLite file keeps the contract."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.core.store.contract import StoreContract


class TestSqlite(StoreContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> str:
        return f"sqlite://{tmp_path}/made/store.sqlite3"
