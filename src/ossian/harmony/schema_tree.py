"""A JSON schema as a tree: the schemas inside it, their paths, and what its references point to."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

from ossian.harmony.messages import JsonSchema

Path: TypeAlias = tuple[str | int, ...]

MAPS: Final = ("$defs", "definitions", "properties", "patternProperties")  # a fault in $defs is found there first
LISTS: Final = ("anyOf", "oneOf", "allOf", "prefixItems", "items")
SINGLES: Final = ("items", "additionalProperties", "additionalItems")

MAX_NAME_SHOWN: Final = 80  # characters of a name in an error


def schemas_in(schema: JsonSchema) -> Iterator[tuple[Path, JsonSchema]]:
    """Yield every schema inside a schema, itself first, with its path."""
    waiting: list[tuple[Path, JsonSchema]] = [((), schema)]
    while waiting:
        path, node = waiting.pop()
        yield path, node
        waiting += [((*path, *step), each) for step, each in subschemas(node)]


def subschemas(schema: JsonSchema) -> Iterator[tuple[Path, JsonSchema]]:
    """Yield the schemas directly inside a schema; what stands in enum, const, default or examples is no schema."""
    for key in MAPS:
        if isinstance(schema.get(key), Mapping):
            yield from (((key, name), each) for name, each in schema[key].items() if isinstance(each, Mapping))
    for key in LISTS:
        if isinstance(schema.get(key), list):
            yield from (((key, index), each) for index, each in enumerate(schema[key]) if isinstance(each, Mapping))
    for key in SINGLES:
        if isinstance(schema.get(key), Mapping):
            yield (key,), schema[key]


def resolve(root: JsonSchema, reference: str) -> Any:
    """Return what a `$ref` inside the schema points to. Raises KeyError when there is nothing."""
    target: Any = root
    for step in reference.removeprefix("#").removeprefix("/").split("/") if reference != "#" else ():
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        try:
            target = target[int(name) if isinstance(target, list) else name]
        except (ValueError, IndexError, TypeError):
            raise KeyError(reference) from None
    return target


def path_text(param: str, path: Path) -> str:
    """Return a path below a parameter, as clients write it: `schema.properties.a.anyOf[1]`; long names are cut."""
    return param + "".join(f"[{step}]" if isinstance(step, int) else f".{step[:MAX_NAME_SHOWN]}" for step in path)
