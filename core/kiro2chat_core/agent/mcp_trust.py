"""Which mcp.json of foreign folders somebody has confirmed: by path and content, so that whoever changes one is asked anew.

Kept in DATA_DIR. A folder that was fetched from somewhere may name programs; to be in it must not start them.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ..errors import SettingsError
from ..kiro.copies import write_private

__all__ = ["Trust", "fingerprint"]

_NAME = "trusted-mcp.json"


def fingerprint(text: str) -> str:
    """Another for every other content."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


class Trust:
    def __init__(self, data_dir: Path) -> None:
        self._file = data_dir / _NAME

    def confirmed(self, path: Path, text: str) -> bool:
        return self._known().get(str(path.resolve())) == fingerprint(text)

    def confirm(self, path: Path, text: str) -> None:
        """Keep it.

        Raises:
            SettingsError: it cannot be written.
        """
        known = self._known() | {str(path.resolve()): fingerprint(text)}
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self._file, (json.dumps(known, indent=2) + "\n").encode())
        except OSError as refused:
            raise SettingsError(f"{self._file} cannot be written ({refused.strerror or refused}).") from None

    def _known(self) -> dict[str, str]:
        """What cannot be read vouches for nothing."""
        try:
            known = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}
