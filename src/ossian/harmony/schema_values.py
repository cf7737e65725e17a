"""What is known of a schema's values without any: whether one can be finite, whether two schemas share one."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ossian.harmony.messages import JsonSchema
from ossian.harmony.schema_tree import Path, resolve

MAX_VARIANTS: Final = 200  # these limits keep a hostile schema linear; a oneOf past them is refused, never let through
MAX_TAG_NAMES: Final = 50  # required properties that are tried as the tag of a union
MAX_TAG_VALUES: Final = 100  # of one variant


def are_disjoint(variants: list[Any], root: JsonSchema) -> bool:
    """Whether no value can fulfil two of the variants: their types differ, or objects have a tag that does."""
    targets = [_target(each, root) for each in variants[: MAX_VARIANTS + 1]]
    if len(targets) > MAX_VARIANTS or not all(isinstance(each, Mapping) and "type" in each for each in targets):
        return False
    objects = [each for each in targets if each["type"] == "object"]
    kinds = [kind for each in targets if each["type"] != "object" for kind in _kinds(each)] + ["object"] * bool(objects)
    have_both_numbers = {"integer", "number"} <= set(kinds)
    return len(set(kinds)) == len(kinds) and not have_both_numbers and (len(objects) < 2 or _have_tag(objects))


def _target(variant: Any, root: JsonSchema) -> Any:
    is_reference = isinstance(variant, Mapping) and isinstance(variant.get("$ref"), str)
    return resolve(root, variant["$ref"]) if is_reference else variant


def _kinds(schema: JsonSchema) -> set[str]:
    """A variant's own types: that it names one twice shares no value with another variant."""
    kinds = schema["type"]
    return set(kinds) if isinstance(kinds, list) else {kinds}


def _have_tag(objects: list[JsonSchema]) -> bool:
    names = objects[0].get("required", [])[:MAX_TAG_NAMES]
    return any(_is_tag(name, objects) for name in names)


def _is_tag(name: str, objects: list[JsonSchema]) -> bool:
    """Whether each object requires the property, and no two allow it the same value."""
    seen: set[str] = set()
    for each in objects:
        values = _tag_values(name, each)
        if values is None or not seen.isdisjoint(values):
            return False
        seen |= values
    return True


def _tag_values(name: str, schema: JsonSchema) -> set[str] | None:
    """The texts that a required property is limited to."""
    limits = schema.get("properties", {}).get(name)
    if not isinstance(limits, Mapping) or name not in schema.get("required", [])[:MAX_TAG_NAMES]:
        return None
    values = [limits["const"]] if "const" in limits else limits.get("enum")
    if values is None or len(values) > MAX_TAG_VALUES or not all(isinstance(each, str) for each in values):
        return None
    return set(values)


def finite(root: JsonSchema, nodes: Mapping[Path, JsonSchema]) -> set[Path]:
    """The paths of the schemas that a finite value can fulfil: the least fixpoint, in time linear in the schema.

    Dowling and Gallier, "Linear-time algorithms for testing the satisfiability of propositional Horn formulae" (1984).
    """
    conditions = _Conditions(root, list(nodes.values()))
    fulfilled = conditions.fulfilled()
    return {path for index, path in enumerate(nodes) if index in fulfilled}


class _Conditions:
    """Numbered conditions, each of a number of others; the first are those of the schemas, in their order."""

    def __init__(self, root: JsonSchema, schemas: list[JsonSchema]) -> None:
        self._root = root
        self._numbers = {id(schema): number for number, schema in enumerate(schemas)}
        self._num_missing = [0] * len(schemas)
        self._needed_by: defaultdict[int, list[int]] = defaultdict(list)
        for number, schema in enumerate(schemas):
            self._need(number, self._parts(schema))

    def fulfilled(self) -> set[int]:
        waiting = deque(number for number, missing in enumerate(self._num_missing) if missing <= 0)
        found = set(waiting)
        while waiting:
            for number in self._needed_by[waiting.popleft()]:
                self._num_missing[number] -= 1
                if self._num_missing[number] <= 0 and number not in found:
                    found.add(number)
                    waiting.append(number)
        return found

    def _need(self, number: int, parts: Iterable[int], at_least: int | None = None) -> None:
        """Let a condition need all of its parts, or only so many."""
        needed = list(parts)
        self._num_missing[number] = len(needed) if at_least is None else at_least
        for each in needed:
            self._needed_by[each].append(number)

    def _one_of(self, parts: Iterable[int]) -> int:
        return self._new(parts, 1)

    def _new(self, parts: Iterable[int], at_least: int | None = None) -> int:
        self._num_missing.append(0)
        number = len(self._num_missing) - 1
        self._need(number, parts, at_least)
        return number

    def _of(self, schemas: Iterable[object]) -> Iterator[int]:
        """The conditions of schemas; `true`, `false` and what is missing need none: the compiler judges them."""
        for each in schemas:
            yield self._numbers[id(each)] if id(each) in self._numbers else self._new(())

    def _parts(self, node: JsonSchema) -> Iterator[int]:
        if "enum" in node or "const" in node:
            return
        if "$ref" in node:
            yield from self._of([resolve(self._root, node["$ref"])])
        for key in ("anyOf", "oneOf"):
            if key in node:
                yield self._one_of(self._of(node[key]))
        yield from self._of(node.get("allOf", ()))
        kinds = node.get("type", "object" if "properties" in node else "string")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if set(kinds) <= {"object", "array"}:
            yield self._one_of([self._new(self._kind_parts(kind, node)) for kind in kinds])

    def _kind_parts(self, kind: str, node: JsonSchema) -> Iterator[int]:
        if kind == "object":
            yield from self._of(_required(node))
            if node.get("minProperties") and not node.get("required"):
                yield self._one_of(self._of(_possible(node)))
        elif node.get("minItems"):
            first = node.get("prefixItems", [])
            yield from self._of(first[: node["minItems"]])
            if node["minItems"] > len(first):
                yield from self._of([node.get("items")])


def _required(node: JsonSchema) -> Iterator[object]:
    properties, is_open = node.get("properties", {}), not node.get("patternProperties")
    for name in node.get("required", ()):
        if name in properties:
            yield properties[name]
        elif is_open:  # else a pattern may stand for it
            yield node.get("additionalProperties")


def _possible(node: JsonSchema) -> Iterator[object]:
    for key in ("properties", "patternProperties"):
        yield from node.get(key, {}).values()
    yield node.get("additionalProperties")
