"""What a chat completion request leaves the model to say: the shape of its turn, for constrained decoding."""

from dataclasses import replace
from typing import Any

from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.chat_completions.tools import CustomTool, FunctionTool, must_call, offered
from ossian.api.function_schemas import ANY_OBJECT, arguments_schema, check_enforceable, check_parameters
from ossian.api.grammars import custom_grammar
from ossian.errors import InvalidRequestError
from ossian.harmony.grammar import CustomGrammar, FunctionGrammar, TurnShape


def turn_shape(request: ChatCompletionRequest) -> TurnShape:
    """Return the turn's shape. Raises InvalidRequestError for schemas that are not enforced; huge ones take a while."""
    _check_schemas(request)
    schema, param = final_schema(request)
    shape = TurnShape(
        tools=tuple(
            _custom(tool, request.tools_param(index))
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
        raise InvalidRequestError(message, param="ignore_eos", code="invalid_value")
    return shape


def final_schema(request: ChatCompletionRequest) -> tuple[dict[str, Any] | None, str]:
    """Return the schema of the answer, None for text, and where the request has it."""
    form = request.response_format
    if form is None or form.type == "text":
        return None, ""
    if form.json_schema is None:
        return ANY_OBJECT, "response_format"
    return form.json_schema.definition or {}, "response_format.json_schema.schema"


def _custom(tool: CustomTool, place: str) -> CustomGrammar:
    grammar = tool.custom.grammar
    return custom_grammar(tool.name, grammar, f"{place}.format.grammar.definition" if grammar else f"{place}.format")


def _check_schemas(request: ChatCompletionRequest) -> None:
    """Refuse what cannot be enforced before anything is generated."""
    for index, tool in enumerate(request.all_tools):
        if isinstance(tool, FunctionTool):
            param = f"{request.tools_param(index)}.parameters"
            check_parameters(tool.function.parameters, param, is_strict=bool(tool.function.strict))
    form = request.response_format
    if form is not None and form.json_schema is not None:
        schema, is_strict = form.json_schema.definition, bool(form.json_schema.strict)
        check_enforceable(schema or {}, "response_format.json_schema.schema", is_strict=is_strict)
