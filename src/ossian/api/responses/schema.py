"""The requests of `POST /v1/responses` and of the endpoints beside it.

Null means "not given", as in OpenAI's API. What is accepted but has no effect is told in the answer, see `notices`;
what cannot be served is refused.
"""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, Tag, model_validator

from ossian.api.efforts import EFFORTS, Effort
from ossian.api.fields import (
    BOUNDED,
    SHALLOW,
    STOP_AT_FIRST,
    FunctionName,
    JsonObject,
    Metadata,
    ModelName,
    RequestModel,
    StreamOptions,
    refused,
    string_or_object,
)
from ossian.api.media import TEXT_ONLY
from ossian.api.responses.content import InputText
from ossian.api.responses.items import Input, InputItem, items_of
from ossian.api.responses.tool_choice import ToolChoice, check_choice, offered, tool_names
from ossian.api.responses.tools import Offer, ToolNames, Tools, check_tools
from ossian.api.sampling import SamplingFields
from ossian.errors import InvalidRequestError
from ossian.harmony.messages import ReasoningEffort

LOGPROBS = "message.output_text.logprobs"
ENCRYPTED_REASONING = "reasoning.encrypted_content"

Include: TypeAlias = Literal[
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
    "message.input_image.image_url",
    "web_search_call.results",
    "web_search_call.action.sources",
    "file_search_call.results",
    "code_interpreter_call.outputs",
    "computer_call_output.output.image_url",
]
SummaryDetail: TypeAlias = Literal["auto", "concise", "detailed"]
ResourceId: TypeAlias = Annotated[str, Field(min_length=1, max_length=256)]


class Reasoning(RequestModel):
    """How long to think, and what to show of it."""

    effort: Effort | None = Field(
        default=None, description="The default is medium; none and minimal are served as low, xhigh and max as high."
    )
    summary: SummaryDetail | None = None
    generate_summary: SummaryDetail | None = Field(default=None, description="The older name of `summary`.")
    mode: Annotated[str, Field(max_length=64)] | None = None
    context: Literal["auto", "current_turn", "all_turns"] | None = None
    max_tokens: int | None = Field(
        default=None, ge=0, description="After so many tokens of reasoning the answer begins."
    )


class TextForm(RequestModel):
    """Text of any form."""

    type: Literal["text"]


class JsonObjectForm(RequestModel):
    """Any JSON object."""

    type: Literal["json_object"]


class JsonSchemaForm(RequestModel):
    """JSON that fits a schema."""

    type: Literal["json_schema"]
    name: FunctionName
    description: str | None = None
    definition: dict[str, Any] = Field(alias="schema", description="A JSON schema.")
    strict: bool | None = Field(default=None, description="Refuse a `schema` outside OpenAI's strict subset.")


class TextConfiguration(RequestModel):
    """The form of the answer."""

    format: Annotated[TextForm | JsonObjectForm | JsonSchemaForm, Field(discriminator="type")] | None = None
    verbosity: Literal["low", "medium", "high"] | None = Field(default=None, description="Accepted; no effect.")


class ConversationReference(RequestModel):
    """A conversation by its id."""

    id: ResourceId


Variable: TypeAlias = Annotated[
    Annotated[str, Tag("string")] | Annotated[InputText, TEXT_ONLY, Tag("object")],
    string_or_object("a string or an object of type input_text"),
]


class PromptReference(RequestModel):
    """A stored prompt, and what its variables stand for."""

    id: ResourceId
    version: Annotated[str, Field(max_length=64)] | None = None
    variables: Annotated[dict[str, Variable], BOUNDED] | None = None

    @property
    def texts(self) -> dict[str, str]:
        """The variables as texts."""
        return {name: each if isinstance(each, str) else each.text for name, each in (self.variables or {}).items()}


class ConversationFields(RequestModel):
    """What a conversation is made of: the fields that requests for a response and for its token count share."""

    model: ModelName
    input: Input | None = None
    instructions: str | None = Field(default=None, description="For this response only; they are not carried over.")
    previous_response_id: ResourceId | None = None
    conversation: (
        Annotated[
            Annotated[ResourceId, Tag("string")] | Annotated[ConversationReference, Tag("object")],
            string_or_object("a conversation's id, or an object with it"),
        ]
        | None
    ) = None
    tools: Tools | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = Field(default=None, description="gpt-oss makes one call at a time.")
    text: TextConfiguration | None = None
    reasoning: Reasoning | None = None
    truncation: Literal["auto", "disabled"] | None = Field(
        default=None, description="auto: drop the oldest items where the context is too long; disabled: an error."
    )

    @model_validator(mode="after")
    def _history_and_tools_agree(self) -> "ConversationFields":
        if self.previous_response_id is not None and self.conversation is not None:
            raise InvalidRequestError(
                "'previous_response_id' and 'conversation' exclude each other: send only one of them.",
                param="previous_response_id",
                code="mutually_exclusive_parameters",
            )
        check_tools(self.tools)
        check_choice(self.tools, self.tool_choice)
        return self

    @property
    def items(self) -> list[InputItem]:
        """Its input; a string is what the user says."""
        return items_of(self.input)

    @property
    def conversation_id(self) -> str | None:
        """The conversation it belongs to."""
        return self.conversation.id if isinstance(self.conversation, ConversationReference) else self.conversation

    @property
    def offered(self) -> list[Offer]:
        """The tools the model is shown."""
        return offered(self.tools, self.tool_choice)

    @property
    def tool_names(self) -> ToolNames:
        """What the tools the model is shown are called in the request, by the names the model knows."""
        return tool_names(self.tools, self.tool_choice)

    @property
    def effort(self) -> ReasoningEffort:
        """The effort the model is told."""
        effort = self.reasoning and self.reasoning.effort
        return EFFORTS[effort] if effort else ReasoningEffort.MEDIUM


class ContextManagement(RequestModel):
    """When to shorten the context."""

    type: Annotated[str, Field(max_length=64)]
    compact_threshold: int | None = None


class ResponseRequest(ConversationFields, SamplingFields):
    """A request for a response."""

    prompt: PromptReference | None = None
    include: Annotated[list[Include], Field(max_length=64), STOP_AT_FIRST] | None = None
    max_output_tokens: int | None = Field(default=None, ge=1, description="Reasoning and answer together.")
    max_tool_calls: int | None = Field(default=None, ge=1, description="Of tools that the server runs: there are none.")
    top_logprobs: int | None = Field(default=None, ge=0, le=20)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    store: bool | None = None
    background: bool | None = None
    metadata: Metadata | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"] | None = None
    context_management: Annotated[list[ContextManagement], Field(max_length=16), STOP_AT_FIRST] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    prompt_cache_options: Annotated[JsonObject, SHALLOW] | None = None
    client_metadata: Annotated[JsonObject, SHALLOW] | None = Field(default=None, description="Codex's own; not read.")
    moderation: Annotated[None, refused("This server has no moderation.")] = None
    n: Annotated[None, refused("A response has one answer; send the request again for another.")] = None

    @model_validator(mode="after")
    def _fields_agree(self) -> "ResponseRequest":
        check_has_input(self, self.prompt)
        _check_background(self)
        _check_stream_options(self)
        _check_prewarm(self)
        return self

    @property
    def is_warm_up(self) -> bool:
        """Whether nothing is to be generated: what it stands on is made ready for later."""
        return self.prompt_cache_options is not None and self.prompt_cache_options.get("prewarm") is True

    @property
    def included(self) -> frozenset[str]:
        """What the answer shows besides itself; asking for `top_logprobs` is asking for log probabilities."""
        return frozenset([*(self.include or ()), *([LOGPROBS] if self.top_logprobs else ())])


class InputTokensRequest(ConversationFields):
    """A request for the number of tokens that a response's input would have."""

    personality: Annotated[str, Field(max_length=64)] | None = Field(default=None, description="Accepted; no effect.")

    @model_validator(mode="after")
    def _has_input(self) -> "InputTokensRequest":
        check_has_input(self)
        return self


class CompactRequest(RequestModel):
    """A request to make a history shorter."""

    model: ModelName
    input: Input | None = None
    instructions: str | None = None
    previous_response_id: ResourceId | None = None
    tools: Tools | None = Field(default=None, description="Those of the history: its prefix is cached with them.")
    parallel_tool_calls: bool | None = None
    text: TextConfiguration | None = None
    reasoning: Reasoning | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    prompt_cache_options: Annotated[JsonObject, SHALLOW] | None = None
    service_tier: str | None = None
    client_metadata: Annotated[JsonObject, SHALLOW] | None = None

    @model_validator(mode="after")
    def _has_input(self) -> "CompactRequest":
        if self.input is None and self.previous_response_id is None:
            raise _missing("'input' or 'previous_response_id'")
        check_tools(self.tools)
        return self

    @property
    def items(self) -> list[InputItem]:
        """Its input; a string is what the user says."""
        return items_of(self.input)


def check_has_input(request: ConversationFields, prompt: PromptReference | None = None) -> None:
    """Raise InvalidRequestError for a request that says nothing at all; an empty array says that nothing is new."""
    if request.input is None and not (request.previous_response_id or request.conversation or prompt):
        raise _missing("'input', 'previous_response_id', 'conversation' or 'prompt'")


def _missing(names: str) -> InvalidRequestError:
    message = f"Missing required parameter: send at least one of {names}."
    return InvalidRequestError(message, param="input", code="missing_required_parameter")


def _check_background(request: ResponseRequest) -> None:
    if request.background and request.store is False:
        raise InvalidRequestError(
            "'background' needs 'store' to be true: the response is fetched later.", param="store", code="invalid_value"
        )


def _check_stream_options(request: ResponseRequest) -> None:
    if request.stream_options is not None and not request.stream:
        raise InvalidRequestError(
            "'stream_options' needs 'stream' to be true.", param="stream_options", code="invalid_value"
        )


def _check_prewarm(request: ResponseRequest) -> None:
    prewarm = (request.prompt_cache_options or {}).get("prewarm")
    if not isinstance(prewarm, bool | None):
        param = "prompt_cache_options.prewarm"
        raise InvalidRequestError(f"Invalid value for '{param}': expected a boolean.", param=param, code="invalid_type")
