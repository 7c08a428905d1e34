"""Which store STORE_URL names."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiro2chat_core.errors import SettingsError
from kiro2chat_core.settings import Settings
from kiro2chat_core.store.base import Key
from kiro2chat_core.store.opening import NAME, store_at, store_of

KEY = Key("partition", "sort")


async def test_without_an_address_it_lies_in_the_data_folder(tmp_path: Path) -> None:
    store = store_of(Settings.load({"HOME": str(tmp_path), "DATA_DIR": str(tmp_path / "data")}))
    await store.put(KEY, {"n": 1})
    await store.aclose()
    assert [file.name for file in (tmp_path / "data").iterdir()] == [NAME]


async def test_an_address_names_the_file(tmp_path: Path) -> None:
    store = store_of(Settings.load({"HOME": str(tmp_path), "STORE_URL": f"sqlite://{tmp_path}/in/my%20store%25.db"}))
    await store.put(KEY, {"n": 1})
    await store.aclose()
    assert [file.name for file in (tmp_path / "in").iterdir()] == ["my store%.db"]


@pytest.mark.parametrize(
    "url",
    [
        "postgres://me:hunter2@db/keys",
        "dynamodb://hunter2",
        "hunter2.sqlite3",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite://hunter2/keys.db",
        "sqlite:hunter2.db",
        "sqlite:///keys.db?password=hunter2",
        "sqlite:///keys.db#hunter2",
        "sqlite:///hunter2%00.db",
        "sqlite://[hunter2/keys.db",
    ],
)
def test_an_address_of_no_store_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^STORE_URL cannot be used: expected .*sqlite:///") as refused:
        store_at(url)
    assert refused.value.field == "STORE_URL"
    assert "hunter2" not in refused.value.message
