"""The trimmed specifications as JSON Schema, with validators that are made once.

What OpenAPI adds is turned into what JSON Schema knows: `nullable` becomes a union with null, and a discriminator picks
the one branch to check, so that an error is told about the item at hand instead of thirty others. Objects are closed:
a member that no schema knows is an error, lest a misspelt name pass.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.protocols import Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

HERE: Final = Path(__file__).parent
MEMBERS_WE_ADD: Final = {  # of which schema, and why
    "openai": {
        "Response.ossian": "what was accepted but not honoured",
        "CompactResource.ossian": "likewise",
        "Response.store": "OpenAI sends it, and does not specify it",
        "Response.presence_penalty": "Open Responses requires it",
        "Response.frequency_penalty": "likewise",
        "CustomToolCall.status": "Open Responses wants one for every item",
        "CustomToolCallOutput.status": "likewise",
        "ToolChoiceFunction.namespace": "Codex's tools have namespaces, and so has the choice of one",
        "ToolChoiceCustom.namespace": "likewise",
        "ResponseLogProb.bytes": "of a token; OpenAI's other schema of log probabilities requires it",
    },
    "open_responses": {
        "ResponseResource.ossian": "what was accepted but not honoured",
        "CompactResource.ossian": "likewise",
        "ResponseResource.conversation": "OpenAI's, like those below",
        "ResponseResource.prompt": "",
        "ResponseResource.user": "",
        "InputTokensDetails.cache_write_tokens": "",
        "ReasoningBody.status": "",
        "FunctionCall.namespace": "",
        "FunctionToolChoice.namespace": "",
        "ResponseFunctionCallArgumentsDoneStreamingEvent.name": "",
    },
}


@cache
def document(spec: str) -> dict[str, Any]:
    """Return a specification's schemas by name."""
    loaded = json.loads((HERE / f"{spec}.json").read_text(encoding="utf-8"))
    schemas: dict[str, Any] = loaded["components"]["schemas"]
    return schemas


@cache
def validator(spec: str, name: str) -> Validator:
    """Return the validator of one schema."""
    made: Validator = _SpecValidator({"$ref": f"urn:{spec}#/components/schemas/{name}"}, registry=_registry(spec))
    return made


def check(value: Any, spec: str, name: str) -> None:
    """Raise AssertionError, which says where and why, unless a value is what a schema says."""
    error = next(iter(validator(spec, name).iter_errors(value)), None)
    if error is not None:
        shown = json.dumps(error.instance, ensure_ascii=False, default=str)[:300]
        raise AssertionError(f"{spec} {name} at {error.json_path}: {error.message[:500]}\n{shown}")


@cache
def event_schemas(spec: str) -> dict[str, str]:
    """Return the schemas of a stream's events by their `type`."""
    schemas = document(spec)
    if spec == "openai":
        names = [each["$ref"].rpartition("/")[2] for each in schemas["ResponseStreamEvent"]["anyOf"]]
    else:
        names = [name for name in schemas if name.endswith("StreamingEvent")]
    return {schemas[name]["properties"]["type"]["enum"][0]: name for name in names}


@cache
def _registry(spec: str) -> Registry[Any]:
    schemas = {name: _owned(schema, f"{spec} {name}") for name, schema in document(spec).items()}
    converted = {"components": {"schemas": {name: _converted(schema, schemas) for name, schema in schemas.items()}}}
    resource = Resource.from_contents(converted, default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource(f"urn:{spec}", resource)
    return registry


def _owned(schema: Any, owner: str, *, is_properties: bool = False) -> Any:
    """Write into every object's schema where it is from."""
    if isinstance(schema, list):
        return [_owned(each, owner) for each in schema]
    if not isinstance(schema, dict):
        return schema
    owned = {
        name: _owned(value, owner, is_properties=name == "properties" and not is_properties)
        for name, value in schema.items()
    }
    return owned if is_properties else {**owned, "x-owner": owner}


def _converted(schema: Any, schemas: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_converted(each, schemas) for each in schema]
    if not isinstance(schema, dict):
        return schema
    converted = {
        name: _converted(value, schemas) for name, value in schema.items() if name not in ("nullable", "allOf")
    }
    if "discriminator" in schema and ("oneOf" in schema or "anyOf" in schema):
        converted["discriminator"] = _converted_discriminator(schema, schemas)
    if "allOf" in schema:
        converted |= _all_of(schema["allOf"], schemas)
    return {"anyOf": [converted, {"type": "null"}]} if schema.get("nullable") else converted


def _converted_discriminator(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    key = schema["discriminator"]["propertyName"]
    members = schema.get("oneOf") or schema["anyOf"]
    return {"key": key, "branches": _by_type(_converted(members, schemas), key, schemas)}


def _all_of(parts: list[Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Objects in one, so that they can be closed together; anything else stays as it is."""
    parts = [part for part in parts if part]
    objects = [_resolved(part, schemas) for part in parts]
    if len(parts) < 2 or not all(each.get("type") == "object" for each in objects):
        return {"allOf": _converted(parts, schemas)}
    properties = {name: value for each in objects for name, value in each.get("properties", {}).items()}
    required = sorted({name for each in objects for name in each.get("required", ())})
    return {"type": "object", "properties": _converted(properties, schemas), "required": required}


def _resolved(schema: Any, schemas: dict[str, Any]) -> Any:
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return schema


def _by_type(members: list[Any], key: str, schemas: dict[str, Any]) -> dict[str, list[Any]]:
    branches: dict[str, list[Any]] = {}
    for member in members:
        for kind in _kinds(member, key, schemas):
            branches.setdefault(kind, []).append(member)
    return branches


def _kinds(member: Any, key: str, schemas: dict[str, Any]) -> list[str]:
    """The values that a union's member has for the discriminating property."""
    schema = _resolved(member, schemas)
    for part in [schema, *(_resolved(each, schemas) for each in schema.get("allOf", ()))]:
        named = part.get("properties", {}).get(key, {})
        if "enum" in named or "const" in named:
            return [*named.get("enum", ()), *([named["const"]] if "const" in named else [])]
    return [kind for each in schema.get("oneOf", schema.get("anyOf", ())) for kind in _kinds(each, key, schemas)]


def _union(keyword: str) -> Any:
    plain = Draft202012Validator.VALIDATORS[keyword]

    def check_union(
        checker: Any, members: list[Any], instance: Any, schema: dict[str, Any]
    ) -> Iterator[ValidationError]:
        if "branches" not in schema.get("discriminator", ()) or not isinstance(instance, dict):
            yield from plain(checker, members, instance, schema)
            return
        key, branches = schema["discriminator"]["key"], schema["discriminator"]["branches"]
        candidates = branches.get(instance.get(key), [])
        if not candidates:
            yield ValidationError(f"{key} {instance.get(key)!r} is none of {sorted(branches)}")
        elif len(candidates) == 1:
            yield from checker.descend(instance, candidates[0])
        else:
            yield from Draft202012Validator.VALIDATORS["anyOf"](checker, candidates, instance, schema)

    return check_union


def _closed_properties(
    checker: Any, properties: dict[str, Any], instance: Any, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    yield from Draft202012Validator.VALIDATORS["properties"](checker, properties, instance, schema)
    if properties and isinstance(instance, dict) and "additionalProperties" not in schema:
        spec, owner = schema["x-owner"].split()
        unknown = {
            name for name in instance if name not in properties and f"{owner}.{name}" not in MEMBERS_WE_ADD[spec]
        }
        if unknown:
            yield ValidationError(f"{owner} knows no member {sorted(unknown)}")


_SpecValidator: Final = validators.extend(  # type: ignore[no-untyped-call]  # its stubs have no types for it
    Draft202012Validator,
    {"oneOf": _union("oneOf"), "anyOf": _union("anyOf"), "properties": _closed_properties},
)
