"""What a completion request wants to see of its answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from ossian.api.completions.schema import CompletionRequest


@dataclass(frozen=True, slots=True)
class CompletionOptions:
    """Choice i of the stream continues prompt i // num_candidates; of the candidates, the `n` best are answered."""

    prompt_texts: tuple[str, ...]
    n: int = 1
    num_candidates: int = 1
    include_usage: bool = True
    include_logprobs: bool = False
    include_prompt_logprobs: bool = False
    echo: bool = False

    @classmethod
    def of(cls, request: CompletionRequest, prompt_texts: Sequence[str]) -> "CompletionOptions":
        """Return a request's options. `prompt_texts` are its prompts as text; token ids come decoded."""
        asked = request.stream_options and request.stream_options.include_usage
        return cls(
            prompt_texts=tuple(prompt_texts),
            n=request.n or 1,
            num_candidates=request.num_candidates,
            include_usage=bool(asked) or not request.stream,
            include_logprobs=request.logprobs is not None,
            include_prompt_logprobs=request.prompt_logprobs is not None,
            echo=bool(request.echo),
        )

    @property
    def texts(self) -> list[str]:
        """The prompt of every choice."""
        return [text for text in self.prompt_texts for _ in range(self.num_candidates)]
