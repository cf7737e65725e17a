"""The form in which a caller's JSON Schema is enforced: the same documents, in words that the compiler knows."""

from collections.abc import Mapping
from typing import Any, Final

from ossian.harmony.json_schema import FORMATS, UNSUPPORTED_FORMATS, is_idle
from ossian.harmony.messages import JsonSchema
from ossian.harmony.number_bounds import exclude_bounds
from ossian.harmony.schema_tree import LISTS, MAPS, SINGLES, schemas_in
from ossian.harmony.schema_values import are_disjoint

MAX_BLANKS: Final = 24  # in a row: deep indentation, but no endless run of newlines
_YEAR = r"(?:[1-9]\d{3}|0[1-9]\d\d|00[1-9]\d|000[1-9])"
_DAY = r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
_LEAP_DAY = r"(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29"
_DATE = f"(?:{_YEAR}-{_DAY}|{_LEAP_DAY})"
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
# The compiler's own formats have a 29 February in every year.
PATTERNS: Final = {"date": f"^{_DATE}$", "time": f"^{_TIME}$", "date-time": f"^{_DATE}T{_TIME}$"}
ANNOTATIONS: Final = frozenset({
    "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "discriminator",
    "x-guidance",  # options of the compiler, which are not the caller's
})  # fmt: skip
_VARIANTS: Final = ("anyOf", "oneOf")
_OPENERS: Final = frozenset({*_VARIANTS, "additionalProperties", "patternProperties", "minProperties"})
_SHARED: Final = _OPENERS | {"properties", "required"}  # beside a schema they speak of the same object
_COMPILER_OPTIONS: Final = {"whitespace_pattern": rf"[ \n\r\t]{{1,{MAX_BLANKS}}}"}
# The compiler lets the name "a" pass as another one when it is spelled "\u0061".
_NO_SPELLINGS: Final = {"json_allowed_escapes": 'nrbtf\\"'}


def enforceable(schema: JsonSchema) -> JsonSchema:
    """Return a checked schema as the compiler takes it: nothing is enforced less for it.

    Objects that list their properties and do not say whether there may be others get no others: those would be names
    that a model made up.
    """
    closes = not any("allOf" in node or ("$ref" in node and node.keys() & _SHARED) for _, node in schemas_in(schema))
    rewritten = _rewritten(schema, schema, closes=closes)
    nodes: list[Any] = [node for _, node in schemas_in(rewritten)]
    exclude_bounds(nodes)
    options = _COMPILER_OPTIONS | (_NO_SPELLINGS if any(map(_tells_names_apart, nodes)) else {})
    return {**rewritten, "x-guidance": options}


def _tells_names_apart(node: JsonSchema) -> bool:
    """Whether names that are listed or fit a pattern have other values than the rest."""
    is_closed = node.get("additionalProperties") is False
    return "patternProperties" in node or ("properties" in node and not is_closed)


def _rewritten(node: Any, root: JsonSchema, *, closes: bool) -> Any:
    """Drop what asks for nothing; where no value fulfils two variants, `oneOf` is `anyOf`, which the compiler knows."""
    if not isinstance(node, Mapping):
        return node
    kept = {key: value for key, value in node.items() if not _asks_for_nothing(key, value)}
    if isinstance(kept.get("format"), str) and kept["format"] in PATTERNS:
        pattern = {"pattern": PATTERNS[kept.pop("format")]}
        kept = {**kept, "allOf": [*kept.get("allOf", ()), pattern]} if "pattern" in kept else {**kept, **pattern}
    if isinstance(kept.get("oneOf"), list) and "anyOf" not in kept and are_disjoint(kept["oneOf"], root):
        kept = {("anyOf" if key == "oneOf" else key): value for key, value in kept.items()}
    if closes and _may_close(kept):
        kept["additionalProperties"] = False
    return _rewritten_inside(kept, root, closes=closes)


def _rewritten_inside(node: dict[str, Any], root: JsonSchema, *, closes: bool) -> dict[str, Any]:
    """The same with the schemas inside a schema."""
    for key in MAPS:
        if isinstance(node.get(key), Mapping):
            node[key] = {name: _rewritten(each, root, closes=closes) for name, each in node[key].items()}
    for key in LISTS:
        if isinstance(node.get(key), list):
            own = closes and (key not in _VARIANTS or not node.keys() & _SHARED - {key})
            node[key] = [_rewritten(each, root, closes=own) for each in node[key]]
    for key in SINGLES:
        if isinstance(node.get(key), Mapping):
            node[key] = _rewritten(node[key], root, closes=closes)
    return node


def _may_close(node: JsonSchema) -> bool:
    """Whether an object can do without properties that it does not list."""
    properties, required = node.get("properties"), node.get("required", ())
    if not isinstance(properties, Mapping) or not isinstance(required, list | tuple):
        return False
    return not (node.keys() & _OPENERS) and all(name in properties for name in required)


def _asks_for_nothing(key: str, value: object) -> bool:
    """A format nobody defined is an annotation too, says the standard."""
    is_unknown_format = key == "format" and isinstance(value, str) and value not in FORMATS | UNSUPPORTED_FORMATS
    return key in ANNOTATIONS or is_unknown_format or is_idle(key, value)
