"""All settings, read once at the start and passed down as one frozen value: environment, then config.toml, then defaults.

A setting is a field of `Settings` whose metadata holds its environment variable, its kind and one line of help; the tables in
the READMEs are generated from here (`make docs`). `Settings.source(name)` tells where a value came from.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from . import config_file, described, kinds
from .errors import SettingsError
from .kinds import Kind
from .secret import Secret

__all__ = [
    "BUILT_IN_TOOLS",
    "LOOPBACK",
    "Settings",
    "Source",
    "config_path",
    "kinds_of_settings",
    "schema",
    "table",
    "variables",
]

Source: TypeAlias = Literal["given", "env", "file", "default"]
"""The command line, the environment, config.toml, or nobody said anything."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")
BUILT_IN_TOOLS = ("calculator", "file_read", "file_write", "http_request", "shell")
LOGIN_SOURCES = ("api-key", "refresh-token", "kiro2chat", "social", "odic", "external-idp", "kiro-ide", "amazon-q")


def _setting(env: str, kind: Kind, default: Any, help: str, *, shown: str = "") -> Any:
    return field(default=default, metadata={"env": env, "kind": kind, "help": help, "shown": shown})


def _read(env: str, kind: Kind, raw: str) -> Any:
    try:
        return kind.of_text(raw)
    except ValueError as bad:
        raise SettingsError(f"{env} cannot be used: {bad}.", field=env) from None


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of kiro2chat. Build it with `Settings.load()`; tests may build it directly."""

    host: str = _setting("HOST", kinds.text, "127.0.0.1", "Address to listen on. Any but loopback needs `API_KEY`.")
    port: int = _setting("PORT", kinds.integer(0, 65535), 8000, "Port to listen on; 0 takes a free one.")
    api_key: Secret | None = _setting(
        "API_KEY", kinds.secret, None, "Key that clients must send, and the admin key; `kiro2chat keys` makes others."
    )
    log_level: str = _setting(
        "LOG_LEVEL", kinds.choice("debug", "info", "warning", "error"), "info", "How much is logged."
    )
    allowed_hosts: tuple[str, ...] = _setting(
        "ALLOWED_HOSTS",
        kinds.names(),
        (),
        "Host names a reverse proxy may pass on, besides the loopback names; `*` for any.",
    )
    cors_origins: tuple[str, ...] = _setting(
        "CORS_ORIGINS", kinds.names(), (), "Origins whose pages may call the API, such as `https://chat.example`."
    )
    body_limit: int = _setting(
        "BODY_LIMIT",
        kinds.integer(1024, 1 << 30),
        32 << 20,
        "Largest request body in bytes.",
        shown="33554432 (32 MiB)",
    )
    keepalive: float = _setting(
        "KEEPALIVE", kinds.number(0.05, 600), 10.0, "Seconds of silence after which a stream gets a comment line."
    )
    data_dir: Path = _setting(
        "DATA_DIR",
        kinds.path,
        Path("kiro2chat-data"),
        "Where locks and own copies of tokens live.",
        shown="~/.local/share/kiro2chat",
    )
    store_url: str | None = _setting(
        "STORE_URL",
        kinds.text,
        None,
        "Where keys, records and sessions are kept: `sqlite:///` and an absolute path.",
        shown="store.sqlite3 in DATA_DIR",
    )
    journal_days: int = _setting(
        "JOURNAL_DAYS", kinds.integer(0, 366), 30, "Days for which a record of each request is kept; 0 keeps none."
    )
    assistant_identity: str = _setting(
        "ASSISTANT_IDENTITY",
        kinds.choice("kiro", "claude"),
        "kiro",
        "`claude` adds a short note against the hidden Kiro prompt; `kiro` adds nothing.",
    )
    image_private_addresses: bool = _setting(
        "IMAGE_PRIVATE_ADDRESSES",
        kinds.switch,
        False,
        "Fetch images and documents from private and loopback addresses too, and over http.",
    )

    image_total: int = _setting(
        "IMAGE_TOTAL",
        kinds.integer(100_000, 1 << 30),
        3_000_000,  # bodies of 4.5 MB were refused, those of 3.4 MB taken (protocol notes 3.4)
        "Base64 characters that all images of a request may have together; the heaviest are scaled down.",
    )
    pdf_pages: int = _setting("PDF_PAGES", kinds.integer(1, 10_000), 100, "Pages that a PDF may have.")

    kiro_db_path: Path | None = _setting(
        "KIRO_DB_PATH",
        kinds.path,
        None,
        "kiro-cli's database. When set, no other file is looked at.",
        shown="~/.local/share/kiro-cli/data.sqlite3",
    )
    kiro_ide_token: Path | None = _setting(
        "KIRO_IDE_TOKEN",
        kinds.path,
        None,
        "Kiro IDE's token file. When set, no other file is looked at.",
        shown="~/.aws/sso/cache/kiro-auth-token.json",
    )
    kiro_login: tuple[str, ...] = _setting(
        "KIRO_LOGIN",
        kinds.names(*LOGIN_SOURCES),
        LOGIN_SOURCES,
        "Logins to look for, in this order; one name chooses it. The first that has not expired wins.",
        shown=",".join(LOGIN_SOURCES),
    )
    login_name: str = _setting(
        "LOGIN_NAME", kinds.text, "default", "Which of the logins of `kiro2chat login` is used; one at a time."
    )
    login_concurrency: int = _setting(
        "LOGIN_CONCURRENCY", kinds.integer(1, 10_000), 32, "Answers that a login has under way at a time; others wait."
    )
    kiro_cli: str = _setting(
        "KIRO_CLI",
        kinds.text,
        "kiro-cli",
        "The command that renews a login of kiro-cli's which cannot be renewed otherwise; `none` for no such command.",
    )
    kiro_api_key: Secret | None = _setting("KIRO_API_KEY", kinds.secret, None, "A Kiro API key (`ksk_…`) as the login.")
    kiro_refresh_token: Secret | None = _setting(
        "KIRO_REFRESH_TOKEN", kinds.secret, None, "A refresh token as the login; with a client it is an OIDC one."
    )
    kiro_client_id: str | None = _setting("KIRO_CLIENT_ID", kinds.text, None, "OIDC client of `KIRO_REFRESH_TOKEN`.")
    kiro_client_secret: Secret | None = _setting("KIRO_CLIENT_SECRET", kinds.secret, None, "Its secret.")
    kiro_sso_region: str | None = _setting(
        "KIRO_SSO_REGION",
        kinds.region,
        None,
        "Region of the token service where the login names none.",
        shown="us-east-1",
    )
    kiro_profile_arn: str | None = _setting(
        "KIRO_PROFILE_ARN", kinds.text, None, "Profile to use instead of the login's own."
    )

    kiro_endpoint: str = _setting(
        "KIRO_ENDPOINT",
        kinds.choice("runtime", "q", "codewhisperer"),
        "runtime",
        "Which of Kiro's hosts answers chats.",
    )
    kiro_form: str | None = _setting(
        "KIRO_FORM",
        kinds.choice("json", "rest"),
        None,
        "Request form: awsJson1.0 with a target header, or REST.",
        shown="the endpoint's",
    )
    kiro_region: str | None = _setting(
        "KIRO_REGION",
        kinds.region,
        None,
        "API region instead of the one in the profile's ARN.",
        shown="the profile's",
    )
    kiro_api_url: str | None = _setting("KIRO_API_URL", kinds.url, None, "Base address of the chat backend.")
    kiro_control_url: str | None = _setting("KIRO_CONTROL_URL", kinds.url, None, "Base address of the control plane.")
    kiro_oidc_url: str | None = _setting("KIRO_OIDC_URL", kinds.url, None, "Base address of the OIDC token service.")
    kiro_social_url: str | None = _setting(
        "KIRO_SOCIAL_URL", kinds.url, None, "Base address of the social token service."
    )
    kiro_origin: str = _setting("KIRO_ORIGIN", kinds.text, "KIRO_CLI", "The `origin` of messages, such as `AI_EDITOR`.")
    kiro_agent_mode: str = _setting(
        "KIRO_AGENT_MODE",
        kinds.choice("none", "vibe", "spec"),
        "none",
        "Sends agentMode and agentTaskType; backends disagree whether they may be there.",
    )
    kiro_send_profile: str = _setting(
        "KIRO_SEND_PROFILE",
        kinds.choice("auto", "always", "never"),
        "auto",
        "Whether a login without a profile sends the Builder ID placeholder: `auto` does so on kiro.dev.",
    )
    kiro_cache_points: str = _setting(
        "KIRO_CACHE_POINTS",
        kinds.choice("client", "auto", "none"),
        "client",
        "Where the prompt cache is used: where the client marks it; `auto` also for clients that mark nothing.",
    )
    kiro_thinking_tags: bool = _setting(
        "KIRO_THINKING_TAGS",
        kinds.switch,
        True,
        "Ask models without fields for thinking to think by tags in the prompt.",
    )
    model_efforts: bool = _setting(
        "MODEL_EFFORTS", kinds.switch, False, "List models with each effort too, such as `claude-opus-5:high`."
    )
    kiro_optout: bool = _setting("KIRO_OPTOUT", kinds.switch, True, "Asks the backend not to use the content.")
    kiro_user_agent: str | None = _setting(
        "KIRO_USER_AGENT", kinds.text, None, "User-Agent sent to the backend.", shown="kiro2chat/VERSION"
    )
    kiro_transport: str = _setting(
        "KIRO_TRANSPORT", kinds.choice("aiohttp", "httpx"), "aiohttp", "What carries the requests to Kiro."
    )
    kiro_connect_timeout: float = _setting(
        "KIRO_CONNECT_TIMEOUT", kinds.number(0.05, 600), 10.0, "Seconds to connect to Kiro."
    )
    kiro_first_token_timeout: float = _setting(
        "KIRO_FIRST_TOKEN_TIMEOUT", kinds.number(0.05, 3600), 180.0, "Seconds until the first bytes of an answer."
    )
    kiro_idle_timeout: float = _setting(
        "KIRO_IDLE_TIMEOUT", kinds.number(0.05, 3600), 300.0, "Seconds of silence in the middle of an answer."
    )
    kiro_attempts: int = _setting(
        "KIRO_ATTEMPTS",
        kinds.integer(1, 10),
        3,
        "Attempts at a request as long as nothing has reached the client.",
    )
    kiro_models_ttl: float = _setting(
        "KIRO_MODELS_TTL", kinds.number(0, 86400), 3600.0, "Seconds the list of models is kept."
    )

    agent_tools: tuple[str, ...] = _setting(
        "AGENT_TOOLS",
        kinds.names(*BUILT_IN_TOOLS, "none"),
        (),
        "Built-in tools that the agent has. Where others can reach the server, `shell` and `file_write` only if named.",
        shown="all; calculator,file_read,http_request where others can reach the server",
    )
    agent_workspace: Path | None = _setting(
        "AGENT_WORKSPACE",
        kinds.path,
        None,
        "Folder that the agent's file tools cannot leave.",
        shown="workspace in DATA_DIR",
    )
    agent_approval: tuple[str, ...] = _setting(
        "AGENT_APPROVAL",
        kinds.assignments("auto", "ask", "deny"),
        (),
        "What happens when the agent calls a tool, such as `shell=auto,*=ask`: it runs, you are asked, it is refused.",
        shown="the tools' own: calculator and file_read run, others ask",
    )
    agent_private_addresses: bool = _setting(
        "AGENT_PRIVATE_ADDRESSES", kinds.switch, False, "Let `http_request` reach private and loopback addresses too."
    )
    agent_shell_timeout: float = _setting(
        "AGENT_SHELL_TIMEOUT", kinds.number(1, 3600), 120.0, "Seconds that a command of the agent may take."
    )
    agent_model: str = _setting("AGENT_MODEL", kinds.text, "auto", "The agent's model where a request names none.")
    agent_rounds: int = _setting(
        "AGENT_ROUNDS", kinds.integer(1, 1000), 30, "Calls of the model that one run of the agent may make."
    )
    agent_tokens: int = _setting(
        "AGENT_TOKENS", kinds.integer(0, 1 << 40), 2_000_000, "Tokens that one run may use, read and written; 0: any."
    )
    agent_seconds: float = _setting(
        "AGENT_SECONDS", kinds.number(1, 86_400), 1200.0, "Seconds that one run may take, its tools included."
    )
    agent_credits: float = _setting(
        "AGENT_CREDITS", kinds.number(0, 1e9), 0.0, "Credits of the plan that one run may use; 0: any."
    )
    agent_turns: int = _setting(
        "AGENT_TURNS",
        kinds.integer(1, 1000),
        20,
        "Questions of a session, with their answers, that the model still sees.",
    )
    agent_memory: str = _setting(
        "AGENT_MEMORY",
        kinds.choice("window", "summary"),
        "window",
        "What becomes of earlier ones: nothing, or a summary by the model.",
    )
    agent_session_days: int = _setting(
        "AGENT_SESSION_DAYS", kinds.integer(1, 3660), 30, "Days for which a session is kept after it was last used."
    )

    on_lambda: bool = field(default=False, repr=False)
    """Whether this is a Lambda function, which others can reach whatever `HOST` says."""

    home: Path = field(default_factory=Path.home, repr=False)
    """The user's home directory: default places of files hang from it."""

    data_home: Path = field(default_factory=lambda: Path.home() / ".local" / "share", repr=False)
    """`XDG_DATA_HOME`, or its default below `home`."""

    config_path: Path = field(default_factory=lambda: Path.home() / ".config" / "kiro2chat" / "config.toml", repr=False)
    """`KIRO2CHAT_CONFIG`, or config.toml below `XDG_CONFIG_HOME`."""

    _sources: Mapping[str, Source] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
        """Read the environment and config.toml; `given` (from the command line) wins. An empty variable counts as unset.

        Raises:
            SettingsError: a value cannot be used; the message names the variable, or file and line, and what was expected.
        """
        environ = os.environ if environ is None else environ
        return cls.of(config_file.read(config_path(environ), kinds_of_settings()), environ, **given)

    @classmethod
    def of(cls, from_file: Mapping[str, Any], environ: Mapping[str, str], **given: Any) -> Settings:
        """The same with the values of a file that need not have been written yet.

        Raises:
            SettingsError: a value cannot be used.
        """
        home = _home(environ)
        data_home = _folder(environ, "XDG_DATA_HOME", home / ".local" / "share")
        values: dict[str, Any] = {"home": home, "data_home": data_home, "data_dir": data_home / "kiro2chat"}
        values |= {"config_path": config_path(environ), "on_lambda": "AWS_LAMBDA_FUNCTION_NAME" in environ}
        from_env = {
            name: _read(env, kind, raw)
            for name, env, kind in described.settings_of(cls)
            if (raw := environ.get(env, "").strip())
        }
        chosen = {name: value for name, value in given.items() if value is not None}
        sources: dict[str, Source] = {}
        for source, found in (("file", from_file), ("env", from_env), ("given", chosen)):
            values |= found
            sources |= dict.fromkeys(found, cast("Source", source))
        settings = cls(**values, _sources=sources)
        settings._check()
        return settings

    def source(self, name: str) -> Source:
        return self._sources.get(name, "default")

    def with_given(self, **values: Any) -> Settings:
        """The same with these values, which then come from the command line."""
        return replace(self, **values, _sources={**self._sources, **dict.fromkeys(values, "given")})

    @property
    def workspace(self) -> Path:
        """Where the agent's files are. Not the folder that kiro2chat was started in: that is often the home directory."""
        return (self.agent_workspace or self.data_dir / "workspace").absolute()

    @property
    def is_loopback(self) -> bool:
        try:
            return self.host.lower() == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def is_reachable(self) -> bool:
        """Whether other machines may reach the server: by its address, through a reverse proxy, or as a Lambda function."""
        return not self.is_loopback or bool(self.allowed_hosts) or self.on_lambda

    def _check(self) -> None:
        if not self.is_loopback and not self.api_key:
            raise SettingsError(
                f"HOST is {self.host}: an address other machines can reach needs API_KEY to be set.",
                field="API_KEY",
            )


def config_path(environ: Mapping[str, str]) -> Path:
    """Where config.toml is, or would be."""
    config_home = _folder(environ, "XDG_CONFIG_HOME", _home(environ) / ".config")
    return _folder(environ, "KIRO2CHAT_CONFIG", config_home / "kiro2chat" / "config.toml")


def _home(environ: Mapping[str, str]) -> Path:
    return _folder(environ, "HOME", Path("~"))


def _folder(environ: Mapping[str, str], variable: str, default: Path) -> Path:
    found: Path = _read(variable, kinds.path, environ.get(variable, "").strip() or str(default))
    return found


def kinds_of_settings() -> dict[str, Kind]:
    """The kind of every setting, by the name of its field."""
    return {name: kind for name, _env, kind in described.settings_of(Settings)}


def variables() -> list[tuple[str, str]]:
    """(name of the field, environment variable) of every setting, in order."""
    return [(name, env) for name, env, _kind in described.settings_of(Settings)]


def schema() -> dict[str, Any]:
    """A JSON Schema of config.toml, for forms: titles are the variables, secrets are `writeOnly`."""
    return described.schema(Settings)


def table() -> list[tuple[str, str, str]]:
    """(variable, default as shown, help) of every setting, in order: what the READMEs print."""
    return described.table(Settings)
