"""Tools that run in this process: what the model is told of them, and the result of a call, mistakes included.

A mistake is a result too: the model reads it and can try again.
"""

import json
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.json_schema import GenerateJsonSchema

from ossian.api.fields import JsonObject
from ossian.cli.chat.partner import ToolCall
from ossian.harmony.messages import Tool


class ToolError(Exception):
    """A tool cannot do what it was asked; the message is for the model."""


class LocalTool(BaseModel):
    """The arguments of one call. A subclass is a tool: its docstring is the description, `run` does the work."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    tool_name: ClassVar[str]

    @abstractmethod
    def run(self) -> JsonObject:
        """Return the result. Raises ToolError."""

    @classmethod
    def definition(cls) -> Tool:
        """Return what the model is told."""
        schema = cls.model_json_schema(schema_generator=_Untitled)
        parameters = {name: value for name, value in schema.items() if name not in ("title", "description")}
        return Tool(
            cls.tool_name, (cls.__doc__ or "").removesuffix("."), {"type": "object", "properties": {}} | parameters
        )


class _Untitled(GenerateJsonSchema):
    """Leaves out the titles, which only repeat the names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 — it overrides
        return False


class Toolbox:
    """Some tools, by name."""

    def __init__(self, tools: Sequence[type[LocalTool]]) -> None:
        self._tools = {tool.tool_name: tool for tool in tools}

    @property
    def definitions(self) -> tuple[Tool, ...]:
        """What the model is told of the tools."""
        return tuple(tool.definition() for tool in self._tools.values())

    def run(self, call: ToolCall) -> str:
        """Return the result of a call as JSON; what goes wrong is `{"error": …}`."""
        try:
            result = self._call(call)
        except ValidationError as error:
            result = {"error": mistakes(error)}
        except ToolError as error:
            result = {"error": str(error)}
        except Exception as error:  # whatever a tool does, the conversation goes on
            result = {"error": f"{call.name} failed: {type(error).__name__}: {error}"}
        return json.dumps(result, ensure_ascii=False)

    def _call(self, call: ToolCall) -> JsonObject:
        tool = self._tools.get(call.name)
        if tool is None:
            raise ToolError(f"There is no tool {call.name!r}. There are: {', '.join(self._tools)}.")
        return tool.model_validate_json(call.arguments or "{}").run()


def mistakes(error: ValidationError) -> str:
    """Return what is wrong with the arguments, in one line."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(": ".join([*map(str, each["loc"]), each["msg"]]) for each in found)
