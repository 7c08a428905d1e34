"""Arithmetic: an expression in Python's syntax, walked node by node; nothing is executed, and no number grows without end.

Whole numbers are exact up to some 3900 digits. Each operation is checked before it is done, since a short expression can
ask for a number that fills the memory: `9**9**9`.
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Any, TypeAlias

__all__ = ["CONSTANTS", "FUNCTIONS", "CannotCalculate", "calculated"]

Number: TypeAlias = int | float

_MAX_CHARS = 2000
_MAX_DEPTH = 100
_MAX_BITS = 13_000
"""Python writes whole numbers of up to 4300 digits, which are 14284 bits."""

_MAX_PLACES = 400
_MAX_FACTORIAL = 2000


class CannotCalculate(Exception):
    """The message is a sentence that says why."""


def calculated(expression: str) -> str:
    """The value of an expression: a whole number, a float as Python writes it, or True or False for a comparison.

    Raises:
        CannotCalculate: it is no expression, knows other names than ours, has no real value, or one that is too large.
    """
    if len(expression) > _MAX_CHARS:
        raise CannotCalculate(f"The expression has more than {_MAX_CHARS} characters.")
    tree = _parsed(expression)
    try:
        if isinstance(tree, ast.Compare):
            return str(_compared(tree))
        return str(_value(tree, 0))
    except ZeroDivisionError:
        raise CannotCalculate("That is a division by zero.") from None
    except OverflowError:
        raise _too_large() from None
    except (ValueError, TypeError):  # math's own: a root of -1, a gcd of floats
        raise CannotCalculate("A function or operator is not defined for the numbers it got.") from None


def _parsed(expression: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the parser's advice on `1or 2`
            return ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as bad:
        where = f" near character {bad.offset}" if isinstance(bad, SyntaxError) and bad.offset else ""
        raise CannotCalculate(
            f"That is no arithmetic expression{where}: write it as in Python, such as 2 * (3 + 4)."
        ) from None


def _compared(node: ast.Compare) -> bool:
    values = [_value(each, 0) for each in (node.left, *node.comparators)]
    operators = [_COMPARISONS.get(type(each)) for each in node.ops]
    if None in operators:
        raise CannotCalculate("Of comparisons there are < <= > >= == and !=.")
    return all(holds(*pair) for holds, pair in zip(operators, pairwise(values), strict=True) if holds)


def _value(node: ast.expr, depth: int) -> Number:
    if depth > _MAX_DEPTH:
        raise CannotCalculate(f"The expression is nested more than {_MAX_DEPTH} deep.")
    evaluate = _NODES.get(type(node))
    if evaluate is None:
        raise CannotCalculate(
            _FOREIGN.get(type(node), "Only numbers, operators and functions can stand in an expression.")
        )
    return evaluate(node, depth + 1)


def _number(node: Any, _depth: int) -> Number:
    if type(node.value) not in (int, float):
        raise CannotCalculate(f"{str(node.value)[:40]!r} is no real number.")
    return _held(node.value)


def _name(node: Any, _depth: int) -> Number:
    if node.id not in CONSTANTS:
        raise CannotCalculate(f"There is no {node.id[:40]!r}; known are {', '.join([*CONSTANTS, *FUNCTIONS])}.")
    return CONSTANTS[node.id]


def _signed(node: Any, depth: int) -> Number:
    sign = _SIGNS.get(type(node.op))
    if sign is None:
        raise CannotCalculate("Of signs there are + and -.")
    return _held(sign(_value(node.operand, depth)))


def _chain(node: Any, depth: int) -> Number:
    """Operators from left to right. A long sum nests to the left, and is no deep expression."""
    chain = []
    while isinstance(node, ast.BinOp):
        chain.append(node)
        node = node.left
    value = _value(node, depth)
    for each in reversed(chain):
        operate = _OPERATORS.get(type(each.op))
        if operate is None:
            raise CannotCalculate(_FOREIGN.get(type(each.op), "Of operators there are + - * / // % and **."))
        value = _held(operate(value, _value(each.right, depth)))
    return value


def _called(node: Any, depth: int) -> Number:
    if not isinstance(node.func, ast.Name):
        raise CannotCalculate("Functions stand by their names: sqrt(2), not math.sqrt(2).")
    name = node.func.id
    function = FUNCTIONS.get(name)
    if function is None:
        raise CannotCalculate(f"There is no function {name[:40]!r}; known are {', '.join(FUNCTIONS)}.")
    if node.keywords or not function.least <= len(node.args) <= function.most:
        wanted = f"{function.least}" if function.least == function.most else f"{function.least} or more"
        raise CannotCalculate(f"{name} takes {wanted} number{'s' * (wanted != '1')}, without names.")
    return _held(function.run(*[_value(each, depth) for each in node.args]))


def _held(value: Any) -> Number:
    """The value, if it is one that can be worked with."""
    if type(value) is int:
        if value.bit_length() > _MAX_BITS:
            raise _too_large()
        return value
    if type(value) is not float:
        raise CannotCalculate("The result is no real number.")
    if not math.isfinite(value):
        raise _too_large()
    return value


def _too_large() -> CannotCalculate:
    return CannotCalculate(
        f"A number becomes too large: whole ones may have {_MAX_BITS * 3 // 10} digits, others reach 1.8e308."
    )


def _power(base: Number, exponent: Number) -> Any:
    whole = type(base) is int and type(exponent) is int
    if whole and exponent > 0 and abs(base) > 1 and (int(base).bit_length() - 1) * exponent > _MAX_BITS:
        raise _too_large()
    return base**exponent


def _factorial(number: Number) -> int:
    if _whole(number) > _MAX_FACTORIAL:
        raise _too_large()
    return math.factorial(_whole(number))


def _comb(total: Number, chosen: Number) -> int:
    total, chosen = _whole(total), _whole(chosen)
    chosen = min(chosen, total - chosen) if 0 <= chosen <= total else chosen
    if (
        0 < chosen <= total and chosen * (math.log2(total) - math.log2(chosen)) > _MAX_BITS
    ):  # comb ≥ (total/chosen)**chosen
        raise _too_large()
    return math.comb(total, chosen)


def _perm(total: Number, chosen: Number) -> int:
    total, chosen = _whole(total), _whole(chosen)
    if 0 < chosen <= total and chosen * (total.bit_length() - 1) > 2 * _MAX_BITS:
        raise _too_large()
    return math.perm(total, chosen)


def _lcm(*numbers: Number) -> Number:
    return reduce(lambda one, other: _held(math.lcm(_whole(one), _whole(other))), numbers)


def _whole(number: Number) -> int:
    if type(number) is not int:
        raise CannotCalculate("factorial, comb, perm and lcm are of whole numbers.")
    return number


def _round(number: Number, places: Number | None = None) -> Any:
    if places is not None and (type(places) is not int or abs(places) > _MAX_PLACES):
        raise CannotCalculate(f"round takes a whole number of places, from -{_MAX_PLACES} to {_MAX_PLACES}.")
    return round(number) if places is None else round(number, places)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of numbers, and how many it takes."""

    run: Callable[..., Any]
    least: int = 1
    most: int = 1


_ANY = 1000

CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e, "tau": math.tau}

FUNCTIONS: Mapping[str, Function] = {
    **{
        name: Function(getattr(math, name))
        for name in (
            "sqrt", "cbrt", "isqrt", "exp", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan",
            "sinh", "cosh", "tanh", "degrees", "radians", "floor", "ceil", "trunc",
        )
    },
    "log": Function(math.log, 1, 2),
    "abs": Function(abs),
    "round": Function(_round, 1, 2),
    "pow": Function(_power, 2, 2),
    "atan2": Function(math.atan2, 2, 2),
    "hypot": Function(math.hypot, 2, _ANY),
    "gcd": Function(math.gcd, 2, _ANY),
    "lcm": Function(_lcm, 2, _ANY),
    "min": Function(min, 2, _ANY),
    "max": Function(max, 2, _ANY),
    "sum": Function(lambda *numbers: sum(numbers), 1, _ANY),
    "factorial": Function(_factorial),
    "comb": Function(_comb, 2, 2),
    "perm": Function(_perm, 2, 2),
}  # fmt: skip

_NODES: Mapping[type, Callable[[Any, int], Number]] = {
    ast.Constant: _number,
    ast.Name: _name,
    ast.UnaryOp: _signed,
    ast.BinOp: _chain,
    ast.Call: _called,
}
_SIGNS: Mapping[type, Callable[[Number], Number]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}
_OPERATORS: Mapping[type, Callable[[Number, Number], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
_COMPARISONS: Mapping[type, Callable[[Number, Number], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FOREIGN: Mapping[type, str] = {
    ast.BitXor: "`^` is no power here: write `**`.",
    ast.Compare: "A comparison can only be the whole expression.",
    ast.Attribute: "Constants stand by their names: pi, not math.pi.",
}
