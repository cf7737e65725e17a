"""The request of `POST /v1/chat/completions`.

Null means "not given", as in OpenAI's API. Parameters that only hint at how a request is served (user,
prompt_cache_key, service_tier, prediction, …) are accepted and change nothing; what cannot be served is refused.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ossian.api.chat_completions.messages import ChatMessage, check_tool_messages
from ossian.api.chat_completions.tools import ToolChoice, Tools, check_tools
from ossian.api.fields import STOP_AT_FIRST, Metadata, ModelName, RequestModel, StreamOptions, refused
from ossian.api.sampling import SamplingFields
from ossian.errors import InvalidRequestError
from ossian.harmony.messages import ReasoningEffort

MAX_MESSAGES = 10_000  # so many tiny ones take 0.1 s to check, and everybody waits for that

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]

# gpt-oss knows three efforts and cannot switch reasoning off; the nearest one it knows is used.
EFFORTS: dict[Effort, ReasoningEffort] = {
    "none": ReasoningEffort.LOW,
    "minimal": ReasoningEffort.LOW,
    "low": ReasoningEffort.LOW,
    "medium": ReasoningEffort.MEDIUM,
    "high": ReasoningEffort.HIGH,
    "xhigh": ReasoningEffort.HIGH,
    "max": ReasoningEffort.HIGH,
}


class Reasoning(RequestModel):
    """How long to think, and whether to show it."""

    effort: Effort | None = None
    exclude: bool | None = Field(default=None, description="Leave the reasoning out of the answer.")


class ResponseFormat(RequestModel):
    """The form of the answer."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: dict[str, Any] | None = None


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
    tool_choice: ToolChoice | None = Field(
        default=None, description="`required` and a named function are asked of the model, but not yet enforced."
    )
    parallel_tool_calls: bool | None = Field(default=None, description="gpt-oss makes one call at a time.")
    response_format: ResponseFormat | None = Field(default=None, description="Only `text` so far.")
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
    functions: Annotated[None, refused("It is deprecated: send tools.")] = None
    function_call: Annotated[None, refused("It is deprecated: send tool_choice.")] = None
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
        check_tools(self.tools or [], self.tool_choice)
        check_tool_messages(self.messages)
        return self

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
    if request.response_format is not None and request.response_format.type != "text":
        raise InvalidRequestError(
            f"Unsupported value for 'response_format.type': this server does not enforce "
            f"'{request.response_format.type}' yet and will not pretend to. Use 'text' and ask for JSON in the prompt.",
            param="response_format.type",
            code="unsupported_value",
        )


def _check_effort(request: ChatCompletionRequest) -> None:
    other = request.reasoning and request.reasoning.effort
    if other and request.reasoning_effort and other != request.reasoning_effort:
        raise InvalidRequestError(
            f"'reasoning_effort' ({request.reasoning_effort}) and 'reasoning.effort' ({other}) differ. Send only one.",
            param="reasoning.effort",
            code="invalid_value",
        )
