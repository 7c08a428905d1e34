"""The official openai npm SDK against a gateway on a real socket."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.gateways import gateway

HERE = Path(__file__).parent


def test_the_npm_sdk_lists_models_calls_a_tool_and_streams() -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # where setup puts Node if the machine has none
    with gateway() as pair:
        ran = subprocess.run(
            ["node", str(HERE / "openai.mjs"), f"{pair.url}/v1"],
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["models"] > 5
    assert (seen["name"], seen["arguments"]) == ("add", {"a": 1, "b": 2})
    assert "`add` says: 3" in seen["streamed"]
    assert seen["usage"]["total_tokens"] > 0
    assert seen["status"] == 400
    responses = seen["responses"]
    assert {"response.created", "response.function_call_arguments.delta", "response.completed"} <= set(
        responses["kinds"]
    )
    assert (responses["name"], responses["arguments"]) == ("add", {"a": 1, "b": 2})
    assert "`add` says: 3" in responses["text"]
    assert responses["usage"]["total_tokens"] > 0
