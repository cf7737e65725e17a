"""Bounds of numbers, where the compiler takes an excluded one for an included one.

llguidance 1.9.1 lets 1 through for `{"exclusiveMinimum": 1, "maximum": 1.5}`: always when the excluded bound is a whole
number and the other bound is less than 1 away. The two may stand in different schemas, which `allOf` or `$ref` bring
together.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Any, Final

_STEP: Final = 1e-9  # excluded bounds move inwards by this: what lies between is excluded too
_BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def exclude_bounds(nodes: Iterable[dict[str, Any]]) -> None:
    """Move excluded bounds in all schemas of one document, in place, where they would be let through."""
    nodes = list(nodes)
    bounds = sorted({bound for node in nodes for key in _BOUNDS if (bound := _number(node.get(key))) is not None})
    for node in nodes:
        for name, sign in (("inimum", 1), ("aximum", -1)):
            _move(node, f"m{name}", f"exclusiveM{name}", sign, bounds)


def _move(node: dict[str, Any], bound: str, excluded: str, sign: int, bounds: list[float]) -> None:
    key = bound if node.get(excluded) is True else excluded  # a boolean is draft 4's
    at = _number(node.get(key))
    if at is None:
        return
    low, high = sorted((at, at + sign))
    if bisect_right(bounds, low) < bisect_left(bounds, high):
        node[key] = at + sign * _STEP


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
