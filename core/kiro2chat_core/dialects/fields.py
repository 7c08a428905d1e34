"""Typed reads from a decoded JSON body; what is wrong is a BadRequest that names the field and what was expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, TypeAlias

from ..errors import BadRequest
from ..turns import Effort

__all__ = ["EFFORTS", "Field", "FieldTable", "Fields", "body_fields", "ignored", "sent", "without_effect"]


_GREATEST = 2**53
"""Beyond it numbers are not the same in every JSON, and as limits all of them mean the same: none."""

_EFFORTS: tuple[Effort, ...] = ("minimal", "low", "medium", "high", "xhigh", "max")
EFFORTS: Mapping[str, Effort] = {word: word for word in _EFFORTS}


def body_fields(body: object) -> Fields:
    """The fields of a whole request body.

    Raises:
        BadRequest: it is no JSON object.
    """
    if not isinstance(body, dict):
        raise BadRequest("The request body must be a JSON object.")
    return Fields(body)


class Fields:
    """A JSON object and its path. A member that is missing or null counts as absent; required ones must be there."""

    def __init__(self, value: Mapping[str, Any], path: str = "") -> None:
        self.value = value
        self.path = path

    def __contains__(self, name: str) -> bool:
        return self.value.get(name) is not None

    def at(self, name: str) -> str:
        """The path of a member."""
        return f"{self.path}.{name}" if self.path else name

    def fail(self, name: str, wrong: str) -> NoReturn:
        raise BadRequest(f"{self.at(name)} {wrong}.", field=self.at(name))

    def only(self, *names: str) -> None:
        """Refuse any other member: where little is asked, one that is misspelt must not be taken for one that is absent."""
        if unknown := sorted(set(self.value) - set(names)):
            self.fail(unknown[0][:60], f"is not known here; there are {', '.join(names)}")

    def text(self, name: str, *, required: bool = False) -> str:
        """A string, "" where absent. A required one must not be empty."""
        value = self.value.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str):
            self.fail(name, "is missing" if value is None else "must be a string")
        if required and not value:
            self.fail(name, "must not be empty")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.value.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fail(name, "must be true or false")
        return value

    def integer(self, name: str, low: int) -> int | None:
        value = self.value.get(name)
        if value is None:
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            self.fail(name, f"must be a whole number of at least {low}")
        return min(value, _GREATEST)

    def number(self, name: str) -> float | None:
        value = self.value.get(name)
        if value is None:
            return None
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            self.fail(name, "must be a number")
        return float(value)

    def object(self, name: str, *, required: bool = False) -> Fields | None:
        value = self.value.get(name)
        if value is None and not required:
            return None
        if not isinstance(value, dict):
            self.fail(name, "is missing" if value is None else "must be an object")
        return Fields(value, self.at(name))

    def required_object(self, name: str) -> Fields:
        found = self.object(name, required=True)
        assert found is not None
        return found

    def array(self, name: str) -> list[Any]:
        """A list, empty where absent."""
        value = self.value.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.fail(name, "must be an array")
        return value

    def objects(self, name: str) -> Iterator[Fields]:
        """The objects of a list, each with its own path."""
        for index, item in enumerate(self.array(name)):
            path = f"{self.at(name)}[{index}]"
            if not isinstance(item, dict):
                raise BadRequest(f"{path} must be an object.", field=path)
            yield Fields(item, path)

    def choice(self, name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        value = self.value.get(name, default)
        value = default if value is None else value
        if value not in allowed or not isinstance(value, str):
            self.fail(name, f"must be one of {', '.join(allowed)}")
        return value


@dataclass(frozen=True, slots=True)
class Field:
    """What becomes of one request field; the tables of the documentation are made of these.

    * honoured: it reaches the backend, in its own fields or in words
    * enforced: the backend knows no such thing; the gateway sees to it
    * ignored: it has no effect and is named in `x-kiro2chat-ignored`; `check` reads it, so that a wrong type does not hide
    * refused: asking for it is an error, since leaving it out would give another answer than the one asked for
    """

    treatment: Literal["honoured", "enforced", "ignored", "refused"]
    note: str = ""
    check: Callable[[Fields, str], object] | None = None


FieldTable: TypeAlias = Mapping[str, Field]


def without_effect(check: Callable[[Fields, str], object], note: str = "") -> Field:
    return Field("ignored", note, check)


def ignored(fields: Fields, table: FieldTable) -> tuple[str, ...]:
    """Names of the fields that were sent and have no effect: those the table says so of, then the unknown ones.

    Raises:
        BadRequest: an ignored field is of the wrong type.
    """
    known = [name for name, field in table.items() if field.check and field.check(fields, name) is not None]
    unknown = sorted(name[:60] for name in set(fields.value) - set(table))
    return tuple(name for name in (*known, *unknown) if name in fields)


def sent(value: Any, path: str) -> bool:
    """Whether something stands at `tools.function.strict`, lists being gone through; `false`, `"auto"` and what is empty ask
    for nothing."""
    if isinstance(value, list):
        return any(sent(each, path) for each in value)
    if not path:
        return bool(value) and value != "auto"
    name, _, rest = path.partition(".")
    return isinstance(value, dict) and sent(value.get(name), rest)
