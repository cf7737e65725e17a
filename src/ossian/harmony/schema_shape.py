"""Whether the keywords of a schema have values of the kinds that the standard gives them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ossian.harmony.messages import JsonSchema


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_type(value: object) -> bool:
    return _is_text(value) or (_is_texts(value) and value != [])


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_schema(value: object) -> bool:
    return isinstance(value, bool | Mapping)


def _is_schemas(value: object) -> bool:
    return isinstance(value, list) and value != [] and all(map(_is_schema, value))


def _is_named_schemas(value: object) -> bool:
    return isinstance(value, Mapping) and all(map(_is_schema, value.values()))


def _is_items(value: object) -> bool:
    return _is_schema(value) or (isinstance(value, list) and all(map(_is_schema, value)))  # a list before 2020-12


_SHAPES: Final[tuple[tuple[tuple[str, ...], Callable[[object], bool], str], ...]] = (
    (("type",), _is_type, "a text or a list of texts"),
    (("$ref", "format", "pattern"), _is_text, "a text"),
    (("required",), _is_texts, "a list of texts"),
    (("enum",), lambda value: isinstance(value, list), "a list"),
    (("anyOf", "oneOf", "allOf", "prefixItems"), _is_schemas, "a list of at least one schema"),
    (("properties", "patternProperties", "$defs", "definitions"), _is_named_schemas, "an object of schemas"),
    (("items",), _is_items, "a schema"),
    (("additionalProperties", "additionalItems"), _is_schema, "a schema"),
    (
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
        _is_count,
        "a whole number of at least 0",
    ),
)
_BY_KEYWORD: Final = {keyword: (fits, wanted) for keywords, fits, wanted in _SHAPES for keyword in keywords}


def misshapen(node: JsonSchema) -> Iterator[tuple[str, str]]:
    """Yield the keywords whose values have another kind, and what they have to be."""
    for keyword, value in node.items():
        fits, wanted = _BY_KEYWORD.get(keyword, (None, ""))
        if fits is not None and not fits(value):
            yield keyword, wanted
