"""Tools as the model reads them: TypeScript namespaces made from JSON schemas.

The text is the one openai/harmony writes, which the models were trained on, to the last blank; what it does not
translate (`anyOf`, `$ref`, …) is `any` here too.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from ossian.errors import InvalidRequestError
from ossian.harmony.messages import Tool, ToolNamespace

NAME_PATTERN: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
MAX_SCHEMA_DEPTH: Final = 100


def tools_section(namespaces: Sequence[ToolNamespace]) -> str:
    """Return "# Tools" and every namespace, in order of name.

    Raises InvalidRequestError for a bad or repeated name and for a schema nested too deeply.
    """
    check_names("namespace", [namespace.name for namespace in namespaces])
    in_order = sorted(namespaces, key=lambda namespace: namespace.name)
    return "\n\n".join(["# Tools", *map(namespace_text, in_order)])


def namespace_text(namespace: ToolNamespace) -> str:
    """Return one namespace: its description, then a type for each tool."""
    check_names("tool", [tool.name for tool in namespace.tools])
    heading = f"## {namespace.name}\n"
    description = lines_of(namespace.description)
    if not namespace.tools:
        return "\n".join([heading, *description])
    return "\n".join(
        [
            heading,
            *(f"// {line}" for line in description),
            f"namespace {namespace.name} {{\n",
            *(line for tool in namespace.tools for line in tool_lines(tool)),
            f"}} // namespace {namespace.name}",
        ]
    )


def tool_lines(tool: Tool) -> Iterator[str]:
    """Yield the lines of one tool: its description as comments, then its type."""
    yield from (f"// {line}" for line in lines_of(tool.description))
    parameters = "" if tool.parameters is None else f"_: {typescript(tool.parameters)}"
    yield f"type {tool.name} = ({parameters}) => any;\n"


def check_names(kind: str, names: Sequence[str]) -> None:
    """Raise InvalidRequestError unless the names are well-formed and distinct."""
    for name in names:
        if not NAME_PATTERN.fullmatch(name):
            raise InvalidRequestError(
                f"Invalid {kind} name {name[:80]!r}: use 1 to 64 of the characters a-z, A-Z, 0-9, '_' and '-'.",
                param="tools",
            )
    repeated = [name for name, num_uses in Counter(names).items() if num_uses > 1]
    if repeated:
        raise InvalidRequestError(f"The {kind} name {repeated[0]!r} is used twice: give each its own.", param="tools")


def typescript(schema: object, indent: str = "", depth: int = 0) -> str:
    """Return the TypeScript type of a JSON schema; continuation lines start with `indent`."""
    if depth > MAX_SCHEMA_DEPTH:
        raise InvalidRequestError(
            f"A tool's parameters are nested deeper than {MAX_SCHEMA_DEPTH} levels: flatten the schema.", param="tools"
        )
    if not isinstance(schema, Mapping):
        return "any"
    one_of = schema.get("oneOf")
    if isinstance(one_of, list | tuple):
        return "".join(f"\n{line}" for line in variant_lines(one_of, indent, depth))
    return union_type(schema) or plain_type(schema, indent, depth)


def union_type(schema: Mapping[str, Any]) -> str:
    """Return the union for a list of types; "" when `type` is no such list."""
    names = [name for name in list_value(schema, "type") if isinstance(name, str)]
    return " | ".join("number" if name == "integer" else name for name in names)


def plain_type(schema: Mapping[str, Any], indent: str, depth: int) -> str:
    """Return the type that `type` names."""
    match schema.get("type"):
        case "object":
            return object_type(schema, indent, depth)
        case "string":
            return (
                " | ".join(f'"{value}"' for value in list_value(schema, "enum") if isinstance(value, str)) or "string"
            )
        case "number" | "integer":
            return "number"
        case "boolean":
            return "boolean"
        case "array" if "items" in schema:
            return f"{typescript(schema['items'], indent, depth + 1)}[]"
        case "array":
            return "Array<any>"
        case _:
            return "any"


def object_type(schema: Mapping[str, Any], indent: str, depth: int) -> str:
    """Return an object type, one property after another in the schema's order."""
    description = "".join(f"{indent}// {text}\n" for text in string_value(schema, "description"))
    properties = schema.get("properties")
    required = {key for key in list_value(schema, "required") if isinstance(key, str)}
    lines: list[str] = []
    if isinstance(properties, Mapping):
        for key, value in properties.items():
            name = key if key in required else f"{key}?"
            lines += property_lines(name, value if isinstance(value, Mapping) else {}, indent, depth)
    return description + "{\n" + "".join(f"{line}\n" for line in lines) + indent + "}"


def property_lines(name: str, schema: Mapping[str, Any], indent: str, depth: int) -> list[str]:
    """Return the lines of one property: comments above, then name and type."""
    one_of = schema.get("oneOf")
    is_union = isinstance(one_of, list | tuple)
    lines = [line for title in string_value(schema, "title") for line in (f"// {title}", "//")]
    if "oneOf" not in schema:
        lines += [f"// {text}" for text in string_value(schema, "description")]
    lines += example_lines(schema)
    if is_union:
        return [indent + line for line in lines] + union_property_lines(name, schema, indent, depth)
    nested = nullable(typescript(schema, f"{indent}    ", depth + 1), schema)
    default = "" if "oneOf" in schema else "".join(f" // {text}" for text in default_comment(schema))
    return [indent + line for line in lines] + [f"{indent}{name}: {nested},{default}"]


def example_lines(schema: Mapping[str, Any]) -> list[str]:
    """Return the comment that lists a property's examples; only strings are shown."""
    examples = list_value(schema, "examples")
    if not examples:
        return []
    return ["// Examples:", *(f'// - "{example}"' for example in examples if isinstance(example, str))]


def union_property_lines(name: str, schema: Mapping[str, Any], indent: str, depth: int) -> list[str]:
    """Return the lines of a `oneOf` property: its own comments, its name, then a line for each variant.

    As in openai/harmony, the first variant's description is left out under the property's own, and a variant that
    repeats the property's description is not commented.
    """
    variants = schema["oneOf"]
    description = string_value(schema, "description")
    is_above = bool(description) and description != (string_value(variants[0], "description") if variants else [])
    lines = [f"// {text}" for text in (*(description if is_above else ()), *default_comment(schema))]
    lines.append(f"{name}:")
    shown = []
    for position, variant in enumerate(variants):
        own = string_value(variant, "description")
        is_hidden = own == description or (position == 0 and is_above)
        comments = [*([] if is_hidden else own), *default_comment(variant)]
        shown.append(variant_line(variant, comments, indent, depth))
    return [*(indent + line for line in lines), *shown, f"{indent},"]


def variant_lines(variants: Sequence[object], indent: str, depth: int) -> Iterator[str]:
    """Yield a line for each variant of a `oneOf` that is not a property's own."""
    for variant in variants:
        comments = [*string_value(variant, "description"), *default_comment(variant, is_enum_quoted=True)]
        yield variant_line(variant, comments, indent, depth)


def variant_line(variant: object, comments: Sequence[str], indent: str, depth: int) -> str:
    """Return ` | type // comments` for one variant."""
    nested = nullable(typescript(variant, f"{indent}   ", depth + 1), variant)
    return f"{indent} | {nested}" + (f" // {' '.join(comments)}" if comments else "")


def nullable(text: str, schema: object) -> str:
    """Add null to a type whose schema is nullable."""
    is_nullable = isinstance(schema, Mapping) and schema.get("nullable") is True
    return f"{text} | null" if is_nullable and "null" not in text else text


def default_comment(schema: object, *, is_enum_quoted: bool = False) -> list[str]:
    """Return the default as a comment of its own, if there is one. An enum's string is bare unless `is_enum_quoted`."""
    if not isinstance(schema, Mapping) or "default" not in schema:
        return []
    default = schema["default"]
    if not isinstance(default, str):
        return [f"default: {compact_json(default)}"]
    if not list_value(schema, "enum"):
        return [f'default: "{default}"']
    return [f"default: {compact_json(default) if is_enum_quoted else default}"]


def list_value(schema: Mapping[str, Any], key: str) -> Sequence[object]:
    """Return the list at `key`, empty when there is none."""
    value = schema.get(key)
    return value if isinstance(value, list | tuple) else ()


def string_value(schema: object, key: str) -> list[str]:
    """Return the string at `key`, as a list that is empty when there is none."""
    value = schema.get(key) if isinstance(schema, Mapping) else None
    return [value] if isinstance(value, str) else []


def compact_json(value: object) -> str:
    """Return JSON without blanks."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # orjson takes 64-bit integers only
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def lines_of(text: str) -> list[str]:
    r"""Return the lines of a text, ended by "\n" or "\r\n" and nothing else; an empty last line is none."""
    *ended, last = text.split("\n")
    return [line.removesuffix("\r") for line in ended] + ([last] if last else [])
