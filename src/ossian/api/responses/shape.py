"""What a request for a response leaves the model to say: the shape of its turn, for constrained decoding."""

from dataclasses import replace
from typing import Any

from ossian.api.function_schemas import ANY_OBJECT, arguments_schema, check_enforceable, check_parameters
from ossian.api.grammars import custom_grammar
from ossian.api.responses.schema import ConversationFields, JsonSchemaForm, ResponseRequest, TextForm
from ossian.api.responses.tool_choice import must_call
from ossian.api.responses.tools import CustomTool, Offer, offers
from ossian.errors import InvalidRequestError
from ossian.harmony.grammar import CustomGrammar, FunctionGrammar, TurnShape


def turn_shape(request: ResponseRequest) -> TurnShape:
    """Return the turn's shape. Raises InvalidRequestError for schemas that are not enforced; huge ones take a while."""
    check_schemas(request)
    schema, param = final_schema(request)
    shape = TurnShape(
        tools=tuple(map(_grammar, request.offered)),
        must_call=must_call(request.tool_choice),
        final_schema=schema,
        final_param=param,
        max_analysis_tokens=request.reasoning.max_tokens if request.reasoning else None,
    )
    if request.ignore_eos and replace(shape, final_param="") != TurnShape():
        message = "'ignore_eos' goes on after the turn's end, where tools and formats cannot be enforced. Remove it."
        raise InvalidRequestError(message, param="ignore_eos", code="invalid_value")
    return shape


def final_schema(request: ConversationFields) -> tuple[dict[str, Any] | None, str]:
    """Return the schema of the answer, None for text, and where the request has it."""
    form = request.text.format if request.text else None
    if form is None or isinstance(form, TextForm):
        return None, ""
    if isinstance(form, JsonSchemaForm):
        return form.definition, "text.format.schema"
    return ANY_OBJECT, "text.format"


def _grammar(offer: Offer) -> FunctionGrammar | CustomGrammar:
    if isinstance(offer.tool, CustomTool):
        grammar = offer.tool.grammar
        return custom_grammar(offer.name, grammar, f"{offer.param}.format{'.definition' if grammar else ''}")
    return FunctionGrammar(offer.name, arguments_schema(offer.tool.parameters), f"{offer.param}.parameters")


def check_schemas(request: ConversationFields) -> None:
    """Raise InvalidRequestError, before anything is generated, for a schema that cannot be enforced."""
    for offer in offers(request.tools):
        if not isinstance(offer.tool, CustomTool):
            check_parameters(offer.tool.parameters, f"{offer.param}.parameters", is_strict=offer.tool.strict is True)
    form = request.text.format if request.text else None
    if isinstance(form, JsonSchemaForm):
        check_enforceable(form.definition, "text.format.schema", is_strict=form.strict is True)
