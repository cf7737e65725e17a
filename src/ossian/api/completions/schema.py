"""The request of the legacy `POST /v1/completions`."""

from typing import Annotated, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator

from ossian.api.fields import STOP_AT_FIRST, ModelName, StreamOptions, refused
from ossian.api.sampling import MAX_N, SamplingFields
from ossian.errors import InvalidRequestError

DEFAULT_MAX_TOKENS = 16  # OpenAI's
MAX_PROMPTS = 64

TokenId: TypeAlias = Annotated[int, Field(ge=0)]
TokenIds: TypeAlias = Annotated[list[TokenId], Field(min_length=1), STOP_AT_FIRST]


def _prompt_kind(value: object) -> str | None:
    if isinstance(value, str):
        return "text"
    if not isinstance(value, list):
        return None
    first = value[0] if value else ""
    if isinstance(first, int) and not isinstance(first, bool):
        return "token ids"
    return "arrays of token ids" if isinstance(first, list) else "texts"


Prompt: TypeAlias = Annotated[
    Annotated[str, Tag("text")]
    | Annotated[list[str], Field(min_length=1, max_length=MAX_PROMPTS), STOP_AT_FIRST, Tag("texts")]
    | Annotated[TokenIds, Tag("token ids")]
    | Annotated[list[TokenIds], Field(min_length=1, max_length=MAX_PROMPTS), STOP_AT_FIRST, Tag("arrays of token ids")],
    Discriminator(
        _prompt_kind,
        custom_error_type="invalid_type",
        custom_error_message="expected a string, an array of strings, token ids or an array of these",
    ),
]


class CompletionRequest(SamplingFields):
    """A completion request: the prompt is used as it is, with no chat format around it."""

    model: ModelName
    prompt: Prompt | None = Field(description="Nothing, or no text, begins a document.")
    max_tokens: int | None = Field(
        default=None, ge=0, description=f"The default is {DEFAULT_MAX_TOKENS}; 0, with echo, scores the prompt."
    )
    echo: bool | None = Field(default=None, description="Answer with the prompt and its continuation.")
    logprobs: int | None = Field(default=None, ge=0, le=5)
    prompt_logprobs: int | None = Field(default=None, ge=0, le=20)
    best_of: int | None = Field(default=None, ge=1, le=MAX_N, description="Generate so many, answer with the n best.")
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: str | None = None
    suffix: Annotated[None, refused("gpt-oss cannot fill in the middle.")] = None

    @model_validator(mode="after")
    def _fields_agree(self) -> "CompletionRequest":
        if self.stream_options is not None and not self.stream:
            raise _disagreement("stream_options", "needs 'stream' to be true")
        if self.best_of is not None and self.best_of < (self.n or 1):
            raise _disagreement("best_of", "must not be less than 'n'")
        if self.stream and (self.best_of or 1) > (self.n or 1):
            raise _disagreement("best_of", "cannot be more than 'n' in a stream")
        if self.stream and self.echo and self.logprobs is not None:
            raise _disagreement("echo", "cannot be streamed together with 'logprobs'")
        _check_number(self)
        return self

    @property
    def prompts(self) -> list[str | list[int]]:
        """The prompts, each a text or token ids."""
        if self.prompt is None or isinstance(self.prompt, str):
            return [self.prompt or ""]
        if isinstance(self.prompt[0], int):
            return [self.prompt]
        return [*self.prompt]

    @property
    def num_candidates(self) -> int:
        """Answers to generate for each prompt."""
        return max(self.n or 1, self.best_of or 1)


def _disagreement(param: str, rule: str) -> InvalidRequestError:
    return InvalidRequestError(f"'{param}' {rule}.", param=param, code="invalid_value")


def _check_number(request: CompletionRequest) -> None:
    num_answers = len(request.prompts) * request.num_candidates
    if num_answers > MAX_PROMPTS:
        raise _disagreement("prompt", f"times 'n' asks for {num_answers} answers; the most is {MAX_PROMPTS}")
