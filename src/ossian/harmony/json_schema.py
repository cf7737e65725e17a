"""What a caller's JSON Schema may ask for.

llguidance enforces most of JSON Schema 2020-12. What it does not is refused here, with keyword and path, before it is
compiled; `token_mask` compiles what passes, and `locate` finds where in it an error of the compiler arises.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ossian.errors import InvalidRequestError
from ossian.harmony.messages import JsonSchema
from ossian.harmony.schema_shape import misshapen
from ossian.harmony.schema_tree import MAX_NAME_SHOWN, Path, path_text, resolve, schemas_in, subschemas
from ossian.harmony.schema_values import finite

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 100  # of the JSON itself: two levels an object inside an object
MAX_MINIMUM: Final = 65_536  # characters, items or properties that a value must have at least
MAX_PATTERN: Final = 2_000  # characters of one; the compiler takes time and memory by the square of it
MAX_PATTERNS: Final = 50_000  # characters of all patterns of a schema
MAX_LOCATED_BYTES: Final = 4 << 20  # of all schemas that are compiled to locate one error
MIN_LOCATED_BYTES: Final = 20_000  # what compiling the smallest one counts as: it is 200 of these at most

# In objects that also allow unknown names the compiler must not escape characters, and leaves these out without a word.
ONLY_ESCAPED: Final = re.compile(r"[\x00-\x07\x0b\x0e-\x1f]")

UNSUPPORTED: Final = frozenset({
    "not", "if", "then", "else", "uniqueItems", "contains", "minContains", "maxContains", "propertyNames",
    "dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties", "unevaluatedItems",
    "$dynamicRef", "$recursiveRef",
})  # fmt: skip
FORMATS: Final = frozenset({
    "date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid", "uri",
})  # fmt: skip
UNSUPPORTED_FORMATS: Final = frozenset({
    "idn-email", "idn-hostname", "uri-reference", "iri", "iri-reference", "uri-template", "json-pointer",
    "relative-json-pointer", "regex",
})  # fmt: skip


def check_schema(schema: JsonSchema, param: str) -> None:
    """Raise InvalidRequestError, which names keyword and path below `param`, for what cannot be enforced."""
    _check_size(schema, param)
    nodes = dict(schemas_in(schema))
    for path, node in nodes.items():
        for keyword, wanted in misshapen(node):
            raise _misshapen(param, (*path, keyword), wanted)
    places = {id(node) for node in nodes.values()}
    for path, node in nodes.items():
        for keyword, reason in _faults(node, schema, places):
            raise _refusal(param, (*path, keyword), reason)
    _check_patterns(nodes, param)
    ending = finite(schema, nodes)
    if () not in ending:
        path = next(path for path, node in nodes.items() if "$ref" in node and path not in ending)
        raise _refusal(param, (*path, "$ref"), "no value can be finite: each would need another one inside it")


def locate(schema: JsonSchema, error: str, error_of: Callable[[JsonSchema], str]) -> Path:
    """Return the path of the innermost subschema that alone gives the same compile error, or of one around it when
    looking further would take long.
    """
    shared = {key: schema[key] for key in ("$defs", "definitions", "$schema", "x-guidance") if key in schema}
    path: Path = ()
    left = MAX_LOCATED_BYTES
    while True:
        for step, each in subschemas(schema):
            alone = {**shared, **each}
            left -= max(len(json.dumps(alone)), MIN_LOCATED_BYTES)
            if left < 0:
                return path
            if error_of(alone) == error:
                path, schema = (*path, *step), each
                break
        else:
            return path


def _check_patterns(nodes: Mapping[Path, JsonSchema], param: str) -> None:
    num_characters = 0
    for path, node in nodes.items():
        for keyword in ("pattern", "patternProperties"):
            patterns = node.get(keyword, ())
            lengths = [len(patterns)] if isinstance(patterns, str) else list(map(len, patterns))
            num_characters += sum(lengths)
            if max(lengths, default=0) > MAX_PATTERN:
                raise _refusal(param, (*path, keyword), f"a pattern can have {MAX_PATTERN} characters")
            if num_characters > MAX_PATTERNS:
                raise _refusal(param, (*path, keyword), f"all patterns together can have {MAX_PATTERNS} characters")


def _check_size(schema: JsonSchema, param: str) -> None:
    waiting: deque[tuple[object, int]] = deque([(schema, 1)])
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            message = f"Invalid value for '{param}': it is nested more than {MAX_DEPTH} levels deep."
            raise InvalidRequestError(message, param=param, code="invalid_json_schema")
        inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        waiting.extend((each, depth + 1) for each in inner)
    num_bytes = len(json.dumps(schema))
    if num_bytes > MAX_BYTES:
        message = f"Invalid value for '{param}': it has {num_bytes} bytes, the most is {MAX_BYTES}."
        raise InvalidRequestError(message, param=param, code="invalid_json_schema")


def is_idle(keyword: str, value: object) -> bool:
    """Whether an unsupported keyword asks for nothing: names are strings in any case, and libraries say so."""
    if keyword == "propertyNames":
        return value in ({}, True, {"type": "string"})
    return keyword == "uniqueItems" and value is False


def _faults(node: JsonSchema, root: JsonSchema, places: set[int]) -> Iterator[tuple[str, str]]:
    """Yield the keywords of one schema that cannot be enforced, and why; `places` has the id() of every schema."""
    for keyword in node:
        if keyword in UNSUPPORTED and not is_idle(keyword, node[keyword]):
            yield keyword, f"this server cannot enforce '{keyword}'"
    for keyword in ("minLength", "minItems", "minProperties"):
        if isinstance(node.get(keyword), int | float) and node[keyword] > MAX_MINIMUM:
            yield keyword, f"the most is {MAX_MINIMUM}"
    for keyword in ("const", "enum", "properties", "required"):
        if keyword in node and _has_only_escaped(list(node[keyword]) if keyword == "properties" else node[keyword]):
            yield keyword, "this server cannot enforce control characters, which JSON can only write as \\u…"
    if _can_repeat_keys(node):
        yield "minProperties", "above 1 it needs 'properties' that are all required, and no others"
    if _is_text(node) and node.get("format") in UNSUPPORTED_FORMATS:
        yield "format", f"this server cannot enforce '{node['format']}'; it can {', '.join(sorted(FORMATS))}"
    reference = node.get("$ref")
    if isinstance(reference, str) and not _has_target(root, reference, places):
        shown = reference[:MAX_NAME_SHOWN]
        yield "$ref", f"no schema is at '{shown}'; only references inside the schema, to '$defs', are followed"


def _has_only_escaped(value: object) -> bool:
    """Whether any text in a value has characters that JSON cannot hold as they are, and has no short escape for."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str) and ONLY_ESCAPED.search(each):
            return True
        if isinstance(each, Mapping):
            waiting.extend((*each.keys(), *each.values()))
        elif isinstance(each, list):
            waiting.extend(each)
    return False


def _can_repeat_keys(node: JsonSchema) -> bool:
    """Whether the least number of properties could be reached by one key twice: a repeated key counts once."""
    least = node.get("minProperties")
    if not isinstance(least, int | float) or least <= 1:
        return False
    return node.get("additionalProperties", True) is not False or bool(node.get("patternProperties"))


def _is_text(node: JsonSchema) -> bool:
    kinds = node.get("type", "string")
    return "string" in (kinds if isinstance(kinds, list) else [kinds])


def _has_target(root: JsonSchema, reference: str, places: set[int]) -> bool:
    if not reference.startswith("#"):
        return False
    try:
        target = resolve(root, reference)
    except KeyError:
        return False
    return isinstance(target, bool) or id(target) in places


def _misshapen(param: str, path: Path, wanted: str) -> InvalidRequestError:
    place = path_text(param, path)
    return InvalidRequestError(
        f"Invalid schema: '{place}' has to be {wanted}.", param=place, code="invalid_json_schema"
    )


def _refusal(param: str, path: Path, reason: str) -> InvalidRequestError:
    place = path_text(param, path)
    message = f"Invalid schema: '{place}': {reason}. Remove it, or check it when you have the answer."
    return InvalidRequestError(message, param=place, code="invalid_json_schema")
