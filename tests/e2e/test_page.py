"""The page in a real browser. Each file of tests is a process of Node with a server of its own, so that they run side by side."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
COMMAND = Path(sys.executable).with_name("kiro2chat")
FILES = sorted(path.name for path in HERE.glob("*.test.mjs"))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", FILES)
def test_in_a_browser(name: str) -> None:
    path = os.pathsep.join((os.environ["PATH"], str(COMMAND.parent)))
    node = shutil.which("node", path=path)
    assert node, "Node is not there: the page cannot be tested. `make setup` fetches it."
    ran = subprocess.run(
        [node, "--test", "--test-reporter=spec", str(HERE / name)],
        env=os.environ | {"PATH": path, "KIRO2CHAT": str(COMMAND)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"\n{ran.stdout}\n{ran.stderr}"
