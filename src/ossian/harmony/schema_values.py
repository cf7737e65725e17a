"""What is known of a schema's values without any: whether one can be finite, whether two schemas share one."""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any, Final

from ossian.harmony.messages import JsonSchema
from ossian.harmony.schema_tree import Path, resolve

MAX_VARIANTS: Final = 200  # whose pairs are compared


def are_disjoint(variants: list[Any], root: JsonSchema) -> bool:
    """Whether no value can fulfil two of the variants: their types differ, or a property that each requires does."""
    targets = [_target(each, root) for each in variants[: MAX_VARIANTS + 1]]
    if len(targets) > MAX_VARIANTS or not all(isinstance(each, Mapping) for each in targets):
        return False
    return all(_differ(one, other) for one, other in combinations(targets, 2))


def _target(variant: Any, root: JsonSchema) -> Any:
    is_reference = isinstance(variant, Mapping) and isinstance(variant.get("$ref"), str)
    return resolve(root, variant["$ref"]) if is_reference else variant


def _differ(one: JsonSchema, other: JsonSchema) -> bool:
    kinds = [
        set(each["type"] if isinstance(each["type"], list) else [each["type"]]) if "type" in each else set()
        for each in (one, other)
    ]
    has_both_numbers = all({"integer", "number"} & each for each in kinds)
    if all(kinds) and not kinds[0] & kinds[1] and not has_both_numbers:
        return True
    if kinds != [{"object"}, {"object"}]:
        return False
    first, second = _required_constants(one), _required_constants(other)
    return any(not first[name] & second[name] for name in first.keys() & second.keys())


def _required_constants(schema: JsonSchema) -> dict[str, set[str]]:
    """The values, as JSON, that required properties are limited to."""
    properties, names = schema.get("properties"), schema.get("required")
    found: dict[str, set[str]] = {}
    if isinstance(properties, Mapping) and isinstance(names, list):
        for name in names:
            values = _constants(properties.get(name)) if isinstance(name, str) else None
            if values is not None:
                found[name] = values
    return found


def _constants(schema: Any) -> set[str] | None:
    if not isinstance(schema, Mapping):
        return None
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    is_plain = isinstance(values, list) and all(isinstance(each, str) for each in values)
    return {json.dumps(each) for each in values} if is_plain and isinstance(values, list) else None


def finite(root: JsonSchema, nodes: Mapping[Path, JsonSchema]) -> set[Path]:
    """The paths of the schemas that a finite value can fulfil: the least fixpoint, in time linear in the schema."""
    places = {id(node): path for path, node in nodes.items()}
    needed_by: dict[Path, list[Path]] = defaultdict(list)
    for path, node in nodes.items():
        for each in _needed(root, node):
            if isinstance(each, Mapping) and id(each) in places:
                needed_by[places[id(each)]].append(path)
    ending: set[Path] = set()
    waiting = deque(nodes)
    while waiting:
        path = waiting.popleft()
        if path not in ending and _ends(root, nodes[path], lambda each: places.get(id(each), ()) in ending):
            ending.add(path)
            waiting.extend(needed_by[path])
    return ending


def _needed(root: JsonSchema, node: JsonSchema) -> Iterator[object]:
    """The schemas that decide whether a schema's values can be finite."""
    if isinstance(node.get("$ref"), str):
        yield resolve(root, node["$ref"])
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        yield from node[key] if isinstance(node.get(key), list) else ()
    yield from _required(node)
    yield node.get("items")


def _required(node: JsonSchema) -> Iterator[object]:
    properties, names = node.get("properties"), node.get("required")
    if isinstance(properties, Mapping) and isinstance(names, list):
        yield from (properties[name] for name in names if isinstance(name, str) and name in properties)


def _ends(root: JsonSchema, node: JsonSchema, is_ending: Callable[[object], bool]) -> bool:
    """Whether a finite value fulfils a schema, by what is known of those it needs."""

    def ends(each: object) -> bool:
        return not isinstance(each, Mapping) or is_ending(each)

    if "enum" in node or "const" in node:
        return True
    if isinstance(node.get("$ref"), str) and not ends(resolve(root, node["$ref"])):
        return False
    for key in ("anyOf", "oneOf"):
        if isinstance(node.get(key), list) and node[key] and not any(map(ends, node[key])):
            return False
    if isinstance(node.get("allOf"), list) and not all(map(ends, node["allOf"])):
        return False
    kinds = node.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds] if kinds else ["object" if "properties" in node else "string"]
    return any(_kind_ends(kind, node, ends) for kind in kinds)


def _kind_ends(kind: object, node: JsonSchema, ends: Callable[[object], bool]) -> bool:
    if kind == "object":
        return all(map(ends, _required(node)))
    if kind == "array" and node.get("minItems", 0):
        first = node.get("prefixItems")
        return all(map(ends, first[: node["minItems"]] if isinstance(first, list) else [node.get("items")]))
    return True
