"""Builds the page into the wheel, an editable one included. Hatch calls it; without npm it warns, and the page says how.

A stamp with a hash of the sources lies beside the page, so that nothing is built twice. `KIRO2CHAT_SKIP_FRONTEND=1` leaves
the page out. Run as a script, it builds in place.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SOURCES = ("frontend/src", "frontend/public", "frontend/index.html", "frontend/vite.config.ts", "package-lock.json")
_TARGET = "functions/kiro2chat_functions/static"


class PageHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build(Path(self.root), self.app.display_warning)


def build(root: Path, warn: Any) -> None:
    """Raises CalledProcessError where npm is there and fails: a wheel with half a page would be worse."""
    target = root / _TARGET
    stamp = target / ".stamp"
    if os.environ.get("KIRO2CHAT_SKIP_FRONTEND") == "1" or not (root / "frontend/index.html").is_file():
        return
    digest = _digest(root)
    if stamp.is_file() and stamp.read_text() == digest:
        return
    beside = Path(sys.executable).parent  # where Node lies when it came as a Python package
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), str(beside)))
    npm = shutil.which("npm", path=path)
    if npm is None:
        warn("npm is not there: the page is not built. The API works without.")
        return
    env = os.environ | {"PATH": path}
    if not (root / "node_modules/.bin/vite").exists():
        subprocess.run([npm, "ci", "--silent", "--no-audit", "--no-fund"], cwd=root, env=env, check=True)
    subprocess.run([npm, "run", "--silent", "build", "--", "--logLevel", "warn"], cwd=root, env=env, check=True)
    stamp.write_text(digest)


def _digest(root: Path) -> str:
    digest = hashlib.sha256()
    for source in _SOURCES:
        place = root / source
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and ".test." not in path.name:
                digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


if __name__ == "__main__":
    build(Path(__file__).resolve().parent.parent, lambda told: print(told, file=sys.stderr))
