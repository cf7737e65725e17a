"""/openapi.json: the routes, with the schemas that requests are really checked against."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from ossian.api.aimlapi.keys import KeyChangeRequest, KeyRequest
from ossian.api.batches.schema import BatchRequest
from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.completions.schema import CompletionRequest
from ossian.api.fields import JsonObject, RequestModel
from ossian.api.organization.admin_api_keys import CreateAdminKeyRequest, UpdateAdminKeyRequest
from ossian.api.organization.api_keys import CreateKeyRequest, UpdateKeyRequest
from ossian.api.organization.projects import CreateProjectRequest, UpdateProjectRequest
from ossian.api.organization.rate_limits import UpdateRateLimitRequest
from ossian.api.organization.spend_limits import UpdateSpendLimitRequest
from ossian.api.responses.conversations import (
    CreateConversationRequest,
    CreateItemsRequest,
    UpdateConversationRequest,
)
from ossian.api.responses.prompts import PromptRequest
from ossian.api.responses.schema import CompactRequest, InputTokensRequest, ResponseRequest

REQUESTS: tuple[type[RequestModel], ...] = (
    BatchRequest,
    ChatCompletionRequest,
    CompletionRequest,
    ResponseRequest,
    InputTokensRequest,
    CompactRequest,
    CreateConversationRequest,
    CreateItemsRequest,
    PromptRequest,
    UpdateConversationRequest,
    CreateProjectRequest,
    UpdateProjectRequest,
    CreateKeyRequest,
    UpdateKeyRequest,
    UpdateRateLimitRequest,
    UpdateSpendLimitRequest,
    CreateAdminKeyRequest,
    UpdateAdminKeyRequest,
    KeyRequest,
    KeyChangeRequest,
)
INTEGERS: Final = {"limit", "offset", "start_time", "end_time", "starting_after"}  # of an address
BOOLEANS: Final = {"stream", "include_archived", "include_revoked"}
LIST: Final[JsonObject] = {"type": "array", "items": {"type": "string"}}
LISTS: Final = {
    *("include", "project_ids", "api_key_ids", "actor_ids", "resource_ids", "event_types"),
    *("models", "endpoints", "line_items"),
}
_REFERENCE = "#/components/schemas/{model}"

ERROR_SCHEMA: JsonObject = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}


def request_body(schema: type[RequestModel]) -> dict[str, Any]:
    """Return what a route says of its body; the route reads and checks it itself."""
    reference = {"$ref": _REFERENCE.format(model=schema.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": reference}}}}


def query_parameters(
    names: Iterable[str], *, required: Collection[str] = (), lists: Collection[str] = ()
) -> dict[str, Any]:
    """Return what a route says of its address; the route reads and checks it itself."""
    schemas = {name: LIST if name in lists or name in LISTS else _plain(name) for name in names}
    parameters = [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in schemas.items()
    ]
    return {"parameters": parameters}


def form_body(file: str, *fields: str) -> dict[str, Any]:
    """Return what a route says of a form that has a file, which is required, and text fields."""
    properties = {file: {"type": "string", "format": "binary"}} | {name: {"type": "string"} for name in fields}
    schema = {"type": "object", "required": [file], "properties": properties}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def _plain(name: str) -> JsonObject:
    is_integer = name in INTEGERS or name.startswith("effective_at")
    return {"type": "integer" if is_integer else "boolean" if name in BOOLEANS else "string"}


def add_openapi(app: FastAPI) -> None:
    """Serve the document at /openapi.json."""
    document: JsonObject = {}

    def openapi() -> JsonObject:
        if not document:
            document.update(_document(app))
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _document(app: FastAPI) -> JsonObject:
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    definitions = models_json_schema([(model, "validation") for model in REQUESTS], ref_template=_REFERENCE)[1]
    for unused in ("HTTPValidationError", "ValidationError"):  # FastAPI's own
        schemas.pop(unused, None)
    schemas.update(definitions["$defs"], Error=ERROR_SCHEMA)
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{}, {"key": []}]
    for path in document["paths"].values():
        for operation in path.values():
            _describe_errors(operation)
    return document


def _describe_errors(operation: JsonObject) -> None:
    responses = operation["responses"]
    responses.pop("422", None)  # FastAPI's own validation, which no route uses
    content = {"application/json": {"schema": {"$ref": _REFERENCE.format(model="Error")}}}
    responses["default"] = {"description": "Any error, in OpenAI's form", "content": content}
