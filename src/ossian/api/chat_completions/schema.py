"""The request of `POST /v1/chat/completions`.

Null means "not given", as in OpenAI's API. Parameters that only hint at how a request is served (user,
prompt_cache_key, service_tier, prediction, …) are accepted and change nothing; what cannot be served is refused.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ossian.api.chat_completions.messages import ChatMessage
from ossian.api.chat_completions.tool_results import check_tool_results
from ossian.api.chat_completions.tools import (
    MAX_TOOLS,
    FunctionDefinition,
    FunctionTool,
    NamedFunction,
    Reference,
    Tool,
    ToolChoice,
    Tools,
    check_tools,
)
from ossian.api.efforts import EFFORTS, Effort
from ossian.api.fields import STOP_AT_FIRST, FunctionName, Metadata, ModelName, RequestModel, StreamOptions, refused
from ossian.api.sampling import SamplingFields
from ossian.errors import InvalidRequestError
from ossian.harmony.messages import ReasoningEffort

MAX_MESSAGES = 10_000  # so many tiny ones take 0.1 s to check, and everybody waits for that


class Reasoning(RequestModel):
    """How long to think, and whether to show it."""

    effort: Effort | None = None
    exclude: bool | None = Field(default=None, description="Leave the reasoning out of the answer.")
    max_tokens: int | None = Field(
        default=None, ge=0, description="After so many tokens of reasoning the answer begins."
    )


class JsonSchemaFormat(RequestModel):
    """A schema that the answer is held to."""

    name: FunctionName
    description: str | None = None
    definition: dict[str, Any] | None = Field(default=None, alias="schema", description="A JSON schema.")
    strict: bool | None = Field(default=None, description="Refuse a `schema` outside OpenAI's strict subset.")


class ResponseFormat(RequestModel):
    """The form of the answer."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchemaFormat | None = None


class ChatCompletionRequest(SamplingFields):
    """A chat completion request."""

    model: ModelName
    messages: Annotated[list[ChatMessage], STOP_AT_FIRST] = Field(min_length=1, max_length=MAX_MESSAGES)
    max_tokens: int | None = Field(default=None, ge=1, description="The older name of `max_completion_tokens`.")
    max_completion_tokens: int | None = Field(default=None, ge=1, description="Reasoning and answer together.")
    logprobs: bool | None = None
    top_logprobs: int | None = Field(default=None, ge=0, le=20)
    prompt_logprobs: int | None = Field(default=None, ge=0, le=20)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: Tools | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = Field(default=None, description="gpt-oss makes one call at a time.")
    response_format: ResponseFormat | None = None
    reasoning_effort: Effort | None = Field(
        default=None, description="The default is medium; none and minimal are served as low, xhigh and max as high."
    )
    reasoning: Reasoning | None = None
    modalities: list[Literal["text"]] | None = Field(default=None, min_length=1)
    user: str | None = None
    metadata: Metadata | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    prompt_cache_options: dict[str, Any] | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"] | None = None
    store: bool | None = Field(default=None, description="Accepted; chat completions are not stored.")
    verbosity: Literal["low", "medium", "high"] | None = Field(default=None, description="Accepted; no effect.")
    prediction: dict[str, Any] | None = Field(default=None, description="Accepted; no effect.")
    provider: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="Accepted; no effect: there is no other provider here."
    )
    echo: bool | None = Field(default=None, description="Accepted; no effect.")
    top_a: float | None = Field(default=None, ge=0, le=1, description="Accepted; no effect.")
    functions: Annotated[list[FunctionDefinition], Field(max_length=MAX_TOOLS), STOP_AT_FIRST] | None = Field(
        default=None, description="The older form of `tools`; calls are then answered as `function_call`."
    )
    function_call: Literal["none", "auto"] | Reference | None = Field(
        default=None, description="The older form of `tool_choice`."
    )
    audio: Annotated[None, refused("This model has no audio output.")] = None
    web_search_options: Annotated[None, refused("This server does not search the web.")] = None
    moderation: Annotated[None, refused("This server has no moderation.")] = None

    @model_validator(mode="after")
    def _fields_agree(self) -> "ChatCompletionRequest":
        _check_max_tokens(self)
        _check_logprobs(self)
        _check_stream_options(self)
        _check_response_format(self)
        _check_effort(self)
        _check_functions(self)
        check_tools(self.all_tools, self.choice, "functions" if self.is_legacy else "tools")
        check_tool_results(self.messages)
        return self

    @property
    def is_legacy(self) -> bool:
        """Whether it has functions instead of tools."""
        return self.functions is not None

    @property
    def all_tools(self) -> Sequence[Tool]:
        """Its tools, or its functions as tools."""
        if self.functions is not None:
            return [FunctionTool(type="function", function=each) for each in self.functions]
        return self.tools or []

    @property
    def choice(self) -> ToolChoice | None:
        """Its `tool_choice`, or its `function_call` as one."""
        if isinstance(self.function_call, Reference):
            return NamedFunction(type="function", function=self.function_call)
        return self.function_call or self.tool_choice

    def tools_param(self, index: int) -> str:
        """Where a tool's definition is in the request."""
        return f"functions[{index}]" if self.is_legacy else f"tools[{index}].{self.all_tools[index].type}"

    @property
    def without_effect(self) -> list[str]:
        """Its parameters that would change the answer elsewhere, and do not here."""
        return [name for name in ("echo", "top_a") if getattr(self, name)]

    @property
    def effort(self) -> ReasoningEffort:
        """The effort the model is told."""
        effort = self.reasoning_effort or (self.reasoning and self.reasoning.effort)
        return EFFORTS[effort] if effort else ReasoningEffort.MEDIUM


def _check_max_tokens(request: ChatCompletionRequest) -> None:
    old, new = request.max_tokens, request.max_completion_tokens
    if old is not None and new is not None and old != new:
        raise InvalidRequestError(
            f"'max_tokens' ({old}) and 'max_completion_tokens' ({new}) differ. Send only 'max_completion_tokens'.",
            param="max_tokens",
            code="invalid_value",
        )


def _check_logprobs(request: ChatCompletionRequest) -> None:
    if request.top_logprobs and not request.logprobs:
        raise InvalidRequestError(
            "'top_logprobs' needs 'logprobs' to be true.", param="top_logprobs", code="invalid_value"
        )


def _check_stream_options(request: ChatCompletionRequest) -> None:
    if request.stream_options is not None and not request.stream:
        raise InvalidRequestError(
            "'stream_options' needs 'stream' to be true.", param="stream_options", code="invalid_value"
        )


def _check_response_format(request: ChatCompletionRequest) -> None:
    form = request.response_format
    if form is not None and (form.type == "json_schema") != (form.json_schema is not None):
        reason = "needs 'json_schema'" if form.type == "json_schema" else "has no use for 'json_schema'"
        raise InvalidRequestError(
            f"Invalid value for 'response_format': the type '{form.type}' {reason}.",
            param="response_format.json_schema",
            code="invalid_value",
        )


def _check_functions(request: ChatCompletionRequest) -> None:
    if isinstance(request.function_call, Reference) and not request.functions:
        raise InvalidRequestError(
            "Invalid value for 'function_call': it wants a call, but there are no functions.",
            param="function_call",
            code="invalid_value",
        )
    for old, new in (("functions", "tools"), ("function_call", "tool_choice")):
        if getattr(request, old) is not None and (request.tools is not None or request.tool_choice is not None):
            raise InvalidRequestError(
                f"'{old}' is the older form of '{new}'. Send only '{new}'.", param=old, code="invalid_value"
            )


def _check_effort(request: ChatCompletionRequest) -> None:
    other = request.reasoning and request.reasoning.effort
    if other and request.reasoning_effort and other != request.reasoning_effort:
        raise InvalidRequestError(
            f"'reasoning_effort' ({request.reasoning_effort}) and 'reasoning.effort' ({other}) differ. Send only one.",
            param="reasoning.effort",
            code="invalid_value",
        )
