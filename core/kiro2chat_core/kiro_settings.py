"""Settings of the login, and of how Kiro is spoken to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import kinds
from .described import setting
from .secret import Secret
from .server_settings import ServerSettings

__all__ = ["LOGIN_SOURCES", "NAME_OF_LOGIN", "KiroSettings"]

NAME_OF_LOGIN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
LOGIN_SOURCES = ("api-key", "refresh-token", "kiro2chat", "social", "odic", "external-idp", "kiro-ide", "amazon-q")


@dataclass(frozen=True, slots=True)
class KiroSettings(ServerSettings):
    """Fields of `Settings`, which is what is made and passed on."""

    kiro_db_path: Path | None = setting(
        "KIRO_DB_PATH",
        kinds.path,
        None,
        "kiro-cli's database. When set, no other file is looked at.",
        shown="~/.local/share/kiro-cli/data.sqlite3",
    )
    kiro_ide_token: Path | None = setting(
        "KIRO_IDE_TOKEN",
        kinds.path,
        None,
        "Kiro IDE's token file. When set, no other file is looked at.",
        shown="~/.aws/sso/cache/kiro-auth-token.json",
    )
    kiro_login: tuple[str, ...] = setting(
        "KIRO_LOGIN",
        kinds.names(*LOGIN_SOURCES),
        LOGIN_SOURCES,
        "Logins to look for, in this order; one name chooses it. The first that has not expired wins, `kiro2chat login`'s own "
        "also while they can be renewed.",
        shown=",".join(LOGIN_SOURCES),
    )
    login_name: str = setting(
        "LOGIN_NAME",
        kinds.matching(NAME_OF_LOGIN, "letters, digits, dots and dashes"),
        "default",
        "Which of the logins of `kiro2chat login` is used; one at a time. Where it is set, no other login will do, whatever keys "
        "and files are named besides; only `KIRO_LOGIN` goes before it.",
    )
    login_concurrency: int = setting(
        "LOGIN_CONCURRENCY", kinds.integer(1, 10_000), 32, "Answers that a login has under way at a time; others wait."
    )
    kiro_cli: str = setting(
        "KIRO_CLI",
        kinds.text,
        "kiro-cli",
        "The command that renews a login of kiro-cli's which cannot be renewed otherwise; `none` for no such command.",
    )
    kiro_api_key: Secret | None = setting("KIRO_API_KEY", kinds.secret, None, "A Kiro API key (`ksk_…`) as the login.")
    kiro_refresh_token: Secret | None = setting(
        "KIRO_REFRESH_TOKEN", kinds.secret, None, "A refresh token as the login; with a client it is an OIDC one."
    )
    kiro_client_id: str | None = setting("KIRO_CLIENT_ID", kinds.text, None, "OIDC client of `KIRO_REFRESH_TOKEN`.")
    kiro_client_secret: Secret | None = setting("KIRO_CLIENT_SECRET", kinds.secret, None, "Its secret.")
    kiro_sso_region: str | None = setting(
        "KIRO_SSO_REGION",
        kinds.region,
        None,
        "Region of the token service where the login names none.",
        shown="us-east-1",
    )
    kiro_profile_arn: str | None = setting(
        "KIRO_PROFILE_ARN", kinds.text, None, "Profile to use instead of the login's own."
    )

    kiro_endpoint: str = setting(
        "KIRO_ENDPOINT",
        kinds.choice("runtime", "q", "codewhisperer"),
        "runtime",
        "Which of Kiro's hosts answers chats.",
    )
    kiro_form: str | None = setting(
        "KIRO_FORM",
        kinds.choice("json", "rest"),
        None,
        "Request form: awsJson1.0 with a target header, or REST.",
        shown="the endpoint's",
    )
    kiro_region: str | None = setting(
        "KIRO_REGION",
        kinds.region,
        None,
        "API region instead of the one in the profile's ARN.",
        shown="the profile's",
    )
    kiro_api_url: str | None = setting("KIRO_API_URL", kinds.url, None, "Base address of the chat backend.")
    kiro_control_url: str | None = setting("KIRO_CONTROL_URL", kinds.url, None, "Base address of the control plane.")
    kiro_oidc_url: str | None = setting("KIRO_OIDC_URL", kinds.url, None, "Base address of the OIDC token service.")
    kiro_social_url: str | None = setting(
        "KIRO_SOCIAL_URL", kinds.url, None, "Base address of the social token service."
    )
    kiro_origin: str = setting("KIRO_ORIGIN", kinds.text, "KIRO_CLI", "The `origin` of messages, such as `AI_EDITOR`.")
    kiro_agent_mode: str = setting(
        "KIRO_AGENT_MODE",
        kinds.choice("none", "vibe", "spec"),
        "none",
        "Sends agentMode and agentTaskType; backends disagree whether they may be there.",
    )
    kiro_send_profile: str = setting(
        "KIRO_SEND_PROFILE",
        kinds.choice("auto", "always", "never"),
        "auto",
        "Whether a login without a profile sends the Builder ID placeholder: `auto` does so on kiro.dev.",
    )
    kiro_cache_points: str = setting(
        "KIRO_CACHE_POINTS",
        kinds.choice("client", "auto", "none"),
        "client",
        "Where the prompt cache is used: where the client marks it; `auto` also for clients that mark nothing.",
    )
    kiro_thinking_tags: bool = setting(
        "KIRO_THINKING_TAGS",
        kinds.switch,
        True,
        "Ask models without fields for thinking to think by tags in the prompt.",
    )
    model_efforts: bool = setting(
        "MODEL_EFFORTS", kinds.switch, False, "List models with each effort too, such as `claude-opus-5:high`."
    )
    kiro_optout: bool = setting("KIRO_OPTOUT", kinds.switch, True, "Asks the backend not to use the content.")
    kiro_user_agent: str | None = setting(
        "KIRO_USER_AGENT", kinds.header, None, "User-Agent sent to the backend.", shown="kiro2chat/VERSION"
    )
    kiro_transport: str = setting(
        "KIRO_TRANSPORT", kinds.choice("aiohttp", "httpx"), "aiohttp", "What carries the requests to Kiro."
    )
    kiro_connect_timeout: float = setting(
        "KIRO_CONNECT_TIMEOUT", kinds.number(0.05, 600), 10.0, "Seconds to connect to Kiro."
    )
    kiro_first_token_timeout: float = setting(
        "KIRO_FIRST_TOKEN_TIMEOUT", kinds.number(0.05, 3600), 180.0, "Seconds until the first bytes of an answer."
    )
    kiro_idle_timeout: float = setting(
        "KIRO_IDLE_TIMEOUT", kinds.number(0.05, 3600), 300.0, "Seconds of silence in the middle of an answer."
    )
    kiro_attempts: int = setting(
        "KIRO_ATTEMPTS",
        kinds.integer(1, 10),
        3,
        "Attempts at a request as long as nothing has reached the client.",
    )
    kiro_models_ttl: float = setting(
        "KIRO_MODELS_TTL", kinds.number(0, 86400), 3600.0, "Seconds the list of models is kept."
    )
