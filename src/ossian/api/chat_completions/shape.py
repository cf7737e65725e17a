"""What a chat completion request leaves the model to say: the shape of its turn, for constrained decoding."""

from dataclasses import replace
from typing import Any

from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.chat_completions.tools import (
    CustomDefinition,
    CustomTool,
    FunctionTool,
    GrammarFormat,
    must_call,
    offered,
)
from ossian.errors import InvalidRequestError
from ossian.harmony.grammar import CustomGrammar, FunctionGrammar, Syntax, TurnShape
from ossian.harmony.json_schema import check_schema
from ossian.harmony.strict_schema import check_strict

ANY_OBJECT: dict[str, Any] = {"type": "object"}
OF_NO_PARAMETERS = {"type", "properties", "required", "title", "description", "$schema"}


def turn_shape(request: ChatCompletionRequest) -> TurnShape:
    """Return the turn's shape. Raises InvalidRequestError for schemas that are not enforced; huge ones take a while."""
    _check_schemas(request)
    schema, param = final_schema(request)
    shape = TurnShape(
        tools=tuple(
            _custom(tool.custom, f"{request.tools_param(index)}.format")
            if isinstance(tool, CustomTool)
            else FunctionGrammar(
                tool.name, arguments_schema(tool.function.parameters), f"{request.tools_param(index)}.parameters"
            )
            for index, tool in offered(request.all_tools, request.choice).items()
        ),
        must_call=must_call(request.choice),
        final_schema=schema,
        final_param=param,
        max_analysis_tokens=request.reasoning.max_tokens if request.reasoning else None,
    )
    if request.ignore_eos and replace(shape, final_param="") != TurnShape():
        message = "'ignore_eos' goes on after the turn's end, where tools and formats cannot be enforced. Remove it."
        raise InvalidRequestError(message, param="ignore_eos")
    return shape


def final_schema(request: ChatCompletionRequest) -> tuple[dict[str, Any] | None, str]:
    """Return the schema of the answer, None for text, and where the request has it."""
    form = request.response_format
    if form is None or form.type == "text":
        return None, ""
    if form.json_schema is None:
        return ANY_OBJECT, "response_format"
    return form.json_schema.definition or {}, "response_format.json_schema.schema"


def arguments_schema(parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the schema of a function's arguments, which are an object; None when it has no parameters.

    A schema that lists no properties and says nothing else of them is how most clients write "no parameters".
    """
    if not parameters or (parameters.get("properties") == {} and parameters.keys() <= OF_NO_PARAMETERS):
        return None
    return {**parameters, "type": "object"}


def _custom(custom: CustomDefinition, param: str) -> CustomGrammar:
    if not isinstance(custom.format, GrammarFormat):
        return CustomGrammar(custom.name, param=param)
    grammar = custom.format.grammar
    return CustomGrammar(custom.name, Syntax(grammar.syntax), grammar.definition, f"{param}.grammar.definition")


def _check_schemas(request: ChatCompletionRequest) -> None:
    """Refuse what cannot be enforced before anything is generated."""
    for index, tool in enumerate(request.all_tools):
        if isinstance(tool, FunctionTool) and tool.function.parameters:
            param = f"{request.tools_param(index)}.parameters"
            _check_is_object(tool.function.parameters, param)
            _check_schema(tool.function.parameters, param, is_strict=bool(tool.function.strict))
    form = request.response_format
    if form is not None and form.json_schema is not None:
        schema, is_strict = form.json_schema.definition, bool(form.json_schema.strict)
        _check_schema(schema or {}, "response_format.json_schema.schema", is_strict=is_strict)


def _check_schema(schema: dict[str, Any], param: str, *, is_strict: bool) -> None:
    check_schema(schema, param)
    if is_strict:
        check_strict(schema, param)


def _check_is_object(parameters: dict[str, Any], param: str) -> None:
    if parameters.get("type", "object") != "object":
        raise InvalidRequestError(
            f"Invalid value for '{param}.type': a function's arguments are an object, so its type is 'object'.",
            param=f"{param}.type",
            code="invalid_function_parameters",
        )
