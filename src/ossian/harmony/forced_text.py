"""How long the texts are that a schema forces on the model, letter by letter.

The compiler tokenizes what is forced in a time that grows with the square of its words' lengths, for every mask. What a
caller writes may force a megabyte of one letter: such turns are masked, but nothing is forced.
"""

from collections.abc import Iterator
from typing import Final

from ossian.harmony.messages import JsonSchema
from ossian.harmony.schema_tree import schemas_in
from ossian.harmony.tools import compact_json

MAX_CHARACTERS: Final = 1_000  # of a name or a value


def forces_little(schema: JsonSchema) -> bool:
    """Whether no name and no value is long, and no pattern can repeat something often."""
    return all(_is_short(node) for _, node in schemas_in(schema))


def _is_short(node: JsonSchema) -> bool:
    if "pattern" in node or "patternProperties" in node:
        return False
    return all(len(compact_json(each)) <= MAX_CHARACTERS for each in _texts(node))


def _texts(node: JsonSchema) -> Iterator[object]:
    for keyword in ("properties", "required", "enum"):
        yield from node.get(keyword, ())
    yield node.get("const")
