"""What belongs to tools that OpenAI runs itself: their definitions, and the items they leave in a history.

This server cannot run them yet. It keeps what it is sent, of whatever shape, and gives it back.
"""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_serializer, model_validator

from ossian.api.fields import SHALLOW, JsonObject, RequestModel


def _any_object_with_a_type(schema: JsonObject) -> None:
    """Describe to readers what clients send, not how it is kept."""
    schema["properties"] = {"type": schema["properties"]["type"]}
    schema["required"] = ["type"]
    schema["additionalProperties"] = True


class Hosted(RequestModel):
    """An object of any shape with a type; `body` is all of it."""

    model_config = ConfigDict(json_schema_extra=_any_object_with_a_type)

    type: Annotated[str, Field(max_length=256)]
    body: Annotated[JsonObject, SHALLOW]

    @model_validator(mode="before")
    @classmethod
    def _keep_whole(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: value.get(name) for name in cls.model_fields} | {"body": value}

    @model_serializer
    def _as_sent(self) -> JsonObject:
        return self.body
