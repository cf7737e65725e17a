"""OpenAI's strict subset of JSON Schema: https://platform.openai.com/docs/guides/structured-outputs."""

from collections.abc import Iterator, Mapping
from typing import Final

from ossian.errors import InvalidRequestError
from ossian.harmony.messages import JsonSchema
from ossian.harmony.schema_tree import MAPS, MAX_NAME_SHOWN, Path, path_text, schemas_in

MAX_PROPERTIES: Final = 5_000
MAX_LEVELS: Final = 10  # objects inside objects
MAX_ENUM_VALUES: Final = 1_000
MAX_NAME_CHARACTERS: Final = 120_000  # of all property names, definition names, enum and const values
NOT_STRICT: Final = (
    "allOf",
    "oneOf",
    "not",
    "dependentRequired",
    "dependentSchemas",
    "if",
    "then",
    "else",
    "patternProperties",
)


def check_strict(schema: JsonSchema, param: str) -> None:
    """Raise InvalidRequestError, which names the path below `param`, for what `strict` does not allow."""
    if schema.get("type") != "object":
        raise _refusal(param, ("type",), "with 'strict' the outermost type is 'object'")
    counts = {"properties": 0, "enum values": 0, "characters in names and values": 0}
    for path, node in schemas_in(schema):
        for step, reason in _faults(path, node):
            raise _refusal(param, (*path, *step), reason)
        _count(node, counts)
    limits = (MAX_PROPERTIES, MAX_ENUM_VALUES, MAX_NAME_CHARACTERS)
    for (name, number), limit in zip(counts.items(), limits, strict=True):
        if number > limit:
            raise _refusal(param, (), f"with 'strict' it can have {limit} {name}, but has {number}")


def _faults(path: Path, node: JsonSchema) -> Iterator[tuple[Path, str]]:
    for keyword in NOT_STRICT:
        if keyword in node:
            yield (keyword,), f"'strict' does not allow '{keyword}'"
    if _num_levels(path) > MAX_LEVELS:
        yield (), f"with 'strict' objects can be {MAX_LEVELS} levels deep"
    kinds = node.get("type")
    if "object" not in (kinds if isinstance(kinds, list) else [kinds]) and "properties" not in node:
        return
    if node.get("additionalProperties") is not False:
        yield ("additionalProperties",), "with 'strict' every object says 'additionalProperties': false"
    properties, required = node.get("properties"), node.get("required")
    names = list(properties) if isinstance(properties, Mapping) else []
    known = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()
    missing = [name for name in names if name not in known]
    if missing:
        name = missing[0][:MAX_NAME_SHOWN]
        yield ("required",), f"with 'strict' every property is required, and '{name}' is not; let it be null instead"


def _num_levels(path: Path) -> int:
    """How many objects and arrays a path goes into; what follows a map of schemas is a name, whatever it says."""
    num, is_name = 0, False
    for step in path:
        num += not is_name and step in ("properties", "items")
        is_name = not is_name and step in MAPS
    return num


def _count(node: JsonSchema, counts: dict[str, int]) -> None:
    named = [node[key] for key in ("properties", "$defs", "definitions") if isinstance(node.get(key), Mapping)]
    values = [
        *(node["enum"] if isinstance(node.get("enum"), list) else []),
        *([node["const"]] if "const" in node else []),
    ]
    counts["properties"] += len(node["properties"]) if isinstance(node.get("properties"), Mapping) else 0
    counts["enum values"] += len(values)
    texts = [*(name for names in named for name in names), *(value for value in values if isinstance(value, str))]
    counts["characters in names and values"] += sum(map(len, texts))


def _refusal(param: str, path: Path, reason: str) -> InvalidRequestError:
    place = path_text(param, path)
    return InvalidRequestError(f"Invalid schema: '{place}': {reason}.", param=place, code="invalid_json_schema")
