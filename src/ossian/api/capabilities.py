"""What a model is declared to be able to do: a request for more is refused before any work."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from pydantic import BaseModel

from ossian.engine.base import SamplingParams
from ossian.errors import InvalidRequestError
from ossian.settings import DeclaredModel

_NEEDED: Final = {
    "tools": "function_calling",
    "functions": "function_calling",
    "stream": "streaming",
    "reasoning": "reasoning",
    "reasoning_effort": "reasoning",
}
_WORDS: Final = {
    "function_calling": "cannot call tools",
    "streaming": "does not stream its answers",
    "reasoning": "does not reason",
    "structured_outputs": "has no structured outputs",
}
_OUTPUT_LIMITS: Final = ("max_completion_tokens", "max_tokens", "max_output_tokens")


def check_capabilities(request: BaseModel, declared: DeclaredModel) -> None:
    """Raise InvalidRequestError, which names the parameter, for what a model cannot do or how much it cannot write."""
    for param, capability in _needs(request):
        if not getattr(declared.capabilities, capability):
            message = f"The model '{declared.id}' {_WORDS[capability]}. Leave '{param}' out, or ask another model."
            raise InvalidRequestError(message, param=param, code="unsupported_parameter")
    for param in _OUTPUT_LIMITS:
        _check_output_limit(param, getattr(request, param, None), declared)


def with_output_limit(params: SamplingParams, declared: DeclaredModel, room: int) -> SamplingParams:
    """Return the parameters of a turn that ends where the model's longest output does.

    `room` is what the prompt leaves of the context: what ends there anyway needs no other limit.
    """
    most = declared.max_output_tokens
    if most is None or most >= (room if params.max_tokens is None else params.max_tokens):
        return params
    return replace(params, max_tokens=most)


def _needs(request: BaseModel) -> Iterator[tuple[str, str]]:
    """Yield the parameters that need a capability, and which."""
    for param, capability in _NEEDED.items():
        if getattr(request, param, None):
            yield param, capability
    text = getattr(request, "text", None)
    for param, form in (("response_format", getattr(request, "response_format", None)), ("text", text and text.format)):
        if form is not None and form.type != "text":
            yield param, "structured_outputs"


def _check_output_limit(param: str, asked: Any, declared: DeclaredModel) -> None:
    most = declared.max_output_tokens
    if asked is not None and most is not None and asked > most:
        message = f"'{param}' is {asked}, but the model '{declared.id}' writes at most {most} tokens."
        raise InvalidRequestError(message, param=param, code="invalid_value")
