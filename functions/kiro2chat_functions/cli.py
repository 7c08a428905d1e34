"""`kiro2chat …`: the command line."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from functools import partial

from kiro2chat_core import __version__
from kiro2chat_core.errors import BadRequest, Kiro2ChatError, LoginError
from kiro2chat_core.secret import Secret
from kiro2chat_core.settings import Settings, config_path, schema

from . import keyring

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status: 0 done, 1 it failed, 2 bad usage, 130 interrupted."""
    options = _parser().parse_args(arguments)
    _end_in_order()
    try:
        return _config(options) if options.run is _config else _with_settings(options)
    except Kiro2ChatError as error:
        print(f"kiro2chat: {error.message}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # kiro2chat models | head
        sys.stderr.close()
        return 0


def _end_in_order() -> None:
    """Whoever is told to end leaves nothing behind: folders, servers and commands go as they do on Ctrl-C."""
    for name in ("SIGTERM", "SIGHUP"):
        known = getattr(signal, name, None)
        if known is not None and signal.getsignal(known) is signal.SIG_DFL:  # nohup's is another
            signal.signal(known, lambda number, _frame: sys.exit(128 + number))


def _with_settings(options: argparse.Namespace) -> int:
    settings = Settings.load(host=getattr(options, "host", None), port=getattr(options, "port", None))
    _log(settings.log_level, quiet=options.run is not _serve)
    status: int = options.run(settings, options)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kiro2chat", description="A Kiro login as an OpenAI- and Anthropic-compatible API."
    )
    parser.add_argument("--version", action="version", version=f"kiro2chat {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(run: Callable[..., int], *names: str, help: str) -> argparse.ArgumentParser:
        made = commands.add_parser(names[0], aliases=names[1:], help=help, description=help)
        made.set_defaults(run=run)
        return made

    demo_help = "answer from an emulator instead of Kiro; `auto` does so only where no login can be used"
    serve = command(_serve, "serve", "api", help="serve the API")
    serve.add_argument("--host", help="address to listen on (HOST)")
    serve.add_argument("--port", help="port to listen on, 0 for a free one (PORT)")
    serve.add_argument("--demo", nargs="?", const="always", choices=("always", "auto"), help=demo_help)
    doctor = command(_doctor, "doctor", help="check every step from the login to the first token")
    models = command(_models, "models", help="list the models of the login")
    chat = command(_chat, "chat", help="ask one question and print the answer")
    chat.add_argument("message", help="the question; - reads it from standard input")
    chat.add_argument("--model", default="auto", help="a name from `kiro2chat models` (auto)")
    explain = command(_explain, "explain", help="show what a request would become, without sending it")
    explain.add_argument("file", help="the body of a request, as JSON; - reads it from standard input")
    explain.add_argument(
        "--dialect", choices=("chat", "messages", "responses"), help="the API it is meant for, where that is not plain"
    )
    login = command(_login, "login", help="log in to Kiro without kiro-cli, by a code in the browser")
    login.add_argument("--name", help="what to call this login (LOGIN_NAME)")
    login.add_argument("--start-url", help="start address of your organisation's IAM Identity Center (Builder ID)")
    login.add_argument("--region", default="us-east-1", help="its region (us-east-1)")
    login.add_argument("--no-browser", action="store_true", help="only print the address")
    logout = command(_logout, "logout", help="forget a login made by `kiro2chat login`")
    logout.add_argument("--name", help="which one (LOGIN_NAME)")
    whoami = command(_whoami, "whoami", help="show the login in use")
    usage = command(_usage, "usage", help="show the plan, and what is used and left of it")
    for each in (whoami, usage):
        each.add_argument("--name", help="of this login of `kiro2chat login --name`, which keys may use")
    config = command(_config, "config", help="show the settings and where they come from, or change them")
    config.add_argument("action", nargs="?", default="list", choices=("list", "get", "set", "unset", "path", "schema"))
    config.add_argument("name", nargs="?", help="a setting, such as port or PORT")
    config.add_argument("value", nargs="?", help="written as in the environment; - reads it from standard input")
    agent = command(_agent, "agent", help="let the agent do something, with its tools, in this folder")
    agent.add_argument("message", help="what it is to do; - reads it from standard input")
    agent.add_argument("--model", help="a name from `kiro2chat models` (AGENT_MODEL)")
    agent.add_argument("--session", help="go on with this session")
    agent.add_argument("--tools", metavar="NAMES", help="only these tools and MCP servers, with commas between")
    agent.add_argument("--yes", action="store_true", help="allow every call without asking")
    agent.add_argument("--trust", action="store_true", help="start the MCP servers that this folder's mcp.json names")
    for each in (doctor, models, chat, explain, agent):
        each.add_argument("--demo", nargs="?", const="always", choices=("always", "auto"), help=demo_help)
    keyring.add_commands(command(_keys, "keys", help="make, show and revoke API keys for the tools you hand them to"))
    emulator = command(_emulator, "emulator", help="serve the emulator of Kiro alone, for tests and development")
    emulator.add_argument("--port", help="port to listen on, 0 for a free one (PORT)")
    emulator.add_argument("--strict", action="store_true", help="refuse whatever any source has seen refused")
    emulator.add_argument("--database", metavar="FILE", help="also write a kiro-cli database with a login of its own")
    emulator.add_argument("--expired", action="store_true", help="that login's access token has expired")
    return parser


def _serve(settings: Settings, options: argparse.Namespace) -> int:
    from .app import create_app, end
    from .greeting import greeting
    from .serving import bound, run

    listener = bound(settings.host, settings.port)
    with listener, _backend(settings, options.demo) as (chosen, login):
        link = asyncio.run(_open_store(chosen))
        keys = keyring.count(chosen)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        address = f"http://{host}:{listener.getsockname()[1]}"
        told = greeting(chosen, address=address, login=login, link=link, keys=keys)
        print("\n".join(told), flush=True)
        app = create_app(chosen, own=None if chosen is settings else settings)
        run(app, listener, log_level=settings.log_level, ending=partial(end, app))
    return 0


async def _open_store(settings: Settings) -> Secret:
    """A store that cannot be opened stops the start; one that is lost later stops the journal, and no answer.

    Returns the token of a link for the administrator's browser.
    """
    from kiro2chat_core.sessions import Sessions
    from kiro2chat_core.store.opening import store_of

    store = store_of(settings)
    try:
        await store.open()
        return await Sessions(store, time.time).link()
    finally:
        await store.aclose()


def _doctor(settings: Settings, options: argparse.Namespace) -> int:
    from .doctor import examine

    with _backend(settings, options.demo, check=False) as (chosen, _login):
        return 0 if asyncio.run(examine(chosen, lambda line: print(line, flush=True))) else 1


def _models(settings: Settings, options: argparse.Namespace) -> int:
    from kiro2chat_core.gateway import Gateway
    from kiro2chat_core.kiro import catalog

    async def show(chosen: Settings) -> None:
        gateway = Gateway(chosen)
        try:
            await gateway.tokens.current()
            for model in catalog.public(await gateway.models.current()):
                window = f"{model.context // 1000:>5}k" if model.context else "     ?"
                alias = f"→ {model.alias_of}" if model.alias_of else model.name
                print(f"{model.id:<24} {window} tokens  {model.rate:>5g}x  {alias}".rstrip())
            if not gateway.models.live:
                print("(the built-in table: the live list cannot be had)", file=sys.stderr)
        finally:
            await gateway.aclose()

    with _backend(settings, options.demo) as (chosen, _login):
        asyncio.run(show(chosen))
    return 0


def _chat(settings: Settings, options: argparse.Namespace) -> int:
    from kiro2chat_core.gateway import Gateway
    from kiro2chat_core.turns import Ask, Text, TextDelta, Turn

    message = _said(options)

    async def ask(chosen: Settings) -> None:
        gateway = Gateway(chosen)
        question = Ask(options.model, (Turn("user", (Text(message),)),))
        try:
            async with aclosing(gateway.stream(question)) as batches:
                async for batch in batches:
                    text = "".join(event.text for event in batch if isinstance(event, TextDelta))
                    print(text, end="", flush=True)
            print()
        finally:
            await gateway.aclose()

    with _backend(settings, options.demo) as (chosen, _login):
        asyncio.run(ask(chosen))
    return 0


def _said(options: argparse.Namespace) -> str:
    """Raises BadRequest: there is nothing."""
    message: str = sys.stdin.read() if options.message == "-" else options.message
    if not message.strip():
        raise BadRequest("There is nothing to answer: say it in quotes, or pipe it in and write - in its place.")
    return message


def _agent(settings: Settings, options: argparse.Namespace) -> int:
    from .agent_terminal import run

    with _backend(settings, options.demo) as (chosen, _login):
        return 0 if run(chosen, _said(options), options, lasts=chosen is settings) else 1


def _explain(settings: Settings, options: argparse.Namespace) -> int:
    from .explaining import explained, guessed, read_body

    body = read_body(options.file)
    with _backend(settings, options.demo, check=False) as (chosen, _login):
        told = asyncio.run(explained(chosen, body, options.dialect or guessed(body)))
    _print_json(told)
    return 0


def _print_json(value: object) -> None:
    import orjson

    print(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def _login(settings: Settings, options: argparse.Namespace) -> int:
    from kiro2chat_core.kiro.account import BUILDER_ID

    from . import logins

    asyncio.run(
        logins.log_in(
            settings,
            options.name or settings.login_name,
            lambda line: print(line, flush=True),
            start_url=options.start_url or BUILDER_ID,
            region=options.region,
            browser=not options.no_browser,
        )
    )
    return 0


def _logout(settings: Settings, options: argparse.Namespace) -> int:
    from . import logins

    return 0 if logins.log_out(settings, options.name or settings.login_name, print) else 1


def _whoami(settings: Settings, options: argparse.Namespace) -> int:
    from . import logins

    print("\n".join(logins.described(logins.named(settings, options.name))))
    return 0


def _usage(settings: Settings, options: argparse.Namespace) -> int:
    from . import logins

    print("\n".join(logins.plan_lines(asyncio.run(logins.plan_of(logins.named(settings, options.name))))))
    return 0


def _config(options: argparse.Namespace) -> int:
    """Reads the settings where it shows them only: it is what mends a file that cannot be read."""
    from . import configuring

    words = (options.name, options.value)
    needed = {"get": 1, "unset": 1, "set": 2}.get(options.action, 0)
    if sum(word is not None for word in words) != needed:
        print(
            f"kiro2chat: config {options.action} takes {('nothing more', 'a name', 'a name and a value')[needed]}",
            file=sys.stderr,
        )
        return 2
    match options.action:
        case "list":
            for name, value, source in configuring.listing(Settings.load()):
                print(f"{name:<26} {source:<8} {value}")
        case "path":
            print(config_path(os.environ))
        case "schema":
            _print_json(schema())
        case "get":
            print(configuring.get(Settings.load(), options.name))
        case "set":
            value = sys.stdin.read().strip() if options.value == "-" else options.value
            change = configuring.saved({options.name: value})
            if (variable := configuring.overruled(change, options.name)) is not None:
                print(f"kiro2chat: {variable} is set in the environment, which goes before the file.", file=sys.stderr)
        case "unset":
            configuring.saved({options.name: None})
    return 0


def _keys(settings: Settings, options: argparse.Namespace) -> int:
    keyring.run(settings, options, lambda line: print(line, flush=True))
    return 0


def _emulator(settings: Settings, options: argparse.Namespace) -> int:
    from pathlib import Path

    from .emulator import Emulator, Options, database
    from .serving import bound, run

    emulator = Emulator(Options.strict() if options.strict else Options.demo())
    with bound("127.0.0.1", settings.port) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        lines = [f"KIRO_API_URL={url}", f"KIRO_CONTROL_URL={url}", f"KIRO_OIDC_URL={url}", f"KIRO_SOCIAL_URL={url}"]
        if options.database:
            login = emulator.login("odic", expires_in=-60 if options.expired else 3600)
            database.write(Path(options.database), login)
            lines.append(f"KIRO_DB_PATH={options.database}")
        else:
            lines.append(f"KIRO_API_KEY={emulator.login('api-key').access_token}")
        print("\n".join(lines), flush=True)
        run(emulator.app, listener, log_level=settings.log_level)
    return 0


@contextmanager
def _backend(settings: Settings, demo: str | None, *, check: bool = True) -> Iterator[tuple[Settings, str]]:
    """The settings to run with and a line about the login: the user's own, or the demo's."""
    from kiro2chat_core.kiro.login import find_login

    from .demo import banner, demo_settings

    why = "You asked for it with --demo."
    if demo != "always":
        try:
            login = find_login(settings, now=time.time()).source if check or demo == "auto" else ""
        except LoginError as error:
            if demo != "auto":
                raise
            why = error.message
        else:
            yield settings, login
            return
    print(banner(why), file=sys.stderr, flush=True)
    with demo_settings(settings) as emulated:
        yield emulated, "DEMO"


def _log(level: str, *, quiet: bool) -> None:
    """The server tells of each request at `info`; commands that print an answer say only what went wrong."""
    shown = "WARNING" if quiet and level == "info" else level.upper()
    # Libraries write down addresses, SQL with what was said in it, messages of tools: only ours is known to hold no secret.
    others = "ERROR" if level == "error" else "WARNING"
    logging.basicConfig(level=others, format="%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S")
    for ours in ("kiro2chat_core", "kiro2chat_functions"):
        logging.getLogger(ours).setLevel(shown)
    logging.getLogger("strands").setLevel(logging.CRITICAL)  # it writes down what tools are called with, at any level


if __name__ == "__main__":
    sys.exit(main())
