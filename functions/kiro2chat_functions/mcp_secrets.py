"""What in mcp.json may be secret: shown as `***`, and put back where `***` comes again.

Values of `env` and `headers`; in an address the login, the values of its query, and parts of its path that look like keys; in
arguments what follows a name that sounds like a secret, wherever it stands in them, and addresses. What is a variable
(`${TOKEN}`) is none.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from typing import Any

from kiro2chat_core.errors import BadRequest

__all__ = ["MASK", "masked", "restored"]

MASK = "***"
_PAIRS = ("env", "headers")
_VARIABLE = re.compile(r"(?:Bearer |Basic )?\$\{[^}]+\}", re.IGNORECASE)
_LOGIN = re.compile(r"(?<=://)[^/?#@]*(?=@)")
_QUERY = re.compile(r"(?<=[?&])([^=&#\s]+)=([^&#\s]+)")
_SOUNDS_SECRET = re.compile(
    r"key|token|secret|passw|pwd|auth|credential|cookie|bearer|header|(?<![a-z])pat(?![a-z])", re.IGNORECASE
)
_NAMED = re.compile(r"(-{0,2}[\w.-]+\s*[=:]\s*)(.+)", re.DOTALL)
"""`--api-key=…`, `TOKEN=…`, `Authorization: …`"""
_WITHIN = re.compile(r"""([\w.-]+["']?\s*[=:]\s*["']?)((?:Bearer |Basic )?[^\s"';,&}]+)""")
"""The same in the midst of something else: JSON, a connection string, a line for a shell."""
_SEGMENT = re.compile(r"(?<=[^/:]/)(?=[^/?#]*\d)(?=[^/?#]*[A-Za-z])[\w~.%+=-]{16,}(?=[/?#]|$)")
_HIDDEN_SEGMENT = re.compile(rf"(?<=[^/:]/){re.escape(MASK)}(?=[/?#]|$)")


def masked(entry: dict[str, Any]) -> None:
    """Of one server's entry, in place."""
    for pairs in _pairs_of(entry).values():
        pairs |= {name: _hidden(value) if isinstance(value, str) else MASK for name, value in pairs.items()}
    if isinstance(entry.get("url"), str):
        entry["url"] = _address(entry["url"])
    if isinstance(entry.get("args"), list):
        entry["args"] = [shown for _before, shown in _arguments(entry["args"])]


def restored(entry: dict[str, Any], old: Mapping[str, Any], at: str) -> None:
    """In place: the values of the old entry where this one has `***`. `at` is where it stands in the file.

    Raises:
        BadRequest: the old one has no such value.
    """
    known = _pairs_of(old)
    for member, pairs in _pairs_of(entry).items():
        for name in [name for name, value in pairs.items() if value == MASK]:
            pairs[name] = _kept(known.get(member, {}).get(name), f"{at}.{member}.{name}")
    if isinstance(entry.get("url"), str) and MASK in entry["url"]:
        entry["url"] = _whole_address(entry["url"], old.get("url"), f"{at}.url")
    if isinstance(entry.get("args"), list):
        entry["args"] = list(_whole_arguments(entry["args"], old.get("args"), f"{at}.args"))


def _pairs_of(entry: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {member: entry[member] for member in _PAIRS if isinstance(entry.get(member), dict)}


def _hidden(value: str) -> str:
    return value if not value or _VARIABLE.fullmatch(value) else MASK


def _address(url: str) -> str:
    url = _LOGIN.sub(lambda login: _hidden(login[0]), url)
    url = _SEGMENT.sub(MASK, url)
    return _QUERY.sub(lambda pair: f"{pair[1]}={_hidden(pair[2])}", url)


def _arguments(args: list[Any]) -> Iterator[tuple[str, Any]]:
    """Each as it is shown, and the name before it that says what it is."""
    before = ""
    for argument in args:
        if not isinstance(argument, str):
            yield "", argument
            before = ""
            continue
        named = _NAMED.fullmatch(argument)
        if named and "://" not in named[1] and (_SOUNDS_SECRET.search(named[1]) or _SOUNDS_SECRET.search(before)):
            yield before, named[1] + _hidden(named[2])
        elif before and not argument.startswith("--"):
            yield before, _hidden(argument)
        else:
            yield before, _WITHIN.sub(_pair, _address(argument) if "://" in argument else argument)
        is_name = argument.startswith("-") and named is None and _SOUNDS_SECRET.search(argument)
        before = argument if is_name else ""


def _pair(found: re.Match[str]) -> str:
    return found[1] + (_hidden(found[2]) if _SOUNDS_SECRET.search(found[1]) else found[2])


def _whole_address(url: str, old: object, at: str) -> str:
    """The login of the old one, the hidden parts of its path in their order, and the values of its query by their names: the
    rest may have changed."""
    before = old if isinstance(old, str) else ""
    login = _LOGIN.search(before)
    values: dict[str, deque[str]] = defaultdict(deque)
    for pair in _QUERY.finditer(before):
        values[pair[1]].append(pair[2])

    def value(pair: re.Match[str]) -> str:
        same = values[pair[1]].popleft() if values[pair[1]] else None
        return f"{pair[1]}={_kept(same, at) if pair[2] == MASK else pair[2]}"

    parts = deque(_SEGMENT.findall(before))
    url = _LOGIN.sub(lambda found: _kept(login and login[0], at) if found[0] == MASK else found[0], url)
    url = _HIDDEN_SEGMENT.sub(lambda _found: _kept(parts.popleft() if parts else None, at), url)
    return _QUERY.sub(value, url)


def _whole_arguments(args: list[Any], old: object, at: str) -> Iterator[Any]:
    """Wherever they stand now: the old one that was shown like this."""
    before = old if isinstance(old, list) else []
    known: dict[tuple[str, Any], deque[Any]] = defaultdict(deque)
    for argument, (name, shown) in zip(before, _arguments(before), strict=True):
        if isinstance(argument, str):
            known[name, shown].append(argument)
    for place, (argument, (name, _shown)) in enumerate(zip(args, _arguments(args), strict=True)):
        if isinstance(argument, str) and MASK in argument:
            same = known[name, argument]
            yield _kept(same.popleft() if same else None, f"{at}.{place}")
        else:
            yield argument


def _kept(value: Any, at: str) -> Any:
    if value is None:
        raise BadRequest(f"{at} is {MASK}, and the file has no value for it: write the value.", field=at)
    return value
