"""Settings of the agent: its tools, its limits, its memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import kinds
from .described import setting
from .kiro_settings import KiroSettings

__all__ = ["BUILT_IN_TOOLS", "AgentSettings"]

BUILT_IN_TOOLS = ("calculator", "file_read", "file_write", "http_request", "shell")


@dataclass(frozen=True, slots=True)
class AgentSettings(KiroSettings):
    """Fields of `Settings`, which is what is made and passed on."""

    agent_tools: tuple[str, ...] = setting(
        "AGENT_TOOLS",
        kinds.names(*BUILT_IN_TOOLS, "none"),
        (),
        "Built-in tools that the agent has. Where others can reach the server, `shell` and `file_write` only if named.",
        shown="all; calculator,file_read,http_request where others can reach the server",
    )
    agent_workspace: Path | None = setting(
        "AGENT_WORKSPACE",
        kinds.path,
        None,
        "Folder that the agent's file tools cannot leave.",
        shown="workspace in DATA_DIR",
    )
    agent_approval: tuple[str, ...] = setting(
        "AGENT_APPROVAL",
        kinds.assignments("auto", "ask", "deny"),
        (),
        "What happens when the agent calls a tool, such as `shell=auto,*=ask`: it runs, you are asked, it is refused.",
        shown="the tools' own: calculator and file_read run, others ask",
    )
    agent_private_addresses: bool = setting(
        "AGENT_PRIVATE_ADDRESSES", kinds.switch, False, "Let `http_request` reach private and loopback addresses too."
    )
    agent_shell_timeout: float = setting(
        "AGENT_SHELL_TIMEOUT", kinds.number(1, 3600), 120.0, "Seconds that a command of the agent may take."
    )
    agent_model: str = setting("AGENT_MODEL", kinds.text, "auto", "The agent's model where a request names none.")
    agent_rounds: int = setting(
        "AGENT_ROUNDS", kinds.integer(1, 1000), 30, "Calls of the model that one run of the agent may make."
    )
    agent_tokens: int = setting(
        "AGENT_TOKENS", kinds.integer(0, 1 << 40), 2_000_000, "Tokens that one run may use, read and written; 0: any."
    )
    agent_seconds: float = setting(
        "AGENT_SECONDS", kinds.number(1, 86_400), 1200.0, "Seconds that one run may take, its tools included."
    )
    agent_credits: float = setting(
        "AGENT_CREDITS", kinds.number(0, 1e9), 0.0, "Credits of the plan that one run may use; 0: any."
    )
    agent_turns: int = setting(
        "AGENT_TURNS",
        kinds.integer(1, 1000),
        20,
        "Questions of a session, with their answers, that the model still sees.",
    )
    agent_memory: str = setting(
        "AGENT_MEMORY",
        kinds.choice("window", "summary"),
        "window",
        "What becomes of earlier ones: nothing, or a summary by the model.",
    )
    agent_session_days: int = setting(
        "AGENT_SESSION_DAYS", kinds.integer(1, 3660), 30, "Days for which a session is kept after it was last used."
    )
