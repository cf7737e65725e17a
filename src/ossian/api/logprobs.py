"""Log probabilities of tokens as OpenAI and vLLM write them."""

from collections.abc import Iterable, Sequence

from ossian.api.fields import JsonObject
from ossian.harmony.events import TokenChoice, TokenText


def token_text(token: TokenText) -> str:
    r"""Return a token's text; bytes that are only part of a character are written as `\xe2\x82`."""
    try:
        return token.bytes.decode()
    except UnicodeDecodeError:
        return "".join(f"\\x{byte:02x}" for byte in token.bytes)


def content_logprobs(choices: Iterable[TokenChoice]) -> list[JsonObject]:
    """Return a chat completion's `logprobs.content`."""
    return [
        {**_chat_token(choice.chosen), "top_logprobs": [_chat_token(token) for token in choice.top]}
        for choice in choices
    ]


def _chat_token(token: TokenText) -> JsonObject:
    return {"token": token_text(token), "logprob": token.logprob, "bytes": list(token.bytes)}


def prompt_logprobs(choices: Sequence[TokenChoice | None]) -> list[JsonObject | None]:
    """Return `prompt_logprobs` in vLLM's form: for each prompt token but the first, token id → logprob, rank, text.

    The rank of a token that is not among the most likely ones is not known: null.
    """
    return [None if choice is None else _prompt_position(choice) for choice in choices]


def _prompt_position(choice: TokenChoice) -> JsonObject:
    ranks = {token.token_id: rank for rank, token in enumerate(choice.top, start=1)}
    tokens = {choice.chosen.token_id: choice.chosen, **{token.token_id: token for token in choice.top}}
    return {
        str(token_id): {"logprob": token.logprob, "rank": ranks.get(token_id), "decoded_token": token_text(token)}
        for token_id, token in tokens.items()
    }
