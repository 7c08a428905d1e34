"""Write the types of `kiro2chat_functions.wire` as TypeScript for the page; --check only compares."""

from __future__ import annotations

import inspect
import sys
import types
from pathlib import Path
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints

from kiro2chat_functions.wire import TYPES

PLACE = Path(__file__).resolve().parent.parent / "frontend/src/lib/wire.ts"
_HEAD = (
    "/** What goes between the page and the server. Written by scripts/wire.py from kiro2chat_functions/wire.py. */\n"
)
_PLAIN: dict[Any, str] = {
    str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", Any: "unknown"
}  # fmt: skip


def main() -> int:
    text = _HEAD + "".join(f"\n{_interface(each)}" for each in TYPES)
    if not PLACE.exists() or PLACE.read_text(encoding="utf-8") != text:
        if "--check" in sys.argv:
            print("frontend/src/lib/wire.ts is out of date. Run `make docs`.", file=sys.stderr)
            return 1
        PLACE.write_text(text, encoding="utf-8")
    print("wire types: up to date")
    return 0


def _interface(type_: type) -> str:
    said = type_.__doc__ or ""
    said = f"/** {inspect.cleandoc(said)} */\n" if said and not said.startswith("dict(") else ""
    members = "".join(_member(name, hint) for name, hint in get_type_hints(type_, include_extras=True).items())
    return f"{said}export interface {type_.__name__} {{\n{members}}}\n"


def _member(name: str, hint: Any) -> str:
    optional = get_origin(hint) is NotRequired
    return f"  {name}{'?' * optional}: {_type(get_args(hint)[0] if optional else hint)};\n"


def _type(hint: Any) -> str:
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " | ".join(_type(each) for each in arguments)
    if origin is Literal:
        return " | ".join(f'"{each}"' for each in arguments)
    if origin is list:
        inner = _type(arguments[0])
        return f"({inner})[]" if " " in inner else f"{inner}[]"
    if origin is dict:
        return f"Record<string, {_type(arguments[1])}>"
    if hint in TYPES:
        name: str = hint.__name__
        return name
    raise TypeError(f"no TypeScript for {hint}")


if __name__ == "__main__":
    sys.exit(main())
