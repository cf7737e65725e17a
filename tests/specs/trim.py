"""Cuts the parts that the tests need out of the published specifications, one schema a line.

`python -m tests.specs.trim OPENAI.json OPEN_RESPONSES.json` writes openai.json and open_responses.json beside this
file: the closure of the schemas of what a server is asked and answers, without descriptions and examples, otherwise
unchanged.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOTS: Final = {
    "openai": [
        "CompactResource",
        "CompactResponseMethodPublicBody",
        "ConversationItem",
        "ConversationItemList",
        "ConversationResource",
        "CreateResponse",
        "DeletedConversationResource",
        "Response",
        "ResponseItemList",
        "ResponseStreamEvent",
        "ResponseWsError",
        "ItemResource",
        "TokenCountsBody",
        "TokenCountsResource",
    ],
    "open_responses": ["CompactResource", "CreateResponseBody", "ItemField", "ResponseResource", "WebSocketErrorEvent"],
}
DROPPED: Final = {"description", "title", "example", "examples", "deprecated", "x-oaiMeta", "x-enumDescriptions"}
HERE: Final = Path(__file__).parent


def closure(schemas: dict[str, Any], roots: list[str]) -> Iterator[str]:
    """Yield the names of schemas and of all that they refer to."""
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield name
            waiting += references(schemas[name])


def references(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for each in schema:
            yield from references(each)
    elif isinstance(schema, dict):
        for name, value in schema.items():
            yield from [value.rpartition("/")[2]] if name == "$ref" else references(value)


def trimmed(schema: Any, *, is_properties: bool = False) -> Any:
    """Return a schema without what only readers need; names of properties are kept whatever they are."""
    if isinstance(schema, list):
        return [trimmed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: trimmed(value, is_properties=name == "properties" and not is_properties)
        for name, value in schema.items()
        if is_properties or name not in DROPPED
    }


def write(source: Path, name: str) -> None:
    document = json.loads(source.read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    roots = ROOTS[name] + [each for each in schemas if name == "open_responses" and each.endswith("StreamingEvent")]
    lines = [f"{json.dumps(each)}: {json.dumps(trimmed(schemas[each]))}" for each in sorted(closure(schemas, roots))]
    info = json.dumps({key: document["info"][key] for key in ("title", "version")})
    text = f'{{"openapi": "{document["openapi"]}", "info": {info}, "components": {{"schemas": {{\n%s\n}}}}}}\n'
    (HERE / f"{name}.json").write_text(text % ",\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    for path, spec in zip(sys.argv[1:], ROOTS, strict=True):
        write(Path(path), spec)
