"""A gateway in a process of its own, at a time that does not pass: `python -m tests.functions.keyed_gateway SECONDS`.

Settings come from the environment; the address is the first line printed.
"""

from __future__ import annotations

import os
import sys

from tests.keyed import Clock

from kiro2chat_core.settings import Settings
from kiro2chat_functions.app import create_app
from kiro2chat_functions.serving import bound, run


def main() -> None:
    settings = Settings.load()
    with bound("127.0.0.1", 0) as listener:
        os.write(1, f"http://127.0.0.1:{listener.getsockname()[1]}\n".encode())
        run(create_app(settings, clock=Clock(float(sys.argv[1]))), listener, log_level=settings.log_level)


if __name__ == "__main__":
    main()
